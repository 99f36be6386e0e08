r"""Are the gradients of a section those of its own definitions?

The definitions are differentiated under every convention that is in use: which way the examples run, whether the
mean is taken in every adjoint or in the parameters only, scalars or matrices. The convention under which most claims
hold is taken for the sheet's own. Every adjoint on a right side means the derived one, never the sheet's formula for
it, so that one mistake accuses one line. A claim that is false under every convention is wrong, if the section shows
that it was understood: some of its other claims hold, no more fail than hold, and no definition can be to blame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import sympy as sp

from symdl.checker.findings import Engines, Finding
from symdl.checker.network.gather import Claim, Network
from symdl.checker.network.shapes import Inference
from symdl.errors import ShapeError, SymdlError
from symdl.functions import lookup
from symdl.functions.declare import Elementwise
from symdl.notation.derived import Script, printable
from symdl.notation.latex import latex
from symdl.notation.lowering import Tensor, Value, lower, scope_of
from symdl.notation.values import Scope
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.claims import Equation
from symdl.terms.formula import Definition, Role, Statement
from symdl.terms.indexed import Access, Axis, elements
from symdl.terms.program import Assignment, Program, Variable
from symdl.terms.results import Evidence, Proof, Verdict, Witness
from symdl.terms.symbols import Atom

_EXPANSIONS = 40
TRUE, FALSE, MISSHAPEN, OPEN = "true", "false", "misshapen", "open"
"""How a claim fares under one convention; ``OPEN`` if it has no meaning there."""


class Derived(Protocol):
    """A program with all its adjoints, as the pipeline hands it in."""

    @property
    def program(self) -> Program:
        """The definitions."""
        ...

    @property
    def lines(self) -> Sequence[Assignment]:
        """The adjoints."""
        ...

    def agree(self, left: sp.Expr, right: sp.Expr, axes: tuple[Axis | None, ...]) -> bool | None:
        """Whether both sides agree at a few points in floating point; ``None`` if they have no value there."""
        ...

    def per_example(self, count: str) -> Sequence[Assignment]:
        """The lines with adjoints of what every example has as those of its own loss."""
        ...


@dataclass(frozen=True)
class Given:
    """What else is known of a program: the number of the first item of an axis, and facts in catalogue notation."""

    base: int = 1
    assume: tuple[str, ...] = ()


class Deriver(Protocol):
    """Definitions, roles, loss, what to differentiate by -> the derived program."""

    def __call__(
        self, lines: Sequence[Definition], roles: Mapping[str, Role], loss: str, wrt: Sequence[str], given: Given
    ) -> Derived:
        """Derives all adjoints; raises a `SymdlError` where that cannot be done."""
        ...


@dataclass(frozen=True)
class Convention:
    """How a section is to be understood.

    Attributes:
        scalars: whether all quantities are numbers.
        columns: whether the examples are columns.
        each: the count by which adjoints of what every example has are larger: those of its own loss.
        facts: what is taken to hold, in words: the labels of an example sum to 1.
    """

    scalars: bool = False
    columns: bool = True
    each: str = ""
    facts: tuple[str, ...] = ()

    def words(self) -> tuple[str, ...]:
        """The convention as conditions of a verdict."""
        out = [*self.facts]
        if self.scalars:
            out.append("every quantity is a number")
        elif not self.columns:
            out.append("examples are rows")
        if self.each:
            out.append(f"adjoints of what each of the {self.each} examples has are those of its own loss")
        return tuple(out)


@dataclass
class _Reading:
    """The network under one convention, and how its claims fare."""

    convention: Convention
    derived: Derived
    scope: Scope
    script: Script
    kinds: Mapping[str, str]
    results: dict[int, str] = field(default_factory=dict)
    equations: dict[int, list[Equation]] = field(default_factory=dict)
    transposed: set[int] = field(default_factory=set)

    @property
    def held(self) -> int:
        """How many claims are true."""
        return sum(r == TRUE for r in self.results.values())


def judge_network(
    network: Network,
    statements: Sequence[Statement],
    declared: Mapping[str, tuple[str, ...]],
    derive: Deriver,
    engines: Engines,
) -> dict[int, Finding]:
    """Judges the claims of a network; a claim about which nothing is certain is missing from the result.

    Args:
        network: definitions and claims.
        statements: all statements of the sheet.
        declared: shapes the sheet declares.
        derive: differentiates.
        engines: prover and refuter.
    """
    readings: list[_Reading] = []
    whole = True
    for reading in _readings(network, declared, derive):
        if reading is None:
            whole = False
            continue
        readings.append(reading)
        if reading.held == len(network.claims):
            break
    if not readings:
        return {}
    best = max(readings, key=lambda r: r.held)
    wrong = [c for c in network.claims if all(r.results[c.statement] in (FALSE, MISSHAPEN) for r in readings)]
    out: dict[int, Finding] = {}
    for claim in network.claims:
        if best.results[claim.statement] == TRUE:
            out[claim.statement] = _true(best, claim, engines)
    if whole and best.held >= max(1, len(wrong)):  # the section was understood
        sure = best.held >= 2 * len(wrong) and best.held > 1
        confirmed = _confirmed(network, [c for c in network.claims if best.results[c.statement] == TRUE])
        for claim in wrong:
            if _between(network, claim) - confirmed:
                continue  # the definition may be what is wrong
            found = _false(best, claim, network, statements[claim.statement], engines)
            if found is not None:
                out[claim.statement] = replace(found, certain=sure)
    return out


def reconciled(known: Finding, derived: Finding | None) -> Finding:
    """One verdict of two: what the catalogue says of a statement, and what its section's own definitions say.

    A proof from the section overrules an accusation; an accusation from the section overrules an agreement with the
    catalogue only if it is certain, else nothing is decided.
    """
    settled = (Verdict.PROVED, Verdict.PROVED_UNDER)
    if derived is None or known.verdict is Verdict.ILL_FORMED:
        return known
    if derived.verdict in (*settled, Verdict.SUPPORTED):
        return known if known.verdict in settled else replace(derived, reading=known.reading)
    if known.verdict is Verdict.REFUTED:
        return known
    if known.verdict in settled and not derived.certain:
        message = "agrees with the catalogue, and is not the derivative of this section's own loss"
        return Finding(Verdict.UNDECIDED, known.entry, "SD716", message, reading=known.reading)
    return replace(derived, reading=known.reading)


def _confirmed(network: Network, held: Sequence[Claim]) -> set[str]:
    """Definitions that a true claim rests on, and those too plain to be wrong."""
    out = {line.name for line in network.lines if _plain(line.right)}
    return out.union(*(_between(network, c) for c in held))


def _plain(node: Node) -> bool:
    """Whether a definition is a known function of a name, or a weighted sum of inputs."""
    if isinstance(node, array.Call | array.Apply):
        return all(isinstance(a, array.Name) for a in node.args)
    if isinstance(node, array.Add):
        return _plain(node.left) and _plain(node.right)
    if isinstance(node, array.Mul):
        return _plain(node.left) and _plain(node.right)
    return isinstance(node, array.Name | array.Transpose)


def _between(network: Network, claim: Claim) -> set[str]:
    """The definitions a claim rests on: from what it differentiates by up to the adjoints it names, or the loss."""
    stops = {n[1:] for r in claim.rights for n in array.names(r) if n.startswith("d")}
    out: set[str] = set()
    reached = {claim.target}
    for line in network.lines:
        if set(array.names(line.right)) & reached:
            out.add(line.name)
            if line.name not in stops:
                reached.add(line.name)
    return out


# ---- conventions


def _readings(network: Network, declared: Mapping[str, tuple[str, ...]], derive: Deriver) -> Iterator[_Reading | None]:
    for scalars, columns in ((True, True), (False, True), (False, False)):
        if (scalars and not _may_be_scalars(network)) or not (columns or _has_rows(network)):
            continue
        roles = _roles(network, declared, scalars, columns)
        if roles is None:
            continue
        axis = 0 if columns else 1
        lines = [_along(line, axis) for line in network.lines]
        targets = list(dict.fromkeys([*(c.target for c in network.claims), *_mentioned(network)]))
        wrt = [t for t in targets if t in roles or any(line.name == t for line in lines)]
        for facts, assume in _facts(network, roles, axis):
            given = Given(_base([line.right for line in lines]), assume)
            try:
                derived = derive(lines, roles, network.loss, wrt, given)
            except SymdlError:  # what cannot be derived might have been what was meant
                yield None
                continue
            kinds = {n: r.kind for n, r in roles.items() if r.kind != "function"}
            for each in _counts(network, roles):
                convention = Convention(scalars, columns, each, facts)
                reading = _Reading(convention, derived, _scope(derived, roles), Script.of(derived.program, ()), kinds)
                for claim in network.claims:
                    reading.results[claim.statement] = _fares(reading, claim)
                yield reading


def _facts(network: Network, roles: Mapping[str, Role], axis: int) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What may be taken to hold: nothing, or that the labels beside a softmax sum to 1."""
    soft = any(
        isinstance(n, array.Call) and n.function in ("softmax", "log_softmax")
        for line in network.lines
        for n in array.walk(line.right)
    )
    labels = [n for n, r in roles.items() if r.kind == "unit" and len(r.shape) == 2]
    if soft and labels:
        words = tuple(f"the entries of {n} sum to 1" for n in labels)
        yield words, tuple(f"sum({n}, axis={axis}) = 1" for n in labels)
    yield (), ()


def _base(nodes: Sequence[Node]) -> int:
    """The number of the first item: 0 if a sum begins there, else 1."""
    zero = any(
        isinstance(n, array.Reduce) and isinstance(n.lower, array.Num) and n.lower.value == 0
        for node in nodes
        for n in array.walk(node)
    )
    return 0 if zero else 1


def _mentioned(network: Network) -> list[str]:
    """Quantities whose adjoints stand on right sides."""
    known = {n for line in network.lines for n in (line.name, *array.names(line.right))}
    found = [n[1:] for c in network.claims for r in c.rights for n in array.names(r) if n.startswith("d")]
    return [n for n in dict.fromkeys(found) if n in known and n != network.loss]


def _may_be_scalars(network: Network) -> bool:
    """Whether nothing in the section speaks of vectors: no transpose, no index, no softmax, no outer product."""
    nodes = [line.right for line in network.lines] + [r for c in network.claims for r in c.rights]
    kinds = (array.Transpose, array.Index, array.Reduce, array.Norm, array.Matrix)
    for node in nodes:
        for n in array.walk(node):
            if isinstance(n, kinds) or (isinstance(n, array.Call) and (n.options or n.function in ("softmax", "sum"))):
                return False
    return not any(c.indices for c in network.claims)


def _has_rows(network: Network) -> bool:
    """Whether the examples may be rows: a parameter stands on the right of what it is applied to."""
    products = (n for line in network.lines for n in array.walk(line.right) if isinstance(n, array.Mul))
    return any(isinstance(n.right, array.Name) and n.right.id[:1] in "WUV" for n in products)


def _roles(
    network: Network, declared: Mapping[str, tuple[str, ...]], scalars: bool, columns: bool
) -> dict[str, Role] | None:
    inference = Inference(network.atoms, bias_columns=columns)
    roles = inference.roles(network.lines, {} if scalars else declared)
    if roles is None:
        return None
    if scalars:
        roles = {n: replace(r, shape=()) for n, r in roles.items()}
    defined = {line.name for line in network.lines}
    functions = {n.function for line in network.lines for n in array.walk(line.right) if isinstance(n, array.Apply)}
    inputs = {n: _sign(r, network) for n, r in roles.items() if n not in defined}
    return {**inputs, **{f: Role(f, "function", (), ()) for f in functions}}


def _sign(role: Role, network: Network) -> Role:
    """Labels lie between 0 and 1, so that logarithms of what is compared with them have a value."""
    atom = network.atoms.get(role.id)
    if atom is not None and atom.letter in ("y", "Y", "t", "T") and role.kind == "real":
        return replace(role, kind="unit")
    return role


def _along(line: Definition, axis: int) -> Definition:
    """A softmax without an axis runs over the outputs of one example."""

    def change(n: Node) -> Node:
        if isinstance(n, array.Call) and n.function in ("softmax", "log_softmax") and not n.options:
            return replace(n, options=(("axis", axis),))
        return n

    return replace(line, right=array.transform(line.right, change))


def _counts(network: Network, roles: Mapping[str, Role]) -> list[str]:
    """Counts the loss may be a mean over: those it is divided by."""
    sizes = {s for r in roles.values() for s in r.shape if not s.isdigit()}
    divisors = {
        name for n in array.walk(network.lines[-1].right) if isinstance(n, array.Div) for name in array.names(n.right)
    }
    return ["", *sorted(divisors & sizes)]


def _scope(derived: Derived, roles: Mapping[str, Role]) -> Scope:
    """Names of the program and of all adjoints, as a sheet's expressions mean them."""
    scope = scope_of(roles, base=1, columns=True)
    names = dict(scope.names)
    for v in (
        *derived.program.inputs.values(),
        *(a.variable for a in derived.program),
        *(a.variable for a in derived.lines),
    ):
        names[v.name] = Tensor(v.symbol, v.shape)
    return replace(scope, names=names)


# ---- claims


def _fares(reading: _Reading, claim: Claim) -> str:
    """How a claim fares under the convention of a reading."""
    line = next((a for a in reading.derived.lines if a.name == f"d{claim.target}"), None)
    if line is None:
        return OPEN
    found = []
    for right in claim.rights:
        try:
            found.append(_compared(reading, claim, line, right))
        except ShapeError:
            found.append(MISSHAPEN)
        except (SymdlError, RecursionError, ValueError, TypeError):
            return OPEN
    return next((f for f in (OPEN, MISSHAPEN, FALSE) if f in found), TRUE)


def _compared(reading: _Reading, claim: Claim, line: Assignment, right: Node) -> str:
    v = line.variable
    base = _base([right])
    scope = replace(reading.scope, base=base)
    right, scope = _with_slopes(right, scope)
    if claim.indices:
        letters = [i.id for i in claim.indices if isinstance(i, array.Name)]
        if len(letters) != len(claim.indices) or len(letters) != len(v.letters):
            return OPEN
        scope = replace(scope, letters={x: a + base for x, a in zip(letters, v.letters, strict=True)})
        value = lower(right, scope)
        if any(a is not None for a in value.axes):
            return OPEN
        return _ask(reading, claim, value.body, line)
    mine = _matrix(lower(right, scope))
    if mine is None:
        return OPEN
    want = _two(v.shape)
    if mine.shape != want:
        turned = Value(mine.axes[::-1], mine.body)
        if turned.shape != want:
            return MISSHAPEN
        mine = turned
        reading.transposed.add(claim.statement)
    return _ask(reading, claim, mine.on(_axes_of(v)), line)


def _with_slopes(node: Node, scope: Scope) -> tuple[Node, Scope]:
    r"""``\mathrm{ReLU}'(z)``, which is read as a derivative by ``z``, as an array of its own, by elements."""
    names = dict(scope.names)

    def change(n: Node) -> Node:
        if not (isinstance(n, array.Derivative) and isinstance(n.body, array.Call) and n.body.args == n.wrt):
            return n
        row = lookup(n.body.function)
        if not isinstance(row, Elementwise) or len(n.wrt) != 1:
            return n
        inner = lower(n.wrt[0], scope)
        name = f"slope_{len(names)}"
        names[name] = Value(inner.axes, row.at(row.derivative, inner.body))
        return array.Name(name)

    changed = array.transform(node, change)
    return changed, replace(scope, names=names)


def _matrix(value: Value) -> Value | None:
    """With rows and columns; a flat vector is a column."""
    if len(value.axes) > 2:
        return None
    axes = (*value.axes, None, None)[:2] if len(value.axes) < 2 else value.axes
    return Value(tuple(axes), value.body)


def _two(shape: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
    return (*shape, sp.S.One, sp.S.One)[:2]


def _axes_of(v: Variable) -> tuple[Axis | None, ...]:
    return (*v.axes, None, None)[:2]


def _scale(reading: _Reading, v: Variable) -> sp.Expr:
    """By how much the sheet's adjoint of a quantity is larger than that of the mean loss."""
    each = reading.convention.each
    count = next((s for s in v.shape if str(s) == each), None) if each else None
    return count if count is not None else sp.S.One


def _ask(reading: _Reading, claim: Claim, right: sp.Expr, line: Assignment) -> str:
    """Compares both sides, the adjoints on the right as the sheet scales them."""
    swaps = {}
    for a in reading.derived.lines:
        factor = _scale(reading, a.variable)
        if factor != 1:
            swaps[a.variable.symbol] = _times(a.variable, factor)
    right = elements(right, swaps) if swaps else right
    left = _scale(reading, line.variable) * line.variable.element
    program = reading.derived.program
    shapes = {v.name: v.shape for v in (*program.inputs.values(), *(a.variable for a in program))}
    shapes |= {a.name: a.variable.shape for a in reading.derived.lines}
    equation = Equation(left, right, axes=line.variable.letters, shapes=shapes, kinds=reading.kinds)
    reading.equations.setdefault(claim.statement, []).append(equation)
    found = reading.derived.agree(left, right, line.variable.axes)
    return OPEN if found is None else TRUE if found else FALSE


def _times(v: Variable, factor: sp.Expr) -> Callable[[tuple[sp.Expr, ...]], sp.Expr]:
    return lambda at: factor * v.at(at)


# ---- findings


def _true(reading: _Reading, claim: Claim, engines: Engines) -> Finding:
    conditions = [*reading.convention.words()]
    if claim.statement in reading.transposed:
        conditions.append("a gradient is written transposed")
    proofs = [_proof(reading, e, engines) for e in reading.equations[claim.statement]]
    words = "the derivative of the section's own loss"
    if all(proofs):
        verdict = Verdict.PROVED_UNDER if conditions else Verdict.PROVED
        return Finding(verdict, message=words, conditions=tuple(conditions), proof=proofs[0])
    evidence = Evidence("derivation", {"passed": True})
    return Finding(Verdict.SUPPORTED, code="SD712", message=words, conditions=tuple(conditions), evidence=(evidence,))


def _proof(reading: _Reading, claim: Equation, engines: Engines) -> Proof | None:
    """Proves a claim with its adjoints put in one after the other, then the definitions."""
    for left, right in _expanded(reading, claim.left, claim.right):
        found = engines.prove(replace(claim, left=left, right=right))
        if isinstance(found, Proof):
            return found
    return None


def _expanded(reading: _Reading, left: sp.Expr, right: sp.Expr) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """Both sides with the most upstream name put in, again and again: adjoints first, then definitions."""
    yield left, right
    order = [*reversed(reading.derived.lines), *reversed(reading.derived.program.assignments)]
    for line in order[:_EXPANSIONS]:
        new = tuple(_put(e, line) for e in (left, right))
        if new != (left, right):
            left, right = new
            yield left, right


def _put(e: sp.Expr, line: Assignment) -> sp.Expr:
    v = line.variable

    def at(indices: tuple[sp.Expr, ...]) -> sp.Expr:
        return line.body.xreplace({k: i for k, i in zip(v.axes, indices, strict=True) if k is not None})

    return elements(e, {v.symbol: at}) if e.has(v.symbol) or e.has(Access) else e


def _false(reading: _Reading, claim: Claim, network: Network, statement: Statement, engines: Engines) -> Finding | None:
    line = next((a for a in reading.derived.lines if a.name == f"d{claim.target}"), None)
    if line is None:
        return None
    suggestion = _suggestion(reading, network, line, statement, claim)
    what = f"this is not the derivative of {network.loss} by {claim.target}, as this section defines them"
    if reading.results[claim.statement] == MISSHAPEN:
        shape = ", ".join(map(str, line.variable.shape)) or "1"
        return Finding(
            Verdict.ILL_FORMED,
            code="SD151",
            message=f"{what}: it cannot have the shape of {claim.target}, ({shape})",
            conditions=reading.convention.words(),
            suggestion=suggestion,
        )
    for e in reading.equations.get(claim.statement, ()):
        *_, (left, right) = _expanded(reading, e.left, e.right)
        found = engines.refute(replace(e, left=left, right=right))
        if isinstance(found, Witness):
            words = reading.convention.words()
            return Finding(Verdict.REFUTED, None, "SD706", what, words, found, suggestion)
    return None


def _suggestion(
    reading: _Reading, network: Network, line: Assignment, statement: Statement, claim: Claim
) -> str | None:
    """The statement with the derived right side, in the letters of the sheet."""
    if not statement.spans or len(statement.spans) < 2:
        return None
    lines = reading.derived.lines
    if reading.convention.each:
        lines = reading.derived.per_example(reading.convention.each)
        line = next(a for a in lines if a.name == line.name)
    spell: dict[str, str | Atom] = dict(reading.script.spell)
    for name, atom in network.atoms.items():
        spell.setdefault(name, atom)
    for a in lines:
        spell[a.name] = _adjoint_latex(a.name[1:], network, spell)
    shapes = {**reading.script.shapes, **{a.name: a.variable.shape for a in lines}}
    script = replace(reading.script, shapes=shapes, spell=spell)
    start = statement.latex[: statement.spans[-1].start]
    if claim.indices:
        letters = {
            a: a.named(i.id)
            for a, i in zip(line.variable.letters, claim.indices, strict=True)
            if isinstance(i, array.Name)
        }
        return start + script.latex_element(line.body.xreplace(letters), letters.values())
    node = script.array_form(line)
    return None if node is None or not printable(node) else start + latex(node, spell, script.arrays)


def _adjoint_latex(name: str, network: Network, spell: Mapping[str, str | Atom]) -> str:
    """How the sheet writes the adjoint of a quantity."""
    if name in network.ties:
        return latex(array.Name(network.ties[name]), spell)
    return rf"\frac{{\partial {latex(array.Name(network.loss), spell)}}}{{\partial {latex(array.Name(name), spell)}}}"
