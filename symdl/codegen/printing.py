"""Index form -> NumPy expressions.

Every expression is printed for a list of axes, its *context*: the text is an array whose dimensions are these
axes, from the right, where an axis on which it does not depend has size 1 or is missing in front. Elementwise
algebra then needs no care; accesses are transposed and given new axes, reductions append their axes to the
context and sum the last dimensions, and products of plain accesses become ``@`` or ``einsum``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sympy as sp

from symdl.codegen.scalars import SUM, Text, call, number, product, total
from symdl.codegen.stable import KeepNan, step_of
from symdl.errors import NotSupported
from symdl.functions import ELEMENTWISE, RowFunction
from symdl.terms.indexed import Access, Axis, Delta, Indicator, Reduce

_NATIVE = {row.sympy: row.native["numpy"] for row in ELEMENTWISE.values() if row.sympy and "numpy" in row.native}
_RELATIONS = {sp.Gt: ">", sp.Ge: ">=", sp.Lt: "<", sp.Le: "<=", sp.Eq: "==", sp.Ne: "!="}
_CONSTANT = frozenset(f"np.{n}" for n in ("exp", "log", "log1p", "expm1", "log2", "log10", "sin", "cos", "tanh"))
_LETTERS = "ijklmnopqrstuvwxyzabcdefgh"


class NumpyPrinter:
    """Prints index form.

    Args:
        allowed: the identifiers that may appear; anything else is refused.
        shapes: axis sizes of the named arrays; one that is missing is read whole.

    Attributes:
        helpers: names of the helper functions that the text calls.
    """

    def __init__(self, allowed: Collection[str], shapes: Mapping[str, tuple[sp.Expr, ...]]) -> None:
        self.allowed = frozenset(allowed)
        self.shapes = shapes
        self.helpers: set[str] = set()

    def array(self, body: sp.Expr, axes: Sequence[Axis | None]) -> str:
        """Prints ``body`` as an array over ``axes``; dimensions on which it does not depend are written out."""
        context = [a for a in axes if a is not None]
        text = self.text(body, context)
        missing = [a for a in context if a not in body.free_symbols]
        if missing:
            shape = ", ".join(self.plain(a.size) for a in context)
            whole = f"({shape}{',' if len(context) == 1 else ''})"
            if body.is_Number:
                text = Text(call("np.full", whole, repr(float(body))))
            else:  # a sum, for what broadcasting returns cannot be written to
                text = Text(call("np.broadcast_to", str(text), whole) + " + 0.0", SUM)
        if None in axes:
            text = Text(f"{text.atom}[{', '.join('None' if a is None else ':' for a in axes)}]")
        return str(text)

    def plain(self, body: sp.Expr) -> str:
        """Prints an expression without axes."""
        return str(self.text(body, []))

    def text(self, e: sp.Expr, context: list[Axis]) -> Text:
        """Prints ``e`` for a context."""
        if isinstance(e, Axis):
            return self.placed(Text(call("np.arange", self.plain(e.size))), [e], context)
        if isinstance(e, sp.Symbol):
            return Text(self.identifier(e.name))
        if e.is_Number or e in (sp.pi, sp.E, sp.oo, -sp.oo):
            return number(e)
        if isinstance(e, Access):
            return self.access(e, context)
        if isinstance(e, Reduce):
            return self.reduce(e, context)
        if isinstance(e, sp.Add):
            return total([(sign, self.text(t, context)) for sign, t in _terms(e)])
        if isinstance(e, (sp.Mul, sp.Pow)):
            return product(e, lambda f: self.text(f, context))
        return self.function(e, context)

    def identifier(self, name: str) -> str:
        """Returns the name if it is one of ours."""
        if name not in self.allowed:
            raise NotSupported("SD710", f"the name {name!r} is not defined in the code")
        return name

    def function(self, e: sp.Expr, context: list[Axis]) -> Text:
        """Functions, conditions and deltas."""
        if isinstance(e, Delta):
            return self.delta(e, context)
        if isinstance(e, Indicator):
            return Text(call("np.where", str(self.condition(e.args[0], context)), "1.0", "0.0"))
        if isinstance(e, sp.Piecewise):
            return self.cases(e, context)
        if isinstance(e, KeepNan):
            value, *given = (str(self.text(a, context)) for a in e.args)
            lost = " | ".join(call("np.isnan", g) for g in given)
            return Text(call("np.where", lost, "np.nan", value))
        if isinstance(e, sp.Heaviside):
            return Text(call("np.heaviside", str(self.text(e.args[0], context)), "0.5"))
        name = e.row.native.get("numpy") if isinstance(e, RowFunction) else _NATIVE.get(e.func)
        if name is None:
            raise NotSupported("SD711", f"{e.func.__name__} has no NumPy form")
        if name.startswith("_"):
            self.helpers.add(name)
        args = [str(self.text(a, context)) for a in e.args]
        if e.is_number and name in _CONSTANT:  # a number of Python's own does not widen float32
            name = name.replace("np.", "math.")
        while len(args) > 2 and isinstance(e, (sp.Max, sp.Min)):  # of several arguments: two at a time
            args[-2:] = [call(name, *args[-2:])]
        return Text(call(name, *args))

    def cases(self, e: sp.Piecewise, context: list[Axis]) -> Text:
        """A case distinction: nested ``np.where``."""
        *branches, (last, otherwise) = e.args
        step = step_of(e)
        if step is not None:
            return Text(call("np.heaviside", str(self.text(step[0], context)), step[1]))
        text = str(self.text(last, context)) if otherwise == sp.true else "np.nan"
        if otherwise != sp.true:
            branches.append((last, otherwise))
        for value, condition in reversed(branches):
            text = call("np.where", str(self.condition(condition, context)), str(self.text(value, context)), text)
        return Text(text)

    def condition(self, c: sp.Basic, context: list[Axis]) -> Text:
        """A relation, or an and, or, not of such."""
        if isinstance(c, (sp.And, sp.Or)):
            sign = " & " if isinstance(c, sp.And) else " | "
            return Text(sign.join(self.condition(a, context).atom for a in sorted(c.args, key=sp.default_sort_key)), 5)
        if isinstance(c, sp.Not):
            return Text("~" + self.condition(c.args[0], context).atom, 30)
        if type(c) in _RELATIONS:
            left, right = (str(self.text(s, context)) for s in c.args)
            return Text(f"{left} {_RELATIONS[type(c)]} {right}", 5)
        raise NotSupported("SD711", f"the condition {type(c).__name__} has no NumPy form")

    def delta(self, e: Delta, context: list[Axis]) -> Text:
        """An identity matrix, or a comparison of positions."""
        i, j = e.args
        if isinstance(i, Axis) and isinstance(j, Axis) and i.size == j.size:
            return self.placed(Text(call("np.eye", self.plain(i.size))), [i, j], context)
        left, right = (self.text(s, context) for s in e.args)
        return Text(call("np.where", f"{left.atom} == {right.atom}", "1.0", "0.0"))

    # ---- arrays

    def access(self, e: Access, context: list[Axis]) -> Text:
        """A named array at plain letters, constants and shifted letters."""
        if self.fits(e, context):
            return Text(self.identifier(e.tensor.name))
        items, axes = [], []
        for k, index in enumerate(e.indices):
            letters = [a for a in index.free_symbols if isinstance(a, Axis)]
            if not letters:
                items.append(self.plain(index))
                continue
            axis = letters[0]
            offset = sp.expand(index - axis)
            if len(letters) > 1 or offset.has(axis):
                raise NotSupported("SD712", f"the index {index} of {e.tensor} has no emission yet", f"axis {k + 1}")
            axes.append(axis)
            items.append(self.span(e, k, offset, axis.size))
        text = Text(self.identifier(e.tensor.name))
        while items and items[-1] == ":":
            items.pop()
        if items:
            text = Text(f"{text}[{', '.join(items)}]")
        if len(set(axes)) < len(axes):
            inner = "".join(_LETTERS[axes.index(a)] for a in axes)
            axes = list(dict.fromkeys(axes))
            text = Text(call("np.einsum", f'"{inner}->{"".join(dict.fromkeys(inner))}"', str(text)))
        return self.placed(text, axes, context)

    def fits(self, e: Access, context: list[Axis]) -> bool:
        """Whether the array broadcasts as it is: its axes are the last of the context, or of size 1."""
        shape = self.shapes.get(e.tensor.name)
        if shape is None or len(context) < len(e.indices) or not e.free_symbols & set(context):
            return False
        last = context[len(context) - len(e.indices) :]
        return all(
            (i == a and a.size == s) or (i == 0 and s == 1) for i, a, s in zip(e.indices, last, shape, strict=True)
        )

    def span(self, e: Access, k: int, offset: sp.Expr, count: sp.Expr) -> str:
        """The part of axis ``k`` that is read; it must lie inside the array for all sizes."""
        whole = self.shapes.get(e.tensor.name)
        extent = count if whole is None else whole[k]
        rest = sp.expand(extent - offset - count)
        if offset == 0 and rest == 0:
            return ":"
        if not (offset.is_nonnegative and rest.is_nonnegative):
            raise NotSupported("SD712", f"part of axis {k + 1} of {e.tensor} has no emission yet")
        return f"{self.plain(offset)}:{self.plain(offset + count)}"

    def placed(self, text: Text, axes: list[Axis], context: list[Axis]) -> Text:
        """Brings the dimensions of an array into the order of the context, with new axes between."""
        order = [a for a in context if a in axes]
        if order != axes:
            turn = [axes.index(a) for a in order]
            text = Text(f"{text.atom}.T") if len(axes) == 2 else Text(call("np.transpose", str(text), str(tuple(turn))))
        if not order:
            return text
        inner = context[context.index(order[0]) :]
        items = [":" if a in order else "None" for a in inner]
        return text if "None" not in items else Text(f"{text.atom}[{', '.join(items)}]")

    def reduce(self, e: Reduce, context: list[Axis]) -> Text:
        """A reduction over its bound axes."""
        body, fresh = e.opened()
        bound = [fresh[a] for a in e.bound]
        free = [a for a in context if a in body.free_symbols]
        idle = [a for a in bound if a not in body.free_symbols]
        if idle:
            return self.idle(e.op, body, [a for a in bound if a not in idle], sp.Mul(*(a.size for a in idle)), context)
        if e.op == "sum":
            found = self.contraction(body, free, bound)
            if found is not None:
                return self.placed(found, free, context)
        order = _natural(body, free, bound)
        inner = str(self.text(body, order))
        where = [k for k, a in enumerate(order) if a in bound]
        options = [] if len(where) == len(order) else [f"axis={where[0] if len(where) == 1 else tuple(where)}"]
        return self.placed(Text(call(f"np.{e.op}", inner, *options)), free, context)

    def idle(self, op: str, body: sp.Expr, bound: list[Axis], count: sp.Expr, context: list[Axis]) -> Text:
        """A reduction over axes on which the body does not depend."""
        rest = Reduce(op, body, *bound)
        return self.text({"sum": count * rest, "prod": rest**count}.get(op, rest), context)

    def contraction(self, body: sp.Expr, free: list[Axis], bound: list[Axis]) -> Text | None:
        """A sum of products of plain accesses: ``@`` where it is one, else ``einsum``."""
        constant, arrays = [], []
        for f in sp.Mul.make_args(body):
            base, power = (f.base, f.exp) if isinstance(f, sp.Pow) else (f, sp.S.One)
            if not any(isinstance(a, Axis) for a in f.free_symbols):
                constant.append(f)
            elif isinstance(base, Access) and power in (1, 2) and self.whole(base):
                arrays += [base] * int(power)
            else:
                return None
        if len(arrays) < 2 or (len(arrays) == 2 and arrays[0].indices == arrays[1].indices):
            return None
        text = self.matmul(arrays, free, bound) or self.einsum(arrays, free)
        if not constant:
            return text
        return total([(1, product(sp.Mul(*constant), lambda f: self.text(f, [])).times(text))])

    def whole(self, t: Access) -> bool:
        """Whether an access reads all of its array, every axis at a letter of its own."""
        letters = [i for i in t.indices if isinstance(i, Axis)]
        shape = self.shapes.get(t.tensor.name, tuple(a.size for a in letters))
        return len(set(letters)) == len(t.indices) and all(a.size == s for a, s in zip(letters, shape, strict=True))

    def matmul(self, arrays: list[Access], free: list[Axis], bound: list[Axis]) -> Text | None:
        """``A @ B`` for two arrays of at most two axes that share the one bound axis."""
        if len(arrays) != 2 or len(bound) != 1:
            return None
        for left, right in (arrays, arrays[::-1]):
            outer = [[i for i in t.indices if i != bound[0]] for t in (left, right)]
            if (
                any(bound[0] not in t.indices or len(t.indices) > 2 for t in (left, right))
                or outer[0] + outer[1] != free
            ):
                continue
            a, b = (self.identifier(t.tensor.name) for t in (left, right))
            a += ".T" if len(left.indices) == 2 and left.indices[0] == bound[0] else ""
            b += ".T" if len(right.indices) == 2 and right.indices[1] == bound[0] else ""
            return Text(f"{a} @ {b}", 20)
        return None

    def einsum(self, arrays: list[Access], free: list[Axis]) -> Text:
        """The general sum of products."""
        letter: dict[Axis, str] = {}
        for t in arrays:
            for i in t.indices:
                letter.setdefault(i, _LETTERS[len(letter)])
        left = ",".join("".join(letter[i] for i in t.indices) for t in arrays)
        spec = f'"{left}->{"".join(letter[a] for a in free)}"'
        return Text(call("np.einsum", spec, *(self.identifier(t.tensor.name) for t in arrays)))


def _terms(e: sp.Add) -> list[tuple[int, sp.Expr]]:
    """Sign and absolute value of every term, the positive ones first."""
    terms = [(-1, -t) if t.could_extract_minus_sign() else (1, t) for t in e.as_ordered_terms()]
    return sorted(terms, key=lambda t: -t[0])


def _natural(body: sp.Expr, free: list[Axis], bound: list[Axis]) -> list[Axis]:
    """An order of the axes in which the largest array needs no transposing; the free ones keep theirs."""
    accesses = [t for t in sp.preorder_traversal(body) if isinstance(t, Access)]
    used = [i for t in sorted(accesses, key=lambda t: -len(t.indices)) for i in t.indices]
    order = list(dict.fromkeys(a for a in (*used, *free, *bound) if a in (*free, *bound)))
    return order if [a for a in order if a in free] == free else [*free, *bound]
