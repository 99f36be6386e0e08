"""The second reader: agreement, disagreement with an altered reading, and what cannot be compared."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from symdl.reader.elaborate import statements
from symdl.reader.names import NameTable, collect
from symdl.reader.second import second_opinion
from symdl.reader.second_canonical import canonical
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Context


def read(latex: str) -> tuple[Node, str]:
    """The likeliest reading of the right side, or of the only one, and the statement's text."""
    (statement,) = statements(latex, lambda k: (1, k + 1), Context(), collect([latex]) if "=" in latex else NameTable())
    side = statement.readings[0].sides[-1]
    assert side is not None
    return side, statement.latex


CANONICAL = [
    (r"w_{t-1} - \eta \frac{g_t}{\sqrt{s_t} + \epsilon}", r"x_{0} - x_{1} \cdot \frac{x_{2}}{\sqrt{x_{3}} + x_{4}}"),
    (r"\frac{1}{1 + e^{-x}}", r"\frac{1}{1 + \exp\left(- x_{0}\right)}"),
    (r"\hat y^2 + (a - b)^2", r"x_{0}^{2} + \left(x_{1} - x_{2}\right)^{2}"),
    (r"\log x + \log(1 - y)", r"\ln\left(x_{0}\right) + \ln\left(1 - x_{1}\right)"),
    (r"dW^{[2]} x_{norm} + dW^{[2]}", r"x_{0} \cdot x_{1} + x_{0}"),
]


@pytest.mark.parametrize(("latex", "expected"), CANONICAL, ids=[t for t, _ in CANONICAL])
def test_canonical(latex: str, expected: str) -> None:
    assert canonical(*read(latex)).latex == expected


AGREED = [
    r"\frac{1}{3}",
    r"w_t = w_{t-1} - \frac{\eta}{\sqrt{s_t + \epsilon}} g_t",
    r"\sigma(x) = \frac{e^x}{1 + e^x}",
    r"T = \frac{e^x - e^{-x}}{e^x + e^{-x}}",
    r"L = -y \ln a - (1 - y) \ln(1 - a)",
    r"s = \beta s + (1 - \beta) dW^2",
    r"o = \frac{n + 2p - f}{s} + 1",
    r"u = a / b / c",
    r"u = -x^2",
    r"u = 2^{-a} b^{\frac{1}{2}}",
    r"u = \tanh^2(x) + \sqrt[3]{y}",
    r"J = \frac{1}{m} \sum_{i=1}^m (y_i - \hat y_i)^2",
    r"u = \pi r^2",
]


@pytest.mark.parametrize("latex", AGREED)
def test_agreement(latex: str) -> None:
    opinion = second_opinion(*read(latex))
    assert opinion.verdict == "agreement", opinion.detail


def altered(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """The reading with its first node changed that ``change`` takes; spans stay, as a misreading leaves them."""
    done = False

    def step(n: Node) -> Node:
        nonlocal done
        new = None if done else change(n)
        if new is not None:
            done = True
            return replace(new, span=n.span)
        return array.rebuild(n, step)

    out = step(node)
    assert done
    return out


MISREADINGS: list[tuple[str, Callable[[Node], Node | None]]] = [
    ("a + b c", lambda n: array.Add(n.left, array.Neg(n.right)) if isinstance(n, array.Add) else None),
    (r"\frac{a}{b} c", lambda n: array.Div(n.right, n.left) if isinstance(n, array.Div) else None),
    ("x^2 y", lambda n: array.Pow(n.base, array.Num(Fraction(3))) if isinstance(n, array.Pow) else None),
    ("x^2 y", lambda n: n.base if isinstance(n, array.Pow) else None),
    (r"\ln(x) + y", lambda n: array.Call("exp", n.args) if isinstance(n, array.Call) else None),
    (r"\sqrt{x + y}", lambda n: n.args[0] if isinstance(n, array.Call) else None),
    ("-(a + b) c", lambda n: n.body if isinstance(n, array.Neg) else None),
    (r"\frac{1}{m} \sum_{i=1}^m (y_i - a)^2", lambda n: n.base if isinstance(n, array.Pow) else None),
    (
        "a / b / c",
        lambda n: array.Div(n.left.left, array.Div(n.left.right, n.right)) if isinstance(n, array.Div) else None,
    ),  # type: ignore[attr-defined]
]


@pytest.mark.parametrize(("latex", "change"), MISREADINGS, ids=[t for t, _ in MISREADINGS])
def test_an_altered_reading_is_a_disagreement(latex: str, change: Callable[[Node], Node | None]) -> None:
    side, text = read(latex)
    assert second_opinion(side, text).verdict == "agreement"
    opinion = second_opinion(altered(side, change), text)
    assert opinion.verdict == "disagreement"
    assert "latex2sympy2" in opinion.detail


@pytest.mark.parametrize(
    "latex",
    ["x_i", "W^T", r"\max(0, x)", r"\begin{cases} 1 & x > 0 \\ 0 & x < 0 \end{cases}", "9^{9^{9^9}}", "2^{1000}"],
)
def test_not_comparable(latex: str) -> None:
    assert second_opinion(*read(latex)).verdict == "not-comparable"


def test_nothing_is_remembered_between_calls() -> None:
    """A differential once made every later call fail; an equation once gave a symbol a value."""
    for latex in (r"dW + db x", r"x_1 + y", r"I_1 y", r"a^{[2]} b"):
        assert second_opinion(*read(latex)).verdict == "agreement", latex
        assert second_opinion(*read("a b + c")).verdict == "agreement"


def test_the_stand_in_for_a_module_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    from symdl.reader import second

    monkeypatch.delitem(sys.modules, "typing.io", raising=False)
    second._reader()
    assert hasattr(sys.modules["typing.io"], "TextIO")
