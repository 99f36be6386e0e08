"""The docstrings of emitted functions: what is computed, of what, where it comes from and how it was checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symdl.codegen.lower import Partial, Routine
from symdl.codegen.names import words
from symdl.codegen.stable import cautions
from symdl.notation.latex import definition
from symdl.terms.formula import Entry, Form, Role
from symdl.terms.results import Evidence

_KINDS = {
    "real": "real",
    "size": "a count",
    "integer": "an integer",
    "binary": "0 or 1",
    "unit": "in (0, 1)",
    "probability": "positive, adds up to 1 along the last axis",
    "gradient": "real, a derivative",
}
_WIDTH = 88


def pending(id: str) -> str:
    """The line that stands for the evidence until there is some."""
    return f"Not checked yet ({id})."


def title(entry: Entry) -> str:
    """The name of the formula as a sentence."""
    text = words(entry.titles.get("en", entry.id)).rstrip(".\\'") + "."
    return text[:1].upper() + text[1:]


def value_docstring(entry: Entry, form: Form, routine: Routine) -> list[str]:
    """Docstring of the function that computes the value."""
    lines = [f'r"""{title(entry)}', "", ".. math::", ""]
    lines += ["    " + words(definition(line, entry), 400) for line in form.lines]
    if form.condition:
        lines += ["", "Convention: " + words(form.condition) + "."]
    lines += ["", *_parameters(routine.arguments), "", "Returns", "-------", _result(routine)]
    stated = cautions(line.body for line in (*routine.lines, *(p.line for p in routine.partials)))
    notes = [part for c in stated for part in (_wrapped(f"Accuracy: {c}."), [""])]
    lines += ["", "Notes", "-----", *(text for part in notes for text in part)] if notes else [""]
    if entry.sources:
        lines += ["References", "----------", *_wrapped(words(entry.sources[0]) + "."), ""]
    return [*lines, "Evidence", "--------", pending(entry.id), '"""']


def gradient_docstring(entry: Entry, routine: Routine) -> list[str]:
    """Docstring of the function that also computes the derivatives."""
    lines = [f'r"""Value and derivatives of `{routine.name}`, in one pass.', "", "Takes the same arguments.", ""]
    lines += ["Returns", "-------", _result(routine), *(text for p in routine.partials for text in _layout(p))]
    return [*lines, '"""']


def step_docstring(routine: Routine, states: Sequence[str], rest: Sequence[str]) -> list[str]:
    """Docstring of an update rule as a step from state to state."""
    new = ", ".join(name.removesuffix("_prev") for name in states)
    lines = [
        f'r"""One step of `{routine.name}`: a state and a gradient in, the new state out.',
        "",
        "Parameters",
        "----------",
    ]
    lines += [f"state : {', '.join(states)}", f"{', '.join(rest)} : as for `{routine.name}`", ""]
    return [*lines, "Returns", "-------", f"state : {new}", '"""']


def evidence_lines(evidence: Sequence[Evidence]) -> str:
    """What the oracles found, in words.

    Example:
        >>> print(evidence_lines([Evidence("dual numbers", {"passed": True, "points": 5, "max_error": 1.8e-16})]))
        Derivatives by dual numbers: 5 points, relative error at most 1.8e-16.
    """
    return "\n    ".join(text for e in evidence for text in _wrapped(_sentence(e))) or "None."


def _sentence(e: Evidence) -> str:
    facts: dict[str, Any] = dict(e.facts)
    subject = "Values" if e.oracle.startswith("array evaluation") else "Derivatives"
    if "reason" in facts:
        return f"No derivatives: {words(str(facts['reason']))}."
    if facts.get("refused"):
        return f"{subject} by {words(e.oracle)}: not followed, {words(str(facts['refused']))}."
    skipped = f", {facts['skipped']} skipped" if facts.get("skipped") else ""
    error = facts.get("max_error")
    size = f", relative error at most {error:.2g}" if isinstance(error, float) else ""
    return f"{subject} by {words(e.oracle)}: {facts.get('points', 0)} points{skipped}{size}."


def _wrapped(text: str, indent: int = 0) -> list[str]:
    out, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > _WIDTH - 4 - indent:
            out.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*out, line]


def _parameters(arguments: Sequence[Role]) -> list[str]:
    lines = ["Parameters", "----------"]
    for role in arguments:
        shape = f" of shape {_shape(role.shape)}" if role.shape else ""
        domain = f", {words(role.domain)}" if role.domain else ""
        lines.append(f"{role.id} : {'array' if role.shape else 'number or array'}{shape}")
        meaning = words(role.meaning.get("en", ""))
        text = f"{meaning}; " * bool(meaning) + _KINDS.get(role.kind, role.kind) + domain
        lines += ["    " + part for part in _wrapped(f"{text[:1].upper()}{text[1:]}.", 4)]
    return lines


def _shape(sizes: Sequence[object]) -> str:
    text = ", ".join(words(str(s)) for s in sizes)
    return f"({text}{',' if len(sizes) == 1 else ''})"


def _result(routine: Routine) -> str:
    line = routine.lines[-1]
    sizes = ["1" if a is None else a.size for a in line.axes]
    if sizes:
        return f"{line.name} : array of shape {_shape(sizes)}"
    whole = not any(a.shape for a in routine.arguments)
    return f"{line.name} : {'number or array, elementwise' if whole else 'number'}"


def _layout(p: Partial) -> list[str]:
    if p.elementwise or not p.line.axes:
        return [f"{p.line.name} : derivative by {p.by}, element by element"]
    return [f"{p.line.name} : derivative by {p.by}, {_shape(['1' if a is None else a.size for a in p.line.axes])}"]
