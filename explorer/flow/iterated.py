"""Iterated linearization of the assignment flow (1.5)–(1.7).

W⁽ᵏ⁺¹⁾ = Exp_W⁽ᵏ⁾(V(h_k; Ω⁽ᵏ⁾, W⁽ᵏ⁾)) with V the flow linearized at W⁽ᵏ⁾. Write
W = softmax(U) and V = R_W Ũ. Then V̇ = A V + B becomes Ũ' = R_S Ω Ũ + S: because
V/W = Ũ − ⟨W, Ũ⟩ and R_S Ω ignores constants, W drops out of the operator and enters
only through S = softmax(Ω(U − D/ρ)). Therefore every step is a flow at the barycenter
with the data term U − D/ρ, and U⁽ᵏ⁺¹⁾ = U⁽ᵏ⁾ + J V_𝟙(h_k). Nothing is divided by W, so
W may come arbitrarily close to a corner. (For U this is the exponential
Rosenbrock–Euler method, which is of second order in the step size.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import ITERATION, LABEL, computed, plain
from explorer.flow.base import Flow, checked_flow
from explorer.flow.evolution import Evolution, largest_log_scale
from explorer.flow.krylov import Krylov
from explorer.flow.status import Ending, Status
from explorer.flow.system import LinearSystem
from explorer.geometry import simplex
from explorer.params import Record, must, part, shown
from explorer.threads import exclusive


@dataclass(frozen=True, eq=False)
class IteratedSolution:
    """The assignment after the last linearization.

    Attributes
    ----------
    W : DataArray (label, row, col); labels : DataArray (row, col).
    U : (label, row, col), W = softmax(U), as a plain array.
    errors : bound of the Krylov error of U in each step (Frobenius).
    status : how the least accurate step ended.
    """

    W: xr.DataArray
    labels: xr.DataArray
    U: np.ndarray = field(repr=False)
    errors: tuple[float, ...]
    status: Status


def checked_krylov(value: Any) -> Krylov:
    """Return `value`, or raise if it is not a Krylov."""
    if not isinstance(value, Krylov):
        admissible, cure = "a Krylov instance", "pass Krylov(dim=10)"
        raise TypeError(must("integrator", admissible, value, cure))
    return value


@dataclass(frozen=True)
class IteratedLinearization(Record):
    """A sequence of linearized flows, each linearized at the end of the previous one.

    Parameters
    ----------
    integrator : Krylov, the solver of each flow.
    """

    integrator: Krylov = part(
        Krylov, checked_krylov, Krylov, meaning="solver of each linearized flow"
    )

    def iterate(
        self,
        flow: Flow,
        patches: Sequence[np.ndarray],
        times: Sequence[float],
    ) -> Iterator[Evolution]:
        """Yield each linearized flow at its end, for checked plain arrays."""
        C, U = flow.potential()
        for weights, time in zip(patches, times, strict=True):
            system = LinearSystem.at(flow.neighborhood, weights, C + U)
            evolution = self.integrator.compute(self.integrator.init(system), time)
            yield evolution
            U = U + system.shape[0] * evolution.scaled

    @exclusive
    def solve(
        self, flow: Flow, weights: Any, times: Sequence[float]
    ) -> IteratedSolution:
        """Solve all linearized flows in turn.

        Parameters
        ----------
        flow : Flow; its base point is W⁽⁰⁾.
        weights : the Ω⁽ᵏ⁾: one (offset, row, col) for all steps, a list of them, or a
            DataArray with the dimension `iteration`.
        times : the h_k, each in [0, 10⁴], at least one.
        """
        times = check_times(times)
        patches = check_patches(checked_flow(flow), weights, len(times))
        evolutions = list(self.iterate(flow, patches, times))
        U, errors, dims = flow.potential()[1], [], flow.neighborhood.dims
        for evolution in evolutions:
            labels = flow.shape[0]
            U = U + labels * evolution.scaled
            factor = (
                labels
                * evolution.time
                * np.exp(
                    min(evolution.shift, largest_log_scale(evolution.direction.dtype))
                )
            )
            errors.append(float(factor * evolution.error))
        W, label = simplex.softmax(U), flow.coordinates.label
        return IteratedSolution(
            W=label(W, (LABEL, *dims), symbol="W", long_name="assignment"),
            labels=label(U.argmax(axis=0), dims, long_name="label"),
            U=U,
            errors=tuple(errors),
            status=worst_status(evolutions, self.integrator.rtol),
        )


def worst_status(evolutions: Sequence[Evolution], rtol: float) -> Status:
    """Return the status of the step with the largest relative error."""
    norms = [float(np.linalg.norm(e.direction)) for e in evolutions]
    relative = [
        e.error / n if n else 0.0 for e, n in zip(evolutions, norms, strict=True)
    ]
    for k, evolution in enumerate(evolutions):
        limit = largest_log_scale(evolution.direction.dtype)
        if evolution.shift > limit or not math.isfinite(norms[k]):
            return Status(
                Ending.INACCURATE,
                f"V of step {k} grows to e^{evolution.shift:.0f} and is cut at "
                f"e^{limit:.0f}: take shorter `times`",
            )
    k = int(np.argmax(relative))  # NaN comes first
    if relative[k] <= rtol:
        return Status(
            Ending.ACCURATE, f"relative error of each step at most {relative[k]:.1e}"
        )
    return Status(
        Ending.INACCURATE,
        f"relative error bound {relative[k]:.1e} of step {k} exceeds rtol {rtol:g}: "
        "raise `dim` or take shorter `times`",
    )


def check_times(times: Any) -> list[float]:
    """Return the step sizes as a list of floats."""
    try:
        if isinstance(times, (str, bytes, Mapping, Set)):
            raise TypeError("it has no order, or no numbers")
        labeled = isinstance(times, (np.ndarray, xr.DataArray))
        entries = list(plain("times", times) if labeled else times)
    except TypeError as error:
        raise TypeError(
            f"`times` = {shown(times)} must be a sequence of step sizes, such as "
            "[0.5] * 4"
        ) from error
    checked = [params.TIME.check(t) for t in entries]
    if not checked:
        raise ValueError("`times` is empty: give at least one step size")
    return checked


def check_patches(flow: Flow, weights: Any, count: int) -> list[np.ndarray]:
    """Return one plain weight array per iteration."""
    if isinstance(weights, xr.DataArray) and ITERATION in weights.dims:
        weights = computed("weights", weights)  # once, not step by step
        weights = [
            weights.isel({ITERATION: k}) for k in range(weights.sizes[ITERATION])
        ]
    if not isinstance(weights, (list, tuple)):
        return [flow.check_weights(weights)] * count
    if len(weights) != count:
        raise ValueError(
            f"`weights` has {len(weights)} entries; `times` has {count}: give one "
            "weight array for each step, or a single one for all"
        )
    return [flow.check_weights(w, f"weights[{k}]") for k, w in enumerate(weights)]
