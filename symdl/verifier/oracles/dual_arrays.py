"""What dual numbers do in NumPy's array functions: sums, products, gathering, matrices.

Every rule is written in NumPy's own functions, so that it also runs where the values are dual numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from symdl.verifier.oracles.dual_numbers import FUNCTIONS, REDUCTIONS, Dual, aligned, lifted, refused, value_of


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    return tuple(int(k) % rank for k in (axis if isinstance(axis, tuple) else (axis,)))


def _directions(*args: Any) -> int:
    return next(int(a.slope.shape[-1]) for a in args if isinstance(a, Dual))


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
    np.delete,
    np.diff,
    np.take,
    np.take_along_axis,
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


@_for(np.pad)
def _pad(a: Dual, pad_width: Any, mode: str = "constant") -> Dual:
    """With zeros only."""
    if mode != "constant":
        raise refused(f"np.pad with mode {mode}")
    parts = [np.pad(a.slope[..., k], pad_width) for k in range(a.slope.shape[-1])]
    return Dual(np.pad(a.value, pad_width), np.stack(parts, -1))


@_for(sliding_window_view)
def _windows(a: Dual, window_shape: Any, axis: Any = None) -> Dual:
    parts = [sliding_window_view(a.slope[..., k], window_shape, axis) for k in range(a.slope.shape[-1])]
    return Dual(sliding_window_view(a.value, window_shape, axis), np.stack(parts, -1))


@_for(np.prod)
def _prod(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Dual:
    """The product of all others, element by element: zeros are no trap."""
    axes = _axes(axis, a.ndim)
    moved = np.moveaxis(a.value, axes, tuple(range(-len(axes), 0)))
    flat = moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)
    others = np.stack([np.prod(np.delete(flat, k, -1), axis=-1) for k in range(flat.shape[-1])], -1)
    weight = np.moveaxis(others.reshape(moved.shape), tuple(range(-len(axes), 0)), axes)
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
REDUCTIONS.update({np.add: _sum, np.multiply: _prod, np.maximum: _extreme(np.max), np.minimum: _extreme(np.min)})


def _bilinear(function: Callable[..., Any], a: Any, b: Any) -> Dual:
    """The product rule for ``@``, dot and outer products."""
    u, v = value_of(a), value_of(b)
    y = function(u, v)
    total: Any = 0.0
    if isinstance(a, Dual):
        total = total + np.stack([function(a.slope[..., k], v) for k in range(a.slope.shape[-1])], -1)
    if isinstance(b, Dual):
        total = total + np.stack([function(u, b.slope[..., k]) for k in range(b.slope.shape[-1])], -1)
    return Dual(y, total)


for _g in (np.matmul, np.dot, np.outer, np.inner, np.kron):
    FUNCTIONS[_g] = lambda a, b, _g=_g: _bilinear(_g, a, b)


@_for(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Dual:
    return _bilinear(lambda u, v: np.tensordot(u, v, axes), a, b)


@_for(np.einsum)
def _einsum(subscripts: str, *operands: Any) -> Dual:
    values = [value_of(o) for o in operands]
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
    first, second = lifted(a, count), lifted(b, count)
    y = np.where(condition, first.value, second.value)
    mask = np.broadcast_to(condition, y.shape)[..., None]
    return Dual(y, np.where(mask, aligned(first, y.ndim), aligned(second, y.ndim)))


@_for(np.transpose)
def _transpose(a: Dual, axes: Any = None) -> Dual:
    order = tuple(axes) if axes is not None else tuple(range(a.ndim))[::-1]
    order = tuple(k % a.ndim for k in order)
    return Dual(np.transpose(a.value, order), np.transpose(a.slope, (*order, a.ndim)))


@_for(np.reshape)
def _reshape(a: Dual, shape: Any) -> Dual:
    return a.reshape(shape)


@_for(np.broadcast_to)
def _broadcast_to(a: Dual, shape: tuple[int, ...]) -> Dual:
    return Dual(np.broadcast_to(a.value, shape), np.broadcast_to(aligned(a, len(shape)), (*shape, a.slope.shape[-1])))


FUNCTIONS[np.concatenate] = lambda parts, axis=0: _join(np.concatenate, parts, axis, len(np.shape(value_of(parts[0]))))
FUNCTIONS[np.stack] = lambda parts, axis=0: _join(np.stack, parts, axis, len(np.shape(value_of(parts[0]))) + 1)


def _join(function: Callable[..., Any], parts: Sequence[Any], axis: int, rank: int) -> Dual:
    all_dual = [lifted(p, _directions(*parts)) for p in parts]
    return Dual(
        function([p.value for p in all_dual], axis=axis), function([p.slope for p in all_dual], axis=axis % rank)
    )


@_for(np.clip)
def _clip(a: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(a, low), high)


@_for(np.linalg.norm)
def _norm(a: Dual, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and a.ndim != 1):
        raise refused(f"np.linalg.norm with ord {ord}")
    return np.sqrt(_sum(a * a, axis, keepdims=keepdims))


@_for(np.linalg.det)
def _determinant(a: Dual) -> Dual:
    d = np.linalg.det(a.value)
    return Dual(d, d[..., None] * np.einsum("...ij,...jik->...k", np.linalg.inv(a.value), a.slope))


@_for(np.linalg.slogdet)
def _logdet(a: Dual) -> tuple[Any, Dual]:
    sign, log = np.linalg.slogdet(a.value)
    return sign, Dual(log, np.einsum("...ij,...jik->...k", np.linalg.inv(a.value), a.slope))


@_for(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    return _bilinear(np.matmul, np.linalg.inv(a), b)


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


@_for(np.argmax)
def _argmax(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Any:
    """A position: piecewise constant, and no dual number any more."""
    return np.argmax(a.value, axis=axis, keepdims=keepdims)


@_for(np.argmin)
def _argmin(a: Dual, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.argmin(a.value, axis=axis, keepdims=keepdims)


@_for(np.iscomplexobj)
def _is_complex(a: Dual) -> bool:
    return False


def _constant(function: Callable[..., Any]) -> Callable[..., Dual]:
    """An array of one number; writing into it is refused like any other write."""

    def rule(a: Dual, *args: Any, **_: Any) -> Dual:
        return lifted(function(np.zeros(a.shape), *args), int(a.slope.shape[-1]))

    return rule


FUNCTIONS.update({f: _constant(f) for f in (np.zeros_like, np.ones_like, np.full_like)})


@_for(np.result_type)
def _result_type(*_: Any) -> Any:
    return np.dtype(float)
