"""An index letter runs over one axis: where it addresses two of different sizes alone, one of them is wrong."""

from __future__ import annotations

import sympy as sp

from symdl.errors import ShapeError
from symdl.notation.lowering import Scope, Tensor
from symdl.terms import array
from symdl.terms.array import Node

_Place = tuple[str, int, sp.Expr]


def agreeing(node: Node, scope: Scope) -> None:
    """Checks one right side; letters with limits or a declared range may stop before the end of an axis.

    Raises:
        ShapeError: SD509, naming the letter, both arrays, their axes and sizes.

    Example:
        >>> from symdl.notation.lowering import scope_of
        >>> from symdl.notation.strict import parse
        >>> from symdl.terms.formula import Role
        >>> roles = {"W": Role("W", "real", ("h", "n"), ()), "x": Role("x", "real", ("m",), ())}
        >>> agreeing(parse("sum(W[i, j] * x[j], j)"), scope_of(roles))
        Traceback (most recent call last):
            ...
        symdl.errors.ShapeError: SD509: the index j runs over axis 1 of W, of size n, and over axis 0 of x, of size m...
    """
    _walk(node, scope, dict.fromkeys(scope.ranges, None))


def _walk(node: Node, scope: Scope, held: dict[str, _Place | None]) -> None:
    """``held`` has the place of every letter seen so far, and nothing for one that may run as it likes."""
    if isinstance(node, array.Reduce):
        inner: dict[str, _Place | None] = {k: v for k, v in held.items() if k != node.index}
        if node.lower is not None or node.upper is not None:
            inner[node.index] = None
        _walk(node.body, scope, inner)
        held.update({k: v for k, v in inner.items() if k != node.index})
        return
    if isinstance(node, array.Index) and isinstance(node.base, array.Name):
        _index(node, node.base.id, scope, held)
    for child in array.children(node):
        _walk(child, scope, held)


def _index(node: array.Index, name: str, scope: Scope, held: dict[str, _Place | None]) -> None:
    thing = scope.names.get(name)
    items = [i for i in node.items if not isinstance(i, array.NewAxis)]
    if not isinstance(thing, Tensor) or len(items) > len(thing.shape):
        return
    for k, item in enumerate(items):
        if not isinstance(item, array.Name) or item.id in scope.names:
            continue
        here = (name, k, thing.shape[k])
        before = held.setdefault(item.id, here)
        if before is not None and sp.expand(before[2] - here[2]) != 0:
            two = " and over ".join(f"axis {axis} of {of}, of size {size}," for of, axis, size in (before, here))
            raise ShapeError(
                "SD509",
                f"the index {item.id} runs over {two.rstrip(',')}",
                "use two letters, or give limits",
                node.span,
            )
