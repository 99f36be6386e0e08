"""Entries -> readable code. One printer per target; `emit` writes NumPy."""

from symdl.codegen.load import load
from symdl.codegen.to_numpy import emit, with_evidence

BACKENDS = {"numpy": emit}
"""Target -> its printer."""

__all__ = ["BACKENDS", "emit", "load", "with_evidence"]
