"""Bits of error of emitted functions and their derivatives against Arb, in Herbie's measure.

    python tests/bench/accuracy.py [--points N] [--markdown] [NAME...]

A row that misses the target and says so in its docstring is marked as stated. Two kinds of points: random float64 bit patterns, and realistic ones. ``beyond`` is what exceeds the bits that the
condition number of the function costs at the point.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from symdl.codegen import emit, load
from symdl.codegen.lower import contracted, derivative
from symdl.codegen.stable import prepared
from symdl.functions import ELEMENTWISE, Elementwise, definition, stable
from symdl.notation import strict
from symdl.notation.lowering import lower_program, scope_of
from symdl.terms.formula import Entry, Form, Role
from symdl.terms.indexed import Access, Axis
from symdl.verifier.oracles.accuracy import Truth, measure, random_floats

MEAN, WORST, ARRAY_MEAN = 1.0, 4.0, 4.0
"""Bits beyond the condition number's that are allowed: of elementwise functions, and in the mean of all others."""
SIZES = {"n": 5, "m": 3}


@dataclass(frozen=True)
class Case:
    """A function under measurement: its value or one derivative."""

    name: str
    function: Any
    truth: Truth
    shapes: Mapping[str, tuple[int, ...]]
    kinds: Mapping[str, str]
    elementwise: bool
    stated: bool = False


def entry(name: str, define: str, symbols: Mapping[str, str]) -> Entry:
    """An entry made for the occasion."""
    roles = {}
    for symbol, text in symbols.items():
        kind, _, shape = text.rstrip("]").partition("[")
        roles[symbol] = Role(symbol, kind, tuple(s.strip() for s in shape.split(",") if s), (symbol,))
    form = Form("canonical", strict.program(define), roles=roles)
    return Entry(name, "bench", {"en": name}, (), (), roles, (form,))


ARRAYS = {
    "softmax": ("s = softmax(z)", {"z": "real[n]"}),
    "log_softmax": ("s[i] = log(exp(z[i]) / sum(exp(z[j]), j))", {"z": "real[n]"}),
    "logsumexp": ("s = log(sum(exp(z[j]), j))", {"z": "real[n]"}),
    "cross_entropy_from_logits": (
        "J = -sum(y[i] * log(exp(z[i]) / sum(exp(z[j]), j)), i)",
        {"y": "probability[n]", "z": "real[n]"},
    ),
    "cross_entropy_one_hot": ("J = log(sum(exp(z[j]), j)) - z[0]", {"z": "real[n]"}),
    "bce_from_logits": (
        "J = -(y * log(sigmoid(x)) + (1 - y) * log(1 - sigmoid(x)))",
        {"x": "real", "y": "unit"},
    ),
    "masked_softmax": (
        "s[i] = mask[i] * exp(z[i]) / sum(mask[j] * exp(z[j]), j)",
        {"mask": "binary[n]", "z": "real[n]"},
    ),
    "variance": ("v = mean((x - mean(x)) ** 2)", {"x": "real[n]"}),
    "standard_deviation": ("v = sqrt(mean((x - mean(x)) ** 2))", {"x": "real[n]"}),
    "norm": ("J = norm(w, 2)", {"w": "real[n]"}),
    "normalised": ("u = w / norm(w, 2)", {"w": "real[n]"}),
}


def row_cases(row: Elementwise) -> Iterator[Case]:
    """Value and derivative by the argument; parameters stand at their defaults or at fixed numbers."""
    fixed = [p.default if p.default is not None else sp.Rational(k + 2, 2) for k, p in enumerate(row.parameters)]
    x = row.symbols[0]
    call = f"{row.name}({', '.join(['x', *map(strict_number, fixed)])})"
    e = entry(row.name, f"f(x) = {call}", {"x": "real"})
    module = emit(e)
    functions, stated = load(module), "Accuracy:" in module.source
    shapes, kinds = {"x": ()}, {"x": _kind(row)}
    at = [x, *fixed]
    better = row.at(row.stable, *at) if row.stable is not None else None
    yield Case(row.name, functions[row.name], truth(row.expand(*at), shapes, better), shapes, kinds, True, stated)
    name = f"{row.name}_with_grad"
    if name in functions:
        slope = row.at(row.derivative, *at)
        better = row.at(row.stable_derivative or row.derivative, *at)
        yield Case(
            f"{row.name}'", lambda x: functions[name](x)[1], truth(slope, shapes, better), shapes, kinds, True, stated
        )


def strict_number(value: sp.Expr) -> str:
    """A number in catalogue notation."""
    return f"({value})"


def truth(expr: sp.Expr, shapes: Mapping[str, tuple[int, ...]], better: sp.Expr | None) -> Truth:
    """The definition, and where that overflows all reason the form that is proved equal to it."""
    return Truth(definition(expr), shapes, fallback=definition(stable(better)) if better is not None else None)


def _kind(row: Elementwise) -> str:
    low, high = row.domain.inf, row.domain.sup
    if low == 0 and high == 1:
        return "unit"
    if low == -1 and high == 1:
        return "within"
    if low == -1:
        return "above_minus_one"
    if low == 1:
        return "above_one"
    return "positive" if low == 0 else "real"


def array_cases(name: str) -> Iterator[Case]:
    """Value and derivative by every input."""
    define, symbols = ARRAYS[name]
    e = entry(name, define, symbols)
    module = emit(e)
    functions, stated = load(module), "Accuracy:" in module.source
    scope = scope_of(e.roles)
    value = lower_program(e.forms[0].lines, scope)
    axes = [a for a in value.axes if a is not None]
    sizes = dict(SIZES)
    named = inspect.signature(functions[name]).parameters
    shapes = {n: tuple(SIZES[s] for s in e.roles[n].shape) for n in named}
    kinds = {r.id: r.kind for r in e.roles.values()}
    yield Case(name, functions[name], Truth(value.body, shapes, axes, sizes), shapes, kinds, False, stated)
    smooth = [e.roles[n] for n in named if e.roles[n].kind != "binary"]
    for k, role in enumerate(smooth):
        by, more = _variable(role)
        body = contracted(derivative(prepared(definition(value.body)), by))
        grad = functions[f"{name}_with_grad"]
        pick = lambda *a, k=k, grad=grad: grad(*a)[k + 1]  # noqa: E731
        if (not axes and not more) or (axes and role.shape):
            yield Case(
                f"{name} by {role.id}", pick, Truth(body, shapes, [*axes, *more], sizes), shapes, kinds, False, stated
            )
        elif not axes:
            yield Case(f"{name} by {role.id}", pick, Truth(body, shapes, more, sizes), shapes, kinds, False, stated)


def _variable(role: Role) -> tuple[sp.Expr, list[Axis]]:
    tensor = scope_of({role.id: role}).names[role.id]
    axes = [Axis(f"k{k}", s) for k, s in enumerate(tensor.shape)]
    return (Access(tensor.symbol, *axes) if axes else tensor.symbol), axes


# ---- points -----------------------------------------------------------------------------------------------


def realistic(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """What the argument of such a function is like in practice."""
    x = rng.normal(size=shape) * rng.choice([0.1, 1.0, 4.0, 12.0])
    out = {
        "positive": lambda: np.exp(x / 3),
        "unit": lambda: np.clip(1 / (1 + np.exp(-x)), 1e-300, 1 - 2**-53),
        "within": lambda: np.tanh(x) * (1 - 2**-50),
        "above_minus_one": lambda: np.expm1(x / 3),
        "above_one": lambda: 1 + np.exp(x / 3),
        "binary": lambda: _mask(shape, rng),
        "probability": lambda: np.exp(x) / np.sum(np.exp(x)),
    }.get(kind, lambda: x)()
    return out if shape else float(out)


def _mask(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    mask = rng.integers(0, 2, shape)
    mask[rng.integers(0, mask.size)] = 1
    return mask


def patterns(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Random bit patterns, brought into the domain by what is cheapest: absolute value, quotient."""
    if kind == "binary":
        return _mask(shape, rng)
    x = np.array(list(random_floats(rng, int(np.prod(shape))))).reshape(shape)
    size = np.abs(x)
    unit = np.where(size < 1, np.maximum(size, 5e-324), np.minimum(1 / np.maximum(size, 1), 1 - 2**-53))
    with np.errstate(all="ignore"):
        out = {
            "positive": size,
            "unit": unit,
            "within": np.copysign(unit, x),
            "above_minus_one": np.where(size < 1, x, size),
            "above_one": 1 + size,
            "probability": unit / np.sum(unit),
        }.get(kind, x)
    return out if shape else float(out)


def points(case: Case, draw: Any, count: int, seed: int) -> list[dict[str, Any]]:
    """Points for one case."""
    rng = np.random.default_rng(seed)
    return [{n: draw(case.kinds[n], s, rng) for n, s in case.shapes.items()} for _ in range(count)]


def cases(names: list[str]) -> Iterator[Case]:
    """All cases, or those of the names."""
    for name, row in ELEMENTWISE.items():
        if not names or name in names:
            try:
                yield from row_cases(row)
            except Exception as error:
                print(f"{name}: not emitted: {error}", file=sys.stderr)
    for name in ARRAYS:
        if not names or name in names:
            yield from array_cases(name)


def exceeds(case: Case, facts: Mapping[str, Any]) -> bool:
    """Whether the figures miss the target."""
    if facts["not_finite"]:
        return True
    if facts["mean_beyond"] is None:
        return False
    if case.elementwise:
        return facts["mean_beyond"] > MEAN or facts["worst_beyond"] > WORST
    return facts["mean_beyond"] > ARRAY_MEAN


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    start, missed = time.perf_counter(), 0
    columns = ["function", "bit patterns: beyond", "plain", "realistic: beyond", "plain", "inf or nan", ""]
    print(_line(columns, options.markdown))
    if options.markdown:
        print(_line(["---"] * len(columns), True))
    for case in cases(options.names):
        found = [measure(case.function, case.truth, points(case, d, options.points, 1)).facts for d in DRAWS]
        bad = [f for f in found if exceeds(case, f)]
        missed += bool(bad) and not case.stated
        figures = [f"{f[f'mean_{k}']}, {f[f'worst_{k}']}" for f in found for k in ("beyond", "plain")]
        mark = "" if not bad else "stated" if case.stated else f"**missed** at {bad[0].get('worst_at')}"
        print(
            _line([case.name, *figures, str(sum(f["not_finite"] for f in found)), mark], options.markdown), flush=True
        )
    print(f"\n{missed} functions miss the target; {time.perf_counter() - start:.0f} s", file=sys.stderr)


DRAWS = (patterns, realistic)


def _line(cells: list[str], markdown: bool) -> str:
    return "| " + " | ".join(cells) + " |" if markdown else "  ".join(c.ljust(14) for c in cells).rstrip()


if __name__ == "__main__":
    main()
