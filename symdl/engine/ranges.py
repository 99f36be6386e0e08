"""What the sizes of axes decide: whether an index stays inside its axis, whether a condition always holds."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from symdl.terms.indexed import Axis, Indicator

_RELATIONS = (sp.StrictLessThan, sp.LessThan, sp.StrictGreaterThan, sp.GreaterThan)


@lru_cache(maxsize=4096)
def nonnegative(e: sp.Expr) -> bool:
    """Whether an expression in index letters and sizes is never negative, as far as that can be seen.

    Letters run from 0 to one less than their size, sizes are at least 1.

    Example:
        >>> n = sp.Symbol("n", integer=True, positive=True)
        >>> i = Axis("i", n)
        >>> nonnegative(n - 1 - i), nonnegative(i - 1)
        (True, False)
    """
    e = sp.expand(e)
    for letter in sorted((s for s in e.free_symbols if isinstance(s, Axis)), key=str):
        slope = e.coeff(letter, 1)
        if sp.expand(e - slope * letter).has(letter):
            return False
        if slope.is_nonnegative or nonnegative(slope):
            e = sp.expand(e.xreplace({letter: sp.S.Zero}))
        elif nonnegative(-slope):
            e = sp.expand(e.xreplace({letter: letter.size - 1}))
        else:
            return False
    shifted = {s: sp.Symbol(f"{s.name}'", integer=True, nonnegative=True) + 1 for s in e.free_symbols if s.is_positive}
    return bool(sp.expand(e.xreplace(shifted)).is_nonnegative)


def inside(index: sp.Expr, size: sp.Expr) -> bool:
    """Whether an index always lies on an axis of a size."""
    return nonnegative(index) and nonnegative(size - 1 - index)


def decided(e: sp.Expr) -> sp.Expr:
    """Returns ``e`` with the conditions settled that hold or fail for all values of their letters.

    Example:
        >>> n, p = sp.symbols("n p", integer=True, positive=True)
        >>> i = Axis("i", n)
        >>> decided(sp.Piecewise((1, i < n), (2, True), evaluate=False))
        1
    """
    if not e.has(sp.Piecewise, Indicator, sp.floor):
        return e
    settled: dict[sp.Basic, sp.Basic] = {}
    for whole in e.atoms(sp.floor):  # of a fraction below 1
        top, bottom = sp.fraction(sp.together(whole.args[0]))
        if bottom.is_integer and nonnegative(top) and nonnegative(bottom - 1 - top):
            settled[whole] = sp.S.Zero
    for relation in e.atoms(*_RELATIONS):
        if not any(isinstance(s, Axis) for s in relation.free_symbols):
            continue
        truth = _truth(relation)
        if truth is not None:
            settled[relation] = sp.true if truth else sp.false
    return e.xreplace(settled) if settled else e


def _truth(relation: sp.core.relational.Relational) -> bool | None:
    gap = relation.gts - relation.lts
    if not gap.is_integer:
        return None
    strict = isinstance(relation, (sp.StrictLessThan, sp.StrictGreaterThan))
    if nonnegative(gap - 1 if strict else gap):
        return True
    if nonnegative(-gap if strict else -gap - 1):
        return False
    return None
