"""What symdl says of a formula: verdict, evidence, certificate, and the emitted module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from symdl.errors import Diagnostic


class Verdict(StrEnum):
    """The nine things symdl may say of a formula (``docs/explanation/verdicts.md``)."""

    PROVED = "proved"
    PROVED_UNDER = "proved-under"
    REFUTED = "refuted"
    REFUTED_OUTSIDE = "refuted-outside"
    SUPPORTED = "supported"
    DEFINITION = "definition"
    UNDECIDED = "undecided"
    UNREAD = "unread"
    ILL_FORMED = "ill-formed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an oracle found: ``oracle`` names it, ``facts`` holds its numbers, JSON values only."""

    oracle: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Witness:
    """A point that nobody can argue with: exact rationals, and two disjoint enclosures.

    Attributes:
        point: name -> exact rational as text (``"3/2"``); arrays as nested lists of such texts.
        left: enclosure of the left side, ``"mid +/- radius"``.
        right: enclosure of the right side.
        precision: bits of working precision.
        sizes: axis size -> integer, where arrays were instantiated.
        entry: index of the array element at which the sides differ, empty for a scalar.
        claim: what is refuted, as JSON values (`symdl.notation.claim_json`); ``None`` while it is not written down.
    """

    point: Mapping[str, Any]
    left: str
    right: str
    precision: int
    sizes: Mapping[str, int] = field(default_factory=dict)
    entry: tuple[int, ...] = ()
    claim: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """What is needed to replay a proof.

    Attributes:
        method: strategy that closed it, e.g. ``identical``, ``tower``, ``exhaustion``.
        steps: what was done, JSON values only (normal forms, cases, facts used).
        conditions: what the proof assumes, in words.
        sizes: ``"all"`` or the sizes it holds for.
        claim: what is proved, as in `Witness`.
    """

    method: str
    steps: tuple[Any, ...] = ()
    conditions: tuple[str, ...] = ()
    sizes: str = "all"
    claim: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Remark:
    """A hint that accuses nobody."""

    code: str
    message: str
    entry: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one statement of a sheet; the fields of the JSON contract, in its order."""

    line: int
    column: int
    end_line: int
    end_column: int
    latex: str
    reading: str | None
    readings: tuple[str, ...]
    kind: str
    name: str | None
    entry: str | None
    verdict: Verdict
    code: str | None = None
    message: str = ""
    conditions: tuple[str, ...] = ()
    counterexample: Witness | None = None
    suggestion: str | None = None
    remarks: tuple[Remark, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    certificate: Proof | None = None
    seconds: float = 0.0
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """All judgements of one file, and what was wrong with the file as such."""

    path: str
    diagnostics: tuple[Diagnostic, ...]
    formulas: tuple[Judgement, ...]
    source: str = ""
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one check over one or more files."""

    files: tuple[FileReport, ...]
    interrupted: bool = False
    internal_errors: int = 0

    @property
    def summary(self) -> dict[str, int]:
        """Verdict -> count, every verdict present, in the order of `Verdict`."""
        count = {v.value: 0 for v in Verdict}
        for file in self.files:
            for formula in file.formulas:
                count[formula.verdict.value] += 1
        return count


@dataclass(frozen=True, slots=True)
class Module:
    """An emitted NumPy module: source, the names it defines, and the checks it passed."""

    source: str
    names: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
