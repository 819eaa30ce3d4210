"""The views of the prediction explorer, each a function from values to a panel."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import wrong
from explorer.dashboards.prediction_nodes import Labelings, scored
from explorer.dashboards.prediction_training import Lesson
from explorer.dashboards.probe import patch
from explorer.dashboards.views import picture, square, truth
from explorer.drawing.view import view
from explorer.flow.evolution import Evolution
from explorer.panels import (
    Bars,
    Curves,
    Grid,
    Labels,
    Patches,
    Series,
    Table,
)
from explorer.prediction.patches import PatchModel, Shares
from explorer.prediction.training import history_of
from explorer.truths import percent_wrong

MOST = 24
"""Most prototypes on a sheet: smaller patches could not be told apart."""

SPEAKERS = 7
"""Most prototypes beside the patch of the chosen pixel."""

NO_TRUTH = "no ground truth to learn from"
"""Note of views that need the true labels, which your own image lacks."""


def compared(
    title: str, found: Evolution, problem: xr.Dataset, colors: Any, note: str = ""
) -> Labels:
    """Return a labeling, with its wrong pixels marked if the truth is known."""
    truth = problem.labels.values
    known = bool(truth.max() >= 0)
    note = f"{wrong(found.labels, problem):.2f} % wrong" if known else note
    return Labels(
        title, found.labels, problem.sizes["label"], truth if known else None, colors,
        found.assignment, note=note,
    )  # fmt: skip


@view(title="Predicted weights")
def labeling(
    predicted: Evolution, uniform: Evolution, problem: xr.Dataset, own_colors: Any
) -> Labels:
    """The labels that the flow finds with the weights guessed from the image alone."""
    differ = percent_wrong(predicted.labels, uniform.labels)
    note = f"{differ:.2f} % differ from uniform"
    return compared("Predicted", predicted, problem, own_colors, note)


@view(title="Learned weights")
def learned_labeling(
    learned: Evolution | None, problem: xr.Dataset, own_colors: Any
) -> Labels:
    """The labels with weights learned in a few steps on this very image and truth."""
    if learned is not None:
        return compared("Learned", learned, problem, own_colors)
    unknown, count = problem.labels.values, problem.sizes["label"]
    return Labels("Learned", unknown, count, None, own_colors, note=NO_TRUTH)


@view(title="Uniform weights")
def uniform_labeling(
    uniform: Evolution, problem: xr.Dataset, own_colors: Any
) -> Labels:
    """The labels that the flow finds if all neighbors count alike."""
    return compared("Uniform", uniform, problem, own_colors)


@view(title="Methods")
def methods(labelings: Labelings, problem: xr.Dataset) -> Table:
    """Scores of our weights and of tuned baselines; bal.: all labels count alike."""
    if problem.labels.values.max() < 0:
        said = (("scores need the true labels, which your own image lacks",),)
        return Table("Methods", ("no ground truth",), said)
    rows, tuned = [], []
    for name, found in {**labelings.ours, **labelings.others}.items():
        values = scored(found, problem).values()
        method, _, parameters = name.replace(" = ", " ").partition(", ")
        rows.append((method.removesuffix(" denoising"), *values))
        tuned += [parameters] if parameters else []
    columns = ("method", "wrong %", "bal. %", "F1", "IoU")
    return Table("Methods", columns, rows, note=f"with {' · '.join(tuned)}")


@view(title="Prototypes")
def prototypes(patches: PatchModel, shares: Shares, order: np.ndarray) -> Patches:
    """The prototypes and their weight patches, sorted by their share of the pixels."""
    use = 100.0 * shares.share.mean(axis=0)[order]
    shown = order[:MOST]
    some = f"{len(shown)} of {len(order)} " if len(shown) < len(order) else ""
    note = f"{some}by use"
    return Patches(
        "Prototypes", images_of(patches, shown), tangent_weights(patches, shown),
        [percent(u) for u in use[:MOST]], note=note,
    )  # fmt: skip


@view(title="Who speaks at the pixel")
def speakers(
    patches: PatchModel, shares: Shares, order: np.ndarray, pixel_index: int,
    place: tuple[int, int],
) -> Patches:  # fmt: skip
    """The pixel's window and guessed weights, and the prototypes that speak there."""
    share = shares.share[pixel_index]
    rank = np.argsort(order)  # the number of each prototype, by use
    loudest = np.argsort(-share, kind="stable")[:SPEAKERS]
    own = square_of(shares.features[pixel_index], patches)
    guessed = square(patches.weights(at(shares, pixel_index))[:, 0])
    captions = [f"{rank[j] + 1}: {percent(100.0 * share[j])}" for j in loudest]
    return Patches(
        f"Speakers at {place[0]}, {place[1]}",
        np.concatenate([own[None], images_of(patches, loudest)]),
        np.concatenate([guessed[None], tangent_weights(patches, loudest)]),
        ["pixel", *captions], note="number: share",
    )  # fmt: skip


@view(title="Shares at the pixel")
def shares_at_pixel(
    here: np.ndarray, order: np.ndarray, place: tuple[int, int]
) -> Bars:
    """How much each prototype speaks at the chosen pixel."""
    edges = np.arange(len(order) + 1) + 0.5
    title = f"Shares at {place[0]}, {place[1]}"
    x = "prototype, numbered by use"
    return Bars(title, x, "share in %", edges, 100.0 * here[order], None)


@view(title="Learned weights at the pixel", hidden=True)
def learned_patch(learned_weights: np.ndarray | None, place: tuple[int, int]) -> Grid:
    """The weight patch that is learned for the chosen pixel with the ground truth."""
    row, col = place
    title = f"Learned at {row}, {col}"
    if learned_weights is None:
        return Grid(title, np.full((3, 3), np.nan), "weight", note=NO_TRUTH)
    return Grid(title, square(learned_weights[:, row, col]), "weight")


@view(title="Training", series=2, log=True)
def training(lesson: Lesson) -> Curves:
    """The share of wrong pixels over the training steps; the best step counts."""
    return over_steps(lesson, "error_percent", "Training", "wrong in %")


@view(title="Loss in training", series=2, log=True, hidden=True)
def loss(lesson: Lesson) -> Curves:
    """The loss over the training steps; the least validation loss decides."""
    return over_steps(lesson, "loss", "Loss in training", "mean loss")


def over_steps(lesson: Lesson, name: str, title: str, y: str) -> Curves:
    """Return a curve of training and of validation, with a mark at the best step."""
    history = history_of(lesson.state.records)
    steps = history["step"].values
    series = [
        Series("training scenes", steps, history[name].values),
        Series("validation scenes", steps, history[f"validation_{name}"].values),
    ]
    if not steps.size:
        return Curves(title, "step", y, series, True, note="not trained yet")
    best = int(history.validation_loss.values.argmin())
    marks = ((float(steps[best]), "best"),)
    note = f"noise {lesson.noise:g}"
    return Curves(title, "step", y, series, True, marks, note=note)


def at(shares: Shares, pixel: int) -> Shares:
    """Return the shares of one pixel."""
    one = slice(pixel, pixel + 1)
    return Shares(shares.features[one], shares.distance[one], shares.share[one])


def images_of(patches: PatchModel, which: np.ndarray) -> np.ndarray:
    """Return prototypes as images, (prototype, row, col, channel)."""
    found = [square_of(patches.prototypes[j], patches) for j in which]
    return np.stack(found)


def square_of(features: np.ndarray, patches: PatchModel) -> np.ndarray:
    """Return the values of a window as an image, (row, col, channel)."""
    side = window_of(patches)
    return features.reshape(side, side, -1)


def window_of(patches: PatchModel) -> int:
    """Return the side of the window: features are gray or of three channels."""
    count = patches.prototypes.shape[1]
    side = round(count**0.5)
    return side if side * side == count else round((count / 3) ** 0.5)


def tangent_weights(patches: PatchModel, which: np.ndarray) -> np.ndarray:
    """Return the weight patch that each prototype alone would give, (…, row, col)."""
    t = patches.tangents[which]
    weights = np.exp(t - t.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.stack([square(patch) for patch in weights])


def percent(share: float) -> str:
    """Return a share in percent as a short text."""
    return f"{share:.0f} %" if share >= 0.95 else "<1 %"


VIEWS = (
    picture, labeling, learned_labeling, uniform_labeling, training, methods,
    prototypes, speakers, shares_at_pixel, patch, truth, learned_patch, loss,
)  # fmt: skip
