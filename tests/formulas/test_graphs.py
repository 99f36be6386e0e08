"""Graph operators and layers against loops over edges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def edges(A: np.ndarray, f: Any) -> np.ndarray:
    """A matrix entry by entry."""
    return np.array([[A[i, j] * f(i, j) for j in range(A.shape[1])] for i in range(A.shape[0])])


def normalised(A: np.ndarray, D: np.ndarray) -> np.ndarray:
    """Each edge over the geometric mean of its degrees."""
    return edges(A, lambda i, j: 1 / math.sqrt(D[i, i] * D[j, j]))


def mm(*factors: np.ndarray) -> np.ndarray:
    """Product of matrices from the right."""
    out = factors[-1]
    for f in reversed(factors[:-1]):
        out = np.einsum("ij,j...->i...", f, out)
    return out


def relu(z: Any) -> Any:
    """Positive part."""
    return np.where(z > 0, z, 0)


def rows(z: np.ndarray) -> np.ndarray:
    """Softmax of every row."""
    return np.array([[math.exp(v) / sum(map(math.exp, r)) for v in r] for r in z])


def one(n: int) -> np.ndarray:
    """The identity."""
    return np.diag(np.ones(int(n)))


TABLE: dict[str, Any] = {
    "normalised_adjacency": lambda A, D: normalised(A, D),
    "normalised_adjacency/index": lambda A, d: normalised(A, np.diag(d)),
    "normalised_adjacency/index_one_root": lambda A, d: normalised(A, np.diag(d)),
    "normalised_adjacency/self_loops": lambda A, D, n: normalised(A + one(n), D),
    "normalised_adjacency/random_walk": lambda A, D: edges(A, lambda i, j: 1 / D[i, i]),
    "normalised_adjacency/random_walk_inverse": lambda A, D: edges(A, lambda i, j: 1 / D[i, i]),
    "normalised_adjacency/column": lambda A, D: edges(A, lambda i, j: 1 / D[j, j]),
    "self_loops": lambda A, n: A + one(n),
    "self_loops/weighted": lambda A, lam, n: A + lam * one(n),
    "degree_with_self_loops": lambda D, n: D + one(n),
    "degree_with_self_loops/weighted": lambda D, lam, n: D + lam * one(n),
    "degree_with_self_loops/sum": lambda A: np.diag([math.fsum(r) + 1 for r in A]),
    "degree_matrix_sum": lambda A: [math.fsum(r) for r in A],
    "degree_matrix_sum/matrix": lambda A: np.diag([math.fsum(r) for r in A]),
    "degree_matrix_sum/columns": lambda A: [math.fsum(c) for c in A.T],
    "gcn_layer": lambda A, X, W: relu(mm(A, X, W)),
    "gcn_layer/any": lambda A, X, W, g: g(mm(A, X, W)),
    "gcn_layer/columns": lambda A, X, W: relu(mm(W, X, A)),
    "gcn_layer/columns_any": lambda A, X, W, g: g(mm(W, X, A)),
    "gcn_layer/expanded": lambda A, D, X, W, g: g(mm(normalised(A, D), X, W)),
    "gcn_layer/expanded_relu": lambda A, D, X, W: relu(mm(normalised(A, D), X, W)),
    "gcn_layer/linear": lambda A, X, W: mm(A, X, W),
    "gcn_output": lambda A, X, W: rows(mm(A, X, W)),
    "gcn_output/two_layers": lambda A, X, W0, W1: rows(mm(A, relu(mm(A, X, W0)), W1)),
    "gcn_output/columns": lambda A, X, W: rows(mm(W, X, A).T).T,
    "graph_laplacian": lambda D, A: -(A - D),
    "graph_laplacian/symmetric": lambda D, A, n: one(n) - normalised(A, D),
    "graph_laplacian/symmetric_product": lambda D, A, n: one(n) - normalised(A, D),
    "graph_laplacian/random_walk": lambda D, A, n: one(n) - edges(A, lambda i, j: 1 / D[i, i]),
    "laplacian_quadratic_form": lambda A, x: 0.5 * np.sum(A * np.subtract.outer(x, x) ** 2),
    "laplacian_quadratic_form/without_half": lambda A, x: np.sum(A * np.subtract.outer(x, x) ** 2),
    "message_aggregation": lambda A, H: mm(A, H),
    "message_aggregation/mean": lambda A, H: mm(A, H) / np.array([[math.fsum(r)] for r in A]),
    "graphsage_layer": lambda W, h, m, g: g(mm(W, np.vstack([h, m]))),
    "graphsage_layer/two_matrices": lambda U, V, h, m, g: g(mm(U, h) + mm(V, m)),
    "gin_layer": lambda eps, h, A, f_1: f_1(h + eps * h + mm(A, h)),
    "graph_attention_score": lambda a, W, h, k, s: (lambda z: np.where(z > 0, z, s * z))(
        np.sum(a * np.vstack([mm(W, h), mm(W, k)]))
    ),
    "graph_attention_score/any": lambda a, W, h, k, g: g(np.sum(a * np.vstack([mm(W, h), mm(W, k)]))),
    "graph_attention_coefficient": lambda e, A: [
        [A[i, j] * math.exp(e[i, j]) / np.sum(A[i] * np.exp(e[i])) for j in range(len(e))] for i in range(len(e))
    ],
    "graph_attention_coefficient/all_nodes": lambda e: rows(e),
    "graph_attention_layer": lambda alpha, H, W, g: g(mm(alpha, H, W)),
    "graph_readout": lambda H: [math.fsum(c) for c in H.T],
    "graph_readout/mean": lambda H: [np.mean(c) for c in H.T],
    "graph_readout/maximum": lambda H: [sorted(c)[-1] for c in H.T],
    "personalised_propagation": lambda alpha, A, Z_prev, H: mm(A, Z_prev) - alpha * (mm(A, Z_prev) - H),
    "personalised_propagation/damping": lambda alpha, A, Z_prev, H: H - alpha * (H - mm(A, Z_prev)),
}


def test_forms(check_topic: Any) -> None:
    check_topic("graphs", TABLE)


def test_the_normalised_adjacency_has_eigenvalue_one() -> None:
    A = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    D = np.diag(A.sum(axis=1))
    assert math.isclose(max(np.linalg.eigvalsh(normalised(A, D))), 1.0)
    assert max(np.linalg.eigvalsh(D**0.5 @ A @ D**0.5)) > 2  # with the note's exponent
