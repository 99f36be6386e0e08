"""Index form -> array expressions with index letters: ``sum(K[a, b] * X[2 * i + a, 2 * j + b], a, b)``.

What is written where no array form exists (`symdl.notation.raising`), and wherever steps are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import sympy as sp

from symdl.errors import NotSupported
from symdl.notation.raising import ONE, ZERO, NoArrayForm, Raised, Raiser
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, Delta, MatrixFunction, Reduce

_BOUND = "a b c k l p q r s t u v".split()
_PRINTED = "k l p q r s t i j u v a b c".split()


def lettered(
    body: sp.Expr,
    letters: Iterable[Axis] = (),
    *,
    prefer: Mapping[sp.Expr, Sequence[str]] | None = None,
    limits: bool = False,
    shapes: Mapping[str, tuple[sp.Expr, ...]] | None = None,
    avoid: Collection[str] = (),
) -> Node:
    """Writes an element with its index letters; bound letters are chosen clear of all names.

    Args:
        body: the element.
        letters: its free letters.
        prefer: size -> letters to take first for an axis of that size.
        limits: whether sums say how far they run, counted from 1 as in print.
        shapes: sizes of the named arrays; a letter whose range no array says is written with its limits.

        avoid: letters that mean something else.

    Example:
        >>> from symdl.notation.strict import show
        >>> i, k = Axis("i"), Axis("k")
        >>> x, w = sp.symbols("x w", real=True)
        >>> show(lettered(Reduce("sum", Access(w, k) * Access(x, i + k), k), [i]))
        'sum(w[a] * x[a + i], a)'
    """
    taken = {_plain(a) for a in (*letters, *(s for s in body.free_symbols if isinstance(s, Axis)))}
    taken |= {s.name for s in body.free_symbols if not isinstance(s, Axis)}
    taken |= {str(a.tensor.name) for a in body.atoms(Access)} | set(avoid)
    return _Lettered(taken, prefer or {}, limits, shapes).whole(body, ()).node


def _plain(a: Axis) -> str:
    return a.name.split("~")[0]


def _shifted(index: sp.Expr, bound: set[Axis]) -> bool:
    """Whether an index is computed from a bound letter."""
    return not isinstance(index, Axis) and bool(index.free_symbols & bound)


def _place(e: sp.Expr) -> tuple[bool, bool, bool, bool, str]:
    """Letters, the slowest first, then sizes, then numbers; what is taken away comes last."""
    lettered = any(isinstance(s, Axis) for s in e.free_symbols)
    return e.could_extract_minus_sign(), e.is_number, not lettered, not e.is_Mul, str(e)


class _Lettered(Raiser):
    """Every expression is a number: elements keep their indices."""

    def __init__(
        self,
        taken: set[str],
        prefer: Mapping[sp.Expr, Sequence[str]],
        limits: bool,
        shapes: Mapping[str, tuple[sp.Expr, ...]] | None,
    ) -> None:
        super().__init__(shapes)
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
        items = tuple(map(self.index, e.indices))
        return Raised(array.Index(array.Name(e.tensor.name), items), ())

    def index(self, e: sp.Expr) -> Node:
        """A place on an axis: letters before sizes before numbers, ``t + 1``."""
        terms = sorted(sp.Add.make_args(sp.expand(e)), key=_place)
        out: Node | None = None
        for term in terms:
            negative = term.could_extract_minus_sign() and out is not None
            factors = sorted(sp.Mul.make_args(-term if negative else term), key=_place, reverse=True)
            nodes = [self.whole(f, ()).node for f in factors if f != 1 or len(factors) == 1]
            node = nodes[0]
            for n in nodes[1:]:
                node = array.Mul(node, n)
            out = node if out is None else array.Add(out, array.Neg(node) if negative else node)
        assert out is not None
        return out

    def function(self, e: sp.Expr, context: tuple[Axis | None, ...]) -> Raised:
        """Functions of numbers."""
        if isinstance(e, Delta):
            items = tuple(map(self.index, e.args))
            return Raised(array.Index(array.Name("delta"), items), ())
        return super().function(e, ())

    def outer(self, factors: list[sp.Expr], context: tuple[Axis | None, ...]) -> None:
        """There are no arrays here."""

    def single(self, factors: list[sp.Expr], context: tuple[Axis | None, ...]) -> None:
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
        return Raised(array.Index(call, tuple(map(self.index, e.indices))), ())

    def reduce(self, e: Reduce, context: tuple[Axis | None, ...]) -> Raised:
        """A sum over letters."""
        body, opened = e.opened()
        chosen = []
        for a in e.bound:
            wish = (
                *self.prefer.get(a.size, ()),
                *(_PRINTED if self.limits else _BOUND),
                *(f"i{k}" for k in range(1, 99)),
            )
            name = next(n for n in wish if n not in self.taken)
            self.taken.add(name)
            self.names[opened[a]] = name
            chosen.append(name)
        node = self.whole(body, ()).node
        counted = (
            self.limits
            and len(e.bound) == 1
            and not any(_shifted(i, set(opened.values())) for t in body.atoms(Access) for i in t.indices)
        )
        for name, a in zip(reversed(chosen), reversed(e.bound), strict=True):
            self.taken.discard(name)
            ends: tuple[Node | None, Node | None] = (None, None)
            if counted:
                ends = (ONE, self.plain(a.size))
            elif not self.limits and not self.told(body, opened[a]):
                ends = (ZERO, self.plain(a.size - 1))
            node = array.Reduce(e.op, node, name, *ends)
        return Raised(node, ())

    def told(self, body: sp.Expr, letter: Axis) -> bool:
        """Whether some array says how far a letter runs: it addresses one of its axes alone."""
        for access in body.atoms(Access):
            shape = self.shapes.get(access.tensor.name)
            for k, index in enumerate(access.indices):
                if index == letter and (shape is None or shape[k] == letter.size):
                    return True
        return not self.shapes
