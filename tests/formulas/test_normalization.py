"""Normalisations of the catalogue against forms written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

mean, norm = np.mean, np.linalg.norm


def unit(x: Any) -> Any:
    order = np.sort(np.ravel(x))
    return (x - order[0]) / (order[-1] - order[0])


def z(x: Any, mu: Any, v: Any) -> Any:
    return (x - mu) * np.asarray(v) ** -0.5


def own(x: Any, axis: Any, eps: float = 0.0) -> Any:
    return z(x, x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True) + eps)


def spread(x: Any, mu: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.mean(np.square(x - mu), axis=axis, keepdims=keepdims)


def rms(x: Any, eps: float = 0.0) -> Any:
    return np.sqrt(np.dot(x, x) / len(x) + eps)


TABLE: Mapping[str, Callable[..., Any]] = {
    "min_max_normalisation": unit,
    "min_max_normalisation/given": lambda x, a, b: (a - x) / (a - b),
    "min_max_normalisation/range": lambda x, lo, hi: lo * (1 - unit(x)) + hi * unit(x),
    "min_max_normalisation/range_given": lambda x, a, b, lo, hi: (lo * (b - x) + hi * (x - a)) / (b - a),
    "min_max_normalisation/to_minus_one": lambda x: 2 * unit(x) - 1,
    "min_max_normalisation/mean_normalisation": lambda x: unit(x) - mean(unit(x)),
    "byte_scaling": lambda x: x / 255,
    "byte_scaling/symmetric": lambda x: x / 255 * 2 - 1,
    "byte_scaling/symmetric_double": lambda x: x / 127.5 - 1,
    "byte_scaling/centred": lambda x: x / 127.5 - 1,
    "standardisation": lambda x, mu, v, eps: z(x, mu, v + eps),
    "standardisation/squared_deviation": lambda x, mu, sigma, eps: z(x, mu, sigma**2 + eps),
    "standardisation/without_epsilon": z,
    "standardisation/deviation": lambda x, mu, sigma: z(x, mu, sigma**2),
    "standardisation/deviation_epsilon": lambda x, mu, sigma, eps: z(x, mu, (sigma + eps) ** 2),
    "standardisation/deviation_root": lambda x, mu, sigma: z(x, mu, sigma**2),
    "standardisation/epsilon_outside": lambda x, mu, v, eps: z(x, mu, (v**0.5 + eps) ** 2),
    "standardisation/indexed": lambda x: own(x, 0),
    "standardisation/functions": lambda x: own(x, 0),
    "affine_rescaling": lambda xhat, gamma, beta: beta + xhat * gamma,
    "restoring_scale": lambda sigma, eps: (sigma * sigma + eps) ** 0.5,
    "restoring_scale/variance": lambda v, eps: (v + eps) ** 0.5,
    "restoring_scale/without_epsilon": lambda v: v**0.5,
    "restoring_scale/shift": lambda mu: mu,
    "batch_mean": lambda x: np.average(x),
    "batch_mean/column": lambda Z: Z.mean(axis=1, keepdims=True),
    "batch_mean/row": lambda Z: Z.mean(axis=0, keepdims=True),
    "batch_mean/feature": lambda Z: Z.mean(axis=0),
    "batch_mean/images": lambda Z: Z.mean(axis=(0, 2, 3)),
    "batch_variance": lambda x, mu: spread(x, mu),
    "batch_variance/mean_written_out": lambda x: np.var(x),
    "batch_variance/unbiased": lambda x, mu: spread(x, mu) * len(x) / (len(x) - 1),
    "batch_variance/unbiased_written_out": lambda x: np.var(x, ddof=1),
    "batch_variance/square_minus": lambda x, mu: np.dot(x, x) / len(x) - mu * mu,
    "batch_variance/column": lambda Z, mu: spread(Z, mu, 1, True),
    "batch_variance/row": lambda Z, mu: spread(Z, mu, 0, True),
    "batch_variance/feature": lambda Z, mu: spread(Z, mu, 0),
    "batch_variance/images": lambda Z, mu: spread(Z, mu[None, :, None, None], (0, 2, 3)),
    "batch_variance/function": lambda x: np.mean(x * x) - np.mean(x) ** 2,
    "standard_deviation_of_batch": lambda x, mu: norm(x - mu) / len(x) ** 0.5,
    "standard_deviation_of_batch/unbiased": lambda x, mu: norm(x - mu) / (len(x) - 1) ** 0.5,
    "standard_deviation_of_batch/mean_written_out": lambda x: np.std(x),
    "standard_deviation_of_batch/root_of_variance": lambda v: v**0.5,
    "standard_deviation_of_batch/function": lambda x: norm(x - mean(x)) / len(x) ** 0.5,
    "batch_norm_scale_gradient": lambda g, normed: np.einsum("i,i", g, normed),
    "batch_norm": lambda x, mu, v, eps, gamma, beta: gamma * z(x, mu, v + eps) + beta,
    "batch_norm/squared_deviation": lambda x, mu, sigma, eps, gamma, beta: gamma * z(x, mu, sigma**2 + eps) + beta,
    "batch_norm/without_epsilon": lambda x, mu, v, gamma, beta: gamma * z(x, mu, v) + beta,
    "batch_norm/deviation": lambda x, mu, sigma, gamma, beta: gamma * z(x, mu, sigma**2) + beta,
    "batch_norm/deviation_epsilon": lambda x, mu, sigma, eps, gamma, beta: gamma * z(x, mu, (sigma + eps) ** 2) + beta,
    "batch_norm/batch": lambda Z, eps, gamma, beta: gamma * own(Z, 0, eps) + beta,
    "batch_norm/batch_columns": lambda Z, eps, gamma, beta: gamma * own(Z, 1, eps) + beta,
    "layer_norm": lambda x, eps, gamma, beta: gamma * own(x, 0, eps) + beta,
    "layer_norm/given": lambda x, mu, v, eps, gamma, beta: gamma * z(x, mu, v + eps) + beta,
    "layer_norm/given_deviation_root": lambda x, mu, sigma, eps, gamma, beta: gamma * z(x, mu, sigma**2 + eps) + beta,
    "layer_norm/given_deviation": lambda x, mu, sigma, gamma, beta: gamma * z(x, mu, sigma**2) + beta,
    "layer_norm/given_deviation_epsilon": lambda x, mu, sigma, eps, gamma, beta: (
        gamma * z(x, mu, (sigma + eps) ** 2) + beta
    ),
    "layer_norm/given_plain": lambda x, mu, v, eps: z(x, mu, v + eps),
    "rms_norm": lambda x, g, eps: x * g / rms(x, eps),
    "rms_norm/without_epsilon": lambda x, g: x * g / rms(x),
    "rms_norm/without_scale": lambda x, eps: x / rms(x, eps),
    "rms_norm/plain": lambda x: x / rms(x),
    "rms_norm/given": lambda x, r, g: x * g / r,
    "root_mean_square": lambda x: rms(x),
    "root_mean_square/epsilon": lambda x, eps: rms(x, eps),
    "instance_norm": lambda x, eps: own(x, (2, 3), eps),
    "instance_norm/given": lambda a, mu, s, eps: z(a, mu, s + eps),
    "group_norm": lambda x, eps: own(x, 1, eps),
    "group_norm/given": lambda a, mu, s, eps: z(a, mu, s + eps),
    "running_average": lambda r_prev, alpha, s: r_prev + alpha * (s - r_prev),
    "running_average/old_weight": lambda r_prev, alpha, s: s + alpha * (r_prev - s),
    "running_average/squares": lambda r_prev, alpha, s: r_prev**2 + alpha * (s**2 - r_prev**2),
    "running_average/squares_old_weight": lambda r_prev, alpha, s: s**2 + alpha * (r_prev**2 - s**2),
    "unit_norm_scaling": lambda x: x * np.dot(x, x) ** -0.5,
    "unit_norm_scaling/epsilon": lambda x, eps: x / max(np.dot(x, x) ** 0.5, eps),
    "unit_norm_scaling/epsilon_added": lambda x, eps: x / (np.dot(x, x) ** 0.5 + eps),
    "unit_norm_scaling/one_norm": lambda x: x / abs(x).sum(),
    "unit_norm_scaling/max_norm": lambda x: x / norm(x, np.inf),
    "weight_normalisation": lambda g, v: v * (g * np.dot(v, v) ** -0.5),
    "spectral_normalisation": lambda W, s: W / s,
    "spectral_normalisation/power_iteration": lambda W, u, v: W / np.einsum("io,ij,jo->", u, W, v),
    "log_scaling": lambda x: np.log10(x) * np.log(10),
    "log_scaling/plus_one": lambda x: np.log1p(x),
    "robust_scaling": lambda x, q1, q2, q3: (q2 - x) / (q1 - q3),
    "robust_scaling/range": lambda x, q2, r: (x - q2) / r,
}
TABLE = {**TABLE, "standardisation/without_epsilon": lambda x, mu, v: z(x, mu, v)}
SMALL = {"N": 2, "C": 1, "H": 2, "W": 3, "m": 2, "G": 2, "S": 3}  # the evaluator runs a whole program for each element
FIXED = {
    "instance_norm/canonical": SMALL,
    "group_norm/canonical": SMALL,
    "batch_mean/images": SMALL,
    "batch_variance/images": SMALL,
}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("normalization", TABLE, FIXED)


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="layer_norm"):
        check_topic(
            "normalization", {**TABLE, "layer_norm": lambda x, eps, gamma, beta: gamma * own(x, 0) + beta}, FIXED
        )


def test_torch_agrees() -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(4, 5))
    expected = torch.nn.functional.layer_norm(torch.tensor(x), (5,), eps=0.01).numpy()
    assert np.allclose(TABLE["layer_norm"](x[2], 0.01, 1.0, 0.0), expected[2])
