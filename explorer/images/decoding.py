"""Encoded images as arrays, with the depth and kind of the file."""

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
from explorer.images.pillow import (
    DEEP_GRAY,
    orientation_of,
    refuse_loaded_tiff,
    stored_by_pillow,
)
from explorer.images.pngs import SIGNATURE, check_size, chunks, deep_png
from explorer.images.stored import (
    MAX_PIXELS,
    Decoded,
    Facts,
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
"""Formats that Pillow decodes as they look; TIFF has its own reader."""

TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of TIFF files, classic and big, in both byte orders."""

DEEP = ("L", "LA", "RGB", "RGBA", "RGBX")
"""Modes in which Pillow keeps only 8 of 16 bits."""

CODESTREAM = b"\xff\x4f\xff\x51"
"""First bytes of the compressed data of a JPEG 2000, anywhere in the file."""

DENSEST = {"JPEG": 2**9, "MPO": 2**9, "GIF": 2**12}
"""Most pixels per byte: JPEG can store 64 pixels in one bit."""


RAW = ("BMP", "DIB", "SGI", "TGA")
"""Formats that may store pixels uncompressed."""


def decode(content: bytes, what: str, *, indices: bool = False) -> np.ndarray:
    """Return the pixels of an encoded image; see `decoded`."""
    return decoded(content, what, indices=indices).array


def decoded(content: bytes, what: str, *, indices: bool = False) -> Decoded:
    """Return the pixels of an encoded image, and the properties of the file.

    Parameters
    ----------
    content : bytes of the file; what : names it in error messages.
    indices : whether pixels are the stored numbers, for label images, rather than the
        displayed colors: indices instead of palette colors, and gray values as in the
        file, whichever number is white.

    Raises
    ------
    ValueError
        if it is not an image, is too large, has several pages, holds other data than
        its header declares, or cannot be decoded faithfully.
    """
    with refusing(what):
        return stored(content, what).decoded(what, indices)


def decoded_picture(
    picture: Image.Image, what: str, *, indices: bool = False
) -> Decoded:
    """Return the pixels of a Pillow image, as from its file.

    An opened image that is not yet loaded is read from its file.
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
        refuse_loaded_tiff(picture, what)
        return stored_by_pillow(picture, what).decoded(what, indices)


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn all errors of decoders into errors that name the image and the cure."""
    try:
        with warnings.catch_warnings():
            # our own, lower limit applies next
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    except Image.DecompressionBombError as error:
        raise RefusedError(
            f"{what} has more than {MAX_PIXELS} pixels: crop or scale it down first"
        ) from error
    except RefusedError:
        raise
    except Exception as error:  # decoders raise errors of all kinds
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "unknown format" if unknown else str(error) or type(error).__name__
        raise ValueError(
            f"{what} cannot be read as an image ({reason}): it may be truncated, or "
            "not be an image; save it again as PNG"
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
        if picture.format == "JPEG2000":
            refuse_depth(content, what, picture.mode)
        if content.startswith(SIGNATURE):
            check_size(content, what)
        if is_deep(picture):
            return deep_colors(content, what, picture)
        found = stored_by_pillow(picture, what)
    if content[8:12] == b"WEBP" and b"VP8L" in dict(pieces(content)):
        return replace(found, facts=replace(found.facts, lossy=False))
    return found


def refuse_depth(content: bytes, what: str, mode: str) -> None:
    """Raise unless a JPEG 2000 has 8 bits, or gray with 16 bits, which Pillow keeps."""
    start = content.find(CODESTREAM) + len(CODESTREAM)
    count = int.from_bytes(content[start + 36 : start + 38], "big")
    depths = {1 + byte for byte in content[start + 38 : start + 38 + 3 * count : 3]}
    if depths != ({16} if mode in DEEP_GRAY else {8}):  # signed ones are above 128
        raise RefusedError(
            f"{what} is a JPEG 2000 with other depths than 8 bits, or 16 of gray: "
            "save it as PNG"
        )


def pieces(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the name and the length of each chunk of a RIFF file, such as WebP."""
    place = 12
    while place + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, place)
        yield name, length
        place += 8 + length + length % 2


def promised(content: bytes, picture: ImageFile.ImageFile) -> None:
    """Raise if a header promises more pixels than the bytes can hold."""
    pixels = picture.height * picture.width
    densest = DENSEST.get(picture.format or "")
    if picture.format in RAW and [tile[0] for tile in picture.tile] == ["raw"]:
        densest = 8 if picture.mode in ("1", "L", "P") else 1  # pixels in a byte
    if densest is not None and pixels > densest * len(content):
        raise ValueError(
            f"its header promises {pixels} pixels, more than {len(content)} bytes hold"
        )


def is_deep(picture: Image.Image) -> bool:
    """Return whether an image has 16 bits, of which Pillow would keep only 8."""
    tile = str(getattr(picture, "tile", ""))
    return picture.mode in DEEP and (";16" in tile or "SGI16" in tile)


def deep_colors(content: bytes, what: str, picture: Image.Image) -> Stored:
    """Return the samples of a color image of 16 bits."""
    if picture.format != "PNG":
        raise RefusedError(
            f"{what} holds 16 bits per sample as {picture.format}: save it as PNG"
        )
    late = [data for name, data in chunks(content) if name == b"eXIf"]
    exif = Image.Exif()
    exif.load(bytes(late[0]) if late else b"")
    turn = orientation_of(exif if late else picture.getexif())
    deep = deep_png(content)
    return replace(
        deep, samples=upright(deep.samples, turn), facts=Facts("PNG", False, 16, turn)
    )
