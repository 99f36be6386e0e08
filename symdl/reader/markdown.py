"""Splits Markdown: formulas with exact places, in paragraphs, lists, quotes, tables, headings and HTML blocks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from symdl.errors import Diagnostic
from symdl.reader.fragments import Fragment, Lines, Piece, assemble, defines_only
from symdl.reader.markdown_rules import DISPLAY, INLINE, UNCLOSED, parser
from symdl.reader.surroundings import Surroundings
from symdl.terms.formula import Context

_NOT_READ = re.compile(
    r"<!--.*?-->|<(pre|code|script|style|textarea)\b.*?</\1\s*>|<[A-Za-z/!?](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>",
    re.S | re.I,
)
_BREAKS = frozenset({"softbreak", "hardbreak"})
_WORDS = frozenset({"text", "code_inline"})


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return parser()


def split_markdown(
    text: str, around: Surroundings | None = None, cell: int | None = None
) -> tuple[Surroundings, list[Diagnostic]]:
    r"""Finds the formulas of a Markdown text.

    Args:
        text: the sheet, with ``\n`` as line ends.
        around: what was said before it (in earlier cells of a notebook).
        cell: number of the cell.

    Example:
        >>> around, _ = split_markdown("# Losses\n\n> The MSE is $\\frac{1}{m}$ here.")
        >>> around.fragments[0].place(0), around.fragments[0].context.headings
        ((3, 15), ('Losses',))
    """
    walker = _Walker(text, around or Surroundings(), cell)
    walker.run(_parser().parse(text))
    return walker.around, walker.diagnostics


Mapping = list[tuple[int, int]]
"""Offset in the text of a paragraph -> offset in the sheet, one for each run of unchanged text."""


class _Walker:
    def __init__(self, text: str, around: Surroundings, cell: int | None) -> None:
        self.text = text
        self.rows = text.split("\n")
        self.lines = Lines(text)
        self.around = around
        self.cell = cell
        self.diagnostics: list[Diagnostic] = []
        self.level = 0  # of the heading being read, 0 outside of one
        self.searched = (-1, 0)  # line of a table and where its next cell begins
        self.label = False  # whether the next text opens a list item

    def run(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            method = getattr(self, "take_" + token.type, None)
            if method is not None:
                method(token)

    def take_heading_open(self, token: Token) -> None:
        self.level = int(token.tag[1:])

    def take_heading_close(self, _: Token) -> None:
        self.level = 0

    def take_list_item_open(self, _: Token) -> None:
        self.around.labels.append("")
        self.label = True

    def take_list_item_close(self, _: Token) -> None:
        self.around.labels.pop()

    def take_formula_display(self, token: Token) -> None:
        ranges = token.meta["ranges"]
        pieces = [(self.text[a:b] + "\n" * (k < len(ranges) - 1), a) for k, (a, b) in enumerate(ranges)]
        self.add(pieces, display=True)

    def take_fence(self, token: Token) -> None:
        """A block of code is no formula, unless it says ``math``."""
        if token.info.strip().lower() not in ("math", "latex-math", "{math}") or token.map is None:
            return
        pieces = []
        for k, row in enumerate(token.content.split("\n")[:-1], token.map[0] + 1):
            source = self.rows[k] if k < len(self.rows) else ""
            start = len(source) - len(row) if source.endswith(row) else len(source) - len(source.lstrip(" \t>"))
            pieces.append((source[start:] + "\n", self.lines.starts[min(k, len(self.lines.starts) - 1)] + start))
        if pieces:
            self.add(pieces, display=True)

    def take_html_block(self, token: Token) -> None:
        """Formulas in HTML; tags, comments and code are blanked out so that places stay."""
        if token.map is None:
            return
        content = _NOT_READ.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), token.content)
        mapping = self.aligned(token.content, *token.map)
        children: list[Token] = []
        _parser().inline.parse(content, _parser(), {}, children)
        self.running_text(children, content, mapping)

    def take_inline(self, token: Token) -> None:
        if token.map is None or token.children is None:
            return
        mapping = self.aligned(token.content, *token.map)
        label, self.label = self.label, False
        said = self.running_text(token.children, token.content, mapping, silent=bool(self.level))
        if self.level:
            self.around.heading(self.level, said)
        elif label and self.around.labels:
            self.around.labels[-1] = said
        elif not self.around.labels:
            self.around.titled(_bold_start(token.children))

    # ---- running text

    def running_text(self, children: Sequence[Token], content: str, mapping: Mapping, silent: bool = False) -> str:
        """Takes in the formulas of a paragraph, then its words; returns the words."""
        found = []
        said = ""
        for token in _flat(children):
            if token.type in (DISPLAY, INLINE):
                found.append((token, len(said)))
            elif token.type == UNCLOSED:
                self.unclosed(token, mapping)
            elif token.type in _WORDS:
                said += token.content
            elif token.type in _BREAKS:
                said += " "
        before = list(self.around.before)
        if not silent:
            self.around.said(said)
        for token, at in found:
            pieces = list(_pieces(content, token.meta["start"], token.meta["end"], mapping))
            self.add(pieces, token.type == DISPLAY, (said[:at], *before), said[at:])
        return said

    def add(self, pieces: list[Piece], display: bool, before: Sequence[str] | None = None, behind: str = "") -> None:
        latex, anchors = assemble(pieces, self.lines)
        if latex and not defines_only(latex):
            self.around.add(Fragment(latex, anchors, display, Context(), self.cell), before, behind)

    def unclosed(self, token: Token, mapping: Mapping) -> None:
        mark = token.meta["mark"]
        line, column = self.lines.place(_source(mapping, token.meta["start"]))
        code = {"$": "SD011", "$$": "SD010", r"\[": "SD010", r"\(": "SD011"}.get(mark, "SD012")
        closer = {r"\[": r"\]", r"\(": r"\)"}.get(mark, mark.replace(r"\begin", r"\end"))
        remedy = f"write the missing '{closer}'" + (r", or \$ if a dollar is meant" if mark == "$" else "")
        cell = "" if self.cell is None else f" (cell {self.cell})"
        self.diagnostics.append(Diagnostic(code, f"'{mark}' is never closed{cell}", remedy).at(line, column))

    # ---- places

    def aligned(self, content: str, first: int, last: int) -> Mapping:
        """Where the lines of a paragraph stand in the sheet: each is the end of its line, or a cell of a table."""
        out: Mapping = []
        offset = 0
        for k, row in enumerate(content.split("\n"), first):
            source = self.rows[k] if k < min(last, len(self.rows)) else ""
            bare = row.strip()
            if source.rstrip().endswith(bare) and self.searched[0] != k and not self.level:
                start = len(source.rstrip()) - len(bare)
                out.append((offset + len(row) - len(row.lstrip()), self.lines.starts[k] + start if source else 0))
            else:
                out += self.found(bare, offset + len(row) - len(row.lstrip()), k, source)
            offset += len(row) + 1
        return out

    def found(self, bare: str, offset: int, k: int, source: str) -> Mapping:
        """A heading or a cell inside its line; a cell may have lost the backslashes before its bars."""
        start = self.searched[1] if self.searched[0] == k else 0
        pattern = r"\\?\|".join(re.escape(part) for part in bare.split("|"))
        m = re.compile(pattern).search(source, start) or re.compile(pattern).search(source)
        if m is None:
            return [(offset, self.lines.starts[min(k, len(self.lines.starts) - 1)])]
        self.searched = (k, m.end())
        out = [(offset, self.lines.starts[k] + m.start())]
        written, at = m.group(), 0
        for part in bare.split("|")[:-1]:
            at += len(part)
            offset += len(part)
            if written[at] == "\\":
                at += 1
                out.append((offset, self.lines.starts[k] + m.start() + at))
            at, offset = at + 1, offset + 1
        return out

    def take_tr_open(self, token: Token) -> None:
        self.searched = (token.map[0], 0) if token.map else (-1, 0)


def _flat(tokens: Iterable[Token]) -> Iterable[Token]:
    return (t for t in tokens if t.type != "image")


def _bold_start(children: Sequence[Token]) -> str:
    """The bold words a paragraph opens with."""
    rest = [t for t in children if not (t.type == "text" and not t.content.strip())]
    if not rest or rest[0].type != "strong_open":
        return ""
    said = ""
    for token in rest[1:]:
        if token.type == "strong_close":
            break
        said += token.content if token.type in _WORDS else " "
    return said


def _source(mapping: Mapping, offset: int) -> int:
    """Where an offset of a paragraph stands in the sheet."""
    start, at = mapping[max(bisect_right(mapping, offset, key=lambda m: m[0]) - 1, 0)]
    return at + offset - start


def _pieces(content: str, start: int, end: int, mapping: Mapping) -> Iterable[Piece]:
    """The part of a paragraph that is a formula, cut where the sheet has something between."""
    k = bisect_right(mapping, start, key=lambda m: m[0])
    cuts = [m[0] for m in mapping[k : bisect_right(mapping, end - 1, key=lambda m: m[0])]]
    for a, b in zip([start, *cuts], [*cuts, end], strict=True):
        yield content[a:b], _source(mapping, a)
