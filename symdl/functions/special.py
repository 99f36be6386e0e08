"""Rows of special functions, and of functions that exist for floating point (``log1p``, ``expm1``)."""

from __future__ import annotations

import sympy as sp

from symdl.functions.declare import VALUE, Elementwise, Kink, Parameter, X
from symdl.functions.elementary import B

LOW = sp.Symbol("low", real=True)
HIGH = sp.Symbol("high", real=True)

_ZERO, _ONE = sp.S.Zero, sp.S.One
_POSITIVE = sp.Interval.open(0, sp.oo)
_UNIT = sp.Interval.open(0, 1)
_E2 = sp.exp(-2 * sp.Abs(X))
_GAUSS = sp.exp(-(X**2)) * 2 / sp.sqrt(sp.pi)

ERF = Elementwise(
    "erf",
    r"\operatorname{erf}",
    sp.erf(X),
    _GAUSS,
    range=sp.Interval.open(-1, 1),
    native={"numpy": "_erf"},
    sympy=sp.erf,
)
# a class of its own: SymPy rewrites erfc(-x) to 2 - erfc(x), which loses all digits where erfc is used for them
ERFC = Elementwise(
    "erfc",
    r"\operatorname{erfc}",
    sp.erfc(X),
    -_GAUSS,
    range=sp.Interval.open(0, 2),
    native={"numpy": "_erfc"},
)

LOG1P = Elementwise(
    "log1p",
    r"\operatorname{log1p}",
    sp.log(1 + X),
    1 / (1 + X),
    domain=sp.Interval.open(-1, sp.oo),
    native={"numpy": "np.log1p"},
)

EXPM1 = Elementwise(
    "expm1",
    r"\operatorname{expm1}",
    sp.exp(X) - 1,
    sp.exp(X),
    range=sp.Interval.open(-1, sp.oo),
    native={"numpy": "np.expm1"},
)

LOG2 = Elementwise(
    "log2", r"\log_2", sp.log(X) / sp.log(2), 1 / (X * sp.log(2)), domain=_POSITIVE, native={"numpy": "np.log2"}
)

LOG10 = Elementwise(
    "log10", r"\log_{10}", sp.log(X) / sp.log(10), 1 / (X * sp.log(10)), domain=_POSITIVE, native={"numpy": "np.log10"}
)

SQUARE = Elementwise(
    "square", r"\operatorname{square}", X**2, 2 * X, range=sp.Interval(0, sp.oo), native={"numpy": "np.square"}
)

LOGIT = Elementwise(
    "logit",
    r"\operatorname{logit}",
    sp.log(X / (1 - X)),
    1 / (X * (1 - X)),
    stable=sp.log(X) - LOG1P(-X),
    domain=_UNIT,
    sources=("Berkson 1944",),
)

LOG_COSH = Elementwise(
    "log_cosh",
    r"\log\cosh",
    sp.log(sp.cosh(X)),
    sp.tanh(X),
    stable=sp.Piecewise(
        (LOG1P(2 * sp.sinh(sp.Min(sp.Abs(X), 2) / 2) ** 2), sp.Abs(X) < 2), (sp.Abs(X) + LOG1P(_E2) - sp.log(2), True)
    ),
    range=sp.Interval(0, sp.oo),
    aliases=("logcosh",),
)

LOGADDEXP = Elementwise(
    "logaddexp",
    r"\operatorname{logaddexp}",
    sp.log(sp.exp(X) + sp.exp(B)),
    1 / (1 + sp.exp(B - X)),
    parameters=(Parameter(B),),
    stable=sp.Max(X, B) + LOG1P(sp.exp(-sp.Abs(X - B))),
    native={"numpy": "np.logaddexp"},
)

XLOGY = Elementwise(
    "xlogy",
    r"\operatorname{xlogy}",
    sp.Piecewise((_ZERO, sp.Eq(X, 0)), (X * sp.log(B), True)),
    sp.log(B),
    parameters=(Parameter(B, None, _POSITIVE),),
    partials={"b": X / B},
    domain=sp.Interval(0, sp.oo),
    aliases=("x_log_y",),
)

NORMAL_PDF = Elementwise(
    "normal_pdf",
    r"\varphi",
    sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi),
    -X * VALUE,
    range=sp.Interval.Lopen(0, 1),
    aliases=("norm_pdf",),
)

NORMAL_CDF = Elementwise(
    "normal_cdf",
    r"\Phi",
    (1 + sp.erf(X / sp.sqrt(2))) / 2,
    NORMAL_PDF(X),
    stable=ERFC(-X / sp.sqrt(2)) / 2,
    range=_UNIT,
    native={"numpy": "_normal_cdf"},
    aliases=("norm_cdf", "Phi"),
)

SINC = Elementwise(
    "sinc",
    r"\operatorname{sinc}",
    sp.Piecewise((_ONE, sp.Eq(X, 0)), (sp.sin(sp.pi * X) / (sp.pi * X), True)),
    sp.Piecewise((_ZERO, sp.Eq(X, 0)), (sp.cos(sp.pi * X) / X - sp.sin(sp.pi * X) / (sp.pi * X**2), True)),
    range=sp.Interval(-_ONE, _ONE),
    native={"numpy": "np.sinc"},
    caution="pi x is rounded before its sine is taken, so that digits are lost in proportion to |x|; near 0 the "
    "derivative cancels",
)

LOG_GAMMA = Elementwise(
    "log_gamma",
    r"\log\Gamma",
    sp.loggamma(X),
    sp.digamma(X),
    domain=_POSITIVE,
    aliases=("lgamma", "gammaln", "loggamma"),
    sympy=sp.loggamma,
)

GAMMA_FUNCTION = Elementwise(
    "gamma_function",
    r"\Gamma",
    sp.gamma(X),
    sp.gamma(X) * sp.digamma(X),
    domain=_POSITIVE,
    range=_POSITIVE,
    sympy=sp.gamma,
)

DIGAMMA = Elementwise(
    "digamma", r"\psi", sp.digamma(X), sp.polygamma(1, X), domain=_POSITIVE, aliases=("psi",), sympy=sp.digamma
)

CLIP = Elementwise(
    "clip",
    r"\operatorname{clip}",
    sp.Min(sp.Max(X, LOW), HIGH),
    sp.Piecewise((_ONE, sp.And(X > LOW, X < HIGH)), (_ZERO, True)),
    parameters=(Parameter(LOW), Parameter(HIGH)),
    kinks=(Kink(LOW, _ZERO, "derivative 0 at the bounds"), Kink(HIGH, _ZERO, "derivative 0 at the bounds")),
    native={"numpy": "np.clip"},
    aliases=("clamp",),
)

ROWS = (
    ERF, ERFC, LOG1P, EXPM1, LOG2, LOG10, SQUARE, LOGIT, LOG_COSH, LOGADDEXP, XLOGY, NORMAL_PDF, NORMAL_CDF, SINC,
    LOG_GAMMA, GAMMA_FUNCTION, DIGAMMA, CLIP,
)  # fmt: skip
