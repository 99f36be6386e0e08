"""Derivatives of index-form expressions by one element of a named array.

Enough for claims about single elements and for gradients of scalars; named adjoints and textbook forms are
the engine's work.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symdl.errors import NotSupported
from symdl.terms.indexed import Access, Delta, MatrixFunction, Reduce


def element_derivative(body: sp.Expr, by: sp.Expr) -> sp.Expr:
    """Derivative by a symbol or by one access; other elements of the same array count as Kronecker deltas."""
    if isinstance(by, sp.Symbol):
        return sp.diff(body, by)
    dummies: dict[sp.Expr, sp.Dummy] = {}

    def go(e: sp.Expr) -> sp.Expr:
        tops = _tops(e)
        back = {t: dummies.setdefault(t, sp.Dummy(real=True, positive=t.is_positive)) for t in tops}
        flat = e.xreplace(back)
        total: sp.Expr = sp.S.Zero
        for t, d in back.items():
            inner = _of_top(t, by, go)
            if inner != 0:
                total += sp.diff(flat, d).xreplace({v: k for k, v in back.items()}) * inner
        return total

    return go(body)


def _tops(e: sp.Basic) -> set[sp.Expr]:
    """Outermost accesses and reductions."""
    if isinstance(e, (Access, Reduce)):
        return {e}
    if isinstance(e, MatrixFunction):
        raise NotSupported("SD609", "a derivative of a matrix function has no index form yet")
    return set().union(*(_tops(a) for a in e.args)) if e.args else set()


def _of_top(t: sp.Expr, by: Access, go: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    if isinstance(t, Access):
        if t.tensor != by.tensor:
            return sp.S.Zero
        return sp.Mul(*(Delta(i, j) for i, j in zip(t.indices, by.indices, strict=True)))
    if t.op != "sum":
        raise NotSupported("SD609", f"a derivative of a {t.op} over an axis has no index form yet")
    body, opened = t.opened()
    inner = go(body)
    return sp.S.Zero if inner == 0 else Reduce("sum", inner, *opened.values())
