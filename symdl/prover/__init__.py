"""Symbolic proof: a claim in index form -> a certificate, or the reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symdl.prover.outcomes import Outcome, Proved, Refused
    from symdl.prover.strategies import prove

__all__ = ["Outcome", "Proved", "Refused", "prove"]


def __getattr__(name: str) -> Any:
    """Loads the search on first use: who only replays certificates must not load it."""
    if name == "prove":
        from symdl.prover.strategies import prove

        return prove
    if name in __all__:
        from symdl.prover import outcomes

        return getattr(outcomes, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
