"""Evaluates catalogue entries at random points, for comparison with forms written by hand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from symdl import catalogue
from symdl.checker.evaluate import NoValue, Settings, evaluate, run
from symdl.notation.strict import parse
from symdl.terms.array import Derivative, names, walk
from symdl.terms.formula import Entry, Form, Role

SIZES = (3, 4, 2, 5, 6, 7, 8, 9)


def smooth(x: Any, *rest: Any, primes: int = 0) -> Any:
    """A stand-in for an unknown function, with two derivatives."""
    extra = sum((0.3 * k + 0.2) * r for k, r in enumerate(rest))
    x = x + extra
    return (np.sin(x) + 0.3 * x, np.cos(x) + 0.3, -np.sin(x))[primes]


def _value(role: Role, shape: tuple[int, ...], size: int, rng: np.random.Generator) -> Any:
    match role.kind:
        case "positive" | "nonnegative":
            v = rng.uniform(0.2, 2, shape)
        case "unit":
            v = rng.uniform(0.1, 0.9, shape)
        case "size" | "integer" | "index":
            v = np.full(shape, float(size)) if shape else float(size)
        case "binary":
            v = rng.integers(0, 2, shape).astype(float)
        case "diagonal":
            v = np.diag(rng.uniform(0.5, 2, shape[0]))
        case "probability":
            v = rng.uniform(0.1, 1, shape)
            v = v / v.sum(axis=0 if shape[-1] == 1 else -1, keepdims=True)
        case "function":
            return smooth
        case _:
            v = rng.normal(size=shape)
    return float(v) if np.ndim(v) == 0 else v


def draw(roles: Mapping[str, Role], rng: np.random.Generator, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Random values of all roles; axis sizes are pairwise distinct unless the table fixes them."""
    parts = [n for r in roles.values() for s in r.shape for n in names(parse(s))]
    parts += [r.id for r in roles.values() if r.kind in ("size", "integer", "index") and not r.shape]
    sizes = {n: float(SIZES[k % len(SIZES)]) for k, n in enumerate(dict.fromkeys(parts))}
    sizes.update({k: float(v) for k, v in fixed.items() if k in sizes})
    env: dict[str, Any] = dict(sizes)
    for role in roles.values():
        shape = tuple(int(evaluate(parse(s), sizes)) for s in role.shape)
        env[role.id] = _value(role, shape, int(sizes.get(role.id, 3)), rng)
    return {**env, **fixed}


def value(form: Form, env: Mapping[str, Any], like: Any) -> Any:
    """The form's value, tabulated over the index letters of its left-hand side."""
    functions = {k: v for k, v in env.items() if callable(v)}
    arrays = {k: v for k, v in env.items() if not callable(v)}
    if not form.value.indices:
        return run(form.lines, arrays, functions)
    out = np.zeros(np.shape(like))
    for at in np.ndindex(*out.shape):
        letters = dict(zip(form.value.indices, at, strict=True))
        out[at] = run(form.lines, arrays, functions, Settings(letters=letters))
    return out


def _call(reference: Callable[..., Any], env: Mapping[str, Any]) -> Any:
    wanted = inspect.signature(reference).parameters
    return reference(**{k: v for k, v in env.items() if k in wanted})


def _same(a: Any, b: Any) -> bool:
    a, b = np.squeeze(np.asarray(a, float)), np.squeeze(np.asarray(b, float))
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=1e-11))


def differences(
    entry: Entry, form: Form, reference: Callable[..., Any], fixed: Mapping[str, Any], points: int = 3
) -> Iterator[str]:
    """Compares one form with its reference at random points and says where they differ."""
    for seed in range(points):
        env = draw({**entry.roles, **form.roles}, np.random.default_rng(seed), fixed)
        try:
            expected = _call(reference, env)
            found = value(form, env, expected)
        except (NoValue, TypeError, ValueError, IndexError) as error:
            yield f"{entry.id}/{form.name}: {error}"
            return
        if not _same(found, expected):
            yield f"{entry.id}/{form.name}: {found} instead of {expected}"
            return


@pytest.fixture
def check_topic() -> Callable[..., None]:
    """Checks every form of every entry of a topic against a table of references.

    ``entry`` is the reference of the canonical form and of all forms that are the same function,
    ``entry/form`` that of one form. Every form without a condition must have one.
    """

    def check(
        topic: str, table: Mapping[str, Callable[..., Any]], fixed: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        entries = catalogue.load().of_topic(topic)
        wanted = {f"{e.id}/{f.name}" for e in entries for f in e.forms}
        missing = []
        for entry in entries:
            for form in entry.forms:
                if any(isinstance(n, Derivative) for line in form.lines for n in walk(line.right)):
                    continue  # a chain of named derivatives has no value of its own; its claims are judged
                reference = table.get(f"{entry.id}/{form.name}")
                if not form.condition:
                    reference = reference or table.get(entry.id)
                    missing += [] if reference else [f"{entry.id}/{form.name}: no reference"]
                if reference is None:
                    continue
                here = {**(fixed or {}).get(entry.id, {}), **(fixed or {}).get(f"{entry.id}/{form.name}", {})}
                missing += differences(entry, form, reference, here)
        assert not missing, "\n".join(missing)
        stray = [k for k in table if k not in wanted and k not in {e.id for e in entries}]
        assert not stray, stray

    return check
