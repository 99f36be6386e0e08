"""Routine -> NumPy source: one function for the value, one for its derivatives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from symdl.codegen.helpers import helper_sources
from symdl.codegen.intermediate import shared
from symdl.codegen.lower import Line, Partial, Routine, lower_entry
from symdl.codegen.names import identifier, words
from symdl.codegen.printing import NumpyPrinter
from symdl.codegen.stable import Shift, Softmax, cautions, fresh_name
from symdl.errors import NotSupported
from symdl.functions import stable
from symdl.terms.formula import Entry, Form, Role
from symdl.terms.results import Evidence, Module

_PENDING = "Evidence: none yet."
_KINDS = {"size": "a count", "integer": "an integer", "binary": "0 or 1", "unit": "in (0, 1)"}


def emit(entry: Entry, *, grad: bool = True, form: str = "canonical") -> Module:
    r"""Writes an entry as a NumPy module.

    The value is computed line by line as the entry defines it, in the accurate forms of the function table. The
    derivative function, ``<id>_grad``, returns one array for one smooth input, else a tuple in the order of
    the inputs. An elementwise derivative has the shape of the result; any other has the axes of the result, then
    those of the input.

    Args:
        entry: a formula of the catalogue.
        grad: whether to write the derivatives as well.
        form: which of its forms.

    Returns:
        Source and the names it defines. `symdl.codegen.load` makes functions of it.

    Raises:
        NotSupported: SD7xx, naming the operation that has no emission yet.
    """
    chosen = next((f for f in entry.forms if f.name == form), None)
    if chosen is None:
        raise NotSupported(
            "SD715", f"{entry.id} has no form {form!r}", "one of " + ", ".join(f.name for f in entry.forms)
        )
    routine = lower_entry(entry, chosen, grad=grad)
    names = [identifier(n) for n in (routine.name, *(a.id for a in routine.arguments), *routine.sizes)]
    taken = {*names, *(identifier(line.name) for line in routine.lines), f"{routine.name}_grad"}
    value = _Function(routine, taken)
    value.lines(routine.lines)
    functions = [value.source(routine.name, _docstring(entry, chosen, routine), [routine.lines[-1].name])]
    defined, helpers = [routine.name], set(value.printer.helpers)
    if routine.partials:
        slope = _Function(routine, taken)
        slope.lines([p.line for p in routine.partials])
        doc = _derivative_docstring(routine)
        functions.append(slope.source(f"{routine.name}_grad", doc, [p.line.name for p in routine.partials]))
        defined.append(f"{routine.name}_grad")
        helpers |= slope.printer.helpers
    return Module(_module(entry, functions, helpers), tuple(defined))


def with_evidence(module: Module, evidence: Sequence[Evidence]) -> Module:
    """Returns the module with what the oracles found in its docstring."""
    found = ["    " + words(f"{e.oracle}: " + ", ".join(f"{k} {v}" for k, v in e.facts.items())) for e in evidence]
    text = "\n".join(["Evidence:", *found]) if found else _PENDING
    return replace(module, source=module.source.replace(_PENDING, text, 1), evidence=tuple(evidence))


def _module(entry: Entry, functions: Sequence[str], helpers: set[str]) -> str:
    head = [f'r"""{_title(entry)}', "", f"Written by symdl from the catalogue entry {entry.id}.", _PENDING, '"""', ""]
    extra = helper_sources(helpers)
    imports = (["import math", ""] if extra else []) + ["import numpy as np"]
    return "\n".join([*head, *imports, *extra, *functions]) + "\n"


def _title(entry: Entry) -> str:
    return words(entry.titles.get("en", entry.id)).rstrip(".\\'") + "."


class _Function:
    """Collects the lines of one function."""

    def __init__(self, routine: Routine, taken: set[str]) -> None:
        self.routine = routine
        self.taken = set(taken)
        self.printer = NumpyPrinter(taken, routine.shapes)
        self.body: list[str] = []
        self.used: set[str] = set()

    def assign(self, name: str, text: str) -> None:
        self.body.append(f"{name} = {text}")

    def lines(self, lines: Sequence[Line]) -> None:
        """Prints the lines, before them what they share."""
        shift = Shift(self.taken)
        ready = [replace(line, body=stable(shift(line.body))) for line in lines]
        self.taken |= shift.taken
        parts = list(shift.parts.values())
        self.printer.allowed |= self.taken
        if len(lines) > 1 and self._sequential(lines):
            self._interleaved(ready, parts)
            return
        for part in parts:
            self.softmax(part, ready)
        common, ready = shared(ready, self.taken)
        self.printer.allowed |= self.taken
        for line in (*common, *ready):
            self.assign(line.name, self._array(line))

    def _sequential(self, lines: Sequence[Line]) -> bool:
        """Whether later lines use the earlier ones by name."""
        names = {line.name for line in lines}
        return any(str(s) in names for line in lines for s in line.body.free_symbols)

    def _interleaved(self, lines: Sequence[Line], parts: list[Softmax]) -> None:
        for line in lines:
            for part in [p for p in parts if {p.weight, p.log} & line.body.free_symbols]:
                self.softmax(part, lines)
                parts.remove(part)
            self.assign(line.name, self._array(line))

    def _array(self, line: Line) -> str:
        body = line.body
        inputs = {a.id for a in self.routine.arguments}
        if inputs and not any(a.shape for a in self.routine.arguments) and not body.free_symbols:
            first = self.routine.arguments[0].id  # a constant still has the shape of what it is taken at
            return f"np.full(np.shape({first}), {self.printer.plain(sp.sympify(body))})"
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

    def source(self, name: str, docstring: str, results: Sequence[str]) -> str:
        """The whole function."""
        text = "\n".join(self.body)
        sizes = [f"{n} = {a}.shape[{k}]" for n, (a, k) in self.routine.sizes.items() if _mentions(text, n)]
        head = f"def {identifier(name)}({', '.join(a.id for a in self.routine.arguments)}):"
        body = [*docstring.splitlines(), *sizes, *self.body]
        if len(results) == 1 and self.body[-1].startswith(f"{results[0]} = "):
            body[-1] = "return " + self.body[-1].partition(" = ")[2]
        else:
            body.append(f"return {', '.join(results)}")
        return "\n\n" + "\n".join([head, *("    " + line if line else "" for line in body)])


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){name}(?!\w)", text) is not None


# ---- docstrings -------------------------------------------------------------------------------------------


def _docstring(entry: Entry, form: Form, routine: Routine) -> str:
    lines = [f'r"""{_title(entry)}', ""]
    if entry.latex:
        lines += ["    " + words(entry.latex[0]), ""]
    if form.condition:
        lines += ["Convention: " + words(form.condition) + ".", ""]
    lines += ["Args:", *("    " + _argument(a) for a in routine.arguments)]
    stated = cautions(line.body for line in (*routine.lines, *(p.line for p in routine.partials)))
    lines += [text for c in stated for text in ("", f"Accuracy: {c}.")]
    if entry.sources:
        lines += ["", "Source: " + words(entry.sources[0]) + "."]
    return "\n".join([*lines, '"""'])


def _argument(role: Role) -> str:
    shape = f", shape ({', '.join(map(words, role.shape))}{',' if len(role.shape) == 1 else ''})" if role.shape else ""
    domain = f", {words(role.domain)}" if role.domain else ""
    meaning = words(role.meaning.get("en", ""))
    return f"{role.id}: {meaning + '; ' if meaning else ''}{_KINDS.get(role.kind, role.kind)}{shape}{domain}."


def _derivative_docstring(routine: Routine) -> str:
    each = [f"    {_layout(p)}" for p in routine.partials]
    return "\n".join([f'r"""Derivatives of `{routine.name}`.', "", "Returns:", *each, '"""'])


def _layout(p: Partial) -> str:
    if p.elementwise or not p.line.axes:
        return f"{p.line.name}: by {p.by}, element by element."
    shape = ", ".join("1" if a is None else str(a.size) for a in p.line.axes)
    return f"{p.line.name}: by {p.by}, shape ({shape}{',' if len(p.line.axes) == 1 else ''})."
