"""A claim at concrete sizes: programs for its sides and its assumptions, and the arrays they read."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import sympy as sp
from flint import fmpq

from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Binder, Delta, MatrixFunction
from symdl.verifier.instance import SUPPORT, Env, Instance, OutOfRange
from symdl.verifier.opaque import StandIn
from symdl.verifier.program import Builder, Key, Program
from symdl.verifier.sampling import Array, Domain, declared_bounds


def nodes(*roots: sp.Basic) -> Iterator[sp.Basic]:
    """Yields every distinct node below the roots, axis sizes included, without recursion."""
    seen: set[sp.Basic] = set()
    stack = list(roots)
    while stack:
        e = stack.pop()
        if e in seen:
            continue
        seen.add(e)
        yield e
        stack += e.args
        if isinstance(e, Axis):
            stack.append(e.size)
        elif isinstance(e, Binder):
            stack += [a.size for a in e.bound]


@dataclass(frozen=True)
class Vocabulary:
    """The names of a claim.

    Attributes:
        symbols: name -> SymPy symbols with that name.
        structural: names that decide sizes or positions; they are fixed before anything else.
        sizes: those of them that occur in a size.
        arrays: names with a declared shape that the claim reads.
        domains: name -> domain of its elements, from kinds, symbols and declared bounds.
    """

    symbols: Mapping[str, tuple[sp.Symbol, ...]]
    structural: tuple[str, ...]
    sizes: frozenset[str]
    arrays: frozenset[str]
    domains: Mapping[str, Domain]

    @classmethod
    def of(cls, claim: Equation) -> Vocabulary:
        """Collects the names of a claim."""
        symbols: dict[str, list[sp.Symbol]] = {}
        sizes, positions, bound = set(), set(), set()
        read = nodes(claim.left, claim.right, *claim.assumptions)
        arrays = {e.name for e in read if isinstance(e, sp.Symbol)} & set(claim.shapes)
        shape_sizes = [s for name in sorted(arrays) for s in claim.shapes[name]]
        for e in nodes(claim.left, claim.right, *claim.assumptions, *claim.axes, *map(sp.sympify, shape_sizes)):
            if isinstance(e, sp.Symbol) and not isinstance(e, Axis):
                symbols.setdefault(e.name, []).append(e)
            elif isinstance(e, Axis):
                sizes |= _names([e.size])
            elif isinstance(e, Access):
                positions |= _names(e.indices)
            elif isinstance(e, Delta | MatrixFunction):
                positions |= _names(e.args if isinstance(e, Delta) else e.indices)
            elif isinstance(e, sp.Sum | sp.Product):
                bound |= {k.name for k, *_ in e.limits}
                positions |= _names(x for _, *rest in e.limits for x in rest)
        sizes |= _names(map(sp.sympify, shape_sizes))
        structural = (sizes | positions) - bound
        bounds = declared_bounds(claim.assumptions)
        domains = {name: cls._domain(name, symbols.get(name, []), claim.kinds, bounds) for name in symbols}
        frozen = {name: tuple(s) for name, s in symbols.items()}
        return cls(frozen, tuple(sorted(structural)), frozenset(sizes), frozenset(arrays), domains)

    @staticmethod
    def _domain(
        name: str, symbols: Iterable[sp.Symbol], kinds: Mapping[str, str], bounds: Mapping[str, Domain]
    ) -> Domain:
        out = Domain.of_kind(kinds.get(name, ""))
        for s in symbols:
            out = out.meet(Domain.of_symbol(s))
        return out.meet(bounds.get(name, Domain()))

    def domain(self, name: str) -> Domain:
        """The domain of a name's elements."""
        return self.domains.get(name, Domain())


def _names(expressions: Iterable[sp.Basic]) -> set[str]:
    return {s.name for e in expressions for s in e.free_symbols if not isinstance(s, Axis)}


@dataclass
class Ground:
    """A claim at concrete sizes.

    Attributes:
        claim: the claim.
        structure: value of every structural name.
        program: its outputs are the two sides of every entry, left and right in turn.
        entries: positions on the free axes, in the order of the outputs.
        guard: its outputs are the truths of the assumptions.
        equalities: pairs of registers of ``guard`` that must be equal.
        arrays: what a point consists of.
        stand_ins: what stands for unknown functions.
        several: those of several arguments.
        sizes: the structural names that occur in sizes.
    """

    claim: Equation
    structure: dict[str, int]
    program: Program
    entries: list[tuple[int, ...]]
    guard: Program
    equalities: list[tuple[int, int]]
    arrays: dict[str, Array] = field(default_factory=dict)
    stand_ins: Mapping[str, StandIn] = field(default_factory=dict)
    several: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()


@dataclass
class Grounder:
    """Makes `Ground`s of one claim.

    Attributes:
        claim: the claim.
        limit: largest number of steps of a program.
        deadline: when building is given up.
    """

    claim: Equation
    limit: int = 100_000
    deadline: float = float("inf")

    def __post_init__(self) -> None:
        self.vocabulary = Vocabulary.of(self.claim)

    def at(
        self, structure: Mapping[str, int], variant: int = 0, stand_ins: Mapping[str, StandIn] | None = None
    ) -> Ground:
        """Returns the claim at the given values of its structural names.

        Raises:
            OutOfRange: no entry exists at these sizes.
            TooLarge: it would take more steps than the limit.
            NotSupported: a node cannot be evaluated.
        """
        shapes = self._shapes(structure)
        builder = Builder(self.limit, self.deadline)
        instance = Instance(structure, shapes, builder, stand_ins, variant)
        entries = self._sides(instance)
        guard_builder = Builder(self.limit, self.deadline)
        guards = Instance(structure, shapes, guard_builder, instance.stand_ins, variant)
        equalities = self._assumptions(guards)
        ground = Ground(
            self.claim,
            dict(structure),
            builder.program.trimmed(),
            entries,
            guard_builder.program,
            equalities,
            stand_ins=instance.stand_ins,
            several=frozenset(instance.several | guards.several),
            sizes=self.vocabulary.sizes,
        )
        keys = [*ground.program.inputs, *ground.guard.inputs]
        ground.arrays = self._arrays(keys, shapes, {**instance.random, **guards.random})
        return ground

    def _shapes(self, structure: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        sizes = Instance(structure, {}, Builder())
        out = {}
        for name in sorted(self.vocabulary.arrays):
            shape = self.claim.shapes[name]
            rank = self._rank(name)
            if self.vocabulary.domain(name).structure == "diagonal" and rank:
                shape = shape[:rank]  # a diagonal matrix may be kept as the list of its diagonal
            out[name] = tuple(sizes.integer(sp.sympify(s), {}) for s in shape)
            if any(n < 1 for n in out[name]):
                raise OutOfRange(f"{name} has the shape {out[name]}")
        return out

    def _rank(self, name: str) -> int:
        if not hasattr(self, "_ranks"):
            accesses = [e for e in nodes(self.claim.left, self.claim.right) if isinstance(e, Access)]
            self._ranks = {e.tensor.name: len(e.indices) for e in accesses}
        return self._ranks.get(name, 0)

    def _sides(self, instance: Instance) -> list[tuple[int, ...]]:
        claim, entries = self.claim, []
        for env in instance.ranges(claim.axes, {}):
            try:
                left, right = (_deep(instance, side, env) for side in (claim.left, claim.right))
            except OutOfRange:
                continue  # a recurrence has no predecessor at its first step
            entries.append(tuple(int(env[a]) for a in claim.axes))
            instance.builder.program.outputs += [left, right]
        if not entries:
            raise OutOfRange("no entry of the claim exists at these sizes")
        return entries

    def _assumptions(self, instance: Instance) -> list[tuple[int, int]]:
        equalities: list[tuple[int, int]] = []
        for condition in self.claim.assumptions:
            axes = tuple(sorted((a for a in condition.free_symbols if isinstance(a, Axis)), key=str))
            for env in instance.ranges(axes, {}):
                instance.builder.program.outputs.append(instance.register(condition, env))
                parts = condition.args if isinstance(condition, sp.And) else (condition,)
                equal = [p for p in parts if isinstance(p, sp.Equality)]
                equalities += [(instance.register(p.lhs, env), instance.register(p.rhs, env)) for p in equal]
        return equalities

    def _arrays(
        self, keys: Iterable[Key], shapes: Mapping[str, tuple[int, ...]], drawn: Mapping[str, str]
    ) -> dict[str, Array]:
        reach: dict[str, list[int]] = {}
        for name, at in keys:
            old = reach.get(name, [0] * len(at))
            reach[name] = [max(a, b + 1) for a, b in zip(old, at, strict=True)]
        out = {}
        for name, inferred in reach.items():
            if name.endswith(" weights"):
                out[name] = Array((SUPPORT,), Domain.of_kind("probability"))
                continue
            out[name] = Array(
                shapes.get(base := drawn.get(name, name)) or tuple(inferred), self.vocabulary.domain(base)
            )
        return out

    def structures(self, rng: random.Random) -> Iterator[dict[str, int]]:
        """Yields admissible values of the structural names: small and pairwise distinct first, ones last."""
        names = self.vocabulary.structural
        seen = set()
        for values in _candidates([n in self.vocabulary.sizes for n in names], rng):
            chosen = dict(zip(names, values, strict=True))
            if values not in seen and self.admissible(chosen):
                seen.add(values)
                yield chosen

    def admissible(self, structure: Mapping[str, int]) -> bool:
        """Whether sizes fit the shapes, the domains, and the assumptions about sizes alone."""
        if not all(self.vocabulary.domain(n).contains(fmpq(v)) for n, v in structure.items()):
            return False
        instance = Instance(structure, {}, Builder())
        try:
            self._shapes(structure)
            if any(instance.integer(a.size, {}) < 1 for a in self.claim.axes if not _names_axis(a.size)):
                return False
            for c in self.claim.assumptions:
                names = {s.name for s in c.free_symbols}
                if names <= set(structure) and instance.builder.value_of(instance.register(c, {})) is False:
                    return False
        except OutOfRange:
            return False
        return True


def _names_axis(size: sp.Expr) -> bool:
    return any(isinstance(s, Axis) for s in size.free_symbols)


def _deep(instance: Instance, e: sp.Basic, env: Env) -> int:
    try:
        return instance.register(e, env)
    except RecursionError:
        instance.fill(e, env)
        return instance.register(e, env)


def _candidates(is_size: list[bool], rng: random.Random) -> Iterator[tuple[int, ...]]:
    """Value tuples for structural names: sizes of axes, and plain positions, which had better be small."""
    count = len(is_size)
    first = tuple(range(2, count + 2)) if count <= 4 else tuple(2 + k % 3 for k in range(count))
    yield first
    if not all(is_size):
        yield tuple(v if size else k % 2 for k, (v, size) in enumerate(zip(first, is_size, strict=True)))
        yield tuple(v + 1 if size else 1 for v, size in zip(first, is_size, strict=True))
    yield first[::-1]
    yield tuple(v + 1 for v in first)
    if count <= 3:
        yield from product(range(1, 5), repeat=count)
    for top in (4, 6, 9):
        for k in range(120):
            low = 1 if k % 3 == 2 else 2  # arrays of one item tell little
            room = range(low, top + 1)
            drawn = rng.sample(room, count) if count <= len(room) else rng.choices(room[:3], k=count)
            yield tuple(v if size else rng.randint(0, 2) for v, size in zip(drawn, is_size, strict=True))
    for _ in range(200):
        yield tuple(rng.choices(range(8), k=count))
    yield (1,) * count
