"""Every stable form is proved equal to its definition, for all arguments; what is not equal is not proved."""

from __future__ import annotations

import pytest
import sympy as sp

from symdl.functions import ARRAY_OPERATIONS, ELEMENTWISE, definition
from symdl.prover.outcomes import Proved
from symdl.prover.strategies import prove
from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Reduce

ROWS = [(name, "value") for name, row in ELEMENTWISE.items() if row.stable is not None]
ROWS += [(name, "slope") for name, row in ELEMENTWISE.items() if row.stable_derivative is not None]
N = sp.Symbol("n", integer=True, positive=True)
Z, M = sp.Symbol("z", real=True), sp.Symbol("m", integer=True, nonnegative=True)
I = Axis("i", N)  # noqa: E741


def sides(name: str, which: str) -> tuple[sp.Expr, sp.Expr]:
    row = ELEMENTWISE[name]
    pair = (row.definition, row.stable) if which == "value" else (row.derivative, row.stable_derivative)
    left, right = (definition(row.at(e, *row.symbols)) for e in pair)
    return left, right


@pytest.mark.parametrize(("name", "which"), ROWS)
def test_a_stable_form_is_the_function(name, which):
    assert isinstance(prove(Equation(*sides(name, which))), Proved)


@pytest.mark.parametrize(("name", "which"), ROWS)
def test_what_is_off_by_little_is_not_proved(name, which):
    left, right = sides(name, which)
    assert not isinstance(prove(Equation(left, right * (1 + sp.Rational(1, 10**12)))), Proved)


@pytest.mark.parametrize("name", [n for n, row in ARRAY_OPERATIONS.items() if row.stable is not None])
def test_a_stable_form_of_an_array_operation_is_the_operation_for_all_sizes(name):
    row = ARRAY_OPERATIONS[name]
    axes = () if row.reduces else (I,)
    left, right = row.define(Access(Z, I), (I,)), row.stable(Access(Z, I), (I,))
    found = prove(Equation(left, right, axes=axes, shapes={"z": (N,)}))
    assert isinstance(found, Proved) and found.proof.sizes == "all"
    assert not isinstance(prove(Equation(left, right + 1, axes=axes, shapes={"z": (N,)})), Proved)


def test_a_masked_softmax_may_be_shifted_by_any_number():
    """What emission does with a mask: the shift cancels, whatever it is."""
    j, top = Axis("j", N), sp.Symbol("top", real=True)
    shapes = {"z": (N,), "m": (N,)}

    def share(shift):
        return (
            Access(M, I) * sp.exp(Access(Z, I) - shift) / Reduce("sum", Access(M, j) * sp.exp(Access(Z, j) - shift), j)
        )

    assert isinstance(prove(Equation(share(0), share(top), axes=(I,), shapes=shapes)), Proved)
