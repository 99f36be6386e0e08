"""A sample of the campaign with a fixed seed: no mutant is proved, no rewrite refuted; and its judge judges."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sympy as sp

from symdl.terms.claims import Equation
from symdl.verifier.refuter import Effort

BENCH = Path(__file__).resolve().parents[1] / "bench"
QUICK = Effort(first=8, second=8, kinks=8, seconds=2.0)


@pytest.fixture(scope="module")
def campaign() -> ModuleType:
    """The benchmark that makes and judges mutants; it lies outside every package."""
    spec = importlib.util.spec_from_file_location("campaign", BENCH / "campaign.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def some(campaign: ModuleType) -> Any:
    """A part of the claims: the campaign itself takes all."""
    whole = campaign.mutants.bases()
    campaign.mutants.bases = lambda: whole[3::9]
    yield campaign
    campaign.mutants.bases = lambda: whole


def test_mutants_are_refuted_and_not_proved(some: ModuleType) -> None:
    tally = some.Tally()
    some.try_mutants(some.mutants.tree_mutants(120, seed=7), tally, points=8, effort=QUICK)
    unequal = tally.counts["unequal"]
    assert tally.counts["unequal proved"] == tally.counts["contradictions"] == 0, tally.notes
    assert unequal >= 80
    assert tally.counts["unequal refuted"] >= 0.98 * unequal, tally.notes


def test_rewrites_are_proved_and_not_refuted(some: ModuleType) -> None:
    tally = some.Tally()
    some.try_rewrites(some.rewrites.rewrites(some.mutants, 40, seed=7), tally, points=8, effort=QUICK)
    assert tally.counts["rewrites refuted"] == tally.counts["contradictions"] == 0, tally.notes
    assert tally.counts["rewrites"] >= 36
    assert tally.counts["rewrites proved"] >= 0.9 * tally.counts["rewrites"], tally.notes


def test_the_kinds_of_the_issue_are_there(some: ModuleType) -> None:
    kinds = {k for base in some.mutants.bases() for k, *_ in some.mutants.of_base(base)}
    wanted = "sign, factor, exponent, operand swap, transpose, index, dropped root, dropped term, dropped brackets"
    assert set(wanted.split(", ")) <= kinds
    in_latex = r"y = \sqrt{x^2 + a_i} - \frac{(b - c)}{2} W^T x_j"
    assert set(wanted.split(", ")) <= {k for k, _ in some.mutants.latex_mistakes(in_latex)}
    assert len(some.rewrites.KINDS) >= 12
    assert len(some.rewrites.FOREIGN) >= len(some.rewrites.KINDS) / 2


# ---- the campaign sees what goes wrong


def test_a_prover_that_proves_everything_is_seen(some: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    x = sp.Symbol("x", real=True)
    sure = some.prove(Equation(x, x))
    monkeypatch.setattr(some, "prove", lambda claim: sure)
    tally = some.Tally()
    some.try_mutants(some.mutants.tree_mutants(20, seed=1), tally, points=4, effort=QUICK)
    assert tally.counts["unequal proved"] == tally.counts["unequal"] > 0
    assert tally.notes["WRONG PROOF"] and tally.notes["CONTRADICTION"]


def test_a_refuter_that_refutes_everything_is_seen(some: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    x = sp.Symbol("x", real=True)
    false = some.refute(Equation(x, x + 1))
    monkeypatch.setattr(some, "refute", lambda claim, effort: false)
    tally = some.Tally()
    some.try_rewrites(some.rewrites.rewrites(some.mutants, 5, seed=1), tally, points=4, effort=QUICK)
    assert tally.counts["rewrites refuted"] == tally.counts["rewrites"] > 0
    assert tally.notes["FALSE REFUTATION"]


def test_a_refuter_that_refutes_nothing_is_seen(some: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(some, "refute", lambda claim, effort: None)
    tally = some.Tally()
    some.try_mutants(some.mutants.tree_mutants(20, seed=1), tally, points=4, effort=QUICK)
    assert tally.counts["unequal refuted"] == 0 and tally.notes["unequal, not refuted"]


def test_a_rewrite_that_is_none_is_seen(some: ModuleType) -> None:
    made = [next(iter(some.rewrites.rewrites(some.mutants, 1, seed=3)))]
    broken = [replace(v, claim=replace(v.claim, relation="=", left=v.claim.right + 1)) for v in made]
    tally = some.Tally()
    some.try_rewrites(broken, tally, points=4, effort=QUICK)
    assert tally.counts["rewrites that are none"] == 1 and tally.counts["rewrites"] == 0


# ---- the second judge


x, y = sp.symbols("x y", real=True)
SAME = {
    "tanh": Equation(sp.tanh(x), 2 / (1 + sp.exp(-2 * x)) - 1),
    "defined on half": Equation(sp.sqrt(x) ** 2, x),
    "inequality": Equation(x**2 + y**2, 2 * x * y, ">="),
    "assumed": Equation(sp.Abs(x), x, assumptions=(x > 0,)),
    "labels": Equation(x**2, x, kinds={"x": "binary"}),
}
UNEQUAL = {
    "one digit in a hundred": Equation(sp.tanh(x) * (1 + sp.Rational(1, 10**100)), sp.tanh(x)),
    "sign": Equation(sp.sqrt(x**2), x),
    "inequality": Equation(x**2 + y**2, 3 * x * y, ">="),
    "strict": Equation(x - x, sp.S.Zero, "<"),
    "not labels": Equation(x**2, x),
}


def test_the_second_judge(campaign: ModuleType) -> None:
    for name, claim in SAME.items():
        assert campaign.judge.sentence(claim, points=20).word == "same", name
    for name, claim in UNEQUAL.items():
        assert campaign.judge.sentence(claim, points=20).word == "unequal", name
    assert campaign.judge.sentence(Equation(sp.log(-(x**2)), x)).word == "helpless"


def test_the_second_judge_shares_no_code(campaign: ModuleType) -> None:
    text = (BENCH / "second_judge.py").read_text("utf-8")
    assert "symdl.verifier" not in text and "symdl.prover" not in text and "flint" not in text


def test_the_second_judge_finds_the_claims_true(some: ModuleType) -> None:
    words = {b.id: some.judge.sentence(b.equation(), points=4).word for b in islice(some.mutants.bases(), 25)}
    assert "unequal" not in words.values(), words
