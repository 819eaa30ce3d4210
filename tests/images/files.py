"""Image files made bit by bit, as few programs write them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import tifffile

RNG = np.random.default_rng(0)
SHAPE = (6, 7)
GRAY = RNG.integers(0, 256, SHAPE, dtype=np.uint8)
COLOR = RNG.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
ALPHA = np.dstack([COLOR, GRAY])
DEEP = RNG.integers(0, 2**16, (*SHAPE, 3), dtype=np.uint16)


def encoded(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def packed(array, bits):
    """Rows of numbers of so many bits, the first in the highest; rows end in bytes."""
    lines = []
    for row in array.reshape(len(array), -1).tolist():
        text = "".join(f"{number:0{bits}b}" for number in row)
        text += "0" * (-len(text) % 8)
        lines.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    return b"".join(lines)


def chunk(name, data):
    code = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + code


def png(array, bits, color, *, before=b"", after=b"", data=None):
    """A PNG of unfiltered samples; color : 0 gray, 2 RGB, 3 palette, 4 and 6 alpha."""
    rows, cols = array.shape[:2]
    lines = b"".join(b"\0" + packed(row[None], bits) for row in array)
    data = zlib.compress(lines) if data is None else data
    head = struct.pack(">IIBBBBB", cols, rows, bits, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + before
        + chunk(b"IDAT", data)
        + after
        + chunk(b"IEND", b"")
    )


def exif(orientation):
    """A chunk of a PNG that says how its pixels lie."""
    entry = struct.pack(">HHIHH", 274, 3, 1, orientation, 0)
    return chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01" + entry + bytes(4))


PLACE = 600
"""Where the pixels of the TIFF below begin."""


def raw_tiff(shape, bits, data, *, order="<", **tags):
    """A TIFF of one strip; tags : t259=8 sets tag 259, None leaves it out.

    A tuple is stored as numbers of 16 bits, in front of the pixels.
    """
    known = {
        256: shape[1], 257: shape[0], 258: bits, 259: 1, 262: 1, 273: PLACE, 277: 1,
        278: shape[0], 279: len(data),
    }  # fmt: skip
    known |= {int(name[1:]): value for name, value in tags.items()}
    entries = sorted((t, v) for t, v in known.items() if v is not None)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    head += struct.pack(order + "H", len(entries))
    lists, start = b"", len(head) + 12 * len(entries) + 4
    for number, value in entries:
        kind, count, place = 4, 1, value
        if isinstance(value, tuple):
            kind, count, place = 3, len(value), start + len(lists)
            lists += struct.pack(f"{order}{count}H", *value)
        head += struct.pack(order + "HHII", number, kind, count, place)
    return (head + bytes(4) + lists).ljust(PLACE, b"\0") + data


def unit(array):
    """Integers as a share of the largest of their type, floats and booleans as such."""
    if array.dtype.kind == "u":
        return array / float(np.iinfo(array.dtype).max)
    return array.astype(float)
