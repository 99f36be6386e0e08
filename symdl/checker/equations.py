"""From an agreement to a claim in index form that can be proved, or refuted with a witness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symdl.checker.agreement import Agreement
from symdl.errors import NotSupported
from symdl.notation.lowering import Scope, Tensor, Value, lower, lower_program, scope_of
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.claims import Equation
from symdl.terms.formula import Role
from symdl.terms.indexed import Access


def equation(agreement: Agreement, right: Node | None = None, like: Node | None = None, margin: int = 0) -> Equation:
    """The claim that the sheet's side equals the catalogue form, in the roles of the entry.

    Args:
        agreement: form, renaming and settings.
        right: the expression to compare, by default the side of the agreement.
        like: a similar expression that says what a sum runs over where ``right`` does not.
        margin: how many elements arrays have beyond both ends, for a sum that starts or ends wrongly.

    Raises:
        NotSupported, ShapeError: if a side has no index form.
    """
    form, side = agreement.form, agreement.side
    roles = form.table
    lines = tuple(replace(d, right=_plain_expectations(d.right)) for d in form.form.lines)
    truth = lower_program(lines, scope_of(roles))
    indices = form.form.value.indices
    if len(indices) != len(side.letters):
        raise NotSupported("SD610", "the sheet and the entry have different free indices")
    base = agreement.settings.base - margin
    letters = {
        letter: (axis if axis is not None else sp.S.Zero) + base + margin
        for letter, axis in zip(side.letters, truth.axes, strict=False)
    }
    names = scope_of(roles, base=base, star=agreement.settings.star, columns=True, letters=letters)
    node = _plain_expectations(_renamed(agreement, side.right if right is None else right))
    ranges = _ranges(_renamed(agreement, like), names) if like is not None else {}
    scope = replace(names, names={**names.names, **_limits(node, names)}, ranges=ranges)
    value = lower(node, scope)
    rest = Value(truth.axes[len(indices) :], truth.body).squeezed()
    mine = value.squeezed()
    if [a.size for a in rest.axes if a] != [a.size for a in mine.axes if a]:
        raise NotSupported("SD610", f"the shapes {mine.shape} and {rest.shape} differ")
    axes = tuple(a for a in (*truth.axes[: len(indices)], *rest.axes) if a is not None)
    return Equation(
        left=mine.on(rest.axes),
        right=_moved(truth.body, margin),
        axes=axes,
        shapes=_wider(shapes_of(names), margin),
        kinds={r.id: r.kind for r in roles.values() if r.kind != "function"},
        assumptions=tuple(conditions(roles, names)),
    )


def _plain_expectations(node: Node) -> Node:
    """Expectations with variables and distributions named by their order: both are the writer's choice."""
    found = [n for n in array.walk(node) if isinstance(n, array.Expect)]
    if not found:
        return node
    laws = {d: f"law{k}" for k, d in enumerate(dict.fromkeys(n.distribution for n in found))}

    def change(n: Node) -> Node:
        if not isinstance(n, array.Expect):
            return n
        law = laws.get(n.distribution, n.distribution)
        variable = f"draw_{law}"
        body = array.transform(n.body, lambda m: array.Name(variable) if m == array.Name(n.variable) else m)
        return replace(n, body=body, variable=variable, distribution=law)

    return array.transform(node, change)


def _moved(body: sp.Expr, margin: int) -> sp.Expr:
    """All accesses moved behind the margin; an index into an axis of size 1 is a number and stays."""
    if not margin:
        return body
    moved = {
        a: a.func(a.tensor, *(i if i.is_Number else i + margin for i in a.indices))
        for a in body.atoms(Access)
        if a.indices
    }
    return body.xreplace(moved)


def _wider(shapes: dict[str, tuple[sp.Expr, ...]], margin: int) -> dict[str, tuple[sp.Expr, ...]]:
    return {n: tuple(s if s == 1 else s + 2 * margin for s in shape) for n, shape in shapes.items()}


def conditions(roles: Mapping[str, Role], scope: Scope) -> list[sp.Basic]:
    """The declared domains of scalar roles as SymPy relationals; domains in words are skipped."""
    from symdl.checker.forms import _condition

    out = []
    for role in roles.values():
        node = _condition(role.domain) if role.domain else None
        if not isinstance(node, array.Compare):
            continue
        try:
            left, right = lower(node.left, scope), lower(node.right, scope)
        except Exception:
            continue
        if not left.axes and not right.axes:
            relation = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "!=": sp.Ne}.get(node.op)
            if relation is not None:
                out.append(relation(left.body, right.body))
    return out


def _renamed(agreement: Agreement, node: Node) -> Node:
    mine = agreement.side.functions
    same = [f for f in mine if f in agreement.form.functions]
    rest = iter(f for f in agreement.form.functions if f not in same)
    functions = {f: (f if f in same else next(rest)) for f in mine}
    return array.rename(node, {**agreement.renaming.roles, **functions})


def shapes_of(scope: Scope) -> dict[str, tuple[sp.Expr, ...]]:
    """Array name -> axis sizes, as `Equation` wants them."""
    out: dict[str, tuple[sp.Expr, ...]] = {}
    for name, thing in scope.names.items():
        if isinstance(thing, Tensor):
            out[thing.symbol.name] = thing.shape
        elif any(a.tensor.name == name for a in thing.body.atoms(Access)):  # a diagonal matrix, by its entries
            out[name] = thing.shape[:1]
    return out


def _limits(node: Node, scope: Scope) -> dict[str, Tensor | Value]:
    """A name that stands in limits only is the length of the axis its index runs over."""
    out: dict[str, Tensor | Value] = {}
    for n in array.walk(node):
        if isinstance(n, array.Reduce) and isinstance(n.upper, array.Name) and n.upper.id not in scope.names:
            extent = _extent(n, scope)
            if extent is not None:
                out[n.upper.id] = Value((), extent)
    return out


def _ranges(node: Node, scope: Scope) -> dict[str, sp.Expr]:
    """Bound letter -> length of the axis it runs over, where the expression says so."""
    found = ((n.index, _extent(n, scope)) for n in array.walk(node) if isinstance(n, array.Reduce))
    return {letter: extent for letter, extent in found if extent is not None}


def _extent(n: array.Reduce, scope: Scope) -> sp.Expr | None:
    for item in array.walk(n.body):
        if isinstance(item, array.Index) and isinstance(item.base, array.Name):
            thing = scope.names.get(item.base.id)
            for k, index in enumerate(item.items):
                if thing is not None and isinstance(index, array.Name) and index.id == n.index and k < len(thing.shape):
                    return thing.shape[k]
    return None


def scalar_equation(left: Node, right: Node, relation: str = "=", positive: bool = False) -> Equation:
    """A claim between two expressions whose names are all plain numbers, or all positive ones.

    Raises:
        NotSupported, ShapeError: if a side has no index form.
    """
    kind = "positive" if positive else "real"
    symbols = {"real": {"real": True}, "positive": {"positive": True}}[kind]
    names = {n: Tensor(sp.Symbol(n, **symbols), ()) for n in (*array.names(left), *array.names(right))}
    scope = Scope(names)
    a, b = lower(left, scope), lower(right, scope)
    if a.squeezed().axes or b.squeezed().axes:
        raise NotSupported("SD610", "a side is an array")
    return Equation(a.body, b.body, relation, shapes=dict.fromkeys(names, ()), kinds=dict.fromkeys(names, kind))
