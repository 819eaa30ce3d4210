"""The aspect of the frame around a panel; pixels and angles keep their shape."""

from __future__ import annotations

import numpy as np

from explorer.drawing.extents import Extent
from explorer.drawing.patches import size_of
from explorer.panels import (
    Field,
    Grid,
    Labels,
    Panel,
    Patches,
    Picture,
    Pixelwise,
    Simplex,
    shape_of,
)

MOST_STRETCHED = 16.0
"""Largest aspect of a frame; pictures of a larger aspect fill it only partly."""

TRIANGLE: tuple[Extent, Extent] = ((-0.14, 1.14), (-0.12, 0.97))
"""Extents of both axes of a simplex: the triangle and the names of its corners."""


def room_of(panel: Pixelwise) -> tuple[float, float]:
    """Return the columns and rows that fit into the frame of a picture."""
    rows, cols = shape_of(panel)
    return max(cols, rows / MOST_STRETCHED), max(rows, cols / MOST_STRETCHED)


def aspect_of(panel: Panel) -> float:
    """Return the width of a panel's frame relative to its height."""
    if isinstance(panel, Picture | Labels | Field):
        across, down = room_of(panel)
    elif isinstance(panel, Grid):
        down, across = np.atleast_2d(panel.values).shape
    elif isinstance(panel, Patches):
        across, down = size_of(panel)
    elif isinstance(panel, Simplex):
        across, down = (end - start for start, end in TRIANGLE)
    else:
        return 1.0
    return across / down


def frame_of(panel: Panel, side: float) -> tuple[float, float]:
    """Return the width and the height of a frame whose longer side is `side`."""
    aspect = aspect_of(panel)
    return side * min(1.0, aspect), side / max(1.0, aspect)
