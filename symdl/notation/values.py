"""Arrays in index form, and what names mean while expressions are lowered."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from symdl.terms import array
from symdl.terms.formula import Definition
from symdl.terms.indexed import Axis

_COUNTER = itertools.count()


def fresh(extent: sp.Expr) -> Axis:
    """Returns an axis of a size under a letter nobody uses."""
    return Axis(f"a{next(_COUNTER)}", extent)


def renamed(body: sp.Expr, pairs: Sequence[tuple[Axis, Axis]]) -> sp.Expr:
    """Renames axes at once (a swap is no trap)."""
    if not pairs:
        return body
    between = [(a, fresh(a.size), b) for a, b in pairs]
    return body.xreplace({a: t for a, t, _ in between}).xreplace({t: b for _, t, b in between})


@dataclass(frozen=True, slots=True)
class Value:
    """An array in index form.

    Attributes:
        axes: one per dimension; ``None`` where the size is 1.
        body: the element at these axes.
    """

    axes: tuple[Axis | None, ...]
    body: sp.Expr

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        """Size of every dimension."""
        return tuple(sp.S.One if a is None else a.size for a in self.axes)

    def on(self, axes: Sequence[Axis | None]) -> sp.Expr:
        """The element at other axis letters of the same sizes."""
        pairs = [(a, b) for a, b in zip(self.axes, axes, strict=True) if a is not None and b is not None and a != b]
        return renamed(self.body, pairs)

    def squeezed(self) -> Value:
        """Without dimensions of size 1."""
        return Value(tuple(a for a in self.axes if a is not None), self.body)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named array: the symbol of its elements (with their assumptions) and its shape."""

    symbol: sp.Symbol
    shape: tuple[sp.Expr, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean while lowering.

    Attributes:
        names: name -> tensor, or an array already in index form.
        functions: locally defined functions: name -> (parameters, index letters, right-hand side).
        letters: index letters in scope -> their value (0-based).
        base: number a sheet gives to the first item of an axis.
        star: as in `symdl.checker.evaluate.Settings`.
        columns: as there.
        ranges: length of the axis of a bound letter, where the expression itself does not say.
    """

    names: Mapping[str, Tensor | Value]
    functions: Mapping[str, Definition] = field(default_factory=dict)
    letters: Mapping[str, sp.Expr] = field(default_factory=dict)
    base: int = 0
    star: str = array.STAR
    columns: bool = False
    ranges: Mapping[str, sp.Expr] = field(default_factory=dict)


def shape_text(v: Value) -> str:
    """The shape of an array, for messages."""
    return "(" + ", ".join(map(str, v.shape)) + ")"
