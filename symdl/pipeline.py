"""The order of the rooms: sheet -> reader -> checker (catalogue, prover, verifier) -> report.

The only file that knows all of them. Each statement is judged in a worker process with a time and a memory
limit; a statement that hangs costs itself and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import sympy as sp

from symdl.catalogue import Catalogue, load
from symdl.checker.findings import Consistency, Engines, Finding, Sheet, Silence
from symdl.checker.judge import Judge
from symdl.checker.network.gather import Network, networks
from symdl.checker.network.judge import judge_network, reconciled
from symdl.checker.shapes import ShapeConflict, shape_conflicts
from symdl.deriving import network as differentiated
from symdl.errors import CatalogueError, Diagnostic, NotationError, NotSupported, ReadError
from symdl.functions import definition
from symdl.isolation import Crash, Pool
from symdl.notation.claim_json import claim_json
from symdl.notation.latex import definition as latex_definition
from symdl.notation.lowering import Value, lower_program, scope_of
from symdl.notation.strict import parse as parse_notation
from symdl.prover.outcomes import Proved
from symdl.prover.strategies import prove
from symdl.reader.documents import Document, Fragment, split
from symdl.reader.documents import load as load_document
from symdl.reader.elaborate import statements
from symdl.reader.names import NameTable, collect
from symdl.terms import array
from symdl.terms.claims import Equation
from symdl.terms.formula import Entry, Place, Shape, Statement
from symdl.terms.results import Evidence, FileReport, Judgement, Proof, Report, Verdict, Witness
from symdl.verifier.refuter import Consistent, Effort, Refuted, refute

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Entry",
    "Progress",
    "Report",
    "check_documents",
    "check_paths",
    "check_text",
    "expression",
    "judge_for",
    "printed",
    "shipped",
]

Progress = Callable[[int, int], None]
"""Called with the number of judged statements and of all."""


def check_paths(
    paths: Sequence[Path],
    *,
    assume: Sequence[str] = (),
    jobs: int | None = None,
    timeout: float = 10.0,
    progress: Progress | None = None,
    expressions: Sequence[str] = (),
    stdin: str | None = None,
    language: str = "en",
) -> Report:
    """Checks files, an optional text from standard input and single formulas."""
    for text in assume:
        _check_domain(text)
    documents: list[Document | FileReport] = []
    for path in paths:
        documents += _documents(path)
    if stdin is not None:
        documents.append(_from_stdin(stdin))
    documents += [split(f"$${_bare(e)}$$", "<expression>") for e in expressions]
    return check_documents(documents, assume, jobs, timeout, progress, language)


def _bare(expression: str) -> str:
    """A formula without the math delimiters it may have been copied with."""
    text = expression.strip()
    for opening, closing in (("$$", "$$"), ("$", "$"), (r"\[", r"\]"), (r"\(", r"\)")):
        if text.startswith(opening) and text.endswith(closing) and len(text) > len(opening) + len(closing):
            return text[len(opening) : -len(closing)]
    return text


def _check_domain(text: str) -> None:
    """A declared domain is one comparison in catalogue notation.

    Raises:
        NotationError: SD320, naming the text.
    """
    try:
        good = isinstance(parse_notation(text), array.Compare)
    except NotationError:
        good = False
    if not good:
        raise NotationError("SD320", f"{text!r} is no domain", "write a comparison, such as 'x > 0'")


def _from_stdin(text: str) -> Document | FileReport:
    """The sheet on standard input; bytes that are no UTF-8 arrive as lone surrogates."""
    bad = next((k for k, c in enumerate(text) if "\ud800" <= c <= "\udfff"), None)
    if bad is None:
        return split(text, "-")
    line = text.count("\n", 0, bad) + 1
    problem = Diagnostic(
        "SD005", "standard input is not UTF-8", "convert it to UTF-8", None, line, bad - text.rfind("\n", 0, bad)
    )
    return FileReport("-", (problem,), (), unreadable=True)


def _documents(path: Path) -> list[Document | FileReport]:
    """The sheets at a path: the file, or every sheet of a folder."""
    files = (
        sorted(p for p in path.rglob("*") if p.suffix in (".md", ".txt", ".tex", ".ipynb")) if path.is_dir() else [path]
    )
    out: list[Document | FileReport] = []
    for file in files:
        try:
            out.append(load_document(file))
        except ReadError as error:
            out.append(FileReport(str(file), (error.diagnostic,), (), unreadable=True))
    return out


def check_text(text: str, *, assume: Sequence[str] = (), suffix: str = ".md", timeout: float = 10.0) -> Report:
    """Checks a sheet given as text."""
    for domain in assume:
        _check_domain(domain)
    return check_documents([split(text, "<text>", suffix)], assume, None, timeout)


def check_documents(
    documents: Sequence[Document | FileReport],
    assume: Sequence[str] = (),
    jobs: int | None = None,
    timeout: float = 10.0,
    progress: Progress | None = None,
    language: str = "en",
) -> Report:
    """Reads all documents, judges every statement in the pool, and collects the report."""
    read = [_read(d) if isinstance(d, Document) else [] for d in documents]
    tasks: list[Task] = [task for found in read for task in _tasks([s for _, s in found], tuple(assume))]
    first = 0
    for found in read:
        tasks += _sections([s for _, s in found], first)
        first += len(found)
    judgements, interrupted, internal = _judged(tasks, jobs, timeout, progress, language)
    rest = iter(judgements)
    files: list[FileReport] = []
    for document, found in zip(documents, read, strict=True):
        if isinstance(document, FileReport):
            files.append(document)
        else:
            files += _reports(document, [(path, next(rest)) for path, _ in found])
    return Report(tuple(files), interrupted, internal)


def _reports(document: Document, judged: Sequence[tuple[str, Judgement | None]]) -> Iterator[FileReport]:
    """One report for the document, and one for each file it takes in."""
    sources = {document.path: document.source, **document.sources}
    for path, source in sources.items():
        mine = tuple(j for p, j in judged if p == path and j is not None)
        yield FileReport(path, document.diagnostics if path == document.path else (), mine, source)


def _read(document: Document) -> list[tuple[str, Statement]]:
    """The statements of a document, each with the path of the file it stands in."""
    names = collect(f.latex for f in document.fragments)
    return [(f.path or document.path, s) for f in document.fragments for s in _statements(f, document, names)]


def _statements(fragment: Fragment, document: Document, names: NameTable) -> Iterator[Statement]:
    found = statements(
        fragment.latex, fragment.place, fragment.context, names, document.macros, inline=not fragment.display
    )
    for s in found:
        yield replace(s, place=replace(s.place, cell=fragment.cell)) if fragment.cell is not None else s


@dataclass(frozen=True)
class Section:
    """A network of a sheet, judged as a whole; ``first`` is the place of the sheet's first statement among all."""

    network: Network
    statements: Sequence[Statement]
    declared: Mapping[str, Shape]
    first: int


Task = tuple[Statement, Sheet] | Section


def _tasks(found: Sequence[Statement], assume: tuple[str, ...]) -> Iterator[Task]:
    """Pairs each statement with what the sheet has said before it, and with what its shapes contradict."""
    sheet = Sheet(assumptions=assume)
    conflicts = shape_conflicts(found)
    for k, s in enumerate(found):
        sheet.enter(s)
        if k in conflicts:
            yield _misshapen(s, conflicts[k], found), sheet
            continue
        yield s, Sheet(dict(sheet.scope), dict(sheet.mentioned), dict(sheet.functions), sheet.section, assume)
        sheet.learn(s)


def _sections(found: Sequence[Statement], first: int) -> Iterator[Section]:
    """The networks of a sheet; one with a single claim shows too little to be understood."""
    declared: dict[str, Shape] = {}
    for s in found:
        left = s.readings[0].sides[0] if s.readings else None
        if s.shape and isinstance(left, array.Name):
            declared.setdefault(left.id, s.shape)
    for network in networks(found):
        if len(network.claims) > 1:
            yield Section(network, found, declared, first)


def _misshapen(s: Statement, conflict: ShapeConflict, found: Sequence[Statement]) -> Statement:
    """The statement with its shape problem attached, so that it is judged ill-formed."""
    lines = sorted({found[k].place.line for k in conflict.against})
    where = f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}" if lines else "the declared shapes"
    problem = Diagnostic("SD150", f"the shapes do not fit: {conflict.cause}", f"compare with {where}")
    return replace(s, problem=problem)


def _judged(
    tasks: Sequence[Task], jobs: int | None, timeout: float, progress: Progress | None, language: str
) -> tuple[list[Judgement | None], bool, int]:
    statements = [task for task in tasks if not isinstance(task, Section)]
    out: list[Judgement | None] = [None] * len(statements)
    found: dict[int, tuple[Finding, float]] = {}
    derived: dict[int, Finding] = {}
    interrupted, internal, done = False, 0, 0
    if tasks:
        judge = judge_for(language)
        judge.forms  # noqa: B018  prepared before the workers are forked, so that they share it
        pool: Pool[Task, tuple[Any, float]] = Pool(lambda task: _timed(judge, task), jobs=jobs, timeout=timeout)
        try:
            for k, result in pool.map(tasks):
                task = tasks[k]
                if isinstance(task, Section):
                    if not isinstance(result, Crash):  # a network that takes too long says nothing
                        derived |= {task.first + n: f for n, f in result[0].items()}
                else:
                    found[k] = _outcome(result, timeout)
                    internal += found[k][0].internal
                done += 1
                if progress is not None:
                    progress(done, len(tasks))
        except KeyboardInterrupt:
            interrupted = True
        finally:
            pool.close()
    for k, (finding, seconds) in found.items():
        out[k] = _judgement(statements[k][0], reconciled(finding, derived.get(k)), seconds)
    return out, interrupted, internal


def _timed(judge: Judge, task: Task) -> tuple[Any, float]:
    start = time.perf_counter()
    if isinstance(task, Section):
        found = judge_network(task.network, task.statements, task.declared, differentiated, judge.engines)
        return found, time.perf_counter() - start
    finding = judge.judge(*task)
    return finding, time.perf_counter() - start


def _outcome(result: tuple[Finding, float] | Crash, timeout: float) -> tuple[Finding, float]:
    if not isinstance(result, Crash):
        return result
    if result.kind == "timeout":
        return Finding(
            Verdict.UNDECIDED, code="SD720", message=f"the time limit of {timeout:g} s was reached"
        ), result.seconds
    if result.kind == "memory":
        return Finding(Verdict.UNDECIDED, code="SD721", message="the memory limit was reached"), result.seconds
    message = f"internal error: {result.detail}"
    return Finding(Verdict.UNDECIDED, code="SD901", message=message, internal=True), result.seconds


def _judgement(s: Statement, f: Finding, seconds: float) -> Judgement:
    place: Place = s.place
    return Judgement(
        line=place.line,
        column=place.column,
        end_line=place.end_line,
        end_column=place.end_column,
        latex=s.latex,
        reading=f.reading,
        readings=tuple(dict.fromkeys(t for r in s.readings if (t := Judge.reading_text(s, r)) != f.reading)),
        kind=s.kind,
        name=_name(s),
        entry=f.entry,
        verdict=f.verdict,
        code=f.code,
        message=f.message,
        conditions=f.conditions,
        counterexample=f.witness,
        suggestion=f.suggestion,
        remarks=f.remarks,
        evidence=f.evidence,
        certificate=f.proof,
        seconds=round(seconds, 4),
        cell=place.cell,
    )


def _name(s: Statement) -> str | None:
    from symdl.checker.agreement import side_of
    from symdl.terms.array import Num

    for reading in s.readings[:1]:
        if s.relations and reading.sides[0] is not None:
            names = side_of(reading.sides[0], Num(0), s.atoms, "=").names  # type: ignore[arg-type]
            return names[0] if names else None
    return None


@lru_cache(maxsize=4)
def judge_for(language: str = "en") -> Judge:
    """The judge over the shipped catalogue, made once per process."""
    return Judge(load().without_documentation(), Engines(_prove, _refute), language)


def _prove(claim: Equation) -> Proof | str:
    lettered = claim.lettered()
    outcome = prove(lettered)
    return replace(outcome.proof, claim=_written(lettered)) if isinstance(outcome, Proved) else outcome.text


def _written(claim: Equation) -> Mapping[str, Any] | None:
    """The claim as the report carries it, so that it can be replayed; ``None`` if it cannot be written."""
    try:
        return claim_json(claim)
    except NotSupported:
        return None


QUICK = Effort(first=6, second=4, kinks=6, seconds=1.0)
"""Enough to contradict a false proof, cheap enough to ask of every proof."""


def _refute(claim: Equation, quick: bool = False) -> Witness | Consistency | Silence:
    lettered = claim.lettered()
    outcome = refute(lettered, effort=QUICK if quick else None)
    if isinstance(outcome, Refuted):
        if outcome.at_kink:  # only the convention for a tie is at stake
            return Silence("kink", "the sides differ at a kink only")
        return replace(outcome.witness, claim=_written(lettered))
    if isinstance(outcome, Consistent):
        evidence = Evidence("arb", {"points": outcome.points, "radius": outcome.radius, "bits": outcome.bits})
        return Consistency(outcome.points, evidence, bool(outcome.one_sided))
    return Silence(outcome.code, outcome.reason)


def shipped() -> Catalogue:
    """The catalogue symdl ships."""
    return load()


def expression(entry: Entry) -> sp.Expr:
    """The canonical form in index form, every function of ours written out."""
    form = entry.forms[0]
    value = lower_program(form.lines, scope_of(form.roles))
    letters = form.value.indices
    named = [a.named(letter) for a, letter in zip(value.axes, letters, strict=False) if a is not None]
    rest = [a.named("ijklpq"[k]) for k, a in enumerate(a for a in value.axes[len(letters) :] if a is not None)]
    return definition(Value(tuple(a for a in value.axes if a is not None), value.body).on((*named, *rest)))


def printed(entry: Entry) -> str:
    """LaTeX of the canonical form, one row a line."""
    return r" \\ ".join(latex_definition(line, entry) for line in entry.forms[0].lines)
