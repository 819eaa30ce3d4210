"""Settings that hold one number or several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from explorer.params import Parameter, is_real, must, settle
from explorer.settings.setting import Plain, Whole, face, named, paragraph, word_code


@dataclass(frozen=True)
class Number(Plain):
    """A number, declared by a parameter of `params`; name and default may differ.

    Parameters
    ----------
    words : words that are admissible instead of a number, such as "auto".
    judge : function for a further check; returns the number, or raises.
    plays : whether a button plays the slider, step by step up to its end.

    Examples
    --------
    >>> from explorer import params
    >>> Number(params.NOISE, default=0.2).check(0.3)
    0.3
    """

    parameter: Parameter
    name: str = ""
    default: Any = None
    meaning: str = ""
    label: str = ""
    words: tuple[str, ...] = ()
    judge: Callable[[Any], Any] | None = None
    plays: bool = False

    def __post_init__(self) -> None:
        own, declared = self.name or self.parameter.name, self.parameter
        settle(
            self,
            name=own,
            label=named(own, self.label or declared.label),
            meaning=self.meaning or declared.meaning,
            parameter=replace(declared, name=own),
        )
        start = declared.default if self.default is None else self.default
        settle(self, default=self.check(start))
        settle(self, parameter=replace(self.parameter, default=self.default))

    def check(self, value: Any) -> Any:
        """Return an int, a float or one of the words."""
        if isinstance(value, str) and value in self.words:
            return str(value)
        try:
            number = self.parameter.check(value)
        except (ValueError, TypeError) as error:
            words = "".join(f', or "{word}"' for word in self.words)
            admissible, cure = self.parameter.admissible + words, self._cure(value)
            raise type(error)(must(self.name, admissible, value, cure)) from None
        return number if self.judge is None else self.judge(number)

    def _cure(self, value: Any) -> str:
        """Return the cure for an inadmissible value."""
        p = self.parameter
        if is_real(value) and value > p.high:
            return f"lower it to {p.high:g} or less"
        if is_real(value) and value <= p.low:
            return (
                f"raise it above {p.low:g}"
                if p.open_low
                else f"raise it to {p.low:g} or more"
            )
        if is_real(value) and value == value:
            return "round it"
        return f"pass a number such as {p.default!r} ({self.meaning})"

    def code(self, value: Any) -> str:
        """Return the number as an exact Python literal."""
        return word_code(self.check(value))

    def control(self) -> dict[str, Any]:
        """Return the description of a slider with symbol, unit, range and help."""
        p = self.parameter
        low, high, increment = p.slider
        symbol = "" if p.symbol == p.name else p.symbol
        return face(
            self, "number", symbol=symbol, unit=p.unit, low=low, high=high,
            increment=increment, log=p.log, integer=p.integer,
            words=list(self.words), admissible=p.admissible, help=self._help(symbol),
            plays=self.plays,
        )  # fmt: skip

    def _help(self, symbol: str) -> str:
        """Return a paragraph with meaning, range and unit, and one with the formula."""
        p = self.parameter
        begin = f"{symbol}: " if symbol else ""
        unit = f" ({p.unit})" if p.unit else ""
        told = paragraph(f"{begin}{self.meaning}; {p.admissible}{unit}")
        return told + paragraph(p.formula, "formula")


@dataclass(frozen=True)
class Several(Whole):
    """Several numbers, such as the scales of an extractor; they have no control."""

    name: str
    default: tuple[float, ...]
    meaning: str
    judge: Callable[[Any], Any]
    label: str = ""

    def __post_init__(self) -> None:
        settle(self, label=named(self.name, self.label))
        settle(self, default=self.check(self.default))

    def check(self, value: Any) -> tuple[float, ...]:
        """Return the numbers as a tuple."""
        return self.judge(value)

    def to_json(self, value: Any) -> list[float]:
        """Return the numbers as a list."""
        return list(self.check(value))

    def from_json(self, document: Any) -> tuple[float, ...]:
        """Return the numbers as a tuple, checked."""
        return self.check(document)

    def code(self, value: Any) -> str:
        """Return the tuple as a Python literal."""
        return repr(self.check(value))

    def control(self) -> dict[str, Any]:
        """Return a description that pages ignore."""
        return face(self, "several")
