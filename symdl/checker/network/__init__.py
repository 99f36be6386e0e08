"""A section as a program: its definitions are differentiated, and its gradients are compared with the result."""
