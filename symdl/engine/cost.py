"""How long a formula is: what decides between two right ways of writing the same."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symdl.terms.indexed import Access, Binder, Delta, Expectation, Reduce

_SUM = 3
_FUNCTION = 1


_NONE: Mapping[sp.Symbol, int] = {}


def cost(e: sp.Basic, weights: Mapping[sp.Symbol, int] = _NONE) -> int:
    """Operations in an expression, as printed; a sum counts three, a sign or a name nothing.

    Args:
        e: the expression.
        weights: what a symbol counts that stands for something longer.

    Example:
        >>> a, b, c = sp.symbols("a b c")
        >>> cost((a - b) / c), cost(a / c - b / c), cost(-a * b)
        (2, 3, 1)
    """
    if isinstance(e, sp.Symbol):
        return weights.get(e, 0)
    if isinstance(e, Access) or e.is_Number:
        return 0
    if isinstance(e, Reduce):  # a sum of products of arrays is as many matrix products
        terms = [t for t in sp.Add.make_args(e.body) if _several(t)] if e.body.is_Add else []
        return _SUM * len(e.bound) * max(len(terms), 1) + (len(terms) > 1) + cost(e.body)
    if isinstance(e, Binder):
        return _SUM * 2 + cost(e.args[1])
    if isinstance(e, Delta):
        return _FUNCTION
    if isinstance(e, Expectation):
        return _SUM + cost(e.args[0])
    own = sum(cost(a, weights) for a in e.args)
    if isinstance(e, sp.Add):
        return own + len(e.args) - 1
    if isinstance(e, sp.Mul):
        return _of_product(e, weights)
    if isinstance(e, sp.Pow):
        if e.exp == -1:
            return own + 1
        return own + (2 if e.exp.is_negative and e.exp.is_number else 1)
    return own + (_FUNCTION if isinstance(e, sp.Expr) else 0)


def _several(term: sp.Expr) -> bool:
    """Whether a term multiplies arrays with different letters."""
    letters = {frozenset(a.free_symbols - {a.tensor}) for a in term.atoms(Access)}
    return len(letters) > 1


def _of_product(e: sp.Mul, weights: Mapping[sp.Symbol, int]) -> int:
    top, bottom = 0, 0
    out = 0
    for f in e.args:
        if f == -1:
            continue
        if f.is_Rational:
            top += abs(f.p) != 1
            bottom += f.q != 1
            continue
        if isinstance(f, sp.Pow) and f.exp.is_number and f.exp.is_negative:
            bottom += 1
            out += cost(f.base, weights) + (f.exp != -1)
        else:
            top += 1
            out += cost(f, weights)
    return out + max(top - 1, 0) + bottom
