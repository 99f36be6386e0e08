"""The reverse-mode oracle: the function runs once on recorded arrays, then the derivatives are carried backwards.

Dual numbers push derivatives along with the values; the tape pulls them back by transposed rules. The two share
the derivatives of NumPy's elementwise functions and nothing else, so that a slip in a rule for sums, products or
gathering shows as a disagreement.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symdl.terms.results import Evidence

# imported for what it registers: without it the tape knows elementwise functions only
from symdl.verifier.oracles import tape_rules as tape_rules
from symdl.verifier.oracles.dual import compared
from symdl.verifier.oracles.gradients import Array, Function, Point
from symdl.verifier.oracles.tape_arrays import Recorded, pullback


def jacobian(function: Function, point: Point, position: int) -> tuple[Array, Array]:
    """Value and derivative by one argument: axes of the result, then those of the argument.

    Example:
        >>> jacobian(lambda x: np.sum(x**2), (np.array([1.0, 3.0]),), 0)[1].tolist()
        [2.0, 6.0]
    """
    source = Recorded(point[position])
    result = function(*point[:position], source, *point[position + 1 :])
    if not isinstance(result, Recorded):
        value = np.asarray(result, dtype=float)
        return value, np.zeros((*value.shape, *source.shape))
    rows = []
    for k in range(result.size):
        one = np.zeros(result.size)
        one[k] = 1.0
        rows.append(pullback(result, source, one.reshape(result.shape)))
    full = np.stack(rows, 0) if rows else np.zeros((0, *source.shape))
    return result.value, full.reshape((*result.shape, *source.shape))


def check_gradient(
    function: Function, gradient: Function, points: Sequence[Point], wrt: Sequence[int] | None = None
) -> Evidence:
    """Compares a gradient function with the tape; arguments as for dual numbers.

    Raises:
        NotSupported: SD723, if the function does something the tape cannot record.

    Example:
        >>> check_gradient(np.tanh, lambda x: 1 - np.tanh(x) ** 2, [(0.3,)]).facts["passed"]
        True
        >>> check_gradient(np.tanh, lambda x: np.tanh(x) ** 2 - 1, [(0.3,)]).facts["passed"]
        False
    """
    return compared("reverse tape", jacobian, function, gradient, points, wrt)
