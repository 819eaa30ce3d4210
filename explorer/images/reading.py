"""Images from files and arrays: decoded, checked, scaled to [0, 1]."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from PIL import Image

from explorer.dims import PICTURE, PIXELS, plain, raw
from explorer.images.decoding import decoded, decoded_picture
from explorer.images.stored import MAX_PIXELS, UPRIGHT, Decoded, refuse_size

LARGEST_FILE = 64 * MAX_PIXELS
"""Largest file in bytes: twice the size of four channels of doubles per pixel."""


def read_image(image: Any, argument: str = "image") -> np.ndarray:
    """Return an image as float (row, col, channel) in [0, 1], one or three channels.

    image : path, Pillow image, or array (row, col) or (row, col, 1 | 3 | 4). Paths
        and Pillow images give the colors that a viewer shows.
    """
    return read_oriented(image, argument)[0]


def read_oriented(image: Any, argument: str = "image") -> tuple[np.ndarray, int]:
    """Return an image like `read_image`, and the orientation of its file (EXIF)."""
    if is_path(image):
        found = open_file(image, argument)
        what = f"`{argument}` = {str(image)!r}"
    elif isinstance(image, Image.Image):
        what = f"`{argument}`"
        found = decoded_picture(image, what)
    else:
        return on_white(as_array(image, argument), f"`{argument}`"), UPRIGHT
    return on_white(found.array, what, ours=True), found.orientation


def on_white(array: np.ndarray, what: str, ours: bool = False) -> np.ndarray:
    """Return pixels as float (row, col, channel) in [0, 1], on white where transparent.

    what : names the image in error messages.
    ours : whether `array` may be changed and returned itself.
    """
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"{what} has shape {array.shape}; it must have shape (row, col), or "
            "(row, col, channel) with 1, 3 or 4 channels"
        )
    refuse_size(what, array.shape[0], array.shape[1])
    unit = to_unit(array[..., :3], what, ours)
    if array.shape[2] == 4:  # in place: images may be large
        alpha = to_unit(array[..., 3:], what, ours)
        unit *= alpha
        unit += np.subtract(1.0, alpha, out=alpha)
    return np.ascontiguousarray(unit)


def as_array(image: Any, argument: str) -> np.ndarray:
    """Return array-like input; a DataArray is transposed to (row, col[, channel])."""
    if isinstance(image, xr.DataArray):
        return raw(argument, image, PIXELS if image.ndim == 2 else PICTURE)
    return plain(argument, image)


def name_of(path: Any) -> str:
    """Return a path as text that any file can store, whatever its bytes are."""
    return os.fspath(path).encode(errors="replace").decode()


def is_path(value: Any) -> bool:
    """Return whether `value` names a file (a string or path) rather than data."""
    return isinstance(value, (str, os.PathLike))


def to_unit(array: np.ndarray, what: str, ours: bool = False) -> np.ndarray:
    """Scale to [0, 1] by the range of the dtype; floats must already be in range.

    what : names the image in error messages.
    ours : whether `array` may be returned itself.
    """
    if array.dtype == bool:
        return array.astype(float)
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2:  # of any byte order
        return array / float(np.iinfo(array.dtype).max)
    if array.dtype.kind != "f":
        raise TypeError(
            f"{what} has dtype {array.dtype}; it must be uint8, uint16, bool or "
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
    return array.astype(float, copy=not ours)


def open_array(path: Any, argument: str, *, indices: bool = False) -> np.ndarray:
    """Return the pixels of an image file; see `open_file`."""
    return open_file(path, argument, indices=indices).array


def open_file(path: Any, argument: str, *, indices: bool = False) -> Decoded:
    """Return the pixels of an image file, at the depth of the file.

    With `indices`, they are the stored numbers, for label images: indices rather than
    palette colors, and gray values as in the file, whichever number is white.
    """
    what = f"`{argument}` = {str(path)!r}"
    file = Path(path)
    if not file.is_file() and str(path).startswith("~"):
        file = Path(os.path.expanduser(path))
    if not file.is_file():
        raise FileNotFoundError(
            f"{what} names no file: check the path (the working directory is "
            f"{os.getcwd()})"
        )
    try:
        size = file.stat().st_size
        content = b"" if size > LARGEST_FILE else file.read_bytes()
    except OSError as error:
        raise type(error)(
            f"{what} cannot be read ({error.strerror}): check its permissions"
        ) from error
    if size > LARGEST_FILE:
        raise ValueError(
            f"{what} has {size / 2**20:.0f} MB, more than any image of {MAX_PIXELS} "
            "pixels: crop or scale it down first"
        )
    return decoded(content, what, indices=indices)
