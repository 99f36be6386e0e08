"""Formulas as the checker meets them: read from LaTeX, beside the forms of an entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from symdl import catalogue, pipeline
from symdl.checker.agreement import Side, side_of
from symdl.checker.findings import Finding, Sheet
from symdl.checker.forms import Prepared, prepare
from symdl.checker.judge import Judge
from symdl.reader.elaborate import statements
from symdl.reader.names import collect
from symdl.terms.formula import Context, Statement


def _read(latex: str, heading: str = "", *texts: str) -> Statement:
    """The one statement of a formula, under a heading."""
    (statement,) = statements(
        latex, lambda k: (1, k + 1), Context((heading,) if heading else (), texts), collect([latex])
    )
    return statement


def _side(latex: str, reading: int = 0) -> Side:
    """The right side of an equation, ready for matching."""
    s = _read(latex)
    left, right = s.readings[reading].sides[:2] if s.relations else (None, s.readings[reading].sides[0])
    assert right is not None
    return side_of(left, right, s.atoms, s.relations[0] if s.relations else "=")


def _form(entry: str, name: str = "canonical") -> Prepared:
    """A prepared form of a shipped entry."""
    return next(p for p in prepare(catalogue.load().entries[entry]) if p.form.name == name)


def _sheet(lines: Sequence[tuple[str, tuple[str, ...]]], heading: str = "1") -> list[Statement]:
    """Statements of one section: LaTeX and the shape written behind it."""
    out = []
    for latex, shape in lines:
        s = _read(latex, heading)
        out.append(replace(s, shape=shape) if shape else s)
    return out


@pytest.fixture(scope="session")
def read() -> Callable[..., Statement]:
    """LaTeX, heading, texts -> statement."""
    return _read


@pytest.fixture(scope="session")
def side() -> Callable[..., Side]:
    """LaTeX -> side."""
    return _side


@pytest.fixture(scope="session")
def form() -> Callable[..., Prepared]:
    """Entry id, form name -> prepared form."""
    return _form


@pytest.fixture(scope="session")
def sheet() -> Callable[..., list[Statement]]:
    """Pairs of LaTeX and shape -> statements of one section."""
    return _sheet


@pytest.fixture
def judge_of(tmp_path: Path) -> Callable[[str], Judge]:
    """A judge over a catalogue of its own, given as TOML; the engines are the real ones."""

    def make(toml: str = "") -> Judge:
        (tmp_path / "entries.toml").write_text(toml, encoding="utf-8")
        catalogue.load.cache_clear()
        try:
            return Judge(catalogue.load(tmp_path), pipeline.judge_for("en").engines)
        finally:
            catalogue.load.cache_clear()

    return make


@pytest.fixture
def verdict() -> Callable[..., Finding]:
    """Judge, LaTeX, heading, texts -> finding."""

    def find(judge: Judge, latex: str, heading: str = "", *texts: str, assume: tuple[str, ...] = ()) -> Finding:
        return judge.judge(_read(latex, heading, *texts), Sheet(assumptions=assume))

    return find
