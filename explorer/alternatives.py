"""Sentences that say what a panel shows, for readers who do not see it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
    shape_of,
)


def number(value: object) -> str:
    """Return a number with three digits, or other values as text."""
    if isinstance(value, float | np.floating):
        return f"{value:.3g}" if np.isfinite(value) else "undefined"
    return str(value)


def span(values: np.ndarray) -> str:
    """Return the smallest and the largest finite number as text."""
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return "no values"
    return f"{number(finite.min())} to {number(finite.max())}"


def describe(panel: Panel) -> str:
    """Return the text alternative of a panel: a sentence with its numbers.

    >>> describe(Labels("labeling", np.eye(2), 2, truth=np.ones((2, 2))))
    'labeling, 50 % wrong, 2 × 2 pixels, 2 labels'
    """
    return ", ".join(filter(None, (panel.title, panel.note, *facts(panel))))


def facts(panel: Panel) -> list[str]:
    """Return short statements about the arrays of a panel."""
    if isinstance(panel, Picture | Labels | Field):
        return pixel_facts(panel)
    if isinstance(panel, Curves):
        return [
            *map(course, panel.series),
            *(f"{at:g}: {text}" for at, text in (*panel.marks, *panel.levels)),
        ]
    if isinstance(panel, Bars):
        return bar_facts(panel)
    if isinstance(panel, Grid):
        written = "; ".join(", ".join(map(number, row)) for row in panel.values)
        return [f"rows {written}", *filter(None, [panel.unit])]
    if isinstance(panel, Patches):
        return [f"{len(panel.captions)} patches", *panel.captions]
    if isinstance(panel, Simplex):
        return [ending(panel.corners, series) for series in panel.series]
    rows = "1 row" if len(panel.rows) == 1 else f"{len(panel.rows)} rows"
    return [f"{rows} of {', '.join(panel.columns)}"]


def bar_facts(panel: Bars) -> list[str]:
    """Return the number of bars, their heights, and the share of accented bars."""
    heights = np.asarray(panel.heights, float)
    found = [f"{len(heights)} bars, {panel.y_label} {span(heights)}"]
    if panel.accent is None:
        return found
    share = number(float(heights[panel.accented].sum()))
    return [*found, f"{share} in total from {panel.x_label} {panel.accent:g} on"]


def pixel_facts(panel: Pixelwise) -> list[str]:
    """Return the size of a panel with pixels, and its numbers."""
    size = "{} × {} pixels".format(*shape_of(panel))
    if isinstance(panel, Field):
        return [f"{panel.unit} {span(panel.values)}".strip(), size]
    if isinstance(panel, Picture):
        return [size]
    said = panel.called[1]
    told = said.removesuffix("s") in panel.note + panel.title
    known = panel.truth is not None and not told
    wrong = f"{number(error_percent(panel))} % {said}" if known else ""
    return [*filter(None, [wrong]), size, f"{panel.count} labels"]


def error_percent(panel: Labels) -> float:
    """Return the share of wrong pixels among those with a true label, in percent."""
    truth = np.asarray(panel.truth)
    known = truth >= 0
    wrong = np.count_nonzero((panel.labels != truth) & known)
    return 100.0 * wrong / np.count_nonzero(known) if known.any() else float("nan")


def course(series: Series) -> str:
    """Return where a curve begins and ends."""
    y = np.asarray(series.y, float)
    y = y[np.isfinite(y)]
    beside = "" if series.measured is None else f", {len(series.measured[0])} measured"
    if not y.size:
        return f"{series.name} without values{beside}"
    if not series.joined:
        return f"{y.size} point{'s' * (y.size != 1)} {series.name}{beside}"
    if y.size == 1:
        return f"{series.name} {number(y[0])}{beside}"
    return f"{series.name} from {number(y[0])} to {number(y[-1])}{beside}"


def ending(corners: Sequence[str], series: Series) -> str:
    """Return where a path on the simplex ends."""
    if not len(series.x):
        return f"{series.name} without points"
    last = Simplex.p(series.x, series.y)[:, -1]
    parts = (f"{c} {v:.2f}" for c, v in zip(corners, last, strict=True))
    return f"{series.name} ends at {', '.join(parts)}"
