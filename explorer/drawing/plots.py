"""Feed the figures of curves, histograms and paths on the simplex."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from explorer.drawing.colors import ACCENT, INK
from explorer.drawing.columns import Columns, Props, Tips, extent
from explorer.drawing.extents import (
    CLOSE,
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
from explorer.panels import Bars, Curves, Series, Simplex

CROWDED = 24
"""Most points of a curve that are all marked; longer curves mark some."""


def feed_curves(shown: View, panel: Curves, kept: Kept) -> tuple[Columns, Props]:
    """Return the curves of all slots, marks, levels, ranges, and the axes' labels."""
    columns, drawn = slot_columns(shown, panel, kept), shared(panel, kept)
    x, y = curve_extents(shown, panel, drawn)
    at = [float(x) for x, _ in panel.marks]
    columns[f"{shown.name}:marks"] = {
        "x": np.array(at), "y": np.full(len(at), y[1]),
        "text": [text for _, text in panel.marks],
    }  # fmt: skip
    across, above = places_of(shown, panel, (x, y))
    columns[f"{shown.name}:levels"] = {
        "x": across, "y": above, "level": np.array([float(y) for y, _ in panel.levels]),
        "text": [text for _, text in panel.levels],
    }  # fmt: skip
    tips = [("", "@series"), (panel.x_label, "@x"), (panel.y_label, "@y")]
    least = 1.0 if whole(finite(s.x for s in drawn)) else 0.0
    look = {"ticks": log_ticks(x, 2)} if shown.log_x else {"min_interval": least}
    ticks = {f"{shown.name}-x-ticks": look}
    return columns, axes(shown, panel, (x, y), tips) | ticks


def places_of(
    shown: View, panel: Curves, extents: tuple[Extent, Extent]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the texts of levels: side by side, and above their line.

    Where another line would cross a text, it moves above that line.
    """
    (left, right), (low, high) = (
        np.log10(e) if log else np.array(e)
        for e, log in zip(extents, (shown.log_x, shown.log), strict=True)
    )
    levels, count = np.array([float(y) for y, _ in panel.levels]), len(panel.levels)
    lines = np.log10(levels) if shown.log else levels
    at, order = lines.copy(), np.argsort(levels)
    for lower, upper in reversed(list(pairwise(order))):
        if lines[upper] - lines[lower] < CLOSE * (high - low):
            at[lower] = at[upper]
    across = left + (np.argsort(order) + 0.5) / max(1, count) * (right - left)
    return 10.0**across if shown.log_x else across, 10.0**at if shown.log else at


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
        x, y, alpha = points_of(found, slot.curve, count)
        if shown.log:
            y = np.where(y > 0.0, y, np.nan)
        if shown.log_x:
            x = np.where(x > 0.0, x, np.nan)
        if isinstance(panel, Simplex):
            alpha[-1:] = 1.0  # where the path ends
        columns[slot.source] = {
            "x": x, "y": y, "alpha": alpha,
            "series": [label] * x.size,
        }  # fmt: skip
    return columns


def points_of(
    series: Series | None, turn: int, turns: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, y and the opacity of markers; gaps surround points that stand alone."""
    x, y = (np.array(v, float) for v in ((series.x, series.y) if series else ([], [])))
    alpha = marked(x.size, turn, turns)
    if series and not series.joined:
        x, y = spaced(x), spaced(y)
        alpha = np.ones(x.size)
    if series and series.measured is not None:
        a, b = (spaced(np.array(v, float)) for v in series.measured)
        x, y = np.hstack([x, np.nan, a]), np.hstack([y, np.nan, b])
        alpha = np.hstack([np.zeros(alpha.size + 1), np.ones(a.size)])
    return x, y, alpha


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
