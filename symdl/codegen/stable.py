"""Accurate forms at emission: the user's formula stays as it is, the code is the same function, written better.

Three steps, each an identity over the reals: `fold` finds functions of the table in what is written out
(``log(1 + exp(u))`` is softplus), `prepared` gives every function the derivative and the tie convention of its
row, and `symdl.functions.stable` writes the rows out in their accurate forms. `Shift` names the softmax weights
and the log-sum-exp of every sum of exponentials, so that none of them overflows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, reduce
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from symdl.functions import ELEMENTWISE, Elementwise, RowFunction
from symdl.terms.indexed import Access, Axis, Reduce

SIGMOID, SOFTPLUS, LOG_SIGMOID = (ELEMENTWISE[n] for n in ("sigmoid", "softplus", "log_sigmoid"))
_FOLDABLE = tuple(r for r in ELEMENTWISE.values() if r.sympy is None and r.stable is not None and r.name != "prelu")


def fold(expr: sp.Expr) -> sp.Expr:
    """Returns ``expr`` with what is written out folded into functions of the table.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> fold(2 * sp.log(1 + sp.exp(x)) + 1 / (1 + sp.exp(-x)))
        sigmoid(x) + 2*softplus(x)
    """
    if not expr.args or isinstance(expr, (Access, sp.Symbol)):
        return expr
    args = [fold(a) if isinstance(a, sp.Expr) else a for a in expr.args]
    new = expr if all(a is b for a, b in zip(args, expr.args, strict=True)) else expr.func(*args)
    if isinstance(new, sp.log):
        return _fold_log(new)
    if isinstance(new, sp.Pow):
        return _fold_power(new)
    if isinstance(new, sp.Mul):
        return _fold_product(new)
    return _fold_sum(new) if isinstance(new, sp.Add) else new


def _one_plus_exp(e: sp.Expr) -> sp.Expr | None:
    """``u`` where ``e`` is ``1 + exp(u)``."""
    if isinstance(e, sp.Add) and len(e.args) == 2 and sp.S.One in e.args:
        (other,) = (a for a in e.args if a != 1)
        return other.exp if isinstance(other, sp.exp) else None
    return None


def _is_sigmoid(e: sp.Expr) -> bool:
    return isinstance(e, RowFunction) and e.row is SIGMOID


def _fold_log(e: sp.Expr) -> sp.Expr:
    inner = e.args[0]
    u = _one_plus_exp(inner)
    if u is not None:
        return SOFTPLUS(u)
    if _is_sigmoid(inner):
        return LOG_SIGMOID(inner.args[0])
    if isinstance(inner, sp.cosh):
        return ELEMENTWISE["log_cosh"](inner.args[0])
    if isinstance(inner, sp.Add) and sp.S.One in inner.args:
        return ELEMENTWISE["log1p"](inner - 1)
    return e


def _fold_power(e: sp.Expr) -> sp.Expr:
    u = _one_plus_exp(e.base)
    if u is not None and e.exp.is_Integer and e.exp.is_negative:
        return SIGMOID(-u) ** (-e.exp)
    return e


def _fold_product(e: sp.Expr) -> sp.Expr:
    """``exp(u) sigmoid(-u)`` is ``sigmoid(u)``; the quotient of odd and even exponentials is tanh."""
    factors = e.as_powers_dict()
    for f in [f for f in factors if _is_sigmoid(f)]:
        u = -f.args[0]
        if factors.get(f, 0).is_positive and e.has(sp.exp(u)):
            rest = e / (sp.exp(u) * f)
            if not rest.has(sp.exp(-u)):
                return _fold_product(rest * SIGMOID(u)) if isinstance(rest, sp.Mul) else rest * SIGMOID(u)
    for f in [f for f in factors if isinstance(f, sp.Add) and factors[f] == -1 and len(f.args) == 2]:
        if all(isinstance(a, sp.exp) for a in f.args) and sp.expand(f.args[0].exp + f.args[1].exp) == 0:
            u = max(f.args[0].exp, f.args[1].exp, key=lambda a: not a.could_extract_minus_sign())
            if (sp.exp(u) - sp.exp(-u)) in factors:
                return e * f / (sp.exp(u) - sp.exp(-u)) * sp.tanh(u)
    return e


def _fold_sum(e: sp.Expr) -> sp.Expr:
    """``c exp(u) - c`` is ``c expm1(u)``, ``1 - sigmoid(u)`` is ``sigmoid(-u)``, ``1 + erf(u)`` is ``erfc(-u)``."""
    if len(e.args) != 2:
        return e
    for constant, term in (e.args, e.args[::-1]):
        c, rest = term.as_coeff_Mul()
        if isinstance(rest, sp.exp) and c == -constant:
            return c * ELEMENTWISE["expm1"](rest.exp)
        if _is_sigmoid(rest) and c == -constant:
            return constant * SIGMOID(-rest.args[0])
        if isinstance(rest, sp.erf) and abs(c) == constant:
            return constant * ELEMENTWISE["erfc"](-rest.args[0] * sp.sign(c))
    return e


def recognised(expr: sp.Expr) -> sp.Expr | None:
    """Returns the row whose definition the whole expression is, applied; ``None`` if there is none.

    Only rows that have an accurate form of their own are tried.
    """
    free = sorted((s for s in expr.free_symbols if isinstance(s, sp.Symbol)), key=str)
    for row in _FOLDABLE:
        if row.definition == expr.xreplace({free[0]: row.symbols[0]} if len(free) == 1 else {}):
            return row(free[0])
        for order in _orders(row, free):
            if row.expand(*order) == expr:
                return row(*order)
    return None


def _orders(row: Elementwise, free: list[sp.Symbol]) -> list[tuple[sp.Symbol, ...]]:
    """Ways to give the symbols to the row: all of them, each once; the rest keeps its default."""
    if len(free) == 1 and all(p.default is not None for p in row.parameters):
        return [(free[0],)]
    if len(free) == 2 and len(row.symbols) == 2:
        return [(free[0], free[1]), (free[1], free[0])]
    return []


# ---- the conventions of the rows --------------------------------------------------------------------------


@cache
def _emitted(name: str) -> Elementwise:
    """The row as emission wants it: a class of its own, whose derivative is the accurate one."""
    row = ELEMENTWISE[name]
    return replace(row, derivative=row.stable_derivative or row.derivative, sympy=None)


_SYMPY: Mapping[type, str] = {
    sp.tanh: "tanh",
    sp.asinh: "arcsinh",
    sp.Abs: "abs",
    sp.sign: "sign",
    sp.floor: "floor",
    sp.ceiling: "ceil",
}


def prepared(expr: sp.Expr) -> sp.Expr:
    """Returns ``expr`` with every function replaced by one that differentiates as its row says."""

    def change(e: Any) -> sp.Expr:
        if isinstance(e, (sp.Max, sp.Min)):
            rest = [a for a in e.args if a != 0]
            if isinstance(e, sp.Max) and len(rest) == 1:  # relu has a convention of its own at 0
                return _emitted("relu")(rest[0])
            row = _emitted("maximum" if isinstance(e, sp.Max) else "minimum")
            numbers_last = sorted(e.args, key=lambda a: (a.is_number, sp.default_sort_key(a)))
            return reduce(lambda a, b: row(a, b), numbers_last)
        name = e.row.name if isinstance(e, RowFunction) else _SYMPY[type(e)]
        return _emitted(name)(*e.args)

    return expr.replace(lambda e: isinstance(e, (RowFunction, sp.Max, sp.Min, *_SYMPY)), change)


def step_of(e: sp.Piecewise) -> tuple[sp.Expr, str] | None:
    """The argument of a step from 0 to 1 at 0, and its value there; ``None`` if it is another case distinction."""
    if len(e.args) != 2 or e.args[0][0] != 1 or e.args[1] != (0, True):
        return None
    condition = e.args[0][1]
    if not isinstance(condition, (sp.Gt, sp.Ge)) or condition.rhs != 0:
        return None
    return condition.lhs, "1.0" if isinstance(condition, sp.Ge) else "0.0"


class KeepNan(sp.Function):
    """Its first argument, or nan where one of the others is: ``np.where(np.isnan(x), np.nan, value)``."""


def keeps_nan(expr: sp.Expr) -> sp.Expr:
    """Returns ``expr`` with case distinctions that do not lose nan.

    Every comparison with nan is false, so that nan gets the last value; where that does not depend on the argument
    itself, it must be told.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> keeps_nan(sp.Piecewise((1, x > 2), (0, True)))
        Piecewise((1, x > 2), (KeepNan(0, x), True))
    """

    def change(e: sp.Piecewise) -> sp.Piecewise:
        *branches, (last, otherwise) = e.args
        relations = [r for _, c in branches for r in sorted(c.atoms(Relational), key=sp.default_sort_key)]
        sides = dict.fromkeys(s for r in relations for s in r.args if not s.is_number)
        known = {s for s in sides if not s.free_symbols - last.free_symbols}
        hidden = [s for s in sides if s not in known and not all(isinstance(f, Axis) for f in s.free_symbols)]
        if otherwise != sp.true or step_of(e) or not hidden:
            return e
        return sp.Piecewise(*branches, (KeepNan(last, *hidden), True))

    return expr.replace(lambda e: isinstance(e, sp.Piecewise), change)


# ---- what no form mends -----------------------------------------------------------------------------------

_SQUARES = "squares overflow where elements exceed 1e154 in size"
_ROOTS = _SQUARES + ", and vanish where all are below 1e-154; the root is inf or 0 then"


def cautions(bodies: Iterable[sp.Expr]) -> list[str]:
    """Where code for these expressions is inaccurate, in words: what rows state, and roots of sums of squares."""
    found: dict[str, None] = {}
    for node in (n for body in bodies for n in sp.preorder_traversal(body)):
        if isinstance(node, RowFunction) and node.row.caution:
            found[node.row.caution] = None
        if isinstance(node, sp.Pow) and node.exp.is_Rational and node.exp.q == 2 and _squares(node.base):
            found[_ROOTS] = None
        if isinstance(node, sp.Mul) and _squares(node) and any(f.could_extract_minus_sign() for f in _exponents(node)):
            found[_SQUARES] = None
    return [text for text in found if text != _SQUARES or _ROOTS not in found]


def _exponents(e: sp.Mul) -> list[sp.Expr]:
    return [f.exp for f in e.args if isinstance(f, sp.Pow) and not isinstance(f.base, Reduce)]


def _squares(e: sp.Expr) -> bool:
    """Whether it is a sum of squares, perhaps times something."""
    factors = [f for f in sp.Mul.make_args(e) if isinstance(f, Reduce)]
    return bool(factors) and all(
        f.op in ("sum", "mean") and isinstance(f.body, sp.Pow) and f.body.exp == 2 for f in factors
    )


# ---- sums of exponentials ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Softmax:
    """The parts of one sum of exponentials ``sum_j m_j exp(b_j)``.

    Attributes:
        weight: name of the weights ``m_j exp(b_j) / sum``, an array over ``axes``.
        log: name of the logarithm of the sum, an array over all but the last axis.
        axes: the free axes, then the summed one.
        exponent: ``b`` at these axes.
        mask: ``m`` at these axes, nowhere negative; 1 if there is none.
    """

    weight: sp.Symbol
    log: sp.Symbol
    axes: tuple[Axis, ...]
    exponent: sp.Expr
    mask: sp.Expr = sp.S.One


class Shift:
    """Names the parts of every softmax in an expression.

    ``log(S)`` becomes a log-sum-exp and ``exp(b_i) / S`` a weight ``p_i``; both are computed with the largest
    ``b`` taken off, so that nothing overflows and nothing is divided by 0. ``parts`` holds what was named.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self.taken = set(taken)
        self.parts: dict[tuple[sp.Expr, sp.Expr], Softmax] = {}

    def __call__(self, expr: sp.Expr) -> sp.Expr:
        """Returns ``expr`` with the parts of a softmax replaced by accesses to their names."""
        inner = {r: self._inside(r) for r in outermost(expr, Reduce) if not is_exponential_sum(r)}
        expr = expr.xreplace({k: v for k, v in inner.items() if k != v})
        for s in sorted((r for r in outermost(expr, Reduce) if is_exponential_sum(r)), key=sp.default_sort_key):
            expr = self._named(expr, s)
        return expr

    def _inside(self, r: Reduce) -> sp.Expr:
        body, fresh = r.opened()
        new = self(body)
        return r if new == body else Reduce(r.op, new, *fresh.values())

    def _named(self, expr: sp.Expr, s: Reduce) -> sp.Expr:
        body, fresh = s.opened()
        (axis,) = fresh.values()
        mask, exponent = masked(body)
        free = _axes_in_order(exponent, axis)
        free += [a for a in _axes_in_order(mask, axis) if a not in free]
        total = sp.Dummy("S", positive=True)
        plain = expr.xreplace({s: total})
        plain = plain.replace(lambda e: isinstance(e, sp.log) and e.has(total), lambda e: sp.expand_log(e))
        known, part = self._part(exponent, mask, free, axis)
        log = Access(part.log, *free) if free else part.log

        def weight(at: Axis) -> tuple[sp.Expr, sp.Expr]:
            there = {axis: at}
            return sp.exp(exponent.xreplace(there)), Access(part.weight, *free, at) / mask.xreplace(there)

        out = _swapped(plain.xreplace({sp.log(total): log}), weight, total, axis.size)
        if out.has(total) or (mask != 1 and _divides(out, mask.func)):  # a sum of exponentials that is no softmax
            return expr
        self.parts[known] = part
        return out

    def _part(
        self, exponent: sp.Expr, mask: sp.Expr, free: list[Axis], axis: Axis
    ) -> tuple[tuple[sp.Expr, sp.Expr], Softmax]:
        """The parts of a sum, the same for sums that differ in the letters of their axes only."""
        names = {a: a.named(f"f{k}") for k, a in enumerate(free)} | {axis: axis.named("s")}
        key = exponent.xreplace(names), mask.xreplace(names)
        if key in self.parts:
            return key, self.parts[key]
        axes = (*(names[a] for a in free), names[axis])
        weight, log = (sp.Symbol(fresh_name(n, self.taken), real=True) for n in ("p", "lse"))
        return key, Softmax(weight, log, axes, *key)


def _divides(expr: sp.Expr, mask: type) -> bool:
    """Whether something is divided by a mask: then its zeros were not all taken up by the weights."""
    return any(p.exp.could_extract_minus_sign() and p.base.has(mask) for p in expr.atoms(sp.Pow))


def _swapped(
    expr: sp.Expr, weight: Callable[[Axis], tuple[sp.Expr, sp.Expr]], total: sp.Symbol, size: sp.Expr
) -> sp.Expr:
    """Puts ``weight * total`` for every exponential, also under sums, out of which the total is taken."""
    under = {}
    for r in outermost(expr, Reduce):
        body, fresh = r.opened()
        new = _swapped(body, weight, total, size)
        if new == body or r.op != "sum":
            continue
        terms = [t / total for t in sp.Add.make_args(new)]
        if not any(t.has(total) for t in terms):
            under[r] = total * Reduce("sum", sp.Add(*terms), *fresh.values())
    expr = expr.xreplace(under)
    pairs = [weight(a) for a in sorted(expr.atoms(Axis), key=str) if a.size == size]
    return expr.xreplace({e: p * total for e, p in pairs})


def masked(body: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Splits ``m exp(b)`` into ``m`` and ``b``."""
    exponential = next(f for f in sp.Mul.make_args(body) if isinstance(f, sp.exp))
    return body / exponential, exponential.exp


def is_exponential_sum(r: Reduce) -> bool:
    """Whether it is ``sum_j m_j exp(b_j)`` over one axis; ``m`` is 1 or elements of an array without negative ones."""
    factors = sp.Mul.make_args(r.body)
    exponentials = [f for f in factors if isinstance(f, sp.exp)]
    masks = [f for f in factors if not isinstance(f, sp.exp)]
    plain = not masks or (len(masks) == 1 and isinstance(masks[0], Access) and bool(masks[0].is_nonnegative))
    return r.op == "sum" and len(r.bound) == 1 and len(exponentials) == 1 and plain


def outermost(expr: sp.Basic, kind: type) -> list[Any]:
    """The nodes of a kind that stand in no other of that kind, in order."""
    if isinstance(expr, kind):
        return [expr]
    return list(dict.fromkeys(n for a in expr.args for n in outermost(a, kind)))


def fresh_name(wanted: str, taken: set[str]) -> str:
    """Returns ``wanted`` or ``wanted`` with a number, and takes it."""
    k, name = 1, wanted
    while name in taken:
        k, name = k + 1, f"{wanted}{k + 1}"
    taken.add(name)
    return name


def _axes_in_order(body: sp.Expr, last: Axis) -> list[Axis]:
    """Free axes of ``body`` but the last, in the order in which they are used."""
    free = body.free_symbols
    found = {
        i: None for t in sp.preorder_traversal(body) if isinstance(t, Access) for i in t.indices if isinstance(i, Axis)
    }
    found |= dict.fromkeys(sorted((a for a in body.free_symbols if isinstance(a, Axis)), key=str))
    return [a for a in found if a != last and a in free]
