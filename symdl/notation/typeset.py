r"""From a right line to a well printed one: coefficients in front, dot products, deltas solved.

Nothing here changes what a line says: ``\frac{1}{m} dZ A^{\top}`` instead of one long fraction, ``u^{\top} v`` for a
product of two vectors, ``\sum_{i,j} dH_{ij} K_{u-2i,v-2j}`` instead of a sum over Kronecker deltas.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

import sympy as sp

from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, Delta, Reduce

_LINEAR = (array.Add, array.Neg, array.Mul, array.Div)


def typeset(node: Node, arrays: Collection[str], ranks: Mapping[str, int]) -> Node:
    r"""An array expression as it is printed.

    Args:
        node: the expression.
        arrays: names that are arrays: what divides by one stays a fraction.
        ranks: number of dimensions of every name.

    Example:
        >>> from symdl.notation.latex import latex
        >>> from symdl.notation.strict import parse
        >>> latex(typeset(parse("2 * (dZ @ A.T) / m"), ["dZ", "A"], {"dZ": 2, "A": 2}))
        '\\frac{2}{m} dZ A^{\\top}'
        >>> latex(typeset(parse("x @ A @ x"), ["x", "A"], {"x": 1, "A": 2}))
        'x^{\\top} A x'
    """

    def change(n: Node) -> Node:
        if isinstance(n, array.Div):
            return _coefficient(n, arrays)
        if isinstance(n, array.Mul) and n.how == array.MATMUL and _rank(n.left, ranks) == 1:
            return array.Mul(_row(n.left), n.right, array.MATMUL)
        return n

    return array.transform(node, change)


def _coefficient(n: array.Div, arrays: Collection[str]) -> Node:
    """A fraction whose numerator is a sum or a matrix product, with ``1 / m`` in front of it."""
    if set(array.names(n.right)) & set(arrays) or not any(map(_is_long, array.walk(n.left))):
        return n
    number, rest = _number(n.left)
    sign = number < 0
    out: Node = array.Mul(array.Div(array.Num(abs(number)), n.right), rest, array.JUXTAPOSED)
    return array.Neg(out) if sign else out


def _is_long(n: Node) -> bool:
    return isinstance(n, array.Reduce) or (isinstance(n, array.Mul) and n.how == array.MATMUL)


def _number(n: Node) -> tuple[Fraction, Node]:
    """The number a product begins with."""
    if isinstance(n, array.Neg):
        number, rest = _number(n.body)
        return -number, rest
    if isinstance(n, array.Mul) and n.how != array.MATMUL and isinstance(n.left, array.Num):
        return n.left.value, n.right
    return Fraction(1), n


def _rank(n: Node, ranks: Mapping[str, int]) -> int:
    """How many dimensions an expression has."""
    if isinstance(n, array.Name):
        return ranks.get(n.id, 0)
    if isinstance(n, array.Transpose):
        return 2 if _rank(n.body, ranks) == 1 else _rank(n.body, ranks)  # a vector that was laid down is a row
    if isinstance(n, array.Mul) and n.how == array.MATMUL:
        return max(_rank(n.left, ranks) + _rank(n.right, ranks) - 2, 0)
    if isinstance(n, (*_LINEAR, array.Pow, array.Compare)):
        return max(_rank(c, ranks) for c in array.children(n))
    if isinstance(n, array.Call) and not n.options and len(n.args) == 1:
        return 2 if n.function in ("inv", "diag", "eye") else _rank(n.args[0], ranks)
    return 0


def _row(n: Node) -> Node:
    return n if isinstance(n, array.Transpose) else array.Transpose(n)


def solved(e: sp.Expr) -> tuple[sp.Expr, tuple[str, ...]]:
    """The sums in which a delta says where a bound letter is, without delta and letter; what is 0 beyond its ends.

    Example:
        >>> u, i, a = Axis("u"), Axis("i"), Axis("a")
        >>> K, g = sp.symbols("K g", real=True)
        >>> solved(Reduce("sum", Delta(u, 2 * i + a) * Access(K, a) * Access(g, i), i, a))
        (sum(K[-2*_0 + u]*g[_0], _0), ('K',))
    """
    found: dict[str, None] = {}

    def sums(x: sp.Expr) -> sp.Expr:
        if not x.has(Delta) or not x.args or isinstance(x, (Access, Delta, Axis)):
            return x
        if isinstance(x, Reduce) and x.op == "sum":
            body, opened = x.opened()
            new, axes = _solved_once(sums(body), list(opened.values()), found)
            return Reduce("sum", new, *axes)
        args = [sums(a) if isinstance(a, sp.Expr) else a for a in x.args]
        return x.func(*args)

    return sums(e), tuple(sorted(found))


def _solved_once(body: sp.Expr, axes: list[Axis], found: dict[str, None]) -> tuple[sp.Expr, list[Axis]]:
    for d in [f for f in sp.Mul.make_args(body) if isinstance(f, Delta)]:
        gap = sp.expand(d.args[0] - d.args[1])
        rest = body / d
        readers = {a: _readers(rest, a) for a in axes if sp.expand(gap).coeff(a, 1) in (1, -1)}
        chosen = min((a for a, r in readers.items() if r), key=lambda a: (_upstream(readers[a]), str(a)), default=None)
        if chosen is None or sp.expand(gap - gap.coeff(chosen, 1) * chosen).has(chosen):
            continue
        value = sp.expand(chosen - gap / gap.coeff(chosen, 1))
        found.update(dict.fromkeys(readers[chosen]))
        body, axes = rest.xreplace({chosen: value}), [a for a in axes if a != chosen]
    return body, axes


def _readers(e: sp.Expr, letter: Axis) -> list[str]:
    """Arrays that a letter addresses alone."""
    return sorted({str(a.tensor.name) for a in e.atoms(Access) if letter in a.indices})


def _upstream(names: Collection[str]) -> bool:
    return any(n.startswith("d") and len(n) > 1 for n in names)
