"""Reverse mode with named adjoints: from the loss back to everything it depends on.

Every definition ``U`` gets an adjoint ``dU``, the derivative of the loss by ``U``, in the shape of ``U``
(denominator layout). First each of them is a line of its own, written by the adjoints before it; then those lines
are put into the ones that use them where the whole becomes shorter: that is how ``dA2`` vanishes and
``dZ2 = A2 - Y`` remains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from symdl.engine.build import placed
from symdl.engine.naming import Lines, needed, shorten
from symdl.engine.pullback import Share, names_in, received, shares
from symdl.engine.rules import Rules
from symdl.engine.simplify import Simplifier
from symdl.engine.steps import Recorder
from symdl.engine.sums import fresh
from symdl.errors import NotationError, NotSupported, ShapeError
from symdl.terms.indexed import Access, Axis
from symdl.terms.program import Assignment, Program, Variable


@dataclass(frozen=True, slots=True)
class Backward:
    """The lines of a backward pass, in the order in which they are computed.

    Attributes:
        lines: adjoints and gradients; ``gradients`` says which of them were asked for.
        gradients: name -> name of its gradient's line.
        seeds: name -> the variable that stands for its given adjoint.
    """

    lines: tuple[Assignment, ...]
    gradients: Mapping[str, str]
    seeds: Mapping[str, Variable]


def backward(
    program: Program,
    *,
    loss: str | None = None,
    seeds: Mapping[str, str] | None = None,
    wrt: Sequence[str],
    recorder: Recorder | None = None,
) -> Backward:
    """Derives the gradients of a loss.

    Args:
        program: the definitions.
        loss: name of the scalar that is differentiated.
        seeds: instead of a loss, name -> name of its adjoint, which is then an input: ``{"H": "dH"}``.
        wrt: names of inputs or of definitions.
        recorder: collects the steps.

    Raises:
        NotationError: SD621 for a name that does not occur, SD623 for a loss that is none.
        ShapeError: SD622, for a loss that is no scalar.
        NotSupported: SD620, for a function without a derivative rule.
    """
    pass_ = _Reverse(program, _started(program, loss, seeds or {}), wrt, recorder or Recorder())
    pass_.run()
    return pass_.result()


def _started(program: Program, loss: str | None, seeds: Mapping[str, str]) -> dict[str, tuple[Variable, sp.Expr]]:
    """Variable and cotangent of every name the pass begins with."""
    out: dict[str, tuple[Variable, sp.Expr]] = {}
    for name, adjoint in seeds.items():
        v = _defined(program, name)
        bar = Variable(sp.Symbol(adjoint, real=True), v.axes)
        out[name] = (bar, bar.element)
    if loss is None and not seeds:
        raise NotationError("SD623", "there is no loss", "name the scalar that is differentiated, or give seeds")
    if loss is not None:
        v = _defined(program, loss)
        if v.letters:
            shape = "(" + ", ".join(map(str, v.shape)) + ")"
            raise ShapeError(
                "SD622", f"the loss {loss} has the shape {shape}", f"sum it up, or give a seed: the adjoint d{loss}"
            )
        out[loss] = (Variable(sp.Symbol(f"d{loss}", real=True), v.axes), sp.S.One)
    return out


def _defined(program: Program, name: str) -> Variable:
    v = program.variable(name)
    if v is None:
        known = ", ".join(sorted({*program.inputs, *(a.name for a in program if not a.hidden)}))
        raise NotationError("SD621", f"the name {name} does not occur", f"one of {known}")
    return v


def adjoint_name(name: str) -> str:
    """``W2`` -> ``dW2``."""
    return f"d{name}"


class _Reverse:
    def __init__(
        self,
        program: Program,
        started: Mapping[str, tuple[Variable, sp.Expr]],
        wrt: Sequence[str],
        recorder: Recorder,
    ) -> None:
        self.program = program
        self.started = started
        self.wrt = list(dict.fromkeys(wrt))
        self.recorder = recorder
        for name in self.wrt:
            _defined(program, name)
        self.simplifier = Simplifier(Rules.of(program), recorder.rewritten)
        self.active = _active(program, self.wrt)
        self.bars: dict[str, list[sp.Expr]] = {}
        self.through: dict[str, list[str]] = {}
        self.lines = Lines()
        self.carried: set[str] = set()

    def run(self) -> None:
        """All adjoints as named lines, then the shortest naming."""
        first_use = self._first_use()
        self.carried = self._carry()
        for position in range(len(self.program.assignments) - 1, -1, -1):
            a = self.program.assignments[position]
            if a.name in self.active or a.name in self.started:
                self._definition(a)
            for name in first_use.get(position, ()):
                self._line(self.program.inputs[name], hidden=False)
        for name in self.wrt:
            if name in self.program.inputs and name not in self.lines:
                self._line(self.program.inputs[name], hidden=False)
        self.recorder.named(self.lines.values())
        keep = {*self.wrt, *self.started, *(self.program.recurrent & self.active)}
        shorten(self.lines, self.simplifier, keep, self.recorder)

    def _carry(self) -> set[str]:
        """What a recurrence hands back from one step to the one before, by its adjoints' names; which have one."""
        block = [a for a in self.program if a.name in self.program.recurrent and a.name in self.active]
        for a in block:
            here = {letter: fresh(letter) for letter in a.variable.letters}
            adjoint = Variable(sp.Symbol(adjoint_name(a.name), real=True), a.variable.axes)
            for share in self._shares(a, adjoint.element.xreplace(here), here):
                if self._earlier(share, a):
                    self._hand_on(share, frozenset(here.values()))
                    self._start(share, next(iter(here.values())))
        return {a.name for a in block}

    def _earlier(self, share: Share, a: Assignment) -> bool:
        """Whether a share goes to the step before."""
        name = str(getattr(share.target, "tensor", share.target))
        return name in self.program.recurrent and self.program.position(name) >= self.program.position(a.name)

    def _start(self, share: Share, step: Axis) -> None:
        """What the state before the first step receives."""
        name = self.program.initial.get(str(share.target.tensor.name))
        if name is None or name not in self.wrt:
            return
        first = {step: sp.S.Zero}
        body = share.body.xreplace(first)
        target = self.program.inputs[name].at(tuple(i.xreplace(first) for i in share.target.indices[1:]))
        self._hand_on(Share(target, body, tuple(a for a in share.axes if a != step)))

    def _first_use(self) -> dict[int, list[str]]:
        """Position of the first definition that uses an input -> the inputs asked for."""
        out: dict[int, list[str]] = {}
        for name in self.wrt:
            if name not in self.program.inputs:
                continue
            uses = [k for k, a in enumerate(self.program.assignments) if name in names_in(a.body)]
            if uses:
                out.setdefault(uses[0], []).append(name)
        return out

    def _definition(self, a: Assignment) -> None:
        bar = self._line(a.variable, hidden=a.hidden)
        if bar is None or a.name not in self.active:
            return
        here = {letter: fresh(letter) for letter in a.variable.letters}
        for share in self._shares(a, bar.xreplace(here), here):
            if a.name not in self.carried or not self._earlier(share, a):
                self._hand_on(share)
                self.through.setdefault(str(getattr(share.target, "tensor", share.target)), []).append(a.name)

    def _shares(self, a: Assignment, bar: sp.Expr, here: Mapping[Axis, Axis]) -> Iterator[Share]:
        """What a definition hands down, at fresh letters; its own right side is folded to its name."""
        body = a.body.xreplace(here)
        named = {body: a.variable.element.xreplace(here)}
        try:
            found = list(shares(body, bar, tuple(here.values()), self.active.__contains__))
        except NotSupported as error:
            raise placed(error, a.name) from None
        for share in found:
            if body.args and not isinstance(body, Access):
                share = Share(share.target, share.body.xreplace(named), share.axes)
            yield share

    def _hand_on(self, share: Share, open_ended: frozenset[Axis] = frozenset()) -> None:
        name = str(getattr(share.target, "tensor", share.target))
        variable = self.program.variable(name)
        assert variable is not None
        mine = {letter: fresh(letter) for letter in variable.letters}
        indices, letters = [], []
        if isinstance(share.target, Access):
            for index, letter in zip(share.target.indices, variable.axes, strict=True):
                if letter is not None:
                    indices.append(index)
                    letters.append(mine[letter])
        gift = received(share, tuple(indices), tuple(letters), open_ended)
        self.bars.setdefault(name, []).append(gift.xreplace({v: k for k, v in mine.items()}))

    def _line(self, v: Variable, hidden: bool) -> sp.Expr | None:
        """Adds the line of an adjoint, and returns what stands for it from now on."""
        parts = self.bars.get(v.name, [])
        if v.name in self.started:
            _, start = self.started[v.name]
            if not parts:
                if v.name in self.wrt:
                    self.lines[v.name] = Assignment(Variable(sp.Symbol(adjoint_name(v.name)), v.axes), start)
                return start
            parts = [*parts, start]
        elif not parts and v.name not in self.wrt:
            return None
        adjoint = Variable(sp.Symbol(adjoint_name(v.name), real=True), v.axes)
        raw = sp.Add(*parts)
        self.recorder.chain(adjoint, raw, self.through.get(v.name, ()))
        self.lines[v.name] = Assignment(adjoint, self.simplifier.short(raw), hidden)
        return adjoint.element

    def result(self) -> Backward:
        """The lines that are needed, in order."""
        gradients = {n: self.lines[n].name for n in self.wrt}
        seeds = {n: v for n, (v, start) in self.started.items() if start != 1}
        return Backward(tuple(needed(list(self.lines.values()), gradients.values())), gradients, seeds)


def _active(program: Program, wrt: Collection[str]) -> set[str]:
    """Names that depend on something asked for, those included."""
    out = set(wrt)
    out |= {state for state, start in program.initial.items() if start in out}
    while True:
        before = len(out)
        for a in program:
            if names_in(a.body) & out:
                out.add(a.name)
        if len(out) == before or not program.recurrent:
            return out
