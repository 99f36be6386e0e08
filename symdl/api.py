"""The objects behind ``symdl.formula``, ``symdl.check`` and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sympy as sp

from symdl import pipeline
from symdl.pipeline import Catalogue, CatalogueError, Entry, Module, Progress, Report

__all__ = ["Catalogue", "Formula", "catalogue", "check", "check_paths", "emit", "formula"]


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


def emit(id: str) -> Module:
    """Returns a NumPy module for a formula, checked before it is handed out.

    Raises:
        NotSupported: if the formula cannot be emitted; the message names the operation.
    """
    return pipeline.emitted(formula(id).entry)
