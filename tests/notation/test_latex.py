r"""Array expressions printed as LaTeX, and read back."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symdl import catalogue
from symdl.notation.latex import definition, latex
from symdl.notation.spelling import atom_of, spelled
from symdl.notation.strict import define, parse
from symdl.reader.elaborate import statements
from symdl.reader.names import collect
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Context, Definition, Entry
from symdl.terms.symbols import Atom

Normal = Callable[[Node], Node]

PRINTED = [
    ("a + b - c", "a + b - c"),
    ("a - (b + c)", "a - (b + c)"),
    ("a - (-b)", "a - (-b)"),
    ("-(a + b)", "-(a + b)"),
    ("-a * b", "-a b"),
    ("a * (-b)", "a (-b)"),
    ("a * b * c", "a b c"),
    ("a * (b * c)", "a b c"),
    ("(a + b) * c", "(a + b) c"),
    ("x * 2", r"x \cdot 2"),
    ("2 * x", "2 x"),
    ("f * (a + b)", r"f \cdot (a + b)"),
    ("a / b / c", r"\frac{\frac{a}{b}}{c}"),
    ("-a / b", r"-\frac{a}{b}"),
    ("(a / b) ** 2", r"\left(\frac{a}{b}\right)^2"),
    ("x ** -1", "x^{-1}"),
    ("x ** (a + 1)", "x^{a+1}"),
    ("(-x) ** 2", "(-x)^2"),
    ("(x ** 2) ** 3", "(x^2)^3"),
    ("e ** 2", "(e)^2"),
    ("exp(-x)", "e^{-x}"),
    ("exp(-x ** 2 / (2 * sigma ** 2))", r"e^{-x^2/(2 \sigma^2)}"),
    ("exp(sum(x[i], i))", r"\exp\left(\sum_{i} x_i\right)"),
    ("exp(x) ** 2", "(e^x)^2"),
    ("sqrt(v + eps)", r"\sqrt{v + \epsilon}"),
    ("log(x)", r"\log x"),
    ("log(x) * y", r"(\log x) y"),
    ("y * log(x)", r"y \log x"),
    ("log(x + 1)", r"\log(x + 1)"),
    ("tanh(x) ** 2", r"(\tanh x)^2"),
    ("sigmoid(x)", r"\sigma(x)"),
    ("relu(x)", r"\operatorname{ReLU}(x)"),
    ("maximum(0, x)", r"\max(0, x)"),
    ("abs(x)", r"\left|x\right|"),
    ("norm(w) ** 2", r"\left\|w\right\|^2"),
    ("norm(w, 1)", r"\left\|w\right\|_1"),
    ("sum(x[i], (i, 1, n))", r"\sum_{i=1}^{n} x_i"),
    ("sum(x[i], i) * y", r"\left(\sum_{i} x_i\right) y"),
    ("sum(x[i], i) + b", r"\sum_{i} x_i + b"),
    ("sum(x[i], i) + b[i]", r"\left(\sum_{i} x_i\right) + b_i"),
    ("sum(x[i] + 1, i)", r"\sum_{i} (x_i + 1)"),
    ("sum(where(j != i, x[j], 0), j)", r"\sum_{j \ne i} x_j"),
    ("prod(p[i], i)", r"\prod_{i} p_i"),
    ("max(x[i], i)", r"\max_{i} x_i"),
    ("W[i, j]", "W_{ij}"),
    ("X[i + a, j]", "X_{i+a,j}"),
    ("x[:, None]", "x"),
    ("W.T @ x", r"W^{\top} x"),
    ("(W @ x).T", r"(W x)^{\top}"),
    ("W2.T @ dZ2", r"W^{[2]\top} dZ^{[2]}"),
    ("a2 ** 2", r"(a^{[2]})^2"),
    ("inv(A) @ b", "A^{-1} b"),
    ("w_prev - eta * g_prev", r"w_{t-1} - \eta g_{t-1}"),
    ("V_dw + x_norm + n_in", r"V_{dw} + x_{\text{norm}} + n_{\text{in}}"),
    ("yhat + lam + Vtilde_dw", r"\hat{y} + \lambda + \tilde{V}_{dw}"),
    ("mu1 - sigma2", r"\mu_1 - \sigma_2"),
    ("calL + fan_in + lr", r"\mathcal{L} + \text{fan}_{\text{in}} + \text{lr}"),
    ("g(z) + g_prime(z)", "g(z) + g'(z)"),
    ("where(x > 0, x, alpha * x)", r"\begin{cases} x & \text{if } x > 0 \\ \alpha x & \text{otherwise} \end{cases}"),
    ("(x > 0) * y", r"\mathbb{1}[x > 0] y"),
    ("D(L, W)", r"\frac{\partial L}{\partial W}"),
    ("D(x ** 2, x)", r"\frac{\partial}{\partial x} (x^2)"),
    ("expect(log(D(x)), x, p_data)", r"\mathbb{E}_{x \sim p_{\text{data}}}[\log(D(x))]"),
    ("array([[1, 0], [0, 1]])", r"\begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}"),
    ("concat(a, x)", "[a; x]"),
    ("0.5 * x + 0.00000001", "0.5 x + 10^{-8}"),
    ("pi + inf", r"\pi + \infty"),
]


@pytest.mark.parametrize(("text", "expected"), PRINTED, ids=[t for t, _ in PRINTED])
def test_printed(text: str, expected: str) -> None:
    assert latex(parse(text)) == expected


def test_products_of_arrays() -> None:
    arrays = ["W", "A", "B", "C"]
    assert latex(parse("W @ A * B"), arrays=arrays) == r"W A \odot B"
    assert latex(parse("W @ (A * B)"), arrays=arrays) == r"W (A \odot B)"
    assert latex(parse("(A * B) @ C"), arrays=arrays) == r"(A \odot B) C"
    assert latex(parse("eta * A * B"), arrays=arrays) == r"\eta A \odot B"
    assert latex(array.Mul(array.Name("a"), array.Name("b"), array.STAR)) == "a * b"
    assert latex(array.Mul(array.Name("a"), array.Name("b"), array.DOT)) == r"a \cdot b"


def test_spellings_of_a_sheet() -> None:
    spell = {"y": Atom("y", accent="hat"), "W": r"\mathbf{W}^{[l]}", "s": "S_{dw}"}
    assert latex(parse("W.T @ y[i] + s ** 2 + s[i]"), spell) == (
        r"\mathbf{W}^{[l]\top} \hat{y}_i + S_{dw}^2 + S_{dw,i}"
    )
    assert latex(parse("W ** 2"), spell) == r"(\mathbf{W}^{[l]})^2"


@pytest.mark.parametrize("name", "W2 yhat Vtilde_dw w_prev x_norm n_h lam eps g_prime calL dtheta alpha v_next".split())
def test_identifiers_and_atoms(name: str) -> None:
    written = {"eps": "epsilon"}.get(name, name)
    assert atom_of(name).identifier == written


def test_catalogue_spellings() -> None:
    assert spelled("^y") == Atom("y", accent="hat")
    assert spelled("~V_dw") == Atom("V", accent="tilde", subscript="dw")
    assert spelled("sigma'") == Atom("sigma", primes=1)


def test_definitions_of_an_entry() -> None:
    entry = Entry("x", "t", {}, (), (), {}, ())
    line = define("w = w_prev - eta * g")
    assert definition(line) == r"w = w_{t-1} - \eta g"
    assert definition(line, entry) == r"w_t = w_{t-1} - \eta g"
    named = Entry("x", "t", {}, (), ("sigma'",), {}, ())
    assert definition(define("sigmoid_derivative(x) = x"), named) == r"\sigma'(x) = x"


# ---- reading back ------------------------------------------------------------------------------------------


def reads_back(text: str, left: Node, right: Node, normal: Normal) -> bool:
    """Whether some reading of the printed line is the same definition."""
    found = statements(text, lambda k: (1, k + 1), Context(), collect([text]))
    if len(found) != 1:
        return False
    sides = [r.sides for r in found[0].readings if len(r.sides) == 2]
    return any(s[1] is not None and normal(s[1]) == normal(right) for s in sides)


AMBIGUOUS = frozenset(
    """bias_gradient degree_matrix_sum preactivation_jacobian output_preactivation_sum chain_two_layers
    offset_weights convolution_layer_index convolution_one_axis convolution_two_axes dilated_convolution max_pooling
    global_average_pooling unpooling_nearest""".split()
)
"""Entries print cannot say in one way: ``K(i - m)`` is an element or a value, a maximum may run over a set."""


def lines() -> list[tuple[Entry, Definition]]:
    entries = catalogue.load().entries.values()
    return [(e, d) for e in entries for f in e.forms for d in f.lines]


def test_the_catalogue_reads_back(normal_form: Normal) -> None:
    every = lines()
    failed = {
        e.id: definition(d, e) for e, d in every if not reads_back(definition(d, e), d.left, d.right, normal_form)
    }
    unexpected = {k: v for k, v in failed.items() if k not in AMBIGUOUS}
    assert len(unexpected) <= len(every) * 0.02, unexpected


def test_a_wrong_printing_is_caught(normal_form: Normal) -> None:
    """The comparison is no empty one: a changed line must not read back."""
    caught = tried = 0
    for entry, d in lines()[::20]:
        wrong = array.Add(d.right, array.Name("q"))
        tried += 1
        caught += not reads_back(
            definition(Definition(d.name, (), (), d.left, wrong), entry), d.left, d.right, normal_form
        )
    assert caught == tried


NAMES = st.sampled_from(["x", "y", "w", "alpha", "yhat", "V_dw", "n_h", "x_norm", "lam", "W2"]).map(array.Name)
ELEMENTS = st.sampled_from(["x", "y", "u"]).map(lambda n: array.Index(array.Name(n), (array.Name("i"),)))
NUMBERS = st.sampled_from([Fraction(2), Fraction(1), Fraction(1, 2), Fraction(10), Fraction(3, 10)]).map(array.Num)


def grow(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    functions = st.sampled_from(["exp", "log", "sqrt", "tanh", "sigmoid", "relu", "abs"])
    return st.one_of(
        st.builds(array.Add, inner, inner),
        st.builds(array.Mul, inner, inner),
        st.builds(array.Div, inner, inner),
        st.builds(array.Neg, inner),
        st.builds(array.Pow, inner, st.sampled_from([2, 3, -1]).map(lambda k: array.Num(Fraction(k)))),
        st.builds(lambda f, a: array.Call(f, (a,)), functions, inner),
        st.builds(lambda a, b: array.Call("maximum", (a, b)), inner, inner),
        st.builds(lambda a, c: array.Cases(((a, array.Compare("<", c, a)),), c), inner, inner),
    )


SCALARS = st.recursive(NAMES | NUMBERS, grow, max_leaves=10)
SUMS = st.recursive(ELEMENTS | ELEMENTS | NAMES, grow, max_leaves=6).map(lambda body: array.Reduce("sum", body, "i"))


@given(st.one_of(SCALARS, SUMS, st.builds(array.Mul, NAMES, SUMS), st.builds(array.Add, SUMS, NAMES)))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_expressions_read_back(normal_form: Normal, node: Node) -> None:
    if isinstance(node, array.Reduce) and "i" not in array.names(node.body):
        return
    assert reads_back("q = " + latex(node), array.Name("q"), node, normal_form), latex(node)
