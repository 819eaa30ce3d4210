"""TIFF files: their samples, the order of samples, and their meaning."""

from __future__ import annotations

import io
import logging
import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from explorer.images.packed import MOST_BITS, READABLE, Order, unpacked
from explorer.images.pillow import stored_by_pillow
from explorer.images.stored import (
    UPRIGHT,
    Facts,
    RefusedError,
    Stored,
    refuse_pages,
    refuse_size,
    upright,
)
from explorer.images.strips import PLAIN, Strips

# its log stays off the terminal: damage that matters raises errors here
logging.getLogger("tifffile").addHandler(logging.NullHandler())

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, INKS, YCBCR = 0, 1, 2, 3, 5, 6
"""Values of photometric interpretation (TIFF 6.0, tag 262)."""

COLORS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, INKS: 4, YCBCR: 3}
"""Samples per pixel of each, without extra samples."""

PREMULTIPLIED, STRAIGHT = 1, 2
"""Extra samples that are alpha (tag 338); others have no known meaning."""

JPEG = 7
LOSSLESS = (1, 2, 3, 4, 5, 8, 32773, 32946, 34925, 50000)
"""Lossless compressions; others may change values."""

BY_PILLOW = (2, 3, 4, 5, JPEG, 32773, 50000)
"""Compressions that Pillow undoes: fax, LZW, JPEG, PackBits, Zstandard."""

WHOLE_BITS = (1, 8, 16, 32, 64)
"""Bits per sample that tifffile unpacks; this package unpacks others."""

NO_PREDICTOR, DIFFERENCES = 1, 2
"""Predictors that tifffile undoes."""

PHOTOMETRIC, ORIENTATION, COLOR_MAP = 262, 274, 320
INK_SET, SUBSAMPLING = 332, 530
"""Tags of TIFF."""

LOWEST_FIRST = 2
"""Fill order (tag 266) in which the first sample is in the lowest bits of a byte."""

BASELINE = range(254, 285)
MEANINGS = (*range(317, 340), 347, SUBSAMPLING, 32997)
"""Tags for the positions and the meaning of samples; others describe the file."""

REDUCED = 1
"""Bit of the subfile type for a preview of another page."""


@dataclass(frozen=True)
class Layout:
    """Layout of the samples of a TIFF page; `alpha` is 0 if there is none."""

    photometric: int
    bits: int
    samples: int
    alpha: int
    compression: int
    planar: bool
    differences: int
    tiled: bool

    @property
    def white(self) -> int:
        """The sample of full intensity, for unsigned integers."""
        return int(2**self.bits - 1)

    @property
    def whole(self) -> bool:
        """Whether tifffile decodes the samples."""
        return (
            self.bits in WHOLE_BITS
            and self.differences in (NO_PREDICTOR, DIFFERENCES)
            and self.photometric != YCBCR
            and self.compression in READABLE
        )

    @property
    def packed(self) -> bool:
        """Whether this package unpacks the samples."""
        other = self.bits in WHOLE_BITS or self.planar or self.tiled
        simple = self.differences == NO_PREDICTOR and self.compression in READABLE
        return simple and not other and self.bits <= MOST_BITS


def tiff(content: bytes, what: str) -> Stored:
    """Return the samples of a TIFF file."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = only_page(file, what)
        layout = layout_of(page, what)
        strips = Strips.of(page, layout.bits, 1 if layout.planar else layout.samples)
        strips.check(content, what)
        table = page.tags.valueof(COLOR_MAP)
        turn = orientation_of(page)
        if layout.whole:
            stored = meaning(samples_of(page, content), layout, turn)
        elif layout.packed:
            shape = page.imagelength, page.imagewidth, layout.samples
            order: Order = "little" if page.fillorder == LOWEST_FIRST else "big"
            array = unpacked(content, strips, shape, layout.bits, order)
            stored = meaning(array, layout, turn)
        else:
            stored = decompressed(content, layout, what)
    facts = Facts("TIFF", layout.compression not in LOSSLESS, layout.bits, turn)
    palette = color_table(table, what) if layout.photometric == PALETTE else None
    if palette is not None and layout.alpha:
        raise RefusedError(f"{what} holds a palette and alpha: save it as RGBA")
    return replace(stored, palette=palette, facts=facts)


def orientation_of(page: Any) -> int:
    """Return the orientation of the pixels of a page, 1 … 8."""
    found = page.tags.valueof(ORIENTATION, UPRIGHT)
    return int(found) if isinstance(found, int) and 1 <= found <= 8 else UPRIGHT


def samples_of(page: Any, content: bytes) -> np.ndarray:
    """Return the samples of a page that tifffile decodes, in its shape."""
    plain = page.is_contiguous and page.fillorder != LOWEST_FIRST
    if not plain or page.bitspersample < 8:
        return np.asarray(page.asarray(maxworkers=1))
    stored = page.dtype.newbyteorder(page.parent.byteorder)
    count = int(np.prod(page.shape))
    flat = np.frombuffer(content, stored, count, page.dataoffsets[0])
    return flat.reshape(page.shape).astype(page.dtype)  # without a copy in between


def only_page(file: Any, what: str) -> Any:
    """Return the page of a TIFF file, or raise if it holds more than one image."""
    refuse_pages(what, len(file.pages))
    page = file.pages[0]
    refuse_size(what, page.imagelength, page.imagewidth)
    if not page.imagelength * page.imagewidth:
        raise ValueError("it has no pixels")
    shape = max((s.shape for s in file.series), key=np.prod, default=page.shape)
    refuse_damaged(file, page)
    if page.imagedepth > 1 or np.prod(shape) > np.prod(page.shape):
        raise RefusedError(
            f"{what} holds a stack of slices or frames of shape {tuple(shape)}: save "
            "the one you want as a separate file"
        )
    if page.subfiletype & REDUCED:
        raise RefusedError(
            f"{what} begins with a preview of another image, as raw files of cameras "
            "do: develop it and save it as PNG"
        )
    return page


def refuse_damaged(file: Any, page: Any) -> None:
    """Raise if tifffile skipped one of the tags that describe samples."""
    form, handle = file.tiff, file.filehandle
    handle.seek(page.offset)
    count = struct.unpack(form.tagnoformat, handle.read(form.tagnosize))[0]
    for _ in range(count):
        code = struct.unpack(file.byteorder + "H", handle.read(form.tagsize)[:2])[0]
        if (code in BASELINE or code in MEANINGS) and code not in page.tags:
            raise ValueError(f"its tag {code} is damaged")


def layout_of(page: Any, what: str) -> Layout:
    """Return the layout of the samples of a page, or raise if it is unclear."""
    photometric = page.tags.valueof(PHOTOMETRIC)
    if photometric not in COLORS:
        name = getattr(page.photometric, "name", photometric)
        kind = "does not say whether 0 is black or white"
        kind = kind if photometric is None else f"holds {name} colors"
        raise RefusedError(f"{what} {kind}: save it as gray or RGB")
    alpha = alpha_of(page, COLORS[photometric], what)
    if alpha == PREMULTIPLIED and photometric in (MIN_IS_WHITE, INKS):
        raise RefusedError(
            f"{what} holds alpha multiplied into grays or inks with 0 as white: "
            "save it as RGBA"
        )
    if page.tags.valueof(INK_SET, 1) != 1:
        raise RefusedError(f"{what} holds inks other than CMYK: save it as RGB")
    sampling = page.tags.valueof(SUBSAMPLING, (2, 2))
    if photometric == YCBCR and page.compression in PLAIN and sampling != (1, 1):
        raise RefusedError(f"{what} holds subsampled YCbCr colors: save it as RGB")
    bits, kind = page.bitspersample, getattr(page.dtype, "kind", "")
    if not isinstance(bits, int) or kind not in ("b", "u", "i", "f"):
        raise RefusedError(
            f"{what} holds samples of {bits} bits in the format "
            f"{page.sampleformat}; only real numbers of one size can be read: save it "
            "as PNG"
        )
    if bits not in WHOLE_BITS and kind != "u":
        raise RefusedError(f"{what} holds signed numbers of {bits} bits: save as PNG")
    return Layout(
        int(photometric),
        bits,
        page.samplesperpixel,
        alpha,
        int(page.compression),
        page.planarconfig == 2 and page.samplesperpixel > 1,
        int(page.predictor),
        page.is_tiled,
    )


def alpha_of(page: Any, colors: int, what: str) -> int:
    """Return the kind of the alpha sample, 0 for none, or raise for other samples."""
    extra = page.samplesperpixel - colors
    kinds = tuple(int(kind) for kind in np.atleast_1d(page.extrasamples))
    if extra == 0:
        return 0
    if extra == 1 and kinds in ((PREMULTIPLIED,), (STRAIGHT,)):
        return kinds[0]
    raise RefusedError(
        f"{what} has {page.samplesperpixel} samples per pixel; its colors are "
        f"{colors}, and the others are not declared to be one alpha channel: save the "
        "channels you want as gray or RGB"
    )


def meaning(array: np.ndarray, layout: Layout, turn: int) -> Stored:
    """Return samples as in the file, with the meaning that its tags give them."""
    if layout.planar:
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.dtype == bool:
        array = array.view(np.uint8)
    return Stored(
        upright(array.astype(array.dtype.newbyteorder("="), copy=False), turn),
        layout.white if array.dtype.kind == "u" else None,
        inks=layout.photometric == INKS,
        inverted=layout.photometric == MIN_IS_WHITE,
        premultiplied=layout.alpha == PREMULTIPLIED,
    )


def decompressed(content: bytes, layout: Layout, what: str) -> Stored:
    """Return the samples of a TIFF file that Pillow decodes without loss of bits."""
    one = layout.samples == 1
    known = layout.compression in (*BY_PILLOW, *READABLE)
    whole = layout.bits in (1, 2, 4, 8) or (one and layout.bits in (16, 32))
    if not (known and whole):
        raise RefusedError(
            f"{what} holds samples of {layout.bits} bits, compressed or laid out in a "
            f"way that cannot be read (compression {layout.compression}): save it "
            "uncompressed, or as PNG"
        )
    with Image.open(io.BytesIO(content), formats=("TIFF",)) as picture:
        stored = stored_by_pillow(picture, what)
        gray = picture.mode in ("1", "L")
    samples, inverted = stored.samples, layout.photometric == MIN_IS_WHITE
    if inverted and gray:  # Pillow undoes it, but not for 16 bits
        samples = np.asarray(layout.white, samples.dtype) - samples
    white = layout.white if samples.dtype.kind == "u" else None
    return replace(stored, samples=samples, white=white, inverted=inverted)


def color_table(table: Any, what: str) -> np.ndarray:
    """Return the colors of a palette, (entry, 3) uint8.

    They are 16-bit numbers, or 8-bit numbers if none is larger, as in libtiff.
    """
    colors = np.asarray(table if table is not None else [])
    if colors.size == 0 or colors.size % 3:
        raise RefusedError(f"{what} has no palette for its indices: save it as RGB")
    colors = colors.reshape(3, -1).T
    eight = colors.max() < 256
    return (colors if eight else colors >> 8).astype(np.uint8)
