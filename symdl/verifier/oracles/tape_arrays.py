"""Arrays that remember what they were made from, and the walk back along them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from symdl.errors import NotSupported
from symdl.verifier.oracles.dual_rules import CONSTANT, PARTIALS
from symdl.verifier.oracles.gradients import Array

Pull = Callable[[Array], Array]
"""Derivative by the result -> derivative by one argument."""
VJPS: dict[Any, Callable[..., tuple[Any, list[tuple[Any, Pull]]]]] = {}
"""NumPy function -> the result, and how to pull back to each argument; filled by `tape_rules`."""


def refused(what: str) -> NotSupported:
    """The error for what the tape cannot record."""
    return NotSupported("SD723", f"the tape cannot record {what}", "the derivative would be lost")


class Recorded(NDArrayOperatorsMixin):
    """An array on the tape: its value, and the arrays it was made from with the way back to each.

    Example:
        >>> x = Recorded(np.array([1.0, 2.0]))
        >>> pullback(np.sum(x * x), x).tolist()
        [2.0, 4.0]
    """

    __array_priority__ = 1000.0

    def __init__(self, value: Any, sources: Sequence[tuple[Recorded, Pull]] = ()) -> None:
        self.value: Array = np.asarray(value, dtype=float)
        self.sources = tuple(sources)

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.value.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.value.dtype

    @property
    def T(self) -> Recorded:
        """With its axes reversed."""
        return self.apply(np.transpose, self)

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, item: Any) -> Recorded:
        items = item if isinstance(item, tuple) else (item,)
        if any(isinstance(i, Recorded) for i in items):
            raise refused("an index that is itself recorded")

        def pull(g: Array) -> Array:
            out = np.zeros(self.shape)
            np.add.at(out, item, g)
            return out

        return Recorded(self.value[item], [(self, pull)])

    def reshape(self, *shape: Any) -> Recorded:
        """In another shape."""
        return Recorded(self.value.reshape(*shape), [(self, lambda g: g.reshape(self.shape))])

    def sum(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """As ``np.sum``."""
        return self.apply(np.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """As ``np.mean``."""
        return self.apply(np.mean, self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """As ``np.max``."""
        return self.apply(np.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Recorded:
        """As ``np.min``."""
        return self.apply(np.min, self, axis=axis, keepdims=keepdims)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise refused("a conversion to a plain array")

    def __float__(self) -> NoReturn:
        raise refused("a conversion to a number")

    def __bool__(self) -> NoReturn:
        raise refused("a branch on data")

    def __setitem__(self, item: Any, value: Any) -> NoReturn:
        raise refused("a write into an array")

    def __iadd__(self, other: Any) -> NoReturn:
        raise refused("a write in place")

    __isub__ = __imul__ = __itruediv__ = __ipow__ = __iadd__

    @staticmethod
    def apply(function: Any, *args: Any, **options: Any) -> Any:
        """Calls a function of the table of array rules and records it."""
        if function not in VJPS:
            raise refused(f"the function {function.__name__}")
        value, pulls = VJPS[function](*args, **options)
        kept = [(a, pull) for a, pull in pulls if isinstance(a, Recorded)]
        return Recorded(value, kept) if kept else value

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None:
            raise refused("a write in place")
        if method == "reduce" and (ufunc, "reduce") in VJPS:
            value, pulls = VJPS[ufunc, "reduce"](inputs[0], **({"axis": 0} | options))
            return Recorded(value, pulls)
        if method != "__call__" or set(options) - {"dtype", "casting"}:
            raise refused(f"{ufunc.__name__}.{method} with {sorted(options)}")
        if ufunc in VJPS:
            return self.apply(ufunc, *inputs)
        values = [value_of(a) for a in inputs]
        if ufunc in CONSTANT:
            return ufunc(*values)
        rule = PARTIALS.get(ufunc) or PARTIALS.get(ufunc.__name__)
        if rule is None:
            raise refused(f"the function {ufunc.__name__}")
        y = np.asarray(ufunc(*values), dtype=float)
        slopes = rule(y, *values)
        return Recorded(y, [(a, _scaled(a, d)) for a, d in zip(inputs, slopes, strict=True) if isinstance(a, Recorded)])

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return self.apply(function, *args, **options)


def _scaled(a: Recorded, slope: Any) -> Pull:
    return lambda g: unbroadcast(g * slope, a.shape)


def value_of(a: Any) -> Any:
    """The value of a recorded array; anything else as an array."""
    return a.value if isinstance(a, Recorded) else np.asarray(a)


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sums over the axes along which an array of this shape was repeated."""
    g = np.sum(g, axis=tuple(range(g.ndim - len(shape)))) if g.ndim > len(shape) else g
    thin = tuple(k for k, n in enumerate(shape) if n == 1 and g.shape[k] != 1)
    return np.asarray(np.sum(g, axis=thin, keepdims=True) if thin else g)


def pullback(result: Recorded, source: Recorded, cotangent: Any = 1.0) -> Array:
    """Derivative of ``sum(cotangent * result)`` by a recorded array."""
    bars: dict[int, Array] = {id(result): np.broadcast_to(np.asarray(cotangent, dtype=float), result.shape)}
    for node in _backwards(result):
        g = bars.get(id(node))
        if g is None or node is source:
            continue
        for origin, pull in node.sources:
            more = np.asarray(pull(g), dtype=float)
            bars[id(origin)] = bars[id(origin)] + more if id(origin) in bars else more
    return bars.get(id(source), np.zeros(source.shape))


def _backwards(result: Recorded) -> Iterator[Recorded]:
    """Everything a result was made from, each before what it was made from itself."""
    order: list[Recorded] = []
    seen: set[int] = set()
    stack: list[tuple[Recorded, bool]] = [(result, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(origin, False) for origin, _ in node.sources]
    return reversed(order)
