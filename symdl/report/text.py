"""Plain text for a terminal: colours, widths, wrapping, and nothing that could move the cursor."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rich.cells import cell_len

CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


@dataclass(frozen=True, slots=True)
class Style:
    """Colours text when asked to; ``Style(False)`` leaves it as it is.

    Example:
        >>> Style(False)("wrong", "red", "bold")
        'wrong'
        >>> Style(True)("wrong", "red")
        '\\x1b[31mwrong\\x1b[0m'
    """

    colour: bool

    def __call__(self, text: str, *looks: str) -> str:
        """Returns the text with the given looks (keys of `CODES`)."""
        if not self.colour or not text:
            return text
        return f"\x1b[{';'.join(CODES[look] for look in looks)}m{text}\x1b[0m"


PLAIN = Style(colour=False)


def clean(text: str) -> str:
    """Returns text with everything made visible that could steer a terminal: a sheet is not to be trusted.

    A tab becomes one space, so that a character stays a character and carets stay in place.

    Example:
        >>> clean("a\\tb\\x1b[2J")
        'a b?[2J'
    """
    return "".join(_visible(c) for c in text)


def _visible(c: str) -> str:
    if c in "\t\n\r":
        return " "
    # Cc: control, Cf: format (also the marks that reverse the reading direction), Cs: lone surrogate
    return "?" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c


def width_of(text: str) -> int:
    """Returns how many columns a text takes; an East Asian letter takes two, a combining mark none."""
    return cell_len(text)


def shorten(text: str, width: int) -> str:
    """Returns the text, cut to ``width`` columns with ``...`` at its end.

    Example:
        >>> shorten("a long line", 8)
        'a lon...'
    """
    text = " ".join(clean(text).split())
    if width_of(text) <= width:
        return text
    while text and width_of(text) > width - 3:
        text = text[:-1]
    return text + "..."


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Returns the text as lines of at most ``width`` columns where words allow it; ``indent`` from the second on.

    Example:
        >>> wrap("one two three", 8, "  ")
        ['one two', '  three']
    """
    lines: list[str] = []
    line = ""
    for word in clean(text).split():
        if line.strip() and width_of(line) + 1 + width_of(word) > width:
            lines.append(line)
            line = indent + word
        else:
            line = f"{line} {word}" if line.strip() else line + word
    return [*lines, line] if line else lines or [""]


BREAK = re.compile(r"(?<=[\s,;])(?=\S)|(?<=[^\s^_{(\[])(?=[=+\-\\(\[])")
COMMAND = re.compile(r"\\[A-Za-z]+\s+\Z")


def break_points(text: str) -> list[tuple[int, int]]:
    r"""Returns where a formula may be broken, behind a space or before an operator or a command, and how deep.

    Example:
        >>> break_points(r"a + \frac{b-c}{d}")
        [(2, 0), (4, 0), (11, 1)]
    """
    points, depth, at = [], 0, 0
    for match in BREAK.finditer(text):
        if COMMAND.search(text, at, match.start()):
            continue  # between a command and its argument
        between = text[at : match.start()]
        depth += between.count("{") - between.count("}")
        at = match.start()
        points.append((at, depth))
    return points
