"""Layers and networks against forms written by hand, unit by unit and example by example."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def affine(W: Any, X: Any, b: Any = 0.0) -> np.ndarray:
    """One row per unit, by explicit sums."""
    W, X = np.asarray(W), np.asarray(X)
    columns = X.reshape(X.shape[0], -1)
    b = np.broadcast_to(np.reshape(b, (-1, 1)), (W.shape[0], 1))
    out = [[math.fsum(W[i] * columns[:, k]) + b[i, 0] for k in range(columns.shape[1])] for i in range(W.shape[0])]
    return np.array(out).reshape((W.shape[0], *X.shape[1:]))


def sigma(z: Any) -> Any:
    """The sigmoid through tanh."""
    return (1 + np.tanh(np.asarray(z) / 2)) / 2


def positive(z: Any) -> Any:
    """ReLU through the absolute value."""
    return (z + np.abs(z)) / 2


def columns_softmax(z: np.ndarray) -> np.ndarray:
    """Softmax of every column."""
    return np.array([[math.exp(v) / sum(map(math.exp, c)) for v in c] for c in np.asarray(z).T]).T


def dot(u: Any, v: Any) -> float:
    """Sum of products, entry by entry."""
    return math.fsum(np.ravel(u) * np.ravel(v))


TABLE: dict[str, Any] = {
    "affine_map": affine,
    "affine_map/transposed_weights": lambda W, X, b: affine(W.T, X, b),
    "affine_map/transposed_weights_example": lambda W, X, b: affine(W.T, X, b),
    "affine_map/rows": lambda W, X, b: affine(W.T, X.T, b).T,
    "affine_map/rows_vector_bias": lambda W, X, b: affine(W.T, X.T, b).T,
    "affine_map/rows_transposed": lambda W, X, b: affine(W, X.T, b).T,
    "affine_map/rows_transposed_column": lambda W, X, b: affine(W, X.T, b).T,
    "affine_map/index_transposed": lambda W, X, b: affine(W.T, X, b),
    "affine_map/without_bias": lambda W, X: affine(W, X),
    "affine_map/without_bias_example": lambda W, X: affine(W, X),
    "affine_map/without_bias_transposed": lambda W, X: affine(W.T, X),
    "affine_map/without_bias_rows": lambda W, X: affine(W.T, X.T).T,
    "affine_scalar": lambda w, x, b: b - x * -w,
    "affine_example_inner": lambda x: x + x + x + 1,
    "affine_example_outer": lambda x: 3 - x,
    "affine_example_composed": lambda x: 2 - x - x - x,
    "affine_composition": lambda W2, W1, x, b1, b2: affine(W2, affine(W1, x, b1), b2),
    "neuron_output": lambda w, x, b: [dot(w, c) + b for c in np.asarray(x).T],
    "neuron_output/row": lambda w, x, b: dot(w, x) + b,
    "neuron_output/sum_of_product": lambda w, x, b: dot(w, x) + b,
    "neuron_output/absorbed": lambda w, x: dot(w, x),
    "neuron_output/absorbed_sum": lambda w, x: dot(w, x),
    "neuron_activation": lambda w, x, b, g: g(dot(w, x) + b),
    "neuron_activation/row": lambda w, x, b, g: g(dot(w, x) + b),
    "neuron_activation/sigmoid": lambda w, x, b: sigma(dot(w, x) + b),
    "neuron_activation/sigmoid_sum": lambda w, x, b: sigma(dot(w, x) + b),
    "neuron_activation/tanh": lambda w, x, b: math.tanh(dot(w, x) + b),
    "neuron_activation/relu": lambda w, x, b: positive(dot(w, x) + b),
    "neuron_activation/absorbed": lambda w, x, g: g(dot(w, x)),
    "neuron_activation/absorbed_sigmoid": lambda w, x: sigma(dot(w, x)),
    "activation_application": lambda Z, g: g(Z),
    "activation_application/sigmoid": lambda Z: sigma(Z),
    "activation_application/tanh": lambda Z: 2 * sigma(2 * Z) - 1,
    "activation_application/relu": lambda Z: positive(Z),
    "activation_application/softmax": lambda Z: columns_softmax(Z),
    "activation_application/softmax_last_axis": lambda Z: columns_softmax(Z.T).T,
    "layer_output": lambda W, X, b, g: g(affine(W, X, b)),
    "layer_output/transposed_weights": lambda W, X, b, g: g(affine(W.T, X, b)),
    "layer_output/transposed_weights_example": lambda W, X, b, g: g(affine(W.T, X, b)),
    "layer_output/rows": lambda W, X, b, g: g(affine(W.T, X.T, b).T),
    "layer_output/rows_transposed": lambda W, X, b, g: g(affine(W, X.T, b).T),
    "layer_output/without_bias": lambda W, X, g: g(affine(W, X)),
    "layer_output/without_bias_transposed": lambda W, X, g: g(affine(W.T, X)),
    "layer_output/without_bias_rows": lambda W, X, g: g(affine(W.T, X.T).T),
    "layer_output/sigmoid": lambda W, X, b: sigma(affine(W, X, b)),
    "layer_output/sigmoid_transposed": lambda W, X, b: sigma(affine(W.T, X, b)),
    "layer_output/tanh": lambda W, X, b: 2 * sigma(2 * affine(W, X, b)) - 1,
    "layer_output/relu": lambda W, X, b: positive(affine(W, X, b)),
    "layer_output/relu_rows": lambda W, X, b: positive(affine(W.T, X.T, b)).T,
    "layer_output/softmax": lambda W, X, b: columns_softmax(affine(W, X, b)),
    "layer_output/softmax_rows": lambda W, X, b: columns_softmax(affine(W.T, X.T, b)).T,
    "network_input": lambda x: x,
    "mlp_two_layers": lambda W2, W1, x, b1, b2, g, f: f(affine(W2, g(affine(W1, x, b1)), b2)),
    "mlp_two_layers/same": lambda W2, W1, x, b1, b2, g: g(affine(W2, g(affine(W1, x, b1)), b2)),
    "mlp_two_layers/sigmoid": lambda W2, W1, x, b1, b2: sigma(affine(W2, sigma(affine(W1, x, b1)), b2)),
    "mlp_two_layers/sigmoid_tanh": lambda W2, W1, x, b1, b2: sigma(affine(W2, np.tanh(affine(W1, x, b1)), b2)),
    "mlp_two_layers/softmax_relu": lambda W2, W1, x, b1, b2: columns_softmax(
        affine(W2, positive(affine(W1, x, b1)), b2)
    ),
    "mlp_two_layers/linear_output": lambda W2, W1, x, b1, b2, g: affine(W2, g(affine(W1, x, b1)), b2),
    "mlp_two_layers/transposed": lambda W2, W1, x, b1, b2, g, f: f(affine(W2.T, g(affine(W1.T, x, b1)), b2)),
    "mlp_two_layers/transposed_same": lambda W2, W1, x, b1, b2, g: g(affine(W2.T, g(affine(W1.T, x, b1)), b2)),
    "mlp_two_layers/transposed_sigmoid": lambda W2, W1, x, b1, b2: sigma(affine(W2.T, sigma(affine(W1.T, x, b1)), b2)),
    "mlp_two_layers/transposed_linear": lambda W2, W1, x, b1, b2, g: affine(W2.T, g(affine(W1.T, x, b1)), b2),
    "mlp_two_layers/without_bias": lambda W2, W1, x, g, f: f(affine(W2, g(affine(W1, x)))),
    "mlp_two_layers/rows": lambda W2, W1, x, b1, b2, g, f: f(affine(W2.T, g(affine(W1.T, x.T, b1)), b2)).T,
    "mlp_two_layers/rows_linear": lambda W2, W1, x, b1, b2, g: affine(W2.T, g(affine(W1.T, x.T, b1)), b2).T,
    "mlp_two_layers/rows_relu": lambda W2, W1, x, b1, b2: affine(W2.T, positive(affine(W1.T, x.T, b1)), b2).T,
    "linear_regression": lambda X, theta: affine(X, theta),
    "linear_regression/example": lambda X, theta: dot(X, theta),
    "linear_regression/bias": lambda X, theta, b: affine(X, theta) + b,
    "linear_regression/example_bias": lambda X, theta, b: dot(X, theta) + b,
    "logistic_regression": lambda w, x, b: sigma(dot(w, x) + b),
    "logistic_regression/absorbed": lambda w, x: sigma(dot(w, x)),
    "logistic_regression/absorbed_written_out": lambda w, x: sigma(dot(w, x)),
    "softmax_regression": lambda W, x, b: columns_softmax(affine(W, x, b).reshape(-1, 1)).ravel(),
    "softmax_regression/without_bias": lambda W, x: columns_softmax(affine(W, x).reshape(-1, 1)).ravel(),
    "predicted_class": lambda a: float(round(a)),
    "residual_block": lambda W, a, b, r, g: g(affine(W, a, b) + r),
    "residual_block/named": lambda z, r, g: g(z + r),
    "residual_block/relu": lambda W, a, b, r: positive(affine(W, a, b) + r),
    "residual_block/projection": lambda z, P, a: z + affine(P, a),
    "highway_layer": lambda h, t, x: x + t * (h - x),
    "dropout_forward": lambda A, D, p: np.where(np.equal(D, 1), A / p, 0.0),
    "dropout_forward/drop_rate": lambda A, D, p: np.where(np.equal(D, 1), A / (1 - p), 0.0),
    "dropout_forward/unscaled": lambda A, D: np.where(np.equal(D, 1), A, 0.0),
    "dropout_mask": lambda U, p: np.where(p > U, 1.0, 0.0),
    "dropout_mask/drop_rate": lambda U, p: np.where(p > U, 0.0, 1.0),
    "embedding_lookup": lambda E, o: affine(E, o),
    "embedding_lookup/transposed": lambda E, o: affine(E.T, o),
    "gated_linear_unit": lambda W, x, b, V, c: affine(W, x, b) * sigma(affine(V, x, c)),
    "gated_linear_unit/gate_first": lambda W, x, b, V, c: sigma(affine(W, x, b)) * affine(V, x, c),
    "gated_linear_unit/rows": lambda W, x, b, V, c: (affine(W.T, x.T, b) * sigma(affine(V.T, x.T, c))).T,
    "gated_linear_unit/swiglu": lambda W, x, b, V, c: affine(W, x, b) * sigma(affine(W, x, b)) * affine(V, x, c),
    "gated_linear_unit/reglu": lambda W, x, b, V, c: positive(affine(W, x, b)) * affine(V, x, c),
    "radial_basis_unit": lambda x, c, sigma: math.exp(-dot(x - c, x - c) / (2 * sigma**2)),
    "radial_basis_unit/gamma": lambda x, c, gamma: math.exp(-gamma * dot(x - c, x - c)),
    "universal_approximation_sum": lambda v, W, x, b: dot(v, sigma(affine(W, x, b))),
}


def test_forms(check_topic: Any) -> None:
    check_topic("layers", TABLE)


def test_embedding_of_a_one_hot_vector_is_a_column() -> None:
    E = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(TABLE["embedding_lookup"](E, np.array([[0.0], [1.0], [0.0]])), E[:, [1]])
