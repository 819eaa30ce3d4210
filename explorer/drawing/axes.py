"""Panels on Matplotlib axes: the colors, extents and legends of the live figures."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from explorer.drawing import colors
from explorer.drawing.arrows import TEXT, arrows_of
from explorer.drawing.cells import feed_table, written
from explorer.drawing.columns import Columns
from explorer.drawing.extents import (
    bar_extents,
    curve_extents,
    finite,
    log_ticks,
    shared,
    whole,
)
from explorer.drawing.frames import TRIANGLE, room_of
from explorer.drawing.keys import DASHES, LINE, MARKERS, explain
from explorer.drawing.legends import ends_of
from explorer.drawing.page import Shown
from explorer.drawing.patches import draw_patches
from explorer.drawing.plots import places_of, slot_columns
from explorer.drawing.slots import slots_of
from explorer.panels import (
    Bars,
    Curves,
    Field,
    Grid,
    Labels,
    Panel,
    Patches,
    Picture,
    Simplex,
    Table,
    shape_of,
)

TITLE, NOTE = 34, 42
"""Letters per line of a title and of a note."""


def draw(shown: Shown, place: Any) -> None:
    """Draw a panel on its axes, with its title, note and legend."""
    panel = shown[1]
    titled(place, panel)
    place.tick_params(labelsize=8, colors="#444444")
    if isinstance(panel, Picture | Labels | Field):
        draw_pixels(panel, place)
    elif isinstance(panel, Curves):
        draw_curves(shown, place)
    elif isinstance(panel, Bars):
        draw_bars(panel, place)
    elif isinstance(panel, Grid):
        draw_grid(panel, place)
    elif isinstance(panel, Patches):
        draw_patches(panel, place)
    elif isinstance(panel, Simplex):
        draw_simplex(shown, place)
    else:
        draw_table(shown, place)
    explain(shown, place)


def headings(panel: Panel) -> tuple[list[str], list[str]]:
    """Return the lines of the title and of the note above a panel."""
    return textwrap.wrap(panel.title, TITLE), textwrap.wrap(panel.note, NOTE)


def titled(place: Any, panel: Panel) -> None:
    """Write the note above the axes, and the title above the note."""
    title, note = headings(panel)
    look = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    place.annotate("\n".join(note), (0.0, 1.0), (0.0, 4.0), fontsize=8,
                   color="#555555", **look)  # fmt: skip
    above = (0.0, 4.0 + LINE * len(note))
    place.annotate(
        "\n".join(title), (0.0, 1.0), above, fontsize=9, weight="bold", **look
    )


def draw_pixels(panel: Picture | Labels | Field, place: Any) -> None:
    """Draw a panel with pixels, row 0 on top, all pixels of equal size."""
    rows, cols = shape_of(panel)
    place.set_xticks([])
    place.set_yticks([])
    box = {"extent": (-0.5, cols - 0.5, rows - 0.5, -0.5), "interpolation": "nearest",
           "aspect": "auto"}  # fmt: skip
    if isinstance(panel, Labels):
        place.imshow(colors.label_image(panel), **box)
    elif isinstance(panel, Picture):
        image = np.clip(np.asarray(panel.image, float), 0.0, 1.0)
        image = image[..., :3] if image.shape[2] >= 3 else image[..., :1].repeat(3, 2)
        place.imshow(image, **box)
    else:
        low, high = ends_of(panel)
        image = place.imshow(panel.values, cmap="cividis", vmin=low, vmax=high, **box)
        side = place.inset_axes((1.03, 0.0, 0.05, 1.0))  # exactly as high as the image
        bar = place.figure.colorbar(image, cax=side, ticks=rounded())
        bar.set_label(panel.unit, fontsize=8)
        side.tick_params(labelsize=7)
    across, down = room_of(panel)
    place.set_xlim(-0.5, across - 0.5)
    place.set_ylim(down - 0.5, -0.5)


def draw_curves(shown: Shown, place: Any) -> None:
    """Draw all curves, lines where settings changed, and levels."""
    view, panel, kept = shown
    assert isinstance(panel, Curves)
    x, y = curve_extents(view, panel, shared(panel, kept))
    if view.log_x:
        place.set_xscale("log")
    named(panel, place, x, y)
    if view.log_x:
        logarithmic(place.xaxis, log_ticks(x, 2))
    elif whole(finite(s.x for s in shared(panel, kept))):
        place.xaxis.set_major_locator(rounded(integer=True))
    place.grid(alpha=0.3)
    for at, text in panel.marks:
        place.axvline(at, color=colors.MUTED, linestyle="--", linewidth=1)
        place.annotate(text, (at, 0.98), xycoords=("data", "axes fraction"),
                       rotation=90, fontsize=7, color=colors.MUTED, va="top",
                       ha="right")  # fmt: skip
    places = zip(*places_of(view, panel, (x, y)), panel.levels, strict=True)
    for across, above, (at, text) in places:
        place.axhline(at, color=colors.MUTED, linestyle="--", linewidth=1)
        place.annotate(text, (across, above), (0, 1), textcoords="offset points",
                       fontsize=7, color=colors.MUTED, ha="center")  # fmt: skip
    draw_slots(shown, slot_columns(view, panel, kept), place)


def draw_slots(shown: Shown, columns: Columns, place: Any) -> None:
    """Draw the curves of all slots, kept ones below."""
    for slot in reversed(slots_of(shown[0])):
        data = columns[slot.source]
        if not data["x"].size:
            continue
        style = {"color": slot.color, "linestyle": DASHES[slot.dash]}
        place.plot(data["x"], data["y"], linewidth=1.2 if slot.run else 1.6, **style)
        seen = data["alpha"] > 0.0
        place.plot(data["x"][seen], data["y"][seen], linestyle="", color=slot.color,
                   marker=MARKERS[slot.marker], markersize=4)  # fmt: skip


def draw_bars(panel: Bars, place: Any) -> None:
    """Draw a histogram."""
    x, y = bar_extents(panel, panel.log)
    fill = [colors.INK if a else colors.ACCENT for a in panel.accented]
    left, width = panel.edges[:-1], np.diff(panel.edges)
    heights = np.maximum(np.nan_to_num(np.asarray(panel.heights, float)), y[0]) - y[0]
    place.bar(left, heights, width, bottom=y[0], align="edge", color=fill,
              edgecolor="white", linewidth=0.4)  # fmt: skip
    named(panel, place, x, y)


def named(panel: Curves | Bars, place: Any, x: Any, y: Any) -> None:
    """Label both axes, and set their scales, limits and ticks."""
    place.set_xlabel(panel.x_label, fontsize=8)
    place.set_ylabel(panel.y_label, fontsize=8)
    place.set_yscale("log" if panel.log else "linear")
    place.set_xlim(*x)
    place.set_ylim(*y)
    place.xaxis.set_major_locator(rounded())
    if panel.log:
        logarithmic(place.yaxis, log_ticks(y))
    else:
        place.yaxis.set_major_locator(rounded())


def logarithmic(axis: Any, ticks: list[float]) -> None:
    """Put plain numbers at the ticks of a logarithmic axis."""
    axis.set_ticks(ticks, minor=False)
    axis.set_minor_locator(nothing())
    axis.set_major_formatter(lambda v, _: f"{v:g}")


def nothing() -> Any:
    """Return a locator of no ticks."""
    from matplotlib.ticker import NullLocator

    return NullLocator()


def rounded(integer: bool = False) -> Any:
    """Return a locator of about five ticks at round numbers, or at whole ones."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=5, steps=[1, 2, 5, 10], integer=integer)


def draw_grid(panel: Grid, place: Any) -> None:
    """Draw a written matrix."""
    values = np.atleast_2d(np.asarray(panel.values, float))
    rows, cols = values.shape
    fill, ink = colors.shades(values, panel.signed)
    place.imshow(colors.rgb(fill).reshape(rows, cols, 3), aspect="auto")
    size, below = min(10, 40 / max(rows, cols)), 0.0
    if panel.arrows:
        size, below = min(7, size), TEXT
        middle = np.array([cols // 2, rows // 2])
        for start, stop, color in zip(*arrows_of(values), ink, strict=True):
            if np.isfinite(start).all():
                look = {"arrowstyle": "-|>", "color": color}
                place.annotate("", stop + middle, start + middle, arrowprops=look)
    texts = zip(np.ndindex(rows, cols), written(values), ink, strict=True)
    for (row, col), text, color in texts:
        place.text(col, row + below, text, color=color, fontsize=size, ha="center",
                   va="center")  # fmt: skip
    place.set_xticks([])
    place.set_yticks([])


def draw_simplex(shown: Shown, place: Any) -> None:
    """Draw the triangle and its paths."""
    view, panel, kept = shown
    assert isinstance(panel, Simplex)
    x, y = Simplex.xy(np.eye(3)[:, [0, 1, 2, 0]])
    place.plot(x, y, color=colors.MUTED, linewidth=1)
    for name, a, b, over in zip(panel.corners, x, y, (0, 0, 1), strict=False):
        place.text(a, b + (0.03 if over else -0.03), name, fontsize=8, ha="center",
                   va="bottom" if over else "top")  # fmt: skip
    draw_slots(shown, slot_columns(view, panel, kept), place)
    place.set_xlim(*TRIANGLE[0])
    place.set_ylim(*TRIANGLE[1])
    place.set_axis_off()


def draw_table(shown: Shown, place: Any) -> None:
    """Write the rows of a table."""
    view, panel, kept = shown
    assert isinstance(panel, Table)
    place.set_axis_off()
    columns, props = feed_table(view, panel, kept)
    data, x, y = columns[view.name], props[f"{view.name}-x"], props[f"{view.name}-y"]
    place.set_xlim(x["start"], x["end"])
    place.set_ylim(y["start"], y["end"])
    for at, down, text, align, style, size in zip(*data.values(), strict=True):
        points = min(8.0, 0.72 * int(size.removesuffix("px")))
        place.text(at, down, text, ha=align, weight=style, fontsize=points, va="center")
