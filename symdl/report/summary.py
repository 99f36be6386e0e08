"""The counts at the end of a report, and its last sentence."""

from __future__ import annotations

from symdl.report.text import Style, shorten, width_of
from symdl.report.words import VERDICTS, WORDS, counted
from symdl.terms.results import Report, Verdict

WRONG = (Verdict.REFUTED, Verdict.REFUTED_OUTSIDE, Verdict.ILL_FORMED)
NAME = 16  # widest column of one file


def table(report: Report, width: int, style: Style, lang: str) -> list[str]:
    """Returns the counts: a row for each verdict that occurs, a column for each file while they fit."""
    summary = report.summary
    rows = [v for v in Verdict if summary[v.value]]
    if not rows:
        return []
    words = VERDICTS[lang]
    first = max(len(words[v]) for v in rows)
    heads = [_short_path(f.path) for f in report.files] if len(report.files) > 1 else []
    total = WORDS[lang]["total"]
    if first + sum(max(width_of(h), 4) + 2 for h in heads) + len(total) + 4 > width:
        heads = []
    lines = []
    if heads:
        cells = "".join(f"  {' ' * (max(4 - width_of(h), 0))}{h}" for h in heads)
        lines.append(style(f"  {'':{first}}{cells}  {total}", "dim"))
    for verdict in rows:
        name = words[verdict].ljust(first)
        name = style(name, "red", "bold") if verdict in WRONG else name
        counts = [sum(j.verdict is verdict for j in f.formulas) for f in report.files]
        cells = "".join(f"  {n or '.':>{max(width_of(h), 4)}}" for h, n in zip(heads, counts, strict=False))
        lines.append(f"  {name}{cells}  {summary[verdict.value]:>{max(len(total) if heads else 4, 4)}}")
    return lines


def _short_path(path: str) -> str:
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    return shorten(name, NAME)


def closing(report: Report, style: Style, lang: str) -> list[str]:
    """Returns the last lines: how many formulas are wrong, and what kept the report from being whole."""
    summary = report.summary
    n = sum(summary.values())
    wrong = sum(summary[v.value] for v in WRONG)
    unreadable = sum(f.unreadable for f in report.files)
    lines = []
    if unreadable:
        lines.append(style(counted(lang, "unreadable", unreadable), "red", "bold"))
    if report.internal_errors:
        lines.append(style(counted(lang, "internal", report.internal_errors), "red", "bold"))
    if report.interrupted:
        lines.append(style(WORDS[lang]["interrupted"], "yellow", "bold"))
    if wrong:
        lines.append(style(counted(lang, "wrong", wrong, n), "red", "bold"))
    elif n:
        lines.append(style(counted(lang, "clean", n), "green", "bold"))
    elif not unreadable:
        lines.append(WORDS[lang]["none"])
    return lines
