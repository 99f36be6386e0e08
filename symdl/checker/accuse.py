"""The accusation rule: when a near miss is called a mistake, and when it is only a remark.

A false accusation costs the reader's trust; a missed mistake costs one mistake. All conditions must hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from symdl.checker.edits import LAYOUT, STRUCTURE, Edit
from symdl.checker.repair import Miss
from symdl.terms import array
from symdl.terms.array import Node

EVIDENCE = 5
EVIDENCE_COMPLETE = 3
"""Where the catalogue declares the family of the entry complete."""
COST = 1.9
LIKENESS = 0.45
PARTIAL = frozenset({"open-ended", "optimised", "index-absent", "sum-without-index"})
"""Notes of readings that leave a part of the formula out."""
BARE_SIZE = 5
"""A bare expression smaller than this is a part of a sentence, not a formula that states something."""


def accused(misses: Sequence[Miss]) -> Miss | None:
    """Returns the repair the sheet is accused of needing, or ``None``.

    Args:
        misses: all repairs that verify, best first; there must be no agreement.
    """
    if not misses:
        return None
    best = misses[0]
    entry = best.agreement.form.entry
    enough = EVIDENCE_COMPLETE if entry.complete else EVIDENCE
    if best.evidence < enough or best.cost > COST or best.letters < 1 or best.likeness < LIKENESS:
        return None
    if best.side.names and best.agreement.named != "yes":
        return None
    if best.side.left is None and sum(1 for _ in array.walk(best.side.right)) < BARE_SIZE:
        return None
    if best.edit.kind in LAYOUT or best.edit.kind in STRUCTURE or takes_away(best.edit) or _renames_root(best):
        return None
    if any(m.edit.kind in LAYOUT and m.cost <= best.cost + (0.3 if m.target[0] == entry.id else 0.0) for m in misses):
        return None
    if vacuous(best.side.right) or _trivial(best.side.right) or PARTIAL & set(best.side.notes):
        return None
    if _same_letter(best) or (best.edit.everywhere and best.edit.kind in ("mark", "constant", "index")):
        return None
    return best if _unique(best, misses[1:]) else None


def takes_away(edit: Edit) -> bool:
    """Whether the edit drops a quantity: a sheet that has more than the entry extends it."""
    old, new = set(array.names(edit.old)), set(array.names(edit.new))
    return new < old


def _same_letter(miss: Miss) -> bool:
    """Whether one quantity would become another of the same letter, or stand for a hidden call: no slip of the pen."""
    old, new = miss.edit.old, miss.edit.new
    if miss.edit.kind != "symbol" or not (isinstance(old, array.Name) and isinstance(new, array.Name)):
        return False
    sheet = miss.agreement.side.sheet
    letter = sheet.atom(old.id).letter
    return letter == sheet.atom(new.id).letter or letter.endswith("()")


def _renames_root(miss: Miss) -> bool:
    """Whether only a square or a root of the whole side is at stake: then the left side may name the other one."""
    return miss.edit.kind in ("exponent", "root") and miss.edit.old == miss.side.right


def _unique(best: Miss, others: Sequence[Miss]) -> bool:
    """Whether no other function is repaired to as cheaply, with evidence and letters as good."""
    for m in others:
        if m.target[0] != best.target[0] and m.heard > best.heard and m.cost <= best.cost + 0.3:
            return False  # the words speak louder of another entry, which is nearly as close
        if m.cost > best.cost + 0.01 or m.letters < best.letters:
            continue
        if m.target[0] != best.target[0]:
            if m.evidence >= best.evidence:
                return False
        elif m.target != best.target and m.target[1] == best.target[1]:
            return False
    return True


def vacuous(node: Node) -> bool:
    """Whether a sum's index does not occur in its body: the reader missed where it lives."""
    return any(isinstance(n, array.Reduce) and n.index not in _all_names(n.body) for n in array.walk(node))


def _all_names(node: Node) -> set[str]:
    return {n.id for n in array.walk(node) if isinstance(n, array.Name)}


def _trivial(node: Node) -> bool:
    return isinstance(node, (array.Name, array.Num, array.Const))
