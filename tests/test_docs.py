"""What the documentation says is held against the program: grammar, fields, codes, options, examples, links."""

from __future__ import annotations

import doctest
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from symdl import catalogue, cli, pipeline
from symdl.catalogue import FIELDS, Catalogue
from symdl.checker.entry_claims import claim_of
from symdl.checker.findings import Sheet
from symdl.checker.judge import Judge
from symdl.errors import NotationError
from symdl.functions import FUNCTIONS
from symdl.notation.strict import ARRAY_FUNCTIONS, define, parse, program, show
from symdl.prover.outcomes import Proved
from symdl.prover.strategies import prove
from symdl.reader import conventions
from symdl.reader.elaborate import statements
from symdl.reader.names import collect
from symdl.terms import array
from symdl.terms.claims import Equation
from symdl.terms.formula import KINDS, Claim, Context, Entry, Role, Statement
from symdl.terms.results import Verdict

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
_FENCE = re.compile(r"^ *```(\w[\w -]*)?\n(.*?)^ *```$", re.M | re.S)


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def blocks(path: Path, kind: str) -> list[str]:
    """The contents of the fenced blocks of a kind."""
    return [body for info, body in _FENCE.findall(text_of(path)) if info == kind]


def lines(path: Path, kind: str) -> list[str]:
    """Their lines without the remarks of the page."""
    found = [re.sub(r"(?:^|\s+)# .*", "", row).strip() for body in blocks(path, kind) for row in body.splitlines()]
    return [row for row in found if row]


def section(path: Path, heading: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    rest = text_of(path).split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.M)[0]


def first_cells(text: str) -> list[str]:
    """The first cell of every row of the tables in a text, without the heads."""
    rows = [row for row in text.splitlines() if row.startswith("|")]
    return [
        row.split("|")[1].strip()
        for k, row in enumerate(rows)
        if not row.startswith("| ---") and not (k + 1 < len(rows) and rows[k + 1].startswith("| ---"))
    ]


def names_in(cells: list[str]) -> set[str]:
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


# ---- the notation ------------------------------------------------------------------------------------------

NOTATION = REFERENCE / "notation.md"


def fails(text: str, reader: object) -> bool:
    try:
        reader(text)  # type: ignore[operator]
    except NotationError:
        return True
    return False


@pytest.mark.parametrize("line", lines(NOTATION, "expression"))
def test_every_expression_of_the_page_is_read(line: str) -> None:
    node = parse(line)
    assert parse(show(node)) == node


@pytest.mark.parametrize("line", lines(NOTATION, "statement"))
def test_every_statement_of_the_page_is_read(line: str) -> None:
    assert define(line).relation in ("=", "<")


def test_every_program_of_the_page_is_read() -> None:
    (body,) = blocks(NOTATION, "program")
    assert [d.name for d in program(body)] == ["mu", "s", "y"]


@pytest.mark.parametrize("line", lines(NOTATION, "refused"))
def test_what_the_page_calls_refused_is_refused(line: str) -> None:
    assert fails(line, parse)


@pytest.mark.parametrize("line", lines(NOTATION, "refused-statement"))
def test_what_the_page_calls_no_statement_is_none(line: str) -> None:
    assert fails(line, define)


@pytest.mark.parametrize("line", lines(NOTATION, "claim"))
def test_every_claim_of_the_page_is_understood(line: str) -> None:
    roles = {"W": Role("W", "real", ("n", "k"), ("W",)), "x": Role("x", "real", ("k", "m"), ("x",))}
    entry = Entry("page", "page", {"en": "Page"}, (), (), {} if "sigmoid" in line else roles, ())
    assert claim_of(entry, Claim("page", line)) is not None


def test_the_page_shows_every_construct() -> None:
    """Every kind of node that the catalogue notation can make occurs in an example."""
    seen = {type(n) for line in lines(NOTATION, "expression") for n in array.walk(parse(line))}
    assert {c.__name__ for c in array.Node.__subclasses__()} - {c.__name__ for c in seen} <= {"Node"}


def test_the_page_lists_every_function() -> None:
    found = [set(re.findall(r"`(\w+)`", part)) for part in section(NOTATION, "## Functions").split("\n\n")]
    assert set(FUNCTIONS) in found
    assert set(ARRAY_FUNCTIONS) - set(FUNCTIONS) in found


# ---- the catalogue -----------------------------------------------------------------------------------------

CATALOGUE = REFERENCE / "catalogue.md"


def test_the_fields_of_an_entry_are_listed() -> None:
    assert names_in(first_cells(section(CATALOGUE, "## An entry"))) == FIELDS


def test_the_kinds_are_listed() -> None:
    tables = section(CATALOGUE, "## Symbols")
    assert names_in(first_cells(tables)) == KINDS | {"is", "letters", "meaning", "domain"}


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        ("## Variants", {"define", "condition", "symbols"}),
        ("## symbols.toml", {"kind", "letters", "shape", "meaning", "domain"}),
        ("## Claims", {"text", "assume", "notes"}),
        ("## A topic", {"title", "order"}),
    ],
)
def test_the_shipped_files_use_listed_fields_only(heading: str, fields: set[str]) -> None:
    assert names_in(first_cells(section(CATALOGUE, heading))) == fields
    assert used(heading) <= fields


def used(heading: str) -> set[str]:
    """Fields of one kind of table that the shipped catalogue uses."""
    import tomllib

    out: set[str] = set()
    for file in sorted((ROOT / "formulas").glob("*.toml")):
        data = tomllib.loads(text_of(file))
        topic = data.pop("_topic", {})
        if heading == "## A topic":
            out |= set(topic)
        elif (heading == "## symbols.toml") != (file.stem == "symbols"):
            continue
        elif heading == "## symbols.toml":
            out |= {field for table in data.values() for field in table}
        else:
            name = {"## Variants": "variants", "## Claims": "claims"}[heading]
            tables = [t for entry in data.values() for t in entry.get(name, {}).values()]
            out |= {field for table in tables if isinstance(table, dict) for field in table}
    return out - ({"notes"} if heading == "## Variants" else set())


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The worked example of the page, loaded as a catalogue of its own."""
    folder = tmp_path_factory.mktemp("formulas")
    for kind, name in (("toml symbols", "symbols.toml"), ("toml topic", "semi_supervised.toml")):
        (body,) = blocks(CATALOGUE, kind)
        (folder / name).write_text(body, encoding="utf-8")
    return catalogue.load(folder)


def test_the_worked_example_loads(example: Catalogue) -> None:
    entry = example.entries["mean_teacher"]
    assert entry.roles["w_prev"].letters == ("theta'", "w", "W", "theta")
    assert entry.roles["a"].kind == "unit"
    assert [f.name for f in entry.forms] == ["canonical", "swapped"]
    assert catalogue.loose_ends(example) == []


def test_the_claims_of_the_worked_example_hold(example: Catalogue) -> None:
    entry = example.entries["mean_teacher"]
    claims = [claim_of(entry, c, example.entries) for c in entry.claims]
    assert [isinstance(prove(c), Proved) for c in claims if isinstance(c, Equation)] == [True, True]


def statement_of(latex: str, heading: str) -> Statement:
    (found,) = statements(latex, lambda k: (1, k + 1), Context((heading,), ()), collect([latex]))
    return found


@pytest.mark.parametrize(("nth", "verdict"), list(enumerate([Verdict.PROVED, Verdict.PROVED_UNDER, Verdict.REFUTED])))
def test_the_worked_example_judges_what_the_page_says(example: Catalogue, nth: int, verdict: Verdict) -> None:
    tail = section(CATALOGUE, "## A worked example").rsplit("```", 1)[1]
    latex = re.findall(r"`(w_t[^`]+)`", tail)[nth]
    judge = Judge(example.without_documentation(), pipeline.judge_for("en").engines)
    finding = judge.judge(statement_of(latex, "Mean teacher"), Sheet())
    assert (finding.verdict, finding.entry) == (verdict, "mean_teacher")


def test_the_example_of_the_how_to_loads(tmp_path: Path) -> None:
    page = DOCS / "how-to" / "add-a-formula.md"
    (body,) = blocks(page, "toml")
    (symbols,) = blocks(CATALOGUE, "toml symbols")
    (tmp_path / "symbols.toml").write_text(symbols, encoding="utf-8")
    (tmp_path / "topic.toml").write_text(re.sub(r"^   ", "", body, flags=re.M), encoding="utf-8")
    assert list(catalogue.load(tmp_path).entries) == ["mean_teacher"]


# ---- codes, options, commands ------------------------------------------------------------------------------


def test_the_codes_are_those_of_the_source() -> None:
    source = {code for p in (ROOT / "symdl").rglob("*.py") for code in re.findall(r"\bSD\d{3}\b", text_of(p))}
    listed = {cell for cell in first_cells(text_of(REFERENCE / "codes.md")) if re.fullmatch(r"SD\d{3}", cell)}
    assert listed == source


def test_a_code_has_one_meaning_a_table() -> None:
    for part in re.split(r"\n(?=[^|])", text_of(REFERENCE / "codes.md")):
        cells = first_cells(part)
        assert len(cells) == len(set(cells))


def options_of(command: click.Command) -> set[str]:
    return {o for p in command.params if isinstance(p, click.Option) for o in (*p.opts, *p.secondary_opts)}


def options_on_page(text: str) -> set[str]:
    found = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(first_cells(text)))
    return {option for option in found if option not in ("-h", "--help")}


@pytest.mark.parametrize("name", sorted(cli.cli.commands))
def test_the_options_are_those_of_the_program(name: str) -> None:
    page = section(REFERENCE / "cli.md", f"## symdl {name}")
    assert options_on_page(page) == options_of(cli.cli.commands[name])


def test_the_commands_are_those_of_the_program() -> None:
    page = text_of(REFERENCE / "cli.md")
    assert set(re.findall(r"^## symdl (\w+)$", page, re.M)) == set(cli.cli.commands)
    assert options_on_page(page.split("\n## ")[0]) == {"--version"}


def calls(row: str) -> Iterator[tuple[str, ...]]:
    """The arguments of every call of symdl in a line of a shell."""
    lexer = shlex.shlex(row, posix=True, punctuation_chars=True)
    call: list[str] = []
    for token in [*lexer, ";"]:
        if set(token) <= set("|&;<>()"):
            if call and call[0].split("/")[-1] == "symdl":
                yield tuple(call[1:])
            call = []
        else:
            call.append(token)


CALLS = sorted({c for page in PAGES for body in blocks(page, "sh") for row in body.splitlines() for c in calls(row)})


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_command_line_is_understood(call: tuple[str, ...]) -> None:
    name, *arguments = call
    command = cli.cli.commands[name]
    known = pipeline.shipped()
    context = command.make_context(name, arguments)
    assert context.params.get("id_", "sigmoid") in known.entries
    topics = [context.params.get("topic"), *context.params.get("topics", ())]
    assert {t for t in topics if t} <= set(known.topics)


def test_an_option_that_does_not_exist_is_seen() -> None:
    with pytest.raises(click.UsageError):
        cli.cli.commands["check"].make_context("check", ["--no-such-option"])


def test_the_report_fields_are_those_of_the_page() -> None:
    import json

    from symdl.report.to_json import to_json
    from symdl.terms.results import FileReport, Judgement, Report, Witness

    witness = Witness({"x": "1"}, "1", "2", 64)
    found = Judgement(1, 1, 1, 2, "x", None, (), "claim", None, None, Verdict.REFUTED, None, "", (), witness)
    report = json.loads(to_json(Report((FileReport("a.md", (), (found,)),))))
    page = REFERENCE / "json.md"
    assert set(report) == names_in(first_cells(text_of(page).split("\n## ")[0]))
    (file,) = report["files"]
    assert set(file) == names_in(first_cells(section(page, "## A file")))
    formula = names_in(first_cells(section(page, "## A formula").split("### ")[0]))
    assert set(file["formulas"][0]) == formula - {"cell"}
    assert names_in(first_cells(section(page, "### Verdicts"))) == {v.value for v in Verdict}
    assert set(file["formulas"][0]["counterexample"]) == names_in(first_cells(section(page, "### A counterexample")))


# ---- all pages ---------------------------------------------------------------------------------------------


def examples(page: Path) -> list[doctest.DocTest]:
    """The Python examples of a page; its fences are taken away, for they would count as output."""
    text = re.sub(r"^ *```.*$", "", text_of(page), flags=re.M)
    found = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    return [found] if found.examples else []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="as the package")
@pytest.mark.parametrize("page", [p for p in PAGES if examples(p)], ids=lambda p: p.name)
def test_python_examples(page: Path) -> None:
    for example in examples(page):
        out: list[str] = []
        doctest.DocTestRunner(verbose=False).run(example, out=out.append)
        assert out == []


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", text_of(page), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"`[^`]*`", "", re.sub(_FENCE, "", text_of(page)))
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        name, _, anchor = target.partition("#")
        where = (page.parent / name).resolve() if name else page
        assert where.exists(), target
        assert not anchor or anchor in anchors(where), target


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(r"`((?:symdl|tests|docs)/[\w/.-]+)`", text_of(page))
    assert [n for n in named if not (ROOT / n).exists() and "TOPIC" not in n] == []


def test_the_tables_of_notations_exist() -> None:
    rows = [row.split("|")[2] for row in text_of(DOCS / "how-to" / "add-a-notation.md").splitlines() if row[:1] == "|"]
    named = names_in(rows[2:])
    assert named and {n for n in named if not hasattr(conventions, n)} == set()


def test_decisions_are_numbered_and_say_the_same_things() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [p.name[:3] for p in pages] == [f"{k:03}" for k in range(1, len(pages) + 1)]
    for page in pages:
        assert text_of(page).startswith(f"# {page.name[:3]} ")
        assert "ecision" in text_of(page)
