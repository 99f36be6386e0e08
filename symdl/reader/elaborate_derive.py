r"""Derivatives: ``\frac{\partial L}{\partial W}``, ``\nabla_\theta J``, ``\frac{d}{dx} f(x)``.

The derivative of the loss as a whole is one quantity, the atom ``grad``; every other one is an
`symdl.terms.array.Derivative`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symdl.errors import Span
from symdl.reader import conventions as conv
from symdl.reader.elaborate_calls import fence_of
from symdl.reader.elaborate_limits import Limits
from symdl.reader.elaborate_terms import Tail
from symdl.reader.letters import affine_letters
from symdl.reader.names import is_plain, key
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom
from symdl.terms.syntax import (
    Accent,
    Fence,
    Font,
    Fraction,
    Letter,
    Number,
    Product,
    Script,
    Scripted,
    Syntax,
    Word,
    walk,
)

_DIFFERENTIALS = ("partial", "d", "delta")


class Elaboration(Limits):
    """One reading of one statement: all of the elaboration together."""

    def operator(
        self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail | None
    ) -> tuple[Node, int] | None:
        """Big operators, functions, derivatives, calls; ``None`` for a plain operand."""
        factor = factors[k]
        base = factor.base if isinstance(factor, Scripted) else factor
        if isinstance(base, Word):
            if base.style == "big":
                return self.big(factors, operators, k, tail)
            taken = self.function(factors, operators, k, tail)
            if taken is not None:
                return taken
        if isinstance(base, Fraction):
            return self.quotient(factors, operators, k) if base is factor else None
        if isinstance(base, Letter) and base.name in ("nabla", "partial", "Delta"):
            taken = self.gradient(factors, operators, k)
            if taken is not None:
                return taken
        if isinstance(base, Font) and isinstance(base.body, Number) and k + 1 < len(factors) and base is factor:
            return self.indicator(factors, k)
        taken = self.expectation(factors, operators, k)
        if taken is not None:
            return taken
        return self.juxtaposed(factors, operators, k)

    def juxtaposed(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> tuple[Node, int] | None:
        """A call, or an element in brackets."""
        if k + 1 >= len(factors) or operators[k]:
            return None
        fence = fence_of(factors[k + 1])
        if fence is None:
            return None
        if self.is_call(factors[k], fence):
            return self.call(factors[k], factors[k + 1]), k + 2
        if fence.opener == "[" and fence is factors[k + 1] and self.is_element(factors[k], fence):
            named = self.named(factors[k])
            assert named is not None
            named.subs.extend(fence.items)
            whole = replace(factors[k], span=factors[k].span.cover(fence.span))
            return self.finish(self.element(named, whole), named.after, whole), k + 2
        return None

    def is_element(self, head: Syntax, fence: Fence) -> bool:
        """``x^{(k)}[j]``, ``H[i, j]``: brackets stuck to a name, with indices in them."""
        if head.span.end != fence.span.start or key(head) is None:
            return False
        if len(fence.items) == 1 and is_plain(fence.items[0]):  # x[class]: no product is written so
            return True
        letters = [affine_letters(i) for i in fence.items]
        if not letters or any(x is None for x in letters):
            return False
        known = self.letters.indices | self.names.indices | conv.INDEX_LETTERS
        return all(x <= known for x in letters if x is not None) and any(letters)

    # ---- derivative fractions

    def quotient(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> tuple[Node, int] | None:
        """A derivative fraction; ``None`` if it is a plain one."""
        fraction = factors[k]
        assert isinstance(fraction, Fraction)
        bottom = self.differentials(fraction.bottom)
        if bottom is None:
            return None
        top = _undone(fraction.top)
        if top is None:
            return None
        symbol, order, body = top
        if symbol != bottom[0]:
            return None
        wrt = bottom[1]
        if order not in (1, len(wrt)):
            raise self.unread("a derivative of this order", fraction)
        end = k + 1
        whole: Syntax = fraction
        if body is None:
            end = self.operand_end(factors, operators, k + 1)
            if end == k + 1:
                raise self.unread("a derivative of nothing", fraction)
            body = _run(factors, operators, k + 1, end)
            whole = replace(fraction, span=fraction.span.cover(body.span))
        elif k + 1 < len(factors) and not operators[k] and self.is_point(factors[k + 1], wrt[0]):
            end = k + 2  # evaluated at a point
        return self.derivative(body, wrt, whole, fraction=True), end

    def differentials(self, node: Syntax) -> tuple[str, list[Syntax]] | None:
        """What a fraction is taken by: ``\\partial x``, ``dW``, ``\\partial x \\partial y``, ``dx^2``."""
        factors = list(node.factors) if isinstance(node, Product) and not any(node.operators) else [node]
        symbol, wrt = "", []
        k = 0
        while k < len(factors):
            mark = _differential(factors[k])
            if mark is not None and k + 1 < len(factors):
                variable: Syntax | None = factors[k + 1]
                k += 2
            else:
                mark, variable = _stuck(factors[k])
                k += 1
            if mark is None or variable is None or symbol not in ("", mark):
                return None
            symbol = mark
            wrt += self.repeated(variable)
        return (symbol, wrt) if wrt else None

    def repeated(self, variable: Syntax) -> list[Syntax]:
        """``x^2`` below a derivative is ``x`` twice."""
        if isinstance(variable, Scripted) and len(variable.scripts) >= 1:
            last = variable.scripts[-1]
            if last.position == "sup" and isinstance(last.body, Number) and last.body.text in ("2", "3"):
                rest = variable.scripts[:-1]
                base = Scripted(variable.span, variable.base, rest) if rest else variable.base
                return [base] * int(last.body.text)
        return [variable]

    def is_point(self, node: Syntax, wrt: Syntax) -> bool:
        """``(\\theta^{old})`` behind a derivative by ``\\theta``: the point it is taken at."""
        fence = fence_of(node)
        return fence is not None and len(fence.items) == 1 and key(fence.items[0]) == key(wrt) is not None

    def operand_end(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> int:
        """How far the operand of ``\\frac{d}{dx}`` reaches: to the end of the term, but not over a relation."""
        return len(factors) if k < len(factors) and not operators[k - 1] else k

    # ---- nabla and partial as prefixes

    def gradient(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> tuple[Node, int] | None:
        """``\\nabla_\\theta L(..)``, ``\\partial_\\theta f``, ``\\nabla L``."""
        factor = factors[k]
        wrt: Syntax | None = None
        second = False
        if isinstance(factor, Scripted):
            for script in factor.scripts:
                second = second or (
                    isinstance(script.body, Number) and script.position == "sup" and script.body.text == "2"
                )
                if script.position != "sub" and not second:
                    raise self.unread("a derivative of this order written with nabla", factor)
                wrt = script.body if script.position == "sub" else wrt
        base = factor.base if isinstance(factor, Scripted) else factor
        if isinstance(base, Letter) and base.name != "nabla" and wrt is None:
            return None
        if isinstance(base, Letter) and base.name == "Delta" and (wrt is None or not self.is_gradient_of(factors, k)):
            return None
        if len(factors) == 1:
            raise self.valueless("a gradient of nothing", factor)
        if k + 1 >= len(factors) or operators[k]:
            raise self.unread("a gradient of nothing", factor)
        end = self.gradient_end(factors, operators, k + 1)
        body = _run(factors, operators, k + 1, end)
        whole = replace(factor, span=factor.span.cover(body.span))
        if second:
            return self.hessian(body, wrt, whole), end
        return self.derivative(body, [wrt] if wrt is not None else [], whole, fraction=False), end

    def hessian(self, body: Syntax, wrt: Syntax | None, whole: Syntax) -> Node:
        r"""``\nabla^2 f``: opaque; a matrix of second derivatives to some, their sum to others."""
        self.explicit += 1
        args = [self.expression(body)] + ([self.expression(wrt)] if wrt is not None else [])
        self.explicit -= 1
        return self.opaquely("nabla_squared", args, whole)

    def is_gradient_of(self, factors: Sequence[Syntax], k: int) -> bool:
        """``\\Delta_\\beta J(\\beta)``: a gradient printed with the wrong letter."""
        return k + 1 < len(factors) and key(factors[k + 1]) in conv.LOSSES

    def gradient_end(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> int:
        """The operand of ``\\nabla``: one call or name; over a sum or a function word all that follows."""
        n = len(factors)
        for j in range(k, n):
            factor = factors[j]
            base = factor.base if isinstance(factor, Scripted) else factor
            if isinstance(base, Word) and base.style == "big":
                return n
            if isinstance(base, Word) and base.style == "command" and j == k:
                return self.prefix_end(factors, operators, k + 1) if k + 1 < n and not operators[k] else k + 1
            scalar = isinstance(base, (Number, Fraction))
            if not scalar or operators[j : j + 1] not in ([""], [], ("",), ()):
                break
        fence = fence_of(factors[k + 1]) if k + 1 < n and not operators[k] else None
        if fence is not None and fence.opener == "(" and key(factors[k]) is not None:
            return k + 2
        if isinstance(factors[k], (Number, Fraction)) and k + 1 < n and not operators[k]:
            return n
        return k + 1

    # ---- the derivative itself

    def derivative(self, body: Syntax, wrt: list[Syntax], whole: Syntax, fraction: bool) -> Node:
        """The gradient atom if the loss is differentiated as a whole, else an explicit derivative."""
        head = _head(body)
        k = key(head)
        if k in conv.ACTIVATIONS and not wrt and head is not body:
            return self.activation(body)
        if len(wrt) <= 1 and (self.is_loss(head, body) or (not fraction and _is_call_or_name(body))):
            return self.whole_gradient(wrt, body, whole)
        if not fraction:
            inside = self.inside(body, wrt, whole)
            if inside is not None:
                return inside
        if not wrt:
            raise self.unread("a gradient that does not say by what", whole)
        return self.explicit_derivative(body, wrt, whole, fraction)

    def explicit_derivative(self, body: Syntax, wrt: list[Syntax], whole: Syntax, fraction: bool) -> Node:
        """An `array.Derivative`; of a body without the variable, the gradient atom."""
        left, self.on_left = self.on_left, False
        self.explicit += 1
        inner = self.expression(body)
        self.explicit -= 1
        self.on_left = left
        by = tuple(map(self.expression, wrt))
        if not all(isinstance(w, (array.Name, array.Index)) for w in by):
            raise self.unread("a derivative by something that is no name", whole)
        plain = isinstance(inner, (array.Name, array.Index)) and fraction
        used = set(array.names(inner))
        if not plain and not all(set(array.names(w)) & used for w in by):
            if len(wrt) == 1 and (not fraction or self.names_a_loss(body)):
                return self.whole_gradient(wrt, body, whole)
            if len(wrt) == 1:
                return array.Derivative(inner, by, span=self.at(whole))  # the logarithm of a probability, by a logit
            raise self.unread("a derivative by something that does not occur", whole)
        return array.Derivative(inner, by, span=self.at(whole))

    def names_a_loss(self, body: Syntax) -> bool:
        """Whether a quotient or a sum under the derivative has a loss in it: ``\\partial (L + R)``."""
        return any(key(n) in conv.LOSSES for n in walk(body))

    def is_loss(self, head: Syntax, body: Syntax) -> bool:
        """Whether the loss as a whole is differentiated."""
        k = key(head)
        return (
            k in conv.LOSSES and (head is body or _is_call_or_name(body)) and k not in ("l", "R", "C", "E", "F")
        ) or (k in ("l", "R", "C", "E", "F") and head is body and not isinstance(head, (Accent,)))

    def activation(self, body: Syntax) -> Node:
        """``\\nabla \\sigma_K(z_K)``: the derivative of an activation, element by element."""
        assert isinstance(body, Product)
        fence = fence_of(body.factors[1])
        out = self.named(body.factors[0])
        if fence is None or out is None:
            raise self.unread("a gradient of something that is not understood", body)
        args = tuple(map(self.argument, fence.items))
        return array.Apply(self.function_id(out, replace(out.atom, primes=0)), args, 1, span=self.at(body))

    def inside(self, body: Syntax, wrt: list[Syntax], whole: Syntax) -> Node | None:
        """``\\nabla_\\theta \\frac{1}{m} \\sum_i L_i``: the gradient goes inside the sum, which is linear."""
        factors = list(body.factors) if isinstance(body, Product) else [body]
        operators = list(body.operators) if isinstance(body, Product) else []
        for j, factor in enumerate(factors):
            base = factor.base if isinstance(factor, Scripted) else factor
            if isinstance(base, Word) and base.style == "big" and base.text == "sum" and j + 1 < len(factors):
                rest = _run(factors, operators, j + 1, len(factors))
                if not _is_call_or_name(rest):
                    return None
                sign = Letter(whole.span, "nabla")
                grad: Syntax = sign
                if wrt:
                    grad = Scripted(whole.span, sign, (Script("sub", wrt[0], wrt[0].span),))
                inner = rest.factors if isinstance(rest, Product) else (rest,)
                inner_ops = rest.operators if isinstance(rest, Product) else ()
                new = [*factors[: j + 1], grad, *inner]
                return self.product(new, [*operators[: j + 1], "", *inner_ops])
            if not isinstance(base, (Number, Fraction)):
                return None
        return None

    def whole_gradient(self, wrt: list[Syntax], body: Syntax, whole: Syntax) -> Node:
        """The atom ``grad``, with what it is taken by as its subscript, one per example where the body has an index."""
        span = self.at(whole)
        point = self.point(body)
        if not wrt and point is not None and is_plain(point):
            wrt, point = [point], None
        named = self.named(wrt[0]) if wrt else None
        if wrt and named is None:
            raise self.unread("a gradient by something that is no name", whole)
        atom = Atom("grad")
        items: list[Node] = []
        if named is not None:
            plain = replace(named.atom, mark="", layer="", accent="", primes=0)
            atom = Atom("grad", subscript=plain.spelling, layer=named.atom.layer, mark=named.atom.mark)
            items = [self.index_item(i) for i in named.items]
        letters = [x for x in self.letters_used([body]) if x in self.bound or x in self.renamed.values()]
        items = [*(array.Name(x) for x in letters if array.Name(x) not in items), *items]
        if point is not None and not is_plain(point) and not items:  # Nesterov's look-ahead
            return array.Apply(self.identifier(atom), (self.argument(point),), span=span)
        name = array.Name(self.identifier(atom), span=span)
        return array.Index(name, tuple(items), span=span) if items else name

    def point(self, body: Syntax) -> Syntax | None:
        """The one argument of a loss, at which its gradient is taken."""
        head = _head(body)
        fence = fence_of(body.factors[1]) if head is not body and isinstance(body, Product) else None
        if fence is None or len(fence.items) != 1 or isinstance(fence.items[0], (Product, Fence)):
            return None
        return fence.items[0]


def _differential(node: Syntax) -> str | None:
    """``\\partial``, ``d``, ``\\mathrm d`` on their own."""
    base = node.base if isinstance(node, Scripted) else node
    k = key(base)
    return k if k in _DIFFERENTIALS else None


def _stuck(node: Syntax) -> tuple[str | None, Syntax | None]:
    """``dW`` written as one word: the differential and the letter."""
    base = node.base if isinstance(node, Scripted) else node
    if isinstance(base, Word) and len(base.text) == 2 and base.text[0] == "d":
        letter = Letter(Span(base.span.start + 1, base.span.end), base.text[1])
        return "d", replace(node, base=letter) if isinstance(node, Scripted) else letter
    return None, None


def _undone(node: Syntax) -> tuple[str, int, Syntax | None] | None:
    """The top of a derivative fraction: its symbol, its order, what is differentiated (nothing for an operator)."""
    factors = list(node.factors) if isinstance(node, Product) else [node]
    first = factors[0]
    mark = _differential(first)
    if mark is not None:
        order = _order(first)
        if order == 0:
            return None
        if len(factors) == 1:
            return mark, order, None
        operators = node.operators if isinstance(node, Product) else ()
        if operators[0]:
            return None
        return mark, order, _run(factors, operators, 1, len(factors))
    mark, letter = _stuck(first)
    if mark is None or letter is None:
        return None
    if len(factors) == 1:
        return mark, 1, letter
    operators = node.operators if isinstance(node, Product) else ()
    return mark, 1, _run([letter, *factors[1:]], operators, 0, len(factors))


def _order(node: Syntax) -> int:
    if not isinstance(node, Scripted):
        return 1
    body = node.scripts[0].body
    if len(node.scripts) == 1 and node.scripts[0].position == "sup" and isinstance(body, Number):
        return int(body.text) if body.text in ("2", "3") else 0
    return 0


def _run(factors: Sequence[Syntax], operators: Sequence[str], start: int, end: int) -> Syntax:
    if end - start == 1:
        return factors[start]
    span = factors[start].span.cover(factors[end - 1].span)
    return Product(span, tuple(factors[start:end]), tuple(operators[start : end - 1]))


def _head(body: Syntax) -> Syntax:
    """The function of a call, or the body itself."""
    if isinstance(body, Product) and len(body.factors) == 2 and not body.operators[0] and fence_of(body.factors[1]):
        return body.factors[0]
    return body


def _is_call_or_name(body: Syntax) -> bool:
    """Whether ``\\nabla`` stands before one name or one call of an unknown function."""
    if is_plain(body):
        return True
    head = _head(body)
    return (head is not body and key(head) is not None and not isinstance(head, Word)) or (
        head is not body and isinstance(head, Word) and head.style == "text"
    )
