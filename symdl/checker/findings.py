"""What the judge is given, and what it says: the engines, the sheet so far, the finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from symdl.terms import array
from symdl.terms.claims import Equation
from symdl.terms.formula import Definition, Statement
from symdl.terms.results import Evidence, Proof, Remark, Verdict, Witness
from symdl.terms.symbols import Atom


@dataclass(frozen=True, slots=True)
class Consistency:
    """What the refuter says when it finds no witness: how many points agreed, and how closely."""

    points: int
    evidence: Evidence
    one_sided: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """The refuter could not judge: ``kink``, ``nowhere-finite``, ``unsupported`` ..., and why in words."""

    code: str
    reason: str


class Refuter(Protocol):
    """Claim -> witness, or what was found instead; ``quick`` asks for a few points only."""

    def __call__(self, claim: Equation, quick: bool = False) -> Witness | Consistency | Silence:
        """Tries to refute a claim."""
        ...


@dataclass(frozen=True, slots=True)
class Engines:
    """The independent judges, handed in by the pipeline.

    Attributes:
        prove: claim -> proof, or the reason why not.
        refute: claim -> witness, or what was found instead.
    """

    prove: Callable[[Equation], Proof | str]
    refute: Refuter


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on a statement, before it gets its place and time."""

    verdict: Verdict
    entry: str | None = None
    code: str | None = None
    message: str = ""
    conditions: tuple[str, ...] = ()
    witness: Witness | None = None
    suggestion: str | None = None
    remarks: tuple[Remark, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    proof: Proof | None = None
    reading: str | None = None
    internal: bool = False
    certain: bool = False  # of a section's derivation: strong enough to contradict the catalogue


@dataclass(slots=True)
class Sheet:
    """What the statements so far have said.

    Attributes:
        scope: quantities defined above, in this section.
        mentioned: quantities that occur above, in this section.
        functions: functions the sheet defines: name -> definition.
        section: heading the scope belongs to.
        assumptions: domains declared by the user, catalogue notation.
    """

    scope: dict[str, Atom] = field(default_factory=dict)
    mentioned: dict[str, Atom] = field(default_factory=dict)
    functions: dict[str, Definition] = field(default_factory=dict)
    section: str = ""
    assumptions: tuple[str, ...] = ()

    def enter(self, statement: Statement) -> None:
        """Takes note of the section a statement stands in."""
        heading = statement.context.headings[0] if statement.context.headings else ""
        if heading != self.section:
            self.scope, self.mentioned, self.section = {}, {}, heading

    def learn(self, statement: Statement) -> None:
        """Takes note of what a statement defines."""
        for name, atom in statement.atoms.items():
            self.mentioned.setdefault(name, atom)
        for reading in statement.readings[:1]:
            left = reading.sides[0] if reading.sides else None
            if isinstance(left, array.Name) and left.id in statement.atoms:
                self.scope.pop(left.id, None)  # the latest definition comes last
                self.scope[left.id] = statement.atoms[left.id]
            if isinstance(left, array.Apply) and len(reading.sides) > 1 and left.primes == 0:
                right = reading.sides[1]
                names = [a.id for a in left.args if isinstance(a, array.Name)]
                if right is not None and len(names) == len(left.args) and statement.relations[:1] == ("=",):
                    self.functions.setdefault(left.function, Definition(left.function, tuple(names), (), left, right))
