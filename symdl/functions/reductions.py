"""Rows of the array operations: functions of a whole array along named axes, in index form."""

from __future__ import annotations

import sympy as sp

from symdl.functions.declare import ArrayOperation
from symdl.terms.indexed import Axis, Delta, Reduce

Axes = tuple[Axis, ...]


def _over(op: str, e: sp.Expr, axes: Axes) -> sp.Expr:
    return Reduce(op, e, *axes)


def _softmax(e: sp.Expr, axes: Axes) -> sp.Expr:
    return sp.exp(e) / _over("sum", sp.exp(e), axes)


def _softmax_stable(e: sp.Expr, axes: Axes) -> sp.Expr:
    top = _over("max", e, axes)
    return sp.exp(e - top) / _over("sum", sp.exp(e - top), axes)


def _log_sum_exp(e: sp.Expr, axes: Axes) -> sp.Expr:
    return sp.log(_over("sum", sp.exp(e), axes))


def _log_sum_exp_stable(e: sp.Expr, axes: Axes) -> sp.Expr:
    top = _over("max", e, axes)
    return top + sp.log(_over("sum", sp.exp(e - top), axes))


def _variance(e: sp.Expr, axes: Axes) -> sp.Expr:
    return _over("mean", (e - _over("mean", e, axes)) ** 2, axes)


def _softmax_jacobian(e_i: sp.Expr, e_k: sp.Expr, i: Axis, k: Axis) -> sp.Expr:
    return _softmax(e_i, (i,)) * (Delta(i, k) - _softmax(e_k, (k,)))


SOFTMAX = ArrayOperation(
    "softmax",
    r"\operatorname{softmax}",
    _softmax,
    reduces=False,
    default_axis=-1,
    options=("axis",),
    jacobian=_softmax_jacobian,
    stable=_softmax_stable,
    aliases=("Softmax", "SoftMax"),
    sources=("Bridle 1990",),
)

LOG_SOFTMAX = ArrayOperation(
    "log_softmax",
    r"\operatorname{log\,softmax}",
    lambda e, axes: sp.log(_softmax(e, axes)),
    reduces=False,
    default_axis=-1,
    options=("axis",),
    jacobian=lambda e_i, e_k, i, k: Delta(i, k) - _softmax(e_k, (k,)),
    stable=lambda e, axes: e - _log_sum_exp_stable(e, axes),
    aliases=("LogSoftmax", "logsoftmax"),
)

LOGSUMEXP = ArrayOperation(
    "logsumexp",
    r"\operatorname{logsumexp}",
    _log_sum_exp,
    reduces=True,
    stable=_log_sum_exp_stable,
    jacobian=lambda e_i, e_k, i, k: _softmax(e_k, (k,)),
    aliases=("LSE", "lse", "log_sum_exp"),
)

SUM = ArrayOperation("sum", r"\sum", lambda e, axes: _over("sum", e, axes), reduces=True, native={"numpy": "np.sum"})
PROD = ArrayOperation(
    "prod", r"\prod", lambda e, axes: _over("prod", e, axes), reduces=True, native={"numpy": "np.prod"}
)
MEAN = ArrayOperation(
    "mean",
    r"\operatorname{mean}",
    lambda e, axes: _over("mean", e, axes),
    reduces=True,
    native={"numpy": "np.mean"},
    aliases=("avg", "average", "media"),
)
MAX = ArrayOperation("max", r"\max", lambda e, axes: _over("max", e, axes), reduces=True, native={"numpy": "np.max"})
MIN = ArrayOperation("min", r"\min", lambda e, axes: _over("min", e, axes), reduces=True, native={"numpy": "np.min"})

VAR = ArrayOperation(
    "var", r"\operatorname{Var}", _variance, reduces=True, native={"numpy": "np.var"}, aliases=("Var", "variance")
)
STD = ArrayOperation(
    "std",
    r"\operatorname{std}",
    lambda e, axes: sp.sqrt(_variance(e, axes)),
    reduces=True,
    native={"numpy": "np.std"},
    aliases=("Std",),
)

NORM = ArrayOperation(
    "norm",
    r"\operatorname{norm}",
    lambda e, axes: sp.sqrt(_over("sum", e**2, axes)),
    reduces=True,
    native={"numpy": "np.linalg.norm"},
    domain="the derivative needs an element that is not 0",
)
NORM1 = ArrayOperation("norm1", r"\operatorname{norm}_1", lambda e, axes: _over("sum", sp.Abs(e), axes), reduces=True)
NORM_INF = ArrayOperation(
    "norm_inf", r"\operatorname{norm}_\infty", lambda e, axes: _over("max", sp.Abs(e), axes), reduces=True
)

ROWS = (
    SOFTMAX, LOG_SOFTMAX, LOGSUMEXP, SUM, PROD, MEAN, MAX, MIN, VAR, STD, NORM, NORM1, NORM_INF,
)  # fmt: skip


def p_norm(e: sp.Expr, axes: Axes, p: sp.Expr) -> sp.Expr:
    """Returns the p-norm in index form: ``p`` is 1, 2, infinity or any positive expression."""
    if p == 1:
        return NORM1.define(e, axes)
    if p == 2:
        return NORM.define(e, axes)
    if p == sp.oo:
        return NORM_INF.define(e, axes)
    return _over("sum", sp.Abs(e) ** p, axes) ** (1 / p)
