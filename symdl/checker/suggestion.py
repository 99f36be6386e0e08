"""The corrected formula in the sheet's own spelling: the smallest change to its LaTeX that reads as meant."""

from __future__ import annotations

import re

from symdl.checker.agreement import Side
from symdl.checker.edits import Edit
from symdl.notation.latex import latex
from symdl.reader.elaborate import statements
from symdl.reader.names import NameTable
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Context, Statement
from symdl.terms.symbols import Atom


def suggest(statement: Statement, side: Side, edit: Edit) -> str:
    """Returns LaTeX of the whole statement with the edit applied.

    The edited part is spliced into the sheet's own text where that reads back as the repaired formula;
    otherwise the right side is printed anew.
    """
    spell = spellings_of(statement, side)
    spliced = _spliced(statement, edit, spell)
    if spliced is not None and _reads_as(spliced, statement, side, edit.tree):
        return spliced
    return _reprinted(statement, side, edit.tree, spell)


def read(text: str, context: Context) -> list[Statement]:
    """The statements of a suggestion, read on their own."""
    try:
        return list(statements(text, lambda _: (1, 1), context, NameTable()))
    except Exception:
        return []


def awkwardness(latex_: str) -> tuple[int, int]:
    """Of several spellings of one repair the least awkward is shown: few minuses behind brackets, then short."""
    return len(re.findall(r"[({]\s*-(?!\d*\})|-\s*\(\s*-", latex_)), len(latex_)


def spellings_of(statement: Statement, side: Side) -> dict[str, str]:
    """How the sheet writes each quantity: the LaTeX of its first occurrence."""
    out: dict[str, str] = {}
    indexed = {
        n.base.id
        for root in (side.left, side.right)
        for n in (array.walk(root) if root is not None else ())
        if isinstance(n, array.Index) and isinstance(n.base, array.Name)
    }  # what these cover in the text includes their indices
    for root in (side.left, side.right):
        for node in array.walk(root) if root is not None else ():
            if isinstance(node, array.Name) and node.span is not None and node.id not in indexed:
                text = node.span.text(statement.latex)
                if not (text.isalpha() and len(text) > len(node.id) == 1):  # one of several indices: "ij"
                    out.setdefault(node.id, text)
    return out


def _spliced(statement: Statement, edit: Edit, spell: dict[str, str]) -> str | None:
    span = edit.old.span
    if edit.everywhere or span is None or not span.text(statement.latex).strip():
        return None
    new = latex(edit.new, _with_atoms(statement, spell))
    old = span.text(statement.latex)
    before, after = statement.latex[: span.start], statement.latex[span.end :]
    if isinstance(edit.old, array.Neg) and edit.new == edit.old.body:
        before, new = _unsigned(before, old, new)
    elif isinstance(edit.new, array.Neg) and (signed := _signed(before, edit.new, statement, spell)) is not None:
        before, new = signed
    elif _needs_brackets(edit.new) and not (before.rstrip().endswith("{") and after.lstrip().startswith("}")):
        new = rf"\left({new}\right)"
    glue_before = " " if before[-1:].isalpha() and new[:1].isalpha() else ""
    glue_after = " " if new[-1:].isalpha() and after[:1].isalpha() and "\\" in new else ""
    return before + glue_before + new + glue_after + after if new != old else None


def _opens(before: str) -> bool:
    """Whether a term that follows ``before`` needs no sign between them."""
    return not before or before.endswith(("(", "{", "[", "=", "&", ","))


def _unsigned(before: str, old: str, new: str) -> tuple[str, str]:
    """A minus taken away: it becomes a plus, or goes behind a bracket or a relation."""
    text, bare = old.lstrip(), before.rstrip()
    if text.startswith("-"):  # the minus belongs to the term
        rest = text[1:].lstrip()
        return before, rest if _opens(bare) else f"{'' if before[-1:].isspace() else ' '}+ {rest}"
    if bare.endswith("-"):
        return bare[:-1] + "+ ", text
    return before, new


def _signed(before: str, new: array.Neg, statement: Statement, spell: dict[str, str]) -> tuple[str, str] | None:
    """A minus put in: it turns the sign in front of it, or stands alone behind a bracket or a relation."""
    body = latex(new.body, _with_atoms(statement, spell))
    if isinstance(new.body, array.Add):
        body = rf"\left({body}\right)"
    bare = before.rstrip()
    if bare.endswith(("+", "-")):
        return bare[:-1] + ("- " if bare.endswith("+") else "+ "), body
    if _opens(bare):
        return before, "-" + body
    return None


def _needs_brackets(node: Node) -> bool:
    return isinstance(node, (array.Add, array.Neg))


def _with_atoms(statement: Statement, spell: dict[str, str]) -> dict[str, str | Atom]:
    return {**statement.atoms, **spell}


def _reads_as(text: str, statement: Statement, side: Side, tree: Node) -> bool:
    """Whether the corrected text is read as the repaired formula."""
    for s in read(text, Context()):
        for reading in s.readings:
            k = side.equation + 1 if s.relations else 0
            if k < len(reading.sides) and reading.sides[k] == tree:
                return True
    return False


def _reprinted(statement: Statement, side: Side, tree: Node, spell: dict[str, str]) -> str:
    right = latex(tree, _with_atoms(statement, spell))
    if not statement.relations or len(statement.spans) <= side.equation + 1:
        return right
    span = statement.spans[side.equation + 1]
    return statement.latex[: span.start].rstrip() + " " + right + statement.latex[span.end :]
