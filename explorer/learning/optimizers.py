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
    """

    step: float = params.STEP.default

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", params.STEP.check(self.step))

    def update(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the weights after one step along the Euclidean gradient ∂ℒ."""
        pixels = weights[0].size
        return simplex.bounded(simplex.lift(weights, -self.step * pixels * gradient))
