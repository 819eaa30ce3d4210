"""`Frame`: an immutable snapshot of everything on screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from explorer.kit.plan import Readout
from explorer.kit.runs import Moment
from explorer.panels import Panel


@dataclass(frozen=True, eq=False)
class Frame:
    """Numbers and pictures with the settings that they belong to.

    Attributes
    ----------
    moment : settings and run.
    numbers : numbers that `code()` reproduces; readouts : large numbers, as text.
    panels : panels of all shown views; errors : messages of the views that failed.
    complaints : messages by the setting that they name; problem : any other message.
    posted : number of the newest request that this frame includes.
    heard : newest wish of each browser view.
    undo, redo : whether undo and redo are possible.
    running, step : whether steps are being taken, and the progress as text.
    stages : (node, seconds, MB) of the nodes computed last.
    probe : row and column of the chosen pixel, which pictures mark.
    """

    moment: Moment
    numbers: Mapping[str, float]
    panels: Mapping[str, Panel]
    errors: Mapping[str, str] = field(default_factory=dict)
    readouts: tuple[Readout, ...] = ()
    complaints: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    posted: int = 0
    heard: Mapping[str, int] = field(default_factory=dict)
    undo: bool = False
    redo: bool = False
    running: bool = False
    step: str = ""
    stages: tuple[tuple[str, float, float], ...] = ()
    probe: tuple[int, int] | None = None

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Frozen runs to compare with."""
        return self.moment.kept


@dataclass(frozen=True, eq=False)
class Kept:
    """A frozen frame for comparison, and its number."""

    number: int
    frame: Frame


def memory_of(value: Any, depth: int = 3) -> int:
    """Return the bytes of all arrays in a value, including nested ones."""
    found: dict[int, int] = {}

    def visit(part: Any, depth: int) -> None:
        size = getattr(part, "nbytes", None)
        if isinstance(size, int):
            found[id(part)] = size
        elif depth and isinstance(part, (list, tuple)):
            for one in part:
                visit(one, depth - 1)
        elif depth and hasattr(part, "__dict__"):
            for one in vars(part).values():
                visit(one, depth - 1)

    visit(value, depth)
    return sum(found.values())
