"""A gradient of your own against everything that judges what symdl emits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symdl.errors import NotSupported
from symdl.terms.results import Evidence
from symdl.testing.domains import Domain, draw_points
from symdl.verifier.oracles import complex_step, dual, finite_difference, tape
from symdl.verifier.oracles.gradients import smooth_positions

Gradients = Callable[..., Any] | Mapping[str, Callable[..., Any]]
JUDGES = {
    "dual": dual.check_gradient,
    "tape": tape.check_gradient,
    "complex_step": complex_step.check_gradient,
    "finite_difference": finite_difference.check_gradient,
}
"""Name of an oracle -> how it judges a gradient. All but the last look inside the function and may refuse it."""


class GradientError(AssertionError):
    """A gradient is wrong, or nothing could be compared; ``evidence`` holds what each oracle found."""

    def __init__(self, message: str, evidence: tuple[Evidence, ...]) -> None:
        super().__init__(message)
        self.evidence = evidence


def check_grad(
    f: Callable[..., Any],
    grads: Gradients,
    domain: Any,
    *,
    points: int | Sequence[Mapping[str, Any]] = 12,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    oracles: Sequence[str] = tuple(JUDGES),
    required: bool = True,
) -> tuple[Evidence, ...]:
    """Checks a gradient against dual numbers, a reverse tape, the complex step and finite differences.

    Args:
        f: the function, called with the arguments of the domain in order. Dual numbers and the tape run it
            unchanged; if it converts arrays, writes in place or branches on data, they refuse it and finite
            differences alone judge.
        grads: called with the same arguments; returns the derivative by each smooth argument, a tuple if there are
            several. Or a mapping from names to functions, one for each derivative. A derivative has the axes of the
            result, then those of the argument; of a scalar result, the shape of the argument; of an elementwise
            function, that of the result.
        domain: name -> what it is (``"real[n, m]"``, ``(0.5, 2.0)``), or a formula of the catalogue.
        points: how many to draw, or the points themselves.
        seed: of the draws.
        sizes: axis sizes that are wanted.
        oracles: which are asked.
        required: whether it is an error that nothing could be compared.

    Returns:
        What each oracle found; one that could not follow the function says why under ``refused``.

    Raises:
        GradientError: a derivative is wrong, or no oracle compared anything.

    Example:
        >>> import numpy as np
        >>> found = check_grad(np.log1p, lambda x: 1 / (1 + x), {"x": "positive"})
        >>> found[0].facts["points"], found[0].facts["max_error"] < 1e-14
        (12, True)
    """
    declared = Domain.of(domain, f)
    drawn = draw_points(declared, points, seed, sizes) if isinstance(points, int) else points
    at = [tuple(p[name] for name in declared.arguments) for p in drawn]
    gradient, wrt = _joined(grads, declared)
    found = tuple(_asked(name, f, gradient, at, wrt) for name in oracles)
    faults = [(e, fault) for e in found for fault in e.facts.get("faults", ())]
    if faults:
        evidence, fault = faults[0]
        raise GradientError(f"the gradient{_which(fault, declared)} is wrong: {evidence.oracle}: {fault}", found)
    if required and not any(e.facts.get("passed") for e in found):
        reasons = "; ".join(f"{e.oracle}: {e.facts.get('refused', 'no point could be used')}" for e in found)
        raise GradientError(f"nothing was compared: {reasons}", found)
    return found


def is_smooth(f: Callable[..., Any], point: Mapping[str, Any]) -> bool:
    """Whether a function has no kink at a point, as far as its slopes to both sides tell.

    Example:
        >>> import numpy as np
        >>> is_smooth(np.abs, {"x": 0.0}), is_smooth(np.abs, {"x": 0.5})
        (False, True)
    """
    arguments = tuple(point.values())
    return not finite_difference.kink_near(f, arguments, smooth_positions(arguments))


def _joined(grads: Gradients, domain: Domain) -> tuple[Callable[..., Any], tuple[int, ...]]:
    """One function for all derivatives, and the positions it gives."""
    if not isinstance(grads, Mapping):
        return grads, domain.smooth
    names = list(domain.arguments)
    unknown = [n for n in grads if n not in names]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no argument; the arguments are {', '.join(names)}")
    wrt = tuple(k for k, n in enumerate(names) if n in grads)
    return lambda *a: tuple(grads[names[k]](*a) for k in wrt), wrt


def _asked(
    name: str, f: Callable[..., Any], gradient: Callable[..., Any], at: Sequence[Any], wrt: tuple[int, ...]
) -> Evidence:
    if name not in JUDGES:
        raise ValueError(f"there is no oracle {name!r}; there are {', '.join(JUDGES)}")
    try:
        return JUDGES[name](f, gradient, at, wrt)
    except NotSupported as error:
        return Evidence(name.replace("_", " "), {"passed": False, "refused": error.diagnostic.cause})
    except (TypeError, AttributeError) as error:
        # a function that does not let other arrays through; finite differences call it with plain ones
        if name == "finite_difference":
            raise
        return Evidence(name.replace("_", " "), {"passed": False, "refused": f"{type(error).__name__}: {error}"})


def _which(fault: str, domain: Domain) -> str:
    word = fault.split()[1].rstrip(":") if fault.startswith("argument ") else ""
    return f" by {list(domain.arguments)[int(word)]}" if word.isdigit() else ""
