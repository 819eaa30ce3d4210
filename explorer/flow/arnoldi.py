"""Orthonormal Krylov bases by the Arnoldi process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.kernels import recurrence
from explorer.kernels.planes import empty_fields, planes, readable_planes
from explorer.late import cached_property

BREAKDOWN = 64 * np.finfo(float).eps
"""Relative length below which a new direction counts as rounding, and the space ends.
In float32 it is the same number of roundings, which are larger."""


class Span(ABC):
    """Vectors that are accessible only through their linear combinations."""

    @abstractmethod
    def __len__(self) -> int:
        """The number of vectors."""

    @abstractmethod
    def combine(self, columns: np.ndarray, gaps: bool = False) -> np.ndarray:
        """Return Σ_k columns_rk v_k for each row r, (r, label, row, col)."""


@dataclass(frozen=True, eq=False)
class Basis:
    """A Q = Q H + residual · q_{m+1} e_mᵀ with QᵀQ = I and start = norm · q₁.

    Attributes
    ----------
    stored : (m, label, row, col), vectors that span the space, or a `Span`; none if the
        start vector vanishes.
    H : (m, m), upper Hessenberg.
    norm : β, norm of the start vector.
    residual : h_{m+1,m} ≥ 0; zero after a breakdown: the space is then invariant.
    mixing : (m, m) with Q = stored · mixing, or None where they are orthonormal.
    lengths : (m,), norms of the stored vectors, or None where they are orthonormal.
    last : q_{m+1}, or None after a breakdown or if it is not formed.
    """

    stored: np.ndarray | Span
    H: np.ndarray
    norm: float
    residual: float
    mixing: np.ndarray | None = None
    lengths: np.ndarray | None = None
    last: np.ndarray | None = None

    @property
    def dim(self) -> int:
        """The number m of basis vectors."""
        return self.H.shape[0]

    @cached_property
    def vectors(self) -> np.ndarray:
        """The orthonormal vectors Q, (m, label, row, col)."""
        if self.mixing is None and isinstance(self.stored, np.ndarray):
            return self.stored
        return self.combine(np.eye(self.dim))

    def coordinates(self, coefficients: np.ndarray) -> np.ndarray:
        """Return the coefficients of Q y in the stored vectors."""
        return coefficients if self.mixing is None else self.mixing @ coefficients

    def magnitude(self, history: np.ndarray) -> np.ndarray:
        """Return Σ_k |y_k| ‖v_k‖ in the stored vectors for each row Q y of a history.

        The rounding of each vector affects the combination by this much.
        """
        if self.mixing is None or self.lengths is None:
            return np.abs(history).sum(axis=1)
        return np.abs(history @ self.mixing.T) @ self.lengths

    def combine(self, coefficients: np.ndarray) -> np.ndarray:
        """Return Q y for (m,), or Q Y with a leading axis of columns for (m, k)."""
        columns = self.coordinates(coefficients)
        if columns.ndim == 2:
            return combine(self.stored, columns)
        return combine(self.stored, columns[:, None])[0]


def combine(
    vectors: np.ndarray | Span, columns: np.ndarray, gaps: bool = False
) -> np.ndarray:
    """Return V Y for vectors (m, …) and columns (m, k), one field each: (k, …).

    If `gaps`, planes are laid out as by `empty_fields`, otherwise contiguously.
    """
    if isinstance(vectors, Span):
        return vectors.combine(columns.T, gaps)
    shape, dtype = vectors.shape[1:], vectors.dtype
    if gaps:
        out = empty_fields(columns.shape[1], shape, dtype)
    else:
        out = np.empty((columns.shape[1], *shape), dtype)
    if columns.size:
        factors = np.ascontiguousarray(columns.T.astype(dtype))
        recurrence.combine(factors, readable_planes(vectors), planes(out))
    else:
        out[:] = 0.0
    return out


class Arnoldi:
    """The Arnoldi process of K(A, start), which can be extended vector by vector.

    Classical Gram–Schmidt runs twice: orthogonal to rounding ("twice is enough"). The
    process ends early, and exactly, when the space is invariant under A.

    Parameters
    ----------
    apply : V ↦ A V; start : any array; dim : the largest dimension needed.
    check : called before every application of A; it may raise to stop.
    """

    def __init__(
        self,
        apply: Callable[[np.ndarray], np.ndarray],
        start: np.ndarray,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._apply, self._check, self._shape = apply, check, start.shape
        self._limit = min(dim, start.size)
        self._norm = float(np.linalg.norm(start))
        self._Q = np.empty((self._limit + 1, start.size), start.dtype)
        self._tiny = BREAKDOWN * float(np.finfo(start.dtype).eps / np.finfo(float).eps)
        self._H = np.zeros((self._limit + 1, self._limit))
        self._size, self._ended = 0, self._norm == 0.0
        if not self._ended:
            self._Q[0] = start.ravel() / self._norm

    @property
    def size(self) -> int:
        """The number of vectors, each an application of A."""
        return self._size

    @property
    def complete(self) -> bool:
        """Whether the space is invariant or has reached its largest dimension."""
        return self._ended or self._size == self._limit

    def extend(self, dim: int) -> Basis:
        """Return the basis of dimension `dim`, or a smaller one at an early end."""
        while self._size < dim and not self.complete:
            self._add()
        size = self._size
        vectors = self._Q[:size].reshape(size, *self._shape)
        residual = float(self._H[size, size - 1]) if size else 0.0
        last = self._Q[size].reshape(self._shape) if residual > 0.0 else None
        H = self._H[:size, :size].copy()
        return Basis(vectors, H, self._norm, residual, last=last)

    def _add(self) -> None:
        """Apply A to the last vector and make the result orthogonal to all others."""
        self._check()
        Q, H, j = self._Q, self._H, self._size
        w = self._apply(Q[j].reshape(self._shape)).ravel()
        scale = max(float(np.linalg.norm(w)), float(np.abs(H).max()))
        for _ in range(2):
            h = Q[: j + 1] @ w
            w -= h @ Q[: j + 1]
            H[: j + 1, j] += h
        self._size += 1
        residual = float(np.linalg.norm(w))
        if residual <= self._tiny * scale:
            self._ended = True
            return
        H[j + 1, j] = residual
        Q[j + 1] = w / residual


def arnoldi(
    apply: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    dim: int,
    check: Callable[[], None] = lambda: None,
) -> Basis:
    """Return a basis of K_dim(A, start) = span{start, A start, …, A^{dim−1} start}."""
    return Arnoldi(apply, start, dim, check).extend(dim)
