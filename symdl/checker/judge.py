"""Judges one statement: agreement with the catalogue, claims of its own, near misses; in this order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import sympy as sp

from symdl.catalogue import Catalogue
from symdl.checker.accuse import accused
from symdl.checker.agreement import Agreement, Care, Side, agreements, grouped, side_of
from symdl.checker.claims import Claim, claims_of
from symdl.checker.equations import equation
from symdl.checker.evidence import Keywords, heard, weigh
from symdl.checker.findings import Consistency, Engines, Finding, Sheet, Silence
from symdl.checker.fixed import eye, meanings
from symdl.checker.forms import Prepared, neighbours, operators, prepare
from symdl.checker.renaming import exact, weakest
from symdl.checker.repair import Budget, Miss, candidates, likeness, near_misses
from symdl.checker.suggestion import awkwardness, read, suggest
from symdl.errors import NotSupported, ShapeError, SymdlError
from symdl.notation.claim_json import claim_renamed
from symdl.notation.strict import show
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.claims import Equation
from symdl.terms.formula import Entry, Reading, Role, Statement
from symdl.terms.results import Evidence, Proof, Remark, Verdict, Witness
from symdl.terms.symbols import Atom

EQUALITIES = frozenset({"=", ":=", "~=", "=>", "~", "->", "==="})
NEAR_MISS_EVIDENCE = 3


class Judge:
    """Judges statements against one catalogue.

    Args:
        catalogue: the entries; sources and errata are never read.
        engines: prover and refuter.
        language: language of the messages.
    """

    def __init__(self, catalogue: Catalogue, engines: Engines, language: str = "en") -> None:
        self.catalogue = catalogue
        self.engines = engines
        self.language = language
        self.keywords = Keywords.of(catalogue.entries.values())
        self._weights: dict[tuple[str, tuple[str, ...]], int] = {}  # of the statement at hand

    @cached_property
    def forms(self) -> list[Prepared]:
        """All usable forms, prepared on first use."""
        near = neighbours(self.catalogue.entries)
        return [p for e in self.catalogue.entries.values() for p in prepare(e, near[e.id])]

    @cached_property
    def groups(self) -> list[list[Prepared]]:
        """The forms, grouped by the symbols they use."""
        return grouped(self.forms)

    def judge(self, statement: Statement, sheet: Sheet) -> Finding:
        """Returns the verdict on one statement."""
        self._weights.clear()
        if statement.problem is not None:
            damaged = statement.problem.code.startswith("SD1")
            verdict = Verdict.ILL_FORMED if damaged else Verdict.UNREAD
            p = statement.problem
            return Finding(verdict, code=p.code, message=p.cause + (f"; {p.remedy}" if p.remedy else ""))
        if not statement.readings:
            return Finding(Verdict.DEFINITION)
        reading = self.reading_text(statement, statement.readings[0])
        finding = self._judge(statement, sheet)
        return finding if finding.reading else replace(finding, reading=reading)

    @staticmethod
    def reading_text(statement: Statement, reading: Reading) -> str:
        """The reading in catalogue notation."""
        sides = [show(s) if s is not None else "" for s in reading.sides]
        out = sides[0]
        for relation, side in zip(statement.relations, sides[1:], strict=False):
            out += f" {relation} {side}"
        return out.strip()

    def _judge(self, statement: Statement, sheet: Sheet) -> Finding:
        sides = list(self.sides(statement, sheet.scope))
        if not sides or all(_bare(s.right) for s in sides):
            return self._claims(statement, sheet) or Finding(Verdict.DEFINITION)
        found = self._agreements(statement, sides)
        denied = bool(found) and self._denied(found, statement)
        if found and not denied:
            finding = self._agreed(statement, sheet, found[0][1])
            return self._chained(statement, sheet, sides, found, finding)
        own = self._claims(statement, sheet)
        if own is not None and own.verdict not in (Verdict.REFUTED, Verdict.UNDECIDED):
            return own
        near = self._near(statement, sheet, sides, announced=denied)
        if own is not None and (near is None or near.verdict is not Verdict.REFUTED):
            hint = near.remarks[0] if near is not None and near.remarks else None
            return replace(own, suggestion=hint.suggestion) if hint and own.verdict is Verdict.REFUTED else own
        return near or Finding(Verdict.DEFINITION)

    def sides(self, statement: Statement, defined: Collection[str] = ()) -> Iterator[Side]:
        """Every equation of the statement under every reading; a bare expression has no left side."""
        for side in self._read_sides(statement):
            yield side
            for right, fixed in meanings(side.right, side.sheet.atoms, defined, self.sizes):
                s = side.sheet
                yield side_of(side.left, right, s.atoms, s.relation, side.notes, side.index, side.equation, fixed)

    @cached_property
    def sizes(self) -> frozenset[str]:
        """Names of the sizes of identity matrices in the catalogue."""
        lines = (line for e in self.catalogue.entries.values() for f in e.forms for line in f.lines)
        found = (eye(node) for line in lines for node in array.walk(line.right))
        return frozenset(size for size in found if size is not None)

    @staticmethod
    def _read_sides(statement: Statement) -> Iterator[Side]:
        for k, reading in enumerate(statement.readings):
            if not statement.relations:
                if reading.sides[0] is not None:
                    yield side_of(None, reading.sides[0], statement.atoms, "=", reading.notes, k, 0)
                continue
            left = reading.sides[0]
            for j, (relation, right) in enumerate(zip(statement.relations, reading.sides[1:], strict=False)):
                if relation not in EQUALITIES:
                    break
                if right is not None:
                    yield side_of(left, right, statement.atoms, statement.relations[0], reading.notes, k, j)

    # ---- agreement with the catalogue

    def _agreements(self, statement: Statement, sides: Sequence[Side]) -> list[tuple[float, Agreement]]:
        """The agreements that are strong enough to say which formula this is, strongest first."""
        found: list[tuple[float, Agreement]] = []
        for side in sides:
            if _bare(side.right) and not isinstance(side.right, array.Name):
                continue
            for agreement in agreements(side, self._worth(side, statement)):
                weight = self._strength(agreement, statement)
                if weight is not None:
                    found.append((weight, agreement))
        found.sort(key=lambda pair: -pair[0])
        return found

    def _chained(
        self,
        statement: Statement,
        sheet: Sheet,
        sides: Sequence[Side],
        found: Sequence[tuple[float, Agreement]],
        finding: Finding,
    ) -> Finding:
        """Of ``a = b = c`` every side must be known, or be proved equal to its neighbour; else nothing is proved."""
        if finding.verdict not in (Verdict.PROVED, Verdict.PROVED_UNDER):
            return finding
        known = {a.side.equation for _, a in found} | {s.equation for s in sides if _bare(s.right)}
        loose = {s.equation for s in sides} - known
        if not loose:
            return finding
        own = self._claims(statement, sheet, frozenset(loose))
        if own is not None and own.verdict in (Verdict.PROVED, Verdict.PROVED_UNDER):
            return finding
        if own is not None and own.verdict in (Verdict.REFUTED, Verdict.REFUTED_OUTSIDE):
            return own
        note = Remark(
            "SD804", "one side of the chain agrees with the catalogue; the others were not compared", finding.entry
        )
        return Finding(Verdict.DEFINITION, finding.entry, remarks=(*finding.remarks, note), reading=finding.reading)

    def _worth(self, side: Side, statement: Statement) -> Iterator[tuple[Sequence[Prepared], Care]]:
        """The groups whose agreement could be strong enough (`_strength`), with how hard to look."""
        mine = operators(side.right)
        for group in self.groups:
            form = group[0]
            if len(form.roles) != len(side.sheet.body) or len(form.functions) != len(side.functions):
                continue
            entry = form.entry
            if any(n in entry.names for n in side.names) or self._evidence(entry, side, statement) >= 3:
                yield group, Care()
                continue
            large = max(f.size for f in group)
            if large >= 8 and max(likeness(mine, f) for f in group) >= 0.4:
                yield group, Care(limit=6)
            elif large >= 5:
                yield group, Care(least=1)

    def _strength(self, agreement: Agreement, statement: Statement) -> float | None:
        """How sure it is that this entry is meant; ``None`` if it may be chance."""
        side, form = agreement.side, agreement.form
        evidence = self._evidence(form.entry, side, statement)
        size = form.size
        letters = weakest(agreement.renaming, form, side.sheet)
        named = agreement.named == "yes"
        known = letters >= 1 or self._words(form.entry, statement) > 0  # else it may be chance
        sure = (
            (named and size > 1 and (letters >= 1 or (size > 4 and known)))
            or (evidence >= 3 and size > 2 and (letters >= 1 or (size > 4 and known)))
            or (size >= 8 and known and (letters >= 1 or named or evidence >= 3))
            or (size >= 5 and letters >= 1)
            or (size == 1 and named and letters >= 3)
        )
        if not sure:
            return None
        canonical = 0.3 if form.form.name == "canonical" else 0.2 if not form.form.condition else 0.0
        return evidence + 2 * named + agreement.renaming.score / 10 + canonical - 0.05 * side.index

    def _denied(self, found: Sequence[tuple[float, Agreement]], statement: Statement) -> bool:
        """Whether name or words say that it is another formula than the one it agrees with.

        By its name: the left side is one that an entry with clearly better evidence defines. By its words: they
        announce a sibling, and nothing announces this one. A formula without a left side that agrees with a convention
        only is denied by less: the nearest words name a sibling and not this one.
        """
        side = found[0][1].side
        if not side.names and all(a.form.form.condition for _, a in found):
            text = next((t for t in statement.context.texts if t.strip()), "")
            entries = {a.form.entry.id: a.form.entry for _, a in found}
            kin = {s for e in entries.values() for s in e.siblings} - entries.keys()
            if any(all(self.keywords.only(s, e, text) for e in entries) for s in kin):
                return True
        ids = {a.form.entry.id for _, a in found}
        best = max(self._evidence(a.form.entry, a.side, statement) for _, a in found)
        words = max(self._words(a.form.entry, statement) for _, a in found)
        named = any(a.named == "yes" for _, a in found)
        for e in self.catalogue.entries.values():
            if e.id in ids or not (side.names and side.names[0] in e.names):
                continue
            if not named and self._evidence(e, side, statement) >= max(4, best + 2):
                return True
            near = any(e.id in a.form.entry.siblings or a.form.entry.id in e.siblings for _, a in found)
            if near and words == 0 and self._words(e, statement) >= 2:
                return True
        return False

    def _evidence(self, entry: Entry, side: Side, statement: Statement) -> int:
        key = entry.id, tuple(side.names)
        if key not in self._weights:
            self._weights[key] = weigh(entry, side, statement.context, self.keywords)
        return self._weights[key]

    def _words(self, entry: Entry, statement: Statement) -> int:
        """Evidence from the words around alone."""
        return heard(entry, statement.context, self.keywords)

    def _agreed(self, statement: Statement, sheet: Sheet, agreement: Agreement) -> Finding:
        """Turns an agreement into a verdict: the prover decides whether it is proved or only supported."""
        entry, form = agreement.form.entry, agreement.form.form
        conditions = [form.condition] if form.condition else []
        remarks = _reading_remarks(agreement.side.notes)
        reading = self.reading_text(statement, statement.readings[agreement.side.index])
        if _interchangeable(agreement):
            note = Remark("SD803", "agrees up to which of the equally named quantities is which", entry.id)
            return Finding(Verdict.DEFINITION, entry.id, remarks=(*remarks, note), reading=reading)
        base = Finding(Verdict.PROVED, entry.id, remarks=remarks, reading=reading)
        try:
            claim = equation(agreement)
        except SymdlError as error:
            return replace(
                base,
                verdict=Verdict.SUPPORTED,
                code="SD710",
                message=error.diagnostic.cause,
                conditions=tuple(conditions),
                evidence=(_sampled(agreement),),
            )
        proof = self.engines.prove(claim)
        if isinstance(proof, str):
            return self._supported(base, claim, agreement, proof, tuple(conditions))
        conditions += [c for c in proof.conditions if c not in conditions]
        return self._proved(base, claim, proof, tuple(conditions))

    def _proved(self, base: Finding, claim: Equation, proof: Proof, conditions: tuple[str, ...]) -> Finding:
        """A proof stands only if the refuter, asked at a few points, finds nothing against it."""
        found = self.engines.refute(claim, quick=True)
        if isinstance(found, Witness):
            message = "internal error: a proof and a witness against it; both are shown"
            return replace(
                base,
                verdict=Verdict.UNDECIDED,
                code="SD902",
                message=message,
                proof=proof,
                witness=found,
                internal=True,
            )
        if isinstance(found, Silence) and found.code == "nowhere-finite":
            return replace(base, verdict=Verdict.UNDECIDED, code="SD713", message=f"nothing to prove: {found.reason}")
        evidence = (found.evidence,) if isinstance(found, Consistency) else ()
        verdict = Verdict.PROVED_UNDER if conditions else Verdict.PROVED
        return replace(base, verdict=verdict, conditions=conditions, proof=proof, evidence=evidence)

    def _supported(
        self, base: Finding, claim: Equation, agreement: Agreement, reason: str, conditions: tuple[str, ...]
    ) -> Finding:
        found = self.engines.refute(claim)
        if isinstance(found, Witness):
            # agreed at the sampled points, yet a witness exists: it differs on a part of the domain only
            message = "agrees with the catalogue at sampled points, but not everywhere"
            return replace(base, verdict=Verdict.UNDECIDED, code="SD711", message=message, witness=found)
        evidence = (found.evidence,) if isinstance(found, Consistency) else (_sampled(agreement),)
        return replace(
            base, verdict=Verdict.SUPPORTED, code="SD712", message=reason, conditions=conditions, evidence=evidence
        )

    # ---- claims of its own

    def _claims(self, statement: Statement, sheet: Sheet, links: frozenset[int] | None = None) -> Finding | None:
        """What the statement claims by itself: refuted if one link is, proved if all are.

        Args:
            statement: the statement.
            sheet: what was said before it.
            links: relations to look at, by default all.
        """
        for reading in statement.readings:
            claims = [
                (k, claim)
                for k, claim in claims_of(statement, reading, sheet.functions, sheet.assumptions)
                if links is None or k in links
            ]
            findings = [self._claim(statement, reading, c) if c is not None else None for _, c in claims]
            known = [f for f in findings if f is not None]
            bad = next((f for f in known if f.verdict in (Verdict.REFUTED, Verdict.REFUTED_OUTSIDE)), None)
            if bad is not None:
                return bad
            if known and len(known) == len(findings) and (links is None or {k for k, _ in claims} == links):
                return min(known, key=lambda f: _STRENGTH.index(f.verdict))
        return None

    def _claim(self, statement: Statement, reading: Reading, claim: Claim) -> Finding | None:
        text = self.reading_text(statement, reading)
        proof = self.engines.prove(claim.equation)
        if isinstance(proof, Proof):
            conditions = (*claim.conditions, *proof.conditions)
            return self._proved(Finding(Verdict.PROVED, reading=text), claim.equation, proof, conditions)
        found = self.engines.refute(claim.equation)
        if isinstance(found, Witness):
            outside = self._outside(claim, found, text)
            if outside is not None:
                return outside
            if not claim.accusable:
                return self._conditional(claim, found, text)
            doubt = _doubted(reading.sides, statement)
            if doubt is not None:
                return replace(doubt, reading=text)
            return Finding(Verdict.REFUTED, code="SD701", message="the two sides differ", witness=found, reading=text)
        if isinstance(found, Consistency) and claim.accusable:
            return Finding(Verdict.SUPPORTED, code="SD712", message=proof, evidence=(found.evidence,), reading=text)
        return None

    @staticmethod
    def _conditional(claim: Claim, witness: Witness, text: str) -> Finding | None:
        """An equation between compound expressions that fails somewhere: a mistake, or a condition on its letters."""
        if claim.inside is None or any(isinstance(s, sp.Symbol) for s in (claim.equation.left, claim.equation.right)):
            return None
        message = "false for some values; it may be meant as a condition on its letters"
        return Finding(Verdict.UNDECIDED, code="SD730", message=message, witness=witness, reading=text)

    def _outside(self, claim: Claim, witness: Witness, text: str) -> Finding | None:
        """An identity for positive letters that fails for others: its domain is too wide."""
        if claim.inside is None or not isinstance(proof := self.engines.prove(claim.inside), Proof):
            return None
        letters = sorted(s.name for s in claim.inside.symbols)
        conditions = tuple(f"{x} > 0" for x in letters)
        message = f"true for {', '.join(conditions)}, but not everywhere"
        return Finding(
            Verdict.REFUTED_OUTSIDE,
            code="SD703",
            message=message,
            conditions=conditions,
            witness=witness,
            proof=proof,
            reading=text,
        )

    # ---- near misses

    def _near(
        self, statement: Statement, sheet: Sheet, sides: Sequence[Side], announced: bool = False
    ) -> Finding | None:
        """Near misses; with ``announced`` only an entry that the nearest words name may accuse."""
        budget = Budget()
        misses: list[Miss] = []
        for side in sides:
            if _bare(side.right):
                continue
            chosen = candidates(side, self._weighed(side, statement), NEAR_MISS_EVIDENCE)
            found = near_misses(side, chosen, self._scope(side, sheet), budget)
            misses += [replace(m, heard=self._heard(m, statement)) for m in found]
        if not misses:
            return None
        misses.sort(key=_order)
        guilty = accused(misses)
        if guilty is not None and (guilty.heard > 0 or not announced):
            finding = self._refute(statement, guilty, _spellings(guilty, misses))
            if finding is not None:
                return finding
        best = misses[0]
        telling = best.letters >= 1 and (best.side.left is not None or best.agreement.form.size >= 8)
        return self._remark(statement, best) if telling else None

    def _heard(self, miss: Miss, statement: Statement) -> int:
        """How much of the nearest text and heading are keywords of the entry."""
        context = statement.context
        return self.keywords.loudness(
            miss.agreement.form.entry.id, " ".join((*context.texts[:1], *context.headings[:1]))
        )

    def _weighed(self, side: Side, statement: Statement) -> list[tuple[Prepared, int]]:
        """Forms with the evidence for their entry; an entry that does not know the left side needs more of it."""
        weight: dict[str, int] = {}
        for entry in self.catalogue.entries.values():
            evidence = self._evidence(entry, side, statement)
            if side.names and not any(n in entry.names for n in side.names):
                evidence = evidence if evidence >= 5 else 0
            weight[entry.id] = evidence
        return [(f, weight[f.entry.id]) for f in self.forms if weight[f.entry.id] >= NEAR_MISS_EVIDENCE]

    @staticmethod
    def _scope(side: Side, sheet: Sheet) -> tuple[Mapping[str, Atom], Mapping[str, Atom]]:
        """Quantities a slip may have replaced: those defined above, and those merely mentioned."""
        own = side.subject.identifier if side.subject is not None else ""
        defined = {k: v for k, v in sheet.scope.items() if k != own}
        return defined, {k: v for k, v in sheet.mentioned.items() if k != own and k not in defined}

    def _refute(self, statement: Statement, miss: Miss, spellings: Sequence[Miss]) -> Finding | None:
        """A witness that the sheet's formula is another function than the entry; none: no accusation."""
        agreement = miss.agreement
        names = set(array.names(miss.side.right))
        try:
            widened = _widened(agreement, miss)
            margin = 1 if miss.edit.kind == "limit" else 0
            claim = equation(widened, miss.side.right, like=miss.edit.tree, margin=margin)
        except (NotSupported, ShapeError):
            return None
        found = self.engines.refute(claim)
        if not isinstance(found, Witness):
            return None
        back = {
            role: name
            for name, role in widened.renaming.roles.items()
            if name in names or name in agreement.renaming.roles
        }
        witness = replace(
            found,
            point={back.get(k, k): v for k, v in found.point.items()},
            claim=claim_renamed(found.claim, back) if found.claim is not None else None,
        )
        doubt = _doubted((miss.side.right,), statement)
        if doubt is not None:
            return doubt
        entry = agreement.form.entry
        title = entry.titles.get(self.language, entry.titles["en"])
        return Finding(
            Verdict.REFUTED,
            entry=entry.id,
            code="SD702",
            message=f"this is not {title}: {miss.edit.text}",
            witness=witness,
            suggestion=self._suggestion(statement, entry, spellings),
            reading=self.reading_text(statement, statement.readings[miss.side.index]),
        )

    def _suggestion(self, statement: Statement, entry: Entry, spellings: Sequence[Miss]) -> str:
        """The plainest spelling of the repair among those that are understood as the entry when read again."""
        texts = sorted({suggest(statement, m.side, m.edit) for m in spellings}, key=awkwardness)
        return next((t for t in texts if self._understood(t, statement, entry)), texts[0])

    def _understood(self, text: str, statement: Statement, entry: Entry) -> bool:
        groups = [(g, Care()) for g in self.groups if g[0].entry.id == entry.id]
        again = read(text, statement.context)
        return any(agreements(side, groups) for s in again for side in self.sides(s))

    def _remark(self, statement: Statement, miss: Miss) -> Finding:
        entry = miss.agreement.form.entry
        title = entry.titles.get(self.language, entry.titles["en"])
        remark = Remark(
            "SD801", f"close to {title}: {miss.edit.text}", entry.id, suggest(statement, miss.side, miss.edit)
        )
        return Finding(Verdict.DEFINITION, remarks=(remark,))


def _interchangeable(agreement: Agreement) -> bool:
    """Whether two quantities differ by hidden arguments only: ``P(A)`` and ``P(B)`` are both the letter ``P()``."""
    letters = []
    for name, role in agreement.renaming.roles.items():
        atom = agreement.side.sheet.atom(name)
        if atom.letter.endswith("()") and not set(exact(atom)) & set(agreement.form.table[role].letters) - {
            atom.letter
        }:
            letters.append(atom.letter)
    return len(set(letters)) < len(letters)


_STRENGTH = (Verdict.UNDECIDED, Verdict.SUPPORTED, Verdict.PROVED_UNDER, Verdict.PROVED, Verdict.DEFINITION)
"""Of several links the weakest verdict holds for the chain."""


def _doubted(sides: Sequence[Node | None], statement: Statement) -> Finding | None:
    """Nobody is accused over a formula that the second reader understands otherwise."""
    from symdl.reader.second import DISAGREEMENT, second_opinion  # slow to load, and seldom needed

    for side in sides:
        if side is not None and (opinion := second_opinion(side, statement.latex)).verdict == DISAGREEMENT:
            message = f"two readers understand the formula differently: {opinion.detail}"
            return Finding(Verdict.UNDECIDED, code="SD714", message=message)
    return None


def _widened(agreement: Agreement, miss: Miss) -> Agreement:
    """The renaming, extended to names of the unrepaired side that the repair removed.

    A name that was replaced (``sigma`` by ``S_dw``) is a quantity of its own in the witness, of the kind and
    shape of what replaced it.
    """
    right, edit = miss.side.right, miss.edit
    roles = dict(agreement.renaming.roles)
    table = dict(agreement.form.table)
    bound = {n.index for n in array.walk(right) if isinstance(n, array.Reduce)} | miss.side.sheet.fixed
    put_in = [n for n in array.names(edit.new) if n in roles]
    like = table[roles[put_in[0]]] if len(put_in) == 1 else Role("", "positive", (), ())
    for name in array.names(right):
        if name in roles or name in bound or name in agreement.side.letters or name in agreement.side.sheet.limits:
            continue
        label = f"{name}_sheet"
        table[label] = replace(like, id=label)
        roles[name] = label
    form = replace(agreement.form, form=replace(agreement.form.form, roles=table))
    return replace(agreement, form=form, renaming=replace(agreement.renaming, roles=roles))


def _spellings(miss: Miss, misses: Sequence[Miss]) -> list[Miss]:
    """Edits that lead to the same function as cheaply: spellings of one repair, of which the shortest is shown."""
    return [m for m in misses if m.target == miss.target and m.rank <= miss.rank + 0.01][:8] or [miss]


def _order(miss: Miss) -> tuple[float, int]:
    """Best first; of equal ones the edit further right, which reads more naturally (``y - x``, not ``-x + y``)."""
    span = miss.edit.old.span
    return miss.rank, -span.start if span is not None else 0


def _bare(node: Node) -> bool:
    """Nothing to compare: a number, or a single quantity."""
    return isinstance(node, (array.Name, array.Num, array.Const)) or (
        isinstance(node, array.Index) and isinstance(node.base, array.Name)
    )


def _sampled(agreement: Agreement) -> Evidence:
    return Evidence("sampling", {"points": len(agreement.form.points), "arithmetic": "float64"})


_NOTES = {"sum-scope": ("SD802", "the sum is read as reaching over the terms behind it; brackets would say so")}


def _reading_remarks(notes: Sequence[str]) -> tuple[Remark, ...]:
    return tuple(Remark(*_NOTES[n]) for n in notes if n in _NOTES)
