"""Limits, written as SymPy's unevaluated ``Limit`` on the left side.

At infinity what grows fastest decides, at a number continuity.
At infinity the variable is replaced by a positive one. Numerator and denominator are then sums of monomials, each of
which grows like ``exp(rate * t) * t**degree``; the fastest of each decide, if the signs needed to compare them are
known. Whatever only happens for small ``t`` does not matter: a branch is taken as it is for all large ``t``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from flint import fmpq

from symdl.prover import tower
from symdl.prover.assume import case
from symdl.prover.domain import Facts, Name
from symdl.prover.kernel import Kernel
from symdl.prover.ring import Frac
from symdl.prover.signals import Clock, Hints, Restart, Split, Undefined, Unsupported
from symdl.prover.structure import Key, keys_in
from symdl.terms.claims import Equation
from symdl.terms.indexed import Binder

_ROUNDS = 24
_T = "t~limit"


@dataclass(frozen=True)
class Growth:
    """``coefficient * exp(rate * t) * t**degree``; the coefficient and the rate do not depend on ``t``."""

    rate: Frac
    degree: int
    coefficient: Frac


def is_limit(claim: Equation) -> bool:
    """Whether this is a claim about a limit that can be looked at here."""
    return isinstance(claim.left, sp.Limit) and claim.relation == "="


def settle(claim: Equation, facts: Facts, hints: Hints, clock: Clock) -> None:
    """Proves a claim about a limit.

    Raises:
        Unsupported: it could not be proved.
    """
    body, x, at, _ = claim.left.args
    if any(
        x in a.size.free_symbols for node in sp.preorder_traversal(body) if isinstance(node, Binder) for a in node.bound
    ):
        raise Unsupported("unsupported", "the variable is the size of an axis")
    if at in (sp.oo, -sp.oo):
        if x.is_integer and at is -sp.oo:
            raise Unsupported("unsupported", "a size does not tend to minus infinity")
        t = sp.Symbol(_T, positive=True)
        reached = _at_infinity(body.xreplace({x: t if at is sp.oo else -t}), claim.right, facts, hints, clock)
    else:
        reached = _at_number(body, x, at, claim.right, facts, hints, clock)
    if not reached:
        raise Unsupported("not-zero", "the limit was not found to be what is claimed")


# ---- at infinity


def _at_infinity(body: sp.Expr, value: sp.Expr, facts: Facts, hints: Hints, clock: Clock) -> bool:
    facts = replace(facts, names={**facts.names, _T: Name(frozenset({1}))})
    for _ in range(_ROUNDS):
        k = Kernel(facts, hints, clock)
        try:
            a = k.value(body)
            return _defined(k) and _reaches(k, a, value)
        except Restart:
            continue
        except Undefined:
            raise Unsupported("nowhere-defined", "the expression is not defined for large values") from None
        except Split as split:
            sign = _eventual(k, k.build_polynomial(split.polynomial))
            facts = case(facts, split.polynomial, sign)
    raise Unsupported("too-many-cases", "there are too many cases to distinguish")


def _defined(k: Kernel) -> bool:
    """Whether what was evaluated is defined for all large ``t``."""
    needs = list(k.needs.items())
    return all(_eventual(k, a) == 1 or kind == "nonzero" for (kind, _), a in needs if _depends(k, a.num * a.den))


def _reaches(k: Kernel, a: Frac, value: sp.Expr) -> bool:
    infinite = value in (sp.oo, -sp.oo)
    if a.num == 0:
        return not infinite and k.value(value) == k.zero
    top, bottom = _fastest(k, a.num), _fastest(k, a.den)
    order = _compare(k, top, bottom)
    if infinite:
        sign = k.signs.of(k.multiply(top.coefficient, bottom.coefficient))
        return order == 1 and sign == {1 if value == sp.oo else -1}
    wanted = k.value(value)
    if order == 1 or _depends(k, wanted.num) or _depends(k, wanted.den):
        return False
    found = k.zero if order == -1 else k.multiply(top.coefficient, k.invert(bottom.coefficient))
    return k.subtract(found, wanted) == k.zero


def _eventual(k: Kernel, a: Frac) -> int:
    """The sign for all large ``t``."""
    if not _depends(k, a.num):
        raise Unsupported("unknown-sign", "the limit depends on a sign that is not known")
    signs = k.signs.of(k.multiply(_fastest(k, a.num).coefficient, _fastest(k, a.den).coefficient))
    if signs not in ({1}, {-1}):
        raise Unsupported("unknown-sign", "the limit depends on a sign that is not known")
    return next(iter(signs))


def _fastest(k: Kernel, p: Any) -> Growth:
    """What a polynomial grows like; its coefficient is certainly not zero.

    Raises:
        Unsupported: which of its monomials grows fastest is not known.
    """
    groups: list[Growth] = []
    for mono, c in p.to_dict().items():
        new = _growth(k, mono, c)
        for n, old in enumerate(groups):
            if old.degree == new.degree and k.subtract(old.rate, new.rate) == k.zero:
                groups[n] = Growth(old.rate, old.degree, k.add(old.coefficient, new.coefficient))
                break
        else:
            groups.append(new)
    best = groups[0]
    for g in groups[1:]:
        if _compare(k, g, best) == 1:
            best = g
    if 0 in k.signs.of(best.coefficient):
        raise Unsupported("unknown-sign", "the fastest part may vanish")
    return best


def _compare(k: Kernel, a: Growth, b: Growth) -> int:
    signs = k.signs.of(k.subtract(a.rate, b.rate))
    if len(signs) != 1:
        raise Unsupported("unknown-sign", "which part grows faster is not known")
    (sign,) = signs
    return sign if sign else (a.degree > b.degree) - (a.degree < b.degree)


def _growth(k: Kernel, mono: tuple[int, ...], c: fmpq) -> Growth:
    rate, degree, coefficient = k.zero, 0, k.scaled(k.one, c)
    for i, e in enumerate(mono):
        if not e:
            continue
        key = k.keys[i]
        if key == ("sym", _T):
            degree += int(e)
        elif not _within(key):
            coefficient = k.multiply(coefficient, k.power(k.generator(key), int(e)))
        elif key[0] == "exp":
            rate = k.add(rate, k.scaled(_slope(k, tower.exponent_of(k, key)), fmpq(int(e))))
        else:
            raise Unsupported("unsupported", "how the expression grows is not known")
    return Growth(rate, degree, coefficient)


def _slope(k: Kernel, a: Frac) -> Frac:
    """``a / t`` for an exponent that is a multiple of ``t``."""
    slope = k.multiply(a, k.invert(k.atom(("sym", _T))))
    if _depends(k, slope.num) or _depends(k, slope.den):
        raise Unsupported("unsupported", "an exponent is not linear")
    return slope


def _within(key: Key) -> bool:
    return key == ("sym", _T) or ("sym", _T) in keys_in(key)


def _depends(k: Kernel, p: Any) -> bool:
    return any(_within(k.keys[i]) for i in k.generators(p))


# ---- at a number

_CONTINUOUS = ("sym", "acc", "exp", "log", "pi", "sum", "expect", "cos", "sin", "root")


def _at_number(
    body: sp.Expr, x: sp.Symbol, at: sp.Expr, value: sp.Expr, facts: Facts, hints: Hints, clock: Clock
) -> bool:
    """The normal form is continuous where its denominator does not vanish and logarithms and roots have an argument
    that is positive there."""
    for _ in range(_ROUNDS):
        k = Kernel(facts, hints, clock)
        try:
            a = k.value(body)
            point = k.value(at)
            key = ("sym", x.name)
            used = [k.keys[i] for i in {*k.generators(a.num), *k.generators(a.den)}]
            if any(g[0] not in _CONTINUOUS or not _smooth(k, g, key, point) for g in used):
                raise Unsupported("unsupported", "the expression may not be continuous there")
            there = k.substitute(a, key, point)
            den = k.substitute(Frac(a.den, k.unit), key, point)
            return 0 not in k.signs.of(den) and k.subtract(there, k.value(value)) == k.zero
        except Restart:
            continue
        except (Split, Undefined):
            break
    raise Unsupported("unsupported", "the expression has a branch or no value there")


def _smooth(k: Kernel, g: Key, x: Key, point: Frac) -> bool:
    """Whether a generator depends continuously on ``x`` at the point."""
    if x not in keys_in(g):
        return True
    if g[0] == "exp":
        return all(_smooth(k, inner, x, point) for inner in _inside(g[1])) and g[1][2] == ("P", ("1", ()))
    if g[0] in ("log", "root"):
        argument = g[1] if g[0] == "log" else g[2]
        plain = argument[2] == ("P", ("1", ()))
        inner = k.substitute(k.build(argument), x, point)
        return plain and k.signs.of(inner) == {1} and all(_smooth(k, h, x, point) for h in _inside(argument))
    return False


def _inside(s: Any) -> list[Key]:
    return [key for p in s[1:] for _, mono in p[1:] for key, _ in mono if key[0] != "sym"]
