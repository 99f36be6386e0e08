"""Entries -> readable code. One printer per target; `emit` writes NumPy."""

from symdl.codegen.load import load
from symdl.codegen.to_numpy import SUFFIX, emit, together, with_evidence

BACKENDS = {"numpy": emit}
"""Target -> its printer."""

__all__ = ["BACKENDS", "SUFFIX", "emit", "load", "together", "with_evidence"]
