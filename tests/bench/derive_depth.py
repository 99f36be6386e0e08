"""How the time of a derivation grows with depth, and how long second derivatives take.

A network of L layers, alternating ReLU and tanh, with softmax cross-entropy: every gradient, with its check and without
its steps. Linear means that the time per layer does not grow. Then the Hessian of a network of three layers.

Usage: ``python tests/bench/derive_depth.py [DEPTH...]``
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import symdl

DEPTHS = (5, 10, 25, 50)


def network(depth: int) -> tuple[list[str], dict[str, str], list[str]]:
    """Definitions, inputs and parameters of a network."""
    lines, inputs = [], {"A0": "real[n, m]", "Y": "real[n, m]"}
    for k in range(1, depth + 1):
        lines.append(f"Z{k} = W{k} @ A{k - 1} + b{k}")
        inputs |= {f"W{k}": "real[n, n]", f"b{k}": "real[n, 1]"}
        if k < depth:
            lines.append(f"A{k} = {'relu' if k % 2 else 'tanh'}(Z{k})")
    lines += [f"P = softmax(Z{depth}, axis=0)", "J = -sum(Y * log(P)) / m"]
    return lines, inputs, [n for n in inputs if n[0] in "Wb"]


def gradients(depth: int) -> float:
    """Seconds for all gradients of a network."""
    lines, inputs, wrt = network(depth)
    start = time.perf_counter()
    d = symdl.derive(lines, inputs=inputs, wrt=wrt, assume=["sum(Y, axis=0) = 1"], steps=False)
    seconds = time.perf_counter() - start
    assert len(d.gradients) == 2 * depth and d[f"dZ{depth}"].notation == f"dZ{depth} = (P - Y) / m"
    return seconds


def hessian() -> float:
    """Seconds for the Hessian by the first weights of a network of three layers, for one example."""
    lines = [
        "z1 = W1 @ x + b1",
        "a1 = tanh(z1)",
        "z2 = W2 @ a1 + b2",
        "a2 = tanh(z2)",
        "z3 = W3 @ a2 + b3",
        "J = sum((z3 - y) ** 2) / 2",
    ]
    inputs = {"x": "real[n]", "y": "real[c]", "W1": "real[h, n]", "b1": "real[h]", "W2": "real[p, h]", "b2": "real[p]"}
    inputs |= {"W3": "real[c, p]", "b3": "real[c]"}
    start = time.perf_counter()
    d = symdl.derive(lines, inputs=inputs, wrt=["W1", "b1", "W2", "b2", "W3", "b3"], kind="hessian", steps=False)
    assert len(d.gradients) == 6
    return time.perf_counter() - start


def main(depths: list[int]) -> None:
    """Prints the table."""
    gradients(2)
    print("depth   seconds   per layer")
    for depth in depths:
        seconds = gradients(depth)
        print(f"{depth:5d} {seconds:9.2f} {seconds / depth:11.4f}", flush=True)
    print(f"Hessian of three layers, by each of six parameters: {hessian():.2f} s")


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or list(DEPTHS))
