"""Values of array expressions: NumPy's, and `NoValue` wherever there is no clear one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from symdl.checker.evaluate import NoValue, Settings, axis_length, evaluate, run
from symdl.notation.strict import parse, program
from symdl.terms import array
from symdl.terms.array import Name

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=3), RNG.normal(size=3)
A, B = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))
S = A @ A.T + 3 * np.eye(3)
C = RNG.normal(size=(3, 1))
ENV: Mapping[str, Any] = {"x": X, "y": Y, "A": A, "B": B, "S": S, "c": C, "a": 2.0, "b": -0.5, "n": 3.0, "k": 1.0}
E = np.exp

VALUES = [
    ("1 + 2 * 3", 7),
    ("0.1 + 0.2", 0.1 + 0.2),
    ("2 ** -1", 0.5),
    ("-a ** 2", -4.0),
    ("pi", np.pi),
    ("a / b", -4.0),
    ("x + y", X + Y),
    ("x * y", X * Y),
    ("x @ y", X @ Y),
    ("A @ B", A @ B),
    ("A.T", A.T),
    ("A * A", A * A),
    ("A + c", A + C),
    ("A * x[:, None]", A * X[:, None]),
    ("A[1, 2]", A[1, 2]),
    ("A[0]", A[0]),
    ("A[:, 1]", A[:, 1]),
    ("x[k]", X[1]),
    ("x[::2]", X[::2]),
    ("exp(x)", E(X)),
    ("log(abs(x))", np.log(np.abs(X))),
    ("sqrt(a)", np.sqrt(2)),
    ("sigmoid(x)", 1 / (1 + E(-X))),
    ("softplus(b)", np.log(1 + E(-0.5))),
    ("relu(x)", np.maximum(X, 0)),
    ("softmax(x)", E(X) / E(X).sum()),
    ("softmax(A, axis=1)", E(A) / E(A).sum(1, keepdims=True)),
    ("logsumexp(x)", np.log(E(X).sum())),
    ("sum(x)", X.sum()),
    ("sum(A, axis=0)", A.sum(0)),
    ("sum(A, axis=1, keepdims=True)", A.sum(1, keepdims=True)),
    ("mean(A)", A.mean()),
    ("max(x)", X.max()),
    ("min(A, axis=1)", A.min(1)),
    ("prod(x)", X.prod()),
    ("maximum(x, 0)", np.maximum(X, 0)),
    ("minimum(x, y)", np.minimum(X, Y)),
    ("where(x > 0, x, b * x)", np.where(X > 0, X, -0.5 * X)),
    ("x > y", (X > Y).astype(float)),
    ("a >= 2", 1.0),
    ("a != 2", 0.0),
    ("sum(x[i] * y[i], i)", X @ Y),
    ("sum(A[i, j] ** 2, i, j)", (A**2).sum()),
    ("sum(x[i], (i, 0, 1))", X[:2].sum()),
    ("sum(1 / i, (i, 1, n))", 1 + 1 / 2 + 1 / 3),
    ("prod(i, (i, 1, 4))", 24),
    ("max(x[i] * y[i], i)", (X * Y).max()),
    ("mean(x[i] ** 2, i)", (X**2).mean()),
    ("sum(delta[i, k] * x[i], i)", X[1]),
    ("norm(x)", np.linalg.norm(X)),
    ("norm(A) ** 2", (A**2).sum()),
    ("norm(x, 1)", np.abs(X).sum()),
    ("norm(x, inf)", np.abs(X).max()),
    ("inv(S)", np.linalg.inv(S)),
    ("solve(S, x)", np.linalg.solve(S, X)),
    ("det(S)", np.linalg.det(S)),
    ("logdet(S)", np.log(np.linalg.det(S))),
    ("trace(S)", np.trace(S)),
    ("diag(x)", np.diag(X)),
    ("diag(S)", np.diag(S)),
    ("outer(x, y)", np.outer(X, Y)),
    ("eye(n)", np.eye(3)),
    ("reshape(A, 2, 6)", A.reshape(2, 6)),
    ("concat(x, y)", np.concatenate([X, Y])),
    ("einsum('ij,jk->ik', A, B)", A @ B),
    ("array([[1, a], [b, 0]])", np.array([[1, 2], [-0.5, 0]])),
    ("floor(5 / a)", 2.0),
    ("argmax(x)", np.argmax(X)),
]


@pytest.mark.parametrize(("text", "expected"), VALUES, ids=[v[0] for v in VALUES])
def test_value(text: str, expected: Any) -> None:
    found = evaluate(parse(text), ENV)
    assert np.shape(found) == np.shape(expected)
    assert np.allclose(found, expected, rtol=1e-12)


NOTHING = [
    "nobody",
    "nobody[i]",
    "x + zzz * 2",
    "A @ x @ A",
    "A @ A",
    "x + A",
    "A + B",
    "a[0]",
    "x[0, 1]",
    "x[7]",
    "x[a / 3]",
    "1 / 0",
    "b ** 0.5",
    "0 ** -1",
    "a ** 1e9",
    "10 ** 10 ** 10",
    "sum(x[i], (i, 0, 5))",
    "sum(1, (i, 1, 1000))",
    "sum(1, (i, 0, b))",
    "sum(a, i)",
    "x[m]",
    "inv(A)",
    "inv(A @ A.T * 0)",
    "norm(x, -1)",
    "f(x)",
    "einsum('ij,jk->ik', A, x)",
    "reshape(A, 5, 5)",
    "D(x, x)",
]


@pytest.mark.parametrize("text", NOTHING)
def test_no_value(text: str) -> None:
    with pytest.raises(NoValue):
        evaluate(parse(text), ENV)


def test_a_case_that_does_not_apply_has_no_value() -> None:
    one = array.Num(parse("1").value)  # type: ignore[attr-defined]
    lone = array.Cases(((one, parse("a < 0")),), None)
    with pytest.raises(NoValue):
        evaluate(lone, ENV)
    assert evaluate(lone, {"a": -1.0}) == 1.0


def test_deep_nesting_has_no_value_and_does_no_harm() -> None:
    deep = Name("a")
    for _ in range(20_000):
        deep = array.Neg(deep)  # type: ignore[assignment]
    with pytest.raises(NoValue):
        evaluate(deep, ENV)
    assert evaluate(parse("a"), ENV) == 2.0


def test_the_first_item_may_have_the_number_one() -> None:
    node = parse("sum(x[i], (i, 1, 3))")
    assert np.isclose(evaluate(node, ENV, settings=Settings(base=1)), X.sum())
    with pytest.raises(NoValue):
        evaluate(node, ENV)


def test_what_a_sheet_leaves_open() -> None:
    jux = array.Mul(Name("A"), Name("B"), array.JUXTAPOSED)
    assert np.allclose(evaluate(jux, ENV), A @ B)
    star = array.Mul(Name("S"), Name("S"), array.STAR)
    assert np.allclose(evaluate(star, ENV), S * S)
    assert np.allclose(evaluate(star, ENV, settings=Settings(star=array.MATMUL)), S @ S)
    scalar = array.Mul(Name("a"), Name("A"), array.JUXTAPOSED)
    assert np.allclose(evaluate(scalar, ENV), 2 * A)
    columns = Settings(columns=True)
    assert np.shape(evaluate(Name("x"), ENV, settings=columns)) == (3, 1)


def test_a_matrix_power_is_one() -> None:
    power = array.Pow(Name("S"), parse("-1"))
    assert np.allclose(evaluate(power, ENV), np.linalg.inv(S))
    d = {"D": np.diag([4.0, 9.0])}
    assert np.allclose(evaluate(parse("D ** -0.5"), d), np.diag([1 / 2, 1 / 3]))


def test_unknown_functions_are_handed_in() -> None:
    def g(x: Any, primes: int = 0) -> Any:
        return (x**3, 3 * x**2)[primes]

    assert np.allclose(evaluate(parse("g(x) + 1"), ENV, {"g": g}), X**3 + 1)
    prime = array.Apply("g", (Name("x"),), primes=1)
    assert np.allclose(evaluate(prime, ENV, {"g": g}), 3 * X**2)


def test_expectation_is_linear() -> None:
    both = evaluate(parse("expect(3 * x + a, x, p)"), {"a": 2.0})
    assert np.isclose(both, 3 * evaluate(parse("expect(x, x, p)"), {}) + 2)
    assert evaluate(parse("expect(x, x, p)"), {}) == evaluate(
        parse("expect(z, z, q)"), {}
    )  # names are the sheet's choice


def test_a_bound_letter_is_forgotten() -> None:
    env = dict(ENV)
    evaluate(parse("sum(x[i], i)"), env)
    assert env.keys() == ENV.keys()
    with pytest.raises(NoValue):
        evaluate(parse("sum(x[i], i) + i"), env)


def test_definitions_in_order() -> None:
    lines = program("m = mean(x)\nv = mean((x - m) ** 2)\nz[i] = (x[i] - m) / sqrt(v)")
    assert np.isclose(run(lines, ENV, settings=Settings(letters={"i": 2})), (X[2] - X.mean()) / X.std())
    table = program("s[i] = x[i] ** 2\nt = sum(s[j], j)")
    assert np.isclose(run(table, ENV), X @ X)
    call = program("f(z) = z ** 2\ny = f(x) + f(a)")
    assert np.allclose(run(call, ENV), X**2 + 4)


def test_axis_length() -> None:
    assert axis_length(parse("x[i] + A[i, j]"), "j", ENV) == 4
    assert axis_length(parse("A[j, i]"), "j", ENV) == 3
    assert axis_length(parse("A[2 * i, 0]"), "i", ENV) is None
    assert axis_length(parse("a + b"), "i", ENV) is None


def test_nothing_is_changed_and_nothing_warns(recwarn: pytest.WarningsRecorder) -> None:
    before = {k: np.copy(v) for k, v in ENV.items()}
    for text, _ in VALUES:
        evaluate(parse(text), ENV)
    assert not np.isfinite(evaluate(parse("log(b)"), ENV)) and not np.all(
        np.isfinite(evaluate(parse("log(x - x)"), ENV))
    )
    assert all(np.array_equal(before[k], ENV[k]) for k in ENV)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
