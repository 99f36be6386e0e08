"""A wrong rule is caught: whatever part of the engine is corrupted, no wrong gradient is handed out.

Each control corrupts one rule and derives a problem that uses it. The derivation must be refused (SD903), and without
the corruption it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from sympy.core.cache import clear_cache

from symdl import deriving
from symdl.engine import forward, pullback, rescale, reverse, simplify, sums
from symdl.engine.pullback import Share
from symdl.engine.rules import Rule, Rules
from symdl.errors import DerivationError
from symdl.functions import ELEMENTWISE
from symdl.terms.indexed import Access, Axis, MatrixFunction, Reduce

FOLDER = Path(__file__).resolve().parent.parent / "data" / "derivations"
Patch = Callable[[pytest.MonkeyPatch], None]


def derive(name: str, kind: str = "gradient") -> None:
    """Derives one of the problems."""
    deriving.derive(deriving.problem_from_toml((FOLDER / f"{name}.toml").read_text("utf-8")), kind=kind)


def flipped_inverse(m: pytest.MonkeyPatch) -> None:
    """``d inv = + inv dA inv``."""
    right = pullback._of_matrix

    def wrong(top: MatrixFunction, *rest: Any) -> Iterator[Share]:
        for share in right(top, *rest):
            yield replace(share, body=-share.body) if top.op == "inv" else share

    m.setattr(pullback, "_of_matrix", wrong)


def no_determinant(m: pytest.MonkeyPatch) -> None:
    """``d det = tr(inv dA)`` without the determinant in front."""
    right = pullback._of_matrix

    def wrong(top: MatrixFunction, *rest: Any) -> Iterator[Share]:
        for share in right(top, *rest):
            yield replace(share, body=share.body / top) if top.op == "det" else share

    m.setattr(pullback, "_of_matrix", wrong)


def no_indicator(m: pytest.MonkeyPatch) -> None:
    """Every element of a maximum gets the gradient."""
    m.setattr(pullback, "Indicator", lambda condition: sp.S.One)


def no_broadcast_sum(m: pytest.MonkeyPatch) -> None:
    """A bias gets the gradient of the first example alone."""
    right = reverse.received

    def wrong(share: Share, indices: Any, letters: Any, open_ended: Any = frozenset()) -> sp.Expr:
        used = set().union(*(i.free_symbols for i in indices)) if indices else set()
        idle = {a: sp.S.Zero for a in share.axes if a not in used}
        kept = tuple(a for a in share.axes if a in used)
        return right(Share(share.target, share.body.xreplace(idle), kept), indices, letters, open_ended)

    m.setattr(reverse, "received", wrong)


def doubled_folds(m: pytest.MonkeyPatch) -> None:
    """What is folded to a name is twice the name."""
    right = Rules._fold

    def wrong(self: Rules, pattern: sp.Expr, replacement: sp.Expr, why: str, power: bool = False) -> None:
        right(self, pattern, 2 * replacement, why, power)

    m.setattr(Rules, "_fold", wrong)


def corrupted(table: str) -> Patch:
    """A table of rules whose replacements take twice what they should."""

    def patch(m: pytest.MonkeyPatch) -> None:
        right = Rules.of.__func__  # type: ignore[attr-defined]

        def wrong(cls: type[Rules], *arguments: Any) -> Rules:
            out: Rules = right(cls, *arguments)
            for found in getattr(out, table).values():
                found[:] = [Rule(r.pattern, twice(r), r.letters, r.why) for r in found]
            return out

        def twice(r: Rule) -> sp.Expr:
            whole = {
                a for a in r.replacement.atoms(Access, sp.Symbol) if set(getattr(a, "indices", ())) == set(r.letters)
            }
            return r.replacement.xreplace({a: 2 * a for a in whole})

        m.setattr(Rules, "of", classmethod(wrong))

    return patch


def wrong_slope(name: str) -> Patch:
    """A function of the table whose derivative has the wrong sign."""

    def patch(m: pytest.MonkeyPatch) -> None:
        row = ELEMENTWISE[name]
        cls = row.sympy or type(row(sp.Symbol("x", real=True)))
        right = cls.fdiff
        m.setattr(cls, "fdiff", lambda self, argindex=1: -right(self, argindex))

    return patch


def lost_delta(m: pytest.MonkeyPatch) -> None:
    """A Kronecker delta is taken for 1."""
    right = sums._of_product

    def wrong(body: sp.Expr, *rest: Any) -> sp.Expr:
        return right(body.replace(lambda e: isinstance(e, sums.Delta), lambda e: sp.S.One), *rest)

    m.setattr(sums, "_of_product", wrong)


def wrong_algebra(m: pytest.MonkeyPatch) -> None:
    """A quotient is turned over by what shortens expressions."""
    right = simplify.Simplifier.algebra

    def wrong(self: Any, e: sp.Expr) -> sp.Expr:
        return right(self, e.replace(lambda x: isinstance(x, sp.Pow) and x.exp == -1, lambda x: x.base))

    m.setattr(simplify.Simplifier, "algebra", wrong)


def one_use_forgotten(m: pytest.MonkeyPatch) -> None:
    """Of several uses of a quantity the last counts alone."""
    right = reverse._Reverse._hand_on

    def wrong(self: Any, share: Share, open_ended: frozenset[Axis] = frozenset()) -> None:
        name = str(getattr(share.target, "tensor", share.target))
        self.bars.pop(name, None)
        right(self, share, open_ended)

    m.setattr(reverse._Reverse, "_hand_on", wrong)


def flipped_tangent(m: pytest.MonkeyPatch) -> None:
    """The tangent of an inverse with the wrong sign."""
    right = forward._of_matrix
    m.setattr(forward, "_of_matrix", lambda top, tangent: -right(top, tangent))


def tangent_of_a_sum(m: pytest.MonkeyPatch) -> None:
    """The tangent of a sum without its first term's axis: a sum taken for its mean."""
    right = forward._of_reduce

    def wrong(top: Reduce, tangent: Any) -> sp.Expr:
        return right(top, tangent) / sp.Mul(*(a.size for a in top.bound))

    m.setattr(forward, "_of_reduce", wrong)


def scaled_twice(m: pytest.MonkeyPatch) -> None:
    """The mean over the examples is divided by twice their number."""
    right = rescale.elements
    m.setattr(
        rescale, "elements", lambda e, swaps: right(e, {k: (lambda at, f=f: f(at) / 2) for k, f in swaps.items()})
    )


CONTROLS: list[tuple[Patch, str, str]] = [
    (flipped_inverse, "inverse", "gradient"),
    (flipped_inverse, "trace_inverse", "gradient"),
    (no_determinant, "determinant", "gradient"),
    (no_indicator, "max_pooling_window", "gradient"),
    (no_indicator, "max_pooling", "gradient"),
    (no_indicator, "relu", "gradient"),
    (no_broadcast_sum, "two_layer_perceptron", "gradient"),
    (no_broadcast_sum, "linear_regression", "gradient"),
    (doubled_folds, "softmax_cross_entropy", "gradient"),
    (doubled_folds, "batch_norm", "gradient"),
    (corrupted("leaves"), "layer_norm", "gradient"),
    (corrupted("leaves"), "batch_norm", "gradient"),
    (corrupted("calls"), "sigmoid", "gradient"),
    (wrong_slope("sigmoid"), "logistic_regression", "gradient"),
    (wrong_slope("tanh"), "lstm", "gradient"),
    (wrong_slope("tanh"), "rnn_through_time", "gradient"),
    (wrong_slope("exp"), "softmax_jacobian", "gradient"),
    (wrong_slope("log"), "cross_entropy_example", "gradient"),
    (lost_delta, "conv2d_stride2", "gradient"),
    (wrong_algebra, "two_layer_perceptron", "gradient"),
    (one_use_forgotten, "attention_projections", "gradient"),
    (one_use_forgotten, "gru", "gradient"),
    (flipped_tangent, "inverse", "jacobian"),
    (tangent_of_a_sum, "least_squares", "hessian"),
    (wrong_slope("sigmoid"), "logistic_newton", "hessian"),
    (scaled_twice, "two_layer_slides", "gradient"),
]


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """SymPy remembers what it derived, wrong or right."""
    clear_cache()
    yield
    clear_cache()


@pytest.mark.parametrize(
    ("patch", "name", "kind"), CONTROLS, ids=[f"{p.__qualname__.split('.')[0]}-{n}-{k}" for p, n, k in CONTROLS]
)
def test_a_wrong_rule_is_caught(monkeypatch: pytest.MonkeyPatch, patch: Patch, name: str, kind: str) -> None:
    patch(monkeypatch)
    with pytest.raises(DerivationError) as caught:
        derive(name, kind)
    assert caught.value.diagnostic.code == "SD903"


@pytest.mark.parametrize(("name", "kind"), sorted({(n, k) for _, n, k in CONTROLS}))
def test_without_the_corruption_it_is_derived(name: str, kind: str) -> None:
    derive(name, kind)
