"""Feed the figures of pictures, labelings and fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.drawing import colors
from explorer.drawing.columns import Columns, Props, Tips, extent, picture_of
from explorer.drawing.frames import room_of
from explorer.drawing.legends import ends_of
from explorer.drawing.slots import Kept
from explorer.drawing.view import View
from explorer.panels import Field, Labels, Picture, Pixelwise, shape_of

PLACE = ("row, col", "$y{%d}, $x{%d}")
"""Tooltip of the pixel under the pointer; its format truncates decimals."""


def feed_picture(shown: View, panel: Picture, _: Kept) -> tuple[Columns, Props]:
    """Return an image as packed colors, and its numbers for the pointer."""
    image = np.asarray(panel.image)
    parts = ("red", "green", "blue") if image.shape[2] >= 3 else ("value",)
    numbers = {name: picture_of(image[..., k]) for k, name in enumerate(parts)}
    tips = [PLACE, *((name, f"@{name}{{0.000}}") for name in parts)]
    return pixels(
        shown, panel, {"image": [colors.rgba(image[..., :3])], **numbers}, tips
    )


def feed_labels(shown: View, panel: Labels, _: Kept) -> tuple[Columns, Props]:
    """Return labels as packed colors, and label, truth and probabilities."""
    data: dict[str, Any] = {"image": [colors.label_pixels(panel)]}
    data["label"] = codes(panel.labels)
    tips = [PLACE, ("label", "@label{0}")]
    if panel.truth is not None:
        data["truth"] = codes(panel.truth)
        tips.append((panel.called[0], "@truth{0}"))
    if panel.probabilities is not None:
        data |= likeliest(np.asarray(panel.probabilities))
        tips += [
            (name, f"@best{k}{{0}} with p = @p{k}{{0.000}}")
            for k, name in enumerate(("likeliest", "next"), start=1)
            if f"p{k}" in data
        ]
    return pixels(shown, panel, data, tips)


def codes(labels: np.ndarray) -> list[np.ndarray]:
    """Return labels as numbers per pixel, NaN for pixels without a label."""
    labels = np.asarray(labels)
    return picture_of(np.where(labels < 0, np.nan, labels))


def likeliest(p: np.ndarray) -> dict[str, Any]:
    """Return the two likeliest labels of each pixel and their probabilities."""
    left, found = p.astype(np.float32), {}
    small = np.uint8 if len(p) <= 256 else np.int32
    for k in range(1, min(2, len(p)) + 1):
        best = left.argmax(axis=0)[None]
        found[f"best{k}"] = [best[0].astype(small)]
        found[f"p{k}"] = [np.take_along_axis(left, best, axis=0)[0]]
        np.put_along_axis(left, best, -np.inf, axis=0)
    return found


def feed_field(shown: View, panel: Field, _: Kept) -> tuple[Columns, Props]:
    """Return numbers per pixel, and the ends of their color scale."""
    tips = [PLACE, (panel.unit or "value", "@image{0.000}")]
    columns, props = pixels(shown, panel, {"image": picture_of(panel.values)}, tips)
    low, high = ends_of(panel)
    return columns, props | {f"{shown.name}-colors": {"low": low, "high": high}}


def pixels(
    shown: View, panel: Pixelwise, data: dict[str, Any], tips: Tips
) -> tuple[Columns, Props]:
    """Return a picture with its size, ranges that show all of it, and tooltips."""
    rows, cols = shape_of(panel)
    size = {"dw": np.array([cols], float), "dh": np.array([rows], float)}
    right, down = room_of(panel)
    props: Props = {
        "cols": extent(0.0, right), "rows": extent(down, 0.0),
        f"{shown.name}-hover": {"tooltips": tips},
    }  # fmt: skip
    return {shown.name: {**data, **size}}, props
