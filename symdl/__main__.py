"""``python -m symdl``: the command line."""

from symdl.cli import main

if __name__ == "__main__":
    main()
