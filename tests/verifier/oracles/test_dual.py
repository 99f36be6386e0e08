"""Dual numbers against hand-written derivatives, and everything they must refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symdl.errors import NotSupported
from symdl.verifier.oracles.dual import check_gradient, check_hessian, hessian, jacobian
from symdl.verifier.oracles.dual_numbers import FUNCTIONS
from symdl.verifier.oracles.dual_rules import PARTIALS

RNG = np.random.default_rng(7)
X, W = RNG.normal(size=(5, 4)), RNG.normal(size=(4, 3))


def test_programs_against_complex_free_differences(program):
    f = program
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


def filled_like(w):
    out = np.zeros_like(w)
    out[0] = w[0]
    return out


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
    "made to be written": filled_like,
    "other norm": lambda w: np.linalg.norm(w[0], 1),
    "padded with edges": lambda w: np.pad(w, 1, mode="edge"),
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


def test_second_derivatives_against_differences_of_first_ones(program):
    """Every rule also runs on dual numbers over dual numbers."""

    def f(w):
        return np.sum(np.tanh(program(w)) * program(w))

    second = hessian(f, (W,))
    assert second.shape == (4, 3, 4, 3)
    assert np.allclose(second, np.transpose(second, (2, 3, 0, 1)), rtol=1e-9, atol=1e-9)
    h = 1e-5
    for k in range(0, W.size, 5):
        step = np.zeros(W.size)
        step[k] = h
        step = step.reshape(W.shape)
        d = (jacobian(f, (W + step,), 0)[1] - jacobian(f, (W - step,), 0)[1]) / (2 * h)
        assert np.allclose(second.reshape(4, 3, -1)[..., k], d, rtol=1e-5, atol=1e-5 * np.max(np.abs(second)))


def bowl(x):
    return np.sum(np.log(np.cosh(x))) + x[0] * x[1] ** 2


def bowl_hessian(x):
    out = np.diag(1 / np.cosh(x) ** 2)
    out[0, 1] = out[1, 0] = 2 * x[1]
    out[1, 1] = out[1, 1] + 2 * x[0]
    return out


@pytest.mark.parametrize(("factor", "passes"), [(1.0, True), (1 + 1e-6, False), (-1.0, False), (0.5, False)])
def test_wrong_hessians_are_caught(factor, passes):
    points = [(np.array([0.3, -1.1, 2.0]),), (np.array([1.3, 0.4, -0.2]),)]
    found = check_hessian(bowl, lambda x: factor * bowl_hessian(x), points)
    assert found.facts["passed"] is passes and found.facts["points"] == 2


def test_a_term_left_out_of_a_hessian_is_caught():
    def wrong(x):
        return np.diag(np.diag(bowl_hessian(x)))

    assert not check_hessian(bowl, wrong, [(np.array([0.3, -1.1, 2.0]),)]).facts["passed"]
