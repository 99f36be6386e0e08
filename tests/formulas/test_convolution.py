"""Convolutions and sizes against loops over windows, and sizes against counting positions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def slide(X: np.ndarray, V: np.ndarray, s: int = 1, d: int = 1) -> np.ndarray:
    """Cross-correlation over the leading axes of V, window by window."""
    axes = V.ndim
    span = [d * (k - 1) + 1 for k in V.shape]
    out = [range(0, n - w + 1, s) for n, w in zip(X.shape, span, strict=False)]
    result = np.empty([len(r) for r in out])
    for at in np.ndindex(*result.shape):
        starts = [r[k] for r, k in zip(out, at, strict=True)]
        window = X[tuple(slice(b, b + w, d) for b, w in zip(starts, span, strict=True))]
        result[at] = float(np.sum(window * V))
    assert result.ndim == axes
    return result


def channels(X: np.ndarray, W: np.ndarray, s: int = 1) -> np.ndarray:
    """All filters over all channels (channels last)."""
    return np.stack(
        [sum(slide(X[..., c], W[..., c, k], s) for c in range(X.shape[-1])) for k in range(W.shape[-1])], axis=-1
    )


def positions(n: float, f: float, p: float = 0, s: float = 1, d: float = 1) -> int:
    """Counts the places of the kernel on the padded axis."""
    span = d * (f - 1) + 1
    return len([start for start in range(int(n + 2 * p)) if start % s == 0 and start + span <= n + 2 * p])


def spread(x: np.ndarray, w: np.ndarray, s: int) -> np.ndarray:
    """Transposed convolution: every input paints a scaled kernel."""
    out = np.zeros((len(x) - 1) * s + len(w))
    for i, v in enumerate(x):
        out[i * s : i * s + len(w)] += v * w
    return out


def around(h: Any, g: Any, x: float, N: float) -> float:
    """Sum of h(s) g(x - s) for |s| <= N."""
    return math.fsum(h(float(s)) * g(x - s) for s in range(-int(N), int(N) + 1))


TABLE: dict[str, Any] = {
    "full_connection_of_image": lambda W, X: np.tensordot(W, X, 2),
    "full_connection_of_image/bias": lambda W, X, U: np.tensordot(W, X, 2) + U,
    "reindexed_connection": lambda V, Y: np.array(
        [
            [np.sum(V[i, j] * Y[i : i + V.shape[2], j : j + V.shape[3]]) for j in range(V.shape[1])]
            for i in range(V.shape[0])
        ]
    ),
    "reindexed_connection/weights": lambda W, X: np.tensordot(W, X, 2),
    "offset_row_index": lambda i, a: a + i,
    "offset_column_index": lambda j, b: b + j,
    "offset_weights": lambda W: np.array([[[[W[0, 0, a, b] for b in range(2)] for a in range(2)]]]),
    "convolution_layer_index": lambda V, X: slide(X, V),
    "convolution_layer_index/bias": lambda V, X, u: u + slide(X, V),
    "convolution_layer_index/stride": lambda V, X, s: slide(X, V, int(s)),
    "convolution_layer_index/one_axis": lambda v, x: slide(x, v),
    "convolution_one_axis": lambda h, g, x, N: around(h, g, x, N),
    "convolution_one_axis/swapped": lambda h, g, x, N: around(g, h, x, N),
    "convolution_one_axis/array": lambda w, u: np.convolve(u, w, "valid"),
    "convolution_two_axes": lambda H, F, x, y, N: math.fsum(
        H(a, b) * F(x - a, y - b) for a in range(-int(N), int(N) + 1) for b in range(-int(N), int(N) + 1)
    ),
    "convolution_two_axes/array": lambda V, X: slide(X, V[::-1, ::-1]),
    "multi_channel_convolution": lambda W, X: channels(X, W),
    "multi_channel_convolution/one_filter": lambda V, X: channels(X, V[..., None])[..., 0],
    "multi_channel_convolution/bias": lambda W, X, b: channels(X, W) + b,
    "multi_channel_convolution/stride_bias": lambda W, X, b, s: channels(X, W, int(s)) + b,
    "multi_channel_convolution/channels_first": lambda K, Y: np.moveaxis(
        channels(np.moveaxis(Y, 0, -1), np.transpose(K, (2, 3, 1, 0))), -1, 0
    ),
    "dilated_convolution": lambda V, X, d: slide(X, V, d=int(d)),
    "dilated_convolution/one_axis": lambda w, x, d: slide(x, w, d=int(d)),
    "depthwise_convolution": lambda V, X: np.stack([slide(X[..., c], V[..., c]) for c in range(X.shape[2])], -1),
    "pointwise_convolution": lambda W, X: np.tensordot(X, W, 1),
    "transposed_convolution": lambda x, w, s: spread(x, w, int(s)),
    "transposed_convolution/matrix": lambda A, z: np.einsum("rn,ro->no", A, z),
    "convolution_as_product": lambda P, K: np.einsum("nd,dc->nc", P, K),
    "convolution_as_product/kernels_first": lambda P, K: np.einsum("nd,dc->cn", P, K),
    "output_size": lambda n, f, p, s: positions(n, f, p, s),
    "output_size/exact": lambda n, f, p, s: positions(n, f, p, s),
    "output_size/valid": lambda n, f, s: positions(n, f, 0, s),
    "output_size/valid_inside": lambda n, f, s: positions(n, f, 0, s),
    "output_size/valid_ceiling": lambda n, f, s: positions(n, f, 0, s),
    "output_size/unit_stride": lambda n, f, p: positions(n, f, p),
    "output_size/unit_stride_valid": lambda n, f: positions(n, f),
    "output_size/unit_stride_bracket": lambda n, f: positions(n, f),
    "output_size/dilation": lambda n, f, p, s, d: positions(n, f, p, s, d),
    "output_size/dilation_inside": lambda n, f, p, s, d: positions(n, f, p, s, d),
    "output_size/same": lambda n, s: positions(n, 1, 0, s),
    "output_volume": lambda w, h, f, k: positions(w, f) * positions(h, f) * k,
    "same_padding": lambda f: next(p for p in range(50) if positions(20, f, p) == 20),
    "transposed_convolution_size": lambda n, f, p, s: next(o for o in range(1, 99) if o + 2 * p == (n - 1) * s + f),
    "receptive_field": lambda r_prev, f, j: r_prev + j * f - j,
    "receptive_field/unit_stride": lambda fs: 1 + math.fsum(fs) - len(fs),
    "receptive_field/product": lambda fs, ss: 1 + sum((k - 1) * math.prod(ss[:i]) for i, k in enumerate(fs)),
    "convolution_parameters": lambda w, h, c, k: sum(w * h * c + 1 for _ in range(int(k))),
    "convolution_parameters/square": lambda w, c, k: np.ones((int(k), int(c), int(w), int(w))).size + k,
    "convolution_parameters/without_bias": lambda w, h, c, k: np.ones((int(k), int(c), int(w), int(h))).size,
    "dense_parameters": lambda a, b: np.ones((int(a), int(b))).size + b,
    "dense_parameters/without_bias": lambda a, b: np.ones((int(a), int(b))).size,
    "flattened_size": lambda w, h, c: np.ones((int(w), int(h), int(c))).size,
    "convolution_flops": lambda k, c, d, h, w: sum(c * d * h * w for _ in range(int(k * k))),
    "convolution_input_gradient": lambda g, w: np.convolve(g, w),
    "convolution_kernel_gradient": lambda g, X: slide(X, g)[:-1, :-1],
    "convolution_kernel_gradient/one_axis": lambda g_0, x_0: slide(x_0, g_0)[:-1],
}
IMAGE = {"n_1": 7, "n_2": 9}
FIXED: dict[str, Any] = {
    "reindexed_connection/weights": {"n_1": 3, "n_2": 4, "n_3": 3, "n_4": 4},
    "offset_weights": {"n_1": 1, "n_2": 1, "n_3": 2, "n_4": 2},
    "convolution_layer_index": {**IMAGE, "s": 2},
    "convolution_one_axis": {"x": 1.0, "N": 3, "n": 8},
    "convolution_two_axes": {"x": 1.0, "y": -1.0, "N": 2, **IMAGE},
    "multi_channel_convolution": {"p": 2, "q": 3, "c": 4, "d": 2, "s": 2, "n_1": 5, "n_2": 6},
    "dilated_convolution": {**IMAGE, "d": 2},
    "depthwise_convolution": {**IMAGE},
    "transposed_convolution": {"s": 2},
    "output_size": {"n": 15, "f": 4, "p": 2, "s": 3, "d": 2},
    "output_size/exact": {"n": 15, "f": 4, "p": 2, "s": 5},
    "output_volume": {"w": 9, "h": 8, "f": 3, "k": 4},
    "same_padding": {"f": 5},
    "transposed_convolution_size": {"n": 6, "f": 4, "p": 1, "s": 3},
}


def test_forms(check_topic: Any) -> None:
    check_topic("convolution", TABLE, FIXED)


def test_the_strided_example() -> None:
    X = np.pad(np.arange(9.0).reshape(3, 3), 1)
    V = np.array([[0.0, 1.0], [2.0, 3.0]])
    full = slide(X, V)
    assert full[::3, ::2].tolist() == [[0.0, 8.0], [6.0, 8.0]]
