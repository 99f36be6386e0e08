"""From a derivation to code that was run: the module is written, looked at, and judged before anybody gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from symdl.codegen.derivations import DERIVED, TOGETHER, module_of, statements_of, with_evidence
from symdl.codegen.drafting import Draft
from symdl.codegen.load import load
from symdl.errors import NotSupported
from symdl.terms.results import Evidence
from symdl.verifier.derivations import Setting
from symdl.verifier.modules import Emitted, judge_module


@dataclass(frozen=True)
class Code:
    """What was written.

    Attributes:
        source: the module; empty if there is none.
        why: the reason then.
        statements: name -> the statements of its line.
        evidence: what the checks of the module found.
    """

    source: str = ""
    why: str = ""
    statements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()


def code_of(draft: Draft, setting: Setting, count: sp.Expr | None = None) -> Code:
    """Writes and judges the module of a derivation; one that fails is not handed out, and neither are its statements.

    Args:
        draft: what is written.
        setting: the program with the kinds of its inputs.
        count: size that counts the examples, if gradients with that axis are those of each example's own loss.
    """
    statements = statements_of(draft)
    try:
        written = module_of(draft)
        functions = load(written.module)
    except NotSupported as error:
        return Code(why=f"{error.diagnostic.code}: {error.diagnostic.cause}", statements=statements)
    emitted = Emitted(
        functions,
        DERIVED[draft.kind],
        TOGETHER[draft.kind],
        written.signature,
        draft.lines,
        draft.seeds,
        written.fits,
        draft.kind == "gradient",
        count,
    )
    evidence = judge_module(setting, emitted)
    faults = [str(f) for e in evidence for f in e.facts.get("faults", ())]
    if not all(e.facts["passed"] for e in evidence):
        return Code(why="SD904: the module failed its check: " + (faults[0] if faults else "no finite point"))
    return Code(with_evidence(written.module, evidence).source, "", statements, tuple(evidence))
