"""Programs that every oracle differentiates: NumPy as it is written, one construct each."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(7)
X, W = RNG.normal(size=(5, 4)), RNG.normal(size=(4, 3))
Y = np.eye(3)[[0, 1, 2, 0, 1]]


def log_softmax(z):
    m = np.max(z, axis=1, keepdims=True)
    return z - m - np.log(np.sum(np.exp(z - m), axis=1, keepdims=True))


PROGRAMS = {
    "cross entropy": lambda w: -np.sum(Y * log_softmax(X @ w)) / 5,
    "einsum": lambda w: np.sum(np.einsum("nd,dk->nk", X, w) ** 2),
    "einsum twice": lambda w: np.einsum("dk,dk->k", w, w),
    "where": lambda w: np.where(X @ w > 0, X @ w, 0.01 * (X @ w)),
    "layer norm": lambda w: (
        (X @ w - np.mean(X @ w, axis=1, keepdims=True)) / np.sqrt(np.var(X @ w, axis=1, keepdims=True) + 1e-3)
    ),
    "norm": lambda w: np.linalg.norm(X @ w),
    "inverse": lambda w: np.trace(np.linalg.inv(w.T @ w + np.eye(3))),
    "slices": lambda w: (X @ w)[1:3, 0] ** 2,
    "fancy": lambda w: w[np.array([0, 2]), np.array([1, 1])],
    "new axis": lambda w: np.sum(w[:, None, :] * w[None, :, :], axis=2),
    "concatenate": lambda w: np.concatenate([X @ w, X], axis=1) ** 2,
    "stack": lambda w: np.stack([w, w * w], axis=-1),
    "prod": lambda w: np.prod(w, axis=1),
    "prod of all": lambda w: np.prod(w),
    "amax": lambda w: np.amax(w, axis=0),
    "reduce": lambda w: np.maximum.reduce(w, axis=1),
    "method": lambda w: w.sum(axis=0) * w.max() + w.mean(axis=1, keepdims=True) * w.min(),
    "transpose": lambda w: np.transpose(w[:, :, None] * np.ones(2), (2, 0, 1)),
    "outer": lambda w: np.outer(w[0], w[:, 1]),
    "clip": lambda w: np.clip(w, -0.4, 0.6) * w,
    "broadcast": lambda w: np.broadcast_to(w[0], (4, 3)) * w,
    "power": lambda w: np.abs(w) ** 1.5 + 2.0**w,
    "logaddexp": lambda w: np.logaddexp(0.0, X @ w),
    "std": lambda w: np.std(w, axis=0),
    "cumsum": lambda w: np.cumsum(w, axis=0),
    "determinant": lambda w: np.linalg.det(w.T @ w),
    "log determinant": lambda w: np.linalg.slogdet(w.T @ w)[1],
    "solve": lambda w: np.linalg.solve(w.T @ w + np.eye(3), w.T),
    "solve a constant": lambda w: np.linalg.solve(w.T @ w + np.eye(3), np.ones((3, 2))),
    "tensordot": lambda w: np.tensordot(X, w, axes=(1, 0)),
    "pad": lambda w: np.pad(w, ((1, 0), (0, 2))) ** 2,
    "windows": lambda w: np.einsum("ijab->ij", np.lib.stride_tricks.sliding_window_view(w, (2, 2))) ** 2,
    "constant like": lambda w: np.full_like(w, 3.0) * w + np.ones_like(w),
    "largest": lambda w: w[np.argmax(X @ w, axis=0) % 4, np.arange(3)],
    "gather": lambda w: np.take_along_axis(w, np.array([[0], [2], [1], [1]]), axis=1),
    "reflected": lambda w: 1 / (1 + np.exp(-w)) - (3 - w) / (2 + w * w),
}


def pytest_generate_tests(metafunc):
    if "program" in metafunc.fixturenames:
        metafunc.parametrize("program", list(PROGRAMS.values()), ids=list(PROGRAMS))
