"""The expected lines of the derivations are right: against torch, and against differences of the definitions.

These tests need no engine. They hold the file it is held to: a line that is expected has the shape of what it is the
gradient of, and its value; a line with a flipped sign has not.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symdl.checker.evaluate import NoValue, evaluate
from symdl.notation.strict import define, parse


def _load() -> ModuleType:
    path = Path(__file__).with_name("reference.py")
    spec = importlib.util.spec_from_file_location("derivation_reference", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


reference = _load()
NAMES = reference.names()
FOURTEEN = """sigmoid softmax_jacobian softmax_cross_entropy least_squares logistic_regression two_layer_perceptron batch_norm
layer_norm attention lstm gru conv2d_stride2 quadratic_form logdet trace_product trace_inverse gcn_tanh_l2""".split()
EXACT = 1e-12
DIFFERENCE = 1e-6
SECOND_DIFFERENCE = 1e-5


@cache
def by_torch(name: str, seed: int) -> tuple[Any, dict[str, Any]]:
    """A problem, and its point with values and adjoints."""
    problem = reference.load(name)
    env = reference.draw(problem, seed)
    values, adjoints = reference.torch_adjoints(problem, env)
    return problem, {**env, **values, **adjoints}


@cache
def by_differences(name: str) -> tuple[Any, dict[str, Any]]:
    """The same without torch."""
    problem = reference.load(name)
    env = reference.draw(problem)
    return problem, {**env, **reference.run(problem, env), **reference.central_differences(problem, env)}


def errors(problem: Any, env: dict[str, Any], second: Callable[[str], Any]) -> dict[tuple[str, str, str], float]:
    """Line -> error, for all lines of a problem."""
    lines = reference.expected_lines(problem)
    return {(x.kind, x.key, x.right): reference.line_error(x, problem, env, second) for x in lines}


def test_the_fourteen_tasks_are_there() -> None:
    assert [name for name in FOURTEEN if name not in NAMES] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_is_whole(name: str) -> None:
    problem = reference.load(name)
    known = {*problem.inputs, *(line.name for line in problem.lines)}
    assert problem.title and problem.source
    assert bool(problem.loss) != bool(problem.seed)
    assert {problem.loss or problem.lines[-1].name, *problem.wrt, *problem.seed} <= known
    expected = {reference.targets(key)[0].removeprefix("d") for key in problem.expect}
    assert set(problem.wrt) - expected == set(), "a gradient has no line"
    assert {key.split("[")[0] for key in problem.alternative} <= {key.split("[")[0] for key in problem.expect}


@pytest.mark.parametrize("name", [name for name in NAMES if reference.load(name).assume])
def test_what_is_assumed_holds_at_the_point(name: str) -> None:
    problem = reference.load(name)
    env = reference.draw(problem)
    for fact in map(define, problem.assume):
        assert np.allclose(evaluate(fact.left, env), evaluate(fact.right, env), rtol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_the_definitions_have_the_values_of_torch(name: str) -> None:
    pytest.importorskip("torch")
    problem, env = by_torch(name, 0)
    values = reference.run(problem, reference.draw(problem))
    assert {k: e for k, v in values.items() if (e := reference.error(np.squeeze(v), np.squeeze(env[k]))) > EXACT} == {}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_expected_lines_agree_with_torch(name: str, seed: int) -> None:
    pytest.importorskip("torch")
    problem, env = by_torch(name, seed)
    found = errors(problem, env, partial(reference.torch_second, problem, env))
    assert {line: e for line, e in found.items() if e > EXACT} == {}


@pytest.mark.parametrize("name", NAMES)
def test_expected_lines_agree_with_differences(name: str) -> None:
    problem, env = by_differences(name)
    found = errors(problem, env, partial(reference.second_differences, problem, env))
    limit = {"second": SECOND_DIFFERENCE}
    assert {line: e for line, e in found.items() if e > limit.get(line[0], DIFFERENCE)} == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_sign_is_seen(name: str) -> None:
    problem, env = by_differences(name)
    second = cache(partial(reference.second_differences, problem, env))
    passed = []
    for line in reference.expected_lines(problem):
        for wrong in reference.negations(parse(line.right)):
            try:
                if reference.line_error(line, problem, env, second, wrong) < 1e-3:
                    passed.append((line.key, wrong))
            except NoValue:
                continue  # an index or a shape that no longer fits
    assert passed == []


@pytest.mark.parametrize(
    ("name", "key", "wrong"),
    [
        ("two_layer_perceptron", "dW2", "A1 @ dZ2.T"),
        ("two_layer_perceptron", "dZ1", "dA1 * (1 - A1)"),
        ("two_layer_perceptron", "dZ2", "A2 - Y"),
        ("two_layer_perceptron", "db1", "sum(dZ1, axis=1)"),
        ("attention", "dK", "dS @ Q / sqrt(d)"),
        ("attention", "dS", "P * (dP - sum(P * dP, axis=0, keepdims=True))"),
        ("batch_norm", "dX", "(m * dXhat - sum(dXhat, axis=0, keepdims=True)) / (m * s)"),
        ("gru", "dh_prev", "dh * (1 - u) + Wr.T @ dzr + Wu.T @ dzu"),
        ("conv2d_stride2", "dK[a, b]", "sum(dH[i, j] * X[i + a, j + b], i, j)"),
        ("rnn_through_time", "dW[i, j]", "sum(dZ[t, i] * H[t, j], t)"),
        ("logdet", "dX", "inv(X)"),
        ("quadratic_form", "dx", "2 * A @ x"),
    ],
)
def test_a_usual_mistake_is_seen(name: str, key: str, wrong: str) -> None:
    problem, env = by_differences(name)
    line = reference.Line(name, "first", key, wrong)
    with suppress(NoValue):  # what fits no product is seen as well
        assert reference.line_error(line, problem, env, lambda key: None) > 1e-3
