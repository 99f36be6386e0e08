"""The problems of ``tests/data/derivations`` written by hand in torch, float64, one function each.

Nothing here reads the files. A function takes the inputs by name (sizes only where it needs them) and returns every
defined quantity as a node of torch's graph; a quantity with one value a time step is a list. Where torch has an
operation of its own (convolution, pooling, normalisation statistics) that one is used, not the file's formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

torch = pytest.importorskip("torch")
F = torch.nn.functional

Values = Mapping[str, Any]
PROBLEMS: dict[str, Callable[..., Values]] = {}
POINTS = ((0.3, 0.5), (-0.7, 0.3), (1.1, 0.2))
"""The three points, with weights, that stand for any distribution in an expectation."""


def problem(function: Callable[..., Values]) -> Callable[..., Values]:
    """Enters a function under its name."""
    PROBLEMS[function.__name__] = function
    return function


def unknown(x: Any) -> Any:
    """The activation function that the problems leave open."""
    return torch.sin(x) + 0.3 * x


def bce(p: Any, y: Any) -> Any:
    """Summed binary cross-entropy."""
    return F.binary_cross_entropy(p, y.detach(), reduction="sum")


# Scalars, losses, regression --------------------------------------------------------------------------------------


@problem
def sigmoid(x: Any) -> Values:
    return {"s": torch.sigmoid(x)}


@problem
def tanh(x: Any) -> Values:
    return {"t": torch.tanh(x)}


@problem
def tanh_by_sigmoid(z: Any) -> Values:
    return {"t": torch.tanh(z)}


@problem
def relu(z: Any) -> Values:
    return {"a": F.relu(z)}


@problem
def leaky_relu(y: Any, alpha: Any) -> Values:
    return {"f": F.prelu(y, alpha)}


@problem
def softplus(x: Any) -> Values:
    return {"f": F.softplus(x)}


@problem
def dropout(M: Any, X: Any, q: Any) -> Values:
    return {"A": torch.div(M * X, q)}


@problem
def softmax_jacobian(z: Any) -> Values:
    return {"P": F.softmax(z, dim=0)}


@problem
def softmax_cross_entropy(X: Any, W: Any, b: Any, Y: Any) -> Values:
    S = torch.addmm(b, X, W)
    P = F.softmax(S, dim=1)
    return {"S": S, "P": P, "J": -(Y * P.log()).sum(1).mean()}


@problem
def cross_entropy_example(z: Any, y: Any) -> Values:
    p = F.softmax(z, dim=0)
    return {"p": p, "L": -torch.dot(y, p.log())}


@problem
def softmax_cross_entropy_hessian(z: Any, y: Any) -> Values:
    p = F.softmax(z, dim=0)
    return {"p": p, "L": -torch.dot(y, p.log())}


@problem
def least_squares(X: Any, w: Any, y: Any) -> Values:
    r = torch.mv(X, w) - y
    return {"r": r, "J": torch.dot(r, r) / 2}


@problem
def residual_norm(X: Any, w: Any, y: Any) -> Values:
    return {"J": torch.linalg.vector_norm(torch.mv(X, w) - y).square()}


@problem
def logistic_regression(X: Any, w: Any, y: Any) -> Values:
    z = torch.mv(X, w)
    p = torch.sigmoid(z)
    return {"z": z, "p": p, "J": -(torch.dot(y, p.log()) + torch.dot(1 - y, (1 - p).log()))}


@problem
def logistic_newton(X: Any, w: Any, y: Any, lam: Any) -> Values:
    z = torch.mv(X, w)
    p = torch.sigmoid(z)
    return {"z": z, "p": p, "J": -(y * p.log() + (1 - y) * (1 - p).log()).sum() + lam * torch.dot(w, w) / 2}


@problem
def logistic_regression_mean(w: Any, X: Any, b: Any, Y: Any) -> Values:
    Z = torch.mm(w.t(), X) + b
    A = torch.sigmoid(Z)
    return {"Z": Z, "A": A, "J": F.binary_cross_entropy(A, Y.detach())}


@problem
def binary_cross_entropy(z: Any, y: Any) -> Values:
    a = torch.sigmoid(z)
    return {"a": a, "L": bce(a, y)}


@problem
def binary_cross_entropy_mean(z: Any, y: Any) -> Values:
    a = torch.sigmoid(z)
    return {"a": a, "L": -(y * a.log() + (1 - y) * (1 - a).log()).mean()}


@problem
def mean_squared_error(yhat: Any, y: Any) -> Values:
    return {"L": F.mse_loss(yhat, y.detach())}


@problem
def l2_term(X: Any, w: Any, y: Any, lam: Any) -> Values:
    yhat = torch.mv(X, w)
    return {"yhat": yhat, "L": (yhat - y).square().mean() + lam * w.square().sum() / (2 * len(y))}


@problem
def l1_term(X: Any, w: Any, y: Any, alpha: Any) -> Values:
    r = torch.mv(X, w) - y
    return {"r": r, "L": r.square().sum() / 2 + alpha * torch.linalg.vector_norm(w, ord=1)}


@problem
def elastic_net_term(w: Any, lam_1: Any, lam_2: Any) -> Values:
    return {"R": lam_1 * w.abs().sum() + lam_2 * torch.dot(w, w) / 2}


@problem
def linear_regression(X: Any, w: Any, b: Any, y: Any) -> Values:
    yhat = torch.mv(X, w) + b
    return {"yhat": yhat, "L": (yhat - y).square().mean()}


@problem
def linear_regression_scalar(theta: Any, x: Any, y: Any) -> Values:
    return {"L": (y - theta * x).square().mean()}


# Networks -----------------------------------------------------------------------------------------------------------


def _two_layers(g: Callable[[Any], Any], W1: Any, b1: Any, X: Any, W2: Any, b2: Any, Y: Any) -> Values:
    Z1 = torch.mm(W1, X) + b1
    A1 = g(Z1)
    Z2 = torch.mm(W2, A1) + b2
    A2 = torch.sigmoid(Z2)
    return {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2, "J": bce(A2, Y) / X.shape[1]}


@problem
def two_layer_perceptron(**k: Any) -> Values:
    return _two_layers(torch.tanh, **k)


@problem
def two_layer_slides(**k: Any) -> Values:
    return _two_layers(unknown, **k)


@problem
def two_layer_relu(**k: Any) -> Values:
    return _two_layers(torch.relu, **k)


@problem
def two_layer_example(W1: Any, b1: Any, x: Any, W2: Any, b2: Any, y: Any) -> Values:
    found = _two_layers(unknown, W1, b1, x, W2, b2, y)
    return {"z1": found["Z1"], "a1": found["A1"], "z2": found["Z2"], "a2": found["A2"], "L": found["J"]}


@problem
def two_layer_softmax(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any) -> Values:
    Z1 = torch.addmm(b1, X, W1)
    H = F.relu(Z1)
    S = torch.addmm(b2, H, W2)
    P = F.softmax(S, dim=1)
    return {"Z1": Z1, "H": H, "S": S, "P": P, "J": -(Y * P.log()).sum() / len(X)}


@problem
def three_layer_perceptron(W1: Any, b1: Any, X: Any, W2: Any, b2: Any, W3: Any, b3: Any, Y: Any) -> Values:
    Z1 = torch.addmm(b1, W1, X)
    A1 = Z1.tanh()
    Z2 = torch.addmm(b2, W2, A1)
    A2 = Z2.sigmoid()
    Z3 = torch.addmm(b3, W3, A2)
    loss = F.mse_loss(Z3, Y.detach(), reduction="sum") / X.shape[1]
    return {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2, "Z3": Z3, "J": loss}


def _layer(W: Any, a_prev: Any, b: Any, W_next: Any, b_next: Any) -> tuple[Any, Any, Any]:
    z = torch.mm(W, a_prev) + b
    a = unknown(z)
    return z, a, torch.mm(W_next, a) + b_next


@problem
def layer_recursion(W: Any, a_prev: Any, b: Any, W_next: Any, b_next: Any) -> Values:
    z, a, z_next = _layer(W, a_prev, b, W_next, b_next)
    return {"z": z, "a": a, "z_next": z_next}


@problem
def layer_recursion_batch(W: Any, A_prev: Any, b: Any, W_next: Any, b_next: Any) -> Values:
    Z, A, Z_next = _layer(W, A_prev, b, W_next, b_next)
    return {"Z": Z, "A": A, "Z_next": Z_next}


@problem
def output_layer(W: Any, a_prev: Any, b: Any) -> Values:
    z = torch.mm(W, a_prev) + b
    return {"z": z, "a": unknown(z)}


@problem
def perceptron_squared_error(W1: Any, b1: Any, x: Any, W2: Any, b2: Any, y: Any) -> Values:
    z1 = torch.mm(W1.t(), x) + b1
    a1 = torch.sigmoid(z1)
    z2 = torch.mm(W2.t(), a1) + b2
    yhat = torch.sigmoid(z2)
    return {"z1": z1, "a1": a1, "z2": z2, "yhat": yhat, "E": F.mse_loss(yhat, y.detach(), reduction="sum")}


@problem
def resnet_block(W1: Any, b1: Any, W2: Any, b2: Any, a0: Any) -> Values:
    z1 = torch.mm(W1, a0) + b1
    a1 = F.relu(z1)
    z2 = torch.mm(W2, a1) + b2 + a0
    return {"z1": z1, "a1": a1, "z2": z2, "a2": F.relu(z2)}


@problem
def weight_sharing(w: Any, x1: Any, x4: Any, x7: Any, y: Any) -> Values:
    w1, w4, w7 = w.clone(), w.clone(), w.clone()
    z = torch.dot(torch.stack([w1, w4, w7]), torch.stack([x1, x4, x7]))
    return {"w1": w1, "w4": w4, "w7": w7, "z": z, "L": (z - y).square() / 2}


# Normalisation, attention, graphs -----------------------------------------------------------------------------------


def _normalised(X: Any, eps: Any, dim: int) -> Values:
    mu = X.mean(dim, keepdim=True)
    v = (X - mu).square().mean(dim, keepdim=True)
    s = (v + eps).sqrt()
    return {"mu": mu, "v": v, "s": s, "Xhat": (X - mu) / s}


@problem
def batch_norm(X: Any, gamma: Any, beta: Any, eps: Any) -> Values:
    found = _normalised(X, eps, 0)
    return {**found, "Y": torch.addcmul(beta, gamma, found["Xhat"])}


@problem
def layer_norm(X: Any, gamma: Any, beta: Any, eps: Any) -> Values:
    found = _normalised(X, eps, 1)
    return {**found, "Y": torch.addcmul(beta, gamma, found["Xhat"])}


@problem
def standard_normalization(x: Any, eps: Any) -> Values:
    mu = x.mean()
    v = (x - mu).square().mean()
    s = (v + eps).sqrt()
    return {"mu": mu, "v": v, "s": s, "y": (x - mu) / s}


@problem
def attention(Q: Any, K: Any, V: Any) -> Values:
    S = torch.mm(Q, K.t()) / Q.shape[1] ** 0.5
    P = F.softmax(S, dim=1)
    return {"S": S, "P": P, "O": torch.mm(P, V)}


@problem
def attention_projections(X: Any, A: Any, B: Any, C: Any) -> Values:
    Q, K, V = torch.mm(X, A), torch.mm(X, B), torch.mm(X, C)
    return {"Q": Q, "K": K, "V": V, **attention(Q, K, V)}


@problem
def gcn_tanh_l2(A: Any, X: Any, W: Any, Y: Any, lam: Any) -> Values:
    Z = torch.linalg.multi_dot([A, X, W])
    H = torch.tanh(Z)
    return {"Z": Z, "H": H, "J": (H - Y).square().sum() / 2 + lam * W.square().sum() / 2}


@problem
def gcn_layer(A: Any, X: Any, W: Any) -> Values:
    M = torch.mm(A, X)
    Z = torch.mm(M, W)
    return {"M": M, "Z": Z, "H": F.relu(Z)}


@problem
def gcn_output(A: Any, X: Any, W: Any, Y: Any) -> Values:
    M = torch.mm(A, X)
    Z = torch.mm(M, W)
    P = F.softmax(Z, dim=1)
    return {"M": M, "Z": Z, "P": P, "L": -(Y * P.log()).sum()}


# Recurrent cells ----------------------------------------------------------------------------------------------------


@problem
def rnn_cell(W: Any, h_prev: Any, U: Any, x: Any, b: Any) -> Values:
    z = torch.mm(W, h_prev) + torch.mm(U, x) + b
    return {"z": z, "h": torch.tanh(z)}


@problem
def rnn_concatenation(W: Any, a_prev: Any, x: Any, b: Any) -> Values:
    v = torch.cat([a_prev, x])
    z = torch.mm(W, v) + b
    return {"v": v, "z": z, "a": torch.tanh(z)}


@problem
def rnn_unrolled(W: Any, U: Any, b: Any, h0: Any, x1: Any, x2: Any, x3: Any) -> Values:
    out, h = {}, h0
    for step, x in enumerate((x1, x2, x3), 1):
        cell = rnn_cell(W, h, U, x, b)
        h = cell["h"]
        out |= {f"z{step}": cell["z"], f"h{step}": h}
    return out


@problem
def rnn_through_time(W: Any, U: Any, b: Any, X: Any, h0: Any) -> Values:
    Z, H, h = [], [], h0
    for x in X:
        z = torch.mv(W, h) + torch.mv(U, x) + b
        h = torch.tanh(z)
        Z.append(z)
        H.append(h)
    return {"Z": Z, "H": H}


@problem
def lstm(**k: Any) -> Values:
    return _lstm_step(**k)


def _lstm_step(x: Any, h_prev: Any, c_prev: Any, **k: Any) -> Values:
    z = {g: k[f"W{g}"] @ h_prev + k[f"U{g}"] @ x + k[f"b{g}"] for g in "fiog"}
    f, i, o, g = z["f"].sigmoid(), z["i"].sigmoid(), z["o"].sigmoid(), z["g"].tanh()
    c = f * c_prev + i * g
    return {**{f"z{n}": v for n, v in z.items()}, "f": f, "i": i, "o": o, "g": g, "c": c, "h": o * c.tanh()}


@problem
def lstm_through_time(X: Any, h0: Any, c0: Any, **k: Any) -> Values:
    rows: list[Values] = []
    h, c = h0, c0
    for x in X:
        rows.append(_lstm_step(x, h, c, **k))
        h, c = rows[-1]["h"], rows[-1]["c"]
    spelled = {
        "zf": "Zf",
        "zi": "Zi",
        "zo": "Zo",
        "zg": "Zg",
        "f": "F",
        "i": "I",
        "o": "O",
        "g": "G",
        "c": "C",
        "h": "H",
    }
    return {new: [row[old] for row in rows] for old, new in spelled.items()}


@problem
def lstm_concatenation(x: Any, a_prev: Any, c_prev: Any, **k: Any) -> Values:
    v = torch.cat([a_prev, x])
    z = {g: torch.addmm(k[f"b{g}"], k[f"W{g}"], v) for g in "cufo"}
    g, u, f, o = z["c"].tanh(), z["u"].sigmoid(), z["f"].sigmoid(), z["o"].sigmoid()
    c = u * g + f * c_prev
    gates = {"v": v, "zg": z["c"], "g": g, "zu": z["u"], "u": u, "zf": z["f"], "f": f, "zo": z["o"], "o": o}
    return {**gates, "c": c, "a": o * c.tanh()}


@problem
def gru_concatenation(x: Any, c_prev: Any, **k: Any) -> Values:
    v = torch.cat([c_prev, x])
    zu, zr = (torch.addmm(k[f"b{g}"], k[f"W{g}"], v) for g in "ur")
    u, r = zu.sigmoid(), zr.sigmoid()
    w = torch.cat([r * c_prev, x])
    zg = torch.addmm(k["bc"], k["Wc"], w)
    g = zg.tanh()
    return {"v": v, "zu": zu, "u": u, "zr": zr, "r": r, "w": w, "zg": zg, "g": g, "c": torch.lerp(c_prev, g, u)}


@problem
def gru_through_time(X: Any, h0: Any, **k: Any) -> Values:
    rows: list[Values] = []
    h = h0
    for x in X:
        rows.append(_gru_step(x, h, **k))
        h = rows[-1]["h"]
    spelled = {"zr": "Zr", "r": "R", "zu": "Zu", "u": "U", "q": "Q", "zc": "Zc", "c": "C", "h": "H"}
    return {new: [row[old] for row in rows] for old, new in spelled.items()}


@problem
def gru(**k: Any) -> Values:
    return _gru_step(**k)


def _gru_step(x: Any, h_prev: Any, **k: Any) -> Values:
    zr = k["Wr"] @ h_prev + k["Ur"] @ x + k["br"]
    zu = k["Wu"] @ h_prev + k["Uu"] @ x + k["bu"]
    r, u = zr.sigmoid(), zu.sigmoid()
    q = r * h_prev
    zc = k["Wc"] @ q + k["Uc"] @ x + k["bc"]
    c = zc.tanh()
    return {"zr": zr, "r": r, "zu": zu, "u": u, "q": q, "zc": zc, "c": c, "h": torch.lerp(h_prev, c, u)}


# Convolution and pooling --------------------------------------------------------------------------------------------


def _convolved(X: Any, K: Any, **options: Any) -> Any:
    return F.conv2d(X[None, None], K[None, None], **options)[0, 0]


@problem
def conv2d(V: Any, X: Any) -> Values:
    return {"H": _convolved(X, V)}


@problem
def conv2d_stride2(K: Any, X: Any) -> Values:
    return {"H": _convolved(X, K, stride=2)}


@problem
def conv2d_stride_padding(K: Any, X: Any, s: int, p: int) -> Values:
    B = F.pad(X, (p, p, p, p))
    return {"B": B, "H": _convolved(B, K, stride=s)}


@problem
def conv2d_channels(K: Any, X: Any, e: Any) -> Values:
    return {"H": F.conv2d(X[None], K, e, stride=2)[0]}


@problem
def im2col(X: Any, K: Any, s: int, k: int) -> Values:
    P = X.unfold(0, k, s).unfold(1, k, s)
    R = P.reshape(-1, k * k)
    return {"P": P, "R": R, "H": torch.mm(R, K)}


@problem
def transposed_convolution(X: Any, K: Any) -> Values:
    return {"Y": F.conv_transpose2d(X[None, None], K[None, None], stride=2)[0, 0]}


@problem
def max_pooling(X: Any, k: int) -> Values:
    return {"Y": F.max_pool2d(X[None, None], k)[0, 0]}


@problem
def max_pooling_window(x: Any) -> Values:
    return {"y": x.max()}


@problem
def average_pooling(X: Any, k: int) -> Values:
    return {"Y": F.avg_pool2d(X[None, None], k)[0, 0]}


@problem
def average_pooling_global(X: Any) -> Values:
    return {"y": F.adaptive_avg_pool2d(X, 1).flatten()}


@problem
def l2_pooling(X: Any, k: int) -> Values:
    return {"Y": F.lp_pool2d(X[None, None], 2.0, k)[0, 0]}


@problem
def l2_pooling_window(x: Any) -> Values:
    return {"y": torch.linalg.vector_norm(x)}


@problem
def fully_connected_image(W: Any, X: Any) -> Values:
    return {"H": torch.tensordot(W, X, dims=2)}


# Matrix calculus ------------------------------------------------------------------------------------------------------


@problem
def quadratic_form(x: Any, A: Any) -> Values:
    return {"f": torch.dot(x, torch.mv(A, x))}


@problem
def quadratic_form_symmetric(x: Any, A: Any) -> Values:
    return {"f": torch.dot(x, torch.mv(A, x))}


@problem
def logdet(X: Any) -> Values:
    return {"f": torch.logdet(X)}


@problem
def determinant(X: Any) -> Values:
    return {"f": torch.det(X)}


@problem
def trace_product(A: Any, X: Any, B: Any) -> Values:
    return {"f": torch.trace(torch.linalg.multi_dot([A, X, B]))}


@problem
def trace_inverse(A: Any, X: Any) -> Values:
    return {"f": torch.trace(torch.linalg.solve(X, A, left=False))}


@problem
def inverse(X: Any) -> Values:
    return {"Y": torch.linalg.inv(X)}


# Adversarial losses ---------------------------------------------------------------------------------------------------


@problem
def gan_value(w: Any, b: Any, u: Any, c: Any) -> Values:
    real = sum(p * F.logsigmoid(w * x + b) for x, p in POINTS)
    fake = sum(p * F.logsigmoid(-(w * (u * z + c) + b)) for z, p in POINTS)
    return {"V": real + fake}


@problem
def gan_discriminator(S_r: Any, S_f: Any) -> Values:
    D_r, D_f = torch.sigmoid(S_r), torch.sigmoid(S_f)
    ones, zeros = torch.ones_like(D_r), torch.zeros_like(D_f)
    return {"D_r": D_r, "D_f": D_f, "L": F.binary_cross_entropy(D_r, ones) + F.binary_cross_entropy(D_f, zeros)}


@problem
def gan_generator(S_f: Any) -> Values:
    D_f = torch.sigmoid(S_f)
    return {"D_f": D_f, "L": -F.binary_cross_entropy(D_f, torch.zeros_like(D_f))}


@problem
def gan_generator_nonsaturating(S_f: Any) -> Values:
    D_f = torch.sigmoid(S_f)
    return {"D_f": D_f, "L": F.binary_cross_entropy(D_f, torch.ones_like(D_f))}


@problem
def gan_pointwise(p: Any, q: Any, d: Any) -> Values:
    return {"V": torch.xlogy(p, d) + torch.xlogy(q, 1 - d)}
