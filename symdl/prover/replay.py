"""Replays a certificate: every case is settled anew by the kernel, and nothing is searched for.

The tree of cases is taken from the certificate and must be complete: each distinction has its three branches, each
instance of the small axes and binary names occurs. A sign that would have to be guessed is a failure, and so is a
leaf that does not come out as claimed. Of the certificate nothing is believed but where to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from symdl.functions import definition
from symdl.prover import defined, limits
from symdl.prover.assume import case, facts_of
from symdl.prover.domain import Facts
from symdl.prover.exhaustion import at, instances
from symdl.prover.judging import judged, written
from symdl.prover.kernel import Kernel
from symdl.prover.leaves import Leaf
from symdl.prover.signals import Clock, Contradiction, Hints, Restart, Split, Undefined, Unsupported
from symdl.prover.structure import from_json
from symdl.terms.claims import Equation
from symdl.terms.results import Proof

_BRANCHES = (("positive", 1), ("negative", -1), ("zero", 0))
_DEPTH = 40


@dataclass(frozen=True)
class Replayed:
    """Whether a proof holds, and why not if it does not."""

    ok: bool
    reason: str = ""


class _Bad(Exception):
    pass


def replay(equation: Equation, proof: Proof, *, budget: float = 10.0) -> Replayed:
    """Checks a proof against the claim it is said to prove.

    Example:
        >>> import sympy as sp
        >>> from symdl.prover import prove
        >>> x = sp.Symbol("x", real=True)
        >>> claim = Equation(sp.Abs(x), sp.Max(x, -x))
        >>> proof = prove(claim).proof
        >>> replay(claim, proof).ok, replay(Equation(sp.Abs(x), x), proof).ok
        (True, False)
    """
    try:
        _check(equation, proof, Clock.of(budget))
    except _Bad as e:
        return Replayed(False, str(e))
    except Unsupported as e:
        return Replayed(False, e.text)
    except (Split, Restart):
        return Replayed(False, "a case is missing")
    except (Contradiction, Undefined):
        return Replayed(False, "a case that was settled cannot occur")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, ArithmeticError):
        return Replayed(False, "the certificate is damaged")
    return Replayed(True)


def _check(equation: Equation, proof: Proof, clock: Clock) -> None:
    claim = replace(
        equation,
        left=definition(equation.left),
        right=definition(equation.right),
        assumptions=tuple(definition(a) for a in equation.assumptions),
    )
    (step,) = proof.steps
    hints = Hints(int(step["size"]), {from_json(m): int(n) for m, n in step["scales"]})
    if not 0 < hints.size <= 96 or any(n < 1 for n in hints.scales.values()):
        raise _Bad("the hints are out of bounds")
    facts = facts_of(claim, hints, clock)
    if limits.is_limit(claim):
        limits.settle(claim, facts, hints, clock)
        return
    leaf = {"normal form": judged, "as written": written}[step["settled"]](claim)
    values = [dict(i["values"]) for i in step["instances"]]
    _complete(claim, facts, values)
    walk = _Walk(leaf, hints, clock)
    for i in step["instances"]:
        walk.node(at(facts, claim, i["values"]), i["cases"], 0)
    leaves, outside = walk.leaves, walk.outside
    if not leaves:
        raise _Bad("no case is left")
    if (outside or claim.assumptions or any(f.uncertain for f in leaves)) and not defined.somewhere(claim, clock):
        raise _Bad("no point was found at which both sides are defined")
    if (outside or any(f.differ for f in leaves)) and not proof.conditions:
        raise _Bad("the condition that both sides are defined is missing")


def _complete(claim: Equation, facts: Facts, values: list[dict[str, int]]) -> None:
    """Whether the instances are all there are."""
    axes = {a.name for a in claim.axes}
    names = sorted(set(values[0]) - axes) if values else []
    if any(facts.name(n).kind != "binary" or claim.shapes.get(n, ()) for n in names):
        raise _Bad("an instance gives a value to a name that has more than two")
    if sorted(map(_items, values)) != sorted(map(_items, instances(claim, names))):
        raise _Bad("an instance is missing")


def _items(values: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(values.items())


@dataclass
class _Walk:
    """Settles the nodes of a tree; keeps the leaves, and whether a side is undefined in a void case."""

    leaf: Callable[[Kernel], Leaf]
    hints: Hints
    clock: Clock
    leaves: list[Leaf] = field(default_factory=list)
    outside: bool = False

    def node(self, facts: Facts, node: Mapping[str, Any], depth: int) -> None:
        """Settles one node and all below it."""
        if depth > _DEPTH:
            raise _Bad("the tree of cases is too deep")
        if "split" in node:
            s = from_json(node["split"])
            for name, sign in _BRANCHES:
                self.node(case(facts, s, sign), node[name], depth + 1)
            return
        try:
            self.leaves.append(self.leaf(Kernel(facts, self.hints, self.clock)))
        except (Contradiction, Undefined) as e:
            if "void" not in node:
                raise
            self.outside = self.outside or isinstance(e, Undefined)
