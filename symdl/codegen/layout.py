"""Lines no longer than a formatter allows: long expressions get names for their largest parts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

WIDTH = 88
"""Longest line, indentation included: what ruff and black format to."""
_INDENT = 4
_PARTS = (ast.BinOp, ast.Call, ast.Compare)


def fitted(name: str, text: str, fresh: Callable[[], str]) -> Iterator[tuple[str, str]]:
    """Yields assignments: parts of a long expression first, then the expression.

    Args:
        name: what is assigned.
        text: a Python expression on one line.
        fresh: gives names for the parts.

    Example:
        >>> list(fitted("y", "x + 1", lambda: "t"))
        [('y', 'x + 1')]
    """
    while _INDENT + max(len(f"{name} = "), len("return ")) + len(text) > WIDTH:
        part = _largest(text, WIDTH - 16)
        if part is None:
            break
        new = fresh()
        yield new, part
        text = _replaced(text, part, new)
    yield name, text


def tidy(text: str) -> str:
    """Brackets around a power that is negated, as formatters have it.

    Example:
        >>> tidy("np.exp(-x**2 / 2)")
        'np.exp(-(x**2) / 2)'
    """
    tree = ast.parse(text, mode="eval").body
    spans = [
        (n.operand.col_offset, n.operand.end_col_offset or 0)
        for n in ast.walk(tree)
        if isinstance(n, ast.UnaryOp) and isinstance(n.operand, ast.BinOp) and isinstance(n.operand.op, ast.Pow)
    ]
    for start, end in sorted(spans, reverse=True):
        if text[start - 1] == "-":
            text = f"{text[:start]}({text[start:end]}){text[end:]}"
    return text


def _largest(text: str, limit: int) -> str | None:
    """The longest proper part that fits into a line by itself."""
    tree = ast.parse(text, mode="eval").body
    parts = [ast.get_source_segment(text, n) or "" for n in ast.walk(tree) if isinstance(n, _PARTS) and n is not tree]
    parts = [p for p in parts if 12 < len(p) <= limit and p != text]
    return max(parts, key=len, default=None)


def _replaced(text: str, part: str, name: str) -> str:
    """Puts a name for every occurrence of a part, and takes the brackets off that only held the part together."""
    tree = ast.parse(text, mode="eval").body
    spans = sorted(
        {
            (n.col_offset, n.end_col_offset or 0)
            for n in ast.walk(tree)
            if isinstance(n, _PARTS) and ast.get_source_segment(text, n) == part
        },
        reverse=True,
    )
    for start, end in spans:
        bare = text[start - 1 : start] == "(" and text[end : end + 1] == ")" and not _called(text, start - 1)
        text = text[: start - 1] + name + text[end + 1 :] if bare else text[:start] + name + text[end:]
    return text


def _called(text: str, opening: int) -> bool:
    """Whether a bracket holds arguments rather than an operand."""
    before = text[:opening].rstrip()
    return bool(before) and (before[-1].isalnum() or before[-1] in "_)]")


def signature(name: str, arguments: Sequence[str]) -> list[str]:
    """The line, or lines, of ``def``.

    Example:
        >>> signature("f", ["x", "y"])
        ['def f(x, y):']
    """
    return _bracketed(f"def {name}(", arguments, "):", indent=0)


def returned(parts: Sequence[str]) -> list[str]:
    """The line, or lines, of ``return``, without indentation."""
    line = f"return {', '.join(parts)}"
    if _INDENT + len(line) <= WIDTH or len(parts) == 1:
        return [line]
    return _bracketed("return (", parts, ")", indent=_INDENT)


def _bracketed(opening: str, parts: Sequence[str], closing: str, indent: int) -> list[str]:
    """In one line; else all parts in a line of their own, if the brackets are those of ``def``; else one a line."""
    whole = opening + ", ".join(parts) + closing
    if indent + len(whole) <= WIDTH and not opening.startswith("return"):
        return [whole]
    inner = "    " + ", ".join(parts)
    if indent + len(inner) <= WIDTH and not opening.startswith("return"):
        return [opening, inner, closing]
    return [opening, *(f"    {p}," for p in parts), closing]
