"""What a printed formula is made of, before it is LaTeX or MathML: symbols, rows, fractions, scripts, tables."""

from __future__ import annotations

from dataclasses import dataclass

MOST_PLAIN = 9
"""Most boxes between brackets of plain size."""


@dataclass(frozen=True, slots=True)
class Box:
    """Base of all boxes."""


@dataclass(frozen=True, slots=True)
class Symbol(Box):
    r"""One symbol.

    Attributes:
        kind: ``letter`` (italic), ``number``, ``operator`` (with space around it as TeX gives it), ``function`` and
            ``word`` (upright), ``text`` (words between formulas), ``raw`` (LaTeX as a sheet writes it).
        latex: how LaTeX writes it.
        text: the characters MathML shows.
    """

    kind: str
    latex: str
    text: str


@dataclass(frozen=True, slots=True)
class Row(Box):
    """Boxes side by side."""

    items: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Joined(Box):
    """Boxes side by side without blanks: a sign and what it belongs to, a function and its brackets."""

    items: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Quotient(Box):
    """A fraction."""

    top: Box
    bottom: Box


@dataclass(frozen=True, slots=True)
class Radical(Box):
    """A square root."""

    body: Box


@dataclass(frozen=True, slots=True)
class Scripts(Box):
    """A base with a subscript and a superscript; ``limits`` puts them below and above."""

    base: Box
    sub: Box | None = None
    sup: Box | None = None
    limits: bool = False


@dataclass(frozen=True, slots=True)
class Accented(Box):
    """A letter with a mark above: ``hat``, ``tilde``, ``bar``, ``dot``, ``vec``."""

    accent: str
    body: Box


@dataclass(frozen=True, slots=True)
class Fenced(Box):
    r"""Something between delimiters, by their LaTeX: ``(``, ``[``, ``\{``, ``|``, ``\|``, ``\lfloor``."""

    opener: str
    closer: str
    body: Box


@dataclass(frozen=True, slots=True)
class Table(Box):
    """Rows of cells: ``cases`` or ``bmatrix``."""

    environment: str
    rows: tuple[tuple[Box, ...], ...]


def letter(latex: str, text: str = "") -> Symbol:
    """An italic letter."""
    return Symbol("letter", latex, text or latex)


def operator(latex: str, text: str = "") -> Symbol:
    """An operator or a relation."""
    return Symbol("operator", latex, text or latex)


def row(*items: Box) -> Box:
    """Boxes side by side; rows inside are opened."""
    flat = [b for i in items for b in (i.items if isinstance(i, Row) else (i,))]
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def joined(*items: Box) -> Box:
    """Boxes side by side without blanks."""
    return items[0] if len(items) == 1 else Joined(items)


def listed(items: list[Box], separator: str = ",") -> Box:
    """Boxes separated by commas or semicolons."""
    out: list[Box] = []
    for item in items:
        out += [operator(separator), item] if out else [item]
    return row(*out) if out else Row(())


def is_low(box: Box) -> bool:
    """Whether a box is one line high and short, so that plain brackets fit it."""
    if isinstance(box, (Row, Joined)):
        return len(box.items) <= MOST_PLAIN and all(map(is_low, box.items))
    if isinstance(box, Scripts):
        return not box.limits and all(b is None or is_low(b) for b in (box.base, box.sub, box.sup))
    if isinstance(box, Fenced):
        return box.opener in ("(", "[") and is_low(box.body)
    return isinstance(box, (Symbol, Accented))
