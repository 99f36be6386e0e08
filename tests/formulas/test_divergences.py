"""Entropies and divergences of the catalogue against forms written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

log, dot = np.log, np.dot


def kl(P: Any, Q: Any) -> Any:
    return dot(P, log(P) - log(Q))


def ent(p: Any) -> Any:
    return -np.vdot(p, log(p))


def ent2(p: float) -> float:
    return float(ent(np.array([p, 1 - p])))


def js(P: Any, Q: Any) -> Any:
    return ent((P + Q) / 2) - (ent(P) + ent(Q)) / 2


def gauss(m1: float, m2: float, s1: float, s2: float) -> float:
    """By Gauss-Hermite quadrature of p log(p / q)."""
    t, w = np.polynomial.hermite_e.hermegauss(20)
    x = m1 + s1 * t
    logs = -np.log(s1) - ((x - m1) / s1) ** 2 / 2 + np.log(s2) + ((x - m2) / s2) ** 2 / 2
    return float(np.sum(w * logs) / np.sum(w))


def diagonal(m1: Any, m2: Any, S1: Any, S2: Any) -> float:
    s1, s2 = np.sqrt(np.diag(S1)), np.sqrt(np.diag(S2))
    return sum(gauss(*parts) for parts in zip(m1.ravel(), m2.ravel(), s1, s2, strict=True))


TABLE: Mapping[str, Callable[..., Any]] = {
    "entropy": ent,
    "entropy/bits": lambda p: -dot(p, np.log2(p)),
    "entropy/bits_outside": lambda p: -dot(p, np.log2(p)),
    "entropy/expectation": lambda q: -log(q),
    "binary_entropy": ent2,
    "binary_entropy/bits": lambda p: ent2(p) / log(2),
    "cross_entropy_distributions": lambda P, Q: ent(P) + kl(P, Q),
    "cross_entropy_distributions/bits": lambda P, Q: -dot(P, np.log2(Q)),
    "cross_entropy_distributions/expectation": lambda q: -log(q),
    "cross_entropy_distributions/reversed": lambda P, Q: ent(Q) + kl(Q, P),
    "kl_divergence": kl,
    "kl_bernoulli": lambda p, q: kl(np.array([p, 1 - p]), np.array([q, 1 - q])),
    "kl_divergence/entropies": lambda h, e: h - e,
    "kl_divergence/bits": lambda P, Q: kl(P, Q) / log(2),
    "kl_divergence/expectation": lambda a, b: log(a) - log(b),
    "kl_divergence/expectation_difference": lambda a, b: log(a / b),
    "kl_divergence/reversed": lambda P, Q: kl(Q, P),
    "js_divergence": js,
    "js_divergence/divergences": lambda a, b: (a + b) / 2,
    "js_divergence/divergences_outside": lambda a, b: (a + b) / 2,
    "total_variation": lambda P, Q: np.clip(P - Q, 0, None).sum(),
    "total_variation/full": lambda P, Q: 2 * np.clip(P - Q, 0, None).sum(),
    "hellinger": lambda P, Q: (1 - np.sqrt(P * Q).sum()) ** 0.5,
    "hellinger/squared": lambda P, Q: 1 - np.sqrt(P * Q).sum(),
    "hellinger/bhattacharyya": lambda P, Q: (1 - np.sqrt(P * Q).sum()) ** 0.5,
    "bhattacharyya_coefficient": lambda P, Q: dot(np.sqrt(P), np.sqrt(Q)),
    "bhattacharyya_coefficient/distance": lambda P, Q: -log(dot(np.sqrt(P), np.sqrt(Q))),
    "chi_squared_divergence": lambda P, Q: dot(P / Q, P) - 1,
    "chi_squared_divergence/ratio": lambda P, Q: np.sum(np.square(P - Q) / Q),
    "chi_squared_divergence/symmetric": lambda P, Q: np.sum(np.square(P - Q) / (P + Q)),
    "renyi_divergence": lambda P, Q, alpha: log(dot(Q, (P / Q) ** alpha)) / (alpha - 1),
    "mutual_information": lambda J, a, b: -ent(J) - np.vdot(J, log(np.outer(a, b))),
    "mutual_information/entropies": lambda h, c: h - c,
    "mutual_information/three_entropies": lambda h, k_, c: h + k_ - c,
    "kl_gaussians": lambda mu1, mu2, s1, s2: gauss(mu1, mu2, s1, s2),
    "kl_standard_normal": lambda mu, sigma: sum(gauss(m, 0, s, 1) for m, s in zip(mu, sigma, strict=True)),
    "kl_standard_normal/one_dimension": lambda mu, sigma: gauss(mu, 0, sigma, 1),
    "kl_standard_normal/log_variance": lambda mu, u: sum(
        gauss(m, 0, s, 1) for m, s in zip(mu, np.exp(u / 2), strict=True)
    ),
    "kl_gaussians_multivariate": diagonal,
    "wasserstein_gaussians": lambda mu1, mu2, s1, s2: np.hypot(mu1 - mu2, s1 - s2) ** 2,
    "wasserstein_gaussians/root": lambda mu1, mu2, s1, s2: np.hypot(mu1 - mu2, s1 - s2),
}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("divergences", TABLE)


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    with pytest.raises(AssertionError, match="kl_divergence"):
        check_topic("divergences", {**TABLE, "kl_divergence": lambda P, Q: kl(Q, P)})
