"""Feed the figures of written matrices and tables."""

from __future__ import annotations

import numpy as np

from explorer.drawing import colors
from explorer.drawing.arrows import TEXT, arrows_of, turns
from explorer.drawing.columns import Columns, Props, extent
from explorer.drawing.slots import Kept
from explorer.drawing.view import View
from explorer.panels import Grid, Table

LETTERS = 480
"""Letters across a card times their height: 270 pixels, at a width of 0.56 heights."""


def feed_grid(shown: View, panel: Grid, _: Kept) -> tuple[Columns, Props]:
    """Return the cells of a matrix: offsets from its center, colors and texts."""
    values = np.atleast_2d(np.asarray(panel.values, float))
    rows, cols = values.shape
    across, down = np.arange(cols) - cols // 2, np.arange(rows) - rows // 2
    fill, ink = colors.shades(values, panel.signed)
    x, y = np.tile(across, rows).astype(float), np.repeat(down, cols).astype(float)
    begin, end = arrows_of(values if panel.arrows else np.zeros_like(values))
    columns = {
        "x": x, "y": y, "text_y": y + (TEXT if panel.arrows else 0.0),
        "x0": begin[:, 0], "y0": begin[:, 1], "x1": end[:, 0], "y1": end[:, 1],
        "turn": turns(begin, end),
        "value": values.flatten(), "color": fill, "ink": ink, "text": written(values),
        "size": [f"{min(11 if panel.arrows else 14, 64 // max(rows, cols))}px"]
        * values.size,
    }  # fmt: skip
    tips = [("row offset, col offset", "@y, @x"), (panel.unit or "value", "@value")]
    left, top = across[0] - 0.5, down[0] - 0.5
    props: Props = {
        f"{shown.name}-x": extent(left, left + cols),
        f"{shown.name}-y": extent(top + rows, top),
        f"{shown.name}-hover": {"tooltips": tips},
    }
    return {shown.name: columns}, props


def written(values: np.ndarray) -> list[str]:
    """Return numbers as texts of one format."""
    size = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    form = "{:.3f}" if size == 0.0 or 1e-2 <= size < 1e3 else "{:.1e}"
    return [form.format(v) if np.isfinite(v) else "–" for v in values.flat]


def feed_table(shown: View, panel: Table, _: Kept) -> tuple[Columns, Props]:
    """Return the texts of a table with their places; the first column aligns left."""
    rows = [
        list(map(str, panel.columns)),
        *([number_of(v) for v in r] for r in panel.rows),
    ]
    widths = [
        max((len(t) for t in column), default=1) + 3
        for column in zip(*rows, strict=True)
    ]
    ends = np.cumsum(widths) / max(1, sum(widths))
    size = f"{np.clip(LETTERS // max(1, sum(widths)), 8, 12)}px"
    align = ["left"] + ["right"] * (len(widths) - 1)
    places = [0.0, *ends[1:]]
    columns = {
        "x": np.tile(places[: len(widths)], len(rows)),
        "y": np.repeat(np.arange(len(rows)), len(widths)).astype(float),
        "text": [text for row in rows for text in row],
        "align": align[: len(widths)] * len(rows),
        "style": (["bold"] * len(widths) + ["normal"] * len(widths) * (len(rows) - 1)),
        "size": [size] * (len(rows) * len(widths)),
    }
    tall = max(len(rows), 6)
    return {shown.name: columns}, {
        f"{shown.name}-x": extent(-0.02, 1.02), f"{shown.name}-y": extent(tall, -0.7),
    }  # fmt: skip


def number_of(value: object) -> str:
    """Return a cell of a table as text; numbers have four digits."""
    if isinstance(value, float | np.floating):
        return f"{value:.4g}" if np.isfinite(value) else "–"
    return str(value)
