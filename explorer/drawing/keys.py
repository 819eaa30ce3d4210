"""Legends below Matplotlib axes, like those of the live figures."""

from __future__ import annotations

from typing import Any

from explorer.drawing import colors
from explorer.drawing.legends import Entry, legend
from explorer.drawing.page import Shown
from explorer.panels import Bars, Curves, Field

MARKERS = {
    "circle": "o", "triangle": "^", "diamond": "D", "inverted_triangle": "v",
    "star": "*", "hex": "h",
}  # fmt: skip
"""Matplotlib's names of Bokeh's markers."""

DASHES = {
    "solid": "-", "dashed": (0, (6, 3)), "dotted": (0, (2, 4)),
    "dashdot": (0, (2, 4, 6, 4)), "dotdash": (0, (6, 4, 2, 4)),
}  # fmt: skip
"""Bokeh's dashes, in points."""

ROOM = 48
"""Letters per row of a legend."""

LINE, LABELED, BARE = 11.5, 34.0, 5.0
"""Points: height of a line; distance from axes to legend with and without labels."""


def entries_of(shown: Shown) -> list[Entry]:
    """Return the legend of a panel; fields have a color bar instead."""
    view, panel, kept = shown
    return [] if isinstance(panel, Field) else legend(view, panel, kept)


def ncols_of(entries: list[Entry]) -> int:
    """Return the number of entries that fit side by side below a panel."""
    return max(1, ROOM // (max(len(e["label"]) for e in entries) + 5))


def foot_of(shown: Shown) -> float:
    """Return the height below a panel's axes in points."""
    entries = entries_of(shown)
    labeled = LABELED if isinstance(shown[1], Curves | Bars) else BARE
    rows = -(-len(entries) // ncols_of(entries)) if entries else 0
    return labeled + LINE * rows


def explain(shown: Shown, place: Any) -> None:
    """Put a legend below the axes, where it covers nothing."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    entries = entries_of(shown)
    if not entries:
        return
    ncols = ncols_of(entries)
    handles = [Line2D([], [], label=e["label"], **look(e)) for e in entries]
    handles = [handles[k] for k in row_by_row(len(handles), ncols)]
    drop = LABELED if isinstance(shown[1], Curves | Bars) else BARE
    down = ScaledTranslation(0.0, -drop / 72, place.figure.dpi_scale_trans)
    place.legend(
        handles=handles, fontsize=7, frameon=False, loc="upper left",
        ncols=ncols, borderaxespad=0.0, handletextpad=0.4,
        bbox_to_anchor=(0.0, 0.0), bbox_transform=place.transAxes + down,
        columnspacing=0.9, borderpad=0.2, labelspacing=0.4,
        handlelength=1.8 if handles[0].get_linestyle() != "None" else 1.0,
    )  # fmt: skip


def row_by_row(count: int, ncols: int) -> list[int]:
    """Return the order of entries that makes a column-wise legend read by rows.

    >>> row_by_row(5, 3)
    [0, 3, 1, 4, 2]
    """
    return [k for col in range(ncols) for k in range(col, count, ncols)]


def look(entry: Entry) -> dict[str, Any]:
    """Return the look of an entry as options of Matplotlib."""
    mark = entry["mark"]
    if mark == "cross":
        return {
            "marker": "X",
            "linestyle": "",
            "color": entry["color"],
            "markersize": 6,
        }
    if mark == "square":
        return {"marker": "s", "linestyle": "", "color": entry["color"],
                "markersize": 6,
                "markeredgecolor": colors.MUTED, "markeredgewidth": 0.5}  # fmt: skip
    return {"marker": MARKERS[mark], "color": entry["color"], "markersize": 4,
            "linestyle": DASHES[entry["line"]]}  # fmt: skip
