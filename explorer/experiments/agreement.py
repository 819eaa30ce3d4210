"""Fig. 2: learning by the low-rank gradient and by automatic differentiation."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from explorer import extras
from explorer.dims import NOISE_LEVEL, SCENE, VARIANT
from explorer.experiments.scenarios import (
    COLORS,
    RHO,
    SCENARIOS,
    TIME,
    counted,
    flow_of,
)
from explorer.experiments.units import Bench, Setup, Unit, prepared, stack
from explorer.gradients.autodiff import EulerAutodiff, KrylovAutodiff
from explorer.gradients.derivative import GradientMethod
from explorer.gradients.gradient import LowRankGradient
from explorer.learning.learner import Learner
from explorer.learning.optimizers import RiemannianDescent
from explorer.panels import Curves, Figure, Panel, Series

STEP_SIZE = 0.2
"""h of the descent per pixel: a tenth of a practical step, to show the curves."""

TIME_STEP = 0.1
"""h of explicit Euler."""

LOW_RANK = "low rank (3.47)"

NOISES = {"noisy": SCENARIOS[COLORS].noise, "noise-free": 0.0}

TORCH_MISSING = extras.missing("torch", "automatic differentiation, left out here,")


def methods() -> dict[str, GradientMethod]:
    """Return the gradients to compare; without PyTorch, only those of this package."""
    own: dict[str, GradientMethod] = {LOW_RANK: LowRankGradient()}
    if importlib.util.find_spec("torch") is None:
        return own
    return own | {
        "autodiff, Euler": EulerAutodiff(TIME_STEP),
        "autodiff, exponential": KrylovAutodiff(),
    }


@dataclass(frozen=True)
class Course:
    """A way to learn scenario b.

    method : the gradient method; time : T; step : h per pixel; noise : of the scene.
    """

    method: GradientMethod
    time: float = TIME
    step: float = STEP_SIZE
    noise: float = SCENARIOS[COLORS].noise

    def run(self, setup: Setup, seed: int) -> xr.Dataset:
        """Return the trace of learning on the scene of a seed."""
        scene = SCENARIOS[COLORS].scene(setup.size, seed, self.noise)
        descent = RiemannianDescent(self.step)
        flow = flow_of(scene)
        learner = Learner(flow, scene.labels, self.time, self.method, descent)
        return learner.run(setup.steps)

    def unit(
        self,
        name: str,
        setup: Setup,
        seed: int,
        finish: Callable[[xr.Dataset], xr.Dataset] = lambda trace: trace,
    ) -> Unit:
        """Return a unit that applies `finish` to the trace."""
        settings = {
            "size": setup.size, "steps": setup.steps, "seed": seed,
            "course": repr(self),
        }  # fmt: skip
        return Unit(f"{name}-{seed}", settings, lambda: finish(self.run(setup, seed)))


def figure2(setup: Setup | None = None, bench: Bench | None = None) -> xr.Dataset:
    """Return training curves of three gradients, with noise and without.

    The low-rank gradient with m = 10 and rank one, and PyTorch through explicit Euler
    (h = 0.1) and through the Krylov integrator; T = 5, h = 0.2 per pixel, from uniform
    weights.

    Returns
    -------
    Dataset over `noise_level`, `variant`, `scene` and `step` with `error_percent` and
    `loss`, and `gap_percent`, the largest difference between the means over the scenes,
    over `noise_level`. Without PyTorch, it is NaN, and the attribute `left_out` says
    what is missing.
    """
    setup, bench = prepared(setup, bench)
    found = methods()
    units = [
        Course(method, noise=noise).unit(
            f"{level}-{type(method).__name__}", setup, seed
        )
        for level, noise in NOISES.items()
        for method in found.values()
        for seed in setup.seeds
    ]
    parts = [p[["error_percent", "loss"]] for p in bench.run(units)]
    size, count = setup.scenes, len(found)
    variants = [
        stack(parts[k : k + size], SCENE, setup.seeds)
        for k in range(0, len(parts), size)
    ]
    levels = [
        stack(variants[k : k + count], VARIANT, list(found))
        for k in range(0, len(variants), count)
    ]
    data = stack(levels, NOISE_LEVEL, list(NOISES))
    mean = data.error_percent.mean(SCENE)
    gap = (mean.max(VARIANT) - mean.min(VARIANT)).max("step")
    if count == 1:  # nothing to compare with
        gap = gap * np.nan
    left_out = "" if count > 1 else TORCH_MISSING
    return data.assign(gap_percent=gap).assign_attrs(figure=2, left_out=left_out)


def draw2(data: xr.Dataset) -> Figure:
    """Return Fig. 2: error over steps, noisy and noise-free."""
    mean = data.error_percent.mean(SCENE)
    panels: list[Panel] = []
    for letter, level in zip("ab", data[NOISE_LEVEL].values, strict=True):
        curves = [
            Series(str(name), data.step.values, mean.sel(
                noise_level=level, variant=name).values)
            for name in data[VARIANT].values
        ]  # fmt: skip
        panels.append(
            Curves(f"{letter}  {level} input", "step", "wrong pixels in %", curves,
                   log=True, note=f"noise {NOISES[str(level)]:g}")
        )  # fmt: skip
    caption = (
        f"Labeling error during learning, as means over "
        f"{counted(data.sizes[SCENE])} of 8 colors. The axis is logarithmic because "
        f"the curves almost coincide; their markers alternate. A curve ends where "
        f"no pixel is wrong. T = {TIME:g}, ρ = {RHO:g}, "
        f"m = {LowRankGradient().dim}, rank one, h = {STEP_SIZE:g} per pixel, starting "
        f"from uniform weights; explicit Euler with steps of {TIME_STEP:g}. "
        f"{gaps2(data)} {data.attrs['left_out']}"
    )
    return Figure(2, "Three ways to the gradient", caption.strip(), [panels])


def gaps2(data: xr.Dataset) -> str:
    """Return the largest gaps between the curves and their last values, as text."""
    last, said = data.error_percent.mean(SCENE).isel(step=-1), []
    for level in data[NOISE_LEVEL].values:
        gap = float(data.gap_percent.sel(noise_level=level))
        end = float(last.sel(noise_level=level).max())
        compared = "" if np.isnan(gap) else f" with a largest gap of {gap:.2g} %"
        said.append(f"{level}, {end:.2g} % at the end{compared}")
    return f"Wrong pixels: {'; '.join(said)}."
