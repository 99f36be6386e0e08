"""Names with their scripts: which script is an index, a mark, a label, a power."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from symdl.reader import conventions as conv
from symdl.reader.elaborate_base import Base, Valueless
from symdl.reader.letters import affine_letters, label, letters_side_by_side, split_items, stepped
from symdl.reader.names import KEPT_ACCENTS, key, numbered_letter
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom
from symdl.terms.syntax import (
    Accent,
    Fence,
    Font,
    Letter,
    Mark,
    Number,
    Product,
    Script,
    Scripted,
    Sum,
    Syntax,
    Word,
)

_SMALLER = {"prev": 0, "cur": 1, "next": 2}


@dataclass(slots=True)
class Named:
    """A name taken apart: its atom, its indices, and what is done to it afterwards."""

    key: str
    atom: Atom
    samples: list[Syntax] = field(default_factory=list)
    subs: list[Syntax] = field(default_factory=list)
    after: list[Script] = field(default_factory=list)

    @property
    def items(self) -> list[Syntax]:
        """All indices, the example's first."""
        return [*self.samples, *self.subs]

    def add_label(self, text: str) -> None:
        """Adds a label to the subscript."""
        joined = f"{self.atom.subscript},{text}" if self.atom.subscript else text
        self.atom = replace(self.atom, subscript=joined)

    def add_mark(self, mark: str) -> None:
        """Sets the place in time; two of them (``t, t-1``) say nothing."""
        both = self.atom.mark and self.atom.mark != mark
        self.atom = replace(self.atom, mark="" if both else mark)

    def add_layer(self, text: str) -> None:
        """Sets the layer mark."""
        if self.atom.layer:
            self.add_label(text)
        else:
            self.atom = replace(self.atom, layer=text)


def before(node: Syntax, after: list[Script]) -> Syntax:
    """The node without the span of the powers and transposes behind it."""
    cut = after[0].span.start if after else -1
    if isinstance(node, Scripted) and any(s.span.start == cut for s in node.scripts):
        return replace(node, span=replace(node.span, end=cut))
    return node


class Names(Base):
    """Atoms and accesses."""

    def bare(self, node: Syntax) -> Atom | None:
        """The atom of a name without scripts."""
        if isinstance(node, Letter):
            return Atom(node.name)
        if isinstance(node, Word):
            if node.style == "big":
                return None
            text = node.text.replace(" ", "_").replace("-", "_").replace(".", "_")
            return Atom(text) if text.replace("_", "").isalnum() else None
        if isinstance(node, Font):
            inner = self.bare(node.body)
            if inner is None or node.name not in ("cal", "bb", "fr"):
                return inner
            return replace(inner, letter=node.name + inner.letter)
        if isinstance(node, Accent):
            return self.accented(node)
        return None

    def accented(self, node: Accent) -> Atom | None:
        """``\\hat y``; an accent over a scripted name goes to the letter."""
        inner = self.bare(node.body)
        if inner is not None and node.name == "bar" and key(node.body) in self.letters.means:
            return replace(inner, accent="bar")
        if inner is None or node.name not in KEPT_ACCENTS:
            return inner
        if node.name in ("hat", "tilde", "dot"):
            return replace(inner, accent=node.name)
        return replace(inner, letter=inner.letter + node.name)

    def named(self, node: Syntax) -> Named | None:
        """Takes a name apart; ``None`` if the node is no name."""
        scripts: tuple[Script, ...] = ()
        if isinstance(node, (Accent, Font)) and isinstance(node.body, Scripted):  # \hat{y_i}, \mathbf{x_t}
            inner, scripts = node.body.base, node.body.scripts
            return self.named(Scripted(node.span, replace(node, body=inner), scripts))
        if isinstance(node, Scripted):
            base = node.base
            if isinstance(base, (Accent, Font)) and isinstance(base.body, Scripted):
                moved = replace(base, body=base.body.base)
                return self.named(Scripted(node.span, moved, (*base.body.scripts, *node.scripts)))
            scripts, node = node.scripts, base
        atom = self.bare(node)
        if atom is None:
            return None
        out = Named(key(node) or atom.letter, atom)
        for script in scripts:
            self.take_script(out, script)
        return out

    def take_script(self, out: Named, script: Script) -> None:
        """Takes one script in."""
        if script.position == "prime":
            out.atom = replace(out.atom, primes=out.atom.primes + 1)
        elif script.position == "bang":
            out.after.append(script)
        elif script.position == "sub":
            if script.body is not None:
                self.subscript(out, split_items(script.body))
        elif script.body is None or not self.superscript(out, script.body):
            out.after.append(script)

    # ---- subscripts

    def subscript(self, out: Named, items: list[Syntax]) -> None:
        """Sorts the items of a subscript into indices, marks and labels."""
        chosen = [self.is_index(item, out.key, items) for item in items]
        for item, index in zip(items, chosen, strict=True):
            if index:
                out.subs.append(item)
            elif not self.time_mark(out, item) and not self.layer_mark(out, item):
                text = label(item)
                if text is None:
                    raise self.unread("a subscript that is neither index nor label", item)
                if text in conv.MARKS:
                    out.add_mark(conv.MARKS[text])
                elif text:
                    out.add_label(text)

    def is_index(self, item: Syntax, name: str, beside: list[Syntax] = []) -> bool:  # noqa: B006
        """Whether a subscript addresses an element."""
        letters = affine_letters(item)
        if letters is None:
            return (isinstance(item, Mark) and item.text in (":", "cdot") and len(beside) > 1) or (
                isinstance(item, Scripted) and self.is_label_index(item)
            )
        if not letters:
            return name in self.letters.arrays or any(
                b is not item and (affine_letters(b) or frozenset()) & self.letters.bound for b in beside
            )
        if not letters <= self.letters.indices | self.letters.steps & frozenset(self.bound):
            return bool(letters & self.letters.bound)
        return not letters & self.letters.free or self.choice("index") == 0

    def is_label_index(self, item: Scripted) -> bool:
        """``p_{y_i}``: an index that is itself an indexed name."""
        inner = self.named(item)
        return inner is not None and bool(inner.subs) and not inner.after and bool(self.letters.bound)

    def time_mark(self, out: Named, item: Syntax) -> bool:
        """``t``, ``t-1``, ``t+1``."""
        if isinstance(item, Letter) and item.name in self.letters.steps:
            out.add_mark("cur")
            return True
        if isinstance(item, Sum) and stepped(item) in self.letters.steps:
            number = item.terms[1]
            if isinstance(number, Number) and number.text == "1":
                out.add_mark("prev" if item.signs[1] == "-" else "next")
                return True
        return False

    def layer_mark(self, out: Named, item: Syntax) -> bool:
        """``l``, ``l-1``, and the last layer ``K``."""
        if isinstance(item, Letter) and item.name in self.letters.layers:
            out.add_layer(item.name)
            return True
        if isinstance(item, Sum) and stepped(item) in self.letters.layers:
            out.add_layer(label(item) or "")
            return True
        return False

    # ---- superscripts

    def superscript(self, out: Named, body: Syntax) -> bool:
        """Whether a superscript is a mark, and if so takes it in; what is left is a power or a transpose."""
        if isinstance(body, Fence):
            return self.fenced(out, body)
        if isinstance(body, Word):
            if out.atom == Atom("e") and not out.items and (power := letters_side_by_side(body)) is not None:
                out.after.append(Script("sup", power, body.span))  # e^{kt}: nothing marks Euler's number
                return True
            return self.word_mark(out, body)
        if isinstance(body, Mark):
            out.add_label(body.text)
            return True
        if isinstance(body, Letter):
            if body.name == "prime":
                out.atom = replace(out.atom, primes=out.atom.primes + 1)
                return True
            if body.name == "dagger":
                return False
            if body.name in conv.LABELS.get(out.key, ()):
                out.add_label(body.name)
                return True
            if body.name == "L" and out.key in conv.LAYERED:
                out.add_layer("L")
                return True
            return self.layer_mark(out, body) or (out.key in self.letters.powers and self.time_mark(out, body))
        if isinstance(body, Sum):
            return self.layer_mark(out, body) or (out.key in self.letters.powers and self.time_mark(out, body))
        if isinstance(body, Scripted):
            return self.numbered_step(out, body)
        if isinstance(body, Product) and not any(body.operators):
            return self.several(out, body)
        return False

    def numbered_step(self, out: Named, body: Scripted) -> bool:
        """``\\beta^{t_1}``, ``\\beta^{t_0}``: two points in time."""
        base, script = body.base, body.scripts[0]
        if (
            isinstance(base, Letter)
            and base.name == "t"
            and isinstance(script.body, Number)
            and script.position == "sub"
        ):
            out.add_mark("prev" if script.body.text == "0" else "cur")
            return True
        return False

    def several(self, out: Named, body: Product) -> bool:
        """``^{[2]T}``, ``^{[1](i)}``, ``^{\\prime 2}``: marks side by side."""

        def is_mark(f: Syntax) -> bool:
            return isinstance(f, Fence) or (isinstance(f, Letter) and f.name == "prime")

        if not any(map(is_mark, body.factors)):
            return False
        for factor in body.factors:
            if not self.superscript(out, factor):
                out.after.append(Script("sup", factor, factor.span))
        return True

    def fenced(self, out: Named, body: Fence) -> bool:
        """``[l]``, ``(i)``, ``<t>``, ``{k}``."""
        if body.opener == "":
            if all(isinstance(i, (Fence, Letter, Word)) for i in body.items) and body.separators[:1] != (",",):
                for item in body.items:
                    if not self.superscript(out, item):
                        out.after.append(Script("sup", item, item.span))
                return True
            return False
        if len(body.items) != 1:
            text = label(body)
            if text is None:
                return False
            out.add_label(text)
            return True
        item = body.items[0]
        if body.opener == "[":
            out.add_layer(label(item) or "")
            return True
        if body.opener == "{":  # the mini-batch a name belongs to
            return True
        if body.opener == "langle":
            return self.time_mark(out, item) or self.labelled(out, item)
        return body.opener == "(" and self.parenthesised(out, item)

    def parenthesised(self, out: Named, item: Syntax) -> bool:
        """``x^{(i)}``: an example, a step, a layer or a number."""
        letters = affine_letters(item)
        if letters and letters <= self.letters.indices and self.is_index(item, out.key):
            out.samples.append(item)
            return True
        if self.time_mark(out, item) or self.layer_mark(out, item):
            return True
        if isinstance(item, Number):
            out.add_layer(item.text)
            return True
        if isinstance(item, Sum):
            return False
        return self.labelled(out, item)

    def labelled(self, out: Named, item: Syntax) -> bool:
        """Takes an item in as a label or as the word of a mark."""
        text = label(item)
        if text is None:
            return False
        if text in conv.MARKS:
            out.add_mark(conv.MARKS[text])
        else:
            out.add_label(text)
        return True

    def word_mark(self, out: Named, body: Word) -> bool:
        """``^{new}``, ``^{in}``: a word above a name; false for a transpose."""
        text = body.text
        if text in conv.TRANSPOSE:
            return False
        if text in conv.MARKS:
            out.add_mark(conv.MARKS[text])
            return True
        if len(text) == 1 and text != "c":
            return False
        if body.style == "script" and len(text) == 2 and text[1] == "T":
            return False
        out.add_label(text.replace(" ", "_"))
        return True

    # ---- access

    def access(self, node: Syntax) -> Node | None:
        """A name with its indices and what stands behind it; ``None`` if the node is no name."""
        if isinstance(node, Letter):
            plain = self.letter(node)
            if plain is not None:
                return plain
        if (bound := numbered_letter(node)) is not None and bound in self.bound:
            return array.Name(Atom(bound).identifier, span=self.at(node))
        out = self.named(node)
        if out is None:
            return None
        if out.key in conv.NUMBER_SETS and not self.alone:
            if self.sets:
                raise Valueless("SD203", "a set of numbers", "", self.at(node))
            raise self.unread("a set of numbers as a quantity", node)
        if out.key == "e" and out.after and not out.items and out.atom == Atom("e"):
            first, *rest = out.after
            if first.position == "sup" and first.body is not None:
                power = array.Call("exp", (self.expression(first.body),), span=self.at(node))
                return self.finish(power, rest, node)
        return self.finish(self.element(out, before(node, out.after)), out.after, node)

    def letter(self, node: Letter) -> Node | None:
        """Constants and index letters."""
        if (
            node.name in self.renamed
            or node.name in self.bound
            or (self.in_index and node.name in self.letters.indices)
        ):
            return self.index_letter(node)
        if node.name == "infty":
            return array.Const("inf", span=self.at(node))
        if node.name == "pi" and "pi" not in self.names.functions:
            return array.Const("pi", span=self.at(node))
        if node.name == "percent":
            return array.Num(Fraction(1, 100), span=self.at(node))
        if node.name in ("forall", "exists", "neg"):
            raise Valueless("SD203", "a statement of logic", "", self.at(node))
        if node.name in ("nabla", "partial", "top", "square", "dollar", "dagger"):
            raise self.unread(f"the symbol {node.name} as a quantity", node)
        return None

    def index_letter(self, node: Letter) -> Node:
        """An index letter, or a member of a set at its index."""
        if node.name in self.renamed:
            name = self.name(Atom(node.name), node)
            return array.Index(name, (array.Name(self.renamed[node.name]),), span=self.at(node))
        return array.Name(Atom(node.name).identifier, span=self.at(node))

    def element(self, out: Named, node: Syntax) -> Node:
        """The atom at its indices."""
        member = self.renamed.get(out.key)
        base = self.name(out.atom, node)
        if not out.items:
            if member is not None:
                return array.Index(base, (array.Name(member),), span=self.at(node))
            return base
        return array.Index(base, tuple(map(self.index_item, out.items)), span=self.at(node))

    def index_item(self, item: Syntax) -> Node:
        """One index as an expression."""
        if isinstance(item, Mark):
            return array.Slice(None, None, None)
        self.in_index += 1
        node = self.expression(item)
        self.in_index -= 1
        return node

    def finish(self, node: Node, after: list[Script], syntax: Syntax) -> Node:
        """Applies powers and transposes in order of writing."""
        if sum(s.position == "bang" for s in after) > 1:
            raise self.unread("a double factorial", syntax)
        for script in after:
            body = script.body
            if script.position == "bang":
                node = self.factorial(node, syntax)
                continue
            if self.is_transpose(body):
                node = array.Transpose(node, span=self.at(syntax))
            elif isinstance(body, (Letter, Word)) and getattr(body, "name", "") == "dagger":
                raise self.unread("a dagger", syntax)
            elif body is not None:
                node = self.powered(node, body, syntax)
        return node

    def factorial(self, node: Node, syntax: Syntax) -> Node:
        """``n!``."""
        raise NotImplementedError

    def powered(self, node: Node, body: Syntax, syntax: Syntax) -> Node:
        """A power, or a power and a transpose side by side."""
        if isinstance(body, Word) and body.style == "script" and body.text.endswith("T"):
            raise self.unread("a superscript that is neither power nor mark", body)
        if isinstance(body, Product) and self.is_transpose(body.factors[-1]) and len(body.factors) == 2:
            power = self.expression(body.factors[0])
            node = array.Pow(node, power, span=self.at(syntax))
            return array.Transpose(node, span=self.at(syntax))
        return array.Pow(node, self.expression(body), span=self.at(syntax))

    def is_transpose(self, body: Syntax | None) -> bool:
        """``T``, ``\\top``, ``\\mathsf T``; a ``T`` that some sum runs up to is still one."""
        k = key(body) if body is not None else None
        return k in conv.TRANSPOSE and not isinstance(body, Scripted)

    def number(self, node: Number) -> Node:
        """An exact rational."""
        return array.Num(Fraction(node.text), span=self.at(node))
