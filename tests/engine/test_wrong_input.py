"""What cannot be derived is refused, and the message names the thing and the place."""

from __future__ import annotations

from typing import Any

import pytest

import symdl
from symdl.errors import SymdlError

INPUTS = {"W": "real[h, n]", "X": "real[n, m]", "b": "real[h, 1]"}

# definitions, further settings, code, what the message must say
WRONG: list[tuple[list[str], dict[str, Any], str, list[str]]] = [
    (["J = sum(W @ X)"], {"wrt": ["Q"]}, "SD621", ["Q", "does not occur", "W, X"]),
    (["J = sum(X)"], {}, "SD621", ["W", "no definition"]),
    (["J = sum(W @ X)"], {"loss": "L"}, "SD621", ["L"]),
    (["J = sum(W @ X)"], {"seed": {"Q": "dQ"}}, "SD621", ["Q"]),
    (["J = sum(W @ X)"], {"wrt": []}, "SD621", ["nothing"]),
    (["J = sum(W @ X)"], {"wrt": ["h"]}, "SD621", ["h", "counts"]),
    (["Z = W @ X", "J = sum(Z)"], {"per_example": "q"}, "SD621", ["q"]),
    (["Z = W @ X + b"], {}, "SD622", ["Z", "(h, m)", "dZ"]),
    (["Z = W.T @ X", "J = sum(Z)"], {}, "SD501", ["Z", "axis 1 of W.T has size h", "axis 0 of X has size n"]),
    (["Z = X @ W", "J = sum(Z)"], {}, "SD501", ["Z", "axis 1 of X has size m", "axis 0 of W has size h"]),
    (["Z = W + X", "J = sum(Z)"], {}, "SD504", ["Z", "axis 1 of W has size n", "axis 1 of X has size m"]),
    (["Z = (W @ X) * X", "J = sum(Z)"], {}, "SD504", ["axis 0 of W @ X has size h", "axis 0 of X has size n"]),
    (["Z = W @ X", "A = Z / (b + X)", "J = sum(A)"], {}, "SD504", ["of A", "axis 0 of b has size h"]),
    (
        ["J = sum(W[i, j] * X[i, j], i, j)"],
        {},
        "SD509",
        ["index i", "axis 0 of W, of size h", "axis 0 of X, of size n"],
    ),
    (["y = reshape(W, n, n)", "J = sum(y)"], {}, "SD508", ["of y", "(h, n)", "(n, n)"]),
    (["J = sum(floor(W))"], {}, "SD620", ["of J", "floor"]),
    (["Z = W @ X", "A = floor(Z) * Z", "J = sum(A)"], {}, "SD620", ["of A", "floor"]),
    (["J = sum(g(W, W))"], {"inputs": {**INPUTS, "g": "function"}}, "SD620", ["of J", "g of 2 arguments"]),
    (["J = sum(sqrtm(W))"], {"inputs": {"W": "real[n, n]"}}, "SD620", ["of J", "power"]),
    (["J = sum(sort(W))"], {}, "SD606", ["of J", "sort"]),
    (["J = sum(squash(W))"], {}, "SD627", ["of J", "squash"]),
    (["Z = W @ Q", "J = sum(Z)"], {}, "SD603", ["of Z", "Q"]),
    (["Z[i] = W[i, j]", "J = sum(Z)"], {}, "SD603", ["of Z", "j"]),
    (["J = sum(W[i, j, k], i, j, k)"], {}, "SD608", ["of J", "k"]),
    (["Z = W @ X", "Z = sum(Z)"], {}, "SD311", ["Z", "twice"]),
    (["W = X", "J = sum(W)"], {"wrt": ["X"]}, "SD311", ["W", "twice"]),
    (["J = sum(W)"], {"inputs": {"W": "matrix[n, m]"}}, "SD625", ["matrix"]),
    (["J = sum(W)"], {"inputs": {"W": "real[n, m"}}, "SD625", ["real[n, m"]),
    (["J = sum(W) + H", "H = W[0, 0]"], {}, "SD312", ["H", "before"]),
    ([], {}, "SD621", ["no definitions"]),
]


@pytest.mark.parametrize(("definitions", "more", "code", "words"), WRONG)
def test_the_message_names_the_thing_and_the_place(
    definitions: list[str], more: dict[str, Any], code: str, words: list[str]
) -> None:
    with pytest.raises(SymdlError) as caught:
        symdl.derive(definitions, **{"inputs": INPUTS, "wrt": ["W"], **more})
    assert caught.value.diagnostic.code == code
    assert [w for w in words if w not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ("J = sum(sign(W))", "piecewise constant"),
        ("J = sum(W) - sum(W)", "it cancels"),
        ("J = sum((W > 0) * X[0, 0])", "a condition is piecewise constant"),
        ("J = sum(softmax(W, axis=1))", "the entries sum to 1"),
    ],
)
def test_a_zero_gradient_is_proved_zero(definition: str, why: str) -> None:
    d = symdl.derive([definition], inputs=INPUTS, wrt=["W"])
    assert d["dW"].notation == "dW = zeros(h, n)", why


def test_a_gradient_that_is_not_zero_is_not_taken_for_it() -> None:
    d = symdl.derive(["Z = log(det(W))"], inputs={"W": "real[n, n]"}, wrt=["W"])
    assert d["dW"].notation == "dW = inv(W).T"
