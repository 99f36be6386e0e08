"""Dual numbers: the shipped function runs unchanged on arrays that carry their derivatives along.

A `Dual` holds values and, in one more trailing axis, their derivatives in several directions at once. NumPy
hands every ufunc and every array function to it (``__array_ufunc__``, ``__array_function__``). What has no rule
is refused by name: nothing is ever converted to a plain array, for then a derivative would silently be lost.

The values may be dual numbers themselves: every rule is written in NumPy's functions, so that it also runs on
those, and the slopes of the slopes are second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from symdl.errors import NotSupported
from symdl.verifier.oracles.dual_rules import CONSTANT, PARTIALS


def refused(what: str) -> NotSupported:
    """The error for what dual numbers do not follow."""
    return NotSupported("SD721", f"dual numbers do not follow {what}", "the derivative would be lost")


FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""NumPy function -> what dual numbers do; filled by `symdl.verifier.oracles.dual_arrays`."""
REDUCTIONS: dict[Any, Callable[..., Any]] = {}
"""Elementwise function of two arguments -> what its ``reduce`` does."""


def plain(a: Any) -> Any:
    """An array of floats, or the dual numbers that were given."""
    return a if isinstance(a, Dual) else np.asarray(a, dtype=float)


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
        self.value = plain(value)
        tangent = plain(slope)
        self.slope = np.broadcast_to(tangent, self.value.shape + tangent.shape[-1:])

    @classmethod
    def seed(cls, value: Any) -> Dual:
        """Makes every element a variable of its own."""
        base = plain(value)
        return cls(base, np.eye(base.size).reshape(*base.shape, base.size))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return tuple(self.value.shape)

    @property
    def ndim(self) -> int:
        """Number of axes of the values."""
        return int(self.value.ndim)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self.value.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return np.dtype(float)

    @property
    def T(self) -> Dual:
        """With its axes reversed."""
        return self.transpose()

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

    def transpose(self, *axes: Any) -> Dual:
        """As ``np.transpose``."""
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], Sequence) else axes or None
        return FUNCTIONS[np.transpose](self, order)

    def ravel(self) -> Dual:
        """In one axis."""
        return self.reshape(-1)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """As ``np.sum``."""
        return FUNCTIONS[np.sum](self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """As ``np.mean``."""
        return FUNCTIONS[np.mean](self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """As ``np.max``."""
        return FUNCTIONS[np.max](self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Dual:
        """As ``np.min``."""
        return FUNCTIONS[np.min](self, axis=axis, keepdims=keepdims)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None:
            raise refused("a write in place")
        if method == "reduce" and ufunc in REDUCTIONS and set(options) <= {"axis", "keepdims"}:
            return REDUCTIONS[ufunc](inputs[0], options.get("axis", 0), keepdims=options.get("keepdims", False))
        if method != "__call__" or set(options) - {"dtype", "casting"}:
            raise refused(f"{ufunc.__name__}.{method} with {sorted(options)}")
        if ufunc in FUNCTIONS:
            return FUNCTIONS[ufunc](*inputs)
        values = [value_of(a) for a in inputs]
        if ufunc in CONSTANT:
            return ufunc(*values)
        # functions made by np.frompyfunc are all of one kind; their name says which
        rule = PARTIALS.get(ufunc) or PARTIALS.get(ufunc.__name__)
        if rule is None:
            raise refused(f"the function {ufunc.__name__}")
        return _chain(plain(ufunc(*values)), rule, inputs, values)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function not in FUNCTIONS:
            raise refused(f"the function {function.__name__}")
        return FUNCTIONS[function](*args, **options)


def _chain(y: Any, rule: Callable[..., tuple[Any, ...]], inputs: Sequence[Any], values: Sequence[Any]) -> Dual:
    total: Any = 0.0
    for a, partial in zip(inputs, rule(y, *values), strict=True):
        if isinstance(a, Dual):
            total = total + np.broadcast_to(partial, y.shape)[..., None] * aligned(a, y.ndim)
    return Dual(y, total)


def value_of(a: Any) -> Any:
    """The values of dual numbers; anything else as an array."""
    return a.value if isinstance(a, Dual) else np.asarray(a)


def aligned(a: Dual, rank: int) -> Any:
    """The slopes with leading axes of size 1, so that broadcasting does not meet the directions."""
    return a.slope.reshape((1,) * (rank - a.ndim) + tuple(a.slope.shape))


def lifted(a: Any, directions: int) -> Dual:
    """A constant as dual numbers."""
    return a if isinstance(a, Dual) else Dual(a, np.zeros((*np.shape(a), directions)))
