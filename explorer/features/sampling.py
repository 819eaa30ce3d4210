"""Pixels drawn from several images, to avoid describing all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def sampled(
    sizes: Sequence[int], most: int, rng: np.random.Generator
) -> list[np.ndarray | slice]:
    """Return the pixels of each image in a sample of `most` pixels of all, in order.

    If there are no more pixels than that, the sample contains all.
    """
    if sum(sizes) <= most:
        return [slice(None) for _ in sizes]
    drawn = np.sort(rng.choice(sum(sizes), most, replace=False))
    starts = np.cumsum([0, *sizes])
    parts = np.split(drawn, np.searchsorted(drawn, starts[1:-1]))
    return [part - start for part, start in zip(parts, starts[:-1], strict=True)]


def sampled_known(
    truths: Sequence[np.ndarray], most: int, rng: np.random.Generator
) -> list[np.ndarray | slice]:
    """Return the pixels of each image in a sample of those with a label."""
    known = [np.flatnonzero(truth >= 0) for truth in truths]
    drawn = sampled([places.size for places in known], most, rng)
    return [
        chosen if places.size == truth.size else places[chosen]
        for truth, places, chosen in zip(truths, known, drawn, strict=True)
    ]


def flat(fields: np.ndarray) -> np.ndarray:
    """Return features (row, col, feature) as (pixel, feature)."""
    return fields.reshape(-1, fields.shape[-1])
