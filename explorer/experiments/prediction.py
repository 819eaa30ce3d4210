"""Fig. 5: weights predicted for images never seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import (
    PICTURE,
    PIXELS,
    RUN,
    SCENE,
    STEP,
    TRAINING_STEP,
    WEIGHT_FIELD,
)
from explorer.experiments.scenarios import LINES, SCENARIOS, TIME, flow_of
from explorer.experiments.units import Bench, Setup, Unit, prepared, stack
from explorer.flow.krylov import Krylov
from explorer.learning.learner import Learner
from explorer.panels import (
    Curves,
    Field,
    Figure,
    Labels,
    Panel,
    Picture,
    Series,
)
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.scenes.scores import score

STEPS_FACTOR = 10 / 3
"""Steps of the predictor for each of a learner: 100 for 30, as in the paper."""

VALIDATION, UNSEEN = 1000, 2000
"""Seeds of the validation and of the unseen scenes lie this far behind."""

APART = 10_000
"""Seeds of what two runs are trained on differ by this; the unseen scenes are one."""

SECTION = 24
"""Rows and columns of the section whose weight patches are shown."""


def scenes(setup: Setup, offset: int = 0) -> list[xr.Dataset]:
    """Return the scenes of scenario a."""
    return [SCENARIOS[LINES].scene(setup.size, seed + offset) for seed in setup.seeds]


def scored(labels: np.ndarray, scene: xr.Dataset) -> tuple[float, float]:
    """Return the percentage of wrong pixels and the boundary F1."""
    found = score(labels, scene.labels, scene.sizes["label"])
    return float(found.error_percent), float(found.boundary_f1)


def columns(name: str, pairs: list[tuple[float, float]]) -> dict[str, Any]:
    """Return errors and boundary F1 of a method as variables over `scene`."""
    return {
        f"{name}_error_percent": (SCENE, [error for error, _ in pairs]),
        f"{name}_boundary_f1": (SCENE, [f1 for _, f1 in pairs]),
    }


def train(setup: Setup, run: int) -> xr.Dataset:
    """Train a predictor on scenes of its own, and label those that no run has seen."""
    seed = setup.seed + run * APART
    predictor = WeightPatchPredictor(steps=round(STEPS_FACTOR * setup.steps), seed=seed)
    predictor.fit(scenes(setup, run * APART), scenes(setup, run * APART + VALIDATION))
    unseen = scenes(setup, UNSEEN)
    labelings = [predictor.label(scene.image).values for scene in unseen]
    pairs = [scored(*pair) for pair in zip(labelings, unseen, strict=True)]
    weights = predictor.predict_weights(unseen[0].image)
    variables = columns("predicted", pairs) | {
        "labeling": ((SCENE, *PIXELS), np.stack(labelings)),
        "predicted_weights": (WEIGHT_FIELD, weights.values),
    }
    history = predictor.history_.rename({STEP: TRAINING_STEP})
    return xr.Dataset(variables).merge(history.drop_vars("seconds"))


def compare(setup: Setup) -> xr.Dataset:
    """Return the unseen scenes, and what is made of them without a predictor.

    That is: uniform weights, the nearest label, and weights that were learned on the
    first of them with its ground truth and without noise.
    """
    unseen = scenes(setup, UNSEEN)
    uniform, nearest = [], []
    for scene in unseen:
        flow = flow_of(scene)
        solution = Krylov().solve(flow, flow.uniform_weights(), TIME)
        uniform.append(scored(solution.labels.values, scene))
        nearest.append(scored(scene.distances.values.argmin(axis=0), scene))
    clean = SCENARIOS[LINES].scene(setup.size, setup.seed + UNSEEN, noise=0.0)
    learner = Learner(flow_of(clean), clean.labels, TIME)
    learner.run(setup.steps)
    images = [np.broadcast_to(s.image.values, (*s.labels.shape, 3)) for s in unseen]
    variables: dict[str, Any] = {
        "truth": ((SCENE, *PIXELS), np.stack([s.labels.values for s in unseen])),
        "image": ((SCENE, *PICTURE), np.stack(images)),
        "estimated_weights": (WEIGHT_FIELD, learner.weights.values),
    }
    columned = columns("uniform", uniform) | columns("nearest", nearest)
    return xr.Dataset(variables | columned)


def figure5(setup: Setup | None = None, bench: Bench | None = None) -> xr.Dataset:
    """Return how predictors trained on five scenes label five they have never seen.

    Scenario a with noise; 50 prototypes of 3 × 3 windows, five further scenes for
    validation, the step of the least validation loss counts. There are as many runs
    as scenes, each with a seed, training and validation scenes of its own.

    Returns
    -------
    Dataset over `scene` (the unseen ones) with errors and boundary F1 (2 pixels) of
    `uniform` and `nearest`, `truth`, `image`; over `run` and `scene` those of
    `predicted`, `labeling`; over `run` and `training_step` the curves of training and
    validation; for the first scene `estimated_weights`, learned without noise, and
    over `run` `predicted_weights`.
    """
    setup, bench = prepared(setup, bench)
    settings = {
        "size": setup.size, "scenes": setup.scenes, "steps": setup.steps,
        "seed": setup.seed, "noise": SCENARIOS[LINES].noise,
        "predictor": repr(WeightPatchPredictor()),
    }  # fmt: skip
    runs = range(setup.scenes)
    units = [Unit("compared", settings, lambda: compare(setup))]
    units += [
        Unit(f"run-{run}", {**settings, "run": run}, lambda run=run: train(setup, run))  # type: ignore[misc]
        for run in runs
    ]
    compared, *trained = bench.run(units)
    data = compared.merge(stack(trained, RUN, runs))
    seeds = [seed + UNSEEN for seed in setup.seeds]
    return data.assign_coords({SCENE: seeds}).assign_attrs(figure=5)


def mosaic(weights: np.ndarray, top: int, left: int) -> np.ndarray:
    """Return the 3 × 3 patches of a section side by side, each over its largest."""
    side = round(weights.shape[0] ** 0.5)
    part = weights[:, top : top + SECTION, left : left + SECTION]
    part = part / part.max(axis=0)
    rows, cols = part.shape[1:]
    tiles = part.reshape(side, side, rows, cols).transpose(2, 0, 3, 1)
    return tiles.reshape(side * rows, side * cols)


def draw5(data: xr.Dataset) -> Figure:
    """Return Fig. 5: a section, its patches, the curves, labelings of the unseen."""
    first = data.isel({SCENE: 0, RUN: 0})
    size = first.sizes["row"]
    corner = (size - min(SECTION, size)) // 2
    cut = {d: slice(corner, corner + SECTION) for d in PIXELS}
    steps = data[TRAINING_STEP].values
    curves = [
        Series("training", steps, first.error_percent.values),
        Series("validation", steps, first.validation_error_percent.values),
    ]
    estimated, predicted = (
        Field(title, mosaic(first[name].values, corner, corner), "of largest", 0.0, 1.0)
        for title, name in (
            ("weights learned without noise", "estimated_weights"),
            ("weights predicted from noise", "predicted_weights"),
        )
    )
    section = Picture("section of an unseen image", first.image.isel(cut).values)
    wrong = "wrong pixels in %"
    top: list[Panel] = [
        section, Curves("training", "step", wrong, curves), estimated, predicted,
    ]  # fmt: skip
    bottom: list[Panel] = [Picture("unseen image", first.image.values)]
    for k in range(min(3, data.sizes[SCENE])):
        shown = data.isel({SCENE: k, RUN: 0})
        error, labeling = float(shown.predicted_error_percent), shown.labeling.values
        bottom.append(Labels(f"labeled: {error:.2f} % wrong", labeling, 2))
    said = "; ".join(
        f"{name} {float(data[f'{name}_error_percent'].mean()):.2f} % wrong, "
        f"F1 {float(data[f'{name}_boundary_f1'].mean()):.3f}"
        for name in ("predicted", "uniform", "nearest")
    )
    of_runs = data.predicted_error_percent.mean(SCENE)
    caption = (
        f"Thin lines, {data.sizes[SCENE]} unseen noisy scenes, means over them and "
        f"{data.sizes[RUN]} runs: {said}. {data.sizes[TRAINING_STEP] - 1} steps on "
        f"{data.sizes[SCENE]} scenes; the runs, each from other scenes, leave "
        f"{float(of_runs.min()):.2f} to {float(of_runs.max()):.2f} % wrong. "
        f"Boundary F1 within two pixels. Weight patches of the section, each divided "
        "by its largest entry."
    )
    return Figure(5, "Weights of images never seen", caption, [top, bottom])
