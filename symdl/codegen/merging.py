"""Adjoints of statistics put in where they are used, if that saves operations.

The textbook names ``ds`` and ``dmu`` of a normalisation; code that computes its gradient writes two means instead.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import sympy as sp

from symdl.codegen.printer import PieceText
from symdl.codegen.slicing import Average, NoArrayForm, element
from symdl.errors import NotSupported
from symdl.terms.indexed import Access, Binder, Reduce, elements
from symdl.terms.program import Assignment


def merged(
    lines: Sequence[Assignment], results: Collection[str], shapes: Mapping[str, tuple[sp.Expr, ...]]
) -> list[Assignment]:
    """The lines, with those of one row or column that a single later line uses put into it where that is shorter.

    Args:
        lines: in the order of computing.
        results: names that are asked for, which stay.
        shapes: sizes of the named arrays.
    """
    out = list(lines)
    for user in lines:
        inner = [a for a in out if _single(a, user, out) and a.name not in results]
        if not inner:
            continue
        body = elements(user.body, {a.variable.symbol: _put(a) for a in inner})
        old = [_cost(a, a.body, shapes) for a in (*inner, user)]
        new = {c: _cost(user, c, shapes) for c in (_with_means(body), sp.factor_terms(_expanded(body)))}
        best = min(new, key=lambda c: (new[c] or 10**6, str(c)))
        if None not in old and new[best] is not None and (new[best] or 0) < sum(c or 0 for c in old):
            out = [replace(user, body=best) if a is user else a for a in out if a not in inner]
    return out


def _single(a: Assignment, user: Assignment, lines: Sequence[Assignment]) -> bool:
    """Whether a line has one row or column for many of this one's, and is used by this one only."""
    mine, many = a.variable.axes, user.variable.axes
    return (
        len(mine) == len(many)
        and any(u is None and v is not None for u, v in zip(mine, many, strict=True))
        and [b.name for b in lines if b.body.has(a.variable.symbol)] == [user.name]
    )


def _put(a: Assignment) -> Callable[[tuple[sp.Expr, ...]], sp.Expr]:
    def at(indices: tuple[sp.Expr, ...]) -> sp.Expr:
        return a.body.xreplace({v: i for v, i in zip(a.variable.axes, indices, strict=True) if v is not None})

    return at


def _atoms(body: sp.Expr) -> dict[sp.Expr, sp.Dummy]:
    """Sums and elements as symbols."""
    found: dict[sp.Expr, sp.Dummy] = {}

    def walk(e: sp.Basic) -> None:
        if isinstance(e, (Access, Binder)):
            found.setdefault(e, sp.Dummy(real=True))
            return
        for x in e.args:
            walk(x)

    walk(body)
    return found


def _expanded(body: sp.Expr) -> sp.Expr:
    atoms = _atoms(body)
    return sp.expand(body.xreplace(atoms)).xreplace({d: e for e, d in atoms.items()})


def _with_means(body: sp.Expr) -> sp.Expr:
    """Terms over their common factors, with sums as means of as many items."""
    atoms = _atoms(body)
    means: dict[sp.Expr, sp.Expr] = {}
    flat = body.xreplace(atoms)
    for e, d in atoms.items():
        means[d] = e
        if isinstance(e, Reduce) and e.op == "sum":
            mean = sp.Dummy(real=True)
            flat = flat.xreplace({d: sp.Mul(*(a.size for a in e.bound)) * mean})
            means[mean] = Average(e)
    return sp.factor_terms(sp.expand(flat)).xreplace(means)


def _cost(a: Assignment, body: sp.Expr, shapes: Mapping[str, tuple[sp.Expr, ...]]) -> int | None:
    """Operations of the statement, if there is one."""
    try:
        node = element(body, a.variable.axes, shapes)
        names = {str(s) for s in body.free_symbols} | {
            str(s) for t in shapes.values() for d in t for s in d.free_symbols
        }
        tree = ast.parse(PieceText(names | set(shapes)).text(node))
    except (NoArrayForm, NotSupported):
        return None
    return sum(isinstance(n, (ast.BinOp, ast.UnaryOp, ast.Call, ast.Compare)) for n in ast.walk(tree))
