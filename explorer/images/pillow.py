"""Images that Pillow decodes, and Pillow's own images, as samples and their meaning."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from explorer.images.stored import UPRIGHT, Facts, RefusedError, Stored, upright

ORIENTATION = 274
BITS, PHOTOMETRIC, DESCRIPTION, COLOR_MAP, EXTRA_SAMPLES = 258, 262, 270, 320, 338
"""Tags of EXIF and TIFF."""

STRAIGHT = 2
"""Extra sample that is alpha, with colors not multiplied by it."""

CONVERTED = {
    "CMYK": "RGB",
    "YCbCr": "RGB",
    "RGBX": "RGB",
    "RGBa": "RGBA",
    "La": "LA",
    "PA": "RGBA",
}
"""Modes of which another shows the same."""

DEEP_GRAY = ("I", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of gray images of 16 bits."""

LOSSLESS = ("BMP", "DIB", "GIF", "ICO", "PCX", "PNG", "PPM", "QOI", "SGI", "TGA")
"""Lossless formats; WebP may or may not be."""


def stored_by_pillow(picture: Image.Image, what: str) -> Stored:
    """Return the samples of an image that Pillow opened or made."""
    if picture.mode in ("LAB", "HSV"):
        raise RefusedError(f"{what} holds {picture.mode} colors: save it as RGB")
    bits = bits_of(picture)
    picture.load()
    turned = picture.format == "TIFF"  # Pillow turns it upright on loading
    turn = UPRIGHT if turned else orientation_of(picture.getexif())
    facts = Facts(picture.format or "", is_lossy(picture), bits, turn)
    stored = samples_of(picture, bits)
    return replace(stored, samples=upright(stored.samples, turn), facts=facts)


def samples_of(picture: Image.Image, bits: int) -> Stored:
    """Return the samples of a loaded image."""
    if picture.mode == "P":
        return Stored(np.asarray(picture), palette=palette_of(picture))
    if picture.mode in CONVERTED:
        picture = picture.convert(CONVERTED[picture.mode])
    array = np.asarray(picture)
    key = key_of(picture)
    if picture.mode == "1":  # Pillow names a transparent 1 as 255
        key = key and (min(key[0], 1),)
        return Stored(array.astype(np.uint8), 1, key=key)
    if picture.mode == "L" and bits in (2, 4):  # Pillow stretches them to 8
        white = 2**bits - 1
        return Stored(array // np.uint8(255 // white), white, key=key)
    if picture.mode in DEEP_GRAY:
        return Stored(sixteen_bits(array), None, key=key)
    return Stored(array, key=key)


def refuse_loaded_tiff(picture: Image.Image, what: str) -> None:
    """Raise if Pillow loaded a TIFF file without the tags that describe its samples."""
    tags: Any = getattr(picture, "tag_v2", {})
    bits, white_is_zero = set(tags.get(BITS, (8,))), tags.get(PHOTOMETRIC) == 0
    known = bits in ({1}, {8}) or (bits in ({16}, {32}) and not white_is_zero)
    known &= not (len(tags.get(BITS, ())) > 1 and max(bits) > 8)
    known &= tags.get(EXTRA_SAMPLES, ()) in ((), (STRAIGHT,))
    known &= max(tags.get(COLOR_MAP, (256,))) > 255
    known &= "images=" not in str(tags.get(DESCRIPTION, ""))  # a stack of ImageJ
    if not known:
        raise RefusedError(
            f"{what} was loaded by Pillow, which drops some tags of its TIFF file: "
            "pass the path of the file"
        )


def sixteen_bits(array: np.ndarray) -> np.ndarray:
    """Return numbers in native order, as uint16 if Pillow widened them to 32 bits."""
    native = array.dtype.newbyteorder("=")
    if array.dtype.kind == "i" and array.min() >= 0 and array.max() < 2**16:
        native = np.dtype(np.uint16)
    return array.astype(native, copy=False)


def bits_of(picture: Image.Image) -> int:
    """Return the bits per sample in the file of an image that is not yet loaded."""
    found = re.search(r"'[PLI];(\d+)", str(getattr(picture, "tile", "")))
    if found:
        return int(found[1])
    return {"1": 1, "F": 32, "I": 32}.get(
        picture.mode, 16 if ";16" in picture.mode else 8
    )


def orientation_of(exif: Image.Exif) -> int:
    """Return the orientation of pixels, 1 … 8."""
    found = exif.get(ORIENTATION, UPRIGHT)
    return found if isinstance(found, int) and 1 <= found <= 8 else UPRIGHT


def palette_of(picture: Image.Image) -> np.ndarray:
    """Return the colors of a palette, (entry, 3), or (entry, 4) with transparency."""
    assert picture.palette is not None
    kind = "RGBA" if picture.palette.mode == "RGBA" else "RGB"
    colors = np.array(picture.getpalette(kind), np.uint8).reshape(-1, len(kind))
    clear: Any = picture.info.get("transparency")
    if clear is None:
        return colors
    alpha = np.full(len(colors), 255, np.uint8)
    if isinstance(clear, bytes):
        given = np.frombuffer(clear, np.uint8)[: len(alpha)]
        alpha[: len(given)] = given
    elif clear < len(alpha):
        alpha[clear] = 0
    return np.column_stack([colors[:, :3], alpha])


def key_of(picture: Image.Image) -> tuple[int, ...] | None:
    """Return the gray value or the color that is transparent, if there is one."""
    key = picture.info.get("transparency")
    if key is None or picture.mode not in ("1", "L", "RGB", *DEEP_GRAY):
        return None
    return tuple(key) if isinstance(key, (tuple, list)) else (key,)


def is_lossy(picture: Image.Image) -> bool:
    """Return whether the format may change values."""
    return picture.format is not None and picture.format not in LOSSLESS
