"""The campaign: mutants and equivalent rewrites of the catalogue's claims against prover and refuter.

    python tests/bench/campaign.py [--mutants 20000] [--latex 2000] [--rewrites 5000] [--seed 0] [--out FILE]

Prints one table. What is unequal is decided by a judge of its own (``second_judge.py``). Everything that is not as it
should be is listed in the file named by ``--out``: wrong proofs, false refutations, what was missed, what the judge
could not separate.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("SYMPY_CACHE_SIZE", "10000")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from symdl.prover import Proved, prove  # noqa: E402
from symdl.verifier.refuter import Effort, Refuted, refute  # noqa: E402


def beside(name: str) -> ModuleType:
    """A module that stands beside this one; the folder is no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


mutants, rewrites, judge = beside("mutants"), beside("rewrites"), beside("second_judge")


@dataclass
class Times:
    """Processor seconds of each call."""

    all: list[float] = field(default_factory=list)

    def of(self, work: Any, *given: Any, **more: Any) -> Any:
        start = time.process_time()
        out = work(*given, **more)
        self.all.append(time.process_time() - start)
        return out

    def at(self, share: float) -> str:
        found = sorted(self.all)
        return f"{1000 * found[min(len(found) - 1, int(share * len(found)))]:.1f} ms" if found else "-"


@dataclass
class Tally:
    """What was counted, and the exceptions in words."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: dict[str, list[str]] = field(default_factory=dict)
    proving: Times = field(default_factory=Times)
    refuting: Times = field(default_factory=Times)
    judging: Times = field(default_factory=Times)

    def note(self, what: str, v: Any, more: str = "") -> None:
        self.notes.setdefault(what, []).append(f"{v.base} [{v.kind}] {v.text} {more}".rstrip())


def is_refuted(outcome: Any) -> bool:
    """Whether somebody would be accused; a difference at a kink alone accuses nobody."""
    return isinstance(outcome, Refuted) and not outcome.at_kink


def try_mutants(found: Iterable[Any], tally: Tally, points: int = 50, effort: Effort | None = None) -> None:
    """Judges each mutant, then asks refuter and prover."""
    for v in found:
        said = tally.judging.of(judge.sentence, v.claim, points=points)
        refuted = tally.refuting.of(refute, v.claim, effort=effort)
        proof = tally.proving.of(prove, v.claim)
        tally.counts[f"{v.level} mutants"] += 1
        tally.counts[said.word] += 1
        tally.kinds[v.level, v.kind] += 1
        proved, accused = isinstance(proof, Proved), is_refuted(refuted)
        if said.word == "unequal":
            tally.counts["unequal refuted"] += accused
            tally.counts["unequal proved"] += proved
            if proved:
                tally.note("WRONG PROOF", v, str(proof.proof.conditions))
            if not accused:
                tally.note("unequal, not refuted", v, f"-- {type(refuted).__name__} {getattr(refuted, 'reason', '')}")
        else:
            tally.counts[f"{said.word}, refuted"] += accused
            tally.counts[f"{said.word}, proved"] += proved
            if not proved:
                tally.note(f"{said.word}, refuted" if accused else f"{said.word}, undecided", v, said.reason)
        if proved and isinstance(refuted, Refuted):
            tally.note("CONTRADICTION", v, str(refuted.witness.point))
            tally.counts["contradictions"] += not refuted.at_kink


def try_rewrites(found: Iterable[Any], tally: Tally, points: int = 50, effort: Effort | None = None) -> None:
    """Rewrites must be proved and never refuted; the judge watches over the rewriting."""
    for v in found:
        proof = tally.proving.of(prove, v.claim)
        refuted = tally.refuting.of(refute, v.claim, effort=effort)
        proved, accused = isinstance(proof, Proved), is_refuted(refuted)
        kind = v.kind if "+" not in v.kind else "three composed"
        tally.kinds[kind, "all"] += 1
        tally.kinds[kind, "proved"] += proved
        said = judge.sentence(v.claim, points=points) if accused or not proved else None
        if said is not None and said.word == "unequal":
            tally.counts["rewrites that are none"] += 1
            tally.note("REWRITE THAT IS NONE", v, f"proved: {proved}")
            continue
        tally.counts["rewrites"] += 1
        tally.counts["rewrites proved"] += proved
        tally.counts["rewrites refuted"] += accused
        if accused:
            tally.note("FALSE REFUTATION", v, str(refuted.witness.point))
        elif not proved:
            tally.note("rewrite, undecided", v, proof.code)
        if accused and proved:
            tally.counts["contradictions"] += 1


def try_bases(tally: Tally) -> None:
    """The claims themselves."""
    for base in mutants.bases():
        claim = base.equation()
        if claim is None:
            continue
        proof = tally.proving.of(prove, claim)
        v = mutants.Variation(base.id, "as it is", "tree", "", claim)
        tally.counts["claims"] += 1
        sized = {s for n, shape in claim.shapes.items() for x in shape for s in getattr(x, "free_symbols", ())}
        names = {s.name for s in claim.symbols}
        tally.counts["claims with symbolic sizes"] += bool(sized) and any(
            getattr(x, "free_symbols", ()) for n, shape in claim.shapes.items() if n in names for x in shape
        )
        tally.counts["claims proved"] += isinstance(proof, Proved)
        if not isinstance(proof, Proved):
            tally.note("claim, not proved", v, proof.code)
        if is_refuted(refute(claim)):
            tally.counts["claims refuted"] += 1
            tally.note("CLAIM REFUTED", v)


def percent(a: int, b: int) -> str:
    return f"{a} of {b} ({100 * a / b:.2f} %)" if b else "-"


def table(bases: Tally, mutated: Tally, rewritten: Tally) -> str:
    """The figures as a Markdown table."""
    b, m, r = bases.counts, mutated.counts, rewritten.counts
    total = m["tree mutants"] + m["latex mutants"]
    foreign = sum(k in rewrites.FOREIGN for k in rewrites.KINDS)
    times = [Times(x.proving.all) for x in (bases, mutated, rewritten)]
    every = Times([t for x in times for t in x.all])
    rows = [
        ("true claims of the catalogue", f"{b['claims']}, {b['claims with symbolic sizes']} with symbolic sizes"),
        ("... proved", percent(b["claims proved"], b["claims"])),
        ("... refuted", str(b["claims refuted"])),
        ("mutants", f"{total}: {m['tree mutants']} of array expressions, {m['latex mutants']} of LaTeX"),
        ("... unequal by the second judge", str(m["unequal"])),
        ("... ... refuted", percent(m["unequal refuted"], m["unequal"])),
        ("... ... proved (wrong proofs)", str(m["unequal proved"])),
        ("... the judge cannot separate", f"{m['same']}: {m['same, proved']} proved, {m['same, refuted']} refuted"),
        ("... the judge is helpless", f"{m['helpless']}: {m['helpless, proved']} proved, {m['helpless, refuted']} refuted"),
        ("equivalent rewrites", f"{r['rewrites']}, {len(rewrites.KINDS)} kinds, {foreign} without a rule in the prover"),
        ("... composed of three kinds", str(rewritten.kinds["three composed", "all"])),
        ("... proved", percent(r["rewrites proved"], r["rewrites"])),
        ("... refuted (false refutations)", str(r["rewrites refuted"])),
        ("proof and refutation of one claim", str(m["contradictions"] + r["contradictions"])),
        ("an attempt to prove, median", every.at(0.5)),
        ("an attempt to prove, 99th percentile", every.at(0.99)),
        ("... of a true claim or rewrite", f"{Times(times[0].all + times[2].all).at(0.5)}, {Times(times[0].all + times[2].all).at(0.99)}"),
        ("a search for a witness, median and 99th percentile", f"{mutated.refuting.at(0.5)}, {mutated.refuting.at(0.99)}"),
        ("largest memory of the process", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"),
    ]  # fmt: skip
    return "| figure | measured |\n| --- | --- |\n" + "\n".join(f"| {a} | {x} |" for a, x in rows)


def by_kind(mutated: Tally, rewritten: Tally) -> str:
    """How often each kind was used."""
    lines = [f"| {level}, {kind} | {n} |" for (level, kind), n in sorted(mutated.kinds.items())]
    lines += [
        f"| rewrite, {kind} | {percent(rewritten.kinds[kind, 'proved'], n)} proved |"
        for (kind, what), n in sorted(rewritten.kinds.items())
        if what == "all"
    ]
    return "| kind | number |\n| --- | --- |\n" + "\n".join(lines)


def batched(found: Iterable[Any], size: int = 500) -> Iterator[list[Any]]:
    """Parts of a stream."""
    rest = iter(found)
    while part := list(islice(rest, size)):
        yield part


def main() -> int:
    """Runs the campaign; the exit code is 1 if something is proved that is false, or accused that is true."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("mutants", 18_000), ("latex", 3_000), ("rewrites", 5_000), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    bases, mutated, rewritten = Tally(), Tally(), Tally()

    def report() -> None:
        """Writes what there is so far, for who waits."""
        if given.out:
            text = f"{table(bases, mutated, rewritten)}\n\n{by_kind(mutated, rewritten)}\n\n"
            notes = [n for t in (bases, mutated, rewritten) for n in t.notes.items()]
            lines = [f"{what}: {line}" for what, found in notes for line in found]
            given.out.write_text(text + "\n".join(lines) + "\n", "utf-8")

    try_bases(bases)
    for part in batched(rewrites.rewrites(mutants, given.rewrites, given.seed)):
        try_rewrites(part, rewritten)
        report()
    for found in (mutants.latex_mutants(given.latex, given.seed), mutants.tree_mutants(given.mutants, given.seed)):
        for part in batched(found):
            try_mutants(part, mutated)
            report()
    print(table(bases, mutated, rewritten))
    print()
    print(by_kind(mutated, rewritten))
    wrong = mutated.counts["unequal proved"] + rewritten.counts["rewrites refuted"] + bases.counts["claims refuted"]
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
