"""The start of training a patch model: clusters of patches and their labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from explorer.features.sampling import flat, sampled_known
from explorer.geometry.grid import offsets
from explorer.prediction.patches import PatchModel
from explorer.threads import exclusive

SAMPLE = 40_000
"""Most patches to cluster: a few hundred for each prototype."""


@exclusive
def first_model(
    described: Iterable[np.ndarray],
    truths: Sequence[np.ndarray],
    count: int,
    radius: int,
    seed: int,
) -> PatchModel:
    """Return prototypes by k-means, tangents toward neighbors of the same label, σ = 1.

    ν_j is the mean over its cluster of +1 where a neighbor carries the label of the
    center and −1 elsewhere, centered. Patches that occur c times count √c times;
    otherwise the interiors of cells would take all prototypes. If there are fewer
    distinct patches than `count`, each becomes a prototype.

    Parameters
    ----------
    described : features (row, col, feature) of noiseless images, one at a time;
    truths : (row, col) each; pixels without a label, −1, are left out.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    chosen = sampled_known(truths, SAMPLE, rng)
    x = np.concatenate([flat(f)[k] for f, k in zip(described, chosen, strict=True)])
    agreement = np.concatenate([
        agreements(t, radius)[k] for t, k in zip(truths, chosen, strict=True)
    ])  # fmt: skip
    distinct, which, often = np.unique(
        x, axis=0, return_inverse=True, return_counts=True
    )
    count = min(count, len(distinct))
    # one thread: the order of summation, and so the result, never changes
    with threadpool_limits(1, user_api="openmp"):
        clusters = KMeans(count, n_init=1, random_state=seed % 2**31).fit(
            distinct, sample_weight=np.sqrt(often)
        )
    member = clusters.labels_[which.ravel()]
    tangents = np.zeros((count, agreement.shape[1]))
    np.add.at(tangents, member, agreement)
    tangents /= np.maximum(np.bincount(member, minlength=count), 1)[:, None]
    tangents -= tangents.mean(axis=1, keepdims=True)
    return PatchModel(tangents, clusters.cluster_centers_, 0.0)


def agreements(truth: np.ndarray, radius: int) -> np.ndarray:
    """Return ±1, whether each neighbor has the label of the center, (pixel, offset).

    A neighbor without a label counts 0.
    """
    rows, cols = truth.shape
    padded = np.pad(truth, radius, mode="edge")
    near = np.stack([
        padded[radius + dr : radius + dr + rows, radius + dc : radius + dc + cols]
        for dr, dc in offsets(radius)
    ], axis=-1)  # fmt: skip
    found = np.where(near == truth[..., None], 1.0, -1.0)
    found[near < 0] = 0.0
    return found.reshape(rows * cols, -1)
