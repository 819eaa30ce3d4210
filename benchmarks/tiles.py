"""python -m benchmarks.tiles [NAME …]: make the pictures of the tiles of the home page.

Each explorer saves two of its views; the picture is cut to the size of a tile.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

import explorer
from explorer.dashboards.doors import DOORS, PICTURES

WIDTH, HEIGHT = 640, 360
"""Pixels of a picture: twice those of a tile, for sharp screens."""

HEAD = 55
"""Pixels above the views of a saved picture: the title of the explorer."""

MARGIN = 10
COLORS = 128


@dataclass(frozen=True)
class Shot:
    """What an explorer does before it shows these views."""

    views: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 0


LINES = {"scene": "lines", "noise": 0.3}

SHOTS = {
    "LearningExplorer": Shot(("labeling", "patch"), LINES, 20),
    "FlowExplorer": Shot(("linear-labels", "entropy"), {"time": 2.0}),
    "SimplexExplorer": Shot(("maps", "circles-around")),
    "KrylovExplorer": Shot(("error-over-dims", "ritz-values")),
    "GradientExplorer": Shot(("gradient-norm", "error-over-ranks"), LINES),
    "PredictionExplorer": Shot(("labeling", "prototypes")),
    "ComplexityExplorer": Shot(("memory-over-size", "largest-side")),
}


def main(names: list[str]) -> None:
    """Make the pictures of these explorers, or of all."""
    PICTURES.mkdir(exist_ok=True)
    for name in names or [one.name for one in DOORS]:
        picture = tile(shot(name, SHOTS[name]))
        picture.save(PICTURES / f"{name}.png", optimize=True)
        print(f"{name}: {(PICTURES / f'{name}.png').stat().st_size / 1024:.0f} KB")


def shot(name: str, wanted: Shot) -> Image.Image:
    """Return the views of an explorer, as it saves them."""
    app = getattr(explorer, name)(**wanted.settings)
    app.show(*wanted.views)
    if wanted.steps:
        app.run(wanted.steps)
    app.wait(600.0)
    with tempfile.TemporaryDirectory() as folder:
        picture = Image.open(app.save(Path(folder) / "views.png")).convert("RGB")
    app.close()
    return picture


def tile(picture: Image.Image) -> Image.Image:
    """Return a picture without its title, centered on the white ground of a tile."""
    below = picture.crop((0, HEAD, picture.width, picture.height))
    ground = Image.new("RGB", below.size, "white")
    box = ImageChops.difference(below, ground).getbbox()
    found = below.crop(box)
    found.thumbnail((WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN), Image.Resampling.LANCZOS)
    out = Image.new("RGB", (WIDTH, HEIGHT), "white")
    out.paste(found, ((WIDTH - found.width) // 2, (HEIGHT - found.height) // 2))
    return out.quantize(COLORS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main(sys.argv[1:])
