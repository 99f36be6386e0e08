"""The cheat sheet as one HTML file: MathML, its own style, no script, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from symdl import __version__
from symdl.notation import mathml
from symdl.report.entries import title
from symdl.report.sheet.sections import Section, conventions, equivalents, main_latex, sources, with_roles
from symdl.report.words import WORDS
from symdl.terms.formula import Entry, Form

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5d6672; --line: #d9dee4; --page: #fbfbfa; --card: #fff;
  --accent: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #98a2ae; --line: #343b44; --page: #15181c;
  --card: #1c2026; --accent: #7db7f2; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(0.8rem, 3vw, 3rem) 3rem; max-width: 110rem; background: var(--page);
  color: var(--ink); font: 16px/1.45 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 0.3rem; }
nav { margin: 0.8rem 0 0; font-size: 0.92rem; line-height: 1.9; }
nav a { color: var(--accent); text-decoration: none; margin-right: 1.1em; white-space: nowrap; }
nav a:hover, nav a:focus { text-decoration: underline; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.8rem; padding-bottom: 0.25rem; border-bottom: 2px solid var(--accent); }
.entries { columns: 25rem; column-gap: 1rem; }
article { break-inside: avoid; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: 0.6rem 0.85rem 0.5rem; margin: 0 0 0.8rem; overflow: hidden; }
h3 { font-size: 1rem; margin: 0; display: flex; gap: 0.8em; justify-content: space-between; align-items: baseline; }
h3 code { font-size: 0.72rem; font-weight: 400; color: var(--soft); text-align: right; overflow-wrap: anywhere; }
p { margin: 0.25rem 0 0; }
.about { font-size: 0.88rem; color: var(--soft); }
.formula { overflow-x: auto; overflow-y: hidden; padding: 0.35rem 0; }
math { width: max-content; margin: 0 0.5rem; font-size: 1.12rem;
  font-family: "STIX Two Math", "Latin Modern Math", "Cambria Math", math, serif; }
.lesser { padding: 0.15rem 0; }
.lesser math { font-size: 0.98rem; }
.variant { font-size: 0.84rem; font-style: italic; color: var(--soft); margin-top: 0.3rem; }
.sources { font-size: 0.74rem; color: var(--soft); margin-top: 0.35rem; }
details { font-size: 0.78rem; color: var(--soft); margin-top: 0.2rem; }
summary { cursor: pointer; width: max-content; }
details code { display: block; overflow-wrap: anywhere; user-select: all; padding: 0.2rem 0; }
footer { margin-top: 2rem; font-size: 0.8rem; color: var(--soft); }
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --card: #fff; --accent: #000; }
  @page { margin: 12mm; } body { padding: 0; font-size: 9.5pt; } nav, details { display: none; }
  .entries { columns: 2; }
  article { border: 0; border-bottom: 1px solid var(--line); border-radius: 0; padding: 1mm 0; margin: 0 0 1mm; }
  h2 { break-after: avoid; } .formula { overflow: visible; } math { font-size: 10pt; } }
"""


def to_html(parts: Sequence[Section], lang: str = "en") -> str:
    """Returns the sheet as one HTML document.

    Args:
        parts: what `symdl.report.sheet.sections.sections` made of the catalogue.
        lang: ``en`` or ``it``.

    Example:
        >>> to_html([])[:32]
        '<!DOCTYPE html>\\n<html lang="en">'
    """
    words = WORDS[lang]
    lines = [
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(words['sheet'])}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        f"<header>\n<h1>{escape(words['sheet'])}</h1>",
        f'<nav aria-label="{escape(words["contents"])}">',
        *(f'<a href="#{escape(part.topic)}">{escape(part.title)}</a>' for part in parts),
        "</nav>\n</header>\n<main>",
    ]
    for part in parts:
        lines.append(f'<section id="{escape(part.topic)}">\n<h2>{escape(part.title)}</h2>\n<div class="entries">')
        for entry in part.entries:
            lines += _entry(entry, lang)
        lines.append("</div>\n</section>")
    count = sum(len(part.entries) for part in parts)
    lines.append(f"</main>\n<footer>symdl {__version__}, {count} {words['formulas']}</footer>\n</body>\n</html>\n")
    return "\n".join(lines)


def _entry(entry: Entry, lang: str) -> Iterator[str]:
    name = escape(title(entry.titles, lang))
    shown_id = escape(entry.id).replace("_", "_<wbr>")
    yield f'<article id="{escape(entry.id)}">\n<h3><span>{name}</span> <code>{shown_id}</code></h3>'
    if about := title(entry.description, lang):
        yield f'<p class="about">{escape(about)}</p>'
    for form in entry.forms[:1]:
        yield from _form(form, entry, "formula")
    for form in equivalents(entry):
        yield from _form(form, entry, "formula lesser")
    for form in conventions(entry):
        yield f'<p class="variant">{escape(form.condition)}</p>'
        yield from _form(form, entry, "formula lesser")
    if source := "\n".join(main_latex(entry)):
        yield f"<details><summary>LaTeX</summary><code>{escape(source)}</code></details>"
    if papers := sources(entry):
        yield f'<p class="sources">{escape(papers)}</p>'
    yield "</article>"


def _form(form: Form, entry: Entry, kind: str) -> Iterator[str]:
    own = with_roles(entry, form)
    for line in form.lines:
        yield f'<div class="{kind}">{mathml.definition(line, own)}</div>'
