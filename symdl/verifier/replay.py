"""Replays a witness: rebuilds the claim at its sizes and point, and computes both sides anew.

Nothing of the witness is believed: the point must be exact and inside the domain, the assumptions must hold there,
the newly computed balls must contradict the claim, and the balls that were written down must do so as well and
must meet the new ones.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flint import ctx, fmpq

from symdl.errors import NotSupported
from symdl.terms.claims import Equation
from symdl.terms.results import Witness
from symdl.verifier.compare import contradicts, read
from symdl.verifier.ground import Ground, Grounder
from symdl.verifier.instance import OutOfRange
from symdl.verifier.opaque import StandIn
from symdl.verifier.points import Points
from symdl.verifier.program import Key, TooLarge

_RATIONAL = re.compile(r"-?\d{1,3000}(?:/\d{1,3000})?")
_MOST_BITS = 1 << 14
_MOST_SIZE = 64


@dataclass(frozen=True)
class Replayed:
    """Whether a witness holds, and why not if it does not."""

    ok: bool
    reason: str = ""


class _Bad(Exception):
    pass


def replay(claim: Equation, witness: Witness) -> Replayed:
    """Checks a witness against the claim it is said to refute.

    Example:
        >>> import sympy as sp
        >>> x = sp.Symbol("x", real=True)
        >>> claim = Equation(sp.sqrt(x**2), x)
        >>> replay(claim, Witness({"x": "-1"}, "1 +/- 0", "-1 +/- 0", 64)).ok
        True
        >>> replay(claim, Witness({"x": "1"}, "1 +/- 0", "-1 +/- 0", 64))
        Replayed(ok=False, reason='the two sides do not contradict the claim at this point')
    """
    try:
        _check(claim, witness)
    except _Bad as e:
        return Replayed(False, str(e))
    except (NotSupported, OutOfRange, TooLarge, RecursionError) as e:
        return Replayed(False, f"the claim cannot be evaluated there: {e}")
    return Replayed(True)


def _check(claim: Equation, witness: Witness) -> None:
    if not 2 <= witness.precision <= _MOST_BITS:
        raise _Bad("the precision is out of bounds")
    ground = _ground(claim, witness)
    point = _point(ground, witness.point)
    if not Points(ground, random.Random(0)).admits(point):
        raise _Bad("the point is outside the domain or violates an assumption")
    if tuple(witness.entry) not in ground.entries:
        raise _Bad("there is no such entry")
    k = ground.entries.index(tuple(witness.entry))
    with ctx.workprec(witness.precision):
        new = ground.program.results(point)[2 * k : 2 * k + 2]
        if not contradicts(claim.relation, *new):
            raise _Bad("the two sides do not contradict the claim at this point")
        old = read(witness.left), read(witness.right)
        if None in old or not contradicts(claim.relation, *old):
            raise _Bad("the enclosures that were written down do not contradict the claim")
        if any(contradicts("=", a, b) for a, b in zip(old, new, strict=True)):
            raise _Bad("the enclosures that were written down are not those of this point")


def _ground(claim: Equation, witness: Witness) -> Ground:
    grounder = Grounder(claim)
    names = grounder.vocabulary.structural
    structure: dict[str, int] = {}
    for name in names:
        value = witness.sizes.get(name, witness.point.get(name))
        if value is None or not re.fullmatch(r"\d{1,4}", str(value)) or int(value) > _MOST_SIZE:
            raise _Bad(f"the size {name} is missing or out of bounds")
        structure[name] = int(value)
    if set(witness.sizes) - set(names):
        raise _Bad("there is a size the claim does not have")
    if not grounder.admissible(structure):
        raise _Bad("the sizes do not fit the shapes")
    return grounder.at(structure, stand_ins=_stand_ins(witness.point))


def _stand_ins(point: Mapping[str, Any]) -> dict[str, StandIn]:
    out = {}
    for name, value in point.items():
        if isinstance(value, str) and value.startswith("g(u)"):
            g = StandIn.read(value)
            if g is None:
                raise _Bad(f"the stand-in for {name} cannot be read")
            out[name] = g
    return out


def _point(ground: Ground, given: Mapping[str, Any]) -> dict[Key, fmpq]:
    extra = set(given) - set(ground.arrays) - set(ground.stand_ins) - set(ground.structure)
    missing = (set(ground.arrays) | set(ground.stand_ins)) - set(given)
    if extra or missing:
        raise _Bad(f"the point does not name what the claim does: {', '.join(sorted(extra | missing))}")
    out: dict[Key, fmpq] = {}
    for name in ground.arrays:
        _read(name, given[name], (), out)
    return out


def _read(name: str, value: Any, at: tuple[int, ...], out: dict[Key, fmpq]) -> None:
    if isinstance(value, list | tuple):
        for k, item in enumerate(value):
            _read(name, item, (*at, k), out)
    elif isinstance(value, str) and _RATIONAL.fullmatch(value) and not re.search(r"/0+$", value):
        out[name, at] = fmpq(value)
    else:
        raise _Bad(f"{name} is not an exact rational")
