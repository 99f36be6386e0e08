"""Points of a grounded claim: drawn, moved onto the equalities that are assumed, moved onto and beside kinks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flint import fmpq

from symdl.verifier import arithmetic as ar
from symdl.verifier.ground import Ground
from symdl.verifier.program import Key, Program
from symdl.verifier.sampling import draw_point

_BESIDE = (fmpq(1, 8), fmpq(-1, 8), fmpq(1, 10**9), fmpq(-1, 10**9))


@dataclass
class Points:
    """Draws admissible points of a grounded claim.

    Attributes:
        ground: the claim at its sizes.
        rng: source of randomness.
        tries: draws before giving up on one point.
    """

    ground: Ground
    rng: random.Random
    tries: int = 40

    def draw(self, mode: str) -> dict[Key, fmpq] | None:
        """Returns a point inside the domain where all assumptions certainly hold, or ``None`` if none was found."""
        for attempt in range(self.tries):
            now = mode if attempt < self.tries // 2 else self.rng.choice(("small", "medium", "mixed"))
            point = draw_point(self.ground.arrays, self.rng, now)
            if self.ground.equalities:
                point = self._onto_equalities(point)
            if self.admits(point):
                return point
        return None

    def admits(self, point: Mapping[Key, fmpq]) -> bool:
        """Whether a point lies in the domains and satisfies every assumption."""
        rows: dict[str, dict[tuple[int, ...], fmpq]] = {}
        for (name, at), v in point.items():
            rows.setdefault(name, {})[at] = v
        arrays = self.ground.arrays
        if set(rows) != set(arrays) or not all(arrays[name].holds(values) for name, values in rows.items()):
            return False
        return all(truth is True for truth in self.ground.guard.results(point))

    def on_kink(self, point: Mapping[Key, fmpq]) -> bool:
        """Whether the formula changes its branch exactly at a point, and may jump there."""
        program = self.ground.program
        jumps = [pair for pair, jump in program.kinks.items() if jump]
        r = program.run(point) if jumps else []
        return any(ar.sign_of(r[a] - r[b]) == 0 for a, b in jumps)

    def kinks(self, point: Mapping[Key, fmpq], most: int) -> Iterator[dict[Key, fmpq]]:
        """Yields points on and on both sides of places where the formula changes its branch.

        Moves one number of ``point`` at a time, wherever the difference that decides is linear in it.
        """
        program = self.ground.program
        pairs = list(program.kinks)
        if self.ground.claim.relation != "=":  # where the two sides are equal, an inequality is nearly violated
            pairs += list(zip(program.outputs[::2], program.outputs[1::2], strict=True))
        keys = list(program.inputs)
        self.rng.shuffle(keys)
        met: dict[tuple[int, int], tuple[Key, fmpq]] = {}
        for key in keys[:12]:
            fresh = [pair for pair in pairs if pair not in met or self.rng.random() < 0.3]
            met |= {pair: (key, root) for pair, root in _roots(program, fresh, point, key)}
        places = list(dict.fromkeys(met.values()))
        for step in (fmpq(0), *_BESIDE):
            for key, root in places:
                moved = {**point, key: root + step}
                if most > 0 and self.admits(moved):
                    most -= 1
                    yield moved

    def _onto_equalities(self, point: dict[Key, fmpq]) -> dict[Key, fmpq]:
        """Satisfies assumed equations that are linear in the scale of an array or in one number."""
        for pair in self.ground.equalities:
            point = self._scaled(point, pair) or self._shifted(point, pair) or point
        return point

    def _scaled(self, point: dict[Key, fmpq], pair: tuple[int, int]) -> dict[Key, fmpq] | None:
        names = [name for name, array in self.ground.arrays.items() if array.shape]
        for name in self.rng.sample(names, len(names)):

            def scaled(t: fmpq, name: str = name) -> dict[Key, fmpq]:
                return {key: v * t if key[0] == name else v for key, v in point.items()}

            root = _linear_root([_difference(self.ground.guard, scaled(fmpq(t)), pair) for t in (0, 1, 2)])
            if root is not None and root != 0 and self._inside(scaled(root)):
                return scaled(root)
        return None

    def _shifted(self, point: dict[Key, fmpq], pair: tuple[int, int]) -> dict[Key, fmpq] | None:
        keys = list(self.ground.guard.inputs)
        for key in self.rng.sample(keys, len(keys)):
            for _, root in _roots(self.ground.guard, [pair], point, key):
                moved = {**point, key: root}
                if self._inside(moved):
                    return moved
        return None

    def _inside(self, point: Mapping[Key, fmpq]) -> bool:
        arrays = self.ground.arrays
        return all(arrays[name].domain.contains(v) for (name, _), v in point.items())


def _difference(program: Program, point: Mapping[Key, fmpq], pair: tuple[int, int]) -> object:
    r = program.run(point)
    return r[pair[0]] - r[pair[1]]


def _roots(
    program: Program, pairs: list[tuple[int, int]], point: Mapping[Key, fmpq], key: Key
) -> Iterator[tuple[tuple[int, int], fmpq]]:
    """Yields where the difference of a pair vanishes when one number is varied, if it is exactly linear there."""
    runs = [program.run({**point, key: point[key] + t}) for t in (0, 1, 2)]
    for a, b in pairs:
        root = _linear_root([r[a] - r[b] for r in runs])
        if root is not None:
            yield (a, b), point[key] + root


def _linear_root(values: list[object]) -> fmpq | None:
    """Root of the line through values at 0, 1 and 2, or ``None`` if they are inexact or on no line."""
    f0, f1, f2 = values
    if not (isinstance(f0, fmpq) and isinstance(f1, fmpq) and isinstance(f2, fmpq)):
        return None
    slope = f1 - f0
    return None if slope == 0 or f2 - f1 != slope else -f0 / slope
