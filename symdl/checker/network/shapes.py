"""Shapes of the quantities of a network, inferred from its own definitions.

Every quantity has rows and columns; a size that nothing tells is a name of its own, different from all others.
Parameters never carry the axis of the examples: a bias that is added to a matrix is a column, or a row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from symdl.checker.axis_sizes import ONE, Constraint, Size, settle
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Definition, Role
from symdl.terms.symbols import Atom

Pair = tuple[Size, Size]
_BIASES = frozenset("b c beta".split())


class Inference:
    """Collects the constraints of some definitions.

    Args:
        atoms: identifier -> atom.
        bias_columns: whether a bias beside a matrix is a column (examples are columns), else a row.
    """

    def __init__(self, atoms: Mapping[str, Atom], *, bias_columns: bool = True) -> None:
        self.atoms = atoms
        self.bias_columns = bias_columns
        self.constraints: list[Constraint] = []
        self.scalars: set[str] = set()
        self._counter = itertools.count()
        self._number = 0

    def roles(self, lines: Iterable[Definition], declared: Mapping[str, tuple[str, ...]]) -> dict[str, Role] | None:
        """Roles with shapes for every name of the lines; nothing if the lines contradict each other."""
        lines = list(lines)
        for line in lines:
            self.scalars |= {n for node in (line.left, line.right) for n in _limits(node)}
        names: dict[str, None] = {}
        for self._number, line in enumerate(lines):
            for n in (line.name, *array.names(line.right)):
                names.setdefault(n)
            self.letters: dict[str, Size] = {}
            self.equal(self.shape(line.left), self.shape(line.right))
        self.equal(self.entity(lines[-1].name), (ONE, ONE))
        for name, shape in declared.items():
            if name in names and 0 < len(shape) <= 2:
                rows, columns = shape if len(shape) > 1 else (shape[0], ONE)
                self.equal(self.entity(name), (rows, columns))
        solver, failed = settle(self.constraints)
        if failed is not None:
            return None
        sizes: dict[Size, str] = {}
        out: dict[str, Role] = {}
        for name in names:
            if name in self.scalars:
                out[name] = Role(name, "size", (), ())
                continue
            shape = tuple(self._text(solver.find(s), sizes) for s in self.entity(name))
            out[name] = Role(name, "real", () if shape == (ONE, ONE) else shape, ())
        return out

    @staticmethod
    def _text(size: Size, sizes: dict[Size, str]) -> str:
        if isinstance(size, str):
            return size
        return sizes.setdefault(size, f"size{len(sizes) + 1}")

    def entity(self, name: str) -> Pair:
        """Size variables of a quantity."""
        return (ONE, ONE) if name in self.scalars else (("r", name), ("c", name))

    def fresh(self) -> Size:
        """A size that nothing is known of."""
        return ("v", next(self._counter))

    def equal(self, a: Pair, b: Pair) -> None:
        """Demands equal shapes."""
        for x, y in zip(a, b, strict=True):
            self.constraints.append(Constraint("equal", (x, y), self._number, ""))

    def shape(self, node: Node) -> Pair:
        """Shape of an expression; what it demands is added."""
        match node:
            case array.Num() | array.Const() | array.Norm():
                return ONE, ONE
            case array.Name():
                return self.entity(node.id)
            case array.Index(base=array.Name()):
                return self.element(node)
            case array.Transpose():
                rows, columns = self.shape(node.body)
                return columns, rows
            case array.Neg() | array.Pow():
                inner = self.shape(node.body if isinstance(node, array.Neg) else node.base)
                if isinstance(node, array.Pow):
                    self.shape(node.exponent)
                return inner
            case array.Add():
                return self.added(node)
            case array.Div():
                return self.broadcast(self.shape(node.left), self.shape(node.right))
            case array.Mul():
                return self.product(node)
            case array.Reduce():
                return self.reduced(node)
            case array.Apply() | array.Call():
                return self.call(node)
            case array.Derivative():
                return self.shape(node.wrt[0])
        return self.fresh(), self.fresh()

    def element(self, node: array.Index) -> Pair:
        """One element; its letters run over the axes of the array."""
        rows, columns = self.shape(node.base)
        items = [i for i in node.items if not isinstance(i, array.NewAxis)]
        axes = (rows, columns)[: len(items)]
        if len(items) == 1:
            self.constraints.append(Constraint("equal", (columns, ONE), self._number, ""))
        for item, size in zip(items, axes, strict=False):
            if isinstance(item, array.Name):
                letter = self.letters.setdefault(item.id, self.fresh())
                self.constraints.append(Constraint("equal", (letter, size), self._number, ""))
        return ONE, ONE

    def reduced(self, node: array.Reduce) -> Pair:
        """A sum over a letter; ``i = 1 .. m`` says that the letter's axis has m items."""
        inner = self.shape(node.body)
        letter = self.letters.pop(node.index, None)
        first_is_one = isinstance(node.lower, array.Num) and node.lower.value == 1
        if letter is not None and first_is_one and isinstance(node.upper, array.Name):
            self.constraints.append(Constraint("equal", (letter, node.upper.id), self._number, ""))
        return inner

    def added(self, node: array.Add) -> Pair:
        """A sum of terms; a bias has one column, or one row."""
        left, right = self.shape(node.left), self.shape(node.right)
        for bias, other, term in ((node.right, left, right), (node.left, right, left)):
            atom = self.atoms.get(bias.id) if isinstance(bias, array.Name) else None
            if atom is not None and atom.letter in _BIASES:
                kept, single = (0, 1) if self.bias_columns else (1, 0)
                self.constraints.append(Constraint("equal", (term[kept], other[kept]), self._number, ""))
                self.constraints.append(Constraint("equal", (term[single], ONE), self._number, ""))
                return other
        return self.broadcast(left, right)

    def broadcast(self, a: Pair, b: Pair) -> Pair:
        """Elementwise: equal sizes, or 1 beside any."""
        out = (self.fresh(), self.fresh())
        for x, y, z in zip(a, b, out, strict=True):
            self.constraints.append(Constraint("broadcast", (x, y, z), self._number, ""))
        return out

    def product(self, node: array.Mul) -> Pair:
        """A matrix product, a multiple, or an elementwise product."""
        a, b = self.shape(node.left), self.shape(node.right)
        if (ONE, ONE) in (a, b):
            return b if a == (ONE, ONE) else a
        if node.how == array.HADAMARD:
            return self.broadcast(a, b)
        out = (self.fresh(), self.fresh())
        if node.how != array.STAR:
            self.constraints.append(Constraint("product", (*a, *b, *out), self._number, ""))
        return out

    def call(self, node: array.Apply | array.Call) -> Pair:
        """A function by elements, or a sum along an axis."""
        shapes = [self.shape(a) for a in node.args]
        if isinstance(node, array.Call) and node.function in ("sum", "mean", "trace", "det", "logdet"):
            axis = node.option("axis")
            if axis is None:
                return ONE, ONE
            rows, columns = shapes[0]
            return (rows, ONE) if axis == 1 else (ONE, columns)
        return shapes[0] if shapes else (ONE, ONE)


def _limits(node: Node) -> set[str]:
    """Names that bound a sum: counts."""
    out: set[str] = set()
    for n in array.walk(node):
        if isinstance(n, array.Reduce):
            for limit in (n.lower, n.upper):
                out |= set(array.names(limit)) if limit is not None else set()
    return out
