"""Prints what the checker makes of the held-out sheets under ``tests/data/sheets`` or ``tests/data/fresh``.

The sheets were written without a look at the catalogue. In ``right/`` every formula is right; in ``wrong/`` the lines
that the TOML file of the same name lists hold one mistake each, and every other formula is right. Where a line has
several formulas the entry quotes the one that is wrong as ``written``; in a notebook it names the cell too.

Usage: ``python tests/bench/held_out.py [--fresh] [--lines] [NAME...]``; with ``--lines`` every formula of interest is
listed too.
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symdl import api

DATA = Path(__file__).resolve().parents[1] / "data"
SHEETS, FRESH = DATA / "sheets", DATA / "fresh"
ACCUSED = frozenset({"refuted", "refuted-outside", "ill-formed"})
PROVED = frozenset({"proved", "proved-under"})
CONDITIONAL = frozenset({"pair", "missing assumption"})
"""Kinds of mistakes whose formula by itself is right on a condition, so that ``proved-under`` is an answer."""
SUFFIXES = frozenset({".md", ".tex", ".ipynb"})
Place = tuple[int, int]
"""Cell, 0 outside notebooks, and line."""


@dataclass(frozen=True)
class Outcome:
    """What the checker said about one statement of a held-out sheet."""

    sheet: str
    cell: int
    line: int
    latex: str
    wrong: bool
    kind: str
    verdict: str
    entry: str | None
    message: str
    suggestion: str | None
    should: str
    """The right formula, if this one is wrong."""

    @property
    def place(self) -> str:
        """Sheet, line and, in a notebook, cell."""
        return f"{self.sheet}:{self.cell}:{self.line}" if self.cell else f"{self.sheet}:{self.line}"

    @property
    def label(self) -> str:
        """One of found, missed, falsely proved (wrong formulas); accused, proved, other (right ones)."""
        if not self.wrong:
            return "accused" if self.verdict in ACCUSED else "proved" if self.verdict in PROVED else "other"
        if self.verdict in ACCUSED:
            return "found"
        lenient = self.kind in CONDITIONAL and self.verdict == "proved-under"
        return "falsely proved" if self.verdict in PROVED and not lenient else "missed"


def mistakes(sheet: Path) -> Mapping[Place, Mapping[str, Any]]:
    """Returns place -> kind and right formula of the mistakes of a sheet; empty if it has none."""
    path = sheet.with_suffix(".toml")
    if not path.exists():
        return {}
    marked = tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]
    return {(item.get("cell", 0), item["line"]): item for item in marked}


def sheets(names: Sequence[str] = (), root: Path = SHEETS) -> list[Path]:
    """Returns the held-out sheets, right ones first, or those whose name contains one of `names`."""
    paths = [p for folder in ("right", "wrong") for p in sorted((root / folder).iterdir()) if p.suffix in SUFFIXES]
    return [p for p in paths if not names or any(n in f"{p.parent.name}/{p.name}" for n in names)]


def outcomes(paths: Sequence[Path]) -> list[Outcome]:
    """Checks the sheets, all in one run."""
    report = api.check_paths(paths, timeout=60.0)  # a busy machine must not change what is counted
    found = []
    for path, file in zip(paths, report.files, strict=True):
        marked = mistakes(path)
        for one in file.formulas:
            place = (one.cell or 0, one.line)
            # A line of a wrong sheet holds one display; a chain "a = b = c" is several statements, each of them judged.
            wrong = marked.get(place)
            if wrong and "written" in wrong and not _part(one.latex, wrong["written"]):
                wrong = None
            found.append(
                Outcome(
                    sheet=f"{path.parent.name}/{path.stem}",
                    cell=place[0],
                    line=one.line,
                    latex=one.latex,
                    wrong=wrong is not None,
                    kind=wrong["kind"] if wrong else one.kind,
                    verdict=one.verdict.value,
                    entry=one.entry,
                    message=one.message,
                    suggestion=one.suggestion,
                    should=wrong["right"] if wrong else "",
                )
            )
    return merged(found)


def _part(latex: str, written: str) -> bool:
    """Whether a statement is the formula that a mistake quotes, or a part of it (one link of a chain)."""
    return "".join(latex.split()) in "".join(written.split())


def merged(found: Sequence[Outcome]) -> list[Outcome]:
    """Leaves one outcome for each wrong line: found if any of its statements is accused, else the most favourable."""
    order = {"found": 0, "falsely proved": 1, "missed": 2}
    best: dict[str, Outcome] = {}
    for one in found:
        if one.wrong and (one.place not in best or order[one.label] < order[best[one.place].label]):
            best[one.place] = one
    return [one for one in found if not one.wrong] + list(best.values())


def table(found: Sequence[Outcome]) -> str:
    """Returns the table, one line a sheet and a last line with the sums."""
    labels = ("found", "missed", "falsely proved", "accused", "proved", "other")
    names = list(dict.fromkeys(one.sheet for one in found))
    lines = [f"{'sheet':34}" + "".join(f"{label:>15}" for label in labels)]
    for name in [*sorted(names), "all"]:
        mine = [one.label for one in found if name in ("all", one.sheet)]
        lines.append(f"{name:34}" + "".join(f"{mine.count(label):15d}" for label in labels))
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Prints the table and, with ``--lines``, the formulas behind it."""
    names = [a for a in arguments if not a.startswith("-")]
    start = time.perf_counter()
    found = outcomes(sheets(names, FRESH if "--fresh" in arguments else SHEETS))
    if "--lines" in arguments:
        for one in sorted(found, key=lambda o: (o.label, o.sheet, o.cell, o.line)):
            print(f"{one.label:14} {one.place} {one.verdict} {one.entry} [{one.kind}] {one.latex!r}")
            if one.message:
                print(f"{'':15}{one.message}")
            if one.label == "found":
                print(f"{'':15}suggested {one.suggestion!r}, meant {one.should!r}")
    print(table(found))
    print(f"{len(found)} statements in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
