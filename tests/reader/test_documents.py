"""Files and texts: formats, bad input, places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symdl.errors import ReadError
from symdl.reader.documents import LARGEST, SUFFIXES, load, split
from symdl.reader.fragments import Fragment

NOTES = Path(__file__).parents[3] / "shared" / "notes"
notes = pytest.mark.skipif(not NOTES.is_dir(), reason="the study notes are not beside this checkout")


def stands_there(source: str, fragment: Fragment) -> bool:
    """Whether every line of a formula stands in the source where it says."""
    rows, offset = source.split("\n"), 0
    for row in fragment.latex.split("\n"):
        line, column = fragment.place(offset)
        if not rows[line - 1][column - 1 :].startswith(row):
            return False
        offset += len(row) + 1
    return True


@notes
def test_the_notes_hold_238_display_and_205_inline_formulas() -> None:
    found = [f for path in sorted(NOTES.glob("*.txt")) for f in load(path).fragments]
    assert sum(f.display for f in found) == 238
    assert sum(not f.display for f in found) == 205


@notes
@pytest.mark.parametrize("path", sorted(NOTES.glob("*.txt")), ids=lambda p: p.name[:3])
def test_the_notes_agree_with_the_usual_plugins_and_stand_where_they_say(path: Path) -> None:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    text = path.read_text(encoding="utf-8")
    tokens = MarkdownIt("commonmark").use(dollarmath_plugin).use(amsmath_plugin).parse(text)
    blocks = [(t.content.strip(), t.map[0] + 1) for t in tokens if t.type in ("math_block", "amsmath") and t.map]
    sheet = load(path)
    shown = [f for f in sheet.fragments if f.display]
    assert [f.latex for f in shown] == [latex for latex, _ in blocks]
    assert all(f.place(0)[0] - line in (0, 1) for f, (_, line) in zip(shown, blocks, strict=True))
    assert all(stands_there(sheet.source, f) for f in sheet.fragments)
    assert not sheet.diagnostics


def test_line_ends_and_marks_of_encoding_do_not_move_formulas(tmp_path: Path) -> None:
    text = "# A\n\ntext $x$\n\n$$\na\n= b\n$$\n"
    plain = split(text).fragments
    for name, data in {
        "crlf.md": text.replace("\n", "\r\n").encode(),
        "cr.txt": text.replace("\n", "\r").encode(),
        "bom.md": text.encode("utf-8-sig"),
        "both.markdown": text.replace("\n", "\r\n").encode("utf-8-sig"),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert load(path).fragments == plain, name


@pytest.mark.parametrize(
    ("name", "data", "code", "says"),
    [
        ("latin.md", "però\nè $x$".encode("latin-1"), "SD005", "byte 4 (line 1) is 0xF2"),
        ("wide.txt", "$x$".encode("utf-16"), "SD005", "UTF-16"),
        ("nul.md", b"a\0b $x$", "SD004", "byte 2"),
        ("picture.tex", b"\x89PNG\r\n\x1a\n\0\0\0", "SD004", "binary"),
        ("big.md", b"a" * (LARGEST + 1), "SD006", str(LARGEST + 1)),
        ("a.ipynb", b"{", "SD008", "no notebook"),
        ("b.ipynb", b"[1, 2]", "SD008", "no list of cells"),
        ("c.ipynb", b"[" * 100_000, "SD008", "nested"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, data: bytes, code: str, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ReadError) as caught:
        load(path)
    assert caught.value.diagnostic.code == code
    assert says in caught.value.diagnostic.cause
    assert caught.value.diagnostic.remedy


def test_ten_megabytes_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.md"
    with path.open("wb") as file:
        file.truncate(10_000_000)
    with pytest.raises(ReadError, match="SD006"):
        load(path)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="SD002"):
        load(tmp_path / "none.md")
    with pytest.raises(ReadError, match="SD003"):
        load(tmp_path)
    with pytest.raises(ReadError, match=r"SD00[27]"):
        load(tmp_path / ("x" * 5000))
    with pytest.raises(ReadError, match=r"SD00[27]"):
        load(Path("a\0b"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(ReadError, match="SD007"):
        load(tmp_path / "pipe.md")


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s != ".ipynb"])
@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff", "\r\n"])
def test_an_empty_sheet(text: str, suffix: str) -> None:
    sheet = split(text, "x", suffix)
    assert not sheet.fragments
    assert [d.code for d in sheet.diagnostics] == ["SD001"]


def test_nul_in_a_text_is_named_and_passed_over() -> None:
    sheet = split("a \0 $x$")
    assert [f.place(0) for f in sheet.fragments] == [(1, 6)]
    assert [d.code for d in sheet.diagnostics] == ["SD015"]


def test_macros_of_a_document() -> None:
    sheet = split("$\\newcommand{\\R}{\\mathbb{R}}$ and $\\def\\v#1{\\mathbf{#1}}$\n\n$\\v x \\in \\R$")
    assert set(sheet.macros.table) == {r"\R", r"\v"}
    assert [f.latex for f in sheet.fragments] == [r"\v x \in \R"]  # definitions are no formulas


WORDS = r"""$ $$ \ \( \) \[ \] a x_1 5 | ` ``` { } <b> <!-- --> \begin{align} \end{align} % ** è 𝛼 --- ===
\section{ \item \input{a} \verb \begin{itemize} \end{itemize} \\
\begin{document} \end{document} \begin{verbatim} \def""".split()
ALPHABET = [*WORDS, "\n", "\n\n", " ", "\t", "> ", "- ", "1. ", "# ", "```math\n", "| - |", "\\newcommand", "\0", "\r"]


@given(st.lists(st.sampled_from(ALPHABET), max_size=40).map("".join), st.sampled_from([".md", ".tex"]))
def test_no_text_is_too_strange_and_every_place_is_right(text: str, suffix: str) -> None:
    sheet = split(text, "-", suffix)
    for fragment in sheet.fragments:
        assert fragment.latex.strip() == fragment.latex != ""
        assert stands_there(sheet.source, fragment)
    for d in sheet.diagnostics:
        assert d.line is None or 1 <= d.line <= sheet.source.count("\n") + 1
