"""Real arithmetic that cannot be wrong: exact rationals where possible, Arb balls elsewhere.

A value is an ``fmpq`` (exact) or an ``arb`` (a ball that encloses the true number). Whatever is undefined over
the reals, or cannot be decided at the working precision, is the non-finite ball `NAN`, and everything computed
from it is `NAN` too. A truth value is ``True``, ``False`` or, undecided, ``None``.

Example:
    >>> from flint import fmpq
    >>> power(fmpq(4, 9), fmpq(1, 2)), less(fmpq(0), exponential(fmpq(-3)))
    (2/3, True)
    >>> logarithm(fmpq(-1)).is_finite()
    False
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from flint import arb, fmpq
from flint.utils.flint_exceptions import DomainError

Value: TypeAlias = Any  # fmpq | arb; the operators of python-flint mix them, its stubs do not
Truth: TypeAlias = "bool | None"

NAN = arb("nan")
ZERO = fmpq(0)
ONE = fmpq(1)
EXACT_BITS = 1 << 13  # rationals beyond this height are continued as balls
LARGEST_EXPONENT = 1 << 40  # beyond it a power or an exponential is refused: its value could fill the memory


def finite(value: Value) -> bool:
    """Whether the value encloses a real number."""
    return type(value) is fmpq or bool(value.is_finite())


def ball(value: Value) -> Any:
    """Returns the value as an ``arb``, rounded outwards to the working precision."""
    return value if type(value) is arb else arb(value)


def _kept(value: Value) -> Value:
    """An exact value of moderate height as it is, a taller one as a ball, an infinite ball as `NAN`."""
    if type(value) is fmpq:
        return value if value.height_bits() < EXACT_BITS else arb(value)
    return value if value.is_finite() else NAN


def add(a: Value, b: Value) -> Value:
    """The sum."""
    return a + b


def subtract(a: Value, b: Value) -> Value:
    """The difference."""
    return a - b


def negate(a: Value) -> Value:
    """The negative."""
    return -a


def multiply(a: Value, b: Value) -> Value:
    """The product; zero times something undefined stays undefined."""
    return _kept(a * b)


def invert(a: Value) -> Value:
    """The reciprocal; undefined at zero, undecided if the ball holds zero."""
    if type(a) is fmpq:
        return NAN if a == 0 else 1 / a
    return _kept(1 / a)


def square_root(a: Value) -> Value:
    """The root of a nonnegative number; exact for squares of rationals, so that ties of norms are seen."""
    if type(a) is fmpq:
        if a < 0:
            return NAN
        try:
            return a.sqrt()
        except DomainError:
            return arb(a).sqrt()
    return _kept(a.sqrt())


def exponential(a: Value) -> Value:
    """``exp``; a bound where it all but vanishes, refused where it is beyond all reason."""
    a = ball(a)
    if a < -LARGEST_EXPONENT:
        return arb(0, arb(-LARGEST_EXPONENT).exp().upper())
    if not abs(a) < LARGEST_EXPONENT:
        return NAN
    return _kept(a.exp())


def logarithm(a: Value) -> Value:
    """The natural logarithm of a positive number."""
    return _kept(ball(a).log())


def integer_power(base: Value, exponent: int) -> Value:
    """``base ** exponent`` for an integer exponent; ``0 ** 0`` is 1, as in a power series."""
    if exponent == 0:
        return ONE if finite(base) else NAN
    if exponent < 0:
        return invert(integer_power(base, -exponent))
    if exponent > LARGEST_EXPONENT:
        return NAN
    if type(base) is fmpq and base.height_bits() * exponent < EXACT_BITS:
        return base**exponent
    return _kept(ball(base) ** exponent)


def power(base: Value, exponent: Value) -> Value:
    """``base ** exponent`` over the reals.

    A negative base needs an integer exponent. Zero to a positive power is zero; ``0 ** 0`` with an exponent that
    just happens to vanish is undefined.
    """
    if type(exponent) is fmpq and exponent.q == 1:
        if exponent == 0 and not nonzero(base):
            return NAN
        return integer_power(base, int(exponent.p))
    if type(exponent) is fmpq and exponent.q == 2 and exponent.height_bits() < 16:
        return integer_power(square_root(base), int(exponent.p))
    sign = sign_of(base)
    if sign == 0:
        return ZERO if less(ZERO, exponent) is True else NAN
    if sign != 1:
        return NAN
    return exponential(multiply(exponent, logarithm(base)))


def sign_of(a: Value) -> int | None:
    """1, 0 or -1, or ``None`` if undecided."""
    if a > 0:
        return 1
    if a < 0:
        return -1
    return 0 if (a == 0 if type(a) is fmpq else a.is_zero()) else None


def nonzero(a: Value) -> bool:
    """Whether the value is certainly not zero."""
    return bool(a > 0 or a < 0)


def sign(a: Value) -> Value:
    """The sign; undecided around zero."""
    s = sign_of(a)
    return NAN if s is None else fmpq(s)


def heaviside(a: Value, at_zero: Value) -> Value:
    """0 below zero, 1 above, ``at_zero`` at zero."""
    s = sign_of(a)
    if s is None:
        return NAN
    return at_zero if s == 0 else (ONE if s > 0 else ZERO)


def absolute(a: Value) -> Value:
    """The absolute value."""
    return abs(a)


def maximum(a: Value, b: Value) -> Value:
    """The larger of two; a ball around both where the order is undecided, which is no guess."""
    if type(a) is fmpq and type(b) is fmpq:
        return max(a, b)
    return ball(a).max(ball(b))


def minimum(a: Value, b: Value) -> Value:
    """The smaller of two."""
    if type(a) is fmpq and type(b) is fmpq:
        return min(a, b)
    return ball(a).min(ball(b))


def floor(a: Value) -> Value:
    """The largest integer that is not larger."""
    return fmpq(a.floor()) if type(a) is fmpq else _kept(a.floor())


def ceiling(a: Value) -> Value:
    """The smallest integer that is not smaller."""
    return fmpq(a.ceil()) if type(a) is fmpq else _kept(a.ceil())


def modulo(a: Value, b: Value) -> Value:
    """``a - b * floor(a / b)``, with the sign of the divisor as in Python."""
    return a - multiply(b, floor(multiply(a, invert(b))))


# ---- truth values


def less(a: Value, b: Value) -> Truth:
    """Whether ``a < b``."""
    d = a - b
    return True if d < 0 else (False if d >= 0 else None)


def less_or_equal(a: Value, b: Value) -> Truth:
    """Whether ``a <= b``."""
    d = a - b
    return True if d <= 0 else (False if d > 0 else None)


def equal(a: Value, b: Value) -> Truth:
    """Whether ``a == b``; of balls, true only if both are the same point."""
    s = sign_of(a - b)
    return None if s is None else s == 0


def different(a: Value, b: Value) -> Truth:
    """Whether ``a != b``."""
    return negation(equal(a, b))


def negation(a: Truth) -> Truth:
    """Logical not."""
    return None if a is None else not a


def conjunction(*truths: Truth) -> Truth:
    """Logical and."""
    if any(t is False for t in truths):
        return False
    return True if all(t is True for t in truths) else None


def disjunction(*truths: Truth) -> Truth:
    """Logical or."""
    return negation(conjunction(*map(negation, truths)))


def exclusive(*truths: Truth) -> Truth:
    """Whether an odd number of them holds."""
    return None if None in truths else sum(map(bool, truths)) % 2 == 1


def either(condition: Truth, a: Truth, b: Truth) -> Truth:
    """``a`` if the condition holds, else ``b``."""
    return None if condition is None else (a if condition else b)


def indicator(truth: Truth) -> Value:
    """1 if it holds, 0 if not."""
    return NAN if truth is None else (ONE if truth else ZERO)


def select(*pairs: Any) -> Value:
    """The value behind the first truth that holds: ``select(c1, v1, c2, v2, ...)``; undecided stays undecided."""
    for truth, value in zip(pairs[::2], pairs[1::2], strict=True):
        if truth is None:
            return NAN
        if truth:
            return value
    return NAN


# ---- special functions


def method(name: str) -> Callable[[Value], Value]:
    """Returns the function of one argument that Arb knows by this name."""
    function = getattr(arb, name)

    def apply(a: Value) -> Value:
        result = function(a if type(a) is arb else arb(a))
        return result if result.is_finite() else NAN

    apply.__name__ = name
    return apply


def bessel(name: str) -> Callable[[Value, Value], Value]:
    """Returns a Bessel function ``f(order, x)``."""
    function = getattr(arb, f"bessel_{name}")
    return lambda order, x: _kept(function(ball(x), ball(order)))


def factorial(a: Value) -> Value:
    """``gamma(a + 1)``."""
    return _kept(ball(a + 1).gamma())


def binomial(n: Value, k: Value) -> Value:
    """``n! / (k! (n - k)!)``, through the gamma function."""
    return _kept(ball(n + 1).gamma() * ball(k + 1).rgamma() * ball(n - k + 1).rgamma())


def beta(a: Value, b: Value) -> Value:
    """Euler's beta function."""
    return _kept(ball(a).gamma() * ball(b).gamma() * ball(a + b).rgamma())


def log_gamma(a: Value) -> Value:
    """The logarithm of the gamma function at a positive number."""
    return _kept(ball(a).lgamma()) if sign_of(a) == 1 else NAN


def polygamma(order: Value, x: Value) -> Value:
    """The derivative of ``digamma`` of integer order, at a positive number."""
    if order == 0:
        return _kept(ball(x).digamma())
    if type(order) is not fmpq or order.q != 1 or not 0 < order < 50 or sign_of(x) != 1:
        return NAN
    n = int(order)
    return _kept((-1) ** (n + 1) * arb(n + 1).gamma() * arb(n + 1).zeta(ball(x)))


def arctangent2(y: Value, x: Value) -> Value:
    """The angle of the point ``(x, y)``; undecided on the cut."""
    if not (nonzero(y) or less(ZERO, x) is True):
        return NAN
    return _kept(arb.atan2(ball(y), ball(x)))


def upper_gamma(s: Value, x: Value) -> Value:
    """The upper incomplete gamma function, for positive arguments."""
    return _kept(ball(x).gamma_upper(ball(s))) if sign_of(x) == 1 else NAN


def lower_gamma(s: Value, x: Value) -> Value:
    """The lower incomplete gamma function, for positive arguments."""
    return _kept(ball(x).gamma_lower(ball(s))) if sign_of(x) == 1 else NAN
