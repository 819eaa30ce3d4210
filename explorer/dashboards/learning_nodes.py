"""The data flow of learning: weights → V(T) → factors of Z → gradient → step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import Check, fitting, rank_readout, require_live
from explorer.dims import PIXELS, WEIGHT_FIELD
from explorer.flow.evolution import Evolution, Integrator, judge
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.system import LinearSystem
from explorer.gradients.derivative import (
    Derivative,
    GradientMethod,
    cosine,
)
from explorer.gradients.gradient import (
    ClosedForm,
    GradientState,
    LowRankGradient,
    riemannian_gradient,
)
from explorer.kit.plan import Readout
from explorer.kit.runs import Run
from explorer.learning.evaluation import Evaluation
from explorer.learning.trace import Step, trace_of
from explorer.losses.losses import Loss
from explorer.params import RTOL
from explorer.scenes.scene import Structure

REFERENCE_RANK = 6
"""Rank of the reference gradient of the cosine; m if m is smaller."""

REFERENCE = LowRankGradient(dim=20, rank=REFERENCE_RANK)
"""Reference gradient for methods without a rank."""


def weights(run: Run, flow: LinearizedFlow) -> np.ndarray:
    """Return the weights Ω: uniform at the start, learned after the first step."""
    if run.state is None:
        return flow.neighborhood.uniform()
    found: np.ndarray = run.state
    return found


def method(gradient: Any, loss: Loss) -> GradientMethod:
    """Return the gradient method with its loss."""
    found: GradientMethod = replace(gradient, loss=loss)
    return found


def coarse(method: GradientMethod) -> GradientMethod:
    """Return the method with rank one, so that all ranks share their factors."""
    return replace(method, rank=1) if isinstance(method, LowRankGradient) else method


def closed(coarse: GradientMethod, problem: xr.Dataset) -> ClosedForm | None:
    """Return the method if it splits into `init` and `compute`, else None.

    Raises
    ------
    MemoryError, ValueError
        if the method does not fit into memory, or takes minutes.
    """
    require_live("gradient", coarse, problem.distances.size)
    return coarse if isinstance(coarse, ClosedForm) else None


def basis(
    closed: ClosedForm | None, system: LinearSystem, check: Check
) -> KrylovState | None:
    """Return the Krylov basis of the forward pass; it does not depend on T."""
    if closed is None or not isinstance(closed.forward, Krylov):
        return None
    return closed.forward.init(system, check)


def evolution(
    closed: ClosedForm | None,
    basis: KrylovState | None,
    system: LinearSystem,
    time: float,
    check: Check,
) -> Evolution | None:
    """Return V(T) of the forward pass."""
    if closed is None:
        return None
    if basis is not None and isinstance(closed.forward, Krylov):
        return closed.forward.compute(basis, time)
    return closed.forward.integrate(system, time, check)


def factors(
    closed: ClosedForm | None,
    evolution: Evolution | None,
    structure: Structure,
    check: Check,
) -> GradientState | None:
    """Return the loss and the factors of Z; they do not depend on the rank."""
    if closed is None or evolution is None:
        return None
    return closed.init(evolution, structure.labels, check)


def derivative(
    method: GradientMethod,
    factors: GradientState | None,
    system: LinearSystem,
    against: tuple[Structure, float],
    check: Check,
) -> Derivative:
    """Return the loss f and its gradient ∂f."""
    if factors is not None and isinstance(method, ClosedForm):
        return method.compute(factors)
    structure, time = against
    return method.differentiate(system, structure.labels, time, check)


def against(structure: Structure, time: float) -> tuple[Structure, float]:
    """Return the ground truth and the time T at which V(T) is compared with it."""
    return structure, time


def reference(
    coarse: GradientMethod,
    factors: GradientState | None,
    system: LinearSystem,
    against: tuple[Structure, float],
    check: Check,
) -> Derivative:
    """Return the reference gradient for the cosine."""
    if isinstance(coarse, LowRankGradient) and factors is not None:
        rank = min(coarse.dim, REFERENCE_RANK)
        return replace(coarse, rank=rank).compute(factors)
    structure, time = against
    method = replace(REFERENCE, loss=coarse.loss)
    return method.differentiate(system, structure.labels, time, check)


def agreement(derivative: Derivative, reference: Derivative) -> np.ndarray:
    """Return the cosine between gradient and reference for each pixel, (row, col)."""
    return cosine(derivative, reference)


def evaluation(derivative: Derivative, tau: float) -> Evaluation:
    """Return the loss with its regularizer, ℒ = f + ℛ, and its gradient."""
    return Evaluation.of(derivative, tau)


def riemannian(evaluation: Evaluation) -> np.ndarray:
    """Return R_Ω ∂ℒ (3.8), (offset, row, col)."""
    return riemannian_gradient(evaluation.system, evaluation.gradient)


def norms(evaluation: Evaluation, riemannian: np.ndarray) -> np.ndarray:
    """Return ‖R_Ω ∂ℒ‖ for each pixel, (row, col)."""
    hood = evaluation.system.neighborhood
    return np.sqrt(hood.inner(riemannian, riemannian))


def solved_again(
    system: LinearSystem, time: float, integrator: Integrator, check: Check
) -> Evolution:
    """Return V(T) of another integrator, to check that of the gradient method."""
    with fitting("integrator"):
        return integrator.integrate(system, time, check)


def accuracy(derivative: Derivative) -> tuple[float, str, bool]:
    """Return the relative error bound of V(T), the status, and whether it is ok."""
    solved = derivative.evolution
    norm = float(np.linalg.norm(solved.direction))
    status = judge(solved, RTOL.default)
    return (solved.error / norm if norm else 0.0), str(status), status.ok


def probed(derivative: Derivative) -> Evolution:
    """Return the solution whose pixel is probed."""
    return derivative.evolution


def numbers(evaluation: Evaluation) -> dict[str, float]:
    """Return the numbers that the code reproduces."""
    return {
        "loss": evaluation.loss,
        "error_percent": float(evaluation.derivative.error_percent),
    }


def readouts(
    evaluation: Evaluation, accuracy: tuple[float, str, bool], run: Run
) -> list[Readout]:
    """Return the four numbers above the views."""
    derivative = evaluation.derivative
    first = run.records[0] if run.records else None
    was = f"was {first.error_percent:.2f} %" if first else "of the pixels"
    fell = f"was {first.loss:.4g}" if first else "f + ℛ"
    error, status, ok = accuracy
    return [
        Readout("wrong", f"{derivative.error_percent:.2f} %", was),
        Readout("loss", f"{evaluation.loss:.4g}", fell),
        Readout("error of V(T)", f"{error:.1e}", brief(status, ok), warn=not ok),
        rank_readout(derivative),
    ]  # fmt: skip


def brief(status: str, ok: bool) -> str:
    """Return the cure if the solve is inaccurate, else the kind of the number."""
    return "bound, relative" if ok else status.partition(": ")[2] or status


def records(run: Run, evaluation: Evaluation) -> tuple[Step, ...]:
    """Return a record of each step; the last one belongs to the present settings."""
    seconds = run.records[-1].seconds if run.records else 0.0
    return (*run.records[:-1], evaluation.record(run.steps, seconds))


def dataset(
    problem: xr.Dataset,
    evaluation: Evaluation,
    records: tuple[Step, ...],
    time: float,
) -> xr.Dataset:
    """Return scene, labeling, weights and trace as one dataset."""
    trace = trace_of(records, time=time)
    found = {
        "labeling": (
            PIXELS, evaluation.derivative.evolution.labels,
            {"long_name": "labels found"},
        ),
        "weights": (WEIGHT_FIELD, evaluation.weights, {"symbol": "Ω"}),
    }  # fmt: skip
    whole = xr.merge([problem, trace], combine_attrs="override")
    return whole.assign(found).assign_attrs({**trace.attrs, **problem.attrs})
