"""The surroundings of a figure: title, note, legend, color bar, toolbar."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from bokeh.models import (
    BasicTicker,
    BoxZoomTool,
    ColorBar,
    ColumnDataSource,
    HoverTool,
    Legend,
    LegendItem,
    LinearAxis,
    PanTool,
    ResetTool,
    SaveTool,
    Title,
    WheelZoomTool,
)
from bokeh.plotting import figure

from explorer.drawing import colors
from explorer.drawing.columns import Columns, Props
from explorer.drawing.legends import Entry, legend
from explorer.drawing.plots import points_of
from explorer.drawing.slots import Kept, Slot, slots_of
from explorer.drawing.view import View
from explorer.panels import Bars, Curves, Field, Labels, Panel, Series, Simplex

ROOM, MARK, LETTER, BOLD = 270, 40, 6.2, 7.2
"""Widths in CSS pixels: the axes, a mark with margins, a letter, a bold letter."""


def write(plot: figure, texts: ColumnDataSource, **options: Any) -> None:
    """Write texts in a color that is readable on light and dark."""
    found = plot.text(
        "x", "y", "text", source=texts, text_color=colors.MUTED, **options
    )
    found.glyph.tags = [INK]


def hover(plot: figure, name: str, renderers: list[Any], **options: Any) -> None:
    """Add the tool for tooltips under the pointer; `feed` sets their content."""
    tool = HoverTool(name=f"{name}-hover", renderers=renderers, tooltips=[], **options)
    plot.add_tools(tool)


INK = "ink"
"""Tag of glyphs that a page paints in its text color."""


def source(name: str, **columns: Any) -> ColumnDataSource:
    """Return a named source."""
    return ColumnDataSource(columns, name=name)


def quiet(plot: figure, name: str) -> None:
    """Name the axes; style lines and texts to be readable on light and dark."""
    plot.xaxis.name, plot.yaxis.name = f"{name}-x-axis", f"{name}-y-axis"
    plot.axis.axis_label_text_font_style = "normal"
    plot.axis.axis_label_text_font_size = plot.axis.major_label_text_font_size = "11px"
    plot.axis.axis_label_text_color = plot.axis.major_label_text_color = colors.MUTED
    plot.axis.axis_line_color = plot.axis.major_tick_line_color = colors.MUTED
    plot.axis.minor_tick_line_color = None
    plot.grid.grid_line_color, plot.grid.grid_line_alpha = colors.MUTED, 0.25
    plot.axis.ticker.desired_num_ticks = 5
    plot.toolbar.logo = None


def add(plot: figure, shown: View) -> None:
    """Add the title, the note, the tools, and the legend or color bar of a figure."""
    name = shown.name
    plot.add_layout(title_of(f"{name}-note", "11px", "normal"), "above")
    plot.add_layout(title_of(f"{name}-title", "12px", "bold"), "above")
    tools = [PanTool(), WheelZoomTool(), BoxZoomTool(match_aspect=True), ResetTool()]
    plot.add_tools(*tools, SaveTool())
    plot.toolbar_location, plot.toolbar.autohide = "right", True
    plot.min_border_left = plot.min_border_right = 8
    if shown.kind is Field:
        add_scale(plot, name)
    elif shown.kind in (Labels, Bars):
        add_swatches(plot, name)
    elif shown.kind in (Curves, Simplex):
        add_lines(plot, shown)


def title_of(name: str, size: str, style: str) -> Title:
    """Return an empty line of text above a figure."""
    return Title(
        text="", name=name, text_font_size=size, text_font_style=style, standoff=4
    )


def add_scale(plot: figure, name: str) -> None:
    """Add a color bar exactly as high as the picture, with its unit beside it."""
    (image,) = (r for r in plot.renderers if r.data_source.name == name)
    bar = ColorBar(
        color_mapper=image.glyph.color_mapper, width=10, height="auto", padding=0,
        margin=0, title=None, bar_line_color=colors.MUTED, border_line_color=None,
        background_fill_color=None, major_label_text_font_size="11px",
        ticker=BasicTicker(desired_num_ticks=5), label_standoff=5,
    )  # fmt: skip
    plot.add_layout(bar, "right")
    unit = LinearAxis(
        name=f"{name}-unit", ticker=[], axis_label="", axis_label_standoff=2,
        axis_label_text_font_size="11px", axis_label_text_font_style="normal",
        axis_line_color=None, axis_label_text_color=colors.MUTED,
    )  # fmt: skip
    plot.add_layout(unit, "right")


def add_swatches(plot: figure, name: str) -> None:
    """Add a legend of areas; its entries are rows of a source."""
    data = source(f"{name}:legend", x=[], y=[], label=[], color=[], marker=[], line=[])
    unseen = plot.scatter(
        "x", "y", source=data, marker="marker", fill_color="color", line_color="line",
        size=11,
    )  # fmt: skip
    below(plot, [LegendItem(label={"field": "label"}, renderers=[unseen])], name)


def add_lines(plot: figure, shown: View) -> None:
    """Add a legend of curves; a click hides one."""
    models = {r.name: r for r in plot.renderers if r.name}
    items = [
        LegendItem(
            label="", visible=False, name=f"{slot.source}-item",
            renderers=[models[f"{slot.source}-{part}"] for part in ("line", "dots")],
        )
        for slot in slots_of(shown)
    ]  # fmt: skip
    below(plot, items, shown.name)


def below(plot: figure, items: list[LegendItem], name: str) -> None:
    """Put a legend below the axes, where it covers nothing."""
    box = Legend(
        items=items, name=f"{name}-legend", orientation="horizontal", location="left",
        padding=2, margin=2, spacing=6, label_text_font_size="11px",
        border_line_color=None, background_fill_color=None, glyph_width=18,
        glyph_height=16, label_height=14, label_standoff=3, click_policy="hide",
    )  # fmt: skip
    plot.add_layout(box, "below")


def dress(
    shown: View, panel: Panel, kept: Kept = (), room: int = ROOM
) -> tuple[Columns, Props]:
    """Return the columns and properties of a figure's surroundings, like `feed`.

    room : width of the axes in CSS pixels; longer texts are wrapped.
    """
    name, entries = shown.name, legend(shown, panel, kept)
    title, note = wrapped(panel.title, room / BOLD), wrapped(panel.note, room / LETTER)
    props: Props = {
        f"{name}-title": {"text": title, "visible": bool(title)},
        f"{name}-note": {"text": note, "visible": bool(note)},
    }
    look = {"ncols": ncols_of(entries, room), "visible": bool(entries)}
    if isinstance(panel, Field):
        return {}, props | {f"{name}-unit": {"axis_label": panel.unit}}
    if isinstance(panel, Labels | Bars):
        return {f"{name}:legend": swatches(entries)}, props | {f"{name}-legend": look}
    if isinstance(panel, Curves | Simplex):
        props |= {f"{name}-legend": look}
        for slot in slots_of(shown):
            held = slot.series(panel, kept)
            props[f"{slot.source}-item"] = item(slot, held, len(panel.series))
    return {}, props


def item(slot: Slot, held: tuple[str, Series] | None, curves: int) -> dict[str, Any]:
    """Return the legend entry of a curve; it shows the first point with a marker."""
    if held is None:
        return {"label": {"value": ""}, "visible": False, "index": None}
    first = np.argmax([*points_of(held[1], slot.curve, curves)[2], 0.0])
    return {"label": {"value": held[0]}, "visible": True, "index": int(first)}


def wrapped(text: str, letters: float) -> str:
    """Return a text in lines of at most so many letters."""
    return "\n".join(textwrap.wrap(text, max(8, int(letters))))


def swatches(entries: list[Entry]) -> dict[str, Any]:
    """Return the columns of a legend of areas."""
    crossed = [e["mark"] == "cross" for e in entries]
    return {
        "x": np.full(len(entries), np.nan), "y": np.full(len(entries), np.nan),
        "label": [e["label"] for e in entries], "color": [e["color"] for e in entries],
        "marker": ["square_x" if c else "square" for c in crossed],
        "line": ["#ffffff" if c else colors.MUTED for c in crossed],
    }  # fmt: skip


def ncols_of(entries: list[Entry], room: float) -> int:
    """Return the number of entries that fit side by side below a figure."""
    widest = max((len(e["label"]) for e in entries), default=1)
    return max(1, int(room // (MARK + LETTER * widest)))
