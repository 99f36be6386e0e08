"""Dual numbers as matrices, differences as quotients of evaluated functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def dual(a: float, b: float) -> np.ndarray:
    """The dual number as a matrix whose unit has square zero."""
    return np.array([[a, b], [0.0, a]])


def back(m: np.ndarray, eps: float) -> float:
    """The same with a number in place of the unit."""
    return float(m[0, 0] + eps * m[0, 1])


TABLE: dict[str, Any] = {
    "dual_number": lambda a, b, eps: back(dual(a, b), eps),
    "dual_sum": lambda a, b, c, d, eps: back(dual(a, b) + dual(c, d), eps),
    "dual_sum/difference": lambda a, b, c, d, eps: back(dual(a, b) - dual(c, d), eps),
    "dual_product": lambda a, b, c, d, eps: back(dual(a, b) @ dual(c, d), eps),
    "dual_product/quotient": lambda a, b, c, d, eps: back(dual(a, b) @ np.linalg.inv(dual(c, d)), eps),
    "dual_function": lambda a, b, eps, f: back(dual(f(a), b * f(a, primes=1)), eps),
    "dual_function/taylor_two": lambda a, b, eps, f: (
        f(a) + eps * b * f(a, primes=1) + 0.5 * (eps * b) ** 2 * f(a, primes=2)
    ),
    "dual_function/unit_seed": lambda a, eps, f: back(dual(f(a), f(a, primes=1)), eps),
    "taylor_expansion": lambda a, h, f: sum(h**k / math.factorial(k) * f(a, primes=k) for k in range(3)),
    "taylor_expansion/first_order": lambda a, h, f: sum(h**k * f(a, primes=k) for k in range(2)),
    "taylor_expansion/point": lambda a, x, f: sum((x - a) ** k / math.factorial(k) * f(a, primes=k) for k in range(3)),
    "forward_difference": lambda f, x, h: f(x + h) / h - f(x) / h,
    "forward_difference/backward": lambda f, x, h: f(x) / h - f(x - h) / h,
    "central_difference": lambda f, x, h: (f(x + h) - f(x - h)) / h / 2,
    "central_difference/half_steps": lambda f, x, h: f(x + h / 2) / h - f(x - h / 2) / h,
    "second_difference": lambda f, x, h: ((f(x + h) - f(x)) / h - (f(x) - f(x - h)) / h) / h,
    "complex_step": lambda v, x, h: v(x, h) * h**-1,
    "relative_gradient_error": lambda a, b: math.hypot(*(b - a)) / (math.hypot(*a) + math.hypot(*b)),
    "relative_gradient_error/maximum": lambda a, b: math.hypot(*(b - a)) / max(math.hypot(*a), math.hypot(*b)),
    "chain_rule": lambda f, g, x: g(x, primes=1) * f(g(x), primes=1),
    "product_rule": lambda f, g, x: back(dual(f(x), f(x, primes=1)) @ dual(g(x), g(x, primes=1)), 1.0) - f(x) * g(x),
    "product_rule/quotient": lambda f, g, x: (dual(f(x), f(x, primes=1)) @ np.linalg.inv(dual(g(x), g(x, primes=1))))[
        0, 1
    ],
    "product_rule/reciprocal": lambda g, x: np.linalg.inv(dual(g(x), g(x, primes=1)))[0, 1],
    "forward_accumulation": lambda J, v: [math.fsum(r * v[:, 0]) for r in J],
    "reverse_accumulation": lambda J, u: [math.fsum(c * u[:, 0]) for c in J.T],
    "reverse_accumulation/row": lambda J, u: [math.fsum(c * u[:, 0]) for c in J.T],
}


def test_forms(check_topic: Any) -> None:
    check_topic("autodiff", TABLE)


def test_orders_of_the_differences() -> None:
    forward = [abs(TABLE["forward_difference"](math.exp, 0.0, h) - 1) for h in (1e-2, 1e-3)]
    central = [abs(TABLE["central_difference"](math.exp, 0.0, h) - 1) for h in (1e-2, 1e-3)]
    assert 8 < forward[0] / forward[1] < 12
    assert 80 < central[0] / central[1] < 120
