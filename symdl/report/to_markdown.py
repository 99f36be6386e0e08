"""The report as Markdown: for a pull request, an issue, or the lecturer's inbox."""

from __future__ import annotations

from collections.abc import Iterator

from symdl.errors import Diagnostic
from symdl.report.numbers import pair, value
from symdl.report.summary import WRONG, closing
from symdl.report.text import PLAIN, clean
from symdl.report.words import VERDICTS, WORDS, sides
from symdl.terms.results import FileReport, Judgement, Report, Verdict

OPEN = frozenset({Verdict.UNDECIDED, Verdict.UNREAD})


def to_markdown(report: Report, *, verbose: bool = False, lang: str = "en") -> str:
    """Returns the report as Markdown.

    Args:
        report: what was found.
        verbose: also list every formula that is not wrong.
        lang: ``en`` or ``it``.

    Example:
        >>> print(to_markdown(Report(files=())), end="")
        # symdl
        <BLANKLINE>
        no formulas found
    """
    blocks = ["# symdl", "\n".join(closing(report, PLAIN, lang)), _counts(report, lang)]
    for file in report.files:
        blocks += _file(file, verbose, lang)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _counts(report: Report, lang: str) -> str:
    rows = [f"| {VERDICTS[lang][v]} | {n} |" for v in Verdict if (n := report.summary[v.value])]
    return "\n".join(["| | |", "| --- | ---: |", *rows]) if rows else ""


def _file(file: FileReport, verbose: bool, lang: str) -> Iterator[str]:
    yield f"## {_inline(file.path)}"
    for d in file.diagnostics:
        yield _diagnostic(d)
    for j in file.formulas:
        if j.verdict in WRONG or j.remarks:
            yield from _finding(j, lang)
    rest = [j for j in file.formulas if j.verdict not in WRONG and (verbose or j.verdict in OPEN)]
    if rest:
        yield "\n".join(["| | | | |", "| ---: | --- | --- | --- |", *(_row(j, lang) for j in rest)])


def _diagnostic(d: Diagnostic) -> str:
    place = f"{d.line}:{d.column}: " if d.line else ""
    return f"**{d.code}** {place}{_inline(d.cause)}" + (f"; {_inline(d.remedy)}" if d.remedy else "")


def _finding(j: Judgement, lang: str) -> Iterator[str]:
    words = WORDS[lang]
    cell = f"cell {j.cell}, " if j.cell else ""
    code = f" `{j.code}`" if j.code else ""
    yield f"### {cell}{j.line}:{j.column} {VERDICTS[lang][j.verdict]}{code}"
    if j.message:
        yield _inline(j.message)
    yield _fence(j.latex)
    facts = list(_facts(j, lang))
    if facts:
        yield "\n".join(f"- {fact}" for fact in facts)
    if j.suggestion:
        yield f"{words['help']}:\n\n{_fence(j.suggestion)}"
    for r in j.remarks:
        yield f"{words['hint']} `{r.code}`: {_inline(r.message)}"
        if r.suggestion:
            yield _fence(r.suggestion)


def _facts(j: Judgement, lang: str) -> Iterator[str]:
    words = WORDS[lang]
    if (w := j.counterexample) is not None:
        point = ", ".join(f"`{clean(name)} = {clean(value(v))}`" for name, v in w.point.items())
        left, right = pair(w.left, w.right)
        mine, other = sides(j.code, lang)
        element = f", {words['element']} `{list(w.entry)}`" if w.entry else ""
        yield f"{words['at']} {point}{element}: {mine} `{left}`, {other} `{right}`"
        yield words["bits"].format(bits=w.precision)
    for condition in j.conditions:
        yield f"{words['if']}: {_inline(condition)}"
    if j.entry:
        yield f"{words['see']}: `symdl show {j.entry}`"


def _row(j: Judgement, lang: str) -> str:
    detail = j.message if j.verdict in OPEN else "; ".join(filter(None, [j.entry, *j.conditions]))
    latex = _code(j.latex).replace("|", "\\|")
    return f"| {j.line}:{j.column} | {VERDICTS[lang][j.verdict]} | {latex} | {_inline(detail)} |"


def _code(text: str) -> str:
    """Inline code; a longer row of backticks encloses text that holds some."""
    text = " ".join(clean(text).split())
    ticks = "`"
    while ticks in text:
        ticks += "`"
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _fence(text: str) -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    lines = "\n".join(clean(line) for line in text.splitlines())
    return f"{ticks}latex\n{lines}\n{ticks}"


def _inline(text: str) -> str:
    """Words of a message as Markdown that cannot format or link anything."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>#|$" else c for c in clean(text))
