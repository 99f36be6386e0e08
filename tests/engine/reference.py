"""What the derivations under ``tests/data/derivations`` are held to, without the engine.

A problem is read from its TOML file (the format is in the README beside them). Its point is drawn from the declared
kinds and shapes: seeded, sizes different from each other, away from ties. Adjoints come from two sides that share
nothing: torch's reverse mode on definitions written by hand (``reference_torch.py``), and central differences of the
file's own definitions. Every expected line is evaluated for itself, with those adjoints on its right side.

Loaded by path: tests are no package.
"""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symdl.checker.evaluate import Settings, axis_length, evaluate
from symdl.notation import strict
from symdl.notation.strict import define
from symdl.terms import array
from symdl.terms.array import Node
from symdl.terms.formula import Definition

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "data" / "derivations"
DISTINCT = (3, 4, 2, 5, 6, 7)
# Sizes that the drawing cannot choose freely: images that kernels fit into, numbers of steps, windows.
SIZES: dict[str, dict[str, int]] = {
    "conv2d": {"k": 2, "l": 3, "h": 4, "w": 5},
    "conv2d_stride2": {"k": 2, "l": 3, "h": 7, "w": 9, "p": 3, "q": 4},
    "conv2d_stride_padding": {"k": 3, "l": 2, "h": 4, "w": 5, "s": 2, "p": 1, "h_o": 2, "w_o": 3},
    "conv2d_channels": {"n_f": 2, "n_c": 3, "k": 2, "h": 5, "w": 7, "h_o": 2, "w_o": 3},
    "im2col": {"h": 5, "w": 7, "k": 3, "s": 2, "h_o": 2, "w_o": 3, "n_f": 4},
    "transposed_convolution": {"h": 3, "w": 2, "k": 2, "l": 3},
    "max_pooling": {"k": 2, "p": 2, "q": 3},
    "average_pooling": {"k": 2, "p": 2, "q": 3},
    "l2_pooling": {"k": 2, "p": 2, "q": 3},
    "rnn_through_time": {"q": 3, "n": 2, "T": 4},
    "lstm_through_time": {"d": 2, "n": 1, "T": 3},
    "gru_through_time": {"d": 2, "n": 1, "T": 3},
    "fully_connected_image": {"p": 2, "q": 3, "h": 4, "w": 5},
}
INVERTED = frozenset({"logdet", "determinant", "inverse", "trace_inverse"})
"""Problems whose ``X`` must be well away from singular."""


parse = lru_cache(maxsize=None)(strict.parse)


def load_by_path(name: str) -> ModuleType:
    """Imports a helper that stands beside this file."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Problem:
    """One file of ``tests/data/derivations``; the fields are those of its README."""

    name: str
    title: str
    source: str
    definitions: tuple[str, ...]
    inputs: Mapping[str, str]
    wrt: tuple[str, ...]
    expect: Mapping[str, str]
    expect_second: Mapping[str, str]
    expect_per_example: Mapping[str, str]
    alternative: Mapping[str, tuple[str, ...]]
    alternative_second: Mapping[str, tuple[str, ...]]
    alternative_per_example: Mapping[str, tuple[str, ...]]
    loss: str = ""
    seed: Mapping[str, str] = field(default_factory=dict)
    indices: Mapping[str, str] = field(default_factory=dict)
    initial: Mapping[str, str] = field(default_factory=dict)
    assume: tuple[str, ...] = ()
    latex: Mapping[str, str] = field(default_factory=dict)
    per_example: str = ""

    @cached_property
    def lines(self) -> tuple[Definition, ...]:
        """The definitions as they are read."""
        return tuple(define(line) for line in self.definitions)

    @cached_property
    def steps(self) -> tuple[Definition, ...]:
        """The recurrent ones among them, reaching back into padded arrays."""
        mine = [line for line in self.lines if self.initial and line.indices[:1] == ("t",)]
        return tuple(Definition(s.name, (), s.indices, s.left, reach_back(s.right, self)) for s in mine)


@dataclass(frozen=True)
class Line:
    """One expected line: ``kind`` says under which heading, ``key`` is the left side as the file writes it."""

    problem: str
    kind: str
    key: str
    right: str
    alternative: bool = False


def load(name: str) -> Problem:
    """Reads one problem."""
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    expect, other = data.pop("expect"), data.pop("alternative", {})
    second = {**expect.pop("jacobian", {}), **expect.pop("hessian", {})}
    other_second = {**other.pop("jacobian", {}), **other.pop("hessian", {})}
    return Problem(
        name=name,
        expect_per_example=expect.pop("per_example", {}),
        expect=expect,
        expect_second=second,
        alternative_per_example={k: tuple(v) for k, v in other.pop("per_example", {}).items()},
        alternative={k: tuple(v) for k, v in other.items()},
        alternative_second={k: tuple(v) for k, v in other_second.items()},
        **{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()},
    )


def names() -> list[str]:
    """The names of all problems."""
    return sorted(p.stem for p in FOLDER.glob("*.toml"))


def expected_lines(problem: Problem) -> Iterator[Line]:
    """Every line a problem expects, alternatives too."""
    for kind, table in (
        ("first", problem.expect),
        ("per_example", problem.expect_per_example),
        ("second", problem.expect_second),
    ):
        yield from (Line(problem.name, kind, key, right) for key, right in table.items())
    for kind, others in (
        ("first", problem.alternative),
        ("per_example", problem.alternative_per_example),
        ("second", problem.alternative_second),
    ):
        for key, rights in others.items():
            yield from (Line(problem.name, kind, key, right, True) for right in rights)


# Points -----------------------------------------------------------------------------------------------------------


def declared(text: str) -> tuple[str, tuple[str, ...]]:
    """Splits ``real[h, 1]`` into kind and sizes."""
    kind, _, rest = text.partition("[")
    return kind.strip(), tuple(s.strip() for s in rest.rstrip("] ").split(",")) if rest else ()


def sizes_of(problem: Problem) -> dict[str, int]:
    """A number for each size name, different from each other where the problem leaves a choice."""
    texts = [s for t in problem.inputs.values() for s in declared(t)[1]] + list(problem.indices.values())
    wanted = [n for s in texts for n in array.names(parse(s))]
    wanted += [k for k, t in problem.inputs.items() if declared(t)[0] == "size"]
    fixed = SIZES.get(problem.name, {})
    free = [n for n in dict.fromkeys(wanted) if n not in fixed]
    return {**dict(zip(free, DISTINCT, strict=False)), **fixed}


def draw(problem: Problem, seed: int = 0) -> dict[str, Any]:
    """Values of sizes, inputs and upstream gradients."""
    rng = np.random.default_rng([seed, *problem.name.encode()])
    env: dict[str, Any] = dict(sizes_of(problem))
    for name, text in problem.inputs.items():
        kind, parts = declared(text)
        if kind not in ("size", "function"):
            shape = tuple(int(evaluate(parse(p), env)) for p in parts)
            env[name] = _value(kind, shape, rng)
    if problem.name in INVERTED:
        env["X"] = 0.4 * env["X"] + 2 * np.eye(len(env["X"]))
    if problem.name == "quadratic_form_symmetric":
        env["A"] = env["A"] + env["A"].T
    values = run(problem, env)
    for output, name in problem.seed.items():
        env[name] = rng.normal(size=np.shape(values[output]))
    return env


def _value(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    match kind:
        case "real":
            value = rng.normal(size=shape)
            return value + np.copysign(0.05, value)  # away from the kink of abs
        case "positive":
            return rng.uniform(0.2, 1.5, shape)
        case "unit":
            return rng.uniform(0.1, 0.9, shape)
        case "binary":
            return rng.uniform(0.2, 0.8, shape)  # the lines hold for soft labels too, and a label 0 hides a sign
        case "probability":
            value = rng.uniform(0.1, 1, shape)
            return value / value.sum(axis=-1, keepdims=True)
    raise ValueError(f"no kind {kind}")


def smooth(x: Any, primes: int = 0) -> Any:
    """The unknown activation function: sin x + 0.3 x, with its derivatives."""
    return (np.sin(x) + 0.3 * x, np.cos(x) + 0.3, -np.sin(x))[primes]


def functions(problem: Problem) -> dict[str, Callable[..., Any]]:
    """The unknown functions of a problem."""
    return {k: smooth for k, text in problem.inputs.items() if declared(text)[0] == "function"}


# The interpreter ----------------------------------------------------------------------------------------------------


def run(problem: Problem, env: Mapping[str, Any], bump: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The value of every definition; ``bump`` is added to inputs and to definitions as soon as they have a value."""
    bump = bump or {}
    scope = {k: v + bump[k] if k in bump else v for k, v in env.items()}
    known = functions(problem)
    recurrent = {line.name for line in problem.steps}
    for line in problem.lines:
        if line.name in recurrent:
            continue
        value = _tabulated(line, problem, scope, known) if line.indices else evaluate(line.right, scope, known)
        scope[line.name] = value + bump.get(line.name, 0.0)
    if recurrent:
        _scan(problem, scope, bump)
    return {line.name: scope[line.name] for line in problem.lines}


def _extent(letter: str, right: Node, problem: Problem, scope: Mapping[str, Any]) -> int:
    if letter in problem.indices:
        return int(evaluate(parse(problem.indices[letter]), scope))
    length = axis_length(right, letter, scope)
    assert length is not None, f"{problem.name}: the range of {letter} is open"
    return length


def _tabulated(
    line: Definition, problem: Problem, scope: Mapping[str, Any], known: Mapping[str, Any], **fixed: int
) -> Any:
    """The array of a right side over the letters of its left side, but those of ``fixed``."""
    letters = [i for i in line.indices if i not in fixed]
    out = np.zeros([_extent(i, line.right, problem, scope) for i in letters])
    for at in np.ndindex(*out.shape):
        settings = Settings(letters={**fixed, **dict(zip(letters, at, strict=True))})
        out[at] = evaluate(line.right, scope, known, settings)
    return out


def _scan(problem: Problem, scope: dict[str, Any], bump: Mapping[str, Any]) -> None:
    """A recurrence over ``t``: one row of every definition after the other; all rows are as long as the state."""
    count = int(evaluate(parse(problem.indices["t"]), scope))
    width = len(scope[next(iter(problem.initial.values()))])
    scope.update({line.name: np.zeros((count, width)) for line in problem.steps})
    inner = {**scope, **padded(problem, scope)}
    for t in range(count):
        for line in problem.steps:
            row = _tabulated(line, problem, inner, {}, t=t) + (bump[line.name][t] if line.name in bump else 0.0)
            scope[line.name][t] = inner[f"{line.name}__padded"][t + 1] = row


def padded(problem: Problem, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays over ``t`` with a row in front, the initial value or zeros, and a row of zeros behind."""
    names = [line.name for line in problem.steps]
    out = {}
    for name in [*names, *(f"d{n}" for n in names)]:
        if name in scope:
            value = np.asarray(scope[name])
            front = scope[problem.initial[name]] if name in problem.initial else np.zeros(value.shape[1])
            out[f"{name}__padded"] = np.concatenate([front[None], value, np.zeros_like(value[:1])])
    return out


def reach_back(node: Node, problem: Problem) -> Node:
    """Lets ``H[t - 1]`` and ``dZ[t + 1]`` address the padded arrays; elements outside the steps are 0."""
    recurrent = {line.name for line in problem.lines if line.indices[:1] == ("t",)}
    recurrent |= {f"d{n}" for n in recurrent}

    def change(n: Node) -> Node:
        if not (isinstance(n, array.Index) and isinstance(n.base, array.Name) and n.base.id in recurrent):
            return n
        if not isinstance(n.items[0], array.Add):
            return n
        return array.Index(array.Name(f"{n.base.id}__padded"), (array.Add(n.items[0], array.Num(1)), *n.items[1:]))

    return array.transform(node, change)


def value_of(right: Node, letters: list[str], problem: Problem, env: Mapping[str, Any], shape: tuple[int, ...]) -> Any:
    """The value of an expression, tabulated over ``letters`` if there are any."""
    known = functions(problem)
    if problem.initial:
        env, right = {**env, **padded(problem, env)}, reach_back(right, problem)
    if not letters:
        return np.asarray(evaluate(right, env, known), float)
    assert len(letters) == len(shape), f"{letters} for the shape {shape}"
    out = np.zeros(shape)
    for at in np.ndindex(*shape):
        out[at] = evaluate(right, env, known, Settings(letters=dict(zip(letters, at, strict=True))))
    return out


def letters_of(key: str) -> list[str]:
    """The letters of a left side, in order: ``w[j],w[k]`` has j and k."""
    return [letter.strip() for part in re.findall(r"\[([^\]]*)\]", key) for letter in part.split(",")]


def targets(key: str) -> list[str]:
    """The names of a left side: ``w[j],w[k]`` has w and w, ``dX[u, v]`` has dX."""
    return re.sub(r"\[[^\]]*\]", "", key).replace(" ", "").split(",")


# Derivatives ------------------------------------------------------------------------------------------------------


def objective(problem: Problem, values: Mapping[str, Any], env: Mapping[str, Any]) -> float:
    """The loss, or the outputs times their upstream gradients."""
    if problem.loss:
        return float(np.squeeze(values[problem.loss]))
    return float(sum(np.sum(values[k] * env[v]) for k, v in problem.seed.items()))


def differentiable(problem: Problem) -> list[str]:
    """Names that have an adjoint of interest: what is asked for and what is defined on the way."""
    return [*problem.wrt, *(line.name for line in problem.lines if line.name not in (problem.loss,))]


def central_differences(problem: Problem, env: Mapping[str, Any], step: float = 1e-5) -> dict[str, Any]:
    """``dNAME`` for every differentiable name, by two evaluations of the definitions for each element."""
    base = {**env, **run(problem, env)}
    out = {}
    for name in differentiable(problem):
        grad = np.zeros(np.shape(base[name]))
        for at in np.ndindex(*grad.shape):
            change = np.zeros(grad.shape)
            change[at] = step
            up, down = (objective(problem, run(problem, env, {name: s * change}), env) for s in (1.0, -1.0))
            grad[at] = (up - down) / (2 * step)
        out[f"d{name}"] = grad
    return {**out, **{v: env[v] for v in problem.seed.values()}}


@lru_cache(maxsize=1)
def torch_problems() -> Mapping[str, Callable[..., Mapping[str, Any]]]:
    """The definitions written by hand in torch."""
    return dict(load_by_path("reference_torch").PROBLEMS)


def _traced(problem: Problem, env: Mapping[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    import torch

    leaves = {
        k: torch.tensor(env[k], dtype=torch.float64, requires_grad=True)
        for k, text in problem.inputs.items()
        if declared(text)[0] not in ("size", "function")
    }
    sizes = {k: v for k, v in env.items() if isinstance(v, int)}
    table = torch_problems()
    values = dict(table[problem.name](**leaves, **_wanted(table[problem.name], sizes)))
    upstream = {k: torch.tensor(env[v], dtype=torch.float64) for k, v in problem.seed.items()}
    stacked = {k: torch.stack(v) if isinstance(v, list) else v for k, v in values.items()}
    total = (
        stacked[problem.loss].squeeze() if problem.loss else sum((stacked[k] * g).sum() for k, g in upstream.items())
    )
    return total, {**leaves, **values}, stacked


def _wanted(call: Callable[..., Any], sizes: Mapping[str, int]) -> dict[str, int]:
    import inspect

    return {k: v for k, v in sizes.items() if k in inspect.signature(call).parameters}


def torch_adjoints(problem: Problem, env: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of the definitions and the adjoints of every differentiable name, by torch."""
    import torch

    total, nodes, stacked = _traced(problem, env)
    out = {}
    for name in differentiable(problem):
        node = nodes[name]
        parts = node if isinstance(node, list) else [node]
        grads = torch.autograd.grad(total, parts, retain_graph=True, allow_unused=True)
        dense = [torch.zeros_like(p) if g is None else g for p, g in zip(parts, grads, strict=True)]
        out[f"d{name}"] = (torch.stack(dense) if isinstance(node, list) else dense[0]).detach().numpy()
    out.update({v: env[v] for v in problem.seed.values()})
    return {k: v.detach().numpy() for k, v in stacked.items()}, out


def torch_second(problem: Problem, env: Mapping[str, Any], key: str) -> Any:
    """A Jacobian (output, name) or Hessian (name, name) of the loss, axes in the order of the key."""
    import torch

    first, second = targets(key)
    total, nodes, _ = _traced(problem, env)
    if first in problem.inputs:
        (rows,) = torch.autograd.grad(total, [nodes[first]], create_graph=True)
    else:
        rows = nodes[first]
    grads = [torch.autograd.grad(r, [nodes[second]], retain_graph=True)[0] for r in rows.reshape(-1)]
    return torch.stack(grads).reshape((*rows.shape, *nodes[second].shape)).detach().numpy()


def second_differences(problem: Problem, env: Mapping[str, Any], key: str, step: float = 1e-3) -> Any:
    """The same by differences of the file's definitions."""
    first, second = targets(key)
    base = {**env, **run(problem, env)}
    out = np.zeros((*np.shape(base[first]), *np.shape(base[second])))
    rank = np.ndim(base[first])

    def shifted(name: str, at: tuple[int, ...], size: float) -> dict[str, Any]:
        change = np.zeros(np.shape(base[name]))
        change[at] = size
        return {name: change}

    for b in np.ndindex(*np.shape(base[second])):
        ends = {s: shifted(second, b, s * step) for s in (1.0, -1.0)}
        if first not in problem.inputs:
            up, down = (run(problem, env, ends[s])[first] for s in (1.0, -1.0))
            out[(..., *b)] = (up - down) / (2 * step)
            continue
        for a in np.ndindex(*out.shape[:rank]):
            total = 0.0
            for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                inner = shifted(first, a, t * step)
                moved = {**env, second: env[second] + ends[float(s)][second]}
                total += s * t * objective(problem, run(problem, moved, inner), env)
            out[(*a, *b)] = total / (4 * step**2)
    return out


# Verdicts -----------------------------------------------------------------------------------------------------------


def per_example(problem: Problem, env: Mapping[str, Any]) -> dict[str, Any]:
    """Adjoints of what carries the examples times their number: each column is its own example's derivative."""
    count = env[problem.per_example]
    return {f"d{line.name}": env[f"d{line.name}"] * count for line in problem.lines if f"d{line.name}" in env}


def error(found: Any, wanted: Any) -> float:
    """Largest difference over the largest wanted value; infinite if the shapes differ."""
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    if found.shape != wanted.shape or not np.all(np.isfinite(found)):
        return float("inf")
    scale = float(np.max(np.abs(wanted))) if wanted.size else 0.0
    return float(np.max(np.abs(found - wanted))) / (scale or 1.0)


def line_error(
    line: Line, problem: Problem, env: Mapping[str, Any], second: Callable[[str], Any], right: Node | None = None
) -> float:
    """How far an expected line is from what its left side stands for; ``env`` holds values and adjoints.

    With ``right`` that expression is judged in place of the line's own.
    """
    if line.kind == "second":
        wanted = second(line.key)
    else:
        env = {**env, **per_example(problem, env)} if line.kind == "per_example" else env
        wanted = env[targets(line.key)[0]]
    found = value_of(right or parse(line.right), letters_of(line.key), problem, env, np.shape(wanted))
    return error(found, wanted)


def negations(node: Node) -> Iterator[Node]:
    """The expression with one sign flipped: of the whole, then of each summand; limits of sums are left alone."""
    yield array.Neg(node)
    limits = [e for n in array.walk(node) if isinstance(n, array.Reduce) for e in (n.lower, n.upper) if e is not None]
    kept = {id(n) for e in limits for n in array.walk(e)}
    for target in [n for n in array.walk(node) if isinstance(n, array.Add) and id(n) not in kept]:
        yield array.transform(node, partial(_flipped, target=target))


def _flipped(node: Node, target: Node) -> Node:
    return array.Add(node.left, array.Neg(node.right)) if node is target and isinstance(node, array.Add) else node
