"""`Krylov`: exponential integration of the linearized flow (2.28)–(2.29)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from explorer import params
from explorer.flow import phi
from explorer.flow.arnoldi import Basis
from explorer.flow.coordinates import lifted
from explorer.flow.evolution import Evolution, Integrator, Work, checked_rtol
from explorer.flow.orthogonalization import Orthogonalization, any_orthogonalization
from explorer.flow.rounding import Path, amplified
from explorer.flow.system import LinearSystem
from explorer.params import of
from explorer.threads import exclusive


def cure_of(dim: int, time: float) -> str:
    """Return the cure for an inaccurate Krylov solution."""
    shorter = f"lower `time` below {time:g}"
    return (
        shorter if dim >= params.DIM.high else f"raise `dim` above {dim} or {shorter}"
    )


@dataclass(frozen=True, eq=False)
class KrylovState:
    """The parts that do not depend on time: the system and its basis of K_m(A, b)."""

    system: LinearSystem
    basis: Basis


@dataclass(frozen=True)
class Krylov(Integrator):
    """Krylov approximation V(T) ≈ T β Q_m φ(T H_m) e₁ (2.28b), m fixed.

    Parameters
    ----------
    dim : int in 1 … 200
        m, dimension of K_m(A, b). About 10 suffices for T ≤ 10. An invariant space
        ends the process earlier, and the result is then exact.
    rtol : float in (0, 1]
        relative error bound above which `status` reports an inaccurate solution.
    orthogonalization : BlockChebyshev or GramSchmidt
        how the basis is made orthonormal: fast, or vector by vector.

    Notes
    -----
    The reported error is an upper bound, not the usual estimate
    T β h_{m+1,m} |e_mᵀ φ(T H_m) e₁|: the defect is integrated over [0, T] with the
    growth ‖e^{sA}‖ ≤ e^{sμ}, μ = ‖R_S‖₂‖Ω‖₂ (see `flow.phi.defect_bound`), from
    samples at 65 times; on each interval between them, the larger end value counts.
    Rounding, amplified by the flow, is included (see `flow.rounding`). At a base point,
    everything is bounded in Ũ = V/W₀ (see `flow.coordinates`).
    """

    dim: int = of(params.DIM)
    rtol: float = of(params.RTOL, check=checked_rtol)
    orthogonalization: Orthogonalization = any_orthogonalization()

    @exclusive
    def init(
        self, system: LinearSystem, check: Callable[[], None] = lambda: None
    ) -> KrylovState:
        """Build the basis; it does not depend on the time."""
        basis = self.orthogonalization.build(
            system.forward, system.start, self.dim, check
        )
        return KrylovState(system, basis)

    @exclusive
    def compute(self, state: KrylovState, time: float) -> Evolution:
        """Return V(time) from the basis: a small exponential and one combination."""
        system, basis = state.system, state.basis
        shift = phi.shift_of(basis.H, time)
        y = basis.norm * phi.phi_first(basis.H, time, shift)
        direction = basis.combine(y)
        # bounds need no vectors, and nothing that is kept for the next solve
        same, own = replace(system), lifted(system, basis)
        rtol = self.rtol

        @cache
        def errors() -> tuple[float, float]:
            enough = rtol * float(np.linalg.norm(direction)) / (same.pull_norm or 1.0)
            return solve_errors(same, own, (time, shift), enough)

        return Evolution(
            system=system,
            time=time,
            shift=shift,
            direction=direction,
            error=lambda: sum(errors()),
            rounding=lambda: errors()[1],
            work=Work(applications=basis.dim, dim=basis.dim),
            cure=cure_of(basis.dim, time),
            exact=basis.residual == 0.0,
            basis=basis,
        )

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time): `init` and `compute` in one."""
        return self.compute(self.init(system, check), time)


def solve_errors(
    system: LinearSystem, basis: Basis, scale: tuple[float, float], enough: float
) -> tuple[float, float]:
    """Bound the errors of the direction from the Krylov space and from rounding.

    `basis` is measured in the coordinates of `rate`, see `flow.coordinates`; `scale` is
    (time, shift).
    """
    time, shift = scale
    own = float(direction_error(basis, time, shift, system.rate)[-1])
    norms = basis.magnitude(basis.norm * phi.phi_history(basis.H, time, shift))
    lost = amplified(system, time, shift, Path(norms, system.noise, enough))
    return system.pull_norm * own, system.pull_norm * lost


def direction_error(
    basis: Basis,
    time: float,
    shift: float,
    growth: float,
    noise: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """Bound ‖y_m(τ) − y(τ)‖, y(τ) = V(τT)/T, on the grid τ = 0 … 1.

    Both are scaled by e^{−τ shift}; `growth` is μ with ‖e^{sA}‖ ≤ e^{sμ}. The defect is
    ρ(τ) = T β h_{m+1,m} e_mᵀ τφ(τTH) e₁, and `noise` adds the rounding errors of A
    and b.
    """
    if basis.dim == 0 or (basis.residual == 0.0 and noise[0] == 0.0):
        return np.full(phi.INTERVALS + 1, noise[1])
    history = basis.norm * phi.phi_history(basis.H, time, shift)
    defect = time * basis.residual * np.abs(history[:, -1])
    defect += time * noise[0] * basis.magnitude(history) + noise[1]
    return phi.defect_bound(defect, time * growth - shift)
