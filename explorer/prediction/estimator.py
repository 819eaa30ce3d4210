"""A predictor as a scikit-learn estimator: parameters, tags, fittedness, scores.

scikit-learn's own checks of tables (samples × features) do not apply: an image is a
sample, and scenes hold their ground truth.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import xarray as xr
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from explorer.features.data_terms import Distances
from explorer.flow.evolution import Solution
from explorer.prediction.choices import Choice
from explorer.prediction.training import TrainingState
from explorer.records import changed, choices_of, nested
from explorer.scenes.pictures import Kind, checked_picture
from explorer.scenes.scores import score
from explorer.truths import declared

NOT_TRAINED = "this predictor has not been trained: call `fit(scenes)`, or `load` one"


class SceneEstimator(BaseEstimator, ABC):
    """An estimator that learns from scenes and labels images.

    Attributes
    ----------
    state_, label_prototypes_, label_values_, label_colors_, distances_, kind_,
    n_features_in_ : the results of `fit`; the last is the number of channels.
    """

    state_: TrainingState | None = None
    label_prototypes_: np.ndarray | None = None
    label_values_: np.ndarray | None = None
    label_colors_: np.ndarray | None = None
    distances_: Distances | None = None
    kind_: Kind | None = None
    n_features_in_: int
    _shaping: Mapping[str, Choice] = MappingProxyType({})

    @abstractmethod
    def _solution_of(self, argument: str, image: Any) -> Solution:
        """Return the solution of the flow for an image; messages name `argument`."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all parameters by name; if `deep`, also `part__name` for parts."""
        return nested(self) if deep else super().get_params(deep=False)

    def set_params(self, **changes: Any) -> Self:
        """Change parameters, with `part__name` for parts, and return the estimator.

        The parts themselves do not change: new ones replace them. A trained model does
        not work with other `features`, `window`, `data_term` or `radius`: until you
        restore them or call `fit` again, its methods raise an error.
        """
        vars(self).update(choices_of(changed(self, changes)) or {})
        return self

    def predict(self, scenes: Any) -> list[xr.DataArray]:
        """Return the labeling (row, col) of each of several scenes or images."""
        check_is_fitted(self, msg=NOT_TRAINED)
        several = enumerate(listed(scenes))
        found = [self._solution_of(f"scenes[{k}]", image_in(s)) for k, s in several]
        return [solution.labels for solution in found]

    def score(self, scenes: Any, y: None = None) -> float:
        """Return the share of correctly labeled pixels, averaged over the scenes.

        Parameters
        ----------
        scenes : as for `fit`; their labels are the ground truth.
        y : None, because scenes hold their ground truth.
        """
        if y is not None:
            raise ValueError(
                f"`y` must be None, got a {type(y).__name__}; scenes hold their ground "
                "truth as `labels`"
            )
        check_is_fitted(self, msg=NOT_TRAINED)
        several = enumerate(listed(scenes))
        pictures = [checked_picture(f"scenes[{k}]", scene) for k, scene in several]
        found = self.predict(scenes)
        wrong = [
            float(score(labels, declared(p.labels)).error_percent)
            for labels, p in zip(found, pictures, strict=True)
        ]
        return 1.0 - float(np.mean(wrong)) / 100.0

    def __sklearn_is_fitted__(self) -> bool:
        return self.state_ is not None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.target_tags.required = False
        tags.no_validation = True  # the library checks images itself
        return tags


def listed(scenes: Any) -> list[Any]:
    """Return scenes or images as a list, or raise."""
    if isinstance(scenes, (list, tuple)) and len(scenes) > 0:
        return list(scenes)
    got = "an empty one" if isinstance(scenes, (list, tuple)) else type(scenes).__name__
    raise TypeError(
        f"`scenes` must be a list of scenes, at least one, got {got}; put a single "
        "scene in brackets"
    )


def image_in(scene: Any) -> Any:
    """Return the image of a scene, or an image unchanged."""
    if isinstance(scene, xr.Dataset) and "image" in scene:
        return scene["image"]
    return scene
