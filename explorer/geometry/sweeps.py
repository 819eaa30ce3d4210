"""Several steps of a recurrence in one pass, for 3 × 3 windows, in vector registers.

The same results as `recurrence`, which does any window: see there for the order of the
work. Vectors are (count, label, pixel) as `planes` lays them out.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from explorer.geometry.kernels import FLAGS
from explorer.geometry.lanes import BYTES, fma, load, mul, spread, store, sub
from explorer.geometry.recurrence import _bounds
from explorer.geometry.stencil import (
    INLINE,
    gather,
    gather_at,
    load_folded,
    load_weights,
    run_count,
    run_start,
    scatter,
    scatter_at,
    sources,
)


@njit(**FLAGS)
def _products_row(V, span, row, out):
    """out[p] += the products of rows of v_a and v_b, for start ≤ a < stop and b ≤ a.

    span is (start, stop), row (first pixel, last). A product is a register of partial
    sums; what a register does not cover goes to its first number.
    """
    start, stop = span
    first, last = row
    labels, plane, lanes = V.shape[1], V.shape[2], out.shape[1]
    whole = first + (last - first) // lanes * lanes
    for j in range(labels):
        p = 0
        for a in range(start, stop):
            x = (a * labels + j) * plane
            for b in range(a + 1):
                y = (b * labels + j) * plane
                total = load(out, p * lanes)
                for c in range(first, whole, lanes):
                    total = fma(load(V, x + c), load(V, y + c), total)
                store(out, p * lanes, total)
                for c in range(whole, last):
                    out[p, 0] += V[a, j, c] * V[b, j, c]
                p += 1


@njit(**INLINE)
def _finish_at(V, k, spot, factors, product):
    """v_{k+1} = c₀ product + c₁ v_k + c₂ v_{k−1} at one pixel."""
    j, q = spot
    a, b, d = factors
    V[k + 1, j, q] = a * product + b * V[k, j, q] + d * V[max(k - 1, 0), j, q]


@njit(**FLAGS)
def _forward_ends(system, V, k, i, factors):
    """v_{k+1} at the two ends of row i."""
    W, S = system
    labels, _, cols = S.shape
    for c in (0, cols - 1):
        mean = V.dtype.type(0)
        for j in range(labels):
            mean += S[j, i, c] * gather_at(W, V[k, j], i, c)
        for j in range(labels):
            product = S[j, i, c] * (gather_at(W, V[k, j], i, c) - mean)
            _finish_at(V, k, (j, i * cols + c), factors, product)


@njit(**FLAGS)
def _forward_row(system, V, k, i, factors, work):
    """v_{k+1} = c₀ R_S Ω v_k + c₁ v_k + c₂ v_{k−1} in row i."""
    W, S = system
    labels, rows, cols = S.shape
    pixels, plane, lanes = rows * cols, V.shape[2], work.shape[1]
    here, size = k * labels * plane, labels * plane
    before = max(k - 1, 0) * size
    above, below = (max(i - 1, 0) - i) * cols, (min(i + 1, rows - 1) - i) * cols
    a, b, d = spread(V, factors[0]), spread(V, factors[1]), spread(V, factors[2])
    for n in range(run_count(cols, lanes)):
        start = i * cols + run_start(n, cols, lanes)
        w = load_weights(W, start)
        mean = spread(V, 0.0)
        for j in range(labels):
            x = here + j * plane + start
            average = gather(w, V, x + above, x, x + below)
            mean = fma(load(S, j * pixels + start), average, mean)
            store(work, j * lanes, average)
        for j in range(labels):
            at = j * plane + start
            excess = sub(load(work, j * lanes), mean)
            new = mul(mul(a, load(S, j * pixels + start)), excess)
            new = fma(b, load(V, here + at), new)
            store(V, here + size + at, fma(d, load(V, before + at), new))
    _forward_ends(system, V, k, i, factors)


@njit(parallel=True, **FLAGS)
def sweep(system, V, start, factors, bands, partial):
    """v_{k+1} = c₀ R_S Ω v_k + c₁ v_k + c₂ v_{k−1} for k ≥ start, in one pass.

    system is (Ω, S), V (count, label, pixel), factors (steps, 3), of the type of V.
    While its rows are in the cache, inner products of the new vectors are taken:
    partial is (row, pair, lanes), zero before, see `_products_row`.
    """
    labels, rows, cols = system[1].shape
    steps = factors.shape[0]
    reach, span = steps - 1, (start, start + steps + 1)
    for band in prange(bands):
        first, last = band * rows // bands, (band + 1) * rows // bands
        work = np.empty((labels, partial.shape[2]), V.dtype)
        for front in range(max(first - reach, 0), last + reach):
            for k in range(steps):
                i = front - k
                low, high = _bounds(first, last, k, steps, 1, rows)
                if low <= i < high:
                    c = factors[k, 0], factors[k, 1], factors[k, 2]
                    _forward_row(system, V, start + k, i, c, work)
            i = front - reach
            if first <= i < last:
                _products_row(V, span, (i * cols, (i + 1) * cols), partial[i])


@njit(**FLAGS)
def _replicate_row(S, V, k, i, ring):
    """Write row i of R_S v_k to the ring."""
    labels, rows, cols = S.shape
    pixels, plane, lanes = rows * cols, V.shape[2], 64 // V.itemsize
    width = ring.shape[2]
    here, target = k * labels * plane, (i % 3) * labels * width
    for n in range((cols + lanes - 1) // lanes):
        c = min(n * lanes, cols - lanes)
        start, mean = i * cols + c, spread(V, 0.0)
        for j in range(labels):
            value = load(V, here + j * plane + start)
            mean = fma(load(S, j * pixels + start), value, mean)
        for j in range(labels):
            value = load(V, here + j * plane + start)
            product = mul(load(S, j * pixels + start), sub(value, mean))
            store(ring, target + j * width + c, product)


@njit(**FLAGS)
def _adjoint_row(W, V, k, i, factors, ring):
    """v_{k+1} = c₀ Ωᵀ R_S v_k + c₁ v_k + c₂ v_{k−1} in row i; R_S v_k from the ring."""
    labels, rows, cols = V.shape[1], W.shape[1], W.shape[2]
    plane, width, lanes = V.shape[2], ring.shape[2], 64 // V.itemsize
    here, size = k * labels * plane, labels * plane
    before = max(k - 1, 0) * size
    three = sources(i, rows)
    s0, s1, s2 = three[0][0] % 3, three[1][0] % 3, three[2][0] % 3
    r0, r1, r2 = s0 * labels * width, s1 * labels * width, s2 * labels * width
    a, b, d = spread(V, factors[0]), spread(V, factors[1]), spread(V, factors[2])
    for n in range(run_count(cols, lanes)):
        c = run_start(n, cols, lanes)
        w = load_folded(W, three, c)
        for j in range(labels):
            at, y = j * plane + i * cols + c, j * width + c
            product = scatter(w, ring, (r0 + y, r1 + y, r2 + y))
            new = fma(b, load(V, here + at), mul(a, product))
            store(V, here + size + at, fma(d, load(V, before + at), new))
    for c in (0, cols - 1):
        for j in range(labels):
            product = scatter_at(W, ring[s0, j], three[0], c)
            product += scatter_at(W, ring[s1, j], three[1], c)
            product += scatter_at(W, ring[s2, j], three[2], c)
            _finish_at(V, k, (j, i * cols + c), factors, product)


@njit(parallel=True, **FLAGS)
def sweep_transpose(system, V, start, factors, bands, partial):
    """v_{k+1} = c₀ Ωᵀ R_S v_k + c₁ v_k + c₂ v_{k−1} for k ≥ start; see `sweep`.

    The last three rows of R_S v_k are kept, for each k, in a ring.
    """
    W, S = system
    labels, rows, cols = S.shape
    steps = factors.shape[0]
    reach, span = steps - 1, (start, start + steps + 1)
    for band in prange(bands):
        first, last = band * rows // bands, (band + 1) * rows // bands
        ring = np.empty((steps, 3, labels, cols + partial.shape[2]), V.dtype)
        done = np.empty(steps, np.int64)
        for k in range(steps):
            done[k] = max(_bounds(first, last, k, steps, 1, rows)[0] - 1, 0)
        for front in range(max(first - reach, 0), last + reach):
            for k in range(steps):
                i = front - k
                low, high = _bounds(first, last, k, steps, 1, rows)
                if low <= i < high:
                    while done[k] < min(i + 2, rows):
                        _replicate_row(S, V, start + k, done[k], ring[k])
                        done[k] += 1
                    c = factors[k, 0], factors[k, 1], factors[k, 2]
                    _adjoint_row(W, V, start + k, i, c, ring[k])
            i = front - reach
            if first <= i < last:
                _products_row(V, span, (i * cols, (i + 1) * cols), partial[i])


def no_products(rows: int, span: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """Return room for the partial sums of all pairs, zero: (row, pair, lanes)."""
    start, stop = span
    pairs = (stop * (stop + 1) - start * (start + 1)) // 2
    return np.zeros((rows, pairs, BYTES // dtype.itemsize), dtype)


def add_products(partial: np.ndarray, span: tuple[int, int]) -> np.ndarray:
    """Return ⟨v_a, v_b⟩ for start ≤ a < stop and b ≤ a, float64, (stop − start, stop).

    Entries with b > a are zero.
    """
    start, stop = span
    total = partial.sum(axis=(0, 2), dtype=np.float64)
    out = np.zeros((stop - start, stop))
    out[np.tril_indices(stop - start, start, stop)] = total
    return out
