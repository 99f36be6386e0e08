"""Is a derived backward pass the derivative of its program? Differences along random directions decide.

The program is evaluated in floating point at points drawn from its declared kinds, and so is the backward pass; the
slope along a direction must be the scalar product with the gradient. Extrapolated central differences are
accurate to about ten digits here, and a wrong rule is wrong by far more. Every recorded step is an equation, and is
evaluated on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import sympy as sp

from symdl.errors import NotSupported
from symdl.terms.indexed import Access, Axis, Reduce
from symdl.terms.program import Assignment, Axes, Program, Variable
from symdl.terms.results import Evidence
from symdl.verifier.floating import Array, Floating, compute, run

_SIZES = (3, 2, 4, 5, 3, 2, 4, 3)
_STEP = 1e-4
_TOLERANCE = 1e-6
_DRAWS = 8
_WIDE = 3
"""So many points have entries of size 1; the rest have smaller ones, where a steep program is tame enough."""
_SMALL = 0.3
_AGREE = 2
_ONE_BY_ONE = 8  # more gradients are compared along one direction in all of them: depth must not count twice
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Setting:
    """A program with the kinds of its inputs, from which points are drawn."""

    program: Program
    kinds: Mapping[str, str]

    def sizes(self) -> dict[str, int]:
        """A small number for every size that occurs, long enough for every index that is read."""
        names: dict[str, None] = {}
        for v in self._variables():
            for a in v.shape:
                names.update(dict.fromkeys(sorted(s.name for s in a.free_symbols)))
        for assignment in self.program:
            for e in sp.preorder_traversal(assignment.body):
                inside = [e.size] if isinstance(e, Axis) else e.indices if isinstance(e, Access) else ()
                found = {s for i in inside for s in i.free_symbols if not isinstance(s, Axis)}
                names.update(dict.fromkeys(sorted(s.name for s in found)))  # sizes, and strides
        out = {name: _SIZES[k % len(_SIZES)] for k, name in enumerate(names)}
        for _ in range(20):
            if not self._stretch(out):
                break
        return out

    @property
    def open_ended(self) -> frozenset[str]:
        """States of a recurrence and their adjoints: zero beyond the last step."""
        return self.program.recurrent | {f"d{n}" for n in self.program.recurrent}

    def _variables(self) -> list[Variable]:
        return [*self.program.inputs.values(), *(a.variable for a in self.program)]

    def _stretch(self, sizes: dict[str, int]) -> bool:
        """Lengthens one axis that is empty or read beyond its end; whether there was one."""
        f = Floating(sizes, {})
        axes = {a for x in self.program for a in x.body.atoms(Axis)} | {a for v in self._variables() for a in v.letters}
        for size in sorted({a.size for a in axes}, key=str):
            if all(s.name in sizes for s in size.free_symbols) and f.size(size) < 1:
                grows = [s.name for s in sorted(size.free_symbols, key=str) if sp.expand(size).coeff(s, 1).is_positive]
                sizes.update({name: sizes[name] + 1 for name in grows})
                return bool(grows)
        for assignment in self.program:
            for access in assignment.body.atoms(Access):
                v = self.program.variable(str(access.tensor.name))
                if v is None:
                    continue
                for index, size in zip(access.indices, v.shape, strict=True):
                    if isinstance(index, Axis) or not isinstance(size, sp.Symbol):
                        continue
                    if any(not isinstance(s, Axis) and s.name not in sizes for s in index.free_symbols):
                        continue
                    top = int(np.max(f.value(index).array))
                    if top >= sizes[size.name]:
                        sizes[size.name] = top + 1
                        return True
        return False

    def draw(self, seed: int, sizes: Mapping[str, int], extra: Sequence[Variable] = ()) -> Floating:
        """A point: values for all inputs and for further variables, the facts respected."""
        rng = np.random.default_rng(seed)
        f = Floating(sizes, {}, self.open_ended, self.program.initial)
        for v in (*self.program.inputs.values(), *extra):
            if v.name in sizes:
                continue
            shape = tuple(f.size(s) for s in v.shape)
            kind = self.kinds.get(v.name, "real")
            f.arrays[v.name] = _drawn(rng, kind, shape, v, 1.0 if seed < _WIDE or seed > _DRAWS else _SMALL)
        for fact in self.program.facts:
            _enforce(f, fact.left, fact.right, self.program)
        return f


def _drawn(rng: np.random.Generator, kind: str, shape: tuple[int, ...], v: Variable, scale: float) -> Array:
    if kind in ("unit", "probability"):
        return rng.uniform(0.1, 0.9, shape)
    if kind == "binary":
        return rng.integers(0, 2, shape).astype(float)
    if kind in ("size", "integer", "index"):
        return rng.integers(1, 5, shape)
    if kind in ("positive", "nonnegative", "diagonal") or v.symbol.is_positive:
        return rng.uniform(0.4, 1.6, shape)
    return rng.normal(size=shape) * scale


def _enforce(f: Floating, left: sp.Expr, right: sp.Expr, program: Program) -> None:
    """Makes a fact true at a point: entries that sum to something known, a symmetric matrix."""
    if isinstance(left, Reduce) and left.op == "sum" and isinstance(left.body, Access):
        name = str(left.body.tensor.name)
        if name in program.inputs and all(isinstance(i, Axis) or i == 0 for i in left.body.indices):
            where = tuple(k for k, i in enumerate(left.body.indices) if i in left.bound)
            values = f.arrays[name]
            positive = np.abs(values) + 0.1
            f.arrays[name] = positive / positive.sum(axis=where, keepdims=True) * float(f.value(right).array)
            return
    if isinstance(left, Access) and isinstance(right, Access) and left.tensor == right.tensor:
        name = str(left.tensor.name)
        if left.indices == right.indices[::-1] and len(left.indices) == 2 and name in program.inputs:
            f.arrays[name] = (f.arrays[name] + f.arrays[name].T) / 2
            return
    if isinstance(left, sp.Rel) or right in (sp.true, sp.false):
        return
    raise NotSupported(
        "SD631", "no point can be drawn at which this fact holds", "declare sums of entries, or symmetry"
    )


@dataclass(frozen=True)
class Derived:
    """What is judged: lines in order, the gradients among them, where the derivative starts."""

    lines: Sequence[Assignment]
    gradients: Mapping[str, str]
    loss: str | None
    seeds: Mapping[str, Variable]


def judge(setting: Setting, derived: Derived) -> Evidence:
    """Compares a backward pass with differences of its program.

    Returns:
        Evidence with ``passed``, the number of points and the largest relative error.
    """
    if len(derived.gradients) > _ONE_BY_ONE:
        together = _judged(setting, derived, joint=True)
        if together.facts["passed"]:
            return together
    return _judged(setting, derived, joint=False)


def _judged(setting: Setting, derived: Derived, *, joint: bool) -> Evidence:
    """All gradients along one direction at a time, or one by one, which takes the square of the depth."""
    sizes = setting.sizes()
    agreed, tried, worst = 0, 0, 0.0
    failing = ""
    for seed in range(_DRAWS):
        point = setting.draw(seed, sizes, list(derived.seeds.values()))
        with np.errstate(all="ignore"):
            errors = _errors(setting, derived, point, seed, joint)
        if errors is None:
            continue
        tried += 1
        bad = {name: e for name, e in errors.items() if not e <= _TOLERANCE}
        if bad:
            failing = min(bad)
            continue
        agreed += 1
        worst = max(worst, *errors.values(), 0.0)
        if agreed == _AGREE:
            break
    passed = agreed >= _AGREE
    facts = {"passed": passed, "points": tried, "worst relative error": f"{worst:.1e}"}
    return Evidence("differences", facts if passed else {**facts, "failing": failing or "no finite point"})


def _errors(setting: Setting, derived: Derived, point: Floating, seed: int, joint: bool) -> dict[str, float] | None:
    """Relative errors of the gradients along random directions, or nothing if the point is not finite."""
    base = _run(setting.program, point, {})
    compute(derived.lines, setting.open_ended, base, {})
    rng = np.random.default_rng(seed + 1000)
    found = {name: base.arrays[gradient] for name, gradient in derived.gradients.items()}
    directions = {name: np.asarray(rng.normal(size=g.shape)) for name, g in found.items()}
    if not joint:
        return _along(setting, derived, point, [{n: d} for n, d in directions.items()], found)
    level = max(float(np.linalg.norm(g)) for g in found.values())
    if not np.isfinite(level):
        return {name: float("inf") for name, g in found.items() if not np.all(np.isfinite(g))}
    even = {n: np.asarray(d / (np.linalg.norm(found[n]) + 0.03 * level + 1e-12)) for n, d in directions.items()}
    return _along(setting, derived, point, [even], found)


def _along(
    setting: Setting,
    derived: Derived,
    point: Floating,
    moves: Sequence[Mapping[str, Array]],
    found: Mapping[str, Array],
) -> dict[str, float] | None:
    """Relative error along each move, which may shift several names at once, each weighed by its own gradient."""
    out: dict[str, float] = {}
    for move in moves:

        def value(h: float, move: Mapping[str, Array] = move) -> float:
            return _objective(setting.program, derived, point, {n: np.asarray(h * d) for n, d in move.items()})

        slope = _slope(value)
        mine = float(sum(np.sum(found[n] * d) for n, d in move.items()))
        if not np.isfinite(slope):
            return None
        norms = [float(np.linalg.norm(found[n]) * np.linalg.norm(d)) for n, d in move.items()]
        scale = max(abs(slope), *norms, 1e-3)
        out[next(iter(move))] = abs(mine - slope) / scale if np.isfinite(mine) else float("inf")
    return out


def _slope(f: Callable[[float], float]) -> float:
    """The derivative at 0 by central differences, extrapolated once."""
    wide = (f(2 * _STEP) - f(-2 * _STEP)) / (4 * _STEP)
    narrow = (f(_STEP) - f(-_STEP)) / (2 * _STEP)
    return (4 * narrow - wide) / 3


def _run(program: Program, point: Floating, shift: Mapping[str, Array]) -> Floating:
    f = Floating(point.sizes, point.arrays, point.zero_outside, point.initial)
    for name, by in shift.items():
        if name in program.inputs:
            f.arrays[name] = f.arrays[name] + by
    compute(program.assignments, program.recurrent, f, shift)
    return f


def _objective(program: Program, derived: Derived, point: Floating, shift: Mapping[str, Array]) -> float:
    f = _run(program, point, shift)
    total = 0.0 if derived.loss is None else float(np.sum(f.arrays[derived.loss]))
    for of, seed in derived.seeds.items():
        total += float(np.sum(f.arrays[of] * point.arrays[seed.name]))
    return total


def judge_equations(
    setting: Setting, derived: Derived, known: Sequence[Assignment], equations: Sequence[tuple[sp.Expr, sp.Expr, Axes]]
) -> list[bool]:
    """Whether both sides of every equation agree at a point; ``known`` are the lines that may be named in them."""
    point = setting.draw(11, setting.sizes(), list(derived.seeds.values()))
    with np.errstate(all="ignore"):
        run(setting.program, point)
        compute(known, setting.open_ended, point, {})
        return [_agree(point.on(left, axes), point.on(right, axes)) for left, right, axes in equations]


def agreement(setting: Setting, lines: Sequence[Assignment], left: sp.Expr, right: sp.Expr, axes: Axes) -> bool | None:
    """Whether two sides that may name derived lines agree at two points; ``None`` where one of them has no value."""
    sizes = setting.sizes()
    found: list[bool] = []
    for seed in (21, 22):
        point = setting.draw(seed, sizes)
        with np.errstate(all="ignore"):
            run(setting.program, point)
            compute(lines, setting.open_ended, point, {})
            a, b = point.on(left, axes), point.on(right, axes)
        if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
            return None
        found.append(_agree(a, b))
    return all(found)


def _agree(a: Array, b: Array) -> bool:
    scale = max(float(np.max(np.abs(a), initial=0.0)), float(np.max(np.abs(b), initial=0.0)), 1e-6)
    return bool(np.all(np.isfinite(a)) and np.max(np.abs(a - b), initial=0.0) <= _ROUNDING * scale)


def judge_tangents(
    setting: Setting, derived: Derived, true: Mapping[str, Assignment], shown: Sequence[Assignment], count: sp.Expr
) -> bool:
    """Whether every shown line is the true one, or ``count`` times it where it has one item per example."""
    point = setting.draw(12, setting.sizes(), list(derived.seeds.values()))
    with np.errstate(all="ignore"):
        run(setting.program, point)
        other = Floating(point.sizes, point.arrays, point.zero_outside, point.initial)
        compute(list(true.values()), setting.open_ended, point, {})
        compute(shown, setting.open_ended, other, {})
        times = point.size(count)
        return all(
            _agree(point.arrays[line.name] * (times if count in line.variable.shape else 1), other.arrays[line.name])
            for line in shown
        )


class _Pushed(Protocol):
    """What forward mode returns: lines, the results among them, the directions they are taken along."""

    @property
    def lines(self) -> tuple[Assignment, ...]: ...
    @property
    def results(self) -> Mapping[str, str]: ...
    @property
    def directions(self) -> Mapping[str, Variable]: ...


def judge_jacobian(setting: Setting, derived: Derived, base: Program, pushed: _Pushed, wrt: str) -> Evidence:
    """Compares a Jacobian, or a derivative along directions, with differences of the program ``base``."""
    inner = Setting(base, setting.kinds)
    sizes = inner.sizes()
    (target, result), *_ = pushed.results.items()
    worst, agreed, tried = 0.0, 0, 0
    for seed in range(_DRAWS):
        point = inner.draw(seed, sizes, list(pushed.directions.values()))
        with np.errstate(all="ignore"):
            center = _run(base, point, {})
            compute(pushed.lines, frozenset(), center, {})
            mine = center.arrays[result]
            rng = np.random.default_rng(seed + 77)
            if pushed.directions:
                shifts = {n: center.arrays[v.name] for n, v in pushed.directions.items()}
            else:
                shifts = {wrt: np.asarray(rng.normal(size=center.arrays[wrt].shape))}
                by = shifts[wrt]
                mine = np.tensordot(mine, by.reshape(mine.shape[mine.ndim - by.squeeze().ndim :]), by.squeeze().ndim)

            def value(h: float, shifts: Mapping[str, Array] = shifts, point: Floating = point) -> Array:
                return _run(base, point, {n: np.asarray(h * d) for n, d in shifts.items()}).arrays[target]

            slope = _array_slope(value)
        if not np.all(np.isfinite(slope)):
            continue
        tried += 1
        scale = max(float(np.max(np.abs(slope), initial=0.0)), 1e-3)
        error = float(np.max(np.abs(slope.squeeze() - mine.squeeze()), initial=0.0)) / scale
        if error <= _TOLERANCE:
            agreed += 1
            worst = max(worst, error)
            if agreed == _AGREE:
                break
    facts = {"passed": agreed >= _AGREE, "points": tried, "worst relative error": f"{worst:.1e}"}
    return Evidence("differences", facts if agreed >= _AGREE else {**facts, "failing": wrt})


def _array_slope(f: Callable[[float], Array]) -> Array:
    wide = (f(2 * _STEP) - f(-2 * _STEP)) / (4 * _STEP)
    narrow = (f(_STEP) - f(-_STEP)) / (2 * _STEP)
    return np.asarray((4 * narrow - wide) / 3)
