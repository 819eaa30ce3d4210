"""Pictures and tables for where no kernel runs: saved notebooks, GitHub, docs.

A front end shows the richest form of an output that it can: the widget where there is a
kernel, else the HTML, else the PNG.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np
from PIL import Image

from explorer.dashboard.published import Published
from explorer.drawing import colors
from explorer.panels import Bars, Curves, Field, Figure, Labels, Panel

SIDE, GAP = 256, 8
"""Least side of each picture and the gap between two, in pixels."""

Row = Sequence[Any]


def bundle(live: Any, png: bytes, html: str) -> Any:
    """Return what a widget gives a front end, with its still forms beside it.

    live : what the widget itself gives, data alone or data and metadata.
    """
    data, *rest = live if isinstance(live, tuple) else (live,)
    still = {"text/html": html, "image/png": base64.b64encode(png).decode()}
    return ({**data, **still}, *rest) if rest else {**data, **still}


def page(png: bytes, alternative: str, table: Sequence[Row]) -> str:
    """Return HTML that holds a picture and a table; the first row is the head."""
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    tags = ["th"] + ["td"] * (len(table) - 1)
    rows = "".join(
        "<tr>" + "".join(f"<{tag}>{escape(str(c))}</{tag}>" for c in cells) + "</tr>"
        for tag, cells in zip(tags, table, strict=True)
    )
    picture = f'<img src="{source}" alt="{escape(alternative)}">'
    return f"<div>{picture}<table>{rows}</table></div>"


def pictures(published: Published) -> bytes:
    """Return input, ground truth and labeling side by side, as PNG."""
    shown = published.shown
    if shown is None:
        raise RuntimeError("nothing is shown any more: the explorer is closed")
    truth, count = shown.scene.labels.values.astype(int), shown.label_count
    image = np.clip(shown.scene.image.values, 0.0, 1.0)
    parts = [
        np.broadcast_to(image, (*image.shape[:2], 3)),
        colored(colors.label_palette(count), truth),
        colors.label_image(Labels("", shown.labels, count, truth)),
    ]
    factor = max(1, -(-SIDE // max(truth.shape)))
    large = [part.repeat(factor, 0).repeat(factor, 1) for part in parts]
    gap = np.ones((large[0].shape[0], GAP, 3))
    whole = np.concatenate([large[0], gap, large[1], gap, large[2]], axis=1)
    stored = io.BytesIO()
    Image.fromarray(np.round(255.0 * whole).astype(np.uint8)).save(stored, "PNG")
    return stored.getvalue()


def colored(palette: Sequence[str], labels: np.ndarray) -> np.ndarray:
    """Return labels (row, col) as an image in the colors #rrggbb of a palette."""
    table = [[int(c[i : i + 2], 16) / 255.0 for i in (1, 3, 5)] for c in palette]
    return np.array(table)[labels]


def numbers(published: Published) -> list[Row]:
    """Return what was reached and under which settings, as a table."""
    trace = published.trace
    error, loss = float(trace.error_percent[-1]), float(trace.loss[-1])
    reached = [
        ("learning steps", int(trace.step[-1])),
        ("wrong pixels", f"{error:.2f} %"),
        ("loss", f"{loss:.6g}"),
    ]
    return [("quantity", "value"), *reached, *asdict(published.settings).items()]


def contents(figure: Figure) -> list[Row]:
    """Return what the panels of a figure hold, as a table with numbers."""
    rows: list[Row] = [("panel", "shown", "from", "to")]
    for panel in (panel for row in figure.rows for panel in row):
        rows += lines_of(panel)
    return rows


def lines_of(panel: Panel) -> list[Row]:
    """Return the lines of a table that say what a panel holds."""
    if isinstance(panel, Curves):
        return [
            (panel.title, f"{s.name}: {panel.y_label}", *ends(np.asarray(s.y)))
            for s in panel.series
        ]
    if isinstance(panel, Bars):
        return [(panel.title, panel.y_label, *span(panel.heights))]
    if isinstance(panel, Field):
        return [(panel.title, panel.unit, *span(panel.values))]
    if isinstance(panel, Labels):
        return [(panel.title, "labels", 0, panel.count - 1)]
    return [(panel.title, "image", *span(panel.image))]


def ends(values: np.ndarray) -> tuple[str, str]:
    """Return the first and the last number of a curve."""
    return (f"{values[0]:.4g}", f"{values[-1]:.4g}") if values.size else ("", "")


def span(values: np.ndarray) -> tuple[str, str]:
    """Return the least and the largest number."""
    found = values[np.isfinite(values)]
    return (f"{found.min():.4g}", f"{found.max():.4g}") if found.size else ("", "")
