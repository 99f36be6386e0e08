"""The gallery shows what is derived: every problem stands on a page, and its lines are those of today."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs" / "gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


gallery = _load()
NAMES = sorted(p.stem for p in gallery.DATA.glob("*.toml"))
CHEAP = [
    "sigmoid",
    "two_layer_slides",
    "batch_norm",
    "attention",
    "conv2d_stride2",
    "rnn_through_time",
    "logistic_newton",
]


def test_every_problem_has_its_place() -> None:
    listed = [name for _, names in gallery.FAMILIES.values() for name in names.split()]
    assert sorted(listed) == NAMES
    assert (gallery.PAGES / "README.md").read_text("utf-8") == gallery.index()


@pytest.mark.parametrize("name", NAMES if os.environ.get("SYMDL_SLOW") else CHEAP)
def test_the_page_has_the_lines(name: str) -> None:
    page = (gallery.PAGES / f"{gallery.family_of(name)}.md").read_text("utf-8")
    assert f'<a id="{name}"></a>' in page
    for d in gallery.derivations(name, steps=False):
        wanted = [line.latex.replace(" = ", " &= ", 1) for line in d.lines] + list(d.numpy().splitlines())
        assert [line for line in wanted if line not in page] == []
