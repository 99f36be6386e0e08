r"""Prints array expressions as LaTeX, the way a textbook does; the reader reads them back."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from symdl.notation.boxes import Accented, Box, Fenced, Joined, Quotient, Radical, Row, Scripts, Symbol, Table, is_low
from symdl.notation.layout import Spelling, definition_box, expression_box
from symdl.terms.array import Node
from symdl.terms.formula import Definition, Entry
from symdl.terms.symbols import Atom

_RELATED = frozenset({r"\le", r"\ge", r"\ne", r"\sim"})
_COMMAND = re.compile(r"\\[A-Za-z]+\Z")


def latex(node: Node, spell: Mapping[str, str | Atom] | None = None, arrays: Collection[str] = ()) -> str:
    r"""Prints an array expression.

    Args:
        node: the expression.
        spell: how to print a name, where its identifier does not say: an atom, or LaTeX as it stands.
        arrays: identifiers that are vectors or matrices; an elementwise product of two of them is printed ``\odot``.

    Example:
        >>> from symdl.notation.strict import parse
        >>> latex(parse("w_prev - eta * g / (sqrt(s) + eps)"))
        'w_{t-1} - \\frac{\\eta g}{\\sqrt{s} + \\epsilon}'
        >>> latex(parse("sum(exp(z[j]), (j, 1, n))"))
        '\\sum_{j=1}^{n} e^{z_j}'
        >>> latex(parse("W.T @ (A - Y) * dZ"), arrays=["W", "A", "Y", "dZ"])
        'W^{\\top} (A - Y) \\odot dZ'
    """
    return render(expression_box(node, Spelling(dict(spell or {}), frozenset(arrays))))


def definition(d: Definition, entry: Entry | None = None, spell: Mapping[str, str | Atom] | None = None) -> str:
    r"""Prints ``left = right``.

    Args:
        d: a line of catalogue notation.
        entry: the entry it belongs to; its symbols say what is an array and what has a previous value.
        spell: as for `latex`.

    Example:
        >>> from symdl.notation.strict import define
        >>> definition(define("softmax(z)[i] = exp(z[i]) / sum(exp(z[j]), j)"))
        '\\operatorname{softmax}(z)_i = \\frac{e^{z_i}}{\\sum_{j} e^{z_j}}'
    """
    return render(definition_box(d, entry, spell))


def render(box: Box) -> str:
    """Returns the LaTeX of a box."""
    match box:
        case Symbol():
            return box.latex
        case Row():
            return _row(box.items)
        case Joined():
            return _row(box.items, "")
        case Quotient():
            return rf"\frac{{{render(box.top)}}}{{{render(box.bottom)}}}"
        case Radical():
            return rf"\sqrt{{{render(box.body)}}}"
        case Scripts():
            return _scripts(box)
        case Accented():
            return rf"\{box.accent}{{{render(box.body)}}}"
        case Fenced():
            return _fenced(box)
        case Table():
            rows = r" \\ ".join(" & ".join(map(render, cells)) for cells in box.rows)
            return rf"\begin{{{box.environment}}} {rows} \end{{{box.environment}}}"
    raise TypeError(type(box).__name__)


def _row(items: tuple[Box, ...], blank: str = " ") -> str:
    """Boxes side by side; with ``blank`` empty, only what would run together is kept apart."""
    out = ""
    for item in items:
        text = render(item)
        close = not blank or (isinstance(item, Symbol) and item.latex in (",", ";")) or not out
        related = isinstance(item, Symbol) and item.latex in _RELATED and out
        if not close or related or (text[:1].isalpha() and _COMMAND.search(out)):
            out += " "
        out += text
    return out


def _scripts(box: Scripts) -> str:
    out = render(box.base)
    base = box.base.items[-1] if isinstance(box.base, Joined) else box.base
    if isinstance(base, (Row, Quotient, Scripts)) or (base is not box.base and not isinstance(base, Fenced)):
        out = f"{{{out}}}"
    if box.sub is not None:
        out += "_" + _script(box.sub, box.limits)
    if box.sup is not None:
        primes = isinstance(box.sup, Symbol) and box.sup.latex.startswith(r"\prime")
        out += "'" * render(box.sup).count("prime") if primes else "^" + _script(box.sup, box.limits)
    return out


def _script(box: Box, always: bool) -> str:
    text = _row(box.items, "") if isinstance(box, Row) else render(box)
    return text if len(text) == 1 and not always else f"{{{text}}}"


def _fenced(box: Fenced) -> str:
    body = render(box.body)
    if box.opener in ("(", "[") and is_low(box.body):
        return f"{box.opener}{body}{box.closer}"
    glue = " " if box.opener[-1].isalpha() else ""
    return rf"\left{box.opener}{glue}{body}{glue}\right{box.closer}"
