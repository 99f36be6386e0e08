"""Prints a witness: exact numbers, and two enclosures with as many digits as tell them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_UP, Context, Decimal
from typing import Any

BALL = re.compile(r"\[?\s*([-+]?[\d.]+(?:[eE][-+]?\d+|/\d+)?)\s*(?:\+/-\s*([\d.]+(?:[eE][-+]?\d+)?))?\s*\]?")
MOST_DIGITS = 30
CONTEXT = Context(prec=400)


def pair(left: str, right: str) -> tuple[str, str]:
    """Returns the middles of two enclosures, rounded to where one sees that they differ.

    Text that is no enclosure is returned as it is.

    Example:
        >>> pair("[2.449489742783178 +/- 3e-70]", "[0.408248290463863 +/- 1e-70]")
        ('2.44949', '0.408248')
        >>> pair("1.00000000000123 +/- 1e-30", "1 +/- 0")
        ('1.00000000000123', '1')
        >>> pair("1/2 +/- 0", "-3")
        ('0.5', '-3')
    """
    a, b = _middle(left), _middle(right)
    if a is None or b is None:
        return left, right
    digits = 6
    largest, gap = max(abs(a), abs(b)), abs(CONTEXT.subtract(a, b))
    if gap and largest:
        digits = min(max(digits, largest.adjusted() - gap.adjusted() + 3), MOST_DIGITS)
    return _rounded(a, digits), _rounded(b, digits)


def radius(*enclosures: str) -> str:
    """Returns the largest radius, rounded up to one digit; empty if the enclosures are exact or none at all.

    Example:
        >>> radius("[2.4494 +/- 3.2e-70]", "[1 +/- 1e-80]")
        '4e-70'
    """
    matches = [BALL.fullmatch(text.strip()) for text in enclosures]
    largest = max((Decimal(m.group(2)) for m in matches if m and m.group(2)), default=Decimal(0))
    if not largest:
        return ""
    return f"{Context(prec=1, rounding=ROUND_UP).plus(largest):e}"


def _middle(enclosure: str) -> Decimal | None:
    match = BALL.fullmatch(enclosure.strip())
    if not match:
        return None
    top, _, bottom = match.group(1).partition("/")
    try:
        return CONTEXT.divide(Decimal(top), Decimal(bottom or 1))
    except ArithmeticError:
        return None


def _rounded(value: Decimal, digits: int) -> str:
    value = Context(prec=digits).plus(value)
    if value == value.to_integral_value() and abs(value.adjusted()) < digits:
        return str(value.to_integral_value())
    text = str(value.normalize())
    return text.replace("E", "e").replace("e+", "e")


def value(number: Any) -> str:
    """Returns an exact number or an array of them on one line.

    Example:
        >>> value([["1", "3/2"], ["-1/7", "2"]])
        '[[1, 3/2], [-1/7, 2]]'
    """
    if isinstance(number, Sequence) and not isinstance(number, str):
        return "[" + ", ".join(value(item) for item in number) + "]"
    return str(number)
