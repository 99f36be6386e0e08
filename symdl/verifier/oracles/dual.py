"""The dual-number oracle: a gradient against derivatives carried through the function itself.

Dual numbers over dual numbers give second derivatives: the Hessian of the shipped function, with no step width
and nothing to choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symdl.terms.results import Evidence

# imported for what it registers: without it dual numbers know elementwise functions only
from symdl.verifier.oracles import dual_arrays as dual_arrays
from symdl.verifier.oracles.dual_numbers import Dual
from symdl.verifier.oracles.gradients import Array, Function, Point, Tally, prepared, smooth_positions, stated

TOLERANCE = 1e-7
"""Largest relative error that passes; right gradients stay below 1e-12 where nothing cancels."""


def jacobian(function: Function, point: Point, position: int) -> tuple[Array, Array]:
    """Value and derivative by one argument: axes of the result, then those of the argument.

    Example:
        >>> jacobian(lambda x: np.sum(x**2), (np.array([1.0, 3.0]),), 0)[1].tolist()
        [2.0, 6.0]
    """
    value, slope = _jacobian(function, point, position)
    return value, slope


def _jacobian(function: Function, point: Point, position: int) -> tuple[Any, Any]:
    result = function(*point[:position], Dual.seed(point[position]), *point[position + 1 :])
    shape = np.shape(point[position])
    if not isinstance(result, Dual):  # the function does not depend on this argument
        value = np.asarray(result, dtype=float)
        return value, np.zeros((*value.shape, *shape))
    return result.value, result.slope.reshape((*result.shape, *shape))


def hessian(function: Function, point: Point, position: int = 0) -> Array:
    r"""Second derivatives by one argument: axes of the result, then twice those of the argument.

    Example:
        >>> hessian(lambda x: x[0] ** 2 * x[1], (np.array([3.0, 5.0]),)).tolist()
        [[10.0, 6.0], [6.0, 0.0]]
    """
    shape = np.shape(point[position])
    inner = Dual.seed(point[position])
    slope = _jacobian(function, (*point[:position], inner, *point[position + 1 :]), position)[1]
    if not isinstance(slope, Dual):  # the first derivative is constant
        return np.zeros((*slope.shape, *shape))
    second: Array = slope.slope.reshape((*slope.shape, *shape))
    return second


def check_gradient(
    function: Function, gradient: Function, points: Sequence[Point], wrt: Sequence[int] | None = None
) -> Evidence:
    """Compares a gradient function with the derivative that dual numbers carry through the function.

    Args:
        function: the value; it runs unchanged, on dual numbers.
        gradient: called with the same arguments; returns one array per differentiated argument, as a tuple if
            there are several.
        points: arguments, away from kinks. Integers are not differentiated.
        wrt: positions of the arguments that the gradient is taken by; by default all that are floats.

    Raises:
        NotSupported: SD721, if the function does something that dual numbers do not follow.

    Example:
        >>> check_gradient(np.tanh, lambda x: 1 - np.tanh(x) ** 2, [(0.3,), (-1.2,)]).facts["passed"]
        True
        >>> check_gradient(np.tanh, lambda x: 1.0001 - np.tanh(x) ** 2, [(0.3,)]).facts["passed"]
        False
    """
    return compared("dual numbers", jacobian, function, gradient, points, wrt)


def check_hessian(function: Function, second: Function, points: Sequence[Point], position: int = 0) -> Evidence:
    """Compares stated second derivatives by one argument with those of dual numbers over dual numbers.

    Example:
        >>> check_hessian(np.sin, lambda x: -np.sin(x), [(0.3,), (-1.2,)]).facts["passed"]
        True
        >>> check_hessian(np.sin, np.sin, [(0.3,)]).facts["passed"]
        False
    """

    def slopes(function: Function, point: Point, position: int) -> tuple[Array, Array]:
        return jacobian(function, point, position)[0], hessian(function, point, position)

    return compared("dual numbers, second order", slopes, function, second, points, (position,))


def compared(
    oracle: str,
    derive: Function,
    function: Function,
    gradient: Function,
    points: Sequence[Point],
    wrt: Sequence[int] | None,
) -> Evidence:
    """Compares a stated derivative with an exact one; ``derive`` gives value and derivative by one argument."""
    tally = Tally(oracle, TOLERANCE, floor=1e-8)
    for point in map(prepared, points):
        positions = smooth_positions(point) if wrt is None else tuple(wrt)
        with np.errstate(all="ignore"):
            given = stated(gradient, point, len(positions))
            truths = [derive(function, point, p) for p in positions]
        if not all(np.all(np.isfinite(v)) and np.all(np.isfinite(d)) for v, d in truths):
            tally.skipped += 1
            continue
        tally.points += 1
        for p, g, (value, truth) in zip(positions, given, truths, strict=True):
            tally.compare(point, p, g, truth, value)
    return tally.evidence()
