"""Index form -> array expressions for emission: slices as they stand, arrays broadcast and not multiplied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp

from symdl.notation.contraction import einsum, grouped
from symdl.notation.raising import Dims, NoArrayForm, Raised, Raiser, index_letters
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, Reduce

_ALL = array.Slice(None, None, None)


class Average(sp.Expr):
    """A sum over its letters, divided by how many there are."""

    is_commutative = True

    def __new__(cls, total: sp.Expr) -> Average:
        """Makes the mean of what a sum adds up."""
        return sp.Expr.__new__(cls, total)


class Slicer(Raiser):
    """Raises what is emitted: a slice whose place depends on a loop's counter is trusted to lie within its array."""

    def whole(self, e: sp.Expr, context: Dims) -> Raised:
        """As in `Raiser`, and means."""
        if not isinstance(e, Average):
            return super().whole(e, context)
        r = self.reduce(e.args[0], context)
        if not isinstance(r.node, array.Call) or r.node.function != "sum":
            raise NoArrayForm
        return Raised(replace(r.node, function="mean"), r.dims)

    def plain(self, e: sp.Expr) -> Node:
        """A number or an expression of scalars; of sizes as ``h - k + 1``, the number last."""
        if isinstance(e, sp.Add) and e.is_integer and all(t.free_symbols or t.is_Integer for t in e.args):
            return _sum_of_sizes(e, super().plain)
        return super().plain(e)

    def access(self, e: Access) -> Raised:
        """A named array or the slice of it that is read; ``a : a + n : s`` where a loop says where it begins."""
        shape = self.shapes.get(e.tensor.name)
        if shape is None:
            return super().access(e)
        try:
            parts = [self.along(index, size) for index, size in zip(e.indices, shape, strict=True)]
        except NoArrayForm:
            return super().access(e)
        dims = tuple(letter for letter, item in parts if isinstance(item, array.Slice))
        letters = [d for d in dims if d is not None]
        if len(set(letters)) < len(letters):
            return super().access(e)
        items = [item for _, item in parts]
        while items and items[-1] == _ALL:
            items.pop()
        name = array.Name(e.tensor.name)
        return Raised(array.Index(name, tuple(items)) if items else name, dims)

    def along(self, index: sp.Expr, size: sp.Expr) -> tuple[Axis | None, Node]:
        """The letter an index runs over, and the part of its dimension that is read: all, a slice, or one place."""
        if index == 0 and size == 1:
            return None, _ALL
        letters = index_letters(index)
        if not letters:
            return None, self.plain(index)
        letter = next(iter(letters))
        step = sp.expand(index).coeff(letter)
        start = sp.expand(index - step * letter)
        if len(letters) > 1 or start.has(letter):
            raise NoArrayForm
        rest = sp.expand(size - start - step * (letter.size - 1) - 1)
        if index == letter and rest == 0:
            return letter, _ALL
        if start.is_negative or step.is_nonpositive or rest.is_negative:
            raise NoArrayForm
        begin = None if start == 0 else self.plain(start)
        stop = None if rest == 0 else reach(begin, step, letter.size)
        return letter, array.Slice(begin, stop, None if step == 1 else self.plain(step))

    def reduce(self, e: Reduce, context: Dims) -> Raised:
        """A reduction; a sum of products of arrays of unlike shapes, one of more than two dimensions, is an einsum."""
        if e.op == "sum":
            body, opened = e.opened()
            bound = set(opened.values())
            free = [a for a in context if a is not None and a in body.free_symbols]
            groups = [g for g in grouped(body) if g[0]]
            if len(groups) > 1 and len(groups[0][0]) > 2 and all(g[0] & bound or g[0] <= set(free) for g in groups):
                try:
                    scalars = sp.Mul(*(f for letters, f in grouped(body) if not letters))
                    r = einsum(self, groups, free)
                    return r if scalars == 1 else Raised(array.Mul(self.plain(scalars), r.node), r.dims)
                except NoArrayForm:
                    pass
        return super().reduce(e, context)


def _sum_of_sizes(e: sp.Add, plain: Callable[[sp.Expr], Node]) -> Node:
    """Terms by name, those with a minus and the number behind."""
    terms = sorted(e.args, key=lambda t: (t.is_number, t.could_extract_minus_sign(), t.count_ops(), str(t)))
    node = plain(terms[0])
    for t in terms[1:]:
        node = array.Add(node, array.Neg(plain(-t)) if t.could_extract_minus_sign() else plain(t))
    return node


def reach(start: Node | None, step: sp.Expr, size: sp.Expr) -> Node:
    """The end of a slice, ``start + step * size``."""
    if not isinstance(size, sp.Add):
        length = number(size) if step == 1 else array.Mul(number(step), number(size))
        return length if start is None else array.Add(start, length)
    length = number(sp.expand(step * size))
    return length if start is None else _appended(start, length)


def _appended(start: Node, n: Node) -> Node:
    """``start + h - k + 1`` without brackets."""
    if isinstance(n, array.Add):
        return array.Add(_appended(start, n.left), n.right)
    return array.Add(start, n)


def number(e: sp.Expr) -> Node:
    """An expression of sizes.

    Example:
        >>> from symdl.notation.strict import show
        >>> h, k = sp.symbols("h k", integer=True, positive=True)
        >>> show(number(1 - k + h))
        'h - k + 1'
    """
    return Slicer().plain(e)


def element(body: sp.Expr, axes: Dims, shapes: Mapping[str, tuple[sp.Expr, ...]], *, stretch: bool = True) -> Node:
    """The array of an element over ``axes``.

    Args:
        body: the element.
        axes: the dimensions of the result.
        shapes: sizes of the named arrays.
        stretch: whether dimensions on which the element does not depend are written out; else they have size 1 or are
            missing in front.

    Raises:
        NoArrayForm: where there is none.

    Example:
        >>> from symdl.notation.strict import show
        >>> from symdl.terms.indexed import Access, Axis, size_symbol
        >>> i, n = Axis("i", size_symbol("n")), size_symbol("n")
        >>> x = sp.Symbol("x", real=True)
        >>> show(element(2 * Access(x, i + 1), (i,), {"x": (n + 1,)}))
        '2 * x[1:]'
    """
    raiser = Slicer(shapes)
    r = raiser.whole(body, axes)
    missing = [a for a in axes if a is not None and a not in r.letters]
    if missing and stretch:
        sizes = tuple(raiser.plain(sp.S.One if a is None else a.size) for a in axes)
        return array.Call("broadcast_to", (raiser.turned(r, axes).node, *sizes))
    if not missing:
        return raiser.turned(r, axes).node
    return raiser.aligned([r], axes)[0].node


__all__ = ["Average", "NoArrayForm", "Slicer", "element", "number", "reach"]
