"""`AdaptiveKrylov`: Krylov spaces and sub-steps as large as their error asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explorer import params
from explorer.flow import phi
from explorer.flow.arnoldi import Arnoldi
from explorer.flow.evolution import Evolution, Integrator, Work
from explorer.flow.krylov import direction_error
from explorer.flow.system import LinearSystem

LARGEST_EXPONENT = 30.0
"""T μ of one sub-step at most: beyond, e^{Tμ} drowns the smallest components."""

GROWTH = 4
"""Vectors added at a time: testing the error costs about as much as four of them."""

HALVINGS = 60
"""A sub-step halved so often has the length of a rounding of the time."""


@dataclass(frozen=True)
class AdaptiveKrylov(Integrator):
    """v(t+h) = v(t) + h φ(hA)(A v(t) + b), m and h chosen from the error (Sec. 2.4).

    Each sub-step extends K_m(A, A v + b), a few vectors at a time, until the error over
    all the time that is left is within its share of the tolerance. Where m = `dim` does
    not suffice, it takes the longest h, by halving what is left, that does; the basis
    does not depend on h, so trying is cheap. V is carried with a scale: T = 2000
    neither overflows nor warns (‖V(T)‖ may grow like e^{T/2}).

    Parameters
    ----------
    dim : int in 1 … 200, m of each sub-step at most.
    rtol : float in (0, 1], relative error of V(T) to be reached.

    Notes
    -----
    The reported error is a bound if there is one sub-step. For several it is an
    estimate: the sum of their relative errors, each of which is bounded.
    """

    dim: int = 20
    rtol: float = params.TOLERANCE.default

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", params.DIM.check(self.dim))
        object.__setattr__(self, "rtol", params.RTOL.check(self.rtol))

    def integrate(
        self,
        system: LinearSystem,
        time: float,
        check: Callable[[], None] = lambda: None,
    ) -> Evolution:
        """Return V(time) from as many sub-steps as the tolerance asks for."""
        v, scale, done = np.zeros(system.shape), 0.0, 0.0
        relative, substeps, applications, largest = 0.0, 0, 0, 0
        direction = system.source
        while done < time:
            start = system.source
            if substeps:
                start = system.apply(v) + np.exp(-scale) * start
            process = Arnoldi(system.apply, start, self.dim, check)
            h, shift, v, error = self._advance(system, process, v, time, done)
            used = process.size
            applications += used + (substeps > 0)
            largest = max(largest, used)
            scale += shift
            done = time if h >= time - done else done + h
            relative += error
            substeps += 1
            direction = v / time
        norm = float(np.linalg.norm(direction))
        return Evolution(
            system=system,
            time=time,
            shift=scale,
            direction=direction,
            error=relative * norm,
            work=Work(applications, max(substeps, 1), largest),
            cure=f"raise `dim` above {self.dim}, or `rtol`",
            exact=relative == 0.0,
        )

    def _advance(
        self,
        system: LinearSystem,
        process: Arnoldi,
        v: np.ndarray,
        time: float,
        done: float,
    ) -> tuple[float, float, np.ndarray, float]:
        """Return h, the shift it adds, the scaled new v, and its relative error."""
        h = min(time - done, LARGEST_EXPONENT / max(system.growth, 1e-300))
        basis = process.extend(GROWTH)
        for _ in range(HALVINGS + self.dim):
            shift = phi.shift_of(basis.H, h)
            y = basis.norm * phi.phi_first(basis.H, h, shift)
            new = np.exp(-shift) * v + h * basis.combine(y)
            error = h * float(direction_error(basis, h, shift, system.growth)[-1])
            norm = float(np.linalg.norm(new))
            if error <= self.rtol * h / time * norm or norm == 0.0:
                break
            if process.complete:
                h *= 0.5
            else:
                basis = process.extend(basis.dim + GROWTH)
        return h, shift, new, error / norm if norm else 0.0
