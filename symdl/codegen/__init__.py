"""Entries -> readable code. One printer per target; `emit` writes NumPy."""

from symdl.codegen.load import load
from symdl.codegen.to_numpy import STEP, SUFFIX, emit, together, with_evidence

BACKENDS = {"numpy": emit}
"""Target -> its printer."""

__all__ = ["BACKENDS", "STEP", "SUFFIX", "emit", "load", "together", "with_evidence"]
