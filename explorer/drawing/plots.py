"""Feed the figures of curves, histograms and paths on the simplex."""

from __future__ import annotations

import numpy as np

from explorer.drawing.colors import ACCENT, INK
from explorer.drawing.columns import Columns, Props, Tips, extent
from explorer.drawing.extents import (
    Extent,
    bar_extents,
    curve_extents,
    finite,
    log_ticks,
    shared,
    whole,
)
from explorer.drawing.frames import TRIANGLE
from explorer.drawing.slots import Kept, slots_of
from explorer.drawing.view import View
from explorer.panels import Bars, Curves, Simplex

CROWDED = 24
"""Most points of a curve that are all marked; longer curves mark some."""


def feed_curves(shown: View, panel: Curves, kept: Kept) -> tuple[Columns, Props]:
    """Return the curves of all slots, marks, ranges, and the axes' labels."""
    columns, drawn = slot_columns(shown, panel, kept), shared(panel, kept)
    x, y = curve_extents(drawn, shown.log)
    at = [float(x) for x, _ in panel.marks]
    columns[f"{shown.name}:marks"] = {
        "x": np.array(at), "y": np.full(len(at), y[1]),
        "text": [text for _, text in panel.marks],
    }  # fmt: skip
    tips = [("", "@series"), (panel.x_label, "@x"), (panel.y_label, "@y")]
    least = 1.0 if whole(finite(s.x for s in drawn)) else 0.0
    ticks = {f"{shown.name}-x-ticks": {"min_interval": least}}
    return columns, axes(shown, panel, (x, y), tips) | ticks


def axes(
    shown: View, panel: Curves | Bars, extents: tuple[Extent, Extent], tips: Tips
) -> Props:
    """Return the properties of ranges, axes and tips."""
    (x, y), name = extents, shown.name
    props: Props = {
        f"{name}-x": extent(*x), f"{name}-y": extent(*y),
        f"{name}-x-axis": {"axis_label": panel.x_label},
        f"{name}-y-axis": {"axis_label": panel.y_label},
        f"{name}-hover": {"tooltips": tips},
    }  # fmt: skip
    return props | ({f"{name}-y-ticks": {"ticks": log_ticks(y)}} if shown.log else {})


def slot_columns(shown: View, panel: Curves | Simplex, kept: Kept) -> Columns:
    """Return the columns of every slot; most are empty."""
    columns, count = {}, len(panel.series)
    for slot in slots_of(shown):
        label, found = slot.series(panel, kept) or ("", None)
        x = np.array(found.x if found else [], dtype=float)
        y = np.array(found.y if found else [], dtype=float)
        if shown.log:
            y = np.where(y > 0.0, y, np.nan)
        alpha = marked(x.size, slot.curve, count)
        if found and not found.joined:
            x, y = spaced(x), spaced(y)
            alpha = np.ones(x.size)
        if isinstance(panel, Simplex):
            alpha[-1:] = 1.0  # where the path ends
        columns[slot.source] = {
            "x": x, "y": y, "alpha": alpha,
            "series": [label] * x.size,
        }  # fmt: skip
    return columns


def spaced(values: np.ndarray) -> np.ndarray:
    """Return the values with a gap after each, which no line crosses."""
    return np.stack([values, np.full(values.size, np.nan)], axis=1).ravel()


def marked(size: int, turn: int, turns: int) -> np.ndarray:
    """Return the opacity of a curve's markers.

    Curves take turns, so that those which coincide are seen to be several.
    """
    every = max(1, -(-size // CROWDED))
    every = every * max(1, turns) if size > 2 * max(1, turns) else every
    return (
        np.arange(size) % every == (turn * -(-every // max(1, turns))) % every
    ) * 1.0


def feed_bars(shown: View, panel: Bars, _: Kept) -> tuple[Columns, Props]:
    """Return the bars of a histogram."""
    x, y = bar_extents(panel, shown.log)
    top = np.asarray(panel.heights, float)
    top = np.where(np.isfinite(top), top, y[0])
    columns = {
        "left": np.array(panel.edges[:-1], float),
        "right": np.array(panel.edges[1:], float),
        "bottom": np.full(top.size, y[0]), "top": np.maximum(top, y[0]),
        "color": [INK if a else ACCENT for a in panel.accented],
    }  # fmt: skip
    within = "@left{0.00} … @right{0.00}"
    tips = [(panel.x_label, within), (panel.y_label, "@top{0.000}")]
    return {shown.name: columns}, axes(shown, panel, (x, y), tips)


def feed_simplex(shown: View, panel: Simplex, kept: Kept) -> tuple[Columns, Props]:
    """Return the paths of all slots, and the names of the corners."""
    columns = slot_columns(shown, panel, kept)
    x, y = Simplex.xy(np.eye(3))
    columns[f"{shown.name}:corners"] = {
        "x": x, "y": y + np.array([-0.08, -0.08, 0.035]), "text": list(panel.corners),
    }  # fmt: skip
    tips = [
        ("", "@series"),
        *((c, f"@p{k}{{0.000}}") for k, c in enumerate(panel.corners)),
    ]
    for slot in slots_of(shown):
        data = columns[slot.source]
        p = Simplex.p(data["x"], data["y"])
        data |= {f"p{k}": p[k] for k in range(3)}
    props: Props = {
        f"{shown.name}-x": extent(*TRIANGLE[0]),
        f"{shown.name}-y": extent(*TRIANGLE[1]),
        f"{shown.name}-hover": {"tooltips": tips},
    }  # fmt: skip
    return columns, props
