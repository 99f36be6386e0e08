"""Functions an emitted module carries along: what NumPy lacks, and the first look at the arguments."""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import cache

_MATH = '''

_{upper} = np.frompyfunc(math.{name}, 1, 1)


def _{name}(x):
    """{title}; adding 0 turns Python's numbers back into floats."""
    return np.add(_{upper}(x), 0.0, dtype=float, casting="unsafe")
'''
# Over the reals the correction is 0: it makes good what rounding takes off x / sqrt(2), to first order. Splitting a
# float in two halves by 2**27 + 1 gives its exact product with the halves of sqrt(1/2) (Dekker 1971).
_NORMAL_CDF = '''

def _normal_cdf(x):
    """Normal distribution, erfc(-x / sqrt(2)) / 2; `off` undoes the rounding of z."""
    s = np.float64(1.0) * np.clip(x, -40.0, 40.0)
    z = -0.7071067811865476 * s
    big = 134217729.0 * s
    high = big - (big - s)
    low = s - high
    off = (-0.7071067839860916 * high - z) - 0.7071067839860916 * low
    off = off + 2.7995440410322203e-09 * high + 2.7995440410322203e-09 * low
    off = off + 4.833646656726457e-17 * s
    return 0.5 * _erfc(z) - off * np.exp(-z * z) / 1.772453850905516
'''
# The first look at the arguments converts nothing that is no number: arrays that carry derivatives pass.
_REAL = '''

def _real(name, value):
    """Takes real numbers; integers and booleans become floats, complex numbers are refused."""
    if isinstance(value, (bool, int, float, complex, list, tuple)):
        value = np.array(value)[()]
    kind = value.dtype.kind
    if kind == "c":
        raise TypeError(f"{name} is complex, and this is a function of real numbers")
    if kind not in "fiub":
        raise TypeError(f"{name} holds {value.dtype}, not numbers")
    return value if kind == "f" else value * 1.0
'''
_ARRAY = '''

def _array(name, value, axes, sizes):
    """Takes a real array with these axes; an axis has one size wherever it is named."""
    value, axes = _real(name, value), axes.split(", ")
    shape = np.shape(value)
    if len(shape) != len(axes):
        raise ValueError(f"{name} has shape {shape}, expected ({', '.join(axes)})")
    for axis, size in zip(axes, shape):
        fixed = (int(axis), "its definition") if axis.isdigit() else (size, name)
        known, where = fixed if axis.isdigit() else sizes.setdefault(axis, fixed)
        if known != size:
            raise ValueError(f"axis {axis} is {size} in {name}, but {known} in {where}")
    return value
'''
_CAST = '''

def _cast(value, *inputs):
    """Gives a result the type of the arguments: float32 stays float32."""
    dtype = np.result_type(*(x.dtype for x in inputs))
    return value if value.dtype == dtype else value.astype(dtype)
'''
_SOURCES = {
    "_real": _REAL,
    "_array": _ARRAY,
    "_cast": _CAST,
    "_erf": _MATH.format(upper="ERF", name="erf", title="The error function"),
    "_erfc": _MATH.format(upper="ERFC", name="erfc", title="Its complement, 1 - erf(x)"),
    "_normal_cdf": _NORMAL_CDF,
}
_NEEDS = {"_normal_cdf": ("_erfc",), "_array": ("_real",)}
OWN = frozenset({*_SOURCES, "_ERF", "_ERFC"})
"""Names of functions that emitted code may call besides NumPy's."""


def helper_sources(used: Collection[str]) -> list[str]:
    """Sources of the helpers, each after those it calls.

    Example:
        >>> [text.count("def ") for text in helper_sources({"_normal_cdf"})]
        [1, 1]
    """
    wanted = {h for name in used for h in (*_NEEDS.get(name, ()), name)}
    return [_SOURCES[h].rstrip() for h in _SOURCES if h in wanted]


@cache
def _trees() -> dict[str, str]:
    found: dict[str, str] = {}
    for text in _SOURCES.values():
        found |= {n.name: ast.dump(n) for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
    return found


def is_helper(node: ast.stmt) -> bool:
    """Whether a statement is one of the helpers, word for word."""
    return isinstance(node, ast.FunctionDef) and _trees().get(node.name) == ast.dump(node)
