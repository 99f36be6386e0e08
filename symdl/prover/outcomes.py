"""What an attempt to prove a claim returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from symdl.terms.results import Proof


@dataclass(frozen=True)
class Proved:
    """The claim holds; ``proof`` says how, under which conditions, and how to replay it."""

    proof: Proof


@dataclass(frozen=True)
class Refused:
    """No proof was found, which says nothing about the claim.

    Attributes:
        code: ``not-zero`` (the difference did not vanish), ``unknown-sign``, ``unsupported``, ``too-large``,
            ``too-many-cases``, ``timeout``, ``too-deep`` or ``nowhere-defined``.
        text: the same in words.
    """

    code: str
    text: str


Outcome: TypeAlias = Proved | Refused
