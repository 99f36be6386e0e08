"""Straight-line programs over real values: what an index form becomes once its sizes are numbers.

A program is built once and run at many points. Equal steps are shared, steps on constants are done while
building, and running it is a plain loop; no source text is generated, so nothing of a sheet is ever executed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flint import fmpq

from symdl.verifier import arithmetic as ar

Key: TypeAlias = tuple[str, tuple[int, ...]]
"""One number of a point: the name of an array and the position in it; ``()`` for a scalar."""
Point: TypeAlias = Mapping[Key, fmpq]

_UNARY, _MANY = -1, -2


class TooLarge(Exception):
    """The program outgrew its limit of steps or of time."""


@dataclass
class Program:
    """Steps in order, each with the register it fills.

    Attributes:
        inputs: number of a point -> its register.
        outputs: registers of the results.
        kinks: pairs of registers whose difference changes sign where the formula changes its branch, and whether its
            value may jump there, so that it is a convention for the tie (a maximum or an absolute value does not).
    """

    inputs: dict[Key, int] = field(default_factory=dict)
    outputs: list[int] = field(default_factory=list)
    kinks: dict[tuple[int, int], bool] = field(default_factory=dict)
    steps: list[tuple[Any, int, int, int, tuple[int, ...]]] = field(default_factory=list)
    registers: list[Any] = field(default_factory=list)

    def run(self, point: Point) -> list[Any]:
        """Returns all registers at a point, at the working precision of the moment."""
        r = self.registers.copy()
        for key, register in self.inputs.items():
            r[register] = point[key]
        for f, a, b, out, many in self.steps:
            if b >= 0:
                r[out] = f(r[a], r[b])
            elif b == _UNARY:
                r[out] = f(r[a])
            else:
                r[out] = f(*[r[k] for k in many])
        return r

    def results(self, point: Point) -> list[Any]:
        """Returns the outputs at a point."""
        r = self.run(point)
        return [r[k] for k in self.outputs]

    def trimmed(self) -> Program:
        """Returns the program without the steps that no output and no kink needs."""
        needed = set(self.outputs) | {k for pair in self.kinks for k in pair}
        kept = []
        for step in reversed(self.steps):
            _, a, b, out, many = step
            if out in needed:
                kept.append(step)
                needed |= set(many) if b == _MANY else ({a, b} if b >= 0 else {a})
        inputs = {key: k for key, k in self.inputs.items() if k in needed}
        return Program(inputs, self.outputs, self.kinks, kept[::-1], self.registers)


class Builder:
    """Appends steps to a program, sharing equal ones and folding constants.

    Args:
        limit: largest number of steps.
        deadline: `time.perf_counter` value beyond which building is given up.
    """

    def __init__(self, limit: int = 100_000, deadline: float = float("inf")) -> None:
        self.program = Program()
        self.limit = limit
        self.deadline = deadline
        self._ticks = 0
        self._shared: dict[Any, int] = {}
        self._constants: dict[int, Any] = {}

    def tick(self) -> None:
        """Counts one visit of a node, so that building ends in time even where no step comes of it."""
        self._ticks += 1
        if self._ticks > 10 * self.limit or (self._ticks % 512 == 0 and time.perf_counter() > self.deadline):
            raise TooLarge("the claim takes too long to instantiate at the sizes tried")

    def constant(self, value: Any) -> int:
        """Register of an exact number or of a decided truth value."""
        key = ("constant", type(value), value)
        if key not in self._shared:
            self._shared[key] = self._register(value)
            self._constants[self._shared[key]] = value
        return self._shared[key]

    def undefined(self) -> int:
        """Register of a value that is undefined."""
        if "undefined" not in self._shared:
            self._shared["undefined"] = self._register(ar.NAN)
        return self._shared["undefined"]

    def value_of(self, register: int) -> Any:
        """The constant in a register, or ``None`` if it depends on the point or on the precision."""
        return self._constants.get(register)

    def input(self, key: Key) -> int:
        """Register of one number of the point."""
        register = self.program.inputs.get(key)
        if register is None:
            register = self.program.inputs[key] = self._register(None)
        return register

    def step(self, f: Callable[..., Any], *args: int, key: Any = None) -> int:
        """Register of ``f`` of the arguments; ``key`` names ``f`` where it was made on the spot."""
        shared = (f if key is None else key, args)
        register = self._shared.get(shared)
        if register is None:
            register = self._shared[shared] = self._folded(f, args)
        return register

    def add(self, a: int, b: int) -> int:
        """Register of a sum; a constant zero is left out."""
        if self._constants.get(a) == 0:
            return b
        return a if self._constants.get(b) == 0 else self.step(ar.add, a, b)

    def multiply(self, a: int, b: int) -> int:
        """Register of a product; a constant one is left out."""
        x, y = self._constants.get(a), self._constants.get(b)
        if x == 1:
            return b
        if y == 1:
            return a
        if x == -1:
            return self.step(ar.negate, b)
        return self.step(ar.negate, a) if y == -1 else self.step(ar.multiply, a, b)

    def kink(self, a: int, b: int, jump: bool) -> None:
        """Notes that the formula changes its branch where two registers are equal, and whether it may jump."""
        if a not in self._constants or b not in self._constants:
            self.program.kinks[a, b] = jump or self.program.kinks.get((a, b), False)

    def _folded(self, f: Callable[..., Any], args: tuple[int, ...]) -> int:
        if args and all(a in self._constants for a in args):
            value = f(*(self._constants[a] for a in args))
            if type(value) is fmpq or type(value) is bool:
                return self.constant(value)
        register = self._register(None)
        b = args[1] if len(args) == 2 else (_UNARY if len(args) == 1 else _MANY)
        self.program.steps.append((f, args[0] if args else -1, b, register, args))
        if len(self.program.steps) > self.limit:
            raise TooLarge(f"more than {self.limit} steps at the sizes tried")
        return register

    def _register(self, value: Any) -> int:
        self.program.registers.append(value)
        return len(self.program.registers) - 1
