"""From a problem to a checked derivation: the order of the rooms for `symdl.derive`.

Definitions are lowered to a program, the engine differentiates it, the verifier compares the result with differences
of the program at points drawn from the declared kinds, and only then are the lines printed. A derivation that
fails the comparison is not returned.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import sympy as sp

from symdl.codegen.drafting import Draft
from symdl.derived_code import code_of
from symdl.engine.build import build
from symdl.engine.forward import jacobian, jvp, with_backward
from symdl.engine.pullback import names_in
from symdl.engine.rescale import per_example
from symdl.engine.reverse import Backward, backward
from symdl.engine.steps import Recorder, Rewriting
from symdl.errors import DerivationError, NotationError
from symdl.notation.derived import Script, letters_of
from symdl.notation.latex import latex
from symdl.notation.lowering import size
from symdl.notation.strict import is_identifier, program, show, show_definition
from symdl.terms import array
from symdl.terms.derivation import Derivation as Derivation
from symdl.terms.derivation import Line, Step
from symdl.terms.formula import KINDS, Definition, Entry, Form, Role
from symdl.terms.indexed import Axis
from symdl.terms.program import Assignment, Program, Variable
from symdl.terms.results import Evidence
from symdl.verifier.derivations import (
    Derived,
    Setting,
    agreement,
    judge,
    judge_equations,
    judge_jacobian,
    judge_tangents,
)

_INPUT = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\[(.*)\])?\s*\Z")
_FIELDS = frozenset(
    "title source definitions inputs indices initial loss seed wrt assume per_example latex expect alternative".split()
)
_LAYOUT = "a gradient has the shape of what it is taken by (denominator layout)"


@dataclass(frozen=True)
class Problem:
    """What is to be derived.

    Attributes:
        definitions: lines in catalogue notation, in order.
        inputs: name -> role, for everything that is not defined.
        indices: index letter -> size of its axis, where no array says it.
        loss: name of the scalar that is differentiated; without it ``seeds`` are needed.
        seeds: output -> name of its upstream gradient.
        wrt: names the gradient is taken by.
        assume: facts, in catalogue notation.
        initial: state of a recurrence -> input it starts at.
        count: size that counts the examples, if adjoints are those of each example's loss.
        spell: name -> LaTeX.
        title: what is derived, in words.
        seeded: whether an array for a loss means that its upstream gradient is given.
    """

    definitions: tuple[Definition, ...]
    inputs: Mapping[str, Role]
    wrt: tuple[str, ...]
    loss: str | None = None
    seeds: Mapping[str, str] = field(default_factory=dict)
    indices: Mapping[str, str] = field(default_factory=dict)
    assume: tuple[str, ...] = ()
    initial: Mapping[str, str] = field(default_factory=dict)
    count: str = ""
    spell: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    seeded: bool = False


@dataclass(frozen=True)
class Settings:
    """What may be said of a problem beside definitions and inputs; see `Problem`."""

    loss: str | None = None
    seed: Mapping[str, str] | None = None
    indices: Mapping[str, str] | None = None
    assume: Sequence[str] = ()
    initial: Mapping[str, str] | None = None
    per_example: str = ""
    latex: Mapping[str, str] | None = None
    title: str = ""


def problem_of(
    definitions: Sequence[str] | str,
    inputs: Mapping[str, str | Sequence[object]],
    wrt: Sequence[str],
    settings: Settings,
) -> Problem:
    """Reads a problem as people write it.

    Raises:
        NotationError: SD3xx for a line that is no definition, SD625 for an input that is no kind and shape.
    """
    lines = program(definitions if isinstance(definitions, str) else "\n".join(definitions))
    if not lines:
        raise NotationError("SD621", "there are no definitions", "write name = expression")
    s = settings
    return Problem(
        lines,
        {name: role_of(name, what) for name, what in inputs.items()},
        tuple(wrt),
        s.loss if s.loss or s.seed else lines[-1].name,
        dict(s.seed or {}),
        dict(s.indices or {}),
        tuple(s.assume),
        dict(s.initial or {}),
        s.per_example,
        dict(s.latex or {}),
        s.title,
    )


def role_of(name: str, what: str | Sequence[object]) -> Role:
    """The role of an input: ``"real[n, m]"``, or its shape alone: ``("n", "m")``.

    Example:
        >>> role_of("W", "real[h, n]").shape, role_of("w", ("n",)).kind
        (('h', 'n'), 'real')
    """
    if not is_identifier(name):
        raise NotationError("SD625", f"{name!r} is no name", "letters, digits and underscores")
    if not isinstance(what, str):
        return Role(name, "real", tuple(map(str, what)), ())
    found = _INPUT.match(what)
    if found is None:
        raise NotationError("SD625", f"{what!r} is no kind and shape", 'write "real[n, m]"')
    if found[1] not in KINDS:
        raise NotationError("SD625", f"{found[1]} is no kind", f"one of {', '.join(sorted(KINDS))}")
    shape = tuple(part.strip() for part in found[2].split(",")) if found[2] else ()
    return Role(name, found[1], shape, ())


def problem_from_toml(text: str) -> Problem:
    """Reads the file that ``symdl derive FILE`` takes.

    Raises:
        NotationError: SD626 if it is no such file, naming the field.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotationError("SD626", f"no TOML: {error}", "see docs/reference/derive.md") from None
    strange = sorted(set(table) - _FIELDS)
    if strange:
        raise NotationError("SD626", f"unknown field {strange[0]}", f"one of {', '.join(sorted(_FIELDS))}")
    for name, kind in (("definitions", list), ("inputs", dict), ("wrt", list)):
        if not isinstance(table.get(name), kind):
            raise NotationError(
                "SD626", f"the field {name} is missing, or no {kind.__name__}", "see docs/reference/derive.md"
            )
    settings = {k: table[k] for k in table if k in Settings.__dataclass_fields__}
    return problem_of(table["definitions"], table["inputs"], table["wrt"], Settings(**settings))


def problem_from_entry(entry: Entry, wrt: Sequence[str] = (), form: str = "canonical") -> Problem:
    """The problem of an entry: its definitions, its symbols, everything smooth in it unless ``wrt`` says otherwise."""
    chosen: Form = next(f for f in entry.forms if f.name == form)
    lines = list(chosen.lines)
    last = lines[-1]
    name = last.name if last.name and not last.parameters and last.name not in entry.roles else _result(entry)
    left: array.Node = array.Name(name)
    if last.indices:
        left = array.Index(left, tuple(map(array.Name, last.indices)))
    lines[-1] = replace(last, name=name, parameters=(), left=left)
    used = {n for line in lines for n in array.names(line.right)}
    calls = {n.function for line in lines for n in array.walk(line.right) if isinstance(n, array.Apply)}
    roles = {
        n: r
        for n, r in (chosen.roles or entry.roles).items()
        if n in used or r.kind in ("size", "function") or n in calls
    }
    smooth = [n for n, r in roles.items() if r.kind in _SMOOTH and n in used]
    title = entry.titles.get("en", entry.id)
    return Problem(tuple(lines), roles, tuple(wrt) or tuple(smooth), name, title=title, seeded=True)


_SMOOTH = frozenset({"real", "positive", "nonnegative", "unit", "gradient", "statistic", "probability"})


_FLOATS = _SMOOTH | {"binary", "diagonal"}


def _result(entry: Entry) -> str:
    """A name for the value of an entry that is clear of its symbols."""
    return next(n for n in ("y", "L", "value") if n not in entry.roles)


def derive(problem: Problem, *, kind: str = "gradient", steps: bool = True) -> Derivation:
    """Derives and checks.

    Args:
        problem: what is to be derived.
        kind: ``gradient``; ``jvp`` (along a direction ``v_W`` for every name of ``wrt``); ``jacobian`` (of the loss or
            of the seeded output); ``hessian`` (of the loss, by each name of ``wrt``).
        steps: whether to record, check and print the steps.

    Raises:
        NotationError, ShapeError, NotSupported: for a problem that is wrong; the message names the place.
        DerivationError: SD903, if the result failed its check.
    """
    marks = letters_of(problem.spell.values())
    whole = build(problem.definitions, problem.inputs, problem.indices, problem.assume, problem.initial, avoid=marks)
    _named(problem, whole)
    if kind == "gradient":
        return _gradient(problem, _scalar_or_seeded(problem, whole), whole, steps)
    return _forward(problem, whole, kind, steps)


def _named(problem: Problem, whole: Program) -> None:
    for name in (*problem.wrt, *problem.seeds, *([problem.loss] if problem.loss else [])):
        if whole.variable(name) is None:
            known = ", ".join(sorted({*whole.inputs, *(a.name for a in whole if not a.hidden)}))
            raise NotationError("SD621", f"the name {name} does not occur", f"one of {known}")
    for name in problem.wrt:
        v = whole.variable(name)
        if v is not None and v.symbol.is_integer and name in whole.inputs:
            raise NotationError("SD621", f"{name} counts things: nothing is differentiated by it", "name a real input")
        used = name in problem.initial.values() or any(name in array.names(d.right) for d in problem.definitions)
        if name in problem.inputs and not used:
            raise NotationError("SD621", f"the name {name} occurs in no definition", "leave it out")
    if problem.count and not any(size(problem.count) in v.shape for v in (a.variable for a in whole)):
        raise NotationError("SD621", f"{problem.count} is no size of a definition", "name the size of the examples")
    if not problem.wrt:
        raise NotationError("SD621", "nothing to differentiate by", "name inputs with --wrt")


def _scalar_or_seeded(problem: Problem, whole: Program) -> Problem:
    """An entry whose value is an array gets a seed: the gradient that arrives from above."""
    if problem.loss is None or not problem.seeded or problem.seeds:
        return problem
    v = whole.variable(problem.loss)
    if v is None or not v.letters:
        return problem
    return replace(problem, loss=None, seeds={problem.loss: f"d{problem.loss}"})


def _gradient(problem: Problem, given: Problem, whole: Program, steps: bool) -> Derivation:
    recorder = Recorder()
    found = backward(whole, loss=given.loss, seeds=given.seeds, wrt=given.wrt, recorder=recorder)
    setting = Setting(whole, _kinds(given))
    derived = Derived(found.lines, found.gradients, given.loss, found.seeds)
    evidence = _passed(judge(setting, derived), given)
    conventions = [_LAYOUT, *_ties(whole), *(f"given: {f.why}" for f in whole.facts)]
    shown = found
    if given.count:
        shown = per_example(whole, found, size(given.count))
        _same_up_to_scale(setting, derived, found, shown, size(given.count))
        conventions.append(f"adjoints of what each of the {given.count} examples has are those of its own loss")
    printer = _Printing(given, whole, shown.lines, tuple(found.seeds.values()))
    made: tuple[Step, ...] = ()
    if steps:
        judged = judge_equations(setting, derived, recorder.lines, recorder.equations())
        if not all(judged):
            bad = recorder.steps[judged.index(False)]
            raise DerivationError(
                "SD903", f"the step {bad.rule} for {bad.target.name} failed its check", "please report it"
            )
        made = tuple(map(printer.step, recorder.ordered()))
    return printer.derivation(
        problem, shown.gradients, "gradient", made, conventions, [evidence], tuple(given.seeds.values())
    )


def _same_up_to_scale(setting: Setting, derived: Derived, true: Backward, shown: Backward, count: sp.Expr) -> None:
    """The rescaled lines against the true ones: each is the same, or ``count`` times as large."""
    by_name = {line.name: line for line in true.lines}
    if not judge_tangents(setting, derived, by_name, shown.lines, count):
        raise DerivationError("SD903", "the lines per example failed their check", "please report it")


def _forward(problem: Problem, whole: Program, kind: str, steps: bool) -> Derivation:
    base, recorder = whole, Recorder()
    derived = Derived((), {}, problem.loss, {})
    setting = Setting(whole, _kinds(problem))
    of = problem.loss or next(iter(problem.seeds))
    before: tuple[Assignment, ...] = ()
    if kind == "hessian":
        found = backward(whole, loss=problem.loss, seeds=problem.seeds, wrt=problem.wrt)
        derived = Derived(found.lines, found.gradients, problem.loss, found.seeds)
        _passed(judge(setting, derived), problem)
        base, before = with_backward(whole, found), found.lines
        pairs = [(found.gradients[w], w) for w in problem.wrt]
    else:
        pairs = [(of, w) for w in problem.wrt]
    if kind == "jvp":
        runs = [jvp(base, {w: f"v_{w}" for w in problem.wrt}, [of], recorder)]
    else:
        runs = [jacobian(base, target, w, recorder) for target, w in pairs]
    evidence = [
        _passed(judge_jacobian(setting, derived, base, run, w), problem)
        for run, (_, w) in zip(runs, pairs, strict=False)
    ]
    lines = tuple(dict.fromkeys((*before, *(line for run in runs for line in run.lines))))
    directions = tuple(v for run in runs for v in run.directions.values())
    printer = _Printing(problem, base, lines, directions)
    made = tuple(map(printer.step, recorder.ordered())) if steps and kind != "jvp" else ()
    results = {w: run.results[target] for run, (target, w) in zip(runs, pairs, strict=False)}
    order = "axes of the result, then those of what it is taken by"
    return printer.derivation(
        problem, results, kind, made, [order, *_ties(whole)], evidence, tuple(v.name for v in directions)
    )


class Given(Protocol):
    """What else is known of the definitions of a sheet."""

    @property
    def base(self) -> int:
        """The number of the first item of an axis."""
        ...

    @property
    def assume(self) -> tuple[str, ...]:
        """Facts in catalogue notation."""
        ...


@dataclass(frozen=True)
class Network:
    """Definitions of a sheet with all adjoints that were asked for, checked like any derivation."""

    program: Program
    backward: Backward
    setting: Setting

    @property
    def lines(self) -> tuple[Assignment, ...]:
        """The adjoints."""
        return self.backward.lines

    def per_example(self, count: str) -> tuple[Assignment, ...]:
        """The adjoints of what every example has as those of its own loss."""
        return per_example(self.program, self.backward, size(count)).lines

    def agree(self, left: sp.Expr, right: sp.Expr, axes: tuple[Axis | None, ...]) -> bool | None:
        """Whether both sides have the same value at a point; ``None`` if one has none."""
        return agreement(self.setting, self.lines, left, right, axes)


def network(
    lines: Sequence[Definition], roles: Mapping[str, Role], loss: str, wrt: Sequence[str], given: Given
) -> Network:
    """Differentiates the definitions of a sheet.

    Raises:
        SymdlError: if they have no index form, or no derivative.
        DerivationError: SD903, if the result failed its check.
    """
    whole = build(lines, roles, assume=given.assume, base=given.base)
    found = backward(whole, loss=loss, wrt=[n for n in wrt if whole.variable(n) is not None])
    setting = Setting(whole, {n: r.kind for n, r in roles.items()})
    evidence = judge(setting, Derived(found.lines, found.gradients, loss, found.seeds))
    if not evidence.facts["passed"]:
        raise DerivationError("SD903", "the derivative of a sheet's definitions failed its check", "please report it")
    return Network(whole, found, setting)


def _kinds(problem: Problem) -> dict[str, str]:
    return {n: r.kind for n, r in problem.inputs.items()}


def _passed(evidence: Evidence, problem: Problem) -> Evidence:
    if not evidence.facts["passed"]:
        what = evidence.facts.get("failing", "the result")
        raise DerivationError(
            "SD903",
            f"the derivative by {what} failed its check against differences"
            + (f" ({problem.title})" if problem.title else ""),
            "it is not returned; please report the problem",
        )
    return evidence


def _ties(whole: Program) -> list[str]:
    """Conventions at kinks that this program has."""
    out = []
    text = " ".join(str(a.body) for a in whole)
    if "relu(" in text or "Max(0" in text:
        out.append("relu'(0) = 0")
    if "Abs(" in text:
        out.append("the derivative of |x| at 0 is 0")
    if re.search(r"\b(max|min)\(", text):
        out.append("every element that attains a maximum counts; ties are not shared")
    return out


class _Printing:
    """Prints the lines and steps of one derivation."""

    def __init__(self, problem: Problem, whole: Program, lines: Sequence[Assignment], more: Sequence[Variable]) -> None:
        self.problem = problem
        self.whole = whole
        self.lines = lines
        self.script = Script.of(whole, (*(line.variable for line in lines), *more), problem.spell)
        self.more = tuple(more)

    def derivation(
        self,
        problem: Problem,
        gradients: Mapping[str, str],
        kind: str,
        steps: tuple[Step, ...],
        conventions: Sequence[str],
        evidence: Sequence[Evidence],
        seeds: tuple[str, ...],
    ) -> Derivation:
        needed = _mentioned(self.lines)
        definitions = [a for a in self.whole if not a.hidden or a.name in needed]
        derived = {line.name for line in self.lines}
        made = Derivation(
            problem.title,
            tuple(self.definition(a) for a in definitions if a.name not in derived),
            tuple(self.line(a, _of(a.name)) for a in self.lines),
            gradients,
            kind,
            steps,
            (*conventions, *dict.fromkeys(r for a in self.lines for r in self.script.remarks(a))),
            tuple(evidence),
            seeds,
        )
        return self.with_code(made)

    def with_code(self, d: Derivation) -> Derivation:
        """The derivation with its statements and its module, which was run."""
        kinds = _kinds(self.problem)
        derived = {line.name for line in d.lines}
        draft = Draft(
            replace(self.whole, assignments=tuple(a for a in self.whole if a.name not in derived)),
            {w.name: w.right for w in self.problem.definitions if _plain(w, self.problem)},
            self.lines,
            dict(d.gradients),
            (self.problem.loss,) if self.problem.loss else tuple(self.problem.seeds),
            self.more,
            d.kind,
            frozenset(n for n, k in kinds.items() if k in _FLOATS),
            frozenset(kinds),
            d.title,
            {line.name: line.latex for line in (*d.definitions, *d.lines)},
            d.conventions,
        )
        count = size(self.problem.count) if self.problem.count and d.kind == "gradient" else None
        code = code_of(draft, Setting(draft.program, kinds), count)
        put = {line.name: code.statements.get(line.name, ()) for line in (*d.definitions, *d.lines)}
        return replace(
            d,
            definitions=tuple(replace(line, numpy=put[line.name]) for line in d.definitions),
            lines=tuple(replace(line, numpy=put[line.name]) for line in d.lines),
            source=code.source,
            no_source=code.why,
        )

    def definition(self, a: Assignment) -> Line:
        """A definition, as it was written."""
        line = self.line(a, a.name)
        written = next((d for d in self.problem.definitions if d.name == a.name and not d.parameters), None)
        if written is None:
            return line
        spelled = latex(written.right, self.script.spell, self.script.arrays)
        left = latex(written.left, self.script.spell)
        return replace(line, notation=show_definition(written), latex=f"{left} = {spelled}")

    def line(self, a: Assignment, of: str) -> Line:
        """A line, in all its forms."""
        script = self.script
        return Line(
            a.name,
            of,
            tuple(map(str, a.variable.shape)),
            script.notation(a),
            script.lettered_notation(a),
            script.latex(a),
            (),
            a.body,
        )

    def step(self, s: Rewriting) -> Step:
        """One step, printed."""
        free, script = s.target.letters, self.script
        return Step(
            script.element(s.target),
            s.rule,
            show(script.letter_form(s.before, free)),
            show(script.letter_form(s.after, free)),
            script.latex_element(s.before, free),
            script.latex_element(s.after, free),
        )


def _mentioned(lines: Sequence[Assignment]) -> set[str]:
    return {n for line in lines for n in names_in(line.body)}


def _plain(d: Definition, problem: Problem) -> bool:
    """Whether a definition is an array expression over inputs and earlier names, and nothing else."""
    functions = {f.name for f in problem.definitions if f.parameters}
    if not d.name or d.parameters or d.indices:
        return False
    return not any(
        isinstance(n, (array.Reduce, array.Derivative)) or (isinstance(n, array.Apply) and n.function in functions)
        for n in array.walk(d.right)
    )


def _of(adjoint: str) -> str:
    return adjoint[1:] if adjoint.startswith("d") else adjoint
