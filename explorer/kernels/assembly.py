"""The compiled kernel that computes the gradient from the factors of Z in one pass.

A task computes one row of the gradient. It reads Ω, S and u in this row, C and w in the
rows of the window, and writes G and the gradient in this row only: no lock is needed.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from explorer.compiled.kernel import kernel
from explorer.kernels.windows import (
    FLAGS,
    _add_product,
    _average_row,
    _clamp,
    _gather,
    _times_excess,
)


@kernel(**FLAGS)
def _sample_row(left, right, i, side, out):
    """out[k, i] += Σ_j left_j · right_j at the k-th neighbor; left is (label, col)."""
    rows, radius = right.shape[1], side // 2
    for k in range(side * side):
        row = _clamp(i + k // side - radius, rows)
        for j in range(left.shape[0]):
            _gather(out[k, i], left[j], right[j, row], k % side - radius)


@kernel(**FLAGS)
def _add_term(time, pair, means, g):
    u, x = pair
    mean_u, mean_x = means
    for c in range(g.size):
        g[c] += time * (u[c] * x[c] - mean_x[c] * u[c] - mean_u[c] * x[c])


@kernel(**FLAGS)
def _replicate_row(factor, S, U, i, mean, out):
    """out = factor · R_S U at row i of the fields; out is (label, col)."""
    mean[:] = 0.0
    for j in range(S.shape[0]):
        _add_product(mean, S[j, i], U[j, i])
    for j in range(S.shape[0]):
        _times_excess(S[j, i], U[j, i], mean, out[j])
        for c in range(mean.size):
            out[j, c] *= factor


@kernel(parallel=True, **FLAGS)
def assemble(weights, fields, components, out):
    """out = T Σ_r ⟦R_S u_r, w_r⟧ + ⟦R_S G, C⟧ with G = c z + T Σ_r (u_r∘X_r − …).

    fields : (S, C, z, G), (label, row, col). G is written: it is c z plus T times the
    parts of all components, u_r∘X_r − ⟨S, X_r⟩ u_r − ⟨S, u_r⟩ X_r with X_r = Ω w_r.
    components : (u, w, T, c), u and w (r, label, row, col).
    """
    similarity, potential, z, G = fields
    left, right, time, scale = components
    labels, rows, cols = similarity.shape
    side = round(weights.shape[0] ** 0.5)
    for i in prange(rows):
        for k in range(side * side):
            out[k, i, :] = 0.0
        work = np.empty((labels, cols), similarity.dtype)
        mean_u = np.empty(cols, similarity.dtype)
        mean_x = np.empty(cols, similarity.dtype)
        G[:, i] = scale * z[:, i]
        for r in range(left.shape[0]):
            mean_x[:] = 0.0
            for j in range(labels):
                _average_row(weights, right[r, j], i, work[j])
                _add_product(mean_x, similarity[j, i], work[j])
            mean_u[:] = 0.0
            for j in range(labels):
                _add_product(mean_u, similarity[j, i], left[r, j, i])
            for j in range(labels):
                _add_term(time, (left[r, j, i], work[j]), (mean_u, mean_x), G[j, i])
            _replicate_row(time, similarity, left[r], i, mean_u, work)
            _sample_row(work, right[r], i, side, out)
        _replicate_row(1.0, similarity, G, i, mean_u, work)
        _sample_row(work, potential, i, side, out)
