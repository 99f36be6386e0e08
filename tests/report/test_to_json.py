"""The JSON contract of ``docs/reference/json.md``."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

from symdl.report.to_json import to_json, to_object
from symdl.terms.results import Evidence, FileReport, Report, Verdict

FIELDS = (
    "line column end_line end_column latex reading readings kind name entry verdict code message conditions "
    "counterexample suggestion remarks evidence certificate seconds"
).split()


def test_fields_and_their_order(sample: Report) -> None:
    text = to_json(sample)
    assert text.endswith("}\n")
    report = json.loads(text)
    assert list(report) == ["tool", "schema", "version", "files", "summary"]
    assert report["tool"] == "symdl" and report["schema"] == 1
    assert [list(f) for f in report["files"]] == [["path", "diagnostics", "formulas"]] * 2
    assert list(report["files"][1]["diagnostics"][0]) == ["code", "line", "column", "message"]
    for formula in report["files"][0]["formulas"]:
        assert list(formula) == FIELDS
    assert list(report["summary"]) == [v.value for v in Verdict]
    assert sum(report["summary"].values()) == 8


def test_null_and_empty_lists(sample: Report) -> None:
    damaged = to_object(sample)["files"][0]["formulas"][3]
    assert damaged["verdict"] == "ill-formed"
    for field in ("reading", "name", "entry", "counterexample", "suggestion", "certificate"):
        assert damaged[field] is None
    for field in ("readings", "conditions", "remarks", "evidence"):
        assert damaged[field] == []


def test_parts(sample: Report) -> None:
    formulas = to_object(sample)["files"][0]["formulas"]
    assert list(formulas[0]["counterexample"]) == ["point", "left", "right", "precision", "sizes", "entry", "claim"]
    assert formulas[0]["evidence"] == [{"oracle": "ball", "points": 1, "precision": 64}]
    assert list(formulas[5]["remarks"][0]) == ["code", "message", "entry", "suggestion"]
    assert list(formulas[7]["certificate"]) == ["method", "steps", "conditions", "sizes", "claim"]


def test_notebooks_add_the_cell(sample: Report) -> None:
    j = replace(sample.files[0].formulas[0], cell=2)
    (formula,) = to_object(Report((FileReport("a.ipynb", (), (j,)),)))["files"][0]["formulas"]
    assert list(formula) == [*FIELDS[:4], "cell", *FIELDS[4:]]


def test_values_json_does_not_know(sample: Report) -> None:
    facts = {"a": Fraction(1, 3), "b": float("inf"), "c": (1, 2.5, True, None), "d": 10**5000}
    j = replace(sample.files[0].formulas[0], evidence=(Evidence("x", facts),), latex="\ud800 è")
    text = to_json(Report((FileReport("a\udcff.md", (), (j,)),)))
    (evidence,) = json.loads(text)["files"][0]["formulas"][0]["evidence"]
    assert evidence["a"] == "1/3" and evidence["b"] == "inf" and evidence["c"] == [1, 2.5, True, None]
    assert int(evidence["d"], 16) == 10**5000
    text.encode("utf-8")


def test_the_same_report_gives_the_same_bytes(sample: Report) -> None:
    assert to_json(sample) == to_json(sample)
