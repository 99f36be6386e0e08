"""Array expressions in index form agree with NumPy: the two evaluations share no code."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symdl.checker.evaluate import evaluate
from symdl.errors import ShapeError
from symdl.notation.lowering import Scope, Value, lower, scope_of
from symdl.notation.strict import parse
from symdl.terms.formula import Role
from symdl.terms.indexed import size_symbol
from symdl.verifier.oracles.ball import evaluate as ball_value

SHAPES = {
    "W": ("h", "n"),
    "X": ("n", "m"),
    "b": ("h", "1"),
    "z": ("n",),
    "y": ("m",),
    "B": ("n", "n"),
    "V": ("k", "l"),
    "I": ("p", "q"),
    "c": (),
}
ROLES = {name: Role(name, "real", shape, ()) for name, shape in SHAPES.items()}
SIZES = {"h": 3, "n": 2, "m": 4, "k": 2, "l": 2, "p": 5, "q": 4}
SYMBOLS = {size_symbol(k): v for k, v in SIZES.items()}


CASES = [
    "W @ X + b",
    "(W @ X + b).T",
    "W.T @ W",
    "z * X.T[0] - c",
    "X - mean(X, axis=1, keepdims=True)",
    "sum(X * X, axis=0)",
    "softmax(X, axis=0)",
    "var(X, axis=1)",
    "norm(W) ** 2",
    "norm(z, 1)",
    "B @ z",
    "z @ B @ z",
    "trace(B)",
    "diag(z)",
    "outer(z, y)",
    "eye(3)",
    "maximum(W, 0) + abs(W)",
    "max(X, axis=0)",
    "where(X > 0, X, c * X)",
    "(X > 0) * X",
    "concat(z, y)",
    "einsum('ij,jk->ki', W, X)",
    "logsumexp(X, axis=1, keepdims=True)",
    "gelu(W) * sigmoid(b)",
    "prod(z)",
    "reshape(X, n * m)",
    "reshape(reshape(X, n * m), n, m)",
    "reshape(I, q, p)",
    "transpose(X, axes=(1, 0))",
    "I[1:3, ::2]",
    "X[:, None, 0]",
    "sum(V[a, b] * I[1 + a, b], a, b)",
    "sum(i ** 2, (i, 1, m))",
]


@pytest.mark.parametrize("text", CASES)
def test_index_form_agrees_with_numpy(text: str) -> None:
    node = parse(text)
    rng = np.random.default_rng(3)
    env = {n: rng.integers(-9, 9, tuple(SIZES.get(s, 1) for s in shape)) / 4 for n, shape in SHAPES.items()}
    point = {n: _exact(v) for n, v in env.items()}
    expected = np.asarray(evaluate(node, {**env, **{k: float(v) for k, v in SIZES.items()}}))
    value = lower(node, scope_of(ROLES))
    shape = tuple(int(s.subs(SYMBOLS)) for s in value.shape)
    assert shape == expected.shape
    for at in np.ndindex(*shape):
        place = {a: k for a, k in zip(value.axes, at, strict=True) if a is not None}
        ball = ball_value(value.body, point, SIZES, 80, place)
        assert float(ball.mid()) == pytest.approx(float(expected[at]), rel=1e-9, abs=1e-12)


def _exact(value: Any) -> Any:
    """Nested lists of exact fractions."""
    return Fraction(float(value)) if np.ndim(value) == 0 else [_exact(v) for v in value]


@pytest.mark.parametrize(
    "text", ["X @ W", "W + X", "W @ z.T + y", "X * W", "diag(z) @ W", "z[i, j]", "concat(z, X)", "det(W)"]
)
def test_shapes_that_do_not_fit_are_named(text: str) -> None:
    with pytest.raises(ShapeError):
        lower(parse(text), Scope(scope_of(ROLES).names, letters={"i": sp.S.Zero, "j": sp.S.Zero}))


def test_a_sheet_counts_from_one() -> None:
    node = parse("sum(z[i], (i, 1, n))")
    one = lower(node, scope_of(ROLES, base=1)).body
    zero = lower(parse("sum(z[i], i)"), scope_of(ROLES)).body
    assert one == zero


def test_off_by_one_is_another_sum() -> None:
    node = parse("sum(z[i], (i, 0, n))")
    assert lower(node, scope_of(ROLES, base=1)).body != lower(parse("sum(z[i], i)"), scope_of(ROLES)).body


def test_columns() -> None:
    v = lower(parse("z.T @ z"), scope_of(ROLES, columns=True))
    assert v.shape == (1, 1)
    assert isinstance(v, Value)
    outer = lower(parse("z @ z.T"), scope_of(ROLES, columns=True))
    assert [str(s) for s in outer.shape] == ["n", "n"]
