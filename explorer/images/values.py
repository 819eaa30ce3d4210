"""The codes of labels in label images: gray values, palette indices, colors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import xarray as xr

from explorer.params import LABELS

Value = int | str
Code = tuple[int, ...]

HEX = re.compile(r"#(?:[0-9a-fA-F]{2}){3,4}")

HIGHEST = 2**16 - 1
"""The largest gray value of 16 bits."""

ADMISSIBLE = f"integers from 0 to {HIGHEST} or colors '#rrggbb'"


NO_NUMBERS = (bool, np.timedelta64)
"""Types that Python and NumPy count as integers, but are not."""

NO_LISTS = (bytes, bytearray, Mapping)
"""Iterables that are not lists of values."""


def codes_of(argument: str, values: Any) -> list[Code]:
    """Return values as codes: (gray,), (r, g, b) or (r, g, b, alpha).

    Raises
    ------
    TypeError, ValueError
        naming the argument and the invalid value.
    """
    if isinstance(values, np.ndarray | xr.DataArray):
        values = np.atleast_1d(np.asarray(values)).tolist()
    if isinstance(values, (str, Integral)):
        values = [values]
    if not isinstance(values, Iterable) or isinstance(values, NO_LISTS):
        raise TypeError(
            f"`{argument}` must be {ADMISSIBLE}, got {values!r}: correct it"
        )
    return [code_of(argument, value) for value in values]


def all_codes(argument: str, codes: Sequence[Code], channels: int) -> np.ndarray:
    """Return the codes of all labels, (label, code), with the files' channels."""
    if len(set(codes)) < len(codes) or not 0 < len(codes) <= LABELS.high:
        raise ValueError(
            f"`{argument}` must be 1 to {LABELS.high:g} distinct values, got "
            f"{', '.join(map(spelled, codes)) or 'none'}: name each label once"
        )
    return np.array([widened(argument, code, channels) for code in codes])


def code_of(argument: str, value: Any) -> Code:
    """Return a value as its code."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, str) and HEX.fullmatch(value):
        return tuple(bytes.fromhex(value[1:]))
    whole = isinstance(value, Integral) and not isinstance(value, NO_NUMBERS)
    if not whole or not 0 <= value <= HIGHEST:
        error = ValueError if whole or isinstance(value, str) else TypeError
        raise error(f"`{argument}` must be {ADMISSIBLE}, got {value!r}: correct it")
    return (int(value),)


def widened(argument: str, code: Code, channels: int) -> Code:
    """Return a code with as many numbers as the files have channels."""
    if len(code) == 3 and channels == 4:
        return (*code, 255)
    if len(code) == 3 and channels == 1 and len(set(code)) == 1:
        return code[:1]
    if len(code) != channels:
        kind = "gray values" if channels == 1 else "colors"
        raise ValueError(
            f"`{argument}` must name {kind}, like the label images, got "
            f"{spelled(code)}: correct it"
        )
    return code


def spelled(value: Sequence[int]) -> str:
    """Return a gray value or a color as people write it."""
    return str(value[0]) if len(value) == 1 else "#" + bytes(value).hex()


def unique_codes(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct codes of (pixel, channel) in order, and the index of each.

    Gray values are counted. For colors, up to four 16-bit numbers become one 64-bit
    number, which sorts ten times as fast.
    """
    if codes.shape[1] == 1:
        present = np.bincount(codes[:, 0]) > 0
        place = np.cumsum(present, dtype=np.int32) - 1
        values = np.flatnonzero(present)[:, None].astype(codes.dtype)
        return values, place[codes[:, 0]]
    packed = np.zeros(len(codes), np.uint64)
    for channel in codes.T:
        packed = packed << np.uint64(16) | channel.astype(np.uint64)
    distinct = np.unique(packed)
    shifts = np.arange(codes.shape[1] - 1, -1, -1, dtype=np.uint64) * np.uint64(16)
    values = distinct[:, None] >> shifts & np.uint64(HIGHEST)
    return values.astype(codes.dtype), np.searchsorted(distinct, packed)
