r"""Array expression -> boxes: precedence, fractions, sums, brackets. LaTeX and MathML print the same boxes.

What a reader could not tell apart is kept apart here: a sum or ``\log x`` reaches to the end of its term, so it is
bracketed where something follows; a function's letter before a bracket gets a ``\cdot``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from symdl.functions import lookup
from symdl.notation.boxes import Box, Fenced, Quotient, Scripts, Symbol, Table, joined, letter, listed, operator, row
from symdl.notation.layout_base import ADD, ATOM, MUL, OPENING, POW, Layout, Part, Spelling, bracketed
from symdl.notation.layout_calls import function_box
from symdl.notation.layout_sums import MINUS, Sums, is_whole
from symdl.notation.spelling import atom_of, is_letter, scripted, spelled
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Definition, Entry
from symdl.terms.symbols import Atom

__all__ = ["Layout", "Spelling", "definition_box", "expression_box"]

_RELATIONS = {
    "=": "=",
    "==": "=",
    "<": "<",
    ">": ">",
    "<=": (r"\le", "≤"),
    ">=": (r"\ge", "≥"),
    "!=": (r"\ne", "≠"),
}
_BIG = {"sum": (r"\sum", "∑"), "prod": (r"\prod", "∏")}
_TEN = 10
_SIDE_BY_SIDE = 3
_INDEX_LETTERS = frozenset("ijklmnpqrst")


def expression_box(node: Node, spelling: Spelling) -> Box:
    """Returns the boxes of an expression."""
    return _Printer(spelling).inner(node)


def definition_box(d: Definition, entry: Entry | None = None, spell: Mapping[str, str | Atom] | None = None) -> Box:
    """Returns the boxes of ``left = right``; symbols of ``entry`` with a previous value are printed at step t."""
    roles = entry.roles if entry else {}
    names: dict[str, str | Atom] = _left_name(d.name, entry.names) if entry else {}
    for identifier in {n for side in (d.left, d.right) for n in array.names(side)} if entry else ():
        if identifier.endswith("_prev"):
            own = identifier.removesuffix("_prev")
            names[own] = replace(atom_of(own), mark="cur")
    printer = _Printer(Spelling({**names, **(spell or {})}, frozenset(n for n, r in roles.items() if r.shape)))
    left = printer.left(d.left)
    return row(left, relation(d.relation), printer.inner(d.right))


def _left_name(name: str, known: tuple[str, ...]) -> dict[str, str | Atom]:
    """A function whose name is words is printed by the first usual letter of its entry."""
    if not known or "_" not in name or lookup(name) is not None or is_letter(name.split("_")[0]):
        return {}
    return {name: spelled(known[0])}


def relation(op: str) -> Symbol:
    """The sign of a relation."""
    sign = _RELATIONS.get(op, op)
    return operator(sign) if isinstance(sign, str) else operator(*sign)


class _Printer(Sums):
    """One method per kind of node."""

    def part(self, node: Node) -> Part:
        method = getattr(self, "show_" + type(node).__name__.lower(), None)
        if method is None:
            raise TypeError(type(node).__name__)
        part: Part = method(node)
        return part

    def left(self, node: Node) -> Box:
        """A left side: the function that is defined keeps its brackets."""
        if isinstance(node, array.Call) and not node.options:
            return self.called(self.function(node.function), list(node.args))
        if isinstance(node, array.Index) and isinstance(node.base, array.Call):
            return Scripts(self.left(node.base), self.indices(node.items), None)
        return self.inner(node)

    # ---- leaves

    def show_num(self, n: array.Num) -> Part:
        v = n.value
        if v < 0:
            return Part(joined(MINUS, self.inner(array.Num(-v))), ADD)
        if v.denominator == 1:
            return Part(_number(str(v.numerator)))
        exponent = _power_of_ten(v)
        if exponent:
            minus = joined(MINUS, _number(str(exponent)))
            return Part(Scripts(_number("10"), None, minus), POW)
        if text := _decimal(v):
            return Part(_number(text))
        return Part(Quotient(_number(str(v.numerator)), _number(str(v.denominator))), MUL + 1)

    def show_const(self, n: array.Const) -> Part:
        return Part(letter(r"\pi", "π") if n.name == "pi" else letter(r"\infty", "∞"))

    def show_name(self, n: array.Name) -> Part:
        base, subs, sups = self.spelling.parts(n.id)
        return Part(scripted(base, subs, sups), POW if sups else ATOM)

    def show_index(self, n: array.Index) -> Part:
        if all(isinstance(i, (array.NewAxis, array.Slice)) and is_whole(i) for i in n.items):
            return self.part(n.base)  # x[:, None] is x with an axis that print does not show
        below = self.indices(n.items)
        if isinstance(n.base, array.Name):
            base, subs, sups = self.spelling.parts(n.base.id)
            return Part(scripted(base, [*subs, below], sups), POW if sups else ATOM)
        return Part(Scripts(self.held(n.base, ATOM), below, None))

    def indices(self, items: tuple[Node, ...]) -> Box:
        """Single letters stand side by side, anything else is separated by commas."""
        boxes = [self.place(i) for i in items if not isinstance(i, array.NewAxis)]
        letters = "".join(i.id for i in items if isinstance(i, array.Name))
        plain = len(letters) == len(items) <= _SIDE_BY_SIDE and set(letters) <= _INDEX_LETTERS
        return joined(*boxes) if plain else listed(boxes)

    def place(self, item: Node) -> Box:
        """One index; the floor of a quotient stands on one line."""
        if isinstance(item, array.Call) and item.function == "floor" and len(item.args) == 1:
            return Fenced(r"\lfloor", r"\rfloor", self.script(item.args[0]))
        return self.inner(item)

    def show_slice(self, n: array.Slice) -> Part:
        parts: list[Box] = []
        for k, bound in enumerate((n.start, n.stop, n.step)):
            parts += [operator(":")] if k == 1 or (k == 2 and bound is not None) else []
            parts += [] if bound is None else [self.inner(bound)]
        return Part(joined(*parts))

    # ---- binders

    def show_reduce(self, n: array.Reduce) -> Part:
        body, condition = n.body, None
        if n.op == "sum" and isinstance(body, array.Cases) and n.lower is None:
            body, condition = _restricted(body, n.index)
        below: Box = self.spelling.name(n.index)
        above = None
        letters = [n.index]
        while isinstance(body, array.Reduce) and body.op == n.op == "sum" and n.lower is body.lower is None:
            letters.append(body.index)
            body = body.body
        if len(letters) > 1:
            below = listed([self.spelling.name(x) for x in letters])
        if condition is not None:
            below = self.condition(condition)
        elif n.lower is not None and n.upper is not None and n.op not in _BIG:
            less = operator(r"\le", "≤")
            below = row(self.inner(n.lower), less, below, less, self.inner(n.upper))
        elif n.lower is not None and n.upper is not None:
            below, above = joined(below, operator("="), self.inner(n.lower)), self.inner(n.upper)
        if n.op in _BIG:
            sign = Scripts(operator(*_BIG[n.op]), below, above, limits=True)
        else:
            sign = Scripts(function_box(n.op), below, above, limits=n.op != "mean")
        simple = n.op in _BIG or isinstance(body, (array.Name, array.Index))
        part = self.part(body)
        inner = part.box if simple and part.level >= MUL else bracketed(part.box)
        return Part(row(sign, inner) if simple else joined(sign, inner), MUL, n.op in _BIG or simple)

    def show_expect(self, n: array.Expect) -> Part:
        drawn = row(self.spelling.name(n.variable), operator(r"\sim", "∼"), self.spelling.name(n.distribution))
        sign = Scripts(letter(r"\mathbb{E}", "𝔼"), drawn, None)
        return Part(joined(sign, Fenced("[", "]", self.inner(n.body))))

    def show_derivative(self, n: array.Derivative) -> Part:
        if not n.wrt:  # a discriminator D, not a derivative
            return Part(self.called(letter("D"), [n.body]))
        d: Box = letter(r"\partial", "∂")
        order = len(n.wrt)
        top = d if order == 1 else Scripts(d, None, _number(str(order)))
        below = [row(d, self.held(w, POW)) for w in n.wrt]
        if isinstance(n.body, (array.Name, array.Index)):
            return Part(Quotient(row(top, self.inner(n.body)), row(*below)), MUL + 1)
        simple = isinstance(n.body, (array.Apply, array.Call)) and self.part(n.body).level == ATOM
        body = self.inner(n.body) if simple else bracketed(self.inner(n.body))
        return Part(row(Quotient(top, row(*below)), body), MUL, open=True)

    # ---- everything else

    def show_apply(self, n: array.Apply) -> Part:
        atom = atom_of(n.function)
        if n.function not in self.spelling.names and atom.letter[0] == "d" and atom.letter[1:] in OPENING:
            nabla = row(letter(r"\nabla", "∇"), self.spelling.name(n.function[1:]))
            return Part(self.called(nabla, list(n.args)))  # the gradient of the loss at a point
        base, subs, sups = self.spelling.parts(n.function)
        if n.primes:
            sups = [Symbol("operator", r"\prime " * n.primes, "′" * n.primes), *sups]
        return Part(self.called(scripted(base, subs, sups), list(n.args)))

    def show_norm(self, n: array.Norm) -> Part:
        fence = Fenced(r"\|", r"\|", self.inner(n.body))
        return Part(fence if n.p is None else Scripts(fence, self.inner(n.p), None))

    def show_concat(self, n: array.Concat) -> Part:
        return Part(Fenced("[", "]", listed([self.inner(a) for a in n.args], ";")))

    def show_matrix(self, n: array.Matrix) -> Part:
        return Part(Table("bmatrix", tuple(tuple(map(self.inner, cells)) for cells in n.rows)))

    def show_cases(self, n: array.Cases) -> Part:
        rows = [(self.inner(v), row(_text("if "), self.condition(c))) for v, c in n.branches]
        if n.otherwise is not None:
            rows.append((self.inner(n.otherwise), _text("otherwise")))
        return Part(Table("cases", tuple(rows)), MUL, open=True)

    def condition(self, node: Node) -> Box:
        """A condition as it stands behind ``if``."""
        if isinstance(node, array.Compare):
            return row(self.held(node.left, ADD), relation(node.op), self.held(node.right, ADD))
        if isinstance(node, array.Logic) and node.op != "not":
            out = [self.condition(node.args[0])]
            for arg in node.args[1:]:
                out += [_text(f" {node.op} "), self.condition(arg)]
            return row(*out)
        if isinstance(node, array.Logic):
            return row(operator(r"\lnot", "¬"), bracketed(self.condition(node.args[0])))
        return self.inner(node)

    def show_compare(self, n: array.Compare) -> Part:
        return Part(joined(letter(r"\mathbb{1}", "𝟙"), Fenced("[", "]", self.condition(n))))

    def show_logic(self, n: array.Logic) -> Part:
        return Part(joined(letter(r"\mathbb{1}", "𝟙"), Fenced("[", "]", self.condition(n))))

    def show_newaxis(self, n: array.NewAxis) -> Part:
        return Part(operator(r"\cdot", "·"))


def _text(words: str) -> Symbol:
    return Symbol("text", rf"\text{{{words}}}", words)


def _number(text: str) -> Symbol:
    return Symbol("number", text, text)


def _restricted(body: array.Cases, index: str) -> tuple[Node, Node | None]:
    """The body and the condition of ``sum(where(j != i, x[j], 0), j)``, which print writes below the sign."""
    zero = body.otherwise == array.Num(Fraction(0))
    if zero and len(body.branches) == 1:
        value, condition = body.branches[0]
        if isinstance(condition, array.Compare) and condition.left == array.Name(index):
            return value, condition
    return body, None


def _power_of_ten(v: Fraction) -> int:
    """The k of ``10^-k``, from 10^-4 on; else 0."""
    digits = str(v.denominator)
    return len(digits) - 1 if v.numerator == 1 and digits.strip("0") == "1" and len(digits) > 4 else 0


def _decimal(v: Fraction) -> str:
    """The terminating decimal of a number, if it is short; else an empty string."""
    for digits in range(1, 8):
        if (v * _TEN**digits).denominator == 1:
            whole, rest = divmod(v.numerator * _TEN**digits // v.denominator, _TEN**digits)
            return f"{whole}.{rest:0{digits}d}"
    return ""
