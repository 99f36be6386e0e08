"""How a name is printed: identifier -> atom -> boxes. ``yhat`` is a y with a hat, ``w_prev`` the previous w."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from symdl.functions import lookup
from symdl.notation.boxes import Accented, Box, Scripts, Symbol, joined, letter, listed, operator, row
from symdl.terms.symbols import Atom

GREEK = dict(
    zip(
        """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi
        psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega varepsilon vartheta varphi varrho varsigma
        varpi ell nabla partial infty""".split(),
        "αβγδϵζηθικλμνξπρστυϕχψωΓΔΘΛΞΠΣΥΦΨΩεϑφϱςϖℓ∇∂∞",
        strict=True,
    )
)
ALIASES = {"lam": "lambda", "eps": "epsilon", "Lam": "Lambda", "pi_": "pi", "inf_": "infty"}
ACCENTS = ("hat", "tilde", "bar", "dot", "vec")
LAYERED = frozenset("W b z Z a A w dW dZ dA db dz da dw h H delta".split())
"""Letters whose number is a layer (``W2`` is ``W^{[2]}``); behind others a number is a subscript."""
_MARKS = {"prev": "prev", "next": "next", "t": "cur"}
_TIMES: dict[str, tuple[Box, ...]] = {
    "prev": (letter("t"), operator("-", "−"), Symbol("number", "1", "1")),
    "cur": (letter("t"),),
    "next": (letter("t"), operator("+"), Symbol("number", "1", "1")),
}
_HEAD = re.compile(r"(cal|bb|fr)?([A-Za-z]+?)(hat|tilde|bar|dot)?(\d+|l|lm1|lp1)?\Z")


def atom_of(identifier: str, layered: Collection[str] = LAYERED) -> Atom:
    r"""Returns the atom an identifier most likely stands for.

    Args:
        identifier: as in an array expression.
        layered: letters whose number is a layer.

    Example:
        >>> atom_of("Vtilde_dw"), atom_of("w_prev").mark, atom_of("W2").layer
        (Atom(letter='V', accent='tilde', subscript='dw', layer='', mark='', primes=0), 'prev', '2')
        >>> atom_of("sigma2").subscript, atom_of("fan_in").letter, atom_of("n_h").subscript
        ('2', 'fan', 'h')
    """
    head, *tail = identifier.split("_") if "(" not in identifier and "|" not in identifier else [identifier]
    if len(head) > 1 and (lookup(head) is not None or len(tail) > 1) and not is_letter(head):
        known = [part for part in tail if part in _MARKS]
        if not known:  # several words are one name: log_sum_exp
            return Atom(identifier)
    primes = tail.count("prime")
    tail = [part for part in tail if part and part != "prime"]
    mark = _MARKS[tail.pop()] if tail and tail[-1] in _MARKS else ""
    name, accent, number = _parsed(head)
    layer = number if number and (name in layered or not number.isdigit()) else ""
    if number and not layer:
        tail.insert(0, number)
    return Atom(name, accent, ",".join(tail), layer.replace("m", "-").replace("p", "+"), mark, primes)


def spelled(spelling: str) -> Atom:
    """Returns the atom of a catalogue spelling: ``^y``, ``~V_dw``, ``x_norm``, ``sigma'``.

    Example:
        >>> spelled("~V_dw") == atom_of("Vtilde_dw"), spelled("sigma'").primes
        (True, 1)
    """
    accent = {"^": "hat", "~": "tilde", "-": "bar"}.get(spelling[:1], "")
    bare = spelling[bool(accent) :]
    name = bare.rstrip("'")
    atom = atom_of(name)
    return replace(atom, accent=accent or atom.accent, primes=len(bare) - len(name))


def _parsed(head: str) -> tuple[str, str, str]:
    """Letter, accent and number of the first part of an identifier."""
    if head in ALIASES or is_letter(head) or _is_differential(head):
        return ALIASES.get(head, head), "", ""
    m = _HEAD.match(head)
    if m is None:
        return head, "", ""
    font, name, accent, number = (g or "" for g in m.groups())
    known = is_letter(name) or _is_differential(name) or name in ALIASES
    if not known:
        m = re.match(r"([A-Za-z]+?)(\d*)\Z", head)
        return (m.group(1), "", m.group(2)) if m else (head, "", "")
    if number and not number.isdigit() and name not in LAYERED:
        return head, "", ""
    return font + ALIASES.get(name, name), accent, number


def is_letter(name: str) -> bool:
    """Whether a name is one letter in print."""
    return len(name) == 1 or name in GREEK or re.fullmatch(r"(?:cal|bb|fr)[A-Z]", name) is not None


def _is_differential(name: str) -> bool:
    """``dW``, ``dtheta``."""
    return name[:1] == "d" and name[1:].isalpha() and is_letter(name[1:]) and name != "d"


# ---- boxes -------------------------------------------------------------------------------------------------


def letter_box(name: str) -> Box:
    """A letter, a differential, a word."""
    name = ALIASES.get(name, name)
    if name in GREEK:
        return letter("\\" + name, GREEK[name])
    if name[:3] == "cal" and len(name) == 4:
        return letter(rf"\mathcal{{{name[3]}}}", _script(name[3]))
    if name[:2] in ("bb", "fr") and len(name) == 3:
        return letter(rf"\math{name[:2]}{'ak' if name[:2] == 'fr' else ''}{{{name[2]}}}", _double(name[2], name[:2]))
    if len(name) == 1:
        return letter(name)
    if name.startswith("Delta_"):
        return row(letter(r"\Delta", "Δ"), letter_box(name[6:]))
    if _is_differential(name) and len(name) == 2:
        return letter(name)
    if _is_differential(name):
        return joined(letter("d"), letter_box(name[1:]))
    return Symbol("word", rf"\text{{{_plain(name)}}}", name.replace("_", " "))


def _plain(name: str) -> str:
    return name.replace("_", r"\_")


def _script(c: str) -> str:
    special = {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ"}
    return special.get(c, chr(ord("𝒜") + ord(c) - ord("A")))


def _double(c: str, font: str) -> str:
    if font == "fr":
        return chr(ord("𝔄") + ord(c) - ord("A"))
    return {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}.get(
        c, chr(ord("𝔸") + ord(c) - ord("A"))
    )


def label_box(text: str) -> Box:
    """A subscript that is a label: ``1``, ``dw``, ``norm``; commas separate."""
    return listed([_one_label(part) for part in text.split(",")])


def _one_label(text: str) -> Box:
    if re.fullmatch(r"\d+", text):
        return Symbol("number", text, text)
    if text in ALIASES or is_letter(text) or _is_differential(text):
        return letter_box(text)
    if m := re.fullmatch(r"([A-Za-z])([+-])(\d+)", text):
        return joined(letter(m[1]), operator(m[2]), Symbol("number", m[3], m[3]))
    if text in ("+", "-", "*"):
        return operator(text)
    return Symbol("word", rf"\text{{{_plain(text)}}}", text.replace("_", " "))


def name_parts(atom: Atom) -> tuple[Box, list[Box], list[Box]]:
    """The base of an atom, its subscripts and its superscripts."""
    if atom.letter == "grad":
        return _gradient(atom), [], []
    if atom.letter.startswith("|"):
        inner = name_parts(atom_of(atom.letter.strip("|")))[0]
        return joined(operator("|"), inner, operator("|")), [], []
    opaque = atom.letter.endswith("()")
    base = letter_box(atom.letter.removesuffix("()"))
    if atom.accent:
        base = Accented(atom.accent, base)
    subs = [label_box(atom.subscript)] if atom.subscript else []
    if atom.mark:
        subs.append(joined(*_TIMES[atom.mark]))
    sups: list[Box] = [joined(operator("["), label_box(atom.layer), operator("]"))] if atom.layer else []
    if atom.primes:
        sups.insert(0, Symbol("operator", r"\prime " * atom.primes, "′" * atom.primes))
    if opaque:
        base = joined(scripted(base, subs, sups), operator("("), operator(r"\cdot", "·"), operator(")"))
        subs, sups = [], []
    return base, subs, sups


def _gradient(atom: Atom) -> Box:
    """The derivative of the whole loss."""
    wrt = atom_of(atom.subscript) if atom.subscript else None
    if wrt is None:
        below: list[Box] = []
    else:
        below = [atom_box(Atom(wrt.letter, wrt.accent, wrt.subscript, atom.layer, atom.mark))]
    return row(scripted(letter(r"\nabla", "∇"), below, []), letter_box("calL"))


def atom_box(atom: Atom) -> Box:
    """The whole name."""
    return scripted(*name_parts(atom))


def scripted(base: Box, subs: list[Box], sups: list[Box]) -> Box:
    """A base with its scripts joined."""
    if not subs and not sups:
        return base
    return Scripts(base, listed(subs) if subs else None, joined(*sups) if sups else None)
