"""LaTeX lexemes with their places. No meaning: what a letter stands for is decided later."""

from __future__ import annotations

import re

from symdl.errors import LatexError, Span
from symdl.reader import conventions as conv
from symdl.reader.macros import EMPTY, Expanded, Macro, Macros, expand, group_end, read_macros

LENGTH = 20_000
"""Longest formula that is read, in characters."""
TOKENS = 6_000
"""Most lexemes of one formula."""
DIGITS = 60
"""Longest numeral."""

__all__ = ["EMPTY", "Macro", "Macros", "Token", "expand", "read_macros", "tokenize"]


class Token:
    """One lexeme.

    Attributes:
        kind: ``letter number word text symbol command font accent open close bar relation times plus sub sup prime
            begin end row amp comma quad dots big brace endbrace bang eof``.
        text: its normalised spelling: a relation's name, a delimiter's character, a command without backslash.
        start: offset of its first character in the expanded text.
        end: offset behind its last one.
    """

    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"{self.kind}:{self.text}"


_LEXEME = re.compile(
    r"(?P<ws>(?:\s|%[^\n]*(?:\n|$))+)"
    r"|(?P<command>\\(?:operatorname|tag|hspace|vspace)\*|\\[A-Za-z]+)"
    r"|(?P<escape>\\[^A-Za-z]|\\$)"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<letter>[A-Za-z])"
    r"|(?P<dots>\.\.\.+)"
    r"|(?P<double>:=|\|\||<=(?![^{}]*>\})|>=|!=|<-|->|==)"
    r"|(?P<char>.)",
    re.S,
)
_SIMPLE: dict[str, tuple[str, str]] = {
    **{k: ("relation", v) for k, v in conv.RELATIONS.items()},
    "<=": ("relation", "<="),
    ">=": ("relation", ">="),
    "!=": ("relation", "!="),
    "==": ("relation", "="),
    "<-": ("relation", ":="),
    "->": ("relation", "->"),
    **{k: ("times", v) for k, v in conv.MULTIPLICATIVE.items()},
    **{k: ("plus", v) for k, v in conv.ADDITIVE.items()},
    **{k: ("open", v) for k, v in conv.OPENERS.items()},
    **{k: ("close", v) for k, v in conv.CLOSERS.items()},
    **{k: ("bar", v) for k, v in conv.BARS.items()},
    "||": ("bar", "||"),
    **{k: ("symbol", v) for k, v in conv.SYMBOLS.items()},
    **{k: ("big", v) for k, v in conv.BIG.items()},
    **{k: ("font", v) for k, v in conv.FONTS.items()},
    **{k: ("accent", v) for k, v in conv.ACCENTS.items()},
    **{"\\" + k: ("dots", k) for k in ("cdots",)},
    **{k: ("dots", k) for k in conv.DOTS},
    **{k: ("word", k[1:]) for k in conv.WORD_COMMANDS},
    **{k: ("quad", k) for k in conv.WIDE},
    "_": ("sub", "_"),
    "^": ("sup", "^"),
    "'": ("prime", "'"),
    "’": ("prime", "'"),
    "&": ("amp", "&"),
    ",": ("comma", ","),
    ";": ("comma", ";"),
    ".": ("comma", "."),
    "{": ("brace", "{"),
    "}": ("endbrace", "}"),
    "!": ("bang", "!"),
    r"\_": ("letter", "_"),
    r"\\": ("row", ""),
    r"\cr": ("row", ""),
    r"\newline": ("row", ""),
}
_SKIPPED_GROUP = frozenset(
    [
        r"\tag",
        r"\tag*",
        r"\label",
        r"\hspace",
        r"\hspace*",
        r"\vspace",
        r"\vspace*",
        r"\phantom",
        r"\hphantom",
        r"\vphantom",
        r"\color",
        r"\eqref",
        r"\ref",
        r"\cite",
    ]
)
_SIZES = frozenset(
    [
        r"\left",
        r"\right",
        r"\middle",
        r"\bigl",
        r"\bigr",
        r"\Bigl",
        r"\Bigr",
        r"\biggl",
        r"\biggr",
        r"\Biggl",
        r"\Biggr",
    ]
)
_WORD = re.compile(r"[A-Za-z][\w.\-]*\Z")
_WRAPPED = re.compile(r"\\math(?:bin|rel|ord|op|punct|inner)\s*\{([^{}]{1,16})\}")
_SKIP_AFTER_ROW = re.compile(r"\s*\[\s*-?[\d.]+\s*(?:ex|em|pt|mm|cm|in)\s*\]")


def tokenize(latex: str, macros: Macros = EMPTY) -> tuple[list[Token], Expanded]:
    r"""Splits a formula into lexemes; the last one is of kind ``eof``.

    Raises:
        LatexError: SD1xx for a damaged text, SD2xx beyond the limits.

    Example:
        >>> tokenize(r"\hat y_1 \le 2.5")[0]
        [accent:hat, letter:y, sub:_, number:1, relation:<=, number:2.5, eof:]
    """
    if len(latex) > LENGTH:
        raise LatexError("SD202", f"the formula has {len(latex)} characters", f"at most {LENGTH} are read: split it")
    expanded = expand(latex, macros)
    return _Tokenizer(expanded).run(), expanded


class _Tokenizer:
    def __init__(self, expanded: Expanded) -> None:
        self.expanded = expanded
        self.text = expanded.text
        if "\\math" in self.text:
            self.text = _WRAPPED.sub(lambda m: m.group(1).ljust(len(m.group())), self.text)
        self.out: list[Token] = []

    def fail(self, code: str, cause: str, remedy: str, start: int, end: int) -> LatexError:
        return LatexError(code, cause, remedy, self.expanded.span(start, end))

    def run(self) -> list[Token]:
        text, out = self.text, self.out
        at, stop = 0, len(self.text)
        match = _LEXEME.match
        while at < stop:
            m = match(text, at)
            if m is None:
                break
            at = self.lexeme(m)
            if len(out) > TOKENS:
                raise self.fail("SD202", f"the formula has more than {TOKENS} lexemes", "split it", 0, stop)
        out.append(Token("eof", "", stop, stop))
        return out

    def lexeme(self, m: re.Match[str]) -> int:
        """Takes one lexeme in; returns where to go on."""
        kind, word, start, end = m.lastgroup, m.group(), m.start(), m.end()
        if kind == "ws":
            return end
        if kind == "letter" or kind == "dots":
            self.out.append(Token(kind, word, start, end))
            return end
        if kind == "number":
            if len(word) > DIGITS:
                raise self.fail("SD202", f"a numeral of {len(word)} digits", "write it as a power", start, end)
            self.out.append(Token("number", word, start, end))
            return end
        simple = _SIMPLE.get(word)
        if simple is not None:
            self.out.append(Token(simple[0], simple[1], start, end))
            if simple[0] == "row" and (skip := _SKIP_AFTER_ROW.match(self.text, end)):
                return skip.end()
            return end
        if kind == "command":
            return self.command(word, start, end)
        if word in conv.SPACING:
            return end
        return self.character(word, start, end)

    def character(self, word: str, start: int, end: int) -> int:
        command = conv.UNICODE.get(word)
        if command is not None:
            kind, text = _SIMPLE[command] if command == "-" else _SIMPLE["\\" + command]
            self.out.append(Token(kind, text, start, end))
            return end
        if word.isalpha():
            self.out.append(Token("letter", word, start, end))
            return end
        if word == "$":
            raise self.fail("SD107", "a dollar sign inside the formula", "close the formula before it", start, end)
        raise self.fail("SD201", f"{word!r} is not known", "write it with a known command", start, end)

    def command(self, word: str, start: int, end: int) -> int:
        if word in conv.SPACING:
            return end
        if word in _SIZES:
            return self.sized(word, start, end)
        if word in conv.TEXTUAL:
            inner, stop = self.group(word, start, end)
            self.out.append(Token("text", inner.strip(), start, stop))
            return stop
        if word in conv.UPRIGHT:
            return self.upright(word, start, end)
        if word in (r"\begin", r"\end"):
            inner, stop = self.group(word, start, end)
            self.out.append(Token(word[1:], inner.strip().rstrip("*"), start, stop))
            return stop
        if word in _SKIPPED_GROUP:
            return self.group(word, start, end)[1]
        if word == r"\not":
            return self.negated(start, end)
        self.out.append(Token("command", word[1:], start, end))
        return end

    def group(self, word: str, start: int, end: int) -> tuple[str, int]:
        """The raw text of the group behind a command, and where it ends."""
        while end < len(self.text) and self.text[end].isspace():
            end += 1
        if self.text[end : end + 1] != "{":
            if word in conv.TEXTUAL and end < len(self.text) and self.text[end] not in "\\}":
                return self.text[end], end + 1
            raise self.fail("SD106", f"{word} without its argument", f"write {word}{{...}}", start, end)
        close = group_end(self.text, end)
        if close < 0:
            raise self.fail(
                "SD101", f"the brace behind {word} is never closed", "write the missing '}'", start, end + 1
            )
        return self.text[end + 1 : close - 1], close

    def upright(self, word: str, start: int, end: int) -> int:
        """``\\mathrm{..}``: one word if letters only, else a font around an expression."""
        try:
            inner, stop = self.group(word, start, end)
        except LatexError:
            self.out.append(Token("font", "rm", start, end))
            return end
        plain = re.sub(r"\\[,! ;:]|[\s{}~]|\\limits|\\_", lambda m: "_" if m.group() == r"\_" else "", inner)
        plain = plain.lstrip("\\") if re.fullmatch(r"\\(?:arg)?(?:max|min)", plain) else plain
        plain = plain.replace(r"arg\max", "argmax").replace(r"arg\min", "argmin")
        if _WORD.match(plain):
            self.out.append(Token("word", plain, start, stop))
            return stop
        self.out.append(Token("font", "rm", start, end))
        return end

    def sized(self, word: str, start: int, end: int) -> int:
        """``\\left(`` and its relatives: a delimiter that says which way it opens."""
        m = _LEXEME.match(self.text, end)
        if m is not None and m.lastgroup == "ws":
            m = _LEXEME.match(self.text, m.end())
        if m is None:
            raise self.fail("SD106", f"{word} without a delimiter", "write the delimiter behind it", start, end)
        delimiter = m.group()
        stop = m.end()
        if delimiter == "||":
            delimiter, stop = "|", m.start() + 1
        kind, text = _SIMPLE.get(delimiter, ("", delimiter))
        if delimiter == ".":
            text = "."
        elif kind not in ("open", "close", "bar") and delimiter not in ("<", ">", "/"):
            raise self.fail("SD106", f"{word} without a delimiter", "write the delimiter behind it", start, stop)
        text = {"<": "langle", ">": "langle", "mid": "|"}.get(text, text)
        if word == r"\middle":
            self.out.append(Token("bar", "mid", start, stop))
        elif word == r"\left" or word.endswith("l"):
            self.out.append(Token("open", text, start, stop))
        else:
            self.out.append(Token("close", text, start, stop))
        return stop

    def negated(self, start: int, end: int) -> int:
        m = re.compile(r"\s*(=|\\in\b|\\equiv\b|\\sim\b)").match(self.text, end)
        if m is None:
            raise self.fail("SD201", r"\not before what it cannot negate", r"write \ne or \notin", start, end)
        self.out.append(Token("relation", "notin" if m.group(1) == r"\in" else "!=", start, m.end()))
        return m.end()


def source_span(expanded: Expanded, first: Token, last: Token) -> Span:
    """The span in the written formula from one token to another."""
    return expanded.span(first.start, last.end)
