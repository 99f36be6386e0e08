"""What may stand in emitted code: identifiers from an allow-list, and words that cannot end a docstring."""

from __future__ import annotations

import builtins
import keyword
import re

from symdl.errors import NotSupported

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
RESERVED = frozenset({"np", "math", *keyword.kwlist, *keyword.softkwlist, *dir(builtins)})
"""Names that emitted code uses itself, or that a reader would mistake."""


def identifier(name: str) -> str:
    """Returns ``name`` if it may be emitted.

    Raises:
        NotSupported: SD713 if it is no plain ASCII identifier, or one that means something in Python.

    Example:
        >>> identifier("w_prev")
        'w_prev'
    """
    if not _IDENTIFIER.match(name) or name in RESERVED or "__" in name:
        raise NotSupported("SD713", f"the name {name!r} cannot be emitted", "use ASCII letters, digits and underscores")
    return name


def words(text: str, limit: int = 200) -> str:
    r"""Returns text from outside as one line that can neither end a docstring nor hide anything.

    Example:
        >>> words('two\n lines"')
        "two lines'"
    """
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "?" for c in line).replace('"', "'")
    return line if len(line) <= limit else line[: limit - 3] + "..."
