"""Array expressions + shapes -> index form.

A matrix product becomes a sum of products, broadcasting a missing axis, ``x[i + a]`` an access with an
affine index. The result is a `Value`: the axes of the array in order, and one scalar SymPy expression for
its element there. Nothing is simplified: what was written is what is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from symdl.errors import NotSupported, ShapeError
from symdl.functions import lookup
from symdl.functions.declare import Elementwise
from symdl.notation.element_derivative import element_derivative
from symdl.notation.lowering_arrays import CALLS, ArrayOperations
from symdl.notation.products import resolve
from symdl.notation.strict import parse
from symdl.notation.values import Scope, Tensor, Value, fresh
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Definition, Role
from symdl.terms.indexed import (
    Access,
    Axis,
    Delta,
    Expectation,
    Indicator,
    MatrixFunction,
    Opaque,
    Reduce,
    size_symbol,
)

__all__ = [
    "Scope",
    "Tensor",
    "Value",
    "free_axes",
    "lower",
    "lower_definition",
    "lower_program",
    "scope_of",
    "size",
    "tensor",
]

_KINDS: dict[str, dict[str, bool]] = {
    "positive": {"positive": True},
    "nonnegative": {"nonnegative": True},
    "unit": {"positive": True},
    "size": {"integer": True, "positive": True},
    "integer": {"integer": True},
    "binary": {"integer": True, "nonnegative": True},
    "diagonal": {"positive": True},
    "probability": {"positive": True},
    "index": {"integer": True, "nonnegative": True},
}


def size(text: str) -> sp.Expr:
    """Reads one axis size: a number, a name, or a sum or product of those (``2*n``, ``n+p``)."""
    return lower(parse(text), Scope({}), sizes=True).body


def tensor(role: Role) -> Tensor:
    """The tensor a role of an entry stands for."""
    if role.kind == "size" and not role.shape:
        return Tensor(size_symbol(role.id), ())
    symbol = sp.Symbol(role.id, real=True, **_KINDS.get(role.kind, {}))
    return Tensor(symbol, tuple(size(s) for s in role.shape))


def scope_of(roles: Mapping[str, Role], **settings: Any) -> Scope:
    """The scope in which the forms of an entry are read."""
    names: dict[str, Tensor | Value] = {}
    for name, role in roles.items():
        if role.kind == "function":
            continue
        if role.kind == "diagonal":
            names[name] = _diagonal(role)
        else:
            names[name] = tensor(role)
        for part in role.shape:
            for n in _size_names(part):
                names.setdefault(n, Tensor(size_symbol(n), ()))
    return Scope(names, **settings)


def _size_names(text: str) -> list[str]:
    return array.names(parse(text))


def _diagonal(role: Role) -> Value:
    """A diagonal matrix: positive entries ``d[i]`` times a Kronecker delta."""
    n = size(role.shape[0])
    i, j = fresh(n), fresh(n)
    return Value((i, j), Access(sp.Symbol(role.id, positive=True), i) * Delta(i, j))


def lower(node: Node, scope: Scope, *, sizes: bool = False) -> Value:
    """Lowers one expression.

    Args:
        node: the array expression.
        scope: meaning and shape of every name.
        sizes: whether unknown names are axis sizes.

    Raises:
        ShapeError: SD5xx, with both shapes.
        NotSupported: SD6xx, naming the construct.

    Example:
        >>> from symdl.notation.strict import parse
        >>> from symdl.terms.formula import Role
        >>> s = scope_of({"W": Role("W", "real", ("h", "n"), ()), "x": Role("x", "real", ("n",), ())})
        >>> lower(parse("W @ x"), s).shape
        (h,)
    """
    try:
        return _Lowering(scope, sizes).value(node)
    except RecursionError:
        raise NotSupported("SD601", "the expression is nested too deeply", "split it into definitions") from None


def lower_program(lines: Sequence[Definition], scope: Scope) -> Value:
    """Lowers definitions in order and returns the last right-hand side as an array.

    Index letters on the left become axes in that order; parameters are names of the scope.
    """
    for line in lines[:-1]:
        if line.parameters:
            scope = replace(scope, functions={**scope.functions, line.name: line})
        else:
            scope = replace(scope, names={**scope.names, line.name: lower_definition(line, scope)})
    return lower_definition(lines[-1], scope)


def lower_definition(line: Definition, scope: Scope) -> Value:
    """Lowers one definition; its index letters become the leading axes."""
    lowering = _Lowering(scope, False)
    axes: list[Axis | None] = []
    for letter in line.indices:
        extent = lowering.extent(line.right, letter)
        axis = fresh(extent or scope.ranges.get(letter) or size_symbol(f"N_{letter}"))
        lowering.letters[letter] = axis + scope.base
        axes.append(axis)
    v = lowering.value(line.right)
    return Value((*axes, *v.axes), v.body)


def free_axes(nodes: Sequence[Node], scope: Scope) -> dict[str, Axis]:
    """Axes for the index letters that are free in ``nodes``: names without a meaning that stand in indices."""
    lowering = _Lowering(scope, False)
    out: dict[str, Axis] = {}
    for node in nodes:
        for n in array.walk(node):
            if not isinstance(n, array.Index):
                continue
            for item in n.items:
                for letter in array.names(item):
                    if letter in scope.names or letter in out:
                        continue
                    extents = (lowering.extent(m, letter) for m in nodes)
                    extent = next((e for e in extents if e is not None), None)
                    out[letter] = fresh(extent if extent is not None else size_symbol(f"N_{letter}"))
    bound = {n.index for node in nodes for n in array.walk(node) if isinstance(n, array.Reduce)}
    return {k: v for k, v in out.items() if k not in bound}


class _Lowering(ArrayOperations):
    def value(self, node: Node) -> Value:
        method: Callable[[_Lowering, Any], Value] | None = _METHODS.get(type(node))
        if method is None:
            raise NotSupported("SD602", f"{type(node).__name__} has no index form yet", "", node.span)
        return method(self, node)

    def add(self, n: array.Add) -> Value:
        return self.paired(lambda a, b: a + b, n.left, n.right, "+")

    def paired(self, make: Callable[..., sp.Expr], left: Node, right: Node, sign: str) -> Value:
        """Two operands, elementwise."""
        a, b = self.value(left), self.value(right)
        try:
            return self.elementwise(make, a, b)
        except ShapeError as error:
            raise self.mismatch(error, left, right, a, b, sign) from None

    def neg(self, n: array.Neg) -> Value:
        v = self.value(n.body)
        return Value(v.axes, -v.body)

    def mul(self, n: array.Mul) -> Value:
        a, b = self.value(n.left), self.value(n.right)
        how = n.how
        if how == array.STAR and self.scope.star == array.MATMUL:
            how = array.JUXTAPOSED
        how = resolve(how, a.shape, b.shape)
        try:
            return self.elementwise(lambda x, y: x * y, a, b) if how == array.HADAMARD else self.matmul(a, b)
        except ShapeError as error:
            raise self.mismatch(error, n.left, n.right, a, b, "*" if how == array.HADAMARD else "@") from None

    def div(self, n: array.Div) -> Value:
        return self.paired(lambda a, b: a / b, n.left, n.right, "/")

    def pow(self, n: array.Pow) -> Value:
        a, b = self.value(n.base), self.value(n.exponent)
        shape = a.shape
        if len(shape) == 2 and shape[0] == shape[1] != 1 and not b.axes:
            return self.matrixpower(a, b.body)
        if b.body.is_Integer and abs(int(b.body)) > 10**6:
            raise NotSupported("SD605", "an exponent beyond a million", "write it as a symbol")
        return self.elementwise(_power, a, b)

    def matrixpower(self, a: Value, exponent: sp.Expr) -> Value:
        row, column = a.axes
        assert row is not None and column is not None
        factors = sp.Mul.make_args(a.body)
        if Delta(row, column) in factors:  # of a diagonal matrix: of its entries
            entries = sp.Mul(*(f for f in factors if f != Delta(row, column)))
            return Value(a.axes, _power(entries, exponent) * Delta(row, column))
        if self.scope.base == 0 and not self.scope.columns:  # catalogue notation: ** is elementwise
            return Value(a.axes, _power(a.body, exponent))
        i, j = fresh(row.size), fresh(column.size)
        if exponent == -1:
            return Value((i, j), MatrixFunction("inv", a.body, row, column, i, j))
        return Value((i, j), MatrixFunction("power", a.body, row, column, i, j, exponent))

    def transpose(self, n: array.Transpose) -> Value:
        v = self.value(n.body)
        return Value(tuple(reversed(v.axes)), v.body)

    def compare(self, n: array.Compare) -> Value:
        relation = _RELATIONS[n.op]
        return self.paired(lambda a, b: Indicator(relation(a, b)), n.left, n.right, n.op)

    def condition(self, node: Node) -> Value:
        """A condition as a SymPy boolean, elementwise."""
        if isinstance(node, array.Compare):
            relation = _RELATIONS[node.op]
            return self.elementwise(lambda a, b: relation(a, b), self.value(node.left), self.value(node.right))
        if isinstance(node, array.Logic):
            make = {"and": sp.And, "or": sp.Or, "not": sp.Not}[node.op]
            return self.elementwise(make, *(self.condition(a) for a in node.args))
        v = self.value(node)
        return Value(v.axes, sp.Ne(v.body, 0))

    def logic(self, n: array.Logic) -> Value:
        v = self.condition(n)
        return Value(v.axes, Indicator(v.body))

    def cases(self, n: array.Cases) -> Value:
        parts: list[Value] = []
        for value, condition in n.branches:
            parts += [self.value(value), self.condition(condition)]
        parts.append(Value((), sp.nan) if n.otherwise is None else self.value(n.otherwise))

        def make(*bodies: Any) -> sp.Expr:
            pairs = list(zip(bodies[0:-1:2], bodies[1::2], strict=True))
            if bodies[-1] is sp.nan and sp.Or(*(c for _, c in pairs)) == sp.true:  # the cases cover everything
                pairs[-1] = (pairs[-1][0], sp.true)
            return sp.Piecewise(*pairs, *([] if bodies[-1] is sp.nan else [(bodies[-1], True)]), evaluate=False)

        return self.elementwise(make, *parts)

    def call(self, n: array.Call) -> Value:
        special = CALLS.get(n.function)
        if special is not None:
            return special(self, n)
        if n.function in self.scope.functions:
            return self.local_call(self.scope.functions[n.function], n.args, n)
        row = lookup(n.function)
        if isinstance(row, Elementwise):
            return self.elementwise(row, *(self.value(a) for a in n.args))
        raise NotSupported("SD606", f"the function {n.function} has no index form yet", "", n.span)

    def apply(self, n: array.Apply) -> Value:
        if n.function in self.scope.functions and n.primes == 0:
            return self.local_call(self.scope.functions[n.function], n.args, n)
        name = sp.Symbol(n.function)
        return self.elementwise(lambda *a: Opaque(name, sp.Integer(n.primes), *a), *(self.value(a) for a in n.args))

    def local_call(self, line: Definition, args: Sequence[Node], n: Node) -> Value:
        if len(args) != len(line.parameters):
            raise NotSupported("SD607", f"{line.name} takes {len(line.parameters)} arguments", "", n.span)
        inner = _Lowering(replace(self.scope, letters=self.letters), self.sizes)
        inner.local = dict(zip(line.parameters, map(self.value, args), strict=True))
        axes = []
        for letter in line.indices:
            axis = fresh(inner.extent(line.right, letter) or size_symbol(f"N_{letter}"))
            inner.letters[letter] = axis + self.scope.base
            axes.append(axis)
        v = inner.value(line.right)
        return Value((*axes, *v.axes), v.body)

    def reduce(self, n: array.Reduce) -> Value:
        low, length = self.range(n)
        axis = fresh(length)
        outer = self.letters.get(n.index)
        self.letters[n.index] = axis + low
        body = self.value(n.body)
        self.letters.pop(n.index)
        if outer is not None:
            self.letters[n.index] = outer
        return Value(body.axes, Reduce(n.op, body.body, axis))

    def range(self, n: array.Reduce) -> tuple[sp.Expr, sp.Expr]:
        """First value of the bound letter, and how many values it takes."""
        if n.lower is not None and n.upper is not None:
            low, high = self.scalar(n.lower), self.scalar(n.upper)
            if low.is_finite is not False and high.is_finite is not False:
                return low, sp.expand(high - low + 1)
        extent = self.extent(n.body, n.index)
        if extent is None:
            extent = self.scope.ranges.get(n.index)
        if extent is None:
            raise NotSupported(
                "SD608", f"the range of the index {n.index} is open", "give limits, or index an array with it", n.span
            )
        return sp.Integer(self.scope.base), extent

    def derivative(self, n: array.Derivative) -> Value:
        """Of an expression by a named quantity: the axes of the expression, then those of the quantity.

        The derivative of a scalar has the shape of what it is taken by (denominator layout).
        """
        v = self.value(n.body)
        for w in n.wrt:
            by = self.value(w)
            if not isinstance(by.body, (sp.Symbol, Access)):
                raise NotSupported("SD609", "a derivative by an expression has no index form", "", n.span)
            v = Value((*v.axes, *by.axes), element_derivative(v.body, by.body))
        return v

    def expect(self, n: array.Expect) -> Value:
        x = sp.Symbol(n.variable, real=True)
        outer = self.local.get(n.variable)
        self.local[n.variable] = Value((), x)
        v = self.value(n.body)
        self.local.pop(n.variable)
        if outer is not None:
            self.local[n.variable] = outer
        return Value(v.axes, Expectation(v.body, x, sp.Symbol(n.distribution)))


def _power(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return sp.exp(b) if a == sp.E else a**b


_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": sp.Lt,
    "<=": sp.Le,
    ">": sp.Gt,
    ">=": sp.Ge,
    "==": sp.Eq,
    "!=": sp.Ne,
}


_METHODS: dict[type, Callable[[_Lowering, Any], Value]] = {
    getattr(array, name): getattr(_Lowering, name.lower())
    for name in """Num Const Name Index Add Neg Mul Div Pow Transpose Compare Logic Cases Call Apply Reduce Norm Concat
    Matrix Derivative Expect""".split()
}
