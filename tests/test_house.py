"""The walls of the house: who may import whom, read from the sources with ``ast``; nothing is imported here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "symdl"

BASE = frozenset({"terms", "errors"})
MIDDLE = BASE | {"notation", "functions"}
ALLOWED: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "terms": frozenset({"errors"}),
    "functions": BASE,
    "notation": BASE | {"functions"},
    "catalogue": BASE | {"notation"},
    "reader": MIDDLE,
    "engine": MIDDLE,
    "codegen": MIDDLE,
    "verifier": BASE | {"functions"},
    "prover": MIDDLE | {"engine"},
    "checker": MIDDLE | {"reader", "catalogue"},
    "report": BASE | {"notation"},
    "pipeline": MIDDLE
    | {"catalogue", "reader", "engine", "codegen", "verifier", "prover", "checker", "report", "isolation", "deriving"},
    # the order of the rooms for a derivation, as the pipeline knows it for a check
    "deriving": MIDDLE | {"engine", "codegen", "verifier", "derived_code"},
    "derived_code": MIDDLE | {"codegen", "verifier"},  # from a derivation to a module that was run
    # replays a report: of prover and verifier the replaying half only, which a test of its own sees to
    "replaying": BASE | {"notation", "prover", "verifier", "isolation"},
    "emitting": MIDDLE | {"catalogue", "codegen", "verifier", "checker", "testing"},
    "bridge": MIDDLE | {"catalogue", "codegen", "emitting"},
    "api": frozenset({"pipeline", "deriving", "replaying", "emitting", "bridge"}),
    "testing": BASE | {"verifier"},
    "isolation": frozenset(),  # a pool of processes; knows nothing of formulas
    "cli": frozenset({"api", "report", "errors", "replaying"}),
    "__init__": frozenset({"api"}),
    "__main__": frozenset({"cli"}),
}
LONGEST_FUNCTION = 60
LONG_FILE = 400
LONGEST_FILE = 600


def sources() -> list[Path]:
    """Every Python file of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The room a file stands in: its first folder below the package, or its own name."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def imported_rooms(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yields line and room of everything of ours that is imported; ``package`` is the importing package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*up, node.module] if node.module else up)
            modules = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for module in modules:
            parts = module.split(".")
            if parts[0] == "symdl":
                yield node.lineno, parts[1] if len(parts) > 1 else "__init__"


def violations(text: str, room: str, package: tuple[str, ...] = ("symdl",)) -> list[str]:
    """What of ours a text imports that its room may not."""
    # Everybody may ask for the version and for its own room.
    free = ALLOWED[room] | {room, "__version__"}
    return [f"line {line}: {other}" for line, other in imported_rooms(ast.parse(text), package) if other not in free]


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_stay_within_the_walls(path: Path) -> None:
    room = room_of(path)
    assert room in ALLOWED, f"{path} stands in no room of the house"
    package = ("symdl", *path.relative_to(PACKAGE).parts[:-1])
    assert violations(path.read_text("utf-8"), room, package) == []


@pytest.mark.parametrize(
    ("text", "room", "package"),
    [
        ("from symdl.engine import simplify", "verifier", ("symdl", "verifier")),
        ("import symdl.reader.parser", "engine", ("symdl", "engine")),
        ("from symdl import pipeline", "cli", ("symdl",)),
        ("from ..engine import simplify", "verifier", ("symdl", "verifier")),
        ("def f():\n    from symdl.prover import prove", "checker", ("symdl", "checker")),
        ("import symdl", "terms", ("symdl", "terms")),
        ("import symdl.formulas", "catalogue", ("symdl",)),
    ],
)
def test_a_broken_wall_is_seen(text: str, room: str, package: tuple[str, ...]) -> None:
    assert violations(text, room, package)


def test_the_catalogue_is_data_only() -> None:
    strangers = [p for p in (ROOT / "formulas").rglob("*") if p.suffix != ".toml"]
    assert strangers == []


def test_tests_are_no_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_functions_fit_a_page(path: Path) -> None:
    long = {f.name: (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions_of(path)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


def forbidden_calls(text: str) -> list[str]:
    """Calls that would evaluate text."""
    bad = {"eval", "exec", "parse_expr", "__import__"}
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return [ast.unparse(c.func) for c in calls if ast.unparse(c.func).split(".")[-1] in bad]


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_text_is_evaluated(path: Path) -> None:
    found = forbidden_calls(path.read_text("utf-8"))
    # One file runs what codegen wrote, after checking that it is of the form codegen writes.
    assert found == (["exec"] if path.relative_to(PACKAGE).as_posix() == "codegen/load.py" else [])


def test_an_evaluation_is_seen() -> None:
    assert forbidden_calls("from sympy import parsing\nparsing.parse_expr('1')\neval('2')") == [
        "parsing.parse_expr",
        "eval",
    ]


def test_files_stay_short() -> None:
    lengths = {p.name: len(p.read_text("utf-8").splitlines()) for p in sources()}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}
    assert sum(n > LONG_FILE for n in lengths.values()) <= 3 + len(lengths) // 10
