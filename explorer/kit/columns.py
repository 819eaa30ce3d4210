"""Compare columns of numbers, and encode them for the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

DTYPES = ("<f8", "<f4", "<i4", "<u4", "|u1")
"""Types that BokehJS stores in typed arrays."""


def same(columns: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Return whether two sets of columns hold the same values, NaN among them."""
    return columns.keys() == shown.keys() and all(
        len(columns[k]) == len(shown[k])
        and alike(np.asarray(columns[k]), np.asarray(shown[k]))
        for k in columns
    )


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two arrays hold the same values, NaN among them."""
    floats = one.dtype.kind == other.dtype.kind == "f"
    return np.array_equal(one, other, equal_nan=floats)


def encode(column: Any, buffers: list[Any]) -> dict[str, Any]:
    """Return the header of a column; numeric arrays go to `buffers`.

    A list of one 2-d array is a picture. Integers are sent as int32, and values that
    are not numbers as a plain list.
    """
    single = isinstance(column, list) and len(column) == 1
    single = single and isinstance(column[0], np.ndarray)
    array = np.asarray(column[0] if single else column)
    if array.dtype.kind in "iu" and array.dtype.str not in DTYPES:
        array = array.astype(np.int32)
    if array.dtype.str not in DTYPES or array.size == 0:
        return {"values": [array.tolist()] if single else array.tolist()}
    array = np.ascontiguousarray(array)
    buffers.append(array.view(np.uint8).reshape(-1).data)
    return {
        "buffer": len(buffers) - 1,
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "single": single,
    }
