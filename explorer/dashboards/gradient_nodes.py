"""The data flow of the gradient explorer: a gradient and a reference.

All gradients are compared as R_Ω ∂f (3.8): a constant added to a patch of ∂f moves no
weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from explorer.dashboards.gradient_costs import Truth
from explorer.dashboards.nodes import Check, fitting, rank_readout, require_live
from explorer.dims import PIXELS, WEIGHT_FIELD
from explorer.experiments.cosine import AGREEMENT, share_aligned
from explorer.flow.evolution import Evolution
from explorer.flow.system import LinearSystem
from explorer.gradients.derivative import (
    Derivative,
    GradientMethod,
    cosine,
)
from explorer.gradients.gradient import (
    GradientState,
    LowRankGradient,
    riemannian_gradient,
)
from explorer.kit.plan import Readout
from explorer.losses.losses import Loss
from explorer.scenes.scene import Structure

RANKS = tuple(range(1, 11))
DIMS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)
TIMES = tuple(float(t) for t in np.linspace(2.5, 30.0, 12))
"""Ranks, dimensions and times at which the curves are computed."""

FULL = 30
"""Dimension and rank of the low-rank gradients that the curves start from."""


def method(gradient: GradientMethod, loss: Loss) -> GradientMethod:
    """Return the gradient method with its loss."""
    return replace(gradient, loss=loss)  # type: ignore[type-var]


def reference_method(reference: GradientMethod, loss: Loss) -> GradientMethod:
    """Return the method of the reference, with the same loss."""
    return replace(reference, loss=loss)  # type: ignore[type-var]


def against(structure: Structure, time: float) -> Truth:
    """Return the ground truth and the time T at which V(T) is compared with it."""
    return structure, time


def found(
    method: GradientMethod, system: LinearSystem, against: Truth, check: Check
) -> Derivative:
    """Return the loss and its gradient by the chosen method."""
    structure, time = against
    require_live("gradient", method, system.source.size)
    with fitting("gradient"):
        derived = method.differentiate(system, structure.labels, time, check)
    return derived.complete()


def compared(
    reference_method: GradientMethod, system: LinearSystem, against: Truth, check: Check
) -> Derivative:
    """Return the loss and its gradient by the method of the reference."""
    structure, time = against
    require_live("reference", reference_method, system.source.size)
    with fitting("reference"):
        return reference_method.differentiate(system, structure.labels, time, check)


def agreement(found: Derivative, compared: Derivative) -> np.ndarray:
    """Return the cosine between gradient and reference for each pixel, (row, col)."""
    return cosine(found, compared)


def moves(derivative: Derivative) -> np.ndarray:
    """Return R_Ω ∂f, (offset, row, col)."""
    return riemannian_gradient(derivative.system, derivative.gradient)


def riemannian(found: Derivative) -> np.ndarray:
    """Return R_Ω ∂f of the chosen method, (offset, row, col)."""
    return moves(found)


def riemannian_reference(compared: Derivative) -> np.ndarray:
    """Return R_Ω ∂f of the reference, (offset, row, col)."""
    return moves(compared)


def distance(found: np.ndarray, exact: np.ndarray) -> float:
    """Return ‖found − exact‖ / ‖exact‖, 0 where both vanish."""
    norm = float(np.linalg.norm(exact))
    off = float(np.linalg.norm(found - exact))
    return off / norm if norm else off


def factors(
    system: LinearSystem, against: Truth, loss: Loss, check: Check
) -> GradientState:
    """Return the factors of Z of a large low-rank gradient; the rank does not enter."""
    structure, time = against
    full = LowRankGradient(FULL, FULL, loss)
    evolution = full.forward.integrate(system, time, check)
    return full.init(evolution, structure.labels, check)


def over_ranks(
    factors: GradientState, riemannian_reference: np.ndarray, loss: Loss, check: Check
) -> np.ndarray:
    """Return the distance of low-rank gradients to the reference over the rank."""
    errors = []
    for rank in RANKS:
        check()
        derived = LowRankGradient(FULL, rank, loss).compute(factors)
        errors.append(distance(moves(derived), riemannian_reference))
    return np.array(errors)


def over_dims(
    system: LinearSystem,
    against: Truth,
    riemannian_reference: np.ndarray,
    loss: Loss,
    check: Check,
) -> np.ndarray:
    """Return the distance of gradients of full rank to the reference over m."""
    structure, time = against
    errors = []
    for m in DIMS:
        full = LowRankGradient(m, m, loss)
        derived = full.differentiate(system, structure.labels, time, check)
        errors.append(distance(moves(derived), riemannian_reference))
    return np.array(errors)


def over_times(
    system: LinearSystem, structure: Structure, loss: Loss, check: Check
) -> np.ndarray:
    """Return the aligned pixels in percent for ranks 1, 2, 3 over T, (rank, time).

    The reference is the gradient with m = r = 30 at the same time.
    """
    full = LowRankGradient(FULL, FULL, loss)
    basis = full.forward.init(system, check)
    shares = []
    for t in TIMES:
        state = full.init(full.forward.compute(basis, t), structure.labels, check)
        whole = full.compute(state)
        ranks = [LowRankGradient(FULL, r, loss).compute(state) for r in (1, 2, 3)]
        shares.append([100.0 * share_aligned(cosine(d, whole), np.nan) for d in ranks])
    return np.array(shares).T


def probed(found: Derivative) -> Evolution:
    """Return the solution whose pixel is probed."""
    return found.evolution


def numbers(
    found: Derivative,
    riemannian: np.ndarray,
    riemannian_reference: np.ndarray,
    agreement: np.ndarray,
) -> dict[str, float]:
    """Return the numbers that the code reproduces."""
    return {
        "loss": found.loss,
        "relative_error": distance(riemannian, riemannian_reference),
        "aligned_percent": 100.0 * share_aligned(agreement),
    }


def readouts(
    numbers: dict[str, float], found: Derivative, agreement: np.ndarray
) -> list[Readout]:
    """Return the four numbers above the views."""
    directed = bool(np.isfinite(agreement).any())
    aligned = f"{numbers['aligned_percent']:.1f} %" if directed else "—"
    return [
        Readout("relative error", f"{numbers['relative_error']:.1e}", "of R_Ω ∂f"),
        Readout(
            "aligned", aligned, f"cosine ≥ {AGREEMENT:g}" if directed else "vanishes"
        ),
        rank_readout(found),
        Readout("loss", f"{found.loss:.4g}", f"{found.error_percent:.2f} % wrong"),
    ]  # fmt: skip


def dataset(
    problem: xr.Dataset,
    weights: np.ndarray,
    found: Derivative,
    compared: Derivative,
    agreement: np.ndarray,
) -> xr.Dataset:
    """Return scene, weights, both gradients, and their cosine."""
    return problem.assign(
        {
            "weights": (WEIGHT_FIELD, weights, {"symbol": "Ω"}),
            "gradient": (WEIGHT_FIELD, found.gradient, {"symbol": "∂f"}),
            "reference": (WEIGHT_FIELD, compared.gradient, {"symbol": "∂f"}),
            "cosine": (PIXELS, agreement, {"long_name": "cosine to the reference"}),
            "singular_values": ("component", sigma_of([found]), {"symbol": "σ"}),
        }
    )


def sigma_of(derived: Sequence[Derivative]) -> np.ndarray:
    """Return the singular values of Z of the first gradient that has some."""
    known = [d.singular_values for d in derived if d.singular_values.size]
    return known[0] if known else np.zeros(0)
