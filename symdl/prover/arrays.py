"""Named quantities, elements of arrays, and opaque functions of whole matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy as sp
from flint import fmpq

from symdl.prover import branches
from symdl.prover.ring import Frac
from symdl.prover.structure import ONE, Key, Structure, axes_in, is_axis, labels, rename
from symdl.terms.indexed import Access, Axis, MatrixFunction

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel


_SMALL = 3  # largest matrix of known size that is written out


def make_symbol(k: Kernel, key: Key) -> Frac:
    """The generator of a scalar; a binary one is its own square."""
    g = k.generator(key)
    if k.facts.name(key[1]).kind == "binary":
        k.idempotent.add(k.slots[key])
    return g


def _access(k: Kernel, e: Access) -> Frac:
    head: Any = k.env.get(e.tensor, e.tensor.name)  # an element of a random vector is read from a bound name
    at = tuple(k.value(i) for i in e.indices)
    shape = k.facts.shapes.get(e.tensor.name, ())
    for index, i, size in zip(e.indices, at, shape if len(shape) == len(at) else (), strict=False):
        if isinstance(index, sp.Symbol) and not isinstance(index, Axis):  # an index that is a name is in range
            k.need("nonnegative", i)
            k.need("nonnegative", k.subtract(k.subtract(k.value(sp.sympify(size)), k.one), i))
    return k.atom(("acc", head, tuple(map(k.structure, at))))


def make_access(k: Kernel, key: Key) -> Frac:
    """The generator of an element."""
    g = k.generator(key)
    if isinstance(key[1], str) and k.facts.name(key[1]).kind == "binary":
        k.idempotent.add(k.slots[key])
    return g


def remake_access(k: Kernel, key: Key) -> Frac:
    """An element whose indices may have changed."""
    return k.atom(("acc", key[1], tuple(k.structure(k.build(i)) for i in key[2])))


# ---- matrices


def _matrix(k: Kernel, e: MatrixFunction) -> Frac:
    n = e.bound[0].size
    if isinstance(n, sp.Integer) and n == e.bound[1].size and 1 <= n <= _SMALL:

        def element(i: int, j: int) -> Frac:
            with k.binding({e.bound[0]: ("int", i), e.bound[1]: ("int", j)}):
                return k.value(e.body)

        done = small(k, e.op, int(n), element, tuple(k.value(i) for i in e.indices))
        if done is not None:
            return done
    row, column = (("axis", f"~{k.depth + n}", k.structure(k.value(a.size))) for n, a in enumerate(e.bound))
    with k.binding(dict(zip(e.bound, (row, column), strict=True))):
        body = k.value(e.body)
        entry = diagonal(k, row, column, body)
    indices = tuple(k.value(i) for i in e.indices)
    done = of_diagonal(k, e.op, row, entry, indices) if entry is not None else None
    return matrix(k, e.op, row, column, body, indices) if done is None else done


def diagonal(k: Kernel, row: Key, column: Key, body: Frac) -> Frac | None:
    """The entry at ``row`` of a matrix that is certainly diagonal, its entries certainly positive."""
    if row[2] != column[2]:
        return None
    here = branches.delta(k, k.subtract(k.atom(row), k.atom(column)))
    key = k.keys[k.generators(here.num)[0]] if here.num.total_degree() == 1 else None
    if key is None or k.substitute(body, key, k.zero) != k.zero:
        return None
    entry = k.substitute(k.substitute(body, key, k.one), column, k.atom(row))
    return entry if k.signs.of(entry) == frozenset({1}) else None


def of_diagonal(k: Kernel, op: str, row: Key, entry: Frac, indices: tuple[Frac, ...]) -> Frac | None:
    """A function of a diagonal matrix with positive entries: the function of each entry, for all sizes."""
    from symdl.prover import extremes, reductions, tower

    if op == "det":
        return extremes.product(k, entry, [row])
    if op == "logdet":
        return reductions.total(k, tower.logarithm(k, entry), [row])
    if op != "inv":
        return None
    i, j = indices
    return k.multiply(branches.delta(k, k.subtract(i, j)), k.substitute(k.invert(entry), row, i))


def small(k: Kernel, op: str, size: int, element: Callable[[int, int], Frac], indices: tuple[Frac, ...]) -> Frac | None:
    """Determinant and inverse of a matrix of known small size, by minors."""

    def det(rows: tuple[int, ...], columns: tuple[int, ...]) -> Frac:
        if not rows:
            return k.one
        out = k.zero
        for n, c in enumerate(columns):
            minor = det(rows[1:], columns[:n] + columns[n + 1 :])
            out = k.add(out, k.scaled(k.multiply(element(rows[0], c), minor), fmpq((-1) ** n)))
        return out

    everything = tuple(range(size))
    whole = det(everything, everything)
    if op in ("det", "logdet"):
        from symdl.prover import tower

        return whole if op == "det" else tower.logarithm(k, whole)
    at = [k.constant(i) for i in indices]
    if op != "inv" or at[0] is None or at[1] is None:
        return None
    i, j = int(at[0].p), int(at[1].p)
    minor = det(tuple(r for r in everything if r != j), tuple(c for c in everything if c != i))
    return k.divide(k.scaled(minor, fmpq((-1) ** (i + j))), whole)


def matrix(k: Kernel, op: str, row: Key, column: Key, body: Frac, indices: tuple[Frac, ...]) -> Frac:
    """A function of the matrix with this element; the transpose of an inverse is the inverse of the transpose."""
    here = tuple(k.structure(i) for i in indices)
    key = ("matrix", *_bound(k, row, column, body), op, here)
    if row[2] != column[2] or op not in ("inv", "det", "logdet", "power"):
        return k.atom(key)
    turned = (here[1], here[0], *here[2:]) if len(here) >= 2 else here
    other = ("matrix", *_bound(k, column, row, body), op, turned)
    return k.atom(min(key, other, key=repr))


def _bound(k: Kernel, row: Key, column: Key, body: Frac) -> tuple[tuple[Key, ...], Structure]:
    """Binds row and column in this order."""
    s = k.structure(body)
    base = max(labels(s), labels(row), labels(column))
    names = {row: ("axis", f"#{base}", row[2]), column: ("axis", f"#{base + 1}", column[2])}
    return tuple(names.values()), rename(s, names)


def contracted(k: Kernel, parts: list[tuple[Structure, int]], axes: list[Key]) -> tuple[Frac, list[Key]] | None:
    """``sum_b A[i, b] inv(A)[b, j] = delta[i, j]``, and the same from the left, inside a longer product.

    Returns the product with the delta in their place, and the axes that are left.
    """
    for n, (p, e) in enumerate(parts):
        key: Key = p[1][1][0][0] if len(p) == 2 and len(p[1][1]) == 1 else ("",)
        if key[0] != "matrix" or key[3] != "inv" or e != 1:
            continue
        _, (row, column), body, _, (i, j) = key
        for b, far, inner, outer in ((i, j, column, row), (j, i, row, column)):
            axis = _plain_axis(b)
            if axis is None or axis not in axes or axis in axes_in(far) or axis[2] != inner[2]:
                continue
            rest = [(q, f) for m, (q, f) in enumerate(parts) if m != n]
            found = _partner(k, [(q, f) for q, f in rest if axis in axes_in(q)], body, inner, outer, axis)
            if found is not None:
                others = [(q, f) for q, f in rest if axis not in axes_in(q)]
                out = branches.delta(k, k.subtract(k.build(far), k.atom(found)))
                for q, f in others:
                    out = k.multiply(out, k.power(k.build_polynomial(q), f))
                return out, [a for a in axes if a != axis]
    return None


def _plain_axis(s: Structure) -> Key | None:
    """The axis, if an index is just that."""
    if len(s[1]) == 2 and s[1][1][0] == "1" and len(s[1][1][1]) == 1 and s[2] == ONE[2]:
        key, e = s[1][1][1][0]
        return key if e == 1 and is_axis(key) else None
    return None


def _partner(
    k: Kernel, tied: list[tuple[Structure, int]], body: Structure, inner: Key, outer: Key, axis: Key
) -> Key | None:
    """The axis at which the factors tied to ``axis`` are the element of the matrix that was inverted."""
    if not tied:
        return None
    whole = k.one
    for q, f in tied:
        whole = k.multiply(whole, k.power(k.build_polynomial(q), f))
    here = k.structure(whole)
    for other in sorted(axes_in(here) - {axis}, key=repr):
        if other[2] == outer[2] and rename(body, {inner: axis, outer: other}) == here:
            return other
    return None


def remake_matrix(k: Kernel, key: Key) -> Frac:
    """A matrix function whose parts may have changed."""
    _, (r, c), body, op, indices = key
    row, column = k.fresh("axis", r[2]), k.fresh("axis", c[2])
    opened = k.build(rename(body, {r: row, c: column}))
    return matrix(k, op, row, column, opened, tuple(k.build(i) for i in indices))


HANDLERS: dict[type, Any] = {Access: _access, MatrixFunction: _matrix}
