"""Which entry is meant: words around the formula, the name on its left, and the letters in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symdl.checker.agreement import Side
from symdl.terms.formula import Context, Entry

NEAREST_TEXT, OTHER_TEXT, NEAREST_HEADING, OTHER_HEADING, LEFT_NAME, NAME_IS_KEYWORD = 3, 1, 2, 1, 2, 2


@dataclass(slots=True)
class Keywords:
    """The keywords of all entries, searched once per text."""

    patterns: Mapping[str, re.Pattern[str]]
    cache: dict[str, frozenset[str]]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Keywords:
        """Compiles the keywords of ``entries``; whole words, case ignored."""
        patterns = {
            e.id: re.compile(
                r"(?<!\w)(?:" + "|".join(map(_pattern, sorted(e.keywords, key=len, reverse=True))) + r")(?!\w)"
            )
            for e in entries
            if e.keywords
        }
        return cls(patterns, {})

    def found(self, text: str) -> frozenset[str]:
        """Returns the ids of the entries whose keywords occur in ``text``."""
        text = text.lower()
        if text not in self.cache:
            self.cache[text] = (
                frozenset(k for k, p in self.patterns.items() if p.search(text)) if text.strip() else frozenset()
            )
        return self.cache[text]

    def only(self, entry: str, other: str, text: str) -> bool:
        """Whether ``text`` holds a keyword of ``entry``, and none of ``other`` beside those both share."""
        mine, theirs = (self.patterns.get(e) for e in (entry, other))
        if mine is None or theirs is None:
            return False
        said, heard = (set(p.findall(text.lower())) for p in (mine, theirs))
        return bool(said - heard) and not heard - said

    def loudness(self, entry: str, text: str) -> int:
        """Returns how many characters of ``text`` are keywords of an entry: ``l2 regularization`` says more than
        ``regularization``.
        """
        pattern = self.patterns.get(entry)
        return sum(map(len, set(pattern.findall(text.lower())))) if pattern is not None else 0


def _pattern(keyword: str) -> str:
    """Words joined by blanks, hyphens or nothing at all: ``cross entropy``, ``cross-entropy``, ``crossentropy``."""
    return r"[\s\-_]*".join(re.escape(part) for part in re.split(r"[\s\-_]+", keyword) if part)


def _words(name: str) -> str:
    """``MeanSquaredError`` -> ``mean squared error``."""
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", name.strip("^~'()")).replace("_", " ").lower()


def weigh(entry: Entry, side: Side, context: Context, keywords: Keywords) -> int:
    """Returns the evidence that ``side`` is meant to be ``entry``: 3 is a fair sign, 5 a strong one."""
    score = heard(entry, context, keywords)
    if any(n in entry.names for n in side.names[:2]):
        score += LEFT_NAME
    long = [n for n in side.names if len(n.strip("^~'()")) > 2]
    if any(entry.id in keywords.found(_words(n)) or entry.id in keywords.found(n.strip("^~'()")) for n in long):
        score += NAME_IS_KEYWORD
    return score


def heard(entry: Entry, context: Context, keywords: Keywords) -> int:
    """The part of the evidence that comes from the words around."""
    score = 0
    texts = [t for t in context.texts if t.strip()]
    if texts and entry.id in keywords.found(texts[0]):
        score += NEAREST_TEXT
    elif any(entry.id in keywords.found(t) for t in texts[1:]):
        score += OTHER_TEXT
    if context.headings and entry.id in keywords.found(context.headings[0]):
        score += NEAREST_HEADING
    elif any(entry.id in keywords.found(h) for h in context.headings[1:]):
        score += OTHER_HEADING
    return score
