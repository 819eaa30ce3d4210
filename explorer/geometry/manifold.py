"""The assignment manifold, for labeled and for plain arrays: maps (2.10)–(2.14).

Every function acts on each simplex vector separately. In a DataArray, the vectors lie
along the dimension `dim` ("label" by default; "offset" for weight patches), and other
dimensions are broadcast by name. In a plain array, they lie along the first axis, and
an array with fewer axes applies to all pixels. If any argument is labeled, so is the
result, in the dimension order of the first one.

p, q are points of the simplex (summing to one), v and u vectors; v should be
tangent (summing to zero), but the formulas hold for any vector. Points must be
positive, except for maps that are defined on the boundary: `replicator`, `distance`,
`geodesic` and `entropy` accept zero entries. Equation numbers refer to Zeilmann, Petra,
Schnörr (JMIV 2023).
"""

from __future__ import annotations

import numpy as np

from explorer.geometry import simplex
from explorer.geometry.rowwise import rowwise
from explorer.params import Parameter

HUGE = 1e300
"""Exponents are clipped to ± this value, so that their differences stay finite."""

COUNT = Parameter("count", "J", 2, 1, 100_000_000, "entries of a point", integer=True)


def barycenter(count: int) -> np.ndarray:
    """𝟙_S = (1/J, …, 1/J): the point of maximal entropy (2.21), as a vector."""
    count = COUNT.check(count)
    return np.full(count, 1.0 / count)


@rowwise()
def center(u: np.ndarray) -> np.ndarray:
    """Π₀ u = u − mean(u)·1 (2.11a): orthogonal projection onto T₀."""
    return simplex.center(u)


@rowwise(boundary=True)
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

    Computed from log p + u: if p and eᵘ are both tiny, their product would lose its
    digits below 1e-308, although the normalized result is far larger.
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


def angle(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return d(p, q)/2, the angle between √p and √q."""
    chord = np.sqrt(p) - np.sqrt(q)
    return 2.0 * np.arcsin(0.5 * np.sqrt(simplex.inner(chord, chord)))


@rowwise(reduces=True, boundary=True)
def distance(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """d(p, q) = 2 arccos Σ_j √(p_j q_j): Fisher–Rao distance, in [0, π].

    Computed as 4 arcsin(½ ‖√p − √q‖), which keeps its digits where p ≈ q.
    """
    return 2.0 * angle(p, q)


@rowwise(boundary=True)
def geodesic(p: np.ndarray, q: np.ndarray, time: float = 0.5) -> np.ndarray:
    """γ(time) on the shortest Fisher–Rao geodesic from γ(0) = p to γ(1) = q.

    `time` is a finite number; outside [0, 1] the geodesic is continued.
    √· maps the simplex into the unit sphere, where geodesics are great circles:
    √γ(t) = (sin((1−t)θ) √p + sin(tθ) √q) / sin θ, θ = d(p, q)/2.
    """
    turns = angle(p, q) / np.pi  # NumPy's sinc x is sin(πx)/(πx), 1 at x = 0
    a = (1.0 - time) * np.sinc((1.0 - time) * turns) / np.sinc(turns)
    b = time * np.sinc(time * turns) / np.sinc(turns)
    square = (a * np.sqrt(p) + b * np.sqrt(q)) ** 2
    return square / square.sum(axis=0)


@rowwise(reduces=True, boundary=True)
def entropy(p: np.ndarray) -> np.ndarray:
    """−Σ_j p_j log p_j / log J in [0, 1], 0 log 0 = 0; zero if there is one label."""
    return simplex.entropy(p)
