"""Products and maxima over axes, for all sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symdl.prover import reductions, roots, tower
from symdl.prover.ring import Frac
from symdl.prover.signals import Unsupported
from symdl.prover.structure import Key, axes_in, closed, rename

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel


def product(k: Kernel, a: Frac, axes: Sequence[Key]) -> Frac:
    """The product over axes: of positive factors the exponential of a sum of logarithms."""
    size = k.product([reductions.count(k, x) for x in axes])
    c, found = k.factors(a)
    if a.num == 0:
        raise Unsupported("unsupported", "a product of zeros")
    out = k.one if c == 1 else roots.power(k, k.number(int(c.p), int(c.q)), size, True)
    for f, e in found:
        base = Frac(f, k.unit)
        if not reductions.depends(k, f, axes):
            part = roots.power(k, base, size, True)
        elif k.signs.of_factor(f) == {1}:
            part = tower.exponential(k, reductions.total(k, tower.logarithm(k, base), axes))
        elif len(f) == 1 and k.keys[k.generators(f)[0]][0] == "prod":
            names, body = reductions.opened(k, k.keys[k.generators(f)[0]])
            part = product(k, body, (*axes, *names))
        else:
            bound, factors = closed("prod", axes, [(k.poly_structure(f), 1)])
            part = k.atom(("prod", bound, factors))
        out = k.multiply(out, k.power(part, e))
    return out


def remake_product(k: Kernel, key: Key) -> Frac:
    """A product whose parts may have changed."""
    names, body = reductions.opened(k, key)
    return product(k, body, names)


def maximum(k: Kernel, a: Frac, axes: Sequence[Key]) -> Frac:
    """The largest value; terms that do not depend on the axes are pulled out."""
    if any(k.signs.of(k.build(x[2])) != {1} for x in axes):
        raise Unsupported("unsupported", "a maximum over an axis that may be empty")
    inside, outside = k.zero, k.zero
    for c, m in tower.split(k, a):
        bound = not axes_in(k.structure(m)).isdisjoint(axes)
        if bound:
            inside = k.add(inside, k.scaled(m, c))
        else:
            outside = k.add(outside, k.scaled(m, c))
    if inside.num == 0:
        return outside
    lead = abs(inside.num.leading_coefficient())
    bound_axes, parts = closed("max", list(axes), [(k.structure(k.scaled(inside, 1 / lead)), 1)])
    return k.add(outside, k.scaled(k.atom(("max", bound_axes, parts[0][0])), lead))


def remake_max(k: Kernel, key: Key) -> Frac:
    """A maximum whose parts may have changed."""
    names = {a: k.fresh(a[0], k.structure(k.build(a[2]))) for a in key[1]}
    return maximum(k, k.build(rename(key[2], names)), list(names.values()))
