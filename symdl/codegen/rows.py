"""Functions that NumPy does not have, written out as helpers in their accurate forms, from the rows of the table."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sympy as sp

from symdl.codegen.printing import NumpyPrinter
from symdl.errors import NotSupported
from symdl.functions import Elementwise, lookup, stable

_ARRAYS = {
    "softmax": '''def softmax(x, axis):
    """Weights exp(x) / sum(exp(x)) along an axis; the largest x is taken off first, so that nothing overflows."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)''',
    "log_softmax": '''def log_softmax(x, axis):
    """The logarithm of softmax along an axis; finite where a weight is too small for a number."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))''',
    "logsumexp": '''def logsumexp(x, axis):
    """log(sum(exp(x))) along an axis, without overflow."""
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)), axis=axis)''',
}
_IN_NUMPY = re.compile(r"(?<![\w.])_\w+")


def helper(name: str) -> str:
    """The source of one helper.

    Raises:
        NotSupported: SD711 for a function without a form over NumPy alone.

    Example:
        >>> print(helper("softplus").splitlines()[-1].strip())
        return np.log1p(np.exp(-np.abs(x))) + np.maximum(0, x)
    """
    if name in _ARRAYS:
        return _ARRAYS[name]
    row = lookup(name)
    if not isinstance(row, Elementwise):
        raise NotSupported("SD711", f"{name} has no NumPy form")
    arguments = [str(s) for s in row.symbols]
    lines = _body(row, arguments)
    what = str(row.definition)
    if len(what) > 50 or "Piecewise" in what:
        what = row.name
    accurate = ", in a form that neither overflows nor cancels" if row.stable is not None else ""
    head = [f"def {row.name}({', '.join(arguments)}):", f'    """{what}{accurate}."""']
    return "\n".join([*head, *("    " + line for line in lines)])


def _body(row: Elementwise, arguments: Iterable[str]) -> list[str]:
    """The statements; an exponential that is used more than once has a name."""
    expr = stable(row(*row.symbols))
    lines = []
    printer = NumpyPrinter({*arguments, "e"}, {})
    repeated = [e for e in expr.atoms(sp.exp) if expr.count(e) > 1]
    if len(repeated) == 1:
        lines.append(f"e = {printer.plain(_numbers(repeated[0]))}")
        expr = expr.xreplace({repeated[0]: sp.Symbol("e", positive=True)})
    text = printer.plain(_numbers(expr))
    if _IN_NUMPY.search(text):
        raise NotSupported("SD711", f"{row.name} has no form over NumPy alone")
    return [*lines, f"return {text}"]


def _numbers(e: sp.Expr) -> sp.Expr:
    """Roots and logarithms of numbers as decimals: a NumPy number would turn single precision into double."""

    def long(a: sp.Expr) -> bool:
        return (a.is_Rational and a.q > 10**6) or (a.is_number and isinstance(a, (sp.Pow, sp.log)))

    return e.replace(long, lambda a: a if a.is_Rational and a.q <= 10**6 else sp.Float(a.evalf(17), 17))


def helpers(names: Iterable[str]) -> list[str]:
    """The sources of several helpers, sorted."""
    return [helper(n) for n in sorted(set(names))]
