"""Derives the standard tasks with symdl and its peers in one run: right or wrong against torch, time, size.

Peers are what the ``bench`` extra installs; one that is missing is said to be. Every derivation runs three times, each in
a fresh fork (no cache helps it) under a time limit; the time is the median, from the definition to the gradients. Right
means max|a - b| <= 1e-12 max|b| against torch's reverse mode in double precision, for everything that is asked for.

symdl is asked for gradients (of softmax for the product with an upstream gradient), the peers for the Jacobian of softmax
and the Hessian of logistic regression too.

Size is what each tool has: operations of the NumPy source (handwritten, symdl), nodes of the printed expressions
(tensorgrad, SymPy), applications in the graph (PyTensor), instructions (CasADi); graphs hold their forward pass too.

Usage: ``python tests/bench/derive_peers.py [--limit SECONDS] [--why] [TASK...]``; ``--why`` prints what went wrong.
"""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "engine"), str(ROOT / "tests" / "bench" / "peers")]

import handwritten  # noqa: E402
import reference  # noqa: E402

TASKS = tuple(handwritten.SOURCES)
PEERS = ("tensorgrad", "pytensor", "casadi", "sympy")
RIGHT = 1e-12
ROUNDS = 3
SECOND = ("softmax_jacobian", "logistic_regression")
"""Tasks whose Jacobian or Hessian is asked for; of the first nothing else, for the peers."""


@dataclass(frozen=True)
class Outcome:
    """What one tool did with one task: ``verdict`` is right, wrong, failed, slow or ``-`` (no form, not there)."""

    verdict: str
    seconds: float = 0.0
    size: int = 0
    why: str = ""

    def __str__(self) -> str:
        if self.verdict in ("right", "wrong"):
            return f"{self.verdict} {self.seconds * 1000:9.1f} {self.size:6d}"
        return f"{self.verdict:>22}"


def point(name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The point of a task with the values of the forward pass, and torch's gradients and second derivatives."""
    problem = reference.load(name)
    env = reference.draw(problem)
    values, adjoints = reference.torch_adjoints(problem, env)
    first = {f"d{n}": adjoints[f"d{n}"] for n in problem.wrt}
    keys = problem.expect_second if name in SECOND else ()
    second = {",".join(reference.targets(key)): reference.torch_second(problem, env, key) for key in keys}
    return {**values, **env}, first, second


def disagreement(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Says which of the wanted gradients is missing or wrong; columns of one are taken for vectors."""
    for name, right in wanted.items():
        if name not in found:
            return f"{name} is missing"
        here = np.asarray(found[name], float)
        if here.size != right.size:
            return f"{name} has the shape {here.shape}, not {np.shape(right)}"
        error = reference.error(here.reshape(np.shape(right)), right)
        if not error <= RIGHT:
            return f"{name} is off by {error:.1e}"
    return ""


def by_peer(module: ModuleType, name: str, env: Mapping[str, Any], wanted: Mapping[str, Any], out: Connection) -> None:
    """One derivation by a peer, in a child process."""
    try:
        task = module.TASKS[name]
        arguments = (env,) if getattr(module, "NEEDS_POINT", False) else ()
        start = time.perf_counter()
        result = task(*arguments)
        seconds = time.perf_counter() - start
        try:
            why = disagreement(module.values(result, env), wanted)
        except Exception as error:
            why = f"no value: {type(error).__name__}: {error}"
        out.send(Outcome("wrong" if why else "right", seconds, module.count(result), why))
    except Exception as error:
        out.send(Outcome("failed", why=f"{type(error).__name__}: {error}"))


def by_symdl(name: str, env: Mapping[str, Any], wanted: Mapping[str, Any], out: Connection) -> None:
    """One derivation by symdl, in a child process; its NumPy source is run and counted."""
    try:
        import symdl

        p = reference.load(name)
        asked = {"loss": p.loss} if p.loss else {"seed": dict(p.seed)}
        options: dict[str, Any] = {"inputs": dict(p.inputs), "indices": dict(p.indices), "assume": list(p.assume)}
        start = time.perf_counter()
        derivation = symdl.derive(list(p.definitions), wrt=list(p.wrt), **asked, **options)  # type: ignore[attr-defined]
        seconds = time.perf_counter() - start
        text = derivation.numpy()
        source = text if isinstance(text, str) else text.source
        found = handwritten.run(source, env)
        forward = frozenset(line.name for line in p.lines)
        why = disagreement(found, wanted)
        out.send(Outcome("wrong" if why else "right", seconds, handwritten.operations(source, forward), why))
    except Exception as error:
        out.send(Outcome("failed", why=f"{type(error).__name__}: {error}"))


def forked(limit: float, function: Any, *arguments: Any) -> Outcome:
    """Runs a derivation in a fork and stops it at the limit."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=function, args=(*arguments, sender))
    child.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(limit) else Outcome("slow", why=f"over {limit:g} s")
    except EOFError:
        return Outcome("failed", why="the process died")
    finally:
        child.kill()
        child.join()


def measured(limit: float, function: Any, *arguments: Any) -> Outcome:
    """The outcome with the median time of three runs."""
    runs = [forked(limit, function, *arguments)]
    while len(runs) < ROUNDS and runs[0].verdict in ("right", "wrong"):
        runs.append(forked(limit, function, *arguments))
    worst = next((r for r in runs if r.verdict != "right"), runs[0])
    return Outcome(worst.verdict, statistics.median(r.seconds for r in runs), worst.size, worst.why)


def installed() -> dict[str, ModuleType]:
    """The peers that are there; says which are not."""
    out = {}
    for name in PEERS:
        if importlib.util.find_spec(name) is None:
            print(f"{name}: not installed")
            continue
        out[name] = importlib.import_module(f"peer_{name}")
        version = importlib.import_module("importlib.metadata").version(name)
        print(f"{name}: {version}")
    return out


def compare(names: Sequence[str], limit: float) -> dict[str, dict[str, Outcome]]:
    """Task -> tool -> outcome; printed as it goes."""
    peers = installed()
    import symdl

    there = hasattr(symdl, "derive")
    table: dict[str, dict[str, Outcome]] = {}
    print(f"\n{'':22}{'hand':>5}" + "".join(f"{tool + ': ms, size':>25}" for tool in ("symdl", *peers)))
    for name in names:
        env, first, second = point(name)
        wanted = second if name == "softmax_jacobian" else {**first, **second}
        source = handwritten.SOURCES[name]
        why = disagreement(handwritten.run(source, env), wanted)
        assert not why, f"the handwritten gradient of {name}: {why}"
        row = {"symdl": measured(limit, by_symdl, name, env, first) if there else Outcome("-")}
        for tool, module in peers.items():
            known = name in module.TASKS
            row[tool] = measured(limit, by_peer, module, name, env, wanted) if known else Outcome("-")
        table[name] = row
        print(
            f"{name:22}{handwritten.operations(source):5d}" + "".join(f"   {row[tool]!s:>22}" for tool in row),
            flush=True,
        )
    return table


def sums(table: Mapping[str, Mapping[str, Outcome]]) -> str:
    """The last lines: how many are right, and the time over the tasks that symdl and the tool both have."""
    tools = list(next(iter(table.values())))
    lines = []
    for tool in tools:
        mine = [row[tool] for row in table.values()]
        if all(o.verdict == "-" for o in mine):
            continue
        right = sum(o.verdict == "right" for o in mine)
        line = f"{tool}: {right} of {len(mine)} right, {sum(o.seconds for o in mine):.2f} s in sum"
        both = [row for row in table.values() if row[tool].seconds and row["symdl"].seconds]
        if tool != "symdl" and both:
            ratio = sum(r[tool].seconds for r in both) / sum(r["symdl"].seconds for r in both)
            line += f", {ratio:.1f} times symdl's on the {len(both)} tasks both derive"
        lines.append(line)
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Prints the table."""
    if importlib.util.find_spec("torch") is None:
        print("torch: not installed; there is nothing to compare with")
        return
    import torch

    torch.set_num_threads(1)  # a fork must not inherit a pool of threads
    print(f"torch: {torch.__version__}")
    rest = list(arguments)
    limit = float(rest.pop(rest.index("--limit") + 1)) if "--limit" in rest else 60.0
    names = [a for a in rest if not a.startswith("-")] or list(TASKS)
    table = compare(names, limit)
    print("\n" + sums(table))
    if "--why" in rest:
        for name, row in table.items():
            for tool, outcome in row.items():
                if outcome.why:
                    print(f"{name}, {tool}: {outcome.why[:300]}")


if __name__ == "__main__":
    main(sys.argv[1:])
