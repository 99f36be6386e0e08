"""What the arguments of a function may be, and points drawn from that."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symdl.testing import conditions

RANGES: Mapping[str, tuple[float, float]] = {
    "real": (-3.0, 3.0),
    "gradient": (-3.0, 3.0),
    "statistic": (-3.0, 3.0),
    "positive": (0.05, 4.0),
    "nonnegative": (0.05, 4.0),
    "diagonal": (0.05, 4.0),
    "unit": (0.02, 0.98),
    "probability": (0.05, 1.0),
}
"""Kind -> the interval its numbers are drawn from; away from its ends, where derivatives may not exist."""
DISCRETE: Mapping[str, tuple[int, int]] = {"binary": (0, 1), "integer": (-3, 3), "size": (1, 5), "index": (0, 3)}
"""Kinds that are not differentiated -> smallest and largest value."""
_KINDS: dict[str, tuple[float, float]] = {**RANGES, **DISCRETE}
_SPEC = re.compile(r"\s*([a-z]+)\s*(?:\[(.*)\])?\s*\Z")
TRIES = 200
"""Draws before a condition counts as never met."""


@dataclass(frozen=True)
class Argument:
    """One argument: its kind, the sizes of its axes in words, and the interval its numbers lie in."""

    kind: str
    shape: tuple[str, ...] = ()
    low: float = -3.0
    high: float = 3.0

    @property
    def smooth(self) -> bool:
        """Whether it is differentiated."""
        return self.kind not in DISCRETE

    @classmethod
    def of(cls, spec: Any) -> Argument:
        """Reads ``"real[n, m]"``, an interval ``(low, high)`` or ``(low, high, "n, m")``.

        Example:
            >>> Argument.of("unit[m]").shape, Argument.of((0.5, 2.0)).high
            (('m',), 2.0)
        """
        if isinstance(spec, cls):
            return spec
        if isinstance(spec, tuple) and len(spec) in (2, 3) and all(isinstance(v, int | float) for v in spec[:2]):
            low, high = float(spec[0]), float(spec[1])
            if not low < high:
                raise ValueError(f"the interval {spec} is empty")
            return cls("real", _sizes(spec[2] if len(spec) == 3 else ""), low, high)
        found = _SPEC.match(spec) if isinstance(spec, str) else None
        if found is None or found[1] not in _KINDS:
            kinds = ", ".join(_KINDS)
            raise ValueError(f"{spec!r} is no domain; write a kind with a shape, 'real[n, m]'; kinds: {kinds}")
        return cls(found[1], _sizes(found[2] or ""), *_KINDS[found[1]])


def _sizes(text: str) -> tuple[str, ...]:
    return tuple(s.strip() for s in text.split(",") if s.strip())


@dataclass(frozen=True)
class Domain:
    """The arguments of a function in order, and conditions between them (``a < b``).

    Example:
        >>> Domain.of({"x": "real[n]", "eps": "positive"}).sizes
        ('n',)
    """

    arguments: Mapping[str, Argument]
    conditions: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Any, function: Callable[..., Any] | None = None) -> Domain:
        """Takes a domain, a mapping name -> what it is, or a formula of the catalogue.

        Of a formula it takes the arguments that ``function`` names, in its order.
        """
        if isinstance(given, cls):
            return given
        if isinstance(given, Mapping):
            return cls({name: Argument.of(spec) for name, spec in given.items()})
        entry = getattr(given, "entry", given)
        roles = getattr(entry, "roles", None)
        if roles is None:
            raise ValueError("a domain is a mapping from names to kinds, or a formula of the catalogue")
        wanted = list(inspect.signature(function).parameters) if function is not None else list(roles)
        out = {n: _of_role(roles[n]) if n in roles else Argument("size", (), 1, 5) for n in wanted}
        return cls(out, tuple(roles[n].domain for n in wanted if n in roles and roles[n].domain))

    @property
    def sizes(self) -> tuple[str, ...]:
        """Names of the axis sizes that no argument gives."""
        found = dict.fromkeys(n for a in self.arguments.values() for s in a.shape for n in conditions.names(s))
        return tuple(n for n in found if n not in self.arguments)

    @property
    def smooth(self) -> tuple[int, ...]:
        """Positions of the arguments that are differentiated."""
        return tuple(k for k, a in enumerate(self.arguments.values()) if a.smooth)

    def shape(self, name: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Shape of one argument at given sizes."""
        return tuple(int(conditions.value(s, sizes)) for s in self.arguments[name].shape)

    def holds(self, point: Mapping[str, Any]) -> bool:
        """Whether the conditions are met; one in words of its own is documentation and always is."""
        for text in self.conditions:
            try:
                if not np.all(conditions.value(text, point)):
                    return False
            except ValueError:
                continue
        return True


def _of_role(role: Any) -> Argument:
    if role.kind not in _KINDS:
        raise ValueError(f"{role.id} is a {role.kind}, which cannot be drawn")
    return Argument(role.kind, tuple(role.shape), *_KINDS[role.kind])


def finished(argument: Argument, numbers: Any) -> Any:
    """Numbers from the interval -> a value of the kind: rows of probabilities sum to 1, a diagonal is one."""
    if argument.kind == "probability" and np.ndim(numbers):
        return numbers / np.sum(numbers, axis=-1, keepdims=True)
    if argument.kind == "diagonal" and np.ndim(numbers) == 2:
        return numbers * np.eye(*np.shape(numbers))
    return numbers


def draw_points(
    domain: Any, count: int = 20, seed: int = 0, sizes: Mapping[str, int] | None = None, min_size: int = 1
) -> list[dict[str, Any]]:
    """Draws points from a domain: name -> float, int or array; the same for the same seed.

    Args:
        domain: anything `Domain.of` takes.
        count: how many.
        seed: of the generator.
        sizes: axis sizes that are wanted; others are drawn, up to 5, for each point anew.
        min_size: the least that is drawn.

    Example:
        >>> point = draw_points({"x": "real[n, m]", "y": "binary[m]"}, 1, sizes={"n": 2, "m": 3})[0]
        >>> point["x"].shape, point["y"].dtype.kind
        ((2, 3), 'i')
    """
    domain = Domain.of(domain)
    rng = np.random.default_rng(seed)
    out: list[dict[str, Any]] = []
    for _ in range(count * TRIES):
        if len(out) == count:
            break
        point = _point(domain, rng, sizes or {}, min_size)
        if domain.holds(point):
            out.append(point)
    if len(out) < count:
        raise ValueError(f"no points found that meet {', '.join(domain.conditions)}")
    return out


def _point(domain: Domain, rng: np.random.Generator, sizes: Mapping[str, int], min_size: int) -> dict[str, Any]:
    known: dict[str, Any] = dict(sizes)
    known |= {n: int(rng.integers(min_size, 6)) for n in domain.sizes if n not in known}
    point: dict[str, Any] = {}
    # counts come first, for shapes may name them
    for name, argument in sorted(domain.arguments.items(), key=lambda item: item[1].kind != "size"):
        if name in sizes:
            point[name] = sizes[name]
        elif argument.smooth:
            x = rng.uniform(argument.low, argument.high, domain.shape(name, known | point))
            point[name] = finished(argument, x) if np.ndim(x) else float(x)
        else:
            n = rng.integers(int(argument.low), int(argument.high) + 1, domain.shape(name, known | point))
            point[name] = n if np.ndim(n) else int(n)
    return {name: point[name] for name in domain.arguments}
