"""The gradient of coupled flows in the weights of all of them (5.1)–(5.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.flow.arnoldi import Basis, arnoldi
from explorer.flow.block import split, stack
from explorer.flow.coupled import ParallelFlow, SerialFlow, check_weights
from explorer.flow.coupling import length
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import Krylov
from explorer.gradients.factors import Factors
from explorer.gradients.gradient import assemble
from explorer.gradients.ranks import RANK_OR_ALL, require_rank
from explorer.gradients.routes import forward_basis, van_loan
from explorer.losses.balanced import any_loss
from explorer.losses.losses import Loss, LossValue
from explorer.params import Parameter, Record, of, settle
from explorer.threads import exclusive
from explorer.truths import percent_wrong

SOURCE = "(5.1)–(5.3), Theorem 3.8"

OBSERVED = Parameter(
    "observed", "i", -1, -(2**31), 2**31 - 1, "flow that the loss judges; -1: the last",
    integer=True, slider=(-1, 5, 1),
)  # fmt: skip


def checked_observed(value: Any) -> int:
    """Return the number of a flow, or raise."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(
            f"`observed` = {value!r} is a {type(value).__name__}; "
            "pass the number of a flow, an integer such as −1 for the last"
        )
    return value


@dataclass(frozen=True)
class SerialGradient(Record):
    """∂f/∂Ω_k for all stages of V̇_k = A_k V_k + B_k + Π₀ L_k V_{k−1}(T_{k−1}).

    f is the loss of the last V. Backward, with g_k = T_k ∂f/∂V_k and
    λ_k(s) = e^{(1−s)T_k A_kᵀ} g_k: as for a single flow,
    ∂f/∂Ω_k follows from Z_k = ∫₀¹ λ_k y_kᵀ ds, y_k(s) = V_k(sT_k)/T_k, and from
    z_k = ∫₀¹ λ_k ds (Theorem 3.8). The difference is the source of V_k,
    b_k = B_k + Π₀ L_k V_{k−1}, which enters K_m(A_k, b_k). Because df/db_k = z_k, the
    term in z_k remains valid for B_k, and ∂f/∂V_{k−1} = L_kᵀ Π₀ z_k.

    Parameters
    ----------
    dim : int in 1 … 200, m, dimension of the Krylov spaces of each stage.
    rank : int in 1 … dim, components of each Z_k that are kept; 0 means all of them.
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
        self, flow: SerialFlow, weights: Any, labels: Any, times: Sequence[float]
    ) -> xr.Dataset:
        """Return loss, the gradient of every stage, and the share of wrong labels.

        Parameters
        ----------
        flow, weights, times : as for `SerialFlow.solve`.
        labels : DataArray or array (row, col), ground truth of the last stage.

        Returns
        -------
        Dataset with `loss` f; `gradient_0`, `gradient_1`, …, Euclidean, shaped like
        the weights (the names of dimensions end with the number of the stage unless
        all stages share them); `error_percent`; `loss_error`, an upper bound.
        """
        if not isinstance(flow, SerialFlow):
            raise TypeError(
                f"`flow` is a {type(flow).__name__}; pass a SerialFlow: "
                "`SerialFlow([Stage(first), Stage(second, coupling)])`"
            )
        times = flow.check_times(times)
        patches = check_weights(flow.flows, weights)
        truth = flow.flows[-1].check_labels(labels)
        evolutions = list(flow.evolve(patches, times, Krylov(self.dim)))
        value = self.loss.evaluate(evolutions[-1], truth)
        gradients = self._backward(flow, evolutions, value.slope)
        wrong = percent_wrong(evolutions[-1].labels, truth)
        choices = {"times": times, "dim": self.dim, "rank": self.rank}
        return present(flow, gradients, value, wrong, choices)

    def _backward(
        self, flow: SerialFlow, evolutions: Sequence[Evolution], g: np.ndarray
    ) -> list[np.ndarray]:
        """Return the gradients of all stages, computed from the last to the first."""
        gradients = []
        for k in range(len(evolutions) - 1, -1, -1):
            evolution = evolutions[k]
            left = arnoldi(evolution.system.apply_transpose, g, self.dim)
            (factors,) = factorize(left, forward_basis(evolution), [evolution])
            gradients.append(assemble(factors, self.rank))
            if k > 0:
                slope = flow.maps[k - 1].apply_transpose(factors.z)
                # V = T e^shift · direction: the gradient in the direction carries both
                g = length(evolutions[k - 1]) * slope
        return gradients[::-1]


@dataclass(frozen=True)
class ParallelGradient(Record):
    """∂f/∂Ω_i for all parallel flows V̇_i = A_i V_i + B_i + Σ_j Π₀ L_ij V_j.

    f is the loss of one V_i(T). With the block matrix 𝐀, 𝐠 = T ∂f/∂𝐕 (zero in all other
    blocks), and λ(s) = e^{(1−s)T𝐀ᵀ} 𝐠, the factors of 𝐙 = ∫₀¹ λ yᵀ ds
    and 𝐳 = ∫₀¹ λ ds come from K_m(𝐀, 𝐁) and K_m(𝐀ᵀ, 𝐠). Ω_i enters 𝐀 and 𝐁 in the
    rows of flow i only, through A_i and B_i, so ∂f/∂Ω_i is as for a single flow, with
    the i-th rows of u_r, w_r and 𝐳 (Theorem 3.8).

    Parameters
    ----------
    dim : int in 1 … 200, m, dimension of the two Krylov spaces of all flows together.
    rank : int in 1 … dim, components of 𝐙 that are kept; 0 means all of them.
    loss : DirectionLoss, CrossEntropy or TangentLoss
    observed : int, the flow that the loss judges; by default −1, the last one.
    """

    dim: int = of(params.DIM)
    rank: int = of(RANK_OR_ALL)
    loss: Loss = any_loss()
    observed: int = of(OBSERVED, check=checked_observed)

    def _judge(self) -> None:
        require_rank(self.rank, self.dim)
        settle(self, rank=self.rank or self.dim)

    @exclusive
    def __call__(
        self, flow: ParallelFlow, weights: Any, labels: Any, time: float
    ) -> xr.Dataset:
        """Return loss, the gradient of every flow, and the share of wrong labels.

        Parameters
        ----------
        flow, weights, time : as for `ParallelFlow.solve`.
        labels : DataArray or array (row, col), ground truth of the observed flow.

        Returns
        -------
        Dataset as from `SerialGradient`, with one gradient for each flow.
        """
        if not isinstance(flow, ParallelFlow):
            raise TypeError(
                f"`flow` is a {type(flow).__name__}; pass a ParallelFlow: "
                "`ParallelFlow([first, second], {(1, 0): coupling})`"
            )
        time, i = params.TIME.check(time), self._index(len(flow.flows))
        patches = check_weights(flow.flows, weights)
        truth = flow.flows[i].check_labels(labels)
        end = flow.evolve(patches, time, Krylov(self.dim))
        value = self.loss.evaluate(end.evolutions[i], truth)
        g = [np.zeros(shape) for shape in end.system.shapes]
        g[i] = value.slope
        left = arnoldi(end.system.apply_transpose, stack(g), self.dim)
        parts = factorize(left, end.basis, end.evolutions)
        gradients = [assemble(factors, self.rank) for factors in parts]
        wrong = percent_wrong(end.evolutions[i].labels, truth)
        choices = {"time": time, "dim": self.dim, "rank": self.rank, "observed": i}
        return present(flow, gradients, value, wrong, choices)

    def _index(self, count: int) -> int:
        """Return which flow is observed, counted from the first."""
        if not -count <= self.observed < count:
            raise ValueError(
                f"`observed` = {self.observed} names none of the {count} flows: "
                f"it must be an integer from {-count} to {count - 1}"
            )
        return self.observed % count


def factorize(
    left: Basis, right: Basis, evolutions: Sequence[Evolution]
) -> list[Factors]:
    """Return, for each flow, its rows of Z ≈ Σ_r σ_r u_r w_rᵀ and of z.

    `left` spans K_m(𝐀ᵀ, 𝐠), `right` K_m(𝐀, 𝐁), both over the fields of all evolutions,
    which share time and shift. If 𝐁 vanishes, so does Z, but z remains. Errors of Z
    and z are not bounded here.
    """
    if left.dim == 0:
        return [Factors.none(evolution) for evolution in evolutions]
    X, y = van_loan(left, right, evolutions[0])
    U, sigma, Wt = np.linalg.svd(X, full_matrices=False)
    shapes = [evolution.system.shape for evolution in evolutions]
    n = sum(math.prod(shape) for shape in shapes)
    P = split(left.vectors.reshape(left.dim, n), shapes)
    Q = split(right.vectors.reshape(right.dim, n), shapes)
    z = split(left.combine(y).ravel(), shapes)
    return [
        Factors(e, p, q, U, sigma, Wt.T, part, lambda: (math.nan, math.nan))
        for e, p, q, part in zip(evolutions, P, Q, z, strict=True)
    ]


def present(
    flow: SerialFlow | ParallelFlow,
    gradients: Sequence[np.ndarray],
    value: LossValue,
    wrong: float,
    choices: Mapping[str, Any],
) -> xr.Dataset:
    """Return the result as a Dataset."""
    arrays = [f.label_weights(g) for f, g in zip(flow.flows, gradients, strict=True)]
    arrays = apart(arrays)
    for array in arrays:
        array.attrs.update(symbol="∂f", long_name="Euclidean gradient of the loss")
    return xr.Dataset(
        {
            "loss": ((), value.value, {"symbol": "f"}),
            **{f"gradient_{k}": array for k, array in enumerate(arrays)},
            "error_percent": ((), wrong, {"units": "percent"}),
            "loss_error": ((), value.value_error, {"cure": "raise `dim`"}),
        },
        attrs={**choices, "source": SOURCE},
    )


def apart(arrays: Sequence[xr.DataArray]) -> list[xr.DataArray]:
    """Number the dimensions and coordinates of each array, unless all are the same."""
    first = arrays[0]
    if all(a.sizes == first.sizes and a.coords.equals(first.coords) for a in arrays):
        return list(arrays)
    return [
        a.rename({name: f"{name}_{k}" for name in {*a.dims, *a.coords}})
        for k, a in enumerate(arrays)
    ]
