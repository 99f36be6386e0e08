"""The order of the strategies: normal form with cases, signs as written, all values of binary names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from symdl.functions import definition
from symdl.prover import defined, limits
from symdl.prover.assume import facts_of
from symdl.prover.cases import Tree
from symdl.prover.domain import Facts
from symdl.prover.exhaustion import Values, at, binary_names, instances
from symdl.prover.judging import LeafMaker, judged, written
from symdl.prover.outcomes import Outcome, Proved, Refused
from symdl.prover.signals import Clock, Contradiction, Hints, Unsupported
from symdl.prover.structure import as_json
from symdl.terms.claims import Equation
from symdl.terms.indexed import Reduce
from symdl.terms.results import Proof

WHERE_DEFINED = "where both sides are defined"


def prove(equation: Equation, *, budget: float = 2.0) -> Outcome:
    """Tries to prove a claim for all points of its domain and all sizes.

    Args:
        equation: the claim.
        budget: seconds after which the attempt is given up.

    Example:
        >>> import sympy as sp
        >>> x = sp.Symbol("x", real=True)
        >>> prove(Equation(1 - sp.tanh(x) ** 2, 4 / (sp.exp(x) + sp.exp(-x)) ** 2)).proof.method
        'tower'
        >>> prove(Equation(sp.sqrt(x**2), x)).code
        'not-zero'
    """
    clock = Clock.of(budget)
    try:
        return _first(written_out(equation), clock)
    except Unsupported as e:
        return Refused(e.code, e.text)
    except Contradiction:
        return Refused("nowhere-defined", "the assumptions exclude each other")
    except RecursionError:
        return Refused("too-deep", "the expression is nested too deeply")
    except (ArithmeticError, MemoryError) as e:
        return Refused("too-large", f"the arithmetic gave up: {e}")


def written_out(equation: Equation) -> Equation:
    """The claim with every function of ours replaced by its definition."""
    return replace(
        equation,
        left=definition(equation.left),
        right=definition(equation.right),
        assumptions=tuple(definition(a) for a in equation.assumptions),
    )


def _first(claim: Equation, clock: Clock) -> Outcome:
    hints = Hints()
    facts = facts_of(claim, hints, clock)
    if limits.is_limit(claim):
        limits.settle(claim, facts, hints, clock)
        return Proved(Proof("limit", ({"limit": str(claim.left), **_learnt(hints)},)))
    reason: Unsupported | None = None
    for make, values in _strategies(claim, facts):
        try:
            return Proved(_build(claim, facts, hints, clock, make, values))
        except Unsupported as e:
            reason = reason or e
    assert reason is not None
    return Refused(reason.code, reason.text)


def _strategies(claim: Equation, facts: Facts) -> Iterator[tuple[LeafMaker, Sequence[Values]]]:
    """How a case is settled, and the instances to be tried."""
    plain = instances(claim, ())
    ordered = claim.relation != "="
    if ordered and (claim.left.has(Reduce) or claim.right.has(Reduce)):
        yield written, plain
        yield judged, plain
    else:
        yield judged, plain
        if ordered:
            yield written, plain
    names = binary_names(claim, facts)
    if names:
        yield judged, instances(claim, names)


def _build(
    claim: Equation, facts: Facts, hints: Hints, clock: Clock, make: LeafMaker, values: Sequence[Values]
) -> Proof:
    """Grows a tree of cases for each instance and makes the certificate."""
    leaf: Callable[..., Any] = make(claim)
    before = _learnt(hints)
    steps, differ, uncertain = [], False, bool(claim.assumptions)
    for v in values:
        tree = Tree(at(facts, claim, v), leaf, hints, clock)
        steps.append({"values": v, "cases": tree.grow()})
        differ = differ or tree.outside or any(found.differ for found in tree.leaves)
        uncertain = uncertain or tree.outside or any(found.uncertain for found in tree.leaves)
    if len(values) > 1 and _learnt(hints) != before:  # the first trees were grown with other hints
        return _build(claim, facts, hints, clock, make, values)
    if uncertain and not defined.somewhere(claim, clock):
        raise Unsupported("nowhere-defined", "no point was found at which both sides are defined")
    certificate = {
        "settled": "as written" if make is written else "normal form",
        "instances": steps,
        **_learnt(hints),
    }
    method = _method(claim, make, steps)
    return Proof(method, (certificate,), (WHERE_DEFINED,) if differ else ())


def _learnt(hints: Hints) -> dict[str, Any]:
    return {"size": hints.size, "scales": [[as_json(m), n] for m, n in hints.scales.items()]}


def _method(claim: Equation, make: LeafMaker, steps: Sequence[dict[str, Any]]) -> str:
    if claim.relation != "=":
        return "signs" if make is written else "inequality"
    if len(steps) > 1:
        return "exhaustion"
    if "split" in steps[0]["cases"]:
        return "cases"
    return "reductions" if claim.left.has(Reduce) or claim.right.has(Reduce) else "tower"
