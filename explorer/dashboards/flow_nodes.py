"""The data flow of the flow explorer: three flows, each at every time of one axis.

The linearized, iterated and nonlinear flows start from the same data and weights. Each
is integrated once up to the end of the time axis; a moved time slider reads the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.courses import (
    DECIDED,
    MOMENTS,
    IteratedFlow,
    OverTime,
    TimeAxis,
    course,
    facts,
)
from explorer.dashboards.nodes import Check, wrong
from explorer.dims import LABEL_FIELD, PIXELS, WEIGHT_FIELD
from explorer.flow.evolution import Evolution, judge
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.system import LinearSystem
from explorer.flow.trajectory import AdaptiveRungeKutta, Trajectory
from explorer.geometry import simplex
from explorer.kit.plan import Readout
from explorer.params import RTOL

LINEARIZED, ITERATED, NONLINEAR = "linearized", "iterated", "nonlinear"

SPAN = 15.0
"""End of the time axis; a later time t extends it."""


def span(time: float) -> float:
    """Return the end of the time axis."""
    return max(SPAN, time)


def krylov(dim: int) -> Krylov:
    """Return the solver of the linearized flow."""
    return Krylov(dim=dim)


def basis(system: LinearSystem, krylov: Krylov, check: Check) -> KrylovState:
    """Return the Krylov space, which holds V(t) for every t."""
    return krylov.init(system, check)


def linearized(basis: KrylovState, krylov: Krylov, time: float) -> Evolution:
    """Return V(t) of the linearized flow."""
    return krylov.compute(basis, time)


def linear_course(
    basis: KrylovState, krylov: Krylov, span: float, problem: xr.Dataset, check: Check
) -> OverTime:
    """Return the course of the linearized flow, from its one Krylov space."""

    def W(t: float) -> np.ndarray:
        check()
        return krylov.compute(basis, t).assignment

    return course(np.linspace(0.0, span, MOMENTS), W, problem)


def scheme(krylov: Krylov, iterations: int, span: float) -> TimeAxis:
    """Return how often the iterated flow is linearized on the time axis."""
    return TimeAxis(krylov, iterations, span)


def piece(scheme: TimeAxis, time: float) -> int:
    """Return which linearization leads to t."""
    return len(scheme.until(time)) - 1


def piece_basis(
    flow: LinearizedFlow,
    weights: np.ndarray,
    chain: IteratedFlow,
    piece: int,
    check: Check,
) -> KrylovState:
    """Return the Krylov space of the flow linearized last before t."""
    C, _ = flow.potential()
    U = chain.starts[piece]
    system = LinearSystem.at(flow.neighborhood, weights, C + U)
    return chain.axis.krylov.init(system, check)


def iterated(piece_basis: KrylovState, chain: IteratedFlow, time: float) -> np.ndarray:
    """Return W(t) of the iterated linearization, (label, row, col)."""
    *before, rest = chain.axis.until(time)
    V = chain.axis.krylov.compute(piece_basis, rest).scaled
    return simplex.softmax(chain.starts[len(before)] + V.shape[0] * V)


def trajectory(
    flow: LinearizedFlow, weights: np.ndarray, span: float, check: Check
) -> Trajectory:
    """Return the nonlinear flow on the whole time axis."""
    return AdaptiveRungeKutta().trajectory(flow, weights, span, check)


def nonlinear(trajectory: Trajectory, time: float) -> np.ndarray:
    """Return W(t) of the nonlinear flow, (label, row, col)."""
    return simplex.softmax(trajectory.U(time))


def nonlinear_course(
    trajectory: Trajectory, span: float, problem: xr.Dataset, check: Check
) -> OverTime:
    """Return the course of the nonlinear flow, from its one integration."""

    def W(t: float) -> np.ndarray:
        check()
        return simplex.softmax(trajectory.U(t))

    return course(np.linspace(0.0, span, MOMENTS), W, problem)


def over_time(
    linear_course: OverTime, chain: IteratedFlow, nonlinear_course: OverTime
) -> tuple[OverTime, ...]:
    """Return the courses of all three flows."""
    return linear_course, chain.course, nonlinear_course


def assignment(linearized: Evolution) -> np.ndarray:
    """Return W(t) of the linearized flow, (label, row, col)."""
    return linearized.assignment


def other(
    compared_with: str, iterated: np.ndarray, nonlinear: np.ndarray
) -> np.ndarray:
    """Return W(t) of the flow to compare with."""
    return iterated if compared_with == ITERATED else nonlinear


def probed(linearized: Evolution) -> Evolution:
    """Return the solution whose pixel is probed."""
    return linearized


def numbers(
    linearized: Evolution,
    assignment: np.ndarray,
    iterated: np.ndarray,
    nonlinear: np.ndarray,
    problem: xr.Dataset,
) -> dict[str, float]:
    """Return the numbers that the code reproduces."""
    entropy, decided, _ = facts(assignment, problem)
    return {
        "error_percent": float(wrong(linearized.labels, problem)),
        "iterated_percent": float(wrong(iterated.argmax(axis=0), problem)),
        "nonlinear_percent": float(wrong(nonlinear.argmax(axis=0), problem)),
        "entropy": entropy,
        "decided_percent": decided,
    }


def readouts(numbers: dict[str, float], linearized: Evolution) -> list[Readout]:
    """Return the four numbers above the views, which are of the linearized flow."""
    norm = float(np.linalg.norm(linearized.direction))
    error = linearized.error / norm if norm else 0.0
    status = judge(linearized, RTOL.default)
    cure = str(status).partition(": ")[2] or str(status)
    return [
        Readout(
            "wrong", f"{numbers['error_percent']:.2f} %",
            f"nonlinear {numbers['nonlinear_percent']:.2f} %",
        ),
        Readout("mean entropy", f"{numbers['entropy']:.3f}", "1 undecided, 0 decided"),
        Readout(
            "decided", f"{numbers['decided_percent']:.1f} %",
            f"pixels with W ≥ {DECIDED:g}",
        ),
        Readout(
            "error of V(t)", f"{error:.1e}",
            "bound, relative" if status.ok else cure, warn=not status.ok,
        ),
    ]  # fmt: skip


def dataset(
    problem: xr.Dataset,
    weights: np.ndarray,
    assignment: np.ndarray,
    iterated: np.ndarray,
    nonlinear: np.ndarray,
) -> xr.Dataset:
    """Return scene, weights, and labels and probabilities of the three flows."""
    found: dict[str, Any] = {
        "weights": (WEIGHT_FIELD, weights, {"symbol": "Ω"}),
    }
    flows = {LINEARIZED: assignment, ITERATED: iterated, NONLINEAR: nonlinear}
    for name, W in flows.items():
        about = {"symbol": "W", "long_name": f"assignment of the {name} flow"}
        found[f"W_{name}"] = (LABEL_FIELD, W, about)
        labels = {"long_name": f"labels of the {name} flow"}
        found[f"labels_{name}"] = (PIXELS, W.argmax(axis=0), labels)
    return problem.assign(found)
