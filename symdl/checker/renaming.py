"""Admissible renamings: which quantity of a sheet may play which role of a catalogue entry.

A renaming is a bijection of the sheet's atoms onto the roles of a form. What is *not* admissible matters
most: it keeps ``y`` from changing places with its prediction, and a moment from standing for a gradient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from symdl.checker.forms import Prepared
from symdl.terms.formula import Role
from symdl.terms.symbols import Atom

STATISTICS = ("E()", "Var()", "VAR()", "var()", "std()", "Std()", "Cov()", "bbE()")


@dataclass(frozen=True, slots=True)
class Renaming:
    """Atom identifier -> role id, with how well the letters fit (higher is better)."""

    roles: Mapping[str, str]
    score: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the renaming needs to know of the sheet's side.

    Attributes:
        atoms: identifier -> atom.
        body: identifiers that occur outside limits.
        limits: identifiers that occur in limits of sums.
        relation: ``:=`` if the statement is an assignment.
        layer: layer mark of the left side, if it has one.
        fixed: identifiers that are no quantities: the size of an identity matrix, Kronecker's delta.
    """

    atoms: Mapping[str, Atom]
    body: tuple[str, ...]
    limits: frozenset[str]
    relation: str = "="
    layer: str = ""
    fixed: frozenset[str] = frozenset()

    def atom(self, name: str) -> Atom:
        """The atom of an identifier; an identifier nobody declared is its own letter."""
        return self.atoms.get(name) or Atom(name)

    @property
    def has_previous(self) -> bool:
        """Whether something is marked as the value of the step before."""
        return any(self.atom(n).mark == "prev" for n in self.body)


_SETS = re.compile(r"\|\w+?(cap|cup)\w+\|\Z")


@lru_cache(maxsize=1 << 16)
def spellings(atom: Atom) -> tuple[str, ...]:
    """The spellings of an atom a role may list, the most specific first."""
    if (sets := _SETS.match(atom.letter)) is not None:  # whatever the two sets are called
        return ("|A\N{INTERSECTION}B|" if sets.group(1) == "cap" else "|A\N{UNION}B|", atom.spelling)
    accent = {"hat": "^", "tilde": "~", "bar": "-"}.get(atom.accent, "")
    primes = "'" * atom.primes
    out = [atom.spelling]
    if atom.subscript != atom.subscript.lower():
        out.append(replace(atom, subscript=atom.subscript.lower()).spelling)
    if atom.layer:
        out.append(accent + atom.letter + atom.layer + primes)
    if atom.subscript:
        out.append(accent + atom.letter + "_" + atom.subscript)
        out.append(accent + atom.letter + primes)
    return tuple(dict.fromkeys(out))


@lru_cache(maxsize=1 << 16)
def exact(atom: Atom) -> tuple[str, ...]:
    """The spellings that keep everything the sheet writes."""
    return tuple(dict.fromkeys((atom.spelling, replace(atom, subscript=atom.subscript.lower()).spelling)))


def is_previous(role: Role, form: Prepared) -> bool:
    """Whether a role is the value of the step before."""
    return role.id == form.entry.previous or role.id.endswith("_prev")


@lru_cache(maxsize=1 << 14)
def _letters(letters: tuple[str, ...], id: str) -> frozenset[str]:
    """The usual letters of a role, its identifier among them."""
    return frozenset(letters) | {id}


def fit(name: str, role: Role, form: Prepared, sheet: Sheet) -> int | None:
    """How well an atom fits a role: 4 for its usual letter, down to 0 for an unknown one, ``None`` if never."""
    atom = sheet.atom(name)
    letters = _letters(role.letters, role.id)
    if not _marks_fit(atom, role, form, sheet) or not _nature_fits(atom, role, letters):
        return None
    candidates = spellings(atom)
    whole = exact(atom)
    elsewhere = _letters_elsewhere(role, form)
    if next((s for s in candidates if s in letters or s in elsewhere), candidates[0]) in elsewhere - letters:
        return None
    for k, candidate in enumerate(candidates):
        if candidate in letters:
            if candidate not in whole and set(whole) & form.near.letters:
                return None  # the full spelling belongs to a neighbour
            return max(4 - k, 1)
    if candidates[0] in form.near.words or _is_an_estimate(atom, role, sheet):
        return None
    if role.kind == "size":
        return 1 if name in sheet.limits else None
    if name in sheet.limits:
        return None
    for other in form.table.values():
        # its usual name belongs to another part of this formula
        if other.id != role.id and candidates[0] in other.letters:
            return None
    if set(whole) & form.near.letters:
        return None  # it is what a neighbour calls one of its own quantities
    if atom.accent and _accent_belongs_elsewhere(role, form):
        return None
    if atom.letter.endswith("()"):
        return None  # a hidden call stands only for a role that is known to be written as one
    return 0


def _marks_fit(atom: Atom, role: Role, form: Prepared, sheet: Sheet) -> bool:
    habits = _habits(atom, role, form, sheet)
    if habits is not None and not habits:
        return False
    previous = is_previous(role, form)
    if previous:
        if atom.mark == "next":
            return False
        return not (atom.mark == "cur" and (sheet.has_previous or sheet.relation != ":="))
    if role.id.endswith("_next"):
        return atom.mark != "prev"
    return atom.mark != "prev" or not (form.entry.previous or set(spellings(atom)) & form.near.recurrent)


def _layer_of(atom: Atom) -> str:
    """The layer an atom belongs to; the input of the network, a plain ``x``, is layer 0."""
    plain = atom.letter in ("x", "X") and not (atom.subscript or atom.accent or atom.mark or atom.primes)
    return "0" if plain and not atom.layer else atom.layer


def _habits(atom: Atom, role: Role, form: Prepared, sheet: Sheet) -> frozenset[int] | None:
    """Under which of the entry's habits of numbering layers the atom fits the role; ``None`` if nothing is known.

    The offsets of an entry stand side by side: the first of every role belong to one habit, the second to another.
    A role with one offset has it under all of them.
    """
    offsets = form.entry.layers.get(role.id)
    distance = _layers_apart(_layer_of(atom), sheet.layer)
    if offsets is None or distance is None:
        return None
    most = max(map(len, form.entry.layers.values()))
    if not atom.layer:  # the input is layer 0 under one habit and layer 1 under another
        return frozenset(range(most) if distance in offsets else ())
    return frozenset(k for k in range(most) if offsets[min(k, len(offsets) - 1)] == distance)


def _one_habit(roles: Mapping[str, str], form: Prepared, sheet: Sheet) -> bool:
    """Whether some habit of numbering layers fits all atoms together."""
    if not form.entry.layers:
        return True
    each = (_habits(sheet.atom(n), form.table[r], form, sheet) for n, r in roles.items())
    known = [h for h in each if h is not None]
    return not known or bool(frozenset.intersection(*known))


_LAYER = re.compile(r"([A-Za-z]*)([+-]?\d*)\Z")


def _layers_apart(layer: str, base: str) -> int | None:
    """How many layers ``layer`` lies above ``base``; ``None`` where that cannot be told."""
    a, b = _LAYER.match(layer), _LAYER.match(base)
    if not (layer and base and a and b) or a.group(1) != b.group(1):
        return None
    return int(a.group(2) or 0) - int(b.group(2) or 0)


def _nature_fits(atom: Atom, role: Role, letters: frozenset[str]) -> bool:
    if atom.letter == "grad":
        return role.kind == "gradient" or any(s.split("_")[0] == "grad" for s in letters)
    if atom.letter in STATISTICS:
        return role.kind == "statistic" or atom.letter in letters
    return True


def _letters_elsewhere(role: Role, form: Prepared) -> frozenset[str]:
    """Letters that other forms of the entry have for the same quantity: they keep to those forms.

    Only where the quantity is the same in kind and shape: then the letters are what tells the forms apart.
    """
    others = (f.roles.get(role.id) for f in form.entry.forms if f.name != form.form.name)
    alike = (r for r in others if r is not None and (r.kind, r.shape) == (role.kind, role.shape))
    return frozenset(s for r in alike for s in r.letters)


def _is_an_estimate(atom: Atom, role: Role, sheet: Sheet) -> bool:
    """A letter with a hat beside the same letter without one: only a role that is written with a hat may take it."""
    if atom.accent != "hat" or any(s.startswith("^") for s in role.letters):
        return False
    return any(sheet.atom(n) == replace(atom, accent="") for n in sheet.body)


def _accent_belongs_elsewhere(role: Role, form: Prepared) -> bool:
    def accented(r: Role) -> bool:
        return any(s[:1] in ("^", "~") for s in r.letters)

    others = (form.table[r] for r in form.roles)
    return any(accented(r) for r in others) and not accented(role)


def renamings(form: Prepared, sheet: Sheet, limit: int = 24, least: int = 0) -> list[Renaming]:
    """All admissible renamings of the sheet's atoms onto the roles of a form, best first.

    Args:
        form: the form, or the first of a group with the same symbols.
        sheet: the atoms.
        limit: most renamings to return.
        least: poorest fit of a letter that is still considered, see `fit`.
    """
    if len(sheet.body) != len(form.roles):
        return []
    table: list[list[tuple[int, str]]] = []
    for name in sheet.body:
        row = [(s, r) for r in form.roles if (s := fit(name, form.table[r], form, sheet)) is not None and s >= least]
        if not row:
            return []
        table.append(sorted(row, reverse=True))
    order = sorted(range(len(table)), key=lambda i: len(table[i]))
    found: list[Renaming] = []
    for pairs, score in _bijections(order, table, sheet.body):
        if _one_habit(dict(pairs), form, sheet):
            found.append(Renaming(dict(pairs), score))
        if len(found) >= 2000:
            break
    found.sort(key=lambda r: -r.score)
    return found[:limit]


def _bijections(
    order: Sequence[int], table: Sequence[Sequence[tuple[int, str]]], names: Sequence[str]
) -> Iterator[tuple[list[tuple[str, str]], int]]:
    chosen: list[tuple[str, str]] = []
    used: set[str] = set()

    def go(k: int, score: int) -> Iterator[tuple[list[tuple[str, str]], int]]:
        if k == len(order):
            yield list(chosen), score
            return
        i = order[k]
        for s, role in table[i]:
            if role in used:
                continue
            used.add(role)
            chosen.append((names[i], role))
            yield from go(k + 1, score + s)
            chosen.pop()
            used.discard(role)

    yield from go(0, 0)


def weakest(renaming: Renaming, form: Prepared, sheet: Sheet) -> int:
    """The poorest fit of any atom: 0 if some letter is not one the entry knows."""
    low = 4
    for name, role_id in renaming.roles.items():
        role = form.table[role_id]
        letters = _letters(role.letters, role.id)
        score = next((max(4 - k, 1) for k, s in enumerate(spellings(sheet.atom(name))) if s in letters), 0)
        low = min(low, max(score, 1) if role.kind == "size" else score)
    return low
