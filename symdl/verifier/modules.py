"""Does an emitted module compute its program and the derivatives of it? Asked of its functions, at drawn points.

Means that share nothing: the definitions and the derived lines, evaluated in floating point element by element; dual
numbers carried through the module's own ``forward``; differences of ``forward``; and the shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from symdl.errors import NotSupported
from symdl.terms.derivation import Signature
from symdl.terms.program import Assignment, Variable
from symdl.terms.results import Evidence
from symdl.verifier.derivations import Setting
from symdl.verifier.floating import Array, Floating, compute, outcomes, stand_in
from symdl.verifier.oracles.dual_numbers import Dual
from symdl.verifier.oracles.dual_writes import writable

_DRAWS, _AGREE = 8, 2
_ROUNDING = 1e-11
_DUAL = 1e-9
_DIFFERENCE = 1e-6
_STEP = 1e-4
Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Emitted:
    """A module to be judged.

    Attributes:
        functions: its functions: ``forward`` and that of the derivative, under their names.
        derivative: name of the latter.
        signature: how they are called.
        lines: the derived lines.
        seeds: upstream gradients, or directions.
        fits: size that no input tells -> what it is.
        gradient: whether the derivative is a gradient, which dual numbers can tell.
        count: size that counts the examples, where a gradient with that axis is of each example's own loss.
    """

    functions: Functions
    derivative: str
    together: str
    signature: Signature
    lines: Sequence[Assignment]
    seeds: Sequence[Variable]
    fits: Mapping[str, sp.Expr]
    gradient: bool = True
    count: sp.Expr | None = None


@dataclass
class _Tally:
    points: int = 0
    worst: dict[str, float] = field(default_factory=lambda: {"lines": 0.0, "dual numbers": 0.0, "differences": 0.0})
    faults: list[str] = field(default_factory=list)
    refused: str = ""

    def see(self, oracle: str, name: str, error: float, limit: float) -> None:
        if not error <= limit:
            self.faults.append(f"{oracle}: {name} is off by {error:.1e}")
        self.worst[oracle] = max(self.worst[oracle], error)


def judge_module(setting: Setting, emitted: Emitted) -> list[Evidence]:
    """Runs a module at points at which its program has values.

    Returns:
        One evidence for each means, with ``passed``; what failed is under ``faults``.
    """
    sizes = setting.sizes()
    for name, count in emitted.fits.items():
        sizes[name] = Floating(sizes, {}).size(count)
    tally = _Tally()
    for seed in range(_DRAWS):
        point = setting.draw(seed, sizes, list(emitted.seeds))
        with np.errstate(all="ignore"):
            truth = _truth(setting, emitted, point)
            if truth is None:
                continue
            tally.points += 1
            try:
                _judge(setting, emitted, point, truth, tally, seed)
            except Exception as error:
                tally.faults.append(f"it stops with {type(error).__name__}: {error}")
        if tally.points == _AGREE or tally.faults:
            break
    return _evidence(tally, emitted)


def _evidence(tally: _Tally, emitted: Emitted) -> list[Evidence]:
    passed = tally.points >= _AGREE and not tally.faults
    out = []
    for oracle, worst in tally.worst.items():
        if oracle != "lines" and not emitted.gradient:
            continue
        facts: dict[str, Any] = {"passed": passed, "points": tally.points, "max_error": f"{worst:.1e}"}
        if oracle == "dual numbers" and tally.refused:
            facts = {"passed": passed, "points": 0, "not followed": tally.refused}
        if tally.faults:
            facts["faults"] = tally.faults[:3]
        out.append(Evidence(oracle, facts))
    return out


def _truth(setting: Setting, emitted: Emitted, point: Floating) -> Mapping[str, Array] | None:
    """Definitions and derived lines in floating point; nothing where they have no finite values."""
    f = Floating(point.sizes, point.arrays, point.zero_outside, point.initial)
    compute(setting.program.assignments, setting.program.recurrent, f, {})
    compute(emitted.lines, setting.open_ended, f, {})
    wanted = [*emitted.signature.outputs, *(n for n, _ in emitted.signature.results)]
    return f.arrays if all(np.all(np.isfinite(f.arrays[n])) for n in wanted) else None


def _judge(
    setting: Setting, emitted: Emitted, point: Floating, truth: Mapping[str, Array], tally: _Tally, seed: int
) -> None:
    s = emitted.signature
    given = [_argument(n, emitted, point) for n in s.arguments]
    seeds = [point.arrays[n] for n in s.seeds]
    front, back = ([_open(n) for n in names] for names in (s.open_forward, s.open_backward))
    *outputs, cache = emitted.functions["forward"](*given, *front)
    results = emitted.functions[emitted.derivative](*seeds, cache, *back)
    results = results if isinstance(results, tuple) else (results,)
    every = [_open(n) for n in dict.fromkeys((*s.open_forward, *s.open_backward))]
    *again, both = emitted.functions[emitted.together](*given, *seeds, *every)
    both = both if isinstance(both, tuple) else (both,)
    names = [*s.outputs, *(n for n, _ in s.results)]
    for name, value in zip((*names, *names), (*outputs, *results, *again, *both), strict=True):
        tally.see("lines", name, _error(np.asarray(value), np.asarray(truth[name])), _ROUNDING)
    if not emitted.gradient:
        return
    rng = np.random.default_rng(seed + 500)
    for (_, by), gradient in zip(s.results, results, strict=True):
        if by not in s.arguments:
            continue
        if emitted.count is not None and emitted.count in setting.program.inputs[by].shape:
            gradient = gradient / point.size(emitted.count)
        direction = np.asarray(rng.normal(size=np.shape(gradient)))
        mine = float(np.sum(gradient * direction))
        scale = max(float(np.linalg.norm(gradient) * np.linalg.norm(direction)), 1e-3)
        _by_duals(emitted, given, front, seeds, by, direction, mine, scale, tally)
        slope = _slope(lambda h, by=by, d=direction: _objective(emitted, given, front, seeds, by, h * d))  # type: ignore[misc]
        tally.see("differences", f"the gradient by {by}", abs(mine - slope) / max(scale, abs(slope)), _DIFFERENCE)


def _argument(name: str, emitted: Emitted, point: Floating) -> Any:
    if name in point.sizes:
        return point.sizes[name]
    for x, p in emitted.signature.samples:
        if x == name:
            return outcomes(x, p)
    value = np.asarray(point.arrays[name])
    return value if value.ndim else value.item()


def _open(name: str) -> Callable[..., Any]:
    """What stands for a function left open, or for a derivative of it."""
    base = name
    while base.endswith("_prime"):
        base = base.removesuffix("_prime")
    order = (len(name) - len(base)) // len("_prime")
    return partial(_carried, base, order)


def _carried(name: str, order: int, *args: Any) -> Any:
    """The stand-in of a function, on dual numbers too, through its own next derivative."""
    if not any(isinstance(a, Dual) for a in args):
        return stand_in(name, order, *args)
    (a,) = args
    rise = stand_in(name, order + 1, a.value)
    return Dual(stand_in(name, order, a.value), rise[..., None] * a.slope)


def _error(mine: Array, truth: Array) -> float:
    if mine.shape != truth.shape:
        return float("inf")
    scale = max(float(np.max(np.abs(truth), initial=0.0)), 1e-6)
    error = float(np.max(np.abs(mine - truth), initial=0.0)) / scale
    return error if np.isfinite(error) else float("inf")


def _moved(emitted: Emitted, given: Sequence[Any], by: str, shift: Any) -> list[Any]:
    names = emitted.signature.arguments
    return [a + shift if n == by else a for n, a in zip(names, given, strict=True)]


def _objective(
    emitted: Emitted, given: Sequence[Any], front: Sequence[Any], seeds: Sequence[Any], by: str, shift: Any
) -> float:
    *outputs, _ = emitted.functions["forward"](*_moved(emitted, given, by, shift), *front)
    return float(np.sum(_total(outputs, seeds)))


def _total(outputs: Sequence[Any], seeds: Sequence[Any]) -> Any:
    weights = seeds or [1.0] * len(outputs)
    total: Any = 0.0
    for value, weight in zip(outputs, weights, strict=True):
        total = total + np.sum(value * weight)
    return total


def _slope(f: Callable[[float], float]) -> float:
    wide = (f(2 * _STEP) - f(-2 * _STEP)) / (4 * _STEP)
    narrow = (f(_STEP) - f(-_STEP)) / (2 * _STEP)
    return (4 * narrow - wide) / 3


def _by_duals(
    emitted: Emitted,
    given: Sequence[Any],
    front: Sequence[Any],
    seeds: Sequence[Any],
    by: str,
    direction: Array,
    mine: float,
    scale: float,
    tally: _Tally,
) -> None:
    """The slope along a direction, carried through the module's own code."""
    carried = []
    for name, a in zip(emitted.signature.arguments, given, strict=True):
        value = np.asarray(a)
        if not np.issubdtype(value.dtype, np.floating):
            carried.append(a)
            continue
        slope = direction if name == by else np.zeros(value.shape)
        carried.append(Dual(value, np.asarray(slope)[..., None]))
    try:
        with writable():
            *outputs, _ = emitted.functions["forward"](*carried, *front)
            total = _total(outputs, seeds)
    except NotSupported as error:
        tally.refused = error.diagnostic.cause
        return
    carried_slope: float = float(total.slope[0]) if isinstance(total, Dual) else 0.0
    tally.see(
        "dual numbers", f"the gradient by {by}", abs(mine - carried_slope) / max(scale, abs(carried_slope)), _DUAL
    )
