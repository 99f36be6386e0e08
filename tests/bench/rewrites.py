"""Equivalent rewrites of the catalogue's claims: named kinds, alone and composed.

Half of the kinds use an identity for which the prover has no rule of its own (``OWN`` lists those it has one for, or
whose two sides it builds alike); what it makes of the others it must find by its normal form or by cases.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from types import ModuleType

from symdl.notation.strict import show
from symdl.terms import array
from symdl.terms.array import Add, Call, Compare, Div, Index, Mul, Name, Neg, Node, Num, Pow, Reduce, Transpose

ONE, TWO, HALF = (Num(Fraction(n, d)) for n, d in ((1, 1), (2, 1), (1, 2)))
FUNCTIONS = frozenset(
    {"exp", "log", "sqrt", "tanh", "sigmoid", "softplus", "abs", "maximum", "relu", "erf", "cosh", "sin"}
)


def f(name: str, *args: Node) -> Node:
    return Call(name, args)


def minus(a: Node, b: Node) -> Node:
    return Add(a, Neg(b))


def square(a: Node) -> Node:
    return Pow(a, TWO)


# ---- kinds for which the prover has a rule, or whose sides it builds alike


def commuted(n: Node) -> Node | None:
    match n:
        case Add(a, b):
            return Add(b, a)
        case Mul(a, b, how) if how == array.HADAMARD:
            return Mul(b, a)
    return None


def distributed(n: Node) -> Node | None:
    match n:
        case Mul(a, Add(b, c), how):
            return Add(Mul(a, b, how), Mul(a, c, how))
        case Mul(Add(a, b), c, how):
            return Add(Mul(a, c, how), Mul(b, c, how))
        case Div(Add(a, b), c):
            return Add(Div(a, c), Div(b, c))
    return None


def reciprocal(n: Node) -> Node | None:
    return Mul(n.left, Pow(n.right, Neg(ONE))) if isinstance(n, Div) else None


def split_exponent(n: Node) -> Node | None:
    match n:
        case Call("exp", (Add(a, b),)):
            return Mul(f("exp", a), f("exp", b))
        case Call("exp", (a,)):
            return square(f("exp", Div(a, TWO)))
    return None


def by_exponentials(n: Node) -> Node | None:
    match n:
        case Call("tanh", (a,)):
            return Div(minus(f("exp", a), f("exp", Neg(a))), Add(f("exp", a), f("exp", Neg(a))))
        case Call("sigmoid", (a,)):
            return Div(f("exp", a), Add(ONE, f("exp", a)))
    return None


def turned_product(n: Node) -> Node | None:
    match n:
        case Mul(a, b, how) if how == array.MATMUL:
            return Transpose(Mul(Transpose(b), Transpose(a), how))
    return None


def split_sum(n: Node) -> Node | None:
    match n:
        case Reduce("sum", Add(a, b)):
            return Add(replace(n, body=a), replace(n, body=b))
        case Call("sum", (Add(a, b),)):
            return Add(replace(n, args=(a,)), replace(n, args=(b,)))
    return None


def pulled_out(n: Node) -> Node | None:
    match n:
        case Reduce("sum", body):
            return Div(replace(n, body=Mul(TWO, body)), TWO)
    return None


def renamed_letter(n: Node) -> Node | None:
    match n:
        case Reduce(_, body, index):
            return replace(n, body=array.rename(body, {index: "q_"}), index="q_")
    return None


OWN: dict[str, Callable[[Node], Node | None]] = {
    "commuted": commuted,
    "distributed": distributed,
    "quotient as power": reciprocal,
    "split exponent": split_exponent,
    "written by exponentials": by_exponentials,
    "transpose of turned product": turned_product,
    "split sum": split_sum,
    "factor pulled into a sum": pulled_out,
    "bound letter renamed": renamed_letter,
}

# ---- kinds the prover has no rule for


def double_argument(n: Node) -> Node | None:
    match n:
        case Call("tanh", (a,)):
            h = f("tanh", Div(a, TWO))
            return Div(Mul(TWO, h), Add(ONE, square(h)))
        case Call("sin", (a,)):
            return Mul(TWO, Mul(f("sin", Div(a, TWO)), f("cos", Div(a, TWO))))
        case Call("cosh", (a,)):
            return minus(Mul(TWO, square(f("cosh", Div(a, TWO)))), ONE)
    return None


def reflected(n: Node) -> Node | None:
    match n:
        case Call("sigmoid", (a,)):
            return minus(ONE, f("sigmoid", Neg(a)))
        case Call("softplus", (a,)):
            return Add(a, f("softplus", Neg(a)))
        case Call("erf", (a,)):
            return Neg(f("erf", Neg(a)))
    return None


def maximum_by_absolute(n: Node) -> Node | None:
    match n:
        case Call("maximum", (a, b)):
            return Div(Add(Add(a, b), f("abs", minus(a, b))), TWO)
        case Call("minimum", (a, b)):
            return Div(minus(Add(a, b), f("abs", minus(a, b))), TWO)
        case Call("relu", (a,)):
            return Div(Add(a, f("abs", a)), TWO)
    return None


def absolute_by_root(n: Node) -> Node | None:
    return f("sqrt", square(n.args[0])) if isinstance(n, Call) and n.function == "abs" else None


def logarithm_by_area(n: Node) -> Node | None:
    """``log(x) = 2 artanh((x - 1) / (x + 1))``."""
    match n:
        case Call("log", (a,)):
            return Mul(TWO, f("arctanh", Div(minus(a, ONE), Add(a, ONE))))
    return None


def completed_square(n: Node) -> Node | None:
    match n:
        case Pow(a, Num(value)) if value == 2:
            return minus(square(Add(a, ONE)), Add(Mul(TWO, a), ONE))
    return None


def conjugate(n: Node) -> Node | None:
    match n:
        case Add(a, Neg(b)):
            return Div(minus(square(a), square(b)), Add(a, b))
    return None


def triple_sine(n: Node) -> Node | None:
    """Adds ``sin(3 x) - 3 sin(x) + 4 sin(x)^3``, which is zero."""
    if not isinstance(n, Name | Index):
        return None
    s = f("sin", n)
    zero = Add(
        minus(f("sin", Mul(Num(Fraction(3)), n)), Mul(Num(Fraction(3)), s)),
        Mul(Num(Fraction(4)), Pow(s, Num(Fraction(3)))),
    )
    return Add(n, zero)


def hyperbolic_unit(n: Node) -> Node | None:
    """Multiplies by ``cosh(x)^2 - sinh(x)^2``."""
    if not isinstance(n, Name | Index):
        return None
    return Mul(n, minus(square(f("cosh", n)), square(f("sinh", n))))


def needless_cases(n: Node) -> Node | None:
    if not isinstance(n, Name | Index):
        return None
    return array.Cases(((Add(n, Num(Fraction(0))), Compare(">", n, ONE)),), n)


def there_and_back(n: Node) -> Node | None:
    """``x = sinh(arsinh(x))``, ``x = log(exp(x))``."""
    match n:
        case Name():
            return f("sinh", f("arcsinh", n))
        case Index():
            return f("log", f("exp", n))
    return None


def nested_fraction(n: Node) -> Node | None:
    """``a / b = 1 / (1 + b / a - 1)``."""
    match n:
        case Div(a, b):
            return Div(ONE, minus(Add(ONE, Div(b, a)), ONE))
    return None


def shifted_softmax(n: Node) -> Node | None:
    match n:
        case Call("softmax" | "log_softmax", (a, *rest)):
            return replace(n, args=(minus(a, Num(Fraction(7, 3))), *rest))
        case Call("logsumexp", (a, *rest)):
            return Add(replace(n, args=(minus(a, TWO), *rest)), TWO)
    return None


FOREIGN: dict[str, Callable[[Node], Node | None]] = {
    "double argument": double_argument,
    "reflection": reflected,
    "maximum by absolute value": maximum_by_absolute,
    "absolute value by root": absolute_by_root,
    "logarithm by area function": logarithm_by_area,
    "completed square": completed_square,
    "conjugate": conjugate,
    "triple sine": triple_sine,
    "hyperbolic unit": hyperbolic_unit,
    "needless cases": needless_cases,
    "there and back": there_and_back,
    "nested fraction": nested_fraction,
    "shifted softmax": shifted_softmax,
}
KINDS = {**OWN, **FOREIGN}


def _places(mutants: ModuleType, root: Node) -> Iterator[tuple[Node, Callable[[Node], Node]]]:
    """Where a rewrite may take place: not in indices, limits, exponents, conditions, or what is derived by."""
    for node, put, above in mutants.places(root):
        chain = (*above, node)
        if any(
            isinstance(a, Index | Compare | array.Matrix)
            or (isinstance(a, Pow) and b is a.exponent)
            or (isinstance(a, array.Derivative) and b in a.wrt)
            or (isinstance(a, Reduce) and b is not a.body)
            or (isinstance(a, Call) and a.function in ("reshape", "ones", "zeros", "eye", "floor", "ceil"))
            for a, b in pairwise(chain)
        ):
            continue
        yield node, put


def _once(mutants: ModuleType, root: Node, kind: str, rng: random.Random) -> Node | None:
    found = [put(new) for node, put in _places(mutants, root) if (new := KINDS[kind](node)) is not None]
    return rng.choice(found) if found else None


def rewrites(mutants: ModuleType, count: int, seed: int, composed: float = 0.4) -> Iterator[object]:
    """Rewritten claims: ``composed`` of them by three kinds in a row, the others by one."""
    rng = random.Random(f"rewrites {seed}")
    bases = [b for b in mutants.bases() if b.equation() is not None]
    names = list(KINDS)
    seen: set[tuple[str, str]] = set()
    uses = dict.fromkeys(names, 0)
    misses = 0
    while count > 0 and misses < 20_000:
        base = rng.choice(bases)
        misses += 1
        made = _rewritten(mutants, base, rng, names, uses, 3 if rng.random() < composed else 1)
        if made is None:
            continue
        kind, left, right = made
        text = f"{show(left)} {base.relation} {show(right)}"
        if (base.id, text) in seen:
            continue
        seen.add((base.id, text))
        claim = base.equation(left, right)
        if claim is not None:
            for k in kind:
                uses[k] += 1
            count, misses = count - 1, 0
            yield mutants.Variation(base.id, " + ".join(kind), "tree", text, claim)


def _rewritten(
    mutants: ModuleType, base: object, rng: random.Random, names: list[str], uses: dict[str, int], steps: int
) -> tuple[list[str], Node, Node] | None:
    """Rarely used kinds are tried first, so that all are seen."""
    left, right = base.left, base.right  # type: ignore[attr-defined]
    done: list[str] = []
    for kind in sorted(names, key=lambda k: uses[k] * rng.random()):
        if len(done) == steps:
            break
        sides = [0, 1] if rng.random() < 0.5 else [1, 0]
        for side in sides:
            new = _once(mutants, (left, right)[side], kind, rng)
            if new is not None:
                left, right = (new, right) if side == 0 else (left, new)
                done.append(kind)
                break
    return (done, left, right) if len(done) == steps else None
