"""Figures as PNG files, drawn with Matplotlib."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

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

SIDE = 3.1
"""Inches of a panel."""

CAPTION = 0.19
"""Inches of a line of the caption."""

MARKS = "os^Dv<>p"
"""Marks tell curves apart where colors do not."""


def write_png(figure: Figure, path: Path, dpi: int = 110) -> None:
    """Write a figure as a PNG file; it appears whole or not at all."""
    content = png_of(figure, dpi)
    with whole(path) as draft:
        draft.write_bytes(content)


def png_of(figure: Figure, dpi: int = 110) -> bytes:
    """Return a figure as the content of a PNG file."""
    from matplotlib.figure import Figure as Sheet
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    wide = max(len(row) for row in figure.rows)
    width = SIDE * wide
    lines = textwrap.wrap(figure.caption, int(14.5 * width))
    foot = CAPTION * (len(lines) + 1)
    height = SIDE * len(figure.rows) + foot + 0.45
    body = ConstrainedLayoutEngine(rect=(0, foot / height, 1, 1 - foot / height))
    sheet = Sheet(figsize=(width, height), layout=body)
    sheet.suptitle(
        f"Figure {figure.number}. {figure.title}", fontsize=12, weight="bold"
    )
    axes = sheet.subplots(len(figure.rows), wide, squeeze=False)
    for row, places in zip(figure.rows, axes, strict=True):
        for place in places[len(row) :]:
            place.set_axis_off()
        for panel, place in zip(row, places, strict=False):
            place.set_title(panel.title, fontsize=9)
            place.tick_params(labelsize=8)
            draw(panel, place)
    sheet.text(0.01, 0.35 * CAPTION / height, "\n".join(lines), fontsize=9, va="bottom")
    drawn = io.BytesIO()
    sheet.savefig(drawn, dpi=dpi, format="png")
    return drawn.getvalue()


def draw(panel: Panel, place: Any) -> None:
    """Draw a panel on its axes."""
    if isinstance(panel, Picture):
        place.imshow(np.clip(panel.image, 0.0, 1.0), interpolation="nearest")
    elif isinstance(panel, Labels):
        place.imshow(colors.label_image(panel), interpolation="nearest")
    elif isinstance(panel, Field):
        draw_field(panel, place)
    elif isinstance(panel, Curves):
        draw_curves(panel, place)
    else:
        draw_bars(panel, place)
    if isinstance(panel, (Picture, Labels, Field)):
        place.set_xticks([])
        place.set_yticks([])


def draw_field(panel: Field, place: Any) -> None:
    """Draw numbers per pixel with their color scale."""
    image = place.imshow(
        panel.values,
        cmap="cividis",
        vmin=panel.low,
        vmax=panel.high,
        interpolation="nearest",
    )
    bar = place.figure.colorbar(image, ax=place, shrink=0.8)
    bar.set_label(panel.unit, fontsize=8)
    bar.ax.tick_params(labelsize=7)


def draw_curves(panel: Curves, place: Any) -> None:
    """Draw curves, each with its color and mark, and a legend."""
    palette = colors.OKABE_ITO
    for k, series in enumerate(panel.series):
        every = max(1, len(series.x) // 10)
        place.plot(
            series.x,
            series.y,
            color=palette[k % len(palette)],
            marker=MARKS[k % len(MARKS)],
            markevery=(k % every, every),
            markersize=4,
            linewidth=1.4,
            label=series.name,
        )
    name_axes(panel, place)
    place.grid(alpha=0.3)
    place.legend(fontsize=7)


def draw_bars(panel: Bars, place: Any) -> None:
    """Draw a histogram."""
    left, right = panel.edges[:-1], panel.edges[1:]
    accented = left >= panel.accent - 1e-9  # an edge, up to rounding
    colors = [INK if a else ACCENT for a in accented]
    place.bar(left, panel.heights, right - left, align="edge", color=colors)
    name_axes(panel, place)


def name_axes(panel: Curves | Bars, place: Any) -> None:
    """Label both axes and scale the vertical one; the panel is square."""
    place.set_xlabel(panel.x_label, fontsize=8)
    place.set_ylabel(panel.y_label, fontsize=8)
    place.set_box_aspect(1)
    if panel.log:
        place.set_yscale("log")
    else:
        place.set_ylim(bottom=0)
