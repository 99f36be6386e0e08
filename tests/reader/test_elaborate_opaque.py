"""What has no value in arrays: read as opaque calls, or understood and left without a reading; never claimed."""

from __future__ import annotations

from pathlib import Path

import pytest

from symdl.notation.strict import show
from symdl.reader.documents import load
from symdl.reader.elaborate import statements
from symdl.reader.names import NameTable, collect
from symdl.terms import array
from symdl.terms.formula import Context, Statement

NOTES = Path(__file__).parents[3] / "shared" / "notes"


def read(latex: str) -> Statement:
    (statement,) = statements(latex, lambda k: (1, k + 1), Context(), NameTable())
    return statement


def readings(latex: str) -> list[str]:
    return [" | ".join("_" if s is None else show(s) for s in r.sides) for r in read(latex).readings]


OPAQUE = [
    (r"\lim_{x \to 0} \frac{\sin x}{x} = 1", "limit(sin(x) / x, x, 0) | 1"),
    (r"f'(x) = \lim_{h \to 0} \frac{f(x+h) - f(x)}{h}", "f_prime(x) | limit((f(x + h) - f(x)) / h, h, 0)"),
    (r"\lim_{x \to 0^+} \log x = -\infty", "limit_from_above(log(x), x, 0) | -inf"),
    (r"y = \int_a^b f(x) \, dx + c", "y | integral(f(x), x, a, b) + c"),
    (r"\int_0^1 x^2 + 1 dx + c = d", "integral(x ** 2 + 1, x, 0, 1) + c | d"),
    (r"\int_{-\infty}^{\infty} p(x) \mathrm{d}x = 1", "integral(p(x), x, -inf, inf) | 1"),
    (r"F = \int \frac{dx}{x}", "F | integral(1 / x, x)"),
    (r"I = \int\int f(x, y) dx dy", "I | integral(integral(f(x, y), x), y)"),
    (r"I = \iint f(x, y) dx dy", "I | integral(f(x, y), x, y)"),
    (r"A \otimes B = C", "kron(A, B) | C"),
    (r"y = x \ast w", "y | convolution(x, w)"),
    (r"y = 0.9 \ast v", "y | 0.9 * v"),
    (r"S(i,j) = (I*K)(i,j)", "S(i, j) | convolution(I, K, i, j)"),
    (r"s(t) = (x * w)(t)", "s(t) | convolution(x, w, t)"),
    (r"H = \nabla_\theta^2 L(\theta)", "H | nabla_squared(L(theta), theta)"),
    (r"y = \gamma \max_{a'} Q(s', a')", "y | gamma * max(Q[s_prime, a_prime], a_prime)"),
    (r"V = \max_\theta f(\theta)", "V | max_over(f(theta), theta)"),
    (r"\hat{y} = \arg\max_c P(c|x)", "yhat | argmax_over(P_given(c, x), c)"),
    (r"y = \sup_x f(x)", "y | sup_over(f(x), x)"),
    (r"y = x_1 + \dots + x_n", "y | ellipsis_sum(x_1, x_n)"),
    (r"L = f_1 f_2 \cdots f_n", "L | ellipsis_product(f_1 * f_2, f_n)"),
    (r"g = \frac{dL}{dw}|_{w=0}", "g | value_at(grad_w, w, 0)"),
    (r"y = a \pm b", "y | a + plus_minus(b)"),
    (r"(f \circ g)'(x) = f'(g(x)) g'(x)", "derivative_of(f * g, x) | f_prime(g(x)) * g_prime(x)"),
    (r"P(A \cup B) = P(A) + P(B) - P(A \cap B)", "P(event_cup(A, B)) | P(A) + P(B) - P(event_cap(A, B))"),
    (r"J = \mathbb{E}_{x, y \sim p} \log q(y|x)", "J | expectation(log(q_given(y, x)), x, y, p)"),
]
KNOWN = [
    (r"y = n!", "y | gamma_function(n + 1)"),
    (r"y = 5!", "y | 120"),
    (r"y = \binom{4}{2}", "y | 6"),
    (r"y = \binom{n}{k}", "y | gamma_function(n + 1) / (gamma_function(k + 1) * gamma_function(n + 1 - k))"),
    (r"p_j = \frac{e^{z_j}}{\sum_{j'} e^{z_{j'}}}", "p[j] | exp(z[j]) / sum(exp(z[j_prime]), j_prime)"),
    (r"v = \sum_{s'} P(s'|s) v(s')", "v | sum(P[s_prime, s] * v[s_prime], s_prime)"),
    (r"\frac{\mathrm{d}}{\mathrm{d}x} x^2 = 2x", "D(x ** 2, x) | 2 * x"),
    (r"p = 10\%", "p | 10 * 0.01"),
    (r"D = (U < p)", "D | U < p"),
    (r"y = J \cdot \overset{\mathbf{W}_{K}}{\mathbb{R}^{n_{K}} \times 1}", "y | J * W_K"),
    (r"z_i = W_{i \cdot} x", "z[i] | W[i, :] * x"),
    (r"A = \frac{A * D}{keep\_prob}", "A | A * D / keep_prob"),
    (r"lr = \min(step^{-0.5}, step)", "lr | minimum(step ** -0.5, step)"),
    (r"\frac{\partial p_i}{\partial z_j} = p_i (\mathbf{1}_{i=j} - p_j)", "D(p[i], z[j]) | p[i] * ((i == j) - p[j])"),
    (r"\text{softmax}(z)_i = \frac{e^{z_i}}{\sum_j e^{z_j}}", "softmax(z)[i] | exp(z[i]) / sum(exp(z[j]), j)"),
    (r"p(x_1, \dots, x_T) = \prod_{t=1}^{T} p(x_t | x_{<t})", "p(x[1], dots, x[T]) | prod(p_given(x[t], x_before_t), (t, 1, T))"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "expected"), OPAQUE + KNOWN, ids=[c[0][:32] for c in OPAQUE + KNOWN])
def test_first_reading(latex: str, expected: str) -> None:
    assert readings(latex)[0] == expected


@pytest.mark.parametrize("latex", [c[0] for c in OPAQUE if r"\otimes" not in c[0] and "0.9" not in c[0]])
def test_the_likeliest_reading_is_opaque(latex: str) -> None:
    sides = [s for s in read(latex).readings[0].sides if s is not None]
    assert any(isinstance(n, (array.Apply, array.Reduce)) for s in sides for n in array.walk(s))


def test_gates_are_no_kronecker_product() -> None:
    assert "c_t | f_t * c_prev" in readings(r"c_t = f_t \otimes c_{t-1}")
    assert readings(r"M = A \otimes B") == ["M | kron(A, B)"]


VALUELESS = [
    (r"\mathcal D = \{(x_i, y_i)\}_{i=1}^N", "relation"),
    (r"\mathcal{D} = \{x_i : i = 1, 2, ..., n\}", "relation"),
    (r"\in \{-1, 0, 1\}", "relation"),
    (r"\{x^{(1)}, \dots, x^{(m)}\}", "fragment"),
    (r"\{ x \mid x > 0 \}", "fragment"),
    (r"(x_i)_{i=1}^N", "fragment"),
    (r"A = B \cup C", "relation"),
    (r"x \in \mathbb{R}^n \times \mathbb{R}^m", "relation"),
    (r"\begin{matrix} * & & \\ & 0 & 1 \\ & 2 & 3 \end{matrix}", "fragment"),
    (r"M = \begin{pmatrix} 1 & & \\ & 1 & \\ & & 1 \end{pmatrix}", "relation"),
    (r"X = \begin{bmatrix} x_1 & \dots & x_n \end{bmatrix}", "relation"),
    (r"X_0 \leftarrow X_1 \leftarrow \dots \leftarrow X_n", "relation"),
    (r"\max()", "fragment"),
    (r"\nabla", "fragment"),
    (r"\sum", "fragment"),
    (r"\forall i \in \{1, \dots, n\}", "relation"),
]


@pytest.mark.parametrize(("latex", "kind"), VALUELESS)
def test_understood_without_a_value(latex: str, kind: str) -> None:
    statement = read(latex)
    assert (statement.kind, statement.readings, statement.problem) == (kind, (), None)


def test_an_ampersand_too_many_makes_no_gap() -> None:
    assert readings(r"M = \begin{pmatrix} 1 & 2 & \\ 3 & 4 & \end{pmatrix}") == ["M | array([[1, 2], [3, 4]])"]


def test_finite_terms_of_a_series_equal_nothing() -> None:
    statement = read(r"e^x = 1 + x + \frac{x^2}{2!} + \dots")
    assert statement.relations == ("~=",)
    assert statement.kind == "relation"
    assert statement.readings[0].notes == ("open-ended",)
    assert readings(r"e^x = 1 + x + \frac{x^2}{2!} + \dots") == ["exp(x) | 1 + x + x ** 2 / 2"]
    chain = read(r"a = b + \dots = c = d")
    assert chain.relations == ("~=", "~=", "=")


def test_a_task_is_what_it_optimises() -> None:
    for latex in (r"\hat\theta = \arg\min_\theta (Y - X\theta)^2", r"\min_\theta (Y - X\theta)^2"):
        statement = read(latex)
        assert [show(s) for s in statement.readings[0].sides if s] == ["(Y - X * theta) ** 2"]
        assert statement.readings[0].notes == ("optimised",)
        assert statement.relations == ()
    assert readings(r"w = \arg\min_w L + \lambda R") == ["L + lam * R"]
    assert readings(r"\hat{y} = \arg\max_k p_k") == ["yhat | argmax(p)"]  # over an index it is a value


def test_probabilities_at_different_numbers_are_different() -> None:
    (one, other) = (read(rf"y = \log p_{{Y|X}}({k}|x_i)").readings[0].sides[1] for k in (1, 0))
    assert one != other
    both = read(r"y = p(1|x) + p(0|x)")
    assert len([a for a in both.atoms.values() if a.letter == "p()"]) == 2


@pytest.mark.skipif(not NOTES.is_dir(), reason="the study notes are not beside this checkout")
def test_all_but_two_formulas_of_the_notes_are_read() -> None:
    count, damaged, unread = 0, [], []
    for path in sorted(NOTES.glob("*.txt")):
        document = load(path)
        names = collect((f.latex for f in document.fragments), document.macros)
        for f in document.fragments:
            count += 1
            for s in statements(f.latex, f.place, f.context, names, document.macros, inline=not f.display):
                if s.problem is not None:
                    (damaged if s.problem.code.startswith("SD1") else unread).append((path.name[:3], s.place.line))
    assert count == 443
    assert damaged == [("000", 196), ("004", 131)]
    assert unread == []
