"""Features that a predictor may read: raw windows, derivatives, structure tensors."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer import params
from explorer.coordinates import Coordinates
from explorer.dims import (
    FEATURE,
    PICTURE,
    PIXELS,
    axes_of,
    finite_field,
    refuse_huge,
)
from explorer.scenes.features import window_features

MOST_SCALES, SHARPEST, COARSEST = 8, 0.5, 64.0
"""Scales: how many at most, and their range. The derivative of a Gaussian that is
sampled at pixels is 14 % too small at half a pixel, and soon nothing below."""

FINEST = 0.7
"""Standard deviation of the Gaussian whose slopes enter a structure tensor, pixels."""

GRADIENT = ((0, 0), (1, 0), (0, 1))
"""Orders of the value itself and of both slopes."""


class Extractor(ABC):
    """A way to describe each pixel by numbers: a frozen record of choices."""

    @abstractmethod
    def of(self, image: np.ndarray) -> np.ndarray:
        """Return the features (row, col, feature) of an image (row, col, channel)."""

    def __call__(self, image: Any) -> Any:
        """Return `of` as a DataArray (row, col, feature), of (row, col[, channel])."""
        gray = axes_of("image", image) == len(PIXELS)
        array = finite_field("image", image, PIXELS if gray else PICTURE)
        refuse_huge("image", array)
        found = self.of(array[..., None] if gray else array)
        place = Coordinates.of("image", image, PIXELS)
        return place.label(found, (*PIXELS, FEATURE), extractor=repr(self))


@dataclass(frozen=True)
class RawWindow(Extractor):
    """The image in a window around each pixel, as in the paper (Sec. 4.2).

    A 3 × 3 window of raw values cannot tell a line from an edge of the same contrast
    that is wider than the window, averages little noise, and knows no scale.

    Parameters
    ----------
    window : odd int in 3 … 15, side of the window, pixels.
    """

    window: int = int(params.WINDOW.default)

    def __post_init__(self) -> None:
        window = params.WINDOW.check(self.window)
        if window % 2 == 0:
            raise ValueError(f"`window` = {window} is even; needed is an odd integer")
        object.__setattr__(self, "window", window)

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return (row, col, window² · channels)."""
        return np.asarray(window_features(image, self.window // 2))


@dataclass(frozen=True)
class GaussianDerivatives(Extractor):
    """s^|α| ∂^α (G_s * image), |α| ≤ 2: the local shape at several scales s.

    Six features for each scale and channel. The factor s^|α| makes a shape give the
    same numbers at its own scale, whatever that is (Lindeberg 1998).

    Parameters
    ----------
    scales : floats in [0.5, 64], at most 8, standard deviations of the Gaussian,
        pixels. Below 0.7 slopes are too small, by 14 % at 0.5: so few samples are no
        Gaussian.
    """

    scales: tuple[float, ...] = (0.7, 1.5, 3.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", checked_scales(self.scales))

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return (row, col, 6 · scales · channels)."""
        return np.stack(list(self._fields(image)), axis=-1)

    def _fields(self, image: np.ndarray) -> Iterator[np.ndarray]:
        orders = [(a, b) for a in range(3) for b in range(3 - a)]
        for channel in np.moveaxis(image, -1, 0):
            for s in self.scales:
                for order in orders:
                    yield s ** sum(order) * smoothed(channel, s, order)


@dataclass(frozen=True)
class StructureTensor(Extractor):
    """The value and G_s * (∇I ∇Iᵀ) at several scales s: orientation and strength.

    For each channel the value and its slopes, smoothed with a Gaussian of 0.7 pixels,
    make one feature and three for each scale; the entries of the tensor enter by their
    signed square root, which is of the size of a gradient.

    Parameters
    ----------
    scales : floats in [0.5, 64], at most 8, standard deviations of the window, pixels.
    """

    scales: tuple[float, ...] = (1.0, 2.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", checked_scales(self.scales))

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return (row, col, (1 + 3 · scales) · channels)."""
        fields = []
        for channel in np.moveaxis(image, -1, 0):
            smooth, *slopes = (smoothed(channel, FINEST, order) for order in GRADIENT)
            fields.append(smooth)
            for s in self.scales:
                for a, b in ((0, 0), (0, 1), (1, 1)):
                    entry = smoothed(slopes[a] * slopes[b], s)
                    fields.append(np.sign(entry) * np.sqrt(np.abs(entry)))
        return np.stack(fields, axis=-1)


def smoothed(
    channel: np.ndarray, scale: float, order: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Return a derivative of the channel after Gaussian smoothing, (row, col)."""
    import scipy.ndimage as nd  # its functions are unknown to type checkers

    return np.asarray(nd.gaussian_filter(channel, scale, order=order, mode="nearest"))  # type: ignore[attr-defined]


def checked_scales(scales: Any) -> tuple[float, ...]:
    """Return scales as a tuple of floats, or raise."""
    try:
        found = tuple(scales)
    except TypeError:
        found = ()
    numeric = all(isinstance(s, numbers.Real) and s is not True for s in found)
    inside = numeric and all(SHARPEST <= s <= COARSEST for s in found)
    if not (inside and 1 <= len(found) <= MOST_SCALES):
        raise ValueError(
            f"`scales` = {scales!r} is not admissible; needed are 1 to {MOST_SCALES} "
            f"numbers in [{SHARPEST:g}, {COARSEST:g}] (pixels)"
        )
    return tuple(map(float, found))
