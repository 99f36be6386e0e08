"""From entries to a checked NumPy file and back: the order of the rooms for ``symdl emit`` and ``symdl verify``.

What is emitted is run before it is handed out: its values against the definition, evaluated array by array, its
derivatives against dual numbers, the reverse tape and finite differences. A wrong one is never handed out. `verify`
writes a file anew from its first line and compares; what differs by more than its evidence is not run.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symdl import __version__
from symdl.catalogue import load as load_catalogue
from symdl.checker.evaluate import NoValue, Settings, run
from symdl.codegen import STEP, SUFFIX, emit, together, with_evidence
from symdl.codegen import load as load_module
from symdl.codegen.lower import SMOOTH
from symdl.codegen.to_pytest import Tested, pytest_source
from symdl.errors import NotSupported
from symdl.terms.formula import Entry, Form, Role
from symdl.terms.results import Evidence
from symdl.terms.results import Module as Module
from symdl.testing.domains import Argument, Domain, draw_points
from symdl.verifier.oracles import dual, finite_difference, tape

POINTS = 8
"""Points at which a function is checked when it is written."""
VALUE_TOLERANCE = 1e-9
"""Largest relative difference from the definition as it stands, which rounds more than the stable form does."""
_HEADER = re.compile(r"# symdl (\S+): emit ((?:\w+ )*\w+)(?: --grad ([\w,]+))?(?: --form (\w+))?\Z")
_EVIDENCE = re.compile(r'(?<=\n    Evidence\n    --------\n)(?:(?!    """\n)[^\n]*\n)*')


@dataclass(frozen=True)
class Request:
    """What is to be emitted; it becomes the first line of the file.

    Attributes:
        ids: entries, in order.
        grad: inputs that derivatives are wanted by; ``None`` for all that have one, ``()`` for no derivatives.
        form: which form of the entries.
    """

    ids: tuple[str, ...]
    grad: tuple[str, ...] | None = None
    form: str = "canonical"

    @property
    def header(self) -> str:
        """The first line, without its comment sign.

        Example:
            >>> Request(("sigmoid",), ("x",)).header.partition(": ")[2]
            'emit sigmoid --grad x'
        """
        grad = "" if self.grad is None else f" --grad {','.join(self.grad) or 'none'}"
        form = "" if self.form == "canonical" else f" --form {self.form}"
        return f"symdl {__version__}: emit {' '.join(self.ids)}{grad}{form}"

    @classmethod
    def read(cls, line: str) -> Request | None:
        """The request in the first line of a file, if it is one."""
        found = _HEADER.match(line)
        if found is None:
            return None
        grad = None if found[3] is None else () if found[3] == "none" else tuple(found[3].split(","))
        return cls(tuple(found[2].split()), grad, found[4] or "canonical")


def written(request: Request) -> Module:
    """Writes the file of a request and checks every function of it.

    Raises:
        NotSupported: if an entry cannot be emitted, or a check fails.
    """
    module = _source(request)
    functions = load_module(module)
    for id in request.ids:
        module = with_evidence(module, evidence(_entry(id), request, functions), id)
    return module


def _entry(id: str) -> Entry:
    return load_catalogue().entries[id]


def _source(request: Request) -> Module:
    """The source without evidence. With no wish stated, an entry without derivatives is written without them."""
    entries = [_entry(id) for id in request.ids]
    return together(entries, grad=[_wish(e, request)[0] for e in entries], form=request.form, header=request.header)


def _wish(entry: Entry, request: Request) -> tuple[bool | Collection[str], str]:
    """What derivatives an entry gets, and why none if it gets none."""
    if request.grad is not None:
        return request.grad, ""
    try:
        emit(entry, form=request.form)
    except NotSupported as error:
        return False, error.diagnostic.cause
    return True, ""


# ---- checks -----------------------------------------------------------------------------------------------


def evidence(
    entry: Entry, request: Request, functions: dict[str, Callable[..., Any]], count: int = POINTS, seed: int = 0
) -> tuple[Evidence, ...]:
    """Runs the functions of an entry and says what was found.

    Raises:
        NotSupported: SD715, if a value or a derivative is wrong, or none could be compared.
    """
    function = functions[entry.id]
    form = next(f for f in entry.forms if f.name == request.form)
    domain = Domain.of(replace(entry, roles=form.roles), function)
    domain = replace(domain, arguments={n: _moderate(a) for n, a in domain.arguments.items()})
    points = draw_points(domain, count, seed, min_size=2)  # an axis of size 1 makes many a derivative vanish
    found = [compared_values(form, function, points)]
    if entry.id + STEP in functions:
        _compared_step(entry, function, functions[entry.id + STEP], points)
    both = functions.get(entry.id + SUFFIX)
    if both is not None:
        names = list(inspect.signature(function).parameters)
        wanted = [n for n in names if n in form.roles and form.roles[n].kind in SMOOTH]
        wrt = [names.index(n) for n in wanted if not request.grad or n in request.grad]
        at = [tuple(p.values()) for p in points]
        found += [_judged(o, function, lambda *a: both(*a)[1:], at, wrt) for o in (dual, tape, finite_difference)]
    elif request.grad is None and (reason := _wish(entry, request)[1]):
        found.append(Evidence("no derivatives", {"reason": reason}))
    _accepted(entry, found)
    return tuple(found)


def _compared_step(entry: Entry, function: Any, step: Any, points: Sequence[dict[str, Any]]) -> None:
    """A step has the value of the rule as the first part of the new state."""
    _, *rest = inspect.signature(step).parameters
    states = sorted((n for n in points[0] if n not in rest), key=lambda n: n != entry.previous)
    for point in points:
        with np.errstate(all="ignore"):
            given = [point[n] for n in states]
            new = step(given if len(given) > 1 else given[0], *(point[n] for n in rest))
            if not np.array_equal(new[0] if len(states) > 1 else new, function(*point.values()), equal_nan=True):
                raise NotSupported("SD715", f"a step of {entry.id} differs from its value", "report this")


def _moderate(argument: Argument) -> Argument:
    """Numbers of middling size: elsewhere a softmax is 0 or 1, and its derivatives drown in rounding."""
    if not argument.smooth:
        return argument
    if argument.high <= 1.0:
        return replace(argument, low=max(argument.low, 0.2), high=min(argument.high, 0.8))
    low = 0.2 if argument.low > 0 else max(argument.low, -1.5)
    return replace(argument, low=low, high=min(argument.high, 1.5))


def _judged(oracle: Any, function: Any, gradient: Any, at: Sequence[Any], wrt: Sequence[int]) -> Evidence:
    try:
        result: Evidence = oracle.check_gradient(function, gradient, at, wrt)
    except NotSupported as error:
        name = oracle.__name__.rpartition(".")[2].replace("_", " ")
        return Evidence(name, {"passed": False, "refused": error.diagnostic.cause})
    return result


def _accepted(entry: Entry, found: Sequence[Evidence]) -> None:
    """Refuses what is wrong, and derivatives that nothing was compared with."""
    for e in found:
        if e.facts.get("faults"):
            raise NotSupported(
                "SD715", f"{entry.id} failed the check by {e.oracle}: {e.facts['faults'][0]}", "report this"
            )
    derivatives = [e for e in found[1:] if "reason" not in e.facts]
    if derivatives and not any(e.facts.get("passed") for e in derivatives):
        raise NotSupported("SD726", f"the derivatives of {entry.id} could not be compared with anything", "report this")


def compared_values(form: Form, function: Callable[..., Any], points: Sequence[dict[str, Any]]) -> Evidence:
    """Compares a function with the definition it comes from, evaluated as it stands."""
    worst, used, skipped = 0.0, 0, 0
    faults: list[str] = []
    for point in points:
        with np.errstate(all="ignore"):
            got = np.asarray(function(*point.values()), dtype=float)
            pairs = list(_elements(form, point, got))
        if not pairs or not all(np.all(np.isfinite(truth)) for truth, _ in pairs):
            skipped += 1
            continue
        used += 1
        for truth, value in pairs:
            if value.size != truth.size:
                faults.append(f"shape {value.shape}, defined {truth.shape}")
                continue
            scale = np.abs(truth) + 1e-3 * np.max(np.abs(truth), initial=0.0) + 1e-3
            error = float(np.max(np.abs(value.reshape(truth.shape) - truth) / scale, initial=0.0))
            worst = max(worst, error)
            if not error <= VALUE_TOLERANCE:
                faults.append(f"relative error {error:.2g}")
    facts = {"passed": used > 0 and not faults, "points": used, "skipped": skipped, "max_error": float(f"{worst:.3g}")}
    return Evidence("array evaluation of the definition", facts | ({"faults": faults[:3]} if faults else {}))


def _elements(form: Form, point: dict[str, Any], got: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of defined and computed values: the whole array, or, if it is defined by element, some elements."""
    letters = form.value.indices
    if len(letters) > got.ndim:
        return
    for at in list(np.ndindex(got.shape[: len(letters)]))[:: max(1, got.size // 6)]:
        settings = Settings(letters=dict(zip(letters, at, strict=True)))
        try:
            truth = run(form.lines, _environment(form, point), settings=settings)
        except NoValue:
            return
        yield np.asarray(truth, dtype=float), got[at]


def _environment(form: Form, point: dict[str, Any]) -> dict[str, Any]:
    env = dict(point)
    for name, value in point.items():
        if name in form.roles:
            shape = form.roles[name].shape
            env |= {s: n for s, n in zip(shape, np.shape(value), strict=True) if s.isidentifier()}
    return env


def pytest_file(request: Request, module: Module, stem: str) -> str:
    """A pytest file for a module that is saved as ``stem.py``."""
    functions = load_module(module)
    tested = []
    for id in request.ids:
        if id + SUFFIX in module.names:
            form = next(f for f in _entry(id).forms if f.name == request.form)
            names = list(inspect.signature(functions[id]).parameters)
            domain = {n: _in_words(form.roles[n]) if n in form.roles else "size" for n in names}
            wanted = [n for n in names if n in form.roles and form.roles[n].kind in SMOOTH]
            tested.append(Tested(id, id + SUFFIX, domain, [n for n in wanted if not request.grad or n in request.grad]))
    return pytest_source(stem, tested)


def _in_words(role: Role) -> str:
    return f"{role.kind}[{', '.join(role.shape)}]" if role.shape else role.kind


# ---- verification -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileCheck:
    """What became of a file: ``status`` is ``unaltered``, ``altered`` or ``failed``; ``lines`` say more."""

    status: str
    lines: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the file is what symdl wrote, and passed its checks again."""
        return self.status == "unaltered"


def verified(text: str, *, run_altered: bool = False, count: int = POINTS, seed: int = 1) -> FileCheck:
    """Writes a file anew from its first line, compares, and checks it again at other points.

    Args:
        text: the file.
        run_altered: whether to run code that is not what symdl writes; what is no plain NumPy is never run.
        count: points.
        seed: of the points.

    Raises:
        NotSupported: SD727, if the first line is not one that symdl writes.
    """
    first = text.partition("\n")[0]
    request = Request.read(first)
    if request is None:
        raise NotSupported(
            "SD727", "the file does not begin with a line that symdl writes", "emit it with symdl emit -o"
        )
    unknown = [id for id in request.ids if id not in load_catalogue().entries]
    if unknown:
        raise NotSupported("SD727", f"the catalogue has no formula {unknown[0]!r}", "see `symdl list`")
    module = _source(request)
    difference = _difference(module.source, text)
    if difference and not run_altered:
        version = _HEADER.match(first)[1]  # type: ignore[index]
        other = [f"written by symdl {version}, this is {__version__}"] if version != __version__ else []
        return FileCheck("altered", (*other, *difference, "not run"))
    source = Module(text, module.names) if difference else module
    try:
        functions = load_module(source)
        found = [(id, e) for id in request.ids for e in evidence(_entry(id), request, functions, count, seed)]
    except NotSupported as error:
        return FileCheck("failed", (*difference, str(error)))
    lines = tuple(_told(id, e) for id, e in found)
    return FileCheck("altered" if difference else "unaltered", (*difference, *lines))


def _told(id: str, e: Evidence) -> str:
    facts = e.facts
    if "reason" in facts:
        return f"{id}: no derivatives: {facts['reason']}"
    if "refused" in facts:
        return f"{id}: {e.oracle}: not followed: {facts['refused']}"
    return f"{id}: {e.oracle}: {facts['points']} points, relative error at most {facts['max_error']:.2g}"


def _difference(expected: str, text: str) -> tuple[str, ...]:
    """The lines that differ, but for the evidence: it is text, and other machines round otherwise."""
    a, b = (_EVIDENCE.sub("", t).splitlines() for t in (expected, text))
    # the version in the first line may be another one as long as the code is the same
    a, b = a[1:], b[1:]
    return tuple(difflib.unified_diff(a, b, "as symdl writes it", "in the file", lineterm="", n=0))
