"""Accurate forms of what a definition writes: the logarithm of a sigmoid or a softmax, and a softmax written out."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp

from symdl.codegen.slicing import element
from symdl.notation.raising import NoArrayForm
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, Reduce
from symdl.terms.program import Assignment

_LOG = {"sigmoid": "log_sigmoid", "softmax": "log_softmax"}
_ONE = array.Num(Fraction(1))


def accurate(node: Node, known: Mapping[str, Node]) -> Node:
    """The expression with logarithms of probabilities taken from what these were made of.

    Args:
        node: a right side.
        known: name -> right side, of the definitions before.

    Example:
        >>> from symdl.notation.strict import parse, show
        >>> show(accurate(parse("y * log(a) + (1 - y) * log(1 - a)"), {"a": parse("sigmoid(z)")}))
        'y * log_sigmoid(z) + (1 - y) * log_sigmoid(-z)'
    """

    def change(n: Node) -> Node:
        if not isinstance(n, array.Call) or n.function != "log":
            return n
        inner = _source(n.args[0], known)
        if isinstance(inner, array.Call) and inner.function in _LOG:
            return array.Call(_LOG[inner.function], inner.args, inner.options)
        if isinstance(inner, array.Add) and inner.left == _ONE and isinstance(inner.right, array.Neg):
            other = _source(inner.right.body, known)
            if isinstance(other, array.Call) and other.function == "sigmoid":
                return array.Call("log_sigmoid", (_opposite(other.args[0]),))
        return n

    return array.transform(node, change)


def _source(n: Node, known: Mapping[str, Node]) -> Node:
    if isinstance(n, array.Name) and n.id in known:
        return _source(known[n.id], known)
    return n


def _opposite(n: Node) -> Node:
    return n.body if isinstance(n, array.Neg) else array.Neg(n)


def softmax(a: Assignment, hidden: Mapping[str, Assignment], shapes: Mapping[str, tuple[sp.Expr, ...]]) -> Node | None:
    """``softmax(S, axis=1)`` for a definition that writes it out: exponentials over their sum.

    Args:
        a: the definition.
        hidden: the sums that have names of their own.
        shapes: sizes of the named arrays.
    """
    top, bottom = a.body.as_numer_denom()
    name = str(bottom.tensor.name) if isinstance(bottom, Access) else str(bottom)
    total = hidden.get(name)
    if not isinstance(top, sp.exp) or total is None or not isinstance(total.body, Reduce):
        return None
    if total.body.op != "sum" or len(total.body.bound) != 1 or not isinstance(total.body.body, sp.exp):
        return None
    own = {v: i for v, i in zip(total.variable.axes, getattr(bottom, "indices", ()), strict=True) if v is not None}
    body, opened = total.body.opened()
    (summed,) = opened.values()
    for letter in a.variable.letters:
        if top.exp.xreplace({letter: summed}) == body.exp.xreplace(own):
            return _call(top.exp, a, letter, shapes)
    return None


def _call(exponent: sp.Expr, a: Assignment, letter: Axis, shapes: Mapping[str, tuple[sp.Expr, ...]]) -> Node | None:
    try:
        inner = element(exponent, a.variable.axes, shapes)
    except NoArrayForm:
        return None
    return array.Call("softmax", (inner,), (("axis", a.variable.axes.index(letter)),))
