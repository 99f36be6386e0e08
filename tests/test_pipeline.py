"""The whole way from files to a report: bad input, hostile input, order of fields, exit codes."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symdl import api, cli, pipeline
from symdl.checker.findings import Engines
from symdl.report.to_json import to_json, to_object
from symdl.terms.results import FileReport, Proof, Report, Verdict, Witness

GOOD = "\n\n$$1 + 1 = 2$$\n"
Run = Callable[..., FileReport]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Writes a file and checks it."""

    def check(content: str | bytes, name: str = "a.md", **options: Any) -> FileReport:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        report = api.check_paths([path], jobs=1, **options)
        assert report.internal_errors == 0 and len(report.files) == 1
        return report.files[0]

    return check


def verdicts(file: FileReport) -> list[str]:
    return [j.verdict.value for j in file.formulas]


# ---- bad input

UNREADABLE = [
    (b"\x00\x01\x02\xff" * 100, "SD004"),
    (b"$$a\x00 = b$$", "SD004"),
    ("$x = \xe0$".encode("latin1"), "SD005"),
]


@pytest.mark.parametrize(("content", "code"), UNREADABLE)
def test_a_file_that_is_no_text(run: Run, content: bytes, code: str) -> None:
    file = run(content)
    assert file.unreadable and [d.code for d in file.diagnostics] == [code] and not file.formulas


def test_a_missing_file_and_the_rest(tmp_path: Path) -> None:
    good = tmp_path / "b.md"
    good.write_text(GOOD)
    report = api.check_paths([tmp_path / "missing.md", good], jobs=1)
    assert [f.unreadable for f in report.files] == [True, False]
    assert len(report.files[0].diagnostics) == 1 and verdicts(report.files[1]) == ["proved"]


def test_a_folder_is_all_its_sheets(tmp_path: Path) -> None:
    for name in ("b.md", "a.txt", "c.tex", "d.py", "e.pdf"):
        (tmp_path / name).write_text(r"\[1 + 1 = 2\]" if name == "c.tex" else GOOD)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "z.md").write_text(GOOD)
    report = api.check_paths([tmp_path], jobs=1)
    assert [Path(f.path).name for f in report.files] == ["a.txt", "b.md", "c.tex", "z.md"]
    assert all(verdicts(f) == ["proved"] for f in report.files)


def test_an_unreadable_file_is_not_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(GOOD)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user reads everything")
    (file,) = api.check_paths([path], jobs=1).files
    assert file.unreadable and file.diagnostics


@pytest.mark.parametrize(("content", "codes"), [("", ["SD001"]), ("\n \n", ["SD001"]), ("only words\n", [])])
def test_a_sheet_without_formulas(run: Run, content: str, codes: list[str]) -> None:
    file = run(content)
    assert not file.formulas and [d.code for d in file.diagnostics] == codes and not file.unreadable


DAMAGED = [
    ("$$ a = b \n\ntext", None, "SD010"),
    (r"$$\frac{1}{2 = x$$", "ill-formed", "SD101"),
    (r"$$x} = {1$$", "ill-formed", "SD102"),
    (r"$$(a + b = c$$", "ill-formed", "SD101"),
    (r"$$\frobnicate{x} = \zorp$$", "unread", "SD201"),
    ("$$x = " + "(" * 400 + "y" + ")" * 400 + "$$", "unread", "SD202"),
    ("$$x = " + "{" * 400 + "y" + "}" * 400 + "$$", "unread", "SD202"),
    ("$$x = " + r"\frac{1}{" * 400 + "y" + "}" * 400 + "$$", "unread", "SD202"),
    ("$$x = " + r"\sqrt{" * 400 + "y" + "}" * 400 + "$$", "unread", "SD202"),
    ("$$x = " + "a^{" * 400 + "y" + "}" * 400 + "$$", "unread", "SD202"),
    ("$$y = " + " + ".join(["x"] * 20_000) + "$$", "unread", "SD202"),
    ("$$y = " + "x" * 19_000 + "$$", "unread", None),
    ("$$x = 9^{9^{9^9}}$$", None, None),
    ("$$9^{9^{9^9}} = 1$$", None, None),
    ("$$x = " + "9" * 5_000 + "$$", None, None),
    ("$$2^{100000000} + 1 = 2^{100000000}$$", None, None),
    ("$$100000! = 1$$", None, None),
    (r"$$\sum_{i=1}^{10^{12}} i = 3$$", None, None),
    (r"$$\begin{aligned} a &= b \\ c$$", "ill-formed", None),
]


@pytest.mark.parametrize(("content", "verdict", "code"), DAMAGED, ids=[c[:24] for c, _, _ in DAMAGED])
def test_damage_costs_one_formula(run: Run, content: str, verdict: str | None, code: str | None) -> None:
    start = time.monotonic()
    file = run(content + GOOD, timeout=5.0)
    assert time.monotonic() - start < 15
    if content.count("$$") == 2:
        first, *_, last = file.formulas
        assert first is not last and (first.line, last.verdict) == (1, Verdict.PROVED)
        assert verdict in (None, first.verdict.value) and first.verdict is not Verdict.PROVED
        assert code in (None, first.code)
    else:
        assert [d.code for d in file.diagnostics] == [code] and verdicts(file)[-1] == "proved"


def test_a_diagnostic_has_its_place(run: Run) -> None:
    file = run("text\n\n$$\na + b} = c\n$$\n")
    (j,) = file.formulas
    assert j.verdict is Verdict.ILL_FORMED and j.line <= 4 <= j.end_line and j.message


# ---- a formula that harms

PLAIN = r"$$(q + 1)^2 = q^2 + 2 q + 1$$"


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replaces prover and refuter; workers are forked, so they inherit it."""
    judge = pipeline.judge_for("en")

    def put(prove: Any = None, refute: Any = None) -> None:
        monkeypatch.setattr(judge, "engines", Engines(prove or judge.engines.prove, refute or judge.engines.refute))

    return put


def spoiled(real: Any, harm: Callable[[], Any]) -> Any:
    """The real engine, except for claims about q."""
    return lambda claim, *a, **k: harm() if "q" in {s.name for s in claim.symbols} else real(claim, *a, **k)


def hang() -> None:
    while True:
        pass


def test_a_prover_that_hangs(run: Run, engines: Any) -> None:
    engines(spoiled(pipeline.judge_for("en").engines.prove, hang))
    start = time.monotonic()
    file = run(GOOD + PLAIN + GOOD, timeout=1.0)
    assert time.monotonic() - start < 10
    assert verdicts(file) == ["proved", "undecided", "proved"]
    assert file.formulas[1].code == "SD720" and "1 s" in file.formulas[1].message


def test_a_prover_that_eats_memory(run: Run, engines: Any) -> None:
    engines(spoiled(pipeline.judge_for("en").engines.prove, lambda: bytearray(2**34)))
    file = run(GOOD + PLAIN + GOOD)
    assert verdicts(file) == ["proved", "undecided", "proved"] and file.formulas[1].code == "SD721"


def failing() -> None:
    raise RuntimeError("a bug")


@pytest.mark.parametrize("harm", [failing, lambda: os._exit(1), lambda: {}["x"]])
def test_a_bug_is_an_internal_error(tmp_path: Path, engines: Any, harm: Any) -> None:
    engines(spoiled(pipeline.judge_for("en").engines.prove, harm))
    (tmp_path / "a.md").write_text(GOOD + PLAIN + GOOD)
    report = api.check_paths([tmp_path / "a.md"], jobs=1)
    assert [j.verdict.value for j in report.files[0].formulas] == ["proved", "undecided", "proved"]
    assert report.internal_errors == 1 and report.files[0].formulas[1].code == "SD901"


WITNESS = Witness({"q": "1"}, "1 +/- 0", "2 +/- 0", 64)


def test_a_contradiction_gives_exit_code_3(tmp_path: Path, engines: Any, capfd: pytest.CaptureFixture[str]) -> None:
    engines(
        spoiled(pipeline.judge_for("en").engines.prove, lambda: Proof("made up")),
        spoiled(pipeline.judge_for("en").engines.refute, lambda: WITNESS),
    )
    (tmp_path / "a.md").write_text(PLAIN + GOOD)
    assert cli.run(["check", str(tmp_path / "a.md"), "--format", "json"]) == 3
    first, second = json.loads(capfd.readouterr().out)["files"][0]["formulas"]
    assert first["verdict"] == "undecided" and first["counterexample"] and first["certificate"]
    assert second["verdict"] == "proved"


COMMAND = "touch {0}"
PAYLOADS = [
    "$$__import__('os').system('{0}')$$",
    "$$x = __import__('os').system('{0}')$$",
    "$$\\text{{__import__('os').system('{0}')}} = 1$$",
    "$$eval(\"__import__('os').system('{0}')\") = 1$$",
    "$$\\mathrm{{os.system('{0}')}}(x) = x$$",
    "$$x_{{__import__('os').system('{0}')}} = 1$$",
    "$$(lambda: __import__('os').system('{0}'))()$$",
    "$$f.__class__.__base__.__subclasses__() = 1$$",
    "# __import__('os').system('{0}')\n\n$$x = 1$$",
    "$$\\newcommand{{\\x}}{{__import__('os').system('{0}')}} \\x = 1$$",
]
TEX = [
    r"\input{{|{0}}}",
    r"\immediate\write18{{{0}}}",
    r"\directlua{{os.execute('{0}')}}",
    r"\openout1={1}",
    r"\def\x{{__import__('os').system('{0}')}} $\x = 1$",
]


@pytest.mark.parametrize("suffix", [".md", ".txt", ".tex", ".ipynb"])
def test_nothing_of_a_sheet_is_executed(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    mark = tmp_path / "in" / "executed"
    monkeypatch.setattr(os, "system", lambda *a: mark.write_text("os.system"))
    texts = [p.format(COMMAND.format(mark), mark) for p in (*PAYLOADS, *TEX)]
    text = "\n\n".join(texts)
    if suffix == ".ipynb":
        code = {"cell_type": "code", "source": [f"open({str(mark)!r}, 'w')"], "outputs": []}
        cells = [{"cell_type": "markdown", "source": [t]} for t in texts]
        text = json.dumps({"cells": [code, *cells], "nbformat": 4})
    (tmp_path / f"a{suffix}").write_text(text)
    report = api.check_paths([tmp_path / f"a{suffix}"], assume=(), jobs=1)
    assert report.internal_errors == 0
    assert report.files[0].formulas
    assert not any(j.verdict in (Verdict.PROVED, Verdict.REFUTED) for j in report.files[0].formulas)
    assert list((tmp_path / "in").iterdir()) == []


@pytest.mark.parametrize("option", ["--assume", "-e"])
def test_nothing_of_an_option_is_executed(
    tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "executed"
    monkeypatch.setattr(os, "system", lambda *a: mark.write_text("os.system"))
    for text in (f"__import__('os').system('touch {mark}')", f"open('{mark}', 'w') > 0", "x > [].__class__"):
        code = cli.run(["check", "-e", "x = x", option, text])
        assert code in ((2,) if option == "--assume" else (0, 1))
    assert not mark.exists() and "Traceback" not in capfd.readouterr().err


# ---- the command line

EXITS = [
    ("$$1 + 1 = 2$$", [], 0),
    ("$$1 + 1 = 3$$", [], 1),
    ("$$(a + b$$", [], 1),
    (r"$$\sqrt{x^2} = x$$", [], 1),
    (r"$$\frobnicate = 1$$", [], 0),
    (r"$$\frobnicate = 1$$", ["--strict"], 1),
    ("words", [], 4),
    ("", [], 4),
    (b"\x00\x00", [], 2),
    ("$$1 + 1 = 3$$", ["missing.md"], 2),
    ("$$1 + 1 = 2$$", ["--jobs", "nobody"], 2),
]


@pytest.mark.parametrize(("content", "more", "code"), EXITS)
def test_exit_codes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: str | bytes, more: list[str], code: int
) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert cli.run(["check", str(path), *more, "--format", "json"]) == code
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    if "--jobs" not in more:
        assert len(json.loads(out)["files"]) == (2 if "missing.md" in more else 1)
        assert err == ""


@pytest.mark.parametrize("form", ["terminal", "markdown"])
def test_the_exit_code_is_the_same_in_every_format(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], form: str
) -> None:
    (tmp_path / "a.md").write_text("$$1 + 1 = 3$$ $$(a$$")
    assert cli.run(["check", str(tmp_path / "a.md"), "--format", form]) == 1
    assert cli.run(["check", str(tmp_path / "b.md"), "--format", form]) == 2
    assert "Traceback" not in "".join(capfd.readouterr())


FIELDS = """line column end_line end_column latex reading readings kind name entry verdict code message conditions
counterexample suggestion remarks evidence certificate seconds""".split()
SHEET = r"""# Sigmoid

$$\sigma(x) = \frac{1}{1 + e^{-x}}$$

and its derivative $\sigma'(x) = \sigma(x) (1 - \sigma(x))$

# Sigmoid, again

The sigmoid is
$$\sigma(z) = \frac{1}{1 + e^{z}}$$

# Momentum

$$\begin{aligned} v_t &= \beta v_{t-1} + (1 - \beta) g_t \\ w_t &= w_{t-1} - \alpha v_t \end{aligned}$$

$$\sqrt{x^2} = x$$ $$(a$$ $$\alpha$$
"""


def test_the_json_contract(run: Run) -> None:
    whole = to_object(Report((run(SHEET),)))
    assert list(whole) == ["tool", "schema", "version", "files", "summary"]
    assert (whole["tool"], whole["schema"]) == ("symdl", 1)
    (file,) = whole["files"]
    assert list(file) == ["path", "diagnostics", "formulas"]
    for f in file["formulas"]:
        assert list(f) == FIELDS
        for text in ("latex", "kind", "verdict", "message"):
            assert isinstance(f[text], str)
        for items in ("readings", "conditions", "remarks", "evidence"):
            assert isinstance(f[items], list)
        assert f["kind"] in "definition claim update shape count relation fragment prose".split()
        assert (1, 1) <= (f["line"], f["column"]) <= (f["end_line"], f["end_column"])
        if f["counterexample"] is not None:
            assert {"point", "left", "right", "precision"} <= set(f["counterexample"])
        if f["certificate"] is not None:
            assert {"method", "steps", "conditions", "sizes"} <= set(f["certificate"])
    assert list(whole["summary"]) == [v.value for v in Verdict]
    assert sum(whole["summary"].values()) == len(file["formulas"])


def test_verdicts_lines_and_names(run: Run) -> None:
    found = [(j.line, j.verdict.value, j.entry, j.name) for j in run(SHEET).formulas]
    assert found[:3] == [
        (3, "proved", "sigmoid", found[0][3]),
        (5, "proved", "sigmoid_derivative", found[1][3]),
        (10, "refuted", "sigmoid", found[2][3]),
    ]
    assert [(line, v) for line, v, _, _ in found[3:5]] == [(14, "proved"), (14, "proved")] or [
        v for _, v, _, _ in found[3:5]
    ] == ["proved-under", "proved"]
    assert [v for _, v, _, _ in found[5:]] == ["refuted-outside", "ill-formed", "definition"]
    assert [n for _, _, _, n in found[3:5]] == ["v", "w"]


def test_rows_of_a_block_have_lines_of_their_own(run: Run) -> None:
    file = run("$$\\begin{aligned}\na &= 1 + 1 \\\\\nb &= 2 + 2\n\\end{aligned}$$\n")
    assert [j.line for j in file.formulas] == [2, 3]


def test_columns_count_code_points(run: Run) -> None:
    (j,) = run("perché 𝔸 $1 + 1 = 2$ è\n").formulas
    assert (j.line, j.column) in ((1, 10), (1, 11))


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(SHEET)
    (tmp_path / "b.md").write_text(GOOD * 3)
    paths = [tmp_path / "a.md", tmp_path / "b.md"]
    texts = [to_json(api.check_paths(paths, jobs=jobs)) for jobs in (1, 2, 2)]
    bare = [re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0', t) for t in texts]
    assert bare[0] == bare[1] == bare[2] and '"verdict": "refuted"' in bare[0]


def test_one_formula(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "-e", "1 + 1 = 2", "-e", "1 + 1 = 3", "--format", "json"]) == 1
    files = json.loads(capfd.readouterr().out)["files"]
    assert [f["verdict"] for file in files for f in file["formulas"]] == ["proved", "refuted"]


def test_a_declared_domain(capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "-e", r"\sqrt{x^2} = x", "--format", "json"]
    assert cli.run(arguments) == 1
    assert cli.run([*arguments, "--assume", "x >= 0"]) == 0
    outputs = capfd.readouterr().out
    assert '"refuted-outside"' in outputs and '"proved' in outputs


@pytest.mark.parametrize("text", ["x >", "= 3", "x > > 0", "import os"])
def test_a_bad_domain_is_a_bad_argument(capfd: pytest.CaptureFixture[str], text: str) -> None:
    assert cli.run(["check", "-e", "x = x", "--assume", text]) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_standard_input(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SHEET.encode()), encoding="ascii"))
    assert cli.run(["check", "-", "--format", "json"]) == 1
    (file,) = json.loads(capfd.readouterr().out)["files"]
    assert file["path"] == "-" and len(file["formulas"]) == 8
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"$x = \xff$"), encoding="ascii"))
    assert cli.run(["check", "-", "--format", "json"]) == 2


def test_nothing_is_written_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    assert cli.run(["check", "a.md"]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]


def test_an_interrupt_gives_a_partial_report(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(GOOD * 3)

    def stop(done: int, total: int) -> None:
        assert total == 6
        if done == 4:
            raise KeyboardInterrupt

    report = api.check_paths([tmp_path / "a.md", tmp_path / "b.md"], jobs=2, progress=stop)
    assert report.interrupted and cli.exit_code(report) == 130
    assert sum(len(f.formulas) for f in report.files) == 4
    for file in report.files:  # what was judged stands in its own file
        assert all(j.line in (3, 6, 9) for j in file.formulas)
        assert len({j.line for j in file.formulas}) == len(file.formulas)


# ---- formats


def test_tex_reads_what_lies_in_its_own_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    (folder / "parts").mkdir(parents=True)
    secret = tmp_path / "secret.tex"
    secret.write_text(r"\[7 + 7 = 14\]")
    (folder / "parts" / "one.tex").write_text(r"\[2 + 2 = 4\]" + "\n" + r"\input{main}")
    (folder / "link.tex").symlink_to(secret)
    lines = [r"\[1 + 1 = 2\]", r"\input{parts/one}", r"\input{../secret}", rf"\input{{{secret}}}", r"\input{link}"]
    (folder / "main.tex").write_text("\n".join([*lines, r"\input{nobody}", r"\[3 + 3 = 6\]"]))
    report = api.check_paths([folder / "main.tex"], jobs=1)
    found = sorted((Path(f.path).name, j.latex.strip()) for f in report.files for j in f.formulas)
    assert [latex for _, latex in found if "7" in latex] == []
    assert {latex for _, latex in found} == {"1 + 1 = 2", "2 + 2 = 4", "3 + 3 = 6"}
    assert report.internal_errors == 0 and any(f.diagnostics for f in report.files)


def test_tex_places(tmp_path: Path) -> None:
    body = "\\begin{equation}\n1 + 1 = 3\n\\end{equation}\n$2 + 2 = 4$"
    text = f"\\documentclass{{article}}\n\\begin{{document}}\n% $$1 = 2$$\n{body}\n\\end{{document}}\n"
    (tmp_path / "a.tex").write_text(text)
    (file,) = api.check_paths([tmp_path / "a.tex"], jobs=1).files
    assert [(j.line, j.verdict.value) for j in file.formulas] == [(5, "refuted"), (7, "proved")]


def test_notebook_cells(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# One\n", "\n", "$$1 + 1 = 2$$"]},
        {"cell_type": "code", "source": ["x = '$$1 + 1 = 3$$'"], "outputs": [{"text": ["$$1 + 1 = 3$$"]}]},
        {"cell_type": "markdown", "source": "text\n$$2 + 2 = 5$$"},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))
    report = api.check_paths([tmp_path / "a.ipynb"], jobs=1)
    formulas = to_object(report)["files"][0]["formulas"]
    assert [(f["cell"], f["line"], f["verdict"]) for f in formulas] == [(1, 3, "proved"), (3, 2, "refuted")]
    assert list(formulas[0]) == [*FIELDS[:4], "cell", *FIELDS[4:]]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{"cell_type": "markdown"}]}']
)
def test_a_broken_notebook(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    report = api.check_paths([tmp_path / "a.ipynb"], jobs=1)
    assert report.internal_errors == 0 and not report.files[0].formulas


def test_python_interface() -> None:
    report = api.check("$$x = 1$$\n\n$$1 + 1 = 3$$")
    assert [j.verdict.value for j in report.files[0].formulas] == ["definition", "refuted"]
    assert api.check(r"\[1 + 1 = 2\]", suffix=".tex").summary["proved"] == 1
    assert api.check(r"$$\sqrt{x^2} = x$$", assume=["x > 0"]).summary["refuted-outside"] == 0


def test_a_certificate_does_not_depend_on_what_was_judged_before(tmp_path: Path) -> None:
    layer = r"""## Graph convolution
$$Z = \mathrm{ReLU}(\hat A X W)$$
"""
    before = r"""## Attention
$$S = \frac{Q K^T}{\sqrt{d_k}}$$
$$Z = W^T X + b$$
"""

    def last(text: str) -> Any:
        path = tmp_path / "sheet.md"
        path.write_text(text, "utf-8")
        return api.check_paths([path], jobs=1, timeout=60.0).files[0].formulas[-1]

    alone, later = last(layer), last(before + layer)
    assert alone.verdict in (Verdict.PROVED, Verdict.PROVED_UNDER) and alone.certificate is not None
    assert (alone.certificate, alone.counterexample) == (later.certificate, later.counterexample)
