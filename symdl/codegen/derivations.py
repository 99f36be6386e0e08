"""A derivation as a NumPy module: ``forward``, ``backward`` and the two together, over shared intermediates.

The module imports NumPy alone. What it returns is checked by the caller before anybody gets it: against the definitions
in floating point, against dual numbers and against differences.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symdl.codegen.drafting import Draft, Drafting
from symdl.codegen.names import identifier, words
from symdl.codegen.pieces import Piece, Steps, shared
from symdl.codegen.printer import PieceText
from symdl.codegen.rows import helpers
from symdl.errors import NotSupported
from symdl.terms.derivation import Signature
from symdl.terms.indexed import Expectation
from symdl.terms.results import Evidence, Module

PENDING = "Evidence: none yet."
DERIVED = {"gradient": "backward", "jvp": "tangents", "jacobian": "jacobian", "hessian": "hessian"}
"""Kind of a derivation -> name of the function that computes it."""
TOGETHER = {kind: f"value_and_{'grad' if kind == 'gradient' else name}" for kind, name in DERIVED.items()}


@dataclass(frozen=True)
class Written:
    """A module, how it is called, and the sizes that no input tells."""

    module: Module
    signature: Signature
    fits: dict[str, sp.Expr]


def module_of(draft: Draft) -> Written:
    """Writes the module of a derivation.

    Raises:
        NotSupported: SD7xx, naming what has no NumPy form yet.
    """
    drafting = Drafting(draft)
    forward = drafting.definitions()
    both = shared([*forward, *drafting.derived()], drafting.taken)
    border = _border(both, draft)
    writer = _Writer(drafting, both[:border], both[border:])
    fits = {name: f.count for name, f in drafting.sizes.fits.items()}
    return Written(writer.module(), writer.signature, fits)


def statements_of(draft: Draft) -> dict[str, tuple[str, ...]]:
    """The statements of each line by itself; a line without a NumPy form has none.

    Those of derived lines use inputs, definitions and sizes by name, and nothing else of the forward pass. Lines that
    one loop computes stand at the first of them.
    """
    first = Drafting(draft, lenient=True)
    front = _Writer(first, shared(first.definitions(), first.taken), [])
    second = Drafting(draft, lenient=True)
    second.known = first.known
    back = _Writer(second, [], shared(second.derived(), second.taken))
    return {**front.statements(), **back.statements()}


def with_evidence(module: Module, evidence: Sequence[Evidence]) -> Module:
    """Returns the module with what was found by its checks in its docstring."""
    found = [words(f"{e.oracle}: " + ", ".join(f"{k} {v}" for k, v in e.facts.items())) for e in evidence]
    text = "\n".join(["Evidence:", *("    " + f for f in found)])
    return replace(module, source=module.source.replace(PENDING, text, 1), evidence=tuple(evidence))


def _border(pieces: Sequence[Piece], draft: Draft) -> int:
    """Where the derived lines begin: after the last definition, before what only they use."""
    defined = {a.name for a in draft.program}
    last = -1
    for k, p in enumerate(pieces):
        if defined & set(_targets(p)):
            last = k
    return last + 1


def _targets(p: Piece) -> tuple[str, ...]:
    return p.targets if isinstance(p, Steps) else (p.target,)


class _Writer:
    """Text of one module."""

    def __init__(self, drafting: Drafting, forward: Sequence[Piece], backward: Sequence[Piece]) -> None:
        self.drafting = drafting
        self.draft = drafting.draft
        self.program = drafting.program
        names = {*drafting.taken, *drafting.shapes}
        self.samples = _samples(self.draft)
        self.sizes = {s.name for shape in drafting.shapes.values() for d in shape for s in d.free_symbols}
        self.printer = PieceText(names | set(self.samples), counts=self.sizes)
        told = {n for n in self.sizes if next(self.ways(n, self.program.inputs), None)}
        self.free_sizes = told - drafting.sizes.given
        counters = {p.counter for p in (*forward, *backward) if isinstance(p, Steps)}
        counters |= {c for p in (*forward, *backward) for c, _ in getattr(p, "counters", ())}
        self.printer = PieceText(names | set(self.samples), counts=self.sizes | counters)
        self.printer.like = drafting.like(self.program.inputs)
        self.forward = self.pruned(forward, backward)
        self.printer.helpers.clear()
        self.printer.unknown.clear()
        self.front = [(p, self.printer.piece(p)) for p in self.forward]
        self.open_forward = self.opened()
        self.printer.unknown.clear()
        seeds = [v.name for v in self.draft.seeds]
        self.printer.like = drafting.like([*seeds, *self.program.inputs])
        kept = set(self.printer.helpers)
        behind = self.pruned(backward, ())
        self.printer.helpers.clear()
        self.printer.helpers.update(kept)
        self.printer.unknown.clear()
        self.back = [(p, self.printer.piece(p)) for p in behind]
        self.open_backward = self.opened()

    def opened(self) -> tuple[str, ...]:
        """Functions left open so far."""
        return tuple(sorted(self.printer.unknown))

    def pruned(self, pieces: Sequence[Piece], later: Sequence[Piece]) -> list[Piece]:
        """Pieces without the helpers that nothing uses."""
        kept = list(pieces)
        while True:
            reads = [(p, {n for line in self.printer.piece(p) for n in _loaded(line)}) for p in (*kept, *later)]
            left = [
                p
                for p in kept
                if isinstance(p, Steps) or not p.helper or any(p.target in r for q, r in reads if q is not p)
            ]
            if len(left) == len(kept):
                return kept
            kept = left

    # ---- functions

    @property
    def signature(self) -> Signature:
        """How the functions are called."""
        results = tuple((self.draft.results[w], w) for w in self.draft.results)
        return Signature(
            tuple(self.arguments()),
            self.outputs(),
            tuple(v.name for v in self.draft.seeds),
            self.open_forward,
            self.open_backward,
            results,
            tuple((x, p) for x, p in self.samples.items() if x in self.arguments()),
        )

    def outputs(self) -> tuple[str, ...]:
        """What is differentiated: the loss, or the seeded arrays."""
        last = [a.name for a in self.program if not a.hidden][-1:]
        return tuple(self.draft.outputs) or tuple(last)

    def arguments(self) -> list[str]:
        """Inputs that either function needs, in order; then the samples."""
        needed = self.needed(self.front) | self.needed(self.back) | set(self.draft.results)
        for name in sorted(needed & self.free_sizes):
            needed |= {n for line in self.with_sizes({name}, list(self.program.inputs)) for n in _loaded(line)}
        declared = sorted(self.program.inputs, key=lambda n: n not in self.draft.declared)
        inputs = [n for n in declared if n in needed and n not in self.free_sizes]
        untold = sorted(needed & self.sizes - self.free_sizes - set(inputs))
        return [*map(identifier, (*inputs, *untold)), *(x for x in self.samples if x in needed)]

    def needed(self, written: Sequence[tuple[Piece, list[str]]]) -> set[str]:
        """Names that lines use and do not assign."""
        tree = ast.parse("\n".join(line for _, lines in written for line in lines))
        nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
        made = {n.id for n in nodes if isinstance(n.ctx, ast.Store)}
        return {n.id for n in nodes if n.id not in made} - {"np", "range", "reversed"} - self.printer.helpers

    def ways(self, name: str, arrays: Iterable[str]) -> Iterator[str]:
        """Statements that compute a size."""
        known = self.drafting.variables
        held = [n for n in arrays if n in known and known[n].axes]
        return self.drafting.sizes.statements(name, held, self.printer.number)

    def with_sizes(self, needed: set[str], arrays: Sequence[str]) -> list[str]:
        """Statements for all sizes that are needed, those first that others use.

        Raises:
            NotSupported: SD716, if nothing tells a size.
        """
        out: dict[str, str] = {}
        for name in sorted(needed & self.free_sizes):
            if not self.add(name, arrays, out, frozenset()):
                raise NotSupported("SD716", f"no array tells the size {name}", "declare it as an input of kind size")
        return _together(out, self.drafting.shapes)

    def add(self, name: str, arrays: Sequence[str], out: dict[str, str], above: frozenset[str]) -> bool:
        """Adds the statement of one size and of those it needs; whether there is one."""
        if name in out:
            return True
        for line in self.ways(name, arrays):
            others = sorted(_loaded(line) & self.free_sizes)
            if set(others) & {name, *above}:
                continue
            if all(self.add(other, arrays, out, above | {name}) for other in others):
                out[name] = line
                return True
        return False

    def cached(self) -> list[str]:
        """What ``backward`` takes over from ``forward``, in the order in which that has it."""
        seeds = [v.name for v in self.draft.seeds]
        needed = (
            self.needed(self.back) - set(self.open_backward) | {*self.draft.results.values()} & self.forward_names()
        )
        for size in sorted(needed & self.free_sizes):
            told = [*seeds, *sorted(needed & self.forward_names(), key=self.place)]
            needed |= _loaded_sizes(self, size, told)
        order = [
            *self.program.inputs,
            *sorted(self.sizes),
            *self.samples,
            *(t for p, _ in self.front for t in _targets(p)),
        ]
        return [n for n in dict.fromkeys(order) if n in needed and n not in self.free_sizes]

    def place(self, name: str) -> int:
        """Where a name stands in the forward pass."""
        return list(self.drafting.variables).index(name) if name in self.drafting.variables else -1

    def forward_names(self) -> set[str]:
        """What the forward pass has."""
        return {*self.program.inputs, *self.sizes, *self.samples, *(t for p, _ in self.front for t in _targets(p))}

    # ---- text

    def module(self) -> Module:
        """The whole source."""
        kind = self.draft.kind
        cached = self.cached()
        head = [*self.arguments(), *self.open_forward]
        outputs = ", ".join(self.outputs())
        cache = f"({', '.join(cached)}{',' if len(cached) == 1 else ''})"
        front = [
            *self.with_sizes(self.needed(self.front), list(self.program.inputs)),
            *(line for _, lines in self.front for line in lines),
            f"return {outputs}, {cache}",
        ]
        seeds = [v.name for v in self.draft.seeds]
        available = [*seeds, *(n for n in cached if n in self.drafting.variables)]
        results = ", ".join(self.draft.results.values())
        unpack = [f"{cache if len(cached) == 1 else cache[1:-1]} = cache"] if cached else []
        back = [
            *unpack,
            *self.with_sizes(self.needed(self.back), available),
            *(line for _, lines in self.back for line in lines),
            f"return {results}",
        ]
        tail = [*seeds, "cache", *self.open_backward]
        name = DERIVED[kind]
        whole = [*self.arguments(), *seeds, *dict.fromkeys((*self.open_forward, *self.open_backward))]
        forward_call = f"{outputs}, cache = forward({', '.join(head)})"
        together = [forward_call, f"return {outputs}, {name}({', '.join(tail)})"]
        functions = [
            *helpers(self.printer.helpers),
            _function("forward", head, self.forward_doc(cached), front),
            _function(name, tail, self.backward_doc(), back),
            _function(TOGETHER[kind], whole, [f'"""What is computed, and its {_WHAT[kind]}."""'], together),
        ]
        text = "\n\n\n".join(["\n".join([*self.head_doc(), "", "import numpy as np"]), *functions]) + "\n"
        return Module(text, ("forward", name, TOGETHER[kind]))

    def head_doc(self) -> list[str]:
        """The docstring of the module."""
        d = self.draft
        lines = [f'r"""{words(d.title or "A derivation").rstrip(".")}.', ""]
        names = [*(a.name for a in self.program if not a.hidden), *(a.name for a in d.lines)]
        lines += ["    " + words(d.latex[n], 400) for n in names if n in d.latex]
        if d.conventions:
            lines += ["", "Conventions:", *("    " + words(c) + "." for c in d.conventions)]
        return [*lines, "", PENDING, '"""']

    def forward_doc(self, cached: Sequence[str]) -> list[str]:
        """The docstring of ``forward``."""
        args = [f"    {self.described(n)}" for n in (*self.arguments(), *self.open_forward)]
        back = [f"    {self.described(n)}" for n in self.outputs()]
        return [
            '"""The definitions in order.',
            "",
            "Args:",
            *args,
            "",
            "Returns:",
            *back,
            f"    cache: what {DERIVED[self.draft.kind]} needs.",
            *self.fitted(),
            '"""',
        ]

    def fitted(self) -> list[str]:
        """Says how often windows fit, where no input's shape does."""
        fits = self.drafting.sizes.fits
        lines = [next(iter(self.ways(n, ()))) for n in sorted(fits)]
        return ["", "Sizes:", *(f"    {line}" for line in lines)] if lines else []

    def backward_doc(self) -> list[str]:
        """The docstring of ``backward``."""
        d = self.draft
        args = [f"    {self.described(v.name)}" for v in d.seeds] + ["    cache: from forward."]
        args += [f"    {self.described(n)}" for n in self.open_backward]
        back = [f"    {self.described(n, of=w)}" for w, n in d.results.items()]
        return [f'"""The {_WHAT[d.kind]}, line by line.', "", "Args:", *args, "", "Returns:", *back, '"""']

    def described(self, name: str, of: str = "") -> str:
        """``W: shape (h, n).``"""
        v = self.drafting.variables.get(name)
        if name in self.samples:
            return f"{name}: samples from {self.samples[name]}, shape (N,)."
        if v is None and name in self.sizes:
            return f"{name}: a count."
        if v is None:
            base = name.removesuffix("_prime")
            return f"{name}: {'the derivative of ' + base if base != name else 'a function, element by element'}."
        if name in self.sizes:
            return f"{name}: a count."
        shape = ", ".join(self.printer.number(s) for s in v.shape)
        what = f"shape ({shape}{',' if len(v.shape) == 1 else ''})" if v.shape else "a number"
        return f"{name}: {f'by {of}, ' if of else ''}{what}."

    def statements(self) -> dict[str, tuple[str, ...]]:
        """Line -> its statements; lines of one loop stand at the first of them."""
        names = {*(a.name for a in self.program), *(a.name for a in self.draft.lines)}
        out: dict[str, tuple[str, ...]] = {}
        waiting: list[str] = []
        for p, lines in (*self.front, *self.back):
            waiting += lines
            mine = [t for t in _targets(p) if t in names]
            if mine:
                out[mine[0]] = tuple(waiting)
                waiting = []
        return out


_WHAT = {
    "gradient": "gradients",
    "jvp": "derivatives along the directions",
    "jacobian": "Jacobians",
    "hessian": "second derivatives",
}


def _function(name: str, arguments: Sequence[str], doc: Sequence[str], body: Sequence[str]) -> str:
    lines = [f"def {name}({', '.join(arguments)}):", *("    " + line if line else "" for line in (*doc, *body))]
    return "\n".join(lines)


def _together(lines: Mapping[str, str], shapes: Mapping[str, tuple[sp.Expr, ...]]) -> list[str]:
    """``h, w = X.shape`` for two lines that take the sizes one by one."""
    out = dict(lines)
    for array, shape in shapes.items():
        singles = [f"{s} = {array}.shape[{k}]" for k, s in enumerate(shape)]
        if len(shape) > 1 and len(set(singles)) == len({str(s) for s in shape}) and set(singles) <= set(out.values()):
            first, *rest = [next(n for n, line in out.items() if line == single) for single in singles]
            out[first] = f"{', '.join(map(str, shape))} = {array}.shape"
            for name in rest:
                del out[name]
    return list(out.values())


def _loaded(text: str) -> set[str]:
    text = text.strip()
    if text.startswith("for "):
        text += " pass"
    return {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _loaded_sizes(writer: _Writer, name: str, arrays: Sequence[str]) -> set[str]:
    """Arrays that tell a size, if none of those at hand does."""
    try:
        writer.with_sizes({name}, arrays)
        return set()
    except NotSupported:
        lines = writer.with_sizes({name}, list(writer.program.inputs))
        return {n for line in lines for n in _loaded(line)} & set(writer.program.inputs)


def _samples(draft: Draft) -> dict[str, str]:
    """Random variable -> its distribution."""
    found: dict[str, str] = {}
    for a in (*draft.program, *draft.lines):
        for e in a.body.atoms(Expectation):
            x, p = str(e.args[1]), str(e.args[2])
            if found.setdefault(x, p) != p:
                raise NotSupported("SD711", f"{x} is drawn from {found[x]} and from {p}")
    return found


__all__ = [
    "DERIVED",
    "PENDING",
    "TOGETHER",
    "Draft",
    "Signature",
    "Written",
    "module_of",
    "statements_of",
    "with_evidence",
]
