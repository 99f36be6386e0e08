"""Concrete stand-ins for unknown functions: smooth, with exact derivatives of every order.

A claim about ``g`` is a claim about every smooth ``g``, so one stand-in for which it fails refutes it. The
stand-in is written into the witness as text of one fixed form, from which it is read back without evaluating.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from flint import fmpq

from symdl.verifier import arithmetic as ar
from symdl.verifier.arithmetic import Value

_Q = r"(-?\d{1,6}(?:/\d{1,6})?)"
_FORM = re.compile(rf"g\(u\) = {_Q} \+ {_Q}\*u \+ {_Q}\*u\^2 \+ {_Q}\*u\^3 \+ {_Q}\*sin\({_Q}\*u \+ {_Q}\)")
_SEVERAL = "; u = x1 + 2*x2 + 3*x3 + ... + x1*x2*..."


@dataclass(frozen=True)
class StandIn:
    """``g(u) = c0 + c1 u + c2 u^2 + c3 u^3 + s sin(a u + b)``; of several arguments, a fixed mixture is put for u.

    Example:
        >>> g = StandIn.drawn("g", 0)
        >>> StandIn.read(g.text()) == g
        True
    """

    coefficients: tuple[fmpq, ...]  # c0 c1 c2 c3 s a b

    @classmethod
    def drawn(cls, name: str, variant: int) -> StandIn:
        """Draws the stand-in of a name; odd variants are positive everywhere, so that logarithms can be taken."""
        rng = random.Random(f"stand-in {name} {variant}")
        pick = [fmpq(rng.choice((-3, -2, -1, 1, 2, 3)), rng.choice((1, 2, 4))) for _ in range(4)]
        frequency, phase = fmpq(rng.choice((1, 2, 3)), rng.choice((1, 2))), fmpq(rng.randint(1, 5), 7)
        if variant % 2:
            return cls((fmpq(5, 2), fmpq(0), abs(pick[2]), fmpq(0), fmpq(rng.choice((-1, 1))), frequency, phase))
        return cls((*pick[:3], fmpq(rng.choice((-1, 1)), 4), fmpq(1), frequency, phase))

    @classmethod
    def read(cls, text: str) -> StandIn | None:
        """Reads the text of a witness back, or returns ``None`` if it is not of the form."""
        found = _FORM.fullmatch(text.removesuffix(_SEVERAL))
        if found is None or re.search(r"/0*(?!\d)", text):
            return None
        return cls(tuple(fmpq(t) for t in found.groups()))

    def text(self, several: bool = False) -> str:
        """The stand-in as a formula."""
        c0, c1, c2, c3, s, a, b = self.coefficients
        out = f"g(u) = {c0} + {c1}*u + {c2}*u^2 + {c3}*u^3 + {s}*sin({a}*u + {b})"
        return out + _SEVERAL if several else out

    def __call__(self, order: int, *args: Value) -> Value:
        """The derivative of the given order at the argument."""
        u = args[0]
        if len(args) > 1:
            product: Value = ar.ONE
            u = ar.ZERO
            for k, x in enumerate(args):
                product, u = product * x, u + (k + 1) * x
            u = u + product
        return self._polynomial(order, u) + self._sine(order, u)

    def _polynomial(self, order: int, u: Value) -> Value:
        total: Value = ar.ZERO
        for k, c in enumerate(self.coefficients[:4]):
            if k >= order:
                falling = 1
                for j in range(order):
                    falling *= k - j
                total = total + c * falling * ar.integer_power(u, k - order)
        return total

    def _sine(self, order: int, u: Value) -> Value:
        _, _, _, _, s, a, b = self.coefficients
        angle = ar.ball(a * u + b)
        wave = (angle.sin(), angle.cos(), -angle.sin(), -angle.cos())[order % 4]
        return s * a**order * wave
