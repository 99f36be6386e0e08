"""Which quantity may play which role: what is not admissible keeps right and wrong apart."""

from __future__ import annotations

from typing import Any

import pytest

from symdl.checker.renaming import Sheet, fit, renamings, spellings, weakest
from symdl.terms.symbols import Atom

Table = dict[str, str]


def mappings(side: Any, form: Any, latex: str, entry: str, name: str = "canonical") -> list[Table]:
    """All renamings of a formula's right side onto a form, spelled by letters."""
    s = side(latex)
    return [
        {s.sheet.atom(k).spelling: v for k, v in r.roles.items()} for r in renamings(form(entry, name), s.sheet, 2000)
    ]


BEST = [
    (r"L = \frac{1}{m} \sum_{i=1}^m (\hat y_i - y_i)^2", "mse", {"^y": "yhat", "y": "y"}),
    (r"L = \frac{1}{m} \sum_{i=1}^m (y_i - \hat y_i)^2", "mse", {"^y": "yhat", "y": "y"}),
    (r"w_t = w_{t-1} - \eta g_t", "gradient_descent", {"w": "w_prev", "eta": "eta", "g": "g"}),
    (r"\theta_{t+1} = \theta_t - \alpha \nabla L", "gradient_descent", {"theta": "w_prev", "alpha": "eta", "grad": "g"}),
    (r"s_t = \beta s_{t-1} + (1 - \beta) g_t^2", "second_moment", {"s": "s_prev", "beta": "beta", "g": "g"}),
    (r"D = \sum_i P_i \log \frac{P_i}{Q_i}", "kl_divergence", {"P": "P", "Q": "Q"}),
    (r"Z = W X + b", "affine_map", {"W": "W", "X": "X", "b": "b"}),
    (r"V = E(x^2) - E(x)^2", "variance_identity", None),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "entry", "best"), BEST)
def test_the_usual_letters_come_first(side: Any, form: Any, latex: str, entry: str, best: Table | None) -> None:
    found = mappings(side, form, latex, entry)
    if best is not None:
        assert found[0] == best | {k: v for k, v in found[0].items() if k not in best}


def test_y_and_its_prediction_never_swap(side: Any, form: Any) -> None:
    for entry in ("mse", "mae", "bce", "cross_entropy", "hinge"):
        for latex in (r"L = \frac{1}{m} \sum_{i=1}^m (\hat y_i - y_i)^2", r"L = -\sum_i y_i \log \hat y_i"):
            for found in mappings(side, form, latex, entry):
                assert found["y"] != "yhat" and found["^y"] != "y", entry


def test_an_unaccented_letter_does_not_take_an_accented_role_beside_it(side: Any, form: Any) -> None:
    found = mappings(side, form, r"\hat m = \frac{q}{1 - \beta^t}", "bias_correction")
    assert all(not ("^" in letter or "~" in letter) or role for table in found for letter, role in table.items())


APART = [
    # an estimate and what it estimates, under a form that lets the two change places
    (r"L = -\sum_k \hat y_k \log y_k", r"H = -\sum_k q_k \log p_k", "cross_entropy_distributions", "reversed"),
    # each moment has its own rate
    (r"\hat m = \frac{m}{1 - \beta_2^t}", r"\hat m = \frac{m}{1 - \beta^t}", "bias_correction", "canonical"),
    (r"\hat m = \frac{m}{1 - \beta_2^t}", r"\hat v = \frac{v}{1 - \beta_2^t}", "bias_correction", "second"),
    (r"\hat v = \frac{v}{1 - \beta_1^t}", r"\hat m = \frac{m}{1 - \beta_1^t}", "bias_correction", "first"),
    # both layers are numbered by one habit
    (r"dW^{[l]} = dZ^{[l]} A^{[l]T}", r"dW^{[l]} = dZ^{[l]} A^{[l-1]T}", "weight_gradient", "sum"),
    (r"dW^{[l]} = dZ^{[l+1]} A^{[l-1]T}", r"dW^{[l]} = dZ^{[l+1]} A^{[l]T}", "weight_gradient", "sum"),
    (r"Z^{[l]} = W^{[l]} A^{[l-1]} + b^{[l-1]}", r"Z^{[l]} = W^{[l]} A^{[l-1]} + b^{[l]}", "affine_map", "canonical"),
]


@pytest.mark.parametrize(("wrong", "right", "entry", "name"), APART)
def test_letters_that_belong_together_stay_together(
    side: Any, form: Any, wrong: str, right: str, entry: str, name: str
) -> None:
    assert mappings(side, form, right, entry, name)
    assert not mappings(side, form, wrong, entry, name)


def test_intersection_and_union_never_swap(side: Any, form: Any) -> None:
    for latex in (r"J = \frac{|R \cup S|}{|R \cap S|}", r"J = \frac{|A \cap B|}{|A \cup B|}"):
        for found in mappings(side, form, latex, "iou", "areas"):
            assert all(role == ("v" if "cup" in letter else "u") for letter, role in found.items())


def test_p_and_q_never_swap(side: Any, form: Any) -> None:
    found = mappings(side, form, r"D = \sum_i q_i \log \frac{q_i}{p_i}", "kl_divergence")
    assert all(table == {"p": "P", "q": "Q"} for table in found)


TIME = [
    # the value of the step before must not be marked as the present one, if something is marked as previous
    (r"w_t = w_t - \eta g_{t-1}", "gradient_descent"),
    (r"v_t = \beta g_{t-1} + v_t", "momentum_velocity"),
    # nor as the next one
    (r"w_t = w_{t+1} - \eta g_t", "gradient_descent"),
    (r"s_t = \beta s_{t+1} + (1 - \beta) g_t^2", "second_moment"),
]


@pytest.mark.parametrize(("latex", "entry"), TIME)
def test_a_wrong_time_mark_is_inadmissible(side: Any, form: Any, latex: str, entry: str) -> None:
    assert mappings(side, form, latex, entry) == []


def test_only_the_previous_value_bears_the_mark_of_the_step_before(side: Any, form: Any) -> None:
    assert mappings(side, form, r"w_t = w_{t-1} - \eta g_{t-1}", "gradient_descent") == []
    assert mappings(side, form, r"w_t = w_{t-1} - \eta g_t", "gradient_descent") != []


def test_an_unmarked_quantity_may_be_the_previous_value(side: Any, form: Any) -> None:
    for latex in (r"w \leftarrow w - \eta g", r"w = w - \eta g", r"w := w - \eta g"):
        assert mappings(side, form, latex, "gradient_descent")[0]["w"] == "w_prev"


@pytest.mark.parametrize("entry", ["mse", "kl_divergence", "affine_map", "gru_state", "lstm_cell", "momentum_step"])
def test_a_gradient_plays_gradients_only(side: Any, form: Any, entry: str) -> None:
    target = form(entry)
    roles = [target.table[r] for r in target.roles]
    gradient = Atom("grad", subscript="w")
    here = Sheet({"grad_w": gradient}, ("grad_w",), frozenset())
    for role in roles:
        listed = role.kind == "gradient" or any(s.startswith("grad") for s in role.letters)
        assert (fit("grad_w", role, target, here) is not None) <= listed


def test_a_gradient_is_not_the_rate(side: Any, form: Any) -> None:
    for found in mappings(side, form, r"w_t = w_{t-1} - \nabla_w L \cdot \eta", "gradient_descent"):
        assert next(v for k, v in found.items() if k.startswith("grad")) == "g"


def test_statistics_play_statistics_only(side: Any, form: Any) -> None:
    target = form("gradient_descent")
    for letter in ("Var()", "E()"):
        here = Sheet({"s": Atom(letter)}, ("s",), frozenset())
        assert all(fit("s", target.table[r], target, here) is None for r in target.roles)
    norm = form("batch_norm")
    here = Sheet({"s": Atom("E()")}, ("s",), frozenset())
    assert fit("s", norm.table["mu"], norm, here) and not fit("s", norm.table["x"], norm, here)


def test_a_size_is_met_by_its_letter_or_in_a_limit(form: Any) -> None:
    target = form("output_size")
    here = Sheet({"q": Atom("q")}, ("q",), frozenset())
    assert fit("q", target.table["n"], target, here) is None
    limits = Sheet({"q": Atom("q")}, ("q",), frozenset({"q"}))
    assert fit("q", target.table["n"], target, limits) == 1


def test_a_letter_of_another_role_is_not_taken(side: Any, form: Any) -> None:
    # eps is the entry's small constant: it does not play the weights, nor does w play it
    for found in mappings(side, form, r"w_t = w_{t-1} - \frac{\eta g_t}{\sqrt{s_t + \epsilon}}", "rmsprop_step"):
        assert found["epsilon"] == "eps" and found["w"] == "w_prev" and found["s"] == "s"


def test_renamings_are_bijections(side: Any, form: Any) -> None:
    s = side(r"w_t = w_{t-1} - \frac{q g_t}{\sqrt{k + c}}")
    target = form("rmsprop_step")
    found = renamings(target, s.sheet, 2000)
    assert found
    for r in found:
        assert sorted(r.roles.values()) == sorted(target.roles) and set(r.roles) == set(s.sheet.body)
    assert [r.score for r in found] == sorted((r.score for r in found), reverse=True)
    assert len(renamings(target, s.sheet, 3)) <= 3
    assert renamings(target, s.sheet, 24, least=1) == []


def test_the_number_of_quantities_must_fit(side: Any, form: Any) -> None:
    assert mappings(side, form, r"w_t = w_{t-1} - \eta g_t + q", "gradient_descent") == []
    assert mappings(side, form, r"w_t = w_{t-1}", "gradient_descent") == []


def test_how_well_the_letters_fit(side: Any, form: Any) -> None:
    target = form("gradient_descent")
    for latex, least in ((r"w_t = w_{t-1} - \eta g_t", 3), (r"w_t = w_{t-1} - \xi g_t", 0)):
        s = side(latex)
        value = weakest(renamings(target, s.sheet)[0], target, s.sheet)
        assert value >= least and (least > 0 or value == 0)


@pytest.mark.parametrize(
    ("atom", "first"),
    [
        (Atom("y", accent="hat"), "^y"),
        (Atom("V", accent="tilde", subscript="dw"), "~V_dw"),
        (Atom("W", layer="2"), "W"),
        (Atom("g", primes=1), "g'"),
    ],
)
def test_spellings_begin_with_the_most_specific(atom: Atom, first: str) -> None:
    assert spellings(atom)[0] == first
    accent = {"hat": "^", "tilde": "~"}.get(atom.accent, "")
    assert all(s.startswith(accent) for s in spellings(atom))  # an accent is never dropped
