"""Derivations as NumPy modules: every problem of the data emits, runs, and agrees with torch, dual numbers, differences.

Points, values and torch's adjoints come from ``tests/engine/reference.py``, which knows nothing of the engine.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symdl import derived_code, deriving
from symdl.codegen.load import check, load
from symdl.errors import NotSupported
from symdl.terms.derivation import Derivation
from symdl.terms.results import Module
from symdl.verifier.modules import judge_module

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "golden"
EXACT = 1e-12
DRAWN = [0.3] * 5 + [-0.7] * 3 + [1.1] * 2  # the three weighted points that stand for a distribution in the reference


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


reference = _load("derivation_reference_for_code", ROOT / "engine" / "reference.py")
handwritten = _load("handwritten_for_code", ROOT / "bench" / "peers" / "handwritten.py")
NAMES = reference.names()


@cache
def judged(name: str) -> tuple[Derivation, list[Any]]:
    """The derivation of a problem, and what its module was judged with."""
    seen: list[Any] = []

    def judge(*given: Any) -> Any:
        seen.append(given)
        return judge_module(*given)

    problem = deriving.problem_from_toml((reference.FOLDER / f"{name}.toml").read_text("utf-8"))
    before = derived_code.judge_module
    derived_code.judge_module = judge
    try:
        return deriving.derive(problem, steps=False), seen
    finally:
        derived_code.judge_module = before


def derived(name: str) -> Derivation:
    """The derivation of a problem."""
    return judged(name)[0]


@cache
def functions(name: str) -> Mapping[str, Callable[..., Any]]:
    """The functions of its module."""
    return load(Module(derived(name).source, ("forward", "backward", "value_and_grad")))


def arguments(function: Callable[..., Any], env: Mapping[str, Any]) -> list[Any]:
    """What a function is called with at a point of the reference."""
    out = []
    for name in inspect.signature(function).parameters:
        if name in env:
            out.append(env[name])
        elif name.endswith("_prime"):
            out.append(lambda x: reference.smooth(x, 1))
        else:
            out.append(reference.smooth if name in ("g", "sigma") else np.array(DRAWN))
    return out


def values(name: str, env: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Outputs and gradients by name."""
    d = derived(name)
    *outputs, gradients = functions(name)["value_and_grad"](*arguments(functions(name)["value_and_grad"], env))
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    return outputs, dict(zip(d.gradients, gradients, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_has_a_module_that_passed(name: str) -> None:
    d = derived(name)
    assert d.no_source == ""
    evidence = d.source.split('"""')[1]
    for oracle in ("lines", "dual numbers", "differences"):
        assert f"    {oracle}: passed True, points 2" in evidence
    assert "not followed" not in evidence
    assert "import numpy as np" in d.source and d.source.count("import") == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_line_has_statements(name: str) -> None:
    d = derived(name)
    text = "\n".join(s for line in (*d.definitions, *d.lines) for s in line.numpy)
    assigned = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    assert {line.name for line in (*d.definitions, *d.lines)} <= assigned


@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients_are_those_of_torch(name: str) -> None:
    pytest.importorskip("torch")
    problem = reference.load(name)
    env = reference.draw(problem, 3)
    right, adjoints = reference.torch_adjoints(problem, env)
    outputs, gradients = values(name, env)
    for output, value in zip([problem.loss] if problem.loss else problem.seed, outputs, strict=True):
        assert reference.error(np.squeeze(value), np.squeeze(right[output])) <= EXACT
    for by, value in gradients.items():
        assert np.shape(value) == np.shape(env[by])
        per_example = problem.per_example and f"{problem.per_example}]" in problem.inputs[by]
        times = env[problem.per_example] if per_example else 1
        assert reference.error(np.squeeze(value), np.squeeze(adjoints[f"d{by}"]) * times) <= EXACT


@pytest.mark.parametrize("name", NAMES)
def test_the_statements_of_the_lines_run_by_themselves(name: str) -> None:
    """Given the values of the forward pass and the sizes, as the benchmark runs them."""
    problem = reference.load(name)
    env = reference.draw(problem, 4)
    drawn = {"x": np.array(DRAWN), "z": np.array(DRAWN)}
    space = {**functions_open(), **drawn, **env, **reference.run(problem, env), "np": np}
    for helper in [n for n in ast.parse(derived(name).source).body if isinstance(n, ast.FunctionDef)]:
        exec(compile(ast.Module([helper], []), name, "exec"), space)
    exec(compile(derived(name).numpy(), name, "exec"), space)
    _, gradients = values(name, env)
    for by, value in gradients.items():
        assert np.allclose(space[derived(name).gradients[by]], value, rtol=1e-12, atol=1e-14)


def functions_open() -> dict[str, Any]:
    """The functions that problems leave open, with their derivatives."""
    prime = lambda x: reference.smooth(x, 1)  # noqa: E731
    return {"g": reference.smooth, "sigma": reference.smooth, "g_prime": prime, "sigma_prime": prime}


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_stays(name: str) -> None:
    problem = reference.load(name)
    env = {k: single(v) for k, v in reference.draw(problem, 5).items()}
    given = [single(a) if isinstance(a, np.ndarray) else a for a in arguments(functions(name)["value_and_grad"], env)]
    *outputs, gradients = functions(name)["value_and_grad"](*given)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    assert {np.asarray(a).dtype for a in (*outputs, *gradients)} == {np.dtype("float32")}


def single(value: Any) -> Any:
    """A value in single precision; sizes stay whole."""
    return value if isinstance(value, int) else np.float32(value)


@pytest.mark.parametrize(
    "name", ["attention", "softmax_cross_entropy", "two_layer_softmax", "softmax_jacobian", "cross_entropy_example"]
)
def test_softmax_does_not_overflow(name: str) -> None:
    env = reference.draw(reference.load(name), 6)
    for key in ("X", "Q", "z"):
        if key in env:
            env[key] = env[key] * 1e5
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        outputs, gradients = values(name, env)
    assert all(np.all(np.isfinite(a)) for a in (*outputs, *gradients.values()))


@pytest.mark.parametrize("name", ["two_layer_perceptron", "binary_cross_entropy", "gan_discriminator", "softplus"])
def test_logarithms_of_sigmoids_do_not_overflow(name: str) -> None:
    env = reference.draw(reference.load(name), 6)
    for key in ("W2", "z", "S_r", "S_f", "x"):
        if key in env:
            env[key] = env[key] * 1e5
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        outputs, gradients = values(name, env)
    assert all(np.all(np.isfinite(a)) for a in (*outputs, *gradients.values()))


# ---- nothing wrong is handed out ------------------------------------------------------------------------------

OTHER: dict[type, Callable[[], ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.MatMult: ast.Add,
    ast.Pow: ast.Mult,
}
"""Operator -> what a mutation puts in its place."""
MUTATED = ["two_layer_perceptron", "attention", "conv2d_stride2", "batch_norm", "rnn_through_time", "gru_concatenation"]


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """The module with one operator of its backward pass changed, for every operator."""
    count = len(list(_operators(ast.parse(source))))
    for k in range(count):
        tree = ast.parse(source)
        node = list(_operators(tree))[k]
        before = ast.unparse(node)
        node.op = OTHER[type(node.op)]()
        yield f"{before} -> {ast.unparse(node)}", ast.unparse(tree)


def _operators(tree: ast.Module) -> Iterator[ast.BinOp]:
    backward = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "backward")
    slices = {id(n) for s in ast.walk(backward) if isinstance(s, ast.Subscript) for n in ast.walk(s.slice)}
    yield from (
        n for n in ast.walk(backward) if isinstance(n, ast.BinOp) and type(n.op) in OTHER and id(n) not in slices
    )


@pytest.mark.parametrize("name", MUTATED)
def test_a_corrupted_module_is_caught(name: str) -> None:
    d, [(setting, emitted)] = judged(name)
    assert all(e.facts["passed"] for e in judge_module(setting, emitted))
    passed = []
    for what, source in mutants(d.source):
        wrong = load(Module(source, ("forward", "backward", "value_and_grad")))
        if all(e.facts["passed"] for e in judge_module(setting, replace(emitted, functions=wrong))):
            passed.append(what)
    assert passed == []


def test_a_wrong_forward_is_caught() -> None:
    d, [(setting, emitted)] = judged("two_layer_perceptron")
    wrong = load(
        Module(d.source.replace("A1 = np.tanh(Z1)", "A1 = np.sin(Z1)"), ("forward", "backward", "value_and_grad"))
    )
    assert not judge_module(setting, replace(emitted, functions=wrong))[0].facts["passed"]


def test_duals_and_differences_catch_a_wrong_line_that_the_module_computes_faithfully() -> None:
    """The line itself is wrong: module and line agree, the derivative of the program does not."""
    d, [(setting, emitted)] = judged("two_layer_perceptron")
    lines = [replace(a, body=2 * a.body) if a.name == "dZ1" else a for a in emitted.lines]
    source = d.source.replace("dZ1 = dA1 * (1 - A1**2)", "dZ1 = 2 * dA1 * (1 - A1**2)")
    assert source != d.source
    wrong = load(Module(source, ("forward", "backward", "value_and_grad")))
    evidence = judge_module(setting, replace(emitted, functions=wrong, lines=lines))
    faults = " ".join(evidence[0].facts["faults"])
    assert "dual numbers: the gradient by W1" in faults and "differences: the gradient by W1" in faults
    assert "lines" not in faults


def test_a_module_that_fails_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    right = derived_code.module_of

    def wrong(draft: Any) -> Any:
        written = right(draft)
        source = written.module.source.replace("(A2 - Y)", "(A2 + Y)")
        return replace(written, module=replace(written.module, source=source))

    monkeypatch.setattr(derived_code, "module_of", wrong)
    problem = deriving.problem_from_toml((reference.FOLDER / "two_layer_perceptron.toml").read_text("utf-8"))
    d = deriving.derive(problem, steps=False)
    assert d.source == "" and d.no_source.startswith("SD904")
    assert all(line.numpy == () for line in d.lines)


@pytest.mark.parametrize(
    "text",
    [
        "def f(eval):\n    return eval\n\n\ndef g(x):\n    return eval(x)",
        "def f(x):\n    return x.tofile(x)",
        "def f(x):\n    while x:\n        x = 1",
        "def f(x):\n    for i in open(x):\n        x = 1",
        "def f(x):\n    x.lib = x",
        "np.load = 1",
        "def open(x):\n    return x\n\n\ndef g(x):\n    return open(x)",
    ],
)
def test_foreign_constructs_are_not_run(text: str) -> None:
    with pytest.raises(NotSupported):
        check(text)


# ---- the file stands alone ---------------------------------------------------------------------------------------

ALONE = """
import importlib.util, sys
class Closed:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("symdl", "sympy"):
            raise ImportError(name)
sys.meta_path.insert(0, Closed())
spec = importlib.util.spec_from_file_location("emitted", sys.argv[1])
emitted = importlib.util.module_from_spec(spec)
spec.loader.exec_module(emitted)
import numpy as np
rng = np.random.default_rng(0)
K, X, dH = rng.normal(size=(2, 3)), rng.normal(size=(7, 9)), rng.normal(size=(3, 4))
H, (dK, dX) = emitted.value_and_grad(K, X, dH)
step = np.zeros_like(X)
step[3, 4] = 1e-6
slope = np.sum(dH * (emitted.forward(K, X + step)[0] - emitted.forward(K, X - step)[0])) / 2e-6
print(H.shape, abs(slope - dX[3, 4]) < 1e-8)
"""


def test_the_file_runs_where_symdl_is_not(tmp_path: Path) -> None:
    path = tmp_path / "emitted.py"
    path.write_text(derived("conv2d_stride2").source, "utf-8")
    run = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(path)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (run.stdout, run.stderr) == ("(3, 4) True\n", "")


# ---- what it looks like ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["two_layer_perceptron", "attention", "conv2d_stride2"])
def test_golden(name: str) -> None:
    """Read by eye when they change: this is what somebody who knows NumPy would write.

    The docstring above the imports is printed by other rooms, and has tests there.
    """
    source = derived(name).source
    assert source[source.index("import numpy") :] == (GOLDEN / f"derivation-{name.replace('_', '-')}.txt").read_text(
        "utf-8"
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_has_every_line(name: str) -> None:
    d = derived(name)
    text = ast.get_docstring(ast.parse(d.source)) or ""
    assert all(line.latex.replace('"', "'")[:390] in text for line in (*d.definitions, *d.lines))
    assert all(c in text for c in d.conventions)


def operations(d: Derivation) -> int:
    """Operations of the backward pass, counted as the benchmark counts."""
    tree = ast.parse(d.source)
    backward = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "backward")
    lines = [s for s in backward.body if not isinstance(s, (ast.Return, ast.Expr))]
    return int(handwritten.operations("\n".join(map(ast.unparse, lines))))


@pytest.mark.parametrize("name", [n for n in handwritten.SOURCES if n != "softmax_jacobian"])  # that is another thing
def test_no_more_operations_than_by_hand(name: str) -> None:
    assert operations(derived(name)) <= handwritten.operations(handwritten.SOURCES[name])


def test_merging_lines_leaves_conditions_alone() -> None:
    """What stands for an element while terms are collected must not decide a comparison."""
    d = deriving.derive(
        deriving.problem_of(
            ["mu = mean(X, axis=1, keepdims=True)", "Z = X - mu", "A = relu(Z)", "J = sum(A ** 2)"],
            {"X": "real[m, n]"},
            ["X"],
            deriving.Settings(loss="J"),
        ),
        steps=False,
    )
    assert d.no_source == "" and "(Z > 0)" in d.source
