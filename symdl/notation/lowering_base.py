"""What every step of lowering needs: names, indices, broadcasting, matrix products."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp

from symdl.errors import NotSupported, ShapeError
from symdl.notation.strict import show
from symdl.notation.values import Scope, Tensor, Value, fresh, renamed, shape_text
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, Delta, Reduce, size_symbol


class LoweringBase:
    """Lowers names and indices, and combines arrays. `value` is what the subclass adds.

    Args:
        scope: meaning and shape of every name.
        sizes: whether unknown names are axis sizes.
    """

    def __init__(self, scope: Scope, sizes: bool) -> None:
        self.scope = scope
        self.sizes = sizes
        self.letters: dict[str, sp.Expr] = dict(scope.letters)
        self.local: dict[str, Value] = {}

    def value(self, node: Node) -> Value:
        """The expression in index form."""
        raise NotImplementedError

    def num(self, n: array.Num) -> Value:
        """A number."""
        return Value((), sp.Rational(n.value.numerator, n.value.denominator))

    def const(self, n: array.Const) -> Value:
        """A constant."""
        return Value((), {"pi": sp.pi, "inf": sp.oo}[n.name])

    def name(self, n: array.Name) -> Value:
        """A name: an index letter, or all of an array."""
        if n.id in self.letters:
            return Value((), self.letters[n.id])
        thing = self.local.get(n.id) or self.scope.names.get(n.id)
        if thing is None:
            if self.sizes:
                return Value((), size_symbol(n.id))
            raise NotSupported("SD603", f"the name {n.id} has no meaning here", "", n.span)
        v = self.whole(thing)
        if self.scope.columns and len(v.axes) == 1:
            return Value((v.axes[0], None), v.body)
        return v

    def whole(self, thing: Tensor | Value) -> Value:
        """All of a named array, at fresh axes."""
        if isinstance(thing, Value):
            axes = tuple(None if a is None else fresh(a.size) for a in thing.axes)
            return Value(axes, thing.on(axes))
        if not thing.shape:
            return Value((), thing.symbol)
        axes = tuple(None if s == 1 else fresh(s) for s in thing.shape)
        return Value(axes, Access(thing.symbol, *(sp.S.Zero if a is None else a for a in axes)))

    def index(self, n: array.Index) -> Value:
        """Elements of an array."""
        if isinstance(n.base, array.Name) and n.base.id == "delta" and n.base.id not in self.scope.names:
            i, j = (self.scalar(k) for k in n.items)
            return Value((), Delta(i, j))
        if isinstance(n.base, array.Name):
            thing = self.local.get(n.base.id) or self.scope.names.get(n.base.id)
            if thing is None:
                raise NotSupported("SD603", f"the name {n.base.id} has no meaning here", "", n.span)
            base = self.whole(thing)
        else:
            base = self.value(n.base)
        return self.indexed(base, n)

    def indexed(self, base: Value, n: array.Index) -> Value:
        """Elements of an array in index form."""
        out: list[Axis | None] = []
        swaps: list[tuple[Axis, sp.Expr]] = []
        axes = list(base.axes)
        real = [i for i in n.items if not isinstance(i, array.NewAxis)]
        if len(real) == 1 and len(axes) == 2 and axes[1] is None:  # an element of a column
            axes = axes[:1]
        if len(real) > len(axes):
            raise ShapeError(
                "SD502", f"{len(real)} indices on an array of {len(axes)} axes", "drop the extra index", n.span
            )
        for item in n.items:
            if isinstance(item, array.NewAxis):
                out.append(None)
                continue
            axis = axes.pop(0)
            if isinstance(item, array.Slice):
                out.append(self.sliced(axis, item, swaps))
                continue
            at = self.scalar(item) - self.scope.base
            if axis is not None:
                swaps.append((axis, at))
        out += axes
        return Value(tuple(out), self.replaced(base.body, swaps))

    def sliced(self, axis: Axis | None, item: array.Slice, swaps: list[tuple[Axis, sp.Expr]]) -> Axis | None:
        """The axis that is left of one that is sliced."""
        if (item.start is None and item.stop is None and item.step is None) or axis is None:
            return axis
        start = sp.S.Zero if item.start is None else self.scalar(item.start)
        stop = axis.size if item.stop is None else self.scalar(item.stop)
        step = sp.S.One if item.step is None else self.scalar(item.step)
        start, stop = (s + axis.size if s.is_negative else s for s in (start, stop))
        new = fresh(sp.ceiling((stop - start) / step))
        swaps.append((axis, start + step * new))
        return new

    def replaced(self, body: sp.Expr, swaps: Sequence[tuple[Axis, sp.Expr]]) -> sp.Expr:
        """The body with expressions put in for axes."""
        between = {a: fresh(a.size) for a, _ in swaps}
        return body.xreplace(between).xreplace({between[a]: e for a, e in swaps})

    def scalar(self, node: Node) -> sp.Expr:
        """The element of an expression that must be a number."""
        v = self.value(node)
        if any(a is not None for a in v.axes):
            raise ShapeError("SD503", "an index is an array", "index with letters and numbers", node.span)
        return v.body

    def elementwise(self, make: Callable[..., sp.Expr], *values: Value) -> Value:
        """Broadcasts as NumPy does: aligned from the right, a missing axis or one of size 1 stretches."""
        rank = max((len(v.axes) for v in values), default=0)
        target: list[Axis | None] = [None] * rank
        bodies = []
        for v in values:
            pairs = []
            for k, axis in enumerate(v.axes, start=rank - len(v.axes)):
                if axis is None:
                    continue
                held = target[k]
                if held is None:
                    target[k] = axis
                elif sp.expand(held.size - axis.size) != 0:
                    shapes = " and ".join(shape_text(w) for w in values)
                    raise ShapeError(
                        "SD504",
                        f"shapes {shapes} do not broadcast: {held.size} against {axis.size}",
                        "check the transposes",
                    )
                elif held != axis:
                    pairs.append((axis, held))
            bodies.append(renamed(v.body, pairs))
        return Value(tuple(target), make(*bodies))

    def mismatch(self, error: ShapeError, left: Node, right: Node, a: Value, b: Value, sign: str) -> ShapeError:
        """The error of two operands that do not fit: which axis of which of them, and both sizes."""
        clash = _inner_clash(a, b) if sign == "@" else _clash(a, b)
        if clash is None:
            return error
        names = [show(n) for n in (left, right)]
        (i, s), (j, t) = clash
        return ShapeError(
            error.diagnostic.code,
            f"{names[0]} {sign} {names[1]}: axis {i} of {names[0]} has size {s}, axis {j} of {names[1]} has size {t}",
            error.diagnostic.remedy,
            error.diagnostic.span,
        )

    def matmul(self, a: Value, b: Value) -> Value:
        """The matrix product, as NumPy understands it."""
        if not a.axes or not b.axes:
            raise ShapeError("SD501", "@ with a scalar", "write *")
        left, right = a.axes[-1], b.axes[0] if len(b.axes) == 1 else b.axes[-2]
        if sp.expand(a.shape[-1] - (b.shape[0] if len(b.axes) == 1 else b.shape[-2])) != 0:
            raise ShapeError(
                "SD501",
                f"{shape_text(a)} @ {shape_text(b)}: inner sizes differ",
                "check the order of the factors and the transposes",
            )
        rest_a = a.axes[:-1]
        rest_b = () if len(b.axes) == 1 else (*b.axes[:-2], b.axes[-1])
        if len(b.axes) > 2 or len(a.axes) > 2:
            raise NotSupported("SD604", "a product of arrays with more than two axes", "write it with index letters")
        if left is None or right is None:
            return Value((*rest_a, *rest_b), a.body * b.body)
        k = fresh(left.size)
        body = renamed(a.body, [(left, k)]) * renamed(b.body, [(right, k)])
        return Value((*rest_a, *rest_b), Reduce("sum", body, k))

    def extent(self, node: Node, letter: str) -> sp.Expr | None:
        """Size of the axis that ``letter`` addresses alone somewhere in ``node``."""
        for n in array.walk(node):
            if not isinstance(n, array.Index):
                continue
            items = [i for i in n.items if not isinstance(i, array.NewAxis)]
            alone = [k for k, item in enumerate(items) if isinstance(item, array.Name) and item.id == letter]
            shape = self.shape_of(n.base) if alone else ()
            for k in alone:
                if k < len(shape):
                    return shape[k]
        return None

    def shape_of(self, base: Node) -> tuple[sp.Expr, ...]:
        """Shape of what is indexed; empty if it cannot be told."""
        if isinstance(base, array.Name):
            thing = self.local.get(base.id) or self.scope.names.get(base.id)
            return () if thing is None else thing.shape
        try:
            return self.value(base).shape
        except (NotSupported, ShapeError):
            return ()


_Clash = tuple[tuple[int, sp.Expr], tuple[int, sp.Expr]]


def _clash(a: Value, b: Value) -> _Clash | None:
    """The first pair of axes that do not broadcast, aligned from the right, each with its size."""
    for k in range(1, min(len(a.axes), len(b.axes)) + 1):
        i, j = len(a.axes) - k, len(b.axes) - k
        if a.axes[i] is not None and b.axes[j] is not None and sp.expand(a.shape[i] - b.shape[j]) != 0:
            return (i, a.shape[i]), (j, b.shape[j])
    return None


def _inner_clash(a: Value, b: Value) -> _Clash | None:
    """The axes that a matrix product sums over, if their sizes differ."""
    if not a.axes or not b.axes:
        return None
    i, j = len(a.axes) - 1, max(len(b.axes) - 2, 0)
    return None if sp.expand(a.shape[i] - b.shape[j]) == 0 else ((i, a.shape[i]), (j, b.shape[j]))
