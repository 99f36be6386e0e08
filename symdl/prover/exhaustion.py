"""Finitely many cases: free axes of small known size, and the two values of binary names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import sympy as sp

from symdl.prover.domain import Facts
from symdl.prover.signals import Unsupported
from symdl.prover.structure import ONE, Key, Structure, polynomial
from symdl.terms.claims import Equation

_MOST_NAMES = 6
_MOST_ELEMENTS = 16

Values = dict[str, int]


def number(n: int) -> Structure:
    """The structure of an integer."""
    return ("Q", polynomial([(str(n), ())] if n else []), ONE[2])


def small_axes(claim: Equation) -> dict[str, int]:
    """Free axes whose size is a small number: each element is a case of its own."""
    out = {a.name: int(a.size) for a in claim.axes if isinstance(a.size, sp.Integer) and 0 < a.size <= 4}
    total = 1
    for size in out.values():
        total *= size
    return out if total <= _MOST_ELEMENTS else {}


def binary_names(claim: Equation, facts: Facts) -> list[str]:
    """Scalars of kind ``binary`` that occur.

    Raises:
        Unsupported: there are too many of them.
    """
    used = {s.name for s in claim.left.free_symbols | claim.right.free_symbols}
    names = sorted(n for n in used if facts.name(n).kind == "binary" and not claim.shapes.get(n, ()))
    if len(names) > _MOST_NAMES:
        raise Unsupported("too-many-cases", "there are too many binary names to try all values")
    return names


def instances(claim: Equation, names: Sequence[str]) -> list[Values]:
    """All values of the small axes and of the given binary names."""
    axes = small_axes(claim)
    ranges = [range(n) for n in axes.values()] + [range(2)] * len(names)
    return [dict(zip((*axes, *names), values, strict=True)) for values in product(*ranges)]


def at(facts: Facts, claim: Equation, values: Mapping[str, int]) -> Facts:
    """The facts of one instance."""
    axes = small_axes(claim)
    for name, v in values.items():
        key: Key = ("axis", name, number(axes[name])) if name in axes else ("sym", name)
        facts = facts.with_equation(key, number(v))
    return facts
