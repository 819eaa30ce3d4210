"""Panels as CSV: the numbers behind a figure, exact to the last digit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from explorer.drawing.view import View
from explorer.panels import (
    Bars,
    Curves,
    Field,
    Grid,
    Labels,
    Panel,
    Patches,
    Picture,
    Pixelwise,
    Series,
    Simplex,
    Table,
    shape_of,
)

Rows = Iterable[Sequence[Any]]

CHANNELS = ("red", "green", "blue")


def to_csv(shown: View, panel: Panel) -> str:
    """Return the numbers of a view's panel as CSV, below a row of column names."""
    if not isinstance(panel, shown.kind):
        raise TypeError(
            f"`panel` must be a {shown.kind.__name__}, the kind of the view "
            f"{shown.name}, got {type(panel).__name__}; pass the view's own panel"
        )
    return as_csv(*content(panel))


def as_csv(head: Sequence[str], rows: Rows) -> str:
    """Return rows as CSV, below a row of column names."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def content(panel: Panel) -> tuple[Sequence[str], Rows]:
    """Return the names of columns, and rows."""
    if isinstance(panel, Picture | Labels | Field):
        return pixel_content(panel)
    if isinstance(panel, Curves):
        rows = (
            (name, *at)
            for s in panel.series
            for name, x, y in ((s.name, s.x, s.y), *beside(s))
            for at in listed(x, y)
        )
        return ("series", panel.x_label, panel.y_label), rows
    if isinstance(panel, Bars):
        head = (f"{panel.x_label} from", f"{panel.x_label} to", panel.y_label)
        return head, listed(panel.edges[:-1], panel.edges[1:], panel.heights)
    if isinstance(panel, Grid):
        values = np.atleast_2d(panel.values)
        return ("row", "col", panel.unit or "value"), listed(
            *places(values.shape), values
        )
    if isinstance(panel, Patches):
        return patch_content(panel)
    if isinstance(panel, Simplex):
        paths = (
            (s.name, *p) for s in panel.series for p in listed(*Simplex.p(s.x, s.y))
        )
        return ("series", *panel.corners), paths
    assert isinstance(panel, Table)
    return panel.columns, panel.rows


def beside(series: Series) -> list[tuple[str, Any, Any]]:
    """Return the measured points of a curve under a name of their own, if any."""
    if series.measured is None:
        return []
    return [(f"{series.name}, measured", *series.measured)]


def pixel_content(panel: Pixelwise) -> tuple[Sequence[str], Rows]:
    """Return a row for each pixel."""
    columns: dict[str, Any] = dict(
        zip(("row", "col"), places(shape_of(panel)), strict=True)
    )
    if isinstance(panel, Picture):
        image = np.asarray(panel.image)
        names = CHANNELS if image.shape[2] >= 3 else ("value",)
        columns |= {name: image[..., k] for k, name in enumerate(names)}
    elif isinstance(panel, Field):
        columns[panel.unit or "value"] = panel.values
    else:
        columns["label"] = panel.labels
        if panel.truth is not None:
            columns[panel.called[0]] = panel.truth
        if panel.probabilities is not None:
            columns |= {f"p{k}": p for k, p in enumerate(panel.probabilities)}
    return tuple(columns), listed(*columns.values())


def patch_content(panel: Patches) -> tuple[Sequence[str], Rows]:
    """Return a row for each number of each patch; pixels have one per channel."""
    head = ("patch", "caption", "part", "row", "col", "channel", "value")
    rows = (
        (k, panel.captions[k], part, *place, value)
        for k, pair in enumerate(zip(panel.images, panel.weights, strict=True))
        for part, patch in zip(("image", "weights"), pair, strict=True)
        for place, value in entries(np.asarray(patch))
    )
    return head, rows


def entries(patch: np.ndarray) -> Iterable[tuple[tuple[Any, ...], float]]:
    """Return row, column and channel of each number; weights have no channel."""
    for place, value in np.ndenumerate(patch):
        yield (*place, "")[:3], float(value)


def places(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the column of each entry."""
    row, col = np.indices(shape)
    return row, col


def listed(*columns: Any) -> Rows:
    """Return arrays of equal size as rows of Python numbers, exact in CSV."""
    return zip(*(np.ravel(np.asarray(c)).tolist() for c in columns), strict=True)
