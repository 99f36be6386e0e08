r"""What a row of the function table is.

A row is the single place for everything known about a function: its definition in elementary functions
(the truth), its derivative, a form that is accurate in floating point, where it is defined, what values it
takes, where it has a kink and which derivative is used there. A row makes its own SymPy class, so that
``softplus(x).diff(x)`` and ``softplus(x).rewrite("definition")`` work like SymPy's own.

Expressions of a row are written in the symbol `X`, in the symbols of its parameters and, in derivatives, in
`VALUE`, which stands for the function's own value: sigmoid's derivative is ``VALUE * (1 - VALUE)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import sympy as sp

from symdl.errors import NotationError
from symdl.terms.indexed import Axis

X = sp.Symbol("x", real=True)
"""The argument of every elementwise row."""
VALUE = sp.Symbol("value", real=True)
"""The function's own value, inside the derivative of its row."""


@dataclass(frozen=True, eq=False)
class Parameter:
    """A further argument of a function.

    Attributes:
        symbol: what stands for it in the expressions of the row.
        default: the value used when it is left out, or ``None`` if it must be given.
        domain: the values it may take.
    """

    symbol: sp.Symbol
    default: sp.Expr | None = None
    domain: sp.Set = sp.S.Reals


@dataclass(frozen=True, eq=False)
class Kink:
    """A point where the function has no derivative, and what is used there instead.

    Attributes:
        at: the value of the argument, in the parameters of the row.
        derivative: the derivative that is used, equal to that of the row at ``at``; ``None`` if there is none.
        convention: the same in words.
        kind: ``corner`` (both one-sided derivatives exist), ``jump`` (not continuous) or ``end`` (of the domain).
    """

    at: sp.Expr
    derivative: sp.Expr | None
    convention: str
    kind: str = "corner"


@dataclass(frozen=True, eq=False)
class Elementwise:
    r"""A function of one number, and perhaps of parameters, applied to every element of an array.

    Attributes:
        name: identifier in catalogue notation.
        latex: the operator as it is printed, ``\sigma`` or ``\operatorname{ReLU}``.
        definition: the truth, in `X`, the parameters and SymPy's elementary functions only.
        derivative: by `X`; may use `VALUE` and other rows. It carries the tie conventions of ``kinks``.
        parameters: further arguments, in order.
        partials: derivative by a parameter, where that of the definition is not wanted.
        stable: the same function, accurate in floating point; may use other rows. ``None``: the definition is.
        stable_derivative: likewise for the derivative.
        domain: values `X` may take.
        range: values that come out.
        kinks: points without a derivative.
        native: target -> the function's name there (``{"numpy": "np.exp"}``).
        aliases: other names and spellings.
        sources: papers and textbooks.
        sympy: SymPy's own function, where there is one; the row then makes no class.
        caution: where the emitted code is inaccurate, in words; it goes into the docstring.

    Example:
        >>> twice = Elementwise("twice", r"\operatorname{twice}", 2 * X, sp.Integer(2))
        >>> twice.function(X).diff(X), twice.function(X).rewrite("definition")
        (2, 2*x)
    """

    name: str
    latex: str
    definition: sp.Expr
    derivative: sp.Expr
    parameters: tuple[Parameter, ...] = ()
    partials: Mapping[str, sp.Expr] = field(default_factory=dict)
    stable: sp.Expr | None = None
    stable_derivative: sp.Expr | None = None
    domain: sp.Set = sp.S.Reals
    range: sp.Set = sp.S.Reals
    kinks: tuple[Kink, ...] = ()
    native: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    sympy: Callable[..., sp.Expr] | None = None
    caution: str = ""

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The argument and the parameters, in the order of a call."""
        return (X, *(p.symbol for p in self.parameters))

    @cached_property
    def function(self) -> Callable[..., sp.Expr]:
        """The SymPy function: SymPy's own, or a class made from this row."""
        if self.sympy is not None:
            return self.sympy
        return type(self.name, (RowFunction,), {"row": self, "nargs": len(self.symbols), "__module__": __name__})

    def __call__(self, *args: Any) -> sp.Expr:
        """Applies the function to SymPy expressions; parameters with a default may be left out."""
        return self.function(*self.complete(args))

    def complete(self, args: tuple[Any, ...]) -> tuple[sp.Expr, ...]:
        """Returns the arguments with the defaults of the missing parameters.

        Raises:
            NotationError: SD310 if there are too many, or one without a default is missing.
        """
        rest = self.parameters[max(len(args) - 1, 0) :]
        if not 1 <= len(args) <= len(self.symbols) or any(p.default is None for p in rest):
            wanted = ", ".join(str(s) for s in self.symbols)
            raise NotationError("SD310", f"{self.name} is given {len(args)} arguments", f"write {self.name}({wanted})")
        return (*map(sp.sympify, args), *(p.default for p in rest if p.default is not None))

    def expand(self, *args: Any) -> sp.Expr:
        """Returns the definition at the given arguments: elementary functions only."""
        return self.at(self.definition, *args)

    def at(self, expression: sp.Expr, *args: Any) -> sp.Expr:
        """Returns one of the row's expressions with the arguments put in for its symbols."""
        values = dict(zip(self.symbols, self.complete(args), strict=True))
        if VALUE in expression.free_symbols:
            values[VALUE] = self(*args)
        return expression.xreplace(values)

    def partial(self, position: int) -> sp.Expr:
        """Returns the derivative by the argument at ``position``, counted from 0, in the row's symbols."""
        if position == 0:
            return self.derivative
        symbol = self.symbols[position]
        if symbol.name in self.partials:
            return self.partials[symbol.name]
        return self.definition.diff(symbol)


class RowFunction(sp.Function):
    """Base of the SymPy classes that rows make. It stays unevaluated until it is asked for its definition."""

    row: ClassVar[Elementwise]

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Puts in the defaults of missing parameters."""
        return super().__new__(cls, *cls.row.complete(args), **options)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # the class is made at run time, so it travels between processes by the name of its row
        return (_rebuild, (self.row.name, self.args))

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Derivative by the argument at ``argindex``, counted from 1, as the row has it."""
        return self.row.at(self.row.partial(argindex - 1), *self.args)

    def doit(self, **hints: Any) -> sp.Expr:
        """The definition, evaluated."""
        args = [a.doit(**hints) for a in self.args] if hints.get("deep", True) else self.args
        return self.row.expand(*args)

    def _eval_rewrite_as_definition(self, *args: Any, **hints: Any) -> sp.Expr:
        return self.row.expand(*args)

    def _eval_rewrite_as_stable(self, *args: Any, **hints: Any) -> sp.Expr:
        row = self.row
        return row.expand(*args) if row.stable is None else row.at(row.stable, *args)

    def _eval_evalf(self, prec: int) -> Any:
        return self.row.expand(*self.args)._eval_evalf(prec)

    def _eval_is_extended_real(self) -> bool | None:
        return True if self._inside() else None

    def _eval_is_finite(self) -> bool | None:
        return True if self._inside() and all(a.is_finite for a in self.args) else None

    def _eval_is_positive(self) -> bool | None:
        return True if self._inside() and within(self.row.range, sp.Interval.open(0, sp.oo)) else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self._inside() and within(self.row.range, sp.Interval(0, sp.oo)) else None

    def _inside(self) -> bool:
        """Whether the arguments are known to be real, and every real number will do."""
        return self.row.domain == sp.S.Reals and all(a.is_extended_real for a in self.args)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        operator = self.row.latex + (f"^{{{exp}}}" if exp else "")
        args = list(self.args)
        for p in reversed(self.row.parameters):  # a parameter at its default is not printed
            if args[-1] != p.default:
                break
            args.pop()
        return rf"{operator}\left({', '.join(printer.doprint(a) for a in args)}\right)"


def within(inner: sp.Set, outer: sp.Set) -> bool:
    """Whether ``inner`` is known to be part of ``outer``; a set with parameters is not."""
    return not inner.free_symbols and inner.is_subset(outer) is True


def _rebuild(name: str, args: tuple[sp.Expr, ...]) -> sp.Expr:
    from symdl.functions import ELEMENTWISE

    return ELEMENTWISE[name](*args)


@dataclass(frozen=True, eq=False)
class ArrayOperation:
    r"""A function of a whole array: it needs the axes it runs over.

    Attributes:
        name: identifier in catalogue notation.
        latex: the operator as it is printed.
        define: element of the array in index form, and the axes -> element of the result in index form. An axis
            that is kept stands free in the result; one that is reduced is bound.
        reduces: whether the axes vanish (``sum``); else the result has the shape of the argument (``softmax``).
        default_axis: the axis that is meant when none is named; ``None`` means all axes.
        options: keyword arguments that are understood.
        jacobian: element at ``i``, element at ``k`` and the two axes -> derivative of result ``i`` by argument
            ``k``, for an argument with this one axis; ``None`` where it is not stated.
        stable: as ``define``, accurate in floating point; ``None``: the definition is.
        domain: condition on the elements, in words, or empty.
        native: target -> the function's name there.
        aliases: other names and spellings.
        sources: papers and textbooks.

    Example:
        >>> total = ArrayOperation("total", r"\sum", lambda e, axes: e, reduces=True)
        >>> total.reduces
        True
    """

    name: str
    latex: str
    define: Callable[[sp.Expr, tuple[Axis, ...]], sp.Expr]
    reduces: bool
    default_axis: int | None = None
    options: tuple[str, ...] = ("axis", "keepdims")
    jacobian: Callable[[sp.Expr, sp.Expr, Axis, Axis], sp.Expr] | None = None
    stable: Callable[[sp.Expr, tuple[Axis, ...]], sp.Expr] | None = None
    domain: str = ""
    native: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


Row = Elementwise | ArrayOperation
