r"""LaTeX documents and notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from symdl.reader.documents import load, split

SHEET = r"""\documentclass{article} % $no$
\newcommand{\R}{\mathbb{R}} % a comment \newcommand{\no}{1}
\DeclareMathOperator*{\soft}{softmax}
\begin{document}
\section{Losses of $L$}
Let $a \in \R$ % $no$
be given, 50\% of \$5.

\begin{align*}
a &= b % not $no$ \end{align*}
\\ c &= \text{if $x>0$}
\end{align*}
\begin{verbatim} $no$ \end{verbatim}
\begin{lstlisting}
$no$
\end{lstlisting}
\begin{comment} $no$ \end{comment} \verb|$no$| \iffalse $no$ \fi
\(q\) \[ r \] $$s$$
\begin{itemize}
\item \textbf{Adam:} moments $k$
\end{itemize}
\begin{tabular}{ll} $t$ & 2 \end{tabular}
\begin{equation}\label{eq:z}
z = 1
\end{equation}
\end{document} $no$
"""


def test_a_document() -> None:
    sheet = split(SHEET, "x.tex", ".tex")
    assert not sheet.diagnostics
    latex = [f.latex for f in sheet.fragments]
    assert latex[:2] == ["L", r"a \in \R"]
    assert latex[2].startswith(r"\begin{align*}") and latex[2].endswith(r"$x>0$}" + "\n\\end{align*}")
    assert latex[3:8] == ["q", "r", "s", "k", "t"]
    assert [f.display for f in sheet.fragments] == [False, False, True, False, True, True, False, False, True]
    assert sheet.fragments[0].place(0) == (5, 21)
    assert sheet.fragments[2].place(latex[2].index(r"\\")) == (11, 1)
    assert set(sheet.macros.table) == {r"\R", r"\soft"}
    assert sheet.fragments[1].context.headings == ("Losses of",)
    assert sheet.fragments[6].context.texts[0] == "Adam: moments"


@pytest.mark.parametrize(
    ("text", "code", "place", "rest"),
    [
        ("a $x = 1\n\nb $y$", "SD011", (1, 3), ["y"]),
        ("a $$x \n\n b $$y$$ c", "SD010", (1, 3), ["y"]),
        ("a \\begin{align} x\n\n$y$", "SD012", (1, 3), ["y"]),
        ("\\[ x\n\n\\section{b} \\[ y \\]", "SD010", (1, 1), ["y"]),
        ("$" * 5, "SD011", (1, 5), []),
    ],
)
def test_unclosed(text: str, code: str, place: tuple[int, int], rest: list[str]) -> None:
    sheet = split(text, "x", ".tex")
    (complaint,) = sheet.diagnostics
    assert (complaint.code, (complaint.line, complaint.column)) == (code, place)
    assert [f.latex for f in sheet.fragments] == rest


@pytest.mark.parametrize("text", ["{" * 50_000, "\\frac{" * 5000, "}" * 1000, "\\", "\\begin{", "\\verb", "\\end{a}"])
def test_nonsense_is_borne(text: str) -> None:
    assert [f.latex for f in split(text + " $x$", "x", ".tex").fragments] in ([], ["x"])


def test_files_in_the_same_folder_are_taken_in(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "main.tex").write_text("\\def\\a{A}\n$x$\n\\input{parts/one} $z$\n\\include{two.tex}\n")
    (tmp_path / "parts" / "one.tex").write_text("\\newcommand{\\b}{B}\n\n  $y$\n")
    (tmp_path / "two.tex").write_text("$w$ \\input{main} \\input{two}")
    sheet = load(tmp_path / "main.tex")
    found = [(f.latex, Path(f.path).name, f.place(0)) for f in sheet.fragments]
    assert found == [("x", "", (2, 2)), ("y", "one.tex", (3, 4)), ("z", "", (3, 20)), ("w", "two.tex", (1, 2))]
    assert set(sheet.macros.table) == {r"\a", r"\b"}
    assert sorted(Path(p).name for p in sheet.sources) == ["one.tex", "two.tex"]
    assert ["takes in itself" in d.cause for d in sheet.diagnostics] == [True, True]  # no loops


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.tex").write_text("$secret$")
    folder = tmp_path / "sheet"
    folder.mkdir()
    (folder / "link.tex").symlink_to(tmp_path / "secret.tex")
    names = ["../secret", "../secret.tex", str(tmp_path / "secret.tex"), "link", "~/x", "none", "a\\b", "x" * 5000, "."]
    (folder / "main.tex").write_text("".join(f"\\input{{{n}}}\n" for n in names) + "$x$")
    sheet = load(folder / "main.tex")
    assert [f.latex for f in sheet.fragments] == ["x"]
    assert len(sheet.diagnostics) == len(names)
    assert not sheet.sources
    assert "root:" not in str(split("\\input{/etc/passwd}", "-", ".tex"))


def test_a_notebook(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Softmax\n", "\n", "the $x$"]},
        {"cell_type": "code", "source": ["print('$no$')"]},
        {"cell_type": "raw", "source": "$no$"},
        {"cell_type": "markdown", "source": "per\r\n$$\r\ny\r\n$$\n\nand $$z"},
        {"cell_type": "markdown"},
        7,
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    sheet = load(path)
    assert [(f.latex, f.cell, f.place(0)) for f in sheet.fragments] == [("x", 1, (3, 6)), ("y", 4, (3, 1))]
    assert sheet.fragments[1].context.headings == ("Softmax",)
    assert [(d.code, "cell 4" in d.cause) for d in sheet.diagnostics] == [("SD010", True)]
