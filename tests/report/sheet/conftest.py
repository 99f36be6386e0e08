"""Programs that show how a sheet looks; absent ones skip a test, except where CI has installed them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial

import pytest

from symdl import catalogue
from symdl.report.sheet.sections import Section, sections


def find(*names: str) -> str:
    """The path of the first program that exists."""
    for name in names:
        if path := shutil.which(name):
            return path
    message = f"{names[0]} is not installed"
    if os.environ.get("SYMDL_REQUIRE_TOOLS"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(params=["en", "it"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def whole(lang: str) -> tuple[Section, ...]:
    """The whole catalogue as sections."""
    c = catalogue.load()
    return sections({key: t.title for key, t in c.topics.items()}, c.entries.values(), lang)


@pytest.fixture
def tool() -> Callable[..., str]:
    return partial(find)
