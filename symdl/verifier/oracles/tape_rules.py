"""How the tape pulls derivatives back through NumPy's array functions: transposed rules, one a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from symdl.verifier.oracles.gradients import Array
from symdl.verifier.oracles.tape_arrays import VJPS, Pull, Recorded, refused, unbroadcast, value_of

Rule = tuple[Any, list[tuple[Any, Pull]]]


def _for(*functions: Any) -> Callable[[Callable[..., Rule]], Callable[..., Rule]]:
    def register(rule: Callable[..., Rule]) -> Callable[..., Rule]:
        VJPS.update(dict.fromkeys(functions, rule))
        return rule

    return register


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    return tuple(int(k) % rank for k in (axis if isinstance(axis, tuple) else (axis,)))


def _spread(g: Any, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> Array:
    """Brings what was reduced back to the shape it had."""
    g = np.asarray(g)
    return np.broadcast_to(g if keepdims else np.expand_dims(g, axes), shape)


@_for(np.sum, (np.add, "reduce"))
def _sum(a: Any, axis: Any = None, *, keepdims: bool = False) -> Rule:
    axes = _axes(axis, a.ndim)
    value = np.sum(a.value, axis=axes, keepdims=keepdims)
    return value, [(a, lambda g: _spread(g, a.shape, axes, keepdims))]


@_for(np.mean)
def _mean(a: Any, axis: Any = None, *, keepdims: bool = False) -> Rule:
    axes = _axes(axis, a.ndim)
    count = float(np.prod([a.shape[k] for k in axes]))
    value = np.mean(a.value, axis=axes, keepdims=keepdims)
    return value, [(a, lambda g: _spread(g, a.shape, axes, keepdims) / count)]


@_for(np.var)
def _var(a: Any, axis: Any = None, *, keepdims: bool = False) -> Rule:
    axes = _axes(axis, a.ndim)
    count = float(np.prod([a.shape[k] for k in axes]))
    away = a.value - np.mean(a.value, axis=axes, keepdims=True)
    value = np.mean(away**2, axis=axes, keepdims=keepdims)
    return value, [(a, lambda g: 2.0 * away * _spread(g, a.shape, axes, keepdims) / count)]


@_for(np.std)
def _std(a: Any, axis: Any = None, *, keepdims: bool = False) -> Rule:
    value, [(_, pull)] = _var(a, axis, keepdims=keepdims)
    root = np.sqrt(value)
    return root, [(a, lambda g: pull(g / (2.0 * root)))]


@_for(np.prod, (np.multiply, "reduce"))
def _prod(a: Any, axis: Any = None, *, keepdims: bool = False) -> Rule:
    axes = _axes(axis, a.ndim)
    order = [k for k in range(a.ndim) if k not in axes] + list(axes)
    moved = np.transpose(a.value, order)
    flat = moved.reshape(*moved.shape[: a.ndim - len(axes)], -1)
    ones = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([ones, flat[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, flat[..., :0:-1]], -1), -1)[..., ::-1]
    others = np.transpose((before * after).reshape(moved.shape), np.argsort(order))
    value = np.prod(a.value, axis=axes, keepdims=keepdims)
    return value, [(a, lambda g: others * _spread(g, a.shape, axes, keepdims))]


def _extreme(function: Callable[..., Any]) -> Callable[..., Rule]:
    def rule(a: Any, axis: Any = None, *, keepdims: bool = False) -> Rule:
        axes = _axes(axis, a.ndim)
        hit = (a.value == function(a.value, axis=axes, keepdims=True)).astype(float)
        share = hit / np.sum(hit, axis=axes, keepdims=True)
        value = function(a.value, axis=axes, keepdims=keepdims)
        return value, [(a, lambda g: share * _spread(g, a.shape, axes, keepdims))]

    return rule


VJPS.update(dict.fromkeys((np.max, np.amax, (np.maximum, "reduce")), _extreme(np.max)))
VJPS.update(dict.fromkeys((np.min, np.amin, (np.minimum, "reduce")), _extreme(np.min)))


@_for(np.matmul, np.dot)
def _matmul(a: Any, b: Any) -> Rule:
    u, v = value_of(a), value_of(b)
    if u.ndim == 0 or v.ndim == 0:
        raise refused("a product of matrices with a number")
    row, column = u.ndim == 1, v.ndim == 1

    def full(g: Array) -> Array:
        g = np.expand_dims(g, -1) if column else g
        return np.expand_dims(g, -2) if row else g

    left, right = (u[None, :] if row else u), (v[:, None] if column else v)

    def by_left(g: Array) -> Array:
        return unbroadcast(full(g) @ np.swapaxes(right, -1, -2), left.shape).reshape(u.shape)

    def by_right(g: Array) -> Array:
        return unbroadcast(np.swapaxes(left, -1, -2) @ full(g), right.shape).reshape(v.shape)

    return u @ v, [(a, by_left), (b, by_right)]


@_for(np.outer)
def _outer(a: Any, b: Any) -> Rule:
    u, v = value_of(a), value_of(b)
    return np.outer(u, v), [
        (a, lambda g: (g @ np.ravel(v)).reshape(u.shape)),
        (b, lambda g: (np.ravel(u) @ g).reshape(v.shape)),
    ]


@_for(np.einsum)
def _einsum(subscripts: str, *operands: Any) -> Rule:
    """The derivative by one operand is an einsum of the rest; letters it alone has are spread out again."""
    if "->" not in subscripts or "." in subscripts:
        raise refused("np.einsum without an arrow, or with an ellipsis")
    ins, out = subscripts.replace(" ", "").split("->")
    letters = ins.split(",")
    values = [value_of(o) for o in operands]
    if any(len(set(own)) < len(own) for own in letters):
        raise refused("np.einsum with a repeated letter in one operand")

    def pull(i: int) -> Pull:
        rest = [out, *letters[:i], *letters[i + 1 :]]
        known = [c for c in letters[i] if any(c in r for r in rest)]
        missing = [k for k, c in enumerate(letters[i]) if c not in known]

        def back(g: Array) -> Array:
            body = np.einsum(f"{','.join(rest)}->{''.join(known)}", g, *values[:i], *values[i + 1 :])
            return np.broadcast_to(np.expand_dims(body, tuple(missing)), values[i].shape)

        return back

    return np.einsum(subscripts, *values), [(o, pull(i)) for i, o in enumerate(operands)]


@_for(np.where)
def _where(condition: Any, a: Any, b: Any) -> Rule:
    u, v = value_of(a), value_of(b)
    return np.where(condition, u, v), [
        (a, lambda g: unbroadcast(np.where(condition, g, 0.0), u.shape)),
        (b, lambda g: unbroadcast(np.where(condition, 0.0, g), v.shape)),
    ]


@_for(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Rule:
    order = tuple(axes) if axes is not None else tuple(range(a.ndim))[::-1]
    back = np.argsort([k % a.ndim for k in order])
    return np.transpose(a.value, order), [(a, lambda g: np.transpose(g, back))]


def _rearranged(function: Callable[..., Any]) -> Callable[..., Rule]:
    """A function that only picks and orders elements: positions are sent through it, and gathered back."""

    def rule(a: Any, *args: Any, **options: Any) -> Rule:
        where = function(np.arange(a.size).reshape(a.shape), *args, **options)

        def pull(g: Array) -> Array:
            return np.bincount(np.ravel(where), np.ravel(g), a.size).reshape(a.shape)

        return function(a.value, *args, **options), [(a, pull)]

    return rule


for _f in (
    np.reshape, np.ravel, np.expand_dims, np.squeeze, np.swapaxes, np.moveaxis, np.flip, np.roll, np.repeat,
    np.broadcast_to, np.diagonal, np.take, np.take_along_axis, np.delete, sliding_window_view,
):  # fmt: skip
    VJPS[_f] = _rearranged(_f)


@_for(np.trace)
def _trace(a: Any) -> Rule:
    return np.trace(a.value), [(a, lambda g: g * np.eye(*a.shape))]


@_for(np.cumsum)
def _cumsum(a: Any, axis: int) -> Rule:
    return np.cumsum(a.value, axis), [(a, lambda g: np.flip(np.cumsum(np.flip(g, axis), axis), axis))]


def _triangle(function: Callable[..., Any]) -> Callable[..., Rule]:
    return lambda a, k=0: (function(a.value, k), [(a, lambda g: function(g, k))])


VJPS.update({np.tril: _triangle(np.tril), np.triu: _triangle(np.triu)})


@_for(np.pad)
def _pad(a: Any, pad_width: Any, mode: str = "constant") -> Rule:
    if mode != "constant":
        raise refused(f"np.pad with mode {mode}")
    inside = np.pad(np.ones(a.shape), pad_width) == 1.0
    return np.pad(a.value, pad_width), [(a, lambda g: g[inside].reshape(a.shape))]


def _join(function: Callable[..., Any]) -> Callable[..., Rule]:
    def rule(parts: Sequence[Any], axis: int = 0) -> Rule:
        values = [value_of(p) for p in parts]
        ends = np.cumsum([v.shape[axis] if function is np.concatenate else 1 for v in values])

        def pull(k: int) -> Pull:
            def back(g: Array) -> Array:
                part = np.take(g, range(int(ends[k - 1]) if k else 0, int(ends[k])), axis)
                return part.reshape(values[k].shape)

            return back

        return function(values, axis=axis), [(p, pull(k)) for k, p in enumerate(parts)]

    return rule


VJPS.update({np.concatenate: _join(np.concatenate), np.stack: _join(np.stack)})


@_for(np.clip)
def _clip(a: Any, low: Any, high: Any) -> Rule:
    """Between two constants; at a bound half of the derivative, as for maximum and minimum."""
    if isinstance(low, Recorded) or isinstance(high, Recorded):
        raise refused("a bound that is itself recorded")
    u = a.value
    weight = 1.0 * ((u > low) & (u < high)) + 0.5 * ((u == low) | (u == high))
    return np.clip(u, low, high), [(a, lambda g: g * weight)]


@_for(np.linalg.norm)
def _norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Rule:
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and a.ndim != 1):
        raise refused(f"np.linalg.norm with ord {ord}")
    axes = _axes(axis, a.ndim)
    value = np.sqrt(np.sum(a.value**2, axis=axes, keepdims=keepdims))
    return value, [(a, lambda g: a.value * _spread(g / value, a.shape, axes, keepdims))]


@_for(np.linalg.inv)
def _inverse(a: Any) -> Rule:
    y = np.linalg.inv(a.value)
    t = np.swapaxes(y, -1, -2)
    return y, [(a, lambda g: -t @ g @ t)]


@_for(np.linalg.det)
def _determinant(a: Any) -> Rule:
    d = np.linalg.det(a.value)
    return d, [(a, lambda g: (np.asarray(g * d))[..., None, None] * np.swapaxes(np.linalg.inv(a.value), -1, -2))]


@_for(np.sinc)
def _sinc(a: Any) -> Rule:
    u = a.value
    y, safe = np.sinc(u), np.where(u == 0, 1.0, u)
    return y, [(a, lambda g: g * np.where(u == 0, 0.0, (np.cos(np.pi * safe) - y) / safe))]


def _plain(function: Callable[..., Any]) -> Callable[..., Rule]:
    """Shapes and positions: no derivative passes."""
    return lambda a, *args, **options: (function(a.value, *args, **options), [])


for _h in (np.shape, np.ndim, np.size, np.argmax, np.argmin, np.zeros_like, np.ones_like, np.full_like):
    VJPS[_h] = _plain(_h)
