"""The balls enclose what mpmath computes by other means, and the undefined is never finite."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symdl.errors import NotSupported
from symdl.functions import ELEMENTWISE
from symdl.terms.indexed import Access, Axis, Delta, MatrixFunction, Reduce, size_symbol
from symdl.verifier.oracles.ball import evaluate

x, y = sp.symbols("x y", real=True)
n = size_symbol("n")
i, j = Axis("i", n), Axis("j", n)
W = sp.Symbol("W", real=True)

numbers = st.fractions(min_value=-6, max_value=6, max_denominator=32)
ONE = (sp.exp, sp.sin, sp.cos, sp.tanh, sp.Abs, sp.sign, sp.erf, sp.atan, sp.log, sp.sqrt, sp.sinh, sp.floor)
TWO = (
    sp.Add,
    sp.Mul,
    sp.Max,
    sp.Min,
    lambda a, b: a - b,
    lambda a, b: a / b,
    lambda a, b: sp.Piecewise((a, a > b), (b * 2, True)),
)
LEAVES = (x, y, x, y, sp.pi, sp.Rational(1, 3), sp.Integer(2), sp.Integer(-1))


def expression(recipe: list[int]) -> sp.Expr | None:
    """Reads numbers as a program for a stack machine; ``None`` where SymPy finds the result to be no real number."""
    stack: list[sp.Expr] = [x]
    try:
        for code in recipe:
            if code < len(LEAVES):
                stack.append(LEAVES[code])
            elif code < len(LEAVES) + len(ONE) or len(stack) < 2:
                stack.append(ONE[code % len(ONE)](stack.pop()))
            else:
                stack.append(TWO[code % len(TWO)](stack.pop(), stack.pop()))
    except (TypeError, ValueError):
        return None
    e = stack[-1]
    return None if e.has(sp.I, sp.zoo, sp.nan, sp.oo) else e


recipes = st.lists(st.integers(0, len(LEAVES) + len(ONE) + 2 * len(TWO)), min_size=2, max_size=10)


def with_mpmath(e: sp.Expr, at: dict[sp.Symbol, Fraction]) -> mpmath.mpf | None:
    """The value by SymPy and mpmath with 60 digits, or ``None`` if it is not a real number there."""
    with mpmath.workdps(60):
        values = {s: mpmath.mpf(v.numerator) / v.denominator for s, v in at.items()}
        try:
            value = sp.lambdify(list(values), e, "mpmath")(*values.values())
        except (ZeroDivisionError, ValueError, OverflowError, TypeError, MemoryError):
            return None
        if not isinstance(value, mpmath.mpf):
            value = mpmath.mpmathify(value)
        return value if isinstance(value, mpmath.mpf) and mpmath.isfinite(value) else None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(recipes, numbers, numbers)
def test_balls_enclose_the_values_of_mpmath(recipe: list[int], a: Fraction, b: Fraction) -> None:
    e = expression(recipe)
    assume(e is not None)
    value = evaluate(e, {"x": a, "y": b}, precision=80)
    if not value.is_finite() or not abs(value) < 1e40:
        return
    other = with_mpmath(e, {x: a, y: b})
    if other is None:
        return
    with ctx.workprec(400):
        margin = arb(10) ** -30 * max(1, abs(float(other)))  # what mpmath itself may be off by
        near = arb(mpmath.nstr(other, 50)) + arb(0, margin.upper())
        assert near.overlaps(value), (e, a, b, value, other)


@pytest.mark.parametrize("precision", [24, 64, 256])
@pytest.mark.parametrize("e", [sp.exp(x), sp.log(x), sp.sqrt(x), sp.gamma(x), sp.erf(x), x**sp.pi, sp.atan(x) / x])
def test_a_ball_at_low_precision_holds_the_one_at_high_precision(e: sp.Expr, precision: int) -> None:
    rough, fine = evaluate(e, {"x": "7/3"}, precision=precision), evaluate(e, {"x": "7/3"}, precision=2000)
    with ctx.workprec(2000):
        assert rough.contains(fine.mid()) and 0 < rough.rad() < arb(2) ** (8 - precision)


UNDEFINED = [
    (sp.log(x), 0), (sp.log(x), -1), (1 / x, 0), (sp.sqrt(x), -1), (x ** sp.Rational(1, 3), -8), (x**y, 0),
    (1 / (sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1), 3), (0 * sp.log(y - y + x, evaluate=False) + sp.log(x), 0),
    (sp.tan(sp.pi / 2 + 0 * x, evaluate=False), 1), (sp.acos(x), 2), (sp.atanh(x), 1), (sp.gamma(x), -2),
    (sp.loggamma(x), -1), (sp.Piecewise((1, sp.sin(x) ** 2 + sp.cos(x) ** 2 > 1), (0, True)), 2),
    (sp.Piecewise((1, x > 0)), -1), (sp.sign(sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1), 1),
    (sp.Mul(sp.Integer(0), sp.log(x), evaluate=False), -1), (sp.Pow(x, 0, evaluate=False) / x, 0),
    (sp.exp(10**30 * x), 1),
]  # fmt: skip


@pytest.mark.parametrize(("e", "at"), UNDEFINED)
def test_the_undefined_and_the_undecided_are_not_finite(e: sp.Expr, at: int) -> None:
    assert not evaluate(e, {"x": at, "y": 0}, precision=64).is_finite()


def test_what_all_but_vanishes_is_enclosed() -> None:
    found = evaluate(sp.exp(-(10**30) * x), {"x": 1}, precision=64)
    assert found.is_finite() and found.contains(0) and found.abs_upper() < 1e-300


def test_exactness() -> None:
    assert evaluate(sp.Max(3 * x, 1) - sp.Piecewise((1, sp.Eq(3 * x, 1)), (7, True)), {"x": "1/3"}).is_zero()
    assert evaluate(sp.sqrt(x**2 + y**2) - 5, {"x": 3, "y": 4}).is_zero()
    assert evaluate(27 * x ** sp.Rational(3, 2) - 8, {"x": "4/9"}).is_zero()
    with pytest.raises(TypeError):
        evaluate(x, {"x": 0.1})
    with pytest.raises(KeyError):
        evaluate(x + y, {"x": 1})
    with pytest.raises(NotSupported):
        evaluate(sp.Integral(x, x), {"x": 1})


def test_arrays_and_matrices() -> None:
    point = {"W": [["2", "1"], ["1", "1"]]}
    assert evaluate(Reduce("sum", Access(W, i, j), i, j), point, {"n": 2}) == 5
    assert evaluate(MatrixFunction("det", Access(W, i, j), i, j), point, {"n": 2}) == 1
    inverse = MatrixFunction("inv", Access(W, i, j), i, j, sp.S.Zero, sp.S.One)
    assert evaluate(inverse, point, {"n": 2}) == -1
    cube = MatrixFunction("power", Access(W, i, j), i, j, sp.S.Zero, sp.S.Zero, 3)
    assert evaluate(cube, point, {"n": 2}) == 13
    half = MatrixFunction("power", Access(W, i, j), i, j, sp.S.Zero, sp.S.Zero, sp.Rational(1, 2))
    assert not evaluate(half, point, {"n": 2}).is_finite()  # no root is guessed for a full matrix
    singular = {"W": [["1", "1"], ["1", "1"]]}
    assert not evaluate(inverse, singular, {"n": 2}).is_finite()
    assert evaluate(Reduce("sum", Delta(i, j) * Access(W, i, 0), i), point, {"n": 2}, indices={j: 1}) == 1
    assert evaluate(Reduce("prod", Access(W, i, 0), i), point, {"n": 0}) == 1


@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
def test_every_function_row_can_be_evaluated(name: str) -> None:
    row = ELEMENTWISE[name]
    point = {s.name: Fraction(k + 2, 3) for k, s in enumerate(row.symbols)}
    e = row(*row.symbols)
    value = evaluate(e, point, precision=128)
    other = with_mpmath(row.expand(*row.symbols), {s: point[s.name] for s in row.symbols})
    if other is not None:
        with ctx.workprec(300):
            assert value.is_finite() and abs(value - arb(mpmath.nstr(other, 50))) < arb(10) ** -25
