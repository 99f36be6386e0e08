r"""Macros of a document: ``\newcommand``, ``\def``, ``\DeclareMathOperator``, expanded with their positions kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from symdl.errors import LatexError, Span

ROUNDS = 20
EXPANDED = 20_000
"""Longest text a formula may grow to, in characters; stops macros that double themselves."""


@dataclass(frozen=True, slots=True)
class Macro:
    r"""One macro: ``\name`` with ``parameters`` arguments, the first of which may have a default."""

    name: str
    parameters: int
    body: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Macros:
    """The macros known in a document, by name with the backslash."""

    table: Mapping[str, Macro] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return bool(self.table)

    def merged(self, other: Macros) -> Macros:
        """Returns these macros with those of ``other`` over them."""
        return Macros(MappingProxyType({**self.table, **other.table})) if other else self


EMPTY = Macros()

_DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand)\*?\s*(?:\{\s*(\\[A-Za-z]+)\s*\}|(\\[A-Za-z]+))\s*(?:\[(\d)\])?\s*(?:\[([^\]]*)\])?\s*(?=\{)"
    r"|\\DeclareMathOperator\*?\s*(?:\{\s*(\\[A-Za-z]+)\s*\}|(\\[A-Za-z]+))\s*(?=\{)"
    r"|\\def\s*(\\[A-Za-z]+)\s*((?:#\d)*)\s*(?=\{)"
)


def group_end(text: str, start: int) -> int:
    r"""Returns the offset behind the group that opens at ``start``, or -1 if it is never closed.

    Example:
        >>> group_end(r"{a{b}\}}c", 0)
        8
    """
    depth = 0
    k = start
    while k < len(text):
        c = text[k]
        if c == "\\":
            k += 2
            continue
        depth += (c == "{") - (c == "}")
        k += 1
        if depth == 0:
            return k
    return -1


def read_macros(text: str) -> Macros:
    r"""Collects the macro definitions of a document.

    Example:
        >>> read_macros(r"\newcommand{\loss}{\mathcal{L}} \def\vec#1{\mathbf{#1}}").table[r"\loss"].body
        '\\mathcal{L}'
    """
    return _strip(text)[0]


def _strip(text: str) -> tuple[Macros, list[tuple[int, int]]]:
    """The definitions in ``text`` and where they stand."""
    table: dict[str, Macro] = {}
    places: list[tuple[int, int]] = []
    for m in _DEFINITION.finditer(text):
        end = group_end(text, m.end())
        if end < 0:
            continue
        body = text[m.end() + 1 : end - 1]
        if m.group(5) or m.group(6):
            name, count, default = m.group(5) or m.group(6), 0, None
            body = rf"\operatorname{{{body}}}"
        elif m.group(7):
            name, count, default = m.group(7), len(m.group(8)) // 2, None
        else:
            name, count, default = m.group(1) or m.group(2), int(m.group(3) or 0), m.group(4)
        table[name] = Macro(name, count, body, default)
        places.append((m.start(), end))
    return Macros(MappingProxyType(table)), places


@dataclass(frozen=True, slots=True)
class Expanded:
    """Text after expansion; ``origin[k]`` is the span in the written formula that character ``k`` came from."""

    text: str
    origin: tuple[Span, ...] | None

    def span(self, start: int, end: int) -> Span:
        """The span in the written formula of a range of the expanded text."""
        if self.origin is None or not self.origin:
            return Span(start, end)
        last = len(self.origin) - 1
        first = self.origin[min(start, last)]
        if start >= end:
            return Span(first.end, first.end) if start > last else Span(first.start, first.start)
        return first.cover(self.origin[min(end - 1, last)])


def expand(latex: str, macros: Macros) -> Expanded:
    r"""Expands macros in a formula, its own definitions included.

    Args:
        latex: the formula.
        macros: the macros of the document.

    Raises:
        LatexError: SD205 if the expansion does not end or grows beyond all measure.

    Example:
        >>> e = expand(r"\R + x", read_macros(r"\newcommand{\R}{\mathbb{R}}"))
        >>> e.text, e.span(0, 10)
        ('\\mathbb{R}  + x', Span(start=0, end=2))
    """
    if not macros and "\\newcommand" not in latex and "\\def" not in latex:
        return Expanded(latex, None)
    own, places = _strip(latex)
    table = macros.merged(own).table
    chars = [(c, Span(k, k + 1)) for k, c in enumerate(latex) if not any(a <= k < b for a, b in places)]
    for _ in range(ROUNDS):
        done = _once(chars, table)
        if done is None:
            return Expanded("".join(c for c, _ in chars), tuple(s for _, s in chars))
        chars = done
        if len(chars) > EXPANDED:
            break
    raise LatexError("SD205", "macro expansion does not end", "check the macros for one that uses itself")


_COMMAND = re.compile(r"\\[A-Za-z]+")
_Chars = list[tuple[str, Span]]


def _once(chars: _Chars, table: Mapping[str, Macro]) -> _Chars | None:
    """One round of expansion, or ``None`` if there is nothing to expand."""
    text = "".join(c for c, _ in chars)
    out: _Chars = []
    at = 0
    changed = False
    for m in _COMMAND.finditer(text):
        macro = table.get(m.group())
        if macro is None or m.start() < at:
            continue
        arguments, end = _arguments(text, m.end(), macro)
        if arguments is None:
            continue
        out += chars[at : m.start()]
        call = chars[m.start()][1].cover(chars[end - 1][1])
        out += _filled(macro, [chars[a:b] for a, b in arguments], call)
        at, changed = end, True
    return [*out, *chars[at:]] if changed else None


def _arguments(text: str, at: int, macro: Macro) -> tuple[list[tuple[int, int]] | None, int]:
    """Ranges of the arguments behind ``at`` and where they end; ``None`` if one is missing."""
    found: list[tuple[int, int]] = []
    end = at
    for k in range(macro.parameters):
        while end < len(text) and text[end].isspace():
            end += 1
        if k == 0 and macro.default is not None:
            close = text.find("]", end) if text[end : end + 1] == "[" else -1
            found.append((end + 1, close) if close >= 0 else (-1, -1))
            end = close + 1 if close >= 0 else end
            continue
        if end >= len(text):
            return None, at
        if text[end] == "{":
            close = group_end(text, end)
            if close < 0:
                return None, at
            found.append((end + 1, close - 1))
            end = close
        else:
            m = _COMMAND.match(text, end)
            stop = m.end() if m else end + 1
            found.append((end, stop))
            end = stop
    return found, end


@cache
def _pieces(body: str) -> tuple[str, ...]:
    """A body, its parameters apart."""
    return tuple(re.split(r"(#\d)", body))


def _filled(macro: Macro, arguments: list[_Chars], call: Span) -> _Chars:
    """The macro's body with its arguments put in; an argument keeps its own places."""
    out: _Chars = []
    for piece in _pieces(macro.body):
        if re.fullmatch(r"#\d", piece):
            k = int(piece[1]) - 1
            if k == 0 and macro.default is not None and not arguments[0]:
                out += [(c, call) for c in macro.default]
            elif k < len(arguments):
                out += arguments[k]
        else:
            out += [(c, call) for c in piece]
    return [*out, (" ", call)]  # a command at the end of the body must not swallow the next letter
