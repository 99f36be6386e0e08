"""A judge of claims that shares no code with prover or refuter: mpmath, 200 digits, 50 points, its own evaluation.

It decides which mutants of a claim are unequal. It proves nothing: what agrees at all its points it cannot separate.
A difference counts from 150 digits on, and is computed again with twice the digits before it is believed.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import mpmath as mp
import sympy as sp

from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Delta, Expectation, Indicator, MatrixFunction, Opaque, Reduce

DIGITS, POINTS, AGREE = 200, 50, 150
OUTCOMES = 3
WEIGHTS = (mp.mpf(1) / 2, mp.mpf(1) / 3, mp.mpf(1) / 6)


class Undefined(Exception):
    """No real number stands there."""


class Outside(Exception):
    """An index leaves its array, or a size is no natural number."""


class Helpless(Exception):
    """The judge has no rule for this."""


@dataclass(frozen=True)
class Sentence:
    """What the judge says: ``unequal``, ``same`` (at all points) or ``helpless``, and how many points had values."""

    word: str
    points: int = 0
    reason: str = ""


# ---- functions, written down once more


def real(x: Any) -> Any:
    if isinstance(x, mp.mpc):
        if x.imag != 0:
            raise Undefined
        x = x.real
    if not mp.isfinite(x):
        raise Undefined
    return x


def _log(x: Any) -> Any:
    if x <= 0:
        raise Undefined
    return mp.log(x)


def _root(x: Any) -> Any:
    if x < 0:
        raise Undefined
    return mp.sqrt(x)


def _power(x: Any, y: Any) -> Any:
    if x == 0 and y <= 0:
        if y == 0:
            return mp.mpf(1)
        raise Undefined
    if y == mp.floor(y) and abs(y) < 10**6:
        return x ** int(y)
    if x < 0:
        raise Undefined
    return mp.power(x, y)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _leaky(x: Any, a: Any) -> Any:
    return x if x > 0 else a * x


def _within(low: int, high: int, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def checked(x: Any) -> Any:
        if not low <= x <= high:
            raise Undefined
        return f(x)

    return checked


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": mp.exp, "log": _log, "Abs": abs, "sign": mp.sign, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan,
    "asin": _within(-1, 1, mp.asin), "acos": _within(-1, 1, mp.acos), "atan": mp.atan, "sinh": mp.sinh,
    "cosh": mp.cosh, "tanh": mp.tanh, "asinh": mp.asinh, "atanh": _within(-1, 1, mp.atanh), "floor": mp.floor,
    "ceiling": mp.ceil, "Max": max, "Min": min, "erf": mp.erf, "erfc": mp.erfc, "gamma": mp.gamma,
    "loggamma": mp.loggamma, "polygamma": lambda n, x: mp.polygamma(int(n), x),
    "log1p": lambda x: _log(1 + x), "expm1": lambda x: mp.exp(x) - 1, "square": lambda x: x * x,
    "log2": lambda x: _log(x) / mp.log(2), "log10": lambda x: _log(x) / mp.log(10),
    "logit": lambda p: _log(p / (1 - p)), "log_cosh": lambda x: mp.log(mp.cosh(x)),
    "logaddexp": lambda x, b: mp.log(mp.exp(x) + mp.exp(b)), "normal_pdf": mp.npdf, "normal_cdf": mp.ncdf,
    "identity": lambda x: x, "sigmoid": _sigmoid, "log_sigmoid": lambda x: mp.log(_sigmoid(x)),
    "hard_sigmoid": lambda x: max(mp.mpf(0), min(mp.mpf(1), x / 6 + mp.mpf(1) / 2)),
    "hard_tanh": lambda x: max(mp.mpf(-1), min(mp.mpf(1), x)), "tanhshrink": lambda x: x - mp.tanh(x),
    "relu": lambda x: x if x > 0 else mp.mpf(0), "relu6": lambda x: min(mp.mpf(6), max(mp.mpf(0), x)),
    "leaky_relu": _leaky, "prelu": _leaky, "elu": lambda x, a: x if x > 0 else a * (mp.exp(x) - 1),
    "celu": lambda x, a: x if x > 0 else a * (mp.exp(x / a) - 1), "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: x * mp.ncdf(x), "swish": lambda x, b: x * _sigmoid(b * x),
    "softplus": lambda x: mp.log(1 + mp.exp(x)), "softsign": lambda x: x / (1 + abs(x)),
    "mish": lambda x: x * mp.tanh(mp.log(1 + mp.exp(x))), "gaussian": lambda x: mp.exp(-x * x),
    "squared_relu": lambda x: x * x if x > 0 else mp.mpf(0),
    "hard_swish": lambda x: x * min(mp.mpf(6), max(mp.mpf(0), x + 3)) / 6,
}  # fmt: skip

RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "StrictLessThan": lambda a, b: a < b, "LessThan": lambda a, b: a <= b, "StrictGreaterThan": lambda a, b: a > b,
    "GreaterThan": lambda a, b: a >= b, "Equality": lambda a, b: a == b, "Unequality": lambda a, b: a != b,
}  # fmt: skip


def unknown(name: str, order: int, u: Any, positive: bool) -> Any:
    """A smooth function that stands for an unknown one, and its derivatives."""
    k = sum(ord(c) * (n + 2) for n, c in enumerate(name)) % 7 + 3
    a, b = mp.mpf(k) / 4, mp.mpf(2 * k + 1) / 9
    base = (mp.mpf(5) / 2 if positive else mp.mpf(-1) / 3) if order == 0 else mp.mpf(0)
    return base + a**order * mp.sin(a * u + b + order * mp.pi / 2) + mp.exp(u / 5) / mp.mpf(5) ** order


# ---- one point


@dataclass
class Point:
    """A claim at concrete sizes and values.

    Attributes:
        sizes: name of a size or position -> integer.
        draw: gives the element of an array when it is first read.
        shapes: array -> sizes.
        positive: whether unknown functions are positive.
    """

    sizes: Mapping[str, int]
    draw: Callable[[str, tuple[int, ...]], Any]
    shapes: Mapping[str, tuple[int, ...]]
    positive: bool
    memo: dict[Any, Any] = field(default_factory=dict)
    letters: dict[sp.Basic, frozenset[sp.Basic]] = field(default_factory=dict)

    def value(self, e: sp.Basic, env: Mapping[sp.Basic, Any]) -> Any:
        """The number an expression stands for."""
        key = (e, tuple((s, env[s]) for s in env if s in self._free(e)))
        if key not in self.memo:
            self.memo[key] = self._value(e, env)
        return self.memo[key]

    def _free(self, e: sp.Basic) -> frozenset[sp.Basic]:
        if e not in self.letters:
            self.letters[e] = frozenset(e.free_symbols) | frozenset(
                s for a in e.free_symbols if isinstance(a, Axis) for s in a.size.free_symbols
            )
        return self.letters[e]

    def whole(self, e: sp.Basic, env: Mapping[sp.Basic, Any]) -> int:
        x = self.value(e, env)
        if x != mp.floor(x):
            raise Outside
        return int(x)

    def _value(self, e: sp.Basic, env: Mapping[sp.Basic, Any]) -> Any:
        if isinstance(e, sp.Rational):
            return mp.mpf(int(e.p)) / int(e.q)
        if e in (sp.pi, sp.E):
            return +mp.pi if e is sp.pi else +mp.e
        if isinstance(e, sp.Symbol):
            return self._symbol(e, env)
        rule = RULES.get(type(e).__name__)
        if rule is not None:
            return real(rule(self, e, env))
        f = FUNCTIONS.get(type(e).__name__)
        if f is not None:
            try:
                return real(f(*(self.value(a, env) for a in e.args)))
            except (ZeroDivisionError, ValueError, OverflowError):
                raise Undefined from None
        if type(e).__name__ in RELATIONS:
            return RELATIONS[type(e).__name__](*(self.value(a, env) for a in e.args))
        if e in (sp.true, sp.false):
            return bool(e)
        if e in (sp.oo, -sp.oo, sp.zoo, sp.nan):
            raise Undefined
        for other in (_written_out(e), e.doit(deep=False) if isinstance(e, sp.Derivative | sp.Subs) else e):
            if other != e:
                return self.value(other, env)
        raise Helpless(type(e).__name__)

    def _symbol(self, e: sp.Symbol, env: Mapping[sp.Basic, Any]) -> Any:
        bound = env.get(e)
        if isinstance(bound, tuple):  # a random variable
            return self.element(bound, ())
        if bound is not None:
            return mp.mpf(bound)
        if isinstance(e, Axis):
            raise Helpless(f"the index {e} is free")
        return mp.mpf(self.sizes[e.name]) if e.name in self.sizes else self.element(e.name, ())

    def element(self, name: Any, at: tuple[int, ...]) -> Any:
        base = name[0] if isinstance(name, tuple) else name
        shape = self.shapes.get(base, ())
        if shape and not at and all(n == 1 for n in shape):
            at = (0,) * len(shape)
        if any(i < 0 for i in at) or any(i >= n for i, n in zip(at, shape, strict=False)):
            raise Outside
        return self.draw(name, at)

    def ranges(self, axes: tuple[Axis, ...], env: Mapping[sp.Basic, Any]) -> Iterator[Mapping[sp.Basic, Any]]:
        if not axes:
            yield env
            return
        first = next((a for a in axes if not set(self._free(a.size)) & set(axes)), axes[0])
        for k in range(self.whole(first.size, env)):
            yield from self.ranges(tuple(a for a in axes if a != first), {**env, first: k})


def _written_out(e: sp.Basic) -> sp.Basic:
    """Rows that are met rarely, by the definition the row states."""
    rewritten = getattr(e, "rewrite", None)
    return rewritten("definition") if rewritten is not None else e


def _mul(p: Point, e: sp.Mul, env: Any) -> Any:
    guards = [a for a in e.args if isinstance(a, Delta | Indicator)]
    if any(p.value(g, env) == 0 for g in guards):
        return mp.mpf(0)
    return mp.fprod(p.value(a, env) for a in e.args)


def _pow(p: Point, e: sp.Pow, env: Any) -> Any:
    try:
        if e.base is sp.E:
            return mp.exp(p.value(e.exp, env))
        if e.exp == sp.Rational(1, 2):
            return _root(p.value(e.base, env))
        return _power(p.value(e.base, env), p.value(e.exp, env))
    except (ZeroDivisionError, ValueError, OverflowError):
        raise Undefined from None


def _reduce(p: Point, e: Reduce, env: Any) -> Any:
    terms = [p.value(e.body, inner) for inner in p.ranges(e.bound, env)]
    if e.op in ("sum", "prod"):
        return mp.fsum(terms) if e.op == "sum" else mp.fprod(terms)
    if not terms:
        raise Undefined
    return (max if e.op == "max" else min)(terms)


def _limits(p: Point, e: Any, env: Any) -> Any:
    *inner, (k, low, high) = e.limits
    body = e.func(e.function, *inner) if inner else e.function
    terms = [p.value(body, {**env, k: i}) for i in range(p.whole(low, env), p.whole(high, env) + 1)]
    return mp.fsum(terms) if isinstance(e, sp.Sum) else mp.fprod(terms)


def _piecewise(p: Point, e: sp.Piecewise, env: Any) -> Any:
    for value, condition in e.args:
        if p.value(condition, env):
            return p.value(value, env)
    raise Undefined


def _step(x: Any, at_zero: Callable[[], Any]) -> Any:
    return at_zero() if x == 0 else mp.mpf(x > 0)


def _access(p: Point, e: Access, env: Any) -> Any:
    name = env.get(e.tensor, e.tensor.name)
    return p.element(name, tuple(p.whole(i, env) for i in e.indices))


def _opaque(p: Point, e: Opaque, env: Any) -> Any:
    name, order, *args = e.args
    values = [p.value(a, env) for a in args]
    u = mp.fsum((k + 1) * v for k, v in enumerate(values))
    if len(values) > 1:
        if order != 0:
            raise Helpless("a derivative of an unknown function of several arguments")
        u += mp.fprod(values) / 3
    return unknown(getattr(name, "name", str(name)), int(order), u, p.positive)


def _expectation(p: Point, e: Expectation, env: Any) -> Any:
    body, x, law = e.args
    return mp.fsum(w * p.value(body, {**env, x: (x.name, law.name, k)}) for k, w in enumerate(WEIGHTS))


def _matrix(p: Point, e: MatrixFunction, env: Any) -> Any:
    row, column = e.bound
    n, m = p.whole(row.size, env), p.whole(column.size, env)
    if n != m:
        raise Outside
    a = mp.matrix([[p.value(e.body, {**env, row: i, column: j}) for j in range(n)] for i in range(n)])
    if e.op in ("det", "logdet"):
        return mp.det(a) if e.op == "det" else _log(mp.det(a))
    at = [p.whole(i, env) for i in e.indices[:2]]
    if e.op == "inv":
        if mp.det(a) == 0:
            raise Undefined
        return (a**-1)[at[0], at[1]]
    if e.op == "power":
        if any(a[i, j] != 0 for i in range(n) for j in range(n) if i != j):
            raise Helpless("a power of a full matrix")
        return _power(a[at[0], at[0]], p.value(e.indices[2], env)) if at[0] == at[1] else mp.mpf(0)
    raise Helpless(e.op)


RULES: dict[str, Callable[[Point, Any, Any], Any]] = {
    "Add": lambda p, e, env: mp.fsum(p.value(a, env) for a in e.args),
    "Mul": _mul,
    "Pow": _pow,
    "Reduce": _reduce,
    "Sum": _limits,
    "Product": _limits,
    "Piecewise": _piecewise,
    "Access": _access,
    "Delta": lambda p, e, env: mp.mpf(p.value(e.args[0], env) == p.value(e.args[1], env)),
    "Indicator": lambda p, e, env: mp.mpf(bool(p.value(e.args[0], env))),
    "Opaque": _opaque,
    "Expectation": _expectation,
    "MatrixFunction": _matrix,
    "Heaviside": lambda p, e, env: _step(p.value(e.args[0], env), lambda: p.value(e.args[1], env)),
    "And": lambda p, e, env: all(p.value(a, env) for a in e.args),
    "Or": lambda p, e, env: any(p.value(a, env) for a in e.args),
    "Not": lambda p, e, env: not p.value(e.args[0], env),
}


# ---- points of a claim


class Draws:
    """Values of a claim's names, drawn element by element, kept for the point."""

    def __init__(self, claim: Equation, shapes: Mapping[str, tuple[int, ...]], rng: random.Random, mode: int) -> None:
        self.claim, self.shapes, self.rng, self.mode = claim, shapes, rng, mode
        self.kept: dict[Any, Any] = {}
        self.assumed = {s.name: s for s in claim.symbols}
        self.equalities = [a for a in claim.assumptions if isinstance(a, sp.Equality)]
        self.special = {s.name for a in self.equalities for s in a.free_symbols} if mode % 3 else set()

    def __call__(self, name: Any, at: tuple[int, ...]) -> Any:
        base = name[0] if isinstance(name, tuple) else name
        key = (name, at) if isinstance(name, str) else (("law", *name[1:]), at)
        if key not in self.kept:
            shape = self.shapes.get(base, ())
            sums_to_one = self._kind(base) == "probability" or (base in self.special and self.mode % 3 == 1)
            if sums_to_one and at and shape and at[-1] < shape[-1]:
                self._row(name, base, at[:-1], shape[-1])
            elif base in self.special:
                self.kept[key] = mp.mpf(self.rng.randint(0, 1))
            else:
                self.kept[key] = self._number(base)
        return self.kept[key]

    def _row(self, name: Any, base: str, before: tuple[int, ...], n: int) -> None:
        row = [mp.mpf(self.rng.randint(1, 97)) for _ in range(n)]
        for k in range(n):
            self.kept[(name, (*before, k))] = row[k] / sum(row)

    def _kind(self, name: str) -> str:
        return self.claim.kinds.get(name, "")

    def _number(self, name: str) -> Any:
        rng, symbol = self.rng, self.assumed.get(name)
        kind = self._kind(name)
        if kind == "binary":
            return mp.mpf(rng.randint(0, 1))
        if kind == "unit":
            return mp.mpf(rng.randint(1, 996)) / 997
        scale = rng.choice((1, 1, 1, 4, 12)) if self.mode % 2 else 1
        x = mp.mpf(rng.randint(1, 3989)) / 1009 * scale
        if kind in ("size", "integer") or (symbol is not None and symbol.is_integer):
            x = mp.mpf(rng.randint(1, 7))
        sure = kind in ("positive", "nonnegative", "size", "diagonal", "probability") or (
            symbol is not None and symbol.is_nonnegative
        )
        return x if sure or rng.random() < 0.5 else -x


def _places(claim: Equation) -> list[str]:
    """Names that stand in sizes or positions."""
    found: set[sp.Basic] = set()
    stack: list[sp.Basic] = [claim.left, claim.right, *claim.axes, *claim.assumptions]
    names = {s.name for s in claim.symbols}
    stack += [sp.sympify(s) for n, shape in claim.shapes.items() if n in names for s in shape]
    sized: set[sp.Basic] = set().union(
        *(sp.sympify(s).free_symbols for n, sh in claim.shapes.items() if n in names for s in sh), set()
    )
    seen: set[sp.Basic] = set()
    while stack:
        e = stack.pop()
        if e in seen:
            continue
        seen.add(e)
        stack += e.args
        if isinstance(e, Axis):
            found |= e.size.free_symbols
            stack.append(e.size)
        elif isinstance(e, Access):
            found |= set().union(*(i.free_symbols for i in e.indices), set())
        elif isinstance(e, Delta | MatrixFunction):
            found |= set().union(
                *(i.free_symbols for i in (e.indices if isinstance(e, MatrixFunction) else e.args)), set()
            )
        elif isinstance(e, sp.Sum | sp.Product):
            found |= set().union(*(x.free_symbols for _, *rest in e.limits for x in rest), set())
        for bound in getattr(e, "bound", ()):
            stack.append(bound)
    bound_names = {str(k) for e in seen if isinstance(e, sp.Sum | sp.Product) for k, *_ in e.limits}
    return sorted({s.name for s in found | sized if not isinstance(s, Axis)} - bound_names)


def _sizes(names: list[str], sized: frozenset[str], rng: random.Random) -> Iterator[dict[str, int]]:
    """Sizes to be tried: pairwise distinct small ones, then whatever fits."""
    n = len(names)
    yield {x: 2 + k % 3 for k, x in enumerate(names)}
    yield {x: 3 - k % 3 for k, x in enumerate(names)}
    yield {x: 4 + k % 3 if x in sized else k % 2 for k, x in enumerate(names)}
    yield {x: 5 - k % 2 if x in sized else 0 for k, x in enumerate(names)}
    for k in range(60):
        top = 4 if k < 40 else 7
        yield {x: rng.randint(1 if k % 2 else 0, top) for x in names} if n else {}
        if not n:
            return


def _grounds(claim: Equation, rng: random.Random) -> Iterator[tuple[dict[str, int], dict[str, tuple[int, ...]]]]:
    names = _places(claim)
    symbols = {s.name: s for s in claim.symbols}
    sized = frozenset(
        s.name for n, sh in claim.shapes.items() if n in symbols for x in sh for s in sp.sympify(x).free_symbols
    )
    for sizes in _sizes(names, sized, rng):
        if any(
            v < 1 for x, v in sizes.items() if claim.kinds.get(x) == "size" or (x in symbols and symbols[x].is_positive)
        ):
            continue
        bare = Point(sizes, lambda n, at: mp.mpf(1), {}, True)
        try:
            shapes = {
                n: tuple(bare.whole(sp.sympify(s), {}) for s in shape)
                for n, shape in claim.shapes.items()
                if n in symbols and all(s.name in sizes for x in shape for s in sp.sympify(x).free_symbols)
            }
        except (Outside, Undefined):
            continue
        if all(k >= 1 for shape in shapes.values() for k in shape):
            yield sizes, shapes


HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def differs(relation: str, a: Any, b: Any) -> bool:
    """Whether the relation fails by more than the digits explain."""
    apart = abs(a - b) > mp.mpf(10) ** -AGREE * max(1, abs(a), abs(b))
    if relation == "=":
        return apart
    if relation == "!=":
        return not apart
    if relation in ("<", ">") and not apart:
        return a == b
    return apart and not HOLDS[relation](a, b)


def _admitted(claim: Equation, p: Point) -> bool:
    for c in claim.assumptions:
        axes = tuple(a for a in c.free_symbols if isinstance(a, Axis))
        for env in p.ranges(axes, {}):
            if isinstance(c, sp.Equality):
                a, b = (p.value(x, env) for x in c.args)
                if abs(a - b) > mp.mpf(10) ** -AGREE:
                    return False
            elif not p.value(c, env):
                return False
    return True


def _look(claim: Equation, p: Point) -> tuple[bool, bool]:
    """Whether the claim fails at some entry of a point, and whether both sides have a value at one."""
    some = False
    for env in p.ranges(claim.axes, {}):
        try:
            a, b = p.value(claim.left, env), p.value(claim.right, env)
        except (Undefined, Outside):
            continue
        some = True
        if differs(claim.relation, a, b):
            return True, True
    return False, some


def sentence(claim: Equation, seed: int = 0, points: int = POINTS) -> Sentence:
    """Judges a claim.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> sentence(Equation(sp.sin(x) ** 2, 1 - sp.cos(x) ** 2)).word
        'same'
        >>> sentence(Equation(sp.sqrt(x**2), x)).word
        'unequal'
    """
    rng = random.Random(f"second judge {seed}")
    finite, missed, used = 0, 0, 0
    try:
        with mp.workdps(DIGITS):
            grounds = list(itertools.islice(_grounds(claim, rng), 12))
            if not grounds:
                return Sentence("helpless", 0, "no sizes fit")
            for k in itertools.count():
                if finite >= points or missed > 6 * points or (missed > 60 and not finite):
                    break
                # sizes change only after the first points: arrays of the first choice are the most telling
                sizes, shapes = grounds[(k // 3) % len(grounds)]
                state = rng.getstate()
                failed, some = _at(claim, sizes, shapes, random.Random(f"{seed} {k}"), k)
                rng.setstate(state)
                if failed:
                    with mp.workdps(2 * DIGITS):
                        if _at(claim, sizes, shapes, random.Random(f"{seed} {k}"), k)[0]:
                            return Sentence("unequal", finite)
                finite, missed, used = finite + some, missed + (not some), used + 1
    except Helpless as e:
        return Sentence("helpless", finite, str(e))
    except (RecursionError, NotImplementedError) as e:
        return Sentence("helpless", finite, type(e).__name__)
    if not finite:
        return Sentence("helpless", 0, "no point with two values")
    return Sentence("same", finite)


def _at(
    claim: Equation, sizes: dict[str, int], shapes: dict[str, tuple[int, ...]], rng: random.Random, k: int
) -> tuple[bool, bool]:
    p = Point(sizes, Draws(claim, shapes, rng, k), shapes, k % 2 == 1)
    try:
        if not _admitted(claim, p):
            return False, False
        return _look(claim, p)
    except (Undefined, Outside):
        return False, False


assert math.isclose(float(sum(WEIGHTS)), 1.0)
