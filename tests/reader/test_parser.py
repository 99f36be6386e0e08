"""Syntax: what parses into what, and one clear error with its place for everything damaged."""

import random
import time

import pytest

from symdl.errors import LatexError
from symdl.reader.macros import read_macros
from symdl.reader.parser import parse
from symdl.reader.tokens import tokenize
from symdl.terms import syntax

DAMAGED = [
    (r"(w * h + 1) * c) * d", "SD102", 15),
    (r"(a + b", "SD101", 0),
    (r"a)", "SD102", 1),
    (r"\frac{1", "SD101", 5),
    (r"\frac{1}", "SD106", 0),
    (r"a +", "SD103", 2),
    (r"a = (b +) c", "SD103", 7),
    (r"x^", "SD103", 1),
    (r"x_{a", "SD101", 2),
    (r"\left( x", "SD101", 0),
    (r"(a + b]]", "SD102", 7),
    (r"\{ a )", "SD101", 5),
    (r"\begin{cases} a", "SD105", 0),
    (r"a \end{aligned}", "SD105", 2),
    (r"\begin{pmatrix} a \end{bmatrix}", "SD105", 18),
    (r"egin{aligned} a &= b \end{aligned}", "SD103", 0),
    (r"x = rac{1}{2}", "SD103", 4),
    (r"\text{for all", "SD101", 0),
    (r"\| x", "SD101", 0),
    (r"a $ b", "SD107", 2),
]
UNKNOWN = [
    (r"\foo x", "SD201"),
    (r"\begin{tikzpicture} a \end{tikzpicture}", "SD201"),
    ("(" * 400 + "x" + ")" * 400, "SD202"),
    ("+".join(["x"] * 20_000), "SD202"),
    ("x" * 7_000, "SD202"),
    ("7" * 5_000, "SD202"),
]


@pytest.mark.parametrize(("latex", "code", "start"), DAMAGED)
def test_damaged_says_where(latex: str, code: str, start: int) -> None:
    with pytest.raises(LatexError) as caught:
        parse(latex)
    diagnostic = caught.value.diagnostic
    assert (diagnostic.code, diagnostic.span and diagnostic.span.start) == (code, start)
    assert diagnostic.remedy


@pytest.mark.parametrize(("latex", "code"), UNKNOWN, ids=[u[1] + u[0][:12] for u in UNKNOWN])
def test_limits_and_unknown_commands(latex: str, code: str) -> None:
    began = time.perf_counter()
    with pytest.raises(LatexError) as caught:
        parse(latex)
    assert caught.value.diagnostic.code == code
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("latex", ["(" * 30 + "x" + ")" * 30, "+".join(["x"] * 2_500), "9^{9^{9^9}}", r"\sqrt[3]{x}"])
def test_large_but_fine(latex: str) -> None:
    assert parse(latex).rows


@pytest.mark.parametrize(
    ("latex", "rows", "items"),
    [
        (r"a = b", 1, 1),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", 2, 1),
        (r"\begin{aligned} a &= b \\ &\quad + c \end{aligned}", 1, 1),
        (r"a = b, \quad c = d", 1, 2),
        (r"a = b \quad (n_h, m)", 1, 2),
        (r"\begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}", 1, 1),
        (r"\tag{15}", 0, 0),
        (r"a = b \tag{15} \label{eq:x}", 1, 1),
    ],
)
def test_rows(latex: str, rows: int, items: int) -> None:
    block = parse(latex)
    assert len(block.rows) == rows
    assert sum(len(row.items) for row in block.rows) == items * rows


def test_bars_pair_up() -> None:
    factors = parse(r"|a||b|").rows[0].items[0]
    assert isinstance(factors, syntax.Product)
    assert all(isinstance(f, syntax.Fence) and f.opener == "|" for f in factors.factors)
    given = parse(r"p(x|y)").rows[0].items[0]
    assert isinstance(given, syntax.Product)
    assert isinstance(given.factors[1], syntax.Fence)
    assert given.factors[1].separators == ("|",)


def test_script_of_one_digit() -> None:
    node = parse("x^12").rows[0].items[0]
    assert isinstance(node, syntax.Product)  # TeX: x to the 1, times 2


def test_spans_cover_what_was_written() -> None:
    latex = r"z^{[1]} = W^{[1]} \frac{x}{\sqrt{2}} + b"
    for node in syntax.walk(parse(latex)):
        assert 0 <= node.span.start <= node.span.end <= len(latex)
        if isinstance(node, syntax.Letter):
            assert node.span.text(latex) == node.name


def test_macros_keep_positions() -> None:
    macros = read_macros(
        r"\newcommand{\loss}{\mathcal{L}} \newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}} \def\w{w}"
    )
    latex = r"\pd{\loss}{\w} = 3 +"
    with pytest.raises(LatexError) as caught:
        parse(latex, macros)
    assert caught.value.diagnostic.span is not None
    assert caught.value.diagnostic.span.start == latex.index("+")
    fraction = parse(latex[:-2], macros).rows[0].items[0]
    assert isinstance(fraction, syntax.Relation)
    assert fraction.sides[0].span.text(latex) == r"\pd{\loss}{\w}"


def test_endless_macro_is_stopped() -> None:
    with pytest.raises(LatexError, match="SD205"):
        parse(r"\a", read_macros(r"\newcommand{\a}{\a\a}"))


def test_tokens_of_relations_and_spaces() -> None:
    tokens, _ = tokenize(r"a \leq b \, \quad c \neq d % remark")
    assert [t.text for t in tokens if t.kind == "relation"] == ["<=", "!="]


def test_any_damage_is_a_latex_error() -> None:
    rng = random.Random(7)
    sources = [
        r"\frac{a^{[1]}}{b_{t-1}} + \sum_{i=1}^n x_i",
        r"\begin{cases} a & b > 0 \\ c & \text{if } d \end{cases}",
    ]
    pieces = ["{", "}", "(", ")", "^", "_", "|", r"\left(", r"\right)", r"\\", "&", r"\end{cases}", "<", "'", "!"]
    for _ in range(600):
        text = rng.choice(sources)
        for _ in range(2):
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice(pieces) + text[at + rng.randrange(3) :]
        try:
            parse(text)
        except LatexError as error:
            assert error.diagnostic.code.startswith("SD")
