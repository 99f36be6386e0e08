r"""Bits of error against Arb: how far a float is from the correctly rounded value.

The measure is Herbie's: the number of floats between what came out and the true value rounded, ``log2(1 + n)``;
64 bits where one of them is nan or infinite and the other is not. Some of it no code can avoid: the argument is
known to half a unit, and a function with condition number ``|x f'(x) / f(x)|`` blows that up. What is *beyond*
that is the fault of the code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from flint import ctx, fmpq

from symdl.errors import NotSupported
from symdl.functions import definition
from symdl.terms.indexed import Axis
from symdl.terms.results import Evidence
from symdl.verifier import arithmetic as ar
from symdl.verifier.instance import Instance
from symdl.verifier.oracles.ball import flatten
from symdl.verifier.program import Builder, Key

PRECISIONS = (128, 512, 2048, 8192)
"""Bits tried one after the other until the value is known far beyond a float."""
WRONG = 64.0
"""Bits of error of a nan or an infinity that should be a float."""
_NORMAL = float(np.finfo(float).tiny)
_NUDGE = 60
"""Condition numbers come of arguments changed by ``2 ** -_NUDGE``, relatively."""


def bits(got: float, want: float) -> float:
    """Bits of error of one float.

    Example:
        >>> bits(1.0, 1.0), bits(1.0 + 2**-52, 1.0), bits(float("nan"), 1.0)
        (0.0, 1.0, 64.0)
    """
    if math.isnan(got) or math.isnan(want):
        return 0.0 if math.isnan(got) and math.isnan(want) else WRONG
    if math.isinf(got) != math.isinf(want):
        return WRONG
    return math.log2(1 + abs(_ordinal(got) - _ordinal(want)))


def _ordinal(x: float) -> int:
    """Position of a float among all floats; both zeros have 0."""
    n = int(np.float64(x).view(np.int64))
    return n if n >= 0 else -(n + 2**63)


class Truth:
    """The value of an index form at given floats, correctly rounded, element by element.

    Args:
        expr: index form; functions of ours are written out in elementary functions.
        axes: axes of the result, with sizes that ``sizes`` gives.
        shapes: argument -> its shape.
        sizes: values of the size symbols.
        fallback: the same function written otherwise, for where the first form overflows all reason. It must have
            been proved equal elsewhere.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> Truth(1 - sp.tanh(x) ** 2, {"x": ()}).at({"x": 20.0})
        [1.6993417021166355e-17]
    """

    def __init__(
        self,
        expr: sp.Expr,
        shapes: Mapping[str, tuple[int, ...]],
        axes: Sequence[Axis] = (),
        sizes: Mapping[str, int] | None = None,
        fallback: sp.Expr | None = None,
    ) -> None:
        self.shapes = dict(shapes)
        forms = [definition(expr)] + ([fallback] if fallback is not None else [])
        self._programs = [self._built(form, axes, sizes or {}) for form in forms]

    def _built(self, expr: sp.Expr, axes: Sequence[Axis], sizes: Mapping[str, int]) -> tuple[Instance, list[int]]:
        instance = Instance(sizes, self.shapes, Builder())
        spans = [range(instance.integer(a.size, {})) for a in axes]
        out = [instance.register(expr, dict(zip(axes, at, strict=True))) for at in product(*spans)]
        return instance, out

    def at(self, point: Mapping[str, Any]) -> list[float | None]:
        """The elements, rounded; ``None`` for one that Arb cannot decide."""
        return [None if v is None else rounded(v) for v in self._exact(point)]

    def condition(self, point: Mapping[str, Any]) -> list[float]:
        """Condition number of every element: sum of ``|x f' / f|`` over all numbers of the point."""
        values = _flat(point)
        here = self._run(values, 0)
        total = [0.0] * len(here)
        nudge = 1 + fmpq(1, 2**_NUDGE)
        for key, x in values.items():
            if x == 0:
                continue
            there = self._run(values | {key: x * nudge}, 0)
            total = [t + _slope(a, b) for t, a, b in zip(total, here, there, strict=True)]
        return total

    def _exact(self, point: Mapping[str, Any]) -> list[Any]:
        values = _flat(point)
        for which in range(len(self._programs)):
            found = self._run(values, which)
            if all(v is not None for v in found):
                return found
        return found

    def _run(self, values: dict[Key, fmpq], which: int) -> list[Any]:
        """Balls that are narrow beyond a float; ``None`` where there is none."""
        instance, registers = self._programs[which]
        found: list[Any] = [None] * len(registers)
        for precision in PRECISIONS:
            with ctx.workprec(precision):
                balls = [ar.ball(r) for r in map(instance.builder.program.run(values).__getitem__, registers)]
                found = [b if v is None and _narrow(b) else v for v, b in zip(found, balls, strict=True)]
            if all(v is not None for v in found):
                break
        return found


def _narrow(ball: Any) -> bool:
    if not ball.is_finite():
        return False
    return bool(ball.rel_accuracy_bits() > 110 or ball.abs_upper() < _TINY or ball == 0)


def _tiny() -> Any:
    from flint import arb

    return arb(2) ** -1300


_TINY = _tiny()


def _slope(a: Any, b: Any) -> float:
    if a is None or b is None or not ar.nonzero(a):
        return 0.0
    with ctx.workprec(256):
        return float(abs((b - a) / a).mid() * 2**_NUDGE)


def _flat(point: Mapping[str, Any]) -> dict[Key, fmpq]:
    values: dict[Key, fmpq] = {}
    for name, value in point.items():
        flatten(name, _fractions(np.asarray(value, dtype=float).tolist()), (), values)
    return values


def _fractions(value: Any) -> Any:
    return [_fractions(v) for v in value] if isinstance(value, list) else Fraction(value)


def rounded(ball: Any) -> float:
    """The nearest float to the middle of a narrow ball, infinity beyond the largest."""
    mantissa, exponent = (int(n) for n in ball.mid().man_exp())
    top = mantissa.bit_length() + exponent
    if mantissa == 0 or top < -1090:
        return 0.0
    if top > 1024:
        return math.copysign(math.inf, mantissa)
    try:
        return float(Fraction(mantissa) * Fraction(2) ** exponent)
    except OverflowError:
        return math.copysign(math.inf, mantissa)


# ---- measuring --------------------------------------------------------------------------------------------


@dataclass
class Record:
    """What was found over all points, in bits.

    ``bad`` holds where nan or inf came out and a float was due; ``flushed`` counts values below the smallest normal
    float that came out as something else down there, 0 most often: they are left out of the bits.
    """

    plain: list[float] = field(default_factory=list)
    beyond: list[float] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    worst_at: str = ""
    undecided: int = 0
    flushed: int = 0

    def add(self, got: float, want: float, condition: float, where: str) -> None:
        """Takes in one element."""
        error = bits(got, want)
        if error > 1 and abs(want) < _NORMAL and abs(got) < _NORMAL:
            self.flushed += 1
            return
        beyond = max(0.0, error - math.log2(max(1.0, condition)))
        if error == WRONG:
            self.bad.append(where)
        if beyond > max(self.beyond, default=0.0):
            self.worst_at = where
        self.plain.append(error)
        self.beyond.append(beyond)

    def evidence(self, kind: str) -> Evidence:
        """Mean and worst bits, plain and beyond the condition number's."""
        facts: dict[str, Any] = {"points": len(self.plain), "undecided": self.undecided, "not_finite": len(self.bad)}
        facts["flushed"] = self.flushed
        for name, found in (("beyond", self.beyond), ("plain", self.plain)):
            facts[f"mean_{name}"] = round(sum(found) / len(found), 3) if found else None
            facts[f"worst_{name}"] = round(max(found), 2) if found else None
        if self.worst_at:
            facts["worst_at"] = self.worst_at
        if self.bad:
            facts["bad_at"] = self.bad[:3]
        return Evidence(f"bits of error, {kind}", facts)


def measure(
    function: Callable[..., Any], truth: Truth, points: Sequence[Mapping[str, Any]], kind: str = "given points"
) -> Evidence:
    """Bits of error of a function over points; its arguments are those of the points, in order.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> naive = lambda x: 1 - np.tanh(x) ** 2
        >>> measure(naive, Truth(1 - sp.tanh(x) ** 2, {"x": ()}), [{"x": 12.0}]).facts["worst_beyond"] > 20
        True
    """
    record = Record()
    for point in points:
        with np.errstate(all="ignore"):
            arguments = (np.float64(v) if np.ndim(v) == 0 else v for v in point.values())
            got = np.ravel(np.asarray(function(*arguments), dtype=float))
        want = truth.at(point)
        if len(want) != got.size:
            raise NotSupported("SD724", f"the result has {got.size} elements, its definition {len(want)}")
        condition: list[float] | None = None
        for k, w in enumerate(want):
            if w is None:
                record.undecided += 1
                continue
            if condition is None and bits(float(got[k]), w) > 0:
                condition = truth.condition(point)
            record.add(float(got[k]), w, condition[k] if condition else 1.0, _shown(point))
    return record.evidence(kind)


def _shown(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{n} = {np.array2string(np.asarray(v), separator=', ')}" for n, v in point.items())


def random_floats(rng: np.random.Generator, count: int) -> Iterator[float]:
    """Floats of random bit patterns: every exponent as likely as any other; no nan and no infinity."""
    while count:
        x = float(np.frombuffer(rng.bytes(8), dtype=np.float64)[0])
        if math.isfinite(x):
            count -= 1
            yield x
