"""Dual numbers against hand-written derivatives, and everything they must refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symdl.errors import NotSupported
from symdl.verifier.oracles.dual import check_gradient, jacobian
from symdl.verifier.oracles.dual_numbers import FUNCTIONS
from symdl.verifier.oracles.dual_rules import PARTIALS

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
    "reflected": lambda w: 1 / (1 + np.exp(-w)) - (3 - w) / (2 + w * w),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_against_complex_free_differences(name):
    f = PROGRAMS[name]
    value, slope = jacobian(f, (W,), 0)
    assert np.allclose(value, f(W))
    h = 1e-6
    for k in range(W.size):
        step = np.zeros(W.size)
        step[k] = h
        d = (f(W + step.reshape(W.shape)) - f(W - step.reshape(W.shape))) / (2 * h)
        assert np.allclose(slope.reshape((*value.shape, -1))[..., k], d, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("key", list(PARTIALS), ids=str)
def test_every_elementwise_rule(key):
    if isinstance(key, str):
        key = np.frompyfunc({"erf": math.erf, "erfc": math.erfc}[key.split()[0]], 1, 1)
    points = [1.3, 1.7] if key is np.arccosh else [0.31, 0.83]
    h = 1e-6
    for x in points:
        args = [x, 0.57][: key.nin]
        for k in range(key.nin):
            _, d = jacobian(key, tuple(args), k)
            shifted = [float(key(*args[:k], args[k] + s, *args[k + 1 :])) for s in (h, -h)]
            assert d == pytest.approx((shifted[0] - shifted[1]) / (2 * h), rel=1e-7, abs=1e-9)


def in_place(w):
    h = X @ w
    h += 1.0
    return np.sum(h)


def fill(w):
    out = np.zeros((5, 3))
    out[:] = X @ w
    return np.sum(out)


def write(w):
    h = X @ w
    h[0] = 1.0
    return np.sum(h)


REFUSED = {
    "in place": in_place,
    "fill": fill,
    "write": write,
    "out": lambda w: np.sum(np.exp(X @ w, out=np.empty((5, 3)))),
    "asarray": lambda w: np.sum(np.asarray(w) ** 2),
    "array": lambda w: np.sum(np.array(w, dtype=float) ** 2),
    "truth": lambda w: 1.0 if w[0, 0] else 0.0,
    "math": lambda w: math.exp(w[0, 0]),
    "vectorize": lambda w: np.vectorize(lambda t: t * t)(w),
    "no rule": lambda w: np.sort(w),
    "index": lambda w: X[w[0]],
    "made to be written": lambda w: np.zeros_like(w),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_lose_a_derivative_is_refused(name):
    with pytest.raises((NotSupported, TypeError, IndexError)):
        jacobian(REFUSED[name], (W,), 0)


def test_max_and_amax_are_both_known():
    assert {np.max, np.amax, np.min, np.amin} <= set(FUNCTIONS)


def test_ties_are_shared():
    assert jacobian(np.max, (np.array([2.0, 2.0, 1.0]),), 0)[1].tolist() == [0.5, 0.5, 0.0]
    assert jacobian(lambda x: np.maximum(x, 0.0), (0.0,), 0)[1] == 0.5


def softplus(x, beta):
    return np.logaddexp(0.0, beta * x) / beta


def softplus_grad(x, beta):
    s = 1 / (1 + np.exp(-beta * x))
    return s, x * s / beta - np.logaddexp(0.0, beta * x) / beta**2


POINTS = [(0.3, 1.2), (-1.1, 0.7), (2.2, 2.0)]


def test_a_right_gradient_passes_and_says_how_well():
    evidence = check_gradient(softplus, softplus_grad, POINTS)
    assert evidence.facts["passed"] and evidence.facts["points"] == 3 and evidence.facts["max_error"] < 1e-12


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("factor", [-1.0, 1 + 1e-4, 1 - 1e-6, 0.0])
def test_a_wrong_gradient_is_caught(position, factor):
    def wrong(x, beta):
        parts = list(softplus_grad(x, beta))
        parts[position] = parts[position] * factor
        return tuple(parts)

    evidence = check_gradient(softplus, wrong, POINTS)
    assert not evidence.facts["passed"] and f"argument {position}" in evidence.facts["faults"][0]


def test_elementwise_and_full_jacobians():
    z = np.array([0.3, -1.0, 2.0])
    assert check_gradient(np.tanh, lambda x: 1 - np.tanh(x) ** 2, [(z,)]).facts["passed"]
    assert check_gradient(np.tanh, lambda x: np.diag(1 - np.tanh(x) ** 2), [(z,)]).facts["passed"]

    def mixing(x):
        return np.tanh(x) + np.sum(x)

    assert not check_gradient(mixing, lambda x: 2 - np.tanh(x) ** 2, [(z,)]).facts["passed"]  # off the diagonal


def test_a_wrong_shape_is_a_fault_and_nothing_compared_is_no_pass():
    assert not check_gradient(np.sum, lambda x: 1.0, [(np.ones(3),)]).facts["passed"]
    with np.errstate(all="ignore"):
        none = check_gradient(np.log, lambda x: 1 / x, [(-1.0,)])
    assert none.facts["points"] == 0 and none.facts["skipped"] == 1 and not none.facts["passed"]


def test_integers_are_not_differentiated():
    assert check_gradient(lambda x, n: x**n, lambda x, n: n * x ** (n - 1), [(1.5, 3)]).facts["passed"]
