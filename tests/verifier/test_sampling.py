"""Points are exact, lie in the declared domains, and satisfy the assumptions."""

from __future__ import annotations

import random

import pytest
import sympy as sp
from flint import fmpq

from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Reduce, size_symbol
from symdl.verifier.ground import Grounder
from symdl.verifier.points import Points
from symdl.verifier.sampling import MODES, Array, Domain, declared_bounds, draw_point

KINDS = ("real", "positive", "nonnegative", "unit", "size", "integer", "index", "binary", "gradient", "statistic")


@pytest.mark.parametrize("kind", KINDS)
def test_draws_lie_in_the_domain(kind: str) -> None:
    rng, domain = random.Random(1), Domain.of_kind(kind)
    drawn = {domain.draw(rng, mode) for mode in (*MODES, "edge", "ties") for _ in range(60)}
    assert all(type(v) is fmpq and domain.contains(v) for v in drawn)
    assert len(drawn) >= 2


def test_closed_ends_are_tried_and_open_ones_are_not() -> None:
    rng = random.Random(1)
    edge = {Domain.of_kind("nonnegative").draw(rng, "edge") for _ in range(40)}
    assert 0 in edge and any(0 < v < fmpq(1, 100) for v in edge)
    closed = Domain(fmpq(-1), fmpq(1))
    assert {fmpq(-1), fmpq(1)} <= {closed.draw(rng, "edge") for _ in range(60)}
    unit = {Domain.of_kind("unit").draw(rng, "edge") for _ in range(60)}
    assert not {fmpq(0), fmpq(1)} & unit and min(unit) < fmpq(1, 500) and max(unit) > fmpq(499, 500)


def test_magnitudes_span_many_orders() -> None:
    rng = random.Random(1)
    sizes = {abs(Domain().draw(rng, mode)) for mode in MODES for _ in range(40)}
    assert min(v for v in sizes if v) < fmpq(1, 10**8) and max(sizes) >= 1000


def test_structured_arrays() -> None:
    rng = random.Random(2)
    for mode in MODES:
        rows = Array((3, 4), Domain.of_kind("probability"))
        values = rows.draw(rng, mode)
        assert rows.holds(values) and all(sum(values[r, c] for c in range(4)) == 1 for r in range(3))
        values[0, 0] += fmpq(1, 10**9)
        assert not rows.holds(values)
        diagonal = Array((3, 3), Domain.of_kind("diagonal"))
        values = diagonal.draw(rng, mode)
        assert diagonal.holds(values) and values[0, 1] == 0 and values[1, 1] > 0


def test_symbols_and_declared_bounds_narrow_the_domain() -> None:
    a = sp.Symbol("a", real=True)
    assert Domain.of_symbol(sp.Symbol("a", negative=True)).contains(fmpq(-1))
    assert not Domain.of_symbol(sp.Symbol("a", negative=True)).contains(fmpq(0))
    bound = declared_bounds([sp.And(a > 0, a <= 2)])["a"]
    assert not bound.contains(fmpq(0)) and bound.contains(fmpq(2)) and not bound.contains(fmpq(3))
    assert Domain.of_kind("positive").meet(declared_bounds([a < 0])["a"]).empty


def test_the_same_seed_draws_the_same_point() -> None:
    arrays = {"X": Array((2, 3), Domain()), "a": Array((), Domain())}
    assert draw_point(arrays, random.Random(5), "mixed") == draw_point(arrays, random.Random(5), "mixed")


n = size_symbol("n")
i, j = Axis("i", n), Axis("j", n)
x, y, z = sp.symbols("x y z", real=True)
X = sp.Symbol("X", real=True)


@pytest.mark.parametrize(
    "assumption",
    [
        sp.Lt(x, y),
        sp.Eq(x + 2 * y, 1),
        sp.And(sp.Eq(x, 3 * y), sp.Gt(y, 1)),
        sp.Or(x > 3, y < -3),
        sp.Eq(Reduce("sum", Access(X, i), i), 1),
        sp.Gt(Access(X, i), 1),
        sp.Ne(x, y),
    ],
)
def test_assumptions_hold_at_every_point(assumption: sp.Basic) -> None:
    claim = Equation(x + y + Reduce("sum", Access(X, j), j), z, shapes={"X": (n,)}, assumptions=(assumption,))
    grounder = Grounder(claim)
    ground = grounder.at({"n": 3})
    points = Points(ground, random.Random(0))
    found = [points.draw(mode) for mode in MODES]
    assert sum(p is not None for p in found) >= 8
    for p in found:
        if p is not None:
            values = {sp.Symbol(s, real=True): sp.Rational(str(p[s, ()])) for s in "xy"}
            entries = [sp.Rational(str(p["X", (k,)])) for k in range(3)]
            if assumption.has(Reduce):
                assert sum(entries) == 1
            elif assumption.has(Access):
                assert min(entries) > 1
            else:
                assert assumption.subs(values) == sp.true


def test_kinks_are_met_exactly_and_from_both_sides() -> None:
    claim = Equation(sp.Max(x - sp.Rational(22, 7) * y, 0), z)
    ground = Grounder(claim).at({})
    points = Points(ground, random.Random(0))
    base = points.draw("small")
    assert base is not None
    gaps = [p["x", ()] - fmpq(22, 7) * p["y", ()] for p in points.kinks(base, 10)]
    assert any(g == 0 for g in gaps) and any(g > 0 for g in gaps) and any(g < 0 for g in gaps)


def test_sizes_are_small_distinct_and_fit_the_shapes() -> None:
    f, s = size_symbol("f"), size_symbol("s")
    out = sp.floor((n - f) / s) + 1
    k = Axis("k", out)
    claim = Equation(Access(X, s * k), Access(X, s * k), axes=(k,), shapes={"X": (n,), "H": (out,)})
    grounder = Grounder(claim)
    found = [next(it) for it in [grounder.structures(random.Random(0))]]
    assert all((v["n"] - v["f"]) // v["s"] + 1 >= 1 and len(set(v.values())) == 3 for v in found)
