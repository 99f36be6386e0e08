"""The fixture in a project of somebody else's."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
import numpy as np


def test_right(check_grad):
    check_grad(np.sin, np.cos, {"x": "real[n]"})


def test_wrong(check_grad):
    check_grad(np.sin, lambda x: -np.cos(x), {"x": "real[n]"})
"""


def test_the_fixture_is_announced():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert list(project["entry-points"]["pytest11"].values()) == ["symdl.testing.plugin"]


def test_the_fixture_passes_and_fails(tmp_path):
    (tmp_path / "test_mine.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "symdl.testing.plugin", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "the gradient by x is wrong" in done.stdout


def test_loading_the_plugin_costs_nothing_heavy():
    code = "import sys, symdl.testing.plugin; print('sympy' in sys.modules, 'hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]
