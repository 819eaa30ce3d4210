"""The views of the simplex explorer, each a function from values to a panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import labeled
from explorer.dashboards.probe import PATCHES
from explorer.dashboards.simplex_nodes import STEPS, Ways
from explorer.dashboards.views import picture
from explorer.drawing.view import view
from explorer.flow.evolution import Evolution
from explorer.panels import Curves, Labels, Series, Simplex

CORNERS = "label 0", "label 1", "label 2"

LEAST = 0.01
"""Least probability that a tap chooses."""

MOST = 8
"""Most labels whose probabilities are drawn."""

NEAR = {"above": (-1, 0), "below": (1, 0), "left": (0, -1), "right": (0, 1)}


def chosen(x: float, y: float) -> Mapping[str, Any]:
    """Return the settings of the point at a place of the triangle, moved inside."""
    p = np.maximum(Simplex.p(np.array(x), np.array(y)), LEAST)
    p = p / p.sum()
    return {"p0": round(float(p[0]), 3), "p1": round(float(p[1]), 3)}


def curve(name: str, points: np.ndarray, joined: bool = True) -> Series:
    """Return points (3, …) of the simplex as a series in the triangle."""
    return Series(name, *Simplex.xy(points), joined)


@view(title="From p along v", series=6, tap=chosen)
def maps(point: np.ndarray, target: np.ndarray, ways: Ways) -> Simplex:
    """Four ways to leave p in the direction v; tap the triangle to move p."""
    series = [
        curve("p", point[:, None], False),
        *(curve(name, points) for name, points in ways.items()),
        curve("q = Exp_p(v)", target[:, None], False),
    ]
    return Simplex("From p along v", CORNERS, series, note="tap to move p")


@view(title="Circles", series=4, tap=chosen)
def circles_around(circles: dict[float, np.ndarray], point: np.ndarray) -> Simplex:
    """Points at equal Fisher–Rao distance from p: round inside, flat at the edge."""
    series = [
        curve("p", point[:, None], False),
        *(curve(f"d = {radius:g}", points) for radius, points in circles.items()),
    ]
    return Simplex("Circles", CORNERS, series, note="around p")


@view(title="On the sphere", series=6)
def sphere(point: np.ndarray, ways: Ways) -> Curves:
    """The same in √p: the triangle becomes an octant of the unit sphere."""
    s = np.linspace(0.0, 1.0, 25)
    gap = np.full((3, 1), np.nan)
    zero = np.zeros_like(s)
    sides = [np.stack(side) for side in (
        (1 - s, s, zero), (zero, 1 - s, s), (s, zero, 1 - s),
    )]  # fmt: skip
    edge = np.concatenate([x for side in sides for x in (side, gap)], axis=1)
    series = [
        seen("p", point[:, None], False),
        *(seen(name, points) for name, points in ways.items()),
        seen("edges", edge),
    ]
    return Curves("On the sphere", "√p₁ − √p₀", "2√p₂ − √p₀ − √p₁", series)


def seen(name: str, points: np.ndarray, joined: bool = True) -> Series:
    """Return points of the simplex as √p, seen along the diagonal of the octant."""
    x, y, z = np.sqrt(points)
    return Series(name, (y - x) / np.sqrt(2), (2 * z - x - y) / np.sqrt(6), joined)


@view(title="Mean of the neighbors", series=3)
def neighbor_means(
    neighbors: np.ndarray, means: tuple[np.ndarray, np.ndarray], place: tuple[int, int]
) -> Simplex:
    """The geometric mean, which the flow uses, is more decided than the arithmetic."""
    require_three(len(neighbors))
    arithmetic, geometric = means
    series = [
        curve("neighbors", neighbors, False),
        curve("arithmetic mean", arithmetic[:, None], False),
        curve("geometric mean", geometric[:, None], False),
    ]
    note = f"of {place[0]}, {place[1]} at T"
    return Simplex("Means", CORNERS, series, note=note)


@view(title="Paths of pixels", series=6)
def pixel_paths(
    paths: np.ndarray, nonlinear_path: np.ndarray, place: tuple[int, int]
) -> Simplex:
    """W(t) of the pixel and of its neighbors, from the barycenter to a corner."""
    require_three(paths.shape[1])
    row, col = place
    rows, cols = paths.shape[2:]
    series = [
        curve("linearized", paths[:, :, row, col].T),
        curve("nonlinear", nonlinear_path.T),
    ]
    for name, (down, right) in NEAR.items():
        r = min(max(row + down, 0), rows - 1)
        c = min(max(col + right, 0), cols - 1)
        series.append(curve(name, paths[:, :, r, c].T))
    return Simplex(f"Paths at {row}, {col}", CORNERS, series, note="tap a picture")


@view(title="Probabilities", series=MOST)
def probabilities(paths: np.ndarray, time: float, place: tuple[int, int]) -> Curves:
    """W(t) of the pixel over the time, for any number of labels."""
    row, col = place
    times = np.linspace(0.0, time, STEPS)
    W = paths[:, :, row, col]
    largest = np.argsort(W.max(axis=0))[::-1][:MOST]
    series = [Series(f"label {j}", times, W[:, j]) for j in sorted(largest)]
    return Curves(f"W(t) at {row}, {col}", "t", "probability", series)


@view(title="Labeling")
def labeling(solved: Evolution, problem: xr.Dataset, own_colors: Any) -> Labels:
    """The labels at time T; wrong pixels are hatched."""
    found = solved.labels
    return labeled("Labeling", found, problem, own_colors, solved.assignment)


def require_three(count: int) -> None:
    """Raise unless there are three labels, which make a triangle."""
    if count != 3:
        raise ValueError(
            f"`labels` must be 3 for a triangle, but this scene has {count}; choose a "
            "photo and set `labels` to 3"
        )


VIEWS = (
    maps, circles_around, sphere, neighbor_means, pixel_paths, probabilities, picture,
    labeling, *PATCHES,
)  # fmt: skip
