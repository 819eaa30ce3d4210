"""The Bokeh figure of a view, built once and without data; `feed` fills it.

Every model that `feed` or `dress` names exists here, once: sources `<view>` or
`<view>:<k>`, `<view>-figure`, ranges `<view>-x` and `<view>-y` (pictures share `cols`
and `rows`), axes `<view>-x-axis` and `<view>-y-axis`, `<view>-colors`, `<view>-hover`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import (
    BasicTickFormatter,
    CustomJS,
    FixedTicker,
    Line,
    LinearColorMapper,
    Range1d,
    Scatter,
    WheelZoomTool,
)
from bokeh.palettes import cividis
from bokeh.plotting import figure

from explorer.drawing import chrome, colors
from explorer.drawing.chrome import INK, hover, source, write
from explorer.drawing.fitting import RESET, fitted
from explorer.drawing.matrices import build_grid, build_patches
from explorer.drawing.slots import slots_of
from explorer.drawing.view import View
from explorer.panels import (
    Bars,
    Curves,
    Field,
    Grid,
    Labels,
    Patches,
    Picture,
    Simplex,
    Table,
)

SIDE = 270
"""Default width and height of the room inside the axes in CSS pixels."""

PIXELWISE = (Picture, Labels, Field)
TRUE_ASPECT = (*PIXELWISE, Simplex, Grid, Patches)
"""Kinds whose horizontal and vertical units are the same length on the screen."""

FLOOR = {"$x": "printf", "$y": "printf"}
"""Formats that truncate decimals, so that a position becomes its pixel."""


class Stage:
    """The shared parts of the figures of a document: picture ranges, and the probe.

    chrome : whether figures contain title, legend, color bar and toolbar, as on pages;
        otherwise the card around a figure has them.

    Figures without chrome fill their parent. Pictures keep the true aspect in a cell of
    any aspect: their borders take the remaining room. Shift and the wheel zoom all
    pictures together at the pointer; a double tap resets the zoom.
    """

    def __init__(self, chrome: bool = True) -> None:
        self.chrome = chrome
        self.cols = Range1d(0, 1, name="cols")
        self.rows = Range1d(1, 0, name="rows")
        self.probe = source("probe", x=[], y=[])
        self.brush = source("brush", x=[], y=[], radius=[])

    def build(self, shown: View) -> figure:
        """Return the figure of a view, to be filled."""
        plot = self._frame(shown)
        BUILDERS[shown.kind](plot, shown)
        if shown.kind in PIXELWISE:
            self._probed(plot)
        elif shown.tap is not None:
            plot.tags = ["probe"]
        if self.chrome:
            chrome.add(plot, shown)
        elif shown.kind in TRUE_ASPECT:
            fitted(plot)
        return plot

    def _frame(self, shown: View) -> figure:
        """Return an empty figure with its ranges and without tools."""
        name, x, y = shown.name, self.cols, self.rows
        if shown.kind not in PIXELWISE:
            x, y = Range1d(0, 1, name=f"{name}-x"), Range1d(0, 1, name=f"{name}-y")
        if self.chrome:
            sizes: dict[str, Any] = {"frame_width": SIDE, "frame_height": SIDE}
        else:
            sizes = {"sizing_mode": "stretch_both", "toolbar_location": None}
        plot = figure(
            name=f"{name}-figure", x_range=x, y_range=y, tools="",
            y_axis_type="log" if shown.log else "linear", min_border=1,
            x_axis_type="log" if shown.log_x else "linear", **sizes,
        )  # fmt: skip
        plot.border_fill_color = None
        # without a fill, Bokeh begins no path, and the outline repeats the last path
        plot.background_fill_color, plot.background_fill_alpha = "white", 0.01
        plot.outline_line_color, plot.outline_line_alpha = colors.MUTED, 0.5
        chrome.quiet(plot, name)
        if shown.log_x:
            plot.xaxis.ticker = FixedTicker(ticks=[])
            plot.xaxis.formatter = BasicTickFormatter(use_scientific=False)
        plot.xaxis.ticker.name = f"{name}-x-ticks"
        if shown.log:
            plot.yaxis.ticker = FixedTicker(ticks=[], name=f"{name}-y-ticks")
        if shown.kind in TRUE_ASPECT or shown.kind is Table:
            plot.axis.visible = plot.grid.visible = False
        return plot

    def _probed(self, plot: figure) -> None:
        """Mark the probed pixel, and link the zoom of pictures."""
        plot.tags = ["probe", "picture"]
        for color, width in (("white", 4), ("black", 1.5)):
            plot.scatter(
                "x", "y", source=self.probe, marker="square", size=11,
                fill_alpha=0, line_color=color, line_width=width,
            )  # fmt: skip
        if not self.chrome:
            plot.circle(
                "x", "y", radius="radius", source=self.brush, fill_color=colors.BRUSH,
                fill_alpha=0.6, line_color="white", line_alpha=0.7, line_width=0.5,
            )  # fmt: skip
            zoom = WheelZoomTool(modifiers="shift")  # else the wheel scrolls the page
            plot.add_tools(zoom)
            plot.toolbar.active_scroll = zoom
            whole = {"cols": self.cols, "rows": self.rows}
            plot.js_on_event("doubletap", CustomJS(args=whole, code=RESET))


def build_picture(plot: figure, shown: View) -> None:
    """Draw an image in its own colors."""
    data = source(shown.name, image=[], dw=[], dh=[])
    image = plot.image_rgba("image", 0, 0, "dw", "dh", source=data)
    hover(plot, shown.name, [image], formatters=FLOOR)


def build_labels(plot: figure, shown: View) -> None:
    """Draw labels in their colors; the tooltips come from an invisible label image."""
    data = source(shown.name, image=[], label=[], dw=[], dh=[])
    plot.image_rgba("image", 0, 0, "dw", "dh", source=data)
    unseen = LinearColorMapper(["#ffffff"], low=0, high=1)
    label = plot.image(
        "label", 0, 0, "dw", "dh", source=data, color_mapper=unseen, global_alpha=0.0
    )
    hover(plot, shown.name, [label], formatters=FLOOR)


def build_field(plot: figure, shown: View) -> None:
    """Draw numbers on a color scale; NaN is transparent."""
    data = source(shown.name, image=[], dw=[], dh=[])
    mapper = LinearColorMapper(
        cividis(256), low=0, high=1, nan_color=(0, 0, 0, 0), name=f"{shown.name}-colors"
    )
    image = plot.image("image", 0, 0, "dw", "dh", source=data, color_mapper=mapper)
    hover(plot, shown.name, [image], formatters=FLOOR)


def build_curves(plot: figure, shown: View) -> None:
    """Draw slots for curves, kept runs below the present one, marks and levels."""
    name, line = shown.name, {"line_color": colors.MUTED, "line_dash": "dashed"}
    marks = source(f"{name}:marks", x=[], y=[], text=[])
    levels = source(f"{name}:levels", x=[], y=[], level=[], text=[])
    plot.vspan("x", source=marks, **line).glyph.tags = [INK]
    plot.hspan("level", source=levels, **line).glyph.tags = [INK]
    add_slots(plot, shown)
    write(
        plot, levels, text_align="center", text_baseline="bottom",
        text_font_size="11px", y_offset=-2,
    )  # fmt: skip
    write(
        plot, marks, angle=np.pi / 2, text_align="right", text_baseline="bottom",
        text_font_size="11px", x_offset=-2, y_offset=3,
    )  # fmt: skip


def add_slots(plot: figure, shown: View) -> None:
    """Draw a line and markers for every slot.

    `add_glyph` makes one glyph; `plot.line` makes five, for selections that no figure
    has, and takes most of the time in which an explorer opens.
    """
    dots = []
    for slot in reversed(slots_of(shown)):
        data = source(slot.source, x=[], y=[], alpha=[], series=[])
        line = Line(
            x="x", y="y", line_width=1.6 if slot.run else 2.2, line_dash=slot.dash,
            line_color=slot.color,
        )  # fmt: skip
        marks = Scatter(
            x="x", y="y", size=6, marker=slot.marker, fill_alpha="alpha",
            line_alpha="alpha", fill_color=slot.color, line_color=slot.color,
        )  # fmt: skip
        plot.add_glyph(data, line, name=f"{slot.source}-line")
        dots.append(plot.add_glyph(data, marks, name=f"{slot.source}-dots"))
    hover(plot, shown.name, dots)


def build_simplex(plot: figure, shown: View) -> None:
    """Draw the triangle, its corners' names, and slots for paths."""
    x, y = Simplex.xy(np.eye(3)[:, [0, 1, 2, 0]])
    edge = plot.line(x, y, color=colors.MUTED, line_width=1.5)
    edge.glyph.tags = [INK]
    corners = source(f"{shown.name}:corners", x=[], y=[], text=[])
    add_slots(plot, shown)
    plot.outline_line_color = None
    write(plot, corners, text_align="center", text_font_size="12px")


def build_bars(plot: figure, shown: View) -> None:
    """Draw a histogram."""
    data = source(shown.name, left=[], right=[], bottom=[], top=[], color=[])
    bars = plot.quad(
        "left", "right", "top", "bottom", source=data, fill_color="color",
        line_color="white", line_width=0.5,
    )  # fmt: skip
    hover(plot, shown.name, [bars])


def build_table(plot: figure, shown: View) -> None:
    """Write texts in columns of a figure, so that tables print like pictures."""
    data = source(shown.name, x=[], y=[], text=[], align=[], style=[], size=[])
    write(
        plot, data, text_align="align", text_font_style="style",
        text_baseline="middle", text_font_size="size",
    )  # fmt: skip
    plot.outline_line_color = None


BUILDERS = {
    Picture: build_picture, Labels: build_labels, Field: build_field,
    Curves: build_curves, Bars: build_bars, Grid: build_grid, Patches: build_patches,
    Simplex: build_simplex, Table: build_table,
}  # fmt: skip
