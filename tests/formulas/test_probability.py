"""Probability identities of the catalogue against forms written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

exp, log, dot, pi = np.exp, np.log, np.dot, np.pi


def normal(x: Any, mu: Any, s: Any) -> Any:
    z = (np.asarray(x) - mu) / s
    return exp(-z * z / 2) / (s * (2 * pi) ** 0.5)


def product_of_normals(x: Any, mu: Any, S: Any) -> Any:
    return np.prod(normal(x, mu, np.sqrt(np.diag(S))[:, None]))


def entropy(sigma: float) -> float:
    """By quadrature of -p log p."""
    t, w = np.polynomial.hermite_e.hermegauss(20)
    return float(-np.sum(w * log(normal(sigma * t, 0, sigma))) / np.sum(w))


TABLE: Mapping[str, Callable[..., Any]] = {
    "expectation_discrete": lambda p, x: np.average(x, weights=p),
    "variance_discrete": lambda p, x, mu: np.average(np.square(x - mu), weights=p),
    "variance_identity": lambda s, mu: s - mu * mu,
    "variance_scaling": lambda a, v: v * a * a,
    "variance_scaling/deviation": lambda a, sigma: np.hypot(a * sigma, 0),
    "sum_of_variances": lambda u, v, c: np.sum([[u, c], [c, v]]),
    "sum_of_variances/independent": lambda u, v: u + v,
    "sum_of_variances/difference": lambda u, v, c: np.sum([[u, -c], [-c, v]]),
    "layer_variance": lambda n, w, x: w * x * n,
    "layer_variance/with_squares": lambda n, s, t: n * (s * t) ** 2,
    "layer_variance/relu": lambda n, w, x: w * x * n / 2,
    "layer_variance/deep": lambda n, w, l, x: x * exp(l * log(n * w)),  # noqa: E741
    "uniform_variance": lambda a, b: (a * a + a * b + b * b) / 3 - ((a + b) / 2) ** 2,
    "uniform_variance/symmetric": lambda r: (2 * r) ** 2 / 12,
    "uniform_variance/mean": lambda a, b: np.mean([a, b]),
    "uniform_variance/density": lambda a, b: 1 / (b - a),
    "covariance": lambda x, y, mx, my: dot(x - mx, y - my) / len(x),
    "covariance/unbiased": lambda x, y, mx, my: dot(x - mx, y - my) / (len(x) - 1),
    "covariance/moments": lambda e, u, v: e - u * v,
    "bayes_rule": lambda l, q, e: l / e * q,  # noqa: E741
    "bayes_rule/sum": lambda l, q: (l * q) / dot(l, q),  # noqa: E741
    "bayes_rule/two_cases": lambda l, q, k: 1 / (1 + k / l * (1 / q - 1)),  # noqa: E741
    "conditional_probability": lambda j, e: j / e,
    "conditional_probability/product_rule": lambda p, e: p * e,
    "total_probability": lambda l, q: dot(l, q),  # noqa: E741
    "total_probability/joint": lambda j: np.sum(j),
    "gaussian_density": lambda x, mu, sigma: normal(x, mu, sigma),
    "gaussian_density/variance": lambda x, mu, v: normal(x, mu, v**0.5),
    "gaussian_density/standard": lambda x: normal(x, 0, 1),
    "gaussian_log_density": lambda x, mu, sigma: log(normal(x, mu, sigma)),
    "gaussian_log_density/without_constant": lambda x, mu, sigma: log(normal(x, mu, sigma) * (2 * pi) ** 0.5),
    "gaussian_log_density/sample": lambda u, mu, sigma: log(normal(u, mu, sigma)).sum(),
    "gaussian_log_density/sample_split": lambda u, mu, sigma: log(normal(u, mu, sigma)).sum(),
    "multivariate_gaussian": product_of_normals,
    "multivariate_gaussian/logarithm": lambda x, mu, S: log(product_of_normals(x, mu, S)),
    "gaussian_entropy": entropy,
    "gaussian_entropy/letter_e": entropy,
    "gaussian_entropy/variance": lambda v: entropy(v**0.5),
    "bernoulli_mass": lambda p, y: p if y else 1 - p,
    "bernoulli_mass/variance": lambda p: p - p * p,
    "bernoulli_mass/logarithm": lambda p, y: log(p if y else 1 - p),
    "binomial_mass": lambda n, p: n * (p - p * p),
    "binomial_mass/mean": lambda n, p: n * p,
    "categorical_mass": lambda p, y: exp(dot(y, log(p))),
    "exponential_density": lambda lam, x: lam / exp(lam * x),
    "exponential_density/distribution_function": lambda lam, x: -np.expm1(-lam * x),
    "exponential_density/mean_parameter": lambda lam, x: 1 / lam / exp(x / lam),
    "laplace_density": lambda x, mu, b: 0.5 / b / exp(abs(x - mu) / b),
    "gumbel_softmax": lambda l, g, tau: exp((l + g) / tau) / exp((l + g) / tau).sum(),  # noqa: E741
    "gumbel_softmax/probabilities": lambda p, g, tau: (p * exp(g)) ** (1 / tau) / ((p * exp(g)) ** (1 / tau)).sum(),
    "gumbel_softmax/noise": lambda u: -log(log(1 / u)),
    "markov_inequality": lambda s, k: (s / k) ** 2,
    "markov_inequality/markov": lambda m, k: m / k,
    "markov_inequality/chebyshev_in_deviations": lambda k: k**-2.0,
    "markov_inequality/hoeffding": lambda n, k: 2 / exp(2 * n * k * k),
    "standard_error": lambda s, n: s * n**-0.5,
    "standard_error/square": lambda s, n: s * s / n,
}
FIXED = {
    "gaussian_entropy/letter_e": {"e": float(np.e)},
    "uniform_variance": {"a": -0.4, "b": 1.3},
    "variance_scaling": {"a": -1.7},
}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("probability", TABLE, FIXED)


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="bayes_rule"):
        check_topic("probability", {**TABLE, "bayes_rule": lambda l, q, e: l * e / q}, FIXED)  # noqa: E741
