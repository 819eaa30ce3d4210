"""Label images: gray values, colors or palette entries as labels 0 … J−1."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer import params
from explorer.dims import label_field
from explorer.images.reading import is_path, open_array

JPEG = b"\xff\xd8\xff"
"""How files of this format begin."""

Place = str | os.PathLike[str]


def read_labels(labels: Any, shape: tuple[int, int]) -> np.ndarray:
    """Return a ground truth labeling whose labels 0 … J−1 all occur."""
    array = label_codes(labels) if is_path(labels) else labels
    limit = int(params.LABELS.high)
    truth = label_field("labels", array, shape, limit)
    missing = sorted(set(range(int(truth.max()) + 1)) - set(np.unique(truth).tolist()))
    if missing:
        raise ValueError(
            f"`labels` skips the numbers {missing}; every label from 0 to "
            f"{int(truth.max())} must occur, or it has no color: renumber them"
        )
    return truth


def label_codes(path: Place) -> np.ndarray:
    """Return a label image as 0 … J−1: its distinct values or colors, in order."""
    code = open_codes(path, "labels")
    return numbered(code, distinct([code], path), "labels", path)


def open_codes(path: Place, argument: str) -> np.ndarray:
    """Return a label image (row, col), or (row, col, channel) where it has colors.

    An image with a palette, such as `laf label` writes, holds numbers, not colors.
    """
    array = open_array(path, argument, indices=True)
    if array.dtype == bool:  # one bit per pixel, as 0 and 255 like other masks
        array = array * np.uint8(255)
    with open(path, "rb") as file:
        if file.read(len(JPEG)) == JPEG:
            raise ValueError(
                f"`{argument}` = '{path}' is a JPEG, which changes values near edges: "
                "save label images as PNG"
            )
    whole = array.dtype.kind in "bu"  # others do not hold integers from 0 to 65535
    if not whole:
        raise ValueError(
            f"`{argument}` = '{path}' holds entries of type {array.dtype}; labels are "
            "integers from 0 to 65535: renumber them"
        )
    if array.ndim == 3 and array.dtype == np.uint16:
        raise ValueError(
            f"`{argument}` = '{path}' holds colors of 16 bits; labels are colors of 8 "
            "bits or gray values: save it so"
        )
    if array.ndim == 3 and array.shape[2] == 4 and (array[..., 3] == 255).all():
        array = array[..., :3]  # nothing is transparent
    if array.ndim == 3 and array.shape[2] == 3 and (array[..., :1] == array).all():
        return np.asarray(array[..., 0])  # gray, saved as color
    return array


def distinct(codes: Sequence[np.ndarray], first: Place) -> np.ndarray:
    """Return the distinct values of label images in order, (label, code)."""
    values = np.unique(np.concatenate([flat(c) for c in codes]), axis=0)
    limit = int(params.LABELS.high)
    if len(values) > limit:
        raise ValueError(
            f"`labels` = '{first}' and the others hold {len(values)} distinct "
            f"values; at most {limit} labels are possible: is this a label image, "
            "without smoothing or compression?"
        )
    return values


def numbered(
    code: np.ndarray, values: np.ndarray, argument: str, path: Place
) -> np.ndarray:
    """Return a label image as 0 … J−1, the places of its entries among `values`.

    Raises
    ------
    ValueError
        naming an entry that is not among them.
    """
    found, index = np.unique(flat(code), axis=0, return_inverse=True)
    same = found.shape[1] == values.shape[1]
    places = np.full(len(found), -1)
    if same:
        equal = (found[:, None, :] == values[None, :, :]).all(axis=2)
        places[equal.any(axis=1)] = equal[equal.any(axis=1)].argmax(axis=1)
    if (places < 0).any():
        strange = found[np.argmin(places)].tolist()
        raise ValueError(
            f"`{argument}` = '{path}' holds {spelled(strange)}, which is no label; the "
            f"labels are {', '.join(spelled(v) for v in values.tolist())}"
        )
    return places[index.ravel()].reshape(code.shape[:2])


def flat(code: np.ndarray) -> np.ndarray:
    """Return the entries of a label image as (pixel, code)."""
    return code.reshape(code.shape[0] * code.shape[1], -1)


def spelled(value: Sequence[int]) -> str:
    """Return a gray value or a color as people write it."""
    return str(value[0]) if len(value) == 1 else "#" + bytes(value).hex()
