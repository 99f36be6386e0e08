"""Functions NumPy lacks, as source: an emitted module carries the ones it calls."""

from __future__ import annotations

from collections.abc import Collection

_MATH = '''
_{upper} = np.frompyfunc(math.{name}, 1, 1)


def _{name}(x):
    """{title}, element by element; adding 0 turns Python's numbers back into floats."""
    return np.add(_{upper}(x), 0.0, dtype=float, casting="unsafe")
'''
# Over the reals the correction is 0: it makes good what rounding takes off x / sqrt(2), to first order. Splitting a
# float in two halves by 2**27 + 1 gives its exact product with the halves of sqrt(1/2) (Dekker 1971).
_NORMAL_CDF = '''
def _normal_cdf(x):
    """The standard normal distribution function, erfc(-x / sqrt(2)) / 2, with the rounding of the quotient undone."""
    s = np.clip(x, -40.0, 40.0)
    z = -0.7071067811865476 * s
    big = 134217729.0 * s
    high = big - (big - s)
    low = s - high
    off = ((-0.7071067839860916 * high - z) - 0.7071067839860916 * low + 2.7995440410322203e-09 * high) + (
        2.7995440410322203e-09 * low
    )
    return 0.5 * _erfc(z) - (off + 4.833646656726457e-17 * s) * np.exp(-z * z) / 1.772453850905516
'''
_SOURCES = {
    "_erf": _MATH.format(upper="ERF", name="erf", title="The error function"),
    "_erfc": _MATH.format(upper="ERFC", name="erfc", title="Its complement, 1 - erf(x)"),
    "_normal_cdf": _NORMAL_CDF,
}
_NEEDS = {"_normal_cdf": ("_erfc",)}
OWN = frozenset({"_erf", "_erfc", "_ERF", "_ERFC", "_normal_cdf"})
"""Names of functions that emitted code may call besides NumPy's."""


def helper_sources(used: Collection[str]) -> list[str]:
    """Sources of the helpers, each after those it calls.

    Example:
        >>> [text.count("def ") for text in helper_sources({"_normal_cdf"})]
        [1, 1]
    """
    order = dict.fromkeys(h for name in sorted(used) for h in (*_NEEDS.get(name, ()), name))
    return [_SOURCES[h].rstrip() for h in order]
