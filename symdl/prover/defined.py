"""Whether there is a point at which both sides of a claim are defined: an equality nobody can test says nothing.

Points are drawn from the declared kinds with a fixed seed; both sides are enclosed in balls there. A finite ball
means defined. Equations among the assumptions are not looked at: no random point would fulfil them.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq

from symdl.prover.domain import Facts
from symdl.prover.signals import Clock
from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Delta, Expectation, Indicator, MatrixFunction, Opaque, Reduce

_POINTS = 60
_MOST = 4000  # terms of one evaluation
_RELATIONS: dict[type, Callable[[Any, Any], bool]] = {
    sp.StrictGreaterThan: operator.gt,
    sp.GreaterThan: operator.ge,
    sp.StrictLessThan: operator.lt,
    sp.LessThan: operator.le,
    sp.Equality: operator.eq,
    sp.Unequality: operator.ne,
}


class _Fails(Exception):
    """Undefined at this point, or not to be evaluated at all."""


def somewhere(claim: Equation, clock: Clock) -> bool:
    """Whether a point was found at which both sides are defined and the inequalities assumed hold."""
    facts = Facts.of(claim)
    rng = random.Random(0)
    for n in range(_POINTS):
        clock.check()
        with ctx.workprec(128):
            if _Point(claim, facts, rng, 1 + n % 3).fine():
                return True
    return False


class _Point:
    """One point: values are drawn as they are asked for."""

    def __init__(self, claim: Equation, facts: Facts, rng: random.Random, size: int) -> None:
        self.claim, self.facts, self.rng, self.size = claim, facts, rng, size
        self.structural = {s.name for shape in claim.shapes.values() for d in shape for s in sp.sympify(d).free_symbols}
        self.values: dict[Any, fmpq] = {}
        self.steps = 0

    def fine(self) -> bool:
        """Whether both sides are defined here, at one element of the free axes."""
        try:
            env: dict[sp.Basic, Any] = {}
            for axis in self.claim.axes:
                env[axis] = fmpq(self.rng.randrange(max(self.integer(axis.size, env), 1)))
            for condition in self.claim.assumptions:
                if not condition.has(sp.Eq) and not self._assumed(condition, env):
                    return False
            return all(self.value(side, env).is_finite() for side in (self.claim.left, self.claim.right))
        except (_Fails, ZeroDivisionError, ValueError, OverflowError, TypeError):
            return False

    def _assumed(self, condition: sp.Basic, env: dict[sp.Basic, Any]) -> bool:
        free = [a for a in condition.free_symbols if isinstance(a, Axis) and a not in env]
        return self.holds(condition, {**env, **{a: fmpq(0) for a in free}})

    def integer(self, e: sp.Expr, env: dict[sp.Basic, Any]) -> int:
        """The value of a size."""
        value = self.value(e, env)
        n = value.unique_fmpz()
        if n is None or int(n) > 50:
            raise _Fails
        return int(n)

    def drawn(self, name: str, at: tuple[int, ...]) -> Any:
        """A value for a name or an element."""
        key = (name, at)
        if key not in self.values:
            known = self.facts.name(name)
            if known.kind == "size" or name in self.structural or (known.integer and known.signs == {1}):
                self.values[key] = fmpq(self.size + self.rng.randrange(2))
            elif known.kind == "binary":
                self.values[key] = fmpq(self.rng.randrange(2))
            elif known.integer:
                self.values[key] = fmpq(self.rng.randrange(0 if -1 not in known.signs else -4, 5))
            else:
                self.values[key] = self._real(known.kind in ("unit", "probability"), known.signs)
        return arb(self.values[key])

    def _real(self, unit: bool, signs: frozenset[int]) -> fmpq:
        scale = self.rng.choice((1, 1, 4, 20))
        value = fmpq(self.rng.randrange(1, 1000), 1000 if unit else 1000 // scale)
        return -value if 1 not in signs or (-1 in signs and self.rng.random() < 0.4) else value

    def value(self, e: sp.Basic, env: dict[sp.Basic, Any]) -> Any:
        """A ball around the value."""
        self.steps += 1
        if self.steps > _MOST:
            raise _Fails
        if e in env:
            return arb(env[e])
        if isinstance(e, sp.Rational):
            return arb(fmpq(int(e.p), int(e.q)))
        for kind, method in _METHODS:
            if isinstance(e, kind):
                return method(self, e, env)
        name = type(e).__name__
        if name in _UNARY:
            return getattr(self.value(e.args[0], env), _UNARY[name])()
        raise _Fails

    def holds(self, c: sp.Basic, env: dict[sp.Basic, Any]) -> bool:
        """Whether a condition certainly holds; raises if that is not clear."""
        if c in (sp.true, sp.false):
            return bool(c)
        if isinstance(c, sp.And):
            return all(self.holds(a, env) for a in c.args)
        if isinstance(c, sp.Or):
            return any(self.holds(a, env) for a in c.args)
        if isinstance(c, sp.Not):
            return not self.holds(c.args[0], env)
        a, b = (self.value(x, env) for x in c.args)
        if a.overlaps(b) and not (a.is_exact() and b.is_exact()):
            raise _Fails
        return _RELATIONS[type(c)](a, b)

    # ---- nodes

    def _symbol(self, e: sp.Symbol, env: dict[sp.Basic, Any]) -> Any:
        return self.drawn(e.name, ())

    def _access(self, e: Access, env: dict[sp.Basic, Any]) -> Any:
        return self.drawn(e.tensor.name, tuple(self.integer(i, env) for i in e.indices))

    def _add(self, e: sp.Add, env: dict[sp.Basic, Any]) -> Any:
        return sum((self.value(a, env) for a in e.args), arb(0))

    def _mul(self, e: sp.Mul, env: dict[sp.Basic, Any]) -> Any:
        out = arb(1)
        for a in sorted(e.args, key=lambda a: not isinstance(a, Delta | Indicator)):
            out *= self.value(a, env)
            if out == 0 and isinstance(a, Delta | Indicator):
                return out
        return out

    def _pow(self, e: sp.Pow, env: dict[sp.Basic, Any]) -> Any:
        base, exponent = self.value(e.args[0], env), self.value(e.args[1], env)
        n = exponent.unique_fmpz() if exponent.is_exact() and exponent.is_integer() else None
        if n is not None:
            return base ** int(n) if n >= 0 else 1 / base ** int(-n)
        if base == 0 and exponent > 0:
            return arb(0)
        return base**exponent if base > 0 else arb("nan")

    def _piecewise(self, e: sp.Piecewise, env: dict[sp.Basic, Any]) -> Any:
        for value, condition in e.args:
            if self.holds(condition, env):
                return self.value(value, env)
        raise _Fails

    def _extreme(self, e: sp.Expr, env: dict[sp.Basic, Any]) -> Any:
        first, *rest = (self.value(a, env) for a in e.args)
        for b in rest:
            first = first.max(b) if isinstance(e, sp.Max) else first.min(b)
        return first

    def _sign(self, e: sp.Expr, env: dict[sp.Basic, Any]) -> Any:
        return self.value(e.args[0], env).sgn()

    def _indicator(self, e: Indicator, env: dict[sp.Basic, Any]) -> Any:
        return arb(int(self.holds(e.args[0], env)))

    def _delta(self, e: Delta, env: dict[sp.Basic, Any]) -> Any:
        return arb(int(self.integer(e.args[0], env) == self.integer(e.args[1], env)))

    def _assignments(self, axes: tuple[Axis, ...], env: dict[sp.Basic, Any]) -> Iterator[dict[sp.Basic, Any]]:
        sizes = [range(self.integer(a.size, env)) for a in axes]
        for values in product(*sizes):
            yield {**env, **{a: fmpq(v) for a, v in zip(axes, values, strict=True)}}

    def _reduce(self, e: Reduce, env: dict[sp.Basic, Any]) -> Any:
        parts = [self.value(e.body, inner) for inner in self._assignments(e.bound, env)]
        if not parts and e.op in ("max", "min"):
            raise _Fails
        out = parts[0] if parts else arb(int(e.op == "prod"))
        for b in parts[1:]:
            out = {"sum": operator.add, "prod": operator.mul, "max": arb.max, "min": arb.min}[e.op](out, b)
        return out

    def _limits(self, e: sp.Sum | sp.Product, env: dict[sp.Basic, Any]) -> Any:
        *inner, (letter, low, high) = e.limits
        body = e.func(e.function, *inner) if inner else e.function
        out = arb(int(isinstance(e, sp.Product)))
        for n in range(self.integer(low, env), self.integer(high, env) + 1):
            b = self.value(body, {**env, letter: fmpq(n)})
            out = out * b if isinstance(e, sp.Product) else out + b
        return out

    def _expectation(self, e: Expectation, env: dict[sp.Basic, Any]) -> Any:
        return self.value(e.args[0], env)

    def _opaque(self, e: Opaque, env: dict[sp.Basic, Any]) -> Any:
        """Some smooth function: what matters is that it is defined wherever its arguments are."""
        return sum((self.value(a, env).sin() for a in e.args[2:]), arb(fmpq(3, 2)))

    def _matrix(self, e: MatrixFunction, env: dict[sp.Basic, Any]) -> Any:
        """A matrix of random numbers has an inverse; here it only matters that its elements are defined."""
        for inner in self._assignments(e.bound, env):
            if not self.value(e.body, inner).is_finite():
                raise _Fails
        return arb(fmpq(3, 2))

    def _constant(self, e: sp.Expr, env: dict[sp.Basic, Any]) -> Any:
        return arb.pi() if e == sp.pi else arb(1).exp() if e == sp.E else arb.const_euler()


_METHODS: tuple[tuple[Any, Callable[[_Point, Any, dict[sp.Basic, Any]], Any]], ...] = (
    (sp.NumberSymbol, _Point._constant),
    (sp.Symbol, _Point._symbol),
    (Access, _Point._access),
    (sp.Add, _Point._add),
    (sp.Mul, _Point._mul),
    (sp.Pow, _Point._pow),
    (sp.Piecewise, _Point._piecewise),
    ((sp.Max, sp.Min), _Point._extreme),
    (sp.sign, _Point._sign),
    (sp.Heaviside, lambda p, e, env: (p.value(e.args[0], env).sgn() + 1) / 2),
    (Indicator, _Point._indicator),
    ((Delta, sp.KroneckerDelta), _Point._delta),
    (Reduce, _Point._reduce),
    ((sp.Sum, sp.Product), _Point._limits),
    (Expectation, _Point._expectation),
    (Opaque, _Point._opaque),
    (MatrixFunction, _Point._matrix),
)
_UNARY = {
    **dict.fromkeys(("exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "asin", "acos", "atan"), ""),
    **dict.fromkeys(("asinh", "acosh", "atanh", "coth", "sech", "csch", "cot", "sec", "csc", "gamma", "digamma"), ""),
    **dict.fromkeys(("erf", "erfc", "floor"), ""),
}
_UNARY = {name: name for name in _UNARY} | {"Abs": "__abs__", "ceiling": "ceil", "loggamma": "lgamma"}
