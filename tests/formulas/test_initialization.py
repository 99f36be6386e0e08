"""Initialisations of the catalogue against forms written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest


def limit(variance: float) -> float:
    """Half width of the symmetric uniform distribution with this variance."""
    return float((3 * variance) ** 0.5)


def glorot(n_in: float, n_out: float) -> float:
    return 1 / float(np.mean([n_in, n_out]))


TABLE: Mapping[str, Callable[..., Any]] = {
    "fan_average": lambda n_in, n_out: np.mean([n_in, n_out]),
    "glorot_normal_variance": glorot,
    "glorot_normal_variance/average": lambda fan_avg: 1 / fan_avg,
    "glorot_normal_variance/fan_in": lambda n_in: 1 / n_in,
    "glorot_normal": lambda n_in, n_out: glorot(n_in, n_out) ** 0.5,
    "glorot_normal/average": lambda fan_avg: fan_avg**-0.5,
    "glorot_normal/gain": lambda n_in, n_out, c: c * glorot(n_in, n_out) ** 0.5,
    "glorot_normal/fan_in": lambda n_in: n_in**-0.5,
    "glorot_normal/fan_in_reciprocal": lambda n_in: n_in**-0.5,
    "glorot_uniform": lambda n_in, n_out: limit(glorot(n_in, n_out)),
    "glorot_uniform/average": lambda fan_avg: limit(1 / fan_avg),
    "glorot_uniform/gain": lambda n_in, n_out, c: c * limit(glorot(n_in, n_out)),
    "he_normal_variance": lambda n_in: 1 / (n_in / 2),
    "he_normal_variance/fan_out": lambda n_out: 1 / (n_out / 2),
    "he_normal_variance/leaky": lambda n_in, a: 1 / (n_in * (1 + a * a) / 2),
    "he_normal": lambda n_in: (n_in / 2) ** -0.5,
    "he_normal/fan_out": lambda n_out: (n_out / 2) ** -0.5,
    "he_normal/leaky": lambda n_in, a: (n_in * (1 + a * a) / 2) ** -0.5,
    "he_normal/gain": lambda n_in, c: c * n_in**-0.5,
    "he_uniform": lambda n_in: limit(2 / n_in),
    "he_uniform/fan_out": lambda n_out: limit(2 / n_out),
    "he_uniform/leaky": lambda n_in, a: limit(2 / n_in / (1 + a * a)),
    "he_uniform/gain": lambda n_in, c: c * limit(1 / n_in),
    "lecun_normal_variance": lambda n_in: n_in**-1.0,
    "lecun_normal": lambda n_in: np.exp(-np.log(n_in) / 2),
    "lecun_uniform": lambda n_in: limit(1 / n_in),
    "fan_in_uniform": lambda m: limit(1 / (3 * m)),
    "fan_in_uniform/lower": lambda m: -limit(1 / (3 * m)),
    "constant_initialisation": lambda v, w, x, b, n: n * v * np.tanh(w * x + b),
    "orthogonal_initialisation": lambda W: np.einsum("ki,kj->ij", W, W),
}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("initialization", TABLE)


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="he_normal"):
        check_topic("initialization", {**TABLE, "he_normal": lambda n_in: n_in**-0.5})
