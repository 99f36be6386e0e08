"""What `symdl verify` prints of a replayed report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from symdl.report.text import shorten


class Check(Protocol):
    """One thing that was replayed (`symdl.replaying.Check`)."""

    path: str
    line: int
    column: int
    latex: str
    verdict: str
    what: str
    reason: str

    @property
    def ok(self) -> bool:
        """Whether it holds."""
        ...


class Verification(Protocol):
    """A replayed report (`symdl.replaying.Verification`)."""

    @property
    def checks(self) -> Sequence[Any]:
        """What was replayed."""
        ...

    @property
    def silent(self) -> int:
        """Formulas with nothing to replay."""
        ...

    def count(self, what: str, ok: bool = True) -> int:
        """Number of checks of one sort that hold, or do not."""
        ...


def to_text(found: Verification, *, verbose: bool = False) -> str:
    """Returns one line for each check that fails, or for all, and the counts."""
    lines = [_line(c) for c in found.checks if verbose or not c.ok]
    proofs, witnesses = found.count("proof"), found.count("counterexample")
    bad = sum(not c.ok for c in found.checks)
    lines.append(
        f"{_many(proofs, 'proof')} and {_many(witnesses, 'counterexample')} hold, {bad} "
        f"{'does' if bad == 1 else 'do'} not; {_many(found.silent, 'formula')} with nothing to replay"
    )
    return "\n".join(lines) + "\n"


def _line(c: Check) -> str:
    place = f"{c.path}:{c.line}:{c.column}: " if c.line else ""
    head = f"{place}{c.verdict}, {c.what}" if c.verdict else f"{place}{c.what}"
    tail = "holds" if c.ok else f"DOES NOT HOLD: {c.reason}"
    return f"{head} {tail}" + (f"   {shorten(c.latex, 60)}" if c.latex else "")


def _many(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def to_json(found: Verification) -> str:
    """Returns the checks as JSON."""
    rows = [
        {
            "path": c.path,
            "line": c.line,
            "column": c.column,
            "latex": c.latex,
            "verdict": c.verdict,
            "what": c.what,
            "holds": c.ok,
            "reason": c.reason or None,
        }
        for c in found.checks
    ]
    summary = {
        "proofs": found.count("proof"),
        "counterexamples": found.count("counterexample"),
        "failed": sum(not c.ok for c in found.checks),
        "silent": found.silent,
    }
    text = json.dumps({"tool": "symdl verify", "checks": rows, "summary": summary}, ensure_ascii=False, indent=1)
    return text.encode("utf-8", "replace").decode("utf-8") + "\n"
