"""Verdicts on formulas under a heading: right spellings over all topics, one-mistake spellings, negative controls.

The formulas are the textbook ones, spelled by hand and not taken from the catalogue. What must never happen comes
first: a right one accused, a wrong one proved. Then what should happen: the right entry, the right suggestion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from symdl import pipeline
from symdl.reader.documents import split
from symdl.terms.results import Judgement, Verdict

Table = tuple[tuple[str, str, str], ...]
HOLDS = {Verdict.PROVED, Verdict.PROVED_UNDER}
ACCUSED = {Verdict.REFUTED, Verdict.REFUTED_OUTSIDE, Verdict.ILL_FORMED}

RIGHT: Table = (
    # heading, formula, entries it may be called (by `|`)
    ("Sigmoid", r"\sigma(z) = \frac{1}{1 + e^{-z}}", "sigmoid"),
    ("Sigmoid", r"\sigma(x) = \frac{e^x}{e^x + 1}", "sigmoid"),
    ("Sigmoid", r"\sigma(z) = (1 + \exp(-z))^{-1}", "sigmoid"),
    ("Derivative of the sigmoid", r"\sigma'(z) = \sigma(z)(1 - \sigma(z))", "sigmoid_derivative"),
    ("Hyperbolic tangent", r"\tanh(x) = \frac{e^{2x} - 1}{e^{2x} + 1}", "tanh"),
    ("Derivative of tanh", r"\frac{d}{dx} \tanh(x) = 1 - \tanh^2(x)", "tanh_derivative"),
    ("ReLU", r"f(x) = \max(0, x)", "relu"),
    ("Leaky ReLU", r"f(x) = \max(\alpha x, x)", "leaky_relu"),
    ("Leaky ReLU", r"f(x) = \begin{cases} x & x > 0 \\ \alpha x & x \le 0 \end{cases}", "leaky_relu"),
    ("ELU", r"\text{ELU}(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}", "elu"),
    ("Softplus", r"\text{softplus}(x) = \ln(1 + e^x)", "softplus"),
    ("Swish", r"\text{swish}(x) = x \sigma(x)", "swish"),
    ("Softmax", r"\text{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}}", "softmax"),
    ("Softmax", r"p_i = \frac{\exp(z_i)}{\sum_j \exp(z_j)}", "softmax"),
    ("Perceptron learning rule", r"w_{t} = w_{t-1} + \eta (y - \hat y) x", "perceptron_update"),
    ("Mean squared error", r"L = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)^2", "mse"),
    ("Mean squared error", r"\text{MSE} = \frac{1}{N} \sum_i (\hat{y}_i - y_i)^2", "mse"),
    ("Mean absolute error", r"\text{MAE} = \frac{1}{n} \sum_{i=1}^{n} |y_i - \hat y_i|", "mae"),
    ("Binary cross entropy", r"L = -\frac{1}{m} \sum_{i=1}^{m} [y_i \log \hat y_i + (1 - y_i) \log(1 - \hat y_i)]", "bce"),
    ("Binary cross-entropy loss", r"L = -(y \log \hat y + (1 - y) \log(1 - \hat y))", "bce"),
    ("Cross entropy", r"L = -\sum_{i} y_i \log(\hat y_i)", "cross_entropy"),
    ("Hinge loss", r"L = \max(0, 1 - y \hat y)", "hinge"),
    ("Focal loss", r"FL(p_t) = -(1 - p_t)^\gamma \log(p_t)", "focal_loss"),
    ("Entropy", r"H(p) = -\sum_i p_i \log p_i", "entropy"),
    ("Kullback-Leibler divergence", r"D_{KL}(P \| Q) = \sum_i p_i \log \frac{p_i}{q_i}", "kl_divergence"),
    ("L2 regularization", r"\Omega(w) = \lambda \|w\|_2^2", "l2_penalty"),
    ("L1 regularization", r"\Omega(w) = \lambda \|w\|_1", "l1_penalty"),
    ("Gradient descent", r"\theta_{t+1} = \theta_t - \eta \nabla_\theta L(\theta_t)", "gradient_descent"),
    ("Gradient descent", r"w = w - \alpha \frac{\partial J}{\partial w}", "gradient_descent"),
    ("Momentum", r"v_t = \beta v_{t-1} + (1 - \beta) g_t", "momentum_velocity|ema"),
    ("Momentum", r"w_t = w_{t-1} - \alpha v_t", "momentum_step"),
    ("AdaGrad", r"s_t = s_{t-1} + g_t^2", "adagrad_accumulator"),
    ("AdaGrad", r"\theta_{t+1} = \theta_t - \frac{\eta}{\sqrt{G_t + \epsilon}} g_t", "adagrad_step|rmsprop_step"),
    ("RMSProp", r"s_t = \beta s_{t-1} + (1 - \beta) g_t^2", "second_moment"),
    ("RMSProp", r"w_t = w_{t-1} - \frac{\eta}{\sqrt{s_t + \epsilon}} g_t", "rmsprop_step|adagrad_step"),
    ("Adam", r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t", "momentum_velocity|ema"),
    ("Adam", r"v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2", "second_moment"),
    ("Adam bias correction", r"\hat m_t = \frac{m_t}{1 - \beta_1^t}", "bias_correction"),
    ("Adam", r"\theta_t = \theta_{t-1} - \frac{\eta}{\sqrt{\hat v_t} + \epsilon} \hat m_t", "adam_step"),
    ("Newton's method", r"\theta_{t+1} = \theta_t - H^{-1} g", "newton_step"),
    ("Exponential decay", r"\eta_t = \eta_0 e^{-k t}", "exponential_decay"),
    ("Cosine annealing", r"\eta_t = \eta_{min} + \frac{1}{2} (\eta_{max} - \eta_{min})(1 + \cos(\frac{t}{T} \pi))", "cosine_annealing"),
    ("He initialization", r"\sigma = \sqrt{\frac{2}{n_{in}}}", "he_normal"),
    ("Xavier initialization", r"\sigma = \sqrt{\frac{2}{n_{in} + n_{out}}}", "glorot_normal"),
    ("Min-max normalization", r"x' = \frac{x - x_{min}}{x_{max} - x_{min}}", "min_max_normalisation"),
    ("Standardization", r"z = \frac{x - \mu}{\sigma}", "standardisation"),
    ("Batch normalization", r"\hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}", "batch_norm|standardisation"),
    ("Batch normalization, mean of the batch", r"\mu = \frac{1}{m} \sum_{i=1}^{m} x_i", "batch_mean"),
    ("Batch normalization, variance of the batch", r"\sigma^2 = \frac{1}{m} \sum_{i=1}^{m} (x_i - \mu)^2", "batch_variance"),
    ("Forward propagation", r"Z = W X + b", "affine_map"),
    ("Residual block", r"y = F(x) + x", "residual_block"),
    ("Discrete convolution", r"H_{i,j} = \sum_a \sum_b V_{a,b} X_{i+a, j+b}", "convolution_two_axes|convolution_layer_index"),
    ("Output size of a convolution", r"O = \frac{W - K + 2P}{S} + 1", "output_size"),
    ("Scaled dot-product attention", r"\text{Attention}(Q, K, V) = \text{softmax}\left(\frac{Q K^T}{\sqrt{d_k}}\right) V", "scaled_dot_product_attention"),
    ("Positional encoding", r"PE_{(pos, 2i)} = \sin\left(\frac{pos}{10000^{2i/d}}\right)", "positional_encoding_sine"),
    ("Vanilla RNN", r"h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t + b_h)", "rnn_state"),
    ("GRU update gate", r"z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)", "gru_gate|lstm_gate"),
    ("GRU", r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t", "gru_state"),
    ("LSTM cell state", r"c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t", "lstm_cell"),
    ("LSTM output", r"h_t = o_t \odot \tanh(c_t)", "lstm_output"),
    ("GAN", r"V(D, G) = \mathbb{E}_{x \sim p_{data}}[\log D(x)] + \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))]", "gan_value"),
    ("Reparameterization trick", r"z = \mu + \sigma \odot \epsilon", "reparameterisation"),
    ("Graph convolution, normalized adjacency", r"\hat A = \tilde D^{-\frac{1}{2}} \tilde A \tilde D^{-\frac{1}{2}}", "normalised_adjacency"),
    ("Graph Laplacian", r"L = D - A", "graph_laplacian"),
    ("Precision", r"P = \frac{TP}{TP + FP}", "precision"),
    ("Recall", r"R = \frac{TP}{TP + FN}", "recall"),
    ("F1 score", r"F_1 = \frac{2 P R}{P + R}", "f1_score"),
    ("Accuracy", r"\text{Accuracy} = \frac{TP + TN}{TP + TN + FP + FN}", "accuracy"),
    ("Intersection over union", r"\text{IoU} = \frac{TP}{TP + FP + FN}", "iou"),
    ("Dual numbers", r"(a + \epsilon b)(c + \epsilon d) = ac + \epsilon(ad + bc)", "dual_product"),
    ("Forward difference", r"f'(x) \approx \frac{f(x + h) - f(x)}{h}", "forward_difference"),
    ("Central difference", r"f'(x) \approx \frac{f(x + h) - f(x - h)}{2h}", "central_difference"),
    ("Gaussian density", r"p(x) = \frac{1}{\sqrt{2 \pi \sigma^2}} \exp\left(-\frac{(x - \mu)^2}{2 \sigma^2}\right)", "gaussian_density"),
    ("Inverted dropout", r"\tilde h = \frac{m \odot h}{1 - p}", "dropout|dropout_forward"),
    ("Q-learning", r"Q(s, a) \leftarrow Q(s, a) + \alpha [r + \gamma \max_{a'} Q(s', a') - Q(s, a)]", "q_learning_update"),
    ("Discounted return", r"G = \sum_{k=0}^{\infty} \gamma^k r_k", "discounted_return"),
    ("Backpropagation", r"dW^{[2]} = \frac{1}{m} dZ^{[2]} A^{[1]T}", "weight_gradient|output_weight_gradient"),
    ("Backpropagation", r"dZ^{[1]} = W^{[2]T} dZ^{[2]} \odot g'(Z^{[1]})", "hidden_delta"),
    ("Gradient of a quadratic form", r"\nabla_x (x^T A x) = (A + A^T) x", "gradient_quadratic_form"),
    ("Cosine similarity", r"\cos(\theta) = \frac{u \cdot v}{\|u\| \|v\|}", "cosine_similarity"),
)  # fmt: skip

WRONG: Table = (
    # heading, wrong formula, entry that is meant
    ("Sigmoid", r"\sigma(z) = \frac{1}{1 + e^{z}}", "sigmoid"),
    ("Sigmoid", r"\sigma(z) = \frac{1}{1 - e^{-z}}", "sigmoid"),
    ("Derivative of the sigmoid", r"\sigma'(z) = \sigma(z)(1 + \sigma(z))", "sigmoid_derivative"),
    ("Hyperbolic tangent", r"\tanh(x) = \frac{e^x + e^{-x}}{e^x - e^{-x}}", "tanh"),
    ("Derivative of tanh", r"\tanh'(x) = 1 - \tanh(x)", "tanh_derivative"),
    ("Derivative of tanh", r"\tanh'(x) = 1 + \tanh^2(x)", "tanh_derivative"),
    ("ReLU", r"\text{ReLU}(x) = \min(0, x)", "relu"),
    ("Softplus", r"\text{softplus}(x) = \log(1 - e^x)", "softplus"),
    ("Softplus", r"\text{softplus}(x) = \log(1 + e^{-x})", "softplus"),
    ("Softmax", r"\text{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{-z_j}}", "softmax"),
    ("Softmax", r"\text{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_i}}", "softmax"),
    ("Perceptron learning rule", r"w_t = w_{t-1} - \eta (y - \hat y) x", "perceptron_update"),
    ("Mean squared error", r"\text{MSE} = \frac{1}{n} \sum_{i=1}^{n} (y_i + \hat y_i)^2", "mse"),
    ("Mean squared error", r"\text{MSE} = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)", "mse"),
    ("Mean absolute error", r"\text{MAE} = \frac{1}{n} \sum_{i=1}^{n} |y_i + \hat y_i|", "mae"),
    ("Binary cross entropy", r"L = \frac{1}{m} \sum_{i=1}^{m} [y_i \log \hat y_i + (1 - y_i) \log(1 - \hat y_i)]", "bce"),
    ("Binary cross entropy", r"L = -\frac{1}{m} \sum_{i=1}^{m} [y_i \log \hat y_i - (1 - y_i) \log(1 - \hat y_i)]", "bce"),
    ("Binary cross entropy", r"L = -\frac{1}{m} \sum_{i=1}^{m} [y_i \log \hat y_i + (1 - y_i) \log(1 + \hat y_i)]", "bce"),
    ("Cross entropy", r"L = \sum_{i} y_i \log(\hat y_i)", "cross_entropy"),
    ("Hinge loss", r"L = \min(0, 1 - y \hat y)", "hinge"),
    ("Kullback-Leibler divergence", r"D_{KL}(P \| Q) = \sum_i p_i \log \frac{q_i}{p_i}", "kl_divergence"),
    ("L2 regularization", r"\Omega(w) = \lambda \|w\|_2", "l2_penalty"),
    ("Gradient descent", r"\theta_{t+1} = \theta_t + \eta \nabla_\theta L(\theta_t)", "gradient_descent"),
    ("Momentum", r"v_t = \beta v_{t-1} + (1 + \beta) g_t", "momentum_velocity"),
    ("RMSProp", r"s_t = \beta s_{t-1} + (1 - \beta) g_t", "second_moment"),
    ("RMSProp", r"w_t = w_{t-1} - \frac{\eta}{s_t + \epsilon} g_t", "rmsprop_step"),
    ("RMSProp", r"w_t = w_{t-1} + \frac{\eta}{\sqrt{s_t + \epsilon}} g_t", "rmsprop_step"),
    ("Adam", r"v_t = \beta_2 v_{t-1} + (1 + \beta_2) g_t^2", "second_moment"),
    ("Adam bias correction", r"\hat m_t = \frac{m_t}{1 + \beta_1^t}", "bias_correction"),
    ("Adam", r"\theta_t = \theta_{t-1} + \frac{\eta}{\sqrt{\hat v_t} + \epsilon} \hat m_t", "adam_step"),
    ("He initialization", r"\sigma = \frac{2}{n_{in}}", "he_normal"),
    ("Xavier initialization", r"\sigma = \sqrt{\frac{2}{n_{in} - n_{out}}}", "glorot_normal"),
    ("Min-max normalization", r"x' = \frac{x - x_{max}}{x_{max} - x_{min}}", "min_max_normalisation"),
    ("Standardization", r"z = \frac{x + \mu}{\sigma}", "standardisation"),
    ("Batch normalization", r"\hat x_i = \frac{x_i - \mu}{\sigma^2 + \epsilon}", "batch_norm"),
    ("Batch normalization, variance of the batch", r"\sigma^2 = \frac{1}{m} \sum_{i=1}^{m} (x_i - \mu)", "batch_variance"),
    ("Output size of a convolution", r"O = \frac{W - K + P}{S} + 1", "output_size"),
    ("Output size of a convolution", r"O = \frac{W - K + 2P}{S} - 1", "output_size"),
    ("Scaled dot-product attention", r"\text{Attention}(Q, K, V) = \text{softmax}\left(\frac{Q K^T}{d_k}\right) V", "scaled_dot_product_attention"),
    ("GRU", r"h_t = (1 + z_t) \odot h_{t-1} + z_t \odot \tilde h_t", "gru_state"),
    ("LSTM cell state", r"c_t = f_t \odot c_{t-1} - i_t \odot \tilde c_t", "lstm_cell"),
    ("GAN", r"V(D, G) = \mathbb{E}_{x \sim p_{data}}[\log D(x)] + \mathbb{E}_{z \sim p_z}[\log(1 + D(G(z)))]", "gan_value"),
    ("Graph convolution, normalized adjacency", r"\hat A = \tilde D^{\frac{1}{2}} \tilde A \tilde D^{\frac{1}{2}}", "normalised_adjacency"),
    ("Precision", r"P = \frac{TP}{TP - FP}", "precision"),
    ("F1 score", r"F_1 = \frac{P R}{P + R}", "f1_score"),
    ("Forward difference", r"f'(x) \approx \frac{f(x + h) + f(x)}{h}", "forward_difference"),
    ("Central difference", r"f'(x) \approx \frac{f(x + h) - f(x - h)}{h}", "central_difference"),
    ("Dual numbers", r"(a + \epsilon b)(c + \epsilon d) = ac + \epsilon(ad - bc)", "dual_product"),
    ("Bayes' theorem", r"P(A|B) = \frac{P(B|A) P(B)}{P(A)}", "bayes_rule"),
    ("Gaussian density", r"p(x) = \frac{1}{\sqrt{2 \pi \sigma^2}} \exp\left(\frac{(x - \mu)^2}{2 \sigma^2}\right)", "gaussian_density"),
)  # fmt: skip

HARMLESS: Table = (
    # right formulas the catalogue may not know, and right ones that say more, or are made up
    ("Sigmoid", r"\kappa(x) = x (1 - x)", ""),
    ("Mean squared error", r"L = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)^2 + \lambda \|w\|_2^2", ""),
    ("Mean squared error", r"e_i = y_i - \hat y_i", ""),
    ("Gradient descent", r"w_t = w_{t-1} - \eta g_t - \eta \lambda w_{t-1}", ""),
    ("Gradient descent", r"\eta = 0.01", ""),
    ("Adam", r"\beta_1 = 0.9", ""),
    ("Adam", r"\theta_{t+1} = \theta_t + \Delta \theta_t", ""),
    ("Softmax", r"\sum_i p_i = 1", ""),
    ("Softmax", r"z = W x + b", ""),
    ("Attention", r"O = W_O [h_1, h_2] + b", ""),
    ("Attention", r"S = Q K^T", ""),
    ("Batch normalization", r"y = \gamma \hat x + \beta", ""),
    ("Quadratic equation", r"x^2 = 2 x + 3", ""),
    ("Quadratic equation", r"x^2 - 2 x - 3 = 0", ""),
    ("Dropout", r"y = W (m \odot x) + b", ""),
    ("Convolution", r"O = 28 \times 28", ""),
    ("Momentum", r"v_t = \mu v_{t-1} - \eta g_t", ""),
    ("Momentum", r"w_t = w_{t-1} + v_t", ""),
)  # fmt: skip

# What the checker does not do yet: the reason, by formula. A row whose reason is gone must be taken out.
_OPAQUE = "the prover draws no values in (0, 1) for unknown functions, so this is only supported"
NOT_YET: Mapping[str, str] = {
    RIGHT[k][1]: reason
    for k, reason in (
        *((k, _OPAQUE) for k, row in enumerate(RIGHT) if row[0] == "GAN"),
        *((k, "max over actions of an opaque function") for k, row in enumerate(RIGHT) if row[0] == "Q-learning"),
        *(
            (k, "a dot between vectors without a transpose")
            for k, row in enumerate(RIGHT)
            if row[0] == "Cosine similarity"
        ),
    )
}


def sheets(table: Iterable[tuple[str, str]]) -> list[list[Judgement]]:
    """Judges each formula in a sheet of its own."""
    documents = [split(f"# {heading}\n\n$${latex}$$\n", f"{k}.md") for k, (heading, latex) in enumerate(table)]
    report = pipeline.check_documents(documents, jobs=2, timeout=30.0)
    assert not report.internal_errors
    return [list(file.formulas) for file in report.files]


@pytest.fixture(scope="module")
def judged() -> Mapping[tuple[str, str], list[Judgement]]:
    """All tables in one run, and the right formulas once more under a heading that says nothing."""
    rows = [(heading, latex) for heading, latex, _ in (*RIGHT, *WRONG, *HARMLESS)]
    rows += [("Formulas", latex) for _, latex, _ in RIGHT[::3]]
    return dict(zip(rows, sheets(rows), strict=True))


@pytest.fixture(scope="module")
def corrected(judged: Mapping[tuple[str, str], list[Judgement]]) -> Mapping[tuple[str, str], list[Judgement]]:
    """What becomes of the suggestions, judged in the place of what they correct."""
    rows = [
        (heading, j.suggestion)
        for heading, latex, _ in WRONG
        for j in judged[heading, latex]
        if j.suggestion is not None
    ]
    return dict(zip(rows, sheets(rows), strict=True))


@pytest.fixture
def may_fail(request: pytest.FixtureRequest) -> None:
    """Marks what is known not to work yet."""
    latex = request.node.callspec.params["latex"]
    if latex in NOT_YET:
        request.applymarker(pytest.mark.xfail(reason=NOT_YET[latex], strict=False))


Judged = Mapping[tuple[str, str], list[Judgement]]


def test_the_tables_are_large_enough() -> None:
    assert len(RIGHT) >= 60 and len(WRONG) >= 40
    assert len({latex for _, latex, _ in RIGHT}) == len(RIGHT)


@pytest.mark.parametrize(("heading", "latex", "entry"), RIGHT)
def test_a_right_formula_is_proved(may_fail: None, judged: Judged, heading: str, latex: str, entry: str) -> None:
    (j,) = judged[heading, latex]
    assert j.verdict in HOLDS, (j.verdict.value, j.message, j.remarks)
    assert j.entry in entry.split("|")
    assert (j.verdict is Verdict.PROVED_UNDER) == bool(j.conditions)
    assert j.certificate is not None and j.counterexample is None and j.suggestion is None


@pytest.mark.parametrize(("heading", "latex", "_"), (*RIGHT, *HARMLESS))
def test_a_right_formula_is_not_accused(judged: Judged, heading: str, latex: str, _: str) -> None:
    assert [j.message for j in judged[heading, latex] if j.verdict in ACCUSED] == []


@pytest.mark.parametrize("latex", [latex for _, latex, _ in RIGHT[::3]])
def test_a_heading_that_says_nothing_accuses_nobody(judged: Judged, latex: str) -> None:
    assert [j.message for j in judged["Formulas", latex] if j.verdict in ACCUSED] == []


@pytest.mark.parametrize(("heading", "latex", "entry"), WRONG)
def test_a_wrong_formula_is_not_proved(may_fail: None, judged: Judged, heading: str, latex: str, entry: str) -> None:
    assert [j.entry for j in judged[heading, latex] if j.verdict in HOLDS | {Verdict.SUPPORTED}] == []


@pytest.mark.parametrize(("heading", "latex", "entry"), WRONG)
def test_who_is_accused_is_told_why(
    may_fail: None, judged: Judged, corrected: Judged, heading: str, latex: str, entry: str
) -> None:
    for j in judged[heading, latex]:
        if j.verdict not in ACCUSED:
            continue
        assert j.code and j.message and j.counterexample is not None
        assert j.counterexample.left != j.counterexample.right
        if j.entry is not None:
            assert j.suggestion is not None and j.suggestion != latex
            again = corrected[heading, j.suggestion]
            right = {*HOLDS, Verdict.SUPPORTED}
            assert [(k.verdict in right, k.entry) for k in again] == [(True, j.entry)], j.suggestion


def test_most_wrong_formulas_are_found(judged: Judged) -> None:
    found = [latex for heading, latex, _ in WRONG if any(j.verdict in ACCUSED for j in judged[heading, latex])]
    assert len(found) >= FOUND


FOUND = 37  # of the table WRONG, as measured


@pytest.mark.parametrize(("heading", "latex", "meant"), WRONG)
def test_the_accuser_is_the_entry_that_is_meant(
    may_fail: None, judged: Judged, heading: str, latex: str, meant: str
) -> None:
    accusers = {j.entry for j in judged[heading, latex] if j.verdict in ACCUSED and j.entry}
    same = {"momentum_velocity": {"ema"}, "batch_norm": {"standardisation"}}  # the same formula under another name
    assert accusers <= {meant} | same.get(meant, set())


CONDITIONS = (
    ("Adam", r"\theta_t = \theta_{t-1} - \frac{\eta}{\sqrt{\hat v_t + \epsilon}} \hat m_t"),
    ("Hidden state", r"h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t + b_h)"),
    ("Dropout", r"\tilde h = \frac{m \odot h}{1 - p}"),
    ("Derivative of ReLU", r"f'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}"),
)


def test_a_convention_is_named() -> None:
    """A variant that is another function than the canonical form is proved under its convention only."""
    adam, rnn, dropout, relu = (j for (j,) in sheets(CONDITIONS))
    assert (adam.verdict, rnn.verdict) == (Verdict.PROVED_UNDER, Verdict.PROVED)
    assert dropout.verdict is Verdict.PROVED_UNDER and adam.conditions and dropout.conditions and not rnn.conditions
    assert relu.verdict in (Verdict.PROVED_UNDER, Verdict.SUPPORTED)
    if relu.verdict is not Verdict.PROVED_UNDER:
        pytest.xfail("only the best agreement goes to the prover, not the variant with its convention at 0")
    assert any("0" in c for c in relu.conditions)
