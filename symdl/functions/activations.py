"""Rows of the activation functions.

Every definition is in elementary functions; every stable form is the same function, written so that no
intermediate overflows or cancels: exponentials only of non-positive arguments.
"""

from __future__ import annotations

import sympy as sp

from symdl.functions.declare import VALUE, Elementwise, Kink, Parameter, X
from symdl.functions.elementary import INVERSE, SMALLER
from symdl.functions.special import EXPM1, LOG1P, NORMAL_CDF

ALPHA = sp.Symbol("alpha", real=True)
BETA = sp.Symbol("beta", real=True)
LAM = sp.Symbol("lam", positive=True)
GAMMA = sp.Symbol("gamma", positive=True)
THETA = sp.Symbol("theta", real=True)
H = sp.Symbol("h", real=True)

_R = sp.Rational
_ZERO, _ONE = sp.S.Zero, sp.S.One
_POSITIVE = sp.Interval.open(0, sp.oo)
_NONNEGATIVE = sp.Interval(0, sp.oo)
_E = sp.exp(-sp.Abs(X))
_DOWN, _UP = sp.Min(X, 0), sp.Max(X, 0)
_TANH_C = sp.sqrt(2 / sp.pi)

SELU_ALPHA = _R("1.6732632423543772848170429916717")
SELU_SCALE = _R("1.0507009873554804934193349852946")


def _cases(*branches: tuple[object, object], otherwise: object = _ZERO) -> sp.Expr:
    return sp.Piecewise(*branches, (otherwise, True))


def _corner(at: object, derivative: object, convention: str = "") -> Kink:
    return Kink(sp.sympify(at), sp.sympify(derivative), convention or f"derivative {derivative} at {at}")


def _jump(at: object, derivative: object, convention: str) -> Kink:
    return Kink(sp.sympify(at), sp.sympify(derivative), convention, "jump")


def _operator(name: str) -> str:
    return rf"\operatorname{{{name}}}"


IDENTITY = Elementwise("identity", _operator("id"), X, _ONE, aliases=("linear", "id"))

HEAVISIDE = Elementwise(
    "heaviside",
    "H",
    _cases((_ZERO, X < 0), (H, sp.Eq(X, 0)), otherwise=_ONE),
    _ZERO,
    parameters=(Parameter(H, _ONE),),
    kinks=(_jump(0, 0, "value 1 at 0 unless another is given; derivative 0 everywhere"),),
    range=sp.Interval(0, 1),
    native={"numpy": "np.heaviside"},
    aliases=("step", "unit_step", "Heaviside", "binary_step"),
    sources=("Rosenblatt 1958",),
)

SIGMOID = Elementwise(
    "sigmoid",
    r"\sigma",
    1 / (1 + sp.exp(-X)),
    VALUE * (1 - VALUE),
    stable=_cases((1 / (1 + _E), X >= 0), otherwise=_E / (1 + _E)),
    stable_derivative=_E / (1 + _E) ** 2,
    range=sp.Interval.open(0, 1),
    aliases=("Sigmoid", "logistic", "expit", "sigm", "sigmoide"),
    sources=("Rumelhart, Hinton and Williams 1986",),
)
_SIG = SIGMOID(X)

LOG_SIGMOID = Elementwise(
    "log_sigmoid",
    r"\log\sigma",
    sp.log(1 / (1 + sp.exp(-X))),
    SIGMOID(-X),
    stable=_DOWN - LOG1P(_E),
    range=sp.Interval.open(-sp.oo, 0),
    aliases=("LogSigmoid", "logsigmoid"),
)

HARD_SIGMOID = Elementwise(
    "hard_sigmoid",
    _operator("hardsigmoid"),
    sp.Max(0, sp.Min(1, X / 6 + _R(1, 2))),
    _cases((_R(1, 6), (X > -3) & (X < 3))),
    kinks=(_corner(-3, 0), _corner(3, 0)),
    range=sp.Interval(0, 1),
    aliases=("Hardsigmoid", "hardsigmoid", "HardSigmoid"),
    sources=("Courbariaux, Bengio and David 2015", "Howard et al. 2019 (slope 1/6)"),
)

HARD_TANH = Elementwise(
    "hard_tanh",
    _operator("hardtanh"),
    sp.Max(-1, sp.Min(1, X)),
    _cases((_ONE, (X > -1) & (X < 1))),
    kinks=(_corner(-1, 0), _corner(1, 0)),
    range=sp.Interval(-1, 1),
    aliases=("Hardtanh", "hardtanh", "HardTanh"),
    sources=("Collobert 2004",),
)

LECUN_TANH = Elementwise(
    "lecun_tanh",
    _operator("lecuntanh"),
    _R("1.7159") * sp.tanh(2 * X / 3),
    _R("1.7159") * _R(2, 3) * (1 - sp.tanh(2 * X / 3) ** 2),
    stable_derivative=_R("1.7159") * _R(8, 3) * sp.exp(-4 * sp.Abs(X) / 3) / (1 + sp.exp(-4 * sp.Abs(X) / 3)) ** 2,
    range=sp.Interval.open(-_R("1.7159"), _R("1.7159")),
    aliases=("scaled_tanh",),
    sources=("LeCun et al. 1998, Efficient BackProp",),
)

TANHSHRINK = Elementwise(
    "tanhshrink",
    _operator("tanhshrink"),
    X - sp.tanh(X),
    sp.tanh(X) ** 2,
    aliases=("Tanhshrink", "tanh_shrink"),
    caution="near 0 the value, about x^3 / 3, is accurate to a unit in the last place of x only",
)

RELU = Elementwise(
    "relu",
    _operator("ReLU"),
    _UP,
    _cases((_ONE, X > 0)),
    kinks=(_corner(0, 0),),
    range=_NONNEGATIVE,
    aliases=("ReLU", "RELU", "Relu"),
    sources=("Nair and Hinton 2010", "Glorot, Bordes and Bengio 2011"),
)

RELU6 = Elementwise(
    "relu6",
    _operator("ReLU6"),
    sp.Min(_UP, 6),
    _cases((_ONE, (X > 0) & (X < 6))),
    kinks=(_corner(0, 0), _corner(6, 0)),
    range=sp.Interval(0, 6),
    aliases=("ReLU6", "RELU6"),
    sources=("Krizhevsky 2010",),
)

LEAKY_RELU = Elementwise(
    "leaky_relu",
    _operator("LeakyReLU"),
    _UP + ALPHA * _DOWN,
    _cases((_ONE, X > 0), otherwise=ALPHA),
    parameters=(Parameter(ALPHA, _R(1, 100)),),
    partials={"alpha": _DOWN},
    kinks=(_corner(0, ALPHA, "derivative alpha at 0"),),
    aliases=("LeakyReLU", "leakyReLU", "LReLU", "lrelu", "leakyrelu", "LeakyRELU"),
    sources=("Maas, Hannun and Ng 2013",),
)

PRELU = Elementwise(
    "prelu",
    _operator("PReLU"),
    _UP + ALPHA * _DOWN,
    _cases((_ONE, X > 0), otherwise=ALPHA),
    parameters=(Parameter(ALPHA, _R(1, 4)),),
    partials={"alpha": _DOWN},
    kinks=(_corner(0, ALPHA, "derivative alpha at 0"),),
    aliases=("PReLU", "PRELU"),
    sources=("He, Zhang, Ren and Sun 2015",),
)

THRESHOLDED_RELU = Elementwise(
    "thresholded_relu",
    _operator("ThresholdedReLU"),
    _cases((X, X > THETA)),
    _cases((_ONE, X > THETA)),
    parameters=(Parameter(THETA, _ONE),),
    kinks=(_jump(THETA, 0, "derivative 0 at theta"),),
    aliases=("ThresholdedReLU",),
    sources=("Konda, Memisevic and Krueger 2015",),
)

ELU = Elementwise(
    "elu",
    _operator("ELU"),
    _cases((X, X > 0), otherwise=ALPHA * (sp.exp(X) - 1)),
    _cases((_ONE, X > 0), otherwise=ALPHA * sp.exp(X)),
    parameters=(Parameter(ALPHA, _ONE, _POSITIVE),),
    partials={"alpha": EXPM1(_DOWN)},
    stable=_cases((X, X > 0), otherwise=ALPHA * EXPM1(_DOWN)),
    stable_derivative=_cases((_ONE, X > 0), otherwise=ALPHA * sp.exp(_DOWN)),
    range=sp.Interval.open(-ALPHA, sp.oo),
    kinks=(_corner(0, ALPHA, "derivative alpha at 0"),),
    aliases=("ELU", "Elu"),
    sources=("Clevert, Unterthiner and Hochreiter 2016",),
)

SELU = Elementwise(
    "selu",
    _operator("SELU"),
    SELU_SCALE * _cases((X, X > 0), otherwise=SELU_ALPHA * (sp.exp(X) - 1)),
    SELU_SCALE * _cases((_ONE, X > 0), otherwise=SELU_ALPHA * sp.exp(X)),
    stable=SELU_SCALE * _cases((X, X > 0), otherwise=SELU_ALPHA * EXPM1(_DOWN)),
    stable_derivative=SELU_SCALE * _cases((_ONE, X > 0), otherwise=SELU_ALPHA * sp.exp(_DOWN)),
    range=sp.Interval.open(-SELU_SCALE * SELU_ALPHA, sp.oo),
    kinks=(_corner(0, SELU_SCALE * SELU_ALPHA, "derivative scale * alpha at 0"),),
    aliases=("SELU", "Selu"),
    sources=("Klambauer, Unterthiner, Mayr and Hochreiter 2017",),
)

CELU = Elementwise(
    "celu",
    _operator("CELU"),
    _UP + sp.Min(0, ALPHA * (sp.exp(X / ALPHA) - 1)),
    _cases((_ONE, X > 0), otherwise=sp.exp(X / ALPHA)),
    parameters=(Parameter(ALPHA, _ONE, _POSITIVE),),
    partials={"alpha": _cases((_ZERO, X > 0), otherwise=sp.exp(X / ALPHA) * (1 - X / ALPHA) - 1)},
    stable=_UP + ALPHA * EXPM1(_DOWN / ALPHA),
    stable_derivative=_cases((_ONE, X > 0), otherwise=sp.exp(_DOWN / ALPHA)),
    range=sp.Interval.open(-ALPHA, sp.oo),
    aliases=("CELU", "Celu"),
    sources=("Barron 2017, Continuously Differentiable Exponential Linear Units",),
)

GELU = Elementwise(
    "gelu",
    _operator("GELU"),
    X / 2 * (1 + sp.erf(X / sp.sqrt(2))),
    NORMAL_CDF(X) + X * sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi),
    stable=X * NORMAL_CDF(X),
    range=sp.Interval(-_R(17, 100), sp.oo),
    aliases=("GELU", "Gelu"),
    sources=("Hendrycks and Gimpel 2016",),
)

GELU_TANH = Elementwise(
    "gelu_tanh",
    r"\operatorname{GELU}_{\tanh}",
    X / 2 * (1 + sp.tanh(_TANH_C * (X + _R("0.044715") * X**3))),
    (1 + sp.tanh(_TANH_C * (X + _R("0.044715") * X**3))) / 2
    + X / 2 * (1 - sp.tanh(_TANH_C * (X + _R("0.044715") * X**3)) ** 2) * _TANH_C * (1 + 3 * _R("0.044715") * X**2),
    stable=X * SIGMOID(2 * _TANH_C * (X + _R("0.044715") * X**3)),
    stable_derivative=SIGMOID(2 * _TANH_C * (X + _R("0.044715") * X**3))
    + 2
    * _TANH_C
    * X
    * (1 + 3 * _R("0.044715") * X**2)
    * SIGMOID(2 * _TANH_C * (X + _R("0.044715") * X**3))
    * SIGMOID(-2 * _TANH_C * (X + _R("0.044715") * X**3)),
    range=sp.Interval(-_R(171, 1000), sp.oo),
    caution="the derivative is nan where x^3 overflows, beyond |x| of 5e102",
    aliases=("gelu_approx", "GELU_tanh"),
    sources=("Hendrycks and Gimpel 2016, the tanh approximation",),
)

SILU = Elementwise(
    "silu",
    _operator("SiLU"),
    X / (1 + sp.exp(-X)),
    _SIG * (1 + X * (1 - _SIG)),
    stable=X * _SIG,
    stable_derivative=_SIG * (1 + X * SIGMOID(-X)),
    range=sp.Interval(-_R(279, 1000), sp.oo),
    aliases=("SiLU", "SILU"),
    sources=("Elfwing, Uchibe and Doya 2018",),
)

SWISH = Elementwise(
    "swish",
    _operator("swish"),
    X / (1 + sp.exp(-BETA * X)),
    SIGMOID(BETA * X) * (1 + BETA * X * (1 - SIGMOID(BETA * X))),
    parameters=(Parameter(BETA, _ONE),),
    partials={"beta": X**2 * SIGMOID(BETA * X) * SIGMOID(-BETA * X)},
    stable=X * SIGMOID(BETA * X),
    stable_derivative=SIGMOID(BETA * X) * (1 + BETA * X * SIGMOID(-BETA * X)),
    aliases=("Swish", "SWISH"),
    sources=("Ramachandran, Zoph and Le 2017",),
)

HARD_SWISH = Elementwise(
    "hard_swish",
    _operator("hardswish"),
    X * sp.Min(sp.Max(X + 3, 0), 6) / 6,
    _cases((_ZERO, X <= -3), (_ONE, X >= 3), otherwise=(2 * X + 3) / 6),
    kinks=(_corner(-3, 0), _corner(3, 1)),
    range=sp.Interval(-_R(3, 8), sp.oo),
    aliases=("Hardswish", "hardswish", "HardSwish", "h_swish"),
    sources=("Howard et al. 2019",),
)

SOFTPLUS = Elementwise(
    "softplus",
    _operator("softplus"),
    sp.log(1 + sp.exp(X)),
    _SIG,
    stable=_UP + LOG1P(_E),
    range=_POSITIVE,
    aliases=("Softplus", "SoftPlus"),
    sources=("Dugas et al. 2001",),
)

_MISH_T = _cases(((1 + 2 * _E) / (1 + 2 * _E + 2 * _E**2), X >= 0), otherwise=_E * (_E + 2) / (_E * (_E + 2) + 2))
_MISH_S = _cases(  # 1 - tanh(softplus(x))**2
    (4 * _E**2 * (1 + _E) ** 2 / (1 + 2 * _E + 2 * _E**2) ** 2, X >= 0),
    otherwise=4 * (1 + _E) ** 2 / (_E * (_E + 2) + 2) ** 2,
)

MISH = Elementwise(
    "mish",
    _operator("mish"),
    X * sp.tanh(sp.log(1 + sp.exp(X))),
    sp.tanh(SOFTPLUS(X)) + X * _SIG * (1 - sp.tanh(SOFTPLUS(X)) ** 2),
    stable=X * _MISH_T,
    stable_derivative=_MISH_T + X * _SIG * _MISH_S,
    range=sp.Interval(-_R(309, 1000), sp.oo),
    aliases=("Mish",),
    sources=("Misra 2019",),
)

SOFTSIGN = Elementwise(
    "softsign",
    _operator("softsign"),
    X / (1 + sp.Abs(X)),
    1 / (1 + sp.Abs(X)) ** 2,
    range=sp.Interval.open(-1, 1),
    aliases=("Softsign", "SoftSign"),
    sources=("Bergstra, Desjardins, Lamblin and Bengio 2009",),
)

SOFTSHRINK = Elementwise(
    "softshrink",
    _operator("softshrink"),
    _cases((X - LAM, X > LAM), (X + LAM, X < -LAM)),
    _cases((_ONE, (X > LAM) | (X < -LAM))),
    parameters=(Parameter(LAM, _R(1, 2), _POSITIVE),),
    kinks=(_corner(-LAM, 0), _corner(LAM, 0)),
    aliases=("Softshrink", "soft_threshold"),
    sources=("Donoho 1995", "Beck and Teboulle 2009"),
)

HARDSHRINK = Elementwise(
    "hardshrink",
    _operator("hardshrink"),
    _cases((X, (X > LAM) | (X < -LAM))),
    _cases((_ONE, (X > LAM) | (X < -LAM))),
    parameters=(Parameter(LAM, _R(1, 2), _POSITIVE),),
    kinks=(_jump(-LAM, 0, "value and derivative 0 at -lam"), _jump(LAM, 0, "value and derivative 0 at lam")),
    aliases=("Hardshrink", "hard_threshold"),
    sources=("Donoho and Johnstone 1994",),
)

GAUSSIAN = Elementwise(
    "gaussian",
    _operator("gaussian"),
    sp.exp(-(X**2)),
    -2 * X * VALUE,
    range=sp.Interval.Lopen(0, 1),
    aliases=("Gaussian",),
)

_ROOT = sp.sqrt(1 + (SMALLER * INVERSE) ** 2) / INVERSE  # sqrt(1 + x^2), squaring nothing larger than 1

BENT_IDENTITY = Elementwise(
    "bent_identity",
    _operator("bent"),
    (sp.sqrt(X**2 + 1) - 1) / 2 + X,
    X / (2 * sp.sqrt(X**2 + 1)) + 1,
    stable=_cases((SMALLER**2 / (2 * (_ROOT + 1)) + X, sp.Abs(X) <= 1), otherwise=(_ROOT - 1) / 2 + X),
    stable_derivative=X / _ROOT / 2 + 1,
)

_WIDTH = sp.sqrt(BETA)
_LARGER = sp.Max(sp.Abs(X), _WIDTH)
_BENT = _LARGER * sp.sqrt(1 + (sp.Min(sp.Abs(X), _WIDTH) / _LARGER) ** 2)  # sqrt(x^2 + beta), likewise

SQUAREPLUS = Elementwise(
    "squareplus",
    _operator("squareplus"),
    (X + sp.sqrt(X**2 + BETA)) / 2,
    (1 + X / sp.sqrt(X**2 + BETA)) / 2,
    parameters=(Parameter(BETA, sp.Integer(4), _POSITIVE),),
    stable=_cases((X / 2 + _BENT / 2, X >= 0), otherwise=BETA / (2 * (_BENT + sp.Abs(X)))),
    stable_derivative=_cases(((1 + X / _BENT) / 2, X >= 0), otherwise=(BETA / _BENT) / (_BENT + sp.Abs(X)) / 2),
    range=_POSITIVE,
    sources=("Barron 2021, Squareplus",),
)

SQUARED_RELU = Elementwise(
    "squared_relu",
    r"\operatorname{ReLU}^2",
    _UP**2,
    2 * _UP,
    range=_NONNEGATIVE,
    aliases=("relu_squared",),
    sources=("So et al. 2021, Primer",),
)

ROWS = (
    IDENTITY, HEAVISIDE, SIGMOID, LOG_SIGMOID, HARD_SIGMOID, HARD_TANH, LECUN_TANH, TANHSHRINK, RELU, RELU6,
    LEAKY_RELU, PRELU, THRESHOLDED_RELU, ELU, SELU, CELU, GELU, GELU_TANH, SILU, SWISH, HARD_SWISH, SOFTPLUS,
    MISH, SOFTSIGN, SOFTSHRINK, HARDSHRINK, GAUSSIAN, BENT_IDENTITY, SQUAREPLUS, SQUARED_RELU,
)  # fmt: skip
