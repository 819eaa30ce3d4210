"""The closed-form gradient of the loss in the weights, and its low-rank form (3.47)."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from explorer import params
from explorer.flow.evolution import Evolution, Integrator
from explorer.flow.integrators import fits, require_memory
from explorer.flow.krylov import Krylov
from explorer.flow.orthogonalization import BlockChebyshev
from explorer.flow.system import LinearSystem
from explorer.geometry import simplex
from explorer.gradients.derivative import (
    Bounds,
    Derivative,
    GradientMethod,
)
from explorer.gradients.factors import Factors, known
from explorer.gradients.kronecker import KroneckerSum
from explorer.gradients.ranks import AUTO, checked_rank, require_rank
from explorer.gradients.routes import Route, TwoSided, checked_route
from explorer.losses.balanced import any_loss
from explorer.losses.losses import Loss, LossValue
from explorer.params import of, part
from explorer.threads import exclusive


@dataclass(frozen=True, eq=False)
class GradientState:
    """The parts of a gradient that do not depend on the rank: loss and factors of Z."""

    loss: LossValue
    factors: Factors
    truth: np.ndarray

    def bounds(self, rank: int) -> Bounds:
        """Bound the errors at this rank; NaN if the error of the slope is unknown."""
        bounds = gradient_errors(self.factors, rank)
        if math.isnan(self.loss.slope_error):
            return replace(bounds, approximation=math.nan, singular_value=math.nan)
        return bounds


class ClosedForm(GradientMethod):
    """Theorem 3.8: ∂f from factors of Z; subclasses differ in how they compute them."""

    @property
    @abstractmethod
    def forward(self) -> Integrator:
        """The integrator of the forward pass."""

    @abstractmethod
    def memory(self, size: int) -> int:
        """Return the bytes that a problem of n = I·J = `size` numbers takes."""

    @abstractmethod
    def factorize(
        self, evolution: Evolution, value: LossValue, check: Callable[[], None]
    ) -> Factors:
        """Return the factors of Z for the gradient of the loss in the direction."""

    def rank_of(self, factors: Factors) -> int:
        """Return how many components of Z are kept; by default, all of them."""
        return factors.singular_values.size

    @final
    @exclusive
    def init(
        self,
        evolution: Evolution,
        truth: np.ndarray,
        check: Callable[[], None] = lambda: None,
    ) -> GradientState:
        """Evaluate the loss and factorize Z; the rank does not enter."""
        value = self.loss.evaluate(evolution, truth)
        return GradientState(value, self.factorize(evolution, value, check), truth)

    @final
    @exclusive
    def compute(self, state: GradientState) -> Derivative:
        """Return ∂f with the number of components that `rank_of` returns."""
        factors, rank = state.factors, self.rank_of(state.factors)
        return Derivative(
            evolution=factors.evolution,
            truth=state.truth,
            loss=state.loss.value,
            loss_error=lambda: state.loss.value_error,
            gradient=assemble(factors, rank),
            singular_values=factors.singular_values,
            rank=rank,
            bounds=lambda: state.bounds(rank),
        )

    @final
    @exclusive
    def differentiate(
        self,
        system: LinearSystem,
        truth: np.ndarray,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Derivative:
        """Return loss and gradient: forward solve, `init` and `compute` in one."""
        size = system.similarity.size
        name = f"{type(self).__name__} for {size} = I·J numbers"
        require_memory(name, self.memory(size), lambda: lighter(size))
        evolution = self.forward.integrate(system, time, check)
        return self.compute(self.init(evolution, truth, check))


@dataclass(frozen=True)
class LowRankGradient(ClosedForm):
    """∂f(Ω) in closed form from two Krylov spaces and a truncated SVD.

    ∂f = T Σ_{r ≤ rank} σ_r ⟦R_S u_r, w_r⟧ + T ⟦R_S G, −D/ρ⟧ with
    G = Σ_r σ_r (u_r∘X_r − ⟨S,X_r⟩u_r − ⟨S,u_r⟩X_r) + (1/J) Π₀ z, X_r = Ω w_r, and
    ⟦P, Q⟧_ik = Σ_j P_ij Q_kj for the neighbors k of i. At another base point W₀,
    replace u by R_W₀ u, w by w/W₀, (1/J) Π₀ z by R_W₀ z, and −D/ρ by log W₀ − D/ρ.

    Parameters
    ----------
    dim : int in 1 … 200
        m, dimension of both Krylov spaces K_m(A, b) and K_m(Aᵀ, ∂f).
    rank : int in 1 … dim, or "auto"
        r, the number of singular components of Z to keep; the paper keeps one. "auto"
        keeps the fewest with ‖Z − Z_r‖ ≤ `rank_tolerance` · ‖Z‖ (Frobenius).
    loss : DirectionLoss, CrossEntropy or TangentLoss
    route : TwoSided or KroneckerSum (the paper's), the way to compute Z.
    rank_tolerance : float in (0, 1], for rank "auto".

    Notes
    -----
    The term in z (second summand of (3.28a)) is kept exactly, not folded into the SVD.
    """

    dim: int = of(params.DIM)
    rank: Any = of(params.RANK, check=checked_rank, words=(AUTO,))
    loss: Loss = any_loss()
    route: Route = part(
        TwoSided, checked_route, TwoSided, KroneckerSum, meaning="route to compute Z"
    )
    rank_tolerance: float = of(params.RANK_TOLERANCE)

    def _judge(self) -> None:
        if self.rank != AUTO:
            require_rank(self.rank, self.dim)

    @property
    def forward(self) -> Krylov:
        """The integrator of the forward pass."""
        way = self.route.orthogonalization
        return Krylov(dim=self.dim, orthogonalization=way)

    def memory(self, size: int) -> int:
        """Return the bytes that a problem of n = `size` numbers takes."""
        rank = self.dim if self.rank == AUTO else int(self.rank)
        way = self.route.orthogonalization
        vectors = 2 * (self.dim + 1) if way.keeps(8 * size, self.dim) else 0
        return 8 * size * (vectors + 4 * (rank + 1))

    def factorize(
        self, evolution: Evolution, value: LossValue, check: Callable[[], None]
    ) -> Factors:
        """Return the factors of Z by the chosen route."""
        return self.route.factorize(evolution, value, self.dim, check)

    def rank_of(self, factors: Factors) -> int:
        """Return `rank`, or the rank that "auto" finds, at least 1."""
        if self.rank != AUTO:
            return int(self.rank)
        allowed = self.rank_tolerance * factors.tail(0)
        ranks = range(1, factors.singular_values.size + 1)
        return next((r for r in ranks if factors.tail(r) <= allowed), 1)


def lighter(size: int) -> str:
    """Name the cheapest gradient that fits into memory for n = I·J = `size` numbers.

    A Krylov space whose vectors are not kept takes the least memory.
    """
    frugal = LowRankGradient(route=TwoSided(BlockChebyshev(keep=False)))
    cheapest = min((LowRankGradient(), frugal), key=lambda method: method.memory(size))
    need = cheapest.memory(size)
    if not fits(need):
        return (
            f"the cheapest gradient, {call_of(cheapest)}, needs {need / 10**9:.3g} GB "
            "too; use fewer pixels or labels"
        )
    return f"use `{call_of(cheapest)}`, which needs {need / 10**9:.3g} GB"


def call_of(method: LowRankGradient) -> str:
    """Return the call that makes this method, without default arguments."""
    if method == LowRankGradient():
        return f"LowRankGradient(dim={method.dim}, rank={method.rank})"
    return "LowRankGradient(route=TwoSided(BlockChebyshev(keep=False)))"


def assemble(factors: Factors, rank: int) -> np.ndarray:
    """Return ∂f of rank `rank`, shaped like the weights."""
    return assembled(factors, rank, keep=False)[0]


def assemble_both(factors: Factors, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ∂f in the weights, and G with ∂f = Ωᵀ R_S G in the data term C."""
    return assembled(factors, rank, keep=True)


def assembled(factors: Factors, rank: int, keep: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return ∂f, and G if `keep`; the data enter only through S = softmax(Ω C).

    From σ_r u_r, w_r and z: one sampled product over all terms at once. C and z
    matter up to constants per pixel only, because R_S G sums to zero over the labels.
    """
    system, T = factors.evolution.system, factors.evolution.time
    u, w, z = factors.parts(rank)
    scale = 1.0 / system.shape[0]
    if system.base_point is not None:
        u, w = each(system.pull, u), each(system.push, w)
        z, scale = system.replicate_base(z), 1.0
    u, w, z = (x.astype(system.similarity.dtype, copy=False) for x in (u, w, z))
    fields = system.similarity, system.log_likelihood, z
    parts = u, w, T, scale
    return system.neighborhood.assemble(system.weights, fields, parts, keep)


def each(f: Callable[[np.ndarray], np.ndarray], fields: np.ndarray) -> np.ndarray:
    """Return f of every field in (r, label, row, col)."""
    return np.stack([f(x) for x in fields]) if len(fields) else fields


def gradient_errors(factors: Factors, rank: int) -> Bounds:
    """Bound ‖∂f_r − exact ∂f_r‖ and the part that rank r neglects (Frobenius).

    ∂f is linear in (Z, z). Its first term reads the J entries (i,j),(k,j) of T R_S Z,
    each at most `multiplicity` times: norm ≤ T ‖R_S‖ √(J·multiplicity) ‖Z‖. In the
    second, G_i = Σ_k ω_ik (diag Z_ik − Z_ik S_i − Z_ikᵀ S_i) gives ‖G‖ ≤ 3‖Z‖, and as
    R_S G has zero mean over the labels, ‖⟦R_S G, C⟧‖ ≤ ‖R_S‖ c ‖G‖ with
    c² = N max_k ‖Π₀C_k‖², N the largest patch. The part of z is at most
    ‖R_S‖ c ‖z‖ / J. Away from the barycenter, R_W₀ Z Diag(1/W₀) replaces Z, and ‖R_W₀‖
    replaces 1/J.
    """
    of_Z, of_z = sensitivity(factors.evolution.system, factors.evolution.time)
    krylov = of_Z * factors.truncated_error(rank) if of_Z else 0.0
    return Bounds(
        approximation=known(krylov + of_z * factors.error_z),
        truncation=of_Z * factors.tail(rank),
        singular_value=factors.error,
    )


def sensitivity(system: LinearSystem, time: float) -> tuple[float, float]:
    """Return the factors by which errors of Z and of z enter ∂f, at most."""
    hood, labels, spread = system.neighborhood, system.shape[0], system.spread
    C = simplex.center(system.log_likelihood)
    c = math.sqrt(hood.largest * float(simplex.inner(C, C).max()))
    base = system.pull_norm * system.push_norm
    one = 1.0 / labels if system.base_point is None else system.pull_norm
    first = math.sqrt(labels * hood.multiplicity)
    return time * spread * base * (first + 3.0 * c), spread * c * one


def riemannian_gradient(system: LinearSystem, gradient: np.ndarray) -> np.ndarray:
    """R_Ω ∂ℒ (3.8): the gradient in the Fisher–Rao metric."""
    return system.neighborhood.replicator(system.weights, gradient)
