"""Files are written, checked, compared with what they should be, and run where symdl is not."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symdl import api, cli
from symdl.codegen import load
from symdl.emitting import Request, verified, written
from symdl.errors import CatalogueError, NotSupported

ROOT = Path(__file__).resolve().parents[1]
IDS = ("sigmoid", "gelu", "softmax_cross_entropy", "mse", "scaled_dot_product_attention", "layer_norm")


@pytest.fixture(scope="module")
def several():
    return written(Request(IDS))


@pytest.fixture(scope="module")
def single():
    return written(Request(("softplus",)))


def test_one_file_for_several_formulas(several):
    names = {n.name for n in ast.parse(several.source).body if isinstance(n, ast.FunctionDef)}
    assert set(IDS) | {f"{i}_with_grad" for i in IDS} <= names
    assert several.source.count("def _real(") == 1
    assert several.source.startswith("# symdl ") and "Not checked yet" not in several.source
    assert {e.oracle for e in several.evidence} == {
        "array evaluation of the definition", "dual numbers", "reverse tape", "finite differences",
    }  # fmt: skip
    assert all(e.facts["passed"] or e.facts.get("refused") for e in several.evidence)


def test_value_and_derivatives_share_their_parts(several):
    f = load(several)
    z, y = np.array([0.3, -1.0, 2.0]), np.array([0.2, 0.3, 0.5])
    value, d_z, d_y = f["softmax_cross_entropy_with_grad"](z, y)
    assert value == pytest.approx(f["softmax_cross_entropy"](z, y), rel=1e-14)
    assert np.allclose(d_z, np.exp(z) / np.exp(z).sum() - y) and np.allclose(d_y, -z)
    both = several.source.partition("def softmax_cross_entropy_with_grad")[2].partition("\ndef ")[0]
    assert both.count("np.exp(") == 1


@pytest.mark.parametrize(
    "request_",
    [Request(("a", "b"), ("x", "w"), "rows"), Request(("a",)), Request(("a",), ()), Request(("a",), None, "rows")],
)
def test_the_first_line_says_how_to_write_the_file_again(request_):
    assert Request.read("# " + request_.header) == request_


def test_derivatives_by_some_inputs_only():
    module = written(Request(("softmax_cross_entropy",), ("z",)))
    out = load(module)["softmax_cross_entropy_with_grad"](np.zeros(2), np.array([1.0, 0.0]))
    assert len(out) == 2 and out[1].tolist() == [-0.5, 0.5]
    assert written(Request(("softmax_cross_entropy",), ())).names == ("softmax_cross_entropy",)
    with pytest.raises(NotSupported, match="no derivative by 'q'"):
        written(Request(("softmax_cross_entropy",), ("q",)))


def test_without_a_wish_a_formula_without_derivatives_is_written_without():
    module = written(Request(("likelihood",)))
    assert module.names == ("likelihood",) and "No derivatives: the derivative of a prod" in module.source
    with pytest.raises(NotSupported):
        written(Request(("likelihood",), ("p",)))


def test_files_are_formatted(several, tmp_path):
    (tmp_path / "several.py").write_text(several.source)
    module, text = api.emit_with_tests(("sigmoid", "relu", "gaussian_nll"), "some", grad=None)
    (tmp_path / "some.py").write_text(module.source)
    (tmp_path / "test_some.py").write_text(text)
    ruff = [sys.executable, "-m", "ruff"]
    done = subprocess.run([*ruff, "format", "--isolated", "--check", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    done = subprocess.run([*ruff, "check", "--isolated", "."], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# ---- update rules -----------------------------------------------------------------------------------------


def test_an_update_rule_is_a_step_from_state_to_state():
    f = load(written(Request(("adam_algorithm",), ())))["adam_algorithm_step"]
    rng = np.random.default_rng(0)
    w, m, s = rng.normal(size=4), np.zeros(4), np.zeros(4)
    v, first, second = w.copy(), m.copy(), s.copy()
    for t in range(1, 6):
        g = rng.normal(size=4)
        w, m, s = f((w, m, s), g, 0.9, 0.999, float(t), 0.01, 1e-8)
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
        v = v - 0.01 * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
        assert np.allclose(w, v, rtol=1e-13) and np.allclose(m, first) and np.allclose(s, second)


def test_only_update_rules_have_steps():
    assert written(Request(("gradient_descent",), ())).names == ("gradient_descent", "gradient_descent_step")
    assert written(Request(("sigmoid",), ())).names == ("sigmoid",)


def test_a_wrong_step_is_caught(single):
    from symdl.emitting import _compared_step, _entry

    rule, points = _entry("gradient_descent"), [{"w_prev": 1.0, "eta": 0.5, "g": 3.0}]
    _compared_step(rule, lambda w_prev, eta, g: w_prev - eta * g, lambda state, g, eta: state - eta * g, points)
    with pytest.raises(NotSupported, match="a step of gradient_descent differs"):
        _compared_step(rule, lambda w_prev, eta, g: w_prev - eta * g, lambda state, g, eta: state + eta * g, points)


def test_a_sample_of_the_catalogue_passes_all_checks():
    """All of it: ``tests/bench/emission.py``."""
    from symdl import catalogue

    done, refused = 0, []
    for id in sorted(catalogue.load().entries)[5::24]:
        try:
            module = written(Request((id,)))
        except NotSupported as error:
            refused.append((id, error.diagnostic.code))
            continue
        done += 1
        assert all(e.facts.get("passed") or "reason" in e.facts or e.facts.get("refused") for e in module.evidence), id
    assert done > 0.7 * (done + len(refused)) and {code for _, code in refused} <= {"SD606", "SD701", "SD702", "SD712"}


# ---- verify -----------------------------------------------------------------------------------------------


def test_an_unaltered_file_is_recognised_and_checked_again(several):
    found = verified(several.source)
    assert found.good and sum("dual numbers" in line for line in found.lines) == len(IDS)


def test_evidence_may_differ_and_the_code_may_not(single):
    other = single.source.replace("relative error at most", "relative error of about")
    assert other != single.source and verified(other).good


ALTERED = {
    "a sign": ("+ np.maximum(0, x)", "- np.maximum(0, x)"),
    "a statement": ("    x = _real", '    open("/tmp/x")\n    x = _real'),
    "an import": ("import numpy as np\n", "import numpy as np\nimport os\n"),
    "behind the evidence": ('    """\n    x = _real', '    """\n    os = np\n    x = _real'),
    "the end": ("\n\n\ndef softplus_with", "\n\n\nprint()\n\n\ndef softplus_with"),
    "a helper": ('if kind == "c"', 'if kind == "d"'),
    "inside the evidence": (
        "    Evidence\n    --------\n",
        '    Evidence\n    --------\n    """\n    import os\n    r"""\n',
    ),
    "the docstring": ("softplus}", "softminus}"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_altered_files_are_reported_and_not_run(name, single, monkeypatch):
    old, new = ALTERED[name]
    text = single.source.replace(old, new, 1)
    assert text != single.source
    monkeypatch.setattr("symdl.emitting.load_module", lambda module: pytest.fail("it was run"))
    found = verified(text)
    assert found.status == "altered" and found.lines[-1] == "not run" and any(line[:1] in "+-" for line in found.lines)


def test_altered_code_is_judged_if_wanted_and_foreign_code_never_run(single):
    def altered(old, new):
        text = single.source.replace(old, new, 1)
        assert text != single.source
        return verified(text, run_altered=True)

    assert altered("+ np.maximum(0, x)", "- np.maximum(0, x)").status == "failed"
    assert altered("+ np.maximum(0, x)", "+ np.maximum(0.0, x)").status == "altered"
    foreign = altered("    x = _real", '    open("/tmp/x")\n    x = _real')
    assert foreign.status == "failed" and "SD714" in foreign.lines[-1]


def test_what_symdl_did_not_write_is_no_emitted_file():
    for text in ("", "import os\n", "# symdl 0.1.0: emit nothing_like_it\n", "# symdl 0.1.0: emit a; rm -rf\n"):
        with pytest.raises(NotSupported, match="SD727"):
            verified(text)


def test_the_commands(tmp_path, capfd):
    path = tmp_path / "mine.py"
    assert cli.run(["emit", "sigmoid", "relu", "--grad", "x", "--tests", "-o", str(path)]) == 0
    assert "symdl 0.1.0: emit sigmoid relu --grad x" in path.read_text()
    assert cli.run(["verify", str(path)]) == 0
    assert "mine.py: unaltered" in capfd.readouterr().out
    path.write_text(path.read_text().replace("t3 = 1 / t2", "t3 = 2 / t2"))
    assert cli.run(["verify", str(path)]) == 1
    assert "altered" in capfd.readouterr().out
    assert cli.run(["verify", str(path), "--run"]) == 1
    assert cli.run(["verify", str(tmp_path / "none.py")]) == 2
    assert cli.run(["emit", "sigmoid", "--tests"]) == 2
    assert cli.run(["emit", "sigmoid", "--tests", "-o", str(tmp_path / "not-a-name.py")]) == 2
    assert cli.run(["emit", "sigmoid", "--grad", "q"]) == 2
    assert "no derivative by 'q'" in capfd.readouterr().err
    with pytest.raises(CatalogueError):
        api.emit("sigmoyd")


# ---- where symdl is not -----------------------------------------------------------------------------------

LONE = """
import sys
sys.path[:] = [p for p in sys.path if "site-packages" not in p] + [{numpy!r}, {here!r}]
import numpy as np
before = set(sys.modules)
import several
assert set(sys.modules) - before <= {{"several", "math"}}, set(sys.modules) - before
try:
    import symdl
except ImportError:
    pass
else:
    raise SystemExit("symdl is here")
value, d_x = several.gelu_with_grad(np.linspace(-3, 3, 7, dtype=np.float32))
assert value.dtype == d_x.dtype == np.float32
print(several.mse(np.array([1.0, 2.0]), np.array([0.0, 2.0])))
"""


def test_a_file_works_where_there_is_numpy_and_no_symdl(several, tmp_path):
    home = tmp_path / "site"
    home.mkdir()
    packages = Path(np.__file__).parents[1]
    for part in packages.glob("numpy*"):
        (home / part.name).symlink_to(part)
    (tmp_path / "several.py").write_text(several.source)
    script = LONE.format(numpy=str(home), here=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath},
    )
    assert done.returncode == 0 and done.stdout.strip() == "0.5", done.stderr
    imports = [n for n in ast.walk(ast.parse(several.source)) if isinstance(n, (ast.Import, ast.ImportFrom))]
    assert {a.name for n in imports for a in n.names} == {"numpy", "math"}


def test_the_tests_beside_a_file_pass_and_catch_a_wrong_derivative(tmp_path):
    module, text = api.emit_with_tests(("softplus", "relu"), "mine")
    (tmp_path / "mine.py").write_text(module.source)
    (tmp_path / "test_mine.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert "2 passed" in done.stdout, done.stdout
    (tmp_path / "mine.py").write_text(module.source.replace("np.heaviside(x, 0.0)", "np.heaviside(x, 0.0) * 1.000001"))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert "1 failed, 1 passed" in done.stdout and "the gradient by x is wrong" in done.stdout, done.stdout
