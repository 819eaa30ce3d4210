"""Ground truth: labels 0 … J−1, and pixels without a known label.

Pixels without a label hold the number in the attribute `no_label` of the DataArray, as
with `_FillValue` in netCDF, but without converting integers to floats. In scenes this
number is −1. Losses, scores and training ignore these pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import PIXELS, label_field, labeled, raw

NO_LABEL = -1
"""Stands for no label in all plain arrays of labels."""

DECLARED = "no_label"
"""Attribute of a DataArray of labels: the number of pixels without a label."""

DECLARATION: dict[str, Any] = {DECLARED: NO_LABEL}


def truth_field(
    argument: str,
    value: Any,
    shape: tuple[int, ...],
    labels: int,
    dims: Sequence[str] = PIXELS,
) -> np.ndarray:
    """Return a ground truth as integers 0 … labels−1, −1 at pixels without a label.

    Raises
    ------
    TypeError, ValueError
        naming the argument, where an entry is no label and not declared as none, or
        where no pixel has a label.
    """
    array = raw(argument, value, dims)
    code = value.attrs.get(DECLARED) if isinstance(value, xr.DataArray) else None
    if code is None:
        if array.min() == NO_LABEL:
            raise ValueError(
                f"`{argument}` holds labels from {NO_LABEL} to {array.max():g}; "
                f"they must be from 0 to {labels - 1} (there are {labels} labels): "
                f"renumber them, or if {NO_LABEL} stands for no label, pass a "
                f"DataArray, `{argument}.assign_attrs({DECLARED}={NO_LABEL})`"
            )
        return label_field(argument, array, shape, labels, dims)
    missing = array == code
    if missing.all():
        raise ValueError(
            f"`{argument}` must have a label at one pixel at least, got {code!r} "
            f"everywhere, which stands for no label: correct the attribute `{DECLARED}`"
        )
    filled = array.copy()
    filled[missing] = filled[~missing][0]
    found = label_field(argument, filled, shape, labels, dims)
    found[missing] = NO_LABEL
    return found


def declared(truth: np.ndarray) -> xr.DataArray:
    """Return a plain ground truth, (row, col), as one that declares −1 as no label."""
    return labeled(truth, PIXELS, **DECLARATION)


def truth_of(target: np.ndarray) -> np.ndarray:
    """Return the ground truth of a target V*, which vanishes at unknown labels."""
    truth = target.argmax(axis=0)
    if len(target) > 1:  # one label alone has V* = 0
        truth[~target.any(axis=0)] = NO_LABEL
    return truth


def at_known(V: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return V, (label, row, col), with zeros at pixels without a label."""
    known = truth >= 0
    return V if known.all() else V * known.astype(V.dtype)


def count_known(truth: np.ndarray) -> int:
    """Return how many pixels have a label."""
    return int(np.count_nonzero(truth >= 0))


def percent_wrong(labels: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of pixels with labels ≠ truth, in percent of those known."""
    wrong = (labels != truth) & (truth >= 0)
    return 100.0 * (np.count_nonzero(wrong) / count_known(truth))
