r"""Which letters of a formula are indices and which mark a step in time or a layer.

A letter bound by a sum is an index, and so is every letter that stands beside one in the same place of the same
name (``z_j`` under ``\sum_j`` makes the ``i`` of ``z_i`` an index). A letter met as ``L`` and ``L + 1`` that no sum
binds marks steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symdl.reader import conventions as conv
from symdl.reader.names import NameTable, binders, key, numbered_letter
from symdl.terms.syntax import (
    Accent,
    Empty,
    Fence,
    Font,
    Letter,
    Mark,
    Number,
    Product,
    Relation,
    Scripted,
    Sum,
    Syntax,
    Word,
    walk,
)

_SIDES = {"<": "before", "<=": "upto", ">": "after", ">=": "from"}


@dataclass(frozen=True, slots=True)
class Letters:
    """The roles of letters in one formula.

    Attributes:
        bound: letters some sum, product or maximum runs over.
        indices: letters that index arrays, the bound ones included.
        free: letters that may as well be labels: nothing binds them.
        arrays: keys of names that are indexed by one of ``indices``.
        steps: letters that mark steps in time (``t``, and ``k`` if ``k+1`` or ``k-1`` occurs).
        layers: letters that mark layers.
        means: keys of letters whose bar makes another name: a Greek one, or one whose elements stand beside it
            (``x_i`` beside ``x`` with a bar); on other letters a bar says vector.
        powers: keys of names whose superscripts ``t``, ``t+1`` are marks, no powers.
    """

    bound: frozenset[str]
    indices: frozenset[str]
    free: frozenset[str]
    arrays: frozenset[str]
    steps: frozenset[str]
    layers: frozenset[str]
    powers: frozenset[str]
    means: frozenset[str]


NO_LETTERS = Letters(*[frozenset()] * 8)


def analyse(nodes: Iterable[Syntax], names: NameTable) -> Letters:
    """Finds the roles of letters over all rows of a formula."""
    everything = [n for node in nodes for n in walk(node)]
    scripted = [n for n in everything if isinstance(n, Scripted)]
    subs = [(k, items) for n in scripted if (k := key(n.base)) is not None for items in _index_lists(n)]
    bound = _bound_letters(scripted)
    bound |= _inferred(everything, scripted, subs, bound)
    steps, layers = _marks(scripted, subs, bound, names)
    indices, arrays = _spread(subs, bound | _of_calls(everything) - steps - layers, steps | layers)
    free = frozenset() if bound else _free(subs, names) - steps - layers
    indices |= free
    powers, means = _step_powers(scripted, steps), _means(everything, scripted, indices)
    return Letters(bound, indices, free, arrays, steps, layers, powers, means)


def _means(everything: list[Syntax], scripted: list[Scripted], indices: frozenset[str]) -> frozenset[str]:
    """Letters whose bar makes another name."""
    barred = {k for n in everything if isinstance(n, Accent) and n.name == "bar" and (k := key(_base(n.body)))}
    if not barred:
        return frozenset()
    indexed = {
        k
        for n in scripted
        if not isinstance(n.base, Accent) and (k := key(n.base)) in barred
        if any((affine_letters(i) or frozenset()) & indices for items in _index_lists(n) for i in items)
    }
    return frozenset(k for k in barred if k in conv.GREEK or k in indexed)


def _base(node: Syntax) -> Syntax:
    return node.base if isinstance(node, Scripted) else node


def _inferred(
    everything: list[Syntax], scripted: list[Scripted], subs: list[tuple[str, list[Syntax]]], bound: frozenset[str]
) -> frozenset[str]:
    """The letter that sums without any limit run over: the likeliest index in sight."""
    sums = sum(isinstance(n, Word) and n.style == "big" and n.text == "sum" for n in everything)
    limited = sum(
        isinstance(n.base, Word) and n.base.style == "big" and any(s.position == "sub" for s in n.scripts)
        for n in scripted
    )
    if sums <= limited:
        return frozenset()
    letters = {x for _, items in subs for i in items for x in affine_letters(i) or ()} - bound
    return frozenset([c for c in conv.SUM_INDICES[:5] if c in letters][:1])


def _free(subs: list[tuple[str, list[Syntax]]], names: NameTable) -> frozenset[str]:
    """Letters below names that may be indices though nothing binds them; ``d_k`` and ``n_k`` are sizes."""
    found = {i.name for k, items in subs if k not in ("d", "n", "N") for i in items if isinstance(i, Letter)}
    found &= conv.INDEX_LETTERS
    found -= {k for k, _ in subs}  # the gate i_t: its W_i is a label
    if not found & {"i", "j"} and "k" not in names.indices:
        found.discard("k")
    return frozenset(found)


def _bound_letters(scripted: list[Scripted]) -> frozenset[str]:
    out: set[str] = set()
    for n in scripted:
        if isinstance(n.base, Word) and (n.base.style == "big" or n.base.text in ("max", "min", "argmax", "argmin")):
            subs = [s.body for s in n.scripts if s.position == "sub" and s.body is not None]
            found = [letter for body in subs for letter in binders(body)]
            # \\min_\\theta and \\max_D bind no index
            free = n.base.style == "big" and n.base.text not in ("lim", "int")
            out.update(b for b in found if free or (b in conv.SUM_INDICES and n.base.text != "int"))
    return frozenset(out)


def _of_calls(everything: list[Syntax]) -> frozenset[str]:
    """``f(z)_i``: letters that take an element of what a call returns."""
    out: set[str] = set()
    for n in everything:
        if isinstance(n, Product):
            for factor in n.factors[1:]:
                if isinstance(factor, Scripted) and isinstance(factor.base, Fence) and factor.base.opener == "(":
                    out |= {s.body.name for s in factor.scripts if s.position == "sub" and isinstance(s.body, Letter)}
    return frozenset(out & conv.INDEX_LETTERS)


def _index_lists(n: Scripted) -> list[list[Syntax]]:
    """Every subscript and every ``(i)`` mark of a name, as lists of items."""
    out = []
    for script in n.scripts:
        body = script.body
        if body is None:
            continue
        if script.position == "sub":
            out.append(split_items(body))
        elif isinstance(body, Fence) and body.opener == "(":
            out.append(list(body.items))
        elif isinstance(body, Product):
            out += [list(f.items) for f in body.factors if isinstance(f, Fence) and f.opener == "("]
    return out


def split_items(body: Syntax) -> list[Syntax]:
    """The items of a subscript: ``i,j`` and the letters ``ij`` are two."""
    if isinstance(body, Fence) and body.opener == "":
        return [part for item in body.items for part in _letters_apart(item)]
    if isinstance(body, Word) and body.style == "script" and is_index_pair(body.text):
        return [Letter(body.span, c) for c in body.text]
    if isinstance(body, Product) and all(isinstance(f, (Letter, Number)) for f in body.factors):
        if len(body.factors) == 2 and not any(body.operators) and isinstance(body.factors[0], Letter):
            return list(body.factors)  # w_{j0}, x_{i1}
        return [body]
    return [body]


def _letters_apart(item: Syntax) -> list[Syntax]:
    """``t,ii``: letters side by side are indices side by side."""
    if isinstance(item, Product) and not any(item.operators) and all(isinstance(f, Letter) for f in item.factors):
        return list(item.factors)
    return [item]


def is_index_pair(text: str) -> bool:
    """Whether letters in a row are indices side by side."""
    return (
        len(text) in (2, 3) and set(text) <= set("ijklmnpqrst") and text not in ("in", "is", "it", "ln", "min", "sin")
    )


def letters_side_by_side(body: Word) -> Product | None:
    """Two letters in a superscript as a product: ``kt``; ``None`` for a word, a mark or the start of one."""
    text = body.text
    if body.style != "script" or len(body.places) != 2 or not text.isalpha():
        return None
    if text in ("in", *conv.MARKS, *conv.TRANSPOSE):
        return None
    return Product(body.span, tuple(map(Letter, body.places, text)), ("",))


def affine_letters(node: Syntax) -> frozenset[str] | None:
    """The letters of an affine index expression, or ``None`` if it is none."""
    if isinstance(node, Letter):
        return frozenset({node.name})
    if isinstance(node, Number):
        return frozenset()
    if isinstance(node, Scripted):
        letter = numbered_letter(node)
        return None if letter is None else frozenset({letter})
    if isinstance(node, (Sum, Product)):
        parts = node.terms if isinstance(node, Sum) else node.factors
        out: frozenset[str] = frozenset()
        for part in parts:
            letters = affine_letters(part)
            if letters is None:
                return None
            out |= letters
        return out
    return None


def _spread(
    subs: list[tuple[str, list[Syntax]]], bound: frozenset[str], excluded: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Indices and indexed names: closes the two under each other."""
    indices, arrays = set(bound), set()
    parsed = [(k, [affine_letters(i) for i in items]) for k, items in subs]
    changed = bool(bound)
    while changed:
        changed = False
        for k, items in parsed:
            letters = {x for i in items if i for x in i}
            if not letters:
                continue
            if k not in arrays and letters & indices:
                arrays.add(k)
                changed = True
            if k in arrays:
                new = {x for x in letters if len(x) == 1 and x.isalpha()} - indices - excluded
                if new and all(i is not None for i in items):
                    indices |= new
                    changed = True
    return frozenset(indices), frozenset(arrays)


def _marks(
    scripted: list[Scripted], subs: list[tuple[str, list[Syntax]]], bound: frozenset[str], names: NameTable
) -> tuple[frozenset[str], frozenset[str]]:
    """Letters that mark steps, and letters that mark layers."""
    moved: set[str] = set()
    for n in scripted:
        for script in n.scripts:
            for item in _flat(script.body):
                letter = stepped(item)
                if letter is not None:
                    moved.add(letter)
    layers = (conv.LAYER_LETTERS | names.layers) - bound
    steps = (conv.TIME_LETTERS | (moved & conv.STEP_LETTERS)) - bound - layers
    if any(isinstance(s.body, Fence) and s.body.opener == "langle" for n in scripted for s in n.scripts):
        steps |= {"t"}
    return steps - _indexed_beside(subs, bound), layers


def _indexed_beside(subs: list[tuple[str, list[Syntax]]], bound: frozenset[str]) -> frozenset[str]:
    """Letters that share an index expression with a bound one: ``X_{i+a, j+b}``."""
    out: set[str] = set()
    for _, items in subs:
        for item in items:
            letters = affine_letters(item) or frozenset()
            if letters & bound and len(letters) > 1:
                out |= letters
    return frozenset(out)


def _flat(body: Syntax | None) -> list[Syntax]:
    if body is None:
        return []
    if isinstance(body, Fence):
        return [x for item in body.items for x in _flat(item)]
    if isinstance(body, Product):
        return [x for f in body.factors if isinstance(f, Fence) for x in _flat(f)] or [body]
    return [body]


def stepped(node: Syntax) -> str | None:
    """The letter of ``k + 1``, ``k - 1``, ``k + 2``."""
    if isinstance(node, Sum) and len(node.terms) == 2 and isinstance(node.terms[1], Number):
        first = node.terms[0]
        if isinstance(first, Letter) and node.signs[0] == "" and node.terms[1].text in ("1", "2"):
            return first.name
    return None


def _step_powers(scripted: list[Scripted], steps: frozenset[str]) -> frozenset[str]:
    """Names with a superscript ``t + 1`` or ``t - 1``; rates are raised to powers instead."""
    out: set[str] = set()
    angled = False
    for n in scripted:
        k = key(n.base)
        for script in n.scripts:
            body = script.body
            angled = angled or (isinstance(body, Fence) and body.opener == "langle")
            if script.position == "sup" and body is not None and k and stepped(body) in steps:
                out.add(k)
    if angled:  # a^{<t>} beside x^t
        for n in scripted:
            k = key(n.base)
            if k and any(s.position == "sup" and isinstance(s.body, Letter) and s.body.name == "t" for s in n.scripts):
                out.add(k)
    return frozenset(out - conv.RATES | (out & {"w", "x", "y"}))


def label(node: Syntax | None) -> str | None:
    """A subscript as plain text: ``dw``, ``norm``, ``1``, ``t,i``; ``None`` if it is no label."""
    if isinstance(node, Letter):
        return {"prime": "'", "infty": "inf"}.get(node.name, node.name)
    if isinstance(node, Number):
        return node.text
    if isinstance(node, Word):
        return node.text.replace(" ", "_").replace("-", "_")
    if isinstance(node, Mark):
        return node.text
    if isinstance(node, Relation) and len(node.sides) == 2 and isinstance(node.sides[0], Empty):  # x_{<t}
        text, word = label(node.sides[1]), _SIDES.get(node.operators[0])
        return None if text is None or word is None else f"{word}_{text}"
    if isinstance(node, Font):
        inner = label(node.body)
        return inner if inner is None or node.name not in ("cal", "bb") else node.name + inner
    if isinstance(node, Fence):
        parts = [label(item) for item in node.items]
        return None if None in parts else ",".join(p for p in parts if p)
    if isinstance(node, Sum):
        parts = [label(t) for t in node.terms]
        if None in parts or any(s not in ("", "+", "-") for s in node.signs):
            return None
        return "".join(s + (p or "") for s, p in zip(node.signs, parts, strict=True))
    if isinstance(node, Product):
        parts = [label(f) for f in node.factors]
        return None if None in parts else "".join(p or "" for p in parts)
    if isinstance(node, Scripted):
        base = label(node.base)
        parts = [label(s.body) if s.body is not None else "'" for s in node.scripts]
        return None if base is None or None in parts else base + "_" + "_".join(p or "" for p in parts)
    return key(node) if node is not None else None
