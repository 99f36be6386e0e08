"""When two enclosures contradict a relation, and how a ball is written down and read back."""

from __future__ import annotations

import re
from typing import Any

from flint import arb, ctx, fmpq

from symdl.verifier import arithmetic as ar

_NUMBER = r"-?\d{1,400}(?:\.\d{1,2000})?(?:e[+-]?\d{1,40})?"
_TEXT = re.compile(rf"(?P<mid>{_NUMBER}|-?\d{{1,4000}}/\d{{1,4000}}) \+/- (?P<rad>{_NUMBER})")


def contradicts(relation: str, left: Any, right: Any) -> bool:
    """Whether the relation is certainly false of the two enclosed numbers; no tolerance is involved.

    Example:
        >>> contradicts("=", fmpq(1, 3), arb("0.333 +/- 0.001")), contradicts("<", fmpq(1), fmpq(1))
        (False, True)
    """
    if not (ar.finite(left) and ar.finite(right)):
        return False
    d = left - right
    if relation == "=":
        return ar.nonzero(d)
    if relation == "!=":
        return ar.sign_of(d) == 0
    if relation in ("<", ">"):
        return bool(d >= 0 if relation == "<" else d <= 0)
    return bool(d > 0 if relation == "<=" else d < 0)


def spread(left: Any, right: Any) -> float:
    """Largest possible difference of the two numbers, relative to the larger of 1 and their size."""
    d = left - right
    if isinstance(d, fmpq) and d == 0:
        return 0.0
    scale = ar.ball(left).abs_upper().max(ar.ball(right).abs_upper()).max(arb(1))
    return float((ar.ball(d).abs_upper() / scale).upper())


def written(value: Any, digits: int) -> str:
    """A ball as ``mid +/- radius``; an exact rational of moderate length as itself, with radius 0."""
    if isinstance(value, fmpq):
        if len(text := str(value)) <= max(digits, 24):
            return f"{text} +/- 0"
        value = arb(value)
    text = value.str(digits).strip("[]")
    if text.startswith("+/-"):  # nothing but a radius is known
        return f"0 {text}"
    return text if "+/-" in text else f"{text} +/- 0"


def written_pair(relation: str, left: Any, right: Any) -> tuple[str, str]:
    """Both sides with as few digits as still show the contradiction."""
    for digits in (12, 20, 40, 80, 160, 340):
        texts = written(left, digits), written(right, digits)
        balls = [read(t) for t in texts]
        if None not in balls and contradicts(relation, *balls):
            return texts
    return written(left, 340), written(right, 340)


def read(text: str) -> Any:
    """The ball a text of `written` encloses, or ``None`` if it is no such text."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    mid, rad = found["mid"], found["rad"]
    if "/" in mid:
        p, q = mid.split("/")
        return None if int(q) == 0 or rad != "0" else fmpq(int(p), int(q))
    if rad == "0" and mid.lstrip("-").isdigit():
        return fmpq(int(mid))
    with ctx.workprec(4 * len(text) + 64):  # enough for every digit that is written
        return arb(f"[{mid} +/- {rad}]")
