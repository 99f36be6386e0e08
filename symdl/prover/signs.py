"""Signs of polynomials in generators, and nothing guessed: the set of signs that are still possible.

Ways to know a sign: what is declared, the facts of the case, coefficients that are all positive once every bounded
generator is written through nonnegative ones, a comparison of exponentials by their exponents, of logarithms by
their arguments, of roots by their squares, of univariate polynomials by Sturm's theorem, of constants by balls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flint import fmpq

from symdl.prover import bounds, numbers, sturm
from symdl.prover.domain import ANY, Facts, pattern
from symdl.prover.domain import Signs as SignSet
from symdl.prover.ring import Frac
from symdl.prover.signals import Contradiction, Split, Undefined
from symdl.prover.structure import Key, Structure, is_open, rename

if TYPE_CHECKING:
    from symdl.prover.kernel import Kernel

POSITIVE: SignSet = frozenset({1})
NEGATIVE: SignSet = frozenset({-1})
NONNEGATIVE: SignSet = frozenset({0, 1})
_DEPTH = 3


class Signs:
    """Answers questions about signs for one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.known: dict[str, SignSet] = {}  # irreducible factors with stated signs
        self.stated: list[tuple[Any, bool]] = []  # polynomials that are >= 0; whether they are > 0
        self._memo: dict[str, SignSet] = {}
        self._busy: set[str] = set()

    def learn(self, facts: Facts) -> None:
        """Takes in the signs that are stated, in order.

        Raises:
            Contradiction: they exclude each other.
        """
        k = self.kernel
        for s, allowed in facts.signs:
            try:
                with k.muted():
                    f = k.build_polynomial(s)
            except Undefined:
                raise Contradiction from None
            possible = self.of(f) & allowed
            if not possible:
                raise Contradiction
            if possible == {0} and f.num != 0:
                self._relate(f.num)
            self._state(f, possible)

    def _state(self, a: Frac, signs: SignSet) -> None:
        sole = self.sole(a, signs)
        if sole is not None:
            self._note(*sole)
        elif 0 not in signs and self.kernel.constant(a) is None:
            for f, _ in self.kernel.factors(a)[1]:
                if 0 in self.of_factor(f):
                    self._note(f, self.of_factor(f) - {0})

    def sole(self, a: Frac, signs: SignSet) -> tuple[Any, SignSet] | None:
        """If just one factor is of unknown sign: that factor, and the signs it has where ``a`` has the given ones."""
        k = self.kernel
        if k.constant(a) is not None:
            return None
        c, found = k.factors(a)
        rest = frozenset({1 if c > 0 else -1})
        left = []
        for f, e in found:
            s = self.of_factor(f)
            if len(_to(s, e)) == 1:
                rest = _times(rest, _to(s, e))
            else:
                left.append((f, e, s))
        if len(left) != 1 or left[0][1] % 2 == 0 or len(rest) != 1 or rest == {0}:
            return None
        f, _, s = left[0]
        (t,) = rest
        return f, frozenset(u for u in s if u * t in signs)

    def _relate(self, f: Any) -> None:
        """Where a polynomial is zero, a pure power ``g**n`` in it equals the rest, which holds only lower powers."""
        k = self.kernel
        for i in k.generators(f):
            top = f.degrees()[i]
            if k.keys[i][0] not in ("sym", "acc") or i in k.powers or i in k.idempotent:
                continue
            pure = tuple(top if j == i else 0 for j in range(len(k.keys)))
            terms = {m[: len(k.keys)]: c for m, c in f.to_dict().items()}
            if pure in terms and all(m[i] < top for m in terms if m != pure):
                c = terms[pure]
                lead = k.context.gen(i) ** top * c
                k.powers[i] = (top, Frac((lead - f) / c, k.unit))
                return

    def _note(self, f: Any, signs: SignSet) -> None:
        if not signs:
            raise Contradiction
        self.known[str(f)] = signs
        if signs <= {0, 1}:
            self.stated.append((f, 0 not in signs))
        elif signs <= {0, -1}:
            self.stated.append((-f, 0 not in signs))
        self._memo.clear()

    # ---- questions

    def of(self, a: Frac) -> SignSet:
        """Possible signs of a fraction where it is defined."""
        k = self.kernel
        if a.num == 0:
            return frozenset({0})
        c, found = k.factors(a)
        out: SignSet = frozenset({1 if c > 0 else -1})
        for f, e in found:
            s = self.of_factor(f)
            out = _times(out, _to(s - {0} if e < 0 else s, e))
        return out

    def of_factor(self, f: Any) -> SignSet:
        """Possible signs of an irreducible polynomial."""
        name = str(f)
        found = self._memo.get(name)
        if found is not None:
            return found
        if name in self._busy or len(self._busy) >= _DEPTH * 3:
            return self.known.get(name, ANY)
        self._busy.add(name)
        try:
            with self.kernel.muted():
                out = self._found(f, name)
        finally:
            self._busy.discard(name)
        if not self._busy:
            self._memo[name] = out
        return out

    def decide(self, a: Frac) -> SignSet:
        """As `of`, but asks for a case distinction if more than one sign is possible and a distinction can be made."""
        out = self.of(a)
        if len(out) > 1:
            self.ask(a)
        return out

    def ask(self, a: Frac) -> None:
        """Raises `Split` with the first factor of unknown sign; does nothing below an open reduction."""
        k = self.kernel
        _, found = k.factors(a)
        for f, e in found:
            s = self.of_factor(f)
            if len(s - {0} if e < 0 else s) > 1 and not (e % 2 == 0 and 0 not in s):
                self._split(f)

    def _split(self, f: Any) -> None:
        k = self.kernel
        simpler = self._exponents(f)
        if simpler is not None and k.constant(simpler) is None and str(simpler.num) not in self._busy:
            with self._looking(f):
                self.ask(simpler)
        s = k.poly_structure(f)
        if not is_open(s):
            raise Split(s)

    @contextmanager
    def _looking(self, f: Any) -> Iterator[None]:
        self._busy.add(str(f))
        try:
            yield
        finally:
            self._busy.discard(str(f))

    # ---- ways to know

    def _found(self, f: Any, name: str) -> SignSet:
        out = self.known.get(name, ANY)
        for way in _WAYS:
            if len(out) == 1:
                break
            out &= way(self, f)
        if not out:
            raise Contradiction
        return out

    def _declared(self, f: Any) -> SignSet:
        k = self.kernel
        if len(f) == 1 and f.total_degree() == 1:
            return self.of_key(k.keys[k.generators(f)[0]])
        return ANY

    def _pattern(self, f: Any) -> SignSet:
        k = self.kernel
        if not k.facts.patterns:
            return ANY
        found = k.facts.patterns.get(pattern(k.poly_structure(f)), ANY)
        flipped = k.facts.patterns.get(pattern(k.poly_structure(-f)), ANY)
        return found & frozenset(-s for s in flipped)

    def _coefficients(self, f: Any) -> SignSet:
        return bounds.signs(self.kernel, f)

    def _constant(self, f: Any) -> SignSet:
        return numbers.sign(self.kernel, f)

    def _univariate(self, f: Any) -> SignSet:
        k = self.kernel
        used = k.generators(f)
        if len(used) != 1 or f.total_degree() < 2:
            return ANY
        return sturm.signs(f, used[0], self.of_key(k.keys[used[0]]))

    def _quadratic(self, f: Any) -> SignSet:
        """``a g^2 + b g + c`` with ``a`` positive and ``4ac - b^2`` not negative."""
        k = self.kernel
        for i in k.generators(f):
            if f.degrees()[i] != 2 or len(self._busy) > _DEPTH:
                continue
            a, b, c = (_coefficient(k, f, i, e) for e in (2, 1, 0))
            s = self.of(a)
            if s not in (POSITIVE, NEGATIVE):
                continue
            d = self.of(k.subtract(k.scaled(k.multiply(a, c), fmpq(4)), k.multiply(b, b)))
            if d == POSITIVE:
                return s
            if d <= NONNEGATIVE:
                return s | {0}
        return ANY

    def _root(self, f: Any) -> SignSet:
        """``a + b g`` for a square root ``g``: if the signs of the parts differ, their squares decide."""
        k = self.kernel
        for i in reversed(k.generators(f)):
            key = k.keys[i]
            if key[0] != "root" or key[1] != 2 or f.degrees()[i] != 1 or len(self._busy) > _DEPTH:
                continue
            a, b = _coefficient(k, f, i, 0), _coefficient(k, f, i, 1)
            sa, sb = self.of(a), self.of(b)
            if sb not in (POSITIVE, NEGATIVE) or self.of_key(key) > NONNEGATIVE:
                continue
            (t,) = sb
            if sa <= {0, t}:
                return frozenset({0, t}) if self.of_key(key) != POSITIVE and 0 in sa else sb
            if sa <= {0, -t} or sa == ANY:
                gap = k.subtract(k.multiply(k.multiply(b, b), k.build(key[2])), k.multiply(a, a))
                found = self.of(gap)
                if sa <= {0, -t} or found <= NONNEGATIVE:  # |b g| >= |a| decides whatever the sign of a
                    return frozenset(t * u for u in found)
        return ANY

    def _exponents(self, f: Any) -> Frac | None:
        """Where ``f = c1 M1 - c2 M2`` with products of exponentials: the difference of the logarithms."""
        k = self.kernel
        if len(f) != 2:
            return None
        (m1, c1), (m2, c2) = f.to_dict().items()
        if c1 * c2 > 0 or any(k.keys[i][0] != "exp" for i in k.generators(f)):
            return None
        if c1 < 0:
            m1, c1, m2, c2 = m2, c2, m1, c1
        from symdl.prover import tower

        total = tower.logarithm(k, k.number(int((c1 / -c2).p), int((c1 / -c2).q)))
        for i, (a, b) in enumerate(zip(m1, m2, strict=True)):
            if a != b:
                total = k.add(total, k.scaled(tower.exponent_of(k, k.keys[i]), fmpq(a - b)))
        return total

    def _compared(self, f: Any) -> SignSet:
        simpler = self._exponents(f)
        return ANY if simpler is None else self.of(simpler)

    def _logarithms(self, f: Any) -> SignSet:
        """A sum of multiples of logarithms has the sign of its exponential minus one."""
        k = self.kernel
        if len(self._busy) > _DEPTH or not any(k.keys[i][0] == "log" for i in k.generators(f)):
            return ANY
        scale = 1
        for mono, c in f.to_dict().items():
            here = [i for i, e in enumerate(mono) if e]
            if any(k.keys[i][0] == "log" for i in here):
                if sum(mono) != 1:
                    return ANY
                scale = scale * int(c.q)
        if scale > 24 or any(abs(c * scale) > 24 for c in f.coeffs()):
            return ANY
        from symdl.prover import tower

        whole = tower.exponential(k, k.scaled(Frac(f, k.unit), fmpq(scale)))
        return self.of(k.subtract(whole, k.one))

    # ---- generators

    def of_key(self, key: Key) -> SignSet:
        """Possible signs of a generator."""
        k = self.kernel
        kind = key[0]
        if kind == "sym":
            return k.facts.name(key[1]).signs
        if kind == "acc":
            return k.facts.name(key[1]).signs if isinstance(key[1], str) else ANY
        if kind in _FIXED:
            return _FIXED[kind]
        asked = _KEYS.get(kind)
        return ANY if asked is None else asked(self, key)

    def _of_root(self, key: Key) -> SignSet:
        return POSITIVE if self.of(self.kernel.build(key[2])) == POSITIVE else NONNEGATIVE

    def _of_log(self, key: Key) -> SignSet:
        k = self.kernel
        return self.of(k.subtract(k.build(key[1]), k.one)) if len(self._busy) <= _DEPTH else ANY

    def _of_odd(self, key: Key) -> SignSet:
        return self.of(self.kernel.build(key[2])) if key[1] in ("erf", "atan", "asin") else ANY

    def _of_sum(self, key: Key) -> SignSet:
        """A sum, a mean or a product of parts that all have one sign; sizes are at least one where this is declared."""
        k = self.kernel
        out = POSITIVE
        for p, e in self._opened(key):
            s = self.of(k.build_polynomial(p))
            out = _times(out, _to(s - {0} if e < 0 else s, e))
        if key[0] == "prod":
            return out if out <= NONNEGATIVE else ANY
        if {1, -1} <= out:
            return ANY
        full = all(a[0] == "rv" or self.of(k.build(a[2])) == POSITIVE for a in key[1])
        return out if full else out | {0}

    def _of_max(self, key: Key) -> SignSet:
        k = self.kernel
        names = {a: k.fresh(a[0], a[2]) for a in key[1]}
        return self.of(k.build(rename(key[2], names)))

    def _opened(self, key: Key) -> list[tuple[Structure, int]]:
        names = {a: self.kernel.fresh(a[0], a[2]) for a in key[1]}
        return [(rename(p, names), e) for p, e in key[2]]


_FIXED: dict[str, SignSet] = {
    "axis": NONNEGATIVE,
    "exp": POSITIVE,
    "pi": POSITIVE,
    "const": POSITIVE,
    "pos": NONNEGATIVE,
    "zero": NONNEGATIVE,
    "delta": NONNEGATIVE,
    "count": NONNEGATIVE,
}
_KEYS: dict[str, Callable[[Signs, Key], SignSet]] = {
    "root": Signs._of_root,
    "log": Signs._of_log,
    "fn": Signs._of_odd,
    "sum": Signs._of_sum,
    "expect": Signs._of_sum,
    "prod": Signs._of_sum,
    "max": Signs._of_max,
}
_WAYS: tuple[Callable[[Signs, Any], SignSet], ...] = (
    Signs._declared,
    Signs._pattern,
    Signs._constant,
    Signs._coefficients,
    Signs._univariate,
    Signs._compared,
    Signs._quadratic,
    Signs._root,
    Signs._logarithms,
)


def _coefficient(k: Kernel, f: Any, i: int, e: int) -> Frac:
    """Coefficient of the e-th power of a generator."""
    terms = {}
    for mono, c in f.to_dict().items():
        if mono[i] == e:
            terms[tuple(0 if j == i else m for j, m in enumerate(mono))] = c
    return k.normal(k.context.from_dict(terms), k.unit) if terms else k.zero


def _times(a: SignSet, b: SignSet) -> SignSet:
    return frozenset(s * t for s in a for t in b)


def _to(s: SignSet, e: int) -> SignSet:
    return frozenset(t * t for t in s) if e % 2 == 0 else s
