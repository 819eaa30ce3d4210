"""Figures of the paper in a notebook cell."""

from __future__ import annotations

from typing import Any

import xarray as xr

from explorer.dashboard.bridge import LiveFigure
from explorer.dashboard.pages import page_of
from explorer.experiments.figures import FIGURES


def show(data: xr.Dataset) -> Any:
    """Return a widget that draws what `ex.experiments.figure1` … `figure5` returned.

    Parameters
    ----------
    data : Dataset, with the number of the figure in `attrs["figure"]`.
    """
    number = data.attrs.get("figure") if isinstance(data, xr.Dataset) else None
    if number not in FIGURES:
        raise ValueError(
            f"`data` is a {type(data).__name__} that belongs to no figure; needed is "
            "what `experiments.figure1()` … `figure5()` return"
        )
    _, draw = FIGURES[int(number)]
    return LiveFigure(page_of(draw(data)))
