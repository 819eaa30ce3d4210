"""Fig. 5: weights predicted for images never seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import PICTURE, PIXELS, SCENE, STEP, WEIGHT_FIELD
from explorer.experiments.panels import (
    Curves,
    Field,
    Figure,
    Labels,
    Panel,
    Picture,
    Series,
)
from explorer.experiments.scenarios import LINES, SCENARIOS, TIME, flow_of
from explorer.experiments.units import Bench, Setup, Unit
from explorer.flow.krylov import Krylov
from explorer.learning.learner import Learner
from explorer.learning.predictor import WeightPatchPredictor
from explorer.scenes.scores import score

STEPS_FACTOR = 10 / 3
"""Steps of the predictor for each of a learner: 100 for 30, as in the paper."""

VALIDATION, UNSEEN = 1000, 2000
"""Seeds of the validation and of the unseen scenes lie this far behind."""

SECTION = 24
"""Rows and columns of the section whose weight patches are shown."""


def scenes(setup: Setup, offset: int = 0) -> list[xr.Dataset]:
    """Return the scenes of scenario a."""
    return [SCENARIOS[LINES].scene(setup.size, seed + offset) for seed in setup.seeds]


def scored(labels: np.ndarray, scene: xr.Dataset) -> tuple[float, float]:
    """Return the percentage of wrong pixels and the boundary F1."""
    found = score(labels, scene.labels, scene.sizes["label"])
    return float(found.error_percent), float(found.boundary_f1)


def compute(setup: Setup) -> xr.Dataset:
    """Train, predict, and compare with uniform weights and rounding."""
    predictor = WeightPatchPredictor(
        steps=round(STEPS_FACTOR * setup.steps), seed=setup.seed
    )
    predictor.fit(scenes(setup), scenes(setup, VALIDATION))
    unseen = scenes(setup, UNSEEN)
    rows: dict[str, list[tuple[float, float]]] = {
        "predicted": [], "uniform": [], "nearest": [],
    }  # fmt: skip
    labelings = []
    for scene in unseen:
        flow = flow_of(scene)
        labelings.append(predictor.label(scene.image).values)
        uniform = Krylov().solve(flow, flow.uniform_weights(), TIME).labels.values
        rows["predicted"].append(scored(labelings[-1], scene))
        rows["uniform"].append(scored(uniform, scene))
        rows["nearest"].append(scored(scene.distances.values.argmin(axis=0), scene))
    variables: dict[str, Any] = {}
    for name, pairs in rows.items():
        variables[f"{name}_error_percent"] = (SCENE, [error for error, _ in pairs])
        variables[f"{name}_boundary_f1"] = (SCENE, [f1 for _, f1 in pairs])
    variables["labeling"] = ((SCENE, *PIXELS), np.stack(labelings))
    truths = [s.labels.values for s in unseen]
    images = [np.broadcast_to(s.image.values, (*s.labels.shape, 3)) for s in unseen]
    variables["truth"] = ((SCENE, *PIXELS), np.stack(truths))
    variables["image"] = ((SCENE, *PICTURE), np.stack(images))
    variables |= patches(predictor, setup)
    history = predictor.history_.rename({STEP: "training_step"})
    return xr.Dataset(variables).merge(history.drop_vars("seconds"))


def patches(predictor: WeightPatchPredictor, setup: Setup) -> dict[str, Any]:
    """Return weights learned on the noise-free first unseen scene, and predicted."""
    noisy = scenes(setup, UNSEEN)[0]
    clean = SCENARIOS[LINES].scene(setup.size, setup.seed + UNSEEN, noise=0.0)
    learner = Learner(flow_of(clean), clean.labels, TIME)
    learner.run(setup.steps)
    return {
        "estimated_weights": (WEIGHT_FIELD, learner.weights.values),
        "predicted_weights": (
            WEIGHT_FIELD,
            predictor.predict_weights(noisy.image).values,
        ),
    }


def figure5(setup: Setup | None = None, bench: Bench | None = None) -> xr.Dataset:
    """Return how a predictor trained on five scenes labels five it has never seen.

    Scenario a with noise; 50 prototypes of 3 × 3 windows, five further scenes for
    validation, the step of the least validation loss counts.

    Returns
    -------
    Dataset over `scene` (the unseen ones) with errors and boundary F1 (2 pixels) of
    `predicted`, `uniform` and `nearest`, `labeling`, `truth`, `image`; over
    `training_step` the curves of training and validation; for the first scene
    `estimated_weights`, learned without noise, and `predicted_weights`.
    """
    setup, bench = setup or Setup(), bench or Bench()
    settings = {
        "size": setup.size, "scenes": setup.scenes, "steps": setup.steps,
        "seed": setup.seed, "noise": SCENARIOS[LINES].noise,
        "predictor": repr(WeightPatchPredictor()),
    }  # fmt: skip
    unit = Unit("predictor", settings, lambda: compute(setup))
    seeds = [seed + UNSEEN for seed in setup.seeds]
    data = bench.run([unit])[0].assign_coords({SCENE: seeds})
    return data.assign_attrs(figure=5)


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
    first = data.isel(scene=0)
    size = first.sizes["row"]
    corner = (size - min(SECTION, size)) // 2
    cut = {d: slice(corner, corner + SECTION) for d in PIXELS}
    steps = data.training_step.values
    curves = [
        Series("training", steps, data.error_percent.values),
        Series("validation", steps, data.validation_error_percent.values),
    ]
    estimated, predicted = (
        Field(title, mosaic(data[name].values, corner, corner), "of largest", 0.0, 1.0)
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
        error = float(data.predicted_error_percent[k])
        labeling = data.labeling.isel(scene=k).values
        bottom.append(Labels(f"labeled: {error:.2f} % wrong", labeling, 2))
    said = "; ".join(
        f"{name} {float(data[f'{name}_error_percent'].mean()):.2f} % wrong, "
        f"F1 {float(data[f'{name}_boundary_f1'].mean()):.3f}"
        for name in ("predicted", "uniform", "nearest")
    )
    caption = (
        f"Thin lines, {data.sizes[SCENE]} unseen noisy scenes, means: {said}. "
        f"{data.sizes['training_step'] - 1} steps on {data.sizes[SCENE]} scenes. "
        f"Boundary F1 within two pixels. Weight patches of the section, each divided "
        "by its largest entry."
    )
    return Figure(5, "Weights of images never seen", caption, [top, bottom])
