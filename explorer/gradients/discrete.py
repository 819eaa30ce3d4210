"""Explicit Euler on [0, 1]: paths, their errors, and their integrals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from explorer.flow.arnoldi import Basis, arnoldi
from explorer.flow.evolution import Evolution, Work
from explorer.flow.integrators import euler_steps, require_memory
from explorer.flow.system import LinearSystem
from explorer.gradients.factors import known, norms
from explorer.gradients.gradient import lighter

BEYOND_MEMORY = 1e15
"""More steps than fit into any memory: replaces a quotient T/h that overflows."""

SPECTRUM_DIM = 40
"""Dimension of the Krylov spaces for the singular values of Z_h. Up to as many steps,
they contain all of Z_h; beyond that, the reported error includes the missing part."""


def fractions(
    system: LinearSystem, time: float, step: float, copies: int = 1
) -> np.ndarray:
    """Return the steps τ_n = h_n/T of [0, 1], at least one, the last one shortened.

    Raises MemoryError if as many fields, times `copies`, do not fit.
    """
    with np.errstate(over="ignore"):
        quotient = float(np.divide(time, step))
    count = math.ceil(min(quotient, BEYOND_MEMORY))
    n = math.prod(system.shape)
    require_memory(
        f"a gradient through {count} Euler steps of {n} numbers",
        8 * n * copies * count,
        lambda: f"raise `time_step` above {step:g}, or {lighter(n)}",
    )
    count = max(1, euler_steps(time, step))
    if count == 1:
        return np.ones(1)
    tau = np.full(count, step / time)
    tau[-1] = 1.0 - (count - 1) * (step / time)
    return tau


class Path(NamedTuple):
    """The start of a path, and a bound of its error."""

    start: np.ndarray
    error: float = 0.0


class Node(NamedTuple):
    """A point of a discrete path: ‖x_n‖, ‖ẋ_n‖, a bound of ‖x(s_n) − x_n‖."""

    norm: float
    speed: float
    error: float


def euler(
    slope_of: Callable[[np.ndarray], np.ndarray],
    path: Path,
    tau: np.ndarray,
    growth: float,
) -> Iterator[tuple[np.ndarray, Node]]:
    """Yield x_0 … x_N of x_{n+1} = x_n + τ_n ẋ_n, ẋ = F x + c, with their errors.

    Within a step the defect of the straight line is (s − s_n) F ẋ_n, and τ_n F ẋ_n is
    ẋ_{n+1} − ẋ_n, so e_{n+1} ≤ e^{τ_n‖F‖} (e_n + ½ τ_n ‖ẋ_{n+1} − ẋ_n‖).

    Parameters
    ----------
    slope_of : x ↦ F x + c; growth : a bound of ‖F‖.
    """
    (x, error), slope = path, slope_of(path.start)
    for step in tau:
        yield x, Node(size(x), size(slope), error)
        x = x + step * slope
        following = slope_of(x)
        change = size(following - slope)
        error = grown(step * growth, error + 0.5 * step * change)
        slope = following
    yield x, Node(size(x), size(slope), error)


def grown(exponent: float, error: float) -> float:
    """Return e^exponent · error; an infinite bound is valid, and 0 stays 0."""
    if error == 0.0:
        return 0.0
    with np.errstate(over="ignore"):
        return float(np.exp(exponent) * error)


def size(x: np.ndarray) -> float:
    """Return ‖x‖ (Frobenius)."""
    return float(np.linalg.norm(x))


def require_finite(value: float, time: float) -> None:
    """Raise unless a norm along the way is a finite number."""
    if not math.isfinite(value):
        raise ValueError(
            f"`time` = {time:g} lets V(T) or its gradient grow beyond double "
            "precision, and Euler's scheme carries no scale: lower `time` or use "
            "`LowRankGradient`"
        )


def ending(
    system: LinearSystem, time: float, y: np.ndarray, error: float, count: int
) -> Evolution:
    """Return the end y(1) = V(T)/T of Euler's scheme as an Evolution."""
    return Evolution(
        system=system,
        time=time,
        shift=0.0,
        direction=y,
        error=error,
        work=Work(applications=count, substeps=count),
        cure="lower `time_step`",
    )


def integration_errors(
    tau: np.ndarray, growth: float, forward: list[Node], backward: list[Node]
) -> tuple[float, float]:
    """Bound ‖Z − Z_h‖ and ‖z − z_h‖; NaN if the error of the loss's slope is unknown.

    Z_h is the integral of λ̄ ȳᵀ with y_n for ȳ and λ_{n+1} for λ̄ within step n. There,
    with x = s − s_n, y(s) − ȳ = e^{xTA}(y(s_n) − y_n) + ∫₀ˣ e^{(x−t)TA} ẏ_n dt, hence
    ‖y − ȳ‖ ≤ e^{τμ}(e_n + x‖ẏ_n‖), where e_n bounds the error of the node and
    μ = `growth` ≥ ‖TA‖. In the same way ‖λ − λ̄‖ ≤ e^{τμ}(ε_{n+1} + (τ − x)‖λ̇_{n+1}‖).
    Integrated over x,
    ‖∫ λyᵀ − λ̄ȳᵀ ds‖ ≤ ∫ ‖λ − λ̄‖‖ȳ‖ + ‖λ̄‖‖y − ȳ‖ + ‖λ − λ̄‖‖y − ȳ‖ ds.
    """
    if math.isnan(backward[-1].error):
        return math.nan, math.nan
    norm_y, speed_y, error_y = np.array(forward).T
    norm_l, speed_l, error_l = np.array(backward).T
    with np.errstate(over="ignore", invalid="ignore"):  # ∞ is a valid bound
        factor = np.exp(tau * growth)
        off_y = factor * tau * (error_y + 0.5 * tau * speed_y)
        off_l = factor * tau * (error_l + 0.5 * tau * speed_l)
        mixed = 0.5 * tau * (error_l * speed_y + speed_l * error_y)
        both = error_l * error_y + mixed + tau**2 * speed_l * speed_y / 6.0
        whole = off_l * norm_y + norm_l * off_y + factor**2 * tau * both
        return known(float(whole.sum())), known(float(off_l.sum()))


def spectrum(
    evolution: Evolution, tau: np.ndarray, g: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return the singular values of Z_h, descending, and a bound of their error.

    y_n lies in K_n(A, B), λ_{N−k} in K_{k+1}(Aᵀ, g), so Z_h = P X Qᵀ with orthonormal
    bases P, Q of these spaces, and the small X has the same singular values. Spaces of
    lower dimension leave an error, which is bounded along the way.
    """
    system, T = evolution.system, evolution.time
    dim = min(tau.size, SPECTRUM_DIM)
    right = arnoldi(system.apply, system.source, dim)
    left = arnoldi(system.apply_transpose, g, dim)
    if left.dim == 0 or right.dim == 0:
        return np.zeros(0), 0.0
    unit = np.eye(right.dim)[0]
    first, last = 0.0 * unit, left.norm * np.eye(left.dim)[0]
    growth = T * system.growth
    y, off_y = coordinates(right, T, tau, (first, right.norm * unit), growth)
    x, off_x = coordinates(left, T, tau[::-1], (last, 0.0 * last), growth)
    x, off_x = x[::-1], off_x[::-1]
    with np.errstate(over="ignore", invalid="ignore"):
        X = x.T @ (tau[:, None] * y)
        error = tau * (off_x * norms(y) + (norms(x) + off_x) * off_y)
    if not np.isfinite(X).all():
        return np.zeros(0), math.inf
    return np.linalg.svd(X, compute_uv=False), known(float(error.sum()))


def coordinates(
    basis: Basis,
    time: float,
    tau: np.ndarray,
    path: tuple[np.ndarray, np.ndarray],
    growth: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return c_n with x_n ≈ Q c_n, n < N, and bounds of the errors of these x_n.

    c_{n+1} = c_n + τ_n (T H c_n + c), where `path` holds c_0 and c. From
    A Q = Q H + h_{m+1,m} q_{m+1} e_mᵀ the error d_n = x_n − Q c_n satisfies
    d_{n+1} = (I + τ_n T A) d_n + τ_n T h_{m+1,m} (e_mᵀ c_n) q_{m+1}.
    """
    (c, constant), d = path, 0.0
    points, errors = np.empty((tau.size, basis.dim)), np.empty(tau.size)
    with np.errstate(over="ignore", invalid="ignore"):  # ∞ is a valid bound
        for n, step in enumerate(tau):
            points[n], errors[n] = c, d
            d += step * (growth * d + time * basis.residual * abs(float(c[-1])))
            c = c + step * (time * (basis.H @ c) + constant)
    return points, errors
