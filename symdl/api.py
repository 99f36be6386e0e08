"""The objects behind ``symdl.formula``, ``symdl.check`` and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import sympy as sp

from symdl import deriving, emitting, pipeline, replaying
from symdl.bridge import NumpyFunction
from symdl.deriving import Derivation, Settings
from symdl.emitting import FileCheck, Module, Request
from symdl.pipeline import Catalogue, CatalogueError, Entry, Progress, Report
from symdl.replaying import Verification

__all__ = [
    "Catalogue",
    "Derivation",
    "FileCheck",
    "Formula",
    "NumpyFunction",
    "Verification",
    "catalogue",
    "check",
    "check_paths",
    "derive",
    "derive_file",
    "emit",
    "emit_with_tests",
    "formula",
    "verify",
    "verify_module",
]


@dataclass(frozen=True)
class Formula:
    """A formula of the catalogue.

    Example:
        >>> formula("sigmoid").expr
        1/(1 + exp(-x))
    """

    entry: Entry

    @cached_property
    def expr(self) -> sp.Expr:
        """The element of the formula as a SymPy expression in elementary functions.

        An array formula is in index form: accesses ``T[i, j]`` and reductions over axes.
        """
        return pipeline.expression(self.entry)

    def latex(self) -> str:
        """The formula as it is printed."""
        return pipeline.printed(self.entry)

    def grad(self, *wrt: str, steps: bool = True, kind: str = "gradient") -> Derivation:
        """Derives the gradient by some of the formula's symbols, in textbook form, checked before it is returned.

        Args:
            wrt: names of symbols; by default all that are smooth.
            steps: whether the steps are wanted.
            kind: ``gradient``, ``jvp``, ``jacobian`` or ``hessian``.

        Example:
            >>> print(formula("mse").grad("yhat"))
            dyhat = 2 * (yhat - y) / m
        """
        return deriving.derive(deriving.problem_from_entry(self.entry, wrt), steps=steps, kind=kind)

    def numpy(self, grad: Sequence[str] = (), *, form: str = "canonical") -> NumpyFunction:
        """Makes a NumPy function of the formula, checked before it is returned.

        Args:
            grad: names of inputs; the function then returns the value and one derivative for each.
            form: which form of the formula.

        Raises:
            NotSupported: if the formula cannot be emitted; the message names the operation.

        Example:
            >>> softplus = formula("softplus").numpy(grad=["x"])
            >>> value, slope = softplus(-800.0)
            >>> value.item(), slope.item()
            (0.0, 0.0)
        """
        return NumpyFunction(self.entry.id, grad, form)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


def catalogue() -> Catalogue:
    """Returns the whole catalogue."""
    return pipeline.shipped()


def formula(id: str) -> Formula:
    """Returns the formula with this id.

    Raises:
        CatalogueError: SD405 if there is none; the message names the nearest ids.
    """
    entries = catalogue().entries
    if id not in entries:
        from difflib import get_close_matches

        near = get_close_matches(id, entries, n=3, cutoff=0.5)
        remedy = f"did you mean {', '.join(near)}?" if near else "see `symdl list`"
        raise CatalogueError("SD405", f"the catalogue has no formula {id!r}", remedy)
    return Formula(entries[id])


def check_paths(
    paths: Sequence[Path],
    *,
    assume: Sequence[str] = (),
    jobs: int | None = None,
    timeout: float = 10.0,
    progress: Progress | None = None,
    expressions: Sequence[str] = (),
    stdin: str | None = None,
    language: str = "en",
) -> Report:
    """Checks files; see `symdl.pipeline.check_paths`."""
    return pipeline.check_paths(
        [Path(p) for p in paths],
        assume=assume,
        jobs=jobs,
        timeout=timeout,
        progress=progress,
        expressions=expressions,
        stdin=stdin,
        language=language,
    )


def check(text: str, *, assume: Sequence[str] = (), suffix: str = ".md", timeout: float = 10.0) -> Report:
    """Checks a sheet given as text.

    Args:
        text: the sheet.
        assume: declared domains, such as ``x > 0``.
        suffix: ``.md``, ``.tex`` or ``.ipynb``.
        timeout: seconds a single formula may take.

    Example:
        >>> report = check(r"$$\\tanh(z) = 2\\sigma(2z) - 1$$")
        >>> report.files[0].formulas[0].verdict.value
        'proved'
    """
    return pipeline.check_text(text, assume=assume, suffix=suffix, timeout=timeout)


def derive(
    definitions: Sequence[str] | str,
    *,
    inputs: Mapping[str, str | Sequence[object]],
    wrt: Sequence[str],
    loss: str | None = None,
    seed: Mapping[str, str] | None = None,
    indices: Mapping[str, str] | None = None,
    assume: Sequence[str] = (),
    initial: Mapping[str, str] | None = None,
    per_example: str = "",
    latex: Mapping[str, str] | None = None,
    title: str = "",
    kind: str = "gradient",
    steps: bool = True,
) -> Derivation:
    """Derives the gradients of a program in textbook form: named adjoints, LaTeX, NumPy and the steps.

    Args:
        definitions: lines in catalogue notation, in order.
        inputs: name -> kind and shape (``"real[n, m]"``) or shape alone (``("n", "m")``).
        wrt: names the derivative is taken by.
        loss: name of the scalar that is differentiated; by default the last definition.
        seed: output -> name of its upstream gradient, where there is no scalar loss.
        indices: index letter -> size of its axis, where no array says it.
        assume: facts, such as ``"sum(Y, axis=0) = 1"`` or ``"A[i, j] = A[j, i]"``.
        initial: state of a recurrence ``H[t, i] = ... H[t - 1, j] ...`` -> the input it starts at.
        per_example: size that counts the examples: adjoints are then those of each example's own loss.
        latex: name -> how it is printed.
        title: what is derived, for the reports.
        kind: ``gradient``, ``jvp``, ``jacobian`` or ``hessian``.
        steps: whether the steps are wanted; they cost about as much as the derivation.

    Raises:
        NotationError: SD3xx, SD62x: a line that cannot be read, a name that does not occur, a loss that is none.
        ShapeError: SD5xx, naming the definition and both sizes.
        NotSupported: SD6xx, naming what has no index form or no derivative rule.

    Example:
        >>> d = derive(
        ...     ["Z = W @ X", "P = softmax(Z, axis=0)", "J = -sum(Y * log(P)) / m"],
        ...     inputs={"W": ("c", "n"), "X": ("n", "m"), "Y": ("c", "m")},
        ...     wrt=["W"],
        ...     assume=["sum(Y, axis=0) = 1"],
        ... )
        >>> print(d)
        dZ = (P - Y) / m
        dW = dZ @ X.T
        >>> d["W"].latex
        'dW = dZ X^{\\\\top}'
    """
    settings = Settings(loss, seed, indices, assume, initial, per_example, latex, title)
    return deriving.derive(deriving.problem_of(definitions, inputs, wrt, settings), kind=kind, steps=steps)


def derive_file(path: Path, *, wrt: Sequence[str] = (), kind: str = "gradient", steps: bool = True) -> Derivation:
    """Derives what a TOML file describes; ``wrt`` overrides its own."""
    problem = deriving.problem_from_toml(path.read_text("utf-8"))
    return deriving.derive(replace(problem, wrt=tuple(wrt)) if wrt else problem, kind=kind, steps=steps)


def verify(text: str, *, jobs: int | None = None, timeout: float = replaying.SECONDS) -> Verification:
    """Replays a JSON report: every proof from its certificate, every refutation from its witness.

    Raises:
        ReadError: SD020 if it is no report.
    """
    return replaying.verify(text, jobs=jobs, timeout=timeout)


def emit(ids: str | Sequence[str], *, grad: Sequence[str] | None = None, form: str = "canonical") -> Module:
    """Returns a NumPy module for one formula or several, checked before it is handed out.

    Args:
        ids: the formulas.
        grad: names of the inputs that derivatives are wanted by; by default all that have one, ``()`` for none.
        form: which form of the formulas.

    Raises:
        NotSupported: if a formula cannot be emitted; the message names the operation.
    """
    return emitting.written(_request(ids, grad, form))


def emit_with_tests(
    ids: str | Sequence[str], stem: str, *, grad: Sequence[str] | None = None, form: str = "canonical"
) -> tuple[Module, str]:
    """Returns a module and a pytest file for it; ``stem`` is what its file is called."""
    request = _request(ids, grad, form)
    module = emitting.written(request)
    return module, emitting.pytest_file(request, module, stem)


def _request(ids: str | Sequence[str], grad: Sequence[str] | None, form: str) -> Request:
    names = (ids,) if isinstance(ids, str) else tuple(ids)
    for id in names:
        formula(id)  # names the nearest ones if it does not exist
    return Request(names, None if grad is None else tuple(grad), form)


def verify_module(text: str, *, run_altered: bool = False) -> FileCheck:
    """Compares an emitted file with what symdl writes, and checks it again.

    Args:
        text: the file.
        run_altered: whether to run code that was altered.

    Raises:
        NotSupported: SD727, if it is no emitted file.
    """
    return emitting.verified(text, run_altered=run_altered)
