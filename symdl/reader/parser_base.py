"""What all parts of the parser share: the lexemes, the place, the depth, the errors."""

from __future__ import annotations

from symdl.errors import LatexError, Span
from symdl.reader import conventions as conv
from symdl.reader.macros import Expanded
from symdl.reader.tokens import Token
from symdl.terms.syntax import Syntax

DEPTH = 40
"""Deepest nesting that is read; a sheet's deepest formulas have about ten levels."""


class Base:
    """A cursor over lexemes, and the productions its parts call across files."""

    def __init__(self, tokens: list[Token], expanded: Expanded) -> None:
        self.tokens = tokens
        self.expanded = expanded
        self.index = 0
        self.token = tokens[0]
        self.depth = 0
        self.bars_left: dict[Token, int] = {}  # bar -> how many of its kind stand in its bracket from it on
        self.bars: list[str] = []  # open bars of the innermost fence
        self.angles = 0  # open '<' marks: '>' closes them
        self.in_table = False

    # ---- the cursor

    def advance(self) -> Token:
        """Goes on to the next lexeme and returns the one left behind."""
        token = self.token
        if token.kind != "eof":
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def peek(self, by: int = 1) -> Token:
        """A lexeme further on."""
        return self.tokens[min(self.index + by, len(self.tokens) - 1)]

    def previous(self) -> Token:
        """The lexeme just left behind."""
        return self.tokens[max(self.index - 1, 0)]

    def tight(self, left: Token, right: Token) -> bool:
        """Whether nothing stands between two lexemes, not even a blank."""
        return left.end == right.start

    def deeper(self, token: Token) -> None:
        """Counts one more level of nesting."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.fail("SD202", f"nested more than {DEPTH} levels deep", "split the formula", token)

    # ---- places and errors

    def span(self, first: Token) -> Span:
        """The written span from ``first`` to the lexeme just left behind."""
        last = self.tokens[self.index - 1] if self.index else first
        if self.expanded.origin is None:
            return Span(first.start, last.end if last.end > first.start else first.start)
        return self.expanded.span(first.start, max(last.end, first.start))

    def span_at(self, token: Token) -> Span:
        """The empty span before a lexeme."""
        return self.expanded.span(token.start, token.start)

    def fail(self, code: str, cause: str, remedy: str, token: Token) -> LatexError:
        """An error at a lexeme."""
        return LatexError(code, cause, remedy, self.expanded.span(token.start, token.end))

    def show(self, token: Token) -> str:
        """The lexeme as it is written."""
        return self.expanded.text[token.start : token.end] or "the end of the formula"

    # ---- decisions both halves need

    def at_relation(self) -> bool:
        """Whether a relation stands here (``>`` closes an angle mark instead, ``:`` may separate in a set)."""
        token = self.token
        if token.kind != "relation":
            return token.kind == "command" and token.text in ("overset", "stackrel", "underset") and self.is_stacked()
        return not (token.text == ">" and self.angles)

    def is_stacked(self) -> bool:
        """Whether a relation with something above it stands here: ``\\overset{!}{=}``."""
        k = self.group_behind(self.index + 1)
        return (
            k is not None
            and self.tokens[k].kind == "brace"
            and self.tokens[k + 1].kind == "relation"
            and self.tokens[k + 2].kind == "endbrace"
        )

    def group_behind(self, k: int) -> int | None:
        """Index behind the braced group at ``k``; ``None`` if there is none."""
        if self.tokens[k].kind != "brace":
            return k + 1 if self.tokens[k].kind != "eof" else None
        depth = 0
        for j in range(k, len(self.tokens)):
            depth += (self.tokens[j].kind == "brace") - (self.tokens[j].kind == "endbrace")
            if depth == 0:
                return j + 1
        return None

    def take_relation(self) -> str:
        """Takes a relation in; returns its name."""
        token = self.advance()
        if token.kind == "command":
            self.raw_group()
            self.advance()
            name = self.advance().text
            self.advance()
            return name
        if token.text == ":" and self.token.kind == "relation" and self.token.text == "=":
            self.advance()
            return ":="
        return token.text

    def raw_group(self) -> str:
        """Skips one argument, braced or a single lexeme; returns its raw text."""
        first = self.token
        behind = self.group_behind(self.index)
        if behind is None:
            raise self.fail("SD101", f"{self.show(first)!r} is never closed", "write the missing '}'", first)
        while self.index < behind:
            self.advance()
        return self.expanded.text[first.start : self.previous().end].strip("{}")

    def is_remark(self, top: bool = False) -> bool:
        """Whether a ``\\text`` is words between formulas rather than a name."""
        text = self.token.text
        word = text.strip(" .,:;()").lower()
        if word in conv.REMARKS or not word:
            return True
        if not any(c in text for c in " ,:;$()"):
            return False
        following = self.peek()
        if top and following.kind in ("relation", "sub", "sup", "times", "plus"):
            return following.kind == "plus" and following.text == "-"
        return top

    def close_environment(self, opening: Token) -> None:
        """Takes in the ``\\end`` that belongs to ``opening``."""
        if self.token.kind != "end":
            if self.token.kind == "eof":
                end = rf"\end{{{opening.text}}}"
                raise self.fail("SD105", rf"\begin{{{opening.text}}} is never closed", f"write {end}", opening)
            raise self.unexpected()
        if self.token.text != opening.text:
            cause = rf"\begin{{{opening.text}}} is closed by \end{{{self.token.text}}}"
            raise self.fail("SD105", cause, rf"write \end{{{opening.text}}}", self.token)
        self.advance()

    # ---- productions of the other files

    def unexpected(self, token: Token | None = None) -> LatexError:
        """The error for a lexeme that fits nowhere."""
        raise NotImplementedError

    def relation(self, top: bool = False) -> Syntax:
        """Expressions joined by relations."""
        raise NotImplementedError

    def expression(self) -> Syntax:
        """Signed terms."""
        raise NotImplementedError
