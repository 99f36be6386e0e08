"""Array expressions as NumPy source. Catalogue notation has NumPy's meaning, so this is printing, not translation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from symdl.errors import NotSupported
from symdl.functions import ELEMENTWISE, lookup
from symdl.functions.declare import Elementwise
from symdl.terms import array
from symdl.terms.array import Node

_ADD, _MUL, _NEG, _POW, _ATOM = 10, 20, 30, 40, 50
_COMPARE = 5
_REDUCE = {"sum": "np.sum", "prod": "np.prod", "mean": "np.mean", "max": "np.max", "min": "np.min"}
_CALLS = {
    **_REDUCE,
    "var": "np.var",
    "std": "np.std",
    "trace": "np.trace",
    "diag": "np.diag",
    "outer": "np.outer",
    "inv": "np.linalg.inv",
    "det": "np.linalg.det",
    "solve": "np.linalg.solve",
    "eye": "np.eye",
    "arange": "np.arange",
    "transpose": "np.transpose",
    "repeat": "np.repeat",
    "maximum": "np.maximum",
    "minimum": "np.minimum",
}
_LOGIC = {"and": " & ", "or": " | "}


@dataclass
class ArrayText:
    """Prints array expressions.

    Attributes:
        allowed: the names that may occur; anything else is refused.
        helpers: names of functions that the text calls and that NumPy does not have.
        unknown: functions left open (``g``, ``g_prime``), which become arguments.

    Example:
        >>> from symdl.notation.strict import parse
        >>> ArrayText({"dZ", "A"}).text(parse("dZ * (1 - A ** 2)"))
        'dZ * (1 - A**2)'
    """

    allowed: Collection[str]
    helpers: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def text(self, node: Node) -> str:
        """The expression as NumPy source.

        Raises:
            NotSupported: SD710 for a name that is not allowed, SD711 for what has no NumPy form.
        """
        return _Printer(self).text(node)


class _Printer:
    """One method per kind of node: text, and how tightly it binds."""

    def __init__(self, owner: ArrayText) -> None:
        self.allowed = owner.allowed
        self.helpers = owner.helpers
        self.unknown = owner.unknown

    def text(self, node: Node, outer: int = 0) -> str:
        """The expression, in brackets if it binds more loosely than ``outer``."""
        text, level = getattr(self, "show_" + type(node).__name__.lower(), self.refuse)(node)
        return f"({text})" if level < outer else text

    def refuse(self, node: Node) -> tuple[str, int]:
        """What has no NumPy form."""
        raise NotSupported("SD711", f"{type(node).__name__.lower()} has no NumPy form")

    def show_num(self, n: array.Num) -> tuple[str, int]:
        v = n.value
        if v.denominator == 1:
            return str(v.numerator), _ATOM if v >= 0 else _NEG
        exact = float(v)
        if exact == v and len(repr(exact)) < 12:
            return repr(exact), _ATOM if v >= 0 else _NEG
        return f"{v.numerator} / {v.denominator}", _MUL if v >= 0 else _ADD

    def show_const(self, n: array.Const) -> tuple[str, int]:
        return f"np.{n.name}", _ATOM

    def show_name(self, n: array.Name) -> tuple[str, int]:
        if n.id not in self.allowed:
            raise NotSupported("SD710", f"the name {n.id!r} is not defined in the code")
        return n.id, _ATOM

    def show_slice(self, n: array.Slice) -> tuple[str, int]:
        text = ":".join("" if p is None else self.text(p) for p in (n.start, n.stop))
        return text + ("" if n.step is None else ":" + self.text(n.step)), 0

    def show_newaxis(self, n: array.NewAxis) -> tuple[str, int]:
        return "None", _ATOM

    def show_index(self, n: array.Index) -> tuple[str, int]:
        return f"{self.text(n.base, _ATOM)}[{', '.join(self.text(i) for i in n.items)}]", _ATOM

    def show_add(self, n: array.Add) -> tuple[str, int]:
        if isinstance(n.right, array.Neg):
            return f"{self.text(n.left, _ADD)} - {self.text(n.right.body, _MUL)}", _ADD
        return f"{self.text(n.left, _ADD)} + {self.text(n.right, _ADD + 1)}", _ADD

    def show_neg(self, n: array.Neg) -> tuple[str, int]:
        return f"-{self.text(n.body, _NEG)}", _NEG

    def show_mul(self, n: array.Mul) -> tuple[str, int]:
        if n.how not in (array.HADAMARD, array.MATMUL):
            raise NotSupported("SD711", "an undecided product has no NumPy form")
        return f"{self.text(n.left, _MUL)} {n.how} {self.text(n.right, _MUL + 1)}", _MUL

    def show_div(self, n: array.Div) -> tuple[str, int]:
        return f"{self.text(n.left, _MUL)} / {self.text(n.right, _MUL + 1)}", _MUL

    def show_pow(self, n: array.Pow) -> tuple[str, int]:
        base, exponent = self.text(n.base, _POW + 1), self.text(n.exponent, _NEG)
        tight = isinstance(n.base, (array.Name, array.Index, array.Call)) and isinstance(n.exponent, array.Num)
        simple = isinstance(n.base, array.Name) or not tight
        return f"{base}**{exponent}" if tight and simple else f"{base} ** {exponent}", _POW

    def show_transpose(self, n: array.Transpose) -> tuple[str, int]:
        return f"{self.text(n.body, _ATOM)}.T", _ATOM

    def show_compare(self, n: array.Compare) -> tuple[str, int]:
        return f"{self.text(n.left, _ADD)} {n.op} {self.text(n.right, _ADD)}", _COMPARE

    def show_logic(self, n: array.Logic) -> tuple[str, int]:
        if n.op == "not":
            return f"~{self.text(n.args[0], _ATOM)}", _NEG
        return _LOGIC[n.op].join(self.text(a, _ADD) for a in n.args), _COMPARE

    def show_cases(self, n: array.Cases) -> tuple[str, int]:
        text = "np.nan" if n.otherwise is None else self.text(n.otherwise)
        for value, condition in reversed(n.branches):
            text = f"np.where({self.text(condition)}, {self.text(value)}, {text})"
        return text, _ATOM

    def show_norm(self, n: array.Norm) -> tuple[str, int]:
        if n.p is not None:
            raise NotSupported("SD711", "this norm has no NumPy form")
        return f"np.linalg.norm({self.text(n.body)})", _ATOM

    def show_concat(self, n: array.Concat) -> tuple[str, int]:
        return f"np.concatenate([{', '.join(self.text(a) for a in n.args)}])", _ATOM

    def show_expect(self, n: array.Expect) -> tuple[str, int]:
        """A mean over given samples, which bear the name of the random variable."""
        if n.variable not in self.allowed:
            raise NotSupported("SD710", f"there are no samples of {n.variable}")
        return f"np.mean({self.text(n.body)}, axis=0)", _ATOM

    def show_apply(self, n: array.Apply) -> tuple[str, int]:
        name = n.function + "_prime" * n.primes
        self.unknown.add(name)
        return f"{name}({', '.join(self.text(a) for a in n.args)})", _ATOM

    def show_call(self, n: array.Call) -> tuple[str, int]:
        options = dict(n.options)
        args = [self.text(a) for a in n.args]
        if n.function in ("ones", "zeros"):
            return f"np.{n.function}(({', '.join(args)}{',' if len(args) == 1 else ''}))", _ATOM
        if n.function == "einsum":
            return f"np.einsum({', '.join([repr(options['subscripts']), *args])})", _ATOM
        if n.function == "logdet":
            return f"np.linalg.slogdet({args[0]})[1]", _ATOM
        if n.function == "reshape":
            return f"np.reshape({args[0]}, ({', '.join(args[1:])},))", _ATOM
        name = self.function(n.function)
        return f"{name}({', '.join([*args, *(f'{k}={v!r}' for k, v in options.items())])})", _ATOM

    def function(self, name: str) -> str:
        """NumPy's name of a function, or that of a helper."""
        if name in _CALLS:
            return _CALLS[name]
        row = lookup(name)
        native = row.native.get("numpy", "") if isinstance(row, Elementwise) else ""
        if native.startswith("np."):
            return native
        if row is None or (name not in ELEMENTWISE and name not in ("softmax", "log_softmax", "logsumexp")):
            raise NotSupported("SD711", f"{name} has no NumPy form")
        self.helpers.add(row.name)
        return row.name
