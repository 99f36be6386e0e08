r"""The cheat sheet as LaTeX that every installation compiles: amsmath, amssymb, geometry, multicol, graphicx.

A formula wider than its column is scaled down to fit, so that nothing runs into its neighbour.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from symdl.report.entries import title
from symdl.report.sheet.sections import Section, conventions, equivalents, form_latex, main_latex, sources
from symdl.report.words import WORDS
from symdl.terms.formula import Entry

PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage{amsmath,amssymb}
\usepackage[margin=13mm,bottom=15mm]{geometry}
\usepackage{multicol}
\usepackage{graphicx}
\setlength{\parindent}{0pt}
\setlength{\columnsep}{8mm}
\setlength{\columnseprule}{0.2pt}
\setlength{\fboxsep}{0pt}
\raggedright
\raggedbottom
\raggedcolumns
\pagestyle{plain}
\newsavebox{\formulabox}
% A formula on its own line, scaled down if it is wider than the column.
\newcommand{\formula}[1]{\par\vspace{2pt}\fitted{#1}}
% Another way to write it, or another convention.
\newcommand{\lesser}[1]{\par\vspace{1pt}{\footnotesize\fitted{#1}}}
\newcommand{\fitted}[1]{\sbox{\formulabox}{\hspace*{0.7em}$\displaystyle #1$}%
  \ifdim\wd\formulabox>\linewidth\resizebox{\linewidth}{!}{\usebox{\formulabox}}\else\usebox{\formulabox}\fi\par}
\newcommand{\topic}[1]{\par\vspace{9pt plus 4pt}{\large\bfseries #1}\par\nopagebreak
  \vspace{1pt}\hrule height 0.6pt\nopagebreak\vspace{3pt}}
% The parts of an entry stay together.
\newenvironment{entry}[1]{\par\vspace{5pt plus 2pt}\begin{minipage}{\linewidth}\raggedright
  {\small\bfseries #1\par}}{\end{minipage}\par}
\newcommand{\about}[1]{\par{\footnotesize #1\par}}
\newcommand{\variant}[1]{\par\vspace{2pt}{\footnotesize\itshape #1\par}}
\newcommand{\sources}[1]{\par\vspace{1pt}{\tiny #1\par}}
"""

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}",
    "-": "-{}",  # no ligature: two hyphens stay two
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    '"': "''",
    "\N{NO-BREAK SPACE}": "~",
    "…": r"\ldots{}",
}
MATHS = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ≤≥≠≈∞±×·→←∂∇∑∏∈√⊙∼",
        r"""alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi
        psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega le ge ne approx infty pm times cdot to leftarrow
        partial nabla sum prod in surd odot sim""".split(),
        strict=True,
    )
)
FIRST_FOREIGN = 0x180  # letters below are known to LaTeX without a package


def escape(text: str) -> str:
    r"""Returns words as LaTeX; what base LaTeX has no sign for becomes the nearest letter, else a question mark.

    Example:
        >>> escape("50% of x_1 & σ²")
        '50\\% of x\\_1 \\& \\ensuremath{\\sigma}\\textsuperscript{2}'
    """
    return "".join(_letter(c) for c in " ".join(text.split(" ")).replace("\n", " "))


def _letter(c: str) -> str:
    if c in SPECIAL:
        return SPECIAL[c]
    if c in MATHS:
        return rf"\ensuremath{{\{MATHS[c]}}}"
    if c.isdecimal() and c.isascii():
        return c
    if (plain := unicodedata.normalize("NFKD", c)) != c and plain.isascii() and plain.isalnum():
        kind = {"<super>": "textsuperscript", "<sub>": "ensuremath"}.get(unicodedata.decomposition(c).split(" ")[0])
        if kind == "textsuperscript":
            return rf"\textsuperscript{{{plain}}}"
        return rf"\ensuremath{{_{{{plain}}}}}" if kind else plain
    if ord(c) < FIRST_FOREIGN:
        return c if c.isprintable() else " "
    bare = "".join(part for part in plain if part.isascii() and part.isprintable())
    return bare or "?"


def to_tex(parts: Sequence[Section], lang: str = "en") -> str:
    r"""Returns the sheet as a LaTeX document.

    Args:
        parts: what `symdl.report.sheet.sections.sections` made of the catalogue.
        lang: ``en`` or ``it``.

    Example:
        >>> to_tex([]).endswith("\\end{multicols*}\n\\end{document}\n")
        True
    """
    lines = [PREAMBLE + r"\begin{document}"]
    lines.append(rf"{{\LARGE\bfseries {escape(WORDS[lang]['sheet'])}\par}}")
    lines.append(r"\begin{multicols*}{2}")
    for part in parts:
        lines += ["", rf"\topic{{{escape(part.title)}}}"]
        for entry in part.entries:
            lines += _entry(entry, lang)
    return "\n".join([*lines, r"\end{multicols*}", r"\end{document}", ""])


def _entry(entry: Entry, lang: str) -> Iterator[str]:
    yield rf"\begin{{entry}}{{{escape(title(entry.titles, lang))}}}% {entry.id}"
    if about := title(entry.description, lang):
        yield rf"\about{{{escape(about)}}}"
    for row in main_latex(entry):
        yield rf"\formula{{{row}}}"
    for form in equivalents(entry):
        for row in form_latex(form, entry):
            yield rf"\lesser{{{row}}}"
    for form in conventions(entry):
        yield rf"\variant{{{escape(form.condition)}}}"
        for row in form_latex(form, entry):
            yield rf"\lesser{{{row}}}"
    if papers := sources(entry):
        yield rf"\sources{{{escape(papers)}}}"
    yield r"\end{entry}"
