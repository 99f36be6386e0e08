"""A program: named definitions in order, every one in index form, over named inputs.

This is what the engine differentiates. ``Z = W @ X + b`` has become one scalar expression for the element
``Z[i, j]``; later definitions access earlier ones by name, so that a derivative can be folded back to names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sympy as sp

from symdl.terms.indexed import Access, Axis

Axes = tuple[Axis | None, ...]
"""One per dimension of an array; ``None`` where the size is 1."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A named array: the symbol of its elements and its axes, in the letters the program uses for it.

    Example:
        >>> from symdl.terms.indexed import size_symbol
        >>> W = Variable(sp.Symbol("W", real=True), (Axis("i", size_symbol("h")), None))
        >>> W.element, W.shape
        (W[i, 0], (h, 1))
    """

    symbol: sp.Symbol
    axes: Axes = ()

    @property
    def name(self) -> str:
        """The identifier."""
        return str(self.symbol.name)

    @property
    def letters(self) -> tuple[Axis, ...]:
        """The axes that are no dimension of size 1."""
        return tuple(a for a in self.axes if a is not None)

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        """Size of every dimension."""
        return tuple(sp.S.One if a is None else a.size for a in self.axes)

    @property
    def element(self) -> sp.Expr:
        """The element at the variable's own letters; a scalar is its symbol."""
        return self.at(self.axes)

    def at(self, indices: tuple[sp.Expr | None, ...]) -> sp.Expr:
        """The element at other indices."""
        if not self.axes:
            return self.symbol
        return Access(self.symbol, *(sp.S.Zero if a is None else a for a in indices))


@dataclass(frozen=True, slots=True)
class Assignment:
    """``variable = body``, for every value of its letters.

    Attributes:
        variable: what is defined.
        body: its element in index form.
        hidden: made by the engine (a denominator, an inner sum), not written by a person.
    """

    variable: Variable
    body: sp.Expr
    hidden: bool = False

    @property
    def name(self) -> str:
        """The identifier that is defined."""
        return self.variable.name


@dataclass(frozen=True, slots=True)
class Fact:
    """``left = right`` holds for every value of the letters, by declaration or by derivation."""

    left: sp.Expr
    right: sp.Expr
    why: str


@dataclass(frozen=True, slots=True)
class Program:
    """Inputs, definitions in order, and facts about them.

    Attributes:
        inputs: name -> variable; what is given.
        assignments: the definitions; each uses inputs and earlier names only.
        facts: what holds beside the definitions, such as ``sum_k Y[k, j] = 1``.
        recurrent: names defined step by step along their first axis, each by itself or others one step earlier.
        initial: recurrent name -> the input that stands before its first step; without one that is zero.
    """

    inputs: Mapping[str, Variable]
    assignments: tuple[Assignment, ...]
    facts: tuple[Fact, ...] = ()
    recurrent: frozenset[str] = frozenset()
    initial: Mapping[str, str] = field(default_factory=dict)
    _index: dict[str, Variable] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._index.update(self.inputs)
        self._index.update({a.name: a.variable for a in self.assignments})

    def variable(self, name: str) -> Variable | None:
        """The variable of a name, input or defined."""
        return self._index.get(name)

    def position(self, name: str) -> int:
        """Place of a definition in the order; inputs stand before all."""
        return next((k for k, a in enumerate(self.assignments) if a.name == name), -1)

    def __iter__(self) -> Iterator[Assignment]:
        return iter(self.assignments)


def reference(e: sp.Basic) -> str | None:
    """The name an access or a symbol refers to; an index letter and everything else refer to nothing."""
    if isinstance(e, Access):
        return str(e.tensor.name)
    if isinstance(e, sp.Symbol) and not isinstance(e, (Axis, sp.Dummy)):
        return str(e.name)
    return None
