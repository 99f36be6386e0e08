r"""A second, independent reader: latex2sympy2 reads the same side, and both readings are compared numerically.

The side is written anew in a LaTeX both understand: every quantity, and whatever only our reader knows, becomes
``x_{k}``; products are ``\cdot``, logarithms ``\ln``, arguments bracketed (`symdl.reader.second_canonical`). What the
other reader makes of sums, products, quotients, powers, roots and functions is its own; a disagreement means that one
of the two is wrong.
"""

from __future__ import annotations

import importlib
import re
import sys
import threading
import types
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TextIO

import mpmath
import sympy as sp

from symdl.errors import NotSupported, SymdlError
from symdl.reader.second_canonical import FUNCTIONS, Canonical, canonical
from symdl.terms import array
from symdl.terms.array import Node

AGREEMENT, DISAGREEMENT, NOT_COMPARABLE = "agreement", "disagreement", "not-comparable"
DIGITS = 40
CLOSE = mpmath.mpf(10) ** -20
POINTS = 4
LARGEST_POWER = 64
"""Largest number that is taken as an exponent: the other reader evaluates powers of numbers."""
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the second reader says: ``agreement``, ``disagreement`` or ``not-comparable``, and why."""

    verdict: str
    detail: str


def second_opinion(side: Node, latex: str) -> Opinion:
    r"""Compares our reading of a side with that of latex2sympy2.

    Args:
        side: our reading; its spans count in ``latex``.
        latex: the statement it was read from.

    Returns:
        The opinion. A sum's body is compared on its own, for the other reader knows no indices.

    Example:
        >>> from symdl.reader.elaborate import statements
        >>> from symdl.reader.names import NameTable
        >>> from symdl.terms.formula import Context
        >>> s, = statements(r"\frac{a + b}{2} x^2", lambda k: (1, k + 1), Context(), NameTable())
        >>> second_opinion(s.readings[0].sides[0], s.latex).verdict
        'agreement'
    """
    opinion = _compared(side, latex)
    if opinion.verdict == DISAGREEMENT:
        return opinion
    for part in array.walk(side):
        if isinstance(part, array.Reduce) and part.op in ("sum", "prod") and part.body.span is not None:
            inner = _compared(part.body, latex)
            if inner.verdict == DISAGREEMENT:
                return inner
    return opinion


def _compared(side: Node, latex: str) -> Opinion:
    try:
        _check_powers(side)
        written = canonical(side, latex)
        if len(written.leaves) == 1 and re.fullmatch(r"x_\{0\}", written.latex):
            return Opinion(NOT_COMPARABLE, "a single quantity")
        theirs = _read(written.latex)
        return _judged(side, theirs, written)
    except SymdlError as error:
        return Opinion(NOT_COMPARABLE, error.diagnostic.cause)
    except RecursionError:
        return Opinion(NOT_COMPARABLE, "nested too deeply")


def _check_powers(side: Node) -> None:
    for node in array.walk(side):
        if isinstance(node, array.Pow) and not array.names(node.exponent):
            for part in array.walk(node.exponent):
                if isinstance(part, array.Pow) or (isinstance(part, array.Num) and abs(part.value) > LARGEST_POWER):
                    raise NotSupported("SD210", "a large power of numbers", span=node.span)


# ---- the other reader --------------------------------------------------------------------------------------


def _reader() -> Any:
    """The module, imported on first use: it is slow to load and wants a module that Python 3.13 dropped."""
    if "typing.io" not in sys.modules:
        stand_in = types.ModuleType("typing.io")
        stand_in.TextIO = TextIO  # type: ignore[attr-defined]
        sys.modules["typing.io"] = stand_in
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of typing.io
        return importlib.import_module("latex2sympy2")


@lru_cache(maxsize=2048)  # it takes a tenth of a second and more, and many sides are the same once renamed
def _read(text: str) -> sp.Expr:
    """Its reading of one side. What it remembers between calls is forgotten first."""
    with _LOCK:
        try:
            module = _reader()
            module.variances, module.var, module.VARIABLE_VALUES = {}, {}, {}
            module.is_real, module.frac_type = None, r"\frac"
            found = module.latex2sympy(text)
        except ImportError as error:
            raise NotSupported("SD211", f"latex2sympy2 is not usable: {error}") from None
        except RecursionError:
            raise
        except Exception as error:  # it raises bare exceptions, and whatever its parts raise
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise NotSupported("SD212", f"latex2sympy2 does not read {text}: {first}") from None
    if not isinstance(found, sp.Expr):
        raise NotSupported("SD212", f"latex2sympy2 reads {text} as no number")
    return found


# ---- comparison --------------------------------------------------------------------------------------------


def _judged(side: Node, theirs: sp.Expr, written: Canonical) -> Opinion:
    """Both readings at points of both signs; one difference is enough, agreement needs a finite value."""
    symbols = {re.sub(r"[{} ]", "", str(s)): s for s in theirs.free_symbols}
    strange = set(symbols) - {f"x_{k}" for k in range(len(written.leaves))}
    if strange:
        raise NotSupported("SD212", f"latex2sympy2 finds {', '.join(sorted(strange))} in {written.latex}")
    finite = 0
    with mpmath.workdps(DIGITS):
        for point in range(POINTS):
            values = [_value(k, point) for k in range(len(written.leaves))]
            at = {symbols[f"x_{k}"]: v for k, v in enumerate(values) if f"x_{k}" in symbols}
            ours, other = _evaluated(side, written, values), _number(theirs, at)
            if ours is None or other is None:
                continue
            finite += 1
            if abs(ours - other) > CLOSE * (1 + abs(ours) + abs(other)):
                here, there = mpmath.nstr(ours, 12), mpmath.nstr(other, 12)
                detail = f"{written.latex}: {here} as read here, {there} as latex2sympy2 reads it"
                return Opinion(DISAGREEMENT, detail)
    if not finite:
        return Opinion(NOT_COMPARABLE, f"{written.latex} has no finite value where it was tried")
    return Opinion(AGREEMENT, f"{written.latex} at {finite} points")


def _value(k: int, point: int) -> Any:
    """A number without any relation to the others; positive at the first points, then of both signs."""
    root = mpmath.sqrt(sp.prime(7 * point + 3 * k + 2))
    value = mpmath.mpf(1) / 3 + (root - mpmath.floor(root)) * 2
    return -value if point >= POINTS // 2 and (k + point) % 2 else value


def _number(theirs: sp.Expr, at: dict[sp.Symbol, Any]) -> Any:
    try:
        value = theirs.xreplace({s: sp.Float(v, DIGITS) for s, v in at.items()}).evalf(DIGITS)
        real, imaginary = value.as_real_imag()
        value = mpmath.mpmathify(real) + 1j * mpmath.mpmathify(imaginary)
    except (ArithmeticError, ValueError, TypeError, AttributeError):
        return None
    return value if mpmath.isfinite(value) else None


def _evaluated(side: Node, written: Canonical, values: list[Any]) -> Any:
    try:
        value = _value_of(side, written, values)
    except (ArithmeticError, ValueError):
        return None
    return value if mpmath.isfinite(value) else None


def _value_of(node: Node, written: Canonical, values: list[Any]) -> Any:
    """The value of our reading; what stands as ``x_{k}`` is looked up."""
    k = written.number(node)
    if k is not None:
        return values[k]
    parts = [_value_of(child, written, values) for child in array.children(node)]
    match node:
        case array.Num():
            return mpmath.mpf(node.value.numerator) / node.value.denominator
        case array.Const():
            return mpmath.pi
        case array.Add():
            return parts[0] + parts[1]
        case array.Neg():
            return -parts[0]
        case array.Mul():
            return parts[0] * parts[1]
        case array.Div():
            return parts[0] / parts[1]
        case array.Pow():
            return mpmath.power(parts[0], parts[1])
        case array.Call():
            return getattr(mpmath, FUNCTIONS[node.function][1])(parts[0])
    raise NotSupported("SD213", f"{type(node).__name__} has no scalar value")


__all__ = ["AGREEMENT", "DISAGREEMENT", "NOT_COMPARABLE", "Opinion", "second_opinion"]
