"""Compiled kernels on weight patches, (offset, pixel): a step of descent, a norm.

A task works on one tile: a range of pixels with all of their weights, which stay in the
cache for several loops. Tasks write disjoint ranges and need no lock.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from explorer.compiled.kernel import kernel
from explorer.kernels.windows import FLAGS

TILE = 512
"""Pixels of a tile."""


@kernel(parallel=True, **FLAGS)
def below_least(u, out):
    """out = min_k u_k − u for each pixel; it is at most 0, so exp cannot overflow."""
    count, size = u.shape
    for t in prange((size + TILE - 1) // TILE):
        low, high = t * TILE, min((t + 1) * TILE, size)
        least = u[0, low:high].copy()
        for k in range(1, count):
            for i in range(high - low):
                least[i] = min(least[i], u[k, low + i])
        for k in range(count):
            for i in range(high - low):
                out[k, low + i] = least[i] - u[k, low + i]


@kernel(parallel=True, **FLAGS)
def scale_patches(p, floor, out):
    """out = p∘out, normalized; entries below `floor` are raised to it in between.

    Three loops over a tile: multiply and sum, normalize and raise, normalize again.
    """
    count, size = p.shape
    for t in prange((size + TILE - 1) // TILE):
        low, high = t * TILE, min((t + 1) * TILE, size)
        total = np.zeros(high - low, p.dtype)
        for k in range(count):
            for i in range(high - low):
                out[k, low + i] *= p[k, low + i]
                total[i] += out[k, low + i]
        again = np.zeros(high - low, p.dtype)
        for k in range(count):
            for i in range(high - low):
                value = max(out[k, low + i] / total[i], floor)
                out[k, low + i] = value
                again[i] += value
        for k in range(count):
            for i in range(high - low):
                out[k, low + i] /= again[i]


@kernel(parallel=True, **FLAGS)
def tangent_squares(p, u, out):
    """out[t] = Σ (R_p u)² over the pixels of tile t."""
    count, size = p.shape
    for t in prange(out.size):
        low, high = t * TILE, min((t + 1) * TILE, size)
        mean = np.zeros(high - low, p.dtype)
        for k in range(count):
            for i in range(high - low):
                mean[i] += p[k, low + i] * u[k, low + i]
        squares = np.zeros(high - low, p.dtype)
        for k in range(count):
            for i in range(high - low):
                value = p[k, low + i] * (u[k, low + i] - mean[i])
                squares[i] += value * value
        out[t] = squares.sum()


def retract(p: np.ndarray, u: np.ndarray, floor: float) -> np.ndarray:
    """Return exp_p(−u) with entries of at least `floor`; p and u are (offset, …)."""
    flat, out = p.reshape(len(p), -1), np.empty_like(u)
    below_least(u.reshape(flat.shape), out.reshape(flat.shape))
    np.exp(out, out=out)
    scale_patches(flat, p.dtype.type(floor), out.reshape(flat.shape))
    return out


def tangent_norm(p: np.ndarray, u: np.ndarray) -> float:
    """Return ‖R_p u‖ (Frobenius)."""
    flat = p.reshape(len(p), -1)
    sums = np.empty(max(1, -(-flat.shape[1] // TILE)))
    tangent_squares(flat, u.reshape(flat.shape), sums)
    return float(np.sqrt(sums.sum()))
