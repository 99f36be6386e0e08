"""One damaged row does not take the others with it."""

from __future__ import annotations

import pytest

from symdl.errors import LatexError
from symdl.notation.strict import show
from symdl.reader.elaborate import statements
from symdl.reader.names import NameTable, collect
from symdl.reader.parser import parse
from symdl.reader.parser_recovery import ROWS, rows_apart
from symdl.terms.formula import Context

CASES = [
    (r"\begin{aligned} a &= (b \\ c &= d \end{aligned}", ["SD101", "c | d"]),
    (r"\begin{aligned} a &= b \\ c &= d ) \\ e &= f \end{aligned}", ["a | b", "SD102", "e | f"]),
    (r"a = b ) \\ c = d", ["SD102", "c | d"]),
    (r"\begin{alignat}{2} a &= b) \\ c &= d \end{alignat}", ["SD102", "c | d"]),
    (r"\begin{aligned} a &= \foo + 1 \\ &+ 3 \\ c &= d \end{aligned}", ["SD201", "c | d"]),
    (r"\begin{aligned} a &= b + \\ c &= d \end{aligned}", ["SD103", "c | d"]),
    (r"\begin{aligned} a &= rac{1}{2} \\ c &= d \end{aligned}", ["SD103", "c | d"]),
    (r"\begin{aligned} a &= $ \\ c &= d \end{aligned}", ["SD107", "c | d"]),
    # an unclosed brace takes everything behind it
    (r"\begin{aligned} a &= b \\ c &= \frac{1}{2 \\ e &= f \end{aligned}", ["a | b", "SD101"]),
    # what the environment itself has lost nobody can say
    (r"\begin{aligned} a &= b \\ c &= d", ["SD105"]),
    (r"egin{aligned} a &= b \\ c &= d \end{aligned}", ["SD103"]),
    # a table is one thing
    (r"a = \begin{cases} ( & x \\ 1 & y \end{cases}", ["SD101"]),
]


def told(latex: str) -> list[str]:
    out = []
    for s in statements(latex, lambda k: (1, k + 1), Context(), NameTable()):
        sides = s.readings[0].sides if s.readings else ()
        out.append(s.problem.code if s.problem else " | ".join("_" if x is None else show(x) for x in sides))
    return out


@pytest.mark.parametrize(("latex", "expected"), CASES)
def test_rows_of_a_damaged_formula(latex: str, expected: list[str]) -> None:
    assert told(latex) == expected


def test_places_are_those_of_the_whole_formula() -> None:
    latex = r"\begin{aligned} a &= b \\ c &= (d \\ e &= f + \foo \end{aligned}"
    first, second, third = statements(latex, lambda k: (1, k + 1), Context(), NameTable())
    assert first.place.column == latex.index("a &=") + 1
    assert (second.latex, second.problem and second.problem.column) == ("c &= (d", latex.index("(d") + 1)
    assert third.problem is not None
    assert third.problem.column == latex.index(r"\foo") + 1
    assert third.problem.span is not None
    assert third.problem.span.text(third.latex) == r"\foo"


def test_a_left_side_is_not_carried_over_a_damaged_row() -> None:
    assert told(r"\begin{aligned} z &= a \\ y &= (b \\ &= c \end{aligned}") == ["z | a", "SD101", "_ | c"]


def test_a_sum_may_end_its_line_with_its_sign() -> None:
    assert told(r"\begin{aligned} a &= b + \\ & c \\ d &= e \end{aligned}") == ["a | b + c", "d | e"]


def test_rows_that_are_whole_teach_the_name_table() -> None:
    assert "f" in collect([r"\begin{aligned} f(x) &= x^2 \\ y &= ( \end{aligned}"]).functions


def test_what_is_whole_is_never_taken_apart() -> None:
    parse(r"\begin{aligned} a &= b \\ c &= d \end{aligned}")
    with pytest.raises(LatexError):
        parse(r"\begin{aligned} a &= b \\ c &= (d \end{aligned}")
    assert rows_apart("a + (b") == []
    assert rows_apart(r"a ( \\" * (ROWS + 1)) == []
