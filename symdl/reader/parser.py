r"""Recursive descent from lexemes to the syntax tree: rows, relations, sums, products.

Sums and products are flat, so a formula of thousands of terms needs no deep recursion; nesting is limited to
`DEPTH`. The parser decides nothing that needs to know what a name means.
"""

from __future__ import annotations

import re
from functools import lru_cache

from symdl.errors import LatexError
from symdl.reader import conventions as conv
from symdl.reader.macros import EMPTY, Macros
from symdl.reader.parser_operands import Operands
from symdl.reader.tokens import Token, tokenize
from symdl.terms.syntax import Block, Empty, Relation, Remark, Row, Sum, Syntax

_DAMAGED = re.compile(r"(?<![A-Za-z\\])(" + "|".join(k for k in conv.DAMAGED if len(k) > 2) + r")\s*\{")
_OPERATORS = ("times", "relation", "plus")


def parse(latex: str, macros: Macros = EMPTY) -> Block:
    r"""Reads one formula into its syntax tree.

    Args:
        latex: the text between the dollar signs.
        macros: the macros of the document.

    Returns:
        The rows of the formula.

    Raises:
        LatexError: SD1xx if the formula is damaged, SD2xx if it is beyond the limits or uses an unknown command.

    Example:
        >>> parse(r"z = W x + b").rows[0].items[0].operators
        ('=',)
        >>> parse(r"(a + b")
        Traceback (most recent call last):
        ...
        symdl.errors.LatexError: SD101: '(' is never closed (write the missing ')')
    """
    if not macros:
        return _parsed(latex)  # the first pass over a document has read it already
    return _parse(latex, macros)


@lru_cache(maxsize=4096)
def _parsed(latex: str) -> Block:
    return _parse(latex, EMPTY)


def _parse(latex: str, macros: Macros) -> Block:
    tokens, expanded = tokenize(latex, macros)
    hurt = _DAMAGED.search(latex)
    if hurt and not macros:
        command = conv.DAMAGED[hurt.group(1)]
        raise LatexError(
            "SD103",
            f"{hurt.group(1)!r} is the rest of a damaged {command}",
            f"write {command}",
            expanded.span(*hurt.span(1)),
        )
    try:
        return _Parser(tokens, expanded).block()
    except RecursionError:
        raise LatexError("SD202", "the formula is nested too deeply", "split it") from None


class _Parser(Operands):
    """Rows, relations, sums and products; `Operands` reads what stands between operators."""

    def block(self) -> Block:
        first = self.token
        rows: list[Row] = []
        while self.token.kind != "eof":
            rows += self.rows()
            if self.token.kind == "eof":
                break
            raise self.unexpected()
        return Block(self.span(first), tuple(rows))

    def rows(self) -> list[Row]:
        """Rows up to the end of the formula or of the environment."""
        out: list[Row] = []
        while True:
            first = self.token
            items, joints, inner = self.row_items(out)
            out = inner
            if items:
                out.append(Row(self.span(first), tuple(items), tuple(joints)))
            if self.token.kind != "row":
                return out
            self.advance()

    def row_items(self, done: list[Row]) -> tuple[list[Syntax], list[str], list[Row]]:
        """Items of one row; an environment inside contributes rows of its own."""
        items: list[Syntax] = []
        joints: list[str] = []
        joint = ""
        first = self.token
        while True:
            joint = self.separators(joint)
            token = self.token
            if token.kind in ("eof", "row", "end"):
                return items, joints, done
            if token.kind == "begin" and token.text in conv.ROW_ENVIRONMENTS:
                if items:
                    done = [*done, Row(self.span(first), tuple(items), tuple(joints))]
                    items, joints = [], []
                done = [*done, *self.environment()]
                first = self.token
                continue
            items.append(self.item(alone=not items))
            joints.append(joint)
            joint = ""

    def separators(self, joint: str) -> str:
        while self.token.kind in ("amp", "comma", "quad"):
            if self.token.kind == "comma":
                joint = joint or self.token.text
            elif self.token.kind == "quad":
                joint = "quad"
            self.advance()
        return joint

    def environment(self) -> list[Row]:
        opening = self.advance()
        if opening.text in conv.TWO_ARGUMENTS and self.token.kind == "brace":
            self.raw_group()
        self.deeper(opening)
        rows = self.rows()
        self.depth -= 1
        self.close_environment(opening)
        return rows

    def item(self, alone: bool) -> Syntax:
        token = self.token
        if token.kind == "text" and self.is_remark(top=True):
            self.advance()
            return Remark(self.span(token), token.text)
        if alone and token.kind in _OPERATORS and self.peek().kind in ("eof", "row", "end", "comma", "quad"):
            return self.lone_operator()
        return self.relation(top=True)

    def relation(self, top: bool = False) -> Syntax:
        """An expression, or several joined by relations; sides may be elided at either end."""
        first = self.token
        sides: list[Syntax] = []
        operators: list[str] = []
        if self.at_relation():
            sides.append(Empty(self.span_at(first)))
        else:
            sides.append(self.expression())
        while self.skip_alignment() and self.at_relation():
            operators.append(self.take_relation())
            self.skip_alignment()
            if self.at_relation() and self.token.text not in ("<", ":"):
                operators[-1] = operators[-1] if operators[-1] != "=" else self.token.text
                self.advance()
                self.skip_alignment()
            if self.ends_side():
                sides.append(Empty(self.span_at(self.token)))
                break
            sides.append(self.expression())
        if not operators:
            return sides[0]
        return Relation(self.span(first), tuple(operators), tuple(sides))

    def ends_side(self) -> bool:
        return self.token.kind in ("eof", "row", "end", "quad", "comma", "close", "endbrace") or (
            self.token.kind == "text" and self.is_remark(top=True)
        )

    def skip_alignment(self) -> bool:
        if not self.in_table:
            while self.token.kind == "amp":
                self.advance()
        return True

    def expression(self) -> Syntax:
        """Signed terms; flat."""
        first = self.token
        signs = [self.sign()]
        terms = [self.product()]
        while True:
            if not self.in_table and self.token.kind in ("amp", "row") and self.continues():
                while self.token.kind in ("amp", "row", "quad"):
                    self.advance()
            if self.token.kind != "plus":
                break
            if self.peek().kind == "endbrace":  # x^{t+}
                break
            signs.append(self.sign())
            self.skip_alignment()
            if self.token.kind == "row" and not self.in_table and self.goes_on():
                self.skip_row_break()
            terms.append(self.product())
        if len(terms) == 1 and not signs[0]:
            return terms[0]
        return Sum(self.span(first), tuple(signs), tuple(terms))

    def sign(self) -> str:
        """The sign before a term; several cancel as they do in print."""
        sign = ""
        while self.token.kind == "plus":
            text = self.advance().text
            sign = text if sign in ("", "+") else {"-": "+", "+": "-"}.get(text, text) if sign == "-" else sign
        return sign

    def continues(self) -> bool:
        """Whether the next row only goes on with the sum of this one: ``\\\\ &+ b``."""
        k = self.index
        crossed = False
        while self.tokens[k].kind in ("amp", "row", "quad"):
            crossed = crossed or self.tokens[k].kind == "row"
            k += 1
        if self.tokens[k].kind not in ("plus", "times") or self.tokens[k].text not in ("+", "-", "cdot", "times"):
            return False
        return not crossed or self.is_unrelated(k)

    def goes_on(self) -> bool:
        """Whether the row behind an operator at the end of a line holds no relation: ``a + \\\\ & b``."""
        k = self.index
        while self.tokens[k].kind in ("amp", "row", "quad"):
            k += 1
        return self.tokens[k].kind not in ("eof", "end") and self.is_unrelated(k)

    def is_unrelated(self, k: int) -> bool:
        """Whether no relation stands between a lexeme and the end of its row."""
        depth = 0
        while True:
            kind = self.tokens[k].kind
            if kind in ("eof", "end") or (kind == "row" and depth == 0):
                return True
            depth += (kind in ("brace", "open", "begin")) - (kind in ("endbrace", "close"))
            if kind == "relation" and depth == 0:
                return False
            k += 1

    def unexpected(self, token: Token | None = None) -> LatexError:
        token = token or self.token
        if token.kind == "close":
            return self.fail(
                "SD102", f"{self.show(token)!r} closes nothing", "remove it or write what it closes", token
            )
        if token.kind == "endbrace":
            return self.fail("SD102", "'}' closes nothing", "remove it or write the missing '{'", token)
        if token.kind == "end":
            command = rf"\begin{{{token.text}}}"
            return self.fail("SD105", rf"\end{{{token.text}}} without {command}", f"write {command}", token)
        return self.fail("SD104", f"{self.show(token)!r} is not expected here", "check what stands before it", token)
