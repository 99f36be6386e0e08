"""A sample of the catalogue is emitted; what is emitted has the catalogue's values and right derivatives."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from symdl import catalogue
from symdl.checker.evaluate import NoValue, run
from symdl.codegen import emit, load
from symdl.errors import NotSupported
from symdl.notation.lowering import size
from symdl.terms.formula import Entry
from symdl.terms.indexed import size_symbol
from symdl.verifier.oracles import dual, finite_difference

SAMPLE = sorted(catalogue.load().entries)[::12]
SMOOTH = {"real", "positive", "nonnegative", "unit", "probability", "gradient", "statistic"}


def draw(kind: str, shape: tuple[int, ...], rng: np.random.Generator):
    if kind in ("size", "integer"):
        return rng.integers(1, 4, shape) if shape else int(rng.integers(1, 4))
    if kind == "binary":
        return rng.integers(0, 2, shape) if shape else int(rng.integers(0, 2))
    x = rng.normal(size=shape) * 1.2
    if kind in ("positive", "nonnegative"):
        x = np.exp(x / 2)
    if kind == "unit":
        x = 1 / (1 + np.exp(-x))
    if kind == "probability":
        x = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
    return x if shape else float(x)


def points(entry: Entry, names: list[str]) -> list[dict]:
    rng = np.random.default_rng(len(entry.id))
    letters = sorted({str(s) for r in entry.roles.values() for part in r.shape for s in size(part).free_symbols})
    sizes = {name: 2 + k % 4 for k, name in enumerate(letters)}
    out = []
    for _ in range(3):
        point = {}
        for name in names:
            role = entry.roles.get(name)
            shape = (
                tuple(int(size(s).subs({size_symbol(n): v for n, v in sizes.items()})) for s in role.shape)
                if role
                else ()
            )
            point[name] = sizes[name] if name in sizes else draw(role.kind if role else "size", shape, rng)
        out.append(point)
    return out


def emitted(entry: Entry):
    try:
        return emit(entry)
    except NotSupported:
        return None


@pytest.fixture(scope="module")
def modules():
    entries = catalogue.load().entries
    return {id: emitted(entries[id]) for id in SAMPLE}


def test_most_entries_are_emitted(modules):
    assert sum(m is not None for m in modules.values()) > 0.6 * len(modules)


@pytest.mark.parametrize("id", SAMPLE)
def test_values_and_derivatives(id, modules):
    module, entry = modules[id], catalogue.load().entries[id]
    if module is None:
        return  # refused by name, as test_emit checks
    f = load(module)
    tree = next(
        n for n in ast.parse(module.source).body if isinstance(n, ast.FunctionDef) and n.name == module.names[0]
    )
    names = [a.arg for a in tree.args.args]
    at = points(entry, names)
    with np.errstate(all="ignore"):
        compare_values(entry, f[module.names[0]], at)
        if len(module.names) == 1:
            return
        wrt = [k for k, n in enumerate(names) if n in entry.roles and entry.roles[n].kind in SMOOTH]
        for oracle in (dual, finite_difference):
            facts = oracle.check_gradient(
                f[module.names[0]], lambda *a: f[module.names[1]](*a)[1:], [tuple(p.values()) for p in at], wrt
            ).facts
            assert "faults" not in facts, facts


def compare_values(entry: Entry, function, at: list[dict]) -> None:
    for point in at:
        env = dict(point)
        for name, value in point.items():
            if name in entry.roles:
                env |= {s: n for s, n in zip(entry.roles[name].shape, np.shape(value), strict=True) if s.isidentifier()}
        try:
            truth = run(entry.forms[0].lines, env)
        except NoValue:
            continue
        found = function(*(np.float64(v) if isinstance(v, float) else v for v in point.values()))
        assert np.allclose(truth, found, rtol=1e-9, atol=1e-12, equal_nan=True)
