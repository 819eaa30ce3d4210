"""A direction loss in which rare labels count as much as frequent ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer import params
from explorer.flow.evolution import Evolution
from explorer.losses.losses import (
    CrossEntropy,
    DirectionLoss,
    Loss,
    LossValue,
    checked_loss,
    target_of,
)
from explorer.params import of, part
from explorer.truths import truth_of


@dataclass(frozen=True)
class BalancedLoss(Loss):
    """f(V) = 1 − cos(√κ∘V*, √κ∘V): (3.4) in ⟨a, b⟩_κ = Σ_i κ_i ⟨a_i, b_i⟩.

    κ_i = (I / (J n_j))^balance for the n_j pixels of label j = truth(i), with the J
    labels that occur. With balance 1, all labels have the same weight, however few
    their pixels, so thin lines survive. With balance 0, this is `DirectionLoss`.

    Parameters
    ----------
    balance : float in [0, 2].
    """

    balance: float = of(params.BALANCE)

    def __call__(self, V: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
        """Return f(V) and ∂f(V) = √κ∘∂g(√κ∘V), g the direction loss."""
        root = self.roots(truth_of(target)).astype(V.dtype)
        value, slope = DirectionLoss()(root * V, root * target)
        return value, root * slope

    def roots(self, truth: np.ndarray) -> np.ndarray:
        """Return √κ, shaped like the truth; zero where the label is unknown."""
        known, roots = truth >= 0, np.zeros(truth.shape)
        labels, which, often = np.unique(
            truth[known], return_inverse=True, return_counts=True
        )
        share = which.size / (labels.size * often)
        roots[known] = share[which.ravel()] ** (0.5 * self.balance)
        return roots

    def evaluate(self, evolution: Evolution, truth: np.ndarray) -> LossValue:
        """Return f and its gradient in the direction itself, whatever its scale.

        The error of √κ∘V is at most max √κ times the error of V, and the error of ∂f at
        most max √κ times the error of ∂g.
        """
        V = evolution.direction
        value, slope = self(V, target_of(truth, V.shape[0]).astype(V.dtype))
        root = self.roots(truth)
        scaled, largest = root * V, math.sqrt(float((root**2).max()))
        plain = DirectionLoss()
        return LossValue(
            value,
            slope,
            lambda: plain.error(scaled, largest * evolution.error),
            lambda: largest * plain.gradient_error(scaled, largest * evolution.error),
        )


def any_loss() -> Any:
    """Return a field that holds a loss, by default the paper's."""
    kinds = DirectionLoss, CrossEntropy, BalancedLoss
    return part(DirectionLoss, checked_loss, *kinds, meaning="function to minimize")
