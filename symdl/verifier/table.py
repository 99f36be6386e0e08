"""Which real operation stands behind which SymPy class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from flint import arb

from symdl.verifier import arithmetic as ar


def _same(a: Any) -> Any:
    return a


def _zero(a: Any) -> Any:
    return ar.ZERO if ar.finite(a) else ar.NAN


def _angle(a: Any) -> Any:
    """The argument of a real number: 0 or pi."""
    s = ar.sign_of(a)
    return ar.NAN if s in (None, 0) else (ar.ZERO if s == 1 else arb.pi())


def _inverse_cotangent(a: Any) -> Any:
    return ar.method("atan")(ar.invert(a))


def _fraction(a: Any) -> Any:
    return a - ar.floor(a)


_BY_NAME = {
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "cot": sp.cot, "sec": sp.sec, "csc": sp.csc, "sinc": sp.sinc,
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "coth": sp.coth, "sech": sp.sech, "csch": sp.csch,
    "asin": sp.asin, "acos": sp.acos, "atan": sp.atan, "asinh": sp.asinh, "acosh": sp.acosh, "atanh": sp.atanh,
    "erf": sp.erf, "erfc": sp.erfc, "erfi": sp.erfi, "erfinv": sp.erfinv, "erfcinv": sp.erfcinv,
    "gamma": sp.gamma, "digamma": sp.digamma, "zeta": sp.zeta, "si": sp.Si, "ci": sp.Ci, "shi": sp.Shi, "chi": sp.Chi,
    "ei": sp.Ei, "li": sp.li,
}  # fmt: skip

UNARY: dict[type, Callable[[Any], Any]] = {
    **{kind: ar.method(name) for name, kind in _BY_NAME.items()},
    sp.exp: ar.exponential,
    sp.log: ar.logarithm,
    sp.LambertW: ar.method("lambertw"),
    sp.floor: ar.floor,
    sp.ceiling: ar.ceiling,
    sp.frac: _fraction,
    sp.factorial: ar.factorial,
    sp.loggamma: ar.log_gamma,
    sp.acot: _inverse_cotangent,
    sp.re: _same,
    sp.conjugate: _same,
    sp.im: _zero,
    sp.arg: _angle,
    sp.UnevaluatedExpr: _same,
}

BINARY: dict[type, Callable[[Any, Any], Any]] = {
    sp.Mod: ar.modulo,
    sp.atan2: ar.arctangent2,
    sp.binomial: ar.binomial,
    sp.beta: ar.beta,
    sp.polygamma: ar.polygamma,
    sp.uppergamma: ar.upper_gamma,
    sp.lowergamma: ar.lower_gamma,
    sp.besselj: ar.bessel("j"),
    sp.bessely: ar.bessel("y"),
    sp.besseli: ar.bessel("i"),
    sp.besselk: ar.bessel("k"),
}

BRANCHING: dict[type, Callable[..., Any]] = {
    sp.Abs: ar.absolute,
    sp.sign: ar.sign,
    sp.Max: ar.maximum,
    sp.Min: ar.minimum,
}

RELATIONS: dict[type, Callable[[Any, Any], ar.Truth]] = {
    sp.StrictLessThan: ar.less,
    sp.LessThan: ar.less_or_equal,
    sp.StrictGreaterThan: lambda a, b: ar.less(b, a),
    sp.GreaterThan: lambda a, b: ar.less_or_equal(b, a),
    sp.Equality: ar.equal,
    sp.Unequality: ar.different,
}

LOGIC: dict[type, Callable[..., ar.Truth]] = {
    sp.And: ar.conjunction,
    sp.Or: ar.disjunction,
    sp.Not: ar.negation,
    sp.Xor: ar.exclusive,
    sp.ITE: ar.either,
}

CONSTANTS: dict[sp.Expr, Callable[[], Any]] = {
    sp.pi: arb.pi,
    sp.E: arb.const_e,
    sp.EulerGamma: arb.const_euler,
    sp.Catalan: arb.const_catalan,
    sp.GoldenRatio: lambda: (1 + arb(5).sqrt()) / 2,
}
