"""What a search for a counterexample takes and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from symdl.terms.results import Witness


@dataclass(frozen=True)
class Effort:
    """How hard to search.

    Attributes:
        first: points at the lowest precision.
        second: points at the middle precision.
        kinks: further points on and beside kinks.
        precisions: bits; the last is used where the middle one leaves a point undecided.
        seconds: time after which the search ends with what it has.
        steps: largest program.
    """

    first: int = 10
    second: int = 40
    kinks: int = 30
    precisions: tuple[int, int, int] = (64, 256, 1024)
    seconds: float = 5.0
    steps: int = 60_000


@dataclass(frozen=True)
class OneSided:
    """A point where just one side is a real number: ``side`` is the one that is, ``left`` or ``right``."""

    side: str
    point: dict[str, Any]
    sizes: dict[str, int]
    entry: tuple[int, ...] = ()


@dataclass(frozen=True)
class Refuted:
    """The claim is false at the witness.

    Attributes:
        witness: the exact point, and the two enclosures.
        agreed: points at which both sides are finite and the claim could not be contradicted.
        points: points tried.
        at_kink: whether the claim was contradicted only where the formula changes its branch and may jump (``x = 0``
            for the derivative of a ReLU), so that a convention for the tie may be all that is at stake.
    """

    witness: Witness
    agreed: int = 0
    points: int = 1
    at_kink: bool = False


@dataclass(frozen=True)
class Consistent:
    """No contradiction was found.

    Attributes:
        points: points tried.
        finite: those at which both sides are finite and close enough to say something.
        radius: largest relative width of the difference at them.
        bits: the middle precision.
        one_sided: points where one side is defined and the other is not.
        vague: points at which both sides are finite, but cancellation left the difference wider than 2^-32; they
            are not counted as finite.
        complete: whether the search ended before its time did.
        sizes: sizes at which arrays were instantiated.
    """

    points: int
    finite: int
    radius: float
    bits: int
    one_sided: tuple[OneSided, ...] = ()
    vague: int = 0
    complete: bool = True
    sizes: tuple[dict[str, int], ...] = ()


@dataclass(frozen=True)
class Undefined:
    """Nothing could be tried.

    Attributes:
        reason: why, in words.
        code: ``empty-domain``, ``nowhere-finite``, ``no-size``, ``unsupported``, ``too-large`` or ``too-deep``.
        one_sided: as in `Consistent`.
    """

    reason: str
    code: str
    one_sided: tuple[OneSided, ...] = ()


Outcome: TypeAlias = Refuted | Consistent | Undefined
