"""Evaluates array expressions on NumPy arrays: fast, in floats, for the *search* of agreements.

What is found here is never a verdict; the prover and the refuter decide. Everything that has no clear
value (an index out of range, shapes that fit no product, an unknown function) raises `NoValue`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import sympy as sp

from symdl.errors import ShapeError
from symdl.functions import FUNCTIONS
from symdl.functions.declare import Elementwise
from symdl.notation.products import resolve
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Definition

Value = Any
"""A float or a NumPy array."""


class NoValue(Exception):
    """The expression has no value here; the text says why."""


@dataclass(slots=True)
class Settings:
    """What a sheet leaves open.

    Attributes:
        base: number of the first item of an axis: 0 or 1.
        star: what an asterisk between matrices means, ``*`` (elementwise if it fits) or ``@``.
        columns: whether a vector without an index is a column, as in print, or a NumPy vector.
        letters: values of free index letters, counted from ``base``.
        limit: most terms a sum with explicit limits may have.
    """

    base: int = 0
    star: str = array.STAR
    columns: bool = False
    letters: Mapping[str, int] = field(default_factory=dict)
    limit: int = 40


def evaluate(
    node: Node,
    env: Mapping[str, Value],
    functions: Mapping[str, Callable[..., Value]] | None = None,
    settings: Settings | None = None,
) -> Value:
    """Returns the value of ``node``.

    Args:
        node: an array expression.
        env: name -> value.
        functions: unknown function -> callable; called as ``f(x, primes=0)``.
        settings: how to read what is left open.

    Raises:
        NoValue: if there is none.

    Example:
        >>> from symdl.notation.strict import parse
        >>> float(evaluate(parse("sum(x[i] ** 2, i)"), {"x": np.array([1.0, 2.0])}))
        5.0
    """
    evaluator = _Evaluator(dict(env), functions or {}, settings or Settings())
    try:
        with np.errstate(all="ignore"):
            return evaluator.value(node)
    except NoValue:
        raise
    except (
        ShapeError,
        ValueError,
        IndexError,
        TypeError,
        KeyError,
        ZeroDivisionError,
        OverflowError,
        MemoryError,
        np.linalg.LinAlgError,
    ) as error:
        raise NoValue(str(error)) from None
    except RecursionError:
        raise NoValue("nested too deeply") from None


def run(
    lines: tuple[Definition, ...],
    env: Mapping[str, Value],
    functions: Mapping[str, Callable[..., Value]] | None = None,
    settings: Settings | None = None,
) -> Value:
    """Evaluates definitions in order and returns the value of the last right-hand side."""
    scope, known = dict(env), dict(functions or {})
    for line in lines[:-1]:
        if line.parameters:
            known[line.name] = _closure(line, scope, known, settings)
        elif line.indices:
            scope[line.name] = _tabulate(line, scope, known, settings or Settings())
        else:
            scope[line.name] = evaluate(line.right, scope, known, settings)
    return evaluate(lines[-1].right, scope, known, settings)


def _closure(
    line: Definition, scope: Mapping[str, Value], known: Mapping[str, Callable[..., Value]], settings: Settings | None
) -> Callable[..., Value]:
    def call(*args: Value, primes: int = 0) -> Value:
        if primes:
            raise NoValue(f"derivative of {line.name}")
        return evaluate(line.right, {**scope, **dict(zip(line.parameters, args, strict=False))}, known, settings)

    return call


def _tabulate(
    line: Definition, scope: Mapping[str, Value], known: Mapping[str, Callable[..., Value]], settings: Settings
) -> Value:
    """The whole array of a definition with index letters on its left."""
    sizes = [axis_length(line.right, i, scope) for i in line.indices]
    if any(s is None for s in sizes):
        raise NoValue(f"the range of an index of {line.name} is open")
    out = np.zeros([s or 0 for s in sizes])
    for at in np.ndindex(*out.shape):
        letters = {**settings.letters, **{i: k + settings.base for i, k in zip(line.indices, at, strict=True)}}
        inner = Settings(settings.base, settings.star, settings.columns, letters, settings.limit)
        out[at] = evaluate(line.right, scope, known, inner)
    return out


def axis_length(node: Node, letter: str, env: Mapping[str, Value]) -> int | None:
    """Length of the axis that ``letter`` addresses alone, if some array says so."""
    for n in array.walk(node):
        if isinstance(n, array.Index) and isinstance(n.base, array.Name) and n.base.id in env:
            shape = np.shape(env[n.base.id])
            for position, item in enumerate(n.items):
                if isinstance(item, array.Name) and item.id == letter and position < len(shape):
                    return int(shape[position])
    return None


_HAS_SCIPY = find_spec("scipy") is not None
_SPECIAL = {"erf": np.vectorize(math.erf), "erfc": np.vectorize(math.erfc), "gamma": np.vectorize(math.gamma)}


@lru_cache(maxsize=256)
def _row(name: str) -> Callable[..., Value]:
    row = FUNCTIONS[name]
    if not isinstance(row, Elementwise):
        raise NoValue(f"no function {name}")
    defaults = [None if p.default is None else float(p.default) for p in row.parameters]
    compiled = sp.lambdify(
        row.symbols, row.definition.doit(), ["scipy", "numpy"] if _HAS_SCIPY else [_SPECIAL, "numpy"]
    )

    def call(*args: Value) -> Value:
        rest = defaults[max(len(args) - 1, 0) :]
        if None in rest or len(args) > len(row.symbols):
            raise NoValue(f"{name} with {len(args)} arguments")
        return compiled(*args, *rest)

    return call


class _Evaluator:
    def __init__(
        self, env: dict[str, Value], functions: Mapping[str, Callable[..., Value]], settings: Settings
    ) -> None:
        self.env = env
        self.functions = functions
        self.settings = settings
        self.letters: dict[str, int] = dict(settings.letters)

    def value(self, node: Node) -> Value:
        method = _METHODS.get(type(node))
        if method is None:
            raise NoValue(type(node).__name__)
        return method(self, node)

    def num(self, n: array.Num) -> Value:
        return float(n.value)

    def const(self, n: array.Const) -> Value:
        return {"pi": np.pi, "inf": np.inf}[n.name]

    def name(self, n: array.Name) -> Value:
        if n.id in self.letters:
            return float(self.letters[n.id])
        if n.id not in self.env:
            raise NoValue(f"no value for {n.id}")
        v = self.env[n.id]
        if self.settings.columns and isinstance(v, np.ndarray) and v.ndim == 1:
            return v[:, None]
        return v

    def index(self, n: array.Index) -> Value:
        if isinstance(n.base, array.Name) and n.base.id == "delta" and "delta" not in self.env:
            i, j = (self.value(k) for k in n.items)
            return float(i == j)
        base = self.env.get(n.base.id) if isinstance(n.base, array.Name) else self.value(n.base)
        if base is None:
            raise NoValue("no value for an indexed name")
        base = np.asarray(base)
        if base.ndim == 0:
            raise NoValue("a scalar has no elements")
        if base.ndim == 2 and base.shape[1] == 1 and len(n.items) == 1 and not isinstance(n.items[0], array.Slice):
            base = base[:, 0]
        if len(n.items) > base.ndim + sum(isinstance(i, array.NewAxis) for i in n.items):
            raise NoValue("too many indices")
        key, position = [], 0
        for item in n.items:
            key.append(self.item(item, base, position))
            position += not isinstance(item, array.NewAxis)
        return base[tuple(key)]

    def item(self, node: Node, base: Value, position: int) -> Any:
        if isinstance(node, array.NewAxis):
            return None
        if isinstance(node, array.Slice):
            parts = [None if p is None else int(self.value(p)) for p in (node.start, node.stop, node.step)]
            return slice(*parts)
        at = self.value(node)
        if isinstance(at, np.ndarray) and at.ndim > 0:
            return at.astype(int)
        k = float(at) - self.settings.base
        if not k.is_integer() or not 0 <= k < base.shape[position]:
            raise NoValue("index out of range")
        return int(k)

    def add(self, n: array.Add) -> Value:
        return self.value(n.left) + self.value(n.right)

    def neg(self, n: array.Neg) -> Value:
        return -self.value(n.body)

    def mul(self, n: array.Mul) -> Value:
        a, b = self.value(n.left), self.value(n.right)
        how = n.how
        if how == array.HADAMARD:
            return a * b
        if how == array.STAR and self.settings.star == array.MATMUL:
            how = array.JUXTAPOSED
        return a @ b if resolve(how, np.shape(a), np.shape(b)) == array.MATMUL else a * b

    def div(self, n: array.Div) -> Value:
        a, b = self.value(n.left), self.value(n.right)
        if isinstance(b, float) and b == 0.0:
            raise NoValue("division by zero")
        return a / b

    def pow(self, n: array.Pow) -> Value:
        a, b = self.value(n.base), self.value(n.exponent)
        if isinstance(a, np.ndarray) and a.ndim == 2 and a.shape[0] == a.shape[1] > 1 and np.ndim(b) == 0:
            if not np.any(a - np.diag(np.diag(a))):
                return np.diag(np.diag(a) ** b)
            if float(b) == -1:
                return np.linalg.inv(a)
        if abs(np.max(np.abs(b))) > 1e4:
            raise NoValue("exponent too large")
        return np.power(np.asarray(a, float), b) if np.ndim(a) or np.ndim(b) else _scalar_power(float(a), float(b))

    def transpose(self, n: array.Transpose) -> Value:
        return np.asarray(self.value(n.body)).T

    def call(self, n: array.Call) -> Value:
        args = [self.value(a) for a in n.args]
        special = _ARRAY.get(n.function)
        if special is not None:
            return special(*args, **{k: v for k, v in n.options if k != "subscripts"}, **self._subscripts(n))
        if n.function in FUNCTIONS:
            if n.function == "sigmoid":  # by far the commonest
                return 1 / (1 + np.exp(-args[0]))
            return _row(n.function)(*args)
        raise NoValue(f"no function {n.function}")

    @staticmethod
    def _subscripts(n: array.Call) -> dict[str, Any]:
        return {"subscripts": n.option("subscripts")} if n.function == "einsum" else {}

    def apply(self, n: array.Apply) -> Value:
        f = self.functions.get(n.function)
        if f is None:
            raise NoValue(f"no function {n.function}")
        return f(*(self.value(a) for a in n.args), primes=n.primes)

    def reduce(self, n: array.Reduce) -> Value:
        low, high = self._range(n)
        if high - low >= self.settings.limit:
            raise NoValue("too many terms")
        outer = self.letters.get(n.index)
        terms = []
        for k in range(low, high + 1):
            self.letters[n.index] = k
            terms.append(self.value(n.body))
        if outer is None:
            self.letters.pop(n.index, None)
        else:
            self.letters[n.index] = outer
        return _FOLD[n.op](terms)

    def _range(self, n: array.Reduce) -> tuple[int, int]:
        b = self.settings.base
        if n.lower is not None and n.upper is not None:
            low, high = float(self.value(n.lower)), float(self.value(n.upper))
            if low.is_integer() and high.is_integer():
                return int(low), int(high)
            if not (np.isinf(low) or np.isinf(high)):
                raise NoValue("limits are no integers")
        length = axis_length(n.body, n.index, self.env)
        if length is None:
            raise NoValue(f"the range of {n.index} is open")
        return b, b + length - 1

    def cases(self, n: array.Cases) -> Value:
        conditions = [self.value(c) for _, c in n.branches]
        if all(np.ndim(c) == 0 for c in conditions):
            for (value, _), condition in zip(n.branches, conditions, strict=True):
                if condition:
                    return self.value(value)
            if n.otherwise is None:
                raise NoValue("no case applies")
            return self.value(n.otherwise)
        out = np.nan if n.otherwise is None else self.value(n.otherwise)
        for (value, _), condition in reversed(list(zip(n.branches, conditions, strict=True))):
            out = np.where(condition, self.value(value), out)
        return out

    def compare(self, n: array.Compare) -> Value:
        a, b = self.value(n.left), self.value(n.right)
        out = _COMPARE[n.op](a, b)
        return out.astype(float) if isinstance(out, np.ndarray) else float(out)

    def logic(self, n: array.Logic) -> Value:
        args = [np.asarray(self.value(a)).astype(bool) for a in n.args]
        if n.op == "not":
            return (~args[0]).astype(float)
        return (np.logical_and if n.op == "and" else np.logical_or).reduce(args).astype(float)

    def norm(self, n: array.Norm) -> Value:
        x = np.abs(np.asarray(self.value(n.body), float)).ravel()
        p = 2.0 if n.p is None else float(self.value(n.p))
        if np.isinf(p):
            return float(x.max())
        if p <= 0:
            raise NoValue("no such norm")
        return float(np.sqrt((x * x).sum())) if p == 2 else float((x**p).sum() ** (1 / p))

    def concat(self, n: array.Concat) -> Value:
        return np.concatenate([np.atleast_1d(self.value(a)) for a in n.args], axis=0)

    def matrix(self, n: array.Matrix) -> Value:
        rows = [[self.value(a) for a in row] for row in n.rows]
        if all(np.ndim(v) == 0 for row in rows for v in row):
            return np.array(rows, float)
        return np.block([[np.atleast_2d(v) for v in row] for row in rows])

    def expect(self, n: array.Expect) -> Value:
        points = [0.3, -0.7, 1.1]  # a fixed three-point distribution; names of distributions are the sheet's choice
        weights = [0.5, 0.3, 0.2]
        outer = self.env.get(n.variable)
        total: Value = 0.0
        for x, w in zip(points, weights, strict=True):
            self.env[n.variable] = x
            total = total + w * self.value(n.body)
        if outer is None:
            self.env.pop(n.variable, None)
        else:
            self.env[n.variable] = outer
        return total


def _scalar_power(a: float, b: float) -> float:
    if a < 0 and not b.is_integer():
        raise NoValue("root of a negative number")
    if a == 0 and b < 0:
        raise NoValue("division by zero")
    return a**b


def _softmax(x: Value, axis: int | None = None) -> Value:
    x = np.asarray(x, float)
    if axis is None:
        axis = 0 if x.ndim == 2 and x.shape[1] == 1 else -1
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _logsumexp(x: Value, axis: int | None = None, keepdims: bool = False) -> Value:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


def _extreme(pick: Callable[..., Value], fold: Any) -> Callable[..., Value]:
    def call(*args: Value, axis: int | None = None, keepdims: bool = False) -> Value:
        if len(args) == 1:
            return pick(args[0], axis=axis, keepdims=keepdims)
        return fold.reduce(np.broadcast_arrays(*args)) if len(args) > 2 else fold(*args)

    return call


_ARRAY: dict[str, Callable[..., Value]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "abs": np.abs,
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "max": _extreme(np.max, np.maximum),
    "min": _extreme(np.min, np.minimum),
    "maximum": lambda *a: _extreme(np.max, np.maximum)(*a) if len(a) > 1 else a[0],
    "minimum": lambda *a: _extreme(np.min, np.minimum)(*a) if len(a) > 1 else a[0],
    "softmax": _softmax,
    "log_softmax": lambda x, axis=None: np.log(_softmax(x, axis)),
    "logsumexp": _logsumexp,
    "var": np.var,
    "std": np.std,
    "median": np.median,
    "einsum": lambda *a, subscripts: np.einsum(subscripts, *a),
    "inv": np.linalg.inv,
    "solve": np.linalg.solve,
    "det": np.linalg.det,
    "logdet": lambda a: np.linalg.slogdet(a)[1],
    "trace": np.trace,
    "diag": lambda a: np.diag(np.ravel(a)) if np.ndim(a) < 2 or np.shape(a)[1] == 1 else np.diag(a),
    "outer": np.outer,
    "kron": np.kron,
    "vec": lambda a: np.ravel(a, order="F"),
    "eye": lambda n: np.eye(int(n)),
    "ones": lambda *n: np.ones([int(k) for k in n]),
    "zeros": lambda *n: np.zeros([int(k) for k in n]),
    "reshape": lambda a, *n: np.reshape(a, [int(k) for k in n]),
    "transpose": lambda a, axes=None: np.transpose(a, axes),
    "argmax": lambda a, axis=None: np.argmax(a, axis=axis),
    "argmin": lambda a, axis=None: np.argmin(a, axis=axis),
    "cumsum": np.cumsum,
    "flip": np.flip,
    "clip": np.clip,
    "arange": lambda n: np.arange(int(n), dtype=float),
    "floor": np.floor,
    "ceil": np.ceil,
    "sort": np.sort,
}
_FOLD: dict[str, Callable[[list[Value]], Value]] = {
    "sum": lambda t: sum(t) if t else 0.0,
    "prod": lambda t: np.prod(np.stack(t), axis=0) if t else 1.0,
    "mean": lambda t: sum(t) / len(t),
    "max": lambda t: np.maximum.reduce(t),
    "min": lambda t: np.minimum.reduce(t),
}
_COMPARE: dict[str, Callable[[Value, Value], Any]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
_METHODS: dict[type, Callable[[_Evaluator, Any], Value]] = {
    getattr(array, name): getattr(_Evaluator, name.lower())
    for name in """Num Const Name Index Add Neg Mul Div Pow Transpose Call Apply Reduce Cases Compare Logic Norm Concat
    Matrix Expect""".split()
}
