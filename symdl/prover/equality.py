"""The case of an equality: both sides have the same normal form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symdl.prover.assume import on_domain
from symdl.prover.kernel import Kernel
from symdl.prover.leaves import Leaf
from symdl.prover.ring import Frac
from symdl.prover.signals import Contradiction, Undefined, Unsupported
from symdl.prover.structure import Structure, as_json

Needs = dict[tuple[str, Structure], Frac]
Judge = Callable[[Kernel, Frac], "dict[str, Any] | None"]

NEEDED = {"positive": frozenset({1}), "nonnegative": frozenset({0, 1}), "nonzero": frozenset({1, -1})}


def settle(left: sp.Expr, right: sp.Expr, judge: Judge) -> Callable[[Kernel], Leaf]:
    """Returns what settles one case: the difference of the sides is judged, at first without and then with the
    knowledge that both sides are defined."""

    def leaf(k: Kernel) -> Leaf:
        a = k.value(left)
        mine = k.forget()
        b = k.value(right)
        yours = k.forget()
        form = judge(k, k.subtract(a, b))
        if form is None:
            form = _on_domain(k, left, right, {**mine, **yours}, judge)
        return checked(k, form, mine, yours)

    return leaf


def _on_domain(k: Kernel, left: sp.Expr, right: sp.Expr, needs: Needs, judge: Judge) -> dict[str, Any]:
    if needs:
        try:
            inner = Kernel(on_domain(k, needs), k.hints, k.clock)
            form = judge(inner, inner.subtract(inner.value(left), inner.value(right)))
        except Contradiction:
            raise Undefined("a side is not defined") from None
        if form is not None:
            return {**form, "domain": True}
    raise Unsupported("not-zero", "the difference of the two sides was not reduced to what is claimed")


def needs(k: Kernel, left: sp.Expr, right: sp.Expr) -> tuple[Needs, Needs]:
    """What each side needs to be defined."""
    k.forget()
    k.value(left)
    mine = k.forget()
    k.value(right)
    return mine, k.forget()


def checked(k: Kernel, form: dict[str, Any], mine: Needs, yours: Needs) -> Leaf:
    """A settled case, and whether the sides are defined everywhere in it."""
    one, two = (set(_plain(k, side)) for side in (mine, yours))
    uncertain = [n for n in one | two if not _certain(k, n)]
    return Leaf(form, bool(uncertain), any((n in one) != (n in two) for n in uncertain))


def _plain(k: Kernel, needs: Needs) -> list[tuple[str, Structure]]:
    """What is needed, products that must not vanish taken apart."""
    out = []
    for (kind, s), a in needs.items():
        if kind == "nonzero":
            out += [(kind, ("Q", k.poly_structure(f), ("P", ("1", ())))) for f, e in k.factored(a.num)[1] if e]
        else:
            out.append((kind, s))
    return out


def _certain(k: Kernel, need: tuple[str, Structure]) -> bool:
    kind, s = need
    if kind == "unclear":
        return k.signs.of(k.build(s)) == {1}
    return k.signs.of(k.build(s)) <= NEEDED[kind]


def equal(k: Kernel, d: Frac) -> dict[str, Any] | None:
    """Judges an equality: the difference is zero, also where a polynomial is zero by the facts of the case."""
    if d.num == 0:
        return {"difference": "0"}
    for s, signs in k.facts.signs:
        if signs == {0}:
            f = k.build_polynomial(s).num
            if not f.is_constant() and divmod(d.num, f)[1] == 0:
                return {"difference": "0", "divided by": as_json(s)}
    return None
