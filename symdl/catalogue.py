"""Locates, reads and indexes the entries of ``formulas/``.

The files are data: TOML tables whose formulas are catalogue notation. A wheel carries them as
``symdl/formulas/``; in a checkout they lie beside the package. They are looked for nowhere else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from symdl.errors import CatalogueError, NotationError
from symdl.notation import strict
from symdl.terms import array
from symdl.terms.formula import KINDS, Claim, Definition, Entry, Form, Role, Shape

FIELDS = frozenset(
    """title keywords names previous symbols define variants latex claims siblings family complete about sources
    errata notes condition layers""".split()
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A file of entries: its title in each language, and where it stands in the cheat sheet."""

    id: str
    title: Mapping[str, str]
    order: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, in order of topic and file.

    Example:
        >>> "sigmoid" in load().entries
        True
    """

    entries: Mapping[str, Entry]
    topics: Mapping[str, Topic]
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of_topic(self, topic: str) -> tuple[Entry, ...]:
        """Returns the entries of one topic, in the order of the file."""
        return tuple(e for e in self.entries.values() if e.topic == topic)

    def without_documentation(self) -> Catalogue:
        """The same catalogue with sources and errata removed: what the checker may read."""
        from dataclasses import replace

        bare = {k: replace(e, sources=(), errata=()) for k, e in self.entries.items()}
        return Catalogue(bare, self.topics, {})


def folder() -> Path:
    """Returns the folder of the catalogue: inside the package when installed, else beside it.

    Raises:
        CatalogueError: SD401, if neither exists.
    """
    package = Path(str(files("symdl")))
    for place in (package.parent / "formulas", package / "formulas"):
        # a checkout wins over a stale copy that an editable install may have left inside the package
        if (place / "symbols.toml").is_file() and (
            place != package.parent / "formulas" or (package.parent / "pyproject.toml").is_file()
        ):
            return place
    raise CatalogueError("SD401", "the catalogue of formulas is missing", "reinstall symdl")


@lru_cache(maxsize=4)
def load(path: Path | None = None) -> Catalogue:
    """Reads the whole catalogue.

    Args:
        path: a folder of TOML files; by default the catalogue symdl ships.

    Raises:
        CatalogueError: SD402 for a wrong field, SD403 for a duplicate id, SD404 for wrong notation.
    """
    path = path or folder()
    kinds = _kinds(path / "symbols.toml")
    entries: dict[str, Entry] = {}
    topics: dict[str, Topic] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for file in sorted(path.glob("*.toml")):
        if file.name == "symbols.toml":
            continue
        data = _toml(file)
        head = data.pop("_topic", {})
        topics[file.stem] = Topic(file.stem, head.get("title", {"en": file.stem.title()}), int(head.get("order", 999)))
        for key, table in data.items():
            if key in entries:
                raise CatalogueError(
                    "SD403", f"the id {key} is used in {entries[key].topic} and in {file.stem}", "rename one"
                )
            entries[key] = _entry(key, file.stem, table, kinds)
            notes[key] = tuple(_note_places(table))
    order = sorted(entries.values(), key=lambda e: topics[e.topic].order)
    return Catalogue({e.id: e for e in order}, dict(sorted(topics.items(), key=lambda t: t[1].order)), notes)


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError("SD402", f"{file.name}: {error}", "mend the file") from None


def _kinds(file: Path) -> dict[str, dict[str, Any]]:
    kinds = _toml(file) if file.is_file() else {}
    for name, table in kinds.items():
        if table.get("kind") not in KINDS:
            raise CatalogueError(
                "SD402", f"symbols.toml: {name} has the kind {table.get('kind')!r}", f"one of {sorted(KINDS)}"
            )
    return kinds


def _note_places(table: Mapping[str, Any]) -> Iterator[str]:
    yield from table.get("notes", ())
    for claim in table.get("claims", {}).values():
        if isinstance(claim, Mapping):
            yield from claim.get("notes", ())
    for variant in table.get("variants", {}).values():
        yield from variant.get("notes", ())


def _entry(key: str, topic: str, table: dict[str, Any], kinds: dict[str, dict[str, Any]]) -> Entry:
    unknown = set(table) - FIELDS
    if unknown:
        raise CatalogueError("SD402", f"{key}: unknown fields {sorted(unknown)}", f"known: {sorted(FIELDS)}")
    if "title" not in table or not {"en", "it"} <= set(table["title"]):
        raise CatalogueError("SD402", f"{key}: a title in English and Italian is missing")
    roles = {n: _role(key, n, v, kinds) for n, v in table.get("symbols", {}).items()}
    forms = list(_forms(key, table, roles, kinds))
    for form in forms:
        for name, role in form[1].items():
            roles.setdefault(name, role)
    return Entry(
        id=key,
        topic=topic,
        titles=table["title"],
        keywords=tuple(k.lower() for k in table.get("keywords", ())),
        names=tuple(table.get("names", ())),
        roles=roles,
        forms=tuple(f[0] for f in forms),
        latex=tuple(table.get("latex", ())),
        claims=tuple(_claim(n, v) for n, v in table.get("claims", {}).items()),
        family=table.get("family", ""),
        complete=bool(table.get("complete", False)),
        siblings=tuple(table.get("siblings", ())),
        previous=table.get("previous", ""),
        description=table.get("about", {}),
        layers={k: tuple(v) for k, v in table.get("layers", {}).items()},
        sources=tuple(table.get("sources", ())),
        errata=tuple(table.get("errata", ())),
    )


def _claim(name: str, value: Any) -> Claim:
    if isinstance(value, str):
        return Claim(name, value)
    return Claim(name, value["text"], tuple(value.get("assume", ())))


def _forms(
    key: str, table: dict[str, Any], roles: dict[str, Role], kinds: dict[str, dict[str, Any]]
) -> Iterator[tuple[Form, dict[str, Role]]]:
    texts: list[tuple[str, Any]] = [
        ("canonical", {"define": table.get("define", ""), "condition": table.get("condition", "")})
    ]
    texts += list(table.get("variants", {}).items())
    for name, variant in texts:
        if isinstance(variant, str):
            variant = {"define": variant}
        if not variant.get("define"):
            if name == "canonical":
                continue
            raise CatalogueError("SD402", f"{key}: variant {name} defines nothing")
        own = {n: _role(key, n, v, kinds) for n, v in variant.get("symbols", {}).items()}
        try:
            lines = strict.program(variant["define"])
        except NotationError as error:
            raise CatalogueError("SD404", f"{key}, {name}: {error.diagnostic.cause}", error.diagnostic.remedy) from None
        _check_names(key, name, lines, {**roles, **own})
        yield Form(name, lines, variant.get("condition", ""), {**roles, **own}), own


def _check_names(key: str, form: str, lines: tuple[Definition, ...], roles: Mapping[str, Role]) -> None:
    """Every name on a right-hand side is a role, a parameter, an index or defined above."""
    known = set(roles) | {"delta"}
    for role in roles.values():
        known |= {s for s in role.shape if s.isidentifier()}
    for line in lines:
        local = known | set(line.parameters) | set(line.indices)
        missing = [n for n in array.names(line.right) if n not in local and not _is_letter(n, line.right)]
        if missing:
            raise CatalogueError("SD404", f"{key}, {form}: {missing} have no symbol", "declare them under `symbols`")
        if line.name:
            known.add(line.name)


def _is_letter(name: str, node: array.Node) -> bool:
    """Whether a free name is used as an index only (``H[i, j]`` without the indices on the left)."""
    return any(
        isinstance(n, array.Index) and any(name in array.names(i) for i in n.items) for n in array.walk(node)
    ) and not any(n == array.Name(name) for n in _outside_indices(node))


def _outside_indices(node: array.Node) -> Iterator[array.Node]:
    yield node
    parts = (node.base,) if isinstance(node, array.Index) else array.children(node)
    for part in parts:
        yield from _outside_indices(part)


_KIND = re.compile(r"\s*([a-z_0-9]+)\s*(?:\[([^\]]*)\])?\s*\Z")


def _role(entry: str, name: str, value: Any, kinds: dict[str, dict[str, Any]]) -> Role:
    table = {"is": value} if isinstance(value, str) else dict(value)
    found = _KIND.match(table.get("is", "real"))
    if not found:
        raise CatalogueError("SD402", f"{entry}: symbol {name} is {table.get('is')!r}", "write kind or kind[shape]")
    kind, shape_text = found.groups()
    base: dict[str, Any] = {}
    if kind in kinds:  # a named kind may refine a base kind of the same name: `gradient` brings its letters
        base, kind = kinds[kind], kinds[kind]["kind"]
    elif kind not in KINDS:
        raise CatalogueError(
            "SD402", f"{entry}: symbol {name} has the unknown kind {kind!r}", "declare it in symbols.toml"
        )
    text = shape_text if shape_text is not None else base.get("shape", "")
    shape: Shape = tuple(s.strip() for s in text.split(",") if s.strip())
    letters = (*table.get("letters", ()), *base.get("letters", ()))
    return Role(
        id=name,
        kind=kind,
        shape=shape,
        letters=tuple(dict.fromkeys(letters)),
        meaning=table.get("meaning", base.get("meaning", {})),
        domain=table.get("domain", base.get("domain", "")),
    )


def loose_ends(catalogue: Catalogue) -> list[str]:
    """Links that lead nowhere: siblings that do not exist, a `previous` that is no symbol. Empty in a release."""
    out = []
    for entry in catalogue.entries.values():
        out += [f"{entry.id}: the sibling {s} does not exist" for s in entry.siblings if s not in catalogue.entries]
        if entry.previous and entry.previous not in entry.roles:
            out.append(f"{entry.id}: previous = {entry.previous!r} is no symbol of it")
    return out
