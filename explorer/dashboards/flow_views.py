"""The views of the flow explorer, each a function from values to a panel."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.flow_nodes import (
    ITERATED,
    LINEARIZED,
    NONLINEAR,
    OverTime,
)
from explorer.dashboards.nodes import Check, labeled
from explorer.dashboards.probe import PATCHES
from explorer.dashboards.views import picture, truth
from explorer.drawing.view import view
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.trajectory import Trajectory
from explorer.geometry import simplex
from explorer.panels import Curves, Field, Labels, Series
from explorer.truths import percent_wrong

FLOWS = LINEARIZED, ITERATED, NONLINEAR


@view(title="Linearized")
def linear_labels(
    linearized: Evolution, assignment: np.ndarray, problem: xr.Dataset, own_colors: Any
) -> Labels:
    """The labels of the linearized flow at time t; wrong pixels are hatched."""
    found = linearized.labels
    return labeled("Linearized", found, problem, own_colors, assignment)


@view(title="Iterated")
def iterated_labels(
    iterated: np.ndarray, problem: xr.Dataset, own_colors: Any
) -> Labels:
    """The labels of the iterated flow at time t, linearized anew in each piece."""
    found = iterated.argmax(axis=0)
    return labeled("Iterated", found, problem, own_colors, iterated)


@view(title="Nonlinear")
def nonlinear_labels(
    nonlinear: np.ndarray, problem: xr.Dataset, own_colors: Any
) -> Labels:
    """The labels of the assignment flow itself, at time t."""
    found = nonlinear.argmax(axis=0)
    return labeled("Nonlinear", found, problem, own_colors, nonlinear)


@view(title="Mean entropy", series=3)
def entropy(over_time: tuple[OverTime, ...], time: float) -> Curves:
    """1 if all labels are equally likely everywhere, 0 if every pixel has decided."""
    series = curves(over_time, "entropy")
    return Curves("Mean entropy", "t", "entropy / log J", series, marks=here(time))


@view(title="Decided pixels", series=3)
def decided(over_time: tuple[OverTime, ...], time: float) -> Curves:
    """The share of pixels with a label of probability 0.99 or more."""
    series = curves(over_time, "decided")
    return Curves("Decided pixels", "t", "pixels in %", series, marks=here(time))


@view(title="Labeling error", series=3)
def error(over_time: tuple[OverTime, ...], time: float) -> Curves:
    """The share of wrong pixels; it rises again where small cells vanish."""
    series = curves(over_time, "wrong")
    return Curves("Labeling error", "t", "wrong in %", series, marks=here(time))


def curves(over_time: tuple[OverTime, ...], name: str) -> list[Series]:
    """Return one curve for each flow."""
    return [
        Series(flow, one.times, getattr(one, name))
        for flow, one in zip(FLOWS, over_time, strict=True)
    ]


@view(title="Differing labels")
def disagreement(
    linearized: Evolution,
    other: np.ndarray,
    compared_with: str,
    problem: xr.Dataset,
    own_colors: Any,
) -> Labels:
    """The labels of the linearized flow, hatched where the compared flow has others."""
    found, theirs = linearized.labels, other.argmax(axis=0)
    note = f"{percent_wrong(found, theirs):.2f} % differ"
    return Labels(
        f"vs. {compared_with}", found, problem.sizes["label"], theirs,
        own_colors, called=(compared_with, "differs"), note=note,
    )  # fmt: skip


@view(title="Difference of W(t)")
def difference(assignment: np.ndarray, other: np.ndarray, compared_with: str) -> Field:
    """How much the label probabilities of both flows differ: ½ Σ_j |W_j − W′_j|."""
    values = 0.5 * np.abs(assignment - other).sum(axis=0)
    note = compared_with
    return Field("Difference", values, "½ Σ|W − W′|", 0.0, 1.0, note=note)


@view(title="Entropy map", hidden=True)
def entropy_map(assignment: np.ndarray) -> Field:
    """Where the linearized flow is undecided: the entropy of W(t) at each pixel."""
    values = simplex.entropy(assignment)
    return Field("Entropy of W(t)", values, "/ log J", 0.0, 1.0)


@view(title="V(t) of one label", hidden=True)
def tangent(linearized: Evolution, shown_label: int) -> Field:
    """The tangent vector V(t) of the linearized flow, for the chosen label j."""
    values = chosen(linearized.scaled, shown_label)
    top = float(np.abs(values).max(initial=0.0)) or 1.0
    return Field(f"V(t), label {shown_label}", values, "V", -top, top)


@view(title="W(t) of one label", hidden=True)
def probability(assignment: np.ndarray, shown_label: int) -> Field:
    """The probability W(t) of the chosen label j in the linearized flow."""
    values = chosen(assignment, shown_label)
    return Field(f"W(t), label {shown_label}", values, "W", 0.0, 1.0)


@view(title="Path of the pixel", series=6)
def path(
    basis: KrylovState,
    krylov: Krylov,
    trajectory: Trajectory,
    place: tuple[int, int],
    check: Check,
) -> Curves:
    """W(t) of the three most probable labels of the pixel, linearized and nonlinear."""
    row, col = place
    times = np.linspace(0.0, trajectory.time, 16)
    flows: dict[str, list[np.ndarray]] = {LINEARIZED: [], NONLINEAR: []}
    for t in times:
        check()
        solved = krylov.compute(basis, float(t))
        exponent = solved.system.exponent(solved.scaled)[:, row, col]
        flows[LINEARIZED].append(simplex.softmax(exponent))
        flows[NONLINEAR].append(simplex.softmax(trajectory.U(float(t))[:, row, col]))
    W = {name: np.stack(found) for name, found in flows.items()}
    largest = np.argsort(W[LINEARIZED].max(axis=0))[::-1][:3]
    series = [
        Series(f"{j}, {name}", times, found[:, j])
        for j in sorted(largest)
        for name, found in W.items()
    ]
    return Curves(f"W(t) at {row}, {col}", "t", "probability of a label", series)


def here(time: float) -> tuple[tuple[float, str], ...]:
    """Return the mark of the present time."""
    return ((time, f"t = {time:g}"),)


def chosen(values: np.ndarray, label: int) -> np.ndarray:
    """Return the field of one label."""
    count = values.shape[0]
    if label >= count:
        raise ValueError(
            f"`shown_label` must be at most {count - 1} in this scene, got {label}; "
            "lower it"
        )
    found: np.ndarray = values[label]
    return found


VIEWS = (
    picture, linear_labels, iterated_labels, nonlinear_labels, entropy, decided,
    error, disagreement, difference, path, entropy_map, tangent, probability,
    *PATCHES, truth,
)  # fmt: skip
