"""Write a learning run as one HTML page that works offline."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import xarray as xr

from explorer.dashboards import learning_nodes as nodes
from explorer.dashboards.learning_views import DEFAULT, truth
from explorer.drawing.page import to_page
from explorer.drawing.view import View
from explorer.files import whole
from explorer.gradients.gradient import LowRankGradient
from explorer.kit.runs import Run
from explorer.learning.learner import Learner

VIEWS = (truth, *DEFAULT)


def write_report(
    path: Path, scene: xr.Dataset, learner: Learner, trace: xr.Dataset
) -> None:
    """Write the views of a finished run to an HTML file that works offline.

    Parameters
    ----------
    path : file to write.
    scene : the scene that was learned; learner : after its last step.
    trace : Dataset over `step` as `Learner.run` returns it.
    """
    settings = {**scene.attrs, **trace.attrs}
    caption = ", ".join(f"{name} = {value}" for name, value in settings.items())
    title = f"Learning run: {settings.get('scene', 'scene')}"
    page = to_page(VIEWS, panels_of(VIEWS, scene, learner, trace), title, caption)
    with whole(path) as draft:
        draft.write_text(page, encoding="utf-8")


def panels_of(
    views: tuple[View, ...], scene: xr.Dataset, learner: Learner, trace: xr.Dataset
) -> dict[str, Any]:
    """Return the panels of the views for the present state of a learner."""
    evaluation = learner.evaluate(learner.weights.values)
    found = evaluation.derivative
    dim = max(1, found.evolution.work.dim)
    best = LowRankGradient(dim, min(dim, nodes.REFERENCE_RANK), learner.gradient.loss)
    reference = best.differentiate(evaluation.system, found.truth, learner.time)
    riemannian = nodes.riemannian(evaluation)
    rows, cols = found.truth.shape
    values = {
        "problem": scene,
        "noise": scene.attrs.get("noise", 0.0),
        "derivative": found,
        "evaluation": evaluation,
        "weights": evaluation.weights,
        "agreement": nodes.agreement(found, reference),
        "norms": nodes.norms(evaluation, riemannian),
        "run": run_of(trace),
        "place": (rows // 2, cols // 2),
        "overlay": "errors",
        "own_colors": scene.prototypes.values,
    }
    return {view.name: view.panel(values) for view in views}


def run_of(trace: xr.Dataset) -> Run:
    """Return a run with the records of a trace."""
    names = "loss", "error_percent"
    columns = zip(*(trace[name].values for name in names), strict=True)
    records = tuple(
        SimpleNamespace(**dict(zip(names, map(float, row), strict=True)))
        for row in columns
    )
    return Run(segments=(({}, len(records) - 1),), records=records)
