"""The function table: one row per function, the single place for everything known about it.

`FUNCTIONS` maps the name in catalogue notation to its row; `lookup` also knows aliases; `definition` writes
every function of ours in a SymPy expression out in elementary functions.

Example:
    >>> import sympy as sp
    >>> x = sp.Symbol("x", real=True)
    >>> FUNCTIONS["softplus"](x).diff(x)
    sigmoid(x)
    >>> definition(FUNCTIONS["softplus"](x).diff(x))
    1/(1 + exp(-x))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

import sympy as sp

from symdl.functions import activations, elementary, reductions, special
from symdl.functions.declare import VALUE, ArrayOperation, Elementwise, Kink, Parameter, Row, RowFunction, X

_R = TypeVar("_R", Elementwise, ArrayOperation)


def _table(rows: Iterable[_R]) -> dict[str, _R]:
    table: dict[str, _R] = {}
    for row in rows:
        if row.name in table:
            raise ValueError(f"two rows are named {row.name}")
        table[row.name] = row
    return table


ELEMENTWISE: Mapping[str, Elementwise] = MappingProxyType(_table((*elementary.ROWS, *special.ROWS, *activations.ROWS)))
ARRAY_OPERATIONS: Mapping[str, ArrayOperation] = MappingProxyType(_table(reductions.ROWS))
FUNCTIONS: Mapping[str, Row] = MappingProxyType({**ELEMENTWISE, **ARRAY_OPERATIONS})
_ALIASES: Mapping[str, str] = MappingProxyType({a: row.name for row in FUNCTIONS.values() for a in row.aliases})


def lookup(name: str) -> Row | None:
    """Returns the row of a name or an alias, or ``None``.

    Example:
        >>> lookup("ReLU").name, lookup("no_such")
        ('relu', None)
    """
    return FUNCTIONS.get(_ALIASES.get(name, name))


def definition(expr: sp.Expr) -> sp.Expr:
    """Returns ``expr`` with every function of ours written out in elementary functions.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> definition(FUNCTIONS["silu"](x) + FUNCTIONS["relu"](x))
        x/(1 + exp(-x)) + Max(0, x)
    """
    return _written_out(expr, "definition")


def stable(expr: sp.Expr) -> sp.Expr:
    """Returns ``expr`` with every function of ours that has no native name in its stable form.

    What remains are elementary functions and rows with a native name (``log1p``, ``expm1``, ``erfc``).
    """
    return _written_out(expr, "stable")


def _written_out(expr: sp.Expr, form: str) -> sp.Expr:
    keep = form == "stable"

    def ours(e: sp.Basic) -> bool:
        return isinstance(e, RowFunction) and not (keep and "numpy" in e.row.native)

    while expr.has(RowFunction) and any(map(ours, expr.atoms(RowFunction))):
        # replace, not xreplace: it also reaches what stands under the bound axes of a reduction
        expr = expr.replace(ours, lambda e: e.rewrite(form, deep=False))
    return expr


__all__ = [
    "ARRAY_OPERATIONS",
    "ELEMENTWISE",
    "FUNCTIONS",
    "VALUE",
    "ArrayOperation",
    "Elementwise",
    "Kink",
    "Parameter",
    "Row",
    "RowFunction",
    "X",
    "definition",
    "lookup",
    "stable",
]
