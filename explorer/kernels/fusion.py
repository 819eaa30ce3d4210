"""Gradient and similarity for 3 × 3 windows, each in one pass, in vector registers.

`assembly` and `windows.similarity` compute the same results for windows of any size.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from explorer.compiled.kernel import kernel
from explorer.kernels.lanes import fma, larger, load, mul, spread, store, sub
from explorer.kernels.stencil import (
    INLINE,
    around,
    gather,
    load_weights,
    run_at,
    run_count,
)
from explorer.kernels.windows import FLAGS


@kernel(**INLINE)
def _zeros(S):
    z = spread(S, 0.0)
    return z, z, z, z, z, z, z, z, z


@kernel(**INLINE)
def _sample(total, p, X, rows, ends):
    """Return total_k + p∘x_k for the nine neighbors k."""
    above, here, below = rows
    x, y, z = around(X, above, ends), around(X, here, ends), around(X, below, ends)
    return (
        fma(p, x[0], total[0]),
        fma(p, x[1], total[1]),
        fma(p, x[2], total[2]),
        fma(p, y[0], total[3]),
        fma(p, y[1], total[4]),
        fma(p, y[2], total[5]),
        fma(p, z[0], total[6]),
        fma(p, z[1], total[7]),
        fma(p, z[2], total[8]),
    )


@kernel(**INLINE)
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


@kernel(**INLINE)
def _mean(S, at, fields, lanes):
    """Return ⟨S, x⟩ of a run; S from address `at`, x (label, lanes) a buffer."""
    labels, rows, cols = S.shape
    mean = spread(S, 0.0)
    for j in range(labels):
        mean = fma(load(S, at + j * rows * cols), load(fields, j * lanes), mean)
    return mean


@kernel(**INLINE)
def _component(W, S, factors, at, work, total):
    """Add one component to G and to the sums over the neighbors, which are returned.

    factors : u and w as flat planes, the first address, the length of a plane, T.
    at : address of the run, the offsets to the rows above and below, and `ends`.

    The first loop reads u and w and forms the means over the labels, which the second
    loop needs at every label; `work` holds X and G of the run between the loops.
    """
    (U, X, first, plane, time), (start, above, below, ends) = factors, at
    labels, rows, cols = S.shape
    pixels, lanes = rows * cols, work.shape[2]
    average, g = work[0], work[1]
    w, scale = load_weights(W, start), spread(S, time)
    mean_u, mean_x = spread(S, 0.0), spread(S, 0.0)
    for j in range(labels):
        x, s = first + j * plane + start, load(S, j * pixels + start)
        value = gather(w, X, (x + above, x, x + below), ends)
        mean_x = fma(s, value, mean_x)
        mean_u = fma(s, load(U, x), mean_u)
        store(average, j * lanes, value)
    for j in range(labels):
        x, value = first + j * plane + start, load(average, j * lanes)
        u = load(U, x)
        change = sub(mul(u, sub(value, mean_x)), mul(mean_u, value))
        store(g, j * lanes, fma(scale, change, load(g, j * lanes)))
        p = mul(mul(scale, load(S, j * pixels + start)), sub(u, mean_u))
        total = _sample(total, p, X, (x + above, x, x + below), ends)
    return total


@kernel(**FLAGS)
def _row(W, fields, components, i, work, out):
    """Compute row i of G and of the gradient.

    In each run G comes first, because R_S G needs the mean of G over all labels. The
    pass reads C and w in three rows, all other fields in row i, and writes row i only:
    threads need no lock.
    """
    S, C, z, G = fields
    U, X, time, scale = components
    labels, rows, cols = S.shape
    pixels, lanes = rows * cols, work.shape[2]
    above, below = (max(i - 1, 0) - i) * cols, (min(i + 1, rows - 1) - i) * cols
    g = work[1]
    for n in range(run_count(cols, lanes)):
        c, ends = run_at(n, cols, lanes)
        start, total = i * cols + c, _zeros(S)
        for j in range(labels):
            value = mul(spread(S, scale), load(z, j * z.shape[1] + start))
            store(g, j * lanes, value)
        for r in range(U.shape[0]):
            factors = U, X, r * labels * U.shape[2], U.shape[2], time
            at = start, above, below, ends
            total = _component(W, S, factors, at, work, total)
        mean = _mean(S, start, g, lanes)
        for j in range(labels):
            c, value = j * pixels + start, load(g, j * lanes)
            if G.size > 0:
                store(G, c, value)
            p = mul(load(S, c), sub(value, mean))
            total = _sample(total, p, C, (c + above, c, c + below), ends)
        _store9(out, start, pixels, total)


@kernel(parallel=True, **FLAGS)
def assemble(W, fields, components, out):
    """out = T Σ_r ⟦R_S u_r, w_r⟧ + ⟦R_S G, C⟧ with G = c z + T Σ_r (u_r∘X_r − …).

    fields : (S, C, z, G), G is written if it has any entries; components : (u, w, T,
    c). u, w (r, label, pixel) and z (label, pixel) lie as `planes` has them; see
    `assembly.assemble`.
    """
    labels, rows, _ = fields[0].shape
    for i in prange(rows):
        work = np.empty((2, labels, 64 // out.itemsize), out.dtype)
        _row(W, fields, components, i, work, out)


@kernel(parallel=True, **FLAGS)
def exponents(W, C, out):
    """out = Ω C less its largest entry at each pixel, so that exp cannot overflow."""
    labels, rows, cols = out.shape
    pixels, lanes = rows * cols, 64 // out.itemsize
    for i in prange(rows):
        up, down = (max(i - 1, 0) - i) * cols, (min(i + 1, rows - 1) - i) * cols
        for n in range(run_count(cols, lanes)):
            c, ends = run_at(n, cols, lanes)
            start = i * cols + c
            w, top = load_weights(W, start), spread(out, -np.inf)
            for j in range(labels):
                x = j * pixels + start
                value = gather(w, C, (x + up, x, x + down), ends)
                top = larger(value, top)
                store(out, x, value)
            for j in range(labels):
                x = j * pixels + start
                store(out, x, sub(load(out, x), top))
