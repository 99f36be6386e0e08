"""Random programs: what is derived for them is the gradient, by torch, by dual numbers and by differences.

The lines are evaluated as they are printed, in order, each from the values of the lines before it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

import symdl
from symdl.notation.strict import parse
from symdl.terms.derivation import Derivation
from symdl.verifier.oracles.dual import jacobian


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"random_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


reference, programs = _load("reference"), _load("programs")
SLOW = bool(os.environ.get("SYMDL_SLOW"))
EXAMPLES = 600 if SLOW else 20
EXACT = 1e-9
STEEP = 100.0
"""Beyond such slopes a program curls within one step of the differences, which then say nothing."""
DIFFERENCE = 1e-5


def numpy_functions() -> dict[str, Any]:
    """The functions of the programs, in NumPy; they run on dual numbers as well."""

    def softmax(x: Any, axis: int) -> Any:
        e = np.exp(x)
        return e / np.sum(e, axis=axis, keepdims=True)

    def var(x: Any, axis: int, keepdims: bool = False) -> Any:
        return np.mean((x - np.mean(x, axis=axis, keepdims=True)) ** 2, axis=axis, keepdims=keepdims)

    return {
        **{n: getattr(np, n) for n in "exp log sqrt sin tanh abs maximum where einsum sum mean max".split()},
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "relu": lambda x: np.maximum(x, 0.0),
        "softplus": lambda x: np.log(1 + np.exp(x)),
        "gelu": gelu,
        "softmax": softmax,
        "log_softmax": lambda x, axis: np.log(softmax(x, axis)),
        "logsumexp": lambda x, axis, keepdims=False: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
        "var": var,
    }


def gelu(x: Any) -> Any:
    """GELU by its definition; NumPy has no error function, so its series does here, for plain and dual numbers."""
    z = x / np.sqrt(2)
    term, total = z, z
    for k in range(1, 80):
        term = term * (-z * z / k)
        total = total + term / (2 * k + 1)
    return x * (1 + 2 / np.sqrt(np.pi) * total) / 2


def torch_functions() -> dict[str, Any]:
    """The same in torch, by its own operations."""
    import torch

    def maximum(a: Any, b: Any) -> Any:
        return torch.maximum(a, b if torch.is_tensor(b) else torch.tensor(b, dtype=torch.float64))

    def along(f: Any) -> Any:
        return lambda x, axis=None, keepdims=False: f(x) if axis is None else f(x, dim=axis, keepdim=keepdims)

    return {
        **{n: getattr(torch, n) for n in "exp log sqrt sin tanh abs sigmoid where einsum".split()},
        "maximum": maximum,
        "relu": torch.relu,
        "softplus": torch.nn.functional.softplus,
        "gelu": torch.nn.functional.gelu,
        "sum": along(torch.sum),
        "mean": along(torch.mean),
        "max": along(torch.amax),
        "softmax": lambda x, axis: torch.softmax(x, dim=axis),
        "log_softmax": lambda x, axis: torch.log_softmax(x, dim=axis),
        "logsumexp": lambda x, axis, keepdims=False: torch.logsumexp(x, dim=axis, keepdim=keepdims),
        "var": lambda x, axis, keepdims=False: torch.var(x, dim=axis, unbiased=False, keepdim=keepdims),
    }


def derived(program: Any) -> Derivation:
    """The derivation of a program."""
    inputs = {n: f"real[{', '.join(s)}]" for n, s in program.inputs.items() if n in program.used}
    indices = {c: line.shape[0] for line in program.lines for c in "uw" if line.left.endswith(f"[{c}]")}
    return symdl.derive(program.definitions, inputs=inputs, wrt=program.used, loss="J", indices=indices)


def values(d: Derivation, env: dict[str, Any]) -> dict[str, Any]:
    """Every line, as it is printed, in order."""
    problem = SimpleNamespace(initial={}, inputs={}, lines=())
    env = {**env, **programs.SIZES}
    for line in (*(x for x in d.definitions if x.name not in env), *d.lines):
        left, _, right = line.notation.partition(" = ")
        letters = reference.letters_of(left)
        whole = tuple(int(eval(s, {}, dict(programs.SIZES))) for s in line.shape)
        shape = tuple(n for n, s in zip(whole, line.shape, strict=True) if not letters or s != "1")
        found = np.asarray(reference.value_of(parse(right), letters, problem, env, shape))
        env[line.name] = found.reshape(whole) if letters else found
    return {n: env[name] for n, name in d.gradients.items()}


def by_torch(program: Any, point: dict[str, Any]) -> dict[str, Any]:
    import torch

    leaves = {n: torch.tensor(v, requires_grad=True) for n, v in point.items()}
    loss = program.run(leaves, torch_functions())["J"]
    grads = torch.autograd.grad(loss, [leaves[n] for n in program.used], allow_unused=True)
    zero = {n: np.zeros(point[n].shape) for n in program.used}
    return {n: zero[n] if g is None else g.numpy() for n, g in zip(program.used, grads, strict=True)}


def by_dual_numbers(program: Any, point: dict[str, Any]) -> dict[str, Any]:
    def loss(x: Any, name: str) -> Any:
        return program.run({**point, name: x}, numpy_functions())["J"]

    return {n: jacobian(partial(loss, name=n), (point[n],), 0)[1] for n in program.used}


def by_differences(program: Any, point: dict[str, Any], step: float = 1e-5) -> dict[str, Any]:
    functions, out = numpy_functions(), {}
    for n in program.used:
        out[n] = np.zeros(point[n].shape)
        for at in np.ndindex(*point[n].shape):
            change = np.zeros(point[n].shape)
            change[at] = step
            up, down = (program.run({**point, n: point[n] + s * change}, functions)["J"] for s in (1, -1))
            out[n][at] = (up - down) / (2 * step)
    return out


def worst(found: dict[str, Any], wanted: dict[str, Any], floor: float = 1e-12) -> float:
    """Largest error over the size of all gradients together; ``floor`` is where rounding takes over."""
    scale = max([floor, *(float(np.max(np.abs(g))) for g in wanted.values())])
    if any(np.shape(found[n]) != np.shape(g) for n, g in wanted.items()):
        return float("inf")
    return max((float(np.max(np.abs(found[n] - g))) for n, g in wanted.items()), default=0.0) / scale


@settings(
    max_examples=EXAMPLES,
    derandomize=not SLOW,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes, and the programs are short
    suppress_health_check=list(HealthCheck),
)
@given(program=programs.programs())
def test_random_programs_are_differentiated(program: Any) -> None:
    note("\n".join(program.definitions))
    note(str(dict(program.inputs)))
    d = derived(program)
    note(str(d))
    point = program.point(0)
    found = values(d, {**point, **program.run(point, numpy_functions())})
    assert worst(found, by_dual_numbers(program, point)) <= EXACT
    if max(float(np.max(np.abs(g), initial=0.0)) for g in found.values()) < STEEP:
        assert worst(found, by_differences(program, point), floor=1e-2) <= DIFFERENCE
    try:
        import torch  # noqa: F401
    except ImportError:
        return
    assert worst(found, by_torch(program, point)) <= EXACT


def test_a_wrong_gradient_would_be_seen() -> None:
    line = programs.Line("J", "sum(tanh(A) ** 2)", "sum(tanh(A) ** 2)", ())
    program = programs.Program({"A": ("n", "m")}, (line,))
    point = program.point(0)
    right = by_dual_numbers(program, point)
    assert worst({"A": right["A"] * (1 + 1e-6)}, right) > EXACT


def test_torch_and_dual_numbers_agree_on_the_functions() -> None:
    pytest.importorskip("torch")
    for form in programs.UNARY:
        text = f"sum({form.format('A')})"
        program = programs.Program({"A": ("n", "m")}, (programs.Line("J", text, text, ()),))
        point = program.point(1)
        assert worst(by_dual_numbers(program, point), by_torch(program, point)) <= EXACT
