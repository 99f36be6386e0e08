"""Which product a sheet means when it does not say: decided by shapes, in one place.

A shape is a tuple of sizes that can be compared with ``==``: numbers or SymPy expressions.
"""

from __future__ import annotations

from collections.abc import Sequence

from symdl.errors import ShapeError
from symdl.terms.array import DOT, HADAMARD, JUXTAPOSED, MATMUL, STAR


def resolve(how: str, left: Sequence[object], right: Sequence[object]) -> str:
    """Returns ``HADAMARD`` (elementwise, with broadcasting) or ``MATMUL``.

    Args:
        how: what the sheet wrote.
        left: shape of the left factor.
        right: shape of the right factor.

    Raises:
        ShapeError: SD501, if no reading fits; the message names both shapes.

    Example:
        >>> resolve(JUXTAPOSED, (3, 2), (2, 4))
        '@'
        >>> resolve(STAR, (3, 1), (3, 1))
        '*'
    """
    if how in (HADAMARD, MATMUL):
        return how
    if _scalar(left) or _scalar(right):
        return HADAMARD
    elementwise = tuple(left) == tuple(right) or _column_times(left, right)
    chain = len(left) > 0 and len(right) > 0 and left[-1] == right[max(len(right) - 2, 0)]
    if how == STAR and elementwise:
        return HADAMARD
    if chain:
        return MATMUL
    if elementwise and how in (JUXTAPOSED, DOT, STAR):
        return HADAMARD
    raise ShapeError(
        "SD501",
        f"{_text(left)} times {_text(right)} is no product",
        "check the order of the factors and the transposes",
    )


def _scalar(shape: Sequence[object]) -> bool:
    return all(s == 1 for s in shape)


def _column_times(left: Sequence[object], right: Sequence[object]) -> bool:
    """Same rows, one of them a single column: a column scales the rows of the other."""
    return len(left) == len(right) == 2 and left[0] == right[0] and (left[1] == 1 or right[1] == 1)


def _text(shape: Sequence[object]) -> str:
    return "(" + ", ".join(map(str, shape)) + ")"
