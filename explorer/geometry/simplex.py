"""Maps of the probability simplex, acting along the first axis of an array.

The first axis carries the simplex vectors (labels or offsets), all others the pixels.
Equation numbers refer to Zeilmann, Petra, Schnörr (JMIV 2023).
"""

from __future__ import annotations

import numpy as np

FLOOR = 1e-10
"""Least entry of a weight patch: log Ω must stay finite (Sec. 2 of the model)."""


def center(u: np.ndarray) -> np.ndarray:
    """Π₀ u = u − mean(u)·1: projection onto the tangent space T₀ (2.11a)."""
    return u - u.mean(axis=0, keepdims=True)


def inner(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """⟨u, v⟩ for each pixel."""
    return np.einsum("l...,l...->...", u, v)


def replicator(p: np.ndarray, u: np.ndarray) -> np.ndarray:
    """R_p u = p∘u − ⟨p, u⟩ p: the replicator map (2.11b)."""
    return p * (u - inner(p, u))


def lift(p: np.ndarray, u: np.ndarray) -> np.ndarray:
    """exp_p(u) = p∘eᵘ / ⟨p, eᵘ⟩: lifting map (2.11e), safe for |u| ≤ 1e307."""
    q = p * np.exp(u - u.max(axis=0, keepdims=True))
    return q / q.sum(axis=0, keepdims=True)


def unlift(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """exp_p⁻¹(q) = Π₀ log(q/p): inverse of the lifting map on T₀."""
    return center(np.log(q / p))


def bounded(p: np.ndarray, floor: float = FLOOR) -> np.ndarray:
    """Return p with entries raised to `floor` and each vector renormalized."""
    q = np.maximum(p, floor)
    return q / q.sum(axis=0, keepdims=True)


def softmax(u: np.ndarray) -> np.ndarray:
    """exp_𝟙(u): the point of the simplex above u ∈ T₀."""
    return lift(np.ones_like(u), u)


def replicator_norm(p: np.ndarray) -> float:
    """Return a bound of ‖R_p‖₂ over all pixels: at most ½.

    R_p is positive semidefinite with R_p ≤ Diag(p), so its largest eigenvalue is at
    most max p, at most its trace 1 − ‖p‖², and at most ½ for every p.
    """
    trace = 1.0 - inner(p, p)
    return float(np.minimum(np.minimum(p.max(axis=0), trace), 0.5).max(initial=0.0))


def entropy(p: np.ndarray) -> np.ndarray:
    """−Σ_j p_j log p_j / log J in [0, 1], 0 log 0 = 0; zero if there is one label."""
    if p.shape[0] == 1:
        return np.zeros(p.shape[1:])
    logs = np.log(np.where(p > 0.0, p, 1.0))
    return -inner(p, logs) / np.log(p.shape[0])
