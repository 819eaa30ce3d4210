"""Figures as pages that stand alone, drawn with Bokeh: zoom, hover, linked pictures."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.embed import file_html
from bokeh.layouts import column, row
from bokeh.models import ColorBar, Div, HoverTool, LinearColorMapper, Range1d
from bokeh.palettes import cividis
from bokeh.plotting import figure
from bokeh.resources import INLINE

from explorer.dashboard import painting
from explorer.experiments.panels import (
    Bars,
    Curves,
    Field,
    Figure,
    Labels,
    Panel,
    Picture,
)

SIDE = 300
"""Width and height of a panel in CSS pixels."""

LEGEND = 26
"""Height of a row of a legend in CSS pixels."""

BAR = 60
"""Width of a color scale in CSS pixels."""

MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "plus")
INK, ACCENT = "#0072B2", "#D55E00"
TOOLS = "pan,wheel_zoom,box_zoom,reset,save"


def write_page(shown: Figure, path: Path) -> None:
    """Write a figure as an HTML file that needs no network."""
    draft = path.with_suffix(".part")
    title = f"Figure {shown.number}. {shown.title}"
    draft.write_text(file_html(page_of(shown), INLINE, title), encoding="utf-8")
    draft.replace(path)


def page_of(shown: Figure) -> Any:
    """Return a figure as a Bokeh layout: title, panels, caption."""
    title = f"Figure {shown.number}. {shown.title}"
    ranges: dict[tuple[int, ...], tuple[Range1d, Range1d]] = {}
    rows = [row([plot(panel, ranges) for panel in panels]) for panels in shown.rows]
    head = Div(text=f"<h2>{escape(title)}</h2>")
    foot = Div(text=f"<p>{escape(shown.caption)}</p>", width=SIDE * 4)
    return column(head, *rows, foot)


def plot(panel: Panel, ranges: dict[tuple[int, ...], tuple[Range1d, Range1d]]) -> Any:
    """Return a panel as a Bokeh figure; pictures of one shape move together."""
    if isinstance(panel, Curves):
        return plot_curves(panel)
    if isinstance(panel, Bars):
        return plot_bars(panel)
    shape = shape_of(panel)
    if shape not in ranges:
        side = max(shape)
        ranges[shape] = Range1d(0, side), Range1d(side, 0)
    x_range, y_range = ranges[shape]
    return plot_picture(panel, frame(panel.title, x_range=x_range, y_range=y_range))


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
        plot.width = SIDE + BAR
        plot.add_tools(HoverTool(tooltips=[("x, y", "$x, $y"), (panel.unit, "@image")]))
    elif isinstance(panel, Labels):
        packed = painting.rgba(painting.label_image(panel))
        data = {"image": [packed], "label": [panel.labels.astype(np.uint8)]}
        plot.image_rgba("image", source=data, **place)
        plot.add_tools(HoverTool(tooltips=[("x, y", "$x, $y"), ("label", "@label")]))
    else:
        plot.image_rgba(image=[painting.rgba(panel.image)], **place)
    return plot


def plot_curves(panel: Curves) -> Any:
    """Return curves, told apart by color and mark, with a legend that hides them."""
    plot = frame(panel.title, y_axis_type="log" if panel.log else "linear")
    for k, series in enumerate(panel.series):
        color = painting.OKABE_ITO[k % len(painting.OKABE_ITO)]
        data = {"x": series.x, "y": series.y}
        name = series.name
        plot.line("x", "y", source=data, color=color, line_width=2, legend_label=name)
        dots = plot.scatter(
            "x", "y", source=data, color=color, size=6, legend_label=name,
            marker=MARKERS[k % len(MARKERS)],
        )  # fmt: skip
        tips = [(panel.x_label, "@x"), (name, "@y{0.000}")]
        plot.add_tools(HoverTool(tooltips=tips, renderers=[dots]))
    plot.xaxis.axis_label, plot.yaxis.axis_label = panel.x_label, panel.y_label
    plot.legend.click_policy = "hide"
    plot.legend.label_text_font_size = "11px"
    plot.legend.ncols = 3
    plot.legend.border_line_color = None
    plot.add_layout(plot.legend[0], "below")
    plot.height = SIDE + LEGEND * -(-len(panel.series) // plot.legend[0].ncols)
    return plot


def plot_bars(panel: Bars) -> Any:
    """Return a histogram."""
    plot = frame(panel.title, y_axis_type="log" if panel.log else "linear")
    left, right = panel.edges[:-1], panel.edges[1:]
    bottom = np.min(panel.heights[panel.heights > 0.0], initial=1.0) / 2.0
    colors = [INK if a else ACCENT for a in left >= panel.accent - 1e-9]
    plot.quad(
        left=left, right=right, top=panel.heights, bottom=bottom if panel.log else 0,
        fill_color=colors, line_color="white",
    )  # fmt: skip
    plot.xaxis.axis_label, plot.yaxis.axis_label = panel.x_label, panel.y_label
    return plot


def frame(title: str, **options: Any) -> Any:
    """Return an empty figure in the common style."""
    plot = figure(
        title=title, width=SIDE, height=SIDE, tools=TOOLS, toolbar_location="right",
        **options,
    )  # fmt: skip
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    plot.title.text_font_size = "12px"
    return plot
