"""The claims of catalogue entries, in index form: identities, derivatives, ranges, limits, shapes, systems.

A claim is about an entry's own symbols; its function is known by name (``softmax(z)[i]``), and quantities it
defines may be used too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symdl.checker.equations import conditions, shapes_of
from symdl.checker.forms import free_letters
from symdl.errors import NotationError, NotSupported, ShapeError
from symdl.notation.lowering import Scope, Tensor, free_axes, lower, lower_definition, scope_of, size
from symdl.notation.strict import define, parse
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.claims import Equation
from symdl.terms.formula import Claim, Entry
from symdl.terms.indexed import size_symbol


@dataclass(frozen=True, slots=True)
class Limit:
    """``limit(body, variable, point) = value``."""

    body: sp.Expr
    variable: sp.Symbol
    point: sp.Expr
    value: sp.Expr


@dataclass(frozen=True, slots=True)
class System:
    """Linear inequalities that have a common solution, or have none."""

    conditions: tuple[sp.Basic, ...]
    feasible: bool


@dataclass(frozen=True, slots=True)
class ShapeClaim:
    """``shape(expression) = (n, m)``: what it is, and what is claimed."""

    found: tuple[sp.Expr, ...]
    claimed: tuple[sp.Expr, ...]


Judged = Equation | Limit | System | ShapeClaim


def claim_of(entry: Entry, claim: Claim, library: Mapping[str, Entry] | None = None) -> Judged:
    """Returns a claim in the form in which it is judged.

    Args:
        entry: the entry it belongs to.
        claim: its text and assumptions.
        library: all entries; a claim may call another entry's function by its id.

    Raises:
        NotationError, NotSupported, ShapeError: if it has no index form.
    """
    text = claim.text.strip()
    if text.startswith(("feasible(", "infeasible(")) and text.endswith(")"):
        node = parse(text)
        if isinstance(node, array.Apply):
            return _system(entry, node)
    if text.startswith("shape("):
        left_text, _, right_text = text.rpartition("=")
        node = parse(left_text)
        if isinstance(node, array.Apply) and len(node.args) == 1:
            return _shape(entry, node.args[0], right_text, library)
    line = define(text)
    left = line.left
    if isinstance(left, array.Apply) and left.function == "limit":
        return _limit(entry, left, line.right, library)
    return _equation(entry, line.left, line.relation, line.right, claim.assume, library)


def scope_for(entry: Entry, library: Mapping[str, Entry] | None = None) -> Scope:
    """Names and functions a claim of ``entry`` may use."""
    scope = scope_of(entry.roles)
    functions = {}
    for other in (library or {}).values():
        for form in other.forms[:1]:
            if form.value.parameters and form.value.name == other.id:
                functions[form.value.name] = form.value
    for form in entry.forms[:1]:
        for line in form.lines:
            if line.parameters:
                functions[line.name] = line
                scope = replace(scope, functions=functions)
            elif line.name and line.name not in entry.roles:
                try:
                    scope = replace(
                        scope,
                        names={**scope.names, line.name: lower_definition(line, replace(scope, functions=functions))},
                    )
                except (NotSupported, ShapeError):
                    continue
    return replace(scope, functions=functions)


def _system(entry: Entry, node: array.Apply) -> System:
    names = {n: Tensor(sp.Symbol(n, real=True), ()) for n in array.names(node)}
    relations = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge}
    out = []
    for arg in node.args:
        if not isinstance(arg, array.Compare) or arg.op not in relations:
            raise NotationError("SD302", "a system holds inequalities only")
        out.append(relations[arg.op](lower(arg.left, Scope(names)).body, lower(arg.right, Scope(names)).body))
    return System(tuple(out), node.function == "feasible")


def _limit(entry: Entry, left: array.Apply, right: Node, library: Mapping[str, Entry] | None) -> Limit:
    scope = _with_undeclared(scope_for(entry, library), (*left.args, right))
    body, variable, point = (lower(a, scope) for a in left.args)
    value = lower(right, scope)
    if not isinstance(variable.body, sp.Symbol) or body.axes:
        raise NotSupported("SD611", "a limit of an array, or by an array")
    return Limit(body.body, variable.body, point.body, value.body)


def _shape(entry: Entry, node: Node, text: str, library: Mapping[str, Entry] | None) -> ShapeClaim:
    found = lower(node, scope_for(entry, library)).shape
    parts = [p.strip() for p in text.strip().strip("()").split(",") if p.strip()]
    return ShapeClaim(found, tuple(size(p) for p in parts))


def _equation(
    entry: Entry, left: Node, relation: str, right: Node, assume: Sequence[str], library: Mapping[str, Entry] | None
) -> Equation:
    scope = _with_undeclared(scope_for(entry, library), (left, right))
    axes = free_axes((left, right), scope)
    scope = replace(scope, letters={**scope.letters, **axes})
    a, b = lower(left, scope), lower(right, scope)
    rest, mine = a.squeezed(), b.squeezed()
    if [x.size for x in rest.axes if x] != [x.size for x in mine.axes if x] and rest.axes and mine.axes:
        raise ShapeError("SD504", f"the sides have shapes {rest.shape} and {mine.shape}")
    target = rest.axes or mine.axes
    body_a = rest.body
    body_b = mine.on(rest.axes) if rest.axes and mine.axes else mine.body
    roles = entry.roles
    found = [*conditions(roles, scope), *_assumed(assume, scope)]
    return Equation(
        body_a,
        body_b,
        relation,
        axes=(*(x for x in axes.values()), *(x for x in target if x is not None)),
        shapes=shapes_of(scope),
        kinds={r.id: r.kind for r in roles.values() if r.kind != "function"},
        assumptions=tuple(found),
    )


def _with_undeclared(scope: Scope, nodes: Sequence[Node]) -> Scope:
    """A claim may use letters the entry does not declare: real numbers, or real vectors where they are indexed."""
    names = dict(scope.names)
    bound = {n.index for node in nodes for n in array.walk(node) if isinstance(n, array.Reduce)}
    inside = {name for node in nodes for name in free_letters(node)}
    for node in nodes:
        for n in array.walk(node):
            if isinstance(n, array.Index) and isinstance(n.base, array.Name) and n.base.id not in (*names, "delta"):
                shape = tuple(size_symbol(f"N_{n.base.id}{k}") for k in range(len(n.items)))
                names[n.base.id] = Tensor(sp.Symbol(n.base.id, real=True), shape)
        for name in array.names(node):
            if name not in names and name not in bound and name not in inside and name != "delta":
                names[name] = Tensor(sp.Symbol(name, real=True), ())
    return replace(scope, names=names)


def _assumed(assume: Sequence[str], scope: Scope) -> list[sp.Basic]:
    relations = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "!=": sp.Ne, "==": sp.Eq}
    out: list[sp.Basic] = []
    for text in assume:
        try:
            node = parse(text)
        except NotationError:
            line = define(text)
            node = array.Compare("==", line.left, line.right)
        if isinstance(node, array.Compare):
            out.append(relations[node.op](lower(node.left, scope).body, lower(node.right, scope).body))
    return out
