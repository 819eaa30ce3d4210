"""Training of a patch model end to end, on several images at once (Sec. 4.4)."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from explorer.dims import STEP
from explorer.flow.base import Flow
from explorer.gradients.gradient import LowRankGradient
from explorer.params import settle
from explorer.prediction.patches import PatchModel, Shares
from explorer.records import frozen
from explorer.truths import percent_wrong

BETA1, BETA2, TINY = 0.9, 0.99, 1e-12
"""Adam's usual β₁; the squares decay ten times faster, to suit 100 steps."""

LARGEST = 1e100
"""Largest entry of a gradient, whose square is finite; no real loss is so steep."""

SLOWER = 5.0
"""Step of prototypes and log σ relative to the step of tangents: features lie in
[0, 1], whereas tangents are of order one."""


@dataclass(frozen=True, eq=False)
class Example:
    """An image to train on: its flow, features (pixel, feature), and ground truth."""

    flow: Flow
    features: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """Results after `step` steps: means over training and validation images."""

    step: int
    loss: float
    error_percent: float
    validation_loss: float
    validation_error_percent: float
    seconds: float


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Everything that further steps depend on, besides the images.

    Attributes
    ----------
    model : the current parameters; best : those of the least validation loss.
    slope, mean, square : gradient of the loss in `PatchModel.vector`, Adam's moments.
    records : one for every step so far, including the start, once it is evaluated.
    scenes : fingerprints of the training and the validation images.
    """

    model: PatchModel
    best: PatchModel
    slope: np.ndarray
    mean: np.ndarray
    square: np.ndarray
    records: tuple[TrainingStep, ...] = field(default=())
    scenes: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        for name in ("slope", "mean", "square"):
            settle(self, **{name: frozen(getattr(self, name))})

    @classmethod
    def start(
        cls, model: PatchModel, scenes: tuple[str, str] = ("", "")
    ) -> TrainingState:
        """Return the state before the first evaluation."""
        zero = np.zeros_like(model.vector)
        return cls(model, model, zero, zero, zero, scenes=scenes)

    def check(self, scenes: tuple[str, str], features: int, offsets: int) -> None:
        """Raise unless training can resume from here: same scenes, same sizes."""
        for k, name in enumerate(("scenes", "validation")):
            if scenes[k] != self.scenes[k]:
                raise ValueError(
                    f"`{name}` differ from those at the start of this training: pass "
                    "the same in the same order, or start over without `state` or "
                    "with another checkpoint"
                )
        found = self.model.prototypes.shape[1], self.model.tangents.shape[1]
        if found != (features, offsets):
            raise ValueError(
                f"`state` reads {found[0]} features and predicts {found[1]} weights "
                f"per pixel, the estimator {features} and {offsets}: set `features`, "
                "`window` and `radius` to their old values, or start over"
            )

    @property
    def least(self) -> float:
        """The least validation loss so far."""
        return min((r.validation_loss for r in self.records), default=np.inf)

    @property
    def since_best(self) -> int:
        """The number of steps since the least validation loss."""
        losses = [r.validation_loss for r in self.records]
        return len(losses) - 1 - int(np.argmin(losses)) if losses else 0


@dataclass(frozen=True)
class Trainer:
    """Adam on (ν, p, log σ); the loss is the mean over the images.

    Parameters
    ----------
    gradient : LowRankGradient, of the loss in the weights.
    time : float, T; rate : float, α of the tangents.
    """

    gradient: LowRankGradient
    time: float
    rate: float

    def evaluate(
        self, model: PatchModel, examples: Sequence[Example]
    ) -> tuple[float, float, np.ndarray]:
        """Return mean loss, percentage of wrong pixels, and gradient over images."""
        loss, error, slope = 0.0, 0.0, np.zeros_like(model.vector)
        for example in examples:
            shares, weights = predicted(model, example)
            system = example.flow.plain_system(shaped(example, weights))
            found = self.gradient.differentiate(system, example.truth, self.time)
            flat = found.gradient.reshape(weights.shape)
            slope += model.pull_back(shares, weights, flat).vector
            loss, error = loss + found.loss, error + found.error_percent
        count = len(examples)
        return loss / count, error / count, slope / count

    def judge(
        self, model: PatchModel, examples: Sequence[Example]
    ) -> tuple[float, float]:
        """Return mean loss and percentage of wrong pixels, without the gradient."""
        loss, error = 0.0, 0.0
        for example in examples:
            weights = shaped(example, predicted(model, example)[1])
            system = example.flow.plain_system(weights)
            evolution = self.gradient.forward.integrate(system, self.time)
            loss += self.gradient.loss.evaluate(evolution, example.truth).value
            error += percent_wrong(evolution.labels, example.truth)
        return loss / len(examples), error / len(examples)

    def iterate(
        self,
        state: TrainingState,
        training: Sequence[Example],
        validation: Sequence[Example],
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[TrainingState]:
        """Yield the initial state, unless it is known, and the state after each step.

        Training can resume from any of these states, with bit-identical results.
        """
        while True:
            check()
            if state.records:
                state = self.moved(state)
            state = self.evaluated(state, training, validation)
            yield state

    def evaluated(
        self,
        state: TrainingState,
        training: Sequence[Example],
        validation: Sequence[Example],
    ) -> TrainingState:
        """Return the state with a record and the gradient at its parameters.

        Without validation images the training loss determines the best step.
        """
        began = clock.perf_counter()
        loss, error, slope = self.evaluate(state.model, training)
        if not np.abs(slope).max() < LARGEST:  # also catches NaN
            raise ValueError(
                f"the gradient at step {len(state.records)} is beyond {LARGEST:g}: "
                f"`time` = {self.time:g} is too long for `dim` = {self.gradient.dim}; "
                "lower `time` or raise `dim`"
            )
        judged = self.judge(state.model, validation) if validation else (loss, error)
        seconds = clock.perf_counter() - began
        record = TrainingStep(len(state.records), loss, error, *judged, seconds)
        best = state.model if judged[0] < state.least else state.best
        records = (*state.records, record)
        return replace(state, best=best, slope=slope, records=records)

    def moved(self, state: TrainingState) -> TrainingState:
        """Return the state after a step of Adam; its results are added later."""
        slope, count = state.slope, len(state.records)
        mean = BETA1 * state.mean + (1.0 - BETA1) * slope
        square = BETA2 * state.square + (1.0 - BETA2) * slope**2
        spread = np.sqrt(square / (1.0 - BETA2**count)) + TINY
        rates = np.full(slope.size, self.rate / SLOWER)
        rates[: state.model.tangents.size] = self.rate
        vector = state.model.vector - rates * mean / (1.0 - BETA1**count) / spread
        model = state.model.with_vector(vector)
        return replace(state, model=model, mean=mean, square=square)


def predicted(model: PatchModel, example: Example) -> tuple[Shares, np.ndarray]:
    """Return shares and weights, (offset, pixel), of an image."""
    shares = model.shares(example.features)
    return shares, model.weights(shares)


def shaped(example: Example, weights: np.ndarray) -> np.ndarray:
    """Return weights for the flow, positive in its number type."""
    hood = example.flow.neighborhood
    array = np.ascontiguousarray(weights.reshape(hood.weight_shape))
    return hood.bounded(array).astype(example.flow.dtype)


ATTRS = {
    "loss": {"long_name": "mean loss on the training images"},
    "error_percent": {"long_name": "wrong pixels, training", "units": "percent"},
    "validation_loss": {"long_name": "mean loss on the validation images"},
    "validation_error_percent": {
        "long_name": "wrong pixels, validation",
        "units": "percent",
    },
    "seconds": {"long_name": "time of the step", "units": "s"},
}


def history_of(records: Sequence[TrainingStep]) -> xr.Dataset:
    """Return the records as a dataset over `step`."""
    data = {
        name: (STEP, [getattr(r, name) for r in records], attrs)
        for name, attrs in ATTRS.items()
    }
    return xr.Dataset(data, coords={STEP: [r.step for r in records]})
