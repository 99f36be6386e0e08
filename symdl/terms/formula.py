"""Formulas as they travel: what the catalogue stores and what a sheet states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symdl.errors import Diagnostic, Span
from symdl.terms.array import Node
from symdl.terms.symbols import Atom

Shape = tuple[str, ...]
"""Axis sizes by name or as a decimal literal: ``("n", "m")``, ``("n", "1")``, ``()`` for a scalar."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One line of catalogue notation: ``left = right``.

    Attributes:
        name: what is defined (``softmax``, ``w``, ``H``); empty when the left side is an expression (a claim).
        parameters: names in call position: ``softmax(z)[i]`` has ``("z",)``.
        indices: index letters of the left side: ``("i",)``.
        left: the whole left side as an array expression.
        right: the right side.
        relation: ``=`` or, in claims, one of ``<= < >= > !=``.
    """

    name: str
    parameters: tuple[str, ...]
    indices: tuple[str, ...]
    left: Node
    right: Node
    relation: str = "="


KINDS = frozenset(
    """real positive nonnegative unit size integer binary diagonal probability gradient statistic function
    index""".split()
)
"""What a symbol may be; see `Role`."""


@dataclass(frozen=True, slots=True)
class Role:
    """A symbol of an entry: what kind of quantity it is, and the letters people use for it.

    Attributes:
        id: identifier in the entry's notation.
        kind: ``real``, ``positive``, ``nonnegative``, ``unit`` (in (0, 1)), ``size`` (a count of items or an
            axis length), ``integer``, ``binary`` (0 or 1), ``diagonal`` (a positive diagonal matrix),
            ``probability`` (positive entries that sum to 1 along the last axis), ``gradient`` (real, and a
            derivative), ``statistic``, ``function``, ``index``.
        shape: axis sizes.
        letters: usual spellings (`symdl.terms.symbols.Atom.spelling`).
        meaning: language -> words.
        domain: further condition in catalogue notation (``alpha < 1``), or empty.
    """

    id: str
    kind: str
    shape: Shape
    letters: tuple[str, ...]
    meaning: Mapping[str, str] = field(default_factory=dict)
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One accepted way to write an entry: definitions in order, the last of which is the entry's value.

    ``name`` is ``canonical`` or the name of the variant; ``condition`` says, for a verdict
    ``proved-under``, which convention the variant follows (empty if it is the same function). ``roles`` are
    the symbols as this form understands them: a variant may have shapes of its own.
    """

    name: str
    lines: tuple[Definition, ...]
    condition: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)

    @property
    def value(self) -> Definition:
        """The last line: what the form defines."""
        return self.lines[-1]


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement about an entry that is judged: identity, derivative, range, limit, count."""

    name: str
    text: str
    assume: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One formula of the catalogue. See ``docs/reference/catalogue.md`` for every field.

    ``layers`` says, for symbols that carry a layer mark, by how many layers they may lie above the left side;
    the k-th offsets of all symbols are one habit of numbering layers.
    """

    id: str
    topic: str
    titles: Mapping[str, str]
    keywords: tuple[str, ...]
    names: tuple[str, ...]
    roles: Mapping[str, Role]
    forms: tuple[Form, ...]
    latex: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    family: str = ""
    complete: bool = False
    siblings: tuple[str, ...] = ()
    previous: str = ""
    description: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    errata: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One possible meaning of a statement: an array expression for each side.

    A side is ``None`` where the sheet elides it (a row that begins with ``=`` continues the row above;
    the reader fills it in when there is one).
    """

    sides: tuple[Node | None, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands in its file: 1-based, code points; ``cell`` counts notebook cells from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The words around a formula: headings from nearest to furthest, texts from nearest to furthest."""

    headings: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    r"""One statement of a sheet: sides joined by relations.

    Attributes:
        latex: its own LaTeX, a substring of the formula it stands in.
        place: where in the file.
        kind: ``definition``, ``claim``, ``update``, ``shape``, ``count``, ``relation``, ``fragment``, ``prose``.
        relations: ``=``, ``:=`` (also ``\leftarrow``), ``~=``, ``->``, ``in``, ``~``, ``<``, ``<=``, ``>``,
            ``>=``, ``!=``, ``=>``, ``propto``, ...; one less than there are sides.
        readings: what it may mean, likeliest first; empty if nothing could be made of it.
        atoms: identifier -> the atom it stands for, over all readings.
        context: the words around it.
        shape: a shape written behind it, ``\quad (n_h, m)``.
        problem: why there are no readings (a damaged formula, or a construct that is not understood).
        spans: for each side, its span in ``latex``.
    """

    latex: str
    place: Place
    kind: str
    relations: tuple[str, ...]
    readings: tuple[Reading, ...]
    atoms: Mapping[str, Atom] = field(default_factory=dict)
    context: Context = field(default_factory=Context)
    shape: Shape | None = None
    problem: Diagnostic | None = None
    spans: tuple[Span, ...] = ()
