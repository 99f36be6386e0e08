"""Systems of linear inequalities: an exact rational solution, or Farkas multipliers that refute it.

Used for what a perceptron can and cannot compute. Fourier-Motzkin elimination with the combination of
every derived row kept, so that an infeasible system yields its certificate (Schrijver 1986, section 12.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp


@dataclass(frozen=True, slots=True)
class Row:
    """``sum(coefficients * x) + constant > 0`` (or ``>= 0``), as a combination of the given rows."""

    coefficients: tuple[Fraction, ...]
    constant: Fraction
    strict: bool
    origin: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A solution (variable -> value), or the multipliers that add up to a contradiction."""

    solution: dict[str, Fraction] | None
    multipliers: tuple[Fraction, ...] | None


def solve(system: Sequence[sp.Basic]) -> Outcome:
    """Decides a system of linear inequalities with rational coefficients.

    Args:
        system: SymPy relationals, each linear in its symbols.

    Raises:
        ValueError: if one is not linear, or not an inequality.

    Example:
        >>> a, b = sp.symbols("a b", real=True)
        >>> solve([a > b, b > 0]).solution
        {'a': Fraction(2, 1), 'b': Fraction(1, 1)}
        >>> solve([a > b, b > a]).multipliers
        (Fraction(1, 1), Fraction(1, 1))
    """
    symbols = sorted({s for c in system for s in c.free_symbols}, key=str)
    rows = [_row(c, symbols, k, len(system)) for k, c in enumerate(system)]
    stages = [rows]
    for k in range(len(symbols)):
        stages.append(_eliminate(stages[-1], k))
    for row in stages[-1]:
        if row.constant < 0 or (row.strict and row.constant == 0):
            return Outcome(None, row.origin)
    values: list[Fraction] = [Fraction(0)] * len(symbols)
    for k in reversed(range(len(symbols))):
        values[k] = _choose(stages[k], k, values)
    return Outcome({str(s): v for s, v in zip(symbols, values, strict=True)}, None)


def holds(system: Sequence[sp.Basic], solution: dict[str, Fraction]) -> bool:
    """Whether a point solves the system: replays a solution."""
    values = {sp.Symbol(n, real=True): sp.Rational(v.numerator, v.denominator) for n, v in solution.items()}
    return all(bool(c.subs({s: values[sp.Symbol(s.name, real=True)] for s in c.free_symbols})) for c in system)


def contradicts(system: Sequence[sp.Basic], multipliers: Sequence[Fraction]) -> bool:
    """Whether non-negative multipliers add the rows up to ``0 > 0`` or worse: replays a refutation."""
    symbols = sorted({s for c in system for s in c.free_symbols}, key=str)
    rows = [_row(c, symbols, k, len(system)) for k, c in enumerate(system)]
    if any(m < 0 for m in multipliers) or len(multipliers) != len(rows):
        return False
    total = [
        sum((m * r.coefficients[k] for m, r in zip(multipliers, rows, strict=True)), Fraction(0))
        for k in range(len(symbols))
    ]
    constant = sum((m * r.constant for m, r in zip(multipliers, rows, strict=True)), Fraction(0))
    strict = any(m > 0 and r.strict for m, r in zip(multipliers, rows, strict=True))
    return not any(total) and (constant < 0 or (strict and constant == 0))


def _row(condition: sp.Basic, symbols: Sequence[sp.Symbol], k: int, count: int) -> Row:
    if not isinstance(condition, (sp.StrictGreaterThan, sp.GreaterThan, sp.StrictLessThan, sp.LessThan)):
        raise ValueError(f"{condition} is no inequality")
    difference = sp.expand(condition.gts - condition.lts)
    coefficients = [difference.coeff(s, 1) for s in symbols]
    rest = sp.expand(difference - sum(c * s for c, s in zip(coefficients, symbols, strict=True)))
    if not rest.is_Rational or not all(c.is_Rational for c in coefficients):
        raise ValueError(f"{condition} is not linear with rational coefficients")
    strict = isinstance(condition, (sp.StrictGreaterThan, sp.StrictLessThan))
    origin = tuple(Fraction(int(i == k)) for i in range(count))
    return Row(
        tuple(Fraction(int(c.p), int(c.q)) for c in coefficients), Fraction(int(rest.p), int(rest.q)), strict, origin
    )


def _eliminate(rows: Sequence[Row], k: int) -> list[Row]:
    """Rows without the k-th variable that have a solution exactly if ``rows`` have."""
    out = [r for r in rows if r.coefficients[k] == 0]
    lower = [r for r in rows if r.coefficients[k] > 0]
    upper = [r for r in rows if r.coefficients[k] < 0]
    return out + [_combine(a, -b.coefficients[k], b, a.coefficients[k]) for a in lower for b in upper]


def _combine(a: Row, m: Fraction, b: Row, n: Fraction) -> Row:
    return Row(
        tuple(m * x + n * y for x, y in zip(a.coefficients, b.coefficients, strict=True)),
        m * a.constant + n * b.constant,
        a.strict or b.strict,
        tuple(m * x + n * y for x, y in zip(a.origin, b.origin, strict=True)),
    )


def _choose(rows: Sequence[Row], k: int, values: Sequence[Fraction]) -> Fraction:
    """A value of the k-th variable between its bounds, the later ones being fixed."""
    low: Fraction | None = None
    high: Fraction | None = None
    for r in rows:
        c = r.coefficients[k]
        if c == 0 or any(r.coefficients[j] for j in range(k)):
            continue
        rest = r.constant + sum((r.coefficients[j] * values[j] for j in range(k + 1, len(values))), Fraction(0))
        bound = -rest / c
        if c > 0:
            low = bound if low is None else max(low, bound)
        else:
            high = bound if high is None else min(high, bound)
    if low is None and high is None:
        return Fraction(0)
    if low is None or high is None:
        return (high or Fraction(0)) - 1 if low is None else low + 1
    return (low + high) / 2
