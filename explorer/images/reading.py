"""Images from files and arrays: decoded, checked, scaled to [0, 1]."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import PICTURE, PIXELS, plain, raw
from explorer.images.decoding import decoded
from explorer.images.stored import UPRIGHT, Decoded, refuse_size


def read_image(image: Any, argument: str = "image") -> np.ndarray:
    """Return an image as float (row, col, channel) in [0, 1], one or three channels."""
    array = open_array(image, argument) if is_path(image) else as_array(image, argument)
    what = f"`{argument}`" + (f" = {str(image)!r}" if is_path(image) else "")
    return on_white(array, what)


def read_oriented(image: Any, argument: str = "image") -> tuple[np.ndarray, int]:
    """Return an image as `read_image` does, and how its stored pixels lay (EXIF)."""
    if not is_path(image):
        return read_image(image, argument), UPRIGHT
    found = open_file(image, argument)
    return on_white(found.array, f"`{argument}` = {str(image)!r}"), found.orientation


def on_white(array: np.ndarray, what: str) -> np.ndarray:
    """Return pixels as float (row, col, channel) in [0, 1], on white where transparent.

    what : names the image in error messages.
    """
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"{what} has shape {array.shape}; needed is (row, col) or "
            "(row, col, channel) with 1, 3 or 4 channels"
        )
    refuse_size(what, array.shape[0], array.shape[1])
    unit = to_unit(array, what)
    if unit.shape[2] == 4:
        alpha = unit[..., 3:]
        unit = alpha * unit[..., :3] + (1.0 - alpha)
    return np.ascontiguousarray(unit)


def as_array(image: Any, argument: str) -> np.ndarray:
    """Return array-like input; a DataArray is transposed to (row, col[, channel])."""
    if isinstance(image, xr.DataArray):
        return raw(argument, image, PIXELS if image.ndim == 2 else PICTURE)
    return plain(argument, image)


def name_of(path: Any) -> str:
    """Return a path as text that any file can hold, whatever its bytes are."""
    return os.fspath(path).encode(errors="replace").decode()


def is_path(value: Any) -> bool:
    """Return whether `value` names a file (a string or path) rather than data."""
    return isinstance(value, (str, os.PathLike))


def to_unit(array: np.ndarray, what: str) -> np.ndarray:
    """Scale to [0, 1] by the range of the dtype; floats must already lie there.

    what : names the image in error messages.
    """
    if array.dtype == bool:
        return array.astype(float)
    if array.dtype in (np.uint8, np.uint16):
        return array / float(np.iinfo(array.dtype).max)
    if array.dtype.kind != "f":
        raise TypeError(
            f"{what} has dtype {array.dtype}; needed is uint8, uint16, bool or "
            "float in [0, 1]: convert it"
        )
    if not np.isfinite(array).all():
        raise ValueError(
            f"{what} holds entries that are not finite: remove or replace them"
        )
    low, high = float(array.min()), float(array.max())
    if low < 0.0 or high > 1.0:
        raise ValueError(
            f"{what} ranges from {low:g} to {high:g}; floats must lie in [0, 1]: "
            "subtract the minimum and divide by the range"
        )
    return array.astype(float)


def open_array(path: Any, argument: str, *, indices: bool = False) -> np.ndarray:
    """Return the pixels of an image file; see `open_file`."""
    return open_file(path, argument, indices=indices).array


def open_file(path: Any, argument: str, *, indices: bool = False) -> Decoded:
    """Return the pixels of an image file in the depth it was stored in.

    With `indices`, they are the numbers stored, as label images mean them: indices,
    not colors of a palette; gray values as they are, whichever number is white.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(
            f"`{argument}` = {str(path)!r} names no file: check the path "
            f"(the working directory is {os.getcwd()})"
        )
    what = f"`{argument}` = {str(path)!r}"
    return decoded(file.read_bytes(), what, indices=indices)
