"""Compiled kernels of Krylov spaces: recurrences, Gram matrices, combinations.

At 512 × 512 pixels memory traffic is what costs. So several steps of a recurrence are
taken in one pass, each a few rows behind the last, and inner products are not taken
along the way but all at once, in tiles that stay in the cache. Rows and tiles are
shared out among threads; sums run over tiles in a fixed order, so results do not depend
on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from explorer.geometry.kernels import (
    FLAGS,
    _add_product,
    _average_row,
    _scatter_rows,
    _times_excess,
)

REDUCE: dict[str, Any] = {"cache": True, "fastmath": {"contract", "reassoc", "nsz"}}
"""Sums may be taken in any order within a tile: only then can they be vectorized."""

TILE = 512
"""Numbers of each vector in a tile: a dozen of them fill half of a 96 kB L1 cache."""


@njit(**FLAGS)
def _finish(replicator, fields, factors, out):
    """out = c₀ S∘(W − mean) + c₁ V + c₂ P, written once: others may be reading it.

    replicator is (S, W, mean), fields (V, P).
    """
    S, work, mean = replicator
    values, previous = fields
    a, b, d = factors
    for c in range(out.size):
        out[c] = a * S[c] * (work[c] - mean[c]) + b * values[c] + d * previous[c]


@njit(**FLAGS)
def _combine3(fields, factors, out):
    """out = c₀ x + c₁ y + c₂ z, written once: others may be reading it."""
    x, y, z = fields
    a, b, d = factors
    for c in range(out.size):
        out[c] = a * x[c] + b * y[c] + d * z[c]


@njit(**FLAGS)
def _bounds(first, last, k, steps, radius, rows):
    """Return the rows of v_{k+1} that a band needs to finish its own of the last."""
    margin = (steps - 1 - k) * radius
    return max(first - margin, 0), min(last + margin, rows)


@njit(parallel=True, **FLAGS)
def sweep(weights, similarity, vectors, factors, bands):
    """v_{k+1} = c₀ R_S Ω v_k + c₁ v_k + c₂ v_{k−1} for all k, in one pass over Ω, S.

    vectors is (steps + 1, label, row, col), factors (steps, 3). In each band of rows
    step k trails step k − 1 by a neighborhood's radius, so that what it reads is still
    in the cache. Bands overlap: near their ends each computes what it needs of its
    neighbor's rows, the same numbers to the last bit.
    """
    steps, radius = factors.shape[0], round(weights.shape[0] ** 0.5) // 2
    labels, rows, cols = similarity.shape
    for band in prange(bands):
        first, last = band * rows // bands, (band + 1) * rows // bands
        work = np.empty((labels, cols), vectors.dtype)
        mean = np.empty(cols, vectors.dtype)
        reach = (steps - 1) * radius
        for front in range(max(first - reach, 0), last + reach):
            for k in range(steps):
                i = front - k * radius
                low, high = _bounds(first, last, k, steps, radius, rows)
                if i < low or i >= high:
                    continue
                mean[:] = 0.0
                for j in range(labels):
                    _average_row(weights, vectors[k, j], i, work[j])
                    _add_product(mean, similarity[j, i], work[j])
                c = factors[k, 0], factors[k, 1], factors[k, 2]
                for j in range(labels):
                    fields = vectors[k, j, i], vectors[max(k - 1, 0), j, i]
                    row = similarity[j, i], work[j], mean
                    _finish(row, fields, c, vectors[k + 1, j, i])


@njit(parallel=True, **FLAGS)
def sweep_transpose(weights, similarity, vectors, factors, bands):
    """v_{k+1} = c₀ Ωᵀ R_S v_k + c₁ v_k + c₂ v_{k−1} for all k; see `sweep`.

    The last rows of R_S v_k are kept, for each k, in a ring of a neighborhood's height.
    """
    steps, radius = factors.shape[0], round(weights.shape[0] ** 0.5) // 2
    labels, rows, cols = similarity.shape
    height = 2 * radius + 1
    for band in prange(bands):
        first, last = band * rows // bands, (band + 1) * rows // bands
        work = np.empty(cols, vectors.dtype)
        mean = np.empty(cols, vectors.dtype)
        ring = np.empty((steps, labels, height, cols), vectors.dtype)
        done = np.empty(steps, np.int64)
        for k in range(steps):
            low, high = _bounds(first, last, k, steps, radius, rows)
            done[k] = max(low - radius, 0)
        reach = (steps - 1) * radius
        for front in range(max(first - reach, 0), last + reach):
            for k in range(steps):
                i = front - k * radius
                low, high = _bounds(first, last, k, steps, radius, rows)
                if i < low or i >= high:
                    continue
                while done[k] < min(i + radius + 1, rows):
                    s = done[k]
                    mean[:] = 0.0
                    for j in range(labels):
                        _add_product(mean, similarity[j, s], vectors[k, j, s])
                    for j in range(labels):
                        row, v = ring[k, j, s % height], vectors[k, j, s]
                        _times_excess(similarity[j, s], v, mean, row)
                    done[k] += 1
                c = factors[k, 0], factors[k, 1], factors[k, 2]
                for j in range(labels):
                    _scatter_rows(weights, ring[k, j], i, work)
                    fields = work, vectors[k, j, i], vectors[max(k - 1, 0), j, i]
                    _combine3(fields, c, vectors[k + 1, j, i])


@njit(**REDUCE)
def _dot(x, y):
    total = 0.0
    for e in range(x.size):
        total += x[e] * y[e]
    return total


@njit(**FLAGS)
def _add(acc, c, x):
    """acc += c x."""
    for e in range(acc.size):
        acc[e] += c * x[e]


@njit(parallel=True, **FLAGS)
def partial_gram(vectors, partial):
    """partial[t] = V Vᵀ over the numbers of tile t, lower triangle; V is (m, n)."""
    count, size = vectors.shape
    for t in prange(partial.shape[0]):
        low, high = t * TILE, min((t + 1) * TILE, size)
        for a in range(count):
            for b in range(a + 1):
                partial[t, a, b] = _dot(vectors[a, low:high], vectors[b, low:high])


@njit(parallel=True, **FLAGS)
def combine(columns, vectors, out):
    """out[r] = Σ_k columns[r, k] V_k, tile by tile; V is (m, n), out (r, n)."""
    count, size = vectors.shape
    for t in prange((size + TILE - 1) // TILE):
        low, high = t * TILE, min((t + 1) * TILE, size)
        for r in range(out.shape[0]):
            out[r, low:high] = 0.0
        for k in range(count):
            for r in range(out.shape[0]):
                _add(out[r, low:high], columns[r, k], vectors[k, low:high])


def gram(vectors: np.ndarray) -> np.ndarray:
    """Return V Vᵀ in double precision, (m, m), for vectors (m, n)."""
    count, size = vectors.shape
    partial = np.zeros((max(1, -(-size // TILE)), count, count))
    partial_gram(vectors, partial)
    lower = partial.sum(axis=0)
    return lower + np.tril(lower, -1).T
