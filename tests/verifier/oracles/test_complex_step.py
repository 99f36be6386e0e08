"""The complex step where it is sound, and its refusal everywhere else."""

from __future__ import annotations

import numpy as np
import pytest

from symdl.errors import NotSupported
from symdl.verifier.oracles import dual
from symdl.verifier.oracles.complex_step import ANALYTIC, BRANCHED, check_gradient, jacobian

X = np.array([0.31, 0.72, 0.55])
A = np.array([[1.0, -2.0, 0.5], [0.3, 1.5, -0.7]])

SOUND = {
    "polynomial": lambda x: x**3 - 2 * x + x**-2,
    "real power": lambda x: x**1.5,
    "variable power": lambda x: 2.0**x + x**x,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "matrix": lambda x: np.tanh(A @ x),
    "einsum": lambda x: np.einsum("ij,j,j->i", A, x, x),
    "sums": lambda x: np.sum(x * x) / np.mean(np.exp(x), keepdims=True),
    "product": lambda x: np.prod(x),
    "softmax": lambda x: np.exp(x) / np.sum(np.exp(x)),
    "mask": lambda x: np.where(np.array([True, False, True]), x * x, 0.0),
    "pieces": lambda x: np.concatenate([x[1:], x[:1] ** 2]) * np.stack([x, x])[1],
    "determinant": lambda x: np.linalg.det(np.outer(x, x) + np.diag(x)),
    "reduce": lambda x: np.add.reduce(x.reshape(1, 3), axis=1),
}


@pytest.mark.parametrize("name", SOUND)
def test_against_dual_numbers(name):
    value, slope = jacobian(SOUND[name], (X,), 0)
    truth_value, truth = dual.jacobian(SOUND[name], (X,), 0)
    assert np.allclose(value, truth_value, rtol=1e-14) and np.allclose(slope, truth, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("function", sorted((ANALYTIC | set(BRANCHED)) - {np.matmul}, key=str), ids=str)
def test_every_elementwise_function(function):
    args = (X, np.array([0.5, 2.0, 1.1]))[: function.nin]
    for k in range(function.nin):
        assert np.allclose(jacobian(function, args, k)[1], dual.jacobian(function, args, k)[1], rtol=1e-12, atol=1e-15)


UNSOUND = {
    "abs": np.abs,
    "norm": np.linalg.norm,
    "sign": np.sign,
    "max": np.max,
    "maximum": lambda x: np.maximum(x, 0.5),
    "clip": lambda x: np.clip(x, 0.4, 0.6),
    "comparison": lambda x: np.where(x > 0.5, x, 0.0),
    "equality": lambda x: x * (x == 0.5),
    "branch": lambda x: x if x[0] else -x,
    "argmax": np.argmax,
    "real part": np.real,
    "conjugate": np.conj,
    "conversion": np.asarray,
    "hypot": lambda x: np.hypot(x, 1.0),
    "logaddexp": lambda x: np.logaddexp(x, 0.0),
    "write": lambda x: np.exp(x, out=np.empty(3)),
    "floor": np.floor,
}


@pytest.mark.parametrize("name", UNSOUND)
def test_what_is_not_analytic_is_refused(name):
    with pytest.raises(NotSupported, match="SD722"):
        jacobian(UNSOUND[name], (X,), 0)


def test_refusal_is_needed():
    """What a bare complex step gives for a modulus: silently 0."""
    assert np.abs(2.0 + 1e-30j).imag == 0.0


@pytest.mark.parametrize("function", [np.log, np.sqrt, np.log1p, np.arcsin, np.arccos, np.arctanh, lambda x: x**0.5])
def test_another_branch_is_no_value(function):
    with np.errstate(all="ignore"):
        found = check_gradient(function, lambda x: x, [(-1.7,)])
    assert found.facts["skipped"] == 1 and not found.facts["passed"]


@pytest.mark.parametrize(("factor", "passes"), [(1.0, True), (1 + 1e-6, False), (-1.0, False), (0.5, False)])
def test_wrong_gradients_are_caught(factor, passes):
    found = check_gradient(lambda x: np.exp(x) / x, lambda x: factor * np.exp(x) * (x - 1) / x**2, [(0.7,), (2.2,)])
    assert found.facts["passed"] is passes
