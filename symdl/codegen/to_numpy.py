"""Routine -> NumPy source: one function for the value, one that also returns the derivatives."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symdl.codegen.docstrings import evidence_lines, gradient_docstring, pending, step_docstring, title, value_docstring
from symdl.codegen.helpers import helper_sources
from symdl.codegen.intermediate import shared
from symdl.codegen.layout import fitted, returned, signature, tidy
from symdl.codegen.lower import Line, Routine, lower_entry
from symdl.codegen.names import identifier
from symdl.codegen.printing import NumpyPrinter
from symdl.codegen.stable import Shift, Softmax, fresh_name, keeps_nan
from symdl.errors import NotSupported
from symdl.functions import stable
from symdl.terms.formula import Entry
from symdl.terms.results import Evidence, Module

SUFFIX = "_with_grad"
"""What the function that also returns the derivatives is called besides the id."""
STEP = "_step"
"""Likewise of an update rule as a function of a state and a gradient."""
_PREVIOUS = "_prev"
_WIDENS = re.compile(r"np\.(eye|arange|full|where|zeros|ones)\(|_erf|_normal_cdf")
"""Calls whose result is float64 whatever the arguments are."""


@dataclass(frozen=True)
class _Piece:
    """The functions of one entry, and the helpers they call."""

    entry: Entry
    names: tuple[str, ...]
    functions: tuple[str, ...]
    helpers: frozenset[str]


def emit(entry: Entry, *, grad: bool | Collection[str] = True, form: str = "canonical") -> Module:
    r"""Writes an entry as a NumPy module.

    The value is computed line by line as the entry defines it, in the accurate forms of the function table. The
    function ``<id>_with_grad`` returns the value and one array for each smooth input, in their order, and shares
    its intermediates between them. An elementwise derivative has the shape of the result; any other has the axes of
    the result, then those of the input.

    Args:
        entry: a formula of the catalogue.
        grad: whether to write the derivatives as well, or by which inputs.
        form: which of its forms.

    Returns:
        Source and the names it defines. `symdl.codegen.load` makes functions of it.

    Raises:
        NotSupported: SD7xx, naming the operation that has no emission yet.
    """
    return together([entry], grad=[grad], form=form)


def together(
    entries: Sequence[Entry], *, grad: Sequence[bool | Collection[str]], form: str = "canonical", header: str = ""
) -> Module:
    """Writes several entries as one module.

    Args:
        entries: in order.
        grad: for each of them whether to write the derivatives as well, or by which inputs.
        form: which form of the entries.
        header: a comment that becomes the first line.
    """
    pieces = [_piece(entry, wish, form) for entry, wish in zip(entries, grad, strict=True)]
    helpers = frozenset[str]().union(*(p.helpers for p in pieces))
    extra = helper_sources(helpers)
    functions = [f for p in pieces for f in p.functions]
    about = title(entries[0]) if len(entries) == 1 else "NumPy functions of the catalogue of symdl."
    head = [f"# {header}"] if header else []
    head += [f'r"""{about}"""', ""]
    imports = (["import math", ""] if any("math." in text for text in (*extra, *functions)) else []) + [
        "import numpy as np"
    ]
    body = [*head, *imports, *extra, *functions]
    return Module("\n".join(body) + "\n", tuple(n for p in pieces for n in p.names))


def _piece(entry: Entry, grad: bool | Collection[str], form: str) -> _Piece:
    chosen = next((f for f in entry.forms if f.name == form), None)
    if chosen is None:
        raise NotSupported(
            "SD715", f"{entry.id} has no form {form!r}", "one of " + ", ".join(f.name for f in entry.forms)
        )
    routine = lower_entry(entry, chosen, grad=grad)
    names = [identifier(n) for n in (routine.name, *(a.id for a in routine.arguments), *routine.sizes)]
    taken = {*names, *(identifier(line.name) for line in routine.lines), f"{routine.name}{SUFFIX}", "sizes"}
    value = _Function(routine, taken)
    value.lines(routine.lines)
    functions = [value.source(routine.name, value_docstring(entry, chosen, routine), [routine.lines[-1].name])]
    defined, helpers = [routine.name], value.helpers
    if routine.partials:
        both = _Function(routine, taken)
        both.with_partials()
        results = [routine.lines[-1].name, *(p.line.name for p in routine.partials)]
        functions.append(both.source(f"{routine.name}{SUFFIX}", gradient_docstring(entry, routine), results))
        defined.append(f"{routine.name}{SUFFIX}")
        helpers |= both.helpers
    states = state_of(entry, routine)
    if states:
        step = _Function(routine, taken | {"state", f"{routine.name}{STEP}"})
        step.lines(routine.lines)
        order = step_arguments(routine, states)
        results = [name.removesuffix(_PREVIOUS) for name in states]
        doc = step_docstring(routine, states, order[1:])
        unpacked = [f"{', '.join(states)} = state"]
        functions.append(step.source(f"{routine.name}{STEP}", doc, results, order, unpacked))
        defined.append(f"{routine.name}{STEP}")
        helpers |= step.helpers
    return _Piece(entry, tuple(defined), tuple(functions), frozenset(helpers))


def state_of(entry: Entry, routine: Routine) -> list[str]:
    """The previous values that an update rule replaces, its own first; none if it is no rule that takes a gradient."""
    lines = {line.name for line in routine.lines}
    known = [a.id for a in routine.arguments if a.id.endswith(_PREVIOUS) and a.id.removesuffix(_PREVIOUS) in lines]
    if entry.previous not in known or not any(a.kind == "gradient" for a in routine.arguments):
        return []
    return sorted(known, key=lambda name: name != entry.previous)


def step_arguments(routine: Routine, states: Sequence[str]) -> list[str]:
    """The state, the gradients, and the rest."""
    rest = [a for a in routine.arguments if a.id not in states]
    return ["state", *(a.id for a in sorted(rest, key=lambda a: a.kind != "gradient"))]


def with_evidence(module: Module, evidence: Sequence[Evidence], id: str = "") -> Module:
    """Returns the module with what the oracles found in the docstring of an entry, by default of the first."""
    line = pending(id or module.names[0])
    source = module.source.replace(line, evidence_lines(evidence), 1)
    return replace(module, source=source, evidence=(*module.evidence, *evidence))


class _Function:
    """Collects the lines of one function."""

    def __init__(self, routine: Routine, taken: set[str]) -> None:
        self.routine = routine
        self.taken = set(taken)
        self.printer = NumpyPrinter(taken, routine.shapes)
        self.body: list[str] = []
        self.shift = Shift(self.taken)
        self.printed: list[Softmax] = []
        self.later: list[Line] = []
        self.helpers: set[str] = set()

    def assign(self, name: str, text: str) -> None:
        for part, expression in fitted(name, tidy(text), lambda: fresh_name("t", self.taken)):
            self.body.append(f"{part} = {expression}")
        self.printer.allowed |= self.taken

    def lines(self, lines: Sequence[Line]) -> None:
        """Prints the lines, before them what they share."""
        self._print(lines, self._ready(lines))

    def with_partials(self) -> None:
        """Prints the value and its derivatives, before them what they share."""
        routine = self.routine
        partials = [p.line for p in routine.partials]
        if not self._sequential(routine.lines):
            self.lines([*routine.lines, *partials])
            return
        values, slopes = self._ready(routine.lines), self._ready(partials)
        self.later = slopes
        self._print(routine.lines, values)
        self._print(partials, slopes)

    def _ready(self, lines: Sequence[Line]) -> list[Line]:
        """The lines in their accurate forms; softmax parts are named once for all of them."""
        self.shift.taken |= self.taken
        ready = [replace(line, body=keeps_nan(stable(self.shift(line.body)))) for line in lines]
        self.taken |= self.shift.taken
        self.printer.allowed |= self.taken
        return ready

    def _print(self, lines: Sequence[Line], ready: list[Line]) -> None:
        used = set().union(*(line.body.free_symbols for line in ready))
        parts = [p for p in self.shift.parts.values() if {p.weight, p.log} & used and p not in self.printed]
        self.printed += parts
        everything = [*ready, *self.later]
        if len(lines) > 1 and self._sequential(lines):
            self._interleaved(ready, parts, everything)
            return
        for part in parts:
            self.softmax(part, everything)
        common, ready = shared(ready, self.taken)
        self.printer.allowed |= self.taken
        for line in (*common, *ready):
            self.assign(line.name, self._array(line))

    def _sequential(self, lines: Sequence[Line]) -> bool:
        """Whether later lines use the earlier ones by name."""
        names = {line.name for line in lines}
        return any(str(s) in names for line in lines for s in line.body.free_symbols)

    def _interleaved(self, lines: Sequence[Line], parts: list[Softmax], everything: Sequence[Line]) -> None:
        for line in lines:
            for part in [p for p in parts if {p.weight, p.log} & line.body.free_symbols]:
                self.softmax(part, everything)
                parts.remove(part)
            self.assign(line.name, self._array(line))

    def _array(self, line: Line) -> str:
        body = line.body
        names = [a.id for a in self.routine.arguments if not a.shape and a.kind not in ("size", "integer")]
        if names and not line.axes and not body.free_symbols:
            # a constant still has the shape of what it is taken at
            like = line.name.removeprefix("d_")
            return f"np.full_like({like if like in names else names[0]}, {self.printer.plain(sp.sympify(body))})"
        return self.printer.array(body, line.axes)

    def softmax(self, part: Softmax, lines: Sequence[Line]) -> None:
        """Prints what is used of a softmax, shifted by its largest exponent."""
        used = set().union(*(line.body.free_symbols for line in lines))
        many = len(part.axes) > 1
        options = ", axis=-1, keepdims=True" if many else ""
        logits = self.printer.array(stable(part.exponent), part.axes)
        if not logits.isidentifier():
            name = fresh_name("b", self.taken)
            self.assign(name, logits)
            logits = name
        top, e = fresh_name("top", self.taken), fresh_name("e", self.taken)
        if part.mask == 1:
            self.assign(top, f"np.max({logits}{options})")
            self.assign(e, f"np.exp({logits} - {top})")
        else:  # what is masked may be larger than the rest
            mask = self.printer.array(part.mask, part.axes)
            self.assign(top, f"np.max(np.where({mask} > 0, {logits}, -np.inf){options})")
            self.assign(e, f"{mask} * np.exp(np.where({mask} > 0, {logits} - {top}, 0.0))")
        self.printer.allowed |= self.taken
        if part.weight in used:
            self.assign(part.weight.name, f"{e} / np.sum({e}{options})")
        if part.log in used:
            row = f"{top}[..., 0]" if many else top
            self.assign(part.log.name, f"{row} + np.log(np.sum({e}{', axis=-1' if many else ''}))")

    def source(
        self,
        name: str,
        docstring: Sequence[str],
        results: Sequence[str],
        arguments: Sequence[str] = (),
        first: Sequence[str] = (),
    ) -> str:
        """The whole function; ``first`` are statements before everything else."""
        results = list(results)
        if len(results) == 1 and self.body[-1].startswith(f"{results[0]} = "):
            results = [self.body.pop().partition(" = ")[2]]
        text = "\n".join([*self.body, *results])
        if _WIDENS.search(text) and self._floats():
            results = [self._cast(r) for r in results]
        text = "\n".join([*self.body, *results])
        sizes = [f"{n} = {a}.shape[{k}]" for n, (a, k) in self.routine.sizes.items() if _mentions(text, n)]
        body = [*docstring, *first, *self._prologue(), *sizes, *self.body, *returned(results)]
        self.helpers |= self.printer.helpers
        head = signature(identifier(name), arguments or [a.id for a in self.routine.arguments])
        return "\n\n" + "\n".join([*head, *("    " + line if line else "" for line in body)])

    def _floats(self) -> list[str]:
        return [a.id for a in self.routine.arguments if a.kind not in ("size", "integer")]

    def _cast(self, result: str) -> str:
        self.helpers.add("_cast")
        text = f"_cast({', '.join([result, *self._floats()])})"
        if len(text) <= 76:
            return text
        name = result
        if not result.isidentifier():
            name = fresh_name("out", self.taken)
            self.assign(name, result)
        return f"_cast({', '.join([name, *self._floats()[:3]])})"

    def _prologue(self) -> list[str]:
        """The first look at the arguments: real, and of shapes that fit."""
        arrays = [a for a in self.routine.arguments if a.shape]
        lines = ["sizes = {}"] if arrays else []
        for a in self.routine.arguments:
            if a.shape:
                lines.append(f'{a.id} = _array("{a.id}", {a.id}, "{", ".join(a.shape)}", sizes)')
                self.helpers.add("_array")
            elif a.kind not in ("size", "integer"):
                lines.append(f'{a.id} = _real("{a.id}", {a.id})')
                self.helpers.add("_real")
        return lines


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){name}(?!\w)", text) is not None
