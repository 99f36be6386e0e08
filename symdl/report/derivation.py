"""A derivation as text, Markdown, LaTeX, NumPy or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from symdl.errors import NotSupported
from symdl.report.terminal import Printer
from symdl.report.text import wrap
from symdl.terms.derivation import Derivation, Line, Step


def to_text(d: Derivation, p: Printer, *, steps: bool = False) -> str:
    """Returns the lines, and the steps if wanted, for a terminal."""
    blocks = [p.style(d.title, "bold")] if d.title else []
    if d.definitions:
        blocks.append(_block(p, "definitions", (line.notation for line in d.definitions)))
    if steps:
        blocks += [_steps(p, target, list(group)) for target, group in groupby(d.steps, key=lambda s: s.target)]
    blocks.append(_block(p, _heading(d), (line.notation for line in d.lines)))
    blocks.append(_block(p, "conventions", d.conventions))
    blocks.append(_block(p, "checked", map(checked, d.evidence)))
    return "\n\n".join(blocks) + "\n"


def _heading(d: Derivation) -> str:
    return {"gradient": "gradients", "jvp": "along the directions"}.get(d.kind, d.kind)


def _block(p: Printer, name: str, lines: Iterable[str]) -> str:
    rows = [row for line in lines for row in wrap(line, p.width - 2, "  ")]
    return "\n".join([p.style(name, "cyan"), *(f"  {row}" for row in rows)])


def _steps(p: Printer, target: str, steps: list[Step]) -> str:
    out = [p.style(target, "bold")]
    for step in steps:
        rows = wrap(f"= {step.after}", p.width - 4, "  ")
        out += [f"  {p.style(step.rule, 'dim')}", *(f"    {row}" for row in rows)]
    return "\n".join(out)


def checked(evidence: Any) -> str:
    """One line of evidence in words.

    Example:
        >>> from symdl.terms.results import Evidence
        >>> checked(Evidence("differences", {"passed": True, "points": 2, "worst relative error": "1e-11"}))
        'against differences at 2 points, relative error at most 1e-11'
    """
    facts = evidence.facts
    return (
        f"against {evidence.oracle} at {facts['points']} points, relative error at most {facts['worst relative error']}"
    )


def to_latex(d: Derivation, *, steps: bool = False) -> str:
    """Returns aligned blocks that need amsmath alone; the steps first, if wanted."""
    out = [f"% {d.title}"] if d.title else []
    if steps:
        for _, group in groupby(d.steps, key=lambda s: s.target):
            out += [r"\begin{align*}", " \\\\\n".join(_latex_steps(list(group))), r"\end{align*}"]
    out += [r"\begin{align*}", " \\\\\n".join(_aligned(line.latex) for line in d.lines), r"\end{align*}"]
    return "\n".join(out) + "\n"


def _aligned(latex: str) -> str:
    return latex.replace(" = ", " &= ", 1)


def _latex_steps(steps: list[Step]) -> Iterator[str]:
    for k, step in enumerate(steps):
        left = step.latex_before if k == 0 else ""
        rule = step.rule.replace("_", r"\_")
        yield rf"{left} &= {step.latex_after} && \text{{{rule}}}"


def to_markdown(d: Derivation, *, steps: bool = False, level: int = 2) -> str:
    """Returns a section: definitions, steps if wanted, the result as LaTeX and as NumPy, what was checked."""
    head = "#" * level
    out = [f"{head} {d.title}", ""] if d.title else []
    out += [*_display(d.definitions)]
    if steps:
        for target, group in groupby(d.steps, key=lambda s: s.target):
            rows = list(_latex_steps(list(group)))
            out += [
                f"{head}# `{target}`",
                "",
                "$$",
                r"\begin{aligned}",
                " \\\\\n".join(rows),
                r"\end{aligned}",
                "$$",
                "",
            ]
    out += [*_display(d.lines)]
    code = d.numpy()
    if code:
        out += ["```python", code, "```", ""]
    out += [f"- {c}" for c in d.conventions] + [f"- checked {checked(e)}" for e in d.evidence] + [""]
    return "\n".join(out)


def _display(lines: Iterable[Line]) -> list[str]:
    rows = [_aligned(line.latex) for line in lines]
    return ["$$", r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}", "$$", ""] if rows else []


def to_numpy(d: Derivation) -> str:
    """Returns the module that computes it.

    Raises:
        NotSupported: if there is none, or if it failed its check.
    """
    if not d.source:
        code, _, why = d.no_source.partition(": ")
        raise NotSupported(
            code, f"there is no NumPy module of this derivation: {why}", "the other formats have its lines"
        )
    return d.source


def to_json(d: Derivation) -> str:
    """Returns one object: program, lines, steps, evidence (``docs/reference/derive.md``)."""
    return json.dumps(to_object(d), ensure_ascii=False, indent=1) + "\n"


def to_object(d: Derivation) -> dict[str, Any]:
    """The derivation as JSON values."""
    return {
        "tool": "symdl",
        "schema": 1,
        "title": d.title,
        "kind": d.kind,
        "definitions": [_line(line) for line in d.definitions],
        "lines": [_line(line) for line in d.lines],
        "gradients": dict(d.gradients),
        "seeds": list(d.seeds),
        "steps": [
            {
                "target": s.target,
                "rule": s.rule,
                "before": s.before,
                "after": s.after,
                "latex_before": s.latex_before,
                "latex_after": s.latex_after,
            }
            for s in d.steps
        ],
        "conventions": list(d.conventions),
        "evidence": [{"oracle": e.oracle, **e.facts} for e in d.evidence],
        "source": d.source or None,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "of": line.of,
        "shape": list(line.shape),
        "notation": line.notation,
        "letters": line.letters,
        "latex": line.latex,
        "numpy": list(line.numpy),
    }
