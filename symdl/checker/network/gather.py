r"""What a sheet says of a network: definitions that end in a loss, and claims about derivatives of that loss.

``\frac{\partial L}{\partial W_2}``, ``dW_2`` and a ``\delta_2`` that the sheet ties to a derivative all mean the
adjoint of a quantity; in what is gathered here they bear one name, ``d`` and the name of the quantity.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symdl.notation.spelling import atom_of
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Definition, Statement
from symdl.terms.symbols import Atom

LOSSES = frozenset("L J C E calL calJ calC calE ell".split())
"""Letters a loss bears."""
_NUMERATOR = re.compile(
    r"\\[dt]?frac\{\s*(?:\\partial|d|\\mathrm\{d\}|\\text\{d\})\s*\{?\s*(\\math(?:cal|scr)\s*\{?\s*[A-Z]|\\ell|[A-Z])"
)
_DEFINED = frozenset({"definition", "claim", "update"})


@dataclass(frozen=True)
class Claim:
    """A statement that says what the adjoint of ``target`` is.

    Attributes:
        statement: its number in the sheet.
        target: the quantity that is differentiated by.
        indices: letters, if it speaks of one element.
        rights: what the adjoint is said to be; every side of a chain.
    """

    statement: int
    target: str
    indices: tuple[Node, ...]
    rights: tuple[Node, ...]


@dataclass(frozen=True)
class Network:
    """Definitions of a loss, and what is claimed of its derivatives.

    Attributes:
        lines: definitions in order; the last is the loss.
        sources: for each line, the number of its statement.
        claims: the claims that share these definitions.
        atoms: identifier -> atom, of everything that occurs.
        ties: quantity -> the name the sheet gives its adjoint.
    """

    lines: tuple[Definition, ...]
    sources: tuple[int, ...]
    claims: tuple[Claim, ...]
    atoms: Mapping[str, Atom] = field(default_factory=dict)
    ties: Mapping[str, str] = field(default_factory=dict)

    @property
    def loss(self) -> str:
        """Name of the scalar that is differentiated."""
        return self.lines[-1].name


@dataclass(frozen=True)
class _Defined:
    """One definition of a name; a name may have several."""

    statement: int
    section: tuple[str, ...]
    line: Definition


def networks(statements: Sequence[Statement]) -> list[Network]:
    """The networks of a sheet, each with the claims that belong to it.

    Args:
        statements: all statements of a document, in order.
    """
    ties = dict(_ties(statements))
    table: dict[str, list[_Defined]] = {}
    for k, s in enumerate(statements):
        for line in _definitions(s, ties):
            table.setdefault(line.name, []).append(_Defined(k, s.context.headings, line))
    groups: dict[tuple[object, ...], list[Claim]] = {}
    programs: dict[tuple[object, ...], list[_Defined]] = {}
    for k, s in enumerate(statements):
        claim = _claim(k, s, ties)
        if claim is None:
            continue
        chain = _program(claim, s, k, table)
        if chain is None:
            continue
        key = (s.context.headings, tuple(d.statement for d in chain))
        programs[key] = chain
        groups.setdefault(key, []).append(claim)
    atoms = {name: atom for s in statements for name, atom in s.atoms.items()}
    named = {target: name for name, target in ties.items()}
    for name, atom in atoms.items():
        target = adjoint_of(atom)
        if target is not None and atom.letter != "grad":
            named.setdefault(target, name)
    return [
        Network(tuple(d.line for d in chain), tuple(d.statement for d in chain), tuple(groups[key]), atoms, named)
        for key, chain in programs.items()
    ]


def adjoint_of(atom: Atom) -> str | None:
    """The quantity whose adjoint an atom is, if it is one: ``dW2`` and ``grad_W_2`` belong to ``W2`` and ``W_2``."""
    if atom.letter == "grad":
        if not atom.subscript:
            return None
        wrt = atom_of(atom.subscript)
        return Atom(wrt.letter, wrt.accent or atom.accent, wrt.subscript, atom.layer or wrt.layer, atom.mark).identifier
    letter = atom.letter
    if len(letter) > 1 and letter[0] == "d" and letter not in ("delta", "det", "dim", "diag", "dist"):
        return Atom(letter[1:], atom.accent, atom.subscript, atom.layer, atom.mark).identifier
    return None


def _ties(statements: Sequence[Statement]) -> Iterator[tuple[str, str]]:
    r"""Names that are said to be an adjoint: ``\delta_2 = \partial L / \partial z_2``."""
    for s in statements:
        for reading in s.readings[:1]:
            left, *rest = reading.sides
            if not isinstance(left, array.Name) or not rest or _target(left, s, {}) is not None:
                continue
            first = rest[0]
            target = _target(first, s, {}) if isinstance(first, array.Name) else None
            if target is not None and s.relations[:1] in (("=",), (":=",), ("===",)):
                yield left.id, target


def _target(node: Node | None, s: Statement, ties: Mapping[str, str]) -> str | None:
    """The quantity whose adjoint a name is."""
    if not isinstance(node, array.Name):
        return None
    if node.id in ties:
        return ties[node.id]
    atom = s.atoms.get(node.id)
    return adjoint_of(atom) if atom is not None else None


def renamed(node: Node, s: Statement, ties: Mapping[str, str]) -> Node:
    """The expression with every adjoint under its one name."""

    def change(n: Node) -> Node:
        target = _target(n, s, ties)
        return array.Name(f"d{target}") if target is not None else n

    return array.transform(node, change)


def _definitions(s: Statement, ties: Mapping[str, str]) -> Iterator[Definition]:
    """What a statement defines: a name, or an element of an array, by an expression without derivatives."""
    if s.kind not in _DEFINED or not s.readings or not set(s.relations) <= {"=", ":="}:
        return
    sides = [x for x in s.readings[0].sides if x is not None]
    for left, right in itertools.pairwise(sides):
        name, indices = _left(left)
        if name is None or _target(array.Name(name), s, ties) is not None:
            continue
        last = sides[-1] if isinstance(right, array.Name) and right is not sides[-1] else right
        if name in array.names(last) or _differentiates(last, s, ties):
            continue
        yield Definition(name, (), indices, left, right)


def _left(node: Node) -> tuple[str | None, tuple[str, ...]]:
    if isinstance(node, array.Name):
        return node.id, ()
    if isinstance(node, array.Index) and isinstance(node.base, array.Name):
        letters = tuple(i.id for i in node.items if isinstance(i, array.Name))
        return (node.base.id, letters) if len(letters) == len(node.items) else (None, ())
    return None, ()


def _differentiates(node: Node, s: Statement, ties: Mapping[str, str]) -> bool:
    return any(isinstance(n, array.Derivative) or _target(n, s, ties) is not None for n in array.walk(node))


def _claim(number: int, s: Statement, ties: Mapping[str, str]) -> Claim | None:
    if not s.readings or not set(s.relations) <= {"=", ":="} or s.problem is not None or s.shape == ():
        return None
    sides = [x for x in s.readings[0].sides if x is not None]
    target: str | None = None
    indices: tuple[Node, ...] = ()
    rights: list[Node] = []
    for side in sides:
        base = side.base if isinstance(side, array.Index) else side
        found = _target(base, s, ties)
        if found is None:
            rights.append(renamed(side, s, ties))
        elif target is None:
            target, indices = found, side.items if isinstance(side, array.Index) else ()
        elif found != target:
            rights.append(renamed(side, s, ties))  # db = dz
    if target is None or not rights or any(_chain(r) for r in rights):
        return None
    return Claim(number, target, indices, tuple(rights))


def _chain(node: Node) -> bool:
    """Whether derivatives of something else than the loss are multiplied: that is another kind of claim."""
    return any(isinstance(n, array.Derivative) and not _elementwise(n) for n in array.walk(node))


def _elementwise(n: array.Derivative) -> bool:
    """``relu'(z)``, read as a derivative of a known function at a name."""
    return isinstance(n.body, array.Call) and len(n.wrt) == 1 and n.body.args == n.wrt


def _program(claim: Claim, s: Statement, number: int, table: Mapping[str, list[_Defined]]) -> list[_Defined] | None:
    """The definitions a claim rests on, in order: from the loss back to everything that leads to it."""
    loss = _loss(s, number, table)
    if loss is None:
        return None
    order: list[_Defined] = []
    seen: set[str] = set()

    def visit(d: _Defined, path: frozenset[str]) -> bool:
        if d.line.name in path:
            return False
        if d.line.name in seen:
            return True
        for name in array.names(d.line.right):
            inner = _nearest(table.get(name, ()), number, s.context.headings)
            if inner is not None and not visit(inner, path | {d.line.name}):
                return False
        seen.add(d.line.name)
        order.append(d)
        return True

    if not visit(loss, frozenset()):
        return None
    mentioned = {n for d in order for n in (d.line.name, *array.names(d.line.right))}
    return order if claim.target in mentioned and claim.target != loss.line.name else None


def _loss(s: Statement, number: int, table: Mapping[str, list[_Defined]]) -> _Defined | None:
    """The loss a derivative is of: the one that is named, else the nearest."""
    found = _NUMERATOR.search(s.latex)
    wanted = re.sub(r"\\math(?:cal|scr)\s*\{?\s*", "cal", found[1]).replace("\\ell", "ell") if found else None
    candidates = [
        d
        for name, ds in table.items()
        if (name == wanted if wanted else name in LOSSES)
        for d in ds
        if not d.line.indices
    ]
    return _nearest(candidates, number, s.context.headings)


def _nearest(found: Sequence[_Defined], number: int, section: tuple[str, ...]) -> _Defined | None:
    """The nearest definition above, in this section or beside it; else the nearest below, in this section."""
    near = [d for d in found if d.section == section or d.section[1:] == section[1:] or d.section == section[1:]]
    above = [d for d in near if d.statement <= number]
    if above:
        own = [d for d in above if d.section == section]
        return max(own or above, key=lambda d: d.statement)
    below = [d for d in found if d.section == section]
    return min(below, key=lambda d: d.statement) if below else None
