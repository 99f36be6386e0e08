"""Does a statement agree with a catalogue entry: the same function, under an admissible renaming.

Agreement at sampled points is evidence; the verdict is the prover's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from symdl.checker.evaluate import NoValue, Settings, Value, axis_length, evaluate
from symdl.checker.forms import Prepared, body_names, free_letters, is_naming, letter_values, limit_names
from symdl.checker.renaming import Renaming, Sheet, exact, renamings, spellings
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom


@dataclass(frozen=True, slots=True)
class Side:
    """One equation of a statement under one reading: what is defined, and by what.

    Attributes:
        left: the left side, or ``None`` for a bare expression.
        right: the right side.
        sheet: its atoms.
        letters: free index letters, those of the left side first.
        functions: unknown functions of the right side.
        names: spellings of what is defined, most specific first; empty if nothing is named.
        subject: atom of what is defined, if it is one quantity.
        notes: what the reading decided.
        index: number of the reading in the statement.
        equation: which relation of the chain.
    """

    left: Node | None
    right: Node
    sheet: Sheet
    letters: tuple[str, ...]
    functions: tuple[str, ...]
    names: tuple[str, ...]
    subject: Atom | None
    notes: tuple[str, ...] = ()
    index: int = 0
    equation: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """A form that agrees, under which renaming and settings; ``named`` is ``yes`` or ``unknown``."""

    form: Prepared
    renaming: Renaming
    settings: Settings
    side: Side
    named: str


def side_of(
    left: Node | None,
    right: Node,
    atoms: Mapping[str, Atom],
    relation: str,
    notes: Sequence[str] = (),
    index: int = 0,
    equation: int = 0,
    fixed: frozenset[str] = frozenset(),
) -> Side:
    """Prepares one equation for matching."""
    own = tuple(n.id for n in left.items if isinstance(n, array.Name)) if isinstance(left, array.Index) else ()
    letters = tuple(dict.fromkeys((*own, *free_letters(right))))
    body = tuple(n for n in body_names(right) if n not in letters and n not in fixed)
    functions: dict[str, None] = {}
    for node in array.walk(right):
        if isinstance(node, array.Apply):
            functions.setdefault(node.function)
    names, subject = _subject(left, atoms)
    layer = _layer(subject) if subject is not None else ""
    sheet = Sheet(atoms, body, frozenset(limit_names(right)), relation, layer, fixed)
    return Side(left, right, sheet, letters, tuple(functions), names, subject, tuple(notes), index, equation)


def _layer(subject: Atom) -> str:
    """The layer of what is defined; of a gradient by ``W_2`` it is 2."""
    if subject.layer or subject.letter != "grad":
        return subject.layer
    stem, _, number = subject.subscript.rpartition("_")
    return number if stem in ("W", "w", "b", "Theta", "theta") and number.isdigit() else ""


UNAMBIGUOUS = frozenset("exp log sqrt tanh sinh cosh sin cos tan softplus".split())
"""Functions whose printed name means one thing."""
_ALIASES = {"sigmoid": ("sigma",), "abs": (), "relu": ("relu", "ReLU")}


def _subject(left: Node | None, atoms: Mapping[str, Atom]) -> tuple[tuple[str, ...], Atom | None]:
    """Spellings of what the left side defines."""
    while isinstance(left, (array.Index, array.Transpose)):
        left = left.base if isinstance(left, array.Index) else left.body
    if isinstance(left, array.Pow) and isinstance(left.exponent, array.Num):  # sigma^2 = ... names the square
        names, atom = _subject(left.base, atoms)
        return tuple(f"{n}^{left.exponent.value}" for n in names), None
    if isinstance(left, array.Name):
        atom = atoms.get(left.id) or Atom(left.id)
        return spellings(atom), atom
    if isinstance(left, array.Derivative):
        names, _ = _subject(left.body, atoms)
        return tuple(n + "'" * len(left.wrt) for n in names), None
    if isinstance(left, array.Apply):
        atom = atoms.get(left.function) or Atom(left.function)
        primes = "'" * left.primes
        return (*(s + primes for s in spellings(atom)), atom.letter + "()" + primes), None
    if isinstance(left, array.Call):
        return tuple(dict.fromkeys((left.function, *_ALIASES.get(left.function, ())))), None
    if isinstance(left, array.Expect):
        return ("E()",), None
    return (), None


def settings_for(side: Side) -> list[Settings]:
    """The ways the right side may be evaluated: first item 0 or 1, asterisk elementwise or matrix product."""
    bases = (0, 1) if _counts(side.right) else (0,)
    starred = any(isinstance(n, array.Mul) and n.how == array.STAR for n in array.walk(side.right))
    stars = (array.STAR, array.MATMUL) if starred else (array.STAR,)
    return [
        Settings(base=base, star=star, columns=True, letters=letter_values(side.letters, base))
        for base in bases
        for star in stars
    ]


def _counts(node: Node) -> bool:
    """Whether it matters what number the first item has: a limit is written, an index is a number or used as one."""
    for n in array.walk(node):
        if isinstance(n, array.Reduce) and n.lower is not None:
            return True
        if isinstance(n, array.Index) and any(not isinstance(i, array.Name) for i in n.items):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Probe:
    """A side made ready to be evaluated many times: the ways to read it, and its sums with open limits."""

    side: Side
    options: tuple[Settings, ...]
    sums: tuple[array.Reduce, ...]


def probe(side: Side) -> Probe:
    """Prepares a side for `matching`."""
    sums = tuple(n for n in array.walk(side.right) if isinstance(n, array.Reduce) and isinstance(n.upper, array.Name))
    return Probe(side, tuple(settings_for(side)), sums)


def matching(ready: Probe, renaming: Renaming, group: Sequence[Prepared]) -> Iterator[tuple[Prepared, Settings]]:
    """Yields the forms of a group that the right side equals at every point.

    A group shares symbols, points and unknown functions, so that one evaluation serves all its forms.
    """
    functions = function_table(ready.side.functions, group[0])
    if functions is None or _turns_a_number(ready.side.right, renaming, group[0]):
        return
    for settings in ready.options:
        left = list(group)
        for k, point in enumerate(group[0].points):
            env = values_at(ready.side, renaming, point)
            bind_limits(ready.sums, env)
            try:
                value = evaluate(ready.side.right, env, functions, settings)
            except NoValue:
                left = []
            left = [f for f in left if close(value, f.targets[k])]
            if not left:
                break
        for form in left:
            yield form, settings


def values_at(side: Side, renaming: Renaming, point: Mapping[str, Value]) -> dict[str, Value]:
    """The values of a side's names at a point of a form."""
    sizes = {name: point[name] for name in side.sheet.fixed if name in point}
    return {**sizes, **{name: point[role] for name, role in renaming.roles.items()}}


def _turns_a_number(right: Node, renaming: Renaming, form: Prepared) -> bool:
    """Whether a matrix, by its capital and its transpose, would stand for a single number of the entry."""
    for n in array.walk(right):
        if isinstance(n, array.Transpose) and isinstance(n.body, array.Name):
            role = form.table.get(renaming.roles.get(n.body.id, ""))
            if role is not None and not role.shape and n.body.id[:1].isupper():
                return True
    return False


def function_table(mine: Sequence[str], form: Prepared) -> Mapping[str, Callable[..., Value]] | None:
    """Pairs unknown functions with those of the form, in order; ``None`` if their number differs."""
    if len(mine) != len(form.functions):
        return None
    same = [f for f in mine if f in form.functions]
    rest = iter(f for f in form.functions if f not in same)
    return {f: form.stand_in(f if f in same else next(rest)) for f in mine}


def bind_limits(sums: Iterable[array.Reduce], env: dict[str, Value]) -> None:
    """Gives a name that stands in limits only the length of the axis the bound letter runs over."""
    for n in sums:
        if isinstance(n.upper, array.Name) and n.upper.id not in env:
            length = axis_length(n.body, n.index, env)
            if length is not None:
                env[n.upper.id] = float(length)


def close(a: Value, b: Value) -> bool:
    """Equality of two values in floats, up to dimensions of size 1."""
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-10 + 1e-7 * abs(b)
    x, y = np.squeeze(np.asarray(a, float)), np.squeeze(np.asarray(b, float))
    if x.shape != y.shape:
        return False
    return bool(np.all(np.isfinite(x)) and np.allclose(x, y, rtol=1e-7, atol=1e-10))


def is_known(side: Side, form: Prepared) -> bool:
    """Whether the entry knows the left-hand name, and no neighbour knows it better."""
    names = form.entry.names
    if side.subject is None:
        return any(n in names for n in side.names)
    whole = exact(side.subject)
    if any(n in names for n in whole):
        return True
    return not set(whole) & form.near.names and any(n in names for n in side.names)


def named(side: Side, form: Prepared, renaming: Renaming) -> str:
    """Whether the left side is one the entry knows: ``yes``, ``unknown`` or ``no`` (it contradicts)."""
    entry = form.entry
    known = is_known(side, form)
    if side.subject is None:
        return "yes" if known else "unknown"
    if set(exact(side.subject)) & form.near.names and not set(exact(side.subject)) & set(entry.names):
        return "no"
    if _gradient_of_another(side.subject, form):
        return "no"
    if entry.previous:
        mine = [side.sheet.atom(n) for n, r in renaming.roles.items() if r == entry.previous]
        if mine and mine[0].letter.lower() != side.subject.letter.lower():
            return "no"
        return "yes" if known else "unknown"
    if known:
        return "yes"
    spelling = side.names[0]
    own = any(side.sheet.atom(n) == side.subject for n in renaming.roles)
    others = {s for r in form.roles for s in form.table[r].letters}
    return "no" if own or spelling in others else "unknown"


def _gradient_of_another(subject: Atom, form: Prepared) -> bool:
    """Whether the left side is the gradient of what a neighbour's gradients are of, and this entry's are not."""
    if subject.letter != "grad" or not subject.subscript:
        return False

    def of(names: Iterable[str]) -> set[str]:
        return {n.split("_")[1].lower() for n in names if n.startswith("grad_")}

    mine, own = subject.subscript.split("_")[0].lower(), of(form.entry.names)
    return bool(own) and mine not in own and mine in of(form.near.names)


def left_agrees(side: Side, renaming: Renaming, form: Prepared, settings: Settings) -> bool:
    """Where the left side is an expression, it must be that of the catalogue's identity.

    A left side that names a function with one meaning only (``\\tanh(x) = ...``) must have its values.
    """
    left = side.left
    named_function = isinstance(left, array.Call) and left.function in UNAMBIGUOUS
    if left is None or (is_naming(left) and not named_function):
        return True
    functions = function_table(side.functions, form) or {}
    theirs = form.form.value.left
    if isinstance(left, array.Derivative) and isinstance(theirs, array.Derivative):
        return _same_derivative(left, theirs, side, renaming, form)
    for k, point in enumerate(form.points):
        target = form.targets[k] if named_function else form.lefts[k]
        env = values_at(side, renaming, point)
        try:
            value = evaluate(left, env, functions, settings)
        except NoValue:
            return named_function  # its argument is written otherwise than in the body: nothing to compare
        if target is None or not close(value, target):
            return False
    return True


def _same_derivative(
    left: array.Derivative, theirs: array.Derivative, side: Side, renaming: Renaming, form: Prepared
) -> bool:
    """Whether two derivatives are of the same function by the same quantity."""
    roles = renaming.roles
    if [_by(w, roles) for w in left.wrt] != [_by(w, {}) for w in theirs.wrt]:
        return False
    functions = {f: form.stand_in(f) for f in form.functions}
    for point in form.points:
        try:
            mine = evaluate(left.body, values_at(side, renaming, point), functions, Settings(columns=True))
            value = evaluate(theirs.body, point, functions, Settings())
        except (NoValue, KeyError):
            return False
        if not close(mine, value):
            return False
    return True


def _by(node: Node, roles: Mapping[str, str]) -> str:
    name = node.base if isinstance(node, array.Index) else node
    return roles.get(name.id, name.id) if isinstance(name, array.Name) else ""


def grouped(forms: Iterable[Prepared]) -> list[list[Prepared]]:
    """Groups forms of one entry that use the same symbols at the same points."""
    groups: dict[tuple[object, ...], list[Prepared]] = {}
    for form in forms:
        key = (
            form.entry.id,
            id(form.points),
            frozenset(form.roles),
            form.functions,
            len(form.letters),
            form.probabilities,
            tuple(form.table[r].letters for r in sorted(form.roles)),  # a renaming is found for all forms at once
        )
        groups.setdefault(key, []).append(form)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class Care:
    """How hard to look at a group of forms: most renamings to try, and the poorest letters to accept."""

    limit: int = 24
    least: int = 0


def agreements(side: Side, groups: Iterable[tuple[Sequence[Prepared], Care]]) -> list[Agreement]:
    """All forms the statement agrees with, each under its best renaming."""
    out = []
    ready = probe(side)
    for group, care in groups:
        if len(group[0].functions) != len(side.functions) or len(group[0].roles) != len(side.sheet.body):
            continue
        seen: set[str] = set()
        for renaming in renamings(group[0], side.sheet, care.limit, care.least):
            state = named(side, group[0], renaming)
            if state == "no":
                continue
            for form, settings in matching(ready, renaming, group):
                if form.form.name not in seen and left_agrees(side, renaming, form, settings):
                    seen.add(form.form.name)
                    out.append(Agreement(form, renaming, settings, side, state))
            if seen:
                break
    return out
