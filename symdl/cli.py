"""The command line: arguments, exit codes, and the only printing of the project.

Everything heavy is imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from symdl import __version__
from symdl.errors import CatalogueError, DerivationError, SymdlError

if TYPE_CHECKING:
    from symdl.api import Derivation
    from symdl.report.terminal import Printer

INTERRUPTED, INTERNAL, BAD_INPUT, WRONG, NOTHING, FINE = 130, 3, 2, 1, 4, 0
LANGUAGE = click.option("--lang", type=click.Choice(["en", "it"]), default="en", help="Language of the report.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="symdl")
def cli() -> None:
    """Checks the formulas of deep learning study sheets.

    Exit codes: 0 nothing wrong, 1 something is wrong, 2 bad arguments or an unreadable file, 3 internal error,
    4 no formulas found, 130 interrupted.
    """


@cli.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("-e", "--expression", "expressions", multiple=True, metavar="LATEX", help="Check one formula.")
@click.option("--assume", multiple=True, metavar="'x > 0'", help="Declare a domain; may be given again.")
@click.option("--format", "form", type=click.Choice(["terminal", "json", "markdown"]), default="terminal")
@click.option("--strict", is_flag=True, help="Undecided and unread formulas count as wrong.")
@click.option("-v", "--verbose", is_flag=True, help="List every formula.")
@LANGUAGE
@click.option("--jobs", type=click.IntRange(1), help="Number of processes; by default one for each core.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=10.0, help="Seconds for one formula.")
def check(
    paths: tuple[str, ...],
    expressions: tuple[str, ...],
    assume: tuple[str, ...],
    form: str,
    strict: bool,
    verbose: bool,
    lang: str,
    jobs: int | None,
    timeout: float,
) -> int:
    """Checks every formula of the given sheets (.md, .txt, .tex, .ipynb); `-` reads standard input."""
    if not paths and not expressions:
        raise click.UsageError("Give a file, `-` for standard input, or a formula with -e.")
    from pathlib import Path

    from symdl import api

    # Bytes that are no UTF-8 arrive as lone surrogates, which the reader reports with their place.
    stdin = sys.stdin.buffer.read().decode("utf-8", "surrogateescape") if "-" in paths else None
    with _progress() as progress:
        report = api.check_paths(
            tuple(Path(p) for p in paths if p != "-"),
            assume=assume,
            jobs=jobs,
            timeout=timeout,
            progress=progress,
            expressions=expressions,
            stdin=stdin,
            language=lang,
        )
    _write(_rendered(report, form, verbose, lang))
    return exit_code(report, strict=strict)


def _rendered(report: Any, form: str, verbose: bool, lang: str) -> str:
    if form == "json":
        from symdl.report.to_json import to_json

        return to_json(report)
    if form == "markdown":
        from symdl.report.to_markdown import to_markdown

        return to_markdown(report, verbose=verbose, lang=lang)
    from symdl.report.terminal import render

    return render(report, _printer(lang), verbose=verbose)


def exit_code(report: Any, *, strict: bool = False) -> int:
    """Returns the first code of ``docs/reference/exit-codes.md`` that applies to a report."""
    count = report.summary
    wrong = count["refuted"] + count["refuted-outside"] + count["ill-formed"]
    if strict:
        wrong += count["undecided"] + count["unread"]
    if report.interrupted:
        return INTERRUPTED
    if report.internal_errors:
        return INTERNAL
    if any(file.unreadable for file in report.files):
        return BAD_INPUT
    if wrong:
        return WRONG
    return FINE if sum(count.values()) else NOTHING


@cli.command()
@click.argument("report", metavar="REPORT.json|FILE.py")
@click.option("-v", "--verbose", is_flag=True, help="List every proof and counterexample, not only what fails.")
@click.option("--format", "form", type=click.Choice(["terminal", "json"]), default="terminal")
@click.option("--jobs", type=click.IntRange(1), help="Number of processes; by default one for each core.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=20.0, help="Seconds for one formula.")
@click.option("--run", "run_altered", is_flag=True, help="Of FILE.py: check code that was altered, too.")
def verify(report: str, verbose: bool, form: str, jobs: int | None, timeout: float, run_altered: bool) -> int:
    """Replays a report of `check --format json`, or holds an emitted FILE.py against what symdl writes.

    A report: `-` reads standard input.

    Every proof is checked again from its certificate, every refutation from its counterexample, without the code that
    found them. Exit codes: 0 everything holds, 1 something does not, 2 no report, 4 nothing to replay.
    """
    if report.endswith(".py"):
        return _verify_module(report, run_altered)
    from symdl import replaying  # not through the API: nothing that searches is loaded
    from symdl.report.replayed import to_json, to_text

    if report == "-":
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    else:
        with open(report, encoding="utf-8", errors="replace") as file:
            text = file.read()
    found = replaying.verify(text, jobs=jobs, timeout=timeout)
    _write(to_json(found) if form == "json" else to_text(found, verbose=verbose))
    if not found.ok:
        return WRONG
    return FINE if found.checks else NOTHING


@cli.command("list")
@click.argument("topic", required=False)
@click.option("--format", "form", type=click.Choice(["terminal", "json"]), default="terminal")
@LANGUAGE
def list_(topic: str | None, form: str, lang: str) -> int:
    """Lists the formulas of the catalogue, or of one TOPIC."""
    from symdl import api
    from symdl.report.entries import listing, listing_json

    catalogue = api.catalogue()
    if topic is not None:
        _known(topic, catalogue.topics, "topic")
    entries = [e for e in catalogue.entries.values() if topic in (None, e.topic)]
    topics = {key: t.title for key, t in catalogue.topics.items()}
    _write(listing_json(entries, topics) if form == "json" else listing(entries, topics, _printer(lang)))
    return FINE


@cli.command()
@click.argument("id_", metavar="ID")
@LANGUAGE
def show(id_: str, lang: str) -> int:
    """Shows one formula of the catalogue: definition, SymPy expression, LaTeX, variants, symbols, sources."""
    from symdl import api
    from symdl.report.entries import card

    _known(id_, api.catalogue().entries, "formula")
    formula = api.formula(id_)
    _write(card(formula.entry, str(formula.expr), formula.latex(), _printer(lang)))
    return FINE


@cli.command()
@click.argument("topics", nargs=-1, metavar="[TOPIC...]")
@click.option("-o", "--output", required=True, metavar="FILE", help="FILE.tex or FILE.html.")
@LANGUAGE
def sheet(topics: tuple[str, ...], output: str, lang: str) -> int:
    """Prints the catalogue, or the given topics, as a cheat sheet: LaTeX or one HTML file."""
    if not output.endswith((".tex", ".html")):
        raise click.UsageError("The output ends in .tex or in .html.")
    from symdl import api
    from symdl.report.sheet.sections import sections
    from symdl.report.sheet.to_html import to_html
    from symdl.report.sheet.to_tex import to_tex

    catalogue = api.catalogue()
    for topic in topics:
        _known(topic, catalogue.topics, "topic")
    titles = {key: t.title for key, t in catalogue.topics.items() if not topics or key in topics}
    parts = sections(titles, catalogue.entries.values(), lang)
    _save(output, to_tex(parts, lang) if output.endswith(".tex") else to_html(parts, lang))
    return FINE


@cli.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--grad", metavar="NAMES", help="Derivatives by these inputs (x,w) or `none`; by default all there are.")
@click.option("--form", default="canonical", metavar="NAME", help="Which form of the formulas.")
@click.option("--tests", is_flag=True, help="Write a pytest file beside it.")
@click.option("-o", "--output", default="-", metavar="FILE.py", help="Where to write; `-` is standard output.")
def emit(ids: tuple[str, ...], grad: str | None, form: str, tests: bool, output: str) -> int:
    """Writes formulas as NumPy functions with their derivatives, checked before they are written."""
    from pathlib import Path

    from symdl import api

    for id_ in ids:
        _known(id_, api.catalogue().entries, "formula")
    wanted = None if grad is None else () if grad == "none" else tuple(n.strip() for n in grad.split(",") if n.strip())
    if not tests:
        source = api.emit(ids, grad=wanted, form=form).source
        _write(source) if output == "-" else _save(output, source)
        return FINE
    path = Path(output)
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise click.UsageError("--tests needs -o FILE.py with a name that can be imported.")
    module, text = api.emit_with_tests(ids, path.stem, grad=wanted, form=form)
    _save(output, module.source)
    _save(str(path.with_name(f"test_{path.name}")), text)
    return FINE


def _verify_module(path: str, run_altered: bool) -> int:
    from pathlib import Path

    from symdl import api

    result = api.verify_module(Path(path).read_text("utf-8"), run_altered=run_altered)
    _write("\n".join([f"{path}: {result.status}", *(f"  {line}" for line in result.lines)]) + "\n")
    return FINE if result.good else WRONG


@cli.command()
@click.argument("what", metavar="ID|FILE.toml|DEFINITIONS")
@click.option("--wrt", multiple=True, metavar="NAME", help="What to differentiate by; may be given again.")
@click.option("--input", "inputs", multiple=True, metavar="'W = real[n, m]'", help="Kind and shape of a name.")
@click.option("--loss", metavar="NAME", help="The scalar; by default the last definition.")
@click.option("--seed", "seeds", multiple=True, metavar="'H = dH'", help="An output and its upstream gradient.")
@click.option("--assume", multiple=True, metavar="'sum(Y, axis=0) = 1'", help="A fact about the inputs.")
@click.option("--kind", type=click.Choice(["gradient", "jvp", "jacobian", "hessian"]), default="gradient")
@click.option("--steps", is_flag=True, help="Show how each line comes about.")
@click.option("--format", "form", type=click.Choice(["text", "latex", "markdown", "numpy", "json"]), default="text")
@click.option("-o", "--output", default="-", metavar="FILE", help="Where to write; FILE.py writes the NumPy module.")
def derive(
    what: str,
    wrt: tuple[str, ...],
    inputs: tuple[str, ...],
    loss: str | None,
    seeds: tuple[str, ...],
    assume: tuple[str, ...],
    kind: str,
    steps: bool,
    form: str,
    output: str,
) -> int:
    """Derives gradients in textbook form: of a catalogue entry, of a TOML file, or of definitions split by `;`."""
    from pathlib import Path

    from symdl import api

    form = "numpy" if output.endswith(".py") and form == "text" else form
    wanted = steps or form == "json"
    if what.endswith(".toml"):
        d = api.derive_file(Path(what), wrt=wrt, kind=kind, steps=wanted)
    elif "=" in what or not what.isidentifier():
        text = what if "=" in what else f"f = {what}"
        shapes = dict(_pair(i, "--input", "'W = real[n, m]'") for i in inputs)
        d = api.derive(
            text.replace(";", "\n"),
            inputs=shapes,
            wrt=wrt,
            loss=loss,
            seed=dict(_pair(s, "--seed", "'H = dH'") for s in seeds),
            assume=assume,
            kind=kind,
            steps=wanted,
        )
    else:
        _known(what, api.catalogue().entries, "formula")
        d = api.formula(what).grad(*wrt, steps=wanted, kind=kind)
    text = _derivation(d, form, steps)
    if output == "-":
        _write(text)
    else:
        _save(output, text)
    return FINE


def _derivation(d: Derivation, form: str, steps: bool) -> str:
    from symdl.report import derivation

    if form == "text":
        return derivation.to_text(d, _printer("en"), steps=steps)
    if form == "json":
        return derivation.to_json(d)
    if form == "numpy":
        return derivation.to_numpy(d)
    render = derivation.to_latex if form == "latex" else derivation.to_markdown
    return render(d, steps=steps)


def _pair(text: str, option: str, example: str) -> tuple[str, str]:
    """``name = value``."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise click.UsageError(f"{option} takes {example}, not {text!r}.")
    return name.strip(), value.strip()


def _known(name: str, names: Any, what: str) -> None:
    """Refuses an unknown id or topic, and names the ones that look like it."""
    if name in names:
        return
    from difflib import get_close_matches

    close = get_close_matches(name, list(names), n=3, cutoff=0.5) or [n for n in names if name in n][:3]
    hint = f" Did you mean {', '.join(close)}?" if close else " `symdl list` prints them all."
    raise click.UsageError(f"There is no {what} {name!r}.{hint}")


def _save(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _write(text: str) -> None:
    """Prints to standard output as UTF-8; a reader that has gone away is no error."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes standard output once more on exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _printer(lang: str) -> Printer:
    from shutil import get_terminal_size

    from symdl.report.terminal import Printer
    from symdl.report.text import Style

    width = get_terminal_size((80, 24)).columns
    return Printer(max(40, min(width, 120)), Style(_colours(sys.stdout)), lang)


def _colours(stream: Any) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Gives a function that shows how far the check is, if somebody watches; it leaves no trace."""
    if not sys.stderr.isatty():
        yield None
        return

    def show(done: int, total: int) -> None:
        sys.stderr.write(f"\r\x1b[Kchecking {done}/{total}")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def run(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit code; no traceback leaves it."""
    try:
        result = cli.main(args=arguments, prog_name="symdl", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except (KeyboardInterrupt, click.Abort):
        _complain("interrupted")
        return INTERRUPTED
    except SymdlError as error:
        d = error.diagnostic
        _complain(f"error[{d.code}]: {d.cause}", d.remedy)
        return INTERNAL if isinstance(error, CatalogueError | DerivationError) else BAD_INPUT
    except OSError as error:
        _complain(f"error[SD001]: {error.filename or 'file'}: {error.strerror or error}")
        return BAD_INPUT
    except Exception as error:  # the last door: one line, never a traceback
        if os.environ.get("SYMDL_DEBUG"):
            raise
        text = " ".join(str(error).split())[:200]
        _complain(f"internal error[SD900]: {type(error).__name__}: {text}", "SYMDL_DEBUG=1 shows the traceback")
        return INTERNAL
    return result if isinstance(result, int) else FINE


def _complain(cause: str, remedy: str = "") -> None:
    click.echo(cause + (f"\nhelp: {remedy}" if remedy else ""), err=True)


def main() -> None:
    """The console script."""
    sys.exit(run())
