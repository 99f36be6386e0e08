r"""The mean over the examples, taken in the parameters: ``dZ2 = A2 - Y``, ``dW2 = dZ2 A1^T / m``.

Many courses write the adjoint of a quantity that every example has as the derivative of that example's own loss. It
is m times the adjoint of the mean loss. Here every such line is multiplied by m, and divided again where it is used.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symdl.engine.reverse import Backward
from symdl.engine.rules import Rules
from symdl.engine.simplify import Simplifier
from symdl.terms.indexed import elements
from symdl.terms.program import Assignment, Program, Variable


def per_example(program: Program, backward: Backward, count: sp.Expr) -> Backward:
    """Returns the backward pass with the adjoints of what every example has ``count`` times as large."""
    scaled = {line.variable.symbol: line.variable for line in backward.lines if _each(line.variable, count)}
    simplifier = Simplifier(Rules.of(program))

    def down(v: Variable) -> Callable[[tuple[sp.Expr, ...]], sp.Expr]:
        return lambda at: v.at(at) / count

    swaps = {symbol: down(v) for symbol, v in scaled.items()}
    lines = []
    for line in backward.lines:
        body = elements(line.body, swaps)
        factor = count if line.variable.symbol in scaled else sp.S.One
        lines.append(Assignment(line.variable, simplifier.short(body * factor), line.hidden))
    return Backward(tuple(lines), backward.gradients, backward.seeds)


def _each(v: Variable, count: sp.Expr) -> bool:
    """Whether a quantity has one item per example."""
    return any(s == count for s in v.shape)
