"""The parser's operands: factors, scripts, commands with arguments, words."""

from __future__ import annotations

import re

from symdl.reader import conventions as conv
from symdl.reader.parser_fences import Fences
from symdl.reader.tokens import Token
from symdl.terms.syntax import (
    Accent,
    Binomial,
    Dots,
    Empty,
    Fence,
    Font,
    Fraction,
    Letter,
    Mark,
    Number,
    Product,
    Root,
    Script,
    Scripted,
    Stack,
    Sum,
    Syntax,
    Word,
)

_STARTS = frozenset(
    ["letter", "number", "word", "symbol", "command", "font", "accent", "open", "begin", "dots", "big", "brace", "text"]
)
_SEPARATED = re.compile(r"[A-Za-z]+(?:\\_[A-Za-z0-9]+)+")
_DOTTED = re.compile(r"(?:np|numpy|torch|tf|nn|F)\.[A-Za-z][A-Za-z.]*[A-Za-z]")
_NO_OPERAND = frozenset(["over", "atop", "choose", "hline", "hfill", "end"])


class Operands(Fences):
    """Products of factors, and everything a factor may be."""

    def product(self) -> Syntax:
        """Factors in a row; flat."""
        first = self.token
        factors = [self.factor()]
        operators: list[str] = []
        while True:
            token = self.token
            if token.kind == "times":
                if self.peek().kind == "endbrace":
                    break
                operators.append(self.advance().text)
                self.skip_row_break()
                factors.append(self.signed_factor() if self.token.kind == "plus" else self.factor())
            elif self.starts_factor():
                operators.append("")
                factors.append(self.factor())
            elif self.at_point():
                factors, operators = [self.evaluated(first, factors, operators)], []
            else:
                break
        if len(factors) == 1:
            return factors[0]
        return Product(self.span(first), tuple(factors), tuple(operators))

    def at_point(self) -> bool:
        """Whether a bar stands here that closes nothing and has a subscript: ``f'(x)|_{x = 0}``."""
        token = self.token
        return token.kind == "bar" and token.text == "|" and not self.bars and self.peek().kind == "sub"

    def evaluated(self, first: Token, factors: list[Syntax], operators: list[str]) -> Syntax:
        """A product taken at a point."""
        span = self.span(first)
        body = factors[0] if len(factors) == 1 else Product(span, tuple(factors), tuple(operators))
        self.advance()
        return self.scripts(Fence(self.span(first), ".", "|", (body,), ()), first)

    def skip_row_break(self) -> None:
        """A product that goes on behind a line break: ``a \\cdot \\\\ & b``."""
        while not self.in_table and self.token.kind in ("row", "amp"):
            self.advance()

    def signed_factor(self) -> Syntax:
        """``a \\cdot -b``."""
        first = self.token
        sign = self.advance().text
        body = self.factor()
        return Sum(self.span(first), (sign,), (body,))

    def starts_factor(self) -> bool:
        """Whether another factor follows at once."""
        token = self.token
        kind = token.kind
        if kind == "bar":
            return self.bar_opens()
        if kind not in _STARTS:
            return False
        if kind == "text":
            return not self.is_remark(top=self.depth == 0)
        if kind == "command":
            return token.text not in _NO_OPERAND and not self.at_relation()
        return not (kind == "begin" and token.text in conv.ROW_ENVIRONMENTS and self.depth == 0)

    def factor(self) -> Syntax:
        """A primary with its scripts."""
        first = self.token
        base = self.primary()
        kind = self.token.kind
        if kind == "number" and isinstance(base, (Letter, Word)) and self.glued_number(first):
            number = self.advance()
            script = Script("sub", Number(self.span(number), number.text), self.span(number))
            base = Scripted(self.span(first), base, (script,))
            kind = self.token.kind
        if kind in ("sub", "sup", "prime", "bang"):
            return self.scripts(base, first)
        return base

    def glued_number(self, first: Token) -> bool:
        """``W1``, ``dW2``: a number stuck to a name is its subscript."""
        number = self.token
        return (
            first.kind in ("letter", "symbol")
            and (first.kind == "letter" or first.text in conv.GREEK)
            and self.tight(self.previous(), number)
            and number.text.isdigit()
            and self.peek().text != "("
        )

    def scripts(self, base: Syntax, first: Token) -> Syntax:
        """The scripts behind a base."""
        out: list[Script] = []
        while True:
            token = self.token
            if token.kind in ("prime", "bang"):
                self.advance()
                out.append(Script(token.kind, None, self.span(token)))
            elif token.kind in ("sub", "sup"):
                self.advance()
                body = self.script_body(token)
                position = token.kind
                if isinstance(body, Letter) and body.name == "prime" and position == "sup":
                    out.append(Script("prime", None, self.span(token)))
                else:
                    out.append(Script(position, body, self.span(token)))
            else:
                return Scripted(self.span(first), base, tuple(out))

    def script_body(self, script: Token) -> Syntax:
        """What stands behind ``_`` or ``^``."""
        token = self.token
        if token.kind == "brace":
            return self.script_group()
        if token.kind in ("eof", "endbrace", "close", "amp", "row"):
            raise self.fail("SD103", f"{script.text!r} without a script", "write the script behind it", script)
        return self.argument()

    def argument(self) -> Syntax:
        """The argument of a command: a group or one lexeme (one digit of a number, as in TeX)."""
        token = self.token
        if token.kind == "brace":
            return self.group()
        if token.kind == "number":
            return self.digit()
        if token.kind == "letter":
            self.advance()
            return Letter(self.span(token), token.text)
        if token.kind in ("times", "plus"):
            self.advance()
            return Mark(self.span(token), token.text)
        if token.kind == "prime":
            self.advance()
            return Letter(self.span(token), "prime")
        return self.primary()

    def digit(self) -> Syntax:
        """The first digit of a number; the rest stays."""
        token = self.token
        if len(token.text) == 1 or token.text[0] == ".":
            self.advance()
            return Number(self.span(token), token.text)
        self.tokens[self.index] = Token("number", token.text[0], token.start, token.start + 1)
        rest = Token("number", token.text[1:], token.start + 1, token.end)
        self.tokens.insert(self.index + 1, rest)
        self.token = self.tokens[self.index]
        self.advance()
        return Number(self.span(self.previous()), token.text[0])

    def primary(self) -> Syntax:
        """An operand without scripts."""
        token = self.token
        method = _PRIMARIES.get(token.kind)
        if method is None:
            raise self.missing_operand(token)
        node: Syntax = method(self, token)
        return node

    def missing_operand(self, token: Token) -> Exception:
        """The error where an operand should stand."""
        if token.kind in ("close", "endbrace", "end"):
            before = self.previous()
            if self.index == 0 or not self.depth:
                return self.unexpected(token)
            if before.kind in ("plus", "times", "relation"):
                return self.fail("SD103", f"nothing follows {self.show(before)!r}", "write the operand", before)
            return self.fail("SD103", "an operand is missing", f"write it before {self.show(token)!r}", token)
        if token.kind in ("eof", "row"):
            before = self.previous()
            return self.fail("SD103", f"nothing follows {self.show(before)!r}", "write the operand", before)
        return self.fail("SD103", f"an operand is missing before {self.show(token)!r}", "write it", token)

    # ---- one method per kind of lexeme

    def take_number(self, token: Token) -> Syntax:
        """A numeral."""
        self.advance()
        return Number(self.span(token), token.text)

    def take_symbol(self, token: Token) -> Syntax:
        """A Greek letter or symbol; ``\\Delta x`` is one name."""
        self.advance()
        if token.text == "Delta" and self.token.kind == "letter" and self.token.text.isalpha():
            letter = self.advance()
            return Letter(self.span(token), "Delta_" + letter.text)
        if token.text == "Delta" and self.token.kind == "symbol" and self.token.text in conv.PARAMETER_MARKS:
            return Letter(self.span(token), "Delta_" + self.advance().text)
        if token.text == "number":
            body = self.primary() if self.token.kind in ("text", "letter", "word") else None
            words = body.text if isinstance(body, Word) else body.name if isinstance(body, Letter) else ""
            return Word(self.span(token), "num_" + words.strip().replace(" ", "_"), "text")
        return Letter(self.span(token), token.text)

    def take_word(self, token: Token) -> Syntax:
        """A function or an upright word."""
        self.advance()
        text = token.text
        if text == "arg" and self.token.kind == "word" and self.token.text in ("max", "min"):
            text += self.advance().text
        command = self.expanded.text[token.start + 1 : token.end] == token.text
        return Word(self.span(token), text, "command" if command else "upright")

    def take_text(self, token: Token) -> Syntax:
        """A ``\\text`` that is a name."""
        self.advance()
        text = token.text.replace(r"\_", "_").strip("{} ")
        return Word(self.span(token), text, "text")

    def take_big(self, token: Token) -> Syntax:
        """A big operator; elaboration finds its body."""
        self.advance()
        return Word(self.span(token), token.text, "big")

    def take_dots(self, token: Token) -> Syntax:
        """An ellipsis."""
        self.advance()
        return Dots(self.span(token))

    def take_font(self, token: Token) -> Syntax:
        """A font and what it applies to."""
        body = self.decorated(token)
        return Font(self.span(token), token.text, body)

    def take_accent(self, token: Token) -> Syntax:
        """An accent and what it stands on."""
        body = self.decorated(token)
        return Accent(self.span(token), token.text, body)

    def decorated(self, token: Token) -> Syntax:
        """What a font or an accent applies to."""
        self.advance()
        self.deeper(token)
        body = self.argument()
        self.depth -= 1
        return body

    def take_letters(self, token: Token) -> Syntax:
        """Letters in a row: one word if the table of notations says so, else the first letter."""
        text = self.expanded.text
        for pattern in (_SEPARATED, _DOTTED):
            m = pattern.match(text, token.start) if text[token.start + 1 : token.start + 8].strip() else None
            if m:
                while self.token.start < m.end() and self.token.kind != "eof":
                    self.advance()
                return Word(self.span(token), m.group().replace(r"\_", "_"), "bare")
        k = self.index
        while self.tokens[k + 1].kind == "letter" and self.tokens[k + 1].start == self.tokens[k].end:
            k += 1
        if k == self.index:
            self.advance()
            return Letter(self.span(token), token.text)
        run = text[token.start : self.tokens[k].end]
        called = text[self.tokens[k].end : self.tokens[k].end + 1] == "("
        if run.isascii() and conv.is_word(run, called):
            while self.index <= k:
                self.advance()
            return Word(self.span(token), run, "bare")
        self.advance()
        return Letter(self.span(token), token.text)

    def take_command(self, token: Token) -> Syntax:
        """A command with arguments."""
        name = token.text
        method = _COMMANDS.get(name)
        if method is not None:
            self.advance()
            self.deeper(token)
            node: Syntax = method(self, token)
            self.depth -= 1
            return node
        raise self.fail("SD201", f"the command \\{name} is not known", "define it with \\newcommand", token)

    def fraction(self, token: Token) -> Syntax:
        """``\\frac``."""
        top = self.argument_of(token)
        bottom = self.argument_of(token)
        return Fraction(self.span(token), top, bottom)

    def binomial(self, token: Token) -> Syntax:
        """``\\binom``."""
        top = self.argument_of(token)
        bottom = self.argument_of(token)
        return Binomial(self.span(token), top, bottom)

    def root(self, token: Token) -> Syntax:
        """``\\sqrt``."""
        degree = None
        if self.token.kind == "open" and self.token.text == "[":
            self.advance()
            degree = self.expression()
            if self.token.kind != "close":
                raise self.fail("SD101", "'[' is never closed", "write the missing ']'", token)
            self.advance()
        body = self.argument_of(token)
        return Root(self.span(token), body, degree)

    def argument_of(self, token: Token) -> Syntax:
        """An argument a command needs."""
        if self.token.kind in ("eof", "endbrace", "close", "relation", "row", "amp", "sub", "sup"):
            raise self.fail("SD106", f"\\{token.text} without its argument", "write its arguments in braces", token)
        return self.argument()

    def stacked(self, token: Token) -> Syntax:
        """``\\underset{note}{body}``."""
        note = self.argument_of(token)
        body = self.argument_of(token)
        if token.text == "underset" and (isinstance(body, Word) or (isinstance(body, Font) and body.name == "bb")):
            return Scripted(self.span(token), body, (Script("sub", note, note.span),))
        if isinstance(body, Letter) and body.name == "nabla":
            return body
        return Stack(self.span(token), body, note, "under" if token.text == "underset" else "over")

    def braced(self, token: Token) -> Syntax:
        """``\\underbrace{body}_{note}``."""
        body = self.argument_of(token)
        note: Syntax = Empty(self.span_at(self.token))
        if self.token.kind in ("sub", "sup"):
            script = self.advance()
            note = self.script_body(script)
        return Stack(self.span(token), body, note, "under" if token.text.startswith("under") else "over")

    def wrapped(self, token: Token) -> Syntax:
        """A command that only decorates its argument."""
        return self.argument_of(token)

    def coloured(self, token: Token) -> Syntax:
        """A command with a colour before its argument."""
        self.raw_group()
        return self.argument_of(token)


_PRIMARIES = {
    "number": Operands.take_number,
    "letter": Operands.take_letters,
    "symbol": Operands.take_symbol,
    "word": Operands.take_word,
    "text": Operands.take_text,
    "big": Operands.take_big,
    "dots": Operands.take_dots,
    "font": Operands.take_font,
    "accent": Operands.take_accent,
    "command": Operands.take_command,
    "brace": Operands.group_operand,
    "open": Operands.fence,
    "bar": Operands.bar_fence,
    "begin": Operands.table,
}
_COMMANDS = {
    "frac": Operands.fraction,
    "dfrac": Operands.fraction,
    "tfrac": Operands.fraction,
    "cfrac": Operands.fraction,
    "nicefrac": Operands.fraction,
    "binom": Operands.binomial,
    "dbinom": Operands.binomial,
    "tbinom": Operands.binomial,
    "sqrt": Operands.root,
    "underset": Operands.stacked,
    "overset": Operands.stacked,
    "stackrel": Operands.stacked,
    "underbrace": Operands.braced,
    "overbrace": Operands.braced,
    "boxed": Operands.wrapped,
    "cancel": Operands.wrapped,
    "smash": Operands.wrapped,
    "substack": Operands.wrapped,
    "mathclap": Operands.wrapped,
    "textcolor": Operands.coloured,
    "colorbox": Operands.coloured,
}
