"""Compiled stencil kernels on planar arrays: Ω X, Ωᵀ Y, R_S Ω V, ⟦P, Q⟧, similarity.

Storage is planar: (label, row, col) and (offset, row, col). The innermost loop runs
along a row and has no branch; rows outside the image are clamped by choosing the row,
columns by two short edge loops. Rows are shared out among threads, each writing its
own rows only, so results do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

# "contract" lets the compiler fuse a·b + c; nothing else of IEEE arithmetic is given up
FLAGS: dict[str, Any] = {"cache": True, "fastmath": {"contract"}}


@njit(inline="always")
def _side(count):
    """Return 2R+1 for a patch of (2R+1)² weights."""
    return round(count**0.5)


@njit(inline="always")
def _clamp(i, size):
    return min(max(i, 0), size - 1)


@njit(**FLAGS)
def _gather(acc, w, x, dc):
    """acc[c] += w[c] · x[clamp(c + dc)]."""
    cols = acc.size
    lo = min(max(0, -dc), cols)
    hi = max(min(cols, cols - dc), 0)
    for c in range(lo, hi):
        acc[c] += w[c] * x[c + dc]
    for c in range(lo):
        acc[c] += w[c] * x[0]
    for c in range(hi, cols):
        acc[c] += w[c] * x[cols - 1]


@njit(**FLAGS)
def _scatter(acc, w, y, dc):
    """acc[clamp(c + dc)] += w[c] · y[c]."""
    cols = acc.size
    lo = min(max(0, -dc), cols)
    hi = max(min(cols, cols - dc), 0)
    for c in range(lo, hi):
        acc[c + dc] += w[c] * y[c]
    for c in range(lo):
        acc[0] += w[c] * y[c]
    for c in range(hi, cols):
        acc[cols - 1] += w[c] * y[c]


@njit(**FLAGS)
def _gather3(acc, w, x):
    """Three gathers at once, dc = −1, 0, 1 (at least two columns)."""
    last = acc.size - 1
    a, b, d = w[0], w[1], w[2]
    for c in range(1, last):
        acc[c] += a[c] * x[c - 1] + b[c] * x[c] + d[c] * x[c + 1]
    acc[0] += (a[0] + b[0]) * x[0] + d[0] * x[1]
    acc[last] += a[last] * x[last - 1] + (b[last] + d[last]) * x[last]


@njit(**FLAGS)
def _scatter3(acc, w, y):
    """Three scatters at once, dc = −1, 0, 1 (at least two columns)."""
    last = acc.size - 1
    a, b, d = w[0], w[1], w[2]
    for c in range(1, last):
        acc[c] += a[c + 1] * y[c + 1] + b[c] * y[c] + d[c - 1] * y[c - 1]
    acc[0] += a[1] * y[1] + (a[0] + b[0]) * y[0]
    acc[last] += (b[last] + d[last]) * y[last] + d[last - 1] * y[last - 1]


@njit(**FLAGS)
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
            _gather3(acc, weights[k : k + 3, i], x)
        else:
            for dc in range(-radius, radius + 1):
                _gather(acc, weights[k + dc + radius, i], x, dc)


@njit(**FLAGS)
def _scatter_rows(weights, values, i, low, acc):
    """acc = row i of Ωᵀ Y for one label: all rows s with clamp(s + dr) = i.

    `values` begins at row `low` and holds all rows that reach row i.
    """
    side = _side(weights.shape[0])
    radius = side // 2
    rows = weights.shape[1]
    acc[:] = 0.0
    for dr in range(-radius, radius + 1):
        first = 0 if i == 0 else i - dr
        last = rows - 1 if i == rows - 1 else i - dr
        k = (dr + radius) * side
        for s in range(max(first, 0), min(last, rows - 1) + 1):
            if side == 3 and acc.size > 1:
                _scatter3(acc, weights[k : k + 3, s], values[s - low])
            else:
                for dc in range(-radius, radius + 1):
                    _scatter(acc, weights[k + dc + radius, s], values[s - low], dc)


@njit(**FLAGS)
def _replicate_row(p, u, out):
    """out = R_p u for one row: p, u and out are (label, col)."""
    labels, cols = u.shape
    for c in range(cols):
        mean = 0.0
        for j in range(labels):
            mean += p[j, c] * u[j, c]
        for j in range(labels):
            out[j, c] = p[j, c] * (u[j, c] - mean)


@njit(parallel=True, **FLAGS)
def average(weights, values, out):
    """out = Ω X: weighted average over the neighbors of each pixel."""
    for i in prange(values.shape[1]):
        for j in range(values.shape[0]):
            _average_row(weights, values[j], i, out[j, i])


@njit(parallel=True, **FLAGS)
def average_transpose(weights, values, out):
    """out = Ωᵀ Y: clamped contributions fold back onto the border."""
    for i in prange(values.shape[1]):
        for j in range(values.shape[0]):
            _scatter_rows(weights, values[j], i, 0, out[j, i])


@njit(parallel=True, **FLAGS)
def apply(weights, similarity, values, out):
    """out = A V = R_S Ω V (2.23), the replicator fused into the row pass."""
    for i in prange(values.shape[1]):
        for j in range(values.shape[0]):
            _average_row(weights, values[j], i, out[j, i])
        _replicate_row(similarity[:, i], out[:, i], out[:, i])


@njit(parallel=True, **FLAGS)
def apply_transpose(weights, similarity, values, work, out):
    """out = Aᵀ U = Ωᵀ R_S U; `work` is overwritten by R_S U."""
    for i in prange(values.shape[1]):
        _replicate_row(similarity[:, i], values[:, i], work[:, i])
    for i in prange(values.shape[1]):
        for j in range(values.shape[0]):
            _scatter_rows(weights, work[j], i, 0, out[j, i])


@njit(parallel=True, **FLAGS)
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


@njit(parallel=True, **FLAGS)
def similarity(weights, log_likelihood, out):
    """out = S = softmax(Ω C), C = −D/ρ (2.17 at the barycenter)."""
    labels, rows, cols = out.shape
    for i in prange(rows):
        for j in range(labels):
            _average_row(weights, log_likelihood[j], i, out[j, i])
        for c in range(cols):
            top = -np.inf
            for j in range(labels):
                top = max(top, out[j, i, c])
            total = 0.0
            for j in range(labels):
                out[j, i, c] = np.exp(out[j, i, c] - top)
                total += out[j, i, c]
            for j in range(labels):
                out[j, i, c] /= total
