"""The JSON contract: one object, fields in a fixed order (``docs/reference/json.md``).

Other programs read this. A field is never dropped: what does not apply is ``null``, what is a list and
holds nothing is ``[]``. Two runs over the same input give the same bytes except ``seconds``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from symdl import __version__
from symdl.errors import Diagnostic
from symdl.terms.results import Evidence, FileReport, Judgement, Proof, Remark, Report, Witness

SCHEMA = 1
LONGEST_NUMBER = 10_000  # bits


def to_json(report: Report) -> str:
    r"""Returns the report as JSON text that ends with a line break.

    Example:
        >>> to_json(Report(files=()))[:19]
        '{\n "tool": "symdl",'
    """
    text = json.dumps(to_object(report), ensure_ascii=False, indent=1, allow_nan=False)
    # A path that is not UTF-8 arrives with lone surrogates, which no JSON text may hold.
    return text.encode("utf-8", "replace").decode("utf-8") + "\n"


def to_object(report: Report) -> dict[str, Any]:
    """Returns the report as plain dictionaries, lists, texts and numbers."""
    return {
        "tool": "symdl",
        "schema": SCHEMA,
        "version": __version__,
        "files": [_file(f) for f in report.files],
        "summary": report.summary,
    }


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "path": file.path,
        "diagnostics": [_diagnostic(d) for d in file.diagnostics],
        "formulas": [_judgement(j) for j in file.formulas],
    }


def _diagnostic(d: Diagnostic) -> dict[str, Any]:
    message = f"{d.cause}; {d.remedy}" if d.remedy else d.cause
    return {"code": d.code, "line": d.line, "column": d.column, "message": message}


def _judgement(j: Judgement) -> dict[str, Any]:
    cell = {} if j.cell is None else {"cell": j.cell}
    return {
        "line": j.line,
        "column": j.column,
        "end_line": j.end_line,
        "end_column": j.end_column,
        **cell,
        "latex": j.latex,
        "reading": j.reading,
        "readings": list(j.readings),
        "kind": j.kind,
        "name": j.name,
        "entry": j.entry,
        "verdict": j.verdict.value,
        "code": j.code,
        "message": j.message,
        "conditions": list(j.conditions),
        "counterexample": None if j.counterexample is None else _witness(j.counterexample),
        "suggestion": j.suggestion,
        "remarks": [_remark(r) for r in j.remarks],
        "evidence": [_evidence(e) for e in j.evidence],
        "certificate": None if j.certificate is None else _proof(j.certificate),
        "seconds": round(j.seconds, 3),
    }


def _witness(w: Witness) -> dict[str, Any]:
    return {
        "point": _plain(w.point),
        "left": w.left,
        "right": w.right,
        "precision": w.precision,
        "sizes": dict(w.sizes),
        "entry": list(w.entry),
        "claim": _plain(w.claim),
    }


def _remark(r: Remark) -> dict[str, Any]:
    return {"code": r.code, "message": r.message, "entry": r.entry, "suggestion": r.suggestion}


def _evidence(e: Evidence) -> dict[str, Any]:
    return {"oracle": e.oracle, **_plain({k: v for k, v in e.facts.items() if k != "oracle"})}


def _proof(p: Proof) -> dict[str, Any]:
    return {
        "method": p.method,
        "steps": _plain(p.steps),
        "conditions": list(p.conditions),
        "sizes": p.sizes,
        "claim": _plain(p.claim),
    }


def _plain(value: Any) -> Any:
    """Returns a value JSON can hold: what it cannot (a fraction, an infinity, a node) becomes its text."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
        return hex(value)  # Python refuses to print longer numbers in decimal
    if value is None or isinstance(value, str | int):
        return value
    return str(value)
