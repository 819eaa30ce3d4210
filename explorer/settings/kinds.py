"""Settings that are one of several words, a flag, or a pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.params import is_real, must, settle
from explorer.settings.setting import Plain, Whole, face, named, word_code

LARGEST_PIXEL = 2**20
"""Largest row or column number: more than any image on a page has."""


@dataclass(frozen=True)
class Pick(Plain):
    """One of several values: words, numbers, truth values or None.

    Parameters
    ----------
    labels : names of the options on the page; by default, the options themselves.
    unlisted : options that the page does not offer until one of them is chosen.
    """

    name: str
    options: tuple[Any, ...]
    meaning: str
    default: Any = None
    label: str = ""
    labels: tuple[str, ...] = ()
    unlisted: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        first = self.options[0]
        absent = self.default is None and None not in self.options
        settle(
            self,
            label=named(self.name, self.label),
            labels=self.labels or tuple(map(str, self.options)),
            default=self.check(first if absent else self.default),
        )

    def check(self, value: Any) -> Any:
        """Return the option that equals the value."""
        for option in self.options:
            if same(value, option):
                return option
        known = ", ".join(map(word_code, self.options))
        first = word_code(self.options[0])
        raise ValueError(
            must(self.name, f"one of {known}", value, f"pass one such as {first}")
        )

    def code(self, value: Any) -> str:
        """Return the option as a Python literal."""
        return word_code(self.check(value))

    def control(self) -> dict[str, Any]:
        """Return the listed options with their labels."""
        pairs = zip(self.options, self.labels, strict=True)
        options = [
            {"value": value, "label": label}
            for value, label in pairs
            if value not in self.unlisted
        ]
        return face(self, "pick", options=options)


def same(value: Any, option: Any) -> bool:
    """Return whether a value equals an option; True and 1 differ."""
    if isinstance(option, str):
        return isinstance(value, str) and value == option
    if option is None or isinstance(option, bool):
        return value is option
    return is_real(value) and bool(value == option)


@dataclass(frozen=True)
class Flag(Plain):
    """Yes or no."""

    name: str
    meaning: str
    default: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        settle(self, label=named(self.name, self.label))
        settle(self, default=self.check(self.default))

    def check(self, value: Any) -> bool:
        """Return True or False."""
        if not isinstance(value, (bool, np.bool_)):
            cure = f"pass True or False ({self.meaning})"
            raise TypeError(must(self.name, "True or False", value, cure))
        return bool(value)

    def code(self, value: Any) -> str:
        """Return True or False as a Python literal."""
        return repr(self.check(value))

    def control(self) -> dict[str, Any]:
        """Return the description of a box to tick."""
        return face(self, "flag")


@dataclass(frozen=True)
class Pixel(Whole):
    """A pixel, set by tapping a picture; its readers clip it to their image."""

    name: str = "pixel"
    default: tuple[int, int] = (0, 0)
    meaning: str = "selected pixel: row and column, counted from 0"
    label: str = ""

    def __post_init__(self) -> None:
        settle(self, label=named(self.name, self.label))
        settle(self, default=self.check(self.default))

    def check(self, value: Any) -> tuple[int, int]:
        """Return row and column."""
        pair = tuple(value) if isinstance(value, (tuple, list)) else ()
        if len(pair) != 2 or not all(map(is_place, pair)):
            raise (ValueError if len(pair) == 2 else TypeError)(
                must(
                    self.name,
                    f"two integers in [0, {LARGEST_PIXEL}], row and column",
                    value,
                    "tap a picture, or pass a pair such as (3, 4)",
                )
            )
        return int(pair[0]), int(pair[1])

    def to_json(self, value: Any) -> list[int]:
        """Return [row, column]."""
        return list(self.check(value))

    def from_json(self, document: Any) -> tuple[int, int]:
        """Return row and column, checked."""
        return self.check(document)

    def code(self, value: Any) -> str:
        """Return the pair as a Python literal."""
        return repr(self.check(value))

    def control(self) -> dict[str, Any]:
        """Return the description of a pair of fields; tapping a picture fills them."""
        return face(self, "pixel")


def is_place(value: Any) -> bool:
    """Return whether a value is an admissible row or column number."""
    return is_real(value) and 0 <= value <= LARGEST_PIXEL and value == int(value)
