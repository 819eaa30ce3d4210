"""Views of the chosen pixel that all explorers with a scene share.

They need the nodes `weights`, and `probed`: the solution at the chosen time. Where an
explorer has its own picture of a pixel's path, it leaves out `pixel_path`.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import Check
from explorer.drawing.view import view
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.system import LinearSystem
from explorer.geometry import simplex
from explorer.geometry.grid import offsets
from explorer.panels import Curves, Grid, Series, Table

DIM = 30
"""Krylov vectors of the path of a pixel."""

MOMENTS = 16
"""Times between 0 and T at which the path of a pixel is drawn."""

MOST = 4
"""Labels whose probabilities are drawn."""


@view(title="Weights", hidden=True)
def patch(weights: np.ndarray, place: tuple[int, int]) -> Grid:
    """The weight patch of the chosen pixel: how it averages over its neighborhood."""
    row, col = place
    side = round(len(weights) ** 0.5)
    values = weights[:, row, col].reshape(side, side)
    return Grid(f"Weights at {row}, {col}", values, note="tap a picture")


@view(title="Neighbors of the pixel", hidden=True)
def pixel_neighbors(
    weights: np.ndarray, probed: Evolution, problem: xr.Dataset,
    place: tuple[int, int], radius: int,
) -> Table:  # fmt: skip
    """The neighbors of the pixel with weights and labels; border pixels repeat."""
    down, right = offsets(radius).T
    rows = np.clip(place[0] + down, 0, problem.sizes["row"] - 1)
    cols = np.clip(place[1] + right, 0, problem.sizes["col"] - 1)
    found, truth = probed.labels[rows, cols], problem.labels.values[rows, cols]
    cells = zip(rows, cols, weights[:, *place], found, truth, strict=True)
    title = f"Neighbors of {place[0]}, {place[1]}"
    return Table(title, ("row", "col", "weight", "label", "truth"), tuple(cells))


def pixel_basis(system: LinearSystem, check: Check) -> KrylovState:
    """Return the Krylov space of the path of the pixel; it does not depend on T."""
    return Krylov(dim=DIM).init(system, check)


@view(title="Path of the pixel", series=MOST, hidden=True)
def pixel_path(
    pixel_basis: KrylovState, time: float, place: tuple[int, int], check: Check
) -> Curves:
    """W(t) of the pixel's likeliest labels from 0 to T, from 30 Krylov vectors."""
    times = np.linspace(0.0, time, MOMENTS)
    found = []
    for t in times:
        check()
        found.append(at_pixel(Krylov(dim=DIM), pixel_basis, float(t), place))
    W = np.stack(found)
    likeliest = np.argsort(W.max(axis=0))[::-1][:MOST]
    series = [Series(f"label {j}", times, W[:, j]) for j in sorted(likeliest)]
    row, col = place
    return Curves(f"W(t) at {row}, {col}", "t", "probability", series)


def at_pixel(
    krylov: Krylov, basis: KrylovState, time: float, pixel: tuple[int, int]
) -> np.ndarray:
    """Return W(t) of one pixel."""
    solved = krylov.compute(basis, time)
    row, col = pixel
    exponent = solved.system.exponent(solved.scaled)[:, row, col]
    return simplex.softmax(exponent)


PATCHES = patch, pixel_neighbors
"""The views of an explorer that shows the path of the pixel itself."""

VIEWS = (*PATCHES, pixel_path)
