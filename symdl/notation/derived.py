r"""Lines of a derivation as people read them: array form, LaTeX, and the form with index letters.

LaTeX is written without letters where matrices say it (``W^{[2]\top} dZ^{[2]}``) and with letters where it takes a
sum along an axis or a new axis, for which print has no sign: ``db_i = \sum_{j=1}^{m} dZ_{ij}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp

from symdl.notation.latex import latex
from symdl.notation.lettered import lettered
from symdl.notation.raising import NoArrayForm, raised
from symdl.notation.spelling import ALIASES, GREEK
from symdl.notation.strict import show
from symdl.notation.typeset import solved, typeset
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.indexed import Axis
from symdl.terms.program import Assignment, Program, Variable
from symdl.terms.symbols import Atom


@dataclass(frozen=True)
class Script:
    """How the names of one derivation are written.

    Attributes:
        spell: name -> LaTeX, where its identifier does not say it.
        shapes: name -> sizes of its dimensions.
        letters: size -> letters the program uses for axes of that size.
    """

    spell: Mapping[str, str | Atom] = field(default_factory=dict)
    shapes: Mapping[str, tuple[sp.Expr, ...]] = field(default_factory=dict)
    letters: Mapping[sp.Expr, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program, more: Iterable[Variable] = (), spell: Mapping[str, str] | None = None) -> Script:
        """The script of a program and of further variables, such as adjoints."""
        variables = [*program.inputs.values(), *(a.variable for a in program), *more]
        letters: dict[sp.Expr, dict[str, None]] = {}
        for v in variables:
            for a in v.letters:
                letters.setdefault(a.size, {})[a.name] = None
        names: dict[str, str | Atom] = dict(spell or {})
        for v in variables:
            found = _two_letters(v.name) if v.axes and v.name not in names else None
            if found is not None:
                names[v.name] = found
        for v in variables:
            text = latex(array.Name(v.name), names)
            if v.name in names or len(text) > 1:
                names.setdefault(f"d{v.name}", f"d{text}")
        return cls(names, {v.name: v.shape for v in variables}, {s: tuple(x) for s, x in letters.items()})

    @property
    def arrays(self) -> frozenset[str]:
        """Names that are vectors or matrices."""
        return frozenset(n for n, s in self.shapes.items() if s)

    @cached_property
    def avoided(self) -> frozenset[str]:
        """Letters that mean something: sizes, and those in the spelling of names (the layer l of ``W_l``)."""
        sizes = {str(n) for shape in self.shapes.values() for size in shape for n in size.free_symbols}
        return frozenset(sizes | letters_of(t for t in self.spell.values() if isinstance(t, str)))

    # ---- right sides

    def array_form(self, line: Assignment) -> Node | None:
        """The right side as an array expression, if there is one."""
        try:
            return raised(line.body, line.variable.axes, self.shapes)
        except NoArrayForm:
            return None

    def letter_form(self, body: sp.Expr, free: Iterable[Axis], *, limits: bool = False) -> Node:
        """The right side with index letters."""
        return lettered(body, free, prefer=self.letters, limits=limits, shapes=self.shapes, avoid=self.avoided)

    # ---- whole lines

    def notation(self, line: Assignment) -> str:
        """``dW2 = dZ2 @ A1.T``, in catalogue notation."""
        node = self.array_form(line)
        if node is not None:
            return f"{line.name} = {show(node)}"
        return f"{self.element(line.variable)} = {show(self.letter_form(line.body, line.variable.letters))}"

    def lettered_notation(self, line: Assignment) -> str:
        """``dW2[i, j] = sum(...)``, in catalogue notation."""
        return f"{self.element(line.variable)} = {show(self.letter_form(line.body, line.variable.letters))}"

    def element(self, v: Variable) -> str:
        """``dW2[i, j]``."""
        return show(self.element_node(v))

    def element_node(self, v: Variable) -> Node:
        """The element of a variable at its own letters; dimensions of size 1 are not shown."""
        if not v.letters:
            return array.Name(v.name)
        return array.Index(array.Name(v.name), tuple(array.Name(a.name) for a in v.letters))

    def latex(self, line: Assignment) -> str:
        """The line as a textbook prints it."""
        node = self.array_form(line)
        if node is not None and printable(node):
            ranks = {n: len(s) for n, s in self.shapes.items()}
            right = latex(typeset(node, self.arrays, ranks), self.spell, self.arrays)
            return f"{latex(array.Name(line.name), self.spell)} = {right}"
        return self.latex_letters(line)

    def remarks(self, line: Assignment) -> tuple[str, ...]:
        """What the printed line relies on beside the others."""
        node = self.array_form(line)
        beyond = () if node is not None and printable(node) else solved(line.body)[1]
        return tuple(f"in the LaTeX of {line.name}, {name} is 0 beyond its ends" for name in beyond)

    def latex_letters(self, line: Assignment) -> str:
        """The line with index letters."""
        body, _ = solved(line.body)
        node = typeset(self.letter_form(body, line.variable.letters, limits=True), (), {})
        left = latex(self.element_node(line.variable), self.spell)
        return f"{left} = {latex(_without_zeros(node, self.shapes), self.spell)}"

    def latex_element(self, e: sp.Expr, free: Iterable[Axis]) -> str:
        """One expression with index letters."""
        node = typeset(self.letter_form(e, free, limits=True), (), {})
        return latex(_without_zeros(node, self.shapes), self.spell)


def letters_of(spellings: Iterable[str]) -> set[str]:
    """Single letters in the scripts of LaTeX names.

    Example:
        >>> sorted(letters_of([r"W_{l+1}", r"\\hat y^{<t>}", "A"]))
        ['l', 't']
    """
    scripts = [part for text in spellings for part in re.findall(r"[_^](\{[^}]*\}|.)", text)]
    return {c for script in scripts for c in re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", script)}


def _two_letters(name: str) -> Atom | None:
    """``Wf`` is a W with an f below, for an array."""
    known = name in GREEK or name in ALIASES or name[0] == "d"
    return None if known or not re.fullmatch(r"[A-Za-z][a-z]", name) else Atom(name[0], subscript=name[1])


def printable(node: Node) -> bool:
    """Whether print has a sign for everything in an array expression."""
    for n in array.walk(node):
        if isinstance(n, array.Index) or (isinstance(n, array.Call) and n.options):
            return False
        if isinstance(n, array.Call) and n.function in ("sum", "prod", "mean", "max", "min", "arange", "transpose"):
            return False
    return True


def _without_zeros(node: Node, shapes: Mapping[str, tuple[sp.Expr, ...]]) -> Node:
    """Elements without the indices of dimensions of size 1: ``b[i, 0]`` is ``b_i``."""

    def change(n: Node) -> Node:
        if not isinstance(n, array.Index) or not isinstance(n.base, array.Name):
            return n
        shape = shapes.get(n.base.id, ())
        if len(shape) != len(n.items):
            return n
        kept = tuple(i for i, s in zip(n.items, shape, strict=True) if s != 1)
        return array.Index(n.base, kept) if kept else n.base

    return array.transform(node, change)
