"""`symdl.testing` on right and wrong gradients, and everything a user may get wrong."""

from __future__ import annotations

import numpy as np
import pytest

import symdl
from symdl.testing import GradientError, check_grad


def energy(w, x):
    return np.sum(np.tanh(x @ w))


def energy_grad(w, x):
    d = 1 - np.tanh(x @ w) ** 2
    return x.T @ d, np.outer(d, w)


DOMAIN = {"w": "real[n]", "x": "real[m, n]"}


def test_all_oracles_say_how_well():
    found = check_grad(energy, energy_grad, DOMAIN, points=5)
    assert [e.oracle for e in found] == ["dual numbers", "reverse tape", "complex step", "finite differences"]
    assert all(e.facts["passed"] and e.facts["points"] == 5 and e.facts["max_error"] < 1e-7 for e in found)


@pytest.mark.parametrize("oracle", ["dual", "tape", "complex_step", "finite_difference"])
@pytest.mark.parametrize("name", ["w", "x"])
@pytest.mark.parametrize("factor", [-1.0, 1 + 1e-6, 0.5, 0.0])
def test_each_oracle_alone_catches_a_wrong_gradient(oracle, name, factor):
    def wrong(w, x):
        parts = dict(zip("wx", energy_grad(w, x), strict=True))
        parts[name] = factor * parts[name]
        return parts["w"], parts["x"]

    with pytest.raises(GradientError, match=f"by {name} is wrong") as caught:
        check_grad(energy, wrong, DOMAIN, oracles=(oracle,))
    assert caught.value.evidence[0].facts["faults"]


def test_gradients_by_name():
    check_grad(energy, {"x": lambda w, x: energy_grad(w, x)[1]}, DOMAIN)
    with pytest.raises(GradientError, match="by x is wrong"):
        check_grad(energy, {"x": lambda w, x: energy_grad(w, x)[1].T}, DOMAIN, sizes={"n": 3, "m": 3})
    with pytest.raises(ValueError, match="'z' is no argument"):
        check_grad(energy, {"z": energy_grad}, DOMAIN)


def test_a_function_that_cannot_be_followed_is_left_to_differences():
    def stubborn(x):
        out = np.empty(3)
        out[:] = np.asarray(x) ** 2
        return out

    found = check_grad(stubborn, lambda x: 2 * x, {"x": "real[3]"})
    assert [e.facts["passed"] for e in found] == [False, False, False, True]
    assert "conversion" in found[0].facts["refused"]
    with pytest.raises(GradientError):
        check_grad(stubborn, lambda x: 3 * x, {"x": "real[3]"})


def test_nothing_compared_is_no_pass():
    with pytest.raises(GradientError, match="nothing was compared"):
        check_grad(np.log, lambda x: 1 / x, {"x": (-2.0, -1.0)})


def test_a_branch_is_followed_by_what_it_holds_for():
    found = check_grad(lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1.0, 0.1), {"x": "real[n]"})
    assert [e.facts["passed"] for e in found] == [True, True, False, True]
    assert "greater" in found[2].facts["refused"]


def test_integers_are_not_differentiated():
    check_grad(lambda x, n: x**n, lambda x, n: n * x ** (n - 1), {"x": "positive[k]", "n": "size"})


@pytest.mark.parametrize(
    ("id", "f", "d"),
    [
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
        ("softplus", lambda x: np.log1p(np.exp(x)), lambda x: 1 / (1 + np.exp(-x))),
    ],
)
def test_a_formula_of_the_catalogue_is_a_domain(id, f, d):
    check_grad(f, d, symdl.formula(id))
    with pytest.raises(GradientError):
        check_grad(f, lambda x: -d(x), symdl.formula(id))


def test_wrong_use_is_named():
    with pytest.raises(ValueError, match="no domain"):
        check_grad(np.sin, np.cos, {"x": "complex"})
    with pytest.raises(ValueError, match="no oracle 'jax'"):
        check_grad(np.sin, np.cos, {"x": "real"}, oracles=("jax",))
    with pytest.raises(ValueError, match="1 arrays for 2"):
        check_grad(energy, lambda w, x: w, DOMAIN)
    with pytest.raises(ValueError, match="is empty"):
        check_grad(np.sin, np.cos, {"x": (1, 1)})
    with pytest.raises(ValueError, match="mapping"):
        check_grad(np.sin, np.cos, "real")
