"""The parser's brackets: groups, fences, bars, script groups, tables."""

from __future__ import annotations

from symdl.errors import LatexError
from symdl.reader import conventions as conv
from symdl.reader.parser_base import Base
from symdl.reader.tokens import Token
from symdl.terms.syntax import Empty, Fence, Letter, Mark, Relation, Remark, Row, Syntax, Table, Word

_WRITTEN = {"langle": "⟩", "floor": "⌋", "ceil": "⌉", "(": ")", "[": "]", "{": "\\}", "|": "|", "||": "\\|"}


class Fences(Base):
    """Everything between delimiters."""

    # ---- groups

    def group(self) -> Syntax:
        """``{...}``: an expression, or a list of several."""
        opening = self.advance()
        items, separators = self.inside(opening, "endbrace", "}")
        self.advance()
        if len(items) == 1 and not separators:
            return items[0]
        if not items:
            return Empty(self.span(opening))
        return Fence(self.span(opening), "", "", tuple(items), tuple(separators))

    def group_operand(self, token: Token) -> Syntax:
        """A group as an operand: an invisible bracket around a sum or product, nothing around a single thing."""
        node = self.group()
        return node if not _is_composite(node) else Fence(self.span(token), "", "", (node,), ())

    def inside(self, opening: Token, kind: str, closer: str) -> tuple[list[Syntax], list[str]]:
        """Items up to a closing lexeme, which is not taken in."""
        self.deeper(opening)
        outer_bars, outer_angles, outer_table = self.bars, self.angles, self.in_table
        self.bars, self.angles, self.in_table = [], 0, False
        items, separators = self.items(kind)
        if self.token.kind != kind:
            raise self.unclosed(opening, closer)
        self.depth -= 1
        self.bars, self.angles, self.in_table = outer_bars, outer_angles, outer_table
        return items, separators

    def unclosed(self, opening: Token, closer: str) -> LatexError:
        """The error for a delimiter whose partner is missing."""
        token = self.token
        shown = self.show(opening)
        if token.kind in ("eof", "row", "end", "amp", "endbrace", "close"):
            return self.fail("SD101", f"{shown!r} is never closed", f"write the missing {closer!r}", opening)
        return self.unexpected()

    def items(self, kind: str) -> tuple[list[Syntax], list[str]]:
        """Relations separated by commas, semicolons, bars, wide blanks."""
        items: list[Syntax] = []
        separators: list[str] = []
        while self.token.kind != kind and self.token.kind != "eof":
            after_item = len(separators) < len(items)
            if self.token.kind in ("comma", "quad", "amp") or (self.token.kind == "bar" and after_item):
                text = {"quad": ",", "amp": ","}.get(self.token.kind, self.token.text)
                if items and len(separators) < len(items):
                    separators.append("|" if self.token.text in ("mid", "|") else text)
                self.advance()
                continue
            if items and len(separators) < len(items):
                if self.token.kind != "text":
                    break
                separators.append(",")
            if self.token.kind == "close" and kind != "close":
                break
            items.append(self.inner_item())
        return items, separators[: max(len(items) - 1, 0)] if items else []

    def inner_item(self) -> Syntax:
        """One item of a list: a relation, an expression, a remark, an operator alone."""
        token = self.token
        if token.kind == "text" and self.is_remark():
            self.advance()
            return Remark(self.span(token), token.text)
        if token.kind in ("times", "plus", "relation") and self.peek().kind in ("close", "endbrace", "comma"):
            return self.lone_operator()
        return self.relation()

    def lone_operator(self) -> Syntax:
        """An operator that stands alone: ``x^*``, ``f(\\cdot)``."""
        token = self.advance()
        return Mark(self.span(token), token.text)

    # ---- scripts

    def script_group(self) -> Syntax:
        """``_{...}`` or ``^{...}``: letters in a row stay together, ``<t>`` is a fence."""
        opening = self.token
        run = self.letter_run()
        if run is not None:
            return run
        following = self.peek()
        if following.kind == "times" and following.text == "odot" and self.peek(2).kind != "endbrace":
            self.tokens.pop(self.index + 1)  # x^{\\odot 2}: powers are elementwise anyway
        self.split_slices()
        if following.kind == "relation" and following.text == "<" and self.has_angle_close():
            return self.angle_group(opening)
        return self.group()

    def split_slices(self) -> None:
        r"""``W_{\cdot j}``, ``W_{i \cdot}``: a dot for all of an axis is an item of its own."""
        for k in range(self.index + 1, min(self.index + 3, len(self.tokens))):
            token, before, behind = self.tokens[k], self.tokens[k - 1], self.tokens[min(k + 1, len(self.tokens) - 1)]
            if token.kind != "times" or token.text != "cdot":
                continue
            if before.kind == "brace" and behind.kind not in ("endbrace", "comma"):
                self.tokens.insert(k + 1, Token("comma", ",", token.end, token.end))
            elif before.kind in ("letter", "number") and behind.kind == "endbrace":
                self.tokens.insert(k, Token("comma", ",", token.start, token.start))
            return

    def letter_run(self) -> Syntax | None:
        """A group of two or more letters and nothing else, which only elaboration can tell apart from ``ij``."""
        k = self.index + 1
        while self.tokens[k].kind == "letter":
            k += 1
        count = k - self.index - 1
        if count < 2 or self.tokens[k].kind != "endbrace":
            return None
        opening = self.advance()
        letters = self.tokens[self.index : k]
        while self.index <= k:
            self.advance()
        places = tuple(self.expanded.span(t.start, t.end) for t in letters)
        return Word(self.span(opening), "".join(t.text for t in letters), "script", places)

    def has_angle_close(self) -> bool:
        """Whether a ``>`` closes the ``<`` that begins a group."""
        behind = self.group_behind(self.index)
        inner = self.tokens[self.index : behind or self.index]
        return any(t.kind == "relation" and t.text == ">" for t in inner)

    def angle_group(self, opening: Token) -> Syntax:
        """``^{<t-1>}``, possibly with more behind it."""
        self.advance()
        less = self.advance()
        self.deeper(less)
        self.angles += 1
        body = self.expression()
        self.angles -= 1
        self.depth -= 1
        if not (self.token.kind == "relation" and self.token.text == ">"):
            raise self.fail("SD101", "'<' is never closed", "write the missing '>'", less)
        self.advance()
        mark = Fence(self.span(less), "langle", "langle", (body,), ())
        if self.token.kind == "endbrace":
            self.advance()
            return mark
        items: list[Syntax] = [mark]
        while self.token.kind not in ("endbrace", "eof"):
            items.append(self.relation())
        if self.token.kind != "endbrace":
            raise self.unclosed(opening, "}")
        self.advance()
        return Fence(self.span(opening), "", "", tuple(items), ("",) * (len(items) - 1))

    # ---- fences

    def fence(self, token: Token) -> Syntax:
        """``( ... )`` and its relatives."""
        opening = self.advance()
        if opening.text in ("|", "||"):
            return self.bar_body(opening, opening.text)
        items, separators = self.inside(opening, "close", _WRITTEN.get(opening.text, ")"))
        closing = self.token
        allowed = conv.PARTNERS.get(opening.text)
        if allowed is not None and closing.text not in (*allowed, ".") and opening.text != ".":
            shown = self.show(opening)
            cause = f"{shown!r} is closed by {self.show(closing)!r}"
            raise self.fail("SD101", cause, f"write {_WRITTEN.get(opening.text, ')')!r}", closing)
        self.advance()
        return Fence(self.span(token), opening.text, closing.text, tuple(items), tuple(separators))

    def bar_fence(self, token: Token) -> Syntax:
        """``|x|``, ``\\|x\\|``, ``||x||``."""
        opening = self.advance()
        if opening.text == "mid":
            raise self.unexpected(opening)
        return self.bar_body(opening, opening.text)

    def bar_body(self, opening: Token, kind: str) -> Syntax:
        """What stands between bars, the closing bar included."""
        self.deeper(opening)
        self.bars.append(kind)
        outer = self.in_table
        self.in_table = False
        items: list[Syntax] = [self.relation()]
        while self.token.kind == "comma":
            self.advance()
            items.append(self.relation())
        self.in_table = outer
        self.bars.pop()
        self.depth -= 1
        self.split_double_bar(kind)
        if not (self.token.kind in ("bar", "close") and self.token.text == kind):
            raise self.fail("SD101", f"{self.show(opening)!r} is never closed", "write the closing bar", opening)
        self.advance()
        return Fence(self.span(opening), kind, kind, tuple(items), (",",) * (len(items) - 1))

    def split_double_bar(self, kind: str) -> None:
        """``|a||b|``: the lexeme ``||`` is a closing and an opening bar."""
        token = self.token
        if kind == "|" and token.kind == "bar" and token.text == "||" and self.show(token) == "||":
            middle = token.start + 1
            self.tokens[self.index] = Token("bar", "|", token.start, middle)
            self.tokens.insert(self.index + 1, Token("bar", "|", middle, token.end))
            self.token = self.tokens[self.index]

    def bar_opens(self) -> bool:
        """Whether a bar behind an operand opens a new pair: an even number of them is left before the closing."""
        token = self.token
        if token.text == "mid" or (self.bars and (self.bars[-1] == token.text or self.bars[-1] == "|")):
            return False
        count = self.count_bars(token)
        return count % 2 == 0 and count > 0

    def count_bars(self, token: Token) -> int:
        """How many bars of one kind stand in this bracket from here on; each is counted once for all."""
        if token in self.bars_left:  # splitting a double bar further on changes the count by two
            return self.bars_left[token]
        depth = 0
        found: list[Token] = []
        for k in range(self.index, len(self.tokens)):
            t = self.tokens[k]
            if t.kind in ("open", "brace", "begin"):
                depth += 1
            elif t.kind in ("close", "endbrace", "end"):
                if depth == 0:
                    break
                depth -= 1
            elif t.kind in ("row", "amp", "quad", "relation") and depth == 0:
                break
            elif depth == 0 and t.kind == "bar" and t.text == token.text:
                found.append(t)
        self.bars_left.update((bar, len(found) - k) for k, bar in enumerate(found))
        return len(found)

    # ---- tables

    def table(self, token: Token) -> Syntax:
        """Matrices, cases, arrays; row environments inside an expression too."""
        opening = self.advance()
        name = opening.text
        if name not in conv.TABLE_ENVIRONMENTS and name not in conv.ROW_ENVIRONMENTS:
            raise self.fail(
                "SD201", f"the environment {name} is not known", "use matrix, cases, array or aligned", token
            )
        if name in ("array", *conv.TWO_ARGUMENTS) and self.token.kind == "brace":
            self.raw_group()
        self.deeper(opening)
        outer_table, outer_bars = self.in_table, self.bars
        self.in_table, self.bars = True, []
        rows = self.table_rows()
        self.in_table, self.bars = outer_table, outer_bars
        self.depth -= 1
        self.close_environment(opening)
        return Table(self.span(token), name, tuple(rows))

    def table_rows(self) -> list[tuple[Syntax, ...]]:
        """Rows of a table, up to its end."""
        rows: list[tuple[Syntax, ...]] = []
        cells: list[Syntax] = []
        while True:
            while self.token.kind == "command" and self.token.text in ("hline", "cline", "midrule", "toprule"):
                self.advance()
            cells.append(self.cell())
            if self.token.kind == "amp":
                self.advance()
                continue
            if len(cells) > 1 or not isinstance(cells[0], Empty):
                rows.append(tuple(cells))
            cells = []
            if self.token.kind != "row":
                return rows
            self.advance()

    def cell(self) -> Syntax:
        """One cell of a table."""
        first = self.token
        items: list[Syntax] = []
        while self.token.kind not in ("amp", "row", "end", "eof"):
            if self.token.kind in ("comma", "quad"):
                self.advance()
                continue
            if self.token.kind in ("times", "plus") and self.peek().kind in ("amp", "row", "end"):
                items.append(self.lone_operator())
                continue
            items.append(self.inner_item())
        if not items:
            return Empty(self.span_at(first))
        if len(items) == 1:
            return items[0]
        return Row(self.span(first), tuple(items), ("",) * len(items))


def _is_composite(node: Syntax) -> bool:
    return not isinstance(node, (Letter, Word, Relation, Fence))
