"""Shows a piece of a sheet with marks under it, folded to the width of the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symdl.errors import Span
from symdl.report.text import break_points, clean, width_of
from symdl.terms.results import Judgement

MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of a sheet: its number, its text, the part that is the formula, and the spans to mark in it."""

    number: int | None
    text: str
    part: Span
    marks: tuple[Span, ...]


def locate(source: str, j: Judgement, wrong: Sequence[Span]) -> list[SourceLine]:
    """Finds the lines of a judgement in its file.

    Where they cannot be found (a notebook, an expanded macro), the formula itself stands for them, without a
    line number.

    Args:
        source: text of the whole file.
        j: the judgement.
        wrong: spans in ``j.latex`` to mark; empty for the whole of it.
    """
    start = _offset(source, j)
    if start is None:
        flat = clean(j.latex)
        return [SourceLine(None, flat, Span(0, len(flat)), tuple(wrong) or (Span(0, len(flat)),))]
    end = start + len(j.latex)
    marks = [s.shifted(start) for s in wrong] or [Span(start, end)]
    lines = list(_lines(source, start, end, marks, j.line))
    kept = [line for line in lines if line.marks] or lines
    return (lines if len(lines) <= MOST_LINES else kept)[:MOST_LINES]


def _offset(source: str, j: Judgement) -> int | None:
    """Where the formula stands in the source: at its place if it is there, else within its lines."""
    if not source or not j.latex or j.cell is not None:
        return None
    first = _line_start(source, j.line)
    if first is None:
        return None
    if source.startswith(j.latex, first + j.column - 1):
        return first + j.column - 1
    last = _line_start(source, j.end_line + 1)
    found = source.find(j.latex, first, len(source) if last is None else last)
    return None if found < 0 else found


def _line_start(source: str, line: int) -> int | None:
    at = 0
    for _ in range(line - 1):
        at = source.find("\n", at) + 1
        if not at:
            return None
    return at


def _lines(source: str, start: int, end: int, marks: Sequence[Span], number: int) -> Iterator[SourceLine]:
    begin = source.rfind("\n", 0, start) + 1
    while begin < max(end, start + 1):
        stop = source.find("\n", begin)
        stop = len(source) if stop < 0 else stop
        text = source[begin:stop].rstrip("\r")
        inside = (_within(s, begin, len(text)) for s in marks)
        part = _within(Span(start, end), begin, len(text))
        yield SourceLine(number, clean(text), part or Span(0, 0), tuple(s for s in inside if s is not None))
        begin, number = stop + 1, number + 1


def _within(span: Span, begin: int, length: int) -> Span | None:
    """The part of a span that lies in a line, counted from the beginning of the line."""
    start, end = max(span.start - begin, 0), min(span.end - begin, length)
    if start > end or (start == end and span.start != span.end):
        return None
    return Span(start, end)


def fold(line: SourceLine, width: int, mark: str = "^") -> Iterator[tuple[str, str]]:
    """Yields rows of text and, below, of marks; a formula is folded, the words around it are cut away.

    Example:
        >>> line = SourceLine(1, "so x = y^2 here", Span(3, 10), (Span(7, 8),))
        >>> list(fold(line, 40))
        [('so x = y^2 here', '       ^')]
    """
    text, marks = (line.text, line.marks) if width_of(line.text) <= width else _cut(line, width)
    if width_of(text) <= width:
        yield text, _underline(text, marks, mark)
        return
    for piece in _pieces(text, width):
        within = (_within(s, piece.start, piece.end - piece.start) for s in marks)
        # a place between two pieces is marked once, at the beginning of the later one
        here = [s for s in within if s is not None and not (s.start == s.end == piece.end - piece.start)]
        last = [Span(s.start - piece.start, s.end - piece.start) for s in marks if s.start == piece.end == len(text)]
        yield piece.text(text), _underline(piece.text(text), [*here, *last], mark)


def _cut(line: SourceLine, width: int) -> tuple[str, tuple[Span, ...]]:
    """Takes away words around the formula, evenly on both sides, until the rest fits."""
    part = line.part
    room = max(width - width_of(part.text(line.text)) - 6, 0)
    before = min(part.start, room // 2)
    after = min(len(line.text) - part.end, room - before)
    before = min(part.start, room - after)
    start, end = part.start - before, part.end + after
    head = "..." if start and room else ""
    tail = "..." if end < len(line.text) and room else ""
    by = len(head) - start
    return head + line.text[start:end] + tail, tuple(s.shifted(by) for s in line.marks)


def _pieces(text: str, width: int) -> Iterator[Span]:
    """Breaks a formula where it is least deep, among the places in the later part of a row."""
    breaks = break_points(text)
    start = 0
    while width_of(text[start:]) > width:
        end = start + width
        while width_of(text[start:end]) > width:
            end -= 1
        good = [(depth, -point) for point, depth in breaks if start + width // 3 < point <= end]
        end = -min(good)[1] if good else end
        yield Span(start, end)
        start = end
    yield Span(start, len(text))


def _underline(text: str, marks: Sequence[Span], mark: str) -> str:
    row = ""
    for span in sorted(marks):
        before = width_of(text[: span.start])
        row = row.ljust(before)[:before]
        row += mark * max(width_of(span.text(text)), 1)
    return row
