"""Unification of axis sizes, with the statement each constraint comes from.

A size is a rigid name (``n_h``, ``m``, ``1``) or a variable. Rigid sizes clash, variables merge. A sum or a
product is a deferred disjunction: a size is equal to another or 1, a factor is a scalar or fits.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

Size = Hashable
"""A ``str`` is rigid, anything else a variable."""
ONE = "1"


@dataclass(frozen=True, slots=True)
class Constraint:
    """One demand on sizes.

    Attributes:
        kind: ``equal`` (a, b), ``broadcast`` (a, b, out) or ``product`` (ar, ac, br, bc, or, oc).
        sizes: what it speaks of.
        statement: number of the statement it comes from.
        why: in words.
    """

    kind: str
    sizes: tuple[Size, ...]
    statement: int
    why: str


class Solver:
    """A union-find over sizes."""

    def __init__(self) -> None:
        self.parent: dict[Size, Size] = {}

    def find(self, size: Size) -> Size:
        """The representative of a size; a rigid one if there is any."""
        while size in self.parent:
            size = self.parent[size]
        return size

    def union(self, a: Size, b: Size) -> bool:
        """Makes two sizes equal; false if both are rigid and differ."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return True
        if isinstance(a, str) and isinstance(b, str):
            return False
        if isinstance(a, str):
            a, b = b, a
        self.parent[a] = b
        return True

    def broadcast(self, c: Constraint, strict: bool) -> bool | None:
        """Decides a sum; ``None`` while it is open."""
        a, b, out = map(self.find, c.sizes)
        if a == ONE:
            return self.union(out, b)
        if b == ONE:
            return self.union(out, a)
        if a == b or (isinstance(a, str) and isinstance(b, str)) or strict:
            return self.union(a, b) and self.union(out, a)
        return None

    def product(self, c: Constraint, strict: bool) -> bool | None:
        """Decides a product; ``None`` while it is open."""
        ar, ac, br, bc, rows, columns = map(self.find, c.sizes)
        if ar == ac == ONE:
            # a scalar, or a (1, 1) array in front of a row
            return self.union(rows, br) and self.union(columns, bc)
        if br == bc == ONE and ac != ONE:
            return self.union(rows, ar) and self.union(columns, ac)
        if isinstance(ac, str) or isinstance(br, str) or ac == br or strict:
            return self.union(ac, br) and self.union(rows, ar) and self.union(columns, bc)
        return None


def clash(constraints: Sequence[Constraint]) -> Constraint | None:
    """The first constraint that cannot be met together with those before it, or ``None``."""
    return settle(constraints)[1]


def settle(constraints: Sequence[Constraint]) -> tuple[Solver, Constraint | None]:
    """The sizes as far as the constraints tell them, and the first constraint that cannot be met."""
    solver = Solver()
    pending: list[Constraint] = []
    for c in constraints:
        if c.kind == "equal":
            if not solver.union(*c.sizes):
                return solver, c
        else:
            pending.append(c)
    deciders: dict[str, Callable[[Constraint, bool], bool | None]] = {
        "broadcast": solver.broadcast,
        "product": solver.product,
    }
    for strict in (False, True):
        while True:
            left = []
            for k, c in enumerate(pending):
                decided = deciders[c.kind](c, strict)
                if decided is False:
                    return solver, c
                if decided is None:
                    left.append(c)
                elif strict:  # one default decision may force others
                    left += pending[k + 1 :]
                    break
            if len(left) == len(pending):
                break
            pending = left
    return solver, None


def statements_of(constraints: Iterable[Constraint]) -> list[int]:
    """The statements that constrain anything, in order."""
    return list(dict.fromkeys(c.statement for c in constraints))


def consistent(constraints: Sequence[Constraint], kept: Iterable[int]) -> bool:
    """Whether the constraints of some statements can all be met."""
    chosen = set(kept)
    return clash([c for c in constraints if c.statement in chosen]) is None


def conflict(constraints: Sequence[Constraint], kept: Sequence[int]) -> list[int]:
    """A minimal set of statements that contradict one another."""
    core = list(kept)
    for s in list(core):
        rest = [x for x in core if x != s]
        if not consistent(constraints, rest):
            core = rest
    return core


def corrections(
    constraints: Sequence[Constraint], most: int = 5, fixed: frozenset[int] = frozenset()
) -> list[frozenset[int]]:
    """All smallest sets of statements whose removal leaves the rest consistent.

    Branches on the statements of a minimal conflict: one of them must go. Returns at most a few dozen sets;
    empty if more than ``most`` statements would have to go, or if ``fixed`` ones contradict each other.
    """
    everything = statements_of(constraints)
    level: set[frozenset[int]] = {frozenset()}
    for _ in range(most + 1):
        found = {gone for gone in level if consistent(constraints, [s for s in everything if s not in gone])}
        if found:
            return sorted(found, key=sorted)
        following: set[frozenset[int]] = set()
        for gone in level:
            core = conflict(constraints, [s for s in everything if s not in gone])
            following |= {gone | {s} for s in core if s not in fixed}
        if len(following) > 400:
            return []
        level = following
    return []
