"""Chebyshev polynomials of A in blocks: vectors are kept or recomputed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.flow.arnoldi import Basis, Span
from explorer.flow.system import Operator
from explorer.geometry.chains import Chain, Line, Links
from explorer.kernels import recurrence
from explorer.kernels.planes import empty_fields, planes

LEAST_PIVOT = 1e-3
"""Least share of a vector outside the span of the previous vectors. Errors of the Gram
matrix grow with its inverse square: at 10⁶ roundings, ten digits are left."""

INTERVAL = (-1.0 / 3.0, 1.0)
"""Interval of the spectrum of A, in units of ‖R_S‖: averages over 3 × 3 windows with
equal weights have eigenvalues in [−1/3, 1], and learned weights seldom far outside."""


class Vectors(ABC):
    """The vectors v₀, v₁, … of a basis that is being built."""

    @abstractmethod
    def extend(self, k: int, factors: np.ndarray) -> np.ndarray:
        """Add v_{k+1}, … by a recurrence; return ⟨v_a, v_b⟩ for a ≥ k and b ≤ a."""

    @abstractmethod
    def fold(self, t: np.ndarray) -> None:
        """Replace the last vector by Σ tᵢ vᵢ."""

    @abstractmethod
    def first(self, count: int) -> Any:
        """Return the first `count` vectors, for `Basis` to combine."""


class Kept(Vectors):
    """Vectors that stay in memory."""

    def __init__(self, operator: Operator, first: Line, dim: int):
        self.sweep = operator.sweep
        self.V = empty_fields(dim + 1, first.field.shape, first.field.dtype)
        factor, shift = first.numbers
        np.multiply(first.field, factor, out=self.V[0])
        if shift != 0.0:
            self.V[0] += shift

    def extend(self, k: int, factors: np.ndarray) -> np.ndarray:
        """Add vectors."""
        return self.sweep(self.V, k, factors)

    def fold(self, t: np.ndarray) -> None:
        """Replace the last vector in place."""
        recurrence.fold(t.astype(self.V.dtype), planes(self.V[: len(t)]))

    def first(self, count: int) -> np.ndarray:
        """Return the array (count, label, row, col)."""
        return self.V[:count]


class Rerun(Vectors):
    """Vectors of which only inner products are stored: the recurrence runs again.

    `places` are the positions of the vectors in the chain. The chain also holds the
    vectors that were replaced.
    """

    def __init__(self, chain: Chain, first: Line):
        self.chain, self.source = chain, first
        self.links, self.places = Links.none(), [0]

    def extend(self, k: int, factors: np.ndarray) -> np.ndarray:
        """Extend the chain and run it for the inner products."""
        self.links = self.links.then(factors)
        start = self.places[k]
        self.places += range(start + 1, start + 1 + len(factors))
        products = self.chain.products(self.source, self.links, start)
        return products[:, self.places]

    def fold(self, t: np.ndarray) -> None:
        """Add a combination to the chain."""
        self.links = self.links.mixed(scatter(t, self.places, len(self.links) + 1))
        self.places[-1] = len(self.links)

    def first(self, count: int) -> Recomputed:
        """Return the chain."""
        return Recomputed(self.chain, self.source, self.links, self.places[:count])


def scatter(values: np.ndarray, places: list[int], size: int) -> np.ndarray:
    """Return an array of zeros with the values at their places (last axis)."""
    out = np.zeros((*values.shape[:-1], size))
    out[..., places] = values
    return out


@dataclass(frozen=True, eq=False)
class Recomputed(Span):
    """Vectors of a chain that runs again for every linear combination."""

    chain: Chain
    source: Line
    links: Links
    places: list[int]

    def __len__(self) -> int:
        """The number of vectors."""
        return len(self.places)

    def combine(self, columns: np.ndarray, gaps: bool = False) -> np.ndarray:
        """Return Σ_k columns_rk v_k for each row r, (r, label, row, col)."""
        wide = scatter(columns, self.places, len(self.links) + 1)
        return self.chain.combine(self.source, self.links, wide, gaps)


class Recurrence:
    """The vectors V, the matrix B with A V_m = V_{m+1} B, and the Gram matrix of V."""

    def __init__(
        self,
        vectors: Vectors,
        radius: float,
        dim: int,
        check: Callable[[], None],
    ) -> None:
        low, high = (radius * end for end in INTERVAL)
        self.middle, self.half = (high + low) / 2.0, (high - low) / 2.0
        self.vectors, self.check, self.dim = vectors, check, dim
        self.B = np.zeros((dim + 1, dim))
        self.gram = np.zeros((dim + 1, dim + 1))

    def run(self, block: int, norm: float) -> Basis | None:
        """Return the basis, or None if the vectors are nearly dependent."""
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
            self.vectors.first(m),
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
        rows = self.vectors.extend(k, factors)
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
        """Replace v_k by the orthonormal vector q = Σ tᵢ vᵢ, i ≤ k.

        v_k = (q − Σ_{i<k} tᵢ vᵢ)/t_k enters the last column of B.
        """
        unit = np.zeros(k + 1)
        unit[k] = 1.0
        t = np.linalg.solve(R, unit)
        self.vectors.fold(t)
        last = self.B[k, k - 1]
        self.B[:k, k - 1] -= last / t[k] * t[:k]
        self.B[k, k - 1] = last / t[k]


def cholesky(gram: np.ndarray) -> Any:
    """Return R with RᵀR = gram, or None if a pivot is too small."""
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
