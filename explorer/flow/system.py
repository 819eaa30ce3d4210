"""The linearized assignment flow as a linear system V̇ = A V + B on arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from explorer.coordinates import Coordinates
from explorer.dims import LABEL
from explorer.geometry import simplex
from explorer.geometry.chains import Chain, Line
from explorer.geometry.neighborhood import Neighborhood
from explorer.kernels import windows
from explorer.late import cached_property


def scaled_center(U: np.ndarray, factor: float) -> np.ndarray:
    """Return factor · Π₀ U, in one pass."""
    out = np.empty_like(U)
    labels = len(U)
    windows.center(U.reshape(labels, -1), factor, out.reshape(labels, -1))
    return out


@dataclass(frozen=True, eq=False)
class Operator:
    """A linear map of fields, as Krylov spaces need it.

    Attributes
    ----------
    apply : V ↦ A V.
    sweep : (vectors, start, factors) writes v_{k+1} = c₀ A v_k + c₁ v_k + c₂ v_{k−1}
        for k ≥ start and returns inner products; see `Neighborhood.sweep`.
    chain : the recurrence without keeping its vectors; None if there is none.
    radius : approximate largest modulus of an eigenvalue of A; 0 if unknown.
    """

    apply: Callable[[np.ndarray], np.ndarray]
    sweep: Callable[[np.ndarray, int, np.ndarray], np.ndarray]
    chain: Chain | None
    radius: float


@dataclass(frozen=True, eq=False)
class LinearSystem:
    """V̇ = A V + B, V(0) = 0 with A V = R_W₀ R_S Ω (V/W₀), B = R_W₀ S, S = softmax(Ω C).

    Linearization (2.22b) at any base point W₀. At the barycenter R_W₀ R_S = R_S/J and
    V/W₀ = J V, so A V = R_S Ω V and B = Π₀ S / J (2.23), as computed here.
    All arrays are of one type, float64 or float32, and planar: the label comes first,
    then row and column (or the node of a graph).

    Attributes
    ----------
    neighborhood : which pixels each pixel averages over.
    weights : of `neighborhood.weight_shape`, Ω, positive, patches sum to one.
    log_likelihood : (label, row, col), C = log W₀ − D/ρ.
    similarity : (label, row, col), S.
    base_point : (label, row, col), W₀, or None for the barycenter.
    inflow : (label, row, col), tangent, what other flows add to B (5.2), or None.
    coordinates : of the distances; they do not affect the numbers.
    """

    neighborhood: Neighborhood
    weights: np.ndarray
    log_likelihood: np.ndarray
    similarity: np.ndarray
    base_point: np.ndarray | None = None
    inflow: np.ndarray | None = None
    coordinates: Coordinates = field(default_factory=Coordinates, repr=False)

    @classmethod
    def at(
        cls,
        neighborhood: Neighborhood,
        weights: np.ndarray,
        log_likelihood: np.ndarray,
        base_point: np.ndarray | None = None,
    ) -> LinearSystem:
        """Return the system for these weights."""
        S = neighborhood.similarity(weights, log_likelihood)
        return cls(neighborhood, weights, log_likelihood, S, base_point)

    @property
    def shape(self) -> tuple[int, ...]:
        """(labels, rows, cols), or (labels, nodes)."""
        return self.similarity.shape

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes of a field."""
        return (LABEL, *self.neighborhood.dims)

    def label(self, values: np.ndarray, **attrs: Any) -> xr.DataArray:
        """Return a field, or numbers per pixel, with names and coordinates."""
        dims = self.dims[-values.ndim :]
        return self.coordinates.label(values, dims, **attrs)

    @property
    def pixels(self) -> int:
        """The number I of pixels."""
        return self.neighborhood.pixels

    @cached_property
    def source(self) -> np.ndarray:
        """B = R_W₀ S, at the barycenter Π₀ S / J, and the inflow if there is one.

        S sums to one over the labels, so Π₀ S = S − 1/J.
        """
        if self.base_point is None:
            J = self.shape[0]
            own = Line(self.similarity, 1.0 / J, -1.0 / J**2).array
        else:
            own = self.replicate_base(self.similarity)
        return own if self.inflow is None else own + self.inflow

    @property
    def start(self) -> Line:
        """B; Π₀ S / J is not formed as an array."""
        if self.base_point is None and self.inflow is None:
            J = self.shape[0]
            return Line(self.similarity, 1.0 / J, -1.0 / J**2)
        return Line(self.source)

    @property
    def growth(self) -> float:
        """μ ≥ 0 with ‖e^{tA}‖ ≤ e^{tμ}: a bound of ‖A‖₂.

        `rate` at the barycenter, elsewhere `rate` · ‖R_W₀‖₂ max(1/W₀).
        """
        return self.rate * self.pull_norm * self.push_norm

    @cached_property
    def rate(self) -> float:
        """‖R_S‖₂ ‖Ω‖₂ ≥ ‖R_S Ω‖₂: a bound of the growth in Ũ = V/W₀.

        There the system is R_S Ω Ũ + S at every base point: see `flow.coordinates`.
        """
        return self.spread * self.averaging_norm

    @property
    def core(self) -> LinearSystem:
        """The same flow in Ũ: a system at the barycenter, with C = log W₀ − D/ρ.

        Its solution V_𝟙 gives V = J R_W₀ V_𝟙.
        """
        return replace(self, base_point=None)

    @cached_property
    def noise(self) -> tuple[float, float]:
        """Bounds of the rounding errors of R_S Ω and b, in the coordinates Ũ.

        The entries of Ω C are off by (N + 1) u max|C| for patches of N, u the unit
        roundoff, so S by s = 2 (N max|C| + 4) u relatively and R_S by 4 s, since
        ‖Diag(S) + S Sᵀ‖ ≤ 2. Applying A costs (N + J + 5) u ‖Diag(S) + S Sᵀ‖ ‖Ω‖, the
        other terms of a recurrence 3 u ‖R_S‖.
        """
        if self.shape[0] == 1:  # S = 1, R_S = 0 and b = 0, without rounding
            return 0.0, 0.0
        u = float(np.finfo(self.similarity.dtype).eps) / 2.0
        N = self.neighborhood.largest
        s = 2.0 * ((N + 1) * float(np.abs(self.log_likelihood).max()) + 4.0) * u
        apply = 2.0 * (N + self.shape[0] + 5) * u
        of_A = (4.0 * s + apply) * self.averaging_norm + 3.0 * u
        if self.base_point is not None:  # what V/W₀ and R_W₀ add, relative to each
            of_A += 2.0 * apply * self.rate
        return of_A, 2.0 * s * float(np.linalg.norm(self.similarity))

    @cached_property
    def averaging_norm(self) -> float:
        """A bound of ‖Ω‖₂."""
        return self.neighborhood.averaging_norm(self.weights)

    @cached_property
    def spread(self) -> float:
        """A bound of ‖R_S‖₂, at most ½."""
        return simplex.replicator_norm(self.similarity)

    @property
    def pull_norm(self) -> float:
        """A bound of the norm of `pull`."""
        return (
            1.0 if self.base_point is None else simplex.replicator_norm(self.base_point)
        )

    @property
    def push_norm(self) -> float:
        """The norm of `push`."""
        return 1.0 if self.base_point is None else float(1.0 / self.base_point.min())

    def push(self, V: np.ndarray) -> np.ndarray:
        """V/W₀; V itself at the barycenter, where `pull` takes over the factor."""
        return V if self.base_point is None else V / self.base_point

    def pull(self, U: np.ndarray) -> np.ndarray:
        """R_W₀ U; U itself at the barycenter, where R_S absorbs Π₀."""
        if self.base_point is None:
            return U
        return simplex.replicator(self.base_point, U)

    def replicate_base(self, U: np.ndarray) -> np.ndarray:
        """R_W₀ U, at the barycenter Π₀ U / J."""
        if self.base_point is None:
            return scaled_center(U, 1.0 / self.shape[0])
        return simplex.replicator(self.base_point, U)

    def exponent(self, V: np.ndarray) -> np.ndarray:
        """Return log W₀ + V/W₀: W = Exp_W₀(V) is its softmax, up to constants."""
        if self.base_point is None:
            return self.shape[0] * V
        return np.log(self.base_point) + V / self.base_point

    def average(self, values: np.ndarray) -> np.ndarray:
        """Ω X."""
        return self.neighborhood.average(self.weights, values)

    def apply(self, values: np.ndarray) -> np.ndarray:
        """A V = R_W₀ R_S Ω (V/W₀)."""
        pushed = self.push(values)
        return self.pull(self.neighborhood.apply(self.weights, self.similarity, pushed))

    def apply_transpose(self, values: np.ndarray) -> np.ndarray:
        """Aᵀ U = (Ωᵀ R_S R_W₀ U) / W₀."""
        inner = np.ascontiguousarray(self.pull(values))
        return self.push(
            self.neighborhood.apply_transpose(self.weights, self.similarity, inner)
        )

    @property
    def forward(self) -> Operator:
        """A as an operator of Krylov spaces."""
        hood, pair = self.neighborhood, (self.weights, self.similarity)
        sweep, chain = partial(hood.sweep, pair), hood.chain(pair, transpose=False)
        return Operator(self.apply, sweep, chain, self.radius)

    @property
    def adjoint(self) -> Operator:
        """Aᵀ as an operator of Krylov spaces."""
        hood, pair = self.neighborhood, (self.weights, self.similarity)
        sweep = partial(hood.sweep_transpose, pair)
        chain = hood.chain(pair, transpose=True)
        return Operator(self.apply_transpose, sweep, chain, self.radius)

    @property
    def radius(self) -> float:
        """‖R_S‖, approximately the spectral radius; 0 away from the barycenter.

        There A is similar to such an operator, but does not run in one fused pass.
        """
        return self.spread if self.base_point is None else 0.0
