"""Fig. 1: both scenarios, and what uniform weights and rounding make of them."""

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
from explorer.scenes.voronoi import voronoi_scene

RHO, TIME = 0.5, 5.0

COLORS = "8 colors"
LINES = "thin lines"


@dataclass(frozen=True)
class Scenario:
    """A set of scenes: kind and noise, chosen so that the paper's problems appear.

    At noise 0.45 half of the pixels are nearest to a wrong hue; at 0.3 one in twenty
    is nearest to the wrong of two tones, and uniform weights erase the lines.
    """

    name: str
    kind: str
    noise: float

    def scene(self, size: int, seed: int, noise: float | None = None) -> xr.Dataset:
        """Return a scene, with its own noise or another."""
        level = self.noise if noise is None else noise
        return voronoi_scene(self.kind, size, level, seed)


SCENARIOS = {
    LINES: Scenario(LINES, "lines", 0.3),
    COLORS: Scenario(COLORS, "colors", 0.45),
}


def flow_of(scene: xr.Dataset) -> LinearizedFlow:
    """Return the flow of a scene as all figures have it: ρ = 0.5, 3 × 3 windows."""
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
    `erased_percent`, the share of the pixels of label 0, in scenario a the lines, that
    uniform weights label otherwise.
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


def draw1(data: xr.Dataset) -> Figure:
    """Return Fig. 1: input, ground truth, uniform weights, rounding; first scenes."""
    rows, said = [], []
    for name in data.scenario.values:
        each = data.sel(scenario=name)
        first, count = each.isel(scene=0), int(each.labels[0])
        means = {name: float(x.mean()) for name, x in each.items() if x.ndim == 1}
        panels: list[Panel] = [
            Picture(f"{name}: input", first.image.values),
            Labels("ground truth", first.truth.values, count),
        ]
        for kind, title in (("uniform", "uniform weights"), ("nearest", "rounding")):
            error = means[f"{kind}_error_percent"]
            labeling = first[kind].values
            panels.append(Labels(f"{title}: {error:.1f} % wrong", labeling, count))
        rows.append(panels)
        said.append(
            f"{name}: uniform weights label {means['uniform_error_percent']:.1f} % "
            f"wrongly, rounding {means['nearest_error_percent']:.1f} %"
        )
    lines = float(data.sel(scenario=LINES).erased_percent.mean())
    caption = (
        f"Means over {data.sizes[SCENE]} scenes. {'; '.join(said)}. Uniform weights "
        f"erase {lines:.0f} % of the line pixels."
    )
    return Figure(1, "Two labeling problems", caption, rows)
