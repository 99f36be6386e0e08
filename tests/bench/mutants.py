"""Mutants of the catalogue's claims: one mistake each, in the array expression or in the LaTeX that is read.

A mutant may be equal to what it came from (``a * b`` with its factors swapped); a judge of its own decides.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import sympy as sp

from symdl.catalogue import load
from symdl.checker.agreement import Agreement, Care, agreements
from symdl.checker.entry_claims import _assumed, _with_undeclared, scope_for
from symdl.checker.equations import conditions, equation, shapes_of
from symdl.checker.forms import body_names
from symdl.checker.judge import Judge
from symdl.errors import SymdlError
from symdl.notation.lowering import Scope, Value, free_axes, lower
from symdl.notation.strict import define, show
from symdl.pipeline import _read, judge_for
from symdl.reader.documents import split
from symdl.terms import array
from symdl.terms.array import Add, Call, Div, Index, Mul, Name, Neg, Node, Num, Pow, Reduce, Transpose
from symdl.terms.claims import Equation
from symdl.terms.formula import Entry, Form, Statement
from symdl.terms.indexed import Axis

UNREADY = frozenset({"woodbury_identity"})
"""Entries whose matrix form takes long to lower (a known fault)."""


@dataclass(frozen=True)
class Base:
    """A true claim in catalogue notation.

    Attributes:
        id: where it stands: entry and name of the claim, or entry and name of a form without a condition.
        entry: the entry.
        left, right: its sides.
        relation: between them.
        assume: what it assumes.
    """

    id: str
    entry: Entry
    left: Node
    right: Node
    relation: str
    assume: tuple[str, ...] = ()

    def equation(self, left: Node | None = None, right: Node | None = None, relation: str = "") -> Equation | None:
        """The claim, or one with another side, in index form; ``None`` if it has none, or is no equation."""
        try:
            frame = _frame(self)
            a = frame.left if left is None or left == self.left else lower(left, frame.scope)
            b = frame.right if right is None or right == self.right else lower(right, frame.scope)
            return frame.claim(a, b, relation or self.relation)
        except (SymdlError, NotImplementedError, RecursionError):
            return None


@dataclass(frozen=True)
class Frame:
    """What all mutants of a claim share: names, index letters, and the sides that are not changed."""

    scope: Scope
    axes: tuple[Axis, ...]
    left: Value
    right: Value
    shapes: Mapping[str, tuple[sp.Expr, ...]]
    kinds: Mapping[str, str]
    assumptions: tuple[sp.Basic, ...]

    def claim(self, left: Value, right: Value, relation: str) -> Equation | None:
        """The claim between two sides; ``None`` if their shapes differ."""
        a, b = left.squeezed(), right.squeezed()
        if a.axes and b.axes and [x.size for x in a.axes if x] != [x.size for x in b.axes if x]:
            return None
        target = tuple(x for x in a.axes or b.axes if x is not None)
        body = b.on(a.axes) if a.axes and b.axes else b.body
        return Equation(a.body, body, relation, (*self.axes, *target), self.shapes, self.kinds, self.assumptions)


@lru_cache(maxsize=1024)
def _frame_of(name: str) -> Frame:
    base = _FRAMED[name]
    nodes = (base.left, base.right)
    scope = _with_undeclared(scope_for(base.entry, _library(frozenset(_called(*nodes)))), nodes)
    axes = free_axes(nodes, scope)
    scope = replace(scope, letters={**scope.letters, **axes})
    roles = base.entry.roles
    return Frame(
        scope,
        tuple(axes.values()),
        lower(base.left, scope),
        lower(base.right, scope),
        shapes_of(scope),
        {r.id: r.kind for r in roles.values() if r.kind != "function"},
        (*conditions(roles, scope), *_assumed(base.assume, scope)),
    )


_FRAMED: dict[str, Base] = {}


def _frame(base: Base) -> Frame:
    _FRAMED[base.id] = base
    return _frame_of(base.id)


def _called(*sides: Node) -> Iterator[str]:
    for side in sides:
        yield from (n.function for n in array.walk(side) if isinstance(n, Call | array.Apply))


@lru_cache(maxsize=4096)
def _library(names: frozenset[str]) -> dict[str, Entry]:
    """The entries whose functions are called, and those that these call: all that a claim needs of the catalogue."""
    out: dict[str, Entry] = {}
    todo = list(names)
    while todo:
        entry = load().entries.get(todo.pop())
        if entry is not None and entry.id not in out:
            out[entry.id] = entry
            todo += _called(*(line.right for form in entry.forms[:1] for line in form.lines))
    return out


@dataclass(frozen=True)
class Variation:
    """A claim made from a true one.

    Attributes:
        base: id of the true claim.
        kind: what was done.
        level: ``tree`` or ``latex``.
        text: how it reads.
        claim: the claim.
    """

    base: str
    kind: str
    level: str
    text: str
    claim: Equation


@lru_cache(maxsize=1)
def bases() -> tuple[Base, ...]:
    """The claims of the catalogue, and the equality of each form that is the same function with the canonical one."""
    return (*_claims(), *_forms())


def _claims() -> Iterator[Base]:
    for entry in load().entries.values():
        for claim in entry.claims if entry.id not in UNREADY else ():
            if claim.text.startswith(("limit(", "shape(", "feasible(", "infeasible(")):
                continue
            line = define(claim.text)
            yield Base(f"{entry.id}.{claim.name}", entry, line.left, line.right, line.relation, claim.assume)


def _forms() -> Iterator[Base]:
    """Forms of one line without a condition; other lines would have to be put in."""
    for entry in load().entries.values():
        whole = [f for f in entry.forms if len(f.lines) == 1 and not f.condition]
        if len(whole) < 2 or whole[0].name != "canonical" or entry.id in UNREADY:
            continue
        first = whole[0].value
        for form in whole[1:]:
            name = f"{entry.id}/{form.name}"
            if name in OTHER_PARAMETERS or not _same_names(whole[0], form):
                continue
            same_left = form.value.left == first.left or (first.name and form.value.name)
            if same_left and form.value.indices == first.indices and form.value.parameters == first.parameters:
                yield Base(name, replace(entry, roles=whole[0].roles), first.right, form.value.right, "=")


OTHER_PARAMETERS = frozenset(
    f"{entry}/input_first" for entry in ("rnn_state", "gru_gate", "gru_candidate", "lstm_gate", "lstm_candidate")
) | {"gated_linear_unit/gate_first", "cosine_embedding_loss/equality"}
"""Forms that are the same function of other parameters: the blocks of a matrix stand in another order, two matrices
change places, a label is 1 or -1."""


def _same_names(canonical: Form, form: Form) -> bool:
    """Whether a form speaks of the quantities of the canonical form: else it is equal by a definition of another."""
    mine, others = (_quantities(f) for f in (form, canonical))
    return mine <= others and all(_sort(form, n) == _sort(canonical, n) for n in mine)


def _quantities(form: Form) -> set[str]:
    called = {n.function for n in array.walk(form.value.right) if isinstance(n, array.Apply)}
    return set(body_names(form.value.right)) | called


def _sort(form: Form, name: str) -> tuple[object, ...]:
    role = form.roles.get(name)
    return (role.kind, role.shape, role.domain) if role is not None else ()


# ---- places in a tree

Put = Callable[[Node], Node]


def places(root: Node) -> Iterator[tuple[Node, Put, tuple[Node, ...]]]:
    """Every node, what puts another one in its place, and the nodes above it."""
    yield from _places(root, lambda new: new, ())


def _places(node: Node, put: Put, above: tuple[Node, ...]) -> Iterator[tuple[Node, Put, tuple[Node, ...]]]:
    yield node, put, above
    for k, child in enumerate(array.children(node)):
        yield from _places(child, lambda new, k=k: put(_with_child(node, k, new)), (*above, node))


def _with_child(node: Node, k: int, new: Node) -> Node:
    count = iter(range(1000))
    return array.rebuild(node, lambda child: new if next(count) == k else child)


# ---- mistakes in a tree

Edit = tuple[str, Node]


def _sign(n: Node) -> Iterator[Edit]:
    match n:
        case Neg(body):
            yield "sign", body
        case Add(a, Neg(b)):
            yield "sign", Add(a, b)
        case Add(a, b):
            yield "sign", Add(a, Neg(b))
        case Name() | Call() | Div() | Index() | Reduce() | Pow():
            yield "sign", Neg(n)


def _factor(n: Node) -> Iterator[Edit]:
    two = Num(Fraction(2))
    match n:
        case Num(value):
            yield from (("factor", Num(v)) for v in (value + 1, value * 2, value - 1, value / 3))
        case Name() | Call() | Index() | Reduce():
            yield "factor", Mul(two, n)
            yield "factor", Div(n, two)
        case Mul(a, b, how):
            yield "factor", a
            yield "factor", b
            if how == array.HADAMARD:
                yield "factor", Mul(Mul(a, b), a)
        case Div(a, _):
            yield "factor", a


def _exponent(n: Node) -> Iterator[Edit]:
    match n:
        case Pow(base, e):
            yield "exponent", base
            yield "exponent", Pow(base, Add(e, Num(Fraction(1))))
            yield "exponent", Pow(base, Neg(e))
        case Name() | Index() | Call():
            yield "exponent", Pow(n, Num(Fraction(2)))
            yield "exponent", Pow(n, Neg(Num(Fraction(1))))


def _swap(n: Node) -> Iterator[Edit]:
    match n:
        case Div(a, b):
            yield "operand swap", Div(b, a)
        case Add(a, Neg(b)):
            yield "operand swap", Add(b, Neg(a))
        case Mul(a, b, how):
            yield "operand swap", Mul(b, a, how)
        case Pow(a, b):
            yield "operand swap", Pow(b, a)
        case Call(_, (a, b)):
            yield "operand swap", replace(n, args=(b, a))
        case array.Compare(op, a, b):
            yield "operand swap", array.Compare(op, b, a)


def _transpose(n: Node) -> Iterator[Edit]:
    match n:
        case Transpose(body):
            yield "transpose", body
        case Mul(a, b, how) if how == array.MATMUL:
            yield "transpose", Mul(Transpose(a), b, how)
            yield "transpose", Mul(a, Transpose(b), how)


def _root(n: Node) -> Iterator[Edit]:
    match n:
        case Call("sqrt" | "abs" | "log" | "exp", (a,)):
            yield "dropped root" if n.function == "sqrt" else "dropped function", a
        case Pow(a, Num(value)) if value.denominator == 2:
            yield "dropped root", a
        case Pow(array.Norm() as norm, Num(value)) if value == 2:
            yield "dropped root", norm


def _term(n: Node) -> Iterator[Edit]:
    match n:
        case Add(a, b):
            yield "dropped term", a
            yield "dropped term", b


def _brackets(n: Node) -> Iterator[Edit]:
    match n:
        case Mul(a, Add(b, c), how):
            yield "dropped brackets", Add(Mul(a, b, how), c)
        case Mul(Add(a, b), c, how):
            yield "dropped brackets", Add(a, Mul(b, c, how))
        case Div(Add(a, b), c):
            yield "dropped brackets", Add(a, Div(b, c))
        case Div(a, Add(b, c)):
            yield "dropped brackets", Add(Div(a, b), c)
        case Div(a, Mul(b, c, how)):
            yield "dropped brackets", Mul(Div(a, b), c, how)
        case Pow(Add(a, b), e):
            yield "dropped brackets", Add(a, Pow(b, e))
        case Pow(Mul(a, b, how), e):
            yield "dropped brackets", Mul(a, Pow(b, e), how)
        case Pow(Neg(a), e):
            yield "dropped brackets", Neg(Pow(a, e))
        case Neg(Add(a, b)):
            yield "dropped brackets", Add(Neg(a), b)
        case Call(_, (Add(a, b),)):
            yield "dropped brackets", Add(replace(n, args=(a,)), b)
        case Reduce(op, Add(a, b)) if op == "sum":
            yield "dropped brackets", Add(replace(n, body=a), b)


SISTERS = {"sin": "cos", "cos": "sin", "tanh": "sigmoid", "sigmoid": "tanh", "exp": "expm1", "log": "log1p", "sqrt": "square",
           "maximum": "minimum", "relu": "softplus", "softplus": "relu", "abs": "square", "erf": "tanh"}  # fmt: skip


def _sister(n: Node) -> Iterator[Edit]:
    match n:
        case Call(f, _) if f in SISTERS:
            yield "function", replace(n, function=SISTERS[f])
        case Reduce("sum" | "prod" | "max" as op, _):
            yield "function", replace(n, op={"sum": "prod", "prod": "sum", "max": "min"}[op])
        case Reduce(_, _, _, lower, upper) if lower is not None and upper is not None:
            yield "limits", replace(n, lower=Add(lower, Num(Fraction(1))))
            yield "limits", replace(n, upper=Add(upper, Neg(Num(Fraction(1)))))


EDITS = (_sign, _factor, _exponent, _swap, _transpose, _root, _term, _brackets, _sister)


def _indices(root: Node) -> Iterator[tuple[str, Node]]:
    """Another index letter, or the neighbour's place."""
    letters = [i.id for n in array.walk(root) if isinstance(n, Index) for i in n.items if isinstance(i, Name)]
    for node, put, _ in places(root):
        if not isinstance(node, Index):
            continue
        for k, item in enumerate(node.items):
            if isinstance(item, Name):
                for other in dict.fromkeys(letters):
                    if other != item.id:
                        yield "index", put(replace(node, items=(*node.items[:k], Name(other), *node.items[k + 1 :])))
            elif isinstance(item, Num):
                yield "index", put(replace(node, items=(*node.items[:k], Num(item.value + 1), *node.items[k + 1 :])))


def mistakes(root: Node) -> Iterator[Edit]:
    """Every expression with one mistake in it; nothing inside an index or a place that is derived by is touched."""
    for node, put, above in places(root):
        if any(isinstance(a, Index) for a in above) or any(
            isinstance(a, array.Derivative) and node in a.wrt for a in above
        ):
            continue
        for edit in EDITS:
            for kind, new in edit(node):
                yield kind, put(new)
    yield from _indices(root)


FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def of_base(base: Base) -> Iterator[tuple[str, Node, Node, str]]:
    """All mutants of a claim, before they are brought into index form."""
    for kind, new in mistakes(base.left):
        yield kind, new, base.right, base.relation
    for kind, new in mistakes(base.right):
        yield kind, base.left, new, base.relation
    if base.relation in FLIPPED:
        yield "relation", base.left, base.right, FLIPPED[base.relation]


def tree_mutants(count: int, seed: int) -> Iterator[Variation]:
    """Mutants on the tree level: of every claim as many as of any other, as far as it has them."""
    rng = random.Random(f"mutants {seed}")
    queues = []
    for base in bases():
        found = list(of_base(base))
        rng.shuffle(found)
        queues.append((base, iter(found)))
    seen: set[tuple[str, str]] = set()
    while queues and count > 0:
        left = []
        for base, queue in queues:
            made = next(_built(base, queue, seen), None)
            if made is not None and count > 0:
                left.append((base, queue))
                count -= 1
                yield made
        queues = left


def _built(base: Base, queue: Iterator[tuple[str, Node, Node, str]], seen: set[tuple[str, str]]) -> Iterator[Variation]:
    for kind, left, right, relation in queue:
        text = f"{show(left)} {relation} {show(right)}"
        if (base.id, text) in seen:
            continue
        seen.add((base.id, text))
        claim = base.equation(left, right, relation)
        if claim is not None:
            yield Variation(base.id, kind, "tree", text, claim)


# ---- mistakes in LaTeX


def _group(text: str, start: int) -> int:
    """End of the brace group that opens at ``start``."""
    depth = 0
    for k in range(start, len(text)):
        depth += (text[k] == "{") - (text[k] == "}")
        if depth == 0:
            return k + 1
    return len(text)


def latex_mistakes(text: str) -> Iterator[tuple[str, str]]:
    """LaTeX with one mistake in it."""
    head = text.find("=") + 1

    def put(a: int, b: int, new: str) -> str:
        return text[:a] + new + text[b:]

    for m in re.finditer(r"[-+]", text):
        if m.start() >= head:
            yield "sign", put(*m.span(), "+" if m[0] == "-" else "-")
    for m in re.finditer(r"\\frac(?=\{)", text):
        a = _group(text, m.end())
        b = _group(text, a)
        if m.start() >= head:
            yield "operand swap", put(m.end(), b, text[a:b] + text[m.end() : a])
            yield "factor", put(m.start(), b, text[m.end() : a])
            yield "dropped brackets", put(m.start(), b, f"{text[m.end() + 1 : a - 1]} / {text[a + 1 : b - 1]}")
    for m in re.finditer(r"\\sqrt(?=\{)", text):
        yield "dropped root", put(*m.span(), "")
    for m in re.finditer(r"\^(?:\{\\?(?:T|top|mathsf\{T\})\}|T|\\top)", text):
        yield "transpose", put(*m.span(), "")
    for m in re.finditer(r"\^(?:2|\{2\})", text):
        yield "exponent", put(*m.span(), "^3")
        yield "exponent", put(*m.span(), "")
    for m in re.finditer(r"(?<=\^\{)-", text):
        yield "exponent", put(*m.span(), "")
    for m in re.finditer(r"_(?:([ijk])\b|\{([ijk])\})", text):
        letter = m[1] or m[2]
        yield from (("index", put(*m.span(), f"_{o}")) for o in "ijk" if o != letter)
    for m in re.finditer(r"(?<![\d.^_{\w])\d+(?![\d.\w}])", text):
        if m.start() >= head:
            yield "factor", put(*m.span(), str(int(m[0]) + 1))
    for m in re.finditer(r"(\\left)?\((?=[^()]*[-+][^()]*\))", text):
        end = text.find(")", m.end())
        inner = text[m.end() : end].removesuffix(r"\right")
        if m.start() >= head:
            yield "dropped brackets", put(m.start(), end + 1, inner)
    for m in re.finditer(r"[-+]\s*[^-+(){}=]+?(?=\s*(?:[-+})]|$))", text):
        if m.start() >= head:
            yield "dropped term", put(*m.span(), "")
    for m in re.finditer(r"\\(log|exp|sin|cos|tanh|max|min)\b", text):
        yield (
            "function",
            put(*m.span(), {"sin": r"\cos", "cos": r"\sin", "max": r"\min", "min": r"\max"}.get(m[1], r"\sin")),
        )


@dataclass(frozen=True)
class Spelled:
    """A spelling of an entry that is read, found to agree with a form, and brought into index form."""

    id: str
    latex: str
    agreement: Agreement
    claim: Equation


def _statement(latex: str) -> Statement | None:
    found = [s for _, s in _read(split(f"$${latex}$$", "<mutant>"))]
    return found[0] if len(found) == 1 and found[0].problem is None and found[0].readings else None


@lru_cache(maxsize=1)
def spellings() -> tuple[Spelled, ...]:
    """The LaTeX spellings of the catalogue that can be compared."""
    judge = judge_for("en")
    groups: dict[str, list[list[object]]] = {}
    for group in judge.groups:
        groups.setdefault(group[0].entry.id, []).append(group)  # type: ignore[arg-type]
    return tuple(
        s
        for entry in judge.catalogue.entries.values()
        if entry.id not in UNREADY
        for k, latex in enumerate(entry.latex)
        if (s := _spelled(f"{entry.id}#{k}", latex, judge, groups.get(entry.id, []))) is not None  # type: ignore[arg-type]
    )


def _spelled(name: str, latex: str, judge: Judge, groups: list[list[object]]) -> Spelled | None:
    s = _statement(latex)
    for side in judge.sides(s) if s is not None else ():
        for found in agreements(side, [(g, Care()) for g in groups]):  # type: ignore[misc]
            try:
                return Spelled(name, latex, found, equation(found))
            except (SymdlError, NotImplementedError):
                continue
    return None


def latex_mutants(count: int, seed: int) -> Iterator[Variation]:
    """Mutants of the spellings, read as the reader reads them, in the names of the right spelling."""
    rng = random.Random(f"latex {seed}")
    todo = [(s, kind, text) for s in spellings() for kind, text in dict.fromkeys(latex_mistakes(s.latex))]
    rng.shuffle(todo)
    for s, kind, text in todo:
        if count <= 0:
            return
        claim = _reread(s, text)
        if claim is not None:
            count -= 1
            yield Variation(s.id, kind, "latex", text, claim)


def _reread(s: Spelled, text: str) -> Equation | None:
    statement = _statement(text)
    if statement is None:
        return None
    old = s.agreement.side
    for side in judge_for("en").sides(statement):
        if side.index != old.index or side.equation != old.equation or side.right == old.right:
            continue
        try:
            return equation(s.agreement, side.right, like=old.right)
        except (SymdlError, NotImplementedError, RecursionError):
            return None
    return None
