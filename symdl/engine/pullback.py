"""The one rule of reverse mode: what a definition hands down to everything it mentions.

Elements and inner reductions become plain variables, SymPy differentiates, and what belongs to a reduction is
handed on to its body. Matrix functions have rules of their own. Ties and kinks follow the conventions of
the function table; an extreme over an axis counts every element that attains it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from symdl.engine.sums import fresh, total
from symdl.errors import NotSupported
from symdl.terms.indexed import Access, Axis, Binder, Delta, Expectation, Indicator, MatrixFunction, Reduce, text
from symdl.terms.program import reference


@dataclass(frozen=True, slots=True)
class Share:
    """``body``, summed over ``axes``, is what ``target`` (an access or a scalar) receives."""

    target: sp.Expr
    body: sp.Expr
    axes: tuple[Axis, ...]


def shares(body: sp.Expr, bar: sp.Expr, axes: tuple[Axis, ...], wanted: Callable[[str], bool]) -> Iterator[Share]:
    """Yields what every named quantity in ``body`` receives of the cotangent ``bar``.

    Args:
        body: right side of a definition, at letters nobody uses elsewhere.
        bar: the cotangent at these letters.
        axes: all letters that are free: those of the definition and of the sums opened so far.
        wanted: which names to follow.

    Raises:
        NotSupported: SD620, naming what has no derivative rule.
    """
    tops = [t for t in outermost(body) if _mentions(t, wanted)]
    flat_of, back = flattened(body, outermost(body))
    for top in tops:
        slope = partial(flat_of, back, top)
        if slope != 0:
            yield from _of_top(top, bar * slope, axes, wanted)


def outermost(e: sp.Basic) -> list[sp.Expr]:
    """Named elements, reductions and matrix functions of an expression that stand in no other, in a fixed order."""
    found: dict[sp.Expr, None] = {}
    _collect(e, found)
    return sorted(found, key=text)


def _collect(e: sp.Basic, found: dict[sp.Expr, None]) -> None:
    if isinstance(e, (Access, Binder, Expectation)) or reference(e) is not None:
        found[e] = None
        return
    if isinstance(e, (Axis, Delta)):
        return
    if type(e).__name__ == "Opaque":
        _collect(e.args[2], found)  # the name of an unknown function is no quantity
        for a in e.args[3:]:
            _collect(a, found)
        return
    for a in e.args:
        _collect(a, found)


def flattened(e: sp.Expr, tops: list[sp.Expr]) -> tuple[sp.Expr, dict[sp.Symbol, sp.Expr]]:
    """``e`` with plain real variables for its outermost elements, and what each of them stands for."""
    there = {t: _variable(k, _sign(t)) for k, t in enumerate(tops)}
    return e.xreplace(there), {v: k for k, v in there.items()}


@lru_cache(maxsize=512)
def _variable(number: int, positive: bool | None) -> sp.Symbol:
    return sp.Symbol(f"~{number:03d}", real=True, positive=positive)


def _sign(t: sp.Expr) -> bool | None:
    """Whether an element is known to be positive; of a sum it is not asked, which would take long."""
    symbol = t.tensor if isinstance(t, Access) else t
    return (symbol.is_positive or None) if isinstance(symbol, sp.Symbol) else None


def partial(flat: sp.Expr, back: dict[sp.Symbol, sp.Expr], top: sp.Expr) -> sp.Expr:
    """Derivative by one of the elements, with the elements put back."""
    variable = next(v for v, t in back.items() if t == top)
    slope = sp.diff(flat, variable)
    if slope.has(sp.Derivative):
        functions = sorted({type(d.expr).__name__ for d in slope.atoms(sp.Derivative)})
        raise NotSupported(
            "SD620", f"{', '.join(functions)} has no derivative rule", "define it by functions that have"
        )
    return kinks(slope).xreplace(back)


def kinks(slope: sp.Expr) -> sp.Expr:
    """SymPy's distributions as the conventions have them: at a tie equal arguments share, a constant counts nothing."""
    if slope.has(sp.DiracDelta):
        slope = slope.replace(sp.DiracDelta, lambda *_: sp.S.Zero)
    if slope.has(sp.Heaviside):
        slope = slope.replace(sp.Heaviside, _step)
    if slope.has(sp.Piecewise):
        slope = slope.replace(lambda e: isinstance(e, sp.Piecewise), _indicated)
    return slope


def _step(gap: sp.Expr, *_: sp.Expr) -> sp.Expr:
    variables = [s for s in gap.free_symbols if s.name.startswith("~")]
    if len(variables) < 2:
        return Indicator(_above(gap))
    return Indicator(_above(gap)) + Indicator(sp.Eq(gap, 0)) / 2


def _above(gap: sp.Expr) -> sp.Basic:
    """``gap > 0`` with no minus sign: ``y < 0`` for ``-y``, ``a > b`` for ``a - b``."""
    terms = sp.Add.make_args(gap)
    low = sp.Add(*(-t for t in terms if t.could_extract_minus_sign()))
    high = gap + low
    return sp.Lt(low, 0) if high == 0 else sp.Gt(high, low)


def _indicated(e: sp.Piecewise) -> sp.Expr:
    """``1 if c else 0`` as an indicator."""
    if len(e.args) == 2 and e.args[1].args == (sp.S.Zero, sp.true):
        value, condition = e.args[0].args
        if value == 1:
            return Indicator(condition)
    return e


def _mentions(top: sp.Expr, wanted: Callable[[str], bool]) -> bool:
    name = reference(top)
    if name is not None:
        return wanted(name)
    return any(wanted(n) for n in names_in(top))


def names_in(e: sp.Basic) -> set[str]:
    """All names that occur in an expression, sizes and random variables included."""
    accessed = {str(a.tensor.name) for a in e.atoms(Access)}
    return accessed | {s.name for s in e.free_symbols if isinstance(s, sp.Symbol) and not isinstance(s, Axis)}


def _of_top(top: sp.Expr, bar: sp.Expr, axes: tuple[Axis, ...], wanted: Callable[[str], bool]) -> Iterator[Share]:
    if reference(top) is not None:
        yield Share(top, bar, axes)
    elif isinstance(top, Reduce):
        yield from _of_reduce(top, bar, axes, wanted)
    elif isinstance(top, MatrixFunction):
        yield from _of_matrix(top, bar, axes, wanted)
    elif isinstance(top, Expectation):
        body, x, p = top.args
        for share in shares(body, sp.S.One, axes, lambda n: n != x.name and wanted(n)):
            yield Share(share.target, bar * Expectation(share.body, x, p), share.axes)
    else:
        raise NotSupported("SD620", f"{type(top).__name__} has no derivative rule", "")


def _of_reduce(top: Reduce, bar: sp.Expr, axes: tuple[Axis, ...], wanted: Callable[[str], bool]) -> Iterator[Share]:
    body, opened = top.opened()
    inner = tuple(opened.values())
    if top.op == "sum":
        weight: sp.Expr = sp.S.One
    elif top.op in ("max", "min"):
        weight = Indicator(sp.Eq(body, top))
    elif top.op == "prod":
        weight = all_others(body, inner)
    else:
        raise NotSupported("SD620", f"the reduction {top.op} has no derivative rule", "write it by sums")
    yield from shares(body, bar * weight, (*axes, *inner), wanted)


def all_others(body: sp.Expr, axes: tuple[Axis, ...]) -> sp.Expr:
    """The product of all factors but the one at ``axes``."""
    other = {a: fresh(a) for a in axes}
    elsewhere = sp.Or(*(sp.Ne(new, a) for a, new in other.items()))
    return Reduce("prod", sp.Piecewise((body.xreplace(other), elsewhere), (1, True)), *other.values())


def _of_matrix(
    top: MatrixFunction, bar: sp.Expr, axes: tuple[Axis, ...], wanted: Callable[[str], bool]
) -> Iterator[Share]:
    """``d inv = -inv dA inv``, ``d det = det tr(inv dA)``, ``d logdet = tr(inv dA)``."""
    body, opened = top.opened()
    row, column = (opened[a] for a in top.bound)

    def inverse(i: sp.Expr, j: sp.Expr) -> sp.Expr:
        return MatrixFunction("inv", top.body, *top.bound, i, j)

    if top.op == "inv":
        i, j = top.indices
        weight = -inverse(i, row) * inverse(column, j)
    elif top.op in ("det", "logdet"):
        weight = inverse(column, row) * (top if top.op == "det" else 1)
    else:
        raise NotSupported("SD620", f"the matrix function {top.op} has no derivative rule", "")
    yield from shares(body, bar * weight, (*axes, row, column), wanted)


def received(
    share: Share, indices: tuple[sp.Expr, ...], letters: tuple[Axis, ...], open_ended: frozenset[Axis] = frozenset()
) -> sp.Expr:
    """What the element of the target at ``letters`` receives: the share summed where its index meets the letters.

    ``indices`` are those of the target of the share; a dimension of size 1 has index 0 and no letter.
    ``open_ended`` are axes beyond whose end the share is zero.
    """
    meet = sp.Mul(*(Delta(i, a) for i, a in zip(indices, letters, strict=True)))
    return total(share.body * meet, share.axes, open_ended)
