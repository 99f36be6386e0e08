"""Text with its binding strength, and the printing of numbers, sums and products."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

_SIMPLE = re.compile(r"-?[\w.]+\Z")
SUM, PRODUCT, POWER, ATOM = 10, 20, 40, 50


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of code and how strongly it binds."""

    code: str
    level: int = ATOM

    def __str__(self) -> str:
        return self.code

    def within(self, level: int) -> str:
        """The code, in parentheses if it binds more weakly than ``level``."""
        return self.code if self.level >= level else f"({self.code})"

    @property
    def atom(self) -> str:
        """The code as something that can be called, indexed or raised."""
        return self.within(ATOM)

    def times(self, other: Text) -> Text:
        """The product of two pieces."""
        if self.code == "1":
            return other
        return Text(f"{self.within(PRODUCT)} * {other.within(PRODUCT + 1)}", PRODUCT)


def call(name: str, *args: str) -> str:
    """Prints a call."""
    return f"{name}({', '.join(args)})"


def number(e: sp.Expr) -> Text:
    """Prints a number: exact decimals as decimals, other rationals as quotients.

    Example:
        >>> str(number(sp.Rational(1, 4))), str(number(sp.Rational(1, 3)))
        ('0.25', '1 / 3')
    """
    names = {sp.nan: "np.nan", sp.pi: "np.pi", sp.E: "np.e", sp.oo: "np.inf", -sp.oo: "-np.inf"}
    if e in names:
        return Text(names[e], SUM if e == -sp.oo else ATOM)
    if e < 0:
        return Text("-" + number(-e).within(PRODUCT), SUM)
    if e.is_Integer:
        return Text(str(e) if e < 2**53 else repr(float(e)))
    if e.is_Rational:
        text = repr(float(e))
        if sp.Rational(text) == e or e.q > 10**6:
            return Text(text)
        return Text(f"{e.p} / {e.q}", PRODUCT)
    return Text(repr(float(e)))


def total(terms: Sequence[tuple[int, Text]]) -> Text:
    """Prints a sum of signed terms."""
    sign, first = terms[0]
    if len(terms) == 1 and sign > 0:
        return first
    out = ("-" if sign < 0 else "") + first.within(PRODUCT if sign < 0 else SUM)
    for sign, t in terms[1:]:
        out += (" - " if sign < 0 else " + ") + t.within(SUM + 1)
    return Text(out, SUM)


def product(e: sp.Expr, show: Callable[[sp.Expr], Text]) -> Text:
    """Prints a product or a power: factors over divisors, square roots by name.

    Args:
        e: a product, a power or a single factor.
        show: prints a factor.
    """
    coefficient, rest = e.as_coeff_Mul()
    if coefficient.is_negative:
        return total([(-1, product(-e, show))])
    above: list[Text] = []
    below: list[Text] = []
    if coefficient.is_Rational and coefficient.q > 10**6:  # many digits: one decimal, which cannot overflow
        above.append(number(coefficient))
    elif coefficient.is_Rational and (not coefficient.is_Integer) and not number(coefficient).code.startswith("0."):
        above += [number(sp.Integer(coefficient.p))] if coefficient.p != 1 else []
        below.append(number(sp.Integer(coefficient.q)))
    elif coefficient.is_Rational and coefficient.p == 1 and coefficient != 1:
        below.append(number(sp.Integer(coefficient.q)))
    elif coefficient != 1:
        above.append(number(coefficient))
    for f in sp.Mul.make_args(rest):
        if f == 1:
            continue
        base, exponent = f.as_base_exp() if isinstance(f, sp.Pow) else (f, sp.S.One)
        if exponent.could_extract_minus_sign() and base != sp.E:
            below.append(_power(base, -exponent, show))
        else:
            above.append(_power(base, exponent, show))
    return _quotient(above, below)


def _quotient(above: list[Text], below: list[Text]) -> Text:
    top = _product(above)
    if not below:
        return top
    return Text(f"{top.within(PRODUCT)} / {_product(below).within(PRODUCT + 1)}", PRODUCT)


def _product(parts: list[Text]) -> Text:
    if not parts:
        return Text("1")
    if len(parts) == 1:
        return parts[0]
    return Text(" * ".join(p.within(PRODUCT if k == 0 else PRODUCT + 1) for k, p in enumerate(parts)), PRODUCT)


def _power(base: sp.Expr, exponent: sp.Expr, show: Callable[[sp.Expr], Text]) -> Text:
    if exponent == 1:
        return show(base)
    sqrt = "math.sqrt" if base.is_number else "np.sqrt"  # a number of Python's own does not widen float32
    if exponent == sp.S.Half:
        return Text(call(sqrt, str(show(base))))
    if exponent.is_Rational and exponent.q == 2:
        root = Text(call(sqrt, str(show(base))))
        return Text(f"{root} ** {exponent.p}", POWER)
    low, high = show(base).within(ATOM), show(exponent).within(POWER)
    tight = all(_SIMPLE.match(text) for text in (low, high))  # as formatters have it: x**2, but (x + 1) ** 2
    return Text(f"{low}**{high}" if tight else f"{low} ** {high}", POWER)
