r"""Markdown: what is a formula, what is not, and where it stands."""

from __future__ import annotations

import time

import pytest

from symdl.reader.documents import Document, split


def found(text: str) -> list[tuple[str, tuple[int, int], bool]]:
    return [(f.latex, f.place(0), f.display) for f in split(text).fragments]


FORMULAS = [
    ("$x$", [("x", (1, 2), False)]),
    ("a $x$ b $y$", [("x", (1, 4), False), ("y", (1, 10), False)]),
    ("$$x$$", [("x", (1, 3), True)]),
    ("$$\n x = 1\n$$", [("x = 1", (2, 2), True)]),
    ("the $$x$$ in a line, $$ y $$", [("x", (1, 7), True), ("y", (1, 25), True)]),
    ("$$x$$ is it", [("x", (1, 3), True)]),
    ("text\n$$\nx\n$$\nmore $y$", [("x", (3, 1), True), ("y", (5, 7), False)]),
    ("$$x$$ (eq1)\n$$y$$ {#eq:y}\n$$z$$.", [("x", (1, 3), True), ("y", (2, 3), True), ("z", (3, 3), True)]),
    (r"a \(x\) b", [("x", (1, 5), False)]),
    (r"\[x = 1\]", [("x = 1", (1, 3), True)]),
    ("\\[\na\n- b\n= c\n\\]", [("a\n- b\n= c", (2, 1), True)]),
    ("$$\na\n+ b\n$$", [("a\n+ b", (2, 1), True)]),
    ("```math\nx = 1\ny = 2\n```", [("x = 1\ny = 2", (2, 1), True)]),
    ("$`x`$", [("x", (1, 3), False)]),
    ("\\begin{align*}\na &= b\n\\end{align*}", [("\\begin{align*}\na &= b\n\\end{align*}", (1, 1), True)]),
    (r"so \begin{equation} x \end{equation}", [(r"\begin{equation} x \end{equation}", (1, 4), True)]),
    ("# Loss $L$ #", [("L", (1, 9), False)]),
    ("Loss $L$\n===", [("L", (1, 7), False)]),
    ("| a | b |\n|---|---|\n| $x$ | $y$ |\n| $|$ | $z$ |", [("x", (3, 4), False), ("y", (3, 10), False)]),
    ("| a |\n|---|\n| $p(x\\|y) q$ |", [("p(x|y) q", (3, 4), False)]),
    ("<div>\n$x$ and <code>$y$</code>\n<!-- $z$ -->\n</div>", [("x", (2, 2), False)]),
    ("<td>$x$</td>", [("x", (1, 6), False)]),
    ("<b>$x$</b>", [("x", (1, 5), False)]),
    ("*$x$* **$y$** [a $z$](b)", [("x", (1, 3), False), ("y", (1, 10), False), ("z", (1, 19), False)]),
    ("$ x^2 $ and $ y $", [("x^2", (1, 3), False), ("y", (1, 15), False)]),
    ("$a\nb$ c", [("a\nb", (1, 2), False)]),
    (r"$a \$ b$", [(r"a \$ b", (1, 2), False)]),
    (r"$$\text{if $x$} y$$", [(r"\text{if $x$} y", (1, 3), True)]),
    ("---\ntitle: $t$\n---\n$x$", [("x", (4, 2), False)]),
    ("però $x$ è 𝛼 $y$", [("x", (1, 7), False), ("y", (1, 15), False)]),
    ("\t- a $x$", []),  # four columns in: code
    ("- a\n\t- b $x$\n\t\t$$y$$", [("x", (2, 7), False), ("y", (3, 5), True)]),
]


@pytest.mark.parametrize(("text", "expected"), FORMULAS, ids=[t for t, _ in FORMULAS])
def test_formulas(text: str, expected: list[tuple[str, tuple[int, int], bool]]) -> None:
    assert found(text)[: max(len(expected), 1)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $6",
        "it costs 5$ and then 6$ more",
        "from $10 to $20, or $ 5 or $ 6",
        "US$5, A$6",
        "a lone $ here",
        "$",
        "$$",
        "$$$$",
        "$$ $$",
        "`$x$`",
        "``$x$ ` $y$``",
        "```\n$x$\n```",
        "```python\n$x$\n```",
        "~~~\n$$x$$\n~~~",
        "    $x$",
        "<!-- $x$ -->",
        "<pre>\n$x$\n\n$$y$$\n</pre>",
        "<script>\nlet a = `$x$`\n</script>",
        r"\$x\$",
        r"a \[citation needed\] b",
        r"\[link\](http://a)",
        r"\[1\]",
        r"\(see below\)",
        "the variables $HOME and $PATH",
        "[a](http://x/$y$)",
        "![$x$](b.png)",
    ],
)
def test_what_is_no_formula(text: str) -> None:
    assert found(text) == []


PLACES = [
    ("> a $x$\n> $$\n> y\n> + z\n> $$", [(1, 6), (3, 3)]),
    ("> > - a\n> >   $$\n> >   y = 1\n> >   $$", [(3, 7)]),
    ("1. a\n   - b $x$\n     c $y$\n\n     $$z$$", [(2, 9), (3, 9), (5, 8)]),
    ("> lazy\ngoes on $x$", [(2, 10)]),
    ("- [ ] a\n\n  ```math\n  x\n  ```", [(4, 3)]),
    ("  a $x$  \n   b $y$", [(1, 6), (2, 7)]),
    ("## a $x$", [(1, 7)]),
    ("a|b\n-|-\n$x$|$x$", [(3, 2), (3, 6)]),
]


@pytest.mark.parametrize(("text", "places"), PLACES, ids=[t for t, _ in PLACES])
def test_places_in_containers(text: str, places: list[tuple[int, int]]) -> None:
    assert [p for _, p, _ in found(text)] == places


def test_the_second_line_of_a_formula_in_a_quote_has_its_own_place() -> None:
    (fragment,) = split("> $$\n>   y = 1 \\\\\n>  z = 2\n> $$").fragments
    assert fragment.latex == "y = 1 \\\\\nz = 2"
    assert fragment.place(fragment.latex.index("z")) == (3, 4)
    assert fragment.place(len(fragment.latex)) == (3, 9)


UNCLOSED = [
    ("$$\nx = 1\n\nSome words of text with $y$ here.\n\n$$z$$", "SD010", (1, 1), ["y", "z"]),
    ("$$\nx = 1\n\n# Next\n\n$$\nz\n$$", "SD010", (1, 1), ["z"]),
    ("a $$x\n\n$y$", "SD010", (1, 3), ["y"]),
    ("- $$\n  x\n\n$y$", "SD010", (1, 3), ["y"]),
    ("> $$\n> x\n\n$y$", "SD010", (1, 3), ["y"]),
    ("so $\\alpha is it\n\n$y$", "SD011", (1, 4), ["y"]),
    ("so $y$ and $x_1 = 2\n\n$z$", "SD011", (1, 12), ["y", "z"]),
    ("so \\(\\alpha\n\n$y$", "SD011", (1, 4), ["y"]),
    ("\\[ \\alpha\n\n$y$", "SD010", (1, 1), ["y"]),
    ("\\begin{align}\na &= b\n\n$y$", "SD012", (1, 1), ["y"]),
]


@pytest.mark.parametrize(("text", "code", "place", "rest"), UNCLOSED, ids=[t for t, *_ in UNCLOSED])
def test_unclosed_is_said_and_the_rest_is_read(text: str, code: str, place: tuple[int, int], rest: list[str]) -> None:
    sheet = split(text)
    (complaint,) = sheet.diagnostics
    assert (complaint.code, (complaint.line, complaint.column)) == (code, place)
    assert "missing" in complaint.remedy
    assert [f.latex for f in sheet.fragments] == rest


def test_blank_lines_inside_a_display_formula_are_borne() -> None:
    assert [latex for latex, _, _ in found("$$\na = 1\n\nb = 2\n$$")] == ["a = 1\n\nb = 2"]


@pytest.mark.parametrize("text", ["$ " * 100_000, "$$" * 100_001, "\\(" * 50_000, "\\[" * 50_000, "$a " * 50_000])
def test_long_nonsense_takes_little_time(text: str) -> None:
    start = time.perf_counter()
    split(text)
    assert time.perf_counter() - start < 5


# ---- words around formulas ---------------------------------------------------------------------------------

SHEET = r"""# Training

## Optimisers

Words on $f$ first.

**Momentum.** The velocity is

$$v = \beta v + g$$

and the second one

$$w = w - \eta v$$

- RMSProp: keep $s$ of
  - the squares

    $$s = \rho s$$

## Losses

$$L = 1$$

After it.
"""


def sheet_by_formula(sheet: Document) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {f.latex: (f.context.headings, f.context.texts) for f in sheet.fragments}


def test_context() -> None:
    around = sheet_by_formula(split(SHEET))
    headings, texts = around[r"v = \beta v + g"]
    assert headings == ("Optimisers", "Training")
    assert texts == ("Momentum. The velocity is", "Momentum", "and the second one")
    assert around[r"w = w - \eta v"][1][:2] == ("and the second one", "Momentum")
    assert around["s"][1][0] == "RMSProp: keep"
    assert around[r"s = \rho s"][1] == ("the squares", "Momentum", "RMSProp: keep of")
    assert around["L = 1"] == (("Losses", "Training"), ())  # the text behind must not pass for the nearest


def test_section_numbers_say_more_than_heading_marks() -> None:
    text = "# 1 Basics\n\n## 1.2 Activations\n\n### 1.3 Losses\n\n$x$\n\n#### 1.3.1 Hinge\n\n$y$"
    around = sheet_by_formula(split(text))
    assert around["x"][0] == ("1.3 Losses", "1 Basics")
    assert around["y"][0] == ("1.3.1 Hinge", "1.3 Losses", "1 Basics")


def test_flat_headings_name_the_one_before() -> None:
    around = sheet_by_formula(split("# Perceptron\n\na\n\n# Exercise\n\n$x$"))
    assert around["x"][0] == ("Exercise", "Perceptron")


def test_bulleted_headings_are_siblings() -> None:
    around = sheet_by_formula(split("# Methods\n\n## • RMSProp\n\n$x$\n\n#### • Adam\n\n$y$"))
    assert around["y"][0] == ("Adam", "Methods")
