"""Every activation of the catalogue against a form written by hand."""

from __future__ import annotations

from collections.abc import Callable
from math import erf
from typing import Any

import numpy as np
import pytest

from symdl import catalogue
from symdl.checker.evaluate import evaluate

exp, log, tanh = np.exp, np.log, np.tanh


def sig(x: Any) -> Any:
    return 0.5 + 0.5 * tanh(0.5 * np.asarray(x))


def soft(z: Any, axis: int = -1) -> Any:
    e = exp(z - np.max(z, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def lse(z: Any) -> Any:
    return np.logaddexp.reduce(z)


def jac(p: Any) -> Any:
    return np.diag(np.ravel(p)) - np.outer(p, p)


TABLE: dict[str, Callable[..., Any]] = {
    "sigmoid": sig,
    "sigmoid/steepness": lambda x, k: sig(k * x),
    "sigmoid_derivative": lambda x: 0.25 * (1 - tanh(x / 2) ** 2),
    "sigmoid_derivative/of_value": lambda a: a - a * a,
    "log_sigmoid": lambda x: -np.logaddexp(0, -x),
    "logit": lambda p: 2 * np.arctanh(2 * p - 1),
    "hard_sigmoid": lambda x: np.clip((x + 3) / 6, 0, 1),
    "hard_sigmoid/fifth": lambda x: np.clip(x / 5 + 0.5, 0, 1),
    "hard_sigmoid/half": lambda x: np.clip(x / 2 + 0.5, 0, 1),
    "hard_sigmoid/quarter": lambda x: np.clip(x / 4 + 0.5, 0, 1),
    "tanh": lambda x: np.sinh(x) / np.cosh(x),
    "tanh/lecun": lambda x: 1.7159 * np.tanh(x * 2 / 3),
    "tanh_derivative": lambda x: np.cosh(x) ** -2.0,
    "tanh_derivative/of_value": lambda a: (1 - a) * (1 + a),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_tanh/range": lambda x, u, v: np.clip(x, u, v),
    "softsign": lambda x: x / (x + 1) if x >= 0 else x / (1 - x),
    "arctan_activation": np.arctan,
    "arctan_activation/scaled": lambda x: np.arctan(x) / (np.pi / 2),
    "arctan_activation/to_unit": lambda x: (np.arctan(x) + np.pi / 2) / np.pi,
    "isru": lambda x, alpha: x * (1 + alpha * x * x) ** -0.5,
    "relu": lambda x: x if x > 0 else 0.0,
    "relu_derivative": lambda x: float(x > 0),
    "relu_derivative/zero_at_zero": lambda x: float(x > 0),
    "relu_derivative/other_order_zero": lambda x: float(x > 0),
    "relu_derivative/half_at_zero": lambda x: np.heaviside(x, 0.5),
    "leaky_relu": lambda x, alpha: x if x > 0 else alpha * x,
    "leaky_relu/divided": lambda x, alpha: x if x > 0 else x / alpha,
    "leaky_relu/percent": lambda x: x if x > 0 else x / 100,
    "leaky_relu/percent_cases": lambda x: x if x > 0 else x / 100,
    "leaky_relu/tenth": lambda x: x if x > 0 else x / 10,
    "leaky_relu/fifth": lambda x: x if x > 0 else x / 5,
    "leaky_relu_derivative": lambda x, alpha: 1.0 if x > 0 else alpha,
    "leaky_relu_derivative/slope_at_zero": lambda x, alpha: 1.0 if x > 0 else alpha,
    "leaky_relu_derivative/percent": lambda x: 1.0 if x > 0 else 0.01,
    "leaky_relu_derivative/percent_or_equal": lambda x: 1.0 if x > 0 else 0.01,
    "relu6": lambda x: np.clip(x, 0, 6),
    "relu6/capped": lambda x, c: np.clip(x, 0, c),
    "squared_relu": lambda x: np.clip(x, 0, None) ** 2,
    "threshold_relu": lambda x, theta: x * (x > theta),
    "elu": lambda x, alpha: x if x > 0 else alpha * np.expm1(x),
    "elu/unit": lambda x: x if x > 0 else np.expm1(x),
    "elu_derivative": lambda x, alpha: 1.0 if x > 0 else alpha * exp(x),
    "elu_derivative/or_equal": lambda x, alpha: 1.0 if x > 0 else alpha * exp(x),
    "selu": lambda x, alpha, lam: lam * (x if x > 0 else alpha * np.expm1(x)),
    "selu/numbers": lambda x: 1.0507 * (x if x > 0 else 1.6733 * np.expm1(x)),
    "celu": lambda x, alpha: x if x > 0 else alpha * np.expm1(x / alpha),
    "softplus": lambda x: np.logaddexp(0, x),
    "softplus/sharpness": lambda x, beta: np.logaddexp(0, beta * x) / beta,
    "softplus/sharpness_quotient": lambda x, beta: np.logaddexp(0, beta * x) / beta,
    "softplus_derivative": sig,
    "gelu": lambda x: x * (0.5 + 0.5 * erf(x * 0.5**0.5)),
    "gelu/phi": lambda x, Phi: x * Phi(x),
    "gelu/tanh": lambda x: x * sig(2 * (2 / np.pi) ** 0.5 * (x + 0.044715 * x * x * x)),
    "gelu/sigmoid": lambda x: x * sig(1.702 * x),
    "gelu/sigmoid_written_out": lambda x: x * sig(1.702 * x),
    "swish": lambda x: x * sig(x),
    "swish/beta": lambda x, beta: x * sig(beta * x),
    "swish/beta_product": lambda x, beta: x * sig(beta * x),
    "swish_derivative": lambda x: sig(x) + x * sig(x) * sig(-x),
    "swish_derivative/by_value": lambda f, s: f * (1 - s) + s,
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "mish": lambda x: x * tanh(np.logaddexp(0, x)),
    "softmax": lambda z: soft(z),
    "softmax/rows": lambda Z: soft(Z, 1),
    "softmax/columns": lambda Z: soft(Z, 0),
    "softmax/matrix_columns": lambda Z: soft(Z, 0),
    "softmax/matrix_rows": lambda Z: soft(Z, 1),
    "softmax_temperature": lambda z, T: soft(z / T),
    "softmax_temperature/inverse": lambda z, beta: soft(z * beta),
    "softmax_temperature/energies": lambda z, T: soft(-z / T),
    "softmin": lambda z: soft(-z),
    "log_softmax": lambda z: log(soft(z)),
    "logsumexp_function": lse,
    "logsumexp_function/temperature": lambda z, T: T * lse(z / T),
    "softmax_jacobian": jac,
    "log_softmax_jacobian": lambda p: np.eye(len(p)) - np.outer(np.ones(len(p)), p),
    "heaviside": lambda x: float(x > 0),
    "heaviside/strict": lambda x: float(x > 0),
    "heaviside/other_order_strict": lambda x: float(x > 0),
    "heaviside/half": lambda x: np.heaviside(x, 0.5),
    "heaviside/threshold": lambda x, c: float(x > c),
    "heaviside/threshold_strict": lambda x, c: float(x > c),
    "heaviside/bipolar": np.sign,
    "heaviside/bipolar_strict": np.sign,
    "sign_function": np.sign,
    "sign_function/one_at_zero": np.sign,
    "sign_function/minus_at_zero": np.sign,
    "sign_function/quotient": np.sign,
    "identity_activation": lambda x: x,
    "soft_shrink": lambda x, lam: x - np.clip(x, -lam, lam),
    "hard_shrink": lambda x, lam: x * (abs(x) > lam),
    "tanh_shrink": lambda x: x - np.sinh(x) / np.cosh(x),
    "gaussian_activation": lambda x: exp(-x * x),
    "gaussian_activation/half": lambda x: exp(-x * x / 2),
    "gaussian_activation/width": lambda x, mu, sigma: exp(-0.5 * ((x - mu) / sigma) ** 2),
    "gaussian_activation/gamma": lambda x, gamma: exp(-gamma * x * x),
    "glu": lambda a, b: a * sig(b),
    "glu/swiglu": lambda a, b: a * sig(a) * b,
    "glu/reglu": lambda a, b: np.clip(a, 0, None) * b,
    "maxout": lambda W, x, b: np.max(W @ x + b),
    "maxout/of_values": lambda z: np.max(z),
}
# np.sign and np.arctan have no readable signature
TABLE = {k: ((lambda x, f=f: f(x)) if isinstance(f, np.ufunc) else f) for k, f in TABLE.items()}
FIXED = {"leaky_relu/divided": {"alpha": 5.5}, "hard_tanh/range": {"u": -0.4}}


def test_every_form(check_topic: Callable[..., None]) -> None:
    check_topic("activations", TABLE, FIXED)


@pytest.mark.parametrize("x", [-7.5, -2.6, -0.8, 0.6, 2.9, 6.4])
def test_every_branch(check_topic: Callable[..., None], x: float) -> None:
    scalar = [e.id for e in catalogue.load().of_topic("activations") if "x" in e.roles and e.roles["x"].shape == ()]
    check_topic("activations", TABLE, {**{e: {"x": x} for e in scalar}, "hard_tanh/range": {"x": x, "u": -0.4}})


@pytest.mark.parametrize("x", [0.0])
def test_conventions_at_zero(x: float) -> None:
    found = {
        f"{e}/{f.name}": float(evaluate(f.value.right, {"x": x}))
        for e in ("relu_derivative", "heaviside", "sign_function")
        for f in catalogue.load().entries[e].forms
        if set(f.roles) == {"x"} and f.name != "quotient"
    }
    assert found["relu_derivative/canonical"] == 1
    assert found["relu_derivative/zero_at_zero"] == found["relu_derivative/other_order_zero"] == 0
    assert found["relu_derivative/half_at_zero"] == found["heaviside/half"] == 0.5
    assert found["heaviside/canonical"] == found["heaviside/other_order"] == 1
    assert found["heaviside/strict"] == found["heaviside/other_order_strict"] == 0
    assert found["sign_function/canonical"] == 0
    assert (found["sign_function/one_at_zero"], found["sign_function/minus_at_zero"]) == (1, -1)


def test_a_wrong_reference_is_caught(check_topic: Callable[..., None]) -> None:
    wrong = {**TABLE, "mish": lambda x: x * tanh(x)}
    with pytest.raises(AssertionError, match="mish"):
        check_topic("activations", wrong, FIXED)


def test_torch_agrees() -> None:
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    names = ["relu6", "softplus", "mish", "hardswish", "softsign", "gelu", "silu", "hardsigmoid", "logsigmoid"]
    mine = ["relu6", "softplus", "mish", "hard_swish", "softsign", "gelu", "swish", "hard_sigmoid", "log_sigmoid"]
    for theirs, ours in zip(names, mine, strict=True):
        form = catalogue.load().entries[ours].forms[0]
        for x in (-3.3, -0.7, 0.4, 2.9):
            expected = float(getattr(f, theirs)(torch.tensor(x, dtype=torch.float64)))
            assert np.isclose(float(evaluate(form.value.right, {"x": x})), expected)
