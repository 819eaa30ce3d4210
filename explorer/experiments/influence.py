"""Fig. 4: the influence of Krylov dimension m, rank and time T on learning."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import PIXELS, SCENE, STEP, VARIANT
from explorer.experiments.agreement import STEP_SIZE, Course
from explorer.experiments.scenarios import (
    COLORS,
    LINES,
    RHO,
    SCENARIOS,
    TIME,
    counted,
    flow_of,
)
from explorer.experiments.units import Bench, Setup, Unit, prepared, stack
from explorer.gradients.gradient import LowRankGradient
from explorer.panels import Curves, Field, Figure, Panel, Series

DIMS, RANKS = (2, 3, 5, 10, 20), (1, 2, 5, 10)

TIMES = (1.0, 2.5, 5.0, 10.0, 20.0, 30.0)

LONG = 30.0
"""A time at which the rank-one gradient no longer follows the exact one everywhere."""

DECADES = 3.0

LARGE_STEP = 0.5
"""h for the curves over T: with a smaller h, long times do not learn more slowly."""


def variants() -> dict[str, tuple[LowRankGradient, float]]:
    """Return the gradients and times of all curves by name."""
    usual = LowRankGradient()
    return {
        **{f"m = {m}": (LowRankGradient(m), TIME) for m in DIMS},
        **{f"r = {r}": (LowRankGradient(rank=r), TIME) for r in RANKS},
        **{f"T = {T:g}": (usual, T) for T in TIMES},
        **{f"T = {LONG:g}, r = {r}": (LowRankGradient(rank=r), LONG) for r in (2, 5)},
    }


def training(name: str, setup: Setup, seed: int) -> Unit:
    """Return the training curve of one variant on one scene as a unit."""
    gradient, time = variants()[name]
    course = Course(gradient, time, LARGE_STEP if name.startswith("T") else STEP_SIZE)

    def finish(trace: xr.Dataset) -> xr.Dataset:
        sigma = trace.singular_values
        second = sigma.isel(component=1, drop=True) if sigma.shape[1] > 1 else 0.0
        ratio = second / sigma.isel(component=0, drop=True)
        found: xr.Dataset = trace[["error_percent", "loss"]]
        return found.assign(singular_value_ratio=ratio.fillna(0.0))

    short = name.replace(" = ", "").replace(", ", "-")
    return course.unit(short, setup, seed, finish)


def factors(setup: Setup) -> Unit:
    """Return the length of u₁ and w₁ at each pixel of both scenarios as a unit."""

    def compute() -> xr.Dataset:
        fields: dict[str, Any] = {}
        for short, name in (("a", LINES), ("b", COLORS)):
            scene = SCENARIOS[name].scene(setup.size, setup.seed)
            flow, method = flow_of(scene), LowRankGradient()
            system = flow.plain_system(flow.neighborhood.uniform())
            evolution = method.forward.integrate(system, TIME)
            state = method.init(evolution, scene.labels.values)
            for letter, vectors in zip("uw", state.factors.vectors(1), strict=True):
                length = np.sqrt((vectors[0] ** 2).sum(axis=0))
                fields[f"{letter}1_{short}"] = (PIXELS, length / length.max())
        return xr.Dataset(fields)

    settings = {"size": setup.size, "seed": setup.seed, "time": TIME}
    return Unit("factors", settings, compute)


def figure4(setup: Setup | None = None, bench: Bench | None = None) -> xr.Dataset:
    """Return training curves over m, rank and T, and results beyond the paper.

    Scenario b with noise; T = 5, m = 10, rank one and h = 0.2 per pixel unless varied;
    h = 0.5 if T is varied.

    Returns
    -------
    Dataset over `variant` ("m = 10", "r = 2", "T = 20", …), `scene` and `step`:
    `error_percent`, `loss` and `singular_value_ratio` σ₂/σ₁ along training; `u1_a`,
    `w1_a` (scenario a) and `u1_b`, `w1_b`: lengths over the labels of the first
    singular vectors of Z at each pixel, relative to the largest, at uniform weights.
    """
    setup, bench = prepared(setup, bench)
    names = list(variants())
    units = [training(name, setup, seed) for name in names for seed in setup.seeds]
    *parts, images = bench.run([*units, factors(setup)])
    rows = [
        stack(parts[k : k + setup.scenes], SCENE, setup.seeds)
        for k in range(0, len(parts), setup.scenes)
    ]
    data = stack(rows, VARIANT, names)
    return data.merge(images, combine_attrs="override").assign_attrs(figure=4)


def series_of(values: xr.DataArray, prefix: str) -> list[Series]:
    """Return the curves of the variants named `prefix` with a number."""
    chosen = [
        str(v) for v in values[VARIANT].values if v.startswith(prefix) and "," not in v
    ]
    steps = values[STEP].values
    return [Series(n, steps, values.sel(variant=n).values) for n in chosen]


def draw4(data: xr.Dataset) -> Figure:
    """Return Fig. 4: three sets of curves, long times, σ₂/σ₁, and the factors."""
    mean = data.error_percent.mean(SCENE)
    ratio = data.singular_value_ratio.mean(SCENE)
    names = {"rank 1": f"T = {LONG:g}"}
    names |= {f"rank {r}": f"T = {LONG:g}, r = {r}" for r in (2, 5)}
    steps = data[STEP].values
    repaired = [
        Series(title, steps, mean.sel(variant=n).values) for title, n in names.items()
    ]
    usual, large = f"h = {STEP_SIZE:g}", f"h = {LARGE_STEP:g}"
    first: list[Panel] = [
        errors("a  Krylov dimension m", series_of(mean, "m ="), f"rank 1, {usual}"),
        errors("b  rank r of the gradient", series_of(mean, "r ="), f"m = 10, {usual}"),
        errors("c  time T", series_of(mean, "T ="), f"m = 10, rank 1, {large}"),
        errors(f"rank at T = {LONG:g}", repaired, f"m = 10, {large}"),
    ]
    second: list[Panel] = [
        Curves("σ₂/σ₁ of Z", "step", "σ₂/σ₁", series_of(ratio, "T ="), log=True,
               note=f"m = 10, rank 1, {large}"),
        *factor_fields(data),
    ]  # fmt: skip
    return Figure(4, "Krylov dimension, rank and time", said4(data), [first, second])


def errors(title: str, series: list[Series], note: str) -> Curves:
    """Return labeling errors over the steps; most curves of a set coincide."""
    return Curves(title, "step", "wrong pixels in %", series, log=True, note=note)


def factor_fields(data: xr.Dataset) -> list[Panel]:
    """Return where the first singular vectors are large."""
    return [
        Field(title, logarithm(data[name].values), "log₁₀, relative to the largest",
              -DECADES, 0.0, note=note)
        for title, note, name in (
            ("|u₁| at each pixel", "thin lines", "u1_a"),
            ("|w₁| at each pixel", "thin lines", "w1_a"),
            ("|u₁| at each pixel", "8 colors", "u1_b"),
        )
    ]  # fmt: skip


def said4(data: xr.Dataset) -> str:
    """Return the caption of Fig. 4."""
    mean = data.error_percent.mean(SCENE)
    last = mean.isel(step=-1)
    spread = {
        p: float(max(s.y[-1] for s in series_of(mean, p)) - min(
            s.y[-1] for s in series_of(mean, p))) for p in ("m =", "r =")
    }  # fmt: skip
    scenes = counted(data.sizes[SCENE])
    slow = ", ".join(f"{float(last.sel(variant=f'T = {T:g}')):.2g}" for T in TIMES)
    return (
        f"Labeling error during learning, 8 colors with noise "
        f"{SCENARIOS[COLORS].noise:g}, means over {scenes}. A curve "
        f"ends where no pixel is wrong. "
        f"T = {TIME:g}, ρ = {RHO:g}, m = {LowRankGradient().dim} and rank 1 unless "
        f"varied; h per pixel. After {int(data[STEP][-1])} steps the curves of all m "
        f"lie within {spread['m =']:.2g} %, and those of all ranks within "
        f"{spread['r =']:.2g} %. Wrong at T = {', '.join(f'{T:g}' for T in TIMES)}: "
        f"{slow} % of the pixels. Below: the ratio of the first two singular values of "
        f"Z during learning, and the norm over the labels of the first singular "
        f"vectors of Z at uniform weights."
    )


def logarithm(values: np.ndarray) -> np.ndarray:
    """Return log₁₀, clipped from below."""
    return np.log10(np.maximum(values, 10.0**-DECADES))
