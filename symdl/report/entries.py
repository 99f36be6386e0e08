"""The catalogue in a terminal: a list of entries, and one entry in full."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from symdl.notation.strict import show_definition
from symdl.report.terminal import Printer
from symdl.report.text import shorten, wrap
from symdl.terms.formula import Entry, Form, Role

Titles = Mapping[str, Mapping[str, str]]


def listing(entries: Iterable[Entry], topics: Titles, p: Printer) -> str:
    """Returns the entries by topic: id and title, one line each."""
    by_topic: dict[str, list[Entry]] = {}
    for entry in entries:
        by_topic.setdefault(entry.topic, []).append(entry)
    column = max((len(e.id) for group in by_topic.values() for e in group), default=0)
    blocks = []
    for topic, group in by_topic.items():
        head = f"{p.style(title(topics.get(topic, {}), p.lang) or topic, 'bold')}  {p.style(topic, 'dim')}"
        rows = (f"  {p.style(e.id.ljust(column), 'cyan')}  {_title(e, p, column)}" for e in group)
        blocks.append("\n".join([head, *rows]))
    return "\n\n".join(blocks) + "\n"


def _title(entry: Entry, p: Printer, column: int) -> str:
    return shorten(title(entry.titles, p.lang), max(p.width - column - 4, 16))


def title(titles: Mapping[str, str], lang: str) -> str:
    """Returns the text in the wanted language, else in English, else any.

    Example:
        >>> title({"en": "Losses"}, "it")
        'Losses'
    """
    return titles.get(lang) or titles.get("en") or next(iter(titles.values()), "")


def listing_json(entries: Iterable[Entry], topics: Titles) -> str:
    """Returns the entries as a JSON list of id, topic, titles."""
    rows = [
        {"id": e.id, "topic": e.topic, "topic_title": dict(topics.get(e.topic, {})), "title": dict(e.titles)}
        for e in entries
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def card(entry: Entry, expression: str, latex: str, p: Printer) -> str:
    """Returns everything about one entry.

    Args:
        entry: the entry.
        expression: its stored truth, the SymPy object as text.
        latex: its LaTeX.
        p: width, colours and language.
    """
    head = [f"{p.style(title(entry.titles, p.lang), 'bold')}  {p.style(entry.id, 'dim')}"]
    about = title(entry.description, p.lang)
    if about:
        head += wrap(about, p.width)
    blocks = ["\n".join(head), *_blocks(entry, expression, latex, p)]
    return "\n\n".join(blocks) + "\n"


def _blocks(entry: Entry, expression: str, latex: str, p: Printer) -> Iterator[str]:
    forms = [*entry.forms]
    if forms:
        yield _part(p, "definition", _form(forms[0]))
    yield _part(p, "sympy", [expression])
    yield _part(p, "latex", [latex])
    for form in forms[1:]:
        yield _part(p, f"variant {form.name}", [*_form(form), *([f"({form.condition})"] if form.condition else [])])
    if entry.roles:
        yield _part(p, "symbols", list(_roles(entry.roles.values(), p)))
    if entry.claims:
        yield _part(p, "claims", [line for c in entry.claims for line in c.text.splitlines()])
    if entry.siblings:
        yield _part(p, "see also", [", ".join(entry.siblings)])
    if entry.sources:
        yield _part(p, "sources", list(entry.sources))


def _part(p: Printer, name: str, lines: list[str]) -> str:
    folded = [row for line in lines for row in wrap(line, p.width - 2, "  ")]
    return "\n".join([p.style(name, "cyan"), *(f"  {row}" for row in folded)])


def _form(form: Form) -> list[str]:
    return [show_definition(line) for line in form.lines]


def _roles(roles: Iterable[Role], p: Printer) -> Iterator[str]:
    for role in roles:
        shape = f"[{', '.join(role.shape)}]" if role.shape else ""
        domain = f", {role.domain}" if role.domain else ""
        meaning = title(role.meaning, p.lang)
        yield f"{role.id}: {role.kind}{shape}{domain}" + (f"; {meaning}" if meaning else "")
