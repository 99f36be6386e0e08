"""Every loss of the catalogue against a form written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

exp, log, mean, norm = np.exp, np.log, np.mean, np.linalg.norm
Table = Mapping[str, Callable[..., Any]]


def sig(x: Any) -> Any:
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(x))


def relu(x: Any) -> Any:
    return np.clip(x, 0, None)


def soft(z: Any) -> Any:
    return exp(z) / exp(z).sum()


def sq(a: Any, b: Any) -> Any:
    return np.sum(np.square(np.asarray(a) - b))


def bce(p: Any, y: Any) -> Any:
    return -np.sum(np.where(True, log(p) * y + log1m(p) * (1 - np.asarray(y)), 0))


def log1m(p: Any) -> Any:
    return np.log1p(-np.asarray(p))


def huber(e: float, d: float) -> float:
    return 0.5 * e * e if abs(e) < d else d * abs(e) - 0.5 * d * d


def pin(u: float, tau: float) -> float:
    return tau * u if u > 0 else (tau - 1) * u


def fl(p: Any, gamma: float) -> Any:
    return -((1 - p) ** gamma) * log(p)


def dice(p: Any, y: Any, e: float = 0.0, f: float = 0.0) -> float:
    return 1 - (2 * np.dot(p, y) + e) / (p.sum() + y.sum() + f)


def dice2(p: Any, y: Any, e: float = 0.0) -> float:
    return 1 - (2 * np.dot(p, y) + e) / (np.dot(p, p) + np.dot(y, y) + e)


def iou(p: Any, y: Any, e: float = 0.0) -> float:
    union = 1 - (1 - p) * (1 - y)
    return 1 - (np.dot(p, y) + e) / (union.sum() + e)


def trip(a: Any, p: Any, n: Any, alpha: float, k: int = 2) -> Any:
    return relu(norm(a - p, axis=-1) ** k - norm(a - n, axis=-1) ** k + alpha)


def con(y: Any, d: Any, m: float) -> Any:
    return y * np.square(d) + (1 - y) * np.square(relu(m - d))


REGRESSION: Table = {
    "mse": lambda yhat, y: mean(np.square(yhat - y)),
    "mse/sum": lambda yhat, y: sq(yhat, y),
    "mse/half_sum": lambda yhat, y: sq(yhat, y) / 2,
    "mse/half_mean": lambda yhat, y: mean(np.square(yhat - y)) / 2,
    "mse/one_term": lambda yhat, y: sq(yhat, y),
    "mse/half_term": lambda yhat, y: sq(yhat, y) / 2,
    "mse/norm": lambda yhat, y: sq(yhat, y),
    "mse/half_norm": lambda yhat, y: sq(yhat, y) / 2,
    "mse/half_mean_norm": lambda yhat, y: mean(np.square(yhat - y)) / 2,
    "mse/rows_sum": lambda yhat, y: sq(yhat, y),
    "mse/rows_mean": lambda yhat, y: sq(yhat, y) / len(y),
    "mse/rows_half_sum": lambda yhat, y: sq(yhat, y) / 2,
    "mse/rows_half_mean": lambda yhat, y: sq(yhat, y) / len(y) / 2,
    "mse/double_sum": lambda yhat, y: sq(yhat, y),
    "mse/double_half_sum": lambda yhat, y: sq(yhat, y) / 2,
    "mse/double_mean": lambda yhat, y: sq(yhat, y) / len(y),
    "mse/double_half_mean": lambda yhat, y: sq(yhat, y) / len(y) / 2,
    "mse/double_full_mean": lambda yhat, y: mean(np.square(yhat - y)),
    "mse/expectation": lambda yhat, y: sq(yhat, y),
    "mse_gradient": lambda yhat, y, m: 2 * (yhat - y) / m,
    "mse_gradient/one_example": lambda yhat, y: 2 * (yhat - y),
    "mse_gradient/half": lambda yhat, y: yhat - y,
    "mse_gradient/half_mean": lambda yhat, y, m: (yhat - y) / m,
    "squared_error_chain": lambda y, f, q: 2 * (f - y) * q,
    "squared_error_chain/half": lambda y, f, q: (f - y) * q,
    "squared_error_chain/half_flipped": lambda y, f, q: (f - y) * q,
    "rmse": lambda yhat, y: mean((yhat - y) ** 2) ** 0.5,
    "mae": lambda yhat, y: mean(abs(yhat - y)),
    "mae/sum": lambda yhat, y: abs(yhat - y).sum(),
    "mae/one_term": lambda yhat, y: abs(yhat - y),
    "mae/norm": lambda yhat, y: abs(yhat - y).sum(),
    "huber": lambda e, delta_: huber(e, delta_),
    "huber/double": lambda e, delta_: 2 * huber(e, delta_),
    "huber/smooth_l1": lambda e: huber(e, 1),
    "huber/smooth_l1_beta": lambda e, beta: huber(e, beta) / beta,
    "huber/difference": lambda yhat, y, delta_: huber(y - yhat, delta_),
    "huber/difference_expanded": lambda yhat, y, delta_: huber(y - yhat, delta_),
    "huber/difference_smooth_l1": lambda yhat, y: huber(y - yhat, 1),
    "log_cosh_loss": lambda yhat, y: mean(np.logaddexp(yhat - y, y - yhat) - log(2)),
    "log_cosh_loss/sum": lambda yhat, y: np.sum(np.logaddexp(yhat - y, y - yhat) - log(2)),
    "log_cosh_loss/one_term": lambda yhat, y: np.logaddexp(yhat - y, y - yhat) - log(2),
    "pinball": lambda yhat, y, tau: pin(y - yhat, tau),
    "pinball/residual": lambda u, tau: pin(u, tau),
    "msle": lambda yhat, y: mean((np.log1p(yhat) - np.log1p(y)) ** 2),
    "msle/root": lambda yhat, y: mean((np.log1p(yhat) - np.log1p(y)) ** 2) ** 0.5,
    "least_squares": lambda Y, X, theta: sq(Y.ravel(), X @ theta.ravel()),
    "least_squares/half": lambda Y, X, theta: sq(Y, X @ theta) / 2,
    "least_squares/half_product": lambda Y, X, theta: sq(Y, X @ theta) / 2,
    "least_squares/mean": lambda Y, X, theta: mean((Y - X @ theta) ** 2),
    "least_squares/half_mean": lambda Y, X, theta: mean((Y - X @ theta) ** 2) / 2,
    "least_squares/scalar": lambda Y, X, theta: (X * theta - Y) ** 2,
    "least_squares/scalar_sum": lambda y, x, theta: sq(y, x * theta),
    "parametric_model": lambda X, theta, f: f(X, theta),
    "parametric_model/example": lambda x, theta, f: f(x, theta),
    "normal_equations": lambda X, Y: np.linalg.lstsq(X, Y, rcond=None)[0],
    "normal_equations/ridge": lambda X, Y, lam: np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ Y),
    "normal_equations/examples_as_columns": lambda X, Y: np.linalg.lstsq(X.T, Y, rcond=None)[0],
    "normal_equations/weighted": lambda X, Y, R: np.linalg.lstsq(np.sqrt(R) @ X, np.sqrt(R) @ Y, rcond=None)[0],
    "charbonnier": lambda e, eps: np.hypot(e, eps),
    "charbonnier/squared_inside": lambda e, eps: np.hypot(e, eps**0.5),
    "charbonnier/pseudo_huber": lambda e, eps: eps * (np.hypot(e, eps) - eps),
    "charbonnier/difference": lambda yhat, y, eps: np.hypot(yhat - y, eps),
}

CLASSIFICATION: Table = {
    "bce": lambda p, y: bce(p, y) / np.size(y),
    "bce/sum": bce,
    "bce/one_term": bce,
    "bce/one_term_split": bce,
    "bce/cases": bce,
    "bce/indicator": bce,
    "bce/two_probabilities": lambda p, q, y: -log(p if y else q),
    "bce/ratio": bce,
    "bce/outputs_mean": lambda p, y: bce(p, y) / y.shape[1],
    "bce/outputs_sum": bce,
    "bce/logits": lambda z, y: bce(sig(z), y) / len(y),
    "bce_with_logits": lambda z, y: bce(sig(z), y),
    "bce_gradient": lambda a, y: (a - y) / a / (1 - a),
    "bce_gradient/mean": lambda a, y, m: (a - y) / a / (1 - a) / m,
    "bce_gradient/mean_fraction": lambda a, y, m: (a - y) / a / (1 - a) / m,
    "cross_entropy": lambda y, p: -np.dot(y, log(p)),
    "cross_entropy/mean_of_terms": lambda y, p: -np.dot(y, log(p)) / len(y),
    "cross_entropy/batch_sum": lambda y, p: -np.vdot(y, log(p)),
    "cross_entropy/batch_mean": lambda y, p: -np.vdot(y, log(p)) / len(y),
    "cross_entropy/columns_mean": lambda y, p: -np.vdot(y, log(p)) / y.shape[1],
    "cross_entropy/full_mean": lambda y, p: -mean(y * log(p)),
    "cross_entropy/whole_matrix": lambda y, p: -np.vdot(y, log(p)) / len(y),
    "cross_entropy/whole_matrix_sum": lambda y, p: -np.vdot(y, log(p)),
    "cross_entropy/inner_product": lambda y, p: -np.vdot(y, log(p)),
    "nll": lambda q: -mean(log(q)),
    "nll/sum": lambda q: -np.sum(log(q)),
    "nll/one_term": lambda q: -log(q),
    "nll/product": lambda q: -np.sum(log(q)),
    "nll/expectation": lambda q: -log(q),
    "likelihood": lambda q: exp(np.sum(log(q))),
    "likelihood/bernoulli": lambda q, y: exp(-bce(q, y)),
    "likelihood/categorical": lambda q, y: exp(np.vdot(y, log(q))),
    "log_likelihood": lambda q: np.sum(log(q)),
    "log_likelihood/mean": lambda q: mean(log(q)),
    "log_likelihood/bernoulli": lambda q, y: -bce(q, y),
    "log_likelihood/categorical": lambda q, y: np.vdot(y, log(q)),
    "softmax_cross_entropy": lambda z, y: -np.dot(y, log(soft(z))),
    "softmax_cross_entropy/soft": lambda z, y: -np.dot(y, log(soft(z))),
    "softmax_cross_entropy/soft_difference": lambda z, y: -np.dot(y, log(soft(z))),
    "softmax_cross_entropy/right_class": lambda z, s: np.logaddexp.reduce(z) - s,
    "softmax_cross_entropy/right_class_index": lambda z: np.logaddexp.reduce(z) - z,
    "softmax_cross_entropy/right_class_index_quotient": lambda z: np.logaddexp.reduce(z) - z,
    "softmax_cross_entropy/right_class_difference": lambda z, s: np.logaddexp.reduce(z) - s,
    "cross_entropy_gradient": lambda p, y: p - y,
    "cross_entropy_gradient/mean": lambda p, y, m: (p - y) / m,
    "cross_entropy_gradient/indicator": lambda p, c: p - np.eye(len(p))[int(c)],
    "weighted_bce": lambda w, p, y: -(w * y * log(p) + (1 - y) * log1m(p)),
    "weighted_bce/two_weights": lambda w, v, p, y: -(w * y * log(p) + v * (1 - y) * log1m(p)),
    "weighted_bce/balanced": lambda beta, p, y: -(beta * y * log(p) + (1 - beta) * (1 - y) * log1m(p)),
    "weighted_bce/batch_mean": lambda w, p, y: -mean(w * y * log(p) + (1 - y) * log1m(p)),
    "weighted_bce/batch_sum": lambda w, p, y: -np.sum(w * y * log(p) + (1 - y) * log1m(p)),
    "weighted_bce/batch_two_weights": lambda w, v, p, y: -mean(w * y * log(p) + v * (1 - y) * log1m(p)),
    "weighted_bce/batch_balanced": lambda beta, p, y: -mean(beta * y * log(p) + (1 - beta) * (1 - y) * log1m(p)),
    "weighted_bce/classes": lambda w, p, y: -np.dot(w * y, log(p)),
    "focal_loss": fl,
    "focal_loss/weighted": lambda p, gamma, alpha: alpha * fl(p, gamma),
    "focal_loss/both_classes": lambda p, gamma, alpha, y: (
        alpha * y * fl(p, gamma) + (1 - alpha) * (1 - y) * fl(1 - p, gamma)
    ),
    "focal_loss/both_classes_unweighted": lambda p, gamma, y: y * fl(p, gamma) + (1 - y) * fl(1 - p, gamma),
    "focal_loss/sum": lambda p, gamma: fl(p, gamma).sum(),
    "focal_loss/mean": lambda p, gamma: fl(p, gamma).mean(),
    "focal_loss/weighted_mean": lambda p, gamma, alpha: alpha * fl(p, gamma).mean(),
    "focal_loss/classes": lambda p, gamma, y: np.dot(y, fl(p, gamma)),
    "focal_loss/classes_weighted": lambda p, gamma, y, alpha: alpha * np.dot(y, fl(p, gamma)),
    "hinge": lambda y, f: relu(1 - y * f),
    "hinge/batch_mean": lambda y, f: mean(relu(1 - y * f)),
    "hinge/batch_sum": lambda y, f: relu(1 - y * f).sum(),
    "hinge/squared": lambda y, f: relu(1 - y * f) ** 2,
    "hinge/half_squared": lambda y, f: relu(1 - y * f) ** 2 / 2,
    "hinge/linear_model": lambda y, w, x, b: relu(1 - y * (np.dot(w, x) + b)),
    "hinge/linear_model_columns": lambda y, w, x, b: relu(1 - y * (np.vdot(w, x) + b)),
    "hinge/margin": lambda y, f, m: relu(m - y * f),
    "multiclass_hinge": lambda s, t: relu(s - t + 1).sum(),
    "multiclass_hinge/margin": lambda s, t, m: relu(s - t + m).sum(),
    "multiclass_hinge/largest": lambda s, t: relu(1 + s.max() - t),
    "logistic_margin_loss": lambda y, f: np.logaddexp(0, -y * f),
    "logistic_margin_loss/batch_mean": lambda y, f: mean(np.logaddexp(0, -y * f)),
    "logistic_margin_loss/batch_sum": lambda y, f: np.logaddexp(0, -y * f).sum(),
    "logistic_margin_loss/base_two": lambda y, f: np.log2(1 + exp(-y * f)),
    "exponential_loss": lambda y, f: 1 / exp(y * f),
    "exponential_loss/batch_mean": lambda y, f: mean(1 / exp(y * f)),
    "exponential_loss/batch_sum": lambda y, f: np.sum(1 / exp(y * f)),
}

OTHERS: Table = {
    "dice_loss": dice,
    "dice_loss/smooth": lambda p, y, eps: dice(p, y, eps, eps),
    "dice_loss/smooth_below": lambda p, y, eps: dice(p, y, 0, eps),
    "dice_loss/squared": lambda p, y: dice2(p, y),
    "dice_loss/squared_smooth": lambda p, y, eps: dice2(p, y, eps),
    "dice_loss/sets": lambda u, a, b: (a + b - 2 * u) / (a + b),
    "dice_loss/counts": lambda TP, FP, FN: (FP + FN) / (2 * TP + FP + FN),
    "dice_loss/one_term": lambda p, y: 1 - (1 + 2 * p * y) / (1 + p + y),
    "iou_loss": lambda p, y: iou(p, y),
    "iou_loss/smooth": lambda p, y, eps: iou(p, y, eps),
    "iou_loss/of_index": lambda J: 1 - J,
    "iou_loss/logarithm": lambda J: -log(J),
    "iou_loss/counts": lambda TP, FP, FN: (FP + FN) / (TP + FP + FN),
    "tversky_loss": lambda TP, FP, FN, alpha, beta: (alpha * FP + beta * FN) / (TP + alpha * FP + beta * FN),
    "tversky_loss/soft": lambda p, y, alpha, beta: (
        1 - np.dot(p, y) / (np.dot(p, y) + alpha * np.dot(p, 1 - y) + beta * np.dot(1 - p, y))
    ),
    "tversky_loss/index": lambda TP, FP, FN, alpha, beta: 1 / (1 + (alpha * FP + beta * FN) / TP),
    "tversky_loss/swapped": lambda TP, FP, FN, alpha, beta: 1 - 1 / (1 + (alpha * FN + beta * FP) / TP),
    "triplet_loss": trip,
    "triplet_loss/not_squared": lambda a, p, n, alpha: trip(a, p, n, alpha, 1),
    "triplet_loss/distances": lambda u, v, alpha: relu(u - v + alpha),
    "triplet_loss/batch_sum": lambda a, p, n, alpha: trip(a, p, n, alpha).sum(),
    "triplet_loss/batch_mean": lambda a, p, n, alpha: trip(a, p, n, alpha).mean(),
    "contrastive_loss": con,
    "contrastive_loss/half": lambda y, d, m: con(y, d, m) / 2,
    "contrastive_loss/half_outside": lambda y, d, m: con(y, d, m) / 2,
    "contrastive_loss/dissimilar_is_one": lambda y, d, m: con(1 - y, d, m),
    "contrastive_loss/dissimilar_is_one_half": lambda y, d, m: con(1 - y, d, m) / 2,
    "contrastive_loss/mean": lambda y, d, m: mean(con(y, d, m)) / 2,
    "info_nce": lambda s, u, tau: np.logaddexp.reduce(u / tau) - s / tau,
    "info_nce/without_temperature": lambda s, u: np.logaddexp.reduce(u) - s,
    "info_nce/negatives_apart": lambda s, u, tau: np.logaddexp.reduce([s / tau, *(u / tau)]) - s / tau,
    "info_nce/negatives_apart_without_temperature": lambda s, u: np.logaddexp.reduce([s, *u]) - s,
    "margin_ranking_loss": lambda y, a, b, m: relu(y * (b - a) + m),
    "margin_ranking_loss/fixed_order": lambda a, b, m: relu(b - a + m),
    "bpr_loss": lambda a, b: np.logaddexp(0, b - a),
    "bpr_loss/expectation": lambda a, b: np.logaddexp(0, b - a),
    "cosine_embedding_loss": lambda c, y, m: 1 - c if y > 0 else relu(c - m),
    "cosine_embedding_loss/similar_only": lambda c: 1 - c,
    "center_loss": lambda x, c: sq(x, c) / 2,
    "center_loss/mean": lambda x, c: sq(x, c) / 2 / len(x),
    "gaussian_nll": lambda y, mu, v: log(v**0.5) + ((y - mu) / v**0.5) ** 2 / 2,
    "gaussian_nll/constant": lambda y, mu, v: log((2 * np.pi * v) ** 0.5) + ((y - mu) / v**0.5) ** 2 / 2,
    "gaussian_nll/standard_deviation": lambda y, mu, sigma: log(sigma) + ((y - mu) / sigma) ** 2 / 2,
    "gaussian_nll/standard_deviation_squared": lambda y, mu, sigma: log(sigma) + ((y - mu) / sigma) ** 2 / 2,
    "gaussian_nll/standard_deviation_constant": lambda y, mu, sigma: (
        log(sigma) + log(2 * np.pi) / 2 + ((y - mu) / sigma) ** 2 / 2
    ),
    "poisson_nll": lambda rate, y: rate - log(rate) * y,
    "poisson_nll/log_rate": lambda z, y: exp(z) - z * y,
    "poisson_nll/mean": lambda rate, y: mean(rate - log(rate) * y),
    "distillation_loss": lambda alpha, a, b, T: a + alpha * (T * T * b - a),
    "distillation_loss/swapped_weights": lambda alpha, a, b, T: T * T * b + alpha * (a - T * T * b),
    "distillation_loss/without_square": lambda alpha, a, b: a + alpha * (b - a),
    "distillation_loss/swapped_without_square": lambda alpha, a, b: b + alpha * (a - b),
    "mean_loss": lambda l: mean(l),  # noqa: E741
    "mean_loss/sum": lambda l: sum(l),  # noqa: E741
    "generalisation_error": lambda u, v: u - v,
    "generalisation_error/absolute": lambda u, v: abs(u - v),
}

# the same-function variants that are written in other symbols
SAME: Table = {
    "cosine_embedding_loss/equality": OTHERS["cosine_embedding_loss"],
}
TABLE: Table = {**REGRESSION, **CLASSIFICATION, **OTHERS, **SAME}
FIXED = {
    "normal_equations": {"n": 7, "d": 3},
    "cross_entropy_gradient/indicator": {"c": 1.0},
    "cosine_embedding_loss": {"y": 1.0},
    "huber": {"e": -1.9, "delta_": 0.8},
    "huber/smooth_l1": {"e": 1.7},
}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("losses", TABLE, FIXED)


@pytest.mark.parametrize(("e", "d"), [(-0.3, 0.8), (0.5, 0.9), (2.5, 1.1)])
def test_both_branches_of_huber(check_topic: Callable[..., None], e: float, d: float) -> None:
    check_topic("losses", TABLE, {**FIXED, "huber": {"e": e, "delta_": d, "yhat": e, "y": 0.0}})


def test_negative_pairs(check_topic: Callable[..., None]) -> None:
    check_topic("losses", TABLE, {**FIXED, "cosine_embedding_loss": {"y": -1.0, "c": 0.7, "m": 0.2}})


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="hinge"):
        check_topic("losses", {**TABLE, "hinge": lambda y, f: relu(1 + y * f)}, FIXED)
