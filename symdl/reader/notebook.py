"""Splits notebooks: the Markdown cells, one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator

from symdl.errors import Diagnostic, ReadError
from symdl.reader.macros import EMPTY, Macros, read_macros
from symdl.reader.markdown import split_markdown
from symdl.reader.surroundings import Surroundings


def split_notebook(text: str) -> tuple[Surroundings, list[Diagnostic], Macros]:
    r"""Finds the formulas of a notebook; cells count from 1, lines within their cell.

    Raises:
        ReadError: SD008 if it is no notebook.

    Example:
        >>> cell = {"cell_type": "markdown", "source": ["Text\n", "$x$"]}
        >>> around, _, _ = split_notebook(json.dumps({"cells": [cell]}))
        >>> around.fragments[0].cell, around.fragments[0].place(0)
        (1, (2, 2))
    """
    around, diagnostics, macros = Surroundings(), [], EMPTY
    for number, source in _cells(text):
        _, found = split_markdown(source, around, number)
        diagnostics += found
        macros = macros.merged(read_macros(source))
    return around, diagnostics, macros


def _cells(text: str) -> Iterator[tuple[int, str]]:
    try:
        book = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReadError("SD008", f"this is no notebook: {_short(error)}", "save it again from Jupyter") from None
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict) and isinstance(sheets := book.get("worksheets"), list):
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells") or ()]  # format 3
    if not isinstance(cells, list):
        raise ReadError("SD008", "this is no notebook: it has no list of cells", "save it again from Jupyter")
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "markdown":
            source = cell.get("source", "")
            if isinstance(source, list):
                source = "".join(part for part in source if isinstance(part, str))
            if isinstance(source, str):
                yield (
                    number,
                    source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}"),
                )


def _short(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:80]
