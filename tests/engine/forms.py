"""When two lines count as the same textbook form: up to commutation, association and the names of bound letters.

No mathematics beyond that: ``x * (a + b)`` and ``x * a + x * b`` are two forms, and so are ``(A @ B).T`` and ``B.T @ A.T``.
What is put in order: summands and their signs, factors and divisors (``a / (m * s)`` is ``a / m / s``), numbers and
scalars in front of a matrix product (a size may stand inside or outside), chains of products, sums over several letters,
both sides of ``==`` and of a Kronecker delta, arguments of ``maximum`` and ``minimum``. Independent of the engine and of the prover's normal forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from fractions import Fraction
from itertools import permutations
from typing import Any

from symdl.notation.strict import parse
from symdl.terms import array
from symdl.terms.array import Node

Form = Any
"""Nested tuples, compared and sorted by their ``repr``."""
_MIRRORED = {">": "<", ">=": "<="}


def same(
    left: str, right: str, scalars: Sequence[str] = (), letters: tuple[Sequence[str], Sequence[str]] = ((), ())
) -> bool:
    """Whether two right sides are the same form.

    Args:
        left: an expression in catalogue notation.
        right: another one.
        scalars: names that are numbers, such as sizes; they may be moved out of a matrix product.
        letters: the free letters of each, in the order of their left sides.

    Example:
        >>> same("(A2 - Y) / m", "1 / m * (-Y + A2)")
        True
        >>> same("dZ @ A.T / m", "1 / m * dZ @ A.T", scalars=["m"])
        True
        >>> same("sum(x[i] * K[a, i], a)", "sum(K[b, j] * x[j], b)", letters=("i", "j"))
        True
        >>> same("dZ @ A.T", "A.T @ dZ")
        False
    """
    first, second = (
        form(parse(text), frozenset(scalars), {x: f"free{k}" for k, x in enumerate(free)})
        for text, free in zip((left, right), letters, strict=True)
    )
    return bool(first == second)


def form(node: Node, scalars: frozenset[str] = frozenset(), letters: dict[str, str] | None = None) -> Form:
    """The ordered form of an expression."""
    return _Order(scalars, letters or {}).at(node)


class _Order:
    def __init__(self, scalars: frozenset[str], letters: dict[str, str]) -> None:
        self.scalars, self.letters = scalars, letters

    def at(self, n: Node) -> Form:
        match n:
            case array.Name():
                return ("name", self.letters.get(n.id, n.id))
            case array.Add() | array.Neg():
                return self.summed(n)
            case array.Num() | array.Mul() | array.Div() | array.Pow():
                return self.multiplied(n)
            case array.Transpose(body=array.Transpose(body=inner)):
                return self.at(inner)
            case array.Reduce():
                return self.reduced(n)
            case array.Index() if isinstance(n.base, array.Name) and n.base.id == "delta":
                return ("delta", *sorted((self.at(i) for i in n.items), key=repr))
            case array.Call(function="maximum" | "minimum"):
                return (n.function, *sorted(map(self.at, n.args), key=repr))
            case array.Compare():
                op, sides = _MIRRORED.get(n.op, n.op), [self.at(n.left), self.at(n.right)]
                sides = sides[::-1] if n.op in _MIRRORED else sides
                return ("compare", op, *(sorted(sides, key=repr) if op in ("==", "!=") else sides))
        return self.plain(n)

    def plain(self, n: Node) -> Form:
        """Any other node, part by part."""
        return (type(n).__name__, *(self.part(getattr(n, f.name)) for f in fields(n) if f.name != "span"))

    def part(self, value: Any) -> Any:
        if isinstance(value, Node):
            return self.at(value)
        return tuple(map(self.part, value)) if isinstance(value, tuple) else value

    def summed(self, n: Node) -> Form:
        """A sum as its terms in order: coefficient and the rest."""
        terms: dict[str, tuple[Fraction, Form]] = {}
        for sign, term in _terms(n, 1):
            coefficient, rest = self.factors(term)
            before = terms.get(repr(rest), (Fraction(0), rest))[0]
            terms[repr(rest)] = (before + sign * coefficient, rest)
        if len(terms) == 1:
            return _product(*next(iter(terms.values())))
        return ("sum", *(terms[k] for k in sorted(terms)))

    def multiplied(self, n: Node) -> Form:
        return _product(*self.factors(n))

    def factors(self, n: Node) -> tuple[Fraction, tuple[tuple[Form, Any], ...]]:
        """The number in front, and the other factors with their exponents, in order."""
        number, powers = Fraction(1), {}
        for factor, exponent in _factors(n, 1):
            moved: list[tuple[Form, Any]] = []
            if isinstance(factor, array.Mul):
                moved = self.chain(factor)
            elif isinstance(factor, array.Num):
                number *= factor.value**exponent
                continue
            else:
                moved = [(self.at(factor), 1)]
            for base, e in moved:
                if isinstance(base, Fraction):
                    number *= base ** (exponent * e)
                elif base[0] == "product":
                    number *= base[1] ** exponent
                    for inner, power in base[2]:
                        _raise(powers, inner, power * exponent)
                else:
                    _raise(powers, base, e * exponent)
        return number, tuple(powers[k] for k in sorted(powers) if powers[k][1] != 0)

    def chain(self, n: array.Mul) -> list[tuple[Form, Any]]:
        """A matrix product: numbers and scalars to the front, the operands as one flat row."""
        out: list[tuple[Form, Any]] = []
        operands = []
        for operand in _chain(n):
            number, rest = self.factors(operand)
            out.append((number, 1))
            out += [(base, e) for base, e in rest if self.is_scalar(base)]
            operands.append(_product(Fraction(1), tuple(f for f in rest if not self.is_scalar(f[0]))))
        return [*out, (("matmul", *operands), 1)]

    def is_scalar(self, base: Form) -> bool:
        """Whether a factor holds scalars alone: ``m``, ``sqrt(d)``."""
        found = _names(base)
        return bool(found) and found <= self.scalars

    def reduced(self, n: array.Reduce) -> Form:
        """A reduction over letters: the least form over all orders of naming them."""
        binders, body = [], n
        inner: Node = n
        while isinstance(inner, array.Reduce) and inner.op == n.op:
            binders.append(inner)
            inner = inner.body
        depth = sum(v.startswith("bound") for v in self.letters.values())
        found = []
        for order in permutations(range(len(binders))):
            names = {b.index: f"bound{depth + k}" for b, k in zip(binders, order, strict=True)}
            here = _Order(self.scalars, {**self.letters, **names})
            bounds = [(names[b.index], *(e and self.at(e) for e in (b.lower, b.upper))) for b in binders]
            limits = sorted(bounds, key=repr)
            found.append(("reduce", body.op, tuple(limits), here.at(inner)))
        return min(found, key=repr)


def _product(coefficient: Fraction, rest: tuple[tuple[Form, Any], ...]) -> Form:
    """A product, or its one factor."""
    if coefficient == 1 and len(rest) == 1 and rest[0][1] == 1:
        return rest[0][0]
    return ("product", coefficient, rest)


def _names(found: Form) -> frozenset[str]:
    if not isinstance(found, tuple):
        return frozenset()
    if len(found) == 2 and found[0] == "name":
        return frozenset({found[1]})
    return frozenset().union(*map(_names, found))


def _raise(powers: dict[str, tuple[Form, Any]], base: Form, exponent: Any) -> None:
    key = repr(base)
    powers[key] = (base, powers.get(key, (base, 0))[1] + exponent)


def _terms(n: Node, sign: int) -> list[tuple[int, Node]]:
    if isinstance(n, array.Add):
        return _terms(n.left, sign) + _terms(n.right, sign)
    if isinstance(n, array.Neg):
        return _terms(n.body, -sign)
    return [(sign, n)]


def _factors(n: Node, exponent: int) -> list[tuple[Node, int]]:
    match n:
        case array.Mul(how=array.HADAMARD):
            return _factors(n.left, exponent) + _factors(n.right, exponent)
        case array.Div():
            return _factors(n.left, exponent) + _factors(n.right, -exponent)
        case array.Neg():
            return [(array.Num(Fraction(-1)), exponent), *_factors(n.body, exponent)]
        case array.Pow(exponent=array.Num(value=value)) if value.denominator == 1:
            return _factors(n.base, exponent * int(value))
    return [(n, exponent)]


def _chain(n: Node) -> list[Node]:
    if isinstance(n, array.Mul) and n.how == array.MATMUL:
        return _chain(n.left) + _chain(n.right)
    return [n]
