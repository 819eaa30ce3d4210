"""Other integrators of the linearized flow, to compare the Krylov space with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import psutil
from scipy.linalg import expm

from explorer import params
from explorer.flow import phi
from explorer.flow.evolution import Evolution, Integrator, Work
from explorer.flow.system import LinearSystem

MOST_STEPS = 10**7
"""Euler steps of one pixel take ten microseconds: two minutes at least."""

DENSE_COPIES = 8
"""Dense n×n arrays that a matrix exponential holds at once, A itself included."""


def direction_of(system: LinearSystem, V: np.ndarray, time: float) -> np.ndarray:
    """Return V/T; its limit for T → 0 is B."""
    return V / time if time > 0.0 else system.source


@dataclass(frozen=True)
class ExplicitEuler(Integrator):
    """Explicit Euler V ← V + h (A V + B) (3.49), of first order in h.

    The reported error is a bound: within a step the defect of the straight line is
    (t − t_k) A V̇_k, and h A V̇_k = V̇_{k+1} − V̇_k comes for free, so that
    e_{k+1} ≤ e^{hμ} (e_k + ½ h ‖V̇_{k+1} − V̇_k‖).

    Parameters
    ----------
    time_step : float in (0, 10⁴], h in flow time; the last step is cut to end at T.
    rtol : float in (0, 1], relative error above which `status` says so.
    """

    time_step: float = params.TIME_STEP.default
    rtol: float = params.RTOL.default

    def __post_init__(self) -> None:
        checked = params.TIME_STEP.check(self.time_step)
        object.__setattr__(self, "time_step", checked)
        object.__setattr__(self, "rtol", params.RTOL.check(self.rtol))

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time) in steps of equal size, the last one cut."""
        V, error = np.zeros(system.shape), 0.0
        slope = system.source
        count = euler_steps(time, self.time_step)
        for k in range(count):
            check()
            last = k == count - 1
            h = time - k * self.time_step if last else self.time_step
            V = V + h * slope
            following = system.apply(V) + system.source
            change = float(np.linalg.norm(following - slope))
            with np.errstate(over="ignore"):  # an infinite bound is an honest one
                grown = float(np.exp(h * system.growth))
                error = grown * (error + 0.5 * h * change)
            slope = following
        return Evolution(
            system=system,
            time=time,
            shift=0.0,
            direction=direction_of(system, V, time),
            error=error / time if time > 0.0 else 0.0,
            work=Work(applications=count, substeps=count),
            cure=f"lower `time_step` below {self.time_step:g}",
        )


def euler_steps(time: float, step: float) -> int:
    """Return how many steps reach `time`; rounding of the quotient adds none.

    Raises ValueError where that is more than any computer will take.
    """
    if time > MOST_STEPS * step:
        raise ValueError(
            f"`time_step` = {step:g} takes more than {MOST_STEPS:g} steps to reach "
            f"`time` = {time:g}: raise it above {time / MOST_STEPS:g}"
        )
    return math.ceil(time / step * (1.0 - 4.0 * np.finfo(float).eps))


@dataclass(frozen=True)
class RungeKutta(Integrator):
    """Adaptive Runge–Kutta of order 8(5,3), Dormand and Prince, as SciPy has it.

    The reported error is an estimate: what the tolerance allows each step, carried to T
    with the growth e^{(T−t)μ}.

    Parameters
    ----------
    tolerance : float in (0, 1], error that one step may make, relative and absolute.
    rtol : float in (0, 1], relative error above which `status` says so.
    """

    tolerance: float = params.TOLERANCE.default
    rtol: float = params.RTOL.default

    def __post_init__(self) -> None:
        checked = params.TOLERANCE.check(self.tolerance)
        object.__setattr__(self, "tolerance", checked)
        object.__setattr__(self, "rtol", params.RTOL.check(self.rtol))

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time) by adaptive steps."""
        from scipy.integrate import DOP853  # takes 20 MB and 0.1 s to import

        def slope(_: float, y: np.ndarray) -> np.ndarray:
            check()
            return (system.apply(y.reshape(system.shape)) + system.source).ravel()

        n = int(np.prod(system.shape))
        scheme = DOP853(
            slope, 0.0, np.zeros(n), time, rtol=self.tolerance, atol=self.tolerance
        )
        error, steps = 0.0, 0
        while scheme.status == "running":
            before = scheme.t
            scheme.step()
            steps += 1
            # SciPy keeps the root mean square of error/(atol + rtol |y|) below one
            allowed = self.tolerance * (math.sqrt(n) + float(np.linalg.norm(scheme.y)))
            error = math.exp((scheme.t - before) * system.growth) * error + allowed
        if scheme.status == "failed":
            raise ArithmeticError(
                f"the step size vanished at time {scheme.t:g}: raise `tolerance`"
            )
        return Evolution(
            system=system,
            time=time,
            shift=0.0,
            direction=direction_of(system, scheme.y.reshape(system.shape), time),
            error=error / time if time > 0.0 else 0.0,
            work=Work(applications=scheme.nfev, substeps=steps),
            cure=f"lower `tolerance` below {self.tolerance:g}",
        )


@dataclass(frozen=True)
class DenseExponential(Integrator):
    """V(T) from the exponential of the dense matrix [[T A, b], [0, 0]] (2.29).

    For small problems: exact up to rounding, about n² numbers of memory, n = I·J. A
    problem that would not fit into memory is refused before anything is allocated.
    """

    rtol: float = params.RTOL.default

    def __post_init__(self) -> None:
        object.__setattr__(self, "rtol", params.RTOL.check(self.rtol))

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time); n applications of A make the matrix."""
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
        # scaling and squaring loses about ‖TA‖ roundings, in the norm of the result
        size = 1.0 + time * system.growth
        rounding = n * np.finfo(float).eps * size * float(np.linalg.norm(y))
        return Evolution(
            system=system,
            time=time,
            shift=shift,
            direction=y.reshape(system.shape),
            error=rounding,
            work=Work(applications=n),
            cure="lower `time`",
            exact=True,
        )


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
"""Bytes that no machine that runs this lacks."""


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
