"""Ranges of images: whether values are on the scale of those that were learned from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

UNIT = (0.0, 1.0)
"""What integers are scaled to; it always belongs to the range that is known."""

NOISY = 3.0
"""In units of the known range. Noise goes beyond [0, 1] on both sides, so that values
NOISY beyond one side alone are on another scale, and so is a label whose mean is."""

FAR, FAINT = 100.0, 0.01
"""Noise is at most 10 of a range of 1: what is FAR beyond a range is on another scale,
and what reaches less than FAINT of the largest mean of a label."""

MEANS_OFF = 10.0
"""In standard errors: how far the mean of an image in [0, 1] may lie out of it."""

LOUD = 10.0
"""In units of the largest mean of a label, what the mean size of an image is not."""

STRANGE, MARGIN = 0.1, 0.25
"""The share of values more than a quarter of the range beyond it that a person must
know of: less is noise, which leaves labels right."""

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
    """The values that were learned from.

    low, high : their range, and that of [0, 1]; top : the largest mean of a label, on
    whose scale images are, whatever their noise.
    """

    low: float
    high: float
    top: float

    @property
    def unit(self) -> bool:
        """Whether it is that of files and integers, [0, 1], with noise or without."""
        return self.top <= NOISY

    def check(self, argument: str, array: np.ndarray, scaled: bool) -> None:
        """Raise where an image is on another scale.

        Parameters
        ----------
        scaled : whether it has been scaled from integers, so that it may be dark.
        """
        low, high = float(array.min()), float(array.max())
        width = self.high - self.low
        above, below = (high - self.high) / width, (self.low - low) / width
        beyond = max(above, below)
        noisy = min(above, below) > 0.0 or not self.unit
        whole = self.unit and beyond > 0.0 and np.array_equal(array, np.rint(array))
        # noise averages out, over n values to its size / √n
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
                f"`{argument}` must be on the scale of the images trained on, which "
                f"range from {self.low:.4g} to {self.high:.4g}, got values from "
                f"{low:.4g} to {high:.4g}; {self._cure(high, scaled)}"
            )

    def _cure(self, high: float, scaled: bool) -> str:
        """Return what brings an image to this scale."""
        if scaled:
            return OF_FLOATS
        depths = [d for d in DEPTHS if self.unit and d / 4 < high <= d]
        if depths:
            return f"divide by {depths[0]:g}, or pass integers of 8 or 16 bits"
        return "scale and shift it as those were"

    def warn(self, argument: str, array: np.ndarray) -> None:
        """Warn where many values of an image lie out of the range."""
        margin = MARGIN * (self.high - self.low)
        out = (array < self.low - margin) | (array > self.high + margin)
        share = float(np.mean(out))
        if share > STRANGE:
            warnings.warn(
                f"{share:.0%} of the values of `{argument}` lie far out of "
                f"{self.low:.4g} to {self.high:.4g}, the range of the images trained "
                "on: labels are right only if it is noisier than those; if it was "
                "scaled, undo that",
                UserWarning,
                stacklevel=6,  # where `label` is called
            )


def refuse_other_means(
    argument: str, array: np.ndarray, prototypes: np.ndarray, scaled: bool
) -> None:
    """Raise where an image is on another scale than the mean colors of its labels."""
    top, size = float(np.abs(prototypes).max()), float(np.abs(array).mean())
    if scaled and top > NOISY:
        raise ValueError(
            f"`{argument}` must be on the scale of its prototypes, which reach "
            f"{top:.4g}; {OF_FLOATS}"
        )
    if size > LOUD * max(1.0, top):
        raise ValueError(
            f"`{argument}` must be on the scale of its prototypes, which reach "
            f"{top:.4g}, got values of mean size {size:.4g}; divide both by the same"
        )
