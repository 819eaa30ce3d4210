"""Training of a predictor step by step: the part of the explorer that takes steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import xarray as xr

from explorer import params
from explorer.dashboards.nodes import Check
from explorer.kit.runs import Run
from explorer.prediction.bundled import (
    NOISE,
    bundled_predictor,
    training_scenes,
    untrained,
)
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.prediction.training import TrainingState, TrainingStep

BUNDLED, CLUSTERS = "bundled", "clusters"
"""Where training starts: at the bundled predictor, or at clusters of patches."""

ENDLESS = int(params.PATIENCE.high)
"""Patience in the explorer, where the user decides when training ends."""

Scenes = tuple[list[xr.Dataset], list[xr.Dataset]]


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a training step needs, and where training stands.

    Attributes
    ----------
    predictor : the choices at the start; scenes : for training and for validation;
    state : the state reached; noise : of the training scenes; check : may raise.
    """

    predictor: WeightPatchPredictor
    scenes: Scenes
    state: TrainingState
    noise: float
    check: Check


def taught_at(training_start: str, training_noise: float) -> float:
    """Return the noise of the training scenes."""
    return NOISE if training_start == BUNDLED else training_noise


def scenes(model: str, taught_at: float) -> Scenes:
    """Return the scenes for training and for validation."""
    return training_scenes(model, taught_at)


def begin(
    model: str, training_start: str, n_prototypes: int, scenes: Scenes
) -> WeightPatchPredictor:
    """Return the predictor at the start of training, not to be changed."""
    if training_start == BUNDLED:
        return bundled_predictor(model)
    predictor = untrained(n_prototypes, steps=0).fit(*scenes)
    state = predictor.state_
    assert state is not None
    # without the record: its gradient belongs to the T and ρ of the first step
    predictor.state_ = TrainingState.start(state.model, state.scenes)
    return predictor


def lesson(
    run: Run, begin: WeightPatchPredictor, scenes: Scenes, taught_at: float,
    check: Check,
) -> Lesson:  # fmt: skip
    """Return where training stands; a step begins and ends here."""
    state = run.state or begin.state_
    assert state is not None
    return Lesson(begin, scenes, state, taught_at, check)


def advance(
    evaluate: Callable[[TrainingState], Lesson], lesson: Lesson, memory: None,
    **choices: Any,
) -> tuple[Lesson, None]:  # fmt: skip
    """Take a step with `time`, `rho`, `dim` and `rate`, as `fit` does."""
    predictor = replace(lesson.predictor, steps=ENDLESS, patience=ENDLESS, **choices)
    training, validation = lesson.scenes
    steps = predictor.iterate(training, validation, lesson.state, lesson.check)
    state = next(steps)
    if not lesson.state.records:
        state = next(steps)  # the first state is the start itself
    return evaluate(state), None


def record(step: int, lesson: Lesson, seconds: float) -> TrainingStep | None:
    """Return the record of the last step, None before the first."""
    records = lesson.state.records
    return replace(records[-1], seconds=seconds) if records else None
