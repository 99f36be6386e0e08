"""Matrix functions over exact rationals and balls, for small square matrices given row by row."""

from __future__ import annotations

from typing import Any

from flint import arb_mat, fmpq, fmpq_mat

from symdl.verifier import arithmetic as ar


def _matrix_of(n: int, entries: tuple[Any, ...]) -> Any:
    if all(type(v) is fmpq for v in entries):
        return fmpq_mat(n, n, list(entries))
    return arb_mat(n, n, [ar.ball(v) for v in entries])


def determinant(n: int, *entries: Any) -> Any:
    """Determinant of a matrix given row by row; exact if its entries are."""
    d = _matrix_of(n, entries).det()
    return d if type(d) is fmpq or d.is_finite() else ar.NAN


def matrix_power(n: int, exponent: fmpq, *entries: Any) -> list[Any]:
    """Entries of a power of a matrix; a fractional power only of a diagonal matrix."""
    undefined = [ar.NAN] * (n * n)
    diagonal = all(type(v) is fmpq and v == 0 for k, v in enumerate(entries) if k % (n + 1))
    if diagonal:
        return [v if k % (n + 1) else ar.power(v, exponent) for k, v in enumerate(entries)]
    if exponent.q != 1 or abs(exponent) > 1000 or not all(map(ar.finite, entries)):
        return undefined
    m = _matrix_of(n, entries)
    try:
        m = m.inv() if exponent < 0 else m
        m = m ** abs(int(exponent.p))
    except ZeroDivisionError:  # singular, or not known to be regular at this precision
        return undefined
    return [m[i, j] if type(m[i, j]) is fmpq or m[i, j].is_finite() else ar.NAN for i in range(n) for j in range(n)]


def entry(k: int, whole: list[Any]) -> Any:
    """One entry of a matrix kept row by row."""
    return whole[k]
