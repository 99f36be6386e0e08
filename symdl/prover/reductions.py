"""Reductions for all sizes: sums, products, maxima and expectations in a normal form.

A sum is split into terms; what does not depend on the bound axes is pulled out; a sum of ones is the size; deltas
select; nested sums become one sum over more axes, which falls apart where no factor ties its axes together. What
remains is a generator whose bound axes are named canonically, so that equal sums are equal generators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from flint import fmpq

from symdl.prover import arrays, branches, extremes, tower
from symdl.prover.ring import Frac
from symdl.prover.signals import Undefined
from symdl.prover.structure import ONE, Key, Structure, axes_in, closed, rename, text
from symdl.terms.indexed import Axis, Expectation, Reduce

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel

Part = tuple[Structure, int]


_UNROLLED = 6  # longest axis of known size that is written out


def _reduce(k: Kernel, e: Reduce) -> Frac:
    for a in e.bound:
        if isinstance(a.size, sp.Integer) and a.size <= _UNROLLED:
            return _unrolled(k, e, a)
    return _bound_rest(k, e, list(e.bound))


def _unrolled(k: Kernel, e: Reduce, axis: Axis) -> Frac:
    """A reduction over an axis of small known size, value by value."""
    rest = [a for a in e.bound if a != axis]
    parts = []
    for n in range(max(int(axis.size), 0)):
        with k.binding({axis: ("int", n)}):
            parts.append(_bound_rest(k, e, rest))
    if e.op == "sum":
        return k.sum(parts)
    if e.op == "prod":
        return k.product(parts)
    if not parts:
        raise Undefined("an extreme value of nothing")
    signed = parts if e.op == "max" else [k.negative(a) for a in parts]
    first = signed[0]
    for b in signed[1:]:
        first = branches.larger(k, first, b)
    return first if e.op == "max" else k.negative(first)


def _bound_rest(k: Kernel, e: Reduce, rest: list[Axis]) -> Frac:
    """The reduction over the other axes; their letters stay as they are, so nothing can be captured."""
    if not rest:
        return k.value(e.body)
    axes = tuple(("axis", f"~{k.depth + n}", k.structure(k.value(a.size))) for n, a in enumerate(rest))
    with k.binding(dict(zip(rest, axes, strict=True))):
        # below a sum that may be empty nothing needs to be defined
        empty = any(k.signs.of(k.build(a[2])) != {1} for a in axes)
        body = branches.guarded(k, e.body) if empty else k.value(e.body)
    return _OPERATIONS[e.op](k, body, axes)


def _limits(k: Kernel, e: sp.Sum | sp.Product) -> Frac:
    """SymPy's own sums and products with limits."""
    body = e.function
    for n, (letter, low, high) in enumerate(e.limits):
        axis = Axis(f"s~{k.depth}~{n}", sp.expand(high - low + 1))
        body = Reduce("sum" if isinstance(e, sp.Sum) else "prod", body.xreplace({letter: low + axis}), axis)
    return k.value(body)


def _expectation(k: Kernel, e: Expectation) -> Frac:
    body, x, p = e.args
    variable = ("rv", f"~{k.depth}", ("sym", p.name))
    with k.binding({x: variable}):
        a = k.value(body)
    return total(k, a, (variable,))


# ---- sums


def total(k: Kernel, a: Frac, axes: Sequence[Key]) -> Frac:
    """The sum of a fraction over axes that are open in it."""
    if a.num == 0:
        return k.zero
    if not axes:
        return a
    outer, inner = k.one, k.unit
    content, found = k.factored(a.den)
    for f, e in found:
        if depends(k, f, axes):
            inner *= f**e
        else:
            outer = k.multiply(outer, k.power(Frac(f, k.unit), e))
    pieces = [(a.num, k.unit)] if inner.is_constant() else list(zip(divmod(a.num, inner), (k.unit, inner), strict=True))
    out = k.zero
    for num, den in pieces:
        for mono, c in num.to_dict().items():
            out = k.add(out, _term(k, c / content, mono, den, axes))
    return k.multiply(out, k.invert(outer))


def depends(k: Kernel, f: Any, axes: Iterable[Key]) -> bool:
    """Whether a polynomial depends on one of the axes."""
    return any(not axes_in(k.keys[i]).isdisjoint(axes) for i in k.generators(f))


def _term(k: Kernel, c: fmpq, mono: tuple[int, ...], den: Any, axes: Sequence[Key]) -> Frac:
    """The sum of one monomial over a polynomial."""
    used = [(k.keys[i], e) for i, e in enumerate(mono) if e]
    for key, _ in used:
        if key[0] == "sum" and not axes_in(key).isdisjoint(axes):
            return _flattened(k, c, mono, den, axes)
    for key, _ in used:
        if key[0] == "delta":
            done = _selected(k, c, mono, den, axes, key)
            if done is not None:
                return done
    outside = k.scaled(k.one, c)
    parts: list[Part] = []
    for key, e in used:
        if axes_in(key).isdisjoint(axes):
            outside = k.multiply(outside, k.power(k.generator(key), e))
        else:
            parts.append((("P", ("1", ((key, 1),))), e))
    if not den.is_constant():
        _, found = k.factored(den)
        parts += [(k.poly_structure(f), -e) for f, e in found]
    variable = next((a for a in axes if a[0] == "rv"), None)
    if variable is not None:
        return k.multiply(outside, _expected(k, parts, variable, axes))
    return k.multiply(outside, _components(k, parts, axes))


def _flattened(k: Kernel, c: fmpq, mono: tuple[int, ...], den: Any, axes: Sequence[Key]) -> Frac:
    """Opens the sums that stand in a term, so that all axes are summed over at once."""
    whole = k.normal(k.context.constant(c), den)
    more: list[Key] = []
    for i, e in [(i, e) for i, e in enumerate(mono) if e]:
        key = k.keys[i]
        if key[0] == "sum" and not axes_in(key).isdisjoint(axes):
            for _ in range(e):
                names, body = opened(k, key)
                more += names
                whole = k.multiply(whole, body)
        else:
            whole = k.multiply(whole, k.power(k.generator(key), e))
    return total(k, whole, (*axes, *more))


def opened(k: Kernel, key: Key) -> tuple[list[Key], Frac]:
    """Axes and body of a finished reduction, under fresh names."""
    names = {a: k.fresh(a[0], a[2] if a[0] == "rv" else k.structure(k.build(a[2]))) for a in key[1]}
    body = k.one
    for p, e in key[2]:
        body = k.multiply(body, k.power(k.build_polynomial(rename(p, names)), e))
    return list(names.values()), body


def _selected(k: Kernel, c: fmpq, mono: tuple[int, ...], den: Any, axes: Sequence[Key], key: Key) -> Frac | None:
    """Sums over an axis that a delta ties to something else, if that lies in the range of the axis."""
    d = k.build(key[1])
    for axis in axes:
        if axis[0] != "axis" or axis not in axes_in(key):
            continue
        g = k.atom(axis)
        for slope in (1, -1):
            place = k.subtract(g, k.scaled(d, fmpq(slope)))  # d = slope * (axis - place)
            if axis in axes_in(k.structure(place)):
                continue
            top = k.subtract(k.subtract(k.build(axis[2]), k.one), place)
            low, high = k.signs.of(place), k.signs.of(top)
            if low == {-1} or high == {-1}:
                return k.zero
            if low <= {0, 1} and high <= {0, 1}:
                rest = tuple(0 if i == k.slots[key] else e for i, e in enumerate(mono))
                body = k.normal(k.context.from_dict({rest: c}), den)
                return total(k, k.substitute(body, axis, place), [a for a in axes if a != axis])
    return None


def _expected(k: Kernel, parts: list[Part], variable: Key, axes: Sequence[Key]) -> Frac:
    """The mean of a product over a random variable, then the sum over the other axes."""
    rest = [a for a in axes if a != variable]
    inside = [(p, e) for p, e in parts if variable in axes_in(p)]
    body = k.one
    for p, e in parts:
        if variable not in axes_in(p):
            body = k.multiply(body, k.power(k.build_polynomial(p), e))
    if inside:
        bound, done = closed("expect", [variable], inside)
        body = k.multiply(body, k.atom(("expect", bound, done)))
    return total(k, body, rest)


def _components(k: Kernel, parts: list[Part], axes: Sequence[Key]) -> Frac:
    """A sum of a product: one factor for each group of axes that are tied together."""
    out = k.one
    left = list(axes)
    while left:
        group, mine = {left[0]}, []
        grown = True
        while grown:
            mine = [(p, e) for p, e in parts if not axes_in(p).isdisjoint(group)]
            wider = group | {a for p, _ in mine for a in axes_in(p) if a in left}
            grown, group = wider != group, wider
        here = [a for a in left if a in group]
        left = [a for a in left if a not in group]
        out = k.multiply(out, _component(k, mine, here))
    return out


def _component(k: Kernel, parts: list[Part], axes: list[Key]) -> Frac:
    if not parts:
        return count(k, axes[0])
    if len(axes) == 1:
        done = _closed_form(k, parts, axes[0])
        if done is not None:
            return done
    inverse = arrays.contracted(k, parts, axes)
    if inverse is not None:
        return total(k, *inverse)
    bound, factors = closed("sum", axes, parts)
    if len(axes) == 1 and _shifted(parts, axes[0]):
        bound, factors = min((bound, factors), _reflected(k, parts, axes[0]), key=text)
    key: Key = ("sum", bound, factors)
    return k.one if _is_probability(k, key) else k.atom(key)


def _shifted(parts: list[Part], axis: Key) -> bool:
    """Whether the axis occurs together with something else in one index or argument: ``g(x - k)``."""

    def inside(s: Any, deep: bool) -> bool:
        if not isinstance(s, tuple) or axis not in axes_in(s):
            return False
        if s[0] == "P" and deep and len(s) > 2 and any(k == axis for _, m in s[1:] for k, _ in m):
            return True
        return any(inside(a, deep or s[0] in ("acc", "fn")) for a in s)

    return any(inside(p, False) for p, _ in parts)


def _reflected(k: Kernel, parts: list[Part], axis: Key) -> tuple[Any, Any]:
    """The same sum from the other end: ``k`` becomes ``size - 1 - k``."""
    place = k.subtract(k.subtract(k.build(axis[2]), k.one), k.atom(axis))
    done = []
    for p, e in parts:
        a = k.substitute(Frac(k.build_polynomial(p).num, k.unit), axis, place)
        if a.den != k.unit:
            return closed("sum", [axis], parts)
        done.append((k.poly_structure(a.num), e))
    return closed("sum", [axis], done)


def count(k: Kernel, axis: Key) -> Frac:
    """The number of values of an axis: its size, if that cannot be negative."""
    size = k.build(axis[2])
    return size if k.signs.of(size) <= {0, 1} else k.atom(("count", axis[2]))


def _is_probability(k: Kernel, key: Key) -> bool:
    """Whether this is the sum of a probability along its last axis."""
    if len(key[1]) != 1 or len(key[2]) != 1:
        return False
    (axis,), ((p, e),) = key[1], key[2]
    if e != 1 or len(p) != 2 or p[1][0] != "1" or len(p[1][1]) != 1 or p[1][1][0][1] != 1:
        return False
    inner = p[1][1][0][0]
    if inner[0] != "acc" or not isinstance(inner[1], str) or k.facts.name(inner[1]).kind != "probability":
        return False
    shape = k.facts.shapes.get(inner[1], ())
    *before, last = inner[2]
    plain = ("Q", ("P", ("1", ((axis, 1),))), ONE[2])
    if len(shape) != len(inner[2]) or last != plain or any(axis in axes_in(i) for i in before):
        return False
    return bool(k.structure(k.value(sp.sympify(shape[-1]))) == axis[2])


def _closed_form(k: Kernel, parts: list[Part], axis: Key) -> Frac | None:
    """Sums of powers of the index, and geometric sums whose ratio is certainly not one."""
    n = k.build(axis[2])
    if not k.signs.of(n) <= {0, 1} or any(len(p) != 2 or len(p[1][1]) != 1 for p, _ in parts):
        return None
    keys = [(p[1][1][0][0], e) for p, e in parts]
    if len(keys) == 1 and keys[0][0] == axis and keys[0][1] in (1, 2):
        one = k.one
        half = k.scaled(k.multiply(n, k.subtract(n, one)), fmpq(1, 2))
        return (
            half if keys[0][1] == 1 else k.scaled(k.multiply(half, k.subtract(k.scaled(n, fmpq(2)), one)), fmpq(1, 3))
        )
    if any(key[0] != "exp" for key, _ in keys):
        return None
    whole = k.sum([k.scaled(tower.exponent_of(k, key), fmpq(e)) for key, e in keys])
    rate = k.multiply(whole, k.invert(k.atom(axis)))
    if axis in axes_in(k.structure(rate)) or 0 in k.signs.of(rate):
        return None
    ratio, end = tower.exponential(k, rate), tower.exponential(k, k.multiply(rate, n))
    return k.multiply(k.subtract(end, k.one), k.invert(k.subtract(ratio, k.one)))


def remake_sum(k: Kernel, key: Key) -> Frac:
    """A sum or expectation whose parts may have changed."""
    names, body = opened(k, key)
    return total(k, body, names)


_OPERATIONS: dict[str, Callable[[Kernel, Frac, Sequence[Key]], Frac]] = {
    "sum": total,
    "prod": lambda k, a, axes: extremes.product(k, a, axes),
    "max": lambda k, a, axes: extremes.maximum(k, a, axes),
    "min": lambda k, a, axes: k.negative(extremes.maximum(k, k.negative(a), axes)),
}
HANDLERS: dict[type, Any] = {
    Reduce: _reduce,
    sp.Sum: _limits,
    sp.Product: _limits,
    Expectation: _expectation,
}
