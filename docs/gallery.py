"""Writes ``docs/gallery``: every derivation of ``tests/data/derivations``, a page a family.

A page shows the problem, the derived lines as LaTeX and NumPy, the steps, the conventions and what was checked.
``tests/test_gallery.py`` compares the lines with what is derived.

Usage: ``python docs/gallery.py [FAMILY...]``, without names all.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from symdl import deriving  # noqa: E402
from symdl.report.derivation import to_markdown  # noqa: E402
from symdl.terms.derivation import Derivation  # noqa: E402

DATA = ROOT / "tests" / "data" / "derivations"
PAGES = ROOT / "docs" / "gallery"

FAMILIES: dict[str, tuple[str, str]] = {
    "activations": (
        "Activation functions",
        "sigmoid tanh tanh_by_sigmoid relu leaky_relu softplus softmax_jacobian dropout",
    ),
    "losses": (
        "Losses and penalties",
        """softmax_cross_entropy softmax_cross_entropy_hessian cross_entropy_example binary_cross_entropy
        binary_cross_entropy_mean mean_squared_error l1_term l2_term elastic_net_term""",
    ),
    "regression": (
        "Regression",
        """linear_regression linear_regression_scalar least_squares residual_norm logistic_regression
        logistic_regression_mean logistic_newton""",
    ),
    "networks": (
        "Networks and backpropagation",
        """two_layer_slides two_layer_perceptron two_layer_relu two_layer_softmax two_layer_example
        three_layer_perceptron perceptron_squared_error output_layer layer_recursion layer_recursion_batch resnet_block
        weight_sharing""",
    ),
    "normalization": ("Normalisation", "standard_normalization batch_norm layer_norm"),
    "attention": ("Attention", "attention attention_projections"),
    "recurrent": (
        "Recurrent networks",
        """rnn_cell rnn_concatenation rnn_unrolled rnn_through_time lstm lstm_concatenation lstm_through_time gru
        gru_concatenation gru_through_time""",
    ),
    "convolution": (
        "Convolution and pooling",
        """conv2d conv2d_stride2 conv2d_stride_padding conv2d_channels im2col transposed_convolution
        fully_connected_image max_pooling max_pooling_window average_pooling average_pooling_global l2_pooling
        l2_pooling_window""",
    ),
    "graphs": ("Graph convolution", "gcn_layer gcn_output gcn_tanh_l2"),
    "adversarial": (
        "Adversarial losses",
        "gan_value gan_pointwise gan_discriminator gan_generator gan_generator_nonsaturating",
    ),
    "matrices": (
        "Matrix calculus",
        "quadratic_form quadratic_form_symmetric trace_product trace_inverse inverse determinant logdet",
    ),
}


def family_of(name: str) -> str:
    """The page a problem stands on."""
    return next(f for f, (_, names) in FAMILIES.items() if name in names.split())


def derivations(name: str, *, steps: bool) -> list[Derivation]:
    """What the gallery shows of a problem: its gradients, and the Jacobians and Hessians that have lines."""
    text = (DATA / f"{name}.toml").read_text("utf-8")
    problem, expect = deriving.problem_from_toml(text), tomllib.loads(text)["expect"]
    out = [deriving.derive(problem, steps=steps)]
    for kind in ("jacobian", "hessian"):
        for key in expect.get(kind, {}):
            first, by = (
                part.split("[")[0] for part in key.replace("],", "]|").replace(",", "|", "[" not in key).split("|")
            )
            asked = replace(problem, wrt=(by,), count="")
            if kind == "jacobian":
                asked = replace(asked, loss=first, seeds={})
            title = f"{problem.title}: {'Jacobian' if kind == 'jacobian' else 'Hessian'} by {by}"
            out.append(deriving.derive(replace(asked, title=title), kind=kind, steps=steps))
    return out


def section(name: str) -> str:
    """One problem in Markdown."""
    parts = [f'<a id="{name}"></a>', "", *(to_markdown(d, steps=True) for d in derivations(name, steps=True))]
    source = f"`symdl derive tests/data/derivations/{name}.toml --steps`"
    return "\n".join([*parts, source, ""])


def page(family: str, sections: Iterable[str]) -> str:
    """A page."""
    title = FAMILIES[family][0]
    note = "<!-- written by docs/gallery.py -->"
    return "\n".join([note, "", f"# {title}", "", "[All derivations](README.md)", "", *sections]).rstrip() + "\n"


def index() -> str:
    """The front page."""
    rows = ["<!-- written by docs/gallery.py -->", "", "# Derivations", ""]
    rows += [
        "Made by `symdl derive`, and checked: see [derivations](../explanation/derivations.md).",
        "",
    ]
    for family, (title, names) in FAMILIES.items():
        rows += [f"## [{title}]({family}.md)", ""]
        for name in names.split():
            problem = deriving.problem_from_toml((DATA / f"{name}.toml").read_text("utf-8"))
            rows.append(f"- {problem.title}")
        rows.append("")
    return "\n".join(rows).rstrip() + "\n"


def main(families: list[str]) -> None:
    """Writes the pages."""
    PAGES.mkdir(exist_ok=True)
    (PAGES / "README.md").write_text(index(), "utf-8")
    for family in families or FAMILIES:
        text = page(family, (section(name) for name in FAMILIES[family][1].split()))
        (PAGES / f"{family}.md").write_text(text, "utf-8")
        sys.stderr.write(f"{family}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
