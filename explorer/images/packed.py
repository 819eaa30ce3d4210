"""Samples of TIFF files that do not fill whole bytes: 2, 4, 10, 12, 14, … bits."""

from __future__ import annotations

import lzma
import zlib
from typing import Literal

import numpy as np

from explorer.images.strips import DEFLATE, LZMA, LZMA_MEMORY, PLAIN, Strips

Order = Literal["big", "little"]

READABLE = (*PLAIN, *DEFLATE, *LZMA)
"""Compressions of strips that this module undoes."""

MOST_BITS = 24
"""Most bits per sample."""

BLOCK = 2**18
"""Samples that are split into bits at a time."""


def unpacked(
    content: bytes, strips: Strips, shape: tuple[int, int, int], bits: int, order: Order
) -> np.ndarray:
    """Return samples (row, col, sample) of strips whose rows start at whole bytes.

    order : "big" if the first sample is in the highest bits of a byte (FillOrder 1).
    """
    rows, cols, samples = shape
    wide = cols * samples
    stride = (wide * bits + 7) // 8
    found = np.empty((rows, wide), np.uint16 if bits <= 16 else np.uint32)
    many, first = max(1, BLOCK // wide), 0
    for offset, count in strips.places:
        data = opened(memoryview(content)[offset : offset + count], strips.compression)
        here = min(len(data) // stride, rows - first)
        lines = np.frombuffer(data, np.uint8, here * stride).reshape(here, stride)
        for top in range(0, here, many):
            block = lines[top : top + many]
            place = first + top
            found[place : place + len(block)] = numbers(block, wide, bits, order)
        first += here
    return found.reshape(shape)


def opened(data: memoryview, compression: int) -> bytes | memoryview:
    """Return an uncompressed strip; `Strips.check` has bounded its size."""
    if compression in DEFLATE:
        return zlib.decompress(data)
    if compression in LZMA:
        return lzma.decompress(data, memlimit=LZMA_MEMORY)
    return data


def numbers(lines: np.ndarray, wide: int, bits: int, order: Order) -> np.ndarray:
    """Return the numbers Σₖ 2^(bits−1−k) bitₖ in lines of bytes, (row, sample)."""
    apart = np.unpackbits(lines, axis=1, count=wide * bits, bitorder=order)
    apart = apart.reshape(len(lines), wide, bits)
    total = np.zeros((len(lines), wide), np.uint32)
    for k in range(bits):
        total <<= np.uint32(1)
        total |= apart[..., k]
    return total
