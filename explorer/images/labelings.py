"""Label images: gray values, colors or palette entries as labels 0 … J−1."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explorer import params
from explorer.images.alike import LabelFile, alike, bits_resolved, unlabeled
from explorer.images.plausible import refuse_interpolated
from explorer.images.reading import open_file
from explorer.images.values import (
    Code,
    Value,
    all_codes,
    codes_of,
    spelled,
    unique_codes,
)
from explorer.truths import NO_LABEL, truth_field

Place = str | os.PathLike[str]

NETPBM = "PPM"
"""The file format in which bit 1 is black; in others, 1 is white."""


@dataclass(frozen=True, eq=False)
class LabelSet:
    """Ground truths with one numbering of their labels.

    truths : (row, col) each, 0 … J−1, or −1 for no label.
    values : (label, code), the gray value, palette index or color of each label.
    colors : (label, 3) uint8, the palette color of each; None without palettes.
    """

    truths: list[np.ndarray]
    values: np.ndarray
    colors: np.ndarray | None


def read_labels(labels: Any, shape: tuple[int, int]) -> np.ndarray:
    """Return a ground truth labeling, an array in which all labels 0 … J−1 occur."""
    limit = int(params.LABELS.high)
    truth = truth_field("labels", labels, shape, limit)
    top = int(truth.max())
    missing = sorted(set(range(top + 1)) - set(np.unique(truth).tolist()))
    if missing:
        raise ValueError(
            f"`labels` skips the numbers {missing}; every label from 0 to "
            f"{top} must occur, because its pixels give its color: renumber them"
        )
    return truth


def open_labels(path: Place, argument: str) -> LabelFile:
    """Return a label image as stored.

    Raises
    ------
    ValueError
        if its numbers may have changed in compression, or are not labels.
    """
    found = open_file(path, argument, indices=True)
    array, what = found.array, f"`{argument}` = '{path}'"
    if found.lossy:
        raise ValueError(
            f"{what} is a {found.format} whose compression may be lossy and change "
            "values near edges: save label images as PNG, from the original"
        )
    if array.dtype not in (bool, np.uint8, np.uint16):
        raise ValueError(
            f"{what} holds entries of type {array.dtype}; labels are integers from 0 "
            "to 65535: renumber them"
        )
    if array.ndim == 3 and array.dtype == np.uint16:
        raise ValueError(
            f"{what} holds colors of 16 bits; labels are colors of 8 bits or gray "
            "values: convert it"
        )
    code = array.reshape(*array.shape[:2], -1).astype(np.uint16)
    bits = array.dtype == bool and found.palette is None
    if bits and found.format == NETPBM:
        code = 1 - code  # 1 is black there, but other programs read black as False
    file = LabelFile(path, argument, code, found.palette, bits)
    return replace(file, orientation=found.orientation)


def label_set(
    files: Sequence[LabelFile],
    ignore: Sequence[Code] = (),
    values: Sequence[Value] | None = None,
) -> LabelSet:
    """Return label files as ground truths with one numbering.

    ignore : codes of gray values or colors that stand for no label.
    values : codes of the labels, in order; None takes all that occur, sorted, unless
        they look interpolated.
    """
    files = bits_resolved(files, ignore)
    files = [file.without(unlabeled(file, ignore)) for file in files]
    files, palette = alike(files)
    if values is None:
        known = distinct(files)
    else:
        indices = {color: index for index, color in palette.items()}
        listed = [indices.get(code, code) for code in codes_of("values", values)]
        known = all_codes("values", listed, files[0].code.shape[2])
        refuse_ignored(listed, ignore)
    truths = [numbered(file, known) for file in files]
    if values is None:
        refuse_interpolated(files, truths, known)
    colors = None
    if palette and all(tuple(v) in palette for v in known.tolist()):
        colors = np.array([palette[tuple(v)] for v in known.tolist()], np.uint8)
    return LabelSet(truths, known, colors)


def refuse_ignored(values: Sequence[Code], ignore: Sequence[Code]) -> None:
    """Raise if a value is both a label and ignored."""
    both = set(values) & set(ignore)
    if both:
        raise ValueError(
            f"`ignore` must not name what `values` lists, got {spelled(min(both))} in "
            "both: leave it out of one of them"
        )


def truth_like(
    file: LabelFile,
    values: np.ndarray,
    colors: np.ndarray | None,
    ignore: Sequence[Code] = (),
) -> np.ndarray:
    """Return a label image as numbers of labels with known values."""
    palette = None
    if colors is not None:
        palette = np.zeros((int(values.max()) + 1, 3), np.uint8)
        palette[values[:, 0]] = colors
    known = LabelFile(file.path, file.argument, values[None], palette)
    known, file = bits_resolved([known, file], ignore)
    file = file.without(unlabeled(file, ignore))
    (known, file), _ = alike([known, file])
    return numbered(file, known.code[0])


def distinct(files: Sequence[LabelFile]) -> np.ndarray:
    """Return the distinct values of label images in order, (label, code)."""
    values = unique_codes(np.concatenate([file.used for file in files]))[0]
    limit = int(params.LABELS.high)
    if len(values) > limit:
        raise ValueError(
            f"`{files[0].argument}` = '{files[0].path}' and the others hold "
            f"{len(values)} distinct values; at most {limit} labels are possible: is "
            "this a label image, without smoothing or compression?"
        )
    return values


def numbered(file: LabelFile, values: np.ndarray) -> np.ndarray:
    """Return a label image as 0 … J−1, the positions of its entries in `values`.

    Raises
    ------
    ValueError
        naming an entry that is not in `values`.
    """
    places = {tuple(value): k for k, value in enumerate(values.tolist())}
    found, index = unique_codes(file.code[file.labeled])
    codes = [places.get(tuple(code), NO_LABEL) for code in found.tolist()]
    if NO_LABEL in codes:
        strange = spelled(found[codes.index(NO_LABEL)].tolist())
        names = ", ".join(map(spelled, values.tolist()))
        raise ValueError(
            f"`{file.argument}` = '{file.path}' holds {strange}, which is no label; "
            f"the labels are {names}: correct it, or pass `ignore` = {strange} if it "
            "stands for no label"
        )
    truth = np.full(file.code.shape[:2], NO_LABEL)
    truth[file.labeled] = np.array(codes)[index]
    return truth
