"""Images with label images, as scenes that share their labels and prototypes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import LABEL, LABEL_FIELD, PICTURE, PIXELS, PROTOTYPES
from explorer.images.labelings import distinct, numbered, open_codes, spelled
from explorer.images.reading import is_path, name_of, read_image
from explorer.params import Parameter
from explorer.scenes.pictures import VALUES
from explorer.scenes.scene import distances_to

Place = str | os.PathLike[str]


def labeled_images(
    images: Sequence[Place], labels: Sequence[Place], training: int | None = None
) -> list[xr.Dataset]:
    """Return a scene for each pair of files.

    The distinct gray values or colors of all label images together, in order, are the
    labels 0 … J−1, and `label_values` of each scene; the mean color of each over the
    training images is its prototype.

    Parameters
    ----------
    images : paths of gray or color images, 8 or 16 bit, of any size.
    labels : paths of label images of the same sizes, in the same order.
    training : int, optional, how many of the first images prototypes are taken from,
        so that others can be held out; None takes all.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        naming the file, what is wrong with it, and the cure.
    """
    images, labels = checked_paths("images", images), checked_paths("labels", labels)
    if not images or len(images) != len(labels):
        raise ValueError(
            f"`labels` are {len(labels)} files for {len(images)} `images`; needed is "
            "one label image for each image, at least one"
        )
    if training is not None:
        what = "how many of the first images are trained on"
        training = Parameter(
            "training", "", 1, 1, len(images), what, integer=True
        ).check(training)
    pictures = [read_image(path, "images") for path in images]
    codes = [open_codes(path, "labels") for path in labels]
    for path, picture, code in zip(labels, pictures, codes, strict=True):
        if code.shape[:2] != picture.shape[:2]:
            raise ValueError(
                f"`labels` = '{path}' has {code.shape[0]}×{code.shape[1]} pixels; its "
                f"image has {picture.shape[0]}×{picture.shape[1]}: pair the right files"
            )
        kinds = picture.shape[2], code.shape[2:]
        if kinds != (pictures[0].shape[2], codes[0].shape[2:]):
            raise ValueError(
                f"`labels` = '{path}' or its image is gray or transparent where others "
                "are not: convert them all to one kind"
            )
    values = distinct(codes, labels[0])
    truths = [
        numbered(code, values, "labels", path)
        for code, path in zip(codes, labels, strict=True)
    ]
    prototypes = mean_colors(pictures[:training], truths[:training], values)
    return [
        scene_of(picture, truth, prototypes, name_of(Path(path).name)).assign(
            {VALUES: ((LABEL, "code"), values)}
        )
        for picture, truth, path in zip(pictures, truths, images, strict=True)
    ]


def checked_paths(argument: str, paths: Any) -> list[Place]:
    """Return paths as a list, or raise naming what is none."""
    single = is_path(paths) or isinstance(paths, (xr.Dataset, xr.DataArray))
    if single or not isinstance(paths, Iterable):
        raise TypeError(
            f"`{argument}` = {paths!r} is no list; needed are paths of files, in "
            "brackets even for one"
        )
    found = list(paths)
    for k, path in enumerate(found):
        if not is_path(path):
            raise TypeError(
                f"`{argument}[{k}]` is a {type(path).__name__}; needed is the path of "
                "a file: write arrays to files, or make scenes with `image_scene`"
            )
    return found


def mean_colors(
    pictures: Sequence[np.ndarray], truths: Sequence[np.ndarray], values: np.ndarray
) -> np.ndarray:
    """Return the mean color of each label, (label, channel)."""
    colors = np.concatenate([p.reshape(-1, p.shape[2]) for p in pictures])
    labeled = np.concatenate([t.ravel() for t in truths])
    often = np.bincount(labeled, minlength=len(values))
    if (often == 0).any():
        missing = spelled(values[np.argmin(often)].tolist())
        raise ValueError(
            f"`labels` hold {missing} in none of the {len(pictures)} training images, "
            "so that nothing can be learned of it: train on an image that has it"
        )
    return np.stack([colors[labeled == j].mean(axis=0) for j in range(len(values))])


def scene_of(
    picture: np.ndarray, truth: np.ndarray, prototypes: np.ndarray, name: str
) -> xr.Dataset:
    """Return a scene without noise, as `make_scene` lays it out."""
    D = distances_to(picture, prototypes)
    wrong = 100.0 * float(np.mean(D.argmin(axis=0) != truth))
    return xr.Dataset(
        {
            "image": (PICTURE, picture),
            "clean": (PICTURE, picture),
            "labels": (PIXELS, truth.astype(np.int64)),
            "prototypes": (PROTOTYPES, prototypes),
            "distances": (LABEL_FIELD, D),
        },
        attrs={"scene": name, "nearest_error_percent": wrong},
    )
