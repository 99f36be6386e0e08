"""The comparison of lines: what it takes for the same form, and what not."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

from symdl.notation.strict import parse
from symdl.terms import array
from symdl.terms.array import Node


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"derivation_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


forms, reference = _load("forms"), _load("reference")
LINES = [line for name in reference.names() for line in reference.expected_lines(reference.load(name))]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a - b", "-b + a"),
        ("-(a - b)", "b - a"),
        ("a * b / c", "b / c * a"),
        ("a / (b * c)", "a / b / c"),
        ("2 * (a - b) / m", "(a - b) * 2 / m"),
        ("x * x", "x ** 2"),
        ("A @ (B @ C)", "A @ B @ C"),
        ("1 / m * A @ B", "A @ B / m"),
        ("A / sqrt(m) @ B", "A @ B / sqrt(m)"),
        ("-A @ B", "-(A @ B)"),
        ("A.T.T @ B", "A @ B"),
        ("sum(x[i] * y[j], i, j)", "sum(sum(x[b] * y[a], a), b)"),
        ("sum(A[i, j], i, j)", "sum(A[j, i], i, j)"),
        ("delta[i, j] * x", "x * delta[j, i]"),
        ("(a == b) * c", "c * (b == a)"),
        ("(z > 0) * c", "c * (0 < z)"),
        ("sum(x[i + a], (a, 0, k - 1))", "sum(x[b + i], (b, 0, -1 + k))"),
    ],
)
def test_the_same_form(left: str, right: str) -> None:
    assert forms.same(left, right, scalars=["m"])


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a - b", "b - a"),
        ("A @ B", "B @ A"),
        ("A @ B", "A * B"),
        ("A.T @ B", "A @ B"),
        ("a * (b + c)", "a * b + a * c"),
        ("a / b", "b / a"),
        ("2 * x", "3 * x"),
        ("x ** 2", "x"),
        ("sum(A, axis=0)", "sum(A, axis=1)"),
        ("sum(A, axis=0)", "sum(A, axis=0, keepdims=True)"),
        ("sum(A[i, j] * x[i], i)", "sum(A[i, j] * x[j], j)"),
        ("sum(A[i, j] * x[i], i, j)", "sum(A[i, j] * x[j], i, j)"),
        ("sum(x[i], i)", "max(x[i], i)"),
        ("(a * A) @ B", "a * (A @ B)"),
        ("a < b", "b < a"),
        ("a < b", "a <= b"),
        ("x[i]", "x[j]"),
        ("dA * (1 - A ** 2)", "dA - dA * A ** 2"),
    ],
)
def test_another_form(left: str, right: str) -> None:
    assert not forms.same(left, right, scalars=["m"])


def shuffled(node: Node, rng: random.Random) -> Node:
    """The expression with the operands of sums and elementwise products exchanged and bound letters renamed, at random."""

    def change(n: Node) -> Node:
        swap = rng.random() < 0.5
        if swap and (isinstance(n, array.Add) or (isinstance(n, array.Mul) and n.how == array.HADAMARD)):
            return array.Add(n.right, n.left) if isinstance(n, array.Add) else array.Mul(n.right, n.left)
        if isinstance(n, array.Reduce):
            fresh = f"new{rng.randrange(10**9)}"
            return array.Reduce(n.op, array.rename(n.body, {n.index: fresh}), fresh, n.lower, n.upper)
        return n

    return array.transform(node, change)


def test_every_expected_line_is_its_own_form_in_any_order() -> None:
    rng = random.Random(0)
    for line in LINES:
        node = parse(line.right)
        for _ in range(5):
            assert forms.form(shuffled(node, rng)) == forms.form(node), line


def test_no_expected_line_is_the_form_of_its_negations() -> None:
    for line in LINES:
        node = parse(line.right)
        assert all(forms.form(wrong) != forms.form(node) for wrong in reference.negations(node)), line


def test_alternatives_are_other_forms() -> None:
    for line in LINES:
        expected = reference.load(line.problem).expect.get(line.key)  # none if that one is written with letters
        if line.alternative and line.kind == "first" and expected is not None:
            assert forms.form(parse(line.right)) != forms.form(parse(expected)), line
