"""The hierarchy of gradient methods (Sec. 3.3): each explains the next.

All of them evaluate Theorem 3.8 from the factors of Z. They differ in how they compute
the factors, and in the cost: from φ of a matrix with k⁴ entries, k = I·J + 1, down to
two Krylov bases. A method that does not fit into memory raises an error with its needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.linalg import expm

from explorer import params
from explorer.flow import phi
from explorer.flow.arnoldi import arnoldi
from explorer.flow.evolution import Evolution
from explorer.flow.integrators import DENSE_COPIES, DenseExponential, dense_matrix
from explorer.flow.krylov import Krylov, direction_error
from explorer.gradients.factors import Factors, known
from explorer.gradients.gradient import ClosedForm
from explorer.gradients.kronecker import (
    Augmented,
    KroneckerSum,
    SmallFactor,
    Start,
    augmented,
    unscaled,
)
from explorer.losses.balanced import any_loss
from explorer.losses.losses import Loss, LossValue
from explorer.params import of

EPS = float(np.finfo(float).eps)

SVD_COPIES = 5
"""Number of dense n×n arrays held at once to form Z and its SVD."""


def dense_operator(op: Augmented) -> np.ndarray:
    """Return 𝒜 as a k × k matrix."""
    k = op.size
    matrix = np.zeros((k, k))
    matrix[:-1, :-1] = op.time * dense_matrix(op.system)
    matrix[:-1, -1] = op.system.source.ravel()
    return matrix


def corner(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Z and z, the blocks of Z̃."""
    return Z[:-1, :-1], Z[:-1, -1]


class DenseForm(ClosedForm):
    """A method whose forward pass is the dense exponential."""

    @final
    @property
    def forward(self) -> DenseExponential:
        """The integrator of the forward pass."""
        return DenseExponential()


class KrylovForm(ClosedForm):
    """A method whose forward pass uses a Krylov space of `dim` vectors."""

    dim: int

    @final
    @property
    def forward(self) -> Krylov:
        """The integrator of the forward pass."""
        return Krylov(self.dim)


@dataclass(frozen=True)
class DirectKronecker(DenseForm):
    """Z̃ = φ(−𝒜ᵀ ⊕ 𝒜)(b₁ ⊗ e_k) from the whole k² × k² matrix (3.36); k⁴ numbers.

    Exact up to rounding. Beyond 512×512 pixels with 10 labels it would need more than
    10¹⁴ terabytes (Remark 3.9); a dozen pixels fit.

    Parameters
    ----------
    loss : DirectionLoss, CrossEntropy or TangentLoss
    """

    loss: Loss = any_loss()

    def memory(self, size: int) -> int:
        """Return the bytes that a problem of n = `size` numbers takes."""
        return DENSE_COPIES * 8 * ((size + 1) ** 2 + 1) ** 2

    def factorize(
        self, evolution: Evolution, value: LossValue, check: Callable[[], None]
    ) -> Factors:
        """Return the factors of Z."""
        op, g = augmented(evolution), unscaled(evolution, value.slope)
        A, unit = dense_operator(op), np.eye(op.size)
        b1 = expm(A.T) @ np.append(g.ravel(), 0.0)
        check()
        total = np.kron(-A.T, unit) + np.kron(unit, A)
        M = np.zeros((len(total) + 1, len(total) + 1))
        M[:-1, :-1], M[:-1, -1] = total, np.kron(b1, op.last)
        Z, z = corner(expm(M)[:-1, -1].reshape(op.size, op.size))
        # ‖φ(M₁⊕M₂)‖ ≤ e^{2ν}, ‖b₁‖ ≤ e^ν‖g‖; an exponential loses ‖M‖ roundings
        lost = EPS * op.size**2 * (1.0 + 2.0 * op.growth)
        error = lost * float(np.exp(3.0 * op.growth) * np.linalg.norm(g))
        return Factors.of_dense(evolution, Z, z, (error, error))


@dataclass(frozen=True)
class KroneckerKrylov(KrylovForm):
    """Z̃ from the Krylov space K_m(−𝒜ᵀ ⊕ 𝒜, b₁ ⊗ e_k) of vectors in R^{k²}.

    (m + 1) k² numbers, > 5000 TB for 512×512 pixels with 10 labels (Remark 3.9).

    Parameters
    ----------
    dim : int in 1 … 200, m, of this Krylov space and of the forward solve.
    loss : DirectionLoss, CrossEntropy or TangentLoss
    """

    dim: int = of(params.DIM)
    loss: Loss = any_loss()

    def memory(self, size: int) -> int:
        """Return the bytes that a problem of n = `size` numbers takes."""
        return 8 * (self.dim + 1 + SVD_COPIES) * (size + 1) ** 2

    def factorize(
        self, evolution: Evolution, value: LossValue, check: Callable[[], None]
    ) -> Factors:
        """Return the factors of Z."""
        op, fade = augmented(evolution), float(np.exp(-evolution.shift))
        g = unscaled(evolution, value.slope)
        start = Start.of(op, g, fade * value.slope_error, self.dim)

        def apply(X: np.ndarray) -> np.ndarray:
            left = np.stack([op.apply_back(column) for column in X.T], axis=1)
            return left + np.stack([op.apply(row) for row in X])

        seed = np.outer(start.vector, op.last)
        basis = arnoldi(apply, seed, self.dim, check)
        if basis.dim == 0:
            return Factors.none(evolution)
        Z, z = corner(basis.combine(basis.norm * phi.phi_first(basis.H, 1.0, 0.0)))
        growth = 2.0 * op.growth
        error = float(direction_error(basis, 1.0, 0.0, growth)[-1])
        error = known(error + start.error * float(np.exp(growth)))
        return Factors.of_dense(evolution, Z, z, (error, error))


@dataclass(frozen=True)
class BenziSimoncini(KrylovForm):
    """Z̃ ≈ P_m vec_r⁻¹(φ(T₁ ⊕ T₂) e₁) Q_mᵀ (3.42b), formed as a k × k matrix.

    k² numbers, > 50 TB for 512×512 pixels with 10 labels (Remark 3.10).

    Parameters
    ----------
    dim : int in 1 … 200, m, of both Krylov spaces and of the forward solve.
    loss : DirectionLoss, CrossEntropy or TangentLoss
    """

    dim: int = of(params.DIM)
    loss: Loss = any_loss()

    def memory(self, size: int) -> int:
        """Return the bytes that a problem of n = `size` numbers takes."""
        return 8 * SVD_COPIES * (size + 1) ** 2 + factored_memory(size, self.dim)

    def factorize(
        self, evolution: Evolution, value: LossValue, check: Callable[[], None]
    ) -> Factors:
        """Return the factors of Z."""
        op, fade = augmented(evolution), float(np.exp(-evolution.shift))
        g = unscaled(evolution, value.slope)
        start = Start.of(op, g, fade * value.slope_error, self.dim)
        if not start.vector.any():
            return Factors.none(evolution)
        small = SmallFactor.of(op, start, self.dim, check)
        Z, z = corner(small.left.T @ small.X @ small.right)
        return Factors.of_dense(evolution, Z, z, (small.error, small.error))


@dataclass(frozen=True)
class FactoredSVD(KrylovForm):
    """Z ≈ Σ_r σ_r (P_m y_r)(Q_m z_r)ᵀ (3.45c) with all m components, never formed.

    4 k m numbers, < 1 GB for 512×512 pixels with 10 labels (Remark 3.11).

    Parameters
    ----------
    dim : int in 1 … 200, m, of both Krylov spaces and of the forward solve.
    loss : DirectionLoss, CrossEntropy or TangentLoss
    """

    dim: int = of(params.DIM)
    loss: Loss = any_loss()

    def memory(self, size: int) -> int:
        """Return the bytes that a problem of n = `size` numbers takes."""
        return factored_memory(size, self.dim)

    def factorize(
        self, evolution: Evolution, value: LossValue, check: Callable[[], None]
    ) -> Factors:
        """Return the factors of Z."""
        return KroneckerSum().factorize(evolution, value, self.dim, check)


def factored_memory(size: int, dim: int) -> int:
    """Return the bytes of the four bases of the paper's route and their QR factors."""
    return 8 * 8 * (dim + 1) * (size + 1)


@dataclass(frozen=True)
class DenseGradient(DenseForm):
    """Exact gradient: Z and z as blocks of one exponential of 2n + 1 rows (Van Loan).

    expm([[T Aᵀ, g e_kᵀ], [0, 𝒜ᵀ]]) has ∫₀¹ e^{(1−s)TAᵀ} g e_kᵀ e^{s𝒜ᵀ} ds = [Z, z] as
    its upper right block. For small problems; any time.

    Parameters
    ----------
    loss : DirectionLoss, CrossEntropy or TangentLoss
    """

    loss: Loss = any_loss()
    cure = "lower `time`"

    def memory(self, size: int) -> int:
        """Return the bytes that a problem of n = `size` numbers takes."""
        return DENSE_COPIES * 8 * (2 * size + 1) ** 2

    def factorize(
        self, evolution: Evolution, value: LossValue, check: Callable[[], None]
    ) -> Factors:
        """Return the factors of Z."""
        op = Augmented(evolution.system, evolution.time)
        A, n = dense_operator(op), op.size - 1
        M = np.zeros((2 * n + 1, 2 * n + 1))
        M[:n, :n], M[n:, n:] = A[:-1, :-1].T, A.T
        M[:n, -1] = value.slope.ravel()
        check()
        # scaled because the slope is too long by e^shift (see `routes.van_loan`)
        block = expm(M - evolution.shift * np.eye(len(M)))[:n, n:]
        lost = EPS * len(M) * (1.0 + 2.0 * op.growth)
        error = lost * float(np.linalg.norm(block))
        return Factors.of_dense(evolution, block[:, :-1], block[:, -1], (error, error))
