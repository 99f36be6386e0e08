"""Gradients as a good programmer writes them in NumPy, given the values of the forward pass: what to compare counts with.

An operation is an arithmetic sign, a comparison or a call; indexing and transposing are free. A sign inside a loop counts
once, as in the other columns a node does.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

SOURCES: dict[str, str] = {
    "sigmoid": "dx = s * (1 - s)",
    "softmax_jacobian": "Pz = np.diag(P) - np.outer(P, P)",
    "softmax_cross_entropy": """
dS = (P - Y) / m
dW = X.T @ dS
db = np.sum(dS, axis=0)
dX = dS @ W.T
""",
    "least_squares": "dw = X.T @ r",
    "logistic_regression": """
dw = X.T @ (p - y)
ww = X.T @ ((p * (1 - p))[:, None] * X)
""",
    "two_layer_perceptron": """
dZ2 = (A2 - Y) / m
dW2 = dZ2 @ A1.T
db2 = np.sum(dZ2, axis=1, keepdims=True)
dZ1 = (W2.T @ dZ2) * (1 - A1**2)
dW1 = dZ1 @ X.T
db1 = np.sum(dZ1, axis=1, keepdims=True)
""",
    "batch_norm": """
dgamma = np.sum(dY * Xhat, axis=0)
dbeta = np.sum(dY, axis=0)
dX = gamma * (m * dY - dbeta - Xhat * dgamma) / (m * s)
""",
    "layer_norm": """
dgamma = np.sum(dY * Xhat, axis=0)
dbeta = np.sum(dY, axis=0)
dXhat = dY * gamma
dX = (dXhat - np.mean(dXhat, axis=1, keepdims=True) - Xhat * np.mean(dXhat * Xhat, axis=1, keepdims=True)) / s
""",
    "attention": """
dV = P.T @ dO
dP = dO @ V.T
dS = P * (dP - np.sum(P * dP, axis=1, keepdims=True)) / np.sqrt(d)
dQ = dS @ K
dK = dS.T @ Q
""",
    "lstm": """
t = np.tanh(c)
dzo = dh * t * o * (1 - o)
dc = dc_next + dh * o * (1 - t**2)
dzf = dc * c_prev * f * (1 - f)
dzi = dc * g * i * (1 - i)
dzg = dc * i * (1 - g**2)
dWf = dzf @ h_prev.T
dUf = dzf @ x.T
dbf = dzf
dWi = dzi @ h_prev.T
dUi = dzi @ x.T
dbi = dzi
dWo = dzo @ h_prev.T
dUo = dzo @ x.T
dbo = dzo
dWg = dzg @ h_prev.T
dUg = dzg @ x.T
dbg = dzg
dx = Uf.T @ dzf + Ui.T @ dzi + Uo.T @ dzo + Ug.T @ dzg
dh_prev = Wf.T @ dzf + Wi.T @ dzi + Wo.T @ dzo + Wg.T @ dzg
dc_prev = dc * f
""",
    "gru": """
dzc = dh * u * (1 - c**2)
dzu = dh * (c - h_prev) * u * (1 - u)
dq = Wc.T @ dzc
dzr = dq * h_prev * r * (1 - r)
dWr = dzr @ h_prev.T
dUr = dzr @ x.T
dbr = dzr
dWu = dzu @ h_prev.T
dUu = dzu @ x.T
dbu = dzu
dWc = dzc @ q.T
dUc = dzc @ x.T
dbc = dzc
dx = Ur.T @ dzr + Uu.T @ dzu + Uc.T @ dzc
dh_prev = dh * (1 - u) + dq * r + Wr.T @ dzr + Wu.T @ dzu
""",
    "conv2d_stride2": """
dK = np.zeros_like(K)
dX = np.zeros_like(X)
for a in range(k):
    for b in range(l):
        dK[a, b] = np.sum(dH * X[a:a+2*p:2, b:b+2*q:2])
        dX[a:a+2*p:2, b:b+2*q:2] += dH * K[a, b]
""",
    "quadratic_form": """
dx = (A + A.T) @ x
dA = np.outer(x, x)
""",
    "logdet": "dX = np.linalg.inv(X).T",
    "trace_product": """
dX = A.T @ B.T
dA = B.T @ X.T
dB = X.T @ A.T
""",
    "trace_inverse": """
B = np.linalg.inv(X).T
dX = -B @ A.T @ B
dA = B
""",
    "gcn_tanh_l2": """
dZ = (H - Y) * (1 - H**2)
B = A.T @ dZ
dW = X.T @ B + lam * W
dX = B @ W.T
""",
}
RENAMED = {"Pz": "P,z", "ww": "w,w"}
COUNTED = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.AugAssign)


def operations(source: str, forward: frozenset[str] = frozenset()) -> int:
    """Operations of a source, but those that define the names of the forward pass.

    >>> operations("dx = s * (1 - s)")
    2
    >>> operations("s = 1 / (1 + np.exp(-x)); dx = s * (1 - s)", frozenset({"s"}))
    2
    """
    tree = ast.parse(source)
    skipped = {id(n) for s in ast.walk(tree) if isinstance(s, ast.Subscript) for n in ast.walk(s.slice)}
    skipped |= {id(n) for s in ast.walk(tree) if isinstance(s, ast.For) for n in ast.walk(s.iter)}
    skipped |= {id(n) for c in ast.walk(tree) if isinstance(c, ast.Call) for k in c.keywords for n in ast.walk(k.value)}
    for s in ast.walk(tree):
        if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) in forward:
            skipped |= {id(n) for n in ast.walk(s)}
    return sum(isinstance(n, COUNTED) and id(n) not in skipped for n in ast.walk(tree))


def run(source: str, env: Mapping[str, Any]) -> dict[str, Any]:
    """Runs a source at a point and returns what it assigned."""
    scope = {"np": np, **env}
    exec(source, scope)
    return {RENAMED.get(k, k): v for k, v in scope.items() if k != "__builtins__" and v is not env.get(k)}
