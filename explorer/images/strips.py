"""Strips and tiles of TIFF files: whether they match the header."""

from __future__ import annotations

import lzma
import zlib
from dataclasses import dataclass
from typing import Any

from explorer.images.inflation import inflated, slices
from explorer.images.stored import RefusedError

PLAIN, DEFLATE, LZMA = (1,), (8, 32946), (34925,)
"""Compressions: none, and two whose output size is measured first."""

DENSEST = {5: 2**12, 7: 2**11, 32773: 2**6}
"""Most bytes that one byte can represent in LZW, JPEG and PackBits."""

SMALL = 2**22
"""Size in bytes up to which a strip or tile may exceed the image."""

MOST_STRIPS = 2**17
"""Most strips or tiles of a page; tiles of 16×16 pixels need half as many."""

LZMA_MEMORY = 2**27
"""Bytes for the dictionary of LZMA; its strongest preset takes half as many."""


@dataclass(frozen=True)
class Strips:
    """Strips or tiles of a page: their positions and inflated sizes.

    places : (offset, count) of each; sizes : smallest and largest size of each.
    image : bytes of the samples of the whole page.
    """

    compression: int
    places: list[tuple[int, int]]
    sizes: list[tuple[int, int]]
    image: int

    @classmethod
    def of(cls, page: Any, bits: int, samples: int) -> Strips:
        """Return the strips of a page with `samples` adjacent samples per pixel."""
        if page.is_tiled:
            rows, cols = page.tilelength, page.tilewidth
            across = -(-page.imagewidth // max(1, cols))
        else:
            rows, cols, across = page.rowsperstrip, page.imagewidth, 1
        rows = max(1, rows)
        down = -(-page.imagelength // rows)
        stride = (cols * samples * bits + 7) // 8
        last = rows if page.is_tiled else page.imagelength - (down - 1) * rows
        planes = page.samplesperpixel if samples < page.samplesperpixel else 1
        if not down * across * planes <= min(len(page.dataoffsets), MOST_STRIPS):
            raise ValueError(
                f"its header declares {down * across * planes} strips or tiles and "
                f"lists {len(page.dataoffsets)}"
            )
        column = [(rows * stride, rows * stride)] * (down - 1)
        column.append((last * stride, rows * stride))
        sizes = [size for size in column for _ in range(across)] * planes
        places = list(zip(page.dataoffsets, page.databytecounts, strict=False))
        wide = (page.imagewidth * samples * bits + 7) // 8
        image = page.imagelength * wide * planes
        return cls(int(page.compression), places, sizes, image)

    def check(self, content: bytes, what: str) -> None:
        """Raise if they hold less or more data than the header promises."""
        largest = max(most for _, most in self.sizes)
        if largest > max(SMALL, 2 * self.image):
            raise RefusedError(
                f"{what} declares strips or tiles of {largest} bytes for an image of "
                f"{self.image}: save it again as PNG"
            )
        view = memoryview(content)
        for (offset, count), (least, most) in zip(
            self.places, self.sizes, strict=False
        ):
            if not (offset > 0 and count > 0 and offset + count <= len(content)):
                raise ValueError("a strip or tile lies beyond the end of the file")
            self._check(view[offset : offset + count], least, most, what)

    def _check(self, data: memoryview, least: int, most: int, what: str) -> None:
        if self.compression in PLAIN:
            found = len(data)
        elif self.compression in DEFLATE:
            found = inflated(zlib.decompressobj(), slices(data), most)
        elif self.compression in LZMA:
            machine = lzma.LZMADecompressor(memlimit=LZMA_MEMORY)
            found = inflated(machine, [bytes(data)], most)
            if machine.unused_data:  # possibly a second stream
                raise ValueError("a strip or tile is longer than its data")
        else:
            found = DENSEST.get(self.compression, least) * len(data)
        if found < least:
            raise ValueError(
                f"its header promises {least} bytes of pixels, a strip or tile has "
                f"{found}"
            )
        if found > most and self.compression in (*DEFLATE, *LZMA):
            raise RefusedError(
                f"{what} holds more data than the {most} bytes of a strip or tile that "
                "its header declares: save it again as PNG"
            )
