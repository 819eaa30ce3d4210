"""The assignment manifold, for labeled and for plain arrays: maps (2.10)–(2.14).

Every function acts on each simplex vector apart. In a DataArray these lie along the
dimension `dim` ("label" unless told otherwise; "offset" for weight patches); in a plain
array along the first axis. The result is of the kind of the first argument.

p, q are points of the open simplex S (positive, summing to one), v tangent vectors
(summing to zero), u any vectors. Equation numbers are those of Zeilmann, Petra,
Schnörr (JMIV 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import LABEL
from explorer.geometry import simplex

HUGE = 1e300
"""Exponents are kept within ± this: their differences then stay finite."""


def rowwise(reduces: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Let a function on plain arrays, simplex axis first, take labeled arrays too."""

    def decorate(function: Callable[..., np.ndarray]) -> Callable[..., Any]:
        @wraps(function)
        def apply(*arguments: Any, dim: str = LABEL, **options: Any) -> Any:
            if not any(isinstance(a, xr.DataArray) for a in arguments):
                return function(*map(real, arguments), **options)
            for argument in arguments:
                if isinstance(argument, xr.DataArray) and dim not in argument.dims:
                    raise ValueError(
                        f"`dim` = {dim!r} is no dimension of an argument with "
                        f"{tuple(argument.dims)}: name the dimension of the simplex"
                    )
            core = [[dim] if isinstance(a, xr.DataArray) else [] for a in arguments]

            def first_axis(*values: np.ndarray) -> np.ndarray:
                moved = [np.moveaxis(real(v), -1, 0) for v in values]
                result = function(*moved, **options)
                return result if reduces else np.moveaxis(result, 0, -1)

            output = [[]] if reduces else [[dim]]
            result = xr.apply_ufunc(
                first_axis, *arguments, input_core_dims=core, output_core_dims=output
            )
            template = arguments[0]
            order = [d for d in template.dims if d in result.dims]
            return result.transpose(*order, ...)

        return apply

    return decorate


def real(value: Any) -> np.ndarray:
    """Return an array of float64, or raise if the entries are no real numbers."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"entries have dtype {array.dtype}; needed are real numbers")
    return array.astype(float, copy=False)


def barycenter(count: int) -> np.ndarray:
    """𝟙_S = (1/J, …, 1/J): the point of maximal entropy (2.21), as a vector."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"`count` = {count!r}; needed is a positive integer")
    return np.full(count, 1.0 / count)


@rowwise()
def center(u: np.ndarray) -> np.ndarray:
    """Π₀ u = u − mean(u)·1 (2.11a): orthogonal projection onto T₀."""
    return simplex.center(u)


@rowwise()
def replicator(p: np.ndarray, u: np.ndarray) -> np.ndarray:
    """R_p u = p∘u − ⟨p, u⟩ p (2.11b): symmetric, R_p 1 = 0, R_p = R_p Π₀ = Π₀ R_p."""
    return simplex.replicator(p, u)


@rowwise()
def exponential(p: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Exp_p(v) = p∘e^{v/p} / ⟨p, e^{v/p}⟩ (2.11c)."""
    with np.errstate(over="ignore"):  # clipped in the next line
        exponent = v / p
    return simplex.softmax(np.log(p) + np.clip(exponent, -HUGE, HUGE))


@rowwise()
def logarithm(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Exp_p⁻¹(q) = R_p log(q/p) (2.11d), a tangent vector."""
    return simplex.replicator(p, np.log(q) - np.log(p))


@rowwise()
def lift(p: np.ndarray, u: np.ndarray) -> np.ndarray:
    """exp_p(u) = Exp_p(R_p u) = p∘eᵘ / ⟨p, eᵘ⟩ (2.11e): lifting map.

    Computed from log p + u: where p and eᵘ are both tiny their product would lose its
    digits below 1e-308 although the normalized result is far above.
    """
    return simplex.softmax(np.log(p) + u)


@rowwise()
def unlift(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """exp_p⁻¹(q) = Π₀ log(q/p) on T₀: inverse of `lift` there."""
    return simplex.center(np.log(q) - np.log(p))


@rowwise(reduces=True)
def inner(p: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """⟨u, v⟩_p = Σ_j u_j v_j / p_j: the Fisher–Rao metric at p."""
    return simplex.inner(u / p, v)


@rowwise(reduces=True)
def distance(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """d(p, q) = 2 arccos Σ_j √(p_j q_j): Fisher–Rao distance, in [0, π].

    Computed as 4 arcsin(½ ‖√p − √q‖), which keeps its digits where p ≈ q.
    """
    chord = np.sqrt(p) - np.sqrt(q)
    half = 0.5 * np.sqrt(simplex.inner(chord, chord))
    return 4.0 * np.arcsin(np.minimum(half, 1.0))


@rowwise()
def geodesic(p: np.ndarray, q: np.ndarray, time: float = 0.5) -> np.ndarray:
    """γ(time) on the shortest Fisher–Rao geodesic from γ(0) = p to γ(1) = q.

    √· maps the simplex into the unit sphere, where geodesics are great circles:
    √γ(t) = (sin((1−t)θ) √p + sin(tθ) √q) / sin θ, θ = d(p, q)/2.
    """
    theta = 0.5 * distance(p, q)
    small = theta < np.sqrt(np.finfo(float).eps)  # sin x = x to rounding
    scale = np.where(small, 1.0, np.sin(theta))
    a = np.where(small, 1.0 - time, np.sin((1.0 - time) * theta) / scale)
    b = np.where(small, time, np.sin(time * theta) / scale)
    square = (a * np.sqrt(p) + b * np.sqrt(q)) ** 2
    return square / square.sum(axis=0)


@rowwise(reduces=True)
def entropy(p: np.ndarray) -> np.ndarray:
    """−Σ_j p_j log p_j / log J in [0, 1], 0 log 0 = 0; zero if there is one label."""
    if p.shape[0] == 1:
        return np.zeros(p.shape[1:])
    logs = np.log(np.where(p > 0.0, p, 1.0))
    return -simplex.inner(p, logs) / np.log(p.shape[0])
