"""Structures: polynomials and fractions as nested tuples that can be compared, renamed, stored and rebuilt.

A polynomial is ``("P", term, ...)`` with terms ``(coefficient, ((key, exponent), ...))``, a fraction is
``("Q", numerator, denominator)``. A key names a generator by what it means: ``("sym", "x")``, ``("acc", "x", index)``,
``("exp", term)``, ``("sum", axes, factors)`` ... Axes are ``("axis", name, size)``: names that begin with ``#`` are
bound inside their key, those that begin with ``~`` belong to a reduction that is still open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import permutations, product
from typing import Any, TypeAlias

Key: TypeAlias = tuple[Any, ...]
Structure: TypeAlias = tuple[Any, ...]

ONE: Structure = ("Q", ("P", ("1", ())), ("P", ("1", ())))
_LABELLED = 5040  # most relabellings tried; beyond it a component keeps an order that may not be canonical


@lru_cache(maxsize=20_000)
def text(s: Any) -> str:
    """A text by which structures are put in order."""
    return repr(s)


def polynomial(terms: Iterable[tuple[str, Iterable[tuple[Key, int]]]]) -> Structure:
    """Returns the structure of a polynomial, its terms and their factors in order."""
    done = [(c, tuple(sorted(m, key=text))) for c, m in terms]
    return ("P", *sorted(done, key=text))


def factors(items: Iterable[tuple[Structure, int]]) -> Structure:
    """Returns a list of polynomials with exponents, in order."""
    return tuple(sorted(items, key=text))


def is_axis(s: Any) -> bool:
    """Whether a structure is an axis, or the random variable of an expectation."""
    return isinstance(s, tuple) and len(s) == 3 and s[0] in ("axis", "rv") and isinstance(s[1], str)


@lru_cache(maxsize=20_000)
def axes_in(s: Any) -> frozenset[Key]:
    """Axes that occur free."""
    if not isinstance(s, tuple) or not s:
        return frozenset()
    if is_axis(s):
        return frozenset([s]) | axes_in(s[2])
    inner: frozenset[Key] = frozenset().union(*map(axes_in, s))
    if s[0] in BINDERS:
        return frozenset(a for a in inner if a not in s[1])
    return inner


BINDERS = ("sum", "max", "prod", "expect", "matrix")


@lru_cache(maxsize=20_000)
def is_open(s: Any) -> bool:
    """Whether an axis of an open reduction occurs."""
    return any(a[1].startswith("~") for a in axes_in(s))


@lru_cache(maxsize=20_000)
def labels(s: Any) -> int:
    """One more than the largest number of a bound axis inside, 0 if there is none."""
    if not isinstance(s, tuple):
        return 0
    if is_axis(s) and s[1].startswith("#"):
        return max(int(s[1][1:]) + 1, labels(s[2]))
    return max(map(labels, s), default=0)


def rename(s: Any, names: Mapping[Key, Key]) -> Any:
    """Returns the structure with axes renamed, and in order again; ``names`` must be one to one."""
    if not isinstance(s, tuple) or not s:
        return s
    if is_axis(s):
        found = names.get(s)
        return found if found is not None else (s[0], s[1], rename(s[2], names))
    if axes_in(s).isdisjoint(names):
        return s
    if s[0] == "P":
        return polynomial((c, [(rename(k, names), e) for k, e in m]) for c, m in s[1:])
    if s[0] in ("sum", "expect", "prod"):
        return (s[0], rename(s[1], names), factors((rename(p, names), e) for p, e in s[2]), *s[3:])
    return tuple([rename(a, names) for a in s])


def keys_in(s: Any) -> frozenset[Key]:
    """Keys of all generators that occur, also inside other keys."""
    if not isinstance(s, tuple) or not s:
        return frozenset()
    if s[0] == "P":
        own = frozenset(k for _, m in s[1:] for k, _ in m)
        return own.union(*map(keys_in, own)) if own else own
    return frozenset().union(*map(keys_in, s))


def closed(
    kind: str, axes: Sequence[Key], parts: Sequence[tuple[Structure, int]]
) -> tuple[tuple[Key, ...], tuple[tuple[Structure, int], ...]]:
    """Binds axes in a list of factors: renames them canonically, whatever they were called.

    Args:
        kind: ``axis`` names become ``#k`` above all labels inside.
        axes: what is bound.
        parts: polynomials with exponents.
    """
    base = max((labels(p) for p in (*parts, *axes)), default=0)
    best: tuple[str, tuple[Key, ...], Any] | None = None
    for order in _orders(axes, parts):
        names = {a: (a[0], f"#{base + k}", a[2]) for k, a in enumerate(order)}
        done = factors((rename(p, names), e) for p, e in parts)
        candidate = (kind + text(done), tuple(names.values()), done)
        if best is None or candidate[0] < best[0]:
            best = candidate
    assert best is not None
    return best[1], best[2]


def _orders(axes: Sequence[Key], parts: Sequence[tuple[Structure, int]]) -> Iterable[Sequence[Key]]:
    """Orders of the axes that must be compared: ties of a signature that does not depend on names."""
    if len(axes) == 1:
        return [axes]
    blank = {a: (a[0], "?", a[2]) for a in axes}

    def signature(a: Key) -> str:
        here = [(p, e) for p, e in parts if a in axes_in(p)]
        marked = sorted(text((rename(p, {**blank, a: (a[0], "@", a[2])}), e)) for p, e in here)
        return text((a[0], a[2], *marked))

    groups: dict[str, list[Key]] = {}
    for a in axes:
        groups.setdefault(signature(a), []).append(a)
    choices: list[list[tuple[Key, ...]]] = []
    count = 1
    for name in sorted(groups):
        members = groups[name]
        for k in range(2, len(members) + 1):
            count *= k
        choices.append(list(permutations(members)) if count <= _LABELLED else [tuple(members)])
    return [sum(chosen, ()) for chosen in product(*choices)]


def as_json(s: Any) -> Any:
    """Returns the structure with lists for tuples."""
    return [as_json(a) for a in s] if isinstance(s, tuple) else s


def from_json(s: Any) -> Any:
    """Inverse of `as_json`."""
    return tuple(from_json(a) for a in s) if isinstance(s, list) else s


def show(s: Any, name: Callable[[Key], str] | None = None) -> str:
    """A short text for people."""
    if not isinstance(s, tuple) or not s:
        return str(s)
    if s[0] == "Q":
        return show(s[1]) if s[2] == ONE[2] else f"({show(s[1])})/({show(s[2])})"
    if s[0] == "P":
        return " + ".join(_term(c, m) for c, m in s[1:]) or "0"
    if s[0] in ("sym", "axis", "rv"):
        return str(s[1])
    if s[0] == "acc":
        return f"{show(s[1])}[{', '.join(map(show, s[2]))}]"
    if s[0] in BINDERS:
        return f"{s[0]}({' * '.join(show(a) for a in s[2:])})"
    return f"{s[0]}({', '.join(show(a) for a in s[1:])})"


def _term(c: str, m: Sequence[tuple[Key, int]]) -> str:
    parts = [show(k) + (f"**{e}" if e != 1 else "") for k, e in m]
    return "*".join(parts if c == "1" and parts else [c, *parts])
