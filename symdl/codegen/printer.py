"""Pieces as NumPy source: array expressions with the types of their data kept, loops, and windows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import sympy as sp

from symdl.codegen.array_text import ArrayText
from symdl.codegen.array_text import _Printer as _ArrayPrinter
from symdl.codegen.pieces import Formula, Piece, Spread, Steps
from symdl.codegen.slicing import number
from symdl.functions import lookup
from symdl.functions.declare import ArrayOperation, Elementwise
from symdl.terms import array
from symdl.terms.array import Node

_ATOM, _POW, _LOOSE = 50, 40, 0
_BY_DATA = frozenset({"eye", "arange", "ones", "zeros"})


@dataclass
class PieceText(ArrayText):
    """Prints pieces.

    Attributes:
        counts: names that are Python numbers: sizes, and the counters of loops.
        like: name of an array of floats, whose type the new arrays get.
    """

    counts: Collection[str] = field(default_factory=set)
    like: str = ""

    def text(self, node: Node) -> str:
        """The expression as NumPy source."""
        return _Printer(self).text(node)

    def number(self, e: sp.Expr) -> str:
        """An expression of sizes."""
        return self.text(number(e))

    def piece(self, p: Piece) -> list[str]:
        """The lines of one piece."""
        if isinstance(p, Formula):
            return [f"{p.target} = {self.text(p.node)}"]
        if isinstance(p, Spread):
            return self.spread(p)
        return self.steps(p)

    def spread(self, p: Spread) -> list[str]:
        """``V = zeros``, and for every offset ``V[slices] += part``."""
        lines = [f"{p.target} = {self.text(p.zeros)}"]
        indent = ""
        for name, count in p.counters:
            lines.append(f"{indent}for {name} in range({self.text(count)}):")
            indent += "    "
        return [*lines, f"{indent}{self.text(p.slot)} {'+=' if p.counters else '='} {self.text(p.part)}"]

    def steps(self, p: Steps) -> list[str]:
        """A loop over time."""
        times = f"range({self.text(p.count)})"
        head = f"for {p.counter} in {f'reversed({times})' if p.backwards else times}:"
        before = [line for f in p.before for line in self.piece(f)]
        return [*before, head, *("    " + line for f in p.body for line in self.piece(f))]


class _Printer(_ArrayPrinter):
    """Adds to array expressions what only emission writes."""

    def __init__(self, owner: PieceText) -> None:
        super().__init__(owner)
        self.counts = owner.counts
        self.like = owner.like

    def show_slice(self, n: array.Slice) -> tuple[str, int]:
        parts = ["" if p is None else self.text(p) for p in (n.start, n.stop)]
        parts += [] if n.step is None else [self.text(n.step)]
        if all(p.lstrip("-").isalnum() or not p for p in parts):
            return ":".join(parts), _LOOSE
        return " : ".join(parts).replace(" :  : ", " :: ").strip(), _LOOSE

    def show_call(self, n: array.Call) -> tuple[str, int]:
        if n.function == "sqrt" and self.counted(n.args[0]):  # a root by NumPy would be double precision
            return f"{self.text(n.args[0], _ATOM)}**0.5", _POW
        special = getattr(self, f"call_{n.function}", None)
        if special is not None:
            return special(n), _ATOM
        if n.function in _BY_DATA and self.like:
            text, level = super().show_call(n)
            return f"{text[:-1]}, dtype={self.like}.dtype)", level
        row = lookup(n.function)
        if isinstance(row, ArrayOperation) and row.name in ("softmax", "log_softmax", "logsumexp"):
            self.helpers.add(row.name)
            return f"{row.name}({self.text(n.args[0])}, axis={n.option('axis', -1)})", _ATOM
        if isinstance(row, Elementwise) and len(n.args) < len(row.symbols):
            defaults = [p.default for p in row.parameters][len(n.args) - len(row.symbols) :]
            if all(d is not None for d in defaults):
                n = array.Call(n.function, (*n.args, *map(number, defaults)), n.options)
        return super().show_call(n)

    def counted(self, n: Node) -> bool:
        """Whether an expression is a Python number."""
        return all(name in self.counts for name in array.names(n))

    def shape(self, sizes: tuple[Node, ...]) -> str:
        return f"({', '.join(map(self.text, sizes))}{',' if len(sizes) == 1 else ''})"

    def call_broadcast_to(self, n: array.Call) -> str:
        value, *sizes = n.args
        if not array.names(value) and self.like:
            return f"np.full({self.shape(tuple(sizes))}, {self.text(value)}, dtype={self.like}.dtype)"
        return f"np.broadcast_to({self.text(value)}, {self.shape(tuple(sizes))})"

    def call_reshape(self, n: array.Call) -> str:
        return f"np.reshape({self.text(n.args[0])}, {self.shape(n.args[1:])})"

    def call_zeros_like(self, n: array.Call) -> str:
        like, *sizes = n.args
        return f"np.zeros_like({self.text(like)}{f', shape={self.shape(tuple(sizes))}' if sizes else ''})"

    def call_empty_like(self, n: array.Call) -> str:
        return self.call_zeros_like(n).replace("zeros", "empty", 1)

    def call_sliding_window_view(self, n: array.Call) -> str:
        x, *spans = n.args
        axis = f", axis={n.option('axis')}" if n.option("axis") is not None else ""
        return f"np.lib.stride_tricks.sliding_window_view({self.text(x)}, {self.shape(tuple(spans))}{axis})"

    def call_pad(self, n: array.Call) -> str:
        x, *widths = n.args
        texts = [self.text(w) for w in widths]
        if len(set(texts)) == 1:
            return f"np.pad({self.text(x)}, {texts[0]})"
        pairs = ", ".join(f"({a}, {b})" for a, b in zip(texts[::2], texts[1::2], strict=True))
        return f"np.pad({self.text(x)}, ({pairs}{',' if len(texts) == 2 else ''}))"
