"""Routes to the low-rank factors of Z: two small Krylov spaces, one exponential."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg import expm

from explorer.flow import phi
from explorer.flow.arnoldi import Basis, Span
from explorer.flow.coordinates import lifted, pulled
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import direction_error
from explorer.flow.orthogonalization import (
    BlockChebyshev,
    Orthogonalization,
    any_orthogonalization,
)
from explorer.gradients.factors import Curve, Factors, known, norms, product_error
from explorer.losses.losses import LossValue
from explorer.params import Record


class Route(Record, ABC):
    """A way to compute the factors of Z from the end of a forward solve.

    Attributes
    ----------
    orthogonalization : how bases are made orthonormal, also in the forward solve.
    """

    orthogonalization: Orthogonalization = BlockChebyshev()

    @abstractmethod
    def factorize(
        self,
        evolution: Evolution,
        value: LossValue,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Factors:
        """Return the factors of Z = ∫₀¹ e^{(1−s)TAᵀ} g y(s)ᵀ ds from spaces of `dim`.

        g is the slope of the loss.
        """


@dataclass(frozen=True)
class TwoSided(Route):
    """K_m(Aᵀ, g), K_m(A, b) and the exponential of one (2m+1)×(2m+1) block (Van Loan).

    The basis of K_m(A, b) comes from the forward solve. In exact arithmetic,
    it equals the paper's `KroneckerSum`, with a smaller exponential and spaces that do
    not contain e^{𝒜ᵀ}.

    Parameters
    ----------
    orthogonalization : BlockChebyshev or GramSchmidt, of K_m(A, b) and K_m(Aᵀ, g).
    """

    orthogonalization: Orthogonalization = any_orthogonalization()

    def factorize(
        self,
        evolution: Evolution,
        value: LossValue,
        dim: int,
        check: Callable[[], None] = lambda: None,
    ) -> Factors:
        """Return the factors of Z; see `Route`."""
        right = forward_basis(evolution)
        adjoint = evolution.system.adjoint
        left = self.orthogonalization.build(adjoint, value.slope, dim, check)
        if left.dim == 0 or right.dim == 0:
            return Factors.none(evolution)
        X, y = van_loan(left, right, evolution)
        U, sigma, Wt = np.linalg.svd(X, full_matrices=False)
        return Factors(
            evolution,
            left.stored,
            right.stored,
            left.coordinates(U),
            sigma,
            right.coordinates(Wt.T),
            left.coordinates(y),
            lambda: factor_errors(evolution, left, value.slope_error),
            carried_errors(evolution, left, value),
        )


def checked_route(value: Any) -> Route:
    """Return `value`, or raise if it is not a route."""
    if not isinstance(value, Route):
        raise TypeError(
            f"`route` = {value!r} is a {type(value).__name__}; pass "
            "`TwoSided()` or `KroneckerSum()`"
        )
    return value


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
    as its upper right block (Van Loan 1978). It is scaled by e^{−shift}; g is too long
    by exactly that factor, because its direction is scaled by e^{−shift}, too.
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

    The defect of λ_m on its own clock τ = 1 − s is T γ h_{m+1,m} |e_mᵀ e^{τT T₁} e₁|.
    """
    system, right = evolution.system, forward_basis(evolution)
    pull, (of_A, of_b) = system.pull_norm, system.noise
    noise = of_A * pull * system.push_norm, of_b * pull
    clock = evolution.time, evolution.shift, system.growth
    return path_errors(clock, noise, (left, right), error_g)


def carried_errors(
    evolution: Evolution, left: Basis, value: LossValue
) -> Callable[[], tuple[float, float]] | None:
    """Return a function for `carried` in `Factors`; see `flow.coordinates`."""
    system, right = evolution.system, forward_basis(evolution)
    if system.base_point is None:
        return None
    pull, push = system.pull_norm, system.push_norm

    @cache
    def find() -> tuple[float, float]:
        clock = evolution.time, evolution.shift, system.rate
        pair = pulled(system, left), lifted(system, right)
        error_g = pull * value.slope_error
        Z, z = path_errors(clock, system.noise, pair, error_g)
        return Z / (pull * push), z / pull

    return find


def path_errors(
    clock: tuple[float, float, float],
    noise: tuple[float, float],
    pair: tuple[Basis, Basis],
    error_g: float,
) -> tuple[float, float]:
    """Bound the errors of ∫ λ yᵀ ds and of ∫ λ ds from the spaces of λ and of y.

    `clock` is (time, shift, growth); a basis may be measured in other coordinates.
    """
    (T, shift, growth), (left, right) = clock, pair
    error_y = direction_error(right, T, shift, growth, noise)
    y = Curve(length(right, right.norm * phi.phi_history(right.H, T, shift)), error_y)
    history = left.norm * phi.exp_history(left.H, T, shift)
    defect = T * left.residual * np.abs(history[:, -1])
    if noise[0] > 0.0:
        defect += T * noise[0] * left.magnitude(history)
        error_g += noise[0] * left.norm
    error_l = phi.defect_bound(defect, T * growth - shift, error_g)
    with np.errstate(over="ignore", invalid="ignore"):
        fade = np.exp(-shift * np.linspace(1.0, 0.0, phi.INTERVALS + 1))
        error_z = known(phi.upper_integral(fade * error_l))
    path = Curve(length(left, history), error_l).reversed()
    return product_error(path, y), error_z


def length(basis: Basis, history: np.ndarray) -> np.ndarray:
    """Return ‖Q y‖ for each row, or a bound if Q is measured in other coordinates."""
    measured = not isinstance(basis.stored, Span) and basis.stored.size == 0
    return basis.magnitude(history) if measured and basis.dim else norms(history)
