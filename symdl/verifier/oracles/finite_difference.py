"""Finite differences: the shipped function is only ever called, so this oracle believes nothing.

Forward differences as textbooks print them, central ones, and Ridders' extrapolation of these to step 0 with an
estimate of its own error, which is what judges. The estimate is a heuristic (on random functions it is exceeded
now and then), so a comparison allows several times as much, and a point where it is large says nothing and is
counted as skipped.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symdl.terms.results import Evidence
from symdl.verifier.oracles.gradients import (
    Array,
    Function,
    Point,
    Tally,
    natural,
    prepared,
    relative_error,
    smooth_positions,
    stated,
)

TOLERANCE = 2e-7
"""Largest relative error that passes, besides what the estimate allows."""
UNRELIABLE = 1e-5
"""Estimated relative error from which a point is not used: a kink or a pole is near."""
FLOOR = 1e-6
"""Part of the natural size of a derivative below which differences drown in rounding."""
_SHRINK = 1.6
_ROWS = 8


def forward(function: Function, point: Point, position: int, step: float = 1e-7) -> Array:
    """The quotient ``(f(x + h) - f(x)) / h``: right to about half the digits, and no more.

    Example:
        >>> bool(1e-9 < abs(forward(lambda x: x**3, (2.0,), 0) - 12) < 1e-5)
        True
    """
    base = np.array(point[position], dtype=float)
    here = np.asarray(function(*point), dtype=float)
    found = []
    for k in range(base.size):
        moved = base.copy()
        moved.flat[k] += step
        there = function(*point[:position], _like(moved), *point[position + 1 :])
        found.append((np.asarray(there, dtype=float) - here) / float(moved.flat[k] - base.flat[k]))
    return _stacked(found, here.shape, base.shape)


def _stacked(parts: Sequence[Array], result: tuple[int, ...], argument: tuple[int, ...]) -> Array:
    """The derivatives by one element each, in one array; none for an empty argument."""
    whole = np.stack(parts, -1) if parts else np.zeros((*result, 0))
    return whole.reshape((*result, *argument))


def central(function: Function, point: Point, position: int, step: float = 6e-6) -> Array:
    """Central differences of a function by one argument: axes of the result, then those of the argument.

    Example:
        >>> bool(abs(central(lambda x: x**3, (2.0,), 0) - 12) < 1e-8)
        True
    """
    found = [_slope(function, point, position, k, step)[0] for k in range(np.size(point[position]))]
    return _stacked(found, np.shape(function(*point)), np.shape(point[position]))


def ridders(function: Function, point: Point, position: int, step: float = 4e-3) -> tuple[Array, Array]:
    """Ridders' method: derivative and estimated error, in the layout of `central`.

    Example:
        >>> d, e = ridders(np.exp, (1.0,), 0)
        >>> bool(abs(d - np.e) < 1e-10), bool(e < 1e-9)
        (True, True)
    """
    found = [_ridders(function, point, position, k, step) for k in range(np.size(point[position]))]
    shapes = np.shape(function(*point)), np.shape(point[position])
    return _stacked([d for d, _ in found], *shapes), _stacked([e for _, e in found], *shapes)


def _slope(function: Function, point: Point, position: int, element: int, step: float) -> tuple[Array, Array]:
    """Central difference by one element and its rounding error; steps are relative to large elements."""
    base = np.array(point[position], dtype=float)
    x = float(base.flat[element])
    h = step * max(abs(x), 0.25)
    high, low = base.copy(), base.copy()
    high.flat[element], low.flat[element] = x + h, x - h
    width = float(high.flat[element] - low.flat[element])  # what the step is after rounding
    sides = [
        np.asarray(function(*point[:position], _like(a), *point[position + 1 :]), dtype=float) for a in (high, low)
    ]
    noise = 2.0 * np.finfo(float).eps * np.maximum(np.abs(sides[0]), np.abs(sides[1])) / width
    return np.asarray((sides[0] - sides[1]) / width), np.asarray(noise)


def kink_near(function: Function, point: Point, positions: Sequence[int], step: float = 1e-6) -> bool:
    """Whether the slopes to the two sides differ, along a fixed direction in which every element moves.

    Example:
        >>> kink_near(np.abs, (0.0,), (0,)), kink_near(np.abs, (0.3,), (0,)), kink_near(np.exp, (0.0,), (0,))
        (True, False, False)
    """
    rng = np.random.default_rng(1)
    ahead, behind = list(point), list(point)
    for p in positions:
        move = step * rng.uniform(0.5, 1.0, np.shape(point[p])) * rng.choice([-1.0, 1.0], np.shape(point[p]))
        ahead[p], behind[p] = (_like(np.asarray(point[p] + s * move, dtype=float)) for s in (1.0, -1.0))
    with np.errstate(all="ignore"):
        here, up, down = (np.asarray(function(*p), dtype=float) for p in (point, ahead, behind))
    right, left = (up - here) / step, (here - down) / step
    size = np.abs(right) + np.abs(left) + 1e-3 * np.max(np.abs(here), initial=1.0)
    return bool(np.any(np.abs(right - left) > 1e-3 * size))


def _like(a: Array) -> Array | float:
    return np.float64(a) if a.ndim == 0 else a


def _ridders(function: Function, point: Point, position: int, element: int, step: float) -> tuple[Array, Array]:
    """Neville's table over shrinking steps; for every element of the result the entry with the least error."""
    rows: list[list[Array]] = []
    best, noise = _slope(function, point, position, element, step)
    error = np.full(best.shape, np.inf)
    for k in range(_ROWS):
        slope, noise = _slope(function, point, position, element, step / _SHRINK**k)
        row = [slope]
        for j in range(k):
            factor = _SHRINK ** (2 * j + 2)
            row.append((row[j] * factor - rows[-1][j]) / (factor - 1))
            estimate = np.maximum(np.abs(row[-1] - row[j]), np.abs(row[-1] - rows[-1][j])) + noise
            better = estimate < error
            best, error = np.where(better, row[-1], best), np.where(better, estimate, error)
        rows.append(row)
    return best, error


def check_gradient(
    function: Function, gradient: Function, points: Sequence[Point], wrt: Sequence[int] | None = None
) -> Evidence:
    """Compares a gradient function with finite differences.

    Args:
        function: the value; called with the arguments of a point.
        gradient: called with the same arguments; returns one array per differentiated argument, as a tuple if
            there are several.
        points: arguments, away from kinks. Integers are not differentiated.
        wrt: positions of the arguments that the gradient is taken by; by default all that are floats.

    Returns:
        Evidence with ``passed``, the numbers of points and of skipped points, and the largest relative error; for
        comparison, how far forward and central differences are from Ridders' value.

    Example:
        >>> check_gradient(np.sin, np.cos, [(0.3,), (1.2,)]).facts["passed"]
        True
        >>> check_gradient(np.sin, lambda x: -np.cos(x), [(0.3,)]).facts["passed"]
        False
    """
    tally = Tally("finite differences", TOLERANCE, FLOOR)
    worst = {"forward_error": 0.0, "central_error": 0.0}
    for point in map(prepared, points):
        positions = smooth_positions(point) if wrt is None else tuple(wrt)
        with np.errstate(all="ignore"):
            value = np.asarray(function(*point), dtype=float)
            given = stated(gradient, point, len(positions))
            slopes = [ridders(function, point, p) for p in positions]
        floors = [FLOOR * natural(value, point[p]) for p in positions]
        slack = [_relative(error, truth, floor) for (truth, error), floor in zip(slopes, floors, strict=True)]
        if not np.all(np.isfinite(value)) or not all(s < UNRELIABLE for s in slack):
            tally.skipped += 1
            continue
        tally.points += 1
        for p, g, (truth, _), s, floor in zip(positions, given, slopes, slack, floors, strict=True):
            tally.compare(point, p, g, truth, value, slack=4 * s)
            for name, method in (("forward_error", forward), ("central_error", central)):
                worst[name] = max(worst[name], relative_error(method(function, point, p), truth, floor))
    return tally.evidence(method="Ridders", **{name: float(f"{e:.3g}") for name, e in worst.items()})


def _relative(error: Array, truth: Array, floor: float) -> float:
    largest = relative_error(truth + error, truth, floor)
    return largest if np.isfinite(largest) else np.inf
