"""What was done, step by step: rule, before, after. Every step is an equation and is checked as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import sympy as sp

from symdl.terms.program import Assignment, Axes, Variable


@dataclass(frozen=True, slots=True)
class Rewriting:
    """One step in the derivation of ``target``: ``before = after``, by ``rule``."""

    target: Variable
    rule: str
    before: sp.Expr
    after: sp.Expr


@dataclass
class Recorder:
    """Collects the steps of a derivation.

    Attributes:
        steps: the steps, in the order in which they were made.
        lines: every adjoint as it was before lines were put into lines; the steps speak of these.
    """

    steps: list[Rewriting] = field(default_factory=list)
    lines: list[Assignment] = field(default_factory=list)
    _target: Variable | None = None

    def chain(self, target: Variable, raw: sp.Expr, through: Iterable[str] = ()) -> None:
        """A new line begins: what the chain rule gave for it."""
        self._target = target
        users = ", ".join(dict.fromkeys(through))
        self.steps.append(Rewriting(target, "chain rule" + (f" through {users}" if users else ""), target.element, raw))

    def rewritten(self, rule: str, before: sp.Expr, after: sp.Expr) -> None:
        """The current line was rewritten."""
        if self._target is not None:
            self.steps.append(Rewriting(self._target, rule, before, after))

    def named(self, lines: Iterable[Assignment]) -> None:
        """All lines have names; what follows puts lines into lines."""
        self.lines = list(lines)
        self._target = None

    def inlined(self, line: Assignment, put: Assignment, body: sp.Expr) -> None:
        """One line was put into another."""
        self.steps.append(Rewriting(line.variable, f"put in {put.name}", line.body, body))

    def ordered(self) -> list[Rewriting]:
        """The steps, those of one line together."""
        place: dict[str, int] = {}
        for step in self.steps:
            place.setdefault(step.target.name, len(place))
        return sorted(self.steps, key=lambda s: place[s.target.name])

    def equations(self) -> list[tuple[sp.Expr, sp.Expr, Axes]]:
        """Both sides of every step, with the letters they hold for."""
        return [(s.before, s.after, s.target.axes) for s in self.steps]
