"""Bits of error: the measure itself against multiple precision, and forms that are known to lose them."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy as sp

from symdl.terms.indexed import Access, Axis, Reduce
from symdl.verifier.oracles.accuracy import Truth, bits, measure, random_floats

X = sp.Symbol("x", real=True)
N = sp.Symbol("n", integer=True, positive=True)


def test_bits_count_floats():
    assert bits(1.0, np.nextafter(1.0, 2)) == 1.0
    assert bits(-5e-324, 5e-324) == math.log2(3)
    assert bits(0.0, -0.0) == 0.0
    assert bits(math.inf, 1e308) == bits(math.nan, 0.0) == 64.0
    assert bits(math.inf, math.inf) == bits(math.nan, math.nan) == 0.0
    assert bits(1.0, -1.0) > 62


@pytest.mark.parametrize("x", [0.3, -7.2, 1e-300, 1e5, -1e5, 5e-324, 700.5])
@pytest.mark.parametrize("name", ["exp", "softplus", "sech"])
def test_truth_is_correctly_rounded(x, name):
    expr = {"exp": sp.exp(X), "softplus": sp.log(1 + sp.exp(X)), "sech": 1 - sp.tanh(X) ** 2}[name]
    (found,) = Truth(expr, {"x": ()}).at({"x": x})
    with mpmath.workdps(900):
        want = {
            "exp": mpmath.exp,
            "softplus": lambda t: mpmath.log1p(mpmath.exp(t)),
            "sech": lambda t: mpmath.sech(t) ** 2,
        }[name](mpmath.mpf(x))
        if want > mpmath.mpf(2) ** 1024:
            assert found == math.inf
        elif want < mpmath.mpf(2) ** -1075:
            assert found == 0.0
        else:
            assert abs(want - mpmath.mpf(found)) <= mpmath.mpf(np.spacing(found)) / 2


def test_condition_numbers():
    truth = Truth(sp.exp(X), {"x": ()})
    assert truth.condition({"x": 30.0})[0] == pytest.approx(30, rel=1e-6)
    assert Truth(sp.log(X), {"x": ()}).condition({"x": 1.0 + 2**-40})[0] == pytest.approx(2**40, rel=1e-3)


def test_arrays_element_by_element():
    z, i, j = sp.Symbol("z", real=True), Axis("i", N), Axis("j", N)
    expr = sp.exp(Access(z, i)) / Reduce("sum", sp.exp(Access(z, j)), j)
    truth = Truth(expr, {"z": (3,)}, (i,), {"n": 3})
    at = {"z": np.array([1.0, 2.0, 2.0])}
    assert np.allclose(truth.at(at), np.exp(at["z"]) / np.sum(np.exp(at["z"])), rtol=1e-15)
    good = measure(lambda z: np.exp(z - np.max(z)) / np.sum(np.exp(z - np.max(z))), truth, [at])
    assert good.facts["points"] == 3 and good.facts["worst_plain"] <= 2


NAIVE = {
    # what is measured, its definition, a point where it fails, bits lost there at least
    "softplus overflows": (lambda x: np.log(1 + np.exp(x)), sp.log(1 + sp.exp(X)), 800.0, 64),
    "softplus vanishes": (lambda x: np.log(1 + np.exp(x)), sp.log(1 + sp.exp(X)), -40.0, 50),
    "tanh derivative": (lambda x: 1 - np.tanh(x) ** 2, 1 - sp.tanh(X) ** 2, 12.0, 25),
    "sigmoid complement": (lambda x: 1 - 1 / (1 + np.exp(-x)), 1 / (1 + sp.exp(X)), 30.0, 35),
}


@pytest.mark.parametrize("name", NAIVE)
def test_known_losses_are_seen(name):
    f, expr, x, lost = NAIVE[name]
    facts = measure(f, Truth(expr, {"x": ()}), [{"x": x}]).facts
    assert facts["worst_beyond"] >= lost
    assert (facts["not_finite"] == 1) is (lost == 64)


def test_the_fallback_decides_what_overflows():
    expr, other = sp.log(1 + sp.exp(X)), sp.Max(X, 0) + sp.log(1 + sp.exp(-sp.Abs(X)))
    assert Truth(expr, {"x": ()}).at({"x": 1e300}) == [None]
    assert Truth(expr, {"x": ()}, fallback=other).at({"x": 1e300}) == [1e300]
    assert measure(np.exp, Truth(expr, {"x": ()}), [{"x": 1e300}]).facts["undecided"] == 1


def test_random_floats_cover_all_exponents():
    found = list(random_floats(np.random.default_rng(0), 2000))
    assert len(found) == 2000 and all(map(math.isfinite, found))
    exponents = [math.frexp(x)[1] for x in found]
    assert min(exponents) < -900 and max(exponents) > 900
    assert found == list(random_floats(np.random.default_rng(0), 2000))
