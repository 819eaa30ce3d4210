"""`Evaluation`: the loss with its regularizer, and its gradient, at some weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from explorer import params
from explorer.flow.system import LinearSystem
from explorer.gradients.derivative import Derivative
from explorer.learning.trace import Step
from explorer.losses.losses import regularizer
from explorer.threads import exclusive


@dataclass(frozen=True, eq=False)
class Evaluation:
    """ℒ = f + ℛ and its gradient ∂ℒ at some weights.

    gradient is Euclidean; gradient_norm is ‖R_Ω ∂ℒ‖ (Frobenius), which vanishes when
    learning has converged.
    """

    derivative: Derivative
    loss: float
    gradient: np.ndarray
    gradient_norm: float
    tau: float = params.TAU.default

    @classmethod
    @exclusive
    def of(cls, derivative: Derivative, tau: float) -> Evaluation:
        """Add the regularizer to the loss and gradient of f."""
        system, loss, total = derivative.system, derivative.loss, derivative.gradient
        if tau > 0.0:
            penalty, slope = regularizer(system.neighborhood, system.weights, tau)
            loss, total = loss + penalty, total + slope
        norm = system.neighborhood.tangent_norm(system.weights, total)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise ValueError(
                f"the loss is {loss:g} and its gradient has the norm {norm:g} at these "
                "weights: lower `time`, or the `step` or `rate` of the optimizer, and "
                "continue from the last weights"
            )
        return cls(derivative.light(), loss, total, norm, tau)

    @property
    def system(self) -> LinearSystem:
        """The linear system at these weights."""
        return self.derivative.system

    @property
    def weights(self) -> np.ndarray:
        """Ω."""
        return self.system.weights

    def record(self, step: int, seconds: float) -> Step:
        """Return the small record that traces and views consume."""
        return Step(
            step=step,
            loss=self.loss,
            error_percent=self.derivative.error_percent,
            gradient_norm=self.gradient_norm,
            singular_values=self.derivative.singular_values,
            seconds=seconds,
        )
