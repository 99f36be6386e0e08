"""Places, diagnostics and the error family. Imports nothing of the project.

Every complaint symdl makes has four parts: a stable code, the place, the cause and the remedy.
Inner code raises with the fact it knows; the door (`pipeline`, `cli`) adds file and formula.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points in one text.

    Attributes:
        start: offset of the first code point.
        end: offset just behind the last one.

    Example:
        >>> Span(2, 5).text("abcdefg")
        'cde'
    """

    start: int
    end: int

    def text(self, source: str) -> str:
        """Returns the part of ``source`` this span covers."""
        return source[self.start : self.end]

    def cover(self, other: Span) -> Span:
        """Returns the smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))

    def shifted(self, by: int) -> Span:
        """Returns the span moved by ``by`` code points."""
        return Span(self.start + by, self.end + by)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One complaint: what it is, where, why, and what to do about it.

    Attributes:
        code: stable identifier, ``SD`` and three digits; listed in ``docs/reference/codes.md``.
        cause: one sentence that states the fact.
        remedy: one sentence that says what to do, or an empty string.
        span: where, in the text being worked on; ``None`` when the whole text is meant.
        line: 1-based line in the file, once known.
        column: 1-based column in the file, counted in code points, once known.
    """

    code: str
    cause: str
    remedy: str = ""
    span: Span | None = None
    line: int | None = None
    column: int | None = None

    def at(self, line: int, column: int) -> Diagnostic:
        """Returns the same complaint with its place in the file."""
        return replace(self, line=line, column=column)

    def __str__(self) -> str:
        return f"{self.code}: {self.cause}" + (f" ({self.remedy})" if self.remedy else "")


class SymdlError(Exception):
    """Base of every error a user may meet; carries a `Diagnostic`.

    Example:
        >>> raise SymdlError("SD001", "the file is empty", "give a file with formulas")
        Traceback (most recent call last):
        ...
        symdl.errors.SymdlError: SD001: the file is empty (give a file with formulas)
    """

    def __init__(self, code: str, cause: str, remedy: str = "", span: Span | None = None) -> None:
        self.diagnostic = Diagnostic(code, cause, remedy, span)
        super().__init__(str(self.diagnostic))

    def __reduce__(self) -> tuple[object, ...]:  # travels between worker processes
        d = self.diagnostic
        return (type(self), (d.code, d.cause, d.remedy, d.span))


class ReadError(SymdlError):
    """A file cannot be read, or is not what it claims to be."""


class LatexError(SymdlError):
    """A formula is damaged: unbalanced, unknown command, an operand is missing."""


class NotationError(SymdlError):
    """Catalogue notation is wrong: unknown name, forbidden construct, bad binder."""


class ShapeError(SymdlError):
    """Axes do not fit: names the axes and both sizes."""


class NotSupported(SymdlError):
    """Well-formed, but outside what symdl understands so far."""


class CatalogueError(SymdlError):
    """An entry of ``formulas/`` is wrong: names the entry and the field."""


class DerivationError(SymdlError):
    """A derivation failed its own check: an error of symdl; the result is not handed out."""
