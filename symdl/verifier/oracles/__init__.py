"""Means of evaluation that share no code with the derivation; one file each."""

ORACLES = ("accuracy", "ball", "complex_step", "dual", "finite_difference", "tape")
"""Names of the oracles; the modules of this package."""
