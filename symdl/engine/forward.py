"""Forward mode: directional derivatives (JVP), Jacobians and Hessians, by the same partial derivatives.

Along a direction every definition ``Z`` gets a tangent ``Zdot``. A Jacobian takes the unit directions, Kronecker
deltas: the result has the axes of the result, then those of what it is taken by. A Hessian is the Jacobian of a
gradient, and a Hessian-vector product its derivative along a direction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symdl.engine.build import placed
from symdl.engine.naming import Lines, needed, shorten
from symdl.engine.pullback import all_others, flattened, names_in, outermost, partial
from symdl.engine.reverse import Backward
from symdl.engine.rules import Rules
from symdl.engine.simplify import Simplifier
from symdl.engine.steps import Recorder
from symdl.engine.sums import total
from symdl.errors import NotationError, NotSupported
from symdl.terms.indexed import Access, Axis, Delta, Expectation, Indicator, MatrixFunction, Reduce
from symdl.terms.program import Assignment, Program, Variable, reference

Tangent = Callable[[sp.Expr], sp.Expr]


@dataclass(frozen=True, slots=True)
class Forward:
    """Lines in order; ``results`` maps what was asked for to the name of its line."""

    lines: tuple[Assignment, ...]
    results: Mapping[str, str]
    directions: Mapping[str, Variable]


def jvp(
    program: Program, directions: Mapping[str, str], of: Sequence[str], recorder: Recorder | None = None
) -> Forward:
    """Derives the derivative of ``of`` along a direction.

    Args:
        program: the definitions.
        directions: input -> name of its direction, which has its shape.
        of: names of definitions.
        recorder: collects the steps.
    """
    given = {n: Variable(sp.Symbol(v, real=True), _known(program, n).axes) for n, v in directions.items()}

    def seed(name: str, at: tuple[sp.Expr, ...]) -> sp.Expr:
        return given[name].at(at)

    lines = _pushed(program, set(directions), seed, of, (), dotted, recorder or Recorder())
    return Forward(*lines, given)


def jacobian(program: Program, of: str, wrt: str, recorder: Recorder | None = None) -> Forward:
    """Derives the Jacobian of one definition by one input or definition: axes of the result, then those of ``wrt``."""
    by = _known(program, wrt)
    taken = {a.name for v in (*program.inputs.values(), *(x.variable for x in program)) for a in v.letters}
    letters = tuple(_apart(a, taken) for a in by.letters)

    def seed(name: str, at: tuple[sp.Expr, ...]) -> sp.Expr:
        held = iter(letters)
        return sp.Mul(*(Delta(i, next(held)) for i, a in zip(at, by.axes, strict=True) if a is not None))

    if wrt not in program.inputs:  # everything behind it, with it as an input
        later = program.position(wrt)
        program = replace(
            program, inputs={**program.inputs, wrt: by}, assignments=program.assignments[later + 1 :], _index={}
        )
    lines, results = _pushed(program, {wrt}, seed, [of], letters, lambda n: f"{n}_{wrt}", recorder or Recorder())
    return Forward(lines, results, {})


def with_backward(program: Program, backward: Backward) -> Program:
    """The program with its backward pass appended, so that gradients can be differentiated again."""
    inputs = {**program.inputs, **{v.name: v for v in backward.seeds.values()}}
    return Program(inputs, (*program.assignments, *backward.lines), program.facts)


def dotted(name: str) -> str:
    """``Z1`` -> ``Zdot1``."""
    m = re.match(r"([A-Za-z]+)(.*)\Z", name)
    return f"{m[1]}dot{m[2]}" if m else f"{name}dot"


def _known(program: Program, name: str) -> Variable:
    v = program.variable(name)
    if v is None:
        known = ", ".join(sorted({*program.inputs, *(a.name for a in program if not a.hidden)}))
        raise NotationError("SD621", f"the name {name} does not occur", f"one of {known}")
    return v


def _apart(a: Axis, taken: set[str]) -> Axis:
    letter = next(c for c in (*"klpqrstuvij", *(f"k{n}" for n in range(1, 99))) if c not in taken)
    taken.add(letter)
    return a.named(letter)


def _pushed(
    program: Program,
    started: set[str],
    seed: Callable[[str, tuple[sp.Expr, ...]], sp.Expr],
    of: Sequence[str],
    letters: tuple[Axis, ...],
    naming: Callable[[str], str],
    recorder: Recorder,
) -> tuple[tuple[Assignment, ...], dict[str, str]]:
    for name in of:
        _known(program, name)
    simplifier = Simplifier(Rules.of(program), recorder.rewritten)
    lines = Lines()
    wanted = _ancestors(program, of)

    def tangent(target: sp.Expr) -> sp.Expr:
        name = reference(target)
        at = target.indices if isinstance(target, Access) else ()
        if name in started:
            return seed(str(name), at)
        line = lines.get(str(name))
        if line is None:
            return sp.S.Zero
        return line.variable.at((*at, *letters)) if line.variable.axes else line.variable.symbol

    for a in program:
        if a.name not in wanted:
            continue
        try:
            raw = pushforward(a.body, tangent)
        except NotSupported as error:
            raise placed(error, a.name) from None
        if raw == 0 and a.name not in of:
            continue
        variable = Variable(sp.Symbol(naming(a.name), real=True), (*a.variable.axes, *letters))
        here = {a.body: a.variable.element}
        recorder.chain(variable, raw)
        named = raw.xreplace(here) if a.body.args and not isinstance(a.body, Access) else raw
        lines[a.name] = Assignment(variable, simplifier.short(named), a.hidden)
    recorder.named(lines.values())
    shorten(lines, simplifier, set(of), recorder, eager=bool(letters))
    results = {n: lines[n].name for n in of}
    return tuple(needed(list(lines.values()), results.values())), results


def _ancestors(program: Program, of: Sequence[str]) -> set[str]:
    out = set(of)
    for a in reversed(program.assignments):
        if a.name in out:
            out |= names_in(a.body)
    return out


def pushforward(body: sp.Expr, tangent: Tangent) -> sp.Expr:
    """The derivative of an expression, given the tangent of every element in it."""
    tops = outermost(body)
    flat, back = flattened(body, tops)
    out: sp.Expr = sp.S.Zero
    for top in tops:
        inner = _of_top(top, tangent)
        if inner != 0:
            out += partial(flat, back, top) * inner
    return out


def _of_top(top: sp.Expr, tangent: Tangent) -> sp.Expr:
    if reference(top) is not None:
        return tangent(top)
    if isinstance(top, Reduce):
        return _of_reduce(top, tangent)
    if isinstance(top, MatrixFunction):
        return _of_matrix(top, tangent)
    if isinstance(top, Expectation):
        body, x, p = top.args
        inner = pushforward(body, lambda t: sp.S.Zero if t == x else tangent(t))
        return sp.S.Zero if inner == 0 else Expectation(inner, x, p)
    raise NotSupported("SD620", f"{type(top).__name__} has no derivative rule", "")


def _of_reduce(top: Reduce, tangent: Tangent) -> sp.Expr:
    body, opened = top.opened()
    axes = tuple(opened.values())
    inner = pushforward(body, tangent)
    if inner == 0 or top.op == "sum":
        return total(inner, axes)
    if top.op in ("max", "min"):
        return total(Indicator(sp.Eq(body, top)) * inner, axes)
    if top.op == "prod":
        return total(all_others(body, axes) * inner, axes)
    raise NotSupported("SD620", f"the reduction {top.op} has no derivative rule", "write it by sums")


def _of_matrix(top: MatrixFunction, tangent: Tangent) -> sp.Expr:
    body, opened = top.opened()
    row, column = (opened[a] for a in top.bound)
    inner = pushforward(body, tangent)
    if inner == 0:
        return inner

    def inverse(i: sp.Expr, j: sp.Expr) -> sp.Expr:
        return MatrixFunction("inv", top.body, *top.bound, i, j)

    if top.op == "inv":
        i, j = top.indices
        return total(-inverse(i, row) * inner * inverse(column, j), (row, column))
    if top.op in ("det", "logdet"):
        return total(inverse(column, row) * inner * (top if top.op == "det" else 1), (row, column))
    raise NotSupported("SD620", f"the matrix function {top.op} has no derivative rule", "")
