"""What interrupts a proof: an unknown sign, a larger ring, an undefined expression, the end of the time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


class Unsupported(Exception):
    """The prover does not understand the claim; ``code`` is stable, the text says what."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Undefined(Exception):
    """Under the present assumptions a side has no value anywhere: this case lies outside the domain."""


class Contradiction(Exception):
    """The facts of the present case exclude each other: there is no such case."""


class Split(Exception):
    """The sign of a polynomial must be known to go on; ``polynomial`` is its structure."""

    def __init__(self, polynomial: Any) -> None:
        super().__init__("a sign is unknown")
        self.polynomial = polynomial


class Restart(Exception):
    """The hints were refined; the work must be begun again with them."""


@dataclass
class Hints:
    """What one attempt learns for the next: the size of the ring, and common denominators of exponents.

    Attributes:
        size: number of generators of the ring.
        scales: structure of a term ``m`` -> L such that the generator is ``exp(m / L)``.
    """

    size: int = 12
    scales: dict[Any, int] = field(default_factory=dict)

    def grow(self) -> None:
        """Asks for a larger ring."""
        if self.size >= 96:
            raise Unsupported("too-large", "the claim has too many different parts")
        self.size *= 2


@dataclass
class Clock:
    """Ends the work when its time is over. The work itself never waits for anything, so looking often suffices."""

    end: float

    @classmethod
    def of(cls, seconds: float) -> Clock:
        """A clock that ends in so many seconds."""
        return cls(time.perf_counter() + seconds)

    def check(self) -> None:
        """Raises `Unsupported` if the time is over."""
        if time.perf_counter() > self.end:
            raise Unsupported("timeout", "no proof was found in the time allowed")
