"""What rounding costs: small at every moment, amplified until the end.

Computed is the solution of a system that is off by what `LinearSystem.noise` bounds. A
difference that arises at time t is carried on by e^{(T−t)A}, which may grow faster than
V does: of two pixels of opposite colors the sum is unstable, V is their difference, and
at T = 190 only rounding is left. So rounding counts, in float64 too.
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
ends where a new vector is 64 roundings long, so errors below are no numbers, either."""

SMALL = 64
"""Numbers in a field up to which all eigenvalues of A are found."""

RITZ_TOLERANCE = 1e-3
"""Relative error allowed of the largest eigenvalue, which is raised by as much."""


class Path(NamedTuple):
    """How V came to its end, for the rounding on the way.

    norms : ‖V(τT)/T‖ e^{−τ shift} for τ = 0 … 1, in the coordinates of `rate`.
    noise : bounds of what rounding changes in A and in b, see `LinearSystem.noise`.
    enough : an error that is not worth a closer look.
    """

    norms: np.ndarray
    noise: tuple[float, float]
    enough: float


def amplified(system: LinearSystem, time: float, shift: float, path: Path) -> float:
    """Bound what rounding changes in the direction, both scaled by e^{−shift}.

    With ‖e^{tA}‖ ≤ e^{tμ}, μ = `rate`; where that is more than `enough`, and no sooner,
    the eigenvalues of A are looked at, see `spectral_bound`.
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
    """Return max Re λ(R_S Ω) ≥ 0, or `rate`, which is more, where it is not found."""
    shape, n = system.shape, system.similarity.size
    dtype = system.similarity.dtype

    def apply(x: np.ndarray) -> np.ndarray:
        field = np.ascontiguousarray(x, dtype).reshape(shape)
        pair = system.weights, system.similarity
        return system.neighborhood.apply(*pair, field).ravel()

    if n <= SMALL:
        matrix = np.stack([apply(unit) for unit in np.eye(n)])
        return max(0.0, float(np.linalg.eigvals(matrix).real.max()))
    A = LinearOperator((n, n), apply, dtype=dtype)
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
    """Errors that arose in sub-steps, and what becomes of them until the end."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.logs: list[tuple[float, float, float]] = []

    def enter(self, time: float, log_norm: float, error: float, noise: float) -> None:
        """Note ‖V‖ (its logarithm) at a time, and relative errors that arose before."""
        self.times.append(time)
        self.logs.append((log_norm, error, noise))

    def close(self, system: LinearSystem, enough: float) -> tuple[float, float]:
        """Return the relative errors at the end: of the steps, and of rounding.

        An error that is e^{(T−t)μ} times as large at T, while V grew from v to v_T, has
        grown ratio = e^{(T−t)μ} v/v_T times relative to V. Rounding is taken to point
        where A amplifies most. The error of a step points anywhere: of a vector of n
        numbers a share of 1/√n does, and the rest grows as V. This is an estimate.
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
