"""Names of dimensions, and the conversion of plain arrays to labeled arrays."""

from __future__ import annotations

import hashlib
import math
import numbers
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from explorer.params import is_real

LABEL, ROW, COL, CHANNEL = "label", "row", "col", "channel"
OFFSET, COMPONENT, STEP = "offset", "component", "step"
ITERATION = "iteration"
SCENE, TIME, VARIANT, SCENARIO = "scene", "time", "variant", "scenario"
RUN, TRAINING_STEP = "run", "training_step"
NODE, EDGE, IMAGE, APPROACH = "node", "edge", "image", "approach"
FEATURE = "feature"
NOISE_LEVEL, RANK_DIM = "noise_level", "rank"

LABEL_FIELD = (LABEL, ROW, COL)
WEIGHT_FIELD = (OFFSET, ROW, COL)
PIXELS = (ROW, COL)
PICTURE = (ROW, COL, CHANNEL)
PROTOTYPES = (LABEL, CHANNEL)


def labeled(
    values: Any,
    dims: Sequence[str],
    *,
    coords: Mapping[str, Any] | None = None,
    **attrs: Any,
) -> xr.DataArray:
    """Return `values` as a DataArray with named `dims` and `attrs`."""
    return xr.DataArray(values, dims=tuple(dims), coords=coords, attrs=attrs)


def fingerprint(*arrays: np.ndarray) -> str:
    """Return a digest of the shapes, types and contents of arrays."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.shape} {array.dtype}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def plain(argument: str, value: Any) -> np.ndarray:
    """Return `value` as an array in native byte order; else name the argument.

    A lazy array is computed here, once, and a warning says so.
    """
    if is_masked(value):
        raise TypeError(
            f"`{argument}` has masked entries: replace them, with `.filled(…)`"
        )
    try:
        if isinstance(value, xr.Dataset):
            raise TypeError("a Dataset has many arrays")
        array = np.asarray(computed(argument, value))
    except Warning:
        raise
    except Exception as error:  # any error that a foreign `__array__` raises
        raise TypeError(
            f"`{argument}` is a {type(value).__name__} that makes no array: pass a "
            "DataArray (of a Dataset one variable, such as `scene.image`), a NumPy "
            "array, or nested lists of equal lengths"
        ) from error
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def is_masked(value: Any) -> bool:
    """Return whether a masked array, or one in nested lists, has masked entries."""
    if isinstance(value, (list, tuple)):
        return any(is_masked(v) for v in value if not np.isscalar(v))
    return isinstance(value, np.ma.MaskedArray) and bool(np.ma.is_masked(value))


def computed(argument: str, value: Any) -> Any:
    """Load a lazy array (Dask) into memory, with a warning; return others unchanged."""
    graph = getattr(value, "__dask_graph__", None)
    if graph is None or graph() is None:
        return value
    size = math.prod(value.shape) * value.dtype.itemsize / 10**6
    warnings.warn(
        f"`{argument}` is a lazy array of {size:.3g} MB: it is computed now, once for "
        f"this call; pass `{argument}.compute()` to keep the result for others",
        UserWarning,
        stacklevel=2,
    )
    return value.compute()


def axes_of(argument: str, value: Any) -> int:
    """Return the number of dimensions of array-like input."""
    axes = getattr(value, "ndim", None)  # this does not compute a lazy array
    return axes if isinstance(axes, int) else plain(argument, value).ndim


def real_numbers(argument: str, array: np.ndarray) -> np.ndarray:
    """Return an array of real numbers, even if they are Python objects."""
    if array.dtype == object and all(map(is_real, array.flat)):
        whole = all(isinstance(x, numbers.Integral) for x in array.flat)
        small = whole and all(abs(int(x)) < 2**63 for x in array.flat)
        try:
            array = array.astype(np.int64 if small else np.float64)
        except OverflowError as error:
            raise ValueError(
                f"`{argument}` must be numbers up to 1e308, got a larger integer; "
                "scale it down"
            ) from error
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"`{argument}` has dtype {array.dtype}; it must hold real numbers: "
            "convert it with `.astype(float)`"
        )
    return array


def raw(argument: str, value: Any, dims: Sequence[str]) -> np.ndarray:
    """Return the plain C-ordered array behind `value`, axes in the order of `dims`.

    A DataArray is transposed by name; anything else must already have that order.

    Raises
    ------
    TypeError
        if the entries are not real numbers.
    ValueError
        if dimensions are missing, of the wrong number, or empty.
    """
    wanted = ", ".join(dims)
    if isinstance(value, xr.DataArray):
        if set(value.dims) != set(dims):
            raise ValueError(
                f"`{argument}` has the dimensions {tuple(value.dims)}; "
                f"they must be ({wanted}): rename or select them first"
            )
        value = value.transpose(*dims)
    array = real_numbers(argument, plain(argument, value))
    if array.ndim != len(dims):
        raise ValueError(
            f"`{argument}` has shape {array.shape}; it must have "
            f"{len(dims)} dimensions ({wanted})"
        )
    if 0 in array.shape:
        raise ValueError(
            f"`{argument}` has shape {array.shape}; every dimension of ({wanted}) "
            "needs at least one entry"
        )
    return np.ascontiguousarray(array)


LARGEST = 1e100
"""Values of images are squared and summed, and products of them are smoothed."""


def refuse_huge(argument: str, array: np.ndarray) -> None:
    """Raise if the values of an image are too large to be squared."""
    if max(-array.min(), array.max()) > LARGEST:
        raise ValueError(
            f"`{argument}` ranges from {array.min():g} to {array.max():g}, too far to "
            "be squared: subtract the minimum and divide by the range"
        )


def checked_dtype(value: Any) -> np.dtype:
    """Return `dtype` as one of the two types of flows."""
    try:
        dtype = np.dtype(value)
    except TypeError:
        dtype = None
    if value is None or dtype not in (np.float64, np.float32):
        raise ValueError(
            f'`dtype` = {value!r} is unknown; pass "float64" (15 digits) or '
            '"float32" (6 digits, half the memory)'
        )
    return dtype


def finite_field(
    argument: str, value: Any, dims: Sequence[str], keep: bool = False
) -> np.ndarray:
    """Return `raw(...)` as float64 after checking that every entry is finite.

    float32 stays as it is if told to `keep` it.
    """
    array = raw(argument, value, dims)
    if not (keep and array.dtype == np.float32):
        with np.errstate(over="ignore"):  # overflow: see below
            array = array.astype(np.float64, copy=False)
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"`{argument}` holds {int(bad.sum())} entries that are not finite, the "
            f"first is {array[where]} at {dict(zip(dims, where, strict=True))}: "
            "remove or replace them"
        )
    return array


def label_field(
    argument: str,
    value: Any,
    shape: tuple[int, ...],
    labels: int,
    dims: Sequence[str] = PIXELS,
) -> np.ndarray:
    """Return an integer array, (row, col) or (node,), with entries in 0 … labels−1."""
    array = raw(argument, value, dims)
    if array.shape != shape:
        raise ValueError(
            f"`{argument}` has shape {array.shape}; it must have the shape of the "
            f"distances, ({', '.join(dims)}) = {shape}"
        )
    if not (np.isfinite(array).all() and np.array_equal(array, np.round(array))):
        raise TypeError(
            f"`{argument}` has dtype {array.dtype} with entries that are not integers; "
            f"labels must be integers from 0 to {labels - 1}: round or renumber them"
        )
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= labels:
        raise ValueError(
            f"`{argument}` holds labels from {low:g} to {high:g}; they must be "
            f"from 0 to {labels - 1} (there are {labels} labels): renumber them"
        )
    return array.astype(np.intp)
