"""A pytest file for an emitted module: dual numbers and finite differences at points Hypothesis draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_HEAD = '''"""Tests of {stem}.py, written by symdl; they need pytest, hypothesis and symdl.

Derivatives are compared with dual numbers, which run the functions unchanged, and with
finite differences. A point near a kink is not used: there is no derivative.
"""

from hypothesis import assume, given, settings
from symdl.testing import arguments, check_grad, is_smooth

import {stem}
'''
_TEST = """

{constant} = {{
{domain}
}}


@given(arguments({constant}, ties=False))
@settings(max_examples=30, deadline=None)
def test_{id}(point):
    assume(is_smooth({stem}.{id}, point))
    found = check_grad(
        {stem}.{id},
{gradients}
        {constant},
        points=[point],
        oracles=("dual", "finite_difference"),
        required=False,
    )
    assume(any(e.facts["passed"] for e in found))
"""


@dataclass(frozen=True)
class Tested:
    """A function and its derivatives: what its arguments are, and which of them are differentiated, in order."""

    id: str
    both: str
    domain: Mapping[str, str]
    wrt: Sequence[str]


def pytest_source(stem: str, tested: Sequence[Tested]) -> str:
    """The source of the tests of a module called ``stem``.

    Example:
        >>> text = pytest_source("s", [Tested("sigmoid", "sigmoid_with_grad", {"x": "real"}, ["x"])])
        >>> text.count("def test_")
        1
    """
    return _HEAD.format(stem=stem) + "".join(_one(stem, t) for t in tested).removeprefix("\n")


def _one(stem: str, t: Tested) -> str:
    lines = []
    for k, name in enumerate(t.wrt):
        line = f'"{name}": lambda *a: {stem}.{t.both}(*a)[{k + 1}],'
        lines.append(f"            {line}")
    gradients = ["        {", *lines, "        },"]
    domain = [f'    "{name}": "{text}",' for name, text in t.domain.items()]
    return _TEST.format(
        stem=stem, id=t.id, constant=t.id.upper(), domain="\n".join(domain), gradients="\n".join(gradients)
    )
