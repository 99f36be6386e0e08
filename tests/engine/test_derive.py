"""Every problem of ``tests/data/derivations``: derived, in the form that is expected, with the values of torch.

Lines are compared up to commutation and names of bound letters (`forms`). Values are those of the lines as they are
printed, read back from text: the array form, the form with index letters, and the NumPy statements; each is held to
torch's reverse mode where torch is installed, and to central differences of the definitions everywhere.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symdl import deriving
from symdl.checker.evaluate import evaluate
from symdl.functions import ELEMENTWISE
from symdl.notation.strict import parse
from symdl.terms.derivation import Derivation, Line


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"derive_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


reference, forms = _load("reference"), _load("forms")
NAMES = reference.names()
EXACT = 1e-12
DIFFERENCE = 1e-6
SECOND_DIFFERENCE = 1e-5


@cache
def problem_of(name: str) -> deriving.Problem:
    """The problem as ``symdl derive FILE`` reads it; asked for is also every adjoint on the way that has a line."""
    problem = deriving.problem_from_toml((reference.FOLDER / f"{name}.toml").read_text("utf-8"))
    expected = (reference.targets(key)[0].removeprefix("d") for key in reference.load(name).expect)
    return replace(problem, wrt=tuple(dict.fromkeys([*problem.wrt, *expected])))


@cache
def derived(name: str, per_example: bool = False) -> Derivation:
    """All gradients of a problem."""
    problem = problem_of(name)
    return deriving.derive(problem if per_example else replace(problem, count=""))


@cache
def second(name: str, key: str) -> Derivation:
    """A Jacobian or a Hessian."""
    first, by = reference.targets(key)
    problem = replace(problem_of(name), wrt=(by,), count="")
    if first in problem.inputs:
        return deriving.derive(problem, kind="hessian")
    return deriving.derive(replace(problem, loss=first, seeds={}), kind="jacobian")


def line_of(kind: str, name: str, key: str) -> Line:
    """The derived line that an expected line is about."""
    if kind == "second":
        return second(name, key)[reference.targets(key)[1]]
    return derived(name, kind == "per_example")[reference.targets(key)[0]]


def left_and_right(text: str) -> tuple[list[str], str]:
    left, _, right = text.partition(" = ")
    return reference.letters_of(left), right


def is_expected(line: Line, key: str, right: str, scalars: list[str]) -> bool:
    """Whether a line has the expected form: with letters where the expected line has them, else as arrays."""
    wanted = reference.letters_of(key)
    letters, mine = left_and_right(line.letters if wanted else line.notation)
    return len(letters) == len(wanted) and forms.same(mine, right, scalars, (letters, wanted))


def scalars_of(problem: Any) -> list[str]:
    """Names that are numbers."""
    sizes = [n for n, text in problem.inputs.items() if "[" not in text]
    return [*sizes, *reference.sizes_of(problem)]


# Form ---------------------------------------------------------------------------------------------------------------


def keys() -> list[tuple[str, str, str]]:
    """Problem, kind and key of every expected line."""
    lines = [x for name in NAMES for x in reference.expected_lines(reference.load(name)) if not x.alternative]
    return [(x.problem, x.kind, x.key) for x in lines]


@pytest.mark.parametrize(("name", "kind", "key"), keys())
def test_the_line_is_the_textbooks(name: str, kind: str, key: str) -> None:
    problem = reference.load(name)
    table = {"first": problem.expect, "per_example": problem.expect_per_example, "second": problem.expect_second}
    others = {
        "first": problem.alternative,
        "per_example": problem.alternative_per_example,
        "second": problem.alternative_second,
    }[kind]
    names = reference.targets(key)
    also = [(k, right) for k, rights in others.items() if reference.targets(k) == names for right in rights]
    line = line_of(kind, name, key)
    wanted = [(key, table[kind][key]), *also]
    assert any(is_expected(line, k, right, scalars_of(problem)) for k, right in wanted), (
        f"{line.notation}  ({line.letters}), expected {wanted}"
    )


# Values -------------------------------------------------------------------------------------------------------------


def spellings(line: Line) -> dict[str, tuple[list[str], str]]:
    """Letters and right side of a line in both notations."""
    return {"arrays": left_and_right(line.notation), "letters": left_and_right(line.letters)}


def value(line: Line, how: str, problem: Any, env: dict[str, Any], wanted: Any) -> float:
    """The error of a line as it is printed."""
    letters, right = spellings(line)[how]
    indexed = [k for k in range(np.ndim(wanted)) if how == "arrays" or line.shape[k] != "1"]
    shape = tuple(np.shape(wanted)[k] for k in indexed)
    found = reference.value_of(parse(right), letters, problem, env, shape)
    return float(reference.error(np.asarray(found).reshape(np.shape(wanted)) if how == "letters" else found, wanted))


@cache
def helpers() -> dict[str, Any]:
    """The functions of the table by their definitions; a module writes those that NumPy lacks itself."""
    return {f: lambda x, f=f: evaluate(parse(f"{f}(x)"), {"x": np.asarray(x)}) for f in ELEMENTWISE}


def by_numpy(line: Line, problem: Any, env: dict[str, Any], shared: dict[str, Any]) -> Any:
    """What the NumPy statements of a line compute; ``shared`` keeps what several lines use, such as a root."""
    primes = {f"{k}_prime": partial(f, primes=1) for k, f in reference.functions(problem).items()}
    given: dict[str, Any] = {"np": np, **env, **reference.functions(problem), **primes}
    scope = {**helpers(), **given, **shared}
    exec("\n".join(line.numpy), scope)
    shared |= {name: v for name, v in scope.items() if name not in given and name not in ELEMENTWISE}
    return scope[line.name]


def errors(name: str, env: dict[str, Any], adjoints: dict[str, Any], seconds: Any) -> dict[str, float]:
    """Every line in every spelling -> its error."""
    problem = reference.load(name)
    out: dict[str, float] = {}
    for count in (False, True) if problem.expect_per_example else (False,):
        d = derived(name, count)
        right = {**env, **adjoints}
        if count:
            right |= reference.per_example(problem, right)
        shared: dict[str, Any] = {}
        for line in d.lines:
            for how in spellings(line):
                out[f"{line.name} {how} {count}"] = value(line, how, problem, right, right[line.name])
            if line.numpy and not any("expect(" in text for text in problem.definitions):  # that takes samples
                out[f"{line.name} numpy {count}"] = reference.error(
                    by_numpy(line, problem, right, shared), right[line.name]
                )
    for key in problem.expect_second:
        line, wanted = second(name, key)[reference.targets(key)[1]], seconds(key)
        for how in spellings(line):
            out[f"{key} {how}"] = value(line, how, problem, {**env, **adjoints}, wanted)
    return out


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_have_the_values_of_torch(name: str) -> None:
    pytest.importorskip("torch")
    problem = reference.load(name)
    env = reference.draw(problem)
    values, adjoints = reference.torch_adjoints(problem, env)
    found = errors(name, {**env, **values}, adjoints, partial(reference.torch_second, problem, {**env, **values}))
    assert {line: e for line, e in found.items() if not e <= EXACT} == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_have_the_values_of_differences(name: str) -> None:
    problem = reference.load(name)
    env = reference.draw(problem)
    env |= reference.run(problem, env)
    found = errors(
        name, env, reference.central_differences(problem, env), partial(reference.second_differences, problem, env)
    )
    assert {line: e for line, e in found.items() if not e <= (SECOND_DIFFERENCE if "," in line else DIFFERENCE)} == {}
