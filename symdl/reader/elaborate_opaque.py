r"""What is understood but is no formula in arrays: convolutions, families, open-ended sums, values at a point.

Such an operation becomes an `array.Apply` of a function nobody defines (``convolution``, ``limit``, ``integral``):
what it is applied to is read, compared and printed, and nothing can be claimed about its value. A factorial and a
binomial coefficient are known: they are written with the gamma function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction as Rational

from symdl.reader import conventions as conv
from symdl.reader.elaborate_base import Valueless
from symdl.reader.elaborate_names import Names
from symdl.reader.names import is_plain, key, numbered_letter
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom
from symdl.terms.syntax import (
    Binomial,
    Dots,
    Fence,
    Letter,
    Number,
    Product,
    Relation,
    Scripted,
    Sum,
    Syntax,
)

_ONE = array.Num(Rational(1))
_LARGEST = 60
"""Bound of the numbers whose binomial coefficients are worked out."""


class Opaques(Names):
    """Operations without a value in arrays."""

    def opaquely(self, name: str, args: Sequence[Node], node: Syntax) -> Node:
        """A function nobody defines, applied."""
        return array.Apply(self.identifier(Atom(name)), tuple(args), span=self.at(node))

    def valueless(self, what: str, node: Syntax) -> Valueless:
        """The signal for what is understood and has no array for its value."""
        return Valueless("SD203", what, "", self.at(node))

    # ---- operators between two operands

    def infix(self, left: Node, operator: str, right: Node, node: Syntax, around: Sequence[Syntax]) -> Node:
        r"""``\otimes``, ``\ast``, ``\oplus``, ``\bmod``: Kronecker product, convolution, no value."""
        if operator == "setminus":
            raise self.valueless("a difference of sets", node)
        if operator == "otimes":
            # Kronecker's product of two matrices; the gates of a cell are often multiplied with this sign too.
            if not all(map(_is_capital, around)) and self.choice("otimes"):
                return array.Mul(left, right, array.HADAMARD, span=self.at(node))
            return array.Call("kron", (left, right), span=self.at(node))
        if operator == "conv":
            if any(isinstance(a, Number) for a in around) or self.choice("conv"):
                return array.Mul(left, right, array.STAR, span=self.at(node))
            return self.opaquely("convolution", (left, right), node)
        if operator in ("oplus", "mod"):
            return self.opaquely(operator, (left, right), node)
        raise self.unread(f"the operator {operator}", node, "write what it does with sums or products")

    def signed_opaquely(self, sign: str, body: Node, term: Syntax) -> Node:
        r"""A term behind ``\pm``; a union or a conjunction has no value."""
        if sign in ("pm", "mp"):
            return self.opaquely("plus_minus" if sign == "pm" else "minus_plus", (body,), term)
        if sign in ("cup", "cap", "and", "or"):
            raise self.valueless("an operation on sets or statements", term)
        raise self.unread(f"the operator {sign}", term)

    def convolved(self, left: Syntax, right: Syntax) -> Node | None:
        """``(I * K)(i, j)``: a convolution at a place; ``None`` for a product of two brackets."""
        if not (isinstance(left, Fence) and left.opener == "(" and len(left.items) == 1):
            return None
        fence = right.base if isinstance(right, Scripted) else right
        body = left.items[0]
        if not (isinstance(fence, Fence) and fence.opener == "(" and fence.items):
            return None
        if not (
            isinstance(body, Product) and body.operators in (("*",), ("conv",)) and all(map(is_plain, body.factors))
        ):
            return None
        if not all(map(_is_place, fence.items)) or left.span.end != right.span.start or fence is not right:
            return None
        self.explicit += 1
        args = [self.expression(n) for n in (*body.factors, *fence.items)]
        self.explicit -= 1
        whole = Product(left.span.cover(right.span), (left, right), ("",))
        return self.opaquely("convolution", args, whole)

    def primed_call(self, left: Syntax, right: Syntax) -> Node | None:
        r"""``(f \circ g)'(x)``: the derivative of an expression in functions, at a place."""
        if not (isinstance(left, Scripted) and isinstance(left.base, Fence) and isinstance(right, Fence)):
            return None
        if any(s.position != "prime" for s in left.scripts) or right.opener != "(" or not right.items:
            return None
        self.explicit += 1
        args = [self.expression(n) for n in (left.base, *right.items)]
        self.explicit -= 1
        return self.opaquely("derivative_of", args, Product(left.span.cover(right.span), (left, right), ("",)))

    # ---- ellipses

    def elided_sum(self, node: Sum) -> Node:
        r"""``1 + x + \dots`` is its finite terms, and so no equality; ``x_1 + \dots + x_n`` is opaque."""
        rest = [(s, t) for s, t in zip(node.signs, node.terms, strict=True) if not isinstance(t, Dots)]
        if not rest:
            raise self.valueless("an ellipsis", node)
        if len(rest) == len(node.terms) - 1 and isinstance(node.terms[-1], Dots):
            self.notes["open-ended"] = None
            signs, terms = zip(*rest, strict=True)
            span = node.span.cover(terms[0].span)
            if len(terms) == 1 and not signs[0]:
                return self.expression(terms[0])
            end = terms[-1].span.end
            return self.expression(Sum(type(span)(span.start, end), tuple(signs), tuple(terms)))
        parts = [array.Neg(self.expression(t)) if s == "-" else self.expression(t) for s, t in rest]
        return self.opaquely("ellipsis_sum", parts, node)

    def elided_product(self, factors: Sequence[Syntax], operators: Sequence[str]) -> Node:
        r"""``f_1 f_2 \cdots f_n``: opaque, of the products between the dots."""
        whole = factors[0].span.cover(factors[-1].span)
        runs: list[tuple[list[Syntax], list[str]]] = [([], [])]
        for k, factor in enumerate(factors):
            if isinstance(factor, Dots):
                runs.append(([], []))
                continue
            if runs[-1][0]:
                runs[-1][1].append(operators[k - 1])
            runs[-1][0].append(factor)
        parts = [self.expression(_product(f, o)) for f, o in runs if f]
        if not parts:
            raise self.valueless("an ellipsis", factors[0])
        return self.opaquely("ellipsis_product", parts, Product(whole, tuple(factors), tuple(operators)))

    # ---- a value at a point, members of a family

    def evaluated(self, node: Scripted) -> Node:
        r"""``\left. f \right|_{x = a}``: opaque, of the expression and the point."""
        base = node.base
        assert isinstance(base, Fence)
        if len(base.items) != 1:
            raise self.unread("several things evaluated at a point", node)
        self.explicit += 1
        args = [self.expression(base.items[0])]
        for script in node.scripts:
            body = script.body
            if isinstance(body, Relation):
                args += [self.expression(s) for s in body.sides]
            elif body is not None:
                args.append(self.expression(body))
        self.explicit -= 1
        return self.opaquely("value_at", args, node)

    def is_family(self, node: Scripted) -> bool:
        r"""``\{x_i\}_{i=1}^n``, ``(x_i)_{i \in I}``: many things, not one."""
        base = node.base
        if not isinstance(base, Fence) or base.opener not in ("{", "("):
            return False
        subs = [s.body for s in node.scripts if s.position == "sub"]
        return any(isinstance(b, Relation) for b in subs) or (base.opener == "{" and bool(subs))

    # ---- counts

    def factorial(self, node: Node, syntax: Syntax) -> Node:
        """``n!`` by the gamma function; of a small number the number itself."""
        if isinstance(node, array.Num) and node.value in range(21):
            return array.Num(Rational(math.factorial(int(node.value))), span=self.at(syntax))
        return array.Call("gamma_function", (_plus_one(node),), span=self.at(syntax))

    def binomial(self, node: Binomial) -> Node:
        """A binomial coefficient by the gamma function; of small numbers the number itself."""
        n, k = self.expression(node.top), self.expression(node.bottom)
        span = self.at(node)
        if (
            isinstance(n, array.Num)
            and isinstance(k, array.Num)
            and n.value in range(_LARGEST)
            and k.value in range(_LARGEST)
        ):
            return array.Num(Rational(math.comb(int(n.value), int(k.value))), span=span)
        rest = array.Add(_plus_one(n), array.Neg(k))
        below = array.Mul(_gamma(_plus_one(k)), _gamma(rest), array.HADAMARD)
        return array.Div(_gamma(_plus_one(n)), below, span=span)

    # ---- annotations that changed places

    def annotated(self, note: Syntax, body: Syntax) -> bool:
        r"""``\overset{W}{\mathbb{R}^{n} \times 1}``: the name stands where its shape should."""
        first = body.factors[0] if isinstance(body, Product) else body
        first = first.base if isinstance(first, Scripted) else first
        return key(first) in conv.NUMBER_SETS and is_plain(note) and key(note) not in conv.NUMBER_SETS


def _product(factors: list[Syntax], operators: list[str]) -> Syntax:
    if len(factors) == 1:
        return factors[0]
    return Product(factors[0].span.cover(factors[-1].span), tuple(factors), tuple(operators))


def _gamma(node: Node) -> Node:
    return array.Call("gamma_function", (node,))


def _plus_one(node: Node) -> Node:
    if isinstance(node, array.Num):
        return array.Num(node.value + 1)
    return array.Add(node, _ONE)


def _is_capital(node: Syntax) -> bool:
    """Whether a factor is named by one Latin capital, as a matrix is."""
    k = key(node.base if isinstance(node, Scripted) else node)
    return isinstance(node, Fence) or (k is not None and len(k) == 1 and k.isupper())


def _is_place(node: Syntax) -> bool:
    """Whether an argument may be a place: a letter, with a number added perhaps."""
    if isinstance(node, Sum):
        return all(isinstance(t, (Letter, Number)) for t in node.terms)
    return isinstance(node, Letter) or numbered_letter(node) is not None
