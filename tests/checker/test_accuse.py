"""The accusation rule: where all conditions hold there is an accusation, where one fails there is none.

A catalogue of three made-up laws stands in for the shipped one, so that each condition can be broken alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from symdl.checker.findings import Consistency, Engines
from symdl.terms.results import Evidence, Verdict

FLOW = """
[flow]
title = { en = "Flow law", it = "Legge del flusso" }
keywords = ["flow law"]
names = ["Q"]
symbols.k = { is = "positive", letters = ["k"] }
symbols.h = { is = "real", letters = ["h"] }
symbols.r = { is = "positive", letters = ["r"] }
define = "Q = k * h / sqrt(r)"
"""
COMPLETE = FLOW + "complete = true\n"
OTHER = """
[seep]
title = { en = "Seepage", it = "Filtrazione" }
keywords = ["%s"]
names = ["%s"]
symbols.k = { is = "positive", letters = ["k"] }
symbols.h = { is = "real", letters = ["h"] }
symbols.r = { is = "positive", letters = ["r"] }
define = "%s = %s"
"""
LINEAR = """
[yield]
title = { en = "Yield law", it = "Legge della resa" }
keywords = ["yield law"]
names = ["Y"]
symbols.A = { is = "real[n, p]", letters = ["A"] }
symbols.B = { is = "real[n, q]", letters = ["B"] }
symbols.c = { is = "positive", letters = ["c"] }
define = "Y = -c * A.T @ B"
"""
SUM = """
[load]
title = { en = "Load law", it = "Legge del carico" }
keywords = ["load law"]
names = ["Q"]
symbols.x = { is = "real[n]", letters = ["x"] }
symbols.k = { is = "positive", letters = ["k"] }
symbols.r = { is = "positive", letters = ["r"] }
define = "Q = -k * sum(x[i] ** 2, i) / r"
"""
HEADING, TEXT = "Flow law", "The flow law says that"
WRONG = r"Q = \frac{k h}{r}"


@pytest.fixture
def judge(judge_of: Any, verdict: Any) -> Any:
    """TOML, LaTeX, heading, texts -> finding."""

    def find(toml: str, latex: str, heading: str = HEADING, *texts: str) -> Any:
        return verdict(judge_of(toml), latex, heading, *(texts or (TEXT,)))

    return find


def accused(finding: Any) -> bool:
    return finding.verdict in (Verdict.REFUTED, Verdict.REFUTED_OUTSIDE, Verdict.ILL_FORMED)


def test_all_conditions_hold(judge: Any) -> None:
    found = judge(FLOW, WRONG)
    assert (found.verdict, found.entry, found.code) == (Verdict.REFUTED, "flow", "SD702")
    assert found.suggestion is not None and r"\sqrt" in found.suggestion
    assert found.witness is not None and set(found.witness.point) >= {"k", "h", "r"}
    assert judge(FLOW, found.suggestion).verdict is Verdict.PROVED


def test_1_an_entry_agrees(judge: Any) -> None:
    found = judge(FLOW + OTHER % ("flow law", "Q", "Q", "k * h / r"), WRONG)
    assert (found.verdict, found.entry) == (Verdict.PROVED, "seep")


def test_1_an_entry_agrees_under_another_reading(judge: Any) -> None:
    # 1/2r k h: both (1/2) r and 1/(2 r) are read
    for truth in ("k * h / (2 * r)", "k * h * r / 2"):
        found = judge(FLOW.replace("k * h / sqrt(r)", truth), "Q = k h 1/2r")
        assert found.entry == "flow" and not accused(found), truth


def test_1_an_agreement_that_the_name_denies_clears_nobody(judge: Any) -> None:
    other = OTHER % ("seepage", "T", "T", "k * h / r")
    assert judge(FLOW + other, WRONG).entry == "flow"
    assert accused(judge(FLOW + other, WRONG))
    assert judge(FLOW + other, r"T = \frac{k h}{r}", "Seepage", "seepage").verdict is Verdict.PROVED


def test_2_evidence(judge: Any) -> None:
    assert not accused(judge(FLOW, WRONG, "Laws", "It is known that"))  # 2: the name
    assert not accused(judge(FLOW, WRONG, "Flow law", "It is known that"))  # 4: name and heading
    assert accused(judge(FLOW, WRONG, "Laws", "The flow law says that"))  # 5: name and text


def test_2_evidence_where_the_family_is_complete(judge: Any) -> None:
    assert not accused(judge(COMPLETE, WRONG, "Laws", "It is known that"))
    assert accused(judge(COMPLETE, WRONG, "Flow law", "It is known that"))


def test_3_the_left_hand_name_is_unknown(judge: Any) -> None:
    assert not accused(judge(FLOW, r"T = \frac{k h}{r}"))


def test_3_a_letter_is_unusual(judge: Any) -> None:
    assert not accused(judge(FLOW, r"Q = \frac{k u}{r}"))
    assert not accused(judge(FLOW, r"Q = \frac{k \hat h}{r}"))


def test_4_no_single_edit_repairs(judge: Any) -> None:
    assert not accused(judge(FLOW, r"Q = k + h + r"))
    assert not accused(judge(FLOW, r"Q = -\frac{k^2 h}{r}"))


def test_4_another_entry_is_repaired_to_as_cheaply(judge: Any) -> None:
    square = OTHER % ("%s", "Q", "Q", "k * h / r ** 2")
    assert not accused(judge(FLOW + square % "flow law", WRONG))
    assert accused(judge(FLOW + square % "seepage", WRONG))  # a weaker candidate does not save it


def test_5_layout(judge: Any) -> None:
    heading, text = "Yield law", "The yield law says that"
    assert judge(LINEAR, r"Y = -c A^T B", heading, text).verdict is Verdict.PROVED
    assert accused(judge(LINEAR, r"Y = c A^T B", heading, text))
    for layout in (r"Y = -c A B", r"Y = -c A B^T", r"Y = -c B A^T", r"Y = -c A^T \odot B"):
        assert not accused(judge(LINEAR, layout, heading, text)), layout


@pytest.mark.parametrize(
    "latex",
    [
        r"Q = \frac{k h}{\sqrt{r}} + b",
        r"Q = \frac{k h}{\sqrt{r}} + h",
        r"Q = \frac{k h + 1}{\sqrt{r}}",
        r"Q = \frac{k h}{\sqrt{r}} - \lambda k",
        r"Q = \frac{k h}{\sqrt{r + 1}}",
    ],
)
def test_6_a_sheet_that_has_more_extends_the_entry(judge: Any, latex: str) -> None:
    assert not accused(judge(FLOW, latex))


@pytest.mark.parametrize("latex", [r"Q = \frac{h}{\sqrt{r}}", r"Q = k h", r"Q = \frac{k}{\sqrt{r}}"])
def test_6_nothing_new_is_multiplied_in(judge: Any, latex: str) -> None:
    assert not accused(judge(FLOW, latex))


def test_7_the_reading_is_whole(judge: Any) -> None:
    heading, text = "Load law", "The load law says that"
    assert accused(judge(SUM, r"Q = \frac{k}{r} \sum_i x_i^2", heading, text))
    assert not accused(judge(SUM, r"Q = \frac{k}{r} \sum_i x^2", heading, text))  # where does i live?


def test_7_an_untranslated_part(judge: Any) -> None:
    assert not accused(judge(SUM, r"Q = \frac{k}{r} \sum_i x_i^2 \pm \dots", "Load law", "The load law says that"))


@pytest.mark.parametrize("latex", ["Q = k", "Q", "Q = 3", r"Q = h_i", r"k h"])
def test_7_a_bare_symbol_states_nothing(judge: Any, latex: str) -> None:
    assert not accused(judge(FLOW, latex))


def test_without_a_witness_nobody_is_accused(judge_of: Any, verdict: Any) -> None:
    blind = judge_of(FLOW)
    nothing = Consistency(10, Evidence("arb", {"points": 10}))
    blind.engines = Engines(blind.engines.prove, lambda claim, quick=False: nothing)
    found = verdict(blind, WRONG, HEADING, TEXT)
    assert not accused(found) and found.witness is None


def test_a_near_miss_is_a_remark_at_least(judge: Any) -> None:
    found = judge(FLOW, WRONG, "Flow law", "It is known that")
    assert found.verdict is Verdict.DEFINITION
    assert [(r.code, r.entry) for r in found.remarks] == [("SD801", "flow")]


def test_a_proof_and_a_witness_is_an_internal_error(judge_of: Any, verdict: Any) -> None:
    mad = judge_of(FLOW)
    witness = verdict(mad, WRONG, HEADING, TEXT).witness
    mad.engines = Engines(mad.engines.prove, lambda claim, quick=False: witness)
    found = verdict(mad, r"Q = \frac{k h}{\sqrt{r}}", HEADING, TEXT)
    assert (found.verdict, found.internal) == (Verdict.UNDECIDED, True)
    assert found.proof is not None and found.witness is not None


def test_sources_and_errata_accuse_nobody(judge_of: Any, verdict: Any) -> None:
    erratum = r"""errata = [{ note = "1", line = "1", latex = 'Q = \frac{k h}{\sqrt{r}}', reason = "poisoned" }]
sources = ["Q = k h / r"]
"""
    for latex in (WRONG, r"Q = \frac{k h}{\sqrt{r}}", r"Q = k h"):
        plain = verdict(judge_of(FLOW), latex, HEADING, TEXT)
        poisoned = verdict(judge_of(FLOW + erratum), latex, HEADING, TEXT)
        assert replace(plain, evidence=()) == replace(poisoned, evidence=())
