"""Reads a sheet from a file or a text and splits it into formulas with their places and the words around them."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path

from symdl.errors import Diagnostic, ReadError
from symdl.reader.fragments import Document, Fragment
from symdl.reader.macros import read_macros
from symdl.reader.markdown import split_markdown
from symdl.reader.notebook import split_notebook
from symdl.reader.tex import Files, TexReader

__all__ = ["SUFFIXES", "Document", "Fragment", "load", "split"]

SUFFIXES = (".md", ".markdown", ".txt", ".tex", ".ipynb")
LARGEST = 2_000_000
"""Largest sheet in bytes; a book has about one million."""
LARGEST_NOTEBOOK = 50_000_000
"""Notebooks carry pictures."""


def load(path: Path) -> Document:
    """Reads a sheet.

    Args:
        path: a Markdown, text, LaTeX or notebook file.

    Raises:
        ReadError: SD002 missing, SD003 a folder, SD004 binary, SD005 not UTF-8, SD006 too large, SD007 refused by the
            system, SD008 a damaged notebook.
    """
    text = _read(path)
    suffix = path.suffix.lower()
    if suffix != ".tex":
        return split(text, str(path), suffix)
    files = Files(path.parent, _read, lambda target: _shown(target, path.parent), open=[path.resolve()])
    return _split_tex(text, str(path), files)


def split(text: str, name: str = "-", suffix: str = ".md") -> Document:
    r"""Splits a sheet given as text.

    Args:
        text: the sheet.
        name: what to call it.
        suffix: ``.md``, ``.tex`` or ``.ipynb``; anything else is read as Markdown.

    Example:
        >>> d = split("# Losses\n\nThe error $e = y - \\hat y$ is\n\n$$\nJ = e^2\n$$\n")
        >>> [(f.latex, f.place(0), f.display) for f in d.fragments]
        [('e = y - \\hat y', (3, 12), False), ('J = e^2', (6, 1), True)]
    """
    text, notes = _normalised(text)
    if suffix == ".ipynb":
        around, found, macros = split_notebook(text)
        return Document(name, "", tuple(around.fragments), (*notes, *found), macros)
    if suffix == ".tex":
        return _split_tex(text, name, Files(None, _read), notes)
    around, found = split_markdown(text)
    return Document(name, text, tuple(around.fragments), (*notes, *_empty(text), *found), read_macros(text))


def _split_tex(text: str, name: str, files: Files, notes: Sequence[Diagnostic] = ()) -> Document:
    reader = TexReader(files)
    macros = reader.run(text)
    found = (*notes, *_empty(text), *reader.diagnostics)
    return Document(name, text, tuple(reader.around.fragments), found, macros, dict(files.sources))


def _empty(text: str) -> tuple[Diagnostic, ...]:
    return () if text.strip() else (Diagnostic("SD001", "the sheet is empty", "give a sheet with formulas"),)


def _normalised(text: str) -> tuple[str, list[Diagnostic]]:
    """The text with plain line ends and without what editors do not show."""
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" not in text:
        return text, []
    note = Diagnostic("SD015", "the text holds NUL characters", "remove them; they are read as unknown characters")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}"), [note]


# ---- files -------------------------------------------------------------------------------------------------


def _read(path: Path) -> str:
    """The text of a file, or an error that says what it is instead."""
    limit = LARGEST_NOTEBOOK if path.suffix.lower() == ".ipynb" else LARGEST
    try:
        if path.is_dir():
            raise ReadError("SD003", f"{path} is a folder", "name a file in it")
        if not path.is_file():
            missing = ReadError("SD002", f"{path} does not exist", "check the name")
            raise _strange(path) if path.exists() else missing
        size = path.stat().st_size
        if size > limit:
            raise ReadError("SD006", f"{path} has {size} bytes", f"at most {limit} are read: split the sheet")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ReadError("SD007", f"{path} cannot be read: {reason}", "check its name and its permissions") from None
    if len(data) > limit:
        raise ReadError("SD006", f"{path} has more than {limit} bytes", "split the sheet")
    return _normalised(_decoded(data, path))[0]


def _strange(path: Path) -> ReadError:
    return ReadError("SD007", f"{path} is no ordinary file", "name a file, or - for standard input")


def _decoded(data: bytes, path: Path) -> str:
    for mark, name in ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16")):
        if data.startswith(mark):
            raise ReadError("SD005", f"{path} is {name}, not UTF-8", "save it as UTF-8")
    if (at := data.find(b"\0")) >= 0:
        raise ReadError("SD004", f"{path} is a binary file: byte {at + 1} is NUL", "give a text file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fact = f"{path} is not UTF-8: byte {error.start + 1} (line {line}) is 0x{data[error.start]:02X}"
        raise ReadError("SD005", fact, "save it as UTF-8") from None


def _shown(target: Path, folder: Path) -> str:
    """The path of a file taken in, written as the sheet's own path is."""
    try:
        return str(folder / target.relative_to(folder.resolve()))
    except ValueError:
        return str(target)
