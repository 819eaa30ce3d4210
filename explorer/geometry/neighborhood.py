"""The interface of neighborhoods: averages over neighbors, and maps of weight patches.

A weight patch is a point of the simplex, one number per neighbor of a pixel (or node).
Each neighborhood stores patches in its own way, so the simplex maps of weights are
written here in terms of two reductions over patches. The simplex maps of label vectors,
which always lie along the first axis, are in `simplex`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from explorer.geometry import simplex
from explorer.geometry.chains import Chain


class Neighborhood(ABC):
    """A fixed pattern of neighbors: the operators of Ω and the manifold of its patches.

    Fields X are (label, *shape); weights are an array of `weight_shape`.
    """

    dims: tuple[str, ...]
    """Names of the axes of the pixels or nodes."""

    weight_dims: tuple[str, ...]
    """Names of the axes of the weights."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Lengths of `dims`."""

    @property
    @abstractmethod
    def weight_shape(self) -> tuple[int, ...]:
        """Lengths of `weight_dims`."""

    @property
    @abstractmethod
    def largest(self) -> int:
        """The number of weights of the largest patch."""

    @property
    @abstractmethod
    def multiplicity(self) -> int:
        """Largest number of weights of one patch that refer to the same neighbor."""

    @abstractmethod
    def coords(self) -> Mapping[str, Any]:
        """Return the coordinates of a labeled array of weights."""

    @abstractmethod
    def average(self, weights: np.ndarray, X: np.ndarray) -> np.ndarray:
        """(Ω X)_i = Σ_k ω_ik X_k."""

    @abstractmethod
    def average_transpose(self, weights: np.ndarray, Y: np.ndarray) -> np.ndarray:
        """Ωᵀ Y."""

    @abstractmethod
    def apply(self, weights: np.ndarray, S: np.ndarray, V: np.ndarray) -> np.ndarray:
        """R_S Ω V."""

    @abstractmethod
    def apply_transpose(
        self, weights: np.ndarray, S: np.ndarray, U: np.ndarray
    ) -> np.ndarray:
        """Ωᵀ R_S U."""

    @abstractmethod
    def sweep(
        self,
        system: tuple[np.ndarray, np.ndarray],
        vectors: np.ndarray,
        start: int,
        factors: np.ndarray,
    ) -> np.ndarray:
        """Write v_{k+1} = c₀ R_S Ω v_k + c₁ v_k + c₂ v_{k−1} for k ≥ start.

        system is (Ω, S); vectors, (count, label, *shape) as from `empty_fields`, are
        given up to v_start; factors are the c of each step, (steps, 3); c₂ of the first
        is zero. Returns the inner products ⟨v_a, v_b⟩ for a ≥ start and b ≤ a, zero for
        b > a, (steps + 1, start + steps + 1).
        """

    @abstractmethod
    def sweep_transpose(
        self,
        system: tuple[np.ndarray, np.ndarray],
        vectors: np.ndarray,
        start: int,
        factors: np.ndarray,
    ) -> np.ndarray:
        """Write v_{k+1} = c₀ Ωᵀ R_S v_k + c₁ v_k + c₂ v_{k−1}; see `sweep`."""

    def chain(
        self, system: tuple[np.ndarray, np.ndarray], transpose: bool
    ) -> Chain | None:
        """Return the recurrences of `sweep` without the vectors, or None."""
        return None

    @abstractmethod
    def sampled_product(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """⟦P, Q⟧_ik = Σ_j P_ij Q_kj for k in the neighborhood of i, as weights."""

    @abstractmethod
    def assemble(
        self,
        weights: np.ndarray,
        fields: tuple[np.ndarray, np.ndarray, np.ndarray],
        components: tuple[np.ndarray, np.ndarray, float, float],
        keep: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """T Σ_r ⟦R_S u_r, w_r⟧ + ⟦R_S G, C⟧, as weights, and G if `keep`.

        fields are (S, C, z), components (u, w, T, c), u and w (r, label, *shape), and
        G = c z + T Σ_r (u_r∘X_r − ⟨S,X_r⟩u_r − ⟨S,u_r⟩X_r), X_r = Ω w_r.
        """

    @abstractmethod
    def similarity(self, weights: np.ndarray, C: np.ndarray) -> np.ndarray:
        """S = softmax(Ω C) (2.17)."""

    @abstractmethod
    def total(self, u: np.ndarray) -> np.ndarray:
        """Return the sum over each patch, in a shape that fits weights."""

    @abstractmethod
    def top(self, u: np.ndarray) -> np.ndarray:
        """Return the maximum of each patch, in a shape that fits weights."""

    @abstractmethod
    def per_pixel(self, total: np.ndarray) -> np.ndarray:
        """Return a result of `total` or `top` as one number per pixel, `shape`."""

    @final
    @property
    def pixels(self) -> int:
        """The number I of pixels or nodes."""
        return math.prod(self.shape)

    @final
    def uniform(self) -> np.ndarray:
        """Return the barycenter of the weight manifold: equal weights per patch."""
        ones = np.ones(self.weight_shape)
        return ones / self.total(ones)

    @final
    def center(self, u: np.ndarray) -> np.ndarray:
        """Π₀ u for each patch (2.11a)."""
        return u - self.total(u) / self.total(np.ones(self.weight_shape, u.dtype))

    @final
    def inner(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """⟨u, v⟩ for each patch, `shape`."""
        return self.per_pixel(self.total(u * v))

    @final
    def replicator(self, p: np.ndarray, u: np.ndarray) -> np.ndarray:
        """R_p u = p∘u − ⟨p, u⟩ p for each patch (2.11b)."""
        return p * (u - self.total(p * u))

    @final
    def lift(self, p: np.ndarray, u: np.ndarray) -> np.ndarray:
        """exp_p(u) = p∘eᵘ / ⟨p, eᵘ⟩ for each patch (2.11e)."""
        q = p * np.exp(u - self.top(u))
        return q / self.total(q)

    @final
    def bounded(self, p: np.ndarray, floor: float = simplex.FLOOR) -> np.ndarray:
        """Return p with entries raised to `floor` and each patch renormalized."""
        q = np.maximum(p, floor)
        return q / self.total(q)

    def retract(self, p: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Return exp_p(−u) for each patch, entries kept ≥ 1e-10: log p stays finite."""
        return self.bounded(self.lift(p, -u))

    def tangent_norm(self, p: np.ndarray, u: np.ndarray) -> float:
        """Return ‖R_p u‖ over all patches (Frobenius)."""
        return float(np.linalg.norm(self.replicator(p, u)))

    @final
    def cosine(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the cosine between u and v for each patch, `shape`.

        NaN where v vanishes (to rounding of its largest patch): it has no direction.
        """
        length = np.sqrt(self.inner(v, v))
        other = np.sqrt(self.inner(u, u))
        defined = length > 64 * np.finfo(v.dtype).eps * length.max(initial=0.0)
        scale = np.where(defined & (other > 0), length * other, 1.0)
        result = np.where(other > 0, self.inner(u, v) / scale, 0.0)
        return np.where(defined, np.clip(result, -1.0, 1.0), np.nan)

    def averaging_norm(self, weights: np.ndarray) -> float:
        """Return the bound ‖Ω‖₂ ≤ √(‖Ω‖₁ ‖Ω‖_∞) from the row and column sums of Ω."""
        ones = np.ones((1, *self.shape), weights.dtype)
        columns = self.average_transpose(weights, ones)
        return math.sqrt(float(columns.max()) * float(self.total(weights).max()))
