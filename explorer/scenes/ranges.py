"""Ranges of images: whether values are on the scale of the training images."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

UNIT = (0.0, 1.0)
"""The range that integers are scaled to; the known range always contains it."""

NOISY = 3.0
"""In units of the known range. Noise exceeds [0, 1] on both sides, so values that
exceed one side alone by NOISY are on another scale; so is a label whose mean does."""

FAR, FAINT = 100.0, 0.01
"""Noise is at most 10 in a range of 1: values that exceed a range by FAR are on another
scale, and so are values that stay below FAINT times the largest mean of a label."""

MEANS_OFF = 10.0
"""In standard errors: how far the mean of an image in [0, 1] may lie outside."""

LOUD = 10.0
"""Upper limit of the mean size of an image, in units of the largest mean of a label."""

STRANGE, MARGIN = 0.1, 0.25
"""A warning appears if more than this share of the values exceeds the range by more
than a quarter: fewer are noise, which leaves labels correct."""

OF_FLOATS = (
    "files and integers are scaled to [0, 1]: train on such images, or pass floats"
)

DEPTHS = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
"""Largest values of 8, 10, 12, 14 and 16 bits."""


def range_of(*arrays: np.ndarray) -> tuple[float, float]:
    """Return the least range that holds all values and [0, 1]."""
    low = min(UNIT[0], *(float(a.min()) for a in arrays))
    return low, max(UNIT[1], *(float(a.max()) for a in arrays))


@dataclass(frozen=True)
class Scale:
    """The values of the training images.

    low, high : the range of the values and [0, 1]; top : the largest mean of a label,
    which sets the scale of images, whatever their noise.
    """

    low: float
    high: float
    top: float

    @property
    def unit(self) -> bool:
        """Whether this is the scale of files and integers, [0, 1], maybe with noise."""
        return self.top <= NOISY

    def check(self, argument: str, array: np.ndarray, scaled: bool) -> None:
        """Raise if an image is on another scale.

        Parameters
        ----------
        scaled : whether the image was scaled from integers; then it may be dark.
        """
        low, high = float(array.min()), float(array.max())
        width = self.high - self.low
        above, below = (high - self.high) / width, (self.low - low) / width
        beyond = max(above, below)
        noisy = min(above, below) > 0.0 or not self.unit
        whole = self.unit and beyond > 0.0 and np.array_equal(array, np.rint(array))
        # noise averages out: over n values, to its size / √n
        mean, spread = float(array.mean()), float(array.std()) / array.size**0.5
        off = max(UNIT[0] - mean, mean - UNIT[1]) > MEANS_OFF * spread
        faint = low < high and max(abs(low), abs(high)) < FAINT * max(1.0, self.top)
        if scaled:
            broken = not self.unit
        else:
            broken = beyond > (FAR if noisy else NOISY) or whole or faint
            broken = broken or (self.unit and off)
        if broken:
            raise ValueError(
                f"`{argument}` must be on the scale of the training images, which "
                f"range from {self.low:.4g} to {self.high:.4g}, got values from "
                f"{low:.4g} to {high:.4g}; {self._cure(high, scaled)}"
            )

    def _cure(self, high: float, scaled: bool) -> str:
        """Return the cure that brings an image to this scale."""
        if scaled:
            return OF_FLOATS
        depths = [d for d in DEPTHS if self.unit and d / 4 < high <= d]
        if depths:
            return f"divide by {depths[0]:g}, or pass integers of 8 or 16 bits"
        return "scale and shift it like the training images"

    def warn(self, argument: str, array: np.ndarray) -> None:
        """Warn if many values of an image lie outside the range."""
        margin = MARGIN * (self.high - self.low)
        out = (array < self.low - margin) | (array > self.high + margin)
        share = float(np.mean(out))
        if share > STRANGE:
            warnings.warn(
                f"{share:.0%} of the values of `{argument}` lie far outside "
                f"{self.low:.4g} to {self.high:.4g}, the range of the training images: "
                "labels are correct only if it is noisier than those; if it was "
                "scaled, undo the scaling",
                UserWarning,
                stacklevel=6,  # where `label` is called
            )


def refuse_other_means(
    argument: str, array: np.ndarray, prototypes: np.ndarray, scaled: bool
) -> None:
    """Raise if an image is on another scale than the mean colors of its labels."""
    top, size = float(np.abs(prototypes).max()), float(np.abs(array).mean())
    if scaled and top > NOISY:
        raise ValueError(
            f"`{argument}` must be on the scale of its prototypes, which reach "
            f"{top:.4g}; {OF_FLOATS}"
        )
    if size > LOUD * max(1.0, top):
        raise ValueError(
            f"`{argument}` must be on the scale of its prototypes, which reach "
            f"{top:.4g}, got values of mean size {size:.4g}; scale both alike"
        )
