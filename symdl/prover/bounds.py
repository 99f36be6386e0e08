"""Signs from bounds: every bounded generator is written through nonnegative ones, then coefficients are looked at.

From ``x > 0`` and ``x < 1`` comes ``x = t/(1+t)``, from ``a > b`` comes ``a = b + t``. A polynomial whose
coefficients are then all positive is positive. Sturm's theorem decides polynomials in one generator.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from symdl.prover.conditions import conditions
from symdl.prover.domain import ANY, Signs

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel

_TERMS = 400
_ROUNDS = 12
_ORDERS = 3


def signs(k: Kernel, f: Any) -> Signs:
    """Possible signs of a polynomial, by its coefficients after the change of generators."""
    quick = _by_coefficients(k, f)
    if quick != ANY:
        return quick
    if len(f) > _TERMS:
        return ANY
    known = conditions(k, f)
    out = ANY
    for n in range(min(len(known), _ORDERS)):  # which bound is used first may matter
        out &= _Change(k, f, known[n:] + known[:n]).signs()
        if len(out) == 1 or (out != ANY and n):
            break
    return out


def _by_coefficients(k: Kernel, f: Any) -> Signs:
    nonnegative, positive = set(), set()
    for i in k.generators(f):
        s = k.signs.of_key(k.keys[i])
        if s <= {0, 1}:
            nonnegative.add(i)
        if s == {1}:
            positive.add(i)
    return _judged(f, nonnegative, positive)


def _judged(f: Any, nonnegative: set[int], positive: set[int]) -> Signs:
    """Signs from coefficients; a generator that is not known to be nonnegative may only occur in even powers."""
    seen, strict = set(), False
    for mono, c in f.to_dict().items():
        if any(e % 2 and i not in nonnegative for i, e in enumerate(mono)):
            return ANY
        seen.add(1 if c > 0 else -1)
        strict = strict or all(i in positive for i, e in enumerate(mono) if e)
    if len(seen) != 1:
        return ANY
    return frozenset(seen) if strict else frozenset(seen | {0})


@dataclass
class _Change:
    """The change of generators, in a ring of its own: the old generators, then as many new ones."""

    kernel: Kernel
    target: Any
    conditions: list[tuple[Any, bool]]
    closure: bool = False  # whether an end that belongs to the domain is only reached in the limit
    nonnegative: set[int] = field(default_factory=set)
    positive: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        k = self.kernel
        used: set[int] = set(k.generators(self.target))
        for p, _ in self.conditions:
            used |= set(k.generators(p))
        self.old = sorted(used)
        count = len(self.old) + 2 * len(self.conditions)
        self.context = fmpq_mpoly_ctx.get(tuple(f"v{i}" for i in range(count)), Ordering.lex)
        self.next = len(self.old)
        for n, i in enumerate(self.old):
            s = k.signs.of_key(k.keys[i])
            if s <= {0, 1}:
                self.nonnegative.add(n)
            if s == {1}:
                self.positive.add(n)
        self.target = self._moved(self.target)
        self.conditions = [(self._moved(p), strict) for p, strict in self.conditions]

    def _moved(self, p: Any) -> Any:
        size = self.context.nvars()
        terms = {}
        for mono, c in p.to_dict().items():
            new = [0] * size
            for n, i in enumerate(self.old):
                new[n] = mono[i]
            terms[tuple(new)] = c
        return self.context.from_dict(terms)

    def signs(self) -> Signs:
        """Possible signs of the target after the change."""
        for _ in range(_ROUNDS):
            found = self._judged()
            if found != ANY:
                return found | {0} if self.closure else found
            if not any(self._use(n) for n in range(len(self.conditions))):
                return ANY
            if len(self.target) > _TERMS:
                return ANY
        return ANY

    def _judged(self) -> Signs:
        """By coefficients, or by those of the factors."""
        found = _judged(self.target, self.nonnegative, self.positive)
        if found != ANY or self.target.is_constant() or len(self.target) > 40:
            return found
        c, factors = self.target.factor()
        if len(factors) == 1 and factors[0][1] == 1:
            return self._square()
        out: Signs = frozenset({1 if c > 0 else -1})
        for f, e in factors:
            s = _judged(f, self.nonnegative, self.positive)
            s = frozenset(t * t for t in s) if e % 2 == 0 else s
            out = frozenset(t * u for t in out for u in s)
        return out

    def _square(self) -> Signs:
        """``a g^2 + b g + c`` with positive ``a`` and nonnegative ``4ac - b^2``."""
        for i, e in enumerate(self.target.degrees()):
            if e != 2:
                continue
            parts: list[dict[tuple[int, ...], fmpq]] = [{}, {}, {}]
            for mono, c in self.target.to_dict().items():
                parts[mono[i]][tuple(0 if j == i else m for j, m in enumerate(mono))] = c
            c, b, a = map(self.context.from_dict, parts)
            if _judged(a, self.nonnegative, self.positive) != {1}:
                continue
            gap = _judged(4 * a * c - b * b, self.nonnegative, self.positive) if 4 * a * c != b * b else {0}
            if gap <= {0, 1}:
                return frozenset({1}) if gap == {1} else frozenset({0, 1})
        return ANY

    def _use(self, n: int) -> bool:
        """Uses one condition to replace a generator by a new one."""
        p, strict = self.conditions[n]
        linear = [i for i, e in enumerate(p.degrees()) if e == 1]
        return any(way(n, p, strict, i) for way in (self._solve, self._raise, self._cap) for i in linear)

    def _solve(self, n: int, p: Any, strict: bool, i: int) -> bool:
        """``c g + r >= 0`` with ``c`` of known sign, for a free ``g``: ``g = (t - r) / c``."""
        c, r = self._linear(p, i)
        slope = _judged(c, self.nonnegative, self.positive)
        if i in self.nonnegative or slope not in ({1}, {-1}):
            return False
        t = self._new(strict)
        self._replace(n, i, *((t - r, c) if slope == {1} else (r - t, -c)))
        return True

    def _raise(self, n: int, p: Any, strict: bool, i: int) -> bool:
        """``c g - r >= 0`` with ``c > 0`` and ``r >= 0``, for ``g >= 0``: ``g = (t + r) / c``."""
        c, r = self._linear(p, i)
        if i not in self.nonnegative or r == 0:
            return False
        rise, low = _judged(c, self.nonnegative, self.positive), _judged(-r, self.nonnegative, self.positive)
        if rise != {1} or not low <= {0, 1}:
            return False
        self._replace(n, i, self._new(strict) - r, c)
        return True

    def _cap(self, n: int, p: Any, strict: bool, i: int) -> bool:
        """``r - s g >= 0`` with positive ``r`` and ``s``, for ``g >= 0``: ``g = (r / s) * t / (1 + t)``.

        The upper end itself, where it belongs to the domain, is reached in the limit only; this is allowed where it
        is a number, so that by continuity a strict sign becomes a weak one there.
        """
        c, r = self._linear(p, i)
        if i not in self.nonnegative or r == 0 or not (strict or (c.is_constant() and r.is_constant())):
            return False
        if _judged(-c, self.nonnegative, self.positive) != {1} or _judged(r, self.nonnegative, self.positive) != {1}:
            return False
        t = self._new(i in self.positive)
        self.closure = self.closure or not strict
        self._replace(n, i, r * t, -c * (self.context.constant(1) + t))
        return True

    def _linear(self, p: Any, i: int) -> tuple[Any, Any]:
        high, low = {}, {}
        for mono, c in p.to_dict().items():
            if mono[i]:
                high[tuple(0 if j == i else e for j, e in enumerate(mono))] = c
            else:
                low[mono] = c
        return self.context.from_dict(high), self.context.from_dict(low)

    def _new(self, strict: bool) -> Any:
        t = self.next
        self.next += 1
        self.nonnegative.add(t)
        if strict:
            self.positive.add(t)
        return self.context.gen(t)

    def _replace(self, n: int, i: int, num: Any, den: Any) -> None:
        """Puts ``num / den`` for a generator everywhere; positive powers of ``den`` are cleared."""
        del self.conditions[n]
        self.target = self._put(self.target, i, num, den)
        self.conditions = [(self._put(p, i, num, den), strict) for p, strict in self.conditions]

    def _put(self, p: Any, i: int, num: Any, den: Any) -> Any:
        top = p.degrees()[i]
        if top <= 0:
            return p
        parts: dict[int, dict[tuple[int, ...], fmpq]] = {}
        for mono, c in p.to_dict().items():
            low = tuple(0 if j == i else e for j, e in enumerate(mono))
            parts.setdefault(mono[i], {})[low] = c
        total = self.context.constant(0)
        for e, terms in parts.items():
            total += self.context.from_dict(terms) * num**e * den ** (top - e)
        return total
