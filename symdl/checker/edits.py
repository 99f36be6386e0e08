"""Single edits of a formula: the slips people make when they write or copy one.

Each edit has a cost (the smaller, the likelier the slip) and a kind; some kinds are never reason enough to
accuse (`LAYOUT`, `STRUCTURE`), see `symdl.checker.accuse`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symdl.terms import array
from symdl.terms.array import Add, Call, Div, Index, Mul, Name, Neg, Node, Norm, Num, Pow, Reduce, Transpose
from symdl.terms.symbols import Atom

LAYOUT = frozenset({"transpose", "order", "product"})
"""Edits of layout: judged only against declared shapes."""
STRUCTURE = frozenset({"summand", "added", "sum-product", "sum-dropped", "numerator"})
"""Edits that take away a summand, or bring in something new."""
_FUNCTION_WORDS = {"sqrt": "a square root", "log": "a logarithm", "exp": "an exponential", "abs": "an absolute value"}
WRAPPERS = ("sqrt", "tanh", "sigmoid", "log", "exp", "abs", "relu")


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: the new tree, what was replaced by what, how likely, and of which kind."""

    tree: Node
    cost: float
    kind: str
    text: str
    old: Node
    new: Node
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """What an edit may put in.

    Attributes:
        names: quantities in scope, by identifier.
        foreign: those of them that only the entry knows.
        mentioned: those of them that the section mentions, but does not define.
        recent: those of them that were defined last.
        letters: index letters in use.
        atoms: identifier -> atom.
    """

    names: tuple[str, ...]
    foreign: frozenset[str]
    mentioned: frozenset[str]
    recent: frozenset[str]
    letters: tuple[str, ...]
    atoms: Mapping[str, Atom]


Local = tuple[Node, float, str, str]
"""A replacement of one node: new node, cost, kind, words."""


def edits(tree: Node, pool: Pool) -> Iterator[Edit]:
    """Yields every single edit: at one node, and at all nodes equal to it; then pairs of an index and a limit."""
    seen = {tree}
    places = list(_places(tree, False))
    count: dict[Node, int] = {}
    for _, node, _ in places:
        count[node] = count.get(node, 0) + 1
    together: set[tuple[Node, Node]] = set()
    negated = {id(n.body) for _, n, _ in places if isinstance(n, Neg)}  # the place, not what stands there
    for put, node, in_index in places:
        for new, cost, kind, text in local(node, pool, in_index):
            if isinstance(new, Neg) and new.body == node and id(node) in negated:
                continue  # taking the minus away says the same, more simply
            whole = put(new)
            if whole not in seen:
                seen.add(whole)
                yield Edit(whole, cost, kind, text, node, new)
            if count[node] > 1 and (node, new) not in together:
                together.add((node, new))
                whole = _replace_all(tree, node, new)
                if whole not in seen:
                    seen.add(whole)
                    yield Edit(whole, cost + 0.2, kind, text + " (everywhere)", node, new, True)
    yield from _pairs(tree, pool, seen)


def foreign_edits(tree: Node, names: Sequence[str]) -> Iterator[Edit]:
    """Edits that put in a quantity the sheet does not mention: for one name, at one place or everywhere."""
    seen: set[Node] = set()
    for put, node, in_index in _places(tree, False):
        if in_index or not isinstance(node, (Name, Index)):
            continue
        for name in names:
            new = replace(node, base=Name(name)) if isinstance(node, Index) else Name(name)
            for whole, cost, where in ((put(new), 2.1, ""), (_replace_all(tree, node, new), 2.3, " (everywhere)")):
                if whole not in seen:
                    seen.add(whole)
                    yield Edit(whole, cost, "symbol", f"{name} is meant{where}", node, new, bool(where))


def _pairs(tree: Node, pool: Pool, seen: set[Node]) -> Iterator[Edit]:
    """Two slips of one kind of mistake: an index and a limit, or both limits."""
    for put, node, _ in _places(tree, False):
        if not isinstance(node, Reduce) or node.lower is None:
            continue
        for new, cost, _, text in _limits(node):
            first = put(new)
            for put2, node2, inside in list(_places(first, False)):
                if not (inside or isinstance(node2, Reduce)):
                    continue
                options = _limits(node2) if isinstance(node2, Reduce) else _index_letters(node2, pool)
                for new2, cost2, kind2, text2 in options:
                    whole = put2(new2)
                    if whole not in seen:
                        seen.add(whole)
                        yield Edit(
                            whole,
                            cost + cost2 - 0.3,
                            "limit" if kind2 == "limit" else "index",
                            f"{text} and {text2}",
                            node,
                            new,
                        )


Put = Callable[[Node], Node]


def _places(node: Node, in_index: bool, put: Put = lambda n: n) -> Iterator[tuple[Put, Node, bool]]:
    """Yields every node with a function that rebuilds the tree around a replacement."""
    yield put, node, in_index
    for k, child in enumerate(array.children(node)):
        if isinstance(node, array.Compare):  # a guard: no place for slips of symbols
            continue
        inside = in_index or (isinstance(node, Index) and k > 0)
        yield from _places(child, inside, _hole(node, k, put))


def _hole(node: Node, k: int, put: Put) -> Put:
    def fill(new: Node) -> Node:
        counter = iter(range(10**6))
        return put(array.rebuild(node, lambda child: new if next(counter) == k else child))

    return fill


def _replace_all(tree: Node, old: Node, new: Node) -> Node:
    if tree == old:
        return new
    return array.rebuild(tree, lambda child: _replace_all(child, old, new))


def local(node: Node, pool: Pool, in_index: bool) -> Iterator[Local]:
    """Replacements of one node."""
    if isinstance(node, array.Compare):
        yield from _compare(node)
        return
    if in_index:
        yield from _index_letters(node, pool)
        return
    if isinstance(node, Num):
        yield from _constants(node)
        return
    yield from _names(node, pool)
    yield from _any(node)
    special = _BY_TYPE.get(type(node))
    if special is not None:
        yield from special(node)
    if isinstance(node, (Pow, array.Apply)) or (isinstance(node, Call) and len(node.args) == 1):
        for name in pool.names:
            if name not in pool.foreign and name not in pool.mentioned:
                yield Name(name), _symbol_cost(name, pool) + 0.1, "symbol", f"{name} is meant"


def _symbol_cost(name: str, pool: Pool) -> float:
    return 1.7 if name in pool.mentioned else 1.2 if name in pool.recent else 1.3


def _constants(node: Num) -> Iterator[Local]:
    v = node.value
    for w in dict.fromkeys((v + 1, v - 1, 2 * v, v / 2)):
        if w != v and w > 0:
            yield Num(w), 1.2, "constant", f"{w} is meant, not {v}"


def _index_letters(node: Node, pool: Pool) -> Iterator[Local]:
    if isinstance(node, Name):
        for letter in pool.letters:
            if letter != node.id:
                yield Name(letter), 1.0, "index", f"the index {letter} is meant, not {node.id}"
    elif isinstance(node, Add):
        yield (
            Add(node.left, node.right.body if isinstance(node.right, Neg) else Neg(node.right)),
            1.0,
            "index",
            "a sign in an index is flipped",
        )


def _names(node: Node, pool: Pool) -> Iterator[Local]:
    if isinstance(node, Name):
        for name in pool.names:
            if name != node.id:
                yield Name(name), _symbol_cost(name, pool), "symbol", f"{name} is meant, not {node.id}"
        atom = pool.atoms.get(node.id)
        if atom is not None and atom.mark in ("cur", "prev"):
            other = replace(atom, mark="prev" if atom.mark == "cur" else "cur")
            yield Name(other.identifier), 1.0, "mark", f"{node.id} is taken at the wrong step"
        if node.id in pool.letters:  # the bare index where an indexed quantity is meant: exp(i) for exp(x_i)
            for name in pool.names:
                yield (
                    Index(Name(name), (Name(node.id),)),
                    1.0,
                    "index",
                    f"{name} with the index {node.id} is meant, not the bare index",
                )
            return
        for letter in pool.letters:
            yield Index(Name(node.id), (Name(letter),)), 1.0, "index", f"{node.id} lacks the index {letter}"
    elif isinstance(node, Index) and isinstance(node.base, Name):
        yield node.base, 1.4, "index", f"{node.base.id} needs no index"


def _seldom_positive(node: Node) -> bool:
    """Whether a term is a logarithm of something, most often a probability, or has a minus."""
    return isinstance(node, Neg) or any(isinstance(n, Call) and n.function == "log" for n in array.walk(node))


def _any(node: Node) -> Iterator[Local]:
    if isinstance(node, Neg):
        yield node.body, 1.0, "sign", "a sign is flipped"
    else:
        yield Neg(node), 1.0, "sign", "a sign is flipped"
    yield Div(Num(Fraction(1)), node), 1.3, "inverse", "the reciprocal is meant"
    yield Transpose(node), 1.2, "transpose", "a transpose is missing"
    yield Pow(node, Num(Fraction(2))), 1.1, "exponent", "a square is missing"
    for f in WRAPPERS:
        if f == "relu" and _seldom_positive(node):
            continue  # nothing would be left
        yield (
            Call(f, (node,)),
            1.1 if f == "sqrt" else 1.2,
            "root" if f == "sqrt" else "function",
            f"{_FUNCTION_WORDS.get(f, f)} is missing",
        )
    if isinstance(node, (Name, Index, Call, Pow)):
        yield Add(Num(Fraction(1)), Neg(node)), 1.8, "added", "one minus it is meant"


def _add(n: Add) -> Iterator[Local]:
    a, b = n.left, n.right
    yield a, 1.5, "summand", "a summand is too much"
    yield b, 1.5, "summand", "a summand is too much"
    yield Mul(a, b, array.JUXTAPOSED), 1.4, "sum-product", "a product is meant, not a sum"
    for new in _scopes_of_sum(a, b):
        yield new, 1.0, "scope", "brackets are misplaced"


def _scopes_of_sum(a: Node, b: Node) -> Iterator[Node]:
    """Where brackets may have gone astray in ``a + b``."""
    if isinstance(a, Mul):
        yield Mul(a.left, Add(a.right, b), a.how)
    if isinstance(b, Mul):
        yield Mul(Add(a, b.left), b.right, b.how)
    if isinstance(b, Neg) and isinstance(b.body, Mul):
        yield Mul(Add(a, Neg(b.body.left)), b.body.right, b.body.how)
    if isinstance(a, Neg) and isinstance(a.body, Mul):
        yield Neg(Mul(a.body.left, Add(a.body.right, b), a.body.how))
    if isinstance(a, Div):
        yield Div(a.left, Add(a.right, b))
        yield Div(Add(a.left, b), a.right)
    if isinstance(b, Div):
        yield Div(Add(a, b.left), b.right)
    if isinstance(a, Call) and len(a.args) == 1:
        yield replace(a, args=(Add(a.args[0], b),))
    if isinstance(a, Reduce):
        yield replace(a, body=Add(a.body, b))
    if isinstance(a, Pow):
        yield Pow(Add(a.base, b), a.exponent)


def _mul(n: Mul) -> Iterator[Local]:
    a, b = n.left, n.right
    yield a, 1.5, "factor", "a factor is too much"
    yield b, 1.5, "factor", "a factor is too much"
    yield Mul(b, a, n.how), 1.0, "order", "the factors are in the wrong order"
    yield Div(a, b), 1.2, "quotient", "a quotient is meant, not a product"
    yield Add(a, b), 1.4, "sum-product", "a sum is meant, not a product"
    other = array.HADAMARD if n.how != array.HADAMARD else array.JUXTAPOSED
    yield Mul(a, b, other), 1.1, "product", "the other kind of product is meant"
    if isinstance(a, Add):
        yield Add(a.left, Mul(a.right, b, n.how)), 1.0, "scope", "brackets are misplaced"
    if isinstance(b, Add):
        yield Add(Mul(a, b.left, n.how), b.right), 1.0, "scope", "brackets are misplaced"


def _div(n: Div) -> Iterator[Local]:
    a, b = n.left, n.right
    yield Div(b, a), 1.1, "quotient", "the quotient is upside down"
    yield a, 1.4, "factor", "the denominator is too much"
    yield b, 1.6, "numerator", "the numerator is too much"
    yield Mul(a, b, array.JUXTAPOSED), 1.1, "quotient", "a product is meant, not a quotient"
    if isinstance(a, Add):
        yield Add(a.left, Div(a.right, b)), 1.0, "scope", "brackets are misplaced"
        yield Add(Div(a.left, b), a.right), 1.0, "scope", "brackets are misplaced"
    if isinstance(b, Add):
        yield Add(Div(a, b.left), b.right), 1.0, "scope", "brackets are misplaced"


def _pow(n: Pow) -> Iterator[Local]:
    yield n.base, 1.1, "exponent", "the exponent is too much"
    yield (
        Pow(n.base, n.exponent.body if isinstance(n.exponent, Neg) else Neg(n.exponent)),
        1.0,
        "exponent",
        "the exponent has the wrong sign",
    )
    if isinstance(n.base, Add):
        yield Add(n.base.left, Pow(n.base.right, n.exponent)), 1.0, "scope", "brackets around the base are misplaced"
    if isinstance(n.base, Mul):
        yield (
            Mul(n.base.left, Pow(n.base.right, n.exponent), n.base.how),
            1.0,
            "scope",
            "brackets around the base are misplaced",
        )


def _call(n: Call) -> Iterator[Local]:
    swap = {"max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum"}
    if n.function in swap:
        yield replace(n, function=swap[n.function]), 1.0, "extreme", f"{swap[n.function]} is meant, not {n.function}"
    if len(n.args) != 1 or n.options:
        return
    yield (
        n.args[0],
        1.2,
        "root" if n.function == "sqrt" else "function",
        f"{_FUNCTION_WORDS.get(n.function, n.function)} is too much",
    )
    for f in WRAPPERS:
        if f != n.function:
            yield Call(f, n.args), 1.3, "function", f"{f} is meant, not {n.function}"
    inner = n.args[0]
    if isinstance(inner, Add):
        yield Add(replace(n, args=(inner.left,)), inner.right), 1.0, "scope", "brackets are misplaced"


def _norm(n: Norm) -> Iterator[Local]:
    one, two = Num(Fraction(1)), Num(Fraction(2))
    if n.p == one:
        yield replace(n, p=None), 1.0, "norm", "the 2-norm is meant, not the 1-norm"
    else:
        yield replace(n, p=one), 1.0, "norm", "the 1-norm is meant, not the 2-norm"
        yield Pow(n, two), 1.1, "exponent", "the norm should be squared"


def _limits(n: Reduce) -> Iterator[Local]:
    if n.lower is None or n.upper is None:
        return
    one = Num(Fraction(1))
    yield replace(n, lower=_step(n.lower, 1)), 1.0, "limit", "the sum should start one later"
    yield replace(n, lower=_step(n.lower, -1)), 1.0, "limit", "the sum should start one earlier"
    yield replace(n, upper=Add(n.upper, Neg(one))), 1.1, "limit", "the sum should end one earlier"
    yield replace(n, upper=Add(n.upper, one)), 1.1, "limit", "the sum should end one later"


def _step(limit: Node, by: int) -> Node:
    if isinstance(limit, Num):
        return Num(limit.value + by)
    one = Num(Fraction(1))
    return Add(limit, one if by > 0 else Neg(one))


def _reduce(n: Reduce) -> Iterator[Local]:
    yield from _limits(n)
    yield n.body, 2.0, "sum-dropped", "the sum is too much"
    if isinstance(n.body, Add):
        yield Add(replace(n, body=n.body.left), n.body.right), 1.0, "scope", "brackets around the summand are misplaced"


def _compare(n: array.Compare) -> Iterator[Local]:
    flipped = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(n.op)
    if flipped is not None:
        yield replace(n, op=flipped), 1.0, "relation", f"{flipped} is meant, not {n.op}"


def _transpose(n: Transpose) -> Iterator[Local]:
    yield n.body, 1.1, "transpose", "a transpose is too much"


_BY_TYPE: Mapping[type, Callable[..., Iterator[Local]]] = {
    Add: _add,
    Mul: _mul,
    Div: _div,
    Pow: _pow,
    Call: _call,
    Norm: _norm,
    Reduce: _reduce,
    Transpose: _transpose,
    array.Compare: _compare,
}


def letters_of(tree: Node, free: Sequence[str]) -> tuple[str, ...]:
    """Index letters in use: the bound ones, then the free ones."""
    bound = [n.index for n in array.walk(tree) if isinstance(n, Reduce)]
    return tuple(dict.fromkeys((*bound, *free)))
