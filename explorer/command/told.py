"""Messages of `laf train` before training: pairs, their use, and labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from explorer.images.values import spelled
from explorer.scenes.pictures import VALUES


def pairs_text(
    pairs: Sequence[tuple[str, str]], parts: Sequence[tuple[str, int]]
) -> str:
    """Return a line for each image: its use, its name, the name of its labels.

    parts : what images are for, and how many of them, in order.
    """
    uses = [use for use, count in parts for _ in range(count)]
    wide = max(len(image) for image, _ in pairs)
    lines = [
        f"{use:10} {image:{wide}}  {labels}"
        for use, (image, labels) in zip(uses, pairs, strict=True)
    ]
    return "\n".join([f"{'':10} {'image':{wide}}  labels", *lines])


def labels_text(scenes: Sequence[xr.Dataset]) -> str:
    """Return a line for each label: its number, its value, its share of all pixels.

    The last line says which values stand for no label.
    """
    values = scenes[0][VALUES].values.tolist()
    found = np.concatenate([scene["labels"].values.ravel() for scene in scenes])
    often = np.bincount(found[found >= 0], minlength=len(values))
    lines = [
        f"{number:5d} {spelled(value):>9} {100.0 * count / found.size:7.2f} %"
        for number, (value, count) in enumerate(zip(values, often, strict=True))
    ]
    ignored = scenes[0].attrs["ignored_values"]
    left_out = f"{100.0 * np.mean(found < 0):.2f} %"
    last = f"no label: {ignored}, {left_out} of the pixels"
    if not ignored:
        last = "no label: none; --ignore VALUE leaves pixels out"
    head = f"{'label':>5} {'value':>9} {'pixels':>9}"
    return "\n".join([head, *lines, last])
