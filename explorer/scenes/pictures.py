"""Images as a predictor takes them: scenes to train on, arrays or files to label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import (
    PICTURE,
    PIXELS,
    PROTOTYPES,
    axes_of,
    computed,
    fingerprint,
    finite_field,
    label_field,
    plain,
    raw,
    refuse_huge,
)
from explorer.images.reading import is_path, read_image, to_unit

NEEDED = ("image", "labels", "prototypes")

VALUES = "label_values"
"""Variable (label, code) of scenes that were read from files."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image with ground truth.

    image, clean : (row, col, channel); labels : (row, col); prototypes : (label,
    channel), what the labels look like; values : (label, code), gray values or colors
    of the labels in label images, 0 … J−1 where there were none.
    """

    image: np.ndarray
    clean: np.ndarray
    labels: np.ndarray
    prototypes: np.ndarray
    values: np.ndarray

    @property
    def digest(self) -> str:
        """A fingerprint of all that is learned from."""
        return fingerprint(self.image, self.clean, self.labels, self.prototypes)


def digest_of(pictures: Sequence[Picture]) -> str:
    """Return a fingerprint of several pictures in their order."""
    return fingerprint(np.array([p.digest for p in pictures], dtype=str))


def checked_pictures(
    argument: str, scenes: Any, like: Picture | None = None
) -> list[Picture]:
    """Return scenes as pictures that all have the same prototypes, those of `like`."""
    if isinstance(scenes, xr.Dataset):
        scenes = [scenes]
    if not isinstance(scenes, Sequence) or isinstance(scenes, str):
        raise TypeError(
            f"`{argument}` is a {type(scenes).__name__}; needed is a scene or a "
            "sequence of scenes, Datasets as `voronoi_scene` returns"
        )
    pictures: list[Picture] = []
    for k, scene in enumerate(scenes):
        found = checked_picture(f"{argument}[{k}]", scene)
        first = like or (pictures[0] if pictures else found)
        if not np.array_equal(found.prototypes, first.prototypes):
            raise ValueError(
                f"`{argument}[{k}]` has other prototypes than the first scene: a "
                "predictor knows one set of labels; give all scenes the same"
            )
        pictures.append(found)
    return pictures


def checked_picture(argument: str, scene: Any) -> Picture:
    """Return a scene as a picture, or raise naming what is wrong with it."""
    if not isinstance(scene, (xr.Dataset, Mapping)):
        raise TypeError(
            f"`{argument}` is a {type(scene).__name__}; needed is a Dataset with "
            f"{', '.join(NEEDED)}, as `voronoi_scene` or `image_scene` returns"
        )
    missing = [name for name in NEEDED if name not in scene]
    if missing:
        raise ValueError(
            f"`{argument}` has no variable `{missing[0]}`; needed are "
            f"{', '.join(NEEDED)}: make it with `voronoi_scene` or `image_scene`"
        )
    name = f"{argument}.".__add__
    prototypes = finite_field(name("prototypes"), scene["prototypes"], PROTOTYPES)
    count, channels = prototypes.shape
    image = picture_of(name("image"), scene["image"], channels)
    clean = picture_of(name("clean"), scene.get("clean", image), channels)
    labels = label_field(name("labels"), scene["labels"], image.shape[:2], count)
    if clean.shape != image.shape:
        raise ValueError(
            f"`{argument}.clean` has shape {clean.shape}; `image` has {image.shape}: "
            "they must be the same picture"
        )
    values = np.asarray(scene.get(VALUES, np.arange(count)[:, None]))
    return Picture(image, clean, labels, prototypes, values)


def picture_of(argument: str, image: Any, channels: int) -> np.ndarray:
    """Return an image, or the file of one, as (row, col, channel), finite.

    Integers are scaled to [0, 1] by the range of their type; floats, which may be
    noisy, are taken as they are.

    Raises
    ------
    ValueError
        where there are other than `channels` channels, or entries that are not finite.
    """
    what = f"`{argument}`" + (f" = {str(image)!r}" if is_path(image) else "")
    if is_path(image):
        array = read_image(image, argument)
    else:
        image = computed(argument, image)
        gray = axes_of(argument, image) == len(PIXELS)
        dims = PIXELS if gray else PICTURE
        if plain(argument, image).dtype.kind in "bui":  # as a file would be read
            image = to_unit(raw(argument, image, dims), f"`{argument}`")
        array = finite_field(argument, image, dims)
        refuse_huge(argument, array)
        array = array[..., None] if gray else array
    if array.shape[2] != channels:
        raise ValueError(
            f"{what} has {array.shape[2]} channels; needed are {channels}, as "
            "the images trained on have: convert it between gray and color"
        )
    return array
