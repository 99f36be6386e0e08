"""The search for a counterexample: which points are looked at, in which order, and what is kept of each."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flint import ctx, fmpq

from symdl.terms.claims import Equation
from symdl.verifier import arithmetic as ar
from symdl.verifier.compare import contradicts, spread
from symdl.verifier.ground import Ground, Grounder
from symdl.verifier.instance import OutOfRange
from symdl.verifier.outcomes import Consistent, Effort, OneSided, Outcome, Refuted, Undefined
from symdl.verifier.points import Points
from symdl.verifier.program import Key, TooLarge
from symdl.verifier.sampling import MODES
from symdl.verifier.witness import nested, shrunk, witness_of

_MOST_ATTEMPTS = 60  # choices of sizes looked at
_VAGUE = 2.0**-32  # a difference this wide at the highest precision says nothing
_MOST_SIDED = 8  # one-sided points kept


@dataclass(frozen=True)
class Look:
    """Both sides at every entry of one point.

    Attributes:
        sides: the enclosures.
        false: first entry that contradicts the claim.
        defined: whether both sides are finite at some entry.
        width: largest relative width of the difference where they are.
    """

    sides: list[tuple[Any, Any]]
    false: int | None
    defined: bool
    width: float

    @property
    def loose(self) -> bool:
        """Whether more bits might decide: a side is not finite, or a difference is wider than 2^-64."""
        return self.width > 2.0**-64 or not all(ar.finite(v) for pair in self.sides for v in pair)


def look(ground: Ground, point: dict[Key, fmpq], bits: int) -> Look:
    """Evaluates both sides at a point."""
    relation = ground.claim.relation
    with ctx.workprec(bits):
        values = ground.program.results(point)
        sides = list(zip(values[::2], values[1::2], strict=True))
        for k, (a, b) in enumerate(sides):
            if contradicts(relation, a, b):
                return Look(sides, k, True, 0.0)
        widths = [spread(a, b) for a, b in sides if ar.finite(a) and ar.finite(b)]
    return Look(sides, None, bool(widths), max(widths, default=0.0))


@dataclass(frozen=True)
class Hit:
    """A point at which the claim is false."""

    points: Points
    point: dict[Key, fmpq]


@dataclass
class Search:
    """One search: the claim, the effort, and what was seen so far."""

    claim: Equation
    seed: int
    effort: Effort
    tried: int = 0
    finite: int = 0
    radius: float = 0.0
    vague: int = 0
    sided: list[OneSided] = field(default_factory=list)
    sizes: list[dict[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"refute {self.seed}")
        self.deadline = time.perf_counter() + self.effort.seconds
        self.grounder = Grounder(self.claim, self.effort.steps, self.deadline)

    def outcome(self) -> Outcome:
        """Searches, and says what was found."""
        empty = [n for n, d in self.grounder.vocabulary.domains.items() if d.empty]
        if empty:
            return Undefined(f"no number is allowed for {', '.join(sorted(empty))}", "empty-domain")
        hit, tie = self.hits()
        if hit is not None or tie is not None:
            return self.refuted(hit or tie, hit is None)
        if not self.sizes:
            return Undefined("no sizes fit the shapes, the indices and the assumptions", "no-size")
        if not self.tried:
            return Undefined("no point satisfies the assumptions", "empty-domain")
        if not self.finite and not self.vague:
            return Undefined("no point was found where both sides are defined", "nowhere-finite", tuple(self.sided))
        bits, complete = self.effort.precisions[1], time.perf_counter() < self.deadline
        sided, sizes = tuple(self.sided), tuple(self.sizes)
        return Consistent(self.tried, self.finite, self.radius, bits, sided, self.vague, complete, sizes)

    def hits(self) -> tuple[Hit | None, Hit | None]:
        """Returns the first point off the kinks at which the claim is false, and the first one on a kink.

        The first round is finished after a hit, so that it can be told how often the claim holds.
        """
        hit = tie = None
        for stage, points, point in self.plan():
            if time.perf_counter() > self.deadline or (hit is not None and stage > 0):
                break
            if not self.contradicted(points.ground, point, stage):
                continue
            if hit is None and not points.on_kink(point):
                hit = Hit(points, point)
            elif tie is None:
                tie = Hit(points, point)
        return hit, tie

    def plan(self) -> Iterator[tuple[int, Points, dict[Key, fmpq]]]:
        """Yields points to be looked at: stage 0 at the lowest precision, later ones with all means."""
        rest = self.effort.second
        for k, ground in enumerate(self.grounds()):
            points = Points(ground, random.Random(f"points {self.seed} {k}"))
            alone = not (ground.structure or ground.stand_ins)
            if k == 0:
                yield from ((0, points, p) for p in self.drawn(points, self.effort.first))
            share = rest if alone else -(-self.effort.second // (2 if k == 0 else 6))
            bases = []
            for p in self.drawn(points, min(share, rest)):
                bases.append(p)
                yield k + 1, points, p
            kinked = ground.program.kinks or self.claim.relation != "="
            for base in bases[:4] if kinked else []:
                yield from ((k + 1, points, p) for p in points.kinks(base, self.effort.kinks // 2))
            rest -= share
            if rest <= 0:
                return

    def drawn(self, points: Points, count: int) -> Iterator[dict[Key, fmpq]]:
        """Draws points in turn in every mode; gives up after a few misses in a row."""
        if not points.ground.program.inputs:
            count = min(count, 1)  # a claim between constants
        misses = 0
        for k in range(count):
            if misses > 5 or time.perf_counter() > self.deadline:
                return
            point = points.draw(MODES[k % len(MODES)])
            misses = misses + 1 if point is None else 0
            if point is not None:
                yield point

    def grounds(self) -> Iterator[Ground]:
        """The claim at one admissible choice of sizes after another, each with other stand-ins for unknown functions.

        Raises:
            TooLarge: every choice is.
        """
        too_large: TooLarge | None = None
        for attempt, structure in enumerate(self.grounder.structures(self.rng)):
            if attempt > _MOST_ATTEMPTS or time.perf_counter() > self.deadline:
                break
            try:
                ground = self.grounder.at(structure, variant=len(self.sizes))
            except OutOfRange:
                continue
            except TooLarge as e:
                too_large = e
                continue
            self.sizes.append(ground.structure)
            yield ground
            for variant in range(1, 4) if ground.stand_ins and not structure else ():
                yield self.grounder.at(structure, variant)
        if not self.sizes and too_large is not None:
            raise too_large

    def contradicted(self, ground: Ground, point: dict[Key, fmpq], stage: int) -> bool:
        """Whether the claim is certainly false at a point; keeps the statistics of the points where it is not."""
        self.tried += 1
        low, middle, high = self.effort.precisions
        seen = look(ground, point, middle if stage else low)
        if stage and seen.false is None and seen.loose:
            seen = look(ground, point, high)
        if seen.false is not None:
            return True
        equation = self.claim.relation == "="
        vague = equation and seen.width > _VAGUE
        self.finite += seen.defined and not vague
        self.vague += vague
        if stage and equation and not vague:
            self.radius = max(self.radius, seen.width)
        if stage:
            self.note_sided(ground, point, seen)
        return False

    def note_sided(self, ground: Ground, point: dict[Key, fmpq], seen: Look) -> None:
        """Keeps a point at which just one side is finite."""
        for k, (a, b) in enumerate(seen.sides):
            if ar.finite(a) != ar.finite(b) and len(self.sided) < _MOST_SIDED:
                side = "left" if ar.finite(a) else "right"
                self.sided.append(OneSided(side, nested(ground, point), dict(ground.structure), ground.entries[k]))
                return

    def refuted(self, hit: Hit | None, at_kink: bool) -> Refuted:
        """Writes a contradiction down at the lowest precision that shows it, in numbers as simple as can be."""
        assert hit is not None
        points, ground = hit.points, hit.points.ground
        bits = next(b for b in self.effort.precisions if look(ground, hit.point, b).false is not None)
        until = max(self.deadline, time.perf_counter() + 0.2)

        def false_at(candidate: dict[Key, fmpq]) -> bool:
            if time.perf_counter() > until or not points.admits(candidate):
                return False
            if look(ground, candidate, bits).false is None:
                return False
            return at_kink or not points.on_kink(candidate)

        point = shrunk(ground, hit.point, false_at)
        seen = look(ground, point, bits)
        assert seen.false is not None  # every step of the shrinking was false
        witness = witness_of(ground, point, seen.false, seen.sides[seen.false], bits)
        return Refuted(witness, self.finite, self.tried, at_kink)
