"""Statements before they are text, and the naming of what they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise

from symdl.codegen.stable import fresh_name
from symdl.notation.raising import Dims
from symdl.terms import array
from symdl.terms.array import Node

_FREE = frozenset({"ones", "zeros", "eye", "arange", "transpose", "diag", "broadcast_to", "reshape"})


@dataclass(frozen=True)
class Formula:
    """``target = node``.

    Attributes:
        target: the name that is assigned.
        node: the right side.
        axes: its dimensions.
        helper: whether it is written only if something uses it.
    """

    target: str
    node: Node
    axes: Dims = ()
    helper: bool = False


@dataclass(frozen=True)
class Spread:
    """``target = zeros``, then ``slot += part`` for all values of the counters; without counters, ``slot = part``.

    Attributes:
        target: the name that is assigned.
        zeros: what it begins as.
        counters: name -> how far it runs.
        slot: the slice of the target that receives one part.
        part: what it receives.
        helper: as in `Formula`.
    """

    target: str
    zeros: Node
    counters: tuple[tuple[str, Node], ...]
    slot: Node
    part: Node
    helper: bool = False


@dataclass(frozen=True)
class Steps:
    """A recurrence: arrays are made, then filled step by step.

    Attributes:
        targets: the arrays that are filled, in order.
        before: what is assigned before the loop: the arrays, and what stands before the first step.
        counter: name of the step.
        count: how many there are.
        backwards: whether the last comes first.
        body: statements of one step; targets are elements such as ``H[t]``.
    """

    targets: tuple[str, ...]
    before: tuple[Formula, ...]
    counter: str
    count: Node
    backwards: bool
    body: tuple[Formula, ...]


Piece = Formula | Spread | Steps


def shared(pieces: Sequence[Piece], taken: set[str]) -> list[Piece]:
    """Names what costs something and is computed twice: calls and matrix products.

    What an earlier line computes is taken from it; otherwise it gets a line before its first use.

    Example:
        >>> from symdl.notation.strict import parse, show
        >>> lines = [Formula("h", parse("o * tanh(c)")), Formula("do", parse("dh * tanh(c)"))]
        >>> [(p.target, show(p.node)) for p in shared(lines, {"h", "o", "c", "do", "dh"})]
        [('tanh_c', 'tanh(c)'), ('h', 'o * tanh_c'), ('do', 'dh * tanh_c')]
    """
    pieces = _bracketed(pieces)
    count: Counter[Node] = Counter()
    for p in pieces:
        if isinstance(p, Formula):
            _count(p.node, count)
    known: dict[Node, str] = {}
    out: list[Piece] = []
    for p in pieces:
        if isinstance(p, Steps):  # a step computes what another step may not see
            inner = (f for f in shared(p.body, taken) if isinstance(f, Formula))
            out.append(replace(p, body=tuple(inner)))
            continue
        if isinstance(p, Spread):
            out.append(p)
            continue
        new: list[Piece] = []
        node = _replaced(p, p.node, count, known, taken, new)
        out += [*new, replace(p, node=node)]
        if _costly(p.node):
            known.setdefault(p.node, p.target)
    return out


def _bracketed(pieces: Sequence[Piece]) -> list[Piece]:
    """Chains of matrix products bracketed so that a product of two that occurs in several is computed once."""
    pairs: Counter[tuple[Node, Node]] = Counter()
    for p in pieces:
        for chain in _chains(p.node) if isinstance(p, Formula) else ():
            pairs.update(dict.fromkeys(pairwise(chain), 1))

    def change(n: Node) -> Node:
        chain = _chain(n)
        best = max(pairwise(chain), key=lambda pair: pairs[pair], default=None) if len(chain) > 2 else None
        if best is None or pairs[best] < 2:
            return array.rebuild(n, change)
        k = next(k for k, pair in enumerate(pairwise(chain)) if pair == best)
        parts = [array.rebuild(c, change) for c in chain]
        parts[k : k + 2] = [array.Mul(parts[k], parts[k + 1], array.MATMUL)]
        return reduce(lambda a, b: array.Mul(a, b, array.MATMUL), parts)

    return [replace(p, node=change(p.node)) if isinstance(p, Formula) else p for p in pieces]


def _chain(n: Node) -> list[Node]:
    """The factors of nested matrix products, in order."""
    if isinstance(n, array.Mul) and n.how == array.MATMUL:
        return [*_chain(n.left), *_chain(n.right)]
    return [n]


def _chains(n: Node) -> Iterator[list[Node]]:
    chain = _chain(n)
    if len(chain) > 1:
        yield chain
    for part in chain:
        for child in array.children(part):
            yield from _chains(child)


def _costly(n: Node) -> bool:
    if isinstance(n, array.Call):
        return n.function not in _FREE
    return isinstance(n, (array.Apply, array.Norm)) or (isinstance(n, array.Mul) and n.how == array.MATMUL)


def _count(n: Node, count: Counter[Node]) -> None:
    if _costly(n):
        count[n] += 1
        if count[n] > 1:
            return
    if isinstance(n, array.Expect):  # what stands in it depends on its own variable
        return
    for child in array.children(n):
        _count(child, count)


def _replaced(
    p: Formula, n: Node, count: Counter[Node], known: dict[Node, str], taken: set[str], new: list[Piece]
) -> Node:
    if n in known:
        return array.Name(known[n])
    row = _kept_row(p, n, known)
    if row is not None:
        return row
    if isinstance(n, array.Expect):
        return n
    inner = array.rebuild(n, lambda c: _replaced(p, c, count, known, taken, new))
    if n is p.node or not _costly(n) or count[n] < 2:
        return inner
    name = fresh_name(_spoken(n), taken)
    new.append(Formula(name, inner, (), helper=True))
    known[n] = name
    return array.Name(name)


def _kept_row(p: Formula, n: Node, known: dict[Node, str]) -> Node | None:
    """``sum(E, axis=0)`` broadcasts as with ``keepdims=True``, where something else has the first axis."""
    if not isinstance(n, array.Call) or ("keepdims", True) not in n.options or not p.axes or p.axes[0] is None:
        return None
    if n.option("axis") != 0 or any(isinstance(m, array.Mul) and m.how == array.MATMUL for m in array.walk(p.node)):
        return None
    plain = replace(n, options=tuple(o for o in n.options if o[0] != "keepdims"))
    return array.Name(known[plain]) if plain in known else None


def _spoken(n: Node) -> str:
    """A name that says what it is: ``tanh_c``, ``inv_X``, ``Xw``."""
    if isinstance(n, (array.Call, array.Apply)) and len(n.args) == 1:
        (inner,) = n.args
        inner = inner.base if isinstance(inner, array.Index) else inner
        if isinstance(inner, array.Name) and len(n.function) + len(inner.id) < 20:
            return f"{n.function}_{inner.id}"
    if isinstance(n, array.Mul):
        words = [w for w in map(_word, _chain(n)) if w]
        if len(words) == 2 and len("".join(words)) < 20:
            return "_".join(words)
    return "part"


def _word(n: Node) -> str:
    if isinstance(n, array.Transpose) and isinstance(n.body, array.Name):
        return f"{n.body.id}T"
    return n.id if isinstance(n, array.Name) else ""
