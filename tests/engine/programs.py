"""Random programs of a few definitions over arrays, in catalogue notation and as Python that NumPy and torch run.

Loaded by path: tests are no package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

SIZES = {"n": 3, "m": 2, "p": 4}
Shape = tuple[str, ...]

UNARY = (
    "sigmoid({})",
    "tanh({})",
    "exp({} / 4)",
    "relu({})",
    "softplus({})",
    "abs({})",
    "{} ** 2",
    "log(1 + {} ** 2)",
    "sqrt(1 + {} ** 2)",
    "1 / (1 + {} ** 2)",
    "sin({})",
    "-{} / 3",
    "gelu({})",
    "maximum({}, 0.3)",
    "where({0} > 0.2, {0} ** 2, 0.4 * {0})",
)
BINARY = ("{} + {}", "{} - 2 * {}", "{} * {}", "{} / (2 + {} ** 2)", "maximum({}, {})", "({} - {}) ** 2")


@dataclass(frozen=True)
class Line:
    """One definition: its left side with letters, the right side as symdl reads it and as Python runs it."""

    left: str
    text: str
    code: str
    shape: Shape

    @property
    def name(self) -> str:
        return self.left.split("[")[0]

    @property
    def definition(self) -> str:
        return f"{self.left} = {self.text}"


@dataclass(frozen=True)
class Program:
    """Inputs with their shapes, and definitions; the last one is the loss."""

    inputs: Mapping[str, Shape]
    lines: tuple[Line, ...]

    @property
    def definitions(self) -> list[str]:
        return [line.definition for line in self.lines]

    @property
    def used(self) -> list[str]:
        """Inputs that occur."""
        text = " ".join(line.code for line in self.lines)
        words = set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())
        return [n for n in self.inputs if n in words]

    def point(self, seed: int) -> dict[str, Any]:
        """Values of the inputs, away from zero."""
        rng = np.random.default_rng(seed)
        values = {n: rng.normal(size=tuple(extent(s) for s in shape)) for n, shape in self.inputs.items()}
        return {n: v + np.copysign(0.05, v) for n, v in values.items()}

    def run(self, values: Mapping[str, Any], functions: Mapping[str, Any]) -> dict[str, Any]:
        """The value of every definition, by a library's functions."""
        scope: dict[str, Any] = {**functions, **SIZES, **values}
        for line in self.lines:
            scope[line.name] = eval(line.code, scope)
        return {line.name: scope[line.name] for line in self.lines}


def extent(size: str) -> int:
    return 1 if size == "1" else SIZES[size]


@st.composite
def programs(draw: Callable[[Any], Any], most: int = 12) -> Program:
    """Draws a program of up to ``most`` definitions."""
    return _Drawing(draw).program(draw(st.integers(2, most - 1)))


class _Drawing:
    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        self.inputs: dict[str, Shape] = {}
        self.lines: list[Line] = []
        self.shapes: dict[str, Shape] = {}
        self.unused: list[str] = []

    def program(self, count: int) -> Program:
        for _ in range(self.draw(st.integers(1, 3))):
            self.input(self.draw(st.sampled_from([("n", "m"), ("n",), ("m", "p"), ("n", "n"), ("n", "1"), ("1", "m")])))
        makers = [
            self.unary,
            self.unary,
            self.binary,
            self.binary,
            self.matmul,
            self.matmul,
            self.reduction,
            self.normalised,
            self.transposed,
            self.lettered,
            self.window,
        ]
        while len(self.lines) < count:
            self.draw(st.sampled_from(makers))()
        terms = [f"sum({n} ** 2)" if self.draw(st.booleans()) else f"mean(sin({n}))" for n in self.unused[-4:]]
        text = " + ".join(terms)
        self.lines.append(Line("J", text, text, ()))
        return Program(self.inputs, tuple(self.lines))

    # ---- names

    def input(self, shape: Shape) -> str:
        name = "ABCDEFGHKLMN"[len(self.inputs)]
        self.inputs[name] = shape
        self.shapes[name] = shape
        self.unused.append(name)
        return name

    def pick(self, fits: Callable[[Shape], bool] = lambda s: True) -> str | None:
        found = [n for n, s in self.shapes.items() if fits(s)]
        fresh = [n for n in found if n in self.unused]
        if not found:
            return None
        return str(self.draw(st.sampled_from(fresh or found)))

    def add(self, text: str, shape: Shape, code: str | None = None, letters: str = "", *used: str) -> None:
        name = f"v{len(self.lines) + 1}"
        self.lines.append(Line(name + letters, text, code or text, shape))
        self.shapes[name] = shape
        self.unused = [n for n in self.unused if n not in used] + [name]

    # ---- definitions

    def unary(self) -> None:
        x = self.pick()
        self.add(self.draw(st.sampled_from(UNARY)).format(x), self.shapes[x], None, "", x)

    def binary(self) -> None:
        x = self.pick()
        shape = self.shapes[x]
        y = self.pick(lambda s: _broadcasts(shape, s))
        if y is None or y == x:
            small = self.draw(st.sampled_from([shape, shape[1:], tuple("1" if k else s for k, s in enumerate(shape))]))
            y = self.input(small)
        pair = (x, y) if self.draw(st.booleans()) else (y, x)
        form = self.draw(st.sampled_from(BINARY))
        if "maximum" in form and ("1" in self.shapes[y] + shape):
            form = BINARY[0]
        self.add(form.format(*pair), _joint(shape, self.shapes[y]), None, "", x, y)

    def matmul(self) -> None:
        x = self.pick(lambda s: len(s) in (1, 2) and "1" not in s)
        if x is None:
            self.unary()
            return
        shape = self.shapes[x]
        inner = shape[-1]
        turned = self.draw(st.booleans())
        y = self.pick(lambda s: len(s) == 2 and "1" not in s and s[1 if turned else 0] == inner)
        if y is None:
            other = self.draw(st.sampled_from(sorted(SIZES)))
            y = self.input((other, inner) if turned else (inner, other))
        right = self.shapes[y][0 if turned else 1]
        self.add(f"{x} @ {y}{'.T' if turned else ''}", (*shape[:-1], right), None, "", x, y)

    def reduction(self) -> None:
        x = self.pick(lambda s: len(s) >= 1)
        if x is None:
            self.unary()
            return
        shape = self.shapes[x]
        op = self.draw(st.sampled_from(["sum", "mean", "sum", "mean", "max", "logsumexp"]))
        axis = self.draw(st.integers(0, len(shape) - 1))
        if shape[axis] == "1":
            op = "sum"
        keep = self.draw(st.booleans())
        text = f"{op}({x}, axis={axis}{', keepdims=True' if keep else ''})"
        kept = tuple("1" if k == axis else s for k, s in enumerate(shape) if keep or k != axis)
        self.add(text, kept, None, "", x)

    def normalised(self) -> None:
        x = self.pick(lambda s: len(s) >= 1 and "1" not in s)
        if x is None:
            self.unary()
            return
        shape = self.shapes[x]
        axis = self.draw(st.integers(0, len(shape) - 1))
        form = self.draw(
            st.sampled_from(
                [
                    "softmax({x}, axis={a})",
                    "{x} - mean({x}, axis={a}, keepdims=True)",
                    "{x} / sqrt(sum({x} ** 2, axis={a}, keepdims=True) + 0.1)",
                    "log_softmax({x}, axis={a})",
                    "({x} - mean({x}, axis={a}, keepdims=True)) / sqrt(var({x}, axis={a}, keepdims=True) + 0.1)",
                ]
            )
        )
        self.add(form.format(x=x, a=axis), shape, None, "", x)

    def transposed(self) -> None:
        x = self.pick(lambda s: len(s) == 2)
        if x is None:
            self.unary()
            return
        self.add(f"tanh({x}.T)", self.shapes[x][::-1], None, "", x)

    def lettered(self) -> None:
        x = self.pick(lambda s: len(s) == 2 and "1" not in s)
        if x is None:
            self.unary()
            return
        a, b = self.shapes[x]
        y = self.pick(lambda s: len(s) == 2 and "1" not in s and s[0] == a) or self.input((a, "p"))
        c = self.shapes[y][1]
        self.add(f"sum({x}[k, i] * tanh({y}[k, j]), k)", (b, c), f"einsum('ki,kj->ij', {x}, tanh({y}))", "[i, j]", x, y)

    def window(self) -> None:
        x = self.pick(lambda s: s in (("p",), ("n",)))
        if x is None:
            self.reduction()
            return
        w = self.input(("m",))
        size = SIZES[self.shapes[x][0]] - SIZES["m"] + 1
        pieces = " + ".join(f"{w}[{k}] * {x}[{k}:{k + size}]" for k in range(SIZES["m"]))
        letter = {"p": "u", "n": "w"}[self.shapes[x][0]]
        self.add(f"sum({w}[a] * {x}[{letter} + a], a)", (f"{self.shapes[x][0]} - m + 1",), pieces, f"[{letter}]", x, w)
        name = self.lines[-1].name
        self.shapes.pop(name)  # nothing else has this size


def _broadcasts(a: Shape, b: Shape) -> bool:
    return all(s == t or "1" in (s, t) for s, t in zip(a[::-1], b[::-1], strict=False))


def _joint(a: Shape, b: Shape) -> Shape:
    rank = max(len(a), len(b))
    left, right = (("1",) * (rank - len(s)) + s for s in (a, b))
    return tuple(t if s == "1" else s for s, t in zip(left, right, strict=True))
