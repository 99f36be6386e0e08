"""The terminal report, against golden files. Rewrite them with ``SYMDL_GOLDEN=1`` and read the difference."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from symdl.report.terminal import Printer, render
from symdl.report.text import Style, width_of
from symdl.report.to_markdown import to_markdown
from symdl.terms.results import FileReport, Report, Verdict

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def check_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("SYMDL_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_golden(sample: Report, width: int) -> None:
    text = render(sample, Printer(width))
    check_golden(f"terminal-{width}.txt", text)
    assert max(width_of(line) for line in text.splitlines()) <= width


def test_golden_verbose_in_italian(sample: Report) -> None:
    check_golden("terminal-verbose-it.txt", render(sample, Printer(80, lang="it"), verbose=True))


def test_golden_markdown(sample: Report) -> None:
    check_golden("report.md", to_markdown(sample))


def test_colours_change_no_letter(sample: Report) -> None:
    coloured = render(sample, Printer(80, Style(colour=True)))
    assert "\x1b[31" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render(sample, Printer(80))


def test_carets_stand_under_what_is_wrong(sample: Report) -> None:
    lines = render(sample, Printer(80)).splitlines()
    at = next(i for i, line in enumerate(lines) if "w_t = w_{t-1} - " in line)
    column = lines[at + 1].index("^")
    assert lines[at][column] == "-"
    at = next(i for i, line in enumerate(lines) if "w_t = w_{t-1} + " in line)
    assert lines[at][lines[at + 1].index("+")] == "+"


def test_the_suggestion_is_printed_whole(sample: Report) -> None:
    for width in (60, 80):
        lines = render(sample, Printer(width)).splitlines()
        joined = re.sub(
            r"\s", "", "".join(re.sub(r"^[ \d]*\| ", "", line) for line in lines if set(line) - set(" |+^"))
        )
        for j in sample.files[0].formulas:
            if j.suggestion:
                assert re.sub(r"\s", "", j.suggestion) in joined


def test_a_sheet_cannot_steer_the_terminal(sample: Report) -> None:
    file = sample.files[0]
    evil = replace(file.formulas[0], latex="x\x1b[2J\u202e = 1", message="\x1b]0;title\x07", suggestion="\x1b[31mx")
    text = render(Report((FileReport("a\x1b[1m.md", (), (evil,), "\x1b[2J"),)), Printer(80))
    assert "\x1b" not in text and "\u202e" not in text and "\x07" not in text


def test_wide_letters_keep_the_carets_in_place(sample: Report) -> None:
    source = "損失 $w = a - b$"
    j = replace(sample.files[0].formulas[1], line=1, column=5, end_line=1, end_column=14)
    j = replace(j, latex="w = a - b", suggestion="w = a + b", counterexample=None)
    lines = render(Report((FileReport("a.md", (), (j,), source),)), Printer(80)).splitlines()
    at = next(i for i, line in enumerate(lines) if "損失" in line)
    assert width_of(lines[at].split("-")[0]) == lines[at + 1].index("^")


def test_a_notebook_shows_the_formula_without_a_line_number(sample: Report) -> None:
    j = replace(sample.files[0].formulas[1], cell=3)
    text = render(Report((FileReport("a.ipynb", (), (j,), "{}"),)), Printer(80))
    assert "a.ipynb:cell 3:5:16" in text
    assert r"| w_t = w_{t-1} - \eta (y - \hat y) x" in text


def test_nothing_wrong_is_said_plainly(sample: Report) -> None:
    file = sample.files[0]
    right = tuple(j for j in file.formulas if j.verdict is Verdict.PROVED)
    assert render(Report((replace(file, formulas=right),))).endswith("No mistake found in one formula.\n")


@pytest.mark.parametrize("width", [20, 37, 60, 83])
def test_twenty_thousand_terms_are_folded(sample: Report, width: int) -> None:
    latex = "y = " + " + ".join(["x"] * 2000)
    j = replace(sample.files[0].formulas[1], latex=latex, suggestion=latex + " - 1", line=1, column=1)
    text = render(Report((FileReport("a.md", (), (j,), latex),)), Printer(width))
    assert text.count("x") >= 2 * 2000
