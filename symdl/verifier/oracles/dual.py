"""The dual-number oracle: a gradient against derivatives carried through the function itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symdl.terms.results import Evidence
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
    result = function(*point[:position], Dual.seed(point[position]), *point[position + 1 :])
    shape = np.shape(point[position])
    if not isinstance(result, Dual):  # the function does not depend on this argument
        value = np.asarray(result, dtype=float)
        return value, np.zeros((*value.shape, *shape))
    return result.value, result.slope.reshape((*result.shape, *shape))


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
    tally = Tally("dual numbers", TOLERANCE, floor=1e-8)
    for point in map(prepared, points):
        positions = smooth_positions(point) if wrt is None else tuple(wrt)
        with np.errstate(all="ignore"):
            given = stated(gradient, point, len(positions))
            truths = [jacobian(function, point, p) for p in positions]
        if not all(np.all(np.isfinite(v)) and np.all(np.isfinite(d)) for v, d in truths):
            tally.skipped += 1
            continue
        tally.points += 1
        for p, g, (value, truth) in zip(positions, given, truths, strict=True):
            tally.compare(point, p, g, truth, value)
    return tally.evidence()
