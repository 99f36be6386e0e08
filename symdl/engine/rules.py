"""Rewriting by what the definitions say: right sides back to names, leaves to names, sums that are known.

From ``P = exp(S) / D`` follows ``exp(S) -> P * D``; from ``D = sum exp(S)`` follows ``sum exp(S) -> D``; from
``xhat = (x - mu) / s`` follows ``x -> mu + s * xhat``. A rule is an equation with letters; it applies at
any element, so a pattern is matched by trying the indices at which its arrays occur.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from symdl.engine.matching import bindings
from symdl.engine.powers import PowerRule
from symdl.engine.sums import resummed, total
from symdl.terms.indexed import Access, Axis, Binder, Delta, Reduce, rewritten
from symdl.terms.program import Assignment, Program

_LONGEST = 40


@dataclass(frozen=True)
class Rule:
    """``pattern -> replacement``, for every value of ``letters``; ``why`` says where it comes from."""

    pattern: sp.Expr
    replacement: sp.Expr
    letters: tuple[Axis, ...]
    why: str

    def at(self, site: sp.Expr) -> sp.Expr | None:
        """What stands for one node, or ``None`` if it is no instance of the pattern."""
        for binding in bindings(self.pattern, site, self.letters):
            if self.pattern.xreplace(binding) == site:
                return self.replacement.xreplace(binding)
        return None


@dataclass
class Rules:
    """All rules of a program.

    Attributes:
        folds: applied wherever they fit: function calls, powers and sums that have a name.
        leaves: name -> the rule that writes an element of it by what is defined of it; tried, kept if shorter.
        calls: likewise for a function inside a fraction.
        powers: likewise for exponentials of a multiple of what stands in the definition.
        symmetric: matrices that are their own transposes; their indices are put in order.
    """

    program: Program
    folds: dict[object, list[Rule]] = field(default_factory=dict)
    leaves: dict[str, list[Rule]] = field(default_factory=dict)
    calls: dict[object, list[Rule]] = field(default_factory=dict)
    powers: list[PowerRule] = field(default_factory=list)
    symmetric: set[sp.Symbol] = field(default_factory=set)
    _sums: dict[object, sp.Expr | None] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program) -> Rules:
        """Collects the rules of a program."""
        rules = cls(program)
        for fact in program.facts:
            rules.declare(fact.left, fact.right, fact.why)
        for a in program:
            rules.learn(a)
        return rules

    def declare(self, left: sp.Expr, right: sp.Expr, why: str) -> None:
        """Adds a fact: its left side, freed of what it is multiplied by, is rewritten."""
        core = [f for f in sp.Mul.make_args(left) if isinstance(f, (Binder, sp.Function, Access))]
        if isinstance(left, Access) and isinstance(right, Access) and left.tensor == right.tensor:
            if len(left.indices) == 2 and left.indices == right.indices[::-1] and left != right:
                self.symmetric.add(left.tensor)
            return
        if len(core) == 1:
            self._fold(core[0], right * core[0] / left, why)
        else:
            self._fold(left, right, why)

    def learn(self, a: Assignment) -> None:
        """Adds what one definition says."""
        name = a.variable.element
        why = f"definition of {a.name}"
        factors = sp.Mul.make_args(a.body)
        core = [f for f in factors if isinstance(f, (Binder, sp.Function)) and not isinstance(f, Delta)]
        powers = [f for f in factors if isinstance(f, sp.Pow) and not f.exp.is_integer]
        if len(core) == 1 and not _divides(core[0] / a.body):
            self._fold(core[0], name * core[0] / a.body, why)
        elif len(powers) == 1 and not core:
            base, exponent = powers[0].args
            rest = a.body / powers[0]
            self._fold(base, (name / rest) ** (1 / exponent), why, power=True)
        if not a.body.has(Reduce) and not a.hidden:
            self._leaf(a)

    def _fold(self, pattern: sp.Expr, replacement: sp.Expr, why: str, power: bool = False) -> None:
        letters = tuple(sorted((s for s in pattern.free_symbols if isinstance(s, Axis)), key=str))
        placed = pattern.has(Access) or (pattern.free_symbols and not _axes(pattern))
        if not placed or not _axes(replacement) <= set(letters):
            return
        self.folds.setdefault(_head(pattern, power), []).append(Rule(pattern, replacement, letters, why))

    def _leaf(self, a: Assignment) -> None:
        """Rules that write a leaf with all letters of the definition by the definition's name."""
        letters = set(a.variable.letters)
        for access in sorted(a.body.atoms(Access), key=str):
            if not letters or set(access.indices) != letters or a.body == access:
                continue
            x = sp.Dummy()
            flat = a.body.xreplace({access: x})
            slope = sp.diff(flat, x) if flat.is_rational_function(x) else x
            if slope.has(x) or slope == 0:
                continue
            rest = sp.expand(flat - slope * x)
            if rest.has(x):
                continue
            solved = (a.variable.element - flat.xreplace({x: sp.S.Zero})) / slope
            rule = Rule(access, solved, tuple(access.indices), f"definition of {a.name}")
            self.leaves.setdefault(str(access.tensor.name), []).append(rule)
        self._inner_call(a)

    def _inner_call(self, a: Assignment) -> None:
        """``exp(-x) -> 1 / s - 1`` from ``s = 1 / (1 + exp(-x))``: the one function inside a fraction."""
        calls = sorted((f for f in a.body.atoms(sp.Function) if f.free_symbols and not isinstance(f, Delta)), key=str)
        if len(calls) > 1 and all(isinstance(f, sp.exp) for f in calls):
            found = PowerRule.of(a)
            self.powers += [found] if found else []
        if len(calls) != 1 or a.body == calls[0]:
            return
        x = sp.Dummy()
        flat = a.body.xreplace({calls[0]: x})
        top, bottom = sp.fraction(sp.together(flat)) if flat.is_rational_function(x) else (x, x)
        y = a.variable.element
        equation = sp.expand(y * bottom - top)
        slope = equation.coeff(x, 1)
        rest = sp.expand(equation - slope * x)
        if rest.has(x) or slope.has(x) or slope == 0 or (flat.is_polynomial(x) and flat.has(Access)):
            return
        letters = tuple(sorted((s for s in calls[0].free_symbols if isinstance(s, Axis)), key=str))
        if set(letters) == set(a.variable.letters):
            rule = Rule(calls[0], -rest / slope, letters, f"definition of {a.name}")
            self.calls.setdefault(_head(calls[0], False), []).append(rule)

    def without_calls(self, e: sp.Expr) -> sp.Expr:
        """``e`` with the functions written by names that `_inner_call` found."""

        def put(node: sp.Expr) -> sp.Expr | None:
            if not node.args or isinstance(node, Access):
                return None
            return next(
                (n for n in (r.at(node) for r in self.calls.get(_head(node, False), ())) if n is not None), None
            )

        e = rewritten(e, put) if self.calls else e
        for rule in self.powers:
            e = rule.put(e)
        return e

    # ---- rewriting

    def folded(self, e: sp.Expr) -> sp.Expr:
        """``e`` with every known right side replaced by its name, until nothing fits."""
        for _ in range(_LONGEST):
            e = rewritten(e, self._in_order) if self.symmetric else e
            new = rewritten(e, self._folded)
            if new is e or new == e:
                return e
            e = resummed(new)
        return e

    def _in_order(self, node: sp.Expr) -> sp.Expr | None:
        """An element of a symmetric matrix with its free letter first."""
        if not isinstance(node, Access) or node.tensor not in self.symmetric:
            return None
        i, j = sorted(node.indices, key=lambda k: (str(k).startswith("_"), str(k)))
        return Access(node.tensor, i, j)

    def _folded(self, node: sp.Expr) -> sp.Expr | None:
        """What one node is replaced by, if a rule fits it."""
        if not node.args or isinstance(node, Access):
            return None
        for rule in self.folds.get(_head(node, False), ()):
            new = rule.at(node)
            if new is not None:
                return new
        if isinstance(node, sp.Pow) and not node.exp.is_integer:
            for rule in self.folds.get(_head(node.base, True), ()):
                new = rule.at(node.base)
                if new is not None:
                    return new**node.exp
        if isinstance(node, Reduce) and node.op == "sum":
            return self.known_sum(node)
        return None

    def known_sum(self, node: Reduce) -> sp.Expr | None:
        """The value of a sum over one defined array, if the definition makes it collapse."""
        if not isinstance(node.body, Access) or str(node.body.tensor.name) in self.program.inputs:
            return None
        if node not in self._sums:
            self._sums[node] = None  # while it is being worked out
            self._sums[node] = self._collapsed(node)
        return self._sums[node]

    def _collapsed(self, node: Reduce) -> sp.Expr | None:
        name = str(node.body.tensor.name)
        a = next((x for x in self.program if x.name == name), None)
        if a is None or any(isinstance(t, Reduce) for t in sp.Add.make_args(a.body)):
            return None
        body, opened = node.opened()
        indices = body.indices
        put: Mapping[sp.Basic, sp.Basic] = {
            letter: index for letter, index in zip(a.variable.axes, indices, strict=True) if letter is not None
        }
        spelled = sp.expand_mul(a.body.xreplace(put))
        value = self.folded(sp.Add(*(total(t, opened.values()) for t in sp.Add.make_args(spelled))))
        value = sp.cancel(value) if not value.has(Reduce) else value
        return None if value.has(Reduce) or len(value.atoms(Access)) > 0 else value


def _divides(factor: sp.Expr) -> bool:
    """Whether multiplying by a factor divides by an array, which may hold zeros."""
    return any(isinstance(f, sp.Pow) and f.exp.is_negative and f.has(Access) for f in sp.Mul.make_args(factor))


def _axes(e: sp.Basic) -> set[sp.Basic]:
    return {s for s in e.free_symbols if isinstance(s, Axis)}


def _head(e: sp.Expr, power: bool) -> object:
    if power:
        return ("power", type(e))
    return (type(e), e.op if isinstance(e, Binder) and hasattr(e, "op") else "")
