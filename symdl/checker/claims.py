"""Claims a statement makes by itself, without the catalogue: identities between known functions.

An equation with free letters is often a condition (``x^2 = 2``), not a claim that it always holds. So a
failed proof accuses only where the form of the statement leaves no doubt: numbers alone, a later link of a
chain of equalities, a derivative of a known function, or a named function defined by known ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symdl.checker.agreement import UNAMBIGUOUS
from symdl.checker.equations import scalar_equation
from symdl.errors import SymdlError
from symdl.notation.strict import parse
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.claims import Equation
from symdl.terms.formula import Definition, Reading, Statement

RELATIONS = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "!=": "!=", "=>": "="}


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim in index form.

    Attributes:
        equation: the claim.
        accusable: whether a witness against it is a mistake of the sheet.
        conditions: what it takes for granted.
        inside: the same for positive letters only; if that is an identity, the claim is one with too wide a domain.
    """

    equation: Equation
    accusable: bool
    conditions: tuple[str, ...] = ()
    inside: Equation | None = None


def claims_of(
    statement: Statement, reading: Reading, functions: Mapping[str, Definition], assumptions: Sequence[str] = ()
) -> Iterator[tuple[int, Claim | None]]:
    """Yields the claims of one reading, link by link; ``None`` for a link that cannot be judged.

    A link that only names or defines something claims nothing and is left out.
    """
    sides = reading.sides
    for k, relation in enumerate(statement.relations):
        if relation not in RELATIONS or k + 1 >= len(sides):
            return
        left, right = sides[k], sides[k + 1]
        if left is None or right is None or (k == 0 and _names_function(left)):
            continue
        a, b = (inline(s, functions) for s in (left, right))
        if _defines(a, b) or _defines(b, a):
            continue
        yield k, _claim(statement, k, left, a, b, RELATIONS[relation], assumptions)


def _claim(
    statement: Statement, k: int, left: Node, a: Node, b: Node, relation: str, assumptions: Sequence[str]
) -> Claim | None:
    """One link as a claim, or ``None`` if something in it may have a meaning of its own."""
    if not (_plain(a, statement) and _plain(b, statement)):
        return None
    try:
        claim = scalar_equation(a, b, relation)
        inside = _inside(a, b, relation)
    except SymdlError:
        return None
    conditions = _matrix_condition(statement, a, b)
    return Claim(_assuming(claim, assumptions), _accusable(statement, k, left, a, b), conditions, inside)


def inline(node: Node, functions: Mapping[str, Definition], depth: int = 0) -> Node:
    """Replaces calls of functions the sheet defines by their definitions."""
    if depth > 8:
        return node

    def change(n: Node) -> Node:
        if isinstance(n, array.Apply) and n.function in functions and n.primes == 0:
            line = functions[n.function]
            if len(line.parameters) == len(n.args):
                body = substitute(line.right, dict(zip(line.parameters, n.args, strict=True)))
                return inline(body, {k: v for k, v in functions.items() if k != n.function}, depth + 1)
        return n

    return array.transform(node, change)


def substitute(node: Node, values: Mapping[str, Node]) -> Node:
    """Puts expressions in for names."""
    return array.transform(node, lambda n: values.get(n.id, n) if isinstance(n, array.Name) else n)


def _plain(node: Node, statement: Statement) -> bool:
    """Only known functions, numbers and undecorated letters: nothing that may hide a meaning of its own."""
    for n in array.walk(node):
        if isinstance(
            n, (array.Apply, array.Index, array.Expect, array.Reduce, array.Concat, array.Matrix, array.Transpose)
        ):
            return False
        if isinstance(n, array.Derivative) and (
            isinstance(n.body, array.Name) or not {x for w in n.wrt for x in array.names(w)} & set(array.names(n.body))
        ):  # of what, is said elsewhere
            return False
        if isinstance(n, array.Mul) and n.how != array.HADAMARD and _capital(n.left) and _capital(n.right):
            return False  # matrices, for which the order of factors matters
        if isinstance(n, array.Call) and n.function in ("trace", "det", "logdet", "inv", "diag", "sum", "norm"):
            return False
        if isinstance(n, array.Name):
            atom = statement.atoms.get(n.id)
            if atom is not None and (
                atom.letter.endswith("()") or atom.letter == "grad" or (len(atom.letter) > 1 and atom.letter[0] == "d")
            ):
                return False
    return True


def _names_function(left: Node) -> bool:
    """``g(z) = ...`` defines g, once more perhaps; it claims nothing of an earlier g."""
    return isinstance(left, array.Apply) and all(isinstance(a, array.Name) for a in left.args)


def _inside(a: Node, b: Node, relation: str) -> Equation | None:
    """The claim for positive letters, where both sides have the same ones."""
    same = set(array.names(a)) == set(array.names(b)) != set()
    return scalar_equation(a, b, relation, positive=True) if same else None


def _defines(a: Node, b: Node) -> bool:
    """Whether a side is a single letter that the other one does not mention: a definition, no claim."""
    return isinstance(a, array.Name) and a.id not in array.names(b)


def _capital(node: Node) -> bool:
    return any(len(n) == 1 and n.isupper() for n in array.names(node))


def _accusable(statement: Statement, k: int, left: Node, a: Node, b: Node) -> bool:
    names_a, names_b = set(array.names(a)), set(array.names(b))
    if "i" in names_a | names_b or any(len(n) > 1 and n.startswith("eps") for n in names_a | names_b):
        return False  # the imaginary unit, or an infinitesimal with rules of its own
    if not names_a and not names_b:
        return True
    if names_a != names_b or isinstance(a, array.Name) or isinstance(b, array.Name):
        return False  # a bare letter on one side: an equation to be solved
    if k > 0:
        return True
    if isinstance(left, array.Derivative):
        return isinstance(left.body, array.Call) and left.body.function in UNAMBIGUOUS
    if isinstance(left, array.Call) and all(isinstance(x, array.Name) for x in left.args):
        return left.function in UNAMBIGUOUS
    return isinstance(left, array.Apply)  # a call of a function the sheet defined, with other arguments


def _matrix_condition(statement: Statement, a: Node, b: Node) -> tuple[str, ...]:
    capitals = sorted({n for n in (*array.names(a), *array.names(b)) if n[:1].isupper() and len(n) == 1})
    return (f"{', '.join(capitals)} numbers",) if capitals else ()


def _assuming(claim: Equation, assumptions: Sequence[str]) -> Equation:
    """Adds the user's declared domains that speak of the claim's letters."""
    import sympy as sp

    from symdl.notation.lowering import Scope, Tensor, lower

    symbols = {s.name: s for s in claim.symbols}
    out = list(claim.assumptions)
    for text in assumptions:
        node = parse(text)
        if not isinstance(node, array.Compare) or not set(array.names(node)) <= set(symbols):
            continue
        scope = Scope({n: Tensor(s, ()) for n, s in symbols.items()})
        left, right = lower(node.left, scope).body, lower(node.right, scope).body
        make = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "!=": sp.Ne}.get(node.op)
        if make is not None:
            out.append(make(left, right))
    return replace(claim, assumptions=tuple(out))
