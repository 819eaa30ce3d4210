"""Extents of the axes of curves and bars, equal on a page and in a PNG file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from explorer.drawing.slots import Kept
from explorer.drawing.view import View
from explorer.panels import Bars, Curves, Panel, Series

Extent = tuple[float, float]

MARGIN = 0.04
"""Margin on each side, as a fraction of the data's range."""

FEW_TICKS, MANY_TICKS = 3, 7
"""Least and largest number of ticks of a logarithmic axis."""

CLOSE = 0.1
"""Height of a text as a fraction of a short axis."""

DECADES = 18.0
"""Most powers of ten that a logarithmic axis shows below the largest value, or below
the largest level, with which the values are compared."""


def shared(panel: Panel, kept: Kept) -> list[Series]:
    """Return all curves of the present and of kept runs."""
    panels = [panel, *(other for _, other in kept)]
    return [s for p in panels if isinstance(p, Curves) for s in p.series]


def curve_extents(
    shown: View, panel: Curves, series: Sequence[Series]
) -> tuple[Extent, Extent]:
    """Return the extents of both axes: all finite values and levels, with a margin.

    If all points lie at one whole number, a linear axis extends to the next one.
    """
    beside = [s.measured for s in series if s.measured is not None]
    levels = finite([[at for at, _ in panel.levels]])
    x = finite([*(s.x for s in series), *(x for x, _ in beside)])
    y = finite([*(s.y for s in series), *(y for _, y in beside), levels])
    if whole(x) and x.min() == x.max():
        x = np.append(x, x[0] + 1.0)
    across = logarithmic(x) if shown.log_x else linear(x, 0.03)
    along = logarithmic(y, levels) if shown.log else from_zero(y)
    return across, with_room(along, levels, shown.log)


def with_room(extent: Extent, levels: np.ndarray, log: bool) -> Extent:
    """Return an extent with room for a text above the highest level."""
    if not levels.size:
        return extent
    low, high, top = (np.log10(v) if log else v for v in (*extent, levels.max()))
    end = max(high, low + (top - low) / (1.0 - CLOSE))
    return extent[0], float(10.0**end if log else end)


def bar_extents(panel: Bars, log: bool) -> tuple[Extent, Extent]:
    """Return the extents of both axes of a histogram; bars start at the lower end."""
    y = finite([panel.heights])
    x = linear(finite([panel.edges]), 0.02)
    return x, logarithmic(y) if log else (0.0, from_zero(y)[1])


def whole(values: np.ndarray) -> bool:
    """Return whether there are values and all are whole numbers."""
    return bool(values.size) and bool((values == np.rint(values)).all())


def finite(parts: Iterable[object]) -> np.ndarray:
    """Return all finite numbers."""
    values = [np.ravel(np.asarray(part, dtype=float)) for part in parts]
    joined = np.concatenate([*values, np.zeros(0)])
    found: np.ndarray = joined[np.isfinite(joined)]
    return found


def linear(values: np.ndarray, margin: float = MARGIN) -> Extent:
    """Return an interval around the values, widened if all values are equal."""
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = margin * (high - low) if high > low else 0.5 * max(1.0, abs(high) * 1e-3)
    return low - room, high + room


def from_zero(values: np.ndarray) -> Extent:
    """Return an interval around the values and zero."""
    if not values.any():
        return -MARGIN, 1.0
    return linear(np.append(values, 0.0))


def log_ticks(extent: Extent, least: int = FEW_TICKS) -> list[float]:
    """Return ticks of a logarithmic axis: powers of ten, or 1, 2, 5 between these.

    least : ticks at which no more are added; side by side, fewer have room.

    >>> log_ticks((0.2, 30.0))
    [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
    >>> log_ticks((1e-12, 2.0))
    [1e-12, 1e-10, 1e-08, 1e-06, 0.0001, 0.01, 1.0]
    """
    low, high = extent
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for mantissas in ((1,), (1, 2, 5), tuple(range(1, 10))):
        ticks = [float(f"{m}e{p}") for p in powers for m in mantissas]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) >= least:
            return ticks[:: -(-len(ticks) // MANY_TICKS)]
    return ticks or [low, high]


def logarithmic(values: np.ndarray, levels: np.ndarray | None = None) -> Extent:
    """Return an interval around the positive values, with a margin of their ratio."""
    positive = values[values > 0.0]
    if not positive.size:
        return 0.1, 1.0
    high = float(positive.max())
    top = high if levels is None or not levels.size else float(levels.max())
    low = max(float(positive.min()), top * 10.0**-DECADES)
    room = max((high / low) ** MARGIN, 1.3)
    return low / room, high * room
