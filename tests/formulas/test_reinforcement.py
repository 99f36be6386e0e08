"""Reinforcement learning against sums written state by state."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def best(values: Any) -> float:
    """The largest."""
    return sorted(np.ravel(values))[-1]


def horner(rewards: Any, gamma: float) -> float:
    """Discounted sum from the last reward backwards."""
    out = 0.0
    for r in reversed(list(rewards)):
        out = r + gamma * out
    return out


TABLE: dict[str, Any] = {
    "discounted_return": lambda r, gamma: horner(r, gamma),
    "discounted_return/recursive": lambda R, gamma, G_next: horner([R, G_next], gamma),
    "discounted_return/undiscounted": lambda r: horner(r, 1.0),
    "bellman_expectation": lambda pi_, P, r, gamma, v: float(pi_ @ r + gamma * (pi_ @ P @ v)),
    "bellman_expectation/matrix": lambda R, gamma, M, u: R + gamma * np.einsum("ij,jo->io", M, u),
    "bellman_expectation/solved": lambda R, gamma, M, s: np.linalg.solve(np.diag(np.ones(int(s))) - gamma * M, R),
    "bellman_optimality": lambda P, r, gamma, v: best(
        [q + gamma * math.fsum(p * v) for q, p in zip(r, P, strict=True)]
    ),
    "bellman_optimality/action_values": lambda R, gamma, p, q: (
        R + gamma * math.fsum(w * best(row) for w, row in zip(p, q, strict=True))
    ),
    "bellman_optimality/deterministic": lambda R, gamma, w: R + gamma * best(w),
    "bellman_optimality/from_action_values": lambda w: best(w),
    "td_error": lambda R, gamma, v_next, v: horner([R, v_next], gamma) - v,
    "td_update": lambda v_prev, alpha, R, gamma, v_next: v_prev - alpha * (v_prev - horner([R, v_next], gamma)),
    "td_update/error": lambda v_prev, alpha, delta: v_prev + delta * alpha,
    "td_update/monte_carlo": lambda v_prev, alpha, G: (1 - alpha) * v_prev + alpha * G,
    "q_learning_update": lambda q_prev, alpha, R, gamma, q: q_prev - alpha * (q_prev - horner([R, best(q)], gamma)),
    "sarsa_update": lambda q_prev, alpha, R, gamma, q_next: q_prev - alpha * (q_prev - horner([R, q_next], gamma)),
    "sarsa_update/expected": lambda q_prev, alpha, R, gamma, pi_, q: (
        q_prev - alpha * (q_prev - horner([R, math.fsum(pi_ * q)], gamma))
    ),
    "dqn_target": lambda R, gamma, q: horner([R, best(q)], gamma),
    "dqn_target/terminal": lambda R, gamma, q, d: R if d else horner([R, best(q)], gamma),
    "soft_target_update": lambda tau, theta, t_prev: t_prev + tau * (theta - t_prev),
    "soft_target_update/kept": lambda tau, theta, t_prev: theta + tau * (t_prev - theta),
    "advantage": lambda q, v: -(v - q),
    "advantage/one_step": lambda R, gamma, v_next, v: horner([R, v_next], gamma) - v,
    "advantage/monte_carlo": lambda G, v: -(v - G),
    "generalised_advantage": lambda gamma, lam, delta: horner(delta, gamma * lam),
    "generalised_advantage/recursive": lambda gamma, lam, d, A_next: horner([d, A_next], gamma * lam),
    "policy_gradient_step": lambda theta_prev, alpha, G, g: theta_prev - -alpha * g * G,
    "policy_gradient_step/discounted": lambda theta_prev, alpha, gamma_t, G, g: theta_prev + gamma_t * (alpha * g * G),
    "policy_gradient_step/baseline": lambda theta_prev, alpha, G, b, g: theta_prev + alpha * G * g - alpha * b * g,
    "softmax_policy": lambda h: [1 / math.fsum(math.exp(o - v) for o in h) for v in h],
    "softmax_policy/temperature": lambda h, tau: [1 / math.fsum(math.exp((o - v) / tau) for o in h) for v in h],
    "epsilon_greedy": lambda eps, K, g: eps / K + (1 - eps if g else 0.0),
    "ppo_clip": lambda r, A, eps: min(r * A, float(np.clip(r, 1 - eps, 1 + eps)) * A),
    "upper_confidence_bound": lambda q, c, t, n: q + c * (math.log(t) / n) ** 0.5,
    "upper_confidence_bound/ucb1": lambda q, t, n: q + (math.log(t**2) / n) ** 0.5,
    "incremental_mean": lambda q_prev, n, R: float(np.mean([q_prev] * (int(n) - 1) + [R])),
}
FIXED: dict[str, Any] = {"upper_confidence_bound": {"t": 9, "n": 4}, "incremental_mean": {"n": 5}}


def test_forms(check_topic: Any) -> None:
    check_topic("reinforcement", TABLE, FIXED)


def test_the_bellman_solution_is_a_fixed_point() -> None:
    M = np.array([[0.5, 0.5], [0.2, 0.8]])
    R = np.array([[1.0], [0.0]])
    u = TABLE["bellman_expectation/solved"](R, 0.9, M, 2)
    assert np.allclose(TABLE["bellman_expectation/matrix"](R, 0.9, M, u), u)
