"""All figures: functions that compute and draw each one."""

from __future__ import annotations

from collections.abc import Callable

import xarray as xr

from explorer.experiments.agreement import draw2, figure2
from explorer.experiments.influence import draw4, figure4
from explorer.experiments.pixelwise import draw3, figure3
from explorer.experiments.prediction import draw5, figure5
from explorer.experiments.scenarios import draw1, figure1
from explorer.experiments.units import Bench, Setup
from explorer.panels import Figure

FIGURES: dict[
    int,
    tuple[
        Callable[[Setup | None, Bench | None], xr.Dataset],
        Callable[[xr.Dataset], Figure],
    ],
] = {
    1: (figure1, draw1),
    2: (figure2, draw2),
    3: (figure3, draw3),
    4: (figure4, draw4),
    5: (figure5, draw5),
}
