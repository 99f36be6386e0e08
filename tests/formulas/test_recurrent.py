"""Recurrent cells against sums written unit by unit."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np


def lin(W: Any, *parts: Any) -> np.ndarray:
    """W times the stacked parts, row by row."""
    v = [float(e) for p in parts for e in np.ravel(p)]
    return np.array([[math.fsum(a * b for a, b in zip(row, v, strict=True))] for row in W])


def th(z: Any) -> Any:
    """tanh through exponentials."""
    return 1 - 2 / (np.exp(2 * np.asarray(z)) + 1)


def sg(z: Any) -> Any:
    """The sigmoid through tanh."""
    return (1 + np.tanh(np.asarray(z) / 2)) / 2


def soft(z: Any) -> np.ndarray:
    """Softmax of a column."""
    e = [math.exp(v) for v in np.ravel(z)]
    return np.array([[v / math.fsum(e)] for v in e])


def each(f: Any, *rows: Any) -> np.ndarray:
    """Applies f example by example; examples are rows."""
    return np.array([np.ravel(f(*r)) for r in zip(*rows, strict=True)])


TABLE: dict[str, Any] = {
    "rnn_state": lambda W, a_prev, x, b: th(lin(W, a_prev, x) + b),
    "rnn_state/input_first": lambda C, a_prev, x, b: th(lin(C, x, a_prev) + b),
    "rnn_state/two_matrices": lambda U, V, a_prev, x, b: th(lin(U, a_prev) + lin(V, x) + b),
    "rnn_state/two_biases": lambda U, V, a_prev, x, b, e: th(lin(U, a_prev) + lin(V, x) + b + e),
    "rnn_state/without_bias": lambda U, V, a_prev, x: th(lin(U, a_prev) + lin(V, x)),
    "rnn_state/concat_without_bias": lambda W, a_prev, x: th(lin(W, a_prev, x)),
    "rnn_state/any": lambda U, V, a_prev, x, b, g: g(lin(U, a_prev) + lin(V, x) + b),
    "rnn_state/any_without_bias": lambda U, V, a_prev, x, g: g(lin(U, a_prev) + lin(V, x)),
    "rnn_state/any_concat": lambda W, a_prev, x, b, g: g(lin(W, a_prev, x) + b),
    "rnn_state/any_input_first": lambda C, a_prev, x, b, g: g(lin(C, x, a_prev) + b),
    "rnn_state/sigmoid": lambda U, V, a_prev, x, b: sg(lin(U, a_prev) + lin(V, x) + b),
    "rnn_state/relu": lambda U, V, a_prev, x, b: np.clip(lin(U, a_prev) + lin(V, x) + b, 0, None),
    "rnn_state/rows": lambda U, V, a_prev, x, b: each(lambda h, v: th(lin(U.T, h) + lin(V.T, v) + b.T), a_prev, x),
    "rnn_state/rows_any": lambda U, V, a_prev, x, b, g: each(
        lambda h, v: g(lin(U.T, h) + lin(V.T, v) + b.T), a_prev, x
    ),
    "rnn_state/rows_transposed": lambda U, V, a_prev, x, b, e: each(
        lambda h, v: th(lin(U, h) + lin(V, v) + b.T + e.T), a_prev, x
    ),
    "rnn_state/scalar": lambda u, p, v, q, c: math.tanh(c + u * p + v * q),
    "rnn_preactivation": lambda U, V, a_prev, x, b: lin(U, a_prev) + lin(V, x) + b,
    "rnn_preactivation/without_bias": lambda U, V, a_prev, x: lin(U, a_prev) + lin(V, x),
    "recurrent_output": lambda W, a, b, g: g(lin(W, a) + b),
    "recurrent_output/sigmoid": lambda W, a, b: sg(lin(W, a) + b),
    "recurrent_output/softmax": lambda W, a, b: soft(lin(W, a) + b),
    "recurrent_output/linear": lambda W, a, b: lin(W, a) + b,
    "recurrent_output/softmax_without_bias": lambda W, a: soft(lin(W, a)),
    "recurrent_output/rows": lambda W, a, b: each(lambda h: lin(W.T, h) + b.T, a),
    "gru_gate": lambda W, c_prev, x, b: sg(lin(W, c_prev, x) + b),
    "gru_gate/input_first": lambda C, c_prev, x, b: sg(lin(C, x, c_prev) + b),
    "gru_gate/two_matrices": lambda U, V, c_prev, x, b: sg(lin(U, c_prev) + lin(V, x) + b),
    "gru_gate/two_biases": lambda U, V, c_prev, x, b, e: sg(lin(U, c_prev) + lin(V, x) + b + e),
    "gru_gate/without_bias": lambda U, V, c_prev, x: sg(lin(U, c_prev) + lin(V, x)),
    "gru_gate/concat_without_bias": lambda W, c_prev, x: sg(lin(W, c_prev, x)),
    "gru_gate/rows": lambda U, V, c_prev, x, b: each(lambda h, v: sg(lin(U.T, h) + lin(V.T, v) + b.T), c_prev, x),
    "gru_candidate": lambda W, r, c_prev, x, b: th(lin(W, r * c_prev, x) + b),
    "gru_candidate/input_first": lambda C, r, c_prev, x, b: th(lin(C, x, r * c_prev) + b),
    "gru_candidate/two_matrices": lambda U, V, r, c_prev, x, b: th(lin(U, r * c_prev) + lin(V, x) + b),
    "gru_candidate/without_bias": lambda U, V, r, c_prev, x: th(lin(U, r * c_prev) + lin(V, x)),
    "gru_candidate/concat_without_bias": lambda W, r, c_prev, x: th(lin(W, r * c_prev, x)),
    "gru_candidate/reset_after": lambda U, V, r, c_prev, x, b, e: th(lin(V, x) + e + (lin(U, c_prev) + b) * r),
    "gru_candidate/reset_after_one_bias": lambda U, V, r, c_prev, x, b: th(lin(V, x) + lin(U, c_prev) * r + b),
    "gru_candidate/simplified": lambda W, c_prev, x, b: th(lin(W, c_prev, x) + b),
    "gru_candidate/any": lambda U, V, r, c_prev, x, b, g: g(lin(U, r * c_prev) + lin(V, x) + b),
    "gru_candidate/rows": lambda U, V, r, c_prev, x, b: each(
        lambda h, v: th(lin(U.T, h) + lin(V.T, v) + b.T), r * c_prev, x
    ),
    "gru_state": lambda u, c_prev, cand: c_prev - u * (c_prev - cand),
    "gru_state/keep": lambda u, c_prev, cand: cand - u * (cand - c_prev),
    "gru_output": lambda c: c,
    "lstm_gate": lambda W, a_prev, x, b: sg(lin(W, a_prev, x) + b),
    "lstm_gate/input_first": lambda C, a_prev, x, b: sg(lin(C, x, a_prev) + b),
    "lstm_gate/two_matrices": lambda U, V, a_prev, x, b: sg(lin(U, a_prev) + lin(V, x) + b),
    "lstm_gate/two_biases": lambda U, V, a_prev, x, b, e: sg(lin(U, a_prev) + lin(V, x) + b + e),
    "lstm_gate/without_bias": lambda U, V, a_prev, x: sg(lin(U, a_prev) + lin(V, x)),
    "lstm_gate/peephole": lambda U, V, p, q, a_prev, x, b: sg(lin(U, a_prev) + lin(V, x) + p * q + b),
    "lstm_gate/peephole_full": lambda D, q, a_prev, x, b: sg(lin(D, q, a_prev, x) + b),
    "lstm_gate/rows": lambda U, V, a_prev, x, b: each(lambda h, v: sg(lin(U.T, h) + lin(V.T, v) + b.T), a_prev, x),
    "lstm_candidate": lambda W, a_prev, x, b: th(lin(W, a_prev, x) + b),
    "lstm_candidate/input_first": lambda C, a_prev, x, b: th(lin(C, x, a_prev) + b),
    "lstm_candidate/two_matrices": lambda U, V, a_prev, x, b: th(lin(U, a_prev) + lin(V, x) + b),
    "lstm_candidate/two_biases": lambda U, V, a_prev, x, b, e: th(lin(U, a_prev) + lin(V, x) + b + e),
    "lstm_candidate/sigmoid": lambda U, V, a_prev, x, b: sg(lin(U, a_prev) + lin(V, x) + b),
    "lstm_cell": lambda i, f, c_prev, cand: c_prev * f + cand * i,
    "lstm_cell/coupled": lambda f, c_prev, cand: cand + f * (c_prev - cand),
    "lstm_output": lambda o, c: np.multiply(th(c), o),
    "minimal_gated_unit": lambda f, h_prev, cand: h_prev + f * (cand - h_prev),
    "bidirectional_state": lambda W, f, r, b, g: g(lin(W, f, r) + b),
    "bidirectional_state/two_matrices": lambda U, V, f, r, b, g: g(lin(U, f) + lin(V, r) + b),
    "bidirectional_state/stacked": lambda f, r: np.vstack([f, r]),
    "bptt_state_gradient": lambda W, h, g, r: np.einsum("ij,io->jo", W, (1 - h) * (1 + h) * g) + r,
    "bptt_state_gradient/inner": lambda W, h, g: np.einsum("ij,io->jo", W, (1 - h) * (1 + h) * g),
    "bptt_weight_gradient": lambda d, h: sum(np.multiply.outer(p, q) for p, q in zip(d, h, strict=True)),
    "bptt_jacobian_product": lambda w, s: w ** len(s) * math.prod(s),
    "bptt_jacobian_product/constant_slope": lambda q, n: cmath.exp(n * math.log(q)).real,
    "recurrent_parameters": lambda h, x: sum(h * h + h * x + h for _ in range(4)),
    "recurrent_parameters/gru": lambda h, x: sum(h * h + h * x + h for _ in range(3)),
    "recurrent_parameters/rnn": lambda h, x: h * h + h * x + h,
}


def test_forms(check_topic: Any) -> None:
    check_topic("recurrent", TABLE)


def test_a_gru_never_leaves_the_interval() -> None:
    rng = np.random.default_rng(1)
    state = np.zeros((3, 1))
    for _ in range(20):
        u, cand = rng.uniform(size=(3, 1)), np.tanh(rng.normal(size=(3, 1)))
        state = TABLE["gru_state"](u, state, cand)
        assert np.all(np.abs(state) < 1)
