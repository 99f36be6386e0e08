"""The case of an inequality: the sign of the difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symdl.prover import structural
from symdl.prover.equality import checked, needs
from symdl.prover.kernel import Kernel
from symdl.prover.leaves import Leaf
from symdl.prover.ring import Frac
from symdl.prover.signals import Unsupported

ALLOWED = {
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    ">": frozenset({1}),
    ">=": frozenset({1, 0}),
    "!=": frozenset({1, -1}),
}


def ordered(relation: str) -> Any:
    """Returns the judge of one relation."""
    allowed = ALLOWED[relation]

    def judge(k: Kernel, d: Frac) -> dict[str, Any] | None:
        found = k.signs.of(d)
        if found <= allowed:
            return {"signs": sorted(found)}
        _, factors = k.factors(d)
        unknown = [f for f, e in factors if len(k.signs.of_factor(f)) > 1 and e % 2]
        if len(unknown) > 1:  # each factor by itself may have a sign once that of another is known
            k.signs.ask(d)
        return None

    return judge


def as_written(left: sp.Expr, right: sp.Expr, relation: str) -> Callable[[Kernel], Leaf]:
    """Returns what settles a case by the signs of the expressions as they are written."""
    allowed = ALLOWED[relation]

    def leaf(k: Kernel) -> Leaf:
        found = structural.signs(k, left - right)
        if not found <= allowed:
            raise Unsupported("unknown-sign", "the sign of the difference is not known")
        mine, yours = needs(k, left, right)
        return checked(k, {"as written": sorted(found)}, mine, yours)

    return leaf
