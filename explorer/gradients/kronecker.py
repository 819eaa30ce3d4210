"""The paper's route to Z: φ of a Kronecker sum, applied to b₁ ⊗ b₂ (3.35)–(3.45).

With y(s) = V(sT)/T the augmented matrix 𝒜 = [[T A, b], [0, 0]] generates
e^{s𝒜} e_k = (y(s), 1), and e^{−s𝒜ᵀ} b₁ = (λ(s), ·) for b₁ = e^{𝒜ᵀ}(g, 0). So

    Z̃ = vec_r⁻¹ φ(−𝒜ᵀ ⊕ 𝒜)(b₁ ⊗ e_k) = ∫₀¹ e^{−s𝒜ᵀ} b₁ (e^{s𝒜} e_k)ᵀ ds,

with M₁ ⊕ M₂ = M₁ ⊗ I + I ⊗ M₂ and rows stacked, has Z as its upper left n × n block,
and z as the rest of its last column. (The paper writes T b for b, so its Z is T · Z.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from explorer.flow import phi
from explorer.flow.arnoldi import Basis, arnoldi
from explorer.flow.evolution import Evolution
from explorer.flow.integrators import DENSE_COPIES, require_memory
from explorer.flow.krylov import direction_error
from explorer.flow.system import LinearSystem
from explorer.gradients.factors import Curve, Factors, known, norms, product_error
from explorer.gradients.routes import Route
from explorer.late import cached_property
from explorer.losses.losses import LossValue

LARGEST_GROWTH = 200.0
"""Largest T μ: b₁ may be e^{Tμ} long, and its path e^{Tμ} times longer in between."""


@dataclass(frozen=True, eq=False)
class Augmented:
    """𝒜 = [[T A, b], [0, 0]] acting on vectors of k = n + 1 numbers."""

    system: LinearSystem
    time: float

    @property
    def size(self) -> int:
        """k = I·J + 1."""
        return self.system.similarity.size + 1

    @cached_property
    def growth(self) -> float:
        """ν with ‖e^{s𝒜}‖, ‖e^{−s𝒜}‖ ≤ e^{sν} for s ≥ 0.

        The symmetric part of ±𝒜 is bounded by [[Tμ, ‖b‖/2], [‖b‖/2, 0]].
        """
        inner = self.time * self.system.growth
        b = float(np.linalg.norm(self.system.source))
        return 0.5 * (inner + float(np.hypot(inner, b)))

    @cached_property
    def last(self) -> np.ndarray:
        """e_k, the vector b₂."""
        unit = np.zeros(self.size)
        unit[-1] = 1.0
        return unit

    def field(self, x: np.ndarray) -> np.ndarray:
        """Return the first n numbers as (label, row, col)."""
        return x[:-1].reshape(self.system.shape)

    def apply(self, x: np.ndarray) -> np.ndarray:
        """𝒜 x."""
        top = self.time * self.system.apply(self.field(x)) + x[-1] * self.system.source
        return np.append(top.ravel(), 0.0)

    def apply_transpose(self, x: np.ndarray) -> np.ndarray:
        """𝒜ᵀ x."""
        top = self.field(x)
        bottom = float(np.vdot(self.system.source, top))
        moved = self.time * self.system.apply_transpose(top)
        return np.append(moved.ravel(), bottom)

    def apply_back(self, x: np.ndarray) -> np.ndarray:
        """−𝒜ᵀ x: the matrix M₁."""
        return -self.apply_transpose(x)


@dataclass(frozen=True, eq=False)
class Start:
    """b₁ = e^{𝒜ᵀ}(g, 0), computed in K_m(𝒜ᵀ, (g, 0)), and a bound of its error."""

    vector: np.ndarray
    error: float

    @classmethod
    def of(cls, op: Augmented, g: np.ndarray, error_g: float, dim: int) -> Start:
        """Carry the gradient of the loss through the exponential."""
        basis = arnoldi(op.apply_transpose, np.append(g.ravel(), 0.0), dim)
        if basis.dim == 0:
            return cls(np.zeros(op.size), 0.0)
        path = exponential_path(basis, op.growth, error_g)
        vector = basis.combine(basis.norm * expm(basis.H)[:, 0])
        return cls(vector, float(path.error[-1]))


def exponential_path(basis: Basis, growth: float, start_error: float) -> Curve:
    """Return the path e^{sH}(β e₁), 0 ≤ s ≤ 1, with a bound of its error."""
    history = basis.norm * phi.exp_history(basis.H, 1.0, 0.0)
    defect = basis.residual * np.abs(history[:, -1])
    return Curve(norms(history), phi.defect_bound(defect, growth, start_error))


def augmented(evolution: Evolution) -> Augmented:
    """Return 𝒜, or raise if its exponential would exceed double precision."""
    op = Augmented(evolution.system, evolution.time)
    if op.growth > LARGEST_GROWTH:
        raise ValueError(
            f"`time` = {evolution.time:g} lets e^𝒜 grow up to e^{op.growth:.0f}, more "
            "than the Kronecker form can hold: lower `time`, or use LowRankGradient "
            "with route TwoSided()"
        )
    return op


def unscaled(evolution: Evolution, g: np.ndarray) -> np.ndarray:
    """Return ∂f in y(1) = e^shift · direction, from ∂f in the direction."""
    return g * np.exp(-evolution.shift)


@dataclass(frozen=True, eq=False)
class SmallFactor:
    """Z̃ ≈ P X̃ Qᵀ with X̃ = φ(T₁ ⊕ T₂)e₁ as (p, m) (3.42b), and a bound of its error."""

    left: np.ndarray
    right: np.ndarray
    X: np.ndarray
    error: float

    @classmethod
    def of(
        cls,
        op: Augmented,
        start: Start,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> SmallFactor:
        """Build K_m(−𝒜ᵀ, b₁) and K_m(𝒜, e_k), and φ of their Kronecker sum."""
        left = arnoldi(op.apply_back, start.vector, dim, check)
        right = arnoldi(op.apply, op.last, dim, check)
        size = left.dim * right.dim
        require_memory(
            f"the exponential of the Kronecker sum of two {dim}×{dim} matrices",
            DENSE_COPIES * 8 * (size + 1) ** 2,
            lambda: f"lower `dim` below {dim}, or use LowRankGradient({dim})",
        )
        T1, T2 = left.H, right.H
        total = np.kron(T1, np.eye(len(T2))) + np.kron(np.eye(len(T1)), T2)
        X = left.norm * phi.phi_first(total, 1.0, 0.0).reshape(len(T1), len(T2))
        error = product_error(
            exponential_path(left, op.growth, start.error),
            exponential_path(right, op.growth, 0.0),
        )
        return cls(left.vectors, right.vectors, X, error)


@dataclass(frozen=True)
class KroneckerSum(Route):
    """The paper's route (3.42b), (3.45c): K_m(−𝒜ᵀ, b₁), K_m(𝒜, e_k), φ(T₁ ⊕ T₂) e₁.

    The factors of Z̃ are cut to the first n numbers and orthonormalized again, so the
    singular values are those of Z; z = φ(TAᵀ)g is computed in K_m(Aᵀ, g). b₁ carries
    the growth e^{Tμ}, which e^{−s𝒜ᵀ} reverts: for long times this loses digits that
    `TwoSided` keeps, and T μ > 200 raises an error.
    """

    def factorize(
        self,
        evolution: Evolution,
        value: LossValue,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Factors:
        """Return the factors of Z; see `Route`."""
        op = augmented(evolution)
        g = unscaled(evolution, value.slope)
        error_g = value.slope_error * float(np.exp(-evolution.shift))
        start = Start.of(op, g, error_g, dim)
        if not start.vector.any():
            return Factors.none(evolution)
        small = SmallFactor.of(op, start, dim, check)
        P, R1 = np.linalg.qr(small.left[:, :-1].T)
        Q, R2 = np.linalg.qr(small.right[:, :-1].T)
        U, sigma, Wt = np.linalg.svd(R1 @ small.X @ R2.T, full_matrices=False)
        z, error_z = exact_z(evolution, g, error_g, dim)
        shape = evolution.system.shape
        left, right = P.T.reshape(-1, *shape), Q.T.reshape(-1, *shape)
        errors = small.error, error_z
        return Factors(evolution, left, right, U, sigma, Wt.T, z, lambda: errors)


def exact_z(
    evolution: Evolution, g: np.ndarray, error_g: float, dim: int
) -> tuple[np.ndarray, float]:
    """Return z = φ(TAᵀ)g from K_dim(Aᵀ, g), and a bound of its error."""
    system, T = evolution.system, evolution.time
    basis = arnoldi(system.apply_transpose, g, dim)
    z = basis.combine(basis.norm * phi.phi_first(basis.H, T, 0.0))
    error = float(direction_error(basis, T, 0.0, system.growth)[-1])
    return z, known(error + error_g * float(np.exp(T * system.growth)))
