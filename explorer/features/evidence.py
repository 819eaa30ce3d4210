"""`Evidence`: distances learned from the appearance of labels in training images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer import params
from explorer.features.classifier import Classifier, fit_classifier
from explorer.features.data_terms import DataTerm, Distances
from explorer.features.extractors import (
    Extractor,
    GaussianDerivatives,
    RawWindow,
    StructureTensor,
    checked_features,
)
from explorer.features.sampling import flat, sampled_known
from explorer.params import of, part
from explorer.records import frozen
from explorer.scenes.pictures import Picture

SAMPLE = 200_000
"""Most pixels to train a classifier on."""


@dataclass(frozen=True, eq=False)
class LogOdds(Distances):
    """D_ij = −log p(j | f_i) of a classifier."""

    extractor: Extractor
    arrays: dict[str, np.ndarray]

    def of(self, image: np.ndarray) -> np.ndarray:
        """Return minus the logarithm of the probabilities."""
        found = Classifier(self.arrays).log_probabilities(self.extractor.of(image))
        return np.ascontiguousarray(np.moveaxis(-found, -1, 0))


@dataclass(frozen=True)
class Evidence(DataTerm):
    """D_ij = −log p(j | f_i), p by a small neural network on features of the pixel.

    This goes beyond the paper: before the weights, the appearance of each label is
    learned from the training images. Features are standardized; the network has one
    hidden layer of max(0, ·), or none, which is multinomial logistic regression.

    Parameters
    ----------
    features : Extractor, the description of the neighborhood of a pixel.
    balance : float in [0, 2], exponent of the inverse frequency that weights the
        pixels of a label: 1 treats rare and frequent labels alike, 0 counts pixels.
    hidden : int in 0 … 1000, units of the hidden layer.
    """

    features: Extractor = part(
        lambda: GaussianDerivatives(params.SCALES),
        checked_features,
        *(RawWindow, GaussianDerivatives, StructureTensor),
        meaning="features of the neighborhood of a pixel",
    )
    balance: float = of(params.BALANCE)
    hidden: int = of(params.HIDDEN)

    def fit(self, pictures: Sequence[Picture], seed: int) -> Distances:
        """Return the log odds of a trained classifier."""
        rng = np.random.default_rng(seed)
        chosen = sampled_known([p.labels for p in pictures], SAMPLE, rng)
        x = np.concatenate([
            flat(self.features.of(p.image))[k]
            for p, k in zip(pictures, chosen, strict=True)
        ])  # fmt: skip
        y = np.concatenate([
            p.labels.ravel()[k] for p, k in zip(pictures, chosen, strict=True)
        ])  # fmt: skip
        count = len(pictures[0].prototypes)
        found = fit_classifier((x, y), count, self.hidden, self.balance, seed)
        return self.restore(found.arrays)

    def restore(self, arrays: dict[str, np.ndarray]) -> Distances:
        """Return the log odds with stored arrays."""
        return LogOdds(self.features, {n: frozen(a) for n, a in arrays.items()})
