"""Gradients against central differences, identities against another way to compute the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def slope(f: Callable[[np.ndarray], Any], at: np.ndarray) -> np.ndarray:
    """Gradient by central differences with one Richardson step."""
    out = np.zeros_like(at)
    for k in np.ndindex(*at.shape):
        unit = np.zeros_like(at)
        unit[k] = 1.0

        def rate(h: float, unit: np.ndarray = unit) -> float:
            return (float(np.sum(f(at + h * unit))) - float(np.sum(f(at - h * unit)))) / (2 * h)

        out[k] = (4 * rate(5e-4) - rate(1e-3)) / 3
    return out


def log_det(X: np.ndarray) -> float:
    """log |det| from the LU pivots NumPy finds."""
    return float(np.linalg.slogdet(X)[1])


def square(v: Any) -> float:
    """Sum of squares."""
    return math.fsum(np.ravel(v) ** 2)


def form(A: np.ndarray, k: int, j: int) -> float:
    """The quadratic form at e_k + e_j; the Hessian follows by polarisation."""
    v = np.zeros(len(A))
    v[k] += 1
    v[j] += 1
    return float(np.einsum("i,ij,j", v, A, v))


def symmetric(A: np.ndarray) -> np.ndarray:
    """The symmetric part."""
    return (A + A.T) / 2


SYMMETRIC = symmetric(np.array([[1.0, 0.3, -0.4], [0.5, 2.0, 0.1], [0.2, -0.7, 1.5]]))
TABLE: dict[str, Any] = {
    "gradient_linear_form": lambda a, x: slope(lambda v: np.sum(a * v), x),
    "gradient_quadratic_form": lambda A, x: slope(lambda v: np.einsum("io,ij,jo", v, A, v), x),
    "gradient_quadratic_form/symmetric": lambda A, x: slope(lambda v: np.einsum("io,ij,jo", v, A, v), x),
    "hessian_quadratic_form": lambda A: [
        [form(A, k, j) - A[k, k] - A[j, j] for j in range(len(A))] for k in range(len(A))
    ],
    "gradient_squared_norm": lambda x: slope(square, x),
    "gradient_squared_norm/half": lambda x: slope(lambda v: square(v) / 2, x),
    "gradient_squared_norm/shifted": lambda x, a: slope(lambda v: square(v - a), x),
    "gradient_norm": lambda x: slope(lambda v: math.hypot(*v[:, 0]), x),
    "gradient_norm/shifted": lambda x, a: slope(lambda v: math.hypot(*(v - a)[:, 0]), x),
    "gradient_least_squares": lambda A, w, b: slope(lambda v: square(A @ v - b), w),
    "gradient_least_squares/half": lambda A, w, b: slope(lambda v: square(A @ v - b) / 2, w),
    "gradient_bilinear_form": lambda a, X, b: slope(lambda v: np.sum(a * v * b.T), X),
    "gradient_trace_product": lambda A, X, B: slope(lambda v: np.einsum("ij,jk,ki", A, v, B), X),
    "gradient_trace_product/one": lambda C, X: slope(lambda v: np.einsum("ij,ji", C, v), X),
    "gradient_trace_product/one_transposed": lambda E, X: slope(lambda v: np.sum(E * v), X),
    "gradient_trace_product/square": lambda X: slope(square, X),
    "gradient_trace_product/quadratic": lambda F, X: slope(lambda v: np.einsum("ji,jk,ki", v, F, v), X),
    "gradient_log_determinant": lambda X: slope(log_det, X),
    "gradient_log_determinant/determinant": lambda X: slope(lambda v: np.linalg.det(v), X),
    "gradient_inverse_trace": lambda A, X, B: slope(lambda v: np.sum(A * np.linalg.solve(v, B).T), X),
    "gradient_inverse_trace/bilinear": lambda a, X, b: slope(lambda v: np.sum(a * np.linalg.solve(v, b)), X),
    "gradient_frobenius": lambda X: slope(square, X),
    "gradient_frobenius/half": lambda X: slope(lambda v: square(v) / 2, X),
    "gradient_frobenius/residual": lambda A, X, B: slope(lambda v: square(A @ v - B), X),
    "transpose_of_product": lambda A, B: np.einsum("ij,jk->ki", A, B),
    "inverse_of_product": lambda A, B: np.linalg.solve(A @ B, np.diag(np.ones(len(A)))),
    "trace_cyclic": lambda A, B: np.einsum("ij,ji", A, B),
    "trace_cyclic/sum": lambda M: np.einsum("ii", M),
    "frobenius_norm_trace": lambda A: math.hypot(*A.ravel()),
    "frobenius_norm_trace/squared": lambda A: square(A),
    "frobenius_norm_trace/squared_trace": lambda A: square(A),
    "frobenius_norm_trace/identity": lambda A: square(A),
    "woodbury_identity": lambda A, U, C, V: np.linalg.solve(A + U @ C @ V, np.diag(np.ones(len(A)))),
    "woodbury_identity/rank_one": lambda A, u, v: np.linalg.solve(A + u @ v.T, np.diag(np.ones(len(A)))),
    "pseudo_inverse": lambda A: np.linalg.pinv(A),
    "pseudo_inverse/rows": lambda B: np.linalg.pinv(B),
    "projection_matrix": lambda A: (lambda q: q @ q.T)(np.linalg.qr(A)[0]),
    "projection_matrix/line": lambda u: np.multiply.outer(u[:, 0], u[:, 0]) / square(u),
    "inverse_two_by_two": lambda a, b, c, d: np.linalg.inv([[a, b], [c, d]]),
    "inverse_two_by_two/determinant": lambda a, b, c, d: np.linalg.det([[a, b], [c, d]]),
    "softmax_gradient_contraction": lambda p, g: [
        math.fsum(p[j] * g[j] * ((i == j) - p[i]) for j in range(len(p))) for i in range(len(p))
    ],
}
WELL_CONDITIONED = np.array([[2.0, 0.3, -0.4], [0.5, 3.0, 0.1], [0.2, -0.7, 2.5]])
FIXED: dict[str, Any] = {
    "gradient_inverse_trace": {"n": 3, "X": WELL_CONDITIONED},
    "gradient_quadratic_form/symmetric": {"n": 3, "A": SYMMETRIC},
    "woodbury_identity": {"n": 4, "k": 2},
    "pseudo_inverse": {"n": 5, "m": 3},
    "pseudo_inverse/rows": {"n": 5, "m": 3},
    "projection_matrix": {"n": 5, "m": 3},
}


def test_forms(check_topic: Any) -> None:
    check_topic("matrix_calculus", TABLE, FIXED)
