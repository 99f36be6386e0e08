"""The tasks in tensorgrad, through its public interface: variables with named edges, ``grad``, ``full_simplify``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import tensorgrad as tg
import tensorgrad.functions as F
from tensorgrad.compiler import affine_convolution

TASKS: dict[str, Callable[[], Mapping[str, Any]]] = {}
_SIZES: dict[str, Any] = {}


def task(function: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
    """Enters a task under its name; it returns ``dNAME`` -> (gradient, its edges in order)."""
    TASKS[function.__name__] = function
    return function


def size(name: str) -> Any:
    """The symbol of a size."""
    return _SIZES.setdefault(name, tg.symbols(name))


def var(name: str, edges: str = "") -> Any:
    """A variable: edges ``m n``, or ``k l=k`` where an edge has another name than its size."""
    pairs = [(e.split("=") * 2)[:2] for e in edges.split()]
    return tg.Variable(name, **{edge: size(of) for edge, of in pairs})


def gradients(loss: Any, *variables: Any) -> dict[str, Any]:
    """The simplified gradient of a scalar with respect to each variable."""
    out = {}
    for v in variables:
        out[f"d{v.name}"] = (loss.grad(v, {e: e for e in v.edges}).full_simplify(), tuple(v.edges))
    return out


def count(result: Mapping[str, Any]) -> int:
    """Nodes of the expressions, each counted as often as it is printed."""
    known: dict[int, int] = {}

    def nodes(t: Any) -> int:
        if id(t) not in known:
            parts = [*getattr(t, "factors", ()), *getattr(t, "terms", ()), *getattr(t, "inputs", ())]
            parts += [t.tensor] if hasattr(t, "tensor") else []
            known[id(t)] = 1 + sum(nodes(p) for p in parts)
        return known[id(t)]

    return sum(nodes(expr) for expr, _ in result.values())


def values(result: Mapping[str, Any], env: Mapping[str, Any]) -> dict[str, Any]:
    """The gradients at a point, node by node in NumPy: tensorgrad's own evaluation needs torch's named tensors, now gone."""
    dims = {s: int(env[n]) for n, s in _SIZES.items() if n in env}
    return {name: _Value(env, dims).at(expr, edges) for name, (expr, edges) in result.items()}


class _Value:
    def __init__(self, env: Mapping[str, Any], dims: Mapping[Any, int]) -> None:
        self.env, self.dims = env, dims

    def at(self, t: Any, edges: Sequence[str]) -> Any:
        """The array of a node with its axes in the order of ``edges``."""
        array, names = self.node(t)
        return np.transpose(array, [names.index(e) for e in edges])

    def node(self, t: Any) -> tuple[Any, list[str]]:
        names, shape = list(t.edges), [self.dims[s] for s in t.shape.values()]
        match type(t).__name__:
            case "Variable":
                return np.reshape(self.env[t.name], shape), names
            case "Rename":
                array, inner = self.node(t.tensor)
                return array, [t.mapping.get(e, e) for e in inner]
            case "Zero":
                return np.zeros(shape), names
            case "Delta":
                equal = np.indices(shape) if shape else None
                return (self.dims[t.size] if equal is None else 1.0 * np.all(equal == equal[:1], axis=0)), names
            case "Affine":
                at = dict(zip(names, np.indices(shape), strict=True))
                rows = [sum(int(c) * at[e] for e, c in row.items()) + int(const) == 0 for row, const in t.rows]
                return 1.0 * np.logical_and.reduce(rows), names
            case "Sum":
                parts = zip(t.weights, t.terms, strict=True)
                return sum(float(w) * self.at(term, names) for w, term in parts) + np.zeros(shape), names
            case "Product":
                return self.product(t), names
            case "Function":
                return self.function(t, names), names
        raise NotImplementedError(type(t).__name__)

    def product(self, t: Any) -> Any:
        number: dict[str, int] = {}
        operands: list[Any] = [np.ones(())]
        operands.append([])
        for factor in t.factors:
            array, names = self.node(factor)
            operands += [array, [number.setdefault(e, len(number)) for e in names]]
        return np.einsum(*operands, [number[e] for e in t.edges], optimize=True)

    def function(self, t: Any, names: list[str]) -> Any:
        kind = t.signature.name
        (inner,) = t.inputs
        if kind == "inv":
            (used,) = t.signature.inputs
            first, second = (e for e in names if e in used)
            assert len(names) == 2
            # Its edges are joined as those of the matrix are: element (i, j) of the result stands for that of the transpose.
            return np.linalg.inv(self.at(inner, [second, first]))
        if kind == "det":
            return np.linalg.det(self.node(inner)[0])
        if hasattr(t.signature, "k"):
            return self.at(inner, names) ** float(t.signature.k)
        return {"exp": np.exp, "log": np.log, "tanh": np.tanh}[kind](self.at(inner, names))


@task
def sigmoid() -> Mapping[str, Any]:
    x = var("x")
    return gradients(F.sigmoid(x), x)


@task
def softmax_jacobian() -> Mapping[str, Any]:
    z = var("z", "n")
    return {"P,z": (F.softmax(z, dim="n").grad(z, {"n": "n2"}).full_simplify(), ("n", "n2"))}


@task
def softmax_cross_entropy() -> Mapping[str, Any]:
    X, W, b, Y = var("X", "m n"), var("W", "n k"), var("b", "k"), var("Y", "m k")
    P = F.softmax(X @ W + b, dim="k")
    return gradients(-F.sum(Y * F.log(P)) / tg.Delta(size("m")), W, b, X)


@task
def least_squares() -> Mapping[str, Any]:
    X, w, y = var("X", "m n"), var("w", "n"), var("y", "m")
    loss = F.sum((X @ w - y) ** 2) / 2
    return gradients(loss, w)


@task
def logistic_regression() -> Mapping[str, Any]:
    X, w, y = var("X", "m n"), var("w", "n"), var("y", "m")
    p = F.sigmoid(X @ w)
    loss = -F.sum(y * F.log(p) + (1 - y) * F.log(1 - p))
    second = loss.grad(w, {"n": "n"}).grad(w, {"n": "n2"}).full_simplify()
    return {**gradients(loss, w), "w,w": (second, ("n", "n2"))}


@task
def two_layer_perceptron() -> Mapping[str, Any]:
    W1, b1, X, W2, b2, Y = var("W1", "h n"), var("b1", "h"), var("X", "n m"), var("W2", "h"), var("b2"), var("Y", "m")
    A1 = F.tanh(W1 @ X + b1)
    A2 = F.sigmoid(W2 @ A1 + b2)
    loss = -F.sum(Y * F.log(A2) + (1 - Y) * F.log(1 - A2)) / tg.Delta(size("m"))
    return gradients(loss, W1, b1, W2, b2)


def _normalisation(dim: str) -> Mapping[str, Any]:
    X, gamma, beta, eps, dY = var("X", "m n"), var("gamma", "n"), var("beta", "n"), var("eps"), var("dY", "m n")
    centred = X - F.mean(X, dim, keepdims=True)
    s = F.sqrt(F.mean(centred**2, dim, keepdims=True) + eps)
    Y = gamma * (centred / s) + beta
    return gradients(F.sum(Y * dY), X, gamma, beta)


@task
def batch_norm() -> Mapping[str, Any]:
    return _normalisation("m")


@task
def layer_norm() -> Mapping[str, Any]:
    return _normalisation("n")


@task
def attention() -> Mapping[str, Any]:
    Q, K, V, dO = var("Q", "n d"), var("K", "m d"), var("V", "m p"), var("dO", "n p")
    P = F.softmax(Q @ K * F.pow(tg.Delta(size("d")), Fraction(-1, 2)), dim="m")
    return gradients(F.sum(P @ V * dO), Q, K, V)


def _affine(W: Any, h: Any, U: Any, x: Any, b: Any) -> Any:
    return W @ h.rename(k="l") + U @ x + b


def _cell(gates: str) -> tuple[dict[str, Any], Any, Any]:
    v = {f"W{g}": var(f"W{g}", "k l=k") for g in gates}
    v |= {f"U{g}": var(f"U{g}", "k n") for g in gates} | {f"b{g}": var(f"b{g}", "k") for g in gates}
    return v, var("x", "n"), var("h_prev", "k")


@task
def lstm() -> Mapping[str, Any]:
    v, x, h_prev = _cell("fiog")
    c_prev, dh, dc_next = var("c_prev", "k"), var("dh", "k"), var("dc_next", "k")
    z = {g: _affine(v[f"W{g}"], h_prev, v[f"U{g}"], x, v[f"b{g}"]) for g in "fiog"}
    c = F.sigmoid(z["f"]) * c_prev + F.sigmoid(z["i"]) * F.tanh(z["g"])
    h = F.sigmoid(z["o"]) * F.tanh(c)
    return gradients(F.sum(h * dh) + F.sum(c * dc_next), *v.values(), x, h_prev, c_prev)


@task
def gru() -> Mapping[str, Any]:
    v, x, h_prev = _cell("ruc")
    dh = var("dh", "k")
    r, u = (F.sigmoid(_affine(v[f"W{g}"], h_prev, v[f"U{g}"], x, v[f"b{g}"])) for g in "ru")
    c = F.tanh(_affine(v["Wc"], r * h_prev, v["Uc"], x, v["bc"]))
    return gradients(F.sum((u * c + (1 - u) * h_prev) * dh), *v.values(), x, h_prev)


@task
def conv2d_stride2() -> Mapping[str, Any]:
    K, X, dH = var("K", "k l"), var("X", "h w"), var("dH", "p q")
    rows = affine_convolution(h=size("h"), k=size("k"), p=size("p"), stride=2)
    columns = affine_convolution(w=size("w"), l=size("l"), q=size("q"), stride=2)
    return gradients(X @ rows @ columns @ K @ dH, K, X)


@task
def quadratic_form() -> Mapping[str, Any]:
    x, A = var("x", "n"), var("A", "n n2=n")
    return gradients(x @ A @ x.rename(n="n2"), x, A)


@task
def logdet() -> Mapping[str, Any]:
    X = var("X", "n n2=n")
    return gradients(F.log(F.det(X)), X)


@task
def trace_product() -> Mapping[str, Any]:
    A, X, B = var("A", "p n"), var("X", "n k"), var("B", "k p")
    return gradients(A @ X @ B, X, A, B)


@task
def trace_inverse() -> Mapping[str, Any]:
    A, X = var("A", "n n2=n"), var("X", "n n2=n")
    # The inverse keeps the edges of its argument: joined with X along one edge it is the identity, so this is the trace.
    return gradients(A @ F.inverse(X), X, A)


@task
def gcn_tanh_l2() -> Mapping[str, Any]:
    A, X, W, Y, lam = var("A", "n n2=n"), var("X", "n f"), var("W", "f k"), var("Y", "n k"), var("lam")
    H = F.tanh(A @ X.rename(n="n2") @ W)
    return gradients(F.sum((H - Y) ** 2) / 2 + lam / 2 * F.sum(W**2), W, X)
