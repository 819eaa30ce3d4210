"""The labeling problem that all contenders solve, made without the package."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RHO, TIME = 0.5, 5.0


@dataclass(frozen=True)
class Problem:
    """Random cells of J labels under noise, uniform 3 × 3 weights, T = 5, ρ = 0.5.

    size : rows and columns; labels : J; dim : m; single : float32 instead of float64.
    """

    size: int
    labels: int
    dim: int = 10
    single: bool = False

    @property
    def name(self) -> str:
        """A name for tables."""
        kind = "float32" if self.single else "float64"
        return f"{self.size}²×{self.labels}, m={self.dim}, {kind}"

    @property
    def dtype(self) -> str:
        """The NumPy name of the number type."""
        return "float32" if self.single else "float64"

    @property
    def least_bytes(self) -> int:
        """Bytes that loss and gradient cannot do without moving, larger than a cache.

        Both Krylov spaces: every vector is written, and read for the combinations; Ω
        and S are read for every five of them. Then S, C, V, its gradient, u, w, z once
        more, and Ω and the gradient.
        """
        pixels, number, passes = (
            self.size**2,
            4 if self.single else 8,
            -(-self.dim // 5),
        )
        fields, patches = 4 * self.dim + 2 * passes + 7, 2 * passes + 2
        return pixels * number * (fields * self.labels + 9 * patches)

    def truth(self) -> np.ndarray:
        """Return the ground truth, (row, col): blocks of 16 × 16 pixels."""
        rng = np.random.default_rng(0)
        blocks = rng.integers(0, self.labels, (-(-self.size // 16),) * 2)
        return np.kron(blocks, np.ones((16, 16), int))[: self.size, : self.size]

    def distances(self) -> np.ndarray:
        """Return D, (label, row, col): one for wrong labels, and noise."""
        rng = np.random.default_rng(1)
        wrong = np.arange(self.labels)[:, None, None] != self.truth()
        return wrong + 0.7 * rng.standard_normal(wrong.shape)

    def weights(self) -> np.ndarray:
        """Return uniform weights, (offset, row, col)."""
        return np.full((9, self.size, self.size), 1.0 / 9.0)
