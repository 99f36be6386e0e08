"""Catalogue forms prepared for matching: which symbols each uses, sampled values, and what it yields there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from symdl.checker.evaluate import NoValue, Settings, Value, evaluate, run
from symdl.notation.strict import parse
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Definition, Entry, Form, Role

DRAWS = 5
"""Sampled points per entry; two different functions that agree at all of them do not occur in practice."""
LETTER_VALUES = (1, 0, 2, 1)
"""Values of free index letters, 0-based, in order of the left side."""
_SIZES = ((3, 2, 4, 5, 6, 7, 8, 9), (2, 3, 5, 4, 7, 6, 8, 9), (7, 3, 2, 6, 4, 5, 8, 9), (3, 3, 7, 7, 4, 5, 6, 8))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Spellings that belong to the entries next to one.

    Attributes:
        names: left-hand names of siblings and family members that are not its own.
        letters: letters of their roles that are not its own.
        words: letters of several characters (``FN``, ``lr``) of the whole catalogue; each means one thing.
        recurrent: letters of what has a value one step before, here or in a neighbour: their time mark says which.
    """

    names: frozenset[str] = frozenset()
    letters: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    recurrent: frozenset[str] = frozenset()


def neighbours(entries: Mapping[str, Entry]) -> dict[str, Neighbours]:
    """Returns, for every entry, what belongs to its neighbours."""
    letters = {e.id: {s for f in e.forms for r in f.roles.values() for s in r.letters} for e in entries.values()}
    words = frozenset(s for own in letters.values() for s in own if len(s) > 1 and s.isalpha() and s.isupper())
    out = {}
    for e in entries.values():
        near = [
            o for o in entries.values() if o.id != e.id and (o.id in e.siblings or (e.family and o.family == e.family))
        ]
        names = {n for o in near for n in o.names} - set(e.names)
        theirs = {s for o in near for s in letters[o.id]} - letters[e.id]
        recurrent = {
            s
            for o in (e, *near)
            for f in o.forms
            for r in f.roles.values()
            if r.id == o.previous or r.id.endswith("_prev")
            for s in r.letters
        }
        out[e.id] = Neighbours(frozenset(names), frozenset(theirs), words, frozenset(recurrent))
    return out


@dataclass(frozen=True, eq=False)
class Prepared:
    """One form of one entry, ready to be compared with a sheet's formula.

    Attributes:
        entry: the entry.
        form: the form.
        roles: ids of the roles that occur in it outside limits of sums.
        functions: unknown functions that occur in it, as ``(name, highest derivative)``.
        letters: free index letters, in order of the left side.
        points: the sampled values of all roles of the entry, one mapping per draw.
        near: what belongs to the entries next to this one.
        probabilities: whether its unknown functions have values in (0, 1), for their logarithm is taken.
    """

    entry: Entry
    form: Form
    roles: tuple[str, ...]
    functions: tuple[str, ...]
    letters: tuple[str, ...]
    points: tuple[Mapping[str, Value], ...]
    near: Neighbours = Neighbours()
    probabilities: bool = False

    def stand_in(self, name: str) -> Callable[..., Value]:
        """The fixed function that stands for an unknown one."""
        return squashed(name) if self.probabilities else smooth(name)

    @property
    def table(self) -> Mapping[str, Role]:
        """The symbols of this form."""
        return self.form.roles

    @cached_property
    def targets(self) -> tuple[Value | None, ...]:
        """Values of the form, computed on first use."""
        out: list[Value | None] = []
        settings = Settings(letters=letter_values(self.letters))
        for point in self.points:
            try:
                out.append(run(self.form.lines, point, {f: self.stand_in(f) for f in self.functions}, settings))
            except NoValue:
                out.append(None)
        return tuple(out)

    @property
    def usable(self) -> bool:
        """Whether the form has a value at every point, and is told apart by it: not zero nearly everywhere."""
        if not all(t is not None and np.all(np.isfinite(np.asarray(t, float))) for t in self.targets):
            return False
        return not self.roles or sum(bool(np.any(np.asarray(t) != 0)) for t in self.targets) >= 2

    @cached_property
    def lefts(self) -> tuple[Value | None, ...]:
        """Values of the left side, where it is an expression: an identity of the catalogue."""
        out: list[Value | None] = []
        settings = Settings(letters=letter_values(self.letters))
        for point in self.points:
            try:
                left = self.form.value.left
                out.append(
                    None
                    if is_naming(left)
                    else evaluate(left, point, {f: self.stand_in(f) for f in self.functions}, settings)
                )
            except NoValue:
                out.append(None)
        return tuple(out)

    @cached_property
    def size(self) -> int:
        """Number of nodes of the last line."""
        return sum(1 for _ in array.walk(self.form.value.right))

    @cached_property
    def operators(self) -> Mapping[str, int]:
        """Multiset of operators of the last line, for ranking candidates."""
        return operators(self.form.value.right)


def is_naming(left: Node | None) -> bool:
    """Whether a left side names what is defined, rather than being an expression that is claimed equal."""
    if isinstance(left, (array.Index, array.Transpose)):
        return is_naming(left.base if isinstance(left, array.Index) else left.body)
    if isinstance(left, array.Pow):  # sigma^2 = ...
        return isinstance(left.base, array.Name) and isinstance(left.exponent, array.Num)
    if isinstance(left, array.Derivative):
        return is_naming(left.body)
    if isinstance(left, (array.Apply, array.Call)):
        return all(isinstance(a, (array.Name, array.Index)) for a in left.args)
    return left is None or isinstance(left, (array.Name, array.Expect))


def letter_values(letters: Sequence[str], base: int = 0) -> dict[str, int]:
    """Returns the value of each free index letter."""
    return {name: LETTER_VALUES[k % len(LETTER_VALUES)] + base for k, name in enumerate(letters)}


def prepare(entry: Entry, near: Neighbours | None = None) -> tuple[Prepared, ...]:
    """Prepares every form of ``entry`` that has a value; forms with the same symbols share their points."""
    drawn: dict[tuple[object, ...], tuple[Mapping[str, Value], ...]] = {}
    out = []
    for form in entry.forms:
        symbols = tuple((r.id, r.kind, r.shape, r.domain) for r in form.roles.values())
        shell = _shell(form)
        for sizes, squash in itertools.product(_SIZES, (False, True)):
            if squash and not shell[2]:
                continue
            if (symbols, sizes) not in drawn:
                drawn[symbols, sizes] = _points(entry.id, form.roles, sizes)
            prepared = Prepared(entry, *shell, drawn[symbols, sizes], near or Neighbours(), squash)
            if prepared.usable:
                out.append(prepared)
                break
    return tuple(out)


def _shell(form: Form) -> tuple[Form, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    local: set[str] = set()
    used: dict[str, None] = {}
    functions: dict[str, None] = {}
    for line in form.lines:
        for name in body_names(line.right):
            if name in form.roles and name not in local and name not in line.indices:
                used.setdefault(name)
        for node in array.walk(line.right):
            if isinstance(node, array.Apply) and node.function not in local:
                functions.setdefault(node.function)
        local.add(line.name)
    value = form.value
    letters = tuple(value.indices) or free_letters(value.right, form.roles)
    roles = tuple(r for r in used if form.roles[r].kind not in ("index", "function") and r not in letters)
    return form, roles, tuple(functions), letters


def body_names(node: Node) -> list[str]:
    """Names outside the limits of sums; a name that stands in a limit alone follows from the array's length."""
    out: dict[str, None] = {}
    _body_names(node, frozenset(), out)
    return list(out)


def _body_names(node: Node, bound: frozenset[str], out: dict[str, None]) -> None:
    if isinstance(node, array.Name):
        if node.id not in bound:
            out.setdefault(node.id)
    elif isinstance(node, array.Reduce):
        _body_names(node.body, bound | {node.index}, out)
    elif isinstance(node, array.Expect):
        _body_names(node.body, bound | {node.variable}, out)
    elif isinstance(node, array.Call) and node.function == "eye":
        return  # its size follows from what it is added to
    else:
        for child in array.children(node):
            _body_names(child, bound, out)


def limit_names(node: Node) -> list[str]:
    """Names that occur in the limits of sums."""
    out: dict[str, None] = {}
    for n in array.walk(node):
        if isinstance(n, array.Reduce):
            for limit in (n.lower, n.upper):
                if limit is not None:
                    out.update(dict.fromkeys(array.names(limit)))
    return list(out)


def free_letters(node: Node, roles: Mapping[str, Any] = {}) -> tuple[str, ...]:
    """Names that are used inside indices only, in order of occurrence: the free index letters."""
    inside: dict[str, None] = {}
    outside: set[str] = set()

    def go(n: Node, bound: frozenset[str], index: bool) -> None:
        if isinstance(n, array.Name):
            if n.id not in bound:
                if index:
                    inside.setdefault(n.id)
                else:
                    outside.add(n.id)
            return
        if isinstance(n, array.Reduce):
            bound = bound | {n.index}
        if isinstance(n, array.Index):
            go(n.base, bound, index)
            for item in n.items:
                go(item, bound, True)
            return
        for child in array.children(n):
            go(child, bound, index)

    go(node, frozenset(), False)
    return tuple(
        n for n in inside if n not in outside and getattr(roles.get(n), "kind", "index") in ("index", "size", "integer")
    )


def _points(seed: str, roles: Mapping[str, Role], sizes: Sequence[int]) -> tuple[Mapping[str, Value], ...]:
    names = _size_names(roles)
    extent = {n: sizes[k % len(sizes)] for k, n in enumerate(names)}
    return tuple(_draw(seed, roles, extent, draw) for draw in range(DRAWS))


def _size_names(roles: Mapping[str, Role]) -> list[str]:
    out: dict[str, None] = {}
    for role in roles.values():
        for text in role.shape:
            out.update(dict.fromkeys(array.names(parse(text))))
        if role.kind == "size" and not role.shape:
            out.setdefault(role.id)
    return list(out)


def _draw(seed: str, roles: Mapping[str, Role], extent: Mapping[str, int], draw: int) -> Mapping[str, Value]:
    rng = np.random.default_rng(1000 * draw + sum(map(ord, seed)))
    out: dict[str, Value] = {n: float(v) for n, v in extent.items()}
    for k, role in enumerate(roles.values()):
        if role.kind in ("function", "index") or (role.kind == "size" and not role.shape):
            continue
        shape = tuple(_extent(s, extent) for s in role.shape)
        value = sample(role.kind, shape, rng)
        if role.kind in ("real", "gradient", "statistic") and not shape:
            value = (1, -1, 1, -1)[(draw + k) % 4] * abs(value)  # both signs, whatever the seed
        out[role.id] = value
    return _within(roles, out, rng)


def _within(roles: Mapping[str, Role], point: dict[str, Value], rng: np.random.Generator) -> dict[str, Value]:
    """Moves the point into the declared domains of its roles, by redrawing."""
    constrained = [r for r in roles.values() if r.domain]
    for _ in range(60):
        bad = [r for r in constrained if not _inside(r.domain, point)]
        if not bad:
            break
        for role in bad:
            shape = np.shape(point.get(role.id, 0.0))
            scale = rng.choice([0.3, 1.0, 3.0])
            point[role.id] = sample(role.kind, shape, rng) * (1 if role.kind in ("unit", "size", "integer") else scale)
    return point


@lru_cache(maxsize=512)
def _condition(text: str) -> Node | None:
    try:
        return parse(text)
    except Exception:  # a domain in words is documentation
        return None


def _inside(text: str, point: Mapping[str, Value]) -> bool:
    node = _condition(text)
    if node is None:
        return True
    try:
        return bool(np.all(evaluate(node, point)))
    except NoValue:
        return True


def _extent(text: str, extent: Mapping[str, int]) -> int:
    if text.isdigit():
        return int(text)
    if text in extent:
        return extent[text]
    return int(evaluate(parse(text), {k: float(v) for k, v in extent.items()}))


def sample(kind: str, shape: Sequence[int], rng: np.random.Generator) -> Value:
    """Draws one value of a kind; a float for a scalar."""
    n = tuple(shape)
    match kind:
        case "positive" | "nonnegative" | "size":
            v: Any = rng.uniform(0.4, 3.0, n)
        case "unit":
            v = rng.uniform(0.1, 0.9, n)
        case "integer":
            v = rng.integers(1, 6, n).astype(float)
        case "binary":
            # between 0 and 1: what is true of labels only for 0 and 1 is a condition, not an agreement
            v = rng.uniform(0.1, 0.9, n)
        case "probability":
            v = rng.uniform(0.2, 1.0, n)
            v = v / v.sum(axis=-1, keepdims=True) if n else rng.uniform(0.1, 0.9)
        case "diagonal":
            return np.diag(rng.uniform(0.5, 2.0, n[0] if n else 3))
        case _:
            v = rng.normal(0.0, 1.3, n)
    return float(v) if not n else v


def smooth(name: str) -> Callable[..., Value]:
    """A fixed smooth function that stands for an unknown one; ``primes`` gives its derivatives."""
    h = sum(ord(c) * (i + 3) for i, c in enumerate(name)) % 97
    a, b = 0.3 + h / 97, 0.2 + (h * 7 % 97) / 97

    def call(*args: Value, primes: int = 0) -> Value:
        x = sum((k + 1) * np.asarray(v, float) for k, v in enumerate(args)) if args else 0.0
        shift = primes * np.pi / 2
        line = (0.3 * a * x, 0.3 * a, 0.0)[min(primes, 2)]
        out = a**primes * np.sin(a * x + b + shift) + line
        return out if np.ndim(out) else float(out)

    return call


def squashed(name: str) -> Callable[..., Value]:
    """As `smooth`, with values in (0, 1); its derivatives are those of the whole."""
    inner = smooth(name)

    def call(*args: Value, primes: int = 0) -> Value:
        value = 1 / (1 + np.exp(-np.asarray(inner(*args), float)))
        if primes == 0:
            return value if np.ndim(value) else float(value)
        if primes == 1:
            return value * (1 - value) * inner(*args, primes=1)
        raise NoValue("a higher derivative of a probability")

    return call


def operators(node: Node) -> dict[str, int]:
    """Counts the operators of an expression, products of all kinds alike."""
    out: dict[str, int] = {}
    for n in array.walk(node):
        key = type(n).__name__
        if isinstance(n, array.Call):
            key += n.function
        out[key] = out.get(key, 0) + 1
    return out


def definitions(forms: Sequence[Form]) -> Iterator[Definition]:
    """All lines of all forms."""
    return itertools.chain.from_iterable(f.lines for f in forms)
