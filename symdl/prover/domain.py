"""What may be assumed: the kinds and shapes of names, signs and equations of the present case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from symdl.prover.structure import Key, Structure, axes_in, closed
from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Binder

Signs = frozenset[int]

ANY: Signs = frozenset({-1, 0, 1})
_KIND_SIGNS: Mapping[str, Signs] = {
    "positive": frozenset({1}),
    "unit": frozenset({1}),
    "size": frozenset({1}),
    "diagonal": frozenset({1}),
    "probability": frozenset({1}),
    "nonnegative": frozenset({0, 1}),
    "binary": frozenset({0, 1}),
    "index": frozenset({0, 1}),
}


@dataclass(frozen=True)
class Name:
    """What is known of every element of a named quantity: its possible signs, its kind, whether it is an integer."""

    signs: Signs = ANY
    kind: str = ""
    integer: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything a kernel may use.

    Attributes:
        names: name -> what is declared of it.
        shapes: name -> structures of its axis sizes are found by the kernel from these expressions.
        signs: polynomials whose signs are known, in the order they became known.
        patterns: the same for all values of their axes: canonical structure -> signs.
        equations: generators that equal something else.
        laws: the same for all values of their axes, where the value has no axes.
    """

    names: Mapping[str, Name] = field(default_factory=dict)
    shapes: Mapping[str, tuple[sp.Expr, ...]] = field(default_factory=dict)
    signs: tuple[tuple[Structure, Signs], ...] = ()
    patterns: Mapping[Structure, Signs] = field(default_factory=dict)
    equations: Mapping[Key, Structure] = field(default_factory=dict)
    laws: Mapping[Structure, Structure] = field(default_factory=dict)

    @classmethod
    def of(cls, claim: Equation) -> Facts:
        """What a claim declares of its names; its assumptions are learnt by `symdl.prover.assume`."""
        names: dict[str, Name] = {}
        for symbol in _symbols(claim):
            kind = claim.kinds.get(symbol.name, "")
            signs = _KIND_SIGNS.get(kind, ANY) & _of_symbol(symbol)
            before = names.get(symbol.name)
            integer = symbol.is_integer is True or kind in ("size", "integer", "binary", "index")
            names[symbol.name] = Name(signs & (before.signs if before else ANY), kind, integer)
        return cls(names, dict(claim.shapes))

    def name(self, name: str) -> Name:
        """What is known of a name."""
        return self.names.get(name, Name())

    def value_of(self, key: Key) -> Structure | None:
        """What the facts put in the place of a generator."""
        found = self.equations.get(key)
        if found is None and key[0] == "sum":
            found = self.laws.get(pattern(("P", ("1", ((key, 1),)))))
        return found

    def with_signs(self, items: Iterable[tuple[Structure, Signs]]) -> Facts:
        """With more signs."""
        return replace(self, signs=(*self.signs, *items))

    def with_equation(self, key: Key, value: Structure) -> Facts:
        """With one more equation."""
        return replace(self, equations={**self.equations, key: value})


def pattern(s: Structure) -> Structure:
    """A polynomial with all its axes bound: equal for all choices of letters."""
    axes = sorted(axes_in(s), key=repr)
    if not axes:
        return s
    bound, parts = closed("pattern", axes, [(s, 1)])
    return ("pattern", bound, parts)


def _symbols(claim: Equation) -> set[sp.Symbol]:
    """All names of a claim, also those that only occur in sizes and shapes."""
    out: set[sp.Symbol] = set()
    stack: list[sp.Basic] = [claim.left, claim.right, *claim.assumptions, *claim.axes]
    stack += [sp.sympify(s) for shape in claim.shapes.values() for s in shape]
    seen: set[sp.Basic] = set()
    while stack:
        e = stack.pop()
        if e in seen:
            continue
        seen.add(e)
        if isinstance(e, Axis):
            stack.append(e.size)
        elif isinstance(e, sp.Symbol):
            out.add(e)
        elif isinstance(e, Access):
            out.add(e.tensor)
        if isinstance(e, Binder):
            stack += [a.size for a in e.bound]
        stack += e.args
    return out


def _of_symbol(s: sp.Symbol) -> Signs:
    allowed = set(ANY)
    if s.is_positive:
        allowed = {1}
    elif s.is_negative:
        allowed = {-1}
    elif s.is_nonnegative:
        allowed = {0, 1}
    elif s.is_nonpositive:
        allowed = {-1, 0}
    if s.is_nonzero:
        allowed.discard(0)
    return frozenset(allowed)
