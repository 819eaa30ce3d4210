"""Steps on the manifold of weights: how a gradient changes Ω."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer import params
from explorer.geometry import simplex


@dataclass(frozen=True)
class RiemannianDescent:
    """Ω ← Exp_Ω(−h I R_Ω ∂ℒ) = Ω∘e^{−h I ∂ℒ} / normalization, per patch (3.7).

    Parameters
    ----------
    step : float in (0, 10⁴]
        h, step size per pixel, about 0.5–8. The loss is normalized over the whole
        image, so ∂ℒ is of order 1/I; multiplied by the number I of pixels, the same h
        works at every image size. (The paper's h is h·I here.)

    Notes
    -----
    Entries are kept ≥ 1e-10 and patches renormalized, so that log Ω stays finite.

    Deviation from (3.7) where τ > 0: the gradient τ t/Ω of the regularizer is stiff at
    small entries, and the explicit step overshoots and diverges as soon as h I τ > 2 Ω.
    Taking it implicitly, with Ω frozen, damps the step to
    Ω ← exp_Ω(−h I R_Ω∂ℒ / (Ω + h I τ)). It is (3.7) for τ = 0, has the same resting
    points R_Ω∂ℒ = 0, always descends, as ⟨∂ℒ, R_Ω u⟩ = −h I Σ (R_Ω∂ℒ)²/(Ω + h I τ),
    and the regularizer alone, u = −t∘h I τ/(Ω + h I τ), never overshoots t = 0.
    """

    step: float = params.STEP.default

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", params.STEP.check(self.step))

    def update(
        self, weights: np.ndarray, gradient: np.ndarray, tau: float = 0.0
    ) -> np.ndarray:
        """Return the weights after one step along the Euclidean gradient ∂ℒ."""
        length = self.step * weights[0].size
        u = gradient - simplex.inner(weights, gradient)
        if tau:
            u *= weights / (weights + length * tau)
        return simplex.bounded(simplex.lift(weights, -length * u))
