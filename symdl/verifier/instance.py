"""Index form at concrete sizes: SymPy expression -> straight-line program.

Sums are written out, accesses become inputs, and whatever depends on sizes and indices only (Kronecker deltas,
indicators, case distinctions between positions) is decided while building: a term behind a delta that is zero
is never looked at, so that padding and concatenation may address what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

import sympy as sp
from flint import fmpq

from symdl.errors import NotSupported
from symdl.functions import RowFunction, definition
from symdl.terms.indexed import Access, Axis, Binder, Delta, Expectation, Indicator, MatrixFunction, Opaque, Reduce
from symdl.verifier import arithmetic as ar
from symdl.verifier.matrices import determinant, entry, matrix_power
from symdl.verifier.opaque import StandIn
from symdl.verifier.program import Builder, TooLarge
from symdl.verifier.table import BINARY, BRANCHING, CONSTANTS, LOGIC, RELATIONS, UNARY

Env: TypeAlias = Mapping[sp.Symbol, "int | str"]
"""Value of every index letter in scope, and for a random variable the name of the value it takes."""

SUPPORT = 3  # values of the finite distribution that stands for an unknown one


class OutOfRange(Exception):
    """An index falls outside its array at these sizes, or a size is no natural number."""


def outcome_name(variable: str, distribution: str, k: int) -> str:
    """Name of the k-th value a random variable takes in the stand-in for its distribution."""
    return f"{variable} ~ {distribution} #{k + 1}"


def weights_name(distribution: str) -> str:
    """Name of the probabilities of these values."""
    return f"{distribution} weights"


class Instance:
    """Builds registers for SymPy expressions at fixed sizes.

    Args:
        structure: value of every symbol that occurs in a size or an index.
        shapes: array name -> sizes, for those that are known.
        builder: receives the steps.
        stand_ins: unknown function -> what stands for it; others are drawn by ``variant``.
        variant: which stand-ins are drawn.
    """

    def __init__(
        self,
        structure: Mapping[str, int],
        shapes: Mapping[str, tuple[int, ...]],
        builder: Builder,
        stand_ins: Mapping[str, StandIn] | None = None,
        variant: int = 0,
    ) -> None:
        self.structure = structure
        self.shapes = shapes
        self.builder = builder
        self.variant = variant
        self.stand_ins: dict[str, StandIn] = dict(stand_ins or {})
        self.several: set[str] = set()  # unknown functions of several arguments
        self.random: dict[str, str] = {}  # name of a drawn value -> name of the random variable
        self._memo: dict[Any, int] = {}
        self._letters: dict[sp.Basic, frozenset[sp.Symbol]] = {}

    def register(self, e: sp.Basic, env: Env) -> int:
        """Register of an expression; ``env`` gives the values of the letters in scope."""
        key = (e, tuple([(s, env[s]) for s in self._free_letters(e) if s in env]))
        found = self._memo.get(key)
        if found is None:
            self.builder.tick()
            found = self._memo[key] = self._built(e, env)
        return found

    def integer(self, e: sp.Basic, env: Env) -> int:
        """Value of a size or an index."""
        value = self.builder.value_of(self.register(e, env))
        if not isinstance(value, fmpq):
            raise NotSupported("SD610", f"the index or size {e} is not known", "declare it as a size or an index")
        if value.q != 1:
            raise OutOfRange(f"{e} is {value}")
        return int(value)

    def fill(self, e: sp.Basic, env: Env) -> None:
        """Builds everything below ``e`` from the leaves up, for expressions too deep for recursion."""
        stack: list[tuple[sp.Basic, bool]] = [(e, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                self.register(node, env)
            elif isinstance(node, sp.Expr) and not isinstance(node, Binder | Expectation | sp.Piecewise | Axis):
                stack.append((node, True))
                stack += [(a, False) for a in node.args]

    def _free_letters(self, e: sp.Basic) -> frozenset[sp.Symbol]:
        """Index letters an expression depends on, kept per node (SymPy's `free_symbols` walks anew each time)."""
        found = self._letters.get(e)
        if found is None:
            letters: set[sp.Symbol] = {e} if isinstance(e, sp.Symbol) else set()
            for a in e.args:
                letters |= self._free_letters(a)
            if isinstance(e, Binder):
                for a in e.bound:
                    letters |= self._free_letters(a.size)
                letters -= set(e.bound)
            found = self._letters[e] = frozenset(letters)
        return found

    def _built(self, e: sp.Basic, env: Env) -> int:
        b = self.builder
        if isinstance(e, sp.Rational):
            return b.constant(fmpq(int(e.p), int(e.q)))
        if isinstance(e, sp.Symbol):
            return self._symbol(e, env)
        kind = type(e)
        if kind in UNARY and len(e.args) == 1:
            return b.step(UNARY[kind], self.register(e.args[0], env))
        method = _METHODS.get(kind)
        if method is not None:
            built: int = method(self, e, env)
            return built
        if kind in BINARY and len(e.args) == 2:
            return b.step(BINARY[kind], *(self.register(a, env) for a in e.args))
        if isinstance(e, RowFunction):
            return self.register(definition(e), env)
        return self._rare(e, env)

    def _rare(self, e: sp.Basic, env: Env) -> int:
        b = self.builder
        if isinstance(e, sp.Float):
            exact = sp.Rational(e)
            return b.constant(fmpq(int(exact.p), int(exact.q)))
        if e in CONSTANTS:
            return b.step(CONSTANTS[e])
        if e in (sp.oo, -sp.oo, sp.zoo, sp.nan):
            return b.undefined()
        if e in (sp.true, sp.false):
            return b.constant(bool(e))
        done = e.doit(deep=False) if isinstance(e, sp.Derivative | sp.Subs) else e
        if done != e:
            return self.register(done, env)
        raise NotSupported("SD611", f"{type(e).__name__} cannot be evaluated", "")

    def _symbol(self, e: sp.Symbol, env: Env) -> int:
        bound = env.get(e)
        if isinstance(bound, str):
            return self._element(bound, ())
        if bound is not None:
            return self.builder.constant(fmpq(bound))
        if isinstance(e, Axis):
            raise NotSupported("SD612", f"the index {e} is not bound", "name it on the left side")
        if e.name in self.structure:
            return self.builder.constant(fmpq(self.structure[e.name]))
        return self._element(e.name, ())

    def _access(self, e: Access, env: Env) -> int:
        name = env.get(e.tensor, e.tensor.name)
        return self._element(str(name), tuple([self.integer(i, env) for i in e.indices]))

    def _element(self, name: str, at: tuple[int, ...]) -> int:
        shape = self.shapes.get(self.random.get(name, name), ())
        if shape and len(shape) != len(at):
            if at or any(n != 1 for n in shape):
                raise NotSupported("SD613", f"{name} is read with {len(at)} of {len(shape)} indices", "")
            at = (0,) * len(shape)
        if any(i < 0 for i in at) or any(i >= n for i, n in zip(at, shape, strict=False)):
            raise OutOfRange(f"{name}{list(at)}")
        return self.builder.input((name, at))

    def _add(self, e: sp.Add, env: Env) -> int:
        total = self.register(e.args[0], env)
        for a in e.args[1:]:
            total = self.builder.add(total, self.register(a, env))
        return total

    def _mul(self, e: sp.Mul, env: Env) -> int:
        b = self.builder
        guards = [a for a in e.args if isinstance(a, Delta | Indicator)]
        for g in guards:
            if b.value_of(self.register(g, env)) == 0:
                return b.constant(ar.ZERO)
        total = b.constant(ar.ONE)
        for a in e.args:
            total = b.multiply(total, self.register(a, env))
        return total

    def _pow(self, e: sp.Pow, env: Env) -> int:
        b = self.builder
        base, exponent = e.args
        if base is sp.E:
            return b.step(ar.exponential, self.register(exponent, env))
        x, y = self.register(base, env), self.register(exponent, env)
        n = b.value_of(y)
        if type(n) is fmpq and n.q == 1 and abs(n) < ar.LARGEST_EXPONENT:
            k = int(n)
            out = x if abs(k) == 1 else b.step(partial(ar.integer_power, exponent=abs(k)), x, key=("power", abs(k)))
            return b.step(ar.invert, out) if k < 0 else out
        if n == fmpq(1, 2):
            return b.step(ar.square_root, x)
        return b.step(ar.power, x, y)

    def _branching(self, e: sp.Expr, env: Env) -> int:
        """Abs, sign, Max, Min: functions with a kink, which is noted."""
        b = self.builder
        f = BRANCHING[type(e)]
        total = self.register(e.args[0], env)
        if isinstance(e, sp.Abs | sp.sign):
            b.kink(total, b.constant(ar.ZERO), isinstance(e, sp.sign))
            return b.step(f, total)
        for a in e.args[1:]:
            other = self.register(a, env)
            b.kink(total, other, False)
            total = b.step(f, total, other)
        return total

    def _heaviside(self, e: sp.Heaviside, env: Env) -> int:
        b = self.builder
        x, at_zero = (self.register(a, env) for a in e.args)
        b.kink(x, b.constant(ar.ZERO), True)
        return b.step(ar.heaviside, x, at_zero)

    def _delta(self, e: sp.Expr, env: Env) -> int:
        b = self.builder
        i, j = (self.register(a, env) for a in e.args[:2])
        return b.step(ar.indicator, b.step(ar.equal, i, j))

    def _indicator(self, e: Indicator, env: Env) -> int:
        return self.builder.step(ar.indicator, self.register(e.args[0], env))

    def _relation(self, e: sp.Basic, env: Env) -> int:
        b = self.builder
        x, y = (self.register(a, env) for a in e.args)
        if not (e.args[0].is_integer and e.args[1].is_integer):  # a label is compared, nothing changes its branch
            b.kink(x, y, True)
        return b.step(RELATIONS[type(e)], x, y)

    def _logic(self, e: sp.Basic, env: Env) -> int:
        return self.builder.step(LOGIC[type(e)], *(self.register(a, env) for a in e.args))

    def _piecewise(self, e: sp.Piecewise, env: Env) -> int:
        b = self.builder
        parts: list[int] = []
        for value, condition in e.args:
            c = self.register(condition, env)
            decided = b.value_of(c)
            if decided is False:
                continue
            parts += [c, self.register(value, env)]
            if decided is True:
                break
        if len(parts) == 2 and b.value_of(parts[0]) is True:
            return parts[1]
        return b.step(ar.select, *parts) if parts else b.undefined()

    def ranges(self, axes: tuple[Axis, ...], env: Env) -> Iterator[Env]:
        """Every assignment of values to axes; the size of one may depend on another."""
        if not axes:
            yield env
            return
        first = next((a for a in axes if not self._free_letters(a.size) & set(axes)), axes[0])
        rest = tuple(a for a in axes if a != first)
        length = self.integer(first.size, env)
        if length > self.builder.limit:
            raise TooLarge(f"an axis of {length} items")
        for k in range(length):
            yield from self.ranges(rest, {**env, first: k})

    def _reduce(self, e: Reduce, env: Env) -> int:
        b = self.builder
        terms = [self.register(e.body, inner) for inner in self.ranges(e.bound, env)]
        if not terms:
            empty = {"sum": ar.ZERO, "prod": ar.ONE}.get(e.op)
            return b.undefined() if empty is None else b.constant(empty)
        total = terms[0]
        for t in terms[1:]:
            if e.op == "sum":
                total = b.add(total, t)
            elif e.op == "prod":
                total = b.multiply(total, t)
            else:
                b.kink(total, t, False)
                total = b.step(ar.maximum if e.op == "max" else ar.minimum, total, t)
        return total

    def _limits(self, e: sp.Sum | sp.Product, env: Env) -> int:
        """SymPy's own sums and products, limit by limit from the outside."""
        b = self.builder
        *inner, (k, low, high) = e.limits
        body = e.func(e.function, *inner) if inner else e.function
        total = b.constant(ar.ZERO if isinstance(e, sp.Sum) else ar.ONE)
        first, last = self.integer(low, env), self.integer(high, env)
        if last - first > b.limit:
            raise TooLarge(f"a range of {last - first + 1} items")
        for i in range(first, last + 1):
            term = self.register(body, {**env, k: i})
            total = b.add(total, term) if isinstance(e, sp.Sum) else b.multiply(total, term)
        return total

    def _matrix(self, e: MatrixFunction, env: Env) -> int:
        b = self.builder
        row, column = e.bound
        n, m = self.integer(row.size, env), self.integer(column.size, env)
        if n != m:
            raise OutOfRange(f"a {n} by {m} matrix is not square")
        entries = [self.register(e.body, {**env, row: i, column: j}) for i in range(n) for j in range(m)]
        op, *rest = e.op, *e.indices
        exponent = fmpq(-1)
        if op == "power":
            exponent = b.value_of(self.register(rest.pop(), env))
            if type(exponent) is not fmpq:
                raise NotSupported("SD614", "a matrix power with an unknown exponent", "write a number")
        if op in ("det", "logdet"):
            det = b.step(partial(determinant, n), *entries, key=("det", n))
            return det if op == "det" else b.step(ar.logarithm, det)
        if op not in ("inv", "power"):
            raise NotSupported("SD611", f"{op} cannot be evaluated", "")
        whole = b.step(partial(matrix_power, n, exponent), *entries, key=(op, n, exponent))
        i, j = (self.integer(x, env) for x in rest)
        if not (0 <= i < n and 0 <= j < n):
            raise OutOfRange(f"{op}[{i}, {j}]")
        return b.step(partial(entry, i * n + j), whole, key=("entry", i * n + j))

    def _expectation(self, e: Expectation, env: Env) -> int:
        b = self.builder
        body, x, p = e.args
        total = b.constant(ar.ZERO)
        for k in range(SUPPORT):
            drawn = outcome_name(x.name, p.name, k)
            self.random[drawn] = x.name
            weight = b.input((weights_name(p.name), (k,)))
            total = b.add(total, b.multiply(weight, self.register(body, {**env, x: drawn})))
        return total

    def _opaque(self, e: Opaque, env: Env) -> int:
        head, order, *args = e.args
        name = getattr(head, "name", str(head))
        if len(args) > 1:
            self.several.add(name)
            if order != 0:
                raise NotSupported("SD615", f"a derivative of {name}, of several arguments", "")
        g = self.stand_ins.setdefault(name, StandIn.drawn(name, self.variant))
        k = int(order)
        return self.builder.step(partial(g, k), *(self.register(a, env) for a in args), key=(name, k))


_METHODS: dict[type, Any] = {
    Access: Instance._access,
    sp.Add: Instance._add,
    sp.Mul: Instance._mul,
    sp.Pow: Instance._pow,
    sp.Abs: Instance._branching,
    sp.sign: Instance._branching,
    sp.Max: Instance._branching,
    sp.Min: Instance._branching,
    sp.Heaviside: Instance._heaviside,
    sp.Piecewise: Instance._piecewise,
    sp.Sum: Instance._limits,
    sp.Product: Instance._limits,
    sp.KroneckerDelta: Instance._delta,
    Delta: Instance._delta,
    Indicator: Instance._indicator,
    Reduce: Instance._reduce,
    MatrixFunction: Instance._matrix,
    Expectation: Instance._expectation,
    Opaque: Instance._opaque,
    **dict.fromkeys(RELATIONS, Instance._relation),
    **dict.fromkeys(LOGIC, Instance._logic),
}
