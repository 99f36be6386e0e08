"""The tasks in CasADi: graphs of matrices (``MX``) with sizes that are numbers, and ``gradient``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import casadi as ca
import numpy as np

TASKS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}
VARIABLES: dict[str, Any] = {}
NEEDS_POINT = True
"""Tasks are called with the point, for its sizes."""


def task(function: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Callable[..., Mapping[str, Any]]:
    """Enters a task under its name; it returns ``dNAME`` -> gradient."""
    TASKS[function.__name__] = function
    return function


def variables(env: Mapping[str, Any], names: str) -> list[Any]:
    """Matrices of the point's sizes; a vector is a column."""
    for n in names.split():
        rows, columns = (*np.shape(env[n]), 1, 1)[:2]
        VARIABLES[n] = ca.MX.sym(n, rows, columns)
    return [VARIABLES[n] for n in names.split()]


def gradients(loss: Any, **wrt: Any) -> dict[str, Any]:
    """The gradient with respect to each variable."""
    return {f"d{n}": ca.gradient(loss, v) for n, v in wrt.items()}


def count(result: Mapping[str, Any]) -> int:
    """Instructions of one function that computes all gradients."""
    return int(_function(result).n_instructions())


def _function(result: Mapping[str, Any]) -> Any:
    return ca.Function(
        "g", list(VARIABLES.values()), list(result.values()), list(VARIABLES), [f"o{k}" for k in range(len(result))]
    )


def values(result: Mapping[str, Any], env: Mapping[str, Any]) -> dict[str, Any]:
    """Runs the gradients at a point."""
    found = _function(result).call([ca.DM(np.asarray(env[n], float)) for n in VARIABLES])
    return {n: np.array(v) for n, v in zip(result, found, strict=True)}


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + ca.exp(-x))


def _row_softmax(S: Any) -> Any:
    e = ca.exp(S)
    return e / ca.repmat(ca.sum2(e), 1, S.shape[1])


def _total(x: Any) -> Any:
    return ca.sum1(ca.sum2(x))


@task
def sigmoid(env: Mapping[str, Any]) -> Mapping[str, Any]:
    (x,) = variables(env, "x")
    return gradients(_sigmoid(x), x=x)


@task
def softmax_jacobian(env: Mapping[str, Any]) -> Mapping[str, Any]:
    (z,) = variables(env, "z")
    return {"P,z": ca.jacobian(ca.exp(z) / ca.sum1(ca.exp(z)), z)}


@task
def softmax_cross_entropy(env: Mapping[str, Any]) -> Mapping[str, Any]:
    X, W, b, Y = variables(env, "X W b Y")
    P = _row_softmax(X @ W + ca.repmat(b.T, X.shape[0], 1))
    return gradients(-_total(Y * ca.log(P)) / X.shape[0], W=W, b=b, X=X)


@task
def least_squares(env: Mapping[str, Any]) -> Mapping[str, Any]:
    X, w, y = variables(env, "X w y")
    return gradients(ca.sumsqr(X @ w - y) / 2, w=w)


@task
def logistic_regression(env: Mapping[str, Any]) -> Mapping[str, Any]:
    X, w, y = variables(env, "X w y")
    p = _sigmoid(X @ w)
    loss = -_total(y * ca.log(p) + (1 - y) * ca.log(1 - p))
    second, first = ca.hessian(loss, w)
    return {"dw": first, "w,w": second}


@task
def two_layer_perceptron(env: Mapping[str, Any]) -> Mapping[str, Any]:
    W1, b1, X, W2, b2, Y = variables(env, "W1 b1 X W2 b2 Y")
    m = X.shape[1]
    A1 = ca.tanh(W1 @ X + ca.repmat(b1, 1, m))
    A2 = _sigmoid(W2 @ A1 + ca.repmat(b2, 1, m))
    return gradients(-_total(Y * ca.log(A2) + (1 - Y) * ca.log(1 - A2)) / m, W1=W1, b1=b1, W2=W2, b2=b2)


def _normalised(X: Any, gamma: Any, beta: Any, eps: Any, along: int) -> Any:
    m, n = X.shape

    def mean(A: Any) -> Any:
        return ca.repmat(ca.sum1(A) / m, m, 1) if along == 0 else ca.repmat(ca.sum2(A) / n, 1, n)

    centred = X - mean(X)
    s = ca.sqrt(mean(centred**2) + eps)
    return ca.repmat(gamma.T, m, 1) * centred / s + ca.repmat(beta.T, m, 1)


def _normalisation(env: Mapping[str, Any], along: int) -> Mapping[str, Any]:
    X, gamma, beta, eps, dY = variables(env, "X gamma beta eps dY")
    return gradients(_total(_normalised(X, gamma, beta, eps, along) * dY), X=X, gamma=gamma, beta=beta)


@task
def batch_norm(env: Mapping[str, Any]) -> Mapping[str, Any]:
    return _normalisation(env, 0)


@task
def layer_norm(env: Mapping[str, Any]) -> Mapping[str, Any]:
    return _normalisation(env, 1)


@task
def attention(env: Mapping[str, Any]) -> Mapping[str, Any]:
    Q, K, V, dO = variables(env, "Q K V dO")
    P = _row_softmax(Q @ K.T / ca.sqrt(Q.shape[1]))
    return gradients(_total((P @ V) * dO), Q=Q, K=K, V=V)


def _cell(env: Mapping[str, Any], gates: str) -> tuple[dict[str, Any], Any, Any, dict[str, Any]]:
    names = [f"{p}{g}" for g in gates for p in "WUb"]
    v = dict(zip(names, variables(env, " ".join(names)), strict=True))
    x, h = variables(env, "x h_prev")
    return v, x, h, {g: v[f"W{g}"] @ h + v[f"U{g}"] @ x + v[f"b{g}"] for g in gates}


@task
def lstm(env: Mapping[str, Any]) -> Mapping[str, Any]:
    v, x, h_prev, z = _cell(env, "fiog")
    c_prev, dh, dc_next = variables(env, "c_prev dh dc_next")
    c = _sigmoid(z["f"]) * c_prev + _sigmoid(z["i"]) * ca.tanh(z["g"])
    h = _sigmoid(z["o"]) * ca.tanh(c)
    return gradients(ca.dot(h, dh) + ca.dot(c, dc_next), **v, x=x, h_prev=h_prev, c_prev=c_prev)


@task
def gru(env: Mapping[str, Any]) -> Mapping[str, Any]:
    v, x, h_prev, z = _cell(env, "ruc")
    (dh,) = variables(env, "dh")
    r, u = _sigmoid(z["r"]), _sigmoid(z["u"])
    c = ca.tanh(v["Wc"] @ (r * h_prev) + v["Uc"] @ x + v["bc"])
    return gradients(ca.dot(u * c + (1 - u) * h_prev, dh), **v, x=x, h_prev=h_prev)


@task
def conv2d_stride2(env: Mapping[str, Any]) -> Mapping[str, Any]:
    K, X, dH = variables(env, "K X dH")
    p, q = dH.shape
    # A slice may not reach over the end: it stops behind its last element.
    H = sum(
        K[a, b] * X[a : a + 2 * p - 1 : 2, b : b + 2 * q - 1 : 2] for a in range(K.shape[0]) for b in range(K.shape[1])
    )
    return gradients(_total(H * dH), K=K, X=X)


@task
def quadratic_form(env: Mapping[str, Any]) -> Mapping[str, Any]:
    x, A = variables(env, "x A")
    return gradients(ca.bilin(A, x, x), x=x, A=A)


@task
def logdet(env: Mapping[str, Any]) -> Mapping[str, Any]:
    (X,) = variables(env, "X")
    return gradients(ca.log(ca.det(X)), X=X)


@task
def trace_product(env: Mapping[str, Any]) -> Mapping[str, Any]:
    A, X, B = variables(env, "A X B")
    return gradients(ca.trace(A @ X @ B), X=X, A=A, B=B)


@task
def trace_inverse(env: Mapping[str, Any]) -> Mapping[str, Any]:
    A, X = variables(env, "A X")
    return gradients(ca.trace(A @ ca.inv(X)), X=X, A=A)


@task
def gcn_tanh_l2(env: Mapping[str, Any]) -> Mapping[str, Any]:
    A, X, W, Y, lam = variables(env, "A X W Y lam")
    H = ca.tanh(A @ X @ W)
    return gradients(ca.sumsqr(H - Y) / 2 + lam / 2 * ca.sumsqr(W), W=W, X=X)
