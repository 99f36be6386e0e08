"""From conditions to facts: assumptions of a claim, the sign of a case, what the sides need to be defined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from symdl.prover.domain import ANY, Facts, Signs, pattern
from symdl.prover.kernel import Kernel
from symdl.prover.ring import Frac
from symdl.prover.signals import Clock, Contradiction, Hints, Restart, Split, Undefined, Unsupported
from symdl.prover.structure import ONE, Key, Structure, axes_in, keys_in, polynomial
from symdl.terms.claims import Equation

_RELATIONS: dict[type, frozenset[int]] = {
    sp.StrictGreaterThan: frozenset({1}),
    sp.GreaterThan: frozenset({0, 1}),
    sp.StrictLessThan: frozenset({-1}),
    sp.LessThan: frozenset({0, -1}),
    sp.Unequality: frozenset({1, -1}),
    sp.Equality: frozenset({0}),
}
_NEEDS = {"positive": frozenset({1}), "nonnegative": frozenset({0, 1}), "nonzero": frozenset({1, -1})}
_RANK = ("sum", "expect", "prod", "max", "log", "exp", "fn", "axis", "acc", "sym")
"""Which generator an equation is solved for, first to last: a reduction before its parts."""


def facts_of(claim: Equation, hints: Hints, clock: Clock) -> Facts:
    """Everything a claim declares. An assumption that is not understood is not used.

    Raises:
        Contradiction: the assumptions exclude each other.
    """
    facts = Facts.of(claim)
    for condition in claim.assumptions:
        for part in condition.args if isinstance(condition, sp.And) else (condition,):
            facts = _with(facts, part, hints, clock)
    return facts


def _with(facts: Facts, condition: sp.Basic, hints: Hints, clock: Clock) -> Facts:
    allowed = _RELATIONS.get(type(condition))
    if condition == sp.false:
        raise Contradiction
    if allowed is None:
        return facts
    for _ in range(8):
        try:
            k = Kernel(facts, hints, clock)
            a = k.subtract(k.value(condition.lhs), k.value(condition.rhs))
            return with_condition(k, a, allowed)
        except Restart:
            continue
        except (Split, Undefined, Unsupported):
            return facts
    return facts


def with_condition(k: Kernel, a: Frac, allowed: Signs) -> Facts:
    """The facts of a kernel, and that a fraction has one of these signs, for all values of its axes."""
    facts = k.facts
    possible = k.signs.of(a) & allowed
    if not possible:
        raise Contradiction
    whole = (
        k.poly_structure(a.num) if allowed in ({0}, {1, -1}) else k.poly_structure(k.normal(a.num * a.den, k.unit).num)
    )
    if possible == {0}:
        return with_zero(facts, whole)
    if not axes_in(whole):
        return facts.with_signs([(whole, allowed)])
    sole = k.signs.sole(a, allowed)
    if sole is None:
        return facts
    f, signs = sole
    return replace(facts, patterns={**facts.patterns, pattern(k.poly_structure(f)): signs})


def with_zero(facts: Facts, s: Structure, exact: bool = False) -> Facts:
    """The facts and that a polynomial is zero; ``exact`` if its axes are meant as they are, not all their values."""
    solved = solve(s, facts)
    if solved is None:
        return facts.with_signs([(s, frozenset({0}))]) if exact or not axes_in(s) else facts
    key, value = solved
    if exact or not axes_in(s):
        kept = _declared(facts, key)
        return facts.with_equation(key, value).with_signs([(value[1], kept)] if len(kept) < 3 else [])
    if axes_in(value):
        return facts
    return replace(facts, laws={**facts.laws, pattern(("P", ("1", ((key, 1),)))): value})


def _declared(facts: Facts, key: Key) -> Signs:
    return facts.name(key[1]).signs if key[0] in ("sym", "acc") and isinstance(key[1], str) else ANY


def solve(s: Structure, facts: Facts) -> tuple[Key, Structure] | None:
    """Solves ``polynomial = 0`` for a generator that occurs once, with a rational coefficient.

    Rather for a name of which nothing is declared: what is declared of the others stays known.
    """
    best: tuple[tuple[int, int], Key, Structure] | None = None
    for c, mono in s[1:]:
        if len(mono) != 1 or mono[0][1] != 1:
            continue
        key = mono[0][0]
        rest = [(t, m) for t, m in s[1:] if m != mono]
        if any(key == other or key in keys_in(other) for _, m in rest for other, _ in m):
            continue
        value = ("Q", polynomial((str(-Fraction(t) / Fraction(c)), m) for t, m in rest), ONE[2])
        rank = (_RANK.index(key[0]) if key[0] in _RANK else len(_RANK), -len(_declared(facts, key)))
        if best is None or rank < best[0]:
            best = (rank, key, value)
    return None if best is None else best[1:]


def case(facts: Facts, s: Structure, sign: int) -> Facts:
    """The facts of the case that a polynomial has this sign."""
    if sign:
        return facts.with_signs([(s, frozenset({sign}))])
    return with_zero(facts, s, exact=True)


def on_domain(k: Kernel, needs: Mapping[tuple[str, Structure], Frac]) -> Facts:
    """The facts of a kernel and all that must hold where the sides are defined."""
    facts = k.facts
    for (kind, _), a in _plain_first(needs):
        allowed = _NEEDS.get(kind)
        if allowed is None:
            continue
        whole = k.poly_structure(k.normal(a.num * a.den, k.unit).num)
        axes = axes_in(whole)
        if not any(x[1].startswith("~") for x in axes):
            facts = facts.with_signs([(whole, allowed)])
        elif all(x[1].startswith("~") and x[0] == "axis" for x in axes):
            sole = k.signs.sole(a, allowed)
            if sole is not None:
                facts = replace(facts, patterns={**facts.patterns, pattern(k.poly_structure(sole[0])): sole[1]})
    return facts


def _plain_first(needs: Mapping[tuple[str, Structure], Frac]) -> Iterable[tuple[tuple[str, Structure], Frac]]:
    return sorted(needs.items(), key=lambda item: (len(item[1].num), item[0][0]))
