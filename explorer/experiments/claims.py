"""Quantitative claims of Sec. 4 of the paper, and the values found here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import RUN, SCENE, STEP, TRAINING_STEP, VARIANT
from explorer.experiments.cosine import AGREEMENT
from explorer.experiments.influence import TIMES
from explorer.experiments.scenarios import COLORS, LINES, TIME

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Claim:
    """A statement about a figure, and how it is measured.

    measure : extracts the number from the figure's dataset; holds : judges it;
    unit : of the number; asked : the requirement, in words.
    """

    figure: int
    statement: str
    measure: Callable[[xr.Dataset], float]
    holds: Callable[[float], bool]
    unit: str
    asked: str


def mean_of(data: xr.Dataset, name: str, **where: Any) -> float:
    """Return the mean over all scenes."""
    return float(data[name].sel(where).mean())


def largest_gap(data: xr.Dataset, names: list[str]) -> float:
    """Return the largest difference between the mean curves of these variants."""
    curves = data.error_percent.sel({VARIANT: names}).mean(SCENE)
    return float((curves.max(VARIANT) - curves.min(VARIANT)).max())


def final_excess(data: xr.Dataset, name: str, other: str) -> float:
    """Return by how many percent more pixels one variant is wrong in the end."""
    last = data.error_percent.mean(SCENE).isel({STEP: -1})
    return float(last.sel({VARIANT: name}) - last.sel({VARIANT: other}))


def last_change(data: xr.Dataset) -> float:
    """Return the change of the validation error in the last ten steps of a run."""
    spans = []
    for run in data.validation_error_percent.transpose(RUN, TRAINING_STEP).values:
        last = run[np.isfinite(run)][-11:]
        spans.append(last.max() - last.min())
    return float(max(spans))


def far_norm(data: xr.Dataset) -> float:
    """Return the share of pixels inside cells whose gradient is below 1 % of the top.

    Inside: more than T pixels away from norms above a tenth of the maximum.
    """
    from scipy.ndimage import distance_transform_edt  # type: ignore[attr-defined]

    shares = []
    for norm in data.norm.values:
        far = distance_transform_edt(norm < 0.1 * norm.max()) > TIME
        shares.append(np.mean(norm[far] < 0.01 * norm.max()) if far.any() else np.nan)
    return 100.0 * float(np.nanmean(shares)) if np.isfinite(shares).any() else math.nan


def slowest_small(data: xr.Dataset) -> float:
    """Return the largest gap between the curves of T ≤ 5 after half of the steps."""
    small = [f"T = {T:g}" for T in TIMES if T <= TIME]
    curves = data.error_percent.sel({VARIANT: small}).mean(SCENE)
    half = curves.isel({STEP: curves.sizes[STEP] // 2})
    return float(half.max() - half.min())


CLAIMS = (
    Claim(1, "scenario b: rounding to the nearest label gives about 50 % wrong labels",
          lambda d: mean_of(d, "nearest_error_percent", scenario=COLORS),
          lambda x: 40.0 <= x <= 60.0, "% wrong", "40 to 60"),
    Claim(1, "scenario a: uniform weights average out most of the lines",
          lambda d: mean_of(d, "erased_percent", scenario=LINES),
          lambda x: x > 50.0, "% of line pixels erased", "> 50"),
    Claim(2, "noisy: the three ways to the gradient give very similar curves",
          lambda d: float(d.gap_percent.sel(noise_level="noisy")),
          lambda x: x <= 1.0, "% largest gap", "≤ 1"),
    Claim(2, "noise-free: the three ways to the gradient give very similar curves",
          lambda d: float(d.gap_percent.sel(noise_level="noise-free")),
          lambda x: x <= 1.0, "% largest gap", "≤ 1"),
    Claim(3, f"more than 99 % of the pixels have a cosine of {AGREEMENT} or more",
          lambda d: 100.0 * mean_of(d, "share", time=TIME, rank=1),
          lambda x: x > 99.0, f"% at T = {TIME:g}", "> 99"),
    Claim(3, "the same against explicit Euler with a very small step",
          lambda d: 100.0 * mean_of(d, "surrogate_share"),
          lambda x: x > 99.0, f"% at T = {TIME:g}", "> 99"),
    Claim(3, "the same at long times (not in the paper)",
          lambda d: 100.0 * mean_of(d, "share", time=30.0, rank=1),
          lambda x: x > 99.0, "% at T = 30", "> 99"),
    Claim(3, "the same at long times with rank two (not in the paper)",
          lambda d: 100.0 * mean_of(d, "share", time=30.0, rank=2),
          lambda x: x > 99.0, "% at T = 30", "> 99"),
    Claim(3, f"a cosine of {AGREEMENT} is an angle of 26° or less",
          lambda d: math.degrees(math.acos(AGREEMENT)),
          lambda x: x <= 26.0, "degrees", "≤ 26"),
    Claim(3, "zero gradients in the interior of the cells",
          far_norm, lambda x: x > 99.0, "% of them below 1 % of the largest", "> 99"),
    Claim(4, "m about 10 suffices",
          lambda d: largest_gap(d, ["m = 10", "m = 20"]),
          lambda x: x <= 0.1, "% gap to m = 20", "≤ 0.1"),
    Claim(4, "dimensions of 5 to 10 are sufficient",
          lambda d: largest_gap(d, ["m = 5", "m = 10", "m = 20"]),
          lambda x: x <= 0.5, "% gap to m = 20", "≤ 0.5"),
    Claim(4, "curves of different ranks coincide",
          lambda d: largest_gap(d, ["r = 1", "r = 2", "r = 5", "r = 10"]),
          lambda x: x <= 0.1, "% largest gap", "≤ 0.1"),
    Claim(4, "for small T the rates do not differ much",
          slowest_small, lambda x: x <= 1.0, "% gap at half of the steps", "≤ 1"),
    Claim(4, "for large T learning is slower (at h = 0.5; at h = 0.1 it is not)",
          lambda d: final_excess(d, "T = 30", "T = 5"),
          lambda x: x > 0.0, "% more wrong in the end", "> 0"),
    Claim(5, "predicted weights keep the lines that uniform weights erase",
          lambda d: mean_of(d, "uniform_error_percent")
          / max(mean_of(d, "predicted_error_percent"), 1e-9),
          lambda x: x > 2.0, "times fewer wrong pixels", "> 2"),
    Claim(5, "the same for the worst of the runs from other scenes",
          lambda d: mean_of(d, "uniform_error_percent")
          / max(float(d.predicted_error_percent.mean(SCENE).max()), 1e-9),
          lambda x: x > 2.0, "times fewer wrong pixels", "> 2"),
    Claim(5, "after 100 steps the number of wrong labels hardly changes",
          last_change, lambda x: x <= 0.2, "% change in the last ten", "≤ 0.2"),
)  # fmt: skip
"""Every quantitative statement of Sec. 4, and two that go beyond it."""


def table(found: Mapping[int, xr.Dataset]) -> xr.Dataset:
    """Return the claims about the given figures, with values and verdicts.

    Parameters
    ----------
    found : datasets of `figure1` … `figure5` by number.

    Returns
    -------
    Dataset over `claim`: `figure`, `statement`, `value`, `unit`, `asked`, and the
    verdict, `holds`: "yes", "no", or "not measured" if the value is NaN.
    """
    if (
        not isinstance(found, Mapping)
        or isinstance(found, xr.Dataset)
        or not all(
            k in range(1, 6) and isinstance(d, xr.Dataset) for k, d in found.items()
        )
    ):
        raise TypeError(
            "`found` must map numbers of figures to their datasets, got "
            f"{found!r:.60}; pass {{1: figure1(), 2: figure2()}} or some of them"
        )
    chosen = [c for c in CLAIMS if c.figure in found]
    values = [c.measure(found[c.figure]) for c in chosen]
    columns = {
        "figure": [c.figure for c in chosen],
        "statement": [c.statement for c in chosen],
        "value": values,
        "unit": [c.unit for c in chosen],
        "asked": [c.asked for c in chosen],
        "holds": [verdict(c, v) for c, v in zip(chosen, values, strict=True)],
    }
    return xr.Dataset({name: ("claim", column) for name, column in columns.items()})


def verdict(claim: Claim, value: float) -> str:
    """Return whether a claim holds, in words."""
    if math.isnan(value):
        return NOT_MEASURED
    return "yes" if claim.holds(value) else "no"


def text_of(claims: xr.Dataset) -> str:
    """Return the claims as plain text, one per line."""
    lines = ["holds         Fig.       found  (asked)  statement"]
    for k in range(claims.sizes["claim"]):
        c = claims.isel(claim=k)
        lines.append(
            f"{c.holds.item():12}  {int(c.figure):4}  {float(c.value):10.4g}  "
            f"({c.asked.item()} {c.unit.item()})  {c.statement.item()}"
        )
    return "\n".join(lines) + "\n"
