"""Means of checking a gradient of your own: the oracles that check what symdl emits, and inputs to check it at.

`check_grad` judges, `arguments` is a Hypothesis strategy, `draw_points` gives seeded points, and the pytest fixture
``check_grad`` is there once symdl is installed. A domain says for each argument what it is, in the words of the
catalogue: ``real``, ``positive``, ``unit[m]``, ``real[n, m]``, ``binary[m]``, ``probability[n]``, ``integer``; or
an interval ``(0.5, 2.0)``.

Example:
    >>> import numpy as np
    >>> def energy(w, x):
    ...     return np.sum(np.tanh(x @ w))
    >>> def energy_grad(w, x):
    ...     d = 1 - np.tanh(x @ w) ** 2
    ...     return x.T @ d, np.outer(d, w)
    >>> found = check_grad(energy, energy_grad, {"w": "real[n]", "x": "real[m, n]"})
    >>> [e.oracle for e in found if e.facts.get("passed")]
    ['dual numbers', 'reverse tape', 'complex step', 'finite differences']
    >>> def wrong(w, x):
    ...     return tuple(-g for g in energy_grad(w, x))
    >>> check_grad(energy, wrong, {"w": "real[n]", "x": "real[m, n]"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    symdl.testing.check.GradientError: the gradient by w is wrong: dual numbers: ...
"""

from symdl.testing.check import GradientError, check_grad, is_smooth
from symdl.testing.domains import Domain, draw_points
from symdl.testing.strategies import arguments

__all__ = ["Domain", "GradientError", "arguments", "check_grad", "draw_points", "is_smooth"]
