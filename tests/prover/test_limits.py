"""Limits at infinity by growth, at a number by continuity; wrong ones are not proved."""

from __future__ import annotations

import pytest
import sympy as sp

from symdl.functions import FUNCTIONS
from symdl.prover import Proved, prove
from symdl.prover.replay import replay
from symdl.terms.claims import Equation

x, h, c = sp.symbols("x h c", real=True)
a, b = sp.symbols("a b", positive=True)
oo = sp.oo
sig, relu, elu = (FUNCTIONS[n].function for n in ("sigmoid", "relu", "elu"))
leaky = FUNCTIONS["leaky_relu"].function
quotient = ((x + h) ** 2 - x**2) / h

LIMITS = [
    (sig(x), x, oo, 1, 0),
    (sig(x), x, -oo, 0, 1),
    (sig(x) * (1 - sig(x)), x, oo, 0, sp.Rational(1, 4)),
    (sp.tanh(x), x, -oo, -1, 1),
    (1 - sp.tanh(x) ** 2, x, oo, 0, 1),
    (relu(x), x, oo, oo, -oo),
    (relu(x), x, -oo, 0, -oo),
    (leaky(x, a), x, -oo, -oo, oo),
    (elu(x, a), x, -oo, -a, a),
    (sp.Max(x, a), x, oo, oo, a),
    (2**x, x, oo, oo, 0),
    (2**x * x, x, -oo, 0, -oo),
    (sp.Rational(1, 4) ** x, x, oo, 0, 1),
    ((1 - sp.Rational(1, 2) ** x) / (1 - sp.Rational(1, 2)), x, oo, 2, 1),
    (a / (1 + b * x), x, oo, 0, a),
    ((a * x**2 + c * x) / (b * x**2 + 1), x, oo, a / b, b / a),
    (sig(b * (x + 1)) - sig(b * (x - 1)), x, oo, 0, 1),
    (x * sp.exp(-x), x, oo, 0, 1),
    (sp.exp(x) / x**3, x, oo, oo, 0),
    (quotient, h, 0, 2 * x, x),
    (-sp.log(a), a, 1, 0, 1),
    (sp.exp(h * x), h, 0, 1, x),
]


@pytest.mark.parametrize("case", LIMITS, ids=[f"{e} at {p}" for e, _, p, *_ in LIMITS])
def test_limit(case: tuple[sp.Expr, sp.Symbol, sp.Expr, sp.Expr, sp.Expr]) -> None:
    e, variable, at, right, wrong = case
    claim = Equation(sp.Limit(e, variable, at), sp.sympify(right))
    outcome = prove(claim)
    assert isinstance(outcome, Proved), outcome
    assert replay(claim, outcome.proof).ok
    false = Equation(sp.Limit(e, variable, at), sp.sympify(wrong))
    assert not isinstance(prove(false), Proved)
    assert not replay(false, outcome.proof).ok


@pytest.mark.parametrize(
    "claim",
    [
        Equation(sp.Limit(c * x, x, oo), oo),  # the sign of c is not known
        Equation(sp.Limit(sp.exp(c * x), x, oo), sp.S.Zero),
        Equation(sp.Limit(sp.sin(x), x, oo), sp.S.Zero),
        Equation(sp.Limit(sp.sign(x), x, 0), sp.S.Zero),
        Equation(sp.Limit(1 / x, x, 0), oo),
        Equation(sp.Limit(sp.log(x), x, 0), sp.S.Zero),
        Equation(sp.Limit(sp.sqrt(-1 - x**2), x, oo), oo),
    ],
    ids=str,
)
def test_unknown_limits_are_refused(claim: Equation) -> None:
    assert not isinstance(prove(claim), Proved)
