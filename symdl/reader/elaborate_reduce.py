"""Sums, products and expectations: what they run over, and how far they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction as Rational

from symdl.reader import conventions as conv
from symdl.reader.elaborate_calls import Calls, fence_of
from symdl.reader.elaborate_terms import COMPARISONS, Tail
from symdl.reader.letters import label
from symdl.reader.names import binders, key, numbered_letter
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom
from symdl.terms.syntax import (
    Empty,
    Fence,
    Font,
    Letter,
    Product,
    Relation,
    Scripted,
    Sum,
    Syntax,
    Word,
)


@dataclass(slots=True)
class Binder:
    """One letter a sum runs over; ``members`` are names of a set's members that it indexes."""

    letter: str
    lower: Syntax | None = None
    upper: Syntax | None = None
    condition: Relation | None = None
    members: tuple[str, ...] = ()


class Reductions(Calls):
    """Big operators."""

    def open_letters(self, term: Syntax) -> set[str]:
        """Letters bound by the sum a term ends in."""
        factors = term.factors if isinstance(term, Product) else (term,)
        for factor in factors:
            base = factor.base if isinstance(factor, Scripted) else factor
            if isinstance(base, Word) and base.style == "big" and base.text == "sum":
                lower = _script(factor, "sub")
                if lower is not None:
                    return set(binders(lower))
                letter = self.found_letter(term)
                return {letter} if letter else set()
        return set()

    def found_letter(self, body: Syntax) -> str | None:
        """The index a sum without limits runs over: the likeliest one in its body."""
        letters = self.index_letters_of(body) - set(self.bound) - self.letters.steps - self.letters.layers
        for letter in conv.SUM_INDICES[:5]:
            if letter in letters:
                return letter
        return None

    def big(self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail | None) -> tuple[Node, int]:
        """``\\sum``, ``\\prod`` with everything behind it as its body."""
        factor = factors[k]
        word = factor.base if isinstance(factor, Scripted) else factor
        assert isinstance(word, Word)
        n = len(factors)
        if n == 1:
            raise self.valueless(f"a {word.text} of nothing", factor)
        if word.text in ("union", "intersection"):
            raise self.valueless("an operation on sets", factor)
        if word.text in ("lim", "int"):
            return self.calculus(factors, operators, k, tail)
        if word.text not in ("sum", "prod"):
            raise self.unread(f"the operator {word.text}", factor)
        if k + 1 >= n or operators[k] not in ("", "cdot", "times"):
            raise self.unread(f"a {word.text} of nothing", factor)
        end = self.body_end(factors, operators, k, word.text)
        body: Syntax = Product(
            factors[k + 1].span.cover(factors[end - 1].span),
            tuple(factors[k + 1 : end]),
            tuple(operators[k + 1 : end - 1]),
        )
        if tail is not None:
            span = body.span.cover(tail[1][-1].span)
            body = Sum(span, ("", *tail[0]), (body, *tail[1]))
        whole = replace(factor, span=factor.span.cover(body.span))
        return self.reduced(word.text, factor, body, whole), end

    def calculus(
        self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail | None
    ) -> tuple[Node, int]:
        """A limit or an integral."""
        raise NotImplementedError

    def body_end(self, factors: Sequence[Syntax], operators: Sequence[str], k: int, op: str) -> int:
        """A product sign ends at a division, a sum reaches to the end of the term."""
        if op == "prod":
            for j in range(k + 2, len(factors)):
                if operators[j - 1] == "/":
                    return j
        return len(factors)

    def reduced(self, op: str, sign: Syntax, body: Syntax, whole: Syntax) -> Node:
        """A reduction over everything its sign binds."""
        found = self.binder_list(sign, body)
        if not found:
            inner = self.expression(body)
            self.notes["sum-without-index"] = None
            return array.Call(op, (inner,), span=self.at(whole))
        limits = [self.limits(b) for b in found]
        saved = dict(self.renamed)
        for b in found:
            self.bound.append(b.letter)
            self.renamed.update(dict.fromkeys(b.members, b.letter))
        node = self.expression(body)
        for b in found:
            if b.condition is not None:
                node = self.restricted(op, node, b.condition, whole)
        del self.bound[len(self.bound) - len(found) :]
        self.renamed = saved
        for b, (lower, upper) in reversed(list(zip(found, limits, strict=True))):
            letter = Atom(b.letter).identifier
            if letter not in array.names(node):
                self.notes["index-absent"] = None
            node = array.Reduce(op, node, letter, lower, upper, span=self.at(whole))
        return node

    def restricted(self, op: str, node: Node, condition: Relation, whole: Syntax) -> Node:
        """``\\sum_{j \\ne i}``: terms that do not meet the condition are the neutral element."""
        neutral = array.Num(Rational(0 if op == "sum" else 1))
        return array.Cases(((node, self.compare(condition)),), neutral, span=self.at(whole))

    def limits(self, binder: Binder) -> tuple[Node | None, Node | None]:
        """Both limits, or none: a sum with one limit runs over the whole axis."""
        if binder.lower is None or binder.upper is None:
            return None, None
        self.in_limits += 1
        lower, upper = self.expression(binder.lower), self.expression(binder.upper)
        self.in_limits -= 1
        return lower, upper

    def binder_list(self, sign: Syntax, body: Syntax) -> list[Binder]:
        """What a sign binds; found in the body if it has no limit."""
        lower, upper = _script(sign, "sub"), _script(sign, "sup")
        if lower is None:
            letter = self.found_letter(body)
            return [] if letter is None else [Binder(letter)]
        items = list(lower.items) if isinstance(lower, Fence) and lower.opener == "" else [lower]
        out: list[Binder] = []
        for item in items:
            out += self.binders_of(item, upper, sign)
        return out

    def binders_of(self, item: Syntax, upper: Syntax | None, sign: Syntax) -> list[Binder]:
        """What one item of a lower limit binds."""
        if isinstance(item, Word) and item.style == "script":
            return [Binder(c) for c in item.text]
        if isinstance(item, Letter):
            return [Binder(item.name)]
        if (primed := numbered_letter(item)) is not None and primed.endswith("_prime"):
            return [Binder(primed)]
        if isinstance(item, Font) and key(item) is not None:
            return [Binder(key(item) or "")]
        if isinstance(item, Product) and all(isinstance(f, Letter) for f in item.factors):
            return [Binder(f.name) for f in item.factors if isinstance(f, Letter)]
        if isinstance(item, Relation) and len(item.operators) == 1:
            return self.related(item, upper, sign)
        if isinstance(item, Relation) and len(item.operators) == 2:
            return self.between(item, sign)
        raise self.unread("what the sum runs over", item)

    def related(self, item: Relation, upper: Syntax | None, sign: Syntax) -> list[Binder]:
        """What a limit with one relation binds: ``i = 1``, ``i \\in B``, ``j \\ne i``."""
        op, (left, right) = item.operators[0], item.sides
        if isinstance(left, Fence) and left.opener == "(" and op == "in":
            return self.tuples(left)
        if op == "=" and (numbered := numbered_letter(left)) is not None:
            return [Binder(numbered, right, upper)]
        primed = numbered_letter(left) or ""
        letter = primed if primed.endswith("_prime") else key(left)
        if letter is None or not isinstance(left, (Letter, Scripted, Font)):
            raise self.unread("what the sum runs over", item)
        if isinstance(left, Scripted) and letter != primed:
            if op != "in":
                raise self.unread("what the sum runs over", item)
            return self.tuples(Fence(left.span, "(", ")", (left,), ()))
        if op == "=":
            return [Binder(letter, right, upper)]
        if op == "in":
            return [Binder(letter)]
        if op in COMPARISONS and not isinstance(right, Empty):
            return [Binder(letter, condition=item)]
        raise self.unread("what the sum runs over", item)

    def between(self, item: Relation, sign: Syntax) -> list[Binder]:
        """``1 \\le i \\le n``."""
        low, middle, high = item.sides
        letter = key(middle)
        if set(item.operators) == {"<="} and letter is not None and isinstance(middle, Letter):
            return [Binder(letter, low, high)]
        raise self.unread("what the sum runs over", item)

    def tuples(self, fence: Fence) -> list[Binder]:
        """``(x, y) \\in B``: the members are arrays over one index."""
        members = tuple(k for i in fence.items if (k := key(i)) is not None)
        if len(members) != len(fence.items):
            raise self.unread("what the sum runs over", fence)
        taken = self.letters.indices | set(self.bound) | set(members)
        letter = next(c for c in "injkabcdqrs" if c not in taken and c not in self.found.atoms)
        return [Binder(letter, members=members)]

    # ---- expectations

    def expectation(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> tuple[Node, int] | None:
        """``\\mathbb{E}_{x \\sim p}[f(x)]``; without a variable it is a statistic by name only."""
        factor = factors[k]
        if (
            conv.STATISTICS.get((key(factor) or "").removesuffix("hat")) != "E()"
            or k + 1 >= len(factors)
            or operators[k]
        ):
            return None
        sub = _script(factor, "sub") if isinstance(factor, Scripted) else None
        fence = fence_of(factors[k + 1])
        whole = replace(factor, span=factor.span.cover(factors[k + 1].span))
        bracketed = fence is not None and fence.opener in ("[", "{", "(")
        if not bracketed and (sub is None or not (self.is_drawn(sub) or self.is_joint(sub))):
            return None
        joint = self.joint(sub, factors[k + 1 :], operators[k + 1 :], whole) if sub is not None else None
        if joint is not None:
            return joint, len(factors) if not bracketed else k + 2
        drawn = self.drawn(sub) if sub is not None else None
        if drawn is None or (isinstance(factors[k + 1], Scripted) and _script(factors[k + 1], "sub") is not None):
            if fence is None:
                return None
            if fence.opener == "(" and sub is not None and isinstance(factor, Scripted) and sub is not None:
                text = label(sub)
                if text is not None and not self.is_drawn(sub):  # E_{in}(w): an error, a function
                    return None
            return self.bare_expectation(fence, factors[k + 1], whole), k + 2
        variable, distribution = drawn
        end = k + 2 if bracketed else len(factors)
        body = (
            factors[k + 1]
            if bracketed
            else Product(whole.span, tuple(factors[k + 1 : end]), tuple(operators[k + 1 : end - 1]))
        )
        self.explicit += 1
        if fence is not None and bracketed and len(fence.items) == 1 and fence is body:
            inner = self.expression(fence.items[0])
        else:
            inner = self.expression(body)
        self.explicit -= 1
        node = array.Expect(inner, variable, distribution, span=self.at(whole))
        return node, end

    def is_joint(self, sub: Syntax) -> bool:
        """Whether a subscript is ``x, y \\sim p``."""
        return isinstance(sub, Fence) and len(sub.items) > 1 and self.is_drawn(sub.items[-1])

    def joint(self, sub: Syntax, factors: Sequence[Syntax], operators: Sequence[str], whole: Syntax) -> Node | None:
        """``\\mathbb{E}_{x, y \\sim p} f``: several variables drawn at once, opaque."""
        if not isinstance(sub, Fence) or not self.is_joint(sub):
            return None
        fence = fence_of(factors[0])
        body = factors[0] if fence is not None or len(factors) == 1 else _run(factors, operators)
        drawn = sub.items[-1]
        assert isinstance(drawn, Relation)
        self.explicit += 1
        variables = [i.sides[0] if isinstance(i, Relation) else i for i in sub.items]
        args = [self.expression(n) for n in (body, *variables)]
        self.explicit -= 1
        distribution = self.distribution(drawn.sides[1])
        if distribution is not None:
            args.append(array.Name(distribution))
        return self.opaquely("expectation", args, whole)

    def is_drawn(self, sub: Syntax) -> bool:
        """Whether a subscript is ``x \\sim p``."""
        return isinstance(sub, Relation) and sub.operators == ("~",)

    def drawn(self, sub: Syntax) -> tuple[str, str] | None:
        """The variable and the distribution of ``x \\sim p(x)`` or ``q(z|x)``."""
        if isinstance(sub, Relation) and sub.operators == ("~",):
            variable = self.named(sub.sides[0])
            distribution = self.distribution(sub.sides[1])
            if variable is None or variable.items or distribution is None:
                return None
            return variable.atom.identifier, distribution
        if isinstance(sub, Product) and len(sub.factors) == 2:
            fence = fence_of(sub.factors[1])
            distribution = self.distribution(sub.factors[0])
            if fence is not None and fence.items and distribution is not None and key(fence.items[0]):
                variable = self.named(fence.items[0])
                return None if variable is None else (variable.atom.identifier, distribution)
        return None

    def distribution(self, node: Syntax) -> str | None:
        """The name of a distribution: ``p_data``."""
        if isinstance(node, Product) and fence_of(node.factors[-1]) is not None and len(node.factors) == 2:
            node = node.factors[0]
        out = self.named(node)
        if out is None:
            return None
        return "".join(c if c.isalnum() else "_" for c in out.atom.identifier)

    def bare_expectation(self, fence: Fence, outer: Syntax, whole: Syntax) -> Node:
        """``E[g^2]_t``: an atom with its mark."""
        node = self.statistic("E()", fence, whole)
        if not isinstance(outer, Scripted):
            return node
        after = []
        for script in outer.scripts:
            if script.position == "sub" and script.body is not None:
                node = self.subscripted_call(node, script.body, whole)
            else:
                after.append(script)
        return self.finish(node, after, whole)


def _run(factors: Sequence[Syntax], operators: Sequence[str]) -> Syntax:
    return Product(factors[0].span.cover(factors[-1].span), tuple(factors), tuple(operators))


def _script(node: Syntax, position: str) -> Syntax | None:
    if not isinstance(node, Scripted):
        return None
    return next((s.body for s in node.scripts if s.position == position), None)
