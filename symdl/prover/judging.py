"""How one case is settled, by the relation of the claim. Used by the search and by the replay alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from symdl.prover.equality import equal, settle
from symdl.prover.inequality import as_written, ordered
from symdl.prover.kernel import Kernel
from symdl.prover.leaves import Leaf
from symdl.terms.claims import Equation

LeafMaker: TypeAlias = Callable[[Equation], Callable[[Kernel], Leaf]]


def judged(claim: Equation) -> Callable[[Kernel], Leaf]:
    """By the normal form of the difference of the sides."""
    return settle(claim.left, claim.right, equal if claim.relation == "=" else ordered(claim.relation))


def written(claim: Equation) -> Callable[[Kernel], Leaf]:
    """By the signs of the expressions as they are written; inequalities only."""
    return as_written(claim.left, claim.right, claim.relation)
