"""Panels as PNG files, drawn with Matplotlib to match the page."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from explorer.drawing.axes import draw, headings
from explorer.drawing.frames import frame_of
from explorer.drawing.keys import LINE, foot_of
from explorer.drawing.page import Shown, heading, rows_of
from explorer.drawing.slots import Kept
from explorer.drawing.view import view_of
from explorer.files import whole
from explorer.panels import Bars, Curves, Field, Figure, Panel

SIDE = 2.7
"""Inches of the longer side of a frame."""

AXIS, BAR, GAP, EDGE, TOP, SPACE = 0.65, 0.85, 0.3, 0.12, 0.5, 0.175
"""Inches: of a vertical axis, of a color bar, between panels, around the sheet, of its
title, and of a line of the caption."""

ACROSS = 4
"""Default number of panels side by side."""

DPI = 110
"""Dots per inch, sharp on a screen at original size."""


def to_png(
    panels: Mapping[str, Panel],
    title: str = "",
    caption: str = "",
    kept: Mapping[str, Kept] | None = None,
    dpi: int = DPI,
) -> bytes:
    """Return panels, by the name of their view, as the content of a PNG file."""
    shown = [
        (view_of(name, panel), panel, (kept or {}).get(name, ()))
        for name, panel in panels.items()
    ]
    rows = [shown[k : k + ACROSS] for k in range(0, len(shown), ACROSS)]
    return sheet_of(rows, title, caption, dpi)


def png_of(drawn: Figure, dpi: int = DPI) -> bytes:
    """Return a figure as the content of a PNG file."""
    return sheet_of(rows_of(drawn), heading(drawn), drawn.caption, dpi)


def write_png(drawn: Figure, path: Path, dpi: int = DPI) -> None:
    """Write a figure as a PNG file, completely or not at all."""
    content = png_of(drawn, dpi)
    with whole(path) as draft:
        draft.write_bytes(content)


def sheet_of(
    rows: Sequence[Sequence[Shown]], title: str, caption: str, dpi: int
) -> bytes:
    """Return rows of panels between a title and a caption as the content of a file."""
    from matplotlib.figure import Figure as Sheet

    columns = columns_of(rows)
    width = max(sum(map(sum, columns)), SIDE) + 2 * EDGE
    lines = textwrap.wrap(caption, int(14.5 * width))
    heights = [(max(map(head_of, row)), max(map(below_of, row))) for row in rows]
    top = TOP if title else EDGE
    height = top + sum(map(sum, heights)) + SPACE * len(lines) + 2 * EDGE
    sheet = Sheet(figsize=(width, height))
    if title:
        sheet.text(EDGE / width, 1 - 0.6 * TOP / height, title, fontsize=12,
                   weight="bold", va="center")  # fmt: skip
    down = top
    for row, (head, below) in zip(rows, heights, strict=True):
        left = EDGE
        for shown, (before, after) in zip(row, columns, strict=False):
            across, high = frame_of(shown[1], SIDE)
            corner = height - down - head - high
            box = (
                (left + before) / width,
                corner / height,
                across / width,
                high / height,
            )
            draw(shown, sheet.add_axes(box))
            left += before + after
        down += head + below
    sheet.text(EDGE / width, EDGE / height, "\n".join(lines), fontsize=9, va="bottom")
    return content_of(sheet, dpi)


def columns_of(rows: Sequence[Sequence[Shown]]) -> list[tuple[float, float]]:
    """Return the inches of each column before and after the left end of its frames."""
    found = []
    for k in range(max(map(len, rows), default=0)):
        both = [widths(row[k][1]) for row in rows if k < len(row)]
        found.append((max(b for b, _ in both), max(a for _, a in both)))
    return found


def widths(panel: Panel) -> tuple[float, float]:
    """Return the inches of a panel before and after the left end of its frame."""
    before = AXIS if isinstance(panel, Curves | Bars) else 0.0
    return before, frame_of(panel, SIDE)[0] + (BAR if isinstance(panel, Field) else GAP)


def head_of(shown: Shown) -> float:
    """Return the inches of the title and the note above a frame."""
    return (LINE * sum(map(len, headings(shown[1]))) + 6.0) / 72


def below_of(shown: Shown) -> float:
    """Return the inches from the top of a frame to the end of its row."""
    return frame_of(shown[1], SIDE)[1] + foot_of(shown) / 72 + GAP / 2


def content_of(sheet: Any, dpi: int) -> bytes:
    """Return a Matplotlib figure as the content of a PNG file."""
    drawn = io.BytesIO()
    sheet.savefig(drawn, dpi=dpi, format="png")
    return drawn.getvalue()
