"""Fig. 5: weights predicted for unseen images."""

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
from explorer.experiments.scenarios import (
    LINES,
    RHO,
    SCENARIOS,
    TIME,
    counted,
    flow_of,
    percent,
)
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
"""Predictor steps per learner step: 100 for 30, as in the paper."""

VALIDATION, UNSEEN = 1000, 2000
"""Offsets of the seeds of validation and unseen scenes from those of training."""

APART = 10_000
"""Offset between the training seeds of two runs; all runs share the unseen scenes."""

SECTION = 12
"""Rows and columns of the section in the figure, small enough to read its patches."""


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
    """Train a predictor on the scenes of its run, and label the unseen scenes."""
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
    """Return the unseen scenes, and their labelings without a predictor.

    These are: uniform weights, the nearest label, and weights learned on the first
    scene with its ground truth and without noise.
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
    """Return how predictors trained on five scenes label five unseen scenes.

    Scenario a with noise; 50 prototypes of 3 × 3 windows, and five further scenes for
    validation; the step with the least validation loss counts. There are as many runs
    as scenes, each with its own seed, training scenes and validation scenes.

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


def corner(truth: np.ndarray) -> tuple[int, int]:
    """Return the first row and column of the section with the most line pixels."""
    side = min(SECTION, *truth.shape)
    windows = np.lib.stride_tricks.sliding_window_view(truth == 0, (side, side))
    counts = windows.sum(axis=(2, 3))
    row, col = np.unravel_index(np.argmax(counts), counts.shape)
    return int(row), int(col)


def mosaic(weights: np.ndarray) -> np.ndarray:
    """Return patches (offset, row, col) side by side, each relative to its largest.

    NaN is a gap between two patches.
    """
    side, (rows, cols) = round(weights.shape[0] ** 0.5), weights.shape[1:]
    tiles = np.full((rows, side + 1, cols, side + 1), np.nan)
    relative = (weights / weights.max(axis=0)).reshape(side, side, rows, cols)
    tiles[:, :side, :, :side] = relative.transpose(2, 0, 3, 1)
    return tiles.reshape(rows * (side + 1), cols * (side + 1))[:-1, :-1]


def draw5(data: xr.Dataset) -> Figure:
    """Return Fig. 5: a section and its patches, curves, labelings of unseen scenes."""
    first = data.isel({SCENE: 0, RUN: 0})
    row, col = corner(first.truth.values)
    section = first.isel(
        row=slice(row, row + SECTION), col=slice(col, col + SECTION)
    )  # fmt: skip
    many = [data.isel({SCENE: k, RUN: 0}) for k in range(min(3, data.sizes[SCENE]))]
    inputs: list[Panel] = [
        Picture(f"unseen image {k}", shown.image.values,
                note=f"noise {SCENARIOS[LINES].noise:g}")
        for k, shown in enumerate(many, start=1)
    ]  # fmt: skip
    found: list[Panel] = [
        labeled(f"labeling of image {k}", shown)
        for k, shown in enumerate(many, start=1)
    ]
    rows = [seen(section, (row, col), data), weighed(section), inputs, found]
    return Figure(5, "Weights for unseen images", said5(data), rows)


def seen(section: xr.Dataset, place: tuple[int, int], data: xr.Dataset) -> list[Panel]:
    """Return a section without noise and with noise, and the curves of training."""
    tones, noise = SCENARIOS[LINES].colors, SCENARIOS[LINES].noise
    return [
        Picture("a  section without noise", tones[section.truth.values],
                note="of image 1, from row {}, column {}".format(*place)),
        Picture("b  the same section with noise", section.image.values,
                note=f"noise {noise:g}; the predictor sees this"),
        training(data),
    ]  # fmt: skip


def weighed(section: xr.Dataset) -> list[Panel]:
    """Return the patches of both kinds of weights, and the predicted labeling."""
    patches: list[Panel] = [
        Field(title, mosaic(section[name].values), "relative to the patch's largest",
              0.0, 1.0, note="3 × 3 weights for each pixel")
        for title, name in (
            ("d  weights learned from a", "estimated_weights"),
            ("e  weights predicted from b", "predicted_weights"),
        )
    ]  # fmt: skip
    return [*patches, labeled("f  section labeled with e", section)]


def training(data: xr.Dataset) -> Curves:
    """Return the errors of training and validation in the first run."""
    first, steps = data.isel({SCENE: 0, RUN: 0}), data[TRAINING_STEP].values
    curves = [
        Series("training", steps, first.error_percent.values),
        Series("validation", steps, first.validation_error_percent.values),
    ]
    return Curves("c  training", "step", "wrong pixels in %", curves, log=True)


def labeled(title: str, shown: xr.Dataset) -> Labels:
    """Return a labeling with its wrong pixels marked."""
    found, truth = shown.labeling.values, shown.truth.values
    wrong = f"{percent(found, truth):.2f} % wrong"
    return Labels(title, found, 2, truth, SCENARIOS[LINES].colors, note=wrong)


def said5(data: xr.Dataset) -> str:
    """Return the caption of Fig. 5."""
    said = "; ".join(
        f"{name} {float(data[f'{name}_error_percent'].mean()):.2f} % wrong, "
        f"F1 {float(data[f'{name}_boundary_f1'].mean()):.3f}"
        for name in ("predicted", "uniform", "nearest")
    )
    of_runs = data.predicted_error_percent.mean(SCENE)
    predictor = WeightPatchPredictor()
    scenes, runs = counted(data.sizes[SCENE]), counted(data.sizes[RUN], "run")
    return (
        f"Thin lines with noise {SCENARIOS[LINES].noise:g}; means over {scenes} unseen "
        f"in training and over {runs}: {said} (boundary F1 within two pixels). "
        f"Training takes {data.sizes[TRAINING_STEP] - 1} steps on {scenes} with "
        f"{predictor.n_prototypes} prototypes of 3 × 3 windows, "
        f"T = {TIME:g}, ρ = {RHO:g}, m = {Krylov().dim}. The runs, each trained on "
        f"other scenes, leave {float(of_runs.min()):.2f} to "
        f"{float(of_runs.max()):.2f} % wrong. In d and e each patch is relative to its "
        f"largest weight. Dark pixels with a cross have wrong labels."
    )
