"""`AdaptiveRungeKutta`: the nonlinear flow at one time, or at all times at once.

DOP853 keeps, for each of its steps, a polynomial of degree 7 built from the stages of
the step (Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, II.6).
Evaluating it costs a few sums, not a solve.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explorer import params
from explorer.flow.base import Flow, checked_flow
from explorer.flow.evolution import checked_tolerance
from explorer.flow.integrators import ALWAYS_THERE, require_memory
from explorer.flow.nonlinear import (
    Moment,
    NonlinearSolution,
    Velocity,
    integrate,
    present,
    velocity_of,
)
from explorer.messages import require_callable
from explorer.params import Record, of, shown
from explorer.threads import exclusive

STAGES = 8
"""Arrays of the size of W that one step keeps: its start and seven coefficients."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The assignment flow on [0, T]: W(t) for every t, without another solve.

    Attributes
    ----------
    flow : Flow; time : T; reached : end of the integration, less than T only if
        the step size vanished.
    steps, evaluations : steps taken, and evaluations of S(W).
    """

    flow: Flow = field(repr=False)
    time: float
    reached: float
    evaluations: int
    _ends: tuple[float, ...] = field(repr=False)
    _pieces: tuple[Callable[[float], np.ndarray], ...] = field(repr=False)

    @property
    def steps(self) -> int:
        """The number of steps taken."""
        return len(self._pieces)

    def at(self, time: float) -> NonlinearSolution:
        """Return the state at a time t in [0, T].

        Its `evaluations` are those of the whole trajectory.

        Raises
        ------
        ValueError
            if t lies beyond T.
        """
        time = params.TIME.check(time)
        if time > self.time:
            raise ValueError(
                f"`time` must be at most {self.time:g}, the end of this trajectory, "
                f"got {shown(time)}; integrate to a later `time`"
            )
        steps = min(bisect_left(self._ends, time) + 1, self.steps)
        moment = Moment(min(time, self.reached), self.U(time), steps, self.evaluations)
        return present(self.flow, moment, time, 0.0)

    def U(self, time: float) -> np.ndarray:
        """Return U(t) with W(t) = softmax(U(t)), (label, row, col); t at most T."""
        if not self._pieces:  # the first step has failed
            return self.flow.potential()[1]
        time = min(time, self.reached)
        piece = self._pieces[min(bisect_left(self._ends, time), self.steps - 1)]
        return piece(time).reshape(self.flow.shape)


@dataclass(frozen=True)
class AdaptiveRungeKutta(Record):
    """Embedded Runge–Kutta–Munthe-Kaas scheme of order 8(5,3), Dormand and Prince.

    Parameters
    ----------
    tolerance : float in (0, 1]
        largest error of one step, absolute and relative, in U, where W = softmax(U): an
        error of U is a relative error of W.
    """

    tolerance: float = of(params.TOLERANCE, check=checked_tolerance)

    def iterate(
        self, velocity: Velocity, U: np.ndarray, time: float
    ) -> Iterator[Moment]:
        """Yield the start and every accepted step up to `time`."""
        yield Moment(0.0, U, 0, 0)
        shape = U.shape
        scheme = self._scheme(
            lambda _, y: velocity(y.reshape(shape)).ravel(), 0.0, U.ravel(), time
        )
        steps = 0
        while scheme.status == "running":
            scheme.step()
            steps += 1
            yield Moment(scheme.t, scheme.y.reshape(shape), steps, scheme.nfev)

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
    def trajectory(
        self,
        flow: Flow,
        weights: Any,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Trajectory:
        """Integrate (2.9) from W₀ once, to read W(t) at every t in [0, T].

        Between two steps, U = log W is a polynomial of degree 7 in t; its error is of
        the order of the tolerance.

        Parameters
        ----------
        flow : Flow; provides the data D, ρ, R, and the base point W₀ as W(0).
        weights : DataArray or array (offset, row, col), positive, patches sum to one.
        time : float in [0, 10⁴], T.
        check : called before each step; it may raise to stop.

        Raises
        ------
        MemoryError
            if the steps do not fit into memory: each takes eight float64 arrays like W.

        Examples
        --------
        >>> import explorer as ex
        >>> scene = ex.voronoi_scene("colors", size=16, noise=0.3)
        >>> flow = ex.LinearizedFlow(scene.distances)
        >>> scheme = ex.AdaptiveRungeKutta()
        >>> whole = scheme.trajectory(flow, flow.uniform_weights(), time=10.0)
        >>> whole.at(2.5).time, whole.at(2.5).W.dims
        (2.5, ('label', 'row', 'col'))
        """
        time = params.TIME.check(time)
        require_callable("check", check)
        array = checked_flow(flow).check_weights(weights)
        return follow(self._scheme, flow, velocity_of(flow, array), time, check)

    def _scheme(
        self, function: Callable[..., Any], begin: float, y: np.ndarray, end: float
    ) -> Any:
        """Return the solver of SciPy."""
        from scipy.integrate import DOP853  # takes 20 MB and 0.1 s to import

        tol = self.tolerance
        return DOP853(function, begin, y, end, rtol=tol, atol=tol)


def follow(
    scheme: Callable[..., Any],
    flow: Flow,
    velocity: Velocity,
    time: float,
    check: Callable[[], None],
) -> Trajectory:
    """Integrate from W₀ up to `time`, and keep the polynomial of each step.

    scheme : (right-hand side, start time, start, end time) → solver of SciPy.

    Raises
    ------
    MemoryError
        if the next step does not fit into memory.
    """
    _, start = flow.potential()
    shape = start.shape
    solver = scheme(
        lambda _, y: velocity(y.reshape(shape)).ravel(), 0.0, start.ravel(), time
    )
    ends: list[float] = []
    pieces: list[Callable[[float], np.ndarray]] = []
    # small steps add up: the system is asked before each of them
    needed = max(STAGES * solver.y.nbytes, ALWAYS_THERE + 1)
    while solver.status == "running":
        check()
        require_memory(
            f"step {len(pieces) + 1} of the trajectory", needed,
            lambda: "lower `time`, raise `tolerance`, or use a smaller image",
        )  # fmt: skip
        solver.step()
        if solver.status == "failed":
            break
        ends.append(float(solver.t))
        pieces.append(solver.dense_output())
    return Trajectory(
        flow, time, float(solver.t), solver.nfev, tuple(ends), tuple(pieces)
    )
