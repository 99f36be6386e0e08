"""Signs read off an expression as it is written: a sum of squares is not negative, whatever its normal form is.

The normal form expands squares below sums, so that their sign is no longer seen there. Here an expression is looked
at from the outside in; only what has no rule of its own is asked of its normal form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy as sp

from symdl.prover.domain import ANY, Signs
from symdl.prover.signals import Contradiction, Split, Undefined
from symdl.terms.indexed import Expectation, Reduce

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel

_NONNEGATIVE: Signs = frozenset({0, 1})
_POSITIVE: Signs = frozenset({1})


def signs(k: Kernel, e: sp.Expr) -> Signs:
    """Possible signs of an expression where it is defined."""
    rule = _RULES.get(type(e))
    found = ANY if rule is None else rule(k, e)
    if len(found) == 1 or (found == _NONNEGATIVE and isinstance(e, Reduce)):
        return found
    return found & _asked(k, e)


def _asked(k: Kernel, e: sp.Expr) -> Signs:
    try:
        with k.muted():
            return k.signs.of(k.value(e))
    except (Split, Undefined, Contradiction):
        return ANY


def _sum_of(parts: list[Signs]) -> Signs:
    if all(s <= _NONNEGATIVE for s in parts):
        return _POSITIVE if any(s == _POSITIVE for s in parts) else frozenset().union(*parts)
    if all(s <= {0, -1} for s in parts):
        return frozenset({-1}) if any(s == {-1} for s in parts) else frozenset().union(*parts)
    return ANY


def _add(k: Kernel, e: sp.Add) -> Signs:
    return _sum_of([signs(k, a) for a in e.args])


def _mul(k: Kernel, e: sp.Mul) -> Signs:
    out: Signs = _POSITIVE
    for a in e.args:
        s = signs(k, a)
        out = frozenset(t * u for t in out for u in s)
    return out


def _pow(k: Kernel, e: sp.Pow) -> Signs:
    base, exponent = e.args
    s = signs(k, base)
    if exponent.is_Integer:
        if exponent.is_negative:
            s -= {0}
        return frozenset(t * t for t in s) if exponent.is_even else s
    if exponent.is_Rational:
        return _NONNEGATIVE if exponent.is_positive and s != _POSITIVE else _POSITIVE
    return _POSITIVE if s == _POSITIVE else ANY


def _reduce(k: Kernel, e: Reduce) -> Signs:
    axes = {a: ("axis", f"~{k.depth + n}", k.structure(k.value(a.size))) for n, a in enumerate(e.bound)}
    with k.binding(axes):
        s = signs(k, e.body)
    nonempty = all(k.signs.of(k.value(a.size)) == _POSITIVE for a in e.bound)
    if e.op == "prod":
        return s if s <= _NONNEGATIVE else ANY
    if e.op != "sum":
        return s if nonempty else ANY
    if {1, -1} <= s:
        return ANY
    return s if nonempty else s | {0}


def _expectation(k: Kernel, e: Expectation) -> Signs:
    with k.binding({e.args[1]: ("rv", f"~{k.depth}", ("sym", e.args[2].name))}):
        s = signs(k, e.args[0])
    return ANY if {1, -1} <= s else s


def _max(k: Kernel, e: sp.Max) -> Signs:
    parts = [signs(k, a) for a in e.args]
    if any(s == _POSITIVE for s in parts):
        return _POSITIVE
    if any(s <= _NONNEGATIVE for s in parts):
        return _NONNEGATIVE
    return frozenset().union(*parts)


def _min(k: Kernel, e: sp.Min) -> Signs:
    parts = [signs(k, a) for a in e.args]
    if any(s == {-1} for s in parts):
        return frozenset({-1})
    if any(s <= {0, -1} for s in parts):
        return frozenset({0, -1})
    return frozenset().union(*parts)


def _abs(k: Kernel, e: sp.Abs) -> Signs:
    return frozenset(t * t for t in signs(k, e.args[0]))


def _piecewise(k: Kernel, e: sp.Piecewise) -> Signs:
    return frozenset().union(*(signs(k, value) for value, _ in e.args))


_RULES: dict[type, Callable[[Kernel, Any], Signs]] = {
    sp.Add: _add,
    sp.Mul: _mul,
    sp.Pow: _pow,
    sp.exp: lambda k, e: _POSITIVE,
    sp.cosh: lambda k, e: _POSITIVE,
    sp.Abs: _abs,
    sp.Max: _max,
    sp.Min: _min,
    sp.Piecewise: _piecewise,
    Reduce: _reduce,
    Expectation: _expectation,
}
