"""Prints what the checker makes of the five notes: time, memory, and found, missed and accused per note.

The labels of ``tests/data/note_labels.toml`` were given by reading alone, before the checker first ran on the notes.

Usage: ``python tests/bench/notes.py [--lines] [--jobs N]``; with ``--lines`` the formulas behind the numbers are listed.
"""

from __future__ import annotations

import difflib
import json
import re
import resource
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOTES = ROOT.parent / "shared" / "notes"
LABELS = ROOT / "tests" / "data" / "note_labels.toml"
ACCUSED = frozenset({"refuted", "refuted-outside", "ill-formed"})
KNOWN = frozenset({"proved", "proved-under"})
WRONG = frozenset({"wrong", "ill-formed"})
ALIKE, PART = 0.7, 0.3
"""How much of an item's text a similar statement must share, and how much statements that are parts of it must cover."""


@dataclass(frozen=True)
class Item:
    """One item of the notes, with its label and the statements of the check that are its formula.

    Attributes:
        index: line of ``CONTENTS.jsonl``, from 0.
        note: number of the note, ``000``.
        place: ``000:42``.
        formal: whether a machine can check it.
        label: ``right``, ``wrong``, ``unclear`` or ``ill-formed``.
        judged: the statements it was read as; none for a sentence.
    """

    index: int
    note: str
    place: str
    latex: str
    formal: bool
    label: str
    judged: tuple[dict[str, Any], ...]

    @property
    def formula(self) -> bool:
        """Whether it is a formula of the note, and not a sentence."""
        return bool(self.judged)

    @property
    def accused(self) -> bool:
        """Whether the checker says that something is wrong with it."""
        return any(j["verdict"] in ACCUSED for j in self.judged)

    @property
    def matched(self) -> bool:
        """Whether the checker knows which formula it is, or found it wrong or proved by itself."""
        return any(j["entry"] or j["verdict"] in ACCUSED | KNOWN for j in self.judged)


def items(report: dict[str, Any]) -> list[Item]:
    """Returns all items of the notes with what a JSON report says of them."""
    statements = {Path(f["path"]).name: f["formulas"] for f in report["files"]}
    labels = {item["index"]: item["label"] for item in tomllib.loads(LABELS.read_text("utf-8"))["item"]}
    out = []
    for k, line in enumerate((NOTES / "CONTENTS.jsonl").read_text("utf-8").splitlines()):
        one = json.loads(line)
        note = one["doc"][:3]
        near = [j for j in statements[one["doc"]] if j["line"] - 1 <= one["line"] <= j["end_line"] + 1]
        place, formal = f"{note}:{one['line']}", one["checkable"] == "formal"
        judged = tuple(of_item(one["latex"], near))
        out.append(Item(k, note, place, one["latex"], formal, labels.get(k, "right"), judged))
    return out


def of_item(latex: str, near: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The statements that are an item: the parts it consists of, or else the most similar one."""
    mine = _bare(latex)
    parts = [j for j in near if len(_bare(j["latex"])) >= 3 and _bare(j["latex"]) in mine]
    if parts and sum(len(_bare(j["latex"])) for j in parts) >= PART * len(mine):
        yield from parts
        return
    scored = [(_likeness(mine, _bare(j["latex"])), k, j) for k, j in enumerate(near)]
    if scored and max(scored, key=lambda s: (s[0], -s[1]))[0] >= ALIKE:
        yield max(scored, key=lambda s: (s[0], -s[1]))[2]


def _likeness(a: str, b: str) -> float:
    if len(a) >= 2 and a in b:
        return 1.0
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


def _bare(latex: str) -> str:
    text = re.sub(r"\\(quad|qquad|left|right|displaystyle|text|mathrm|mathbf)(?![a-zA-Z])|\\[,;!]", "", latex)
    return re.sub(r"[\s{}&$\\.,]", "", text)


def table(found: Sequence[Item]) -> str:
    """Returns found, missed and accused per note: wrong formulas, right formulas, and those left unclear."""
    heads = ("formulas", "wrong", "found", "missed", "accused", "unclear", "accused there")
    lines = [f"{'note':6}" + "".join(f"{h:>15}" for h in heads)]
    for note in [*sorted({i.note for i in found}), "all"]:
        mine = [i for i in found if i.formula and note in ("all", i.note)]
        wrong = [i for i in mine if i.label in WRONG]
        unclear = [i for i in mine if i.label == "unclear"]
        hit = sum(i.accused for i in wrong)
        false = sum(i.accused for i in mine if i.label == "right")
        numbers = (len(mine), len(wrong), hit, len(wrong) - hit, false, len(unclear), sum(i.accused for i in unclear))
        lines.append(f"{note:6}" + "".join(f"{n:15d}" for n in numbers))
    return "\n".join(lines)


def cold(jobs: int = 2) -> tuple[dict[str, Any], float, float, float]:
    """Checks the notes in a new process: report, wall seconds, CPU seconds, peak of resident memory in MB.

    The peak is that of the largest process, children included; workers share most of it with their parent.
    """
    command = [sys.executable, "-m", "symdl", "check", *map(str, sorted(NOTES.glob("*.txt")))]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "--format", "json", "--jobs", str(jobs)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout), wall, cpu, after.ru_maxrss / 1024


def main(arguments: Sequence[str]) -> None:
    """Prints the figures."""
    if not NOTES.is_dir():
        print(f"there are no notes in {NOTES}")
        return
    jobs = int(arguments[arguments.index("--jobs") + 1]) if "--jobs" in arguments else 2
    report, wall, cpu, peak = cold(jobs)
    found = items(report)
    slow = sorted(((f["seconds"], f["latex"]) for file in report["files"] for f in file["formulas"]), reverse=True)
    print(f"five notes, cold, {jobs} jobs: {wall:.1f} s wall, {cpu:.1f} s CPU, {peak:.0f} MB in the largest process")
    print("verdicts: " + ", ".join(f"{n} {v}" for v, n in report["summary"].items() if n))
    print("slowest: " + ", ".join(f"{s:.1f} s" for s, _ in slow[:5]))
    print(table(found))
    if "--lines" in arguments:
        for i in found:
            if i.formula and (i.accused or i.label in WRONG):
                state = "found" if i.accused and i.label in WRONG else "accused" if i.accused else "missed"
                print(
                    f"{state:8} {i.label:10} {i.place} {i.latex!r} {[j['message'] for j in i.judged if j['message']]}"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
