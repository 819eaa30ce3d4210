"""Square neighborhoods on the pixel grid: offsets, weights, and their norm.

Offset k counts row-major over (dr, dc), dr and dc from −R to R. A neighbor outside the
image is replaced by the nearest pixel of the image, so every pixel has (2R+1)²
neighbors as (2.19) demands; at the border two offsets may name the same pixel.
"""

from __future__ import annotations

import math

import numpy as np

from explorer.geometry import kernels


def offsets(radius: int) -> np.ndarray:
    """Return the (2R+1)² offsets (dr, dc) in storage order, shape (offset, 2)."""
    span = np.arange(-radius, radius + 1)
    return np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)


def uniform(radius: int, shape: tuple[int, int]) -> np.ndarray:
    """Return the barycenter of the weight manifold: every entry 1/(2R+1)²."""
    count = (2 * radius + 1) ** 2
    return np.full((count, *shape), 1.0 / count)


def multiplicity(radius: int, shape: tuple[int, int]) -> int:
    """Return how many offsets of one pixel name the same neighbor, at most.

    Along an axis of length n the clamped offsets −R … R of pixel i hit n pixels; the
    end pixels are hit most often: R + 1 times, or all 2R + 1 times if n = 1.
    """
    hits = [2 * radius + 1 if n == 1 else radius + 1 for n in shape]
    return math.prod(hits)


def averaging_norm(weights: np.ndarray) -> float:
    """Return the bound ‖Ω‖₂ ≤ √(‖Ω‖₁ ‖Ω‖_∞) from the row and column sums of Ω."""
    ones = np.ones((1, *weights.shape[1:]))
    columns = np.empty_like(ones)
    kernels.average_transpose(weights, ones, columns)
    return math.sqrt(float(columns.max()) * float(weights.sum(axis=0).max()))
