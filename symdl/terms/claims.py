"""What the prover and the refuter judge: two index-form expressions and the relation claimed between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from symdl.terms.indexed import Axis

RELATIONS = ("=", "<", "<=", ">", ">=", "!=")


@dataclass(frozen=True)
class Equation:
    r"""A claim ``left relation right``, at every element of the free axes and every point of the domain.

    Judged over the reals on the largest domain where the assumptions hold and both sides are defined.

    Attributes:
        left: left side in index form.
        right: right side in index form.
        relation: one of ``= < <= > >= !=``.
        axes: the free axes of the statement, in the order of its indices; the claim holds for each element.
        shapes: array name -> its axis sizes as SymPy expressions; the name is that of the symbol inside
            `symdl.terms.indexed.Access`. Scalars may be left out or have the shape ``()``.
        kinds: name -> kind of quantity, one of the kinds of `symdl.terms.formula.Role` (``real``, ``positive``,
            ``nonnegative``, ``unit``, ``size``, ``integer``, ``binary``, ``diagonal``, ``probability`` ...);
            a name that is missing has what the assumptions of its SymPy symbol say.
        assumptions: further conditions, SymPy relationals over the same symbols.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> claim = Equation(sp.sinh(x) ** 2, sp.cosh(x) ** 2 - 1, kinds={"x": "real"})
        >>> claim.relation, sorted(s.name for s in claim.symbols)
        ('=', ['x'])
    """

    left: sp.Expr
    right: sp.Expr
    relation: str = "="
    axes: tuple[Axis, ...] = ()
    shapes: Mapping[str, tuple[sp.Expr, ...]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[sp.Basic, ...] = ()

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise ValueError(f"not a relation: {self.relation}")

    def lettered(self) -> Equation:
        """The same claim with its axes named ``i1``, ``i2`` ... in order.

        The letters an axis got while formulas were lowered depend on what was lowered before; certificates must not.
        """
        letters = {a: a.named(f"i{k}") for k, a in enumerate(self.axes, start=1)}
        if all(a == b for a, b in letters.items()):
            return self
        between = {a: a.named(f"~{k}") for k, a in enumerate(self.axes)}
        back = {between[a]: b for a, b in letters.items()}

        def renamed(e: sp.Basic) -> sp.Basic:
            return e.xreplace(between).xreplace(back)

        return replace(
            self,
            left=renamed(self.left),
            right=renamed(self.right),
            axes=tuple(letters.values()),
            assumptions=tuple(map(renamed, self.assumptions)),
        )

    @property
    def symbols(self) -> frozenset[sp.Symbol]:
        """Free symbols of both sides and of the assumptions, without the axes."""
        found: set[sp.Basic] = set()
        for part in (self.left, self.right, *self.assumptions):
            found |= part.free_symbols
        return frozenset(s for s in found if isinstance(s, sp.Symbol) and not isinstance(s, Axis))
