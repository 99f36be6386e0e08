"""Symbolic proof: a claim in index form -> a certificate, or the reason why there is none."""

from symdl.prover.outcomes import Outcome, Proved, Refused
from symdl.prover.prove import prove

__all__ = ["Outcome", "Proved", "Refused", "prove"]
