"""Sums over 3 × 3 neighbors in vector registers: the parts that fast kernels share.

W is (9, row, col), fields are (label, pixel) or (count, label, pixel), where pixel is
row · cols + col; planes may have gaps. A row is worked on in runs of `Lanes`, from
column 1 to the last but one; the last run is moved back to end there, and computes some
pixels a second time. Columns 0 and cols − 1, where neighbors are clamped, are done one
by one. All this needs `wide` rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from explorer.kernels.lanes import BYTES, add, fma, load, mul

FLAGS: dict[str, Any] = {"cache": True, "fastmath": {"contract"}}
INLINE: dict[str, Any] = {"forceinline": True, "fastmath": {"contract"}}


def wide(side: int, rows: int, cols: int, dtype: np.dtype) -> bool:
    """Whether these kernels can do it: 3 × 3 windows, and a run between the borders."""
    return side == 3 and rows > 1 and cols >= 2 + BYTES // dtype.itemsize


@njit(**INLINE)
def run_count(cols, lanes):
    """Return how many runs a row takes."""
    return (cols - 2 + lanes - 1) // lanes


@njit(**INLINE)
def run_start(n, cols, lanes):
    """Return the first column of run n."""
    return min(1 + n * lanes, cols - 1 - lanes)


@njit(**INLINE)
def load_weights(W, at):
    """Return the nine weights of the pixels from `at` on."""
    p = W.shape[1] * W.shape[2]
    return (
        load(W, at),
        load(W, at + p),
        load(W, at + 2 * p),
        load(W, at + 3 * p),
        load(W, at + 4 * p),
        load(W, at + 5 * p),
        load(W, at + 6 * p),
        load(W, at + 7 * p),
        load(W, at + 8 * p),
    )


@njit(**INLINE)
def load_folded(W, rows, at):
    """Return the weights that bring values here from the nine around: ω_{s, k}, k = q.

    `rows` are three pairs (source row, first offset), see `sources`; `at` is a column.
    """
    p, cols = W.shape[1] * W.shape[2], W.shape[2]
    (s0, k0), (s1, k1), (s2, k2) = rows
    a, b, d = k0 * p + s0 * cols + at, k1 * p + s1 * cols + at, k2 * p + s2 * cols + at
    return (
        load(W, a + 1),
        load(W, a + p),
        load(W, a + 2 * p - 1),
        load(W, b + 1),
        load(W, b + p),
        load(W, b + 2 * p - 1),
        load(W, d + 1),
        load(W, d + p),
        load(W, d + 2 * p - 1),
    )


@njit(**INLINE)
def sources(i, rows):
    """Return the rows that Ωᵀ folds into row i, each with its first offset."""
    above = (0, 0) if i == 0 else (i - 1, 6)
    below = (rows - 1, 6) if i == rows - 1 else (i + 1, 0)
    return below, (i, 3), above


@njit(**INLINE)
def gather(w, X, above, here, below):
    """Return Σ_k w_k x_k; the addresses are those of the middle column in each row."""
    left = mul(w[0], load(X, above - 1))
    right = mul(w[3], load(X, here - 1))
    left = fma(w[1], load(X, above), left)
    right = fma(w[4], load(X, here), right)
    left = fma(w[2], load(X, above + 1), left)
    right = fma(w[5], load(X, here + 1), right)
    left = fma(w[6], load(X, below - 1), left)
    right = fma(w[7], load(X, below), right)
    left = fma(w[8], load(X, below + 1), left)
    return add(left, right)


@njit(**INLINE)
def scatter(w, Y, rows):
    """Return Σ w_s y_s for weights as `load_folded` orders them."""
    below, here, above = rows
    left = mul(w[0], load(Y, below + 1))
    right = mul(w[3], load(Y, here + 1))
    left = fma(w[1], load(Y, below), left)
    right = fma(w[4], load(Y, here), right)
    left = fma(w[2], load(Y, below - 1), left)
    right = fma(w[5], load(Y, here - 1), right)
    left = fma(w[6], load(Y, above + 1), left)
    right = fma(w[7], load(Y, above), right)
    left = fma(w[8], load(Y, above - 1), left)
    return add(left, right)


@njit(**FLAGS)
def gather_at(W, x, rows, spot):
    """Return Σ_k w_k x_k for one pixel at the border; rows are three addresses."""
    i, c = spot
    total = x.dtype.type(0)
    for a in range(3):
        for b in range(3):
            at = rows[a] + min(max(c + b - 1, 0), W.shape[2] - 1)
            total += W[3 * a + b, i, c] * x[at]
    return total


@njit(**FLAGS)
def scatter_at(W, y, source, c):
    """Return the part of (Ωᵀ y)_ic at column 0 or cols − 1 from one source row (s, k).

    Only the column itself (twice: its own and the clamped offset) and the next give it
    something. y is row s.
    """
    s, k = source
    if c == 0:
        return W[k, s, 1] * y[1] + (W[k, s, 0] + W[k + 1, s, 0]) * y[0]
    return W[k + 2, s, c - 1] * y[c - 1] + (W[k + 1, s, c] + W[k + 2, s, c]) * y[c]
