r"""Sums over axes in normal form: constants in front, Kronecker deltas used up, idle axes counted.

Factors that do not depend on a bound axis are pulled out, a delta puts its index into the rest, and an axis on
which nothing depends becomes its size. A square is never expanded inside a sum: ``(x - mu)**2`` would turn
into a form that cancels.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import sympy as sp

from symdl.engine.ranges import decided, inside
from symdl.terms.indexed import Axis, Delta, Expectation, Reduce

_COUNTER = itertools.count()


def fresh(axis: Axis) -> Axis:
    """An axis of the same size under a letter nobody uses."""
    return axis.named(f"{axis.name.split('~')[0]}~e{next(_COUNTER)}")


def total(body: sp.Expr, axes: Iterable[Axis], open_ended: frozenset[Axis] = frozenset()) -> sp.Expr:
    """The sum of ``body`` over ``axes`` in normal form.

    A delta may put an index beyond the end of an ``open_ended`` axis: what is summed is zero there.

    Example:
        >>> from symdl.terms.indexed import Access, size_symbol
        >>> n = size_symbol("n")
        >>> i, k = Axis("i", n), Axis("k", n)
        >>> x = sp.Symbol("x", real=True)
        >>> total(3 * Access(x, i) * Delta(i, k), [i])
        3*x[k]
        >>> total(Access(x, k), [i])
        n*x[k]
    """
    axes = list(axes)
    body = decided(body)
    if body == 0 or not axes:
        return body
    if isinstance(body, sp.Add):
        return _of_sum(body, axes, open_ended)
    if isinstance(body, Reduce) and body.op == "sum":
        inner, opened = body.opened()
        return total(inner, [*axes, *opened.values()], open_ended)
    if isinstance(body, sp.Mul) and any(isinstance(f, sp.Add) and f.has(Delta) for f in body.args):
        return total(_spread(body), axes, open_ended)
    return _of_product(body, axes, open_ended)


def _spread(body: sp.Mul) -> sp.Expr:
    """Multiplies out the factors that hold deltas, and no others."""
    out: list[sp.Expr] = [sp.S.One]
    for f in body.args:
        terms = f.args if isinstance(f, sp.Add) and f.has(Delta) else (f,)
        out = [a * b for a in out for b in terms]
    return sp.Add(*out)


def _of_sum(body: sp.Add, axes: list[Axis], open_ended: frozenset[Axis]) -> sp.Expr:
    """Terms that lose an axis are summed on their own; the rest stays together under one sign."""
    alone: list[sp.Expr] = []
    together: list[sp.Expr] = []
    for term in body.args:
        free = term.free_symbols
        simple = all(a in free for a in axes) and not term.has(Delta)
        (together if simple else alone).append(term)
    rest = sp.Add(*together)
    parts = [total(t, axes, open_ended) for t in alone]
    if together:
        parts.append(_of_product(rest, axes, open_ended) if len(together) > 1 else total(rest, axes, open_ended))
    return sp.Add(*parts)


def _of_product(body: sp.Expr, axes: list[Axis], open_ended: frozenset[Axis]) -> sp.Expr:
    factors = list(sp.Mul.make_args(body))
    for k, f in enumerate(factors):
        d = f.base if isinstance(f, sp.Pow) and isinstance(f.base, Delta) else f
        if not isinstance(d, Delta):
            continue
        put = _solved(d, axes, open_ended)
        if put is not None:
            letter, value = put
            rest = sp.Mul(*factors[:k], *factors[k + 1 :]).xreplace({letter: value})
            return total(rest, [a for a in axes if a != letter], open_ended)
        if d is not f:
            factors[k] = d
    digits = _read_as_digits(factors, axes)
    if digits is not None:
        swaps, used_up, gone = digits
        rest = sp.Mul(*(f for k, f in enumerate(factors) if k not in used_up)).xreplace(swaps)
        return total(rest, [a for a in axes if a not in gone], open_ended)
    factors = _met(factors)
    bound = set(axes)
    outside = [f for f in factors if not f.free_symbols & bound]
    inner = [f for f in factors if f.free_symbols & bound]
    used = set().union(*(f.free_symbols for f in inner))
    count = sp.Mul(*(a.size for a in axes if a not in used))
    left = [a for a in axes if a in used]
    for k, f in enumerate(inner):
        if isinstance(f, sp.Add):  # 2 a + 2 b: the 2 goes in front of the sum
            content, inner[k] = f.primitive()
            outside.append(content)
    core = sp.Mul(*inner)
    if not left:
        return sp.Mul(*outside, count, core)
    if isinstance(core, Expectation):  # both are linear: the sum goes inside
        return sp.Mul(*outside, count) * Expectation(total(core.args[0], left), *core.args[1:])
    if isinstance(core, Reduce) and core.op == "sum":
        opened_body, opened = core.opened()
        return sp.Mul(*outside, count) * Reduce("sum", opened_body, *left, *opened.values())
    return sp.Mul(*outside, count) * Reduce("sum", core, *left)


def _read_as_digits(
    factors: list[sp.Expr], axes: Sequence[Axis]
) -> tuple[dict[sp.Basic, sp.Basic], set[int], set[Axis]] | None:
    """What deltas determine by division with remainder: swaps, the deltas used up, the letters gone.

    ``delta[u, n * c + a]`` with ``a`` below n says ``c = floor(u / n)`` and ``a = u - n * c``; the two deltas
    ``delta[i, floor(r / n)] delta[j, r - n * floor(r / n)]`` say ``r = n * i + j``.
    """
    bound = set(axes)
    deltas = {k: f for k, f in enumerate(factors) if isinstance(f, Delta)}
    for k, d in deltas.items():
        for u, place in (d.args, d.args[::-1]):
            if not isinstance(u, Axis) or u in place.free_symbols or place.has(sp.floor):
                continue
            pair = _fast_and_slow(place, bound)
            if pair is not None and sp.expand(pair[0].size * pair[1].size - u.size) == 0:
                fast, slow = pair
                whole = sp.floor(u / fast.size)
                return {slow: whole, fast: u - fast.size * whole}, {k}, {fast, slow}
    for k, d in deltas.items():
        for i, whole in (d.args, d.args[::-1]):
            if not isinstance(whole, sp.floor) or not isinstance(i, Axis):
                continue
            letter, count = sp.fraction(sp.together(whole.args[0]))
            if letter not in bound or sp.expand(i.size * count - letter.size) != 0:
                continue
            for other, remainder in deltas.items():
                for j, left in (remainder.args, remainder.args[::-1]):
                    if isinstance(j, Axis) and j.size == count and sp.expand(left - letter + count * whole) == 0:
                        return {letter: count * i + j}, {k, other}, {letter}
    return None


def _fast_and_slow(place: sp.Expr, bound: set[Axis]) -> tuple[Axis, Axis] | None:
    """The letters ``a, c`` of ``n * c + a`` where a runs below n, if both are bound."""
    letters = [s for s in place.free_symbols if isinstance(s, Axis)]
    if len(letters) != 2 or not set(letters) <= bound:
        return None
    for fast, slow in (letters, letters[::-1]):
        if sp.expand(place - fast - fast.size * slow) == 0:
            return fast, slow
    return None


def _met(factors: list[sp.Expr]) -> list[sp.Expr]:
    """Behind ``delta[u, k * i + a]`` an element at ``k * i + a`` is one at ``u``, and leaves the sum."""
    swaps: dict[sp.Basic, sp.Basic] = {}
    for d in factors:
        if isinstance(d, Delta):
            left, right = d.args
            if isinstance(left, Axis) and not isinstance(right, Axis) and right.free_symbols:
                swaps[right] = left
            elif isinstance(right, Axis) and not isinstance(left, Axis) and left.free_symbols:
                swaps[left] = right
    if not swaps:
        return factors
    return [f if isinstance(f, Delta) else f.xreplace(swaps) for f in factors]


def _solved(d: Delta, axes: Sequence[Axis], open_ended: frozenset[Axis]) -> tuple[Axis, sp.Expr] | None:
    """A bound letter that a delta determines, and its value; the value must stay on the letter's axis."""
    left, right = d.args
    for letter in axes:
        gap = left - right
        if letter not in gap.free_symbols:
            continue
        slope = sp.expand(gap).coeff(letter, 1)
        if slope not in (1, -1):
            continue
        value = sp.expand(letter - gap / slope)
        if isinstance(value, Axis) and value.size == letter.size:
            return letter, value
        if letter not in value.free_symbols and (letter in open_ended or inside(value, letter.size)):
            return letter, value
    return None


def resummed(e: sp.Expr) -> sp.Expr:
    """Brings every sum inside ``e`` into normal form, innermost first."""
    if not e.has(Reduce):
        return e
    if isinstance(e, Reduce):
        body, opened = e.opened()
        inner = resummed(body)
        return total(inner, opened.values()) if e.op == "sum" else Reduce(e.op, inner, *opened.values())
    if not e.args or isinstance(e, Axis):
        return e
    args = [resummed(a) if isinstance(a, sp.Expr) else a for a in e.args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else e.func(*args)
