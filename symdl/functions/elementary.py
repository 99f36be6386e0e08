"""Rows of the elementary functions: SymPy's own classes, with the conventions SymPy leaves open.

``sp.sign(x).diff(x)`` is a Dirac delta and ``sp.floor(x).diff(x)`` stays unevaluated; the rows say 0, which is
the derivative wherever there is one.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symdl.functions.declare import VALUE, Elementwise, Kink, Parameter, X

B = sp.Symbol("b", real=True)
_POSITIVE = sp.Interval.open(0, sp.oo)
_NONNEGATIVE = sp.Interval(0, sp.oo)
_UNIT = sp.Interval(-1, 1)
_TIE = Kink(B, sp.Rational(1, 2), "equal arguments share the derivative, half each")
_INTEGERS = Kink(sp.S.Zero, sp.S.Zero, "0 at every integer", "jump")


def _share(first: sp.Basic) -> sp.Expr:
    """1 where the condition holds, 1/2 on a tie, else 0."""
    return sp.Piecewise((sp.S.One, first), (sp.Rational(1, 2), sp.Eq(X, B)), (sp.S.Zero, True))


def _row(
    name: str,
    function: Callable[..., sp.Expr],
    derivative: sp.Expr,
    *,
    latex: str = "",
    domain: sp.Set = sp.S.Reals,
    range: sp.Set = sp.S.Reals,
    kinks: tuple[Kink, ...] = (),
    stable_derivative: sp.Expr | None = None,
    aliases: tuple[str, ...] = (),
) -> Elementwise:
    """A row for a SymPy function of one argument whose NumPy name is ``name``."""
    return Elementwise(
        name,
        latex or "\\" + name,
        function(X),
        derivative,
        domain=domain,
        range=range,
        kinks=kinks,
        stable_derivative=stable_derivative,
        native={"numpy": f"np.{name}"},
        aliases=aliases,
        sympy=function,
    )


_E2 = sp.exp(-2 * sp.Abs(X))
SMALLER = sp.Min(sp.Abs(X), 1)
INVERSE = 1 / sp.Max(sp.Abs(X), 1)
"""1 + x^2 is ``(SMALLER^2 + INVERSE^2) / INVERSE^2``, where nothing is squared that is larger than 1."""

ROWS = (
    _row("exp", sp.exp, VALUE, range=_POSITIVE),
    _row("log", sp.log, 1 / X, domain=_POSITIVE, aliases=("ln",)),
    _row(
        "sqrt",
        sp.sqrt,
        1 / (2 * VALUE),
        latex=r"\operatorname{sqrt}",
        domain=_NONNEGATIVE,
        range=_NONNEGATIVE,
        kinks=(Kink(sp.S.Zero, None, "no derivative at 0", "end"),),
    ),
    _row(
        "abs",
        sp.Abs,
        sp.sign(X),
        latex=r"\operatorname{abs}",
        range=_NONNEGATIVE,
        kinks=(Kink(sp.S.Zero, sp.S.Zero, "0 at 0, the mean of both sides"),),
    ),
    _row(
        "sign",
        sp.sign,
        sp.S.Zero,
        latex=r"\operatorname{sign}",
        range=sp.FiniteSet(-1, 0, 1),
        kinks=(Kink(sp.S.Zero, sp.S.Zero, "sign(0) = 0; derivative 0 everywhere", "jump"),),
        aliases=("sgn",),
    ),
    _row("sin", sp.sin, sp.cos(X), range=_UNIT),
    _row("cos", sp.cos, -sp.sin(X), range=_UNIT),
    _row("tan", sp.tan, 1 + VALUE**2, domain=sp.Interval.open(-sp.pi / 2, sp.pi / 2)),
    _row(
        "arcsin",
        sp.asin,
        1 / sp.sqrt(1 - X**2),
        domain=_UNIT,
        range=sp.Interval(-sp.pi / 2, sp.pi / 2),
        aliases=("asin",),
        kinks=tuple(Kink(sp.Integer(s), None, "no derivative at the ends", "end") for s in (-1, 1)),
    ),
    _row(
        "arccos",
        sp.acos,
        -1 / sp.sqrt(1 - X**2),
        domain=_UNIT,
        range=sp.Interval(0, sp.pi),
        aliases=("acos",),
        kinks=tuple(Kink(sp.Integer(s), None, "no derivative at the ends", "end") for s in (-1, 1)),
    ),
    _row("arctan", sp.atan, 1 / (1 + X**2), range=sp.Interval.open(-sp.pi / 2, sp.pi / 2), aliases=("atan",)),
    _row("sinh", sp.sinh, sp.cosh(X)),
    _row("cosh", sp.cosh, sp.sinh(X), range=sp.Interval(1, sp.oo)),
    _row(
        "tanh",
        sp.tanh,
        1 - VALUE**2,
        stable_derivative=4 * _E2 / (1 + _E2) ** 2,
        range=sp.Interval.open(-1, 1),
    ),
    _row(
        "arctanh",
        sp.atanh,
        1 / (1 - X**2),
        latex=r"\operatorname{artanh}",
        domain=sp.Interval.open(-1, 1),
        aliases=("atanh",),
    ),
    _row(
        "arcsinh",
        sp.asinh,
        1 / sp.sqrt(1 + X**2),
        latex=r"\operatorname{arsinh}",
        stable_derivative=INVERSE / sp.sqrt(INVERSE**2 + SMALLER**2),
        aliases=("asinh",),
    ),
    _row(
        "floor",
        sp.floor,
        sp.S.Zero,
        latex=r"\operatorname{floor}",
        range=sp.S.Integers,
        kinks=(_INTEGERS,),
    ),
    _row(
        "ceil",
        sp.ceiling,
        sp.S.Zero,
        latex=r"\operatorname{ceil}",
        range=sp.S.Integers,
        kinks=(_INTEGERS,),
        aliases=("ceiling",),
    ),
    Elementwise(
        "maximum",
        r"\max",
        sp.Max(X, B),
        _share(X > B),
        parameters=(Parameter(B),),
        partials={"b": _share(X < B)},
        kinks=(_TIE,),
        native={"numpy": "np.maximum"},
        sympy=sp.Max,
    ),
    Elementwise(
        "minimum",
        r"\min",
        sp.Min(X, B),
        _share(X < B),
        parameters=(Parameter(B),),
        partials={"b": _share(X > B)},
        kinks=(_TIE,),
        native={"numpy": "np.minimum"},
        sympy=sp.Min,
    ),
)
