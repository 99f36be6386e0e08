"""Sums, products, fractions, fences, cases, matrices: from the syntax tree to array expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction as Rational
from typing import Any

from symdl.errors import Span
from symdl.reader import conventions as conv
from symdl.reader.elaborate_base import TERMS
from symdl.reader.elaborate_names import before
from symdl.reader.elaborate_opaque import Opaques
from symdl.reader.letters import affine_letters, split_items
from symdl.reader.names import key
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom
from symdl.terms.syntax import (
    Accent,
    Binomial,
    Dots,
    Empty,
    Fence,
    Font,
    Fraction,
    Letter,
    Mark,
    Number,
    Product,
    Relation,
    Remark,
    Root,
    Row,
    Scripted,
    Stack,
    Sum,
    Syntax,
    Table,
    Word,
    walk,
)

_HOW = {
    "": array.JUXTAPOSED,
    "*": array.STAR,
    "cdot": array.DOT,
    "times": array.DOT,
    "odot": array.HADAMARD,
    "@": array.MATMUL,
}
COMPARISONS = {"=": "==", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!="}
Tail = tuple[tuple[str, ...], tuple[Syntax, ...]]
"""Signed terms behind a sum that a wide reading takes into its body."""


class Terms(Opaques):
    """Arithmetic."""

    def expression(self, node: Syntax) -> Node:
        """The meaning of any syntax node."""
        if isinstance(node, Number):
            return self.number(node)
        if isinstance(node, Product):
            return self.product(node.factors, node.operators)
        if isinstance(node, Sum):
            return self.sum(node)
        if isinstance(node, Relation):
            return self.compare(node)
        return self.product((node,), ())

    # ---- sums

    def sum(self, node: Sum) -> Node:
        """Signed terms."""
        if len(node.terms) > TERMS:
            raise self.unread(f"a sum of {len(node.terms)} terms", node, f"at most {TERMS} are read")
        if any(isinstance(t, Dots) for t in node.terms):
            return self.elided_sum(node)
        for wide in (self.integral_sum, self.widened):
            widened = wide(node)
            if widened is not None:
                return widened
        return self.added(self.parts(node, len(node.terms)), node)

    def integral_sum(self, node: Sum) -> Node | None:
        r"""``\int x + 1 dx``: the integral reaches to its differential; ``None`` for any other sum."""
        raise NotImplementedError

    def widened(self, node: Sum) -> Node | None:
        """The wide reading: a sum reaches over the additive rest in which its index is free."""
        for k, term in enumerate(node.terms[:-1]):
            rest = node.terms[k + 1 :]
            if any(s not in ("+", "-") for s in node.signs[k + 1 :]) or not self.reaches(term, rest):
                continue
            if self.choice("scope") == 0:
                return None
            self.notes["sum-scope"] = None
            factors, operators = (term.factors, term.operators) if isinstance(term, Product) else ((term,), ())
            last = self.product(factors, operators, (node.signs[k + 1 :], rest))
            if node.signs[k] == "-":
                last = array.Neg(last, span=last.span)
            return self.added([*self.parts(node, k), last], node)
        return None

    def reaches(self, term: Syntax, rest: Sequence[Syntax]) -> bool:
        """Whether ``term`` ends in a sum whose index occurs in ``rest``, unbound there."""
        letters = self.open_letters(term) - set(self.bound)
        if not letters:
            return False
        for other in rest:
            if self.open_letters(other):
                return False
        return any(letters & self.index_letters_of(other) for other in rest)

    def open_letters(self, term: Syntax) -> set[str]:
        """Letters bound by the sum a term ends in."""
        raise NotImplementedError

    def index_letters_of(self, node: Syntax) -> set[str]:
        """Letters that stand in index position anywhere below ``node``."""
        out: set[str] = set()
        for n in walk(node):
            if isinstance(n, Scripted) and not (isinstance(n.base, Word) and n.base.style == "big"):
                for script in n.scripts:
                    if script.body is not None and (script.position == "sub" or isinstance(script.body, Fence)):
                        for part in walk(script.body):
                            if isinstance(part, Letter):
                                out.add(part.name)
                            elif isinstance(part, Word) and part.style == "script":
                                out.update(part.text)
        return out

    def parts(self, node: Sum, count: int) -> list[Node]:
        """The first terms of a sum with their signs; the span of a negative one takes its sign in."""
        starts = [node.span.start, *(t.span.end for t in node.terms)]
        return [self.signed(node.signs[k], node.terms[k], starts[k]) for k in range(count)]

    def signed(self, sign: str, term: Syntax, start: int) -> Node:
        """One term with its sign."""
        node = self.expression(term)
        if sign in ("", "+"):
            return node
        if sign == "-":
            return array.Neg(node, span=Span(start - self.start, term.span.end - self.start))
        return self.signed_opaquely(sign, node, term)

    def added(self, parts: list[Node], node: Syntax) -> Node:
        """Left to right; a long sum as a balanced tree, which is the same sum."""
        if len(parts) > 40:
            half = len(parts) // 2
            return array.Add(self.added(parts[:half], node), self.added(parts[half:], node), span=self.at(node))
        out = parts[0]
        for part in parts[1:]:
            span = Span(out.span.start, part.span.end) if out.span and part.span else None
            out = array.Add(out, part, span=span)
        return out

    # ---- products

    def product(self, factors: Sequence[Syntax], operators: Sequence[str], tail: Tail | None = None) -> Node:
        """Factors in a row, calls and big operators taken together."""
        if len(factors) > TERMS // 6:
            raise self.unread(f"a product of {len(factors)} factors", factors[0], f"at most {TERMS // 6} are read")
        if len(factors) > 1 and any(isinstance(f, Dots) for f in factors):
            return self.elided_product(factors, operators)
        out, k = self.take(factors, operators, 0, tail)
        while k < len(factors):
            operator, at = operators[k - 1], k
            if not operator and _is_call_of_expression(factors[k - 1], factors[k]):
                raise self.unread("a call of an expression", factors[k - 1])
            end = self.divisor_end(factors, operators, k) if operator == "/" else k
            if end > k:
                node, k = self.product(factors[k:end], operators[k : end - 1]), end
            else:
                node, k = self.take(factors, operators, k, tail)
            start = factors[0].span.start - self.start
            span = Span(start, factors[k - 1].span.end - self.start)
            out = self.multiplied(out, operator, node, span, factors[at - 1 : at + 1])
        return out

    def divisor_end(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> int:
        """``1/2m``: the divisor as print may suggest it, all names behind it; ``k`` where it is one factor."""
        end = k + 1
        while end < len(factors) and not operators[end - 1]:  # print shows no blanks
            if not isinstance(factors[end - 1], (Number, Letter)) or not isinstance(factors[end], (Letter, Scripted)):
                break
            end += 1
        return end if end > k + 1 and self.choice("slash") == 1 else k

    def multiplied(self, left: Node, operator: str, right: Node, span: Span, around: Sequence[Syntax]) -> Node:
        """Two factors and the operator between them."""
        if operator == "/":
            return array.Div(left, right, span=span)
        how = _HOW.get(operator)
        if how is None:
            whole = Product(around[0].span.cover(around[-1].span), tuple(around), (operator,))
            return replace(self.infix(left, operator, right, whole, around), span=span)
        if how == array.JUXTAPOSED and isinstance(around[-1], Number) and isinstance(around[0], Number):
            raise self.unread("two numbers side by side", around[-1])
        return array.Mul(left, right, how, span=span)

    def take(self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail | None) -> tuple[Node, int]:
        """The operand that begins at factor ``k`` and the factor behind it."""
        factor = factors[k]
        if k + 1 < len(factors) and not operators[k]:
            called = self.convolved(factor, factors[k + 1]) or self.primed_call(factor, factors[k + 1])
            if called is not None:
                return called, k + 2
        if isinstance(factor, (Fraction, Letter, Word, Font, Accent, Scripted)):
            taken = self.operator(factors, operators, k, tail)
            if taken is not None:
                return taken
        if isinstance(factor, Number) and k + 1 < len(factors) and not operators[k]:
            taken = self.indicator(factors, k)
            if taken is not None:
                return taken
        return self.operand(factor), k + 1

    def operator(
        self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail | None
    ) -> tuple[Node, int] | None:
        """Big operators, functions, derivatives, calls; ``None`` for a plain operand."""
        raise NotImplementedError

    def indicator(self, factors: Sequence[Syntax], k: int) -> tuple[Node, int] | None:
        """``1\\{y = k\\}``, ``\\mathbb{1}[y = k]``."""
        fence = factors[k + 1]
        factor = factors[k]
        is_one = isinstance(factor, Number) and factor.text == "1"
        if isinstance(fence, Fence) and len(fence.items) == 1 and isinstance(fence.items[0], Relation):
            if is_one and fence.opener not in ("{", "[", "("):
                return None
            return self.compare(fence.items[0]), k + 2
        return None

    def operand(self, node: Syntax) -> Node:
        """One operand on its own."""
        method = _OPERANDS.get(type(node))
        if method is not None:
            return method(self, node)
        access = self.access(node)
        if access is None:
            if isinstance(node, Scripted):
                return self.scripted(node)
            if isinstance(node, Font) and isinstance(node.body, Number):  # a vector of ones, of zeros
                return self.name(Atom("ones"), node) if node.body.text == "1" else self.number(node.body)
            raise self.unread("a construct that is not understood", node)
        return access

    def scripted(self, node: Scripted) -> Node:
        """Scripts on something that is no name: ``(x)_i``, ``(x)_+``, ``\\|x\\|_2^2``, ``(a)^T``."""
        base = node.base
        if isinstance(base, Fence) and base.opener in ("|", "||"):
            return self.normed(base, node)
        if self.is_one(base) and any(s.position == "sub" for s in node.scripts):
            return self.indicated(node)
        if isinstance(base, Fence) and base.closer == "|":
            return self.evaluated(node)
        if self.is_family(node):
            raise self.valueless("a family", node)
        out = self.operand(base)
        after = []
        for script in node.scripts:
            if script.position == "sub" and script.body is not None:
                out = self.lowered(out, script.body, node)
            elif script.position == "prime":
                out = self.opaquely("derivative_of", (out,), node)
            else:
                after.append(script)
        return self.finish(out, after, node)

    def lowered(self, out: Node, body: Syntax, node: Syntax) -> Node:
        """A subscript on an expression: an index, or the positive part ``(x)_+``."""
        if isinstance(body, Mark) and body.text == "+":
            return array.Call("maximum", (out, array.Num(Rational(0))), span=self.at(node))
        items = split_items(body)
        if all(map(self.takes_element, items)):
            return array.Index(out, tuple(map(self.index_item, items)), span=self.at(node))
        raise self.unread("a subscript on an expression", node)

    def takes_element(self, item: Syntax) -> bool:
        """Whether a subscript on an expression is an index: ``f(x)_j``, ``f(x)_{y_i}``."""
        if isinstance(item, Number) or (isinstance(item, Scripted) and self.is_label_index(item)):
            return True
        return (affine_letters(item) or {""}) <= self.letters.indices | conv.INDEX_LETTERS

    def is_one(self, node: Syntax) -> bool:
        r"""``\mathbb{1}``, ``\mathbf{1}``, ``1``: what an indicator begins with."""
        body = node.body if isinstance(node, Font) and node.name in ("bb", "bf") else node
        return isinstance(body, Number) and body.text == "1"

    def indicated(self, node: Scripted) -> Node:
        """``\\mathbb{1}_{y = k}``."""
        if len(node.scripts) == 1 and isinstance(node.scripts[0].body, Relation):
            return self.compare(node.scripts[0].body)
        body = node.scripts[0].body
        if isinstance(body, Fence) and len(body.items) == 1 and isinstance(body.items[0], Relation):
            return self.compare(body.items[0])
        raise self.unread("an indicator without a condition", node)

    # ---- operands of one kind each

    def fraction(self, node: Fraction) -> Node:
        """A plain fraction."""
        return array.Div(self.expression(node.top), self.expression(node.bottom), span=self.at(node))

    def root(self, node: Root) -> Node:
        """A root of any degree."""
        body = self.expression(node.body)
        if node.degree is None:
            return array.Call("sqrt", (body,), span=self.at(node))
        power = array.Div(array.Num(Rational(1)), self.expression(node.degree))
        return array.Pow(body, power, span=self.at(node))

    def fence(self, node: Fence) -> Node:
        """Something in brackets."""
        opener = node.opener
        if opener in ("|", "||"):
            return self.normed(node, None)
        items = [i for i in node.items if not isinstance(i, Remark)]
        if opener in ("floor", "ceil") and len(items) == 1:
            return array.Call(opener, (self.expression(items[0]),), span=self.at(node))
        if len(items) == 1 and opener in ("(", "[", "{", "", "."):
            if isinstance(items[0], Relation) and opener != "[":
                raise self.valueless("a relation in parentheses", node)
            if isinstance(items[0], Table) and opener in ("{", "."):
                return self.cases(items[0]) if opener == "{" else self.table(items[0])
            inner = self.expression(items[0])
            return inner if opener == "" else replace(inner, span=self.at(node))
        if len(items) > 1 and opener in ("[", "(") and all(s in (",", ";") for s in node.separators):
            return array.Concat(tuple(map(self.expression, items)), span=self.at(node))
        if len(items) > 1 and opener == "[" and set(node.separators) <= {"|", "||", ",", ";"}:
            return array.Concat(tuple(map(self.expression, items)), span=self.at(node))
        if len(items) == 2 and opener == "langle":
            left, right = map(self.expression, items)
            return array.Mul(array.Transpose(left), right, array.MATMUL, span=self.at(node))
        raise self.valueless("a set or list where a value is expected", node)

    def normed(self, fence: Fence, outer: Scripted | None) -> Node:
        """Bars: a norm, an absolute value, the size of a set."""
        node = outer or fence
        p: Node | None = None
        after = []
        for script in outer.scripts if outer else ():
            if script.position == "sub" and script.body is not None and p is None:
                p = self.order(script.body)
            else:
                after.append(script)
        if len(fence.items) != 1:
            raise self.unread("several things between bars", fence)
        item = fence.items[0]
        explicit = outer is not None and any(s.position == "sub" for s in outer.scripts)
        if fence.opener == "|" and not explicit:
            out = self.size(item, fence)
        else:
            out = array.Norm(self.expression(item), p, span=self.at(before(node, after)))
        return self.finish(out, after, node)

    def order(self, body: Syntax) -> Node | None:
        """The p of a norm; Frobenius and 2 are the plain one."""
        k = key(body)
        if k in ("F", "Fro", "fro", "HS") or (isinstance(body, Number) and body.text == "2"):
            return None
        return self.expression(body)

    def size(self, item: Syntax, fence: Fence) -> Node:
        """``|B|``: the size of a set, or an absolute value."""
        if isinstance(item, Sum) and set(item.signs) <= {"", "cap", "cup"} and len(item.terms) == 2:
            left, right = (key(t) for t in item.terms)
            return self.name(Atom(f"|{left}{item.signs[1]}{right}|"), fence)
        k = key(item) if not isinstance(item, Scripted) else None
        if k is not None and isinstance(item, (Letter, Font)):
            bold = isinstance(item, Font) and item.name == "bf"
            if k.startswith("cal"):
                return self.name(Atom(f"|{k}|"), fence)
            if k in conv.SET_LETTERS and not bold and (self.in_limits or self.choice("bars") == 0):
                return self.name(Atom(f"|{k}|"), fence)
            if k == "Sigma":
                return array.Call("det", (self.expression(item),), span=self.at(fence))
        return array.Call("abs", (self.expression(item),), span=self.at(fence))

    def stack(self, node: Stack) -> Node:
        """``\\underbrace{x}_{note}``: the note is a remark; a name above its shape has changed places with it."""
        if self.annotated(node.note, node.body):
            self.notes["annotation-swapped"] = None
            return self.expression(node.note)
        return self.expression(node.body)

    # ---- conditions, cases, matrices

    def compare(self, node: Relation) -> Node:
        """A condition with value 0 or 1."""
        sides = [self.expression(s) for s in node.sides]
        parts: list[Node] = []
        for op, left, right in zip(node.operators, sides, sides[1:], strict=False):
            if op in ("in", "notin"):
                parts.append(self.opaquely("element_of" if op == "in" else "no_element_of", (left, right), node))
                continue
            if op not in COMPARISONS:
                raise self.unread(f"the relation {op} inside an expression", node)
            parts.append(array.Compare(COMPARISONS[op], left, right, span=self.at(node)))
        return parts[0] if len(parts) == 1 else array.Logic("and", tuple(parts), span=self.at(node))

    def table(self, node: Table) -> Node:
        """A matrix or cases."""
        if node.environment in ("cases", "dcases", "rcases"):
            return self.cases(node)
        if node.environment in ("vmatrix", "Vmatrix") or node.environment in conv.ROW_ENVIRONMENTS:
            raise self.unread(f"the environment {node.environment} inside an expression", node)
        rows = _without_empty_columns(node.rows)
        if not rows or any(isinstance(c, (Mark, Dots, Empty)) for row in rows for c in row):
            raise self.valueless("a matrix with gaps", node)
        if any(isinstance(c, (Row, Remark)) for row in rows for c in row):
            raise self.unread("a matrix with words or several things in a cell", node)
        if len({len(row) for row in rows}) != 1:
            raise self.unread("a matrix with rows of different lengths", node)
        return array.Matrix(tuple(tuple(map(self.expression, row)) for row in rows), span=self.at(node))

    def cases(self, node: Table) -> Node:
        """A case distinction."""
        branches: list[tuple[Node, Node]] = []
        otherwise: Node | None = None
        for row in node.rows:
            cells = [c for c in row if not isinstance(c, Empty)]
            value, conditions = self.split_case(cells, node)
            if not conditions:
                otherwise = self.expression(value)
                continue
            branches.append((self.expression(value), self.condition(conditions, node)))
        if not branches:
            raise self.unread("cases without a condition", node)
        return array.Cases(tuple(branches), otherwise, span=self.at(node))

    def split_case(self, cells: list[Syntax], node: Table) -> tuple[Syntax, list[Syntax]]:
        """The value of a branch and the parts of its condition."""
        parts = [p for c in cells for p in (c.items if isinstance(c, Row) else (c,))]
        if not parts or isinstance(parts[0], (Remark, Relation)):
            raise self.unread("a case without a value", node)
        rest = [p for p in parts[1:] if not (isinstance(p, Remark) and not _says(p))]
        return parts[0], rest

    def condition(self, parts: list[Syntax], node: Table) -> Node:
        """Relations joined by the words between them."""
        found = [self.compare(p) for p in parts if isinstance(p, Relation)]
        joints = {
            conv.TRUTH_WORDS[w] for p in parts if isinstance(p, Remark) for w in p.text.split() if w in conv.TRUTH_WORDS
        }
        if len(found) != sum(not isinstance(p, Remark) for p in parts) or not found:
            raise self.unread("a condition that is not understood", node)
        for p in parts:
            if isinstance(p, Remark) and not set(p.text.lower().strip(" ,.").split()) <= _CONDITION_WORDS:
                raise self.unread("a condition in words", p)
        if len(found) == 1:
            return found[0]
        return array.Logic(joints.pop() if len(joints) == 1 else "and", tuple(found), span=self.at(node))

    def empty(self, node: Syntax) -> Node:
        """Nothing that has a value."""
        if isinstance(node, Dots):
            raise self.valueless("an ellipsis", node)
        raise self.unread("an operand that is left out", node)


def _without_empty_columns(rows: Sequence[Sequence[Syntax]]) -> list[list[Syntax]]:
    """Cells of a table; an ``&`` too many at the end of every row makes no column."""
    filled = {k for row in rows for k, cell in enumerate(row) if not isinstance(cell, Empty)}
    return [[cell for k, cell in enumerate(row) if k in filled] for row in rows]


def _is_call_of_expression(left: Syntax, right: Syntax) -> bool:
    """``(I * K)(i, j)``."""
    return isinstance(left, Fence) and isinstance(right, Fence) and right.opener == "(" and len(right.items) > 1


_CONDITION_WORDS = frozenset(
    ["if", "when", "for", "se", "per", "quando", "and", "or", "e", "o", "oppure", "with", "con"]
)


def _says(remark: Remark) -> bool:
    """Whether a remark takes part in a condition; ``otherwise`` does not."""
    word = remark.text.lower().strip(" ,.:;")
    return word not in conv.OTHERWISE and not word.startswith(conv.OTHERWISE) and bool(word)


_OPERANDS: dict[type, Callable[[Terms, Any], Node]] = {
    Number: Terms.number,
    Fraction: Terms.fraction,
    Root: Terms.root,
    Fence: Terms.fence,
    Stack: Terms.stack,
    Table: Terms.table,
    Sum: Terms.sum,
    Product: Terms.expression,
    Binomial: Terms.binomial,
    Dots: Terms.empty,
    Empty: Terms.empty,
    Mark: Terms.empty,
    Remark: Terms.empty,
    Row: Terms.empty,
    Relation: Terms.compare,
}
