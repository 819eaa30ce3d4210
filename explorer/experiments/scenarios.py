"""Fig. 1: both scenarios, and their labelings by uniform weights and by rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer.dims import PICTURE, PIXELS, SCENARIO, SCENE
from explorer.experiments.units import Bench, Setup, over_scenes, prepared, stack
from explorer.flow.krylov import Krylov
from explorer.flow.linearized import LinearizedFlow
from explorer.panels import Figure, Labels, Panel, Picture
from explorer.scenes.voronoi import HUES, TONES, voronoi_scene

RHO, TIME = 0.5, 5.0

COLORS = "8 colors"
LINES = "thin lines"


@dataclass(frozen=True)
class Scenario:
    """A set of scenes: kind and noise, chosen to reproduce the paper's problems.

    At noise 0.45, half of the pixels are nearest to a wrong hue. At 0.3, one in twenty
    is nearest to the wrong tone, and uniform weights erase the lines.
    """

    name: str
    kind: str
    noise: float

    @property
    def colors(self) -> np.ndarray:
        """The prototypes: the color of each label, (label, channel)."""
        return HUES if self.kind == "colors" else TONES

    def scene(self, size: int, seed: int, noise: float | None = None) -> xr.Dataset:
        """Return a scene with the noise of the scenario, or with another noise."""
        level = self.noise if noise is None else noise
        return voronoi_scene(self.kind, size, level, seed)


SCENARIOS = {
    LINES: Scenario(LINES, "lines", 0.3),
    COLORS: Scenario(COLORS, "colors", 0.45),
}


def counted(count: int, thing: str = "scene") -> str:
    """Return a number of things as text.

    >>> counted(1), counted(5)
    ('1 scene', '5 scenes')
    """
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def flow_of(scene: xr.Dataset) -> LinearizedFlow:
    """Return the flow of a scene for all figures: ρ = 0.5, 3 × 3 windows."""
    return LinearizedFlow(scene.distances, rho=RHO)


def percent(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of wrong pixels in percent."""
    return 100.0 * float(np.mean(found != truth))


def compare(scenario: Scenario, size: int, seed: int) -> xr.Dataset:
    """Return the labelings of a scene by uniform weights and by rounding."""
    scene = scenario.scene(size, seed)
    flow, truth = flow_of(scene), scene.labels.values
    uniform = Krylov().solve(flow, flow.uniform_weights(), TIME).labels.values
    nearest = scene.distances.argmin("label").values
    image = np.broadcast_to(scene.image.values, (size, size, 3))
    thin = truth == 0
    variables: dict[str, Any] = {
        "image": (PICTURE, image.copy()),
        "truth": (PIXELS, truth),
        "uniform": (PIXELS, uniform),
        "nearest": (PIXELS, nearest),
        "uniform_error_percent": percent(uniform, truth),
        "nearest_error_percent": percent(nearest, truth),
        # of the pixels of label 0: in scenario a, the lines
        "erased_percent": percent(uniform[thin], truth[thin]) if thin.any() else 0.0,
    }
    return xr.Dataset(variables).assign(labels=scene.sizes["label"])


def figure1(setup: Setup | None = None, bench: Bench | None = None) -> xr.Dataset:
    """Return both scenarios of Fig. 1 with two labelings each.

    Returns
    -------
    Dataset over `scenario` and `scene`: `image`, `truth`, labelings `uniform` (uniform
    weights, T = 5, m = 10) and `nearest` (pixelwise rounding), their error shares, and
    `erased_percent`, the share of the pixels of label 0 (the lines in scenario a) to
    which uniform weights give another label.
    """
    setup, bench = prepared(setup, bench)
    units = []
    for scenario in SCENARIOS.values():
        settings = {"noise": scenario.noise, "rho": RHO, "time": TIME}
        units += over_scenes(
            scenario.kind,
            setup,
            settings,
            computation(scenario, setup.size),
        )
    parts = bench.run(units)
    rows = [
        stack(parts[k : k + setup.scenes], SCENE, setup.seeds)
        for k in range(0, len(parts), setup.scenes)
    ]
    return stack(rows, SCENARIO, list(SCENARIOS)).assign_attrs(figure=1)


def computation(scenario: Scenario, size: int) -> Callable[[int], xr.Dataset]:
    """Return the comparison as a function of the seed."""
    return lambda seed: compare(scenario, size, seed)


LETTERS = {(LINES, "image"): "a", (COLORS, "image"): "b", (LINES, "uniform"): "c",
           (COLORS, "nearest"): "d"}  # fmt: skip
"""Letters of the panels in the paper's Fig. 1; it lacks the other panels."""


def titled(name: str, part: str, text: str) -> str:
    """Return a title with the paper's letter, if the paper shows this part."""
    return "  ".join(filter(None, (LETTERS.get((name, part), ""), text)))


def draw1(data: xr.Dataset) -> Figure:
    """Return Fig. 1: input, ground truth, uniform weights, rounding; first scenes."""
    rows = [row1(data.sel(scenario=name)) for name in data.scenario.values]
    lines = data.sel(scenario=LINES).erased_percent
    caption = (
        f"One scene of {data.sizes['row']} × {data.sizes['col']} pixels for each "
        f"scenario, with Gaussian noise of standard deviation "
        f"{SCENARIOS[LINES].noise:g} (thin lines) and {SCENARIOS[COLORS].noise:g} "
        f"(8 colors). Uniform weights: the linearized flow with averages over 3 × 3 "
        f"windows, T = {TIME:g}, ρ = {RHO:g}, m = {Krylov().dim}. Rounding: the label "
        f"of the color nearest to a pixel. {means1(data)} Uniform weights erase "
        f"{float(lines.mean()):.0f} % of the line pixels."
    )
    return Figure(1, "Two labeling problems", caption, rows)


def row1(each: xr.Dataset) -> list[Panel]:
    """Return the panels of one scenario; labels have the colors of the input."""
    name, first = str(each.scenario.values), each.isel(scene=0)
    scenario, count = SCENARIOS[name], int(each.labels[0])
    panels: list[Panel] = [
        Picture(
            titled(name, "image", f"{name}: input"), first.image.values,
            note=f"noise {scenario.noise:g}",
        ),
        Labels(
            "ground truth", first.truth.values, count, colors=scenario.colors,
            note=f"{count} labels",
        ),
    ]  # fmt: skip
    for part, text in (("uniform", "uniform weights"), ("nearest", "rounding")):
        error = float(first[f"{part}_error_percent"])
        panels.append(
            Labels(
                titled(name, part, text), first[part].values, count,
                colors=scenario.colors, note=f"{error:.1f} % wrong",
            )
        )  # fmt: skip
    return panels


def means1(data: xr.Dataset) -> str:
    """Return the shares of wrong pixels over all scenes as text."""
    mean = data.mean(SCENE)
    parts = [
        f"{name}, uniform weights {float(at.uniform_error_percent):.1f} % and rounding "
        f"{float(at.nearest_error_percent):.1f} %"
        for name, at in ((n, mean.sel(scenario=n)) for n in data.scenario.values)
    ]
    return f"Wrong pixels, means over {counted(data.sizes[SCENE])}: {'; '.join(parts)}."
