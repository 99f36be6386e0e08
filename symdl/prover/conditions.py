"""Bounds that are known of generators: stated in the claim, by the case, or by their nature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from symdl.prover.ring import Frac
from symdl.prover.structure import Key, axes_in, is_axis, rename

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel

_MOST = 24


def conditions(k: Kernel, f: Any) -> list[tuple[Any, bool]]:
    """Polynomials known to be nonnegative that share generators with ``f``; whether they are positive."""
    wanted, out, done = set(k.generators(f)), [], set()
    for _ in range(3):
        for p, strict in k.signs.stated:
            name = str(p)
            if name not in done and wanted & set(k.generators(p)):
                done.add(name)
                out.append((p, strict))
        before = set(wanted)
        for p, _ in out:
            wanted |= set(k.generators(p))
        if wanted == before:
            break
    for i in sorted(wanted):
        out += [c for c in _intrinsic(k, k.keys[i], f) if str(c[0]) not in done]
    return out[:_MOST]


def _intrinsic(k: Kernel, key: Key, f: Any) -> list[tuple[Any, bool]]:
    """Bounds a generator has by its nature."""
    kind = k.facts.name(key[1]).kind if key[0] in ("sym", "acc") and isinstance(key[1], str) else ""
    g = k.context.gen(k.slots[key])
    if kind in ("unit", "probability", "binary") or key[0] in ("pos", "zero", "delta"):
        return [(1 - g, kind == "unit")]
    if key[0] == "sym" and k.facts.name(key[1]).integer and k.facts.name(key[1]).signs == {1}:
        return [(g - 1, False)]
    if key[0] in ("sin", "cos"):
        return [(1 - g, False), (1 + g, False)]
    if key[0] == "fn" and key[1] == "erf":
        return [(1 - g, True), (1 + g, True)]
    if key[0] in ("log", "exp"):
        return _tangent(k, key, g)
    if key[0] == "fn" and key[1] in ("floor", "ceiling"):
        a = k.build(key[2])
        gap = a.num - g * a.den if key[1] == "floor" else g * a.den - a.num
        return [(gap, False), (a.den - gap, True)] if k.signs.of(Frac(a.den, k.unit)) == {1} else []
    if key[0] == "axis":
        size = k.build(key[2])
        return [(size.num - g - 1, False)] if size.den == k.unit else []
    if key[0] in ("sum", "max") and len(key[1]) == 1:
        return _member(k, key, g, f)
    return []


def _tangent(k: Kernel, key: Key, g: Any) -> list[tuple[Any, bool]]:
    """``1 - 1/u <= log u <= u - 1`` and ``exp u >= 1 + u``."""
    if len(k.signs._busy) > 2:
        return []
    a = k.build(key[1])
    if key[0] == "log":
        if k.signs.of(Frac(a.den, k.unit)) != {1}:
            return []
        return [(a.num - a.den - g * a.den, False), (g * a.num - a.num + a.den, False)]
    return [(g * key[2] - key[2] - a.num, False)] if a.den == k.unit else []


def _member(k: Kernel, key: Key, g: Any, f: Any) -> list[tuple[Any, bool]]:
    """A maximum is at least each member, a sum of nonnegative terms at least each term."""
    out = []
    bound = key[1][0]
    for axis in _axes(k, f):
        if axis[2] != bound[2] or axis[0] != "axis":
            continue
        if key[0] == "max":
            term = k.build(rename(key[2], {bound: axis}))
        else:
            term = k.one
            for p, e in key[2]:
                term = k.multiply(term, k.power(k.build_polynomial(rename(p, {bound: axis})), e))
            if not k.signs.of(term) <= {0, 1}:
                continue
        if term.den == k.unit:
            out.append((g - term.num, False))
    return out


def _axes(k: Kernel, f: Any) -> list[Key]:
    found: set[Key] = set()
    for i in k.generators(f):
        found |= axes_in(k.keys[i])
    return sorted((a for a in found if is_axis(a)), key=repr)
