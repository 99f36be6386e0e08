"""What kind of statement a formula is: definition, claim, update, shape, count, relation, fragment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from symdl.errors import Span
from symdl.reader.names import binders
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Reading
from symdl.terms.symbols import Atom
from symdl.terms.syntax import Fence, Font, Letter, Mark, Number, Product, Relation, Scripted, Sum, Syntax, Word, walk

ASSIGNING = ("=", ":=")


def kind_of(relations: Sequence[str], readings: Sequence[Reading], atoms: Mapping[str, Atom]) -> str:
    """The kind of a statement that was read."""
    if not readings:
        return "relation" if relations else "fragment"
    sides = readings[0].sides
    if not relations:
        return "count" if sides[0] is not None and is_count(sides[0]) else "fragment"
    links = [k for k, r in enumerate(relations) if r in ASSIGNING]
    if not links or (len(relations) > 1 and set(relations) == {":="}) or relations[-1] not in ASSIGNING:
        return "relation"
    at = links[-1] if relations[0] not in ASSIGNING else 0
    left, right = sides[at], [s for s in sides[at + 1 :] if s is not None]
    if left is None or not is_target(left):
        return "claim"
    if is_derivative(left, atoms):
        return "claim"
    if recurs(left, right, atoms) or (relations[0] == ":=" and isinstance(left, (array.Name, array.Index))):
        return "update"
    return "definition"


def is_target(node: Node) -> bool:
    """Whether a left side is a name, perhaps indexed, or a call with plain arguments."""
    if isinstance(node, array.Index):
        return is_target(node.base)
    if isinstance(node, array.Pow):  # a variance: sigma^2 = ...
        return isinstance(node.exponent, array.Num) and node.exponent.value == 2 and is_target(node.base)
    if isinstance(node, array.Call) and node.function in ("min", "max") and len(node.args) == 1:
        return is_target(node.args[0])
    if isinstance(node, (array.Apply, array.Call)):
        return all(isinstance(a, (array.Name, array.Index, array.Apply)) for a in node.args) and bool(node.args)
    if isinstance(node, array.Concat):
        return all(map(is_target, node.args))
    return isinstance(node, array.Name)


def is_derivative(node: Node, atoms: Mapping[str, Atom]) -> bool:
    """Whether a left side is a derivative by its form or by its name (``dW``, ``grad``, ``f'``)."""
    if isinstance(node, array.Index):
        node = node.base
    if isinstance(node, array.Derivative) or (isinstance(node, array.Apply) and node.primes):
        return True
    if isinstance(node, array.Name) and (atom := atoms.get(node.id)) is not None:
        letter = atom.letter
        return letter == "grad" or (len(letter) == 2 and letter[0] == "d" and letter.isalpha())
    return False


def recurs(left: Node, right: Sequence[Node], atoms: Mapping[str, Atom]) -> bool:
    """Whether the left side's own letter stands on the right too, whatever its place in time."""
    left = left.base if isinstance(left, array.Index) else left
    if not isinstance(left, array.Name):
        return False
    own = {replace(atoms[n], mark="") for n in array.names(left)[:1] if n in atoms}
    return any(replace(atoms[n], mark="") in own for side in right for n in array.names(side) if n in atoms)


def is_count(node: Node) -> bool:
    """Whether an expression is a count: sums and products of sizes, with words or a written product."""
    parts = list(array.walk(node))
    if not all(isinstance(p, (array.Name, array.Num, array.Add, array.Mul, array.Neg, array.Div)) for p in parts):
        return False
    products = [p for p in parts if isinstance(p, array.Mul)]
    return any(p.how in (array.STAR, array.DOT) for p in products)


def used_atoms(readings: Sequence[Reading], atoms: Mapping[str, Atom]) -> dict[str, Atom]:
    """The atoms that occur in some reading; choices met on the way may have left others."""
    used: set[str] = set()
    for side in (s for r in readings for s in r.sides if s is not None):
        for node in array.walk(side):
            if isinstance(node, array.Name):
                used.add(node.id)
            elif isinstance(node, array.Apply):
                used.add(node.function)
            elif isinstance(node, array.Expect):
                used |= {node.variable, node.distribution}
    return {name: atom for name, atom in atoms.items() if name in used}


def shift_marks(readings: Sequence[Reading], atoms: dict[str, Atom]) -> tuple[list[Reading], dict[str, Atom]]:
    r"""``w_{t+1} = w_t - v_t``: what is next becomes current, and its own current value the previous one."""
    lefts = {n for r in readings if r.sides and r.sides[0] is not None for n in array.names(r.sides[0])}
    following = {replace(a, mark="") for n, a in atoms.items() if a.mark == "next" and n in lefts}
    if not following or any(a.mark == "prev" for a in atoms.values()):
        return list(readings), atoms
    renamed: dict[str, str] = {}
    changed: dict[str, Atom] = {}
    for name, atom in atoms.items():
        if replace(atom, mark="") in following and atom.mark in ("next", "cur"):
            new = replace(atom, mark="cur" if atom.mark == "next" else "prev")
            renamed[name] = new.identifier
            changed[new.identifier] = new
        else:
            changed[name] = atom
    moved = [replace(r, sides=tuple(s and array.rename(s, renamed) for s in r.sides)) for r in readings]
    return moved, changed


# ---- shapes, on the syntax tree ---------------------------------------------------------------------------


def size_items(node: Syntax) -> tuple[Syntax, ...] | None:
    """The items of a tuple of sizes ``(n_h, m)``; ``None`` if it is none."""
    if isinstance(node, Fence) and node.opener in ("(", "[") and len(node.items) > 1 and set(node.separators) <= {","}:
        return node.items if all(map(is_size, node.items)) else None
    return None


def product_sizes(node: Syntax) -> tuple[Syntax, ...] | None:
    r"""The factors of ``224 \times 224 \times 3``."""
    if isinstance(node, Product) and node.operators and set(node.operators) == {"times"}:
        return node.factors if all(map(is_size, node.factors)) else None
    return None


def is_size(node: Syntax) -> bool:
    """Whether a node may be an axis size: a whole number, a name, a sum or product of those."""
    if isinstance(node, Number):
        return node.text.isdigit()
    if isinstance(node, Letter):
        return node.name not in ("infty", "theta")
    if isinstance(node, Word):
        return node.style != "big"
    if isinstance(node, Scripted):
        return is_size(node.base) and all(s.position == "sub" for s in node.scripts)
    if isinstance(node, Sum):
        return all(map(is_size, node.terms)) and set(node.signs) <= {"", "+", "-"} and node.signs[0] == ""
    if isinstance(node, Product):
        return all(map(is_size, node.factors))
    return False


def real_space(node: Syntax) -> tuple[Syntax, ...] | None:
    r"""The sizes of ``\mathbb{R}^{n \times m}``; empty for ``\mathbb{R}`` itself; ``None`` if it is no such set."""
    base = node.base if isinstance(node, Scripted) else node
    if not (isinstance(base, Font) and base.name == "bb" and isinstance(base.body, Letter) and base.body.name == "R"):
        return None
    if not isinstance(node, Scripted):
        return ()
    body = node.scripts[-1].body
    if body is None or isinstance(body, Mark) or len(node.scripts) > 1:
        return None
    sizes = product_sizes(body)
    if sizes is not None:
        return sizes
    return (body,) if is_size(body) else None


def without_task(relations: tuple[str, ...], sides: tuple[Syntax, ...]) -> tuple[tuple[str, ...], tuple[Syntax, ...]]:
    r"""``\hat w = \arg\min_w L(w) = E``: what is minimised is defined behind it; the task itself has no value."""
    for k in range(len(sides) - 2, 0, -1):
        side = sides[k]
        if isinstance(side, Product) and not side.operators[0]:
            sign = side.factors[0]
            word = sign.base if isinstance(sign, Scripted) else sign
            if isinstance(word, Word) and word.text in ("argmin", "argmax"):
                return relations[k:], (_without_first(side), *sides[k + 1 :])
    return relations, sides


def task(relations: Sequence[str], sides: Sequence[Syntax], indices: frozenset[str]) -> Syntax | None:
    r"""What ``\hat w = \arg\min_w L(w)`` optimises, if the statement ends in such a task; alone also ``\min_w L``."""
    if relations and relations[-1] not in (*ASSIGNING, "in"):
        return None
    words = ("argmin", "argmax") if relations else ("argmin", "argmax", "min", "max")
    side, found = sides[-1], False
    while (sign := _first(side)) is not None:
        word = sign.base if isinstance(sign, Scripted) else sign
        if not (isinstance(word, Word) and word.text in words and isinstance(sign, Scripted)):
            break
        lower = next((s.body for s in sign.scripts if s.position == "sub"), None)
        if lower is None or set(binders(lower)) & indices:
            return None
        side, found, words = _without_first(side), True, (*words, "min", "max")
    return side if found else None


def _first(node: Syntax) -> Syntax | None:
    """The first factor of a side that goes on behind it."""
    if isinstance(node, Sum):
        return _first(node.terms[0]) if not node.signs[0] else None
    return node.factors[0] if isinstance(node, Product) and not node.operators[0] else None


def _without_first(node: Syntax) -> Syntax:
    """A side without its first factor."""
    if isinstance(node, Sum):
        first = _without_first(node.terms[0])
        return Sum(Span(first.span.start, node.span.end), node.signs, (first, *node.terms[1:]))
    assert isinstance(node, Product)
    rest = node.factors[1:]
    span = rest[0].span.cover(rest[-1].span)
    return rest[0] if len(rest) == 1 else Product(span, rest, node.operators[1:])


def convolved(node: Syntax) -> tuple[Syntax, Syntax] | None:
    r"""The two functions of ``h(x) \otimes g(x)`` on a left side: a convolution is being defined."""
    if not isinstance(node, Product) or node.operators not in (("", "odot", ""), ("", "otimes", ""), ("", "conv", "")):
        return None
    if not (isinstance(node.factors[1], Fence) and isinstance(node.factors[3], Fence)):
        return None
    left = Product(node.factors[0].span.cover(node.factors[1].span), node.factors[:2], ("",))
    right = Product(node.factors[2].span.cover(node.factors[3].span), node.factors[2:], ("",))
    return left, right


def is_comparison(items: Sequence[Syntax]) -> bool:
    """Whether the items of a bracket are one comparison, whose value is 0 or 1."""
    return len(items) == 1 and isinstance(items[0], Relation) and set(items[0].operators) <= {"<", ">", "<=", ">="}


def is_number_set(node: Syntax) -> bool:
    r"""Whether a side is ``\mathbb{R}``, ``\mathbb{R}^+``, alone."""
    base = node.base if isinstance(node, Scripted) else node
    return isinstance(base, Font) and base.name == "bb"


def equation_number(node: Syntax, text: str) -> Syntax:
    """Drops an equation's number printed behind it: ``= a - b (18)``."""
    if isinstance(node, Sum):
        last = equation_number(node.terms[-1], text)
        if last is node.terms[-1]:
            return node
        return replace(node, terms=(*node.terms[:-1], last), span=replace(node.span, end=last.span.end))
    if isinstance(node, Product) and not node.operators[-1] and is_number_tag(node.factors[-1], text):
        factors = node.factors[:-1]
        span = replace(node.span, end=factors[-1].span.end)
        return factors[0] if len(factors) == 1 else Product(span, factors, node.operators[:-1])
    return node


def is_number_tag(node: Syntax, text: str) -> bool:
    """Whether a node is ``(18)`` with a blank before it."""
    if isinstance(node, Fence) and node.opener == "(" and len(node.items) == 1 and isinstance(node.items[0], Number):
        before = text[: node.span.start]
        return node.items[0].text.isdigit() and (not before or before[-1].isspace())
    return False


def is_bare(node: Syntax) -> bool:
    """Whether nothing of a node could have a value: an operator or an arrow alone."""
    return all(isinstance(n, Mark) for n in walk(node))
