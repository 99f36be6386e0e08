"""The shortest way of writing an expression: fold to names, then factor, expand or collect, whichever is shorter.

Elements and sums are plain variables for the algebra; the bodies of sums are written shortest first. Splitting
sums and solving definitions for their leaves are tried, and kept where the whole becomes shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import sympy as sp

from symdl.engine.cost import cost
from symdl.engine.fractions import ways
from symdl.engine.pullback import flattened, outermost
from symdl.engine.rules import Rules
from symdl.engine.sums import resummed, total
from symdl.terms.indexed import Access, Expectation, Reduce, elements, text

_MANY_OPERATIONS = 160


class Simplifier:
    """Shortens expressions under the rules of one program.

    Args:
        rules: what the definitions and facts say.
        record: called with the name of the rule, before and after, for every rewriting that is kept.
    """

    def __init__(self, rules: Rules, record: Callable[[str, sp.Expr, sp.Expr], None] | None = None) -> None:
        self.rules = rules
        self.record = record or (lambda rule, before, after: None)
        self._known: dict[sp.Expr, sp.Expr] = {}
        self._forms: dict[sp.Expr, sp.Expr] = {}

    def short(self, e: sp.Expr) -> sp.Expr:
        """Returns the shortest form found."""
        found = self._known.get(e)
        if found is None:
            found = self._known[e] = self._shortened(e)
        return found

    def _shortened(self, e: sp.Expr) -> sp.Expr:
        best = self._better("fold to names", e, self.rules.folded(resummed(e)), always=True)
        best = self._better("algebra", best, self.algebra(self.inner(best)))
        for way, candidate in self.tries(best):
            if candidate == best:
                continue
            new = self.algebra(self.inner(self.rules.folded(candidate)))
            best = self._better(way, best, new)
        return best

    def _better(self, rule: str, before: sp.Expr, after: sp.Expr, always: bool = False) -> sp.Expr:
        if after == before or not (always or Shortness(after) < Shortness(before)):
            return before
        self.record(rule, before, after)
        return after

    def tries(self, e: sp.Expr) -> Iterator[tuple[str, sp.Expr]]:
        """Rewritings that may or may not help."""
        spelled = self.rules.without_calls(e)
        if spelled is not e:
            yield "definition", spelled
        if e.has(Reduce):
            yield "split sums", split(e)
            yield "join sums", joined(e)
        for name in sorted({str(a.tensor.name) for a in e.atoms(Access)}):
            for rule in self.rules.leaves.get(name, ()):
                spelled = _spelled(e, rule.pattern, rule.letters, rule.replacement)
                yield rule.why, split(spelled) if e.has(Reduce) else spelled

    def inner(self, e: sp.Expr) -> sp.Expr:
        """``e`` with the bodies of its reductions shortened."""
        swaps: dict[sp.Expr, sp.Expr] = {}
        for top in outermost(e):
            if isinstance(top, Reduce):
                body, opened = top.opened()
                new = self.algebra(self.inner(body))
                swaps[top] = total(new, opened.values()) if top.op == "sum" else Reduce(top.op, new, *opened.values())
            elif isinstance(top, Expectation):
                swaps[top] = Expectation(self.algebra(self.inner(top.args[0])), *top.args[1:])
        return e.xreplace(swaps) if swaps else e

    def algebra(self, e: sp.Expr) -> sp.Expr:
        """The shortest of some equal forms, with elements and reductions as variables."""
        if not isinstance(e, (sp.Add, sp.Mul, sp.Pow)) or cost(e) > _MANY_OPERATIONS:
            return e
        found = self._forms.get(e)
        if found is None:
            flat, back = flattened(e, outermost(e))
            weights = {v: cost(t) for v, t in back.items()}
            best = min(Shortness(f, weights) for f in (flat, *ways(flat)))
            found = self._forms[e] = best.e.xreplace(back)
        return found


class Shortness:
    """Orders expressions by length; the text decides between equals, and is printed only then."""

    def __init__(self, e: sp.Expr, weights: Mapping[sp.Symbol, int] | None = None) -> None:
        self.e = e
        self.cost = cost(e, weights or {})

    def __lt__(self, other: Shortness) -> bool:
        if self.cost != other.cost:
            return self.cost < other.cost
        mine, its = text(self.e), text(other.e)  # a product reads better than a sum: A (1 - A), not A - A^2
        return (self.e.is_Add, len(mine), mine) < (other.e.is_Add, len(its), its)


def split(e: sp.Expr) -> sp.Expr:
    """Every sum multiplied out and split into the sums of its terms."""

    def one(r: Reduce) -> sp.Expr:
        body, opened = r.opened()
        terms = sp.Add.make_args(sp.expand(split(body)))
        return sp.Add(*(total(t, opened.values()) for t in terms))

    swaps = {t: one(t) for t in outermost(e) if isinstance(t, Reduce) and t.op == "sum"}
    return e.xreplace(swaps) if swaps else e


def joined(e: sp.Expr) -> sp.Expr:
    """Sums over the same axes, added up, as one sum."""
    if not isinstance(e, sp.Add):
        return e
    groups: dict[tuple[sp.Expr, ...], list[sp.Expr]] = {}
    rest: list[sp.Expr] = []
    for term in e.args:
        sums = [f for f in sp.Mul.make_args(term) if isinstance(f, Reduce) and f.op == "sum"]
        if len(sums) == 1:
            groups.setdefault(tuple(a.size for a in sums[0].bound), []).append(term)
        else:
            rest.append(term)
    for terms in groups.values():
        if len(terms) == 1:
            rest.append(terms[0])
            continue
        bodies: list[sp.Expr] = []
        axes: tuple[sp.Expr, ...] = ()
        for term in terms:
            (r,) = (f for f in sp.Mul.make_args(term) if isinstance(f, Reduce) and f.op == "sum")
            body, opened = r.opened()
            axes = axes or tuple(opened.values())
            bodies.append((term / r) * body.xreplace(dict(zip(opened.values(), axes, strict=True))))
        rest.append(total(sp.factor_terms(sp.Add(*bodies)), axes))
    return sp.Add(*rest)


def _spelled(e: sp.Expr, pattern: Access, letters: tuple[sp.Expr, ...], replacement: sp.Expr) -> sp.Expr:
    """``e`` with every element of one array written by the right side of a rule."""
    return elements(e, {pattern.tensor: lambda at: replacement.xreplace(dict(zip(letters, at, strict=True)))})
