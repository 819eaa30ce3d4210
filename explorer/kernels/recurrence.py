"""Compiled kernels of Krylov spaces: recurrences, Gram matrices, combinations.

At 512 × 512 pixels memory traffic dominates the cost. Therefore one pass takes several
steps of a recurrence, each step a few rows behind the previous one. Inner products are
computed afterwards, all at once, in tiles that stay in the cache. Threads share rows
and tiles; sums over tiles run in a fixed order, so results do not depend on the number
of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from explorer.compiled.kernel import kernel
from explorer.kernels.lanes import fma, load, spread, store
from explorer.kernels.windows import (
    FLAGS,
    _add_product,
    _average_row,
    _scatter_rows,
    _times_excess,
)

REDUCE: dict[str, Any] = {"cache": True, "fastmath": {"contract", "reassoc", "nsz"}}
"""Sums within a tile may run in any order; otherwise they cannot be vectorized."""

TILE = 1024
"""Numbers of each vector in a tile: a dozen of them fill half of a 96 kB L1 cache."""


@kernel(**FLAGS)
def _finish(replicator, fields, factors, out):
    """out = c₀ S∘(W − mean) + c₁ V + c₂ P; write each number of `out` only once.

    Two bands may write the same row while one of them reads it: because both write the
    same final numbers, and no intermediate ones, the reader sees valid numbers.

    replicator is (S, W, mean), fields (V, P).
    """
    S, work, mean = replicator
    values, previous = fields
    a, b, d = factors
    for c in range(out.size):
        out[c] = a * S[c] * (work[c] - mean[c]) + b * values[c] + d * previous[c]


@kernel(**FLAGS)
def _combine3(fields, factors, out):
    """out = c₀ x + c₁ y + c₂ z; write each number of `out` only once, as `_finish`."""
    x, y, z = fields
    a, b, d = factors
    for c in range(out.size):
        out[c] = a * x[c] + b * y[c] + d * z[c]


@kernel(**FLAGS)
def _bounds(first, last, k, steps, radius, rows):
    """Return the rows of v_{k+1} that a band needs for its own rows of the last field.

    Each of the later steps reads `radius` more rows on either side.
    """
    margin = (steps - 1 - k) * radius
    return max(first - margin, 0), min(last + margin, rows)


@kernel(**FLAGS)
def _image(plane, rows, cols):
    """Return one plane, without the gap behind it, as (row, col)."""
    return plane[: rows * cols].reshape(rows, cols)


@kernel(parallel=True, **FLAGS)
def sweep(system, vectors, factors, bands):
    """v_{k+1} = c₀ R_S Ω v_k + c₁ v_k + c₂ v_{k−1} for all k, in one pass over Ω, S.

    system is (Ω, S), vectors (steps + 1, label, pixel), factors (steps, 3). In each
    band of rows, step k trails step k − 1 by the radius of a neighborhood: the rows of
    v_k that it reads are complete and still in the cache.

    Each thread works on a band. Near its ends a band also computes the rows that it
    needs of the neighboring bands, so threads never wait for each other. Such rows are
    written by both bands without a lock: both write the same numbers, bit for bit.
    """
    weights, similarity = system
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
                    values = _image(vectors[k, j], rows, cols)
                    _average_row(weights, values, i, work[j])
                    _add_product(mean, similarity[j, i], work[j])
                c = factors[k, 0], factors[k, 1], factors[k, 2]
                for j in range(labels):
                    v = _image(vectors[k, j], rows, cols)[i]
                    before = _image(vectors[max(k - 1, 0), j], rows, cols)[i]
                    row = similarity[j, i], work[j], mean
                    out = _image(vectors[k + 1, j], rows, cols)[i]
                    _finish(row, (v, before), c, out)


@kernel(parallel=True, **FLAGS)
def sweep_transpose(system, vectors, factors, bands):
    """v_{k+1} = c₀ Ωᵀ R_S v_k + c₁ v_k + c₂ v_{k−1} for all k; see `sweep`.

    For each k, a ring holds the last 2R + 1 rows of R_S v_k, those that Ωᵀ folds into
    one row. Row s lies at s modulo 2R + 1; `done[k]` is the next row to compute.
    """
    weights, similarity = system
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
                        v = _image(vectors[k, j], rows, cols)[s]
                        _add_product(mean, similarity[j, s], v)
                    for j in range(labels):
                        row = ring[k, j, s % height]
                        v = _image(vectors[k, j], rows, cols)[s]
                        _times_excess(similarity[j, s], v, mean, row)
                    done[k] += 1
                c = factors[k, 0], factors[k, 1], factors[k, 2]
                for j in range(labels):
                    _scatter_rows(weights, ring[k, j], i, work)
                    v = _image(vectors[k, j], rows, cols)[i]
                    before = _image(vectors[max(k - 1, 0), j], rows, cols)[i]
                    out = _image(vectors[k + 1, j], rows, cols)[i]
                    _combine3((work, v, before), c, out)


@kernel(**REDUCE)
def _dot(x, y):
    total = 0.0
    for e in range(x.size):
        total += x[e] * y[e]
    return total


@kernel(parallel=True, **FLAGS)
def partial_products(vectors, start, partial):
    """partial[t] = ⟨v_a, v_b⟩ over the numbers of tile t, a ≥ start, b ≤ a."""
    count, size = vectors.shape
    for t in prange(partial.shape[0]):
        low, high = t * TILE, min((t + 1) * TILE, size)
        for a in range(start, count):
            for b in range(a + 1):
                x, y = vectors[a, low:high], vectors[b, low:high]
                partial[t, a - start, b] = _dot(x, y)


@kernel(**FLAGS)
def _combine_tile(factors, vectors, place, target):
    """Write Σ_k factors_k V_k for some numbers of a plane to an address.

    place is (label, first, last), target (array, address of `first`).
    """
    (j, low, high), (out, first) = place, target
    count, labels, plane = vectors.shape
    lanes = 64 // out.itemsize
    whole = low + (high - low) // lanes * lanes
    for c in range(low, whole, lanes):
        total = spread(out, 0.0)
        for k in range(count):
            value = load(vectors, (k * labels + j) * plane + c)
            total = fma(spread(out, factors[k]), value, total)
        store(out, first + c - low, total)
    numbers = out.reshape(-1)
    for c in range(whole, high):
        total = factors[0] * vectors[0, j, c]
        for k in range(1, count):
            total += factors[k] * vectors[k, j, c]
        numbers[first + c - low] = total


@kernel(parallel=True, **FLAGS)
def combine(columns, vectors, out):
    """out[r] = Σ_k columns[r, k] V_k, tile by tile; V is (m, label, pixel), out (r, …).

    Both arrays may have gaps between their planes. `out` may be the last vector itself,
    because each number of `out` is written after all vectors were read at its place.
    """
    labels, step = out.shape[1], out.shape[2]
    size = min(step, vectors.shape[2])
    tiles = (size + TILE - 1) // TILE
    for t in prange(labels * tiles):
        j, low = t // tiles, t % tiles * TILE
        place = j, low, min(low + TILE, size)
        for r in range(out.shape[0]):
            target = out, (r * labels + j) * step + low
            _combine_tile(columns[r], vectors, place, target)


def fold(column: np.ndarray, vectors: np.ndarray) -> None:
    """Replace the last V by Σ_k column_k V_k; V is (m, label, pixel)."""
    combine(column[None], vectors, vectors[-1:])


def products(vectors: np.ndarray, start: int = 0) -> np.ndarray:
    """Return ⟨v_a, v_b⟩ for a ≥ start and b ≤ a, else 0, in float64: (new, count).

    vectors are (count, label, pixel); gaps between planes hold zeros.
    """
    count = len(vectors)
    flat = vectors.reshape(count, -1)
    tiles = max(1, -(-flat.shape[1] // TILE))
    partial = np.zeros((tiles, count - start, count))
    partial_products(flat, start, partial)
    return partial.sum(axis=0)
