"""`Image`: an uploaded picture as a setting."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from explorer.packing import LONGEST_UPLOAD, expression_of, opened, pack
from explorer.params import must, settle
from explorer.settings.setting import Whole, face, named

MOST_BYTES = 2**25
"""Most bytes of an uploaded file: twice the size of a 30-megapixel photo."""

CHANNELS = (1, 3)
"""Numbers of channels: gray, or red, green and blue."""


@dataclass(frozen=True, eq=False)
class Uploaded:
    """A picture with its name; pictures with equal names and pixels are equal.

    Parameters
    ----------
    image : (row, col, channel) in [0, 1]; stored as a read-only copy.
    """

    name: str
    image: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        own = np.array(self.image, dtype=float)
        own.flags.writeable = False
        settle(self, image=own)

    @cached_property
    def packed(self) -> dict[str, Any]:
        """The picture as JSON holds it; packing takes a tenth of a second."""
        return pack(self.name, self.image)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Uploaded):
            return NotImplemented
        same = np.array_equal(self.image, other.image)
        return bool(self.name == other.name and same)

    def __hash__(self) -> int:
        return hash((self.name, self.image.shape, zlib.crc32(self.image.tobytes())))


@dataclass(frozen=True)
class Image(Whole):
    """An uploaded picture, or None before the first upload.

    The JSON form contains the packed pixels. A link contains only name and shape;
    `from_json` then raises an error that asks for the picture.

    Parameters
    ----------
    limit : largest number of rows and of columns; pages scale larger pictures down.
    """

    name: str = "image"
    meaning: str = "your own image"
    limit: int = LONGEST_UPLOAD
    default: Any = None
    label: str = ""

    def __post_init__(self) -> None:
        settle(self, label=named(self.name, self.label))
        settle(self, default=self.check(self.default))

    def check(self, value: Any) -> Uploaded | None:
        """Return the picture from an `Uploaded` or a pair (name, array)."""
        if value is None:
            return None
        if isinstance(value, tuple) and len(value) == 2:
            name, image = value
        else:
            name, image = getattr(value, "name", None), getattr(value, "image", None)
        if not (isinstance(name, str) and isinstance(image, np.ndarray)):
            cure = 'pass None, or a pair such as ("photo.png", array)'
            admissible = "a name with an array (row, col, channel)"
            raise TypeError(must(self.name, admissible, value, cure))
        self._require_pixels(image)
        return value if isinstance(value, Uploaded) else Uploaded(name, image)

    def _require_pixels(self, image: np.ndarray) -> None:
        """Raise unless an array has the shape and the values of a picture."""
        shape = image.shape
        fits = len(shape) == 3 and shape[2] in CHANNELS
        if not (fits and 0 < min(shape) <= max(shape[:2]) <= self.limit):
            admissible = f"(row, col, 1 or 3) with 1 to {self.limit} rows and columns"
            cure = "scale it with `explorer.fit`, and pass gray or RGB"
            raise ValueError(must(self.name, admissible, f"the shape {shape}", cure))
        real = image.dtype.kind == "f" and bool(np.isfinite(image).all())
        if not real or not 0.0 <= image.min() <= image.max() <= 1.0:
            cure = "scale them, as `explorer.read_image` does"
            raise ValueError(must(self.name, "of floats in [0, 1]", image, cure))

    def to_json(self, value: Any) -> dict[str, Any] | None:
        """Return the packed picture."""
        found = self.check(value)
        return None if found is None else found.packed

    def from_json(self, document: Any) -> Uploaded | None:
        """Return the picture; raise if the document holds only its name."""
        if document is None:
            return None
        if isinstance(document, dict) and "name" in document and "data" not in document:
            name = document["name"]
            cure = f"upload {name!r:.60} again: a link does not carry pixels"
            raise ValueError(must(self.name, "a picture", document, cure))
        try:
            return Uploaded(*opened(document, self.limit))
        except ValueError as error:
            why = f"upload it again ({error})"
            raise ValueError(
                must(self.name, "a packed picture", document, why)
            ) from None

    def code(self, value: Any) -> str:
        """Return an expression for the pixels; it uses `base64`, `zlib` and `np`."""
        packed = self.to_json(value)
        return "None" if packed is None else expression_of(packed)

    def control(self) -> dict[str, Any]:
        """Return the description of an upload button."""
        return face(self, "image", limit=MOST_BYTES)
