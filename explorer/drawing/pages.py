"""Figures as pages that stand alone, drawn with Bokeh: zoom, hover, linked pictures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.embed import file_html
from bokeh.layouts import column, row
from bokeh.models import ColorBar, Div, HoverTool, LinearColorMapper, Range1d
from bokeh.palettes import cividis
from bokeh.plotting import figure
from bokeh.resources import INLINE

from explorer.drawing import colors
from explorer.drawing.colors import ACCENT, INK
from explorer.files import whole
from explorer.panels import (
    Bars,
    Curves,
    Field,
    Figure,
    Labels,
    Panel,
    Picture,
)

WIDTH, SIDES = 1280, (170, 300)
"""Width of a page in CSS pixels; least and largest width and height inside the axes."""

AXIS, SCALE = 75, 70
"""Widths of an axis with its label and margins, and of a color scale, in CSS pixels."""

CROWDED = 8
"""With more points than this, curves do not mark every one."""

MARK, LETTER = 36, 6
"""Widths in a legend in CSS pixels: a mark with its margins, a letter."""

MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "plus")
TOOLS = "pan,wheel_zoom,box_zoom,reset,save"


def write_page(shown: Figure, path: Path) -> None:
    """Write a figure as an HTML file that needs no network."""
    page = file_html(page_of(shown), INLINE, heading(shown))
    with whole(path) as draft:
        draft.write_text(page, encoding="utf-8")


def page_of(shown: Figure) -> Any:
    """Return a figure as a Bokeh layout: title, panels, caption."""
    head = Div(text=f"<h2>{escape(heading(shown))}</h2>")
    foot = Div(text=f"<p>{escape(shown.caption)}</p>", width=WIDTH)
    return column(head, panels_of(shown, WIDTH), foot)


def heading(shown: Figure) -> str:
    """Return the number and the title of a figure."""
    return f"Figure {shown.number}. {shown.title}"


def panels_of(shown: Figure, width: int) -> Any:
    """Return the panels of a figure as a Bokeh layout of plots, nothing else.

    width : CSS pixels that there are; longer rows go on below.
    """
    ranges: dict[tuple[int, ...], tuple[Range1d, Range1d]] = {}
    rows, side = arranged(shown.rows, width)
    return column(
        [row([plot(panel, ranges, side) for panel in panels]) for panels in rows]
    )


def arranged(
    rows: Sequence[Sequence[Panel]], width: int
) -> tuple[list[list[Panel]], int]:
    """Return rows no wider than `width`, and the side of their panels."""
    side, found = SIDES[0], [list(panels) for panels in rows]
    for across in range(max(map(len, rows)), 0, -1):
        found = [part for panels in rows for part in parted(panels, across)]
        side = min((width - sum(map(margin, part))) // len(part) for part in found)
        if side >= SIDES[0]:
            break
    return found, min(side, SIDES[1])


def parted(panels: Sequence[Panel], across: int) -> list[list[Panel]]:
    """Return a row as several of at most `across` panels, about as many in each."""
    count = -(-len(panels) // across)
    ends = [len(panels) * k // count for k in range(count + 1)]
    return [list(panels[a:b]) for a, b in pairwise(ends)]


def margin(panel: Panel) -> int:
    """Return what a panel takes beside its axes, in CSS pixels."""
    return AXIS + SCALE * isinstance(panel, Field)


def plot(
    panel: Panel, ranges: dict[tuple[int, ...], tuple[Range1d, Range1d]], side: int
) -> Any:
    """Return a panel as a Bokeh figure; pictures of one shape move together."""
    if isinstance(panel, Curves):
        return plot_curves(panel, side)
    if isinstance(panel, Bars):
        return plot_bars(panel, side)
    shape = shape_of(panel)
    if shape not in ranges:
        ranges[shape] = Range1d(0, max(shape)), Range1d(max(shape), 0)
    x_range, y_range = ranges[shape]
    empty = frame(panel.title, side, x_range=x_range, y_range=y_range)
    return plot_picture(panel, empty)


def shape_of(panel: Picture | Labels | Field) -> tuple[int, int]:
    """Return the rows and columns of a picture."""
    if isinstance(panel, Picture):
        array = panel.image
    else:
        array = panel.labels if isinstance(panel, Labels) else panel.values
    return array.shape[0], array.shape[1]


def plot_picture(panel: Picture | Labels | Field, plot: Any) -> Any:
    """Fill a frame with a picture."""
    rows, cols = shape_of(panel)
    place = {"x": 0, "y": 0, "dw": cols, "dh": rows}
    plot.grid.visible = False
    if isinstance(panel, Field):
        mapper = LinearColorMapper(cividis(256), low=panel.low, high=panel.high)
        plot.image(image=[panel.values], color_mapper=mapper, **place)
        bar = ColorBar(color_mapper=mapper, title=panel.unit, width=8)
        plot.add_layout(bar, "right")
        plot.add_tools(HoverTool(tooltips=[("x, y", "$x, $y"), (panel.unit, "@image")]))
    elif isinstance(panel, Labels):
        packed = colors.rgba(colors.label_image(panel))
        data = {"image": [packed], "label": [panel.labels.astype(np.uint8)]}
        plot.image_rgba("image", source=data, **place)
        plot.add_tools(HoverTool(tooltips=[("x, y", "$x, $y"), ("label", "@label")]))
    else:
        plot.image_rgba(image=[colors.rgba(panel.image)], **place)
    return plot


def plot_curves(panel: Curves, side: int) -> Any:
    """Return curves, told apart by color and mark, with a legend that hides them."""
    plot = frame(panel.title, side, y_axis_type="log" if panel.log else "linear")
    columns, order = legend_of([series.name for series in panel.series], side)
    for k in order:
        series = panel.series[k]
        color = colors.OKABE_ITO[k % len(colors.OKABE_ITO)]
        x, y, name = np.asarray(series.x), np.asarray(series.y), series.name
        plot.line(x, y, color=color, line_width=2, legend_label=name)
        # marks take turns, so that curves which coincide are seen to be several
        turns = slice(k, None, len(order)) if x.size > CROWDED else slice(None)
        dots = plot.scatter(
            "x", "y", source={"x": x[turns], "y": y[turns]}, color=color, size=6,
            legend_label=name, marker=MARKERS[k % len(MARKERS)],
        )  # fmt: skip
        tips = [(panel.x_label, "@x"), (name, "@y{0.000}")]
        plot.add_tools(HoverTool(tooltips=tips, renderers=[dots]))
    plot.xaxis.axis_label, plot.yaxis.axis_label = panel.x_label, panel.y_label
    plot.legend.click_policy = "hide"
    plot.legend.label_text_font_size = "11px"
    plot.legend.ncols = columns
    plot.legend.border_line_color = None
    plot.add_layout(plot.legend[0], "below")
    return plot


def legend_of(names: Sequence[str], side: int) -> tuple[int, list[int]]:
    """Return how many columns a legend has room for, and the order to fill them in.

    Bokeh fills column by column; a reader goes row by row:

    >>> legend_of(["m = 2", "m = 3", "m = 5", "m = 10", "m = 20"], 300)
    (3, [0, 3, 1, 4, 2])
    >>> legend_of(["low rank", "a name that takes a whole row of its own"], 300)
    (1, [0, 1])
    """
    count, widest = len(names), max(map(len, names))
    rows = -(-count // max(1, min(count, side // (MARK + LETTER * widest))))
    columns = -(-count // rows)
    full = count - (columns - 1) * rows  # rows that reach the last column
    starts = np.cumsum(
        [0] + [columns if r < full else columns - 1 for r in range(rows)]
    )
    cells = [
        int(starts[r]) + c
        for c in range(columns)
        for r in range(rows if c < columns - 1 else full)
    ]
    return columns, cells


def plot_bars(panel: Bars, side: int) -> Any:
    """Return a histogram."""
    plot = frame(panel.title, side, y_axis_type="log" if panel.log else "linear")
    left, right = panel.edges[:-1], panel.edges[1:]
    bottom = np.min(panel.heights[panel.heights > 0.0], initial=1.0) / 2.0
    colors = [INK if a else ACCENT for a in left >= panel.accent - 1e-9]
    plot.quad(
        left=left, right=right, top=panel.heights, bottom=bottom if panel.log else 0,
        fill_color=colors, line_color="white",
    )  # fmt: skip
    plot.xaxis.axis_label, plot.yaxis.axis_label = panel.x_label, panel.y_label
    return plot


def frame(title: str, side: int, **options: Any) -> Any:
    """Return an empty figure in the common style."""
    plot = figure(
        title=title, frame_width=side, frame_height=side, tools=TOOLS,
        toolbar_location="right", frame_align=False, **options,
    )  # fmt: skip
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.title.text_font_size = "12px"
    return plot
