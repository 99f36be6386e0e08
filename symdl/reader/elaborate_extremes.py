r"""``\max``, ``\min``, ``\argmax``, ``\sup`` and NumPy's functions: what stands for many values at once."""

from __future__ import annotations

from fractions import Fraction

from symdl.reader import conventions as conv
from symdl.reader.elaborate_terms import Terms
from symdl.reader.names import is_plain, key, numbered_letter
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.syntax import Dots, Fence, Mark, Number, Product, Relation, Remark, Sum, Syntax

_BINARY_NUMPY = {"dot": array.MATMUL, "multiply": array.HADAMARD}


def is_elided(item: Product) -> bool:
    """``dZ \\dots``: keyword arguments that are left out."""
    return len(item.factors) == 2 and isinstance(item.factors[1], Dots)


class Extremes(Terms):
    """Extremes and reductions called by name."""

    def argument(self, item: Syntax) -> Node:
        """One argument of a call."""
        raise NotImplementedError

    def numpy(self, function: str, items: list[Syntax], whole: Syntax) -> Node:
        """``np.sum(dZ, axis=1, keepdims=True)``."""
        args: list[Node] = []
        options: list[tuple[str, object]] = []
        for item in items:
            if isinstance(item, Relation):
                options.append(self.option(item))
            elif self.column and function in ("sum", "mean") and isinstance(item, Product) and is_elided(item):
                args.append(self.argument(item.factors[0]))  # the column stated behind it leaves one choice
                options += [("axis", 1), ("keepdims", True)]
            else:
                args.append(self.argument(item))
        span = self.at(whole)
        if function in _BINARY_NUMPY and len(args) == 2:
            return array.Mul(args[0], args[1], _BINARY_NUMPY[function], span=span)
        if function == "square" and len(args) == 1:
            return array.Pow(args[0], array.Num(Fraction(2)), span=span)
        return array.Call(function, tuple(args), tuple(options), span=span)

    def option(self, item: Relation) -> tuple[str, object]:
        """``axis=1``, ``keepdims=True``."""
        name, value = key(item.sides[0]), item.sides[1]
        if item.operators == ("=",) and name in ("axis", "keepdims", "dim", "keepdim"):
            option = {"dim": "axis", "keepdim": "keepdims"}.get(name, name)
            if isinstance(value, Number) and value.text.isdigit():
                return option, int(value.text)
            if isinstance(value, Sum) and value.signs == ("-",) and isinstance(value.terms[0], Number):
                return option, -int(value.terms[0].text)
            if key(value) in ("True", "False"):
                return option, key(value) == "True"
        raise self.unread("a keyword argument that is not understood", item)

    def extreme(self, function: str, lower: Syntax | None, items: list[Syntax], whole: Syntax) -> Node:
        r"""``\max(0, x)``, ``\max_i x_i``, ``\max\{x, 0\}``."""
        if not items or any(isinstance(i, Mark) for i in items):
            raise self.valueless(f"{function} of nothing", whole)
        span = self.at(whole)
        if lower is not None or function in ("sup", "inf"):
            known = lower is None or key(lower) in self.letters.indices
            if self.on_left and len(items) == 1 and not known:
                self.notes["optimised"] = None  # \min_G \max_D V(D, G) = ...: what is optimised is defined
                return array.Call(function, (self.expression(items[0]),), span=span)
            reduced = self.over_index(function, lower, items, whole)
            return reduced or self.optimum(function, lower, items, whole)
        if any(isinstance(i, Relation) for i in items):
            return self.optimum(function, lower, items, whole)
        args = tuple(map(self.argument, items))
        return array.Call(function if len(args) == 1 else function + "imum", args, span=span)

    def over_index(self, function: str, lower: Syntax | None, items: list[Syntax], whole: Syntax) -> Node | None:
        r"""``\max_i x_i``, ``\max_{a'} Q(s', a')``: ``None`` if what it runs over is no index of its body."""
        if lower is None or len(items) != 1 or function not in ("max", "min"):
            return None
        if isinstance(lower, Relation) and lower.operators == ("in",):  # as in a sum, the set is the whole axis
            lower = lower.sides[0]
        primed = numbered_letter(lower) or ""
        k = primed if primed.endswith("_prime") and primed[0] in conv.SUM_INDICES else key(lower)
        if k is None or k in self.letters.free or (k not in self.letters.indices and k != primed):
            return None
        self.bound.append(k)
        body = self.argument(items[0])
        self.bound.pop()
        return array.Reduce(function, body, k, span=self.at(whole)) if k in array.names(body) else None

    def optimum(self, function: str, lower: Syntax | None, items: list[Syntax], whole: Syntax) -> Node:
        r"""``\max_{\theta} f(\theta)``, ``\max\{x_i : i \in B\}``: opaque, of the body and what varies in it."""
        if any(isinstance(i, (Remark, Mark)) for i in items):
            raise self.unread(f"a {function} of words", whole)
        self.explicit += 1
        args = [self.argument(i.sides[0] if isinstance(i, Relation) else i) for i in items]
        for item in lower.items if isinstance(lower, Fence) and lower.opener == "" else (lower,):
            variable = item.sides[0] if isinstance(item, Relation) else item
            if variable is not None and is_plain(variable):
                args.append(self.argument(variable))
        self.explicit -= 1
        return self.opaquely(function + "_over", args, whole)

    def arg_extreme(self, function: str, lower: Syntax | None, items: list[Syntax], whole: Syntax) -> Node:
        r"""``\arg\max_j z_j``: over an index a value, over a quantity a task."""
        if len(items) == 1:
            argument = self.argument(items[0])
            k = key(lower) if lower is not None else None
            if isinstance(argument, array.Index) and k is not None:
                last = argument.items[-1]
                if isinstance(last, array.Name) and last.id == k:
                    outer = argument.items[:-1]
                    base = array.Index(argument.base, outer, span=argument.span) if outer else argument.base
                    return array.Call(function, (base,), span=self.at(whole))
            if lower is None:
                return array.Call(function, (argument,), span=self.at(whole))
        return self.optimum(function, lower, items, whole)
