"""The syntax tree of LaTeX: what stands where, and nothing of what it means.

Whether two neighbours are a product or a call, whether ``[l]`` is a layer or a power, is decided in
`symdl.reader.elaborate`. Every node carries the span of the formula text it was read from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from symdl.errors import Span


@dataclass(frozen=True, slots=True)
class Syntax:
    """Base of all syntax nodes; the span takes no part in equality."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number(Syntax):
    """A numeral as written, ``0.5``."""

    text: str


@dataclass(frozen=True, slots=True)
class Letter(Syntax):
    r"""One letter or symbol by its name: ``x``, ``alpha``, ``infty``, ``nabla``, ``partial``, ``prime``."""

    name: str


@dataclass(frozen=True, slots=True)
class Word(Syntax):
    r"""Several letters that are one name.

    ``style`` is ``command`` (``\log``), ``big`` (``\sum``), ``upright`` (``\mathrm``, ``\operatorname``),
    ``text`` (``\text``), ``bare`` (letters in a row) or ``script`` (the same in a script, with their ``places``).
    """

    text: str
    style: str
    places: tuple[Span, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Accent(Syntax):
    r"""``\hat y``, ``\tilde{c}``, ``\bar x``."""

    name: str
    body: Syntax


@dataclass(frozen=True, slots=True)
class Font(Syntax):
    r"""``\mathcal L``, ``\mathbb{R}``, ``\mathbf{x}``; ``name`` is ``cal``, ``bb``, ``bf``, ``rm`` ..."""

    name: str
    body: Syntax


@dataclass(frozen=True, slots=True)
class Script:
    """One script: ``position`` is ``sub``, ``sup``, ``prime`` or ``bang`` (a factorial, without body)."""

    position: str
    body: Syntax | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Scripted(Syntax):
    """A base with its scripts in order of writing."""

    base: Syntax
    scripts: tuple[Script, ...]


@dataclass(frozen=True, slots=True)
class Fraction(Syntax):
    r"""``\frac{top}{bottom}``."""

    top: Syntax
    bottom: Syntax


@dataclass(frozen=True, slots=True)
class Root(Syntax):
    r"""``\sqrt[degree]{body}``."""

    body: Syntax
    degree: Syntax | None


@dataclass(frozen=True, slots=True)
class Binomial(Syntax):
    r"""``\binom{top}{bottom}``."""

    top: Syntax
    bottom: Syntax


@dataclass(frozen=True, slots=True)
class Fence(Syntax):
    r"""Something between delimiters: ``(a, b)``, ``\| x \|``, ``\{x : c\}``, ``\langle t \rangle``.

    ``opener`` and ``closer`` are bare characters (``{`` for ``\{``, ``||`` for a norm, ``langle``, ``floor``,
    ``ceil``, ``.`` for an invisible one, empty for a list without delimiters as it stands in scripts).
    """

    opener: str
    closer: str
    items: tuple[Syntax, ...]
    separators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product(Syntax):
    """Factors in a row; ``operators[k]`` stands between factors ``k`` and ``k + 1``, empty if nothing does."""

    factors: tuple[Syntax, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sum(Syntax):
    """Signed terms; a sign is ``+``, ``-``, ``pm``, ``mp``, ``cup`` ... and empty before an unsigned first term."""

    signs: tuple[str, ...]
    terms: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Relation(Syntax):
    """Sides joined by relations; an elided side is `Empty`."""

    operators: tuple[str, ...]
    sides: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Table(Syntax):
    """A matrix, cases or array; a cell may be `Empty` or a `Row` of several items."""

    environment: str
    rows: tuple[tuple[Syntax, ...], ...]


@dataclass(frozen=True, slots=True)
class Stack(Syntax):
    r"""``\underset{note}{body}``, ``\underbrace{body}_{note}`` and the like; ``where`` is ``under`` or ``over``."""

    body: Syntax
    note: Syntax
    where: str


@dataclass(frozen=True, slots=True)
class Remark(Syntax):
    """Words between formulas."""

    text: str


@dataclass(frozen=True, slots=True)
class Mark(Syntax):
    """An operator that stands alone as an operand or a script: ``x^*``, ``x^+``."""

    text: str


@dataclass(frozen=True, slots=True)
class Dots(Syntax):
    r"""An ellipsis: ``...``, ``\dots``."""


@dataclass(frozen=True, slots=True)
class Empty(Syntax):
    """Nothing, where something might stand."""


@dataclass(frozen=True, slots=True)
class Row(Syntax):
    """One row: relations, expressions, remarks; ``joints[k]`` is what stood before item ``k``: ``,``, ``quad``."""

    items: tuple[Syntax, ...]
    joints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block(Syntax):
    """A whole formula: its rows."""

    rows: tuple[Row, ...]


def walk(node: Syntax) -> Iterator[Syntax]:
    """Yields ``node`` and everything below it, parents first, without recursion."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def children(node: Syntax) -> list[Syntax]:
    """Returns the direct parts of ``node`` in order of writing, scripts included."""
    out: list[Syntax] = []
    for name in _FIELDS[type(node)]:
        value = getattr(node, name)
        if isinstance(value, Syntax):
            out.append(value)
        elif isinstance(value, tuple):
            _collect(value, out)
    return out


def _collect(value: tuple[Any, ...], out: list[Syntax]) -> None:
    for item in value:
        if isinstance(item, Syntax):
            out.append(item)
        elif isinstance(item, Script):
            if item.body is not None:
                out.append(item.body)
        elif isinstance(item, tuple):  # a row of a table
            _collect(item, out)


_LEAVES = frozenset("text name style opener closer separators operators signs environment where joints".split())
_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind) if f.name != "span" and f.name not in _LEAVES)
    for kind in (
        *(Number, Letter, Word, Accent, Font, Scripted, Fraction, Root, Binomial, Fence, Product, Sum, Relation),
        *(Table, Stack, Remark, Mark, Dots, Empty, Row, Block),
    )
}
