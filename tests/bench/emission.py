"""Every entry of the catalogue is emitted and checked; what cannot be is listed with the reason.

    PYTHONPATH=. python tests/bench/emission.py [FOLDER]

With a folder, the files are written there.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path

from symdl import catalogue
from symdl.emitting import Request, written
from symdl.errors import NotSupported


def main() -> None:
    """Prints the counts, the worst errors and the reasons."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    start = time.perf_counter()
    reasons: dict[str, list[str]] = defaultdict(list)
    worst: dict[str, tuple[float, str]] = {}
    done, without, steps = 0, [], 0
    entries = catalogue.load().entries
    for id in entries:
        try:
            module = written(Request((id,)))
        except NotSupported as error:
            reasons[f"{error.diagnostic.code} {error.diagnostic.cause.partition(' of ')[0]}"].append(id)
            continue
        done += 1
        steps += any(name.endswith("_step") and name != id for name in module.names)
        for e in module.evidence:
            if "reason" in e.facts:
                without.append(id)
            elif "max_error" in e.facts:
                worst[e.oracle] = max(worst.get(e.oracle, (0.0, "")), (e.facts["max_error"], id))
        if folder is not None:
            (folder / f"{id}.py").write_text(module.source, "utf-8")
    print(
        f"{done} of {len(entries)} entries emitted and checked, {len(without)} of them without derivatives, {steps} with a"
    )
    print(f"step function; {time.perf_counter() - start:.0f} s")
    for oracle, (error, id) in worst.items():
        print(f"  {oracle}: largest relative error {error:.2g} ({id})")
    for reason, ids in sorted(reasons.items(), key=lambda item: -len(item[1])):
        print(f"  {len(ids):3} {reason}: {', '.join(ids)}")


if __name__ == "__main__":
    main()
