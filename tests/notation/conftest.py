"""Whether two array expressions say the same, up to what print does not show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from symdl.notation.spelling import atom_of
from symdl.terms import array
from symdl.terms.array import Add, Call, Div, Index, Mul, Name, Neg, NewAxis, Node, Num, Pow, Slice, Transpose

_MINUS_ONE = Num(Fraction(-1))
_REWRITTEN = {
    "inv": lambda a: Pow(a[0], _MINUS_ONE),
    "solve": lambda a: Mul(Pow(a[0], _MINUS_ONE), a[1]),
    "outer": lambda a: Mul(a[0], Transpose(a[1])),
    "square": lambda a: Pow(a[0], Num(Fraction(2))),
    "logdet": lambda a: Call("log", (Call("det", a),)),
    "log_softmax": lambda a: Call("log", (Call("softmax", a),)),
    "log_sigmoid": lambda a: Call("log", (Call("sigmoid", a),)),
}


def plain(identifier: str) -> str:
    """An identifier by what is printed: the number of a layer or of a subscript, the present step or none."""
    atom = atom_of(identifier)
    layer = atom.layer.replace("-", "m").replace("+", "p")
    sub = ",".join(filter(None, (layer, atom.subscript)))
    mark = "" if atom.mark == "cur" else atom.mark
    return replace(atom, subscript=sub, layer="", mark=mark).identifier.replace("_", "")


def normal(node: Node) -> Node:
    """Sums and products flat, signs outermost, numbers evaluated, every product of one kind, layout options dropped."""
    node = array.rebuild(node, normal)
    method = _RULES.get(type(node))
    return method(node) if method is not None else node


def _name(n: Name) -> Node:
    return Name(plain(n.id))


def _apply(n: array.Apply) -> Node:
    return replace(n, function=plain(n.function))


def _call(n: Call) -> Node:
    if n.function == "eye" and isinstance(n.args[0], Name):
        return Name("I" + n.args[0].id)
    if n.function in _REWRITTEN:
        return normal(_REWRITTEN[n.function](n.args))
    return n if n.function in ("sum", "mean", "max", "min", "prod") else replace(n, options=())


def _index(n: Index) -> Node:
    if all(isinstance(i, NewAxis) or i == Slice(None, None, None) for i in n.items):
        return n.base
    return Index(n.base.base, (*n.base.items, *n.items)) if isinstance(n.base, Index) else n


def _neg(n: Neg) -> Node:
    if isinstance(n.body, Num):
        return Num(-n.body.value)
    return n.body.body if isinstance(n.body, Neg) else n


def _div(n: Div) -> Node:
    if isinstance(n.left, Num) and isinstance(n.right, Num) and n.right.value:
        return Num(n.left.value / n.right.value)
    if isinstance(n.left, Neg):
        return normal(Neg(Div(n.left.body, n.right)))
    return normal(Neg(Div(Num(-n.left.value), n.right))) if isinstance(n.left, Num) and n.left.value < 0 else n


def _pow(n: Pow) -> Node:
    if isinstance(n.base, Num) and isinstance(n.exponent, Num) and n.exponent.value.denominator == 1 and n.base.value:
        return Num(n.base.value ** int(n.exponent.value)) if abs(n.exponent.value) < 30 else n
    return n


def _mul(n: Mul) -> Node:
    factors: list[Node] = []
    negative = _factors(n, factors)
    out = factors[0]
    for factor in factors[1:]:
        out = Mul(out, factor)
    return Neg(out) if negative else out


def _factors(n: Node, out: list[Node]) -> bool:
    if isinstance(n, Mul):
        return _factors(n.left, out) ^ _factors(n.right, out)
    if isinstance(n, Neg):
        return not _factors(n.body, out)
    if isinstance(n, Num) and n.value < 0:
        out.append(Num(-n.value))
        return True
    out.append(n)
    return False


def _add(n: Add) -> Node:
    terms: list[Node] = []
    _terms(n, terms)
    out = terms[0]
    for term in terms[1:]:
        out = Add(out, term)
    return out


def _terms(n: Node, out: list[Node]) -> None:
    if isinstance(n, Add):
        _terms(n.left, out)
        _terms(n.right, out)
    else:
        out.append(n)


_RULES = {
    Name: _name,
    array.Apply: _apply,
    Call: _call,
    Index: _index,
    Neg: _neg,
    Div: _div,
    Pow: _pow,
    Mul: _mul,
    Add: _add,
}


@pytest.fixture(scope="session")
def normal_form() -> Callable[[Node], Node]:
    """The normal form in which two printings are compared."""
    return normal
