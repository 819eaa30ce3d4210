"""Steps on the manifold of weights: how a gradient changes Ω.

An optimizer is a frozen record of choices. It receives and returns its memory at every
step, so learning can stop and resume, and two runs never share a state.

Directions u live in the coordinates of the lifting map, Ω ↦ exp_Ω(u) (2.11e): there a
step is an addition, exp_{exp_Ω(u)}(v) = exp_Ω(u + v), so moments of past directions
remain valid unchanged (parallel transport of the e-connection).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from explorer import params
from explorer.learning.evaluation import Evaluation
from explorer.params import Record, of

Evaluate = Callable[[np.ndarray], Evaluation]

SUFFICIENT = 1e-4
"""Share of the decrease predicted by the slope that Armijo's rule requires, as in
Nocedal and Wright, Numerical Optimization, Sec. 3.1."""

HALVINGS = 40
"""Most halvings of a step: after these, it changes weights by less than rounding."""

TINY = 1e-8
"""Added to denominators: small compared with the gradient per pixel, of order one."""


class Optimizer(Record, ABC):
    """A rule that takes one learning step."""

    @abstractmethod
    def advance(
        self, evaluate: Evaluate, point: Evaluation, memory: Any
    ) -> tuple[Evaluation, Any]:
        """Return the next evaluation and the new memory; memory starts as None."""


class ExplicitOptimizer(Optimizer):
    """A rule that computes the next weights without trial evaluations."""

    @abstractmethod
    def propose(self, point: Evaluation, memory: Any) -> tuple[np.ndarray, Any]:
        """Return the next weights and the new memory; memory starts as None."""

    @final
    def advance(
        self, evaluate: Evaluate, point: Evaluation, memory: Any
    ) -> tuple[Evaluation, Any]:
        """Evaluate the proposed weights."""
        weights, memory = self.propose(point, memory)
        return evaluate(weights), memory


def natural(point: Evaluation) -> np.ndarray:
    """u = ∂ℒ − ⟨Ω, ∂ℒ⟩ for each patch: −u is the steepest direction, R_Ω u = R_Ω ∂ℒ."""
    hood = point.system.neighborhood
    return point.gradient - hood.total(point.weights * point.gradient)


def damped(point: Evaluation, u: np.ndarray, length: float) -> np.ndarray:
    """Return u Ω/(Ω + length·τ): u itself without a regularizer."""
    if not point.tau:
        return u
    return u * (point.weights / (point.weights + length * point.tau))


def moved(point: Evaluation, u: np.ndarray) -> np.ndarray:
    """Return exp_Ω(−u), entries kept ≥ 1e-10 so that log Ω stays finite."""
    return point.system.neighborhood.retract(point.weights, u)


@dataclass(frozen=True)
class RiemannianDescent(ExplicitOptimizer):
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

    Deviation from (3.7) if τ > 0: the gradient τ t/Ω of the regularizer is stiff at
    small entries, and the explicit step overshoots and diverges as soon as h I τ > 2 Ω.
    An implicit step, with Ω frozen, is damped to
    Ω ← exp_Ω(−h I R_Ω∂ℒ / (Ω + h I τ)). For τ = 0 it is (3.7). It has the same
    stationary points R_Ω∂ℒ = 0 and always descends, because
    ⟨∂ℒ, R_Ω u⟩ = −h I Σ (R_Ω∂ℒ)²/(Ω + h I τ); the regularizer alone,
    u = −t∘h I τ/(Ω + h I τ), never overshoots t = 0.
    """

    step: float = of(params.STEP)

    def propose(self, point: Evaluation, memory: Any) -> tuple[np.ndarray, Any]:
        """Return the weights after a step of fixed size."""
        length = self.step * point.system.pixels
        return moved(point, length * damped(point, natural(point), length)), None


@dataclass(frozen=True)
class ArmijoDescent(Optimizer):
    """Riemannian descent with steps halved until the loss falls enough (Armijo).

    Accepts h if ℒ(exp_Ω(−h I u)) ≤ ℒ(Ω) − 10⁻⁴ h I ⟨∂ℒ, R_Ω u⟩, and tries twice the
    accepted step next time, but at most `step`. If no step is accepted, because the
    point is stationary or the gradient is too inaccurate (raise `rank` or `dim`), the
    weights stay the same; further steps would fail in the same way and cost nothing.

    Parameters
    ----------
    step : float in (0, 10⁴], the first and largest h, per pixel.
    """

    step: float = of(params.STEP)

    def advance(
        self, evaluate: Evaluate, point: Evaluation, memory: Any
    ) -> tuple[Evaluation, Any]:
        """Take the longest accepted step and remember it."""
        hood, u = point.system.neighborhood, natural(point)
        h = self.step if memory is None else min(self.step, 2.0 * memory)
        while h > self.step * 0.5**HALVINGS:
            length = h * point.system.pixels
            d = length * damped(point, u, length)
            slope = float(np.vdot(point.gradient, hood.replicator(point.weights, d)))
            if slope <= 0.0:  # stationary, to rounding
                break
            trial = evaluate(moved(point, d))
            if trial.loss <= point.loss - SUFFICIENT * slope:
                return trial, h
            h *= 0.5
        return point, 0.0


@dataclass(frozen=True)
class MomentumDescent(ExplicitOptimizer):
    """M ← μ M + u, Ω ← exp_Ω(−h I M): descent with the memory of a heavy ball.

    Parameters
    ----------
    step : float in (0, 10⁴], h per pixel; about (1−μ) times the h of RiemannianDescent.
    momentum : float in [0, 0.999], μ.

    Notes
    -----
    If τ > 0, u is damped like a step of length h/(1−μ) of `RiemannianDescent`: this is
    the total length of one u, because M contains μᵏ u after k further steps. If u were
    damped for h alone, the regularizer would overshoot at small entries repeatedly.
    """

    step: float = of(params.STEP)
    momentum: float = of(params.MOMENTUM)

    def propose(self, point: Evaluation, memory: Any) -> tuple[np.ndarray, Any]:
        """Take a step along the accumulated directions and remember them."""
        length = self.step * point.system.pixels
        M = damped(point, natural(point), length / (1.0 - self.momentum))
        if memory is not None:
            M = M + self.momentum * memory
        return moved(point, length * M), M


class Moments(NamedTuple):
    """The memory of Adam and AdaMax: steps taken, mean direction, mean size."""

    steps: int
    mean: np.ndarray
    size: np.ndarray


def first_moments(
    point: Evaluation, rate: float, beta: float, memory: Any
) -> tuple[int, Any, Any]:
    """Return the count, the new mean of u, and ‖u‖ for each patch, u times I.

    ‖u‖² = Σ_k max(Ω_k, 1/N) u_k², N the size of the patch. At uniform weights it is
    ⟨u, R_Ω u⟩, the squared length in the Fisher–Rao metric; elsewhere it is larger.
    With the Fisher–Rao length, a single small entry could change by e^{α/√Ω_k} at once
    and leap from corner to corner of the simplex; here it changes by at most e^{α√N}.
    """
    hood, pixels = point.system.neighborhood, point.system.pixels
    u = pixels * damped(point, natural(point), rate * pixels)
    level = hood.uniform().astype(u.dtype)
    length = np.sqrt(hood.total(np.maximum(point.weights, level) * u * u))
    count = 1 if memory is None else memory.steps + 1
    mean = (1.0 - beta) * u + (0.0 if memory is None else beta * memory.mean)
    return count, mean, length


@dataclass(frozen=True)
class Adam(ExplicitOptimizer):
    """Adam on the manifold: Ω ← exp_Ω(−α m̂ / (√v̂ + ε)), moments in tangent spaces.

    m ← β₁ m + (1−β₁) u, v ← β₂ v + (1−β₂) ‖u‖², m̂ = m/(1−β₁ᵏ), v̂ = v/(1−β₂ᵏ),
    with one v for each patch: the manifold is a product of simplices, and a separate
    factor for every entry would depend on coordinates (Bécigneul and Ganea 2019).
    `first_moments` explains ‖u‖. If τ > 0, u is damped like a step h = α of
    `RiemannianDescent`; otherwise the stiff regularizer would fill v for 1000 steps.

    Parameters
    ----------
    rate : float in (0, 10], α: the approximate change of log Ω in one step.
    beta1, beta2 : float in [0, 0.9999], β₁ and β₂.
    """

    rate: float = of(params.RATE)
    beta1: float = of(params.BETA1)
    beta2: float = of(params.BETA2)

    def propose(self, point: Evaluation, memory: Any) -> tuple[np.ndarray, Any]:
        """Take a step and remember both moments."""
        moments = first_moments(point, self.rate, self.beta1, memory)
        count, mean, length = moments
        past = 0.0 if memory is None else self.beta2 * memory.size
        size = past + (1.0 - self.beta2) * length**2
        spread = np.sqrt(size / (1.0 - self.beta2**count)) + TINY
        u = self.rate / (1.0 - self.beta1**count) * mean / spread
        return moved(point, u), Moments(count, mean, size)


@dataclass(frozen=True)
class AdaMax(ExplicitOptimizer):
    """AdaMax on the manifold: like `Adam`, but with v ← max(β₂ v, ‖u‖) in place of √v̂.

    Parameters
    ----------
    rate : float in (0, 10], α: the approximate change of log Ω in one step.
    beta1, beta2 : float in [0, 0.9999], β₁ and β₂.
    """

    rate: float = of(params.RATE)
    beta1: float = of(params.BETA1)
    beta2: float = of(params.BETA2)

    def propose(self, point: Evaluation, memory: Any) -> tuple[np.ndarray, Any]:
        """Take a step and remember the mean direction and the largest size."""
        moments = first_moments(point, self.rate, self.beta1, memory)
        count, mean, length = moments
        size = (
            length if memory is None else np.maximum(self.beta2 * memory.size, length)
        )
        u = self.rate / (1.0 - self.beta1**count) * mean / (size + TINY)
        return moved(point, u), Moments(count, mean, size)
