"""Do the shapes of a section fit together, and if not, which statement is to blame.

Constraints come from declared shapes, sums, products and equalities. Index letters of layers are
instantiated. A statement is called ill-formed only if the smallest set of statements whose removal mends
the section is unique; on a tie nobody is accused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symdl.checker.axis_sizes import ONE, Constraint, Size, clash, conflict, corrections, statements_of
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Statement
from symdl.terms.symbols import Atom

LAYERS: tuple[Mapping[str, int], ...] = tuple({"l": n, "i": n, "j": n, "L": 3, "K": 3} for n in (1, 2, 3))
"""Instances of a statement about a general layer; the third is the last, so that it meets what is said of the last."""
_LAYER = re.compile(r"([A-Za-z]+)?\s*([+-])?\s*(\d+)?\Z")


@dataclass(frozen=True, slots=True)
class ShapeConflict:
    """A statement whose shapes contradict others: in words, and which statements it contradicts."""

    cause: str
    against: tuple[int, ...]


def shape_conflicts(statements: Sequence[Statement]) -> dict[int, ShapeConflict]:
    """Returns the statements to blame, by their position in ``statements``.

    Args:
        statements: all statements of a document, in order.
    """
    out: dict[int, ShapeConflict] = {}
    sections: dict[str, list[int]] = {}
    for k, s in enumerate(statements):
        sections.setdefault(s.context.headings[0] if s.context.headings else "", []).append(k)
    for members in sections.values():
        if not any(statements[k].shape for k in members):
            continue
        vectors = frozenset(v for k in members for v in _vectors(statements[k]))
        constraints = [c for k in members for c in _constraints(k, statements[k], vectors)]
        if clash(constraints) is None:
            continue
        sets = corrections(constraints, fixed=frozenset(k for k in members if _declares(statements[k])))
        if len(sets) == 1:
            for guilty in sets[0]:
                out[guilty] = _explained(constraints, guilty, sets[0])
    return out


def _declares(statement: Statement) -> bool:
    """Whether a statement only declares a shape; the formula that does not fit it is to blame."""
    return statement.kind == "shape" or statement.relations[:1] in (("in",), ("->",))


def _explained(constraints: Sequence[Constraint], guilty: int, gone: frozenset[int]) -> ShapeConflict:
    others = [s for s in statements_of(constraints) if s not in gone]
    core = conflict(constraints, [*others, guilty])
    rest = [c for c in constraints if c.statement in core and c.statement != guilty]
    own = [c for c in constraints if c.statement == guilty]
    # the first demand of the guilty statement itself that cannot be met
    failed = next((c for k, c in enumerate(own) if clash([*rest, *own[: k + 1]]) is not None), None)
    return ShapeConflict(failed.why if failed else "the shapes do not fit", tuple(s for s in core if s != guilty))


def _vectors(statement: Statement) -> Iterator[str]:
    """Letters declared with one axis: in a sum such a vector may be a row as well as a column."""
    left = statement.readings[0].sides[0] if statement.readings else None
    if _declares(statement) and statement.shape and len(statement.shape) == 1 and isinstance(left, array.Name):
        atom = statement.atoms.get(left.id)
        yield atom.letter if atom is not None else left.id


def _constraints(number: int, statement: Statement, vectors: frozenset[str]) -> Iterator[Constraint]:
    if not statement.readings:
        return
    for k, env in enumerate(LAYERS):
        generator = _Generator(number, statement, env, k, vectors)
        yield from generator.run()
        if not generator.generic:
            return


class _Generator:
    """Constraints of one statement under one choice of layer numbers."""

    def __init__(
        self, number: int, statement: Statement, env: Mapping[str, int], instance: int, vectors: frozenset[str]
    ) -> None:
        self.number = number
        self.statement = statement
        self.env = env
        self.instance = instance
        self.vectors = vectors
        self.generic = False
        self.counter = itertools.count()
        self.out: list[Constraint] = []

    def run(self) -> list[Constraint]:
        sides = self.statement.readings[0].sides
        if _declares(self.statement) or any(r in ("in", "->", ":") for r in self.statement.relations):
            if self.statement.shape and sides[0] is not None and self.statement.relations[:1] in (("in",), ("->",)):
                self.declare(self.shape(sides[0]), self.statement.shape)
            return self.out
        known: tuple[Size, Size] | None = None
        for side in sides:
            if side is None or any(isinstance(n, (array.Derivative, array.Expect)) for n in array.walk(side)):
                continue
            here = self.shape(side)
            if known is not None:
                self.equal(known[0], here[0], "the two sides have different numbers of rows")
                self.equal(known[1], here[1], "the two sides have different numbers of columns")
            known = here
        if self.statement.shape and known is not None:
            self.declare(known, self.statement.shape)
        return self.out

    def declare(self, found: tuple[Size, Size], shape: Sequence[str]) -> None:
        if len(shape) > 2:
            return
        rows, columns = (shape[0], ONE) if len(shape) == 1 else shape
        self.equal(found[0], self.size(rows), "the number of rows is not the declared one")
        self.equal(found[1], self.size(columns), "the number of columns is not the declared one")

    def size(self, text: str) -> Size:
        """A declared size: ``nlm1`` with its layer number put in."""
        atom = self.statement.atoms.get(text)
        if atom is not None:
            return f"{atom.letter}{atom.subscript}{self.layer(atom.layer)}"
        found = re.fullmatch(r"(n_?)([lKLi])(?:(m|p)(\d))?", text)
        if found:
            letter, layer, sign, step = found.groups()
            return f"{letter}{self.layer(layer + ({'m': '-', 'p': '+'}[sign] + step if sign else ''))}"
        return text

    def layer(self, text: str) -> str:
        """A layer mark as a number, or as it is where no instance is known."""
        found = _LAYER.match(text.replace(" ", ""))
        if not text or not found or text.isdigit():
            return text
        base, sign, step = found.groups()
        if base not in self.env:
            return text
        if base in ("l", "i", "j"):
            self.generic = True
        return str(self.env[base] + (int(step or 0) if sign == "+" else -int(step or 0)))

    def fresh(self) -> Size:
        return ("v", self.number, self.instance, next(self.counter))

    def equal(self, a: Size, b: Size, why: str) -> None:
        self.out.append(Constraint("equal", (a, b), self.number, why))

    def entity(self, name: str) -> tuple[Size, Size]:
        """Shape variables of a named quantity; a gradient has those of what it is taken by."""
        atom = self.statement.atoms.get(name) or Atom(name)
        letter, subscript = atom.letter, atom.subscript
        if letter == "grad":
            letter, subscript = subscript, ""
        elif len(letter) == 2 and letter[0] == "d" and letter[1].isalpha():
            letter = letter[1]
        if letter in _SCALARS and not atom.layer:
            return ONE, ONE
        key = f"{letter}_{subscript}_{atom.accent}_{self.layer(atom.layer)}"
        return ("r", key), ("c", key)

    def shape(self, node: Node) -> tuple[Size, Size]:
        """Shape of an expression, adding what it demands."""
        match node:
            case array.Num() | array.Const() | array.Norm():
                return ONE, ONE
            case array.Name():
                return self.entity(node.id)
            case array.Transpose():
                rows, columns = self.shape(node.body)
                return columns, rows
            case array.Neg():
                return self.shape(node.body)
            case array.Add() if self.is_vector(node.left) != self.is_vector(node.right):
                left, right = self.shape(node.left), self.shape(node.right)
                return right if self.is_vector(node.left) else left
            case array.Add() | array.Div():
                return self.broadcast(self.shape(node.left), self.shape(node.right), node)
            case array.Mul():
                return self.product(node)
            case array.Apply() if len(node.args) == 1:
                return self.shape(node.args[0])
            case array.Call():
                return self.call(node)
        return self.fresh(), self.fresh()

    def is_vector(self, node: Node) -> bool:
        if not isinstance(node, array.Name):
            return False
        atom = self.statement.atoms.get(node.id)
        return (atom.letter if atom is not None else node.id) in self.vectors

    def broadcast(self, a: tuple[Size, Size], b: tuple[Size, Size], node: Node) -> tuple[Size, Size]:
        out = (self.fresh(), self.fresh())
        for x, y, z, what in zip(a, b, out, ("rows", "columns"), strict=True):
            why = f"{self.text(node)}: the terms have different numbers of {what}"
            self.out.append(Constraint("broadcast", (x, y, z), self.number, why))
        return out

    def product(self, node: array.Mul) -> tuple[Size, Size]:
        a, b = self.shape(node.left), self.shape(node.right)
        if (ONE, ONE) in (a, b):
            return b if a == (ONE, ONE) else a
        if node.how == array.HADAMARD:
            self.equal(a[0], b[0], f"{self.text(node)}: the factors have different numbers of rows")
            self.equal(a[1], b[1], f"{self.text(node)}: the factors have different numbers of columns")
            return a
        out = (self.fresh(), self.fresh())
        if node.how != array.STAR:  # an asterisk may mean either product
            why = f"{self.text(node)}: columns of the left factor and rows of the right one differ"
            self.out.append(Constraint("product", (*a, *b, *out), self.number, why))
        return out

    def call(self, node: array.Call) -> tuple[Size, Size]:
        if node.function == "sum" and node.option("axis") is not None and node.option("keepdims"):
            rows, columns = self.shape(node.args[0])
            return (rows, ONE) if node.option("axis") == 1 else (ONE, columns)
        if len(node.args) == 1 and node.function in _ELEMENTWISE:
            return self.shape(node.args[0])
        return self.fresh(), self.fresh()

    def text(self, node: Node) -> str:
        return node.span.text(self.statement.latex) if node.span is not None else "the product"


_SCALARS = frozenset("m N lambda alpha eta mu epsilon lr lambd beta".split())
_ELEMENTWISE = frozenset("sigmoid tanh relu exp log softplus leaky_relu softmax sqrt abs".split())
