"""The tasks in PyTensor: a graph of ``tensor`` operations and ``grad``, without the rewriting that comes with compiling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytensor
import pytensor.scan  # these two are else loaded inside the first derivation
import pytensor.sparse
import pytensor.tensor as pt
from pytensor.gradient import hessian, jacobian
from pytensor.graph.traversal import applys_between

TASKS: dict[str, Callable[[], Mapping[str, Any]]] = {}
VARIABLES: dict[str, Any] = {}


def task(function: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
    """Enters a task under its name; it returns ``dNAME`` -> gradient."""
    TASKS[function.__name__] = function
    return function


def var(name: str, rank: int = 0) -> Any:
    """A variable in double precision."""
    VARIABLES[name] = pt.tensor(name, dtype="float64", shape=(None,) * rank)
    return VARIABLES[name]


def gradients(loss: Any, *variables: Any) -> dict[str, Any]:
    """All gradients by one sweep."""
    return {f"d{v.name}": g for v, g in zip(variables, pytensor.grad(loss, list(variables)), strict=True)}


def count(result: Mapping[str, Any]) -> int:
    """Applications in the graph of the gradients, as derived."""
    return len(list(applys_between([], list(result.values()))))


def values(result: Mapping[str, Any], env: Mapping[str, Any]) -> dict[str, Any]:
    """Runs the gradients in Python, without compiling C."""
    with pytensor.config.change_flags(cxx=""):
        run = pytensor.function(
            list(VARIABLES.values()),
            list(result.values()),
            mode=pytensor.compile.mode.Mode("py", "fast_compile"),
            on_unused_input="ignore",
        )
    feed = [np.reshape(env[n], np.shape(env[n])[: v.ndim] if v.ndim else ()) for n, v in VARIABLES.items()]
    return dict(zip(result, run(*feed), strict=True))


@task
def sigmoid() -> Mapping[str, Any]:
    x = var("x")
    return gradients(1 / (1 + pt.exp(-x)), x)


@task
def softmax_jacobian() -> Mapping[str, Any]:
    z = var("z", 1)
    return {"P,z": jacobian(pt.exp(z) / pt.exp(z).sum(), z)}


@task
def softmax_cross_entropy() -> Mapping[str, Any]:
    X, W, b, Y = var("X", 2), var("W", 2), var("b", 1), var("Y", 2)
    P = pt.special.softmax(X @ W + b, axis=1)
    return gradients(-(Y * pt.log(P)).sum() / X.shape[0], W, b, X)


@task
def least_squares() -> Mapping[str, Any]:
    X, w, y = var("X", 2), var("w", 1), var("y", 1)
    return gradients(((X @ w - y) ** 2).sum() / 2, w)


@task
def logistic_regression() -> Mapping[str, Any]:
    X, w, y = var("X", 2), var("w", 1), var("y", 1)
    p = pt.sigmoid(X @ w)
    loss = -(y * pt.log(p) + (1 - y) * pt.log(1 - p)).sum()
    return {**gradients(loss, w), "w,w": hessian(loss, w)}


@task
def two_layer_perceptron() -> Mapping[str, Any]:
    W1, b1, X, W2, b2, Y = (var(n, 2) for n in "W1 b1 X W2 b2 Y".split())
    A1 = pt.tanh(W1 @ X + pt.specify_shape(b1, (None, 1)))
    A2 = pt.sigmoid(W2 @ A1 + pt.specify_shape(b2, (1, 1)))
    return gradients(-(Y * pt.log(A2) + (1 - Y) * pt.log(1 - A2)).sum() / X.shape[1], W1, b1, W2, b2)


def _normalisation(axis: int) -> Mapping[str, Any]:
    X, gamma, beta, eps, dY = var("X", 2), var("gamma", 1), var("beta", 1), var("eps"), var("dY", 2)
    mu = X.mean(axis=axis, keepdims=True)
    s = pt.sqrt(((X - mu) ** 2).mean(axis=axis, keepdims=True) + eps)
    return gradients(((gamma * (X - mu) / s + beta) * dY).sum(), X, gamma, beta)


@task
def batch_norm() -> Mapping[str, Any]:
    return _normalisation(0)


@task
def layer_norm() -> Mapping[str, Any]:
    return _normalisation(1)


@task
def attention() -> Mapping[str, Any]:
    Q, K, V, dO = (var(n, 2) for n in ("Q", "K", "V", "dO"))
    P = pt.special.softmax(Q @ K.T / pt.sqrt(Q.shape[1]), axis=1)
    return gradients(((P @ V) * dO).sum(), Q, K, V)


def _cell(gates: str) -> tuple[dict[str, Any], Any, Any, dict[str, Any]]:
    v = {f"{p}{g}": var(f"{p}{g}", 2) for g in gates for p in "WUb"}
    x, h = var("x", 2), var("h_prev", 2)
    return v, x, h, {g: v[f"W{g}"] @ h + v[f"U{g}"] @ x + v[f"b{g}"] for g in gates}


@task
def lstm() -> Mapping[str, Any]:
    v, x, h_prev, z = _cell("fiog")
    c_prev, dh, dc_next = var("c_prev", 2), var("dh", 2), var("dc_next", 2)
    c = pt.sigmoid(z["f"]) * c_prev + pt.sigmoid(z["i"]) * pt.tanh(z["g"])
    h = pt.sigmoid(z["o"]) * pt.tanh(c)
    return gradients((h * dh).sum() + (c * dc_next).sum(), *v.values(), x, h_prev, c_prev)


@task
def gru() -> Mapping[str, Any]:
    v, x, h_prev, z = _cell("ruc")
    dh = var("dh", 2)
    r, u = pt.sigmoid(z["r"]), pt.sigmoid(z["u"])
    c = pt.tanh(v["Wc"] @ (r * h_prev) + v["Uc"] @ x + v["bc"])
    return gradients(((u * c + (1 - u) * h_prev) * dh).sum(), *v.values(), x, h_prev)


@task
def conv2d_stride2() -> Mapping[str, Any]:
    # Written as shifted slices: the sizes of kernel and output must be numbers.
    K, X, dH = var("K", 2), var("X", 2), var("dH", 2)
    p, q = 3, 4
    H = sum(K[a, b] * X[a : a + 2 * p : 2, b : b + 2 * q : 2] for a in range(2) for b in range(3))
    return gradients((H * dH).sum(), K, X)


@task
def quadratic_form() -> Mapping[str, Any]:
    x, A = var("x", 1), var("A", 2)
    return gradients(x @ A @ x, x, A)


@task
def logdet() -> Mapping[str, Any]:
    X = var("X", 2)
    return gradients(pt.log(pt.linalg.det(X)), X)


@task
def trace_product() -> Mapping[str, Any]:
    A, X, B = var("A", 2), var("X", 2), var("B", 2)
    return gradients(pt.trace(A @ X @ B), X, A, B)


@task
def trace_inverse() -> Mapping[str, Any]:
    A, X = var("A", 2), var("X", 2)
    return gradients(pt.trace(A @ pt.linalg.inv(X)), X, A)


@task
def gcn_tanh_l2() -> Mapping[str, Any]:
    A, X, W, Y, lam = var("A", 2), var("X", 2), var("W", 2), var("Y", 2), var("lam")
    H = pt.tanh(A @ X @ W)
    return gradients(((H - Y) ** 2).sum() / 2 + lam / 2 * (W**2).sum(), W, X)
