"""Sums over shifted elements: views of windows where they are gathered, slices over kernel offsets where spread.

``X[s * i + a, s * j + b]`` is an element of the view ``sliding_window_view(X, (k, l))[::s, ::s]``, over which a
convolution, its gradient by the kernel and pooling are ordinary sums. ``delta[u, s * i + a]`` spreads: for each
offset ``a`` of the kernel, every ``s``-th element receives its part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp

from symdl.codegen.pieces import Formula, Piece, Spread
from symdl.codegen.sizes import Fit, SizeTable, fit
from symdl.codegen.slicing import NoArrayForm, Slicer, element, number, reach
from symdl.codegen.stable import fresh_name
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Access, Axis, Delta, Reduce, rewritten
from symdl.terms.program import Variable

_ALL = array.Slice(None, None, None)


@dataclass(frozen=True)
class _Seen:
    """One dimension as an index with two letters reads it: places of windows, and places inside a window."""

    outer: Axis
    inner: Axis
    fit: Fit

    @property
    def spread(self) -> sp.Expr:
        """Distance of neighbours inside a window."""
        return sp.S.One if self.inner.size == 1 else sp.expand((self.fit.span - 1) / (self.inner.size - 1))


@dataclass(frozen=True)
class _Slot:
    """The part of one dimension that a loop writes: all of it, or ``start : start + step * size : step``."""

    letter: Axis | None
    start: sp.Expr = sp.S.Zero
    step: sp.Expr | None = None

    def node(self, plain: Callable[[sp.Expr], Node]) -> Node:
        """The slice."""
        if self.step is None or self.letter is None:
            return _ALL
        begin = None if self.start == 0 else plain(self.start)
        stop = reach(begin, self.step, self.letter.size)
        return array.Slice(begin, stop, None if self.step == 1 else plain(self.step))


class Windows:
    """Rewrites bodies with shifted elements into ones without, and writes down what they need.

    Args:
        sizes: what is known of the sizes.
        shapes: name -> sizes; views are added to it.
        taken: names in use.
    """

    def __init__(self, sizes: SizeTable, shapes: dict[str, tuple[sp.Expr, ...]], taken: set[str]) -> None:
        self.sizes = sizes
        self.shapes = shapes
        self.taken = taken
        self.views: dict[Node, str] = {}
        self.plain = number
        self.counters: list[str] = []

    # ---- gathering

    def gathered(self, body: sp.Expr, out: list[Piece]) -> sp.Expr:
        """The body over views of windows; the views are appended to ``out``."""

        def change(e: sp.Expr) -> sp.Expr | None:
            if isinstance(e, Access) and any(isinstance(i, sp.floor) for i in e.indices):
                return self.repeated(e, out)
            if not isinstance(e, Access) or all(len(_letters(i)) < 2 for i in e.indices):
                return None
            try:  # a dimension that was put together of two
                Slicer(self.shapes).access(e)
            except NoArrayForm:
                return self.view(e, out)
            return None

        return rewritten(body, change)

    def view(self, e: Access, out: list[Piece]) -> sp.Expr:
        """An element of an array as one of a view of its windows."""
        name = e.tensor.name
        places: list[sp.Expr] = []
        inside: list[Axis] = []
        sizes: list[sp.Expr] = []
        where: list[int] = []
        cuts: list[Node] = []
        spans: list[sp.Expr] = []
        tail: list[Node] = []
        for k, (index, extent) in enumerate(zip(e.indices, self.shapes[name], strict=True)):
            if len(_letters(index)) != 2:
                places.append(index)
                sizes.append(extent)
                cuts.append(_ALL)
                continue
            seen = self.seen(index, extent)
            where.append(k)
            places.append(seen.outer)
            inside.append(seen.inner)
            sizes.append(seen.outer.size)
            cuts.append(self.cut(seen))
            spans.append(seen.fit.span)
            tail.append(_ALL if seen.spread == 1 else array.Slice(None, None, self.plain(seen.spread)))
        axes = () if len(where) == len(e.indices) else (("axis", tuple(where) if len(where) > 1 else where[0]),)
        windows: Node = array.Call("sliding_window_view", (array.Name(name), *map(self.plain, spans)), axes)
        items = [*cuts, *tail]
        while items and items[-1] == _ALL:
            items.pop()
        if items:
            windows = array.Index(windows, tuple(items))
        if windows not in self.views:
            self.views[windows] = fresh_name(f"{name}_windows", self.taken)
            self.shapes[self.views[windows]] = (*sizes, *(a.size for a in inside))
            out.append(Formula(self.views[windows], windows, (), helper=True))
        return Access(sp.Symbol(self.views[windows], real=True), *places, *inside)

    def repeated(self, e: Access, out: list[Piece]) -> sp.Expr:
        """An element of an array at ``floor(i / k)`` as one of the array with every element repeated ``k`` times."""
        node: Node = array.Name(e.tensor.name)
        sizes, indices = list(self.shapes[e.tensor.name]), list(e.indices)
        for k, index in enumerate(e.indices):
            if not isinstance(index, sp.floor):
                continue
            letter = next(iter(_letters(index)), None)
            times = sp.cancel(letter / index.args[0]) if letter is not None else sp.S.Zero
            if letter is None or _letters(times) or times.is_positive is not True or times.is_integer is not True:
                raise NoArrayForm
            node = array.Call("repeat", (node, self.plain(times)), (("axis", k),))
            sizes[k], indices[k] = sp.expand(times * sizes[k]), letter
        if node not in self.views:
            self.views[node] = fresh_name(f"{e.tensor.name}_repeated", self.taken)
            self.shapes[self.views[node]] = tuple(sizes)
            out.append(Formula(self.views[node], node, (), helper=True))
        return Access(sp.Symbol(self.views[node], real=True), *indices)

    def apart(self, e: sp.Expr, out: list[Piece]) -> sp.Expr | None:
        """An element of a dimension that was put together of two as one of the array taken apart."""
        if not isinstance(e, Access) or all(len(_letters(i)) < 2 for i in e.indices):
            return None
        try:
            r = Slicer(self.shapes).access(e)
        except NoArrayForm:
            return None
        if r.node not in self.views:
            self.views[r.node] = fresh_name(f"{e.tensor.name}_apart", self.taken)
            self.shapes[self.views[r.node]] = tuple(sp.S.One if a is None else a.size for a in r.dims)
            out.append(Formula(self.views[r.node], r.node, (), helper=True))
        return Access(sp.Symbol(self.views[r.node], real=True), *(sp.S.Zero if a is None else a for a in r.dims))

    def seen(self, index: sp.Expr, extent: sp.Expr) -> _Seen:
        """Which letter counts windows and which counts inside: the one whose size is nearest to the data is inside."""
        letters = sorted(_letters(index), key=str)
        steps = {a: sp.expand(index).coeff(a) for a in letters}
        if any(_letters(s) or s.is_nonpositive for s in steps.values()):
            raise NoArrayForm
        inner, outer = sorted(letters, key=lambda a: (self.sizes.rank(a.size), steps[a] != 1, str(a.size)))
        return _Seen(outer, inner, fit(index, outer, extent))

    def cut(self, seen: _Seen) -> Node:
        """The slice that takes every step-th window."""
        f = seen.fit
        idle = sp.expand(f.extent - f.start - f.span - f.step * (seen.outer.size - 1))
        whole = f == self.sizes.fits.get(str(seen.outer.size)) or idle == 0
        whole = whole or bool(f.step.is_Integer and idle.is_Integer and 0 <= idle < f.step)
        stop = None if whole else self.plain(sp.expand(f.start + f.step * seen.outer.size))
        if f.start == 0 and f.step == 1 and stop is None:
            return _ALL
        start = None if f.start == 0 else self.plain(f.start)
        return array.Slice(start, stop, None if f.step == 1 else self.plain(f.step))

    # ---- spreading

    def scattered(self, v: Variable, body: sp.Expr, like: str, out: list[Piece]) -> sp.Expr | None:
        """The body with every sum that spreads replaced by an array; nothing if the whole is one, which is then done.

        The loops are appended to ``out``.
        """
        outside, spread = _split(body)
        if spread is not None and not any(_letters(f) for f in outside):
            out.append(self.loop(v, sp.Mul(*outside), spread, like, out, helper=False))
            return None
        free = set(v.letters)

        def change(e: sp.Expr) -> sp.Expr | None:
            if not (isinstance(e, Reduce) and _spreads(e)):
                return None
            axes = tuple(a for a in v.axes if a is not None and a in e.free_symbols & free)
            if not axes or _letters(e) - set(axes):
                raise NoArrayForm
            part = Variable(sp.Symbol(fresh_name(f"{v.name}_spread", self.taken), real=True), axes)
            self.shapes[part.name] = part.shape
            out.append(self.loop(part, sp.S.One, e, like, out, helper=True))
            return part.element

        return rewritten(body, change)

    def loop(self, v: Variable, factor: sp.Expr, e: Reduce, like: str, out: list[Piece], *, helper: bool) -> Piece:
        """``V = zeros``, then for every offset ``V[slices] += part``."""
        body, opened = e.opened()
        bound = set(opened.values())
        deltas = {}
        rest = []
        for f in sp.Mul.make_args(body):
            target = _target(f, set(v.letters))
            if target is None:
                rest.append(f)
            else:
                deltas[target[0]] = target[1]
        summand = rewritten(factor * sp.Mul(*rest).xreplace(deltas), lambda e: self.apart(e, out))
        counters: dict[str, sp.Expr] = {}
        slots: list[_Slot] = []
        for a, extent in zip(v.axes, v.shape, strict=True):
            if a is None or a not in deltas:
                slots.append(_Slot(a))
                continue
            letter, index, counted = self.counted(deltas[a], extent, bound, len(counters))
            counters |= {c.name: size for c, size in counted.values()}
            summand = summand.xreplace({b: c for b, (c, _) in counted.items()})
            bound -= {letter, *counted}
            step = sp.expand(index).coeff(letter)
            slots.append(_Slot(letter, sp.expand(index - step * letter), step))
        part = self.gathered(Reduce("sum", summand, *sorted(bound, key=str)), out)
        node = element(part, tuple(s.letter for s in slots), self.shapes, stretch=False)
        if not counters and isinstance(node, array.Name) and all(s.step in (None, 1) for s in slots):
            return Formula(v.name, self.padded(v, node, slots), v.axes, helper)
        slot = array.Index(array.Name(v.name), tuple(s.node(self.plain) for s in slots))
        if not isinstance(node, array.Name) and not set(array.names(node)) & set(counters):
            whole = fresh_name(f"{v.name}_part", self.taken)
            out.append(Formula(whole, node))
            node = array.Name(whole)
        runs = tuple((c, self.plain(size)) for c, size in counters.items())
        return Spread(v.name, self.zeros(v, like), runs, slot, node, helper)

    def counted(
        self, index: sp.Expr, extent: sp.Expr, bound: set[Axis], place: int
    ) -> tuple[Axis, sp.Expr, Mapping[Axis, tuple[sp.Symbol, sp.Expr]]]:
        """The letter that a slice runs over, the index, and the letters that loops run over, with their counters."""
        letters = [a for a in _letters(index) if a in bound]
        if not letters or len(letters) > 2 or _letters(index) - set(letters):
            raise NoArrayForm
        if len(letters) == 1:
            return letters[0], index, {}
        seen = self.seen(index, extent)
        if place == len(self.counters):  # loops one after another may count with the same letters
            self.counters.append(fresh_name(next(c for c in "abcrstuv" if c not in self.taken), self.taken))
        counter = sp.Symbol(self.counters[place], integer=True, nonnegative=True)
        return seen.outer, index.xreplace({seen.inner: counter}), {seen.inner: (counter, seen.inner.size)}

    def padded(self, v: Variable, node: array.Name, slots: list[_Slot]) -> Node:
        """``pad(X, p)``: a whole array between zeros; before and after, for each dimension."""
        widths = []
        for s, held, extent in zip(slots, self.shapes[node.id], v.shape, strict=True):
            widths += [s.start, sp.expand(extent - held - s.start)]
        return array.Call("pad", (node, *map(self.plain, widths)))

    def zeros(self, v: Variable, like: str) -> Node:
        """An array of zeros of a variable's shape."""
        twin = v.name[1:]
        if v.name.startswith("d") and self.shapes.get(twin) == v.shape:
            return array.Call("zeros_like", (array.Name(twin),))
        return array.Call("zeros_like", (array.Name(like), *map(self.plain, v.shape)))


def _letters(e: sp.Basic) -> set[Axis]:
    return {s for s in e.free_symbols if isinstance(s, Axis)}


def _split(body: sp.Expr) -> tuple[list[sp.Expr], Reduce | None]:
    """The factors beside the one sum that spreads, and that sum."""
    factors = list(sp.Mul.make_args(body))
    spread = [f for f in factors if isinstance(f, Reduce) and _spreads(f)]
    if len(spread) != 1:
        return factors, None
    return [f for f in factors if f is not spread[0]], spread[0]


def _spreads(e: Reduce) -> bool:
    return e.op == "sum" and any(_target(f, None) for f in sp.Mul.make_args(e.body))


def _target(f: sp.Expr, free: set[Axis] | None) -> tuple[Axis, sp.Expr] | None:
    """The free letter of a Kronecker delta and what it equals, if that is computed from bound letters."""
    if not isinstance(f, Delta):
        return None
    for letter, index in (f.args, f.args[::-1]):
        if not isinstance(letter, Axis) or letter in index.free_symbols or not _letters(index):
            continue
        if (letter in free) if free is not None else not letter.name.startswith("_"):
            return letter, index
    return None
