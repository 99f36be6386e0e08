"""True claims are never refuted, false ones are, by however little, and the witness is exact."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp

from symdl.functions import FUNCTIONS
from symdl.terms.claims import Equation
from symdl.terms.indexed import (
    Access,
    Axis,
    Delta,
    Expectation,
    Indicator,
    MatrixFunction,
    Opaque,
    Reduce,
    size_symbol,
)
from symdl.verifier.refuter import Consistent, Effort, Refuted, Undefined, refute
from symdl.verifier.replay import replay

x, y, z, c = sp.symbols("x y z c", real=True)
p, q = sp.symbols("p q", positive=True)
t = sp.Symbol("t", integer=True, nonnegative=True)
n, m, h = size_symbol("n"), size_symbol("m"), size_symbol("h")
i, j, k, ell = (Axis(a, n) for a in "ijkl")
b, o = Axis("b", m), Axis("o", n)
i2, j2 = Axis("i", 2), Axis("j", 2)
r, s = Axis("r", h), Axis("s", h)
X, Y, W, V, P = (sp.Symbol(a, real=True) for a in "XYWVP")
D = sp.Symbol("D", positive=True)
half = sp.Rational(1, 2)
KINK = sp.Rational(71, 10)
TINY = sp.Rational(1, 10**15)
vec = {"X": (n,), "Y": (n,)}


def at(a: sp.Symbol, *index: sp.Expr) -> sp.Expr:
    return Access(a, *index)


def total(e: sp.Expr, *axes: Axis) -> sp.Expr:
    return Reduce("sum", e, *axes)


def f(name: str, *args: sp.Expr) -> sp.Expr:
    return FUNCTIONS[name](*args)


def softmax(a: Axis, shift: sp.Expr = sp.S.Zero) -> sp.Expr:
    return sp.exp(at(X, a) - shift) / total(sp.exp(at(X, ell) - shift), ell)


def inv(e: sp.Expr, a: Axis, bb: Axis, *index: sp.Expr) -> sp.Expr:
    return MatrixFunction("inv", e, a, bb, *index)


sigmoid = 1 / (1 + sp.exp(-x))
mean = total(at(X, j), j) / n
top = Reduce("max", at(X, j), j)
q0 = sp.Symbol("p_data")
g = sp.Symbol("g")
matrix = {"W": (n, n), "V": (n, n)}

TRUE: dict[str, Equation] = {
    "sigmoid is half a tanh": Equation(sigmoid, (1 + sp.tanh(x / 2)) / 2),
    "tanh from sigmoid": Equation(sp.tanh(x), 2 / (1 + sp.exp(-2 * x)) - 1),
    "sigmoid symmetry": Equation(sigmoid + sigmoid.subs(x, -x), sp.S.One),
    "sigmoid derivative": Equation(sigmoid.diff(x), sigmoid * (1 - sigmoid)),
    "tanh derivative": Equation(sp.tanh(x).diff(x), 1 - sp.tanh(x) ** 2),
    "softplus split": Equation(sp.log(1 + sp.exp(x)), sp.Max(x, 0) + sp.log(1 + sp.exp(-sp.Abs(x)))),
    "log-sigmoid": Equation(sp.log(sigmoid), sp.Min(x, 0) - sp.log(1 + sp.exp(-sp.Abs(x)))),
    "row: sigmoid": Equation(f("sigmoid", x), sigmoid),
    "row: relu": Equation(f("relu", x), (x + sp.Abs(x)) / 2),
    "row: gelu": Equation(f("gelu", x), x / 2 * sp.erfc(-x / sp.sqrt(2))),
    "row: silu": Equation(f("silu", x), x * sigmoid),
    "relu as cases": Equation(sp.Max(x, 0), sp.Piecewise((x, x > 0), (0, True))),
    "relu, the tie on the other side": Equation(sp.Max(x, 0), sp.Piecewise((x, x >= 0), (0, True))),
    "relu of a difference": Equation(sp.Max(x - y, 0) - sp.Max(y - x, 0), x - y),
    "abs as a maximum": Equation(sp.Abs(x), sp.Max(x, -x)),
    "abs of a product": Equation(sp.Abs(x * y), sp.Abs(x) * sp.Abs(y)),
    "abs and sign": Equation(sp.sign(x) * x, sp.Abs(x)),
    "maximum": Equation(sp.Max(x, y), (x + y + sp.Abs(x - y)) / 2),
    "minimum": Equation(sp.Min(x, y), (x + y - sp.Abs(x - y)) / 2),
    "max and min": Equation(sp.Max(x, y) + sp.Min(x, y), x + y),
    "clip": Equation(sp.Min(sp.Max(x, -1), 1), sp.Max(sp.Min(x, 1), -1)),
    "hard tanh as cases": Equation(sp.Min(sp.Max(x, -1), 1), sp.Piecewise((-1, x < -1), (1, x > 1), (x, True))),
    "leaky relu": Equation(sp.Max(x, 0) + half * sp.Min(x, 0), sp.Piecewise((x, x > 0), (x / 2, True))),
    "huber": Equation(
        sp.Piecewise((x**2 / 2, sp.Abs(x) <= 1), (sp.Abs(x) - half, True)),
        sp.Piecewise((x**2 / 2, sp.Abs(x) < 1), (sp.Abs(x) - half, True)),
    ),
    "heaviside": Equation(sp.Heaviside(x, 0), sp.Piecewise((1, x > 0), (0, True))),
    "square root of a square": Equation(sp.sqrt(x**2), sp.Abs(x)),
    "floor": Equation(sp.floor(x + 1), sp.floor(x) + 1),
    "log of a product": Equation(sp.log(p * q), sp.log(p) + sp.log(q)),
    "power law": Equation(p ** (x + y), p**x * p**y),
    "power as exponential": Equation(p**x, sp.exp(x * sp.log(p))),
    "geometric series": Equation(sp.Sum(z ** sp.Symbol("s"), (sp.Symbol("s"), 0, 4)), (1 - z**5) / (1 - z)),
    "sine and cosine": Equation(sp.sin(x) ** 2 + sp.cos(x) ** 2, sp.S.One),
    "hyperbolic": Equation(sp.cosh(x) ** 2 - sp.sinh(x) ** 2, sp.S.One),
    "arctangent of tangent": Equation(sp.tan(sp.atan(x)), x),
    "erf and erfc": Equation(sp.erf(x) + sp.erfc(x), sp.S.One),
    "gamma": Equation(sp.gamma(p + 1), p * sp.gamma(p)),
    "entropy of a coin": Equation(
        -z * sp.log(z) - (1 - z) * sp.log(1 - z), z * sp.log(1 / z) + (1 - z) * sp.log(1 / (1 - z)), kinds={"z": "unit"}
    ),
    "cross-entropy from the logit": Equation(
        -y * sp.log(sigmoid) - (1 - y) * sp.log(1 - sigmoid),
        sp.Max(x, 0) - x * y + sp.log(1 + sp.exp(-sp.Abs(x))),
        kinds={"y": "binary"},
    ),
    "Adam's bias": Equation((1 - z) * sp.Sum(z ** ell.named("e"), (ell.named("e"), 0, 3)), 1 - z**4),
    "bias correction, symbolic step": Equation(z**t * z, z ** (t + 1), kinds={"z": "unit"}),
    "softmax shift": Equation(softmax(i), softmax(i, c), axes=(i,), shapes=vec),
    "softmax shift by the maximum": Equation(softmax(i), softmax(i, top), axes=(i,), shapes=vec),
    "softmax sums to one": Equation(total(softmax(i), i), sp.S.One, shapes=vec),
    "softmax of two is a sigmoid": Equation(
        sp.exp(at(X, i2)) / total(sp.exp(at(X, j2)), j2),
        1 / (1 + sp.exp(total((1 - Delta(i2, j2)) * at(X, j2), j2) - at(X, i2))),  # the delta leaves the other entry
        axes=(i2,),
        shapes={"X": (sp.Integer(2),)},
    ),
    "log-sum-exp shift": Equation(
        sp.log(total(sp.exp(at(X, i)), i)), top + sp.log(total(sp.exp(at(X, i) - top), i)), shapes=vec
    ),
    "log-softmax": Equation(sp.log(softmax(i)), at(X, i) - sp.log(total(sp.exp(at(X, j)), j)), axes=(i,), shapes=vec),
    "maximum as a minimum": Equation(top, -Reduce("min", -at(X, j), j), shapes=vec),
    "maximum of a shift": Equation(Reduce("max", at(X, j) + c, j), top + c, shapes=vec),
    "variance": Equation(total((at(X, i) - mean) ** 2, i) / n, total(at(X, i) ** 2, i) / n - mean**2, shapes=vec),
    "variance by pairs": Equation(
        total((at(X, i) - at(X, j)) ** 2, i, j) / (2 * n**2), total((at(X, i) - mean) ** 2, i) / n, shapes=vec
    ),
    "covariance": Equation(
        total((at(X, i) - mean) * at(Y, i), i), total(at(X, i) * at(Y, i), i) - mean * total(at(Y, i), i), shapes=vec
    ),
    "centred sum": Equation(total(at(X, i) - mean, i), sp.S.Zero, shapes=vec),
    "sum of a constant": Equation(total(c, i), n * c),
    "product and logarithm": Equation(
        sp.log(Reduce("prod", at(D, i), i)), total(sp.log(at(D, i)), i), shapes={"D": (n,)}
    ),
    "delta picks": Equation(total(Delta(i, j) * at(X, j), j), at(X, i), axes=(i,), shapes=vec),
    "indicator of positions": Equation(
        total(Indicator(sp.Le(j, i)) * at(X, j), j) + total(Indicator(sp.Gt(j, i)) * at(X, j), j),
        total(at(X, j), j),
        axes=(i,),
        shapes=vec,
    ),
    "padding addresses nothing": Equation(
        total(Indicator(sp.Ge(j, 1)) * at(X, j - 1), j), total(at(X, j), j) - at(X, n - 1), shapes=vec
    ),
    "product of matrices transposed": Equation(
        total(at(W, i, j) * at(V, j, k), j), total(at(V, j, k) * at(W, i, j), j), axes=(i, k), shapes=matrix
    ),
    "trace of a product": Equation(
        total(at(W, i, b) * at(V, b, i), i, b),
        total(at(V, b, i) * at(W, i, b), b, i),
        shapes={"W": (n, m), "V": (m, n)},
    ),
    "inverse": Equation(
        total(inv(at(W, i, j), i, j, k, ell) * at(W, ell, o), ell),
        Delta(k, o),
        axes=(k, o),
        shapes=matrix,
    ),
    "inverse of a product": Equation(
        inv(total(at(W, i, ell) * at(V, ell, j), ell), i, j, k, o),
        total(inv(at(V, i, j), i, j, k, ell) * inv(at(W, i, j), i, j, ell, o), ell),
        axes=(k, o),
        shapes=matrix,
    ),
    "determinant of a product": Equation(
        MatrixFunction("det", total(at(W, i, ell) * at(V, ell, j), ell), i, j),
        MatrixFunction("det", at(W, i, j), i, j) * MatrixFunction("det", at(V, i, j), i, j),
        shapes=matrix,
    ),
    "logdet of a square": Equation(
        MatrixFunction("logdet", total(at(W, i, ell) * at(W, j, ell), ell), i, j),
        2 * sp.log(sp.Abs(MatrixFunction("det", at(W, i, j), i, j))),
        shapes=matrix,
    ),
    "square of a matrix": Equation(
        MatrixFunction("power", at(W, i, j), i, j, k, ell, 2),
        total(at(W, k, j) * at(W, j, ell), j),
        axes=(k, ell),
        shapes=matrix,
    ),
    "root of a diagonal matrix": Equation(
        MatrixFunction("power", at(D, i) * Delta(i, j), i, j, k, ell, -half),
        Delta(k, ell) / sp.sqrt(at(D, k)),
        axes=(k, ell),
        shapes={"D": (n, n)},
        kinds={"D": "diagonal"},
    ),
    "probabilities sum to one": Equation(
        total(at(P, b, i), i), sp.S.One, axes=(b,), shapes={"P": (m, n)}, kinds={"P": "probability"}
    ),
    "cross-entropy gradient": Equation(
        total(at(P, j) * (softmax(i) - Delta(i, j)), j),
        softmax(i) - at(P, i),
        axes=(i,),
        shapes={**vec, "P": (n,)},
        kinds={"P": "probability"},
    ),
    "variance of a random variable": Equation(
        Expectation((x - Expectation(x, x, q0)) ** 2, x, q0),
        Expectation(x**2, x, q0) - Expectation(x, x, q0) ** 2,
    ),
    "linearity of the mean": Equation(
        Expectation(c * Opaque(g, 0, x) + y, x, q0), c * Expectation(Opaque(g, 0, x), x, q0) + y
    ),
    "chain rule of an unknown function": Equation(Opaque(g, 0, x**2).diff(x), 2 * x * Opaque(g, 1, x**2)),
    "second derivative of an unknown function": Equation(
        (Opaque(g, 0, x) ** 2).diff(x, 2), 2 * Opaque(g, 1, x) ** 2 + 2 * Opaque(g, 0, x) * Opaque(g, 2, x)
    ),
    "assumed sum": Equation(x**2 + y**2, 1 - 2 * x * y, assumptions=(sp.Eq(x + y, 1),)),
    "assumed total": Equation(
        total(at(X, i) * (at(X, i) + c), i),
        total(at(X, i) ** 2, i) + c,
        shapes=vec,
        kinds={"X": "positive"},
        assumptions=(sp.Eq(total(at(X, i), i), 1),),
    ),
    "assumed order": Equation(sp.Abs(x - y), y - x, assumptions=(sp.Le(x, y),)),
    "sizes as numbers": Equation(total(c / n, i), c),
    "range of the sigmoid": Equation(sigmoid, sp.S.One, "<"),
    "positive sigmoid": Equation(sigmoid, sp.S.Zero, ">"),
    "arithmetic and geometric mean": Equation(sp.sqrt(p * q), (p + q) / 2, "<="),
    "tangent below the exponential": Equation(sp.exp(x), 1 + x, ">="),
    "Cauchy and Schwarz": Equation(
        total(at(X, i) * at(Y, i), i) ** 2, total(at(X, i) ** 2, i) * total(at(Y, i) ** 2, i), "<=", shapes=vec
    ),
    "entropy at most log n": Equation(
        -total(at(P, i) * sp.log(at(P, i)), i), sp.log(n), "<=", shapes={"P": (n,)}, kinds={"P": "probability"}
    ),
    "never equal": Equation(sp.exp(x), sp.S.Zero, "!="),
}


def test_the_table_is_large_enough() -> None:
    assert len(TRUE) >= 60


@pytest.mark.parametrize("name", TRUE)
def test_true_claims_are_never_refuted(name: str) -> None:
    for seed in (0, 1):
        outcome = refute(TRUE[name], seed=seed)
        assert isinstance(outcome, Consistent), outcome
        assert outcome.complete and outcome.finite >= 10, outcome
        assert outcome.radius < 1e-15


EQUALITIES = [name for name, claim in TRUE.items() if claim.relation == "="]


@pytest.mark.parametrize("name", EQUALITIES)
def test_an_error_of_one_in_ten_to_the_fifteen_is_refuted(name: str) -> None:
    claim = TRUE[name]
    wrong = replace(claim, left=claim.left * (1 + TINY) + (TINY if claim.right == 0 else 0))
    outcome = refute(wrong)
    assert isinstance(outcome, Refuted), outcome
    assert replay(wrong, outcome.witness).ok
    assert not replay(claim, outcome.witness).ok  # the same point does not refute the true claim


@pytest.mark.parametrize("name", EQUALITIES)
def test_a_flipped_sign_is_refuted(name: str) -> None:
    claim = TRUE[name]
    if claim.right == 0:
        pytest.skip("zero has no sign")
    outcome = refute(replace(claim, right=-claim.right))
    assert isinstance(outcome, Refuted), outcome
    assert not outcome.at_kink


FALSE = {
    "square root of a square": (Equation(sp.sqrt(x**2), x), {"x": "-1"}),
    "strict at the tie": (Equation(sp.Max(x, 0), sp.S.Zero, ">"), {"x": "-1"}),
    "log of a sum": (Equation(sp.log(p + q), sp.log(p) + sp.log(q)), {"p": "1", "q": "1"}),
    "unknown function taken as linear": (Equation(Opaque(g, 0, 2 * x), 2 * Opaque(g, 0, x)), None),
    "Jensen taken as an equality": (Equation(Expectation(x**2, x, q0), Expectation(x, x, q0) ** 2), None),
    "softmax not squared": (Equation(total(softmax(i) ** 2, i), sp.S.One, shapes=vec), {"X": ["1", "1"]}),
    "factors swapped": (
        Equation(
            total(at(W, i, j) * at(V, j, k), j), total(at(V, i, j) * at(W, j, k), j), axes=(i, k), shapes=matrix
        ),
        None,
    ),
    "only false for more than one item": (Equation(total(at(X, i) ** 2, i), total(at(X, i), i) ** 2, shapes=vec), None),
    "false only far out": (Equation(sp.Min(x, 500), x), None),
    "false only at the centre": (Equation(sp.Max(sp.Abs(x), TINY), sp.Abs(x)), None),
    "false only between two kinks": (
        Equation(sp.Max(x - 7, 0) - sp.Max(x - KINK, 0), sp.Piecewise((0, x < KINK), (KINK - 7, True))),
        None,
    ),
    "relative error of 1e-30": (Equation(sp.exp(x), sp.exp(x) * (1 + TINY**2)), None),
    "equal at one point": (Equation(x, sp.S(3), "!="), None),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_false_claims_are_refuted(name: str) -> None:
    claim, point = FALSE[name]
    outcome = refute(claim)
    assert isinstance(outcome, Refuted), outcome
    assert point is None or outcome.witness.point == point
    assert replay(claim, outcome.witness).ok


def test_a_contradiction_at_a_tie_only_says_so() -> None:
    outcome = refute(Equation(sp.Heaviside(x), sp.Piecewise((1, x > 0), (0, True))))
    assert isinstance(outcome, Refuted) and outcome.at_kink
    assert outcome.witness.point == {"x": "0"} and outcome.agreed > 40


def test_labels_are_no_kinks() -> None:
    label = sp.Symbol("y", integer=True, nonnegative=True)
    claim = Equation(
        sp.Piecewise((sp.log(z), sp.Eq(label, 1)), (sp.log(1 - z), True)),
        label * sp.log(z),
        kinds={"y": "binary", "z": "unit"},
    )
    outcome = refute(claim)
    assert isinstance(outcome, Refuted) and not outcome.at_kink and outcome.witness.point["y"] == "0"


def test_one_sided_points_are_reported() -> None:
    outcome = refute(Equation(sp.log(x**2), 2 * sp.log(x)))
    assert isinstance(outcome, Consistent)
    assert outcome.one_sided and all(o.side == "left" and Fraction(o.point["x"]) < 0 for o in outcome.one_sided)


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (Equation(sp.log(-1 - x**2), x), "nowhere-finite"),
        (Equation(x, x, assumptions=(sp.Lt(x, 0), sp.Gt(x, 0))), "empty-domain"),
        (Equation(x, y, assumptions=(sp.Lt(x + y, 0), sp.Gt(x + y, 1))), "empty-domain"),
        (Equation(sp.Integral(sp.exp(-(x**2)), x), x), "unsupported"),
        (Equation(at(X, i), x, shapes=vec), "unsupported"),  # an index that nothing binds
        (Equation(at(X, n), x, shapes=vec), "no-size"),  # outside the array at every size
        (Equation(total(at(X, Axis("i", 10**7)), Axis("i", 10**7)), x), "too-large"),
        (Equation(total(at(X, i) * at(X, j), i, j), x, shapes={"X": (n,)}, assumptions=(sp.Ge(n, 10**4),)), "no-size"),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_undefined(claim: Equation, code: str) -> None:
    outcome = refute(claim)
    assert isinstance(outcome, Undefined) and outcome.code == code, outcome


def test_nothing_hangs() -> None:
    start = time.perf_counter()
    tower = sp.Integer(9)
    for _ in range(3):
        tower = sp.Pow(9, tower, evaluate=False)
    nest = x
    for _ in range(100):
        nest = sp.sin(nest + 1)
    wide = sp.Add(*(sp.sin(k * x) for k in range(1, 1500)))
    steps = x
    for _ in range(25):
        steps = (steps**2 + 1) ** 2
    for e in (tower, nest, wide, steps, sp.exp(sp.exp(sp.exp(sp.exp(x)))), sp.gamma(x**100), x ** (10**9)):
        outcome = refute(Equation(e, y), effort=Effort(seconds=1))
        assert isinstance(outcome, Refuted | Undefined), outcome
    assert time.perf_counter() - start < 15


def test_the_same_seed_gives_the_same_outcome() -> None:
    claim = Equation(total(at(X, i) ** 2, i), total(at(X, i), i) ** 2, shapes=vec)
    assert refute(claim, seed=3) == refute(claim, seed=3)
