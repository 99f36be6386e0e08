"""The HTML sheet: self-contained, well-formed, and measured in a real browser."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from symdl.report.sheet.sections import Section
from symdl.report.sheet.to_html import to_html
from symdl.terms.formula import Entry

VOID = {"meta", "br", "wbr", "hr", "mspace", "none", "mprescripts"}
MEASURE = """<script>addEventListener('load', () => {
  const flat = [...document.querySelectorAll('math')].filter(m => m.getBoundingClientRect().height < 5).length;
  const over = document.documentElement.scrollWidth - innerWidth;
  document.title = `over=${over} flat=${flat} maths=${document.querySelectorAll('math').length}`; })</script>"""


class Nesting(HTMLParser):
    """Checks that what opens closes, and collects ids and link targets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        values = dict(attrs)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values["href"] or ""] if "href" in values else []
        assert not {"src", "onload", "onclick"} & set(values)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_one_file_without_script_or_network(whole: tuple[Section, ...], lang: str) -> None:
    text = to_html(whole, lang)
    page = Nesting(text)
    assert not {"script", "link", "img", "iframe", "object"} & page.names
    assert len(page.ids) == len(set(page.ids))
    assert {link.lstrip("#") for link in page.links} <= set(page.ids)
    assert all(link.startswith("#") for link in page.links)
    outside = text.replace("http://www.w3.org/1998/Math/MathML", "")
    assert not re.search(r"https?:|url\(|@import", outside)
    assert text.count("<article") == sum(len(s.entries) for s in whole)


def test_words_are_escaped() -> None:
    nasty = '<script>alert(1)</script> & "x"'
    entry = Entry("a", "t", {"en": nasty}, (), (), {}, (), latex=(r"a < b & \text{</code><b>}",), sources=(nasty,))
    page = Nesting(to_html([Section("t", nasty, (entry,))]))
    assert "script" not in page.names and "b" not in page.names


@pytest.mark.parametrize(("width", "lang"), [(500, "en"), (1600, "it")], indirect=["lang"])
def test_in_a_browser(
    whole: tuple[Section, ...], lang: str, width: int, tmp_path: Path, tool: Callable[..., str]
) -> None:
    browser = tool("chromium", "chromium-browser", "google-chrome")
    (tmp_path / "sheet.html").write_text(to_html(whole, lang).replace("</head>", MEASURE + "</head>"), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1000", "--dump-dom"]
    done = subprocess.run([*command, (tmp_path / "sheet.html").as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r"<title>over=(-?\d+) flat=(\d+) maths=(\d+)</title>", done.stdout)
    assert found, done.stderr[-500:]
    over, flat, maths = map(int, found.groups())
    assert over <= 0 and flat == 0
    assert maths >= sum(len(s.entries) for s in whole)
