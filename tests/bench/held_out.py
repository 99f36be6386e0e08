"""Prints what the checker makes of the held-out sheets under ``tests/data/sheets``.

The sheets were written without a look at the catalogue. In ``right/`` every formula is right; in ``wrong/`` the lines
that the TOML file of the same name lists hold one mistake each, and every other formula is right.

Usage: ``python tests/bench/held_out.py [--lines] [NAME...]``; with ``--lines`` every formula of interest is listed too.
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

SHEETS = Path(__file__).resolve().parents[1] / "data" / "sheets"
ACCUSED = frozenset({"refuted", "refuted-outside", "ill-formed"})
PROVED = frozenset({"proved", "proved-under"})
CONDITIONAL = frozenset({"pair", "missing assumption"})
"""Kinds of mistakes whose formula by itself is right on a condition, so that ``proved-under`` is an answer."""
SUFFIXES = frozenset({".md", ".tex"})


@dataclass(frozen=True)
class Outcome:
    """What the checker said about one statement of a held-out sheet."""

    sheet: str
    line: int
    latex: str
    wrong: bool
    kind: str
    verdict: str
    entry: str | None
    message: str

    @property
    def label(self) -> str:
        """One of found, missed, falsely proved (wrong formulas); accused, proved, other (right ones)."""
        if not self.wrong:
            return "accused" if self.verdict in ACCUSED else "proved" if self.verdict in PROVED else "other"
        if self.verdict in ACCUSED:
            return "found"
        lenient = self.kind in CONDITIONAL and self.verdict == "proved-under"
        return "falsely proved" if self.verdict in PROVED and not lenient else "missed"


def mistakes(sheet: Path) -> Mapping[int, Mapping[str, Any]]:
    """Returns line -> kind and right formula of the mistakes of a sheet; empty if it has none."""
    path = sheet.with_suffix(".toml")
    if not path.exists():
        return {}
    return {item["line"]: item for item in tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]}


def sheets(names: Sequence[str] = ()) -> list[Path]:
    """Returns the held-out sheets, right ones first, or those whose name contains one of `names`."""
    paths = [p for folder in ("right", "wrong") for p in sorted((SHEETS / folder).iterdir()) if p.suffix in SUFFIXES]
    return [p for p in paths if not names or any(n in f"{p.parent.name}/{p.name}" for n in names)]


def outcomes(paths: Sequence[Path]) -> list[Outcome]:
    """Checks the sheets, all in one run."""
    report = api.check_paths(paths)
    found = []
    for path, file in zip(paths, report.files, strict=True):
        marked = mistakes(path)
        for one in file.formulas:
            name = f"{path.parent.name}/{path.stem}"
            # A line of a wrong sheet holds one display; a chain "a = b = c" is several statements, each of them judged.
            wrong = marked.get(one.line)
            kind = wrong["kind"] if wrong else one.kind
            found.append(
                Outcome(name, one.line, one.latex, wrong is not None, kind, one.verdict.value, one.entry, one.message)
            )
    return merged(found)


def merged(found: Sequence[Outcome]) -> list[Outcome]:
    """Leaves one outcome for each wrong line: found if any of its statements is accused, else the most favourable."""
    order = {"found": 0, "falsely proved": 1, "missed": 2}
    best: dict[tuple[str, int], Outcome] = {}
    for one in found:
        key = (one.sheet, one.line)
        if one.wrong and (key not in best or order[one.label] < order[best[key].label]):
            best[key] = one
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
    found = outcomes(sheets(names))
    if "--lines" in arguments:
        for one in sorted(found, key=lambda o: (o.label, o.sheet, o.line)):
            print(f"{one.label:14} {one.sheet}:{one.line} {one.verdict} {one.entry} [{one.kind}] {one.latex!r}")
            if one.message:
                print(f"{'':15}{one.message}")
    print(table(found))
    print(f"{len(found)} statements in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
