r"""The layout of functions: ``e^{x}``, ``\sqrt{x}``, ``\max(0, x)``, and every row of the function table."""

from __future__ import annotations

import re
from fractions import Fraction

from symdl.functions import lookup
from symdl.notation.boxes import Box, Fenced, Radical, Scripts, Symbol, joined, letter, listed, operator, row
from symdl.notation.layout_base import ATOM, MUL, POW, Layout, Part, bracketed, is_simple
from symdl.notation.spelling import GREEK
from symdl.terms import array
from symdl.terms.array import Node

PREFIXED = frozenset("log sin cos tan sinh cosh tanh arctan arcsin arccos".split())
"""Functions printed without brackets before one letter."""
_UPRIGHT = {
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "logsumexp": "LSE",
    "trace": "tr",
    "diag": "diag",
    "maximum": "max",
    "minimum": "min",
    "argmax": r"\arg\max",
    "argmin": r"\arg\min",
    "var": "Var",
    "std": "std",
    "inv": "inv",
}
_BRACKETS = {"abs": ("|", "|"), "floor": (r"\lfloor", r"\rfloor"), "ceil": (r"\lceil", r"\rceil")}
_REDUCING = frozenset("sum mean prod max min".split())
_STANDARD = frozenset("log exp sin cos tan sinh cosh tanh arctan arcsin arccos max min det".split())


def function_box(word: str, latex: str = "") -> Symbol:
    """An upright function name."""
    if not latex:
        latex = "\\" + word if word in _STANDARD else word if "\\" in word else rf"\operatorname{{{_escaped(word)}}}"
    return Symbol("function", latex, _shown(latex))


def _escaped(word: str) -> str:
    return word.replace("_", r"\_")


def _shown(latex: str) -> str:
    """The characters of a function's name."""
    text = re.sub(r"\\operatorname\*?\{([^{}]*)\}", r"\1", latex).replace(r"\,", " ").replace(r"\_", "_")
    text = re.sub(r"\\([A-Za-z]+)", lambda m: GREEK.get(m[1], m[1]), text)
    return text.replace("_{10}", "₁₀").replace("_2", "₂").replace("^2", "²").replace("{", "").replace("}", "")


class Calls(Layout):
    """Calls of known functions."""

    def show_call(self, n: array.Call) -> Part:
        """A call: its own layout, brackets, or a name with arguments."""
        method = getattr(self, "call_" + n.function, None)
        if method is not None and not n.options:
            part: Part | None = method(n.args)
            if part is not None:
                return part
        if n.function in _BRACKETS and len(n.args) == 1:
            return Part(Fenced(*_BRACKETS[n.function], self.inner(n.args[0])))
        if n.function in _REDUCING and (n.options or n.function in ("sum", "prod")):
            return self.numpy(n)
        if n.function in PREFIXED and len(n.args) == 1 and isinstance(n.args[0], (array.Name, array.Index)):
            return Part(row(function_box(n.function), self.inner(n.args[0])), MUL, open=True)
        return Part(self.called(self.function(n.function), list(n.args)), ATOM)

    def function(self, name: str) -> Box:
        """The printed name of a known function."""
        if name in _UPRIGHT or name in _STANDARD:
            return function_box(_UPRIGHT.get(name, name))
        known = lookup(name)
        return function_box(name, str(getattr(known, "latex", "")))

    def numpy(self, n: array.Call) -> Part:
        """A reduction over an axis, which print has no sign for: as NumPy writes it."""
        if not n.options:
            sign = operator("\\" + n.function, {"sum": "∑", "prod": "∏"}[n.function])
            return Part(row(sign, self.held(n.args[0], MUL)), MUL, open=True)
        items = [self.inner(a) for a in n.args]
        for name, value in n.options:
            items.append(joined(_word(name), operator("="), _word(str(value))))
        return Part(joined(_word("np." + n.function), bracketed(listed(items))))

    def call_exp(self, args: tuple[Node, ...]) -> Part:
        """``e^{x}``."""
        if not is_simple(args[0]) or args[0] == array.Name("l"):  # e^l reads as the e of layer l
            return Part(self.called(function_box("exp"), list(args)))
        return Part(Scripts(letter("e"), None, self.script(args[0])), POW)

    def call_sqrt(self, args: tuple[Node, ...]) -> Part:
        r"""``\sqrt{x}``."""
        return Part(Radical(self.inner(args[0])))

    def call_square(self, args: tuple[Node, ...]) -> Part:
        """``x^2``."""
        return self.part(array.Pow(args[0], array.Num(Fraction(2))))

    def call_inv(self, args: tuple[Node, ...]) -> Part:
        """``A^{-1}``."""
        return self.part(array.Pow(args[0], array.Neg(array.Num(Fraction(1)))))

    def call_solve(self, args: tuple[Node, ...]) -> Part:
        """``A^{-1} b``."""
        return self.part(array.Mul(array.Call("inv", args[:1]), args[1], array.MATMUL))

    def call_outer(self, args: tuple[Node, ...]) -> Part:
        r"""``a b^\top``."""
        return self.part(array.Mul(args[0], array.Transpose(args[1]), array.MATMUL))

    def call_logdet(self, args: tuple[Node, ...]) -> Part:
        r"""``\log\det(A)``."""
        return Part(row(function_box("log"), self.called(function_box("det"), list(args))), MUL, open=True)

    def call_eye(self, args: tuple[Node, ...]) -> Part:
        """``I_n``."""
        return Part(Scripts(letter("I"), self.inner(args[0]), None), POW)

    def call_log_softmax(self, args: tuple[Node, ...]) -> Part:
        r"""``\log\operatorname{softmax}(z)``."""
        return Part(row(function_box("log"), self.called(function_box("softmax"), list(args))), MUL, open=True)

    def call_log_sigmoid(self, args: tuple[Node, ...]) -> Part:
        r"""``\log\sigma(x)``."""
        return self.part(array.Call("log", (array.Call("sigmoid", args),)))


def _word(text: str) -> Symbol:
    if text.lstrip("-").isdigit():
        return Symbol("number", text, text)
    return Symbol("word", rf"\text{{{_escaped(text)}}}", text)
