"""Statements: each relation of a formula with everything it may mean, likeliest first."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from symdl.errors import Diagnostic, LatexError, NotSupported, Span, SymdlError
from symdl.reader import conventions as conv
from symdl.reader import kinds
from symdl.reader.elaborate_base import Found, Valueless
from symdl.reader.elaborate_derive import Elaboration
from symdl.reader.letters import NO_LETTERS, Letters, analyse
from symdl.reader.macros import EMPTY, Macros
from symdl.reader.names import NameTable
from symdl.reader.parser import parse
from symdl.reader.parser_recovery import Piece, rows_apart
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Context, Place, Reading, Shape, Statement
from symdl.terms.symbols import Atom
from symdl.terms.syntax import (
    Block,
    Dots,
    Empty,
    Fence,
    Letter,
    Number,
    Product,
    Relation,
    Remark,
    Row,
    Syntax,
)

READINGS = 8
"""Most readings of one statement."""
DEPTH = 160
"""Most levels of an array expression; whatever works on one recurs that often."""
PlaceOf = Callable[[int], tuple[int, int]]


def statements(
    latex: str,
    place_of: PlaceOf,
    context: Context,
    names: NameTable,
    macros: Macros = EMPTY,
    inline: bool = False,
) -> tuple[Statement, ...]:
    r"""Gives every statement of a formula its possible meanings.

    Args:
        latex: the formula, without its dollar signs.
        place_of: offset in the formula -> line and column of the file.
        context: the words around the formula.
        names: the document's name table.
        macros: the document's macros.
        inline: whether the formula stands in a line of text (a number in parentheses is no equation number there).

    Returns:
        One statement per relation or row. A damaged row gives one statement without readings; its ``problem``
        has a code SD1xx (damaged) or SD2xx (well-formed, not understood). A statement without readings and without
        a problem says nothing that has a value in arrays: a set, words, an open-ended chain.

    Example:
        >>> s, = statements(r"z = W x + b", lambda k: (1, k + 1), Context(), NameTable())
        >>> s.kind, s.relations, len(s.readings)
        ('definition', ('=',), 1)
    """
    speaker = _Speaker(latex, place_of, context, names, inline)
    try:
        block = parse(latex, names.macros.merged(macros))
    except LatexError as error:
        pieces = rows_apart(latex, names.macros.merged(macros))
        if any(p.block is not None for p in pieces):
            return tuple(speaker.pieces(pieces))
        return (speaker.failed(error.diagnostic),)
    return tuple(speaker.block(block))


@dataclass(slots=True)
class _Part:
    """One statement before it has a meaning."""

    node: Syntax
    shape: tuple[Syntax, ...] | None = None


class _Speaker:
    """Turns the rows of one formula into statements."""

    def __init__(self, latex: str, place_of: PlaceOf, context: Context, names: NameTable, inline: bool) -> None:
        self.latex = latex
        self.place_of = place_of
        self.context = context
        self.names = names
        self.inline = inline
        self.letters = NO_LETTERS
        self.left: Syntax | None = None  # the left side rows that begin with '=' go on with

    # ---- statements without a meaning

    def place(self, span: Span) -> Place:
        return Place(*self.place_of(span.start), *self.place_of(span.end))

    def failed(self, problem: Diagnostic, row: Span | None = None) -> Statement:
        """The one statement of a formula, or of one row of it, that could not be read."""
        whole = row or _stripped(self.latex)
        span = problem.span or whole
        problem = replace(problem, span=span.shifted(-whole.start)).at(*self.place_of(span.start))
        latex = whole.text(self.latex)
        return Statement(latex, self.place(whole), "fragment", (), (), context=self.context, problem=problem)

    def plain(self, node: Syntax, kind: str) -> Statement:
        """A statement that says nothing to judge: prose, a symbol mentioned."""
        return Statement(node.span.text(self.latex), self.place(node.span), kind, (), (), context=self.context)

    # ---- rows

    def block(self, block: Block) -> Iterator[Statement]:
        rows = [row for row in block.rows if row.items]
        self.letters = analyse([i for row in rows for i in row.items], self.names)
        if not rows:
            yield self.plain(replace(block, span=_stripped(self.latex)), "prose")
        yield from self.rows(rows)

    def pieces(self, pieces: Sequence[Piece]) -> Iterator[Statement]:
        """The rows of a formula some rows of which are damaged."""
        blocks = [p.block for p in pieces if p.block is not None]
        self.letters = analyse([i for block in blocks for row in block.rows for i in row.items], self.names)
        for piece in pieces:
            if piece.error is not None:
                self.left = None  # what the next row goes on with is not known
                yield self.failed(piece.error.diagnostic, piece.span)
            elif piece.block is not None:
                yield from self.rows([row for row in piece.block.rows if row.items])

    def rows(self, rows: Sequence[Row]) -> Iterator[Statement]:
        """The statements of rows that were read."""
        for row in rows:
            parts = list(self.parts(row))
            if not parts:
                yield self.plain(row, "prose")
            for part in parts:
                yield self.statement(part)

    def parts(self, row: Row) -> Iterator[_Part]:
        """The statements of a row: lists joined, shapes attached, remarks dropped."""
        items = [(i, j) for i, j in zip(row.items, row.joints, strict=True) if not isinstance(i, Remark)]
        pending: _Part | None = None
        for node in _joined(items, row):
            sizes = kinds.size_items(node)
            if sizes is not None and pending is not None and isinstance(pending.node, Relation):
                pending.shape = sizes
                continue
            if pending is not None:
                yield pending
            pending = _Part(node)
        if pending is not None:
            yield pending

    # ---- one statement

    def statement(self, part: _Part) -> Statement:
        node = part.node
        relations, sides = (node.operators, node.sides) if isinstance(node, Relation) else ((), (node,))
        relations, sides = self.trimmed(relations, sides)
        if kinds.is_bare(node) or (len(sides) == 1 and isinstance(sides[0], (Empty, Dots))):
            return self.plain(node, "fragment")
        if isinstance(node, Fence) and node.opener in ("", "[") and not relations:  # names in a row, an interval
            return self.plain(node, "fragment")
        if not self.inline and not relations and kinds.is_number_tag(node, self.latex):
            return self.plain(node, "prose")
        span = sides[0].span.cover(sides[-1].span) if not isinstance(sides[0], Empty) else node.span
        if len(sides) > 1 and not self.inline:
            sides = (*sides[:-1], kinds.equation_number(sides[-1], self.latex))
        shape, sides = self.trailing_shape(part, relations, sides)
        return self.judged(node, span, relations, sides, shape)

    def trimmed(self, relations: Sequence[str], sides: Sequence[Syntax]) -> tuple[tuple[str, ...], tuple[Syntax, ...]]:
        """Without arrows that lead nowhere: ``\\Rightarrow a = b``, ``n \\to``."""
        while relations and isinstance(sides[0], Empty) and relations[0] in ("=>", "->", "<=>", "|->", ":"):
            relations, sides = relations[1:], sides[1:]
        while relations and isinstance(sides[-1], Empty):
            relations, sides = relations[:-1], sides[:-1]
        return tuple(relations), tuple(sides)

    def trailing_shape(
        self, part: _Part, relations: tuple[str, ...], sides: tuple[Syntax, ...]
    ) -> tuple[tuple[Syntax, ...] | None, tuple[Syntax, ...]]:
        """A shape stated in or behind the statement."""
        shape = part.shape
        last = sides[-1]
        if relations and relations[-1] == "in" and (space := kinds.real_space(last)):
            return space, sides
        if relations == ("->",) and (sizes := kinds.size_items(last)) is not None:
            return sizes, sides
        if relations and isinstance(last, Product) and not last.operators[-1]:
            sizes = kinds.size_items(last.factors[-1])
            before = self.latex[: last.factors[-1].span.start]
            if sizes is not None and before[-1:].isspace():
                factors = last.factors[:-1]
                span = Span(last.span.start, factors[-1].span.end)
                rest = factors[0] if len(factors) == 1 else Product(span, factors, last.operators[:-1])
                return sizes, (*sides[:-1], rest)
        return shape, sides

    def judged(
        self,
        node: Syntax,
        span: Span,
        relations: tuple[str, ...],
        sides: tuple[Syntax, ...],
        shape: tuple[Syntax, ...] | None,
    ) -> Statement:
        """Elaborates the sides in every way the notation leaves open."""
        only_shape = relations in (("in",), ("->",)) and shape is not None
        if shape is not None and relations and relations[-1] == "in" and len(relations) > 1:
            relations, sides = relations[:-1], sides[:-1]
            span = sides[0].span.cover(sides[-1].span)
        relations, sides = kinds.without_task(relations, sides)
        optimised = kinds.task(relations, sides, self.letters.indices)
        if optimised is not None:
            relations, sides = (), (optimised,)
        span = sides[0].span.cover(sides[-1].span) if not isinstance(sides[0], Empty) else span
        elided = isinstance(sides[0], Empty)
        if elided:
            sides = (self.left or sides[0], *sides[1:])
        elif relations and relations[0] in kinds.ASSIGNING:
            self.left = sides[0]
        told = _Readings(self.letters, self.names, span.start, relations, elided)
        told.noted = {"optimised": None} if optimised is not None else {}
        told.column = shape is not None and len(shape) == 2 and isinstance(shape[1], Number) and shape[1].text == "1"
        readings, problem = told.run(sides)
        relations = tuple(
            "~=" if r in kinds.ASSIGNING and told.open & {k, k + 1} else r for k, r in enumerate(relations)
        )
        atoms = told.found.atoms
        moved, atoms = kinds.shift_marks(readings, kinds.used_atoms(readings, atoms))
        text, sizes = span.text(self.latex), self.sizes(shape, told)
        kind = kinds.kind_of(relations, moved, atoms)
        alone = kinds.size_items(node) or kinds.product_sizes(node)
        if only_shape or alone is not None:
            kind, sizes = "shape", sizes or self.sizes(alone, told)
        if problem is not None:
            problem = problem.at(*self.place_of((problem.span or Span(0, 0)).start + span.start))
        spans = tuple(
            Span(0, 0) if s.span.start < span.start or (elided and k == 0) else s.span.shifted(-span.start)
            for k, s in enumerate(sides)
        )
        if sizes is not None:
            atoms = {**{n: a for n, a in told.found.atoms.items() if n in sizes}, **atoms}
        return Statement(
            text, self.place(span), kind, relations, tuple(moved), atoms, self.context, sizes, problem, spans
        )

    def sizes(self, shape: tuple[Syntax, ...] | None, told: _Readings) -> Shape | None:
        """Axis sizes as text."""
        if shape is None:
            return None
        reader = told.reader({})
        try:
            return tuple(_size_text(reader.expression(s)) for s in shape)
        except SymdlError:
            return None


_MEMBERSHIP = frozenset({"in", "notin", "subset", ":", "->", "|->"})


class _Readings:
    """All readings of one statement.

    Attributes:
        open: the sides that end in an ellipsis: their finite terms were read, so they equal nothing exactly.
        noted: what is noted on every reading.
    """

    def __init__(self, letters: Letters, names: NameTable, start: int, relations: Sequence[str], elided: bool) -> None:
        self.letters = letters
        self.names = names
        self.start = start
        self.relations = relations
        self.elided = elided
        self.found = Found()
        self.column = False
        self.open: set[int] = set()
        self.noted: dict[str, None] = {}

    def reader(self, choices: dict[str, int]) -> Elaboration:
        reader = Elaboration(self.letters, self.names, self.found, choices, self.start)
        reader.column = self.column
        reader.sets = bool(_MEMBERSHIP & set(self.relations))
        reader.notes.update(self.noted)
        return reader

    def run(self, sides: Sequence[Syntax]) -> tuple[list[Reading], Diagnostic | None]:
        """Every reading once, likeliest first; the reason if there is none."""
        out: list[Reading] = []
        problem: Diagnostic | None = None
        try:
            out.append(self.one(sides, {}))
        except Valueless:
            return [], None
        except SymdlError as error:
            problem = error.diagnostic
        except RecursionError:
            problem = Diagnostic("SD202", "the formula is nested too deeply", "split it")
        if self.found.applied & self.found.opaque:  # f(x + h) beside f(x): both are applied
            out.clear()
            with contextlib.suppress(SymdlError):
                out.append(self.one(sides, {}))
        met = dict(self.found.met)
        for choices in _combinations(met):
            try:
                reading = self.one(sides, choices)
            except (SymdlError, RecursionError):
                continue
            if all(reading.sides != other.sides for other in out):
                out.append(reading)
        return out, None if out else problem

    def one(self, sides: Sequence[Syntax], choices: dict[str, int]) -> Reading:
        reader = self.reader(choices)
        reader.sigma_defined = (
            bool(self.relations) and self.relations[0] in kinds.ASSIGNING and _defines_sigma(sides[0])
        )
        done: list[Node | None] = []
        for k, side in enumerate(sides):
            if isinstance(side, Empty):
                done.append(None)
                continue
            reader.on_left = k == 0 and bool(self.relations) and self.relations[0] in kinds.ASSIGNING
            reader.whole_left = isinstance(side, Product) and len(side.factors) == 2
            ended = "open-ended" in reader.notes
            node = self.listed(reader, side)
            if "open-ended" in reader.notes and not ended:
                self.open.add(k)
            reader.on_left = False
            if side.span.end - side.span.start > DEPTH and _depth(node) > DEPTH:
                raise NotSupported("SD202", "the formula is nested too deeply", "split it", reader.at(side))
            if self.elided and k == 0:
                node = array.transform(node, lambda n: replace(n, span=None))
            done.append(node)
        return Reading(tuple(done), tuple(reader.notes))

    def listed(self, reader: Elaboration, side: Syntax) -> Node:
        """A side; a list without brackets is a tuple."""
        if isinstance(side, Fence) and side.opener == "" and len(side.items) > 1:
            return array.Concat(tuple(map(reader.expression, side.items)), span=reader.at(side))
        if reader.on_left and (pair := kinds.convolved(side)) is not None:
            name = array.Name(reader.identifier(Atom("convolution"))).id
            return array.Apply(name, tuple(map(reader.expression, pair)), span=reader.at(side))
        if (space := kinds.real_space(side)) is not None and space:
            return array.Concat(tuple(map(reader.expression, space)), span=reader.at(side))
        if self.relations and isinstance(side, Fence) and side.opener == "(" and kinds.is_comparison(side.items):
            return reader.expression(side.items[0])  # a mask: D = (U < p)
        reader.alone = kinds.is_number_set(side)
        node = reader.expression(side)
        reader.alone = False
        return node


def _depth(node: Node) -> int:
    """Levels of an array expression, found without recursion."""
    deepest, stack = 0, [(node, 1)]
    while stack:
        top, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((child, level + 1) for child in array.children(top))
    return deepest


def _defines_sigma(left: Syntax) -> bool:
    """Whether a left side is ``\\sigma(x)``."""
    if not isinstance(left, Product) or len(left.factors) != 2:
        return False
    name = left.factors[0]
    return isinstance(name, Letter) and name.name in conv.SIGMOID_LETTERS


def _combinations(met: dict[str, int]) -> list[dict[str, int]]:
    """Every other way to take the choices met, fewest departures from the likeliest first."""
    spaces = [range(count) for count in met.values()]
    found = [dict(zip(met, values, strict=True)) for values in itertools.product(*spaces) if any(values)]
    found.sort(key=lambda c: sum(map(bool, c.values())))
    return found[: READINGS - 1]


def _joined(items: list[tuple[Syntax, str]], row: Row) -> Iterator[Syntax]:
    """Items of a row; ``a, b = 1, 2`` and ``k = 1, \\dots, n`` are one statement each."""
    run: list[Syntax] = []
    for node, joint in [*items, (Empty(row.span), "end")]:
        if run and joint != ",":
            yield from _unlisted(run)
            run = []
        run.append(node)


def _unlisted(run: list[Syntax]) -> Iterator[Syntax]:
    """A run of items joined by bare commas."""
    related = [k for k, n in enumerate(run) if isinstance(n, Relation)]
    if len(run) == 1 or len(related) == len(run):
        yield from run
        return
    whole = run[0].span.cover(run[-1].span)
    if len(related) != 1:
        if related:
            yield from run
        else:
            yield Fence(whole, "", "", tuple(run), (",",) * (len(run) - 1))
        return
    at = related[0]
    middle = run[at]
    assert isinstance(middle, Relation)
    left, right = [*run[:at], middle.sides[0]], [middle.sides[-1], *run[at + 1 :]]
    if len(middle.sides) == 2 and ((len(left) == 1 and len(right) == 1) or not isinstance(left[0], Empty)):
        yield Relation(whole, middle.operators, (_listing(left), _listing(right)))
    else:
        yield from run


def _listing(nodes: list[Syntax]) -> Syntax:
    if len(nodes) == 1:
        return nodes[0]
    span = nodes[0].span.cover(nodes[-1].span)
    return Fence(span, "", "", tuple(nodes), (",",) * (len(nodes) - 1))


def _size_text(node: Node) -> str:
    if isinstance(node, array.Name):
        return node.id
    if isinstance(node, array.Num):
        return str(node.value)
    from symdl.notation.strict import show

    return show(node)


def _stripped(text: str) -> Span:
    """The span of a text without the blanks around it."""
    start = len(text) - len(text.lstrip())
    return Span(min(start, len(text)), max(len(text.rstrip()), min(start, len(text))))
