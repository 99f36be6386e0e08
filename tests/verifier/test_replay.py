"""A witness is checked anew; one that was tampered with fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp

from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Expectation, Opaque, Reduce, size_symbol
from symdl.terms.results import Witness
from symdl.verifier.refuter import Refuted, refute
from symdl.verifier.replay import replay

x, y = sp.symbols("x y", real=True)
n = size_symbol("n")
i = Axis("i", n)
X, P = sp.Symbol("X", real=True), sp.Symbol("P", real=True)
g, p = sp.Symbol("g"), sp.Symbol("p")


def total(e: sp.Expr) -> sp.Expr:
    return Reduce("sum", e, i)


SCALAR = Equation(sp.exp(x + y), sp.exp(x) + sp.exp(y))
CONSTRAINED = Equation(x * y, sp.Integer(1), kinds={"x": "unit"}, assumptions=(sp.Eq(x + y, 1),))
ARRAY = Equation(
    total(Access(P, i) * Access(X, i)) ** 2,
    total(Access(P, i) * Access(X, i) ** 2),
    shapes={"X": (n,), "P": (n,)},
    kinds={"P": "probability"},
)
UNKNOWN = Equation(Opaque(g, 1, x), Opaque(g, 0, x))
RANDOM = Equation(Expectation(x**2, x, p), Expectation(x, x, p) ** 2)
INEQUALITY = Equation(sp.exp(x), x + 2, ">=")
ALL = [SCALAR, CONSTRAINED, ARRAY, UNKNOWN, RANDOM, INEQUALITY]


def witness(claim: Equation) -> Witness:
    outcome = refute(claim)
    assert isinstance(outcome, Refuted), outcome
    return outcome.witness


@pytest.mark.parametrize("claim", ALL)
def test_every_witness_replays(claim: Equation) -> None:
    assert replay(claim, witness(claim)).ok


@pytest.mark.parametrize("claim", ALL)
def test_a_witness_says_nothing_of_another_claim(claim: Equation) -> None:
    assert not replay(replace(claim, right=claim.left, relation="="), witness(claim)).ok


@pytest.mark.parametrize(
    ("claim", "change"),
    [
        (SCALAR, {"point": {"x": "5", "y": "1"}}),
        (SCALAR, {"point": {"x": "1"}}),
        (SCALAR, {"point": {"x": "1", "y": "1", "z": "1"}}),
        (SCALAR, {"point": {"x": "1.5", "y": "1"}}),
        (SCALAR, {"point": {"x": "1/0", "y": "1"}}),
        (SCALAR, {"point": {"x": "__import__('os')", "y": "1"}}),
        (SCALAR, {"point": {"x": ["1"], "y": "1"}}),
        (SCALAR, {"left": "7 +/- 1e-3"}),
        (SCALAR, {"right": "7 +/- 1e-3"}),
        (SCALAR, {"left": "6 +/- 3", "right": "6 +/- 3"}),
        (SCALAR, {"left": "nan +/- 0"}),
        (SCALAR, {"left": ""}),
        (SCALAR, {"precision": 10**9}),
        (SCALAR, {"precision": 0}),
        (SCALAR, {"sizes": {"n": 3}}),
        (SCALAR, {"entry": (0,)}),
        (CONSTRAINED, {"point": {"x": "1/2", "y": "1/3"}}),
        (CONSTRAINED, {"point": {"x": "3/2", "y": "-1/2"}}),
        (ARRAY, {"sizes": {}}),
        (ARRAY, {"sizes": {"n": 0}}),
        (ARRAY, {"sizes": {"n": 10**6}}),
        (ARRAY, {"point": {"P": ["1/2", "1/3"], "X": ["1", "-1"]}}),
        (ARRAY, {"point": {"P": ["1/2", "1/2"], "X": ["1"]}}),
        (UNKNOWN, {"point": {"x": "1", "g": "g(u) = sin(u)"}}),
        (UNKNOWN, {"point": {"x": "1", "g": "g(u) = 0 + 0*u + 0*u^2 + 0*u^3 + 0/0*sin(1*u + 1)"}}),
        (UNKNOWN, {"point": {"x": "1"}}),
    ],
)
def test_a_tampered_witness_fails(claim: Equation, change: dict[str, Any]) -> None:
    result = replay(claim, replace(witness(claim), **change))
    assert not result.ok and result.reason
