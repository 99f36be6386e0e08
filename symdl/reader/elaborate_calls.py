"""Calls: what is a function, what a product; known, unknown and opaque functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symdl.functions import lookup
from symdl.reader import conventions as conv
from symdl.reader.elaborate_extremes import Extremes
from symdl.reader.elaborate_names import Named
from symdl.reader.elaborate_terms import Tail
from symdl.reader.letters import affine_letters, label
from symdl.reader.names import is_plain, key, numbered_letter
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom
from symdl.terms.syntax import (
    Accent,
    Dots,
    Fence,
    Font,
    Letter,
    Mark,
    Number,
    Product,
    Relation,
    Remark,
    Script,
    Scripted,
    Sum,
    Syntax,
    Word,
    children,
    walk,
)


def fence_of(node: Syntax) -> Fence | None:
    """The fence a factor is, scripts behind it allowed."""
    base = node.base if isinstance(node, Scripted) else node
    return base if isinstance(base, Fence) else None


def known_function(word: str) -> str | None:
    """The name of a known function in catalogue notation."""
    if word in conv.FUNCTION_WORDS:
        return conv.FUNCTION_WORDS[word] or None
    if word in conv.NUMPY:
        return conv.NUMPY[word]
    if word in conv.ARRAY_WORDS or word in ("max", "min", "sup", "inf"):
        return word
    row = lookup(word)
    return None if row is None else row.name


def is_plain_call(fence: Fence) -> bool:
    """Whether an argument list holds plain names only, as it does where a function is defined."""
    return fence.opener == "(" and all(map(is_plain, fence.items))


_PREFIXES = frozenset("log exp tanh sin cos max min softmax sigmoid argmax argmin".split())


class Calls(Extremes):
    """Function application."""

    # ---- is it a call?

    def is_call(self, head: Syntax, fence: Fence) -> bool:
        """Whether a name and the parenthesis behind it are a call."""
        k = key(head)
        if k is None or not fence.items:
            return False
        if fence.opener == "[":
            return k in conv.STATISTICS or (k in conv.DISTRIBUTIONS and len(fence.items) == 2)
        if fence.opener != "(":
            return False
        if self.is_table(head, fence) or (k == "chi" and "||" in fence.separators):
            return True
        if isinstance(head, Scripted) and any(s.position == "prime" or _is_prime(s) for s in head.scripts):
            return True
        if isinstance(head, Scripted) and any(s.position == "sup" and self.is_power(head, s) for s in head.scripts):
            return False
        base = head.base if isinstance(head, Scripted) else head
        if isinstance(base, Word):
            stuck = head.span.end == fence.span.start and not (len(base.text) == 2 and base.text[0] == "d")
            return stuck or base.text in conv.STATISTICS
        if k in conv.PROBABILITIES and any(map(_is_event, fence.items)):
            return True
        if self.is_bare_inside(k, fence):
            return False
        return self.is_function_letter(k, head, fence)

    def is_table(self, head: Syntax, fence: Fence) -> bool:
        """``p(x)`` under a sum over ``x``, ``K(i - m, j - n)``: an element in parentheses."""
        letters = [affine_letters(i) for i in fence.items]
        if isinstance(head, (Scripted, Word)) or not all(letters):
            return False
        plain = all(isinstance(i, Letter) for i in fence.items)
        return any(x & set(self.bound) for x in letters if x) and (plain or key(head) not in conv.RATES)

    def is_function_letter(self, k: str, head: Syntax, fence: Fence) -> bool:
        """Whether a letter before a parenthesis is a function there."""
        plain = all(self.is_simple(i) for i in fence.items)
        if self.on_left and self.whole_left and all(map(is_plain, fence.items)):
            return True
        if k in conv.RATES and k not in self.names.functions:
            return len(fence.items) > 1 and not isinstance(head, Scripted) and len(k) == 1 and k not in "nm"
        if k in conv.ALWAYS_FUNCTIONS or (k in self.names.functions and (plain or k not in conv.RATES)):
            return True
        if isinstance(head, Scripted) and any(key(s.body) in conv.PARAMETER_MARKS for s in head.scripts if s.body):
            return True
        if len(fence.items) > 1:
            return True
        if k.endswith(("hat", "tilde")):
            return k.removesuffix("hat").removesuffix("tilde") in conv.ACCENTED_FUNCTIONS and plain
        return k in conv.SOMETIMES_FUNCTIONS and plain

    def is_power(self, head: Scripted, script: Script) -> bool:
        """Whether a superscript of a would-be function is a power or a transpose."""
        out = self.named(Scripted(head.span, head.base, (script,)))
        return out is not None and bool(out.after)

    def is_bare_inside(self, k: str, fence: Fence) -> bool:
        """Whether the name stands inside its own parenthesis uncalled: ``a(1 - a)`` is a product."""
        called = total = 0
        for node in walk(fence):
            if isinstance(node, (Letter, Word)):
                total += key(node) == k
            elif isinstance(node, Product):
                for left, op, right in zip(node.factors, node.operators, node.factors[1:], strict=False):
                    inner = fence_of(right)
                    called += key(left) == k and not op and inner is not None and inner.opener == "("
        return total > called

    def is_simple(self, node: Syntax) -> bool:
        """A plain name, or a call of plain names."""
        if is_plain(node):
            return True
        if isinstance(node, Product) and len(node.factors) == 2 and not node.operators[0]:
            inner = fence_of(node.factors[1])
            return inner is not None and is_plain(node.factors[0]) and all(map(self.is_simple, inner.items))
        return False

    # ---- calls of names

    def call(self, head: Syntax, fence_node: Syntax) -> Node:
        """A call, with the scripts behind its parenthesis."""
        fence = fence_of(fence_node)
        assert fence is not None
        out = self.named(head)
        if out is None:
            raise self.unread("a call of something that is no name", head)
        if out.key != "chi" and out.after:
            raise self.unread("a power of a function before its argument", head)
        node = self.called(out, head, fence)
        scripts = fence_node.scripts if isinstance(fence_node, Scripted) else ()
        whole = replace(head, span=head.span.cover(fence_node.span))
        after = []
        for script in scripts:
            if script.position == "sub" and script.body is not None:
                node = self.subscripted_call(node, script.body, whole)
            else:
                after.append(script)
        return self.finish(node, after, whole)

    def subscripted_call(self, node: Node, body: Syntax, whole: Syntax) -> Node:
        """``\\sigma(z)_i``; a label of a statistic, ``E[g^2]_t``, is its mark."""
        if isinstance(node, array.Name) and node.id in self.found.atoms:
            out = Named("", self.found.atoms[node.id])
            if self.time_mark(out, body):
                return self.name(out.atom, whole)
        return self.lowered(node, body, whole)

    def called(self, out: Named, head: Syntax, fence: Fence) -> Node:
        """A call of a name: statistic, known function, or unknown one."""
        statistic = conv.STATISTICS.get(out.key)
        if statistic is not None and not out.atom.accent:
            return self.statistic(statistic, fence, head)
        marked = bool(out.items or out.atom.layer or out.atom.subscript or out.atom.mark)
        if out.key in conv.SIGMOID_LETTERS and len(fence.items) == 1:
            applied = self.choice("sigma") == (0 if marked or self.sigma_defined else 1)
            if not applied:
                return self.primed("sigmoid", out, head, fence)
        elif (
            not marked
            and len(fence.items) == 1
            and isinstance(_base(head), Word)
            and not (self.on_left and self.choice("left"))
        ):
            function = known_function(out.atom.letter)
            if function is not None:
                return self.primed(function, out, head, fence)
        return self.unknown(out, head, fence)

    def primed(self, function: str, out: Named, head: Syntax, fence: Fence) -> Node:
        """A known function, or its derivative at a plain name: ``\\tanh'(z)``."""
        span = self.at(head).cover(self.at(fence))
        argument = self.argument(fence.items[0])
        node: Node = array.Call(function, (argument,), span=span)
        for _ in range(out.atom.primes):
            if not isinstance(argument, (array.Name, array.Index)):
                letter = replace(out.atom, primes=0)
                return array.Apply(self.identifier(letter), (argument,), out.atom.primes, span=span)
            node = array.Derivative(node, (argument,), span=span)
        return node

    def unknown(self, out: Named, head: Syntax, fence: Fence) -> Node:
        """A function nobody knows: a value of its own (opaque) or applied to its arguments."""
        span = self.at(head).cover(self.at(fence))
        atom, primes = replace(out.atom, primes=0), out.atom.primes
        items = [i for i in fence.items if not isinstance(i, Remark)]
        bound = self.table_access(atom, items, fence)
        if bound is not None:
            return bound
        given = "|" in fence.separators and out.key in conv.PROBABILITIES
        if given and (self.explicit or not self.on_left):
            atom = replace(atom, subscript=",".join(filter(None, (atom.subscript, "given"))))
        left = self.on_left and not given
        if primes or left or self.explicit or not all(map(self.is_opaque, items)):
            if not self.explicit:
                self.found.applied.add(out.key)
            return array.Apply(self.function_id(out, atom), tuple(map(self.argument, items)), primes, span=span)
        applied = 1 if out.key not in conv.ACTIVATIONS else 0
        if out.key in self.found.applied or self.choice("calls") == applied:
            return array.Apply(self.function_id(out, atom), tuple(map(self.argument, items)), primes, span=span)
        return self.opaque(out, items, head, fence)

    def function_id(self, out: Named, atom: Atom) -> str:
        """The identifier of a function; indices it carries are labels."""
        text = ",".join(t for i in out.items if (t := label(i)))
        if text:
            atom = replace(atom, subscript=f"{atom.subscript},{text}" if atom.subscript else text)
        return self.identifier(replace(atom, mark=""))

    def table_access(self, atom: Atom, items: list[Syntax], fence: Fence) -> Node | None:
        """``p(x)`` under a sum over ``x``: an element of the table ``p``."""
        letters = [affine_letters(i) for i in items]
        if not items or not all(letters) or not any(x & set(self.bound) for x in letters if x):
            return None
        base = self.name(atom, fence)
        return array.Index(base, tuple(map(self.index_item, items)), span=self.at(fence))

    def opaque(self, out: Named, items: list[Syntax], head: Syntax, fence: Fence) -> Node:
        """A value that is known by its name only, one per example: ``h(x_i)`` is ``h()`` at ``i``."""
        self.found.opaque.add(out.key)
        bar = "|" if "|" in fence.separators else ","
        text = bar.join(self.skeleton(i) for i in items)
        seen = self.found.arguments.setdefault(out.atom.spelling, {})
        told = bool(seen) or (out.key in conv.PROBABILITIES and any(isinstance(i, Number) for i in items))
        known = seen.setdefault(text, text.replace("|", "_")[:16] if told else "")  # p(1|x) is never p(0|x)
        labels = ",".join(filter(None, (out.atom.subscript if len(out.atom.subscript) < 4 else "", known)))
        keep = "" if out.key in ("h", "f") else labels
        atom = replace(out.atom, letter=out.atom.letter + "()", subscript=keep or known, primes=0)
        span = self.at(head).cover(self.at(fence))
        name = array.Name(self.identifier(atom), span=span)
        letters = self.letters_used(items)
        if not letters:
            return name
        return array.Index(name, tuple(array.Name(x) for x in letters), span=span)

    def skeleton(self, item: Syntax) -> str:
        """The names in an argument without their indices, by which opaque values are told apart."""
        out: list[str] = []
        stack = [item]
        while stack:
            node = stack.pop()
            named = self.named(node) if isinstance(node, (Letter, Word, Scripted, Accent, Font)) else None
            if named is None:
                stack.extend(reversed(children(node)))
                out += [node.text] if isinstance(node, Number) else []
                out += node.operators if isinstance(node, Relation) else ()
                out += filter(None, node.signs) if isinstance(node, Sum) else ()
            else:
                out.append(named.atom.spelling + named.atom.layer + named.atom.mark)
        return "".join(out)

    def letters_used(self, items: Sequence[Syntax]) -> list[str]:
        """Index letters the arguments carry, in order; members of a set stand for its index."""
        out: dict[str, None] = {}
        stack = list(reversed(items))
        while stack:
            node = stack.pop()
            primed = numbered_letter(node)
            if primed is not None and primed in self.bound:
                out.setdefault(primed)
                continue
            if isinstance(node, Letter) and node.name in self.renamed:
                out.setdefault(self.renamed[node.name])
            elif isinstance(node, Letter) and node.name in self.bound:
                out.setdefault(node.name)
            if isinstance(node, Scripted) and (named := self.named(node)) is not None:
                for index in named.items:
                    for letter in sorted(affine_letters(index) or ()):
                        out.setdefault(letter)
            below = children(node)
            stack.extend(reversed(below[1:] if primed is not None and primed.endswith("_prime") else below))
        return list(out)

    def is_opaque(self, item: Syntax) -> bool:
        """Whether an argument says nothing but what the value is taken at."""
        if isinstance(item, (Remark, Mark, Relation, Dots)):
            return True
        if isinstance(item, Fence):
            return all(map(self.is_opaque, item.items))
        if _is_event(item):
            return True
        if isinstance(item, (Number,)):
            return True
        return self.is_simple(item) and not (isinstance(item, Product) and known_function(key(item.factors[0]) or ""))

    def argument(self, item: Syntax) -> Node:
        """One argument; arguments are never a left side."""
        left, self.on_left = self.on_left, False
        if isinstance(item, Dots):
            return self.name(Atom("dots"), item)
        if isinstance(item, Sum) and _is_event(item):
            return self.opaquely(f"event_{item.signs[-1]}", list(map(self.expression, item.terms)), item)
        node = self.expression(item)
        self.on_left = left
        return node

    def statistic(self, name: str, fence: Fence, head: Syntax) -> Node:
        """``E(X)``, ``Var(X)``: an atom; several arguments in one statement are told apart."""
        text = ",".join(self.skeleton(i) for i in fence.items)
        seen = self.found.arguments.setdefault(name, {})
        known = seen.setdefault(text, "" if not seen else text[:12])
        span = self.at(head).cover(self.at(fence))
        return array.Name(self.identifier(Atom(name, subscript=known)), span=span)

    # ---- functions written as words

    def function(
        self, factors: Sequence[Syntax], operators: Sequence[str], k: int, tail: Tail | None
    ) -> tuple[Node, int] | None:
        """``\\log x``, ``\\tanh(z)``, ``\\max\\{x, 0\\}``, ``\\text{softmax}(z)``."""
        factor = factors[k]
        word = _base(factor)
        assert isinstance(word, Word)
        function = known_function(word.text)
        scripts = factor.scripts if isinstance(factor, Scripted) else ()
        if function is None or word.text in conv.STATISTICS:
            return None
        if word.style != "command" and function not in _PREFIXES and (k + 1 >= len(factors) or operators[k]):
            return None  # a name that is also that of a function: step^{-0.5}
        if k + 1 >= len(factors) or operators[k]:
            if len(factors) > 1 or word.text in ("argmax", "argmin"):
                raise self.without_argument(word, factor, len(factors))
            return None
        fence = fence_of(factors[k + 1])
        whole = replace(factor, span=factor.span.cover(factors[k + 1].span))
        if fence is not None and (
            fence.opener in ("(", "[") or (fence.opener == "{" and function in ("max", "min", "sup", "inf"))
        ):
            if self.on_left and len(factors) == 2 and not scripts and is_plain_call(fence) and self.choice("left"):
                return self.call(factor, factors[k + 1]), k + 2
            items = [i for i in fence.items if not isinstance(i, Remark)]
            called = replace(factor, span=factor.span.cover(fence.span))
            node = self.applied(function, word, scripts, items, called)
            outer = factors[k + 1]
            if isinstance(outer, Scripted):
                lower = [s for s in outer.scripts if s.position == "sub"]
                for script in lower:
                    if script.body is not None:
                        node = self.lowered(node, script.body, whole)
                node = self.finish(node, [s for s in outer.scripts if s.position != "sub"], whole)
            return node, k + 2
        if word.style == "bare" and word.text not in ("log", "exp", "tanh", "sin", "cos", "max", "min", "softmax"):
            return None
        end = self.prefix_end(factors, operators, k + 1)
        further, matrix = self.plain_run(factors, operators, end), self.is_matrix(function, factors[k + 1])
        stuck = further > end and factors[end - 1].span.end == factors[end].span.start  # \log xy, not \log x y
        if further > end and (stuck or matrix) and self.choice("prefix") == (0 if matrix else 1):
            end = further  # \\tanh W x
        whole = replace(factor, span=factor.span.cover(factors[end - 1].span))
        inner = Product(whole.span, tuple(factors[k + 1 : end]), tuple(operators[k + 1 : end - 1]))
        item: Syntax = inner if len(inner.factors) > 1 else inner.factors[0]
        return self.applied(function, word, scripts, [item], whole), end

    def without_argument(self, word: Word, factor: Syntax, count: int) -> Exception:
        """A function that is applied to nothing; where it stands alone it is only mentioned."""
        what = f"{word.text} without an argument"
        return self.valueless(what, factor) if count == 1 else self.unread(what, factor)

    def plain_run(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> int:
        """Where the plain names side by side behind factor ``k - 1`` end."""
        first = factors[k - 1]
        if not isinstance(first, (Letter, Scripted, Font, Accent)) or not is_plain(first):
            return k
        while k < len(factors) and not operators[k - 1] and is_plain(factors[k]) and not self.ends_prefix(factors[k]):
            if k + 1 < len(factors) and fence_of(factors[k + 1]) is not None and not operators[k]:
                break
            k += 1
        return k

    def is_matrix(self, function: str, first: Syntax) -> bool:
        """Whether ``\\tanh W x`` takes the product: the first factor is a capital."""
        k = key(first)
        return function not in ("log", "max", "min") and k is not None and len(k) == 1 and k.isupper()

    def prefix_end(self, factors: Sequence[Syntax], operators: Sequence[str], k: int) -> int:
        """Where the argument of ``\\log`` without parentheses ends."""
        n = len(factors)
        first = _base(factors[k])
        if isinstance(first, Word) and first.style == "big":
            return n
        if isinstance(first, Word) and known_function(first.text):
            if k + 1 >= n or operators[k]:
                return k + 1
            return k + 2 if fence_of(factors[k + 1]) is not None else self.prefix_end(factors, operators, k + 1)
        if isinstance(factors[k], Number):
            end = k + 1
            while end < n and not operators[end - 1] and not self.ends_prefix(factors[end]):
                end += 1
            return end
        fence = fence_of(factors[k + 1]) if k + 1 < n and not operators[k] else None
        return k + 2 if fence is not None and self.is_call(factors[k], fence) else k + 1

    def ends_prefix(self, factor: Syntax) -> bool:
        """Whether a factor ends the argument of a function written without parentheses."""
        base = _base(factor)
        return isinstance(base, Word) and (base.style == "big" or known_function(base.text) is not None)

    def applied(self, function: str, word: Word, scripts: Sequence[Script], items: list[Syntax], whole: Syntax) -> Node:
        """A known function applied to its arguments, its own scripts included."""
        lower = next((s.body for s in scripts if s.position == "sub"), None)
        primes = sum(s.position == "prime" or _is_prime(s) for s in scripts)
        powers = [s for s in scripts if s.position == "sup" and not _is_prime(s)]
        span = self.at(whole)
        if function in ("max", "min", "sup", "inf"):
            node = self.extreme(function, lower, items, whole)
        elif word.text in conv.NUMPY:
            node = self.numpy(function, items, whole)
        elif function in ("argmax", "argmin"):
            node = self.arg_extreme(function, lower, items, whole)
        else:
            args = tuple(map(self.argument, items))
            node = self.elementary(function, lower, args, word, whole)
        if primes:
            argument = node.args[0] if isinstance(node, array.Call) and len(node.args) == 1 else None
            if not isinstance(argument, (array.Name, array.Index)):
                return array.Apply(function, tuple(map(self.argument, items)), primes, span=span)
            for _ in range(primes):
                node = array.Derivative(node, (argument,), span=span)
        if any(isinstance(s.body, Sum) or _is_minus_one(s.body) for s in powers):
            raise self.unread("an inverse function written as a power", whole)
        return self.finish(node, powers, whole)

    def elementary(
        self, function: str, lower: Syntax | None, args: tuple[Node, ...], word: Word, whole: Syntax
    ) -> Node:
        """A known function of arguments that are elaborated already."""
        span = self.at(whole)
        if function == "norm":
            return array.Norm(args[0], args[1] if len(args) > 1 else None, span=span)
        if lower is not None:
            if function == "log":
                base = array.Call("log", (self.expression(lower),))
                return array.Div(array.Call("log", args, span=span), base, span=span)
            if function == "softmax" and len(args) == 1:
                return self.softmax_over(lower, args[0], whole)
            raise self.unread(f"a subscript on {word.text}", whole)
        if function == "softmax" and len(args) == 1 and isinstance(args[0], array.Index):
            return self.softmax_element(args[0], whole)
        row = lookup(function)
        arity = 1 + len(getattr(row, "parameters", ())) if row is not None else len(args)
        if function not in conv.ARRAY_WORDS and len(args) not in (1, arity):
            return array.Apply(self.identifier(Atom(word.text)), args, span=span)
        return array.Call(function, args, span=span)

    def softmax_over(self, lower: Syntax, argument: Node, whole: Syntax) -> Node:
        """``\\text{softmax}_i(z)``."""
        k = key(lower)
        if k in self.letters.indices and k not in array.names(argument):
            call = array.Call("softmax", (argument,), span=self.at(whole))
            return array.Index(call, (array.Name(k or ""),), span=self.at(whole))
        raise self.unread("a subscript on softmax", whole)

    def softmax_element(self, argument: array.Index, whole: Syntax) -> Node:
        """``\\text{softmax}(x_i)`` means the ``i``-th element: a softmax of one number is always 1."""
        *outer, last = argument.items
        if not isinstance(last, array.Name):
            return array.Call("softmax", (argument,), span=self.at(whole))
        inner = array.Index(argument.base, tuple(outer), span=argument.span) if outer else argument.base
        return array.Index(array.Call("softmax", (inner,), span=self.at(whole)), (last,), span=self.at(whole))


def _is_event(node: Syntax) -> bool:
    r"""Whether an argument is an event: ``X \ge \epsilon``, ``A \cap B``."""
    if isinstance(node, Sum):
        return set(node.signs) <= {"", "cap", "cup", "and", "or"}
    return isinstance(node, Relation) and node.operators[0] not in ("=", ":=", ":")


def _base(node: Syntax) -> Syntax:
    return node.base if isinstance(node, Scripted) else node


def _is_prime(script: Script) -> bool:
    return script.position == "sup" and isinstance(script.body, Letter) and script.body.name == "prime"


def _is_minus_one(body: Syntax | None) -> bool:
    return isinstance(body, Sum) and body.signs == ("-",)
