"""Recurrences as loops over their steps: states forwards, their adjoints backwards.

Forwards, what is read of the step before is held in a name of its own (``H_last``), which begins as the initial state.
Backwards, the terms of an adjoint that come from the step after are added up at the end of each step (``dH_next``) and
begin as zero: ``dH[t] = G[t] + dH_next``. Outside the loops a state one step earlier is an element of the array of
all states before a step, ``H_prev``.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symdl.codegen.pieces import Formula, Piece, Steps
from symdl.codegen.slicing import element, number
from symdl.codegen.stable import fresh_name
from symdl.errors import NotSupported
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, rewritten
from symdl.terms.program import Assignment, Program, Variable

_ALL = array.Slice(None, None, None)


class Recurrences:
    """Writes the loops of one program.

    Args:
        program: the program.
        shapes: name -> sizes; names made here are added to it.
        taken: names in use.
    """

    def __init__(self, program: Program, shapes: dict[str, tuple[sp.Expr, ...]], taken: set[str]) -> None:
        self.program = program
        self.shapes = shapes
        self.taken = taken
        self.before: dict[str, str] = {}
        self.plain = number
        self.counters: dict[Axis, sp.Symbol] = {}

    # ---- outside the loops

    def settled(self, body: sp.Expr, out: list[Piece]) -> sp.Expr:
        """The body with states of the step before read from an array of these; that array is appended to ``out``."""

        def change(e: sp.Expr) -> sp.Expr | None:
            if not isinstance(e, Access) or str(e.tensor.name) not in self.program.recurrent:
                return None
            letters = [s for s in e.indices[0].free_symbols if isinstance(s, Axis)]
            if len(letters) != 1 or sp.expand(e.indices[0] - letters[0]) != -1:
                return None
            return Access(self.all_before(str(e.tensor.name), out), letters[0], *e.indices[1:])

        return rewritten(body, change)

    def all_before(self, name: str, out: list[Piece]) -> sp.Symbol:
        """The array of a state before each step."""
        if name not in self.before:
            made = fresh_name(f"{name}_prev", self.taken)
            self.before[name] = made
            shape = self.shapes[made] = self.shapes[name]
            first: Node = array.Name(self.program.initial.get(name, ""))
            if name not in self.program.initial:
                part = array.Index(array.Name(name), (array.Slice(None, self.plain(sp.S.One), None),))
                first = array.Call("zeros_like", (part,))
            elif len(shape) > 1:
                first = array.Index(first, (array.NewAxis(),))
            else:
                first = array.Call("reshape", (first, self.plain(sp.S.One)))
            rest = array.Index(array.Name(name), (array.Slice(None, self.plain(sp.S.NegativeOne), None),))
            out.append(Formula(made, array.Concat((first, rest)), (), helper=True))
        return sp.Symbol(self.before[name], real=True)

    # ---- the loops

    def forwards(self, block: Sequence[Assignment], like: str) -> Piece:
        """The states."""
        t, counter = self.counter(block)
        last: dict[str, str] = {}

        def change(e: sp.Expr) -> sp.Expr | None:
            if not isinstance(e, Access) or str(e.tensor.name) not in self.program.recurrent:
                return None
            if sp.expand(e.indices[0] - t) != -1:
                return None
            name = str(e.tensor.name)
            if name not in last:
                last[name] = fresh_name(f"{name}_last", self.taken)
                self.shapes[last[name]] = self.shapes[name][1:]
            symbol = sp.Symbol(last[name], real=True)
            return Access(symbol, *e.indices[1:]) if e.indices[1:] else symbol

        body = [self.step(a.variable, rewritten(a.body, change), t, counter) for a in block]
        before = [self.made(a.variable, like) for a in block]
        for name, held in last.items():
            body.append(Formula(held, array.Index(array.Name(name), (array.Name(counter.name),))))
            start: Node = array.Name(self.program.initial.get(name, ""))
            if name not in self.program.initial:
                start = self.zeros(self.shapes[held], like)
            before.append(Formula(held, start))
        return Steps(tuple(a.name for a in block), tuple(before), counter.name, self.plain(t.size), False, tuple(body))

    def backwards(self, block: Sequence[Assignment], like: str, out: list[Piece]) -> Piece:
        """The adjoints."""
        t, counter = self.counter(block)
        before = [self.made(a.variable, like) for a in block]
        body: list[Formula] = []
        after: list[Formula] = []
        for a in block:
            terms = sp.Add.make_args(a.body)
            late = [x for x in terms if self.looks_ahead(x, t)]
            now = sp.Add(*(x for x in terms if x not in late))
            if late:
                rest = a.variable.axes[1:]
                name = fresh_name(f"{a.name}_next", self.taken)
                self.shapes[name] = self.shapes[a.name][1:]
                before.append(Formula(name, self.zeros(self.shapes[name], like)))
                held = Variable(sp.Symbol(name, real=True), rest)
                now += held.element
                carried = sp.Add(*late).xreplace({t: t - 1})
                after.append(self.named(name, rest, self.settled(carried, out), t, counter))
            body.append(self.step(a.variable, self.settled(now, out), t, counter))
        return Steps(
            tuple(a.name for a in block), tuple(before), counter.name, self.plain(t.size), True, (*body, *after)
        )

    def counter(self, block: Sequence[Assignment]) -> tuple[Axis, sp.Symbol]:
        """The letter of the steps, and the name of the loop's counter."""
        t = block[0].variable.axes[0]
        if t is None or any(a.variable.axes[:1] != (t,) for a in block):
            raise NotSupported("SD717", "the lines of a recurrence do not run along one axis")
        if t not in self.counters:
            self.counters[t] = sp.Symbol(fresh_name(t.name, self.taken), integer=True, nonnegative=True)
        return t, self.counters[t]

    def looks_ahead(self, term: sp.Expr, t: Axis) -> bool:
        """Whether a term comes from the step after."""
        return any(sp.expand(i - t) == 1 for e in term.atoms(Access) for i in e.indices[:1])

    def step(self, v: Variable, body: sp.Expr, t: Axis, counter: sp.Symbol) -> Formula:
        """``V[t] = ...``"""
        return self.named(f"{v.name}[{counter.name}]", v.axes[1:], body, t, counter)

    def named(self, target: str, axes: tuple[Axis | None, ...], body: sp.Expr, t: Axis, counter: sp.Symbol) -> Formula:
        """One statement of a step; everything it reads is of this step."""
        for e in body.atoms(Access):
            away = sp.expand(e.indices[0] - t) if e.indices and t in e.indices[0].free_symbols else sp.S.Zero
            if away != 0:
                raise NotSupported("SD717", f"{e.tensor} is read {away} steps away", "reach back one step at a time")
        return Formula(target, element(body.xreplace({t: counter}), axes, self.shapes, stretch=False), axes)

    def made(self, v: Variable, like: str) -> Formula:
        """The array that a loop fills."""
        if self.shapes.get(like) == v.shape:
            return Formula(v.name, array.Call("empty_like", (array.Name(like),)))
        return Formula(v.name, array.Call("empty_like", (array.Name(like), *map(self.plain, v.shape))))

    def zeros(self, shape: Sequence[sp.Expr], like: str) -> Node:
        """An array of zeros; one number for no dimension."""
        if not shape:
            return self.plain(sp.S.Zero)
        return array.Call("zeros_like", (array.Name(like), *map(self.plain, shape)))
