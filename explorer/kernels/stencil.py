"""Sums over 3 × 3 neighbors in vector registers: shared parts of the fast kernels.

W is (9, row, col); fields are (label, pixel) or (count, label, pixel) with pixel =
row · cols + col, and planes may have gaps. Kernels process a row in runs, one register
of `Lanes` each. The last run is shifted back so that it ends with the row; it computes
some pixels a second time, with the same result. `ends` states whether a run begins and
whether it ends with its row; there, the border pixels replace the neighbors outside.
All kernels here require `wide` rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.compiled.kernel import kernel
from explorer.kernels.lanes import (
    BYTES,
    add,
    fma,
    load,
    mul,
    shift_left,
    shift_right,
)

INLINE: dict[str, Any] = {"forceinline": True, "fastmath": {"contract"}}


def wide(side: int, rows: int, cols: int, dtype: np.dtype) -> bool:
    """Whether these kernels apply: 3 × 3 windows, two rows, one full run per row."""
    return side == 3 and rows > 1 and cols >= BYTES // dtype.itemsize


@kernel(**INLINE)
def run_count(cols, lanes):
    """Return the number of runs of a row."""
    return (cols + lanes - 1) // lanes


@kernel(**INLINE)
def run_at(n, cols, lanes):
    """Return the first column of run n, and whether it begins and ends with the row."""
    c = min(n * lanes, cols - lanes)
    return c, (c == 0, c == cols - lanes)


@kernel(**INLINE)
def around(X, at, ends):
    """Return x at the left neighbors of a run's pixels, at the pixels, at the right."""
    here = load(X, at)
    left = shift_right(here, here) if ends[0] else load(X, at - 1)
    right = shift_left(here, here) if ends[1] else load(X, at + 1)
    return left, here, right


@kernel(**INLINE)
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


@kernel(**INLINE)
def _given(W, at, ends):
    """Return the weights by which the pixels of a row refer to a run of pixels.

    The first weights belong to the pixels on the right, whose left neighbors form the
    run; the second to the pixels in the same columns; the third to the pixels on the
    left. A border pixel counts twice, because it replaces its neighbor outside.
    """
    p = W.shape[1] * W.shape[2]
    b, d = at + p, at + 2 * p
    right = shift_left(load(W, at), load(W, d)) if ends[1] else load(W, at + 1)
    left = shift_right(load(W, d), load(W, at)) if ends[0] else load(W, d - 1)
    return right, load(W, b), left


@kernel(**INLINE)
def load_given(W, rows, c, ends):
    """Return the weights by which Ωᵀ collects the values of the nine pixels around.

    `rows` are three pairs (source row, first offset), see `sources`; c is a column.
    """
    p, cols = W.shape[1] * W.shape[2], W.shape[2]
    (s0, k0), (s1, k1), (s2, k2) = rows
    w0 = _given(W, k0 * p + s0 * cols + c, ends)
    w1 = _given(W, k1 * p + s1 * cols + c, ends)
    w2 = _given(W, k2 * p + s2 * cols + c, ends)
    return w0[0], w0[1], w0[2], w1[0], w1[1], w1[2], w2[0], w2[1], w2[2]


@kernel(**INLINE)
def sources(i, rows):
    """Return the rows that Ωᵀ folds into row i, each with its first offset.

    At the border, row i itself takes the place of the missing row outside.
    """
    above = (0, 0) if i == 0 else (i - 1, 6)
    below = (rows - 1, 6) if i == rows - 1 else (i + 1, 0)
    return below, (i, 3), above


@kernel(**INLINE)
def _sum9(w, x, y, z):
    """Return Σ_k w_k v_k, the v_k three by three."""
    left, right = mul(w[0], x[0]), mul(w[3], y[0])
    left, right = fma(w[1], x[1], left), fma(w[4], y[1], right)
    left, right = fma(w[2], x[2], left), fma(w[5], y[2], right)
    left, right = fma(w[6], z[0], left), fma(w[7], z[1], right)
    return add(fma(w[8], z[2], left), right)


@kernel(**INLINE)
def gather(w, X, rows, ends):
    """Return Σ_k w_k x_k; `rows` are the addresses of the run in three rows."""
    above, here, below = rows
    x, y = around(X, above, ends), around(X, here, ends)
    return _sum9(w, x, y, around(X, below, ends))


@kernel(**INLINE)
def scatter(w, Y, rows, ends):
    """Return Σ w_s y_s for weights as `load_given` orders them."""
    a, b, d = rows
    x, y, z = around(Y, a, ends), around(Y, b, ends), around(Y, d, ends)
    return _sum9(w, (x[2], x[1], x[0]), (y[2], y[1], y[0]), (z[2], z[1], z[0]))
