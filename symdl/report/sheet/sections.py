"""What a cheat sheet holds: topics in order, and the entries of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from symdl.notation import latex
from symdl.report.entries import title
from symdl.terms.formula import Entry, Form

MOST_EQUIVALENTS = 2


@dataclass(frozen=True, slots=True)
class Section:
    """One topic: its id, its title in the language of the sheet, its entries."""

    topic: str
    title: str
    entries: tuple[Entry, ...]


def sections(topics: Mapping[str, Mapping[str, str]], entries: Iterable[Entry], lang: str) -> tuple[Section, ...]:
    """Groups entries by topic; topics stand in the order given, topics without entries are left out.

    Example:
        >>> e = Entry("a", "t", {"en": "A"}, (), (), {}, ())
        >>> [(s.title, len(s.entries)) for s in sections({"t": {"en": "T"}, "u": {"en": "U"}}, [e], "en")]
        [('T', 1)]
    """
    groups: dict[str, list[Entry]] = {topic: [] for topic in topics}
    for entry in entries:
        if entry.topic in groups:
            groups[entry.topic].append(entry)
    return tuple(Section(key, title(topics[key], lang) or key, tuple(group)) for key, group in groups.items() if group)


def main_latex(entry: Entry) -> list[str]:
    """Returns the formula of an entry as rows of LaTeX: its first spelling, else its definition printed."""
    if entry.latex:
        return [entry.latex[0]]
    return form_latex(entry.forms[0], entry) if entry.forms else []


def form_latex(form: Form, entry: Entry) -> list[str]:
    """Returns the lines of one form, printed as LaTeX."""
    own = with_roles(entry, form)
    return [latex.definition(line, own) for line in form.lines]


def with_roles(entry: Entry, form: Form) -> Entry:
    """Returns the entry with its symbols as the form understands them: a variant may have shapes of its own."""
    return replace(entry, roles=form.roles) if form.roles else entry


def conventions(entry: Entry) -> tuple[Form, ...]:
    """Returns the forms that are other functions: the first one for each condition under which it is meant."""
    first: dict[str, Form] = {}
    for form in entry.forms[1:]:
        if form.condition:
            first.setdefault(form.condition, form)
    return tuple(first.values())


def equivalents(entry: Entry) -> tuple[Form, ...]:
    """Returns other ways to write the same function: a few, for a cheat sheet is short."""
    seen = [main_latex(entry), *([form_latex(entry.forms[0], entry)] if entry.forms else [])]
    found: list[Form] = []
    for form in entry.forms[1:]:
        if not form.condition and len(found) < MOST_EQUIVALENTS and (rows := form_latex(form, entry)) not in seen:
            seen.append(rows)
            found.append(form)
    return tuple(found)


def sources(entry: Entry) -> str:
    """Returns the publications an entry rests on; places in study notes stay in the catalogue."""
    return "; ".join(source for source in entry.sources if not source.startswith("note "))
