"""Shapes of a section: what fits is left alone, a unique culprit is named, on a tie nobody is accused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from symdl.checker.axis_sizes import ONE, Constraint, Solver, clash, conflict, consistent, corrections, statements_of
from symdl.checker.shapes import shape_conflicts

Lines = Sequence[tuple[str, tuple[str, ...]]]
NETWORK: Lines = (
    (r"Z^{[1]} = W^{[1]} X + b^{[1]}", ("n_h", "m")),
    (r"A^{[1]} = \tanh(Z^{[1]})", ("n_h", "m")),
    (r"Z^{[2]} = W^{[2]} A^{[1]} + b^{[2]}", ("n_y", "m")),
    (r"A^{[2]} = \sigma(Z^{[2]})", ("n_y", "m")),
    (r"dZ^{[2]} = A^{[2]} - Y", ("n_y", "m")),
    (r"dW^{[2]} = \frac{1}{m} dZ^{[2]} A^{[1]T}", ("n_y", "n_h")),
    (r"dZ^{[1]} = W^{[2]T} dZ^{[2]} \odot g'(Z^{[1]})", ("n_h", "m")),
    (r"dW^{[1]} = \frac{1}{m} dZ^{[1]} X^T", ("n_h", "n_x")),
    (r"W^{[1]} = W^{[1]} - \alpha dW^{[1]}", ()),
)


def without(k: int, latex: str, shape: tuple[str, ...] | None = None) -> Lines:
    """The network with one line replaced."""
    return [(latex, NETWORK[k][1] if shape is None else shape) if i == k else line for i, line in enumerate(NETWORK)]


def test_a_right_section_is_left_alone(sheet: Any) -> None:
    assert shape_conflicts(sheet(NETWORK)) == {}


CULPRITS = [
    (2, r"Z^{[2]} = A^{[1]} W^{[2]} + b^{[2]}"),
    (5, r"dW^{[2]} = \frac{1}{m} dZ^{[2]} A^{[1]}"),
    (6, r"dZ^{[1]} = W^{[2]} dZ^{[2]} \odot g'(Z^{[1]})"),
    (7, r"dW^{[1]} = \frac{1}{m} X^T dZ^{[1]}"),
    (7, r"dW^{[1]} = \frac{1}{m} dZ^{[1]} X"),
    (4, r"dZ^{[2]} = A^{[2]} - Y^T"),
]


@pytest.mark.parametrize(("k", "latex"), CULPRITS)
def test_a_unique_culprit_is_named(sheet: Any, k: int, latex: str) -> None:
    found = shape_conflicts(sheet(without(k, latex)))
    assert set(found) <= {k}
    if k in found:
        assert found[k].cause and k not in found[k].against and found[k].against


def test_most_forgotten_transposes_are_found(sheet: Any) -> None:
    found = [latex for k, latex in CULPRITS if k in shape_conflicts(sheet(without(k, latex)))]
    assert len(found) >= 4, found  # Y has no declared shape; for dZ X the update is as suspect


def test_a_wrong_declared_shape(sheet: Any) -> None:
    found = shape_conflicts(sheet(without(6, NETWORK[6][0], ("n_y", "m"))))
    assert set(found) == {6}


def test_on_a_tie_nobody_is_accused(sheet: Any) -> None:
    tie = [(r"C = A B", ("n", "m")), (r"C = A B", ("k", "m"))]
    assert shape_conflicts(sheet(tie)) == {}
    chain = [(r"Y = W X", ("n", "m")), (r"V = Y", ("m", "n"))]
    assert shape_conflicts(sheet(chain)) == {}


def test_two_sections_are_two_scopes(sheet: Any) -> None:
    one = sheet([(r"A = B C", ("n", "m"))], "1")
    other = sheet([(r"A = B C", ("k", "m")), (r"D = A", ("k", "m"))], "2")
    assert shape_conflicts([*one, *other]) == {}


def test_without_a_declared_shape_nothing_is_judged(sheet: Any) -> None:
    assert shape_conflicts(sheet([(latex, ()) for latex, _ in without(5, CULPRITS[1][1])])) == {}


FITS = [
    [(r"Z = W X + b", ("n", "m")), (r"b \in \mathbb{R}^{n \times 1}", ())],  # a column is added to every column
    [(r"Z = \frac{1}{m} X", ("n", "m")), (r"Z = 2 X", ("n", "m"))],
    [(r"Z = \alpha X + \beta", ("n", "m"))],
    [(r"Z = X \odot X", ("n", "m"))],
    [(r"Z = X * Y", ("n", "m"))],
    [(r"y = w^T x", ("1", "1")), (r"x \in \mathbb{R}^{n}", ()), (r"w \in \mathbb{R}^{n}", ())],
    [(r"H = x y^T", ("n", "m")), (r"x \in \mathbb{R}^{n}", ()), (r"y \in \mathbb{R}^{m}", ())],
    [(r"db = \frac{1}{m} np.sum(dZ, axis=1, keepdims=True)", ("n", "1")), (r"dZ = A - Y", ("n", "m"))],
    [(r"L = \|x\|_2^2", ("1", "1")), (r"x = y", ("n", "1"))],
]


@pytest.mark.parametrize("lines", FITS)
def test_broadcast_and_scalars_fit(sheet: Any, lines: Lines) -> None:
    assert shape_conflicts(sheet(lines)) == {}


LAYERS: Lines = (
    (r"W_l \in \mathbb{R}^{n_l \times n_{l-1}}", ()),
    (r"z_l = W_l a_{l-1} + b_l \in \mathbb{R}^{n_l}", ()),
    (r"a_l = g(z_l) \in \mathbb{R}^{n_l}", ()),
    (r"\delta_l = (W_{l+1}^T \delta_{l+1}) \odot g'(z_l) \in \mathbb{R}^{n_l}", ()),
)


def test_layers_are_instantiated(sheet: Any) -> None:
    assert shape_conflicts(sheet(LAYERS)) == {}
    wrong = [*LAYERS[:3], (r"\delta_l = (W_{l+1} \delta_{l+1}) \odot g'(z_l) \in \mathbb{R}^{n_l}", ())]
    assert set(shape_conflicts(sheet(wrong))) == {3}


def eq(a: Any, b: Any, statement: int) -> Constraint:
    return Constraint("equal", (a, b), statement, f"{a} = {b}")


X, Y, Z = ("v", 1), ("v", 2), ("v", 3)


def test_sizes_merge_and_clash() -> None:
    solver = Solver()
    assert solver.union(X, Y) and solver.union(Y, "n") and solver.find(X) == "n"
    assert not solver.union(X, "m")
    assert clash([eq(X, "n", 0), eq(X, "m", 1)]) == eq(X, "m", 1)
    assert clash([eq(X, "n", 0), eq(X, "n", 1), eq(Y, "m", 1)]) is None


def test_a_sum_broadcasts_ones_only() -> None:
    add = Constraint("broadcast", (X, Y, Z), 2, "sum")
    assert clash([eq(X, "n", 0), eq(Y, ONE, 1), add, eq(Z, "n", 3)]) is None
    assert clash([eq(X, ONE, 0), eq(Y, "n", 1), add, eq(Z, "n", 3)]) is None
    assert clash([eq(X, "n", 0), eq(Y, "m", 1), add]) is not None
    assert clash([eq(X, "n", 0), eq(Y, ONE, 1), add, eq(Z, ONE, 3)]) is not None


def test_a_product_is_of_matrices_or_with_a_scalar() -> None:
    def product(a: tuple[str, str], b: tuple[str, str], out: tuple[str, str]) -> Constraint | None:
        names = [("v", k) for k in range(6)]
        sizes = [eq(n, s, k) for k, (n, s) in enumerate(zip(names, (*a, *b, *out), strict=True))]
        return clash([*sizes, Constraint("product", tuple(names), 9, "product")])

    assert product(("n", "k"), ("k", "m"), ("n", "m")) is None
    assert product(("n", "k"), ("m", "k"), ("n", "m")) is not None
    assert product((ONE, ONE), ("n", "m"), ("n", "m")) is None
    assert product(("n", "m"), (ONE, ONE), ("n", "m")) is None
    assert product(("n", ONE), (ONE, "m"), ("n", "m")) is None
    assert product(("n", "k"), ("k", "m"), ("m", "n")) is not None


def test_the_smallest_correction() -> None:
    three = [eq(X, "n", 0), eq(X, "n", 1), eq(X, "m", 2)]
    assert corrections(three) == [frozenset({2})]
    assert conflict(three, [0, 1, 2]) in ([1, 2], [0, 2])
    tie = [eq(X, "n", 0), eq(X, "m", 1)]
    assert corrections(tie) == [frozenset({0}), frozenset({1})]
    assert corrections([eq(X, "n", 0)]) == [frozenset()]
    two = [*three, eq(Y, "n", 3), eq(Y, "n", 4), eq(Y, "m", 5)]
    assert corrections(two) == [frozenset({2, 5})]
    assert consistent(two, [0, 1, 3, 4]) and not consistent(two, [0, 2])
    assert statements_of(two) == [0, 1, 2, 3, 4, 5]
    many = [
        c
        for k in range(8)
        for c in (eq(("v", k), "n", 3 * k), eq(("v", k), "n", 3 * k + 1), eq(("v", k), "m", 3 * k + 2))
    ]
    assert corrections(many) == []
