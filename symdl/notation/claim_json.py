"""Claims as JSON values, so that a report carries what its proofs and counterexamples are about.

A claim is a list of nodes, each of which names earlier ones by their number; equal parts are written once. Reading
one back builds SymPy nodes of a fixed set of classes; nothing is evaluated as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.core.symbol import Str
from sympy.functions.elementary.piecewise import ExprCondPair

from symdl.errors import NotationError, NotSupported
from symdl.functions import ELEMENTWISE, RowFunction
from symdl.terms.claims import RELATIONS, Equation
from symdl.terms.indexed import Access, Axis, Delta, Expectation, Indicator, MatrixFunction, Opaque, Reduce

_MOST_NODES, _MOST_DIGITS = 50_000, 5_000
_NUMBER = re.compile(r"-?\d+(?:/[1-9]\d*)?")
_ASSUMPTIONS = frozenset(
    "real positive negative nonnegative nonpositive nonzero integer finite extended_real commutative zero even"
    " odd".split()
)
_CLASSES: Mapping[str, Callable[..., Any]] = {
    k.__name__: k
    for k in (
        sp.Add, sp.Mul, sp.Pow, sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.cot, sp.sec, sp.csc, sp.asin, sp.acos,
        sp.atan,
        sp.sinh, sp.cosh, sp.tanh, sp.coth, sp.sech, sp.csch, sp.asinh, sp.acosh, sp.atanh, sp.erf, sp.erfc, sp.gamma,
        sp.loggamma, sp.digamma, sp.polygamma, sp.floor, sp.ceiling, sp.Mod, sp.Max, sp.Min, sp.Abs, sp.sign,
        sp.Heaviside, sp.Piecewise, ExprCondPair, sp.Eq, sp.Ne, sp.Lt, sp.Le, sp.Gt, sp.Ge, sp.And, sp.Or, sp.Not,
        sp.KroneckerDelta, sp.Sum, sp.Product, sp.Tuple, sp.Limit, sp.Derivative, sp.Subs, sp.factorial, sp.binomial,
        Access, Delta, Expectation, Indicator, MatrixFunction, Opaque, Reduce,
    )
}  # fmt: skip
_CONSTANTS: Mapping[str, sp.Basic] = {
    str(c): c
    for c in (
        sp.pi, sp.E, sp.oo, -sp.oo, sp.zoo, sp.nan, sp.EulerGamma, sp.Catalan, sp.GoldenRatio, sp.true, sp.false
    )
}  # fmt: skip


def claim_json(claim: Equation) -> dict[str, Any]:
    """Returns a claim as JSON values.

    Raises:
        NotSupported: SD640, naming a node that has no place in a report.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> claim_json(Equation(x + 1, x))["nodes"]
        [['number', '1'], ['name', 'x', ['real']], ['Add', 0, 1]]
    """
    w = _Writer()
    out = {
        "left": w.number(claim.left),
        "relation": claim.relation,
        "right": w.number(claim.right),
        "axes": [w.number(a) for a in claim.axes],
        "shapes": {n: [w.number(sp.sympify(s)) for s in shape] for n, shape in sorted(claim.shapes.items())},
        "kinds": dict(sorted(claim.kinds.items())),
        "assumptions": [w.number(a) for a in claim.assumptions],
    }
    return {"nodes": w.nodes, **out}


_LONGEST = 13_000  # bits; Python does not print many more digits


class _Writer:
    """Numbers the nodes of expressions, parts before wholes."""

    def __init__(self) -> None:
        self.nodes: list[list[Any]] = []
        self.seen: dict[sp.Basic, int] = {}

    def number(self, e: sp.Basic) -> int:
        """The number of a node; it and its parts are written if they are new."""
        stack = [(e, False)]
        while stack:
            node, ready = stack.pop()
            if node in self.seen:
                continue
            parts = _parts(node)
            if ready or not parts:
                self.seen[node] = len(self.nodes)
                self.nodes.append(self._row(node, [self.seen[p] for p in parts]))
            else:
                stack.append((node, True))
                stack += [(p, False) for p in reversed(parts)]
        return self.seen[e]

    def _row(self, e: sp.Basic, parts: list[int]) -> list[Any]:
        if isinstance(e, sp.Rational):
            if max(int(e.p).bit_length(), int(e.q).bit_length()) > _LONGEST:
                raise NotSupported("SD640", "a number of thousands of digits has no place in a report")
            return ["number", str(e)]
        if isinstance(e, sp.Float):
            return ["number", str(sp.Rational(e))]
        if isinstance(e, Axis):
            return ["axis", e.name, *parts]
        if isinstance(e, sp.Symbol):
            known = e._assumptions_orig
            return ["name", e.name, sorted(k if v else f"not {k}" for k, v in known.items() if k in _ASSUMPTIONS)]
        if isinstance(e, Str):
            return ["text", e.name]
        if isinstance(e, RowFunction):
            return ["row", e.row.name, *parts]
        if str(e) in _CONSTANTS and _CONSTANTS[str(e)] == e:
            return ["constant", str(e)]
        name = _NAMES.get(type(e))
        if name is None:
            raise NotSupported("SD640", f"{type(e).__name__} has no place in a report")
        return [name, *parts]


_NAMES = {k: name for name, k in _CLASSES.items() if isinstance(k, type)}


def _parts(e: sp.Basic) -> Sequence[sp.Basic]:
    if isinstance(e, Axis):
        return (e.size,)
    return () if isinstance(e, sp.Symbol | Str | sp.Number) else e.args


def claim_renamed(data: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A claim with other names for its quantities; sizes and index letters keep theirs.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> claim_renamed(claim_json(Equation(x, 2 * x)), {"x": "z"})["nodes"][0]
        ['name', 'z', ['real']]
    """

    def renamed(row: list[Any]) -> list[Any]:
        return ["name", names.get(row[1], row[1]), row[2]] if row[0] == "name" else row

    return {
        **data,
        "nodes": [renamed(row) for row in data["nodes"]],
        "shapes": {names.get(n, n): shape for n, shape in data["shapes"].items()},
        "kinds": {names.get(n, n): kind for n, kind in data["kinds"].items()},
    }


def claim_from_json(data: Any) -> Equation:
    """Reads a claim back.

    Raises:
        NotationError: SD641 if it is damaged.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> claim = Equation(sp.sqrt(x**2), x, assumptions=(x > 0,))
        >>> claim_from_json(claim_json(claim)) == claim
        True
    """
    try:
        if len(data["nodes"]) > _MOST_NODES or data["relation"] not in RELATIONS:
            raise ValueError
        nodes: list[sp.Basic] = []
        for row in data["nodes"]:
            nodes.append(_node(row, nodes))
        return Equation(
            _at(nodes, data["left"]),
            _at(nodes, data["right"]),
            data["relation"],
            tuple(_axis(_at(nodes, k)) for k in data["axes"]),
            {str(n): tuple(_at(nodes, k) for k in shape) for n, shape in data["shapes"].items()},
            {str(n): str(kind) for n, kind in data["kinds"].items()},
            tuple(_at(nodes, k) for k in data["assumptions"]),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError):
        raise NotationError("SD641", "the claim is damaged", "write the report again") from None


def _at(nodes: Sequence[sp.Basic], k: Any) -> Any:
    if type(k) is not int or not 0 <= k < len(nodes):
        raise ValueError
    return nodes[k]


def _axis(e: sp.Basic) -> Axis:
    if not isinstance(e, Axis):
        raise ValueError
    return e


def _node(row: Any, nodes: Sequence[sp.Basic]) -> sp.Basic:
    kind, *rest = row
    if kind == "number":
        if len(rest[0]) > _MOST_DIGITS or not _NUMBER.fullmatch(rest[0]):
            raise ValueError
        return sp.Rational(rest[0])
    if kind == "constant":
        return _CONSTANTS[rest[0]]
    if kind == "text":
        return Str(str(rest[0]))
    if kind == "name":
        assumed = {a.removeprefix("not "): not a.startswith("not ") for a in rest[1]}
        if not assumed.keys() <= _ASSUMPTIONS:
            raise ValueError
        return sp.Symbol(str(rest[0]), **assumed)
    if kind == "axis":
        return Axis(str(rest[0]), _at(nodes, rest[1]))
    if kind == "row":
        made: sp.Basic = ELEMENTWISE[rest[0]].function(*(_at(nodes, k) for k in rest[1:]))
        return made
    if kind == "Piecewise":  # its conditions stay as they are written
        return sp.Piecewise(*(_at(nodes, k) for k in rest), evaluate=False)
    built: sp.Basic = _CLASSES[kind](*(_at(nodes, k) for k in rest))
    return built
