"""Images from files and arrays: decoded, checked, scaled to [0, 1]."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from PIL import Image, ImageOps, UnidentifiedImageError

from explorer.dims import PICTURE, PIXELS, plain, raw

MAX_PIXELS = 2**24
"""16 megapixels: a flow with 8 labels and m = 10 on it would fill 20 GB."""

COLORED = ("P", "CMYK", "YCbCr", "LA", "PA", "La", "RGBa")
"""Ways of Pillow to hold colors that are converted to RGB, with alpha if need be."""


def read_image(image: Any, argument: str = "image") -> np.ndarray:
    """Return an image as float (row, col, channel) in [0, 1], one or three channels."""
    array = open_array(image, argument) if is_path(image) else as_array(image, argument)
    what = f"`{argument}`" + (f" = {str(image)!r}" if is_path(image) else "")
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
    """Return the pixels of an image file in the depth it was stored in.

    With `indices`, those of an image with a palette are its numbers, not its colors.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(
            f"`{argument}` = {str(path)!r} names no file: check the path "
            f"(the working directory is {os.getcwd()})"
        )
    what = f"`{argument}` = {str(path)!r}"
    return decode(file.read_bytes(), what, indices=indices)


def decode(content: bytes, what: str, *, indices: bool = False) -> np.ndarray:
    """Return the pixels of an encoded image; `what` names it in error messages."""
    try:
        with warnings.catch_warnings():
            # our own, lower limit follows at once
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(content))
            refuse_size(what, picture.height, picture.width)
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)  # as a viewer shows it
            if picture.mode == "1":  # as 0 and 255, like any other gray
                picture = picture.convert("L")
            numbers = indices and picture.mode == "P"
            if not numbers and picture.mode in COLORED:
                alpha = "A" in picture.mode or "transparency" in picture.info
                picture = picture.convert("RGBA" if alpha else "RGB")
    except Image.DecompressionBombError as error:
        raise ValueError(f"{what} is too large: {error}") from error
    except SizeError:
        raise
    except Exception as error:  # decoders raise whatever their format suggests
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "unknown format" if unknown else error
        raise ValueError(
            f"{what} cannot be read as an image ({reason}): it may be truncated or no "
            "image at all; save it again as PNG"
        ) from error
    array = np.asarray(picture)
    if array.dtype == np.int32 and array.min() >= 0 and array.max() < 2**16:
        return array.astype(np.uint16)  # how 16-bit gray files may arrive
    return array


class SizeError(ValueError):
    """An image with more pixels than a flow can be solved on."""


def refuse_size(what: str, rows: int, cols: int) -> None:
    """Raise if an image has more pixels than a flow can be solved on."""
    if rows * cols > MAX_PIXELS:
        raise SizeError(
            f"{what} has {rows}×{cols} pixels, more than {MAX_PIXELS}: "
            "crop or scale it down first"
        )
