"""The views of the gradient explorer, each a function from values to a panel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.gradient_costs import Measured
from explorer.dashboards.gradient_nodes import (
    DIMS,
    FULL,
    RANKS,
    TIMES,
    sigma_of,
)
from explorer.dashboards.nodes import labeled
from explorer.dashboards.probe import VIEWS as PROBE
from explorer.dashboards.views import (
    cosine_map,
    factor_left,
    factor_right,
    gradient_cosine,
    picture,
    square,
)
from explorer.drawing.colors import DECADES
from explorer.drawing.view import view
from explorer.flow.system import LinearSystem
from explorer.gradients.derivative import Derivative, GradientMethod
from explorer.gradients.gradient import LowRankGradient
from explorer.panels import Curves, Field, Grid, Labels, Series, Table

LEAST = 1e-16
"""Smallest error that a curve shows: less is rounding."""


@view(title="Gradient norm", hidden=True)
def gradient_norm(riemannian: np.ndarray, system: LinearSystem) -> Field:
    """Where the weights would change: ‖R_Ω ∂f‖ per pixel, relative to its maximum."""
    norms = np.sqrt(system.neighborhood.inner(riemannian, riemannian))
    top = float(norms.max(initial=0.0))
    relative = np.log10(np.maximum(norms / (top or 1.0), 10.0**-DECADES))
    note = f"largest {top:.1e}"
    return Field("Gradient norm", relative, "log₁₀", -DECADES, 0.0, note=note)


@view(title="Descent at the pixel")
def gradient_patch(riemannian: np.ndarray, place: tuple[int, int]) -> Grid:
    """The direction −R_Ω ∂f of the chosen method at the pixel."""
    return descent(riemannian, place, f"Descent at {place[0]}, {place[1]}")


@view(title="Reference at the pixel")
def reference_patch(
    riemannian_reference: np.ndarray,
    place: tuple[int, int],
    reference_method: GradientMethod,
) -> Grid:
    """The direction −R_Ω ∂f of the reference at the pixel."""
    return descent(
        riemannian_reference, place, "Reference", type(reference_method).__name__
    )


@view(title="Singular values", log=True)
def singular_values(found: Derivative, compared: Derivative) -> Curves:
    """The singular values of Z; if they fall fast, a low rank suffices."""
    sigma = sigma_of([found, compared])
    # smaller singular values are rounding errors, and a log axis cannot show zero
    least = np.finfo(float).eps * sigma.max(initial=0.0)
    y = np.where(sigma > least, sigma, np.nan)
    series = Series("σ of Z", np.arange(1, sigma.size + 1), y)
    note = f"{found.rank} used" if found.singular_values.size else "of the reference"
    return Curves("Singular values", "component", "σ of Z", [series], True, note=note)


@view(title="Error over rank", log=True)
def error_over_ranks(
    over_ranks: np.ndarray, found: Derivative, method: GradientMethod
) -> Curves:
    """The relative error of R_Ω ∂f to the reference, over the rank r, with m = 30."""
    y = np.maximum(over_ranks, LEAST)
    series = Series("low rank", np.array(RANKS, float), y)
    rank = found.rank
    ranked = isinstance(method, LowRankGradient) and rank <= RANKS[-1]
    marks = ((float(rank), f"r = {rank}"),) if ranked else ()
    return Curves("Error over rank", "r", "relative error", [series], True, marks)


@view(title="Error over m", log=True)
def error_over_dims(over_dims: np.ndarray, method: GradientMethod) -> Curves:
    """The relative error of R_Ω ∂f to the reference, over m, with all m components."""
    y = np.maximum(over_dims, LEAST)
    series = Series("rank m", np.array(DIMS, float), y)
    dim = getattr(method, "dim", None)
    marks = ((float(dim), f"m = {dim}"),) if dim and dim <= DIMS[-1] else ()
    return Curves("Error over m", "m", "relative error", [series], True, marks)


@view(title="Aligned over T", series=3)
def aligned_over_times(over_times: np.ndarray, time: float) -> Curves:
    """Pixels with cosine ≥ 0.9 between rank 1, 2 or 3 and m = r = 30, over T."""
    series = [
        Series(f"rank {k + 1}", np.array(TIMES), shares)
        for k, shares in enumerate(over_times)
    ]
    marks = ((time, f"T = {time:g}"),) if time <= TIMES[-1] else ()
    note = f"vs. m = r = {FULL}"
    return Curves("Aligned over T", "T", "pixels in %", series, marks=marks, note=note)


@view(title="Methods", hidden=True)
def methods(measured: tuple[Measured, ...], system: LinearSystem) -> Table:
    """Memory (computed) and time (measured here, m = 10) of closed forms and Euler."""
    rows = [
        (one.name, memory(one.needed), one.reason or f"{1000.0 * one.seconds:.0f} ms")
        for one in measured
    ]
    note = f"I·J = {system.source.size}"
    return Table("Methods", ("method", "memory", "time"), rows, note=note)


@view(title="Labeling", hidden=True)
def labeling(found: Derivative, problem: xr.Dataset, own_colors: Any) -> Labels:
    """The labels at time T; wrong pixels are hatched."""
    solved = found.evolution
    return labeled("Labeling", solved.labels, problem, own_colors, solved.assignment)


def descent(
    moves: np.ndarray, place: tuple[int, int], title: str, note: str = ""
) -> Grid:
    """Return −R_Ω ∂f of a pixel as a window (row offset, col offset)."""
    row, col = place
    values = square(-moves[:, row, col])
    return Grid(title, values, signed=True, arrows=True, note=note)


def memory(needed: float) -> str:
    """Return bytes as text."""
    if not needed:
        return "grows with T/h"
    units = {"TB": 1e12, "GB": 1e9, "MB": 1e6}
    unit = next((u for u, size in units.items() if needed >= size), "MB")
    number = needed / units[unit]
    return f"{number:.3g} {unit}" if number < 1e4 else f"{number:.0e} {unit}"


VIEWS = (
    cosine_map, gradient_cosine, gradient_patch, reference_patch, singular_values,
    error_over_ranks, error_over_dims, aligned_over_times, gradient_norm, methods,
    labeling, replace(picture, hidden=True), factor_left, factor_right,
    *PROBE,
)  # fmt: skip
