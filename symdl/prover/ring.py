"""Fractions of polynomials over generators, with the relations generators obey: the zero test of the prover.

A generator stands for a real function named by its key. A fraction ``(n, d)`` represents a value at a point if
``d`` is not zero there and the value is ``n / d``; every operation keeps this, so that at each point where the
original expression is defined, equal normal forms mean equal values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from symdl.prover.signals import Clock, Hints, Restart, Undefined, Unsupported
from symdl.prover.structure import Key, Structure, polynomial

_TERMS = 3000  # largest polynomial
_WORK = 60_000  # largest product of numbers of terms
_FACTORED = 300  # largest polynomial that is factored


class Frac(NamedTuple):
    """A numerator and a denominator."""

    num: Any
    den: Any


class Ring:
    """Generators on demand, arithmetic of fractions, and reduction by relations.

    Args:
        hints: size of the ring.
        clock: ends the work.
    """

    def __init__(self, hints: Hints, clock: Clock) -> None:
        self.hints = hints
        self.clock = clock
        self.context = fmpq_mpoly_ctx.get(tuple(f"g{i}" for i in range(hints.size)), Ordering.lex)
        self.keys: list[Key] = []
        self.slots: dict[Key, int] = {}
        self.powers: dict[int, tuple[int, Frac]] = {}  # g ** k equals a fraction
        self.idempotent: set[int] = set()  # g * g equals g
        self.exclusive: list[tuple[int, int]] = []  # the product of the two is zero
        self.unit = self.context.constant(1)
        self.one = Frac(self.unit, self.unit)
        self.zero = Frac(self.context.constant(0), self.unit)

    # ---- generators

    def slot(self, key: Key) -> int:
        """Number of the generator with this key, made if it is new."""
        found = self.slots.get(key)
        if found is None:
            if len(self.keys) >= self.hints.size:
                self.hints.grow()
                raise Restart
            found = self.slots[key] = len(self.keys)
            self.keys.append(key)
        return found

    def generator(self, key: Key) -> Frac:
        """The generator itself, as a fraction."""
        return Frac(self.context.gen(self.slot(key)), self.unit)

    def relate(self, key: Key, exponent: int, value: Frac) -> None:
        """States that a power of a generator equals a fraction of older generators."""
        self.powers[self.slot(key)] = (exponent, value)

    # ---- arithmetic

    def number(self, p: int, q: int = 1) -> Frac:
        """A rational constant."""
        return Frac(self.context.constant(fmpq(p, q)), self.unit)

    def constant(self, a: Frac) -> fmpq | None:
        """The rational number a fraction is, if it is one."""
        if not (a.num.is_constant() and a.den.is_constant()):
            return None
        return _constant(a.num) / _constant(a.den)

    def add(self, a: Frac, b: Frac) -> Frac:
        """The sum."""
        if a.den == b.den:
            return self.normal(a.num + b.num, a.den)
        g = a.den.gcd(b.den)
        u, v = a.den / g, b.den / g
        self._fits(len(a.num) * len(v) + len(b.num) * len(u) + len(a.den) * len(v))
        return self.normal(a.num * v + b.num * u, a.den * v)

    def sum(self, items: Sequence[Frac]) -> Frac:
        """The sum of many."""
        total = self.zero
        for a in items:
            total = self.add(total, a)
        return total

    def negative(self, a: Frac) -> Frac:
        """The negative."""
        return Frac(-a.num, a.den)

    def subtract(self, a: Frac, b: Frac) -> Frac:
        """The difference."""
        return self.add(a, self.negative(b))

    def multiply(self, a: Frac, b: Frac) -> Frac:
        """The product."""
        self._fits(len(a.num) * len(b.num) + len(a.den) * len(b.den))
        return self.normal(a.num * b.num, a.den * b.den)

    def product(self, items: Sequence[Frac]) -> Frac:
        """The product of many."""
        total = self.one
        for a in items:
            total = self.multiply(total, a)
        return total

    def invert(self, a: Frac) -> Frac:
        """The reciprocal of a value that is not zero where the expression is defined."""
        if a.num == 0:
            raise Undefined("division by zero")
        return self.normal(a.den, a.num)

    def power(self, a: Frac, n: int) -> Frac:
        """An integer power."""
        if n < 0:
            a, n = self.invert(a), -n
        if n > 1 and len(a.num) * len(a.den) > 1:
            self._fits((len(a.num) + len(a.den)) ** min(n, 20) if n <= 40 else 10**9)
        if n > 100_000:
            raise Unsupported("too-large", "an exponent is too large")
        return self.normal(a.num**n, a.den**n)

    def scaled(self, a: Frac, c: fmpq) -> Frac:
        """A rational multiple."""
        return Frac(a.num * c, a.den) if c != 0 else self.zero

    def _fits(self, work: int) -> None:
        if work > _WORK:
            raise Unsupported("too-large", "an intermediate polynomial has too many terms")

    # ---- normal form

    def normal(self, num: Any, den: Any) -> Frac:
        """Reduces by the relations and cancels common factors."""
        self.clock.check()
        if len(num) > _TERMS or len(den) > _TERMS:
            raise Unsupported("too-large", "an intermediate polynomial has too many terms")
        num, den = self._reduced(num, den)
        if den == 0:
            raise Undefined("division by zero")
        if num == 0:
            return self.zero
        if den.is_constant():
            return Frac(num / _constant(den), self.unit)
        g = num.gcd(den)
        if not g.is_constant():
            num, den = num / g, den / g
        lead = den.leading_coefficient()
        return Frac(num / lead, den / lead)

    def _reduced(self, num: Any, den: Any) -> tuple[Any, Any]:
        for _ in range(20):
            before = num, den
            for i in sorted(self.powers, reverse=True):
                if num.degrees()[i] >= self.powers[i][0] or den.degrees()[i] >= self.powers[i][0]:
                    n, s = self._lowered(num, i)
                    d, t = self._lowered(den, i)
                    num, den = n * t, d * s
            if self.idempotent or self.exclusive:
                num, den = self._logical(num), self._logical(den)
            if before[0] == num and before[1] == den:
                return num, den
        raise Unsupported("too-large", "relations do not come to rest")

    def _lowered(self, p: Any, i: int) -> tuple[Any, Any]:
        """Replaces ``g_i ** (k*j + r)`` by ``base**j * g_i**r``; a polynomial, and what it must be divided by."""
        k, base = self.powers[i]
        parts: dict[int, dict[tuple[int, ...], fmpq]] = {}
        for mono, c in p.to_dict().items():
            j = mono[i] // k
            low = list(mono)
            low[i] -= j * k
            parts.setdefault(j, {})[tuple(low)] = c
        top = max(parts, default=0)
        if top == 0:
            return p, self.unit
        if top > 60:
            raise Unsupported("too-large", "an exponent is too large")
        total = self.context.constant(0)
        for j, terms in parts.items():
            self._fits(len(terms) * len(base.num) ** min(j, 12) * len(base.den) ** min(top - j, 12))
            total += self.context.from_dict(terms) * base.num**j * base.den ** (top - j)
        return total, base.den**top

    def _logical(self, p: Any) -> Any:
        """Caps exponents of idempotent generators and drops products of exclusive ones."""
        terms: dict[tuple[int, ...], fmpq] = {}
        for mono, c in p.to_dict().items():
            if any(mono[i] and mono[j] for i, j in self.exclusive):
                continue
            low = tuple(min(e, 1) if i in self.idempotent else e for i, e in enumerate(mono))
            terms[low] = terms.get(low, fmpq(0)) + c
        return self.context.from_dict({m: c for m, c in terms.items() if c != 0})

    # ---- taking apart

    def factored(self, p: Any) -> tuple[fmpq, list[tuple[Any, int]]]:
        """Rational content and irreducible factors with positive leading coefficient."""
        if p.is_constant():
            return _constant(p), []
        if len(p) > _FACTORED:
            raise Unsupported("too-large", "a polynomial has too many terms to be factored")
        if len(p) == 1:
            ((mono, c),) = p.to_dict().items()
            return c, [(self.context.gen(i), e) for i, e in enumerate(mono) if e]
        content, found = p.factor()
        out = []
        for f, e in found:
            lead = f.leading_coefficient()
            content *= lead**e
            out.append((f / lead, int(e)))
        return content, out

    def factors(self, a: Frac) -> tuple[fmpq, list[tuple[Any, int]]]:
        """Content and factors of a fraction; those of the denominator have negative exponents."""
        c, top = self.factored(a.num)
        d, bottom = self.factored(a.den)
        return c / d, top + [(f, -e) for f, e in bottom]

    def generators(self, p: Any) -> list[int]:
        """Numbers of the generators that occur."""
        return [i for i, e in enumerate(p.degrees()) if e > 0]  # those of the zero polynomial are -1

    def structure(self, a: Frac) -> Structure:
        """The fraction as nested tuples."""
        return ("Q", self.poly_structure(a.num), self.poly_structure(a.den))

    def poly_structure(self, p: Any) -> Structure:
        """The polynomial as nested tuples."""
        return polynomial(
            (str(c), [(self.keys[i], int(e)) for i, e in enumerate(mono) if e]) for mono, c in p.to_dict().items()
        )


def _constant(p: Any) -> fmpq:
    return p.leading_coefficient() if p != 0 else fmpq(0)
