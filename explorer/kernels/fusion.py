"""Gradient and similarity for 3 × 3 windows, each in one pass, in vector registers.

The same results as `assembly` and `windows.similarity`, which do any window.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from explorer.kernels.lanes import fma, larger, load, mul, spread, store, sub
from explorer.kernels.stencil import (
    INLINE,
    gather,
    gather_at,
    load_weights,
    run_count,
    run_start,
)
from explorer.kernels.windows import FLAGS

TILE = 1024
"""Pixels of a tile, of which all labels are in the cache at once."""


@njit(**INLINE)
def _zeros(S):
    z = spread(S, 0.0)
    return z, z, z, z, z, z, z, z, z


@njit(**INLINE)
def _sample(total, p, X, rows):
    """Return total_k + p∘x_k for the nine neighbors k."""
    above, here, below = rows
    return (
        fma(p, load(X, above - 1), total[0]),
        fma(p, load(X, above), total[1]),
        fma(p, load(X, above + 1), total[2]),
        fma(p, load(X, here - 1), total[3]),
        fma(p, load(X, here), total[4]),
        fma(p, load(X, here + 1), total[5]),
        fma(p, load(X, below - 1), total[6]),
        fma(p, load(X, below), total[7]),
        fma(p, load(X, below + 1), total[8]),
    )


@njit(**INLINE)
def _store9(out, at, p, total):
    """Write total_k to plane k; p numbers in a plane."""
    store(out, at, total[0])
    store(out, at + p, total[1])
    store(out, at + 2 * p, total[2])
    store(out, at + 3 * p, total[3])
    store(out, at + 4 * p, total[4])
    store(out, at + 5 * p, total[5])
    store(out, at + 6 * p, total[6])
    store(out, at + 7 * p, total[7])
    store(out, at + 8 * p, total[8])


@njit(**INLINE)
def _mean(S, at, fields, lanes):
    """Return ⟨S, x⟩ of a run; S from address `at`, x (label, lanes) a buffer."""
    labels, rows, cols = S.shape
    mean = spread(S, 0.0)
    for j in range(labels):
        mean = fma(load(S, at + j * rows * cols), load(fields, j * lanes), mean)
    return mean


@njit(**INLINE)
def _component(W, S, factors, at, work):
    """Add one component to G and to the sums over the neighbors, which are returned.

    factors are u and w as flat planes, their first address, the plane's length, T;
    at is the address of the run, of the rows above and below it, relative to it.
    """
    (U, X, first, plane, time), (start, above, below, total) = factors, at
    labels, rows, cols = S.shape
    pixels, lanes = rows * cols, work.shape[2]
    average, g = work[0], work[1]
    w, scale = load_weights(W, start), spread(S, time)
    mean_u, mean_x = spread(S, 0.0), spread(S, 0.0)
    for j in range(labels):
        x, s = first + j * plane + start, load(S, j * pixels + start)
        value = gather(w, X, x + above, x, x + below)
        mean_x = fma(s, value, mean_x)
        mean_u = fma(s, load(U, x), mean_u)
        store(average, j * lanes, value)
    for j in range(labels):
        x, value = first + j * plane + start, load(average, j * lanes)
        u = load(U, x)
        change = sub(mul(u, sub(value, mean_x)), mul(mean_u, value))
        store(g, j * lanes, fma(scale, change, load(g, j * lanes)))
        p = mul(mul(scale, load(S, j * pixels + start)), sub(u, mean_u))
        total = _sample(total, p, X, (x + above, x, x + below))
    return total


@njit(**FLAGS)
def _row(W, fields, components, i, work, out):
    """Row i of G and of the gradient, without the ends."""
    S, C, z, G = fields
    U, X, time, scale = components
    labels, rows, cols = S.shape
    pixels, lanes = rows * cols, work.shape[2]
    above, below = (max(i - 1, 0) - i) * cols, (min(i + 1, rows - 1) - i) * cols
    g = work[1]
    for n in range(run_count(cols, lanes)):
        start = i * cols + run_start(n, cols, lanes)
        total = _zeros(S)
        for j in range(labels):
            value = mul(spread(S, scale), load(z, j * z.shape[1] + start))
            store(g, j * lanes, value)
        for r in range(U.shape[0]):
            factors = U, X, r * labels * U.shape[2], U.shape[2], time
            total = _component(W, S, factors, (start, above, below, total), work)
        mean = _mean(S, start, g, lanes)
        for j in range(labels):
            c, value = j * pixels + start, load(g, j * lanes)
            if G.size > 0:
                store(G, c, value)
            p = mul(load(S, c), sub(value, mean))
            total = _sample(total, p, C, (c + above, c, c + below))
        _store9(out, start, pixels, total)


@njit(**INLINE)
def _three(i, rows, cols, first):
    """Return where the rows above, at and below row i begin, from address `first`."""
    above, below = max(i - 1, 0), min(i + 1, rows - 1)
    return first + above * cols, first + i * cols, first + below * cols


@njit(**FLAGS)
def _sample_at(p, x, rows, spot, out):
    """out_k += p x_k at one pixel."""
    i, c = spot
    across = max(c - 1, 0), c, min(c + 1, out.shape[2] - 1)
    for a in range(3):
        for b in range(3):
            out[3 * a + b, i, c] += p * x[rows[a] + across[b]]


@njit(**FLAGS)
def _end(W, fields, components, spot, work, out):
    """Pixel `spot`, at the end of a row, of G and of the gradient."""
    S, C, z, G = fields
    U, X, time, scale = components
    i, c = spot
    labels, rows, cols = S.shape
    q, plane, g = i * cols + c, X.shape[2], work[1]
    x, potential = X.reshape(-1), C.reshape(-1)
    for k in range(9):
        out[k, i, c] = 0.0
    for j in range(labels):
        g[j, 0] = scale * z[j, q]
    for r in range(U.shape[0]):
        mean_u, mean_x = S.dtype.type(0), S.dtype.type(0)
        for j in range(labels):
            three = _three(i, rows, cols, (r * labels + j) * plane)
            mean_x += S[j, i, c] * gather_at(W, x, three, spot)
            mean_u += S[j, i, c] * U[r, j, q]
        for j in range(labels):
            three = _three(i, rows, cols, (r * labels + j) * plane)
            u, value = U[r, j, q], gather_at(W, x, three, spot)
            g[j, 0] += time * (u * (value - mean_x) - mean_u * value)
            p = time * S[j, i, c] * (u - mean_u)
            _sample_at(p, x, three, spot, out)
    mean = S.dtype.type(0)
    for j in range(labels):
        mean += S[j, i, c] * g[j, 0]
    for j in range(labels):
        if G.size > 0:
            G[j, i, c] = g[j, 0]
        p = S[j, i, c] * (g[j, 0] - mean)
        _sample_at(p, potential, _three(i, rows, cols, j * rows * cols), spot, out)


@njit(parallel=True, **FLAGS)
def assemble(W, fields, components, out):
    """out = T Σ_r ⟦R_S u_r, w_r⟧ + ⟦R_S G, C⟧ with G = c z + T Σ_r (u_r∘X_r − …).

    fields : (S, C, z, G), G is written if it has any entries; components : (u, w, T,
    c). u, w (r, label, pixel) and z (label, pixel) lie as `planes` has them; see
    `assembly.assemble`.
    """
    labels, rows, cols = fields[0].shape
    for i in prange(rows):
        work = np.empty((2, labels, 64 // out.itemsize), out.dtype)
        _row(W, fields, components, i, work, out)
        _end(W, fields, components, (i, 0), work, out)
        _end(W, fields, components, (i, cols - 1), work, out)


@njit(parallel=True, **FLAGS)
def exponents(W, C, out):
    """out = Ω C less its largest entry at each pixel, so that exp cannot overflow."""
    labels, rows, cols = out.shape
    pixels, lanes = rows * cols, 64 // out.itemsize
    for i in prange(rows):
        up, down = (max(i - 1, 0) - i) * cols, (min(i + 1, rows - 1) - i) * cols
        for n in range(run_count(cols, lanes)):
            start = i * cols + run_start(n, cols, lanes)
            w, top = load_weights(W, start), spread(out, -np.inf)
            for j in range(labels):
                x = j * pixels + start
                value = gather(w, C, x + up, x, x + down)
                top = larger(value, top)
                store(out, x, value)
            for j in range(labels):
                x = j * pixels + start
                store(out, x, sub(load(out, x), top))
        for c in (0, cols - 1):
            highest = -np.inf
            for j in range(labels):
                three = _three(i, rows, cols, j * pixels)
                out[j, i, c] = gather_at(W, C.reshape(-1), three, (i, c))
                highest = max(highest, out[j, i, c])
            for j in range(labels):
                out[j, i, c] -= highest


@njit(parallel=True, **FLAGS)
def normalize(values):
    """Divide values (label, pixel) by their sum over the labels."""
    labels, size = values.shape
    for t in prange((size + TILE - 1) // TILE):
        low, high = t * TILE, min((t + 1) * TILE, size)
        total = np.zeros(high - low, values.dtype)
        for j in range(labels):
            total += values[j, low:high]
        for j in range(labels):
            values[j, low:high] /= total
