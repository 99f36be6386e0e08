"""Every row is held against its own definition, and corrupted rows must be caught."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Iterator
from dataclasses import replace

import mpmath
import pytest
import sympy as sp

from symdl.functions import ARRAY_OPERATIONS, ELEMENTWISE, FUNCTIONS, VALUE, Elementwise, X, definition, lookup

ELEMENTARY = (
    sp.exp, sp.log, sp.Abs, sp.sign, sp.sin, sp.cos, sp.tan, sp.asin, sp.acos, sp.atan, sp.sinh, sp.cosh, sp.tanh,
    sp.asinh, sp.acosh, sp.atanh, sp.erf, sp.erfc, sp.floor, sp.ceiling, sp.Max, sp.Min, sp.Piecewise,
    sp.loggamma, sp.gamma, sp.digamma, sp.polygamma,
)  # fmt: skip
POINTS = (
    "-11.3",
    "-3.7",
    "-2.3",
    "-0.71",
    "-0.3",
    "-1/50",
    "-1e-9",
    "1e-9",
    "1/40",
    "0.31",
    "0.77",
    "1.9",
    "3.3",
    "7.4",
    "11.1",
)
STEP = mpmath.mpf(10) ** -25
NAMES = sorted(ELEMENTWISE)
with mpmath.workdps(90):
    NUMBERS = tuple(mpmath.mpf(sp.Rational(p).p) / sp.Rational(p).q for p in POINTS)


@pytest.fixture(autouse=True)
def _precision():
    with mpmath.workdps(90):
        yield


@functools.cache
def numeric(row: Elementwise, expr: sp.Expr):
    """A multiple-precision function of the row's symbols."""
    if VALUE in expr.free_symbols:
        expr = expr.xreplace({VALUE: row.definition})
    return sp.lambdify(row.symbols, definition(expr), "mpmath")


def settings(row: Elementwise) -> list[tuple]:
    """Values of the parameters: the defaults, and two others inside their domains."""
    if not row.parameters:
        return [()]
    out = []
    for shift in ("0", "0.37", "1.21"):
        values = [
            sp.Rational("1.3") * (k + 1) if p.default is None else p.default for k, p in enumerate(row.parameters)
        ]
        out.append(tuple(mpmath.mpf(v.p) / v.q for v in (v + sp.Rational(shift) for v in values)))
    return out


def points(row: Elementwise, values: tuple) -> list:
    """Points inside the domain, scaled into it if it is small; near every kink as well, never on one."""
    kinks = [mpmath.mpf(1) * numeric(row, k.at)(0, *values) for k in row.kinks]
    around = [k + d for k in kinks for d in (-mpmath.mpf("1e-7"), mpmath.mpf("1e-7"))]
    low, high = row.domain.inf, row.domain.sup
    inside = [x for x in (*NUMBERS, *(x / 12 for x in NUMBERS), *around) if low < float(x) < high]
    return [x for x in inside if all(abs(x - k) > 1e-12 for k in kinks)]


def differs(a, b, tolerance="1e-24") -> bool:
    return abs(a - b) > mpmath.mpf(tolerance) * (1 + abs(b))


def wrong_derivative(row: Elementwise) -> Iterator[tuple]:
    """Where a stated derivative is not that of the definition."""
    f = numeric(row, row.definition)
    for position in range(len(row.symbols)):
        d = numeric(row, row.partial(position))
        for values in settings(row):
            for x in points(row, values):
                args = [x, *values]

                def along(t, args=args, position=position):
                    return f(*args[:position], args[position] + t, *args[position + 1 :])

                if differs(d(*args), (along(STEP) - along(-STEP)) / (2 * STEP)):
                    yield row.name, position, args


def wrong_form(row: Elementwise, form: sp.Expr, truth: sp.Expr) -> Iterator[tuple]:
    """Where another form of a function does not have its value."""
    f, g = numeric(row, form), numeric(row, truth)
    yield from ((row.name, x) for v in settings(row) for x in points(row, v) if differs(f(x, *v), g(x, *v)))


@pytest.mark.parametrize("name", NAMES)
def test_derivative_is_that_of_the_definition(name):
    row = ELEMENTWISE[name]
    assert not list(wrong_derivative(row))


@pytest.mark.parametrize("name", [n for n in NAMES if ELEMENTWISE[n].stable is not None])
def test_stable_form_is_the_definition(name):
    row = ELEMENTWISE[name]
    assert not list(wrong_form(row, row.stable, row.definition))


@pytest.mark.parametrize("name", [n for n in NAMES if ELEMENTWISE[n].stable_derivative is not None])
def test_stable_derivative_is_the_derivative(name):
    row = ELEMENTWISE[name]
    assert not list(wrong_form(row, row.stable_derivative, row.derivative))


@pytest.mark.parametrize("name", NAMES)
def test_corrupted_rows_are_caught(name):
    row = ELEMENTWISE[name]
    assert any(wrong_derivative(replace(row, derivative=row.derivative + sp.Rational(1, 10**4) * (1 + X**2))))
    if row.derivative != 0:
        assert any(wrong_derivative(replace(row, derivative=-row.derivative)))
    if row.stable is not None:
        assert any(wrong_form(row, row.stable * (1 + sp.Rational(1, 10**9)), row.definition))
    if row.stable_derivative is not None:
        assert any(wrong_form(row, -row.stable_derivative, row.derivative))


@pytest.mark.parametrize("name", NAMES)
def test_domain_and_range_hold(name):
    row = ELEMENTWISE[name]
    f = numeric(row, row.definition)
    for values in settings(row):
        given = dict(zip(row.symbols[1:], (sp.Float(v) for v in values), strict=True))
        where = row.range.subs(given) if row.range.free_symbols else row.range
        for x in points(row, values):
            y = f(x, *values)
            assert mpmath.im(y) == 0 and mpmath.isfinite(y), (x, y)
            assert inside(where, y), (x, y)


def inside(where: sp.Set, y) -> bool:
    if not isinstance(where, sp.Interval):
        return sp.Integer(int(y)) in where and int(y) == y
    low, high = (sp.lambdify((), e, "mpmath")() for e in (where.start, where.end))
    return (low < y or (not where.left_open and low <= y)) and (y < high or (not where.right_open and y <= high))


@pytest.mark.parametrize("name", [n for n in NAMES if ELEMENTWISE[n].kinks])
def test_derivative_at_a_kink_is_the_stated_one(name):
    row = ELEMENTWISE[name]
    for kink in row.kinks:
        if kink.derivative is None:
            continue
        for values in settings(row):
            at = numeric(row, kink.at)(0, *values)
            assert not differs(numeric(row, row.derivative)(at, *values), numeric(row, kink.derivative)(at, *values))


@pytest.mark.parametrize("name", [n for n in NAMES if ELEMENTWISE[n].kinks])
def test_a_kink_is_a_kink(name):
    """The one-sided derivatives differ, or the value jumps, at one setting of the parameters at least."""
    row = ELEMENTWISE[name]
    f, d = numeric(row, row.definition), numeric(row, row.derivative)
    e = mpmath.mpf("1e-30")
    for kink in row.kinks:
        if kink.kind == "end":
            continue
        at = [(numeric(row, kink.at)(0, *v), v) for v in settings(row)]
        jump = any(differs(f(a + e, *v), f(a - e, *v)) for a, v in at)
        corner = any(differs(d(a + e, *v), d(a - e, *v)) for a, v in at)
        assert jump if kink.kind == "jump" else corner and not jump


@pytest.mark.parametrize("name", NAMES)
def test_definitions_are_elementary_and_print(name):
    row = ELEMENTWISE[name]
    assert all(isinstance(f, ELEMENTARY) for f in row.definition.atoms(sp.Function, sp.Max, sp.Min))
    assert row.definition.free_symbols <= set(row.symbols)
    z = sp.Symbol("z", real=True)
    call = row(z, *row.symbols[1:])
    assert sp.latex(call).count("{") == sp.latex(call).count("}") and "z" in sp.latex(call)
    assert pickle.loads(pickle.dumps(call)) == call
    assert call.func(*call.args) == call
    assert definition(call) == row.expand(z, *row.symbols[1:])


def test_names_and_aliases_are_unique():
    seen = [name for row in FUNCTIONS.values() for name in (row.name, *row.aliases)]
    assert len(seen) == len(set(seen))
    assert lookup("RELU") is FUNCTIONS["relu"]
    assert lookup("nothing") is None


def test_every_expression_of_ours_is_written_out_inside_others():
    x = sp.Symbol("x", real=True)
    nested = FUNCTIONS["sigmoid"](FUNCTIONS["softplus"](FUNCTIONS["relu"](x)) + 1)
    expected = 1 / (1 + sp.exp(-1 - sp.log(1 + sp.exp(sp.Max(x, 0)))))
    assert sp.simplify(definition(nested) - expected) == 0


@pytest.mark.parametrize("name", sorted(ARRAY_OPERATIONS))
def test_array_operations_in_numbers(name):
    """The index form, summed by hand over three numbers, against an independent evaluation."""
    values = [mpmath.mpf("0.3"), mpmath.mpf("-1.2"), mpmath.mpf("2.1")]
    row = ARRAY_OPERATIONS[name]
    got = [by_hand(row.define, values, k) for k in range(3)]
    for k in range(3):
        assert not differs(got[k], INDEPENDENT[name](values, k))
        if row.stable is not None:
            assert not differs(by_hand(row.stable, values, k), got[k])


def by_hand(define, values, k):
    from symdl.terms.indexed import Access, Axis, Reduce

    x, i = sp.Symbol("x", real=True), Axis("i", sp.Integer(3))
    fold = {"sum": sp.Add, "prod": sp.Mul, "max": sp.Max, "min": sp.Min}

    def unroll(e):
        if isinstance(e, Reduce):
            body, fresh = e.opened()
            (axis,) = fresh.values()
            return fold[e.op](*(unroll(body.xreplace({axis: sp.Integer(n)})) for n in range(3)))
        if isinstance(e, Access):
            return sp.Symbol(f"x{e.indices[0]}", real=True)
        return e.func(*map(unroll, e.args)) if e.args else e

    names = sp.symbols("x0:3", real=True)
    return sp.lambdify(names, unroll(define(Access(x, i), (i,)).xreplace({i: sp.Integer(k)})), "mpmath")(*values)


def _total(v):
    return sum(mpmath.exp(x) for x in v)


def _var(v):
    return sum(x * x for x in v) / 3 - (sum(v) / 3) ** 2


INDEPENDENT = {
    "softmax": lambda v, k: 1 / sum(mpmath.exp(x - v[k]) for x in v),
    "log_softmax": lambda v, k: v[k] - mpmath.log(_total(v)),
    "logsumexp": lambda v, k: mpmath.log(_total(v)),
    "sum": lambda v, k: v[0] + v[1] + v[2],
    "prod": lambda v, k: v[0] * v[1] * v[2],
    "mean": lambda v, k: (v[0] + v[1] + v[2]) / 3,
    "max": lambda v, k: max(v),
    "min": lambda v, k: min(v),
    "var": lambda v, k: _var(v),
    "std": lambda v, k: mpmath.sqrt(_var(v)),
    "norm": lambda v, k: mpmath.sqrt(sum(x * x for x in v)),
    "norm1": lambda v, k: sum(abs(x) for x in v),
    "norm_inf": lambda v, k: max(abs(x) for x in v),
}
