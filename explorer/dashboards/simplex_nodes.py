"""The data flow of the simplex explorer: a point, a vector, and the paths of pixels."""

from __future__ import annotations

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import Check, wrong
from explorer.dims import LABEL_FIELD, PIXELS, WEIGHT_FIELD
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.linearized import LinearizedFlow
from explorer.flow.system import LinearSystem
from explorer.flow.trajectory import AdaptiveRungeKutta, Trajectory
from explorer.geometry import manifold, simplex
from explorer.geometry.grid import offsets
from explorer.kit.plan import Readout

ACROSS = np.array([-1.0, 1.0, 0.0]) / np.sqrt(2.0)
UPWARD = np.array([-1.0, -1.0, 2.0]) / np.sqrt(6.0)
"""Orthonormal tangent vectors that point right and upward in the triangle."""

LEAST = 1e-3
"""Least probability of the third label at the chosen point."""

SAMPLES = 41
"""Points of a curve in the triangle."""

RADII = (0.25, 0.5, 1.0)
"""Radii of the circles in the Fisher–Rao metric; the triangle has diameter π."""

AROUND = 121
"""Points of a circle."""

Ways = dict[str, np.ndarray]
"""Curves in the simplex, (label, s), by name."""

STEPS = 25
"""Times at which the paths of pixels are computed."""


def point(p0: float, p1: float) -> np.ndarray:
    """Return the point p of the simplex with these first two probabilities."""
    rest = 1.0 - p0 - p1
    if rest < LEAST:
        raise ValueError(
            f"`p1` = {p1:g} leaves {rest:.3g} for the third label, which needs "
            f"{LEAST:g}: lower `p0` or `p1`"
        )
    return np.array([p0, p1, rest])


def vector(angle: float, length: float) -> np.ndarray:
    """Return the tangent vector v of that Euclidean length and direction."""
    turn = np.radians(angle)
    found: np.ndarray = length * (np.cos(turn) * ACROSS + np.sin(turn) * UPWARD)
    return found


def target(point: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return q = Exp_p(v)."""
    found: np.ndarray = manifold.exponential(point, vector)
    return found


def exponential_curve(point: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return Exp_p(s v) for s from −1 to 1, (label, s): the e-geodesic through p."""
    s = np.linspace(-1.0, 1.0, SAMPLES)
    return np.stack([manifold.exponential(point, t * vector) for t in s], axis=1)


def lifting_curve(point: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return exp_p(s v) = p e^{s v} / ⟨p, e^{s v}⟩ for s from −1 to 1, (label, s)."""
    s = np.linspace(-1.0, 1.0, SAMPLES)
    return np.stack([manifold.lift(point, t * vector) for t in s], axis=1)


def straight_curve(point: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return p + s v for s from −1 to 1 as far as it stays inside, (label, s)."""
    s = np.linspace(-1.0, 1.0, SAMPLES)
    found: np.ndarray = point[:, None] + s * vector[:, None]
    return inside(found)


def geodesic_curve(point: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return the Fisher–Rao geodesic with velocity v at p, as far as it stays inside.

    In x = √p it is the great circle x cos(s|w|) + w/|w| sin(s|w|), w = v / (2√p).
    """
    s, x = np.linspace(-1.0, 1.0, SAMPLES), np.sqrt(point)
    w = vector / (2.0 * x)
    speed = float(np.linalg.norm(w)) or 1.0
    turned = np.outer(x, np.cos(s * speed)) + np.outer(w / speed, np.sin(s * speed))
    return inside(np.where(turned >= 0.0, turned**2, -1.0))


def ways(
    exponential_curve: np.ndarray,
    lifting_curve: np.ndarray,
    geodesic_curve: np.ndarray,
    straight_curve: np.ndarray,
) -> Ways:
    """Return the four curves that leave p along v, by name."""
    return {
        "Exp, e-geodesic": exponential_curve,
        "lifting map": lifting_curve,
        "Fisher–Rao geodesic": geodesic_curve,
        "straight line": straight_curve,
    }


def inside(points: np.ndarray) -> np.ndarray:
    """Return points (label, …) with gaps where they leave the simplex."""
    outside = points.min(axis=0) < 0.0
    return np.where(outside, np.nan, points)


def circles(point: np.ndarray) -> dict[float, np.ndarray]:
    """Return points at each Fisher–Rao distance from p, (label, angle)."""
    x, turns = np.sqrt(point), np.linspace(0.0, 2.0 * np.pi, AROUND)
    # two orthonormal directions of the sphere at √p
    first = np.cross(x, [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    second = np.cross(x, first)
    around = np.outer(first, np.cos(turns)) + np.outer(second, np.sin(turns))
    found = {}
    for radius in RADII:
        turned = np.cos(radius / 2) * x[:, None] + np.sin(radius / 2) * around
        found[radius] = inside(np.where(turned >= 0.0, turned**2, -1.0))
    return found


def basis(system: LinearSystem, dim: int, check: Check) -> KrylovState:
    """Return the Krylov space, which holds V(t) for every t."""
    return Krylov(dim=dim).init(system, check)


def solved(basis: KrylovState, dim: int, time: float) -> Evolution:
    """Return V(T) of the linearized flow."""
    return Krylov(dim=dim).compute(basis, time)


def assignment(solved: Evolution) -> np.ndarray:
    """Return W(T) of the linearized flow, (label, row, col)."""
    return solved.assignment


def trajectory(
    flow: LinearizedFlow, weights: np.ndarray, time: float, check: Check
) -> Trajectory:
    """Return the nonlinear flow up to T."""
    return AdaptiveRungeKutta().trajectory(flow, weights, time, check)


def paths(basis: KrylovState, dim: int, time: float, check: Check) -> np.ndarray:
    """Return W(t) of all pixels from 0 to T, (t, label, row, col), linearized."""
    found = []
    for t in np.linspace(0.0, time, STEPS):
        check()
        found.append(Krylov(dim=dim).compute(basis, float(t)).assignment)
    return np.stack(found)


def nonlinear_path(trajectory: Trajectory, place: tuple[int, int]) -> np.ndarray:
    """Return W(t) of the pixel under the nonlinear flow, (t, label)."""
    row, col = place
    times = np.linspace(0.0, trajectory.time, STEPS)
    found = [trajectory.U(float(t))[:, row, col] for t in times]
    return simplex.softmax(np.stack(found, axis=1)).T


def neighbors(
    assignment: np.ndarray, place: tuple[int, int], radius: int
) -> np.ndarray:
    """Return W(T) of the neighbors of the pixel, (label, offset)."""
    down, right = offsets(radius).T
    rows = np.clip(place[0] + down, 0, assignment.shape[1] - 1)
    cols = np.clip(place[1] + right, 0, assignment.shape[2] - 1)
    found: np.ndarray = assignment[:, rows, cols]
    return found


def means(
    neighbors: np.ndarray, weights: np.ndarray, place: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the arithmetic and the geometric mean of the neighbors, weighted by Ω."""
    omega = weights[:, place[0], place[1]]
    logs = np.log(np.maximum(neighbors, simplex.FLOOR))
    return neighbors @ omega, simplex.softmax(logs @ omega)


def probed(solved: Evolution) -> Evolution:
    """Return the solution whose pixel is probed."""
    return solved


def numbers(
    point: np.ndarray, vector: np.ndarray, target: np.ndarray
) -> dict[str, float]:
    """Return the numbers that the code reproduces."""
    return {
        "length": float(manifold.inner(point, vector, vector)) ** 0.5,
        "distance": float(manifold.distance(point, target)),
        "entropy": float(manifold.entropy(point)),
    }


def readouts(
    numbers: dict[str, float],
    target: np.ndarray,
    solved: Evolution,
    problem: xr.Dataset,
) -> list[Readout]:
    """Return the four numbers above the views."""
    q = ", ".join(f"{v:.2f}" for v in target)
    share = wrong(solved.labels, problem)
    return [
        Readout("‖v‖ at p", f"{numbers['length']:.3f}", "in the Fisher–Rao metric"),
        Readout("d(p, q)", f"{numbers['distance']:.3f}", f"q = {q}"),
        Readout("entropy of p", f"{numbers['entropy']:.3f}", "of log 3"),
        Readout("wrong", f"{share:.2f} %", "of the pixels at T"),
    ]


def dataset(
    problem: xr.Dataset, weights: np.ndarray, solved: Evolution, assignment: np.ndarray
) -> xr.Dataset:
    """Return scene, weights, labeling and label probabilities."""
    return problem.assign(
        {
            "weights": (WEIGHT_FIELD, weights, {"symbol": "Ω"}),
            "W": (LABEL_FIELD, assignment, {"long_name": "assignment W(T)"}),
            "labeling": (PIXELS, solved.labels, {"long_name": "labels found"}),
        }
    )
