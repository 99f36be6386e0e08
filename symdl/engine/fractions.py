"""Several ways of writing a rational function, by exact polynomial arithmetic: which is shortest, others decide.

SymPy's ``factor`` and ``cancel`` take milliseconds on the small fractions a derivation is full of; the same in
`flint` takes microseconds. What is no sum, product or integer power is a generator: ``sqrt(v)``, ``exp(z)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import sympy as sp
from flint import Ordering, fmpz_mpoly_ctx

_MOST_GENERATORS = 24
_MOST_TERMS = 400
_MOST_COLLECTED = 8


class Fraction(NamedTuple):
    """Numerator and denominator, polynomials with whole coefficients."""

    num: Any
    den: Any


class TooLong(Exception):
    """The polynomials outgrew what a textbook line can be."""


def ways(e: sp.Expr) -> Iterator[sp.Expr]:
    """Yields equal forms of ``e``: factored, over one denominator, term by term, collected.

    Example:
        >>> a, y = sp.symbols("a y")
        >>> min(ways((y / a - (1 - y) / (1 - a)) * a * (1 - a)), key=sp.count_ops)
        -a + y
    """
    try:
        field = _Field(e)
        f = field.read(e)
    except TooLong:
        return
    yield field.factored(f)
    yield field.show(f.num) / field.product(f.den)
    yield from field.grouped(f)
    for k in range(min(len(field.generators), _MOST_COLLECTED)):
        collected = field.collected(f, k)
        if collected is not None:
            yield collected


class _Field:
    """Fractions over the generators of one expression."""

    def __init__(self, e: sp.Expr) -> None:
        found: dict[sp.Expr, None] = {}
        _generators(e, found)
        self.generators = sorted(found, key=sp.default_sort_key)
        if len(self.generators) > _MOST_GENERATORS:
            raise TooLong
        names = tuple(f"g{k}" for k in range(max(len(self.generators), 1)))
        self.context = fmpz_mpoly_ctx.get(names, Ordering.lex)
        self.slot = {g: k for k, g in enumerate(self.generators)}
        self.one = self.context.constant(1)

    # ---- SymPy to fractions

    def read(self, e: sp.Expr) -> Fraction:
        """The expression as one reduced fraction."""
        if e.is_Rational:
            return Fraction(self.context.constant(int(e.p)), self.context.constant(int(e.q)))
        if isinstance(e, sp.Add):
            out = self.read(e.args[0])
            for a in e.args[1:]:
                out = self.add(out, self.read(a))
            return out
        if isinstance(e, sp.Mul):
            out = self.read(e.args[0])
            for a in e.args[1:]:
                b = self.read(a)
                out = self.reduced(out.num * b.num, out.den * b.den)
            return out
        if isinstance(e, sp.Pow):
            base, exponent = _split_power(e)
            if exponent is not None:
                f = self.read(base) if _is_compound(base) else self.generator(base)
                if abs(exponent) > 12:
                    raise TooLong
                n, d = (f.num, f.den) if exponent > 0 else (f.den, f.num)
                return self.reduced(n ** abs(exponent), d ** abs(exponent))
        return self.generator(e)

    def generator(self, e: sp.Expr) -> Fraction:
        """One generator."""
        return Fraction(self.context.gen(self.slot[e]), self.one)

    def add(self, a: Fraction, b: Fraction) -> Fraction:
        """The sum."""
        if a.den == b.den:
            return self.reduced(a.num + b.num, a.den)
        return self.reduced(a.num * b.den + b.num * a.den, a.den * b.den)

    def reduced(self, num: Any, den: Any) -> Fraction:
        """Without what both have in common; the denominator's leading coefficient is positive."""
        if len(num) > _MOST_TERMS or len(den) > _MOST_TERMS or den == 0:
            raise TooLong
        if num == 0:
            return Fraction(num, self.one)
        g = num.gcd(den)
        if g != 1:
            num, den = num / g, den / g
        if den.leading_coefficient() < 0:
            num, den = -num, -den
        return Fraction(num, den)

    # ---- fractions to SymPy

    def monomial(self, exponents: tuple[int, ...]) -> sp.Expr:
        """A product of powers of generators."""
        return sp.Mul(*(g**e for g, e in zip(self.generators, exponents, strict=False) if e))

    def show(self, p: Any) -> sp.Expr:
        """A polynomial, multiplied out."""
        return sp.Add(*(sp.Integer(int(c)) * self.monomial(tuple(map(int, m))) for m, c in p.to_dict().items()))

    def product(self, p: Any) -> sp.Expr:
        """A polynomial, factored."""
        constant, factors = p.factor()
        out = sp.Integer(int(constant))
        for f, exponent in factors:
            shown = self.show(f)
            if shown.is_Add and _turns(shown):
                shown, out = -shown, out * (-1) ** int(exponent)
            out *= shown ** int(exponent)
        return out

    def factored(self, f: Fraction) -> sp.Expr:
        """Both parts factored; a minus sign goes into a difference."""
        num, den = self.product(f.num), self.product(f.den)
        lower, den = den.as_coeff_Mul() if den.could_extract_minus_sign() and den.is_Mul else (sp.S.One, den)
        sign, rest = (num / lower).as_coeff_Mul()
        if sign.is_negative:
            parts = list(sp.Mul.make_args(rest))
            k = next((k for k, a in enumerate(parts) if a.is_Add), None)
            if k is not None:
                parts[k] = sp.Add(*(-t for t in parts[k].args))
                return sp.Mul(-sign, *parts) / den
        return num / lower / den

    def grouped(self, f: Fraction) -> Iterator[sp.Expr]:
        """Term by term, each reduced; and with the terms of one denominator taken together."""
        groups: dict[Any, Any] = {}
        for m, c in f.num.to_dict().items():
            term = self.reduced(self.context.from_dict({m: c}), f.den)
            key = str(term.den)
            held = groups.get(key)
            groups[key] = (term.den, term.num if held is None else held[1] + term.num)
        if len(groups) > 1:
            yield sp.Add(*(self.factored(Fraction(num, den)) for den, num in groups.values()))
        yield sp.Add(*(self.show(num) / self.product(den) for den, num in groups.values()))

    def collected(self, f: Fraction, k: int) -> sp.Expr | None:
        """The numerator as a polynomial in one generator, its coefficients factored."""
        powers: dict[int, dict[Any, Any]] = {}
        for m, c in f.num.to_dict().items():
            rest = list(m)
            exponent = int(rest[k])
            rest[k] = 0
            powers.setdefault(exponent, {})[tuple(rest)] = c
        if len(powers) < 2 or all(len(p) == 1 for p in powers.values()):
            return None
        g = self.generators[k]
        terms = [g**e * self.product(self.context.from_dict(p)) for e, p in powers.items()]
        return sp.Add(*terms) / self.product(f.den)


def _turns(e: sp.Add) -> bool:
    """Whether a bracket reads better with its sign turned: ``1 - a`` for ``a - 1``."""
    return bool(e.as_coeff_Add()[0].is_negative) or all(t.could_extract_minus_sign() for t in e.args)


def _generators(e: sp.Expr, found: dict[sp.Expr, None]) -> None:
    if e.is_Rational:
        return
    if isinstance(e, (sp.Add, sp.Mul)):
        for a in e.args:
            _generators(a, found)
        return
    if isinstance(e, sp.Pow):
        base, exponent = _split_power(e)
        if exponent is not None:
            if _is_compound(base):
                _generators(base, found)
            else:
                found[base] = None
            return
    found[e] = None


def _is_compound(base: sp.Expr) -> bool:
    return isinstance(base, (sp.Add, sp.Mul)) or base.is_Rational


def _split_power(e: sp.Pow) -> tuple[sp.Expr, int | None]:
    """``b**n`` as (b, n); ``b**(p/q)`` as (b**(1/q), p); other powers have no whole exponent."""
    if e.exp.is_Integer:
        return e.base, int(e.exp)
    if e.exp.is_Rational and e.exp.p != 1:
        return sp.Pow(e.base, sp.Rational(1, e.exp.q)), int(e.exp.p)
    return e, None
