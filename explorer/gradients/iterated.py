"""The gradient of the iterated linearization in the weights of every step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import ITERATION
from explorer.flow.base import Flow, checked_flow
from explorer.flow.evolution import LARGEST_LOG_SCALE, Evolution
from explorer.flow.iterated import IteratedLinearization, check_patches, check_times
from explorer.flow.krylov import Krylov
from explorer.geometry import simplex
from explorer.gradients.gradient import assemble_both
from explorer.gradients.ranks import RANK_OR_ALL, require_rank
from explorer.gradients.routes import TwoSided
from explorer.losses.balanced import any_loss
from explorer.losses.losses import Loss, LossValue, target_of
from explorer.params import Record, of, settle
from explorer.threads import exclusive
from explorer.truths import percent_wrong


@dataclass(frozen=True)
class IteratedGradient(Record):
    """∂f/∂Ω⁽ᵏ⁾ for U⁽ᵏ⁺¹⁾ = U⁽ᵏ⁾ + J V(h_k; Ω⁽ᵏ⁾, U⁽ᵏ⁾ − D/ρ), k = 0 … K−1 (1.5)–(1.7).

    f is the loss of V = Π₀ U⁽ᴷ⁾/J, the tangent vector at the barycenter with
    W⁽ᴷ⁾ = softmax(J V); for one step it is f(V(h₀)).
    Backward, from λ⁽ᴷ⁾ = ∂f: ∂f/∂V = J λ⁽ᵏ⁺¹⁾ gives ∂f/∂Ω⁽ᵏ⁾ by Theorem 3.8, and
    λ⁽ᵏ⁾ = λ⁽ᵏ⁺¹⁾ + Ωᵀ R_S G, as U⁽ᵏ⁾ enters V only by S = softmax(Ω(U⁽ᵏ⁾ − D/ρ)).

    Parameters
    ----------
    dim : int in 1 … 200, m, dimension of the Krylov spaces of each step.
    rank : int in 1 … dim, components of Z that are kept; 0 means all of them.
    loss : DirectionLoss, CrossEntropy or TangentLoss
    """

    dim: int = of(params.DIM)
    rank: int = of(RANK_OR_ALL)
    loss: Loss = any_loss()

    def _judge(self) -> None:
        require_rank(self.rank, self.dim)
        settle(self, rank=self.rank or self.dim)

    @exclusive
    def __call__(
        self, flow: Flow, weights: Any, labels: Any, times: Sequence[float]
    ) -> xr.Dataset:
        """Return `loss`, `gradient` (iteration, offset, row, col) and `error_percent`.

        `weights` and `times` as for `IteratedLinearization.solve`. If all steps share
        one Ω, its gradient is the sum over `iteration`.
        """
        times = check_times(times)
        patches = check_patches(checked_flow(flow), weights, len(times))
        truth = flow.check_labels(labels)
        path = IteratedLinearization(Krylov(self.dim))
        evolutions = list(path.iterate(flow, patches, times))
        if max(e.shift for e in evolutions) > LARGEST_LOG_SCALE:
            raise ValueError(
                f"`times` = {times!r} let V grow beyond e^{LARGEST_LOG_SCALE:g}: "
                "take shorter steps"
            )
        U = flow.potential()[1] + sum(flow.shape[0] * e.scaled for e in evolutions)
        # the tangent vector at the barycenter for W = softmax(U)
        V, labels = simplex.center(U) / flow.shape[0], flow.shape[0]
        loss, slope = self.loss(V, target_of(truth, labels))
        slope = simplex.center(slope) / labels
        gradients, hood = self._backward(evolutions, slope), flow.neighborhood
        gradient = flow.coordinates.label(
            np.stack(gradients),
            (ITERATION, *hood.weight_dims),
            hood.coords(),
            symbol="∂f",
            long_name="Euclidean gradient of the loss",
        )
        return xr.Dataset(
            {
                "loss": ((), loss, {"symbol": "f", "source": "(3.4)"}),
                "gradient": gradient,
                "error_percent": ((), percent_wrong(U.argmax(axis=0), truth)),
            },
            attrs={"times": times, "dim": self.dim, "source": "(1.5)–(1.7), (3.33)"},
        )

    def _backward(
        self, evolutions: Sequence[Evolution], slope: np.ndarray
    ) -> list[np.ndarray]:
        """Return the gradients of all steps, computed from the last to the first."""
        gradients = []
        for evolution in reversed(evolutions):
            system = evolution.system
            # V = T e^shift · direction: the gradient in the direction carries both
            scale = system.shape[0] * evolution.time * math.exp(evolution.shift)
            end = LossValue(0.0, scale * slope, 0.0, 0.0)  # bounds are not needed
            factors = TwoSided().factorize(evolution, end, self.dim)
            gradient, G = assemble_both(factors, self.rank)
            gradients.append(gradient)
            slope = slope + system.apply_transpose(G)
        return gradients[::-1]
