"""Features that a predictor may read: raw windows, derivatives, structure tensors."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import (
    FEATURE,
    PIXELS,
)
from explorer.features.features import window_features
from explorer.features.transforming import PixelTransformer, checked_image
from explorer.geometry.grid import offsets
from explorer.params import Record, of, several

MOST_SCALES, SHARPEST, COARSEST = 8, 0.5, 64.0
"""Scales: their largest number, and their range. The derivative of a Gaussian, sampled
at pixels, is 14 % too small at half a pixel, and soon vanishes below."""

FINEST = 0.7
"""Standard deviation of the Gaussian whose slopes enter a structure tensor, pixels."""

GRADIENT = ((0, 0), (1, 0), (0, 1))
"""Orders of the value itself and of both slopes."""

JET = tuple((a, b) for a in range(3) for b in range(3 - a))
"""Orders of all derivatives up to the second."""

ENTRIES = ((0, 0), (0, 1), (1, 1))
"""Entries of a symmetric 2 × 2 tensor."""


def checked_features(value: Any) -> Extractor:
    """Return `value`, or raise if it is not an extractor."""
    if not isinstance(value, Extractor):
        raise TypeError(
            f"`features` = {value!r} is a {type(value).__name__}; "
            "pass an extractor such as `GaussianDerivatives()`"
        )
    return value


def checked_window(value: Any) -> int:
    """Return the side of a window, or raise."""
    window = params.WINDOW.check(value)
    if window % 2 == 0:
        raise ValueError(f"`window` = {window} is even: it must be an odd integer")
    return window


def checked_scales(scales: Any) -> tuple[float, ...]:
    """Return scales as a tuple of floats, unchanged if it is one, or raise."""
    try:
        found = tuple(scales)
    except TypeError:
        found = ()
    numeric = all(isinstance(s, numbers.Real) for s in found)
    plain = [s for s in found if not isinstance(s, (bool, np.timedelta64))]
    inside = numeric and all(SHARPEST <= s <= COARSEST for s in plain)
    if not (inside and 1 <= len(found) <= MOST_SCALES and len(plain) == len(found)):
        raise ValueError(
            f"`scales` = {scales!r} must be a sequence of 1 to {MOST_SCALES} numbers "
            f"from {SHARPEST:g} to {COARSEST:g} (pixels)"
        )
    ready = all(type(s) is float for s in found)
    return found if ready else tuple(map(float, found))


class Extractor(PixelTransformer, Record):
    """A way to describe each pixel by numbers: a frozen record of choices.

    In scikit-learn it is a transformer from images to tables, by `transform`.
    """

    def __call__(self, image: Any) -> Any:
        """Return `of` for (row, col[, channel]) as a DataArray (row, col, feature)."""
        found = self.of(checked_image("image", image))
        place = Coordinates.of("image", image, PIXELS)
        return place.label(found, (*PIXELS, FEATURE), extractor=repr(self))


@dataclass(frozen=True)
class RawWindow(Extractor):
    """The image in a window around each pixel, as in the paper (Sec. 4.2).

    A 3 × 3 window of raw values cannot tell an edge from a line of the same contrast
    that is wider than the window, averages little noise, and captures no scale.

    Parameters
    ----------
    window : odd int in 3 … 15, side of the window, pixels.
    """

    window: int = of(params.WINDOW, check=checked_window)

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return (row, col, window² · channels)."""
        return np.asarray(window_features(image, self.window // 2))

    def _names(self, channels: Sequence[str]) -> list[str]:
        places = offsets(self.window // 2)
        return [f"{c}_row{dr:+d}_col{dc:+d}" for dr, dc in places for c in channels]


@dataclass(frozen=True)
class GaussianDerivatives(Extractor):
    """s^|α| ∂^α (G_s * image), |α| ≤ 2: the local shape at several scales s.

    Six features for each scale and channel. With the factor s^|α|, a shape gives the
    same numbers at its own scale, whatever the scale (Lindeberg 1998).

    Parameters
    ----------
    scales : floats in [0.5, 64], at most 8, standard deviations of the Gaussian,
        pixels. Below 0.7, slopes are too small, by 14 % at 0.5: so few samples do not
        represent a Gaussian.
    """

    scales: tuple[float, ...] = several(
        (0.7, 1.5, 3.0), checked_scales, "standard deviations of the Gaussian, pixels"
    )

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return (row, col, 6 · scales · channels)."""
        return np.stack(list(self._fields(image)), axis=-1)

    def _fields(self, image: np.ndarray) -> Iterator[np.ndarray]:
        for channel, s, order in product(np.moveaxis(image, -1, 0), self.scales, JET):
            yield s ** sum(order) * smoothed(channel, s, order)

    def _names(self, channels: Sequence[str]) -> list[str]:
        found = product(channels, self.scales, JET)
        return [f"{c}_scale{s:g}_row{a}_col{b}" for c, s, (a, b) in found]


@dataclass(frozen=True)
class StructureTensor(Extractor):
    """The value and G_s * (∇I ∇Iᵀ) at several scales s: orientation and strength.

    For each channel the value and its slopes, smoothed with a Gaussian of 0.7 pixels,
    give one feature, plus three for each scale: the signed square roots of the entries
    of the tensor, which are of the size of a gradient.

    Parameters
    ----------
    scales : floats in [0.5, 64], at most 8, standard deviations of the window, pixels.
    """

    scales: tuple[float, ...] = several(
        (1.0, 2.0), checked_scales, "standard deviations of the window, pixels"
    )

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return (row, col, (1 + 3 · scales) · channels)."""
        fields = []
        for channel in np.moveaxis(image, -1, 0):
            smooth, *slopes = (smoothed(channel, FINEST, order) for order in GRADIENT)
            fields.append(smooth)
            for s in self.scales:
                for a, b in ENTRIES:
                    entry = smoothed(slopes[a] * slopes[b], s)
                    fields.append(np.sign(entry) * np.sqrt(np.abs(entry)))
        return np.stack(fields, axis=-1)

    def _names(self, channels: Sequence[str]) -> list[str]:
        tensors = [
            f"scale{s:g}_{PIXELS[a]}_{PIXELS[b]}"
            for s in self.scales
            for a, b in ENTRIES
        ]
        return [f"{c}_{part}" for c in channels for part in ("value", *tensors)]


def smoothed(
    channel: np.ndarray, scale: float, order: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Return a derivative of the channel after Gaussian smoothing, (row, col)."""
    import scipy.ndimage as nd  # its functions are unknown to type checkers

    return np.asarray(nd.gaussian_filter(channel, scale, order=order, mode="nearest"))  # type: ignore[attr-defined]
