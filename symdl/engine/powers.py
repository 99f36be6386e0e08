"""Exponentials written by what is defined of them: ``1 - t**2`` for the derivative of tanh as its definition has it."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symdl.engine.matching import bindings
from symdl.terms.indexed import Axis, Binder
from symdl.terms.program import Assignment


@dataclass(frozen=True)
class PowerRule:
    """``exp(g) ** power -> replacement``: from ``t = (exp(x) - exp(-x)) / (exp(x) + exp(-x))`` follows
    ``exp(2 x) -> (1 + t) / (1 - t)``.
    """

    exponent: sp.Expr
    power: int
    replacement: sp.Expr
    letters: tuple[Axis, ...]

    @classmethod
    def of(cls, a: Assignment) -> PowerRule | None:
        """The rule of a definition by exponentials of multiples of one thing, if it can be solved."""
        g = _base(a.body)
        if g is None:
            return None
        e = sp.Dummy(positive=True)
        top, bottom = sp.fraction(sp.together(_in_powers(a.body, g, e)))
        equation = sp.expand(a.variable.element * bottom - top)
        if not equation.is_polynomial(e):
            return None
        terms = {int(m[0]): c for m, c in sp.Poly(equation, e).terms()}
        letters = tuple(sorted((s for s in g.free_symbols if isinstance(s, Axis)), key=str))
        if len(terms) != 2 or set(letters) != set(a.variable.letters):
            return None
        low, high = sorted(terms)
        return cls(g, high - low, -terms[low] / terms[high], letters)

    def put(self, e: sp.Expr) -> sp.Expr:
        """The expression without these exponentials, if they occur in powers that are known."""
        if not e.has(sp.exp) or e.has(Binder):
            return e
        for site in sorted(e.atoms(sp.exp), key=str):
            for factor in (1, -1):
                for binding in bindings(self.exponent, factor * site.args[0], self.letters):
                    new = self._written(e, binding)
                    if new is not None:
                        return new
        return e

    def _written(self, e: sp.Expr, binding: dict[Axis, sp.Expr]) -> sp.Expr | None:
        x = sp.Dummy(positive=True)
        flat = _in_powers(e, self.exponent.xreplace(binding), x)
        if not flat.has(x):
            return None
        parts = [sp.Poly(p, x) if p.is_polynomial(x) else None for p in sp.fraction(sp.together(flat))]
        value = self.replacement.xreplace(binding)
        sides, offset = [], 0
        for sign, p in zip((1, -1), parts, strict=True):
            if p is None:
                return None
            terms = {int(m[0]): c for m, c in p.terms()}
            low = min(terms)
            if any((k - low) % self.power for k in terms):
                return None
            offset += sign * low
            sides.append(sp.Add(*(c * value ** ((k - low) // self.power) for k, c in terms.items())))
        if offset % self.power:
            return None
        return sides[0] / sides[1] * value ** (offset // self.power)


def _base(body: sp.Expr) -> sp.Expr | None:
    """What all exponents are whole multiples of."""
    exponents = [f.args[0] for f in body.atoms(sp.exp)]
    g = min(exponents, key=lambda x: (abs(x.as_coeff_Mul()[0]), x.could_extract_minus_sign(), str(x)))
    return g if all((x / g).is_Integer for x in exponents) else None


def _in_powers(e: sp.Expr, g: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """``e`` with ``exp(k g)`` as the k-th power of a variable."""
    swaps = {f: x ** (f.args[0] / g) for f in e.atoms(sp.exp) if (f.args[0] / g).is_Integer}
    return e.xreplace(swaps)
