r"""Letters that may stand for one fixed thing: ``I`` for the identity matrix, ``\delta_{ij}`` for Kronecker's symbol.

A sheet uses the same letters for other things too (an image, an error), so each is a further way to understand the
line, tried beside the reader's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.symbols import Atom

IDENTITIES = frozenset({"I", "bfI", "bbI", "Id"})
KRONECKER = "delta"


def eye(node: Node) -> str | None:
    """The size of an identity matrix, if it is a name.

    Example:
        >>> eye(array.Call("eye", (array.Name("n"),)))
        'n'
    """
    if isinstance(node, array.Call) and node.function == "eye" and len(node.args) == 1:
        size = node.args[0]
        return size.id if isinstance(size, array.Name) else None
    return None


def meanings(
    side: Node, atoms: Mapping[str, Atom], defined: Collection[str], sizes: Collection[str]
) -> Iterator[tuple[Node, frozenset[str]]]:
    """The other ways to understand a side, each with the names that are no quantities there.

    Args:
        side: the side as it was read.
        atoms: its atoms.
        defined: what the sheet defines itself: such a letter is what the sheet says.
        sizes: names of sizes the catalogue uses for identity matrices.
    """
    names = set(array.names(side))
    whole = {n for n in names if _is_identity(atoms.get(n) or Atom(n)) and n not in defined and not _indexed(side, n)}
    if len(whole) == 1:
        name = next(iter(whole))
        for size in sorted(set(sizes) - names):
            yield array.transform(side, partial(_as_eye, name=name, size=size)), frozenset({size})
    if KRONECKER in names and KRONECKER not in defined and _is_kronecker(side):
        yield side, frozenset({KRONECKER})


def _as_eye(node: Node, name: str, size: str) -> Node:
    if isinstance(node, array.Name) and node.id == name:
        return array.Call("eye", (array.Name(size, span=node.span),), span=node.span)
    return node


def _is_identity(atom: Atom) -> bool:
    return atom.letter in IDENTITIES and not (atom.accent or atom.primes or atom.layer or atom.mark)


def _indexed(side: Node, name: str) -> bool:
    return any(isinstance(n, array.Index) and n.base == array.Name(name) for n in array.walk(side))


def _is_kronecker(side: Node) -> bool:
    """Whether every delta has two plain indices."""
    uses = [n for n in array.walk(side) if isinstance(n, array.Name) and n.id == KRONECKER]
    pairs = [
        n
        for n in array.walk(side)
        if isinstance(n, array.Index)
        and isinstance(n.base, array.Name)
        and n.base.id == KRONECKER
        and len(n.items) == 2
        and all(isinstance(i, (array.Name, array.Num)) for i in n.items)
    ]
    return bool(pairs) and len(pairs) == len(uses)
