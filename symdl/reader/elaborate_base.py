"""What every part of the elaboration shares: the letters, the open choices, the atoms found, the spans."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from symdl.errors import NotSupported, Span
from symdl.reader.letters import Letters
from symdl.reader.names import NameTable
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom
from symdl.terms.syntax import Syntax

TERMS = 600
"""Most terms of one sum and factors of one product that are given a meaning."""


@dataclass(slots=True)
class Found:
    """What the readings of one statement share.

    Attributes:
        atoms: identifier -> atom.
        ids: atom -> identifier.
        arguments: opaque function -> argument text -> subscript that tells its values apart.
        met: the choices met, with the number of alternatives of each.
        applied: functions that some call can only apply to its arguments; no call of theirs is opaque then.
        opaque: functions some call of which was read as a value of its own.
    """

    atoms: dict[str, Atom] = field(default_factory=dict)
    ids: dict[Atom, str] = field(default_factory=dict)
    arguments: dict[str, dict[str, str]] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)


class Valueless(NotSupported):
    """Understood, but no array: a set, a list that goes on. Its statement has no reading, and no problem either."""


class Base:
    """One reading of one statement.

    Args:
        letters: roles of the letters.
        names: the document's name table.
        found: what all readings of the statement share.
        choices: which alternative to take where the notation leaves one open; 0 is the likeliest.
        start: offset of the statement in its formula; spans count from there.
    """

    def __init__(self, letters: Letters, names: NameTable, found: Found, choices: dict[str, int], start: int) -> None:
        self.letters = letters
        self.names = names
        self.found = found
        self.choices = choices
        self.start = start
        self.bound: list[str] = []
        self.renamed: dict[str, str] = {}  # members of a set a sum runs over -> the index that stands for them
        self.in_index = 0
        self.in_limits = 0
        self.explicit = 0  # inside a derivative or an expectation: every call is applied
        self.on_left = False
        self.whole_left = False  # the left side is a name and a parenthesis, nothing else
        self.column = False  # a shape behind the statement says that it is a column
        self.alone = False  # the side is one name, which may be a set
        self.sets = False  # the statement says what belongs where, so a set of numbers may be a side
        self.sigma_defined = False  # the statement defines sigma, so it is no known function here
        self.notes: dict[str, None] = {}

    def choice(self, name: str, count: int = 2) -> int:
        """The alternative taken at an open question, and a record that it was met."""
        self.found.met.setdefault(name, count)
        return self.choices.get(name, 0)

    def at(self, node: Syntax) -> Span:
        """The span of a syntax node, counted from the start of the statement."""
        span = node.span
        return Span(span.start - self.start, span.end - self.start) if self.start else span

    def unread(self, what: str, node: Syntax, remedy: str = "") -> NotSupported:
        """The error for a construct that is not understood."""
        return NotSupported("SD203", what, remedy, self.at(node))

    def identifier(self, atom: Atom) -> str:
        """The identifier of an atom; atoms that would share one are told apart."""
        known = self.found.ids.get(atom)
        if known is not None:
            return known
        if atom.letter.endswith("()"):
            text = replace(atom, letter=atom.letter[:-2], subscript="", mark="").identifier + "_call"
            text = replace(Atom(text), subscript=atom.subscript, mark=atom.mark).identifier
        elif atom.letter.startswith("|"):
            text = "size_" + atom.letter.strip("|")
        else:
            text = atom.identifier
        text = "".join(c if c.isalnum() or c == "_" else "_" for c in text)
        text = text if text and not text[0].isdigit() else "_" + text
        while text in self.found.atoms:
            text += "_"
        self.found.ids[atom] = text
        self.found.atoms[text] = atom
        return text

    def name(self, atom: Atom, node: Syntax) -> array.Name:
        """The node of a named quantity."""
        return array.Name(self.identifier(atom), span=self.at(node))

    # ---- productions of the other files

    def expression(self, node: Syntax) -> Node:
        """The meaning of any syntax node."""
        raise NotImplementedError
