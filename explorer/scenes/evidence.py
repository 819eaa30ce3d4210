"""Data terms: what the pixels themselves say about their labels, given or learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from explorer import params
from explorer.scenes.extractors import Extractor, GaussianDerivatives
from explorer.scenes.pictures import Picture
from explorer.scenes.scene import distances_to

SAMPLE = 200_000
"""Pixels that a regression sees at most."""


class Distances(ABC):
    """D as a function of an image, ready for use.

    Attributes
    ----------
    arrays : all that it depends on, by name.
    """

    arrays: dict[str, np.ndarray]

    @abstractmethod
    def of(self, image: np.ndarray) -> np.ndarray:
        """Return D, (label, row, col), of an image (row, col, channel)."""


class DataTerm(ABC):
    """A way to come by distances: a frozen record of choices."""

    @abstractmethod
    def fit(self, pictures: Sequence[Picture], seed: int) -> Distances:
        """Return what these training images teach."""

    @abstractmethod
    def restore(self, arrays: dict[str, np.ndarray]) -> Distances:
        """Return what has these arrays."""


@dataclass(frozen=True, eq=False)
class ColorDistances(Distances):
    """D_ij = ‖f_i − l_j‖ of the color of the pixel to the prototypes."""

    arrays: dict[str, np.ndarray]

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return (2.15)."""
        return distances_to(image, self.arrays["prototypes"])


@dataclass(frozen=True)
class PrototypeDistance(DataTerm):
    """The distance of colors to the prototypes of the scenes (2.15), as in the paper.

    Where labels differ in shape rather than in color, it says little.
    """

    def fit(self, pictures: Sequence[Picture], seed: int) -> Distances:
        """Return the distances to the prototypes, which are the same in all scenes."""
        return self.restore({"prototypes": pictures[0].prototypes})

    def restore(self, arrays: dict[str, np.ndarray]) -> Distances:
        """Return what has these prototypes."""
        return ColorDistances(arrays)


@dataclass(frozen=True, eq=False)
class LogOdds(Distances):
    """D_ij = −log p(j | f_i) of a linear classifier."""

    extractor: Extractor
    arrays: dict[str, np.ndarray]

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return minus the logarithm of the softmax of the scores."""
        a = self.arrays
        f = (self.extractor.of(image) - a["mean"]) / a["scale"]
        scores = np.moveaxis(f @ a["slopes"].T + a["offsets"], -1, 0)
        scores = scores - scores.max(axis=0)
        return np.asarray(np.log(np.exp(scores).sum(axis=0)) - scores)


@dataclass(frozen=True)
class Evidence(DataTerm):
    """D_ij = −log p(j | f_i), p by multinomial logistic regression on features.

    It goes beyond the paper: what a pixel looks like is learned from the training
    images, before the weights are. Features are standardized.

    Parameters
    ----------
    features : Extractor, what is seen of the neighborhood of a pixel.
    balance : float in [0, 2], power of the inverse share of a label with which its
        pixels count: 1 treats rare and frequent labels alike, 0 counts pixels.
    """

    features: Extractor = field(
        default_factory=lambda: GaussianDerivatives((1.0, 2.0, 4.0))
    )
    balance: float = params.BALANCE.default

    def __post_init__(self) -> None:
        if not isinstance(self.features, Extractor):
            raise TypeError(
                f"`features` = {self.features!r} is a {type(self.features).__name__}; "
                "needed is an extractor such as `GaussianDerivatives()`"
            )
        object.__setattr__(self, "balance", params.BALANCE.check(self.balance))

    def fit(self, pictures: Sequence[Picture], seed: int) -> Distances:
        """Return the log odds of the regression."""
        from sklearn.linear_model import LogisticRegression

        described = [self.features.of(p.image) for p in pictures]
        x = np.concatenate([f.reshape(-1, f.shape[-1]) for f in described])
        y = np.concatenate([p.labels.ravel() for p in pictures])
        if len(x) > SAMPLE:
            chosen = np.random.default_rng(seed).choice(len(x), SAMPLE, replace=False)
            x, y = x[chosen], y[chosen]
        count = len(pictures[0].prototypes)
        mean, scale = x.mean(axis=0), x.std(axis=0)
        scale[scale == 0.0] = 1.0
        labels, which, often = np.unique(y, return_inverse=True, return_counts=True)
        slopes = np.zeros((count, x.shape[1]))
        offsets = np.full(count, np.log(1.0 / y.size))  # never seen: as if once
        if labels.size == 1:
            offsets[labels[0]] = 0.0
        else:
            share = y.size / (labels.size * often)
            found = LogisticRegression(max_iter=500).fit(
                (x - mean) / scale, y, sample_weight=share[which] ** self.balance
            )
            binary = labels.size == 2  # then there is one score, of the second label
            coefficients = np.vstack([0.0 * found.coef_, found.coef_])
            slopes[labels] = coefficients if binary else found.coef_
            offsets[labels] = (
                [0.0, float(found.intercept_[0])] if binary else found.intercept_
            )
        return self.restore(
            {"mean": mean, "scale": scale, "slopes": slopes, "offsets": offsets}
        )

    def restore(self, arrays: dict[str, np.ndarray]) -> Distances:
        """Return the log odds with these arrays."""
        return LogOdds(self.features, arrays)
