"""At which elements an equation with letters applies: the indices at which its arrays occur."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symdl.terms.indexed import Access, Axis, MatrixFunction


def bindings(pattern: sp.Expr, site: sp.Expr, letters: tuple[Axis, ...]) -> Iterator[dict[Axis, sp.Expr]]:
    """Ways to choose the letters so that the arrays of the pattern occur at the site."""
    anchors = sorted(_placed(pattern), key=lambda a: -len(set(a[1]) & set(letters)))
    yield from _extend({}, list(letters), anchors, _placed(site))


_Place = tuple[object, tuple[sp.Expr, ...]]


def _placed(e: sp.Expr) -> list[_Place]:
    """What stands at indices in an expression: arrays, and elements of matrix functions."""
    out: list[_Place] = [(a.tensor, a.indices) for a in e.atoms(Access)]
    return out + [((f.op, f.body), f.indices) for f in e.atoms(MatrixFunction)]


def _extend(
    known: dict[Axis, sp.Expr], open_letters: list[Axis], anchors: list[_Place], targets: list[_Place]
) -> Iterator[dict[Axis, sp.Expr]]:
    if not open_letters:
        yield known
        return
    anchor = next((a for a in anchors if set(open_letters) & set(a[1])), None)
    if anchor is None:
        return
    for what, indices in targets:
        if what != anchor[0] or len(indices) != len(anchor[1]):
            continue
        binding = dict(known)
        fits = True
        for letter, index in zip(anchor[1], indices, strict=True):
            if letter in open_letters:
                fits = fits and binding.setdefault(letter, index) == index
        if fits:
            rest = [a for a in open_letters if a not in binding]
            yield from _extend(binding, rest, anchors, targets)
