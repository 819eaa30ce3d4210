"""`LowRankGradient`: the closed-form gradient of the loss in the weights (3.47)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import COMPONENT, labeled
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import Krylov
from explorer.flow.linearized import LinearizedFlow, checked_flow
from explorer.flow.system import LinearSystem
from explorer.geometry import grid, kernels, simplex
from explorer.learning.factors import Factors, factorize
from explorer.learning.losses import DirectionLoss, target_of
from explorer.threads import exclusive

SOURCE = "Zeilmann, Petra, Schnörr (JMIV 2023), Theorem 3.8 and (3.47)"


@dataclass(frozen=True, eq=False)
class GradientState:
    """What does not depend on the rank: the loss, the factors of Z."""

    loss: float
    loss_error: float
    factors: Factors
    labels: np.ndarray

    @property
    def error_percent(self) -> float:
        """Share of wrongly labeled pixels, in percent."""
        return percent_wrong(self.factors.evolution.labels, self.labels)


@dataclass(frozen=True)
class LowRankGradient:
    """∂f(Ω) in closed form from two Krylov spaces and a truncated SVD.

    ∂f = T Σ_{r ≤ rank} σ_r ⟦R_S u_r, w_r⟧ + T ⟦R_S G, −D/ρ⟧ with
    G = Σ_r σ_r (u_r∘X_r − ⟨S,X_r⟩u_r − ⟨S,u_r⟩X_r) + (1/J) Π₀ z, X_r = Ω w_r, and
    ⟦P, Q⟧_ik = Σ_j P_ij Q_kj for the neighbors k of i. Linearized at another W₀,
    u becomes R_W₀ u, w becomes w/W₀, (1/J) Π₀ z becomes R_W₀ z, and −D/ρ log W₀ − D/ρ.

    Parameters
    ----------
    dim : int in 1 … 200
        m, dimension of both Krylov spaces K_m(A, b) and K_m(Aᵀ, ∂f).
    rank : int in 1 … dim
        r, how many singular components of Z are kept; the paper keeps one.
    loss : DirectionLoss

    Notes
    -----
    Deviation from the letter of the paper: Z comes from the two-sided form of one small
    exponential instead of φ(−𝒜ᵀ⊕𝒜); both are equal in exact arithmetic. The term in z
    (second summand of (3.28a)) is kept exactly and not folded into the SVD.
    """

    dim: int = int(params.DIM.default)
    rank: int = int(params.RANK.default)
    loss: DirectionLoss = field(default_factory=DirectionLoss)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", params.DIM.check(self.dim))
        object.__setattr__(self, "rank", params.RANK.check(self.rank))
        if not isinstance(self.loss, DirectionLoss):
            raise TypeError(
                f"`loss` = {self.loss!r} is a {type(self.loss).__name__}; "
                "needed is a DirectionLoss: pass `DirectionLoss()`"
            )
        if self.rank > self.dim:
            raise ValueError(
                f"`rank` = {self.rank} exceeds `dim` = {self.dim}: a Krylov space of "
                "dimension m holds at most m components; lower `rank` or raise `dim`"
            )

    @property
    def forward(self) -> Krylov:
        """The integrator of the forward pass."""
        return Krylov(dim=self.dim)

    @exclusive
    def init(
        self,
        evolution: Evolution,
        labels: np.ndarray,
        check: Callable[[], None] = lambda: None,
    ) -> GradientState:
        """Evaluate the loss and factorize Z; the rank does not enter."""
        target = target_of(labels, evolution.direction.shape[0])
        value, g = self.loss(evolution.direction, target)
        error_g = self.loss.gradient_error(evolution.direction, evolution.error)
        factors = factorize(evolution, g, error_g, self.dim, check)
        loss_error = self.loss.error(evolution.direction, evolution.error)
        return GradientState(value, loss_error, factors, labels)

    @exclusive
    def compute(self, state: GradientState) -> np.ndarray:
        """Return ∂f of rank `rank`, (offset, row, col)."""
        return assemble(state.factors, self.rank)

    @exclusive
    def __call__(
        self, flow: LinearizedFlow, weights: Any, labels: Any, time: float
    ) -> xr.Dataset:
        """Return loss, gradient, singular values, error share and error bounds.

        Parameters
        ----------
        flow : LinearizedFlow
        weights : DataArray or array (offset, row, col), positive, patches sum to one.
        labels : DataArray or array (row, col), ground truth, integers 0 … J−1.
        time : float in [0, 10⁴], T.

        Returns
        -------
        Dataset with `loss` f(V(T)); `gradient` ∂f (offset, row, col), Euclidean;
        `singular_values` of Z (component); `error_percent`. Upper bounds of the errors:
        `loss_error`; `singular_value_error` (of each); `krylov_error`, the distance to
        the exact gradient of this rank (all three cured by `dim`); `truncation_error`,
        what the rank neglects (cured by `rank`).
        """
        time = params.TIME.check(time)
        system = checked_flow(flow).system(flow.check_weights(weights))
        truth = flow.check_labels(labels)
        forward = self.forward
        state = self.init(forward.compute(forward.init(system), time), truth)
        return self.present(flow, state)

    def present(self, flow: LinearizedFlow, state: GradientState) -> xr.Dataset:
        """Return the gradient of a state as a labeled dataset."""
        krylov, truncation = gradient_errors(state.factors, self.rank)
        gradient = flow.label_weights(self.compute(state))
        gradient.attrs.update(symbol="∂f", long_name="Euclidean gradient of the loss")
        sigma = labeled(
            state.factors.singular_values,
            (COMPONENT,),
            coords={COMPONENT: np.arange(1, state.factors.singular_values.size + 1)},
            symbol="σ",
            long_name="singular values of Z",
        )
        by_dim = {"cure": "raise dim"}
        return xr.Dataset(
            {
                "loss": ((), state.loss, {"symbol": "f", "source": "(3.4)"}),
                "gradient": gradient,
                "singular_values": sigma,
                "error_percent": ((), state.error_percent, {"units": "percent"}),
                "loss_error": ((), state.loss_error, by_dim),
                "singular_value_error": ((), state.factors.error, by_dim),
                "krylov_error": ((), krylov, by_dim),
                "truncation_error": ((), truncation, {"cure": "raise rank"}),
            },
            attrs={
                "time": state.factors.evolution.time,
                "dim": self.dim,
                "rank": self.rank,
                "source": SOURCE,
            },
        )


def percent_wrong(labels: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of pixels with labels ≠ truth, in percent."""
    return 100.0 * float(np.mean(labels != truth))


def assemble(factors: Factors, rank: int) -> np.ndarray:
    """Return ∂f of rank `rank`, (offset, row, col)."""
    return assemble_both(factors, rank)[0]


def assemble_both(factors: Factors, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ∂f in the weights, and G with ∂f = Ωᵀ R_S G in the data term C.

    From σ_r u_r, w_r and z: one sampled product over all terms at once. The data enter
    by S = softmax(Ω C) only, hence the second gradient.
    """
    system, T = factors.evolution.system, factors.evolution.time
    S = system.similarity
    left_vectors, right_vectors = factors.vectors(rank)
    u = [system.pull(x) for x in left_vectors]
    w = [system.push(x) for x in right_vectors]
    G = system.replicate_base(factors.z)
    for ur, wr in zip(u, w, strict=True):
        X = system.average(wr)
        G += T * (ur * X - simplex.inner(S, X) * ur - simplex.inner(S, ur) * X)
    left = [T * simplex.replicator(S, ur) for ur in u] + [simplex.replicator(S, G)]
    right = [*w, system.log_likelihood]  # C: R_S G sums to zero, constants drop out
    gradient = np.empty_like(system.weights)
    kernels.sampled_product(np.concatenate(left), np.concatenate(right), gradient)
    return gradient, G


def gradient_errors(factors: Factors, rank: int) -> tuple[float, float]:
    """Bound ‖∂f_r − exact ∂f_r‖ and the part that rank r neglects (Frobenius).

    ∂f is linear in (Z, z). Its first term reads the J entries (i,j),(k,j) of T R_S Z,
    each at most `multiplicity` times: norm ≤ T ‖R_S‖ √(J·multiplicity) ‖Z‖. In the
    second, G_i = Σ_k ω_ik (diag Z_ik − Z_ik S_i − Z_ikᵀ S_i) gives ‖G‖ ≤ 3‖Z‖, and as
    R_S G has zero mean over the labels, ‖⟦R_S G, C⟧‖ ≤ ‖R_S‖ c ‖G‖ with
    c² = N max_k ‖Π₀C_k‖². The part of z is at most ‖R_S‖ c ‖z‖ / J. Away from the
    barycenter Z is first turned into R_W₀ Z Diag(1/W₀), and 1/J into ‖R_W₀‖.
    """
    system, T = factors.evolution.system, factors.evolution.time
    labels, rows, cols = system.shape
    count = system.weights.shape[0]
    spread = system.spread
    twice = grid.multiplicity(math.isqrt(count) // 2, (rows, cols))
    C = simplex.center(system.log_likelihood)
    c = math.sqrt(count * float(simplex.inner(C, C).max()))
    base = system.pull_norm * system.push_norm
    of_Z = T * spread * base * (math.sqrt(labels * twice) + 3.0 * c)
    of_z = (
        spread * c * (1.0 / labels if system.base_point is None else system.pull_norm)
    )
    krylov = of_Z * factors.truncated_error(rank) if T else 0.0
    return krylov + of_z * factors.error_z, of_Z * factors.tail(rank)


def riemannian_gradient(system: LinearSystem, gradient: np.ndarray) -> np.ndarray:
    """R_Ω ∂ℒ (3.8): the gradient in the Fisher–Rao metric."""
    return simplex.replicator(system.weights, gradient)
