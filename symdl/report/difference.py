"""Which part of a formula is wrong: the difference between what is written and what is suggested."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from symdl.errors import Span

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+|[^\W\d_]+|\S", re.DOTALL)
TOO_LONG = 1500  # tokens; beyond it only the common beginning and end are taken away
BRACES = frozenset("{}")
ALIKE = 0.4  # below this share of common tokens, the two are different formulas, not one with a slip


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two formulas differ.

    Attributes:
        wrong: spans in what is written; empty ones mark where something is missing.
        mended: spans in what is suggested; empty where something was taken away.
    """

    wrong: tuple[Span, ...]
    mended: tuple[Span, ...]


def difference(written: str, suggested: str) -> Difference | None:
    r"""Compares two formulas token by token; white space does not count.

    Returns:
        The places, or ``None`` if the two are equal or have too little in common to point at places.

    Example:
        >>> d = difference(r"D^{1/2} A", r"D^{-1/2} A")
        >>> d.wrong, d.mended
        ((Span(start=3, end=3),), (Span(start=3, end=4),))
    """
    a, b = _tokens(written), _tokens(suggested)
    left, right = [t for t, _ in a], [t for t, _ in b]
    if left == right or not left or not right:
        return None
    blocks = _blocks(left, right)
    if 2 * sum(size for _, _, size in blocks) < ALIKE * (len(left) + len(right)):
        return None
    gaps = _joined([_slid(gap, left, right) for gap in _gaps(blocks, len(left), len(right))])
    wrong = [_span(a, i, k, written) for i, k, _, _ in gaps]
    mended = [_span(b, j, m, suggested) for _, _, j, m in gaps]
    # A brace that closes an addition is no place of its own.
    telling = [w for w, (i, k, j, m) in zip(wrong, gaps, strict=True) if i < k or set(right[j:m]) - BRACES]
    return Difference(tuple(telling or wrong), tuple(mended))


Gap = tuple[int, int, int, int]


def _gaps(blocks: list[tuple[int, int, int]], left: int, right: int) -> list[Gap]:
    """What lies between the runs of equal tokens: (start left, end left, start right, end right)."""
    gaps = []
    i = j = 0
    for block_i, block_j, size in [*blocks, (left, right, 0)]:
        if (i, j) != (block_i, block_j):
            gaps.append((i, block_i, j, block_j))
        i, j = block_i + size, block_j + size
    return gaps


def _slid(gap: Gap, left: list[str], right: list[str]) -> Gap:
    """Of two closing braces in a row, the inner one belongs to what was put in or taken away."""
    i, k, j, m = gap
    tokens, start, end = (left, i, k) if j == m else (right, j, m)
    if (j == m or i == k) and start and tokens[start - 1] == tokens[end - 1] == "}":
        return i - 1, k - 1, j - 1, m - 1
    return gap


def _joined(gaps: list[Gap]) -> list[Gap]:
    """Replacements with one token between them are one replacement: a half written anew is one change, not three."""
    out: list[Gap] = []
    for gap in gaps:
        if out and gap[0] - out[-1][1] == 1 and _replaces(out[-1]) and gap[0] < gap[1]:
            out[-1] = (out[-1][0], gap[1], out[-1][2], gap[3])
        else:
            out.append(gap)
    return out


def _replaces(gap: Gap) -> bool:
    return gap[0] < gap[1] and gap[2] < gap[3]


def _tokens(text: str) -> list[tuple[str, Span]]:
    return [(m.group(), Span(*m.span())) for m in TOKEN.finditer(text)]


def _blocks(left: list[str], right: list[str]) -> list[tuple[int, int, int]]:
    """Runs of equal tokens in order, as (start left, start right, length)."""
    if len(left) + len(right) <= TOO_LONG:
        matcher = SequenceMatcher(None, left, right, autojunk=False)
        return [(m.a, m.b, m.size) for m in matcher.get_matching_blocks() if m.size]
    head = 0
    while head < min(len(left), len(right)) and left[head] == right[head]:
        head += 1
    tail = 0
    while tail < min(len(left), len(right)) - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    return [(0, 0, head), (len(left) - tail, len(right) - tail, tail)]


def _span(tokens: list[tuple[str, Span]], start: int, end: int, text: str) -> Span:
    if start < end:
        return Span(tokens[start][1].start, tokens[end - 1][1].end)
    at = tokens[start][1].start if start < len(tokens) else len(text.rstrip())
    return Span(at, at)
