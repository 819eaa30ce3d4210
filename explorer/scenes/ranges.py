"""Ranges of images: whether values are on the scale of those that were learned from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

UNIT = (0.0, 1.0)
"""What integers are scaled to; it always belongs to the range that is known."""

NOISY, FAR, FAINT = 3.0, 100.0, 0.01
"""In widths of the known range: noise goes beyond it on both sides, so that values
NOISY beyond one side alone are on another scale; so are values FAR beyond, as noise is
at most 10 of a range of 1. So is what reaches less than FAINT of the largest mean."""

STRANGE = 0.1
"""The share of values out of the known range that a person must know of."""

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
    whose scale images must be, whatever their noise; source : what they are of.
    """

    low: float
    high: float
    top: float
    source: str = "the images trained on"

    def check(self, argument: str, array: np.ndarray, scaled: bool) -> None:
        """Raise where an image is on another scale.

        Parameters
        ----------
        scaled : whether it has been scaled from integers, so that it may be dark.
        """
        if scaled and self.top <= NOISY:
            return
        low, high = float(array.min()), float(array.max())
        width = self.high - self.low
        above, below = (high - self.high) / width, (self.low - low) / width
        alone = max(above, below) if min(above, below) <= 0.0 else 0.0
        outside = max(above, below) > 0.0
        whole = outside and bool(np.array_equal(array, np.rint(array)))
        faint = low < high and max(abs(low), abs(high)) < FAINT * max(1.0, self.top)
        if scaled or alone > NOISY or max(above, below) > FAR or whole or faint:
            raise ValueError(
                f"`{argument}` must be on the scale of {self.source}, which range from "
                f"{self.low:.4g} to {self.high:.4g}, got values from {low:.4g} to "
                f"{high:.4g}; {self._cure(high, scaled)}"
            )

    def _cure(self, high: float, scaled: bool) -> str:
        """Return what brings an image to this scale."""
        if scaled:
            return (
                "files and integers are scaled to [0, 1]: train on such images, or "
                "pass floats on the scale trained on"
            )
        depth = next((d for d in DEPTHS if high <= d), 0.0)
        if self.top <= NOISY and high > self.high and depth:
            return f"divide by {depth:g}, or pass integers of 8 or 16 bits"
        return "scale and shift it as those were"

    def warn(self, argument: str, array: np.ndarray) -> None:
        """Warn where many values of an image lie out of the range."""
        share = float(np.mean((array < self.low) | (array > self.high)))
        if share > STRANGE:
            warnings.warn(
                f"{share:.0%} of the values of `{argument}` lie out of {self.low:.4g} "
                f"to {self.high:.4g}, the range of {self.source}: labels are right "
                "only if it is noisier than those; if it was scaled, undo that",
                UserWarning,
                stacklevel=6,  # where `label` is called
            )
