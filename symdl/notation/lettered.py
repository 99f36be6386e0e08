"""Index form -> array expressions with index letters: ``sum(K[a, b] * X[2 * i + a, 2 * j + b], a, b)``.

What is written where no array form exists (`symdl.notation.raising`), and wherever steps are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy as sp

from symdl.errors import NotSupported
from symdl.notation.raising import ONE, NoArrayForm, Raised, Raiser
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, Delta, MatrixFunction, Reduce

_BOUND = "a b c k l p q r s t u v".split()


def lettered(
    body: sp.Expr,
    letters: Iterable[Axis] = (),
    *,
    prefer: Mapping[sp.Expr, Sequence[str]] | None = None,
    limits: bool = False,
) -> Node:
    """Writes an element with its index letters; bound letters are chosen clear of all names.

    Args:
        body: the element.
        letters: its free letters.
        prefer: size -> letters to take first for an axis of that size.
        limits: whether sums say how far they run, counted from 1 as in print.

    Example:
        >>> from symdl.notation.strict import show
        >>> i, k = Axis("i"), Axis("k")
        >>> x, w = sp.symbols("x w", real=True)
        >>> show(lettered(Reduce("sum", Access(w, k) * Access(x, i + k), k), [i]))
        'sum(w[a] * x[a + i], a)'
    """
    taken = {_plain(a) for a in (*letters, *(s for s in body.free_symbols if isinstance(s, Axis)))}
    taken |= {s.name for s in body.free_symbols if not isinstance(s, Axis)}
    taken |= {str(a.tensor.name) for a in body.atoms(Access)}
    return _Lettered(taken, prefer or {}, limits).whole(body, ()).node


def _plain(a: Axis) -> str:
    return a.name.split("~")[0]


def _shifted(index: sp.Expr, bound: set[Axis]) -> bool:
    """Whether an index is computed from a bound letter."""
    return not isinstance(index, Axis) and bool(index.free_symbols & bound)


class _Lettered(Raiser):
    """Every expression is a number: elements keep their indices."""

    def __init__(self, taken: set[str], prefer: Mapping[sp.Expr, Sequence[str]], limits: bool) -> None:
        super().__init__()
        self.taken = taken
        self.prefer = prefer
        self.limits = limits
        self.names: dict[Axis, str] = {}

    def whole(self, e: sp.Expr, context: tuple[Axis | None, ...]) -> Raised:
        """One number."""
        if isinstance(e, Axis):
            return Raised(array.Name(self.names.get(e, _plain(e))), ())
        return super().whole(e, ())

    def plain(self, e: sp.Expr) -> Node:
        """A number or a scalar."""
        return super().plain(e)

    def access(self, e: Access) -> Raised:
        """An element."""
        items = tuple(self.whole(i, ()).node for i in e.indices)
        return Raised(array.Index(array.Name(e.tensor.name), items), ())

    def function(self, e: sp.Expr, context: tuple[Axis | None, ...]) -> Raised:
        """Functions of numbers."""
        if isinstance(e, Delta):
            items = tuple(self.whole(i, ()).node for i in e.args)
            return Raised(array.Index(array.Name("delta"), items), ())
        return super().function(e, ())

    def outer(self, factors: list[sp.Expr], context: tuple[Axis | None, ...]) -> None:
        """There are no arrays here."""

    def diagonal(self, e: sp.Mul, context: tuple[Axis | None, ...]) -> None:
        """There are no arrays here."""

    def matrix(self, e: MatrixFunction) -> Raised:
        """An element of ``inv(A)``; the matrix itself is written without letters."""
        body, opened = e.opened()
        row, column = (opened[a] for a in e.bound)
        try:
            inner = Raiser().whole(body, (row, column))
        except NoArrayForm:
            raise NotSupported("SD624", f"{e.op} of this matrix has no form with letters", "") from None
        call = array.Call(e.op, (Raiser().turned(inner, (row, column)).node,))
        if not e.indices:
            return Raised(call, ())
        return Raised(array.Index(call, tuple(self.whole(i, ()).node for i in e.indices)), ())

    def reduce(self, e: Reduce, context: tuple[Axis | None, ...]) -> Raised:
        """A sum over letters."""
        body, opened = e.opened()
        chosen = []
        for a in e.bound:
            wish = (*self.prefer.get(a.size, ()), *_BOUND, *(f"i{k}" for k in range(1, 99)))
            name = next(n for n in wish if n not in self.taken)
            self.taken.add(name)
            self.names[opened[a]] = name
            chosen.append(name)
        node = self.whole(body, ()).node
        counted = self.limits and not any(
            _shifted(i, set(opened.values())) for t in body.atoms(Access) for i in t.indices
        )
        for name, a in zip(reversed(chosen), reversed(e.bound), strict=True):
            self.taken.discard(name)
            ends = (ONE, self.plain(a.size)) if counted else (None, None)
            node = array.Reduce(e.op, node, name, *ends)
        return Raised(node, ())
