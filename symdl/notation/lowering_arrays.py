"""Array operations in index form: reductions along axes, softmax, norms, concatenation, matrix functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import sympy as sp

from symdl.errors import NotSupported, ShapeError
from symdl.notation.lowering_base import LoweringBase
from symdl.notation.values import Value, fresh, renamed
from symdl.terms import array
from symdl.terms.indexed import Axis, Delta, MatrixFunction, Reduce


class ArrayOperations(LoweringBase):
    """The operations that catalogue notation writes as calls."""

    def norm(self, n: array.Norm) -> Value:
        """The p-norm of all entries."""
        v = self.value(n.body)
        axes = [a for a in v.axes if a is not None]
        p = sp.Integer(2) if n.p is None else self.scalar(n.p)
        if p == sp.oo:
            return Value((), Reduce("max", sp.Abs(v.body), *axes))
        if p == 1:
            return Value((), Reduce("sum", sp.Abs(v.body), *axes))
        if p == 2:
            return Value((), sp.sqrt(Reduce("sum", v.body**2, *axes)))
        return Value((), Reduce("sum", sp.Abs(v.body) ** p, *axes) ** (1 / p))

    def concat(self, n: array.Concat) -> Value:
        """Stacked along the first axis: each part lives where the position falls into it."""
        parts = [self.value(a) for a in n.args]
        rank = max(len(p.axes) for p in parts)
        if any(len(p.axes) != rank for p in parts) or rank == 0:
            raise ShapeError("SD505", "parts of a concatenation differ in rank", "", n.span)
        axis = fresh(sp.expand(sp.Add(*(p.shape[0] for p in parts))))
        offset: sp.Expr = sp.S.Zero
        pieces = []
        rest = parts[0].axes[1:]
        for p in parts:
            first = p.axes[0]
            body = p.on((first, *rest))
            if first is not None:
                body = self.replaced(body, [(first, axis - offset)])
            offset = sp.expand(offset + p.shape[0])
            pieces.append((body, sp.Lt(axis, offset, evaluate=False)))
        return Value((axis, *rest), sp.Piecewise(*pieces[:-1], (pieces[-1][0], True), evaluate=False))

    def matrix(self, n: array.Matrix) -> Value:
        """A literal matrix."""
        rows, columns = len(n.rows), len(n.rows[0])
        i = None if rows == 1 else fresh(sp.Integer(rows))
        j = None if columns == 1 else fresh(sp.Integer(columns))
        body: sp.Expr = sp.S.Zero
        for r, row in enumerate(n.rows):
            for c, cell in enumerate(row):
                here = self.scalar(cell)
                body += here * (1 if i is None else Delta(i, r)) * (1 if j is None else Delta(j, c))
        return Value((i, j), body)

    def along(self, n: array.Call, op: str) -> Value:
        """``sum(x)``, ``max(x, axis=1, keepdims=True)`` and their kin; several arguments: elementwise."""
        if len(n.args) > 1:
            make = {"max": sp.Max, "min": sp.Min}.get(op)
            if make is None:
                raise NotSupported("SD606", f"{op} of several arguments", "", n.span)
            return self.elementwise(make, *(self.value(a) for a in n.args))
        return self.reduced(op, self.value(n.args[0]), n)

    def reduced(self, op: str, v: Value, n: array.Call) -> Value:
        """A reduction of an array along some axes."""
        axis, keep = n.option("axis"), bool(n.option("keepdims", False))
        chosen = set(range(len(v.axes))) if axis is None else {int(a) % len(v.axes) for a in _listed(axis)}
        bound = [a for k, a in enumerate(v.axes) if k in chosen and a is not None]
        if keep:
            axes = tuple(None if k in chosen else a for k, a in enumerate(v.axes))
        else:
            axes = tuple(a for k, a in enumerate(v.axes) if k not in chosen)
        return Value(axes, Reduce(op, v.body, *bound))

    def softmax(self, n: array.Call) -> Value:
        """Softmax, or its logarithm."""
        v = self.value(n.args[0])
        axis = self.softmax_axis(v, n)
        total = Reduce("sum", sp.exp(v.body), axis)
        body = sp.exp(v.body) / total
        return Value(v.axes, sp.log(body) if n.function == "log_softmax" else body)

    def softmax_axis(self, v: Value, n: array.Call) -> Axis:
        """The axis a softmax sums over."""
        given = n.option("axis")
        if given is None:
            given = 0 if len(v.axes) == 2 and v.axes[1] is None else -1
        axis = v.axes[int(str(given))] if v.axes else None
        if axis is None:
            raise ShapeError("SD506", "softmax along an axis of size 1", "give the axis", n.span)
        return axis

    def logsumexp(self, n: array.Call) -> Value:
        """The logarithm of the sum of exponentials."""
        v = self.value(n.args[0])
        r = self.reduced("sum", Value(v.axes, sp.exp(v.body)), n)
        return Value(r.axes, sp.log(r.body))

    def moment(self, n: array.Call) -> Value:
        """Variance or standard deviation, divided by the number of entries."""
        v = self.value(n.args[0])
        keep = array.Call(n.function, n.args, (*((k, o) for k, o in n.options if k != "keepdims"), ("keepdims", True)))
        mean = self.reduced("mean", self.whole(v), keep)
        square = self.elementwise(lambda a, b: (a - b) ** 2, v, mean)
        r = self.reduced("mean", square, n)
        return Value(r.axes, sp.sqrt(r.body) if n.function == "std" else r.body)

    def extreme(self, n: array.Call) -> Value:
        """The larger or smaller of several, elementwise."""
        make = sp.Max if n.function == "maximum" else sp.Min
        return self.elementwise(make, *(self.value(a) for a in n.args))

    def eye(self, n: array.Call) -> Value:
        """The unit matrix."""
        s = self.scalar(n.args[0])
        i, j = fresh(s), fresh(s)
        return Value((i, j), Delta(i, j))

    def ones(self, n: array.Call) -> Value:
        """All ones, or all zeros."""
        axes = tuple(None if s == 1 else fresh(s) for s in map(self.scalar, n.args))
        return Value(axes, sp.S.One if n.function == "ones" else sp.S.Zero)

    def reshape(self, n: array.Call) -> Value:
        """The same entries, row by row, in another shape: dimensions are put together and taken apart."""
        v = self.value(n.args[0])
        sizes = [self.scalar(a) for a in n.args[1:]]
        if sp.expand(sp.Mul(*sizes) - sp.Mul(*v.shape)) != 0:
            raise ShapeError(
                "SD508",
                f"{_shape(v.shape)} has not as many entries as {_shape(sizes)}",
                "the product of the sizes stays",
                n.span,
            )
        axes = tuple(None if s == 1 else fresh(s) for s in sizes)
        body = v.body
        for held, wanted in _same_products(v.axes, axes):
            position = _position(wanted)
            body = self.replaced(body, list(zip(held, _digits(position, held), strict=True)))
        return Value(axes, body)

    def permuted(self, n: array.Call) -> Value:
        """The dimensions in another order; reversed if no order is given."""
        v = self.value(n.args[0])
        order = n.option("axes")
        places = _listed(order) if isinstance(order, tuple) else list(range(len(v.axes)))[::-1]
        if sorted(places) != list(range(len(v.axes))):
            raise ShapeError("SD506", f"{tuple(places)} is no order of {len(v.axes)} dimensions", "", n.span)
        return Value(tuple(v.axes[k] for k in places), v.body)

    def diag(self, n: array.Call) -> Value:
        """The diagonal of a matrix, or the matrix of a diagonal."""
        v = self.value(n.args[0])
        if len(v.axes) == 2 and v.axes[1] is not None and v.axes[0] is not None:
            i = v.axes[0]
            return Value((i,), self.replaced(v.body, [(v.axes[1], i)]))
        present = [a for a in v.axes if a is not None]
        if not present:
            raise ShapeError("SD507", "diag of something that is no vector", "declare its shape", n.span)
        i = present[0]
        j = fresh(i.size)
        return Value((i, j), v.body * Delta(i, j))

    def trace(self, n: array.Call) -> Value:
        """The sum of the diagonal."""
        v = self.value(n.args[0])
        if len(v.axes) != 2:
            raise ShapeError("SD507", "the trace of something that is no matrix", "declare its shape", n.span)
        i, j = v.axes
        if i is None or j is None:
            return Value((), v.body)
        return Value((), Reduce("sum", self.replaced(v.body, [(j, i)]), i))

    def outer(self, n: array.Call) -> Value:
        """The outer product."""
        a, b = (self.value(k).squeezed() for k in n.args)
        return Value((*a.axes, *b.axes), a.body * b.body)

    def square_matrix(self, n: array.Call) -> Value:
        """Functions of a square matrix."""
        v = self.value(n.args[0])
        if len(v.axes) != 2:
            raise ShapeError("SD507", f"{n.function} of something that is no matrix", "declare its shape", n.span)
        row, column = v.axes
        if row is None or column is None or row.size != column.size:
            raise ShapeError("SD507", f"{n.function} of a matrix that is not square", "", n.span)
        if n.function in ("det", "logdet"):
            return Value((), MatrixFunction(n.function, v.body, row, column))
        i, j = fresh(row.size), fresh(row.size)
        if n.function == "sqrtm":
            return Value((i, j), MatrixFunction("power", v.body, row, column, i, j, sp.S.Half))
        inverse = Value((i, j), MatrixFunction("inv", v.body, row, column, i, j))
        return self.matmul(inverse, self.value(n.args[1])) if n.function == "solve" else inverse

    def einsum(self, n: array.Call) -> Value:
        """Einstein's sum."""
        inputs, _, output = str(n.option("subscripts")).replace(" ", "").partition("->")
        letters: dict[str, Axis | None] = {}
        body: sp.Expr = sp.S.One
        for spec, arg in zip(inputs.split(","), n.args, strict=True):
            v = self.value(arg)
            pairs = []
            for letter, axis in zip(spec, v.axes, strict=True):
                held = letters.setdefault(letter, axis)
                if axis is not None and held is not None and held != axis:
                    pairs.append((axis, held))
            body *= renamed(v.body, pairs)
        bound = [a for k, a in letters.items() if k not in output and a is not None]
        return Value(tuple(letters[k] for k in output), Reduce("sum", body, *bound))


def _shape(sizes: Iterable[sp.Expr]) -> str:
    return "(" + ", ".join(map(str, sizes)) + ")"


def _same_products(
    held: Sequence[Axis | None], wanted: Sequence[Axis | None]
) -> Iterator[tuple[list[Axis], list[Axis]]]:
    """Cuts both shapes into the shortest runs of dimensions with equal products."""
    left, right = [a for a in held if a is not None], [a for a in wanted if a is not None]
    while left or right:
        for total in range(2, len(left) + len(right) + 1):
            cuts = ((k, total - k) for k in range(1, min(total, len(left) + 1)) if total - k <= len(right))
            cut = next((c for c in cuts if _count(left[: c[0]]) == _count(right[: c[1]])), None)
            if cut is not None:
                break
        else:
            cut = (len(left), len(right))
        yield left[: cut[0]], right[: cut[1]]
        left, right = left[cut[0] :], right[cut[1] :]


def _count(axes: Sequence[Axis]) -> sp.Expr:
    return sp.expand(sp.Mul(*(a.size for a in axes)))


def _position(axes: Sequence[Axis]) -> sp.Expr:
    """The place of an entry in row order."""
    place: sp.Expr = sp.S.Zero
    for a in axes:
        place = sp.expand(place * a.size + a)
    return place


def _digits(place: sp.Expr, axes: Sequence[Axis]) -> list[sp.Expr]:
    """The indices of the entry at a place in row order."""
    wholes = [sp.floor(place / _count(axes[k:])) for k in range(1, len(axes))] + [place]
    return [
        whole if k == 0 else sp.expand(whole - a.size * wholes[k - 1])
        for k, (a, whole) in enumerate(zip(axes, wholes, strict=True))
    ]


def _listed(axis: object) -> list[int]:
    return [int(a) for a in axis] if isinstance(axis, tuple) else [int(str(axis))]


def _reduction(op: str) -> Callable[[ArrayOperations, array.Call], Value]:
    return lambda self, n: self.along(n, op)


CALLS: dict[str, Callable[[ArrayOperations, array.Call], Value]] = {
    **{op: _reduction(op) for op in ("sum", "prod", "mean", "max", "min")},
    "softmax": ArrayOperations.softmax,
    "log_softmax": ArrayOperations.softmax,
    "logsumexp": ArrayOperations.logsumexp,
    "var": ArrayOperations.moment,
    "std": ArrayOperations.moment,
    "maximum": ArrayOperations.extreme,
    "minimum": ArrayOperations.extreme,
    "eye": ArrayOperations.eye,
    "ones": ArrayOperations.ones,
    "zeros": ArrayOperations.ones,
    "reshape": ArrayOperations.reshape,
    "transpose": ArrayOperations.permuted,
    "diag": ArrayOperations.diag,
    "trace": ArrayOperations.trace,
    "outer": ArrayOperations.outer,
    "inv": ArrayOperations.square_matrix,
    "det": ArrayOperations.square_matrix,
    "logdet": ArrayOperations.square_matrix,
    "solve": ArrayOperations.square_matrix,
    "sqrtm": ArrayOperations.square_matrix,
    "einsum": ArrayOperations.einsum,
}
