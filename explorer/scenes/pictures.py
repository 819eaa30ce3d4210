"""Images for a predictor: scenes to train on, arrays or files to label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer.coordinates import Coordinates
from explorer.dims import (
    CHANNEL,
    LABEL,
    PICTURE,
    PIXELS,
    PROTOTYPES,
    axes_of,
    computed,
    fingerprint,
    finite_field,
    plain,
    raw,
    refuse_huge,
)
from explorer.images.labelings import LabelSet
from explorer.images.reading import is_path, read_image, to_unit
from explorer.records import frozen
from explorer.scenes.channels import ORDER, Names, arranged, names_of
from explorer.scenes.ranges import Scale, range_of, refuse_other_means
from explorer.truths import truth_field

NEEDED = ("image", "labels", "prototypes")

VALUES = "label_values"
"""Coordinate (label, code) of scenes that were read from files."""

COLORS = "label_colors"
"""Coordinate (label, rgb) of scenes whose label files have palettes."""


def label_coords(found: LabelSet) -> dict[str, tuple[tuple[str, str], np.ndarray]]:
    """Return the codes of the labels in label files as coordinates of a scene."""
    coords = {VALUES: ((LABEL, "code"), found.values)}
    if found.colors is not None:
        coords[COLORS] = ((LABEL, "rgb"), found.colors)
    return coords


@dataclass(frozen=True)
class Kind:
    """The properties that images must share with the training images.

    channels : number of channels; names : their names, or None; scale : range of the
    values.
    """

    channels: int
    names: Names | None
    scale: Scale

    @classmethod
    def of(cls, pictures: Sequence[Picture]) -> Kind:
        """Return the common properties of pictures with the same prototypes."""
        first = pictures[0]
        low, high = range_of(*(p.image for p in pictures))
        scale = Scale(low, high, float(first.prototypes.max()))
        return cls(first.prototypes.shape[1], first.channels, scale)


@dataclass(frozen=True, eq=False)
class Picture:
    """An image with ground truth; the arrays are its own.

    image, clean : (row, col, channel); labels : (row, col); prototypes : (label,
    channel), the colors of the labels; values : (label, code), gray values or colors of
    the labels in label images, by default 0 … J−1; colors : (label, 3), palette colors
    of label images, or None; named : whether the scene states its label values;
    channels : names of the channels, or None.
    """

    image: np.ndarray
    clean: np.ndarray
    labels: np.ndarray
    prototypes: np.ndarray
    values: np.ndarray
    colors: np.ndarray | None = None
    named: bool = False
    channels: Names | None = None

    @property
    def digest(self) -> str:
        """A fingerprint of everything that training uses."""
        return fingerprint(self.image, self.clean, self.labels, self.prototypes)


def digest_of(pictures: Sequence[Picture]) -> str:
    """Return a fingerprint of several pictures in their order."""
    return fingerprint(np.array([p.digest for p in pictures], dtype=str))


def checked_pictures(
    argument: str, scenes: Any, like: Picture | None = None
) -> list[Picture]:
    """Return scenes as pictures with the same prototypes, those of `like` if given."""
    if isinstance(scenes, xr.Dataset):
        scenes = [scenes]
    if not isinstance(scenes, Sequence) or isinstance(scenes, str):
        raise TypeError(
            f"`{argument}` is a {type(scenes).__name__}; pass a scene or a "
            "sequence of scenes, Datasets such as `voronoi_scene` returns"
        )
    pictures: list[Picture] = []
    for k, scene in enumerate(scenes):
        first = like or (pictures[0] if pictures else None)
        found = checked_picture(f"{argument}[{k}]", scene, first)
        first = first or found
        if found.named and first.named:
            refuse_other_values(f"{argument}[{k}]", found.values, first.values)
        if not np.array_equal(found.prototypes, first.prototypes):
            raise ValueError(
                f"`{argument}[{k}]` has other prototypes than the first scene: "
                "give all scenes the same, because a predictor knows one set of labels"
            )
        pictures.append(found)
    return pictures


def refuse_other_values(argument: str, values: np.ndarray, known: np.ndarray) -> None:
    """Raise if the label values of a scene differ from those of the first."""
    if not np.array_equal(values, known):
        raise ValueError(
            f"`{argument}` must have the label values of the first scene, "
            f"{known.tolist()}, got {values.tolist()}: read all images with one call "
            "of `labeled_images`, so that each label has one number"
        )


def checked_picture(argument: str, scene: Any, like: Picture | None = None) -> Picture:
    """Return a scene as a picture, or raise an error that names the problem.

    Parameters
    ----------
    like : the picture of another scene, which determines the order of channels.
    """
    if not isinstance(scene, (xr.Dataset, Mapping)):
        raise TypeError(
            f"`{argument}` is a {type(scene).__name__}; pass a Dataset with "
            f"{', '.join(NEEDED)}, such as `voronoi_scene` or `image_scene` returns"
        )
    missing = [name for name in NEEDED if name not in scene]
    if missing:
        raise ValueError(
            f"`{argument}` has no variable `{missing[0]}`; a scene must have "
            f"{', '.join(NEEDED)}: make it with `voronoi_scene` or `image_scene`"
        )
    name = f"{argument}.".__add__
    names = like.channels if like else names_of(name("image"), scene["image"])
    own = arranged(name("prototypes"), scene["prototypes"], names)
    prototypes = frozen(finite_field(name("prototypes"), own, PROTOTYPES))
    count, channels = prototypes.shape

    place = Coordinates.of(name("image"), scene["image"], PIXELS)

    def picture(variable: str) -> np.ndarray:
        value = place.align(name(variable), scene[variable])
        found, scaled = picture_of(name(variable), value, channels, names)
        refuse_other_means(name(variable), found, prototypes, scaled)
        return frozen(found)

    image = picture("image")
    clean = picture("clean") if "clean" in scene else image
    truth = place.align(name("labels"), scene["labels"])
    labels = truth_field(name("labels"), truth, image.shape[:2], count)
    if clean.shape != image.shape:
        raise ValueError(
            f"`{argument}.clean` has shape {clean.shape}; `image` has {image.shape}: "
            "they must be the same picture"
        )
    values = frozen(np.asarray(scene.get(VALUES, np.arange(count)[:, None])))
    colors = None if COLORS not in scene else frozen(np.asarray(scene[COLORS]))
    named = VALUES in scene
    return Picture(image, clean, labels, prototypes, values, colors, named, names)


def picture_of(
    argument: str, image: Any, channels: int, names: Names | None
) -> tuple[np.ndarray, bool]:
    """Return an image or an image file as (row, col, channel), finite.

    Integers are scaled to [0, 1] by the range of their type; the second result says
    whether this happened. Floats, which may be noisy, stay as they are.

    Raises
    ------
    ValueError
        if the number of channels is not `channels`, if their names differ from `names`,
        or if entries are not finite.
    """
    what = f"`{argument}`" + (f" = {str(image)!r}" if is_path(image) else "")
    image = computed(argument, image)
    scaled = is_file(image) or plain(argument, image).dtype.kind in "bui"
    if is_file(image):
        array = named_colors(argument, read_image(image, argument), names)
    else:
        gray = axes_of(argument, image) == len(PIXELS)
        dims = PIXELS if gray else PICTURE
        image = arranged(argument, image, names)
        if scaled:  # as when reading a file
            image = to_unit(raw(argument, image, dims), f"`{argument}`")
        array = finite_field(argument, image, dims)
        refuse_huge(argument, array)
        array = array[..., None] if gray else array
    if array.shape[2] != channels:
        raise ValueError(
            f"{what} has {array.shape[2]} channels; it must have {channels}, like "
            "the training images: convert it between gray and color"
        )
    return array, scaled


def familiar(argument: str, image: Any, kind: Kind) -> np.ndarray:
    """Return `picture_of` an image to label; warn if its range is unusual."""
    array, scaled = picture_of(argument, image, kind.channels, kind.names)
    kind.scale.check(argument, array, scaled)
    kind.scale.warn(argument, array)
    return array


def named_colors(argument: str, array: np.ndarray, names: Names | None) -> np.ndarray:
    """Return the pixels of a file with their colors in the order of `names`."""
    if names is None or array.shape[2] != len(ORDER):
        return array
    image = xr.DataArray(array, dims=PICTURE, coords={CHANNEL: list(ORDER)})
    return np.asarray(arranged(argument, image, names))


def is_file(image: Any) -> bool:
    """Return whether an image is a file, or an image opened by Pillow."""
    return is_path(image) or hasattr(image, "getpalette")  # Pillow is not imported
