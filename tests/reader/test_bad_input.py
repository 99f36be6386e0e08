"""Bad input: one clear diagnostic each, never a traceback, and soon."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from symdl.errors import SymdlError
from symdl.notation.strict import show
from symdl.reader.documents import load
from symdl.reader.elaborate import DEPTH, statements
from symdl.reader.macros import EMPTY
from symdl.reader.names import collect
from symdl.terms.formula import Context, Statement

SECONDS = 3.0
"""A second is meant; the machine that runs the tests may be a slow one."""


def read(latex: str) -> tuple[Statement, ...]:
    began = time.perf_counter()
    names = collect([latex])
    out = statements(latex, lambda k: (1, k + 1), Context(), names)
    assert time.perf_counter() - began < SECONDS
    for statement in out:
        assert statement.problem is None or (statement.problem.code.startswith("SD") and not statement.readings)
        for reading in statement.readings:
            for side in reading.sides:
                assert side is None or show(side)
    return out


BAD = [
    ("unbalanced brace", r"\frac{1}{2", "SD101"),
    ("closing brace", "a } b", "SD102"),
    ("unknown command", r"a + \foo b", "SD201"),
    ("400 parentheses", "(" * 400 + "x" + ")" * 400, "SD202"),
    ("400 braces", "{" * 400 + "x" + "}" * 400, "SD202"),
    ("3000 hats", r"\hat" * 3000 + "x", "SD202"),
    ("3000 roots", r"\sqrt" * 3000 + "x", "SD202"),
    ("20,000 terms", "+".join(["x"] * 20_000), "SD202"),
    ("2,900 terms", "+".join(["x"] * 2_900), "SD203"),
    ("2,900 factors", "x " * 2_900, "SD203"),
    ("2,900 bars", "|x" * 2_900, "SD203"),
    ("15,000 characters", r"x_{1}^{2} \cdot \sin(y_{3}) + " * 500 + "z", "SD202"),
    ("500 limits", r"\lim_{x \to 0} " * 500 + "x", "SD203"),
    ("1,000 sums", r"\sum_i " * 1_000 + "x_i", "SD203"),
    ("a macro that doubles", r"\def\a{\a\a}\a", "SD205"),
    ("5,000 digits", "7" * 5_000, "SD202"),
    ("a dollar", "a $ b", "SD107"),
    ("a control character", "a \x00 b", "SD201"),
]


@pytest.mark.parametrize(("latex", "code"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_one_diagnostic(latex: str, code: str) -> None:
    (statement,) = read(latex)
    assert statement.problem is not None
    assert statement.problem.code == code
    assert statement.problem.line == 1
    assert statement.problem.remedy


FINE = [
    "9^{9^{9^9}}",
    "(10^{9})!",
    r"\binom{10^9}{3}",
    "=".join(["x"] * 2_900),
    "x" + "'" * 5_000,
    r"\sum_i x_i + " * 100 + "x_i",
    r"\int x + " * 100 + "dx",
    "x^{<t>} " * 90,
    "(" * 30 + "x" + ")" * 30,
    r"\begin{matrix} " + ("1 & " * 40 + r"1 \\ ") * 40 + r"\end{matrix}",
]


@pytest.mark.parametrize("latex", FINE, ids=[f[:20] for f in FINE])
def test_large_but_read(latex: str) -> None:
    assert all(s.problem is None for s in read(latex))


def test_a_tower_stays_unevaluated() -> None:
    (statement,) = read("y = 9^{9^{9^9}}")
    assert [show(s) for s in statement.readings[0].sides if s is not None] == ["y", "9 ** 9 ** 9 ** 9"]


def test_what_would_recur_too_deeply_later_is_refused_here() -> None:
    (statement,) = read("(" * 9 + "y" + (" x" * 60 + ")") * 9)
    assert DEPTH < 9 * 60
    assert statement.problem is not None
    assert statement.problem.code == "SD202"


def test_every_choice_left_open_does_not_multiply() -> None:
    open_ended = r"\sigma(x) + h(x) + |B| x_i + 1/2m + \log x y + \tanh W x + A \otimes b + c \ast d + "
    (statement,) = read(open_ended * 15 + r"\sum_i x_i y_i + z_i")
    assert 1 < len(statement.readings) <= 8


def test_random_text() -> None:
    rng = random.Random(11)
    pieces = [
        r"\frac",
        "{",
        "^{",
        "_{",
        r"\cdot",
        "}",
        "(",
        ")",
        "^",
        "_",
        "|",
        r"\left(",
        r"\right)",
        r"\\",
        "&",
        "=",
        "x_i",
        r"\sum",
        "1",
    ]
    pieces += [
        r"\int",
        r"\lim_{x \to",
        "dx",
        r"\dots",
        "!",
        r"\otimes",
        r"\ast",
        "'",
        r"\{",
        r"\}",
        r"\max",
        "|_",
        "é",
        "∑",
    ]
    pieces += [
        r"\begin{cases}",
        r"\end{cases}",
        r"\binom",
        ",",
        ":",
        r"\nabla",
        "^2",
        r"\arg\min",
        r"\text{a b}",
        "0.9",
        "$",
    ]
    for _ in range(1_500):
        read("".join(rng.choice(pieces) + rng.choice(["", " "]) for _ in range(rng.randrange(1, 12))))


def test_random_bytes() -> None:
    rng = random.Random(3)
    for _ in range(200):
        read(bytes(rng.randrange(256) for _ in range(rng.randrange(1, 80))).decode("latin-1"))


def test_files_of_random_bytes(tmp_path: Path) -> None:
    rng = random.Random(5)
    path = tmp_path / "sheet.md"
    for _ in range(20):
        path.write_bytes(b"# a\n\n$$" + bytes(rng.randrange(256) for _ in range(300)) + b"$$\n\n$x = 1$\n")
        try:
            document = load(path)
        except SymdlError as error:
            assert error.diagnostic.code.startswith("SD")
            continue
        for f in document.fragments:
            statements(f.latex, f.place, f.context, collect([]), EMPTY, inline=not f.display)


def test_unclosed_dollars_leave_the_rest_readable(tmp_path: Path) -> None:
    path = tmp_path / "sheet.md"
    path.write_text("# A\n\n$x = 1$\n\n$$ a = b\n\ntext\n\n$y = 2$\n", "utf-8")
    document = load(path)
    told = [s for f in document.fragments for s in statements(f.latex, f.place, f.context, collect([]))]
    assert any(s.latex.strip() == "x = 1" and s.readings for s in told)
    assert document.diagnostics or any(s.problem for s in told)
