"""Roots and powers over the reals: roots of positive products split, constant parts of exponents are split off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp
from flint import fmpq

from symdl.prover import branches, tower
from symdl.prover.ring import Frac
from symdl.prover.signals import Undefined, Unsupported
from symdl.prover.structure import Key

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel

POSITIVE = frozenset({1})


def root(k: Kernel, a: Frac, n: int) -> Frac:
    """``a ** (1/n)``; `a` is not negative where this is defined."""
    if n == 1 or a.num == 0:
        return a
    if n > 64:
        raise Unsupported("too-large", "the index of a root is too large")
    k.need("nonnegative", a)
    c, found = k.factors(a)
    out, rest = k.one, k.one
    known = [(f, e, k.signs.of_factor(f)) for f, e in found]
    # a factor that may vanish is only taken out if no other needs a sign of its own: sqrt(0 * -1) is defined
    free = all(s <= {0, 1} or s == {-1} or (n % 2 == 0 and e % n == 0) for f, e, s in known)
    for f, e, sign in known:
        if sign == {-1}:
            f, c, sign = -f, c * (-1) ** (e % 2), POSITIVE
        if sign == POSITIVE or (free and sign <= {0, 1}):
            part = _root_factor(k, Frac(f, k.unit), e, n)
            out = k.multiply(out, part)
        elif free:
            size = Frac(f, k.unit) if (e // n) % 2 == 0 else branches.absolute(k, Frac(f, k.unit))
            out = k.multiply(out, k.power(size, e // n))
        else:
            rest = k.multiply(rest, k.power(Frac(f, k.unit), e))
    return _root_rest(k, c, rest, out, n)


def _root_factor(k: Kernel, f: Frac, e: int, n: int) -> Frac:
    """``f ** (e/n)`` for a factor that is not negative."""
    q, r = divmod(abs(e), n)
    part = k.power(f, q)
    if r:
        part = k.multiply(part, k.power(_root_generator(k, f, n), r))
    return part if e > 0 else k.invert(part)


def _root_rest(k: Kernel, c: fmpq, rest: Frac, out: Frac, n: int) -> Frac:
    if c < 0:
        if rest == k.one:
            raise Undefined("the root of a negative number")
        rest, c = k.negative(rest), -c
    for number, sign in ((int(c.p), 1), (int(c.q), -1)):
        for prime, e in tower.primes(number):
            q, r = divmod(sign * e, n)
            out = k.multiply(out, k.power(k.number(prime), q))
            if r:
                out = k.multiply(out, k.power(_root_generator(k, k.number(prime), n), r))
    return out if rest == k.one else k.multiply(out, _root_generator(k, rest, n))


def _root_generator(k: Kernel, a: Frac, n: int) -> Frac:
    if len(a.num) == 1 and a.num.total_degree() == 1 and a.den == k.unit:
        key = k.keys[k.generators(a.num)[0]]
        if key[0] == "exp":
            return tower.exponential(k, k.scaled(tower.exponent_of(k, key), fmpq(1, n)))
        if key[0] == "root":
            return k.atom(("root", key[1] * n, key[2]))
    return k.atom(("root", n, k.structure(a)))


def make_root(k: Kernel, key: Key) -> Frac:
    """The generator of a root, with its relation."""
    g = k.generator(key)
    k.relate(key, key[1], k.build(key[2]))
    return g


def remake_root(k: Kernel, key: Key) -> Frac:
    """A root whose argument may have changed."""
    return root(k, k.build(key[2]), key[1])


def _pow(k: Kernel, e: sp.Pow) -> Frac:
    base, exponent = e.args
    if base is sp.E:
        return tower.exponential(k, k.value(exponent))
    if exponent.is_Integer:
        b = k.value(base)
        if exponent.is_negative:
            k.need("nonzero", b)
        return k.power(b, int(exponent))
    return power(k, k.value(base), k.value(exponent), _whole(exponent))


def _whole(e: sp.Expr) -> bool:
    """Whether an expression only takes integer values."""
    return e.is_integer is True


def power(k: Kernel, base: Frac, exponent: Frac, whole: bool) -> Frac:
    """``base ** exponent`` over the reals: the base is positive, or zero, or the exponent an integer."""
    c = k.constant(exponent)
    if c is not None:
        b = root(k, base, int(c.q))
        if c < 0:
            k.need("nonzero", b)
        return k.power(b, int(c.p))
    if k.signs.of(base) == POSITIVE:
        return tower.exponential(k, k.multiply(exponent, tower.logarithm(k, base)))
    if whole:
        return _whole_power(k, base, exponent)
    k.need("unclear", base)  # zero may have a positive exponent, a negative number one that is an integer here
    return k.atom(("pow", k.structure(base), k.structure(exponent)))


def _whole_power(k: Kernel, base: Frac, exponent: Frac) -> Frac:
    """An integer power of something that may be negative or zero: a constant part of the exponent is split off."""
    if not k.signs.of(exponent) <= {1} and 0 in k.signs.of(base):
        k.need("unclear", base)  # zero has no negative power
    rest, shift = exponent, fmpq(0)
    for c, m in tower.split(k, exponent):
        if m == k.one:
            shift = c
    if shift.q != 1 or exponent.den != k.unit:
        shift = fmpq(0)
    rest = k.subtract(exponent, k.scaled(k.one, shift))
    safe = 0 not in k.signs.of(base) or (shift > 0 and k.signs.of(rest) == POSITIVE)
    if not safe:
        rest, shift = exponent, fmpq(0)
    g = k.atom(("ipow", k.structure(base), k.structure(rest)))
    return k.multiply(g, k.power(base, int(shift.p)))


def remake_power(k: Kernel, key: Key) -> Frac:
    """A power whose parts may have changed."""
    return power(k, k.build(key[1]), k.build(key[2]), key[0] == "ipow")


HANDLERS: dict[type, Any] = {sp.Pow: _pow}
