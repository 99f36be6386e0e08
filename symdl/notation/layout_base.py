"""What the parts of the layout share: levels of binding, brackets, how names are spelled."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from symdl.notation.boxes import Box, Fenced, Symbol, joined, listed, operator
from symdl.notation.spelling import atom_of, name_parts, scripted
from symdl.terms.array import (
    Add,
    Call,
    Const,
    Derivative,
    Div,
    Index,
    Mul,
    Name,
    Neg,
    Node,
    Norm,
    Num,
    Pow,
    Reduce,
    children,
)
from symdl.terms.symbols import Atom

ADD, MUL, POW, ATOM = 10, 20, 40, 50
"""How tightly a printed part holds together."""
OPENING = frozenset("f g h sigma phi varphi psi Phi calL J L Omega ell calJ calN calF calU calD Psi".split())
"""Letters that readers take for functions when a bracket follows."""
_SCALAR_CALLS = frozenset("trace det logdet sum mean max min prod norm logsumexp".split())
_RAW_SCRIPT = re.compile(r"([_^])(\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|[A-Za-z0-9])\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """A printed piece: its box, how tightly it binds, whether it reaches to the right as far as it can."""

    box: Box
    level: int = ATOM
    open: bool = False


@dataclass(frozen=True, slots=True)
class Spelling:
    """How names are printed, and which of them are arrays."""

    names: Mapping[str, str | Atom] = field(default_factory=dict)
    arrays: frozenset[str] = frozenset()

    def parts(self, identifier: str) -> tuple[Box, list[Box], list[Box]]:
        """Base, subscripts and superscripts of a name."""
        known = self.names.get(identifier)
        if known is None:
            return name_parts(atom_of(identifier))
        return name_parts(known) if isinstance(known, Atom) else _raw_parts(known.strip())

    def name(self, identifier: str) -> Box:
        """The whole name."""
        return scripted(*self.parts(identifier))

    def is_array(self, node: Node) -> bool:
        """Whether a node is a vector or a matrix, as far as the names say."""
        if isinstance(node, Name):
            return node.id in self.arrays
        if isinstance(node, (Index, Norm, Num, Const, Reduce, Derivative)):
            return False
        if isinstance(node, Call) and node.function in _SCALAR_CALLS and not node.options:
            return False
        return any(map(self.is_array, children(node)))


def _raw_parts(text: str) -> tuple[Box, list[Box], list[Box]]:
    """LaTeX as a sheet writes it, its scripts apart so that others can join them."""
    subs: list[Box] = []
    sups: list[Box] = []
    while m := _RAW_SCRIPT.search(text):
        script = Symbol("raw", m[2][1:-1] if m[2][0] == "{" else m[2], "")
        (subs if m[1] == "_" else sups).insert(0, script)
        text = text[: m.start()].rstrip()
    if not text:  # nothing but scripts: leave it whole
        return Symbol("raw", "", ""), subs, sups
    return Symbol("raw", text, text), subs, sups


class Layout:
    """The state of one printing: the spelling, and the printer of any node."""

    part: Callable[[Node], Part]

    def __init__(self, spelling: Spelling) -> None:
        self.spelling = spelling

    def inner(self, node: Node) -> Box:
        """A node where nothing can be misread: in a fraction, a root, brackets."""
        return self.part(node).box

    def held(self, node: Node, level: int, last: bool = True) -> Box:
        """A node that must bind at least as tightly as ``level``, in brackets if it does not."""
        part = self.part(node)
        return part.box if part.level >= level and (last or not part.open) else bracketed(part.box)

    def script(self, node: Node) -> Box:
        """A node in a superscript: a quotient of simple things stands on one line there."""
        if isinstance(node, Neg) and isinstance(node.body, Div):
            return joined(operator("-", "−"), self.script(node.body))
        if isinstance(node, Div) and isinstance(node.left, Neg):
            return joined(operator("-", "−"), self.script(Div(node.left.body, node.right)))
        if isinstance(node, Div):
            top, bottom = self.part(node.left), self.part(node.right)
            if not isinstance(node.left, Add) and not top.open and is_simple(node):
                below = bottom.box if bottom.level >= POW else bracketed(bottom.box)
                return joined(top.box, operator("/"), below)
        return self.inner(node)

    def called(self, function: Box, args: list[Node]) -> Box:
        """A function with its arguments in brackets."""
        return joined(function, bracketed(listed([self.inner(a) for a in args])))


def is_simple(node: Node) -> bool:
    """Whether a node holds arithmetic of names and numbers only."""
    plain = (Name, Num, Const, Index, Add, Neg, Mul, Div, Pow)
    return isinstance(node, plain) and (isinstance(node, Index) or all(map(is_simple, children(node))))


def bracketed(box: Box) -> Box:
    """A box in round brackets."""
    return Fenced("(", ")", box)
