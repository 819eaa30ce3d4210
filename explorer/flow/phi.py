"""Small exponentials: φ(T H) e₁, its history over [0, T], and bounds of its error.

φ(x) = (eˣ − 1)/x. Exponentials are computed for T H − shift·I, and the factor
e^shift is stored as its logarithm, so a long time T cannot overflow.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

INTERVALS = 64
"""Subdivisions of [0, T] for the error bounds: |ρ(s)| ~ sᵐ, sampled at the right end of
each, is overestimated by a factor of at most (1 + 1/64)ᵐ."""


def shift_of(H: np.ndarray, time: float) -> float:
    """Return T · max(0, Re λ): the logarithm of the growth of e^{TH}."""
    if H.size == 0:
        return 0.0
    return time * max(0.0, float(np.linalg.eigvals(H).real.max()))


def augmented(H: np.ndarray, time: float) -> np.ndarray:
    """Return [[T H, e₁], [0, 0]]; its exponential has the last column (φ(TH)e₁, 1)."""
    m = H.shape[0]
    M = np.zeros((m + 1, m + 1))
    M[:m, :m] = time * H
    M[0, m] = 1.0
    return M


def phi_first(H: np.ndarray, time: float, shift: float) -> np.ndarray:
    """Return e^{−shift} φ(T H) e₁ (2.29)."""
    m = H.shape[0]
    if m == 0:
        return np.zeros(0)
    return expm(augmented(H, time) - shift * np.eye(m + 1))[:m, m]


def phi_history(H: np.ndarray, time: float, shift: float) -> np.ndarray:
    """Return τ φ(τ T H) e₁ · e^{−τ shift} for τ = 0 … 1, shape (INTERVALS + 1, m)."""
    m = H.shape[0]
    small = expm((augmented(H, time) - shift * np.eye(m + 1)) / INTERVALS)
    x = np.zeros(m + 1)
    x[m] = 1.0
    history = np.zeros((INTERVALS + 1, m))
    for k in range(1, INTERVALS + 1):
        x = small @ x
        history[k] = x[:m]
    return history


def exp_history(H: np.ndarray, time: float, shift: float) -> np.ndarray:
    """Return e^{τ T H} e₁ · e^{−τ shift} for τ = 0 … 1, shape (INTERVALS + 1, m)."""
    m = H.shape[0]
    small = expm((time * H - shift * np.eye(m)) / INTERVALS)
    history = np.zeros((INTERVALS + 1, m))
    history[0, 0] = 1.0
    for k in range(1, INTERVALS + 1):
        history[k] = small @ history[k - 1]
    return history


def defect_bound(defect: np.ndarray, growth: float, start: float = 0.0) -> np.ndarray:
    """Return a bound of the Krylov error at τ = 0 … 1 from its defect on that grid.

    On the unit interval the Krylov solution satisfies ẏ_m = T A y_m + c − ρ(τ) q_{m+1},
    so its error solves ė = T A e + ρ(τ) q_{m+1} and, with ‖e^{sA}‖ ≤ e^{sμ},
    ‖e(τ)‖ ≤ e^{τTμ} ‖e(0)‖ + ∫₀^τ e^{(τ−s)Tμ} |ρ(s)| ds. On each subinterval |ρ| is
    replaced by the larger of its end values.

    Parameters
    ----------
    defect : |ρ(τ)| on the grid; growth : Tμ; start : ‖e(0)‖. If the caller
    divided the solution by e^{τ·shift}, so is ρ, and growth is Tμ − shift.
    """
    step = 1.0 / INTERVALS
    bound = np.full(INTERVALS + 1, start)
    with np.errstate(over="ignore"):  # an infinite bound is valid
        factor = np.exp(step * growth)
        if np.isinf(factor):  # where ∞ · 0 would be NaN
            bound[1:] = np.inf
            return bound
        for k in range(INTERVALS):
            cell = step * max(1.0, factor) * max(defect[k], defect[k + 1])
            bound[k + 1] = factor * bound[k] + cell
    return bound


def upper_integral(values: np.ndarray) -> float:
    """Return an upper sum of ∫₀¹ for a nonnegative function sampled on the grid."""
    return float(np.maximum(values[1:], values[:-1]).sum()) / INTERVALS
