"""The tape against dual numbers on every program, what it refuses, and wrong gradients it must catch."""

from __future__ import annotations

import numpy as np
import pytest

from symdl.errors import NotSupported
from symdl.verifier.oracles import dual
from symdl.verifier.oracles.tape import Recorded, check_gradient, jacobian, pullback
from symdl.verifier.oracles.tape_arrays import VJPS

W = np.random.default_rng(7).normal(size=(4, 3)) * 0.8
UNKNOWN = {"log determinant", "solve", "solve a constant", "tensordot", "einsum twice"}


def test_programs_against_dual_numbers(program, request):
    name = request.node.callspec.id
    if name in UNKNOWN and name != "einsum twice":
        with pytest.raises(NotSupported):
            jacobian(program, (W,), 0)
        return
    value, slope = jacobian(program, (W,), 0)
    other, truth = dual.jacobian(program, (W,), 0)
    assert np.allclose(value, other, rtol=1e-13, atol=1e-15)
    assert np.allclose(slope, truth, rtol=1e-11, atol=1e-13)


def test_a_node_used_twice_is_summed():
    x = Recorded(np.array([1.0, -2.0]))
    y = np.exp(x)
    assert np.allclose(pullback(np.sum(y * y + y), x), 2 * np.exp(2 * x.value) + np.exp(x.value))
    assert pullback(np.sum(y), Recorded(np.ones(2))).tolist() == [0.0, 0.0]


def test_long_chains_need_no_recursion():
    def chain(x):
        for _ in range(5000):
            x = x + 1e-4 * np.sin(x)
        return x

    assert np.isfinite(jacobian(chain, (0.3,), 0)[1])


def test_batched_products_and_vectors():
    a, v = np.random.default_rng(1).normal(size=(2, 3, 4)), np.arange(4.0)
    for f in (
        lambda w: a @ w,
        lambda w: w @ a[0].T,
        lambda w: np.sum(a, axis=0) @ w,
        lambda w: np.einsum("bij,j->b", a, w),
    ):
        assert np.allclose(jacobian(f, (v,), 0)[1], dual.jacobian(f, (v,), 0)[1])


REFUSED = {
    "asarray": lambda w: np.sum(np.asarray(w)),
    "truth": lambda w: 1.0 if w[0, 0] else 0.0,
    "no rule": np.sort,
    "out": lambda w: np.exp(w, out=np.empty((4, 3))),
    "other norm": lambda w: np.linalg.norm(w[0], 1),
    "diagonal by einsum": lambda w: np.einsum("ii->i", w[:3]),
    "ellipsis": lambda w: np.einsum("...i->i", w),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_lose_a_derivative_is_refused(name):
    with pytest.raises((NotSupported, TypeError)):
        jacobian(REFUSED[name], (W,), 0)


def loss(w, x):
    return np.sum(np.tanh(x @ w) ** 2) / 2


def loss_grad(w, x):
    t = np.tanh(x @ w)
    d = t * (1 - t * t)
    return x.T @ d, np.outer(d, w)


RNG = np.random.default_rng(3)
POINTS = [(RNG.normal(size=3), RNG.normal(size=(4, 3))) for _ in range(3)]


def test_a_right_gradient_passes():
    facts = check_gradient(loss, loss_grad, POINTS).facts
    assert facts["passed"] and facts["points"] == 3 and facts["max_error"] < 1e-12


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("factor", [-1.0, 1 + 1e-6, 1 - 1e-6, 0.5])
def test_a_wrong_gradient_is_caught(position, factor):
    def wrong(w, x):
        parts = list(loss_grad(w, x))
        parts[position] = parts[position] * factor
        return tuple(parts)

    assert not check_gradient(loss, wrong, POINTS).facts["passed"]


@pytest.mark.parametrize("function", [np.sum, np.mean, np.prod, np.max, np.where, np.transpose, np.matmul, np.cumsum])
def test_a_slip_in_a_rule_shows_against_dual_numbers(function, monkeypatch):
    """Negative control: the two oracles share no array rule, so a scaled pull is seen."""
    programs = {
        np.where: lambda w: np.where(w > 0, w * w, w),
        np.transpose: lambda w: np.transpose(w) * w.shape[0],
        np.matmul: lambda w: w @ np.ones(3),
        np.cumsum: lambda w: np.cumsum(w, axis=1),
    }
    program = programs.get(function, lambda w: function(w, axis=1))
    good = VJPS[function]

    def bad(*args, **options):
        value, pulls = good(*args, **options)
        return value, [(a, lambda g, pull=pull: 1.001 * pull(g)) for a, pull in pulls]

    monkeypatch.setitem(VJPS, function, bad)
    assert not np.allclose(jacobian(program, (W,), 0)[1], dual.jacobian(program, (W,), 0)[1], rtol=1e-6)
