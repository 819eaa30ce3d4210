"""Losses of the direction of V(T), and the regularizer of the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.geometry import simplex

CURVATURE = 2.0 / np.sqrt(3.0)
"""‖V‖² · ‖∂²f(V)‖₂ ≤ 2/√3. With c the cosine of the angle between V* and V and s its
sine, the Hessian is ‖V‖⁻² [[0, s], [s, c]] on their plane and c beyond it; its largest
eigenvalue (c + √(c² + 4s²))/2 is greatest at c = 1/√3."""


def target_of(labels: np.ndarray, count: int) -> np.ndarray:
    """V* = Π₀ W* with W* the one-hot ground truth, (label, row, col)."""
    onehot = np.arange(count)[:, None, None] == labels
    return simplex.center(onehot.astype(float))


@dataclass(frozen=True)
class DirectionLoss:
    """f(V) = 1 − ⟨V*, V⟩ / (‖V*‖ ‖V‖) (3.4): one minus a cosine, in [0, 2].

    Only the direction of V matters, so V may come with any positive scale. Where no
    direction exists the loss has these values and a zero gradient: 0 if V* = 0 (there
    is one label, every labeling is right), 1 if V = 0 (nothing tells labels apart).
    """

    def __call__(self, V: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """Return f(V) and ∂f(V) = −V*/(‖V*‖‖V‖) + ⟨V*, V⟩ V/(‖V*‖‖V‖³)."""
        norm, goal = float(np.linalg.norm(V)), float(np.linalg.norm(target))
        if goal == 0.0:
            return 0.0, np.zeros_like(V)
        if norm == 0.0:
            return 1.0, np.zeros_like(V)
        cosine = float(np.vdot(target, V)) / (goal * norm)
        return 1.0 - cosine, (cosine / norm * V - target / goal) / norm

    def error(self, V: np.ndarray, error: float) -> float:
        """Return a bound of the error of f(V) when V is off by at most `error`.

        ‖∂f(V)‖ ≤ 1/‖V‖, and f never leaves [0, 2].
        """
        least = float(np.linalg.norm(V)) - error
        if error == 0.0:
            return 0.0
        return min(2.0, error / least) if least > 0.0 else 2.0

    def gradient_error(self, V: np.ndarray, error: float) -> float:
        """Return a bound of the error of ∂f(V) when V is off by at most `error`."""
        least = float(np.linalg.norm(V)) - error
        if error == 0.0:
            return 0.0
        return CURVATURE * error / least**2 if least > 0.0 else np.inf


def regularizer(weights: np.ndarray, tau: float) -> tuple[float, np.ndarray]:
    """Return ℛ(Ω) = (τ/2) Σ_i ‖t_i‖², t_i = Π₀ log Ω_i (3.5), and ∂ℛ = τ t/Ω."""
    t = simplex.center(np.log(weights))
    return 0.5 * tau * float(np.vdot(t, t)), tau * t / weights
