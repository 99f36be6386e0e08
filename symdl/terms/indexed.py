"""Index form: SymPy nodes for tensors, so that every element of every array is an ordinary scalar.

A formula over arrays is a scalar SymPy expression over *accesses* ``T[i, j]``, together with the axes it
is defined on; elementwise algebra stays SymPy's own, broadcasting is a missing axis, and a matrix product
is a sum of products. For every node ``e.func(*e.args) == e`` holds, without which ``replace`` corrupts
silently. Binders are canonical: bound axes are renamed to ``_0, _1, ...`` by nesting depth, so that
expressions that differ only in the letters of bound indices are equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.core.symbol import Str

from symdl.errors import NotSupported

REDUCTIONS = ("sum", "prod", "max", "min", "mean")


class Axis(sp.Symbol):
    """An index letter with the size of the axis it runs over; values are 0 .. size-1.

    Args:
        name: the letter; names that begin with ``_`` are reserved for bound axes.
        size: a positive integer SymPy expression; by default the symbol ``N_<name>``.

    Example:
        >>> i = Axis("i", sp.Symbol("n", integer=True, positive=True))
        >>> i.size
        n
        >>> i == Axis("i", sp.Symbol("n", integer=True, positive=True)), i == Axis("i")
        (True, False)
    """

    __slots__ = ("size",)
    size: sp.Expr

    def __new__(cls, name: str, size: Any = None, **_: Any) -> Axis:
        """Makes the axis; axes with equal name and size are equal."""
        self: Axis = sp.Symbol.__xnew__(cls, name, integer=True, nonnegative=True)
        self.size = size_symbol(f"N_{name}") if size is None else sp.sympify(size)
        return self

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.name, self.size)

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return ((self.name, self.size), {})

    def __getstate__(self) -> None:
        return None

    def named(self, name: str) -> Axis:
        """Returns an axis of the same size under another letter."""
        return Axis(name, self.size)


def size_symbol(name: str) -> sp.Symbol:
    """Returns the symbol used for an axis size: a positive integer."""
    return sp.Symbol(name, integer=True, positive=True)


class Access(sp.Expr):
    """One element of a named array: ``T[i, j + 1]``; with no index, a named scalar array of rank 0.

    The first argument is a SymPy symbol whose assumptions (positive, integer ...) hold for every element.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> Access(x, Axis("i"))
        x[i]
    """

    is_commutative = True

    def __new__(cls, tensor: sp.Symbol, *indices: Any) -> Access:
        """Makes the access; indices are integer SymPy expressions."""
        return sp.Expr.__new__(cls, tensor, *map(sp.sympify, indices))

    @property
    def tensor(self) -> sp.Symbol:
        """The symbol of the whole array."""
        return self.args[0]

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        """The index expressions."""
        return self.args[1:]

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_real

    def _eval_is_extended_real(self) -> bool | None:
        return self.args[0].is_extended_real

    def _eval_is_positive(self) -> bool | None:
        return self.args[0].is_positive

    def _eval_is_nonnegative(self) -> bool | None:
        return self.args[0].is_nonnegative

    def _eval_is_negative(self) -> bool | None:
        return self.args[0].is_negative

    def _eval_is_zero(self) -> bool | None:
        return self.args[0].is_zero

    def _eval_is_finite(self) -> bool | None:
        return self.args[0].is_finite

    def _eval_is_integer(self) -> bool | None:
        return self.args[0].is_integer

    def _eval_derivative(self, s: sp.Expr) -> sp.Expr:
        return sp.S.Zero

    def _sympystr(self, printer: Any) -> str:
        return f"{self.tensor}[{', '.join(map(printer._print, self.indices))}]"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        base = printer._print(self.tensor)
        text = f"{base}_{{{','.join(map(printer._print, self.indices))}}}" if self.indices else base
        return f"{{{text}}}^{{{exp}}}" if exp else text


_COUNTER = itertools.count()


class Binder(sp.Expr):
    """A node ``(tag, body, *rest)`` that binds axes in its body. Base of `Reduce` and `MatrixFunction`."""

    is_commutative = True
    bound_count: int

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The bound axes."""
        raise NotImplementedError

    @property
    def body(self) -> sp.Expr:
        """The expression under the binder."""
        return self.args[1]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        """Symbols that occur free: those of the body without the bound axes, and those of the rest."""
        inner: set[sp.Basic] = self.body.free_symbols - set(self.bound)
        sizes: set[sp.Basic] = set().union(*(a.size.free_symbols for a in self.bound))
        rest: set[sp.Basic] = set().union(*(a.free_symbols for a in self.args[2:] if a not in self.bound))
        return inner | sizes | rest

    def opened(self) -> tuple[sp.Expr, dict[Axis, Axis]]:
        """Returns the body with its bound axes renamed to fresh ones, and bound -> fresh."""
        fresh = {a: a.named(f"{a.name.split('~')[0]}~{next(_COUNTER)}") for a in self.bound}
        return self.body.xreplace(fresh), fresh

    def _eval_is_extended_real(self) -> bool | None:
        return self.body.is_extended_real

    def _eval_subs(self, old: sp.Basic, new: sp.Basic) -> sp.Basic | None:
        return self.xreplace({old: new})

    def _xreplace(self, rule: Any) -> tuple[sp.Basic, bool]:
        # Bound letters are opened to fresh ones, so that nothing substituted can be captured.
        if self in rule:
            return rule[self], True
        if isinstance(rule, Mapping):
            rule = {k: v for k, v in rule.items() if k not in self.bound}
            if not any(self.has(k) for k in rule):
                return self, False
        body, opened = self.opened()
        new, changed = body._xreplace(rule)
        args = [new]
        for a in self.args[2:]:
            if a in opened:
                args.append(opened[a])
                continue
            b, c = a._xreplace(rule)
            args.append(b)
            changed = changed or c
        if not changed:
            return self, False
        return self.func(self.args[0], *args), True


def _level(body: sp.Expr, axes: list[Axis]) -> int:
    """First number for new bound axes: above every binder inside, and clear of free canonical letters."""
    inner = {a for node in sp.preorder_traversal(body) if isinstance(node, Binder) for a in node.bound}
    base = max((int(a.name[1:]) + 1 for a in inner if a.name[1:].isdigit()), default=0)
    free = {
        int(a.name[1:]) for a in body.free_symbols if isinstance(a, Axis) and a not in axes and a.name[1:].isdigit()
    }
    while any(base <= k < base + len(axes) for k in free):
        base += 1
    return base


def _canonical(body: sp.Expr, axes: Iterable[Axis]) -> tuple[sp.Expr, list[Axis]]:
    """Renames bound axes to ``_k`` above all binders below, ordered by where they first occur."""
    order = _occurrence_order(body, list(axes))
    base = _level(body, order)
    new = {a: a.named(f"_{base + k}") for k, a in enumerate(order)}
    tmp = {a: a.named(f"{a.name}~t{k}") for k, a in enumerate(order)}
    back = {tmp[a]: new[a] for a in order}
    return body.xreplace(tmp).xreplace(back), [new[a] for a in order]


@lru_cache(maxsize=1 << 16)
def text(e: sp.Basic) -> str:
    """``str(e)``, kept: orders are decided by it again and again."""
    return str(e)


def _occurrence_order(body: sp.Expr, axes: list[Axis]) -> list[Axis]:
    """Orders axes by a key that does not depend on their letters: the accesses they occur in."""
    if len(axes) < 2:
        return axes
    blank = {a: Axis("_", a.size) for a in axes}
    keys: dict[Axis, list[str]] = {a: [] for a in axes}
    for node in sp.preorder_traversal(body):
        if isinstance(node, (Access, Delta)):
            indices = node.indices if isinstance(node, Access) else node.args
            for a in axes:
                for position, index in enumerate(indices):
                    if a in index.free_symbols:
                        others = text(
                            node.xreplace({b: blank[b] for b in axes if b != a}).xreplace({a: Axis("@", a.size)})
                        )
                        keys[a].append(f"{others}:{position if isinstance(node, Access) else ''}")
    return sorted(axes, key=lambda a: (str(a.size), sorted(keys[a]), a.name))


class Reduce(Binder):
    """``op`` over bound axes of ``body``: ``Reduce("sum", body, i, j)``.

    ``mean`` is rewritten as a sum over the size. Linear simplification is not done here: the reader's
    formula is kept as written; `symdl.engine.simplify` and the prover normalise.

    Example:
        >>> n = size_symbol("n")
        >>> x = sp.Symbol("x", real=True)
        >>> i, j = Axis("i", n), Axis("j", n)
        >>> Reduce("sum", Access(x, i) ** 2, i) == Reduce("sum", Access(x, j) ** 2, j)
        True
        >>> Reduce("sum", Access(x, i), i)
        sum(x[_0], _0)
    """

    def __new__(cls, op: Any, body: Any, *axes: Any) -> sp.Expr:
        """Makes the reduction; with no axis it is the body itself."""
        name = op.name if isinstance(op, Str) else str(op)
        body = sp.sympify(body)
        if not axes:
            return body
        if name == "mean":
            count = sp.Mul(*(a.size for a in axes))
            return cls("sum", body, *axes) / count
        if isinstance(body, cls) and body.args[0].name == name:  # sum of a sum is one sum
            opened = {a: a.named(f"{a.name}~m") for a in body.bound}
            return cls(name, body.body.xreplace(opened), *axes, *opened.values())
        body, bound = _canonical(body, axes)
        return sp.Expr.__new__(cls, Str(name), body, *bound)

    @property
    def op(self) -> str:
        """``sum``, ``prod``, ``max`` or ``min``."""
        return self.args[0].name

    @property
    def bound(self) -> tuple[Axis, ...]:
        """The bound axes."""
        return self.args[2:]

    def _eval_is_positive(self) -> bool | None:
        return True if self.body.is_positive else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.body.is_nonnegative else None

    def _eval_is_finite(self) -> bool | None:
        return True if self.body.is_finite else None

    def _eval_derivative(self, s: sp.Expr) -> sp.Expr:
        if self.op != "sum":
            raise NotImplementedError(f"derivative of a {self.op} over an axis")
        d = self.body.diff(s)
        return sp.S.Zero if d == 0 else Reduce("sum", d, *self.bound)

    def _sympystr(self, printer: Any) -> str:
        return f"{self.op}({printer._print(self.body)}, {', '.join(map(str, self.bound))})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        sign = {"sum": r"\sum", "prod": r"\prod"}.get(self.op, rf"\{self.op}")
        letters = ",".join(_letter(a) for a in self.bound)
        body = self.body.xreplace({a: sp.Symbol(_letter(a)) for a in self.bound})
        text = rf"{sign}_{{{letters}}} {printer.parenthesize(body, 20)}"
        return rf"\left({text}\right)^{{{exp}}}" if exp else text


def _letter(axis: Axis) -> str:
    number = int(axis.name[1:]) if axis.name[1:].isdigit() else 0
    return "pqrstuvw"[number % 8]


class Delta(sp.Function):
    """Kronecker delta of two integer expressions: 1 where they are equal, else 0."""

    is_integer = True
    is_nonnegative = True
    is_finite = True

    @classmethod
    def eval(cls, i: sp.Expr, j: sp.Expr) -> sp.Expr | None:
        """Decides what needs no knowledge of the sizes."""
        d = sp.expand(i - j)
        if d == 0:
            return sp.S.One
        if d.is_Integer:
            return sp.S.Zero
        return None if sp.default_sort_key(i) <= sp.default_sort_key(j) else cls(j, i)

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Indices are integers; nothing is differentiated by them."""
        return sp.S.Zero


class Indicator(sp.Function):
    """1 where the condition holds, else 0; the condition is a SymPy relational or boolean."""

    is_integer = True
    is_nonnegative = True
    is_finite = True

    @classmethod
    def eval(cls, condition: Any) -> sp.Expr | None:
        """Decides a constant condition."""
        if condition == sp.true:
            return sp.S.One
        if condition == sp.false:
            return sp.S.Zero
        return None

    def _eval_derivative(self, s: sp.Expr) -> sp.Expr:
        return sp.S.Zero  # piecewise constant; the jump is a kink by convention


MATRIX_FUNCTIONS = ("inv", "det", "logdet", "power", "solve")


class MatrixFunction(Binder):
    """An opaque function of a whole matrix: ``inv`` (indexed), ``det``, ``logdet``, ``power`` (indexed).

    ``MatrixFunction(op, body, row, column, *indices)``: ``body`` is the element at ``(row, column)``; ``inv``
    and ``power`` are read at two indices. The third index of ``power`` is its rational exponent;
    ``solve`` is lowered to ``inv``.
    """

    def __new__(cls, op: Any, body: Any, row: Axis, column: Axis, *indices: Any) -> MatrixFunction:
        """Makes the node; the two bound axes are renamed canonically, in order."""
        name = op.name if isinstance(op, Str) else str(op)
        body = sp.sympify(body)
        base = _level(body, [row, column])
        new = [row.named(f"_{base}"), column.named(f"_{base + 1}")]
        tmp = [row.named("_~r"), column.named("_~c")]
        body = body.xreplace({row: tmp[0], column: tmp[1]}).xreplace(dict(zip(tmp, new, strict=True)))
        return sp.Expr.__new__(cls, Str(name), body, *new, *map(sp.sympify, indices))

    @property
    def op(self) -> str:
        """Which function."""
        return self.args[0].name

    @property
    def bound(self) -> tuple[Axis, ...]:
        """Row and column axis of the matrix."""
        return self.args[2:4]

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        """Where the result is read."""
        return self.args[4:]

    def _sympystr(self, printer: Any) -> str:
        at = f"[{', '.join(map(str, self.indices))}]" if self.indices else ""
        return f"{self.op}({printer._print(self.body)}){at}"


class Expectation(sp.Function):
    """``Expectation(body, x, p)``: mean of ``body`` over ``x`` drawn from ``p``; linear, otherwise opaque."""

    @classmethod
    def eval(cls, body: sp.Expr, x: sp.Symbol, p: sp.Symbol) -> sp.Expr | None:
        """Pulls out what does not depend on ``x``, and splits sums."""
        if body.is_Add:
            return sp.Add(*(cls(t, x, p) for t in body.args))
        inside = [f for f in sp.Mul.make_args(body) if x in f.free_symbols]
        if not inside:
            return body
        outside = [f for f in sp.Mul.make_args(body) if x not in f.free_symbols]
        return sp.Mul(*outside) * cls(sp.Mul(*inside), x, p) if outside else None


class Opaque(sp.Function):
    """An unknown elementwise function: ``Opaque(name, k, x)`` is its k-th derivative at ``x``."""

    is_extended_real = True

    def fdiff(self, argindex: int = 3) -> sp.Expr:
        """The derivative raises the order."""
        name, order, *rest = self.args
        if argindex != 3 or len(rest) != 1:
            raise NotSupported(
                "SD620",
                f"the unknown function {name} of {len(rest)} arguments has no derivative rule",
                "define it by functions that have",
            )
        return Opaque(name, order + 1, *rest)


def rewritten(e: sp.Expr, change: Callable[[sp.Expr], sp.Expr | None]) -> sp.Expr:
    """Returns ``e`` with every outermost node that ``change`` has something for replaced by it.

    Binders are opened on the way, so that ``change`` sees bound letters as free ones and nothing is captured;
    ``xreplace`` cannot reach what depends on a bound letter.

    Example:
        >>> i = Axis("i")
        >>> x, y = sp.symbols("x y", real=True)
        >>> swap = lambda node: Access(y, *node.indices) if isinstance(node, Access) and node.tensor == x else None
        >>> rewritten(Reduce("sum", Access(x, i) ** 2, i), swap)
        sum(y[_0]**2, _0)
    """
    new = change(e)
    if new is not None:
        return new
    if isinstance(e, Binder):
        body, opened = e.opened()
        inner = rewritten(body, change)
        rest = [opened[a] if a in opened else rewritten(a, change) for a in e.args[2:]]
        if inner is body and all(a is b or opened.get(b) is a for a, b in zip(rest, e.args[2:], strict=True)):
            return e
        return e.func(e.args[0], inner, *rest)
    if not e.args or isinstance(e, Access):
        return e
    args = [rewritten(a, change) if isinstance(a, sp.Basic) else a for a in e.args]
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else e.func(*args)


def elements(e: sp.Expr, names: Mapping[sp.Symbol, Callable[[tuple[sp.Expr, ...]], sp.Expr]]) -> sp.Expr:
    """Returns ``e`` with every element of some arrays replaced by what its indices are given to; scalars too."""

    def put(node: sp.Expr) -> sp.Expr | None:
        if isinstance(node, Access) and node.tensor in names:
            return names[node.tensor](node.indices)
        if isinstance(node, sp.Symbol) and node in names:
            return names[node](())
        return None

    return rewritten(e, put)
