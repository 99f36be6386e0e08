"""Random expressions: an equivalent rewriting may be proved, what differs at a point never is."""

from __future__ import annotations

import random

import mpmath
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symdl.prover import Proved, prove
from symdl.prover.replay import replay
from symdl.terms.claims import Equation

x, y = sp.symbols("x y", real=True)
s = sp.Symbol("s", positive=True)
NAMES = (x, y, s)

leaves = st.sampled_from([x, y, s, sp.Integer(1), sp.Integer(2), sp.Rational(-1, 2)])


def grown(inner: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: p[0] + p[1]),
        pair.map(lambda p: p[0] * p[1]),
        pair.map(lambda p: p[0] - p[1]),
        pair.map(lambda p: p[0] / (1 + p[1] ** 2)),
        pair.map(lambda p: sp.Max(p[0], p[1])),
        pair.map(lambda p: sp.Min(p[0], p[1])),
        pair.map(lambda p: sp.Piecewise((p[0], p[1] > 0), (p[1], True))),
        inner.map(sp.tanh),
        inner.map(sp.Abs),
        inner.map(sp.exp),
        inner.map(lambda e: sp.log(1 + sp.exp(e))),
        inner.map(lambda e: sp.sqrt(1 + e**2)),
        inner.map(lambda e: 1 / (1 + sp.exp(-e))),
        inner.map(lambda e: e**2),
    )


expressions = st.recursive(leaves, grown, max_leaves=4)


def step(e: sp.Expr, rng: random.Random) -> sp.Expr:
    """One rewriting that keeps the value everywhere."""
    kind = rng.randrange(9)
    if kind == 0:
        return e.replace(sp.tanh, lambda u: (sp.exp(u) - sp.exp(-u)) / (sp.exp(u) + sp.exp(-u)))
    if kind == 1:
        return e.replace(sp.Abs, lambda u: sp.Max(u, -u))
    if kind == 2:
        return sp.expand(e)
    if kind == 3:
        return sp.Mul(e, 1 + sp.exp(x), 1 / (sp.exp(x) + 1), evaluate=False)
    if kind == 4:
        return e.replace(
            sp.Max, lambda *u: u[0] if len(u) == 1 else (sp.Max(*u[1:]) + u[0] + sp.Abs(u[0] - sp.Max(*u[1:]))) / 2
        )
    if kind == 5:
        return (e + sp.tanh(y)) - (1 - 2 / (sp.exp(2 * y) + 1))
    if kind == 6:
        return sp.log(sp.exp(e, evaluate=False), evaluate=False)
    if kind == 7:
        return (e**2 - s**2) / (e - s) - s if e != s and not e.has(sp.Piecewise) else e
    return e * (sp.cosh(y) ** 2 - sp.sinh(y) ** 2)


def values(e: sp.Expr, points: list[dict[sp.Symbol, mpmath.mpf]]) -> list[object]:
    f = sp.lambdify(NAMES, e, "mpmath")
    out: list[object] = []
    for p in points:
        try:
            v = f(*(p[n] for n in NAMES))
            out.append(v if mpmath.isfinite(v) and mpmath.im(v) == 0 else None)
        except (ZeroDivisionError, ValueError, OverflowError, TypeError, RecursionError):
            out.append(None)
    return out


def points(seed: int) -> list[dict[sp.Symbol, mpmath.mpf]]:
    rng = random.Random(seed)
    return [
        {n: mpmath.mpf(rng.randrange(1, 300)) / 100 * (1 if n == s else rng.choice((1, -1))) for n in NAMES}
        for _ in range(8)
    ]


def unequal(left: sp.Expr, right: sp.Expr) -> bool:
    """Whether the two sides differ at a point by far more than 60 digits of arithmetic can err."""
    with mpmath.workdps(60):
        pairs = zip(values(left, points(1)), values(right, points(1)), strict=True)
        return any(
            u is not None and v is not None and abs(u - v) > mpmath.mpf(10) ** -30 * (1 + abs(u)) for u, v in pairs
        )


calm = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@calm
@given(expressions, st.integers(0, 10**6), st.integers(1, 2))
def test_a_rewriting_is_proved_or_refused_for_a_stated_reason(e: sp.Expr, seed: int, count: int) -> None:
    rng, new = random.Random(seed), e
    for _ in range(count):
        new = step(new, rng)
    claim = Equation(e, new)
    outcome = prove(claim, budget=1.0)
    if isinstance(outcome, Proved):
        assert replay(claim, outcome.proof).ok
        assert not unequal(e, new)
    else:
        assert outcome.code and outcome.text


@calm
@given(expressions, expressions)
def test_what_differs_at_a_point_is_never_proved(e: sp.Expr, other: sp.Expr) -> None:
    if isinstance(prove(Equation(e, other), budget=1.0), Proved):
        assert not unequal(e, other)


@calm
@given(expressions, st.integers(0, 10**6), st.sampled_from([1, sp.Rational(1, 10**15)]))
def test_a_small_addition_is_never_proved(e: sp.Expr, seed: int, small: sp.Expr) -> None:
    rng = random.Random(seed)
    wrong = step(e, rng) + small * rng.choice((1, sp.tanh(x) ** 2, sp.Max(x, 0), sp.exp(-s)))
    if isinstance(prove(Equation(e, wrong), budget=1.0), Proved):
        assert not unequal(e, wrong)


@calm
@given(expressions, expressions, st.sampled_from(["<", "<=", ">", ">="]))
def test_inequalities_that_are_proved_hold_at_points(e: sp.Expr, other: sp.Expr, relation: str) -> None:
    if not isinstance(prove(Equation(e, other, relation), budget=1.0), Proved):
        return
    with mpmath.workdps(60):
        for u, v in zip(values(e, points(2)), values(other, points(2)), strict=True):
            if u is not None and v is not None:
                low, high = (u, v) if relation[0] == "<" else (v, u)
                assert low <= high + mpmath.mpf(10) ** -30 * (1 + abs(high))


def test_most_rewritings_are_proved() -> None:
    """The rate is a figure, not a promise; it must not fall unseen."""
    rng = random.Random(5)
    samples = [
        sp.tanh(x) * y,
        sp.log(1 + sp.exp(x - y)),
        sp.Max(x, y) / (1 + x**2),
        sp.Abs(x * y) + s,
        1 / (1 + sp.exp(-x * y)),
        sp.sqrt(1 + x**2) * sp.exp(y),
        sp.Piecewise((x, y > 0), (y, True)) ** 2,
        sp.Min(x, sp.exp(y)),
    ]
    claims = [Equation(e, step(step(e, rng), rng)) for e in samples for _ in range(8)]
    proved = sum(isinstance(prove(c), Proved) for c in claims)
    assert proved >= 0.95 * len(claims), proved
