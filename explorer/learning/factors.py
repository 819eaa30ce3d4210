"""The two-sided Krylov form of the gradient's factor Z, its SVD, and its error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from explorer.flow import phi
from explorer.flow.arnoldi import Basis, arnoldi
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import direction_error


@dataclass(frozen=True, eq=False)
class Factors:
    """Z ≈ Σ_r σ_r u_r w_rᵀ and z ≈ P y, independent of the rank that is kept.

    With y(s) = V(sT)/T and λ(s) = e^{(1−s)TAᵀ} g, g the gradient of the loss in the
    direction φ(TA)b:  Z = ∫₀¹ λ yᵀ ds,  z = ∫₀¹ λ ds = φ(TAᵀ) g. As the loss depends
    on the direction of V only, g = T ∂f(V_T), so Z is that of Theorem 3.8 and T ∂f(V_T)
    is contained in z; nothing is divided by T.

    Attributes
    ----------
    evolution : the forward solution; left : basis P of K_m(Aᵀ, g).
    U, singular_values, W : SVD of the small matrix X, Z ≈ P X Qᵀ.
    z : (label, row, col).
    error, error_z : bounds of ‖Z − P X Qᵀ‖ and ‖z − P y‖ (Frobenius).
    """

    evolution: Evolution
    left: Basis
    U: np.ndarray
    singular_values: np.ndarray
    W: np.ndarray
    z: np.ndarray
    error: float
    error_z: float

    def vectors(self, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """Return σ_r u_r and w_r for r < rank, each (r, label, row, col)."""
        r = min(rank, self.singular_values.size)
        shape = (r, *self.evolution.system.shape)
        if r == 0:
            return np.zeros(shape), np.zeros(shape)
        right = forward_basis(self.evolution)
        scaled = self.U[:, :r] * self.singular_values[:r]
        return self.left.combine(scaled), right.combine(self.W[:, :r])

    def tail(self, rank: int) -> float:
        """Return ‖Z − Z_r‖ of the computed Z: what rank r neglects."""
        return float(np.linalg.norm(self.singular_values[rank:]))

    def truncated_error(self, rank: int) -> float:
        """Bound ‖Z̃_r − Z_r‖, computed against exact rank-r truncation.

        With E = Z̃ − Z, ε = ‖E‖, P̃, P the projectors on the leading r left vectors:
        Z̃_r − Z_r = P̃E + (P̃ − P)Z and (P̃ − P)Z = P̃P⊥Z − P̃⊥PZ. Wedin's theorem bounds
        the sines between the leading spaces by ε/δ, δ = σ̃_r − σ̃_{r+1} − ε, so that the
        whole is at most ε (2 + (2σ̃_{r+1} + ε)/δ). Without a gap (δ ≤ 0) only
        ‖Z̃_r‖ + ‖Z_r‖ ≤ 2‖Z̃‖ + ε remains. If nothing is cut off, Z itself is within ε,
        and within ε of its best approximation of that rank: 2ε together.
        """
        if rank >= self.singular_values.size:
            return 2.0 * self.error
        sigma = np.append(self.singular_values, np.zeros(rank + 1))
        eps, gap = self.error, sigma[rank - 1] - sigma[rank] - self.error
        whole = 2.0 * float(np.linalg.norm(sigma)) + eps
        if gap <= 0.0:
            return whole
        return min(whole, eps * (2.0 + (2.0 * float(sigma[rank]) + eps) / float(gap)))


def factorize(
    evolution: Evolution,
    g: np.ndarray,
    error_g: float,
    dim: int,
    check: Callable[[], None] = lambda: None,
) -> Factors:
    """Return the factors of Z from K_dim(Aᵀ, g) and the basis of the forward solve.

    `error_g` bounds the error of g that the forward solve has caused.
    """
    right = forward_basis(evolution)
    left = arnoldi(evolution.system.apply_transpose, g, dim, check)
    if left.dim == 0 or right.dim == 0:
        empty, none = np.zeros(0), np.zeros((left.dim, 0))
        return Factors(evolution, left, none, empty, none, 0.0 * g, 0.0, 0.0)
    X, y = van_loan(left, right, evolution)
    U, sigma, Wt = np.linalg.svd(X, full_matrices=False)
    error, error_z = factor_errors(evolution, left, error_g)
    return Factors(evolution, left, U, sigma, Wt.T, left.combine(y), error, error_z)


def forward_basis(evolution: Evolution) -> Basis:
    """Return the Krylov space of the forward solve, which the factors share."""
    if evolution.basis is None:
        raise TypeError("the forward solution has no Krylov space: solve with `Krylov`")
    return evolution.basis


def van_loan(
    left: Basis, right: Basis, evolution: Evolution
) -> tuple[np.ndarray, np.ndarray]:
    """Return X = ∫₀¹ λ_m(s) y_m(s)ᵀ ds and ∫₀¹ λ_m ds in the coordinates of the bases.

    𝒜_m = [[T H, β e₁],[0, 0]] generates (y_m, 1). The block triangular exponential
    expm([[T T₁, e₁ e_{m+1}ᵀ],[0, 𝒜_mᵀ]]) has ∫₀¹ e^{(1−s)T T₁} e₁ e_{m+1}ᵀ e^{s𝒜_mᵀ} ds
    as its upper right block (Van Loan 1978). It is scaled by e^{−shift}; g, taken of a
    direction that carries e^{−shift} too, is too long by just that factor.
    """
    T, p, m = evolution.time, left.dim, right.dim
    M = np.zeros((p + m + 1, p + m + 1))
    M[:p, :p] = T * left.H
    M[0, -1] = 1.0
    M[p:-1, p:-1] = T * right.H.T
    M[-1, p] = right.norm
    block = left.norm * expm(M - evolution.shift * np.eye(p + m + 1))[:p, p:]
    return block[:, :m], block[:, m]


def factor_errors(
    evolution: Evolution, left: Basis, error_g: float
) -> tuple[float, float]:
    """Bound ‖Z − P X Qᵀ‖ and ‖z − P y‖.

    ‖Z − Z̃‖ ≤ ∫₀¹ ‖λ − λ_m‖ ‖y_m‖ + (‖λ_m‖ + ‖λ − λ_m‖) ‖y − y_m‖ ds, with the defect
    of λ_m on its own clock τ = 1 − s equal to T γ h_{m+1,m} |e_mᵀ e^{τT T₁} e₁|.
    """
    T, shift, growth = evolution.time, evolution.shift, evolution.system.growth
    right = forward_basis(evolution)
    error_y = direction_error(right, T, shift, growth)
    y = right.norm * norms(phi.phi_history(right.H, T, shift))
    history = left.norm * phi.exp_history(left.H, T, shift)
    defect = T * left.residual * np.abs(history[:, -1])
    error_l = phi.defect_bound(defect, T * growth - shift, error_g)
    lam, flipped = norms(history)[::-1], error_l[::-1]
    with np.errstate(over="ignore", invalid="ignore"):
        error = phi.upper_integral(flipped * y + (lam + flipped) * error_y)
        fade = np.exp(-shift * np.linspace(1.0, 0.0, phi.INTERVALS + 1))
        error_z = phi.upper_integral(fade * error_l)
    # an unbounded error times a vanishing factor is no information
    known = np.nan_to_num([error, error_z], nan=np.inf, posinf=np.inf)
    return float(known[0]), float(known[1])


def norms(history: np.ndarray) -> np.ndarray:
    """Return the Euclidean norm of each row."""
    return np.linalg.norm(history, axis=1)
