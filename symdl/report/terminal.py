"""The report a person reads: what is wrong, where, why, and how to mend it; then the counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symdl.errors import Diagnostic, Span
from symdl.report.difference import Difference, difference
from symdl.report.excerpt import SourceLine, fold, locate
from symdl.report.numbers import pair, radius, value
from symdl.report.summary import WRONG, closing, table
from symdl.report.text import PLAIN, Style, clean, shorten, wrap
from symdl.report.words import VERDICTS, WORDS, sides
from symdl.terms.results import FileReport, Judgement, Remark, Report, Verdict, Witness

OPEN = frozenset({Verdict.UNDECIDED, Verdict.UNREAD})
LOOKS = {
    Verdict.PROVED: "green",
    Verdict.PROVED_UNDER: "green",
    Verdict.REFUTED: "red",
    Verdict.REFUTED_OUTSIDE: "red",
    Verdict.SUPPORTED: "cyan",
    Verdict.DEFINITION: "dim",
    Verdict.UNDECIDED: "yellow",
    Verdict.UNREAD: "yellow",
    Verdict.ILL_FORMED: "magenta",
}
CLEAR_LINES = 4  # rows of a point before it is shortened


@dataclass(frozen=True, slots=True)
class Printer:
    """How to print: width in columns, colours, language."""

    width: int = 80
    style: Style = PLAIN
    lang: str = "en"

    def word(self, key: str) -> str:
        """Returns one of the fixed words in the language of the report."""
        return WORDS[self.lang][key]


def render(report: Report, printer: Printer | None = None, *, verbose: bool = False) -> str:
    """Returns the report as text.

    Args:
        report: what was found.
        printer: width, colours and language.
        verbose: also list every formula that is neither wrong nor hinted at.

    Example:
        >>> print(render(Report(files=())), end="")
        no formulas found
    """
    p = printer or Printer()
    blocks = [block for file in report.files for block in _file(file, p, verbose)]
    blocks += [table(report, p.width, p.style, p.lang), closing(report, p.style, p.lang)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _file(file: FileReport, p: Printer, verbose: bool) -> Iterator[list[str]]:
    for d in file.diagnostics:
        yield _diagnostic(file, d, p)
    for j in file.formulas:
        if j.verdict in WRONG:
            yield finding(file, j, p)
        for remark in j.remarks:
            yield _hint(file, j, remark, p)
    if verbose:
        yield _listing(file, p)
    else:
        yield _open_counts(file, p)


def finding(file: FileReport, j: Judgement, p: Printer) -> list[str]:
    """Returns the lines about one formula that is wrong."""
    look = LOOKS[j.verdict]
    head = VERDICTS[p.lang][j.verdict] + (f"[{j.code}]" if j.code else "")
    lines = _headline(head, j.message, look, p)
    where = difference(j.latex, j.suggestion) if j.suggestion else None
    lines += _shown(file, j, where, look, p)
    gutter = _gutter(j)
    lines += [gutter + line for line in _facts(j, p, p.width - len(gutter))]
    if j.suggestion:
        lines += _help(j.suggestion, where, gutter, p)
    return lines


def _headline(head: str, message: str, look: str, p: Printer) -> list[str]:
    first, *rest = wrap(f"{head}: {message}" if message else head, p.width, "  ")
    painted = p.style(first[: len(head)], look, "bold") + p.style(first[len(head) :], "bold")
    return [painted, *(p.style(line, "bold") for line in rest)]


def _gutter(j: Judgement) -> str:
    return " " * (len(str(j.end_line)) + 1)


def _place(file: FileReport, line: int | None, column: int | None, cell: int | None = None) -> str:
    parts = [clean(file.path), f"cell {cell}" if cell else "", str(line or ""), str(column or "")]
    return ":".join(part for part in parts if part)


def _shown(file: FileReport, j: Judgement, where: Difference | None, look: str, p: Printer) -> list[str]:
    """The place, and the lines of the sheet with carets under the wrong part."""
    gutter = _gutter(j)
    bar = p.style("|", "blue", "bold")
    arrow = p.style("-->", "blue", "bold")
    lines = [f"{gutter[:-1]}{arrow} {_place(file, j.line, j.column, j.cell)}", f"{gutter}{bar}"]
    for source in locate(file.source, j, where.wrong if where else ()):
        number = "" if source.number is None else str(source.number)
        for text, marks in fold(source, max(p.width - len(gutter) - 2, 20)):
            lines.append(f"{p.style(number.ljust(len(gutter)), 'blue', 'bold')}{bar} {text}".rstrip())
            if marks.strip():
                lines.append(f"{gutter}{bar} {p.style(marks, look, 'bold')}")
            number = ""
    return [*lines, f"{gutter}{bar}"]


def _facts(j: Judgement, p: Printer, width: int) -> list[str]:
    """Witness, conditions and catalogue entry, each behind an equals sign."""
    notes: list[list[str]] = []
    if j.counterexample is not None:
        notes.append(_witness(j.counterexample, sides(j.code, p.lang), p, width - 2))
    notes += [wrap(f"{p.word('if')}: {condition}", width - 2) for condition in j.conditions]
    if j.entry:
        notes.append([f"{p.word('see')}: symdl show {clean(j.entry)}"])
    equals = p.style("=", "blue", "bold")
    return [(f"{equals} " if i == 0 else "  ") + line for note in notes for i, line in enumerate(note)]


def _witness(w: Witness, labels: tuple[str, str], p: Printer, width: int) -> list[str]:
    """The point, the two sides at it, and how sure that is."""
    point = [f"{name} = {value(v)}" for name, v in w.point.items()]
    point += [f"{name} = {size}" for name, size in w.sizes.items() if name not in w.point]
    lines = _point(point, p.word("at"), width)
    if w.entry:
        lines.append(f"{p.word('element')} {list(w.entry)}")
    left, right = pair(w.left, w.right)
    column = max(map(len, labels))
    for label, number in zip(labels, (left, right), strict=True):
        lines.append(f"{label.ljust(column)} = {p.style(shorten(number, max(width - column - 3, 12)), 'bold')}")
    certainty = p.word("bits").format(bits=w.precision)
    if error := radius(w.left, w.right):
        certainty += ", " + p.word("radius").format(radius=error)
    return [*lines, *(p.style(line, "dim") for line in wrap(f"({certainty})", width))]


def _point(parts: list[str], at: str, width: int) -> list[str]:
    """The coordinates, as many on a line as fit, long ones shortened."""
    indent = " " * (len(at) + 1)
    lines, line = [], at
    for i, part in enumerate(parts):
        text = shorten(part, width - len(indent) - 1) + ("," if i < len(parts) - 1 else "")
        if line.strip() not in ("", at) and len(line) + 1 + len(text) > width:
            lines.append(line)
            line = indent + text
        else:
            line = f"{line} {text}" if line.strip() else line + text
    lines.append(line)
    if len(lines) > CLEAR_LINES:
        lines = [*lines[:CLEAR_LINES], indent + "..."]
    return lines if parts else []


def _help(suggestion: str, where: Difference | None, gutter: str, p: Printer) -> list[str]:
    """The mended formula, whole, so that it can be copied; plus signs under what is new."""
    text = clean(suggestion)
    marks: tuple[Span, ...] = tuple(s for s in where.mended if s.start < s.end) if where else ()
    line = SourceLine(None, text, Span(0, len(text)), marks)
    bar = p.style("|", "blue", "bold")
    lines = [f"{p.style(p.word('help'), 'green', 'bold')}: {p.word('write')}"]
    for row, plus in fold(line, max(p.width - len(gutter) - 2, 20), "+"):
        lines.append(f"{gutter}{bar} {row}".rstrip())
        if plus.strip():
            lines.append(f"{gutter}{bar} {p.style(plus, 'green', 'bold')}")
    return lines


def _hint(file: FileReport, j: Judgement, remark: Remark, p: Printer) -> list[str]:
    """A remark: accuses nobody, so it stays short."""
    head = p.word("hint") + (f"[{remark.code}]" if remark.code else "")
    lines = _headline(head, remark.message, "cyan", p)
    gutter = _gutter(j)
    where = difference(j.latex, remark.suggestion) if remark.suggestion else None
    lines += _shown(file, j, where, "cyan", p)[:-1]
    if remark.suggestion:
        lines += _help(remark.suggestion, where, gutter, p)
    return lines


def _diagnostic(file: FileReport, d: Diagnostic, p: Printer) -> list[str]:
    lines = _headline(f"{p.word('error')}[{d.code}]", d.cause, "red", p)
    lines.append(f" {p.style('-->', 'blue', 'bold')} {_place(file, d.line, d.column)}")
    if d.remedy:
        lines += wrap(f"{p.word('help')}: {d.remedy}", p.width, "  ")
    return lines


def _open_counts(file: FileReport, p: Printer) -> list[str]:
    """What was not judged, counted by reason: one line each."""
    reasons: dict[tuple[Verdict, str | None], list[Judgement]] = {}
    for j in file.formulas:
        if j.verdict in OPEN:
            reasons.setdefault((j.verdict, j.code), []).append(j)
    if not reasons:
        return []
    digits = max(len(str(len(group))) for group in reasons.values())
    words = {verdict: VERDICTS[p.lang][verdict] for verdict, _ in reasons}
    column = max(map(len, words.values()))
    title = f"{p.word('not_judged')} ({clean(file.path)}; {p.word('verbose')})"
    lines = [p.style(line, "dim") for line in wrap(title, p.width, "  ")]
    for (verdict, code), group in sorted(reasons.items(), key=lambda item: (item[0][0], -len(item[1]))):
        head = f"  {len(group):>{digits}} {words[verdict]:{column}}"
        reason = f"{code}: {group[0].message}" if code else group[0].message
        lines.append(head + "  " + shorten(reason, max(p.width - len(head) - 2, 12)))
    return lines


def _listing(file: FileReport, p: Printer) -> list[str]:
    """Every formula that is not wrong, one line each."""
    rest = [j for j in file.formulas if j.verdict not in WRONG]
    if not rest:
        return []
    places = [f"{j.line}:{j.column}" if j.cell is None else f"{j.cell}:{j.line}:{j.column}" for j in rest]
    place_width = max(map(len, places))
    words = VERDICTS[p.lang]
    word_width = max(len(words[j.verdict]) for j in rest)
    lines = [p.style(clean(file.path), "bold")]
    for j, place in zip(rest, places, strict=True):
        room = p.width - place_width - word_width - 6
        detail = j.message if j.verdict in OPEN and j.message else "; ".join(filter(None, [j.entry, *j.conditions]))
        verdict = p.style(words[j.verdict].ljust(word_width), LOOKS[j.verdict])
        lines.append(f"  {place:>{place_width}}  {verdict}  {shorten(j.latex, room)}")
        if detail:
            lines += [
                " " * (place_width + 4) + p.style(line, "dim") for line in wrap(detail, p.width - place_width - 4)
            ]
    return lines
