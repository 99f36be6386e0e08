"""Exact rational points from declared domains, seeded: readable ones first, then kinks, edges, tiny and huge."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import sympy as sp
from flint import fmpq

from symdl.terms.indexed import Access
from symdl.verifier.program import Key

MODES = ("small", "small", "medium", "small", "ties", "medium", "edge", "tiny", "huge", "mixed")
"""How the points of a round are drawn, in this order, over and over."""

_READABLE = tuple(fmpq(p, q) for p, q in ((1, 1), (2, 1), (1, 2), (3, 1), (3, 2), (1, 3), (4, 1), (3, 4), (5, 2)))
_TINY = (fmpq(1, 1000), fmpq(1, 10**6), fmpq(1, 10**9), fmpq(1, 2**20), fmpq(1, 10**30))
_HUGE = (fmpq(20), fmpq(50), fmpq(100), fmpq(1000), fmpq(10**6))
_PARTS = tuple(fmpq(p, q) for p, q in ((1, 2), (1, 3), (1, 4), (3, 4), (2, 3), (1, 5), (9, 10), (1, 10)))
_ZERO = fmpq(0)
SIMPLEST = tuple(fmpq(p, q) for p, q in ((0, 1), (1, 1), (-1, 1), (2, 1), (1, 2), (-2, 1), (3, 1), (-1, 2), (1, 4)))
"""Values a witness is shrunk to, simplest first."""


@dataclass(frozen=True)
class Domain:
    """The set of numbers an element of a name may take: an interval, perhaps of integers, perhaps structured.

    Attributes:
        low: lower end, ``None`` if there is none.
        high: upper end.
        low_open: whether the lower end is left out.
        high_open: whether the upper end is left out.
        integer: integers only.
        nonzero: zero is left out.
        structure: ``probability`` (rows along the last axis sum to 1), ``diagonal`` (zero off the diagonal) or empty.

    Example:
        >>> Domain.of_kind("unit").contains(fmpq(1, 2)), Domain.of_kind("unit").contains(fmpq(1))
        (True, False)
    """

    low: fmpq | None = None
    high: fmpq | None = None
    low_open: bool = False
    high_open: bool = False
    integer: bool = False
    nonzero: bool = False
    structure: str = ""

    @classmethod
    def of_kind(cls, kind: str) -> Domain:
        """The domain of a kind of `symdl.terms.formula.Role`; an unknown kind is real."""
        return _KINDS.get(kind, Domain())

    @classmethod
    def of_symbol(cls, symbol: sp.Symbol) -> Domain:
        """What the assumptions of a SymPy symbol say."""
        out = cls(integer=symbol.is_integer is True, nonzero=symbol.is_nonzero is True)
        if symbol.is_nonnegative:
            out = replace(out, low=_ZERO, low_open=symbol.is_positive is True)
        if symbol.is_nonpositive:
            out = replace(out, high=_ZERO, high_open=symbol.is_negative is True)
        return out

    def meet(self, other: Domain) -> Domain:
        """The intersection."""
        low, low_open = _tighter(self.low, self.low_open, other.low, other.low_open, 1)
        high, high_open = _tighter(self.high, self.high_open, other.high, other.high_open, -1)
        integer, nonzero = self.integer or other.integer, self.nonzero or other.nonzero
        return Domain(low, high, low_open, high_open, integer, nonzero, self.structure or other.structure)

    def contains(self, value: fmpq) -> bool:
        """Whether a number belongs to the domain."""
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        if self.high is not None and (value > self.high or (self.high_open and value == self.high)):
            return False
        return not (self.integer and value.q != 1) and not (self.nonzero and value == 0)

    @property
    def empty(self) -> bool:
        """Whether no number belongs to it."""
        if self.low is None or self.high is None:
            return False
        if self.integer:
            return not any(self.contains(fmpq(k)) for k in range(int(self.low.floor()), int(self.low.floor()) + 4))
        return self.low > self.high or (self.low == self.high and not self.contains(self.low))

    def draw(self, rng: random.Random, mode: str) -> fmpq:
        """Draws a number in one of the `MODES`."""
        for _ in range(20):
            value = self._whole(rng, mode) if self.integer else self._drawn(rng, mode)
            if self.contains(value):
                return value
        return next((v for v in SIMPLEST if self.contains(v)), self.low or self.high or fmpq(1))

    def _drawn(self, rng: random.Random, mode: str) -> fmpq:
        if mode == "mixed":
            mode = rng.choice(("small", "medium", "edge", "tiny", "huge"))
        if self.low is not None and self.high is not None:
            return self.low + (self.high - self.low) * _part(rng, mode)
        step = _ZERO if mode == "edge" or (mode == "small" and rng.random() < 0.12) else _positive(rng, mode)
        if mode == "edge" and rng.random() < 0.5:
            step = rng.choice(_TINY)
        if self.low is not None:
            return self.low + step
        if self.high is not None:
            return self.high - step
        return step if rng.random() < 0.5 else -step

    def _whole(self, rng: random.Random, mode: str) -> fmpq:
        reach = {"small": 4, "tiny": 1, "edge": 1, "medium": 9, "huge": 60}.get(mode, 12)
        if self.low is not None:
            top = reach if self.high is None else min(reach, int((self.high - self.low).floor()))
            return fmpq(self.low.ceil()) + rng.randint(0, max(top, 0))
        if self.high is not None:
            return fmpq(self.high.floor()) - rng.randint(0, reach)
        return fmpq(rng.randint(-reach, reach))


_KINDS = {
    "positive": Domain(_ZERO, None, True),
    "nonnegative": Domain(_ZERO),
    "unit": Domain(_ZERO, fmpq(1), True, True),
    "size": Domain(fmpq(1), integer=True),
    "integer": Domain(integer=True),
    "index": Domain(_ZERO, integer=True),
    "binary": Domain(_ZERO, fmpq(1), integer=True),
    "diagonal": Domain(_ZERO, None, True, structure="diagonal"),
    "probability": Domain(_ZERO, fmpq(1), True, structure="probability"),
}


def _tighter(a: fmpq | None, a_open: bool, b: fmpq | None, b_open: bool, way: int) -> tuple[fmpq | None, bool]:
    """The inner one of two ends; ``way`` is 1 for lower ends, -1 for upper ends."""
    if a is None or b is None:
        return (b, b_open) if a is None else (a, a_open)
    if a == b:
        return a, a_open or b_open
    return (a, a_open) if (a > b) == (way > 0) else (b, b_open)


def _positive(rng: random.Random, mode: str) -> fmpq:
    if mode == "tiny":
        return rng.choice(_TINY)
    if mode == "huge":
        return rng.choice(_HUGE)
    return fmpq(rng.randint(1, 160), 16) if mode == "medium" else rng.choice(_READABLE)


def _part(rng: random.Random, mode: str) -> fmpq:
    """A fraction of an interval, its ends included when edges are wanted."""
    if mode == "small":
        return rng.choice(_PARTS)
    if mode == "medium":
        return fmpq(rng.randint(1, 63), 64)
    step = rng.choice((_ZERO, *_TINY)) if mode == "edge" else rng.choice(_TINY)
    return step if rng.random() < 0.5 else 1 - step


@dataclass(frozen=True)
class Array:
    """A name with its shape, ``()`` for a scalar, and the domain of its elements."""

    shape: tuple[int, ...]
    domain: Domain

    def positions(self) -> Iterator[tuple[int, ...]]:
        """Every position, row by row."""
        return product(*map(range, self.shape))

    def draw(self, rng: random.Random, mode: str, pool: Sequence[fmpq] = ()) -> dict[tuple[int, ...], fmpq]:
        """Draws all elements; from ``pool``, where it fits, so that ties occur."""
        structure = self.domain.structure if self.shape else ""
        plain = "medium" if mode == "mixed" else mode
        usable = [v for v in pool if self.domain.contains(v)]
        out = {at: rng.choice(usable) if usable else self.domain.draw(rng, mode) for at in self.positions()}
        if structure == "probability":
            return _normalised({at: _positive(rng, plain) for at in out} if not usable else dict.fromkeys(out, fmpq(1)))
        if structure == "diagonal" and len(self.shape) == 2:
            return {at: v if at[0] == at[1] else _ZERO for at, v in out.items()}
        return out

    def holds(self, values: Mapping[tuple[int, ...], fmpq]) -> bool:
        """Whether the values are the elements of such an array."""
        if set(values) != set(self.positions()):
            return False
        structure = self.domain.structure if self.shape else ""
        if structure == "probability" and any(total != 1 for total in _row_sums(values).values()):
            return False
        if structure == "diagonal" and len(self.shape) == 2:
            if any(v != 0 for at, v in values.items() if at[0] != at[1]):
                return False
            values = {at: v for at, v in values.items() if at[0] == at[1]}
        return all(map(self.domain.contains, values.values()))


def _row_sums(values: Mapping[tuple[int, ...], fmpq]) -> dict[tuple[int, ...], fmpq]:
    totals: dict[tuple[int, ...], fmpq] = {}
    for at, v in values.items():
        totals[at[:-1]] = totals.get(at[:-1], _ZERO) + v
    return totals


def _normalised(values: dict[tuple[int, ...], fmpq]) -> dict[tuple[int, ...], fmpq]:
    totals = _row_sums(values)
    return {at: v / totals[at[:-1]] for at, v in values.items()}


def draw_point(arrays: Mapping[str, Array], rng: random.Random, mode: str) -> dict[Key, fmpq]:
    """Draws a value for every element of every array."""
    pool = [rng.choice(_READABLE) * rng.choice((1, -1)), rng.choice((*_READABLE, _ZERO))] if mode == "ties" else []
    return {(name, at): v for name in sorted(arrays) for at, v in arrays[name].draw(rng, mode, pool).items()}


def declared_bounds(conditions: Iterable[sp.Basic]) -> dict[str, Domain]:
    """Intervals that conditions between one name and a number declare; other conditions are judged at the point.

    Example:
        >>> a = sp.Symbol("a", real=True)
        >>> declared_bounds([a < 1])["a"].high
        1
    """
    out: dict[str, Domain] = {}
    for c in conditions:
        for part in c.args if isinstance(c, sp.And) else (c,):
            name, domain = _bound(part)
            if name:
                out[name] = out.get(name, Domain()).meet(domain)
    return out


def _bound(c: sp.Basic) -> tuple[str, Domain]:
    if not isinstance(c, sp.StrictLessThan | sp.LessThan | sp.StrictGreaterThan | sp.GreaterThan):
        return "", Domain()
    small, large, is_open = c.lts, c.gts, isinstance(c, sp.StrictLessThan | sp.StrictGreaterThan)
    if isinstance(large, sp.Rational) and isinstance(small, sp.Symbol | Access):
        return _name(small), Domain(high=fmpq(int(large.p), int(large.q)), high_open=is_open)
    if isinstance(small, sp.Rational) and isinstance(large, sp.Symbol | Access):
        return _name(large), Domain(low=fmpq(int(small.p), int(small.q)), low_open=is_open)
    return "", Domain()


def _name(e: sp.Basic) -> str:
    """The name a bound on ``e`` speaks of; one element at a fixed place does not bound the whole array."""
    if isinstance(e, Access):
        return e.tensor.name if all(i.is_Symbol for i in e.indices) else ""
    return str(e.name)
