"""`Krylov`: exponential integration of the linearized flow (2.28)–(2.29)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from explorer import params
from explorer.dims import LABEL_FIELD, PIXELS, labeled
from explorer.flow import phi
from explorer.flow.arnoldi import Basis, arnoldi
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.status import Ending, Status
from explorer.flow.system import LinearSystem
from explorer.geometry import simplex
from explorer.threads import exclusive

LARGEST_LOG_SCALE = 600.0
"""Beyond e^600 the entries of V(T) would leave double precision."""


@dataclass(frozen=True, eq=False)
class KrylovState:
    """What does not depend on time: the system and its basis of K_m(A, b)."""

    system: LinearSystem
    basis: Basis


@dataclass(frozen=True, eq=False)
class Evolution:
    """V(T) as arrays: V(T) = T · e^shift · direction.

    Labels and losses depend on the direction of V(T) only. direction is φ(TA)b up to
    the scale, so it is defined at T = 0 too (there it is b), and never overflows.

    Attributes
    ----------
    direction : (label, row, col); shift : logarithm of its scale.
    error : bound of the error of `direction`, Frobenius norm.
    """

    state: KrylovState
    time: float
    shift: float
    direction: np.ndarray
    error: float

    @property
    def labels(self) -> np.ndarray:
        """argmax_j W_ij(T) as (row, col); the first label wins a tie.

        At the barycenter it is argmax_j V_ij(T), whatever the scale of V.
        """
        system = self.state.system
        if system.base_point is None:
            return self.direction.argmax(axis=0)
        return system.exponent(self.scaled).argmax(axis=0)

    @property
    def scaled(self) -> np.ndarray:
        """V(T), its scale kept below e^600 lest it leave double precision."""
        return self.time * math.exp(min(self.shift, LARGEST_LOG_SCALE)) * self.direction


@dataclass(frozen=True, eq=False)
class Solution:
    """A labeled solution of the linearized flow.

    Attributes
    ----------
    V : DataArray (label, row, col)
        tangent vectors V(T); for very long times divided by e^{attrs["log_scale"]}.
    labels : DataArray (row, col)
        argmax_j V_ij(T); at T = 0 the labels of the limit T → 0.
    error : float
        a-posteriori bound of ‖V − V_exact‖ (Frobenius, same scale as `V`).
    status : Status
        how the solve ended; its text names the cure.
    dim : int
        dimension of the Krylov space that was built.
    """

    V: xr.DataArray
    labels: xr.DataArray
    error: float
    status: Status
    dim: int
    evolution: Evolution = field(repr=False)

    @property
    def W(self) -> xr.DataArray:
        """W = Exp_W₀(V), at the barycenter softmax(J V): label probabilities (1.3)."""
        u = self.evolution.state.system.exponent(self.evolution.scaled)
        return labeled(
            simplex.softmax(u), LABEL_FIELD, symbol="W", long_name="assignment"
        )


@dataclass(frozen=True)
class Krylov:
    """Krylov approximation V(T) ≈ T β Q_m φ(T H_m) e₁ (2.28b).

    Parameters
    ----------
    dim : int in 1 … 200
        m, dimension of K_m(A, b). About 10 suffices for T ≤ 10. An invariant space
        ends the process earlier, and the result is then exact.
    rtol : float in (0, 1]
        relative error bound above which `status` reports an inaccurate solution.

    Notes
    -----
    The reported error is an upper bound, not the usual estimate
    T β h_{m+1,m} |e_mᵀ φ(T H_m) e₁|: the defect is integrated over [0, T] with the
    growth ‖e^{sA}‖ ≤ e^{sμ}, μ = ‖R_S‖₂‖Ω‖₂ (see `flow.phi.defect_bound`).
    """

    dim: int = int(params.DIM.default)
    rtol: float = params.RTOL.default

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", params.DIM.check(self.dim))
        object.__setattr__(self, "rtol", params.RTOL.check(self.rtol))

    @exclusive
    def init(
        self, system: LinearSystem, check: Callable[[], None] = lambda: None
    ) -> KrylovState:
        """Build the basis; it does not depend on the time."""
        return KrylovState(
            system, arnoldi(system.apply, system.source, self.dim, check)
        )

    @exclusive
    def compute(self, state: KrylovState, time: float) -> Evolution:
        """Return V(time) from the basis: a small exponential and one combination."""
        basis = state.basis
        shift = phi.shift_of(basis.H, time)
        y = basis.norm * phi.phi_first(basis.H, time, shift)
        direction = basis.combine(y)
        error = float(direction_error(state, time, shift)[-1])
        return Evolution(state, time, shift, direction, error)

    def solve(self, flow: LinearizedFlow, weights: Any, time: float) -> Solution:
        """Solve V̇ = A V + B up to `time`.

        Parameters
        ----------
        flow : LinearizedFlow
        weights : DataArray or array (offset, row, col), positive, patches sum to one.
        time : float in [0, 10⁴], T.
        """
        time = params.TIME.check(time)
        array = checked_flow(flow).check_weights(weights)
        evolution = self.compute(self.init(flow.system(array)), time)
        return present(evolution, self.rtol)


def checked_flow(flow: Any) -> LinearizedFlow:
    """Return `flow`, or raise if it is no LinearizedFlow."""
    if not isinstance(flow, LinearizedFlow):
        raise TypeError(
            f"`flow` is a {type(flow).__name__}; needed is a LinearizedFlow: "
            "make one with `LinearizedFlow(distances)`"
        )
    return flow


def direction_error(state: KrylovState, time: float, shift: float) -> np.ndarray:
    """Bound ‖y_m(τ) − y(τ)‖, y(τ) = V(τT)/T, on the grid τ = 0 … 1.

    Both are scaled by e^{−τ shift}. The defect is ρ(τ) = T β h_{m+1,m} e_mᵀ τφ(τTH) e₁.
    """
    basis = state.basis
    if basis.residual == 0.0:
        return np.zeros(phi.INTERVALS + 1)
    last = np.abs(phi.phi_history(basis.H, time, shift)[:, -1])
    defect = time * basis.norm * basis.residual * last
    return phi.defect_bound(defect, time * state.system.growth - shift)


def present(evolution: Evolution, rtol: float) -> Solution:
    """Return an Evolution as labeled arrays with its status."""
    log_scale = evolution.shift if evolution.shift > LARGEST_LOG_SCALE else 0.0
    factor = evolution.time * math.exp(evolution.shift - log_scale)
    V = labeled(
        factor * evolution.direction,
        LABEL_FIELD,
        symbol="V",
        long_name="tangent vectors V(T)",
        time=evolution.time,
        log_scale=log_scale,
        source="(2.28b)",
    )
    labels = labeled(evolution.labels, PIXELS, long_name="label", symbol="argmax V")
    return Solution(
        V=V,
        labels=labels,
        error=factor * evolution.error,
        status=judge(evolution, rtol),
        dim=evolution.state.basis.dim,
        evolution=evolution,
    )


def judge(evolution: Evolution, rtol: float) -> Status:
    """Say how a solve ended."""
    basis, norm = evolution.state.basis, float(np.linalg.norm(evolution.direction))
    if norm == 0.0:
        return Status(
            Ending.UNDETERMINED,
            "V is zero: the distances are the same for all labels at every pixel, "
            "so nothing tells the labels apart",
        )
    if basis.residual == 0.0:
        return Status(
            Ending.EXACT,
            f"exact: the Krylov space of dimension {basis.dim} is invariant",
        )
    relative = evolution.error / norm
    if relative <= rtol:
        return Status(
            Ending.ACCURATE, f"relative error at most {relative:.1e} (rtol {rtol:g})"
        )
    return Status(
        Ending.INACCURATE,
        f"relative error bound {relative:.1e} exceeds rtol {rtol:g}: "
        f"raise `dim` above {basis.dim} or lower `time` below {evolution.time:g}",
    )
