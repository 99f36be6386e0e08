"""Array expressions printed as MathML."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from symdl import catalogue
from symdl.notation import mathml
from symdl.notation.strict import parse

PRINTED = [
    ("x", "<mi>x</mi>"),
    ("x[i]", "<msub><mi>x</mi><mi>i</mi></msub>"),
    ("x ** 2", "<msup><mi>x</mi><mn>2</mn></msup>"),
    ("x[i] ** 2", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
    ("a / b", "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
    ("sqrt(x)", "<msqrt><mi>x</mi></msqrt>"),
    ("lam", "<mi>λ</mi>"),
    ("yhat", '<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>'),
    ("-x", '<mo form="prefix">−</mo><mi>x</mi>'),
    ("a < b", "<mo>&lt;</mo>"),
    ("log(x)", '<mi>log</mi><mspace width="0.17em"/><mi>x</mi>'),
    ("sum(x[i], (i, 1, n))", '<munderover><mo movablelimits="false">∑</mo>'),
    ("where(a > 0, a, b)", "<mtext>if&#160;</mtext>"),
]


@pytest.mark.parametrize(("text", "expected"), PRINTED, ids=[t for t, _ in PRINTED])
def test_printed(text: str, expected: str) -> None:
    assert expected in mathml.mathml(parse(text))


def test_the_whole_catalogue_is_well_formed() -> None:
    for entry in catalogue.load().entries.values():
        for form in entry.forms:
            for line in form.lines:
                text = mathml.definition(line, entry)
                root = ElementTree.fromstring(text)
                assert root.tag == "math"
                assert not [e for e in root.iter() if e.tag in ("mi", "mn", "mo") and not (e.text or "").strip()], text
                assert "\\" not in text
