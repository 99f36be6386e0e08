"""Sines and cosines by the addition theorem, and functions that are only known by their argument."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import sympy as sp
from flint import fmpq

from symdl.prover import tower
from symdl.prover.ring import Frac
from symdl.prover.signals import Restart, Unsupported
from symdl.prover.structure import Key
from symdl.terms.indexed import Opaque

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel


def _angle(k: Kernel, a: Frac) -> tuple[Frac, Frac]:
    """Sine and cosine, by the addition theorem over the terms of the angle."""
    s, c = k.zero, k.one
    for coefficient, m in tower.split(k, a):
        u, v = _multiple(k, coefficient, m)
        s, c = k.add(k.multiply(s, v), k.multiply(c, u)), k.subtract(k.multiply(c, v), k.multiply(s, u))
    return s, c


def _multiple(k: Kernel, c: fmpq, m: Frac) -> tuple[Frac, Frac]:
    structure = ("angle", k.structure(m))
    scale = k.hints.scales.get(structure, 1)
    n = c * scale
    if n.q != 1:
        k.hints.scales[structure] = math.lcm(scale, int(c.q))
        raise Restart
    if abs(n) > 24:
        raise Unsupported("too-large", "a multiple of an angle is too large")
    cosine = k.atom(("cos", structure[1], scale))
    sine = k.atom(("sin", structure[1], scale))
    s, d = k.zero, k.one
    for _ in range(abs(int(n.p))):
        s, d = k.add(k.multiply(s, cosine), k.multiply(d, sine)), k.subtract(k.multiply(d, cosine), k.multiply(s, sine))
    return (k.negative(s), d) if n < 0 else (s, d)


def make_sine(k: Kernel, key: Key) -> Frac:
    """The generator of a sine; its square is one minus that of the cosine."""
    cosine = k.atom(("cos", *key[1:]))
    g = k.generator(key)
    k.relate(key, 2, k.subtract(k.one, k.multiply(cosine, cosine)))
    return g


def remake_sine(k: Kernel, key: Key) -> Frac:
    """A sine or cosine whose angle may have changed."""
    pair = _angle(k, k.scaled(k.build(key[1]), fmpq(1, key[2])))
    return pair[0] if key[0] == "sin" else pair[1]


def _sin(k: Kernel, e: sp.Expr) -> Frac:
    return _angle(k, k.value(e.args[0]))[0]


def _cos(k: Kernel, e: sp.Expr) -> Frac:
    return _angle(k, k.value(e.args[0]))[1]


def _tan(k: Kernel, e: sp.Expr) -> Frac:
    s, c = _angle(k, k.value(e.args[0]))
    return k.divide(s, c)


# ---- functions that are only known by their argument

_ODD = ("erf", "atan", "asin", "erfi")


def apply(k: Kernel, name: str, args: tuple[Frac, ...]) -> Frac:
    """A function that nothing is known of, but that it may be odd."""
    if name in _ODD and args[0].num == 0:
        return k.zero
    if name in _ODD and args[0].num.leading_coefficient() < 0:
        return k.negative(k.atom(("fn", name, k.structure(k.negative(args[0])))))
    return k.atom(("fn", name, *(k.structure(a) for a in args)))


def remake_function(k: Kernel, key: Key) -> Frac:
    """A function whose arguments may have changed."""
    return apply(k, key[1], tuple(k.build(a) for a in key[2:]))


def _unknown(k: Kernel, e: sp.Expr) -> Frac:
    return apply(k, type(e).__name__, tuple(k.args(e)))


def _partial(k: Kernel, e: sp.Expr) -> Frac:
    """Defined for positive numbers; for gamma and digamma, also for most negative ones."""
    k.need("unclear" if isinstance(e, sp.gamma | sp.digamma) else "positive", k.value(e.args[-1]))
    return _unknown(k, e)


def _bounded(k: Kernel, e: sp.Expr) -> Frac:
    a = k.value(e.args[0])
    k.need("nonnegative", k.subtract(k.one, k.multiply(a, a)))
    return apply(k, "asin", (a,))


def _acos(k: Kernel, e: sp.Expr) -> Frac:
    return k.subtract(k.scaled(k.atom(("pi",)), fmpq(1, 2)), _bounded(k, e))


def _opaque(k: Kernel, e: sp.Expr) -> Frac:
    head, order, *args = e.args
    name = f"{getattr(head, 'name', head)}'{order}"
    return apply(k, name, tuple(k.value(a) for a in args))


HANDLERS: dict[type, Any] = {
    sp.sin: _sin,
    sp.cos: _cos,
    sp.tan: _tan,
    sp.erf: _unknown,
    sp.erfc: lambda k, e: k.subtract(k.one, apply(k, "erf", tuple(k.args(e)))),
    sp.atan: _unknown,
    sp.asin: _bounded,
    sp.acos: _acos,
    sp.floor: _unknown,
    sp.ceiling: _unknown,
    sp.Mod: _unknown,
    sp.gamma: _partial,
    sp.loggamma: _partial,
    sp.digamma: _partial,
    sp.polygamma: _partial,
    Opaque: _opaque,
}
