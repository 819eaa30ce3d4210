"""Images with label images, as scenes that share their labels and prototypes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import (
    LABEL_FIELD,
    PICTURE,
    PIXELS,
    PROTOTYPES,
    fingerprint,
)
from explorer.images.alike import LabelFile, refuse_misplaced
from explorer.images.labelings import label_set, open_labels
from explorer.images.pairs import (
    declared,
    paired,
    refuse_in_both,
    refuse_one_file_twice,
)
from explorer.images.reading import is_path, name_of, read_oriented
from explorer.images.values import Value, codes_of, spelled
from explorer.params import Parameter
from explorer.scenes.pictures import label_coords
from explorer.scenes.scene import distances_to
from explorer.truths import DECLARATION, percent_wrong

Place = str | os.PathLike[str]


def labeled_images(
    images: Sequence[Place],
    labels: Sequence[Place] | Mapping[Place, Place],
    training: int | None = None,
    ignore: Value | Sequence[Value] = (),
    values: Sequence[Value] | None = None,
) -> list[xr.Dataset]:
    """Return a scene for each image file and the label file with the same name.

    The names of an image and its labels may differ in the parts that all images or all
    label files share: `img_2.png` matches `label_02.png`, whatever the order of the two
    lists. Numbers compare as numbers; case and separators count only if names differ in
    nothing else.

    The distinct gray values or colors in all label images, in order, become the labels
    0 … J−1, and `label_values` of each scene. The prototype of a label is its mean
    color over the training images. In files with a palette, the indices count, and
    `label_colors` are the palette's colors; if palettes differ, the colors count.

    Parameters
    ----------
    images : paths of gray or color images, 8 or 16 bit, of any size.
    labels : paths of label images of the same sizes, in any order; or a dictionary
        {image: labels} if the names do not match.
    training : int, optional, the number of first images that determine the prototypes,
        so that the others can be held out; None takes all.
    ignore : gray values (or palette indices) such as 255, or colors such as "#ff0000",
        that stand for no label. There, `labels` of the scenes are −1, the value of
        their attribute `no_label`; losses, scores and training skip these pixels.
    values : gray values or colors that are labels, in order; None takes all that occur,
        unless they look interpolated.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        The message names the file, the problem and the cure.

    Warns
    -----
    UserWarning
        if two image files show the same pixels, or if the lists are in different
        orders.
    """
    images, labels = pairs_of(images, labels)
    if training is not None:
        what = "number of first images for training"
        training = Parameter(
            "training", "", 1, 1, len(images), what, integer=True
        ).check(training)
    ignored = codes_of("ignore", ignore)
    pictures, files = read_pairs(images, labels)
    found = label_set(files, ignored, values)
    prototypes = mean_colors(pictures[:training], found.truths[:training], found.values)
    coords = label_coords(found)
    scenes = [
        scene_of(picture, truth, prototypes, name_of(Path(path).name))
        .assign_coords(coords)
        .assign_attrs(ignored_values=", ".join(map(spelled, ignored)))
        for picture, truth, path in zip(pictures, found.truths, images, strict=True)
    ]
    count = len(scenes[:training])
    warn_of_twins({"training": scenes[:count], "held out": scenes[count:]})
    return scenes


def read_pairs(
    images: Sequence[Place], labels: Sequence[Place]
) -> tuple[list[np.ndarray], list[LabelFile]]:
    """Return images, all gray or all in color, and the label file of each."""
    pictures, files = [], []
    for image, path in zip(images, labels, strict=True):
        picture, orientation = read_oriented(image, "images")
        file = open_labels(path, "labels")
        refuse_misplaced(file, picture.shape, orientation, image)
        pictures.append(picture)
        files.append(file)
        if picture.shape[2] != pictures[0].shape[2]:
            raise ValueError(
                f"`images` must be all gray or all in color, got '{image}' with "
                f"{picture.shape[2]} channels and '{images[0]}' with "
                f"{pictures[0].shape[2]}: convert them all to one kind"
            )
    return pictures, files


def pairs_of(images: Any, labels: Any) -> tuple[list[Place], list[Place]]:
    """Return the images, and the label file of each."""
    images = checked_paths("images", images)
    if not images:
        raise ValueError(
            "`images` must be at least one file, got none: name an image and its labels"
        )
    if isinstance(labels, Mapping):
        known = checked_paths("labels", list(labels))
        files = checked_paths("labels", list(labels.values()))
        partners = declared(images, dict(zip(known, files, strict=True)))
    else:
        files = checked_paths("labels", labels)
        if not files:
            raise ValueError(
                f"`labels` must be one file for each image, got 0 files for "
                f"{len(images)} `images`: name their label images"
            )
        partners = []
    refuse_one_file_twice("images", images)
    refuse_one_file_twice("labels", files)
    refuse_in_both(images, files)
    if not partners:
        partners = paired(images, files)
        warn_of_order(images, files, partners)
    return images, partners


def warn_of_order(
    images: Sequence[Place], labels: Sequence[Place], partners: Sequence[Place]
) -> None:
    """Warn if label files are in another order than their images."""
    for image, given, partner in zip(images, labels, partners, strict=True):
        if given != partner:
            warnings.warn(
                f"`labels` are in another order than `images`: by name, "
                f"'{name_of(image)}' is paired with '{name_of(partner)}', not with "
                f"'{name_of(given)}'",
                stacklevel=4,
            )
            return


def warn_of_twins(parts: Mapping[str, Sequence[xr.Dataset]]) -> None:
    """Warn about images in different files that show the same pixels.

    parts : scenes by their use, such as "training" and "test". For an image in two
        parts, scores say little: a model was trained on it, or chosen by it.
    """
    seen: dict[str, tuple[str, str]] = {}
    for part, scenes in parts.items():
        for scene in scenes:
            mark, here = fingerprint(scene["clean"].values), scene.attrs["scene"]
            if mark not in seen:
                seen[mark] = part, here
                continue
            other, there = seen[mark]
            effect = "they count twice"
            if other != part:
                effect = f"scores of {part} are too good; leave one out"
            warnings.warn(
                f"'{there}' ({other}) and '{here}' ({part}) of `images` show the same "
                f"pixels: {effect}",
                stacklevel=3,
            )


def checked_paths(argument: str, paths: Any) -> list[Place]:
    """Return paths as a list; raise naming an entry that is not a path."""
    single = is_path(paths) or isinstance(paths, (xr.Dataset, xr.DataArray))
    single = single or (isinstance(paths, np.ndarray) and paths.ndim == 0)
    if single or not isinstance(paths, Iterable):
        raise TypeError(
            f"`{argument}` = {paths!r} is not a list; pass a list of file paths, "
            "even for a single file"
        )
    found = list(paths)
    for k, path in enumerate(found):
        if not is_path(path):
            raise TypeError(
                f"`{argument}[{k}]` is a {type(path).__name__}; pass the path of a "
                "file: write arrays to files, or make scenes with `image_scene`"
            )
    return [os.path.expanduser(os.fsdecode(path)) for path in found]


def mean_colors(
    pictures: Sequence[np.ndarray], truths: Sequence[np.ndarray], values: np.ndarray
) -> np.ndarray:
    """Return the mean color of each label, (label, channel)."""
    colors = np.concatenate([p.reshape(-1, p.shape[2]) for p in pictures])
    labeled = np.concatenate([t.ravel() for t in truths])
    often = np.bincount(labeled[labeled >= 0], minlength=len(values))
    if (often == 0).any():
        missing = spelled(values[np.argmin(often)].tolist())
        raise ValueError(
            f"`labels` hold {missing} in none of the {len(pictures)} training images, "
            "so nothing can be learned about it: train on an image that has it"
        )
    return np.stack([colors[labeled == j].mean(axis=0) for j in range(len(values))])


def scene_of(
    picture: np.ndarray, truth: np.ndarray, prototypes: np.ndarray, name: str
) -> xr.Dataset:
    """Return a scene without noise, in the layout of `make_scene`."""
    D = distances_to(picture, prototypes)
    wrong = percent_wrong(D.argmin(axis=0), truth)
    return xr.Dataset(
        {
            "image": (PICTURE, picture),
            "clean": (PICTURE, picture.copy()),
            "labels": (PIXELS, truth.astype(np.int64), DECLARATION),
            "prototypes": (PROTOTYPES, prototypes.copy()),
            "distances": (LABEL_FIELD, D),
        },
        attrs={"scene": name, "nearest_error_percent": wrong},
    )
