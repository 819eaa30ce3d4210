"""A trained predictor and other methods on images that none of them has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from explorer import extras
from explorer.comparison.baselines import (
    Baseline,
    GaussianDenoising,
    GraphCut,
    NearestLabel,
    RandomWalker,
    TotalVariation,
)
from explorer.comparison.comparison import (
    METHOD,
    Method,
    checked_scenes,
    compare,
    tuned,
)
from explorer.features.evidence import Evidence
from explorer.flow.krylov import Krylov
from explorer.flow.linearized import LinearizedFlow
from explorer.messages import require_callable
from explorer.prediction.predictor import WeightPatchPredictor
from explorer.scenes.pictures import VALUES

WIDTHS = (0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)
WEIGHTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
SMOOTHNESS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""σ, λ and γ for tuning the baselines: from almost none to far too much."""

WITHOUT_CUTS = extras.missing("maxflow", "`GraphCut`")


@dataclass(frozen=True, eq=False)
class Learned:
    """The labeling of a trained predictor."""

    predictor: WeightPatchPredictor
    name: str = "learned weights"

    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the labels of the predictor."""
        return np.asarray(self.predictor.label(scene["image"]))


@dataclass(frozen=True, eq=False)
class Uniform:
    """The same flow with uniform weights, the reference for learned weights."""

    predictor: WeightPatchPredictor
    name: str = "uniform weights"

    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the labels of the flow on the distances of the scene."""
        p = self.predictor
        flow = LinearizedFlow(scene["distances"], p.rho, p.radius)
        return np.asarray(
            Krylov(p.dim).solve(flow, flow.uniform_weights(), p.time).labels
        )


@dataclass(frozen=True, eq=False)
class OnEvidence:
    """Another method that uses the learned distances of a predictor."""

    method: Method
    predictor: WeightPatchPredictor

    @property
    def name(self) -> str:
        """The name in tables."""
        return f"{self.method.name}, learned distances"

    def label(self, scene: xr.Dataset) -> np.ndarray:
        """Return the labels of the method on learned distances."""
        D = self.predictor.distances(scene["image"])
        return np.asarray(self.method.label(scene.assign(distances=D)))


def held_out(
    predictor: WeightPatchPredictor,
    tuning: Sequence[xr.Dataset],
    test: Sequence[xr.Dataset],
    check: Callable[[str], None] = lambda name: None,
) -> xr.Dataset:
    """Compare a trained predictor with baselines on images it was not trained on.

    Each baseline is tuned for the best boundary F1 on the tuning scenes. The comparison
    includes the same flow with uniform weights. If the predictor learned its data term,
    nearest label, graph cut and uniform weights also use its distances; this shows what
    the learned weights add.

    Parameters
    ----------
    predictor : WeightPatchPredictor, trained.
    tuning, test : scenes, as returned by `labeled_images` or `voronoi_scene`. Tuning on
        the training images is usual and fair, except that learned distances fit them
        too well; use validation images if there are any.
    check : called with the name of the next step; it may raise to stop.

    Returns
    -------
    Dataset over `method` and `scene`, as returned by `compare`. Without PyMaxflow,
    there are no graph cuts, and the attribute `missing` says so.

    Raises
    ------
    ValueError
        if the label values of the scenes differ from those of the predictor.
    """
    if not isinstance(predictor, WeightPatchPredictor):
        raise TypeError(
            f"`predictor` is a {type(predictor).__name__}; pass a trained "
            "`WeightPatchPredictor`"
        )
    require_callable("check", check)
    predictor.history_  # noqa: B018 — raises unless it has been trained
    checked_scenes(tuning, "tuning")
    checked_scenes(test, "test")
    for argument, scenes in (("tuning", tuning), ("test", test)):
        for k, scene in enumerate(scenes):
            checked_values(f"{argument}[{k}]", scene, predictor)
    chosen: list[Method] = [tuned(f, tuning, check=check) for f in families() if f]
    uniform = Uniform(predictor)
    chosen.append(uniform)
    if isinstance(predictor.data_term, Evidence):
        seen = [s.assign(distances=predictor.distances(s["image"])) for s in tuning]
        for family in ([NearestLabel()], graph_cuts()):
            if family:
                best: Baseline = tuned(family, seen, check=check)
                chosen.append(OnEvidence(best, predictor))
        chosen.append(OnEvidence(uniform, predictor))
    check("comparison")
    table = compare([*chosen, Learned(predictor)], test)
    return table.assign_attrs(missing="" if graph_cuts() else WITHOUT_CUTS)


def checked_values(
    argument: str, scene: xr.Dataset, predictor: WeightPatchPredictor
) -> None:
    """Raise if a scene and the predictor have different label values."""
    known = predictor.label_values_
    if known is None or VALUES not in scene:
        return
    if not np.array_equal(scene[VALUES], known):
        raise ValueError(
            f"`{argument}` has the label values {scene[VALUES].values.tolist()}, and "
            f"`predictor` was trained with {known.tolist()}: read all images with one "
            "call of `labeled_images(…, training=…)`"
        )


def families() -> list[Sequence[Baseline]]:
    """Return the baselines, each with the parameters to try."""
    walkers = product((10.0, 130.0), (0.3, 0.6, 0.9), (0.5, 1.0, 2.0))
    return [
        [NearestLabel()],
        [GaussianDenoising(s) for s in WIDTHS],
        [TotalVariation(w) for w in WEIGHTS],
        [RandomWalker(*values) for values in walkers],
        graph_cuts(),
    ]


def graph_cuts() -> list[Baseline]:
    """Return the graph cuts to try; none without PyMaxflow."""
    try:
        return [GraphCut(s) for s in SMOOTHNESS]
    except ModuleNotFoundError:
        return []


def text_of(table: xr.Dataset) -> str:
    """Return a comparison as plain text: means over the images, one line per method."""
    means = table.mean("scene")
    columns = {
        "error_percent": ("wrong %", "{:8.2f}"),
        "balanced_error_percent": ("balanced", "{:8.2f}"),
        "boundary_f1": ("F1", "{:8.3f}"),
        "mean_iou": ("IoU", "{:8.3f}"),
        "seconds": ("s", "{:8.2f}"),
        "peak_memory": ("MB", "{:8.0f}"),
    }
    width = max(len(str(name)) for name in table[METHOD].values)
    head = " ".join(f"{title:>8}" for title, _ in columns.values())
    lines = [f"{'':{width}} {head}"]
    for name in table[METHOD].values:
        row = means.sel({METHOD: name})
        scale = {"peak_memory": 1e-6}
        cells = (
            form.format(float(row[key]) * scale.get(key, 1.0))
            for key, (_, form) in columns.items()
        )
        lines.append(f"{name:{width}} {' '.join(cells)}")
    if table.attrs.get("missing"):
        lines.append(f"not compared: {table.attrs['missing']}")
    return "\n".join(lines)
