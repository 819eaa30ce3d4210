"""A small classifier of feature vectors, in plain arrays: linear, or one layer."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from explorer.threads import exclusive

UPDATES, BATCH, PASSES = 20_000, 200, (10, 500)
"""Approximate steps of Adam; vectors per step; least and most passes over the data."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """p(j | x) = softmax_j of an affine map of x, or of a hidden layer of max(0, ·).

    Attributes
    ----------
    arrays : `mean`, `scale` of the features, which are standardized; `weights_k`
        (in, out) and `biases_k` (out,) of layer k, one or two of them.
    """

    arrays: dict[str, np.ndarray]

    @exclusive
    def log_probabilities(self, x: np.ndarray) -> np.ndarray:
        """Return log p, (…, label), of feature vectors (…, feature)."""
        a = self.arrays
        h = (x - a["mean"]) / a["scale"]
        h = h @ a["weights_0"] + a["biases_0"]
        if "weights_1" in a:
            h = np.maximum(h, 0.0) @ a["weights_1"] + a["biases_1"]
        h = h - h.max(axis=-1, keepdims=True)
        return np.asarray(h - np.log(np.exp(h).sum(axis=-1, keepdims=True)))


@exclusive
def fit_classifier(
    data: tuple[np.ndarray, np.ndarray],
    count: int,
    hidden: int,
    balance: float,
    seed: int,
) -> Classifier:
    """Return a classifier trained on feature vectors with labels 0 … `count`−1.

    Parameters
    ----------
    data : the vectors (vector, feature) and their labels (vector,).
    hidden : units of the hidden layer; 0 is multinomial logistic regression.
    balance : exponent of the inverse frequency that weights the vectors of a label.
    seed : determines start and order; the result depends on nothing else.
    """
    x, y = data
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0.0] = 1.0
    arrays = {"mean": mean, "scale": scale}
    labels, which, often = np.unique(y, return_inverse=True, return_counts=True)
    if labels.size == 1:
        layers = [(np.zeros((x.shape[1], 1)), np.zeros(1))]
    else:
        share = y.size / (labels.size * often)
        weight = share[which.ravel()] ** balance
        layers = trained((x - mean) / scale, y, weight, hidden, seed)
        layers[-1] = scored(*layers[-1])
    last, biases = layers[-1]
    spread = np.zeros((len(last), count))
    offsets = np.full(count, np.log(1.0 / y.size))  # never seen: as if seen once
    spread[:, labels], offsets[labels] = last, biases
    for k, (weights, shift) in enumerate([*layers[:-1], (spread, offsets)]):
        arrays |= {f"weights_{k}": weights, f"biases_{k}": shift}
    return Classifier(arrays)


Layer = tuple[np.ndarray, np.ndarray]


def trained(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, hidden: int, seed: int
) -> list[Layer]:
    """Return the layers from scikit-learn; for two labels, they score only one."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # passes are limited
        if not hidden:
            from sklearn.linear_model import LogisticRegression

            linear = LogisticRegression(max_iter=500).fit(x, y, sample_weight=weight)
            return [(linear.coef_.T, linear.intercept_)]
        from sklearn.neural_network import MLPClassifier

        passes = int(np.clip(UPDATES * BATCH // len(y), *PASSES))
        network = MLPClassifier((hidden,), max_iter=passes, random_state=seed % 2**31)
        network.fit(x, y, sample_weight=weight)
        return list(zip(network.coefs_, network.intercepts_, strict=True))


def scored(weights: np.ndarray, biases: np.ndarray) -> Layer:
    """Return the last layer with a score for each label; of two, the first gets 0."""
    if biases.size > 1:
        return weights, biases
    return np.hstack([0.0 * weights, weights]), np.append(0.0, biases)
