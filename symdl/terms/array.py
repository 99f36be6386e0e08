"""Array expressions: the meaning of a formula before shapes are known.

This is the one language both sides speak. The catalogue writes it (`symdl.notation.strict` reads and
prints it), the reader elaborates LaTeX into it, the checker compares and repairs it, and
`symdl.notation.lowering` turns it into index form once shapes are known. Semantics are NumPy's.

A node of a sheet carries the span of the LaTeX it came from; spans never take part in equality.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any

from symdl.errors import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Base of all array expressions."""

    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Num(Node):
    """An exact rational number, e.g. ``2``, ``0.5``."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Const(Node):
    """A named constant: ``pi`` or ``inf``. Euler's number is ``exp(1)``."""

    name: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A named quantity or an index letter, by its Python identifier (``W2``, ``yhat``, ``w_prev``, ``i``)."""

    id: str


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """``start:stop:step`` inside an index; each part may be missing."""

    start: Node | None
    stop: Node | None
    step: Node | None


@dataclass(frozen=True, slots=True)
class NewAxis(Node):
    """``None`` inside an index: a new axis of size 1."""


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``base[items]``; an item is an expression, a `Slice` or a `NewAxis`."""

    base: Node
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Add(Node):
    """``left + right``; a difference is ``Add(left, Neg(right))``."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Neg(Node):
    """``-body``."""

    body: Node


HADAMARD = "*"
MATMUL = "@"
JUXTAPOSED = "jux"  # written side by side: scalar multiple or matrix product, by shapes
STAR = "star"  # an asterisk in a sheet: elementwise if the shapes allow it, else matrix product
DOT = "dot"  # \cdot or \times in a sheet: as juxtaposition


@dataclass(frozen=True, slots=True)
class Mul(Node):
    """A product. ``how`` is ``HADAMARD`` or ``MATMUL`` in catalogue notation; a sheet may leave it open."""

    left: Node
    right: Node
    how: str = HADAMARD


@dataclass(frozen=True, slots=True)
class Div(Node):
    """``left / right``, elementwise."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Pow(Node):
    """``base ** exponent``, elementwise; of a square matrix by a rational in a sheet: matrix power."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Transpose(Node):
    """``body.T``."""

    body: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A known function: a row of `symdl.functions` or an array operation (``softmax``, ``inv``, ``where`` ...).

    ``options`` are keyword arguments with literal values: ``axis``, ``keepdims``, the string of ``einsum``.
    """

    function: str
    args: tuple[Node, ...]
    options: tuple[tuple[str, object], ...] = ()

    def option(self, name: str, default: object = None) -> object:
        """Returns the value of a keyword argument."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """An unknown function applied to arguments: ``g(z)``; ``primes`` counts derivatives (``g'(z)``)."""

    function: str
    args: tuple[Node, ...]
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Reduce(Node):
    """``op`` of ``body`` over a bound index: ``sum(body, i)`` or ``sum(body, (i, lower, upper))``.

    Without limits the index runs over the whole axis it addresses. ``upper`` is inclusive, as in print.
    """

    op: str  # sum, prod, max, min, mean
    body: Node
    index: str
    lower: Node | None = None
    upper: Node | None = None


@dataclass(frozen=True, slots=True)
class Cases(Node):
    """A case distinction: the first branch whose condition holds; ``where(c, a, b)`` in catalogue notation."""

    branches: tuple[tuple[Node, Node], ...]  # (value, condition)
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """``left op right`` with value 0 or 1; ``op`` is one of ``< <= > >= == !=``."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``and``/``or`` of conditions, or ``not`` of one."""

    op: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Norm(Node):
    """``norm(body, p)``: the p-norm of all entries (Frobenius for a matrix); ``p`` is 2 when not given."""

    body: Node
    p: Node | None = None


@dataclass(frozen=True, slots=True)
class Concat(Node):
    """``concat(a, x)``: stacked along the first axis, as in ``W [a, x]``."""

    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Matrix(Node):
    """A literal array: ``array([[a, b], [c, d]])``; one row per tuple."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    """``D(body, w)``: derivative of a scalar or an array by a named quantity, denominator layout."""

    body: Node
    wrt: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Expect(Node):
    """``expect(body, x, p)``: the mean of ``body`` over ``x`` drawn from ``p`` (an opaque linear reduction)."""

    body: Node
    variable: str
    distribution: str


_PARTS: dict[type, tuple[str, ...]] = {}


def _parts(kind: type) -> tuple[str, ...]:
    """Names of the fields of a node class that may hold nodes."""
    if kind not in _PARTS:
        _PARTS[kind] = _node_fields(kind)
    return _PARTS[kind]


def _node_fields(kind: type) -> tuple[str, ...]:
    plain = {
        "span",
        "value",
        "id",
        "how",
        "function",
        "options",
        "primes",
        "op",
        "index",
        "name",
        "variable",
        "distribution",
    }
    return tuple(f.name for f in fields(kind) if f.name not in plain or (kind is not Num and f.name == "value"))


def children(node: Node) -> tuple[Node, ...]:
    """Returns the direct parts of ``node``, in order of writing."""
    out: list[Node] = []
    for name in _parts(type(node)):
        _collect(getattr(node, name), out)
    return tuple(out)


def _collect(value: Any, out: list[Node]) -> None:
    if isinstance(value, Node):
        out.append(value)
    elif isinstance(value, tuple):
        for item in value:
            _collect(item, out)


def walk(node: Node) -> Iterator[Node]:
    """Yields ``node`` and everything below it, parents first, without recursion."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        below = children(top)
        if below:
            stack.extend(below[::-1])


def rebuild(node: Node, change: Callable[[Node], Node]) -> Node:
    """Returns ``node`` with ``change`` applied to each direct part (the span stays)."""
    parts = _parts(type(node))
    if not parts:
        return node
    new = {name: _rebuilt(getattr(node, name), change) for name in parts}
    if all(new[k] is getattr(node, k) for k in new):
        return node
    return replace(node, **new)


def _rebuilt(value: Any, change: Callable[[Node], Node]) -> Any:
    if isinstance(value, Node):
        return change(value)
    if isinstance(value, tuple):
        items = tuple(_rebuilt(item, change) for item in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    return value


def transform(node: Node, change: Callable[[Node], Node]) -> Node:
    """Returns ``node`` rewritten bottom-up by ``change``."""
    return change(rebuild(node, lambda child: transform(child, change)))


def names(node: Node) -> list[str]:
    """Returns the identifiers that occur free, in order of first occurrence (bound indices excluded)."""
    out: dict[str, None] = {}
    _names(node, frozenset(), out)
    return list(out)


def _names(node: Node, bound: frozenset[str], out: dict[str, None]) -> None:
    if isinstance(node, Name):
        if node.id not in bound:
            out.setdefault(node.id)
        return
    if isinstance(node, Reduce):
        for limit in (node.lower, node.upper):
            if limit is not None:
                _names(limit, bound, out)
        _names(node.body, bound | {node.index}, out)
        return
    if isinstance(node, Expect):
        _names(node.body, bound | {node.variable}, out)
        return
    for child in children(node):
        _names(child, bound, out)


def rename(node: Node, mapping: dict[str, str]) -> Node:
    """Returns ``node`` with free names replaced; bound indices are left alone."""
    if isinstance(node, Name):
        return replace(node, id=mapping[node.id]) if node.id in mapping else node
    if isinstance(node, Reduce):
        mapping = {k: v for k, v in mapping.items() if k != node.index}
    if isinstance(node, Expect):
        mapping = {k: v for k, v in mapping.items() if k != node.variable}
    if isinstance(node, Apply) and node.function in mapping:
        node = replace(node, function=mapping[node.function])
    return rebuild(node, lambda child: rename(child, mapping))
