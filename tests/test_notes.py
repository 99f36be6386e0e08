"""The five notes: what the catalogue covers, what the checker finds, and that it accuses no right formula.

The floors are what was measured; they may only rise. Skipped where the notes are not beside the checkout.
"""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from types import ModuleType
from typing import Any

import pytest

from symdl import api, catalogue
from symdl.report.to_json import to_object


def _bench() -> ModuleType:
    """The script that prints these figures; it holds the table of items and labels."""
    path = catalogue.folder().parent / "tests" / "bench" / "notes.py"
    spec = importlib.util.spec_from_file_location("bench_notes", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_notes"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


notes = _bench()
pytestmark = pytest.mark.skipif(not notes.NOTES.is_dir(), reason="the five notes are not beside the checkout")

FORMAL = 408
FORMULA_ITEMS = 300  # formal items that stand in the notes as formulas
MATCHED = 229  # of these: an entry, or a verdict, is given
SENTENCES_CLAIMED = 95  # formal items that are sentences: an entry holds a claim for their place
FOUND = {"000": 7, "001": 2, "002": 2, "003": 1, "004": 5}
ACCUSED_UNCLEAR = 2
FALSELY_PROVED = frozenset({"000:186"})  # a parameter count that is right for another kind of layer: a known fault
STATEMENTS = 460
UNREAD: frozenset[str] = frozenset()
"""Formulas of the notes that may stay unread."""


@pytest.fixture(scope="session")
def report() -> dict[str, Any]:
    """The check of the five notes, once."""
    whole = api.check_paths(sorted(notes.NOTES.glob("*.txt")), jobs=2, timeout=30.0)
    assert whole.internal_errors == 0 and not whole.interrupted
    return to_object(whole)


@pytest.fixture(scope="session")
def items(report: dict[str, Any]) -> list[Any]:
    return list(notes.items(report))


def statements(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [f for file in report["files"] for f in file["formulas"]]


def test_every_formal_item_is_listed_by_an_entry(items: list[Any]) -> None:
    listed = {place for places in catalogue.load().notes.values() for place in places}
    formal = [i for i in items if i.formal]
    assert len(items) == 471 and len(formal) == FORMAL
    assert [i.place for i in formal if i.place not in listed] == []


def test_no_entry_lists_a_place_that_is_not_there(items: list[Any]) -> None:
    places = {i.place for i in items}
    stray = {p for listed in catalogue.load().notes.values() for p in listed} - places
    assert stray == set()


def test_formulas_are_matched(items: list[Any]) -> None:
    formulas = [i for i in items if i.formal and i.formula]
    matched = [i for i in formulas if i.matched]
    sys.stdout.write(f"\nformula items matched: {len(matched)} of {len(formulas)}\n")
    assert len(formulas) >= FORMULA_ITEMS
    assert len(matched) >= MATCHED


def claimed_places() -> set[str]:
    """Places of the notes that a claim of an entry lists."""
    out: set[str] = set()
    for file in catalogue.folder().glob("*.toml"):
        for table in tomllib.loads(file.read_text("utf-8")).values():
            for claim in table.get("claims", {}).values():
                out |= set(claim.get("notes", ())) if isinstance(claim, dict) else set()
    return out


def test_sentences_are_claimed(items: list[Any]) -> None:
    places = claimed_places()
    sentences = [i for i in items if i.formal and not i.formula]
    claimed = [i for i in sentences if i.place in places]
    sys.stdout.write(f"\nsentence items with a claim: {len(claimed)} of {len(sentences)}\n")
    assert len(claimed) >= SENTENCES_CLAIMED


def test_no_right_formula_is_accused(items: list[Any]) -> None:
    false = [(i.place, i.latex, [j["message"] for j in i.judged]) for i in items if i.label == "right" and i.accused]
    assert false == []


def test_no_statement_without_an_item_is_accused(items: list[Any], report: dict[str, Any]) -> None:
    known = {id(j) for i in items for j in i.judged}
    stray = [f for f in statements(report) if f["verdict"] in notes.ACCUSED and id(f) not in known]
    assert [(f["line"], f["latex"], f["message"]) for f in stray] == []


@pytest.mark.parametrize("note", FOUND)
def test_mistakes_are_found(items: list[Any], note: str) -> None:
    wrong = [i for i in items if i.note == note and i.formula and i.label in notes.WRONG]
    assert sum(i.accused for i in wrong) >= FOUND[note]


def test_few_unclear_formulas_are_accused(items: list[Any]) -> None:
    assert len([i for i in items if i.label == "unclear" and i.accused]) <= ACCUSED_UNCLEAR


def test_no_wrong_formula_is_called_proved(items: list[Any]) -> None:
    wrong = [i for i in items if i.label in notes.WRONG and i.formula and not i.accused]
    proved = {i.place for i in wrong if any(j["verdict"] in notes.KNOWN for j in i.judged)}
    assert proved <= FALSELY_PROVED


def test_all_formulas_are_read(report: dict[str, Any]) -> None:
    found = statements(report)
    assert len(found) >= STATEMENTS
    assert {f["latex"] for f in found if f["verdict"] == "unread"} <= UNREAD
    assert [
        f["message"] for f in found if f["verdict"] not in ("ill-formed", "unread") and not f["latex"].strip()
    ] == []


def test_the_two_damaged_formulas(report: dict[str, Any]) -> None:
    damaged = [f for f in statements(report) if f["verdict"] == "ill-formed" and f["code"].startswith("SD10")]
    assert len(damaged) == 2
    assert all(f["message"] and f["code"] for f in damaged)


def test_whoever_is_accused_is_told_why(report: dict[str, Any]) -> None:
    for f in statements(report):
        if f["verdict"] == "refuted":
            assert f["counterexample"] and f["message"] and f["code"]
            assert f["suggestion"] or f["entry"] is None


def test_the_table_is_printed(items: list[Any]) -> None:
    text = notes.table(items)
    sys.stdout.write("\n" + text + "\n")
    assert text.splitlines()[-1].startswith("all") and len(text.splitlines()) == 7
