"""Dual numbers: the shipped function runs unchanged on arrays that carry their derivatives along.

A `Dual` holds values and, in one more trailing axis, their derivatives in several directions at once. NumPy
hands every ufunc and every array function to it (``__array_ufunc__``, ``__array_function__``). What has no rule
is refused by name: nothing is ever converted to a plain array, for then a derivative would silently be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from symdl.errors import NotSupported
from symdl.verifier.oracles.dual_rules import CONSTANT, PARTIALS
from symdl.verifier.oracles.gradients import Array


def refused(what: str) -> NotSupported:
    """The error for what dual numbers do not follow."""
    return NotSupported("SD721", f"dual numbers do not follow {what}", "the derivative would be lost")


class Dual(NDArrayOperatorsMixin):
    """Values and their derivatives.

    Attributes:
        value: the values.
        slope: the derivatives, with the directions in one more axis at the end.

    Example:
        >>> x = Dual.seed(np.array([1.0, 2.0]))
        >>> (x * x).slope.tolist()
        [[2.0, 0.0], [0.0, 4.0]]
    """

    __array_priority__ = 1000.0

    def __init__(self, value: Any, slope: Any) -> None:
        self.value: Array = np.asarray(value, dtype=float)
        tangent = np.asarray(slope, dtype=float)
        self.slope: Array = np.broadcast_to(tangent, self.value.shape + tangent.shape[-1:])

    @classmethod
    def seed(cls, value: Any) -> Dual:
        """Makes every element a variable of its own."""
        base = np.asarray(value, dtype=float)
        return cls(base, np.eye(base.size).reshape(*base.shape, base.size))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """Number of axes of the values."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self.value.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.value.dtype

    @property
    def T(self) -> Dual:
        """With its axes reversed."""
        return _transpose(self)

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, item: Any) -> Dual:
        items = item if isinstance(item, tuple) else (item,)
        if any(isinstance(i, Dual) for i in items):
            raise refused("an index that is itself a dual number")
        rest = () if Ellipsis in [i for i in items if not isinstance(i, np.ndarray)] else (Ellipsis,)
        return Dual(self.value[items], self.slope[(*items, *rest, slice(None))])

    def __setitem__(self, item: Any, value: Any) -> NoReturn:
        raise refused("a write into an array")

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise refused("a conversion to a plain array")

    def __float__(self) -> NoReturn:
        raise refused("a conversion to a number")

    def __bool__(self) -> NoReturn:
        raise refused("a branch on data")

    def __iadd__(self, other: Any) -> NoReturn:
        raise refused("a write in place")

    __isub__ = __imul__ = __itruediv__ = __ipow__ = __iadd__

    def reshape(self, *shape: Any) -> Dual:
        """The same numbers in another shape."""
        value = self.value.reshape(*shape)
        return Dual(value, self.slope.reshape(*value.shape, self.slope.shape[-1]))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """As ``np.sum``."""
        return _sum(self, axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """As ``np.mean``."""
        return _mean(self, axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """As ``np.max``."""
        return _extreme(np.max)(self, axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """As ``np.min``."""
        return _extreme(np.min)(self, axis, keepdims=keepdims)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None:
            raise refused("a write in place")
        if method == "reduce" and ufunc in _REDUCE:
            return _REDUCE[ufunc](inputs[0], options.get("axis", 0), keepdims=options.get("keepdims", False))
        if method != "__call__" or set(options) - {"dtype", "casting"}:
            raise refused(f"{ufunc.__name__}.{method} with {sorted(options)}")
        if ufunc is np.matmul:
            return _bilinear(np.matmul, *inputs)
        values = [_value(a) for a in inputs]
        if ufunc in CONSTANT:
            return ufunc(*values)
        # functions made by np.frompyfunc are all of one kind; their name says which
        rule = PARTIALS.get(ufunc) or PARTIALS.get(ufunc.__name__)
        if rule is None:
            raise refused(f"the function {ufunc.__name__}")
        return _chain(np.asarray(ufunc(*values), dtype=float), rule, inputs, values)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function not in FUNCTIONS:
            raise refused(f"the function {function.__name__}")
        return FUNCTIONS[function](*args, **options)


def _chain(y: Array, rule: Callable[..., tuple[Any, ...]], inputs: Sequence[Any], values: Sequence[Any]) -> Dual:
    total: Any = 0.0
    for a, partial in zip(inputs, rule(y, *values), strict=True):
        if isinstance(a, Dual):
            total = total + np.broadcast_to(partial, y.shape)[..., None] * _aligned(a, y.ndim)
    return Dual(y, total)


def _value(a: Any) -> Any:
    return a.value if isinstance(a, Dual) else np.asarray(a)


def _aligned(a: Dual, rank: int) -> Array:
    """The slopes with leading axes of size 1, so that broadcasting does not meet the directions."""
    return a.slope.reshape((1,) * (rank - a.ndim) + a.slope.shape)


def _directions(*args: Any) -> int:
    return next(a.slope.shape[-1] for a in args if isinstance(a, Dual))


def _lifted(a: Any, directions: int) -> Dual:
    return a if isinstance(a, Dual) else Dual(a, np.zeros((*np.shape(a), directions)))


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    return tuple(int(k) % rank for k in (axis if isinstance(axis, tuple) else (axis,)))


# ---- array functions --------------------------------------------------------------------------------------

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""NumPy function -> what dual numbers do."""


def _for(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(rule: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(functions, rule))
        return rule

    return register


def _linear(function: Callable[..., Any]) -> Callable[..., Dual]:
    """A function that is linear in its first argument: each direction goes through it."""

    def rule(a: Dual, *args: Any, **options: Any) -> Dual:
        parts = [function(a.slope[..., k], *args, **options) for k in range(a.slope.shape[-1])]
        return Dual(function(a.value, *args, **options), np.stack(parts, -1))

    return rule


for _f in (
    np.trace,
    np.cumsum,
    np.diagonal,
    np.expand_dims,
    np.squeeze,
    np.swapaxes,
    np.moveaxis,
    np.flip,
    np.roll,
    np.ravel,
    np.tril,
    np.triu,
    np.diag,
    np.repeat,
    np.pad,
):
    FUNCTIONS[_f] = _linear(_f)


@_for(np.sum)
def _sum(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Dual:
    axes = _axes(axis, a.ndim)
    return Dual(np.sum(a.value, axis=axes, keepdims=keepdims), np.sum(a.slope, axis=axes, keepdims=keepdims))


@_for(np.mean)
def _mean(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Dual:
    count = np.prod([a.shape[k] for k in _axes(axis, a.ndim)])
    return _sum(a, axis, keepdims=keepdims) / float(count)


@_for(np.var)
def _var(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Dual:
    away = a - _mean(a, axis, keepdims=True)
    return _mean(away * away, axis, keepdims=keepdims)


@_for(np.std)
def _std(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Dual:
    return np.sqrt(_var(a, axis, keepdims=keepdims))


@_for(np.prod)
def _prod(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Dual:
    """The product of all others, element by element: zeros are no trap."""
    axes = _axes(axis, a.ndim)
    moved = np.moveaxis(a.value, axes, range(-len(axes), 0))
    flat = moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)
    others = np.stack([np.prod(np.delete(flat, k, -1), axis=-1) for k in range(flat.shape[-1])], -1)
    weight = np.moveaxis(others.reshape(moved.shape), range(-len(axes), 0), axes)
    return Dual(
        np.prod(a.value, axis=axes, keepdims=keepdims),
        np.sum(weight[..., None] * a.slope, axis=axes, keepdims=keepdims),
    )


def _extreme(function: Callable[..., Any]) -> Callable[..., Dual]:
    """Largest or smallest element; several that are equal share the derivative."""

    def rule(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Dual:
        axes = _axes(axis, a.ndim)
        hit = (a.value == function(a.value, axis=axes, keepdims=True)).astype(float)
        weight = hit / np.sum(hit, axis=axes, keepdims=True)
        return Dual(
            function(a.value, axis=axes, keepdims=keepdims),
            np.sum(weight[..., None] * a.slope, axis=axes, keepdims=keepdims),
        )

    return rule


# np.max and np.amax are two functions to NumPy's protocol, and so are their kin
FUNCTIONS.update(
    {np.max: _extreme(np.max), np.amax: _extreme(np.max), np.min: _extreme(np.min), np.amin: _extreme(np.min)}
)
_REDUCE = {np.add: _sum, np.multiply: _prod, np.maximum: _extreme(np.max), np.minimum: _extreme(np.min)}


def _bilinear(function: Callable[..., Any], a: Any, b: Any) -> Dual:
    """The product rule for ``@``, dot and outer products."""
    u, v = _value(a), _value(b)
    y = function(u, v)
    total: Any = 0.0
    if isinstance(a, Dual):
        total = total + np.stack([function(a.slope[..., k], v) for k in range(a.slope.shape[-1])], -1)
    if isinstance(b, Dual):
        total = total + np.stack([function(u, b.slope[..., k]) for k in range(b.slope.shape[-1])], -1)
    return Dual(y, total)


for _g in (np.dot, np.outer, np.inner, np.kron, np.tensordot):
    FUNCTIONS[_g] = lambda a, b, _g=_g: _bilinear(_g, a, b)


@_for(np.einsum)
def _einsum(subscripts: str, *operands: Any) -> Dual:
    values = [_value(o) for o in operands]
    total: Any = 0.0
    for i, o in enumerate(operands):
        if isinstance(o, Dual):
            parts = [
                np.einsum(subscripts, *values[:i], o.slope[..., k], *values[i + 1 :]) for k in range(o.slope.shape[-1])
            ]
            total = total + np.stack(parts, -1)
    return Dual(np.einsum(subscripts, *values), total)


@_for(np.where)
def _where(condition: Any, a: Any, b: Any) -> Dual:
    count = _directions(a, b)
    first, second = _lifted(a, count), _lifted(b, count)
    y = np.where(condition, first.value, second.value)
    mask = np.broadcast_to(condition, y.shape)[..., None]
    return Dual(y, np.where(mask, _aligned(first, y.ndim), _aligned(second, y.ndim)))


@_for(np.transpose)
def _transpose(a: Dual, axes: Any = None) -> Dual:
    order = tuple(axes) if axes is not None else tuple(range(a.ndim))[::-1]
    return Dual(a.value.transpose(order), a.slope.transpose((*order, a.ndim)))


@_for(np.reshape)
def _reshape(a: Dual, shape: Any) -> Dual:
    return a.reshape(shape)


@_for(np.broadcast_to)
def _broadcast_to(a: Dual, shape: tuple[int, ...]) -> Dual:
    return Dual(np.broadcast_to(a.value, shape), np.broadcast_to(_aligned(a, len(shape)), (*shape, a.slope.shape[-1])))


FUNCTIONS[np.concatenate] = lambda parts, axis=0: _join(np.concatenate, parts, axis, len(np.shape(_value(parts[0]))))
FUNCTIONS[np.stack] = lambda parts, axis=0: _join(np.stack, parts, axis, len(np.shape(_value(parts[0]))) + 1)


def _join(function: Callable[..., Any], parts: Sequence[Any], axis: int, rank: int) -> Dual:
    lifted = [_lifted(p, _directions(*parts)) for p in parts]
    return Dual(function([p.value for p in lifted], axis=axis), function([p.slope for p in lifted], axis=axis % rank))


@_for(np.clip)
def _clip(a: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(a, low), high)


@_for(np.linalg.norm)
def _norm(a: Dual, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sqrt(_sum(a * a, axis, keepdims=keepdims))


@_for(np.linalg.inv)
def _inverse(a: Dual) -> Dual:
    y = np.linalg.inv(a.value)
    return Dual(y, np.stack([-y @ a.slope[..., k] @ y for k in range(a.slope.shape[-1])], -1))


@_for(np.sinc)
def _sinc(a: Dual) -> Dual:
    y = np.sinc(a.value)
    safe = np.where(a.value == 0, 1.0, a.value)
    partial = np.where(a.value == 0, 0.0, (np.cos(np.pi * safe) - y) / safe)
    return Dual(y, partial[..., None] * a.slope)


@_for(np.shape)
def _shape(a: Dual) -> tuple[int, ...]:
    return a.shape


@_for(np.ndim)
def _ndim(a: Dual) -> int:
    return a.ndim


@_for(np.size)
def _size(a: Dual) -> int:
    return a.size


@_for(np.zeros_like, np.ones_like)
def _constant(*_: Any, **__: Any) -> NoReturn:
    raise refused("an array made to be written into")
