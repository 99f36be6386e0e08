"""Sturm's theorem: the sign of a polynomial in one generator that has no zero where it is looked at."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from flint import fmpq, fmpq_poly

from symdl.prover.domain import ANY, Signs


def signs(f: Any, i: int, domain: Signs) -> Signs:
    """Possible signs of a polynomial in one generator whose possible signs are given."""
    coefficients = [fmpq(0)] * (f.total_degree() + 1)
    for mono, c in f.to_dict().items():
        coefficients[mono[i]] = c
    p = fmpq_poly(coefficients)
    if p.degree() > 12:
        return ANY
    out: set[int] = set()
    if 0 in domain:
        out.add(_sign(coefficients[0]))
    for side in (1, -1):
        if side not in domain:
            continue
        q = p if side == 1 else p(fmpq_poly([0, -1]))
        if _roots(q) > 0:
            return ANY
        out.add(_sign(q[q.degree()]))
    return frozenset(out)


def _roots(p: Any) -> int:
    """Number of distinct roots above zero."""
    while p[0] == 0:
        p = p // fmpq_poly([0, 1])
    chain = [p, p.derivative()]
    while chain[-1].degree() > 0:
        rest = -(chain[-2] % chain[-1])
        if rest == 0:
            break
        chain.append(rest)
    at_zero = [q[0] for q in chain]
    at_end = [q[q.degree()] for q in chain]
    return _changes(at_zero) - _changes(at_end)


def _changes(values: list[Any]) -> int:
    nonzero = [_sign(v) for v in values if v != 0]
    return sum(a != b for a, b in pairwise(nonzero))


def _sign(v: Any) -> int:
    return int(v > 0) - int(v < 0)
