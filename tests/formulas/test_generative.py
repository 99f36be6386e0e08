"""Generative models against forms written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def mean(f: Callable[[float], float], distribution: str) -> float:
    """The three-point distribution the evaluator puts behind a name."""
    return math.fsum(w * f(x) for x, w in ((0.3, 0.5), (-0.7, 0.3), (1.1, 0.2)))


def prob(x: Any, primes: int = 0) -> Any:
    """A discriminator with values in (0, 1)."""
    return 0.5 + 0.4 * np.sin(x)


def half_gap(z: float) -> float:
    """Positive part."""
    return (z + abs(z)) / 2


def total(*parts: Any) -> float:
    """Sum of all entries."""
    return math.fsum(float(v) for p in parts for v in np.ravel(p))


def mm(*factors: np.ndarray) -> np.ndarray:
    """Product of matrices from the right."""
    out = factors[-1]
    for f in reversed(factors[:-1]):
        out = np.einsum("ij,jk->ik", f, out)
    return out


def jacobian_log(J: np.ndarray) -> float:
    """log |det| from the eigenvalues."""
    return float(np.sum(np.log(np.abs(np.linalg.eigvals(J)))))


TABLE: dict[str, Any] = {
    "gan_value": lambda disc, G: (
        mean(lambda x: math.log(disc(x)), "p_data") + mean(lambda z: math.log(1 - disc(G(z))), "p_z")
    ),
    "gan_value/samples": lambda R, F, m: math.log(math.prod(R) * math.prod(1 - F)) / m,
    "gan_value/one_pair": lambda r, f: math.log(r * (1 - f)),
    "gan_discriminator_loss": lambda disc, G: (
        -mean(lambda x: math.log(disc(x)), "p_data") - mean(lambda z: math.log(1 - disc(G(z))), "p_z")
    ),
    "gan_discriminator_loss/samples": lambda R, F, m: -math.log(math.prod(R) * math.prod(1 - F)) / m,
    "gan_generator_loss": lambda disc, G: mean(lambda z: math.log1p(-disc(G(z))), "p_z"),
    "gan_generator_loss/samples": lambda F, m: math.log(math.prod(1 - F)) / m,
    "gan_generator_loss_non_saturating": lambda disc, G: mean(lambda z: -math.log(disc(G(z))), "p_z"),
    "gan_generator_loss_non_saturating/samples": lambda F, m: -math.log(math.prod(F)) / m,
    "gan_generator_objective": lambda disc, G: mean(lambda z: math.log(disc(G(z))), "p_z"),
    "gan_generator_objective/samples": lambda F, m: math.log(math.prod(F)) / m,
    "gan_optimal_discriminator": lambda p, q: 1 / (1 + q / p),
    "wasserstein_critic": lambda disc, G: mean(disc, "p_data") - mean(lambda z: disc(G(z)), "p_z"),
    "wasserstein_critic/loss": lambda disc, G: mean(lambda z: disc(G(z)), "p_z") - mean(disc, "p_data"),
    "wasserstein_generator": lambda disc, G: mean(lambda z: -disc(G(z)), "p_z"),
    "gradient_penalty": lambda lam, g: lam * (math.hypot(*g) ** 2 - 2 * math.hypot(*g) + 1),
    "gradient_penalty/one_sided": lambda lam, g: lam * half_gap(math.hypot(*g) - 1) ** 2,
    "gradient_penalty/zero_centred": lambda lam, g: lam * total(g * g) / 2,
    "least_squares_gan": lambda disc, G: (
        mean(lambda x: (disc(x) - 1) ** 2 / 2, "p_data") + mean(lambda z: disc(G(z)) ** 2 / 2, "p_z")
    ),
    "least_squares_gan/generator": lambda disc, G: mean(lambda z: (1 - disc(G(z))) ** 2 / 2, "p_z"),
    "hinge_gan": lambda disc, G: (
        mean(lambda x: half_gap(1 - disc(x)), "p_data") + mean(lambda z: half_gap(1 + disc(G(z))), "p_z")
    ),
    "interpolated_sample": lambda e, x, y: y + e * (x - y),
    "reparameterisation": lambda mu, sigma, eps: eps * sigma + mu,
    "reparameterisation/log_variance": lambda mu, v, eps: eps * np.sqrt(np.exp(v)) + mu,
    "elbo": lambda r, k: -(k - r),
    "elbo/expectation": lambda logp, k: mean(logp, "q") - k,
    "elbo/beta": lambda r, k, beta: -(beta * k - r),
    "elbo/loss": lambda r, k: k - r,
    "autoencoder": lambda V, W, x, b, c, f, g: g(mm(V, f(mm(W, x) + b)) + c),
    "autoencoder/same": lambda V, W, x, b, c, f: f(mm(V, f(mm(W, x) + b)) + c),
    "autoencoder/tied": lambda W, x, b, c, f, g: g(mm(W.T, f(mm(W, x) + b)) + c),
    "autoencoder/linear": lambda V, W, x: mm(V, W, x),
    "diffusion_forward_step": lambda x_prev, beta, eps: x_prev * (1 - beta) ** 0.5 + eps * beta**0.5,
    "diffusion_forward_step/alpha": lambda x_prev, alpha, eps: x_prev * alpha**0.5 + eps * (1 - alpha) ** 0.5,
    "diffusion_signal_level": lambda alpha: math.exp(total(np.log(alpha))),
    "diffusion_signal_level/beta": lambda beta: math.exp(total(np.log1p(-beta))),
    "diffusion_forward_closed": lambda x_0, a, eps: x_0 * a**0.5 + eps * (1 - a) ** 0.5,
    "diffusion_forward_closed/signal_noise": lambda x_0, s, r, eps: x_0 * s + eps * r,
    "diffusion_denoised": lambda x, a, eps: x / a**0.5 - eps * (1 / a - 1) ** 0.5,
    "diffusion_posterior_mean": lambda a_prev, beta, a, alpha, x_0, x: (
        (a_prev**0.5 * beta * x_0 + alpha**0.5 * (1 - a_prev) * x) / (1 - a)
    ),
    "diffusion_posterior_variance": lambda a_prev, beta, a: beta * (1 - a_prev) / (1 - a),
    "diffusion_reverse_mean": lambda x, alpha, a, eps: (x - eps * (1 - alpha) / (1 - a) ** 0.5) / alpha**0.5,
    "diffusion_reverse_mean/beta": lambda x, alpha, a, beta, eps: (x - eps * beta / (1 - a) ** 0.5) / alpha**0.5,
    "diffusion_reverse_mean/only_beta": lambda x, a, beta, eps: (x - eps * beta / (1 - a) ** 0.5) / (1 - beta) ** 0.5,
    "diffusion_reverse_mean/sampled": lambda x, alpha, a, eps, sigma, z: (
        (x - eps * (1 - alpha) / (1 - a) ** 0.5) / alpha**0.5 + z * sigma
    ),
    "diffusion_loss": lambda eps, p: total((p - eps) ** 2),
    "diffusion_loss/weighted": lambda eps, p, w: total(w * (p - eps) ** 2),
    "ddim_step": lambda a_prev, x_0, eps: x_0 * a_prev**0.5 + eps * (1 - a_prev) ** 0.5,
    "ddim_step/expanded": lambda a_prev, x, a, eps: (
        a_prev**0.5 * (x / a**0.5 - eps * (1 / a - 1) ** 0.5) + eps * (1 - a_prev) ** 0.5
    ),
    "classifier_free_guidance": lambda w, c, u: c + w * (c - u),
    "classifier_free_guidance/scale": lambda w, c, u: w * c + (1 - w) * u,
    "gaussian_score": lambda x, mu, sigma: (mu - x) / sigma / sigma,
    "gaussian_score/noise": lambda eps, sigma: -eps / sigma,
    "langevin_step": lambda x_prev, e, s, z: x_prev + e * s + (e + e) ** 0.5 * z,
    "langevin_step/half": lambda x_prev, e, s, z: x_prev + 0.5 * e * s + e**0.5 * z,
    "change_of_variables": lambda lp, J: lp + jacobian_log(J),
    "change_of_variables/inverse": lambda lp, J: lp - jacobian_log(J),
    "change_of_variables/density": lambda q, J: q * math.exp(jacobian_log(J)),
    "change_of_variables/density_inverse": lambda q, J: q * math.exp(-jacobian_log(J)),
    "affine_coupling": lambda x, s, t: t + x / np.exp(-s),
    "affine_coupling/inverse": lambda y, s, t: (y - t) / np.exp(s),
    "boltzmann_energy": lambda a, v, b, h, W: -total(a * v, b * h, W * v * h.T),
    "boltzmann_energy/weights_by_hidden": lambda a, v, b, h, W: -total(a * v, b * h, W * h * v.T),
    "boltzmann_conditional": lambda b, v, w: (1 + math.tanh((b + total(v * w)) / 2)) / 2,
}
GAN = (
    "gan_value",
    "gan_discriminator_loss",
    "gan_generator_loss",
    "gan_generator_loss_non_saturating",
    "gan_generator_objective",
)
FIXED: dict[str, Any] = {k: {"disc": prob} for k in GAN}


def test_forms(check_topic: Any) -> None:
    check_topic("generative", TABLE, FIXED)


def test_the_equilibrium_of_the_game() -> None:
    D, G = (lambda x: 0.5), (lambda z: z)
    assert math.isclose(TABLE["gan_value"](D, G), -math.log(4))
    assert TABLE["gan_optimal_discriminator"](0.7, 0.7) == 0.5
