"""Letters that may stand for a fixed thing: the identity matrix, Kronecker's delta."""

from __future__ import annotations

import pytest

from symdl import check


def judged(text: str) -> tuple[str, str | None]:
    formula = check(text).files[0].formulas[-1]
    return formula.verdict.value, formula.entry


@pytest.mark.parametrize(
    ("heading", "latex", "entry"),
    [
        ("Self-loops", r"\tilde{A} = A + I", "self_loops"),
        ("Self-loops", r"\tilde{A} = A + \mathbf{I}", "self_loops"),
        ("Graph Laplacian", r"L_{sym} = I - D^{-1/2} A D^{-1/2}", "graph_laplacian"),
        ("Ridge regression", r"w = (X^T X + \lambda I)^{-1} X^T y", "normal_equations"),
        ("Softmax Jacobian", r"\frac{\partial p_k}{\partial z_j} = p_k (\delta_{kj} - p_j)", "softmax_jacobian"),
        (
            "Derivatives of log-softmax",
            r"\frac{\partial \log s_i}{\partial z_j} = \delta_{ij} - s_j",
            "log_softmax_jacobian",
        ),
        ("Transpose of a product", "(AB)^T = B^T A^T", "transpose_of_product"),
        ("Quadratic form: gradient", r"\nabla_x (x^T A x) = (A + A^T) x", "gradient_quadratic_form"),
    ],
)
def test_is_proved(heading: str, latex: str, entry: str) -> None:
    verdict, found = judged(f"# {heading}\n\n$$\n{latex}\n$$\n")
    assert (verdict.removesuffix("-under"), found) == ("proved", entry)


@pytest.mark.parametrize(
    ("heading", "latex"),
    [
        ("Self-loops", r"\tilde{A} = A - I"),
        ("Softmax Jacobian", r"\frac{\partial p_k}{\partial z_j} = p_k (\delta_{kj} + p_j)"),
        ("Derivatives of log-softmax", r"\frac{\partial \log s_i}{\partial z_j} = \delta_{ij} - s_i"),
        ("Transpose of a product", "(AB)^T = A^T B^T"),
        ("Quadratic form: gradient", r"\nabla_x (x^T A x) = (A - A^T) x"),
        ("Quadratic form: gradient", r"\nabla_x (y^T A x) = (A + A^T) x"),
    ],
)
def test_a_mistake_is_not_proved(heading: str, latex: str) -> None:
    assert not judged(f"# {heading}\n\n$$\n{latex}\n$$\n")[0].startswith("proved")


def test_a_letter_the_sheet_defines_is_no_identity() -> None:
    verdict, _ = judged("# Self-loops\n\n$$\nI = 2 A\n$$\n\n$$\n\\tilde{A} = A + I\n$$\n")
    assert not verdict.startswith("proved")
