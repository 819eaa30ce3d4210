"""Declare parameters, and the fields of records that hold them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

import numpy as np

LONGEST_REPR = 500
"""Most characters of a value in a message."""


def is_real(value: Any) -> bool:
    """Return whether `value` is one real number; truth values and time spans are not.

    (NumPy counts `timedelta64` among its integers.)
    """
    real = isinstance(value, numbers.Real)
    return real and not isinstance(value, (bool, np.bool_, np.timedelta64))


def shown(value: Any) -> str:
    """Return a value as text for messages: one line, at most LONGEST_REPR letters."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # for example, Python refuses to print very long integers
        text = f"<{type(value).__name__}>"
    return text if len(text) <= LONGEST_REPR else text[: LONGEST_REPR - 1] + "…"


def must(name: str, admissible: str, value: Any, cure: str) -> str:
    """Return the message about an argument: admissible values, its value, the cure.

    >>> must("block", "an integer from 1 to 8", 9, "lower it to 8")
    '`block` must be an integer from 1 to 8, got 9; lower it to 8'
    """
    return f"`{name}` must be {admissible}, got {shown(value)}; {cure}"


@dataclass(frozen=True)
class Parameter:
    """A scalar parameter: default, symbol, admissible range, one-line meaning.

    `low` and `high` bound the admissible values (`low` excluded if `open_low`);
    `slider` is the narrower range worth exploring, with its increment (a factor in
    decades if `log`); `formula` is an equation that contains the symbol; `label` is the
    name on a page, by default `name`.
    """

    name: str
    symbol: str
    default: float
    low: float
    high: float
    meaning: str
    unit: str = ""
    integer: bool = False
    open_low: bool = False
    slider: tuple[float, float, float] = (0.0, 1.0, 0.1)
    log: bool = False
    formula: str = ""
    label: str = ""

    @property
    def admissible(self) -> str:
        """The admissible range in words, for error messages and docs."""
        kind = "an integer" if self.integer else "a finite number"
        ends = (self.low, self.high)
        low, high = (f"{v:.0f}" if self.integer else f"{v:g}" for v in ends)
        if self.open_low:
            return f"{kind} above {low} and at most {high}"
        return f"{kind} from {low} to {high}"

    def check(self, value: Any) -> Any:
        """Return `value` as int or float; errors name argument, value and range."""
        if not is_real(value):
            raise TypeError(
                f"`{self.name}` = {shown(value)} is a {type(value).__name__}: "
                f"it must be {self.admissible} ({self.meaning})"
            )
        try:
            number = float(value)
        except OverflowError:  # integers beyond the floats are also out of range
            number = math.inf
        below = number <= self.low if self.open_low else number < self.low
        broken = not math.isfinite(number) or below or number > self.high
        if broken or (self.integer and number != round(number)):
            raise ValueError(
                f"`{self.name}` = {shown(value)} is out of range: "
                f"it must be {self.admissible} ({self.meaning})"
            )
        found = round(number) if self.integer else number
        return value if type(value) is type(found) else found  # the same object


@dataclass(frozen=True)
class Declared:
    """The declaration of a record's field.

    Attributes
    ----------
    check : function that returns an admissible value or raises; by default, the check
        of the parameter.
    parameter : parameter of a number; `words` are admissible instead of the number.
    options : admissible values of a field with several options.
    kinds : record classes of the library that a field offers.
    several : whether the field holds a tuple of numbers.
    """

    check: Callable[[Any], Any] | None = None
    parameter: Parameter | None = None
    words: tuple[str, ...] = ()
    options: tuple[Any, ...] = ()
    kinds: tuple[type, ...] = ()
    several: bool = False
    meaning: str = ""

    def judge(self, name: str) -> Callable[[Any], Any] | None:
        """Return the check of the field of this name."""
        if self.check is None and self.parameter is not None:
            return replace(self.parameter, name=name).check
        return self.check


DECLARES = "declares"
"""Key of the declaration in the metadata of a field."""


def of(
    parameter: Parameter,
    default: float | None = None,
    check: Callable[[Any], Any] | None = None,
    words: tuple[str, ...] = (),
) -> Any:
    """Return a field that a parameter declares: `step: float = of(STEP)`.

    Parameters
    ----------
    default : default of the field, if it differs from that of the parameter.
    check : check that replaces the check of the parameter.
    words : words that are admissible instead of a number; `check` must accept them.
    """
    start = parameter.check(parameter.default if default is None else default)
    return declared(Declared(check, parameter, words), default=start)


def part(
    make: Callable[[], Any], check: Callable[[Any], Any], *kinds: type, meaning: str
) -> Any:
    """Return a field that holds a record: one of `kinds`, or a user-defined one."""
    found = Declared(check, kinds=kinds, meaning=meaning)
    return declared(found, default_factory=make)


def one_of(options: tuple[Any, ...], check: Callable[[Any], Any], meaning: str) -> Any:
    """Return a field that holds one of several values; the default is the first."""
    found = Declared(check, options=options, meaning=meaning)
    return declared(found, default=options[0])


def several(
    default: tuple[float, ...], check: Callable[[Any], Any], meaning: str
) -> Any:
    """Return a field that holds several numbers."""
    found = Declared(check, several=True, meaning=meaning)
    return declared(found, default=default)


def declared(declaration: Declared, **default: Any) -> Any:
    """Return a field with its declaration."""
    return field(**default, metadata={DECLARES: declaration})


@cache
def judges(kind: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Return the checks of the declared fields of a record, by name."""
    declared = [(f.name, f.metadata.get(DECLARES)) for f in fields(kind)]
    found = [(name, d.judge(name)) for name, d in declared if d is not None]
    return tuple((name, judge) for name, judge in found if judge is not None)


def settle(record: Any, **values: Any) -> None:
    """Set fields of a frozen record during its initialization."""
    for name, value in values.items():
        object.__setattr__(record, name, value)


class Record:
    """A record of choices; initialization checks its fields."""

    def __post_init__(self) -> None:
        check_fields(self)
        self._judge()

    def _judge(self) -> None:
        """Raise if the choices are incompatible; by default they are compatible."""


def check_fields(record: Any) -> None:
    """Check all declared fields of a record, and convert numbers to plain ones."""
    kind: Any = type(record)
    for name, judge in judges(kind):
        given = getattr(record, name)
        value = judge(given)
        if value is not given:
            settle(record, **{name: value})
