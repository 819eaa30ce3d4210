"""`RungeKutta`: adaptive steps of high order, for any length of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np

from explorer import params
from explorer.flow.coordinates import at_base
from explorer.flow.evolution import (
    Evolution,
    Integrator,
    Work,
    checked_rtol,
    checked_tolerance,
)
from explorer.flow.integrators import LONGEST, direction_of
from explorer.flow.rounding import Ledger
from explorer.flow.system import LinearSystem
from explorer.params import of


class Stretch(NamedTuple):
    """State of a Runge–Kutta scheme: V = e^scale y, and why it stopped early, if so."""

    time: float
    y: np.ndarray
    scale: float
    failed: str = ""


@dataclass(frozen=True)
class RungeKutta(Integrator):
    """Adaptive Runge–Kutta of order 8(5,3), by Dormand and Prince, from SciPy.

    The reported error is an estimate: the tolerance of each step, propagated to T
    with the growth e^{(T−t)μ}.

    Parameters
    ----------
    tolerance : float in (0, 1], largest error of one step, relative and absolute.
    rtol : float in (0, 1], relative error above which `status` reports it.
    """

    tolerance: float = of(params.TOLERANCE, check=checked_tolerance)
    rtol: float = of(params.RTOL, check=checked_rtol)

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time) by adaptive steps."""
        return at_base(system, self._run(system.core, time, check))

    def _run(
        self, system: LinearSystem, time: float, check: Callable[[], None]
    ) -> Evolution:
        """Return V(time) of a system at the barycenter, in stretches: V has a scale."""
        work, ledger = Work(applications=0, substeps=0), Ledger()
        state = Stretch(0.0, np.zeros(system.similarity.size), 0.0)
        while state.time < time and not state.failed:
            state, work = self._stretch(system, state, time, (work, ledger, check))
        failed, cure = state.failed, f"lower `tolerance` below {self.tolerance:g}"
        if failed:
            cure = f"{failed}: raise `tolerance`, lower `time`, or use AdaptiveKrylov()"
        direction = direction_of(system, state.y.reshape(system.shape), time)
        norm, rtol, same = float(np.linalg.norm(direction)), self.rtol, replace(system)
        found = cache(lambda: ledger.close(same, rtol))
        return Evolution(
            system=system,
            time=time,
            shift=state.scale,
            direction=direction,
            error=lambda: math.inf if failed else norm * sum(found()),
            rounding=lambda: 0.0 if failed else norm * found()[1],
            work=work,
            cure=cure,
        )

    def _stretch(
        self,
        system: LinearSystem,
        state: Stretch,
        time: float,
        book: tuple[Work, Ledger, Callable[[], None]],
    ) -> tuple[Stretch, Work]:
        """Integrate until `time`, or until V is so long that it must be rescaled."""
        from scipy.integrate import DOP853  # takes 20 MB and 0.1 s to import

        (work, ledger, check), fade = book, math.exp(-state.scale)
        root, steps, failed = math.sqrt(state.y.size), 0, ""

        def slope(_: float, y: np.ndarray) -> np.ndarray:
            check()
            field = system.apply(y.reshape(system.shape))
            return (field + fade * system.source).ravel()

        tolerance, (of_A, of_b) = self.tolerance, system.noise
        scheme = DOP853(
            slope, state.time, state.y, time, rtol=tolerance, atol=tolerance
        )
        size = 0.0
        while scheme.status == "running" and size <= LONGEST:
            before = scheme.t
            with np.errstate(all="ignore"):  # overflow is reported below
                scheme.step()
                size = float(np.linalg.norm(scheme.y))
            if scheme.status == "failed" or not math.isfinite(size):
                failed = f"the step size vanished at time {scheme.t:g}"
                break
            steps, h = steps + 1, scheme.t - before
            if size:
                # SciPy keeps the root mean square of error/(atol + rtol |y|) below one
                allowed = tolerance * (root / size + 1.0)
                noise = h * (of_A + of_b * fade / size)
                log_norm = state.scale + math.log(size)
                ledger.enter(scheme.t, log_norm, allowed, noise)
        y, scale = (scheme.y_old if failed else scheme.y), state.scale
        y = state.y if y is None else y
        if not failed and (size > LONGEST or (size and scale)):
            y, scale = y / size, scale + math.log(size)
        done = Work(work.applications + scheme.nfev, work.substeps + steps)
        return Stretch(scheme.t, y, scale, failed), done
