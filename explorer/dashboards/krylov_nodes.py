"""The data flow of the Krylov explorer: solves, and a reference for their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import Check, wrong
from explorer.dims import LABEL_FIELD, PIXELS, WEIGHT_FIELD
from explorer.flow.adaptive import AdaptiveKrylov
from explorer.flow.evolution import Evolution, Integrator, judge
from explorer.flow.integrators import ExplicitEuler, require_memory
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.orthogonalization import (
    BlockChebyshev,
    GramSchmidt,
    Orthogonalization,
)
from explorer.flow.runge_kutta import RungeKutta
from explorer.flow.system import LinearSystem
from explorer.kit.plan import Readout
from explorer.params import RTOL

REFERENCE_DIM = 60
"""Dimension m of the reference."""

DIMS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
"""Dimensions m at which the errors are drawn."""

LEAST_DIM = 3
"""Least m of the adaptive solver: with fewer vectors, sub-steps are tiny."""

LATEST, MOMENTS = 30.0, 25
"""End of the time axis, and the number of times on it."""

LONGEST = 30
"""Vectors whose orthogonality is measured, and terms of the Taylor series."""

EULER_STEPS = (2, 4, 8, 16, 32)
"""Numbers of Euler steps at which the errors are drawn."""

TOLERANCES = (1e-3, 1e-8, 1e-11)
"""Tolerances of the Runge–Kutta scheme at which the errors are drawn."""

ROUNDED = 1e-9
"""Error of the reference that nobody minds, even where the true error is smaller."""


@dataclass(frozen=True, eq=False)
class Errors:
    """True errors of V(T) and their bounds, relative, over `at`: m or t."""

    at: np.ndarray
    true: np.ndarray
    bound: np.ndarray


Costs = dict[str, tuple[np.ndarray, np.ndarray]]
"""Products with A and relative errors of V(T), by the name of the method."""


def reference_state(system: LinearSystem, check: Check) -> KrylovState:
    """Return the Krylov space of the reference."""
    return Krylov(dim=REFERENCE_DIM).init(system, check)


def reference(reference_state: KrylovState, time: float) -> Evolution:
    """Return V(T) of the reference."""
    return Krylov(dim=REFERENCE_DIM).compute(reference_state, time)


def basis(system: LinearSystem, dim: int, check: Check) -> KrylovState:
    """Return the Krylov space of dimension m."""
    return Krylov(dim=dim).init(system, check)


def solved(basis: KrylovState, dim: int, time: float) -> Evolution:
    """Return V(T) from m Krylov vectors."""
    return Krylov(dim=dim).compute(basis, time)


def states(system: LinearSystem, check: Check) -> dict[int, KrylovState]:
    """Return Krylov spaces of many dimensions; they do not depend on T."""
    size = 8 * system.source.size * sum(DIMS)
    require_memory(f"{len(DIMS)} Krylov spaces", size, lambda: "use a smaller scene")
    return {m: Krylov(dim=m).init(system, check) for m in DIMS}


def true_error(found: Evolution, exact: Evolution) -> float:
    """Return ‖V − V_exact‖ / ‖V_exact‖, whatever the scale of V; ‖V‖ if V_exact = 0."""
    norm = float(np.linalg.norm(exact.direction)) or 1.0
    scale = math.exp(min(found.shift - exact.shift, 700.0))
    return float(np.linalg.norm(scale * found.direction - exact.direction)) / norm


def bound_of(found: Evolution) -> float:
    """Return the relative error bound of V(T)."""
    return found.error / (float(np.linalg.norm(found.direction)) or 1.0)


def over_dims(
    states: dict[int, KrylovState], reference: Evolution, time: float, check: Check
) -> Errors:
    """Return the errors at time T over m."""
    found = []
    for m, state in states.items():
        check()
        solution = Krylov(dim=m).compute(state, time)
        found.append((true_error(solution, reference), bound_of(solution)))
    true, bound = np.array(found).T
    return Errors(np.array(DIMS, float), true, bound)


def over_times(
    basis: KrylovState, reference_state: KrylovState, dim: int, check: Check
) -> Errors:
    """Return the errors with m vectors over the time t."""
    times, found = np.linspace(0.0, LATEST, MOMENTS)[1:], []
    for t in times:
        check()
        exact = Krylov(dim=REFERENCE_DIM).compute(reference_state, float(t))
        solution = Krylov(dim=dim).compute(basis, float(t))
        found.append((true_error(solution, exact), bound_of(solution)))
    true, bound = np.array(found).T
    return Errors(times, true, bound)


def orthogonality(system: LinearSystem, check: Check) -> dict[str, np.ndarray]:
    """Return ‖QᵀQ − I‖ of the first k vectors for k = 1, 2, …, for both processes."""
    processes: dict[str, Orthogonalization] = {
        "Gram–Schmidt": GramSchmidt(), "Chebyshev blocks": BlockChebyshev(),
    }  # fmt: skip
    found = {}
    for name, process in processes.items():
        made = process.build(system.forward, system.start, LONGEST, check)
        Q = made.vectors.reshape(made.dim, system.source.size)
        gap = Q @ Q.T - np.eye(made.dim)
        sizes = [np.linalg.norm(gap[:k, :k], 2) for k in range(1, made.dim + 1)]
        found[name] = np.array(sizes)
    return found


def ritz(basis: KrylovState) -> np.ndarray:
    """Return the eigenvalues of H_m, which approximate some eigenvalues of A."""
    values: np.ndarray = np.linalg.eigvals(basis.basis.H)
    return values


def adaptive(system: LinearSystem, dim: int, time: float, check: Check) -> Evolution:
    """Return V(T) of the adaptive solver with at most m vectors, and its sub-steps.

    Raises
    ------
    ValueError
        if m is so small that the sub-steps would take hours.
    """
    if dim < LEAST_DIM:
        raise ValueError(
            f"`dim` must be at least {LEAST_DIM} for the adaptive solver, got {dim}; "
            "raise it"
        )
    return AdaptiveKrylov(dim=dim, rtol=RTOL.default).integrate(system, time, check)


def costs(
    system: LinearSystem,
    reference: Evolution,
    over_dims: Errors,
    time: float,
    check: Check,
) -> Costs:
    """Return the errors of V(T) of other methods over the products with A.

    Raises
    ------
    ValueError
        if T is so long that the other methods would take minutes.
    """
    if time > LATEST:
        raise ValueError(
            f"`time` must be at most {LATEST:g} to compare the methods, got {time:g}; "
            "lower it"
        )
    found: Costs = {"Krylov": (over_dims.at, over_dims.true)}
    found["Taylor"] = taylor(system, reference, time, check)
    schemes: dict[str, list[Integrator]] = {
        "Euler": [ExplicitEuler(max(time, 1e-9) / n) for n in EULER_STEPS],
        "Runge–Kutta": [RungeKutta(tolerance) for tolerance in TOLERANCES],
    }
    for name, integrators in schemes.items():
        solved = [one.integrate(system, time, check) for one in integrators]
        work = np.array([float(one.work.applications) for one in solved])
        errors = np.array([true_error(one, reference) for one in solved])
        found[name] = (work, errors)
    return found


def taylor(
    system: LinearSystem, reference: Evolution, time: float, check: Check
) -> tuple[np.ndarray, np.ndarray]:
    """Return the errors of T Σ_k T^k A^k B / (k + 1)! with 0, 1, … products A V."""
    norm = float(np.linalg.norm(reference.direction)) or 1.0
    term, total, errors = system.source, np.zeros(system.shape), []
    shrink = math.exp(-min(reference.shift, 700.0))
    for k in range(LONGEST):
        check()
        total = total + term
        off = np.linalg.norm(shrink * total - reference.direction)
        errors.append(float(off) / norm)
        term = system.apply(term) * (time / (k + 2))
    return np.arange(0.0, LONGEST), np.array(errors)


def probed(solved: Evolution) -> Evolution:
    """Return the solution whose pixel is probed."""
    return solved


def numbers(
    solved: Evolution, reference: Evolution, problem: xr.Dataset
) -> dict[str, float]:
    """Return the numbers that the code reproduces."""
    return {
        "true_error": true_error(solved, reference),
        "bound": bound_of(solved),
        "error_percent": float(wrong(solved.labels, problem)),
    }


def readouts(
    numbers: dict[str, float], solved: Evolution, reference: Evolution
) -> list[Readout]:
    """Return the four numbers above the views."""
    trusted = bound_of(reference)
    status = judge(solved, RTOL.default)
    cure = str(status).partition(": ")[2] or str(status)
    size, vectors = solved.direction.size, solved.work.dim
    return [
        Readout(
            "true error", f"{numbers['true_error']:.1e}",
            f"relative; reference ± {trusted:.0e}",
            warn=trusted > max(numbers["true_error"], ROUNDED),
        ),
        Readout(
            "bound", f"{numbers['bound']:.1e}",
            "of the error, relative" if status.ok else cure, warn=not status.ok,
        ),
        Readout("unknowns", f"{size:,}".replace(",", "\u2009"),
                f"spanned by {vectors} vector{'s' * (vectors != 1)}"),
        Readout("wrong", f"{numbers['error_percent']:.2f} %", "of the pixels"),
    ]  # fmt: skip


def dataset(
    problem: xr.Dataset,
    weights: np.ndarray,
    solved: Evolution,
    over_dims: Errors,
    over_times: Errors,
) -> xr.Dataset:
    """Return scene, weights, labeling, V(T), and the errors over m and t."""
    about = {"symbol": "V", "log_scale": solved.shift, "long_name": "direction of V(T)"}
    found: dict[str, Any] = {
        "weights": (WEIGHT_FIELD, weights, {"symbol": "Ω"}),
        "direction": (LABEL_FIELD, solved.direction, about),
        "labeling": (PIXELS, solved.labels, {"long_name": "labels found"}),
    }
    for name, errors in (("dim", over_dims), ("time", over_times)):
        found[name] = (name, errors.at, {})
        for kind in ("true", "bound"):
            told = {"long_name": f"relative error of V, {kind}"}
            found[f"{kind}_over_{name}"] = (name, getattr(errors, kind), told)
    return problem.assign(found)
