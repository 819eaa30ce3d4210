"""A scene: image, ground truth, prototypes and distances in one dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from explorer.coordinates import Coordinates
from explorer.dims import LABEL_FIELD, PICTURE, PIXELS, PROTOTYPES
from explorer.truths import DECLARATION, percent_wrong

TRUTH = {"long_name": "ground truth"}


def distances_to(image: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
    """D_ij = ‖f_i − l_j‖₂ of each pixel to each prototype, (label, row, col) (2.15)."""
    return np.stack([np.linalg.norm(image - p, axis=-1) for p in prototypes])


def generators(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """Return independent generators of the structure and of the noise.

    The noise field is drawn separately and only scaled. When the noise level changes,
    a scene keeps its structure, and each pixel keeps the sign of its noise.
    """
    structure, noise = np.random.SeedSequence(seed).spawn(2)
    return np.random.default_rng(structure), np.random.default_rng(noise)


@dataclass(frozen=True, eq=False)
class Structure:
    """A scene before noise: everything that does not depend on the noise level.

    Attributes
    ----------
    clean : (row, col, channel), image in [0, 1]; labels : (row, col), ground truth;
    prototypes : (label, channel); name : what the scene shows; coords : further
    coordinates of its labels; coordinates : those of the image.
    """

    clean: np.ndarray
    labels: np.ndarray
    prototypes: np.ndarray
    name: str
    coords: Mapping[str, Any] = field(default_factory=dict)
    coordinates: Coordinates = field(default_factory=Coordinates)


def make_scene(structure: Structure, noise: float, seed: int) -> xr.Dataset:
    """Add Gaussian noise to a structure and return the scene as a labeled dataset.

    Variables: `image` and `clean` (row, col, channel), nominal range [0, 1]; the noisy
    image is not clipped; `labels` (row, col), ground truth; `prototypes`
    (label, channel); `distances` (label, row, col). The attribute
    `nearest_error_percent` is the share of pixels whose nearest prototype is wrong.
    """
    _, rng = generators(seed)
    clean = structure.clean
    image = clean + noise * rng.standard_normal(clean.shape)
    attrs = {"scene": structure.name, "noise": noise, "seed": seed}
    return dataset_of(structure, image, attrs)


def dataset_of(
    structure: Structure, image: np.ndarray, attrs: Mapping[str, Any]
) -> xr.Dataset:
    """Return a structure and its noisy image as a labeled dataset; see `make_scene`."""
    clean, labels = structure.clean, structure.labels
    prototypes = structure.prototypes
    D = distances_to(image, prototypes)
    wrong = percent_wrong(D.argmin(axis=0), labels)
    unknown = DECLARATION if labels.min() < 0 else {}
    variables: dict[str, Any] = {
        "image": (PICTURE, image, {"long_name": "noisy image"}),
        "clean": (PICTURE, clean.copy(), {"long_name": "image without noise"}),
        "labels": (PIXELS, labels.astype(np.int64), TRUTH | unknown),
        "prototypes": (PROTOTYPES, prototypes.copy(), {"symbol": "l"}),
        "distances": (LABEL_FIELD, D, {"symbol": "D", "source": "(2.15)"}),
    }
    own = structure.coordinates.dataset.drop_vars(list(variables), errors="ignore")
    told = {**own.attrs, **attrs, "nearest_error_percent": wrong}
    scene = xr.Dataset(variables, coords=own.coords, attrs=told)
    return scene.assign_coords(structure.coords)
