"""Sizes and conditions in the words of the catalogue (``2 * n``, ``a < b``), computed without evaluating text."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_BINARY: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARE: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def value(text: str, env: Mapping[str, Any]) -> Any:
    """Computes a sum, product, quotient, power, ``abs`` or comparison of names and numbers.

    Raises:
        ValueError: for anything else, and for a name that is not known.

    Example:
        >>> value("2 * n + 1", {"n": 3}), bool(value("abs(c) <= 1", {"c": -2.0}))
        (7, False)
    """
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        raise ValueError(f"{text!r} is no size and no condition") from None
    return _value(tree.body, env, text)


def _value(node: ast.AST, env: Mapping[str, Any], text: str) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.Name) and node.id in env:
        return env[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, env, text)
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, env, text), _value(node.right, env, text))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        return _COMPARE[type(node.ops[0])](_value(node.left, env, text), _value(node.comparators[0], env, text))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "abs" and len(node.args) == 1:
        return np.abs(_value(node.args[0], env, text))
    what = node.id if isinstance(node, ast.Name) else ast.unparse(node)
    raise ValueError(f"{what!r} in {text!r} is not known here")


def names(text: str) -> tuple[str, ...]:
    """The names in a size or a condition, in order.

    Example:
        >>> names("n_h + 2 * n_x")
        ('n_h', 'n_x')
    """
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return ()
    found = [(n.lineno, n.col_offset, n.id) for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id != "abs"]
    return tuple(dict.fromkeys(name for *_, name in sorted(found)))
