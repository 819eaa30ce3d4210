"""How a Krylov basis is made orthonormal: vector by vector, or in blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from explorer.flow.arnoldi import Arnoldi, Basis
from explorer.flow.system import Operator
from explorer.geometry import recurrence
from explorer.geometry.planes import empty_fields, planes

LEAST_PIVOT = 1e-3
"""Share of a vector that must not lie in the span of those before it. Errors of the
Gram matrix grow with the inverse square: with 10⁶ roundings ten digits are left."""

INTERVAL = (-1.0 / 3.0, 1.0)
"""Where the spectrum of A lies, in units of ‖R_S‖: the average of a 3 × 3 window with
equal weights has eigenvalues in [−1/3, 1], and learned weights seldom leave it far."""


PROBE = 31 * 2**20
"""Bytes just below the 32 MB beyond which glibc always maps an array by itself."""


@cache
def keep_freed_memory() -> None:
    """Let the C library hold on to freed arrays of up to 32 MB.

    Fresh memory comes page by page, cleared, at the first touch; at 128 × 128 pixels a
    learning step would spend a third of its time on that. glibc maps large arrays one
    by one, until one of a size has been freed: then it takes them from its heap. So a
    large array is asked for, not touched, and freed, once. Elsewhere this does nothing.
    """
    np.empty(PROBE, np.uint8)


class Orthogonalization(ABC):
    """A way to build an orthonormal basis of K_m(A, start)."""

    @abstractmethod
    def build(
        self,
        operator: Operator,
        start: np.ndarray,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Basis:
        """Return the basis; `check` is called often and may raise to stop."""


@dataclass(frozen=True)
class GramSchmidt(Orthogonalization):
    """Arnoldi with classical Gram–Schmidt, done twice: orthogonal to rounding.

    Every new vector reads all the others four times, which dominates for large images.
    """

    def build(
        self,
        operator: Operator,
        start: np.ndarray,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Basis:
        """Return the basis; it ends early, and exactly, with an invariant space."""
        return Arnoldi(operator.apply, start, dim, check).extend(dim)


@dataclass(frozen=True)
class BlockChebyshev(Orthogonalization):
    """Chebyshev polynomials of A in blocks, orthonormal by one Cholesky factor.

    Within a block v_{k+1} = 2 (A − a) v_k / d − v_{k−1} with the interval a ± d, which
    keeps the vectors far from parallel: A V_m = V_{m+1} B with a known, nearly
    tridiagonal B. From the Gram matrix VᵀV = RᵀR follow Q = V R⁻¹, never formed, and
    A Q_m = Q_{m+1} (R B R_m⁻¹), the Hessenberg matrix of Arnoldi. The next block starts
    from the last orthonormal vector. Each vector is read a few times in all, instead
    of four times by every later one: the same numbers as `GramSchmidt` to ten digits or
    more, several times faster for large images.

    Where vectors come too close to each other's span (small problems, spaces that end
    early) it starts again with `GramSchmidt`, which is slower and never worse.

    Parameters
    ----------
    block : int in 1 … 8, vectors per block: more are faster and less orthogonal.
    """

    block: int = 5

    def __post_init__(self) -> None:
        whole = isinstance(self.block, (int, np.integer))
        if not whole or isinstance(self.block, bool) or not 1 <= self.block <= 8:
            raise ValueError(
                f"`block` = {self.block!r} is out of range; needed is an integer in "
                "[1, 8] (vectors per block)"
            )

    def build(
        self,
        operator: Operator,
        start: np.ndarray,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Basis:
        """Return the basis."""
        keep_freed_memory()
        norm = float(np.linalg.norm(start))
        basis = None
        if norm > 0.0 and operator.radius > 0.0 and dim < start.size:
            work = Recurrence(operator, start / norm, dim, check)
            basis = work.run(self.block, norm)
        return basis or GramSchmidt().build(operator, start, dim, check)


def checked_orthogonalization(value: Any) -> Orthogonalization:
    """Return `value`, or raise if it is no way to make a basis orthonormal."""
    if not isinstance(value, Orthogonalization):
        raise TypeError(
            f"`orthogonalization` = {value!r} is a {type(value).__name__}; needed is "
            "`BlockChebyshev()` or `GramSchmidt()`"
        )
    return value


class Recurrence:
    """The vectors V, the matrix B with A V_m = V_{m+1} B, and how far they have got."""

    def __init__(
        self,
        operator: Operator,
        unit: np.ndarray,
        dim: int,
        check: Callable[[], None],
    ) -> None:
        low, high = (operator.radius * end for end in INTERVAL)
        self.middle, self.half = (high + low) / 2.0, (high - low) / 2.0
        self.operator, self.check, self.dim = operator, check, dim
        self.V = empty_fields(dim + 1, unit.shape, unit.dtype)
        self.B = np.zeros((dim + 1, dim))
        self.gram = np.zeros((dim + 1, dim + 1))
        self.V[0] = unit

    def run(self, block: int, norm: float) -> Basis | None:
        """Return the basis, or None where the vectors are too close to dependent."""
        k, R = 0, np.eye(1)
        while k < self.dim:
            if k:
                self.restart(k, R)
            k = self.advance(k, min(block, self.dim - k))
            factor = cholesky(self.gram[: k + 1, : k + 1])
            if factor is None:
                return None
            R = factor
        m = self.dim
        mixing = np.linalg.inv(R[:m, :m])
        H = R @ self.B @ mixing
        return Basis(
            self.V[:m],
            np.triu(H[:m], -1),
            norm * R[0, 0],
            float(H[m, m - 1]),
            mixing,
            np.sqrt(np.diag(self.gram)[:m]),
        )

    def advance(self, k: int, steps: int) -> int:
        """Add v_{k+1}, …, v_{k+steps}, and the columns of B; return k + steps."""
        self.check()
        a, d, B = self.middle, self.half, self.B
        factors = np.array([(2.0 / d, -2.0 * a / d, -1.0)] * steps)
        factors[0] = 1.0 / d, -a / d, 0.0
        new = k + steps + 1
        rows = self.operator.sweep(self.V, k, factors)
        self.gram[k:new, :new] = rows
        self.gram[:new, k:new] = self.gram[k:new, :new].T
        self.gram[k:new, k:new] += np.tril(rows[:, k:], -1)
        for j in range(k, k + steps):
            B[j, j] = a
            B[j + 1, j] = d if j == k else d / 2.0
            if j > k:
                B[j - 1, j] += d / 2.0
        return k + steps

    def restart(self, k: int, R: np.ndarray) -> None:
        """Put the orthonormal vector q = Σ tᵢ vᵢ, i ≤ k, in place of v_k.

        v_k = (q − Σ_{i<k} tᵢ vᵢ)/t_k enters the last column of B.
        """
        unit = np.zeros(k + 1)
        unit[k] = 1.0
        t = np.linalg.solve(R, unit)
        recurrence.fold(t.astype(self.V.dtype), planes(self.V[: k + 1]))
        last = self.B[k, k - 1]
        self.B[:k, k - 1] -= last / t[k] * t[:k]
        self.B[k, k - 1] = last / t[k]


def cholesky(gram: np.ndarray) -> Any:
    """Return R with RᵀR = gram, or None where a pivot is too small."""
    lengths = np.sqrt(np.diag(gram))
    if not np.isfinite(lengths).all() or lengths.min() == 0.0:
        return None
    try:
        R = np.linalg.cholesky(gram / np.outer(lengths, lengths)).T
    except np.linalg.LinAlgError:
        return None
    if np.diag(R).min() < LEAST_PIVOT:
        return None
    return R * lengths
