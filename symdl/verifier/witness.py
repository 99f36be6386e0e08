"""Writing a refutation down: shrinking it to readable numbers, and the `Witness` that carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flint import ctx, fmpq

from symdl.terms.results import Witness
from symdl.verifier.compare import written_pair
from symdl.verifier.ground import Ground
from symdl.verifier.program import Key
from symdl.verifier.sampling import SIMPLEST

_MOST_TRIALS = 240


def shrunk(ground: Ground, point: dict[Key, fmpq], false_at: Callable[[dict[Key, fmpq]], bool]) -> dict[Key, fmpq]:
    """Returns a point of simpler numbers at which the claim is still false, one number after the other.

    Rows of probabilities are left alone; zeros come last, for a witness of nothing but zeros teaches little.
    """
    trials = 0
    order = {v: k for k, v in enumerate(_PREFERRED)}
    fixed = {name for name, array in ground.arrays.items() if array.domain.structure == "probability" and array.shape}
    for key in sorted(point):
        if key[0] in fixed or (point[key] == 0 and ground.arrays[key[0]].domain.structure):
            continue
        for value in _PREFERRED[: order.get(point[key], len(_PREFERRED))]:
            trials += 1
            if trials > _MOST_TRIALS:
                return point
            candidate = {**point, key: value}
            if false_at(candidate):
                point = candidate
                break
    return point


_PREFERRED = (*SIMPLEST[1:3], *SIMPLEST[3:], SIMPLEST[0])


def nested(ground: Ground, point: Mapping[Key, fmpq]) -> dict[str, Any]:
    """A point as name -> text of a number or nested lists of them; unknown functions are named with their stand-in."""
    out: dict[str, Any] = {}
    for name in sorted(ground.arrays):
        out[name] = _nested(name, ground.arrays[name].shape, (), point)
    sizes = ground_sizes(ground)
    out |= {name: str(value) for name, value in ground.structure.items() if name not in sizes}
    for name, stand_in in sorted(ground.stand_ins.items()):
        out[name] = stand_in.text(several=name in ground.several)
    return out


def ground_sizes(ground: Ground) -> dict[str, int]:
    """The structural names that are sizes of axes; the others are written among the numbers of the point."""
    return {name: v for name, v in ground.structure.items() if name in ground.sizes}


def _nested(name: str, shape: tuple[int, ...], at: tuple[int, ...], point: Mapping[Key, fmpq]) -> Any:
    if not shape:
        return str(point[name, at])
    return [_nested(name, shape[1:], (*at, k), point) for k in range(shape[0])]


def witness_of(ground: Ground, point: Mapping[Key, fmpq], entry: int, sides: tuple[Any, Any], bits: int) -> Witness:
    """The witness of a contradiction found at ``bits`` of precision."""
    with ctx.workprec(bits):
        left, right = written_pair(ground.claim.relation, *sides)
    return Witness(nested(ground, point), left, right, bits, ground_sizes(ground), ground.entries[entry])
