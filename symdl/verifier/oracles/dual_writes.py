"""Dual numbers for code that fills arrays: ``H[t] = ...`` and ``Y[a : a + n] += ...`` keep their derivatives.

A plain dual number refuses writes, for NumPy would drop the derivative without a word. Here the arrays that
``zeros_like`` and ``empty_like`` make are dual numbers themselves, which can be written into; but only inside
`writable`, where every array the code gets is a dual number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from symdl.verifier.oracles import dual_arrays  # noqa: F401, its rules are entered on import
from symdl.verifier.oracles.dual_numbers import FUNCTIONS, Dual


class Part(Dual):
    """What was read from an array; ``+=`` makes a new one, which is then written back."""

    def __iadd__(self, other: Any) -> Any:
        return self + other


class Buffer(Dual):
    """An array that can be written into.

    Example:
        >>> x = Dual.seed(np.array([2.0, 3.0]))
        >>> y = Buffer((3,), 2)
        >>> y[1:] = x * x
        >>> y[1:] += x
        >>> y.value.tolist(), y.slope.tolist()
        ([0.0, 6.0, 12.0], [[0.0, 0.0], [5.0, 0.0], [0.0, 7.0]])
    """

    def __init__(self, shape: tuple[int, ...], directions: int) -> None:
        self.value = np.zeros(shape)
        self.slope = np.zeros((*shape, directions))

    def __getitem__(self, item: Any) -> Part:
        part = super().__getitem__(item)
        return Part(part.value, part.slope)

    def __setitem__(self, item: Any, value: Any) -> None:  # type: ignore[override]
        items = item if isinstance(item, tuple) else (item,)
        where = (*items, *(() if Ellipsis in items else (Ellipsis,)), slice(None))
        self.value[items] = value.value if isinstance(value, Dual) else value
        self.slope[where] = value.slope if isinstance(value, Dual) else 0.0


def _made(like: Dual, dtype: Any = None, shape: Any = None, **_: Any) -> Buffer:
    return Buffer(like.shape if shape is None else tuple(shape), like.slope.shape[-1])


@contextmanager
def writable() -> Iterator[None]:
    """Within it, new arrays are dual numbers."""
    more = {np.zeros_like: _made, np.empty_like: _made}
    before = {f: FUNCTIONS.get(f) for f in more}
    FUNCTIONS.update(more)
    try:
        yield
    finally:
        for f, rule in before.items():
            FUNCTIONS.pop(f)
            if rule is not None:
                FUNCTIONS[f] = rule
