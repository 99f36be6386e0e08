"""Emitted source -> functions. Nothing is executed before it is checked to be what `emit` writes."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Collection
from typing import Any

from symdl.codegen.helpers import OWN, is_helper
from symdl.errors import NotSupported
from symdl.terms.results import Module

_NODES = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.Expr, ast.Import, ast.alias,
    ast.Name, ast.Load, ast.Store, ast.Constant, ast.Call, ast.keyword, ast.Attribute, ast.Subscript, ast.Slice,
    ast.Tuple, ast.Dict, ast.BinOp, ast.UnaryOp, ast.Compare, ast.operator, ast.unaryop, ast.cmpop, ast.For,
    ast.AugAssign, ast.List,
)  # fmt: skip
_ATTRIBUTES = frozenset(
    """abs add arange arccos arcsin arcsinh arctan arctanh broadcast_to ceil clip cos cosh einsum exp expm1 eye
    floor frompyfunc full full_like heaviside inf isnan log log10 log1p log2 logaddexp max maximum min minimum
    nan pi e prod shape sign sin sinc sinh sqrt square sum tan tanh transpose where erf erfc T concatenate det
    diag dtype empty_like inv lib linalg mean norm ones outer pad repeat reshape sliding_window_view slogdet
    solve squeeze std stride_tricks trace var zeros zeros_like""".split()
)
_OWN = OWN | {"range", "reversed"}
_IMPORTS = frozenset({("numpy", "np"), ("math", None)})


def check(source: str) -> None:
    """Checks that source is made of what `emit` writes: NumPy expressions in plain functions.

    Raises:
        NotSupported: SD714, naming the first foreign construct.

    Example:
        >>> check("import os")
        Traceback (most recent call last):
        ...
        symdl.errors.NotSupported: SD714: emitted code must not contain the import of os
    """
    tree = ast.parse(source)
    own = _OWN | {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    own |= {a.arg for n in tree.body if isinstance(n, ast.FunctionDef) for a in n.args.args}
    own -= set(dir(builtins)) - _OWN  # a builtin that one function hides is the builtin in another
    for statement in tree.body:
        if is_helper(statement):
            continue
        for node in ast.walk(statement):
            fault = _fault(node, own)
            if fault:
                raise NotSupported("SD714", f"emitted code must not contain {fault}")


def _fault(node: ast.AST, own: Collection[str]) -> str:
    if not isinstance(node, _NODES):
        return type(node).__name__
    if isinstance(node, ast.Import):
        foreign = [a.name for a in node.names if (a.name, a.asname) not in _IMPORTS]
        return f"the import of {foreign[0]}" if foreign else ""
    if isinstance(node, ast.Attribute) and (node.attr not in _ATTRIBUTES or not isinstance(node.ctx, ast.Load)):
        return f"the attribute {node.attr}"
    if isinstance(node, ast.Dict) and node.keys:
        return "a dictionary"
    if isinstance(node, ast.Call) and not isinstance(node.func, ast.Attribute) and not _own(node.func, own):
        return "a call of something that is neither NumPy's nor its own"
    if isinstance(node, ast.Name) and "__" in node.id:
        return f"the name {node.id}"
    if isinstance(node, ast.FunctionDef) and (node.decorator_list or node.args.defaults or node.args.kw_defaults):
        return "a decorator or a default"
    return ""


def _own(function: ast.expr, own: Collection[str]) -> bool:
    return isinstance(function, ast.Name) and function.id in own


def load(module: Module) -> dict[str, Callable[..., Any]]:
    """Returns the functions of an emitted module, by name, after `check`."""
    check(module.source)
    space: dict[str, Any] = {}
    exec(compile(module.source, "<emitted>", "exec"), space)
    return {name: space[name] for name in module.names}
