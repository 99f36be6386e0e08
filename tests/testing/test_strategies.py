"""Points and strategies stay inside what is declared, and reach its corners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import symdl
from symdl import catalogue
from symdl.testing import Domain, arguments, draw_points
from symdl.testing.conditions import names, value

DOMAIN = {
    "W": "real[h, n]",
    "x": "unit[n]",
    "p": "probability[h]",
    "y": "binary[n]",
    "k": "size",
    "D": "diagonal[h, h]",
    "t": (0.5, 0.75, "2 * n"),
    "s": "positive",
}


def check(point):
    h, n = point["W"].shape
    assert list(point) == list(DOMAIN)
    assert point["x"].shape == (n,) and np.all((point["x"] > 0) & (point["x"] < 1))
    assert point["p"].shape == (h,) and np.isclose(point["p"].sum(), 1) and np.all(point["p"] > 0)
    assert point["y"].shape == (n,) and set(point["y"].tolist()) <= {0, 1} and point["y"].dtype.kind == "i"
    assert isinstance(point["k"], int) and point["k"] >= 1
    assert np.array_equal(point["D"], np.diag(np.diag(point["D"])))
    assert point["t"].shape == (2 * n,) and np.all((point["t"] >= 0.5) & (point["t"] <= 0.75))
    assert isinstance(point["s"], float) and point["s"] > 0


@given(arguments(DOMAIN))
@settings(max_examples=40, deadline=None)
def test_a_strategy_keeps_to_the_domain(point):
    check(point)


def test_points_keep_to_the_domain_and_repeat():
    for point in draw_points(DOMAIN, 20, seed=3):
        check(point)
    assert str(draw_points(DOMAIN, 2, seed=3)) == str(draw_points(DOMAIN, 2, seed=3))
    assert str(draw_points(DOMAIN, 2, seed=3)) != str(draw_points(DOMAIN, 2, seed=4))
    assert len({p["W"].shape for p in draw_points(DOMAIN, 20)}) > 5


@given(arguments({"x": "real[n]"}, min_size=0, max_size=2))
@settings(max_examples=60, deadline=None)
def test_empty_arrays_are_tried(point):
    seen.add(point["x"].shape[0])


seen: set[int] = set()


def test_empty_arrays_were_tried():
    assert seen == {0, 1, 2}


def test_conditions_between_arguments_hold():
    domain = Domain.of(symdl.formula("uniform_variance")) if "uniform_variance" in catalogue.load().entries else None
    by_hand = Domain(Domain.of({"a": "real", "b": "real"}).arguments, ("a < b", "in words"))
    for point in draw_points(by_hand, 30):
        assert point["a"] < point["b"]
    assert domain is None or draw_points(domain, 3)
    with pytest.raises(ValueError, match="a > 9"):
        draw_points(Domain(by_hand.arguments, ("a > 9",)), 1)


def test_every_formula_that_can_be_drawn_is():
    drawn, refused = 0, 0
    for id, entry in catalogue.load().entries.items():
        try:
            domain = Domain.of(symdl.formula(id))
        except ValueError as error:
            assert "cannot be drawn" in str(error)
            refused += 1
            continue
        (point,) = draw_points(domain, 1)
        assert set(point) == set(entry.roles)
        drawn += 1
    assert drawn > 0.8 * (drawn + refused)


@pytest.mark.parametrize(
    "text", ["__import__('os')", "x.y", "x[0]", "f(x)", "lambda: 0", "x if y else 0", "'a'", "x +"]
)
def test_nothing_else_is_computed(text):
    with pytest.raises(ValueError):
        value(text, {"x": 1, "y": 2})


def test_values_and_names():
    assert value("2 * f + -1", {"f": 4}) == 7 and value("2**3 / 4", {}) == 2.0
    assert value("a != b", {"a": 1, "b": 2}) and not value("abs(c) <= 1", {"c": 3})
    assert names("n_h + n_x") == ("n_h", "n_x") and names("3") == () and names("in words") == ()
