"""Expressions with branches: Max, Min, Abs, sign, Heaviside, Piecewise, Indicator, Delta.

Where the sign that selects the branch is unknown a case distinction is asked for. Below an open reduction none can
be made, for the sign differs from element to element: there a branch becomes an idempotent generator,
``pos(f)`` for "f > 0" and ``zero(f)`` for "f = 0".
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import sympy as sp
from flint import fmpq

from symdl.prover.ring import Frac
from symdl.prover.signals import Contradiction, Undefined, Unsupported
from symdl.prover.structure import Key, is_open
from symdl.terms.indexed import Delta, Indicator

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel

_FEW = 3  # most binary quantities whose values are tried one by one


def positive(k: Kernel, a: Frac) -> Frac:
    """1 where ``a > 0``, else 0."""
    table = _tabulated(k, "pos", a)
    if table is not None:
        return table
    s = k.signs.decide(a)
    if 1 not in s:
        return k.zero
    return k.one if s == {1} else _truth(k, "pos", a)


def vanishing(k: Kernel, a: Frac) -> Frac:
    """1 where ``a == 0``, else 0."""
    s = k.signs.of(a)
    if 0 not in s:
        return k.zero
    table = _tabulated(k, "zero", a)
    if table is not None:
        return table
    s = k.signs.decide(a)
    if 0 not in s:
        return k.zero
    return k.one if s == {0} else _truth(k, "zero", a)


def _truth(k: Kernel, kind: str, a: Frac) -> Frac:
    """The generator of a truth value; only the sign of its argument matters, so that is brought to a standard form."""
    c, found = k.factors(a)
    standard = k.one
    for f, e in found:
        known = k.signs.of_factor(f)
        if known in ({1}, {-1}):
            c = -c if known == {-1} and e % 2 else c
        elif e % 2:
            standard = k.multiply(standard, Frac(f, k.unit))
        elif 0 in known and e > 0:
            standard = k.multiply(standard, Frac(f**2, k.unit))
    s = k.structure(standard)
    if kind == "zero":
        return k.atom(("zero", s))
    if c > 0:
        return k.atom(("pos", s))
    return k.sum([k.one, k.negative(k.atom(("pos", s))), k.negative(vanishing(k, standard))])


def _tabulated(k: Kernel, kind: str, a: Frac) -> Frac | None:
    """A truth value about a few quantities that are 0 or 1: the sum over the values for which it holds."""
    slots = k.generators(a.num)
    if a.den != k.unit or not 0 < len(slots) <= _FEW or not k.idempotent.issuperset(slots):
        return None
    terms = a.num.to_dict().items()
    total = k.zero
    for values in product((0, 1), repeat=len(slots)):
        set_to_one = {s for s, v in zip(slots, values, strict=True) if v}
        found = sum((c for mono, c in terms if {i for i, e in enumerate(mono) if e} <= set_to_one), fmpq(0))
        if found > 0 if kind == "pos" else found == 0:
            here = [Frac(k.context.gen(s), k.unit) for s in slots]
            total = k.add(
                total, k.product([g if s in set_to_one else _not(k, g) for s, g in zip(slots, here, strict=True)])
            )
    return total


def make_truth(k: Kernel, key: Key) -> Frac:
    """The generator of a truth value with its relations."""
    g = k.generator(key)
    i = k.slots[key]
    k.idempotent.add(i)
    twin = ({"pos": "zero", "zero": "pos"}.get(key[0]), *key[1:])
    if twin in k.slots:
        k.exclusive.append((i, k.slots[twin]))
    if key[0] == "zero" and len(key[1][1]) == 2 and len(key[1][1][1][1]) == 1:  # the argument is one generator
        k.exclusive.append((i, k.slot(key[1][1][1][1][0][0])))
    return g


def remake_truth(k: Kernel, key: Key) -> Frac:
    """A truth value whose argument may have changed."""
    a = k.build(key[1])
    return positive(k, a) if key[0] == "pos" else vanishing(k, a)


def absolute(k: Kernel, a: Frac) -> Frac:
    """``|a|``."""
    s = k.signs.of(a)
    if s <= {0, 1}:
        return a
    if s <= {0, -1}:
        return k.negative(a)
    p = positive(k, a)
    return k.multiply(a, k.subtract(k.scaled(p, fmpq(2)), k.one))


def sign(k: Kernel, a: Frac) -> Frac:
    """1, 0 or -1."""
    p = positive(k, a)
    return k.sum([k.scaled(p, fmpq(2)), vanishing(k, a), k.negative(k.one)])


def larger(k: Kernel, a: Frac, b: Frac) -> Frac:
    """``max(a, b)``."""
    d = k.subtract(a, b)
    s = k.signs.of(d)
    if s <= {0, 1}:
        return a
    if s <= {0, -1}:
        return b
    p = positive(k, d)
    return k.add(b, k.multiply(p, d))


def _max(k: Kernel, e: sp.Expr) -> Frac:
    first, *rest = k.args(e)
    for b in rest:
        first = larger(k, first, b)
    return first


def _min(k: Kernel, e: sp.Expr) -> Frac:
    first, *rest = (k.negative(a) for a in k.args(e))
    for b in rest:
        first = larger(k, first, b)
    return k.negative(first)


def _heaviside(k: Kernel, e: sp.Expr) -> Frac:
    a = k.value(e.args[0])
    at_zero = k.value(e.args[1]) if len(e.args) > 1 else k.number(1, 2)
    return k.add(positive(k, a), k.multiply(at_zero, vanishing(k, a)))


# ---- conditions


def truth(k: Kernel, c: sp.Basic) -> Frac:
    """A condition as 0, 1, or an expression in truth values."""
    if c in (sp.true, sp.false):
        return k.one if c == sp.true else k.zero
    if isinstance(c, sp.And):
        return k.product([truth(k, a) for a in c.args])
    if isinstance(c, sp.Or):
        return _not(k, k.product([_not(k, truth(k, a)) for a in c.args]))
    if isinstance(c, sp.Not):
        return _not(k, truth(k, c.args[0]))
    if isinstance(c, sp.core.relational.Relational):
        d = k.subtract(k.value(c.lhs), k.value(c.rhs))
        decided: Frac = _RELATIONS[type(c)](k, d)
        return decided
    raise Unsupported("unsupported", f"the condition {type(c).__name__} is not understood by the prover")


def _not(k: Kernel, a: Frac) -> Frac:
    return k.subtract(k.one, a)


_RELATIONS: dict[type, Any] = {
    sp.StrictGreaterThan: positive,
    sp.GreaterThan: lambda k, d: k.add(positive(k, d), vanishing(k, d)),
    sp.StrictLessThan: lambda k, d: positive(k, k.negative(d)),
    sp.LessThan: lambda k, d: _not(k, positive(k, d)),
    sp.Equality: vanishing,
    sp.Unequality: lambda k, d: _not(k, vanishing(k, d)),
}


def _indicator(k: Kernel, e: Indicator) -> Frac:
    return truth(k, e.args[0])


def _piecewise(k: Kernel, e: sp.Piecewise) -> Frac:
    total, left = k.zero, k.one
    for value, condition in e.args:
        here = k.multiply(left, truth(k, condition))
        if here == k.one and total == k.zero:
            return k.value(value)
        if here != k.zero:
            total = k.add(total, k.multiply(here, guarded(k, value)))
        left = k.subtract(left, here)
        if left == k.zero:
            return total
    raise Undefined("no branch holds")


def guarded(k: Kernel, e: sp.Basic) -> Frac:
    """A value that only counts where the truth value beside it is 1, and need not be defined elsewhere."""
    try:
        with k.muted():
            return k.value(e)
    except (Contradiction, Undefined):
        raise Unsupported("unsupported", "a part that need not be defined has no value") from None


# ---- Kronecker deltas


def _delta(k: Kernel, e: sp.Expr) -> Frac:
    a, b = k.value(e.args[0]), k.value(e.args[1])
    return delta(k, k.subtract(a, b))


def delta(k: Kernel, d: Frac) -> Frac:
    """1 where an integer is zero, else 0."""
    c = k.constant(d)
    if c is not None:
        return k.one if c == 0 else k.zero
    if 0 not in k.signs.of(d):
        return k.zero
    s = k.structure(d if d.num.leading_coefficient() > 0 else k.negative(d))
    if not is_open(s):
        return vanishing(k, d)
    return k.atom(("delta", s))


def remake_delta(k: Kernel, key: Key) -> Frac:
    """A delta whose indices may have changed."""
    return delta(k, k.build(key[1]))


HANDLERS: dict[type, Any] = {
    sp.Max: _max,
    sp.Min: _min,
    sp.Abs: lambda k, e: absolute(k, k.value(e.args[0])),
    sp.sign: lambda k, e: sign(k, k.value(e.args[0])),
    sp.Heaviside: _heaviside,
    sp.Piecewise: _piecewise,
    Indicator: _indicator,
    Delta: _delta,
    sp.KroneckerDelta: _delta,
}
