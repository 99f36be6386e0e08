"""The accuracy of what is emitted, on a small sample of what ``tests/bench/accuracy.py`` measures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from symdl.codegen import emit
from symdl.verifier.oracles.accuracy import measure

PATH = Path(__file__).resolve().parents[1] / "bench" / "accuracy.py"
spec = importlib.util.spec_from_file_location("bench_accuracy", PATH)
bench = importlib.util.module_from_spec(spec)
sys.modules["bench_accuracy"] = bench
spec.loader.exec_module(bench)

NAMES = [
    "tanh", "log_cosh", "sigmoid", "log_sigmoid", "softplus", "gelu", "silu", "elu", "mish", "squareplus", "selu",
    "bent_identity", "normal_cdf", "softmax", "log_softmax", "logsumexp", "bce_from_logits", "masked_softmax",
    "cross_entropy_from_logits", "variance",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("draw", bench.DRAWS, ids=["patterns", "realistic"])
def test_the_target_is_met(name, draw):
    for case in bench.cases([name]):
        facts = measure(case.function, case.truth, bench.points(case, draw, 25, 7)).facts
        assert case.stated or not bench.exceeds(case, facts), (case.name, facts)


def test_the_gelu_is_accurate_without_help_of_the_condition_number():
    """erfc(-x / sqrt(2)) loses 10 bits to the rounding of its argument; the correction gives them back."""
    (case, *_) = bench.cases(["gelu"])
    facts = measure(case.function, case.truth, [{"x": -k / 7.0} for k in range(1, 259)]).facts
    assert facts["worst_plain"] <= 2.1


def test_a_naive_form_misses_the_target():
    """Negative control: the bench sees what the stable forms are for."""
    import numpy as np

    (case, *_) = bench.cases(["softplus"])
    facts = measure(lambda x: np.log(1 + np.exp(x)), case.truth, bench.points(case, bench.patterns, 40, 7)).facts
    assert bench.exceeds(case, facts)


def test_what_no_form_mends_is_stated():
    for name in ("norm", "standard_deviation", "variance"):
        assert "Accuracy: squares overflow" in emit(bench.entry(name, *bench.ARRAYS[name])).source
    made = emit(bench.entry("f", "f(x) = x - tanh(x) + gelu_tanh(x)", {"x": "real"})).source
    assert "Accuracy: the derivative is nan" in made
    assert "Accuracy" not in emit(bench.entry("f", "f(x) = softplus(x)", {"x": "real"})).source
