"""Everything the views show, as immutable arrays, taken at one instant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from explorer.dashboard.model import REFERENCE_RANK, LearningModel, gradient_norms
from explorer.dashboard.model import cosine as cosine_of
from explorer.learning.gradient import LowRankGradient
from explorer.learning.learner import Evaluation, Learner


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state of learning at one instant.

    Attributes
    ----------
    scene : the scene; labels : the current labeling (row, col); weights : Ω.
    norms, cosine : per pixel, (row, col); rank : what the gradient keeps.
    sigma : singular values of Z; steps, loss, error_percent : the trace so far.
    """

    scene: xr.Dataset
    labels: np.ndarray
    weights: np.ndarray
    norms: np.ndarray
    cosine: np.ndarray
    rank: int
    sigma: np.ndarray
    steps: np.ndarray
    loss: np.ndarray
    error_percent: np.ndarray

    @property
    def label_count(self) -> int:
        """J."""
        return self.scene.sizes["label"]

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        rows, cols = self.labels.shape
        return rows, cols

    @classmethod
    def of_model(cls, model: LearningModel) -> Snapshot:
        """Take what an up-to-date model holds."""
        records = model.records
        return cls(
            scene=model.scene(),
            norms=model.norms(),
            cosine=model.cosine(),
            rank=model.leaf["rank"](),
            steps=np.array([r.step for r in records]),
            loss=np.array([r.loss for r in records]),
            error_percent=np.array([r.error_percent for r in records]),
            **evaluated(model.evaluation()),
        )

    @classmethod
    def of_learner(
        cls, scene: xr.Dataset, learner: Learner, trace: xr.Dataset
    ) -> Snapshot:
        """Take the present state of a learner that works on `scene`."""
        evaluation = learner.evaluate(learner.weights.values)
        gradient = learner.gradient
        best = LowRankGradient(gradient.dim, min(gradient.dim, REFERENCE_RANK))
        state = evaluation.state
        return cls(
            scene=scene,
            norms=gradient_norms(evaluation),
            cosine=cosine_of(gradient.compute(state), best.compute(state)),
            rank=gradient.rank,
            steps=trace.step.values,
            loss=trace.loss.values,
            error_percent=trace.error_percent.values,
            **evaluated(evaluation),
        )


def evaluated(evaluation: Evaluation) -> dict[str, np.ndarray]:
    """Return the parts of a snapshot that one evaluation holds."""
    factors = evaluation.state.factors
    return {
        "labels": factors.evolution.labels,
        "weights": evaluation.weights,
        "sigma": factors.singular_values,
    }
