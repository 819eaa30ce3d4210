"""The status of a solve: a value whose text names the cure."""

from __future__ import annotations

from enum import Enum


class Ending(Enum):
    """The ways in which a solve can end."""

    ACCURATE = "accurate"
    EXACT = "exact"
    INACCURATE = "inaccurate"
    UNDETERMINED = "undetermined"


class Status:
    """An `ending`, and a sentence that gives its meaning and the cure."""

    __slots__ = ("ending", "text")

    def __init__(self, ending: Ending, text: str) -> None:
        self.ending = ending
        self.text = text

    @property
    def ok(self) -> bool:
        """True if the result is as accurate as requested."""
        return self.ending in (Ending.ACCURATE, Ending.EXACT)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Status {self.ending.value}: {self.text}>"
