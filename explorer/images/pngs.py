"""PNG files: the inflated size of their data, and colors of 16 bits."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from explorer.images.inflation import inflated, slices
from explorer.images.stored import RefusedError, Stored

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""First bytes of a PNG."""

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples per pixel of each color type."""

ADAM7 = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)
"""First row and column, and row and column steps, of the interlacing passes."""


CHUNK = 2**12
"""Bytes of compressed data per piece; they inflate to at most 1000 times as many."""


def chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the name and the data of each chunk, up to the end of the file."""
    place, view = len(SIGNATURE), memoryview(content)
    while place + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        yield name, view[place + 8 : place + 8 + length]
        place += 12 + length


def check_size(content: bytes, what: str) -> None:
    """Raise if the data of a PNG do not have the size that its header declares.

    They are inflated piece by piece, so memory holds only one piece at a time.
    """
    needed = declared_bytes(content)
    data = (
        piece for name, d in chunks(content) if name == b"IDAT" for piece in slices(d)
    )
    found = inflated(zlib.decompressobj(), data, needed)
    if found > needed:
        raise RefusedError(
            f"{what} holds more data than the {needed} bytes that its header declares: "
            "save it again as PNG"
        )
    if found < needed:
        raise ValueError(
            f"its header declares {needed} bytes of pixels, it has {found}"
        )


def declared_bytes(content: bytes) -> int:
    """Return the inflated size of the data of a PNG, in bytes (PNG, section 7)."""
    cols, rows, bits, color, _, _, interlaced = struct.unpack_from(
        ">IIBBBBB", content, len(SIGNATURE) + 8
    )
    depth = bits * SAMPLES[color]
    if not interlaced:
        return rows * (1 + (cols * depth + 7) // 8)
    total = 0
    for top, left, down, right in ADAM7:
        height, width = -((top - rows) // down), -((left - cols) // right)
        if height > 0 and width > 0:
            total += height * (1 + (width * depth + 7) // 8)
    return total


def deep_png(content: bytes) -> Stored:
    """Return the samples of a PNG of 16 bits with colors or alpha."""
    import png

    cols, rows, lines, info = png.Reader(
        file=io.BytesIO(in_small_chunks(content))
    ).read()
    array = np.empty((rows, cols, info["planes"]), np.uint16)
    for row, line in zip(array, lines, strict=True):
        row[:] = np.asarray(line, np.uint16).reshape(row.shape)
    return Stored(array, white=65535, key=info.get("transparent"))


def in_small_chunks(content: bytes) -> bytes:
    """Return a PNG with small chunks, because pypng inflates each one as a whole."""
    parts: list[bytes | memoryview] = [SIGNATURE]
    place = len(SIGNATURE)
    for name, data in chunks(content):
        place += 12 + len(data)
        if (
            zlib.crc32(data, zlib.crc32(name)).to_bytes(4, "big")
            != content[place - 4 : place]
        ):
            raise ValueError(f"its chunk {name.decode('latin-1')} is damaged")
        whole = max(1, len(data))
        step = CHUNK if name == b"IDAT" else whole
        for start in range(0, whole, step):
            piece = data[start : start + step]
            code = zlib.crc32(piece, zlib.crc32(name))
            parts += (
                struct.pack(">I4s", len(piece), name),
                piece,
                code.to_bytes(4, "big"),
            )
    return b"".join(parts)
