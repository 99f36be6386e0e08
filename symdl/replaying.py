"""Replays a report: every proof from its certificate, every refutation from its witness, without the search.

Neither the prover's search nor the engine, the reader or the checker is loaded here. What a certificate is about
stands in the report as the claim itself; whether the claim is what the sheet says, the reading beside it shows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symdl.errors import ReadError, SymdlError
from symdl.isolation import Crash, Pool
from symdl.notation.claim_json import claim_from_json
from symdl.prover.replay import replay as replay_proof
from symdl.terms.results import Proof, Verdict, Witness
from symdl.verifier.replay import replay as replay_witness

PROOF, WITNESS, REPORT = "proof", "counterexample", "report"
NEEDS: Mapping[str, tuple[str, ...]] = {
    "proved": (PROOF,),
    "proved-under": (PROOF,),
    "refuted": (WITNESS,),
    "refuted-outside": (PROOF, WITNESS),
}
"""What a verdict must bring along."""
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was replayed.

    Attributes:
        path: file of the sheet.
        line: line of the formula, 0 for the report as a whole.
        column: its column.
        latex: the formula.
        verdict: what the report says of it.
        what: ``proof``, ``counterexample`` or ``report``.
        reason: why it does not hold, empty if it does.
    """

    path: str
    line: int
    column: int
    latex: str
    verdict: str
    what: str
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it holds."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a report: the checks, and how many formulas have nothing to replay."""

    checks: tuple[Check, ...]
    silent: int

    @property
    def ok(self) -> bool:
        """Whether all checks hold."""
        return all(c.ok for c in self.checks)

    def count(self, what: str, ok: bool = True) -> int:
        """Number of checks of one sort that hold, or do not."""
        return sum(c.what == what and c.ok is ok for c in self.checks)


def verify(text: str, *, jobs: int | None = None, timeout: float = SECONDS) -> Verification:
    """Replays a JSON report.

    Args:
        text: what ``symdl check --format json`` wrote.
        jobs: number of processes.
        timeout: seconds for one formula.

    Raises:
        ReadError: SD020 if it is no report.

    Example:
        >>> verify('{"tool": "symdl", "schema": 1, "files": [], "summary": {}}').ok
        True
    """
    report = _report(text)
    formulas = [(file["path"], f) for file in report["files"] for f in file["formulas"]]
    checks: list[Sequence[Check]] = [()] * len(formulas)
    pool: Pool[Any, tuple[Check, ...]] = Pool(_formula, jobs=jobs, timeout=timeout)
    try:
        for k, result in pool.map(formulas):
            checks[k] = _crashed(*formulas[k], result) if isinstance(result, Crash) else result
    finally:
        pool.close()
    return Verification((*_counts(report), *(c for found in checks for c in found)), sum(not c for c in checks))


def _report(text: str) -> Any:
    try:
        report = json.loads(text)
        good = report["tool"] == "symdl" and report["schema"] == 1
        for file in report["files"]:
            for f in file["formulas"]:
                good = good and {"line", "column", "latex", "verdict", "certificate", "counterexample"} <= set(f)
                good = good and isinstance(file["path"], str) and f["verdict"] in set(Verdict)
    except (ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise ReadError("SD020", "this is no report of symdl", "write one by `symdl check SHEET --format json`")
    return report


def _counts(report: Any) -> Iterator[Check]:
    """The summary must be the counts of the verdicts."""
    found = Counter(f["verdict"] for file in report["files"] for f in file["formulas"])
    said = report.get("summary")
    if not isinstance(said, dict) or {k: v for k, v in said.items() if v} != dict(found):
        yield Check("", 0, 0, "", "", REPORT, "the summary does not count the verdicts of the report")


def _formula(task: tuple[str, Mapping[str, Any]]) -> tuple[Check, ...]:
    """Replays what one formula brings along."""
    path, f = task
    needed = NEEDS.get(f["verdict"], ())
    brought = {PROOF: f["certificate"], WITNESS: f["counterexample"]}
    out = []
    for what, data in brought.items():
        if data is None and what not in needed:
            continue
        if data is None:
            reason = f"the verdict {f['verdict']} needs a {what}, and there is none"
        else:
            reason = _proof(f, data) if what == PROOF else _witness(data)
            if what == WITNESS and not reason and f["verdict"] in ("proved", "proved-under"):
                reason = "a formula that is proved has a counterexample"
        out.append(Check(path, f["line"], f["column"], f["latex"], f["verdict"], what, reason))
    return tuple(out)


def _proof(f: Mapping[str, Any], data: Any) -> str:
    try:
        proof = Proof(data["method"], tuple(data["steps"]), tuple(data["conditions"]), data["sizes"])
        claim = claim_from_json(data["claim"])
    except (KeyError, TypeError):
        return "the certificate is damaged"
    except SymdlError as error:
        return error.diagnostic.cause
    found = replay_proof(claim, proof)
    if not found.ok:
        return found.reason or "the certificate does not prove the claim"
    if f["verdict"] == "proved" and (proof.conditions or f.get("conditions")):
        return "proved, says the report, but the proof has conditions"
    if not set(proof.conditions) <= set(f.get("conditions") or ()) and f["verdict"] == "proved-under":
        return "a condition of the proof is not told"
    return ""


def _witness(data: Any) -> str:
    try:
        witness = Witness(
            data["point"], data["left"], data["right"], data["precision"], data["sizes"], tuple(data["entry"])
        )
        found = replay_witness(claim_from_json(data["claim"]), witness)
    except (KeyError, TypeError, ValueError, AttributeError):
        return "the counterexample is damaged"
    except SymdlError as error:
        return error.diagnostic.cause
    return "" if found.ok else found.reason or "the two sides do not contradict the claim at this point"


def _crashed(path: str, f: Mapping[str, Any], crash: Crash) -> tuple[Check, ...]:
    why = {"timeout": "it took too long", "memory": "it took too much memory"}.get(crash.kind, crash.detail)
    return (Check(path, f["line"], f["column"], f["latex"], f["verdict"], REPORT, f"not replayed: {why}"),)
