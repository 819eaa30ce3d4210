"""Images of the Netpbm family: PBM, PGM and PPM, text and binary, with any maximum."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import numpy as np

from explorer.images.stored import Facts, RefusedError, Stored

GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
"""White space and comments between the numbers of a header."""

GAPS = b" \t\r\n\v\f"
"""White space between bits."""

LARGEST = 65535
"""Largest maximum of the format."""

BLOCK = 2**20
"""Bytes of text that are parsed at a time."""


@dataclass(frozen=True)
class Header:
    """Header of a Netpbm file: its kind 1 … 6, its size, and where pixels start."""

    kind: int
    rows: int
    cols: int
    white: int
    start: int

    @property
    def count(self) -> int:
        """Number of samples."""
        return self.rows * self.cols * (3 if self.kind in (3, 6) else 1)


def is_netpbm(content: bytes) -> bool:
    """Return whether a file is a Netpbm file."""
    return re.match(rb"P[1-6][\s#]", content[:3]) is not None


def header_of(content: bytes) -> Header:
    """Return the header of a Netpbm file."""
    kind = int(content[1:2])
    fields = 2 if kind in (1, 4) else 3
    found = re.match(rb"P." + (GAP + rb"(\d{1,9})") * fields + rb"\s", content)
    if found is None:
        raise ValueError("its Netpbm header is damaged")
    cols, rows, *maximum = (int(number) for number in found.groups())
    white = maximum[0] if maximum else 1
    if not (rows and cols and 0 < white <= LARGEST):
        raise ValueError(f"its header declares {rows}×{cols} pixels up to {white}")
    return Header(kind, rows, cols, white, found.end())


def netpbm(content: bytes, what: str) -> Stored:
    """Return the samples of a Netpbm file; in a PBM 1 is black."""
    header = header_of(content)
    flat = in_text(content, header) if header.kind < 4 else in_bytes(content, header)
    if flat.max() > header.white:
        raise RefusedError(
            f"{what} holds {flat.max()}, more than the maximum {header.white} that its "
            "header states: save it again as PNG"
        )
    shape = (header.rows, header.cols, header.count // (header.rows * header.cols))
    samples = flat.reshape(shape if shape[2] == 3 else shape[:2])
    bitmap = header.kind in (1, 4)
    bits = 1 if bitmap else 8 * samples.dtype.itemsize
    return Stored(samples, header.white, inverted=bitmap, facts=Facts("PPM", bits=bits))


def in_bytes(content: bytes, header: Header) -> np.ndarray:
    """Return the samples of a binary file."""
    body = memoryview(content)[header.start :]
    if header.kind == 4:
        stride = (header.cols + 7) // 8
        promised(len(body), header.rows * stride)
        packed = np.frombuffer(body, np.uint8, header.rows * stride)
        return np.unpackbits(
            packed.reshape(header.rows, stride), axis=1, count=header.cols
        ).ravel()
    stored = np.dtype(">u2" if header.white > 255 else np.uint8)
    promised(len(body), header.count * stored.itemsize)
    return np.frombuffer(body, stored, header.count).astype(stored.newbyteorder("="))


def in_text(content: bytes, header: Header) -> np.ndarray:
    """Return the samples of a text file; bits need no gaps."""
    start = header.start
    if b"#" in content[start:]:
        content, start = re.sub(rb"#[^\r\n]*", b"", content[start:]), 0
    if header.kind == 1:
        digits = np.frombuffer(content[start:].translate(None, GAPS), np.uint8)
        promised(len(digits), header.count)
        return digits[: header.count] - np.uint8(ord("0"))  # other characters: > 1
    promised(len(content) - start, 2 * header.count - 1)  # a digit and a gap each
    found = np.empty(header.count, np.uint16 if header.white > 255 else np.uint8)
    filled = 0
    while filled < header.count:
        gap = re.compile(rb"\s").search(content, start + BLOCK)
        stop = gap.start() if gap else len(content)
        numbers = numbers_of(content[start:stop], header.white)[: len(found) - filled]
        promised(filled + len(numbers), header.count if gap is None else 0)
        found[filled : filled + len(numbers)] = numbers
        start, filled = stop, filled + len(numbers)
    return found


def numbers_of(text: bytes, white: int) -> np.ndarray:
    """Return the numbers in a text, or raise if one exceeds the maximum."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # for text that is not a number
        numbers = np.fromstring(text, np.int64, sep=" ")
    if numbers.size and not (numbers.min() >= 0 and numbers.max() <= white):
        raise ValueError(
            f"it holds numbers from {numbers.min()} to {numbers.max()}; its header "
            f"states at most {white}"
        )
    return numbers


def promised(found: int, needed: int) -> None:
    """Raise if a file holds less data than its header promises."""
    if found < needed:
        raise ValueError(
            f"its header promises {needed} samples or bytes, it has {found}"
        )
