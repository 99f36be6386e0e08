"""The catalogue as a cheat sheet: LaTeX with base packages, or one HTML file."""
