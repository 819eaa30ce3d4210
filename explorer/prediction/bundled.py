"""Small trained predictors that come with the package, and how they are trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr

from explorer import params
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.scenes.voronoi import KINDS, voronoi_scene

FOLDER = Path(__file__).parent / "models"
"""The files of the predictors; `python -m benchmarks.models` writes them."""

SIZE, NOISE, COUNT = 64, 0.3, 3
"""Side of the training scenes, their noise, and their number."""

TRAINING, VALIDATION = 1000, 2000
"""Seeds of the first training scene and of the first validation scene."""

PROTOTYPES = 24
"""Prototypes of a bundled predictor: few enough to see them all at once."""


def bundled_predictor(kind: str = "lines") -> WeightPatchPredictor:
    """Return a small trained predictor that comes with the package.

    It was trained on three Voronoi scenes (seeds 1000 to 1002, 64 × 64 pixels, noise
    0.3), and validated on three others (seeds 2000 to 2002).

    Parameters
    ----------
    kind : "lines" (two labels, gray images) or "colors" (eight labels, color images),
        as for `voronoi_scene`.

    Examples
    --------
    >>> import explorer as ex
    >>> predictor = ex.bundled_predictor("lines")
    >>> scene = ex.voronoi_scene("lines", size=64, noise=0.3, seed=0)
    >>> predictor.score([scene]) > 0.98
    True
    """
    return WeightPatchPredictor.load(FOLDER / f"{checked_kind(kind)}.nc")


def checked_kind(kind: Any) -> str:
    """Return the name of a kind of scenes, or raise."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"`kind` must be one of {', '.join(KINDS)}, got {kind!r:.60}")
    return kind


def training_scenes(
    kind: str, noise: float = NOISE
) -> tuple[list[xr.Dataset], list[xr.Dataset]]:
    """Return the scenes for training and those for validation."""
    first, second = (
        [voronoi_scene(kind, SIZE, noise, start + k) for k in range(COUNT)]
        for start in (TRAINING, VALIDATION)
    )
    return first, second


def is_known(seed: int) -> bool:
    """Return whether a predictor was trained or validated on the scene of a seed."""
    starts = TRAINING, VALIDATION
    return any(start <= seed < start + COUNT for start in starts)


def untrained(count: int = PROTOTYPES, **choices: Any) -> WeightPatchPredictor:
    """Return a predictor with the choices of the bundled ones, not yet trained."""
    return WeightPatchPredictor(n_prototypes=count, **choices)


def train(kind: str) -> WeightPatchPredictor:
    """Return the predictor that is bundled for a kind of scenes, trained again."""
    training, validation = training_scenes(checked_kind(kind))
    steps = int(params.TRAINING_STEPS.default)
    return untrained(steps=steps).fit(training, validation)
