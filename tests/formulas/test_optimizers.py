"""Every update rule of the catalogue against a form written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from symdl import catalogue
from symdl.checker.evaluate import run

mean, norm, sign = np.mean, np.linalg.norm, np.sign


def mix(old: Any, new: Any, weight_of_new: float) -> Any:
    return old + weight_of_new * (new - old)


def newton(H: Any, g: Any) -> Any:
    return np.linalg.solve(H, g)


def nesterov(w: float, v: float, beta: float, eta: float, dL: Callable[[float], float]) -> float:
    """The velocity computed at the point looked ahead to."""
    ahead = w + beta * v
    return beta * v - eta * dL(ahead)


def adadelta(w_prev: float, s_prev: float, d_prev: float, gamma: float, g: float, eps: float) -> float:
    s = mix(s_prev, g * g, 1 - gamma)
    return float(w_prev - g * ((d_prev + eps) / (s + eps)) ** 0.5)


def adam(m_prev: float, s_prev: float, beta1: float, beta2: float, t: float, g: float) -> tuple[float, float]:
    m, s = mix(m_prev, g, 1 - beta1), mix(s_prev, g * g, 1 - beta2)
    return m / -np.expm1(t * np.log(beta1)), s / -np.expm1(t * np.log(beta2))


def adam_inside(w_prev: float, eta: float, eps: float, **state: float) -> float:
    m, s = adam(**state)
    return float(w_prev - eta * m * (s + eps) ** -0.5)


def adam_outside(w_prev: float, eta: float, eps: float, **state: float) -> float:
    m, s = adam(**state)
    return float(w_prev - eta * m / (eps + s**0.5))


Table = Mapping[str, Callable[..., Any]]
DESCENT: Table = {
    "gradient_descent": lambda w_prev, eta, g: w_prev + g * -eta,
    "gradient_descent/mean_of_gradients": lambda w_prev, eta, h: w_prev - eta * mean(h),
    "gradient_descent/mean_outside": lambda w_prev, eta, h: w_prev - eta * mean(h),
    "gradient_descent/sum_of_gradients": lambda w_prev, eta, h: w_prev - eta * h.sum(),
    "parameter_change": lambda eta, g: -g * eta,
    "parameter_change/momentum": lambda eta, g, beta, d_prev: d_prev * beta - g * eta,
    "minibatch_gradient": lambda h: mean(h),
    "minibatch_gradient/sum": lambda h: h.sum(),
    "minibatch_gradient/single": lambda h: h,
    "sgd_algorithm": lambda w_prev, eta, h: w_prev - eta * mean(h),
    "step_counter": lambda k_prev: k_prev + 1,
    "tied_weights_step": lambda w_prev, eta, g1, g4, g7: w_prev - eta * g1 - eta * g4 - eta * g7,
    "tied_weights_step/two_places": lambda w_prev, eta, g1, g4: w_prev - eta * g1 - eta * g4,
    "tied_weights_step/any_number": lambda w_prev, eta, h: w_prev - np.dot(h, np.full(len(h), eta)),
    "lms_step": lambda w_prev, eta, y, x: w_prev - 2 * eta * x * (x * w_prev - y),
    "lms_step/half": lambda w_prev, eta, y, x: w_prev - eta * x * (x * w_prev - y),
    "lms_step/flipped_half": lambda w_prev, eta, y, x: w_prev - eta * x * (x * w_prev - y),
    "lms_step/vector": lambda w_prev, eta, y, x: w_prev - 2 * eta * x * (np.vdot(x, w_prev) - y),
    "lms_step/vector_half": lambda w_prev, eta, y, x: w_prev - eta * x * (np.vdot(x, w_prev) - y),
    "lms_step/error": lambda w_prev, eta, y, x, yhat: w_prev - eta * x * (yhat - y),
    "lms_step/error_flipped": lambda w_prev, eta, y, x, yhat: w_prev - eta * x * (yhat - y),
    "lms_step/error_double": lambda w_prev, eta, y, x, yhat: w_prev - 2 * eta * x * (yhat - y),
    "lms_batch_step": lambda w_prev, eta, y, x: w_prev - 2 * eta * mean(x * (w_prev * x - y)),
    "lms_batch_step/sum": lambda w_prev, eta, y, x: w_prev - 2 * eta * np.dot(x, w_prev * x - y),
    "lms_batch_step/half": lambda w_prev, eta, y, x: w_prev - eta * mean(x * (w_prev * x - y)),
    "lms_batch_step/half_sum": lambda w_prev, eta, y, x: w_prev - eta * np.dot(x, w_prev * x - y),
    "lms_batch_step/matrix": lambda w_prev, eta, X, Y: (
        w_prev - eta * np.einsum("nd,no->do", X, X @ w_prev - Y) / len(Y)
    ),
    "lms_batch_step/matrix_double": lambda w_prev, eta, X, Y: (
        w_prev - 2 * eta * np.einsum("nd,no->do", X, X @ w_prev - Y) / len(Y)
    ),
    "lms_batch_step/matrix_sum": lambda w_prev, eta, X, Y: w_prev - eta * np.einsum("nd,no->do", X, X @ w_prev - Y),
    "lms_batch_step/matrix_sum_double": lambda w_prev, eta, X, Y: (
        w_prev - 2 * eta * np.einsum("nd,no->do", X, X @ w_prev - Y)
    ),
    "lms_batch_step/predictions": lambda w_prev, eta, y, x, p: w_prev - eta * mean(x * (p - y)),
    "lms_batch_step/predictions_sum": lambda w_prev, eta, y, x, p: w_prev - eta * np.dot(x, p - y),
    "gradient_ascent": lambda w_prev, eta, g: w_prev + g * eta,
    "sign_sgd_step": lambda w_prev, eta, g: w_prev - (eta if g > 0 else -eta),
    "proximal_step": lambda w_prev, eta, g, lam: (w_prev - eta * g) - np.clip(w_prev - eta * g, -eta * lam, eta * lam),
}
MOMENTUM: Table = {
    "ema_unrolled": lambda beta, g, k: (1 - beta) * sum(beta ** (len(g) - 1 - i) * x for i, x in enumerate(g)),
    "optimal_step_size": lambda g, H: np.vdot(g, g) / np.einsum("io,ij,jo", g, H, g),
    "ema": lambda v_prev, beta, g: mix(v_prev, g, 1 - beta),
    "ema/complement": lambda v_prev, alpha, g: mix(v_prev, g, alpha),
    "ema/increment_complement": lambda v_prev, alpha, g: mix(v_prev, g, alpha),
    "momentum_velocity": lambda v_prev, beta, g: g + v_prev * beta,
    "momentum_velocity/rate_inside": lambda v_prev, beta, g, eta: eta * g + v_prev * beta,
    "momentum_velocity/rate_inside_negative": lambda v_prev, beta, g, eta: v_prev * beta - eta * g,
    "momentum_velocity/negative": lambda v_prev, beta, g: v_prev * beta - g,
    "momentum_velocity/average": lambda v_prev, beta, g: mix(v_prev, g, 1 - beta),
    "momentum_velocity/average_negative": lambda v_prev, beta, g: mix(v_prev, -g, 1 - beta),
    "momentum_velocity/dampening": lambda v_prev, beta, g, tau: beta * v_prev + g - tau * g,
    "momentum_step": lambda w_prev, eta, v: w_prev + -eta * v,
    "momentum_step/rate_in_velocity": lambda w_prev, v: w_prev + -v,
    "momentum_step/downhill": lambda w_prev, v: v + w_prev,
    "momentum_step/downhill_rate": lambda w_prev, eta, v: v * eta + w_prev,
    "momentum_algorithm": lambda w_prev, v_prev, beta, eta, g: w_prev - (eta * g - beta * v_prev),
    "momentum_algorithm/average": lambda w_prev, v_prev, beta, eta, g: w_prev - eta * mix(v_prev, g, 1 - beta),
    "momentum_algorithm/rate_outside": lambda w_prev, v_prev, beta, eta, g: w_prev - eta * g - eta * beta * v_prev,
    "momentum_algorithm/uphill": lambda w_prev, v_prev, beta, eta, g: w_prev - eta * g - beta * v_prev,
    "momentum_algorithm/heavy_ball": lambda w_prev, w_old, beta, eta, g: (1 + beta) * w_prev - beta * w_old - eta * g,
    "nesterov_velocity": lambda w_prev, v_prev, beta, eta, dL: nesterov(w_prev, v_prev, beta, eta, dL),
    "nesterov_velocity/uphill": lambda w_prev, v_prev, beta, eta, dL: -nesterov(w_prev, -v_prev, beta, eta, dL),
    "nesterov_velocity/rate_outside": lambda w_prev, v_prev, beta, eta, dL: (
        -nesterov(w_prev, -eta * v_prev, beta, eta, dL) / eta
    ),
    "nesterov_velocity/gradient_given": lambda v_prev, beta, eta, g: v_prev * beta - eta * g,
    "nesterov_velocity/gradient_given_uphill": lambda v_prev, beta, eta, g: v_prev * beta + eta * g,
    "nesterov_velocity/gradient_given_plain": lambda v_prev, beta, g: v_prev * beta + g,
    "nesterov_lookahead": lambda w_prev, beta, v_prev: v_prev * beta + w_prev,
    "nesterov_lookahead/uphill": lambda w_prev, beta, v_prev: w_prev - v_prev * beta,
    "nesterov_lookahead/iterates": lambda w_prev, beta, w_old: (1 + beta) * w_prev - beta * w_old,
    "nesterov_algorithm": lambda w_prev, v_prev, beta, eta, dL: w_prev + nesterov(w_prev, v_prev, beta, eta, dL),
    "nesterov_algorithm/uphill": lambda w_prev, v_prev, beta, eta, dL: (
        w_prev + nesterov(w_prev, -v_prev, beta, eta, dL)
    ),
    "nesterov_algorithm/reparametrised": lambda w_prev, v_prev, beta, eta, g: (
        w_prev - eta * ((1 + beta) * g + beta**2 * v_prev)
    ),
    "nesterov_algorithm/reparametrised_rate_inside": lambda w_prev, v_prev, beta, eta, g: (
        w_prev - (1 + beta) * eta * g + beta**2 * v_prev
    ),
}
ADAPTIVE: Table = {
    "second_moment": lambda s_prev, beta, g: mix(s_prev, g * g, 1 - beta),
    "second_moment/complement": lambda s_prev, alpha, g: mix(s_prev, g * g, alpha),
    "adagrad_accumulator": lambda s_prev, g: g * g + s_prev,
    "adagrad_accumulator/sum": lambda h: np.dot(h, h),
    "adagrad_accumulator/outer": lambda s_prev, g: s_prev + np.outer(g, g),
    "adagrad_step": lambda w_prev, eta, g, s, eps: w_prev - eta * g * (s + eps) ** -0.5,
    "adagrad_step/epsilon_outside": lambda w_prev, eta, g, s, eps: w_prev - eta * g / (eps + s**0.5),
    "adagrad_step/without_epsilon": lambda w_prev, eta, g, s: w_prev - eta * g * s**-0.5,
    "rmsprop_step": lambda w_prev, eta, g, s, eps: w_prev - eta * g * (s + eps) ** -0.5,
    "rmsprop_step/epsilon_outside": lambda w_prev, eta, g, s, eps: w_prev - eta * g / (eps + s**0.5),
    "rmsprop_step/without_epsilon": lambda w_prev, eta, g, s: w_prev - eta * g * s**-0.5,
    "rmsprop_step/centred": lambda w_prev, eta, g, s, m, eps: w_prev - eta * g * (s - m * m + eps) ** -0.5,
    "rmsprop_step/velocity": lambda w_prev, v: w_prev + v,
    "adadelta_gradient": lambda g, s, d_prev, eps: g * ((d_prev + eps) / (s + eps)) ** 0.5,
    "adadelta_gradient/change": lambda g, s, d_prev, eps: -g * ((d_prev + eps) / (s + eps)) ** 0.5,
    "adadelta_gradient/rms": lambda g, u, v: -g * u / v,
    "adadelta_accumulator": lambda d_prev, rho, r: mix(d_prev, r * r, 1 - rho),
    "adadelta_step": lambda w_prev, r: w_prev - r,
    "adadelta_step/change": lambda w_prev, c: w_prev + c,
    "adadelta_step/with_rate": lambda w_prev, eta, r: w_prev - eta * r,
    "adadelta_algorithm": adadelta,
    "bias_correction": lambda q, beta, t: q / -np.expm1(t * np.log(beta)),
    "adam_step": lambda w_prev, eta, m, v, eps: w_prev - eta * m / (eps + v**0.5),
    "adam_step/epsilon_inside": lambda w_prev, eta, m, v, eps: w_prev - eta * m * (v + eps) ** -0.5,
    "adam_step/without_epsilon": lambda w_prev, eta, m, v: w_prev - eta * m * v**-0.5,
    "adam_step/uncorrected": lambda w_prev, eta, a, s, eps: w_prev - eta * a / (eps + s**0.5),
    "adam_step/uncorrected_inside": lambda w_prev, eta, a, s, eps: w_prev - eta * a * (s + eps) ** -0.5,
    "adam_step/folded": lambda w_prev, eta, beta1, beta2, t, a, s, eps: (
        w_prev - eta * (1 - beta2**t) ** 0.5 * a / ((1 - beta1**t) * (s**0.5 + eps))
    ),
    "adam_algorithm": lambda w_prev, eta, eps, m_prev, s_prev, beta1, beta2, t, g: adam_outside(
        w_prev, eta, eps, m_prev=m_prev, s_prev=s_prev, beta1=beta1, beta2=beta2, t=t, g=g
    ),
    "adam_algorithm/epsilon_inside": lambda w_prev, eta, eps, m_prev, s_prev, beta1, beta2, t, g: adam_inside(
        w_prev, eta, eps, m_prev=m_prev, s_prev=s_prev, beta1=beta1, beta2=beta2, t=t, g=g
    ),
    "adamw_step": lambda w_prev, eta, m, v, eps, lam: w_prev * (1 - eta * lam) - eta * m / (eps + v**0.5),
    "adamw_step/epsilon_inside": lambda w_prev, eta, m, v, eps, lam: (
        w_prev * (1 - eta * lam) - eta * m * (eps + v) ** -0.5
    ),
    "adamw_step/decay_without_rate": lambda w_prev, eta, m, v, eps, lam: w_prev * (1 - lam) - eta * m / (eps + v**0.5),
    "adamw_step/schedule": lambda w_prev, c, eta, m, v, eps, lam: w_prev * (1 - c * lam) - c * eta * m / (eps + v**0.5),
    "adamax_accumulator": lambda u_prev, beta, g: max(abs(g), beta * u_prev),
    "adamax_accumulator/epsilon": lambda u_prev, beta, g, eps: max(abs(g) + eps, beta * u_prev),
    "adamax_step": lambda w_prev, eta, beta1, t, m, u: w_prev - eta * m / (u * -np.expm1(t * np.log(beta1))),
    "adamax_step/corrected": lambda w_prev, eta, mc, u: w_prev - eta * mc / u,
    "nadam_step": lambda w_prev, eta, beta1, t, m, g, v, eps: (
        w_prev - eta * mix(g / (1 - beta1**t), m, beta1) / (v**0.5 + eps)
    ),
    "nadam_step/next_step": lambda w_prev, eta, beta1, t, a, g, v, eps: (
        w_prev - eta * mix(g / (1 - beta1**t), a / (1 - beta1 * beta1**t), beta1) / (v**0.5 + eps)
    ),
    "nadam_step/epsilon_inside": lambda w_prev, eta, beta1, t, m, g, v, eps: (
        w_prev - eta * mix(g / (1 - beta1**t), m, beta1) * (v + eps) ** -0.5
    ),
    "amsgrad_maximum": lambda m_prev, v: max(m_prev, v),
    "amsgrad_step": lambda w_prev, eta, m, v, eps: w_prev - eta * m / (eps + v**0.5),
    "amsgrad_step/without_epsilon": lambda w_prev, eta, m, v: w_prev - eta * m * v**-0.5,
    "amsgrad_step/epsilon_inside": lambda w_prev, eta, m, v, eps: w_prev - eta * m * (v + eps) ** -0.5,
    "adabelief_accumulator": lambda s_prev, beta, g, m: mix(s_prev, (m - g) ** 2, 1 - beta),
    "adabelief_accumulator/epsilon": lambda s_prev, beta, g, m, eps: mix(s_prev, (m - g) ** 2, 1 - beta) + eps,
    "lion_step": lambda w_prev, eta, beta1, m_prev, g, lam: (
        w_prev * (1 - eta * lam) - eta * sign(mix(m_prev, g, 1 - beta1))
    ),
    "lion_step/without_decay": lambda w_prev, eta, beta1, m_prev, g: w_prev - eta * sign(mix(m_prev, g, 1 - beta1)),
    "lion_step/two_lines": lambda w_prev, eta, c, lam: w_prev * (1 - eta * lam) - eta * sign(c),
    "lars_step": lambda w, g, c, beta: c / (norm(g) / norm(w) + beta),
    "lars_step/without_decay": lambda w, g, c: c / (norm(g) / norm(w)),
    "parameter_average": lambda a_prev, w, n: np.average([a_prev, w], weights=[n, 1]),
    "parameter_average/mean": lambda u: mean(u),
}
SECOND_ORDER: Table = {
    "newton_step": lambda w_prev, H, g: w_prev - newton(H, g),
    "newton_step/damped": lambda w_prev, H, g, eta: w_prev - eta * newton(H, g),
    "newton_step/levenberg": lambda w_prev, H, g, lam: w_prev - newton(H + np.diag(np.full(len(g), lam)), g),
    "newton_step/one_dimension": lambda w_prev, d, c: w_prev - d / c,
    "newton_step/inverse_given": lambda w_prev, B, g: w_prev - np.einsum("ij,jk->ik", B, g),
    "newton_root": lambda x_prev, f, d: x_prev - f / d,
    "gauss_newton_step": lambda w_prev, J, r: w_prev - np.linalg.lstsq(J, r, rcond=None)[0],
    "gauss_newton_step/damped": lambda w_prev, J, r, lam: (
        w_prev
        - np.linalg.lstsq(
            np.vstack([J, lam**0.5 * np.eye(len(w_prev))]), np.vstack([r, np.zeros_like(w_prev)]), rcond=None
        )[0]
    ),
    "gauss_newton_step/residual_sign": lambda w_prev, J, r: w_prev + np.linalg.lstsq(J, r, rcond=None)[0],
    "natural_gradient_step": lambda w_prev, eta, F, g: w_prev - eta * newton(F, g),
    "conjugate_direction": lambda g, g_prev: (norm(g) / norm(g_prev)) ** 2,
    "conjugate_direction/polak_ribiere": lambda g, g_prev: np.vdot(g, g - g_prev) / norm(g_prev) ** 2,
}
TABLE: Table = {**DESCENT, **MOMENTUM, **ADAPTIVE, **SECOND_ORDER}
FIXED = {
    "gauss_newton_step": {"m": 6, "n": 3},
    "rmsprop_step/centred": {"s": 1.6, "m": 0.7},
}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("optimizers", TABLE, FIXED)


@pytest.mark.parametrize("g", [-1.7, 0.4, 2.3])
def test_gradients_of_both_signs(check_topic: Callable[..., None], g: float) -> None:
    scalar = [e.id for e in catalogue.load().of_topic("optimizers") if "g" in e.roles and e.roles["g"].shape == ()]
    fixed = {e: {"g": g} for e in scalar}
    fixed["rmsprop_step/centred"] = {"g": g, **FIXED["rmsprop_step/centred"]}
    check_topic("optimizers", TABLE, {**FIXED, **fixed, "adagrad_accumulator": {}})


def test_every_recurrence_names_its_previous_value() -> None:
    for entry in catalogue.load().of_topic("optimizers"):
        marked = [n for n in entry.roles if n.endswith("_prev")]
        assert (
            not marked
            or entry.previous in marked
            or entry.id in ("conjugate_direction", "adadelta_gradient")
            or (entry.id in ("nesterov_lookahead", "parameter_change"))
        ), entry.id


def test_gradient_descent_walks_downhill() -> None:
    form = catalogue.load().entries["gradient_descent"].forms[0]
    w = 3.0
    for _ in range(60):
        w = float(run(form.lines, {"w_prev": w, "eta": 0.1, "g": 2 * w}))
    assert abs(w) < 1e-4


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="adam_step"):
        wrong = {**TABLE, "adam_step": lambda w_prev, eta, m, v, eps: w_prev - eta * m * (v + eps) ** -0.5}
        check_topic("optimizers", wrong, FIXED)
