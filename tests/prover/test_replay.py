"""Certificates replay, also after a trip through JSON; damaged or stolen ones do not."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

import symdl.prover.replay as module
from symdl.prover import Proved, prove
from symdl.prover.replay import replay
from symdl.terms.claims import Equation
from symdl.terms.indexed import Access, Axis, Delta, Reduce, size_symbol
from symdl.terms.results import Proof

x, y, a = sp.symbols("x y a", real=True)
n = size_symbol("n")
i, j = Axis("i", n), Axis("j", n)
X = sp.Symbol("X", real=True)
two = Axis("t", 2)

CLAIMS = [
    Equation(sp.tanh(x / 3), 1 - 2 / (sp.exp(2 * x / 3) + 1)),
    Equation(sp.Max(x, y), (x + y + sp.Abs(x - y)) / 2),
    Equation(sp.log(x * y), sp.log(x) + sp.log(y)),
    Equation(sp.Max(x, 0), sp.S.Zero, ">="),
    Equation(Reduce("sum", Access(X, j) ** 2, j), sp.S.Zero, ">="),
    Equation(Reduce("sum", Delta(i, j) * Access(X, j), j), Access(X, i), axes=(i,)),
    Equation(Delta(two, 0) + Delta(two, 1), sp.S.One, axes=(two,)),
    Equation(sp.Piecewise((x, sp.Eq(y, 1)), (a, True)), y * x + (1 - y) * a, kinds={"y": "binary"}),
    Equation(sp.Abs(x), x, assumptions=(x > 0,)),
    Equation(x / sp.Abs(x), sp.sign(x)),
    Equation(
        sp.Min(sp.sqrt(n), sp.cos(sp.Heaviside(x))) + sp.tanh(y),
        sp.Min(sp.sqrt(n), sp.cos(sp.Heaviside(x))) + sp.tanh(y),
    ),
]


def proof_of(claim: Equation) -> Proof:
    outcome = prove(claim)
    assert isinstance(outcome, Proved), outcome
    return outcome.proof


def read_back(proof: Proof) -> Proof:
    return replace(proof, steps=tuple(json.loads(json.dumps(proof.steps))))


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_certificate_replays_after_json(claim: Equation) -> None:
    assert replay(claim, read_back(proof_of(claim))).ok


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_certificate_proves_no_other_claim(claim: Equation) -> None:
    proof = proof_of(claim)
    other = replace(claim, right=claim.right + 1) if claim.relation == "=" else replace(claim, left=-1 - claim.left)
    assert not replay(other, proof).ok
    assert not replay(replace(claim, left=claim.left + a * y), proof).ok


def _damaged(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every part of a certificate."""
    if isinstance(node, dict):
        for key in node:
            yield (*path, key)
            yield from _damaged(node[key], (*path, key))
    elif isinstance(node, list):
        for k, part in enumerate(node):
            yield from _damaged(part, (*path, k))


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_a_branch_cannot_be_left_out(claim: Equation) -> None:
    proof = read_back(proof_of(claim))
    cut = 0
    for path in _damaged(proof.steps[0]):
        if path[-1] not in ("positive", "negative", "zero", "cases", "instances", "settled", "size", "scales"):
            continue
        step = copy.deepcopy(proof.steps[0])
        node = step
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]
        assert not replay(claim, replace(proof, steps=(step,))).ok, path
        cut += 1
    assert cut >= 4


def test_a_missing_instance_or_condition_is_noticed() -> None:
    claim = CLAIMS[6]
    proof = read_back(proof_of(claim))
    step = {**proof.steps[0], "instances": proof.steps[0]["instances"][:1]}
    assert "instance" in replay(claim, replace(proof, steps=(step,))).reason
    claim = CLAIMS[2]
    assert "condition" in replay(claim, replace(proof_of(claim), conditions=())).reason
    claim = Equation(sp.Abs(x), x)
    void = {"void": "impossible"}
    forged = {"split": ["P", ["1", [[["sym", "x"], 1]]]], "positive": {}, "negative": void, "zero": {}}
    step = {"settled": "normal form", "instances": [{"values": {}, "cases": forged}], "size": 12, "scales": []}
    assert not replay(claim, Proof("cases", (step,))).ok


def test_replay_imports_neither_search_nor_engine() -> None:
    names = set()
    todo = [module.__name__]
    while todo:
        name = todo.pop()
        if name in names:
            continue
        names.add(name)
        path = Path(module.__file__).with_name(name.rsplit(".", 1)[1] + ".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "symdl.prover":
                todo += [f"symdl.prover.{a.name}" for a in node.names]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("symdl.prover."):
                todo.append(str(node.module))
            else:
                imported = getattr(node, "module", "") or ""
                assert "engine" not in imported and "verifier" not in imported
    assert not names & {"symdl.prover.strategies", "symdl.prover.cases"}
    assert "symdl.prover.kernel" in names
