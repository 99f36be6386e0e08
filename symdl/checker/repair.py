"""Near misses: which single edit of the sheet's formula makes it agree with a catalogue entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symdl.checker.agreement import Agreement, Probe, Side, grouped, left_agrees, matching, named, probe, side_of
from symdl.checker.edits import Edit, Pool, edits, foreign_edits, letters_of
from symdl.checker.forms import Prepared, body_names, is_naming, operators
from symdl.checker.renaming import Renaming, renamings, spellings, weakest
from symdl.terms import array
from symdl.terms.symbols import Atom

FORM_COST = 0.15
"""Added per variant in order: the canonical form is the likelier target."""


@dataclass(slots=True)
class Budget:
    """Comparisons that may still be made: counted, not timed, so that two runs give the same result."""

    left: int = 2_500

    def spend(self, count: int = 1) -> bool:
        """Takes ``count`` comparisons; false when there are none left."""
        self.left -= count
        return self.left > 0


@dataclass(frozen=True, slots=True)
class Miss:
    """A repair that verifies.

    Attributes:
        cost: cost of the edit, a little more for variants.
        edit: the edit of the right side.
        agreement: what the repaired side agrees with.
        side: the side as the sheet has it.
        evidence: evidence for the entry.
        letters: poorest fit of a letter, see `symdl.checker.renaming.weakest`.
        likeness: overlap of operators, 0 to 1.
        heard: how much of the nearest text and heading are keywords of the entry.
    """

    cost: float
    edit: Edit
    agreement: Agreement
    side: Side
    evidence: int
    letters: int
    likeness: float
    heard: int = 0

    @property
    def rank(self) -> float:
        """Lower is better: cost, less what speaks for the entry."""
        return round(self.cost - 0.25 * self.evidence - 0.1 * self.letters + (0.6 if self.letters < 1 else 0.0), 2)

    @property
    def target(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """What the repaired formula denotes: entry, form and renaming."""
        a = self.agreement
        return a.form.entry.id, a.form.form.name, tuple(sorted(a.renaming.roles.items()))


def likeness(mine: Mapping[str, int], form: Prepared) -> float:
    """Overlap of the operators of a side with those of a form."""
    theirs = form.operators
    both = sum(min(n, theirs[k]) for k, n in mine.items() if k in theirs)
    either = sum(mine.values()) + sum(theirs.values()) - both
    return both / max(either, 1)


def near_misses(
    side: Side,
    candidates: Sequence[tuple[Prepared, int]],
    scope: tuple[Mapping[str, Atom], Mapping[str, Atom]],
    budget: Budget,
) -> list[Miss]:
    """Tries every single edit against every candidate form.

    Args:
        side: the equation as the sheet has it.
        candidates: forms with the evidence for their entry, best first.
        scope: further quantities of the sheet that a slip may have replaced: left-hand sides above, and
            what is merely mentioned above.
        budget: what may be spent; when it runs out, what was found so far is returned.

    Returns:
        The repairs, best first.
    """
    out: list[Miss] = []
    weight = {form.entry.id: evidence for form, evidence in candidates}
    nth = {
        (f.entry.id, f.form.name): k for e in weight for k, f in enumerate(c for c, _ in candidates if c.entry.id == e)
    }
    bench = Bench(side, scope)
    for group in grouped(form for form, _ in candidates):
        first = group[0]
        if abs(len(side.sheet.body) - len(first.roles)) > 1 or len(side.functions) != len(first.functions):
            continue
        for miss in _search(bench, group, budget):
            target = miss.agreement.form
            cost = miss.cost + FORM_COST * nth[target.entry.id, target.form.name]
            out.append(replace(miss, cost=cost, evidence=weight[target.entry.id]))
        if budget.left <= 0:
            break
    out.sort(key=lambda m: m.rank)
    return out


class Bench:
    """The edits of one side with what matching needs to know of each, made once for all groups of forms."""

    def __init__(self, side: Side, scope: tuple[Mapping[str, Atom], Mapping[str, Atom]]) -> None:
        self.side = side
        self.atoms: dict[str, Atom] = dict(side.sheet.atoms)
        names = list(side.sheet.body)
        for name, atom in (*scope[0].items(), *scope[1].items()):
            if name not in names and not atom.letter.endswith("()"):
                names.append(name)
                self.atoms.setdefault(name, atom)
        for atom in list(self.atoms.values()):  # the other time marks of what is there
            for mark in ("prev", "cur"):
                other = replace(atom, mark=mark)
                self.atoms.setdefault(other.identifier, other)
        self.names = tuple(names)
        self.letters = letters_of(side.right, side.letters)
        self.spelled = {s for n in names for s in spellings(self.atoms.get(n) or Atom(n))}
        pool = Pool(
            self.names, frozenset(), frozenset(scope[1]), frozenset(list(scope[0])[-2:]), self.letters, self.atoms
        )
        self.edits = [self._prepared(e) for e in edits(side.right, pool)]

    def _prepared(self, edit: Edit) -> tuple[Edit, frozenset[str], Probe | None]:
        return edit, self._quantities(edit), None

    def _quantities(self, edit: Edit) -> frozenset[str]:
        return frozenset(body_names(edit.tree)) - set(self.side.letters) - self.side.sheet.fixed

    def with_foreign(self, form: Prepared) -> Iterator[tuple[int, Edit, frozenset[str]]]:
        """The shared edits, then those that bring in a quantity only the entry knows."""
        for k, (edit, names, _) in enumerate(self.edits):
            yield k, edit, names
        foreign = [
            r
            for r in form.roles
            if r not in self.names and not any(s in self.spelled for s in (*form.table[r].letters, r))
        ]
        for role in foreign:
            self.atoms.setdefault(role, Atom(role))
        for edit in foreign_edits(self.side.right, foreign):
            yield -1, edit, self._quantities(edit)

    def changed(self, k: int, edit: Edit) -> Probe:
        """The side after an edit, ready to be evaluated."""
        if k >= 0 and (known := self.edits[k][2]) is not None:
            return known
        s = self.side
        fixed = s.sheet.fixed
        out = probe(side_of(s.left, edit.tree, self.atoms, s.sheet.relation, s.notes, s.index, s.equation, fixed))
        if k >= 0:
            self.edits[k] = (edit, self.edits[k][1], out)
        return out


def _search(bench: Bench, group: Sequence[Prepared], budget: Budget) -> Iterator[Miss]:
    first, side = group[0], bench.side
    mine = operators(side.right)
    alike = {form.form.name: likeness(mine, form) for form in group}
    memo: dict[tuple[frozenset[str], frozenset[str]], list[Renaming]] = {}
    for k, edit, names in bench.with_foreign(first):
        if len(names) != len(first.roles):
            continue
        ready = bench.changed(k, edit)
        changed = ready.side
        key = (names, changed.sheet.limits)
        if key not in memo:
            memo[key] = [r for r in renamings(first, changed.sheet) if named(changed, first, r) != "no"]
        for renaming in memo[key]:
            if not budget.spend():
                return
            hits = list(matching(ready, renaming, group))
            for form, settings in hits:
                if _claims(side.left, form) and not left_agrees(changed, renaming, form, settings):
                    continue
                agreement = Agreement(form, renaming, settings, changed, named(changed, form, renaming))
                letters = weakest(renaming, form, changed.sheet)
                yield Miss(edit.cost - _tie(edit, side), edit, agreement, side, 0, letters, alike[form.form.name])
            if hits:
                break


def _claims(left: array.Node | None, form: Prepared) -> bool:
    """Whether the left side says more than a name: a derivative, ``\\sigma(-z)``, or the form's own left side does."""
    if isinstance(left, (array.Apply, array.Call)):
        return any(isinstance(a, (array.Neg, array.Add, array.Mul, array.Div, array.Num)) for a in left.args)
    return isinstance(left, array.Derivative) or not is_naming(form.form.value.left)


def _tie(edit: Edit, side: Side) -> float:
    """A small bonus for a symbol that shares the subscript family of the left side (``S_{dw}`` in ``w_t = ...``)."""
    if edit.kind != "symbol" or side.subject is None:
        return 0.0
    return 0.2 if f"_d{side.subject.letter.lower()}" in edit.text.split(" is meant")[0] else 0.0


def candidates(
    side: Side, forms: Iterable[tuple[Prepared, int]], minimum: int, most: int = 6
) -> list[tuple[Prepared, int]]:
    """Chooses the forms worth trying: enough evidence, similar enough; the best ``most`` entries."""
    ranked: dict[str, tuple[float, list[tuple[Prepared, int]]]] = {}
    mine = operators(side.right)
    for form, evidence in forms:
        if evidence < minimum:
            continue
        alike = likeness(mine, form)
        score, group = ranked.get(form.entry.id, (0.0, []))
        ranked[form.entry.id] = (max(score, evidence + 3 * alike), [*group, (form, evidence)])
    best = sorted(ranked.values(), key=lambda r: -r[0])[:most]
    return [pair for _, group in best for pair in group if likeness(mine, pair[0]) >= 0.3]
