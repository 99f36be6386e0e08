"""Meaning: formulas and what they are read as, likeliest first; pairs that must never be read alike."""

from __future__ import annotations

import pytest

from symdl.notation.strict import show
from symdl.reader.elaborate import statements
from symdl.reader.names import NameTable, collect
from symdl.terms import array
from symdl.terms.formula import Context, Statement


def read(latex: str, names: NameTable | None = None) -> tuple[Statement, ...]:
    return statements(latex, lambda k: (1, k + 1), Context(), names or NameTable())


def readings(latex: str, names: NameTable | None = None) -> list[str]:
    (statement,) = read(latex, names)
    return [" | ".join("_" if s is None else show(s) for s in r.sides) for r in statement.readings]


FIRST = [
    # optimisers
    (r"w_t = w_{t-1} - \alpha \frac{\partial \mathcal{L}}{\partial W}", "w_t | w_prev - alpha * grad_W"),
    (r"\theta_{t+1} = \theta_t - \frac{\eta}{\sqrt{\hat{v}_t} + \epsilon} \hat{m}_t", "theta_t | theta_prev - eta / (sqrt(vhat_t) + epsilon) * mhat_t"),
    (r"\tilde{V}_{dw} = \frac{V_{dw}}{(1 - \beta_1^t)}", "Vtilde_dw | V_dw / (1 - beta_1 ** t)"),
    (r"\theta^{new} = \theta^{old} - \lambda \frac{d\mathcal{L}}{d\theta}(\theta^{old})", "theta_t | theta_prev - lam * grad_theta"),
    (r"\bar{w}_t \leftarrow w_{t-1} - \eta(y - \hat{y}) \bar{x}", "w_t | w_prev - eta * (y - yhat) * x"),
    (r"\Delta x_t = \rho \Delta x_{t-1} + (1 - \rho) g_t^{\prime 2}", "Delta_x_t | rho * Delta_x_prev + (1 - rho) * g_prime_t ** 2"),
    (r"v_t = \gamma v_{t-1} + \eta \nabla_\theta J(\theta - \gamma v_{t-1})", "v_t | gamma * v_prev + eta * grad_theta(theta - gamma * v_prev)"),
    (r"E[g^2]_t = 0.9 E[g^2]_{t-1} + 0.1 g_t^2", "E_call_t | 0.9 * E_call_prev + 0.1 * g_t ** 2"),
    (r"\theta \leftarrow \theta - \eta \frac{1}{m} \nabla_\theta \sum_i L(f(x^{(i)}; \theta), y^{(i)})", "theta | theta - eta * (1 / m) * sum(grad_theta[i], i)"),
    # activations and their derivatives
    (r"\sigma'(x) = \sigma(x)(1 - \sigma(x))", "D(sigmoid(x), x) | sigmoid(x) * (1 - sigmoid(x))"),
    (r"\tanh(z) = 2\sigma(2z) - 1", "tanh(z) | 2 * sigmoid(2 * z) - 1"),
    (r"\sigma(x) = (1 + e^{-x})^{-1}", "sigma(x) | (1 + exp(-x)) ** -1"),
    (r"y = a e^{kt}", "y | a * exp(k * t)"),
    (r"y = a e^{in}", "y | a * e_in"),
    (r"ReLU(x) = \max\{x, 0\} + \alpha \min\{x, 0\}", "relu(x) | maximum(x, 0) + alpha * minimum(x, 0)"),
    (r"\text{softmax}(x_i) = \frac{e^{x_i}}{\sum_{j=1}^K e^{x_j}}", "softmax(x)[i] | exp(x[i]) / sum(exp(x[j]), (j, 1, K))"),
    (r"\text{ELU}(x) = \begin{cases} x & \text{if } x > 0 \\ \alpha(e^x - 1) & \text{otherwise} \end{cases}", "elu(x) | where(x > 0, x, alpha * (exp(x) - 1))"),
    (r"\text{GELU}(x) = \frac{x}{2}\left[1+\text{erf}\left(\frac{x}{\sqrt{2}}\right)\right]", "gelu(x) | x / 2 * (1 + erf(x / sqrt(2)))"),
    (r"\frac{d}{dx}\tanh(x) = 1-\tanh^2(x)", "D(tanh(x), x) | 1 - tanh(x) ** 2"),
    (r"\frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij} - p_j)", "D(p[i], z[j]) | p[i] * (delta[i, j] - p[j])"),
    # losses
    (r"\mathcal{L} = -\sum_i y_i \log \hat{y}_i", "calL | -sum(y[i] * log(yhat[i]), i)"),
    (r"J = \frac{1}{|\mathcal{B}|} \sum_{(x,y) \in \mathcal{B}} (y - \theta x)^2", "J | 1 / size_calB * sum((y[i] - theta * x[i]) ** 2, i)"),
    (r"D_{KL}(P \| Q) = \sum_x P(x) \log \frac{P(x)}{Q(x)}", "D_KL(P, Q) | sum(P[x] * log(P[x] / Q[x]), x)"),
    (r"\Omega(\theta) := \lambda ||\theta||_2^2", "Omega(theta) | lam * norm(theta) ** 2"),
    (r"V = E_{x \sim p_{data}(x)} [\log D(x)] + E_{z \sim p_z(z)} [\log(1 - D(G(z)))]", "V | expect(log(D(x)), x, p_data) + expect(log(1 - D(G(z))), z, p_z)"),
    (r"FL(p_t) = -\alpha_t (1-p_t)^\gamma \log(p_t)", "FL(p_t) | -(alpha_t * (1 - p_t) ** gamma * log(p_t))"),
    (r"L_i = \sum_{j\neq y_i} \max(0, s_j - s_{y_i} + 1)", "L_i | sum(where(j != y_i, maximum(0, s[j] - s_y_i + 1), 0), j)"),
    # networks
    (r"dZ^{[1]} = W^{[2]T} dZ^{[2]} * g'(Z^{[1]})", "dZ1 | W2.T * dZ2 * g_prime(Z1)"),
    (r"db^{[2]} = \frac{1}{m} np.sum(dZ^{[2]}, axis = 1, keepdims = True)", "db2 | 1 / m * sum(dZ2, axis=1, keepdims=True)"),
    (r"a^{<t>} = \tanh(W_a[a^{<t-1>}, x^t] + b_a)", "a_t | tanh(W_a * concat(a_prev, x_t) + b_a)"),
    (r"\Gamma_u = \sigma(W_u[c^{\langle t-1 \rangle}, x^{\langle t \rangle}] + b_u)", "Gamma_u | sigmoid(W_u * concat(c_prev, x_t) + b_u)"),
    (r"\text{Attention}(Q,K,V) = \text{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V", "Attention(Q, K, V) | softmax(Q * K.T / sqrt(d_k)) * V"),
    (r"H_{i,j} = \sum_a \sum_b V_{a,b} X_{i+a, j+b}", "H[i, j] | sum(V[a, b] * X[i + a, j + b], a, b)"),
    (r"a^l_j = \sigma(\sum_k w^l_{jk}a^{l-1}_k + b_j^l)", "al[j] | sigmoid(sum(wl[j, k] * alm1[k], k) + bl[j])"),
    (r"H^{(l+1)} = \sigma(\tilde{D}^{-1/2}\tilde{A}\tilde{D}^{-1/2}H^{(l)}W^{(l)})", "Hlp1 | sigmoid(Dtilde ** -(1 / 2) * Atilde * Dtilde ** -(1 / 2) * Hl * Wl)"),
    (r"\delta_l = \frac{\partial \mathcal{L}}{\partial z_l} = \delta_{l+1}^T \cdot W_{l+1} \odot \nabla \sigma_l(z_l)", "deltal | gradl_z | deltalp1.T * Wlp1 * sigmal_prime(zl)"),
    (r"W_{out} = \left\lfloor \frac{W_{in} - K + 2P}{S} \right\rfloor + 1", "W_out | floor((W_in - K + 2 * P) / S) + 1"),
    (r"\hat{y} = \arg\max_k p_k", "yhat | argmax(p)"),
    (r"J = -\frac{1}{m} \sum_{i=0}^m (y^{(i)} \log(a^{[2](i)}) + (1 - y^{(i)}) \log(1 - a^{[2](i)}))", "J | -(1 / m * sum(y[i] * log(a2[i]) + (1 - y[i]) * log(1 - a2[i]), (i, 0, m)))"),
    (r"W_1 = W_1 - \text{lambd} * dW1", "W_1 | W_1 - lambd * dW_1"),
    (r"\kappa(x) = x(1-x)", "kappa(x) | x * (1 - x)"),
    (r"\text{loss}(x) = -\log\frac{\exp(x[class])}{\sum_j \exp(x[j])}", "loss(x) | -log(exp(x[class_]) / sum(exp(x[j]), j))"),
    (r"y = \tanh W x + b", "y | tanh(W * x) + b"),
    (r"h(x) \otimes g(x) = \sum_{s=-N}^N h(s)g(x-s)", "convolution(h(x), g(x)) | sum(h[s] * g[x - s], (s, -N, N))"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "expected"), FIRST, ids=[f[1][:24] for f in FIRST])
def test_first_reading(latex: str, expected: str) -> None:
    assert readings(latex)[0] == expected


SECOND = [
    (r"a = \sigma(z)", "a | sigma(z)"),
    (r"y_i = \gamma \hat{x}_i + \beta", "y_i | gamma * xhat_i + beta"),
    (r"L = -\sum_i y_i \log p_i + (1 - y_i) \log (1 - p_i)", "L | -sum(y[i] * log(p[i]) + (1 - y[i]) * log(1 - p[i]), i)"),
    (r"L = \sum_i (h_{w,b}(x_i) - y_i)^2", "L | sum((h_w_b(x[i]) - y[i]) ** 2, i)"),
    (r"x = |B|", "x | abs(B)"),
    (r"J = 1/2m", "J | 1 / (2 * m)"),
    (r"J = 1/2 m", "J | 1 / (2 * m)"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "other"), SECOND)
def test_what_stays_open_is_read_twice(latex: str, other: str) -> None:
    found = readings(latex)
    assert other in found[1:]
    assert len(found) == len(set(found)) <= 8


DIFFERENT = [
    (r"a(b + c)", r"f(b + c)"),
    (r"y = a * b", r"y = a \cdot b"),
    (r"x^T y", r"x^t y"),
    (r"W^{[2]}", r"W^2"),
    (r"x_{t-1}", r"x_t"),
    (r"\frac{\partial L}{\partial W}", r"\frac{\partial a}{\partial W}"),
    (r"\sum_i a_i b", r"\sum_i a_i + b"),
    (r"\log x y", r"\log (x y)"),
    (r"\hat{y}", r"\tilde{y}"),
    (r"\nabla_\theta J(\theta)", r"\nabla_w J(\theta)"),
    (r"\max(0, x)", r"\min(0, x)"),
    (r"y = \sum_{i=1}^m x_i", r"y = \sum_{i=0}^m x_i"),
    (r"w_1 g(z_1) + w_2 g(z_2)", r"w_1 g(z_1) + w_2 g(z_1)"),
    (r"D(x) + D(G(z))", r"D(x) + D(x)"),
    (r"\mathcal{L}", r"L"),
    (r"\bar{\alpha}_t x", r"\alpha_t x"),
    (r"s = \sum_i (x_i - \bar{x})", r"s = \sum_i (x_i - x)"),
    (r"p(1|x)", r"p(0|x)"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_never_read_alike(one: str, other: str) -> None:
    (a,), (b,) = read(one), read(other)
    left = [(r.sides, tuple(sorted(a.atoms.values(), key=str))) for r in a.readings]
    right = [(r.sides, tuple(sorted(b.atoms.values(), key=str))) for r in b.readings]
    assert left
    assert not any(x == y for x in left for y in right)


KINDS = [
    (r"Z = W X + b", "definition"),
    (r"w = w - \mu \nabla L(w)", "update"),
    (r"t \leftarrow 1", "update"),
    (r"dZ = A - Y", "claim"),
    (r"(a + b)^2 = a^2 + 2 a b + b^2", "claim"),
    (r"W \in \mathbb{R}^{n \times m}", "shape"),
    (r"b \rightarrow (n_h, 1)", "shape"),
    (r"224 \times 224 \times 3", "shape"),
    (r"((parameters * 1 + 1) * neurons)", "count"),
    (r"W \sim U(-a, a)", "relation"),
    (r"a > 0", "relation"),
    (r"\alpha", "fragment"),
    (r"\Rightarrow", "fragment"),
    (r"\text{where the sum runs over all items}", "prose"),
]


@pytest.mark.parametrize(("latex", "kind"), KINDS)
def test_kinds(latex: str, kind: str) -> None:
    assert [s.kind for s in read(latex)] == [kind]


UNREAD = [
    r"y = x \cdot \mathbb{R}^n",
    r"y = 3 4",
    r"\tanh^{-1}(x) = y",
    r"y = \begin{cases} 1 & \text{if it rains} \\ 0 & \text{otherwise} \end{cases}",
    r"y = n!!",
    r"\lim f = 0",
    r"y = \nabla^3 f",
]


@pytest.mark.parametrize("latex", UNREAD)
def test_unread_rather_than_wrong(latex: str) -> None:
    (statement,) = read(latex)
    assert not statement.readings
    assert statement.problem is not None
    assert statement.problem.code.startswith("SD2")
    assert statement.problem.line == 1


def test_damaged_formula_gives_one_statement_with_its_place() -> None:
    (statement,) = statements("  (a + b", lambda k: (4, 10 + k), Context(), NameTable())
    assert statement.kind == "fragment"
    assert statement.problem is not None
    assert (statement.problem.code, statement.problem.line, statement.problem.column) == ("SD101", 4, 12)


def test_rows_continue_the_left_side() -> None:
    first, second = read(r"\begin{aligned} z &= a + b \\ &= c \end{aligned}")
    assert show(second.readings[0].sides[0] or array.Const("inf")) == "z"
    assert second.latex == "= c"
    assert first.place.line == 1
    (alone,) = read(r"= a + b")
    assert alone.readings[0].sides[0] is None


def test_shapes_behind_a_formula() -> None:
    (statement,) = read(r"Z^{[1]} = W^{[1]}X + b^{[1]} \quad (n_h, m)")
    assert statement.shape == ("n_h", "m")
    (chain,) = read(r"\delta = a \odot b \in \mathbb{R}^{n \times m}")
    assert (chain.shape, chain.relations) == (("n", "m"), ("=",))


def test_equation_number_is_no_factor() -> None:
    assert readings(r"E_{gen} = E_{out} - E_{in} (18)") == ["E_gen | E_out - E_in"]


def test_chains_and_lists() -> None:
    assert readings(r"w_1 = w_4 = w_7") == ["w_1 | w_4 | w_7"]
    assert readings(r"D_{in}, D_{out} = 768, 10") == ["concat(D_in, D_out) | concat(768, 10)"]
    assert len(read(r"\hat{m} = m, \quad \hat{v} = v")) == 2


def test_names_of_the_document_decide_calls() -> None:
    names = collect([r"\delta(x) = \frac{1}{1 + e^{-x}}"])
    assert readings(r"y = \delta(w x + b)", names) == ["y | delta(w * x + b)"]
    assert readings(r"y = \delta(w x + b)") == ["y | delta * (w * x + b)"]


def test_spans_point_into_the_statement() -> None:
    for latex in [f[0] for f in FIRST]:
        for statement in read(latex):
            for side in statement.readings[0].sides:
                for node in array.walk(side) if side is not None else ():
                    if node.span is not None:
                        assert 0 <= node.span.start < node.span.end <= len(statement.latex)


def test_span_of_a_power_leaves_the_power_out() -> None:
    (statement,) = read(r"c = \tanh(W x + b)^2 + g_t^2 + W^{[2]T}")
    texts = {
        show(n): n.span.text(statement.latex)
        for n in array.walk(statement.readings[0].sides[1] or array.Const("inf"))
        if n.span
    }
    assert texts["tanh(W * x + b)"] == r"\tanh(W x + b)"
    assert texts["g_t"] == "g_t"
    assert texts["W2"] == "W^{[2]T}"  # inside one brace group: whole or nothing


def test_atoms_say_what_a_name_is() -> None:
    (statement,) = read(r"\tilde{V}_{dw} = \lambda W^{[l-1]} + h(x) + |\mathcal{B}|")
    spelled = {(a.spelling, a.layer) for a in statement.atoms.values()}
    assert {("~V_dw", ""), ("lambda", ""), ("W", "l-1"), ("h()", ""), ("|calB|", "")} <= spelled
    assert all(name.isidentifier() for name in statement.atoms)


def test_huge_formulas_are_refused_not_hung() -> None:
    (sum_,) = read("y = " + "+".join(["x"] * 2_000))
    assert sum_.problem is not None
    assert sum_.problem.code == "SD203"
    assert readings("y = 9^{9^{9^9}}") == ["y | 9 ** 9 ** 9 ** 9"]


def test_a_bar_is_a_mean_or_says_vector() -> None:
    assert readings(r"s = \sum_i (x_i - \bar{x})^2") == ["s | sum((x[i] - xbar) ** 2, i)"]
    assert readings(r"\hat{y} = f(\bar{w}^T \bar{x})")[0] == "yhat | f(w.T * x)"
    (diffused,) = read(r"x_t = \sqrt{\bar{\alpha}_t} x_0 + \sqrt{1 - \alpha_t} \epsilon")
    assert {"-alpha", "alpha"} <= {a.spelling for a in diffused.atoms.values()}
