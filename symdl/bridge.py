"""A formula as a NumPy function: what ``symdl.formula(ID).numpy()`` returns."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from symdl.catalogue import load as load_catalogue
from symdl.codegen import STEP, SUFFIX
from symdl.codegen import load as load_module
from symdl.emitting import POINTS, Request, evidence, written
from symdl.terms.results import Evidence


class NumpyFunction:
    """A checked NumPy function made from a formula.

    Called, it returns the value; with derivatives, the value and one array for each. Arrays may have more axes in
    front than the formula says: the function is then applied along them, one item after the other.

    Attributes:
        source: the module it was made from, ready to be saved.
        evidence: what the oracles found when it was made.
        arguments: names of the arguments, in order.
        step: of an update rule, the function from a state and a gradient to the new state; else ``None``.

    Example:
        >>> f = NumpyFunction("sigmoid", ["x"])
        >>> value, slope = f(np.array([0.0, 2.0]))
        >>> value[0].item(), slope[0].item()
        (0.5, 0.25)
    """

    def __init__(self, id: str, grad: Sequence[str] = (), form: str = "canonical") -> None:
        self._request = Request((id,), tuple(grad), form)
        self._entry = load_catalogue().entries[id]
        module = written(self._request)
        self.source, self.evidence = module.source, module.evidence
        self._functions = load_module(module)
        self._value = self._functions[id]
        self.step = self._functions.get(id + STEP)
        self._call = self._functions.get(id + SUFFIX, self._value)
        self.arguments = tuple(inspect.signature(self._value).parameters)
        roles = next(f for f in self._entry.forms if f.name == form).roles
        self._ranks = [len(roles[n].shape) if n in roles else 0 for n in self.arguments]
        self.__name__, self.__doc__ = id, self._value.__doc__
        self.__signature__ = inspect.signature(self._value)

    def __repr__(self) -> str:
        return f"<{self._request.header}>"

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Computes the value, or the value and the derivatives."""
        given = list(self.__signature__.bind(*args, **named).arguments.values())
        leading = self._leading(given)
        if not leading:
            return self._call(*given)
        results = [self._call(*items) for items in self._items(given, leading)]
        if not isinstance(results[0] if results else None, tuple):
            return _stacked(results, leading)
        return tuple(_stacked([r[k] for r in results], leading) for k in range(len(results[0])))

    def _leading(self, given: Sequence[Any]) -> tuple[int, ...]:
        """The axes in front of those that the formula has; an elementwise formula broadcasts by itself."""
        if not any(self._ranks):
            return ()
        shapes = [np.shape(a)[: max(np.ndim(a) - r, 0)] for a, r in zip(given, self._ranks, strict=True)]
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            known = ", ".join(f"{n} {s}" for n, s in zip(self.arguments, shapes, strict=True) if s)
            raise ValueError(f"the axes in front do not fit: {known}") from None

    def _items(self, given: Sequence[Any], leading: tuple[int, ...]) -> Any:
        whole = []
        for a, r in zip(given, self._ranks, strict=True):
            a = np.asarray(a)
            own = a.shape[max(a.ndim - r, 0) :]
            whole.append(np.broadcast_to(a, (*leading, *own)))
        for at in np.ndindex(*leading):
            yield [a[at] for a in whole]

    def verify(self, n: int = POINTS, seed: int = 1) -> tuple[Evidence, ...]:
        """Checks the function anew at ``n`` points.

        Raises:
            NotSupported: SD715, if a value or a derivative is wrong.
        """
        return evidence(self._entry, self._request, self._functions, n, seed)


def _stacked(results: Sequence[Any], leading: tuple[int, ...]) -> Any:
    if not results:
        return np.zeros(leading)
    whole = np.stack([np.asarray(r) for r in results])
    return whole.reshape((*leading, *whole.shape[1:]))
