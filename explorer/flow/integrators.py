"""Other integrators of the linearized flow, for comparison with Krylov spaces."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import psutil
from scipy.linalg import expm

from explorer import params
from explorer.flow import phi
from explorer.flow.arnoldi import arnoldi
from explorer.flow.coordinates import at_base
from explorer.flow.evolution import (
    Evolution,
    Integrator,
    Work,
    checked_rtol,
)
from explorer.flow.rounding import EPS, Path, amplified
from explorer.flow.system import LinearSystem
from explorer.params import of

MOST_STEPS = 10**7
"""Largest number of Euler steps; for a single pixel, they take two minutes."""

LONGEST = 1e100
"""Norm at which V is rescaled: its square is far from overflow."""

PATH_DIM = 30
"""Dimension of the Krylov space that gives ‖V(t)‖ on the way to T."""

DENSE_COPIES = 8
"""Dense n×n arrays that a matrix exponential holds at once, A itself included."""


def direction_of(system: LinearSystem, V: np.ndarray, time: float) -> np.ndarray:
    """Return V/T; its limit for T → 0 is B."""
    return V / time if time > 0.0 else system.source


@dataclass(frozen=True)
class ExplicitEuler(Integrator):
    """Explicit Euler V ← V + h (A V + B) (3.49), of first order in h.

    The reported error is a bound: within a step the defect of the straight line is
    (t − t_k) A V̇_k, and h A V̇_k = V̇_{k+1} − V̇_k comes for free, so
    e_{k+1} ≤ e^{hμ} (e_k + ½ h ‖V̇_{k+1} − V̇_k‖).

    Parameters
    ----------
    time_step : float in (0, 10⁴], h in flow time; the last step ends at T.
    rtol : float in (0, 1], relative error above which `status` reports it.
    """

    time_step: float = of(params.TIME_STEP)
    rtol: float = of(params.RTOL, check=checked_rtol)

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time) in steps of equal size, the last one shortened."""
        return at_base(system, self._run(system.core, time, check))

    def _run(
        self, system: LinearSystem, time: float, check: Callable[[], None]
    ) -> Evolution:
        """Return V(time) of a system at the barycenter; V is stored with a scale."""
        V, scale, error, lost = np.zeros(system.shape), 0.0, 0.0, 0.0
        slope, (of_A, of_b) = system.source, system.noise
        count = euler_steps(time, self.time_step)
        for k in range(count):
            check()
            last = k == count - 1
            h = time - k * self.time_step if last else self.time_step
            V = V + h * slope
            fade = math.exp(-scale)
            following = system.apply(V) + fade * system.source
            change = float(np.linalg.norm(following - slope))
            size = float(np.linalg.norm(V))
            grow = h * system.rate
            error = grown(grow, error + 0.5 * h * change)
            lost = grown(grow, lost + h * (of_A * size + of_b * fade))
            slope = following
            if size > LONGEST or (last and scale):
                V, slope = V / size, slope / size
                error, lost, scale = error / size, lost / size, scale + math.log(size)
        return Evolution(
            system=system,
            time=time,
            shift=scale,
            direction=direction_of(system, V, time),
            error=(error + lost) / time if time > 0.0 else 0.0,
            rounding=lost / time if time > 0.0 else 0.0,
            work=Work(applications=count, substeps=count),
            cure=f"lower `time_step` below {self.time_step:g}",
        )


def grown(exponent: float, error: float) -> float:
    """Return e^exponent · error; an infinite bound is valid, and 0 stays 0."""
    if error == 0.0:
        return 0.0
    with np.errstate(over="ignore"):
        return float(np.exp(exponent) * error)


def euler_steps(time: float, step: float) -> int:
    """Return the number of steps up to `time`; rounding of the quotient adds none.

    Raises ValueError if there are more steps than are feasible.
    """
    if time > MOST_STEPS * step:
        raise ValueError(
            f"`time_step` = {step:g} takes more than {MOST_STEPS:g} steps to reach "
            f"`time` = {time:g}: raise it above {time / MOST_STEPS:g}"
        )
    return math.ceil(time / step * (1.0 - 4.0 * np.finfo(float).eps))


@dataclass(frozen=True)
class DenseExponential(Integrator):
    """V(T) from the exponential of the dense matrix [[T A, b], [0, 0]] (2.29).

    For small problems: exact up to rounding, with about n² numbers of memory, n = I·J.
    A problem that does not fit into memory raises an error before allocation.
    """

    rtol: float = of(params.RTOL, check=checked_rtol)

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time); the matrix takes n applications of A."""
        return at_base(system, self._run(system.core, time, check))

    def _run(
        self, system: LinearSystem, time: float, check: Callable[[], None]
    ) -> Evolution:
        """Return V(time) of a system at the barycenter."""
        n = int(np.prod(system.shape))
        require_memory(
            f"a dense exponential of {n}×{n} numbers",
            dense_bytes(n),
            lambda: "use `Krylov(dim=10)`, which needs no matrix",
        )
        A = dense_matrix(system, check)
        shift = phi.shift_of(A, time)
        M = np.zeros((n + 1, n + 1))
        M[:n, :n] = time * A
        M[:n, n] = system.source.ravel()
        y = expm(M - shift * np.eye(n + 1))[:n, n]
        rtol, norm, same = self.rtol, float(np.linalg.norm(y)), replace(system)
        found = cache(lambda: dense_error(same, time, shift, rtol * norm))
        return Evolution(
            system=system,
            time=time,
            shift=shift,
            direction=y.reshape(system.shape),
            error=found,
            rounding=found,
            work=Work(applications=n),
            cure="lower `time`",
            exact=True,
        )


def dense_error(
    system: LinearSystem, time: float, shift: float, enough: float
) -> float:
    """Bound the rounding error of a dense exponential, scaled by e^{−shift}.

    Scaling and squaring is exact for a matrix that is off by n roundings. A Krylov
    space gives the norms of V on the way to T.
    """
    basis = arnoldi(system.apply, system.source, PATH_DIM)
    history = basis.norm * phi.phi_history(basis.H, time, shift)
    norms = np.linalg.norm(history, axis=1)
    n, (of_A, of_b) = system.similarity.size, system.noise
    noise = of_A + n * EPS * system.rate, of_b + n * EPS * basis.norm
    return amplified(system, time, shift, Path(norms, noise, enough))


def dense_matrix(
    system: LinearSystem, check: Callable[[], None] = lambda: None
) -> np.ndarray:
    """Return A as an n × n matrix on vectors in storage order: n applications."""
    n = int(np.prod(system.shape))
    A, unit = np.empty((n, n)), np.zeros(n)
    for k in range(n):
        check()
        unit[k] = 1.0
        A[:, k] = system.apply(unit.reshape(system.shape)).ravel()
        unit[k] = 0.0
    return A


ALWAYS_THERE = 2**26
"""Bytes that are available on every machine."""


def dense_bytes(n: int) -> int:
    """Return the memory that a dense exponential of n+1 rows takes."""
    return DENSE_COPIES * 8 * (n + 1) ** 2


def require_memory(what: str, needed: int, cure: Callable[[], str]) -> None:
    """Raise MemoryError, with its cure, unless `needed` bytes are available now."""
    if fits(needed):
        return
    available = psutil.virtual_memory().available
    raise MemoryError(
        f"{what} needs {needed / 1e9:.3g} GB; {available / 1e9:.3g} GB are available: "
        f"{cure()}"
    )


def fits(needed: int) -> bool:
    """Whether so many bytes are available now."""
    # asking the system takes longer than a small solve
    return needed <= ALWAYS_THERE or needed <= psutil.virtual_memory().available
