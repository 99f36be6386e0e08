"""The perceptron's formulas against forms written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np


def dot(u: Any, v: Any) -> float:
    """Sum of products, entry by entry."""
    return float(sum(p * q for p, q in zip(np.ravel(u), np.ravel(v), strict=True)))


TABLE = {
    "threshold_unit": lambda x: np.heaviside(x, 1.0),
    "threshold_unit/zero_at_zero": lambda x: np.heaviside(x, 0.0),
    "threshold_unit/signs": lambda x: np.sign(x),
    "threshold_unit/signs_strict": lambda x: np.sign(x),
    "threshold_unit/half_at_zero": lambda x: np.heaviside(x, 0.5),
    "perceptron_decision": lambda w, x, b: np.heaviside(dot(w, x) + b, 1.0),
    "perceptron_decision/without_bias": lambda w, x: np.heaviside(dot(w, x), 1.0),
    "perceptron_decision/threshold": lambda w, x, tau: np.heaviside(dot(w, x) - tau, 1.0),
    "perceptron_decision/signs": lambda w, x, b: np.sign(dot(w, x) + b),
    "perceptron_decision/function": lambda w, x, f: f(dot(w, x)),
    "perceptron_update": lambda w_prev, eta, y, yhat, x: w_prev - eta * np.subtract(yhat, y) * x,
    "perceptron_update/without_rate": lambda w_prev, y, yhat, x: w_prev - (yhat - y) * x,
    "perceptron_update/inline": lambda w_prev, eta, y, x, f: w_prev - eta * (f(dot(w_prev, x)) - y) * x,
    "perceptron_update/inline_bias": lambda w_prev, eta, y, x, f, b: w_prev - eta * (f(dot(w_prev, x) + b) - y) * x,
    "perceptron_bias_update": lambda b_prev, eta, y, yhat: b_prev - eta * (yhat - y),
    "perceptron_loss": lambda y, z: (abs(y * z) - y * z) / 2,
    "nand_gate": lambda p, q: float(not (p and q)),
    "xor_gate": lambda p, q: float(bool(p) != bool(q)),
    "hebb_rule": lambda w_prev, eta, y, x: w_prev + np.multiply(eta * y, x),
    "hebb_rule/oja": lambda w_prev, eta, y, x: w_prev + eta * y * x - eta * y**2 * w_prev,
    "hyperplane_distance": lambda w, x, b: (dot(w, x) + b) / dot(w, w) ** 0.5,
    "hyperplane_distance/absolute": lambda w, x, b: abs(dot(w, x) + b) / dot(w, w) ** 0.5,
    "perceptron_mistake_bound": lambda R, gamma: np.exp(2 * np.log(R) - 2 * np.log(gamma)),
}


def test_forms(check_topic: Any) -> None:
    check_topic("perceptron", TABLE)


def test_the_learning_rule_learns_nand_and_not_xor() -> None:
    rows = np.array([[1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]], float)
    assert _errors(rows, np.array([1, 1, 1, 0]), sign=1) == 0
    assert _errors(rows, np.array([0, 1, 1, 0]), sign=1) > 0
    assert _errors(rows, np.array([1, 1, 1, 0]), sign=-1) > 0  # the sign of the note


def _errors(rows: np.ndarray, targets: np.ndarray, sign: int) -> int:
    w = np.array([0.3, -0.2, 0.1])
    for _ in range(50):
        for x, y in zip(rows, targets, strict=True):
            w = w + sign * 0.5 * (y - float(w @ x >= 0)) * x
    return int(sum(float(w @ x >= 0) != y for x, y in zip(rows, targets, strict=True)))
