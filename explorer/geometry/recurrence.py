"""Compiled kernels of Krylov spaces: recurrences, Gram matrices, combinations.

At 512 × 512 pixels memory traffic is what costs. So a recurrence reads and writes each
field once: the linear combination with the last two vectors is fused into the row pass
of the operator, and inner products are not taken along the way but all at once, in
tiles that stay in the cache. Rows and tiles are shared out among threads; sums run over
tiles in a fixed order, so results do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from explorer.geometry.kernels import (
    FLAGS,
    _average_row,
    _replicate_row,
    _scatter_rows,
)

REDUCE: dict[str, Any] = {"cache": True, "fastmath": {"contract", "reassoc"}}
"""Sums may be taken in any order within a tile: only then can they be vectorized."""

TILE = 512
"""Numbers of each vector in a tile: a dozen of them fill half of a 96 kB L1 cache."""

BLOCK = 8
"""Rows per task of the transpose, which needs the replicated rows around them."""


@njit(parallel=True, **FLAGS)
def recur(weights, similarity, values, previous, factors, out):
    """out = c₀ R_S Ω V + c₁ V + c₂ P."""
    c0, c1, c2 = factors
    labels, rows, cols = values.shape
    for i in prange(rows):
        for j in range(labels):
            _average_row(weights, values[j], i, out[j, i])
        _replicate_row(similarity[:, i], out[:, i], out[:, i])
        for j in range(labels):
            for c in range(cols):
                out[j, i, c] = (
                    c0 * out[j, i, c] + c1 * values[j, i, c] + c2 * previous[j, i, c]
                )


@njit(parallel=True, **FLAGS)
def recur_transpose(weights, similarity, values, previous, factors, out):
    """out = c₀ Ωᵀ R_S V + c₁ V + c₂ P."""
    c0, c1, c2 = factors
    labels, rows, cols = values.shape
    radius = round(weights.shape[0] ** 0.5) // 2
    for b in prange((rows + BLOCK - 1) // BLOCK):
        first, last = b * BLOCK, min((b + 1) * BLOCK, rows)
        low, high = max(first - radius, 0), min(last + radius, rows)
        work = np.empty((labels, high - low, cols), values.dtype)
        for i in range(low, high):
            _replicate_row(similarity[:, i], values[:, i], work[:, i - low])
        for i in range(first, last):
            for j in range(labels):
                _scatter_rows(weights, work[j], i, low, out[j, i])
                for c in range(cols):
                    out[j, i, c] = (
                        c0 * out[j, i, c]
                        + c1 * values[j, i, c]
                        + c2 * previous[j, i, c]
                    )


@njit(parallel=True, **REDUCE)
def partial_gram(vectors, partial):
    """partial[t] = V Vᵀ over the numbers of tile t, lower triangle; V is (m, n)."""
    count, size = vectors.shape
    for t in prange(partial.shape[0]):
        low, high = t * TILE, min((t + 1) * TILE, size)
        for a in range(count):
            for b in range(a + 1):
                total = 0.0
                for e in range(low, high):
                    total += vectors[a, e] * vectors[b, e]
                partial[t, a, b] = total


@njit(parallel=True, **FLAGS)
def combine(columns, vectors, out):
    """out[r] = Σ_k columns[r, k] V_k, tile by tile; V is (m, n), out (r, n)."""
    count, size = vectors.shape
    for t in prange((size + TILE - 1) // TILE):
        low, high = t * TILE, min((t + 1) * TILE, size)
        for r in range(out.shape[0]):
            for e in range(low, high):
                out[r, e] = 0.0
            for k in range(count):
                c = columns[r, k]
                for e in range(low, high):
                    out[r, e] += c * vectors[k, e]


def gram(vectors: np.ndarray) -> np.ndarray:
    """Return V Vᵀ in double precision, (m, m), for vectors (m, n)."""
    count, size = vectors.shape
    partial = np.zeros((max(1, -(-size // TILE)), count, count))
    partial_gram(vectors, partial)
    lower = partial.sum(axis=0)
    return lower + np.tril(lower, -1).T
