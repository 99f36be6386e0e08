"""How fast formulas are read: parse and elaboration, formulas per second.

    python tests/bench/reader.py [FOLDER ...]

Without folders: the notes beside the checkout, if they are there, and ``docs/examples``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from symdl.reader.documents import load
from symdl.reader.elaborate import statements
from symdl.reader.names import collect
from symdl.reader.parser import _parsed

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT.parent / "shared" / "notes", ROOT / "docs" / "examples")
SHEETS = (".txt", ".md", ".tex", ".ipynb")
ROUNDS = 5


def seconds(path: Path) -> tuple[int, int, float]:
    """Formulas of a sheet, statements with a reading, and the best of several processor times, every cache empty."""
    document = load(path)
    best = float("inf")
    read = 0
    for _ in range(ROUNDS):
        _parsed.cache_clear()
        began = time.process_time()
        names = collect((f.latex for f in document.fragments), document.macros)
        found = [
            s
            for f in document.fragments
            for s in statements(f.latex, f.place, f.context, names, document.macros, inline=not f.display)
        ]
        best = min(best, time.process_time() - began)
        read = sum(bool(s.readings) for s in found)
    return len(document.fragments), read, best


def main(folders: list[Path]) -> None:
    """Prints a line per sheet and one for all."""
    count, total = 0, 0.0
    for folder in folders:
        sheets = sorted(p for p in folder.glob("*") if p.suffix in SHEETS) if folder.is_dir() else []
        if not sheets:
            print(f"{folder.name}: not here, skipped")
        for path in sheets:
            formulas, read, spent = seconds(path)
            count, total = count + formulas, total + spent
            print(f"{path.name[:32]:32} {formulas:5} formulas, {read:4} readings, {formulas / spent:7.0f} formulas/s")
    if total:
        print(f"{'all':32} {count:5} formulas, {'':14} {count / total:7.0f} formulas/s")


if __name__ == "__main__":
    main([Path(a) for a in sys.argv[1:]] or list(FOLDERS))
