"""Encoded images as arrays, in the depth and kind that they were stored in."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 2**24
"""16 megapixels: a flow with 8 labels and m = 10 on it would fill 20 GB."""

COLORED = ("P", "CMYK", "YCbCr", "LA", "PA", "La", "RGBa")
"""Ways of Pillow to hold colors that are converted to RGB, with alpha if need be."""

DEEP = ("RGB", "RGBA", "LA", "RGBX")
"""Modes in which Pillow cuts 16 bits to 8."""

SMALL = ("L", "LA", "RGB", "RGBA")
"""Modes in which Pillow takes signed bytes for unsigned ones."""

BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT, ORIENTATION = 258, 262, 339, 274
"""Tags of TIFF and EXIF."""

WHITE_IS_ZERO, SIGNED = 0, 2
"""Values of photometric interpretation and sample format."""


class RefusedError(ValueError):
    """An image that could be decoded, but not into what it shows."""


def decode(content: bytes, what: str, *, indices: bool = False) -> np.ndarray:
    """Return the pixels of an encoded image.

    Parameters
    ----------
    content : bytes of the file; what : names it in error messages.
    indices : whether an image with a palette is its numbers, not its colors.

    Raises
    ------
    ValueError
        where it is no image, too large, of several pages, or of a kind that would not
        come out as it looks.
    """
    try:
        with warnings.catch_warnings():
            # our own, lower limit follows at once
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(content))
            refuse_size(what, picture.height, picture.width)
            deep = is_deep(picture)  # not known any more once something is loaded
            refuse_kind(what, picture, deep)
            if deep:
                return deep_colors(content, what, picture)
            return pixels(picture, indices)
    except Image.DecompressionBombError as error:
        raise RefusedError(
            f"{what} has more than {MAX_PIXELS} pixels: crop or scale it down first"
        ) from error
    except RefusedError:
        raise
    except Exception as error:  # decoders raise whatever their format suggests
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "unknown format" if unknown else error
        raise ValueError(
            f"{what} cannot be read as an image ({reason}): it may be truncated or no "
            "image at all; save it again as PNG"
        ) from error


def pixels(picture: Image.Image, indices: bool) -> np.ndarray:
    """Return the pixels that Pillow decodes."""
    white_is_zero = tag(picture, PHOTOMETRIC) == (WHITE_IS_ZERO,)
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)  # as a viewer shows it
    if picture.mode == "1":  # as 0 and 255, like any other gray
        picture = picture.convert("L")
    numbers = indices and picture.mode == "P"
    if not numbers and picture.mode in COLORED:
        alpha = "A" in picture.mode or "transparency" in picture.info
        picture = picture.convert("RGBA" if alpha else "RGB")
    array = np.asarray(picture)
    if array.dtype == np.int32 and array.min() >= 0 and array.max() < 2**16:
        array = array.astype(np.uint16)  # how 16-bit gray files may arrive
    if array.dtype == np.uint16 and white_is_zero:  # of 8 bits Pillow knows it
        return np.iinfo(np.uint16).max - array
    return array


def is_deep(picture: Image.Image) -> bool:
    """Return whether a color image has 16 bits, of which Pillow would keep 8."""
    if picture.format == "TIFF":
        deep = max(tag(picture, BITS_PER_SAMPLE), default=1) > 8
    else:
        deep = ";16" in str(getattr(picture, "tile", ""))
    return picture.mode in DEEP and deep


def deep_colors(content: bytes, what: str, picture: Image.Image) -> np.ndarray:
    """Return the pixels of a color image of 16 bits, (row, col, 3 or 4)."""
    if picture.format == "PNG":
        import png

        cols, rows, lines, info = png.Reader(bytes=content).read()
        if "transparent" in info:
            raise RefusedError(
                f"{what} has a transparent color of 16 bits: save it without, or with "
                "an alpha channel"
            )
        array = np.array([np.asarray(line) for line in lines]).reshape(rows, cols, -1)
    elif picture.format == "TIFF":
        array = deep_tiff(content, what)
    else:
        raise RefusedError(
            f"{what} holds 16 bits per color as {picture.format}: save it as PNG"
        )
    if array.shape[2] == 2:  # gray with alpha
        array = array[..., [0, 0, 0, 1]]
    return array.astype(np.uint16)


def deep_tiff(content: bytes, what: str) -> np.ndarray:
    """Return the pixels of a TIFF file, (row, col, sample)."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages[0]
        try:
            array = page.asarray()
        except ValueError as error:  # most often for want of a decoder
            raise RefusedError(
                f"{what} holds 16 bits per color, compressed so that they cannot be "
                f"read ({error}): save it uncompressed, or as PNG"
            ) from error
        planar = page.axes.startswith("S")
    return np.moveaxis(array, 0, -1) if planar else np.asarray(array)


def tag(picture: Image.Image, number: int) -> tuple[int, ...]:
    """Return the values of a tag of a TIFF file; none where there is none."""
    value = getattr(picture, "tag_v2", {}).get(number, ())
    return value if isinstance(value, tuple) else (value,)


def refuse_kind(what: str, picture: Image.Image, deep: bool) -> None:
    """Raise if an image would be decoded into something else than it shows."""
    pages = getattr(picture, "n_frames", 1)
    if pages > 1 and picture.format != "MPO":  # photos of phones, with a preview
        raise RefusedError(
            f"{what} holds {pages} pages or frames: save the one that is meant as a "
            "file of its own"
        )
    if picture.mode in ("LAB", "HSV"):
        raise RefusedError(f"{what} holds {picture.mode} colors: save it as RGB")
    if picture.mode in SMALL and SIGNED in tag(picture, SAMPLE_FORMAT):
        raise RefusedError(
            f"{what} holds signed numbers: shift them to 0 … 255 or 0 … 65535"
        )
    if deep and picture.getexif().get(ORIENTATION, 1) != 1:
        raise RefusedError(f"{what} is stored rotated: save it upright")


def refuse_size(what: str, rows: int, cols: int) -> None:
    """Raise if an image has more pixels than a flow can be solved on."""
    if rows * cols > MAX_PIXELS:
        raise RefusedError(
            f"{what} has {rows}×{cols} pixels, more than {MAX_PIXELS}: "
            "crop or scale it down first"
        )
