"""The data flow of prediction: image → features → shares → weights → V(T) → scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer import extras
from explorer.comparison.baselines import (
    Baseline,
    GaussianDenoising,
    GraphCut,
    NearestLabel,
    RandomWalker,
    TotalVariation,
)
from explorer.dashboards.nodes import Check
from explorer.dashboards.prediction_training import Lesson
from explorer.dims import PIXELS, WEIGHT_FIELD
from explorer.features.extractors import RawWindow
from explorer.flow.evolution import Evolution
from explorer.flow.krylov import Krylov, KrylovState
from explorer.flow.linearized import LinearizedFlow
from explorer.gradients.gradient import LowRankGradient
from explorer.kit.plan import Readout
from explorer.learning.learner import Learner
from explorer.prediction.patches import PatchModel, Shares
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.prediction.training import Example, history_of, shaped
from explorer.scenes.scene import Structure
from explorer.scenes.scores import score
from explorer.truths import percent_wrong

LEARNED_STEPS = 5
"""Steps of the learned weights: few, so that they follow the noise slider."""

SCORES = "error_percent", "balanced_error_percent", "boundary_f1", "mean_iou"
"""The scores of a labeling that the page shows."""

Tuned = tuple[float, float, tuple[float, float, float], float]

TUNED: dict[str, Tuned] = {
    "lines": (0.5, 0.1, (10.0, 0.9, 0.5), 0.2),
    "colors": (1.5, 0.4, (10.0, 0.9, 1.0), 0.5),
}
"""σ, λ, (β, s, σ) and γ of the baselines: best on the training scenes of the bundled
predictors; `python -m benchmarks.models` prints them."""


def flow(
    problem: xr.Dataset, begin: WeightPatchPredictor, rho: float
) -> LinearizedFlow:
    """Return the flow on the distances of the image."""
    return LinearizedFlow(problem.distances, rho=rho, radius=begin.radius)


def features(problem: xr.Dataset, begin: WeightPatchPredictor) -> np.ndarray:
    """Return the window around each pixel, (pixel, feature)."""
    found = RawWindow(begin.window).of(problem.image.values)
    return found.reshape(-1, found.shape[-1])


def patches(lesson: Lesson) -> PatchModel:
    """Return prototypes and tangents of the step with the least validation loss."""
    return lesson.state.best


def shares(patches: PatchModel, features: np.ndarray) -> Shares:
    """Return how much each prototype speaks at each pixel."""
    return patches.shares(features)


def weights(patches: PatchModel, shares: Shares, flow: LinearizedFlow) -> np.ndarray:
    """Return the predicted weights Ω̂, (offset, row, col)."""
    example = Example(flow, shares.features, np.empty(0))
    return shaped(example, patches.weights(shares))


def basis(
    flow: LinearizedFlow, weights: np.ndarray, dim: int, check: Check
) -> KrylovState:
    """Return the Krylov space of the predicted weights."""
    return Krylov(dim).init(flow.plain_system(weights), check)


def predicted(basis: KrylovState, dim: int, time: float) -> Evolution:
    """Return V(T) of the predicted weights."""
    return Krylov(dim).compute(basis, time)


def uniform_basis(flow: LinearizedFlow, dim: int, check: Check) -> KrylovState:
    """Return the Krylov space of uniform weights."""
    uniform = flow.neighborhood.uniform()
    return Krylov(dim).init(flow.plain_system(uniform), check)


def uniform(uniform_basis: KrylovState, dim: int, time: float) -> Evolution:
    """Return V(T) of uniform weights."""
    return Krylov(dim).compute(uniform_basis, time)


def learned_weights(
    flow: LinearizedFlow, problem: xr.Dataset, dim: int, time: float, check: Check
) -> np.ndarray | None:
    """Return weights learned on this image with its ground truth, None without it."""
    if problem.labels.values.max() < 0:
        return None
    learner = Learner(flow, problem.labels, time, LowRankGradient(dim))
    for _ in learner.iterate(LEARNED_STEPS):
        check()
    return learner.weights.values


def learned(
    flow: LinearizedFlow, learned_weights: np.ndarray | None, dim: int, time: float
) -> Evolution | None:
    """Return V(T) of the learned weights."""
    if learned_weights is None:
        return None
    return Krylov(dim).integrate(flow.plain_system(learned_weights), time)


def baselines(model: str) -> list[Baseline]:
    """Return the baselines, tuned on the training scenes; graph cuts if installed."""
    sigma, weight, walker, smoothness = TUNED[model]
    found: list[Baseline] = [
        NearestLabel(),
        GaussianDenoising(sigma),
        TotalVariation(weight),
        RandomWalker(*walker),
    ]
    cuts = [GraphCut(smoothness)] if extras.installed("maxflow") else []
    return [*found, *cuts]


def others(
    baselines: list[Baseline], problem: xr.Dataset, check: Check
) -> dict[str, np.ndarray]:
    """Return the labelings of the baselines by name."""
    found = {}
    for method in baselines:
        check()
        found[method.name] = method.label(problem)
    return found


def scored(labels: np.ndarray, problem: xr.Dataset) -> dict[str, float]:
    """Return the scores of a labeling; none if the truth is unknown."""
    if problem.labels.values.max() < 0:
        return {}
    found = score(labels, problem.labels, count=problem.sizes["label"])
    return {name: float(found[name]) for name in SCORES}


def numbers(
    predicted: Evolution, uniform: Evolution, problem: xr.Dataset
) -> dict[str, float]:
    """Return the numbers that the code reproduces: scores if the truth is known."""
    found = scored(predicted.labels, problem)
    if found:
        other = scored(uniform.labels, problem)["error_percent"]
        found["uniform_error_percent"] = other
    differ = float(percent_wrong(predicted.labels, uniform.labels))
    return found | {"differs_percent": differ}


def order(shares: Shares) -> np.ndarray:
    """Return the prototypes from the most to the least used in this image."""
    return np.argsort(-shares.share.mean(axis=0), kind="stable")


def readouts(
    numbers: dict[str, float], lesson: Lesson, here: np.ndarray, noise: float
) -> list[Readout]:
    """Return the numbers above the views."""
    if "error_percent" in numbers:
        found = [
            Readout("wrong", f"{numbers['error_percent']:.2f} %",
                    f"uniform: {numbers['uniform_error_percent']:.2f} %"),
            Readout("boundary F1", f"{numbers['boundary_f1']:.3f}", "within 2 pixels"),
        ]  # fmt: skip
    else:
        differ = f"{numbers['differs_percent']:.2f} %"
        found = [Readout("differs", differ, "from uniform weights")]
    above = noise > lesson.noise + 1e-9
    return [
        *found,
        Readout("noise", f"{noise:g}", f"in training: {lesson.noise:g}", warn=above),
        Readout("prototypes", f"{effective(here):.1f}", "at the pixel"),
    ]


def effective(share: np.ndarray) -> float:
    """Return the effective number of prototypes, exp of the entropy of the shares."""
    return float(np.exp(-(share * np.log(np.maximum(share, 1e-300))).sum()))


def pixel_index(place: tuple[int, int], structure: Structure) -> int:
    """Return the number of the chosen pixel, row by row."""
    return place[0] * structure.labels.shape[1] + place[1]


def here(shares: Shares, pixel_index: int) -> np.ndarray:
    """Return how much each prototype speaks at the chosen pixel."""
    found: np.ndarray = shares.share[pixel_index]
    return found


@dataclass(frozen=True, eq=False)
class Labelings:
    """All labelings of the image: ours by the kind of weights, others by name."""

    ours: dict[str, np.ndarray]
    others: dict[str, np.ndarray]


def dataset(
    problem: xr.Dataset, lesson: Lesson, weights: np.ndarray, labelings: Labelings
) -> xr.Dataset:
    """Return scene, labelings, weights, prototypes and history as one dataset."""
    found: dict[str, Any] = {
        f"{name}_labeling": (PIXELS, labels, {"long_name": f"{name} weights: labels"})
        for name, labels in labelings.ours.items()
    }
    best = lesson.state.best
    found["predicted_weights"] = (WEIGHT_FIELD, weights, {"symbol": "Ω̂"})
    found["patch_prototypes"] = (("patch", "feature"), best.prototypes)
    found["patch_tangents"] = (("patch", "offset"), best.tangents, {"symbol": "ν"})
    history = history_of(lesson.state.records).drop_vars("seconds")
    return problem.assign(found).merge(history, combine_attrs="override")


def labelings(
    predicted: Evolution,
    uniform: Evolution,
    learned: Evolution | None,
    others: dict[str, np.ndarray],
) -> Labelings:
    """Return all labelings to compare."""
    known = {} if learned is None else {"learned": learned.labels}
    ours = {"predicted": predicted.labels, **known, "uniform": uniform.labels}
    return Labelings(ours, others)
