"""Data and small examples against forms written by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

TABLE: dict[str, Any] = {
    "dataset": lambda X, Y: np.vstack([X, Y]),
    "pixel_rescaling": lambda x: x * (1 / 255),
    "pixel_rescaling/symmetric": lambda x: np.interp(x, [0, 255], [-1, 1]),
    "pixel_rescaling/symmetric_half": lambda x: np.interp(x, [0, 255], [-1, 1]),
    "pixel_rescaling/symmetric_centred": lambda x: np.interp(x, [0, 255], [-1, 1]),
    "range_rescaling": lambda x, a, b, c, d: np.polyval(np.polyfit([a, b], [c, d], 1), x),
    "reflection_first_axis": lambda: np.diag([1.0, -1.0]),
    "reflection_second_axis": lambda: np.diag([-1.0, 1.0]),
    "point_reflection": lambda: np.diag([-1.0, -1.0]),
    "plane_rotation": lambda t: [[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]],
    "plane_rotation/clockwise": lambda t: [[math.cos(-t), -math.sin(-t)], [math.sin(-t), math.cos(-t)]],
    "scaled_variance": lambda c, v: c * v * c,
    "scale_for_variance": lambda v: math.exp(math.log(v) / 2),
    "scale_for_variance/fan_average": lambda f: f**-0.5,
    "scale_for_variance/fan_average_root": lambda f: f**-0.5,
    "scale_for_variance/applied": lambda f, z: z * f**-0.5,
}


def test_forms(check_topic: Any) -> None:
    check_topic("data", TABLE)


def test_the_exercise_on_the_variance() -> None:
    z = np.random.default_rng(0).normal(size=1000)
    assert math.isclose(np.var(2 * z), 4 * np.var(z))
    c = TABLE["scale_for_variance/fan_average"]((4 + 4) / 2)
    assert math.isclose(np.var(c * z / np.std(z)), 1 / 4)
