"""A hand-made report with one of everything."""

from __future__ import annotations

import pytest

from symdl.errors import Diagnostic
from symdl.terms.results import Evidence, FileReport, Judgement, Proof, Remark, Report, Verdict, Witness

SHEET = r"""# Graphs

$$\hat A = \tilde D^{\frac{1}{2}} \tilde A \tilde D^{\frac{1}{2}}$$

The update is $w_t = w_{t-1} - \eta (y - \hat y) x$ where $\eta$ is the step, a small number that is chosen by hand.

$$\frac{1}{2} + \sum_{i=1}^{n} \frac{(y_i - \hat y_i)^2}{n} + \lambda \sum_{j=1}^p w_j^2 + \mu \sum_{j=1}^p |w_j| = J$$

$$\frac{1}{x$$

$$\sqrt{x^2} = x$$

$$z = W x + b$$

$$\clubsuit(x) = x$$

$$\sigma(x) = \frac{1}{1 + e^{-x}}$$
"""


def judged(latex: str, verdict: Verdict, **fields: object) -> Judgement:
    """A judgement about a formula, at its place in the sheet."""
    at = SHEET.index(latex)
    line, column = SHEET.count("\n", 0, at) + 1, at - SHEET.rfind("\n", 0, at)
    defaults = {"reading": None, "readings": (), "kind": "definition", "name": None, "entry": None}
    return Judgement(
        line,
        column,
        line,
        column + len(latex),
        latex,
        verdict=verdict,
        **{**defaults, **fields},  # type: ignore[arg-type]
    )


def graph() -> Judgement:
    """Refuted: two exponents lack their sign."""
    return judged(
        r"\hat A = \tilde D^{\frac{1}{2}} \tilde A \tilde D^{\frac{1}{2}}",
        Verdict.REFUTED,
        reading="Ahat = Dtilde ** (1 / 2) @ Atilde @ Dtilde ** (1 / 2)",
        name="Ahat",
        entry="gcn_normalized_adjacency",
        code="SD702",
        message="the degree matrix enters with exponent -1/2, on both sides",
        suggestion=r"\hat A = \tilde D^{-\frac{1}{2}} \tilde A \tilde D^{-\frac{1}{2}}",
        counterexample=Witness(
            point={"Dtilde": [["2", "0"], ["0", "3"]], "Atilde": [["1", "1"], ["1", "2"]]},
            left="[2.4494897427831780982 +/- 3.3e-20]",
            right="[0.40824829046386301637 +/- 4.1e-21]",
            precision=64,
            sizes={"n": 2},
            entry=(0, 1),
        ),
        evidence=(Evidence("ball", {"points": 1, "precision": 64}),),
        seconds=0.0123,
    )


@pytest.fixture
def sample() -> Report:
    """Two files: one with everything, one that cannot be read."""
    update = judged(
        r"w_t = w_{t-1} - \eta (y - \hat y) x",
        Verdict.REFUTED,
        kind="update",
        code="SD702",
        entry="perceptron_update",
        message="the step has the wrong sign: it moves the weights away from the right answer",
        suggestion=r"w_t = w_{t-1} + \eta (y - \hat y) x",
        counterexample=Witness({"w_prev": "0", "eta": "1/2", "y": "1", "yhat": "0", "x": "3"}, "-3/2", "3/2", 64),
    )
    long = judged(
        SHEET.splitlines()[6].strip("$"),
        Verdict.REFUTED,
        code="SD502",
        message="the squared error carries the factor one half, not a summand",
        suggestion=SHEET.splitlines()[6].strip("$").replace(r"{2} + \sum", r"{2} \sum"),
    )
    formulas = (
        graph(),
        update,
        long,
        judged(r"\frac{1}{x", Verdict.ILL_FORMED, code="SD201", message="a brace is not closed", kind="fragment"),
        judged(
            r"\sqrt{x^2} = x",
            Verdict.REFUTED_OUTSIDE,
            code="SD701",
            kind="claim",
            message="false for negative x",
            conditions=("x >= 0",),
            counterexample=Witness({"x": "-1"}, "1 +/- 0", "-1 +/- 0", 64),
        ),
        judged(
            "z = W x + b",
            Verdict.UNDECIDED,
            code="SD601",
            message="no entry of the catalogue fits",
            remarks=(Remark("SD701", "close to the affine layer, with W transposed", "affine", "z = W^T x + b"),),
        ),
        judged(r"\clubsuit(x) = x", Verdict.UNREAD, code="SD210", message=r"\clubsuit is not known"),
        judged(
            r"\sigma(x) = \frac{1}{1 + e^{-x}}",
            Verdict.PROVED,
            entry="sigmoid",
            name="sigma",
            reading="sigma(x) = 1 / (1 + exp(-x))",
            certificate=Proof("identical", ({"rule": "same normal form"},), sizes="all"),
        ),
    )
    lost = Diagnostic("SD002", "the file is not UTF-8: byte 0xff at offset 12", "save it as UTF-8", line=1, column=13)
    return Report((FileReport("graphs.md", (), formulas, SHEET), FileReport("old.md", (lost,), (), unreadable=True)))
