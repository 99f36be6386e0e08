"""The trusted core: turns an index-form expression into a fraction of generators, under the facts of one case.

Nothing here searches. Where a sign is needed and unknown it raises `Split`, where the ring is too small
`Restart`; who calls decides what to try next. Proofs are replayed by this core alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sympy as sp

from symdl.prover import arrays, branches, extremes, reductions, roots, signs, special, tower
from symdl.prover.domain import Facts
from symdl.prover.ring import Frac, Ring
from symdl.prover.signals import Clock, Hints, Unsupported
from symdl.prover.structure import Key, Structure
from symdl.terms.indexed import Axis


class Kernel(Ring):
    """Evaluates expressions to fractions.

    Args:
        facts: what is declared or assumed: kinds, shapes, signs, equations.
        hints: learnt by earlier attempts.
        clock: ends the work.

    Attributes:
        env: meaning of bound letters.
        depth: number of open reductions.
        needs: what an expression needs to be defined: ``(kind, fraction)`` with kind ``nonzero``, ``positive`` or
            ``nonnegative``; ``unclear`` says that it may be undefined, and teaches nothing about the fraction.
    """

    def __init__(self, facts: Facts, hints: Hints, clock: Clock) -> None:
        super().__init__(hints, clock)
        self.facts = facts
        self.env: dict[sp.Basic, Key] = {}
        self.depth = 0
        self.opened = 0
        self.swaps: dict[Key, Frac] = {}
        self.needs: dict[tuple[str, Structure], Frac] = {}
        self.signs = signs.Signs(self)
        self._memo: dict[Any, Frac] = {}
        self._tables: tuple[Mapping[type, Handler], ...] = (
            tower.HANDLERS, roots.HANDLERS, special.HANDLERS, branches.HANDLERS, arrays.HANDLERS, reductions.HANDLERS
        )  # fmt: skip
        self.signs.learn(facts)

    # ---- evaluation

    def value(self, e: sp.Basic) -> Frac:
        """The fraction an expression stands for."""
        key = (e, tuple(self.env.items())) if self.env else e
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._evaluated(e)
        return found

    def _evaluated(self, e: sp.Basic) -> Frac:
        if e in self.env:
            key = self.env[e]
            return self.number(key[1]) if key[0] == "int" else self.atom(key)
        for table in self._tables:
            handler = table.get(type(e))
            if handler is not None:
                return handler(self, e)
        if isinstance(e, sp.Rational):
            return self.number(int(e.p), int(e.q))
        if isinstance(e, Axis):
            return self.atom(("axis", e.name, self.structure(self.value(e.size))))
        if isinstance(e, sp.Symbol):
            return self.atom(("sym", e.name))
        return tower.other(self, e)

    @contextmanager
    def binding(self, bound: Mapping[sp.Basic, Key]) -> Iterator[None]:
        """Gives bound letters a meaning for a while."""
        before = dict(self.env)
        self.env.update(bound)
        self.depth += sum(key[0] != "int" for key in bound.values())
        try:
            yield
        finally:
            self.env = before
            self.depth -= sum(key[0] != "int" for key in bound.values())

    @contextmanager
    def muted(self) -> Iterator[None]:
        """What is evaluated meanwhile need not be defined: it is only looked at, or guarded by a factor of zero."""
        before = self.needs, self._memo
        self.needs, self._memo = {}, {}
        try:
            yield
        finally:
            self.needs, self._memo = before

    def forget(self) -> dict[tuple[str, Structure], Frac]:
        """Returns what was needed so far and starts anew, for the other side."""
        found, self.needs, self._memo = self.needs, {}, {}
        return found

    def fresh(self, kind: str, size: Any) -> Key:
        """A name for an axis that is opened to look inside a finished reduction."""
        self.opened += 1
        return (kind, f"~u{self.opened}", size)

    # ---- generators with a meaning

    def atom(self, key: Key) -> Frac:
        """The generator of a key with its relations, or what the facts of this case put in its place."""
        if key in self.swaps:
            return self.swaps[key]
        if key in self.slots:
            return Frac(self.context.gen(self.slots[key]), self.unit)
        stated = self.facts.value_of(key)
        if stated is not None:
            return self.build(stated)
        relate = _RELATIONS.get(key[0])
        if relate is None:
            return self.generator(key)
        return relate(self, key)

    def build(self, s: Structure) -> Frac:
        """Makes a fraction anew from its structure; what the facts state of its parts takes effect."""
        num, den = self.build_polynomial(s[1]), self.build_polynomial(s[2])
        return num if den == self.one else self.multiply(num, self.invert(den))

    def build_polynomial(self, s: Structure) -> Frac:
        """Likewise for a polynomial."""
        total = self.zero
        for c, mono in s[1:]:
            p, _, q = c.partition("/")
            term = self.number(int(p), int(q or 1))
            for key, e in mono:
                term = self.multiply(term, self.power(self.rebuilt(key), e))
            total = self.add(total, term)
        return total

    def rebuilt(self, key: Key) -> Frac:
        """A generator made anew: its parts may have become something else."""
        if key in self.slots and not self.swaps:
            return Frac(self.context.gen(self.slots[key]), self.unit)
        remake = _REMAKE.get(key[0])
        return self.atom(key) if remake is None else remake(self, key)

    def substitute(self, a: Frac, key: Key, value: Frac) -> Frac:
        """Puts a value for a generator everywhere, also inside other generators."""
        before = self.swaps
        self.swaps = {**before, key: value}
        try:
            with self.muted():
                return self.build(self.structure(a))
        finally:
            self.swaps = before

    # ---- what must hold for an expression to be defined

    def need(self, kind: str, a: Frac) -> None:
        """Notes a condition under which what is being evaluated is defined."""
        if kind == "unclear" or self.constant(a) is None:
            self.needs.setdefault((kind, self.structure(a)), a)

    def divide(self, a: Frac, b: Frac) -> Frac:
        """The quotient; notes that the divisor must not be zero."""
        self.need("nonzero", b)
        return self.multiply(a, self.invert(b))

    def args(self, e: sp.Basic) -> Sequence[Frac]:
        """The fractions of all arguments."""
        return [self.value(a) for a in e.args]


Handler = Callable[[Kernel, Any], Frac]

_RELATIONS: dict[str, Callable[[Kernel, Key], Frac]] = {
    "sym": arrays.make_symbol,
    "acc": arrays.make_access,
    "root": roots.make_root,
    "sin": special.make_sine,
    "pos": branches.make_truth,
    "zero": branches.make_truth,
    "delta": branches.make_truth,
}
_REMAKE: dict[str, Callable[[Kernel, Key], Frac]] = {
    "acc": arrays.remake_access,
    "exp": tower.remake_exp,
    "log": tower.remake_log,
    "root": roots.remake_root,
    "sin": special.remake_sine,
    "cos": special.remake_sine,
    "fn": special.remake_function,
    "ipow": roots.remake_power,
    "pow": roots.remake_power,
    "pos": branches.remake_truth,
    "zero": branches.remake_truth,
    "delta": branches.remake_delta,
    "sum": reductions.remake_sum,
    "expect": reductions.remake_sum,
    "max": extremes.remake_max,
    "prod": extremes.remake_product,
    "matrix": arrays.remake_matrix,
}


def unsupported(e: sp.Basic) -> Unsupported:
    """The refusal for a node nobody handles."""
    return Unsupported("unsupported", f"{type(e).__name__} is not understood by the prover")
