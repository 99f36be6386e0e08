"""Searches for a point at which a claim is certainly false.

A claim is refuted only by an exact rational point inside its domain at which two disjoint balls enclose the two
sides (or, for inequalities, balls that are ordered the wrong way). No tolerance takes part: where the balls
overlap, the point is consistent with the claim, and the outcome says how narrowly.
"""

from __future__ import annotations

from symdl.errors import NotSupported
from symdl.terms.claims import Equation
from symdl.verifier.outcomes import Consistent, Effort, OneSided, Outcome, Refuted, Undefined
from symdl.verifier.program import TooLarge
from symdl.verifier.search import Search

__all__ = ["Consistent", "Effort", "OneSided", "Outcome", "Refuted", "Undefined", "refute"]


def refute(claim: Equation, *, seed: int = 0, effort: Effort | None = None) -> Outcome:
    """Tries to refute a claim.

    Args:
        claim: what is claimed.
        seed: the same seed gives the same points.
        effort: how hard to try.

    Example:
        >>> import sympy as sp
        >>> x = sp.Symbol("x", real=True)
        >>> refute(Equation(sp.sqrt(x**2), x)).witness.point
        {'x': '-1'}
        >>> refute(Equation(sp.tanh(x), 2 / (1 + sp.exp(-2 * x)) - 1)).finite > 40
        True
    """
    try:
        return Search(claim, seed, effort or Effort()).outcome()
    except NotSupported as e:
        return Undefined(e.diagnostic.cause, "unsupported")
    except RecursionError:
        return Undefined("the expression is nested too deeply", "too-deep")
    except TooLarge as e:
        return Undefined(str(e), "too-large")
