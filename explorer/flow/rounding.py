"""Effects of rounding: small at every moment, but amplified until the end.

The computed V solves a perturbed system; `LinearSystem.noise` bounds the perturbation.
An error that arises at time t is propagated by e^{(T−t)A}, which may grow faster than
V. For example, for two pixels of opposite colors, V is their difference, but their sum
is unstable, and at T = 190 only rounding is left. So rounding counts, even in float64.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

from explorer.flow import phi
from explorer.flow.system import LinearSystem

EPS = float(np.finfo(float).eps)

LEAST = 100 * EPS
"""Least relative tolerance: the least that SciPy's Runge–Kutta accepts. A Krylov space
ends when a new vector is 64 roundings long, so it cannot reach smaller errors."""

SMALL = 64
"""Size of the largest field for which all eigenvalues of A are computed."""

RITZ_TOLERANCE = 1e-3
"""Relative error allowed for the largest eigenvalue, which is raised by as much."""


class Path(NamedTuple):
    """The course of V up to the end, for the rounding along it.

    norms : ‖V(τT)/T‖ e^{−τ shift} for τ = 0 … 1, in the coordinates of `rate`.
    noise : bounds of the rounding errors of A and b, see `LinearSystem.noise`.
    enough : an error so small that its bound need not be sharper.
    """

    norms: np.ndarray
    noise: tuple[float, float]
    enough: float


def amplified(system: LinearSystem, time: float, shift: float, path: Path) -> float:
    """Bound the rounding error of the direction, both scaled by e^{−shift}.

    The bound uses ‖e^{tA}‖ ≤ e^{tμ}, μ = `rate`. If it exceeds `enough`, the
    eigenvalues of A are computed, too; see `spectral_bound`.
    """
    norms, (of_A, of_b), enough = path
    fade = np.exp(-shift * np.linspace(0.0, 1.0, phi.INTERVALS + 1))
    defect = time * of_A * norms + of_b * fade
    cheap = float(phi.defect_bound(defect, time * system.rate - shift)[-1])
    if cheap <= enough:
        return cheap
    alpha, factor = spectral_bound(system, time)
    bound = factor * phi.defect_bound(defect, time * alpha - shift)[-1]
    return min(cheap, float(bound))


def spectral_bound(system: LinearSystem, time: float) -> tuple[float, float]:
    """Return α and c with ‖e^{tA}‖ ≤ c e^{tα} for t ≤ `time`.

    α is the largest real part of an eigenvalue. For symmetric Ω, R_S = L Lᵀ turns
    A = L Lᵀ Ω into the symmetric N = Lᵀ Ω L with the same α, and from
    e^{tA} = 1 + ∫₀ᵗ L e^{sN} LᵀΩ ds follows c = 1 + tμ. For other Ω it is an estimate.
    """
    return abscissa(system), 1.0 + time * system.rate


def abscissa(system: LinearSystem) -> float:
    """Return max Re λ(R_S Ω) ≥ 0, or `rate`, which is larger, if it is not found."""
    shape, n = system.shape, system.similarity.size
    dtype = system.similarity.dtype

    def apply(x: np.ndarray) -> np.ndarray:
        field = np.ascontiguousarray(x, dtype).reshape(shape)
        pair = system.weights, system.similarity
        return system.neighborhood.apply(*pair, field).ravel()

    if n <= SMALL:
        matrix = np.stack([apply(unit) for unit in np.eye(n)])
        return max(0.0, float(np.linalg.eigvals(matrix).real.max()))
    # SciPy's type stub knows only the base class, whose arguments differ
    A = LinearOperator((n, n), apply, dtype=dtype)  # type: ignore[misc]
    start = np.random.default_rng(0).standard_normal(n).astype(dtype)
    try:
        found = eigs(
            A, 1, which="LR", tol=RITZ_TOLERANCE, v0=start, return_eigenvectors=False
        )
    except ArpackError:  # no convergence, or A = 0
        return system.rate
    largest = float(found.real.max()) * (1.0 + RITZ_TOLERANCE)
    return min(system.rate, max(0.0, largest))


class Ledger:
    """Errors of sub-steps, and their growth until the end."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.logs: list[tuple[float, float, float]] = []

    def enter(self, time: float, log_norm: float, error: float, noise: float) -> None:
        """Record log ‖V‖ at a time, and the relative errors that arose before."""
        self.times.append(time)
        self.logs.append((log_norm, error, noise))

    def close(self, system: LinearSystem, enough: float) -> tuple[float, float]:
        """Return the relative errors at the end: of the steps, and of rounding.

        If an error grows by e^{(T−t)μ} until T while V grows from v to v_T, it grows by
        ratio = e^{(T−t)μ} v/v_T relative to V. Rounding is assumed to point where A
        amplifies most. The error of a step may point anywhere: a share of 1/√n of a
        vector of n numbers points there, the rest grows like V. This is an estimate.
        """
        if not self.times:
            return 0.0, 0.0
        left = self.times[-1] - np.array(self.times)
        norms, errors, noises = np.array(self.logs).T

        def total(rate: float) -> tuple[float, float]:
            with np.errstate(over="ignore", invalid="ignore"):
                ratio = np.maximum(1.0, np.exp(left * rate + norms - norms[-1]))
                share = np.maximum(1.0, ratio / math.sqrt(system.similarity.size))
                of_steps = np.where(errors > 0.0, errors * share, 0.0)
                return float(of_steps.sum()), float((noises * ratio).sum())

        cheap = total(system.rate)
        if len(left) == 1 or sum(cheap) <= enough:
            return cheap
        return total(abscissa(system))
