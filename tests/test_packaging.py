"""A wheel, installed in a clean environment, holds the same catalogue and gives the same verdicts."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from symdl import __version__, api
from symdl.report.terminal import Printer, render
from symdl.terms.results import Report

ROOT = Path(__file__).resolve().parents[1]
SHEET = ROOT / "docs" / "examples" / "deep-learning-sheet.md"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout; with the build backend at hand no network is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder)]
    if subprocess.run([sys.executable, "-c", "import hatchling"], capture_output=True).returncode == 0:
        command.append("--no-isolation")
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the wheel in it; its dependencies are the ones in use here."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    if not python.exists():
        python = scripts / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(where, check=True, capture_output=True, text=True)
    # Only plain paths: the .pth of an editable install of this checkout is not followed from here.
    Path(site.stdout.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the installed symdl far from the checkout."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run([str(python), *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def test_the_wheel_carries_the_catalogue(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"symdl/formulas/{p.name}" for p in (ROOT / "formulas").glob("*.toml")} <= set(names)
    assert "symdl/py.typed" in names
    assert [n for n in names if not n.startswith(("symdl/", f"symdl-{__version__}.dist-info/"))] == []


def test_the_installed_one_is_used(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-c", "import symdl; print(symdl.__file__)")
    assert str(ROOT) not in done.stdout and str(installed.parents[1]) in done.stdout


def test_same_catalogue(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-m", "symdl", "list", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [e["id"] for e in json.loads(done.stdout)] == list(api.catalogue().entries)


@pytest.fixture(scope="module")
def report() -> Report:
    """What this checkout says of the shipped sheet."""
    with contextlib.chdir(ROOT):
        return api.check_paths([SHEET.relative_to(ROOT)])


def test_same_verdicts(installed: Path, tmp_path: Path, report: Report) -> None:
    done = run(installed, tmp_path, "-m", "symdl", "check", str(SHEET), "--format", "json")
    (file,) = json.loads(done.stdout)["files"]
    (here,) = report.files
    assert done.returncode == 1, done.stderr
    assert [(f["line"], f["verdict"], f["entry"]) for f in file["formulas"]] == [
        (j.line, j.verdict.value, j.entry) for j in here.formulas
    ]


def test_the_readme_shows_what_the_terminal_shows(report: Report) -> None:
    (shown,) = re.findall(r"```text\n(.*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert shown in render(report, Printer(80))


def test_the_console_script(installed: Path, tmp_path: Path) -> None:
    script = installed.parent / ("symdl.exe" if os.name == "nt" else "symdl")
    done = subprocess.run([str(script), "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == f"symdl, version {__version__}"
