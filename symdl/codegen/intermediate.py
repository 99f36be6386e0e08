"""Common subexpressions of several lines, as lines of their own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from symdl.codegen.lower import Line
from symdl.codegen.stable import fresh_name, outermost
from symdl.terms.indexed import Access, Axis, Delta, Indicator, Reduce

_WHOLE = (Access, Reduce, Delta, Indicator)


def shared(lines: Sequence[Line], taken: set[str]) -> tuple[list[Line], list[Line]]:
    """Returns the common parts of ``lines`` as new lines, and the lines in terms of them.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> new, old = shared([Line("a", (), sp.exp(-x) + 1), Line("b", (), sp.exp(-x) * x)], {"x", "a", "b"})
        >>> [(n.name, str(n.body)) for n in new], str(old[1].body)
        ([('t', 'exp(-x)')], 't*x')
    """
    wholes = dict.fromkeys(n for line in lines for n in outermost(line.body, _WHOLE))  # type: ignore[arg-type]
    dummies = {n: sp.Dummy(f"d{k}", real=True) for k, n in enumerate(wholes)}
    flat = [line.body.xreplace(dummies) for line in lines]
    repeated = [n for n, d in dummies.items() if isinstance(n, Reduce) and sum(f.count(d) for f in flat) > 1]
    found, reduced = sp.cse(flat, symbols=_symbols(), list=True)
    back = {d: n for n, d in dummies.items()}
    order = [a for line in lines for a in line.axes if a is not None]
    out: list[Line] = []
    for n in repeated:
        out.append(_named(n, order, taken))
        back[dummies[n]] = _use(out[-1])
    known: dict[sp.Basic, sp.Basic] = dict(back)
    for symbol, part in found:
        body = part.xreplace(known)
        if isinstance(body, Boolean):
            known[symbol] = body
            continue
        out.append(_named(body, order, taken))
        known[symbol] = _use(out[-1])
    return out, [replace(line, body=r.xreplace(known)) for line, r in zip(lines, reduced, strict=True)]


def _symbols() -> Iterator[sp.Symbol]:
    # numbered: sp.cse skips a symbol whose name occurs in the expressions
    return (sp.Dummy(f"shared{k}", real=True) for k in itertools.count())


def _named(body: sp.Expr, order: Sequence[Axis], taken: set[str]) -> Line:
    free = [a for a in dict.fromkeys(order) if a in body.free_symbols]
    return Line(fresh_name("t", taken), tuple(free), body)


def _use(line: Line) -> sp.Expr:
    symbol = sp.Symbol(line.name, real=True)
    axes = [a for a in line.axes if a is not None]
    return Access(symbol, *axes) if axes else symbol
