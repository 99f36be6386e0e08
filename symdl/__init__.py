"""symdl: reads the formulas of a study sheet and says which are proved, which are wrong, and why.

Example:
    >>> import symdl
    >>> symdl.__version__.count(".")
    2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symdl.api import check, derive, formula

__all__ = ["__version__", "check", "derive", "formula"]
__version__ = "0.1.0"

_LAZY = frozenset({"check", "derive", "formula"})


def __getattr__(name: str) -> Any:
    """Loads the public objects on first use: ``import symdl`` must not wait for SymPy."""
    if name in _LAZY:
        from symdl import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
