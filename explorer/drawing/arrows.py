"""Arrows in the cells of a matrix: each number of a patch points at its neighbor."""

from __future__ import annotations

import numpy as np

LONGEST = 0.62
"""Length of the longest arrow, as a share of its cell."""

RAISED = 0.1
"""Share of a cell by which arrows lie above its center: the number is below."""

TEXT = 0.34
"""Share of a cell by which its number lies below the center."""


def arrows_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return begin and end of the arrow of each cell, (cell, 2): x right, y down.

    A positive number points from the center of the matrix to its cell, a negative one
    back to the center. The length is proportional to the number; the center has none.
    """
    values = np.asarray(values, float)
    rows, cols = values.shape
    down, right = np.indices((rows, cols)).reshape(2, -1).astype(float)
    places = np.stack([right - cols // 2, down - rows // 2], axis=1)
    far = np.linalg.norm(places, axis=1, keepdims=True)
    outward = np.divide(places, far, out=np.full_like(places, np.nan), where=far > 0)
    most = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    share = values.reshape(-1, 1) / (most or 1.0)
    half = 0.5 * LONGEST * np.where(share == 0.0, np.nan, share) * outward
    middle = places - np.array([0.0, RAISED])
    return middle - half, middle + half


def turns(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the angles of triangles at the ends, counterclockwise from upward."""
    along = end - begin
    return np.arctan2(-along[:, 1], along[:, 0]) - 0.5 * np.pi
