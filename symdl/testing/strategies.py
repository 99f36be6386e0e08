"""Hypothesis strategies: the arguments of a function, drawn from what is declared of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from symdl.testing.domains import Argument, Domain, finished

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy


def arguments(
    domain: Any, *, max_size: int = 4, min_size: int = 1, ties: bool = True
) -> SearchStrategy[dict[str, Any]]:
    """A strategy for the arguments of a function: name -> float, int or array; equal size names have equal sizes.

    Args:
        domain: a mapping name -> what it is, or a formula of the catalogue; see `symdl.testing`.
        max_size: largest axis.
        min_size: smallest axis; 0 also tries empty arrays.
        ties: whether 0, 1 and other simple numbers may come up. Where code takes ``|x|`` it has a seam at 0, at
            which dual numbers see a corner even if the function as a whole has none.

    Example:
        >>> from hypothesis import find
        >>> found = find(arguments({"W": "real[h, n]", "x": "unit[n]"}), lambda p: p["W"].shape == (2, 3))
        >>> found["x"].shape
        (3,)
    """
    from hypothesis import assume
    from hypothesis import strategies as st

    declared = Domain.of(domain)

    @st.composite
    def build(draw: DrawFn) -> dict[str, Any]:
        point: dict[str, Any] = {}
        sizes: dict[str, Any] = {n: draw(st.integers(min_size, max_size), label=n) for n in declared.sizes}
        for name, argument in sorted(declared.arguments.items(), key=lambda item: item[1].kind != "size"):
            point[name] = draw(_values(argument, declared.shape(name, sizes | point), ties), label=name)
        assume(declared.holds(point))
        return {name: point[name] for name in declared.arguments}

    return build()


def _values(argument: Argument, shape: tuple[int, ...], ties: bool) -> SearchStrategy[Any]:
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as hnp

    if not argument.smooth:
        whole = st.integers(int(argument.low), int(argument.high))
        return hnp.arrays(np.int64, shape, elements=whole) if shape else whole
    numbers = st.floats(argument.low, argument.high, allow_subnormal=False)
    if not ties:
        numbers = numbers.map(
            lambda x: argument.low + 0.99957 * (x - argument.low) + 0.00013 * (argument.high - argument.low)
        )
    if not shape:
        return numbers
    return hnp.arrays(np.float64, shape, elements=numbers).map(lambda x: finished(argument, x))
