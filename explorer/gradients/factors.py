"""The factors of the gradient: Z ≈ Σ_r σ_r u_r w_rᵀ and z, and the errors of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer.flow import phi
from explorer.flow.arnoldi import Span, combine
from explorer.flow.evolution import Evolution
from explorer.late import cached_property


@dataclass(frozen=True, eq=False)
class Factors:
    """Z ≈ Σ_r σ_r u_r w_rᵀ and z, independent of the rank that is kept.

    With y(s) = V(sT)/T and λ(s) = e^{(1−s)TAᵀ} g, g the gradient of the loss in the
    direction φ(TA)b:  Z = ∫₀¹ λ yᵀ ds,  z = ∫₀¹ λ ds = φ(TAᵀ) g. By the chain rule
    g = T ∂f(V_T), so Z is the Z of Theorem 3.8, and z contains T ∂f(V_T); nothing is
    divided by T.

    Attributes
    ----------
    evolution : the forward solution.
    left, right : (p, label, row, col), (m, …), or `Span`s: bases for the u_r and w_r.
    U, singular_values, W : Z ≈ Σ_r σ_r u_r w_rᵀ with u_r = left · U_r and
        w_r = right · W_r orthonormal, from the SVD of a small matrix.
    end : z, (label, row, col), or its coordinates in left, (p,).
    errors : computes bounds of the errors of Z and of z (Frobenius).
    carried : computes such bounds for the parts of ∂f, R_W₀ Z Diag(1/W₀) and R_W₀ z,
        divided by ‖R_W₀‖ max(1/W₀) and by ‖R_W₀‖; None if they are no sharper.
    """

    evolution: Evolution
    left: np.ndarray | Span
    right: np.ndarray | Span
    U: np.ndarray
    singular_values: np.ndarray
    W: np.ndarray
    end: np.ndarray
    errors: Callable[[], tuple[float, float]]
    carried: Callable[[], tuple[float, float]] | None = None

    @classmethod
    def none(cls, evolution: Evolution) -> Factors:
        """Return Z = 0 and z = 0, if there is nothing to learn or to report."""
        shape = evolution.system.shape
        empty, vectors = np.zeros((0, 0)), np.zeros((0, *shape))
        z = np.zeros(shape)
        nothing = np.zeros(0)
        return cls(
            evolution, vectors, vectors, empty, nothing, empty, z, lambda: (0.0, 0.0)
        )

    @classmethod
    def of_dense(
        cls,
        evolution: Evolution,
        Z: np.ndarray,
        z: np.ndarray,
        errors: tuple[float, float],
    ) -> Factors:
        """Return the factors of a full matrix Z, n × n."""
        shape = evolution.system.shape
        U, sigma, Wt = np.linalg.svd(Z)
        left, right = U.T.reshape(-1, *shape), Wt.reshape(-1, *shape)
        unit = np.eye(sigma.size)
        end = z.reshape(shape)
        return cls(evolution, left, right, unit, sigma, unit, end, lambda: errors)

    def vectors(self, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """Return σ_r u_r and w_r for r < rank, each (r, label, row, col)."""
        r = min(rank, self.singular_values.size)
        scaled = self.U[:, :r] * self.singular_values[:r]
        return combine(self.left, scaled), combine(self.right, self.W[:, :r])

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The error bounds of Z and of z."""
        return self.errors()

    @property
    def error(self) -> float:
        """A bound of the error of Z."""
        return self.bounds[0]

    @property
    def error_z(self) -> float:
        """A bound of the error of z, as it enters ∂f."""
        sharper = self.bounds if self.carried is None else self.carried()
        return min(self.bounds[1], sharper[1])

    @cached_property
    def z(self) -> np.ndarray:
        """z, (label, row, col)."""
        if self.end.ndim > 1:
            return self.end
        return combine(self.left, self.end[:, None])[0]

    def parts(self, rank: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the result of `vectors`, and z, in one pass over the left vectors."""
        if self.end.ndim > 1 or "z" in self.__dict__:
            return (*self.vectors(rank), self.z)
        r = min(rank, self.singular_values.size)
        scaled = self.U[:, :r] * self.singular_values[:r]
        left = combine(self.left, np.column_stack([scaled, self.end]), gaps=True)
        right = combine(self.right, self.W[:, :r], gaps=True)
        return left[:r], right, left[r]

    def tail(self, rank: int) -> float:
        """Return ‖Z − Z_r‖ of the computed Z: the part that rank r neglects."""
        return float(np.linalg.norm(self.singular_values[rank:]))

    def truncated_error(self, rank: int) -> float:
        """Bound ‖Z̃_r − Z_r‖, computed against exact rank-r truncation.

        With E = Z̃ − Z, ε = ‖E‖, P̃, P the projectors on the leading r left vectors:
        Z̃_r − Z_r = P̃E + (P̃ − P)Z and (P̃ − P)Z = P̃P⊥Z − P̃⊥PZ. Wedin's theorem bounds
        the sines between the leading spaces by ε/δ, δ = σ̃_r − σ̃_{r+1} − ε, so the sum
        is at most ε (2 + (2σ̃_{r+1} + ε)/δ). Without a gap (δ ≤ 0) only
        ‖Z̃_r‖ + ‖Z_r‖ ≤ 2‖Z̃‖ + ε remains. If nothing is cut off, Z itself is within ε,
        and within ε of its best approximation of that rank: 2ε in total.
        """
        if rank >= self.singular_values.size:
            if self.carried is not None:  # as it enters ∂f, compared with the full Z
                return min(2.0 * self.error, self.carried()[0])
            return 2.0 * self.error
        sigma = np.append(self.singular_values, np.zeros(rank + 1))
        eps, gap = self.error, sigma[rank - 1] - sigma[rank] - self.error
        whole = 2.0 * float(np.linalg.norm(sigma)) + eps
        if gap <= 0.0:
            return whole
        return min(whole, eps * (2.0 + (2.0 * float(sigma[rank]) + eps) / float(gap)))


@dataclass(frozen=True, eq=False)
class Curve:
    """A path in Rⁿ on the grid of [0, 1]: its approximation's norm, and its error.

    norm, error : (INTERVALS + 1,), ‖y_m(s)‖ and a bound of ‖y(s) − y_m(s)‖.
    """

    norm: np.ndarray
    error: np.ndarray

    def reversed(self) -> Curve:
        """Return the path run through from 1 to 0."""
        return Curve(self.norm[::-1], self.error[::-1])


def product_error(left: Curve, right: Curve) -> float:
    """Bound ‖∫ λ yᵀ − λ_m y_mᵀ ds‖ ≤ ∫ ‖λ−λ_m‖ ‖y_m‖ + (‖λ_m‖+‖λ−λ_m‖) ‖y−y_m‖ ds."""
    with np.errstate(over="ignore", invalid="ignore"):
        whole = left.norm + left.error
        error = phi.upper_integral(left.error * right.norm + whole * right.error)
    return known(error)


def known(error: float) -> float:
    """Return the error, ∞ if an unbounded error met a vanishing factor."""
    return float("inf") if np.isnan(error) else error


def norms(history: np.ndarray) -> np.ndarray:
    """Return the Euclidean norm of each row."""
    return np.linalg.norm(history, axis=1)
