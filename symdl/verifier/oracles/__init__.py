"""Means of evaluation that share no code with the derivation; one file each."""

ORACLES = ("ball", "dual", "finite_difference")
"""Names of the oracles; the modules of this package."""
