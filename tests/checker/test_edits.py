"""Single edits: each kind produces what it says, and none gives back the formula itself."""

from __future__ import annotations

import pytest

from symdl.checker.edits import LAYOUT, STRUCTURE, Edit, Pool, edits, foreign_edits, letters_of
from symdl.notation.strict import parse, show
from symdl.terms import array
from symdl.terms.symbols import Atom

ATOMS = {
    "w_prev": Atom("w", mark="prev"),
    "w_t": Atom("w", mark="cur"),
    "s_t": Atom("s", mark="cur"),
    "s_prev": Atom("s", mark="prev"),
}


def pool(*names: str, letters: tuple[str, ...] = ()) -> Pool:
    return Pool(names, frozenset(), frozenset(), frozenset(), letters, ATOMS)


def found(text: str, here: Pool | None = None) -> dict[str, Edit]:
    """All edits of a formula in catalogue notation, by what they give."""
    tree = parse(text)
    here = here or pool(*array.names(tree), letters=letters_of(tree, ("j",) if "[j]" in text else ()))
    return {show(e.tree): e for e in edits(tree, here)}


TABLE = [
    # formula, what is meant, kind
    ("w + eta * g", "w - eta * g", "sign"),
    ("w - eta * g", "w + eta * g", "sign"),
    ("exp(z)", "exp(-z)", "sign"),
    ("exp(-z)", "exp(z)", "sign"),
    ("A ** (1 / 2)", "A ** -(1 / 2)", "exponent"),
    ("x - m", "(x - m) ** 2", "exponent"),
    ("x ** 2", "x", "exponent"),
    ("norm(x)", "norm(x) ** 2", "exponent"),
    ("a / s", "a / sqrt(s)", "root"),
    ("a / sqrt(s)", "a / s", "root"),
    ("x + y", "tanh(x + y)", "function"),
    ("tanh(x)", "x", "function"),
    ("tanh(x)", "sigmoid(x)", "function"),
    ("log(x)", "exp(x)", "function"),
    ("minimum(a, x)", "maximum(a, x)", "extreme"),
    ("maximum(0, x)", "minimum(0, x)", "extreme"),
    ("2 / n", "1 / n", "constant"),
    ("1 / n", "2 / n", "constant"),
    ("6 * x", "3 * x", "constant"),
    ("sum(exp(x[i]), i) + y[j]", "sum(exp(x[j]), i) + y[j]", "index"),
    ("sum(x[i + a] * v[a], a)", "sum(x[i - a] * v[a], a)", "index"),
    ("sum(x * y[i], i)", "sum(x[i] * y[i], i)", "index"),
    ("sum(x[i] * m[i], i)", "sum(x[i] * m, i)", "index"),
    ("sum(x[i], (i, 0, n))", "sum(x[i], (i, 1, n))", "limit"),
    ("sum(x[i], (i, 1, n))", "sum(x[i], (i, 0, n))", "limit"),
    ("sum(x[i], (i, 0, n))", "sum(x[i], (i, 0, n - 1))", "limit"),
    ("norm(x, 1)", "norm(x)", "norm"),
    ("norm(x)", "norm(x, 1)", "norm"),
    ("a + b", "a + 1 / b", "inverse"),
    ("a / b", "b / a", "quotient"),
    ("a * b", "a / b", "quotient"),
    ("a / b", "a", "factor"),
    ("a * b", "b", "factor"),
    ("a * b", "a + b", "sum-product"),
    ("a + b", "a * b", "sum-product"),
    ("a + b", "a", "summand"),
    ("a + b", "b", "summand"),
    ("a / b", "b", "numerator"),
    ("a", "1 - a", "added"),
    ("sum(x[i], i)", "x[i]", "sum-dropped"),
    ("a * b + c", "a * (b + c)", "scope"),
    ("a * (b + c)", "a * b + c", "scope"),
    ("a / b + c", "a / (b + c)", "scope"),
    ("log(a) + b", "log(a + b)", "scope"),
    ("log(a + b)", "log(a) + b", "scope"),
    ("sum(x[i], i) + b", "sum(x[i] + b, i)", "scope"),
    ("(a + b) ** 2", "a + b ** 2", "scope"),
    ("A @ B", "B @ A", "order"),
    ("A @ B", "A * B", "product"),
    ("A @ B", "A.T @ B", "transpose"),
    ("A.T @ B", "A @ B", "transpose"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant", "kind"), TABLE)
def test_an_edit_of_each_kind(text: str, meant: str, kind: str) -> None:
    all_ = found(text)
    wanted = show(parse(meant))
    same = [e for t, e in all_.items() if t == wanted or e.tree == parse(meant)]
    assert same, sorted(all_)
    assert kind in {e.kind for e in same}


def test_a_symbol_by_another_in_scope() -> None:
    here = pool("a", "sigma", "S_dw")
    all_ = found("a / sigma ** 2", here)
    assert all_["a / S_dw ** 2"].kind == all_["a / S_dw"].kind == "symbol"
    assert not [t for t in all_ if "nobody" in t]


def test_a_time_mark() -> None:
    all_ = found("w_prev - s_prev", pool("w_prev", "s_prev"))
    assert all_["w_prev - s_t"].kind == "mark" and all_["w_t - s_prev"].kind == "mark"


def test_all_equal_occurrences_at_once() -> None:
    all_ = found("D ** (1 / 2) @ A @ D ** (1 / 2)")
    both = all_["D ** -(1 / 2) @ A @ D ** -(1 / 2)"]
    one = all_["D ** -(1 / 2) @ A @ D ** (1 / 2)"]
    assert both.everywhere and not one.everywhere and both.cost > one.cost and both.kind == "exponent"


def test_a_pair_of_an_index_and_a_limit() -> None:
    all_ = found("sum(x[i] * y[j], (i, 0, n))", pool("x", "y", letters=("i", "j")))
    pair = all_["sum(x[i] * y[i], (i, 1, n))"]
    assert pair.kind == "index" and pair.cost > all_["sum(x[i] * y[j], (i, 1, n))"].cost


def test_a_quantity_only_the_entry_knows() -> None:
    made = {show(e.tree): e for e in foreign_edits(parse("a * x + a"), ["theta"])}
    assert {"theta * x + a", "a * x + theta", "theta * x + theta", "a * theta + a"} <= set(made)
    assert min(e.cost for e in made.values()) > 1.9  # dearer than anything that accuses


FORMULAS = [
    "1 / (1 + exp(-x))",
    "w - eta * g / sqrt(s + eps)",
    "-sum(y[i] * log(p[i]) + (1 - y[i]) * log(1 - p[i]), (i, 1, m)) / m",
    "W2.T @ dZ * (1 - A ** 2)",
    "where(x > 0, x, alpha * (exp(x) - 1))",
    "softmax(Q @ K.T / sqrt(d)) @ V",
    "norm(x - y, 1) + maximum(0, 1 - t)",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_edit_gives_the_formula_itself(text: str) -> None:
    tree = parse(text)
    all_ = list(edits(tree, pool(*array.names(tree), letters=letters_of(tree, ()))))
    assert len(all_) > 20
    assert all(e.tree != tree and e.old != e.new for e in all_)
    assert len({e.tree for e in all_}) == len(all_)  # none twice
    assert all(0.5 < e.cost < 3 and e.kind and e.text for e in all_)


@pytest.mark.parametrize("text", FORMULAS)
def test_an_edit_says_what_it_replaces(text: str) -> None:
    tree = parse(text)
    for e in edits(tree, pool(*array.names(tree), letters=letters_of(tree, ()))):
        assert any(n == e.old for n in array.walk(tree))
        if not e.everywhere:
            rest = array.transform(tree, lambda n, e=e: e.new if n == e.old else n)
            assert e.tree == rest or sum(n == e.old for n in array.walk(tree)) > 1 or " and " in e.text


def test_kinds_that_never_accuse_are_kinds_of_edits() -> None:
    kinds = {e.kind for text in [t for t, _, _ in TABLE] for e in found(text).values()}
    assert kinds >= LAYOUT | STRUCTURE and not LAYOUT & STRUCTURE


def test_letters_in_use() -> None:
    assert letters_of(parse("sum(x[i] * sum(y[j], j), i)"), ("k", "i")) == ("i", "j", "k")


def test_order_of_edits_is_fixed() -> None:
    assert [show(e.tree) for e in found("a * b + c ** 2").values()] == [
        show(e.tree) for e in found("a * b + c ** 2").values()
    ]
