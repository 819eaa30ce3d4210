"""The benchmark's figures as a page that any browser shows offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from bokeh.io import save
from bokeh.models import Legend
from bokeh.palettes import Colorblind
from bokeh.plotting import figure
from bokeh.resources import INLINE

MARKERS = ("circle", "square", "triangle", "diamond", "star", "cross")


def write_page(path: Path, rows: list[dict[str, Any]]) -> None:
    """Draw the median time over the number of pixels, a line per contender and J."""
    plot = figure(
        title="Loss and gradient (m = 10, T = 5), median time",
        x_axis_type="log",
        y_axis_type="log",
        x_axis_label="pixels",
        y_axis_label="time [ms]",
        width=900,
        height=560,
    )
    names = list(dict.fromkeys(row["name"] for row in rows))
    items = []
    for name, color, marker in zip(names, Colorblind[8], MARKERS * 2, strict=False):
        for labels in sorted({row["labels"] for row in rows}):
            line = sorted(
                (row["size"] ** 2, 1e3 * float(np.median(row["seconds"])))
                for row in rows
                if (row["name"], row["labels"], row["dim"]) == (name, labels, 10)
            )
            if not line:
                continue
            x, y = zip(*line, strict=True)
            drawn = [
                plot.line(x, y, color=color, line_width=2),
                plot.scatter(x, y, color=color, marker=marker, size=9),
            ]
            items.append((f"{name}, J = {labels}", drawn))
    plot.add_layout(Legend(items=items, click_policy="hide"), "right")
    save(plot, filename=path, resources=INLINE, title="Benchmark")
