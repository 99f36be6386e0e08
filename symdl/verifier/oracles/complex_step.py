r"""Complex step: ``f'(x) = Im f(x + ih) / h``, exact to rounding, for functions made of analytic parts only.

There is no difference, so nothing cancels and the step may be 1e-30. But it is silently wrong where the function
is no analytic one: ``abs`` takes the modulus, ``max`` compares real parts, a norm squares the modulus. So the
argument is not a complex array but an `Analytic`, which lets NumPy's analytic functions through and refuses
everything else by name, comparisons included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.lib.stride_tricks import sliding_window_view

from symdl.errors import NotSupported
from symdl.terms.results import Evidence
from symdl.verifier.oracles.dual import compared
from symdl.verifier.oracles.gradients import Array, Function, Point

STEP = 1e-30
"""Its square vanishes beside 1, so that real parts are the values and imaginary parts the derivatives."""


def refused(what: str) -> NotSupported:
    """The error for what is no analytic function."""
    return NotSupported("SD722", f"the complex step does not hold for {what}", "take dual numbers instead")


def _positive(a: Any) -> Any:
    """Outside the real domain the answer is nan, as it is for floats, and not a value on another branch."""
    return np.where(np.real(a) < 0, np.nan, a)


def _within_one(a: Any) -> Any:
    return np.where(np.abs(np.real(a)) > 1, np.nan, a)


def _power(base: Any, exponent: Any) -> Any:
    real = np.real(exponent)
    if not np.all(np.imag(exponent) == 0) or not np.all(real == np.round(real)):
        return np.power(_positive(base), exponent)
    whole = np.power(base, np.abs(real).astype(int))
    return np.where(real < 0, 1.0 / whole, whole)


ANALYTIC = frozenset(
    {
        np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.square, np.reciprocal, np.exp,
        np.exp2, np.expm1, np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.matmul,
    }
)  # fmt: skip
"""Elementwise functions that are analytic wherever they are defined over the reals, without a branch."""
BRANCHED = {
    np.log: lambda a: np.log(_positive(a)),
    np.log2: lambda a: np.log2(_positive(a)),
    np.log10: lambda a: np.log10(_positive(a)),
    np.log1p: lambda a: np.log1p(_positive(a + 1.0) - 1.0 if np.any(np.real(a) < -1) else a),
    np.sqrt: lambda a: np.sqrt(_positive(a)),
    np.arcsin: lambda a: np.arcsin(_within_one(a)),
    np.arccos: lambda a: np.arccos(_within_one(a)),
    np.arctanh: lambda a: np.arctanh(_within_one(a)),
    np.power: _power,
    np.float_power: _power,
}
"""Functions that have a branch outside their real domain."""
ARRAYS = frozenset(
    {
        np.sum, np.mean, np.prod, np.trace, np.cumsum, np.diagonal, np.expand_dims, np.squeeze, np.swapaxes,
        np.moveaxis, np.flip, np.roll, np.ravel, np.tril, np.triu, np.diag, np.repeat, np.take, np.reshape,
        np.transpose, np.broadcast_to, np.dot, np.outer, np.inner, np.tensordot, np.einsum, np.concatenate, np.stack,
        np.where, np.linalg.inv, np.linalg.det, np.linalg.solve, np.diff, sliding_window_view,
    }
)  # fmt: skip
"""Array functions made of sums, products and the order of elements."""
_PLAIN = frozenset({np.shape, np.ndim, np.size})


class Analytic(NDArrayOperatorsMixin):
    """Complex numbers that only analytic functions may touch.

    Example:
        >>> (Analytic(np.array([2.0 + 1e-30j])) ** 2).number.imag.tolist()
        [4e-30]
    """

    __array_priority__ = 1000.0

    def __init__(self, number: Any) -> None:
        self.number = np.asarray(number, dtype=complex)

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.number.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.number.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.number.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the function takes it for."""
        return np.dtype(float)

    @property
    def T(self) -> Analytic:
        """With its axes reversed."""
        return Analytic(self.number.T)

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, item: Any) -> Analytic:
        if isinstance(item, Analytic):
            raise refused("an index")
        return Analytic(self.number[item])

    def reshape(self, *shape: Any) -> Analytic:
        """In another shape."""
        return Analytic(self.number.reshape(*shape))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Analytic:
        """As ``np.sum``."""
        return Analytic(np.sum(self.number, axis=axis, keepdims=keepdims))

    def mean(self, axis: Any = None, keepdims: bool = False) -> Analytic:
        """As ``np.mean``."""
        return Analytic(np.mean(self.number, axis=axis, keepdims=keepdims))

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

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None:
            raise refused("a write in place")
        values = [np.asarray(_bare(a)) for a in inputs]
        if method == "reduce" and ufunc in (np.add, np.multiply) and set(options) <= {"axis", "keepdims"}:
            return Analytic(ufunc.reduce(values[0], **options))
        if method != "__call__" or options:
            raise refused(f"{ufunc.__name__}.{method} with {sorted(options)}")
        rule: Any = ufunc if ufunc in ANALYTIC else BRANCHED.get(ufunc)
        if rule is None:
            raise refused(ufunc.__name__)
        return Analytic(rule(*values))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function in _PLAIN:
            return function(*map(_bare, args), **options)
        if function not in ARRAYS:
            raise refused(function.__name__)
        return Analytic(function(*map(_bare, args), **options))


def _bare(a: Any) -> Any:
    if isinstance(a, Analytic):
        return a.number
    return type(a)(map(_bare, a)) if isinstance(a, list | tuple) else a


def jacobian(function: Function, point: Point, position: int) -> tuple[Array, Array]:
    """Value and derivative by one argument: axes of the result, then those of the argument.

    Raises:
        NotSupported: SD722, if the function is made of anything that is not analytic.

    Example:
        >>> jacobian(lambda x: np.exp(x) / x, (2.0,), 0)[1].item() == float(np.exp(2.0)) / 4
        True
        >>> jacobian(np.abs, (2.0,), 0)
        Traceback (most recent call last):
        ...
        symdl.errors.NotSupported: SD722: the complex step does not hold for absolute (take dual numbers instead)
    """
    base = np.asarray(point[position], dtype=float)
    value = np.asarray(function(*point), dtype=float)
    slopes = []
    for k in range(base.size):
        moved = base.astype(complex)
        moved.flat[k] += 1j * STEP
        result = function(*point[:position], Analytic(moved), *point[position + 1 :])
        slopes.append(result.number.imag / STEP if isinstance(result, Analytic) else np.zeros(value.shape))
    return value, np.stack(slopes, -1).reshape((*value.shape, *base.shape))


def check_gradient(
    function: Function, gradient: Function, points: Sequence[Point], wrt: Sequence[int] | None = None
) -> Evidence:
    """Compares a gradient function with the complex step; arguments as for dual numbers.

    Raises:
        NotSupported: SD722, if the function is made of anything that is not analytic.

    Example:
        >>> check_gradient(np.sin, np.cos, [(0.3,)]).facts["passed"]
        True
        >>> check_gradient(np.sin, lambda x: np.cos(x) * (1 + 1e-6), [(0.3,)]).facts["passed"]
        False
    """
    return compared("complex step", jacobian, function, gradient, points, wrt)
