"""Which intermediate results get a line of their own: those that make the whole shorter.

A line is put into the lines that use it where all of them together become shorter; so is everything that only one
line needs, taken together. What is hidden is always put in, what is asked for never.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sympy as sp

from symdl.engine.cost import cost
from symdl.engine.pullback import names_in
from symdl.engine.simplify import Simplifier
from symdl.engine.steps import Recorder
from symdl.terms.indexed import Access, Reduce, elements
from symdl.terms.program import Assignment

_ROUNDS = 4
_CLUSTER = 50  # a longer cluster is no line of a textbook
_WRITTEN_OUT = 60


class Lines(dict[str, Assignment]):
    """The lines by the name whose adjoint they are, and who uses whom: kept at hand, or depth would count twice."""

    def __init__(self) -> None:
        super().__init__()
        self._users: dict[str, set[str]] = {}

    def __setitem__(self, name: str, line: Assignment) -> None:
        self._forget(name)
        super().__setitem__(name, line)
        for mentioned in names_in(line.body):
            self._users.setdefault(mentioned, set()).add(name)

    def __delitem__(self, name: str) -> None:
        self._forget(name)
        super().__delitem__(name)

    def _forget(self, name: str) -> None:
        if name in self:
            for mentioned in names_in(self[name].body):
                self._users.get(mentioned, set()).discard(name)

    def users(self, name: str) -> set[str]:
        """Names of the lines that use the line of ``name``."""
        return self._users.get(self[name].name, set())


def shorten(
    lines: Lines, simplifier: Simplifier, keep: Collection[str], recorder: Recorder, *, eager: bool = False
) -> None:
    """Chooses the naming; ``keep`` are the keys of lines that stay; ``eager``: one used once is put in if no worse."""
    _Naming(lines, simplifier, keep, recorder, eager).run()


class _Naming:
    def __init__(
        self, lines: Lines, simplifier: Simplifier, keep: Collection[str], recorder: Recorder, eager: bool
    ) -> None:
        self.eager = eager
        self.circular = {n for n in lines if lines.users(n) & set(list(lines)[: list(lines).index(n) + 1])}
        self.lines = lines
        self.simplifier = simplifier
        self.keep = keep
        self.recorder = recorder

    def run(self) -> None:
        """Puts lines into lines until nothing becomes shorter."""
        for _ in range(_ROUNDS):
            changed = False
            for name in list(self.lines):
                changed = (self._try_inline(name) if name not in self.keep else self._look_through(name)) or changed
            for name in list(self.lines):
                changed = self._try_cluster(name) or changed
            if not changed:
                return

    def _try_inline(self, name: str) -> bool:
        line = self.lines.get(name)
        if line is None or name in self.keep:
            return False
        users = [n for n in self.lines if n in self._users(name)]
        raw = {n: substituted(self.lines[n].body, line) for n in users}
        trivial = not line.body.args or isinstance(line.body, Access)
        if not (line.hidden or trivial):
            if any(cost(body) > _WRITTEN_OUT for body in raw.values()):
                return False
            if not self.eager and not any(_meet(line, self.lines[n]) for n in users):
                return False
        put = {n: self.simplifier.short(body) for n, body in raw.items()}
        before = cost(line.body) + sum(cost(self.lines[n].body) for n in users)
        after = sum(map(cost, put.values()))
        shorter = after < before or (self.eager and len(users) == 1 and after <= before and not line.body.has(Reduce))
        if not (line.hidden or trivial or shorter):
            return False
        for n, body in put.items():
            self.recorder.inlined(self.lines[n], line, body)
            self.lines[n] = Assignment(self.lines[n].variable, body, self.lines[n].hidden)
        del self.lines[name]
        return True

    def _look_through(self, name: str) -> bool:
        """Puts a line that stays into those of its users that become shorter by it: ``dZ2 = A2 - Y`` beside ``dA2``."""
        changed = False
        line = self.lines[name]
        for n in sorted(self.lines.users(name)):
            user = self.lines[n]
            if n == name or name in self.circular or n in self.circular:
                continue
            raw = substituted(user.body, line)
            if cost(raw) > _WRITTEN_OUT:
                continue
            body = self.simplifier.short(raw)
            if cost(body) < cost(user.body) or _renames(line.body):
                self.recorder.inlined(user, line, body)
                self.lines[n] = Assignment(user.variable, body, user.hidden)
                changed = True
        return changed

    def _try_cluster(self, name: str) -> bool:
        """Puts everything that only one line needs into that line, if this makes all of it shorter together."""
        target = self.lines[name]
        cluster = self._only_for(name)
        if len(cluster) < 2:
            return False
        body, before = target.body, cost(target.body)
        for n in cluster:
            before += cost(self.lines[n].body)
        if before > _CLUSTER:
            return False
        for n in reversed(cluster):
            body = substituted(body, self.lines[n])
            if cost(body) > _WRITTEN_OUT:
                return False
        body = self.simplifier.short(body)
        if cost(body) >= before:
            return False
        self.recorder.inlined(target, self.lines[cluster[0]], body)
        self.lines[name] = Assignment(target.variable, body, target.hidden)
        for n in cluster:
            del self.lines[n]
        return True

    def _only_for(self, name: str) -> list[str]:
        """Lines that are used by one line, directly or through each other, and by no other; in order."""
        order = list(self.lines)
        inside = {name}
        out: list[str] = []
        for n in reversed(order[: order.index(name)]):
            if n in self.keep:
                continue
            users = self._users(n)
            if users and users <= inside:
                inside.add(n)
                out.append(n)
        return out[::-1]

    def _users(self, name: str) -> set[str]:
        return self.lines.users(name)


def _meet(line: Assignment, user: Assignment) -> bool:
    """Whether two lines share a name, or both a number: only then can one make the other shorter."""
    shared = names_in(line.body) & names_in(user.body)
    return bool(shared) or all(any(abs(n) != 1 for n in a.body.atoms(sp.Rational)) for a in (line, user))


def _renames(body: sp.Expr) -> bool:
    """Whether a line is another name for the same elements, not for a part of an array or for its shape."""
    return not body.args or (isinstance(body, Access) and all(i.is_Symbol or i.is_Integer for i in body.indices))


def substituted(body: sp.Expr, line: Assignment) -> sp.Expr:
    """``body`` with every element of a line replaced by its right side there."""

    def at(indices: tuple[sp.Expr, ...]) -> sp.Expr:
        return line.body.xreplace({k: v for k, v in zip(line.variable.axes, indices, strict=True) if k is not None})

    return elements(body, {line.variable.symbol: at})


def needed(lines: list[Assignment], wanted: Iterable[str]) -> list[Assignment]:
    """Lines that what is wanted depends on; the order stays. A recurrence uses lines that come later."""
    need = set(wanted)
    while True:
        before = len(need)
        for line in reversed(lines):
            if line.name in need:
                need |= names_in(line.body)
        if len(need) == before:
            return [line for line in lines if line.name in need]
