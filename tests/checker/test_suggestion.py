"""The corrected LaTeX: it reads back as the repaired formula, and changes no more than it must."""

from __future__ import annotations

import difflib
from typing import Any

import pytest

from symdl.checker.edits import Edit, Pool, edits, letters_of
from symdl.checker.suggestion import suggest
from symdl.notation.strict import parse, show
from symdl.terms import array

# sheet, the repaired right side as catalogue notation, what may be expected in print
MINIMAL = [
    (r"w_t = w_{t-1} - \frac{\eta}{s_t + \epsilon} g_t", "w_prev - eta / sqrt(s_t + epsilon) * g_t", r"w_t = w_{t-1} - \frac{\eta}{\sqrt{s_t + \epsilon}} g_t"),
    (r"s_t = \beta s_{t-1} + (1 - \beta) g_t", "beta * s_prev + (1 - beta) * g_t ** 2", r"s_t = \beta s_{t-1} + (1 - \beta) g_t^2"),
    (r"f(x) = \min(0, x)", "maximum(0, x)", r"f(x) = \max(0, x)"),
    (r"\sigma = \frac{2}{n_{in}}", "sqrt(2 / n_in)", r"\sigma = \sqrt{\frac{2}{n_{in}}}"),
    (r"x' = \frac{x - M}{M - m}", "(x - m) / (M - m)", r"x' = \frac{x - m}{M - m}"),
    (r"L = \lambda \|w\|_2", "lam * norm(w) ** 2", None),
    (r"y = 2 n + 1", "n + 1", None),
    (r"y = \frac{a}{b}", "b / a", r"y = \frac{b}{a}"),
    (r"y = \log(a) + b", "log(a + b)", None),
]  # fmt: skip
SIGNS = [
    (r"w_t = w_{t-1} - \eta (y - \hat y) x", "w_prev + eta * (y - yhat) * x", r"w_t = w_{t-1} + \eta (y - \hat y) x"),
    (r"\sigma(z) = \frac{1}{1 + e^{z}}", "1 / (1 + exp(-z))", r"\sigma(z) = \frac{1}{1 + e^{-z}}"),
    (r"w_t = w_{t-1} + \eta g_t", "w_prev - eta * g_t", r"w_t = w_{t-1} - \eta g_t"),
    (r"h = (1 + z) c + z d", "(1 - z) * c + z * d", r"h = (1 - z) c + z d"),
]  # fmt: skip
INDEXED = [
    (r"L = \frac{1}{n} \sum_{i=1}^{n} (y_i + \hat y_i)^2", "1 / n * sum((y[i] - yhat[i]) ** 2, (i, 1, n))", r"L = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)^2"),
    (r"L = \sum_i (y_i - \hat y_i)", "sum((y[i] - yhat[i]) ** 2, i)", r"L = \sum_i (y_i - \hat y_i)^2"),
    (r"L = \sum_i y_i \log(p_i)", "-sum(y[i] * log(p[i]), i)", r"L = -\sum_i y_i \log(p_i)"),
    (r"s = \sum_{i=0}^n x_i", "sum(x[i], (i, 1, n))", r"s = \sum_{i=1}^n x_i"),
]  # fmt: skip


def edit_to(side: Any, meant: str) -> Edit:
    """The single edit whose result is written ``meant``."""
    tree = side.right
    pool = Pool(
        tuple(array.names(tree)),
        frozenset(),
        frozenset(),
        frozenset(),
        letters_of(tree, side.letters),
        side.sheet.atoms,
    )
    wanted = show(parse(meant))
    hits = [e for e in edits(tree, pool) if show(e.tree) == wanted]
    assert hits, (meant, sorted({show(e.tree) for e in edits(tree, pool)}))
    return hits[0]


def readings(read: Any, latex: str) -> list[str]:
    s = read(latex)
    return [show(r.sides[1]) for r in s.readings]


def same(a: str, b: str) -> bool:
    return "".join(a.split()) == "".join(b.split())


@pytest.mark.parametrize(("latex", "meant", "printed"), [*MINIMAL, *SIGNS])
def test_it_reads_back_as_the_repaired_formula(
    read: Any, side: Any, latex: str, meant: str, printed: str | None
) -> None:
    s = side(latex)
    edit = edit_to(s, meant)
    text = suggest(read(latex), s, edit)
    assert text != latex
    assert show(edit.tree) in readings(read, text), text


@pytest.mark.parametrize(("latex", "meant", "printed"), MINIMAL)
def test_it_changes_no_more_than_it_must(read: Any, side: Any, latex: str, meant: str, printed: str | None) -> None:
    s = side(latex)
    text = suggest(read(latex), s, edit_to(s, meant))
    if printed is not None:
        assert same(text, printed)
    kept = sum(m.size for m in difflib.SequenceMatcher(None, latex, text, autojunk=False).get_matching_blocks())
    assert kept >= 0.6 * len(latex)


@pytest.mark.parametrize(("latex", "meant", "printed"), SIGNS)
def test_a_sign_is_changed_where_it_stands(read: Any, side: Any, latex: str, meant: str, printed: str) -> None:
    s = side(latex)
    assert same(suggest(read(latex), s, edit_to(s, meant)), printed)


@pytest.mark.parametrize(("latex", "meant", "printed"), INDEXED)
def test_indexed_quantities_keep_one_index(read: Any, side: Any, latex: str, meant: str, printed: str) -> None:
    s = side(latex)
    text = suggest(read(latex), s, edit_to(s, meant))
    assert "i,i" not in text and "i, i" not in text
    assert show(edit_to(s, meant).tree) in readings(read, text), text


def test_the_rest_of_a_chain_is_kept(read: Any, side: Any) -> None:
    latex = r"y = a + b = c"
    s = side(latex)
    assert same(suggest(read(latex), s, edit_to(s, "a * b")), r"y = a b = c")


def test_all_occurrences(read: Any, side: Any) -> None:
    latex = r"\hat A = \tilde D^{\frac{1}{2}} \tilde A \tilde D^{\frac{1}{2}}"
    s = side(latex)
    edit = next(
        e
        for e in edits(s.right, Pool((), frozenset(), frozenset(), frozenset(), (), s.sheet.atoms))
        if e.everywhere and e.kind == "exponent" and "-" in show(e.tree)
    )
    text = suggest(read(latex), s, edit)
    assert text.count("-") == 2 and text.startswith(r"\hat A =")
    again = read(text).readings[0].sides[1]
    assert show(again).count("-") == 2
