"""Views that several explorers share."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.drawing.colors import BINS, cosine_histogram
from explorer.drawing.view import view
from explorer.experiments.cosine import AGREEMENT, share_aligned
from explorer.gradients.gradient import GradientState
from explorer.panels import Bars, Field, Labels, Picture


@view(title="Input")
def picture(problem: xr.Dataset, noise: float) -> Picture:
    """The noisy image that the flow labels."""
    return Picture("Input", problem.image.values, note=f"noise {noise:g}")


@view(title="Ground truth", hidden=True)
def truth(problem: xr.Dataset, own_colors: Any) -> Labels:
    """The correct labels."""
    found, count = problem.labels.values, problem.sizes["label"]
    return Labels("Ground truth", found, count, colors=own_colors)


@view(title="Gradient cosine")
def gradient_cosine(agreement: np.ndarray) -> Bars:
    """How closely the gradient follows the reference gradient at each pixel."""
    share = 100.0 * share_aligned(agreement, np.nan)
    said = "vanishes" if np.isnan(share) else f"{share:.1f} % ≥ {AGREEMENT:g}"
    heights = cosine_histogram(agreement)
    return Bars(
        "Gradient cosine", "cosine to the reference", "pixels in %", BINS, heights,
        AGREEMENT, note=said,
    )  # fmt: skip


@view(title="Cosine map")
def cosine_map(agreement: np.ndarray) -> Field:
    """The cosine between the gradient and the reference gradient at each pixel."""
    return Field("Cosine map", agreement, "cosine", -1.0, 1.0)


@view(title="Factor u", hidden=True)
def factor_left(factors: GradientState | None, component: int) -> Field:
    """The left factor u_r of the gradient: its norm over the labels at each pixel."""
    return factor(factors, component, 0, "u")


@view(title="Factor w", hidden=True)
def factor_right(factors: GradientState | None, component: int) -> Field:
    """The right factor w_r of the gradient: its norm over the labels at each pixel."""
    return factor(factors, component, 1, "w")


def factor(
    factors: GradientState | None, component: int, side: int, letter: str
) -> Field:
    """Return the norm of a factor of Z at each pixel."""
    count = 0 if factors is None else factors.factors.singular_values.size
    if factors is None or component > count:
        raise ValueError(
            f"`component` must be at most {count}, the number of components of Z that "
            f"are known here, got {component}; lower it, or choose LowRankGradient"
        )
    fields = factors.factors.vectors(component)[side]
    size = np.linalg.norm(fields[component - 1], axis=0)
    top = float(size.max(initial=0.0))
    return Field(f"Factor {letter}, component {component}", size, "norm", 0.0, top or 1)


def square(patch: np.ndarray) -> np.ndarray:
    """Return a patch (offset) as a window (row offset, col offset)."""
    side = round(patch.size**0.5)
    return patch.reshape(side, side)
