"""The nonlinear assignment flow (2.9) and its geometric integrators.

With W = softmax(U), the flow Ẇ = R_W S(W) becomes U̇ = S = softmax(Ω(U − D/ρ)) up to
constants, which change neither W nor S: S(W) = softmax(Ω(log W − D/ρ)) (2.17), log W
and U differ by one number per pixel, and the rows of Ω sum to one. The lifting map acts
as a commutative group, W ↦ exp_W(u) = softmax(U + u), so a Runge–Kutta–Munthe-Kaas
scheme for W is the plain Runge–Kutta scheme for U.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import LABEL
from explorer.flow.base import Flow, checked_flow
from explorer.flow.integrators import euler_steps
from explorer.flow.status import Ending, Status
from explorer.geometry import simplex
from explorer.params import Record, of
from explorer.threads import exclusive

Velocity = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class NonlinearSolution:
    """The state that the assignment flow has reached.

    Attributes
    ----------
    W : DataArray (label, row, col), the assignment W(time).
    labels : DataArray (row, col), argmax_j W_ij.
    time : flow time reached; entropy : mean entropy of the pixels, in [0, 1].
    steps, evaluations : steps taken, and evaluations of S(W).
    status : how the integration ended.
    """

    W: xr.DataArray
    labels: xr.DataArray
    time: float
    entropy: float
    steps: int
    evaluations: int
    status: Status


@dataclass(frozen=True, eq=False)
class Moment:
    """A record of the integration: U with W = softmax(U), and the cost so far."""

    time: float
    U: np.ndarray
    steps: int
    evaluations: int

    @property
    def W(self) -> np.ndarray:
        """W = softmax(U), (label, row, col)."""
        return simplex.softmax(self.U)

    @property
    def entropy(self) -> float:
        """Mean normalized entropy of the rows of W, in [0, 1]."""
        return float(simplex.entropy(self.W).mean())


@dataclass(frozen=True)
class GeometricEuler(Record):
    """Geometric explicit Euler W ← exp_W(h S(W)), of first order in h.

    Parameters
    ----------
    time_step : float in (0, 10⁴], h in flow time; the last step ends at T.
    """

    time_step: float = of(params.TIME_STEP)

    def iterate(
        self, velocity: Velocity, U: np.ndarray, time: float
    ) -> Iterator[Moment]:
        """Yield the start and every step up to `time`."""
        yield Moment(0.0, U, 0, 0)
        count = euler_steps(time, self.time_step)
        for k in range(count):
            t = time if k == count - 1 else (k + 1) * self.time_step
            U = U + (t - k * self.time_step) * velocity(U)
            yield Moment(t, U, k + 1, k + 1)

    def solve(
        self,
        flow: Flow,
        weights: Any,
        time: float,
        entropy: float = params.ENTROPY.default,
    ) -> NonlinearSolution:
        """Integrate (2.9) from W₀; see `integrate`."""
        return integrate(self.iterate, flow, weights, time, entropy)


@exclusive
def integrate(
    iterate: Callable[[Velocity, np.ndarray, float], Iterator[Moment]],
    flow: Flow,
    weights: Any,
    time: float,
    entropy: float = params.ENTROPY.default,
) -> NonlinearSolution:
    """Integrate Ẇ = R_W S(W) from the base point of `flow` up to `time` or certainty.

    Parameters
    ----------
    iterate : the scheme.
    flow : Flow; provides the data D, ρ, R, and the base point W₀ as W(0).
    weights : DataArray or array (offset, row, col), positive, patches sum to one.
    time : float in [0, 10⁴], the latest flow time T.
    entropy : float in [0, 1]; stop when the mean entropy of the rows of W falls below
        (1e-3 in the paper's experiments); 0 never stops early.
    """
    time, entropy = params.TIME.check(time), params.ENTROPY.check(entropy)
    array = checked_flow(flow).check_weights(weights)
    _, start = flow.potential()
    for moment in iterate(velocity_of(flow, array), start, time):
        if entropy and moment.entropy < entropy:
            break
    return present(flow, moment, time, entropy)


def velocity_of(flow: Flow, weights: np.ndarray) -> Velocity:
    """Return U ↦ S = softmax(Ω(U − D/ρ)), the velocity of U = log W."""
    C, _ = flow.potential()
    return lambda U: flow.neighborhood.similarity(weights, U + C)


def present(
    flow: Flow, moment: Moment, time: float, entropy: float
) -> NonlinearSolution:
    """Return the last moment as labeled arrays with its status."""
    W, dims, label = moment.W, flow.neighborhood.dims, flow.coordinates.label
    reached = moment.entropy
    if not np.isfinite(moment.U).all():
        status = Status(
            Ending.INACCURATE,
            f"W is not finite in {moment.U.dtype} at time {moment.time:g}: lower "
            "`time` or rescale the distances",
        )
    elif entropy and reached < entropy:
        text = f"decided: mean entropy {reached:.1e} at time {moment.time:g}"
        status = Status(Ending.ACCURATE, text)
    elif moment.time < time:
        status = Status(
            Ending.INACCURATE,
            f"the step size vanished at time {moment.time:g}: raise `tolerance`",
        )
    elif entropy:
        status = Status(
            Ending.INACCURATE,
            f"mean entropy {reached:.1e} at time {time:g} is not below {entropy:g}: "
            "raise `time`",
        )
    else:
        status = Status(Ending.ACCURATE, f"integrated to time {time:g}")
    return NonlinearSolution(
        W=label(
            W, (LABEL, *dims), symbol="W", long_name="assignment", time=moment.time
        ),
        labels=label(W.argmax(axis=0), dims, long_name="label"),
        time=moment.time,
        entropy=reached,
        steps=moment.steps,
        evaluations=moment.evaluations,
        status=status,
    )
