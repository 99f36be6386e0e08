"""An entry of the catalogue -> a `Routine`: inputs, named lines, derivatives, all in index form.

What is emitted first is the entry's own definitions, line by line under their own names; the derivatives are
taken of the whole by the rule for index form: elements become dummies, SymPy differentiates, sums are opened,
and Kronecker deltas are summed away.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import sympy as sp

from symdl.codegen.stable import fold, outermost, prepared, recognised
from symdl.errors import NotSupported
from symdl.notation.lowering import Scope, Tensor, Value, lower_definition, lower_program, scope_of, size
from symdl.terms import array
from symdl.terms.formula import Definition, Entry, Form, Role
from symdl.terms.indexed import Access, Axis, Delta, Expectation, Indicator, MatrixFunction, Opaque, Reduce

SMOOTH = frozenset({"real", "positive", "nonnegative", "unit", "probability", "gradient", "statistic"})
"""Kinds of quantity that have derivatives taken by them."""
MAX_RANK = 4
"""Largest number of axes of a derivative: a matrix by a matrix."""


@dataclass(frozen=True)
class Line:
    """``name = body``, an array over ``axes`` (``None`` for an axis of size 1)."""

    name: str
    axes: tuple[Axis | None, ...]
    body: sp.Expr


@dataclass(frozen=True)
class Partial:
    """The derivative of the result by one input.

    ``elementwise`` says that element ``i`` of the result depends on element ``i`` of the input only; ``line``
    then holds these derivatives alone, else it has the axes of the result, followed by those of the input.
    """

    line: Line
    by: str
    elementwise: bool


@dataclass(frozen=True)
class Routine:
    """What a target prints: arguments in order, size name -> (argument, axis), lines, derivatives."""

    name: str
    arguments: tuple[Role, ...]
    sizes: dict[str, tuple[str, int]]
    lines: tuple[Line, ...]
    partials: tuple[Partial, ...]

    @property
    def shapes(self) -> dict[str, tuple[sp.Expr, ...]]:
        """Axis sizes of the arguments and of the lines."""
        given = {r.id: tuple(map(size, r.shape)) for r in self.arguments}
        return given | {n.name: tuple(sp.S.One if a is None else a.size for a in n.axes) for n in self.lines}


def lower_entry(entry: Entry, form: Form, *, grad: bool | Collection[str]) -> Routine:
    """Lowers one form of an entry.

    Raises:
        NotSupported: SD7xx, naming what has no emission yet.
    """
    roles = {**entry.roles}
    used = _used(form, roles)
    scope = scope_of(roles)
    lines = _lines(form, scope)
    whole = lower_program(form.lines, scope)
    _refuse(whole.body)
    name = lines[-1].name
    if len(lines) == 1 and not lines[0].axes:
        row = recognised(whole.body)
        if row is not None:
            lines, whole = [replace(lines[0], body=row)], Value((), row)
    partials = tuple(_partial(whole, role, name) for role in _differentiated(entry, used, grad))
    arguments, sizes = _arguments(used, [*lines, *(p.line for p in partials)])
    return Routine(entry.id, arguments, sizes, tuple(replace(n, body=fold(n.body)) for n in lines), partials)


def _differentiated(entry: Entry, used: list[Role], grad: bool | Collection[str]) -> list[Role]:
    """The inputs that derivatives are wanted by."""
    smooth = [role for role in used if role.kind in SMOOTH]
    if isinstance(grad, bool):
        return smooth if grad else []
    unknown = [name for name in grad if name not in {role.id for role in smooth}]
    if unknown:
        names = ", ".join(role.id for role in smooth) or "none"
        raise NotSupported("SD725", f"{entry.id} has no derivative by {unknown[0]!r}", f"its smooth inputs: {names}")
    return [role for role in smooth if role.id in grad]


def _used(form: Form, roles: dict[str, Role]) -> list[Role]:
    """Roles that are inputs, parameters of the value first, then in order of writing."""
    order, defined = dict.fromkeys(form.value.parameters), set()
    for line in form.lines:
        for node in array.walk(line.right):
            role = roles.get(node.function) if isinstance(node, array.Apply) else None
            if role is not None:
                raise NotSupported("SD701", f"{role.id} is a {role.kind}, which has no emission yet")
        order |= dict.fromkeys(n for n in array.names(line.right) if n not in defined)
        defined.add(line.name)
    inputs = [roles[n] for n in order if n in roles]
    for role in inputs:
        if role.kind in ("function", "diagonal", "index"):
            raise NotSupported("SD701", f"{role.id} is a {role.kind}, which has no emission yet")
    return inputs


def _lines(form: Form, scope: Scope) -> list[Line]:
    """The definitions one by one: later ones access the earlier by name."""
    out: list[Line] = []
    for k, line in enumerate(form.lines):
        last = k == len(form.lines) - 1
        if line.parameters and not last:  # a local function is put in where it is used
            scope = replace(scope, functions={**scope.functions, line.name: line})
            continue
        value = lower_definition(line, scope)
        _refuse(value.body)
        name = _result_name(line, scope) if last else line.name
        out.append(Line(name, value.axes, value.body))
        if not last:
            scope = replace(scope, names={**scope.names, name: Tensor(sp.Symbol(name, real=True), value.shape)})
    return out


def _result_name(line: Definition, scope: Scope) -> str:
    return line.name if line.name and line.name not in scope.names and not line.parameters else "value"


def _refuse(body: sp.Expr) -> None:
    """Names the first construct that cannot be emitted."""
    for node in sp.preorder_traversal(body):
        if isinstance(node, (MatrixFunction, Expectation, Opaque)):
            what = node.op if isinstance(node, MatrixFunction) else node.func.__name__.lower()
            raise NotSupported("SD702", f"{what} has no emission yet")


def _arguments(used: list[Role], lines: list[Line]) -> tuple[tuple[Role, ...], dict[str, tuple[str, int]]]:
    """Splits what is needed into arguments and sizes that are read off the shapes of arguments."""
    needed = {str(s) for n in lines for s in (n.body.free_symbols | _axis_sizes(n)) if not isinstance(s, Axis)}
    arrays = [r for r in used if r.shape]
    sizes = {n: (r.id, k) for r in reversed(arrays) for k, n in reversed(list(enumerate(r.shape))) if n in needed}
    arguments = [r for r in used if r.id not in sizes]
    missing = [
        n for n in needed if n not in sizes and n not in {r.id for r in arguments} | {line.name for line in lines}
    ]
    if any(line.name in {r.id for r in used} for line in lines):
        raise NotSupported("SD703", "a definition has the name of an input")
    extra = [Role(n, "size", (), ()) for n in sorted(missing)]
    return (*arguments, *extra), sizes


def _axis_sizes(line: Line) -> set[sp.Basic]:
    axes = set(line.body.atoms(Axis)) | {a for a in line.axes if a is not None}
    return set().union(*(a.size.free_symbols for a in axes)) if axes else set()


# ---- derivatives ------------------------------------------------------------------------------------------


def _partial(whole: Value, role: Role, name: str) -> Partial:
    scope = scope_of({role.id: role})
    thing = scope.names[role.id]
    assert isinstance(thing, Tensor)
    axes = tuple(None if s == 1 else Axis(f"k{k}", s) for k, s in enumerate(thing.shape))
    by = Access(thing.symbol, *(sp.S.Zero if a is None else a for a in axes)) if thing.shape else thing.symbol
    body = contracted(derivative(prepared(fold(whole.body)), by))
    label = f"d_{role.id}"
    own = _elementwise(whole, axes, body)
    if own is not None:
        return Partial(Line(label, whole.axes, own), role.id, True)
    if len(whole.axes) + len(axes) > MAX_RANK:
        raise NotSupported(
            "SD704", f"the derivative by {role.id} has {len(whole.axes) + len(axes)} axes", f"at most {MAX_RANK}"
        )
    return Partial(Line(label, (*whole.axes, *axes), body), role.id, False)


def _elementwise(whole: Value, axes: tuple[Axis | None, ...], body: sp.Expr) -> sp.Expr | None:
    """The derivative without its deltas, if it vanishes off the diagonal."""
    if not axes or whole.shape != tuple(sp.S.One if a is None else a.size for a in axes):
        return None
    pairs = [(i, k) for i, k in zip(whole.axes, axes, strict=True) if i is not None and k is not None]
    if any(body.xreplace({Delta(i, k): sp.S.Zero}) != 0 for i, k in pairs):
        return None
    one = body.xreplace({Delta(i, k): sp.S.One for i, k in pairs})
    return one.xreplace({k: i for i, k in pairs})


def derivative(expr: sp.Expr, by: sp.Expr) -> sp.Expr:
    """Derivative of an index form by a scalar symbol or by one element of an array.

    Example:
        >>> x, i, k = sp.Symbol("x", real=True), Axis("i"), Axis("k", sp.Symbol("N_i", integer=True, positive=True))
        >>> contracted(derivative(Reduce("sum", Access(x, i) ** 2, i), Access(x, k)))
        2*x[k]
    """
    if isinstance(by, sp.Symbol) and not expr.has(by):
        return sp.S.Zero
    tops = outermost(expr, (Access, Reduce))  # type: ignore[arg-type]
    dummies = {t: sp.Dummy(f"t{k}", real=True, positive=t.is_positive) for k, t in enumerate(tops)}
    back = {d: t for t, d in dummies.items()}
    flat = expr.xreplace(dummies)
    total = sp.diff(flat, by).xreplace(back) if isinstance(by, sp.Symbol) else sp.S.Zero
    for t, d in dummies.items():
        inner = _inner(t, by)
        if inner != 0:
            total += sp.diff(flat, d).xreplace(back) * inner
    return total


def _inner(t: sp.Expr, by: sp.Expr) -> sp.Expr:
    if isinstance(t, Access):
        if not isinstance(by, Access) or t.tensor != by.tensor:
            return sp.S.Zero
        return sp.Mul(*(Delta(i, j) for i, j in zip(t.indices, by.indices, strict=True)))
    body, fresh = t.opened()
    inner = derivative(body, by)
    if inner == 0:
        return sp.S.Zero
    axes = list(fresh.values())
    if t.op in ("max", "min"):  # elements that are equal share the derivative
        hit = Indicator(sp.Eq(body, t))
        return Reduce("sum", hit * inner, *axes) / Reduce("sum", hit, *axes)
    if t.op != "sum":
        raise NotSupported("SD705", f"the derivative of a {t.op} over an axis has no emission yet")
    return Reduce("sum", inner, *axes)


def contracted(expr: sp.Expr) -> sp.Expr:
    """Returns ``expr`` with every sum over a Kronecker delta carried out."""
    inner = {r: _contract(r) for r in outermost(expr, Reduce)}
    return expr.xreplace({k: v for k, v in inner.items() if k != v})


def _contract(r: Reduce) -> sp.Expr:
    body, fresh = r.opened()
    axes = list(fresh.values())
    return _sum(contracted(body), axes) if r.op == "sum" else Reduce(r.op, contracted(body), *axes)


def _sum(body: sp.Expr, axes: list[Axis]) -> sp.Expr:
    """Sums ``body``: a delta ``d`` is 0 or 1, so ``f(d) = f(0) + d (f(1) - f(0))`` whatever ``f`` is."""
    if body == 0:
        return sp.S.Zero
    for d in sorted((d for d in body.atoms(Delta) if d.free_symbols <= body.free_symbols), key=sp.default_sort_key):
        for axis, other in (d.args, d.args[::-1]):
            if axis in axes and isinstance(other, Axis) and other.size == axis.size:
                off, on = body.xreplace({d: sp.S.Zero}), body.xreplace({d: sp.S.One})
                factor = sp.cancel(on - off) if off != 0 and (on - off).is_polynomial() else on - off
                rest = [a for a in axes if a != axis]
                return _sum(off, axes) + _sum(factor.xreplace({axis: other}), rest)
    return Reduce("sum", body, *axes) if axes else body
