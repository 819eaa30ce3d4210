"""The size of compressed data after inflation, measured without keeping them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

PIECE = 2**16
"""Bytes that are read and inflated at a time."""


def slices(data: memoryview) -> Iterator[memoryview]:
    """Yield data piece by piece."""
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def inflated(machine: Any, parts: Iterable[Any], limit: int) -> int:
    """Return the size of data after inflation, counted up to just above a limit.

    machine : decompressor of `zlib`, or of `lzma`, which keeps unread input.
    """
    found = 0
    for part in parts:
        rest, more = part, b""
        while len(rest) or len(more) == PIECE:
            if machine.eof:
                return found
            more = machine.decompress(rest, PIECE)
            rest = getattr(machine, "unconsumed_tail", b"")
            found += len(more)
            if found > limit:
                return found
    return found
