"""Definitions in catalogue notation, inputs and facts -> a `Program`.

Letters are chosen by size, so that all arrays over the same axis share a letter. A reduction that stands inside
a function, a quotient or a power gets a definition of its own (the denominator of a softmax, the mean inside a
variance): derivatives are then folded back to names. Such definitions are hidden: nobody sees their adjoints.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import sympy as sp

from symdl.errors import NotationError, NotSupported, ShapeError, SymdlError
from symdl.notation.letters import agreeing
from symdl.notation.lowering import Scope, Tensor, Value, free_axes, lower, lower_definition, scope_of, size
from symdl.notation.strict import define
from symdl.notation.values import renamed
from symdl.terms import array
from symdl.terms.formula import Definition, Role
from symdl.terms.indexed import Access, Axis, Binder, Reduce, size_symbol
from symdl.terms.program import Assignment, Axes, Fact, Program, Variable

_LETTERS = "i j k l p q r s t u v".split()


def build(
    lines: Sequence[Definition],
    roles: Mapping[str, Role],
    indices: Mapping[str, str] | None = None,
    assume: Sequence[str] = (),
    initial: Mapping[str, str] | None = None,
    base: int = 0,
    avoid: Collection[str] = (),
) -> Program:
    """Makes a program.

    Args:
        lines: definitions in order; each may use the names before it.
        roles: the inputs, with kinds and shapes.
        indices: size of the axis of an index letter, where no access says it.
        assume: facts in catalogue notation, ``sum(Y, axis=0) = 1``.
        initial: for a recurrence ``H[t, i] = ... H[t - 1, j] ...``, the input that is ``H[-1]``.
        avoid: letters that are no good for an axis: they mean something in how names are printed.
        base: the number of the first item of an axis: 0 in catalogue notation, 1 in most sheets.

    Raises:
        ShapeError: SD5xx, naming the definition and both sizes.
        NotSupported: SD6xx, naming a construct without an index form.
        NotationError: SD311, for a name that is defined twice or is an input as well.

    Example:
        >>> from symdl.terms.formula import Role
        >>> roles = {"W": Role("W", "real", ("h", "n"), ()), "x": Role("x", "real", ("n",), ())}
        >>> p = build([define("y = W @ x")], roles)
        >>> p.assignments[0].variable.element, p.assignments[0].body
        (y[i], sum(x[_0]*W[i, _0], _0))
    """
    builder = _Builder(roles, indices or {}, base, avoid)
    recurrent = builder.announce(lines)
    for line in lines:
        builder.define(line)
    facts = tuple(builder.fact(text) for text in assume)
    facts += tuple(builder.unit_sum(r) for r in roles.values() if r.kind == "probability" and r.shape)
    unknown = sorted(set(initial or {}) - recurrent) + [v for v in (initial or {}).values() if v not in builder.inputs]
    if unknown:
        raise NotationError(
            "SD312", f"{unknown[0]} belongs to no recurrence", "name the state and the input it starts at"
        )
    return Program(builder.inputs, tuple(builder.assignments), facts, recurrent, dict(initial or {}))


class _Builder:
    def __init__(
        self, roles: Mapping[str, Role], indices: Mapping[str, str], base: int, avoid: Collection[str]
    ) -> None:
        self.roles = roles
        self.taken: dict[sp.Expr, list[Axis]] = {}
        self.busy = {*roles, *avoid}
        ranges = {letter: size(text) for letter, text in indices.items()}
        scope = scope_of(roles, ranges=ranges, base=base)
        known = {
            s.name: Tensor(size_symbol(s.name), ()) for r in ranges.values() for s in sorted(r.free_symbols, key=str)
        }
        self.scope: Scope = replace(scope, names={**known, **scope.names})
        self.inputs: dict[str, Variable] = {}
        for name, thing in self.scope.names.items():
            if isinstance(thing, Tensor):
                self.inputs[name] = Variable(thing.symbol, self.letters(thing.shape))
        self.assignments: list[Assignment] = []

    def letters(self, shape: Sequence[sp.Expr], wish: Sequence[str] = ()) -> Axes:
        """Letters for an array: one per size, another one where a size comes twice."""
        out: list[Axis | None] = []
        for k, s in enumerate(shape):
            if s == 1 and k >= len(wish):
                out.append(None)
                continue
            known = self.taken.setdefault(s, [])
            axis = next((a for a in known if a not in out), None)
            if axis is None or (k < len(wish) and Axis(wish[k], s) not in out):
                axis = Axis(wish[k], s) if k < len(wish) else self.new_letter(s)
                if axis not in known:
                    known.append(axis)
            out.append(axis)
        return tuple(out)

    def new_letter(self, s: sp.Expr) -> Axis:
        used = {a.name for axes in self.taken.values() for a in axes} | self.busy | set(self.scope.names)
        free = (c for c in _LETTERS if c not in used)
        letter = next(free, None)
        number = 1
        while letter is None:
            letter = next((f"i{number}" for _ in (0,) if f"i{number}" not in used), None)
            number += 1
        return Axis(letter, s)

    def announce(self, lines: Sequence[Definition]) -> frozenset[str]:
        """Gives shapes to names that are used before they are defined, and returns all names of that recurrence."""
        for k, line in enumerate(lines):
            if line.name and not line.parameters and any(line.name == earlier.name for earlier in lines[:k]):
                raise NotationError("SD311", f"{line.name} is defined twice", "give each definition a name of its own")
        place = {line.name: k for k, line in enumerate(lines) if line.name}
        early = [
            (k, place[n]) for k, line in enumerate(lines) for n in array.names(line.right) if place.get(n, -1) >= k
        ]
        if not early:
            return frozenset()
        block = lines[min(min(pair) for pair in early) : max(max(pair) for pair in early) + 1]
        for line in block:
            if not line.indices:
                raise NotationError(
                    "SD312",
                    f"{line.name} is used before it is defined",
                    "write a recurrence with its step: H[t, i] = ...",
                )
            axes = free_axes([line.right], self.scope)
            shape = [self.scope.ranges.get(i) or (axes[i].size if i in axes else size(f"N_{i}")) for i in line.indices]
            symbol = sp.Symbol(line.name, real=True)
            self.scope = replace(self.scope, names={**self.scope.names, line.name: Tensor(symbol, tuple(shape))})
        return frozenset(line.name for line in block)

    def define(self, line: Definition) -> None:
        """Adds one definition."""
        if line.parameters:  # a function: put in where it is used
            self.scope = replace(self.scope, functions={**self.scope.functions, line.name: line})
            return
        if not line.name:
            raise NotationError("SD311", "a definition has a name on its left side", "write name = expression")
        if line.name in self.inputs or any(a.name == line.name for a in self.assignments):
            raise NotationError("SD311", f"{line.name} is defined twice", "give each definition a name of its own")
        try:
            self.known_functions(line)
            value = lower_definition(line, self.scope)
            agreeing(line.right, self.scope)
        except (ShapeError, NotSupported, NotationError) as error:
            raise placed(error, line.name) from None
        self.add(line.name, value, line.indices)

    def known_functions(self, line: Definition) -> None:
        """Every function is in the table, defined before, or declared as unknown."""
        for n in array.walk(line.right):
            if not isinstance(n, array.Apply) or n.function in self.scope.functions:
                continue
            role = self.roles.get(n.function)
            if role is None or role.kind != "function":
                raise NotationError(
                    "SD627",
                    f"{n.function} is no function that is known",
                    f'declare {n.function} = "function" if it may be any; the known ones: docs/reference/notation.md',
                )

    def add(self, name: str, value: Value, wish: Sequence[str] = ()) -> None:
        axes = self.letters(value.shape, wish)
        pairs = [(a, b) for a, b in zip(value.axes, axes, strict=True) if a is not None and b is not None]
        body = self.hoisted(name, renamed(value.body, pairs))
        known = self.scope.names.get(name)
        symbol = known.symbol if isinstance(known, Tensor) else _symbol(name, body)
        variable = Variable(symbol, axes)
        self.assignments.append(Assignment(variable, body))
        self.busy.add(name)
        self.scope = replace(self.scope, names={**self.scope.names, name: Tensor(symbol, value.shape)})

    def hoisted(self, name: str, body: sp.Expr) -> sp.Expr:
        """The body with the reductions named that stand inside functions, quotients, powers and other reductions."""
        while True:
            inner = [r for r in _inner_reductions(body) if not _inner_reductions(r[0].body)]
            if not inner:
                return body
            reduction, count = min(inner, key=lambda r: (sp.count_ops(r[0]), str(r[0])))
            body = body.xreplace({reduction: self.named(name, reduction, count)})

    def named(self, owner: str, reduction: Reduce, count: sp.Expr) -> sp.Expr:
        """The hidden name of a reduction; a mean is named as a mean."""
        meaning = reduction / count
        known = next((a for a in self.assignments if a.hidden and a.body == meaning), None)
        if known is None:
            free = sorted((a for a in reduction.free_symbols if isinstance(a, Axis)), key=str)
            stem = {"max": "max", "min": "min", "prod": "prod"}.get(reduction.op, "sum" if count == 1 else "mean")
            symbol = _symbol(self.hidden_name(f"{stem}_{owner}"), meaning)
            known = Assignment(Variable(symbol, tuple(free)), meaning, hidden=True)
            self.assignments.append(known)
        return count * known.variable.element

    def hidden_name(self, base: str) -> str:
        """A name nobody uses: ``sum_P``, ``sum_P_2``."""
        name, number = base, 2
        while name in self.busy:
            name, number = f"{base}_{number}", number + 1
        self.busy.add(name)
        return name

    # ---- facts

    def fact(self, text: str) -> Fact:
        """Reads ``left = right``, for all values of the free letters."""
        d = define(text)
        axes = free_axes([d.left, d.right], self.scope)
        scope = replace(self.scope, letters={**self.scope.letters, **axes})
        left, right = lower(d.left, scope), lower(d.right, scope)
        body = right.on(left.axes) if len(right.axes) == len(left.axes) else right.body
        return Fact(left.body, body, text)

    def unit_sum(self, role: Role) -> Fact:
        """The entries of a probability sum to 1 along the last axis."""
        variable = self.inputs[role.id]
        last = variable.letters[-1]
        return Fact(Reduce("sum", variable.element, last), sp.S.One, f"the entries of {role.id} sum to 1")


_Placed = TypeVar("_Placed", bound=SymdlError)


def placed(error: _Placed, name: str) -> _Placed:
    """The error with the definition in which it was met."""
    d = error.diagnostic
    return type(error)(d.code, f"in the definition of {name}: {d.cause}", d.remedy, d.span)


def _symbol(name: str, body: sp.Expr) -> sp.Symbol:
    """The symbol of what is defined, with the sign its definition has."""
    return sp.Symbol(name, real=True, positive=body.is_positive or None, nonnegative=body.is_nonnegative or None)


def _inner_reductions(body: sp.Expr) -> list[tuple[Reduce, sp.Expr]]:
    """Reductions that stand inside something that is not linear, or inside another reduction on whose letters they do
    not depend; each with the count it is divided by, which is 1 unless it is a mean.
    """
    found: dict[Reduce, sp.Expr] = {}

    def walk(e: sp.Basic, linear: bool, bound: frozenset[Axis], count: sp.Expr) -> None:
        if isinstance(e, Reduce):
            if not linear and e.body.has(Access) and not e.free_symbols & bound:
                found.setdefault(e, count)
            walk(e.body, False, bound | set(e.bound), sp.S.One)
            return
        if isinstance(e, (Access, Axis, Binder)):
            return
        for a in e.args:
            walk(a, linear and isinstance(e, (sp.Add, sp.Mul)), bound, _divisor(e, a))

    walk(body, True, frozenset(), sp.S.One)
    return list(found.items())


def _divisor(product: sp.Basic, part: sp.Basic) -> sp.Expr:
    """The number of items a sum is divided by, if the product divides it by that."""
    if not isinstance(product, sp.Mul) or not isinstance(part, Reduce) or part.op != "sum":
        return sp.S.One
    count = sp.Mul(*(a.size for a in part.bound))
    return count if 1 / count in product.args else sp.S.One


__all__ = ["build", "define"]
