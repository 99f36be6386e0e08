"""The SymPy nodes of index form: canonical binders, no capture, ``e.func(*e.args) == e``."""

import pickle

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from symdl.terms.indexed import Access, Axis, Delta, Indicator, MatrixFunction, Reduce, size_symbol

N, M = size_symbol("n"), size_symbol("m")
I, J, K = Axis("i", N), Axis("j", N), Axis("k", M)  # noqa: E741
X, V = sp.Symbol("x", real=True), sp.Symbol("V", real=True)


def bodies() -> st.SearchStrategy[sp.Expr]:
    leaf = st.sampled_from(
        [Access(X, I), Access(X, J), Access(V, I, J), Access(V, J, K), sp.Symbol("c"), sp.Integer(2)]
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
            st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
            inner.map(sp.exp),
            st.tuples(inner, st.sampled_from([I, J, K])).map(lambda p: Reduce("sum", p[0], p[1])),
        ),
        max_leaves=6,
    )


@given(bodies())
def test_every_node_rebuilds_to_itself(e: sp.Expr) -> None:
    for node in sp.preorder_traversal(e):
        if node.args:
            assert node.func(*node.args) == node


@given(bodies())
def test_pickle_keeps_equality(e: sp.Expr) -> None:
    assert pickle.loads(pickle.dumps(e)) == e


@given(bodies())
def test_bound_letters_do_not_matter(e: sp.Expr) -> None:
    other = Axis("z", N)
    assert Reduce("sum", e, I) == Reduce("sum", e.xreplace({I: other}), other)


def test_order_of_bound_letters_does_not_matter() -> None:
    a = Reduce("sum", Access(V, I, J) * Access(X, I), I, J)
    b = Reduce("sum", Access(V, J, I) * Access(X, J), I, J)
    assert a == b


def test_substitution_does_not_capture() -> None:
    inner = Reduce("sum", Access(V, I, J), I)  # sum over the rows, free in j
    captured = inner.xreplace({J: I})
    assert captured == Reduce("sum", Access(V, K.named("p"), I), K.named("p")).xreplace(
        {}
    ) or captured.free_symbols >= {I}
    assert I in captured.free_symbols


def test_nested_sums_merge() -> None:
    assert Reduce("sum", Reduce("sum", Access(V, I, J), I), J) == Reduce("sum", Access(V, I, J), I, J)


def test_max_of_sum_does_not_merge() -> None:
    assert Reduce("max", Reduce("sum", Access(V, I, J), I), J).op == "max"


def test_mean_is_a_sum_over_the_size() -> None:
    assert Reduce("mean", Access(X, I), I) == Reduce("sum", Access(X, I), I) / N


@pytest.mark.parametrize(("i", "j", "value"), [(I, I, 1), (I, I + 1, 0), (sp.Integer(2), sp.Integer(3), 0)])
def test_delta_decides_what_it_can(i: sp.Expr, j: sp.Expr, value: int) -> None:
    assert Delta(i, j) == value


def test_delta_is_symmetric() -> None:
    assert Delta(I, J) == Delta(J, I)


def test_indicator_of_a_constant_condition() -> None:
    assert Indicator(sp.true) == 1
    assert Indicator(sp.Gt(X, 0)).diff(X) == 0


def test_access_keeps_the_assumptions_of_its_tensor() -> None:
    p = sp.Symbol("p", positive=True)
    assert Access(p, I).is_positive
    assert Access(X, I).is_positive is None


def test_matrix_function_is_canonical() -> None:
    a = MatrixFunction("inv", Access(V, I, J), I, J, I, J)
    b = MatrixFunction("inv", Access(V, J, I), J, I, I, J)
    assert a == b
    assert MatrixFunction("inv", Access(V, J, I), I, J, I, J) != a
