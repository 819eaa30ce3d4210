"""Orthonormal Krylov bases by the Arnoldi process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BREAKDOWN = 64 * np.finfo(float).eps
"""A new direction this small against the norms at hand is rounding: the space ends."""


@dataclass(frozen=True, eq=False)
class Basis:
    """A Q = Q H + residual · q_{m+1} e_mᵀ with QᵀQ = I and start = norm · q₁.

    Attributes
    ----------
    vectors : (m, label, row, col), the basis Q; m = 0 if the start vector vanishes.
    H : (m, m), upper Hessenberg.
    norm : β, norm of the start vector.
    residual : h_{m+1,m} ≥ 0; zero after a breakdown: the space is then invariant.
    """

    vectors: np.ndarray
    H: np.ndarray
    norm: float
    residual: float

    @property
    def dim(self) -> int:
        """The number m of basis vectors."""
        return self.H.shape[0]

    def combine(self, coefficients: np.ndarray) -> np.ndarray:
        """Return Q y for (m,), or Q Y with a leading axis of columns for (m, k)."""
        return np.tensordot(coefficients.T, self.vectors, axes=(-1, 0))


def arnoldi(
    apply: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    dim: int,
    check: Callable[[], None] = lambda: None,
) -> Basis:
    """Return a basis of K_dim(A, start) = span{start, A start, …, A^{dim−1} start}.

    Classical Gram–Schmidt, done twice: orthogonal to rounding ("twice is enough").
    Stops early, and exactly, when the space is invariant under A. `check` is called
    before every application of A and may raise to abandon the work.
    """
    n = start.size
    dim = min(dim, n)
    Q = np.empty((dim + 1, n))
    H = np.zeros((dim + 1, dim))
    beta = float(np.linalg.norm(start))
    if beta == 0.0:
        return Basis(Q[:0].reshape(0, *start.shape), H[:0, :0], 0.0, 0.0)
    Q[0] = start.ravel() / beta
    size = dim
    for j in range(dim):
        check()
        w = apply(Q[j].reshape(start.shape)).ravel()
        scale = max(float(np.linalg.norm(w)), float(np.abs(H).max()))
        for _ in range(2):
            h = Q[: j + 1] @ w
            w -= h @ Q[: j + 1]
            H[: j + 1, j] += h
        residual = float(np.linalg.norm(w))
        if residual <= BREAKDOWN * scale:
            size = j + 1
            break
        H[j + 1, j] = residual
        Q[j + 1] = w / residual
    vectors = Q[:size].reshape(size, *start.shape)
    return Basis(vectors, H[:size, :size].copy(), beta, float(H[size, size - 1]))
