r"""Prints array expressions as presentation MathML, which browsers show without any script."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape

from symdl.notation.boxes import Accented, Box, Fenced, Joined, Quotient, Radical, Row, Scripts, Symbol, Table, is_low
from symdl.notation.layout import Spelling, definition_box, expression_box
from symdl.terms.array import Node
from symdl.terms.formula import Definition, Entry
from symdl.terms.symbols import Atom

_ACCENTS = {"hat": "^", "tilde": "~", "bar": "¯", "dot": "˙", "vec": "→"}
_DELIMITERS = {r"\|": "‖", r"\{": "{", r"\}": "}", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉"}
_TIGHT = frozenset("-−+∗")
_LARGE = frozenset("∑∏")
_THIN = '<mspace width="0.17em"/>'


def mathml(node: Node, spell: Mapping[str, str | Atom] | None = None, arrays: Collection[str] = ()) -> str:
    """Prints an array expression as a displayed formula.

    Args:
        node: the expression.
        spell: how to print a name; LaTeX given there is shown as it stands, so give atoms.
        arrays: identifiers that are vectors or matrices.

    Example:
        >>> from symdl.notation.strict import parse
        >>> mathml(parse("x ** 2"))
        '<math display="block"><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    return _math(expression_box(node, Spelling(dict(spell or {}), frozenset(arrays))))


def definition(d: Definition, entry: Entry | None = None, spell: Mapping[str, str | Atom] | None = None) -> str:
    """Prints ``left = right`` as a displayed formula; see `symdl.notation.latex.definition`."""
    return _math(definition_box(d, entry, spell))


def _math(box: Box) -> str:
    inner = _items(box.items) if isinstance(box, (Row, Joined)) else render(box)
    return f'<math display="block">{inner}</math>'


def render(box: Box) -> str:
    """Returns one MathML element."""
    match box:
        case Symbol():
            return _symbol(box)
        case Row() | Joined():
            return "<mrow>" + _items(box.items) + "</mrow>"
        case Quotient():
            return f"<mfrac>{render(box.top)}{render(box.bottom)}</mfrac>"
        case Radical():
            return f"<msqrt>{render(box.body)}</msqrt>"
        case Scripts():
            return _scripts(box)
        case Accented():
            mark = _ACCENTS[box.accent]
            return f'<mover accent="true">{render(box.body)}<mo stretchy="false">{mark}</mo></mover>'
        case Fenced():
            grows = "false" if is_low(box.body) else "true"
            opener, closer = _delimiter(box.opener, "prefix", grows), _delimiter(box.closer, "postfix", grows)
            return f"<mrow>{opener}{render(box.body)}{closer}</mrow>"
        case Table():
            return _table(box)
    raise TypeError(type(box).__name__)


def _items(items: tuple[Box, ...]) -> str:
    """Boxes side by side, with thin spaces around upright names as TeX sets them."""
    out = ""
    for k, item in enumerate(items):
        before = items[k - 1] if k else None
        if before is not None and _apart(before, item):
            out += _THIN
        sign = k == 0 and isinstance(item, Symbol) and item.kind == "operator" and item.text in _TIGHT
        out += f'<mo form="prefix">{escape(item.text)}</mo>' if sign and isinstance(item, Symbol) else render(item)
    return out


def _apart(before: Box, item: Box) -> bool:
    """Whether a space belongs between two neighbours: ``a log b``, but ``log(b)`` and ``- log b``."""
    if _is_operator(before) or _is_operator(item):
        return False
    if _is_name(before):
        return not isinstance(item, Fenced)
    first = item.items[0] if isinstance(item, Joined) else item
    return _is_name(first)


def _is_operator(box: Box) -> bool:
    base = box.base if isinstance(box, Scripts) else box
    return isinstance(base, Symbol) and base.kind in ("operator", "text")


def _is_name(box: Box) -> bool:
    base = box.base if isinstance(box, Scripts) else box
    return isinstance(base, Symbol) and base.kind in ("function", "word")


def _symbol(s: Symbol) -> str:
    text = escape(s.text, quote=False)
    match s.kind:
        case "number":
            return f"<mn>{text}</mn>"
        case "operator":
            form = ' movablelimits="false"' if s.text in _LARGE else ""
            if s.text in "()[]|/":
                form = ' stretchy="false" lspace="0" rspace="0"'
            return f"<mo{form}>{text}</mo>"
        case "function" | "word":
            return f"<mi>{text}</mi>"
        case "text":
            return f"<mtext>{text.replace(' ', '&#160;')}</mtext>"
        case "letter":
            return "".join(f"<mi>{c}</mi>" for c in text) if len(s.text) == 1 else _letters(s.text)
    return f"<mtext>{text or escape(s.latex, quote=False)}</mtext>"


def _letters(text: str) -> str:
    """``dW``: two letters that are one name."""
    return "<mrow>" + "".join(f"<mi>{escape(c)}</mi>" for c in text) + "</mrow>"


def _scripts(box: Scripts) -> str:
    base = render(box.base)
    sub, sup = (render(b) if b is not None else "" for b in (box.sub, box.sup))
    kind = {(True, True): "subsup", (True, False): "sub", (False, True): "sup"}.get((bool(sub), bool(sup)))
    if kind is None:
        return base
    name = {"subsup": "munderover", "sub": "munder", "sup": "mover"}[kind] if box.limits else "m" + kind
    return f"<{name}>{base}{sub}{sup}</{name}>"


def _delimiter(latex: str, form: str, grows: str) -> str:
    return f'<mo form="{form}" stretchy="{grows}" lspace="0" rspace="0">{escape(_DELIMITERS.get(latex, latex))}</mo>'


def _table(box: Table) -> str:
    left = ' columnalign="left"' if box.environment == "cases" else ""
    style = ' style="text-align: left"' if left else ""
    rows = "".join(
        "<mtr>" + "".join(f"<mtd{style}>{render(cell)}</mtd>" for cell in cells) + "</mtr>" for cells in box.rows
    )
    table = f"<mtable{left}>{rows}</mtable>"
    if box.environment == "cases":
        return f'<mrow><mo form="prefix" stretchy="true">{{</mo>{table}</mrow>'
    return f'<mrow><mo form="prefix" stretchy="true">[</mo>{table}<mo form="postfix" stretchy="true">]</mo></mrow>'
