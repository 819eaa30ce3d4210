"""The views of the learning explorer, each a function from values to a panel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import Check, labeled, wrong
from explorer.dashboards.probe import at_pixel, patch, pixel_neighbors
from explorer.dashboards.views import (
    cosine_map,
    factor_left,
    factor_right,
    gradient_cosine,
    picture,
    square,
    truth,
)
from explorer.drawing.colors import DECADES
from explorer.drawing.view import view
from explorer.flow.evolution import Evolution, Integrator
from explorer.flow.krylov import Krylov, KrylovState
from explorer.gradients.derivative import Derivative
from explorer.gradients.gradient import ClosedForm
from explorer.kit.runs import Run
from explorer.learning.evaluation import Evaluation
from explorer.panels import Curves, Field, Grid, Labels, Series
from explorer.truths import percent_wrong

NAMES = {"error_percent": "wrong pixels", "loss": "loss"}
"""Legend entries of the curves over the steps."""

DIGITS = 12
"""Decimal digits that the map of differences resolves."""

MOMENTS = 13
"""Times between 0 and T at which the path of a pixel is drawn."""


@view(title="Labeling")
def labeling(
    derivative: Derivative, problem: xr.Dataset, overlay: str, own_colors: Any
) -> Labels:
    """The labels at time T; wrong pixels are dark and hatched."""
    solved, truth = derivative.evolution, problem.labels.values
    found, W = solved.labels, solved.assignment
    if overlay == "errors":
        return labeled("Labeling", found, problem, own_colors, W)
    count, note = problem.sizes["label"], f"{wrong(found, problem):.2f} % wrong"
    if overlay == "ground truth":
        return Labels("Ground truth", truth, count, colors=own_colors)
    return Labels("Labeling", found, count, None, own_colors, W, note=note)


@view(title="Labeling error")
def error(run: Run, evaluation: Evaluation) -> Curves:
    """The share of wrong pixels after each step."""
    series, marks = over_steps(run, evaluation, "error_percent")
    return Curves("Labeling error", "step", "wrong in %", [series], marks=marks)


@view(title="Singular values", log=True)
def singular_values(derivative: Derivative) -> Curves:
    """The singular values of the gradient; if they fall fast, a low rank suffices."""
    sigma = derivative.singular_values
    # smaller singular values are rounding errors, and a log axis cannot show zero
    least = np.finfo(float).eps * sigma.max(initial=0.0)
    y = np.where(sigma > least, sigma, np.nan)
    series = Series("σ of Z", np.arange(1, sigma.size + 1), y)
    note = f"σ₂/σ₁ = {derivative.ratio:.2g}, {derivative.rank} kept"
    return Curves("Singular values", "component", "σ of Z", [series], True, note=note)


@view(title="Loss")
def loss_curve(run: Run, evaluation: Evaluation) -> Curves:
    """The loss ℒ = f + ℛ after each step."""
    series, marks = over_steps(run, evaluation, "loss")
    return Curves("Loss", "step", "f + ℛ", [series], marks=marks, note="f + ℛ")


@view(title="Gradient norm")
def gradient_norm(norms: np.ndarray) -> Field:
    """Where the weights still change: ‖R_Ω ∂ℒ‖ per pixel, relative to its maximum."""
    top = float(norms.max(initial=0.0))
    relative = np.log10(np.maximum(norms / (top or 1.0), 10.0**-DECADES))
    note = f"largest {top:.1e}"
    return Field("Gradient norm", relative, "log₁₀", -DECADES, 0.0, note=note)


@view(title="Gradient at the pixel", hidden=True)
def gradient_patch(riemannian: np.ndarray, place: tuple[int, int]) -> Grid:
    """The descent direction −R_Ω ∂ℒ of the weight patch of the chosen pixel."""
    row, col = place
    values = square(-riemannian[:, row, col])
    return Grid(f"Descent at {row}, {col}", values, signed=True, arrows=True)


@view(title="Path of the pixel", series=4, hidden=True)
def path(
    basis: KrylovState | None, closed: ClosedForm | None, time: float,
    place: tuple[int, int], check: Check,
) -> Curves:  # fmt: skip
    """The label probabilities W(t) of the chosen pixel from 0 to T."""
    if basis is None or closed is None or not isinstance(closed.forward, Krylov):
        raise ValueError(
            "`gradient` must use a Krylov space for this view; choose LowRankGradient"
        )
    row, col = place
    times = np.linspace(0.0, time, MOMENTS)
    found = []
    for t in times:
        check()
        found.append(at_pixel(closed.forward, basis, float(t), (row, col)))
    W = np.stack(found)
    largest = np.argsort(W.max(axis=0))[::-1][:4]
    series = [Series(f"label {j}", times, W[:, j]) for j in sorted(largest)]
    return Curves(f"W(t) at {row}, {col}", "t", "probability", series)


@view(title="Another integrator", hidden=True)
def by_integrator(
    solved_again: Evolution, derivative: Derivative, problem: xr.Dataset,
    own_colors: Any, integrator: Integrator,
) -> Labels:  # fmt: skip
    """The labels that the chosen integrator finds; those that differ are hatched."""
    found, usual = solved_again.labels, derivative.evolution.labels
    name, work = type(integrator).__name__, solved_again.work.applications
    note = f"{percent_wrong(found, usual):.2f} % differ, A applied {work} times"
    count = problem.sizes["label"]
    return Labels(
        name, found, count, usual, own_colors, solved_again.assignment,
        called=("by the gradient", "differs"), note=note,
    )  # fmt: skip


@view(title="Difference of W(T)", hidden=True)
def difference(solved_again: Evolution, derivative: Derivative) -> Field:
    """How far the label probabilities W(T) of both integrators differ at a pixel."""
    other = derivative.evolution.assignment
    most = np.abs(solved_again.assignment - other).max(axis=0)
    note = f"at most {most.max(initial=0.0):.1e}"
    shown = np.log10(np.maximum(most, 10.0**-DIGITS))
    return Field("Difference of W(T)", shown, "log₁₀", -DIGITS, 0.0, note=note)


def over_steps(
    run: Run, evaluation: Evaluation, key: str
) -> tuple[Series, tuple[tuple[float, str], ...]]:
    """Return a curve over the steps, with marks where the settings changed.

    The last point belongs to the present settings; each other point belongs to the
    settings of its step.
    """
    past = [getattr(record, key) for record in run.records[:-1]]
    now = getattr(evaluation.record(run.steps, 0.0), key)
    y = np.array([*past, now])
    return Series(NAMES[key], np.arange(y.size), y), changes(run)


def changes(run: Run) -> tuple[tuple[float, str], ...]:
    """Return the steps after which settings changed, with the names of the settings."""
    found, step = [], 0
    for (before, count), (after, _) in zip(
        run.segments, run.segments[1:], strict=False
    ):
        step += count
        names = [n for n in after if after[n] is not before[n]]
        names = [n for n in names if n in before and after[n] != before[n]]
        found.append((float(step), ", ".join(names)))
    return tuple(found)


DEFAULT = (
    picture, labeling, replace(patch, hidden=False), error, singular_values,
    gradient_cosine, loss_curve, gradient_norm,
)  # fmt: skip
MORE = (
    truth, replace(cosine_map, hidden=True), pixel_neighbors, gradient_patch, path,
    factor_left, factor_right, by_integrator, difference,
)  # fmt: skip
VIEWS = DEFAULT + MORE
