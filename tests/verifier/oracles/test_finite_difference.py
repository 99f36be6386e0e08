"""Finite differences: accuracy, the error estimate, and wrong gradients that must be caught."""

from __future__ import annotations

import numpy as np
import pytest

from symdl.verifier.oracles.finite_difference import central, check_gradient, forward, ridders

CURVES = [
    (np.exp, np.exp, 0.7),
    (np.sin, np.cos, 1.1),
    (np.log, lambda x: 1 / x, 0.2),
    (np.sqrt, lambda x: 0.5 / np.sqrt(x), 3.0),
    (np.tanh, lambda x: 1 / np.cosh(x) ** 2, -2.0),
    (lambda x: x**5 - 3 * x, lambda x: 5 * x**4 - 3, 12.0),
    (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2, 4.0),
]


@pytest.mark.parametrize(("f", "d", "x"), CURVES)
def test_ridders_is_more_accurate_than_central_and_knows_its_error(f, d, x):
    value, error = ridders(f, (x,), 0)
    assert abs(value - d(x)) < 1e-9 * abs(d(x))
    assert abs(value - d(x)) < 10 * error
    assert central(f, (x,), 0) == pytest.approx(d(x), rel=1e-7)
    assert forward(f, (x,), 0) == pytest.approx(d(x), rel=1e-4)


def test_layout_is_result_then_argument():
    a, x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([0.5, -1.0, 2.0])

    def f(m, v):
        return m @ v

    assert np.allclose(ridders(f, (a, x), 1)[0], a)
    assert ridders(f, (a, x), 0)[0].shape == (2, 2, 3)
    assert np.allclose(central(f, (a, x), 0)[1, 1], x)


def quadratic(w, x):
    return np.sum((x @ w) ** 2) / 2


def quadratic_grad(w, x):
    return x.T @ (x @ w), np.outer(x @ w, w)


RNG = np.random.default_rng(3)
POINTS = [(RNG.normal(size=3), RNG.normal(size=(4, 3))) for _ in range(3)]


def test_a_right_gradient_passes():
    evidence = check_gradient(quadratic, quadratic_grad, POINTS)
    assert evidence.facts["passed"] and evidence.facts["points"] == 3
    assert evidence.facts["max_error"] < 1e-8 and evidence.facts["central_error"] < 1e-5
    assert evidence.facts["central_error"] < evidence.facts["forward_error"] < 1e-3


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("factor", [-1.0, 1 + 1e-4, 1 - 1e-4, 1 + 1e-6, 1 - 1e-6, 0.5])
def test_a_wrong_gradient_is_caught(position, factor):
    def wrong(w, x):
        parts = list(quadratic_grad(w, x))
        parts[position] = parts[position] * factor
        return tuple(parts)

    assert not check_gradient(quadratic, wrong, POINTS).facts["passed"]


def test_one_wrong_element_is_caught():
    def wrong(w, x):
        dw, dx = quadratic_grad(w, x)
        dx[1, 2] += 1e-3 * np.max(np.abs(dx))
        return dw, dx

    assert not check_gradient(quadratic, wrong, POINTS).facts["passed"]


def test_a_kink_within_reach_is_skipped_and_not_passed():
    evidence = check_gradient(np.abs, np.sign, [(1e-5,)])
    assert evidence.facts == {**evidence.facts, "points": 0, "skipped": 1, "passed": False}
    assert check_gradient(np.abs, np.sign, [(1e-5,), (0.5,)]).facts["passed"]


def test_outside_the_domain_is_skipped():
    assert check_gradient(lambda x: (x - 3) ** 0.5, lambda x: 0.5 * (x - 3) ** -0.5, [(1.0,)]).facts["skipped"] == 1


def test_a_derivative_of_zero():
    assert check_gradient(np.floor, lambda x: 0.0, [(0.4,), (2.3,)]).facts["passed"]
    assert not check_gradient(np.floor, lambda x: 1e-3, [(0.4,)]).facts["passed"]


@pytest.mark.parametrize(("f", "d", "x"), CURVES)
@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-6, -1.0, 2.0])
def test_a_wrong_derivative_of_a_curve_is_caught(f, d, x, factor):
    assert check_gradient(f, d, [(x,)]).facts["passed"]
    assert not check_gradient(f, lambda x: factor * d(x), [(x,)]).facts["passed"]


def test_an_empty_argument_has_an_empty_derivative():
    empty = (np.zeros(0),)
    assert (
        forward(np.sum, empty, 0).shape == central(np.sum, empty, 0).shape == ridders(np.sum, empty, 0)[0].shape == (0,)
    )
