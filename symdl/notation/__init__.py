"""Every way an expression is written: catalogue notation, LaTeX, MathML, index form."""
