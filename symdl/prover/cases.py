"""Case distinctions: where a sign is needed, the claim is proved for each sign by itself.

A tree of cases is complete by its making: each inner node has a branch for positive, negative and zero. A branch
that cannot occur, or in which a side is undefined, is void.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from symdl.prover.assume import case
from symdl.prover.domain import Facts
from symdl.prover.kernel import Kernel
from symdl.prover.leaves import Leaf
from symdl.prover.signals import Clock, Contradiction, Hints, Restart, Split, Undefined, Unsupported
from symdl.prover.structure import Structure, as_json, show

SIGNS = (("positive", 1), ("negative", -1), ("zero", 0))
_RESTARTS = 16
_LEAVES = 120
_DEPTH = 14


@dataclass
class Tree:
    """The cases of a proof.

    Attributes:
        facts: holds in all of them.
        leaf: settles one case, or raises.
        leaves: those that were settled.
        outside: whether a case was void because a side is undefined in it.
        learnt: whether hints changed after the first distinction: with them, other signs may be asked for.
    """

    facts: Facts
    leaf: Callable[[Kernel], Leaf]
    hints: Hints
    clock: Clock
    leaves: list[Leaf] = field(default_factory=list)
    outside: bool = False
    learnt: bool = False

    def grow(self) -> dict[str, Any]:
        """Settles all cases; returns the tree as JSON values.

        Raises:
            Unsupported: a case could not be settled.
        """
        root = self._node(self.facts, 0)
        for _ in range(_RESTARTS):
            if not self.learnt:  # a replay begins with the final hints, so must the tree
                break
            self.leaves, self.outside, self.learnt = [], False, False
            root = self._node(self.facts, 0)
        if not self.leaves:
            raise Unsupported("nowhere-defined", "there is no point at which both sides are defined")
        return root

    def _node(self, facts: Facts, depth: int) -> dict[str, Any]:
        if len(self.leaves) > _LEAVES or depth > _DEPTH:
            raise Unsupported("too-many-cases", "there are too many cases to distinguish")
        for _ in range(_RESTARTS):
            try:
                found = self.leaf(Kernel(facts, self.hints, self.clock))
            except Restart:
                self.learnt = self.learnt or depth > 0
                continue
            except Split as split:
                return self._branches(facts, split.polynomial, depth)
            except Contradiction:
                return {"void": "impossible"}
            except Undefined as reason:
                self.outside = True
                return {"void": str(reason)}
            self.leaves.append(found)
            return found.form
        raise Unsupported("too-large", "exponents do not come to a common scale")

    def _branches(self, facts: Facts, s: Structure, depth: int) -> dict[str, Any]:
        node: dict[str, Any] = {"split": as_json(s), "on": show(s)}
        for name, sign in SIGNS:
            node[name] = self._node(case(facts, s, sign), depth + 1)
        return node
