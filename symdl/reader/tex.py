r"""Splits LaTeX documents: formulas in running text and display environments, sections, ``\input`` in the own folder.

Lexemes come from pylatexenc; where nothing special stands, text is passed over at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pylatexenc.latexwalker import LatexWalker, LatexWalkerEndOfStream, LatexWalkerParseError

from symdl.errors import Diagnostic, ReadError
from symdl.reader.conventions import ROW_ENVIRONMENTS
from symdl.reader.fragments import Fragment, Lines, assemble
from symdl.reader.macros import Macros, group_end, read_macros
from symdl.reader.surroundings import Surroundings
from symdl.terms.formula import Context

MOST_FILES = 100
SECTIONS = {
    "part": 1,
    "chapter": 2,
    "section": 3,
    "subsection": 4,
    "subsubsection": 5,
    "paragraph": 6,
    "subparagraph": 7,
}
VERBATIM = frozenset(
    ["verbatim", "Verbatim", "lstlisting", "minted", "comment", "filecontents", "alltt", "tikzpicture", "pgfpicture"]
)
_SKIPPED = frozenset(
    [
        "label",
        "ref",
        "eqref",
        "cref",
        "Cref",
        "autoref",
        "pageref",
        "cite",
        "citep",
        "citet",
        "includegraphics",
        "usepackage",
        "documentclass",
        "url",
        "href",
        "bibliography",
        "bibliographystyle",
        "vspace",
        "hspace",
        "setlength",
        "addtolength",
        "pagestyle",
        "thispagestyle",
        "graphicspath",
        "color",
        "RequirePackage",
        "input",
        "include",
        "hypersetup",
        "newtheorem",
    ]
)
_DEFINING = frozenset(["newcommand", "renewcommand", "providecommand", "DeclareMathOperator", "def"])
_SPECIAL = re.compile(r"[\\$%{}]")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_DEFINED = re.compile(r"\*?\s*(?:\{\s*\\[A-Za-z]+\s*\}|\\[A-Za-z]+)\s*(?:\[\d\]\s*(?:\[[^\]]*\])?|(?:#\d)*)\s*")
_VERB = re.compile(r"\*?(?:\[[^\]]*\])?([^\sA-Za-z*])(?:(?!\1)[^\n])*\1")
_INPUT = re.compile(r"\\(?:input|include)(?:\s*\{([^{}]*)\}|\s+([^\s{}\\%]+))")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")


@dataclass(slots=True)
class Files:
    """How other files are taken in: ``read`` gives a text or raises `ReadError`; the folder is never left."""

    folder: Path | None
    read: Callable[[Path], str]
    shown: Callable[[Path], str] = str
    sources: dict[str, str] = field(default_factory=dict)
    open: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class TexReader:
    """Walks through a document and the files it takes in."""

    files: Files
    around: Surroundings = field(default_factory=Surroundings)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def run(self, text: str, path: str = "") -> Macros:
        """Reads one text; ``path`` is empty for the document itself. Returns the macros it defines."""
        macros = read_macros(_COMMENT.sub(r"\1", text))
        for inner in _Text(self, text, path).run():
            macros = macros.merged(self.take_in(inner, path))
        return macros

    def complain(self, code: str, cause: str, remedy: str, place: tuple[int, int], path: str) -> None:
        """Notes a complaint; one about another file names that file."""
        where = f" ({path}:{place[0]}:{place[1]})" if path else ""
        found = Diagnostic(code, cause + where, remedy)
        self.diagnostics.append(found if path else found.at(*place))

    def take_in(self, wanted: tuple[str, tuple[int, int]], path: str) -> Macros:
        r"""Reads the file that ``\input`` names, if it lies in the folder of the sheet."""
        name, place = wanted
        target, refusal = self.target(name)
        if target is None:
            self.complain("SD014", rf"\input{{{name}}} is not followed: {refusal}", "", place, path)
            return Macros()
        try:
            text = self.files.read(target)
        except ReadError as error:
            self.complain(
                error.diagnostic.code, f"{name}: {error.diagnostic.cause}", error.diagnostic.remedy, place, path
            )
            return Macros()
        shown = self.files.shown(target)
        self.files.sources[shown] = text
        self.files.open.append(target)
        macros = self.run(text, shown)
        self.files.open.pop()
        return macros

    def target(self, name: str) -> tuple[Path | None, str]:
        """The file meant, or why it is not read."""
        if self.files.folder is None:
            return None, "the sheet is not a file"
        folder = self.files.folder.resolve()
        try:
            target = (folder / name).resolve()
            if not target.suffix or not target.is_file():
                target = (folder / (name + ".tex")).resolve()  # again: it may be a link
        except (OSError, ValueError, RuntimeError):
            return None, "that is no file name"
        if not target.is_relative_to(folder):
            return None, "it lies outside the folder of the sheet"
        if target in self.files.open:
            return None, "it takes in itself"
        if len(self.files.sources) >= MOST_FILES:
            return None, f"more than {MOST_FILES} files"
        return target, ""


class _Text:
    """One file: a walk from lexeme to lexeme; yields the files to take in where they are named."""

    def __init__(self, reader: TexReader, text: str, path: str) -> None:
        self.reader = reader
        self.around = reader.around
        self.text = text
        self.path = path
        self.lines = Lines(text)
        self.walker = LatexWalker(text, tolerant_parsing=True)
        self.said = ""
        self.pending: list[tuple[str, int, int, bool]] = []  # formulas of this paragraph: words before, range, display
        self.until: list[tuple[int, str, int]] = []  # groups with a meaning: their end, what it is, words before it

    def run(self) -> Iterator[tuple[str, tuple[int, int]]]:
        begin = self.text.find(r"\begin{document}")
        at, stop = max(begin, 0), len(self.text)
        while at < stop:
            m = _SPECIAL.search(self.text, at)
            self.words(self.text[at : m.start() if m else stop])
            if m is None:
                break
            at = m.start()
            if wanted := _INPUT.match(self.text, at):
                self.paragraph()
                yield (wanted.group(1) or wanted.group(2) or "").strip(), self.lines.place(at)
                at = wanted.end()
                continue
            at = self.lexeme(at)
            while self.until and at >= self.until[-1][0]:
                self.leave()
        self.paragraph()

    # ---- words

    def words(self, text: str) -> None:
        parts = _BLANK_LINE.split(text.replace("&", " ").replace("~", " "))
        self.said += parts[0]
        for part in parts[1:]:
            self.paragraph()
            self.said += part

    def paragraph(self) -> None:
        """Ends a paragraph: its formulas get their context, then its words are taken in."""
        pending, said = self.pending, self.said
        self.pending, self.said = [], ""
        before = list(self.around.before)
        self.around.said(said)
        for here, start, end, display in pending:
            latex, anchors = assemble(list(_rows(self.text, start, end)), self.lines)
            if latex:
                fragment = Fragment(latex, anchors, display, Context(), None, self.path)
                self.around.add(fragment, (here, *before), said[len(here) :] if said.startswith(here) else "")

    def leave(self) -> None:
        """The end of a heading or of bold words."""
        _, kind, before = self.until.pop()
        said = self.said[before:]
        if kind.isdigit():
            self.said = self.said[:before]
            self.paragraph_with_heading(int(kind), said)
        elif self.around.labels:
            self.around.labels[-1] = self.around.labels[-1] or said
        elif not self.said[:before].strip():
            self.around.titled(said)

    def paragraph_with_heading(self, level: int, said: str) -> None:
        inside = self.pending
        self.pending = []
        self.around.heading(level, said)
        self.pending = inside

    # ---- lexemes

    def lexeme(self, at: int) -> int:
        try:
            token = self.walker.get_token(at)
        except (LatexWalkerEndOfStream, LatexWalkerParseError):
            return at + 1
        end: int = token.pos + token.len
        match token.tok:
            case "comment":
                return self.text.find("\n", at) if "\n" in self.text[at:] else len(self.text)
            case "mathmode_inline" | "mathmode_display":
                return self.formula(token.arg, at, end)
            case "begin_environment":
                return self.environment(token.arg, at, end)
            case "end_environment":
                return self.closed(token.arg, end)
            case "macro":
                return self.macro(token.arg, at, end - len(token.post_space))
        return end

    def closed(self, name: str, end: int) -> int:
        if name in ("itemize", "enumerate", "description") and self.around.labels:
            self.paragraph()
            self.around.labels.pop()
        return len(self.text) if name == "document" else end

    def environment(self, name: str, at: int, end: int) -> int:
        closer = rf"\end{{{name}}}"
        if name.rstrip("*") in VERBATIM:
            stop = self.text.find(closer, end)
            return len(self.text) if stop < 0 else stop + len(closer)
        if name.rstrip("*") in ROW_ENVIRONMENTS:
            stop = _closer(self.text, end, closer)
            if stop < 0:
                return self.unclosed(rf"\begin{{{name}}}", closer, "SD012", at, end)
            self.pending.append((self.said, at, stop + len(closer), True))
            return stop + len(closer)
        if name in ("itemize", "enumerate", "description"):
            self.paragraph()
            self.around.labels.append("")
        elif name in ("tabular", "array", "minipage", "tabularx", "multicols", "longtable", "thebibliography"):
            return self.skip_arguments(end)
        return end

    def formula(self, opener: str, at: int, end: int) -> int:
        closer = {r"\(": r"\)", r"\[": r"\]"}.get(opener, opener)
        if closer == opener and opener not in ("$", "$$"):
            return end  # a closing mark that closes nothing
        stop = _closer(self.text, end, closer)
        if stop < 0:
            return self.unclosed(opener, closer, "SD010" if opener in ("$$", r"\[") else "SD011", at, end)
        self.pending.append((self.said, end, stop, opener in ("$$", r"\[")))
        return stop + len(closer)

    def unclosed(self, opener: str, closer: str, code: str, at: int, end: int) -> int:
        place = self.lines.place(at)
        self.reader.complain(code, f"'{opener}' is never closed", f"write the missing '{closer}'", place, self.path)
        if opener in ("$", "$$"):  # what follows up to the blank line is a formula, not text
            m = _BLANK_LINE.search(self.text, end)
            return m.start() if m else len(self.text)
        return end

    def macro(self, name: str, at: int, end: int) -> int:
        if name in ("verb", "lstinline", "mintinline"):
            m = _VERB.match(self.text, end)
            return m.end() if m else end
        if name == "iffalse":
            stop = self.text.find(r"\fi", end)
            return end if stop < 0 else stop + 3
        if name in _DEFINING:
            m = _DEFINED.match(self.text, end)
            return self.group(m.end() if m else end)
        if name in _SKIPPED:
            return self.skip_arguments(end)
        if name == "item":
            self.paragraph()
        elif name in SECTIONS or name == "textbf":
            return self.enter(name, at, end)
        elif not name.isalpha():
            self.said += {"\\": " ", "%": "%", "&": "&", "$": "$", "_": "_"}.get(name, "")
        return end

    def enter(self, name: str, at: int, end: int) -> int:
        """Remembers where a heading or bold words end; what stands inside is read as usual."""
        begin = self.text.find("{", end, end + 3)
        stop = group_end(self.text, begin) if begin >= 0 else -1
        if stop < 0:
            return end
        if name in SECTIONS:
            self.paragraph()
        self.until.append((stop, str(SECTIONS.get(name, "bold")), len(self.said)))
        return begin

    def group(self, at: int) -> int:
        stop = group_end(self.text, at) if self.text[at : at + 1] == "{" else -1
        return at if stop < 0 else stop

    def skip_arguments(self, at: int) -> int:
        while m := re.compile(r"\*?\s*\[[^\]]*\]|\s*(?=\{)").match(self.text, at):
            after = m.end() if m.end() > at and self.text[m.end() - 1] == "]" else self.group(m.end())
            if after <= at:
                break
            at = after
        return at


def _closer(text: str, start: int, closer: str) -> int:
    """Where a formula ends: a blank line ends none, and neither does a section begin inside one."""
    stops = (
        r"\n[ \t]*\n"
        if closer in ("$", "$$", r"\)")
        else r"\\(?:(?:sub)*section|chapter|item|end\{document\})(?![A-Za-z])"
    )
    pattern = rf"%[^\n]*|\\(?:text\w*|mbox)\s*\{{[^{{}}]*\}}|(?P<closer>{re.escape(closer)})|(?P<stop>{stops})|\\."
    for m in re.compile(pattern, re.S).finditer(text, start):
        if m.lastgroup == "closer":
            return m.start()
        if m.lastgroup == "stop":
            break
    return -1


def _rows(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    at = start
    for row in text[start:end].splitlines(keepends=True) if start < end else [""]:
        yield row, at
        at += len(row)
