"""The image to label: a Voronoi scene that no predictor has seen, or an own image."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboards.nodes import OWN
from explorer.prediction.bundled import COUNT, TRAINING, VALIDATION, is_known
from explorer.scenes.scene import Structure, make_scene
from explorer.scenes.voronoi import HUES, TONES, voronoi_structure
from explorer.truths import DECLARATION, NO_LABEL

VORONOI = "voronoi"
"""Name of the scene that a predictor has not seen."""

LABELS = {"lines": TONES, "colors": HUES}
"""Prototypes of the labels of each model, (label, channel)."""


def structure(scene: str, model: str, size: int, seed: int, image: Any) -> Structure:
    """Return the unseen scene without noise; its labels are those of the model."""
    if scene == OWN:
        return own_structure(model, image)
    if is_known(seed):
        raise ValueError(
            f"`seed` must not be that of a training or validation scene ({TRAINING} to "
            f"{TRAINING + COUNT - 1}, {VALIDATION} to {VALIDATION + COUNT - 1}), got "
            f"{seed}; choose another, because the predictor must not know the image"
        )
    return voronoi_structure(model, size, seed)


def own_structure(model: str, image: Any) -> Structure:
    """Return an uploaded image, whose true labels nobody knows."""
    if image is None:
        raise ValueError(
            "`image` must be uploaded for this scene, got none; choose a file, or "
            "another `scene`"
        )
    prototypes, found = LABELS[model], image.image.shape[2]
    if found != prototypes.shape[1]:
        needed, other = ("gray", "colors") if model == "lines" else ("color", "lines")
        raise ValueError(
            f"`image` must be a {needed} image with {prototypes.shape[1]} channel(s) "
            f'for the model "{model}", got {found}; convert it, or set `model` to '
            f'"{other}"'
        )
    unknown = np.zeros(image.image.shape[:2], int)
    return Structure(image.image, unknown, prototypes, image.name)


def truth_known(scene: str) -> bool:
    """Return whether the ground truth is known: not that of your own image."""
    return scene != OWN


def problem(
    structure: Structure, noise: float, seed: int, truth_known: bool
) -> xr.Dataset:
    """Return image, prototypes, distances, and ground truth, −1 where unknown."""
    found = make_scene(structure, noise, seed)
    if truth_known:
        return found
    del found.attrs["nearest_error_percent"]
    labels = found.labels.copy(data=np.full(found.labels.shape, NO_LABEL))
    return found.assign(labels=labels.assign_attrs(DECLARATION))
