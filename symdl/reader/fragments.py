"""What a sheet is split into: formulas with their places and the words around them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symdl.errors import Diagnostic
from symdl.reader.macros import EMPTY, Macros, expand
from symdl.terms.formula import Context

Anchor = tuple[int, int, int]
"""Offset in the formula, and the line and column in the file where the text from there on stands."""


@dataclass(frozen=True, slots=True)
class Fragment:
    r"""One formula of a sheet, without its delimiters and without the marks of the quotes and lists around it.

    Attributes:
        latex: the formula; lines are separated by ``\n``.
        anchors: where each piece of it stands, in order; a piece is never longer than a line.
        display: whether it stands on its own rather than in running text.
        context: the words around it.
        cell: cell of a notebook, from 1.
        path: file it stands in, if another than the document's own (``\input``).

    Example:
        >>> f = Fragment("a\n= b", ((0, 7, 3), (2, 8, 1)), True, Context())
        >>> f.place(0), f.place(4)
        ((7, 3), (8, 3))
    """

    latex: str
    anchors: tuple[Anchor, ...]
    display: bool
    context: Context
    cell: int | None = None
    path: str = ""

    def place(self, offset: int) -> tuple[int, int]:
        """Returns line and column in the file of an offset in the formula; 1-based, in code points."""
        k = bisect_right(self.anchors, offset, key=lambda a: a[0]) - 1
        start, line, column = self.anchors[max(k, 0)]
        return line, column + max(offset - start, 0)


@dataclass(frozen=True, slots=True)
class Document:
    r"""A sheet, split.

    Attributes:
        path: as given; ``-`` for standard input.
        source: its text, line ends as ``\n`` and without a byte order mark; empty for a notebook.
        fragments: its formulas in the order of reading.
        diagnostics: what is wrong with the sheet as such.
        macros: the macros it defines.
        sources: path -> text of the files it takes in (``\input``).
    """

    path: str
    source: str
    fragments: tuple[Fragment, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    macros: Macros = EMPTY
    sources: Mapping[str, str] = field(default_factory=dict)


class Lines:
    r"""Line and column of the offsets of a text.

    Example:
        >>> Lines("ab\ncd").place(4)
        (2, 2)
    """

    def __init__(self, text: str) -> None:
        self.starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Returns line and column, both from 1."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


Piece = tuple[str, int]
"""Text that stands in the source as it is, at most one line with its break, and its offset there."""


def assemble(pieces: Sequence[Piece], lines: Lines) -> tuple[str, tuple[Anchor, ...]]:
    r"""Joins pieces to a formula and says where each stands; blanks at both ends go.

    Example:
        >>> assemble([(" a \n", 2), (" = b ", 8)], Lines("$$ a \n>  = b $$"))
        ('a \n = b', ((0, 1, 4), (3, 2, 3)))
    """
    text, offset, anchors = "".join(p for p, _ in pieces), 0, []
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    for piece, at in pieces:
        first = max(start - offset, 0)
        if first < len(piece) and offset + first < end:
            anchors.append((offset + first - start, *lines.place(at + first)))
        offset += len(piece)
    return text[start:end], tuple(anchors) or ((0, *lines.place(pieces[0][1])),)


def defines_only(latex: str) -> bool:
    r"""Whether a formula holds nothing but macro definitions.

    Example:
        >>> defines_only(r"\newcommand{\R}{\mathbb{R}}"), defines_only("x")
        (True, False)
    """
    return ("\\newcommand" in latex or "\\def" in latex) and not expand(latex, EMPTY).text.strip()
