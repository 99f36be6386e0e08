"""True identities of deep learning are proved; what is like them but false never is."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import sympy as sp

from symdl.functions import FUNCTIONS, definition
from symdl.prover import Proved, prove
from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Delta, Indicator, MatrixFunction, Reduce, size_symbol

x, y, z, t, a, b, c, w, p, q = sp.symbols("x y z t a b c w p q", real=True)
mu, g, m0, v0, lam = sp.symbols("mu g m0 v0 lam", real=True)
eps, s, alpha, T = sp.symbols("eps s alpha T", positive=True)
exp, log, sqrt, tanh, erf, Max, Min, Abs = sp.exp, sp.log, sp.sqrt, sp.tanh, sp.erf, sp.Max, sp.Min, sp.Abs
F = {name: row.function for name, row in FUNCTIONS.items() if hasattr(row, "function")}
sig, softplus, silu, relu, gelu, elu = (F[n] for n in ("sigmoid", "softplus", "silu", "relu", "gelu", "elu"))


def D(e: sp.Expr, *by: sp.Symbol) -> sp.Expr:
    return e.diff(*by)


def where(condition: object, this: object, other: object) -> sp.Expr:
    return sp.Piecewise((this, condition), (other, True))


n, m, h, d = (size_symbol(name) for name in "nmhd")
i, k = Axis("i", n), Axis("k", n)
j, o, r = Axis("j", n), Axis("o", n), Axis("r", n)
e1, e2 = Axis("e1", m), Axis("e2", m)
u, u2 = Axis("u", h), Axis("u2", h)
X = sp.Symbol("X", real=True)
Y = sp.Symbol("Y", real=True)
Z = sp.Symbol("Z", real=True)
W = sp.Symbol("W", real=True)
A, B, C, bias = (sp.Symbol(name, real=True) for name in ("A", "B", "C", "bias"))
P = sp.Symbol("P", positive=True)
label, other = sp.Symbol("label", real=True), sp.Symbol("other", real=True)


def S(body: sp.Expr, *axes: Axis) -> sp.Expr:
    return Reduce("sum", body, *axes)


def mean(body: sp.Expr, axis: Axis) -> sp.Expr:
    return Reduce("mean", body, axis)


def soft(at: Axis, shift: sp.Expr = sp.S.Zero) -> sp.Expr:
    return exp(Access(Z, at) - shift) / S(exp(Access(Z, o) - shift), o)


x_i, x_j, y_j, z_i, z_j = Access(X, i), Access(X, j), Access(Y, j), Access(Z, i), Access(Z, j)
bce = -(y * log(sig(z)) + (1 - y) * log(1 - sig(z)))
m1 = b * m0 + (1 - b) * g
softmax_2 = exp(x) / (exp(x) + exp(y))
std = sqrt(s + eps)
hat = (x - mu) / std

SCALAR = {
    # sigmoid, tanh and their kin
    "sigmoid reflection": (sig(-x), 1 - sig(x)),
    "sigmoid by tanh": (sig(x), (1 + tanh(x / 2)) / 2),
    "sigmoid of positive form": (sig(x), exp(x) / (1 + exp(x))),
    "sigmoid derivative": (D(sig(x), x), sig(x) * (1 - sig(x))),
    "sigmoid derivative, definition": (D(definition(sig(x)), x), sig(x) * (1 - sig(x))),
    "sigmoid derivative, exponentials": (D(sig(x), x), exp(-x) / (1 + exp(-x)) ** 2),
    "sigmoid derivative, even": (D(sig(x), x), sig(x) * sig(-x)),
    "sigmoid second derivative": (D(definition(sig(x)), x, 2), sig(x) * (1 - sig(x)) * (1 - 2 * sig(x))),
    "sigmoid inverse": (sig(log(p / (1 - p))), p),
    "tanh by sigmoid": (tanh(x), 2 * sig(2 * x) - 1),
    "tanh derivative": (D(tanh(x), x), 1 - tanh(x) ** 2),
    "tanh derivative, cosh": (D(tanh(x), x), 1 / sp.cosh(x) ** 2),
    "tanh of a sum": (tanh(x + y), (tanh(x) + tanh(y)) / (1 + tanh(x) * tanh(y))),
    "tanh exponentials": (tanh(x), (exp(x) - exp(-x)) / (exp(x) + exp(-x))),
    "hyperbolic Pythagoras": (sp.cosh(x) ** 2 - sp.sinh(x) ** 2, sp.S.One),
    "log cosh": (log(sp.cosh(x)), x + log(1 + exp(-2 * x)) - log(2)),
    "log cosh derivative": (D(log(sp.cosh(x)), x), tanh(x)),
    "atanh": (sp.atanh(x), log((1 + x) / (1 - x)) / 2),
    "softsign derivative, right": (D(x / (1 + x), x), 1 / (1 + x) ** 2),
    # softplus and the logistic loss
    "softplus difference": (softplus(x) - softplus(-x), x),
    "softplus derivative": (D(softplus(x), x), sig(x)),
    "softplus second derivative": (D(definition(softplus(x)), x, 2), sig(x) * (1 - sig(x))),
    "softplus of log odds": (softplus(log(p / (1 - p))), -log(1 - p)),
    "log sigmoid": (log(sig(x)), -softplus(-x)),
    "log sigmoid derivative": (D(log(definition(sig(x))), x), 1 - sig(x)),
    "softplus stable": (softplus(x), Max(x, 0) + log(1 + exp(-Abs(x)))),
    "sigmoid stable": (sig(x), where(x >= 0, 1 / (1 + exp(-Abs(x))), exp(-Abs(x)) / (1 + exp(-Abs(x))))),
    "BCE from logits": (bce, Max(z, 0) - z * y + log(1 + exp(-Abs(z)))),
    "BCE as softplus": (bce, softplus(z) - y * z),
    "BCE gradient": (D(definition(bce), z), sig(z) - y),
    "BCE curvature": (D(definition(bce), z, 2), sig(z) * (1 - sig(z))),
    "BCE in probability": (D(-(y * log(p) + (1 - y) * log(1 - p)), p), (p - y) / (p * (1 - p))),
    "hinge": (Max(0, 1 - x), where(x < 1, 1 - x, 0)),
    "focal at zero focus": (-((1 - sig(x)) ** 2) * log(sig(x)), sig(-x) ** 2 * softplus(-x)),
    "log-sum-exp of two": (log(exp(x) + exp(y)), Max(x, y) + log(1 + exp(-Abs(x - y)))),
    "log-sum-exp shift": (log(exp(x) + exp(y)), c + log(exp(x - c) + exp(y - c))),
    "softmax of two": (softmax_2, sig(x - y)),
    "softmax of two, derivative": (D(softmax_2, x), softmax_2 * (1 - softmax_2)),
    "softmax of two, mixed": (D(softmax_2, y), -softmax_2 * (1 - softmax_2)),
    "logits of a ratio": (log(sig(x) / sig(-x)), x),
    # gated and smooth units
    "silu": (silu(x), x * (1 + tanh(x / 2)) / 2),
    "silu difference": (silu(x) - silu(-x), x),
    "silu derivative": (D(silu(x), x), sig(x) * (1 + x * (1 - sig(x)))),
    "silu derivative, short": (D(silu(x), x), silu(x) + sig(x) * (1 - silu(x))),
    "gelu difference": (gelu(x) - gelu(-x), x),
    "gelu derivative": (D(definition(gelu(x)), x), (1 + erf(x / sqrt(2))) / 2 + x * exp(-(x**2) / 2) / sqrt(2 * sp.pi)),
    "gelu by erfc": (gelu(x), x * sp.erfc(-x / sqrt(2)) / 2),
    "mish": (x * tanh(softplus(x)), x * (exp(2 * x) + 2 * exp(x)) / (exp(2 * x) + 2 * exp(x) + 2)),
    "swish derivative": (D(x * sig(b * x), x), sig(b * x) + b * x * sig(b * x) * (1 - sig(b * x))),
    "tanh GELU": (x * (1 + tanh(a * x + b * x**3)) / 2, x * sig(2 * (a * x + b * x**3))),
    # piecewise linear units
    "relu difference": (relu(x) - relu(-x), x),
    "relu sum": (relu(x) + relu(-x), Abs(x)),
    "relu by absolute": (relu(x), (x + Abs(x)) / 2),
    "relu homogeneous": (relu(alpha * x), alpha * relu(x)),
    "relu idempotent": (relu(relu(x)), relu(x)),
    "relu squared": (relu(x) ** 2, x * relu(x)),
    "relu of a product": (relu(x) * relu(-x), sp.S.Zero),
    "relu derivative": (D(relu(x), x), where(x > 0, 1, 0)),
    "leaky relu": (F["leaky_relu"](x, a), where(x > 0, x, a * x)),
    "leaky relu as maximum": (Max(x, x / 100), where(x > 0, x, x / 100)),
    "leaky relu derivative": (D(F["leaky_relu"](x, a), x), where(x > 0, 1, a)),
    "elu, two ways": (elu(x, a), relu(x) + a * (exp(Min(x, 0)) - 1)),
    "elu derivative": (D(definition(elu(x, a)), x), where(x > 0, 1, a * exp(x))),
    "maximum": (Max(x, y), (x + y + Abs(x - y)) / 2),
    "maximum and minimum": (Max(x, y) + Min(x, y), x + y),
    "median": (Max(Min(x, y), Min(Max(x, y), x)), x),
    "hard tanh": (Max(-1, Min(1, x)), (Abs(x + 1) - Abs(x - 1)) / 2),
    "relu6": (Min(Max(0, x), 6), where(x <= 0, 0, where(x >= 6, 6, x))),
    "hard sigmoid": (Max(0, Min(1, x / 6 + sp.S.Half)), Min(Max(x + 3, 0), 6) / 6),
    "soft threshold": (F["softshrink"](x, s), sp.sign(x) * Max(Abs(x) - s, 0)),
    "sign and absolute": (x * sp.sign(x), Abs(x)),
    "softsign odd": (-x / (1 + Abs(-x)), -(x / (1 + Abs(x)))),
    "huber inside": (
        where(Abs(x) <= s, x**2 / 2, s * (Abs(x) - s / 2)),
        where(x**2 <= s**2, x**2 / 2, s * Abs(x) - s**2 / 2),
    ),
    "step of the complement": (where(x > 0, 1, 0) + where(x <= 0, 1, 0), sp.S.One),
    # losses, normalisation, optimisers
    "squared error expanded": ((x - y) ** 2, x**2 - 2 * x * y + y**2),
    "squared error derivative": (D((w * x + b - y) ** 2 / 2, w), (w * x + b - y) * x),
    "variance of two": ((x**2 + y**2) / 2 - ((x + y) / 2) ** 2, (x - y) ** 2 / 4),
    "batch norm folded": (g * hat + b, (g / std) * x + (b - g * mu / std)),
    "batch norm derivative": (D(g * hat + b, x), g / sqrt(s + eps)),
    "standardised square": (hat**2, (x - mu) ** 2 / (s + eps)),
    "Gaussian likelihood": (
        -log(exp(-((x - mu) ** 2) / (2 * s**2)) / (sqrt(2 * sp.pi) * s)),
        (x - mu) ** 2 / (2 * s**2) + log(s) + log(2 * sp.pi) / 2,
    ),
    "KL of Gaussians": (-(1 + log(s**2) - mu**2 - s**2) / 2, (mu**2 + s**2 - 1) / 2 - log(s)),
    "moving average": (b * m0 + (1 - b) * g, m0 + (1 - b) * (g - m0)),
    "two steps of averaging": (b * m1 + (1 - b) * g, b**2 * m0 + (1 - b**2) * g),
    "RMSProp step": (w - alpha * g / sqrt(s + eps), (w * sqrt(s + eps) - alpha * g) / sqrt(s + eps)),
    "Adam, corrections joined": (
        alpha * (m0 / (1 - b**2)) / (sqrt(s / (1 - c**2)) + eps),
        alpha * m0 / ((1 - b**2) * (sqrt(s / (1 - c**2)) + eps)),
    ),
    "momentum unrolled": (b * (b * m0 + g) + g, b**2 * m0 + (1 + b) * g),
    "weight decay": (w - alpha * (g + lam * w), (1 - alpha * lam) * w - alpha * g),
    "inverse root": (1 / sqrt(s + eps), sqrt(s + eps) / (s + eps)),
    "F1": (2 / (1 / p + 1 / q), 2 * p * q / (p + q)),
    "LSTM gate derivative": (D(sig(w * x + b) * tanh(c), x), w * sig(w * x + b) * (1 - sig(w * x + b)) * tanh(c)),
    "GRU orientation": ((1 - z) * a + z * b, a + z * (b - a)),
    "He to Glorot": (sqrt(2 / s), sqrt(2) / sqrt(s)),
    "cosine schedule": ((1 + sp.cos(sp.pi * t / T)) / 2, sp.cos(sp.pi * t / (2 * T)) ** 2),
    "rotary": ((x * sp.cos(a) - y * sp.sin(a)) ** 2 + (x * sp.sin(a) + y * sp.cos(a)) ** 2, x**2 + y**2),
    "sine of a sum": (sp.sin(a + b), sp.sin(a) * sp.cos(b) + sp.cos(a) * sp.sin(b)),
    "power of a power": (s**a * s**b, s ** (a + b)),
    "exponential decay": (s**t, exp(t * log(s))),
    "logarithm of a product": (log(x * y), log(x) + log(y)),
}  # fmt: skip

top = Reduce("max", z_i, i)
centred = x_j - mean(x_i, i)
TENSOR = {
    "softmax sums to one": (S(soft(i), i), sp.S.One, ()),
    "softmax shift": (soft(i, c), soft(i), (i,)),
    "softmax stable": (soft(i, Reduce("max", z_j, j)), soft(i), (i,)),
    "softmax Jacobian rows": (S(soft(i) * (Delta(i, k) - soft(k)), k), sp.S.Zero, (i,)),
    "softmax derivative, diagonal": (
        exp(z_i) * (S(exp(z_j), j) - exp(z_i)) / S(exp(z_j), j) ** 2,
        soft(i) * (1 - soft(i)),
        (i,),
    ),
    "log-sum-exp shift, all n": (log(S(exp(z_j), j)), c + log(S(exp(z_j - c), j)), ()),
    "log-sum-exp stable": (log(S(exp(z_j), j)), top + log(S(exp(z_j - top), j)), ()),
    "log softmax": (log(soft(i)), z_i - log(S(exp(z_j), j)), (i,)),
    "cross entropy of labels": (
        -S(y_j * (z_j - log(S(exp(z_i), i))), j),
        S(y_j, j) * log(S(exp(z_i), i)) - S(y_j * z_j, j),
        (),
    ),
    "variance": (mean((x_j - mean(x_i, i)) ** 2, j), mean(x_j**2, j) - mean(x_j, j) ** 2, ()),
    "centred values sum to zero": (S(centred, j), sp.S.Zero, ()),
    "centred product": (S(centred * Access(Y, j), j), S(centred * (Access(Y, j) - mean(Access(Y, i), i)), j), ()),
    "mean of a shift": (mean(x_j + c, j), mean(x_j, j) + c, ()),
    "MSE expanded": (mean((x_j - y_j) ** 2, j), mean(x_j**2, j) - 2 * mean(x_j * y_j, j) + mean(y_j**2, j), ()),
    "norm of a difference": (S((x_j - y_j) ** 2, j), S(x_j**2, j) + S(y_j**2, j) - 2 * S(x_j * y_j, j), ()),
    "normalised": (S((x_i / sqrt(S(x_j**2, j) + eps)) ** 2, i), S(x_j**2, j) / (S(x_j**2, j) + eps), ()),
    "product of sums": (S(x_j, j) * S(y_j, j), S(x_i * Access(Y, k), i, k), ()),
    "square of a sum": (S(x_j, j) ** 2, S(x_i * Access(X, k), i, k), ()),
    "quadratic form": (
        S(x_i * S(Access(A, i, j) * x_j, j), i),
        S(Access(A, i, k) * Access(X, k) * x_i, k, i),
        (),
    ),
    "transpose of a product": (
        S(Access(A, e1, j) * Access(B, j, u), j),
        S(Access(B, o, u) * Access(A, e1, o), o),
        (u, e1),
    ),
    "associativity": (
        S(Access(A, e1, j) * S(Access(B, j, u) * Access(C, u, i), u), j),
        S(S(Access(A, e1, k) * Access(B, k, u2), k) * Access(C, u2, i), u2),
        (e1, i),
    ),
    "distributivity": (
        S((Access(A, e1, j) + Access(C, e1, j)) * Access(B, j, u), j),
        S(Access(A, e1, j) * Access(B, j, u), j) + S(Access(C, e1, k) * Access(B, k, u), k),
        (e1, u),
    ),
    "trace is cyclic": (
        S(S(Access(A, e1, j) * Access(B, j, e1), j), e1),
        S(S(Access(B, j, e1) * Access(A, e1, j), e1), j),
        (),
    ),
    "trace of three": (
        S(Access(A, i, j) * Access(B, j, k) * Access(C, k, i), i, j, k),
        S(Access(B, i, j) * Access(C, j, k) * Access(A, k, i), i, j, k),
        (),
    ),
    "Frobenius": (S(Access(A, i, j) ** 2, i, j), S(Access(A, k, o) * Access(A, k, r) * Delta(o, r), k, o, r), ()),
    "identity matrix": (S(Delta(i, j) * Access(X, j), j), x_i, (i,)),
    "diagonal product": (S(Access(P, i) * Delta(i, j) * Access(X, j), j), Access(P, i) * x_i, (i,)),
    "double delta": (S(Delta(i, j) * Delta(j, k), j), Delta(i, k), (i, k)),
    "affine layer, bias inside": (
        S(Access(W, u, j) * x_j, j) + Access(bias, u),
        S(Access(W, u, j) * x_j + Access(bias, u) / n, j),
        (u,),
    ),
    "sum of ones": (S(sp.S.One, j), n, ()),
    "sum of a constant": (S(c * Access(Y, e1), j), n * c * Access(Y, e1), (e1,)),
    "sum of indices": (S(j, j), n * (n - 1) / 2, ()),
    "log of a product": (log(Reduce("prod", Access(P, j), j)), S(log(Access(P, j)), j), ()),
    "product of exponentials": (Reduce("prod", exp(x_j), j), exp(S(x_j, j)), ()),
    "relu below a sum": (S(Max(x_j, 0) - Max(-x_j, 0), j), S(x_j, j), ()),
    "absolute below a sum": (S(Max(x_j, 0) + Max(-x_j, 0), j), S(Abs(x_j), j), ()),
    "relu squared below a sum": (S(Max(x_j, 0) ** 2, j), S(x_j * Max(x_j, 0), j), ()),
    "step below a sum": (S(Indicator(x_j > 0) ** 2, j), S(where(x_j > 0, 1, 0), j), ()),
    "transpose of an inverse": (
        MatrixFunction("inv", Access(A, i, j), i, j, k, o),
        MatrixFunction("inv", Access(A, j, i), i, j, o, k),
        (k, o),
    ),
    "inverse of a diagonal matrix": (
        MatrixFunction("inv", Access(P, i) * Delta(i, j), i, j, k, o),
        Delta(k, o) / Access(P, k),
        (k, o),
    ),
    "log determinant of a diagonal matrix": (
        MatrixFunction("logdet", Access(P, i) * Delta(i, j), i, j),
        S(log(Access(P, j)), j),
        (),
    ),
    "root of a diagonal determinant": (
        1 / sqrt(s * MatrixFunction("det", Access(P, i) * Delta(i, j), i, j)),
        exp(-S(log(Access(P, j)), j) / 2) / sqrt(s),
        (),
    ),
    "labels that differ": (
        S(Indicator(sp.Ne(label, Access(other, j))), j),
        S(Abs(label - Access(other, j)), j),
        (),
    ),
    "labels, product": (Indicator(sp.Eq(label + Access(other, i), 2)), label * Access(other, i), (i,)),
    "attention scale": (
        exp(S(Access(A, e1, j) * Access(B, e2, j), j) / sqrt(n)),
        exp(S(Access(A, e1, j) * Access(B, e2, j) / sqrt(n), j)),
        (e1, e2),
    ),
    "layer norm has mean zero": (mean(centred / sqrt(mean(x_i**2, i) + eps), j), sp.S.Zero, ()),
    "convolution is linear": (
        S(Access(W, u) * (c * Access(X, i + u) + Access(Y, i + u)), u),
        c * S(Access(W, u) * Access(X, i + u), u) + S(Access(W, u) * Access(Y, i + u), u),
        (i,),
    ),
    "entropy and cross entropy": (
        -S(Access(P, j) * log(Access(P, j)), j) + S(Access(P, j) * log(Access(P, j) / exp(x_j)), j),
        -S(Access(P, j) * x_j, j),
        (),
    ),
}  # fmt: skip
SHAPES = {"P": (n,), "X": (n,), "Y": (n,), "Z": (n,)}


def scalar(name: str) -> Equation:
    return Equation(*SCALAR[name])


def tensor(name: str) -> Equation:
    left, right, axes = TENSOR[name]
    return Equation(left, right, axes=axes, kinds={"label": "binary", "other": "binary"})


@pytest.mark.parametrize("name", SCALAR)
def test_scalar_identity_is_proved(name: str) -> None:
    outcome = prove(scalar(name))
    assert isinstance(outcome, Proved), outcome


@pytest.mark.parametrize("name", TENSOR)
def test_tensor_identity_is_proved_for_all_sizes(name: str) -> None:
    outcome = prove(tensor(name))
    assert isinstance(outcome, Proved), outcome
    assert outcome.proof.sizes == "all"


# ---- negative controls


def mutants(e: sp.Expr, rng: random.Random) -> Iterator[sp.Expr]:
    """Small changes at one place of an expression: sign, factor, exponent, dropped term, swapped index, constant."""
    for path, node in _places(e):
        for other in _changed(node):
            new = _put(e, path, other)
            if new is not None and new != e:
                yield new


def _places(e: sp.Basic, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], sp.Basic]]:
    yield path, e
    if not isinstance(e, Access | Axis | Delta):
        for at, part in enumerate(e.args):
            yield from _places(part, (*path, at))


def _put(e: sp.Basic, path: tuple[int, ...], new: sp.Basic) -> sp.Basic | None:
    if not path:
        return new
    args = list(e.args)
    changed = _put(args[path[0]], path[1:], new)
    if changed is None:
        return None
    args[path[0]] = changed
    try:
        return e.func(*args)
    except Exception:  # the place does not take such a part
        return None


def _changed(e: sp.Basic) -> Iterator[sp.Basic]:
    if isinstance(e, sp.Add):
        yield sp.Add(*e.args[1:])
        yield sp.Add(-e.args[0], *e.args[1:])
    if isinstance(e, sp.Mul):
        yield -e
        yield sp.Mul(*e.args[1:])
    if isinstance(e, sp.Pow) and e.exp.is_Rational:
        yield e.base ** (e.exp + 1)
        yield e.base ** (-e.exp)
    if isinstance(e, sp.exp | sp.log | sp.tanh | sp.Max | sp.Min | sp.Abs):
        yield 2 * e
        yield e + 1
    if isinstance(e, sp.Max | sp.Min):
        yield (sp.Min if isinstance(e, sp.Max) else sp.Max)(*e.args)
    if isinstance(e, Access) and len(e.indices) == 2:
        yield Access(e.tensor, *reversed(e.indices))
    if isinstance(e, sp.Rational) and e not in (0,):
        yield e + 1
    if e.is_Symbol and not isinstance(e, Axis):
        yield 2 * e
        yield e**2


def differ(claim: Equation) -> bool:
    """Whether the two sides are certainly different somewhere: judged by the refuter, which shares no code."""
    from symdl.verifier.refuter import Effort, Refuted, refute

    return isinstance(refute(claim, effort=Effort(first=6, second=6, kinks=12, seconds=1.0)), Refuted)


def _sampled(claim: Equation, name: str, count: int) -> Iterator[Equation]:
    rng = random.Random(name)
    found = list(dict.fromkeys(mutants(claim.right, rng)))
    for right in rng.sample(found, min(count, len(found))):
        yield Equation(claim.left, right, axes=claim.axes, kinds=claim.kinds)


@pytest.mark.parametrize("name", [*SCALAR, *TENSOR])
def test_no_mutant_is_proved(name: str) -> None:
    claim = scalar(name) if name in SCALAR else tensor(name)
    for mutant in _sampled(claim, name, 5):
        outcome = prove(mutant)
        if isinstance(outcome, Proved):
            assert not differ(mutant), (mutant.left, mutant.right)
