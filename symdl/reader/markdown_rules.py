r"""Rules that teach the Markdown parser formulas: ``$``, ``$$``, ``\(``, ``\[`` and environments, with their places.

The usual plugins find formulas but not where they stand, and an unclosed ``$$`` swallows what follows it up to
the next one. These rules record offsets, and leave an opening that is never closed as a token of its own.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.front_matter import front_matter_plugin

from symdl.reader.conventions import ROW_ENVIRONMENTS, TABLE_ENVIRONMENTS

DISPLAY, INLINE, UNCLOSED = "formula_display", "formula_inline", "formula_unclosed"

LOOK_AHEAD = 200
"""How many characters behind an opening that is never closed are looked at."""

_NAMES = "|".join(sorted(ROW_ENVIRONMENTS | TABLE_ENVIRONMENTS))
_ENVIRONMENT = re.compile(rf"\\begin\{{((?:{_NAMES})\*?)\}}")
_TEXTUAL = re.compile(r"\\(?:text\w*|mbox|hbox)\s*\{[^{}]*\}")
_MATHEMATICAL = re.compile(r"[\\^_=<>+]")
_PROSE = re.compile(r"(?<![\\\w{])[^\W\d_]{2,}[ ,]+[^\W\d_]{2,}[ ,]+[^\W\d_]{2,}")
_MARKUP = re.compile(r"^\s*(?:#{1,6}\s|>\s|[-*]\s+\w\w)", re.M)
_CLOSERS = {"$$": "$$", r"\[": r"\]", r"\(": r"\)"}


def parser() -> MarkdownIt:
    """Returns a parser that knows tables, front matter and formulas."""
    md = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(front_matter_plugin)
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list", "table"]}
    md.block.ruler.before("fence", DISPLAY, _display, interrupts)
    md.inline.ruler.before("escape", INLINE, _inline)
    return md


def find(text: str, closer: str, start: int, end: int | None = None) -> int:
    r"""Returns where ``closer`` stands unescaped, or -1.

    Example:
        >>> find(r"a \$ b$", "$", 0)
        6
    """
    end = len(text) if end is None else end
    while (at := text.find(closer, start, end)) >= 0:
        before = at
        while before > 0 and text[before - 1] == "\\":
            before -= 1
        if (at - before) % 2 == 0:
            return at
        start = at + 1
    return -1


def _plausible(content: str) -> bool:
    """Whether what stands between two ``$$`` is one formula, and not the text between two of them."""
    bare = _TEXTUAL.sub("", content)
    if find(bare, "$", 0) >= 0:
        return False
    head, *rest = re.split(r"\n[ \t]*\n", bare.strip())
    return not any(_PROSE.search(part) or _MARKUP.search(part) for part in rest) and bool(head)


# ---- blocks ------------------------------------------------------------------------------------------------


def _display(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A formula that fills lines of its own, up to its closing mark in the same container."""
    start = state.bMarks[first] + state.tShift[first]
    opening = _opening(state.src, start, state.eMarks[first])
    if opening is None or state.is_code_block(first):
        return False
    closer, begin = opening
    keep = closer.startswith("\\end")  # the environment is part of the formula
    ranges: list[tuple[int, int]] = []
    line, at = first, start if keep else begin
    while (stop := find(state.src, closer, max(at, begin), state.eMarks[line])) < 0:
        ranges.append((at, state.eMarks[line]))
        line += 1
        if line >= last or (state.sCount[line] < state.blkIndent and not state.isEmpty(line)):
            return False
        at = begin = state.bMarks[line] + state.tShift[line]
    ranges.append((at, stop + len(closer) * keep))
    if not _ends_here(state.src[stop + len(closer) : state.eMarks[line]]):
        return False
    if opening[0] == r"\]" and not _bracketed(state.src, r"\[", ranges[0][0], stop):
        return False
    if closer == "$$" and not _plausible("\n".join(state.src[a:b] for a, b in ranges)):
        return False
    if not silent:
        token = state.push(DISPLAY, "math", 0)
        token.block, token.map, token.meta = True, [first, line + 1], {"ranges": ranges}
        state.line = line + 1
    return True


def _opening(text: str, start: int, end: int) -> tuple[str, int] | None:
    """The closing mark that belongs to what opens at ``start``, and where the content begins."""
    two = text[start : min(start + 2, end)]
    if two in ("$$", r"\["):
        return _CLOSERS[two], start + 2
    m = _ENVIRONMENT.match(text, start, end)
    return (rf"\end{{{m.group(1)}}}", m.end()) if m else None


def _ends_here(rest: str) -> bool:
    """Whether nothing but punctuation or a label follows: ``$$ (eq1)``, ``$$ {#eq:loss}``."""
    return re.fullmatch(r"\s*(?:[.,;:]|\([^()$]{1,40}\)|\{#[^{}$]*\})?\s*", rest) is not None


# ---- running text ------------------------------------------------------------------------------------------


def _inline(state: StateInline, silent: bool) -> bool:
    text, at = state.src, state.pos
    two = text[at : at + 2]
    if two == "$$":
        return _double(state, silent)
    if two.startswith("$"):
        return _single(state, silent)
    if two in (r"\(", r"\["):
        return _bracket(state, silent, two)
    m = _ENVIRONMENT.match(text, at) if two == r"\b" else None
    if m is None:
        return False
    closer = rf"\end{{{m.group(1)}}}"
    end = _closer(state, closer, m.end())
    if end < 0:
        return _unclosed(state, silent, m.group())
    return _formula(state, silent, DISPLAY, at, end + len(closer), end + len(closer))


def _closer(state: StateInline, closer: str, start: int) -> int:
    """Where the closing mark stands; a search that failed in this paragraph is not made again."""
    if state.env.get(closer) is state.src:
        return -1
    at = find(state.src, closer, start, state.posMax)
    if at < 0 and state.posMax == len(state.src):
        state.env[closer] = state.src
    return at


def _formula(state: StateInline, silent: bool, kind: str, start: int, end: int, behind: int) -> bool:
    if not silent:
        token = state.push(kind, "math", 0)
        token.meta = {"start": start, "end": end}
        token.content = state.src[start:end]
    state.pos = behind
    return True


def _unclosed(state: StateInline, silent: bool, mark: str) -> bool:
    """An opening mark without its partner: noted, and passed over as text."""
    if not silent:
        state.push(UNCLOSED, "", 0).meta = {"start": state.pos, "end": state.pos + len(mark), "mark": mark}
    state.pos += len(mark)
    return True


def _double(state: StateInline, silent: bool) -> bool:
    start = state.pos + 2
    end = _closer(state, "$$", start)
    if end < 0 or not (state.src[start:end].strip() == "" or _plausible(state.src[start:end])):
        return _unclosed(state, silent, "$$")
    return _formula(state, silent, DISPLAY, start, end, end + 2)


def _single(state: StateInline, silent: bool) -> bool:
    """A pair of dollars around a formula, and not two prices."""
    text, start = state.src, state.pos + 1
    if text[start : start + 1] == "`" and (end := text.find("`$", start + 1, state.posMax)) > 0:  # $`x`$
        return _formula(state, silent, INLINE, start + 1, end, end + 2)
    end = _closer(state, "$", start)
    if end < 0:
        damaged = text[start : start + 1].strip() and _promising(state, start)
        return _unclosed(state, silent, "$") if damaged else False
    content = text[start:end]
    loose = content[:1].isspace() or content[-1:].isspace()
    if not content.strip() or text[end + 1 : end + 2].isdigit() or (loose and not _is_mathematical(content)):
        return False
    return _formula(state, silent, INLINE, start, end, end + 1)


def _is_mathematical(content: str) -> bool:
    """Whether blanks inside the dollars may be meant: ``$ x^2 $`` is a formula, ``$ 5 or $`` is not."""
    both = content[:1].isspace() and content[-1:].isspace()
    return (both and len(content.strip()) == 1 and content.strip().isalpha()) or (
        _MATHEMATICAL.search(content) is not None and _PROSE.search(_TEXTUAL.sub("", content)) is None
    )


def _bracket(state: StateInline, silent: bool, opener: str) -> bool:
    r"""``\( \)`` and ``\[ \]``, which are also how Markdown escapes brackets."""
    start = state.pos + 2
    end = _closer(state, _CLOSERS[opener], start)
    if end < 0:
        return _unclosed(state, silent, opener) if _promising(state, start) else False
    if not _bracketed(state.src, opener, start, end):
        return False
    return _formula(state, silent, DISPLAY if opener == r"\[" else INLINE, start, end, end + 2)


def _promising(state: StateInline, start: int) -> bool:
    """Whether the rest of the line looks like a formula that was begun."""
    rest = state.src[start : min(state.posMax, start + LOOK_AHEAD)].split("\n", 1)[0]
    return re.search(r"\\[A-Za-z]|[_^]", rest) is not None


def _bracketed(text: str, opener: str, start: int, end: int) -> bool:
    """Whether brackets hold a formula and not words, a number, or the text of a link."""
    content = text[start:end].strip()
    if not content or (opener == r"\[" and text[end + 2 : end + 3] == "("):
        return False
    if _MATHEMATICAL.search(content) or (opener == r"\(" and len(content) <= 2):
        return True
    return re.search(r"[-*/()|]", content) is not None and _PROSE.search(content) is None
