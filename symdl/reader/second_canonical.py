r"""Writes one side in the plain LaTeX that latex2sympy2 reads: ``x_{k}`` for quantities, explicit products, brackets.

The structure is that of the syntax tree, not that of our reading: what the elaboration made of it is what is to be
checked. Our reading only says which pieces of text are quantities, by their spans.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from symdl.errors import NotSupported, Span
from symdl.reader.parser import parse
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.syntax import (
    Empty,
    Fence,
    Fraction,
    Letter,
    Number,
    Product,
    Relation,
    Root,
    Scripted,
    Stack,
    Sum,
    Syntax,
    Word,
)

FUNCTIONS = {
    "exp": (r"\exp", "exp"),
    "log": (r"\ln", "log"),
    "sqrt": (r"\sqrt", "sqrt"),
    "sin": (r"\sin", "sin"),
    "cos": (r"\cos", "cos"),
    "tan": (r"\tan", "tan"),
    "sinh": (r"\sinh", "sinh"),
    "cosh": (r"\cosh", "cosh"),
    "tanh": (r"\tanh", "tanh"),
    "arctan": (r"\arctan", "atan"),
}
"""Functions both readers know: their LaTeX, and mpmath's name."""
_COMMANDS = {"ln": r"\ln", **{name: command for name, (command, _) in FUNCTIONS.items() if name != "sqrt"}}
LONGEST = 600
DEEPEST = 12
_TRANSPARENT = (array.Num, array.Add, array.Neg, array.Mul, array.Div, array.Pow)
_OPERATORS = {"": r" \cdot ", "cdot": r" \cdot ", "times": r" \cdot ", "odot": r" \cdot ", "*": r" \cdot ", "/": " / "}


@dataclass(frozen=True, slots=True)
class Canonical:
    """The side as it is given to the second reader; ``leaves[k]`` is what stands there as ``x_{k}``."""

    latex: str
    leaves: tuple[Node, ...]

    def number(self, node: Node) -> int | None:
        """The k of a leaf."""
        return None if is_transparent(node) else self.leaves.index(node) if node in self.leaves else None


def is_transparent(node: Node) -> bool:
    """Whether both readers look inside a node."""
    if isinstance(node, array.Call):
        return node.function in FUNCTIONS and len(node.args) == 1 and not node.options
    return isinstance(node, _TRANSPARENT) or node == array.Const("pi")


def canonical(side: Node, latex: str) -> Canonical:
    """Writes a side anew.

    Raises:
        NotSupported: SD213 if there is nothing both readers could compare.
        LatexError: if the side's text is no formula of its own.
    """
    span = side.span
    if span is None or not span.text(latex).strip():
        raise NotSupported("SD213", "the side has no text of its own")
    block = parse(span.text(latex))
    if len(block.rows) != 1 or len(block.rows[0].items) != 1:
        raise NotSupported("SD213", "the side is a list")
    tree = block.rows[0].items[0]
    while isinstance(tree, Relation) and len(tree.sides) == 2 and isinstance(tree.sides[0], Empty):
        tree = tree.sides[1]
    writer = _Writer(side, span.start)
    text = writer.write(tree)
    if len(text) > LONGEST:
        raise NotSupported("SD213", "the side is too long for the second reader")
    return Canonical(text, tuple(writer.leaves))


class _Writer:
    def __init__(self, side: Node, start: int) -> None:
        self.start = start
        self.depth = 0
        self.leaves: list[Node] = []
        self.outer: dict[tuple[int, int], Node] = {}  # the outermost node of our reading on each piece of text
        self.collect(side)

    def collect(self, node: Node) -> None:
        if node.span is not None:
            self.outer.setdefault((node.span.start - self.start, node.span.end - self.start), node)
        if is_transparent(node):
            for child in array.children(node):
                self.collect(child)

    def fail(self, what: str) -> NotSupported:
        return NotSupported("SD213", f"{what} is nothing the second reader knows")

    def at(self, span: Span) -> Node | None:
        return self.outer.get((span.start, span.end))

    def leaf(self, node: Node) -> str:
        if node not in self.leaves:
            self.leaves.append(node)
        return f"x_{{{self.leaves.index(node)}}}"

    def write(self, tree: Syntax) -> str:
        """One expression."""
        node = self.at(tree.span)
        if node is not None and not is_transparent(node):
            return self.leaf(node) + _power(node, tree)
        method = _WRITERS.get(type(tree))
        if method is None:
            raise self.fail(type(tree).__name__.lower())
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail("so deep a nesting")
        text = method(self, tree)
        self.depth -= 1
        return text

    def number(self, tree: Number) -> str:
        return tree.text

    def letter(self, tree: Letter) -> str:
        node = self.at(tree.span)
        if node == array.Const("pi"):
            return r"\pi"
        raise self.fail(tree.name)

    def sum(self, tree: Sum) -> str:
        out = ""
        for sign, term in zip(tree.signs, tree.terms, strict=True):
            if sign not in ("", "+", "-"):
                raise self.fail(sign)
            out += (f" {sign} " if out or sign == "-" else "") + self.write(term)
        return out.strip()

    def fraction(self, tree: Fraction) -> str:
        return rf"\frac{{{self.write(tree.top)}}}{{{self.write(tree.bottom)}}}"

    def root(self, tree: Root) -> str:
        degree = "" if tree.degree is None else f"[{self.write(tree.degree)}]"
        return rf"\sqrt{degree}{{{self.write(tree.body)}}}"

    def fence(self, tree: Fence) -> str:
        if len(tree.items) != 1 or tree.opener not in ("(", "[", "{", ""):
            raise self.fail(f"a fence {tree.opener}")
        return rf"\left({self.write(tree.items[0])}\right)"

    def stack(self, tree: Stack) -> str:
        return self.write(tree.body)

    def scripted(self, tree: Scripted) -> str:
        """A power: what stands below the exponent is a leaf, or the base of the syntax tree."""
        node = self.at(tree.span)
        script = tree.scripts[-1]
        if script.position != "sup" or script.body is None:
            raise self.fail("a script")
        if isinstance(node, array.Call) and node.function == "exp":
            return rf"\exp\left({self.write(script.body)}\right)"
        if isinstance(node, array.Pow) and not is_transparent(node.base) and node.base.span is not None:
            base = self.leaf(node.base)
        elif len(tree.scripts) == 1:
            base = self.write(tree.base)
        else:
            raise self.fail("several scripts")
        plain = base.startswith((r"\left(", "x_")) or base.isdigit()
        return f"{base if plain else rf'{chr(92)}left({base}{chr(92)}right)'}^{{{self.write(script.body)}}}"

    # ---- products

    def product(self, tree: Product) -> str:
        """Factors; a run of them that is one leaf or one call stands together."""
        out, k = "", 0
        factors, operators = tree.factors, tree.operators
        while k < len(factors):
            if k:
                if operators[k - 1] not in _OPERATORS:
                    raise self.fail(operators[k - 1])
                out += _OPERATORS[operators[k - 1]]
            text, k = self.run(factors, k)
            out += text
        return out

    def run(self, factors: Sequence[Syntax], k: int) -> tuple[str, int]:
        """The longest run from factor ``k`` that our reading takes as one leaf or one call."""
        function = self.function(factors[k])
        for end in range(len(factors), k, -1):
            node = self.at(factors[k].span.cover(factors[end - 1].span))
            if node is None or (end - k == len(factors) and is_transparent(node) and not function):
                continue
            if not is_transparent(node):
                return self.leaf(node) + (_power(node, factors[k]) if end == k + 1 else ""), end
            if function and end > k + 1 and (text := self.call(node, factors[k], factors[k + 1 : end])):
                return text, end
        if function:
            raise self.fail("a function without argument")
        factor = factors[k]
        text = self.write(factor)
        return (rf"\left({text}\right)" if isinstance(factor, Sum) else text), k + 1

    def function(self, factor: Syntax) -> bool:
        base = factor.base if isinstance(factor, Scripted) else factor
        return isinstance(base, Word) and base.text in _COMMANDS

    def call(self, node: Node, head: Syntax, rest: Sequence[Syntax]) -> str | None:
        """``\\ln(..)``, also with a power on the function's name."""
        power = ""
        if isinstance(node, array.Pow) and isinstance(head, Scripted) and head.scripts[-1].position == "sup":
            body = head.scripts[-1].body
            power = "" if body is None else f"^{{{self.write(body)}}}"
            node = node.base
        elif isinstance(head, Scripted):
            return None
        word = head.base if isinstance(head, Scripted) else head
        command = _COMMANDS.get(word.text) if isinstance(word, Word) else None  # by what is written, not by our reading
        if not isinstance(node, array.Call) or command is None:
            return None
        if len(rest) == 1:
            tree = rest[0]
            inner = self.write(tree.items[0]) if isinstance(tree, Fence) and len(tree.items) == 1 else self.write(tree)
        else:
            inner = self.product(Product(rest[0].span.cover(rest[-1].span), tuple(rest), ("",) * (len(rest) - 1)))
        text = rf"{command}\left({inner}\right)"
        return rf"\left({text}\right){power}" if power else text


def _power(node: Node, tree: Syntax) -> str:
    """A number above a name is a power, even if our reading took it for a part of the name."""
    if not isinstance(tree, Scripted) or not isinstance(node, (array.Name, array.Index)):
        return ""
    script = tree.scripts[-1]
    return f"^{{{script.body.text}}}" if script.position == "sup" and isinstance(script.body, Number) else ""


_WRITERS: dict[type, Callable[[_Writer, Any], str]] = {
    Number: _Writer.number,
    Letter: _Writer.letter,
    Sum: _Writer.sum,
    Fraction: _Writer.fraction,
    Root: _Writer.root,
    Fence: _Writer.fence,
    Stack: _Writer.stack,
    Scripted: _Writer.scripted,
    Product: _Writer.product,
}
