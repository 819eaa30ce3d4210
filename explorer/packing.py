"""Images as text that a state or a script can hold, exact to the last bit."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

LONGEST_UPLOAD = 256
"""Uploads are scaled down to this many rows and columns: learning stays live."""

SCALES = {"uint8": 255.0, "uint16": 65535.0, "float64": 1.0}
"""How an image in [0, 1] may be stored: its type, and the value that stands for 1."""


def pack(name: str, image: np.ndarray) -> dict[str, Any]:
    """Return an image (row, col, channel) in [0, 1] as a JSON-able document.

    The smallest type that gives back the same numbers is taken.
    """
    for kind, scale in SCALES.items():
        stored = np.round(image * scale).astype(kind) if scale > 1.0 else image
        if np.array_equal(stored / scale, image):
            break
    data = zlib.compress(np.ascontiguousarray(stored).tobytes(), 9)
    return {
        "name": name,
        "dtype": kind,
        "shape": list(image.shape),
        "data": base64.b85encode(data).decode(),
    }


def opened(document: Any, longest: int) -> tuple[str, np.ndarray]:
    """Return name and image of a packed document, or raise ValueError saying why not.

    `longest` is the number of rows and columns that an image may have.
    """
    try:
        kind, shape = document["dtype"], tuple(document["shape"])
        sane = isinstance(document, Mapping) and kind in SCALES and len(shape) == 3
        sane = sane and all(type(n) is int for n in shape) and shape[2] in (1, 3)
        if not sane or not 0 < min(shape) <= max(shape[:2]) <= longest:
            raise ValueError(f"its type is {kind!r} and its shape {shape}")
        size = math.prod(shape) * np.dtype(kind).itemsize
        packed = base64.b85decode(document["data"])
        # one byte more than promised is enough to see that there are too many
        content = zlib.decompressobj().decompress(packed, size + 1)
        if len(content) != size:
            raise ValueError(f"it does not hold the {size} bytes that it promises")
        image = np.frombuffer(content, kind).reshape(shape) / SCALES[kind]
        if not (np.isfinite(image).all() and 0.0 <= image.min() <= image.max() <= 1.0):
            raise ValueError("its values leave [0, 1]")
        return str(document["name"]), image
    except (KeyError, TypeError, AttributeError, ValueError, zlib.error) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def expression_of(document: Mapping[str, Any]) -> str:
    """Return the Python expression of the image in [0, 1] that a document holds.

    It needs `base64`, `zlib` and `np`.
    """
    kind, shape = document["dtype"], ", ".join(map(str, document["shape"]))
    pixels = f'zlib.decompress(base64.b85decode("{document["data"]}"))'
    return f'np.frombuffer({pixels}, "{kind}").reshape({shape}) / {SCALES[kind]!r}'
