"""Program and derived lines -> pieces of code, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import sympy as sp

from symdl.codegen.accurate import accurate, softmax
from symdl.codegen.merging import merged
from symdl.codegen.names import RESERVED
from symdl.codegen.pieces import Formula, Piece
from symdl.codegen.printer import PieceText
from symdl.codegen.recurrences import Recurrences
from symdl.codegen.sizes import SizeTable
from symdl.codegen.slicing import element
from symdl.codegen.stable import fold
from symdl.codegen.windows import Windows
from symdl.errors import NotSupported
from symdl.notation.raising import NoArrayForm
from symdl.terms.array import Node
from symdl.terms.indexed import Axis, Expectation, Reduce, rewritten
from symdl.terms.program import Assignment, Program, Variable


@dataclass(frozen=True)
class Draft:
    """What a module is written from.

    Attributes:
        program: the definitions.
        written: name -> right side as a person wrote it, where that is an array expression.
        lines: the derived lines, in order.
        results: name -> the line that is its gradient.
        outputs: the loss, or the seeded arrays.
        seeds: what is given beside the inputs: upstream gradients, directions.
        kind: ``gradient``, ``jvp``, ``jacobian`` or ``hessian``.
        smooth: names of the inputs that hold floats.
        declared: names of the inputs a person declared; sizes need not be.
        title: what is derived.
        latex: name -> its line in LaTeX.
        conventions: what the result relies on.
    """

    program: Program
    written: Mapping[str, Node]
    lines: Sequence[Assignment]
    results: Mapping[str, str]
    outputs: tuple[str, ...] = ()
    seeds: Sequence[Variable] = ()
    kind: str = "gradient"
    smooth: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    title: str = ""
    latex: Mapping[str, str] = field(default_factory=dict)
    conventions: Sequence[str] = ()

    @property
    def variables(self) -> dict[str, Variable]:
        """Everything that has a name."""
        p = self.program
        every = [*p.inputs.values(), *(a.variable for a in (*p, *self.lines)), *self.seeds]
        return {v.name: v for v in every}


class Drafting:
    """Writes pieces for one draft; what was written for the definitions may be used for the derived lines."""

    def __init__(self, draft: Draft, *, lenient: bool = False) -> None:
        self.draft = draft
        self.lenient = lenient
        self.program = draft.program
        self.variables = draft.variables
        self.shapes = {n: v.shape for n, v in self.variables.items()}
        sizes = {s.name for shape in self.shapes.values() for d in shape for s in d.free_symbols}
        self.taken = {*self.variables, *sizes, *RESERVED}
        self.sizes = SizeTable.of(self.program, (*draft.seeds, *(a.variable for a in draft.lines)), draft.declared)
        self.windows = Windows(self.sizes, self.shapes, self.taken)
        self.recurrences = Recurrences(self.program, self.shapes, self.taken)
        self.known: dict[str, Node] = {}
        self.hidden = {a.name: a for a in self.program if a.hidden}

    def like(self, names: Iterable[str]) -> str:
        """The first of the names that is an array of floats."""
        return next((n for n in names if self.variables[n].axes and n in self.floats), "")

    @property
    def floats(self) -> set[str]:
        """Names of arrays of floats."""
        return set(self.variables) - (set(self.program.inputs) - self.draft.smooth)

    # ---- definitions

    def definitions(self) -> list[Piece]:
        """The pieces of the forward pass."""
        out: list[Piece] = []
        like = self.like(self.program.inputs)
        block = [a for a in self.program if a.name in self.program.recurrent]
        for a in self.program:
            if a.name not in self.program.recurrent:
                self.attempt(partial(self.definition, a, like, out))
            elif a is block[0]:
                self.attempt(lambda: out.append(self.recurrences.forwards(block, like)))
        return out

    def attempt(self, write: Callable[[], None]) -> None:
        """Writes something; in a lenient draft, what has no NumPy form is left out."""
        try:
            write()
        except NotSupported:
            if not self.lenient:
                raise

    def definition(self, a: Assignment, like: str, out: list[Piece]) -> None:
        """One definition."""
        written = self.draft.written.get(a.name)
        if written is not None and self.printable(written):
            node = accurate(written, self.known)
            body = fold(a.body)
            if node != written or body == a.body or not _one_by_one(a):
                self.known[a.name] = node
                out.append(Formula(a.name, node, a.variable.axes, a.hidden))
                return
        node_ = softmax(a, self.hidden, self.shapes)
        if node_ is not None:
            self.known[a.name] = node_
            out.append(Formula(a.name, node_, a.variable.axes, a.hidden))
            return
        self.line(a, like, out, helper=a.hidden)

    def printable(self, node: Node) -> bool:
        """Whether an array expression has a NumPy form."""
        try:
            PieceText(self.taken).text(node)
        except NotSupported:
            return False
        return True

    # ---- lines

    def line(self, a: Assignment, like: str, out: list[Piece], *, helper: bool = False) -> None:
        """One line in index form.

        Raises:
            NotSupported: SD711, naming the line, if it has no NumPy form.
        """
        try:
            _expectations(a)
            body = self.recurrences.settled(_constants_out(fold(a.body)), out)
            rest = self.windows.scattered(a.variable, body, like, out)
            if rest is None:
                return
            body = self.windows.gathered(rest, out)
            node = accurate(element(body, a.variable.axes, self.shapes), self.known)
        except NoArrayForm:
            raise NotSupported("SD711", f"the line for {a.name} has no NumPy form yet") from None
        self.known.setdefault(a.name, node)
        out.append(Formula(a.name, node, a.variable.axes, helper))

    def derived(self) -> list[Piece]:
        """The pieces of the derived lines."""
        out: list[Piece] = []
        like = self.like([*(v.name for v in self.draft.seeds), *self.program.inputs])
        loop = {f"d{n}" for n in self.program.recurrent}
        block = [a for a in self.draft.lines if a.name in loop]
        lines = self.draft.lines
        if not self.lenient and not block:
            lines = merged(lines, set(self.draft.results.values()), self.shapes)
        for a in lines:
            if a.name not in loop:
                self.attempt(partial(self.line, a, like, out))
            elif a is block[0]:
                self.attempt(lambda: out.append(self.recurrences.backwards(block, like, out)))
        return out


def _constants_out(body: sp.Expr) -> sp.Expr:
    """The body with what does not depend on a sum's letters taken out of the sum."""

    def change(e: sp.Expr) -> sp.Expr | None:
        if not isinstance(e, Reduce) or e.op != "sum":
            return None
        inner, opened = e.opened()
        inner = _constants_out(inner)
        fixed = [f for f in sp.Mul.make_args(inner) if not any(isinstance(s, Axis) for s in f.free_symbols)]
        if not fixed:
            return None
        rest = sp.Mul(*(f for f in sp.Mul.make_args(inner) if f not in fixed))
        return sp.Mul(*fixed, Reduce("sum", rest, *opened.values())) if rest != 1 else None

    return rewritten(body, change)


def _one_by_one(a: Assignment) -> bool:
    """Whether a body is written with exponentials that have accurate forms."""
    return a.body.has(sp.exp, sp.log)


def _expectations(a: Assignment) -> None:
    """Samples of one variable, of one distribution, in a number: all that has a NumPy form."""
    found = a.body.atoms(Expectation)
    if any(a.variable.axes or e.args[0].has(Expectation) for e in found):
        raise NotSupported("SD711", f"the expectation in {a.name} is no number")


__all__ = ["Draft", "Drafting"]
