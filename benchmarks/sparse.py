"""The linear system as a sparse matrix, for SciPy."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from benchmarks.problem import RHO, TIME, Problem


def averaging(problem: Problem) -> sp.csr_array:
    """Return Ω as sparse rows over pixels, neighbors clamped to the image."""
    n = problem.size
    r, c = np.indices((n, n))
    rows, cols, values = [], [], []
    for k, (dr, dc) in enumerate(np.ndindex(3, 3)):
        near = np.clip(r + dr - 1, 0, n - 1) * n + np.clip(c + dc - 1, 0, n - 1)
        rows.append((r * n + c).ravel())
        cols.append(near.ravel())
        values.append(problem.weights()[k].ravel())
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))
    return sp.csr_array(entries, shape=(n * n, n * n))


def augmented_system(
    problem: Problem,
) -> tuple[sp.csr_array, np.ndarray, tuple[int, int, int]]:
    """Return [[T A, T b], [0, 0]], its start vector, and (labels, rows, cols).

    Vectors run over (pixel, label). A = R_S (Ω ⊗ I), R_S block diagonal.
    """
    D = np.moveaxis(problem.distances(), 0, -1).reshape(-1, problem.labels)
    Omega = averaging(problem)
    C = Omega @ (-D / RHO)
    S = np.exp(C - C.max(axis=1, keepdims=True))
    S /= S.sum(axis=1, keepdims=True)
    pixels, labels = S.shape
    blocks = -S[:, :, None] * S[:, None, :]
    blocks[:, np.arange(labels), np.arange(labels)] += S
    replicator = sp.bsr_array(
        (blocks, np.arange(pixels), np.arange(pixels + 1)),
        shape=(pixels * labels,) * 2,
    )
    A = sp.csr_array(replicator @ sp.kron(Omega, sp.eye_array(labels), format="csr"))
    b = (S - S.mean(axis=1, keepdims=True)).ravel() / labels
    top = sp.hstack([TIME * A, sp.csr_array(TIME * b[:, None])])
    last = sp.csr_array((1, pixels * labels + 1))
    start = np.zeros(pixels * labels + 1)
    start[-1] = 1.0
    return sp.csr_array(sp.vstack([top, last])), start, (labels, *problem.truth().shape)
