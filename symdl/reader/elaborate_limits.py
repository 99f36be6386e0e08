r"""Limits and integrals: opaque, of what stands behind the sign, the variable and where it runs.

``\lim_{x \to a} f`` is ``limit(f, x, a)``, ``\int_a^b f \, dx`` is ``integral(f, x, a, b)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symdl.errors import Span
from symdl.reader.elaborate_reduce import Reductions
from symdl.reader.elaborate_terms import Tail
from symdl.reader.names import key
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.syntax import Fence, Fraction, Letter, Mark, Number, Product, Relation, Scripted, Sum, Syntax, Word


@dataclass(frozen=True, slots=True)
class _Differential:
    """``dx`` among factors: from which factor to which, and the variable."""

    start: int
    end: int
    variable: Syntax


class Limits(Reductions):
    """Operators of analysis."""

    def calculus(
        self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail | None
    ) -> tuple[Node, int]:
        """A limit or an integral, and the factor behind it."""
        sign = factors[k]
        word = sign.base if isinstance(sign, Scripted) else sign
        assert isinstance(word, Word)
        if word.text == "int":
            return self.integral(factors, operators, k, tail)
        return self.limit(factors, operators, k)

    # ---- limits

    def limit(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> tuple[Node, int]:
        r"""``\lim_{x \to a} f``, over the whole term."""
        sign = factors[k]
        if k + 1 >= len(factors) or operators[k]:
            raise self.unread("a limit of nothing", sign)
        body = _run(factors, operators, k + 1, len(factors))
        whole = replace(sign, span=sign.span.cover(body.span))
        lower = _script(sign, "sub")
        if not isinstance(lower, Relation) or lower.operators != ("->",):
            raise self.unread("a limit that does not say where", sign)
        variable, point = lower.sides
        if key(variable) is None:
            raise self.unread("a limit by something that is no letter", sign)
        self.explicit += 1
        side, point = _sided(point)
        args = [self.expression(body), self.expression(variable), self.expression(point)]
        self.explicit -= 1
        return self.opaquely("limit" + side, args, whole), len(factors)

    # ---- integrals

    def integral(
        self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail | None
    ) -> tuple[Node, int]:
        r"""``\int_a^b f \, dx``: up to its differential, or the whole term where it has none."""
        sign = factors[k]
        if tail is not None:
            return self.integral_of_sum(factors, operators, k, tail)
        end, body, variable = self.integrand(factors, operators, k + 1)
        variables = [] if variable is None else [variable]
        while end < len(factors) and (found := differential(factors, operators, end)) is not None:  # \iint f dx dy
            variables.append(found.variable)
            end = found.end
        whole = replace(sign, span=Span(sign.span.start, factors[end - 1].span.end))
        return self.integrated(sign, body, variables, whole), end

    def integral_of_sum(
        self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail
    ) -> tuple[Node, int]:
        r"""``\int x + 1 dx``: the differential stands in the last term of the tail."""
        sign = factors[k]
        *between, last = tail[1]
        inner = last.factors if isinstance(last, Product) else (last,)
        inner_operators = last.operators if isinstance(last, Product) else ()
        _, end_body, variable = self.integrand(inner, inner_operators, 0)
        first = _run(factors, operators, k + 1, len(factors))
        terms = (first, *between, end_body)
        body = Sum(Span(first.span.start, last.span.end), ("", *tail[0]), terms)
        whole = replace(sign, span=sign.span.cover(last.span))
        return self.integrated(sign, body, [] if variable is None else [variable], whole), len(factors)

    def integrand(
        self, factors: Sequence[Syntax], operators: Sequence[str], k: int
    ) -> tuple[int, Syntax, Syntax | None]:
        """Where an integral ends, its body and its variable."""
        n = len(factors)
        inner = 0  # integrals inside, each of which takes a differential before this one
        for j in range(k, n):
            inner += _is_integral(factors[j])
            found = differential(factors, operators, j)
            if found is None:
                continue
            if inner:
                inner -= 1
                continue
            if j == k:  # \int dx f(x), or \int dx alone
                end = n if found.end < n else found.end
                body = _run(factors, operators, found.end, n) if found.end < n else _one(factors[j])
                return end, body, found.variable
            return found.end, _run(factors, operators, k, j), found.variable
        if k >= n:
            raise self.unread("an integral of nothing", factors[max(k - 1, 0)])
        first = factors[k]
        if n == k + 1 and isinstance(first, Fraction):
            over = _differential_on_top(first)
            if over is not None:
                return n, over[0], over[1]
        return n, _run(factors, operators, k, n), None

    def integrated(self, sign: Syntax, body: Syntax, variables: list[Syntax], whole: Syntax) -> Node:
        """The opaque integral."""
        self.explicit += 1
        args = [self.expression(body), *map(self.expression, variables)]
        for position in ("sub", "sup"):
            limit = _script(sign, position)
            if limit is not None:
                args.append(self.expression(limit))
        self.explicit -= 1
        return self.opaquely("integral", args, whole)

    def integral_sum(self, node: Sum) -> Node | None:
        r"""``\int x + 1 dx + c``: the terms up to the differential belong to the integral."""
        for k, term in enumerate(node.terms[:-1]):
            if not _is_open(term):
                continue
            for j in range(k + 1, len(node.terms)):
                if any(map(_is_integral, _factors(node.terms[j]))):
                    break
                if _closes(node.terms[j]):
                    return self.integral_up_to(node, k, j)
        return None

    def integral_up_to(self, node: Sum, k: int, j: int) -> Node:
        """A sum whose terms ``k`` to ``j`` are one integral."""
        term = node.terms[k]
        factors, operators = (term.factors, term.operators) if isinstance(term, Product) else ((term,), ())
        tail = (node.signs[k + 1 : j + 1], node.terms[k + 1 : j + 1])
        middle = self.product(factors, operators, tail)
        if node.signs[k] == "-":
            middle = array.Neg(middle, span=middle.span)
        parts = [*self.parts(node, k), middle]
        if j + 1 < len(node.terms):
            rest = Sum(Span(node.terms[j].span.end, node.span.end), node.signs[j + 1 :], node.terms[j + 1 :])
            parts.append(self.expression(rest))
        return self.added(parts, node)


def differential(factors: Sequence[Syntax], operators: Sequence[str], k: int) -> _Differential | None:
    r"""``dx``, ``d x``, ``\mathrm{d}x``, ``d^n x`` at factor ``k``."""
    factor = factors[k]
    base = factor.base if isinstance(factor, Scripted) else factor
    if k and operators[k - 1] not in ("", "cdot"):
        return None
    if isinstance(base, Word) and len(base.text) == 2 and base.text[0] == "d" and base.style == "bare":
        letter: Syntax = Letter(Span(base.span.start + 1, base.span.end), base.text[1])
        if isinstance(factor, Scripted):
            letter = replace(factor, base=letter)
        return _Differential(k, k + 1, letter)
    if key(base) == "d" and not isinstance(base, Fence) and k + 1 < len(factors) and not operators[k]:
        variable = factors[k + 1]
        if key(variable.base if isinstance(variable, Scripted) else variable) is not None:
            if isinstance(factor, Scripted) and any(s.position != "sup" for s in factor.scripts):
                return None
            return _Differential(k, k + 2, variable)
    return None


def _factors(term: Syntax) -> tuple[Syntax, ...]:
    return term.factors if isinstance(term, Product) else (term,)


def _is_integral(node: Syntax) -> bool:
    base = node.base if isinstance(node, Scripted) else node
    return isinstance(base, Word) and base.style == "big" and base.text == "int"


def _is_open(term: Syntax) -> bool:
    """Whether a term holds an integral without its differential."""
    if not isinstance(term, Product):
        return False
    signs = sum(map(_is_integral, term.factors))
    fractions = sum(isinstance(f, Fraction) and _differential_on_top(f) is not None for f in term.factors)
    return signs > _count(term) + fractions


def _closes(term: Syntax) -> bool:
    return _count(term) > 0


def _count(term: Syntax) -> int:
    """How many differentials stand among the factors of a term."""
    if not isinstance(term, Product):
        return int(differential((term,), (), 0) is not None)
    return sum(differential(term.factors, term.operators, k) is not None for k in range(len(term.factors)))


def _differential_on_top(node: Fraction) -> tuple[Syntax, Syntax] | None:
    r"""``\frac{dx}{x}``: the fraction without its differential, and the variable."""
    factors = node.top.factors if isinstance(node.top, Product) else (node.top,)
    operators = node.top.operators if isinstance(node.top, Product) else ()
    for k in range(len(factors)):
        found = differential(factors, operators, k)
        if found is not None and found.end == len(factors):
            top = _run(factors, operators, 0, k) if k else _one(factors[0])
            return replace(node, top=top), found.variable
    return None


def _sided(point: Syntax) -> tuple[str, Syntax]:
    """``0^+``: the side from which a limit is taken, and the point itself."""
    if isinstance(point, Scripted) and len(point.scripts) == 1 and isinstance(mark := point.scripts[0].body, Mark):
        return {"+": "_from_above", "-": "_from_below"}.get(mark.text, ""), point.base
    return "", point


def _one(node: Syntax) -> Syntax:
    return Number(node.span, "1")


def _run(factors: Sequence[Syntax], operators: Sequence[str], start: int, end: int) -> Syntax:
    if end - start == 1:
        return factors[start]
    span = factors[start].span.cover(factors[end - 1].span)
    return Product(span, tuple(factors[start:end]), tuple(operators[start : end - 1]))


def _script(node: Syntax, position: str) -> Syntax | None:
    if not isinstance(node, Scripted):
        return None
    return next((s.body for s in node.scripts if s.position == position), None)
