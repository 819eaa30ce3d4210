"""Compiled stencil kernels on planar arrays: Ω X, Ωᵀ Y, R_S Ω V, ⟦P, Q⟧, similarity.

Storage is planar: (label, row, col) and (offset, row, col). The innermost loop runs
along a row and has no branch. Rows outside the image are replaced by border rows before
the loop; two short edge loops handle columns outside. Threads share the rows. Each
thread writes only its own rows, so kernels need no lock, and results do not depend on
the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from explorer.compiled.kernel import kernel

TILE = 2048
"""Pixels that one task centers at a time."""

# "contract" lets the compiler fuse a·b + c; otherwise IEEE arithmetic holds
FLAGS: dict[str, Any] = {"cache": True, "fastmath": {"contract"}}


@kernel(inline="always")
def _side(count):
    """Return 2R+1 for a patch of (2R+1)² weights."""
    return round(count**0.5)


@kernel(inline="always")
def _clamp(i, size):
    return min(max(i, 0), size - 1)


@kernel(**FLAGS)
def _add_product(acc, w, x):
    """acc += w∘x. Loop indices start at zero, so they need no check for their sign."""
    for c in range(acc.size):
        acc[c] += w[c] * x[c]


@kernel(**FLAGS)
def _add_products(acc, weights, values):
    """acc += a∘x + b∘y + d∘z for weights (a, b, d) and values (x, y, z)."""
    a, b, d = weights
    x, y, z = values
    for c in range(acc.size):
        acc[c] += a[c] * x[c] + b[c] * y[c] + d[c] * z[c]


@kernel(**FLAGS)
def _gather(acc, w, x, dc):
    """acc[c] += w[c] · x[clamp(c + dc)]."""
    cols = acc.size
    lo = min(max(0, -dc), cols)
    hi = max(min(cols, cols - dc), lo)
    _add_product(acc[lo:hi], w[lo:hi], x[lo + dc : hi + dc])
    for c in range(lo):
        acc[c] += w[c] * x[0]
    for c in range(hi, cols):
        acc[c] += w[c] * x[cols - 1]


@kernel(**FLAGS)
def _scatter(acc, w, y, dc):
    """acc[clamp(c + dc)] += w[c] · y[c]."""
    cols = acc.size
    lo = min(max(0, -dc), cols)
    hi = max(min(cols, cols - dc), lo)
    _add_product(acc[lo + dc : hi + dc], w[lo:hi], y[lo:hi])
    for c in range(lo):
        acc[0] += w[c] * y[c]
    for c in range(hi, cols):
        acc[cols - 1] += w[c] * y[c]


@kernel(**FLAGS)
def _gather3(acc, a, b, d, x):
    """Three gathers at once, dc = −1, 0, 1 (at least two columns)."""
    n = acc.size
    taps = a[1 : n - 1], b[1 : n - 1], d[1 : n - 1]
    _add_products(acc[1 : n - 1], taps, (x[: n - 2], x[1 : n - 1], x[2:]))
    acc[0] += (a[0] + b[0]) * x[0] + d[0] * x[1]
    acc[n - 1] += a[n - 1] * x[n - 2] + (b[n - 1] + d[n - 1]) * x[n - 1]


@kernel(**FLAGS)
def _scatter3(acc, a, b, d, y):
    """Three scatters at once, dc = −1, 0, 1 (at least two columns)."""
    n = acc.size
    taps = a[2:], b[1 : n - 1], d[: n - 2]
    _add_products(acc[1 : n - 1], taps, (y[2:], y[1 : n - 1], y[: n - 2]))
    acc[0] += a[1] * y[1] + (a[0] + b[0]) * y[0]
    acc[n - 1] += (b[n - 1] + d[n - 1]) * y[n - 1] + d[n - 2] * y[n - 2]


@kernel(**FLAGS)
def _average_row(weights, values, i, acc):
    """acc = row i of Ω X for one label."""
    side = _side(weights.shape[0])
    radius = side // 2
    rows, cols = values.shape
    acc[:] = 0.0
    for dr in range(-radius, radius + 1):
        x = values[_clamp(i + dr, rows)]
        k = (dr + radius) * side
        if side == 3 and cols > 1:
            _gather3(acc, weights[k, i], weights[k + 1, i], weights[k + 2, i], x)
        else:
            for dc in range(-radius, radius + 1):
                _gather(acc, weights[k + dc + radius, i], x, dc)


@kernel(**FLAGS)
def _scatter_rows(weights, values, i, acc):
    """acc = row i of Ωᵀ Y for one label: all rows s with clamp(s + dr) = i.

    `values` holds row s at s modulo its height: the whole field, or a ring.
    """
    side = _side(weights.shape[0])
    radius = side // 2
    rows, height = weights.shape[1], values.shape[0]
    acc[:] = 0.0
    for dr in range(-radius, radius + 1):
        first = 0 if i == 0 else i - dr
        last = rows - 1 if i == rows - 1 else i - dr
        k = (dr + radius) * side
        for s in range(max(first, 0), min(last, rows - 1) + 1):
            if side == 3 and acc.size > 1:
                w = weights[k, s], weights[k + 1, s], weights[k + 2, s]
                _scatter3(acc, w[0], w[1], w[2], values[s % height])
            else:
                for dc in range(-radius, radius + 1):
                    _scatter(acc, weights[k + dc + radius, s], values[s % height], dc)


@kernel(**FLAGS)
def _times_excess(p, u, mean, out):
    """out = p∘(u − mean)."""
    for c in range(out.size):
        out[c] = p[c] * (u[c] - mean[c])


@kernel(parallel=True, **FLAGS)
def average(weights, values, out):
    """out = Ω X: weighted average over the neighbors of each pixel."""
    for i in prange(values.shape[1]):
        for j in range(values.shape[0]):
            _average_row(weights, values[j], i, out[j, i])


@kernel(parallel=True, **FLAGS)
def average_transpose(weights, values, out):
    """out = Ωᵀ Y: contributions to neighbors outside fold back onto the border.

    A row of the output collects from all rows that refer to it, instead of a row of the
    input adding to several rows: so each thread writes only its own rows.
    """
    for i in prange(values.shape[1]):
        for j in range(values.shape[0]):
            _scatter_rows(weights, values[j], i, out[j, i])


@kernel(parallel=True, **FLAGS)
def apply(weights, similarity, values, out):
    """out = A V = R_S Ω V (2.23), with the replicator in the same pass over a row.

    R_S needs the mean over all labels, so `work` holds Ω V of the row until then.
    """
    labels, rows, cols = values.shape
    for i in prange(rows):
        work = np.empty((labels, cols), values.dtype)
        mean = np.zeros(cols, values.dtype)
        for j in range(labels):
            _average_row(weights, values[j], i, work[j])
            _add_product(mean, similarity[j, i], work[j])
        for j in range(labels):
            _times_excess(similarity[j, i], work[j], mean, out[j, i])


@kernel(parallel=True, **FLAGS)
def apply_transpose(weights, similarity, values, work, out):
    """out = Aᵀ U = Ωᵀ R_S U; `work` is overwritten by R_S U.

    A row of Ωᵀ reads R_S U in several rows, so all rows of `work` come first.
    """
    labels, rows, cols = values.shape
    for i in prange(rows):
        mean = np.zeros(cols, values.dtype)
        for j in range(labels):
            _add_product(mean, similarity[j, i], values[j, i])
        for j in range(labels):
            _times_excess(similarity[j, i], values[j, i], mean, work[j, i])
    for i in prange(rows):
        for j in range(labels):
            _scatter_rows(weights, work[j], i, out[j, i])


@kernel(parallel=True, **FLAGS)
def sampled_product(left, right, out):
    """out[k, i] = ⟦P, Q⟧_ik = Σ_j P_ij Q_kj over the neighbors k of pixel i."""
    count = out.shape[0]
    terms, rows, _ = left.shape
    side = _side(count)
    radius = side // 2
    for i in prange(rows):
        for k in range(count):
            out[k, i] = 0.0
            row = _clamp(i + k // side - radius, rows)
            for j in range(terms):
                _gather(out[k, i], left[j, i], right[j, row], k % side - radius)


@kernel(parallel=True, **FLAGS)
def similarity(weights, log_likelihood, out):
    """out = S = softmax(Ω C), C = −D/ρ (2.17 at the barycenter)."""
    labels, rows, cols = out.shape
    for i in prange(rows):
        top = np.full(cols, -np.inf, out.dtype)
        total = np.zeros(cols, out.dtype)
        for j in range(labels):
            _average_row(weights, log_likelihood[j], i, out[j, i])
            for c in range(cols):
                top[c] = max(top[c], out[j, i, c])
        for j in range(labels):
            for c in range(cols):
                out[j, i, c] = np.exp(out[j, i, c] - top[c])
                total[c] += out[j, i, c]
        for j in range(labels):
            for c in range(cols):
                out[j, i, c] /= total[c]


@kernel(parallel=True, **FLAGS)
def center(values, factor, out):
    """out = factor · Π₀ U: subtract the mean over the labels at each pixel."""
    labels, size = values.shape
    tiles = (size + TILE - 1) // TILE
    for t in prange(tiles):
        low, high = t * TILE, min((t + 1) * TILE, size)
        mean = np.zeros(high - low, values.dtype)
        for j in range(labels):
            mean += values[j, low:high]
        mean /= labels
        for j in range(labels):
            out[j, low:high] = factor * (values[j, low:high] - mean)
