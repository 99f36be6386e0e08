"""Arguments, exit codes and output of the command line; the pipeline is a stand-in here."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import symdl
from symdl import cli
from symdl.errors import CatalogueError, SymdlError
from symdl.terms.formula import Entry, Role
from symdl.terms.results import FileReport, Judgement, Module, Report, Verdict

ENTRY = Entry(
    "sigmoid",
    "activations",
    {"en": "Sigmoid", "it": "Sigmoide"},
    ("sigmoid",),
    ("sigma",),
    {"x": Role("x", "real", ("n",), ("x", "z"), {"en": "input", "it": "ingresso"})},
    (),
    latex=(r"\sigma(x) = \frac{1}{1 + e^{-x}}",),
    sources=("Verhulst 1845",),
)


def judged(verdict: Verdict) -> Judgement:
    return Judgement(1, 1, 1, 6, "x = x", None, (), "claim", None, None, verdict)


def report(*verdicts: Verdict, **fields: Any) -> Report:
    return Report((FileReport("a.md", (), tuple(map(judged, verdicts)), "x = x"),), **fields)


class Api(ModuleType):
    """Stands in for `symdl.api`: gives back what it was told, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("symdl.api")
        self.result: Report | BaseException = report(Verdict.PROVED)
        self.asked: dict[str, Any] = {}

    def check_paths(self, paths: tuple[Path, ...], **options: Any) -> Report:
        self.asked = {"paths": paths, **options}
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result

    def catalogue(self) -> Any:
        title = {"en": "Activations", "it": "Attivazioni"}
        return SimpleNamespace(
            entries={"sigmoid": ENTRY}, topics={"activations": SimpleNamespace(title=title, order=1)}
        )

    def formula(self, id_: str) -> Any:
        return SimpleNamespace(entry=ENTRY, expr="1/(1 + exp(-x))", latex=lambda: ENTRY.latex[0])

    def emit(self, ids: Any, **asked: Any) -> Module:
        return Module("def sigmoid(x): ...\n", ("sigmoid",))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    stand_in = Api()
    monkeypatch.setitem(sys.modules, "symdl.api", stand_in)
    monkeypatch.setattr(symdl, "api", stand_in, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "SYMDL_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return stand_in


@pytest.mark.parametrize(
    ("result", "options", "code"),
    [
        (report(Verdict.PROVED, Verdict.DEFINITION), [], 0),
        (report(Verdict.REFUTED), [], 1),
        (report(Verdict.REFUTED_OUTSIDE), [], 1),
        (report(Verdict.ILL_FORMED), [], 1),
        (report(Verdict.UNDECIDED, Verdict.UNREAD), [], 0),
        (report(Verdict.UNDECIDED), ["--strict"], 1),
        (report(Verdict.UNREAD), ["--strict"], 1),
        (report(), [], 4),
        (replace(report(Verdict.REFUTED), files=(FileReport("b", (), (), unreadable=True),)), [], 2),
        (report(Verdict.REFUTED, internal_errors=1), [], 3),
        (report(Verdict.REFUTED, internal_errors=1, interrupted=True), [], 130),
    ],
)
def test_exit_codes(api: Api, result: Report, options: list[str], code: int) -> None:
    api.result = result
    for form in ("terminal", "json", "markdown"):
        assert cli.run(["check", "a.md", "--format", form, *options]) == code


def test_arguments_reach_the_pipeline(api: Api) -> None:
    arguments = ["check", "a.md", "b.tex", "-e", "x = x", "--assume", "x > 0", "--assume", "y < 1"]
    assert cli.run([*arguments, "--jobs", "3", "--timeout", "2.5", "--lang", "it"]) == 0
    progress = api.asked.pop("progress")
    assert progress is None or callable(progress)
    assert api.asked == {
        "paths": (Path("a.md"), Path("b.tex")),
        "assume": ("x > 0", "y < 1"),
        "jobs": 3,
        "timeout": 2.5,
        "expressions": ("x = x",),
        "stdin": None,
        "language": "it",
    }


@pytest.mark.parametrize(("raw", "text"), [("à $x$".encode(), "à $x$"), (b"\xff", "\udcff"), (b"", "")])
def test_standard_input(api: Api, monkeypatch: pytest.MonkeyPatch, raw: bytes, text: str) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="ascii"))
    cli.run(["check", "-"])
    assert api.asked["paths"] == () and api.asked["stdin"] == text


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "a.md", "--format", "xml"],
        ["check", "a.md", "--jobs", "0"],
        ["check", "a.md", "--timeout", "0"],
        ["show", "softmox"],
        ["list", "nothing"],
        ["sheet", "-o", "a.pdf"],
        ["sheet", "nothing", "-o", "a.tex"],
        ["emit", "nothing"],
        ["frobnicate"],
        ["--nothing"],
    ],
)
def test_bad_arguments(api: Api, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert cli.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and "Error: " in err and "Traceback" not in err


def test_a_near_miss_is_named(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["show", "sigmiod"]) == 2
    assert "Did you mean sigmoid?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            SymdlError("SD011", "`x >` is no condition", "write x > 0"),
            2,
            "error[SD011]: `x >` is no condition\nhelp: write x > 0",
        ),
        (CatalogueError("SD402", "broken"), 3, "error[SD402]: broken"),
        (FileNotFoundError(2, "No such file", "b.md"), 2, "b.md: No such file"),
        (RecursionError("deep"), 3, "internal error[SD900]: RecursionError: deep"),
        (ValueError("a\nb"), 3, "internal error[SD900]: ValueError: a b"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_no_traceback(api: Api, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str) -> None:
    api.result = error
    assert cli.run(["check", "a.md"]) == code
    out, err = capsys.readouterr()
    assert said in err and "Traceback" not in err and out == ""


def test_json_is_all_there_is(api: Api, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    cli.run(["check", "a.md", "--format", "json"])
    out, err = capfdbinary.readouterr()
    assert json.loads(out)["summary"]["proved"] == 1 and err == b""


@pytest.mark.parametrize(("variable", "value", "colour"), [("FORCE_COLOR", "1", True), ("NO_COLOR", "1", False)])
def test_colours_on_wish(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    colour: bool,
) -> None:
    monkeypatch.setenv(variable, value)
    cli.run(["check", "a.md"])
    assert ("\x1b[" in capfd.readouterr().out) is colour


def test_list_and_show(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["list", "--lang", "it"]) == 0
    out = capfd.readouterr().out
    assert "Attivazioni" in out and "sigmoid  Sigmoide" in out
    assert cli.run(["list", "activations", "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out)[0]["id"] == "sigmoid"
    assert cli.run(["show", "sigmoid"]) == 0
    out = capfd.readouterr().out
    for part in ("Sigmoid", "1/(1 + exp(-x))", r"\frac{1}{1 + e^{-x}}", "x: real[n]; input", "Verhulst 1845"):
        assert part in out


def test_emit(api: Api, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["emit", "sigmoid"]) == 0
    assert capfd.readouterr().out == "def sigmoid(x): ...\n"
    assert cli.run(["emit", "sigmoid", "-o", str(tmp_path / "s.py")]) == 0
    assert (tmp_path / "s.py").read_bytes() == b"def sigmoid(x): ...\n"
    assert cli.run(["emit", "sigmoid", "-o", str(tmp_path / "no" / "s.py")]) == 2


def test_progress_is_shown_to_a_person_only(
    api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run(["check", "a.md"])
    assert api.asked["progress"] is None and capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    cli.run(["check", "a.md"])
    api.asked["progress"](3, 7)
    assert "checking 3/7" in capsys.readouterr().err


def fastest(action: Callable[[], Any], tries: int = 5) -> float:
    """The shortest of a few runs, for the machine may be busy."""
    times = []
    for _ in range(tries):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=Path(cli.__file__).parents[1]
    )


def test_help_answers_at_once() -> None:
    done = python("-X", "importtime", "-m", "symdl", "--help")
    assert done.returncode == 0 and "check" in done.stdout
    assert not {"sympy", "numpy", "flint", "rich"} & {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    bare = fastest(lambda: python("-c", ""))
    assert fastest(lambda: python("-m", "symdl", "--help")) - bare < 0.2


def test_import_is_light() -> None:
    done = python("-c", "import sys, symdl; print('sympy' in sys.modules, dir(symdl))")
    assert done.stdout.startswith("False ['__version__', 'check'")


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    text = "import sys; from symdl.cli import _write; _write('x' * 10_000_000); sys.exit(1)"
    done = subprocess.run(
        f'{sys.executable} -c "{text}" | head -c 1; echo ${{PIPESTATUS[0]}}',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        cwd=Path(cli.__file__).parents[1],
    )
    assert done.stdout == "x1\n" and done.stderr == ""
