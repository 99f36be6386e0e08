"""Sums of products as matrix products, sums along axes, traces, and ``einsum`` where nothing else fits."""

from __future__ import annotations

import sympy as sp

from symdl.notation.raising import Dims, NoArrayForm, Raised, Raiser, einsum_letters
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Axis, Expectation, Reduce


def contracted(raiser: Raiser, e: Reduce, context: Dims) -> Raised:
    """Raises a reduction; the letters of ``context`` that it depends on stay."""
    body, opened = e.opened()
    bound = [opened[a] for a in e.bound]
    if isinstance(body, Expectation):
        inner = Reduce(e.op, body.args[0], *bound)
        r = raiser.whole(inner, context)
        return Raised(array.Expect(r.node, body.args[1].name, body.args[2].name), r.dims)
    free = [a for a in context if a is not None and a in body.free_symbols]
    if e.op == "sum":
        found = _product(raiser, body, free, bound, context)
        if found is not None:
            return found
    return _along(raiser, e.op, body, free, bound, context)


Group = tuple[frozenset[Axis], sp.Expr]


def grouped(body: sp.Expr) -> list[Group]:
    """Factors by the letters they depend on, most letters first."""
    table: dict[frozenset[Axis], list[sp.Expr]] = {}
    for f in sp.Mul.make_args(body):
        letters = frozenset(s for s in f.free_symbols if isinstance(s, Axis))
        table.setdefault(letters, []).append(f)
    keys = sorted(table, key=lambda k: (-len(k), sorted(map(str, k))))
    return [(k, sp.Mul(*table[k])) for k in keys]


def _merged(groups: list[Group]) -> list[Group]:
    """Groups whose letters another one has join that."""
    kept: list[Group] = []
    for letters, e in groups:
        host = next((k for k in range(len(kept) - 1, -1, -1) if letters < kept[k][0]), None)
        if host is None:
            kept.append((letters, e))
        else:
            kept[host] = (kept[host][0], kept[host][1] * e)
    return kept


def _product(raiser: Raiser, body: sp.Expr, free: list[Axis], bound: list[Axis], context: Dims) -> Raised | None:
    """A product of two arrays, or an ``einsum``; nothing if it is a sum of one array."""
    groups = grouped(body)
    whole = _merged(groups)
    if len(bound) == 1:
        for candidate in (groups, whole):
            if len(candidate) == 2:
                found = _matmul(raiser, candidate, free, bound[0], context)
                if found is not None:
                    return found
    if len(whole) == 1:
        return None
    if len(bound) > 1:
        found = _nested(raiser, whole, bound, context)
        if found is not None:
            return found
    return einsum(raiser, whole, free)


def _matmul(
    raiser: Raiser,
    groups: list[Group],
    free: list[Axis],
    k: Axis,
    context: Dims,
) -> Raised | None:
    """``A @ B`` over one shared letter."""
    (la, a), (lb, b) = groups
    if k not in la or k not in lb or (la & lb) != {k} or len(la) > 2 or len(lb) > 2:
        return None
    outer = [next(iter(x - {k}), None) for x in (la, lb)]
    if outer[0] is not None and outer[1] is not None and free.index(outer[0]) > free.index(outer[1]):
        a, b, outer = b, a, outer[::-1]
    if outer[0] is None and outer[1] is not None:
        a, b, outer = b, a, outer[::-1]
    left, right = _operand(raiser, a, outer[0], k), _operand(raiser, b, outer[1], k)
    if outer[1] is not None:  # a matrix times a matrix
        x = raiser.turned(left, (outer[0], k))
        y = raiser.turned(right, (k, outer[1]))
        return Raised(array.Mul(x.node, y.node, array.MATMUL), (outer[0], outer[1]))
    return _with_vector(raiser, left, right, outer[0], k, context)


def _with_vector(raiser: Raiser, left: Raised, right: Raised, i: Axis | None, k: Axis, context: Dims) -> Raised:
    """A matrix times a vector, as the vector stands: flat, a column or a row."""
    if i is None:  # two vectors
        if len(left.dims) == 1 and len(right.dims) == 1:
            return Raised(array.Mul(left.node, right.node, array.MATMUL), ())
        x, y = raiser.turned(left, (None, k)), raiser.turned(right, (k, None))
        return Raised(array.Mul(x.node, y.node, array.MATMUL), (None, None))
    if len(right.dims) == 1:
        x = raiser.turned(left, (i, k))
        return Raised(array.Mul(x.node, right.node, array.MATMUL), (i,))
    row_wanted = len(context) == 2 and context[1] == i and context[0] is None
    if row_wanted:
        x, y = raiser.turned(right, (None, k)), raiser.turned(left, (k, i))
        return Raised(array.Mul(x.node, y.node, array.MATMUL), (None, i))
    x, y = raiser.turned(left, (i, k)), raiser.turned(right, (k, None))
    return Raised(array.Mul(x.node, y.node, array.MATMUL), (i, None))


def _operand(raiser: Raiser, e: sp.Expr, i: Axis | None, k: Axis) -> Raised:
    """One factor of a matrix product, in whichever order of its letters it stands."""
    if i is None:
        return raiser.whole(e, (k,) if _flat(raiser, e, k) else (k, None))
    orders: tuple[Dims, ...] = ((i, k), (k, i))
    results = []
    for order in orders:
        r = raiser.whole(e, order)
        if r.dims == order:
            results.append((_transposes(r.node), r))
    if not results:
        return raiser.whole(e, (i, k))
    return min(results, key=lambda pair: pair[0])[1]


def _flat(raiser: Raiser, e: sp.Expr, k: Axis) -> bool:
    try:
        return len(raiser.whole(e, (k,)).dims) == 1
    except NoArrayForm:
        return False


def _transposes(node: Node) -> int:
    return sum(isinstance(n, (array.Transpose, array.Index)) for n in array.walk(node))


def _nested(raiser: Raiser, groups: list[Group], bound: list[Axis], context: Dims) -> Raised | None:
    """A chain of matrix products: one bound letter is summed first, then the next."""
    for k in bound:
        holders = [g for g in groups if k in g[0]]
        if len(holders) != 2 or any(len(letters) > 2 for letters, _ in holders):
            continue
        outer = (holders[0][0] | holders[1][0]) - {k}
        if len(outer) != len(holders[0][0]) + len(holders[1][0]) - 2 or len(outer) > 2:
            continue
        inner = Reduce("sum", holders[0][1] * holders[1][1], k)
        rest = sp.Mul(*(e for letters, e in groups if k not in letters))
        left = [a for a in bound if a != k]
        if rest == 1:
            continue  # a sum of a sum would be one sum again
        try:
            return raiser.whole(Reduce("sum", rest * inner, *left), context)
        except NoArrayForm:
            continue
    return None


def einsum(raiser: Raiser, groups: list[Group], free: list[Axis]) -> Raised:
    """The general sum of products."""
    parts: list[Raised] = []
    for letters, e in groups:
        r = raiser.whole(e, tuple(sorted(letters, key=str)))
        if None in r.dims:
            raise NoArrayForm
        parts.append(r)
    letter = einsum_letters([a for p in parts for a in p.dims if a is not None])
    spec = ",".join("".join(letter(a) for a in p.dims if a is not None) for p in parts)
    out = "".join(letter(a) for a in free)
    node = array.Call("einsum", tuple(p.node for p in parts), (("subscripts", f"{spec}->{out}"),))
    return Raised(node, tuple(free))


def _along(raiser: Raiser, op: str, body: sp.Expr, free: list[Axis], bound: list[Axis], context: Dims) -> Raised:
    """``sum(A, axis=1)``: the array is taken in the order in which it needs least turning."""
    orders: list[Dims] = [tuple(a for a in context if a in free) + tuple(bound), (*bound, *free)]
    if len(context) == 2 and not any(context) and len(bound) == 1:  # one entry: a row or a column is summed
        orders = [(None, bound[0]), (bound[0], None), *orders]
    if len(free) == 1 and len(bound) == 1:
        orders = [(free[0], bound[0]), (bound[0], free[0])]
    best: Raised | None = None
    for order in orders:
        try:
            r = raiser.whole(body, order)
        except NoArrayForm:
            continue
        if set(r.letters) == set(order) - {None} and (best is None or _transposes(r.node) < _transposes(best.node)):
            best = r
    if best is None:
        raise NoArrayForm
    where = [k for k, a in enumerate(best.dims) if a in bound]
    if not any(a in best.letters for a in free) and (not context or len(best.dims) != len(context) or any(context)):
        return Raised(array.Call(op, (best.node,)), ())
    axis = where[0] if len(where) == 1 else tuple(where)
    options: tuple[tuple[str, object], ...] = (("axis", axis),)
    kept = tuple(None if a in bound else a for a in best.dims)
    if len(kept) == len(context) and all(a is None or a == c for a, c in zip(kept, context, strict=True)):
        return Raised(array.Call(op, (best.node,), (*options, ("keepdims", True))), kept)
    return Raised(array.Call(op, (best.node,), options), tuple(a for a in best.dims if a not in bound))
