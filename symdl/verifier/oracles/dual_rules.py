"""Derivatives of NumPy's elementwise functions, for dual numbers.

A rule takes the result and the arguments, and returns the derivative by each argument. These are written down
here on their own and not read from the function table: the table is what is being checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Rule = Callable[..., tuple[Any, ...]]

CONSTANT = frozenset(
    {
        np.greater, np.less, np.greater_equal, np.less_equal, np.equal, np.not_equal, np.isfinite, np.isnan, np.isinf,
        np.signbit, np.logical_and, np.logical_or, np.logical_not,
    }
)  # fmt: skip
"""Functions whose result carries no derivative: comparisons."""


def _power(y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """By base and by exponent; at base 0 the logarithm is never taken."""
    base = b * np.power(a, np.where(b == 0, 1.0, b - 1.0))
    return base, np.where(a > 0, y * np.log(np.where(a > 0, a, 1.0)), 0.0)


def _larger(y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    return (a > b) + 0.5 * (a == b), (b > a) + 0.5 * (a == b)


def _smaller(y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    return (a < b) + 0.5 * (a == b), (b < a) + 0.5 * (a == b)


def _gauss(a: Any) -> Any:
    return 2.0 / np.sqrt(np.pi) * np.exp(-a * a)


PARTIALS: Mapping[Any, Rule] = {
    np.add: lambda y, a, b: (1.0, 1.0),
    np.subtract: lambda y, a, b: (1.0, -1.0),
    np.multiply: lambda y, a, b: (b, a),
    np.divide: lambda y, a, b: (1.0 / b, -y / b),
    np.negative: lambda y, a: (-1.0,),
    np.positive: lambda y, a: (1.0,),
    np.power: _power,
    np.float_power: _power,
    np.square: lambda y, a: (2.0 * a,),
    np.reciprocal: lambda y, a: (-y * y,),
    np.sqrt: lambda y, a: (0.5 / y,),
    np.cbrt: lambda y, a: (1.0 / (3.0 * y * y),),
    np.exp: lambda y, a: (y,),
    np.exp2: lambda y, a: (y * np.log(2.0),),
    np.expm1: lambda y, a: (np.exp(a),),
    np.log: lambda y, a: (1.0 / a,),
    np.log2: lambda y, a: (1.0 / (a * np.log(2.0)),),
    np.log10: lambda y, a: (1.0 / (a * np.log(10.0)),),
    np.log1p: lambda y, a: (1.0 / (1.0 + a),),
    np.logaddexp: lambda y, a, b: (np.exp(a - y), np.exp(b - y)),
    np.sin: lambda y, a: (np.cos(a),),
    np.cos: lambda y, a: (-np.sin(a),),
    np.tan: lambda y, a: (1.0 + y * y,),
    np.arcsin: lambda y, a: (1.0 / np.sqrt(1.0 - a * a),),
    np.arccos: lambda y, a: (-1.0 / np.sqrt(1.0 - a * a),),
    np.arctan: lambda y, a: (1.0 / (1.0 + a * a),),
    np.arctan2: lambda y, a, b: (b / (a * a + b * b), -a / (a * a + b * b)),
    np.hypot: lambda y, a, b: (a / y, b / y),
    np.sinh: lambda y, a: (np.cosh(a),),
    np.cosh: lambda y, a: (np.sinh(a),),
    np.tanh: lambda y, a: (1.0 / np.cosh(np.clip(a, -700.0, 700.0)) ** 2,),
    np.arcsinh: lambda y, a: (1.0 / np.sqrt(1.0 + a * a),),
    np.arccosh: lambda y, a: (1.0 / np.sqrt(a * a - 1.0),),
    np.arctanh: lambda y, a: (1.0 / (1.0 - a * a),),
    np.abs: lambda y, a: (np.sign(a),),
    np.fabs: lambda y, a: (np.sign(a),),
    np.sign: lambda y, a: (0.0,),
    np.floor: lambda y, a: (0.0,),
    np.ceil: lambda y, a: (0.0,),
    np.heaviside: lambda y, a, b: (0.0, 1.0 * (a == 0)),
    np.maximum: _larger,
    np.minimum: _smaller,
    "erf (vectorized)": lambda y, a: (_gauss(a),),
    "erfc (vectorized)": lambda y, a: (-_gauss(a),),
}
"""NumPy function, or the name of a function made by ``np.frompyfunc`` -> its rule."""
