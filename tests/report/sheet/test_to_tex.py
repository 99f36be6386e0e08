"""The LaTeX sheet: escaped, and compiled by a real TeX with base packages."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from symdl.report.sheet.sections import Section
from symdl.report.sheet.to_tex import escape, to_tex
from symdl.terms.formula import Entry

BASE = {"amsmath", "amssymb", "geometry", "multicol", "graphicx"}
NASTY = r"100% of $x_1 & {y}^2 ~ #3 \input{/etc/passwd} \end{document} <a|b> -- “è” ’s σ₁² ≥ ½ 損 ﬁ"
ENTRY = Entry(
    "a_b", "t", {"en": NASTY, "it": "perché sì"}, (), (), {}, (), latex=("x^2",), sources=(NASTY, "note 000, line 1")
)


def compile_tex(text: str, folder: Path, pdflatex: str) -> str:
    """Runs TeX without access to the shell, and returns its log."""
    (folder / "sheet.tex").write_text(text, encoding="utf-8")
    command = [pdflatex, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    log = (folder / "sheet.log").read_text("utf-8", "replace")
    assert done.returncode == 0, re.findall(r"^!.*\n(?:.*\n){0,6}", log, re.MULTILINE)
    return log


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("a_b & c", r"a\_b \& c"),
        ("\\x{1}", r"\textbackslash{}x\{1\}"),
        ("≥ σ", r"\ensuremath{\ge} \ensuremath{\sigma}"),
        ("H₂O²", r"H\ensuremath{_{2}}O\textsuperscript{2}"),
        ("perché", "perché"),
        ("損", "?"),
        ("--", "-{}-{}"),
        ("a\nb", "a b"),
    ],
)
def test_escape(text: str, tex: str) -> None:
    assert escape(text) == tex


def test_only_base_packages(whole: tuple[Section, ...], lang: str) -> None:
    packages = re.findall(r"\\usepackage(?:\[[^]]*\])?\{([^}]*)\}", to_tex(whole, lang))
    assert {name for group in packages for name in group.split(",")} <= BASE


def test_nasty_words_compile(tmp_path: Path, tool: Callable[..., str]) -> None:
    text = to_tex([Section("t", NASTY, (ENTRY, replace(ENTRY, description={"en": NASTY})))])
    assert "note 000" not in text
    compile_tex(text, tmp_path, tool("pdflatex"))


def test_a_wide_formula_stays_in_its_column(tmp_path: Path, tool: Callable[..., str]) -> None:
    wide = replace(ENTRY, titles={"en": "Wide"}, latex=("y = " + " + ".join(["x"] * 80),))
    log = compile_tex(to_tex([Section("t", "T", (wide,))]), tmp_path, tool("pdflatex"))
    assert "Overfull \\hbox" not in log


def test_a_damaged_formula_is_noticed(tmp_path: Path, tool: Callable[..., str]) -> None:
    broken = replace(ENTRY, latex=(r"\frac{1}{",))
    with pytest.raises(AssertionError):
        compile_tex(to_tex([Section("t", "T", (broken,))]), tmp_path, tool("pdflatex"))


def test_the_catalogue_compiles(
    whole: tuple[Section, ...], lang: str, tmp_path: Path, tool: Callable[..., str]
) -> None:
    pdftoppm = tool("pdftoppm")
    log = compile_tex(to_tex(whole, lang), tmp_path, tool("pdflatex"))
    assert "Overfull \\hbox" not in log
    subprocess.run([pdftoppm, "-r", "20", "-gray", "sheet.pdf", "page"], cwd=tmp_path, check=True, timeout=120)
    pages = sorted(tmp_path.glob("page*.pgm"))
    assert pages and all(ink(page) > 0.005 for page in pages[:-1])


def ink(page: Path) -> float:
    """The share of a page that is dark."""
    data = page.read_bytes()
    pixels = data[data.index(b"\n255\n") + 5 :]
    return sum(p < 128 for p in pixels) / len(pixels)
