"""The objects of the Python interface: formulas as SymPy expressions, emitted modules, checks."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import symdl
from symdl import api
from symdl.codegen import load
from symdl.errors import CatalogueError, NotSupported
from symdl.functions import FUNCTIONS
from symdl.terms.indexed import Access, Reduce

IDS = list(api.catalogue().entries)
NO_INDEX_FORM = {"argmax_decision": "argmax has no index form"}
SLOW = frozenset({"woodbury_identity"})  # 19 s, a known fault; the others take 2 s together
"""Entries without an expression, and why."""


@pytest.fixture(scope="module")
def expressions() -> dict[str, sp.Expr | None]:
    """The expression of every entry, each made once."""
    out: dict[str, sp.Expr | None] = {}
    for id_ in IDS:
        if id_ in SLOW:
            continue
        try:
            out[id_] = symdl.formula(id_).expr
        except NotSupported:
            out[id_] = None
    return out


def ours(expr: sp.Basic) -> set[str]:
    """Names of the functions of ours in an expression; SymPy's own (exp, tanh, erf) are elementary."""
    return {type(n).__name__ for n in sp.preorder_traversal(expr) if type(n).__module__.startswith("symdl.functions")}


def test_every_entry_has_an_expression(expressions: dict[str, sp.Expr | None]) -> None:
    assert {k for k, e in expressions.items() if e is None} <= set(NO_INDEX_FORM)


def test_expressions_are_written_out_in_elementary_functions(expressions: dict[str, sp.Expr | None]) -> None:
    left = {k: ours(e) for k, e in expressions.items() if e is not None and ours(e)}
    assert left == {}


def test_expressions_are_sound(expressions: dict[str, sp.Expr | None]) -> None:
    for id_, expr in expressions.items():
        if expr is None:
            continue
        assert isinstance(expr, sp.Expr), id_
        for node in sp.preorder_traversal(expr):
            if isinstance(node, Access | Reduce):
                assert node.func(*node.args) == node, (id_, node)


def test_a_function_of_ours_is_seen() -> None:
    x = sp.Symbol("x", real=True)
    assert ours(FUNCTIONS["sigmoid"](x) + sp.exp(x)) == {"sigmoid"}
    assert ours(sp.tanh(x) + sp.erf(x)) == set()


x, y = sp.symbols("x y", real=True)
KNOWN = [
    ("sigmoid", 1 / (1 + sp.exp(-x))),
    ("sigmoid_derivative", sp.exp(-x) / (1 + sp.exp(-x)) ** 2),
    ("softplus", sp.log(1 + sp.exp(x))),
    ("tanh", (sp.exp(x) - sp.exp(-x)) / (sp.exp(x) + sp.exp(-x))),
]


@pytest.mark.parametrize(("id_", "expected"), KNOWN)
def test_values(expressions: dict[str, sp.Expr | None], id_: str, expected: sp.Expr) -> None:
    expr = expressions[id_]
    assert expr is not None and len(expr.free_symbols) == 1
    (symbol,) = expr.free_symbols
    for value in (-2.5, 0.3, 4.0):
        assert float(expr.subs(symbol, value)) == pytest.approx(float(expected.subs(x, value)), rel=1e-12)


def test_an_unknown_formula_names_its_neighbours() -> None:
    with pytest.raises(CatalogueError) as error:
        symdl.formula("sigmiod")
    assert error.value.diagnostic.code == "SD405" and "sigmoid" in error.value.diagnostic.remedy
    with pytest.raises(CatalogueError):
        symdl.formula("")


def test_a_formula_prints_itself() -> None:
    formula = symdl.formula("softmax")
    assert r"\sum" in formula.latex() and formula._repr_latex_().startswith("$")
    assert all(symdl.formula(id_).latex() for id_ in IDS)


def test_an_expression_is_made_once() -> None:
    formula = symdl.formula("gelu")
    assert formula.expr is formula.expr


def test_emitted_code_has_passed_its_checks() -> None:
    module = api.emit("sigmoid")
    assert {e.oracle for e in module.evidence} >= {"dual numbers", "reverse tape", "finite differences"}
    assert all(e.facts["passed"] for e in module.evidence)
    functions = load(module)
    at = np.array([-800.0, -1.0, 0.0, 2.0, 800.0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, slope = functions[module.names[1]](at)
    assert np.array_equal(value, functions[module.names[0]](at))
    s = np.array([0.0, 1 / (1 + np.e), 0.5, 1 / (1 + np.exp(-2.0)), 1.0])
    assert np.allclose(value, s) and np.allclose(slope, s * (1 - s))


def test_an_array_formula_is_emitted() -> None:
    module = api.emit("mse")
    function = load(module)[module.names[0]]
    a, b = np.array([1.0, 2.0, 4.0]), np.array([0.0, 2.0, 1.0])
    assert function(a, b) == pytest.approx(10 / 3)


def test_what_cannot_be_emitted_is_refused_by_name() -> None:
    with pytest.raises(NotSupported) as error:
        api.emit("argmax_decision")
    assert error.value.diagnostic.cause


def test_check_and_the_module() -> None:
    assert symdl.check("$1 + 1 = 2$").summary["proved"] == 1
    assert set(symdl.__all__) == {"__version__", "check", "derive", "formula"} and dir(symdl) == sorted(symdl.__all__)
    with pytest.raises(AttributeError):
        symdl.nothing  # noqa: B018
