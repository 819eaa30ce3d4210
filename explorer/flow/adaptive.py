"""`AdaptiveKrylov`: Krylov spaces and sub-steps as large as the error requires."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from explorer import params
from explorer.flow import phi
from explorer.flow.arnoldi import Arnoldi
from explorer.flow.coordinates import at_base
from explorer.flow.evolution import (
    Evolution,
    Integrator,
    Substep,
    Work,
    checked_rtol,
)
from explorer.flow.krylov import direction_error
from explorer.flow.rounding import Ledger
from explorer.flow.system import LinearSystem
from explorer.params import of

LARGEST_EXPONENT = 30.0
"""Largest T μ of one sub-step; beyond it, e^{Tμ} swamps the smallest components."""

GROWTH = 4
"""Vectors added at a time; an error test costs about as much as four vectors."""

ROUNDINGS = 4
"""Least error of a sub-step, in roundings of V; smaller errors are not requested."""

HALVINGS = 60
"""Most halvings of a sub-step; its length is then a rounding of the time."""


@dataclass(frozen=True)
class AdaptiveKrylov(Integrator):
    """v(t+h) = v(t) + h φ(hA)(A v(t) + b), m and h chosen from the error (Sec. 2.4).

    Each sub-step extends K_m(A, A v + b), a few vectors at a time, until the error over
    the remaining time is within its share of the tolerance. If m = `dim` does not
    suffice, the remaining time is halved until it does; the basis does not depend on h,
    so trying is cheap. V is stored with a separate scale: T = 2000 neither overflows
    nor warns (‖V(T)‖ may grow like e^{T/2}).

    Parameters
    ----------
    dim : int in 1 … 200, the largest m of a sub-step.
    rtol : float in [2.2e-14, 1], the required relative error of V(T). float32 reaches
        about 1e-4; `status` reports the error reached.

    Notes
    -----
    For a single sub-step, the reported error is a bound. For several, the
    relative error of each is bounded, but its growth until the end is estimated (see
    `flow.rounding.Ledger`). Rounding, amplified by the flow, is included.
    """

    dim: int = of(params.DIM, 20)
    rtol: float = of(params.RTOL, params.TOLERANCE.default, checked_rtol)

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time) from as many sub-steps as the tolerance requires."""
        return at_base(system, self._run(system.core, time, check))

    def _run(
        self, system: LinearSystem, time: float, check: Callable[[], None]
    ) -> Evolution:
        """Return V(time) of a system at the barycenter."""
        v, scale, done = np.zeros_like(system.source), 0.0, 0.0
        substeps, applications, largest, exact = 0, 0, 0, True
        direction, ledger = system.source, Ledger()
        taken: list[Substep] = []
        while done < time:
            start, fade = system.source, math.exp(-scale)
            if substeps:
                start = system.apply(v) + fade * start
            process = Arnoldi(system.apply, start, self.dim, check)
            h, shift, v, error = self._advance(system, process, v, (time, done))
            used = process.size
            applications += used + (substeps > 0)
            largest = max(largest, used)
            scale += shift
            end = time if h >= time - done else done + h
            taken.append(Substep(done, end, used))
            done = end
            substeps += 1
            direction, exact = v / time, exact and error == 0.0
            size = float(np.linalg.norm(v))
            of_A, of_b = system.noise
            noise = h * (of_A + of_b * fade / size) if size else 0.0
            ledger.enter(done, scale + math.log(size or 1.0), error, noise)
        norm, rtol, same = float(np.linalg.norm(direction)), self.rtol, replace(system)
        found = cache(lambda: ledger.close(same, rtol))
        return Evolution(
            system=system,
            time=time,
            shift=scale,
            direction=direction,
            error=lambda: norm * sum(found()),
            rounding=lambda: norm * found()[1],
            work=Work(applications, max(substeps, 1), largest),
            cure=f"raise `dim` above {self.dim}, or `rtol`",
            exact=exact,
            taken=tuple(taken),
        )

    def _advance(
        self,
        system: LinearSystem,
        process: Arnoldi,
        v: np.ndarray,
        clock: tuple[float, float],
    ) -> tuple[float, float, np.ndarray, float]:
        """Return h, the shift it adds, the scaled new v, and its relative error."""
        time, done = clock
        least = ROUNDINGS * float(np.finfo(v.dtype).eps)
        h = min(time - done, LARGEST_EXPONENT / max(system.growth, 1e-300))
        basis = process.extend(GROWTH)
        for _ in range(HALVINGS + self.dim):
            shift = phi.shift_of(basis.H, h)
            y = basis.norm * phi.phi_first(basis.H, h, shift)
            new = math.exp(-shift) * v + h * basis.combine(y)
            error = h * float(direction_error(basis, h, shift, system.growth)[-1])
            norm = float(np.linalg.norm(new))
            allowed = max(self.rtol * h / time, least) * norm
            if error <= allowed or not 0.0 < norm < math.inf:
                break
            if process.complete:
                h *= 0.5
            else:
                basis = process.extend(basis.dim + GROWTH)
        return h, shift, new, error / norm if norm else 0.0
