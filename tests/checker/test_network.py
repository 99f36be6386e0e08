"""Sections as programs: right gradients are proved, one mistake accuses one line, a wrong loss accuses nobody."""

from __future__ import annotations

import re

import pytest

from symdl import api

VECTORS = r"""# Backpropagation
## One example
$$z_1 = W_1 x + b_1$$
$$h = \mathrm{ReLU}(z_1)$$
$$z_2 = W_2 h + b_2$$
$$p = \mathrm{softmax}(z_2)$$
$$L = -\sum_{k} y_k \log p_k$$
$$\frac{\partial L}{\partial p_k} = -\frac{y_k}{p_k}$$
$$\delta_2 = \frac{\partial L}{\partial z_2} = p - y$$
$$\frac{\partial L}{\partial W_2} = \delta_2 h^\top$$
$$\frac{\partial L}{\partial b_2} = \delta_2$$
$$\frac{\partial L}{\partial h} = W_2^\top \delta_2$$
$$\delta_1 = \frac{\partial L}{\partial z_1} = (W_2^\top \delta_2) \odot \mathrm{ReLU}'(z_1)$$
$$\frac{\partial L}{\partial W_1} = \delta_1 x^\top$$
"""
BATCH = r"""# Backpropagation
## A batch
$$Z_1 = W_1 X + b_1$$
$$H = \tanh(Z_1)$$
$$Z_2 = W_2 H + b_2$$
$$P = \mathrm{softmax}(Z_2)$$
$$J = -\frac{1}{m} \sum_{i=1}^{m} \sum_{k=1}^{K} Y_{ki} \log P_{ki}$$
$$dZ_2 = \frac{1}{m} (P - Y)$$
$$dW_2 = dZ_2 H^\top$$
$$dH = W_2^\top dZ_2$$
$$dZ_1 = dH \odot (1 - H \odot H)$$
$$dW_1 = dZ_1 X^\top$$
"""
NUMBERS = r"""# A neuron
$L = \frac{1}{2}(a - y)^2$, $a = \sigma(z)$, $z = wx + b$:
$$\frac{\partial L}{\partial a} = a - y$$
$$\frac{\partial L}{\partial z} = (a - y) a (1 - a)$$
$$\frac{\partial L}{\partial w} = (a - y) a (1 - a) x$$
$$\frac{\partial L}{\partial b} = (a - y) a (1 - a)$$
"""
EACH = (
    BATCH.replace(r"dZ_2 = \frac{1}{m} (P - Y)", "dZ_2 = P - Y")
    .replace("dW_2 = dZ_2", r"dW_2 = \frac{1}{m} dZ_2")
    .replace("dW_1 = dZ_1", r"dW_1 = \frac{1}{m} dZ_1")
)
RIGHT = {"vectors": VECTORS, "batch": BATCH, "numbers": NUMBERS, "each": EACH}
WRONG_VERDICTS = {"refuted", "ill-formed"}


def _plain(latex: str) -> str:
    r"""A mean may be printed as ``\\frac{1}{m} a`` or as ``\\frac{a}{m}``."""
    found = re.fullmatch(r"(.*)\\frac\{1\}\{m\} (.*)", latex)
    return f"{found[1]}\\frac{{{found[2].strip('()')}}}{{m}}" if found else latex


def verdicts(sheet: str) -> dict[str, str]:
    """LaTeX of every statement -> verdict."""
    report = api.check(sheet, timeout=30.0)
    assert report.internal_errors == 0
    return {f.latex: f.verdict.value for f in report.files[0].formulas}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_section_is_proved(name: str) -> None:
    found = verdicts(RIGHT[name])
    claims = [v for latex, v in found.items() if "partial" in latex or latex.startswith("d")]
    assert len(claims) >= 4 and set(claims) <= {"proved", "proved-under"}
    assert not WRONG_VERDICTS & set(found.values())


@pytest.mark.parametrize(
    ("name", "old", "new", "fix"),
    [
        ("vectors", r"-\frac{y_k}{p_k}", r"\frac{y_k}{p_k}", r"\frac{\partial L}{\partial p_k} = -\frac{y_k}{p_k}"),
        ("vectors", "= p - y", "= y - p", r"\delta_2 = \frac{\partial L}{\partial z_2} = p - y"),
        ("vectors", r"\delta_2 h^\top", r"\delta_2 x^\top", r"\frac{\partial L}{\partial W_2} = \delta_2 h^{\top}"),
        (
            "vectors",
            r"h} = W_2^\top \delta_2",
            r"h} = W_2 \delta_2",
            r"\frac{\partial L}{\partial h} = W_2^{\top} \delta_2",
        ),
        ("vectors", r"\delta_1 x^\top", r"\delta_1 h^\top", r"\frac{\partial L}{\partial W_1} = \delta_1 x^{\top}"),
        ("batch", "(P - Y)", "(P + Y)", r"dZ_2 = \frac{P - Y}{m}"),
        ("batch", "dZ_2 H", "dZ_2 X", r"dW_2 = dZ_2 H^{\top}"),
        ("batch", r"1 - H \odot H", r"1 + H \odot H", r"dZ_1 = dH \odot (1 - H^2)"),
        ("numbers", "a} = a - y", "a} = a + y", r"\frac{\partial L}{\partial a} = a - y"),
        ("each", r"\frac{1}{m} dZ_1", "m dZ_1", r"dW_1 = \frac{dZ_1 X^{\top}}{m}"),
    ],
)
def test_one_mistake_accuses_one_line(name: str, old: str, new: str, fix: str) -> None:
    assert RIGHT[name].count(old) == 1
    report = api.check(RIGHT[name].replace(old, new), timeout=30.0)
    wrong = [f for f in report.files[0].formulas if f.verdict.value in WRONG_VERDICTS]
    assert len(wrong) == 1 and new in wrong[0].latex
    if wrong[0].code in ("SD706", "SD151"):  # else the catalogue found it first, with a suggestion of its own
        assert wrong[0].suggestion is not None
        assert _plain(wrong[0].suggestion) == _plain(fix)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("vectors", r"-\sum_{k} y_k \log p_k", r"-\sum_{k} p_k \log y_k"),
        ("batch", r"Y_{ki} \log P_{ki}", r"Y_{ki} P_{ki}"),
        ("numbers", r"\frac{1}{2}(a - y)^2", r"(a - y)^2"),
    ],
)
def test_a_wrong_loss_accuses_no_gradient(name: str, old: str, new: str) -> None:
    found = verdicts(RIGHT[name].replace(old, new))
    accused = [latex for latex, v in found.items() if v in WRONG_VERDICTS]
    assert all(new in latex for latex in accused)


def test_a_section_of_mistakes_accuses_nobody_by_itself() -> None:
    text = NUMBERS.replace("a - y$$", "a + y$$").replace("a - y)", "y - a)").replace("(1 - a)", "(1 + a)")
    report = api.check(text, timeout=30.0)
    assert not [f for f in report.files[0].formulas if f.code in ("SD706", "SD151")]


def test_two_networks_of_one_sheet_are_kept_apart() -> None:
    found = verdicts(VECTORS + BATCH.partition("\n")[2] + NUMBERS.replace("# A neuron", "## A neuron"))
    assert not WRONG_VERDICTS & set(found.values())
