r"""Rows of a damaged formula, each read on its own: one damaged row must not take the others with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symdl.errors import LatexError, Span
from symdl.reader import conventions as conv
from symdl.reader.macros import EMPTY, Macros
from symdl.reader.parser import parse
from symdl.reader.tokens import LENGTH
from symdl.terms.syntax import Block

ROWS = 200
"""Most rows a damaged formula is taken apart into."""

_OUTER = re.compile(r"\\(begin|end)\s*\{(" + "|".join(sorted(conv.ROW_ENVIRONMENTS, key=len, reverse=True)) + r")\*?\}")
_ARGUMENT = re.compile(r"\s*\{\s*\d+\s*\}")
_STEP = re.compile(r"\\begin\s*\{|\\end\s*\{|\\\\|\\.|[{}%]", re.S)
_GOES_ON = re.compile(r"(?:\s|&|\\q?quad|\\[,;:! ])*(?:[+\-]|\\cdot|\\times)")
_RELATED = re.compile(
    r"=|<|>|\\(?:in|le|leq|ge|geq|ne|neq|to|sim|approx|equiv|leftarrow|rightarrow|propto)(?![A-Za-z])"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One row of a damaged formula: where it stands, and what was read or what is wrong with it."""

    span: Span
    block: Block | None
    error: LatexError | None


def rows_apart(latex: str, macros: Macros = EMPTY) -> list[Piece]:
    r"""Reads the rows of a formula one by one; spans are those of the whole formula.

    An unclosed brace takes everything behind it into its row, for nobody can say where it ends.

    Args:
        latex: a formula that could not be read as a whole.
        macros: the macros of the document.

    Returns:
        Its rows; nothing if it has only one, or if its environment itself is damaged.

    Example:
        >>> pieces = rows_apart(r"\begin{aligned} a &= (b \\ c &= d \end{aligned}")
        >>> [(p.span.start, p.error.diagnostic.code if p.error else "") for p in pieces]
        [(16, 'SD101'), (27, '')]
    """
    text = _without_environment(latex) if len(latex) <= LENGTH else None
    spans = list(_rows(text)) if text is not None else []
    if not 2 <= len(spans) <= ROWS or text is None:
        return []
    return [_piece(text, span, macros) for span in spans]


def _piece(text: str, span: Span, macros: Macros) -> Piece:
    """One row, read with blanks in place of all the others so that every place stays what it is."""
    alone = " " * span.start + span.text(text)
    try:
        return Piece(span, parse(alone, macros), None)
    except LatexError as error:
        return Piece(span, None, error)


def _without_environment(latex: str) -> str | None:
    """The formula with blanks for ``\\begin{aligned}`` and its relatives; ``None`` if they do not pair up."""
    depth = 0
    out = latex
    for m in _OUTER.finditer(latex):
        depth += 1 if m.group(1) == "begin" else -1
        if depth < 0:
            return None
        end = m.end()
        if m.group(1) == "begin" and m.group(2) in conv.TWO_ARGUMENTS and (argument := _ARGUMENT.match(latex, end)):
            end = argument.end()
        out = out[: m.start()] + " " * (end - m.start()) + out[end:]
    return out if depth == 0 else None


def _rows(text: str) -> Iterator[Span]:
    """Rows between line breaks that stand in no brace and in no table; a row may go on in the next line."""
    start = depth = at = 0
    pending: Span | None = None
    while True:
        m = _STEP.search(text, at)
        word = m.group() if m else ""
        at = m.end() if m else len(text)
        if word == "%":
            newline = text.find("\n", at)
            at = newline + 1 if newline >= 0 else len(text)
        depth = max(depth + _deeper(word), 0)
        if m is not None and not (word == "\\\\" and depth == 0):
            continue
        line = text[start : m.start() if m else len(text)]
        first = start + len(line) - len(line.lstrip())
        row = Span(first, first + len(line.strip()))
        start = at
        if pending is not None and _GOES_ON.match(line) and not _RELATED.search(line):
            pending = pending.cover(row)
        elif line.strip():
            if pending is not None:
                yield pending
            pending = row
        if m is None:
            break
    if pending is not None:
        yield pending


def _deeper(word: str) -> int:
    r"""How a lexeme changes the depth; the brace of ``\begin{`` is one of its own."""
    if word.startswith(r"\begin"):
        return 2
    if word.startswith(r"\end"):
        return 0
    return {"{": 1, "}": -1}.get(word, 0)
