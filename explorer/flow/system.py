"""The linearized assignment flow as a linear system V̇ = A V + B on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from explorer.geometry import grid, kernels, simplex


@dataclass(frozen=True, eq=False)
class LinearSystem:
    """V̇ = A V + B, V(0) = 0 with A V = R_S Ω V, B = Π₀ S / J, S = softmax(Ω C).

    Linearization at the barycenter (2.22b), (2.23). All arrays are float64 and planar.

    Attributes
    ----------
    weights : (offset, row, col), the parameters Ω, positive, patches sum to one.
    log_likelihood : (label, row, col), C = −D/ρ.
    similarity : (label, row, col), S.
    """

    weights: np.ndarray
    log_likelihood: np.ndarray
    similarity: np.ndarray

    @classmethod
    def at(cls, weights: np.ndarray, log_likelihood: np.ndarray) -> LinearSystem:
        """Return the system that belongs to these weights."""
        S = np.empty_like(log_likelihood)
        kernels.similarity(weights, log_likelihood, S)
        return cls(weights, log_likelihood, S)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(labels, rows, cols)."""
        labels, rows, cols = self.similarity.shape
        return labels, rows, cols

    @property
    def pixels(self) -> int:
        """The number I of pixels."""
        return self.shape[1] * self.shape[2]

    @cached_property
    def source(self) -> np.ndarray:
        """B = Π₀ S / J."""
        return simplex.center(self.similarity) / self.shape[0]

    @cached_property
    def growth(self) -> float:
        """μ ≥ 0 with ‖e^{tA}‖ ≤ e^{tμ}: the bound ‖R_S‖₂ ‖Ω‖₂ of ‖A‖₂."""
        spread = simplex.replicator_norm(self.similarity)
        return spread * grid.averaging_norm(self.weights)

    def average(self, values: np.ndarray) -> np.ndarray:
        """Ω X."""
        out = np.empty_like(values)
        kernels.average(self.weights, values, out)
        return out

    def apply(self, values: np.ndarray) -> np.ndarray:
        """A V = R_S Ω V."""
        out = np.empty_like(values)
        kernels.apply(self.weights, self.similarity, values, out)
        return out

    def apply_transpose(self, values: np.ndarray) -> np.ndarray:
        """Aᵀ U = Ωᵀ R_S U."""
        out, work = np.empty_like(values), np.empty_like(values)
        kernels.apply_transpose(self.weights, self.similarity, values, work, out)
        return out
