"""Elementary functions as a tower over a polynomial ring: exponentials, logarithms, roots, powers, sines, erf.

Products of exponentials add their exponents, logarithms of positive products become sums, roots of positive
products split. Every rule used here holds at each point where the original expression is defined.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy as sp
from flint import fmpq

from symdl.prover import branches, roots
from symdl.prover.ring import Frac
from symdl.prover.signals import Restart, Undefined, Unsupported
from symdl.prover.structure import Key
from symdl.terms.indexed import Delta, Indicator

if TYPE_CHECKING:
    from symdl.prover.kernel import Handler, Kernel

POSITIVE = frozenset({1})


# ---- sums and products


def _add(k: Kernel, e: sp.Add) -> Frac:
    return k.sum(k.args(e))


def _mul(k: Kernel, e: sp.Mul) -> Frac:
    guards = [a for a in e.args if isinstance(a, Delta | Indicator)]
    if guards:  # zero times anything is zero here: what stands beside a vanishing delta need not be defined
        guard = k.product([k.value(a) for a in guards])
        rest = sp.Mul(*(a for a in e.args if a not in guards))
        if guard == k.zero:
            return k.zero
        return k.value(rest) if guard == k.one else k.multiply(guard, branches.guarded(k, rest))
    top, bottom = k.one, k.one
    for a in e.args:
        if a.is_Pow and a.exp.is_Integer and a.exp.is_negative and a.base is not sp.E:
            b = k.value(a.base)
            k.need("nonzero", b)
            bottom = k.multiply(bottom, k.power(b, -int(a.exp)))
        else:
            top = k.multiply(top, k.value(a))
    return k.multiply(top, k.invert(bottom))


# ---- exponentials


def split(k: Kernel, a: Frac) -> list[tuple[fmpq, Frac]]:
    """Writes a fraction as a sum of rational multiples of terms, in a way that only depends on its value."""
    if a.den.is_constant():
        parts, den = [a.num], [k.unit]
    else:
        quotient, rest = divmod(a.num, a.den)
        parts, den = [quotient, rest], [k.unit, a.den]
    out = []
    for p, d in zip(parts, den, strict=True):
        for mono, c in p.to_dict().items():
            f = k.normal(k.context.from_dict({mono: fmpq(1)}), d)
            lead = f.num.leading_coefficient()
            out.append((c * lead, Frac(f.num / lead, f.den)))
    return out


def exponential(k: Kernel, a: Frac) -> Frac:
    """``exp(a)``."""
    out = k.one
    for c, m in split(k, a):
        out = k.multiply(out, _exp_term(k, c, m))
    return out


def _exp_term(k: Kernel, c: fmpq, m: Frac) -> Frac:
    inside = _logarithm_generator(k, m)
    if inside is not None:  # exp(c log f) = f ** c, for f is positive where the logarithm is defined
        return k.power(roots.root(k, inside, int(c.q)), int(c.p))
    s = k.structure(m)
    scale = k.hints.scales.get(s, 1)
    if (c * scale).q != 1:
        k.hints.scales[s] = math.lcm(scale, int(c.q))
        raise Restart
    return k.power(k.atom(("exp", s, scale)), int((c * scale).p))


def _logarithm_generator(k: Kernel, m: Frac) -> Frac | None:
    """The argument, if the term is a logarithm."""
    if m.den != k.unit or len(m.num) != 1 or m.num.total_degree() != 1:
        return None
    key = k.keys[k.generators(m.num)[0]]
    return k.build(key[1]) if key[0] == "log" else None


def remake_exp(k: Kernel, key: Key) -> Frac:
    """An exponential whose argument may have changed."""
    return exponential(k, exponent_of(k, key))


def exponent_of(k: Kernel, key: Key) -> Frac:
    """The argument of an exponential generator."""
    return k.scaled(k.build(key[1]), fmpq(1, key[2]))


# ---- logarithms


def logarithm(k: Kernel, a: Frac) -> Frac:
    """``log(a)``; `a` is positive where this is defined."""
    if a.num == 0:
        raise Undefined("the logarithm of zero")
    k.need("positive", a)
    c, found = k.factors(a)
    total, rest = k.zero, k.one
    for f, e in found:
        sign = k.signs.of_factor(f)
        if sign == {-1}:
            f, c = -f, c * (-1) ** (e % 2)
        if sign in ({1}, {-1}):
            total = k.add(total, k.scaled(_log_positive(k, f), fmpq(e)))
        else:
            rest = k.multiply(rest, k.power(Frac(f, k.unit), e))
    if rest == k.one:
        if c < 0:
            raise Undefined("the logarithm of a negative number")
        return k.add(total, _log_number(k, c))
    if c < 0:
        rest, c = k.negative(rest), -c
    return k.sum([total, _log_number(k, c), k.atom(("log", k.structure(rest)))])


def _log_number(k: Kernel, c: fmpq) -> Frac:
    total = k.zero
    for n, sign in ((int(c.p), 1), (int(c.q), -1)):
        for prime, e in primes(n):
            total = k.add(total, k.scaled(k.atom(("log", k.structure(k.number(prime)))), fmpq(sign * e)))
    return total


def primes(n: int) -> list[tuple[int, int]]:
    """Prime powers of a number; the part that is too large to be factored counts as one."""
    out, left = [], n
    for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        e = 0
        while left % p == 0:
            left //= p
            e += 1
        if e:
            out.append((p, e))
    if left > 1 and left < 10**12:
        out += [(int(p), int(e)) for p, e in sp.factorint(left).items()]
    elif left > 1:
        out.append((left, 1))
    return out


def _log_positive(k: Kernel, f: Any) -> Frac:
    """The logarithm of a positive irreducible polynomial."""
    if len(f) == 1 and f.total_degree() == 1:
        key = k.keys[k.generators(f)[0]]
        if key[0] == "exp":
            return exponent_of(k, key)
        if key[0] == "root":
            return k.scaled(logarithm(k, k.build(key[2])), fmpq(1, key[1]))
    return k.atom(("log", k.structure(Frac(f, k.unit))))


def remake_log(k: Kernel, key: Key) -> Frac:
    """A logarithm whose argument may have changed."""
    return logarithm(k, k.build(key[1]))


# ---- functions that are written by exponentials


def _rewritten(rule: Callable[[sp.Expr], sp.Expr]) -> Handler:
    return lambda k, e: k.value(rule(e.args[0]))


def _tanh(k: Kernel, e: sp.Expr) -> Frac:
    u = exponential(k, k.scaled(k.value(e.args[0]), fmpq(2)))
    return k.multiply(k.subtract(u, k.one), k.invert(k.add(u, k.one)))


def other(k: Kernel, e: sp.Basic) -> Frac:
    """Nodes that are met rarely: subclasses, unevaluated derivatives; anything else is refused."""
    if isinstance(e, sp.Float):
        exact = sp.Rational(e)
        return k.number(int(exact.p), int(exact.q))
    if isinstance(e, sp.Derivative | sp.Subs):
        done = e.doit(deep=False)
        if done != e:
            return k.value(done)
    if isinstance(e, sp.exp):
        return exponential(k, k.value(e.args[0]))
    raise Unsupported("unsupported", f"{type(e).__name__} is not understood by the prover")


def _constants() -> dict[type, Handler]:
    return {
        type(sp.pi): lambda k, e: k.atom(("pi",)),
        type(sp.E): lambda k, e: exponential(k, k.one),
        type(sp.EulerGamma): lambda k, e: k.atom(("const", "gamma")),
        type(sp.GoldenRatio): lambda k, e: k.scaled(k.add(k.one, roots.root(k, k.number(5), 2)), fmpq(1, 2)),
    }


HANDLERS: dict[type, Any] = {
    sp.Add: _add,
    sp.Mul: _mul,
    sp.exp: lambda k, e: exponential(k, k.value(e.args[0])),
    sp.log: lambda k, e: logarithm(k, k.value(e.args[0])),
    sp.tanh: _tanh,
    sp.sinh: _rewritten(lambda a: (sp.exp(a) - sp.exp(-a)) / 2),
    sp.cosh: _rewritten(lambda a: (sp.exp(a) + sp.exp(-a)) / 2),
    sp.sech: _rewritten(lambda a: 2 / (sp.exp(a) + sp.exp(-a))),
    sp.csch: _rewritten(lambda a: 2 / (sp.exp(a) - sp.exp(-a))),
    sp.coth: _rewritten(lambda a: (sp.exp(a) + sp.exp(-a)) / (sp.exp(a) - sp.exp(-a))),
    sp.cot: _rewritten(lambda a: sp.cos(a) / sp.sin(a)),
    sp.sec: _rewritten(lambda a: 1 / sp.cos(a)),
    sp.csc: _rewritten(lambda a: 1 / sp.sin(a)),
    sp.asinh: _rewritten(lambda a: sp.log(a + sp.sqrt(a**2 + 1))),
    sp.acosh: _rewritten(lambda a: sp.log(a + sp.sqrt(a**2 - 1))),
    sp.atanh: _rewritten(lambda a: sp.log((1 + a) / (1 - a)) / 2),
    **_constants(),
}
