"""Regularisers of the catalogue against forms written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

mean, norm, sign, vdot = np.mean, np.linalg.norm, np.sign, np.vdot


def ssq(w: Any) -> Any:
    return vdot(w, w)


def l1(w: Any) -> Any:
    return np.abs(w).sum()


def res(Y: Any, X: Any, theta: Any) -> Any:
    return ssq(Y - np.einsum("ij,jk->ik", X, theta))


def shrink_to(g: Any, c: float) -> Any:
    size = ssq(g) ** 0.5
    return g if size <= c else g / size * c


def smooth(y: Any, eps: float, K: float) -> Any:
    return y + eps * (1 / K - y)


Table = Mapping[str, Callable[..., Any]]
PENALTIES: Table = {
    "l2_penalty": lambda lam, theta: lam * ssq(theta),
    "l2_penalty/half": lambda lam, theta: lam * ssq(theta) / 2,
    "l2_penalty/half_sum": lambda lam, theta: lam * ssq(theta) / 2,
    "l2_penalty/mean": lambda lam, theta, m: lam * ssq(theta) / 2 / m,
    "l2_penalty/mean_norm": lambda lam, theta, m: lam * ssq(theta) / 2 / m,
    "l2_penalty/mean_whole": lambda lam, theta, m: lam * ssq(theta) / m,
    "l2_penalty/half_product": lambda lam, theta: lam * ssq(theta) / 2,
    "l2_penalty/without_strength": lambda theta: ssq(theta),
    "l2_penalty/half_without_strength": lambda theta: ssq(theta) / 2,
    "l2_penalty/sum_without_strength": lambda theta: ssq(theta),
    "l2_penalty/matrices": lambda lam, W, m: lam * ssq(W) / 2 / m,
    "l2_penalty/matrix": lambda lam, W: lam * ssq(W),
    "l2_penalty/matrix_half": lambda lam, W: lam * ssq(W) / 2,
    "l1_penalty": lambda lam, theta: lam * l1(theta),
    "l1_penalty/mean": lambda lam, theta, m: lam * l1(theta) / m,
    "l1_penalty/half_mean": lambda lam, theta, m: lam * l1(theta) / m / 2,
    "l1_penalty/mean_norm": lambda lam, theta, m: lam * l1(theta) / m,
    "l1_penalty/half_mean_norm": lambda lam, theta, m: lam * l1(theta) / m / 2,
    "l1_penalty/half": lambda lam, theta: lam * l1(theta) / 2,
    "l1_penalty/half_sum": lambda lam, theta: lam * l1(theta) / 2,
    "l1_penalty/without_strength": lambda theta: l1(theta),
    "l1_penalty/sum_without_strength": lambda theta: l1(theta),
    "l1_penalty/matrix": lambda lam, W: lam * l1(W),
    "elastic_net/mixing": lambda lam, alpha, theta: lam * (alpha * l1(theta) + (1 - alpha) * ssq(theta)),
    "elastic_net/mixing_half": lambda lam, alpha, theta: lam * (alpha * l1(theta) + (1 - alpha) * ssq(theta) / 2),
    "elastic_net/mixing_squares_first": lambda lam, alpha, theta: lam * (alpha * ssq(theta) + (1 - alpha) * l1(theta)),
    "frobenius_norm": lambda W: (np.linalg.svd(W, compute_uv=False) ** 2).sum(),
    "frobenius_norm/root": lambda W: norm(np.linalg.svd(W, compute_uv=False)),
}
LOSSES: Table = {
    "regularised_loss": lambda l, R: l + R,  # noqa: E741
    "regularised_loss/strength": lambda l, R, lam: l + lam * R,  # noqa: E741
    "regularised_loss/half_strength": lambda l, R, lam: l + lam * R / 2,  # noqa: E741
    "regularised_loss/mean_strength": lambda l, R, lam, m: l + lam * R / m / 2,  # noqa: E741
    "regularised_loss/l2": lambda l, lam, w: l + lam * ssq(w),  # noqa: E741
    "regularised_loss/l2_half": lambda l, lam, w: l + lam * ssq(w) / 2,  # noqa: E741
    "regularised_loss/l2_half_product": lambda l, lam, w: l + lam * ssq(w) / 2,  # noqa: E741
    "regularised_loss/l2_mean": lambda l, lam, w, m: l + lam * ssq(w) / m / 2,  # noqa: E741
    "regularised_loss/l2_sum": lambda l, lam, w: l + lam * ssq(w),  # noqa: E741
    "regularised_loss/l2_half_sum": lambda l, lam, w: l + lam * ssq(w) / 2,  # noqa: E741
    "regularised_loss/l2_mean_sum": lambda l, lam, w, m: l + lam * ssq(w) / m / 2,  # noqa: E741
    "regularised_loss/l1": lambda l, lam, w: l + lam * l1(w),  # noqa: E741
    "regularised_loss/l1_sum": lambda l, lam, w: l + lam * l1(w),  # noqa: E741
    "l2_regularised_cost": lambda c, lam, w: mean(c) + lam * ssq(w) / 2 / len(c),
    "l2_regularised_cost/half_mean": lambda c, lam, w: (mean(c) + lam * ssq(w) / len(c)) / 2,
    "l2_regularised_cost/not_divided": lambda c, lam, w: mean(c) + lam * ssq(w) / 2,
    "l2_regularised_cost/full": lambda c, lam, w: mean(c) + lam * ssq(w),
    "l2_regularised_cost/divided_whole": lambda c, lam, w: mean(c) + lam * ssq(w) / len(c),
    "l2_regularised_cost/norm_full": lambda c, lam, w: mean(c) + lam * ssq(w),
    "l2_regularised_cost/norm_half": lambda c, lam, w: mean(c) + lam * ssq(w) / 2,
    "l2_regularised_cost/layers": lambda c, lam, q: mean(c) + lam * q.sum() / 2 / len(c),
    "l2_regularised_cost/sums": lambda c, lam, w: c.sum() + lam * ssq(w),
    "l2_regularised_cost/sums_half": lambda c, lam, w: c.sum() + lam * ssq(w) / 2,
    "l2_regularised_cost/norm_sums": lambda c, lam, w: c.sum() + lam * ssq(w),
    "l1_regularised_cost": lambda c, lam, w: mean(c) + lam * l1(w),
    "l1_regularised_cost/divided": lambda c, lam, w: mean(c) + lam * l1(w) / len(c),
    "l1_regularised_cost/half_divided": lambda c, lam, w: mean(c) + lam * l1(w) / len(c) / 2,
    "l1_regularised_cost/half": lambda c, lam, w: mean(c) + lam * l1(w) / 2,
    "ridge_loss": lambda Y, X, theta, lam: res(Y, X, theta) + lam * ssq(theta),
    "ridge_loss/half": lambda Y, X, theta, lam: (res(Y, X, theta) + lam * ssq(theta)) / 2,
    "ridge_loss/half_loss": lambda Y, X, theta, lam: res(Y, X, theta) / 2 + lam * ssq(theta),
    "ridge_loss/mean": lambda Y, X, theta, lam: res(Y, X, theta) / len(Y) + lam * ssq(theta),
    "ridge_loss/indexed": lambda y, X, w, lam: ssq(y - X @ w) + lam * ssq(w),
    "ridge_loss/predictions": lambda y, p, w, lam: ssq(y - p) + lam * ssq(w),
    "lasso_loss": lambda Y, X, theta, lam: res(Y, X, theta) + lam * l1(theta),
    "lasso_loss/half": lambda Y, X, theta, lam: res(Y, X, theta) / 2 + lam * l1(theta),
    "lasso_loss/mean": lambda Y, X, theta, lam: res(Y, X, theta) / len(Y) + lam * l1(theta),
    "lasso_loss/half_mean": lambda Y, X, theta, lam: res(Y, X, theta) / len(Y) / 2 + lam * l1(theta),
    "lasso_loss/predictions": lambda y, p, w, lam: ssq(y - p) + lam * l1(w),
}
STEPS: Table = {
    "l2_gradient": lambda g, lam, w: g + lam * w,
    "l2_gradient/mean": lambda g, lam, w, m: g + lam * w / m,
    "l2_gradient/double": lambda g, lam, w: g + lam * w + lam * w,
    "l2_gradient/from_backprop": lambda dZ, A, lam, W: (np.einsum("hm,nm->hn", dZ, A) + lam * W) / A.shape[1],
    "l2_gradient/penalty_only": lambda lam, w: lam * w,
    "l1_gradient": lambda g, lam, w: g + (lam if w > 0 else -lam),
    "l1_gradient/mean": lambda g, lam, w, m: g + (lam if w > 0 else -lam) / m,
    "l1_gradient/penalty_only": lambda lam, w: lam if w > 0 else -lam,
    "l1_step": lambda w_prev, eta, g, lam: w_prev - eta * g - eta * lam * sign(w_prev),
    "l1_step/mean": lambda w_prev, eta, g, lam, m: w_prev - eta * g - eta * lam * sign(w_prev) / m,
    "l1_step/mean_two_terms": lambda w_prev, eta, g, lam, m: w_prev - eta * g - eta * lam * sign(w_prev) / m,
    "weight_decay_step": lambda w_prev, eta, g, lam: w_prev - eta * g - eta * lam * w_prev,
    "weight_decay_step/mean": lambda w_prev, eta, g, lam, m: w_prev - eta * g - eta * lam * w_prev / m,
    "weight_decay_step/mean_factored": lambda w_prev, eta, g, lam, m: w_prev - eta * g - eta * lam * w_prev / m,
    "weight_decay_step/mean_two_terms": lambda w_prev, eta, g, lam, m: w_prev - eta * g - eta * lam * w_prev / m,
    "weight_decay_step/double": lambda w_prev, eta, g, lam: w_prev - eta * g - 2 * eta * lam * w_prev,
    "weight_decay_step/double_factored": lambda w_prev, eta, g, lam: w_prev - eta * g - 2 * eta * lam * w_prev,
    "weight_decay_step/decoupled": lambda w_prev, eta, g, lam: w_prev - eta * g - lam * w_prev,
    "dropout": lambda a, d: a if d else 0.0,
    "dropout/inverted": lambda a, d, p: a / p if d else 0.0,
    "dropout/inverted_drop": lambda a, d, p: a / (1 - p) if d else 0.0,
    "dropout/scale_at_test": lambda a, p: a * p,
    "dropout/scale_at_test_drop": lambda a, p: a - a * p,
    "dropout/divide_only": lambda a, p: a / p,
    "dropout_gradient": lambda g, d: g if d else 0.0,
    "dropout_gradient/inverted": lambda g, d, p: g / p if d else 0.0,
    "dropout_gradient/inverted_drop": lambda g, d, p: g / (1 - p) if d else 0.0,
    "label_smoothing": smooth,
    "label_smoothing/prior": lambda y, eps, p: y + eps * (p - y),
    "label_smoothing/spread_over_others": lambda y, eps, K: y - eps * y + eps * (1 - y) / (K - 1),
    "label_smoothing/cases": lambda y, eps, K: 1 - eps if y else eps / (K - 1),
    "label_smoothing/binary": lambda y, eps: smooth(y, eps, 2),
    "mixup": lambda lam, a, b: b + lam * (a - b),
    "mixup/swapped": lambda lam, a, b: a + lam * (b - a),
    "gradient_clipping": shrink_to,
    "gradient_clipping/rescale": lambda g, c: g * (c / ssq(g) ** 0.5),
    "gradient_clipping/epsilon": lambda g, c, eps: g * min(1, c / (ssq(g) ** 0.5 + eps)),
    "value_clipping": lambda g, c: np.clip(g, -c, c),
    "value_clipping/limits": lambda g, a, b: np.clip(g, a, b),
    "max_norm": lambda w, c: shrink_to(w, c),
    "max_norm/rescale": lambda w, c: w * (c / ssq(w) ** 0.5),
    "early_stopping_rule": lambda e, b: 100 * (e - b) / b,
    "early_stopping_rule/fraction": lambda e, b: (e - b) / b,
}


def _elastic(factor: float) -> Callable[..., Any]:
    return lambda l1, l2, theta: l1 * np.abs(theta).sum() + l2 * factor * np.dot(theta, theta)


TABLE: Table = {
    **PENALTIES,
    **LOSSES,
    **STEPS,
    "elastic_net": _elastic(1.0),
    "elastic_net/half": _elastic(0.5),
}
FIXED = {"value_clipping/limits": {"a": -0.3, "b": 0.8}}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("regularization", TABLE, FIXED)


@pytest.mark.parametrize("c", [0.05, 50.0])
def test_clipping_on_both_sides_of_the_limit(check_topic: Callable[..., None], c: float) -> None:
    limits = {e: {"c": c} for e in ("gradient_clipping", "max_norm", "value_clipping")}
    check_topic("regularization", TABLE, {**FIXED, **limits})


@pytest.mark.parametrize("d", [0.0, 1.0])
def test_dropped_and_kept(check_topic: Callable[..., None], d: float) -> None:
    masks = {
        e: {"d": d, "y": d, "w": 2 * d - 1} for e in ("dropout", "dropout_gradient", "label_smoothing", "l1_gradient")
    }
    check_topic("regularization", TABLE, {**FIXED, **masks})


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="weight_decay_step"):
        wrong = {**TABLE, "weight_decay_step": lambda w_prev, eta, g, lam: w_prev - eta * g + eta * lam * w_prev}
        check_topic("regularization", wrong, FIXED)
