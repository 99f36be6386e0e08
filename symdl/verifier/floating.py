"""Index form in floating point: every letter is a dimension, every sum is written out by NumPy.

This is how derivations are checked while they are made. It evaluates definitions, adjoints and every step between
them by the same plain rules, shares nothing with the engine that wrote them, and is no proof: proofs are the
prover's, witnesses the refuter's.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from symdl.errors import NotSupported
from symdl.functions import ELEMENTWISE, RowFunction, definition
from symdl.terms.indexed import Access, Axis, Delta, Expectation, Indicator, MatrixFunction, Opaque, Reduce
from symdl.terms.program import Assignment, Program

Array = np.ndarray[Any, np.dtype[Any]]
OUTCOMES = 5
"""Values of the finite distribution that stands for an unknown one."""

_SPECIAL: dict[type, Callable[..., Any]] = {
    sp.erf: np.vectorize(math.erf, otypes=[float]),
    sp.erfc: np.vectorize(math.erfc, otypes=[float]),
    sp.gamma: np.vectorize(math.gamma, otypes=[float]),
    sp.loggamma: np.vectorize(math.lgamma, otypes=[float]),
    sp.polygamma: np.vectorize(lambda n, x: float(mpmath.polygamma(int(n), x)), otypes=[float]),
    sp.digamma: np.vectorize(lambda x: float(mpmath.digamma(x)), otypes=[float]),
    sp.Abs: np.abs,
    sp.sign: np.sign,
    sp.floor: np.floor,
    sp.ceiling: np.ceil,
    sp.Heaviside: lambda x, half=0.5: np.heaviside(x, half),
}
_FUNCTIONS: dict[Any, Any] = {
    **{
        row.sympy: getattr(np, row.native["numpy"].removeprefix("np."), None)
        for row in ELEMENTWISE.values()
        if row.sympy is not None and row.native.get("numpy", "").startswith("np.")
    },
    **_SPECIAL,
}
_RELATIONS: dict[type, Callable[[Any, Any], Any]] = {
    sp.StrictLessThan: np.less,
    sp.LessThan: np.less_equal,
    sp.StrictGreaterThan: np.greater,
    sp.GreaterThan: np.greater_equal,
    sp.Equality: np.equal,
    sp.Unequality: np.not_equal,
}
_REDUCE: dict[str, Callable[..., Any]] = {"sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min}


@dataclass(frozen=True)
class Labelled:
    """An array whose dimensions are letters."""

    array: Array
    letters: tuple[Axis, ...] = ()

    def over(self, letters: tuple[Axis, ...]) -> Array:
        """The array with the given letters as dimensions; size 1 where it does not depend on one."""
        order = [self.letters.index(a) for a in letters if a in self.letters]
        shape = [self.array.shape[self.letters.index(a)] if a in self.letters else 1 for a in letters]
        return np.transpose(self.array, order).reshape(shape) if self.letters else self.array


class Floating:
    """Evaluates index form at given sizes and arrays.

    Args:
        sizes: name of an axis size -> its value.
        arrays: name -> values; scalars are 0-d.
        zero_outside: names whose elements beyond their ends are 0, as adjoints of a recurrence are.
        initial: name -> name of what stands before its first step.

    Example:
        >>> n = sp.Symbol("n", integer=True, positive=True)
        >>> x, i = sp.Symbol("x", real=True), Axis("i", n)
        >>> f = Floating({"n": 3}, {"x": np.array([1.0, 2.0, 4.0])})
        >>> float(f.value(Reduce("sum", Access(x, i) ** 2, i)).array)
        21.0
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Array],
        zero_outside: frozenset[str] = frozenset(),
        initial: Mapping[str, str] | None = None,
    ) -> None:
        self.sizes = sizes
        self.arrays = dict(arrays)
        self.zero_outside = zero_outside
        self.initial = dict(initial or {})
        self.drawn: dict[sp.Symbol, Labelled] = {}

    def size(self, e: sp.Expr) -> int:
        """Length of an axis."""
        return int(self.value(e).array)

    def on(self, e: sp.Expr, axes: tuple[Axis | None, ...]) -> Array:
        """The array of an element over axes; all of its shape."""
        letters = tuple(a for a in axes if a is not None)
        values = self.value(e).over(letters)
        shape = tuple(self.size(a.size) for a in letters)
        full = np.broadcast_to(values, shape)
        return full.reshape(tuple(1 if a is None else self.size(a.size) for a in axes))

    def value(self, e: sp.Basic) -> Labelled:
        """One expression."""
        if isinstance(e, Axis):
            return Labelled(np.arange(self.size(e.size)), (e,))
        if isinstance(e, sp.Symbol):
            return self.symbol(e)
        if isinstance(e, Access):
            return self.access(e)
        if isinstance(e, Reduce):
            return self.reduce(e)
        if isinstance(e, MatrixFunction):
            return self.matrix(e)
        if isinstance(e, (sp.Add, sp.Mul)):
            op = np.add if isinstance(e, sp.Add) else np.multiply
            parts = [self.value(a) for a in e.args]
            return self.joined(lambda *xs: _folded(op, xs), *parts)
        if e.is_number:
            return Labelled(np.asarray(int(e) if e.is_Integer else float(e)))
        return self.function(e)

    def joined(self, f: Callable[..., Any], *parts: Labelled) -> Labelled:
        """A function of several arrays, element by element."""
        letters = tuple(dict.fromkeys(a for p in parts for a in p.letters))
        return Labelled(np.asarray(f(*(p.over(letters) for p in parts))), letters)

    def symbol(self, e: sp.Symbol) -> Labelled:
        """A size, a scalar, or a random variable."""
        if e in self.drawn:
            return self.drawn[e]
        if e.name in self.arrays:
            return Labelled(np.asarray(self.arrays[e.name]).reshape(()))
        if e.name in self.sizes:
            return Labelled(np.asarray(self.sizes[e.name]))
        raise NotSupported("SD630", f"{e.name} has no value", "declare it as an input")

    def access(self, e: Access) -> Labelled:
        """Elements; beyond the ends they are undefined, or 0 where that is the convention."""
        name = e.tensor.name
        if name not in self.arrays:
            raise NotSupported("SD630", f"{name} has no value", "declare it as an input")
        held = self.arrays[name]
        whole = self.read_whole(e, held)
        if whole is not None:
            return whole
        at = [self.value(i) for i in e.indices]
        letters = tuple(dict.fromkeys(a for p in at for a in p.letters))
        positions = [np.asarray(p.over(letters)).astype(int) for p in at]
        inside = _folded(np.logical_and, [(p >= 0) & (p < n) for p, n in zip(positions, held.shape, strict=True)])
        clipped = tuple(np.clip(p, 0, n - 1) for p, n in zip(positions, held.shape, strict=True))
        values = held[clipped]
        if not np.all(inside):
            values = np.where(inside, values, 0.0 if name in self.zero_outside else np.nan)
        if name in self.initial and np.any(positions[0] == -1):
            start = self.arrays[self.initial[name]]
            before = start[clipped[1:]] if start.ndim else start
            values = np.where(positions[0] == -1, before, values)
        return Labelled(values, letters)

    def read_whole(self, e: Access, held: Array) -> Labelled | None:
        """All of an array, where every dimension is read at a letter of its own from end to end."""
        letters = tuple(i for i in e.indices if isinstance(i, Axis))
        flat = tuple(slice(None) if isinstance(i, Axis) else 0 for i in e.indices)
        if len(set(letters)) < len(letters) or len(e.indices) != held.ndim:
            return None
        for index, length in zip(e.indices, held.shape, strict=True):
            if isinstance(index, Axis) and self.size(index.size) != length:
                return None
            if not isinstance(index, Axis) and (index != 0 or length != 1):
                return None
        return Labelled(held[flat], letters)

    def reduce(self, e: Reduce) -> Labelled:
        """A reduction, written out."""
        body = self.value(e.body)
        idle = [a for a in e.bound if a not in body.letters]
        if idle:
            ones = [Labelled(np.ones(self.size(a.size)), (a,)) for a in idle]
            body = self.joined(lambda x, *rest: _folded(np.multiply, [x, *rest]), body, *ones)
        where = tuple(body.letters.index(a) for a in e.bound)
        letters = tuple(a for a in body.letters if a not in e.bound)
        return Labelled(np.asarray(_REDUCE[e.op](body.array, axis=where)), letters)

    def matrix(self, e: MatrixFunction) -> Labelled:
        """Inverse, determinant and its logarithm."""
        row, column = e.bound
        body = self.value(e.body)
        rest = tuple(a for a in body.letters if a not in (row, column))
        whole = np.broadcast_to(
            body.over((*rest, row, column)),
            (*(self.size(a.size) for a in rest), self.size(row.size), self.size(column.size)),
        )
        if e.op in ("det", "logdet"):
            f = np.linalg.det if e.op == "det" else (lambda m: np.linalg.slogdet(m)[1])
            return Labelled(np.asarray(f(whole)), rest)
        if e.op != "inv" or rest:
            raise NotSupported("SD630", f"{e.op} has no value in floating point", "")
        at = [self.value(i) for i in e.indices]
        letters = tuple(dict.fromkeys(a for p in at for a in p.letters))
        return Labelled(np.linalg.inv(whole)[tuple(p.over(letters) for p in at)], letters)

    def function(self, e: sp.Basic) -> Labelled:
        """Functions, conditions, case distinctions."""
        if isinstance(e, sp.Pow):
            return self.joined(_power, *map(self.value, e.args))
        if isinstance(e, (Delta, sp.Equality)):
            return self.joined(lambda a, b: (a == b) * 1.0, *map(self.value, e.args))
        if isinstance(e, Indicator):
            return self.joined(lambda c: c * 1.0, self.value(e.args[0]))
        if type(e) in _RELATIONS:
            return self.joined(_RELATIONS[type(e)], *map(self.value, e.args))
        op: Any
        if isinstance(e, (sp.And, sp.Or)):
            op = np.logical_and if isinstance(e, sp.And) else np.logical_or
            return self.joined(lambda *xs: _folded(op, xs), *map(self.value, e.args))
        if isinstance(e, sp.Not):
            return self.joined(np.logical_not, self.value(e.args[0]))
        if e in (sp.true, sp.false):
            return Labelled(np.asarray(e == sp.true))
        if isinstance(e, sp.Piecewise):
            return self.cases(e)
        if isinstance(e, (sp.Max, sp.Min)):
            op = np.maximum if isinstance(e, sp.Max) else np.minimum
            return self.joined(lambda *xs: _folded(op, xs), *map(self.value, e.args))
        if isinstance(e, Opaque):
            return self.joined(lambda *xs: stand_in(e.args[0].name, int(e.args[1]), *xs), *map(self.value, e.args[2:]))
        if isinstance(e, Expectation):
            return self.expectation(e)
        if isinstance(e, RowFunction):
            return self.value(definition(e))
        if isinstance(e, sp.floor) and e.args[0].is_rational:  # of a quotient of whole numbers, exactly
            top, bottom = sp.fraction(sp.together(e.args[0]))
            return self.joined(np.floor_divide, self.value(top), self.value(bottom))
        f = _FUNCTIONS.get(e.func)
        if f is None:
            raise NotSupported("SD630", f"{type(e).__name__} has no value in floating point", "")
        return self.joined(f, *map(self.value, e.args))

    def cases(self, e: sp.Piecewise) -> Labelled:
        """The first branch whose condition holds."""
        out = Labelled(np.asarray(np.nan))
        for value, condition in reversed(e.args):
            out = self.joined(np.where, self.value(condition), self.value(value), out)
        return out

    def expectation(self, e: Expectation) -> Labelled:
        """The mean over a few fixed outcomes that stand for the distribution."""
        body, x, p = e.args
        letter = Axis(f"~{x}", sp.Integer(OUTCOMES))
        before = self.drawn.get(x)
        self.drawn[x] = Labelled(outcomes(str(x), str(p)), (letter,))
        inner = self.value(body)
        if before is None:
            del self.drawn[x]
        else:
            self.drawn[x] = before
        if letter not in inner.letters:
            return inner
        where = inner.letters.index(letter)
        return Labelled(np.mean(inner.array, axis=where), tuple(a for a in inner.letters if a != letter))


def run(program: Program, floating: Floating) -> None:
    """Computes every definition of a program, in order, into the arrays."""
    compute(program.assignments, program.recurrent, floating, {})


def compute(
    lines: Sequence[Assignment], recurrent: Collection[str], floating: Floating, shift: Mapping[str, Array]
) -> None:
    """Computes lines in order; those of a recurrence again and again until the last step is settled.

    ``shift`` is added to what is computed, name by name.
    """
    steps = 1
    for line in lines:
        if line.name in recurrent:
            first = line.variable.axes[0]
            steps = max(steps, floating.size(first.size) if first is not None else 1)
            shape = tuple(floating.size(s) for s in line.variable.shape)
            floating.arrays.setdefault(line.name, np.zeros(shape))
    for _ in range(steps):
        for line in lines:
            floating.arrays[line.name] = floating.on(line.body, line.variable.axes) + shift.get(line.name, 0.0)


def outcomes(x: str, p: str) -> Array:
    """The values that stand for draws of ``x`` from ``p``."""
    return np.random.default_rng(sum(map(ord, f"{x} {p}"))).normal(size=OUTCOMES)


def stand_in(name: str, order: int, *args: Array) -> Array:
    """A smooth function that stands for an unknown one, with its derivatives."""
    rng = random.Random(f"float {name}")
    c, s, a, b = rng.uniform(1.5, 2.5), rng.uniform(0.5, 1), rng.uniform(0.6, 1.4), rng.uniform(0, 3)
    u = _folded(np.add, [w * x for w, x in zip((1.0, 0.7, 1.3, 0.4, 1.9), args, strict=False)])
    turn = np.sin(a * u + b + order * np.pi / 2) * s * a**order
    return np.asarray(turn + c + 0.25 * u * u if order == 0 else turn + (0.5 * u if order == 1 else 0.5 * (order == 2)))


def _power(base: Array, exponent: Array) -> Array:
    return np.power(np.asarray(base, dtype=float), exponent)


def _folded(op: Callable[[Any, Any], Any], xs: Any) -> Any:
    out = xs[0]
    for x in xs[1:]:
        out = op(out, x)
    return out
