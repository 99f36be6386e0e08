"""Where emitted code gets the sizes of axes from: ``m = X.shape[1]``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sympy as sp

from symdl.terms.indexed import Access, Axis
from symdl.terms.program import Program, Variable


@dataclass(frozen=True)
class Fit:
    """How often a window fits: the largest ``N`` with ``start + step * (N - 1) + span <= extent``.

    Example:
        >>> h, k = sp.symbols("h k", integer=True, positive=True)
        >>> Fit(h, sp.S.Zero, sp.Integer(2), k).count.subs({h: 7, k: 3})
        3
    """

    extent: sp.Expr
    start: sp.Expr
    step: sp.Expr
    span: sp.Expr

    @property
    def count(self) -> sp.Expr:
        """``N``."""
        return sp.floor((self.extent - self.start - self.span) / self.step) + 1


@dataclass(frozen=True)
class SizeTable:
    """What is known of the sizes of a program.

    Attributes:
        given: sizes that are inputs themselves.
        variables: name -> variable, for everything that has a shape.
        fits: size that no input's shape tells -> how often its window fits.
    """

    given: frozenset[str]
    variables: Mapping[str, Variable]
    fits: Mapping[str, Fit] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program, more: Iterable[Variable], declared: Collection[str] = ()) -> SizeTable:
        """Collects what inputs, definitions and further arrays say; ``declared`` sizes may be arguments."""
        scalars = {n for n, v in program.inputs.items() if not v.axes}
        variables = {v.name: v for v in (*program.inputs.values(), *(a.variable for a in program), *more)}
        names = {s.name for v in variables.values() for d in v.shape for s in d.free_symbols}
        told = {s.name for n in program.inputs for s in variables[n].shape if isinstance(s, sp.Symbol)}
        table = cls(frozenset(scalars & names & set(declared) - told), variables)
        return cls(table.given, variables, dict(table._fits(program)))

    def _fits(self, program: Program) -> Iterable[tuple[str, Fit]]:
        told = {s.name for n in program.inputs for d in self.variables[n].shape for s in d.free_symbols} | self.given
        for a in program:
            for access in a.body.atoms(Access):
                v = self.variables.get(str(access.tensor.name))
                if v is None or len(v.shape) != len(access.indices):
                    continue
                for index, extent in zip(access.indices, v.shape, strict=True):
                    for letter in (s for s in index.free_symbols if isinstance(s, Axis)):
                        if isinstance(letter.size, sp.Symbol) and letter.size.name not in told and index != letter:
                            told.add(letter.size.name)
                            yield letter.size.name, fit(index, letter, extent)

    def rank(self, size: sp.Expr) -> int:
        """How near to the data a size is: an argument, a dimension of an array, computed, fitted, an expression."""
        if not isinstance(size, sp.Symbol):
            return -1 if size.is_number else 4
        if size.name in self.given:
            return 0
        if size.name in self.fits:
            return 3
        return 1 if any(size in v.shape for v in self.variables.values()) else 2

    def statements(self, name: str, arrays: Iterable[str], show: Callable[[sp.Expr], str]) -> Iterator[str]:
        """``m = X.shape[1]``: every way in which the arrays tell a size, the plainest first."""
        symbol = sp.Symbol(name, integer=True, positive=True)
        dims = [(f"{n}.shape[{k}]", d) for n in arrays for k, d in enumerate(self.variables[n].shape)]
        yield from (f"{name} = {text}" for text, d in dims if d == symbol)
        for text, d in dims:
            step = sp.expand(d).coeff(symbol)
            rest = sp.expand(d - step * symbol)
            if d != symbol and step != 0 and not rest.has(symbol):
                yield f"{name} = {_solved(text, step, rest, show)}"
        if name in self.fits:
            f = self.fits[name]
            room = sp.expand(f.extent - f.start - f.span)
            if f.step == 1:
                yield f"{name} = {show(sp.expand(room + 1))}"
            else:
                yield f"{name} = {_atom(room, show)} // {_factor(f.step, show)} + 1"


def fit(index: sp.Expr, letter: Axis, extent: sp.Expr) -> Fit:
    """How often what an index reads fits into a dimension, counted along one of its letters."""
    step = sp.expand(index).coeff(letter)
    rest = sp.expand(index - step * letter)
    others = [s for s in rest.free_symbols if isinstance(s, Axis)]
    start = rest.xreplace(dict.fromkeys(others, sp.S.Zero))
    span = 1 + sum((rest.coeff(s) * (s.size - 1) for s in others), sp.S.Zero)
    return Fit(extent, start, step, sp.expand(span))


def _solved(text: str, step: sp.Expr, rest: sp.Expr, show: Callable[[sp.Expr], str]) -> str:
    if rest != 0:
        text = f"{text} - {_atom(rest, show)}"
    if step == 1:
        return text
    return f"{text if rest == 0 else f'({text})'} // {_factor(step, show)}"


def _atom(e: sp.Expr, show: Callable[[sp.Expr], str]) -> str:
    return f"({show(e)})" if e.is_Add or e.is_negative else show(e)


def _factor(e: sp.Expr, show: Callable[[sp.Expr], str]) -> str:
    return show(e) if e.is_Symbol or (e.is_Integer and e > 0) else f"({show(e)})"
