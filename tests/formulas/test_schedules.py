"""Learning-rate schedules of the catalogue against forms written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

exp, log = np.exp, np.log


def between(a: float, b: float, part: float) -> float:
    return a + part * (b - a)


def triangle(t: float, s: float, lo: float, hi: float) -> float:
    return float(np.interp(t % (2 * s), [0, s, 2 * s], [lo, hi, lo]))


TABLE: Mapping[str, Callable[..., Any]] = {
    "inverse_time_decay": lambda eta0, k, t: 1 / (1 / eta0 + k * t / eta0),
    "inverse_time_decay/scaled": lambda eta0, t, s: eta0 * s / (s + t),
    "inverse_time_decay/steps": lambda eta0, k, t, s: eta0 * s / (s + k * t),
    "inverse_time_decay/one_over_t": lambda eta0, t: eta0 / t,
    "inverse_time_decay/square_root": lambda eta0, t: eta0 * t**-0.5,
    "inverse_time_decay/constant_root": lambda eta0, k, t: eta0 * k * t**-0.5,
    "inverse_time_decay/square_root_shifted": lambda eta0, t: eta0 * (1 + t) ** -0.5,
    "inverse_time_decay/power": lambda eta0, t, s, c: eta0 * exp(-c * np.log1p(t / s)),
    "exponential_decay": lambda eta0, gamma, t: eta0 * exp(t * log(gamma)),
    "exponential_decay/natural": lambda eta0, c, t: eta0 / exp(c * t),
    "exponential_decay/scaled": lambda eta0, gamma, t, s: eta0 * exp(t / s * log(gamma)),
    "exponential_decay/tenth": lambda eta0, t, s: eta0 * exp(-t / s * log(10)),
    "exponential_decay/recursive": lambda eta0, gamma: gamma * eta0,
    "exponential_decay/ninety_five": lambda eta0, t: eta0 * exp(t * log(0.95)),
    "exponential_decay/natural_scale": lambda eta0, t, s: eta0 / exp(t / s),
    "step_decay": lambda eta0, gamma, t, s: eta0 * np.prod([gamma] * int(t // s)),
    "step_decay/shifted": lambda eta0, gamma, t, s: eta0 * np.prod([gamma] * int((t + 1) // s)),
    "polynomial_decay": lambda eta0, t, T, c: eta0 * exp(c * np.log1p(-t / T)),
    "polynomial_decay/to_final": lambda eta0, t, T, c, e: between(e, eta0, (1 - t / T) ** c),
    "polynomial_decay/linear": lambda eta0, t, T: between(eta0, 0, t / T),
    "polynomial_decay/linear_interpolation": lambda eta0, t, T, e: between(eta0, e, t / T),
    "polynomial_decay/linear_interpolation_short": lambda eta0, alpha, e: between(eta0, e, alpha),
    "cosine_annealing": lambda lo, hi, t, T: between(lo, hi, np.cos(np.pi * t / T / 2) ** 2),
    "cosine_annealing/to_zero": lambda hi, t, T: hi * np.cos(np.pi * t / T / 2) ** 2,
    "cosine_annealing/to_zero_square": lambda hi, t, T: hi * (1 + np.cos(np.pi * t / T)) / 2,
    "linear_warmup": lambda eta0, t, w: t / w * eta0,
    "linear_warmup/capped": lambda eta0, t, w: np.interp(t, [0, w], [0, eta0]),
    "linear_warmup/cases": lambda eta0, t, w: np.interp(t, [0, w], [0, eta0]),
    "linear_warmup/from_start": lambda eta0, t, w, s: between(s, eta0, t / w),
    "noam_schedule": lambda d, t, w: min(t**-0.5, t / w**1.5) / d**0.5,
    "noam_schedule/inverse_root_only": lambda eta0, t, w: eta0 * min(1, (w / t) ** 0.5),
    "cyclical_rate": triangle,
    "cyclical_rate/last_line": lambda lo, hi, x: between(lo, hi, 1 - x),
    "linear_scaling_rule": lambda eta0, k, b: eta0 * (k / b),
    "linear_scaling_rule/factor": lambda eta0, k: eta0 * k,
    "linear_scaling_rule/root": lambda eta0, k, b: eta0 * (k / b) ** 0.5,
    "linear_scaling_rule/reference": lambda eta0, k: eta0 * (k / 256),
}
FIXED = {"polynomial_decay": {"T": 9.0, "t": 2.5}}


@pytest.mark.parametrize("t", [0.7, 1.9, 5.3])
def test_every_form(check_topic: Callable[..., None], t: float) -> None:
    long = {"polynomial_decay": {"T": 9.0, "t": t}, "cosine_annealing": {"T": 9.0, "t": t}}
    short = {
        e: {"t": t} for e in ("step_decay", "linear_warmup", "noam_schedule", "cyclical_rate", "exponential_decay")
    }
    check_topic("schedules", TABLE, {**short, **long})


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="linear_warmup"):
        check_topic("schedules", {**TABLE, "linear_warmup": lambda eta0, t, w: eta0 * w / t}, FIXED)
