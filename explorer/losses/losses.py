"""Losses of V(T), losses of your own, and the regularizer of the weights."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.flow.evolution import Evolution
from explorer.geometry import simplex
from explorer.geometry.neighborhood import Neighborhood
from explorer.late import late
from explorer.losses.answers import beyond_floats, checked_answer, takes_two
from explorer.params import Record, is_real
from explorer.truths import at_known, count_known, truth_of

ORDINARY = 1e-140
"""Norms above this value have squares that keep all digits."""

CURVATURE = 2.0 / np.sqrt(3.0)
"""‖V‖² · ‖∂²f(V)‖₂ ≤ 2/√3. With c the cosine of the angle between V* and V and s its
sine, the Hessian is ‖V‖⁻² [[0, s], [s, c]] on their plane and c beyond it; its largest
eigenvalue (c + √(c² + 4s²))/2 is greatest at c = 1/√3."""


LONGEST = 300.0
"""Logarithm of the longest V(T) for losses that need its length: e^300 = 10¹³⁰, so that
squares of gradients, which are as long, stay in double precision."""


def target_of(labels: np.ndarray, count: int) -> np.ndarray:
    """V* = Π₀ W*, W* the one-hot ground truth; zero where the label is unknown."""
    return simplex.center(one_hot(labels, count))


def one_hot(labels: np.ndarray, count: int) -> np.ndarray:
    """W*: one at the right label, zero elsewhere, (label, row, col)."""
    names = np.arange(count).reshape(count, *(1,) * labels.ndim)
    return (names == labels).astype(float)


@late("value_error", "slope_error")
@dataclass(frozen=True, eq=False)
class LossValue:
    """A loss at the end of a solve.

    Attributes
    ----------
    value : f; value_error : a bound of its error, NaN if unknown.
    slope : ∂f in the direction φ(TA)b that an `Evolution` holds, (label, row, col).
    slope_error : a bound of its error (Frobenius), NaN if unknown.
    """

    value: float
    slope: np.ndarray
    value_error: Any
    slope_error: Any


class Loss(Record, ABC):
    """A function f of V(T) with its gradient, at the pixels whose label is known."""

    @abstractmethod
    def __call__(self, V: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """Return f(V) and ∂f(V) at the barycenter; target is V* = Π₀(one-hot)."""

    @abstractmethod
    def evaluate(self, evolution: Evolution, truth: np.ndarray) -> LossValue:
        """Return f and its gradient at the end of a solve."""


@dataclass(frozen=True)
class DirectionLoss(Loss):
    """f(V) = 1 − ⟨V*, V⟩ / (‖V*‖ ‖V‖) (3.4): one minus a cosine, in [0, 2].

    Only the direction of V matters, so V may have any positive scale. If there is no
    direction, the gradient is zero and the loss is 0 for V* = 0 (with one label, every
    labeling is right) or 1 for V = 0 (nothing distinguishes labels).
    """

    def __call__(self, V: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """Return f(V) and ∂f(V) = −V*/(‖V*‖‖V‖) + ⟨V*, V⟩ V/(‖V*‖‖V‖³)."""
        V = at_known(V, truth_of(target))
        norm, goal = float(np.linalg.norm(V)), float(np.linalg.norm(target))
        if goal == 0.0:
            return 0.0, np.zeros_like(V)
        if norm == 0.0:
            return 1.0, np.zeros_like(V)
        cosine = float(np.vdot(target, V)) / (goal * norm)
        return 1.0 - cosine, (cosine / norm * V - target / goal) / norm

    def evaluate(self, evolution: Evolution, truth: np.ndarray) -> LossValue:
        """Return f and its gradient in the direction itself, whatever its scale."""
        V = at_known(evolution.direction, truth)
        if truth.min() >= 0 and float(np.linalg.norm(V)) > ORDINARY:
            value, slope = self.of_labels(V, truth)
        else:
            value, slope = self(V, target_of(truth, V.shape[0]))
        return LossValue(
            value,
            slope,
            lambda: self.error(V, evolution.error),
            lambda: self.gradient_error(V, evolution.error),
        )

    def of_labels(self, V: np.ndarray, truth: np.ndarray) -> tuple[float, np.ndarray]:
        """Return f(V) and ∂f(V) without forming V* = e_truth − 1/J.

        ⟨V*, V⟩ = Σ_i V_{i, truth(i)} − (1/J) Σ V and ‖V*‖² = I (1 − 1/J).
        """
        labels, norm = V.shape[0], float(np.linalg.norm(V))
        if labels == 1:
            return 0.0, np.zeros_like(V)
        goal, at = math.sqrt(truth.size * (1.0 - 1.0 / labels)), truth[None]
        right = np.take_along_axis(V, at, axis=0)
        cosine = (float(right.sum()) - float(V.sum()) / labels) / (goal * norm)
        slope = (cosine / norm**2) * V
        pull = 1.0 / (goal * norm)
        slope += pull / labels
        np.put_along_axis(
            slope, at, (cosine / norm**2) * right + (pull / labels - pull), 0
        )
        return 1.0 - cosine, slope

    def error(self, V: np.ndarray, error: float) -> float:
        """Return a bound of the error of f(V) when V is off by at most `error`.

        ‖∂f(V)‖ ≤ 1/‖V‖, and f stays in [0, 2].
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


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """f = −(1/I) Σ_i log W_{i, truth(i)}: minus the mean log probability of the truth.

    W = Exp_W₀(V(T)), at the barycenter softmax(J V). In the exponent U, W = softmax(U),
    ∂f/∂U = (W − W*)/I. Unlike the direction loss, it depends on the length of V, so
    doubling T changes it. It is 0 for one label.

    Raises
    ------
    ValueError
        if V(T) grows beyond e^300 and its gradient exceeds double precision.
    """

    def __call__(self, V: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """Return f(V) and ∂f(V) = J (softmax(J V) − W*)/I."""
        labels = V.shape[0]
        value, slope = self.of_exponent(labels * V, truth_of(target))
        return value, labels * slope

    def of_exponent(self, U: np.ndarray, truth: np.ndarray) -> tuple[float, np.ndarray]:
        """Return f and ∂f/∂U for W = softmax(U)."""
        U, known = U - U.max(axis=0), truth >= 0
        logsum = np.log(np.exp(U).sum(axis=0))
        right = np.take_along_axis(U, truth[None], axis=0)[0]
        value = float(np.mean((logsum - right)[known]))
        slope = at_known(np.exp(U - logsum) - one_hot(truth, len(U)), truth)
        return value, slope / count_known(truth)

    def evaluate(self, evolution: Evolution, truth: np.ndarray) -> LossValue:
        """Return f and its gradient in the direction.

        ‖∂f/∂U‖ = ‖W − W*‖/I ≤ √(2/I), and ‖∂²f/∂U²‖ ≤ max ‖R_W‖/I ≤ 1/(2I).
        """
        scale = finite_scale(evolution, self)
        system, pixels = evolution.system, count_known(truth)
        value, slope = self.of_exponent(system.exponent(evolution.scaled), truth)
        if system.base_point is None:
            slope, stretch = system.shape[0] * slope, float(system.shape[0])
        else:
            slope, stretch = slope / system.base_point, system.push_norm
        off = stretch * scale * evolution.error
        return LossValue(
            value,
            scale * slope,
            math.sqrt(2.0 / pixels) * off,
            scale * stretch * 0.5 / pixels * off,
        )


@dataclass(frozen=True, eq=False)
class TangentLoss(Loss):
    """A loss of your own: any differentiable function of the tangent vectors V(T).

    Parameters
    ----------
    function : callable (V, target) → (f, ∂f)
        V and target = Π₀(one-hot) are arrays (label, row, col), zero at pixels without
        a label; f is a number, ∂f an array like V. Check it with
        `explorer.check_loss(loss, V, target)`.
    lipschitz, curvature : float ≥ 0, optional
        L and M with |f(V) − f(V')| ≤ L‖V − V'‖ and ‖∂f(V) − ∂f(V')‖ ≤ M‖V − V'‖. The
        error bounds of loss and gradient depend on them; by default both are NaN.
    """

    function: Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]
    lipschitz: float = math.nan
    curvature: float = math.nan

    def _judge(self) -> None:
        if not takes_two(self.function):
            raise TypeError(
                f"`function` = {self.function!r} is a {type(self.function).__name__}; "
                "pass a function (V, target) → (f, ∂f)"
            )
        for name in ("lipschitz", "curvature"):
            value = getattr(self, name)
            if not is_real(value) or value < 0.0 or beyond_floats(value):
                raise ValueError(f"`{name}` = {value!r} must be a finite number ≥ 0")

    def __call__(self, V: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the checked result of the function."""
        truth = truth_of(target)
        answer = self.function(at_known(V, truth), target)
        value, slope = checked_answer(answer, V)
        return value, at_known(slope, truth)

    def evaluate(self, evolution: Evolution, truth: np.ndarray) -> LossValue:
        """Return f and its gradient in the direction."""
        scale = finite_scale(evolution, self)
        V = evolution.scaled
        value, slope = self(V, target_of(truth, V.shape[0]))
        off = scale * evolution.error
        if off == 0.0:  # V is exact, so its image is, too
            return LossValue(value, scale * slope, 0.0, 0.0)
        bend = self.curvature * scale * off
        return LossValue(value, scale * slope, self.lipschitz * off, bend)


def finite_scale(evolution: Evolution, loss: Loss) -> float:
    """Return T e^shift, V(T) = T e^shift · direction, or raise if V is too long."""
    if evolution.shift > LONGEST:
        raise ValueError(
            f"`time` = {evolution.time:g} lets V(T) grow to e^{evolution.shift:.0f}, "
            f"beyond e^{LONGEST:.0f}, and {type(loss).__name__} needs its length: "
            "lower `time` or use DirectionLoss()"
        )
    return evolution.time * math.exp(evolution.shift)


def checked_loss(loss: Any) -> Loss:
    """Return `loss`, or raise if it is not a Loss."""
    if not isinstance(loss, Loss):
        raise TypeError(
            f"`loss` = {loss!r} is a {type(loss).__name__}; pass a Loss: "
            "`DirectionLoss()`, `CrossEntropy()` or `TangentLoss(function)`"
        )
    return loss


def regularizer(
    neighborhood: Neighborhood, weights: np.ndarray, tau: float
) -> tuple[float, np.ndarray]:
    """Return ℛ(Ω) = (τ/2) Σ_i ‖t_i‖², t_i = Π₀ log Ω_i (3.5), and ∂ℛ = τ t/Ω."""
    t = neighborhood.center(np.log(weights))
    return 0.5 * tau * float(np.vdot(t, t)), tau * t / weights
