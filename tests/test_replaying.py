"""A report replays: every proof and every counterexample; one that was altered does not."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from click.testing import CliRunner

from symdl import api
from symdl.catalogue import load
from symdl.checker.entry_claims import claim_of
from symdl.cli import cli
from symdl.errors import NotationError, NotSupported, ReadError
from symdl.notation.claim_json import claim_from_json, claim_json
from symdl.replaying import Verification, verify
from symdl.report.replayed import to_text
from symdl.report.to_json import to_json
from symdl.terms.claims import Equation

ROOT = Path(__file__).resolve().parents[1]
SHEET = r"""
# Activation functions

The sigmoid and the hyperbolic tangent:

$$\tanh(z) = 2\sigma(2z) - 1$$

The ReLU is $\max(0, x) = \frac{x + |x|}{2}$.

The softmax is $$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$

$$\sqrt{x^2} = x$$

$$\frac{1}{3} = 0.333$$
"""


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    made = json.loads(to_json(api.check(SHEET, timeout=60)))
    assert made["summary"]["proved"] + made["summary"]["proved-under"] >= 3
    assert made["summary"]["refuted"] == made["summary"]["refuted-outside"] == 1
    return made


def replayed(report: Any) -> Verification:
    return verify(json.dumps(report), jobs=1, timeout=60)


def formulas(report: dict[str, Any], *verdicts: str) -> list[dict[str, Any]]:
    return [f for file in report["files"] for f in file["formulas"] if f["verdict"] in verdicts]


def test_a_report_replays(report: dict[str, Any]) -> None:
    found = replayed(report)
    assert found.ok, to_text(found)
    assert found.count("proof") >= 4  # the part of the domain in which a refuted claim holds is proved too
    assert found.count("counterexample") == 2


# ---- what was altered is noticed


def other_claim(f: dict[str, Any], what: str) -> None:
    """The right side of the claim, plus one."""
    claim = f[what]["claim"]
    claim["nodes"] += [["number", "1"], ["Add", claim["right"], len(claim["nodes"])]]
    claim["right"] = len(claim["nodes"]) - 1


ALTERED = {
    "another claim is said to be proved": (("proved",), lambda f: other_claim(f, "certificate")),
    "a refutation is called a proof": (("refuted",), lambda f: f.update(verdict="proved")),
    "a proof is called a refutation": (("proved",), lambda f: f.update(verdict="refuted")),
    "the certificate is gone": (("proved", "proved-under"), lambda f: f.update(certificate=None)),
    "the counterexample is gone": (("refuted", "refuted-outside"), lambda f: f.update(counterexample=None)),
    "the claim is gone": (("proved",), lambda f: f["certificate"].pop("claim")),
    "the steps are gone": (("proved",), lambda f: f["certificate"].update(steps=[])),
    "the cases are gone": (("proved",), lambda f: f["certificate"]["steps"][0].pop("instances")),
    "no instance is left": (("proved",), lambda f: f["certificate"]["steps"][0].update(instances=[])),
    "the point is moved to where the claim holds": (
        ("refuted-outside",),
        lambda f: f["counterexample"].update(point={"x": "1"}),
    ),
    "the point is no number": (("refuted-outside",), lambda f: f["counterexample"].update(point={"x": "pi"})),
    "the point names something else": (("refuted-outside",), lambda f: f["counterexample"].update(point={"y": "-1"})),
    "an enclosure is made up": (("refuted",), lambda f: f["counterexample"].update(left="7 +/- 0")),
    "an enclosure is widened": (("refuted-outside",), lambda f: f["counterexample"].update(left="0 +/- 5")),
    "the precision is absurd": (("refuted",), lambda f: f["counterexample"].update(precision=10**9)),
    "a condition is hidden": (("proved",), lambda f: f["certificate"].update(conditions=["x > 0"])),
    "the claim refers to what is not there": (("proved",), lambda f: f["certificate"]["claim"].update(left=10**6)),
    "the claim calls a class that is none of ours": (
        ("proved",),
        lambda f: f["certificate"]["claim"]["nodes"].__setitem__(-1, ["Lambda", 0, 0]),
    ),
    "the claim is nonsense": (("proved",), lambda f: f["certificate"].update(claim=[1, 2])),
}


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_report_does_not_replay(name: str, report: dict[str, Any]) -> None:
    verdicts, alter = ALTERED[name]
    altered = copy.deepcopy(report)
    target = formulas(altered, *verdicts)[0]
    before = target["verdict"]
    alter(target)
    altered["summary"][before] -= 1
    altered["summary"][target["verdict"]] += 1
    found = replayed(altered)
    bad = [c for c in found.checks if not c.ok]
    assert bad and all((c.line, c.column) == (target["line"], target["column"]) for c in bad), to_text(found)
    assert all(c.reason for c in bad)


def test_a_formula_that_is_left_out_or_added_is_noticed(report: dict[str, Any]) -> None:
    for change in (lambda fs: fs.pop(), lambda fs: fs.append(fs[0])):
        altered = copy.deepcopy(report)
        change(altered["files"][0]["formulas"])
        assert [c.what for c in replayed(altered).checks if not c.ok] == ["report"]


def test_every_number_of_a_refuted_claim_matters(report: dict[str, Any]) -> None:
    (target,) = formulas(report, "refuted")
    rows = [k for k, row in enumerate(target["counterexample"]["claim"]["nodes"]) if row[0] == "number"]
    assert len(rows) >= 2
    for k in rows:
        altered = copy.deepcopy(report)
        row = formulas(altered, "refuted")[0]["counterexample"]["claim"]["nodes"][k]
        row[1] = str(Fraction(row[1]) + 1)
        assert not replayed(altered).ok


def test_what_is_no_report_is_refused() -> None:
    for text in ("", "{}", "[]", "null", '{"tool": "symdl"}', '{"tool": "other", "schema": 1, "files": []}', "\x00"):
        with pytest.raises(ReadError, match="SD020"):
            verify(text)


# ---- nothing that searches takes part


def test_replaying_loads_neither_search_nor_engine_nor_reader() -> None:
    script = "import sys, symdl.replaying; print('\\n'.join(sorted(m for m in sys.modules if m.startswith('symdl'))))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(found.stdout.split())
    assert {"symdl.prover.replay", "symdl.verifier.replay"} <= loaded
    rooms = {m.split(".")[1] for m in loaded if "." in m}
    assert rooms.isdisjoint({"engine", "reader", "checker", "pipeline", "api", "catalogue", "codegen"})
    assert loaded.isdisjoint(
        {"symdl.prover.strategies", "symdl.prover.cases", "symdl.verifier.search", "symdl.verifier.refuter"}
    )


# ---- the command


def test_the_command(report: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(report), "utf-8")
    run = CliRunner().invoke(cli, ["verify", str(file), "--jobs", "1"], standalone_mode=False)
    assert run.return_value == 0 and "0 do not" in run.output
    altered = copy.deepcopy(report)
    other_claim(formulas(altered, "proved")[0], "certificate")
    file.write_text(json.dumps(altered), "utf-8")
    run = CliRunner().invoke(cli, ["verify", str(file), "--jobs", "1"], standalone_mode=False)
    assert run.return_value == 1 and "DOES NOT HOLD" in run.output
    run = CliRunner().invoke(cli, ["verify", str(file), "--format", "json", "--jobs", "1"], standalone_mode=False)
    assert run.return_value == 1 and json.loads(run.output)["summary"]["failed"] == 1
    run = CliRunner().invoke(cli, ["verify", "-"], input='{"tool": "symdl", "schema": 1, "files": [], "summary": {}}')
    assert run.exit_code == 0 and "0 proofs" in run.output


# ---- claims as JSON


def test_every_claim_of_the_catalogue_survives_json() -> None:
    entries = load().entries
    count = 0
    for entry in entries.values():
        for claim in entry.claims if entry.id != "woodbury_identity" else ():
            found = claim_of(entry, claim, entries)
            if isinstance(found, Equation):
                count += 1
                assert claim_from_json(json.loads(json.dumps(claim_json(found)))) == found, (entry.id, claim.name)
    assert count >= 400


def test_what_has_no_place_in_a_report_is_named() -> None:
    with pytest.raises(NotSupported, match="Integral"):
        x = sp.Symbol("x", real=True)
        claim_json(Equation(sp.Integral(x, x), x))


@pytest.mark.parametrize(
    "nodes",
    [
        [["name", "x", ["evil"]]],
        [["number", "1/0"]],
        [["number", "9" * 6000]],
        [["number", "0x10"]],
        [["constant", "os"]],
        [["row", "system"]],
        [["Add", 0]],
        [["Add", -1]],
        [["name"]],
        [[]],
        [7],
    ],
    ids=str,
)
def test_a_damaged_claim_is_refused(nodes: list[Any]) -> None:
    good = claim_json(Equation(sp.S.One, sp.S.One))
    with pytest.raises(NotationError, match="SD641"):
        claim_from_json({**good, "nodes": nodes, "left": 0, "right": 0})
    assert claim_from_json(good) == Equation(sp.S.One, sp.S.One)


def test_equal_parts_are_written_once() -> None:
    x = sp.Symbol("x", real=True)
    claim = Equation(sp.exp(x) + sp.exp(x) ** 2, sp.exp(x))
    assert sum(row[0] == "name" for row in claim_json(claim)["nodes"]) == 1
    assert claim_from_json(claim_json(replace(claim, relation="<="))).relation == "<="
