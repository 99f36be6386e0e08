"""The layout of sums, products, quotients and powers: signs between factors, and brackets where they are needed."""

from __future__ import annotations

from symdl.notation.boxes import Box, Fenced, Quotient, Scripts, Symbol, joined, operator, row
from symdl.notation.layout_base import ADD, ATOM, MUL, OPENING, POW, Part, bracketed
from symdl.notation.layout_calls import Calls
from symdl.notation.spelling import atom_of, scripted
from symdl.terms import array
from symdl.terms.array import Node

_PRODUCTS = {array.STAR: operator("*", "∗"), array.DOT: operator(r"\cdot", "·")}
_HADAMARD, _DOT, MINUS = operator(r"\odot", "⊙"), operator(r"\cdot", "·"), operator("-", "−")


class Sums(Calls):
    """Arithmetic."""

    def indices(self, items: tuple[Node, ...]) -> Box:
        """The subscript that addresses an element."""
        raise NotImplementedError

    def show_add(self, n: array.Add) -> Part:
        """Signed terms, flat."""
        terms: list[Node] = []
        top: Node = n
        while isinstance(top, array.Add):
            terms.append(top.right)
            top = top.left
        terms.append(top)
        boxes: list[Box] = []
        for k, term in enumerate(reversed(terms)):
            negative = isinstance(term, array.Neg) and k > 0
            body = term.body if isinstance(term, array.Neg) and negative else term
            rest = terms[: len(terms) - 1 - k]
            boxes += [MINUS if negative else operator("+")] if k else []
            level = MUL if negative or (k and not isinstance(body, array.Neg)) else ADD
            boxes.append(self.term(body, level if k else ADD, rest))
        return Part(row(*boxes), ADD)

    def term(self, node: Node, level: int, rest: list[Node]) -> Box:
        """A summand; a sum whose index stands in a later summand is bracketed, or it would reach over it."""
        bound = {b.index for b in array.walk(node) if isinstance(b, array.Reduce)}
        caught = bound & {name for later in rest for name in array.names(later)}
        part = self.part(node)
        return bracketed(part.box) if part.level < level or (caught and part.open) else part.box

    def show_neg(self, n: array.Neg) -> Part:
        """A minus sign; a sum behind it is bracketed."""
        part = self.part(n.body)
        box = part.box if part.level >= MUL else bracketed(part.box)
        return Part(joined(MINUS, box), ADD, part.open)

    def show_mul(self, n: array.Mul) -> Part:
        """Factors in a row, flat."""
        factors: list[tuple[str, Node]] = []
        top: Node = n
        while isinstance(top, array.Mul) and (not factors or self.chains(top, factors[-1][0])):
            factors.append((self.how(top), top.right))
            top = top.left
        factors.append(("", top))
        factors.reverse()
        boxes: list[Box] = []
        for k, (how, factor) in enumerate(factors):
            last = k == len(factors) - 1
            box = self.factor(factor, how, first=k == 0, last=last)
            if k:
                boxes += self.sign(how, factors[k - 1][1], factor, boxes[-1], box)
            boxes.append(box)
        last_part = self.part(factors[-1][1])
        negative = is_negative(factors[0][1])
        return Part(row(*boxes), ADD if negative else MUL, last_part.open and last_part.level >= MUL)

    def how(self, n: array.Mul) -> str:
        """``HADAMARD`` only between two arrays: elsewhere it is an ordinary product."""
        if n.how == array.HADAMARD:
            both = self.spelling.is_array(n.left) and self.spelling.is_array(n.right)
            return array.HADAMARD if both else array.JUXTAPOSED
        return array.JUXTAPOSED if n.how == array.MATMUL else n.how

    def chains(self, left: array.Mul, how: str) -> bool:
        """Whether a product may stand unbracketed at the left of another sign."""
        own = self.how(left)
        return own == how or how == array.HADAMARD or own in (array.JUXTAPOSED, array.DOT)

    def factor(self, node: Node, how: str, first: bool, last: bool) -> Box:
        """One factor, in brackets where it would fall apart."""
        part = self.part(node)
        if first and is_negative(node) and not part.open:
            return part.box
        inside = isinstance(node, array.Mul) and not first and how == array.JUXTAPOSED
        if (
            inside
            and isinstance(node, array.Mul)
            and self.how(node) == array.JUXTAPOSED
            and part.level >= MUL
            and (last or not part.open)
        ):
            return part.box  # a product is associative
        if isinstance(node, array.Mul):
            return bracketed(part.box)
        return part.box if part.level >= MUL and (last or not part.open) else bracketed(part.box)

    def sign(self, how: str, before: Node, node: Node, left: Box, right: Box) -> list[Box]:
        """What stands between two factors."""
        if how in _PRODUCTS:
            return [_PRODUCTS[how]]
        if how == array.HADAMARD:
            return [_HADAMARD]
        if _first(right).kind == "number" or _last(left).kind == "word":
            return [_DOT]
        if isinstance(right, Fenced) and right.opener == "(" and self.opens(before):
            return [_DOT]
        return []

    def opens(self, node: Node) -> bool:
        """Whether a bracket behind this factor would be taken for its arguments."""
        while isinstance(node, (array.Mul, array.Neg)):
            node = node.right if isinstance(node, array.Mul) else node.body
        base = node.base if isinstance(node, array.Index) else node
        if not isinstance(base, array.Name):
            return False
        atom = atom_of(base.id)
        return atom.letter in OPENING or atom.primes > 0

    def show_div(self, n: array.Div) -> Part:
        """A fraction; its sign stands before it."""
        if isinstance(n.left, array.Neg):
            return Part(joined(MINUS, Quotient(self.inner(n.left.body), self.inner(n.right))), ADD)
        return Part(Quotient(self.inner(n.left), self.inner(n.right)), MUL + 1)

    def show_pow(self, n: array.Pow) -> Part:
        """A superscript."""
        return self.raised(n.base, self.script(n.exponent))

    def show_transpose(self, n: array.Transpose) -> Part:
        """A superscript."""
        return self.raised(n.body, Symbol("operator", r"\top", "⊤"))

    def raised(self, node: Node, above: Box) -> Part:
        """A superscript; a layer mark already there goes before a transpose, and into brackets under a power."""
        base = node.base if isinstance(node, array.Index) else node
        if isinstance(base, array.Name):
            root, subs, sups = self.spelling.parts(base.id)
            if isinstance(node, array.Index) and not all(map(is_whole, node.items)):
                subs = [*subs, self.indices(node.items)]
            transposed = isinstance(above, Symbol) and above.latex == r"\top"
            euler = base.id == "e" and isinstance(node, array.Name)  # e^2 would be the exponential
            if (not sups and (transposed or not euler)) or (transposed and not _is_prime(sups[-1])):
                return Part(scripted(root, subs, [*sups, above]), POW)
        box = self.held(node, ATOM, last=False)
        return Part(Scripts(bracketed(box) if node == array.Name("e") else box, None, above), POW)


def is_negative(node: Node) -> bool:
    """Whether a node is printed with a minus sign before it."""
    if isinstance(node, array.Div):
        return isinstance(node.left, array.Neg)
    return isinstance(node, array.Neg) or (isinstance(node, array.Num) and node.value < 0)


def _is_prime(box: Box) -> bool:
    return isinstance(box, Symbol) and box.latex.startswith(r"\prime")


def is_whole(item: Node) -> bool:
    """``None`` or ``:`` inside an index."""
    return isinstance(item, array.NewAxis) or item == array.Slice(None, None, None)


def _first(box: Box) -> Symbol:
    """The first symbol of a box, as far as it can run into what stands before it."""
    while not isinstance(box, Symbol):
        items = getattr(box, "items", None)
        inner = items[0] if items else getattr(box, "base", None)
        if inner is None:
            return Symbol("", "", "")
        box = inner
    return box


def _last(box: Box) -> Symbol:
    """The last symbol of a box."""
    while not isinstance(box, Symbol):
        items = getattr(box, "items", None)
        inner = items[-1] if items else getattr(box, "base", None)
        if inner is None:
            return Symbol("", "", "")
        box = inner
    return box
