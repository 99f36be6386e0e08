"""What `symdl.derive` gives: the lines of a backward pass, the steps that lead there, and what was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from symdl.terms.results import Evidence


@dataclass(frozen=True, slots=True)
class Step:
    """One rewriting: in the derivation of ``target``, ``before = after`` by ``rule``; checked numerically.

    ``before`` and ``after`` are catalogue notation with index letters; the LaTeX is the same in print.
    """

    target: str
    rule: str
    before: str
    after: str
    latex_before: str = ""
    latex_after: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``name = right side``.

    Attributes:
        name: what is computed: ``dW2``.
        of: the name it is the derivative of, or its own name for a definition.
        shape: axis sizes.
        notation: the line in catalogue notation.
        letters: the same with index letters.
        latex: the line as a textbook prints it.
        numpy: the statements that compute it, from inputs, definitions and earlier lines; empty if there is no NumPy
            form yet, or if the loop at an earlier line computes it.
        body: the element in index form.
    """

    name: str
    of: str
    shape: tuple[str, ...]
    notation: str
    letters: str
    latex: str
    numpy: tuple[str, ...]
    body: sp.Expr


@dataclass(frozen=True, slots=True)
class Signature:
    """How the functions of an emitted module are called.

    Attributes:
        arguments: of ``forward``, in order; the functions left open are the last.
        outputs: what ``forward`` returns before its cache.
        seeds: what ``backward`` takes before the cache.
        open_forward: functions left open that ``forward`` takes.
        open_backward: the same for ``backward``.
        results: names of what ``backward`` returns, in order, and by what they are derivatives.
        samples: arguments that are samples of a random variable -> its distribution.
    """

    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    seeds: tuple[str, ...]
    open_forward: tuple[str, ...]
    open_backward: tuple[str, ...]
    results: tuple[tuple[str, str], ...]
    samples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derivation that was checked before it was handed out.

    Attributes:
        title: what is derived.
        definitions: the program.
        lines: the derived lines in the order of computing, intermediate adjoints included.
        gradients: name -> name of the line that is its gradient.
        kind: ``gradient``, ``jvp``, ``jacobian`` or ``hessian``.
        steps: how the lines came about; empty if they were not asked for.
        conventions: what the result relies on: layout, ties, facts.
        evidence: what was checked, at how many points, with what error.
        seeds: upstream gradients that are given.
        source: a NumPy module that computes definitions and lines, checked by running it; empty if there is none.
        no_source: why there is none.
    """

    title: str
    definitions: tuple[Line, ...]
    lines: tuple[Line, ...]
    gradients: Mapping[str, str]
    kind: str = "gradient"
    steps: tuple[Step, ...] = ()
    conventions: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    seeds: tuple[str, ...] = ()
    source: str = field(default="", repr=False)
    no_source: str = field(default="", repr=False)

    def __getitem__(self, name: str) -> Line:
        """The line of a name: ``d["dW2"]``, or ``d["W2"]`` for its gradient."""
        wanted = self.gradients.get(name, name)
        for line in self.lines:
            if line.name == wanted:
                return line
        raise KeyError(name)

    def latex(self) -> str:
        """The derived lines as one aligned block."""
        rows = [line.latex.replace(" = ", " &= ", 1) for line in self.lines]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def numpy(self) -> str:
        """The derived lines as NumPy statements."""
        return "\n".join(s for line in self.lines for s in line.numpy)

    def notation(self) -> str:
        """The derived lines in catalogue notation."""
        return "\n".join(line.notation for line in self.lines)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return self.notation()
