"""The views of the Krylov explorer, each a function from values to a panel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.krylov_nodes import REFERENCE_DIM, Costs, Errors, bound_of
from explorer.dashboards.nodes import labeled
from explorer.dashboards.probe import VIEWS as PROBE
from explorer.dashboards.views import picture
from explorer.drawing.view import view
from explorer.flow.evolution import Evolution
from explorer.flow.system import LinearSystem
from explorer.geometry import simplex
from explorer.panels import Curves, Field, Labels, Series, Table

LEAST = 1e-16
"""Smallest error that a curve shows: less is rounding."""

AROUND = 73
"""Points of a circle."""


@view(title="Error over m", series=2, log=True)
def error_over_dims(over_dims: Errors, dim: int, time: float) -> Curves:
    """Once m is large enough, each vector more lowers the error by a larger factor."""
    note = f"T = {time:g}"
    marks = ((float(dim), f"m = {dim}"),)
    series = both(over_dims)
    return Curves("Error over m", "m", "relative error", series, True, marks, note=note)


@view(title="Error over t", series=2, log=True)
def error_over_times(over_times: Errors, dim: int, time: float) -> Curves:
    """With m vectors, the error grows with the time."""
    marks = ((time, f"T = {time:g}"),)
    series = both(over_times)
    note = f"m = {dim}"
    return Curves("Error over t", "t", "relative error", series, True, marks, note=note)


@view(title="Error over cost", series=4, log=True)
def equal_cost(costs: Costs) -> Curves:
    """The error of V(T) over the number of products with A, for each method."""
    series = [
        Series(name, work, np.maximum(errors, LEAST))
        for name, (work, errors) in costs.items()
    ]
    return Curves("Error over cost", "products with A", "relative error", series, True)


@view(title="Ritz values", series=3)
def ritz_values(ritz: np.ndarray, system: LinearSystem, dim: int) -> Curves:
    """The eigenvalues of H_m; the circle is a bound of ‖A‖, and so of them."""
    angle = np.linspace(0.0, 2.0 * np.pi, AROUND)
    rate = system.growth
    circle = Series("bound of ‖A‖", rate * np.cos(angle), rate * np.sin(angle))
    values = Series("Ritz values", ritz.real, ritz.imag, joined=False)
    return Curves(
        "Ritz values", "real part", "imaginary part", [values, circle],
        note=f"{ritz.size} of H_m",
    )  # fmt: skip


@view(title="φ on the disc", series=3, log=True, hidden=True)
def phi_on_disc(ritz: np.ndarray, system: LinearSystem, time: float) -> Curves:
    """|φ(Tz)| for z on the real axis and the circle of radius ‖A‖, and at Ritz values.

    V(T) = T φ(TA) B weights each eigenvalue z of A by φ(Tz) = (e^{Tz} − 1) / (Tz).
    """
    rate = system.growth
    axis = np.linspace(-rate, rate, AROUND)
    circle = rate * np.exp(1j * np.linspace(0.0, np.pi, AROUND))
    series = [
        Series("Ritz values", ritz.real, phi_size(time * ritz), joined=False),
        Series("real axis", axis, phi_size(time * axis)),
        Series("circle of ‖A‖", circle.real, phi_size(time * circle)),
    ]
    note = f"T = {time:g}"
    return Curves("φ on the disc", "real part of z", "|φ(Tz)|", series, True, note=note)


def phi_size(z: np.ndarray) -> np.ndarray:
    """Return |φ(z)| = |(e^z − 1) / z|, and 1 at 0; at most 1e300."""
    z = np.asarray(z, complex)
    z = np.minimum(z.real, 690.0) + 1j * z.imag
    small = np.abs(z) < 1e-8
    filled = np.where(small, 1.0, z)
    size: np.ndarray = np.abs(np.where(small, 1.0, np.expm1(filled) / filled))
    return size


@view(title="Orthogonality", series=2, log=True)
def lost_orthogonality(orthogonality: dict[str, np.ndarray]) -> Curves:
    """How far the basis is from orthonormal: ‖QᵀQ − I‖ of the first k vectors."""
    series = [
        Series(name, np.arange(1.0, sizes.size + 1), np.maximum(sizes, LEAST))
        for name, sizes in orthogonality.items()
    ]
    return Curves("Orthogonality", "k", "‖QᵀQ − I‖", series, True)


@view(title="Sub-steps")
def substeps(adaptive: Evolution) -> Curves:
    """The sub-steps in time that the adaptive solver chooses, and their dimension m."""
    ends = [t for step in adaptive.taken for t in (step.begin, step.end)]
    dims = [float(step.dim) for step in adaptive.taken for _ in range(2)]
    count = len(adaptive.taken)
    note = f"{count} sub-step{'s' * (count != 1)}, error {bound_of(adaptive):.0e}"
    series = [Series("m of the sub-step", np.array(ends), np.array(dims))]
    return Curves("Sub-steps", "t", "m", series, note=note)


@view(title="Labeling")
def labeling(solved: Evolution, problem: xr.Dataset, own_colors: Any) -> Labels:
    """The labels from m Krylov vectors; wrong pixels are hatched."""
    found = solved.labels
    return labeled("Labeling", found, problem, own_colors, solved.assignment)


@view(title="Error of W(T)")
def error_map(solved: Evolution, reference: Evolution) -> Field:
    """Where the label probabilities are wrong: the largest error at each pixel."""
    off = np.abs(solved.assignment - reference.assignment).max(axis=0)
    shown = np.log10(np.maximum(off, LEAST))
    note = f"at most {off.max(initial=0.0):.0e}"
    return Field("Error of W(T)", shown, "log₁₀", -16.0, 0.0, note=note)


@view(title="Entropy of W(T)", hidden=True)
def entropy_map(solved: Evolution) -> Field:
    """Where the flow is undecided: the entropy of W(T) at each pixel."""
    values = simplex.entropy(solved.assignment)
    return Field("Entropy of W(T)", values, "/ log J", 0.0, 1.0)


@view(title="Methods", hidden=True)
def methods(costs: Costs, over_dims: Errors, time: float) -> Table:
    """The products with A that each method needs for an error below one percent."""
    rows = []
    for name, (work, errors) in costs.items():
        enough = work[errors <= 0.01]
        least = int(enough.min()) if enough.size else f"more than {int(work.max())}"
        rows.append((name, least, float(errors.min())))
    columns = ("method", "products for 1 %", "smallest error shown")
    return Table(f"Methods at T = {time:g}", columns, rows)


def both(errors: Errors) -> list[Series]:
    """Return the curves of the true errors and of their bounds."""
    return [
        Series(f"true error (m = {REFERENCE_DIM})", errors.at,
               np.maximum(errors.true, LEAST)),
        Series("error bound", errors.at, np.maximum(errors.bound, LEAST)),
    ]  # fmt: skip


VIEWS = (
    error_over_dims, error_over_times, equal_cost, ritz_values, phi_on_disc,
    lost_orthogonality,
    substeps, labeling, error_map, replace(picture, hidden=True), entropy_map, methods,
    *PROBE,
)  # fmt: skip
