"""Back-propagation against central differences of networks written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def slope(loss: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """Gradient by central differences with one Richardson step."""
    out = np.zeros_like(at)
    for k in np.ndindex(*at.shape):
        unit = np.zeros_like(at)
        unit[k] = 1.0

        def rate(h: float, unit: np.ndarray = unit) -> float:
            return (loss(at + h * unit) - loss(at - h * unit)) / (2 * h)

        out[k] = (4 * rate(5e-4) - rate(1e-3)) / 3
    return out


def outer_sum(d: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Sum over the examples (columns) of outer products."""
    d, a = d.reshape(d.shape[0], -1), a.reshape(a.shape[0], -1)
    return sum(np.multiply.outer(d[:, k], a[:, k]) for k in range(d.shape[1]))  # type: ignore[return-value]


def weighted(W: np.ndarray, d: np.ndarray) -> np.ndarray:
    """What the errors d send back through the weights: sum over the units of W."""
    return np.einsum("ij,i...->j...", W, d)


TABLE: dict[str, Any] = {
    "output_delta": lambda A, Y: -np.subtract(Y, A),
    "output_delta/mean": lambda A, Y, m: (A - Y) * (1 / m),
    "squared_error_output_delta": lambda a, y, z, g: (a - y) * g(z, primes=1),
    "squared_error_output_delta/two": lambda a, y, z, g: 2 * (a - y) * g(z, primes=1),
    "squared_error_output_delta/sigmoid": lambda a, y: (a - y) * (a - a**2),
    "squared_error_output_delta/sigmoid_reversed": lambda a, y: (y - a) * (a - a**2),
    "squared_error_output_delta/tanh": lambda a, y: (a - y) * (1 - a) * (1 + a),
    "weight_gradient": lambda dZ, A, m: outer_sum(dZ, A) / m,
    "weight_gradient/sum": lambda dZ, A: outer_sum(dZ, A),
    "weight_gradient/example": lambda dZ, A: outer_sum(dZ, A),
    "weight_gradient/index": lambda dZ, A: np.multiply.outer(dZ, A),
    "weight_gradient/index_swapped": lambda dZ, A: np.multiply.outer(A, dZ),
    "weight_gradient/outer": lambda dZ, A: np.multiply.outer(dZ, A),
    "weight_gradient/transposed_weights": lambda dZ, A, m: outer_sum(A, dZ) / m,
    "weight_gradient/transposed_weights_sum": lambda dZ, A: outer_sum(A, dZ),
    "weight_gradient/transposed_weights_example": lambda dZ, A: outer_sum(A, dZ),
    "weight_gradient/rows": lambda dZ, A, m: outer_sum(A.T, dZ.T) / m,
    "weight_gradient/rows_sum": lambda dZ, A: outer_sum(A.T, dZ.T),
    "weight_gradient/rows_torch": lambda dZ, A: outer_sum(dZ.T, A.T),
    "weight_gradient/rows_torch_mean": lambda dZ, A, m: outer_sum(dZ.T, A.T) / m,
    "bias_gradient": lambda dZ, m: [math.fsum(row) / m for row in dZ],
    "bias_gradient/sum": lambda dZ: [math.fsum(row) for row in dZ],
    "bias_gradient/one_unit": lambda dZ, m: math.fsum(dZ.ravel()) / m,
    "bias_gradient/one_unit_index": lambda dZ, m: math.fsum(dZ) / m,
    "bias_gradient/example": lambda dZ: dZ,
    "bias_gradient/example_one": lambda dZ: dZ,
    "bias_gradient/rows": lambda dZ, m: [math.fsum(c) / m for c in dZ.T],
    "bias_gradient/rows_keepdims": lambda dZ, m: [math.fsum(c) / m for c in dZ.T],
    "bias_gradient/rows_sum": lambda dZ: [math.fsum(c) for c in dZ.T],
    "bias_gradient/rows_sum_keepdims": lambda dZ: [math.fsum(c) for c in dZ.T],
    "hidden_activation_gradient": lambda W, dZ: weighted(W, dZ),
    "hidden_activation_gradient/transposed_weights": lambda W, dZ: weighted(W.T, dZ),
    "hidden_activation_gradient/rows": lambda W, dZ: weighted(W.T, dZ.T).T,
    "hidden_activation_gradient/rows_torch": lambda W, dZ: weighted(W, dZ.T).T,
    "hidden_activation_gradient/one_output": lambda W, dZ: weighted(W, np.array([dZ])),
    "hidden_delta": lambda W, dZ2, Z, g: weighted(W, dZ2) * g(Z, primes=1),
    "hidden_delta/one_output": lambda W, dZ2, Z, g: weighted(W, np.array([[dZ2]])) * g(Z, primes=1),
    "hidden_delta/from_activation_gradient": lambda dA, Z, g: dA * g(Z, primes=1),
    "hidden_delta/from_activation_gradient_scalar": lambda dA, Z, g: dA * g(Z, primes=1),
    "hidden_delta/tanh": lambda W, dZ2, A: weighted(W, dZ2) * (1 - A) * (1 + A),
    "hidden_delta/sigmoid": lambda W, dZ2, A: weighted(W, dZ2) * (A - A**2),
    "hidden_delta/relu": lambda W, dZ2, Z: np.where(Z > 0, weighted(W, dZ2), 0),
    "hidden_delta/relu_closed": lambda W, dZ2, Z: np.where(Z < 0, 0, weighted(W, dZ2)),
    "hidden_delta/named_derivative": lambda W, dZ2, s: weighted(W, dZ2) * s,
    "hidden_delta/transposed_weights": lambda W, dZ2, Z, g: weighted(W.T, dZ2) * g(Z, primes=1),
    "hidden_delta/transposed_weights_named": lambda W, dZ2, s: weighted(W.T, dZ2) * s,
    "hidden_delta/rows": lambda W, dZ2, Z, g: weighted(W.T, dZ2.T).T * g(Z, primes=1),
    "hidden_delta/rows_torch": lambda W, dZ2, Z, g: weighted(W, dZ2.T).T * g(Z, primes=1),
    "hidden_delta/row_delta": lambda W, dZ2, s: weighted(W, dZ2.T).T * s,
    "output_delta_general": lambda u, s: [[p * q] for p, q in zip(u[:, 0], s[:, 0], strict=True)],
    "output_delta_general/function": lambda u, z, g: u * g(z, primes=1),
    "output_delta_general/bias": lambda u, s: u * s,
    "output_weight_gradient": lambda u, s, a: outer_sum(u * s, a),
    "hidden_weight_gradient": lambda u, s, W, t, a: outer_sum(weighted(W, u * s) * t, a),
    "hidden_bias_gradient": lambda u, s, W, t: weighted(W, u * s) * t,
    "preactivation_jacobian": lambda W, z, g: slope(lambda v: float(np.sum(W[0] * g(v[:, 0]))), z),
    "preactivation_jacobian/index": lambda w_0, z_0, g: slope(lambda v: float(np.sum(w_0 * g(v))), z_0),
    "preactivation_jacobian/four": lambda w_4, z_4, g: slope(lambda v: float(np.sum(w_4 * g(v))), z_4),
    "output_preactivation_sum": lambda w, z, b, g: b + math.fsum(w * g(z)),
    "output_preactivation_sum/four": lambda w_4, z_4, b, g: b + math.fsum(w_4 * g(z_4)),
    "output_preactivation_sum/product": lambda v, u, b, g: b + math.fsum(v[0] * g(u[:, 0])),
    "two_layer_forward": lambda W1, X, b1, W2, b2, g: (
        (1 + np.tanh((np.einsum("ij,jk", W2, g(np.einsum("ij,jk", W1, X) + b1)) + b2) / 2)) / 2
    ),
    "two_layer_backward": lambda W2, A2, Y, Z1, X, m, g: outer_sum(weighted(W2, A2 - Y) * g(Z1, primes=1), X) / m,
    "vanishing_gradient_product": lambda d: math.exp(math.fsum(map(math.log, d))),
    "softmax_cross_entropy_gradient": lambda z, y: slope(
        lambda v: float(-np.sum(y * (v - np.log(np.sum(np.exp(v)))))), z
    ),
    "logistic_regression_gradient": lambda X, A, Y, m: [math.fsum(row * (A - Y)[0]) / m for row in X],
    "logistic_regression_gradient/rows": lambda X, A, Y, m: [math.fsum(c * (A - Y)[:, 0]) / m for c in X.T],
    "logistic_regression_gradient/index": lambda x_0, a_0, y_0, m: [math.fsum(c * (a_0 - y_0)) / m for c in x_0.T],
    "mse_linear_gradient": lambda X, theta, y: slope(lambda t: float(np.sum((X @ t - y) ** 2)), theta),
    "mse_linear_gradient/mean": lambda X, theta, y, m: slope(lambda t: float(np.mean((X @ t - y) ** 2)), theta),
    "mse_linear_gradient/half": lambda X, theta, y: slope(lambda t: float(np.sum((X @ t - y) ** 2)) / 2, theta),
    "mse_linear_gradient/half_mean": lambda X, theta, y: slope(lambda t: float(np.mean((X @ t - y) ** 2)) / 2, theta),
}


def test_forms(check_topic: Any) -> None:
    check_topic("backpropagation", TABLE)


def network(p: dict[str, np.ndarray], X: np.ndarray, Y: np.ndarray) -> float:
    """Mean cross-entropy of the two-layer network with tanh."""
    A1 = np.tanh(p["W1"] @ X + p["b1"])
    A2 = 1 / (1 + np.exp(-(p["W2"] @ A1 + p["b2"])))
    return float(-np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / X.shape[1])


def test_the_slides_gradients_are_those_of_the_network() -> None:
    rng = np.random.default_rng(5)
    n_x, n_h, n_y, m = 2, 4, 3, 5
    p = {k: rng.normal(size=s) for k, s in {"W1": (n_h, n_x), "b1": (n_h, 1), "W2": (n_y, n_h), "b2": (n_y, 1)}.items()}
    X, Y = rng.normal(size=(n_x, m)), rng.integers(0, 2, (n_y, m)).astype(float)
    A1 = np.tanh(p["W1"] @ X + p["b1"])
    A2 = 1 / (1 + np.exp(-(p["W2"] @ A1 + p["b2"])))
    dZ2 = TABLE["output_delta"](A2, Y)
    dZ1 = TABLE["hidden_delta/tanh"](p["W2"], dZ2, A1)
    found = {
        "W2": TABLE["weight_gradient"](dZ2, A1, m),
        "b2": np.reshape(TABLE["bias_gradient"](dZ2, m), (-1, 1)),
        "W1": TABLE["weight_gradient"](dZ1, X, m),
        "b1": np.reshape(TABLE["bias_gradient"](dZ1, m), (-1, 1)),
    }
    for name, value in found.items():
        expected = slope(lambda v, name=name: network({**p, name: v}, X, Y), p[name])  # type: ignore[misc]
        assert np.allclose(value, expected, rtol=1e-8, atol=1e-9), name
        assert not np.allclose(-value, expected)
