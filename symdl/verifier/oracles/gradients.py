"""What the gradient oracles share: points, and the comparison of a stated derivative with a computed one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdl.terms.results import Evidence

Array = NDArray[np.float64]
Point = Sequence[Any]
Function = Callable[..., Any]


def smooth_positions(point: Point) -> tuple[int, ...]:
    """Positions of the arguments that are differentiated: floats and arrays of floats, never integers.

    Example:
        >>> smooth_positions((0.5, 3, np.ones(2)))
        (0, 2)
    """
    return tuple(k for k, a in enumerate(point) if np.issubdtype(np.asarray(a).dtype, np.floating))


def prepared(point: Point) -> tuple[Any, ...]:
    """The arguments with NumPy's numbers for Python's: a root of a negative number is nan, not complex."""
    return tuple(np.float64(a) if isinstance(a, float) else a for a in point)


def natural(value: Any, argument: Any) -> float:
    """What a derivative of this function may be expected to be: its size over that of the argument.

    Rounding alone makes differences of this times 1e-16; a derivative far below it is known to few digits.
    """
    return float(np.max(np.abs(value), initial=0.0) / max(float(np.max(np.abs(argument), initial=0.0)), 0.25))


def relative_error(given: Array, truth: Array, floor: float = 0.0) -> float:
    """Largest error of an element, relative to it; elements far below the largest count relative to that.

    Args:
        given: what is judged.
        truth: what it should be.
        floor: errors are taken relative to this at least.

    Example:
        >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
        0.0
    """
    scale = float(np.max(np.abs(truth), initial=0.0))
    return float(np.max(np.abs(given - truth) / (np.abs(truth) + 1e-3 * scale + floor + 1e-290), initial=0.0))


def matched(given: Any, truth: Array, rank: int) -> tuple[Array, Array] | None:
    """Brings a stated derivative and the full one to the same shape; ``None`` if that cannot be.

    Args:
        given: the stated derivative: of full shape, or elementwise (one number for each element of the result).
        truth: the full derivative: axes of the result, then those of the argument.
        rank: number of axes of the result.
    """
    stated = np.asarray(given, dtype=float)
    if stated.shape == truth.shape:
        return stated, truth
    result, argument = truth.shape[:rank], truth.shape[rank:]
    if stated.shape == result == argument:  # elementwise: off the diagonal the truth must vanish
        n = stated.size
        return np.diag(stated.reshape(n)), truth.reshape(n, n)
    return None


@dataclass
class Tally:
    """Counts over all points what an oracle found.

    Attributes:
        oracle: its name.
        tolerance: largest relative error that passes.
        floor: part of the natural size below which the oracle itself knows too few digits.
    """

    oracle: str
    tolerance: float
    floor: float
    points: int = 0
    skipped: int = 0
    worst: float = 0.0
    faults: list[str] = field(default_factory=list)

    def compare(self, point: Point, position: int, given: Any, truth: Array, value: Array, slack: float = 0.0) -> None:
        """Compares one derivative at one point; ``slack`` is how far the truth itself may be off, relatively."""
        pair = matched(given, truth, value.ndim)
        if pair is None:
            self.faults.append(f"argument {position}: shape {np.shape(given)}, expected {truth.shape}")
            return
        error = relative_error(*pair, self.floor * natural(value, point[position]))
        if not np.isfinite(error) or error > self.tolerance + slack:
            self.faults.append(f"argument {position} at {_short(point)}: relative error {error:.2g}")
        if np.isfinite(error):
            self.worst = max(self.worst, error)

    def evidence(self, **more: Any) -> Evidence:
        """The result; it passes only if something was compared and nothing was wrong."""
        facts = {
            "passed": self.points > 0 and not self.faults,
            "points": self.points,
            "skipped": self.skipped,
            "max_error": float(f"{self.worst:.3g}"),
            **more,
        }
        if self.faults:
            facts["faults"] = self.faults[:3]
        return Evidence(self.oracle, facts)


def _short(point: Point) -> str:
    return (
        "(" + ", ".join(np.array2string(np.asarray(a), precision=6, threshold=6).replace("\n", "") for a in point) + ")"
    )


def stated(gradient: Function, point: Point, count: int) -> tuple[Any, ...]:
    """Calls a gradient function; one array stands for a tuple of one."""
    out = gradient(*point)
    out = out if isinstance(out, tuple) else (out,)
    if len(out) != count:
        raise ValueError(f"the gradient returns {len(out)} arrays for {count} arguments")
    return out
