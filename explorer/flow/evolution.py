"""The common interface of all integrators of the linearized flow: result and status."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
import xarray as xr

from explorer import params
from explorer.flow.arnoldi import Basis
from explorer.flow.base import Flow, checked_flow
from explorer.flow.rounding import LEAST
from explorer.flow.status import Ending, Status
from explorer.flow.system import LinearSystem
from explorer.geometry import simplex
from explorer.late import late
from explorer.params import Record
from explorer.threads import exclusive

LARGEST_LOG_SCALE = 300.0
"""V(T) is rescaled beyond e^300 = 10¹³⁰: its norm stays in double precision."""

LARGEST_LOG_SCALE_SINGLE = 40.0
"""e^40 = 2·10¹⁷ leaves room in single precision (3·10³⁸) for T = 10⁴ and for V/W₀. All
labels are decided long before."""


def largest_log_scale(dtype: np.dtype) -> float:
    """Return the logarithm of the largest scale of V(T) in this type."""
    single = dtype == np.float32
    return LARGEST_LOG_SCALE_SINGLE if single else LARGEST_LOG_SCALE


def checked_rtol(value: Any) -> float:
    """Return `rtol`, or raise if rounding alone is larger."""
    return reachable("rtol", params.RTOL.check(value))


def checked_tolerance(value: Any) -> float:
    """Return the `tolerance` of a step, or raise if rounding alone is larger."""
    return reachable("tolerance", params.TOLERANCE.check(value))


def reachable(argument: str, value: float) -> float:
    """Return a relative tolerance, or raise if float64 cannot reach it."""
    if value < LEAST:
        raise ValueError(
            f"`{argument}` must be at least {LEAST:.2g}, a hundred roundings of "
            f"float64, got {value:g}; raise it"
        )
    return value


@dataclass(frozen=True)
class Work:
    """The cost of a solve.

    Attributes
    ----------
    applications : of A; substeps : in time; dim : of the largest Krylov space, or 0.
    """

    applications: int
    substeps: int = 1
    dim: int = 0


@dataclass(frozen=True)
class Substep:
    """A step from `begin` to `end` within a solve, in a Krylov space of that `dim`."""

    begin: float
    end: float
    dim: int


@late("error", "rounding")
@dataclass(frozen=True, eq=False)
class Evolution:
    """V(T) as arrays: V(T) = T · e^shift · direction.

    Labels and losses depend only on the direction of V(T). direction is φ(TA)b up to
    the scale, so it is defined at T = 0 too (there it is b), and never overflows.

    Attributes
    ----------
    direction : (label, row, col); shift : logarithm of its scale.
    error : of `direction`, Frobenius norm; a bound if its integrator says so.
    cure : what to change if the error is too large.
    exact : whether only rounding is left; basis : the Krylov space, if there is one.
    rounding : the part of `error` that rounding causes.
    taken : the sub-steps that an adaptive solver chose.
    """

    system: LinearSystem
    time: float
    shift: float
    direction: np.ndarray
    error: Any
    work: Work
    cure: str
    exact: bool = False
    basis: Basis | None = None
    rounding: Any = 0.0
    taken: tuple[Substep, ...] = ()

    def light(self) -> Evolution:
        """Return a copy without the Krylov space and without cached results."""
        system = replace(self.system)
        own = vars(self)
        late = {"error": own["_error"], "rounding": own["_rounding"]}
        return replace(self, system=system, basis=None, **late)

    @property
    def labels(self) -> np.ndarray:
        """argmax_j W_ij(T) as (row, col); the first label wins a tie.

        At the barycenter it is argmax_j V_ij(T), whatever the scale of V.
        """
        if self.system.base_point is None:
            return self.direction.argmax(axis=0)
        return self.system.exponent(self.scaled).argmax(axis=0)

    @property
    def assignment(self) -> np.ndarray:
        """W(T) = Exp_W₀(V(T)), the label probabilities, (label, row, col)."""
        return simplex.softmax(self.system.exponent(self.scaled))

    @property
    def scaled(self) -> np.ndarray:
        """V(T), rescaled below e^300 to avoid overflow (e^40 in float32)."""
        limit = largest_log_scale(self.direction.dtype)
        return self.time * math.exp(min(self.shift, limit)) * self.direction


@dataclass(frozen=True, eq=False)
class Solution:
    """A labeled solution of the linearized flow.

    Attributes
    ----------
    V : DataArray (label, row, col)
        tangent vectors V(T); for very long times divided by e^{attrs["log_scale"]}.
    labels : DataArray (row, col)
        argmax_j W_ij(T), at the barycenter argmax_j V_ij(T); at T = 0 the labels of the
        limit T → 0.
    error : float
        ‖V − V_exact‖ at most (Frobenius, same scale as `V`).
    status : Status
        how the solve ended; its text names the cure.
    work : Work
        applications of A, sub-steps, dimension of the Krylov space.
    """

    V: xr.DataArray
    labels: xr.DataArray
    error: float
    status: Status
    work: Work
    evolution: Evolution = field(repr=False)

    @property
    def dim(self) -> int:
        """Dimension of the Krylov space that was used."""
        return self.work.dim

    @property
    def W(self) -> xr.DataArray:
        """W = Exp_W₀(V), at the barycenter softmax(J V): label probabilities (1.3)."""
        W = self.evolution.assignment
        return self.evolution.system.label(W, symbol="W", long_name="assignment")


class Integrator(Record, ABC):
    """A way to solve V̇ = A V + B, V(0) = 0: a frozen record of choices.

    Attributes
    ----------
    rtol : relative error above which `status` reports an inaccurate solution.
    """

    rtol: float

    @abstractmethod
    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time); `check` is called often and may raise to stop."""

    @final
    @exclusive
    def solve(self, flow: Flow, weights: Any, time: float) -> Solution:
        """Solve V̇ = A V + B up to `time`.

        Parameters
        ----------
        flow : LinearizedFlow or GraphFlow
        weights : DataArray or array (offset, row, col), positive, patches sum to one.
        time : float in [0, 10⁴], T.
        """
        time = params.TIME.check(time)
        array = checked_flow(flow).check_weights(weights)
        return present(self.integrate(flow.plain_system(array), time), self.rtol)


def present(evolution: Evolution, rtol: float) -> Solution:
    """Return an Evolution as labeled arrays with its status."""
    system = evolution.system
    limit = largest_log_scale(evolution.direction.dtype)
    log_scale = evolution.shift if evolution.shift > limit else 0.0
    factor = evolution.time * math.exp(evolution.shift - log_scale)
    V = system.label(
        factor * evolution.direction,
        symbol="V",
        long_name="tangent vectors V(T)",
        time=evolution.time,
        log_scale=log_scale,
        source="(2.24)",
    )
    labels = system.label(evolution.labels, long_name="label", symbol="argmax W")
    return Solution(
        V=V,
        labels=labels,
        error=factor * evolution.error if factor else 0.0,
        status=judge(evolution, rtol),
        work=evolution.work,
        evolution=evolution,
    )


def judge(evolution: Evolution, rtol: float) -> Status:
    """Return the status of a solve."""
    norm = float(np.linalg.norm(evolution.direction))
    if evolution.system.shape[0] == 1:
        return Status(Ending.EXACT, "exact: with one label there is nothing to decide")
    if not math.isfinite(norm):
        return Status(
            Ending.INACCURATE,
            f"V is not finite in {evolution.direction.dtype}: "
            f"{rounding_cure(evolution)}",
        )
    if norm == 0.0:
        return Status(
            Ending.UNDETERMINED,
            "V is zero: at every pixel, the distances to all labels are the same; "
            "use prototypes that differ",
        )
    relative = evolution.error / norm
    if evolution.exact and relative <= rtol:
        return Status(Ending.EXACT, "exact: only rounding is left")
    if relative <= rtol:
        return Status(
            Ending.ACCURATE, f"relative error at most {relative:.1e} (rtol {rtol:g})"
        )
    return Status(
        Ending.INACCURATE,
        f"relative error bound {relative:.1e} exceeds rtol {rtol:g}: {cure(evolution)}",
    )


def cure(evolution: Evolution) -> str:
    """Return the cure for an inaccurate solution."""
    if 2.0 * evolution.rounding <= evolution.error or math.isinf(evolution.error):
        return evolution.cure
    return f"rounding is amplified; {rounding_cure(evolution)}"


def rounding_cure(evolution: Evolution) -> str:
    """Return the cure for large rounding errors."""
    if evolution.system.similarity.dtype == np.float32:
        return 'use a flow with dtype="float64", or lower `time`'
    return f"lower `time` below {evolution.time:g}"
