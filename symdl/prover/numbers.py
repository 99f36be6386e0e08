"""Signs of constants by rigorous balls: a sign is only told if the ball keeps clear of zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flint import arb, ctx, fmpq

from symdl.prover.domain import ANY, Signs
from symdl.prover.structure import Key, Structure

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel

_KINDS = {"pi", "exp", "log", "root", "sin", "cos", "const", "fn"}


class _NotConstant(Exception):
    pass


def sign(k: Kernel, f: Any) -> Signs:
    """Possible signs of a polynomial whose generators are all numbers; any sign for others."""
    used = k.generators(f)
    if any(k.keys[i][0] not in _KINDS for i in used):
        return ANY
    with ctx.workprec(192):
        try:
            ball = _polynomial(k.poly_structure(f))
        except _NotConstant:
            return ANY
        if ball > 0:
            return frozenset({1})
        return frozenset({-1}) if ball < 0 else ANY


def _fraction(s: Structure) -> Any:
    return _polynomial(s[1]) / _polynomial(s[2])


def _polynomial(s: Structure) -> Any:
    total = arb(0)
    for c, mono in s[1:]:
        term = arb(fmpq(*map(int, c.split("/"))))
        for key, e in mono:
            term *= _generator(key) ** e
        total += term
    return total


def _generator(key: Key) -> Any:
    kind = key[0]
    if kind == "pi":
        return arb.pi()
    if kind == "const":
        return arb.const_euler()
    if kind == "exp":
        return (_fraction(key[1]) / key[2]).exp()
    if kind == "log":
        return _fraction(key[1]).log()
    if kind == "root":
        return _fraction(key[2]).root(key[1])
    if kind in ("sin", "cos"):
        return getattr(_fraction(key[1]) / key[2], kind)()
    if kind == "fn" and key[1] in ("erf", "atan", "asin"):
        return getattr(_fraction(key[2]), key[1])()
    raise _NotConstant
