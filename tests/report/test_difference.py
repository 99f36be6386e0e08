"""Which part of a formula is pointed at."""

from __future__ import annotations

import pytest

from symdl.report.difference import difference


@pytest.mark.parametrize(
    ("written", "suggested", "wrong", "mended"),
    [
        ("a - b", "a + b", ["-"], ["+"]),
        ("a -  b", "a - b", None, None),
        (r"D^{\frac{1}{2}} A D^{\frac{1}{2}}", r"D^{-\frac{1}{2}} A D^{-\frac{1}{2}}", ["", ""], ["-", "-"]),
        (r"D^{\frac{1}{2}} A D", r"D^{-1/2} A D", [r"\frac{1}{2}"], ["-1/2"]),
        (r"A D^{\frac{1}{2}}", r"A D^{-1/2}", [r"\frac{1}{2}"], ["-1/2"]),
        (r"x = \frac{y}{s^2 + e}", r"x = \frac{y}{\sqrt{s^2 + e}}", [""], [r"\sqrt{", "}"]),
        (r"\log (x) + y", r"\exp (x) + y", [r"\log"], [r"\exp"]),
        ("a + b - c", "a - c", ["+ b"], [""]),
        (r"\alpha", r"\beta x y z", None, None),
        ("", "x", None, None),
    ],
)
def test_places(written: str, suggested: str, wrong: list[str] | None, mended: list[str] | None) -> None:
    found = difference(written, suggested)
    if wrong is None or mended is None:
        assert found is None
        return
    assert found is not None
    assert [s.text(written) for s in found.wrong] == wrong
    assert [s.text(suggested) for s in found.mended] == mended


def test_long_formulas_are_compared_fast() -> None:
    many = " + ".join(f"x_{i}" for i in range(20_000))
    found = difference(many, many.replace("x_77 +", "x_77 -"))
    assert found is not None and [s.text(many) for s in found.wrong] == ["+"]
