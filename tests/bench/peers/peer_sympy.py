"""The tasks in SymPy's matrix expressions, where they can be written: ``MatrixSymbol`` and ``diff``.

Sums over elements are traces, elementwise functions are ``applyfunc``; of several spellings of a loss that one is taken
that gets furthest. What has no such form (a softmax over rows, a convolution, a division by a column) is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from sympy import Determinant, Inverse, MatrixSymbol, OneMatrix, Trace, log, symbols, tanh

TASKS: dict[str, Callable[[], Mapping[str, Any]]] = {}
VARIABLES: dict[str, Any] = {}
M, N, K, P, H, FEATURES = symbols("m n k p h f", integer=True, positive=True)
x_ = sp.Dummy("x")


def task(function: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
    """Enters a task under its name; it returns ``dNAME`` -> gradient."""
    TASKS[function.__name__] = function
    return function


def matrix(name: str, rows: Any, columns: Any = 1) -> Any:
    """A matrix of symbolic size."""
    VARIABLES[name] = MatrixSymbol(name, rows, columns)
    return VARIABLES[name]


def elementwise(A: Any, function: Callable[[Any], Any]) -> Any:
    """A function of every element."""
    return A.applyfunc(sp.Lambda(x_, function(x_)))


def gradients(loss: Any, *variables: Any) -> dict[str, Any]:
    """The derivative with respect to each variable."""
    return {f"d{v.name}": loss.diff(v).doit() for v in variables}


def count(result: Mapping[str, Any]) -> int:
    """Nodes of the expressions."""
    return sum(sum(1 for _ in sp.preorder_traversal(e)) for e in result.values())


def values(result: Mapping[str, Any], env: Mapping[str, Any]) -> dict[str, Any]:
    """Puts the point's sizes and matrices in."""
    numbers = {s: env[s.name] for s in (M, N, K, P, H, FEATURES) if isinstance(env.get(s.name), int)}
    out = {}
    for name, expr in result.items():
        here = expr.subs(numbers)
        for v in VARIABLES.values():
            fixed = v.subs(numbers)
            if isinstance(fixed, MatrixSymbol):
                cells = np.reshape(np.asarray(env[v.name], float), [int(s) for s in fixed.shape])
                here = here.subs(fixed, sp.ImmutableDenseMatrix(cells))
            else:
                here = here.subs(fixed, float(env[v.name]))
        here = here.doit()
        here = here.as_explicit() if hasattr(here, "as_explicit") else here
        out[name] = np.array(here.tolist() if hasattr(here, "tolist") else here, dtype=float)
    return out


@task
def sigmoid() -> Mapping[str, Any]:
    VARIABLES["x"] = x = sp.Symbol("x")
    return {"dx": (1 / (1 + sp.exp(-x))).diff(x)}


@task
def least_squares() -> Mapping[str, Any]:
    X, w, y = matrix("X", M, N), matrix("w", N), matrix("y", M)
    r = X * w - y
    return gradients(Trace(r.T * r) / 2, w)


def _sigmoid(t: Any) -> Any:
    return 1 / (1 + sp.exp(-t))


@task
def logistic_regression() -> Mapping[str, Any]:
    X, w, y = matrix("X", M, N), matrix("w", N), matrix("y", M)
    z = X * w
    yes, no = elementwise(z, lambda t: log(_sigmoid(t))), elementwise(z, lambda t: log(1 - _sigmoid(t)))
    loss = Trace(-y.T * yes - (OneMatrix(M, 1) - y).T * no)
    first = gradients(loss, w)
    return {**first, "w,w": first["dw"].diff(w).doit()}


@task
def two_layer_perceptron() -> Mapping[str, Any]:
    W1, b1, X, W2 = matrix("W1", H, N), matrix("b1", H), matrix("X", N, M), matrix("W2", 1, H)
    b2, Y = matrix("b2", 1, 1), matrix("Y", 1, M)
    A1 = elementwise(W1 * X + b1 * OneMatrix(1, M), tanh)
    Z2 = W2 * A1 + b2 * OneMatrix(1, M)
    yes, no = elementwise(Z2, lambda t: log(_sigmoid(t))), elementwise(Z2, lambda t: log(1 - _sigmoid(t)))
    loss = -Trace(Y * yes.T + (OneMatrix(1, M) - Y) * no.T) / M
    return gradients(loss, W1, b1, W2, b2)


@task
def softmax_jacobian() -> Mapping[str, Any]:
    z = matrix("z", N)
    e = elementwise(z, sp.exp)
    return {"P,z": (e * Inverse(OneMatrix(1, N) * e)).diff(z).doit()}


@task
def quadratic_form() -> Mapping[str, Any]:
    x, A = matrix("x", N), matrix("A", N, N)
    return gradients(Trace(x.T * A * x), x, A)


@task
def logdet() -> Mapping[str, Any]:
    X = matrix("X", N, N)
    return {"dX": sp.sympify(log(Determinant(X)).diff(X)).doit()}


@task
def trace_product() -> Mapping[str, Any]:
    A, X, B = matrix("A", P, N), matrix("X", N, K), matrix("B", K, P)
    return gradients(Trace(A * X * B), X, A, B)


@task
def trace_inverse() -> Mapping[str, Any]:
    A, X = matrix("A", N, N), matrix("X", N, N)
    return gradients(Trace(A * Inverse(X)), X, A)


@task
def gcn_tanh_l2() -> Mapping[str, Any]:
    A, X, W, Y = matrix("A", N, N), matrix("X", N, FEATURES), matrix("W", FEATURES, K), matrix("Y", N, K)
    VARIABLES["lam"] = lam = sp.Symbol("lam", positive=True)
    H_ = elementwise(A * X * W, tanh)
    # Multiplied out, without the constant, and all in one trace: else the derivative is 0 or an error.
    loss = Trace(H_.T * H_ / 2 - Y.T * H_ + lam * W.T * W / 2)
    return gradients(loss, W, X)
