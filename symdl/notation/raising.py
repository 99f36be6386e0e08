r"""Index form -> array expressions: what ``sum(W[i, k] * X[k, j], k)`` is as a product of matrices.

Every node is raised to an array with dimensions (`Raised`): the factors of a sum are grouped by their letters,
two groups that share one bound letter are a matrix product, one group is a sum along axes, everything else is an
``einsum``. Where an index is shifted or scaled (a convolution) there is no such form; the expression is then
written with its letters. The same result is printed as LaTeX, as catalogue notation and as NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from symdl.errors import NotSupported
from symdl.functions import ELEMENTWISE, RowFunction
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, Delta, Expectation, Indicator, MatrixFunction, Opaque, Reduce

Dims = tuple[Axis | None, ...]

_FUNCTIONS = {row.sympy: name for name, row in ELEMENTWISE.items() if row.sympy is not None}
_RELATIONS = {sp.Gt: ">", sp.Ge: ">=", sp.Lt: "<", sp.Le: "<=", sp.Eq: "==", sp.Ne: "!="}
_LETTERS = "ijklmnopqrstuvwxyzabcdefgh"
ONE, ZERO = array.Num(Fraction(1)), array.Num(Fraction(0))


class NoArrayForm(Exception):
    """The expression needs index letters."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An array expression and its dimensions; ``None`` is a dimension of size 1."""

    node: Node
    dims: Dims

    @property
    def letters(self) -> frozenset[Axis]:
        """The axes it depends on."""
        return frozenset(d for d in self.dims if d is not None)


def raised(body: sp.Expr, axes: Dims, shapes: Mapping[str, tuple[sp.Expr, ...]] | None = None) -> Node:
    """Raises the element of an array over ``axes`` to an array expression of just this shape.

    Args:
        body: the element.
        axes: the dimensions of the result; ``None`` for one of size 1.
        shapes: sizes of the named arrays; without them, an index 0 is taken for that of a dimension of size 1.

    Raises:
        NoArrayForm: where only index letters can say it; see `indexed`.

    Example:
        >>> from symdl.notation.strict import show
        >>> from symdl.terms.indexed import size_symbol
        >>> i, j, k = (Axis(c, size_symbol(s)) for c, s in zip("ijk", "hmn"))
        >>> W, X, b = sp.symbols("W X b", real=True)
        >>> show(raised(Reduce("sum", Access(W, i, k) * Access(X, k, j), k) + Access(b, i, 0), (i, j)))
        'W @ X + b'
    """
    raiser = Raiser(shapes)
    r = raiser.whole(body, axes)
    missing = [a for a in axes if a is not None and a not in r.letters]
    if missing:
        sizes = tuple(raiser.plain(sp.S.One if a is None else a.size) for a in axes)
        ones: Node = array.Call("zeros" if body == 0 else "ones", sizes)
        if body == 0:
            return ones
        return ones if r.node == ONE else array.Mul(raiser.turned(r, axes).node, ones)
    if not r.letters and len(r.dims) != len(axes):  # a number where an array of one entry is wanted, or the reverse
        return (
            array.Call("reshape", (r.node, *(ONE for _ in axes)))
            if axes
            else array.Index(r.node, (ZERO,) * len(r.dims))
        )
    return raiser.turned(r, axes).node


class Raiser:
    """Raises expressions, each for a context: the axes of the array it will be part of."""

    def __init__(self, shapes: Mapping[str, tuple[sp.Expr, ...]] | None = None) -> None:
        self.shapes = shapes or {}

    def whole(self, e: sp.Expr, context: Dims) -> Raised:
        """Raises one expression; the result broadcasts against the context."""
        if isinstance(e, Access):
            return self.access(e)
        if isinstance(e, Axis):
            return Raised(array.Call("arange", (self.plain(e.size),)), (e,))
        if not e.has(Access, Reduce, MatrixFunction) and not index_letters(e):
            return Raised(self.plain(e), ())
        if isinstance(e, sp.Add):
            return self.sum(e, context)
        if isinstance(e, (sp.Mul, sp.Pow)):
            return self.product(e, context)
        if isinstance(e, Reduce):
            return self.reduce(e, context)
        if isinstance(e, MatrixFunction):
            return self.matrix(e)
        return self.function(e, context)

    def plain(self, e: sp.Expr) -> Node:
        """A number or an expression of scalars."""
        if e.is_Rational:
            return _number(e)
        if e == sp.pi:
            return array.Const("pi")
        if e == sp.oo:
            return array.Const("inf")
        if e == sp.E:
            return array.Call("exp", (ONE,))
        if isinstance(e, sp.Symbol):
            return array.Name(e.name)
        if isinstance(e, Access) and all(i == 0 for i in e.indices):
            return array.Name(e.tensor.name)
        return self.whole_scalar(e)

    def whole_scalar(self, e: sp.Expr) -> Node:
        """Scalars combined."""
        if isinstance(e, sp.Add):
            return self.sum(e, ()).node
        if isinstance(e, (sp.Mul, sp.Pow)):
            return self.product(e, ()).node
        return self.function(e, ()).node

    # ---- leaves

    def access(self, e: Access) -> Raised:
        """A named array, or the part of it that is read."""
        from symdl.notation.elements import read

        return read(self, e)

    def matrix(self, e: MatrixFunction) -> Raised:
        """``inv(A)``, ``det(A)``, ``logdet(A)``."""
        body, opened = e.opened()
        row, column = (opened[a] for a in e.bound)
        inner = self.turned(self.whole(body, (row, column)), (row, column)).node
        if e.op in ("det", "logdet"):
            return Raised(array.Call(e.op, (inner,)), ())
        if e.op != "inv" or not all(isinstance(i, Axis) for i in e.indices):
            raise NoArrayForm
        return Raised(array.Call("inv", (inner,)), (e.indices[0], e.indices[1]))

    # ---- elementwise

    def sum(self, e: sp.Add, context: Dims) -> Raised:
        """Signed terms, the positive ones first."""
        content, rest = e.primitive()
        if content != 1 and isinstance(rest, sp.Add):
            return self.scaled(content, self.sum(rest, context))
        terms = sorted(((_negative(t), *_order(t)[1:2], not t.has(Reduce), *_order(t)), t) for t in e.args)
        parts = [self.whole(-t if key[0] else t, context) for key, t in terms]
        parts = self.aligned(parts, context)
        node = parts[0].node if not terms[0][0][0] else array.Neg(parts[0].node)
        for (key, _), part in zip(terms[1:], parts[1:], strict=True):
            node = array.Add(node, array.Neg(part.node) if key[0] else part.node)
        return Raised(node, _joint(parts))

    def scaled(self, c: sp.Rational, r: Raised) -> Raised:
        """A rational multiple."""
        if c.q == 1:
            return Raised(array.Mul(_number(c), r.node), r.dims)
        top = r.node if c.p == 1 else array.Mul(_number(sp.Integer(c.p)), r.node)
        return Raised(array.Div(top, _number(sp.Integer(c.q))), r.dims)

    def product(self, e: sp.Expr, context: Dims) -> Raised:
        """Factors over a denominator."""
        if isinstance(e, sp.Mul):
            diagonal = self.diagonal(e, context)
            if diagonal is not None:
                return diagonal
        sign, top, bottom = _quotient(e)
        if not bottom and len(top) == 1 and sign == 1:
            return self.power(top[0], context)
        numerator = self.factors(top, context)
        out = numerator
        if bottom:
            divisor = self.factors(bottom, context)
            out, divisor = self.aligned([out, divisor], context)
            out = Raised(array.Div(out.node, divisor.node), _joint([out, divisor]))
        return Raised(array.Neg(out.node), out.dims) if sign < 0 else out

    def factors(self, factors: list[sp.Expr], context: Dims) -> Raised:
        """A product of factors, elementwise; numbers and scalars in front, brackets behind."""
        if not factors:
            return Raised(ONE, ())
        ordered = sorted(factors, key=_order)
        outer = self.outer(ordered, context) or self.single(ordered, context)
        if outer is not None:
            return outer
        parts = self.aligned([self.power(f, context) for f in ordered], context)
        node = parts[0].node
        for p in parts[1:]:
            node = array.Mul(node, p.node)
        return Raised(node, _joint(parts))

    def outer(self, factors: list[sp.Expr], context: Dims) -> Raised | None:
        """``outer(u, v)`` for two vectors at different letters."""
        arrays = [f for f in factors if index_letters(f)]
        if len(arrays) != 2 or len(context) != 2 or None in context:
            return None
        found = {next(iter(index_letters(f))): f for f in arrays if len(index_letters(f)) == 1}
        if set(found) != set(context):
            return None
        parts = [self.whole(found[a], (a,)) for a in context if a is not None]
        if all(len(p.dims) == 1 for p in parts):
            out = Raised(array.Call("outer", tuple(p.node for p in parts)), context)
        elif all(len(p.dims) == 2 for p in parts):  # a column times a row
            left, right = self.turned(parts[0], (context[0], None)), self.turned(parts[1], (None, context[1]))
            out = Raised(array.Mul(left.node, right.node, array.MATMUL), context)
        else:
            return None
        scalars = [f for f in factors if not index_letters(f)]
        if not scalars:
            return out
        front = self.factors(scalars, ())
        return Raised(array.Mul(front.node, out.node), context)

    def single(self, factors: list[sp.Expr], context: Dims) -> Raised | None:
        """A matrix of one entry times a row, a column times it: matrix products, as in a layer of one unit."""
        if len(factors) != 2 or not all(isinstance(f, Access) for f in factors) or len(context) != 2:
            return None
        parts = [self.turned(p, context) for p in (self.whole(f, context) for f in factors)]
        one, other = sorted(parts, key=lambda p: len(p.letters))
        if one.dims != (None, None) or len(other.letters) != 1 or len(other.dims) != 2:
            return None
        left, right = (other, one) if other.dims[1] is None else (one, other)
        return Raised(array.Mul(left.node, right.node, array.MATMUL), other.dims)

    def diagonal(self, e: sp.Mul, context: Dims) -> Raised | None:
        """``diag(v)`` for a vector times a Kronecker delta of the two letters."""
        deltas = [f for f in e.args if isinstance(f, Delta)]
        if len(deltas) != 1 or not all(isinstance(a, Axis) for a in deltas[0].args):
            return None
        i, j = deltas[0].args
        rest = sp.Mul(*(f for f in e.args if f is not deltas[0])).xreplace({j: i})
        if not index_letters(rest) <= {i}:
            return None
        vector = self.whole(rest, (i,))
        if vector.dims != (i,):
            return None
        dims = tuple(a for a in context if a in (i, j)) or (i, j)
        return Raised(array.Call("diag", (vector.node,)), dims)

    def power(self, e: sp.Expr, context: Dims) -> Raised:
        """A factor; roots and powers are elementwise."""
        if not isinstance(e, sp.Pow):
            return self.whole(e, context)
        if e.exp == sp.S.Half:
            base = self.whole(e.base, context)
            return Raised(array.Call("sqrt", (base.node,)), base.dims)
        if e.exp.is_negative and e.exp.is_number:
            return self.product(e, context)
        base, exponent = self.aligned([self.whole(e.base, context), self.whole(e.exp, context)], context)
        return Raised(array.Pow(base.node, exponent.node), _joint([base, exponent]))

    def function(self, e: sp.Expr, context: Dims) -> Raised:
        """Functions, conditions, deltas, expectations."""
        if isinstance(e, Delta):
            i, j = e.args
            if isinstance(i, Axis) and isinstance(j, Axis):
                return Raised(array.Call("eye", (self.plain(i.size),)), (i, j))
            raise NoArrayForm
        if isinstance(e, Indicator):
            return self.condition(e.args[0], context)
        if isinstance(e, sp.Piecewise):
            return self.cases(e, context)
        if isinstance(e, Opaque):
            parts = self.aligned([self.whole(a, context) for a in e.args[2:]], context)
            return Raised(array.Apply(e.args[0].name, tuple(p.node for p in parts), int(e.args[1])), _joint(parts))
        if isinstance(e, Expectation):
            body = self.whole(e.args[0], context)
            return Raised(array.Expect(body.node, e.args[1].name, e.args[2].name), body.dims)
        if isinstance(e, (sp.Max, sp.Min)):
            return self.extreme(e, context)
        name = e.row.name if isinstance(e, RowFunction) else _FUNCTIONS.get(e.func)
        if name is None:
            raise NotSupported("SD624", f"{type(e).__name__} has no array form", "")
        args = list(e.args)
        if isinstance(e, RowFunction):
            for p in reversed(e.row.parameters):  # a parameter at its default is not written
                if args[-1] != p.default:
                    break
                args.pop()
        parts = self.aligned([self.whole(a, context) for a in args], context)
        return Raised(array.Call(name, tuple(p.node for p in parts)), _joint(parts))

    def extreme(self, e: sp.Expr, context: Dims) -> Raised:
        """``maximum(0, z)``."""
        name = "maximum" if isinstance(e, sp.Max) else "minimum"
        args = sorted(e.args, key=_order)
        parts = self.aligned([self.whole(a, context) for a in args], context)
        node = parts[0].node
        for p in parts[1:]:
            node = array.Call(name, (node, p.node))
        return Raised(node, _joint(parts))

    def condition(self, c: sp.Basic, context: Dims) -> Raised:
        """A relation, or an and, or, not of such."""
        if isinstance(c, (sp.And, sp.Or, sp.Not)):
            parts = self.aligned([self.condition(a, context) for a in sorted(c.args, key=str)], context)
            op = {sp.And: "and", sp.Or: "or", sp.Not: "not"}[type(c)]
            return Raised(array.Logic(op, tuple(p.node for p in parts)), _joint(parts))
        if c in (sp.true, sp.false):
            return Raised(ONE if c == sp.true else ZERO, ())
        if type(c) not in _RELATIONS:
            raise NotSupported("SD624", f"the condition {type(c).__name__} has no array form", "")
        parts = self.aligned([self.whole(s, context) for s in c.args], context)
        return Raised(array.Compare(_RELATIONS[type(c)], parts[0].node, parts[1].node), _joint(parts))

    def cases(self, e: sp.Piecewise, context: Dims) -> Raised:
        """A case distinction."""
        parts: list[Raised] = []
        for value, condition in e.args:
            parts += [self.whole(value, context), self.condition(condition, context)]
        parts = self.aligned(parts, context)
        pairs = [(parts[k].node, parts[k + 1].node) for k in range(0, len(parts), 2)]
        last = pairs.pop() if e.args[-1][1] == sp.true else None
        return Raised(array.Cases(tuple(pairs), None if last is None else last[0]), _joint(parts))

    # ---- dimensions

    def aligned(self, parts: list[Raised], context: Dims) -> list[Raised]:
        """The parts with dimensions put where broadcasting needs them."""
        joint: list[Axis | None] = []
        letters = set().union(*(p.letters for p in parts)) if parts else set()
        for a in context:
            if a is None or a in letters:
                joint.append(a)
            elif any(len(p.dims) > 1 for p in parts):
                joint.append(None)
        if not letters <= set(joint):
            raise NoArrayForm
        return [self.turned(p, tuple(joint), broadcast=True) for p in parts]

    def turned(self, r: Raised, dims: Dims, *, broadcast: bool = False) -> Raised:
        """The same array with its dimensions in the order of ``dims``; to broadcast, leading ones may be missing."""
        if r.dims == dims or not r.letters:
            return r
        wanted = [a for a in dims if a in r.letters]
        held = [a for a in r.dims if a is not None]
        node, have = r.node, list(r.dims)
        if wanted != held:
            if len(have) != 2:
                node = array.Call("transpose", (node,), (("axes", tuple(held.index(a) for a in wanted)),))
                if None in have:
                    raise NoArrayForm
                have = list(wanted)
            else:
                node, have = _transposed(node), have[::-1]
        return self.placed(Raised(node, tuple(have)), dims, broadcast)

    def placed(self, r: Raised, dims: Dims, broadcast: bool) -> Raised:
        """New dimensions of size 1 where ``dims`` has an axis that the array lacks."""
        tail = tuple(a if a in r.letters else None for a in dims)
        first = next((k for k, a in enumerate(tail) if a is not None), len(tail))
        if broadcast:
            for start in range(first + 1):
                if r.dims == tail[start:]:
                    return r
        elif r.dims == tail:
            return r
        if len(r.dims) == len(tail) == 2 and r.dims == tail[::-1]:
            return Raised(_transposed(r.node), tail)
        held = [d for d in r.dims if d is not None]
        if None in r.dims:  # drop the dimensions of size 1, then put in others
            squeeze = tuple(ZERO if d is None else array.Slice(None, None, None) for d in r.dims)
            base: Node = array.Index(r.node, squeeze)
            if held == [a for a in tail if a is not None] and len(held) == len(tail):
                return Raised(base, tail)
        else:
            base = r.node
        start = first if broadcast else 0
        items = tuple(array.Slice(None, None, None) if a is not None else array.NewAxis() for a in tail[start:])
        return Raised(array.Index(base, items), tail[start:])

    # ---- reductions

    def reduce(self, e: Reduce, context: Dims) -> Raised:
        """A reduction over its bound axes."""
        from symdl.notation.contraction import contracted

        return contracted(self, e, context)


def _transposed(node: Node) -> Node:
    """``A.T``; of a product of matrices, the product of the transposes the other way round."""
    if isinstance(node, array.Transpose):
        return node.body
    if isinstance(node, array.Mul) and node.how == array.MATMUL:
        return array.Mul(_transposed(node.right), _transposed(node.left), array.MATMUL)
    return array.Transpose(node)


def _number(v: sp.Rational) -> Node:
    if v.q == 1:
        return array.Num(Fraction(int(v.p)))
    top: Node = array.Num(Fraction(abs(int(v.p))))
    out: Node = array.Div(top, array.Num(Fraction(int(v.q))))
    if Fraction(int(v.p), int(v.q)).limit_denominator(10**6) == Fraction(int(v.p), int(v.q)) and _short(v):
        return array.Num(Fraction(int(v.p), int(v.q)))
    return array.Neg(out) if v.p < 0 else out


def _short(v: sp.Rational) -> bool:
    """Whether a decimal of at most six digits says it."""
    return 10**6 % int(v.q) == 0


def index_letters(e: sp.Expr) -> set[Axis]:
    """The letters an expression depends on."""
    return {s for s in e.free_symbols if isinstance(s, Axis)}


def _negative(t: sp.Expr) -> bool:
    return bool(t.could_extract_minus_sign())


def _order(e: sp.Expr) -> tuple[int, bool, str]:
    """Numbers, scalars, adjoints, arrays, functions, brackets."""
    if e.is_number:
        rank = 0
    elif not e.has(Access) and not e.has(Reduce):
        rank = 1
    elif isinstance(e, sp.Add):
        rank = 5
    elif isinstance(e, (Access, Reduce, sp.Mul)):
        rank = 2
    else:
        rank = 3
    names = sorted(str(a.tensor.name) for a in e.atoms(Access))
    upstream = any(n.startswith("d") and len(n) > 1 for n in names)
    return rank, not upstream, str(e)


def _quotient(e: sp.Expr) -> tuple[int, list[sp.Expr], list[sp.Expr]]:
    """Sign, factors of the numerator, factors of the denominator."""
    sign, top, bottom = 1, [], []
    for f in sp.Mul.make_args(e):
        if f.is_Rational:
            sign = -1 if f.p < 0 else sign
            top += [sp.Integer(abs(f.p))] if abs(f.p) != 1 else []
            bottom += [sp.Integer(f.q)] if f.q != 1 else []
        elif isinstance(f, sp.Pow) and f.exp.is_number and f.exp.is_negative:
            bottom.append(sp.Pow(f.base, -f.exp))
        else:
            top.append(f)
    return sign, top, bottom


def _joint(parts: Iterable[Raised]) -> Dims:
    """Dimensions of what the parts broadcast to."""
    out: list[Axis | None] = []
    for p in parts:
        dims = list(p.dims)
        if len(dims) > len(out):
            missing: list[Axis | None] = [None] * (len(dims) - len(out))
            out = missing + out
        for k in range(1, len(dims) + 1):
            if dims[-k] is not None:
                out[-k] = dims[-k]
    return tuple(out)


def einsum_letters(axes: Sequence[Axis]) -> Callable[[Axis], str]:
    """A letter for every axis, in order."""
    table = {a: _LETTERS[k] for k, a in enumerate(dict.fromkeys(axes))}
    return table.__getitem__
