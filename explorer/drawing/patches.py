"""Sheets of patches: each image patch above its weight patch, and a caption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.alternatives import number
from explorer.drawing import colors
from explorer.drawing.columns import Columns, Props, extent
from explorer.drawing.slots import Kept
from explorer.drawing.view import View
from explorer.panels import Patches

WIDTH, HEIGHT = 1.4, 2.9
"""Room of a pair of patches and its caption; the side of a patch is 1."""

BELOW, CAPTION = 1.1, 2.42
"""Distances from the top of a pair to its weight patch, and to its caption's middle."""

ASPECT, ACROSS, LETTER = 0.8, 190, 0.6
"""Aspect and width of the sheet in a card in CSS pixels; width of a letter relative to
its height."""


@dataclass(frozen=True)
class Cell:
    """One number of a patch, or one pixel, and its square on the sheet."""

    pair: int
    part: str
    place: tuple[int, int]
    values: tuple[float, ...]
    center: tuple[float, float]
    side: float
    color: str


def columns_of(panel: Patches) -> int:
    """Return the number of pairs side by side that makes a sheet fill a card."""
    count = max(1, len(panel.captions))
    return min(count, int(np.ceil(np.sqrt(ASPECT * count * HEIGHT / WIDTH))))


def size_of(panel: Patches) -> tuple[float, float]:
    """Return the width and the height of a sheet."""
    across = columns_of(panel)
    return across * WIDTH, -(-max(1, len(panel.captions)) // across) * HEIGHT


def corner_of(panel: Patches, pair: int) -> tuple[float, float]:
    """Return the left and upper end of the patches of a pair."""
    row, col = divmod(pair, columns_of(panel))
    return col * WIDTH + (WIDTH - 1.0) / 2, row * HEIGHT + 0.15


def cells_of(panel: Patches) -> Iterator[Cell]:
    """Yield all cells, pair by pair: the image, and below it the weights."""
    for pair, patches in enumerate(zip(panel.images, panel.weights, strict=True)):
        left, top = corner_of(panel, pair)
        image, weights = (np.asarray(patch, float) for patch in patches)
        own = colors.hexes(
            np.nan_to_num(image.reshape(-1, image.shape[2])) * np.ones(3)
        )
        blue, _ = colors.shades(weights, signed=False)
        for part, patch, fill, down in (
            ("image", image, own, top),
            ("weights", weights[..., None], blue, top + BELOW),
        ):
            side = 1.0 / max(patch.shape[:2])
            for (row, col), color in zip(
                np.ndindex(patch.shape[:2]), fill, strict=True
            ):
                center = left + (col + 0.5) * side, down + (row + 0.5) * side
                values = tuple(patch[row, col].tolist())
                yield Cell(pair, part, (row, col), values, center, side, color)


def captions_of(panel: Patches) -> dict[str, Any]:
    """Return the places of the captions, their texts, and the size of their letters."""
    corners = [corner_of(panel, pair) for pair in range(len(panel.captions))]
    longest = max((len(text) for text in panel.captions), default=1)
    room = ACROSS / columns_of(panel) / LETTER / max(1, longest)
    return {
        "x": np.array([left + 0.5 for left, _ in corners]),
        "y": np.array([top + CAPTION for _, top in corners]),
        "text": list(panel.captions),
        "size": [f"{int(np.clip(room, 7, 12))}px"] * len(corners),
    }


def feed_patches(shown: View, panel: Patches, _: Kept) -> tuple[Columns, Props]:
    """Return the cells of all patches, and the captions."""
    cells, name = list(cells_of(panel)), shown.name
    columns = {
        "x": np.array([c.center[0] for c in cells]),
        "y": np.array([c.center[1] for c in cells]),
        "side": np.array([c.side for c in cells]),
        "color": [c.color for c in cells],
        "caption": [f"{panel.captions[c.pair]}, {c.part}" for c in cells],
        "place": ["{}, {}".format(*c.place) for c in cells],
        "value": [", ".join(map(number, c.values)) for c in cells],
    }
    width, height = size_of(panel)
    tips = [("", "@caption"), ("row, col", "@place"), ("value", "@value")]
    props: Props = {
        f"{name}-x": extent(0.0, width), f"{name}-y": extent(height, 0.0),
        f"{name}-hover": {"tooltips": tips},
    }  # fmt: skip
    return {name: columns, f"{name}:captions": captions_of(panel)}, props


def draw_patches(panel: Patches, place: Any) -> None:
    """Draw a sheet on Matplotlib axes."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    cells = list(cells_of(panel))
    squares = [
        Rectangle((c.center[0] - c.side / 2, c.center[1] - c.side / 2), c.side, c.side)
        for c in cells
    ]
    fill = [c.color for c in cells]
    place.add_collection(
        PatchCollection(
            squares, facecolors=fill, edgecolors=colors.MUTED, linewidths=0.3
        )
    )
    texts = captions_of(panel)
    for x, y, text, size in zip(*texts.values(), strict=True):
        points = 0.72 * int(size.removesuffix("px"))
        place.text(x, y, text, fontsize=points, ha="center", va="center")
    width, height = size_of(panel)
    place.set_xlim(0.0, width)
    place.set_ylim(height, 0.0)
    place.set_axis_off()
