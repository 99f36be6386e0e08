"""Metrics of the catalogue against forms written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

exp, log, dot, norm = np.exp, np.log, np.dot, np.linalg.norm


def f_beta(p: float, r: float, beta: float = 1.0) -> float:
    """Weighted harmonic mean, van Rijsbergen's form."""
    alpha = 1 / (1 + beta**2)
    return 1 / (alpha / p + (1 - alpha) / r)


def f_counts(TP: float, FP: float, FN: float, beta: float = 1.0) -> float:
    return f_beta(TP / (TP + FP), TP / (TP + FN), beta)


def cosine(u: Any, v: Any) -> Any:
    return np.vdot(u / norm(u), v / norm(v))


def mcc(TP: float, TN: float, FP: float, FN: float) -> float:
    """Pearson correlation of the two indicator variables."""
    n = TP + TN + FP + FN
    a, b = (TP + FP) / n, (TP + FN) / n
    return float((TP / n - a * b) / np.sqrt(a * (1 - a) * b * (1 - b)))


def pearson(x: Any, y: Any, mx: float, my: float) -> Any:
    return cosine(x - mx, y - my)


def r2(y: Any, p: Any, mu: float) -> Any:
    return 1 - norm(y - p) ** 2 / norm(y - mu) ** 2


TABLE: Mapping[str, Callable[..., Any]] = {
    "accuracy": lambda TP, TN, FP, FN: 1 - (FP + FN) / (TP + TN + FP + FN),
    "accuracy/of_total": lambda TP, TN, n: (TP + TN) / n,
    "accuracy/correct": lambda c, n: c / n,
    "accuracy/indicator": lambda p, y: np.mean(p == y),
    "accuracy/of_error": lambda e: 1 - e,
    "error_rate": lambda TP, TN, FP, FN: 1 - (TP + TN) / (TP + TN + FP + FN),
    "error_rate/of_accuracy": lambda a: 1 - a,
    "error_rate/indicator": lambda p, y: 1 - np.mean(p == y),
    "precision": lambda TP, FP: 1 / (1 + FP / TP),
    "recall": lambda TP, FN: 1 / (1 + FN / TP),
    "specificity": lambda TN, FP: 1 / (1 + FP / TN),
    "specificity/complement": lambda r: 1 - r,
    "false_positive_rate": lambda FP, TN: 1 - TN / (TN + FP),
    "false_positive_rate/complement": lambda s: 1 - s,
    "false_negative_rate": lambda FN, TP: 1 - TP / (TP + FN),
    "false_negative_rate/complement": lambda s: 1 - s,
    "negative_predictive_value": lambda TN, FN: 1 / (1 + FN / TN),
    "f1_score": lambda P, R: f_beta(P, R),
    "f1_score/counts": lambda TP, FP, FN: f_counts(TP, FP, FN),
    "f1_score/counts_half": lambda TP, FP, FN: f_counts(TP, FP, FN),
    "f_beta_score/counts": f_counts,
    "balanced_accuracy": lambda s, t: np.mean([s, t]),
    "balanced_accuracy/counts": lambda TP, TN, FP, FN: np.mean([TP / (TP + FN), TN / (TN + FP)]),
    "youden_index": lambda s, t: s - (1 - t),
    "youden_index/rates": lambda s, f: s - f,
    "matthews_correlation": mcc,
    "cohen_kappa": lambda po, pe: 1 - (1 - po) / (1 - pe),
    "iou": lambda TP, FP, FN: 1 / (1 + (FP + FN) / TP),
    "iou/areas": lambda u, v: u / v,
    "iou/areas_sum": lambda u, a, b: u / ((a - u) + (b - u) + u),
    "iou/soft": lambda p, y: dot(p, y) / np.sum(1 - (1 - p) * (1 - y)),
    "dice_coefficient": f_counts,
    "dice_coefficient/areas": lambda u, a, b: u / np.mean([a, b]),
    "dice_coefficient/soft": lambda p, y: dot(p, y) / np.mean([p.sum(), y.sum()]),
    "dice_coefficient/soft_squared": lambda p, y: dot(p, y) / np.mean([dot(p, p), dot(y, y)]),
    "dice_coefficient/of_iou": lambda J: 2 / (1 / J + 1),
    "perplexity/mean": lambda q: exp(-np.mean(log(q))),
    "perplexity/product": lambda q: exp(-np.mean(log(q))),
    "perplexity/joint": lambda q, N: exp(-log(q) / N),
    "cosine_similarity": cosine,
    "cosine_similarity/epsilon": lambda u, v, eps: np.vdot(u, v) / max(norm(u) * norm(v), eps),
    "cosine_distance": lambda u, v: norm(u / norm(u) - v / norm(v)) ** 2 / 2,
    "cosine_distance/given": lambda c: 1 - c,
    "euclidean_distance": lambda x, y: norm(x - y),
    "squared_euclidean_distance": lambda x, y: dot(x - y, x - y),
    "manhattan_distance": lambda x, y: norm(x - y, 1),
    "minkowski_distance": lambda x, y, p: norm(x - y, p),
    "hamming_distance": lambda x, y: np.count_nonzero(x - y),
    "mahalanobis_distance": lambda x, mu, S: norm(np.linalg.solve(np.sqrt(S), x - mu)),
    "mahalanobis_distance/squared": lambda x, mu, S: norm(np.linalg.solve(np.sqrt(S), x - mu)) ** 2,
    "r_squared": r2,
    "r_squared/sums_given": lambda a, b: (b - a) / b,
    "r_squared/explained": lambda y, p, mu: norm(p - mu) ** 2 / norm(y - mu) ** 2,
    "r_squared/adjusted": lambda s, n, k: s - (1 - s) * k / (n - k - 1),
    "r_squared/adjusted_square": lambda s, n, k: s**2 - (1 - s**2) * k / (n - k - 1),
    "brier_score": lambda f, o, n: np.mean(f * f - 2 * f * o + o * o),
    "gini_impurity": lambda p: 1 - dot(p, p),
    "gini_impurity/products": lambda p: 1 - dot(p, p),
    "macro_f1": lambda P, R, C: np.mean([2 / (1 / a + 1 / b) for a, b in zip(P, R, strict=True)]),
    "mape": lambda y, p: 100 * np.mean(abs(1 - p / y)),
    "mape/fraction": lambda y, p: np.mean(abs(1 - p / y)),
    "mape/quotient": lambda y, p: np.mean(abs(1 - p / y)),
    "mape/symmetric": lambda y, p: 200 * np.mean(abs(p - y) / (abs(p) + abs(y))),
    "pearson_correlation": pearson,
    "pearson_correlation/covariance": lambda c, s, t: c / s / t,
    "pearson_correlation/covariance_variances": lambda c, s, t: c / s**0.5 / t**0.5,
    "bleu_brevity_penalty": lambda bp, w, p: bp * np.prod(p**w),
    "bleu_brevity_penalty/equal_weights": lambda bp, p: bp * np.prod(p) ** (1 / len(p)),
    "bleu_brevity_penalty/penalty": lambda c, r: min(1.0, exp(1 - r / c)),
    "bleu_brevity_penalty/penalty_minimum": lambda c, r: 1.0 if c > r else exp(1 - r / c),
    "binary_decision": lambda a: np.floor(a + 0.5),
    "binary_decision/or_equal": lambda a: np.floor(a + 0.5),
    "binary_decision/or_equal_comparison": lambda a: np.floor(a + 0.5),
    "binary_decision/threshold": lambda a, t: np.heaviside(a - t, 0),
    "binary_decision/threshold_or_equal": lambda a, t: np.heaviside(a - t, 1),
    "argmax_decision": lambda p: list(p).index(max(p)),
}
TABLE = {
    **TABLE,
    "perplexity": lambda l: exp(l),  # noqa: E741
    "perplexity/base_two": lambda l: np.exp2(l),  # noqa: E741
    "f_beta_score": lambda P, R, beta: f_beta(P, R, beta),
}
FIXED: dict[str, dict[str, Any]] = {
    "accuracy/indicator": {"m": 3, "p": np.array([1.0, 0, 2]), "y": np.array([1.0, 1, 2])},
    "error_rate/indicator": {"m": 3, "p": np.array([1.0, 0, 2]), "y": np.array([1.0, 1, 2])},
    "r_squared/adjusted": {"n": 9.0, "k": 2.0},
    "r_squared/adjusted_square": {"n": 9.0, "k": 2.0},
    "minkowski_distance": {"p": 3.0},
}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("metrics", TABLE, FIXED)


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="recall"):
        check_topic("metrics", {**TABLE, "recall": lambda TP, FN: FN / (TP + FN)}, FIXED)
