"""Rigorous evaluation of index form: exact rational points in, Arb balls out.

The ball encloses the true value; whatever is undefined over the reals, or undecided at the precision, is a
non-finite ball.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import sympy as sp
from flint import ctx, fmpq

from symdl.verifier import arithmetic as ar
from symdl.verifier.instance import Instance
from symdl.verifier.program import Builder, Key

Number: TypeAlias = "int | str | Fraction | fmpq"
Nested: TypeAlias = "Number | Sequence[Nested]"


def evaluate(
    expr: sp.Expr,
    point: Mapping[str, Any],
    sizes: Mapping[str, int] | None = None,
    precision: int = 64,
    indices: Mapping[sp.Symbol, int] | None = None,
) -> Any:
    """Returns an Arb ball around the value of ``expr``; non-finite where it is undefined or undecided.

    Args:
        expr: scalar SymPy expression in index form.
        point: name -> exact number (int, Fraction, ``"3/2"``) or nested lists of them.
        sizes: values of the symbols that occur in sizes and indices.
        precision: bits of working precision.
        indices: values of free axes.

    Raises:
        NotSupported: a node cannot be evaluated.
        KeyError: the point lacks a value.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> evaluate(sp.exp(x) / 2, {"x": "1/2"}, precision=53).str(10)
        '[0.8243606354 +/- 5.00e-11]'
        >>> evaluate(sp.log(x), {"x": -1}).is_finite()
        False
    """
    shapes = {name: _shape(value) for name, value in point.items()}
    instance = Instance(dict(sizes or {}), shapes, Builder())
    register = instance.register(expr, dict(indices or {}))
    values: dict[Key, fmpq] = {}
    for name, value in point.items():
        flatten(name, value, (), values)
    with ctx.workprec(precision):
        return ar.ball(instance.builder.program.run(values)[register])


def rational(value: Number) -> fmpq:
    """An exact number; floats are refused, since they are rarely what they look like."""
    if isinstance(value, fmpq):
        return value
    if isinstance(value, float):
        raise TypeError("a float is no exact number")
    f = Fraction(value)
    return fmpq(f.numerator, f.denominator)


def flatten(name: str, value: Nested, at: tuple[int, ...], out: dict[Key, fmpq]) -> None:
    """Writes the numbers of a nested list into ``out`` by position."""
    if isinstance(value, list | tuple):
        for k, item in enumerate(value):
            flatten(name, item, (*at, k), out)
    else:
        out[name, at] = rational(value)  # type: ignore[arg-type]


def _shape(value: Any) -> tuple[int, ...]:
    return (len(value), *_shape(value[0])) if isinstance(value, list | tuple) and value else ()
