"""An element at letters as an array: all of it, a part of it (``v[k:]``), its diagonal, or reshaped."""

from __future__ import annotations

import sympy as sp

from symdl.notation.raising import NoArrayForm, Raised, Raiser, index_letters
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis

_ALL = array.Slice(None, None, None)


def read(raiser: Raiser, e: Access) -> Raised:
    """A named array, or the part of it that is read: every dimension at a letter of its own, or at one place."""
    name: Node = array.Name(e.tensor.name)
    shape = raiser.shapes.get(e.tensor.name)
    split = _split_back(raiser, e, shape)
    if split is not None:
        return split
    dims: list[Axis | None] = []
    items: list[Node] = []
    for k, index in enumerate(e.indices):
        size = shape[k] if shape is not None else None
        letters = index_letters(index)
        if letters:
            letter = next(iter(letters))
            dims.append(letter)
            items.append(_part(raiser, index, letter, size))
        elif index == 0 and (size == 1 or size is None):
            dims.append(None)
            items.append(_ALL)
        else:
            items.append(raiser.plain(index))
    while items and items[-1] == _ALL:
        items.pop()
    if items:
        name = array.Index(name, tuple(items))
    found = [d for d in dims if d is not None]
    if len(set(found)) == len(found):
        return Raised(name, tuple(dims))
    if len(found) == 2 and len(dims) == 2:
        return Raised(array.Call("diag", (name,)), (found[0],))
    raise NoArrayForm


def _part(raiser: Raiser, index: sp.Expr, letter: Axis, size: sp.Expr | None) -> Node:
    """``:`` for all of a dimension, ``a:b`` where a letter runs over a part of it."""
    if index == letter and (size is None or letter.size == size):
        return _ALL
    start = sp.expand(index - letter)
    stop = sp.expand(start + letter.size)
    if size is None or index_letters(start) or not start.is_nonnegative:
        raise NoArrayForm
    if not sp.expand(size - stop).is_nonnegative:
        raise NoArrayForm
    return array.Slice(
        None if start == 0 else raiser.plain(start), None if sp.expand(size - stop) == 0 else raiser.plain(stop), None
    )


def _split_back(raiser: Raiser, e: Access, shape: tuple[sp.Expr, ...] | None) -> Raised | None:
    """``R[w * i + j, c]`` as ``reshape(R, h, w, k)``: a dimension read row by row has been put together."""
    if shape is None or all(len(index_letters(i)) < 2 for i in e.indices):
        return None
    dims: list[Axis | None] = []
    for index, size in zip(e.indices, shape, strict=True):
        found = _digits(index, size)
        if found is None:
            return None
        dims += found
    if len(set(dims) - {None}) != len([d for d in dims if d is not None]):
        return None
    sizes = tuple(raiser.plain(sp.S.One if d is None else d.size) for d in dims)
    return Raised(array.Call("reshape", (array.Name(e.tensor.name), *sizes)), tuple(dims))


def _digits(index: sp.Expr, size: sp.Expr) -> list[Axis | None] | None:
    """The letters of an index ``(i * w + j) * k + c`` that counts all of a dimension, the slowest first."""
    if index == 0 and size == 1:
        return [None]
    out: list[Axis | None] = []
    weight = sp.S.One
    rest = sp.expand(index)
    while rest != 0:
        letter = next(
            (a for a in sorted(index_letters(rest), key=str) if sp.expand(rest.coeff(a, 1) - weight) == 0), None
        )
        if letter is None:
            return None
        out.append(letter)
        rest = sp.expand(rest - weight * letter)
        weight = sp.expand(weight * letter.size)
    return out[::-1] if sp.expand(weight - size) == 0 else None
