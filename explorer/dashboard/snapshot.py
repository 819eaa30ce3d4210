"""Everything the views show, as immutable arrays, taken at one instant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from explorer.dashboard.model import REFERENCE_RANK, LearningModel, gradient_norms
from explorer.gradients.derivative import cosine as cosine_of
from explorer.gradients.gradient import LowRankGradient
from explorer.learning.evaluation import Evaluation
from explorer.learning.learner import Learner


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
        rank = evaluation.derivative.rank
        dim = max(1, evaluation.derivative.evolution.work.dim)
        best = LowRankGradient(dim, min(dim, REFERENCE_RANK))
        reference = best.differentiate(
            evaluation.system, evaluation.derivative.truth, learner.time
        )
        return cls(
            scene=scene,
            norms=gradient_norms(evaluation),
            cosine=cosine_of(evaluation.derivative, reference),
            rank=rank,
            steps=trace.step.values,
            loss=trace.loss.values,
            error_percent=trace.error_percent.values,
            **evaluated(evaluation),
        )


def evaluated(evaluation: Evaluation) -> dict[str, np.ndarray]:
    """Return the parts of a snapshot that one evaluation holds."""
    return {
        "labels": evaluation.derivative.evolution.labels,
        "weights": evaluation.weights,
        "sigma": evaluation.derivative.singular_values,
    }
