"""Emitted code: right values, right derivatives, readable, harmless."""

from __future__ import annotations

import ast
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from symdl.codegen import BACKENDS, emit, load, with_evidence
from symdl.codegen.load import check
from symdl.errors import NotSupported
from symdl.notation import strict
from symdl.terms import array
from symdl.terms.formula import Entry, Form, Role
from symdl.terms.results import Evidence, Module
from symdl.verifier.oracles import dual, finite_difference

RNG = np.random.default_rng(5)
SIZES = {"n": 3, "m": 4, "h": 2, "k": 5}


def entry(define: str, symbols: dict[str, str], id: str = "thing", **fields) -> Entry:
    roles = {}
    for name, text in symbols.items():
        kind, _, shape = text.rstrip("]").partition("[")
        roles[name] = Role(name, kind, tuple(s.strip() for s in shape.split(",") if s), (name,))
    form = Form("canonical", strict.program(define))
    given = {"titles": {"en": "A thing"}, "keywords": (), "names": ()} | fields
    return Entry(id=id, topic="test", roles=roles, forms=(form,), **given)


def draw(kind: str, shape: tuple[int, ...]):
    if kind in ("size", "integer"):
        return 3
    x = RNG.normal(size=shape) * 1.2
    if kind in ("positive", "nonnegative"):
        x = np.exp(x / 2)
    if kind == "unit":
        x = 1 / (1 + np.exp(-x))
    if kind == "binary":
        return (x > 0).astype(int)
    if kind == "probability":
        x = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
    return x if shape else float(x)


def points(e: Entry, names: list[str], count: int = 4) -> list[tuple]:
    size = {s: int(s) if s.isdigit() else SIZES[s] for r in e.roles.values() for s in r.shape}
    return [tuple(draw(e.roles[n].kind, tuple(size[s] for s in e.roles[n].shape)) for n in names) for _ in range(count)]


def arguments(module: Module) -> list[str]:
    functions = [n for n in ast.parse(module.source).body if isinstance(n, ast.FunctionDef)]
    return [a.arg for f in functions if f.name == module.names[0] for a in f.args.args]


def slope(functions, name: str = "thing"):
    """The derivatives alone."""
    both = functions[f"{name}_with_grad"]

    def derivatives(*args):
        out = both(*args)[1:]
        return out if len(out) > 1 else out[0]

    return derivatives


Z = {"z": "real[n]"}
CASES = {
    # define, symbols, independent value
    "sigmoid": ("f(x) = 1 / (1 + exp(-x))", {"x": "real"}, lambda x: 0.5 * (1 + np.tanh(x / 2))),
    "tanh": ("f(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))", {"x": "real"}, np.tanh),
    "softplus": ("f(x) = log(1 + exp(x))", {"x": "real"}, lambda x: np.logaddexp(0, x)),
    "elu": (
        "f(x) = where(x > 0, x, alpha * (exp(x) - 1))",
        {"x": "real", "alpha": "positive"},
        lambda x, a: x if x > 0 else a * np.expm1(x),
    ),
    "relu": ("f(x) = maximum(0, x)", {"x": "real"}, lambda x: max(x, 0.0)),
    "gelu": ("f(x) = x / 2 * (1 + erf(x / sqrt(2)))", {"x": "real"}, lambda x: x * float(mpmath.ncdf(x))),
    "swish": (
        "f(x) = x / (1 + exp(-beta * x))",
        {"x": "real", "beta": "positive"},
        lambda x, b: x * 0.5 * (1 + np.tanh(b * x / 2)),
    ),
    "bce": (
        "J = -(y * log(a) + (1 - y) * log(1 - a))",
        {"y": "binary", "a": "unit"},
        lambda y, a: -np.log(a if y else 1 - a),
    ),
    "momentum": (
        "v = beta * p + (1 - beta) * g",
        {"beta": "unit", "p": "real", "g": "gradient"},
        lambda b, p, g: b * (p - g) + g,
    ),
    "power": ("f(x) = x ** 3 - 2 / x ** 2 + sqrt(x)", {"x": "positive"}, lambda x: x * x * x - 2 / (x * x) + x**0.5),
    "count": (
        "f(n) = (n + 2 * p - k) / s + 1",
        {"n": "real", "p": "real", "k": "real", "s": "positive"},
        lambda n, p, k, s: 1 + (n + 2 * p - k) / s,
    ),
    "softmax": ("s[i] = exp(z[i]) / sum(exp(z[j]), j)", Z, lambda z: np.exp(z) / np.exp(z).sum()),
    "softmax call": ("s = softmax(z)", Z, lambda z: np.exp(z) / np.exp(z).sum()),
    "softmax of rows": (
        "P = softmax(X, axis=1)",
        {"X": "real[n, m]"},
        lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),
    ),
    "logsumexp": ("s = log(sum(exp(z[j]), j))", Z, lambda z: np.logaddexp.reduce(z)),
    "log softmax": ("s[i] = log(exp(z[i]) / sum(exp(z[j]), j))", Z, lambda z: z - np.logaddexp.reduce(z)),
    "cross entropy": (
        "J = -sum(y[i] * log(exp(z[i]) / sum(exp(z[j]), j)), i)",
        {"y": "probability[n]", "z": "real[n]"},
        lambda y, z: -(y * (z - np.logaddexp.reduce(z))).sum(),
    ),
    "mse": ("J = mean((yhat - y) ** 2)", {"yhat": "real[m]", "y": "real[m]"}, lambda p, y: np.mean((p - y) ** 2)),
    "affine": ("Z = W @ X + b", {"W": "real[h, n]", "X": "real[n, m]", "b": "real[h, 1]"}, lambda w, x, b: w @ x + b),
    "quadratic": ("J = sum(A[i, j] * x[i] * x[j], i, j)", {"A": "real[n, n]", "x": "real[n]"}, lambda a, x: x @ a @ x),
    "norm": ("J = norm(w, 2)", {"w": "real[n]"}, lambda w: np.sqrt((w * w).sum())),
    "standardised": (
        "mu = mean(x); v = mean((x - mu) ** 2); y = (x - mu) / sqrt(v + eps)",
        {"x": "real[m]", "eps": "positive"},
        lambda x, e: (x - x.mean()) / np.sqrt(x.var() + e),
    ),
    "column": ("a = tanh(W @ x)", {"W": "real[h, n]", "x": "real[n, 1]"}, lambda w, x: np.tanh(w @ x)),
    "attention": (
        "P = softmax(Q @ K.T, axis=1); O = P @ V",
        {"Q": "real[h, n]", "K": "real[m, n]", "V": "real[m, k]"},
        lambda q, k, v: (np.exp(q @ k.T) / np.exp(q @ k.T).sum(1, keepdims=True)) @ v,
    ),
    "trace": ("t = sum(A[i, i], i)", {"A": "real[n, n]"}, np.trace),
    "hinge": (
        "J = sum(maximum(0, 1 - y[i] * f[i]), i)",
        {"y": "real[m]", "f": "real[m]"},
        lambda y, f: np.maximum(0, 1 - y * f).sum(),
    ),
    "largest": ("u = x / max(abs(x[i]), i)", {"x": "real[m]"}, lambda x: x / np.abs(x).max()),
    "shifted": ("J = sum((x[i + 1] - x[i]) ** 2, (i, 0, 2))", {"x": "real[4]"}, lambda x: (np.diff(x) ** 2).sum()),
    "positions": ("J = sum(i * x[i], i)", {"x": "real[m]"}, lambda x: (np.arange(4) * x).sum()),
}


@pytest.fixture(scope="module")
def modules():
    return {name: (e := entry(text, symbols), emit(e)) for name, (text, symbols, _) in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient(name, modules):
    e, module = modules[name]
    f = load(module)
    names = arguments(module)
    at = points(e, names)
    given = [[p[names.index(n)] for n in e.roles if n in names] for p in at]
    for p, g in zip(at, given, strict=True):
        assert np.allclose(f["thing"](*p), CASES[name][2](*g), rtol=1e-12, atol=1e-13)
    assert dual.check_gradient(f["thing"], slope(f), at).facts["passed"]
    found = finite_difference.check_gradient(f["thing"], slope(f), at)
    assert found.facts["passed"], found


def parts(line: str) -> list[str]:
    """The values of a return statement."""
    return [ast.unparse(e) for e in ast.parse(line.strip()).body[0].value.elts]


@pytest.mark.parametrize("name", ["sigmoid", "softmax", "cross entropy", "standardised"])
@pytest.mark.parametrize("new", ["-1.0 * {}", "1.000001 * {}", "0.5 * {}"])
def test_a_corrupted_gradient_is_caught(name, new, modules):
    e, module = modules[name]
    head, marker, tail = module.source.partition("def thing_with_grad")
    lines = tail.splitlines()
    value, first, *rest = (
        lines[-1].removeprefix("    return ").split(", ") if "(" not in lines[-1] else parts(lines[-1])
    )
    lines[-1] = f"    return {', '.join([value, new.format(first), *rest])}"
    f = load(Module(head + marker + "\n".join(lines) + "\n", module.names))
    at = points(e, arguments(module))
    assert not dual.check_gradient(f["thing"], slope(f), at).facts["passed"]
    assert not finite_difference.check_gradient(f["thing"], slope(f), at).facts["passed"]


EXTREME = [-800.0, -300.0, -37.5, -20.0, -3.0, -1e-3, -1e-9, 0.0, 1e-9, 1e-3, 2.0, 20.0, 37.5, 300.0, 800.0]
ACCURATE = {
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "tanh": mpmath.tanh,
}
SLOPES = {
    "sigmoid": lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2,
    "softplus": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": lambda x: mpmath.sech(x) ** 2,
}


@pytest.mark.parametrize("name", ACCURATE)
def test_stable_forms_are_chosen_at_emission(name, modules):
    """To a few units in the last place over the whole range, without a warning."""
    f = load(modules[name][1])
    with mpmath.workdps(400), np.errstate(over="raise", invalid="raise", divide="raise"):
        for function, truth in ((f["thing"], ACCURATE[name]), (slope(f), SLOPES[name])):
            for x in EXTREME:
                exact = truth(mpmath.mpf(x))
                if exact != 0 and abs(exact) < 1e-300:
                    continue  # below the normal floats
                assert abs(mpmath.mpf(float(function(np.float64(x)))) - exact) <= 8 * 2.3e-16 * abs(exact)


def test_softmax_does_not_overflow(modules):
    f = load(modules["softmax"][1])
    z = np.array([1000.0, 999.0, -1000.0])
    assert np.allclose(f["thing"](z), [1 / (1 + np.exp(-1)), 1 / (1 + np.e), 0.0])
    assert np.all(np.isfinite(slope(f)(z)))
    assert np.isfinite(load(modules["cross entropy"][1])["thing"](np.array([0.0, 0.0, 1.0]), z))


def test_scalar_formulas_work_on_arrays(modules):
    f = load(modules["softplus"][1])
    x = RNG.normal(size=(3, 2))
    assert f["thing"](x).shape == slope(f)(x).shape == (3, 2)
    constant = load(emit(entry("f(x) = 2 * x + 1", {"x": "real"})))
    assert slope(constant)(x).tolist() == [[2.0, 2.0]] * 3


def test_source_is_readable(modules):
    source = modules["softmax"][1].source
    ast.parse(source)
    assert "e = np.exp(z - top)" in source and "p = e / np.sum(e)" in source and '"n"' in source
    assert modules["affine"][1].source.count("return b + W @ X\n") == 1
    assert "array of shape (n,)" in source


def test_the_docstring_says_what_it_is():
    made = emit(
        entry(
            "f(x) = x ** 2", {"x": "real"}, latex=(r"f(x) = x^2",), sources=("Someone 1999",), titles={"en": "A square"}
        )
    )
    for part in ("A square.", "f(x) = x^2", "Someone 1999.", "Not checked yet (thing)."):
        assert part in made.source
    checked = with_evidence(made, [Evidence("dual numbers", {"points": 9, "max_error": 1e-15})])
    assert "Derivatives by dual numbers: 9 points, relative error at most 1e-15." in checked.source and checked.evidence
    assert "Not checked yet" not in checked.source
    load(checked)


EVIL = '"""\nimport os\nos.system("echo")\nr"""'


@pytest.mark.parametrize("field", ["titles", "latex", "sources"])
def test_no_text_from_outside_ends_a_docstring(field):
    value = {"titles": {"en": EVIL}, "latex": (EVIL,), "sources": (EVIL + "\\",)}[field]
    made = emit(entry("f(x) = x ** 2", {"x": "real"}, **{field: value}))
    check(made.source)
    assert not [n for n in ast.walk(ast.parse(made.source)) if isinstance(n, ast.Import) and n.names[0].name == "os"]
    load(with_evidence(made, [Evidence(EVIL, {"note": EVIL})]))


@pytest.mark.parametrize("name", ["np", "lambda", "print", "x__y", "_hidden", "été", "x\ny", "a" * 80])
def test_identifiers_come_from_an_allow_list(name):
    form = Form("canonical", (strict.define("f(x) = x"),))
    value = form.lines[0]
    form = Form("canonical", (type(value)("f", (name,), (), value.left, array.Name(name)),))
    bad = Entry("thing", "t", {"en": "t"}, (), (), {name: Role(name, "real", (), ())}, (form,))
    with pytest.raises(NotSupported):
        emit(bad)
    with pytest.raises(NotSupported):
        emit(entry("f(x) = x", {"x": "real"}, id=name))


FOREIGN = [
    "import os\n",
    "def f(x):\n    return open(x)\n",
    "def f(x):\n    return x.__class__\n",
    "def f(x):\n    return np.load(x)\n",
    "def f(x=print()):\n    return x\n",
    "@print\ndef f(x):\n    return x\n",
    "f = lambda x: x\n",
    "while True:\n    pass\n",
    "def f(x):\n    return __import__\n",
    "def f(x):\n    return x.tofile(x)\n",
    "def f(x):\n    return f'{x}'\n",
]


@pytest.mark.parametrize("source", FOREIGN)
def test_nothing_foreign_is_executed(source):
    with pytest.raises(NotSupported):
        load(Module(source, ("f",)))


UNSUPPORTED = [
    ("J = logdet(A)", {"A": "real[n, n]"}, "logdet"),
    ("y = g(x)", {"x": "real", "g": "function"}, "function"),
    ("y = prod(x[i], i)", {"x": "real[n]"}, "prod"),
    ("Y[i] = sum(w[a] * x[i + a], (a, 0, 2))", {"w": "real[3]", "x": "real[m]"}, "index"),
    ("J = expect(x ** 2, x, p)", {}, "expectation"),
]


@pytest.mark.parametrize(("define", "symbols", "word"), UNSUPPORTED)
def test_what_cannot_be_emitted_is_named(define, symbols, word):
    with pytest.raises(NotSupported, match=word):
        emit(entry(define, symbols))


def test_value_alone_where_only_the_derivative_is_missing():
    e = entry("y = prod(x[i], i)", {"x": "real[n]"})
    assert load(emit(e, grad=False))["thing"](np.array([2.0, 3.0, 4.0])) == 24.0


def test_forms_and_backends():
    e = entry("f(x) = x", {"x": "real"})
    assert BACKENDS["numpy"](e) == emit(e)
    with pytest.raises(NotSupported, match="canonical"):
        emit(e, form="other")


def test_numbers_are_exact():
    form = Form("canonical", (strict.define("f(x) = x"),))
    line = form.lines[0]
    third = array.Mul(array.Num(Fraction(1, 3)), array.Name("x"))
    e = Entry(
        "t",
        "t",
        {"en": "t"},
        (),
        (),
        {"x": Role("x", "real", (), ())},
        (Form("canonical", (type(line)("f", ("x",), (), line.left, third),)),),
    )
    assert load(emit(e))["t"](3.0) == 1.0
