"""Types of the data that feed figures, and helpers to build them."""

from __future__ import annotations

from typing import Any

import numpy as np

Columns = dict[str, dict[str, Any]]
"""Columns by the name of their source: arrays of u1, u4, f4 or f8, a list of one such
picture, or a list of texts."""

Props = dict[str, dict[str, Any]]
"""Properties by the name of their model."""

Tips = list[tuple[str, str]]
"""Lines of the tooltip: names, and columns with their format."""


def picture_of(values: np.ndarray) -> list[np.ndarray]:
    """Return numbers per pixel as the value of a column."""
    return [np.array(values, dtype=np.float32, order="C")]


def extent(start: float, end: float) -> dict[str, Any]:
    """Return the properties of a range; a reset restores them."""
    start, end = float(start), float(end)
    return {"start": start, "end": end, "reset_start": start, "reset_end": end}
