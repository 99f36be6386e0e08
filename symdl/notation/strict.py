"""Reads and prints catalogue notation: Python expressions with NumPy meaning.

The text goes through `ast` with a whitelist and is never evaluated. A line is split at its top-level ``=``
and each side is parsed on its own. The grammar is in ``docs/reference/notation.md``.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Sequence
from fractions import Fraction

from symdl.errors import NotationError
from symdl.functions import FUNCTIONS
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Definition

REDUCTIONS = frozenset({"sum", "prod", "mean", "max", "min"})
RELATIONS = ("=", "<=", ">=", "!=", "<", ">")
LIMIT = 10_000
"""Longest accepted line, in characters; a catalogue line has some hundred."""


def parse(text: str) -> Node:
    """Reads one expression.

    Args:
        text: an expression in catalogue notation.

    Returns:
        The array expression.

    Raises:
        NotationError: SD301 if it is no expression, SD302 for a construct outside the notation.

    Example:
        >>> show(parse("W @ x + b"))
        'W @ x + b'
        >>> show(parse("exp(z[i]) / sum(exp(z[j]), j)"))
        'exp(z[i]) / sum(exp(z[j]), j)'
    """
    if len(text) > LIMIT:
        raise NotationError("SD301", f"the expression has {len(text)} characters", f"at most {LIMIT} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return _Reader(text.strip()).read(tree.body)
    except SyntaxError as error:
        raise NotationError(
            "SD301", f"{text.strip()!r} is no expression: {error.msg}", "see docs/reference/notation.md"
        ) from None
    except (RecursionError, MemoryError):
        raise NotationError("SD301", "the expression is nested too deeply", "split it into definitions") from None
    except (IndexError, ValueError, OverflowError):  # einsum(), norm(), 1e400
        raise NotationError(
            "SD302",
            f"{text.strip()!r} lacks an argument, or a number is out of range",
            "see docs/reference/notation.md",
        ) from None


def define(line: str) -> Definition:
    """Reads ``left = right`` (or a claim with another relation).

    Example:
        >>> define("softmax(z)[i] = exp(z[i]) / sum(exp(z[j]), j)").indices
        ('i',)
        >>> define("D(J, W) = W").name
        ''
    """
    left_text, relation, right_text = _split(line)
    left, right = parse(left_text), parse(right_text)
    name = ""
    parameters: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    target = left
    if isinstance(target, array.Index) and all(isinstance(i, array.Name) for i in target.items):
        indices = tuple(i.id for i in target.items if isinstance(i, array.Name))
        target = target.base
    if isinstance(target, array.Name):
        name = target.id
    elif isinstance(target, (array.Apply, array.Call)) and all(isinstance(a, array.Name) for a in target.args):
        name = target.function
        parameters = tuple(a.id for a in target.args if isinstance(a, array.Name))
    else:
        indices = ()
    return Definition(name, parameters, indices, left, right, relation)


def program(text: str) -> tuple[Definition, ...]:
    """Reads several lines (or ``;``-separated statements) as definitions in order."""
    lines = [part.strip() for line in text.splitlines() for part in line.split(";")]
    return tuple(define(line) for line in lines if line and not line.startswith("#"))


def _split(line: str) -> tuple[str, str, str]:
    """Splits at the one top-level relation."""
    depth = 0
    found: list[tuple[int, str]] = []
    k = 0
    while k < len(line):
        c = line[k]
        depth += (c in "([{") - (c in ")]}")
        if depth == 0:
            two = line[k : k + 2]
            if two in ("==", "<=", ">=", "!="):
                found.append((k, two))
                k += 2
                continue
            if c in "=<>":
                found.append((k, c))
        k += 1
    equals = [f for f in found if f[1] == "="]
    if len(equals) == 1:
        at, relation = equals[0]
    elif not equals and len(found) == 1 and found[0][1] != "==":
        at, relation = found[0]
    else:
        raise NotationError(
            "SD303", f"{line!r} has no single top-level relation", "write one statement `left = right` a line"
        )
    return line[:at], relation, line[at + len(relation) :]


_BINARY = {ast.Mult: array.HADAMARD, ast.MatMult: array.MATMUL}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source

    def bad(self, what: str) -> NotationError:
        return NotationError(
            "SD302", f"{what} in {self.source!r} is outside the notation", "see docs/reference/notation.md"
        )

    def read(self, tree: ast.expr) -> Node:
        method = getattr(self, "read_" + type(tree).__name__.lower(), None)
        if method is None:
            raise self.bad(type(tree).__name__)
        node: Node = method(tree)
        return node

    def read_constant(self, tree: ast.Constant) -> Node:
        if isinstance(tree.value, bool) or not isinstance(tree.value, (int, float)):
            raise self.bad(repr(tree.value))
        return array.Num(Fraction(repr(tree.value)))

    def read_name(self, tree: ast.Name) -> Node:
        return array.Const(tree.id) if tree.id in ("pi", "inf") else array.Name(tree.id)

    def read_unaryop(self, tree: ast.UnaryOp) -> Node:
        body = self.read(tree.operand)
        if isinstance(tree.op, ast.USub):
            return array.Neg(body)
        if isinstance(tree.op, ast.Not):
            return array.Logic("not", (body,))
        raise self.bad("unary " + type(tree.op).__name__)

    def read_binop(self, tree: ast.BinOp) -> Node:
        left, right = self.read(tree.left), self.read(tree.right)
        match tree.op:
            case ast.Add():
                return array.Add(left, right)
            case ast.Sub():
                return array.Add(left, array.Neg(right))
            case ast.Mult() | ast.MatMult():
                return array.Mul(left, right, _BINARY[type(tree.op)])
            case ast.Div():
                return array.Div(left, right)
            case ast.Pow():
                return array.Pow(left, right)
        raise self.bad("operator " + type(tree.op).__name__)

    def read_boolop(self, tree: ast.BoolOp) -> Node:
        op = "and" if isinstance(tree.op, ast.And) else "or"
        return array.Logic(op, tuple(self.read(v) for v in tree.values))

    def read_compare(self, tree: ast.Compare) -> Node:
        sides = [self.read(t) for t in (tree.left, *tree.comparators)]
        parts: list[Node] = []
        for op, left, right in zip(tree.ops, sides, sides[1:], strict=False):
            if type(op) not in _COMPARE:
                raise self.bad("comparison " + type(op).__name__)
            parts.append(array.Compare(_COMPARE[type(op)], left, right))
        return parts[0] if len(parts) == 1 else array.Logic("and", tuple(parts))

    def read_attribute(self, tree: ast.Attribute) -> Node:
        if tree.attr != "T":
            raise self.bad("." + tree.attr)
        return array.Transpose(self.read(tree.value))

    def read_subscript(self, tree: ast.Subscript) -> Node:
        items = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        return array.Index(self.read(tree.value), tuple(self.item(i) for i in items))

    def item(self, tree: ast.expr) -> Node:
        if isinstance(tree, ast.Slice):
            parts = [None if p is None else self.read(p) for p in (tree.lower, tree.upper, tree.step)]
            return array.Slice(*parts)
        if isinstance(tree, ast.Constant) and tree.value is None:
            return array.NewAxis()
        return self.read(tree)

    def read_call(self, tree: ast.Call) -> Node:
        if not isinstance(tree.func, ast.Name):
            raise self.bad("a call of an expression")
        name = tree.func.id
        options = tuple((k.arg or "", self.literal(k.value)) for k in tree.keywords)
        special = getattr(self, "call_" + name, None)
        if special is not None and not options:
            node: Node = special(tree.args)
            return node
        if name in REDUCTIONS and len(tree.args) > 1 and not options:
            return self.reduction(name, tree.args)
        if name == "einsum":
            spec = self.literal(tree.args[0])
            return array.Call(name, tuple(map(self.read, tree.args[1:])), (("subscripts", spec), *options))
        args = tuple(map(self.read, tree.args))
        if name in KNOWN or name in REDUCTIONS:
            return array.Call(name, args, options)
        if options:
            raise self.bad(f"keyword arguments of {name}")
        primes = 0
        while name.endswith("_prime"):
            name, primes = name[: -len("_prime")], primes + 1
        return array.Apply(name, args, primes)

    def literal(self, tree: ast.expr) -> object:
        try:
            value = ast.literal_eval(tree)
        except ValueError:
            raise self.bad("an option that is no literal") from None
        return tuple(value) if isinstance(value, list) else value

    def reduction(self, op: str, args: list[ast.expr]) -> Node:
        body = self.read(args[0])
        for binder in reversed(args[1:]):
            if isinstance(binder, ast.Name):
                if op in ("max", "min") and not _addressed(body, binder.id):
                    raise NotationError(
                        "SD304",
                        f"{op}(.., {binder.id}): {binder.id} indexes nothing",
                        f"write {op}imum(a, b) for the larger of two",
                    )
                body = array.Reduce(op, body, binder.id)
            elif isinstance(binder, ast.Tuple) and len(binder.elts) == 3 and isinstance(binder.elts[0], ast.Name):
                low, high = self.read(binder.elts[1]), self.read(binder.elts[2])
                body = array.Reduce(op, body, binder.elts[0].id, low, high)
            else:
                raise NotationError("SD304", f"binder of {op} in {self.source!r}", "write `i` or `(i, lower, upper)`")
        return body

    def call_where(self, args: list[ast.expr]) -> Node:
        if len(args) != 3:
            raise self.bad("where without three arguments")
        condition, value, other = map(self.read, args)
        if isinstance(other, array.Cases):
            return array.Cases(((value, condition), *other.branches), other.otherwise)
        return array.Cases(((value, condition),), other)

    def call_norm(self, args: list[ast.expr]) -> Node:
        parts = [self.read(a) for a in args]
        return array.Norm(parts[0], parts[1] if len(parts) > 1 else None)

    def call_concat(self, args: list[ast.expr]) -> Node:
        return array.Concat(tuple(map(self.read, args)))

    def call_array(self, args: list[ast.expr]) -> Node:
        rows = args[0].elts if len(args) == 1 and isinstance(args[0], ast.List) else []
        if not rows:
            raise self.bad("array without a list")
        if not all(isinstance(r, ast.List) for r in rows):
            return array.Matrix(tuple((self.read(r),) for r in rows))
        return array.Matrix(tuple(tuple(map(self.read, r.elts)) for r in rows if isinstance(r, ast.List)))

    def call_D(self, args: list[ast.expr]) -> Node:
        body, *wrt = map(self.read, args)
        return array.Derivative(body, tuple(wrt))

    def call_expect(self, args: list[ast.expr]) -> Node:
        if len(args) != 3 or not all(isinstance(a, ast.Name) for a in args[1:]):
            raise self.bad("expect without body, variable and distribution")
        variable, distribution = (a.id for a in args[1:] if isinstance(a, ast.Name))
        return array.Expect(self.read(args[0]), variable, distribution)


def _addressed(body: Node, letter: str) -> bool:
    """Whether ``letter`` occurs inside an index of ``body``."""
    return any(letter in array.names(item) for n in array.walk(body) if isinstance(n, array.Index) for item in n.items)


ARRAY_FUNCTIONS = frozenset(
    """softmax log_softmax logsumexp maximum minimum einsum inv solve det logdet trace diag outer eye reshape
    ones zeros argmax argmin cumsum flip roll pad var std median transpose vec kron sort count_nonzero any all arange
    clip sqrtm""".split()
)


KNOWN = ARRAY_FUNCTIONS | frozenset(FUNCTIONS)

# ---- printing ---------------------------------------------------------------------------------------------

_ADD, _MUL, _NEG, _POW, _ATOM = 10, 20, 30, 40, 50


def show(node: Node, arrays: Sequence[str] | frozenset[str] = ()) -> str:
    """Prints an array expression in catalogue notation; `parse` reads it back.

    Args:
        node: the expression.
        arrays: identifiers known to be matrices or vectors; a product of two of them that a sheet wrote side
            by side is printed ``@``, every other open product ``*``.

    Returns:
        One line of text.
    """
    return _Printer(frozenset(arrays)).show(node, 0)


def show_definition(d: Definition) -> str:
    """Prints ``left = right``."""
    return f"{show(d.left)} {d.relation} {show(d.right)}"


class _Printer:
    def __init__(self, arrays: frozenset[str]) -> None:
        self.arrays = arrays

    def show(self, node: Node, outer: int) -> str:
        text, level = getattr(self, "show_" + type(node).__name__.lower())(node)
        return f"({text})" if level < outer else text

    def show_num(self, n: array.Num) -> tuple[str, int]:
        v = n.value
        if v.denominator == 1:
            return str(v.numerator), _ATOM if v >= 0 else _NEG
        text = _decimal(v)
        return (
            (text, _ATOM if v >= 0 else _NEG)
            if text
            else (f"{v.numerator} / {v.denominator}", _MUL if v >= 0 else _ADD)
        )

    def show_const(self, n: array.Const) -> tuple[str, int]:
        return n.name, _ATOM

    def show_name(self, n: array.Name) -> tuple[str, int]:
        # a sheet's letter may be a Python keyword or meet a constant's name
        return (n.id + "_" if keyword.iskeyword(n.id) or n.id in ("pi", "inf") else n.id), _ATOM

    def show_slice(self, n: array.Slice) -> tuple[str, int]:
        text = ":".join("" if p is None else self.show(p, 0) for p in (n.start, n.stop))
        return text + ("" if n.step is None else ":" + self.show(n.step, 0)), 0

    def show_newaxis(self, n: array.NewAxis) -> tuple[str, int]:
        return "None", _ATOM

    def show_index(self, n: array.Index) -> tuple[str, int]:
        return f"{self.show(n.base, _ATOM)}[{', '.join(self.show(i, 0) for i in n.items)}]", _ATOM

    def show_add(self, n: array.Add) -> tuple[str, int]:
        if isinstance(n.right, array.Neg):
            return f"{self.show(n.left, _ADD)} - {self.show(n.right.body, _MUL)}", _ADD
        return f"{self.show(n.left, _ADD)} + {self.show(n.right, _ADD + 1)}", _ADD

    def show_neg(self, n: array.Neg) -> tuple[str, int]:
        return f"-{self.show(n.body, _NEG)}", _NEG

    def show_mul(self, n: array.Mul) -> tuple[str, int]:
        matrix = n.how == array.MATMUL or (
            n.how in (array.JUXTAPOSED, array.DOT) and self._is_array(n.left) and self._is_array(n.right)
        )
        return f"{self.show(n.left, _MUL)} {'@' if matrix else '*'} {self.show(n.right, _MUL + 1)}", _MUL

    def _is_array(self, node: Node) -> bool:
        if isinstance(node, array.Name):
            return node.id in self.arrays
        if isinstance(node, (array.Index, array.Norm, array.Num, array.Const)):
            return False
        return any(self._is_array(c) for c in array.children(node))

    def show_div(self, n: array.Div) -> tuple[str, int]:
        return f"{self.show(n.left, _MUL)} / {self.show(n.right, _MUL + 1)}", _MUL

    def show_pow(self, n: array.Pow) -> tuple[str, int]:
        return f"{self.show(n.base, _POW + 1)} ** {self.show(n.exponent, _NEG)}", _POW

    def show_transpose(self, n: array.Transpose) -> tuple[str, int]:
        return f"{self.show(n.body, _ATOM)}.T", _ATOM

    def show_call(self, n: array.Call) -> tuple[str, int]:
        options = dict(n.options)
        parts = [repr(options.pop("subscripts"))] if "subscripts" in options else []
        parts += [self.show(a, 0) for a in n.args] + [f"{k}={v!r}" for k, v in options.items()]
        return f"{n.function}({', '.join(parts)})", _ATOM

    def show_apply(self, n: array.Apply) -> tuple[str, int]:
        return f"{n.function}{'_prime' * n.primes}({', '.join(self.show(a, 0) for a in n.args)})", _ATOM

    def show_reduce(self, n: array.Reduce) -> tuple[str, int]:
        binders, body = [], n
        while True:
            binders.append(self._binder(body))
            if not (isinstance(body.body, array.Reduce) and body.body.op == n.op):
                break
            body = body.body
        return f"{n.op}({self.show(body.body, 0)}, {', '.join(binders)})", _ATOM

    def _binder(self, n: array.Reduce) -> str:
        if n.lower is None or n.upper is None:
            return n.index
        return f"({n.index}, {self.show(n.lower, 0)}, {self.show(n.upper, 0)})"

    def show_cases(self, n: array.Cases) -> tuple[str, int]:
        text = "nan" if n.otherwise is None else self.show(n.otherwise, 0)
        for value, condition in reversed(n.branches):
            text = f"where({self.show(condition, 0)}, {self.show(value, 0)}, {text})"
        return text, _ATOM

    def show_compare(self, n: array.Compare) -> tuple[str, int]:
        return f"{self.show(n.left, _ADD)} {n.op} {self.show(n.right, _ADD)}", 5

    def show_logic(self, n: array.Logic) -> tuple[str, int]:
        if n.op == "not":
            return f"not {self.show(n.args[0], 4)}", 4
        return f" {n.op} ".join(self.show(a, 4) for a in n.args), 3

    def show_norm(self, n: array.Norm) -> tuple[str, int]:
        return f"norm({self.show(n.body, 0)}{'' if n.p is None else ', ' + self.show(n.p, 0)})", _ATOM

    def show_concat(self, n: array.Concat) -> tuple[str, int]:
        return f"concat({', '.join(self.show(a, 0) for a in n.args)})", _ATOM

    def show_matrix(self, n: array.Matrix) -> tuple[str, int]:
        rows = ", ".join("[" + ", ".join(self.show(a, 0) for a in row) + "]" for row in n.rows)
        return f"array([{rows}])", _ATOM

    def show_derivative(self, n: array.Derivative) -> tuple[str, int]:
        return f"D({', '.join(self.show(a, 0) for a in (n.body, *n.wrt))})", _ATOM

    def show_expect(self, n: array.Expect) -> tuple[str, int]:
        return f"expect({self.show(n.body, 0)}, {n.variable}, {n.distribution})", _ATOM


def _decimal(v: Fraction) -> str:
    """The terminating decimal of ``v``, if it is short; else an empty string."""
    for digits in range(1, 13):
        if (v * 10**digits).denominator == 1:
            text = f"{v.numerator / v.denominator:.{digits}f}"
            return text if Fraction(text) == v else ""
    return ""


_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def is_identifier(text: str) -> bool:
    """Whether ``text`` may stand as a name in catalogue notation."""
    return bool(_IDENTIFIER.match(text)) and not keyword.iskeyword(text)
