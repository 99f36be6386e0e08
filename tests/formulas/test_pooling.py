"""Pooling against loops over windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def windows(X: np.ndarray, k: int, s: int, pick: Any) -> np.ndarray:
    """``pick`` of every window of side k at stride s."""
    counts = [(n - k) // s + 1 for n in X.shape]
    out = np.empty(counts)
    for at in np.ndindex(*counts):
        out[at] = pick(X[tuple(slice(s * a, s * a + k) for a in at)])
    return out


TABLE: dict[str, Any] = {
    "max_pooling": lambda X, k, s: windows(X, int(k), int(s), np.max),
    "max_pooling/unit_stride": lambda X, k: windows(X, int(k), 1, np.max),
    "max_pooling/one_axis": lambda x, k, s: windows(x, int(k), int(s), np.max),
    "max_pooling/window": lambda x: sorted(x)[-1],
    "max_pooling_gradient": lambda x, g: [g if k == int(np.argmax(x)) else 0.0 for k in range(len(x))],
    "average_pooling": lambda X, k, s: windows(X, int(k), int(s), np.mean),
    "average_pooling/unit_stride": lambda X, k: windows(X, int(k), 1, np.mean),
    "average_pooling/one_axis": lambda x, k, s: windows(x, int(k), int(s), np.mean),
    "average_pooling/window": lambda x: np.mean(x),
    "global_average_pooling": lambda X: [np.mean(X[..., c]) for c in range(X.shape[2])],
    "global_max_pooling": lambda X: [sorted(X[..., c].ravel())[-1] for c in range(X.shape[2])],
    "lp_pooling": lambda x: math.hypot(*x),
    "lp_pooling/mean_square": lambda x: math.hypot(*x) / math.sqrt(len(x)),
    "lp_pooling/power": lambda x, p: np.linalg.norm(x, p),
    "average_pooling_gradient": lambda g, n: g * n**-1,
    "average_pooling_gradient/square_window": lambda g, k: g / k / k,
    "unpooling_nearest": lambda X, s: np.kron(X, np.ones((int(s), int(s)))),
}
FIXED: dict[str, Any] = {
    "max_pooling": {"n_1": 7, "n_2": 8, "n": 9, "k": 3, "s": 2},
    "average_pooling": {"n_1": 7, "n_2": 8, "n": 9, "k": 3, "s": 2},
    "unpooling_nearest": {"s": 2},
}


def test_forms(check_topic: Any) -> None:
    check_topic("pooling", TABLE, FIXED)


def test_the_gradient_switch_is_the_derivative_of_max() -> None:
    x = np.array([0.2, 1.5, -0.3])
    g = TABLE["max_pooling_gradient"](x, 2.0)
    steps = [2.0 * (np.max(x + 1e-6 * e) - np.max(x)) / 1e-6 for e in np.eye(3)]
    assert np.allclose(g, steps)
