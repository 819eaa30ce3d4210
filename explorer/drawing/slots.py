"""Slots for curves: a figure is built once, with room for all possible curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.drawing import colors
from explorer.drawing.view import View
from explorer.panels import Curves, Panel, Series, Simplex

KEPT = 4
"""Most kept runs in a figure; more could not be told apart."""

Kept = Sequence[tuple[str, Panel]]
"""Kept runs: label and panel of each."""

MARKERS = ("circle", "triangle", "diamond", "inverted_triangle", "star", "hex")
"""Markers of curves; in legends, squares stand for areas."""

DASHES = ("solid", "dashed", "dotted", "dashdot", "dotdash")
"""Dashes of the present curves and of the kept runs."""


@dataclass(frozen=True)
class Slot:
    """Room for one curve; the look of the curve depends on the slot only.

    view : name of the view; curve : index of the curve in a panel; curves : number of
        curves per panel; run : 0 is the present run, 1, 2, … are kept runs.
    """

    view: str
    curve: int
    curves: int
    run: int

    @property
    def source(self) -> str:
        """Name of the source."""
        return f"{self.view}:{self.run * self.curves + self.curve}"

    @property
    def color(self) -> str:
        """Color of line and markers."""
        return colors.curve_color(self.curve, self.curves, self.run)

    @property
    def marker(self) -> str:
        """Marker by curve and run, because colors alone are insufficient."""
        k = self.curve if self.curves > 1 else self.run
        return MARKERS[k % len(MARKERS)]

    @property
    def dash(self) -> str:
        """Solid for the present run, distinct dashes for each kept run."""
        return DASHES[self.run]

    def series(self, panel: Panel, kept: Kept) -> tuple[str, Series] | None:
        """Return label and curve of a panel for this slot, or None."""
        run, shown = ("", panel) if not self.run else nth(kept, self.run - 1)
        if not isinstance(shown, Curves | Simplex) or self.curve >= len(shown.series):
            return None
        found = shown.series[self.curve]
        if not run:
            return found.name, found
        return (f"{found.name}, {run}" if self.curves > 1 else run), found


def nth(kept: Kept, k: int) -> tuple[str, Panel | None]:
    """Return kept run k, or an empty label and None."""
    return kept[k] if k < len(kept) else ("", None)


def slots_of(shown: View) -> list[Slot]:
    """Return the slots of a view, first those of the present run."""
    return [
        Slot(shown.name, curve, shown.series, run)
        for run in range(KEPT + 1)
        for curve in range(shown.series)
    ]
