"""Legends: entries for colors and marks, drawn by pages, figures and PNG files."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.palettes import cividis

from explorer.drawing import colors
from explorer.drawing.slots import Kept, slots_of
from explorer.drawing.view import View
from explorer.panels import Bars, Curves, Field, Labels, Panel, Simplex

Entry = dict[str, Any]

TICKS = 5
"""Entries of a color scale."""


def legend(shown: View, panel: Panel, kept: Kept = ()) -> list[Entry]:
    """Return an entry for every color with a meaning.

    Returns
    -------
    Entries with "label", "color" (#rrggbb), "mark", "dash" (bool: a kept run), and
    "line", the name of Bokeh's dash pattern. Marks are "square" for areas, "cross" for
    wrong pixels, "ramp" for the steps of a color scale from low to high, and the names
    of Bokeh's markers for curves.
    """
    if isinstance(panel, Labels):
        return label_entries(panel)
    if isinstance(panel, Field):
        return scale_entries(panel)
    if isinstance(panel, Curves | Simplex):
        return curve_entries(shown, panel, kept)
    if isinstance(panel, Bars):
        return bar_entries(panel)
    return []


def entry(label: str, color: str, mark: str = "square", line: str = "solid") -> Entry:
    """Return one line of a legend."""
    dash = line != "solid"
    return {"label": label, "color": color, "mark": mark, "dash": dash, "line": line}


def label_entries(panel: Labels) -> list[Entry]:
    """Return the color of each label, and of wrong pixels if they are marked."""
    table = colors.label_colors(panel)
    found = [entry(str(k), color) for k, color in enumerate(colors.hexes(table))]
    if panel.truth is not None:
        ground = colors.hexes(colors.ground_of(table)[None])[0]
        found.append(entry(panel.called[1], ground, "cross"))
    return found


def scale_entries(panel: Field) -> list[Entry]:
    """Return steps of a color scale; the last entry includes the unit."""
    palette = cividis(256)
    low, high = ends_of(panel)
    values = np.linspace(low, high, TICKS)
    shades = [palette[k] for k in np.linspace(0, 255, TICKS).astype(int)]
    texts = [f"{v:.3g}" for v in values]
    texts[-1] = f"{texts[-1]} {panel.unit}".strip()
    return [entry(t, c, "ramp") for t, c in zip(texts, shades, strict=True)]


def ends_of(panel: Field) -> tuple[float, float]:
    """Return the ends of a color scale, widened if they are equal."""
    low, high = float(panel.low), float(panel.high)
    return (low, high) if high > low else (low, low + 1.0)


def curve_entries(shown: View, panel: Curves | Simplex, kept: Kept) -> list[Entry]:
    """Return the look of each curve, if there are several."""
    found = []
    for slot in slots_of(shown):
        held = slot.series(panel, kept)
        if held:
            found.append(entry(held[0], slot.color, slot.marker, slot.dash))
    return found if len(found) > 1 else []


def bar_entries(panel: Bars) -> list[Entry]:
    """Return the colors of bars on both sides of `accent`, if there is one."""
    if panel.accent is None:
        return []
    sides = {True: ("≥", colors.INK), False: ("<", colors.ACCENT)}
    return [
        entry(f"{panel.x_label} {sign} {panel.accent:g}", color)
        for side, (sign, color) in sides.items()
        if (panel.accented == side).any()
    ]
