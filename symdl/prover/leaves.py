"""What a settled case is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Leaf:
    """One case that was settled.

    Attributes:
        form: what was found, JSON values only.
        uncertain: whether the sides may be undefined somewhere in this case.
        differ: whether one side may be defined where the other is not.
    """

    form: dict[str, Any]
    uncertain: bool = False
    differ: bool = False
