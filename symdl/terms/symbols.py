"""What a name is: a letter with its decorations, and the identifier that stands for it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Atom:
    r"""A named quantity as a sheet writes it.

    Attributes:
        letter: the bare letter or word: ``x``, ``alpha``, ``calL`` for ``\mathcal L``, ``bbE`` for ``\mathbb E``,
            ``fan``. Bold and italic are not kept; a differential ``dW`` is the letter ``dW``.
        accent: ``hat``, ``tilde``, ``bar``, ``vec``, ``dot`` or empty.
        subscript: a label that is no index: ``norm``, ``dw``, ``1``, ``a``.
        layer: the layer mark: ``1`` for ``W^{[1]}``, ``l``, ``l-1``; or empty.
        mark: place in time: ``prev`` (``t-1``, ``old``), ``cur`` (``t``, ``new``), ``next`` (``t+1``) or empty.
        primes: number of primes.

    Example:
        >>> Atom("W", layer="2").identifier
        'W2'
        >>> Atom("V", accent="tilde", subscript="dw").identifier
        'Vtilde_dw'
        >>> Atom("w", mark="prev").identifier
        'w_prev'
    """

    letter: str
    accent: str = ""
    subscript: str = ""
    layer: str = ""
    mark: str = ""
    primes: int = 0

    @property
    def identifier(self) -> str:
        """The Python identifier used for this atom in array expressions."""
        out = ("lam" if self.letter == "lambda" else self.letter) + self.accent
        out += _clean(self.layer)
        if self.subscript:
            out += "_" + _clean(self.subscript)
        out += "_prime" * self.primes
        if self.mark:
            out += "_" + {"cur": "t"}.get(self.mark, self.mark)
        return out

    @property
    def spelling(self) -> str:
        """The compact spelling used by catalogue roles: ``^y``, ``~V_dw``, ``x_norm``, ``g'``."""
        accent = {"hat": "^", "tilde": "~", "bar": "-"}.get(self.accent, "")
        sub = f"_{self.subscript}" if self.subscript else ""
        return accent + self.letter + sub + "'" * self.primes

    def unmarked(self) -> Atom:
        """The same atom without its place in time."""
        return replace(self, mark="")


def _clean(text: str) -> str:
    table = {"-": "m", "+": "p", ",": "_", "*": "star", "|": "", " ": ""}
    return "".join(table.get(c, c) for c in text if c.isalnum() or c in table or c == "_")
