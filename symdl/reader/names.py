"""What a document says about its names before any formula is given a meaning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from symdl.errors import LatexError
from symdl.reader import conventions as conv
from symdl.reader.macros import EMPTY, Macros, read_macros
from symdl.reader.parser import parse
from symdl.reader.parser_recovery import rows_apart
from symdl.terms.syntax import (
    Accent,
    Block,
    Fence,
    Font,
    Letter,
    Number,
    Product,
    Relation,
    Row,
    Scripted,
    Sum,
    Syntax,
    Word,
    children,
    walk,
)

KEPT_ACCENTS = frozenset({"hat", "tilde", "dot", "ddot", "check", "breve", "acute", "ring"})
"""Accents that make another name; a bar or an arrow only says that the name is a vector or a mean."""


@dataclass(frozen=True, slots=True)
class NameTable:
    """What is known of the names of a document.

    Attributes:
        functions: keys of names that some formula defines with an argument list (``f``, ``sigma``, ``calL``).
        indices: letters that some sum runs over.
        layers: letters that mark layers besides ``l``: they stand in ``[L]``, or as ``L-1`` below a weight.
        macros: macros the formulas themselves define.
    """

    functions: frozenset[str] = frozenset()
    indices: frozenset[str] = frozenset()
    layers: frozenset[str] = frozenset()
    macros: Macros = field(default=EMPTY)


def key(node: Syntax) -> str | None:
    r"""The key of a name: letter with font and accent, without scripts; ``None`` if it is no name.

    Example:
        >>> item = parse(r"\hat{\mathbf{y}}_i").rows[0].items[0]
        >>> key(item)
        'yhat'
    """
    if isinstance(node, Letter):
        return node.name
    if isinstance(node, Word):
        return None if node.style == "big" else node.text
    if isinstance(node, Scripted):
        return key(node.base)
    if isinstance(node, Font):
        inner = key(node.body)
        return inner if inner is None or node.name not in ("cal", "bb", "fr") else node.name + inner
    if isinstance(node, Accent):
        inner = key(node.body)
        return inner if inner is None or node.name not in KEPT_ACCENTS else inner + node.name
    return None


def collect(formulas: Iterable[str], macros: Macros = EMPTY) -> NameTable:
    r"""Makes the name table of a document: a first pass over all its formulas.

    Args:
        formulas: LaTeX of every formula; of a damaged one the rows that can be read.
        macros: macros of the document.

    Example:
        >>> sorted(collect([r"f(x) = x^2", r"s = \sum_{k=1}^n a_k"]).functions)
        ['f']
    """
    texts = list(formulas)
    functions: set[str] = set()
    indices: set[str] = set()
    layers: set[str] = set()
    for text in texts:
        for block in _blocks(text, macros):
            for row in block.rows:
                functions |= _defined(row)
            for node in walk(block):
                if isinstance(node, Scripted):
                    indices |= _bound(node)
                    layers |= _layer_letters(node)
    own = read_macros("\n".join(t for t in texts if "\\newcommand" in t or "\\def" in t))
    return NameTable(frozenset(functions), frozenset(indices), frozenset(layers), own)


def _blocks(text: str, macros: Macros) -> list[Block]:
    """What of a formula can be read: all of it, or the rows of it that are not damaged."""
    try:
        return [parse(text, macros)]
    except LatexError:
        return [p.block for p in rows_apart(text, macros) if p.block is not None]


def _defined(row: Row) -> set[str]:
    """Names on the left of ``=`` with an argument list of plain names."""
    out = set()
    for item in row.items:
        if not isinstance(item, Relation) or item.operators[0] not in ("=", ":=", "~="):
            continue
        left = item.sides[0]
        if isinstance(left, Product) and len(left.factors) == 2 and left.operators == ("",):
            name, fence = left.factors
            body = fence.base if isinstance(fence, Scripted) else fence
            if isinstance(body, Fence) and body.opener == "(" and body.items and all(map(is_plain, body.items)):
                k = key(name)
                if k is not None:
                    out.add(k)
    return out


def is_plain(node: Syntax) -> bool:
    """Whether a node is a name, with scripts perhaps."""
    if isinstance(node, Scripted):
        return is_plain(node.base) and all(s.position != "sup" or not _is_power(s.body) for s in node.scripts)
    return key(node) is not None


def _is_power(body: Syntax | None) -> bool:
    return body is not None and not isinstance(body, (Fence, Word, Product))


def _bound(node: Scripted) -> set[str]:
    """Letters bound by a sum or product sign with these scripts."""
    if not (isinstance(node.base, Word) and node.base.style == "big") or node.base.text in ("lim", "int"):
        return set()
    out: set[str] = set()
    for script in node.scripts:
        if script.position == "sub" and script.body is not None:
            out.update(binders(script.body))
    return out


def numbered_letter(node: Syntax) -> str | None:
    """``s_1``, ``a'``: a letter told apart by a number or by primes, as a sum may bind it."""
    if isinstance(node, Scripted) and isinstance(node.base, Letter):
        script = node.scripts[0]
        if len(node.scripts) == 1 and script.position == "sub" and isinstance(script.body, Number):
            return f"{node.base.name}_{script.body.text}"
        if all(s.position == "prime" for s in node.scripts):
            return node.base.name + "_prime" * len(node.scripts)
    return None


def binders(limit: Syntax) -> list[str]:
    r"""The letters a lower limit binds: ``i=1``, ``i, j``, ``i \in B``, ``(x, y) \in B``, ``i \ne j``."""
    if isinstance(limit, Relation):
        return binders(limit.sides[0])
    if isinstance(limit, Fence):
        return [b for item in limit.items for b in binders(item)]
    if isinstance(limit, Word) and limit.style == "script":
        return list(limit.text)
    k = numbered_letter(limit) or key(limit)
    return [] if k is None else [k]


def _layer_letters(node: Scripted) -> set[str]:
    out: set[str] = set()
    base = key(node.base)
    for script in node.scripts:
        body = script.body
        if isinstance(body, Fence) and body.opener == "[" and len(body.items) == 1:
            out |= {n.name for n in walk(body.items[0]) if isinstance(n, Letter)}
        elif base in ("W", "a", "z", "b", "w") and isinstance(body, Sum) and body.signs in (("", "-"), ("", "+")):
            first = body.terms[0]
            if isinstance(first, Letter) and first.name in ("K", "L", "i") and script.position == "sub":
                out.add(first.name)
    return out - conv.TIME_LETTERS


__all__ = ["KEPT_ACCENTS", "NameTable", "binders", "children", "collect", "is_plain", "key"]
