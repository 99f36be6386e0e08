"""The words around a formula, collected while a sheet is walked through: headings, titles, labels, paragraphs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from symdl.reader.fragments import Fragment
from symdl.terms.formula import Context

LONGEST = 400
"""Most characters kept of a text; of what stands before a formula the last ones."""
BULLET_LEVEL = 6
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"\d+(?:\.\d+)*(?=[.)\s]|$)")
_NO_TITLE = re.compile(
    r"(?:remark|note|nota|osservazione|esempio|example|proof|dim|dimostrazione|attenzione|n\.?b)\b", re.I
)


def words(text: str) -> str:
    """Returns a text on one line, without emphasis marks.

    Example:
        >>> words("  the **loss**\\n of  it ")
        'the loss of it'
    """
    return " ".join(re.sub(r"\*\*|__|`", "", text).split())


@dataclass(slots=True)
class Surroundings:
    """What has been said so far; formulas wait here for the text behind them.

    Attributes:
        headings: the headings a place stands under, outermost first, with level and section number.
        last_heading: the heading before the innermost one, whatever its level.
        title: bold words that open a paragraph, in force up to the next heading.
        labels: the first words of the list items a place stands in, outermost first.
        before: the texts read last, nearest first.
    """

    headings: list[tuple[int, str, str]] = field(default_factory=list)
    last_heading: str = ""
    title: str = ""
    labels: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    fragments: list[Fragment] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def heading(self, level: int, text: str) -> None:
        """Enters a section.

        A numbered heading belongs to the one whose number it continues, whatever marks were used; bulleted
        headings stand side by side.
        """
        text = words(text)
        if not text:
            return
        if text[0] in "•·◦-*":
            level, text = BULLET_LEVEL, text[1:].strip()
        number = m.group() if (m := _NUMBER.match(text)) else ""
        self.last_heading = self.headings[-1][2] if self.headings else ""
        while self.headings and not _is_above(self.headings[-1], level, number):
            self.headings.pop()
        self.headings.append((level, number, text))
        self.title, self.before, self.waiting = "", [], []

    def said(self, text: str) -> None:
        """Takes in a text: it stands behind the formulas that wait, and before those to come."""
        text = words(text)
        if not _LETTER.search(text):  # the number of an equation says nothing
            return
        for k in self.waiting:
            context = self.fragments[k].context
            if not context.texts:  # then the text behind would pass for the nearest one
                continue
            texts = (*context.texts, text[:LONGEST])
            self.fragments[k] = replace(self.fragments[k], context=replace(context, texts=tuple(dict.fromkeys(texts))))
        self.waiting = []
        self.before = [text[-LONGEST:], *self.before][:1]

    def titled(self, text: str) -> None:
        """Takes in bold words that open a paragraph."""
        text = words(text).rstrip(":. ")
        if text and len(text) <= 80 and not _NO_TITLE.match(text):
            self.title = text

    def add(self, fragment: Fragment, before: Sequence[str] | None = None, behind: str = "") -> None:
        """Takes in a formula.

        Args:
            fragment: the formula, still without context.
            before: the texts before it, nearest first, if not the last one taken in.
            behind: what its own paragraph says after it.
        """
        near = [words(t)[-LONGEST:] for t in (self.before if before is None else before)]
        texts = [t for t in (*near, self.title, *reversed(self.labels)) if t]
        if texts:
            texts.append(words(behind)[:LONGEST])
        self.waiting.append(len(self.fragments))
        context = Context(self._headings(), tuple(dict.fromkeys(words(t) for t in texts if t)))
        self.fragments.append(replace(fragment, context=context))

    def _headings(self) -> tuple[str, ...]:
        """Nearest first; where sections are not nested, the heading before is all there is around them."""
        found = [text for _, _, text in reversed(self.headings)]
        if len(found) == 1 and self.last_heading:
            found.append(self.last_heading)
        return tuple(dict.fromkeys(found))


def _is_above(outer: tuple[int, str, str], level: int, number: str) -> bool:
    """Whether a heading holds one of this level and number."""
    if outer[1] and number:
        return number.startswith(outer[1] + ".")
    return outer[0] < level
