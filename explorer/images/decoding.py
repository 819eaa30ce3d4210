"""Encoded images as arrays, in the depth and kind that they were stored in."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from explorer.images.netpbm import header_of, is_netpbm, netpbm
from explorer.images.pillow import stored_by_pillow
from explorer.images.pngs import SIGNATURE, check_size, deep_png
from explorer.images.stored import (
    MAX_PIXELS,
    Decoded,
    RefusedError,
    Stored,
    refuse_pages,
    refuse_size,
    upright,
)
from explorer.images.tiffs import tiff

FORMATS = (
    "AVIF", "BMP", "DIB", "GIF", "HEIF", "ICO", "JPEG", "JPEG2000", "MPO", "PCX",
    "PNG", "PPM", "QOI", "SGI", "TGA", "WEBP",
)  # fmt: skip
"""Formats that Pillow decodes into what they show; TIFF has a reader of its own."""

TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How TIFF files begin, classic and big, of both byte orders."""

DEEP = ("RGB", "RGBA", "LA", "RGBX")
"""Modes in which Pillow cuts 16 bits to 8."""

DENSEST = {"JPEG": 2**9, "MPO": 2**9, "GIF": 2**12}
"""Pixels that one byte can stand for, at most: JPEG takes a bit for 64 of them."""


RAW = ("BMP", "DIB", "SGI", "TGA")
"""Formats whose pixels may lie in the file as they are."""


def decode(content: bytes, what: str, *, indices: bool = False) -> np.ndarray:
    """Return the pixels of an encoded image; see `decoded`."""
    return decoded(content, what, indices=indices).array


def decoded(content: bytes, what: str, *, indices: bool = False) -> Decoded:
    """Return the pixels of an encoded image, and what the file says about them.

    Parameters
    ----------
    content : bytes of the file; what : names it in error messages.
    indices : whether pixels are the numbers stored, as label images mean them, not the
        colors shown: indices instead of palette colors, gray values as in the file
        whatever number is white.

    Raises
    ------
    ValueError
        where it is no image, too large, of several pages, holds other data than its
        header declares, or is of a kind that would not come out as it looks.
    """
    with refusing(what):
        return stored(content, what).decoded(what, indices)


def decoded_picture(
    picture: Image.Image, what: str, *, indices: bool = False
) -> Decoded:
    """Return the pixels of a Pillow image, as those of its file would be.

    An opened image that is not loaded yet is read from its file.
    """
    if isinstance(picture, ImageFile.ImageFile) and picture.tile and picture.fp:
        place = picture.fp.tell()
        picture.fp.seek(0)
        content = picture.fp.read()
        picture.fp.seek(place)
        return decoded(content, what, indices=indices)
    with refusing(what):
        refuse_size(what, picture.height, picture.width)
        refuse_pages(what, getattr(picture, "n_frames", 1))
        return stored_by_pillow(picture, what).decoded(what, indices)


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn whatever decoders raise into errors that name the image and the cure."""
    try:
        with warnings.catch_warnings():
            # our own, lower limit follows at once
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    except Image.DecompressionBombError as error:
        raise RefusedError(
            f"{what} has more than {MAX_PIXELS} pixels: crop or scale it down first"
        ) from error
    except RefusedError:
        raise
    except Exception as error:  # decoders raise whatever their format suggests
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "unknown format" if unknown else str(error) or type(error).__name__
        raise ValueError(
            f"{what} cannot be read as an image ({reason}): it may be truncated or no "
            "image at all; save it again as PNG"
        ) from error


def stored(content: bytes, what: str) -> Stored:
    """Return the samples of an encoded image."""
    if content.startswith(TIFF_STARTS):
        return tiff(content, what)
    if is_netpbm(content):
        header = header_of(content)
        refuse_size(what, header.rows, header.cols)
        return netpbm(content, what)
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]
    with Image.open(io.BytesIO(content), formats=formats) as picture:
        refuse_size(what, picture.height, picture.width)
        if picture.format != "MPO":  # photos of phones, with a preview
            refuse_pages(what, getattr(picture, "n_frames", 1))
        promised(content, picture)
        if content.startswith(SIGNATURE):
            check_size(content, what)
        if is_deep(picture):
            return deep_colors(content, what, picture)
        found = stored_by_pillow(picture, what)
    if content[8:12] == b"WEBP" and b"VP8L" in dict(pieces(content)):
        return replace(found, facts=replace(found.facts, lossy=False))
    return found


def pieces(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the name and the length of each chunk of a RIFF file, such as WebP."""
    place = 12
    while place + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, place)
        yield name, length
        place += 8 + length + length % 2


def promised(content: bytes, picture: ImageFile.ImageFile) -> None:
    """Raise if a header promises more pixels than so few bytes can hold."""
    pixels = picture.height * picture.width
    densest = DENSEST.get(picture.format or "")
    if picture.format in RAW and [tile[0] for tile in picture.tile] == ["raw"]:
        densest = 8 if picture.mode in ("1", "L", "P") else 1  # pixels in a byte
    if densest is not None and pixels > densest * len(content):
        raise ValueError(
            f"its header promises {pixels} pixels, more than {len(content)} bytes hold"
        )


def is_deep(picture: Image.Image) -> bool:
    """Return whether a color image has 16 bits, of which Pillow would keep 8."""
    return picture.mode in DEEP and ";16" in str(getattr(picture, "tile", ""))


def deep_colors(content: bytes, what: str, picture: Image.Image) -> Stored:
    """Return the samples of a color image of 16 bits."""
    if picture.format != "PNG":
        raise RefusedError(
            f"{what} holds 16 bits per color as {picture.format}: save it as PNG"
        )
    facts = stored_by_pillow(picture, what).facts  # the orientation may follow the data
    deep = deep_png(content)
    samples = upright(deep.samples, facts.orientation)
    return replace(deep, samples=samples, facts=replace(facts, bits=16))
