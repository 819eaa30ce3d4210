"""The figures of small matrices: written cells with arrows, and sheets of patches."""

from __future__ import annotations

from typing import Any

from bokeh.plotting import figure

from explorer.drawing import colors
from explorer.drawing.chrome import hover, source, write
from explorer.drawing.view import View


def build_grid(plot: figure, shown: View) -> None:
    """Draw the cells of a matrix, and write their numbers."""
    columns = "x y value color text ink size text_y x0 y0 x1 y1 turn"
    data = source(shown.name, **{name: [] for name in columns.split()})
    cells = plot.rect("x", "y", 0.96, 0.96, source=data, fill_color="color",
                      line_color=None, border_radius=4)  # fmt: skip
    plot.segment("x0", "y0", "x1", "y1", source=data, line_color="ink", line_width=2)
    plot.scatter("x1", "y1", source=data, marker="triangle", angle="turn", size=9,
                 color="ink")  # fmt: skip
    plot.text(
        "x", "text_y", "text", source=data, text_color="ink", text_align="center",
        text_baseline="middle", text_font_size="size",
    )  # fmt: skip
    plot.outline_line_color = None
    hover(plot, shown.name, [cells])


def build_patches(plot: figure, shown: View) -> None:
    """Draw the cells of all patches, and write their captions."""
    columns: dict[str, Any] = {
        n: [] for n in ("x", "y", "side", "color", "caption", "place", "value")
    }
    data = source(shown.name, **columns)
    cells = plot.rect(
        "x", "y", "side", "side", source=data, fill_color="color",
        line_color=colors.MUTED, line_width=0.3,
    )  # fmt: skip
    captions = source(f"{shown.name}:captions", x=[], y=[], text=[], size=[])
    write(
        plot, captions, text_align="center", text_baseline="middle",
        text_font_size="size",
    )  # fmt: skip
    plot.outline_line_color = None
    hover(plot, shown.name, [cells])
