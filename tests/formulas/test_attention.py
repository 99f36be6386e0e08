"""Attention against sums written query by query."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def weights(scores: Any) -> list[float]:
    """Exponentials over their sum."""
    e = [math.exp(s) for s in np.ravel(scores)]
    return [v / math.fsum(e) for v in e]


def attend(Q: Any, K: Any, V: Any, scale: float, M: Any = None) -> np.ndarray:
    """One query at a time."""
    out = []
    for i, q in enumerate(Q):
        s = [math.fsum(q * k) / scale + (0 if M is None else M[i][j]) for j, k in enumerate(K)]
        out.append(sum(a * v for a, v in zip(weights(s), V, strict=True)))
    return np.array(out)


def pairs(Q: Any, K: Any, scale: float = 1.0) -> np.ndarray:
    """All dot products."""
    return np.array([[math.fsum(q * k) / scale for k in K] for q in Q])


def times(A: Any, B: Any) -> np.ndarray:
    """Matrix product by einsum."""
    return np.einsum("ij,jk->ik", A, B)


def dot(u: Any, v: Any) -> float:
    """Sum of products, entry by entry."""
    return math.fsum(np.ravel(u) * np.ravel(v))


def turn(x_1: float, x_2: float, angle: float) -> complex:
    """Rotation as a complex product."""
    return complex(x_1, x_2) * complex(math.cos(angle), math.sin(angle))


def relu(z: Any) -> Any:
    """Positive part."""
    return np.where(z > 0, z, 0)


def gelu(z: Any) -> Any:
    """x times the normal distribution function."""
    return np.vectorize(lambda v: v / 2 * math.erfc(-v / math.sqrt(2)))(z)


TABLE: dict[str, Any] = {
    "scaled_dot_product_attention": lambda Q, K, V, d_k: attend(Q, K, V, math.sqrt(d_k)),
    "scaled_dot_product_attention/unscaled": lambda Q, K, V: attend(Q, K, V, 1.0),
    "scaled_dot_product_attention/masked": lambda Q, K, V, d_k, M: attend(Q, K, V, math.sqrt(d_k), M),
    "scaled_dot_product_attention/masked_before_scale": lambda Q, K, V, d_k, M: attend(
        Q, K, V, math.sqrt(d_k), M / math.sqrt(d_k)
    ),
    "scaled_dot_product_attention/columns": lambda Q, K, V, d_k: attend(Q.T, K.T, V.T, math.sqrt(d_k)).T,
    "scaled_dot_product_attention/columns_queries_first": lambda Q, K, V, d_k: attend(Q.T, K.T, V.T, math.sqrt(d_k)).T,
    "scaled_dot_product_attention/one_query": lambda q, K, V, d_k: attend([q], K, V, math.sqrt(d_k))[0],
    "attention_scores": lambda Q, K, d_k: pairs(Q, K, math.sqrt(d_k)),
    "attention_scores/unscaled": lambda Q, K: pairs(Q, K),
    "attention_scores/columns": lambda Q, K, d_k: pairs(K.T, Q.T, math.sqrt(d_k)),
    "attention_scores/pair": lambda q, k, d_k: dot(q, k) / math.sqrt(d_k),
    "attention_scores/pair_unscaled": lambda q, k: dot(q, k),
    "attention_weights": lambda e: [weights(row) for row in e],
    "attention_weights/scores": lambda Q, K, d_k: [weights(r) for r in pairs(Q, K, math.sqrt(d_k))],
    "attention_weights/one_query": lambda s: weights(s),
    "attention_weights/one_query_softmax": lambda s: weights(s),
    "context_vector": lambda alpha, V: [sum(a * v for a, v in zip(r, V, strict=True)) for r in alpha],
    "context_vector/one_query": lambda w, V: sum(a * v for a, v in zip(w, V, strict=True)),
    "context_vector/one_component": lambda alpha, h: [dot(r, h) for r in alpha],
    "context_vector/one_query_one_component": lambda w, h: dot(w, h),
    "attention_projection": lambda X, W: times(X, W),
    "attention_projection/columns": lambda X, W: times(W, X),
    "attention_projection/columns_transposed": lambda X, W: times(W.T, X),
    "attention_projection/one_position": lambda X, W: times(W, X),
    "attention_projection/rows_transposed": lambda X, W: times(X, W.T),
    "attention_projection/bias": lambda X, W, b: times(X, W) + b,
    "dot_product_cosine": lambda u, v, c: c * math.hypot(*u[:, 0]) * math.hypot(*v[:, 0]),
    "cosine_of_vectors": lambda u, v: dot(u / math.hypot(*u[:, 0]), v / math.hypot(*v[:, 0])),
    "additive_attention": lambda v, W, s, U, h: dot(v, np.tanh(times(W, s) + times(U, h))),
    "additive_attention/concat": lambda v, C, s, h: dot(v, np.tanh(times(C, np.vstack([s, h])))),
    "additive_attention/bias": lambda v, W, s, U, h, b: dot(v, np.tanh(times(W, s) + times(U, h) + b)),
    "multiplicative_attention": lambda q, W, k: float(np.einsum("io,ij,jo->", q, W, k)),
    "attention_head": lambda Q, K, V, A, B, C, d_k: attend(times(Q, A), times(K, B), times(V, C), math.sqrt(d_k)),
    "attention_head/self": lambda X, A, B, C, d_k: attend(times(X, A), times(X, B), times(X, C), math.sqrt(d_k)),
    "attention_head/self_expanded": lambda X, A, B, C, d_k: attend(
        times(X, A), times(X, B), times(X, C), math.sqrt(d_k)
    ),
    "multi_head_attention": lambda H, W: sum(times(a, w) for a, w in zip(H, W, strict=True)),
    "multi_head_attention/two_heads": lambda A, B, P: times(np.hstack([A, B]), P),
    "causal_mask": lambda i, j: 0.0 if j <= i else -math.inf,
    "causal_mask/factor": lambda i, j: float(j <= i),
    "positional_encoding_sine": lambda pos, i, d: math.sin(pos * math.exp(-2 * i * math.log(1e4) / d)),
    "positional_encoding_sine/base": lambda pos, i, d, n: math.sin(pos * math.exp(-2 * i * math.log(n) / d)),
    "positional_encoding_cosine": lambda pos, i, d: math.cos(pos * math.exp(-2 * i * math.log(1e4) / d)),
    "positional_encoding_cosine/base": lambda pos, i, d, n: math.cos(pos * math.exp(-2 * i * math.log(n) / d)),
    "rotary_position": lambda x_1, x_2, m, theta: turn(x_1, x_2, m * theta).real,
    "rotary_position/second": lambda x_1, x_2, m, theta: turn(x_1, x_2, m * theta).imag,
    "rotary_position/second_reordered": lambda x_1, x_2, m, theta: turn(x_1, x_2, m * theta).imag,
    "rotary_position/both": lambda x_1, x_2, m, theta: [
        turn(x_1, x_2, m * theta).real,
        turn(x_1, x_2, m * theta).imag,
    ],
    "rotary_frequency": lambda i, d: math.exp(-2 * i / d * math.log(1e4)),
    "rotary_frequency/one_based": lambda i, d: math.exp(-2 * (i - 1) / d * math.log(1e4)),
    "linear_bias_attention": lambda q, k, m, i, j: dot(q, k) + m * j - m * i,
    "linear_attention": lambda A, B, V: [
        sum(dot(a, b) * v for b, v in zip(B, V, strict=True)) / math.fsum(dot(a, b) for b in B) for a in A
    ],
    "patch_count": lambda H, W, P: (H / P) * (W / P),
    "low_rank_adaptation": lambda W_0, B, A, alpha, q: W_0 + alpha * times(B, A) / q,
    "low_rank_adaptation/plain": lambda W_0, B, A: W_0 + times(B, A),
    "feed_forward_block": lambda x, W1, b1, W2, b2: times(relu(times(x, W1) + b1), W2) + b2,
    "feed_forward_block/gelu": lambda x, W1, b1, W2, b2: times(gelu(times(x, W1) + b1), W2) + b2,
    "feed_forward_block/columns": lambda x, W1, b1, W2, b2: times(W2, relu(times(W1, x) + b1)) + b2,
    "transformer_sublayer": lambda x, f, N: N(f(x) + x),
    "transformer_sublayer/pre": lambda x, f, N: f(N(x)) + x,
    "transformer_sublayer/pre_reordered": lambda x, f, N: x + f(N(x)),
    "attention_score_gradient": lambda P, G: [
        times([g], np.diag(p) - np.outer(p, p))[0] for p, g in zip(P, G, strict=True)
    ],
    "attention_value_gradient": lambda P, G: np.einsum("qk,qv->kv", P, G),
}


def test_forms(check_topic: Any) -> None:
    check_topic("attention", TABLE)


def test_the_cosine_identity() -> None:
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(4, 1)), rng.normal(size=(4, 1))
    c = TABLE["cosine_of_vectors"](u, v)
    assert math.isclose(TABLE["dot_product_cosine"](u, v, c), dot(u, v))
    assert not math.isclose(TABLE["dot_product_cosine"](u, v, -c), dot(u, v))
