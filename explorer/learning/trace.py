"""The trace of learning: small records per step, and the dataset they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import COMPONENT, STEP


@dataclass(frozen=True, eq=False)
class Step:
    """The state of learning after `step` steps.

    loss is ℒ = f + ℛ; error_percent is the share of wrong pixels; gradient_norm is
    ‖R_Ω∂ℒ‖; singular_values are those of Z; seconds is the time of this step.
    """

    step: int
    loss: float
    error_percent: float
    gradient_norm: float
    singular_values: np.ndarray
    seconds: float


ATTRS = {
    "loss": {"long_name": "loss f + R", "source": "(3.6)"},
    "error_percent": {"long_name": "labeling error", "units": "percent"},
    "gradient_norm": {"long_name": "Frobenius norm of the Riemannian gradient"},
    "singular_values": {"long_name": "singular values of Z", "source": "(3.45c)"},
    "seconds": {"long_name": "time of the step", "units": "s"},
}


def trace_of(steps: Iterable[Step], **attrs: Any) -> xr.Dataset:
    """Return a dataset over `step` (and `component`) from the records.

    If a Krylov space ended early, the missing singular values of that step are NaN.
    """
    records = list(steps)
    width = max((s.singular_values.size for s in records), default=0)
    sigma = np.full((len(records), width), np.nan)
    for row, s in zip(sigma, records, strict=True):
        row[: s.singular_values.size] = s.singular_values
    scalars = ("loss", "error_percent", "gradient_norm", "seconds")
    data: dict[str, Any] = {
        name: (STEP, [getattr(s, name) for s in records], ATTRS[name])
        for name in scalars
    }
    data["singular_values"] = ((STEP, COMPONENT), sigma, ATTRS["singular_values"])
    coords = {STEP: [s.step for s in records], COMPONENT: np.arange(1, width + 1)}
    return xr.Dataset(data, coords=coords, attrs=attrs)
