"""Images as their files store them: samples, and what the samples mean."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

UPRIGHT = 1
"""Orientation (EXIF, TIFF) of an image whose first row is its top."""

TURNED = {
    2: "mirrored",
    3: "rotated by 180°",
    4: "upside down",
    5: "mirrored and rotated by 90°",
    6: "rotated by 90°",
    7: "mirrored and rotated by 90°",
    8: "rotated by 90°",
}
"""Descriptions of orientations, by EXIF number."""

LARGEST_CODE = 2**16
"""Upper limit of the numbers in label images."""

MAX_PIXELS = 2**24
"""16 megapixels: a flow with 8 labels and m = 10 would fill 20 GB."""


class RefusedError(ValueError):
    """Raised for images that can be decoded, but not faithfully."""


def refuse_size(what: str, rows: int, cols: int) -> None:
    """Raise if an image has too many pixels for a flow."""
    if rows * cols > MAX_PIXELS:
        raise RefusedError(
            f"{what} has {rows}×{cols} pixels, more than {MAX_PIXELS}: "
            "crop or scale it down first"
        )


def refuse_pages(what: str, pages: int) -> None:
    """Raise if a file holds several images."""
    if pages > 1:
        raise RefusedError(
            f"{what} holds {pages} pages or frames: save the one you want as a "
            "separate file"
        )


@dataclass(frozen=True)
class Facts:
    """Properties of a file as a whole.

    format : name of the file format, as Pillow spells it.
    lossy : whether compression may have changed the values; True where unknown.
    bits : bits per sample in the file.
    orientation : 1 … 8, of the stored pixels (EXIF).
    """

    format: str = ""
    lossy: bool = False
    bits: int = 8
    orientation: int = UPRIGHT


@dataclass(frozen=True, eq=False)
class Decoded:
    """Pixels of an image file, upright.

    array : (row, col) or (row, col, channel); the displayed colors or the stored
        numbers, as requested. Files with one bit per sample give booleans as numbers.
    palette : (entry, 3) uint8, the colors of the numbers, or None.
    facts : properties of the file.
    """

    array: np.ndarray
    palette: np.ndarray | None
    facts: Facts

    @property
    def format(self) -> str:
        """Name of the file format, as Pillow spells it."""
        return self.facts.format

    @property
    def lossy(self) -> bool:
        """Whether compression may have changed the values; True where unknown."""
        return self.facts.lossy

    @property
    def bits(self) -> int:
        """Bits per sample in the file."""
        return self.facts.bits

    @property
    def orientation(self) -> int:
        """Orientation of the stored pixels (EXIF, 1 … 8); `array` is upright."""
        return self.facts.orientation


@dataclass(frozen=True, eq=False)
class Stored:
    """Samples of an image, and their meaning.

    samples : (row, col) or (row, col, sample), with the values of the file, upright;
        two and four samples are gray and colors with alpha.
    white : the sample of full intensity; None if their type has none.
    inks : whether samples are cyan, magenta, yellow and black.
    inverted : whether 0 is white and `white` is black.
    premultiplied : whether colors are already multiplied by alpha.
    palette : (entry, 3 or 4) uint8, colors of samples (row, col) that are indices.
    key : the samples of the transparent color, or None.
    """

    samples: np.ndarray
    white: int | None = None
    inks: bool = False
    inverted: bool = False
    premultiplied: bool = False
    palette: np.ndarray | None = None
    key: tuple[int, ...] | None = None
    facts: Facts = field(default_factory=Facts)

    def decoded(self, what: str, indices: bool) -> Decoded:
        """Return the displayed colors, or the stored numbers if `indices`, upright."""
        array = numbers(self) if indices else shown(self, what)
        palette = None if self.palette is None else self.palette[:, :3]
        return Decoded(array, palette, self.facts)


def upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Return pixels (row, col, …) as a viewer shows them (EXIF 2.3, tag 274)."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    cols = -1 if orientation in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(array[::rows, ::cols])


def numbers(stored: Stored) -> np.ndarray:
    """Return the numbers of a label image, in the smallest common type."""
    array = with_alpha_last(stored.samples)
    if stored.facts.bits == 1:
        return array.astype(bool)
    usual = array.dtype in (np.uint8, np.uint16) or array.dtype.kind not in "iu"
    if usual or array.min() < 0 or array.max() >= LARGEST_CODE:
        return array
    return array.astype(np.uint8 if array.dtype.itemsize == 1 else np.uint16)


def shown(stored: Stored, what: str) -> np.ndarray:
    """Return the colors of an image: uint8, uint16, bool, or floats in [0, 1]."""
    array = stored.samples
    if stored.palette is not None:
        return looked_up(array, stored.palette, what)
    if array.dtype.kind == "i":
        raise RefusedError(
            f"{what} holds signed numbers: shift them to 0 … 255 or 0 … 65535"
        )
    if stored.inks:
        return from_inks(array, what)
    if stored.key is not None:
        array = with_key(array, stored.key, stored.white)
    if array.ndim == 3 and stored.premultiplied:
        return on_white(array, what)
    array = with_alpha_last(array)
    if stored.facts.bits == 1:
        return np.logical_xor(array, stored.inverted)
    if stored.inverted:
        array = inverted(array, stored.white, what)
    return scaled(array, stored.white, what)


def looked_up(indices: np.ndarray, palette: np.ndarray, what: str) -> np.ndarray:
    """Return the colors of indices into a palette."""
    if indices.max() >= len(palette):
        raise RefusedError(
            f"{what} holds the palette index {indices.max()}, but its palette has "
            f"{len(palette)} colors: save it as RGB"
        )
    return palette[indices]


def scaled(array: np.ndarray, white: int | None, what: str) -> np.ndarray:
    """Return samples unchanged if their type ends at white, else scaled to [0, 1]."""
    if white is None or white == np.iinfo(array.dtype).max:
        return array
    if array.max() > white:
        raise RefusedError(
            f"{what} holds {array.max()}, more than the {white} that its header calls "
            "white: save it again as PNG"
        )
    return array / white


def inverted(array: np.ndarray, white: int | None, what: str) -> np.ndarray:
    """Return samples with 0 as white as samples with 0 as black, except alpha."""
    if white is None and not (array.min() >= 0 and array.max() <= 1):
        raise RefusedError(
            f"{what} says that white is zero and holds floats outside 0 … 1, so black "
            "is unknown: scale them to [0, 1]"
        )
    one = np.asarray(1 if white is None else white, array.dtype)
    if array.ndim == 2:
        return one - array
    array = array.copy()
    array[..., :3] = one - array[..., :3]
    return array


def with_alpha_last(array: np.ndarray) -> np.ndarray:
    """Return gray with alpha as colors with alpha, and anything else unchanged."""
    two = array.ndim == 3 and array.shape[2] == 2
    return array[..., [0, 0, 0, 1]] if two else array


def with_key(array: np.ndarray, key: tuple[int, ...], white: int | None) -> np.ndarray:
    """Return gray values or colors with alpha, which is 0 where they equal the key."""
    colors = array[..., None] if array.ndim == 2 else array
    full = np.iinfo(array.dtype).max if white is None else white
    found = np.empty((*colors.shape[:2], len(key) + 1), array.dtype)
    found[..., :-1] = colors
    found[..., -1] = 0
    for channel, value in enumerate(key):
        found[..., -1] |= np.where(colors[..., channel] != value, full, 0).astype(
            array.dtype
        )
    return found


def on_white(array: np.ndarray, what: str) -> np.ndarray:
    """Return colors on white, given colors multiplied by alpha, the last sample."""
    full = np.iinfo(array.dtype).max if array.dtype.kind in "iu" else 1
    if array.min() < 0 or array.max() > full:
        raise RefusedError(f"{what} holds floats outside 0 … 1: scale them to [0, 1]")
    colors = array[..., :-1] / full
    colors += 1.0 - array[..., -1:] / full
    colors = np.minimum(colors, 1.0, out=colors)
    return colors[..., 0] if colors.shape[2] == 1 else colors


def from_inks(array: np.ndarray, what: str) -> np.ndarray:
    """Return RGB of CMYK: (white − ink)·(white − black)/white of each color."""
    if array.shape[2] != 4 or array.dtype.kind != "u":
        raise RefusedError(
            f"{what} holds CMYK colors with alpha or as floats: save it as RGB"
        )
    if array.dtype == np.uint8:  # as Pillow rounds it
        size = array.shape[1], array.shape[0]
        return np.asarray(Image.frombytes("CMYK", size, array).convert("RGB"))
    full = np.iinfo(array.dtype).max
    light = (full - array[..., :3]) / full
    light *= (full - array[..., 3:]) / full
    return light
